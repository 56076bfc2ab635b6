#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 64 * 1024, ALIGNMENT = 16 };

struct es_arena_block {
    struct es_arena_block *next;
    size_t used, size; /* of data */
    alignas(ALIGNMENT) unsigned char data[];
};

static struct es_arena_block *block_new(size_t size) {
    if (size > SIZE_MAX / 2)
        return NULL;
    struct es_arena_block *block = calloc(1, sizeof *block + size);
    if (block)
        block->size = size;
    return block;
}

/* A large request gets a block of its own behind the newest one, whose free rest stays in use. */
static void *alloc_alone(es_arena *arena, size_t size) {
    struct es_arena_block *block = block_new(size);
    if (!block)
        return NULL;
    block->used = size;
    if (arena->blocks) {
        block->next = arena->blocks->next;
        arena->blocks->next = block;
    } else {
        arena->blocks = block;
    }
    return block->data;
}

void *es_arena_alloc(es_arena *arena, size_t size) {
    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (size > BLOCK_SIZE / 4)
        return alloc_alone(arena, size);
    struct es_arena_block *block = arena->blocks;
    if (!block || block->size - block->used < size) {
        block = block_new(BLOCK_SIZE);
        if (!block)
            return NULL;
        block->next = arena->blocks;
        arena->blocks = block;
    }
    void *memory = block->data + block->used;
    block->used += size;
    return memory;
}

void *es_arena_array(es_arena *arena, size_t n, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes))
        return NULL;
    return es_arena_alloc(arena, bytes);
}

char *es_arena_text(es_arena *arena, es_slice text) {
    if (text.length == SIZE_MAX)
        return NULL;
    char *copy = es_arena_alloc(arena, text.length + 1);
    if (copy && text.length > 0)
        memcpy(copy, text.text, text.length);
    return copy;
}

char *es_arena_printf(es_arena *arena, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = length < 0 ? NULL : es_arena_alloc(arena, (size_t)length + 1);
    if (!text)
        return NULL;
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}

void es_arena_free(es_arena *arena) {
    struct es_arena_block *block = arena->blocks;
    while (block) {
        struct es_arena_block *next = block->next;
        free(block);
        block = next;
    }
    arena->blocks = NULL;
}

bool es_grow(void **array, size_t *capacity, size_t need, size_t item_size) {
    if (need <= *capacity)
        return true;
    size_t wanted = *capacity < SIZE_MAX / 2 && *capacity * 2 > need ? *capacity * 2 : need;
    if (wanted < 16)
        wanted = 16;
    size_t bytes;
    if (__builtin_mul_overflow(wanted, item_size, &bytes))
        return false;
    void *grown = realloc(*array, bytes);
    if (!grown)
        return false;
    *array = grown;
    *capacity = wanted;
    return true;
}

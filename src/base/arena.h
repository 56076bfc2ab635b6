/* Arena: many small allocations, one free.  Not thread-safe. */
#ifndef ES_BASE_ARENA_H
#define ES_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

struct es_arena_block;
typedef struct es_arena {
    struct es_arena_block *blocks; /* newest first; zero-initialise before use */
} es_arena;

/* Zeroed, 16-byte aligned; NULL when out of memory. */
void *es_arena_alloc(es_arena *arena, size_t size);
void *es_arena_array(es_arena *arena, size_t n, size_t size); /* n*size checked */
char *es_arena_text(es_arena *arena, es_slice text);          /* NUL-terminated copy */
char *es_arena_printf(es_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
void es_arena_free(es_arena *arena);

/* Grows a malloc'ed array so that it holds at least `need` items; false when out of memory (array untouched). */
bool es_grow(void **array, size_t *capacity, size_t need, size_t item_size);

#endif

#include "grid/block_memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_READ = 4, KEY_HEAD = 1 + ROWS_READ };

bool es_block_memory_new(es_block_memory *memory, const es_block *block, size_t doubles) {
    memory->width = KEY_HEAD + (size_t)block->n_in + block->n_out;
    size_t places = 1;
    while (2 * places * memory->width <= doubles)
        places *= 2;
    memory->mask = places - 1;
    memory->place = calloc(places, memory->width * sizeof(double));
    return memory->place != NULL;
}

void es_block_memory_free(es_block_memory *memory) { free(memory->place); }

static uint64_t hash_words(const double *word, size_t n) {
    uint64_t hash = 0, bits;
    for (size_t i = 0; i < n; i++) {
        memcpy(&bits, &word[i], sizeof bits);
        hash = (hash ^ bits ^ hash >> 29) * UINT64_C(0x9E3779B97F4A7C15);
    }
    return hash ^ hash >> 32;
}

const double *es_block_ask(const es_block_memory *memory, const es_block *block, const void *state, const es_rows *rows,
                           const double *in) {
    const es_row *const read[ROWS_READ] = {block->reads & ES_READS_MODEL ? rows->model : NULL,
                                           block->reads & ES_READS_DEVICE ? rows->device : NULL,
                                           block->reads & ES_READS_RUNTIME ? rows->runtime : NULL,
                                           block->reads & ES_READS_PRECISION ? rows->precision : NULL};
    const size_t n_key = KEY_HEAD + (size_t)block->n_in;
    double key[KEY_HEAD + ES_MAX_BLOCK_INPUTS] = {1};
    memcpy(key + 1, read, sizeof read);
    memcpy(key + KEY_HEAD, in, block->n_in * sizeof *in);
    double *place = memory->place + (hash_words(key, n_key) & memory->mask) * memory->width;
    if (memcmp(place, key, n_key * sizeof *key) != 0) {
        block->fn(state, rows, in, place + n_key);
        memcpy(place, key, n_key * sizeof *key);
    }
    return place + n_key;
}

#include "engine/groups.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/number.h"

void es_groups_init(es_groups *g, size_t width) { *g = (es_groups){.width = width}; }

void es_groups_free(es_groups *g) {
    free(g->key), free(g->index);
    *g = (es_groups){.width = g->width};
}

/* One bit pattern per value that counts as equal. */
static uint64_t bits_of(double value) {
    uint64_t bits;
    value = value == 0 ? 0 : value;
    if (es_is_missing(value))
        return UINT64_MAX;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static uint64_t hash_key(const double *key, size_t n) {
    uint64_t h = 0x9e3779b97f4a7c15u;
    for (size_t i = 0; i < n; i++) {
        h = (h ^ bits_of(key[i])) * 0xff51afd7ed558ccdu;
        h = (h ^ h >> 32) * 0xc4ceb9fe1a85ec53u; /* small integers differ in few upper bits */
        h ^= h >> 32;
    }
    return h;
}

static bool same_key(const double *a, const double *b, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (bits_of(a[i]) != bits_of(b[i]))
            return false;
    return true;
}

static void place(es_groups *g, uint32_t number) {
    size_t at = hash_key(g->key + number * g->width, g->width) & (g->index_size - 1);
    while (g->index[at])
        at = (at + 1) & (g->index_size - 1);
    g->index[at] = number + 1;
}

static bool grow_index(es_groups *g) {
    size_t size = g->index_size ? g->index_size * 2 : 64;
    uint32_t *index = calloc(size, sizeof *index);
    if (!index)
        return false;
    free(g->index);
    g->index = index;
    g->index_size = size;
    for (size_t i = 0; i < g->count; i++)
        place(g, (uint32_t)i);
    return true;
}

bool es_groups_lookup(const es_groups *g, const double *key, size_t *number) {
    if (!g->index_size)
        return false;
    for (size_t at = hash_key(key, g->width) & (g->index_size - 1); g->index[at]; at = (at + 1) & (g->index_size - 1)) {
        *number = g->index[at] - 1;
        if (same_key(g->key + *number * g->width, key, g->width))
            return true;
    }
    return false;
}

es_status es_groups_find(es_groups *g, const double *key, size_t *number, es_errors *errors) {
    if (es_groups_lookup(g, key, number))
        return ES_OK;
    if ((g->count + 1) * 2 > g->index_size && !grow_index(g))
        return es_fail_memory(errors);
    size_t row = g->width ? g->width : 1;
    if (!es_grow((void **)&g->key, &g->capacity, (g->count + 1) * row, sizeof *g->key))
        return es_fail_memory(errors);
    memcpy(g->key + g->count * g->width, key, g->width * sizeof *key);
    *number = g->count++;
    place(g, (uint32_t)*number);
    return ES_OK;
}

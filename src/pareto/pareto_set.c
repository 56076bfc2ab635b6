#include "pareto/pareto_set.h"

#include <stdlib.h>

enum { MIN_TAIL = 512, TASK = 2048 }; /* members */

void es_set_init(es_set *set, unsigned d) { *set = (es_set){.d = d, .threads = 1}; }

void es_set_free(es_set *set) {
    free(set->leaf);
    free(set->id);
    free(set->upper);
    *set = (es_set){0};
}

void es_set_release(es_set *set) {
    es_set_clear(set);
    free(set->leaf);
    free(set->id);
    free(set->upper);
    set->leaf = NULL;
    set->id = NULL;
    set->upper = NULL;
    set->capacity = set->upper_capacity = 0;
}

void es_set_clear(es_set *set) {
    set->n = set->in_tree = 0;
    set->levels = 0;
}

static void *grown(const void *from, size_t used_bytes, size_t n, size_t size) {
    void *to = es_alloc_aligned(n, size);
    if (to && used_bytes)
        memcpy(to, from, used_bytes);
    return to;
}

static es_status reserve_blocks(es_set *set, size_t blocks, es_errors *errors) {
    if (blocks <= set->capacity)
        return ES_OK;
    size_t capacity = blocks + blocks / 2, block_size = (size_t)set->d * ES_LANES;
    int32_t *leaf = grown(set->leaf, set->capacity * block_size * sizeof *leaf, capacity, block_size * sizeof *leaf);
    uint32_t *id = grown(set->id, set->capacity * ES_LANES * sizeof *id, capacity, ES_LANES * sizeof *id);
    if (!leaf || !id) {
        free(leaf);
        free(id);
        return es_fail_memory(errors);
    }
    free(set->leaf);
    free(set->id);
    set->leaf = leaf;
    set->id = id;
    set->capacity = capacity;
    return ES_OK;
}

static void fill(int32_t *code, size_t n, int32_t value) {
    for (size_t i = 0; i < n; i++)
        code[i] = value;
}

es_status es_set_append(es_set *set, const int32_t *code, uint32_t id, es_errors *errors) {
    size_t block = set->n / ES_LANES, lane = set->n % ES_LANES;
    if (block >= set->capacity) {
        es_status status = reserve_blocks(set, block + 1, errors);
        if (status)
            return status;
    }
    int32_t *to = set->leaf + block * set->d * ES_LANES;
    if (lane == 0)
        fill(to, (size_t)set->d * ES_LANES, INT32_MAX);
    for (unsigned k = 0; k < set->d; k++)
        to[(size_t)k * ES_LANES + lane] = code[k];
    set->id[set->n++] = id;
    return ES_OK;
}

void es_set_replace(es_set *set, uint32_t slot, const int32_t *code) {
    int32_t *to = set->leaf + (size_t)(slot / ES_LANES) * set->d * ES_LANES;
    for (unsigned k = 0; k < set->d; k++)
        to[(size_t)k * ES_LANES + slot % ES_LANES] = code[k];
}

bool es_set_wants_rebuild(const es_set *set) { return set->n - set->in_tree > MIN_TAIL + set->in_tree / 4; }

/* ---- k-d order ---- */

/* Orders item[] so that the `middle` smallest come first (Hoare's selection; items are distinct). */
static void select_smallest(uint64_t *item, size_t n, size_t middle) {
    size_t low = 0, high = n - 1;
    while (low < high) {
        uint64_t pivot = item[low + (high - low) / 2];
        size_t i = low, j = high;
        for (;;) {
            while (item[i] < pivot)
                i++;
            while (item[j] > pivot)
                j--;
            if (i >= j)
                break;
            uint64_t swapped = item[i];
            item[i++] = item[j];
            item[j--] = swapped;
        }
        if (middle <= j)
            high = j;
        else
            low = j + 1;
    }
}

/* Half of the smallest 16 * 2^j that holds n: subtrees of the split line up with those of the 16-ary tree. */
static size_t left_part(size_t n) {
    size_t half = ES_LANES;
    while (2 * half < n)
        half *= 2;
    return half;
}

/* Slots become a k-d order by splitting on one objective after the other.  item: scratch for n. */
static void order_by_splits(const es_set *set, uint32_t *slot, size_t n, unsigned k, uint64_t *item) {
    while (n > ES_LANES) {
        for (size_t i = 0; i < n; i++)
            item[i] = (uint64_t)((uint32_t)es_set_code(set, slot[i], k) ^ 0x80000000u) << 32 | slot[i];
        size_t left = left_part(n);
        select_smallest(item, n, left);
        for (size_t i = 0; i < n; i++)
            slot[i] = (uint32_t)item[i];
        k = k + 1 < set->d ? k + 1 : 0;
#pragma omp task firstprivate(slot, left, k, item) if (left >= TASK)
        order_by_splits(set, slot, left, k, item);
        slot += left;
        item += left;
        n -= left;
    }
#pragma omp taskwait
}

static void order_members(const es_set *set, uint32_t *slot, uint64_t *item) {
    unsigned threads = set->n >= 2 * TASK ? set->threads : 1;
    for (uint32_t i = 0; i < set->n; i++)
        slot[i] = i;
#pragma omp parallel num_threads(threads) if (threads > 1)
#pragma omp single
    order_by_splits(set, slot, set->n, 0, item);
}

static void permute_members(const es_set *set, const uint32_t *slot, int32_t *leaf, uint32_t *id) {
    size_t blocks = ((size_t)set->n + ES_LANES - 1) / ES_LANES;
    size_t block_size = (size_t)set->d * ES_LANES;
    if (blocks)
        fill(leaf + (blocks - 1) * block_size, block_size, INT32_MAX);
    for (uint32_t i = 0; i < set->n; i++) {
        int32_t *to = leaf + (size_t)(i / ES_LANES) * block_size + i % ES_LANES;
        for (unsigned k = 0; k < set->d; k++)
            to[(size_t)k * ES_LANES] = es_set_code(set, slot[i], k);
        id[i] = set->id[slot[i]];
    }
}

/* ---- Corners ---- */

/* Minimum of each objective of each block in `below`, into the blocks of `above`. */
static void build_corners(const int32_t *below, size_t blocks, int32_t *above, unsigned d) {
    size_t above_blocks = (blocks + ES_LANES - 1) / ES_LANES;
    fill(above, above_blocks * d * ES_LANES, INT32_MAX);
    for (size_t block = 0; block < blocks; block++)
        for (unsigned k = 0; k < d; k++) {
            const int32_t *lane = below + (block * d + k) * ES_LANES;
            int32_t low = lane[0];
            for (unsigned l = 1; l < ES_LANES; l++)
                low = lane[l] < low ? lane[l] : low;
            above[(block / ES_LANES * d + k) * ES_LANES + block % ES_LANES] = low;
        }
}

static es_status build_levels(es_set *set, es_errors *errors) {
    size_t block_size = (size_t)set->d * ES_LANES, blocks = ((size_t)set->n + ES_LANES - 1) / ES_LANES;
    size_t needed = 0;
    for (size_t level = blocks; needed == 0 || level > 1;)
        needed += level = (level + ES_LANES - 1) / ES_LANES;
    if (needed > set->upper_capacity) {
        free(set->upper);
        set->upper_capacity = needed + needed / 2;
        set->upper = es_alloc_aligned(set->upper_capacity, block_size * sizeof *set->upper);
        if (!set->upper) {
            set->upper_capacity = 0;
            return es_fail_memory(errors);
        }
    }
    const int32_t *below = set->leaf;
    size_t start = 0;
    do {
        int32_t *above = set->upper + start * block_size;
        build_corners(below, blocks, above, set->d);
        blocks = (blocks + ES_LANES - 1) / ES_LANES;
        set->level_start[set->levels] = start;
        set->level_blocks[set->levels++] = (uint32_t)blocks;
        start += blocks;
        below = above;
    } while (blocks > 1);
    return ES_OK;
}

es_status es_set_rebuild(es_set *set, es_errors *errors) {
    es_status status = ES_OK;
    size_t n = set->n;
    set->levels = 0;
    set->in_tree = 0;
    if (!n)
        return ES_OK;
    uint32_t *slot = malloc(n * sizeof *slot);
    uint64_t *item = es_alloc_aligned(n, sizeof *item);
    int32_t *leaf = es_alloc_aligned(set->capacity, set->d * ES_LANES * sizeof *leaf);
    uint32_t *id = es_alloc_aligned(set->capacity, ES_LANES * sizeof *id);
    if (!slot || !item || !leaf || !id) {
        free(leaf);
        free(id);
        status = es_fail_memory(errors);
        goto done;
    }
    order_members(set, slot, item);
    permute_members(set, slot, leaf, id);
    free(set->leaf);
    free(set->id);
    set->leaf = leaf;
    set->id = id;
    status = build_levels(set, errors);
    if (!status)
        set->in_tree = set->n;
    else
        set->levels = 0;
done:
    free(slot);
    free(item);
    return status;
}

/* Codes count from the lowest value; a shift brings the highest below INT32_MAX. */
static void choose_codes(es_set *set, const double *row, const uint32_t *id, size_t n) {
    for (unsigned k = 0; k < set->d; k++) {
        uint64_t low = UINT64_MAX, high = 0;
        for (size_t i = 0; i < n; i++) {
            size_t at = id ? id[i] : i;
            uint64_t key = (uint64_t)es_order_key(row[at * set->d + k]) ^ ES_SIGN_BIT;
            low = key < low ? key : low;
            high = key > high ? key : high;
        }
        unsigned bits = high > low ? 64 - (unsigned)__builtin_clzll(high - low) : 0;
        set->code_base[k] = low;
        set->code_shift[k] = bits > 30 ? bits - 30 : 0;
    }
}

es_status es_set_fill(es_set *set, const double *row, const uint32_t *id, size_t n, es_errors *errors) {
    es_status status = ES_OK;
    int32_t code[ES_MAX_OBJECTIVES];
    es_set_clear(set);
    choose_codes(set, row, id, n);
    for (size_t i = 0; i < n && !status; i++) {
        uint32_t at = id ? id[i] : (uint32_t)i;
        for (unsigned k = 0; k < set->d; k++)
            code[k] = es_set_code_of(set, k, row[(size_t)at * set->d + k]);
        status = es_set_append(set, code, at, errors);
    }
    if (status || n <= ES_LANES) /* a tree over a single block prunes nothing */
        return status;
    return es_set_rebuild(set, errors);
}

#include "pareto/pareto_rank.h"

#include <stdlib.h>

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, SHORT_RUN = 24 };

/* Pairs carry a 32-bit prefix of the key above the 32-bit position: one word to move in the radix passes. */
static uint64_t pair_prefix(uint64_t pair) { return pair >> 32; }

static uint32_t pair_position(uint64_t pair) { return (uint32_t)pair; }

/* One stable pass on the digit at `shift`; false when all digits are equal and nothing was moved. */
static bool radix_pass(const uint64_t *from, uint64_t *to, size_t m, unsigned shift) {
    uint32_t start[DIGITS] = {0};
    for (size_t i = 0; i < m; i++)
        start[from[i] >> shift & (DIGITS - 1)]++;
    if (start[from[0] >> shift & (DIGITS - 1)] == m)
        return false;
    uint32_t sum = 0;
    for (size_t digit = 0; digit < DIGITS; digit++) {
        uint32_t count = start[digit];
        start[digit] = sum;
        sum += count;
    }
    for (size_t i = 0; i < m; i++)
        to[start[from[i] >> shift & (DIGITS - 1)]++] = from[i];
    return true;
}

/* Stable, by full keys; prefixes are not looked at. */
static void insertion_sort(const uint64_t *key, uint64_t *pair, size_t m) {
    for (size_t i = 1; i < m; i++) {
        uint64_t moving = pair[i];
        uint64_t value = key[pair_position(moving)];
        size_t j = i;
        for (; j > 0 && key[pair_position(pair[j - 1])] > value; j--)
            pair[j] = pair[j - 1];
        pair[j] = moving;
    }
}

static void sort_pairs(const uint64_t *key, uint64_t *pair, uint64_t *spare, size_t m);

/* Pairs are in order of their prefixes, which dropped low key bits: orders the runs of equal prefixes. */
static void sort_equal_prefixes(const uint64_t *key, uint64_t *pair, uint64_t *spare, size_t m) {
    for (size_t begin = 0, end; begin < m; begin = end) {
        uint64_t prefix = pair_prefix(pair[begin]);
        for (end = begin + 1; end < m && pair_prefix(pair[end]) == prefix; end++)
            ;
        if (end - begin > 1)
            sort_pairs(key, pair + begin, spare + begin, end - begin);
    }
}

/* Stable sort of pair[] by key[position].  Each level sorts on the 32 leading bits in which the keys still differ. */
static void sort_pairs(const uint64_t *key, uint64_t *pair, uint64_t *spare, size_t m) {
    if (m <= SHORT_RUN) {
        insertion_sort(key, pair, m);
        return;
    }
    uint64_t low = UINT64_MAX, high = 0;
    for (size_t i = 0; i < m; i++) {
        uint64_t value = key[pair_position(pair[i])];
        low = value < low ? value : low;
        high = value > high ? value : high;
    }
    if (low == high)
        return;
    unsigned bits = 64 - (unsigned)__builtin_clzll(high - low);
    unsigned drop = bits > 32 ? bits - 32 : 0;
    for (size_t i = 0; i < m; i++) {
        uint32_t position = pair_position(pair[i]);
        pair[i] = (key[position] - low) >> drop << 32 | position;
    }
    uint64_t *from = pair, *to = spare;
    for (unsigned shift = 0; shift < bits - drop; shift += DIGIT_BITS)
        if (radix_pass(from, to, m, 32 + shift)) {
            uint64_t *other = from;
            from = to;
            to = other;
        }
    if (from != pair)
        memcpy(pair, from, m * sizeof *pair);
    if (drop)
        sort_equal_prefixes(key, pair, spare, m);
}

static void sort_positions(const uint64_t *key, size_t m, uint64_t *pair) {
    for (size_t i = 0; i < m; i++)
        pair[i] = i;
    sort_pairs(key, pair, pair + m, m);
}

void es_radix_order(const uint64_t *key, size_t m, uint64_t *pair, uint32_t *order) {
    sort_positions(key, m, pair);
    for (size_t i = 0; i < m; i++)
        order[i] = pair_position(pair[i]);
}

static void rank_column(const es_view *view, unsigned k, const uint32_t *index, size_t m, uint64_t *key, uint64_t *pair,
                        int32_t *rank) {
    uint64_t differs = 0;
    for (size_t i = 0; i < m; i++) {
        key[i] = (uint64_t)es_order_key(es_view_at(view, k, index ? index[i] : i)) ^ ES_SIGN_BIT;
        differs |= key[i] ^ key[0];
    }
    if (!differs) {
        memset(rank, 0, m * sizeof *rank);
        return;
    }
    sort_positions(key, m, pair);
    int32_t next = 0;
    uint64_t previous = m ? key[pair_position(pair[0])] : 0;
    for (size_t i = 0; i < m; i++) {
        uint64_t value = key[pair_position(pair[i])];
        next += value != previous;
        previous = value;
        rank[pair_position(pair[i])] = next;
    }
}

static void order_by_rank_sum(const es_ranked *ranked, uint64_t *key, uint64_t *pair) {
    memset(key, 0, ranked->m * sizeof *key);
    for (unsigned k = 0; k < ranked->d; k++)
        for (size_t i = 0; i < ranked->m; i++)
            key[i] += (uint64_t)ranked->rank[k * ranked->m + i];
    es_radix_order(key, ranked->m, pair, ranked->order);
}

es_status es_ranked_init(es_ranked *ranked, const es_view *view, const uint32_t *index, size_t m, unsigned threads,
                         es_errors *errors) {
    size_t d = view->d;
    unsigned workers = es_threads_for(threads, m, 16384);
    workers = workers < d ? workers : (unsigned)d;
    *ranked = (es_ranked){.m = m, .d = view->d};
    ranked->rank = es_alloc_aligned(m, d * sizeof *ranked->rank);
    ranked->order = es_alloc_aligned(m, sizeof *ranked->order);
    uint64_t *scratch = es_alloc_aligned(m, 3 * workers * sizeof *scratch); /* per worker: keys, pairs, spare pairs */
    if (!ranked->rank || !ranked->order || !scratch) {
        free(scratch);
        es_ranked_free(ranked);
        return es_fail_memory(errors);
    }
#pragma omp parallel for schedule(dynamic, 1) num_threads(workers) if (workers > 1)
    for (size_t k = 0; k < d; k++) {
        uint64_t *key = scratch + 3 * m * es_thread_number();
        rank_column(view, (unsigned)k, index, m, key, key + m, ranked->rank + k * m);
    }
    order_by_rank_sum(ranked, scratch, scratch + m);
    free(scratch);
    return ES_OK;
}

void es_ranked_free(es_ranked *ranked) {
    free(ranked->rank);
    free(ranked->order);
    *ranked = (es_ranked){0};
}

#include "pareto/pareto_filter.h"
#include "pareto/pareto_lanes.h"

/* Points are tested in groups of two vectors that stay in registers while the killers pass by. */
enum { GROUP = 2 * ES_VECTOR };

#define ALL_LANES ((1u << GROUP) - 1)

bool ES_SIMD_NAME(es_all_finite)(const double *value, size_t n) {
    const uint64_t exponent = 0x7FF0000000000000u;
    uint64_t found = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t bits;
        memcpy(&bits, value + i, sizeof bits);
        found |= (uint64_t)((bits & exponent) == exponent);
    }
    return !found;
}

/* Lanes of `ties`, which the killer reaches with an equal first objective, that are better nowhere else: its equals. */
static uint32_t equal_lanes(const es_vector (*point)[2], const double *killer, unsigned d, uint32_t ties) {
    uint32_t worse = 0;
    for (unsigned k = 1; k < d; k++)
        worse |= es_mask_bits(es_vector_above(point[k][0], killer[k])) |
                 es_mask_bits(es_vector_above(point[k][1], killer[k])) << ES_VECTOR;
    return ties & ~worse;
}

/* Lanes of the group at `at` that no killer dominates. */
static inline __attribute__((always_inline)) uint32_t surviving_lanes(const es_killers *killers,
                                                                      const double *const *column, const uint64_t *flip,
                                                                      size_t at, uint32_t alive, unsigned d) {
    es_vector point[ES_MAX_OBJECTIVES][2];
    for (unsigned k = 0; k < d; k++) {
        point[k][0] = es_vector_load(column[k] + at, flip[k]);
        point[k][1] = es_vector_load(column[k] + at + ES_VECTOR, flip[k]);
    }
    for (unsigned j = 0; j < killers->n && alive; j++) {
        const double *killer = killers->value[j];
        es_mask low = es_vector_at_least(point[0][0], killer[0]);
        es_mask high = es_vector_at_least(point[0][1], killer[0]);
        for (unsigned k = 1; k < d; k++) {
            low = es_mask_and(low, es_vector_at_least(point[k][0], killer[k]));
            high = es_mask_and(high, es_vector_at_least(point[k][1], killer[k]));
        }
        uint32_t reached = es_mask_bits(low) | es_mask_bits(high) << ES_VECTOR;
        low = es_mask_and(low, es_vector_above(point[0][0], killer[0]));
        high = es_mask_and(high, es_vector_above(point[0][1], killer[0]));
        uint32_t ties = (reached ^ (es_mask_bits(low) | es_mask_bits(high) << ES_VECTOR)) & alive;
        if (__builtin_expect(ties != 0, 0))
            reached &= ~equal_lanes(point, killer, d, ties);
        alive &= ~reached;
    }
    return alive;
}

static inline size_t write_lanes(uint32_t alive, uint32_t base, uint32_t *out) {
    size_t n = 0;
    for (; alive; alive &= alive - 1)
        out[n++] = base + (uint32_t)__builtin_ctz(alive);
    return n;
}

/* One copy per number of objectives d, a constant: loops unroll and points stay in registers. */
static inline __attribute__((always_inline)) size_t filter_tile(const es_killers *killers, const double *const *column,
                                                                const uint64_t *flip, size_t n, uint32_t *out,
                                                                unsigned d) {
    size_t count = 0, at = 0;
    for (; at + GROUP <= n; at += GROUP)
        count += write_lanes(surviving_lanes(killers, column, flip, at, ALL_LANES, d), (uint32_t)at, out + count);
    if (at < n) {
        double rest[ES_MAX_OBJECTIVES][GROUP];
        const double *row[ES_MAX_OBJECTIVES];
        for (unsigned k = 0; k < d; k++) {
            for (size_t l = 0; l < GROUP; l++)
                rest[k][l] = column[k][at + l < n ? at + l : at];
            row[k] = rest[k];
        }
        uint32_t alive = surviving_lanes(killers, row, flip, 0, (1u << (n - at)) - 1, d);
        count += write_lanes(alive, (uint32_t)at, out + count);
    }
    return count;
}

size_t ES_SIMD_NAME(es_filter_tile)(const es_killers *killers, const double *const *column, const uint64_t *flip,
                                    size_t n, uint32_t *out) {
    switch (killers->d) {
    case 2: return filter_tile(killers, column, flip, n, out, 2);
    case 3: return filter_tile(killers, column, flip, n, out, 3);
    case 4: return filter_tile(killers, column, flip, n, out, 4);
    case 5: return filter_tile(killers, column, flip, n, out, 5);
    case 6: return filter_tile(killers, column, flip, n, out, 6);
    default: return filter_tile(killers, column, flip, n, out, killers->d);
    }
}

size_t ES_SIMD_NAME(es_count_common_bits)(const uint64_t *a, const uint64_t *b, size_t words) {
    size_t count = 0;
    for (size_t w = 0; w < words; w++)
        count += (size_t)__builtin_popcountll(a[w] & b[w]);
    return count;
}

#include "analyse/pareto_filter.h"
#include "analyse/pareto_lanes.h"

enum { LANES = 16 };

bool ES_SIMD_NAME(es_all_finite)(const double *value, size_t n)
{
    const uint64_t exponent = 0x7FF0000000000000u;
    uint64_t found = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t bits;
        memcpy(&bits, value + i, sizeof bits);
        found |= (uint64_t)((bits & exponent) == exponent);
    }
    return !found;
}

/* Lanes of `mask` that equal the killer in all objectives.  Rare, so the first objective decides nearly always. */
static inline uint32_t equal_lanes(const double *killer, unsigned d, const double *const *column, const uint64_t *flip,
                                   size_t at, uint32_t mask)
{
    for (unsigned k = 0; k < d && mask; k++)
        mask &= es_lanes_equal(column[k] + at, flip[k], killer[k]);
    return mask;
}

static inline uint32_t surviving_lanes(const es_killers *killers, const double *const *column, const uint64_t *flip,
                                       size_t at, uint32_t alive)
{
    unsigned d = killers->d;
    for (unsigned j = 0; j < killers->n && alive; j++) {
        const double *killer = killers->value[j];
        uint32_t mask = alive;
        for (unsigned k = 0; k < d && mask; k++)
            mask &= es_lanes_at_least(column[k] + at, flip[k], killer[k]);
        if (mask)
            mask &= ~equal_lanes(killer, d, column, flip, at, mask);
        alive &= ~mask;
    }
    return alive;
}

static size_t write_lanes(uint32_t alive, uint32_t base, uint32_t *out)
{
    size_t n = 0;
    for (; alive; alive &= alive - 1)
        out[n++] = base + (uint32_t)__builtin_ctz(alive);
    return n;
}

size_t ES_SIMD_NAME(es_filter_tile)(const es_killers *killers, const double *const *column, const uint64_t *flip,
                                    size_t n, uint32_t *out)
{
    size_t count = 0, at = 0;
    for (; at + LANES <= n; at += LANES)
        count += write_lanes(surviving_lanes(killers, column, flip, at, 0xFFFFu), (uint32_t)at, out + count);
    if (at < n) {
        double rest[ES_MAX_OBJECTIVES][LANES] = {{0}};
        const double *row[ES_MAX_OBJECTIVES];
        for (unsigned k = 0; k < killers->d; k++) {
            memcpy(rest[k], column[k] + at, (n - at) * sizeof(double));
            row[k] = rest[k];
        }
        uint32_t alive = surviving_lanes(killers, row, flip, 0, (1u << (n - at)) - 1);
        count += write_lanes(alive, (uint32_t)at, out + count);
    }
    return count;
}

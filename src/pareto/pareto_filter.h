/* Throws out the bulk of dominated points with a few strong ones ("killers") before anything is sorted. */
#ifndef ES_PARETO_PARETO_FILTER_H
#define ES_PARETO_PARETO_FILTER_H

#include "pareto/pareto_view.h"
#include "base/simd.h"

enum { ES_MAX_KILLERS = 64, ES_FILTER_TILE = 512 };

/* Distinct, mutually non-dominated, minimised values. */
typedef struct es_killers {
    unsigned n, d;
    double value[ES_MAX_KILLERS][ES_MAX_OBJECTIVES];
} es_killers;

/* Writes to out[] the ascending indices of points that no killer dominates and of some that one does; out has room for
 * n and *count is their number.  *finite is false, and nothing else is defined, when a value is NaN or infinite. */
es_status es_filter(const es_view *view, unsigned threads, uint32_t *out, size_t *count, bool *finite,
                    es_errors *errors);

/* Offsets (ascending, in out[]) of the n points of a tile that no killer dominates; returns their number.  Column k is
 * contiguous. */
ES_SIMD_DECLARE(size_t, es_filter_tile,
                (const es_killers *killers, const double *const *column, const uint64_t *flip, size_t n,
                 uint32_t *out));

/* True when all n values are finite. */
ES_SIMD_DECLARE(bool, es_all_finite, (const double *value, size_t n));

/* Number of bits set in both. */
ES_SIMD_DECLARE(size_t, es_count_common_bits, (const uint64_t *a, const uint64_t *b, size_t words));

#endif

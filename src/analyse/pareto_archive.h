/* Kernels of the streaming archive. */
#ifndef ES_ANALYSE_PARETO_ARCHIVE_H
#define ES_ANALYSE_PARETO_ARCHIVE_H

#include "analyse/pareto_view.h"
#include "base/simd.h"

/* Smallest of n values with their signs flipped by `flip`; NaN is passed over, infinity when nothing is left. */
ES_SIMD_DECLARE(double, es_column_minimum, (const double *value, uint64_t flip, size_t n));

/* score[i] += (minimised value[i] - low) * scale. */
ES_SIMD_DECLARE(void, es_add_scores,
                (double *score, const double *value, uint64_t flip, double low, double scale, size_t n));

/* worse[i] &= minimised value[i] is no less than `than`. */
ES_SIMD_DECLARE(void, es_mark_worse, (uint8_t * worse, const double *value, uint64_t flip, double than, size_t n));

/* Place of the smallest score, the first of several; SIZE_MAX when none is below infinity. */
ES_SIMD_DECLARE(size_t, es_least_score, (const double *score, size_t n));

#endif

/* Kernels of the streaming archive. */
#ifndef ES_ANALYSE_PARETO_ARCHIVE_H
#define ES_ANALYSE_PARETO_ARCHIVE_H

#include "analyse/pareto_view.h"
#include "base/simd.h"

/* Smallest of n values with their signs flipped by `flip`; NaN is passed over, infinity when nothing is left. */
ES_SIMD_DECLARE(double, es_column_minimum, (const double *value, uint64_t flip, size_t n));

#endif

/* Archives that share what they find, and kernels of the archive. */
#ifndef ES_PARETO_PARETO_ARCHIVE_H
#define ES_PARETO_PARETO_ARCHIVE_H

#include "pareto/pareto_view.h"
#include "base/simd.h"

/* An archive for another thread and the same stream, empty but for what `with` and those joined to it have settled, and
 * will have: each sees what the others settle when it next inserts or is refreshed.  Merging the others into one and
 * finishing that gives the front of all.  Each belongs to one thread at a time; any of them may be freed first. */
es_status es_archive_join(const es_archive *with, es_archive **archive, es_errors *errors);
void es_archive_refresh(es_archive *archive);

/* The costly part of es_archive_finish, on several threads (0: the OpenMP default).  No other archive may be in use. */
es_status es_archive_unite(es_archive *archive, unsigned threads, es_errors *errors);

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

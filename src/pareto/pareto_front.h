/* The front of one group of points, and the group bookkeeping around it. */
#ifndef ES_PARETO_PARETO_FRONT_H
#define ES_PARETO_PARETO_FRONT_H

#include "pareto/pareto_rank.h"

/* Front of all points of the view, one group: ascending positions in out[] (room for n).  *finite is false when a value
 * is not; `out` is then undefined. */
es_status es_front_of_view(const es_view *view, es_ties ties, unsigned threads, uint32_t *out, size_t *count,
                           bool *finite, es_errors *errors);

/* What to do with one group: `member` lists its point indices, ascending; view holds just these points, in that order.
 */
typedef es_status es_group_fn(void *context, const es_view *view, const uint32_t *member, unsigned threads,
                              es_errors *errors);

/* Calls fn for each group (one call without member list, NULL, when points->group is NULL); small groups in parallel,
 * large ones with all threads.  fn must be safe to run concurrently on different groups. */
es_status es_for_each_group(const es_points *points, const es_view *view, unsigned threads, es_group_fn *fn,
                            void *context, es_errors *errors);

/* Turns marks (n bytes, nonzero: listed) into an ascending list. */
es_status es_index_from_marks(const uint8_t *mark, size_t n, es_index *list, es_errors *errors);

#endif

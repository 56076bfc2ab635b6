/* Doubles to dense integer ranks by radix sort. */
#ifndef ES_PARETO_PARETO_RANK_H
#define ES_PARETO_PARETO_RANK_H

#include "pareto/pareto_view.h"

/* Points in rank space: equal values of an objective share a rank, ranks count from 0 without gaps.  Every comparison
 * of two points gives the same answer as on the doubles. */
typedef struct es_ranked {
    size_t m;
    unsigned d;
    int32_t *rank;   /* rank[k * m + i]: objective k of the point index[i] */
    uint32_t *order; /* positions by rising sum of ranks, equal sums by position: dominators first, ties adjacent in
                        index order */
} es_ranked;

/* Ranks the m points index[] of the view (NULL: points 0 ... m-1). */
es_status es_ranked_init(es_ranked *ranked, const es_view *view, const uint32_t *index, size_t m, unsigned threads,
                         es_errors *errors);
void es_ranked_free(es_ranked *ranked);

/* The d ranks of one point. */
static inline void es_ranked_code(const es_ranked *ranked, size_t position, int32_t *code) {
    for (unsigned k = 0; k < ranked->d; k++)
        code[k] = ranked->rank[k * ranked->m + position];
}

/* order[] = positions 0 ... m-1 by rising key, equal keys by position.  pair: room for 2 m. */
void es_radix_order(const uint64_t *key, size_t m, uint64_t *pair, uint32_t *order);

#endif

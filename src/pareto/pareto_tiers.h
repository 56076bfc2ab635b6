/* A front in tiers, which the archives of several threads share.
 *
 * A tier is an immutable, indexed set of vectors of which none dominates or equals another.  New vectors come as small
 * tiers; tiers of like size are merged, so that a front of n vectors has about log n tiers and a vector is moved about as
 * often (the log-structured merge-tree: O'Neil, Cheng, Gawlick, O'Neil, Acta Informatica 33, 1996).  Vectors of one tier
 * may dominate or equal those of another until these are merged.  All values are minimised, zeros positive.
 *
 * Each thread looks at a list of its own, which stays valid until the thread refreshes it: only then are tiers taken
 * from it that others have merged meanwhile.
 */
#ifndef ES_PARETO_PARETO_TIERS_H
#define ES_PARETO_PARETO_TIERS_H

#include "pareto/pareto_set.h"

typedef struct es_tier {
    size_t n;
    double *row;                   /* n x d */
    uint64_t *index;               /* n: the lowest index of each vector */
    es_set set;                    /* ids: rows */
    double low[ES_MAX_OBJECTIVES]; /* smallest values */
    unsigned users;                /* lists that hold it */
    bool busy;                     /* being merged */
    bool ordered;                  /* rows by rising index */
} es_tier;

typedef struct es_tiers es_tiers;

/* Zero-initialise.  The largest tier comes first. */
typedef struct es_tier_list {
    es_tier **tier;
    size_t n, capacity;
    uint64_t version;
} es_tier_list;

es_status es_tiers_new(es_tiers **tiers, unsigned d, es_errors *errors);

/* For one more user; each calls leave once, with its list. */
es_tiers *es_tiers_join(es_tiers *tiers);
void es_tiers_leave(es_tiers *tiers, es_tier_list *list);

/* Drops all tiers. */
void es_tiers_clear(es_tiers *tiers, es_tier_list *list);

/* Takes in what others have added.  Without memory the list stays as it was. */
void es_tiers_refresh(es_tiers *tiers, es_tier_list *list);

/* Adds n rows, of which no two are equal, and refreshes the list. */
es_status es_tiers_add(es_tiers *tiers, es_tier_list *list, const double *row, const uint64_t *index, size_t n,
                       es_errors *errors);

/* Merges everything into a single tier, rows by rising index.  No other thread may be adding.  threads: 0 takes the
 * OpenMP default. */
es_status es_tiers_unite(es_tiers *tiers, es_tier_list *list, unsigned threads, es_errors *errors);

/* Row of a vector that is no worse than `point` in any objective, or ES_NOT_FOUND.  *block as in es_set_find. */
uint32_t es_tier_find(const es_tier *tier, const double *point, uint32_t *block);

#endif

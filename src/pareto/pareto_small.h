/* Fronts of a few vectors, for sweeps of many groups: the vectors and nothing else, in memory that the fronts of a pool
 * share.  Every vector is compared with every other; what outgrows that is better off in an es_archive. */
#ifndef ES_PARETO_PARETO_SMALL_H
#define ES_PARETO_PARETO_SMALL_H

#include "base/arena.h"
#include "pareto/pareto_view.h"

enum { ES_SMALL_MOST = 64, ES_SMALL_ROOMS = 6 /* for 2, 4, ... 64 vectors */ };

/* Zero-initialise but for d. */
typedef struct es_small_pool {
    unsigned d; /* objectives */
    es_arena arena;
    void *spare[ES_SMALL_ROOMS];
} es_small_pool;

/* Zero-initialise.  A vector is its index, then its values, minimised, zeros positive. */
typedef struct es_small {
    uint64_t *vector;
    uint16_t n, room; /* vectors; of those the memory has room for */
} es_small;

typedef enum es_small_found { ES_SMALL_TAKEN, ES_SMALL_BEATEN, ES_SMALL_FULL, ES_SMALL_NO_MEMORY } es_small_found;

void es_small_pool_free(es_small_pool *pool);

/* Takes a vector, minimised, that no other dominates or equals under a lower index, and drops those that it dominates. */
es_small_found es_small_insert(es_small_pool *pool, es_small *front, const double *value, uint64_t index);

/* Whether a vector dominates this one or equals it, under an index no higher than `index`. */
bool es_small_covers(const es_small *front, unsigned d, const double *value, uint64_t index);

/* The place of this vector; SIZE_MAX: it is none of them. */
size_t es_small_find(const es_small *front, unsigned d, const double *value);

/* Gives the memory back to the pool. */
void es_small_clear(es_small_pool *pool, es_small *front);

static inline uint64_t es_small_index(const es_small *front, unsigned d, size_t i) {
    return front->vector[i * (d + 1)];
}

static inline const double *es_small_values(const es_small *front, unsigned d, size_t i) {
    const void *values = front->vector + i * (d + 1) + 1;
    return values;
}

#endif

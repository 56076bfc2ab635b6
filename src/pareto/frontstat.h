/* Measures of a set of points: shared access to the subset as rows of minimised values. */
#ifndef ES_PARETO_FRONTSTAT_H
#define ES_PARETO_FRONTSTAT_H

#include "pareto/pareto_view.h"

/* Row i: the d minimised values of point subset[i] (NULL: of point i, all n of them). */
typedef struct es_vectors {
    size_t n;
    unsigned d;
    double *value; /* n x d, owned */
} es_vectors;

/* Copies the subset; checks the shape, the indices and that values are finite. */
es_status es_vectors_init(es_vectors *rows, const es_points *points, const uint64_t *subset, size_t count,
                          es_errors *errors);
void es_vectors_free(es_vectors *rows);

static inline const double *es_vector(const es_vectors *rows, size_t i) { return rows->value + i * rows->d; }

/* -1, 0, 1: lexicographic order of two vectors. */
int es_compare_vectors(const double *a, const double *b, unsigned d);

/* order[] (room for n): rows in lexicographic order, equal rows by position. */
void es_vectors_order(const es_vectors *rows, uint32_t *order);

#endif

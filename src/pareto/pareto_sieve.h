/* Drops points that the front of a sample dominates: cheaper per point than ranking, sorting and scanning it. */
#ifndef ES_PARETO_PARETO_SIEVE_H
#define ES_PARETO_PARETO_SIEVE_H

#include "pareto/pareto_view.h"

/* The front of the sample, given as positions in the view, sieves index[0, *m); the rest closes up in order. */
es_status es_sieve(const es_view *view, const uint32_t *front, size_t count, unsigned threads, uint32_t *index,
                   size_t *m, es_errors *errors);

/* sample[]: every `step`-th of the m indices, jittered; returns their number (at most m / step + 1). */
size_t es_take_sample(const uint32_t *index, size_t m, size_t step, uint32_t *sample);

#endif

/* Conditions over the columns of a tile. */
#ifndef ES_ENGINE_FILTER_H
#define ES_ENGINE_FILTER_H

#include "engine/eval.h"

typedef struct es_filter {
    const es_sweep *sweep;
    const es_program *program;
    uint8_t *keep;      /* points of a tile */
    uint64_t *rejected; /* per condition: points it was the first to reject */
} es_filter;

es_status es_filter_init(es_filter *filter, const es_sweep *sweep, const es_program *program, es_errors *errors);
void es_filter_free(es_filter *filter);

/* Fills filter->keep for points [from, to) of the eval's tile, zero elsewhere; returns how many are kept. */
size_t es_filter_apply(es_filter *filter, const es_eval *eval, size_t from, size_t to);

#endif

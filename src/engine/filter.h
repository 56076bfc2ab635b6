/* Conditions over the columns of a tile. */
#ifndef ES_ENGINE_FILTER_H
#define ES_ENGINE_FILTER_H

#include "engine/bounds.h"
#include "engine/eval.h"

typedef struct es_filter {
    const es_sweep *sweep;
    const es_program *program;
    uint8_t *keep;      /* points of a tile */
    uint64_t *rejected; /* per condition: points it was the first to reject */
    uint64_t left_out;  /* points that no runtime runs; no condition is asked */
} es_filter;

es_status es_filter_init(es_filter *filter, const es_sweep *sweep, const es_program *program, es_errors *errors);
void es_filter_free(es_filter *filter);

/* Fills filter->keep for points [from, to) of the eval's tile, zero elsewhere; returns how many are kept. */
size_t es_filter_apply(es_filter *filter, const es_eval *eval, size_t from, size_t to);

/* The same for points that are known to be kept. */
size_t es_filter_keep_all(es_filter *filter, const es_eval *eval, size_t from, size_t to);

typedef enum es_verdict { ES_ALL_KEPT, ES_ALL_REJECTED, ES_UNDECIDED } es_verdict;

/* Whether a runtime runs every point of box i. */
bool es_filter_all_run(const es_filter *filter, const es_boxes *boxes, size_t i);

/* What the bounds of box i say of its n points.  Rejected: the first condition that can fail fails everywhere, and has been
 * counted. */
es_verdict es_filter_judge(es_filter *filter, const es_boxes *boxes, size_t i, uint64_t n);

#endif

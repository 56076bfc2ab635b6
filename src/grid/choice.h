/* Which of two choices [best] takes.  Objectives are all turned to minimisation. */
#ifndef ES_GRID_CHOICE_H
#define ES_GRID_CHOICE_H

#include <math.h>
#include <string.h>

#include <edgesweep/sweep.h>

/* Lexicographic, then the lower index. */
static inline bool es_is_better(const double *a, uint64_t a_index, const double *b, uint64_t b_index, size_t n) {
    for (size_t k = 0; k < n; k++)
        if (a[k] != b[k])
            return a[k] < b[k];
    return a_index < b_index;
}

/* The axis of the models when the first objective is quality, whose ties within a model the others break; else -1. */
static inline int es_tie_axis(const es_sweep *sweep) {
    const es_objective *first = &sweep->best.objective[0];
    if (!first->maximize || strcmp(sweep->columns[first->column].name, "quality") != 0)
        return -1;
    for (size_t a = 0; a < sweep->n_axes; a++)
        if (sweep->axes[a].role == ES_AXIS_ENTITY && sweep->axes[a].entity == ES_MODEL)
            return (int)a;
    return -1;
}

/* Two formats of one model that differ by less than the model of their loss can tell: the next objectives decide. */
static inline bool es_is_tie(const es_sweep *sweep, int axis, const double *a, uint64_t a_index, const double *b,
                             uint64_t b_index) {
    const es_axis *models = &sweep->axes[axis];
    return a_index / models->stride % models->n == b_index / models->stride % models->n &&
           fabs(a[0] - b[0]) < ES_QUALITY_TIE;
}

/* Of two that tie: by the objectives behind the first, then as any others. */
static inline bool es_breaks_tie(const double *a, uint64_t a_index, const double *b, uint64_t b_index, size_t n) {
    for (size_t k = 1; k < n; k++)
        if (a[k] != b[k])
            return a[k] < b[k];
    return es_is_better(a, a_index, b, b_index, n);
}

#endif

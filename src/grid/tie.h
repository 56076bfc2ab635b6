/* Where quality decides, formats of a model within ES_QUALITY_TIE tie. */
#ifndef ES_GRID_TIE_H
#define ES_GRID_TIE_H

#include <string.h>

#include <edgesweep/sweep.h>

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

/* The value of that axis at a point: points of one model may tie. */
static inline uint64_t es_tie_kin(const es_sweep *sweep, int axis, uint64_t index) {
    return axis < 0 ? 0 : index / sweep->axes[axis].stride % sweep->axes[axis].n;
}

#endif

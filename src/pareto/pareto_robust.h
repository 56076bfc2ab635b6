/* The intervals that uncertain values lie in: one rule for fronts and for what drops rows before. */
#ifndef ES_PARETO_PARETO_ROBUST_H
#define ES_PARETO_PARETO_ROBUST_H

#include <float.h>
#include <math.h>
#include <stdbool.h>

/* The upper or lower end of the interval of a value; `end` is the one that the table gives, NULL: relative (es_uncertainty). */
static inline double es_uncertain_end(double value, double relative, const double *end, bool upper) {
    const double error = relative * fabs(value);
    double moved = upper ? value + error : value - error;
    if (end)
        moved = (upper ? *end > value : *end < value) ? *end : value;
    return moved > DBL_MAX ? DBL_MAX : moved < -DBL_MAX ? -DBL_MAX : moved;
}

#endif

/* The value grammar of numeric axes: numbers, ranges a:b, a:b+step, a:b*factor, lin(a,b,n), log(a,b,n), suffixes, x
 * factors, comma lists. */
#ifndef ES_GRID_VALUES_H
#define ES_GRID_VALUES_H

#include <edgesweep/error.h>

#include "base/arena.h"
#include "base/text.h"

enum { ES_MAX_AXIS_VALUES = 1 << 26 };

/* What values may be. */
typedef struct es_value_rule {
    const char *name, *unit; /* for messages */
    double min, max;
    bool exclusive; /* min itself is refused */
    bool whole;
    bool factors;                     /* x factors are allowed */
    const struct es_axis_word *words; /* names of values; NULL: none */
} es_value_rule;

typedef struct es_values {
    double *value; /* in the arena */
    size_t n;
    bool factor; /* every element was written with an x */
} es_values;

/* Expands a comma list in order; duplicates are dropped with a warning.  ES_EUSAGE with the place of every fault. */
es_status es_values_parse(es_values *values, es_slice text, es_origin at, const es_value_rule *rule, es_arena *arena,
                          es_errors *errors);

/* base^n for whole n >= 0 by repeated multiplication: the same bits everywhere. */
double es_power(double base, uint64_t n);

#endif

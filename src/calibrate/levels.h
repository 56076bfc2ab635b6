/* Levels of efficiency as sums of effects: partial pooling by Gauss-Seidel sweeps.
 *
 * A measured time is a sum of parts: weights of several tensor types, attention, overhead.  Each takes its time at the rates
 * that are known before, over the exponential of the effects of its keys.  Each effect is the weighted mean of what the
 * others leave over of the logarithm of the measured time, by the slope on it, shrunk towards 0 by a pseudo-weight lambda
 * (Gelman and Hill 2007, chapter 12); measurements far off lose weight (Huber 1964).
 *
 * The cost is linear in measurements; the order of measurements and keys alone decides the bits.
 */
#ifndef ES_CALIBRATE_LEVELS_H
#define ES_CALIBRATE_LEVELS_H

#include <stdbool.h>
#include <stddef.h>

#include <edgesweep/error.h>

#include "base/arena.h"

enum { ES_LEVEL_KEYS = 10, ES_LEVEL_PARTS = 40, ES_LEVEL_PART_KEYS = 6 };

typedef struct es_level_part {
    double seconds;  /* without effects */
    double at_least; /* seconds that no effect shortens */
    bool has_common; /* the row's keys hold for it */
    bool is_rival;   /* runs beside the part before: the longer one counts */
    size_t key[ES_LEVEL_PART_KEYS], n_keys;
} es_level_part;

typedef struct es_level_row {
    double seconds, weight; /* measured */
    size_t key[ES_LEVEL_KEYS], n_keys;
    es_level_part part[ES_LEVEL_PARTS];
    size_t n_parts;
} es_level_row;

typedef struct es_level_problem {
    const es_level_row *row;
    size_t n_rows;
    const double *lambda; /* of each key; INFINITY: keeps its value */
    const size_t *order;  /* all keys, in which they are visited */
    size_t n_keys;
    double robust_from; /* residuals above it count by their size, not their square */
} es_level_problem;

typedef struct es_levels es_levels; /* lists of the rows of every key, and room to work in */

/* The problem is borrowed.  NULL when out of memory. */
es_levels *es_levels_begin(const es_level_problem *problem);
void es_levels_free(es_levels *levels);

/* value[key]: in: where to start, out: the effects.  Rows for which left_out (may be NULL) holds do not take part. */
void es_levels_fit(es_levels *levels, const bool *left_out, size_t sweeps, double *value);

#endif

/* Levels of efficiency as sums of effects: partial pooling by Gauss-Seidel sweeps.
 *
 * A measurement implies a level y (logarithm of the rate over that of the prior), the effects of its keys should add up
 * to it.  Each effect is the weighted mean of what the others leave over, shrunk towards 0 by a pseudo-weight lambda
 * (Gelman and Hill 2007, chapter 12); measurements far off lose weight (Huber 1964).  Files mix tensor types: the types of
 * a measurement enter by their share of the time.
 *
 * The cost is linear in measurements; the order of measurements and keys alone decides the bits.
 */
#ifndef ES_CALIBRATE_LEVELS_H
#define ES_CALIBRATE_LEVELS_H

#include <stdbool.h>
#include <stddef.h>

#include <edgesweep/error.h>

#include "base/arena.h"

enum { ES_LEVEL_KEYS = 10, ES_LEVEL_SHARES = 10, ES_LEVEL_TYPE_KEYS = 2 };

typedef struct es_level_share { /* of one tensor type */
    double share;               /* of the time at the prior's rate; those of a row add up to 1 */
    size_t key[ES_LEVEL_TYPE_KEYS], n_keys;
} es_level_share;

typedef struct es_level_row {
    double y, weight;
    size_t key[ES_LEVEL_KEYS], n_keys; /* that hold for all types */
    es_level_share share[ES_LEVEL_SHARES];
    size_t n_shares;
} es_level_row;

typedef struct es_level_problem {
    const es_level_row *row;
    size_t n_rows;
    const double *lambda; /* of each key; INFINITY: stays 0 */
    const size_t *order;  /* all keys, in which they are visited */
    size_t n_keys;
} es_level_problem;

typedef struct es_levels es_levels; /* lists of the rows of every key, and room to work in */

/* The problem is borrowed.  NULL when out of memory. */
es_levels *es_levels_begin(const es_level_problem *problem);
void es_levels_free(es_levels *levels);

/* value[key]: in: where to start, out: the effects.  Rows for which left_out (may be NULL) holds do not take part. */
void es_levels_fit(es_levels *levels, const bool *left_out, size_t sweeps, double *value);

#endif

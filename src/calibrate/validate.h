/* Predictions against measurements. */
#ifndef ES_CALIBRATE_VALIDATE_H
#define ES_CALIBRATE_VALIDATE_H

#include <stddef.h>

#include <edgesweep/error.h>

#include "calibrate/measured.h"
#include "base/arena.h"
#include "model/calibrated.h"

typedef struct es_prediction {
    double tokens_per_s;         /* NaN: none, see the measurement's reason */
    double low, high;            /* 10 and 90% of its rate; NaN: not known */
    double error;                /* predicted/measured - 1 */
    es_basis basis;              /* of the row's phase */
    double power_w, power_error; /* NaN: not predicted, not measured; of the row's boundary */
    double memory_mib, memory_error;
    double params; /* of the model */
} es_prediction;

/* Predicts all rows; `predictions` has room for measured->n. */
es_status es_validate(const es_measured *measured, es_point_kernel *point, es_prediction *predictions,
                      es_errors *errors);

/* A speed-up as it is predicted by who does not know the row's source: a round costs what rows of other sources with the
 * same kind of draft, backend and experts say (their median; of any device, also of one that is in no catalog), without such
 * rows what its bytes and operations take. */
typedef struct es_speedup {
    bool from_rows;   /* the round is of other sources */
    bool stated;      /* the acceptance is, else it is the median of the kind and task elsewhere */
    double predicted; /* NaN: no such row, or no prediction */
} es_speedup;

/* `speedups` has room for measured->n. */
es_status es_speedups_left_out(const es_measured *measured, es_point_kernel *point, es_speedup *speedups,
                               es_errors *errors);

typedef struct es_error_summary {
    size_t n;
    double bias, median, p90; /* median of errors, median and 90th percentile of their absolute values */
    double covered;           /* share of the measurements inside the interval; NaN: none has one */
} es_error_summary;

/* Sorts `errors`; NaN everywhere for n = 0. */
es_error_summary es_summarise_errors(double *errors, size_t n);

/* What an error table has one line for each of. */
typedef enum es_error_group {
    ES_BY_PHASE,
    ES_BY_BASIS,
    ES_BY_DEVICE,
    ES_BY_RUNTIME,
    ES_BY_BUILD,
    ES_BY_UNIT,
    ES_BY_PRECISION,
    ES_BY_SIZE,
    ES_ERROR_GROUPS
} es_error_group;

typedef struct es_error_line {
    const char *name;
    es_phase phase;
    es_error_summary summary;
} es_error_line;

/* The lines of a table, by name and phase, in order of first appearance; in the arena. */
es_status es_error_table(const es_measured *measured, const es_prediction *predictions, es_error_group group,
                         es_arena *arena, es_error_line **lines, size_t *n, es_errors *errors);

/* Rows by falling |log(predicted/measured)|, at most n; returns their number.  Those without a prediction are left out. */
size_t es_worst_rows(const es_measured *measured, const es_prediction *predictions, size_t *rows, size_t n);

#endif

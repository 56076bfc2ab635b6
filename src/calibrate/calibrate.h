/* From measurements to calibration.csv: effects, and intervals from what was left out.
 *
 * The kernel itself says what a measurement implies: it is evaluated at the rates of the priors, what is not weights is
 * subtracted from the measured time, and the rest over the prior's time of the weights is the level that the effects of
 * the measurement add up to (levels.h).  Left-out measurements are predicted by the kernel with the effects of the others.
 */
#ifndef ES_CALIBRATE_CALIBRATE_H
#define ES_CALIBRATE_CALIBRATE_H

#include <stddef.h>

#include <edgesweep/error.h>

#include "base/arena.h"
#include "calibrate/measured.h"
#include "calibrate/validate.h"
#include "model/calibrated.h"

typedef struct es_calibrated_row {
    const char *phase, *effect, *key;
    double value;
    size_t rows, sources;
} es_calibrated_row;

/* Predicted without the measurement's source. */
typedef struct es_held_out {
    double log_error;         /* ln(predicted/measured); NaN: not predicted */
    es_basis basis;           /* what was left of evidence */
    double log_low, log_high; /* of measured/predicted, from the other sources */
} es_held_out;

typedef struct es_calibrated_source {
    const char *name;
    es_fit_phase phase;
    size_t n;
    double mean; /* of its log errors when left out */
} es_calibrated_source;

typedef struct es_calibrated {
    es_calibrated_row *row; /* as calibration.csv has them, what is fitted only */
    size_t n_rows;
    es_held_out *held_out; /* of each measurement */
    es_calibrated_source *source;
    size_t n_sources; /* of both phases; farthest off first */
    size_t n_fitted[ES_FIT_PHASES];
} es_calibrated;

/* Fits all measurements; results in the arena.  `held_out` false: only effects, with the catalog's intervals.  Devices
 * whose bandwidth cannot be right go to errors as warnings. */
es_status es_calibrate(const es_measured *measured, es_point_kernel *point, bool held_out, es_arena *arena,
                       es_calibrated *result, es_errors *errors);

/* The repository of an address; files of ggml-org/llama.cpp, where many measure, count by themselves. */
es_slice es_source_of(const char *address);
/* Whether two addresses are of one. */
bool es_same_source(const char *a, const char *b);

#endif

/* From measurements to rows of the calibration catalog.
 *
 * Devices whose class, peaks and bandwidth agree (one board sold with several sizes of memory) are fitted together and
 * get the same rows.  What the measurements cannot tell is left to the class rows, and said so.
 */
#ifndef ES_CALIBRATE_CALIBRATE_H
#define ES_CALIBRATE_CALIBRATE_H

#include <stddef.h>

#include <edgesweep/error.h>

#include "calibrate/measured.h"
#include "calibrate/validate.h"
#include "base/arena.h"

typedef struct es_calibrated_row {
    const char *device, *runtime, *type, *field;
    double value;
    size_t n;
    double error; /* cross-validated, relative; NaN: not known */
    const char *source;
} es_calibrated_row;

/* One fit. */
typedef struct es_calibrated_group {
    const es_row *device; /* the one with most measurements */
    const char *runtime;
    const char *folds; /* what was left out in turn; NULL: nothing could be */
    size_t n_sources;
    size_t n_skipped; /* measurements with rare threads, several sequences, weights larger than memory */
    es_error_summary phase[ES_PHASES]; /* cross-validated */
} es_calibrated_group;

typedef struct es_calibrated {
    es_calibrated_row *row;
    size_t n_rows, capacity;
    es_calibrated_group *group;
    size_t n_groups;
} es_calibrated;

/* Fits all devices and runtimes in the measurements; results in the arena.  What cannot be fitted and what a fit says of
 * the catalog goes to errors as warnings. */
es_status es_calibrate(const es_measured *measured, const es_catalog *catalog, es_point_kernel *point, es_arena *arena,
                       es_calibrated *result, es_errors *errors);

#endif

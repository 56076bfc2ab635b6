/* Levels of power from measurements: rows of power.csv, and how well they predict what they did not see.
 *
 * While it decodes a board draws one power, whatever the model: a level is the median of the measured watts, beside the
 * median of the bytes streamed meanwhile.  70% of it is for the time, 30% follow the bytes.
 */
#ifndef ES_CALIBRATE_POWER_H
#define ES_CALIBRATE_POWER_H

#include <stddef.h>

#include <edgesweep/error.h>

#include "base/arena.h"
#include "calibrate/measured.h"

#define ES_POWER_TIME_SHARE 0.7 /* 0.2 to 0.5 for the bytes hardly differ on 273 rows; 0.3 has the shortest tail */

typedef struct es_fitted_level {
    const es_row *device;
    const char *boundary;
    double decode_w, stream_gbs;
    size_t rows, sources;
    const char *const *source; /* each once, in order */
} es_fitted_level;

typedef enum es_power_split { ES_WITHOUT_MODEL, ES_WITHOUT_SOURCE, ES_POWER_SPLITS } es_power_split;

typedef struct es_fitted_power {
    es_fitted_level *level; /* in order of first appearance */
    size_t n;
    /* predicted/measured - 1 of rows whose board has rows of other models, or sources, at their boundary */
    double *power_error[ES_POWER_SPLITS], *energy_error[ES_POWER_SPLITS];
    size_t n_errors[ES_POWER_SPLITS];
} es_fitted_power;

/* Rows of decode with power and its boundary; results in the arena. */
es_status es_fit_power(const es_measured *measured, es_point_kernel *point, es_arena *arena, es_fitted_power *result,
                       es_errors *errors);

#endif

/* Rates of a device: what measurements, the device's columns and its class say, most specific first.
 *
 * Precedence: tensor type > file type > * of the device's calibration rows, then the device's column, then the same three
 * of its class.  Within a level a row of the runtime itself wins over one for any runtime.  Sweep axes come on top, in
 * the kernel.
 */
#ifndef ES_MODEL_CALIBRATED_H
#define ES_MODEL_CALIBRATED_H

#include <stdbool.h>

#include <edgesweep/catalog.h>
#include <edgesweep/error.h>

#include "base/arena.h"
#include "model/layout.h"

/* ES_RATE_MEM_UTIL ...: rates.def.  The first ES_TYPED_RATES depend on the tensor type. */
typedef enum es_rate {
#define RATED(field, ...) ES_RATE_##field,
#include "model/rates.def"
#undef RATED
    ES_RATES
} es_rate;

enum { ES_TYPED_RATES = ES_RATE_PREFILL_UTIL + 1 };

/* Where a rate was found; values of the metric `basis` (0 is a sweep axis). */
typedef enum es_basis { ES_BASIS_AXIS, ES_BASIS_CALIBRATED, ES_BASIS_DEVICE, ES_BASIS_CLASS } es_basis;

typedef struct es_calibration es_calibration;

/* Compiles the calibration catalog.  Unknown devices, types and fields are errors at their row. */
es_status es_calibration_compile(const es_catalog *catalog, const es_gguf *gguf, es_arena *arena,
                                 es_calibration **calibration, es_errors *errors);

/* What holds for a device, runtime and precision of the catalog it was compiled from. */
typedef struct es_rates_of {
    const struct es_rate_set *own, *class_rows; /* NULL: none */
    const es_row *device;
    size_t file;
} es_rates_of;

es_rates_of es_rates_find(const es_calibration *calibration, const es_row *device, const char *runtime,
                          const es_row *precision);

typedef struct es_rate_found {
    double value; /* only ES_RATE_PREFILL_ATTN_UTIL and ES_RATE_THREADS can be NaN */
    es_basis basis;
    es_kind kind;      /* of the row: ES_CALIBRATION or ES_DEVICE */
    const es_row *row; /* NULL: the class has no row */
} es_rate_found;

/* The rate for a tensor type (ES_TYPE_NONE: by file type and * only) and where it was found. */
es_rate_found es_rate_find(const es_rates_of *rates, es_rate rate, int type);
double es_rate_get(const es_rates_of *rates, es_rate rate, int type, es_basis *basis);

/* Whether there are rates of the very device and precision. */
bool es_rates_measured(const es_rates_of *rates);

/* The device field that holds a rate. */
int es_rate_field(es_rate rate);

#endif

/* Measured tokens per second, joined to the rows of the catalogs.
 *
 * Reads two kinds of tables as they are: a CSV with the columns device, model, quant, phase, tokens_per_s (and
 * device_variant, runtime, backend, build, build_date, unit, kernel_note, format, n_prompt, n_gen, ctx_depth, threads,
 * batch, ubatch, power_w, power_boundary, memory_mib, source_url, source_date, note where known; draft, draft_tokens,
 * acceptance, task, tokens_per_s_without of runs with speculative decoding), and what `llama-bench -o csv`, `-o jsonl` or
 * `-o json` prints.
 */
#ifndef ES_CALIBRATE_MEASURED_H
#define ES_CALIBRATE_MEASURED_H

#include <edgesweep/catalog.h>
#include <edgesweep/error.h>

#include "calibrate/measured_names.h"
#include "io/csv_read.h"
#include "model/calibrated.h"
#include "model/point.h"
#include "base/arena.h"
#include "base/text.h"

/* What a rate is the rate of. */
typedef enum es_phase {
    ES_PHASE_PREFILL, /* n_prompt tokens behind depth */
    ES_PHASE_DECODE,  /* n_gen tokens behind depth */
    ES_PHASE_BOTH,    /* both, one after the other */
    ES_PHASE_SPEEDUP, /* of decode by a draft: tokens/s with it over those without */
    ES_PHASES
} es_phase;

extern const char *const es_phase_names[ES_PHASES + 1]; /* NULL-terminated */

typedef struct es_measurement {
    const char *line;   /* the row as CSV, without what ends it */
    const char *source; /* measurements of one source may share what is wrong with it */
    bool doubtful;      /* graded B or worse by who collected it */
    es_phase phase;
    double prompt, gen, depth, batch, ubatch, kv_bits; /* ubatch and kv_bits NaN: not said */
    double threads;                                    /* NaN: not said */
    double build;        /* of the runtime, es_build_parse; of the source's day when the row has none */
    double tokens_per_s; /* ES_PHASE_SPEEDUP: the speed-up */
    double draft, draft_tokens, acceptance, task; /* as the axes; 0 and NaN: none, not said */
    const char *draft_backend;                    /* "": not said */
    double power_w, memory_mib;                   /* NaN: not said */
    const char *power_boundary;                   /* "": not said */
    const char *runtime;                          /* as calibrations name it */
    es_rows rows;                                 /* NULL as far as they were not found */
    bool vague;                                   /* format or backend are not stated: predicted, never fitted */
    const char *reason;                           /* why there is no prediction; NULL when there can be one */
} es_measurement;

typedef struct es_measured {
    es_measurement *row;
    size_t n;
    const char *header; /* as CSV */
    char delimiter;
} es_measured;

/* Reads a file ("-": standard input) and joins it to the catalog of the kernel.  `device` is the name for rows that
 * name none; NULL: those rows are not joined.  Everything lives in the arena.  ES_ERUNTIME for files that cannot be read
 * and tables of another kind, ES_EUSAGE for an unknown `device`. */
es_status es_measured_read(es_measured *measured, const char *path, const es_csv_input_options *reading,
                           const char *device, const es_catalog *catalog, es_point_kernel *point, es_arena *arena,
                           es_errors *errors);

/* How it ran. */
es_setting es_measurement_setting(const es_measurement *m);

/* Values of the kernel's nodes for a measurement that has a prediction (reason NULL). */
void es_measurement_evaluate(es_point_kernel *point, const es_measurement *m, double *value);

/* Tokens per second from the times of a point, as the measurement counts them. */
double es_measurement_rate(const es_measurement *m, double ttft_s, double tpot_s);

#endif

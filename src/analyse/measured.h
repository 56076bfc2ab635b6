/* Measured tokens per second, joined to the rows of the catalogs.
 *
 * Reads two kinds of tables as they are: a CSV with the columns device, model, quant, phase, tokens_per_s (and
 * device_variant, runtime, n_prompt, n_gen, ctx_depth, threads, batch, source_url, note where known), and what
 * `llama-bench -o csv`, `-o jsonl` or `-o json` prints.
 */
#ifndef ES_ANALYSE_MEASURED_H
#define ES_ANALYSE_MEASURED_H

#include <edgesweep/catalog.h>
#include <edgesweep/error.h>

#include "analyse/point.h"
#include "base/arena.h"
#include "base/text.h"

/* What a rate is the rate of. */
typedef enum es_phase {
    ES_PHASE_PREFILL, /* n_prompt tokens behind depth */
    ES_PHASE_DECODE,  /* n_gen tokens behind depth */
    ES_PHASE_BOTH,    /* both, one after the other */
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
    double tokens_per_s;
    const char *runtime; /* as calibrations name it, without threads */
    es_rows rows;        /* device, model, precision, NULL as far as they were not found; the runtime to predict with */
    const char *reason;  /* why there is no prediction; NULL when there can be one */
} es_measurement;

typedef struct es_measured {
    es_measurement *row;
    size_t n;
    const char *header; /* as CSV */
    char delimiter;
} es_measured;

/* Reads a file ("-": CSV from standard input) and joins it to the catalog of the kernel.  `device` is the name for rows that
 * name none; NULL: those rows are not joined.  Everything lives in the arena.  ES_ERUNTIME for files that cannot be read,
 * ES_EUSAGE for tables of another kind and an unknown `device`. */
es_status es_measured_read(es_measured *measured, const char *path, const char *device, const es_catalog *catalog,
                           es_point_kernel *point, es_arena *arena, es_errors *errors);

/* The runtime as calibrations name it: without its version; programs around llama.cpp are llama.cpp, and so is
 * a runtime that is not named. */
const char *es_runtime_name(const char *text, es_arena *arena);

/* The runtime that calibrations name for another number of threads than most measurements have. */
const char *es_threaded_runtime(const char *runtime, double threads, es_arena *arena);

/* The precision that a name ends with ("Llama-3.2-1B-Instruct-Q4_K_M", "llama 1B Q4_K - Medium"), NULL when there is none;
 * *stem becomes what is before it. */
const es_row *es_precision_suffix(const es_table *precisions, es_slice name, es_slice *stem);

/* The model of a file name without its quantization suffix: equal but for case, punctuation and words like "Instruct".
 * With n_params > 0 its parameters must agree within 2%; then a model whose name is part of the file's will do, too.
 * *params becomes those of the last candidate, NaN when there was none. */
const es_row *es_model_of_file(es_point_kernel *point, const es_table *models, const es_row *precision, es_slice stem,
                               double n_params, double *params);

/* Values of the kernel's nodes for a measurement that has a prediction (reason NULL). */
void es_measurement_evaluate(es_point_kernel *point, const es_measurement *m, double *value);

/* Tokens per second from the times of a point, as the measurement counts them. */
double es_measurement_rate(const es_measurement *m, double ttft_s, double tpot_s);

#endif

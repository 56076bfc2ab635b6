/* The scalar parts of the roofline kernel: layouts, rates and quality of one combination of rows.  Compiled once, so that
 * every instruction set gets the same bits.
 */
#ifndef ES_MODEL_ROOFLINE_BLOCKS_H
#define ES_MODEL_ROOFLINE_BLOCKS_H

#include <stddef.h>

#include "model/calibrated.h"
#include "model/layout.h"
#include "model/node.h"
#include "model/quality.h"

/* Rates without a tensor type, of a device, runtime and precision, by es_rate. */
typedef struct es_device_rates {
    double any[ES_RATES];
    double own[ES_RATES];     /* NaN: not written in the device's row */
    double inverse[ES_RATES]; /* of any */
} es_device_rates;

/* Rates of the tensor types of a layout's slots, and of its main type: the one with most bytes. */
typedef struct es_slot_rates {
    double inv_util[ES_TYPED_RATES][ES_SLOTS + 1]; /* the last: main type */
    double least_inv_util[ES_TYPED_RATES];         /* among the types of the layout */
    double inv_attn[2];                            /* attn_util, prefill_attn_util */
    double half_tokens, uses_matrix;
    double basis, rows, sources;                               /* of the phase with less evidence, for the main type */
    double decode_low, decode_high, prefill_low, prefill_high; /* measured / predicted; NaN: not known */
} es_slot_rates;

enum {
    ES_DEVICE_RATES_SIZE = sizeof(es_device_rates) / sizeof(double),
    ES_SLOT_RATES_SIZE = sizeof(es_slot_rates) / sizeof(double),
    ES_UNIFORM_SIZE = sizeof(es_uniform) / sizeof(double)
};

/* The processor beside a GPU. */
typedef struct es_host {
    double each[ES_SLOTS]; /* seconds a weight of the slot's type; 0: bytes alone decide */
} es_host;
enum { ES_HOST_SIZE = sizeof(es_host) / sizeof(double) };

/* What the blocks are given as `state`. */
typedef struct es_roofline_state {
    const es_catalog *catalog;
    const es_table *models, *precisions;
    es_arch *arch; /* by model */
    es_gguf *gguf;
    const es_mixture **mixture; /* by precision */
    es_calibration *calibration;
    const struct es_memory_tables *memory;
    es_qualities *qualities;
    es_row board; /* of hosts: one of which nothing is known */
} es_roofline_state;

const es_calibration *es_roofline_calibration(const void *state);

/* The state with another calibration; NULL when out of memory. */
const void *es_roofline_with(const void *state, es_calibration *calibration, es_arena *arena);

es_status es_roofline_prepare(const es_catalog *catalog, es_arena *arena, const void **state, es_errors *errors);

/* Whether a table says how the file type lays out models; uniform formats need none. */
bool es_roofline_covers(const void *state, const es_row *model, const es_row *precision);

/* The host's unit, NULL when none is named; GOP/s of it with so many threads (NaN: all), NaN when not known. */
const es_row *es_roofline_host_unit(const es_roofline_state *state, const es_rows *rows, double threads, double *gops);

/* Whether there are measured rates of the device and precision. */
bool es_roofline_measured(const void *state, const es_rows *rows);

/* The table of a GGUF file type, NULL when there is none. */
const es_mixture *es_roofline_mixture(const es_roofline_state *state, const es_row *precision);

/* Block functions: in: es_shape, es_uniform, imatrix, quantizer -> es_layout. */
enum { ES_QUANTIZER_INPUTS = 2 };
static inline es_quantizer es_roofline_quantizer(const double *in) {
    const double *of = in + ES_SHAPE_SIZE + ES_UNIFORM_SIZE;
    return (es_quantizer){of[1], of[0] > 0};
}
void es_roofline_layout(const void *state, const es_rows *rows, const double *in, double *out);
/* es_shape -> es_stack */
void es_roofline_layers(const void *state, const es_rows *rows, const double *in, double *out);
/* in: es_shape, nodes -> es_split */
void es_roofline_split(const void *state, const es_rows *rows, const double *in, double *out);
/* -> es_device_rates */
void es_roofline_device_rates(const void *state, const es_rows *rows, const double *in, double *out);
/* in: types of the slots, main type, threads, build, size of heads -> es_slot_rates */
void es_roofline_slot_rates(const void *state, const es_rows *rows, const double *in, double *out);
/* in: types of the slots, threads, build -> es_host */
void es_roofline_host(const void *state, const es_rows *rows, const double *in, double *out);
/* in: as of the layout -> es_loss */
void es_roofline_loss(const void *state, const es_rows *rows, const double *in, double *out);
/* Words of the axis `draft`; models follow from ES_AXIS_FIRST_MODEL on. */
enum { ES_DRAFT_NONE, ES_DRAFT_MTP, ES_DRAFT_EAGLE, ES_DRAFT_LOOKUP };

/* A draft under a runtime: what is known of its kind, and a model's tensors in the target's format.  Only doubles. */
typedef struct es_draft {
    double cost, acceptance; /* NaN: not in drafts.csv */
    double weight_bytes, stream_bytes, weights;
    double keys, values; /* cached elements per position */
    double state;        /* elements */
    double layers;
} es_draft;
enum { ES_DRAFT_SIZE = sizeof(es_draft) / sizeof(double) };
/* Words of the axis `task`, also of drafts.csv; the first is any. */
extern const es_axis_word es_task_words[];
/* in: draft, routed experts of the target, imatrix, quantizer, task -> es_draft */
void es_roofline_draft(const void *state, const es_rows *rows, const double *in, double *out);

/* What a device draws in decode at a boundary: a row of power.csv.  Only doubles; NaN: there is none. */
typedef struct es_power_level {
    double decode_w;   /* with the threads asked for */
    double stream_gbs; /* streamed meanwhile */
    double time_share; /* of the power that does not follow the bytes */
    double idle_w;
    double boundary; /* where it is */
} es_power_level;
enum { ES_POWER_SIZE = sizeof(es_power_level) / sizeof(double) };
/* in: boundary or ES_BOUNDARY_ANY, threads, whether the wall is known without a level -> es_power_level */
void es_roofline_power(const void *state, const es_rows *rows, const double *in, double *out);
const es_row *es_roofline_power_row(const void *state, const es_rows *rows, const double *in, double *boundary);

/* in: d, level and basis of the loss, es_question -> es_quality */
enum { ES_LOSS_INPUTS = 3 };
static inline es_question es_roofline_question(const double *in) {
    return (es_question){in[ES_LOSS_INPUTS], in[ES_LOSS_INPUTS + 1], in[ES_LOSS_INPUTS + 2]};
}
void es_roofline_quality(const void *state, const es_rows *rows, const double *in, double *out);

/* The rows behind outputs, for explain: roofline_sources.c. */
size_t es_roofline_layout_sources(const void *state, const es_rows *rows, const double *in, size_t output,
                                  es_source *list);
size_t es_roofline_device_sources(const void *state, const es_rows *rows, const double *in, size_t output,
                                  es_source *list);
size_t es_roofline_slot_sources(const void *state, const es_rows *rows, const double *in, size_t output,
                                es_source *list);
size_t es_roofline_host_sources(const void *state, const es_rows *rows, const double *in, size_t output,
                                es_source *list);
size_t es_roofline_power_sources(const void *state, const es_rows *rows, const double *in, size_t output,
                                 es_source *list);
size_t es_roofline_loss_sources(const void *state, const es_rows *rows, const double *in, size_t output,
                                es_source *list);
size_t es_roofline_quality_sources(const void *state, const es_rows *rows, const double *in, size_t output,
                                   es_source *list);

#endif

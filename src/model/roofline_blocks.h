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

/* Rates without a tensor type, of a device, runtime and precision.  NaN marks an absent "own" value: then the class
 * value, or one derived in the kernel, holds. */
typedef struct es_device_rates {
    double inv_mem_util, inv_decode_util, inv_prefill_util, inv_attn_util; /* 1/utilization, at least 1 */
    double inv_prefill_attn_util;                                          /* NaN: as inv_attn_util */
    double token_overhead_ms, layer_overhead_ms;
    double pj_per_flop_own, pj_per_flop_class;
    double pj_per_byte_own, pj_per_byte_class;
    double pj_per_storage_byte;
    double idle_w_own, idle_w_class;
    double load_w_own, load_w_class;
    double net_bw_mbps, storage_util, h2d_util, net_util;
} es_device_rates;

/* Rates of the tensor types of a layout's slots. */
typedef struct es_slot_rates {
    double inv_mem_util[ES_SLOTS], inv_decode_util[ES_SLOTS], inv_prefill_util[ES_SLOTS];
    double main_inv_mem_util, main_inv_prefill_util;                          /* of the type with most bytes */
    double least_inv_mem_util, least_inv_decode_util, least_inv_prefill_util; /* among the types of the layout */
    double basis;                                                             /* the best source among them */
} es_slot_rates;

enum {
    ES_DEVICE_RATES_SIZE = sizeof(es_device_rates) / sizeof(double),
    ES_SLOT_RATES_SIZE = sizeof(es_slot_rates) / sizeof(double),
    ES_UNIFORM_SIZE = sizeof(es_uniform) / sizeof(double)
};

/* What the blocks are given as `state`. */
typedef struct es_roofline_state {
    const es_catalog *catalog;
    const es_table *precisions;
    es_gguf *gguf;
    const es_mixture **mixture; /* by precision; then Falcon's */
    es_calibration *calibration;
    es_qualities *qualities;
} es_roofline_state;

es_status es_roofline_prepare(const es_catalog *catalog, es_arena *arena, const void **state, es_errors *errors);

/* Whether a table says how the file type lays out models of this family; uniform formats need none. */
bool es_roofline_covers(const void *state, const es_row *model, const es_row *precision);

/* Block functions: in: es_shape, es_uniform -> es_layout. */
void es_roofline_layout(const void *state, const es_rows *rows, const double *in, double *out);
/* -> es_device_rates */
void es_roofline_device_rates(const void *state, const es_rows *rows, const double *in, double *out);
/* in: types of the slots, main type -> es_slot_rates */
void es_roofline_slot_rates(const void *state, const es_rows *rows, const double *in, double *out);
/* in: params, bits per weight -> es_quality */
void es_roofline_quality(const void *state, const es_rows *rows, const double *in, double *out);

/* The rows behind outputs, for explain: roofline_sources.c. */
size_t es_roofline_layout_sources(const void *state, const es_rows *rows, const double *in, size_t output,
                                  es_source *list);
size_t es_roofline_device_sources(const void *state, const es_rows *rows, const double *in, size_t output,
                                  es_source *list);
size_t es_roofline_slot_sources(const void *state, const es_rows *rows, const double *in, size_t output,
                                es_source *list);
size_t es_roofline_quality_sources(const void *state, const es_rows *rows, const double *in, size_t output,
                                   es_source *list);

#endif

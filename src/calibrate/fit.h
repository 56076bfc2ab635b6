/* Utilizations of a device from measured times: robust least squares on the logarithms of times, with the roofline as
 * the model, so that all errors count by ratio.
 *
 * All unknowns are positive and fitted as logarithms.  The utilizations of each tensor type scatter around one of the
 * device, in the ratio in which they start, that of the device around where it starts: a type with little data keeps its
 * usual ratio to the device, one with much its own value (partial pooling; Gelman and Hill 2007, chapter 12).  Outliers are down-weighted (Huber 1964; Tukey's biweight,
 * Beaton and Tukey 1974), steps are those of Levenberg (1944) and Marquardt (1963).
 */
#ifndef ES_CALIBRATE_FIT_H
#define ES_CALIBRATE_FIT_H

#include <stdbool.h>
#include <stddef.h>

#include <edgesweep/error.h>

#include "model/layout.h"

enum { ES_FIT_MAX_KEYS = 40, ES_FIT_MAX_PARAMS = 2 * ES_FIT_MAX_KEYS + 6 };

/* Weights of one tensor type in a measured time. */
typedef struct es_fit_slot {
    size_t key;          /* number of the tensor type */
    double decode_bytes; /* of all steps */
    double decode_flops; /* of all steps; for converting, not fitted */
    double prefill_flops, prefill_bytes;
} es_fit_slot;

typedef struct es_fit_row {
    double seconds, weight;
    double steps;  /* decode steps in `seconds`, 0: none */
    double layers; /* of the model */
    bool has_prefill;
    double bw, peak, fp_peak;                                          /* B/s, FLOP/s */
    double decode_scores, decode_cache, prefill_scores, prefill_cache; /* FLOP and bytes of attention */
    es_fit_slot slot[ES_SLOTS];
    size_t n_slots;
} es_fit_row;

/* Unknowns, as logarithms: utilizations, and seconds of overhead per step and per layer of a step. */
typedef struct es_fit_params {
    size_t n_keys;
    double value[ES_FIT_MAX_PARAMS];
} es_fit_params;

static inline size_t es_fit_mem(size_t key) { return 1 + key; }
static inline size_t es_fit_prefill(const es_fit_params *p) { return 1 + p->n_keys; }
static inline size_t es_fit_prefill_of(const es_fit_params *p, size_t key) { return 2 + p->n_keys + key; }
static inline size_t es_fit_attn(const es_fit_params *p) { return 2 + 2 * p->n_keys; }
static inline size_t es_fit_prefill_attn(const es_fit_params *p) { return 3 + 2 * p->n_keys; }
static inline size_t es_fit_overhead(const es_fit_params *p) { return 4 + 2 * p->n_keys; }
static inline size_t es_fit_layer(const es_fit_params *p) { return 5 + 2 * p->n_keys; }
static inline size_t es_fit_size(const es_fit_params *p) { return 6 + 2 * p->n_keys; }

typedef struct es_fit {
    es_fit_params params;
    double deviation[ES_FIT_MAX_PARAMS]; /* standard deviations of the logarithms */
    double noise;                        /* of a measured time, relative */
} es_fit;

/* How far utilizations of types, the device and overheads may be from where they start, attention of prefills from that of
 * decoding, as standard deviations. */
typedef struct es_fit_priors {
    double mem_type, mem, prefill_type, prefill, attn, prefill_attn, overhead, layer;
} es_fit_priors;

extern const es_fit_priors es_fit_usual_priors;

/* Seconds that the parameters predict for a row. */
double es_fit_seconds(const es_fit_params *params, const es_fit_row *row);

/* Fits, starting from and pulled towards fit->params.  fixed[i]: parameter i keeps its value.  `limited`: utilizations stay
 * at most 1.  Fails only without memory. */
es_status es_fit_solve(es_fit *fit, const es_fit_row *rows, size_t n, const es_fit_priors *priors, const bool *fixed,
                       bool limited, es_errors *errors);

#endif

/* The measurements of one board and runtime, as rows of a fit; its unknowns, where they start and what the data tells of
 * them.  Inside of calibrate.
 */
#ifndef ES_CALIBRATE_FIT_GROUP_H
#define ES_CALIBRATE_FIT_GROUP_H

#include <stdbool.h>
#include <stddef.h>

#include <edgesweep/catalog.h>
#include <edgesweep/error.h>

#include "calibrate/fit.h"
#include "calibrate/measured.h"
#include "base/arena.h"
#include "model/calibrated.h"

/* A tensor type, or a uniform format, which is its own type. */
typedef struct es_fit_key {
    const char *name;
    int type;                /* ES_TYPE_NONE: a uniform format */
    double bytes_per_weight; /* 0: uniform */
    bool alone;              /* has kernels of its own: tells nothing of the tensor types */
    bool typical;            /* the class knows its usual rates, measured or not */
} es_fit_key;

typedef struct es_fit_group {
    const es_row *device; /* the one with most measurements */
    const char *runtime;
    double threads;                  /* the usual number, or those of this group; NaN: never said */
    const struct es_fit_group *base; /* the same board with its usual number of threads; NULL: this is it */
    size_t *measurement;             /* indices */
    size_t n, n_skipped;
    es_fit_row *row;
    double *cross; /* cross-validated error of each row, NaN: none */
    size_t *fold;
    size_t n_folds, n_sources;
    const char *folds; /* what is left out in turn; NULL: nothing can be */
    es_fit_key key[ES_FIT_MAX_KEYS];
    es_fit fit;
    bool fixed[ES_FIT_MAX_PARAMS];
    bool one_attention; /* nothing tells attention of prefills from that of decoding */
    size_t n_decode, n_prefill;
} es_fit_group;

enum es_fit_node {
    ES_FIT_BW,
    ES_FIT_PEAK,
    ES_FIT_FP_PEAK,
    ES_FIT_PASSES,
    ES_FIT_TOKENS,
    ES_FIT_BATCH,
    ES_FIT_DECODE_EXPERTS,
    ES_FIT_PREFILL_EXPERTS,
    ES_FIT_DECODE_SCORES,
    ES_FIT_DECODE_CACHE,
    ES_FIT_PREFILL_SCORES,
    ES_FIT_PREFILL_CACHE,
    ES_FIT_UBATCH,
    ES_FIT_PROMPT,
    ES_FIT_RESIDENCY,
    ES_FIT_LAYERS,
    ES_FIT_NODES
};

typedef struct es_fit_context {
    const es_measured *measured;
    const es_catalog *catalog;
    es_point_kernel *point;
    es_arena *arena;
    es_errors *errors;
    es_gguf *gguf;
    es_calibration *classes; /* the catalog's calibrations, of which only those of classes count */
    int node[ES_FIT_NODES], weights[ES_SLOTS], bytes[ES_SLOTS], type[ES_SLOTS];
    double *value;
} es_fit_context;

/* Fills nodes and compiled catalogs; measured to errors are set by the caller. */
es_status es_fit_context_begin(es_fit_context *c);

/* Rows of what can be used among the group's measurements; the others are counted as skipped. */
es_status es_fit_group_make_rows(es_fit_context *c, es_fit_group *g);

/* Weights by source, and what a cross-validation leaves out in turn. */
void es_fit_group_weigh(const es_fit_context *c, es_fit_group *g);

/* Fits and cross-validates.  Warns of constants of the device that must be wrong. */
es_status es_fit_group_fit(const es_fit_context *c, es_fit_group *g);

/* The data narrows the parameter down from what its class or base says. */
bool es_fit_group_tells(const es_fit_group *g, size_t param, double prior);

#endif

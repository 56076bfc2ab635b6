/* What quantization does to a model's quality: published scores, measured losses, and an estimate where nothing was
 * measured.  A ranking aid.
 */
#ifndef ES_MODEL_QUALITY_H
#define ES_MODEL_QUALITY_H

#include <edgesweep/catalog.h>
#include <edgesweep/error.h>

#include "base/arena.h"

typedef struct es_qualities es_qualities;

/* Compiles the quality catalog; rows of models or precisions that the catalog does not have are left out. */
es_status es_qualities_compile(const es_catalog *catalog, es_arena *arena, es_qualities **qualities, es_errors *errors);

/* Only doubles: outputs of a block. */
typedef struct es_quality {
    double quality;  /* percent, NaN without a published score */
    double retained; /* share of the score that is kept */
    double ppl_increase_pct;
    double measured; /* 1: retained was measured, 0: estimate */
    double score;    /* published, percent */
    double loss;     /* d: ln of the perplexity's ratio, measured or estimated */
    double training; /* s of the estimate */
} es_quality;

enum { ES_QUALITY_SIZE = sizeof(es_quality) / sizeof(double) };

/* `params` and `bits_per_weight` of the point; model and precision are rows of the compiled catalog. */
es_quality es_quality_of(const es_qualities *qualities, const es_row *model, const es_row *precision, double params,
                         double bits_per_weight);

/* What a row of the quality catalog is used for. */
typedef enum es_quality_use {
    ES_QUALITY_UNUSED,
    ES_QUALITY_SCORE,    /* of the model; the first row counts */
    ES_QUALITY_TRAINING, /* the model's training year, or that it was trained at few bits */
    ES_QUALITY_RETAINED, /* measured score of the pair */
    ES_QUALITY_LOSS      /* measured perplexity of the pair */
} es_quality_use;

es_quality_use es_quality_use_of(const es_row *row);

#endif

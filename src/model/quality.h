/* Quality of a model in a format: its score in full precision, lowered by what the format costs.
 *
 * Scores are published, or estimated from other metrics of the model; metrics, modes and harnesses are never mixed.  The
 * loss follows from the distortions of the tensors' types, and from a level of the model where losses were measured.
 * Compiling allocates in the caller's arena; everything else is pure and thread-safe.
 */
#ifndef ES_MODEL_QUALITY_H
#define ES_MODEL_QUALITY_H

#include <edgesweep/catalog.h>
#include <edgesweep/error.h>

#include "base/arena.h"
#include "model/layout.h"
#include "model/node.h"

typedef struct es_qualities es_qualities;

/* Rows of models that the catalog does not have are left out; `arch` is by model. */
es_status es_qualities_compile(const es_catalog *catalog, const es_gguf *gguf, const es_arch *arch, es_arena *arena,
                               es_qualities **qualities, es_errors *errors);

/* ---- What the format costs ---- */

typedef enum es_loss_basis {
    ES_LOSS_MEASURED,   /* this format is among the measured ones of the model */
    ES_LOSS_CALIBRATED, /* others are */
    ES_LOSS_FORMULA
} es_loss_basis;

/* Only doubles: outputs of a block, as es_quality. */
typedef struct es_loss {
    double d;                     /* ln(perplexity / that of full precision); NaN: nothing is known about the format */
    double body, head, embedding; /* distortions */
    double size;                  /* by parameters and year */
    double level;                 /* of the model; 1: no measured losses */
    double basis;                 /* es_loss_basis */
} es_loss;

/* `mixture` is NULL for formats that are not GGUF; these are described by `format`. */
es_loss es_loss_of(const es_qualities *q, const es_row *model, const es_row *precision, const es_mixture *mixture,
                   const es_shape *shape, const es_uniform *format, es_quantizer quantizer);

/* Row i of those that the level rests on; NULL behind the last. */
const es_row *es_loss_row(const es_qualities *q, const es_row *model, bool imatrix, size_t i);

/* Whether the model was trained in the format or tensor type of that name, which then costs its experts nothing. */
bool es_is_native(const es_qualities *q, const es_row *model, const char *name);

/* ---- The score in full precision ---- */

/* What is asked for.  Texts are rows of the score table that have them, by index; NaN: no such row, for the harness any. */
typedef struct es_question {
    double metric, mode, harness;
} es_question;

typedef enum es_quality_basis { ES_QUALITY_PUBLISHED, ES_QUALITY_ESTIMATE } es_quality_basis;

enum { ES_SCORE_SOURCES = 32 };

typedef struct es_score {
    double value, low, high, chance;    /* percent; NaN: no score and no predictor */
    double basis;                       /* es_quality_basis */
    es_source source[ES_SCORE_SOURCES]; /* the scores it rests on, and the lines through them */
    size_t n_sources;
} es_score;

es_score es_score_of(const es_qualities *q, const es_row *model, es_question question);

typedef struct es_quality {
    double score, chance;
    double quality, low, high; /* percent */
    double basis;              /* es_quality_basis */
    double loss_basis;         /* es_loss_basis; NaN with the quality */
    double retained;           /* share of the score above chance */
    double ppl_increase_pct;
} es_quality;

enum {
    ES_LOSS_SIZE = sizeof(es_loss) / sizeof(double),
    ES_QUESTION_SIZE = sizeof(es_question) / sizeof(double),
    ES_QUALITY_SIZE = sizeof(es_quality) / sizeof(double)
};

/* Of the loss only d, level and basis are read. */
es_quality es_quality_of(const es_qualities *q, const es_row *model, es_question question, const es_loss *loss);

#endif

#include "model/quality.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "base/expo.h"

/* Fitted on the measured rows of the quality catalog: ln(perplexity/baseline) by bits per weight and size, and the share
 * of the score lost with it. */
#define LOSS_AT_0_BITS 2.325
#define LOSS_PER_BIT 1.412
#define LOSS_SIZE_B 7.0
#define LOSS_SIZE_EXPONENT 0.35
#define SCORE_LOSS 0.55
/* Models trained on more tokens per parameter lose more. */
#define LOSS_FACTOR_NEWER 3.0
#define NEWER_SINCE 2024

typedef struct measured {
    double score_sum, perplexity_sum; /* sums of ln-free values: relative change in percent, ln(ppl/baseline) */
    int scores, perplexities;
} measured;

typedef struct model_facts {
    double score;
    double loss_factor; /* 0: natively low-bit */
} model_facts;

struct es_qualities {
    const es_table *models, *precisions;
    model_facts *model;
    measured *pair; /* [model][precision] */
};

es_quality_use es_quality_use_of(const es_row *row) {
    const char *metric = row->text[ES_Q_METRIC];
    bool pair = row->text[ES_Q_PRECISION][0] != '\0';
    if (pair)
        return es_equal_fold(metric, "rel_delta_pct") ? ES_QUALITY_RETAINED
               : es_equal_fold(metric, "dlnppl")      ? ES_QUALITY_LOSS
                                                      : ES_QUALITY_UNUSED;
    if (es_glob_match(es_slice_of("MMLU*"), metric))
        return ES_QUALITY_SCORE;
    bool training = es_equal_fold(metric, "training_year") || es_equal_fold(metric, "native_bits");
    return training ? ES_QUALITY_TRAINING : ES_QUALITY_UNUSED;
}

static void add_training(model_facts *model, const es_row *row) {
    if (es_equal_fold(row->text[ES_Q_METRIC], "native_bits"))
        model->loss_factor = 0;
    else if (model->loss_factor > 0)
        model->loss_factor = row->value[ES_Q_VALUE] < NEWER_SINCE ? 1 : LOSS_FACTOR_NEWER;
}

static void add_row(es_qualities *q, const es_row *row) {
    const char *name = row->text[ES_Q_MODEL], *format = row->text[ES_Q_PRECISION];
    const es_row *model = es_table_find(q->models, name, strlen(name));
    const es_row *precision = es_table_find(q->precisions, format, strlen(format));
    es_quality_use use = es_quality_use_of(row);
    if (model == NULL || (precision == NULL && (use == ES_QUALITY_RETAINED || use == ES_QUALITY_LOSS)))
        return;
    size_t m = (size_t)(model - q->models->rows);
    model_facts *facts = &q->model[m];
    measured *pair = &q->pair[m * q->precisions->n_rows];
    if (precision != NULL)
        pair += precision - q->precisions->rows;
    double value = row->value[ES_Q_VALUE];
    switch (use) {
    case ES_QUALITY_SCORE: facts->score = isnan(facts->score) ? value : facts->score; break;
    case ES_QUALITY_TRAINING: add_training(facts, row); break;
    case ES_QUALITY_RETAINED: pair->score_sum += value, pair->scores++; break;
    case ES_QUALITY_LOSS: pair->perplexity_sum += value, pair->perplexities++; break;
    case ES_QUALITY_UNUSED: break;
    }
}

es_status es_qualities_compile(const es_catalog *catalog, es_arena *arena, es_qualities **result, es_errors *errors) {
    const es_table *rows = &catalog->table[ES_QUALITY];
    es_qualities *q = es_arena_alloc(arena, sizeof *q);
    if (q == NULL)
        return es_fail_memory(errors);
    q->models = &catalog->table[ES_MODEL];
    q->precisions = &catalog->table[ES_PRECISION];
    q->model = es_arena_array(arena, q->models->n_rows + 1, sizeof *q->model);
    q->pair = es_arena_array(arena, q->models->n_rows * q->precisions->n_rows + 1, sizeof *q->pair);
    if (q->model == NULL || q->pair == NULL)
        return es_fail_memory(errors);
    for (size_t i = 0; i < q->models->n_rows; i++)
        q->model[i] = (model_facts){NAN, LOSS_FACTOR_NEWER};
    for (size_t i = 0; i < rows->n_rows; i++)
        add_row(q, &rows->rows[i]);
    *result = q;
    return ES_OK;
}

static double estimate_loss(double factor, double params, double bits_per_weight) {
    double size = LOSS_SIZE_B / (params * 1e-9);
    double by_size = size > 1 ? es_pow(size, LOSS_SIZE_EXPONENT) : 1;
    return es_exp(LOSS_AT_0_BITS - LOSS_PER_BIT * bits_per_weight) * by_size * factor;
}

es_quality es_quality_of(const es_qualities *q, const es_row *model, const es_row *precision, double params,
                         double bits_per_weight) {
    size_t m = (size_t)(model - q->models->rows), p = (size_t)(precision - q->precisions->rows);
    const measured *pair = &q->pair[m * q->precisions->n_rows + p];
    double loss = pair->perplexities > 0 ? pair->perplexity_sum / pair->perplexities
                                         : estimate_loss(q->model[m].loss_factor, params, bits_per_weight);
    es_quality result = {.measured = pair->scores + pair->perplexities > 0, .loss = loss};
    result.score = q->model[m].score;
    result.training = q->model[m].loss_factor;
    result.retained = pair->scores > 0 ? 1 + pair->score_sum / pair->scores / 100 : es_exp(-SCORE_LOSS * loss);
    result.ppl_increase_pct = 100 * es_expm1(loss);
    result.quality = result.score * result.retained;
    return result;
}

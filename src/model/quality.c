#include "model/quality.h"

#include <math.h>
#include <string.h>

#include "base/expo.h"
#include "base/text.h"

/* Fitted on 195 measured losses of 15 models (losses.csv; 9 sources): d = level*size*(body + head + embedding). */
#define WEIGHT_V 5.39
#define WEIGHT_DOWN 2.98
#define WEIGHT_OUTPUT 2.16
#define HEAD_SHARE 0.0498
#define EMBEDDING_SHARE 0.0122
#define REFERENCE_PARAMS_B 7.0
#define LARGEST_PARAMS_B 13.0
#define SIZE_EXPONENT 0.472
#define FACTOR_NEWER 1.926
/* Noise of a measured ln(perplexity ratio), relative and absolute, and what the prior of a level of 1 weighs. */
#define LEVEL_NOISE 0.12
#define LEVEL_FLOOR 0.0015
#define LEVEL_PRIOR 4.9
#define LEAST_LOSS 0.0004
/* Types and schemes without a row, by bits of a weight with its scales: through the 12 fitted types of 3 to 9 bits, and
 * through the codebook types below, which is a floor for plain rounding. */
#define RULE_BITS 3.0
#define RULE_AT_0 1.243
#define RULE_PER_BIT 1.163
#define RULE_LOW_AT_0 2.367
#define RULE_LOW_PER_BIT 1.587
#define FULL_BITS 16.0 /* the reference of every measurement */
/* Share of the score above chance that stays, fitted on MMLU: exp(-0.9 d^1.2). */
#define RETAINED_FACTOR 0.9
#define RETAINED_EXPONENT 1.2
/* Half widths of 90% ranges, in points: distinct published values of a key differ by 2.7 at the 90th percentile; leaving
 * one model out, estimates err by 5.6 with two and more predictors, by 8 with one.  Loss: a factor. */
#define PUBLISHED_RANGE 2.7
#define ESTIMATE_RANGE 5.6
#define SINGLE_RANGE 8.0
#define LOSS_RANGE 2.1
#define LOSS_RANGE_LEVEL 1.5
/* Estimates: logits are cut at these shares above chance, and a predictor may leave its fitted range by so much. */
#define SHARE_MIN 0.005
#define SHARE_MAX 0.985
#define LOGIT_BELOW 0.6
#define LOGIT_ABOVE 0.4
#define CHANCE_RANGE 3.0 /* scores that close to guessing say nothing */

/* Rows of a table that name a model. */
typedef struct group {
    const es_row **row;
    size_t n;
} group;

typedef struct level {
    double value;
    bool known;
} level;

struct es_qualities {
    const es_catalog *catalog;
    const es_gguf *gguf;
    const es_arch *arch;    /* by model */
    group *scores, *losses; /* by model */
    level (*level)[2];      /* by model, without and with an importance matrix */
    double distortion[2][ES_MAX_TENSOR_TYPES];
};

/* ---- Distortions ---- */

static double distortion_of_bits(double bits) {
    if (bits >= FULL_BITS)
        return 0;
    return bits >= RULE_BITS ? es_exp(RULE_AT_0 - RULE_PER_BIT * bits)
                             : es_exp(RULE_LOW_AT_0 - RULE_LOW_PER_BIT * bits);
}

/* Schemes know no importance matrix, codebook types exist with one only. */
static double distortion_of_row(const es_row *row, bool imatrix) {
    double plain = row->value[ES_Y_PLAIN], with = row->value[ES_Y_IMATRIX];
    return imatrix && !isnan(with) ? with : plain;
}

static void compile_distortions(es_qualities *q) {
    const es_table *types = &q->catalog->table[ES_GGUF_TYPE], *rows = &q->catalog->table[ES_DISTORTION];
    for (int with = 0; with < 2; with++) {
        for (int i = 0; i < ES_MAX_TENSOR_TYPES; i++)
            q->distortion[with][i] = NAN;
        q->distortion[with][ES_TYPE_F32] = q->distortion[with][ES_TYPE_F16] = 0;
        for (size_t i = 0; i < types->n_rows; i++) {
            const es_row *type = &types->rows[i];
            double bits = 8 * type->value[ES_T_BLOCK_BYTES] / type->value[ES_T_BLOCK_WEIGHTS];
            q->distortion[with][es_gguf_type_id(q->gguf, type->text[ES_T_TYPE])] = distortion_of_bits(bits);
        }
        for (size_t i = 0; i < rows->n_rows; i++) {
            int id = es_gguf_type_id(q->gguf, rows->rows[i].name);
            if (id >= 0)
                q->distortion[with][id] = distortion_of_row(&rows->rows[i], with);
        }
    }
}

/* Whether `name` is one of the precisions or tensor types that the model was trained in. */
bool es_is_native(const es_qualities *q, const es_row *model, const char *name) {
    const es_table *precisions = &q->catalog->table[ES_PRECISION];
    const es_row *wanted = es_table_find(precisions, name, strlen(name));
    es_slice rest = es_slice_of(model->text[ES_M_NATIVE_FORMAT]);
    while (rest.length > 0) {
        const char *end = memchr(rest.text, ';', rest.length);
        size_t length = end ? (size_t)(end - rest.text) : rest.length;
        es_slice one = es_slice_trim((es_slice){rest.text, length});
        if (es_slice_equal_fold(one, name) || (wanted && es_table_find(precisions, one.text, one.length) == wanted))
            return true;
        rest.text += length + (end != NULL);
        rest.length -= length + (end != NULL);
    }
    return false;
}

/* ---- Loss ---- */

typedef struct sums {
    const es_qualities *q;
    const es_row *model;
    const es_arch *arch;
    const es_shape *shape;
    bool imatrix;
    double weighted, weights; /* of w n D and w n over the layers */
    double head, embedding;
} sums;

/* Width of the values in a fused tensor of `out` rows. */
static double fused_values(const es_arch *arch, const es_shape *s, double out) {
    double count[ES_MAX_KINDS];
    const size_t kinds = es_arch_count(arch, s, s->layers, count);
    for (size_t k = 0; k < kinds; k++) {
        const es_layer l = es_layer_of(arch, s, (int)k);
        const double keys = l.kv_heads * l.head_dim, values = l.kv_heads * l.v_dim;
        if (l.mixers & ES_MIXER_ATTENTION && l.heads * l.head_dim * (l.out_gate == 1 ? 2 : 1) + keys + values == out)
            return values;
        const double inner = l.ssm_heads * l.ssm_head_dim;
        if (l.mixers & ES_MIXER_GDN && 2 * l.ssm_groups * l.ssm_state + inner == out)
            return inner;
    }
    return 0;
}

/* Errors of values, of what goes into the residual stream, hurt most; a fused tensor weighs as its parts do. */
static double weight_of(const sums *s, const es_tensor *t) {
    double share = 0; /* of values */
    switch (t->role) {
    case ES_TENSOR_ATTN_V:
    case ES_TENSOR_ATTN_V_B: return WEIGHT_V;
    case ES_TENSOR_ATTN_OUTPUT: return WEIGHT_OUTPUT;
    case ES_TENSOR_FFN_DOWN:
    case ES_TENSOR_FFN_DOWN_EXPS:
    case ES_TENSOR_FFN_DOWN_SHEXP: return WEIGHT_DOWN;
    case ES_TENSOR_ATTN_QKV: share = fused_values(s->arch, s->shape, t->out) / t->out; break;
    case ES_TENSOR_ATTN_KV_B: share = s->shape->v_head_dim / (s->shape->qk_nope + s->shape->v_head_dim); break;
    default: break;
    }
    return 1 + (WEIGHT_V - 1) * share;
}

static void add_tensor(void *data, const es_tensor *t, int type, double count) {
    sums *s = data;
    if (!t) /* norms, biases */
        return;
    double distortion = s->q->distortion[s->imatrix][type];
    if (t->use == ES_USE_HEAD)
        s->head = distortion;
    if (t->id == ES_TENSOR_TOKEN_EMBD)
        s->embedding = distortion;
    if (t->place != ES_PLACE_LAYER || t->use == ES_USE_NEVER)
        return;
    if (t->use == ES_USE_ROUTED && es_is_native(s->q, s->model, es_gguf_type_name(s->q->gguf, type)))
        distortion = 0;
    double weight = weight_of(s, t) * t->in * t->out * t->depth * count;
    s->weighted += weight * distortion;
    s->weights += weight;
}

/* Head and embedding of a uniform scheme count at their own width, and the scheme's row only for the bits it has. */
static void add_uniform(sums *s, const es_row *precision, const es_uniform *f) {
    const es_table *rows = &s->q->catalog->table[ES_DISTORTION];
    const double *own = precision->value;
    const es_row *row = es_table_find(rows, precision->name, strlen(precision->name));
    bool changed = f->weight_bits != own[ES_P_WEIGHT_BITS] || f->group_size != own[ES_P_GROUP_SIZE] ||
                   f->scale_bits != own[ES_P_SCALE_BITS] || f->zero_bits != own[ES_P_ZERO_BITS];
    double bits = f->weight_bits + (f->group_size > 0 ? (f->scale_bits + f->zero_bits) / f->group_size : 0);
    s->weights = 1;
    s->weighted = row && !changed ? distortion_of_row(row, s->imatrix) : distortion_of_bits(bits);
    s->head = isnan(f->output_bits) ? s->weighted : distortion_of_bits(f->output_bits);
    s->embedding = s->shape->tied > 0     ? s->head
                   : isnan(f->embed_bits) ? s->weighted
                                          : distortion_of_bits(f->embed_bits);
}

/* The loss at level 1. */
static es_loss loss_of_sums(const sums *s, double params) {
    es_loss loss = {.body = s->weighted / s->weights, .head = s->head, .embedding = s->embedding, .level = 1};
    double billions = params * 1e-9 < LARGEST_PARAMS_B ? params * 1e-9 : LARGEST_PARAMS_B;
    loss.size = es_pow(REFERENCE_PARAMS_B / billions, SIZE_EXPONENT);
    if (s->model->value[ES_M_NEWER] > 0)
        loss.size *= FACTOR_NEWER;
    loss.d = loss.size * (loss.body + HEAD_SHARE * loss.head + EMBEDDING_SHARE * loss.embedding);
    loss.basis = ES_LOSS_FORMULA;
    return loss;
}

static es_loss loss_at_level_1(const es_qualities *q, const es_row *model, const es_row *precision,
                               const es_mixture *mixture, const es_shape *shape, const es_uniform *format,
                               es_quantizer quantizer) {
    const es_arch *arch = &q->arch[model - q->catalog->table[ES_MODEL].rows];
    sums s = {.q = q, .model = model, .arch = arch, .shape = shape, .imatrix = quantizer.imatrix};
    if (!mixture)
        add_uniform(&s, precision, format);
    else if (!es_gguf_types(q->gguf, mixture, quantizer, arch, shape, add_tensor, &s))
        s.weighted = NAN; /* the file cannot be made */
    es_loss loss = loss_of_sums(&s, es_count_params(arch, shape).total);
    if (es_is_native(q, model, precision->name))
        loss.d = 0;
    return loss;
}

es_loss es_loss_of(const es_qualities *q, const es_row *model, const es_row *precision, const es_mixture *mixture,
                   const es_shape *shape, const es_uniform *format, es_quantizer quantizer) {
    const bool imatrix = quantizer.imatrix;
    es_loss loss = loss_at_level_1(q, model, precision, mixture, shape, format, quantizer);
    const level *own = &q->level[model - q->catalog->table[ES_MODEL].rows][imatrix];
    if (isnan(loss.d) || !own->known)
        return loss;
    loss.level = own->value;
    loss.d *= own->value;
    loss.basis = ES_LOSS_CALIBRATED;
    const es_table *precisions = &q->catalog->table[ES_PRECISION];
    const es_row *row;
    for (size_t i = 0; (row = es_loss_row(q, model, imatrix, i)) != NULL; i++)
        if (es_table_find(precisions, row->text[ES_Q_FILE_TYPE], strlen(row->text[ES_Q_FILE_TYPE])) == precision)
            loss.basis = ES_LOSS_MEASURED;
    return loss;
}

const es_row *es_loss_row(const es_qualities *q, const es_row *model, bool imatrix, size_t i) {
    const group *rows = &q->losses[model - q->catalog->table[ES_MODEL].rows];
    for (size_t k = 0; k < rows->n; k++) {
        const double *value = rows->row[k]->value;
        if ((value[ES_Q_IMATRIX] > 0) == imatrix && value[ES_Q_DLNPPL] > LEAST_LOSS && i-- == 0)
            return rows->row[k];
    }
    return NULL;
}

/* The formula's loss of a measured row; NaN when its file type is not known. */
static double predicted(const es_qualities *q, const es_row *model, const es_row *row) {
    static const char pure[] = "pure ";
    const char *file_type = row->text[ES_Q_FILE_TYPE];
    const es_shape shape = es_shape_of(model);
    const bool imatrix = row->value[ES_Q_IMATRIX] > 0;
    if (strncmp(file_type, pure, sizeof pure - 1) == 0) {
        int type = es_gguf_type_id(q->gguf, file_type + sizeof pure - 1), ends = es_gguf_type_id(q->gguf, "Q8_0");
        if (type < 0 || ends < 0)
            return NAN;
        const double *distortion = q->distortion[imatrix];
        sums s = {q, model, NULL, &shape, imatrix, distortion[type], 1, distortion[ends], distortion[ends]};
        return loss_of_sums(&s, es_count_params(&q->arch[model - q->catalog->table[ES_MODEL].rows], &shape).total).d;
    }
    const es_row *precision = es_table_find(&q->catalog->table[ES_PRECISION], file_type, strlen(file_type));
    if (!precision)
        return NAN;
    const double *own = precision->value;
    bool gguf = own[ES_P_KIND] == ES_PRECISION_GGUF;
    const es_mixture *mixture = gguf ? es_gguf_mixture(q->gguf, precision->name) : NULL;
    const es_uniform format = {own[ES_P_WEIGHT_BITS], own[ES_P_GROUP_SIZE], own[ES_P_SCALE_BITS],
                               own[ES_P_ZERO_BITS],   own[ES_P_EMBED_BITS], own[ES_P_OUTPUT_BITS]};
    return gguf && !mixture
               ? NAN
               : loss_at_level_1(q, model, precision, mixture, &shape, &format, (es_quantizer){NAN, imatrix}).d;
}

/* One measurement moves all formats of a model together, so their order stays. */
static level level_of(const es_qualities *q, const es_row *model, bool imatrix) {
    double sum = 0, weights = 0;
    const es_row *row;
    for (size_t i = 0; (row = es_loss_row(q, model, imatrix, i)) != NULL; i++) {
        double y = row->value[ES_Q_DLNPPL], d = predicted(q, model, row), absolute = LEVEL_FLOOR / y;
        if (!(d > 0))
            continue;
        double weight = 1 / (LEVEL_NOISE * LEVEL_NOISE + absolute * absolute);
        sum += weight * es_log(y / d);
        weights += weight;
    }
    return (level){es_exp(sum / (weights + LEVEL_PRIOR)), weights > 0};
}

/* ---- Scores ---- */

/* The protocol that a metric's name means; others: the first row. */
static double usual_shots(const char *metric) {
    static const struct {
        const char *metric;
        double shots;
    } usual[] = {{"MMLU", 5}, {"MMLU-Pro", 5}, {"MMLU-CoT", 0}};
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (es_equal_fold(metric, usual[i].metric))
            return usual[i].shots;
    return NAN;
}

/* One harness for as many models as possible, then those who measured their own models by the same protocol. */
static size_t harness_rank(const char *harness) {
    static const char *const order[] = {"lm-eval", "meta", "qwen", "exaone", "google", "liquid", "vendor"};
    size_t i = 0, n = sizeof order / sizeof *order;
    while (i < n && !es_equal_fold(harness, order[i]))
        i++;
    return i;
}

static const char *text_at(const es_qualities *q, double row, int field) {
    return isnan(row) ? "" : q->catalog->table[ES_SCORE].rows[(size_t)row].text[field];
}

static bool has_metric(const es_row *row, const char *metric, double mode) {
    return row->value[ES_S_MODE] == mode && es_equal_fold(row->text[ES_S_METRIC], metric);
}

/* The model's row of this metric and mode; `harness` "": the best known one. */
static const es_row *find_score(const group *scores, const char *metric, double mode, const char *harness) {
    const es_row *best = NULL;
    size_t least = SIZE_MAX;
    const double shots = usual_shots(metric);
    for (size_t i = 0; i < scores->n; i++) {
        const es_row *row = scores->row[i];
        if (!has_metric(row, metric, mode) || (harness[0] && !es_equal_fold(row->text[ES_S_HARNESS], harness)))
            continue;
        size_t rank = 2 * harness_rank(row->text[ES_S_HARNESS]) + (row->value[ES_S_SHOTS] != shots);
        if (rank < least) {
            least = rank;
            best = row;
        }
    }
    return best;
}

static void rest_on(es_score *score, es_kind kind, const es_row *row) {
    if (score->n_sources < ES_SCORE_SOURCES)
        score->source[score->n_sources++] = (es_source){kind, row, kind == ES_SCORE ? (int)ES_S_VALUE : (int)ES_E_B};
}

/* Answers at random: no regression tells them from each other. */
static bool at_chance(const group *scores, const char *harness, es_score *score) {
    es_score found = {.n_sources = 0};
    for (size_t i = 0; i < scores->n; i++) {
        const es_row *row = scores->row[i];
        bool counts =
            es_equal_fold(row->text[ES_S_METRIC], "MMLU") || es_equal_fold(row->text[ES_S_METRIC], "MMLU-Pro");
        if (!counts || (harness[0] && !es_equal_fold(row->text[ES_S_HARNESS], harness)))
            continue;
        if (!(fabs(row->value[ES_S_VALUE] - row->value[ES_S_CHANCE]) <= CHANCE_RANGE))
            return false;
        rest_on(&found, ES_SCORE, row);
    }
    if (found.n_sources == 0)
        return false;
    const es_row *base = find_score(scores, "MMLU", ES_SCORE_BASE, harness);
    found.chance = score->chance;
    found.value = base ? base->value[ES_S_VALUE] : found.chance;
    found.low = found.chance;
    found.high = found.chance + CHANCE_RANGE;
    found.basis = ES_QUALITY_ESTIMATE;
    *score = found;
    return true;
}

static void estimate(const es_qualities *q, const group *scores, const char *metric, double mode, const char *harness,
                     es_score *score) {
    const es_table *lines = &q->catalog->table[ES_ESTIMATE];
    double sum = 0, weights = 0;
    size_t n = 0;
    for (size_t i = 0; i < lines->n_rows; i++) {
        const es_row *line = &lines->rows[i];
        const double *l = line->value;
        if (l[ES_E_MODE] != mode || !es_equal_fold(line->text[ES_E_METRIC], metric))
            continue;
        const es_row *known = find_score(scores, line->text[ES_E_FROM_METRIC], l[ES_E_FROM_MODE], harness);
        if (!known)
            continue;
        double chance = known->value[ES_S_CHANCE], share = (known->value[ES_S_VALUE] - chance) / (100 - chance);
        share = share < SHARE_MIN ? SHARE_MIN : share > SHARE_MAX ? SHARE_MAX : share;
        double x = es_log(share / (1 - share));
        if (x < l[ES_E_X_MIN] - LOGIT_BELOW || x > l[ES_E_X_MAX] + LOGIT_ABOVE)
            continue;
        double weight = 1 / (l[ES_E_RMS] * l[ES_E_RMS]);
        sum += weight * (l[ES_E_A] + l[ES_E_B] * x);
        weights += weight;
        rest_on(score, ES_SCORE, known);
        rest_on(score, ES_ESTIMATE, line);
        n++;
    }
    if (n == 0)
        return;
    double range = n > 1 ? ESTIMATE_RANGE : SINGLE_RANGE;
    score->value = score->chance + (100 - score->chance) / (1 + es_exp(-sum / weights));
    score->low = score->value - range;
    score->high = score->value + range;
    score->basis = ES_QUALITY_ESTIMATE;
}

es_score es_score_of(const es_qualities *q, const es_row *model, es_question question) {
    const char *metric = text_at(q, question.metric, ES_S_METRIC),
               *harness = text_at(q, question.harness, ES_S_HARNESS);
    const group *scores = &q->scores[model - q->catalog->table[ES_MODEL].rows];
    es_score score = {.value = NAN, .low = NAN, .high = NAN, .chance = NAN, .basis = NAN};
    const es_row *row = find_score(scores, metric, question.mode, harness);
    if (isnan(question.metric))
        return score;
    score.chance = q->catalog->table[ES_SCORE].rows[(size_t)question.metric].value[ES_S_CHANCE];
    if (row) {
        score.chance = row->value[ES_S_CHANCE];
        score.value = row->value[ES_S_VALUE];
        score.low = score.value - PUBLISHED_RANGE;
        score.high = score.value + PUBLISHED_RANGE;
        score.basis = ES_QUALITY_PUBLISHED;
        rest_on(&score, ES_SCORE, row);
    } else if (!es_equal_fold(metric, "MMLU") || !at_chance(scores, harness, &score)) {
        estimate(q, scores, metric, question.mode, harness, &score);
    }
    if (isnan(score.value))
        score.chance = NAN;
    score.low = score.low < score.chance ? score.chance : score.low;
    score.high = score.high > 100 ? 100 : score.high;
    return score;
}

/* ---- Quality ---- */

static double retained(double d) { return d > 0 ? es_exp(-RETAINED_FACTOR * es_pow(d, RETAINED_EXPONENT)) : 1 + 0 * d; }

static double lowered(double score, double chance, double share) {
    return score > chance ? chance + (score - chance) * share : score + 0 * share;
}

es_quality es_quality_of(const es_qualities *q, const es_row *model, es_question question, const es_loss *loss) {
    const es_score score = es_score_of(q, model, question);
    const double range = loss->basis == ES_LOSS_FORMULA ? LOSS_RANGE : LOSS_RANGE_LEVEL;
    es_quality quality = {.score = score.value, .chance = score.chance, .retained = retained(loss->d)};
    quality.ppl_increase_pct = 100 * es_expm1(loss->d);
    quality.quality = lowered(score.value, score.chance, quality.retained);
    quality.low = lowered(score.low, score.chance, retained(loss->d * range));
    quality.high = lowered(score.high, score.chance, retained(loss->d / range));
    quality.basis = isnan(quality.quality) ? NAN : score.basis;
    quality.loss_basis = isnan(loss->d) ? NAN : loss->basis;
    return quality;
}

/* ---- Compiling ---- */

static es_status group_by_model(const es_catalog *catalog, es_kind kind, int field, es_arena *arena, group **groups,
                                es_errors *errors) {
    const es_table *models = &catalog->table[ES_MODEL], *rows = &catalog->table[kind];
    group *g = *groups = es_arena_array(arena, models->n_rows + 1, sizeof *g);
    const es_row **all = es_arena_array(arena, rows->n_rows + 1, sizeof *all);
    size_t *of = es_arena_array(arena, rows->n_rows + 1, sizeof *of);
    if (!g || !all || !of)
        return es_fail_memory(errors);
    for (size_t i = 0; i < rows->n_rows; i++) {
        const char *name = rows->rows[i].text[field];
        const es_row *model = es_table_find(models, name, strlen(name));
        of[i] = model ? (size_t)(model - models->rows) : models->n_rows;
        g[of[i]].n++;
    }
    for (size_t m = 0; m <= models->n_rows; m++) {
        g[m].row = all;
        all += g[m].n;
        g[m].n = 0;
    }
    for (size_t i = 0; i < rows->n_rows; i++)
        g[of[i]].row[g[of[i]].n++] = &rows->rows[i];
    return ES_OK;
}

es_status es_qualities_compile(const es_catalog *catalog, const es_gguf *gguf, const es_arch *arch, es_arena *arena,
                               es_qualities **result, es_errors *errors) {
    const es_table *models = &catalog->table[ES_MODEL];
    es_qualities *q = es_arena_alloc(arena, sizeof *q);
    if (!q)
        return es_fail_memory(errors);
    *q = (es_qualities){.catalog = catalog, .gguf = gguf, .arch = arch};
    q->level = es_arena_array(arena, models->n_rows + 1, sizeof *q->level);
    if (!q->level)
        return es_fail_memory(errors);
    es_status status = group_by_model(catalog, ES_SCORE, ES_S_MODEL, arena, &q->scores, errors);
    if (status == ES_OK)
        status = group_by_model(catalog, ES_LOSS, ES_Q_MODEL, arena, &q->losses, errors);
    if (status != ES_OK)
        return status;
    compile_distortions(q);
    for (size_t m = 0; m < models->n_rows; m++)
        for (int imatrix = 0; imatrix < 2; imatrix++)
            q->level[m][imatrix] = level_of(q, &models->rows[m], imatrix);
    *result = q;
    return ES_OK;
}

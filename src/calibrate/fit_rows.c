#include "calibrate/fit_group.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const node_names[ES_FIT_NODES] = {
    [ES_FIT_BW] = "mem_bw_gbs",
    [ES_FIT_PEAK] = "peak",
    [ES_FIT_FP_PEAK] = "peak_gflops_fp32",
    [ES_FIT_PASSES] = "passes",
    [ES_FIT_TOKENS] = "prefill_tokens",
    [ES_FIT_BATCH] = "batch",
    [ES_FIT_DECODE_EXPERTS] = "decode_experts",
    [ES_FIT_PREFILL_EXPERTS] = "prefill_experts",
    [ES_FIT_DECODE_SCORES] = "decode_score_flops",
    [ES_FIT_DECODE_CACHE] = "decode_cache_bytes",
    [ES_FIT_PREFILL_SCORES] = "prefill_score_flops",
    [ES_FIT_PREFILL_CACHE] = "prefill_cache_bytes",
    [ES_FIT_UBATCH] = "ubatch",
    [ES_FIT_PROMPT] = "prompt",
    [ES_FIT_RESIDENCY] = "residency",
    [ES_FIT_LAYERS] = "layers",
};

static const char *const slot_names[ES_SLOTS] = {"dense_1", "dense_2",     "dense_3",   "dense_4",   "dense_5",
                                                 "dense_6", "output_head", "experts_1", "experts_2", "experts_3"};

static es_status find_node(es_fit_context *c, const char *part, const char *name, int *node) {
    char whole[64];
    snprintf(whole, sizeof whole, "%s%s%s", part, *part ? "_" : "", name);
    *node = es_kernel_node(c->point->kernel, whole, strlen(whole));
    return *node < 0 ? es_fail(c->errors, ES_ERUNTIME, NULL, "the kernel has no %s", whole) : ES_OK;
}

es_status es_fit_context_begin(es_fit_context *c) {
    es_status status = ES_OK;
    for (size_t i = 0; i < ES_FIT_NODES && !status; i++)
        status = find_node(c, "", node_names[i], &c->node[i]);
    for (size_t i = 0; i < ES_SLOTS && !status; i++) {
        status = find_node(c, slot_names[i], "weights", &c->weights[i]);
        if (!status)
            status = find_node(c, slot_names[i], "bytes", &c->bytes[i]);
        if (!status)
            status = find_node(c, slot_names[i], "type", &c->type[i]);
    }
    if (status)
        return status;
    c->value = es_arena_array(c->arena, c->point->kernel->n_nodes, sizeof *c->value);
    if (!c->value)
        return es_fail_memory(c->errors);
    status = es_gguf_compile(c->catalog, c->arena, &c->gguf, c->errors);
    return status ? status : es_calibration_compile(c->catalog, c->gguf, c->arena, &c->classes, c->errors);
}

/* ---- Keys ---- */

static double at(const es_fit_context *c, enum es_fit_node id) { return c->value[c->node[id]]; }

static const es_row *type_row(const es_fit_context *c, int type) {
    const es_table *types = &c->catalog->table[ES_GGUF_TYPE];
    for (size_t i = 0; type > ES_TYPE_NONE && i < types->n_rows; i++)
        if (es_gguf_type_id(c->gguf, types->rows[i].name) == type)
            return &types->rows[i];
    return NULL;
}

/* Number of the tensor type in the group, or of the uniform format, which is its own type; ES_FIT_MAX_KEYS when there are too many. */
static size_t key_of(const es_fit_context *c, es_fit_group *g, int type, const char *uniform) {
    const es_row *row = type_row(c, type);
    const char *name = row ? row->name : uniform;
    size_t key = 0;
    while (key < g->fit.params.n_keys && strcmp(g->key[key].name, name) != 0)
        key++;
    if (key == g->fit.params.n_keys && key < ES_FIT_MAX_KEYS) {
        g->key[key] = (es_fit_key){.name = name, .type = row ? type : ES_TYPE_NONE, .alone = !row};
        if (row)
            g->key[key].bytes_per_weight = row->value[ES_T_BLOCK_BYTES] / row->value[ES_T_BLOCK_WEIGHTS];
        g->fit.params.n_keys++;
    }
    return key;
}

static void add_slot(es_fit_context *c, es_fit_group *g, const es_measurement *m, size_t i, es_fit_row *row) {
    const double weights = c->value[c->weights[i]], bytes = c->value[c->bytes[i]];
    if (!(bytes > 0))
        return;
    const size_t key = key_of(c, g, (int)c->value[c->type[i]], m->rows.precision->name);
    if (key == ES_FIT_MAX_KEYS)
        return;
    const bool head = i == ES_DENSE_SLOTS, routed = i > ES_DENSE_SLOTS;
    const double experts = routed ? at(c, ES_FIT_DECODE_EXPERTS) : 1,
                 pass_experts = routed ? at(c, ES_FIT_PREFILL_EXPERTS) : 1;
    row->slot[row->n_slots++] = (es_fit_slot){
        .key = key,
        .decode_bytes = row->steps * bytes * experts,
        .decode_flops = row->steps * 2 * weights * at(c, ES_FIT_BATCH),
        .prefill_flops = 2 * weights * (head ? at(c, ES_FIT_BATCH) : at(c, ES_FIT_TOKENS)),
        .prefill_bytes = bytes * (head ? 1 : at(c, ES_FIT_PASSES) * pass_experts),
    };
}

/* Seconds behind the published rate: of a step, of a prompt, or of both together. */
static double seconds_of(const es_measurement *m) {
    const double tokens = m->phase == ES_PHASE_DECODE    ? 1
                          : m->phase == ES_PHASE_PREFILL ? m->prompt
                                                         : m->prompt + m->gen;
    return tokens * m->batch / m->tokens_per_s;
}

static void make_row(es_fit_context *c, es_fit_group *g, const es_measurement *m, es_fit_row *row) {
    const double batch = at(c, ES_FIT_BATCH);
    *row = (es_fit_row){.seconds = seconds_of(m),
                        .weight = m->doubtful ? 0.5 : 1,
                        .steps = m->phase == ES_PHASE_DECODE ? 1
                                 : m->phase == ES_PHASE_BOTH ? m->gen
                                                             : 0,
                        .layers = at(c, ES_FIT_LAYERS),
                        .has_prefill = m->phase != ES_PHASE_DECODE,
                        .bw = at(c, ES_FIT_BW) * 1e9,
                        .peak = at(c, ES_FIT_PEAK) * 1e9,
                        .fp_peak = at(c, ES_FIT_FP_PEAK) * 1e9};
    row->decode_scores = row->steps * batch * at(c, ES_FIT_DECODE_SCORES);
    row->decode_cache = row->steps * batch * at(c, ES_FIT_DECODE_CACHE);
    row->prefill_scores = batch * at(c, ES_FIT_PREFILL_SCORES);
    row->prefill_cache = batch * at(c, ES_FIT_PREFILL_CACHE) / fmin(at(c, ES_FIT_UBATCH), at(c, ES_FIT_PROMPT));
    for (size_t i = 0; i < ES_SLOTS; i++)
        add_slot(c, g, m, i, row);
}

static bool usable(const es_fit_context *c, const es_measurement *m) {
    return at(c, ES_FIT_RESIDENCY) == 0 && m->batch == 1;
}

/* Types whose usual rates the class knows take part, measured or not. */
static void add_typical(const es_fit_context *c, es_fit_group *g) {
    const es_table *types = &c->catalog->table[ES_GGUF_TYPE];
    es_rates_of of = es_rates_find(c->classes, g->device, g->runtime, &c->catalog->table[ES_PRECISION].rows[0]);
    es_basis basis;
    of.own = NULL;
    for (size_t i = 0; i < types->n_rows; i++) {
        const int type = es_gguf_type_id(c->gguf, types->rows[i].name);
        bool differs = false;
        for (int rate = 0; rate < ES_TYPED_RATES; rate++)
            differs |=
                es_rate_get(&of, (es_rate)rate, type, &basis) != es_rate_get(&of, (es_rate)rate, ES_TYPE_NONE, &basis);
        const size_t key = differs ? key_of(c, g, type, types->rows[i].name) : ES_FIT_MAX_KEYS;
        if (key < ES_FIT_MAX_KEYS)
            g->key[key].typical = true;
    }
}

es_status es_fit_group_make_rows(es_fit_context *c, es_fit_group *g) {
    const size_t n = g->n;
    g->row = es_arena_array(c->arena, n + 1, sizeof *g->row);
    g->cross = es_arena_array(c->arena, n + 1, sizeof *g->cross);
    g->fold = es_arena_array(c->arena, n + 1, sizeof *g->fold);
    if (!g->row || !g->cross || !g->fold)
        return es_fail_memory(c->errors);
    g->n = 0;
    for (size_t i = 0; i < n; i++) {
        const es_measurement *m = &c->measured->row[g->measurement[i]];
        es_measurement_evaluate(c->point, m, c->value);
        if (!usable(c, m)) {
            g->n_skipped++;
            continue;
        }
        make_row(c, g, m, &g->row[g->n]);
        g->n_decode += g->row[g->n].steps > 0;
        g->n_prefill += g->row[g->n].has_prefill;
        g->measurement[g->n++] = g->measurement[i];
    }
    if (!g->base)
        add_typical(c, g);
    return ES_OK;
}

static bool is_alone(const es_fit_group *g, const es_fit_row *row) {
    for (size_t s = 0; s < row->n_slots; s++)
        if (g->key[row->slot[s].key].alone)
            return true;
    return false;
}

/* ---- Sources and folds ---- */

typedef const char *label_fn(const es_measurement *m);

static const char *source_of(const es_measurement *m) { return m->source; }
static const char *model_of(const es_measurement *m) { return m->rows.model->name; }
static const char *precision_of(const es_measurement *m) { return m->rows.precision->name; }

static size_t number_labels(const es_fit_context *c, es_fit_group *g, label_fn *label) {
    size_t n = 0;
    for (size_t i = 0; i < g->n; i++) {
        const char *own = label(&c->measured->row[g->measurement[i]]);
        size_t k = 0;
        while (k < i && strcmp(own, label(&c->measured->row[g->measurement[k]])) != 0)
            k++;
        g->fold[i] = k < i ? g->fold[k] : n++;
    }
    return n;
}

/* Ten measurements of one source tell less than those of ten sources: a source counts by the root of their number. */
static void weigh_sources(const es_fit_context *c, es_fit_group *g) {
    g->n_sources = number_labels(c, g, source_of);
    for (size_t s = 0; s < g->n_sources; s++) {
        size_t of_source = 0;
        for (size_t i = 0; i < g->n; i++)
            of_source += g->fold[i] == s;
        for (size_t i = 0; i < g->n; i++)
            if (g->fold[i] == s)
                g->row[i].weight *= sqrt((double)g->n / (double)g->n_sources / (double)of_source);
    }
}

/* Makes folds of their own of the models among the measurements that `moves` picks; false when it picks none. */
static bool split_by_model(const es_fit_context *c, es_fit_group *g,
                           bool (*moves)(const es_fit_group *g, size_t i, size_t largest), size_t largest) {
    const size_t first = g->n_folds;
    for (size_t i = 0; i < g->n; i++) {
        const es_row *model = c->measured->row[g->measurement[i]].rows.model;
        size_t k = 0;
        if (!moves(g, i, largest))
            continue;
        while (k < i && !(g->fold[k] >= first && c->measured->row[g->measurement[k]].rows.model == model))
            k++;
        g->fold[i] = k < i ? g->fold[k] : g->n_folds++;
    }
    return g->n_folds > first;
}

static bool in_largest(const es_fit_group *g, size_t i, size_t largest) { return g->fold[i] == largest; }

static bool has_own_kernels(const es_fit_group *g, size_t i, size_t largest) {
    (void)largest;
    return is_alone(g, &g->row[i]);
}

/* The source with more than half of the measurements; n_folds when there is none. */
static size_t largest_source(const es_fit_group *g) {
    for (size_t f = 0; f < g->n_folds; f++) {
        size_t n = 0;
        for (size_t i = 0; i < g->n; i++)
            n += g->fold[i] == f;
        if (2 * n > g->n)
            return f;
    }
    return g->n_folds;
}

/* Without the largest source, what is left would not be what the result rests on; a format that only one source has
 * cannot be predicted from the others.  Both are split by model. */
static bool split_sources(const es_fit_context *c, es_fit_group *g) {
    const bool split = split_by_model(c, g, in_largest, largest_source(g));
    return split_by_model(c, g, has_own_kernels, 0) || split;
}

static void choose_folds(const es_fit_context *c, es_fit_group *g) {
    g->n_folds = number_labels(c, g, source_of);
    g->folds = "source";
    if (g->n_folds > 1) {
        if (split_sources(c, g))
            g->folds = "source and model";
        return;
    }
    g->n_folds = number_labels(c, g, model_of);
    g->folds = "model";
    if (g->n_folds > 1)
        return;
    g->n_folds = number_labels(c, g, precision_of);
    g->folds = g->n_folds > 1 ? "quantization" : NULL;
}

void es_fit_group_weigh(const es_fit_context *c, es_fit_group *g) {
    weigh_sources(c, g);
    choose_folds(c, g);
}

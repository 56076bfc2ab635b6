#include "analyse/calibrate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/fit.h"
#include "core/calibrated.h"

enum { LEAST_ROWS = 4, LEAST_TYPE_ROWS = 1, LEAST_FOLD_ROWS = 3 };

/* A slot takes part in a measurement when it takes this share of the time. */
static const double taking_part = 0.2;
/* Constants of the same board, sold in several versions, agree to this. */
static const double same_board = 0.03;
/* A type this much slower than the others is held up by arithmetic. */
static const double compute_bound = 0.85;
/* Noise may want a little more than 1. */
static const double too_much = 1.05;

typedef enum node_id {
    BW,
    PEAK,
    FP_PEAK,
    PASSES,
    TOKENS,
    BATCH,
    DECODE_EXPERTS,
    PREFILL_EXPERTS,
    SCORE_EACH,
    KV_EACH,
    DECODE_POSITIONS,
    PREFILL_POSITIONS,
    UBATCH,
    PROMPT,
    RESIDENCY,
    PARAMS,
    NODES
} node_id;

static const char *const node_names[NODES] = {
    [BW] = "mem_bw_gbs",
    [PEAK] = "peak",
    [FP_PEAK] = "peak_gflops_fp32",
    [PASSES] = "passes",
    [TOKENS] = "prefill tokens",
    [BATCH] = "batch",
    [DECODE_EXPERTS] = "decode experts",
    [PREFILL_EXPERTS] = "prefill experts",
    [SCORE_EACH] = "score_flops_each",
    [KV_EACH] = "kv_bytes_each",
    [DECODE_POSITIONS] = "decode positions",
    [PREFILL_POSITIONS] = "prefill positions",
    [UBATCH] = "ubatch",
    [PROMPT] = "prompt",
    [RESIDENCY] = "residency",
    [PARAMS] = "params",
};

static const char *const slot_names[ES_SLOTS] = {"dense 1", "dense 2",     "dense 3",   "dense 4",   "dense 5",
                                                 "dense 6", "output head", "experts 1", "experts 2", "experts 3"};

/* One fit: the measurements of a board and runtime. */
typedef struct group {
    const es_row *device; /* the one with most measurements */
    const char *runtime;
    double threads;      /* the usual number; NaN: never said */
    size_t *measurement; /* indices */
    size_t n, n_skipped;
    es_fit_row *fit_row;
    double *cross; /* cross-validated error of each row, NaN: none */
    size_t *fold;
    size_t n_folds, n_sources;
    const char *folds;
    const char *key_name[ES_FIT_MAX_KEYS];
    bool key_alone[ES_FIT_MAX_KEYS]; /* a format with kernels of its own: tells nothing of the tensor types */
    es_fit fit;
    bool fixed[ES_FIT_MAX_PARAMS];
    size_t n_decode, n_prefill;
} group;

typedef struct calibrator {
    const es_measured *measured;
    const es_catalog *catalog;
    es_point_kernel *point;
    es_arena *arena;
    es_errors *errors;
    es_calibrated *result;
    es_gguf *gguf;
    es_calibration *classes;
    int node[NODES], weights[ES_SLOTS], bytes[ES_SLOTS], type[ES_SLOTS];
    double *value;
} calibrator;

static int find_node(const calibrator *c, const char *name) {
    return es_kernel_node(c->point->kernel, name, strlen(name));
}

static es_status begin(calibrator *c) {
    for (size_t i = 0; i < NODES; i++)
        if ((c->node[i] = find_node(c, node_names[i])) < 0)
            return es_fail(c->errors, ES_ERUNTIME, NULL, "the kernel has no %s", node_names[i]);
    for (size_t i = 0; i < ES_SLOTS; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s weights", slot_names[i]);
        c->weights[i] = find_node(c, name);
        snprintf(name, sizeof name, "%s bytes", slot_names[i]);
        c->bytes[i] = find_node(c, name);
        snprintf(name, sizeof name, "%s type", slot_names[i]);
        c->type[i] = find_node(c, name);
        if (c->weights[i] < 0 || c->bytes[i] < 0 || c->type[i] < 0)
            return es_fail(c->errors, ES_ERUNTIME, NULL, "the kernel has no %s", slot_names[i]);
    }
    c->value = es_arena_array(c->arena, c->point->kernel->n_nodes, sizeof *c->value);
    if (!c->value)
        return es_fail_memory(c->errors);
    es_status status = es_gguf_compile(c->catalog, c->arena, &c->gguf, c->errors);
    return status ? status : es_calibration_compile(c->catalog, c->gguf, c->arena, &c->classes, c->errors);
}

/* ---- Groups ---- */

static bool near(double a, double b) {
    return (isnan(a) && isnan(b)) || fabs(a - b) <= same_board * fmax(fabs(a), fabs(b));
}

static size_t first_word(const char *name) { return strcspn(name, " "); }

/* Rows of the catalog that stand for the same silicon. */
static bool alike(const es_row *a, const es_row *b) {
    static const int fields[] = {ES_D_PEAK_FP32, ES_D_PEAK_FP16, ES_D_PEAK_INT8, ES_D_MEM_BW};
    bool same = es_equal_fold(a->text[ES_D_CLASS], b->text[ES_D_CLASS]) && first_word(a->name) == first_word(b->name) &&
                strncmp(a->name, b->name, first_word(a->name)) == 0;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        same &= near(a->value[fields[i]], b->value[fields[i]]);
    return same || a == b;
}

static es_status find_groups(const calibrator *c, group **groups, size_t *n) {
    const es_measured *all = c->measured;
    *n = 0;
    *groups = es_arena_array(c->arena, all->n + 1, sizeof **groups);
    if (!*groups)
        return es_fail_memory(c->errors);
    for (size_t i = 0; i < all->n; i++) {
        const es_measurement *m = &all->row[i];
        size_t g = 0;
        while (!m->reason && g < *n &&
               !((*groups)[g].runtime && strcmp((*groups)[g].runtime, m->rows.runtime) == 0 &&
                 alike((*groups)[g].device, m->rows.device)))
            g++;
        if (m->reason)
            continue;
        group *it = &(*groups)[g];
        if (g == *n) {
            *it = (group){.device = m->rows.device, .runtime = m->rows.runtime};
            it->measurement = es_arena_array(c->arena, all->n, sizeof *it->measurement);
            if (!it->measurement)
                return es_fail_memory(c->errors);
            ++*n;
        }
        it->measurement[it->n++] = i;
    }
    return ES_OK;
}

/* The number of threads most measurements have; the larger of equals. */
static double usual_threads(const calibrator *c, const group *g) {
    double usual = NAN;
    size_t most = 0;
    for (size_t i = 0; i < g->n; i++) {
        const double threads = c->measured->row[g->measurement[i]].threads;
        size_t n = 0;
        for (size_t k = 0; k < g->n; k++)
            n += c->measured->row[g->measurement[k]].threads == threads;
        if (n > most || (n == most && n > 0 && threads > usual))
            most = n, usual = threads;
    }
    return usual;
}

static const es_row *usual_device(const calibrator *c, const group *g) {
    const es_row *usual = g->device;
    size_t most = 0;
    for (size_t i = 0; i < g->n; i++) {
        const es_row *device = c->measured->row[g->measurement[i]].rows.device;
        size_t n = 0;
        for (size_t k = 0; k < g->n; k++)
            n += c->measured->row[g->measurement[k]].rows.device == device;
        if (n > most)
            most = n, usual = device;
    }
    return usual;
}

/* ---- Rows of a fit ---- */

static double at(const calibrator *c, node_id id) { return c->value[c->node[id]]; }

/* Number of the slot's tensor type in the group; ES_FIT_MAX_KEYS when there are too many. */
static size_t key_of(const calibrator *c, group *g, int type, const es_row *precision) {
    const es_table *types = &c->catalog->table[ES_GGUF_TYPE];
    const char *name = precision->name; /* uniform formats are their own types */
    for (size_t i = 0; type > ES_TYPE_NONE && i < types->n_rows; i++)
        if (es_gguf_type_id(c->gguf, types->rows[i].name) == type)
            name = types->rows[i].name;
    size_t key = 0;
    while (key < g->fit.params.n_keys && strcmp(g->key_name[key], name) != 0)
        key++;
    if (key == g->fit.params.n_keys && key < ES_FIT_MAX_KEYS) {
        g->key_alone[key] = type <= ES_TYPE_NONE;
        g->key_name[g->fit.params.n_keys++] = name;
    }
    return key;
}

static void add_slot(calibrator *c, group *g, const es_measurement *m, size_t i, es_fit_row *row) {
    const double weights = c->value[c->weights[i]], bytes = c->value[c->bytes[i]];
    if (!(bytes > 0))
        return;
    const size_t key = key_of(c, g, (int)c->value[c->type[i]], m->rows.precision);
    if (key == ES_FIT_MAX_KEYS)
        return;
    const bool head = i == ES_DENSE_SLOTS, routed = i > ES_DENSE_SLOTS;
    const double experts = routed ? at(c, DECODE_EXPERTS) : 1, pass_experts = routed ? at(c, PREFILL_EXPERTS) : 1;
    row->slot[row->n_slots++] = (es_fit_slot){
        .key = key,
        .decode_bytes = row->steps * bytes * experts,
        .decode_flops = row->steps * 2 * weights * at(c, BATCH),
        .prefill_flops = 2 * weights * (head ? at(c, BATCH) : at(c, TOKENS)),
        .prefill_bytes = bytes * (head ? 1 : at(c, PASSES) * pass_experts),
    };
}

/* Seconds behind the published rate: of a step, of a prompt, or of both together. */
static double seconds_of(const es_measurement *m) {
    const double tokens = m->phase == ES_PHASE_DECODE    ? 1
                          : m->phase == ES_PHASE_PREFILL ? m->prompt
                                                         : m->prompt + m->gen;
    return tokens * m->batch / m->tokens_per_s;
}

static void make_row(calibrator *c, group *g, const es_measurement *m, es_fit_row *row) {
    const double scores = at(c, BATCH) * at(c, SCORE_EACH), cache = at(c, BATCH) * at(c, KV_EACH);
    *row = (es_fit_row){.seconds = seconds_of(m),
                        .weight = m->doubtful ? 0.5 : 1,
                        .steps = m->phase == ES_PHASE_DECODE ? 1
                                 : m->phase == ES_PHASE_BOTH ? m->gen
                                                             : 0,
                        .has_prefill = m->phase != ES_PHASE_DECODE,
                        .bw = at(c, BW) * 1e9,
                        .peak = at(c, PEAK) * 1e9,
                        .fp_peak = at(c, FP_PEAK) * 1e9};
    row->decode_scores = row->steps * scores * at(c, DECODE_POSITIONS);
    row->decode_cache = row->steps * cache * at(c, DECODE_POSITIONS);
    row->prefill_scores = scores * at(c, PREFILL_POSITIONS);
    row->prefill_cache = cache * at(c, PREFILL_POSITIONS) / fmin(at(c, UBATCH), at(c, PROMPT));
    for (size_t i = 0; i < ES_SLOTS; i++)
        add_slot(c, g, m, i, row);
}

static bool usable(const calibrator *c, const group *g, const es_measurement *m) {
    return at(c, RESIDENCY) == 0 && m->batch == 1 && (isnan(m->threads) || m->threads == g->threads);
}

static es_status make_rows(calibrator *c, group *g) {
    const size_t n = g->n;
    g->fit_row = es_arena_array(c->arena, n + 1, sizeof *g->fit_row);
    g->cross = es_arena_array(c->arena, n + 1, sizeof *g->cross);
    g->fold = es_arena_array(c->arena, n + 1, sizeof *g->fold);
    if (!g->fit_row || !g->cross || !g->fold)
        return es_fail_memory(c->errors);
    g->n = 0;
    for (size_t i = 0; i < n; i++) {
        const es_measurement *m = &c->measured->row[g->measurement[i]];
        es_measurement_evaluate(c->point, m, c->value);
        if (!usable(c, g, m)) {
            g->n_skipped++;
            continue;
        }
        make_row(c, g, m, &g->fit_row[g->n]);
        g->n_decode += g->fit_row[g->n].steps > 0;
        g->n_prefill += g->fit_row[g->n].has_prefill;
        g->measurement[g->n++] = g->measurement[i];
    }
    return ES_OK;
}

static bool is_alone(const group *g, const es_fit_row *row) {
    for (size_t s = 0; s < row->n_slots; s++)
        if (g->key_alone[row->slot[s].key])
            return true;
    return false;
}

/* ---- Sources and folds ---- */

typedef const char *label_fn(const es_measurement *m);

static const char *source_of(const es_measurement *m) { return m->source; }
static const char *model_of(const es_measurement *m) { return m->rows.model->name; }
static const char *precision_of(const es_measurement *m) { return m->rows.precision->name; }

static size_t number_labels(const calibrator *c, group *g, label_fn *label) {
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
static void weigh_sources(const calibrator *c, group *g) {
    g->n_sources = number_labels(c, g, source_of);
    for (size_t s = 0; s < g->n_sources; s++) {
        size_t of_source = 0;
        for (size_t i = 0; i < g->n; i++)
            of_source += g->fold[i] == s;
        for (size_t i = 0; i < g->n; i++)
            if (g->fold[i] == s)
                g->fit_row[i].weight *= sqrt((double)g->n / (double)g->n_sources / (double)of_source);
    }
}

/* Makes folds of their own of the models among the measurements that `moves` picks; false when it picks none. */
static bool split_by_model(const calibrator *c, group *g, bool (*moves)(const group *g, size_t i, size_t largest),
                           size_t largest) {
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

static bool in_largest(const group *g, size_t i, size_t largest) { return g->fold[i] == largest; }

static bool has_own_kernels(const group *g, size_t i, size_t largest) {
    (void)largest;
    return is_alone(g, &g->fit_row[i]);
}

/* The source with more than half of the measurements; n_folds when there is none. */
static size_t largest_source(const group *g) {
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
static bool split_sources(const calibrator *c, group *g) {
    const bool split = split_by_model(c, g, in_largest, largest_source(g));
    return split_by_model(c, g, has_own_kernels, 0) || split;
}

static void choose_folds(const calibrator *c, group *g) {
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

/* ---- Fits ---- */

static void start_at_class(const calibrator *c, const group *g, es_fit_params *p) {
    es_basis basis;
    es_rates_of of = es_rates_find(c->classes, g->device, g->runtime, &c->catalog->table[ES_PRECISION].rows[0]);
    of.own = NULL; /* calibrations that are there already do not count */
    const double mem = es_rate_get(&of, ES_RATE_MEM_UTIL, ES_TYPE_NONE, &basis);
    const double prefill = es_rate_get(&of, ES_RATE_PREFILL_UTIL, ES_TYPE_NONE, &basis);
    const double overhead = es_rate_get(&of, ES_RATE_TOKEN_OVERHEAD, ES_TYPE_NONE, &basis) / 1000;
    p->value[0] = log(mem);
    p->value[es_fit_prefill(p)] = log(prefill);
    for (size_t k = 0; k < p->n_keys; k++) {
        p->value[es_fit_mem(k)] = log(mem);
        p->value[es_fit_prefill_of(p, k)] = log(prefill);
    }
    p->value[es_fit_attn(p)] = log(es_rate_get(&of, ES_RATE_ATTN_UTIL, ES_TYPE_NONE, &basis));
    p->value[es_fit_overhead(p)] = log(fmax(overhead, 1e-5));
}

/* Formats with kernels of their own are fitted afterwards, to the device as it came out without them. */
static es_status solve_alone(const calibrator *c, const group *g, const es_fit_row *rows, size_t n, bool limited,
                             es_fit *fit) {
    bool fixed[ES_FIT_MAX_PARAMS];
    es_fit after = *fit;
    for (size_t i = 0; i < es_fit_size(&fit->params); i++)
        fixed[i] = true;
    for (size_t k = 0; k < fit->params.n_keys; k++)
        fixed[es_fit_mem(k)] = fixed[es_fit_prefill_of(&fit->params, k)] = !g->key_alone[k];
    const es_status status = es_fit_solve(&after, rows, n, &es_fit_usual_priors, fixed, limited, c->errors);
    fit->params = after.params;
    return status;
}

static es_status solve(const calibrator *c, const group *g, const es_fit_row *rows, size_t n, bool limited,
                       es_fit *fit) {
    es_fit_row *plain = malloc((n + 1) * sizeof *plain);
    size_t n_plain = 0;
    if (!plain)
        return es_fail_memory(c->errors);
    for (size_t i = 0; i < n; i++)
        if (!is_alone(g, &rows[i]))
            plain[n_plain++] = rows[i];
    const bool apart = n_plain >= LEAST_ROWS && n_plain < n;
    *fit = g->fit;
    start_at_class(c, g, &fit->params);
    es_status status = es_fit_solve(fit, apart ? plain : rows, apart ? n_plain : n, &es_fit_usual_priors, g->fixed,
                                    limited, c->errors);
    if (!status && apart)
        status = solve_alone(c, g, rows, n, limited, fit);
    free(plain);
    return status;
}

/* A utilization above 1 is a fault of the device's row: tells what `param`, the largest of its kind, would have to be. */
static void complain(const calibrator *c, const group *g, const es_fit_params *p, const size_t *param, size_t n,
                     const char *field, const char *culprit, int culprit_field) {
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, exp(p->value[param[i]]));
    if (most > too_much)
        es_warn(c->errors, NULL, "%s, %s: the measurements want %s %.2f: %s %g of the catalog is too low",
                g->device->name, g->runtime, field, most, culprit, g->device->value[culprit_field]);
}

static void complain_of_peaks(const calibrator *c, const group *g, const es_fit_params *p) {
    size_t mem[ES_FIT_MAX_KEYS + 1] = {0}, prefill[ES_FIT_MAX_KEYS + 1] = {es_fit_prefill(p)};
    const size_t attn = es_fit_attn(p);
    const bool int8 = !isnan(g->device->value[ES_D_PEAK_INT8]), fp16 = !isnan(g->device->value[ES_D_PEAK_FP16]);
    const int peak = int8 ? ES_D_PEAK_INT8 : fp16 ? ES_D_PEAK_FP16 : ES_D_PEAK_FP32;
    for (size_t k = 0; k < p->n_keys; k++) {
        mem[k + 1] = es_fit_mem(k);
        prefill[k + 1] = es_fit_prefill_of(p, k);
    }
    complain(c, g, p, mem, p->n_keys + 1, "mem_util", "mem_bw_gbs", ES_D_MEM_BW);
    complain(c, g, p, prefill, p->n_keys + 1, "prefill_util", es_fields(ES_DEVICE)->fields[peak].name, peak);
    complain(c, g, p, &attn, 1, "attn_util", "peak_gflops_fp32", ES_D_PEAK_FP32);
}

/* The data has to narrow down what the class row says; otherwise the class row stands. */
static bool identified(const es_fit *fit, size_t param, double prior) { return fit->deviation[param] < 0.5 * prior; }

static es_status fit_group(calibrator *c, group *g) {
    const es_fit_params *p = &g->fit.params;
    const size_t attn = es_fit_attn(p), overhead = es_fit_overhead(p);
    es_fit fit;
    if (g->n_decode == 0)
        g->fixed[0] = g->fixed[overhead] = true;
    if (g->n_prefill == 0)
        g->fixed[es_fit_prefill(p)] = true;
    es_status status = solve(c, g, g->fit_row, g->n, false, &fit);
    if (status)
        return status;
    complain_of_peaks(c, g, &fit.params);
    g->fixed[attn] = !identified(&fit, attn, es_fit_usual_priors.attn);
    g->fixed[overhead] |= !identified(&fit, overhead, es_fit_usual_priors.overhead);
    status = solve(c, g, g->fit_row, g->n, true, &fit);
    g->fit = fit;
    return status;
}

static es_status cross_validate(const calibrator *c, group *g) {
    es_fit_row *kept = es_arena_array(c->arena, g->n + 1, sizeof *kept);
    es_status status = kept ? ES_OK : es_fail_memory(c->errors);
    for (size_t i = 0; i < g->n; i++)
        g->cross[i] = NAN;
    for (size_t f = 0; f < (g->folds ? g->n_folds : 0) && !status; f++) {
        size_t n = 0;
        es_fit fit;
        for (size_t i = 0; i < g->n; i++)
            if (g->fold[i] != f)
                kept[n++] = g->fit_row[i];
        if (n < LEAST_FOLD_ROWS)
            continue;
        status = solve(c, g, kept, n, true, &fit);
        for (size_t i = 0; i < g->n && !status; i++)
            if (g->fold[i] == f)
                g->cross[i] = g->fit_row[i].seconds / es_fit_seconds(&fit.params, &g->fit_row[i]) - 1;
    }
    return status;
}

/* ---- Results ---- */

static bool slot_counts(const group *g, const es_fit_row *row, const es_fit_slot *slot, bool prefill) {
    const es_fit_params *p = &g->fit.params;
    const double total = es_fit_seconds(p, row);
    const double seconds = prefill ? slot->prefill_flops / (row->peak * exp(p->value[es_fit_prefill_of(p, slot->key)]))
                                   : slot->decode_bytes / (row->bw * exp(p->value[es_fit_mem(slot->key)]));
    return (prefill ? row->has_prefill : row->steps > 0) && seconds >= taking_part * total;
}

/* Errors of the rows that a value rests on: those of a phase, of a type (ES_FIT_MAX_KEYS: any). */
static es_error_summary summarise(const calibrator *c, const group *g, bool prefill, size_t key, size_t *n_rows) {
    es_error_summary summary = {0, NAN, NAN, NAN};
    double *errors = es_arena_array(c->arena, g->n + 1, sizeof *errors);
    size_t n = 0;
    *n_rows = 0;
    for (size_t i = 0; i < g->n && errors; i++) {
        const es_fit_row *row = &g->fit_row[i];
        bool counts = key == ES_FIT_MAX_KEYS && (prefill ? row->has_prefill : row->steps > 0);
        for (size_t s = 0; s < row->n_slots && !counts && key < ES_FIT_MAX_KEYS; s++)
            counts = row->slot[s].key == key && slot_counts(g, row, &row->slot[s], prefill);
        *n_rows += counts;
        if (counts && !isnan(g->cross[i]))
            errors[n++] = g->cross[i];
    }
    return errors ? es_summarise_errors(errors, n) : summary;
}

static es_status add_result(calibrator *c, const char *device, const group *g, const char *type, const char *field,
                            double value, size_t n, double error) {
    es_calibrated *r = c->result;
    if (r->n_rows == r->capacity) {
        size_t capacity = r->capacity ? 2 * r->capacity : 256;
        es_calibrated_row *row = es_arena_array(c->arena, capacity, sizeof *row);
        if (!row)
            return es_fail_memory(c->errors);
        if (r->n_rows)
            memcpy(row, r->row, r->n_rows * sizeof *row);
        r->row = row, r->capacity = capacity;
    }
    const char *source = es_arena_printf(
        c->arena, "fit to %zu measurements of %zu source%s%s%s", g->n, g->n_sources, g->n_sources == 1 ? "" : "s",
        g->folds ? "; error cross-validated by " : "; not cross-validated", g->folds ? g->folds : "");
    r->row[r->n_rows++] = (es_calibrated_row){device, g->runtime, type, field, value, n, error, source};
    return source ? ES_OK : es_fail_memory(c->errors);
}

/* Rate of arithmetic at which a type takes as long as its bytes: largest over the measurements. */
static double binding_util(const group *g, size_t key) {
    double most = 0;
    for (size_t i = 0; i < g->n; i++)
        for (size_t s = 0; s < g->fit_row[i].n_slots; s++) {
            const es_fit_row *row = &g->fit_row[i];
            const es_fit_slot *slot = &row->slot[s];
            if (slot->key == key && slot->decode_bytes > 0 && slot_counts(g, row, slot, false))
                most = fmax(most, slot->decode_flops / slot->decode_bytes * row->bw / row->peak *
                                      exp(g->fit.params.value[es_fit_mem(key)]));
        }
    return most;
}

/* One generated token may not be slower by arithmetic than was measured; many at once run like a prefill. */
static double free_decode_util(double prefill_util, double binding) {
    return fmin(1, fmax(prefill_util, 1.05 * binding));
}

static es_status add_decode_type(calibrator *c, const char *device, const group *g, size_t key) {
    const es_fit_params *p = &g->fit.params;
    size_t n, n_prefill;
    const es_error_summary errors = summarise(c, g, false, key, &n);
    const double util = exp(p->value[es_fit_mem(key)]), binding = binding_util(g, key);
    summarise(c, g, true, key, &n_prefill);
    const double prefill = exp(p->value[n_prefill >= LEAST_TYPE_ROWS ? es_fit_prefill_of(p, key) : es_fit_prefill(p)]);
    if (n < LEAST_TYPE_ROWS || binding > 1)
        return ES_OK;
    if (util < compute_bound * exp(p->value[0]))
        return add_result(c, device, g, g->key_name[key], "decode_util", binding, n, errors.median);
    es_status status = add_result(c, device, g, g->key_name[key], "mem_util", util, n, errors.median);
    return status ? status
                  : add_result(c, device, g, g->key_name[key], "decode_util", free_decode_util(prefill, binding), n,
                               errors.median);
}

static es_status add_decode(calibrator *c, const char *device, const group *g) {
    const es_fit_params *p = &g->fit.params;
    size_t n;
    double binding = 0;
    const es_error_summary errors = summarise(c, g, false, ES_FIT_MAX_KEYS, &n);
    for (size_t k = 0; k < p->n_keys; k++)
        binding = fmax(binding, binding_util(g, k));
    es_status status = add_result(c, device, g, "*", "mem_util", exp(p->value[0]), n, errors.median);
    if (!status)
        status = add_result(c, device, g, "*", "decode_util",
                            free_decode_util(exp(p->value[es_fit_prefill(p)]), binding), n, errors.median);
    if (!status && !g->fixed[es_fit_overhead(p)])
        status = add_result(c, device, g, "*", "token_overhead_ms", 1000 * exp(p->value[es_fit_overhead(p)]), n,
                            errors.median);
    for (size_t k = 0; k < p->n_keys && !status; k++)
        status = add_decode_type(c, device, g, k);
    return status;
}

static es_status add_prefill(calibrator *c, const char *device, const group *g) {
    const es_fit_params *p = &g->fit.params;
    size_t n;
    es_error_summary errors = summarise(c, g, true, ES_FIT_MAX_KEYS, &n);
    es_status status =
        add_result(c, device, g, "*", "prefill_util", exp(p->value[es_fit_prefill(p)]), n, errors.median);
    for (size_t k = 0; k < p->n_keys && !status; k++) {
        errors = summarise(c, g, true, k, &n);
        if (n >= LEAST_TYPE_ROWS)
            status = add_result(c, device, g, g->key_name[k], "prefill_util", exp(p->value[es_fit_prefill_of(p, k)]), n,
                                errors.median);
    }
    return status;
}

static es_status add_device(calibrator *c, const char *device, const group *g) {
    const es_fit_params *p = &g->fit.params;
    es_status status = g->n_decode ? add_decode(c, device, g) : ES_OK;
    if (!status && g->n_prefill)
        status = add_prefill(c, device, g);
    if (!status && !g->fixed[es_fit_attn(p)])
        status = add_result(c, device, g, "*", "attn_util", exp(p->value[es_fit_attn(p)]), g->n,
                            summarise(c, g, g->n_decode == 0, ES_FIT_MAX_KEYS, &(size_t){0}).median);
    return status;
}

static es_status report_group(calibrator *c, const group *g, size_t n_devices) {
    es_calibrated_group *to = &c->result->group[c->result->n_groups++];
    double *errors = es_arena_array(c->arena, g->n + 1, sizeof *errors);
    if (!errors)
        return es_fail_memory(c->errors);
    *to = (es_calibrated_group){.device = g->device,
                                .runtime = g->runtime,
                                .folds = g->folds,
                                .n_sources = g->n_sources,
                                .n_devices = n_devices,
                                .n_skipped = g->n_skipped,
                                .noise = g->fit.noise};
    for (int phase = 0; phase < ES_PHASES; phase++) {
        size_t n = 0;
        for (size_t i = 0; i < g->n; i++)
            if (c->measured->row[g->measurement[i]].phase == (es_phase)phase && !isnan(g->cross[i]))
                errors[n++] = g->cross[i];
        to->phase[phase] = es_summarise_errors(errors, n);
    }
    return ES_OK;
}

static es_status add_group(calibrator *c, const group *g) {
    const es_table *devices = &c->catalog->table[ES_DEVICE];
    size_t n_devices = 0;
    es_status status = ES_OK;
    for (size_t d = 0; d < devices->n_rows && !status; d++)
        if (alike(g->device, &devices->rows[d])) {
            n_devices++;
            status = add_device(c, devices->rows[d].name, g);
        }
    return status ? status : report_group(c, g, n_devices);
}

static es_status calibrate_group(calibrator *c, group *g) {
    g->device = usual_device(c, g);
    g->threads = usual_threads(c, g);
    es_status status = make_rows(c, g);
    if (status)
        return status;
    if (g->n < LEAST_ROWS) {
        es_warn(c->errors, NULL, "%s, %s: %zu usable measurements are too few to tell anything; expected %d",
                g->device->name, g->runtime, g->n, LEAST_ROWS);
        return ES_OK;
    }
    weigh_sources(c, g);
    choose_folds(c, g);
    status = fit_group(c, g);
    if (!status)
        status = cross_validate(c, g);
    return status ? status : add_group(c, g);
}

es_status es_calibrate(const es_measured *measured, const es_catalog *catalog, es_point_kernel *point, es_arena *arena,
                       es_calibrated *result, es_errors *errors) {
    calibrator c = {
        .measured = measured, .catalog = catalog, .point = point, .arena = arena, .errors = errors, .result = result};
    group *groups;
    size_t n;
    *result = (es_calibrated){0};
    es_status status = begin(&c);
    if (!status)
        status = find_groups(&c, &groups, &n);
    if (!status && !(result->group = es_arena_array(arena, n + 1, sizeof *result->group)))
        status = es_fail_memory(errors);
    for (size_t g = 0; !status && g < n; g++)
        status = calibrate_group(&c, &groups[g]);
    if (!status && !n)
        es_warn(errors, NULL, "none of %zu measurements can be used; `validate` says why", measured->n);
    return status;
}

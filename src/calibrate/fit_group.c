#include "calibrate/fit_group.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_PLAIN_ROWS = 4, LEAST_FOLD_ROWS = 3, NO_FOLD = -1 };

/* Where the overhead of a layer starts, as a share of that of a step; and none, in seconds. */
static const double layer_share = 1.0 / 60, nothing = 1e-12;
/* Two parameters are one, as a standard deviation. */
static const double tied = 1e-6;
/* Noise may want a little more than 1. */
static const double too_much = 1.05;
/* A further parameter has to lower the cross-validated error to this share. */
static const double worth_it = 0.98;
/* Errors of the logarithm count up to this when structures are compared. */
static const double most_error = 0.7;

/* ---- Where fits start ---- */

static void start_at_class(const es_fit_context *c, const es_fit_group *g, es_fit_params *p) {
    es_basis basis;
    es_rates_of of = es_rates_find(c->classes, g->device, g->runtime, &c->catalog->table[ES_PRECISION].rows[0]);
    of.own = NULL; /* calibrations that are there already do not count */
    const double overhead = es_rate_get(&of, ES_RATE_TOKEN_OVERHEAD, ES_TYPE_NONE, &basis) / 1000;
    p->value[0] = log(es_rate_get(&of, ES_RATE_MEM_UTIL, ES_TYPE_NONE, &basis));
    p->value[es_fit_prefill(p)] = log(es_rate_get(&of, ES_RATE_PREFILL_UTIL, ES_TYPE_NONE, &basis));
    for (size_t k = 0; k < p->n_keys; k++) {
        p->value[es_fit_mem(k)] = log(es_rate_get(&of, ES_RATE_MEM_UTIL, g->key[k].type, &basis));
        p->value[es_fit_prefill_of(p, k)] = log(es_rate_get(&of, ES_RATE_PREFILL_UTIL, g->key[k].type, &basis));
    }
    p->value[es_fit_attn(p)] = log(es_rate_get(&of, ES_RATE_ATTN_UTIL, ES_TYPE_NONE, &basis));
    p->value[es_fit_prefill_attn(p)] = p->value[es_fit_attn(p)];
    p->value[es_fit_overhead(p)] = log(fmax(overhead, 1e-5));
    p->value[es_fit_layer(p)] = log(fmax(overhead, 1e-5) * layer_share);
}

/* The base's keys come first in the group; arithmetic goes with the number of threads as long as there are fewer. */
static void start_at_base(const es_fit_group *g, const es_fit_params *from, es_fit_params *p) {
    const double fewer = fmin(0, log(g->threads / g->base->threads));
    p->value[0] = from->value[0];
    p->value[es_fit_prefill(p)] = from->value[es_fit_prefill(from)] + fewer;
    for (size_t k = 0; k < p->n_keys; k++) {
        const bool known = k < from->n_keys;
        p->value[es_fit_mem(k)] = from->value[known ? es_fit_mem(k) : 0];
        p->value[es_fit_prefill_of(p, k)] =
            from->value[known ? es_fit_prefill_of(from, k) : es_fit_prefill(from)] + fewer;
    }
    p->value[es_fit_attn(p)] = from->value[es_fit_attn(from)] + fewer;
    p->value[es_fit_prefill_attn(p)] = from->value[es_fit_prefill_attn(from)] + fewer;
    p->value[es_fit_overhead(p)] = from->value[es_fit_overhead(from)];
    p->value[es_fit_layer(p)] = from->value[es_fit_layer(from)];
}

/* ---- Fits ---- */

typedef struct row_list {
    es_fit_row *row;
    size_t n;
} row_list;

static bool has_alone(const es_fit_group *g, const es_fit_row *row) {
    for (size_t s = 0; s < row->n_slots; s++)
        if (g->key[row->slot[s].key].alone)
            return true;
    return false;
}

/* Formats with kernels of their own are fitted afterwards, to the device as it came out without them. */
static es_status solve_alone(const es_fit_context *c, const es_fit_group *g, row_list rows, bool limited, es_fit *fit) {
    bool fixed[ES_FIT_MAX_PARAMS];
    es_fit after = *fit;
    for (size_t i = 0; i < es_fit_size(&fit->params); i++)
        fixed[i] = true;
    for (size_t k = 0; k < fit->params.n_keys; k++)
        fixed[es_fit_mem(k)] = fixed[es_fit_prefill_of(&fit->params, k)] = !g->key[k].alone;
    const es_status status = es_fit_solve(&after, rows.row, rows.n, &es_fit_usual_priors, fixed, limited, c->errors);
    fit->params = after.params;
    return status;
}

/* fit->params: where to start. */
static es_status solve_from(const es_fit_context *c, const es_fit_group *g, row_list rows, bool limited, es_fit *fit) {
    es_fit_row *plain = malloc((rows.n + 1) * sizeof *plain);
    size_t n_plain = 0;
    if (!plain)
        return es_fail_memory(c->errors);
    for (size_t i = 0; i < rows.n; i++)
        if (!has_alone(g, &rows.row[i]))
            plain[n_plain++] = rows.row[i];
    const bool apart = n_plain >= LEAST_PLAIN_ROWS && n_plain < rows.n;
    es_fit_priors priors = es_fit_usual_priors;
    if (g->one_attention)
        priors.prefill_attn = tied;
    if (g->fixed[es_fit_layer(&fit->params)] && !g->base)
        fit->params.value[es_fit_layer(&fit->params)] = log(nothing);
    es_status status =
        es_fit_solve(fit, apart ? plain : rows.row, apart ? n_plain : rows.n, &priors, g->fixed, limited, c->errors);
    if (!status && apart)
        status = solve_alone(c, g, rows, limited, fit);
    free(plain);
    return status;
}

static bool same_source(const es_fit_context *c, const es_fit_group *g, size_t i, const es_fit_group *h, size_t k) {
    const es_measurement *a = &c->measured->row[g->measurement[i]], *b = &c->measured->row[h->measurement[k]];
    return strcmp(a->source, b->source) == 0 && (strcmp(g->folds, "source") == 0 || a->rows.model == b->rows.model);
}

/* The group's rows without those of its fold; of its base, without those that share a source with the fold. */
static es_status without_fold(const es_fit_context *c, const es_fit_group *g, const es_fit_group *of, int fold,
                              row_list *rows) {
    rows->n = 0;
    rows->row = es_arena_array(c->arena, of->n + 1, sizeof *rows->row);
    if (!rows->row)
        return es_fail_memory(c->errors);
    for (size_t i = 0; i < of->n; i++) {
        bool out = false;
        for (size_t k = 0; fold != NO_FOLD && k < g->n && !out; k++)
            out = g->fold[k] == (size_t)fold && (of == g ? i == k : same_source(c, g, k, of, i));
        if (!out)
            rows->row[rows->n++] = of->row[i];
    }
    return ES_OK;
}

static es_status solve(const es_fit_context *c, const es_fit_group *g, row_list rows, int fold, bool limited,
                       es_fit *fit) {
    *fit = g->fit;
    if (!g->base) {
        start_at_class(c, g, &fit->params);
        return solve_from(c, g, rows, limited, fit);
    }
    es_fit base = g->base->fit;
    row_list left = {NULL, 0};
    es_status status = fold == NO_FOLD ? ES_OK : without_fold(c, g, g->base, fold, &left);
    if (!status && fold != NO_FOLD)
        status = solve(c, g->base, left, NO_FOLD, limited, &base);
    start_at_base(g, &base.params, &fit->params);
    return status ? status : solve_from(c, g, rows, limited, fit);
}

/* ---- What the data tells ---- */

/* A utilization above 1 is a fault of the device's row: tells what `param`, the largest of its kind, would have to be. */
static void complain(const es_fit_context *c, const es_fit_group *g, const es_fit_params *p, const size_t *param,
                     size_t n, const char *field, const char *culprit, int culprit_field) {
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, exp(p->value[param[i]]));
    if (most > too_much)
        es_warn(c->errors, NULL, "%s, %s: the measurements want %s %.2f: %s %g of the catalog is too low",
                g->device->name, g->runtime, field, most, culprit, g->device->value[culprit_field]);
}

static void complain_of_peaks(const es_fit_context *c, const es_fit_group *g, const es_fit_params *p) {
    size_t mem[ES_FIT_MAX_KEYS + 1] = {0}, prefill[ES_FIT_MAX_KEYS + 1] = {es_fit_prefill(p)};
    const size_t attn[] = {es_fit_attn(p), es_fit_prefill_attn(p)};
    const bool int8 = !isnan(g->device->value[ES_D_PEAK_INT8]), fp16 = !isnan(g->device->value[ES_D_PEAK_FP16]);
    const int peak = int8 ? ES_D_PEAK_INT8 : fp16 ? ES_D_PEAK_FP16 : ES_D_PEAK_FP32;
    size_t n = 1;
    for (size_t k = 0; k < p->n_keys; k++) {
        bool measured = false;
        for (size_t i = 0; i < g->n && !measured; i++)
            for (size_t s = 0; s < g->row[i].n_slots; s++)
                measured |= g->row[i].slot[s].key == k;
        if (!measured)
            continue;
        mem[n] = es_fit_mem(k);
        prefill[n++] = es_fit_prefill_of(p, k);
    }
    complain(c, g, p, mem, n, "mem_util", "mem_bw_gbs", ES_D_MEM_BW);
    complain(c, g, p, prefill, n, "prefill_util", es_fields(ES_DEVICE)->fields[peak].name, peak);
    complain(c, g, p, attn, 2, "attn_util", "peak_gflops_fp32", ES_D_PEAK_FP32);
}

bool es_fit_group_tells(const es_fit_group *g, size_t param, double prior) {
    return g->fit.deviation[param] < 0.5 * prior;
}

static es_status cross_validate(const es_fit_context *c, es_fit_group *g) {
    es_status status = ES_OK;
    for (size_t i = 0; i < g->n; i++)
        g->cross[i] = NAN;
    for (size_t f = 0; f < (g->folds ? g->n_folds : 0) && !status; f++) {
        row_list kept;
        es_fit fit;
        status = without_fold(c, g, g, (int)f, &kept);
        if (status || kept.n < LEAST_FOLD_ROWS)
            continue;
        status = solve(c, g, kept, (int)f, true, &fit);
        for (size_t i = 0; i < g->n && !status; i++)
            if (g->fold[i] == f)
                g->cross[i] = g->row[i].seconds / es_fit_seconds(&fit.params, &g->row[i]) - 1;
    }
    return status;
}

/* Mean cross-validated error; NaN: nothing was left out. */
static double score_of(const es_fit_group *g) {
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < g->n; i++)
        if (!isnan(g->cross[i])) {
            sum += fmin(most_error, fabs(log1p(g->cross[i])));
            n++;
        }
    return n ? sum / (double)n : NAN;
}

/* ---- Structures: attention of prefills apart or not, overhead per layer or not ---- */

typedef struct structure {
    bool apart, layered;
} structure;

static es_status fit_structure(const es_fit_context *c, es_fit_group *g, structure s) {
    const es_fit_params *p = &g->fit.params;
    const size_t attn = es_fit_attn(p), overhead = es_fit_overhead(p), layer = es_fit_layer(p);
    const row_list all = {g->row, g->n};
    es_fit fit;
    memset(g->fixed, 0, sizeof g->fixed);
    g->one_attention = !s.apart;
    g->fixed[layer] = !s.layered;
    g->fixed[0] = g->fixed[overhead] = g->n_decode == 0;
    g->fixed[es_fit_prefill(p)] = g->n_prefill == 0;
    es_status status = solve(c, g, all, NO_FOLD, true, &fit);
    if (status)
        return status;
    g->fit = fit;
    if (!g->base) { /* a base's values hold anyway */
        g->fixed[attn] = !es_fit_group_tells(g, attn, es_fit_usual_priors.attn);
        g->fixed[overhead] |= !es_fit_group_tells(g, overhead, es_fit_usual_priors.overhead);
        status = solve(c, g, all, NO_FOLD, true, &fit);
    }
    g->fit = fit;
    return status ? status : cross_validate(c, g);
}

/* The further parameters are told by the data. */
static bool told(const es_fit_group *g, structure s) {
    const es_fit_params *p = &g->fit.params;
    return (!s.apart || es_fit_group_tells(g, es_fit_prefill_attn(p), es_fit_usual_priors.prefill_attn)) &&
           (!s.layered || es_fit_group_tells(g, es_fit_layer(p), es_fit_usual_priors.layer));
}

static es_status choose_structure(const es_fit_context *c, es_fit_group *g) {
    static const structure tried[] = {{false, false}, {true, false}, {false, true}, {true, true}};
    structure best = tried[0];
    double least = INFINITY;
    es_status status = ES_OK;
    for (size_t i = 0; i < sizeof tried / sizeof *tried && !status; i++) {
        if ((tried[i].apart && (!g->n_prefill || !g->n_decode)) || (tried[i].layered && !g->n_decode))
            continue;
        status = fit_structure(c, g, tried[i]);
        const double score = score_of(g);
        if (status || isnan(score) || (i && (score >= worth_it * least || !told(g, tried[i]))))
            continue;
        best = tried[i];
        least = score;
    }
    return status ? status : fit_structure(c, g, best);
}

es_status es_fit_group_fit(const es_fit_context *c, es_fit_group *g) {
    const row_list all = {g->row, g->n};
    es_fit fit;
    if (g->base)
        return fit_structure(c, g, (structure){!g->base->one_attention, false});
    g->one_attention = true;
    es_status status = solve(c, g, all, NO_FOLD, false, &fit);
    if (status)
        return status;
    complain_of_peaks(c, g, &fit.params);
    return choose_structure(c, g);
}

#include "calibrate/fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 16, HUBER_ROUNDS = 8, STEPS = 12 };

static const double huber = 1.345, biweight = 6, least_noise = 0.03, most_noise = 0.25, certain = 1e-6;
static const double freedom = 3; /* of Student's distribution of the types around their device */

const es_fit_priors es_fit_usual_priors = {.mem_type = 0.18,
                                           .mem = 1,
                                           .prefill_type = 0.5,
                                           .prefill = 1.5,
                                           .attn = 1,
                                           .prefill_attn = 0.7,
                                           .overhead = 1,
                                           .layer = 1.5};

/* ---- The model: seconds of a row and their derivatives by the logarithms ---- */

typedef struct sum {
    double seconds;
    double *slope; /* NULL: not wanted */
} sum;

static void add(sum *s, size_t param, double seconds, double sign) {
    s->seconds += seconds;
    if (s->slope)
        s->slope[param] += sign * seconds;
}

/* The larger of arithmetic and traffic. */
static void add_roof(sum *s, size_t compute_param, double compute, size_t memory_param, double memory) {
    if (compute >= memory)
        add(s, compute_param, compute, -1);
    else
        add(s, memory_param, memory, -1);
}

static void add_decode(sum *s, const es_fit_params *p, const es_fit_row *row) {
    for (size_t i = 0; i < row->n_slots; i++) {
        const es_fit_slot *slot = &row->slot[i];
        const size_t mem = es_fit_mem(slot->key);
        add(s, mem, slot->decode_bytes / (row->bw * exp(p->value[mem])), -1);
    }
    add_roof(s, es_fit_attn(p), row->decode_scores / (row->fp_peak * exp(p->value[es_fit_attn(p)])), 0,
             row->decode_cache / (row->bw * exp(p->value[0])));
    add(s, es_fit_overhead(p), row->steps * exp(p->value[es_fit_overhead(p)]), 1);
    add(s, es_fit_layer(p), row->steps * row->layers * exp(p->value[es_fit_layer(p)]), 1);
}

static void add_prefill(sum *s, const es_fit_params *p, const es_fit_row *row) {
    const size_t attn = es_fit_prefill_attn(p);
    for (size_t i = 0; i < row->n_slots; i++) {
        const es_fit_slot *slot = &row->slot[i];
        const size_t prefill = es_fit_prefill_of(p, slot->key), mem = es_fit_mem(slot->key);
        add_roof(s, prefill, slot->prefill_flops / (row->peak * exp(p->value[prefill])), mem,
                 slot->prefill_bytes / (row->bw * exp(p->value[mem])));
    }
    add_roof(s, attn, row->prefill_scores / (row->fp_peak * exp(p->value[attn])), 0,
             row->prefill_cache / (row->bw * exp(p->value[0])));
}

static double seconds_of(const es_fit_params *params, const es_fit_row *row, double *slope) {
    sum s = {.slope = slope};
    if (slope)
        memset(slope, 0, es_fit_size(params) * sizeof *slope);
    if (row->steps > 0)
        add_decode(&s, params, row);
    if (row->has_prefill)
        add_prefill(&s, params, row);
    return s.seconds;
}

double es_fit_seconds(const es_fit_params *params, const es_fit_row *row) { return seconds_of(params, row, NULL); }

typedef struct problem {
    const es_fit_row *rows;
    size_t n;
    const es_fit_params *start;
    const es_fit_priors *priors;
    const bool *fixed;
    bool limited, redescending;
    double noise;
} problem;

/* ---- Normal equations ---- */

typedef struct normal {
    size_t n;
    double a[ES_FIT_MAX_PARAMS][ES_FIT_MAX_PARAMS];
    double g[ES_FIT_MAX_PARAMS];
    double cost;
} normal;

/* weight*(x_i - x_j - target)^2; j == i: no x_j */
static void add_pull(normal *e, const es_fit_params *p, size_t i, size_t j, double target, double deviation) {
    const double weight = 1 / (deviation * deviation);
    const double r = p->value[i] - (j == i ? 0 : p->value[j]) - target;
    e->cost += weight * r * r;
    e->g[i] += weight * r;
    e->a[i][i] += weight;
    if (j == i)
        return;
    e->g[j] -= weight * r;
    e->a[j][j] += weight;
    e->a[i][j] -= weight;
    e->a[j][i] -= weight;
}

/* A type is where it usually is beside the device.  One far from there stays without pulling the others along: in the end
 * the tails are Student's. */
static void pull_type(normal *e, const problem *q, const es_fit_params *p, const es_fit_params *weights_at, size_t type,
                      size_t device, double deviation) {
    const double usual = q->start->value[type] - q->start->value[device];
    const double d = (weights_at->value[type] - weights_at->value[device] - usual) / deviation;
    add_pull(e, p, type, device, usual,
             q->redescending ? deviation * sqrt((freedom + d * d) / (freedom + 1)) : deviation);
}

static void add_priors(normal *e, const problem *q, const es_fit_params *p, const es_fit_params *weights_at) {
    const es_fit_params *start = q->start;
    const es_fit_priors *priors = q->priors;
    const size_t prefill = es_fit_prefill(p), attn = es_fit_attn(p), overhead = es_fit_overhead(p),
                 layer = es_fit_layer(p);
    add_pull(e, p, 0, 0, start->value[0], priors->mem);
    add_pull(e, p, prefill, prefill, start->value[prefill], priors->prefill);
    add_pull(e, p, attn, attn, start->value[attn], priors->attn);
    add_pull(e, p, es_fit_prefill_attn(p), attn, 0, priors->prefill_attn);
    add_pull(e, p, overhead, overhead, start->value[overhead], priors->overhead);
    add_pull(e, p, layer, layer, start->value[layer], priors->layer);
    for (size_t k = 0; k < p->n_keys; k++) {
        pull_type(e, q, p, weights_at, es_fit_mem(k), 0, priors->mem_type);
        pull_type(e, q, p, weights_at, es_fit_prefill_of(p, k), prefill, priors->prefill_type);
    }
    for (size_t i = 0; q->fixed && i < es_fit_size(p); i++)
        if (q->fixed[i])
            add_pull(e, p, i, i, start->value[i], certain);
}

static void add_row(normal *e, const es_fit_params *p, const es_fit_row *row, double weight) {
    double slope[ES_FIT_MAX_PARAMS];
    size_t used[ES_FIT_MAX_PARAMS], n = 0; /* few: those of the row's types */
    const double seconds = seconds_of(p, row, slope), r = log(seconds / row->seconds);
    e->cost += weight * r * r;
    for (size_t i = 0; i < e->n; i++) {
        if (slope[i] == 0)
            continue;
        const double u = slope[i] / seconds;
        used[n++] = i;
        e->g[i] += weight * r * u;
        for (size_t j = 0; j < n; j++)
            e->a[i][used[j]] += weight * u * slope[used[j]] / seconds;
    }
}

/* What is left of a row's weight at its residual, in units of the noise. */
static double robust_weight(bool redescending, double r) {
    r = fabs(r);
    if (!redescending)
        return r <= huber ? 1 : huber / r;
    const double u = r / biweight;
    return u < 1 ? (1 - u * u) * (1 - u * u) : 0;
}

static void build(normal *e, const problem *q, const es_fit_params *p, const es_fit_params *weights_at) {
    e->n = es_fit_size(p);
    e->cost = 0;
    memset(e->g, 0, sizeof e->g);
    for (size_t i = 0; i < e->n; i++)
        memset(e->a[i], 0, e->n * sizeof *e->a[i]);
    add_priors(e, q, p, weights_at);
    for (size_t i = 0; i < q->n; i++) {
        const es_fit_row *row = &q->rows[i];
        const double r = log(seconds_of(weights_at, row, NULL) / row->seconds) / q->noise;
        add_row(e, p, row, row->weight * robust_weight(q->redescending, r) / (q->noise * q->noise));
    }
}

/* Cholesky of the lower half with a damped diagonal, in place; false when not positive definite. */
static bool factorise(double (*a)[ES_FIT_MAX_PARAMS], size_t n, double damping) {
    for (size_t j = 0; j < n; j++) {
        double d = a[j][j] * (1 + damping);
        for (size_t k = 0; k < j; k++)
            d -= a[j][k] * a[j][k];
        if (!(d > 0))
            return false;
        a[j][j] = sqrt(d);
        for (size_t i = j + 1; i < n; i++) {
            for (size_t k = 0; k < j; k++)
                a[i][j] -= a[i][k] * a[j][k];
            a[i][j] /= a[j][j];
        }
    }
    return true;
}

static void substitute(double (*l)[ES_FIT_MAX_PARAMS], size_t n, double *x) {
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < i; k++)
            x[i] -= l[i][k] * x[k];
        x[i] /= l[i][i];
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t k = i + 1; k < n; k++)
            x[i] -= l[k][i] * x[k];
        x[i] /= l[i][i];
    }
}

/* ---- The fit ---- */

static void clamp(es_fit_params *p, bool limited) {
    for (size_t i = 0; limited && i < es_fit_overhead(p); i++)
        if (p->value[i] > 0)
            p->value[i] = 0;
}

/* Damped steps with the robust weights as they are at the start. */
static void improve(const problem *q, es_fit_params *p, normal *e, normal *trial) {
    const es_fit_params weights_at = *p;
    double damping = 1e-3;
    build(e, q, p, &weights_at);
    for (int step = 0; step < STEPS; step++) {
        es_fit_params next = *p;
        double x[ES_FIT_MAX_PARAMS];
        memcpy(trial, e, sizeof *trial);
        memcpy(x, e->g, sizeof x);
        if (factorise(trial->a, e->n, damping)) {
            substitute(trial->a, e->n, x);
            for (size_t i = 0; i < e->n; i++)
                next.value[i] -= fmax(-1, fmin(1, x[i]));
            clamp(&next, q->limited);
            build(trial, q, &next, &weights_at);
            if (trial->cost < e->cost) {
                const double gain = e->cost - trial->cost;
                *p = next;
                memcpy(e, trial, sizeof *e);
                damping /= 5;
                if (gain < 1e-9 * (1 + e->cost))
                    return;
                continue;
            }
        }
        damping = damping < 1e-6 ? 1e-3 : damping * 10;
    }
}

static int by_size(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* 1.4826 times the median of absolute residuals, within limits. */
static double noise_of(const problem *q, const es_fit_params *p, double *scratch) {
    for (size_t i = 0; i < q->n; i++)
        scratch[i] = fabs(log(seconds_of(p, &q->rows[i], NULL) / q->rows[i].seconds));
    qsort(scratch, q->n, sizeof *scratch, by_size);
    return fmax(least_noise, fmin(most_noise, q->n ? 1.4826 * scratch[q->n / 2] : most_noise));
}

static bool settled(const es_fit_params *before, const es_fit_params *after) {
    double most = 0;
    for (size_t i = 0; i < es_fit_size(after); i++)
        most = fmax(most, fabs(after->value[i] - before->value[i]));
    return most < 1e-6;
}

static void deviations(normal *e, double *deviation) {
    for (size_t i = 0; i < e->n; i++)
        deviation[i] = INFINITY;
    if (!factorise(e->a, e->n, 0))
        return;
    for (size_t i = 0; i < e->n; i++) {
        double x[ES_FIT_MAX_PARAMS] = {0};
        x[i] = 1;
        substitute(e->a, e->n, x);
        deviation[i] = sqrt(x[i]);
    }
}

es_status es_fit_solve(es_fit *fit, const es_fit_row *rows, size_t n, const es_fit_priors *priors, const bool *fixed,
                       bool limited, es_errors *errors) {
    const es_fit_params start = fit->params;
    problem q = {rows, n, &start, priors, fixed, limited, .noise = 0.15};
    normal *e = malloc(sizeof *e), *trial = malloc(sizeof *trial);
    double *scratch = calloc(n + 1, sizeof *scratch);
    es_status status = e && trial && scratch ? ES_OK : es_fail_memory(errors);
    clamp(&fit->params, limited);
    for (int round = 0; round < ROUNDS && !status; round++) {
        const es_fit_params before = fit->params;
        q.redescending = round >= HUBER_ROUNDS;
        improve(&q, &fit->params, e, trial);
        q.noise = noise_of(&q, &fit->params, scratch);
        if (settled(&before, &fit->params))
            round = q.redescending ? ROUNDS : HUBER_ROUNDS - 1;
    }
    if (!status) {
        fit->noise = q.noise;
        build(e, &q, &fit->params, &fit->params);
        deviations(e, fit->deviation);
    }
    free(scratch);
    free(trial);
    free(e);
    return status;
}

#include "engine/filter.h"

#include <stdlib.h>
#include <string.h>

es_status es_filter_init(es_filter *f, const es_sweep *sweep, const es_program *program, es_errors *errors) {
    *f = (es_filter){.sweep = sweep, .program = program};
    f->keep = calloc(es_program_tiling(program)->points, 1);
    f->rejected = calloc(sweep->n_conditions + 1, sizeof *f->rejected);
    if (f->keep && f->rejected) return ES_OK;
    es_filter_free(f);
    return es_fail_memory(errors);
}

void es_filter_free(es_filter *f) {
    free(f->keep), free(f->rejected);
    f->keep = NULL, f->rejected = NULL;
}

static bool holds(const es_pcond *c, double a, double b) {
    switch (c->kind) {
    case ES_PCOND_EMPTY: return a != a;
    case ES_PCOND_NOT_EMPTY: return a == a;
    case ES_PCOND_NODE: return es_compare(c->op, a, b);
    default: return es_compare(c->op, a, c->number);
    }
}

static size_t count(const uint8_t *keep, size_t n) {
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) kept += keep[i];
    return kept;
}

/* Applies one condition to n points; a_step and b_step are 0 for uniform columns. */
static void apply_one(const es_pcond *c, const double *a, size_t a_step, const double *b, size_t b_step, uint8_t *keep,
                      size_t n) {
    if (a_step && (c->kind == ES_PCOND_NUMBER || (c->kind == ES_PCOND_NODE && b_step))) {
        es_where_mask(c->op, a, c->kind == ES_PCOND_NODE ? b : NULL, c->number, keep, n);
        return;
    }
    for (size_t i = 0; i < n; i++) keep[i] &= holds(c, a[i * a_step], b ? b[i * b_step] : 0);
}

size_t es_filter_apply(es_filter *f, const es_eval *eval, size_t from, size_t to) {
    const es_plan *plan = f->sweep->plan;
    size_t n = es_eval_count(eval), kept = to - from;
    memset(f->keep, 0, n);
    memset(f->keep + from, 1, kept);
    for (size_t i = 0; i < f->sweep->n_conditions && kept; i++) {
        const es_pcond *c = &plan->condition[i];
        const double *a = es_eval_column(eval, c->a), *b = NULL;
        size_t a_step = !es_program_uniform(f->program, c->a), b_step = 0;
        if (c->kind == ES_PCOND_NODE) {
            b = es_eval_column(eval, c->b);
            b_step = !es_program_uniform(f->program, c->b);
        }
        size_t before = kept;
        if (!a_step && !b_step) {
            if (!holds(c, a[0], b ? b[0] : 0)) memset(f->keep + from, 0, to - from), kept = 0;
        } else {
            apply_one(c, a + from * a_step, a_step, b ? b + from * b_step : NULL, b_step, f->keep + from, to - from);
            kept = count(f->keep + from, to - from);
        }
        f->rejected[i] += before - kept;
    }
    return kept;
}

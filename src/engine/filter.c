#include "engine/filter.h"

#include <stdlib.h>
#include <string.h>

es_status es_filter_init(es_filter *f, const es_sweep *sweep, const es_program *program, es_errors *errors) {
    *f = (es_filter){.sweep = sweep, .program = program};
    f->keep = calloc(es_program_tiling(program)->points, 1);
    f->rejected = calloc(sweep->n_conditions + 1, sizeof *f->rejected);
    if (f->keep && f->rejected)
        return ES_OK;
    es_filter_free(f);
    return es_fail_memory(errors);
}

void es_filter_free(es_filter *f) {
    free(f->keep), free(f->rejected);
    f->keep = NULL, f->rejected = NULL;
}

static bool holds(const es_pcond *c, double a, double b) {
    switch (c->kind) {
    case ES_PCOND_EMPTY: return es_is_missing(a);
    case ES_PCOND_NOT_EMPTY: return !es_is_missing(a);
    case ES_PCOND_NODE: return es_compare(c->op, a, b);
    default: return es_compare(c->op, a, c->number);
    }
}

static size_t count(const uint8_t *keep, size_t n) {
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        kept += keep[i];
    return kept;
}

/* Applies one condition to n points; a_step and b_step are 0 for uniform columns. */
static void apply_one(const es_pcond *c, const double *a, size_t a_step, const double *b, size_t b_step, uint8_t *keep,
                      size_t n) {
    if (a_step && (c->kind == ES_PCOND_NUMBER || (c->kind == ES_PCOND_NODE && b_step))) {
        es_where_mask(c->op, a, c->kind == ES_PCOND_NODE ? b : NULL, c->number, keep, n);
        return;
    }
    for (size_t i = 0; i < n; i++)
        keep[i] &= holds(c, a[i * a_step], b ? b[i * b_step] : 0);
}

size_t es_filter_keep_all(es_filter *f, const es_eval *eval, size_t from, size_t to) {
    memset(f->keep, 0, es_eval_count(eval));
    memset(f->keep + from, 1, to - from);
    return to - from;
}

size_t es_filter_apply(es_filter *f, const es_eval *eval, size_t from, size_t to) {
    const es_plan *plan = f->sweep->plan;
    size_t kept = es_filter_keep_all(f, eval, from, to);
    if (plan->runs) {
        const double *runs = es_eval_column(eval, plan->runs_node);
        size_t step = !es_program_uniform(f->program, plan->runs_node);
        for (size_t i = from; i < to; i++)
            f->keep[i] = runs[i * step] > 0;
        kept = count(f->keep + from, to - from);
        f->left_out += to - from - kept;
    }
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
            if (!holds(c, a[0], b ? b[0] : 0))
                memset(f->keep + from, 0, to - from), kept = 0;
        } else {
            apply_one(c, a + from * a_step, a_step, b ? b + from * b_step : NULL, b_step, f->keep + from, to - from);
            kept = count(f->keep + from, to - from);
        }
        f->rejected[i] += before - kept;
    }
    return kept;
}

/* ---- boxes ---- */

static es_verdict verdict(bool always, bool never) {
    return always ? ES_ALL_KEPT : never ? ES_ALL_REJECTED : ES_UNDECIDED;
}

/* Comparisons of values; NaN on either side is the caller's. */
static es_verdict compare_ranges(es_compare_op op, es_range a, es_range b) {
    bool apart = a.high < b.low || a.low > b.high, same = a.low == b.high && a.high == b.low;
    switch (op) {
    case ES_EQ: return verdict(same, apart);
    case ES_NE: return verdict(apart, same);
    case ES_LT: return verdict(a.high < b.low, a.low >= b.high);
    case ES_LE: return verdict(a.high <= b.low, a.low > b.high);
    case ES_GT: return verdict(a.low > b.high, a.high <= b.low);
    default: return verdict(a.low >= b.high, a.high < b.low);
    }
}

static es_verdict judge_one(const es_pcond *c, const es_boxes *boxes, size_t i) {
    es_range a = es_boxes_range(boxes, c->a, i);
    if (c->kind == ES_PCOND_EMPTY)
        return verdict(a.state == ES_HAS_NAN, a.state == ES_HAS_VALUE);
    if (c->kind == ES_PCOND_NOT_EMPTY)
        return verdict(a.state == ES_HAS_VALUE, a.state == ES_HAS_NAN);
    es_range b = {c->number, c->number, c->number == c->number ? ES_HAS_VALUE : ES_HAS_NAN};
    if (c->kind == ES_PCOND_NODE)
        b = es_boxes_range(boxes, c->b, i);
    if (a.state == ES_HAS_NAN || b.state == ES_HAS_NAN)
        return ES_ALL_REJECTED;
    es_verdict v = compare_ranges(c->op, a, b);
    return v == ES_ALL_KEPT && (a.state | b.state) & ES_HAS_NAN ? ES_UNDECIDED : v;
}

bool es_filter_all_run(const es_filter *f, const es_boxes *boxes, size_t i) {
    const es_plan *plan = f->sweep->plan;
    return !plan->runs || es_boxes_range(boxes, plan->runs_node, i).low > 0;
}

es_verdict es_filter_judge(es_filter *f, const es_boxes *boxes, size_t i, uint64_t n) {
    const bool all_run = es_filter_all_run(f, boxes, i);
    if (!all_run && !(es_boxes_range(boxes, f->sweep->plan->runs_node, i).high > 0)) {
        f->left_out += n;
        return ES_ALL_REJECTED;
    }
    for (size_t k = 0; k < f->sweep->n_conditions; k++) {
        es_verdict v = judge_one(&f->sweep->plan->condition[k], boxes, i);
        if (v == ES_ALL_REJECTED && all_run)
            f->rejected[k] += n;
        if (v != ES_ALL_KEPT)
            return v == ES_ALL_REJECTED && !all_run ? ES_UNDECIDED : v;
    }
    return all_run ? ES_ALL_KEPT : ES_UNDECIDED;
}

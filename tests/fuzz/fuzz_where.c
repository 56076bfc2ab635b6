/* Any bytes as conditions.  What is read must hold together: every condition is read again from its own source, computes the
 * same alone as in a column, and lies in the ranges of its inputs; masks do what comparisons of single values do. */
#include "fuzz.h"

#include <math.h>

#include "grid/where.h"

enum { N = 10 };

static const double *values(double x) {
    static double value[N];
    const double some[N] = {x, nextafter(x, 1e300), nextafter(x, -1e300), -x, 0, NAN, INFINITY, -INFINITY, 1, 1e300};
    memcpy(value, some, sizeof some);
    return value;
}

static void check_mask(const es_comparison *c) {
    const double *value = values(c->number);
    uint8_t keep[N];
    size_t failed = 0;
    memset(keep, 1, N);
    FUZZ_CHECK(isfinite(c->number));
    size_t counted = es_where_mask(c->op, value, NULL, c->number, keep, N);
    for (size_t i = 0; i < N; i++) {
        FUZZ_CHECK(keep[i] == es_compare(c->op, value[i], c->number));
        failed += !keep[i];
    }
    FUZZ_CHECK(failed == counted);
}

static void check_values(const es_condition *c, es_arena *arena) {
    const es_expr *x = &c->expr;
    const size_t first = x->node[c->root].first;
    es_expr_binding *binding = es_arena_array(arena, c->root + 1 - first, sizeof *binding);
    const es_expr_program *program;
    for (size_t i = first; i <= c->root; i++)
        if (x->node[i].op == ES_X_NAME || x->node[i].op == ES_X_TEXT)
            binding[i - first] = (es_expr_binding){.kind = ES_BOUND_INPUT, .input = x->node[i].index};
    if (es_expr_compile(&program, x, c->root, binding, arena, NULL))
        return; /* too deep */
    const double **in = es_arena_array(arena, x->n_names + 1, sizeof *in);
    const double **one = es_arena_array(arena, x->n_names + 1, sizeof *one);
    es_expr_range *range = es_arena_array(arena, x->n_names + 1, sizeof *range);
    double out[N], alone;
    for (size_t k = 0; k < x->n_names + 1; k++) {
        in[k] = values(3);
        range[k] = (es_expr_range){-1e300, 1e300, true, true};
    }
    es_expr_run(program, out, in, N);
    const es_expr_range r = es_expr_run_range(program, range);
    for (size_t i = 0; i < N; i++) {
        for (size_t k = 0; k < x->n_names + 1; k++)
            one[k] = in[k] + i;
        es_expr_run(program, &alone, one, 1);
        FUZZ_CHECK(memcmp(&alone, &out[i], sizeof alone) == 0 || (isnan(alone) && isnan(out[i])));
        FUZZ_CHECK(isfinite(alone) ? r.value && r.low <= alone && alone <= r.high : r.missing);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    es_arena arena = {0};
    es_where where = {0};
    es_errors *errors = fuzz_errors();
    const es_slice text = {(const char *)data, size};
    fuzz_outcome(es_where_parse(&where, text, (es_origin){"where", 3, 7}, NULL, &arena, errors), errors);
    for (size_t i = 0; i < where.count; i++) {
        const es_condition *c = &where.condition[i];
        es_where again = {0};
        FUZZ_CHECK(c->source.text >= text.text && c->source.text + c->source.length <= text.text + text.length);
        FUZZ_CHECK(es_where_parse(&again, c->source, (es_origin){0}, NULL, &arena, NULL) == ES_OK);
        es_where_free(&again);
        const es_comparison is = es_where_comparison(&c->expr, c->root);
        if (is.kind == ES_COMPARES_NUMBER)
            check_mask(&is);
        if (i < 8)
            check_values(c, &arena);
    }
    es_where_free(&where);
    es_arena_free(&arena);
    return 0;
}

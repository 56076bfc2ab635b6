/* Any bytes as conditions.  What is read must hold together: every condition is read again from its own source, and masks
 * do what comparisons of single values do. */
#include "fuzz.h"

#include <math.h>

#include "grid/where.h"

static bool same(es_slice a, es_slice b) {
    return a.length == b.length && (!a.length || !memcmp(a.text, b.text, a.length));
}

static void check_again(const es_condition *c) {
    es_arena arena = {0};
    es_where again = {0};
    FUZZ_CHECK(es_where_parse(&again, c->source, (es_origin){0}, &arena, NULL) == ES_OK && again.count == 1);
    const es_condition *d = &again.condition[0];
    FUZZ_CHECK(same(d->column, c->column) && d->op == c->op && d->kind == c->kind);
    FUZZ_CHECK(c->kind != ES_OPERAND_NUMBER || d->number == c->number);
    FUZZ_CHECK(c->kind != ES_OPERAND_TEXT || (same(d->text, c->text) && (c->op == ES_EQ || c->op == ES_NE)));
    FUZZ_CHECK(c->kind != ES_OPERAND_COLUMN || same(d->rhs_column, c->rhs_column));
    es_where_free(&again);
    es_arena_free(&arena);
}

static void check_mask(const es_condition *c) {
    const double x = c->number;
    const double value[] = {x, nextafter(x, 1e300), nextafter(x, -1e300), -x, 0, NAN, INFINITY, -INFINITY, 1, 1e300};
    enum { N = sizeof value / sizeof *value };
    uint8_t keep[N];
    size_t failed = 0;
    memset(keep, 1, N);
    FUZZ_CHECK(isfinite(x));
    size_t counted = es_where_mask(c->op, value, NULL, x, keep, N);
    for (size_t i = 0; i < N; i++) {
        FUZZ_CHECK(keep[i] == es_compare(c->op, value[i], x));
        failed += !keep[i];
    }
    FUZZ_CHECK(failed == counted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    es_arena arena = {0};
    es_where where = {0};
    es_errors *errors = fuzz_errors();
    const es_slice text = {(const char *)data, size};
    fuzz_outcome(es_where_parse(&where, text, (es_origin){"where", 3, 7}, &arena, errors), errors);
    for (size_t i = 0; i < where.count; i++) {
        const es_condition *c = &where.condition[i];
        FUZZ_CHECK(c->column.length > 0 && c->source.text >= text.text &&
                   c->source.text + c->source.length <= text.text + text.length);
        check_again(c);
        if (c->kind == ES_OPERAND_NUMBER)
            check_mask(c);
    }
    es_where_free(&where);
    es_arena_free(&arena);
    return 0;
}

#include "grid/where.h"

#include <stdlib.h>
#include <string.h>

static es_status append(es_where *where, const es_expr *expr, size_t root, es_errors *errors) {
    const es_expr_node *node = &expr->node[root];
    if (node->op == ES_X_AND) {
        es_status status = append(where, expr, node->in[0], errors);
        return status ? status : append(where, expr, node->in[1], errors);
    }
    if (!es_grow((void **)&where->condition, &where->capacity, where->count + 1, sizeof *where->condition))
        return es_fail_memory(errors);
    where->condition[where->count++] =
        (es_condition){*expr, root, es_expr_source(expr, root), es_expr_origin(expr, root)};
    return ES_OK;
}

/* The offset behind the next bare `and` from `from` on, where checking goes on after a fault; 0: none. */
static size_t behind_and(es_slice text, size_t from) {
    char quote = 0, before = 0;
    for (size_t i = 0; i + 3 < text.length; before = text.text[i++]) {
        char c = text.text[i], after = text.text[i + 3];
        quote = quote ? (c == quote ? 0 : quote) : c == '\'' || c == '"' ? c : 0;
        bool apart = (before == ' ' || before == '\t') && (after == ' ' || after == '\t');
        if (!quote && apart && i >= from && es_slice_equal_fold((es_slice){text.text + i, 3}, "and"))
            return i + 3;
    }
    return 0;
}

es_status es_where_parse(es_where *where, es_slice text, es_origin at, const es_expr_words *words, es_arena *arena,
                         es_errors *errors) {
    es_expr expr;
    es_status status = es_expr_parse(&expr, text, at, words, arena, errors);
    if (!status)
        return append(where, &expr, expr.n_nodes - 1, errors);
    for (size_t next; (next = behind_and(text, expr.stopped)) > 0;) {
        text.text += next, text.length -= next;
        at.column += at.column ? next : 0;
        if (es_expr_parse(&expr, text, at, words, arena, errors) == ES_OK)
            break;
    }
    return status;
}

void es_where_free(es_where *where) {
    free(where->condition);
    *where = (es_where){0};
}

es_comparison es_where_comparison(const es_expr *x, size_t root) {
    static const es_compare_op mirrored[] = {
        [ES_EQ] = ES_EQ, [ES_NE] = ES_NE, [ES_LT] = ES_GT, [ES_LE] = ES_GE, [ES_GT] = ES_LT, [ES_GE] = ES_LE};
    const es_expr_node *n = &x->node[root];
    es_comparison c = {.a = n->in[0], .b = n->in[n->n_in > 1], .op = ES_NE};
    if (n->op == ES_X_NAME)
        return (es_comparison){.kind = ES_COMPARES_NUMBER, .op = ES_NE, .a = root, .b = root};
    if (n->op == ES_X_EMPTY || n->op == ES_X_PRESENT) {
        c.kind = x->node[c.a].op == ES_X_NAME ? ES_COMPARES_TEXT : ES_COMPARES_NOTHING;
        c.op = n->op == ES_X_EMPTY ? ES_EQ : ES_NE;
        return c;
    }
    if (n->op < ES_X_EQ || n->op > ES_X_GE)
        return c;
    c.op = (es_compare_op)(n->op - ES_X_EQ);
    if (x->node[c.a].op != ES_X_NAME)
        c.a = n->in[1], c.b = n->in[0], c.op = mirrored[c.op];
    es_expr_op b = x->node[c.b].op;
    if (x->node[c.a].op != ES_X_NAME)
        return c;
    c.kind = b == ES_X_NUMBER ? ES_COMPARES_NUMBER
             : b == ES_X_TEXT ? ES_COMPARES_TEXT
             : b == ES_X_NAME ? ES_COMPARES_NAME
                              : ES_COMPARES_NOTHING;
    c.number = x->node[c.b].number, c.text = x->node[c.b].text;
    return c;
}

bool es_compare_text(es_compare_op op, es_slice cell, es_slice text) {
    if (cell.length == 0 && text.length > 0)
        return false;
    const bool equal = cell.length == text.length && (cell.length == 0 || !memcmp(cell.text, text.text, cell.length));
    return op == ES_EQ ? equal : !equal;
}

/* In a form that compilers vectorise: x - x is 0, all bits of it, or NaN. */
static bool all_are_values(const double *x, size_t n) {
    uint64_t any = 0;
    for (size_t i = 0; i < n; i++) {
        const double nothing = x[i] - x[i];
        uint64_t bits;
        memcpy(&bits, &nothing, sizeof bits);
        any |= bits;
    }
    return !any;
}

/* One plain loop per operator and kind of right-hand side, so that the compiler vectorises each.  Of values only. */
#define MASK_LOOP(condition)                                                                                           \
    do {                                                                                                               \
        for (size_t i = 0; i < n; i++) {                                                                               \
            const uint8_t holds = (condition) != 0;                                                                    \
            keep[i] &= (uint8_t)-holds;                                                                                \
            failed += 1u - holds;                                                                                      \
        }                                                                                                              \
    } while (0)

#define MASK_LOOPS(B)                                                                                                  \
    switch (op) {                                                                                                      \
    case ES_EQ: MASK_LOOP(a[i] == (B)); break;                                                                         \
    case ES_NE: MASK_LOOP(a[i] != (B)); break;                                                                         \
    case ES_LT: MASK_LOOP(a[i] < (B)); break;                                                                          \
    case ES_LE: MASK_LOOP(a[i] <= (B)); break;                                                                         \
    case ES_GT: MASK_LOOP(a[i] > (B)); break;                                                                          \
    default: MASK_LOOP(a[i] >= (B)); break;                                                                            \
    }

static size_t mask_with_missing(es_compare_op op, const double *a, const double *b, double number, uint8_t *keep,
                                size_t n) {
    size_t failed = 0;
    for (size_t i = 0; i < n; i++) {
        const bool holds = es_compare(op, a[i], b ? b[i] : number);
        keep[i] = holds ? keep[i] : 0;
        failed += !holds;
    }
    return failed;
}

size_t es_where_mask(es_compare_op op, const double *a, const double *b, double number, uint8_t *keep, size_t n) {
    size_t failed = 0;
    if (!all_are_values(a, n) || (b ? !all_are_values(b, n) : es_is_missing(number)))
        return mask_with_missing(op, a, b, number, keep, n);
    if (b) {
        MASK_LOOPS(b[i])
    } else {
        MASK_LOOPS(number)
    }
    return failed;
}

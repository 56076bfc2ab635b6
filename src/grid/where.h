/* Conditions on rows: expressions (base/expr.h) over columns, joined by `and`.
 *
 * A row for which a condition is missing does not satisfy it.  A column name with blanks or operators in it is written in
 * double quotes, as in SQL; without them when the table has such a column and no blank, comparison or quote is in it.
 */
#ifndef ES_GRID_WHERE_H
#define ES_GRID_WHERE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/expr.h"
#include "base/number.h"
#include <edgesweep/error.h>

typedef enum es_compare_op { ES_EQ, ES_NE, ES_LT, ES_LE, ES_GT, ES_GE } es_compare_op;

/* One condition: what stands between two `and`s that are in no parentheses or alternatives. */
typedef struct es_condition {
    es_expr expr; /* of the whole text */
    size_t root;  /* of this condition in it */
    es_slice source;
    es_origin origin;
} es_condition;

typedef struct es_where {
    es_condition *condition; /* zero-initialise before use */
    size_t count, capacity;
} es_where;

/* Appends the conditions of `text`, whose first byte is at `at`; with at.column = 0 messages carry no column.  `words` may
 * be NULL.  Slices point into `text` or into the arena, which must both outlive `where`.  Every fault is one ES_EUSAGE
 * error; then the conditions of the text are left out. */
es_status es_where_parse(es_where *where, es_slice text, es_origin at, const es_expr_words *words, es_arena *arena,
                         es_errors *errors);

void es_where_free(es_where *where);

/* The comparison that a condition is: `name op number`, `name op 'text'`, `name op name`, a name alone (op ES_NE of 0). */
typedef enum es_comparison_kind {
    ES_COMPARES_NOTHING, /* something longer */
    ES_COMPARES_NUMBER,
    ES_COMPARES_TEXT, /* '' for = '' and != '' */
    ES_COMPARES_NAME
} es_comparison_kind;

typedef struct es_comparison {
    es_comparison_kind kind;
    es_compare_op op;
    size_t a, b; /* nodes: the name, and what it is compared with (a when it stands alone) */
    double number;
    es_slice text;
} es_comparison;

es_comparison es_where_comparison(const es_expr *expr, size_t root);

/* False whenever a or b is missing. */
static inline bool es_compare(es_compare_op op, double a, double b) {
    if (es_is_missing(a) || es_is_missing(b))
        return false;
    switch (op) {
    case ES_EQ: return a == b;
    case ES_NE: return a < b || a > b;
    case ES_LT: return a < b;
    case ES_LE: return a <= b;
    case ES_GT: return a > b;
    default: return a >= b;
    }
}

/* Byte for byte, by ES_EQ and ES_NE; an empty `cell` is missing, which only '' equals. */
bool es_compare_text(es_compare_op op, es_slice cell, es_slice text);

/* keep[i] becomes 0 where `a[i] op b[i]` (b NULL: `a[i] op number`) does not hold and stays as it was elsewhere.  Returns
 * how many of the n elements fail this condition, whatever keep held before. */
size_t es_where_mask(es_compare_op op, const double *a, const double *b, double number, uint8_t *keep, size_t n);

#endif

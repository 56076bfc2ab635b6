/* Conditions on rows: `column OP number`, `column OP 'text'`, `column OP column`.
 *
 * OP is one of = == != < <= > >=.  Numbers take the suffixes k M G T Ki Mi Gi Ti.  In 'text' two quotes stand for one; a
 * column name with blanks or operators in it is written in double quotes, as in SQL.  Texts compare byte for byte, by
 * = and != only.  A missing cell satisfies no condition, != included; the one exception is comparison with the empty
 * text: c = '' holds for the empty cells, c != '' for all others.
 */
#ifndef ES_GRID_WHERE_H
#define ES_GRID_WHERE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/number.h"
#include "base/text.h"
#include <edgesweep/error.h>

typedef enum es_compare_op { ES_EQ, ES_NE, ES_LT, ES_LE, ES_GT, ES_GE } es_compare_op;

typedef enum es_operand { ES_OPERAND_NUMBER, ES_OPERAND_TEXT, ES_OPERAND_COLUMN } es_operand;

typedef struct es_condition {
    es_slice column;
    es_compare_op op;
    es_operand kind; /* which of the next three is set */
    double number;
    es_slice text; /* without its quotes */
    es_slice rhs_column;
    es_slice source;      /* the condition as written, for messages */
    es_origin origin;     /* of the column, which is the start of the condition */
    es_origin rhs_origin; /* of the right-hand side */
} es_condition;

typedef struct es_where {
    es_condition *condition; /* zero-initialise before use */
    size_t count, capacity;
} es_where;

/* Appends the conditions of `text` (one, or several joined by `and`), whose first byte is at `at`; with at.column = 0
 * messages carry no column.  Slices point into `text` or into the arena, which must both outlive `where`.  Every fault is
 * one ES_EUSAGE error; those conditions are left out. */
es_status es_where_parse(es_where *where, es_slice text, es_origin at, es_arena *arena, es_errors *errors);

void es_where_free(es_where *where);

/* "=" "!=" "<" "<=" ">" ">=" */
const char *es_compare_op_text(es_compare_op op);

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

/* Only ES_EQ and ES_NE; an empty `cell` is missing. */
bool es_compare_text(es_compare_op op, es_slice cell, es_slice text);

/* keep[i] becomes 0 where `a[i] op b[i]` (b NULL: `a[i] op number`) does not hold and stays as it was elsewhere.  Returns
 * how many of the n elements fail this condition, whatever keep held before. */
size_t es_where_mask(es_compare_op op, const double *a, const double *b, double number, uint8_t *keep, size_t n);

#endif

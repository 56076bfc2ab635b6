/* Expressions over named values: formulas of kernels, columns and conditions of users, fields tied to other fields.
 *
 *     1.5e3  4k  2Gi                      numbers, with the suffixes of sweep files
 *     tpot_s  device.price_usd  "Tok/s"   names; in double quotes any text, two quotes standing for one
 *     'Raspberry Pi 5'                    a text, operand of = == != only, against a name; '' against anything
 *     + - * /  ( )  unary + -             as in C
 *     < <= > >= = == !=                   1 or 0; they do not chain
 *     !  && ||  not and or  ?:            `not` takes a whole comparison, `!` binds like a sign
 *     min max (2 or more)  floor ceil abs sqrt log exp (1)  pow (2)
 *
 * Missing values.  A value that is NaN or beyond the range of a double is missing, and what is computed from it is missing
 * too: sums, products, minima, comparisons.  `and` and `or` are missing only where the missing side decides; of ?: only
 * the chosen side counts; x = '' is 1 where x is missing, else 0.  Division by zero, overflow, logarithms and roots
 * outside their domain give missing.  es_expr_run follows these rules; formulas that C compiles follow C's.
 *
 * Parsed expressions and programs live in the caller's arena, borrow the text, and are read-only afterwards: any number
 * of threads may use one.  Faults are ES_EUSAGE with the place of the token.
 */
#ifndef ES_BASE_EXPR_H
#define ES_BASE_EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"
#include <edgesweep/error.h>

enum { ES_EXPR_ARGS_MAX = 12, ES_EXPR_NODES_MAX = 65000, ES_EXPR_SIGNS_MAX = 4096, ES_EXPR_NESTED_MAX = 200 };

typedef enum es_expr_op {
    ES_X_NUMBER,
    ES_X_TEXT, /* only below EQ and NE */
    ES_X_NAME,
    ES_X_CALL,    /* of a function that the caller registered */
    ES_X_EMPTY,   /* x = '' */
    ES_X_PRESENT, /* x != '' */
    ES_X_NEG,
    ES_X_NOT,
    ES_X_FLOOR,
    ES_X_CEIL,
    ES_X_ABS,
    ES_X_SQRT,
    ES_X_LOG,
    ES_X_EXP,
    ES_X_POW,
    ES_X_ADD,
    ES_X_SUB,
    ES_X_MUL,
    ES_X_DIV,
    ES_X_MIN,
    ES_X_MAX,
    ES_X_EQ,
    ES_X_NE,
    ES_X_LT,
    ES_X_LE,
    ES_X_GT,
    ES_X_GE,
    ES_X_AND,
    ES_X_OR,
    ES_X_IF /* in[0] ? in[1] : in[2] */
} es_expr_op;

typedef struct es_expr_node {
    es_expr_op op;
    uint16_t n_in, in[ES_EXPR_ARGS_MAX]; /* earlier nodes */
    uint16_t first;                      /* the nodes [first, this one] are the whole subexpression */
    uint16_t index;                      /* NAME: into es_expr.name; CALL: into the functions */
    uint32_t from, to;                   /* its bytes in the text */
    double number;                       /* NUMBER */
    es_slice text;                       /* TEXT: without its quotes */
} es_expr_node;

typedef struct es_expr {
    es_slice text;
    es_origin at;             /* of the text */
    const es_expr_node *node; /* operands before their users; the last one is the whole expression */
    size_t n_nodes;
    const es_slice *name; /* each once, in order of appearance */
    size_t n_names;
    size_t stopped; /* after a fault: the offset where parsing ended */
} es_expr;

typedef struct es_interval {
    double low, high;
} es_interval;

/* A function of the caller's, which the parser accepts and es_expr_signs understands. */
typedef struct es_expr_function {
    const char *name;
    uint16_t n_args;
    const char *signs; /* per argument one of + - 0 =: the value never falls, never rises, unknown, is the same */
    es_interval result;
} es_expr_function;

typedef struct es_expr_words {
    const es_expr_function *function;
    size_t n_functions;
    /* Whether a word that is not an identifier (`tok/s`, `4bit`) is a name; the longest one wins.  NULL: never. */
    bool (*is_name)(const void *context, es_slice word);
    const void *context;
} es_expr_words;

/* Parses the whole text, whose first byte is at `at`; with at.column = 0 messages carry no column.  `words` may be NULL. */
es_status es_expr_parse(es_expr *x, es_slice text, es_origin at, const es_expr_words *words, es_arena *arena,
                        es_errors *errors);

/* Place and source of a node, for messages. */
es_origin es_expr_origin(const es_expr *x, size_t node);
es_slice es_expr_source(const es_expr *x, size_t node);

/* How the subexpression at `root` depends on each name, whose values lie in domain[name]: sign[name] becomes '=' where it
 * does not depend on it, '+' where the value never falls as it rises, '-' where it never rises, '0' where neither is
 * certain.  The signs hold wherever the value is finite, for rounded arithmetic too, and while other names are missing;
 * `x == x` is the C way to ask for a value and has no sign.  Through log, exp and pow, whose rounding may not be
 * monotone, signs are '0', and so they are in formulas of more than ES_EXPR_SIGNS_MAX nodes.  Returns where the value
 * lies. */
es_interval es_expr_signs(const es_expr *x, size_t root, const es_expr_function *function, const es_interval *domain,
                          char *sign);

/* ---- values ---- */

/* Where the value of a node comes from; zero for nodes that are computed from their operands. */
typedef enum es_expr_bound { ES_BOUND_NOT, ES_BOUND_INPUT, ES_BOUND_CONSTANT } es_expr_bound;

typedef struct es_expr_binding {
    es_expr_bound kind;
    uint16_t input;  /* INPUT: number of the column */
    double constant; /* CONSTANT */
} es_expr_binding;

typedef struct es_expr_program es_expr_program;

/* Compiles the subexpression at `root`.  binding[i] is for its node number i, counted from the `first` of root; it is wanted
 * for every name; any other node may be bound too, whose operands are then not looked at: a comparison with a text, say, that only the caller can make.  ES_EUSAGE when the
 * expression needs more than 16 intermediate columns at once or has functions of the caller. */
es_status es_expr_compile(const es_expr_program **program, const es_expr *x, size_t root,
                          const es_expr_binding *binding, es_arena *arena, es_errors *errors);

/* out[i] from in[input][i] for i < n; out overlaps no input.  The same bits for every n and machine. */
void es_expr_run(const es_expr_program *program, double *out, const double *const *in, size_t n);

/* What is known of a value: where it lies if there is one, and whether there may be one or may be none. */
typedef struct es_expr_range {
    double low, high;
    bool value, missing;
} es_expr_range;

/* Where the result lies for inputs in these ranges, by interval arithmetic: bounds that also hold for rounded results.
 * Both ends are reached where no name occurs twice, or where its occurrences agree in sign. */
es_expr_range es_expr_run_range(const es_expr_program *program, const es_expr_range *in);

#endif

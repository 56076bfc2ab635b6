/* Arithmetic with 113 bits, and the value of expressions in it.  C's rules: a comparison with NaN is false. */
#ifndef ES_TESTS_REAL_H
#define ES_TESTS_REAL_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/expr.h"

#if defined(__SIZEOF_FLOAT128__)
typedef __float128 real;
#else
typedef long double real; /* 113 bits on most machines without __float128 */
#endif

static inline real smaller(real a, real b) { return a < b ? a : b; }
static inline real larger(real a, real b) { return a > b ? a : b; }
static inline real whole(real x) { return (real)(int64_t)x; } /* 0 <= x < 2^63, towards 0 */
static inline real ceiling(real x) { return whole(x) < x ? whole(x) + 1 : whole(x); }

/* exp(x) - 1 for x >= 0, by exp(x) = exp(x/2^12)^(2^12); nothing cancels. */
static inline real exponential_less_1(real x) {
    real r = x / 4096, term = 1, sum = 0;
    for (int i = 1; i <= 24; i++)
        sum += term *= r / i;
    for (int i = 0; i < 12; i++)
        sum *= sum + 2;
    return sum;
}

static inline real exponential(real x) { return x < 0 ? 1 / (1 + exponential_less_1(-x)) : 1 + exponential_less_1(x); }

/* Newton's iteration from the logarithm of the nearest double. */
static inline real logarithm(real x) {
    real y = log((double)x);
    for (int i = 0; i < 4; i++)
        y += 2 * (x - exponential(y)) / (x + exponential(y));
    return y;
}

static inline real power(real x, uint64_t n) {
    real result = 1;
    for (; n; n >>= 1, x *= x)
        result *= n & 1 ? x : 1;
    return result;
}

static inline real real_floor(real x) {
    if (!(x > -(real)0x1p62 && x < (real)0x1p62))
        return x;
    return x < 0 ? -ceiling(-x) : whole(x);
}

static inline real real_sqrt(real x) {
    if (!(x > 0) || x - x != 0)
        return x == 0 ? x : x > 0 ? x : (real)NAN;
    real y = sqrt((double)x);
    for (int i = 0; i < 3; i++)
        y = (y + x / y) / 2;
    return y;
}

/* The value of the subexpression at `root`; name[i] is that of name i, `call` computes functions of the caller (may be NULL
 * when there are none). */
static inline real real_of_expr(const es_expr *x, size_t root, const real *name,
                                real (*call)(const es_expr_node *node, const real *argument)) {
    real *value = calloc(root + 1, sizeof *value), result;
    for (size_t i = x->node[root].first; i <= root; i++) {
        const es_expr_node *n = &x->node[i];
        real in[ES_EXPR_ARGS_MAX] = {0};
        for (size_t k = 0; k < n->n_in; k++)
            in[k] = value[n->in[k]];
        real a = in[0], b = in[1];
        switch (n->op) {
        case ES_X_NUMBER: value[i] = n->number; break;
        case ES_X_TEXT: break;
        case ES_X_NAME: value[i] = name[n->index]; break;
        case ES_X_CALL: value[i] = call(n, in); break;
        case ES_X_EMPTY: value[i] = !(a - a == 0); break;
        case ES_X_PRESENT: value[i] = a - a == 0; break;
        case ES_X_NEG: value[i] = -a; break;
        case ES_X_NOT: value[i] = a == 0; break;
        case ES_X_FLOOR: value[i] = real_floor(a); break;
        case ES_X_CEIL: value[i] = -real_floor(-a); break;
        case ES_X_ABS: value[i] = a < 0 ? -a : a; break;
        case ES_X_SQRT: value[i] = real_sqrt(a); break;
        case ES_X_LOG: value[i] = logarithm(a); break;
        case ES_X_EXP: value[i] = exponential(a); break;
        case ES_X_POW: value[i] = exponential(b * logarithm(a)); break;
        case ES_X_ADD: value[i] = a + b; break;
        case ES_X_SUB: value[i] = a - b; break;
        case ES_X_MUL: value[i] = a * b; break;
        case ES_X_DIV: value[i] = a / b; break;
        case ES_X_MIN: value[i] = smaller(a, b); break;
        case ES_X_MAX: value[i] = larger(a, b); break;
        case ES_X_EQ: value[i] = a == b; break;
        case ES_X_NE: value[i] = a != b; break;
        case ES_X_LT: value[i] = a < b; break;
        case ES_X_LE: value[i] = a <= b; break;
        case ES_X_GT: value[i] = a > b; break;
        case ES_X_GE: value[i] = a >= b; break;
        case ES_X_AND: value[i] = a != 0 && b != 0; break;
        case ES_X_OR: value[i] = a != 0 || b != 0; break;
        case ES_X_IF: value[i] = a != 0 ? b : in[2]; break;
        }
    }
    result = value[root];
    free(value);
    return result;
}

#endif

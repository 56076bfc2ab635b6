/* One plain loop per operation over a chunk of each column, which compilers vectorise. */
#include "base/expr_steps.h"

#include <math.h>
#include <string.h>

#include "base/expo.h"

/* 0, or NaN where x is missing: added to a result, it keeps what is missing missing. */
static inline double gap(double x) { return x - x; }

/* No call where the machine has no instruction for it. */
static inline double down(double x) {
    double nearest = (fabs(x) + 0x1p52) - 0x1p52, whole = copysign(nearest, x);
    return fabs(x) < 0x1p52 ? (whole > x ? whole - 1 : whole) : x;
}

static double logarithm(double x) {
    if (!(x > 0) || gap(x) != 0)
        return NAN;
    return x < 0x1p-1022 ? es_log(x * 0x1p54) - 54 * (ES_LN2_HIGH + ES_LN2_LOW) : es_log(x);
}

/* es_exp over the whole range of doubles. */
static double exponential(double x) {
    double half = es_exp(x / 2);
    return fabs(x) > 700 ? half * half : es_exp(x);
}

/* By multiplication for whole exponents, so that x*x and pow(x, 2) are the same. */
static double power(double x, double y) {
    if (gap(x) != 0 || gap(y) != 0)
        return NAN;
    bool whole = down(y) == y;
    if (whole && fabs(y) <= 64) {
        double result = 1, factor = x;
        for (unsigned n = (unsigned)fabs(y); n; n >>= 1, factor *= factor)
            result = n & 1 ? result * factor : result;
        return y < 0 ? 1 / result : result;
    }
    if (y == 0.5 && x >= 0)
        return sqrt(x);
    if (x == 0)
        return y > 0 ? 0 : NAN;
    if (x < 0 && !whole)
        return NAN;
    double size = exponential(y * logarithm(fabs(x)));
    return x < 0 && down(y / 2) * 2 != y ? -size : size;
}

#define LOOP(expression)                                                                                               \
    for (size_t i = 0; i < n; i++) {                                                                                   \
        const double x = a[i];                                                                                         \
        to[i] = (expression);                                                                                          \
    }                                                                                                                  \
    break;
#define LOOP2(expression)                                                                                              \
    for (size_t i = 0; i < n; i++) {                                                                                   \
        const double x = a[i], y = b[i], r = (expression);                                                             \
        to[i] = r + gap(x) + gap(y);                                                                                   \
    }                                                                                                                  \
    break;
/* What is infinite stays missing through sums and products, as infinity or NaN. */
#define LOOP2_PLAIN(expression)                                                                                        \
    for (size_t i = 0; i < n; i++) {                                                                                   \
        const double x = a[i], y = b[i];                                                                               \
        to[i] = (expression);                                                                                          \
    }                                                                                                                  \
    break;

static void run_step(es_expr_op op, double *restrict to, const double *restrict a, const double *restrict b,
                     const double *restrict c, size_t n) {
    switch (op) {
    case ES_X_NAME: memcpy(to, a, n * sizeof *to); break;
    case ES_X_EMPTY: LOOP(gap(x) == 0 ? 0.0 : 1.0)
    case ES_X_PRESENT: LOOP(gap(x) == 0 ? 1.0 : 0.0)
    case ES_X_NEG: LOOP(-x)
    case ES_X_NOT: LOOP((x == 0 ? 1.0 : 0.0) + gap(x))
    case ES_X_FLOOR: LOOP(down(x))
    case ES_X_CEIL: LOOP(-down(-x))
    case ES_X_ABS: LOOP(fabs(x))
    case ES_X_SQRT: LOOP(sqrt(x))
    case ES_X_LOG: LOOP(logarithm(x))
    case ES_X_EXP: LOOP(exponential(x) + gap(x))
    case ES_X_POW: LOOP2_PLAIN(power(x, y))
    case ES_X_ADD: LOOP2_PLAIN(x + y)
    case ES_X_SUB: LOOP2_PLAIN(x - y)
    case ES_X_MUL: LOOP2_PLAIN(x * y)
    case ES_X_DIV: LOOP2_PLAIN(x / y + gap(y))
    case ES_X_MIN: LOOP2(x < y ? x : y)
    case ES_X_MAX: LOOP2(x > y ? x : y)
    case ES_X_EQ: LOOP2(x == y ? 1.0 : 0.0)
    case ES_X_NE: LOOP2(x != y ? 1.0 : 0.0)
    case ES_X_LT: LOOP2(x < y ? 1.0 : 0.0)
    case ES_X_LE: LOOP2(x <= y ? 1.0 : 0.0)
    case ES_X_GT: LOOP2(x > y ? 1.0 : 0.0)
    case ES_X_GE: LOOP2(x >= y ? 1.0 : 0.0)
    case ES_X_AND:
        for (size_t i = 0; i < n; i++) {
            const double x = a[i], y = b[i], known = 1 + gap(x) + gap(y);
            const int fails = (x == 0) | (y == 0);
            to[i] = fails ? 0 : known;
        }
        break;
    case ES_X_OR:
        for (size_t i = 0; i < n; i++) {
            const double x = a[i], y = b[i], none = gap(x) + gap(y);
            const int first = (gap(x) == 0) & (x != 0), second = (gap(y) == 0) & (y != 0);
            to[i] = (first | second) != 0 ? 1 : none;
        }
        break;
    case ES_X_IF:
        for (size_t i = 0; i < n; i++) {
            const double x = a[i], y = b[i], z = c[i], r = x != 0 ? y : z;
            to[i] = r + gap(x);
        }
        break;
    default: break; /* numbers, texts and functions are no steps */
    }
}

void ES_SIMD_NAME(es_expr_steps)(const es_expr_program *p, double *out, const double *const *in, size_t n) {
    _Alignas(64) double space[ES_EXPR_REGISTERS][ES_EXPR_CHUNK];
    for (size_t first = 0; first < n; first += ES_EXPR_CHUNK) {
        size_t count = n - first < ES_EXPR_CHUNK ? n - first : ES_EXPR_CHUNK;
        for (size_t k = 0; k < p->n_steps; k++) {
            const es_expr_step *s = &p->step[k];
            const double *operand[3];
            for (size_t j = 0; j < 3; j++)
                operand[j] = s->in[j].place == ES_AT_REGISTER ? space[s->in[j].index]
                             : s->in[j].place == ES_AT_INPUT  ? in[s->in[j].index] + first
                                                              : p->constant + s->in[j].index * ES_EXPR_CHUNK;
            run_step(s->op, k + 1 == p->n_steps ? out + first : space[s->to], operand[0], operand[1], operand[2],
                     count);
        }
    }
}

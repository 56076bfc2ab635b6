#include <criterion/criterion.h>

#include <math.h>
#include <string.h>

#include "base/expr.h"
#include "real.h"

static const es_expr_function functions[] = {
    {"floor_count", 1, "+", {0, INFINITY}},
    {"chosen", 2, "++", {-INFINITY, INFINITY}},
    {"share", 2, "+-", {0, 1}},
};
static const es_expr_words words = {functions, sizeof functions / sizeof *functions, NULL, NULL};

static bool parse(es_expr *x, const char *text, es_arena *arena, es_errors *errors) {
    return es_expr_parse(x, es_slice_of(text), (es_origin){"x.sweep", 7, 3}, &words, arena, errors) == ES_OK;
}

static real call(const es_expr_node *node, const real *argument) {
    switch (node->index) {
    case 0: return whole(argument[0]);
    case 1: return argument[0] == argument[0] ? argument[0] : argument[1];
    default: return argument[0] / (argument[0] + argument[1]);
    }
}

/* a = 7, b = 2, c = NaN. */
Test(expr, values_in_113_bits) {
    static const struct {
        const char *text;
        double value;
    } cases[] = {
        {"a + b * 3", 13},
        {"(a + b) * 3", 27},
        {"a - b - 1", 4},
        {"a / b / 2", 1.75},
        {"-a + +b", -5},
        {"--a", 7},
        {"1.5k + 2Ki", 3548},
        {".5e1 * 2", 10},
        {"a > b ? a - b : 0", 5},
        {"a < b ? 1 : b < a ? 2 : 3", 2},
        {"min(a, b, 1) + max(a, b, 9)", 10},
        {"floor(a / b) + ceil(a / b) + abs(b - a) + sqrt(a * a)", 19},
        {"floor(-3.5) * 10 + ceil(-3.5)", -43},
        {"a = 7 and b == 2 && !(a != 7)", 1},
        {"not a == 7 or b >= 2", 1},
        {"NOT a == 7", 0},
        {"!a == 0", 1},
        {"c == c ? c : a", 7},
        {"chosen(c, max(1, a * b))", 14},
        {"floor_count(a / b)", 3},
        {"share(a, b) * 9", 7},
        {"\"a\" + \"b\"", 9},
        {"c == '' and a != ''", 1},
        {"pow(b, 10)", 1024},
        {"log(exp(b))", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        es_arena arena = {0};
        es_errors errors = {0};
        es_expr x;
        cr_assert(parse(&x, cases[i].text, &arena, &errors), "%s: %s", cases[i].text, errors.error[0].text);
        real name[4] = {0};
        for (size_t k = 0; k < x.n_names; k++)
            name[k] = x.name[k].text[0] == 'a' ? 7 : x.name[k].text[0] == 'b' ? 2 : (real)NAN;
        double value = (double)real_of_expr(&x, x.n_nodes - 1, name, call);
        cr_assert_float_eq(value, cases[i].value, 1e-15, "%s: %.17g", cases[i].text, value);
        es_arena_free(&arena);
    }
}

Test(expr, faults_have_a_place) {
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "x.sweep:7:3: expression ends too early: '' (expected a number, a 'text' in quotes or a column)"},
        {"a +", "x.sweep:7:6: expression ends too early: 'a +' (expected a number, a 'text' in quotes or a column)"},
        {"(a", "x.sweep:7:5: expression ends too early: '(a' (expected an operator or a closing parenthesis)"},
        {"a b", "x.sweep:7:5: unexpected token: 'b' (expected an operator or the end)"},
        {"a >< 1", "x.sweep:7:5: unknown operator: '><' (expected one of = != < <= > >=)"},
        {"a < b < c", "x.sweep:7:9: unexpected token: '<' (expected `and`: comparisons do not chain)"},
        {"a < 'x'", "x.sweep:7:7: text compares by = and != only, not by <: ''x''"},
        {"a + 'x'", "x.sweep:7:7: a text where a number is needed: ''x''"},
        {"'x'", "x.sweep:7:3: a text where a number is needed: ''x''"},
        {"'x' = 'x'", "x.sweep:7:9: two texts are compared; expected a column on one side: ''x''"},
        {"a + 1 = 'x'", "x.sweep:7:3: only a column compares with a text: 'a + 1'"},
        {"a = 'b", "x.sweep:7:7: missing closing quote: ''b'"},
        {"a = \"\"", "x.sweep:7:7: empty name: '\"\"'; expected a column"},
        {"a & b", "x.sweep:7:5: unexpected token: '&' (expected an operator or the end)"},
        {"1e999", "x.sweep:7:3: number too large: '1e999' (expected a number, a 'text' in quotes or a column)"},
        {"3x", "x.sweep:7:3: not a number: '3x' (expected a number, a 'text' in quotes or a column)"},
        {"mim(a, 1)", "x.sweep:7:3: unknown function: 'mim'; did you mean 'min'?"},
        {"min(a)", "x.sweep:7:3: wrong number of arguments: 'min' has 1; expected at least 2"},
        {"sqrt(a, b)", "x.sweep:7:3: wrong number of arguments: 'sqrt' has 2; expected 1"},
        {"share(a)", "x.sweep:7:3: wrong number of arguments: 'share' has 1; expected 2"},
        {"a ? b", "x.sweep:7:8: expression ends too early: 'a ? b' (expected an operator or :)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        es_arena arena = {0};
        es_errors errors = {0};
        es_expr x;
        cr_assert(!parse(&x, cases[i].text, &arena, &errors), "%s", cases[i].text);
        cr_assert_str_eq(errors.error[0].text, cases[i].message);
        cr_assert_eq(errors.n_errors, 1, "%s", cases[i].text);
        es_arena_free(&arena);
    }
    char deep[1000];
    memset(deep, '(', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    es_arena arena = {0};
    es_errors errors = {0};
    es_expr x;
    cr_assert(!parse(&x, deep, &arena, &errors));
    cr_assert(strstr(errors.error[0].text, "less nesting"));
    es_arena_free(&arena);
}

/* Names in order of appearance; a and b are not negative, s may be anything, one is in [0,1]. */
Test(expr, signs) {
    static const struct {
        const char *text, *sign;
        double low, high;
    } cases[] = {
        {"a + b", "++", 0, INFINITY},
        {"a - b", "+-", -INFINITY, INFINITY},
        {"a * b / 8", "++", 0, INFINITY},
        {"a / b * 1000", "+-", 0, INFINITY},
        {"a * s", "0+", -INFINITY, INFINITY},
        {"-s", "-", -INFINITY, INFINITY},
        {"1 / (a * 1e9)", "-", 0, INFINITY},
        {"1 / s", "0", -INFINITY, INFINITY},
        {"(1 - one) * a", "-+", 0, INFINITY},
        {"a * b - a * 2", "0+", -INFINITY, INFINITY},
        {"a > b ? a - b : 0", "+-", 0, INFINITY},
        {"a > 0 ? b : 0", "++", 0, INFINITY},
        {"a > 0 ? 0 : b", "-+", 0, INFINITY},
        {"a == a ? a : b", "++", 0, INFINITY},
        {"a == 3 ? b : 1 + b", "0+", 0, INFINITY},
        {"max(1, a * one)", "++", 1, INFINITY},
        {"min(1, a)", "+", 0, 1},
        {"floor(a / b)", "+-", 0, INFINITY},
        {"abs(s)", "0", 0, INFINITY},
        {"a < b", "-+", 0, 1},
        {"not a < b", "+-", 0, 1},
        {"a > 3 and b < 2 or one >= 1", "+-+", 0, 1},
        {"exp(a) * b", "0+", 0, INFINITY},
        {"sqrt(a) / share(a, b)", "0+", 0, INFINITY},
        {"chosen(s, a * b)", "+++", -INFINITY, INFINITY},
        {"s == '' ? a : -a", "=0", -INFINITY, INFINITY},
        {"s = 'x' ? a : 1 + a", "0+", 0, INFINITY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        es_arena arena = {0};
        es_errors errors = {0};
        es_expr x;
        cr_assert(parse(&x, cases[i].text, &arena, &errors), "%s: %s", cases[i].text, errors.error[0].text);
        es_interval domain[4];
        char sign[5] = "";
        for (size_t k = 0; k < x.n_names; k++)
            domain[k] = x.name[k].text[0] == 's'   ? (es_interval){-INFINITY, INFINITY}
                        : x.name[k].text[0] == 'o' ? (es_interval){0, 1}
                                                   : (es_interval){0, INFINITY};
        es_interval r = es_expr_signs(&x, x.n_nodes - 1, functions, domain, sign);
        cr_assert_str_eq(sign, cases[i].sign, "%s: %s", cases[i].text, sign);
        cr_assert(r.low == cases[i].low && r.high == cases[i].high, "%s: %g %g", cases[i].text, r.low, r.high);
        es_arena_free(&arena);
    }
}

/* ---- programs ---- */

enum { N = 300 };

/* a b c d as columns of values, zeros, missing and infinite ones. */
static const double *columns(size_t k) {
    static double value[4][N];
    static const double some[] = {1, 2.5, 0, -3, NAN, 1e300, -0.5, INFINITY, 7};
    for (size_t i = 0; i < N; i++)
        value[k][i] = some[(i / (k == 0 ? 1 : k == 1 ? 9 : k == 2 ? 4 : 25)) % 9];
    return value[k];
}

static const es_expr_program *compile(const char *text, es_expr *x, const double **in, es_arena *arena) {
    es_errors errors = {0};
    cr_assert(parse(x, text, arena, &errors), "%s: %s", text, errors.error[0].text);
    es_expr_binding *binding = es_arena_array(arena, x->n_nodes, sizeof *binding);
    for (size_t i = 0; i < x->n_nodes; i++)
        if (x->node[i].op == ES_X_NAME)
            binding[i] = (es_expr_binding){.kind = ES_BOUND_INPUT, .input = x->node[i].index};
    for (size_t k = 0; k < x->n_names; k++)
        in[k] = columns((size_t)(x->name[k].text[0] - 'a'));
    const es_expr_program *p;
    cr_assert_eq(es_expr_compile(&p, x, x->n_nodes - 1, binding, arena, &errors), ES_OK, "%s: %s", text,
                 errors.error[0].text);
    return p;
}

static bool same(double a, double b) { return a == b || (isnan(a) && isnan(b)); }
static double known(double x) { return isfinite(x) ? x : NAN; }

/* Every operator on every pair, one by one and in a column. */
Test(expr, programs_keep_what_is_missing_missing) {
    static const char *const texts[] = {"a + b",   "a - b",    "a * b",     "a / b",  "min(a, b)", "max(a, b)",
                                        "a = b",   "a != b",   "a < b",     "a <= b", "a > b",     "a >= b",
                                        "a and b", "a or b",   "a ? b : c", "not a",  "-a",        "a == ''",
                                        "a != ''", "floor(a)", "ceil(a)",   "abs(a)"};
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        es_arena arena = {0};
        es_expr x;
        const double *in[4];
        double out[N];
        const es_expr_program *p = compile(texts[t], &x, in, &arena);
        es_expr_run(p, out, in, N);
        for (size_t i = 0; i < N; i++) {
            double a = known(in[0][i]), b = x.n_names > 1 ? known(in[1][i]) : 0,
                   c = x.n_names > 2 ? known(in[2][i]) : 0;
            bool none = isnan(a) || isnan(b);
            double right[] = {a + b,
                              a - b,
                              a * b,
                              a / b,
                              none ? NAN : fmin(a, b),
                              none ? NAN : fmax(a, b),
                              none ? NAN : a == b,
                              none ? NAN : a != b,
                              none ? NAN : a < b,
                              none ? NAN : a <= b,
                              none ? NAN : a > b,
                              none ? NAN : a >= b,
                              a == 0 || b == 0 ? 0
                              : none           ? NAN
                                               : 1,
                              (!isnan(a) && a != 0) || (!isnan(b) && b != 0) ? 1
                              : none                                         ? NAN
                                                                             : 0,
                              isnan(a) ? NAN
                              : a != 0 ? b
                                       : c,
                              isnan(a) ? NAN : a == 0,
                              -a,
                              isnan(a),
                              !isnan(a),
                              floor(a),
                              ceil(a),
                              fabs(a)};
            cr_assert(same(known(out[i]), known(right[t])), "%s: %g %g: %g", texts[t], in[0][i], b, out[i]);
            const double *one[4];
            double alone;
            for (size_t k = 0; k < x.n_names; k++)
                one[k] = in[k] + i;
            es_expr_run(p, &alone, one, 1);
            cr_assert(same(alone, out[i]), "%s alone", texts[t]);
        }
        es_arena_free(&arena);
    }
}

/* Deep and wide formulas against their value in 113 bits, on finite operands. */
Test(expr, programs_compute_what_the_text_says) {
    static const char *const texts[] = {
        "(a + b) * ((a - b) * ((c + 1) * ((d - 2) * ((a + c) * ((b + d) * ((a + 3) * (b - 4)))))))",
        "((a + b) * (c + d) + (a - c) * (b - d)) * ((a + d) * (b + c) + (a * a) * (b * b))",
        "a > b ? (c > d ? a + c : b + d) : (c < d ? a * c : (b > 0 ? b - d : d - b))",
        "pow(abs(a) + 1, 2) + pow(abs(b) + 2, 0.5) + log(abs(c) + 2) * exp(-abs(d) / 8)",
        "pow(abs(a) + 1, 1.7) + pow(2, -3) + 4 * 5 - 1",
        "sqrt(abs(a * b)) + floor(c / 2) * 2 - ceil(d / 3)",
    };
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        es_arena arena = {0};
        es_expr x;
        const double *in[4];
        double out[N];
        const es_expr_program *p = compile(texts[t], &x, in, &arena);
        es_expr_run(p, out, in, N);
        for (size_t i = 0; i < N; i++) {
            real name[4];
            bool finite = true;
            for (size_t k = 0; k < x.n_names; k++) {
                name[k] = in[k][i];
                finite = finite && fabs(in[k][i]) < 1e9;
            }
            if (!finite)
                continue;
            double right = (double)real_of_expr(&x, x.n_nodes - 1, name, call);
            cr_assert_float_eq(out[i], right, 1e-13 * fmax(1, fabs(right)), "%s: %.17g %.17g", texts[t], out[i], right);
        }
        es_arena_free(&arena);
    }
}

Test(expr, powers_and_logarithms_at_the_edges) {
    static const struct {
        const char *text;
        double value;
    } cases[] = {{"pow(-2, 3) + a * 0", -8},
                 {"pow(-2, 0.5) + a * 0", NAN},
                 {"pow(0, 0) + a * 0", 1},
                 {"pow(0, -1) + a * 0", NAN},
                 {"pow(0, 2.5) + a * 0", 0},
                 {"pow(-1, 101) + a * 0", -1},
                 {"pow(10, 400) + a * 0", NAN},
                 {"log(0) + a * 0", NAN},
                 {"log(-1) + a * 0", NAN},
                 {"sqrt(-1) + a * 0", NAN},
                 {"exp(800) + a * 0", NAN},
                 {"exp(-800) + a * 0", 0},
                 {"exp(-705) / exp(-700) + a * 0", 0.0067379469990854671},
                 {"exp(709.5) / exp(700) + a * 0", 13359.726829661872},
                 {"1 / 0 + a * 0", NAN},
                 {"1 / (1 / 0) + a * 0", NAN},
                 {"1e308 * 10 + a * 0", NAN},
                 {"log(5e-324) + a * 0", -744.44007192138127}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        es_arena arena = {0};
        es_expr x;
        const double *in[4], one = 1, *pointer = &one;
        double out;
        const es_expr_program *p = compile(cases[i].text, &x, in, &arena);
        es_expr_run(p, &out, &pointer, 1);
        cr_assert(isnan(cases[i].value) ? !isfinite(out) : fabs(out - cases[i].value) < 1e-12, "%s: %.17g",
                  cases[i].text, out);
        es_arena_free(&arena);
    }
}

/* Of random boxes: every value of random operands in them lies in the range. */
Test(expr, ranges_hold_every_value) {
    static const char *const texts[] = {"a + b",
                                        "a - b",
                                        "a * b",
                                        "a / b",
                                        "min(a, b)",
                                        "max(a, b)",
                                        "a = b",
                                        "a != b",
                                        "a < b",
                                        "a <= b",
                                        "a > b",
                                        "a >= b",
                                        "a and b",
                                        "a or b",
                                        "not a",
                                        "a ? b : c",
                                        "-a",
                                        "a == ''",
                                        "a != ''",
                                        "floor(a)",
                                        "ceil(a)",
                                        "abs(a)",
                                        "sqrt(a)",
                                        "log(a)",
                                        "exp(a)",
                                        "pow(a, 2)",
                                        "pow(a, 3)",
                                        "pow(a, -2)",
                                        "pow(a, 0.5)",
                                        "pow(a, b)",
                                        "a > b ? a - b : 0",
                                        "(a + b) / (c - d) * a",
                                        "a * b - a * c",
                                        "1 / (1 / a)",
                                        "a > 1 and (b < 2 or not c = d)",
                                        "a == '' ? b : a / (b - 1)"};
    static const double some[] = {-2, -1, -0.5, 0, 0.5, 1, 2, 3, 1e200, 1e308, INFINITY};
    uint64_t state = 42;
#define DRAW(n) ((size_t)((state = state * 6364136223846793005u + 1442695040888963407u) >> 33) % (n))
    size_t inside = 0, tight = 0;
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        es_arena arena = {0};
        es_expr x;
        const double *in[4];
        const es_expr_program *p = compile(texts[t], &x, in, &arena);
        for (int round = 0; round < 3000; round++) {
            es_expr_range range[4];
            size_t lowest[4], highest[4];
            for (size_t k = 0; k < 4; k++) {
                lowest[k] = DRAW(10), highest[k] = lowest[k] + DRAW(11 - lowest[k]);
                unsigned states = (unsigned)DRAW(6);
                range[k] = (es_expr_range){some[lowest[k]], some[highest[k]], states != 0, states <= 1};
            }
            es_expr_range r = es_expr_run_range(p, range);
            for (int point = 0; point < 8; point++) {
                double value[4], out;
                const double *one[4];
                for (size_t k = 0; k < 4; k++) {
                    double share = (double)DRAW(1000) / 999, low = range[k].low, high = range[k].high;
                    value[k] = DRAW(3) == 0 ? low : DRAW(3) == 0 ? high : low + share * (fmin(high, 1e308) - low);
                    if (!range[k].value || (range[k].missing && DRAW(3) == 0))
                        value[k] = NAN;
                    one[k] = &value[k];
                }
                es_expr_run(p, &out, one, 1);
                if (isfinite(out))
                    cr_assert(r.value && r.low <= out && out <= r.high, "%s of %g %g %g %g: %g not in %g..%g", texts[t],
                              value[0], value[1], value[2], value[3], out, r.low, r.high);
                else
                    cr_assert(r.missing, "%s of %g %g %g %g: %g..%g is missing", texts[t], value[0], value[1], value[2],
                              value[3], r.low, r.high);
                inside += isfinite(out), tight += out == r.low || out == r.high;
            }
        }
        es_arena_free(&arena);
    }
    cr_assert(inside > 100000 && tight > inside / 5, "%zu %zu", inside, tight);
}

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
        {"a & b", "x.sweep:7:5: unexpected character: '&' (expected a number, a 'text' in quotes or a column)"},
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

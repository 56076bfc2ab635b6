#include <criterion/criterion.h>

#include <math.h>
#include <string.h>

#include "grid/where.h"

static const char *const operator_text[] = {"=", "!=", "<", "<=", ">", ">="};

/* One line per condition: column OP kind:value. */
static void describe(const es_where *where, char *text, size_t size) {
    size_t n = 0;
    text[0] = '\0';
    for (size_t i = 0; i < where->count; i++) {
        const es_condition *c = &where->condition[i];
        const es_expr *x = &c->expr;
        const es_comparison is = es_where_comparison(x, c->root);
        if (is.kind == ES_COMPARES_NOTHING) {
            n += (size_t)snprintf(text + n, size - n, "[%.*s]@%zu|", (int)c->source.length, c->source.text,
                                  (size_t)c->origin.column);
            continue;
        }
        const es_slice a = x->name[x->node[is.a].index], b = x->name[x->node[is.b].index];
        n += (size_t)snprintf(text + n, size - n, "%.*s %s ", (int)a.length, a.text, operator_text[is.op]);
        if (is.kind == ES_COMPARES_NUMBER)
            n += (size_t)snprintf(text + n, size - n, "number:%.17g", is.number);
        else if (is.kind == ES_COMPARES_TEXT)
            n += (size_t)snprintf(text + n, size - n, "text:%.*s", (int)is.text.length, is.text.text);
        else
            n += (size_t)snprintf(text + n, size - n, "column:%.*s", (int)b.length, b.text);
        const es_origin to = es_expr_origin(x, is.b);
        n += (size_t)snprintf(text + n, size - n, "@%zu|", (size_t)to.column);
    }
}

/* The table of these tests has columns whose names are no identifiers. */
static bool is_name(const void *context, es_slice word) {
    (void)context;
    return es_slice_equal(word, "tok/s") || es_slice_equal(word, "4bit") || es_slice_equal(word, "a-b");
}
static const es_expr_words words = {.is_name = is_name};

Test(where, conditions_that_are_fine) {
    static const struct {
        const char *text, *parsed;
    } cases[] = {
        {"fits = 1", "fits = number:1@8|"},
        {"fits==1", "fits = number:1@7|"},
        {"  a != -2.5e3  ", "a != number:-2500@8|"},
        {"a<1k", "a < number:1000@3|"},
        {"a <= 2Ki", "a <= number:2048@6|"},
        {"a>b", "a > column:b@3|"},
        {"device.mem_bw_gbs >= 34", "device.mem_bw_gbs >= number:34@22|"},
        {"device = 'Raspberry Pi 5'", "device = text:Raspberry Pi 5@10|"},
        {"device != 'it''s'", "device != text:it's@11|"},
        {"x=''", "x = text:@1|"},
        {"\"Price (USD)\" < 100", "Price (USD) < number:100@17|"},
        {"\"a\"\"b\" = \"c d\"", "a\"b = column:c d@10|"},
        {"a = 1 and b = 2 AND c = 'and'", "a = number:1@5|b = number:2@15|c = text:and@25|"},
        {"android = 1", "android = number:1@11|"},
        {"\"and\" = 1", "and = number:1@9|"},
        {"fits", "fits != number:0@1|"},
        {"8 <= a and 'x' = b", "a >= number:8@1|b = text:x@12|"},
        {"tok/s > 5 and 4bit = 1 and a-b < a -b", "tok/s > number:5@9|4bit = number:1@22|[a-b < a -b]@28|"},
        {"(tok/s + 1) / tok/ s > 2", "[(tok/s + 1) / tok/ s > 2]@1|"},
        {"fits and (a >= 8 or b < 1) and not c == 'x'", "fits != number:0@1|[(a >= 8 or b < 1)]@10|[not c == 'x']@32|"},
        {"(a = 1 && b = 2) && (c ? d : 1)", "a = number:1@6|b = number:2@15|[(c ? d : 1)]@21|"},
        {"a = 1 or b = 2", "[a = 1 or b = 2]@1|"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        es_where where = {0};
        es_arena arena = {0};
        es_errors errors = {0};
        char text[512];
        cr_assert_eq(
            es_where_parse(&where, es_slice_of(cases[i].text), (es_origin){"f", 1, 1}, &words, &arena, &errors), ES_OK,
            "%s: %s", cases[i].text, errors.error[0].text);
        describe(&where, text, sizeof text);
        cr_assert_str_eq(text, cases[i].parsed);
        cr_assert_eq(errors.n_errors, 0);
        es_where_free(&where);
        es_arena_free(&arena);
    }
}

Test(where, conditions_that_are_wrong) {
    static const struct {
        const char *text, *message;
        unsigned n_errors;
    } cases[] = {
        {"", "x.sweep:7:3: expression ends too early: '' (expected a number, a 'text' in quotes or a column)", 1},
        {"a >", "x.sweep:7:6: expression ends too early: 'a >' (expected a number, a 'text' in quotes or a column)", 1},
        {"a >< 1", "x.sweep:7:5: unknown operator: '><' (expected one of = != < <= > >=)", 1},
        {"a ! 1", "x.sweep:7:5: unexpected token: '!' (expected an operator or the end)", 1},
        {"1 2", "x.sweep:7:5: unexpected token: '2' (expected an operator or the end)", 1},
        {"a = 'b", "x.sweep:7:7: missing closing quote: ''b'", 1},
        {"\"a = 1", "x.sweep:7:3: missing closing double quote: '\"a = 1'", 1},
        {"a < 'b'", "x.sweep:7:7: text compares by = and != only, not by <: ''b''", 1},
        {"a = 1 b = 2", "x.sweep:7:9: unexpected token: 'b' (expected an operator or the end)", 1},
        {"a = 1 and",
         "x.sweep:7:12: expression ends too early: 'a = 1 and' (expected a number, a 'text' in quotes or a column)", 1},
        {"and = 1", "x.sweep:7:3: unexpected token: 'and' (expected a number, a 'text' in quotes or a column)", 1},
        {"a <> 1 and b = 2 and c +", "x.sweep:7:5: unknown operator: '<>' (expected one of = != < <= > >=)", 2},
        {"a = 'b and c' d and e ! 'and x' and f <",
         "x.sweep:7:17: unexpected token: 'd' (expected an operator or the end)", 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        es_where where = {0};
        es_arena arena = {0};
        es_errors errors = {0};
        const es_origin at = {"x.sweep", 7, 3};
        cr_assert_eq(es_where_parse(&where, es_slice_of(cases[i].text), at, &words, &arena, &errors), ES_EUSAGE);
        cr_assert_eq(errors.n_errors, cases[i].n_errors, "%s", cases[i].text);
        cr_assert_str_eq(errors.error[0].text, cases[i].message);
        cr_assert_eq(where.count, 0, "%s", cases[i].text);
        es_where_free(&where);
        es_arena_free(&arena);
    }
}

Test(where, numbers_that_are_wrong) {
    static const char *const numbers[] = {"1x", "1e", "-", "1e999", "1kk", "0x10", ".", "1_000"};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        es_where where = {0};
        es_arena arena = {0};
        es_errors errors = {0};
        char text[32];
        snprintf(text, sizeof text, "a = %s", numbers[i]);
        cr_assert_eq(es_where_parse(&where, es_slice_of(text), (es_origin){"--where", 0, 0}, NULL, &arena, &errors),
                     ES_EUSAGE);
        cr_assert_eq(errors.n_errors, 1);
        cr_assert(strstr(errors.error[0].text, numbers[i]));
        cr_assert_eq(strncmp(errors.error[0].text, "--where: ", 9), 0);
        es_where_free(&where);
        es_arena_free(&arena);
    }
}

Test(where, masks_are_the_comparison_of_each_element) {
    static const double values[] = {-1, -0.0, 0, 1, 2.5, 1e300, -1e300, 5e-324};
    enum { N = 100 };
    double a[N], b[N];
    for (int i = 0; i < N; i++) {
        a[i] = i % 9 == 8 ? NAN : values[i % 9];
        b[i] = i % 7 == 6 ? NAN : values[i % 7];
    }
    for (es_compare_op op = ES_EQ; op <= ES_GE; op++) {
        for (int with_column = 0; with_column < 2; with_column++) {
            uint8_t keep[N];
            size_t failed = 0;
            for (int i = 0; i < N; i++)
                keep[i] = i % 5 != 0;
            const size_t reported = es_where_mask(op, a, with_column ? b : NULL, 1, keep, N);
            for (int i = 0; i < N; i++) {
                const bool holds = es_compare(op, a[i], with_column ? b[i] : 1);
                cr_assert_eq(keep[i], holds && i % 5 != 0, "%s %d", operator_text[op], i);
                cr_assert(!holds || !isnan(a[i]));
                failed += !holds;
            }
            cr_assert_eq(reported, failed);
        }
    }
}

Test(where, texts_compare_byte_for_byte) {
    static const struct {
        const char *cell, *text;
        bool equal, differs;
    } cases[] = {{"a", "a", true, false}, {"a", "A", false, true}, {"a", "ab", false, true},
                 {"", "a", false, false}, {"", "", true, false},   {"a", "", false, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const es_slice cell = es_slice_of(cases[i].cell), text = es_slice_of(cases[i].text);
        cr_assert_eq(es_compare_text(ES_EQ, cell, text), cases[i].equal);
        cr_assert_eq(es_compare_text(ES_NE, cell, text), cases[i].differs);
    }
}

/* The grammar of numeric axes: every kind of range, its exact ends, and every fault with its place. */
#include "sweep_help.h"

#include "grid/values.h"

static const es_value_rule any = {"batch", "tokens", -1e18, 1e18, false, false, false, NULL};
static const es_value_rule whole = {"prompt", "tokens", 1, 1e9, false, true, false, NULL};
static const es_value_rule share = {"device.mem_util", "", 0, 1, true, false, true, NULL};

static es_status parse(const char *written, const es_value_rule *rule, es_values *values, es_arena *arena,
                       es_errors *errors) {
    *errors = (es_errors){0};
    *values = (es_values){0};
    return es_values_parse(values, es_slice_of(written), (es_origin){"f.sweep", 3, 10}, rule, arena, errors);
}

Test(values, lists_and_ranges) {
    static const struct {
        const char *written;
        const es_value_rule *rule;
        size_t n;
        double value[12];
    } cases[] = {
        {"512", &whole, 1, {512}},
        {" 4k , 2Ki ", &whole, 2, {4096, 2048}},
        {"1.5e3", &any, 1, {1500}},
        {"-2, 0, 2", &any, 3, {-2, 0, 2}},
        {"1M, 1G, 1Gi", &any, 3, {1048576, 1e9, 1073741824}},
        {"1:4", &whole, 4, {1, 2, 3, 4}},
        {"1:4+2", &whole, 2, {1, 3}},
        {"1:5+2", &whole, 3, {1, 3, 5}},
        {"7:7", &whole, 1, {7}},
        {"7:7+3", &whole, 1, {7}},
        {"7:7*3", &whole, 1, {7}},
        {"0.5:2", &any, 2, {0.5, 1.5}},
        {"0:1+0.1", &any, 11, {0, 0.1, 0.2, 3 * 0.1, 0.4, 0.5, 6 * 0.1, 7 * 0.1, 0.8, 0.9, 1}},
        {"0.1:0.7+0.2", &any, 4, {0.1, 0.1 + 0.2, 0.5, 0.7}},
        {"1 : 4 + 1.5", &any, 3, {1, 2.5, 4}},
        {"1000:1k+8", &whole, 4, {1000, 1008, 1016, 1024}},
        {"128:4096*2", &whole, 6, {128, 256, 512, 1024, 2048, 4096}},
        {"128:4095*2", &whole, 5, {128, 256, 512, 1024, 2048}},
        {"1:1000*10", &whole, 4, {1, 10, 100, 1000}},
        {"1:8*1.5", &any, 6, {1, 1.5, 2.25, 3.375, 5.0625, 7.59375}},
        {"1e3:1e5*10", &whole, 3, {1e3, 1e4, 1e5}},
        {"lin(0,1,5)", &any, 5, {0, 0.25, 0.5, 0.75, 1}},
        {"lin( 8 , 64 , 8 )", &whole, 8, {8, 16, 24, 32, 40, 48, 56, 64}},
        {"lin(3,3,1)", &whole, 1, {3}},
        {"lin(3,3,4)", &whole, 1, {3}},
        {"log(128,4096,6)", &whole, 6, {128, 256, 512, 1024, 2048, 4096}},
        {"log(1,1000,4)", &whole, 4, {1, 10, 100, 1000}},
        {"log(2,2,1)", &any, 1, {2}},
        {"log(1e3,1e6,4)", &whole, 4, {1e3, 1e4, 1e5, 1e6}},
        {"1:3, 10:30+10, 7", &whole, 7, {1, 2, 3, 10, 20, 30, 7}},
        {"5, 1:3", &whole, 4, {5, 1, 2, 3}},
        {"lin(0,1,3), 5", &any, 4, {0, 0.5, 1, 5}},
        {"x0.5", &share, 1, {0.5}},
        {"x0.8, x1, x1.2", &share, 3, {0.8, 1, 1.2}},
        {"x0.5:1.5+0.5", &share, 3, {0.5, 1, 1.5}},
        {"0.25:1+0.25", &share, 4, {0.25, 0.5, 0.75, 1}},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        es_values values;
        es_arena arena = {0};
        static es_errors errors;
        es_status status = parse(cases[i].written, cases[i].rule, &values, &arena, &errors);
        cr_assert_eq(status, ES_OK, "%s: %s", cases[i].written, errors.error[0].text);
        cr_assert_eq(values.n, cases[i].n, "%s: %zu values", cases[i].written, values.n);
        cr_assert_eq(values.factor, cases[i].written[0] == 'x');
        for (size_t k = 0; k < values.n; k++)
            cr_assert_eq(values.value[k], cases[i].value[k], "%s: value %zu is %.17g", cases[i].written, k,
                         values.value[k]);
        es_arena_free(&arena);
    }
}

/* b belongs to the range when it is within 1e-9 of a step, and is then b to the last bit. */
Test(values, ends_of_ranges) {
    static const struct {
        const char *written;
        size_t n;
        double last;
    } cases[] = {
        {"0:0.9999999999+0.1", 11, 0.9999999999},
        {"0:0.99999999+0.1", 10, 9 * 0.1},
        {"0:1.00000000001+0.1", 11, 1.00000000001},
        {"0:1.0000001+0.1", 11, 10 * 0.1},
        {"1:8.0000000001*2", 4, 8.0000000001},
        {"1:7.9999999999*2", 4, 7.9999999999},
        {"1:7.9999*2", 3, 4},
        {"1:8.01*2", 4, 8},
        {"0:100+0.3333333333333333", 301, 100},
        {"1:1024*1.189207115002721", 41, 1024},
        {"0:1000000", 1000001, 1000000},
        {"0:1000+0.001", 1000001, 1000},
        {"0.1:100000.1+0.1", 1000001, 100000.1},
        {"lin(0.1,0.7,7)", 7, 0.7},
        {"log(0.1,0.7,7)", 7, 0.7},
        {"lin(-1,1e6,1000000)", 1000000, 1e6},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        es_values values;
        es_arena arena = {0};
        static es_errors errors;
        cr_assert_eq(parse(cases[i].written, &any, &values, &arena, &errors), ES_OK, "%s", errors.error[0].text);
        cr_assert_eq(values.n, cases[i].n, "%s: %zu values", cases[i].written, values.n);
        cr_assert_eq(values.value[values.n - 1], cases[i].last, "%s ends at %.17g", cases[i].written,
                     values.value[values.n - 1]);
        for (size_t k = 1; k < values.n; k++)
            cr_assert_lt(values.value[k - 1], values.value[k], "%s", cases[i].written);
        es_arena_free(&arena);
    }
}

/* Value i is a + i*step or a*factor^i in one go: no error adds up along the axis. */
Test(values, random_ranges_are_not_accumulated) {
    dice d = {7};
    for (int round = 0; round < 300; round++) {
        char written[128];
        double a = uniform(&d, 0.01, 100), step = uniform(&d, 0.001, 3), factor = 1 + uniform(&d, 0.001, 2);
        size_t n = 2 + below(&d, 2000);
        double b = a + (double)(n - 1) * step;
        bool by_factor = chance(&d, 2);
        if (by_factor) {
            n = 2 + below(&d, 60);
            b = a * pow(factor, (double)n - 0.5);
            snprintf(written, sizeof written, "%.17g:%.17g*%.17g", a, b, factor);
        } else {
            b += step / 2;
            snprintf(written, sizeof written, "%.17g:%.17g+%.17g", a, b, step);
        }
        es_values values;
        es_arena arena = {0};
        static es_errors errors;
        cr_assert_eq(parse(written, &(es_value_rule){"a", "", -1e300, 1e300, false, false, false, NULL}, &values,
                           &arena, &errors),
                     ES_OK, "%s", errors.error[0].text);
        cr_assert_eq(values.n, n, "%s: %zu values, expected %zu", written, values.n, n);
        for (size_t i = 0; i < n; i++) {
            double want = by_factor ? (double)(a * powl(factor, (long double)i)) : a + (double)i * step;
            cr_assert_leq(fabs(values.value[i] - want), 1e-14 * fabs(want), "%s: value %zu", written, i);
        }
        es_arena_free(&arena);
    }
}

Test(values, duplicates_are_dropped_with_a_warning) {
    static const struct {
        const char *written, *warning;
        size_t n;
        double value[6];
    } cases[] = {
        {"1, 2, 1", "f.sweep:3:10: warning: prompt: 1 duplicate value dropped", 2, {1, 2}},
        {"3, 1:4", "f.sweep:3:10: warning: prompt: 1 duplicate value dropped", 4, {3, 1, 2, 4}},
        {"1:4, 2:5", "f.sweep:3:10: warning: prompt: 3 duplicate values dropped", 5, {1, 2, 3, 4, 5}},
        {"1k, 1024, 1Ki", "f.sweep:3:10: warning: prompt: 2 duplicate values dropped", 1, {1024}},
        {"lin(5,5,3)", "f.sweep:3:10: warning: prompt: 2 duplicate values dropped", 1, {5}},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        es_values values;
        es_arena arena = {0};
        static es_errors errors;
        cr_assert_eq(parse(cases[i].written, &whole, &values, &arena, &errors), ES_OK);
        cr_assert_eq(errors.n_warnings, 1, "%s", cases[i].written);
        cr_assert_str_eq(errors.warning[0].text, cases[i].warning);
        cr_assert_eq(values.n, cases[i].n);
        for (size_t k = 0; k < values.n; k++)
            cr_assert_eq(values.value[k], cases[i].value[k]);
        es_arena_free(&arena);
    }
}

Test(values, faults) {
    static const char number[] = "; expected a number such as 512, 4k, 1.5e3";
    static const char forms[] = "; expected a number, a:b, a:b+step, a:b*factor, lin(a,b,n) or log(a,b,n)";
    static const struct {
        const char *written;
        const es_value_rule *rule;
        const char *message, *expected;
    } cases[] = {
        {"", &any, "f.sweep:3:10: empty element: ''; expected a value between commas", ""},
        {"1,,2", &any, "f.sweep:3:12: empty element: ''; expected a value between commas", ""},
        {"1, 2,", &any, "f.sweep:3:15: empty element: ''; expected a value between commas", ""},
        {"five", &any, "f.sweep:3:10: not a number: 'five'", number},
        {"1, nan", &any, "f.sweep:3:13: not a finite number: 'nan'", number},
        {"-inf", &any, "f.sweep:3:10: not a finite number: '-inf'", number},
        {"1e999", &any, "f.sweep:3:10: number too large: '1e999'", number},
        {"5x", &any, "f.sweep:3:10: not a number: '5x'", number},
        {"5 6", &any, "f.sweep:3:12: junk behind a value: '5 6'", forms},
        {"0x10", &any, "f.sweep:3:10: not a number: '0x10'", number},
        {"1:", &any, "f.sweep:3:12: empty: '1:'", number},
        {"1:2:3", &any, "f.sweep:3:13: junk behind a value: '1:2:3'", forms},
        {"4:1", &any, "f.sweep:3:13: range runs backwards: '4:1'; expected a <= b", ""},
        {"1:4+0", &any, "f.sweep:3:15: step must be positive: '1:4+0'; expected a:b+step with step > 0", ""},
        {"1:4+-1", &any, "f.sweep:3:16: step must be positive: '1:4+-1'; expected a:b+step with step > 0", ""},
        {"1:4*1", &any, "f.sweep:3:15: factor must be above 1: '1:4*1'; expected a:b*factor with factor > 1", ""},
        {"1:4*0.5", &any, "f.sweep:3:17: factor must be above 1: '1:4*0.5'; expected a:b*factor with factor > 1", ""},
        {"0:4*2", &any, "f.sweep:3:15: a range by factors must start above 0: '0:4*2'; expected 0 < a <= b", ""},
        {"1:4+", &any, "f.sweep:3:14: empty: '1:4+'", number},
        {"lin(1,2)", &any, "f.sweep:3:17: missing ',': 'lin(1,2)'; expected three values: (a,b,n)", ""},
        {"lin(1,2,0)", &any,
         "f.sweep:3:19: bad number of values: 'lin(1,2,0)'; expected a whole number from 1 to 67108864", ""},
        {"lin(1,2,1.5)", &any,
         "f.sweep:3:21: bad number of values: 'lin(1,2,1.5)'; expected a whole number from 1 to 67108864", ""},
        {"lin(1,2,1)", &any, "f.sweep:3:20: one value cannot have two ends: 'lin(1,2,1)'; expected n of at least 2",
         ""},
        {"lin(2,1,3)", &any, "f.sweep:3:20: range runs backwards: 'lin(2,1,3)'; expected a <= b", ""},
        {"log(0,1,3)", &any, "f.sweep:3:20: log range needs positive ends: 'log(0,1,3)'; expected 0 < a <= b", ""},
        {"lin(1,2,3", &any, "f.sweep:3:19: missing ')': 'lin(1,2,3'; expected lin(a,b,n) or log(a,b,n)", ""},
        {"lin(1,2,3)4", &any, "f.sweep:3:20: junk behind a value: 'lin(1,2,3)4'", forms},
        {"0:1e9", &any, "f.sweep:3:15: too many values: '0:1e9'; expected at most 67108864 on an axis", ""},
        {"1:2*1.0000000001", &any,
         "f.sweep:3:26: too many values: '1:2*1.0000000001'; expected at most 67108864 on an axis", ""},
        {"x2", &any, "f.sweep:3:10: x factors are for catalog fields: 'x2'; expected a plain value", ""},
        {"x0.5, 1", &share, "f.sweep:3:16: factors and plain values in one list: '1'; expected all with x, or none",
         ""},
        {"x0", &share, "f.sweep:3:10: a factor is out of range, got 0: 'x0'; expected above 0 to 1e+18", ""},
        {"x-1", &share, "f.sweep:3:10: a factor is out of range, got -1: 'x-1'; expected above 0 to 1e+18", ""},
        {"1.5", &share, "f.sweep:3:10: device.mem_util is out of range, got 1.5: '1.5'; expected above 0 to 1", ""},
        {"0", &share, "f.sweep:3:10: device.mem_util is out of range, got 0: '0'; expected above 0 to 1", ""},
        {"0.5:1.5+0.5", &share,
         "f.sweep:3:10: device.mem_util is out of range, got 1.5: '0.5:1.5+0.5'; expected above 0 to 1", ""},
        {"1.5", &whole, "f.sweep:3:10: prompt takes whole numbers, got 1.5: '1.5'", ""},
        {"1:4+0.5", &whole, "f.sweep:3:10: prompt takes whole numbers, got 1.5: '1:4+0.5'", ""},
        {"lin(1,2,3)", &whole, "f.sweep:3:10: prompt takes whole numbers, got 1.5: 'lin(1,2,3)'", ""},
        {"2, 0", &whole, "f.sweep:3:13: prompt is out of range, got 0 tokens: '0'; expected 1 to 1e+09", ""},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        es_values values;
        es_arena arena = {0};
        static es_errors errors;
        char want[300];
        snprintf(want, sizeof want, "%s%s", cases[i].message, cases[i].expected);
        cr_assert_eq(parse(cases[i].written, cases[i].rule, &values, &arena, &errors), ES_EUSAGE, "%s",
                     cases[i].written);
        cr_assert_eq(errors.n_errors, 1, "%s", cases[i].written);
        cr_expect_str_eq(errors.error[0].text, want);
        es_arena_free(&arena);
    }
}

Test(values, every_fault_of_a_list_is_told) {
    es_values values;
    es_arena arena = {0};
    static es_errors errors;
    cr_assert_eq(parse("1, b, 4:2, , 7", &any, &values, &arena, &errors), ES_EUSAGE);
    cr_assert_eq(errors.n_errors, 3);
    es_arena_free(&arena);
}

Test(values, powers) {
    for (unsigned n = 0; n < 60; n++)
        cr_assert_eq(es_power(2, n), ldexp(1, (int)n));
    cr_assert_eq(es_power(10, 15), 1e15);
    cr_assert_eq(es_power(1.5, 3), 3.375);
}

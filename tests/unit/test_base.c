/* Base: diagnostics, text, strict numbers, arena, SIMD levels. */
#include <criterion/criterion.h>

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <edgesweep/error.h>

#include "base/arena.h"
#include "base/number.h"
#include "base/simd.h"
#include "base/text.h"
#include "base/utf8.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* A heap copy without a terminator: a read past a slice is seen by the sanitizers. */
static es_slice exact_copy(const char *text) {
    size_t length = strlen(text);
    char *copy = malloc(length ? length : 1);
    cr_assert(copy != NULL);
    memcpy(copy, text, length);
    return (es_slice){copy, length};
}

static uint64_t next_random(uint64_t *state) {
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = *state;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* ---- numbers ---- */

struct number_case {
    const char *text;
    es_number_fault fault;
    double value;
};

static void check_numbers(const struct number_case *cases, size_t n, es_number_fault (*parse)(es_slice, double *)) {
    for (size_t i = 0; i < n; i++) {
        es_slice text = exact_copy(cases[i].text);
        double value = -77;
        es_number_fault fault = parse(text, &value);
        cr_expect_eq(fault, cases[i].fault, "'%s': fault %d", cases[i].text, (int)fault);
        double expected = cases[i].fault == ES_NUMBER_OK ? cases[i].value : -77;
        cr_expect(value == expected && signbit(value) == signbit(expected), "'%s': %.17g", cases[i].text, value);
        free((void *)text.text);
    }
}

Test(number, doubles) {
    static const struct number_case cases[] = {
        {"0", ES_NUMBER_OK, 0},
        {"-0", ES_NUMBER_OK, -0.0},
        {"+1", ES_NUMBER_OK, 1},
        {"007", ES_NUMBER_OK, 7},
        {"1.5", ES_NUMBER_OK, 1.5},
        {".5", ES_NUMBER_OK, 0.5},
        {"5.", ES_NUMBER_OK, 5},
        {"0.1", ES_NUMBER_OK, 0.1},
        {"1e3", ES_NUMBER_OK, 1000},
        {"1E+3", ES_NUMBER_OK, 1000},
        {"25e-1", ES_NUMBER_OK, 2.5},
        {"1e22", ES_NUMBER_OK, 1e22},
        {"1e23", ES_NUMBER_OK, 1e23},
        {"9007199254740993", ES_NUMBER_OK, 9007199254740992.0},
        {"18446744073709551615", ES_NUMBER_OK, 18446744073709551615.0},
        {"123456789012345678901234567890", ES_NUMBER_OK, 123456789012345678901234567890.0},
        {"0.000000000000000000000000000000000001", ES_NUMBER_OK, 1e-36},
        {"1.7976931348623157e308", ES_NUMBER_OK, DBL_MAX},
        {"2.2250738585072011e-308", ES_NUMBER_OK, 2.2250738585072011e-308},
        {"4.9e-324", ES_NUMBER_OK, 4.9406564584124654e-324},
        {"1e-400", ES_NUMBER_SMALL, -77},
        {"0e999999999999999999999", ES_NUMBER_OK, 0},
        {"1e-999999999999999999999", ES_NUMBER_SMALL, -77},
        {"", ES_NUMBER_EMPTY, 0},
        {"1e309", ES_NUMBER_RANGE, 0},
        {"-1e309", ES_NUMBER_RANGE, 0},
        {"1e999999999999999999999", ES_NUMBER_RANGE, 0},
        {"nan", ES_NUMBER_SPECIAL, 0},
        {"-Inf", ES_NUMBER_SPECIAL, 0},
        {"+infinity", ES_NUMBER_SPECIAL, 0},
        {"-", ES_NUMBER_JUNK, 0},
        {".", ES_NUMBER_JUNK, 0},
        {"-.", ES_NUMBER_JUNK, 0},
        {"e5", ES_NUMBER_JUNK, 0},
        {"1e", ES_NUMBER_JUNK, 0},
        {"1e+", ES_NUMBER_JUNK, 0},
        {"1x", ES_NUMBER_JUNK, 0},
        {" 1", ES_NUMBER_JUNK, 0},
        {"1 ", ES_NUMBER_JUNK, 0},
        {"1,5", ES_NUMBER_JUNK, 0},
        {"1.2.3", ES_NUMBER_JUNK, 0},
        {"--1", ES_NUMBER_JUNK, 0},
        {"0x10", ES_NUMBER_JUNK, 0},
        {"1k", ES_NUMBER_JUNK, 0},
        {"nano", ES_NUMBER_JUNK, 0},
    };
    check_numbers(cases, LENGTH(cases), es_parse_double);
}

Test(number, scaled) {
    static const struct number_case cases[] = {
        {"4", ES_NUMBER_OK, 4},
        {"4k", ES_NUMBER_OK, 4000},
        {"4.35k", ES_NUMBER_OK, 4350},
        {"0.1M", ES_NUMBER_OK, 1e5},
        {"2.3G", ES_NUMBER_OK, 2.3e9},
        {"1T", ES_NUMBER_OK, 1e12},
        {"4Ki", ES_NUMBER_OK, 4096},
        {"-1Mi", ES_NUMBER_OK, -1048576},
        {"1.5Gi", ES_NUMBER_OK, 1610612736.0},
        {"1Ti", ES_NUMBER_OK, 1099511627776.0},
        {"1e3k", ES_NUMBER_OK, 1e6},
        {"1e307k", ES_NUMBER_RANGE, 0},
        {"1e308Ki", ES_NUMBER_RANGE, 0},
        {"", ES_NUMBER_EMPTY, 0},
        {"inf", ES_NUMBER_SPECIAL, 0},
        {"k", ES_NUMBER_JUNK, 0},
        {"4K", ES_NUMBER_OK, 4000},
        {"4 k", ES_NUMBER_JUNK, 0},
        {"4kk", ES_NUMBER_JUNK, 0},
        {"4KiB", ES_NUMBER_JUNK, 0},
        {"4m", ES_NUMBER_JUNK, 0},
    };
    check_numbers(cases, LENGTH(cases), es_parse_scaled);
}

Test(number, integers) {
    static const struct {
        const char *text;
        es_number_fault fault;
        uint64_t value;
    } cases[] = {
        {"0", ES_NUMBER_OK, 0},
        {"00012", ES_NUMBER_OK, 12},
        {"18446744073709551615", ES_NUMBER_OK, UINT64_MAX},
        {"18446744073709551616", ES_NUMBER_RANGE, 0},
        {"99999999999999999999", ES_NUMBER_RANGE, 0},
        {"", ES_NUMBER_EMPTY, 0},
        {"-1", ES_NUMBER_JUNK, 0},
        {"+1", ES_NUMBER_JUNK, 0},
        {"1.0", ES_NUMBER_JUNK, 0},
        {"1e3", ES_NUMBER_JUNK, 0},
        {"nan", ES_NUMBER_SPECIAL, 0},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        es_slice text = exact_copy(cases[i].text);
        uint64_t value = 77;
        cr_expect_eq(es_parse_u64(text, &value), cases[i].fault, "'%s'", cases[i].text);
        cr_expect_eq(value, cases[i].fault == ES_NUMBER_OK ? cases[i].value : 77, "'%s'", cases[i].text);
        free((void *)text.text);
    }
}

/* Half way between two doubles, and a hair above: the digit that decides is far behind those a fast path looks at. */
Test(number, rounds_long_inputs_correctly) {
    char text[2000];
    double value;
    memset(text, '0', sizeof text);
    memcpy(text, "9007199254740993.", 17);
    cr_expect_eq(es_parse_double((es_slice){text, 1500}, &value), ES_NUMBER_OK);
    cr_expect_eq(value, 9007199254740992.0, "a tie goes to even: %.17g", value);
    text[1499] = '1';
    cr_expect_eq(es_parse_double((es_slice){text, 1500}, &value), ES_NUMBER_OK);
    cr_expect_eq(value, 9007199254740994.0, "above the tie: %.17g", value);
    memset(text, '9', sizeof text);
    cr_expect_eq(es_parse_double((es_slice){text, 1000}, &value), ES_NUMBER_RANGE);
}

Test(number, agrees_with_strtod) {
    static const char *const formats[] = {"%.17g", "%.9g", "%.3f", "%.25e"};
    uint64_t state = 1;
    for (int i = 0; i < 100000; i++) {
        uint64_t bits = next_random(&state);
        double x, parsed = 0;
        if (i & 1)
            x = (double)(bits >> 40) / 1000.0;
        else
            memcpy(&x, &bits, sizeof x);
        if (!isfinite(x))
            continue;
        char text[400];
        snprintf(text, sizeof text, formats[i % LENGTH(formats)], x);
        es_number_fault fault = es_parse_double(es_slice_of(text), &parsed);
        double expected = strtod(text, NULL);
        cr_assert(fault == ES_NUMBER_OK && memcmp(&parsed, &expected, sizeof parsed) == 0, "'%s': %.17g", text, parsed);
    }
}

Test(number, ignores_the_locale) {
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"};
    for (size_t i = 0; i < LENGTH(names) && !setlocale(LC_ALL, names[i]); i++)
        continue;
    double value = 0;
    cr_expect_eq(es_parse_double(es_slice_of("1234.56789012345678901e-2"), &value), ES_NUMBER_OK);
    cr_expect_eq(value, 12.3456789012345678901);
}

Test(number, faults_have_words) {
    static const char *const words[] = {"valid",
                                        "empty",
                                        "not a number",
                                        "number too large",
                                        "number too small for anything but zero",
                                        "not a finite number"};
    for (int i = 0; i < (int)LENGTH(words); i++)
        cr_expect_str_eq(es_number_fault_text((es_number_fault)i), words[i]);
}

Test(number, checked_arithmetic) {
    uint64_t u;
    size_t z;
    cr_expect(es_add_u64(UINT64_MAX - 1, 1, &u) && u == UINT64_MAX);
    cr_expect_not(es_add_u64(UINT64_MAX, 1, &u));
    cr_expect(es_mul_u64(UINT32_MAX, UINT32_MAX, &u) && u == UINT64_C(0xfffffffe00000001));
    cr_expect_not(es_mul_u64(UINT64_C(1) << 32, UINT64_C(1) << 32, &u));
    cr_expect_not(es_mul_size(SIZE_MAX, 2, &z));
}

/* ---- text ---- */

Test(text, globs) {
    static const struct {
        const char *pattern, *name;
        bool matches;
    } cases[] = {
        {"", "", true},
        {"", "a", false},
        {"*", "", true},
        {"*", "anything at all", true},
        {"?", "", false},
        {"?", "a", true},
        {"?", "\xc3\xa9", true},
        {"??", "\xc3\xa9", false},
        {"a?c",
         "a\xe2\x82\xac"
         "c",
         true},
        {"llama-*", "Llama-3.2-1B", true},
        {"LLAMA-*-1b", "Llama-3.2-1B", true},
        {"llama-*-1b", "Llama-3.2-1B-Instruct", false},
        {"*llama*", "TinyLlama-1.1B", true},
        {"*-70B", "Llama-2-70B", true},
        {"*-70B", "Llama-2-70B-chat", false},
        {"a*b*c", "a-b-b-c", true},
        {"a*b*c", "a-c-b", false},
        {"***a***", "bab", true},
        {"a", "ab", false},
        {"ab", "a", false},
        {"[a]", "a", false},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        es_slice pattern = exact_copy(cases[i].pattern);
        cr_expect_eq(es_glob_match(pattern, cases[i].name), cases[i].matches, "'%s' on '%s'", cases[i].pattern,
                     cases[i].name);
        free((void *)pattern.text);
    }
    cr_expect(es_is_glob(es_slice_of("a*")) && es_is_glob(es_slice_of("?")));
    cr_expect_not(es_is_glob(es_slice_of("!a[b]")));
}

/* Forty stars over a long name that does not match: exponential matchers never return. */
Test(text, globs_do_not_blow_up) {
    char pattern[121], name[4001];
    for (size_t i = 0; i < 120; i++)
        pattern[i] = "*aa"[i % 3];
    pattern[120] = '\0';
    memset(name, 'a', 4000);
    name[4000] = '\0';
    cr_expect(es_glob_match((es_slice){pattern, 120}, name));
    pattern[119] = 'b';
    cr_expect_not(es_glob_match((es_slice){pattern, 120}, name));
}

Test(text, nearest_names) {
    static const char *const names[] = {"name", "layers", "hidden", "intermediate", "vocab", "heads", "kv_heads", "n"};
    static const struct {
        const char *token, *expected;
    } cases[] = {
        {"hiden", "hidden"},
        {"hidned", "hidden"},
        {"HIDDEN", "hidden"},
        {"Name", "name"},
        {"nmae", "name"},
        {"kvheads", "kv_heads"},
        {"intermedaite_", "intermediate"},
        {"head", "heads"},
        {"banana", NULL},
        {"x", NULL},
        {"", NULL},
        {"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn", NULL},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const char *near = es_nearest(es_slice_of(cases[i].token), names, LENGTH(names));
        if (cases[i].expected)
            cr_expect(near && strcmp(near, cases[i].expected) == 0, "'%s': %s", cases[i].token, near ? near : "none");
        else
            cr_expect(near == NULL, "'%s': %s", cases[i].token, near);
    }
}

Test(text, utf8) {
    static const struct {
        const char *text;
        size_t length, bad; /* bad == length: well-formed */
    } cases[] = {
        {"", 0, 0},
        {"plain ASCII, longer than eight bytes", 36, 36},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9, 9},
        {"12345678\0", 9, 8},
        {"1234567\0", 8, 7},
        {"ab\x80", 3, 2},
        {"\xc0\xaf", 2, 0},         /* overlong */
        {"\xe0\x80\x80", 3, 0},     /* overlong */
        {"a\xed\xa0\x80", 4, 1},    /* surrogate */
        {"\xf4\x90\x80\x80", 4, 0}, /* past U+10FFFF */
        {"\xf5\x80\x80\x80", 4, 0},
        {"12345678\xe2\x82", 10, 8}, /* cut short */
        {"\xe2\x28\xa1", 3, 0},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        size_t bad = cases[i].length;
        bool valid = es_is_utf8(cases[i].text, cases[i].length, &bad);
        cr_expect_eq(bad, cases[i].bad, "case %zu: %zu", i, bad);
        cr_expect_eq(valid, cases[i].bad == cases[i].length, "case %zu", i);
    }
}

Test(text, quoting) {
    static const struct {
        const char *token, *quoted;
    } cases[] = {
        {"", ""},
        {"plain 'token'", "plain 'token'"},
        {"tab\there\n", "tab\\x09here\\x0a"},
        {"\x1b[31mred\x7f", "\\x1b[31mred\\x7f"},
        {"caf\xc3\xa9", "caf\xc3\xa9"},
        {"c1\xc2\x9b"
         "31m",
         "c1\\xc2\\x9b31m"},
        {"bad\xff", "bad\\xff"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++)
        cr_expect_str_eq(es_quote_text(cases[i].token).text, cases[i].quoted);
    char longer[200];
    memset(longer, 'x', sizeof longer);
    es_quoted cut = es_quote((es_slice){longer, sizeof longer});
    cr_expect_eq(strlen(cut.text), sizeof cut.text - 1);
    cr_expect_str_eq(cut.text + strlen(cut.text) - 4, "x...");
    for (size_t i = 0; i + 1 < sizeof longer; i += 2)
        memcpy(longer + i, "\xc3\xa9", 2);
    cut = es_quote((es_slice){longer, sizeof longer});
    cr_expect(es_is_utf8(cut.text, strlen(cut.text), NULL), "cut inside a character: %s", cut.text);
}

Test(text, slices) {
    cr_expect_eq(es_slice_trim(es_slice_of(" \t a b\r\n")).length, 3);
    cr_expect_eq(es_slice_trim(es_slice_of(" \t\r\n")).length, 0);
    cr_expect_eq(es_slice_of(NULL).length, 0);
    cr_expect(es_slice_equal(es_slice_of("ab"), "ab"));
    cr_expect_not(es_slice_equal(es_slice_of("ab"), "aB"));
    cr_expect(es_slice_equal_fold(es_slice_of("aB"), "Ab"));
    cr_expect_not(es_slice_equal_fold(es_slice_of("ab"), "abc"));
    cr_expect_not(es_slice_equal_fold(es_slice_of("abc"), "ab"));
    cr_expect(es_equal_fold("Raspberry PI", "raspberry pi"));
    cr_expect_not(es_equal_fold("a", "ab"));
    cr_expect_not(es_equal_fold("[", "{"), "only letters fold");
    cr_expect_eq(es_hash_fold("Q4_K", 4), es_hash_fold("q4_k", 4));
    cr_expect_neq(es_hash_fold("Q4_K", 4), es_hash_fold("q5_k", 4));
    char text[4];
    es_copy_text(text, sizeof text, es_slice_of("abcdef"));
    cr_expect_str_eq(text, "abc");
    es_copy_text(text, sizeof text, es_slice_of(""));
    cr_expect_str_eq(text, "");
    es_copy_text(NULL, 0, es_slice_of("abc"));
}

/* ---- errors ---- */

static char *printed(const es_errors *errors) {
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    cr_assert(stream != NULL);
    es_errors_print(errors, stream);
    fclose(stream);
    return text;
}

Test(error, places) {
    static const struct {
        es_origin at;
        const char *expected;
    } cases[] = {
        {{"a.csv", 3, 7}, "a.csv:3:7: unknown column: 'x'"},
        {{"a.csv", 3, 0}, "a.csv:3: unknown column: 'x'"},
        {{"a.csv", 0, 0}, "a.csv: unknown column: 'x'"},
        {{NULL, 0, 0}, "unknown column: 'x'"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        es_errors errors = {0};
        cr_expect_eq(es_fail(&errors, ES_EUSAGE, &cases[i].at, "unknown column: '%s'", "x"), ES_EUSAGE);
        cr_expect_str_eq(errors.error[0].text, cases[i].expected);
        cr_expect_eq(errors.error[0].has_file, cases[i].at.file != NULL);
        cr_expect_eq(es_errors_status(&errors), ES_EUSAGE);
    }
}

Test(error, prints_and_counts) {
    es_errors errors = {0};
    cr_expect_eq(es_errors_status(&errors), ES_OK);
    es_warn(&errors, NULL, "few points");
    es_warn(&errors, &(es_origin){"s.sweep", 2, 1}, "repeated value: '%d'", 4);
    errno = ENOENT;
    cr_expect_eq(es_fail_errno(&errors, "cannot open", "a\nb"), ES_ERUNTIME);
    es_fail_memory(&errors);
    for (int i = 0; i < 20; i++)
        es_fail(&errors, ES_EUSAGE, NULL, "%d", i);
    char *text = printed(&errors);
    const char *start = "edgesweep: warning: few points\n"
                        "s.sweep:2:1: warning: repeated value: '4'\n"
                        "edgesweep: cannot open: 'a\\x0ab': No such file or directory\n"
                        "edgesweep: out of memory\n"
                        "edgesweep: 0\n";
    cr_expect(strncmp(text, start, strlen(start)) == 0, "%s", text);
    cr_expect(strstr(text, "edgesweep: 17\nedgesweep: 2 more errors\n") != NULL, "%s", text);
    cr_expect_eq(errors.n_errors, 22);
    cr_expect_eq(es_errors_status(&errors), ES_ERUNTIME, "the first error decides");
    free(text);
    for (int i = 0; i < 19; i++)
        es_warn(&errors, NULL, "%d", i);
    text = printed(&errors);
    cr_expect(strstr(text, "edgesweep: 1 more warning\n") != NULL, "%s", text);
    free(text);
}

Test(error, stays_on_one_line_and_within_its_size) {
    es_errors errors = {0};
    es_fail(&errors, ES_EUSAGE, &(es_origin){"a\nb", 1, 0}, "tab\t esc\x1b[0m bad\xff");
    cr_expect_str_eq(errors.error[0].text, "a\\x0ab:1: tab\\x09 esc\\x1b[0m bad\\xff");
    char longer[3 * ES_TEXT_MAX + 2];
    for (size_t pad = 0; pad < 3; pad++) {
        memset(longer, 'x', pad);
        for (size_t i = 0; i < ES_TEXT_MAX; i++)
            memcpy(longer + pad + 3 * i, "\xe2\x82\xac", 3);
        longer[pad + 3 * (ES_TEXT_MAX - 1)] = '\0';
        errors.n_errors = 0;
        es_fail(&errors, ES_EUSAGE, NULL, "%s", longer);
        size_t length = strlen(errors.error[0].text);
        cr_expect(length < ES_TEXT_MAX && length > ES_TEXT_MAX - 5, "%zu", length);
        cr_expect(es_is_utf8(errors.error[0].text, length, NULL) && !strchr(errors.error[0].text, '\\'));
    }
}

Test(error, null_collects_nothing) {
    cr_expect_eq(es_fail(NULL, ES_EUSAGE, NULL, "%d", 1), ES_EUSAGE);
    es_warn(NULL, NULL, "x");
    es_errors_print(NULL, stderr);
    cr_expect_eq(es_errors_status(NULL), ES_OK);
}

/* ---- arena ---- */

Test(arena, gives_zeroed_aligned_memory_that_stays) {
    es_arena arena = {0};
    unsigned char *kept[300];
    uint64_t state = 7;
    for (size_t i = 0; i < LENGTH(kept); i++) {
        size_t size = i % 50 == 49 ? 100000 : next_random(&state) % 2000;
        kept[i] = es_arena_alloc(&arena, size + 1);
        cr_assert(kept[i] != NULL && (uintptr_t)kept[i] % 16 == 0);
        for (size_t k = 0; k <= size; k++)
            cr_assert_eq(kept[i][k], 0);
        memset(kept[i], (int)(i % 255) + 1, size + 1);
    }
    for (size_t i = 0; i < LENGTH(kept); i++)
        cr_expect_eq(kept[i][0], (unsigned char)(i % 255 + 1));
    cr_expect_str_eq(es_arena_text(&arena, (es_slice){"abcdef", 3}), "abc");
    cr_expect_str_eq(es_arena_text(&arena, (es_slice){NULL, 0}), "");
    cr_expect_str_eq(es_arena_printf(&arena, "%s-%d", "x", 12), "x-12");
    cr_expect(es_arena_array(&arena, SIZE_MAX / 2, 3) == NULL);
    cr_expect(es_arena_alloc(&arena, SIZE_MAX - 3) == NULL);
    es_arena_free(&arena);
    cr_expect(arena.blocks == NULL);
}

Test(arena, first_request_may_be_large) {
    es_arena arena = {0};
    cr_expect(es_arena_array(&arena, 1000, 1000) != NULL);
    cr_expect(es_arena_alloc(&arena, 10) != NULL);
    es_arena_free(&arena);
}

Test(arena, grows_arrays) {
    int *numbers = NULL;
    size_t capacity = 0;
    for (int i = 0; i < 1000; i++) {
        cr_assert(es_grow((void **)&numbers, &capacity, (size_t)i + 1, sizeof *numbers));
        numbers[i] = i;
    }
    cr_expect(numbers[999] == 999 && capacity >= 1000 && capacity < 3000);
    int *before = numbers;
    cr_expect_not(es_grow((void **)&numbers, &capacity, SIZE_MAX / 2, sizeof *numbers));
    cr_expect(numbers == before);
    free(numbers);
}

/* ---- SIMD levels ---- */

Test(simd, environment_lowers_the_level) {
    setenv("EDGESWEEP_SIMD", "baseline", 1);
    cr_expect_eq(es_simd_level_now(), ES_SIMD_BASELINE);
    setenv("EDGESWEEP_SIMD", "v4", 1);
    cr_expect_eq(es_simd_level_now(), ES_SIMD_BASELINE, "asked once");
    cr_expect_str_eq(es_simd_level_name(ES_SIMD_BASELINE), "baseline");
    cr_expect_str_eq(es_simd_level_name(ES_SIMD_V3), "v3");
    cr_expect_str_eq(es_simd_level_name(ES_SIMD_V4), "v4");
}

Test(simd, environment_never_raises_it) {
    unsetenv("EDGESWEEP_SIMD");
    setenv("EDGESWEEP_SIMD", "nonsense", 1);
    es_simd_level level = es_simd_level_now();
    cr_expect(level >= ES_SIMD_BASELINE && level <= ES_SIMD_V4);
}

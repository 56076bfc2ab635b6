/* The number formatter against exact tables and against snprintf.
 * ES_FORMAT_CHECKS sets how many random numbers are compared (default 2000000). */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/simd.h"
#include "io/format.h"
#include "io/format_digits.h"

__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

/* ---- plain big integers, independent of the ones under test ---- */

enum { WORDS = 80 };
typedef struct big {
    uint32_t word[WORDS];
} big;

static big big_of(uint128 x) {
    big b = {{0}};
    for (int i = 0; i < 4; i++)
        b.word[i] = (uint32_t)(x >> (32 * i));
    return b;
}

static big times(big b, uint32_t factor, int count) {
    for (; count > 0; count--) {
        uint64_t carry = 0;
        for (int i = 0; i < WORDS; i++) {
            carry += (uint64_t)b.word[i] * factor;
            b.word[i] = (uint32_t)carry;
            carry >>= 32;
        }
        cr_assert_eq(carry, 0u);
    }
    return b;
}

static int compare(big a, big b) {
    for (int i = WORDS - 1; i >= 0; i--)
        if (a.word[i] != b.word[i])
            return a.word[i] < b.word[i] ? -1 : 1;
    return 0;
}

/* Sign of m * 2^e - 10^k. */
static int compare_to_power(uint128 m, int e, int k) {
    const big left = times(times(big_of(m), 2, e > 0 ? e : 0), 10, k < 0 ? -k : 0);
    const big right = times(times(big_of(1), 2, e < 0 ? -e : 0), 10, k > 0 ? k : 0);
    return compare(left, right);
}

static int log2_of_pow10(int q) {
    int e = (int)floor(q * log2(10));
    while (compare_to_power(1, e, q) > 0)
        e--;
    while (compare_to_power(1, e + 1, q) <= 0)
        e++;
    return e;
}

Test(format, powers_of_ten_cut_off_to_128_bits) {
    for (int q = ES_POW10_BITS_MIN; q <= ES_POW10_BITS_MAX; q++) {
        const uint64_t *word = es_pow10_bits[q - ES_POW10_BITS_MIN];
        const uint128 entry = (uint128)word[0] << 64 | word[1];
        const int e = log2_of_pow10(q) - 127;
        cr_assert_geq(word[0], UINT64_C(1) << 63, "10^%d is not normalised", q);
        cr_assert_leq(compare_to_power(entry, e, q), 0, "10^%d too large", q);
        if (entry + 1 != 0)
            cr_assert_gt(compare_to_power(entry + 1, e, q), 0, "10^%d too small", q);
        const bool exact = compare_to_power(entry, e, q) == 0;
        cr_assert_eq(exact, q >= 0 && q <= 55, "exactness of 10^%d", q);
    }
}

/* x / 2^e as an integer, which it is here. */
static int128 in_units(double x, int e) {
    int exponent;
    const int128 m = (int128)ldexp(frexp(x, &exponent), 53);
    exponent -= 53 + e;
    return exponent >= 0 ? m * ((int128)1 << exponent) : m / ((int128)1 << -exponent);
}

Test(format, powers_of_ten_as_pairs_of_doubles) {
    for (int q = ES_POW10_DOUBLE_MIN; q <= ES_POW10_DOUBLE_MAX; q++) {
        const double head = es_pow10_head[q - ES_POW10_DOUBLE_MIN], tail = es_pow10_tail[q - ES_POW10_DOUBLE_MIN];
        cr_assert_eq(isnan(head) != 0, q < -250 || q > 300);
        if (isnan(head))
            continue;
        const uint64_t *word = es_pow10_bits[q - ES_POW10_BITS_MIN];
        const int e = log2_of_pow10(q) - 126; /* half of the unit of the entry, to fit a signed number */
        const int128 entry = (int128)(((uint128)word[0] << 64 | word[1]) >> 1);
        const int128 rest = entry - in_units(head, e), error = rest - in_units(tail, e);
        /* The entry is short by less than 1. */
        cr_assert(rest <= entry >> 53 && -rest <= entry >> 53, "head of 10^%d beyond 2^-53", q);
        cr_assert(error + 2 <= entry >> 106 && -error + 2 <= entry >> 106, "pair of 10^%d beyond 2^-106", q);
        cr_assert(fabs(tail) == 0 || fabs(tail) >= 0x1p-960, "tail of 10^%d too small for exact products", q);
    }
}

Test(format, decades) {
    for (int k = ES_DECADE_MIN; k < ES_DECADE_MAX; k++) {
        const uint64_t bits = es_decade_bits[k - ES_DECADE_MIN];
        double x[2];
        memcpy(&x[0], &bits, sizeof bits);
        x[1] = nextafter(x[0], 0);
        for (int i = 0; i < 2; i++) {
            int e;
            const int128 m = (int128)ldexp(frexp(x[i], &e), 53);
            const int order = compare_to_power((uint128)m, e - 53, k);
            cr_assert(i == 0 ? order >= 0 : order < 0, "10^%d", k);
        }
    }
    cr_assert_eq(es_decade_bits[ES_DECADE_MAX - ES_DECADE_MIN], es_double_bits(INFINITY));
    for (int e = -1074; e <= 1023; e++) {
        const int k = es_log10_of_pow2(e);
        cr_assert(compare_to_power(1, e, k) >= 0 && compare_to_power(1, e, k + 1) < 0, "log10 2^%d", e);
    }
}

Test(format, exponent_texts) {
    for (int k = ES_DECADE_MIN; k <= ES_DECADE_MAX; k++) {
        char expected[16];
        const int length = snprintf(expected, sizeof expected, "e%+03d", k);
        const uint64_t entry = es_exponent_text[k - ES_DECADE_MIN];
        cr_assert_eq(entry >> 56, (uint64_t)length);
        cr_assert_eq(memcmp(&entry, expected, (size_t)length), 0);
    }
}

Test(format, exact_comparison_with_a_half) {
    const struct {
        uint64_t m;
        int e, q;
        uint64_t r;
        int order;
    } row[] = {{5, -1, 0, 2, 0},
               {5, 0, -1, 0, 0},
               {15, 0, -1, 1, 0},
               {149999, 0, -5, 1, -1},
               {150001, 0, -5, 1, 1},
               {25, 0, -1, 2, 0},
               {25, 0, -1, 1, 1},
               {25, 0, -1, 3, -1},
               {3, -1, 1, 15, -1},
               {3, -1, 1, 14, 1},
               {1, -1137, 340, 0, -1},
               {UINT64_MAX, 960, -308, 1, 1},
               {UINT64_C(1) << 63, 10, -22, 0, 1}};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        cr_assert_eq(es_compare_half(row[i].m, row[i].e, row[i].q, row[i].r), row[i].order, "row %zu", i);
    /* 10^-22 * (2r+1) 5^22 2^21 is r + 1/2; one unit of m more or less is not. */
    const uint64_t five_22 = UINT64_C(2384185791015625);
    for (int step = -1; step <= 1; step++)
        cr_assert_eq(es_compare_half(five_22 * 3 + (uint64_t)step, 21, -22, 1), step);
}

/* ---- against snprintf ---- */

typedef void doubles_fn(es_cell *, const double *, size_t, int, char);
typedef void counts_fn(es_cell *, const double *, size_t, char);
typedef size_t short_doubles_fn(es_short_cell *, const double *, size_t, int, char);
typedef size_t short_counts_fn(es_short_cell *, const double *, size_t, char);

#define VARIANT(suffix)                                                                                                \
    es_format_doubles##suffix, es_format_counts##suffix, es_format_short_doubles##suffix, es_format_short_counts##suffix

static const struct {
    const char *name;
    es_simd_level level;
    doubles_fn *doubles;
    counts_fn *counts;
    short_doubles_fn *short_doubles;
    short_counts_fn *short_counts;
} variant[] = {
    {"baseline", ES_SIMD_BASELINE, VARIANT(_baseline)},
#if defined(__x86_64__)
    {"v3", ES_SIMD_V3, VARIANT(_v3)},
    {"v4", ES_SIMD_V4, VARIANT(_v4)},
#endif
};

enum { VARIANTS = sizeof variant / sizeof *variant, BATCH = 1000 };

static bool same(const char *what, double x, int digits, const char *text, size_t length, const char *expected,
                 size_t expected_length) {
    if (length == expected_length && memcmp(text, expected, length) == 0)
        return true;
    fprintf(stderr, "%s: %a with %d digits gives '%.*s', expected '%.*s'\n", what, x, digits, (int)length, text,
            (int)expected_length, expected);
    return false;
}

/* Compares short cells, of counts when digits is 0, with long ones that are right; returns the number of mismatches. */
static size_t check_short(int v, const double *x, size_t n, int digits, char separator, const es_cell *expected) {
    static es_short_cell cell[BATCH + 1];
    size_t wrong = 0;
    for (size_t from = 0, made; from < n; from += made + 1) {
        memset(cell, 0x55, sizeof cell);
        made = digits ? variant[v].short_doubles(cell, x + from, n - from, digits, separator)
                      : variant[v].short_counts(cell, x + from, n - from, separator);
        for (size_t i = 0; i < made; i++)
            wrong += !same("short", x[from + i], digits, cell[i].text, cell[i].length, expected[from + i].text,
                           expected[from + i].length);
        cr_assert_leq(made, n - from);
        cr_assert(from + made == n || expected[from + made].length > sizeof cell->text, "%a fits", x[from + made]);
        cr_assert_eq(cell[n - from].length, 0x55, "cell after the last of %zu", n - from);
    }
    return wrong;
}

/* Compares all ways to format n <= BATCH numbers; returns the number of mismatches. */
static size_t check(const double *x, size_t n, int digits) {
    static es_cell cell[VARIANTS][BATCH];
    const char separator = digits & 1 ? ',' : '\0';
    size_t wrong = 0;
    cr_assert_leq(n, (size_t)BATCH);
    for (int v = 0; v < VARIANTS; v++)
        if (variant[v].level <= es_simd_level_now())
            variant[v].doubles(cell[v], x, n, digits, separator);
    for (size_t i = 0; i < n; i++) {
        char expected[64], text[32];
        size_t length = isfinite(x[i]) ? (size_t)snprintf(expected, sizeof expected, "%.*g", digits, x[i]) : 0;
        wrong += !same("es_format_double", x[i], digits, text, es_format_double(text, x[i], digits), expected, length);
        if (separator)
            expected[length++] = separator;
        for (int v = 0; v < VARIANTS; v++)
            if (variant[v].level <= es_simd_level_now())
                wrong += !same(variant[v].name, x[i], digits, cell[v][i].text, cell[v][i].length, expected, length);
    }
    for (int v = 0; v < VARIANTS && digits <= 9; v++)
        if (variant[v].level <= es_simd_level_now())
            wrong += check_short(v, x, n, digits, separator, cell[v]);
    return wrong;
}

static size_t check_counts(const double *x, size_t n) {
    static es_cell cell[BATCH];
    size_t wrong = 0;
    for (int v = 0; v < VARIANTS; v++) {
        if (variant[v].level > es_simd_level_now())
            continue;
        variant[v].counts(cell, x, n, ';');
        for (size_t i = 0; i < n; i++) {
            char expected[64], text[32];
            const bool count = x[i] > -1 && x[i] <= 0x1p64;
            size_t length =
                (size_t)snprintf(expected, sizeof expected, count ? "%.0f" : "%.17g", count ? fabs(ceil(x[i])) : x[i]);
            wrong += !same("es_format_count", x[i], 0, text, es_format_count(text, x[i]), expected, length);
            expected[length++] = ';';
            wrong += !same(variant[v].name, x[i], 0, cell[i].text, cell[i].length, expected, length);
        }
        wrong += check_short(v, x, n, 0, ';', cell);
    }
    return wrong;
}

static size_t check_all_digits(const double *x, size_t n) {
    size_t wrong = 0;
    for (int digits = 1; digits <= 17; digits++)
        wrong += check(x, n, digits);
    return wrong;
}

/* x and its neighbours, with both signs. */
static size_t check_around(double x) {
    double near[10];
    size_t n = 0;
    double below = x, above = x;
    near[n++] = x;
    for (int i = 0; i < 2; i++) {
        near[n++] = below = nextafter(below, -INFINITY);
        near[n++] = above = nextafter(above, INFINITY);
    }
    for (size_t i = 0; i < 5; i++)
        near[n++] = -near[i];
    return check_all_digits(near, n);
}

Test(format, hard_cases) {
    static const char hard[] =
        "0.0 1 9 0.1 0.5 1.5 2.5 0.3 0.33333333333333331 0.66666666666666663 1e-4 1e-5 9.9999999999e-5 "
        "0.00012345678949999999 99999.5 999999.5 9999999.5 99999999.5 999999999.5 9999999999.5 1e9 "
        "999999999 1000000000.5 1e15 1e16 1e17 1e21 1e22 1e23 9007199254740991 9007199254740992 "
        "9007199254740994 4503599627370495.5 4503599627370496.5 2251799813685247.75 1234567895 "
        "12345678925 123456789350 6066290685 1000000005 1000000015 1000000025 9999999995 99999999950 "
        "123456789012345675.0 8.5 0.125 0.375 0.0625 1.25 12.5 532.130762 6066290688 5e-324 1e-323 "
        "2.2250738585072014e-308 2.225073858507201e-308 1.1e-308 1e-308 4.9406564584124654e-322 "
        "1.7976931348623157e308 8.98846567431158e307 1e308 1e300 1e301 1e-250 1e-251 1e-292 1e292 "
        "18446744073709551616.0 9223372036854775808.0 5e-5 4.5e-5 1.7976931348623155e308 "
        "9.5367431640625e-07 0.30000000000000004 1.0000000000000002 0.99999999999999989 4.35 2.675 1.005 "
        "1e-7 123456789.123456789 6.1035156250000003e-05 144115188075855872.0 5.764607523034235e17";
    size_t wrong = 0;
    char *end;
    for (const char *at = hard; *at != '\0'; at = end)
        wrong += check_around(strtod(at, &end));
    for (int e = -1074; e <= 1023; e++)
        wrong += check_around(ldexp(1, e));
    for (int k = -323; k <= 308; k++) {
        char text[16];
        snprintf(text, sizeof text, "1e%d", k);
        wrong += check_around(strtod(text, NULL));
    }
    for (int j = 0; j <= 52; j++)
        wrong += check_around((double)((UINT64_C(2) << j) - 1)); /* all bits set */
    cr_assert_eq(wrong, 0u);
}

static uint64_t random_state = 88172645463325252;

static uint64_t random_u64(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state * UINT64_C(2685821657736338717);
}

static double random_unit(void) { return (double)(random_u64() >> 11) * 0x1p-53; }

static double any_bits(int digits) {
    (void)digits;
    const uint64_t bits = random_u64();
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static double metric(int digits) {
    (void)digits;
    return exp((random_unit() - 0.4) * 60);
}

static double short_integer(int digits) {
    (void)digits;
    return (double)(random_u64() >> (random_u64() % 63));
}

static double short_decimal(int digits) {
    (void)digits;
    return (double)(random_u64() % 10000000) / pow(10, (double)(random_u64() % 12));
}

/* Ties: integers of digits + j places that end in 5 and zeros, and odd multiples of powers of two. */
static double tie(int digits) {
    const uint64_t places = random_u64() % 6;
    const double head = floor(random_unit() * pow(10, digits));
    if (random_u64() & 1)
        return (head * 10 + 5) * pow(10, (double)places);
    return ldexp((double)(2 * (random_u64() >> 40) + 1), -(int)(random_u64() % 50));
}

/* The double nearest to a decimal tie, or next to it. */
static double near_tie(int digits) {
    char text[64];
    const uint64_t range = (uint64_t)pow(10, digits);
    snprintf(text, sizeof text, "%" PRIu64 "5e%d", random_u64() % range, (int)(random_u64() % 620) - 325);
    const double x = strtod(text, NULL);
    const uint64_t side = random_u64() % 3;
    return side == 0 ? x : nextafter(x, side == 1 ? 0 : INFINITY);
}

static double near_power(int digits) {
    (void)digits;
    char text[64];
    snprintf(text, sizeof text, "1e%d", (int)(random_u64() % 632) - 323);
    const double x = strtod(text, NULL);
    return x * (1 + ((double)(random_u64() % 64) - 32) * ldexp(1, -(int)(random_u64() % 54)));
}

Test(format, random_numbers_equal_snprintf) {
    static double (*const source[])(int) = {any_bits, metric, short_integer, short_decimal, tie, near_tie, near_power};
    const char *setting = getenv("ES_FORMAT_CHECKS");
    const double total = setting ? strtod(setting, NULL) : 2e6;
    static double x[BATCH];
    size_t wrong = 0, batch = 0;
    for (double done = 0; done < total && wrong == 0; done += BATCH, batch++) {
        const int digits = batch % 3 == 0 ? 9 : batch % 3 == 1 ? 17 : 1 + (int)(random_u64() % 17);
        for (int i = 0; i < BATCH; i++) {
            x[i] = source[random_u64() % (sizeof source / sizeof *source)](digits);
            if (random_u64() & 1)
                x[i] = -x[i];
        }
        wrong += check(x, BATCH - batch % 7, digits);
    }
    cr_assert_eq(wrong, 0u);
}

/* Neighbours share their exponent, as in a sweep. */
Test(format, smooth_columns) {
    static double x[BATCH];
    size_t wrong = 0;
    for (int e = -120; e <= 120; e++) {
        const double start = pow(10, e) * (1 + 8 * random_unit()), step = start * pow(10, -6 * random_unit());
        for (int i = 0; i < BATCH; i++)
            x[i] = start + i * step;
        wrong += check(x, BATCH, 1 + (e + 120) % 9) + check_counts(x, BATCH);
        for (int i = 0; i < BATCH; i++)
            x[i] = floor(x[i] * 8) / 8;
        wrong += check(x, BATCH, 9) + check_counts(x, BATCH);
    }
    cr_assert_eq(wrong, 0u);
}

Test(format, columns_of_any_length) {
    double x[BATCH];
    es_cell cell[201];
    for (int i = 0; i < BATCH; i++)
        x[i] = i % 5 == 0 ? 0 : i % 11 == 0 ? NAN : i * 0.37 - 20;
    for (size_t n = 0; n <= 200; n++) {
        cr_assert_eq(check(x, n, 9) + check(x, n, 17), 0u);
        memset(cell, 0x55, sizeof cell);
        es_format_doubles(cell, x, n, 9, ',');
        cr_assert_eq(cell[n].length, 0x55, "cell after the last of %zu", n);
        es_format_counts(cell, x, n, ',');
        cr_assert_eq(cell[n].length, 0x55, "cell after the last of %zu", n);
    }
}

Test(format, what_is_not_a_number_is_empty) {
    const double x[] = {NAN, INFINITY, -INFINITY, -NAN};
    char text[32];
    es_cell cell[4];
    for (size_t i = 0; i < 4; i++) {
        cr_assert_eq(es_format_double(text, x[i], 9), 0u);
        cr_assert_eq(es_format_count(text, x[i]), 0u);
    }
    for (int separator = 0; separator <= ','; separator += ',') {
        es_format_doubles(cell, x, 4, 9, (char)separator);
        for (size_t i = 0; i < 4; i++)
            cr_assert(cell[i].length == (separator != 0) && cell[i].text[0] == separator);
        es_format_counts(cell, x, 4, (char)separator);
        for (size_t i = 0; i < 4; i++)
            cr_assert(cell[i].length == (separator != 0) && cell[i].text[0] == separator);
    }
}

Test(format, counts) {
    double x[BATCH];
    static const double edge[] = {0.0,
                                  -0.0,
                                  -0.5,
                                  0.1,
                                  1,
                                  1.5,
                                  2,
                                  9,
                                  10,
                                  99,
                                  100,
                                  99999999,
                                  100000000,
                                  99999999.25,
                                  999999999999999,
                                  1e15,
                                  1e16,
                                  4503599627370495.5,
                                  4503599627370496,
                                  0x1p53 + 2,
                                  1e17,
                                  1e19,
                                  18446744073709549568.0,
                                  18446744073709551616.0,
                                  18446744073709555712.0,
                                  1e20,
                                  1e300,
                                  -1,
                                  -7.5,
                                  -1e20,
                                  5e-324};
    size_t wrong = check_counts(edge, sizeof edge / sizeof *edge);
    for (int round = 0; round < 100; round++) {
        for (int i = 0; i < BATCH; i++) {
            x[i] = (double)random_u64() * ldexp(1, -(int)(random_u64() % 70));
            if (random_u64() & 1)
                x[i] = floor(x[i]);
        }
        wrong += check_counts(x, BATCH);
    }
    cr_assert_eq(wrong, 0u);
}

Test(format, whole_numbers) {
    for (int i = 0; i < 100000; i++) {
        const uint64_t x = i < 2 ? (uint64_t)-i : i < 2000 ? (uint64_t)i : random_u64() >> (random_u64() % 64);
        char expected[32], text[32];
        const int length = snprintf(expected, sizeof expected, "%" PRIu64, x);
        cr_assert_eq(es_format_u64(text, x), (size_t)length);
        cr_assert_eq(memcmp(text, expected, (size_t)length), 0, "%s", expected);
    }
}

Test(format, the_locale_does_not_matter) {
    char text[32];
    setlocale(LC_ALL, "de_DE.UTF-8");
    const double x[] = {0.5, 1e-310, 123456789.5};
    const char *const expected[] = {"0.5", "1e-310", "123456790"};
    const int digits[] = {9, 3, 9};
    for (int i = 0; i < 3; i++) {
        const size_t length = es_format_double(text, x[i], digits[i]);
        cr_assert(length == strlen(expected[i]) && memcmp(text, expected[i], length) == 0);
    }
}

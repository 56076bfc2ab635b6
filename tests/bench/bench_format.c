/* Nanoseconds per number of the formatter at every SIMD level, and of snprintf.  Usage: bench_format [rounds] */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/simd.h"
#include "io/format.h"
#include "io/format_digits.h"

enum { TILE = 256, REPEAT = 200, MAX_ROUNDS = 1001 };

typedef void doubles_fn(es_cell *, const double *, size_t, int, char);
typedef void counts_fn(es_cell *, const double *, size_t, char);

static uint64_t state = 88172645463325252;

static double random_unit(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) * 0x1p-53;
}

static double metric(void) { return pow(10, random_unit() * 16 - 5); }          /* 1e-5 ... 1e11 */
static double three_decimals(void) { return floor(random_unit() * 1e6) / 1e3; } /* 532.130 */
static double bytes(void) { return floor(random_unit() * 9e9) + 1e9; }          /* 10 digits, a tenth are ties at 9 */
static double whole(void) { return floor(pow(10, random_unit() * 15)); }
static double smooth(void) {
    static double x = 0.25;
    return x += 0.0625001;
}
static double step(void) {
    static double x = 1000;
    return x += 3;
}
static double large(void) { return floor(pow(10, 15.7 + random_unit() * 3.5)); }

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void by_snprintf(es_cell *cell, const double *x, size_t n, int digits, char separator) {
    for (size_t i = 0; i < n; i++)
        cell[i].length = (uint8_t)snprintf(cell[i].text, sizeof cell[i].text, "%.*g%c", digits, x[i], separator);
}

static void one_by_one(es_cell *cell, const double *x, size_t n, int digits, char separator) {
    (void)separator;
    for (size_t i = 0; i < n; i++)
        cell[i].length = (uint8_t)es_format_double(cell[i].text, x[i], digits);
}

#define SHORT_CELLS(level)                                                                                             \
    static void short_doubles##level(es_cell *cell, const double *x, size_t n, int digits, char separator) {           \
        if (digits <= 9)                                                                                               \
            es_format_short_doubles##level((es_short_cell *)cell, x, n, digits, separator);                            \
    }                                                                                                                  \
    static void short_counts##level(es_cell *cell, const double *x, size_t n, char separator) {                        \
        es_format_short_counts##level((es_short_cell *)cell, x, n, separator);                                         \
    }
SHORT_CELLS(_baseline)
#if defined(__x86_64__)
SHORT_CELLS(_v3)
SHORT_CELLS(_v4)
#endif

static int ascending(const void *a, const void *b) {
    return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

/* Median nanoseconds per number; digits 0 means counts. */
static double measure(doubles_fn *doubles, counts_fn *counts, const double *x, int digits, int rounds, int repeat) {
    static es_cell cell[TILE];
    static double time[MAX_ROUNDS];
    for (int r = 0; r < rounds; r++) {
        const double start = seconds();
        for (int i = 0; i < repeat; i++)
            if (digits > 0)
                doubles(cell, x + i * TILE, TILE, digits, ',');
            else
                counts(cell, x + i * TILE, TILE, ',');
        time[r] = 1e9 * (seconds() - start) / (repeat * TILE);
    }
    qsort(time, (size_t)rounds, sizeof *time, ascending);
    return time[rounds / 2];
}

static const struct {
    const char *name;
    es_simd_level level;
    doubles_fn *doubles;
    counts_fn *counts;
} variant[] = {
    {"baseline", ES_SIMD_BASELINE, es_format_doubles_baseline, es_format_counts_baseline},
#if defined(__x86_64__)
    {"v3", ES_SIMD_V3, es_format_doubles_v3, es_format_counts_v3},
    {"v4", ES_SIMD_V4, es_format_doubles_v4, es_format_counts_v4},
#endif
    {"short b.", ES_SIMD_BASELINE, short_doubles_baseline, short_counts_baseline},
#if defined(__x86_64__)
    {"short v3", ES_SIMD_V3, short_doubles_v3, short_counts_v3},
    {"short v4", ES_SIMD_V4, short_doubles_v4, short_counts_v4},
#endif
    {"one by one", ES_SIMD_BASELINE, one_by_one, NULL},
    {"snprintf", ES_SIMD_BASELINE, by_snprintf, NULL},
};

static const struct {
    const char *name;
    double (*value)(void);
    int digits;
} column[] = {
    {"smooth %.9g", smooth, 9},  {"steps %.9g", step, 9},
    {"mixed %.9g", metric, 9},   {"d.ddd %.9g", three_decimals, 9},
    {"bytes %.9g", bytes, 9},    {"mixed %.6g", metric, 6},
    {"mixed %.17g", metric, 17}, {"mixed %.12g", metric, 12},
    {"steps counts", step, 0},   {"counts", whole, 0},
    {"large counts", large, 0},
};

int main(int argc, char **argv) {
    static double x[TILE * REPEAT];
    int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 21;
    rounds = rounds < 1 ? 1 : rounds > MAX_ROUNDS ? MAX_ROUNDS : rounds;
    printf("%-14s", "ns per number");
    for (size_t v = 0; v < sizeof variant / sizeof *variant; v++)
        printf("%12s", variant[v].name);
    putchar('\n');
    for (size_t c = 0; c < sizeof column / sizeof *column; c++) {
        for (size_t i = 0; i < TILE * REPEAT; i++)
            x[i] = column[c].value();
        printf("%-14s", column[c].name);
        for (size_t v = 0; v < sizeof variant / sizeof *variant; v++) {
            const bool can = variant[v].level <= es_simd_level_now() && (column[c].digits > 0 || variant[v].counts);
            if (can)
                printf("%12.2f", measure(variant[v].doubles, variant[v].counts, x, column[c].digits, rounds,
                                         variant[v].doubles == by_snprintf ? 20 : REPEAT));
            else
                printf("%12s", "-");
        }
        putchar('\n');
    }
    return 0;
}

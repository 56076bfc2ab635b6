/* Times es_front on generated points: `bench_pareto [n [repeats [threads]]]`. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <edgesweep/pareto.h>

#include "pareto_data.h"

typedef void generator(double *value, size_t n, unsigned d, uint64_t seed);

static const struct {
    const char *name;
    generator *generate;
    unsigned first_d, last_d;
} data_sets[] = {
    {"independent", independent_points, 2, 8},
    {"correlated", correlated_points, 2, 5},
    {"anti-correlated", anticorrelated_points, 2, 5},
    {"edge formulas", edge_points, 2, 5},
};

static double seconds(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Median CPU and wall milliseconds of `repeats` runs; false when a run fails. */
static bool time_front(const es_points *points, unsigned threads, unsigned repeats, double median[2], size_t *size) {
    double ms[2][64];
    repeats = repeats < 64 ? repeats : 64;
    for (unsigned r = 0; r < repeats; r++) {
        es_index front;
        double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
        if (es_front(points, ES_TIES_ALL, threads, &front, NULL))
            return false;
        ms[0][r] = 1e3 * (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
        ms[1][r] = 1e3 * (seconds(CLOCK_MONOTONIC) - wall);
        *size = front.count;
        es_index_free(&front);
    }
    for (unsigned clock = 0; clock < 2; clock++) {
        qsort(ms[clock], repeats, sizeof(double), by_value);
        median[clock] = ms[clock][repeats / 2];
    }
    return true;
}

static bool bench_one(const char *name, generator *generate, size_t n, unsigned d, unsigned repeats, unsigned threads) {
    double *value = malloc(n * d * sizeof *value);
    const double *column[ES_MAX_OBJECTIVES];
    double median[2];
    size_t size = 0;
    if (!value)
        return false;
    generate(value, n, d, 42);
    for (unsigned k = 0; k < d; k++)
        column[k] = value + k * n;
    es_points points = {.n = n, .d = d, .column = column};
    bool ok = time_front(&points, threads, repeats, median, &size);
    if (ok)
        printf("%-16s %9zu %2u %8zu %10.2f %10.2f\n", name, n, d, size, median[0], median[1]);
    fflush(stdout);
    free(value);
    return ok;
}

static void equal_points(double *value, size_t n, unsigned d, uint64_t seed) {
    for (size_t i = 0; i < n * d; i++)
        value[i] = (double)seed;
}

int main(int argc, char **argv) {
    size_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    unsigned repeats = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 5;
    unsigned threads = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 1;
    bool ok = n > 0 && repeats > 0;
    printf("%-16s %9s %2s %8s %10s %10s\n", "data", "points", "d", "front", "CPU ms", "wall ms");
    for (size_t s = 0; s < sizeof data_sets / sizeof *data_sets; s++)
        for (unsigned d = data_sets[s].first_d; d <= data_sets[s].last_d && ok; d++)
            ok = bench_one(data_sets[s].name, data_sets[s].generate, d > 5 ? n / 5 : n, d, repeats, threads);
    ok = ok && bench_one("all equal", equal_points, n, 5, repeats, threads);
    return ok ? 0 : 1;
}

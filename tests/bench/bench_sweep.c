/* Reductions of whole grids without text: fronts and bests from 1e4 to 1e9 points, at one and two threads, and the same
 * with every point looked at.  Usage: bench_sweep [rounds [largest grid]] */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <edgesweep/sweep.h>

enum { MAX_ROUNDS = 101, MAX_SETS = 16, SET_SIZE = 120, MOST_LOOKED_AT = 10000000 };

/* Three axes (or five) grow alike with the grid; %zu is their length.  "ties": the front is written, too, which takes a
 * second pass. */
typedef struct bench_case {
    const char *name;
    size_t fixed, grown; /* points of the axes that do not grow; how many do */
    const char *sets[MAX_SETS];
} bench_case;

#define MODELS                                                                                                         \
    "kernel=edgeprofiler", "model=EP-TinyLlama-1B, EP-Gemma3-1B, EP-Llama3.2-1B, EP-DeepSeek-r1-1.5B", "device=EP*",   \
        "precision=FP32, FP16, INT8, INT4"
#define EDGE MODELS, "device.mem_bw_gbs=lin(5,100,%zu)", "device.compute_util=lin(0.1,0.9,%zu)", "seq_len=1:%zu"
#define ROOF "kernel=roofline", "model=Llama-3.2-1B, Llama-3.2-3B", "device=Raspberry Pi 5*8GB*", "precision=INT8, INT4"

static const bench_case cases[] = {
    {"edgeprofiler, front of 3", 48, 3, {EDGE, "pareto.minimize=end_to_end_ms, energy_j, device.mem_bw_gbs"}},
    {"edgeprofiler, front of 4 with max seq_len",
     48,
     3,
     {EDGE, "pareto.minimize=end_to_end_ms, energy_j, device.mem_bw_gbs", "pareto.maximize=seq_len"}},
    {"edgeprofiler, front of 4, utilizations that beat each other",
     48,
     3,
     {MODELS, "seq_len=1:%zu", "device.mem_util=lin(0.1,0.9,%zu)", "device.mem_bw_gbs=lin(5,100,%zu)",
      "pareto.minimize=end_to_end_ms, energy_j, device.mem_bw_gbs", "pareto.maximize=seq_len"}},
    {"edgeprofiler, front of 4 with a vector per seq_len, with its ties",
     8400,
     1,
     {"kernel=edgeprofiler", "model=EP-*", "device=EP*", "precision=FP32, FP16, INT8, INT4", "seq_len=1:%zu",
      "device.mem_util=lin(0.1,0.9,100)", "pareto.minimize=end_to_end_ms, energy_j, memory_bytes",
      "pareto.maximize=seq_len", "ties"}},
    {"edgeprofiler, best per device",
     48,
     3,
     {EDGE, "best.pick=precision", "best.by=device", "best.minimize=end_to_end_ms"}},
    {"edgeprofiler, best under a condition",
     48,
     3,
     {EDGE, "best.pick=precision", "best.by=device, model", "best.minimize=energy_j", "where=power_w < 3"}},
    {"roofline, front, two inner axes vary",
     4,
     3,
     {ROOF, "prompt=16:%zu+1", "device.mem_bw_gbs=lin(5,100,%zu)", "device.mem_util=lin(0.1,1,%zu)",
      "pareto.minimize=ttft_s, energy_j_per_token, device.mem_bw_gbs"}},
    {"roofline, front, all axes vary",
     4,
     5,
     {ROOF, "prompt=16:%zu+1", "device.mem_bw_gbs=lin(5,100,%zu)", "device.mem_util=lin(0.1,1,%zu)",
      "device.decode_util=lin(0.1,1,%zu)", "device.token_overhead_ms=lin(0,5,%zu)",
      "pareto.minimize=ttft_s, energy_j_per_token, device.mem_bw_gbs", "pareto.maximize=decode_tok_s"}},
};

static int ascending(const void *a, const void *b) {
    return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

/* "prompt=16:%zu+1" ends at 15 + length. */
static size_t length_of(const char *set, size_t n) { return strstr(set, "16:%zu") ? 15 + n : n; }

static es_sweep *load(const es_catalog *catalog, const bench_case *c, double points, es_errors *errors) {
    static char text[MAX_SETS][SET_SIZE];
    const char *sets[MAX_SETS], *where = NULL;
    size_t n = 0, length = (size_t)(pow(points / (double)c->fixed, 1 / (double)c->grown) + 0.5);
    for (size_t i = 0; i < MAX_SETS && c->sets[i]; i++) {
        if (strcmp(c->sets[i], "ties") == 0)
            continue;
        if (strncmp(c->sets[i], "where=", 6) == 0) {
            where = c->sets[i] + 6;
            continue;
        }
        const char *grows = strstr(c->sets[i], "%zu");
        if (grows)
            snprintf(text[n], SET_SIZE, "%.*s%zu%s", (int)(grows - c->sets[i]), c->sets[i],
                     length_of(c->sets[i], length < 2 ? 2 : length), grows + 3);
        else
            snprintf(text[n], SET_SIZE, "%s", c->sets[i]);
        sets[n] = text[n];
        n++;
    }
    es_sweep *sweep = NULL;
    es_sweep_load(&sweep, catalog, NULL, sets, n, &where, where ? 1 : 0, errors);
    return sweep;
}

static bool writes_front(const bench_case *c) {
    bool found = false;
    for (size_t i = 0; i < MAX_SETS && c->sets[i]; i++)
        found = found || strcmp(c->sets[i], "ties") == 0;
    return found;
}

static double cpu_seconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + 1e-6 * (double)usage.ru_utime.tv_usec;
}

static long peak_megabytes(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

/* Median seconds, negative on failure; *report is of the last run. */
static double measure(const es_sweep *sweep, const es_run_options *options, int rounds, es_run_report *report,
                      double *cpu, es_errors *errors) {
    static double time[MAX_ROUNDS];
    double start = cpu_seconds();
    for (int r = 0; r < rounds; r++) {
        if (r)
            es_run_report_free(report);
        if (es_sweep_run(sweep, options, report, errors))
            return -1;
        time[r] = report->seconds;
    }
    *cpu = (cpu_seconds() - start) / rounds;
    qsort(time, (size_t)rounds, sizeof *time, ascending);
    return time[rounds / 2];
}

static bool bench(const es_sweep *sweep, const es_run_options *options, int rounds, es_errors *errors) {
    es_run_report report;
    double cpu, time = measure(sweep, options, rounds, &report, &cpu, errors);
    if (time >= 0)
        printf("%13llu  %-7s %7u %9.4f %9.4f %12.1f %9.3f%% %9llu %6ld\n", (unsigned long long)report.points,
               options->no_skip ? "all" : "bounds", report.threads, time, cpu, 1e-6 * (double)report.points / time,
               100 * (double)report.points_skipped / (double)report.points,
               (unsigned long long)(report.front_unique + report.n_best), peak_megabytes());
    es_run_report_free(&report);
    return time >= 0;
}

static bool bench_grid(const es_catalog *catalog, const bench_case *c, double points, int rounds, es_errors *errors) {
    es_sweep *sweep = load(catalog, c, points, errors);
    bool good = sweep != NULL;
    es_run_options options = {.front_out = writes_front(c) ? "/dev/null" : NULL};
    for (options.threads = 1; good && options.threads <= 2; options.threads++)
        good = bench(sweep, &options, rounds, errors);
    options.no_skip = true;
    for (options.threads = 1; good && sweep->n_points <= MOST_LOOKED_AT * 2 && options.threads <= 2; options.threads++)
        good = bench(sweep, &options, rounds, errors);
    es_sweep_free(sweep);
    return good;
}

int main(int argc, char **argv) {
    int rounds = argc > 1 ? atoi(argv[1]) : 3;
    double largest = argc > 2 ? atof(argv[2]) : 1e9;
    if (rounds < 1 || rounds > MAX_ROUNDS)
        rounds = 3;
    es_catalog catalog;
    static es_errors errors;
    bool good = !es_catalog_load(&catalog, NULL, 0, &errors);
    for (size_t i = 0; good && i < sizeof cases / sizeof *cases; i++) {
        printf("\n%s\n%13s  %-7s %7s %9s %9s %12s %10s %9s %6s\n", cases[i].name, "points", "", "threads", "seconds",
               "cpu", "Mpoints/s", "skipped", "results", "MB");
        for (double points = 1e4; good && points <= largest; points *= points < 1e5 ? 100 : 10)
            good = bench_grid(&catalog, &cases[i], points, rounds, &errors);
    }
    es_errors_print(&errors, stderr);
    es_catalog_free(&catalog);
    return good ? 0 : 1;
}

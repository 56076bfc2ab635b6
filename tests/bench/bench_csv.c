/* Seconds for fronts of a CSV table of 16 columns that is made on the fly.  Usage: bench_csv [rows] [FILE.csv] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "tables/csv_front.h"

enum { ROUNDS = 7, COLUMNS = 12 };

static uint64_t state = 88172645463325252;

static double random_unit(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) * 0x1p-53;
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double cpu_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* About 150 bytes a row: four axes, twelve metrics of six digits. */
static bool write_table(const char *path, size_t rows) {
    static const char *const devices[] = {"Raspberry Pi 5", "Raspberry Pi 4", "Jetson Orin Nano", "Pixel 8"};
    static const char *const precisions[] = {"F16", "Q8_0", "Q4_K_M", "Q4_0"};
    FILE *file = fopen(path, "w");
    if (!file)
        return false;
    fputs("model,device,precision,prompt,a,b,c,d,e,f,g,h,i,j,k,l\n", file);
    for (size_t i = 0; i < rows; i++) {
        fprintf(file, "Llama-3.2-1B,%s,%s,%d", devices[i % 4], precisions[i / 4 % 4], 128 << i / 16 % 6);
        for (int c = 0; c < COLUMNS; c++)
            fprintf(file, ",%.6g", random_unit() * (c % 3 == 0 ? 1 : c % 3 == 1 ? 1000 : 10));
        fputc('\n', file);
    }
    return fclose(file) == 0;
}

static es_status count(void *context, const char *data, size_t n, es_errors *errors) {
    (void)data, (void)errors;
    *(size_t *)context += n;
    return ES_OK;
}

typedef struct job {
    const char *name;
    unsigned d;
    es_csv_front_options options;
} job;

static es_status measure(const char *path, const job *j, unsigned threads, es_errors *errors) {
    static const char *const names[] = {"a", "b", "c", "d"};
    static const es_slice by[] = {{"device", 6}, {"precision", 9}};
    es_column_objective objective[4];
    double wall[ROUNDS], best_wall = 1e9, best_cpu = 1e9;
    es_csv_front_counts counts = {0};
    for (unsigned k = 0; k < 4; k++)
        objective[k] = (es_column_objective){es_slice_of(names[k]), k % 2 ? ES_MAXIMIZE : ES_MINIMIZE};
    for (int round = 0; round < ROUNDS; round++) {
        es_csv_front_options options = j->options;
        es_csv_input *input = NULL;
        size_t bytes = 0;
        const es_text_sink out = {count, &bytes};
        options.objective = objective;
        options.n_objectives = j->d;
        options.by = by;
        options.threads = threads;
        const double start = seconds(), cpu = cpu_seconds();
        es_status status = es_csv_input_open(&path, 1, NULL, &input, errors);
        if (!status)
            status = es_csv_front(input, &options, &out, &out, &counts, errors);
        es_csv_input_close(input);
        if (status)
            return status;
        wall[round] = seconds() - start;
        best_wall = wall[round] < best_wall ? wall[round] : best_wall;
        best_cpu = cpu_seconds() - cpu < best_cpu ? cpu_seconds() - cpu : best_cpu;
    }
    printf("%-28s %u thread%s  %6.3f s wall  %6.3f s cpu  %8llu of %llu rows\n", j->name, threads,
           threads == 1 ? " " : "s", best_wall, best_cpu, (unsigned long long)counts.shown,
           (unsigned long long)counts.rows);
    return ES_OK;
}

int main(int argc, char **argv) {
    const size_t rows = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    char made[] = "/tmp/bench_csv.XXXXXX";
    const char *path = argc > 2 ? argv[2] : made;
    const job jobs[] = {{"2 objectives", 2, {0}},
                        {"4 objectives", 4, {0}},
                        {"4 objectives, 16 groups", 4, {.n_by = 2}},
                        {"2 objectives, 10 layers", 2, {.max_rank = 10}}};
    es_errors errors = {0};
    es_status status = ES_OK;
    if (argc <= 2) {
        const int fd = mkstemp(made);
        if (fd < 0 || close(fd) != 0 || !write_table(made, rows)) {
            fputs("bench_csv: cannot write a table in /tmp\n", stderr);
            return 1;
        }
    }
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs && !status; i++)
        for (unsigned threads = 1; threads <= 2 && !status; threads++)
            status = measure(path, &jobs[i], threads, &errors);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("peak memory %ld MB\n", usage.ru_maxrss / 1024);
    es_errors_print(&errors, stderr);
    if (argc <= 2)
        unlink(made);
    return status;
}

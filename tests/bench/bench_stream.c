/* 1e7 points of the published model in 16 columns, added up: as a stream, and out of the CSV that the same sweep writes, by
 * the reader of `pareto` and `best`; in seconds of the processors, all threads together, and of the clock.  Usage: bench_stream [points [threads]], in the second case the stream alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <edgesweep/stream.h>

#include "base/clock.h"
#include "io/csv_read.h"

static const char *const sets[] = {
    "kernel=edgeprofiler",
    "model=EP-*",
    "device=EP*",
    "precision=FP32, FP16, INT8, INT4",
    "output.columns=model, device, precision, seq_len, params, flops_per_token, memory_bytes, compute_ms, memory_ms, "
    "io_ms, h2d_ms, net_ms, end_to_end_ms, arithmetic_intensity, energy_j, power_w",
    NULL /* seq_len */};
enum { SETS = sizeof sets / sizeof *sets, COLUMNS = 16, BATCH = 1024, BASE_POINTS = 7 * 3 * 4 };

typedef struct sums {
    double real[COLUMNS];
    long long whole[COLUMNS];
    uint64_t rows, chunks;
} sums;

static double sum_reals(const double *x, size_t n) {
    double s[8] = {0};
    for (size_t i = 0; i + 8 <= n; i += 8)
        for (size_t k = 0; k < 8; k++)
            s[k] += x[i + k];
    for (size_t i = n / 8 * 8; i < n; i++)
        s[0] += x[i];
    return s[0] + s[1] + s[2] + s[3] + s[4] + s[5] + s[6] + s[7];
}

static void sum_chunk(const es_stream_column *column, size_t n_columns, const es_chunk *chunk, sums *s) {
    for (size_t k = 0; k < n_columns && k < COLUMNS; k++) {
        if (column[k].type == ES_REAL_COLUMN)
            s->real[k] += sum_reals(chunk->value[k], chunk->n);
        else if (column[k].type == ES_WHOLE_COLUMN)
            for (size_t i = 0; i < chunk->n; i++)
                s->whole[k] += ((const int64_t *)chunk->value[k])[i];
        else
            for (size_t i = 0; i < chunk->n; i++)
                s->whole[k] += ((const int32_t *)chunk->value[k])[i];
    }
    s->rows += chunk->n;
    s->chunks++;
}

static es_status sum_stream(const es_stream_options *options, sums *s, es_errors *errors) {
    es_stream *stream;
    es_chunk *chunk = NULL;
    es_status status = es_sweep_open(&stream, options, errors);
    if (status)
        return status;
    size_t n_columns;
    const es_stream_column *column = es_stream_columns(stream, &n_columns);
    while (!(status = es_sweep_next(stream, &chunk, errors)) && chunk) {
        sum_chunk(column, n_columns, chunk, s);
        es_chunk_release(chunk);
    }
    es_sweep_close(stream);
    return status;
}

static es_status sum_csv(const char *path, sums *s, es_errors *errors) {
    es_csv_input *csv;
    es_csv_block block = {0};
    double value[BATCH];
    bool more = false;
    es_status status = es_csv_input_open(&path, 1, NULL, &csv, errors);
    while (!status && !(status = es_csv_input_next(csv, &block, &more, errors)) && more) {
        for (size_t k = 3; k < block.columns; k++)
            for (size_t r = 0; r < block.n_rows; r += BATCH) {
                const size_t n = block.n_rows - r < BATCH ? block.n_rows - r : BATCH;
                es_csv_block_numbers(&block, k, NULL, r, n, value);
                s->real[k] += sum_reals(value, n);
            }
        s->rows += block.n_rows;
    }
    es_csv_block_free(&block);
    es_csv_input_close(csv);
    return status;
}

static double processor_seconds(void) { return (double)clock() / CLOCKS_PER_SEC; }

static long peak_megabytes(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

int main(int argc, char **argv) {
    const double points = argc > 1 ? strtod(argv[1], NULL) : 1e7;
    char seq_len[64], path[] = "/tmp/bench_stream-XXXXXX";
    snprintf(seq_len, sizeof seq_len, "seq_len=1:%.0f", points / BASE_POINTS);
    const char *all[SETS];
    memcpy(all, sets, sizeof all);
    all[SETS - 1] = seq_len;
    es_stream_options options = {.sets = all, .n_sets = SETS, .threads = argc > 2 ? (unsigned)atoi(argv[2]) : 0};
    static es_errors errors;
    sums s = {0}, read = {0};
    double start = es_seconds_now(), work = processor_seconds();
    es_status status = sum_stream(&options, &s, &errors);
    const double streamed = processor_seconds() - work;
    printf("%llu rows in %llu chunks: %.3f s, %.3f s by the clock, %ld MB at most\n", (unsigned long long)s.rows,
           (unsigned long long)s.chunks, streamed, es_seconds_now() - start, peak_megabytes());
    if (!status && argc <= 2) {
        es_catalog catalog;
        es_sweep *sweep = NULL;
        es_run_report report = {0};
        const int file = mkstemp(path);
        status = es_catalog_load(&catalog, NULL, 0, &errors);
        if (!status)
            status = es_sweep_load(&sweep, &catalog, NULL, all, SETS, NULL, 0, &errors);
        if (!status && file >= 0)
            status = es_sweep_run(sweep, &(es_run_options){.out = path, .threads = options.threads}, &report, &errors);
        work = processor_seconds();
        if (!status)
            status = sum_csv(path, &read, &errors);
        const double from_text = processor_seconds() - work;
        printf("written as CSV in %.3f s by the clock, %.0f MB; read again: %.3f s, %.1f times as long\n",
               report.seconds, (double)report.bytes / 1e6, from_text, from_text / streamed);
        es_run_report_free(&report);
        es_sweep_free(sweep);
        es_catalog_free(&catalog);
        if (file >= 0)
            close(file);
        unlink(path);
        char meta[64];
        snprintf(meta, sizeof meta, "%s.meta.json", path);
        unlink(meta);
    }
    es_errors_print(&errors, stderr);
    return status;
}

/* Threads that read one table for a front and for best choices, for ThreadSanitizer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tables/csv_best.h"
#include "tables/csv_front.h"

enum { ROWS = 40000, THREADS = 4 };

static void check(bool ok, const char *what) {
    if (ok)
        return;
    fprintf(stderr, "tsan_csv: %s\n", what);
    exit(1);
}

static void write_table(const char *path) {
    FILE *file = fopen(path, "w");
    check(file != NULL, "no temporary file");
    fputs("group,pick,a,b\n", file);
    unsigned state = 1;
    for (int i = 0; i < ROWS; i++) {
        state = state * 1664525u + 1013904223u;
        fprintf(file, "g%u,\"p%u\",%u,%u\n", state >> 28 & 7, state >> 24 & 15, state >> 8 & 0xffff,
                ~state >> 10 & 0xffff);
    }
    check(fclose(file) == 0, "cannot write the table");
}

static es_status count(void *context, const char *data, size_t n, es_errors *errors) {
    (void)data, (void)errors;
    *(size_t *)context += n;
    return ES_OK;
}

static const es_column_objective objective[] = {{{"a", 1}, ES_MINIMIZE}, {{"b", 1}, ES_MAXIMIZE}};
static const es_slice by[] = {{"group", 5}};

static size_t front(const char *path, unsigned threads, uint32_t max_rank) {
    const es_csv_input_options reading = {.block_size = 20000};
    const es_csv_front_options options = {
        .objective = objective, .n_objectives = 2, .by = by, .n_by = 1, .max_rank = max_rank, .threads = threads};
    es_csv_input *input;
    es_csv_front_counts counts;
    size_t written = 0;
    const es_text_sink out = {count, &written};
    check(es_csv_input_open(&path, 1, &reading, &input, NULL) == ES_OK, "cannot open the table");
    check(es_csv_front(input, &options, &out, &out, &counts, NULL) == ES_OK, "no front");
    check(counts.rows == ROWS, "rows are missing");
    es_csv_input_close(input);
    return written;
}

static size_t best(const char *path, unsigned threads) {
    const es_csv_input_options reading = {.block_size = 20000};
    const es_csv_best_options options = {.pick = {"pick", 4},
                                         .by = by,
                                         .n_by = 1,
                                         .objective = objective,
                                         .n_objectives = 2,
                                         .top = 1,
                                         .threads = threads};
    es_csv_input *input;
    es_csv_best found;
    size_t written = 0;
    const es_text_sink out = {count, &written};
    check(es_csv_input_open(&path, 1, &reading, &input, NULL) == ES_OK, "cannot open the table");
    check(es_csv_best_find(input, &options, &found, NULL) == ES_OK, "no best choices");
    check(es_csv_best_write(input, &found, &out, NULL) == ES_OK, "best choices not written");
    es_csv_best_free(&found);
    es_csv_input_close(input);
    return written;
}

int main(void) {
    char path[] = "/tmp/tsan_csv.XXXXXX";
    const int fd = mkstemp(path);
    check(fd >= 0, "no temporary file");
    close(fd);
    write_table(path);
    for (uint32_t max_rank = 0; max_rank < 3; max_rank++)
        check(front(path, 1, max_rank) == front(path, THREADS, max_rank), "fronts differ");
    check(best(path, 1) == best(path, THREADS), "best choices differ");
    unlink(path);
    return 0;
}

/* Any bytes as a CSV table: read, split, numbers, and a front, in blocks of a size that the first byte chooses. */
#include "fuzz.h"

#include "tables/csv_best.h"
#include "tables/csv_front.h"

static void read_all(const char *path, size_t block_size) {
    const es_csv_input_options options = {.block_size = block_size};
    es_csv_input *input;
    es_csv_block block = {0};
    es_slice cell[64];
    bool more = true;
    if (es_csv_input_open(&path, 1, &options, &input, NULL))
        return;
    while (more && !es_csv_input_next(input, &block, &more, NULL) && more) {
        for (size_t r = 0; r < block.n_rows; r++) {
            double value;
            if (es_csv_split(es_csv_block_row(&block, r), block.delimiter, cell, 64) != block.columns)
                abort();
            es_csv_block_numbers(&block, block.columns - 1, NULL, r, 1, &value);
        }
        if (es_csv_block_fail(&block, NULL))
            break;
    }
    es_csv_block_free(&block);
    es_csv_input_close(input);
}

static es_status drop(void *context, const char *data, size_t n, es_errors *errors) {
    (void)context, (void)data, (void)n, (void)errors;
    return ES_OK;
}

static void front_of_all(const char *path, size_t block_size, bool unique) {
    const es_csv_input_options reading = {.block_size = block_size};
    const es_text_sink out = {drop, NULL};
    es_csv_input *input;
    es_csv_front_counts counts;
    if (es_csv_input_open(&path, 1, &reading, &input, NULL))
        return;
    const es_column_objective objective = {es_csv_input_name(input, 0), ES_MINIMIZE};
    const es_csv_front_options options = {.objective = &objective,
                                          .n_objectives = 1,
                                          .by = &objective.column,
                                          .n_by = unique,
                                          .unique = unique,
                                          .skip_missing = true,
                                          .threads = 1};
    es_errors *errors = fuzz_errors();
    fuzz_outcome(es_csv_front(input, &options, &out, &out, &counts, errors), errors);
    es_csv_input_close(input);
}

/* The first column picked, the last one minimised, grouped by one between them. */
static void best_of_all(const char *path, size_t block_size) {
    const es_csv_input_options reading = {.block_size = block_size};
    const es_text_sink out = {drop, NULL};
    es_csv_input *input;
    es_csv_best best;
    if (es_csv_input_open(&path, 1, &reading, &input, NULL))
        return;
    const size_t columns = es_csv_input_columns(input);
    const es_column_objective objective = {es_csv_input_name(input, columns - 1), ES_MAXIMIZE};
    const es_slice by = es_csv_input_name(input, columns / 2);
    const es_csv_best_options options = {.pick = es_csv_input_name(input, 0),
                                         .by = &by,
                                         .n_by = 1,
                                         .objective = &objective,
                                         .n_objectives = 1,
                                         .skip_missing = true,
                                         .top = 1 + block_size % 3,
                                         .threads = 1};
    if (!es_csv_best_find(input, &options, &best, NULL)) {
        FUZZ_CHECK(best.n_groups <= best.rows);
        es_csv_best_write(input, &best, &out, NULL);
        es_csv_best_free(&best);
    }
    es_csv_input_close(input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1)
        return 0;
    const char *path = fuzz_file(data + 1, size - 1);
    const size_t block_size = 1 + (size_t)(data[0] & 127) * 3;
    read_all(path, block_size);
    front_of_all(path, block_size, data[0] & 128);
    best_of_all(path, block_size);
    return 0;
}

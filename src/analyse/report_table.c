#include "analyse/report_table.h"

#include <stdlib.h>
#include <string.h>

#include "analyse/csv_front.h"
#include "base/number.h"

/* What is kept of a long table. */
typedef struct es_thinning {
    char *front; /* its rows as written, in the order of the table, under the header */
    size_t length, capacity;
    size_t at; /* the next row of the front */
    uint64_t n_front, step;
} es_thinning;

typedef struct es_reading {
    const char *path;
    es_csv_input_options options;
    es_csv_input *csv;
    es_csv_block block;
} es_reading;

static es_status open_table(es_reading *reading, es_errors *errors) {
    return es_csv_input_open(&reading->path, 1, &reading->options, &reading->csv, errors);
}

static void close_table(es_reading *reading) {
    es_csv_block_free(&reading->block);
    es_csv_input_close(reading->csv);
    reading->csv = NULL;
    reading->block = (es_csv_block){0};
}

static es_status next_block(es_reading *reading, bool *more, es_errors *errors) {
    const es_status status = es_csv_input_next(reading->csv, &reading->block, more, errors);
    return status || !*more ? status : es_csv_block_fail(&reading->block, errors);
}

static es_status count_rows(es_reading *reading, uint64_t *rows, es_errors *errors) {
    bool more = true;
    es_status status = open_table(reading, errors);
    while (!status && more) {
        status = next_block(reading, &more, errors);
        *rows += !status && more ? reading->block.n_rows : 0;
    }
    close_table(reading);
    return status;
}

/* ---- The front of a long table ---- */

static bool has_column(const es_csv_input *csv, const char *name) {
    for (size_t c = 0; c < es_csv_input_columns(csv); c++)
        if (es_slice_equal(es_csv_input_name(csv, c), name))
            return true;
    return false;
}

static es_status keep_text(void *context, const char *data, size_t n, es_errors *errors) {
    es_thinning *thinning = context;
    if (!es_grow((void **)&thinning->front, &thinning->capacity, thinning->length + n, 1))
        return es_fail_memory(errors);
    memcpy(thinning->front + thinning->length, data, n);
    thinning->length += n;
    return ES_OK;
}

static es_status find_front(es_reading *reading, es_thinning *thinning, es_errors *errors) {
    static const struct {
        const char *name;
        es_direction direction;
    } candidates[] = {{"energy_j_per_token", ES_MINIMIZE},
                      {"tpot_s", ES_MINIMIZE},
                      {"end_to_end_ms", ES_MINIMIZE},
                      {"energy_j", ES_MINIMIZE},
                      {"quality", ES_MAXIMIZE}};
    es_column_objective objective[5];
    const es_slice by = es_slice_of("device");
    const es_text_sink sink = {keep_text, thinning};
    const unsigned warnings = errors->n_warnings;
    es_csv_front_counts counts = {0};
    es_csv_front_options options = {.objective = objective, .by = &by, .skip_missing = true};
    es_status status = open_table(reading, errors);
    if (status)
        return status;
    for (size_t i = 0; i < 5; i++)
        if (has_column(reading->csv, candidates[i].name))
            objective[options.n_objectives++] =
                (es_column_objective){es_slice_of(candidates[i].name), candidates[i].direction};
    options.n_by = has_column(reading->csv, "device");
    if (options.n_objectives)
        status = es_csv_front(reading->csv, &options, &sink, NULL, &counts, errors);
    errors->n_warnings = warnings; /* rows without a number are just on no front */
    thinning->at = es_csv_input_header(reading->csv).length + 1;
    thinning->n_front = counts.shown;
    close_table(reading);
    return status;
}

static es_status plan_thinning(es_reading *reading, es_thinning *thinning, uint64_t rows, uint64_t max_rows,
                               es_errors *errors) {
    thinning->step = 1;
    if (rows <= max_rows)
        return ES_OK;
    const es_status status = find_front(reading, thinning, errors);
    const uint64_t front = thinning->n_front, room = front < max_rows / 2 ? max_rows - front : max_rows / 2 + 1;
    thinning->step = (rows + room - 1) / room;
    return status;
}

/* ---- Rows ---- */

static es_status begin_columns(es_report_table *table, const es_csv_input *csv, es_errors *errors) {
    table->n_columns = es_csv_input_columns(csv);
    table->column = es_arena_array(&table->arena, table->n_columns, sizeof *table->column);
    if (!table->column)
        return es_fail_memory(errors);
    for (size_t c = 0; c < table->n_columns; c++) {
        table->column[c].name = es_arena_text(&table->arena, es_csv_input_name(csv, c));
        table->column[c].numeric = true;
        if (!table->column[c].name)
            return es_fail_memory(errors);
    }
    return ES_OK;
}

static es_status add_cell(es_report_column *column, size_t row, es_slice text, es_errors *errors) {
    const uint32_t known = column->words.n;
    double value;
    const es_status status = es_keys_number(&column->words, text, &column->code[row], errors);
    if (!status && column->words.n > known && text.length && es_parse_double(text, &value) != ES_NUMBER_OK)
        column->numeric = false;
    return status;
}

static es_status grow_rows(es_report_table *table, es_errors *errors) {
    const size_t old = table->capacity;
    for (size_t c = 0; c < table->n_columns; c++) {
        size_t capacity = old;
        if (!es_grow((void **)&table->column[c].code, &capacity, table->n_rows + 1, sizeof(uint32_t)))
            return es_fail_memory(errors);
        table->capacity = capacity;
    }
    return ES_OK;
}

static es_status add_row(es_report_table *table, const es_csv_block *block, size_t r, es_errors *errors) {
    es_status status = table->n_rows < table->capacity ? ES_OK : grow_rows(table, errors);
    for (size_t c = 0; c < table->n_columns && !status; c++) {
        const es_slice cell = es_csv_block_cell(block, r, c);
        char *scratch = memchr(cell.text, '"', cell.length) ? malloc(cell.length) : NULL;
        status = add_cell(&table->column[c], table->n_rows, es_csv_value(cell, scratch), errors);
        free(scratch);
    }
    table->n_rows += !status;
    return status;
}

/* Fronts pass rows through verbatim and in order: comparing with the next one is enough. */
static bool on_front(es_thinning *thinning, const es_csv_block *block, size_t r) {
    const es_slice row = es_csv_block_row(block, r);
    if (thinning->length - thinning->at < row.length + 1 || thinning->front[thinning->at + row.length] != '\n' ||
        memcmp(thinning->front + thinning->at, row.text, row.length) != 0)
        return false;
    thinning->at += row.length + 1;
    return true;
}

/* One row in `step`, at random but the same ones every time: every step-th row would miss values of an axis whose
 * length has a divisor in common with step.  The mixer is that of splitmix64. */
static bool in_sample(uint64_t row, uint64_t step) {
    uint64_t z = (row + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (z ^ z >> 31) % step == 0;
}

static es_status take_rows(es_report_table *table, es_reading *reading, es_thinning *thinning, es_errors *errors) {
    bool more = true;
    es_status status = open_table(reading, errors);
    if (!status)
        status = begin_columns(table, reading->csv, errors);
    while (!status && more) {
        status = next_block(reading, &more, errors);
        for (size_t r = 0; !status && more && r < reading->block.n_rows; r++) {
            const bool sampled = in_sample(table->rows_read++, thinning->step);
            const bool front = thinning->n_front && on_front(thinning, &reading->block, r);
            table->front += front;
            if (sampled || front)
                status = add_row(table, &reading->block, r, errors);
        }
    }
    close_table(reading);
    return status;
}

es_status es_report_table_read(es_report_table *table, const char *path, uint64_t max_rows,
                               const volatile sig_atomic_t *stop, es_errors *errors) {
    es_reading reading = {.path = path, .options = {.stop = stop}};
    es_thinning thinning = {0};
    uint64_t rows = 0;
    *table = (es_report_table){0};
    es_status status = count_rows(&reading, &rows, errors);
    if (!status)
        status = plan_thinning(&reading, &thinning, rows, max_rows, errors);
    if (!status)
        status = take_rows(table, &reading, &thinning, errors);
    table->step = thinning.step;
    free(thinning.front);
    return status;
}

void es_report_table_free(es_report_table *table) {
    for (size_t c = 0; table->column && c < table->n_columns; c++) {
        es_keys_free(&table->column[c].words);
        free(table->column[c].code);
    }
    es_arena_free(&table->arena);
    *table = (es_report_table){0};
}

int es_report_table_find(const es_report_table *table, const char *name) {
    for (size_t c = 0; c < table->n_columns; c++)
        if (strcmp(table->column[c].name, name) == 0)
            return (int)c;
    return -1;
}

#include "report/report_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tables/csv_front.h"
#include "base/number.h"

/* Rows of a long table that are kept whatever the sample: a front, in the order of the table, under the header. */
typedef struct es_kept {
    char *text;
    size_t length, capacity;
    size_t at; /* the next row */
    uint64_t rows;
} es_kept;

enum { FRONT, PLAIN_FRONT /* of all rows, also those without a quality */, FASTEST, KEPT_LISTS };

typedef struct es_thinning {
    es_kept kept[KEPT_LISTS];
    bool by_workload;
    uint64_t step;
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

/* ---- Fronts of a long table ---- */

enum { MAX_BY = 16 };

static bool has_column(const es_csv_input *csv, const char *name) {
    return es_csv_input_find(csv, es_slice_of(name)) != SIZE_MAX;
}

static es_status keep_text(void *context, const char *data, size_t n, es_errors *errors) {
    es_kept *kept = context;
    if (!es_grow((void **)&kept->text, &kept->capacity, kept->length + n, 1))
        return es_fail_memory(errors);
    memcpy(kept->text + kept->length, data, n);
    kept->length += n;
    return ES_OK;
}

/* One front per combination of the columns `by`; columns that the table lacks are left out.  NULL ends both lists. */
static es_status find_front(es_reading *reading, const char *const *by, const char *const *objectives, es_kept *kept,
                            es_errors *errors) {
    es_column_objective objective[MAX_BY];
    es_slice group[MAX_BY];
    const es_text_sink sink = {keep_text, kept};
    const unsigned warnings = errors ? errors->n_warnings : 0;
    es_csv_front_counts counts = {0};
    es_csv_front_options options = {.objective = objective, .by = group, .skip_missing = true};
    es_status status = open_table(reading, errors);
    if (status)
        return status;
    for (; *by; by++)
        if (has_column(reading->csv, *by))
            group[options.n_by++] = es_slice_of(*by);
    for (; *objectives; objectives++)
        if (has_column(reading->csv, *objectives))
            objective[options.n_objectives++] = (es_column_objective){
                es_slice_of(*objectives), strcmp(*objectives, "quality") == 0 ? ES_MAXIMIZE : ES_MINIMIZE};
    kept->length = 0;
    if (options.n_objectives)
        status = es_csv_front(reading->csv, &options, &sink, NULL, &counts, errors);
    if (errors)
        errors->n_warnings = warnings; /* rows without a number are just on no front */
    kept->at = es_csv_input_header(reading->csv).length + 1;
    kept->rows = counts.shown;
    close_table(reading);
    return status;
}

#define COSTS "energy_j_per_token", "tpot_s", "end_to_end_ms", "energy_j", "peak_memory_bytes", "memory_bytes"

/* With these fronts the best by any of their objectives, under limits on the others, is never lost: per device and
 * workload, or per device alone where that would be most of the page. */
static es_status find_fronts(es_reading *reading, es_thinning *thinning, uint64_t max_rows, es_errors *errors) {
    static const char *const objectives[] = {"quality", COSTS, NULL}, *const costs[] = {COSTS, NULL};
    static const char *const workloads[] = {"device", "prompt", "gen",     "depth",   "batch",
                                            "nodes",  "ubatch", "kv_bits", "seq_len", NULL};
    static const char *const devices[] = {"device", NULL}, *const models[] = {"device", "model", "precision", NULL};
    static const char *const times[] = {"tpot_s", "end_to_end_ms", NULL};
    es_kept *kept = thinning->kept;
    es_status status = find_front(reading, workloads, objectives, &kept[FRONT], errors);
    if (!status)
        status = find_front(reading, workloads, costs, &kept[PLAIN_FRONT], errors);
    thinning->by_workload = kept[FRONT].rows + kept[PLAIN_FRONT].rows <= max_rows / 2;
    if (!status && !thinning->by_workload)
        status = find_front(reading, devices, objectives, &kept[FRONT], errors);
    if (!status && !thinning->by_workload)
        status = find_front(reading, devices, costs, &kept[PLAIN_FRONT], errors);
    return status ? status : find_front(reading, models, times, &kept[FASTEST], errors);
}

static es_status plan_thinning(es_reading *reading, es_thinning *thinning, uint64_t rows, uint64_t max_rows,
                               es_errors *errors) {
    uint64_t kept = 0;
    thinning->step = 1;
    if (rows <= max_rows)
        return ES_OK;
    const es_status status = find_fronts(reading, thinning, max_rows, errors);
    for (size_t i = 0; i < KEPT_LISTS; i++)
        kept += thinning->kept[i].rows;
    const uint64_t room = kept < max_rows / 10 * 9 ? max_rows - kept : max_rows / 10 + 1;
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

static es_status add_cell(es_report_table *table, size_t c, const es_csv_input *csv, const es_csv_block *block,
                          es_slice cell, es_slice text, es_errors *errors) {
    es_report_column *column = &table->column[c];
    const uint32_t known = column->words.n;
    char room[ES_CSV_NUMBER_MAX];
    double value;
    const es_status status = es_keys_number(&column->words, text, &column->code[table->n_rows], errors);
    if (status || column->words.n == known || text.length == 0)
        return status;
    column->numeric &= es_parse_double(text, &value) == ES_NUMBER_OK;
    es_slice number = {0};
    if (!column->other)
        number = es_csv_input_number(csv, c, text, room);
    if (!column->rounded_at.file && es_parse_double(number, &value) == ES_NUMBER_OK && fabs(value) >= ES_WHOLE_MAX &&
        !memchr(number.text, 'e', number.length) && !memchr(number.text, 'E', number.length))
        column->rounded_at = es_csv_block_origin(block, (size_t)(cell.text - block->text));
    if (!column->other && number.length == 0) {
        column->other = column->words.n;
        column->other_at = es_csv_block_origin(block, (size_t)(cell.text - block->text));
    }
    return ES_OK;
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

static es_status add_row(es_report_table *table, const es_csv_input *csv, const es_csv_block *block, size_t r,
                         es_errors *errors) {
    es_status status = table->n_rows < table->capacity ? ES_OK : grow_rows(table, errors);
    for (size_t c = 0; c < table->n_columns && !status; c++) {
        const es_slice cell = es_csv_block_cell(block, r, c);
        char *scratch = memchr(cell.text, '"', cell.length) ? malloc(cell.length) : NULL;
        status = add_cell(table, c, csv, block, cell, es_csv_value(cell, scratch), errors);
        free(scratch);
    }
    table->n_rows += !status;
    return status;
}

/* Fronts pass rows through verbatim and in order: comparing with the next one is enough. */
static bool is_kept(es_kept *kept, const es_csv_block *block, size_t r) {
    const es_slice row = es_csv_block_row(block, r);
    if (!kept->rows || kept->length - kept->at < row.length + 1 || kept->text[kept->at + row.length] != '\n' ||
        memcmp(kept->text + kept->at, row.text, row.length) != 0)
        return false;
    kept->at += row.length + 1;
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

/* Numbers that are written in other ways than C's become so, when all of the column are. */
static es_status plain_numbers(es_report_table *table, size_t c, const es_csv_input *csv, es_errors *errors) {
    es_report_column *column = &table->column[c];
    es_keys words = {0};
    char room[ES_CSV_NUMBER_MAX];
    uint32_t *code = malloc(((size_t)column->words.n + 1) * sizeof *code);
    es_status status = code ? ES_OK : es_fail_memory(errors);
    for (uint32_t w = 0; w < column->words.n && !status; w++) {
        const es_slice text = es_keys_text(&column->words, w);
        status = es_keys_number(&words, text.length ? es_csv_input_number(csv, c, text, room) : text, &code[w], errors);
    }
    for (size_t r = 0; r < table->n_rows && !status; r++)
        column->code[r] = code[column->code[r]];
    free(code);
    if (status) {
        es_keys_free(&words);
        return status;
    }
    es_keys_free(&column->words);
    column->words = words;
    column->numeric = true;
    return ES_OK;
}

/* A column of numbers with something else in between is text, but not in silence. */
static es_status settle_columns(es_report_table *table, es_csv_input *csv, es_errors *errors) {
    es_status status = ES_OK;
    for (size_t c = 0; c < table->n_columns && !status; c++) {
        const es_report_column *column = &table->column[c];
        char room[ES_CSV_NUMBER_MAX];
        uint32_t numbers = 0;
        if (!column->other && column->rounded_at.file)
            es_warn(
                errors, &column->rounded_at,
                "column '%s' has whole numbers beyond 2^53, which are compared rounded to 53 bits; this is the first",
                es_quote_text(column->name).text);
        if (column->numeric)
            continue;
        if (!column->other) {
            status = plain_numbers(table, c, csv, errors);
            continue;
        }
        for (uint32_t w = 0; w < column->words.n; w++) {
            const es_slice word = es_keys_text(&column->words, w);
            numbers += es_csv_input_number(csv, c, word, room).length > 0 || es_csv_number_hint(word)[0];
        }
        const es_slice other = es_keys_text(&column->words, column->other - 1);
        if (numbers > column->words.n / 2)
            es_warn(errors, &column->other_at, "column '%s' is taken as text: '%s' is not a number%s",
                    es_quote_text(column->name).text, es_quote(other).text, es_csv_number_hint(other));
    }
    return status ? status : es_csv_input_settle(csv, errors);
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
            bool kept[KEPT_LISTS];
            for (size_t i = 0; i < KEPT_LISTS; i++)
                kept[i] = is_kept(&thinning->kept[i], &reading->block, r);
            const bool front = kept[FRONT] || kept[PLAIN_FRONT];
            table->front += front;
            table->fastest += kept[FASTEST] && !front;
            if (sampled || front || kept[FASTEST])
                status = add_row(table, reading->csv, &reading->block, r, errors);
        }
    }
    if (!status)
        status = settle_columns(table, reading->csv, errors);
    close_table(reading);
    return status;
}

es_status es_report_table_read(es_report_table *table, const char *path, uint64_t max_rows,
                               const es_csv_input_options *options, es_errors *errors) {
    es_reading reading = {.path = path, .options = options ? *options : (es_csv_input_options){0}};
    es_thinning thinning = {0};
    uint64_t rows = 0;
    *table = (es_report_table){0};
    es_status status = count_rows(&reading, &rows, errors);
    if (!status)
        status = plan_thinning(&reading, &thinning, rows, max_rows, errors);
    if (!status)
        status = take_rows(table, &reading, &thinning, errors);
    table->step = thinning.step;
    table->by_workload = thinning.by_workload;
    for (size_t i = 0; i < KEPT_LISTS; i++)
        free(thinning.kept[i].text);
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

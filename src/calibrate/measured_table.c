#include "calibrate/measured_table.h"

#include <string.h>

#include "base/number.h"

int es_text_table_column(const es_text_table *table, const char *name) {
    for (size_t c = 0; c < table->n_columns; c++)
        if (es_equal_fold(table->name[c], name))
            return (int)c;
    return -1;
}

/* Room for one more row; the arena keeps outgrown arrays. */
static bool grow_rows(es_text_table *t, es_arena *arena) {
    if (t->n_rows < t->capacity)
        return true;
    size_t capacity = t->capacity ? 2 * t->capacity : 256;
    const char ***cell = es_arena_array(arena, capacity, sizeof *cell);
    const char **line = es_arena_array(arena, capacity, sizeof *line);
    es_origin *origin = es_arena_array(arena, capacity, sizeof *origin);
    if (!cell || !line || !origin)
        return false;
    if (t->n_rows) {
        memcpy(cell, t->cell, t->n_rows * sizeof *cell);
        memcpy(line, t->line, t->n_rows * sizeof *line);
        memcpy(origin, t->origin, t->n_rows * sizeof *origin);
    }
    t->cell = cell, t->line = line, t->origin = origin, t->capacity = capacity;
    return true;
}

static const char *decoded(es_arena *arena, es_slice cell) {
    char *scratch = es_arena_alloc(arena, cell.length + 1);
    return scratch ? es_arena_text(arena, es_csv_value(cell, scratch)) : NULL;
}

static es_status add_csv_row(es_text_table *t, const es_csv_block *block, size_t r, es_csv_place *place,
                             es_arena *arena, es_errors *errors) {
    const char **cell = grow_rows(t, arena) ? es_arena_array(arena, t->n_columns, sizeof *cell) : NULL;
    if (!cell)
        return es_fail_memory(errors);
    es_slice row = es_csv_block_row(block, r);
    for (size_t c = 0; c < t->n_columns; c++)
        if (!(cell[c] = decoded(arena, es_csv_block_cell(block, r, c))))
            return es_fail_memory(errors);
    t->cell[t->n_rows] = cell;
    t->origin[t->n_rows] = es_csv_block_origin_after(block, place, (size_t)(row.text - block->text));
    t->line[t->n_rows] = es_arena_text(arena, row);
    return t->line[t->n_rows++] ? ES_OK : es_fail_memory(errors);
}

static es_status read_csv_header(es_text_table *t, const es_csv_input *csv, es_arena *arena, es_errors *errors) {
    t->n_columns = es_csv_input_columns(csv);
    t->delimiter = es_csv_input_delimiter(csv);
    t->header = es_arena_text(arena, es_csv_input_header(csv));
    t->name = es_arena_array(arena, t->n_columns, sizeof *t->name);
    if (!t->header || !t->name)
        return es_fail_memory(errors);
    for (size_t c = 0; c < t->n_columns; c++)
        if (!(t->name[c] = es_arena_text(arena, es_csv_input_name(csv, c))))
            return es_fail_memory(errors);
    return ES_OK;
}

/* Columns of numbers that are not written as C does become so; others, and those with other text in some rows, stay. */
static es_status plain_numbers(es_text_table *t, const es_csv_input *csv, es_arena *arena, es_errors *errors) {
    char room[ES_CSV_NUMBER_MAX];
    for (size_t c = 0; c < t->n_columns; c++) {
        bool numbers = true, plain = true;
        double value;
        for (size_t r = 0; r < t->n_rows && numbers; r++) {
            const es_slice text = es_slice_of(t->cell[r][c]);
            plain &= text.length == 0 || es_parse_double(text, &value) == ES_NUMBER_OK;
            numbers = text.length == 0 || es_csv_input_number(csv, c, text, room).length > 0;
        }
        for (size_t r = 0; r < t->n_rows && numbers && !plain; r++) {
            const es_slice text = es_slice_of(t->cell[r][c]);
            t->cell[r][c] = text.length ? es_arena_text(arena, es_csv_input_number(csv, c, text, room)) : "";
            if (!t->cell[r][c])
                return es_fail_memory(errors);
        }
    }
    return ES_OK;
}

es_status es_text_table_read(es_text_table *table, const char *path, const es_csv_input_options *reading,
                             es_arena *arena, es_errors *errors) {
    es_csv_input *csv = NULL;
    es_csv_block block = {0};
    bool more = true;
    size_t bytes = 0;
    *table = (es_text_table){0};
    es_status status = es_csv_input_open(&path, 1, reading, &csv, errors);
    if (!status)
        status = read_csv_header(table, csv, arena, errors);
    while (!status && more) {
        status = es_csv_input_next(csv, &block, &more, errors);
        bytes += !status && more ? block.length : 0;
        if (bytes > ES_MEASURED_MAX_BYTES)
            status = es_fail(errors, ES_ERUNTIME, NULL, "more than %d MiB of measurements: '%s'",
                             ES_MEASURED_MAX_BYTES >> 20, es_quote_text(path).text);
        if (!status && table->n_rows > ES_MEASURED_MAX_ROWS)
            status = es_fail(errors, ES_ERUNTIME, NULL, "more than %d measurements: '%s'", ES_MEASURED_MAX_ROWS,
                             es_quote_text(path).text);
        es_csv_place place = {0};
        for (size_t r = 0; !status && more && r < block.n_rows; r++)
            status = add_csv_row(table, &block, r, &place, arena, errors);
        if (!status && more)
            status = es_csv_block_fail(&block, errors);
    }
    if (!status)
        status = plain_numbers(table, csv, arena, errors);
    if (!status)
        status = es_csv_input_settle(csv, errors);
    es_csv_block_free(&block);
    es_csv_input_close(csv);
    return status;
}

#include "analyse/measured_table.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "io/csv_read.h"

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

/* ---- CSV ---- */

static const char *decoded(es_arena *arena, es_slice cell) {
    char *scratch = es_arena_alloc(arena, cell.length + 1);
    return scratch ? es_arena_text(arena, es_csv_value(cell, scratch)) : NULL;
}

static es_status add_csv_row(es_text_table *t, const es_csv_block *block, size_t r, es_arena *arena,
                             es_errors *errors) {
    const char **cell = grow_rows(t, arena) ? es_arena_array(arena, t->n_columns, sizeof *cell) : NULL;
    if (!cell)
        return es_fail_memory(errors);
    es_slice row = es_csv_block_row(block, r);
    for (size_t c = 0; c < t->n_columns; c++)
        if (!(cell[c] = decoded(arena, es_csv_block_cell(block, r, c))))
            return es_fail_memory(errors);
    t->cell[t->n_rows] = cell;
    t->origin[t->n_rows] = es_csv_block_origin(block, (size_t)(row.text - block->text));
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

static es_status read_csv(es_text_table *t, const char *path, es_arena *arena, es_errors *errors) {
    es_csv_input *csv = NULL;
    es_csv_block block = {0};
    bool more = true;
    es_status status = es_csv_input_open(&path, 1, NULL, &csv, errors);
    if (!status)
        status = read_csv_header(t, csv, arena, errors);
    while (!status && more) {
        status = es_csv_input_next(csv, &block, &more, errors);
        for (size_t r = 0; !status && more && r < block.n_rows; r++)
            status = add_csv_row(t, &block, r, arena, errors);
        if (!status && more)
            status = es_csv_block_fail(&block, errors);
    }
    es_csv_block_free(&block);
    es_csv_input_close(csv);
    return status;
}

/* ---- JSON ---- */

static bool is_scalar(const json_t *value) { return !json_is_object(value) && !json_is_array(value); }

static const char *scalar_text(es_arena *arena, const json_t *value) {
    switch (json_typeof(value)) {
    case JSON_STRING: return es_arena_text(arena, (es_slice){json_string_value(value), json_string_length(value)});
    case JSON_INTEGER: return es_arena_printf(arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    case JSON_REAL: return es_arena_printf(arena, "%.17g", json_real_value(value));
    case JSON_TRUE: return "1";
    case JSON_FALSE: return "0";
    default: return "";
    }
}

/* A cell as CSV has it; one with a quote, a comma or a control character is quoted. */
static const char *csv_cell(es_arena *arena, const char *text) {
    if (!text || !strpbrk(text, "\",\r\n"))
        return text;
    char *to = es_arena_alloc(arena, 2 * strlen(text) + 3), *at = to;
    if (!to)
        return NULL;
    *at++ = '"';
    for (; *text; text++) {
        if (*text == '"')
            *at++ = '"';
        *at++ = *text;
    }
    *at = '"';
    return to;
}

static const char *csv_line(es_arena *arena, const char *const *cell, size_t n) {
    const char *line = "";
    for (size_t c = 0; c < n && line; c++) {
        const char *text = csv_cell(arena, cell[c]);
        line = text ? es_arena_printf(arena, "%s%s%s", line, c ? "," : "", text) : NULL;
    }
    return line;
}

/* The columns are the plain members of the first object. */
static es_status read_json_header(es_text_table *t, json_t *object, es_arena *arena, es_errors *errors) {
    const char *key;
    json_t *value;
    t->delimiter = ',';
    t->name = es_arena_array(arena, json_object_size(object) + 1, sizeof *t->name);
    if (!t->name)
        return es_fail_memory(errors);
    json_object_foreach(object, key, value) {
        if (is_scalar(value) && !(t->name[t->n_columns++] = es_arena_text(arena, es_slice_of(key))))
            return es_fail_memory(errors);
    }
    t->header = csv_line(arena, t->name, t->n_columns);
    return t->header ? ES_OK : es_fail_memory(errors);
}

static es_status add_json_row(es_text_table *t, json_t *object, es_origin at, es_arena *arena, es_errors *errors) {
    if (!json_is_object(object))
        return es_fail(errors, ES_ERUNTIME, &at, "not a JSON object");
    es_status status = t->name ? ES_OK : read_json_header(t, object, arena, errors);
    if (status)
        return status;
    const char **cell = grow_rows(t, arena) ? es_arena_array(arena, t->n_columns + 1, sizeof *cell) : NULL;
    if (!cell)
        return es_fail_memory(errors);
    for (size_t c = 0; c < t->n_columns; c++) {
        json_t *value = json_object_get(object, t->name[c]);
        cell[c] = value && is_scalar(value) ? scalar_text(arena, value) : "";
        if (!cell[c])
            return es_fail_memory(errors);
    }
    t->cell[t->n_rows] = cell;
    t->origin[t->n_rows] = at;
    t->line[t->n_rows] = csv_line(arena, cell, t->n_columns);
    return t->line[t->n_rows++] ? ES_OK : es_fail_memory(errors);
}

static es_status add_json(es_text_table *t, json_t *value, es_origin at, es_arena *arena, es_errors *errors) {
    if (!json_is_array(value))
        return add_json_row(t, value, at, arena, errors);
    es_status status = ES_OK;
    for (size_t i = 0; i < json_array_size(value) && !status; i++)
        status = add_json_row(t, json_array_get(value, i), at, arena, errors);
    return status;
}

/* Objects one after another, usually one a line, or one array of them. */
static es_status read_json(es_text_table *t, FILE *file, const char *path, es_arena *arena, es_errors *errors) {
    es_status status = ES_OK;
    uint64_t line = 1;
    for (int next; !status;) {
        while ((next = getc(file)) == '\n' || next == ' ' || next == '\r' || next == '\t')
            line += next == '\n';
        if (next == EOF)
            break;
        ungetc(next, file);
        json_error_t fault;
        json_t *value = json_loadf(file, JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, &fault);
        es_origin at = {path, value ? line : line + (uint64_t)(fault.line > 0 ? fault.line - 1 : 0), 0};
        status = value ? add_json(t, value, at, arena, errors)
                       : es_fail(errors, ES_ERUNTIME, &at, "%s", es_quote_text(fault.text).text);
        json_decref(value);
    }
    if (!status && ferror(file))
        status = es_fail_errno(errors, "cannot read", path);
    return status;
}

es_status es_text_table_read(es_text_table *table, const char *path, es_arena *arena, es_errors *errors) {
    struct stat info;
    *table = (es_text_table){0};
    if (strcmp(path, "-") == 0 || (stat(path, &info) == 0 && !S_ISREG(info.st_mode)))
        return read_csv(table, path, arena, errors); /* cannot be read twice */
    FILE *file = fopen(path, "re");
    if (!file)
        return es_fail_errno(errors, "cannot open", path);
    int first = getc(file);
    while (first == ' ' || first == '\n' || first == '\r' || first == '\t')
        first = getc(file);
    const bool json = first == '{' || first == '[';
    rewind(file);
    es_status status = json ? read_json(table, file, path, arena, errors) : ES_OK;
    fclose(file);
    return json ? status : read_csv(table, path, arena, errors);
}

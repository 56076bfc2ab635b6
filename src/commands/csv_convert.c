/* The result of `pareto` and `best` in the format that the suffix of OUT says. */
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "commands/csv_tables.h"
#include "engine/cells.h"

typedef struct converter {
    es_tables *tables;
    es_csv_options options; /* of the text cells */
    es_slice *cell, *name;
    size_t n_columns;
    char *room;
    size_t capacity;
} converter;

static es_status put(converter *c, const char *text, size_t n, es_errors *errors) {
    return es_output_write(c->tables->output, text, n, errors);
}

static es_status put_word(converter *c, const char *word, es_errors *errors) {
    return put(c, word, strlen(word), errors);
}

static es_status put_text(converter *c, es_slice text, es_errors *errors) {
    if (!es_grow((void **)&c->room, &c->capacity, es_text_cell_size(text.length), 1))
        return es_fail_memory(errors);
    return put(c, c->room, es_text_cell(&c->options, text.text, text.length, c->room), errors);
}

/* A number as C writes it, for formats that know numbers from texts; of length 0 when the value is none. */
static es_slice number_of(const converter *c, size_t column, es_slice value, char room[ES_CSV_NUMBER_MAX]) {
    const size_t known = es_csv_input_columns(c->tables->csv);
    double number;
    if (es_parse_double(value, &number) == ES_NUMBER_OK)
        return value;
    return es_csv_input_number(c->tables->csv, column < known ? column : 0, value, room);
}

static es_status put_cell(converter *c, size_t column, es_slice value, es_errors *errors) {
    char room[ES_CSV_NUMBER_MAX];
    const es_slice number = number_of(c, column, value, room);
    if (c->options.format == ES_JSONL && value.length == 0)
        return put_word(c, "null", errors);
    /* JSON has no +1, .5 and 1. */
    const bool plain =
        number.length && number.text[0] != '+' && number.text[0] != '.' && number.text[number.length - 1] != '.' &&
        !(number.text[0] == '0' && number.length > 1 && number.text[1] >= '0' && number.text[1] <= '9') &&
        !(number.text[0] == '-' && (number.length < 2 || number.text[1] == '.' || number.text[1] == '0'));
    if (plain || (number.length && c->options.format != ES_JSONL))
        return put(c, number.text, number.length, errors);
    return put_text(c, value, errors);
}

static es_status put_row(converter *c, bool header, bool first, es_errors *errors) {
    const es_output_format format = c->options.format;
    es_status status = ES_OK;
    if (format == ES_JSONL)
        status = put_word(c, !c->tables->array ? "{" : first ? "[\n{" : ",\n{", errors);
    for (size_t i = 0; i < c->n_columns && !status; i++) {
        const char *before = format == ES_MARKDOWN ? (i ? " | " : "| ") : !i ? "" : format == ES_TSV ? "\t" : ",";
        status = put_word(c, before, errors);
        if (!status && format == ES_JSONL)
            status = put_text(c, c->name[i], errors);
        if (!status && format == ES_JSONL)
            status = put_word(c, ":", errors);
        if (!status)
            status = header ? put_text(c, c->cell[i], errors) : put_cell(c, i, c->cell[i], errors);
    }
    const char *end = format == ES_MARKDOWN ? " |\n" : format == ES_TSV ? "\n" : c->tables->array ? "}" : "}\n";
    if (!status)
        status = put_word(c, end, errors);
    for (size_t i = 0; i < c->n_columns && header && format == ES_MARKDOWN && !status; i++)
        status = put_word(c, i + 1 == c->n_columns ? "| --- |\n" : "| --- ", errors);
    return status;
}

/* Splits a row into values; with doubled quotes they lie in the row itself, which is the tables' own. */
static void split(converter *c, es_slice row, es_slice *value) {
    es_csv_split(row, es_csv_input_delimiter(c->tables->csv), value, c->n_columns);
    for (size_t i = 0; i < c->n_columns; i++)
        value[i] = es_csv_value(value[i], (char *)value[i].text);
}

es_status es_tables_convert(es_tables *t, es_output_format format, es_errors *errors) {
    const size_t header = es_csv_row_length(t->text, t->length);
    converter c = {.tables = t,
                   .options = es_csv_defaults((es_csv_options){.format = format == ES_JSON ? ES_JSONL : format}),
                   .n_columns = es_csv_split((es_slice){t->text, header}, es_csv_input_delimiter(t->csv), NULL, 0)};
    c.cell = calloc(c.n_columns + 1, sizeof *c.cell);
    c.name = calloc(c.n_columns + 1, sizeof *c.name);
    es_status status = c.cell && c.name ? ES_OK : es_fail_memory(errors);
    bool first = true;
    t->array = format == ES_JSON;
    if (!status) {
        split(&c, (es_slice){t->text, header}, c.name);
        memcpy(c.cell, c.name, c.n_columns * sizeof *c.cell);
    }
    if (!status && c.options.format != ES_JSONL)
        status = put_row(&c, true, true, errors);
    for (size_t at = header + 1; at < t->length && !status; first = false) {
        const size_t length = es_csv_row_length(t->text + at, t->length - at);
        split(&c, (es_slice){t->text + at, length}, c.cell);
        status = put_row(&c, false, first, errors);
        at += length + 1;
    }
    if (!status && t->array)
        status = put_word(&c, first ? "[]\n" : "\n]\n", errors);
    free(c.cell);
    free(c.name);
    free(c.room);
    return status;
}

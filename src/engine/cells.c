#include "engine/cells.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "io/format.h"

enum { NUMBER_ROOM = 32 };

es_csv_options es_csv_defaults(es_csv_options o) {
    if (!o.digits)
        o.digits = 9;
    if (!o.delimiter)
        o.delimiter = o.format == ES_TSV ? '\t' : ',';
    if (!o.decimal)
        o.decimal = '.';
    return o;
}

static bool is_separated(const es_csv_options *o) { return o->format == ES_CSV || o->format == ES_TSV; }

bool es_cell_is_plain(const es_csv_options *o) { return is_separated(o) && o->decimal == '.'; }

void es_labels_free(es_labels *labels) {
    for (size_t i = 0; i < labels->n; i++)
        free(labels->blocks[i]);
    free(labels->blocks);
    *labels = (es_labels){0};
}

static void *labels_take(es_labels *labels, size_t size) {
    if (!es_grow((void **)&labels->blocks, &labels->capacity, labels->n + 1, sizeof *labels->blocks))
        return NULL;
    return labels->blocks[labels->n++] = malloc(size);
}

/* ---- text cells ---- */

static bool starts_formula(char c) { return c == '=' || c == '+' || c == '-' || c == '@' || c == '\t' || c == '\r'; }

static bool needs_quotes(const es_csv_options *o, const char *text, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (text[i] == o->delimiter || text[i] == '"' || text[i] == '\n' || text[i] == '\r')
            return true;
    return n && (text[0] == ' ' || text[n - 1] == ' ');
}

static size_t csv_text(const es_csv_options *o, const char *text, size_t n, char *to) {
    char *p = to;
    bool quoted = needs_quotes(o, text, n);
    if (quoted)
        *p++ = '"';
    if (n && starts_formula(text[0]))
        *p++ = '\'';
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '"')
            *p++ = '"';
        *p++ = text[i];
    }
    if (quoted)
        *p++ = '"';
    return (size_t)(p - to);
}

static size_t json_text(const char *text, size_t n, char *to) {
    char *p = to;
    *p++ = '"';
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\') {
            *p++ = '\\';
            *p++ = (char)c;
        } else if (c < 0x20) {
            p += sprintf(p, "\\u%04x", c);
        } else {
            *p++ = (char)c;
        }
    }
    *p++ = '"';
    return (size_t)(p - to);
}

/* Backslashes before whatever Markdown or HTML inside it would read as markup. */
static size_t markdown_text(const char *text, size_t n, char *to) {
    char *p = to;
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '<') {
            memcpy(p, "&lt;", 4), p += 4;
            continue;
        }
        if (strchr("\\|`*_[]&~", text[i]))
            *p++ = '\\';
        *p++ = text[i] == '\n' || text[i] == '\r' ? ' ' : text[i];
    }
    return (size_t)(p - to);
}

size_t es_text_cell(const es_csv_options *o, const char *text, size_t n, char *to) {
    switch (o->format) {
    case ES_JSONL: return json_text(text, n, to);
    case ES_MARKDOWN: return markdown_text(text, n, to);
    default: return csv_text(o, text, n, to);
    }
}

/* ---- styles ---- */

static es_status set_affixes(es_cell_style *s, bool first, bool last, const es_csv_options *o, es_labels *labels,
                             es_errors *errors) {
    size_t n = strlen(s->column->name);
    char *prefix = labels_take(labels, es_text_cell_size(n) + 8), *suffix = labels_take(labels, 8);
    if (!prefix || !suffix)
        return es_fail_memory(errors);
    const char *end = o->crlf ? "\r\n" : "\n";
    char *p = prefix;
    switch (o->format) {
    case ES_JSONL:
        if (first)
            *p++ = '{';
        p += json_text(s->column->name, n, p);
        *p++ = ':';
        snprintf(suffix, 8, "%s%s", last ? "}" : ",", last ? end : "");
        s->empty = "null";
        break;
    case ES_MARKDOWN:
        if (first)
            *p++ = '|';
        *p++ = ' ';
        snprintf(suffix, 8, " |%s", last ? end : "");
        s->empty = "";
        break;
    default:
        if (last)
            snprintf(suffix, 8, "%s", end);
        else
            suffix[0] = o->delimiter, suffix[1] = '\0';
        s->empty = "";
    }
    s->prefix = prefix, s->prefix_length = (size_t)(p - prefix);
    s->suffix = suffix, s->suffix_length = strlen(suffix);
    return ES_OK;
}

/* prefix + text + suffix, made once. */
static es_status finish_label(es_cell_style *s, const char *text, size_t n, es_label *label, es_labels *labels,
                              es_errors *errors) {
    char *to = labels_take(labels, s->prefix_length + n + s->suffix_length + 1);
    if (!to)
        return es_fail_memory(errors);
    memcpy(to, s->prefix, s->prefix_length);
    memcpy(to + s->prefix_length, text, n);
    memcpy(to + s->prefix_length + n, s->suffix, s->suffix_length);
    *label = (es_label){to, s->prefix_length + n + s->suffix_length};
    if (label->length > s->width)
        s->width = label->length;
    return ES_OK;
}

static es_status finish_labels(es_cell_style *s, const es_csv_options *o, es_labels *labels, es_errors *errors) {
    const es_column *column = s->column;
    es_label *label = labels_take(labels, (column->n_labels + 1) * sizeof *label);
    if (!label)
        return es_fail_memory(errors);
    es_status status = ES_OK;
    for (size_t i = 0; i < column->n_labels && !status; i++) {
        size_t n = strlen(column->labels[i]);
        char *cell = malloc(es_text_cell_size(n));
        if (!cell)
            return es_fail_memory(errors);
        n = es_text_cell(o, column->labels[i], n, cell);
        status = finish_label(s, cell, n, &label[i], labels, errors);
        free(cell);
    }
    if (!status)
        status = finish_label(s, s->empty, strlen(s->empty), &label[column->n_labels], labels, errors);
    s->label = label;
    return status;
}

es_status es_cell_style_make(es_cell_style *s, const es_column *column, bool first, bool last, const es_csv_options *o,
                             es_labels *labels, es_errors *errors) {
    *s = (es_cell_style){.column = column, .digits = o->digits, .decimal = o->decimal};
    es_status status = set_affixes(s, first, last, o, labels, errors);
    if (status)
        return status;
    if (column->labels)
        return finish_labels(s, o, labels, errors);
    s->width = s->prefix_length + NUMBER_ROOM + s->suffix_length;
    return ES_OK;
}

size_t es_cell_text(const es_cell_style *s, double value, char *to) {
    if (s->label) {
        size_t n = s->column->n_labels;
        const es_label *label = &s->label[value >= 0 && value < (double)n ? (size_t)value : n];
        memcpy(to, label->text, label->length);
        return label->length;
    }
    char *p = to;
    memcpy(p, s->prefix, s->prefix_length);
    p += s->prefix_length;
    size_t n = s->column->whole ? es_format_count(p, value) : es_format_double(p, value, s->digits);
    if (!n) {
        n = strlen(s->empty);
        memcpy(p, s->empty, n);
    }
    if (s->decimal != '.') {
        char *dot = memchr(p, '.', n);
        if (dot)
            *dot = s->decimal;
    }
    p += n;
    memcpy(p, s->suffix, s->suffix_length);
    return (size_t)(p - to) + s->suffix_length;
}

/* ---- headers ---- */

size_t es_header_size(const es_column *const *columns, size_t n) {
    size_t size = 16;
    for (size_t i = 0; i < n; i++)
        size += es_text_cell_size(strlen(columns[i]->name)) + 16;
    return size;
}

static char *markdown_header(const es_column *const *columns, size_t n, const es_csv_options *o, char *p) {
    const char *end = o->crlf ? "\r\n" : "\n";
    for (size_t i = 0; i < n; i++) {
        p += sprintf(p, i ? " " : "| ");
        p += markdown_text(columns[i]->name, strlen(columns[i]->name), p);
        p += sprintf(p, " |");
    }
    p += sprintf(p, "%s|", end);
    for (size_t i = 0; i < n; i++)
        p += sprintf(p, columns[i]->labels ? " --- |" : " ---: |");
    return p + sprintf(p, "%s", end);
}

size_t es_header_text(const es_column *const *columns, size_t n, const es_csv_options *o, char *to) {
    char *p = to;
    if (o->format == ES_JSONL)
        return 0;
    if (o->format == ES_MARKDOWN)
        return (size_t)(markdown_header(columns, n, o, p) - to);
    if (o->bom)
        memcpy(p, "\xef\xbb\xbf", 3), p += 3;
    for (size_t i = 0; i < n; i++) {
        if (i)
            *p++ = o->delimiter;
        p += csv_text(o, columns[i]->name, strlen(columns[i]->name), p);
    }
    p += sprintf(p, "%s", o->crlf ? "\r\n" : "\n");
    return (size_t)(p - to);
}

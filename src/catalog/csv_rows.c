/* libcsv knows no line numbers: it is fed one physical line at a time, and the place of a cell is only looked up in
 * the raw text when a message needs it. */
#include "catalog/csv_rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

enum { PARSER_OPTIONS = CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL, PARSER_BLOCK = 4096 };

#define FAIL(reader, at, ...) keep_status(reader, es_fail((reader)->errors, ES_EUSAGE, at, __VA_ARGS__))

static void keep_status(es_csv_reader *r, es_status status) {
    if (r->status == ES_OK)
        r->status = status;
}

static void start_parser(es_csv_reader *r) {
    if (csv_init(&r->parser, PARSER_OPTIONS) != 0)
        r->no_memory = true;
    csv_set_blk_size(&r->parser, PARSER_BLOCK);
}

static void on_cell(void *text, size_t length, void *data) {
    es_csv_reader *r = data;
    if (r->row_ended) /* by a carriage return inside the line, which is an error */
        return;
    size_t index = r->row.n_cells++;
    if (index >= ES_CSV_MAX_CELLS || r->no_memory)
        return;
    if (!es_grow((void **)&r->cells, &r->cells_capacity, index + 1, sizeof *r->cells) ||
        !es_grow((void **)&r->bytes, &r->bytes_capacity, r->bytes_used + length + 1, 1)) {
        r->no_memory = true;
        return;
    }
    if (length > 0)
        memcpy(r->bytes + r->bytes_used, text, length);
    r->bytes[r->bytes_used + length] = '\0';
    r->cells[index].length = length;
    r->bytes_used += length + 1;
}

static void on_row(int terminator, void *data) {
    (void)terminator;
    ((es_csv_reader *)data)->row_ended = true;
}

static es_origin place_of(const es_csv_reader *r, const char *text, size_t offset) {
    es_origin at = {r->file, 1, 1};
    for (size_t i = 0; i < offset; i++) {
        at.column = text[i] == '\n' ? 1 : at.column + 1;
        at.line += text[i] == '\n';
    }
    return at;
}

static void check_text(es_csv_reader *r) {
    size_t bad;
    if (r->size >= 2 && (memcmp(r->text, "\xff\xfe", 2) == 0 || memcmp(r->text, "\xfe\xff", 2) == 0)) {
        FAIL(r, (&(es_origin){r->file, 1, 1}), "UTF-16 text; expected UTF-8");
    } else if (!es_is_utf8(r->text, r->size, &bad)) {
        es_origin at = place_of(r, r->text, bad);
        if (r->text[bad] == '\0')
            FAIL(r, &at, "NUL byte; expected a text file");
        else
            FAIL(r, &at, "invalid UTF-8: '%s'; expected UTF-8 text", es_quote((es_slice){r->text + bad, 1}).text);
    }
}

es_status es_csv_open(es_csv_reader *r, const char *file, const char *text, size_t size, es_errors *errors) {
    *r = (es_csv_reader){
        .file = file, .text = text ? text : "", .size = size, .line = 1, .errors = errors, .row.raw = {"", 0}};
    start_parser(r);
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        r->text += 3;
        r->size -= 3;
    }
    check_text(r);
    r->finished = r->status != ES_OK;
    return r->status;
}

void es_csv_close(es_csv_reader *r) {
    csv_free(&r->parser);
    free(r->cells);
    free(r->bytes);
    r->cells = NULL;
    r->bytes = NULL;
}

es_origin es_csv_cell_origin(const es_csv_reader *r, size_t cell) {
    es_origin at = {r->file, r->row.line, 1};
    const char *c = r->row.raw.text ? r->row.raw.text : "",
               *end = c + r->row.raw.length; /* no row: a file without any */
    for (bool quoted = false; cell > 0 && c < end; c++) {
        if (*c == '"')
            quoted = !quoted;
        else if (*c == ',' && !quoted)
            cell--;
        at.column = *c == '\n' ? 1 : at.column + 1;
        at.line += *c == '\n';
    }
    for (; c < end && (*c == ' ' || *c == '\t'); c++)
        at.column++;
    return at;
}

/* The cell that the parser refused starts at the separator behind the last complete one. */
static void fail_malformed(es_csv_reader *r, es_slice line, size_t fault, uint64_t line_number) {
    es_origin start = es_csv_cell_origin(r, r->row.n_cells), at = {r->file, line_number, fault + 1};
    bool cell_is_quoted = start.line != line_number || line.text[start.column - 1] == '"';
    es_slice rest = {line.text + fault, line.length - fault};
    const char *comma = rest.length > 0 ? memchr(rest.text, ',', rest.length) : NULL;
    if (comma)
        rest.length = (size_t)(comma - rest.text);
    rest = es_slice_trim(rest);
    if (!cell_is_quoted)
        FAIL(r, &at, "quote inside an unquoted cell: '%s'; expected quotes around the whole cell", es_quote(rest).text);
    else if (start.line == line_number)
        FAIL(r, &at, "text behind a closing quote: '%s'; expected ',' or the end of the line", es_quote(rest).text);
    else
        FAIL(r, &at, "text behind the closing quote of the cell that starts on line %llu: '%s'; expected ','",
             (unsigned long long)start.line, es_quote(rest).text);
}

static void fail_open_quote(es_csv_reader *r) {
    es_origin at = es_csv_cell_origin(r, r->row.n_cells);
    es_slice rest = r->row.raw;
    for (uint64_t line = r->row.line; line < at.line; line++) {
        const char *newline = memchr(rest.text, '\n', rest.length);
        rest.length -= (size_t)(newline + 1 - rest.text);
        rest.text = newline + 1;
    }
    rest.text += at.column - 1;
    rest.length -= at.column - 1;
    FAIL(r, &at, "quote is never closed: '%s'; expected '\"' before the end of the file", es_quote(rest).text);
}

/* libcsv ends a row at a carriage return, wherever it is.  Says where one stands before the end of the line that was
 * fed last, outside of quotes. */
static bool find_bare_return(const es_csv_reader *r, es_slice line, es_origin *at) {
    while (line.length > 0 && (line.text[line.length - 1] == '\r' || line.text[line.length - 1] == '\n'))
        line.length--;
    if (line.length == 0 || !memchr(line.text, '\r', line.length))
        return false;
    bool quoted = false;
    for (const char *c = r->row.raw.text; c < line.text + line.length; c++) {
        quoted ^= *c == '"';
        if (*c == '\r' && !quoted) {
            *at = place_of(r, r->row.raw.text, (size_t)(c - r->row.raw.text));
            at->line += r->row.line - 1;
            return true;
        }
    }
    return false;
}

static void begin_row(es_csv_reader *r) {
    r->row = (es_csv_row){.raw = {r->text, 0}, .line = r->line};
    r->bytes_used = 0;
    r->row_ended = false;
}

static void restart(es_csv_reader *r) {
    csv_free(&r->parser);
    start_parser(r);
    begin_row(r);
}

static es_slice take_line(es_csv_reader *r) {
    const char *newline = memchr(r->text, '\n', r->size);
    es_slice line = {r->text, newline ? (size_t)(newline + 1 - r->text) : r->size};
    r->text += line.length;
    r->size -= line.length;
    r->line++;
    r->row.raw.length += line.length;
    return line;
}

/* Feeds one line; false when reading cannot go on. */
static bool feed_line(es_csv_reader *r) {
    uint64_t number = r->line;
    es_slice line = take_line(r);
    if (r->row.raw.length > ES_CSV_MAX_LINE) {
        FAIL(r, (&(es_origin){r->file, r->row.line, 1}), "%s of more than %d bytes; expected a shorter one%s",
             line.length > ES_CSV_MAX_LINE ? "line" : "row", ES_CSV_MAX_LINE,
             line.length > ES_CSV_MAX_LINE ? "" : ", is a quote never closed?");
        return false;
    }
    bool is_blank = r->row.raw.length == line.length && es_slice_trim(line).length == 0;
    es_origin at;
    size_t fed = csv_parse(&r->parser, line.text, line.length, on_cell, on_row, r);
    if (fed != line.length && csv_error(&r->parser) == CSV_ENOMEM) {
        r->no_memory = true;
    } else if (r->row_ended && find_bare_return(r, line, &at)) {
        FAIL(r, &at, "carriage return inside a line; expected LF or CRLF at its end");
        return false;
    } else if (fed != line.length) {
        fail_malformed(r, line, fed, number);
        restart(r);
    } else if (is_blank) {
        begin_row(r);
    }
    return !r->no_memory;
}

static void finish(es_csv_reader *r) {
    if (csv_fini(&r->parser, on_cell, on_row, r) != 0) {
        if (csv_error(&r->parser) == CSV_EPARSE)
            fail_open_quote(r);
        else
            r->no_memory = true;
    }
    r->finished = true;
}

/* Whether the row can be handed out; raw then ends before the line's end. */
static bool complete_row(es_csv_reader *r) {
    if (r->row.n_cells > ES_CSV_MAX_CELLS) {
        es_origin at = es_csv_cell_origin(r, ES_CSV_MAX_CELLS);
        FAIL(r, &at, "row of %zu cells; expected at most %d", r->row.n_cells, ES_CSV_MAX_CELLS);
        return false;
    }
    const char *at = r->bytes;
    for (size_t i = 0; i < r->row.n_cells; i++) {
        r->cells[i].text = at;
        at += r->cells[i].length + 1;
    }
    es_slice *raw = &r->row.raw;
    while (raw->length > 0 && (raw->text[raw->length - 1] == '\n' || raw->text[raw->length - 1] == '\r'))
        raw->length--;
    r->row.cells = r->cells;
    return true;
}

const es_csv_row *es_csv_next(es_csv_reader *r) {
    begin_row(r);
    while (!r->finished) {
        if (r->size == 0)
            finish(r);
        else if (!feed_line(r))
            r->finished = true;
        if (r->no_memory) {
            keep_status(r, es_fail_memory(r->errors));
            r->finished = true;
            return NULL;
        }
        if (r->row_ended) {
            if (complete_row(r))
                return &r->row;
            begin_row(r);
        }
    }
    return NULL;
}

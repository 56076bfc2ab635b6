#include "io/table_layout.h"

#include <string.h>
#include <strings.h>

#include "base/number.h"
#include "base/text.h"

enum { MOST_SKIPPED = 200, ROWS_COMPARED = 100 };

static const char delimiters[] = ",;\t|";

typedef struct text_view {
    const char *text;
    size_t length;
    bool whole;
} text_view;

static bool is_row_end(char c) { return c == '\n' || c == '\r'; }

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

/* Behind the end of line at `at`. */
static size_t behind(const text_view *v, size_t at) {
    if (at >= v->length)
        return v->length;
    return at + (v->text[at] == '\r' && at + 1 < v->length && v->text[at + 1] == '\n' ? 2 : 1);
}

static es_slice line_at(const text_view *v, size_t at) {
    size_t end = at;
    while (end < v->length && !is_row_end(v->text[end]))
        end++;
    return (es_slice){v->text + at, end - at};
}

uint64_t es_count_lines(const char *text, size_t length) {
    uint64_t lines = 0;
    for (size_t i = 0; i < length; i++)
        lines += text[i] == '\r' || (text[i] == '\n' && (i == 0 || text[i - 1] != '\r'));
    return lines;
}

/* ---- Rows ---- */

typedef struct row_shape {
    size_t cells, next;
    bool ended, numbers; /* some cell is a number */
    bool empty_cell;
} row_shape;

static bool is_number(es_slice cell) {
    char text[64];
    double value;
    cell = es_slice_trim(cell);
    if (cell.length > 1 && cell.text[0] == '"')
        cell = es_slice_trim((es_slice){cell.text + 1, cell.length - 2});
    if (cell.length == 0 || cell.length >= sizeof text)
        return false;
    for (size_t i = 0; i < cell.length; i++)
        text[i] = cell.text[i] == ',' ? '.' : cell.text[i];
    return es_parse_double((es_slice){text, cell.length}, &value) == ES_NUMBER_OK;
}

/* One row, whose quoted cells may hold anything; a quote inside of a cell is a plain character. */
static row_shape row_at(const text_view *v, size_t at, char delimiter) {
    row_shape row = {0};
    for (size_t first = at;; at++) {
        if (at < v->length && v->text[at] == '"' && es_slice_trim((es_slice){v->text + first, at - first}).length == 0)
            for (at++; at < v->length && (v->text[at] != '"' || (at + 1 < v->length && v->text[at + 1] == '"')); at++)
                at += v->text[at] == '"';
        if (at < v->length && v->text[at] != delimiter && !is_row_end(v->text[at]))
            continue;
        const es_slice cell = {v->text + first, (at < v->length ? at : v->length) - first};
        row.cells++;
        row.numbers |= is_number(cell);
        row.empty_cell |= es_slice_trim(cell).length == 0;
        first = at + 1;
        if (at < v->length && v->text[at] == delimiter)
            continue;
        row.ended = at < v->length || v->whole;
        row.next = behind(v, at);
        return row;
    }
}

/* Cells of the header at `at` when the rows behind it have as many, else 0.  A line of one cell behind a blank one does not
 * count: programs say goodbye. */
static size_t agreement(const text_view *v, size_t at, char delimiter) {
    const row_shape header = row_at(v, at, delimiter);
    size_t rows = 0;
    bool after_blank = false;
    if (header.cells < 2 || !header.ended)
        return 0;
    for (at = header.next; at < v->length && rows < ROWS_COMPARED;) {
        if (es_slice_trim(line_at(v, at)).length == 0) {
            after_blank = true;
            at = behind(v, at + line_at(v, at).length);
            continue;
        }
        const row_shape row = row_at(v, at, delimiter);
        if (!row.ended || (row.cells == 1 && after_blank))
            break;
        if (row.cells != header.cells)
            return 0;
        rows++;
        after_blank = false;
        at = row.next;
    }
    return rows ? header.cells : 0;
}

/* ---- Formats ---- */

/* An object, or an array of objects or of nothing, or a bracket alone on its line. */
static bool begins_json(es_slice line) {
    line = es_slice_trim(line);
    if (line.length == 0 || (line.text[0] != '{' && line.text[0] != '['))
        return false;
    const es_slice inside = es_slice_trim((es_slice){line.text + 1, line.length - 1});
    return inside.length == 0 || (line.text[0] == '{' ? inside.text[0] == '"' || inside.text[0] == '}'
                                                      : inside.text[0] == '{' || inside.text[0] == ']');
}

static bool begins_with(es_slice line, const char *word) {
    return line.length >= strlen(word) && strncasecmp(line.text, word, strlen(word)) == 0;
}

/* `--- | ---:` */
static bool is_rule(es_slice line) {
    bool dash = false, bar = false;
    for (size_t i = 0; i < line.length; i++) {
        dash |= line.text[i] == '-';
        bar |= line.text[i] == '|';
        if (!strchr("-:| \t", line.text[i]) || line.text[i] == '\0')
            return false;
    }
    return dash && bar;
}

static bool other_format(const text_view *v, size_t at, es_table_format *format) {
    const es_slice whole = line_at(v, at), line = es_slice_trim(whole);
    if (begins_json(line))
        *format = ES_TABLE_JSON;
    else if ((line.length > 2 && line.text[0] == '|' && line.text[line.length - 1] == '|') ||
             (line.length && memchr(line.text, '|', line.length) && is_rule(line_at(v, behind(v, at + whole.length)))))
        *format = ES_TABLE_MARKDOWN;
    else if (begins_with(line, "CREATE TABLE") || begins_with(line, "INSERT INTO"))
        *format = ES_TABLE_SQL;
    else
        return false;
    return true;
}

/* ---- Headers ---- */

/* `sep=;` as Excel reads and writes it, in quotes or not; 0: another line. */
static char separator_line(es_slice line) {
    if (line.length == 7 && line.text[0] == '"' && line.text[6] == '"')
        line = (es_slice){line.text + 1, 5};
    return line.length == 5 && strncasecmp(line.text, "sep=", 4) == 0 && line.text[4] != '"' ? line.text[4] : 0;
}

/* The delimiter by which the most cells agree; *cells becomes their number, 0 when none does. */
static char agreed(const text_view *v, size_t at, char given, size_t *cells) {
    char best = 0;
    *cells = 0;
    for (const char *d = delimiters; *d; d++) {
        const char delimiter = given ? given : *d;
        const size_t n = agreement(v, at, delimiter);
        if (n > *cells)
            *cells = n, best = delimiter;
        if (given)
            break;
    }
    return best;
}

/* Comma, unless the header has only another one. */
static char guess(es_slice header) {
    bool seen[sizeof delimiters] = {false}, quoted = false;
    size_t kinds = 0;
    for (size_t i = 0; i < header.length; i++) {
        const char *d = quoted ? NULL : memchr(delimiters, header.text[i], sizeof delimiters - 1);
        quoted ^= header.text[i] == '"';
        if (d)
            seen[d - delimiters] = true;
    }
    char only = ',';
    for (size_t k = 0; k + 1 < sizeof delimiters; k++)
        if (seen[k])
            kinds++, only = delimiters[k];
    return kinds == 1 && !seen[0] ? only : ',';
}

/* Whether a line behind skipped ones is the header: words only, and no skipped line has as many cells. */
static bool is_late_header(const text_view *v, size_t from, size_t at, char delimiter, size_t cells) {
    const row_shape header = row_at(v, at, delimiter);
    if (header.numbers || header.empty_cell)
        return false;
    for (size_t line = from; line < at; line = behind(v, line + line_at(v, line).length))
        if (line_at(v, line).length && v->text[line] != '#' && row_at(v, line, delimiter).cells == cells)
            return false;
    return true;
}

static es_table_layout finish(const text_view *v, size_t first, size_t start, es_table_format format, char delimiter) {
    es_table_layout layout = {
        .format = format, .delimiter = delimiter, .start = start, .lines = es_count_lines(v->text, start)};
    for (size_t at = first; at < start; at = behind(v, at + line_at(v, at).length))
        layout.skipped += es_slice_trim(line_at(v, at)).length > 0;
    return layout;
}

es_table_layout es_table_layout_of(const char *text, size_t length, bool whole, char delimiter) {
    const text_view v = {text, length, whole};
    es_table_format format;
    size_t first = 0, cells, skipped = 0;
    while (first < length && (is_row_end(text[first]) || is_blank(text[first]))) {
        const es_slice line = line_at(&v, first);
        if (es_slice_trim(line).length)
            break;
        first = behind(&v, first + line.length);
    }
    const es_slice top = line_at(&v, first);
    const char separator = separator_line(top);
    if (separator) {
        first = behind(&v, first + top.length);
        return finish(&v, first, first, ES_TABLE_CSV, separator);
    }
    if (other_format(&v, first, &format))
        return finish(&v, first, first, format, ',');
    char best = top.length && top.text[0] == '#' ? 0 : agreed(&v, first, delimiter, &cells);
    if (best)
        return finish(&v, first, first, ES_TABLE_CSV, best);
    size_t header = first; /* behind comments, if nothing better is found */
    for (size_t at = first; at < length && skipped < MOST_SKIPPED; skipped++) {
        const es_slice line = line_at(&v, at);
        if (skipped && other_format(&v, at, &format))
            return finish(&v, first, at, format, ',');
        if (skipped && line.length && line.text[0] != '#') {
            best = agreed(&v, at, delimiter, &cells);
            if (best && is_late_header(&v, first, at, best, cells))
                return finish(&v, first, at, ES_TABLE_CSV, best);
            if (text[header] == '#' && !row_at(&v, at, delimiter ? delimiter : guess(line)).numbers)
                header = at;
        }
        at = behind(&v, at + line.length);
    }
    return finish(&v, first, header, ES_TABLE_CSV, delimiter ? delimiter : guess(line_at(&v, header)));
}

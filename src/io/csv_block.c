#include "io/csv_block.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "io/csv_numbers.h"

static bool is_blank(char c, char delimiter) { return (c == ' ' || c == '\t') && c != delimiter; }

static bool is_row_end(char c) { return c == '\n' || c == '\r'; }

typedef enum cell_state { ROW_START, CELL_START, PLAIN, QUOTED, QUOTE_SEEN } cell_state;

typedef struct index_writer {
    es_csv_block *block;
    es_csv_scan scan;
} index_writer;

static cell_state end_cell(index_writer *w, size_t at, bool ends_row) {
    if (ends_row)
        w->block->row[w->scan.n_rows++] = (uint32_t)w->scan.n_ends;
    w->block->end[w->scan.n_ends++] = (uint32_t)at;
    return ends_row ? ROW_START : CELL_START;
}

es_csv_scan es_csv_block_scan(es_csv_block *block) {
    index_writer w = {.block = block};
    cell_state state = ROW_START;
    bool blanks = false;
    size_t opened = 0;
    for (size_t i = 0; i < block->length; i++) {
        const char c = block->text[i];
        const bool ends_row = is_row_end(c), ends = ends_row || c == block->delimiter;
        switch (state) {
        case ROW_START:
        case CELL_START:
            if (ends) {
                state = end_cell(&w, i, ends_row);
            } else if (c == '"') {
                state = QUOTED;
                opened = i;
            } else if (!is_blank(c, block->delimiter)) {
                state = PLAIN;
            }
            break;
        case PLAIN:
            if (ends) {
                state = end_cell(&w, i, ends_row);
            } else if (c == '"') {
                block->fault = (es_csv_fault){ES_CSV_QUOTE_INSIDE, i, 0};
                return w.scan;
            }
            break;
        case QUOTED:
            if (c != '"')
                break;
            state = QUOTE_SEEN;
            blanks = false;
            break;
        case QUOTE_SEEN:
            if (ends) {
                state = end_cell(&w, i, ends_row);
            } else if (is_blank(c, block->delimiter)) {
                blanks = true;
            } else if (c == '"' && !blanks) {
                state = QUOTED;
            } else {
                block->fault = (es_csv_fault){ES_CSV_AFTER_QUOTE, i, 0};
                return w.scan;
            }
            break;
        }
    }
    if (state == QUOTED)
        block->fault = (es_csv_fault){ES_CSV_UNCLOSED, opened, 0};
    return w.scan;
}

static bool is_blank_row(const es_csv_block *block, size_t first, size_t last) {
    while (first < last && (is_blank(block->text[first], block->delimiter) || block->text[first] == '\r'))
        first++;
    return first == last;
}

/* Whether the rows from end `from` on are lines of one cell behind a blank line at the end of the file. */
static bool is_goodbye(const es_csv_block *block, size_t from, size_t i, size_t n_row_ends, size_t *lines) {
    const size_t begin = from == 0 ? 0 : (size_t)block->end[from - 1] + 1;
    const char *text = block->text;
    const bool after_blank =
        begin >= 2 && is_row_end(text[begin - 1]) &&
        (text[begin - 2] == text[begin - 1] || (begin >= 3 && text[begin - 2] == '\r' && text[begin - 3] == '\n'));
    *lines = 0;
    if (!block->ends_file || !after_blank || block->columns < 2)
        return false;
    for (size_t first = from; i < n_row_ends; first = (size_t)block->row[i++] + 1) {
        if (block->row[i] != first)
            return false;
        *lines += !is_blank_row(block, first == 0 ? 0 : (size_t)block->end[first - 1] + 1, block->end[first]);
    }
    return true;
}

/* Turns the list of row ends into the list of rows, in place: blank ones are left out; it stops at a row of the wrong
 * length. */
static void list_rows(es_csv_block *block, size_t n_row_ends) {
    size_t n = 0, first_end = 0;
    for (size_t i = 0; i < n_row_ends; i++) {
        const size_t last_end = block->row[i], cells = last_end - first_end + 1;
        const size_t begin = first_end == 0 ? 0 : (size_t)block->end[first_end - 1] + 1;
        if (cells > 1 || !is_blank_row(block, begin, block->end[last_end])) {
            size_t lines;
            if (cells == 1 && block->columns > 1 && is_goodbye(block, first_end, i, n_row_ends, &lines)) {
                atomic_fetch_add(&block->numbers->said, lines);
                break;
            }
            if (cells != block->columns) {
                block->fault = (es_csv_fault){ES_CSV_CELLS, begin, cells};
                break;
            }
            block->row[n++] = (uint32_t)first_end;
        }
        first_end = last_end + 1;
    }
    block->n_rows = n;
}

es_status es_csv_block_reserve(es_csv_block *block, es_errors *errors) {
    const size_t need = block->length + ES_CSV_PADDING;
    if (need <= block->index_capacity)
        return ES_OK;
    free(block->end);
    free(block->row);
    block->index_capacity = 0;
    block->end = malloc(need * sizeof *block->end);
    block->row = malloc(need * sizeof *block->row);
    if (!block->end || !block->row)
        return es_fail_memory(errors);
    block->index_capacity = need;
    return ES_OK;
}

/* The first byte that is not UTF-8; `length` when all are. */
static size_t first_not_utf8(const char *text, size_t length) {
    for (size_t at = 0; at < length;) {
        const size_t n = (unsigned char)text[at] < 0x80 ? 1 : es_utf8_length(text + at, length - at);
        if (n == 0)
            return at;
        at += n;
    }
    return length;
}

void es_csv_block_check_utf8(es_csv_block *block) {
    const size_t bad = block->ascii ? block->length : first_not_utf8(block->text, block->length);
    if (bad == block->length || (block->fault.kind && block->fault.at <= bad))
        return;
    while (block->n_rows && block->end[block->row[block->n_rows - 1] + block->columns - 1] >= bad)
        block->n_rows--;
    block->fault = (es_csv_fault){ES_CSV_NOT_UTF8, bad, 0};
}

es_status es_csv_block_index(es_csv_block *block, es_errors *errors) {
    block->fault = (es_csv_fault){0};
    block->n_rows = 0;
    const es_status status = es_csv_block_reserve(block, errors);
    if (status)
        return status;
    es_csv_scan scan =
        ES_SIMD_PICK(es_csv_scan_text)(block->text, block->length, block->delimiter, block->end, block->row);
    if (scan.irregular)
        scan = es_csv_block_scan(block);
    list_rows(block, scan.n_rows);
    es_csv_block_check_utf8(block);
    return ES_OK;
}

void es_csv_block_free(es_csv_block *block) {
    free(block->text);
    free(block->end);
    free(block->row);
    free(block->line_of);
    *block = (es_csv_block){0};
}

es_origin es_csv_block_origin_after(const es_csv_block *block, es_csv_place *place, size_t offset) {
    place->lines += ES_SIMD_PICK(es_csv_count_text)(block->text + place->offset, offset - place->offset).lines;
    place->offset = offset;
    const uint64_t line = block->line_of ? block->line_of[place->lines] : block->first_line + place->lines;
    return (es_origin){block->file, line, 0};
}

es_origin es_csv_block_origin(const es_csv_block *block, size_t offset) {
    return es_csv_block_origin_after(block, &(es_csv_place){0}, offset);
}

es_status es_csv_block_fail(const es_csv_block *block, es_errors *errors) {
    const es_csv_fault *fault = &block->fault;
    es_origin at = fault->kind ? es_csv_block_origin(block, fault->at) : (es_origin){0};
    switch (fault->kind) {
    case ES_CSV_FINE: return ES_OK;
    case ES_CSV_QUOTE_INSIDE:
        return es_fail(errors, ES_ERUNTIME, &at, "a quote inside an unquoted cell (expected the whole cell in quotes)");
    case ES_CSV_AFTER_QUOTE:
        return es_fail(errors, ES_ERUNTIME, &at, "text after a closing quote: '%s' (expected a delimiter or a newline)",
                       es_quote((es_slice){block->text + fault->at, 1}).text);
    case ES_CSV_NOT_UTF8:
        for (at.column = 1; at.column <= fault->at && !is_row_end(block->text[fault->at - at.column]);)
            at.column++;
        return es_fail(errors, ES_ERUNTIME, &at,
                       "not UTF-8: byte '%s' (expected UTF-8, or UTF-16 with a byte order mark)",
                       es_quote((es_slice){block->text + fault->at, 1}).text);
    case ES_CSV_UNCLOSED: return es_fail(errors, ES_ERUNTIME, &at, "a quoted cell is never closed");
    default:
        return es_fail(errors, ES_ERUNTIME, &at, "%zu cell%s, expected %zu as in the header", fault->cells,
                       fault->cells == 1 ? "" : "s", block->columns);
    }
}

/* As es_slice_trim, but of blanks only. */
static es_slice trim(es_slice s) {
    while (s.length > 0 && is_blank(s.text[0], '\0')) {
        s.text++;
        s.length--;
    }
    while (s.length > 0 && is_blank(s.text[s.length - 1], '\0'))
        s.length--;
    return s;
}

/* What would be a formula in a spreadsheet is written with an apostrophe (format of `run`), which is no part of it. */
static es_slice without_guard(es_slice text) {
    const bool guarded = text.length > 1 && text.text[0] == '\'' && memchr("=+-@\t\r", text.text[1], 6);
    return guarded ? (es_slice){text.text + 1, text.length - 1} : text;
}

es_slice es_csv_value(es_slice cell, char *scratch) {
    cell = trim(cell);
    if (cell.length < 2 || cell.text[0] != '"')
        return without_guard(cell);
    const es_slice inside = without_guard((es_slice){cell.text + 1, cell.length - 2});
    if (!scratch || !memchr(inside.text, '"', inside.length))
        return inside;
    size_t n = 0;
    for (size_t i = 0; i < inside.length; i++) {
        scratch[n++] = inside.text[i];
        if (inside.text[i] == '"')
            i++;
    }
    return (es_slice){scratch, n};
}

size_t es_csv_split(es_slice row, char delimiter, es_slice *cell, size_t room) {
    bool quoted = false;
    size_t n = 0, first = 0;
    for (size_t i = 0; i <= row.length; i++) {
        const bool at_end = i == row.length;
        if (!at_end && row.text[i] == '"')
            quoted = !quoted;
        if (!at_end && (quoted || row.text[i] != delimiter))
            continue;
        if (n < room)
            cell[n] = (es_slice){row.text + first, i - first};
        n++;
        first = i + 1;
    }
    return n;
}

#include "io/csv_read.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "io/csv_numbers.h"
#include "io/source.h"

struct es_csv_input {
    pthread_mutex_t lock;
    const char *const *paths;
    size_t n_paths, next_path;
    size_t block_size;
    char delimiter;
    es_source_options options;
    es_csv_numbers numbers;
    uint64_t skipped; /* lines before headers, the first of them in skipped_in */
    const char *skipped_in;
    es_arena arena; /* header and names */
    es_slice header;
    es_slice *name;
    size_t n_columns;

    /* The file being read and what was read but not handed out. */
    es_source *source;      /* NULL: none */
    const char *shown_name; /* NULL: none is given */
    const char *file;
    bool at_eof;
    char *rest;
    size_t rest_length, rest_capacity;
    uint64_t line; /* of the first byte of the rest */
    uint64_t sequence;
    bool done;
};

/* ---- Stream: files to blocks of whole rows ---- */

static es_csv_counts count_text(const char *text, size_t length) {
    return ES_SIMD_PICK(es_csv_count_text)(text, length);
}

static es_status reserve_text(char **text, size_t *capacity, size_t need, es_errors *errors) {
    if (need + ES_CSV_PADDING <= *capacity)
        return ES_OK;
    char *grown = realloc(*text, need + ES_CSV_PADDING);
    if (!grown)
        return es_fail_memory(errors);
    *text = grown;
    *capacity = need + ES_CSV_PADDING;
    return ES_OK;
}

/* Fills text up to `wanted` bytes or the end of the file; a last row without newline gets one. */
static es_status fill(es_csv_input *csv, char *text, size_t *length, size_t wanted, es_errors *errors) {
    while (!csv->at_eof && *length < wanted) {
        size_t got;
        const es_status status = es_source_read(csv->source, text + *length, wanted - *length, &got, errors);
        if (status)
            return status;
        *length += got;
        csv->at_eof = got == 0;
        if (csv->at_eof && *length > 0 && text[*length - 1] != '\n')
            text[(*length)++] = '\n';
    }
    return ES_OK;
}

/* Where the last whole row of the text ends, 0 when there is none.  A quote toggles between inside and outside of a
 * cell, even a doubled one, so their number tells which newlines end rows. */
static size_t last_row_end(const char *text, size_t length, uint64_t quotes) {
    bool inside = quotes & 1;
    for (size_t i = length; i-- > 0;) {
        if (text[i] == '"') {
            inside = !inside;
        } else if (!inside && (text[i] == '\n' || (text[i] == '\r' && i + 1 < length && text[i + 1] != '\n'))) {
            return i + 1;
        }
    }
    return 0;
}

/* A row that does not end although much was read: does it have a stray quote? */
static es_status has_fault(es_csv_block *block, bool *fault, es_errors *errors) {
    const es_status status = es_csv_block_reserve(block, errors);
    if (status)
        return status;
    block->fault = (es_csv_fault){0};
    es_csv_block_scan(block);
    *fault = block->fault.kind == ES_CSV_QUOTE_INSIDE || block->fault.kind == ES_CSV_AFTER_QUOTE;
    return ES_OK;
}

/* Reads until the block holds a whole row, or the whole rest of the file; *whole is the end of its last row. */
static es_status read_rows(es_csv_input *csv, es_csv_block *block, size_t *whole, es_csv_counts *counts,
                           es_errors *errors) {
    size_t wanted = csv->rest_length + csv->block_size;
    es_status status = reserve_text(&block->text, &block->capacity, wanted + 1, errors);
    if (status)
        return status;
    memcpy(block->text, csv->rest, csv->rest_length);
    block->length = csv->rest_length;
    for (;;) {
        status = fill(csv, block->text, &block->length, wanted, errors);
        if (status)
            return status;
        *counts = count_text(block->text, block->length);
        *whole = csv->at_eof ? block->length : last_row_end(block->text, block->length, counts->quotes);
        if (*whole > 0 || csv->at_eof)
            return ES_OK;
        bool fault;
        status = has_fault(block, &fault, errors);
        if (status)
            return status;
        if (fault) {
            csv->at_eof = true;
            *whole = block->length;
            return ES_OK;
        }
        const es_origin at = {csv->file, csv->line, 0};
        if (wanted >= ES_CSV_ROW_MAX)
            return es_fail(errors, ES_ERUNTIME, &at, "a row is longer than %d MiB (is a closing quote missing?)",
                           ES_CSV_ROW_MAX >> 20);
        wanted *= 2;
        status = reserve_text(&block->text, &block->capacity, wanted + 1, errors);
        if (status)
            return status;
    }
}

/* Keeps what lies behind the whole rows for the next block. */
static es_status keep_rest(es_csv_input *csv, const char *rest, size_t length, es_errors *errors) {
    const es_status status = reserve_text(&csv->rest, &csv->rest_capacity, length, errors);
    if (status)
        return status;
    memcpy(csv->rest, rest, length);
    csv->rest_length = length;
    return ES_OK;
}

static void close_file(es_csv_input *csv) {
    es_source_close(csv->source);
    csv->source = NULL;
    csv->rest_length = 0;
}

/* Where the lines of the block were in a file of another format. */
static es_status map_lines(const es_csv_input *csv, es_csv_block *block, uint64_t n, es_errors *errors) {
    size_t known;
    const uint64_t *lines = es_source_lines(csv->source, &known);
    const size_t from = (size_t)csv->line - 2; /* the header is line 1 */
    if (!lines) {
        free(block->line_of);
        block->line_of = NULL;
        block->line_capacity = 0;
        return ES_OK;
    }
    if (!es_grow((void **)&block->line_of, &block->line_capacity, (size_t)n + 1, sizeof *block->line_of))
        return es_fail_memory(errors);
    for (size_t i = 0; i <= n; i++)
        block->line_of[i] = from + i < known ? lines[from + i] : known ? lines[known - 1] : 0;
    return ES_OK;
}

/* The next rows of the current file; block->length is 0 at its end. */
static es_status fetch_rows(es_csv_input *csv, es_csv_block *block, es_errors *errors) {
    size_t whole;
    es_csv_counts counts;
    es_status status = read_rows(csv, block, &whole, &counts, errors);
    if (status)
        return status;
    const size_t rest = block->length - whole;
    status = keep_rest(csv, block->text + whole, rest, errors);
    if (status)
        return status;
    block->length = whole;
    block->file = csv->file;
    block->first_line = csv->line;
    block->ends_file = csv->at_eof && rest == 0 && !csv->options.as_written;
    block->ascii = counts.high == 0;
    const uint64_t lines = counts.lines - count_text(csv->rest, rest).lines;
    status = map_lines(csv, block, lines, errors);
    csv->line += lines;
    return status;
}

/* ---- Headers ---- */

/* End of the first row, 0 when the text does not hold all of it. */
static size_t first_row_end(const char *text, size_t length) {
    bool quoted = false;
    for (size_t i = 0; i < length; i++) {
        quoted ^= text[i] == '"';
        if (quoted || (text[i] != '\n' && text[i] != '\r'))
            continue;
        if (text[i] == '\n')
            return i + 1;
        if (i + 1 < length)
            return text[i + 1] == '\n' ? i + 2 : i + 1;
    }
    return 0;
}

/* Reads the first row into the rest; *end is where it ends. */
static es_status read_header(es_csv_input *csv, size_t *end, es_errors *errors) {
    csv->rest_length = 0;
    for (size_t wanted = csv->block_size;; wanted *= 2) {
        es_status status = reserve_text(&csv->rest, &csv->rest_capacity, wanted + 1, errors);
        if (!status)
            status = fill(csv, csv->rest, &csv->rest_length, wanted, errors);
        if (status)
            return status;
        *end = first_row_end(csv->rest, csv->rest_length);
        if (*end || csv->at_eof)
            break;
        if (wanted >= ES_CSV_ROW_MAX)
            return es_fail(errors, ES_ERUNTIME, &(es_origin){csv->file, es_source_first_line(csv->source), 0},
                           "the header is longer than %d MiB", ES_CSV_ROW_MAX >> 20);
    }
    if (*end == 0)
        *end = csv->rest_length;
    return ES_OK;
}

/* Indexes the header row as a block of its own, which knows its number of cells only afterwards. */
static es_status index_header(const es_csv_input *csv, es_csv_block *block, size_t end, es_errors *errors) {
    *block = (es_csv_block){.text = csv->rest,
                            .length = end,
                            .delimiter = csv->delimiter,
                            .file = csv->file,
                            .first_line = es_source_first_line(csv->source)};
    es_status status = es_csv_block_reserve(block, errors);
    if (status)
        return status;
    const es_csv_scan scan = es_csv_block_scan(block);
    es_csv_block_check_utf8(block);
    status = es_csv_block_fail(block, errors);
    if (status)
        return status;
    block->columns = scan.n_rows ? (size_t)block->row[0] + 1 : 0;
    block->row[0] = 0;
    block->n_rows = 1;
    return ES_OK;
}

static es_status name_of(es_arena *arena, const es_csv_block *header, size_t column, es_slice *name,
                         es_errors *errors) {
    const es_slice cell = es_csv_block_cell(header, 0, column);
    char *scratch = es_arena_alloc(arena, cell.length + 1);
    if (!scratch)
        return es_fail_memory(errors);
    const es_slice value = es_csv_value(cell, scratch);
    char *text = es_arena_text(arena, value);
    if (!text)
        return es_fail_memory(errors);
    *name = (es_slice){text, value.length};
    return ES_OK;
}

static es_status set_header(es_csv_input *csv, const es_csv_block *header, es_errors *errors) {
    const es_slice row = es_csv_block_row(header, 0);
    const char *text = es_arena_text(&csv->arena, row);
    csv->name = es_arena_array(&csv->arena, header->columns, sizeof *csv->name);
    if (!text || !csv->name)
        return es_fail_memory(errors);
    csv->header = (es_slice){text, row.length};
    for (size_t i = 0; i < header->columns; i++) {
        const es_status status = name_of(&csv->arena, header, i, &csv->name[i], errors);
        if (status)
            return status;
    }
    csv->n_columns = header->columns;
    return ES_OK;
}

static es_status compare_header(es_csv_input *csv, const es_csv_block *header, es_errors *errors) {
    const es_origin at = {csv->file, header->first_line, 0};
    if (header->columns != csv->n_columns)
        return es_fail(errors, ES_ERUNTIME, &at, "%zu columns, expected %zu as in '%s'", header->columns,
                       csv->n_columns, csv->paths[0]);
    es_arena arena = {0};
    es_status status = ES_OK;
    for (size_t i = 0; i < header->columns && !status; i++) {
        es_slice name;
        status = name_of(&arena, header, i, &name, errors);
        if (!status && (name.length != csv->name[i].length || memcmp(name.text, csv->name[i].text, name.length)))
            status = es_fail(errors, ES_ERUNTIME, &at, "column %zu is '%s', expected '%s' as in '%s'", i + 1,
                             es_quote(name).text, es_quote(csv->name[i]).text, csv->paths[0]);
    }
    es_arena_free(&arena);
    return status;
}

static es_status open_header(es_csv_input *csv, es_errors *errors) {
    size_t end;
    es_status status = read_header(csv, &end, errors);
    if (status)
        return status;
    const bool is_first = csv->n_columns == 0;
    const char delimiter = es_source_delimiter(csv->source);
    if (is_first)
        csv->delimiter = delimiter;
    else if (delimiter != csv->delimiter)
        return es_fail(errors, ES_ERUNTIME, &(es_origin){csv->file, es_source_first_line(csv->source), 0},
                       "cells are separated by '%c', expected '%c' as in '%s'", delimiter, csv->delimiter,
                       csv->paths[0]);
    es_csv_block header;
    status = index_header(csv, &header, end, errors);
    if (!status)
        status = is_first ? set_header(csv, &header, errors) : compare_header(csv, &header, errors);
    free(header.end);
    free(header.row);
    if (status)
        return status;
    size_t known;
    csv->line = (es_source_lines(csv->source, &known) ? 1 : header.first_line) + count_text(csv->rest, end).lines;
    csv->rest_length -= end;
    memmove(csv->rest, csv->rest + end, csv->rest_length);
    return ES_OK;
}

static es_status set_numbers(es_csv_input *csv, es_errors *errors) {
    es_csv_numbers *n = &csv->numbers;
    n->by_column |= es_source_decimal_comma(csv->source);
    if (n->column)
        return ES_OK;
    n->n_columns = csv->n_columns;
    n->column = calloc(csv->n_columns + 1, sizeof *n->column);
    return n->column ? ES_OK : es_fail_memory(errors);
}

static es_status open_next(es_csv_input *csv, es_errors *errors) {
    const char *path = csv->paths[csv->next_path++];
    csv->file = csv->shown_name ? csv->shown_name : strcmp(path, "-") == 0 ? "<stdin>" : path;
    csv->at_eof = false;
    if (csv->n_columns)
        csv->options.delimiter = csv->delimiter;
    es_status status = es_source_open(&csv->source, path, &csv->options, errors);
    if (!status)
        status = open_header(csv, errors);
    if (status)
        return status;
    if (es_source_skipped(csv->source) && !csv->skipped)
        csv->skipped_in = csv->file;
    csv->skipped += es_source_skipped(csv->source);
    return set_numbers(csv, errors);
}

/* ---- Public ---- */

es_status es_csv_input_open(const char *const *paths, size_t n_paths, const es_csv_input_options *options,
                            es_csv_input **result, es_errors *errors) {
    es_csv_input *csv = calloc(1, sizeof *csv);
    if (!csv)
        return es_fail_memory(errors);
    csv->paths = paths;
    csv->n_paths = n_paths;
    if (options) {
        csv->options = (es_source_options){.input = options->input,
                                           .delimiter = options->delimiter,
                                           .as_written = options->as_written,
                                           .stop = options->stop};
        csv->shown_name = options->name;
        csv->numbers.decimal = options->decimal;
        csv->numbers.thousands = options->thousands;
    }
    csv->block_size = options && options->block_size ? options->block_size : ES_CSV_BLOCK;
    if (pthread_mutex_init(&csv->lock, NULL) || pthread_mutex_init(&csv->numbers.lock, NULL)) {
        free(csv);
        return es_fail_memory(errors);
    }
    const es_status status = open_next(csv, errors);
    if (status) {
        es_csv_input_close(csv);
        return status;
    }
    *result = csv;
    return ES_OK;
}

void es_csv_input_close(es_csv_input *csv) {
    if (!csv)
        return;
    close_file(csv);
    pthread_mutex_destroy(&csv->lock);
    pthread_mutex_destroy(&csv->numbers.lock);
    free(csv->numbers.column);
    es_arena_free(&csv->arena);
    free(csv->rest);
    free(csv);
}

size_t es_csv_input_columns(const es_csv_input *csv) { return csv->n_columns; }

es_slice es_csv_input_name(const es_csv_input *csv, size_t column) { return csv->name[column]; }

size_t es_csv_input_find(const es_csv_input *csv, es_slice name) {
    for (size_t c = 0; c < es_csv_input_columns(csv); c++)
        if (csv->name[c].length == name.length && !memcmp(csv->name[c].text, name.text, name.length))
            return c;
    return SIZE_MAX;
}

es_slice es_csv_input_header(const es_csv_input *csv) { return csv->header; }

char es_csv_input_delimiter(const es_csv_input *csv) { return csv->delimiter; }

char es_csv_input_decimal(const es_csv_input *csv) {
    if (csv->numbers.decimal)
        return csv->numbers.decimal;
    for (size_t c = 0; c < csv->n_columns; c++)
        if (atomic_load(&csv->numbers.column[c].seen) & ES_CSV_COMMA)
            return ',';
    return '.';
}

es_slice es_csv_input_number(const es_csv_input *csv, size_t column, es_slice value, char room[ES_CSV_NUMBER_MAX]) {
    return es_csv_number_text((es_csv_numbers *)&csv->numbers, column, value, room);
}

es_status es_csv_input_settle(es_csv_input *csv, es_errors *errors) {
    const unsigned long long said = (unsigned long long)atomic_load(&csv->numbers.said);
    if (csv->skipped)
        es_warn(errors, &(es_origin){csv->skipped_in, 1, 0}, "left out %llu line%s before the header",
                (unsigned long long)csv->skipped, csv->skipped == 1 ? "" : "s");
    if (said)
        es_warn(errors, &(es_origin){csv->file, 0, 0}, "left out %llu line%s behind the table", said,
                said == 1 ? "" : "s");
    return es_csv_numbers_settle(&csv->numbers, csv->name, errors);
}

/* Under the lock: rows of the current file, or of the next ones. */
static es_status fetch(es_csv_input *csv, es_csv_block *block, bool *more, es_errors *errors) {
    es_status status = ES_OK;
    *more = false;
    block->sequence = csv->sequence++;
    block->columns = csv->n_columns;
    block->delimiter = csv->delimiter;
    block->numbers = &csv->numbers;
    while (!csv->done && !status && !*more) {
        if (csv->source && !(csv->at_eof && csv->rest_length == 0)) {
            status = fetch_rows(csv, block, errors);
            *more = !status && block->length > 0;
            continue;
        }
        close_file(csv);
        csv->done = csv->next_path == csv->n_paths;
        if (!csv->done)
            status = open_next(csv, errors);
    }
    csv->done |= status != ES_OK;
    return status;
}

es_status es_csv_input_next(es_csv_input *csv, es_csv_block *block, bool *more, es_errors *errors) {
    pthread_mutex_lock(&csv->lock);
    const es_status status = fetch(csv, block, more, errors);
    pthread_mutex_unlock(&csv->lock);
    return status || !*more ? status : es_csv_block_index(block, errors);
}

bool es_csv_input_at_end(es_csv_input *csv) {
    pthread_mutex_lock(&csv->lock);
    const bool file_ends = !csv->source || (csv->at_eof && csv->rest_length == 0);
    const bool at_end = csv->done || (file_ends && csv->next_path == csv->n_paths);
    pthread_mutex_unlock(&csv->lock);
    return at_end;
}

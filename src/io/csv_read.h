/* Streaming table reader: files and standard input, one after another, as if they were one table under one header.  What
 * they come in (source.h) has become CSV text when it gets here.
 *
 * Cells mean what libcsv in strict mode says they mean: blanks around a cell are not part of it, a cell may be in double
 * quotes (a doubled quote stands for one, delimiters and newlines are then plain bytes), CR, LF and CRLF end a row, blank
 * rows are skipped, a quote anywhere else is an error.  Besides, the text must be UTF-8 and every row must have as many cells
 * as the header; only lines of one cell behind a blank line at the end of a file are what a program said, and left out.
 *
 * Numbers have a decimal point.  Where cells are separated by something else than commas, the first number of a column that
 * has a comma or a point decides which of them is its decimal separator; `decimal` and `thousands` say so beforehand.
 *
 * The stream is handed out in blocks of whole rows, of about 0.5 MiB.  Memory is proportional to the block, or to the
 * longest row.
 *
 * Thread-safety: es_csv_input_next may be called by several threads, each with its own block; blocks are numbered in the order
 * of the stream.  Everything else reads only.
 */
#ifndef ES_IO_CSV_READ_H
#define ES_IO_CSV_READ_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include <edgesweep/error.h>

enum { ES_CSV_BLOCK = 512 << 10, ES_CSV_ROW_MAX = 64 << 20 /* bytes */ };

typedef struct es_csv_input es_csv_input;

typedef struct es_csv_input_options {
    char delimiter;    /* 0: told by the rows */
    char decimal;      /* of all numbers: . or , ; 0: each column decides */
    char thousands;    /* separates groups of three digits: , . ' or a blank (also the narrow ones); 0: none */
    const char *name;  /* what messages call the table; NULL: by its paths */
    bool as_written;   /* comma-separated, the first row is the header: nothing is told from the text */
    size_t block_size; /* 0: ES_CSV_BLOCK */
    int input;         /* descriptor that "-" stands for; 0: standard input */
    const volatile sig_atomic_t
        *stop; /* set to a signal's number: reading ends with ES_EINT or ES_ETERM; may be NULL */
} es_csv_input_options;

/* Opens the table that the files make together; "-" is standard input.  All headers must name the same columns.  The
 * paths are borrowed until es_csv_input_close.  ES_ERUNTIME with the place of the fault. */
es_status es_csv_input_open(const char *const *paths, size_t n_paths, const es_csv_input_options *options,
                            es_csv_input **csv, es_errors *errors);
void es_csv_input_close(es_csv_input *csv); /* NULL is fine */

size_t es_csv_input_columns(const es_csv_input *csv);
es_slice es_csv_input_name(const es_csv_input *csv, size_t column); /* without quotes; NUL-terminated */
es_slice es_csv_input_header(const es_csv_input *csv);              /* the header row as written */
char es_csv_input_delimiter(const es_csv_input *csv);
char es_csv_input_decimal(const es_csv_input *csv); /* of numbers to add to the rows */

/* When all was read: warns about lines that were left out and how numbers were read that could mean two things.  A column
 * with both decimal commas and points is ES_ERUNTIME. */
es_status es_csv_input_settle(es_csv_input *csv, es_errors *errors);

/* The number in the value of a cell as C writes it, in `room`; of length 0 when it is none. */
enum { ES_CSV_NUMBER_MAX = 128 };
es_slice es_csv_input_number(const es_csv_input *csv, size_t column, es_slice value, char room[ES_CSV_NUMBER_MAX]);

/* The options that would make a number of a value: " (--thousands ' ' ...)"; "" when none would. */
const char *es_csv_number_hint(es_slice value);

typedef enum es_csv_fault_kind {
    ES_CSV_FINE = 0,
    ES_CSV_QUOTE_INSIDE, /* a quote in a cell that does not start with one */
    ES_CSV_AFTER_QUOTE,  /* something other than blanks between a closing quote and the end of the cell */
    ES_CSV_UNCLOSED,     /* a quoted cell that goes on to the end of the file */
    ES_CSV_CELLS,        /* more or fewer cells than the header */
    ES_CSV_NOT_UTF8
} es_csv_fault_kind;

/* What ended the rows of a block early. */
typedef struct es_csv_fault {
    es_csv_fault_kind kind;
    size_t at;    /* offset in the block */
    size_t cells; /* of the row, ES_CSV_CELLS */
} es_csv_fault;

/* Whole rows of the table; zero-initialise before use, release with es_csv_block_free.  Cell c of row r ends before
 * text[end[row[r] + c]].  At least 64 readable bytes follow the text. */
typedef struct es_csv_block {
    char *text;
    size_t length, capacity;
    uint32_t *end; /* offsets of delimiters and row ends */
    uint32_t *row; /* place in `end` of the first cell of each row */
    size_t n_rows, index_capacity;
    size_t columns;
    char delimiter;
    uint64_t sequence; /* 0, 1, 2 ... along the stream */
    const char *file;
    uint64_t first_line; /* number of the line that the text starts with */
    uint64_t *line_of;   /* lines of the file that lines of the text came from; NULL: the same ones */
    size_t line_capacity;
    bool ends_file, ascii;
    struct es_csv_numbers *numbers; /* how to read them; of the input */
    es_csv_fault fault;             /* behind the last row; report it with es_csv_block_fail when the rows are done */
} es_csv_block;

void es_csv_block_free(es_csv_block *block);

/* Fetches and indexes the next block; *more is false when there is none left.  Syntax faults are left in block->fault,
 * so that faults of earlier rows can be told first. */
es_status es_csv_input_next(es_csv_input *csv, es_csv_block *block, bool *more, es_errors *errors);

/* True when es_csv_input_next has handed out all there is. */
bool es_csv_input_at_end(es_csv_input *csv);

/* Reports block->fault: its status, ES_OK when there is none. */
es_status es_csv_block_fail(const es_csv_block *block, es_errors *errors);

/* The line that a byte of the block is on.  Counts the lines before it. */
es_origin es_csv_block_origin(const es_csv_block *block, size_t offset);

/* The same for bytes in ascending order, each counted once: *place is {0} at the start of a block. */
typedef struct es_csv_place {
    size_t offset;
    uint64_t lines; /* before offset */
} es_csv_place;

es_origin es_csv_block_origin_after(const es_csv_block *block, es_csv_place *place, size_t offset);

/* Cell as written, with blanks and quotes. */
static inline es_slice es_csv_block_cell(const es_csv_block *block, size_t row, size_t column) {
    const uint32_t *end = block->end + block->row[row] + column;
    const size_t first = end == block->end ? 0 : (size_t)end[-1] + 1;
    size_t last = *end;
    if (column + 1 == block->columns && last > first && block->text[last - 1] == '\r')
        last--;
    return (es_slice){block->text + first, last - first};
}

/* Row as written, without what ends it. */
static inline es_slice es_csv_block_row(const es_csv_block *block, size_t row) {
    const es_slice first = es_csv_block_cell(block, row, 0), last = es_csv_block_cell(block, row, block->columns - 1);
    return (es_slice){first.text, (size_t)(last.text + last.length - first.text)};
}

/* What a cell as written holds: no blanks around it, no quotes, no apostrophe before =, +, -, @, tab or CR.  `scratch` has room for cell.length bytes, used only when
 * quotes are doubled; with NULL they stay doubled. */
es_slice es_csv_value(es_slice cell, char *scratch);

/* value[i] becomes the number in `column` of row rows[i] (rows NULL: of row first + i), NaN when the cell holds none: it
 * is empty, not a decimal number or too large for a double.  Correctly rounded.  Returns the number of NaNs. */
size_t es_csv_block_numbers(const es_csv_block *block, size_t column, const uint32_t *rows, size_t first, size_t n,
                            double *value);

/* Splits one row as written, of a file with this delimiter, into cells as written; returns their number, of which at
 * most `room` are stored.  The row must be free of faults. */
size_t es_csv_split(es_slice row, char delimiter, es_slice *cell, size_t room);

#endif

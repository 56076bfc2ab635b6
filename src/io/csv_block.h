/* Whole rows of a table as a block of text, and where its cells are.
 *
 * Thread-safety: a block is one thread's; what they share, how numbers are read, is locked.
 */
#ifndef ES_IO_CSV_BLOCK_H
#define ES_IO_CSV_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "io/csv_scan.h"
#include <edgesweep/error.h>

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

/* ---- for the reader of streams ---- */
/* Room in the index for all cells that the text can have. */
es_status es_csv_block_reserve(es_csv_block *block, es_errors *errors);
/* Where cells and rows end, byte by byte: the state machine of libcsv in strict mode.  Ends with block->fault, if any. */
es_csv_scan es_csv_block_scan(es_csv_block *block);
/* Rows from the one with a byte that is not UTF-8 on are none. */
void es_csv_block_check_utf8(es_csv_block *block);
/* Finds the rows and cells of the text; a fault is left in the block. */
es_status es_csv_block_index(es_csv_block *block, es_errors *errors);

#endif

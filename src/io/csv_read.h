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
#include "io/csv_block.h"
#include "io/csv_numbers.h"
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
size_t es_csv_input_find(const es_csv_input *csv, es_slice name);   /* the first of that name; SIZE_MAX: none */
es_slice es_csv_input_header(const es_csv_input *csv);              /* the header row as written */
char es_csv_input_delimiter(const es_csv_input *csv);
char es_csv_input_decimal(const es_csv_input *csv); /* of numbers to add to the rows */

/* When all was read: warns about lines that were left out and how numbers were read that could mean two things.  A column
 * with both decimal commas and points is ES_ERUNTIME. */
es_status es_csv_input_settle(es_csv_input *csv, es_errors *errors);

/* The number in the value of a cell as C writes it, in `room`; of length 0 when it is none. */
es_slice es_csv_input_number(const es_csv_input *csv, size_t column, es_slice value, char room[ES_CSV_NUMBER_MAX]);

/* Fetches and indexes the next block; *more is false when there is none left.  Syntax faults are left in block->fault,
 * so that faults of earlier rows can be told first. */
es_status es_csv_input_next(es_csv_input *csv, es_csv_block *block, bool *more, es_errors *errors);

/* True when es_csv_input_next has handed out all there is. */
bool es_csv_input_at_end(es_csv_input *csv);

#endif

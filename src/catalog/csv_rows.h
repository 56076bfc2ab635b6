/* Strict CSV out of memory, row by row, with the exact place of every cell. */
#ifndef ES_CATALOG_CSV_ROWS_H
#define ES_CATALOG_CSV_ROWS_H

#include <csv.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <edgesweep/error.h>

#include "base/text.h"

enum {
    ES_CSV_MAX_LINE = 1 << 20, /* bytes of a line, and of a row over several lines */
    ES_CSV_MAX_CELLS = 4096    /* in a row */
};

/* One row; valid until the next call on its reader.  A blank line is no row. */
typedef struct es_csv_row {
    size_t n_cells;
    const es_slice *cells; /* unquoted, each NUL-terminated; without the blanks around unquoted ones */
    es_slice raw;          /* as in the file; its end is where a missing cell would start */
    uint64_t line;         /* where it starts */
} es_csv_row;

typedef struct es_csv_reader {
    const char *file; /* for messages */
    const char *text; /* what is left: borrowed */
    size_t size;
    uint64_t line; /* of the next physical line */
    bool finished;
    es_errors *errors;
    es_status status; /* of the first error */

    struct csv_parser parser;
    bool row_ended; /* since the last row was handed out */
    bool no_memory;
    es_csv_row row;
    es_slice *cells;
    char *bytes; /* of the cells of the row */
    size_t cells_capacity, bytes_used, bytes_capacity;
} es_csv_reader;

/* Starts to read `size` bytes that outlive the reader.  Text that is not UTF-8 is an error here.  Close it in any
 * case. */
es_status es_csv_open(es_csv_reader *reader, const char *file, const char *text, size_t size, es_errors *errors);
void es_csv_close(es_csv_reader *reader);

/* The next row, NULL at the end.  A malformed row is reported and left out: look at reader->status afterwards. */
const es_csv_row *es_csv_next(es_csv_reader *reader);

/* Where a cell of the row handed out last starts; index n_cells: where one is missing. */
es_origin es_csv_cell_origin(const es_csv_reader *reader, size_t cell);

#endif

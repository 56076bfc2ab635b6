/* Rows as text.  Neighbouring columns that vary with the same axes of a tile form a segment; a segment's text is made once
 * per combination of those axes and copied into every row that has it, and is kept while no axis it depends on moves.
 */
#ifndef ES_ENGINE_ROWS_H
#define ES_ENGINE_ROWS_H

#include <edgesweep/sweep.h>

#include "engine/eval.h"

/* Growing text; owned by whoever holds it. */
typedef struct es_buffer {
    char *data;
    size_t length, capacity;
    uint64_t rows;
} es_buffer;

bool es_buffer_reserve(es_buffer *buffer, size_t more);
void es_buffer_free(es_buffer *buffer);

typedef struct es_row_format es_row_format; /* shared, immutable */
typedef struct es_row_writer es_row_writer; /* one per thread */

/* How n columns of the sweep are written, in this order.  Adds the patterns it needs to the program.  `count`: a column of
 * counts behind them, which es_row_format_count adds to rows; NULL: none. */
es_status es_row_format_new(es_row_format **format, const es_sweep *sweep, const int *columns, size_t n,
                            const es_column *count, es_program *program, const es_csv_options *options,
                            es_errors *errors);
void es_row_format_free(es_row_format *format);

/* Writes the row of n bytes that a writer has made, with its count behind it; returns the length. */
size_t es_row_format_count(const es_row_format *format, const char *row, size_t n, double count, char *to);
size_t es_row_format_count_size(const es_row_format *format); /* bytes that a count adds at most */

/* The header, appended. */
es_status es_row_format_header(const es_row_format *format, es_buffer *buffer, es_errors *errors);

es_status es_row_writer_new(es_row_writer **writer, const es_row_format *format, es_errors *errors);
void es_row_writer_free(es_row_writer *writer);

/* Appends points [from, to) of the eval's tile; keep (one byte per point, NULL: all) says which. */
es_status es_row_writer_append(es_row_writer *writer, const es_eval *eval, const uint8_t *keep, size_t from, size_t to,
                               es_buffer *buffer, es_errors *errors);

#endif

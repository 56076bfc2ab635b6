/* Inner loops of the CSV reader, one copy per instruction set. */
#ifndef ES_IO_CSV_SCAN_H
#define ES_IO_CSV_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/simd.h"

/* The loops read whole words of this many bytes, up to that many behind the end. */
enum { ES_CSV_PADDING = 64 };

typedef struct es_csv_counts {
    uint64_t quotes;
    uint64_t high;  /* not 0: some byte is not ASCII */
    uint64_t lines; /* ends of line: CR, LF or CRLF, quoted ones included */
} es_csv_counts;

typedef struct es_csv_scan {
    size_t n_ends, n_rows;
    bool irregular; /* a CR of its own or a quote where a plain quoted cell has none: the result is void */
} es_csv_scan;

/* Finds delimiters and row ends outside of quotes: their offsets go to end[], the place in end[] of each row end to
 * row_end[].  Both have room for length + ES_CSV_PADDING items.  The text starts with a row. */
ES_SIMD_DECLARE(es_csv_scan, es_csv_scan_text,
                (const char *text, size_t length, char delimiter, uint32_t *end, uint32_t *row_end));

ES_SIMD_DECLARE(es_csv_counts, es_csv_count_text, (const char *text, size_t length));

#endif

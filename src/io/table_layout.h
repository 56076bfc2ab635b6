/* What a table looks like, told from how it begins: its format, the lines before it, what separates its cells. */
#ifndef ES_IO_TABLE_LAYOUT_H
#define ES_IO_TABLE_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum es_table_format { ES_TABLE_CSV, ES_TABLE_JSON, ES_TABLE_MARKDOWN, ES_TABLE_SQL } es_table_format;

typedef struct es_table_layout {
    es_table_format format;
    char delimiter;   /* of ES_TABLE_CSV */
    size_t start;     /* where the table begins */
    uint64_t lines;   /* ends of line before that */
    uint64_t skipped; /* of these the lines that hold something, but for Excel's `sep=;` */
} es_table_layout;

/* Of UTF-8 text; `whole` when it is the whole file, else its last line may be cut.  The header is the first line that looks
 * like one and has as many cells as the rows behind it, by one of , ; tab | or by `delimiter` when that is not 0; lines
 * before it are log lines or comments (#).  Where no line does, it is the first one. */
es_table_layout es_table_layout_of(const char *text, size_t length, bool whole, char delimiter);

/* Ends of line (CR, LF, CRLF) in a text. */
uint64_t es_count_lines(const char *text, size_t length);

#endif

/* Rows of other formats than CSV, as comma-separated ones: JSON, Markdown, INSERT statements, SQLite. */
#ifndef ES_IO_SOURCE_ROWS_H
#define ES_IO_SOURCE_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "io/database.h"
#include "io/table_layout.h"

typedef struct es_source_rows es_source_rows;

/* Up to `room` bytes of UTF-8 text; *got is 0 at the end. */
typedef es_status es_text_reader(void *context, char *to, size_t room, size_t *got, es_errors *errors);

/* Text that begins on the given line of the file. */
es_status es_source_rows_new(es_source_rows **rows, es_table_format format, const char *name, uint64_t line,
                             es_text_reader *read, void *context, es_errors *errors);
es_status es_source_rows_database(es_source_rows **rows, es_database_reading *database, const char *name,
                                  es_errors *errors);
void es_source_rows_free(es_source_rows *rows);

/* As es_source_read and es_source_lines. */
es_status es_source_rows_read(es_source_rows *rows, char *to, size_t room, size_t *got, es_errors *errors);
const uint64_t *es_source_rows_lines(const es_source_rows *rows, size_t *n);

#endif

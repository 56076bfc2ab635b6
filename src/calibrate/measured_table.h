/* A small table of texts in memory, read as any table (io/csv_read.h). */
#ifndef ES_CALIBRATE_MEASURED_TABLE_H
#define ES_CALIBRATE_MEASURED_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include <edgesweep/error.h>

#include "base/arena.h"
#include "io/csv_read.h"

enum { ES_MEASURED_MAX_BYTES = 256 << 20, ES_MEASURED_MAX_ROWS = 1 << 20 }; /* of a file or a stream */

typedef struct es_text_table {
    const char **name;
    size_t n_columns;
    const char ***cell; /* [row][column], decoded */
    const char **line;  /* rows as CSV */
    es_origin *origin;
    size_t n_rows, capacity;
    const char *header; /* as CSV */
    char delimiter;
} es_text_table;

/* Reads a file, "-": standard input.  `reading` may be NULL. */
es_status es_text_table_read(es_text_table *table, const char *path, const es_csv_input_options *reading,
                             es_arena *arena, es_errors *errors);

/* The column, or -1. */
int es_text_table_column(const es_text_table *table, const char *name);

#endif

/* SQLite databases from columns: typed, with indexes, whole or not at all.
 *
 * libsqlite3 is optional: built without ES_HAVE_SQLITE, es_database_create fails and says so. */
#ifndef ES_IO_DATABASE_H
#define ES_IO_DATABASE_H

#include <stdbool.h>
#include <stddef.h>

#include <edgesweep/error.h>
#include <edgesweep/stream.h>

#include "base/text.h"

typedef struct es_database_table {
    const char *name;
    const es_stream_column *column; /* the caller's, as long as the database is written */
    size_t n_columns;
    const bool *indexed; /* by column; NULL: none */
} es_database_table;

typedef struct es_database_fact {
    const char *key, *value;
} es_database_fact;

/* Writes a hidden file beside `path`, of at most max_bytes (0: any number), which es_database_finish renames; the
 * caller's, for es_database_free.  One thread at a time. */
typedef struct es_database es_database;
es_status es_database_create(es_database **database, const char *path, uint64_t max_bytes, es_errors *errors);

/* Begins a table; the one before is finished with its last row. */
es_status es_database_begin(es_database *database, const es_database_table *table, es_errors *errors);

/* Rows of the table that was begun last; what is missing becomes NULL. */
es_status es_database_add(es_database *database, const es_chunk *chunk, es_errors *errors);

/* The indexes and the table `meta` with the facts; then the database appears. */
es_status es_database_finish(es_database *database, const es_database_fact *fact, size_t n, es_errors *errors);

void es_database_free(es_database *database); /* NULL is fine */

/* Rows of a database: of its table `points`, else of its only one but `meta`. */
typedef struct es_database_reading es_database_reading;
enum { ES_DATABASE_MOST_COLUMNS = 2000 };
es_status es_database_open(es_database_reading **reading, const char *path, es_errors *errors);
void es_database_close(es_database_reading *reading); /* NULL is fine */
size_t es_database_columns(const es_database_reading *reading);
const char *es_database_column_name(const es_database_reading *reading, size_t column);
es_status es_database_next(es_database_reading *reading, bool *more, es_errors *errors);
/* Text of a cell of the row, until the next one; NULL is empty.  Whether it is text rather than a number. */
bool es_database_cell(es_database_reading *reading, size_t column, es_slice *text);

/* NAME.db, NAME.sqlite, NAME.sqlite3 */
bool es_database_name(const char *path);

#endif

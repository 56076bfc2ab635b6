/* SQLite databases from CSV tables: typed columns, indexes, whole or not at all.
 *
 * libsqlite3 is optional: built without ES_HAVE_SQLITE, es_database_write fails and says so. */
#ifndef ES_IO_DATABASE_H
#define ES_IO_DATABASE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include <edgesweep/error.h>

typedef enum es_database_type {
    ES_DATABASE_ANY,
    ES_DATABASE_INTEGER,
    ES_DATABASE_REAL,
    ES_DATABASE_TEXT
} es_database_type;

typedef struct es_database_column {
    const char *name;
    es_database_type type;
    bool indexed;
} es_database_column;

typedef struct es_database_table {
    const char *name, *csv; /* the file that its rows come from, with 17 digits so that doubles stay what they are */
} es_database_table;

typedef struct es_database_fact {
    const char *key, *value;
} es_database_fact;

typedef struct es_database_content {
    const es_database_table *table;
    size_t n_tables;
    const es_database_column *column; /* what is known of columns, by name; others take any type */
    size_t n_columns;
    const es_database_fact *fact; /* rows of the table `meta` */
    size_t n_facts;
    const volatile sig_atomic_t *stop; /* may be NULL */
} es_database_content;

/* Writes a hidden file beside `path` and renames it.  Empty cells become NULL; the apostrophe that keeps spreadsheets from
 * running a text is taken off. */
es_status es_database_write(const char *path, const es_database_content *content, es_errors *errors);

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

#include "io/database.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/number.h"
#include "base/text.h"
#include "io/format.h"

bool es_database_name(const char *path) {
    static const char *const suffixes[] = {".db", ".sqlite", ".sqlite3"};
    const size_t length = path ? strlen(path) : 0;
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        const size_t n = strlen(suffixes[i]);
        if (length > n && strcasecmp(path + length - n, suffixes[i]) == 0)
            return true;
    }
    return false;
}

#ifndef ES_HAVE_SQLITE

es_status es_database_open(es_database_reading **reading, const char *path, es_errors *errors) {
    *reading = NULL;
    return es_fail(errors, ES_ERUNTIME, NULL, "built without SQLite (Debian: libsqlite3-dev): '%s'",
                   es_quote_text(path).text);
}
void es_database_close(es_database_reading *reading) { (void)reading; }
size_t es_database_columns(const es_database_reading *reading) { return reading ? 1 : 0; }
const char *es_database_column_name(const es_database_reading *reading, size_t column) {
    return reading && column ? "" : NULL;
}
es_status es_database_next(es_database_reading *reading, bool *more, es_errors *errors) {
    (void)reading, (void)errors;
    *more = false;
    return ES_OK;
}
bool es_database_cell(es_database_reading *reading, size_t column, es_slice *text) {
    (void)reading, (void)column;
    *text = (es_slice){"", 0};
    return false;
}

#else

#include <sqlite3.h>

struct es_database_reading {
    sqlite3 *database;
    sqlite3_stmt *rows;
    const char *path;
    char number[ES_DATABASE_MOST_COLUMNS][32];
};

static es_status cannot_read(const es_database_reading *r, es_errors *errors) {
    return es_fail(errors, ES_ERUNTIME, NULL, "cannot read: '%s': %s", es_quote_text(r->path).text,
                   r->database ? sqlite3_errmsg(r->database) : "out of memory");
}

/* `points`, else the only table. */
static es_status choose_table(es_database_reading *r, char *name, size_t size, es_errors *errors) {
    static const char sql[] = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE "
                              "'sqlite^_%' ESCAPE '^' AND name <> 'meta' ORDER BY name <> 'points', name";
    sqlite3_stmt *list = NULL;
    size_t n = 0;
    name[0] = '\0';
    if (sqlite3_prepare_v2(r->database, sql, -1, &list, NULL) != SQLITE_OK)
        return cannot_read(r, errors);
    for (; sqlite3_step(list) == SQLITE_ROW; n++)
        if (n == 0)
            es_copy_text(name, size, es_slice_of((const char *)sqlite3_column_text(list, 0)));
    if (sqlite3_finalize(list) != SQLITE_OK)
        return cannot_read(r, errors);
    if (n == 0 || (n > 1 && strcmp(name, "points") != 0))
        return es_fail(errors, ES_ERUNTIME, NULL, "'%s' has %zu tables (expected one, or one called points)",
                       es_quote_text(r->path).text, n);
    return ES_OK;
}

es_status es_database_open(es_database_reading **reading, const char *path, es_errors *errors) {
    char table[1024];
    es_database_reading *r = *reading = calloc(1, sizeof *r);
    if (!r)
        return es_fail_memory(errors);
    r->path = path;
    if (sqlite3_open_v2(path, &r->database, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        return cannot_read(r, errors);
    es_status status = choose_table(r, table, sizeof table, errors);
    if (status)
        return status;
    char *sql = sqlite3_mprintf("SELECT * FROM \"%w\"", table);
    if (!sql || sqlite3_prepare_v2(r->database, sql, -1, &r->rows, NULL) != SQLITE_OK)
        status = cannot_read(r, errors);
    sqlite3_free(sql);
    if (!status && es_database_columns(r) > ES_DATABASE_MOST_COLUMNS)
        status = es_fail(errors, ES_ERUNTIME, NULL, "more than %d columns: '%s'", ES_DATABASE_MOST_COLUMNS,
                         es_quote_text(path).text);
    return status;
}

void es_database_close(es_database_reading *r) {
    if (!r)
        return;
    sqlite3_finalize(r->rows);
    sqlite3_close(r->database);
    free(r);
}

size_t es_database_columns(const es_database_reading *r) { return (size_t)sqlite3_column_count(r->rows); }

const char *es_database_column_name(const es_database_reading *r, size_t column) {
    return sqlite3_column_name(r->rows, (int)column);
}

es_status es_database_next(es_database_reading *r, bool *more, es_errors *errors) {
    const int result = sqlite3_step(r->rows);
    *more = result == SQLITE_ROW;
    return *more || result == SQLITE_DONE ? ES_OK : cannot_read(r, errors);
}

/* As few digits as read back unchanged. */
static es_slice shortest(double value, char *to) {
    double back;
    size_t n = 0;
    for (int digits = 9; digits <= 17; digits += digits == 9 ? 6 : 1) {
        n = es_format_double(to, value, digits);
        if (es_parse_double((es_slice){to, n}, &back) == ES_NUMBER_OK && back == value)
            break;
    }
    return (es_slice){to, n};
}

bool es_database_cell(es_database_reading *r, size_t column, es_slice *text) {
    const int type = sqlite3_column_type(r->rows, (int)column);
    if (type == SQLITE_FLOAT) {
        *text = shortest(sqlite3_column_double(r->rows, (int)column), r->number[column]);
        return false;
    }
    const char *bytes = (const char *)sqlite3_column_text(r->rows, (int)column);
    *text = (es_slice){bytes ? bytes : "", (size_t)sqlite3_column_bytes(r->rows, (int)column)};
    return type == SQLITE_TEXT || type == SQLITE_BLOB;
}

#endif

#include "io/database.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/os.h"
#include "io/partial.h"

#ifndef ES_HAVE_SQLITE

es_status es_database_create(es_database **database, const char *path, uint64_t max_bytes, es_errors *errors) {
    (void)max_bytes;
    *database = NULL;
    return es_fail(errors, ES_ERUNTIME, NULL, "built without SQLite (Debian: libsqlite3-dev): '%s'",
                   es_quote_text(path).text);
}

es_status es_database_begin(es_database *d, const es_database_table *table, es_errors *errors) {
    (void)d, (void)table;
    return es_fail_memory(errors);
}

es_status es_database_add(es_database *d, const es_chunk *chunk, es_errors *errors) {
    (void)d, (void)chunk;
    return es_fail_memory(errors);
}

es_status es_database_finish(es_database *d, const es_database_fact *fact, size_t n, es_errors *errors) {
    (void)d, (void)fact, (void)n;
    return es_fail_memory(errors);
}

void es_database_free(es_database *d) { (void)d; }

#else

#include <limits.h>
#include <math.h>
#include <sqlite3.h>

enum { PAGE_BYTES = 16384 };

/* What stays bound until it changes. */
typedef struct bound {
    uint64_t bits;
    bool given; /* else NULL */
} bound;

struct es_database {
    sqlite3 *file;
    sqlite3_stmt *insert; /* into the table */
    es_partial partial;
    es_database_table table;
    bound *bound; /* by column */
    es_arena arena;
};

static es_status fail(const es_database *d, es_errors *errors) {
    return es_fail(errors, ES_ERUNTIME, NULL, "cannot write: '%s': %s", es_quote_text(d->partial.path).text,
                   d->file ? sqlite3_errmsg(d->file) : "out of memory");
}

/* Runs SQL made by sqlite3_mprintf, which it frees. */
static es_status execute(es_database *d, char *sql, es_errors *errors) {
    const bool done = sql && sqlite3_exec(d->file, sql, NULL, NULL, NULL) == SQLITE_OK;
    sqlite3_free(sql);
    return done ? ES_OK : fail(d, errors);
}

/* ---- A table ---- */

/* Indexes cost least when all rows are there. */
static es_status end_table(es_database *d, es_errors *errors) {
    const es_database_table *t = &d->table;
    es_status status = ES_OK;
    sqlite3_finalize(d->insert);
    d->insert = NULL;
    for (size_t c = 0; t->indexed && c < t->n_columns && !status; c++)
        if (t->indexed[c])
            status = execute(d,
                             sqlite3_mprintf("CREATE INDEX \"%w by %w\" ON \"%w\" (\"%w\")", t->name, t->column[c].name,
                                             t->name, t->column[c].name),
                             errors);
    return status;
}

es_status es_database_begin(es_database *d, const es_database_table *table, es_errors *errors) {
    static const char *const types[] = {
        [ES_REAL_COLUMN] = "REAL", [ES_WHOLE_COLUMN] = "INTEGER", [ES_TEXT_COLUMN] = "TEXT"};
    es_status status = end_table(d, errors);
    if (status)
        return status;
    d->table = *table;
    d->bound = es_arena_array(&d->arena, table->n_columns + 1, sizeof *d->bound);
    if (!d->bound)
        return es_fail_memory(errors);
    sqlite3_str *create = sqlite3_str_new(d->file), *into = sqlite3_str_new(d->file);
    sqlite3_str_appendf(create, "CREATE TABLE \"%w\" (", table->name);
    sqlite3_str_appendf(into, "INSERT INTO \"%w\" VALUES (", table->name);
    for (size_t c = 0; c < table->n_columns; c++) {
        sqlite3_str_appendf(create, "%s\"%w\" %s", c ? ", " : "", table->column[c].name, types[table->column[c].type]);
        sqlite3_str_appendf(into, c ? ",?" : "?");
    }
    sqlite3_str_appendf(create, ")");
    sqlite3_str_appendf(into, ")");
    char *sql = sqlite3_str_finish(into);
    status = execute(d, sqlite3_str_finish(create), errors);
    if (!status && (!sql || sqlite3_prepare_v2(d->file, sql, -1, &d->insert, NULL) != SQLITE_OK))
        status = fail(d, errors);
    sqlite3_free(sql);
    return status;
}

/* The cell, as bits that are equal where values are. */
static bound cell_of(const es_stream_column *column, const es_chunk *chunk, size_t c, size_t row) {
    bound cell = {.given = !chunk->valid[c] || chunk->valid[c][row / 8] >> row % 8 & 1};
    if (column->type == ES_TEXT_COLUMN)
        cell.bits = (uint64_t)((const int32_t *)chunk->value[c])[row];
    else
        cell.bits = ((const uint64_t *)chunk->value[c])[row];
    if (!cell.given)
        cell.bits = 0;
    return cell;
}

static int bind(sqlite3_stmt *insert, int at, const es_stream_column *column, bound cell) {
    double real;
    if (!cell.given)
        return sqlite3_bind_null(insert, at);
    switch (column->type) {
    case ES_TEXT_COLUMN: return sqlite3_bind_text(insert, at, column->texts[cell.bits], -1, SQLITE_STATIC);
    case ES_WHOLE_COLUMN: return sqlite3_bind_int64(insert, at, (sqlite3_int64)cell.bits);
    case ES_REAL_COLUMN: break;
    }
    memcpy(&real, &cell.bits, sizeof real);
    return sqlite3_bind_double(insert, at, real);
}

es_status es_database_add(es_database *d, const es_chunk *chunk, es_errors *errors) {
    int result = SQLITE_OK;
    for (size_t row = 0; row < chunk->n && result == SQLITE_OK; row++) {
        for (size_t c = 0; c < d->table.n_columns && result == SQLITE_OK; c++) {
            const bound cell = cell_of(&d->table.column[c], chunk, c, row);
            if (cell.given == d->bound[c].given && cell.bits == d->bound[c].bits) /* at first NULL is bound */
                continue;
            d->bound[c] = cell;
            result = bind(d->insert, (int)c + 1, &d->table.column[c], cell);
        }
        if (result == SQLITE_OK)
            result = sqlite3_step(d->insert) == SQLITE_DONE ? sqlite3_reset(d->insert) : SQLITE_ERROR;
    }
    return result == SQLITE_OK ? ES_OK : fail(d, errors);
}

/* ---- The database ---- */

/* The file is new and nobody else's until it is renamed: no journal, no locks between statements. */
static es_status begin_file(es_database *d, const char *path, uint64_t max_bytes, es_errors *errors) {
    char place[PATH_MAX];
    const char *slash = strrchr(path, '/'),
               *folder = es_arena_printf(&d->arena, "%.*s", slash ? (int)(slash + 1 - path) : 0, path);
    const char *file =
        folder ? es_os_path_in(d->partial.directory, folder, d->partial.temporary, place, sizeof place) : NULL;
    if (!file)
        return es_fail_memory(errors);
    if (sqlite3_open_v2(file, &d->file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return fail(d, errors);
    es_status status = execute(d,
                               sqlite3_mprintf("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; "
                                               "PRAGMA locking_mode = EXCLUSIVE; PRAGMA page_size = %d",
                                               PAGE_BYTES),
                               errors);
    if (!status && max_bytes)
        status = execute(d, sqlite3_mprintf("PRAGMA max_page_count = %llu", max_bytes / PAGE_BYTES + 1), errors);
    return status ? status : execute(d, sqlite3_mprintf("BEGIN"), errors);
}

es_status es_database_create(es_database **database, const char *path, uint64_t max_bytes, es_errors *errors) {
    es_database *d = *database = calloc(1, sizeof *d);
    if (!d)
        return es_fail_memory(errors);
    d->partial = ES_PARTIAL_NONE;
    es_status status = es_partial_open(&d->partial, path, errors);
    if (!status)
        status = begin_file(d, path, max_bytes, errors);
    if (status) {
        es_database_free(d);
        *database = NULL;
    }
    return status;
}

static es_status add_facts(es_database *d, const es_database_fact *fact, size_t n, es_errors *errors) {
    es_status status = execute(d, sqlite3_mprintf("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT)"), errors);
    for (size_t i = 0; i < n && !status; i++)
        status = execute(d, sqlite3_mprintf("INSERT INTO meta VALUES (%Q, %Q)", fact[i].key, fact[i].value), errors);
    return status;
}

es_status es_database_finish(es_database *d, const es_database_fact *fact, size_t n, es_errors *errors) {
    es_status status = end_table(d, errors);
    if (!status)
        status = add_facts(d, fact, n, errors);
    if (!status)
        status = execute(d, sqlite3_mprintf("COMMIT"), errors);
    if (!status && sqlite3_close(d->file) != SQLITE_OK)
        return fail(d, errors);
    if (status)
        return status;
    d->file = NULL;
    status = es_partial_publish(&d->partial, errors);
    return status ? status : es_partial_commit(&d->partial, NULL, false, errors);
}

void es_database_free(es_database *d) {
    if (!d)
        return;
    sqlite3_finalize(d->insert);
    sqlite3_close(d->file);
    es_partial_close(&d->partial);
    es_arena_free(&d->arena);
    free(d);
}

#endif

#include "io/database.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "base/arena.h"
#include "base/number.h"
#include "io/csv_read.h"
#include "io/format.h"
#include "io/partial.h"

#ifndef ES_HAVE_SQLITE

es_status es_database_write(const char *path, const es_database_content *content, es_errors *errors) {
    (void)content;
    return es_fail(errors, ES_ERUNTIME, NULL, "built without SQLite (Debian: libsqlite3-dev): '%s'",
                   es_quote_text(path).text);
}

#else

#include <limits.h>
#include <math.h>
#include <sqlite3.h>

typedef struct es_writing {
    sqlite3 *database;
    const char *path; /* as the user gave it */
    const es_database_content *content;
    es_arena arena;
} es_writing;

static es_status fail(const es_writing *w, es_errors *errors) {
    return es_fail(errors, ES_ERUNTIME, NULL, "cannot write: '%s': %s", es_quote_text(w->path).text,
                   w->database ? sqlite3_errmsg(w->database) : "out of memory");
}

/* Runs SQL made by sqlite3_mprintf, which it frees. */
static es_status execute(es_writing *w, char *sql, es_errors *errors) {
    const bool done = sql && sqlite3_exec(w->database, sql, NULL, NULL, NULL) == SQLITE_OK;
    sqlite3_free(sql);
    return done ? ES_OK : fail(w, errors);
}

static const es_database_column *known_column(const es_writing *w, es_slice name) {
    for (size_t i = 0; i < w->content->n_columns; i++)
        if (es_slice_equal(name, w->content->column[i].name))
            return &w->content->column[i];
    return NULL;
}

static es_database_type column_type(const es_writing *w, es_slice name) {
    const es_database_column *known = known_column(w, name);
    return known ? known->type : ES_DATABASE_ANY;
}

/* ---- One table ---- */

/* CREATE TABLE and INSERT with all columns; freed by the caller. */
static es_status create_table(es_writing *w, const char *table, const es_csv_input *csv, sqlite3_stmt **insert,
                              es_errors *errors) {
    static const char *const types[] = {"", " INTEGER", " REAL", " TEXT"};
    sqlite3_str *create = sqlite3_str_new(w->database), *into = sqlite3_str_new(w->database);
    sqlite3_str_appendf(create, "CREATE TABLE \"%w\" (", table);
    sqlite3_str_appendf(into, "INSERT INTO \"%w\" VALUES (", table);
    for (size_t c = 0; c < es_csv_input_columns(csv); c++) {
        const es_slice name = es_csv_input_name(csv, c);
        sqlite3_str_appendf(create, "%s\"%w\"%s", c ? ", " : "", name.text, types[column_type(w, name)]);
        sqlite3_str_appendf(into, c ? ",?" : "?");
    }
    sqlite3_str_appendf(create, ")");
    sqlite3_str_appendf(into, ")");
    char *sql = sqlite3_str_finish(into);
    es_status status = execute(w, sqlite3_str_finish(create), errors);
    if (!status && (!sql || sqlite3_prepare_v2(w->database, sql, -1, insert, NULL) != SQLITE_OK))
        status = fail(w, errors);
    sqlite3_free(sql);
    return status;
}

enum { TILE = 512 }; /* rows whose numbers are read at once */

/* A column of the table that is filled.  What is bound stays bound until it changes. */
typedef struct es_filled {
    es_database_type type;
    double *number; /* of a tile, NaN where a cell holds none; NULL: cells may be anything */
    double bound;   /* NaN: something else than a number */
    es_slice text;  /* TEXT: the cell that is bound, in the block; without text: another one is */
} es_filled;

static int bind_text(sqlite3_stmt *insert, int at, es_slice text) {
    return sqlite3_bind_text64(insert, at, text.text, text.length, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static int bind_cell(sqlite3_stmt *insert, int at, es_slice text, es_database_type type) {
    char *end;
    double number;
    if (text.length == 0)
        return sqlite3_bind_null(insert, at);
    if (type == ES_DATABASE_TEXT || es_parse_double(text, &number) != ES_NUMBER_OK)
        return bind_text(insert, at, text);
    if (type == ES_DATABASE_REAL)
        return sqlite3_bind_double(insert, at, number);
    errno = 0;
    const long long whole = strtoll(text.text, &end, 10); /* stops at the delimiter at the latest */
    const bool is_whole = end == text.text + text.length && errno == 0;
    return is_whole ? sqlite3_bind_int64(insert, at, whole) : sqlite3_bind_double(insert, at, number);
}

static int bind_as_written(sqlite3_stmt *insert, int at, es_slice cell, es_database_type type) {
    char *scratch = memchr(cell.text, '"', cell.length) ? malloc(cell.length + 1) : NULL;
    const int result = bind_cell(insert, at, es_csv_value(cell, scratch), type);
    free(scratch);
    return result;
}

/* Most texts are those of the row before. */
static int bind_label(sqlite3_stmt *insert, int at, es_slice cell, es_filled *f) {
    if (f->text.text && f->text.length == cell.length && memcmp(f->text.text, cell.text, cell.length) == 0)
        return SQLITE_OK;
    f->text = cell;
    return bind_as_written(insert, at, cell, ES_DATABASE_TEXT);
}

static int bind_number(sqlite3_stmt *insert, int at, es_slice cell, double number, es_filled *f) {
    if (number == f->bound && number != 0) /* zeros have signs */
        return SQLITE_OK;
    f->bound = number;
    if (f->type == ES_DATABASE_REAL && !isnan(number))
        return sqlite3_bind_double(insert, at, number);
    if (fabs(number) < ES_WHOLE_MAX && number == floor(number))
        return sqlite3_bind_int64(insert, at, (sqlite3_int64)number);
    f->bound = NAN;
    return bind_as_written(insert, at, cell, f->type);
}

static es_status insert_row(es_writing *w, sqlite3_stmt *insert, const es_csv_block *block, size_t r, size_t in_tile,
                            es_filled *filled, es_errors *errors) {
    int result = SQLITE_OK;
    for (size_t c = 0; c < block->columns && result == SQLITE_OK; c++) {
        const es_slice cell = es_csv_block_cell(block, r, c);
        es_filled *f = &filled[c];
        result = f->number                     ? bind_number(insert, (int)c + 1, cell, f->number[in_tile], f)
                 : f->type == ES_DATABASE_TEXT ? bind_label(insert, (int)c + 1, cell, f)
                                               : bind_as_written(insert, (int)c + 1, cell, f->type);
    }
    if (result == SQLITE_OK)
        result = sqlite3_step(insert) == SQLITE_DONE ? sqlite3_reset(insert) : SQLITE_ERROR;
    return result == SQLITE_OK ? ES_OK : fail(w, errors);
}

static es_status insert_block(es_writing *w, sqlite3_stmt *insert, const es_csv_block *block, es_filled *filled,
                              es_errors *errors) {
    es_status status = ES_OK;
    for (size_t c = 0; c < block->columns; c++)
        filled[c].text = (es_slice){0};
    for (size_t first = 0; first < block->n_rows && !status; first += TILE) {
        const size_t n = block->n_rows - first < TILE ? block->n_rows - first : TILE;
        for (size_t c = 0; c < block->columns; c++)
            if (filled[c].number)
                es_csv_block_numbers(block, c, NULL, first, n, filled[c].number);
        for (size_t i = 0; i < n && !status; i++)
            status = insert_row(w, insert, block, first + i, i, filled, errors);
    }
    return status;
}

static es_status insert_rows(es_writing *w, es_csv_input *csv, sqlite3_stmt *insert, es_errors *errors) {
    es_csv_block block = {0};
    const size_t columns = es_csv_input_columns(csv);
    es_filled *filled = es_arena_array(&w->arena, columns, sizeof *filled);
    bool more = true;
    es_status status = filled ? ES_OK : es_fail_memory(errors);
    for (size_t c = 0; c < columns && !status; c++) {
        filled[c] = (es_filled){.type = column_type(w, es_csv_input_name(csv, c)), .bound = NAN};
        const bool number = filled[c].type == ES_DATABASE_REAL || filled[c].type == ES_DATABASE_INTEGER;
        if (number && !(filled[c].number = es_arena_array(&w->arena, TILE, sizeof(double))))
            status = es_fail_memory(errors);
    }
    while (!status && more) {
        status = es_csv_input_next(csv, &block, &more, errors);
        if (!status && more)
            status = insert_block(w, insert, &block, filled, errors);
        if (!status && more)
            status = es_csv_block_fail(&block, errors);
    }
    es_csv_block_free(&block);
    return status;
}

static es_status add_indexes(es_writing *w, const char *table, const es_csv_input *csv, es_errors *errors) {
    es_status status = ES_OK;
    for (size_t c = 0; c < es_csv_input_columns(csv) && !status; c++) {
        const es_slice name = es_csv_input_name(csv, c);
        const es_database_column *known = known_column(w, name);
        if (known && known->indexed)
            status = execute(
                w, sqlite3_mprintf("CREATE INDEX \"%w by %w\" ON \"%w\" (\"%w\")", table, name.text, table, name.text),
                errors);
    }
    return status;
}

static es_status add_table(es_writing *w, const es_database_table *table, es_errors *errors) {
    const es_csv_input_options options = {.as_written = true, .stop = w->content->stop};
    es_csv_input *csv = NULL;
    sqlite3_stmt *insert = NULL;
    es_status status = es_csv_input_open(&table->csv, 1, &options, &csv, errors);
    if (status)
        return status;
    status = create_table(w, table->name, csv, &insert, errors);
    if (!status)
        status = insert_rows(w, csv, insert, errors);
    sqlite3_finalize(insert);
    if (!status)
        status = add_indexes(w, table->name, csv, errors);
    es_csv_input_close(csv);
    return status;
}

/* ---- The database ---- */

static es_status add_facts(es_writing *w, es_errors *errors) {
    es_status status = execute(w, sqlite3_mprintf("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT)"), errors);
    for (size_t i = 0; i < w->content->n_facts && !status; i++)
        status = execute(
            w, sqlite3_mprintf("INSERT INTO meta VALUES (%Q, %Q)", w->content->fact[i].key, w->content->fact[i].value),
            errors);
    return status;
}

/* The file is new and nobody else's until it is renamed: no journal, no locks between statements. */
static es_status fill(es_writing *w, const char *file, es_errors *errors) {
    es_status status = ES_OK;
    if (sqlite3_open_v2(file, &w->database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return fail(w, errors);
    status = execute(w,
                     sqlite3_mprintf("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; "
                                     "PRAGMA locking_mode = EXCLUSIVE; PRAGMA page_size = 16384; BEGIN"),
                     errors);
    for (size_t i = 0; i < w->content->n_tables && !status; i++)
        status = add_table(w, &w->content->table[i], errors);
    if (!status)
        status = add_facts(w, errors);
    return status ? status : execute(w, sqlite3_mprintf("COMMIT"), errors);
}

es_status es_database_write(const char *path, const es_database_content *content, es_errors *errors) {
    es_writing w = {.path = path, .content = content};
    es_partial partial = ES_PARTIAL_NONE;
    es_status status = es_partial_open(&partial, path, errors);
    char place[PATH_MAX];
    const char *slash = strrchr(path, '/'),
               *folder = es_arena_printf(&w.arena, "%.*s", slash ? (int)(slash + 1 - path) : 0, path);
    const char *file =
        status || !folder ? NULL : es_os_path_in(partial.directory, folder, partial.temporary, place, sizeof place);
    if (!status)
        status = file ? fill(&w, file, errors) : es_fail_memory(errors);
    if (sqlite3_close(w.database) != SQLITE_OK && !status)
        status = fail(&w, errors);
    if (!status)
        status = es_partial_publish(&partial, errors);
    if (!status)
        status = es_partial_commit(&partial, NULL, false, errors);
    es_partial_close(&partial);
    es_arena_free(&w.arena);
    return status;
}

#endif

#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/database.h"
#include "io/source.h"

Test(database, names) {
    cr_expect(es_database_name("a/b.db"));
    cr_expect(es_database_name("B.SQLite3"));
    cr_expect(!es_database_name("b.db.csv"));
    cr_expect(!es_database_name(".db"));
    cr_expect(!es_database_name(NULL));
}

#ifdef ES_HAVE_SQLITE
#include <sqlite3.h>

static int add_line(void *context, int n, char **value, char **name) {
    char *text = context;
    (void)name;
    for (int i = 0; i < n; i++) {
        strcat(text, i ? "|" : "");
        strcat(text, value[i] ? value[i] : "NULL");
    }
    strcat(text, "\n");
    return 0;
}

static const char *answer(sqlite3 *database, const char *query) {
    static char text[4096];
    text[0] = '\0';
    cr_assert_eq(sqlite3_exec(database, query, add_line, text, NULL), SQLITE_OK, "%s", sqlite3_errmsg(database));
    return text;
}

static const struct {
    const char *query, *lines;
} answers[] = {
    {"select name, typeof(n), n, typeof(x), x from points", "say \"hi\"|integer|9007199254740993|real|0.1\n"
                                                            "=1+1|null|NULL|real|5.0\n"
                                                            "NULL|integer|-3|null|NULL\n"
                                                            "'; drop table points|integer|-3|real|1.0e+300\n"},
    {"select x = 0.10000000000000001 from points where rowid = 1", "1\n"},
    {"select sql from sqlite_schema where type = 'index' and sql is not null",
     "CREATE INDEX \"points by name\" ON \"points\" (\"name\")\n"},
    {"select * from meta", "command|it's \"quoted\"\n"},
    {"select \"odd \"\"column\"\"\" from other", "7\n7\n"},
    {"pragma integrity_check", "ok\n"},
};

static es_status write_tables(const char *path, uint64_t max_bytes, bool finish, es_errors *errors) {
    static const char *const texts[] = {"say \"hi\"", "=1+1", "'; drop table points"};
    static const es_stream_column points[] = {
        {.name = "name", .type = ES_TEXT_COLUMN, .texts = texts, .n_texts = 3},
        {.name = "n", .type = ES_WHOLE_COLUMN},
        {.name = "x", .type = ES_REAL_COLUMN},
    };
    static const es_stream_column other[] = {{.name = "odd \"column\"", .type = ES_WHOLE_COLUMN}};
    static const int32_t name[] = {0, 1, -1, 2};
    static const int64_t n[] = {9007199254740993, 0, -3, -3}, seven[] = {7, 7};
    static const double x[] = {0.1, 5, NAN, 1e300};
    static const uint8_t has_name = 11, has_n = 13, has_x = 11;
    const void *values[] = {name, n, x}, *sevens[] = {seven};
    const uint8_t *valid[] = {&has_name, &has_n, &has_x}, *all[] = {NULL};
    static const bool indexed[] = {true, false, false};
    es_database *database;
    es_status status = es_database_create(&database, path, max_bytes, errors);
    if (!status)
        status = es_database_begin(database, &(es_database_table){"points", points, 3, indexed}, errors);
    if (!status)
        status = es_database_add(database, &(es_chunk){.n = 4, .value = values, .valid = valid}, errors);
    if (!status)
        status = es_database_begin(database, &(es_database_table){"other", other, 1, NULL}, errors);
    for (int i = 0; i < (max_bytes ? 100000 : 1) && !status; i++)
        status = es_database_add(database, &(es_chunk){.n = 2, .value = sevens, .valid = all}, errors);
    if (!status && finish)
        status = es_database_finish(database, &(es_database_fact){"command", "it's \"quoted\""}, 1, errors);
    es_database_free(database);
    return status;
}

Test(database, types_and_texts) {
    char folder[] = "/tmp/edgesweep-test-XXXXXX", path[64];
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/out.db", folder);
    es_errors errors = {0};
    for (int twice = 0; twice < 2; twice++) /* the second one replaces the first */
        cr_assert_eq(write_tables(path, 0, true, &errors), ES_OK, "%s", errors.error[0].text);
    cr_expect_eq(write_tables(path, 0, false, &errors), ES_OK, "left unfinished");
    cr_expect_eq(write_tables(path, 100000, true, &errors), ES_ERUNTIME);
    cr_expect(strstr(errors.error[0].text, "full"), "%s", errors.error[0].text);
    sqlite3 *database;
    cr_assert_eq(sqlite3_open(path, &database), SQLITE_OK);
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        cr_expect_str_eq(answer(database, answers[i].query), answers[i].lines);
    cr_assert_eq(sqlite3_close(database), SQLITE_OK);
    cr_expect_eq(unlink(path), 0);
    cr_expect_eq(rmdir(folder), 0, "nothing else is left");
}

Test(database, zero_bytes_are_no_text) {
    char folder[] = "/tmp/edgesweep-test-XXXXXX", path[64], text[256];
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/zero.db", folder);
    sqlite3 *database;
    es_source *source = NULL;
    es_errors errors = {0};
    size_t got;
    cr_assert_eq(sqlite3_open(path, &database), SQLITE_OK);
    answer(database, "create table points (m, a)");
    answer(database, "insert into points values ('x' || char(0) || 'y', 1)");
    cr_assert_eq(sqlite3_close(database), SQLITE_OK);
    cr_assert_eq(es_source_open(&source, path, &(es_source_options){.input = 0}, &errors), ES_OK);
    cr_expect_eq(es_source_read(source, text, sizeof text, &got, &errors), ES_ERUNTIME);
    cr_expect(strstr(errors.error[0].text, "a zero byte"), "%s", errors.error[0].text);
    es_source_close(source);
    cr_expect_eq(unlink(path) | rmdir(folder), 0);
}
#endif

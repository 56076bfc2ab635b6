#include <criterion/criterion.h>

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

static void write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    cr_assert_geq(fputs(text, file), 0);
    cr_assert_eq(fclose(file), 0);
}

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
    {"select name, typeof(n), n, typeof(x), x, typeof(any), any from points",
     "say \"hi\"|integer|9007199254740993|real|0.1|text|1,2\n"
     "=1+1|null|NULL|real|5.0|real|0.5\n"
     "it's|integer|-3|null|NULL|integer|7\n"
     "'; drop table points|integer|1|real|1.0e+300|null|NULL\n"},
    {"select x = 0.10000000000000001 from points where rowid = 1", "1\n"},
    {"select sql from sqlite_schema where type = 'index' and sql is not null",
     "CREATE INDEX \"points by name\" ON \"points\" (\"name\")\n"},
    {"select * from meta", "command|it's \"quoted\"\n"},
    {"select \"odd \"\"column\"\"\" from other", "1\n"},
};

Test(database, types_and_texts) {
    char folder[] = "/tmp/edgesweep-test-XXXXXX", points[64], other[64], path[64];
    cr_assert_not_null(mkdtemp(folder));
    snprintf(points, sizeof points, "%s/points.csv", folder);
    snprintf(other, sizeof other, "%s/other.csv", folder);
    snprintf(path, sizeof path, "%s/out.db", folder);
    write_file(points, "name,n,x,any\n\"say \"\"hi\"\"\",9007199254740993,0.10000000000000001,\"1,2\"\n'=1+1,,5,0.5\n"
                       "it's,-3,,7\n'; drop table points,1,1e300,\n");
    write_file(other, "\"odd \"\"column\"\"\"\n1\n");
    const es_database_table table[] = {{"points", points}, {"other", other}};
    const es_database_column column[] = {
        {"name", ES_DATABASE_TEXT, true}, {"n", ES_DATABASE_INTEGER, false}, {"x", ES_DATABASE_REAL, false}};
    const es_database_fact fact[] = {{"command", "it's \"quoted\""}};
    const es_database_content content = {table, 2, column, 3, fact, 1, NULL};
    es_errors errors = {0};
    for (int twice = 0; twice < 2; twice++) /* the second one replaces the first */
        cr_assert_eq(es_database_write(path, &content, &errors), ES_OK, "%s", errors.error[0].text);
    sqlite3 *database;
    cr_assert_eq(sqlite3_open(path, &database), SQLITE_OK);
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        cr_expect_str_eq(answer(database, answers[i].query), answers[i].lines);
    cr_assert_eq(sqlite3_close(database), SQLITE_OK);

    write_file(points, "name,n\na,1\nb\n");
    cr_expect_eq(es_database_write(path, &content, &errors), ES_ERUNTIME);
    cr_assert_eq(sqlite3_open(path, &database), SQLITE_OK);
    cr_expect_str_eq(answer(database, "select count(*) from points"), "4\n", "a failure leaves the old file");
    cr_assert_eq(sqlite3_close(database), SQLITE_OK);
    cr_expect_eq(unlink(path) | unlink(points) | unlink(other), 0);
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

/* The CSV reader against libcsv in strict mode, and its numbers against strtod. */
#include <criterion/criterion.h>

#include <csv.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "io/csv_read.h"

/* ---- Inputs in memory that have a path ---- */

typedef struct input {
    int fd;
    char path[32];
} input;

static input new_input(const char *text, size_t length) {
    input in = {.fd = memfd_create("csv", 0)};
    cr_assert(in.fd >= 0 && write(in.fd, text, length) == (ssize_t)length);
    snprintf(in.path, sizeof in.path, "/proc/self/fd/%d", in.fd);
    return in;
}

static uint64_t random_state = 0x9e3779b97f4a7c15u;

static uint64_t random_u64(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static size_t random_below(size_t n) { return (size_t)(random_u64() >> 11) % n; }

/* ---- A table as text: cells end with \x1f, rows with \x1e ---- */

typedef struct transcript {
    char text[1 << 16];
    size_t length, cells, rows, columns;
    bool fault; /* a syntax error, or a row of the wrong length */
} transcript;

static void put(transcript *t, const void *bytes, size_t n, char end) {
    cr_assert(t->length + n + 2 < sizeof t->text);
    if (n > 0)
        memcpy(t->text + t->length, bytes, n);
    t->length += n;
    t->text[t->length++] = end;
}

typedef struct reference {
    transcript *out;
    transcript row;
} reference;

static void reference_cell(void *cell, size_t n, void *data) {
    reference *r = data;
    put(&r->row, cell, n, '\x1f');
    r->row.cells++;
}

static void reference_row(int c, void *data) {
    reference *r = data;
    (void)c;
    if (r->out->rows == 0)
        r->out->columns = r->row.cells;
    r->out->fault |= r->row.cells != r->out->columns;
    if (!r->out->fault) {
        put(r->out, r->row.text, r->row.length, '\x1e');
        r->out->rows++;
    }
    r->row.length = r->row.cells = 0;
}

static void read_reference(const char *text, size_t length, char delimiter, transcript *out) {
    struct csv_parser parser;
    static reference r;
    r.out = out;
    r.row.length = r.row.cells = out->length = out->rows = 0;
    out->fault = false;
    cr_assert(csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL) == 0);
    csv_set_delim(&parser, (unsigned char)delimiter);
    if (length >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3)) {
        text += 3;
        length -= 3;
    }
    for (size_t i = 0; i < length && !out->fault; i++)
        out->fault = csv_parse(&parser, text + i, 1, reference_cell, reference_row, &r) != 1 || out->fault;
    if (!out->fault)
        out->fault = csv_fini(&parser, reference_cell, reference_row, &r) != 0 || out->fault;
    csv_free(&parser);
}

static void put_row(const es_csv_block *block, size_t row, transcript *out) {
    static char scratch[4096];
    es_slice cells[64];
    cr_assert_eq(es_csv_split(es_csv_block_row(block, row), block->delimiter, cells, 64), block->columns);
    for (size_t c = 0; c < block->columns; c++) {
        const es_slice cell = es_csv_block_cell(block, row, c);
        cr_assert(c >= 64 || (cell.text == cells[c].text && cell.length == cells[c].length));
        const es_slice value = es_csv_value(cell, scratch);
        put(out, value.text, value.length, '\x1f');
    }
    out->text[out->length++] = '\x1e';
    out->rows++;
}

static size_t lines_before(const char *text, size_t n) {
    size_t lines = 0;
    for (size_t i = 0; i < n; i++)
        lines += text[i] == '\r' || (text[i] == '\n' && (i == 0 || text[i - 1] != '\r'));
    return lines;
}

/* Where the first block lies in the text: behind the header. */
static size_t place_of(const es_csv_block *block, const char *text, size_t length) {
    for (size_t at = 1; at < length; at++) {
        const size_t n = length - at < block->length ? length - at : block->length;
        const bool splits_crlf = text[at] == '\n' && text[at - 1] == '\r';
        if (!splits_crlf && !memcmp(text + at, block->text, n) && lines_before(text, at) + 1 == block->first_line)
            return at;
    }
    cr_assert_fail("the first block is not in the text");
    return 0;
}

/* Reads all of it; the blocks, put together, must be the rest of the text, and their first lines exact. */
static void read_ours(const char *text, size_t length, size_t block_size, transcript *out, es_errors *errors) {
    const input in = new_input(text, length);
    const char *paths[] = {in.path};
    es_csv_input *csv = NULL;
    const es_csv_input_options options = {.as_written = true, .block_size = block_size};
    out->length = out->rows = 0;
    out->fault = es_csv_input_open(paths, 1, &options, &csv, errors) != ES_OK;
    if (!out->fault) {
        for (size_t c = 0; c < es_csv_input_columns(csv); c++)
            put(out, es_csv_input_name(csv, c).text, es_csv_input_name(csv, c).length, '\x1f');
        out->text[out->length++] = '\x1e';
        out->rows++;
    }
    es_csv_block block = {0};
    bool more = !out->fault;
    size_t at = SIZE_MAX;
    while (more && !es_csv_input_next(csv, &block, &more, errors) && more && !out->fault) {
        if (at == SIZE_MAX)
            at = place_of(&block, text, length);
        cr_assert_eq(block.first_line, lines_before(text, at) + 1);
        for (size_t i = 0; i < block.length; i++)
            cr_assert(at + i < length ? block.text[i] == text[at + i] : i + 1 == block.length);
        at += block.length;
        for (size_t r = 0; r < block.n_rows; r++)
            put_row(&block, r, out);
        out->fault = es_csv_block_fail(&block, errors) != ES_OK;
    }
    out->fault |= es_errors_status(errors) != ES_OK;
    es_csv_block_free(&block);
    es_csv_input_close(csv);
    close(in.fd);
}

static void compare(const char *text, size_t length, size_t block_size) {
    static transcript theirs, ours;
    es_errors errors = {0};
    read_reference(text, length, ',', &theirs);
    read_ours(text, length, block_size, &ours, &errors);
    if (theirs.rows == 0)
        theirs.fault = true; /* a table has a header */
    if (theirs.fault == ours.fault && theirs.length == ours.length && !memcmp(theirs.text, ours.text, ours.length))
        return;
    fprintf(stderr, "text: %zu bytes, block %zu:\n%.*s\n---\n", length, block_size, (int)length, text);
    fprintf(stderr, "libcsv: fault %d\n%.*s\n---\n", theirs.fault, (int)theirs.length, theirs.text);
    fprintf(stderr, "ours: fault %d %s\n%.*s\n", ours.fault, errors.error[0].text, (int)ours.length, ours.text);
    cr_assert_fail("the readers disagree");
}

static const size_t block_sizes[] = {1, 7, 64, 65, 200, 4096};

Test(csv_read, hostile_inputs_read_as_libcsv_reads_them) {
    static const char *const texts[] = {
        "",
        "\n",
        "\r\n\r\n",
        " ",
        "\xEF\xBB\xBF",
        "\xEF\xBB\xBF\n",
        "a",
        "a\n",
        "a,b",
        "a,b\n",
        "a,b\r\n1,2\r\n",
        "a,b\r1,2\r3,4",
        "\xEF\xBB\xBF\"a\",b\n1,2\n",
        "\n\n a,b\n1,2\n",
        "a,b\n1\n",
        "a,b\n1,2,3\n",
        "a,b\n1,\n",
        "a,b\n,\n",
        "a,b\n\n \n\t\n1,2\n\n",
        "a\n\n1\n",
        "a,b\n\"x\ny\",2\n",
        "a,b\n\"x\r\ny\",2\r\n3,4\r\n",
        "a,b\n\"x\"\"y\",\"\"\n",
        "a,b\n\"\"\"\",\"\"\"\"\"\"\n",
        "a,b\n \"x\" , \"y\" \n",
        "a,b\n\"x\"y,2\n",
        "a,b\n\"x\" \"y\",2\n",
        "a,b\nx\"y,2\n",
        "a,b\n\"x,2\n",
        "a,b\n\"x\",\"2",
        "a,b\n\"x\",\"2\"",
        "a,b\n1,2\"\n",
        "a,b\n1,\"2\n\n\n\n",
        "\"a\nb\",c\n1,2\n",
        "\"a",
        "\"a\"b,c\n",
        "a,b\n1,2\r\r\n3,4\n",
        "a,b\n1,2 \t\n",
        "a,a\n1,2\n",
        "a,b\n5\" disk,2\n6\" disk,3\n",
        "a,b\n\"\",\"\"\n\"\" ,\"\" \n",
        ",\n,\n",
        "a,b\n1,2\n\"",
        "a,b\n1,2\n\"\"",
        "a\n\"\"\n\"\"\n",
        "a,b\n1,2\n3",
        "a\r\r\rb\n",
        "a\n\"\n\n\"\n\"\r\"\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (size_t k = 0; k < sizeof block_sizes / sizeof *block_sizes; k++)
            compare(texts[i], strlen(texts[i]), block_sizes[k]);
}

/* libcsv takes a zero byte for text like any other; a file that has one is none. */
Test(csv_read, zero_bytes_are_refused) {
    static transcript ours;
    for (size_t k = 0; k < sizeof block_sizes / sizeof *block_sizes; k++) {
        es_errors errors = {0};
        read_ours("a,b\n\0,2\n", 8, block_sizes[k], &ours, &errors);
        cr_expect(ours.fault && strstr(errors.error[0].text, "byte 5: a zero byte"), "block of %zu: %s", block_sizes[k],
                  errors.error[0].text);
    }
}

/* Random bytes are nearly always faulty: most of the text comes in pieces that are right. */
static size_t random_text(char *text, size_t room, size_t faults) {
    static const char *const cells[] = {"1",     "-2.5e3",  "abc",      "",           " x ",
                                        "\"q\"", "\"a,b\"", "\"a\nb\"", "\"a\"\"b\"", "\"\""};
    static const char *const odd[] = {"\"x\" ", " \"x\"", "\r",     "\"\r\n\"", "\t", "\"",
                                      "\"\"\"", "x\"",    "\"x\"y", ",",        "\n"};
    const size_t columns = 1 + random_below(4), rows = random_below(40);
    const char *newline = random_below(3) ? "\n" : random_below(2) ? "\r\n" : "\r";
    size_t n = 0;
    if (random_below(8) == 0)
        n += (size_t)sprintf(text, "\xEF\xBB\xBF");
    for (size_t r = 0; r <= rows; r++) {
        for (size_t c = 0; c < columns && n + 64 < room; c++) {
            const bool is_odd = random_below(1000) < faults;
            const char *cell = is_odd ? odd[random_below(11)] : cells[random_below(10)];
            n += (size_t)sprintf(text + n, "%s%s", c ? "," : "", cell);
        }
        if (r < rows || random_below(2))
            n += (size_t)sprintf(text + n, "%s%s", newline, random_below(20) ? "" : newline);
    }
    return n;
}

Test(csv_read, random_tables_read_as_libcsv_reads_them) {
    static const size_t faults[] = {0, 0, 2, 10, 100};
    static char text[1 << 14];
    for (int i = 0; i < 12000; i++) {
        const size_t n = random_text(text, sizeof text, faults[i % 5]);
        compare(text, n, block_sizes[random_below(6)]);
    }
}

Test(csv_read, random_bytes_read_as_libcsv_reads_them) {
    static const char alphabet[] = "a,\"\n\r \t1";
    char text[160];
    for (int i = 0; i < 20000; i++) {
        const size_t n = random_below(sizeof text);
        for (size_t k = 0; k < n; k++)
            text[k] = alphabet[random_below(sizeof alphabet - 1 - (size_t)(i % 3) * 2)];
        compare(text, n, block_sizes[random_below(6)]);
    }
}

Test(csv_read, faults_name_their_line) {
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"a,b\n1,2\n3\n", ":3: 1 cell, expected 2 as in the header"},
        {"a,b\r\n1,2\r\n\r\n3,4,5\r\n", ":4: 3 cells, expected 2 as in the header"},
        {"a,b\r1,2\r3,4,5\r", ":3: 3 cells, expected 2 as in the header"},
        {"a,b\n\"x\n\ny\",2\n3\n", ":5: 1 cell, expected 2 as in the header"},
        {"a,b\n1,\"2\n\n\n", ":2: a quoted cell is never closed"},
        {"a,b\n1,2\n\"x\n\"y,2\n", ":4: text after a closing quote: 'y' (expected a delimiter or a newline)"},
        {"a,b\n1,2\n3,4\" disk\n", ":3: a quote inside an unquoted cell (expected the whole cell in quotes)"},
        {"", ":1: the file is empty (expected a header row)"},
        {"a,\"b", ":1: a quoted cell is never closed"},
    };
    static transcript ours;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t k = 0; k < sizeof block_sizes / sizeof *block_sizes; k++) {
            es_errors errors = {0};
            read_ours(cases[i].text, strlen(cases[i].text), block_sizes[k], &ours, &errors);
            cr_assert_eq(errors.n_errors, 1);
            const char *found = strstr(errors.error[0].text, ":");
            cr_assert_str_eq(found ? found : "", cases[i].message);
        }
    }
}

Test(csv_read, header_tells_the_delimiter) {
    static const struct {
        const char *text;
        char delimiter;
    } cases[] = {{"a,b\n", ','}, {"a;b\n", ';'},       {"a\tb\n", '\t'},  {"a;b\tc\n", ','},  {"a;b,c\n", ','},
                 {"a\n", ','},   {"\"a,b\";c\n", ';'}, {"a\tb,c\n", ','}, {"\"a;b\"\n", ','}, {"a;\"b\tc\"\n", ';'}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const input in = new_input(cases[i].text, strlen(cases[i].text));
        const char *paths[] = {in.path};
        es_csv_input *csv;
        cr_assert_eq(es_csv_input_open(paths, 1, NULL, &csv, NULL), ES_OK);
        cr_assert_eq(es_csv_input_delimiter(csv), cases[i].delimiter, "%s", cases[i].text);
        es_csv_input_close(csv);
        close(in.fd);
    }
}

Test(csv_read, several_files_are_one_table) {
    static const struct {
        const char *second, *message; /* "": fine */
    } cases[] = {{"a,b\n3,4\n", ""},
                 {"\xEF\xBB\xBF\"a\",\"b\"\r\n3,4", ""},
                 {"a,b\n", ""},
                 {"a,c\n3,4\n", "column 2 is 'c', expected 'b'"},
                 {"a\n3\n", "1 columns, expected 2"},
                 {"", "the file is empty"},
                 {"a,b\n3\n", ":2: 1 cell, expected 2"}};
    const input first = new_input("a,b\n1,2\n", 8);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const input second = new_input(cases[i].second, strlen(cases[i].second));
        const char *paths[] = {first.path, second.path, first.path};
        es_csv_input *csv;
        es_csv_block block = {0};
        es_errors errors = {0};
        bool more = true;
        size_t rows = 0;
        cr_assert_eq(es_csv_input_open(paths, 3, NULL, &csv, &errors), ES_OK);
        while (more && !es_csv_input_next(csv, &block, &more, &errors) && more) {
            rows += block.n_rows;
            if (es_csv_block_fail(&block, &errors))
                break;
        }
        if (cases[i].message[0]) {
            cr_assert_eq(errors.n_errors, 1);
            cr_assert(strstr(errors.error[0].text, cases[i].message), "%s", errors.error[0].text);
        } else {
            cr_assert_eq(errors.n_errors, 0);
            cr_assert_eq(rows, i == 2 ? 2 : 3);
        }
        es_csv_block_free(&block);
        es_csv_input_close(csv);
        close(second.fd);
    }
    close(first.fd);
}

Test(csv_read, files_that_cannot_be_read) {
    static const struct {
        const char *path, *message;
    } cases[] = {{"/nonexistent/x.csv", "cannot open: '/nonexistent/x.csv': No such file or directory"},
                 {"/tmp", "cannot read: '/tmp': Is a directory"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        es_csv_input *csv;
        es_errors errors = {0};
        cr_assert_eq(es_csv_input_open(&cases[i].path, 1, NULL, &csv, &errors), ES_ERUNTIME);
        cr_assert_str_eq(errors.error[0].text, cases[i].message);
    }
}

Test(csv_read, row_without_end_is_refused) {
    const size_t n = (size_t)ES_CSV_ROW_MAX * 2 + 8;
    char *text = malloc(n);
    memset(text, 'x', n);
    memcpy(text, "a\n", 2);
    const input in = new_input(text, n);
    const char *paths[] = {in.path};
    es_csv_input *csv;
    es_csv_block block = {0};
    es_errors errors = {0};
    bool more;
    cr_assert_eq(es_csv_input_open(paths, 1, NULL, &csv, &errors), ES_OK);
    cr_assert_eq(es_csv_input_next(csv, &block, &more, &errors), ES_ERUNTIME);
    cr_assert(strstr(errors.error[0].text, ":2: a row is longer than 64 MiB"));
    es_csv_block_free(&block);
    es_csv_input_close(csv);
    close(in.fd);
    free(text);
}

/* ---- Threads ---- */

typedef struct reader {
    es_csv_input *csv;
    double sum;
    size_t rows;
} reader;

static void *read_some(void *data) {
    reader *r = data;
    es_csv_block block = {0};
    bool more = true;
    while (!es_csv_input_next(r->csv, &block, &more, NULL) && more) {
        for (size_t i = 0; i < block.n_rows; i++) {
            double value;
            es_csv_block_numbers(&block, 1, NULL, i, 1, &value);
            r->sum += value;
        }
        r->rows += block.n_rows;
    }
    es_csv_block_free(&block);
    return NULL;
}

Test(csv_read, threads_share_a_stream) {
    enum { ROWS = 5000 };
    static char text[ROWS * 24];
    size_t n = (size_t)sprintf(text, "name,value\n");
    for (int i = 0; i < ROWS; i++)
        n += (size_t)sprintf(text + n, i % 3 ? "x,%d\n" : "\"x\n\",%d\n", i);
    const input in = new_input(text, n);
    const char *paths[] = {in.path};
    const es_csv_input_options options = {.block_size = 300};
    es_csv_input *csv;
    cr_assert_eq(es_csv_input_open(paths, 1, &options, &csv, NULL), ES_OK);
    reader readers[3] = {{csv, 0, 0}, {csv, 0, 0}, {csv, 0, 0}};
    pthread_t thread[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&thread[i], NULL, read_some, &readers[i]);
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    cr_assert_eq(readers[0].rows + readers[1].rows + readers[2].rows, ROWS);
    cr_assert(readers[0].sum + readers[1].sum + readers[2].sum == (double)ROWS * (ROWS - 1) / 2);
    es_csv_input_close(csv);
    close(in.fd);
}

/* ---- Numbers ---- */

/* The cell as the reader sees it: between delimiters in a block. */
static double read_number(const char *cell) {
    char text[1024];
    const size_t n = (size_t)snprintf(text, sizeof text, "a,b,c\n1,%s,2\n%64s", cell, "");
    const input in = new_input(text, n - 64);
    const char *paths[] = {in.path};
    es_csv_input *csv;
    es_csv_block block = {0};
    bool more;
    double value = 0;
    cr_assert_eq(es_csv_input_open(paths, 1, NULL, &csv, NULL), ES_OK);
    cr_assert_eq(es_csv_input_next(csv, &block, &more, NULL), ES_OK);
    cr_assert(more && block.n_rows == 1, "%s", cell);
    es_csv_block_numbers(&block, 1, NULL, 0, 1, &value);
    es_csv_block_free(&block);
    es_csv_input_close(csv);
    close(in.fd);
    return value;
}

static bool same_bits(double a, double b) { return memcmp(&a, &b, sizeof a) == 0; }

Test(csv_read, numbers_are_correctly_rounded) {
    static const char *const cells[] = {"0",
                                        "-0",
                                        "+1",
                                        "1.",
                                        ".5",
                                        "-.5",
                                        "00012",
                                        "1e3",
                                        "1E-3",
                                        "1e+03",
                                        "9007199254740993",
                                        "9007199254740992.5",
                                        "18446744073709551615",
                                        "18446744073709551616",
                                        "0.1",
                                        "123456789012345678",
                                        "1234567890123456789e-27",
                                        "9999999999999999999e27",
                                        "1.7976931348623157e308",
                                        "4.9e-324",
                                        "2.2250738585072011e-308",
                                        "0e999",
                                        "0.000000000000000000000000001",
                                        "8.5e22",
                                        "8.5e23",
                                        " 12 ",
                                        "\"12\"",
                                        " \"-1.5\" ",
                                        "1e0003",
                                        "0.30000000000000004",
                                        "1.00000000000000011102230246251565404236316680908203125",
                                        "1.00000000000000011102230246251565404236316680908203124",
                                        "10000000000000000000000e-22"};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        const char *number = cells[i] + strspn(cells[i], " \"");
        cr_assert(same_bits(read_number(cells[i]), strtod(number, NULL)), "%s", cells[i]);
    }
}

Test(csv_read, other_cells_are_not_numbers) {
    static const char *const cells[] = {"",
                                        " ",
                                        "\"\"",
                                        "abc",
                                        "1x",
                                        "1 2",
                                        "--1",
                                        "+-1",
                                        "1e",
                                        "e5",
                                        ".",
                                        "-",
                                        "nan",
                                        "inf",
                                        "-inf",
                                        "0x10",
                                        "1e5.0",
                                        "\" 1\"",
                                        "1e999",
                                        "1..2",
                                        "1.2.3",
                                        ("\xc2\xa0"
                                         "1"),
                                        "\"1\"\"2\"",
                                        "infinity",
                                        "1_000",
                                        "1k"};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        cr_assert(isnan(read_number(cells[i])), "%s", cells[i]);
}

enum { NUMBERS = 4000 };

Test(csv_read, random_numbers_read_as_strtod_reads_them) {
    static char text[NUMBERS * 64];
    static double expected[NUMBERS], value[NUMBERS];
    static const char *const formats[] = {"%.9g", "%.17g", "%.15g", "%.3f", "%.18g", "%g", "%.19e", "%.0f"};
    for (int round = 0; round < 40; round++) {
        size_t n = (size_t)sprintf(text, "v\n");
        for (int i = 0; i < NUMBERS; i++) {
            char cell[400];
            double v;
            uint64_t bits = random_u64();
            if (round % 2)
                bits = (bits & ~(UINT64_C(0x7ff) << 52)) | (uint64_t)(1023 - 60 + random_below(120)) << 52;
            memcpy(&v, &bits, sizeof v);
            if (!isfinite(v))
                v = 0.5;
            snprintf(cell, sizeof cell, formats[random_below(8)], v);
            if (strlen(cell) > 60)
                snprintf(cell, sizeof cell, "%.17g", v);
            expected[i] = strtod(cell, NULL);
            if (!isfinite(expected[i])) {
                expected[i] = 1;
                snprintf(cell, sizeof cell, "1");
            }
            n += (size_t)sprintf(text + n, "%s\n", cell);
        }
        const input in = new_input(text, n);
        const char *paths[] = {in.path};
        es_csv_input *csv;
        es_csv_block block = {0};
        bool more;
        cr_assert_eq(es_csv_input_open(paths, 1, NULL, &csv, NULL), ES_OK);
        cr_assert_eq(es_csv_input_next(csv, &block, &more, NULL), ES_OK);
        cr_assert_eq(block.n_rows, NUMBERS);
        cr_assert_eq(es_csv_block_numbers(&block, 0, NULL, 0, NUMBERS, value), 0);
        for (size_t i = 0; i < NUMBERS; i++)
            cr_assert(same_bits(value[i], expected[i]), "%.*s", (int)es_csv_block_cell(&block, i, 0).length,
                      es_csv_block_cell(&block, i, 0).text);
        es_csv_block_free(&block);
        es_csv_input_close(csv);
        close(in.fd);
    }
}

/* Cells, headers and files of every output format. */
#include "sweep_help.h"

#include "engine/cells.h"
#include "engine/row_sink.h"

Test(cells, text) {
    static const es_csv_options csv = {.delimiter = ',', .decimal = '.', .digits = 9};
    static const es_csv_options semicolon = {.delimiter = ';', .decimal = ',', .digits = 9};
    static const es_csv_options tsv = {.format = ES_TSV, .delimiter = '\t', .decimal = '.', .digits = 9};
    static const es_csv_options jsonl = {.format = ES_JSONL, .delimiter = ',', .decimal = '.', .digits = 9};
    static const es_csv_options md = {.format = ES_MARKDOWN, .delimiter = ',', .decimal = '.', .digits = 9};
    static const struct {
        const es_csv_options *options;
        const char *text, *cell;
    } cases[] = {
        {&csv, "", ""},
        {&csv, "plain", "plain"},
        {&csv, "a b", "a b"},
        {&csv, "a,b", "\"a,b\""},
        {&csv, "a;b", "a;b"},
        {&csv, "say \"x\"", "\"say \"\"x\"\"\""},
        {&csv, "\"", "\"\"\"\""},
        {&csv, "a\nb", "\"a\nb\""},
        {&csv, "a\rb", "\"a\rb\""},
        {&csv, " a", "\" a\""},
        {&csv, "a ", "\"a \""},
        {&csv, "=1+1", "'=1+1"},
        {&csv, "+1", "'+1"},
        {&csv, "-1", "'-1"},
        {&csv, "@x", "'@x"},
        {&csv, "\tx", "'\tx"},
        {&csv, "\rx", "\"'\rx\""},
        {&csv, "=a,b", "\"'=a,b\""},
        {&csv, "a=b", "a=b"},
        {&csv, "a\tb", "a\tb"},
        {&csv, "\xc3\xa9", "\xc3\xa9"},
        {&semicolon, "a;b", "\"a;b\""},
        {&semicolon, "a,b", "a,b"},
        {&tsv, "a\tb", "\"a\tb\""},
        {&tsv, "a,b", "a,b"},
        {&tsv, "=a", "'=a"},
        {&jsonl, "=a, \"b\" \\ \n\x01\xc3\xa9", "\"=a, \\\"b\\\" \\\\ \\u000a\\u0001\xc3\xa9\""},
        {&jsonl, "", "\"\""},
        {&md, "a|b*c_d <x> [1]", "a\\|b\\*c\\_d &lt;x> \\[1\\]"},
        {&md, "a\nb", "a b"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char to[128] = "";
        size_t n = strlen(cases[i].text), length = es_text_cell(cases[i].options, cases[i].text, n, to);
        cr_assert_leq(length, es_text_cell_size(n));
        to[length] = '\0';
        cr_expect_str_eq(to, cases[i].cell, "%s: %s, expected %s", cases[i].text, to, cases[i].cell);
    }
}

Test(cells, numbers_and_labels) {
    static const char *const labels[] = {"io", "a,b", "=x"};
    const es_column number = {.name = "io_ms"}, count = {.name = "params", .whole = true},
                    label = {.name = "bottleneck", .labels = labels, .n_labels = 3};
    const struct {
        const es_column *column;
        es_csv_options options;
        double value;
        bool first, last;
        const char *cell;
    } cases[] = {
        {&number, {0}, 0.1, false, false, "0.1,"},
        {&number, {0}, 1234567890.5, false, true, "1.23456789e+09\n"},
        {&number, {.digits = 17}, 0.1, false, true, "0.10000000000000001\n"},
        {&number, {0}, NAN, false, false, ","},
        {&number, {0}, INFINITY, false, false, ","},
        {&number, {0}, -INFINITY, false, true, "\n"},
        {&number, {0}, -0.0, false, false, "-0,"},
        {&number, {.delimiter = ';', .decimal = ','}, -1.5e-7, false, false, "-1,5e-07;"},
        {&number, {.crlf = true}, 2, false, true, "2\r\n"},
        {&number, {.crlf = true}, 2, false, false, "2,"},
        {&count, {0}, 12345678901234, false, false, "12345678901234,"},
        {&count, {0}, 7.25, false, false, "8,"},
        {&label, {0}, 0, false, false, "io,"},
        {&label, {0}, 1, true, true, "\"a,b\"\n"},
        {&label, {0}, 2, true, false, "'=x,"},
        {&label, {0}, NAN, true, false, ","},
        {&number, {.format = ES_TSV}, 1, false, false, "1\t"},
        {&number, {.format = ES_JSONL}, 1.5, true, false, "{\"io_ms\":1.5,"},
        {&number, {.format = ES_JSONL}, NAN, false, true, "\"io_ms\":null}\n"},
        {&label, {.format = ES_JSONL}, 1, true, true, "{\"bottleneck\":\"a,b\"}\n"},
        {&label, {.format = ES_JSONL}, NAN, false, false, "\"bottleneck\":null,"},
        {&number, {.format = ES_MARKDOWN}, 1.5, true, false, "| 1.5 |"},
        {&number, {.format = ES_MARKDOWN, .decimal = ','}, 1.5, false, true, " 1,5 |\n"},
        {&label, {.format = ES_MARKDOWN}, 2, false, true, " =x |\n"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        es_csv_options options = es_csv_defaults(cases[i].options);
        es_labels owned = {0};
        es_cell_style style;
        cr_assert_eq(es_cell_style_make(&style, cases[i].column, cases[i].first, cases[i].last, &options, &owned, NULL),
                     ES_OK);
        char to[128] = "";
        size_t length = es_cell_text(&style, cases[i].value, to);
        cr_assert_leq(length, style.width);
        to[length] = '\0';
        cr_expect_str_eq(to, cases[i].cell, "case %zu: %s, expected %s", i, to, cases[i].cell);
        es_labels_free(&owned);
    }
}

Test(cells, headers) {
    static const char *const labels[] = {"x"};
    const es_column a = {.name = "model", .labels = labels, .n_labels = 1}, b = {.name = "device.mem_bw_gbs"};
    const es_column *const columns[] = {&a, &b};
    static const struct {
        es_csv_options options;
        const char *header;
    } cases[] = {
        {{0}, "model,device.mem_bw_gbs\n"},
        {{.crlf = true, .bom = true, .delimiter = ';'}, "\xef\xbb\xbfmodel;device.mem_bw_gbs\r\n"},
        {{.format = ES_TSV}, "model\tdevice.mem_bw_gbs\n"},
        {{.format = ES_JSONL}, ""},
        {{.format = ES_MARKDOWN}, "| model | device.mem\\_bw\\_gbs |\n| --- | ---: |\n"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char to[256];
        es_csv_options options = es_csv_defaults(cases[i].options);
        size_t n = es_header_text(columns, 2, &options, to);
        cr_assert_lt(n, es_header_size(columns, 2));
        to[n] = '\0';
        cr_expect_str_eq(to, cases[i].header);
    }
}

/* ---- whole files ---- */

static void run(const folder *f, es_csv_options csv, const char *name, unsigned threads) {
    es_catalog catalog;
    load_catalog(&catalog, f->path);
    static const char *const sets[] = {"kernel=edgeprofiler", "model=\"Gamma, 7B\", =Delta", "device=*, !Slow*",
                                       "precision=INT8", "output.columns=model,device,io_ms,params,h2d_ms"};
    es_sweep *sweep = load_sweep(&catalog, NULL, sets, LENGTH(sets), NULL, 0);
    char out[400];
    path_in(f, name, out, sizeof out);
    es_run_options options = {.out = out, .csv = csv, .threads = threads};
    es_run_report report;
    static es_errors errors;
    errors = (es_errors){0};
    cr_assert_eq(es_sweep_run(sweep, &options, &report, &errors), ES_OK, "%s", errors.error[0].text);
    cr_assert_eq(report.rows, 6);
    es_run_report_free(&report);
    es_sweep_free(sweep);
    es_catalog_free(&catalog);
}

#define G_CSV "\"Gamma, 7B\""

Test(cells, files) {
    static const struct {
        es_csv_options options;
        const char *text;
    } cases[] = {
        {{.digits = 4},
         "model,device,io_ms,params,h2d_ms\n" G_CSV ",Board One,1.324e+04,5295308800,630.4\n" G_CSV
         ",Board Two,1.324e+04,5295308800,0\n" G_CSV ",\"Big \"\"GPU\"\"\",945.6,5295308800,236.4\n"
         "'=Delta,Board One,0.5658,226304,0.02694\n'=Delta,Board Two,0.5658,226304,0\n"
         "'=Delta,\"Big \"\"GPU\"\"\",0.04041,226304,0.0101\n"},
        {{.digits = 4, .delimiter = ';', .decimal = ',', .bom = true, .crlf = true},
         "\xef\xbb\xbfmodel;device;io_ms;params;h2d_ms\r\nGamma, 7B;Board One;1,324e+04;5295308800;630,4\r\n"
         "Gamma, 7B;Board Two;1,324e+04;5295308800;0\r\nGamma, 7B;\"Big \"\"GPU\"\"\";945,6;5295308800;236,4\r\n"
         "'=Delta;Board One;0,5658;226304;0,02694\r\n'=Delta;Board Two;0,5658;226304;0\r\n"
         "'=Delta;\"Big \"\"GPU\"\"\";0,04041;226304;0,0101\r\n"},
        {{.digits = 4, .format = ES_JSONL},
         "{\"model\":\"Gamma, 7B\",\"device\":\"Board "
         "One\",\"io_ms\":1.324e+04,\"params\":5295308800,\"h2d_ms\":630.4}\n"
         "{\"model\":\"Gamma, 7B\",\"device\":\"Board Two\",\"io_ms\":1.324e+04,\"params\":5295308800,\"h2d_ms\":0}\n"
         "{\"model\":\"Gamma, 7B\",\"device\":\"Big "
         "\\\"GPU\\\"\",\"io_ms\":945.6,\"params\":5295308800,\"h2d_ms\":236.4}\n"
         "{\"model\":\"=Delta\",\"device\":\"Board One\",\"io_ms\":0.5658,\"params\":226304,\"h2d_ms\":0.02694}\n"
         "{\"model\":\"=Delta\",\"device\":\"Board Two\",\"io_ms\":0.5658,\"params\":226304,\"h2d_ms\":0}\n"
         "{\"model\":\"=Delta\",\"device\":\"Big "
         "\\\"GPU\\\"\",\"io_ms\":0.04041,\"params\":226304,\"h2d_ms\":0.0101}\n"},
        {{.digits = 4, .format = ES_MARKDOWN},
         "| model | device | io\\_ms | params | h2d\\_ms |\n| --- | --- | ---: | ---: | ---: |\n"
         "| Gamma, 7B | Board One | 1.324e+04 | 5295308800 | 630.4 |\n"
         "| Gamma, 7B | Board Two | 1.324e+04 | 5295308800 | 0 |\n"
         "| Gamma, 7B | Big \"GPU\" | 945.6 | 5295308800 | 236.4 |\n"
         "| =Delta | Board One | 0.5658 | 226304 | 0.02694 |\n| =Delta | Board Two | 0.5658 | 226304 | 0 |\n"
         "| =Delta | Big \"GPU\" | 0.04041 | 226304 | 0.0101 |\n"},
    };
    folder f = folder_new();
    put_small_catalogs(&f);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        run(&f, cases[i].options, "out.csv", 1);
        char *got = slurp_in(&f, "out.csv");
        cr_expect_str_eq(got, cases[i].text, "case %zu:\n%s\nexpected:\n%s", i, got, cases[i].text);
        free(got);
    }
    folder_free(&f);
}

/* Splitting loses nothing: the parts without their headers are the whole file without its header. */
Test(cells, files_that_are_split) {
    folder f = folder_new();
    put_small_catalogs(&f);
    es_csv_options csv = {.crlf = true};
    run(&f, csv, "whole.csv", 1);
    char *whole = slurp_in(&f, "whole.csv");
    size_t header = (size_t)(strchr(whole, '\n') + 1 - whole);
    for (uint64_t rows = 1; rows <= 7; rows++) {
        csv.split_rows = rows;
        run(&f, csv, "part.x.csv", 2);
        text joined = {0};
        uint64_t parts = (6 + rows - 1) / rows;
        text_add(&joined, whole, header);
        for (uint64_t p = 1; p <= parts; p++) {
            char name[64];
            snprintf(name, sizeof name, "part.x-%04llu.csv", (unsigned long long)p);
            char *part = slurp_in(&f, name);
            cr_assert_eq(memcmp(part, whole, header), 0);
            text_printf(&joined, "%s", part + header);
            free(part);
        }
        cr_expect_str_eq(joined.data, whole, "%llu rows a file", (unsigned long long)rows);
        free(joined.data);
    }
    free(whole);
    folder_free(&f);
}

Test(cells, names_of_parts) {
    static const struct {
        const char *path;
        unsigned file;
        const char *name;
    } cases[] = {{"out.csv", 1, "out-0001.csv"},
                 {"a.b/out.csv", 12, "a.b/out-0012.csv"},
                 {"out.csv.gz", 2, "out-0002.csv.gz"},
                 {"my.res.csv", 7, "my.res-0007.csv"},
                 {"out", 3, "out-0003"},
                 {"/tmp/.hidden", 4, "/tmp/.hidden-0004"},
                 {"out.csv", 12345, "out-12345.csv"},
                 {"dir/", 1, "dir/-0001"}};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char name[64];
        es_row_sink_part_name(cases[i].path, cases[i].file, name, sizeof name);
        cr_expect_str_eq(name, cases[i].name);
    }
}

/* Streams against the tables that the same sweeps write: every value, front, best choice; chunks, threads, faults. */
#include "rounds.h"
#include "sweep_help.h"

#include <glob.h>

#include <jansson.h>

#include <edgesweep/stream.h>

enum { SOME_ROWS = ROUNDS(3000) };

static es_stream *open_stream(const es_stream_options *options) {
    static es_errors errors;
    errors = (es_errors){0};
    es_stream *stream;
    es_status status = es_sweep_open(&stream, options, &errors);
    cr_assert_eq(status, ES_OK, "%s", errors.error[0].text);
    return stream;
}

static bool is_valid(const es_chunk *chunk, size_t k, size_t i) {
    return !chunk->valid[k] || chunk->valid[k][i / 8] >> i % 8 & 1;
}

/* A value and the JSON that was written of it, nothing for an empty cell. */
static bool same_value(const es_stream_column *column, const es_chunk *chunk, size_t k, size_t i,
                       const json_t *written) {
    if (json_is_null(written))
        written = NULL;
    if (!is_valid(chunk, k, i) || !written)
        return !is_valid(chunk, k, i) && !written;
    if (column->type == ES_TEXT_COLUMN)
        return strcmp(column->texts[((const int32_t *)chunk->value[k])[i]], json_string_value(written)) == 0;
    if (column->type == ES_WHOLE_COLUMN)
        return json_is_integer(written) && ((const int64_t *)chunk->value[k])[i] == json_integer_value(written);
    return ((const double *)chunk->value[k])[i] == json_number_value(written);
}

/* Rows of the stream against the lines of a table; returns their number. */
static size_t compare(es_stream *stream, FILE *table, const char *name) {
    size_t n_columns, rows = 0, room = 0;
    const es_stream_column *column = es_stream_columns(stream, &n_columns);
    char *line = NULL;
    es_chunk *chunk;
    while (es_sweep_next(stream, &chunk, NULL) == ES_OK && chunk) {
        for (size_t i = 0; i < chunk->n; i++, rows++) {
            cr_assert(getline(&line, &room, table) > 0, "%s: more rows than lines", name);
            json_t *written = json_loads(line, 0, NULL);
            cr_assert(written != NULL);
            for (size_t k = 0; k < n_columns; k++) {
                cr_assert(same_value(&column[k], chunk, k, i, json_object_get(written, column[k].name)),
                          "%s, row %zu, %s: %s", name, rows, column[k].name, line);
            }
            json_decref(written);
        }
        for (size_t k = 0; k < n_columns; k++) {
            size_t missing = 0;
            for (size_t i = 0; i < chunk->n; i++)
                missing += !is_valid(chunk, k, i);
            cr_assert_eq(missing, chunk->missing[k]);
            cr_assert_eq(missing == 0, chunk->valid[k] == NULL);
        }
        es_chunk_release(chunk);
    }
    cr_assert_eq(getline(&line, &room, table), -1, "%s: more lines than rows", name);
    free(line);
    return rows;
}

/* The three tables of a sweep, of its first rows, or of a part around its middle. */
static void compare_tables(const char *path, bool part) {
    es_catalog catalog;
    load_catalog(&catalog, NULL);
    es_sweep *sweep = load_sweep(&catalog, path, NULL, 0, NULL, 0);
    const uint64_t middle = sweep->n_points / 2;
    folder f = folder_new();
    char file[3][128];
    for (int t = 0; t < 3; t++)
        path_in(&f, (const char *[]){"rows.jsonl", "front.jsonl", "best.jsonl"}[t], file[t], sizeof file[t]);
    es_run_options options = {.out = file[0],
                              .front_out = sweep->front.given ? file[1] : NULL,
                              .best_out = sweep->best.given ? file[2] : NULL,
                              .unique = sweep->front.unique,
                              .limit = part ? 0 : SOME_ROWS,
                              .part = part,
                              .first = middle - (middle < SOME_ROWS / 2 ? middle : SOME_ROWS / 2),
                              .csv = {.format = ES_JSONL, .digits = 17}};
    options.end = options.first + SOME_ROWS < sweep->n_points ? options.first + SOME_ROWS : sweep->n_points;
    es_run_report report;
    cr_assert_eq(es_sweep_run(sweep, &options, &report, NULL), ES_OK);
    for (int t = 0; t < 3; t++) {
        if ((t == 1 && !sweep->front.given) || (t == 2 && !sweep->best.given))
            continue;
        es_stream *stream = open_stream(&(es_stream_options){.path = path,
                                                             .table = (es_stream_table)t,
                                                             .limit = options.limit,
                                                             .part = part,
                                                             .first = options.first,
                                                             .end = options.end,
                                                             .threads = 2,
                                                             .chunk_rows = 777});
        FILE *table = fopen(file[t], "r");
        cr_assert(table != NULL);
        const size_t rows = compare(stream, table, path);
        cr_assert_eq(rows, t == 0 ? report.rows : t == 1 ? report.front_rows : report.n_best);
        fclose(table);
        es_sweep_close(stream);
    }
    es_run_report_free(&report);
    es_sweep_free(sweep);
    es_catalog_free(&catalog);
    folder_free(&f);
}

Test(stream, has_the_values_of_exact_tables_of_every_shipped_sweep) {
    glob_t sweeps;
    cr_assert_eq(glob("sweeps/*.sweep", 0, NULL, &sweeps), 0);
    cr_assert_geq(sweeps.gl_pathc, 10);
    for (size_t i = 0; i < sweeps.gl_pathc; i++) {
        compare_tables(sweeps.gl_pathv[i], false);
        compare_tables(sweeps.gl_pathv[i], true);
    }
    globfree(&sweeps);
}

#ifndef ES_SLOW_BUILD
Test(stream, has_the_whole_front_of_the_largest_sweep) {
    folder f = folder_new();
    char file[128];
    path_in(&f, "front.jsonl", file, sizeof file);
    es_catalog catalog;
    load_catalog(&catalog, NULL);
    es_sweep *sweep = load_sweep(&catalog, "sweeps/hardware-dse.sweep", NULL, 0, NULL, 0);
    es_run_report report;
    es_run_options options = {
        .front_out = file, .unique = sweep->front.unique, .csv = {.format = ES_JSONL, .digits = 17}};
    cr_assert_eq(es_sweep_run(sweep, &options, &report, NULL), ES_OK);
    es_stream *stream =
        open_stream(&(es_stream_options){.path = "sweeps/hardware-dse.sweep", .table = ES_STREAM_FRONT});
    FILE *table = fopen(file, "r");
    cr_assert(table != NULL);
    cr_assert_gt(compare(stream, table, "hardware-dse"), 0);
    cr_assert_eq(es_stream_report(stream)->front_unique, report.front_unique);
    fclose(table);
    es_sweep_close(stream);
    es_run_report_free(&report);
    es_sweep_free(sweep);
    es_catalog_free(&catalog);
    folder_free(&f);
}
#endif

static const char grid[] = "[sweep]\nkernel = edgeprofiler\nmodel = EP-*\ndevice = EP *\nseq_len = 1:900\n"
                           "[where]\nend_to_end_ms < 3000\n[pareto]\nminimize = end_to_end_ms, energy_j\n";

/* All bytes of all chunks but where they lie, and which rows they hold. */
static uint64_t digest(const es_stream_options *options) {
    es_stream *stream = open_stream(options);
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    size_t n_columns;
    const es_stream_column *column = es_stream_columns(stream, &n_columns);
    es_chunk *chunk;
    while (es_sweep_next(stream, &chunk, NULL) == ES_OK && chunk) {
        hash = (hash ^ chunk->n) * 1099511628211u;
        for (size_t k = 0; k < n_columns; k++) {
            const unsigned char *bytes = chunk->value[k];
            cr_assert_eq((uintptr_t)bytes % 64, 0);
            for (size_t i = 0; i < chunk->n * (column[k].type == ES_TEXT_COLUMN ? 4 : 8); i++)
                hash = (hash ^ bytes[i]) * 1099511628211u;
        }
        for (size_t i = 1; i < chunk->n; i++)
            cr_assert_gt(chunk->index[i], chunk->index[i - 1]);
        es_chunk_release(chunk);
    }
    cr_assert_gt(es_stream_report(stream)->rows + es_stream_report(stream)->front_rows, 0);
    es_sweep_close(stream);
    return hash;
}

Test(stream, does_not_depend_on_threads) {
    for (int table = ES_STREAM_ROWS; table <= ES_STREAM_FRONT; table++)
        for (unsigned threads = 2; threads < 6; threads++) {
            es_stream_options options = {.text = grid, .table = (es_stream_table)table, .chunk_rows = 1000};
            options.threads = 1;
            const uint64_t one = digest(&options);
            options.threads = threads;
            cr_expect_eq(digest(&options), one);
        }
}

Test(stream, keeps_chunks_behind_its_end_and_uses_memory_again) {
    es_stream *stream = open_stream(&(es_stream_options){.text = grid, .chunk_rows = 100});
    es_chunk *first, *chunk;
    cr_assert_eq(es_sweep_next(stream, &first, NULL), ES_OK);
    cr_assert_eq(first->n, 100);
    const int64_t index = first->index[99];
    for (int i = 0; i < 50; i++) {
        cr_assert_eq(es_sweep_next(stream, &chunk, NULL), ES_OK);
        cr_assert_neq(chunk, first);
        es_chunk_release(chunk);
    }
    es_sweep_close(stream);
    cr_expect_eq(first->index[99], index);
    es_chunk_release(first);
    es_chunk_release(NULL);
    es_sweep_close(NULL);
}

Test(stream, may_be_closed_before_it_begins_and_gives_its_end_again) {
    es_stream *stream = open_stream(&(es_stream_options){.text = grid});
    cr_expect_null(es_stream_report(stream));
    cr_expect_eq(es_stream_sweep(stream)->n_points % 900, 0);
    es_sweep_close(stream);
    const char *nothing = "seq_len < 0";
    es_chunk *chunk;
    stream = open_stream(&(es_stream_options){.text = grid, .wheres = &nothing, .n_wheres = 1});
    for (int i = 0; i < 3; i++) {
        cr_expect_eq(es_sweep_next(stream, &chunk, NULL), ES_OK);
        cr_expect_null(chunk);
    }
    es_sweep_close(stream);
}

Test(stream, stops_when_asked) {
    const char *sets[] = {"device.mem_bw_gbs=lin(5,100,3000)", "where="};
    es_stream *stream = open_stream(&(es_stream_options){.text = grid, .sets = sets, .n_sets = 2});
    es_chunk *chunk;
    int64_t next = 0;
    es_status status;
    for (int i = 0; (status = es_sweep_next(stream, &chunk, NULL)) == ES_OK && chunk; i++) {
        cr_assert_eq(chunk->index[0], next, "a gap");
        next += (int64_t)chunk->n;
        if (i == 3)
            es_sweep_cancel(stream);
        es_chunk_release(chunk);
    }
    cr_expect_eq(status, ES_EINT);
    cr_expect_eq(es_sweep_next(stream, &chunk, NULL), ES_EINT);
    cr_expect_lt((uint64_t)next, es_stream_sweep(stream)->n_points);
    es_sweep_close(stream);
}

Test(stream, says_what_is_wrong_and_where) {
    static const struct {
        es_stream_options options;
        const char *message;
    } cases[] = {
        {{.text = "[sweep]\nkernel = edgeprofiler\nsequence = 3\n", .path = "mine"}, "mine:3:1: "},
        {{.text = "[sweep]\nkernel = edgeprofile\n"}, "sweep:2:10: "},
        {{.text = ""}, "sweep:1: empty sweep file"},
        {{.path = "/nowhere.sweep"}, "/nowhere.sweep: cannot open"},
        {{.text = "[sweep]\nkernel = edgeprofiler\n", .table = ES_STREAM_FRONT}, "the sweep has no [pareto]"},
        {{.text = "[sweep]\nkernel = edgeprofiler\n", .table = ES_STREAM_BEST}, "the sweep has no [best]"},
        {{.text = grid, .part = true, .first = 5, .end = 5}, "no such part of the grid: points 5 to 5"},
        {{.text = grid, .chunk_rows = (size_t)1 << 40}, "chunks of 1099511627776 rows"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        es_stream *stream = (es_stream *)&stream;
        static es_errors errors;
        errors = (es_errors){0};
        cr_expect_eq(es_sweep_open(&stream, &cases[i].options, &errors), ES_EUSAGE);
        cr_expect_null(stream);
        cr_expect_eq(strncmp(errors.error[0].text, cases[i].message, strlen(cases[i].message)), 0, "%s",
                     errors.error[0].text);
    }
}

Test(stream, refuses_numbers_beyond_its_integers) {
    const char *sets[] = {"kernel=edgeprofiler",    "model=EP-Gemma3-1B", "device=EP Raspberry Pi 4",
                          "model.layers=1,1000000", "model.hidden=1e9",   "model.vocab=1e9"};
    es_stream *stream = open_stream(&(es_stream_options){.sets = sets, .n_sets = LENGTH(sets)});
    static es_errors errors;
    es_chunk *chunk;
    es_status status;
    while ((status = es_sweep_next(stream, &chunk, &errors)) == ES_OK && chunk)
        es_chunk_release(chunk);
    cr_expect_eq(status, ES_ERUNTIME);
    cr_expect(strstr(errors.error[0].text, "column 'params': a number beyond 63 bits"), "%s", errors.error[0].text);
    es_sweep_close(stream);
}

/* report: a table, or a sweep, as one HTML page. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <edgesweep/version.h>

#include "report/report.h"
#include "catalog/file.h"
#include "commands/commands.h"
#include "commands/csv_tables.h"
#include "cli/load.h"
#include "cli/paths.h"
#include "commands/report_answers.h"
#include "cli/run_options.h"
#include "cli/scratch.h"
#include "io/output.h"

enum { SHOWN_ROWS = 100000, MAX_POINTS = 20000000 };

typedef struct es_reporting {
    es_cli *cli;
    es_catalog catalog;
    const char *source; /* as given: FILE.csv or FILE.sweep */
    es_scratch scratch; /* of a sweep's rows */
    const char *table;  /* the CSV file */
    const char *out;
    es_report_options page; /* what the run of a sweep says of its answers */
} es_reporting;

static bool ends_with(const char *text, const char *end) {
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcasecmp(text + n - m, end) == 0;
}

/* The rows of a sweep go to a file in a folder of their own, which is gone afterwards. */
static es_status make_table(es_reporting *r, es_errors *errors) {
    const char *temporary = getenv("TMPDIR");
    const char *stem =
        es_arena_printf(&r->cli->arena, "%s/edgesweep-rows", temporary && *temporary ? temporary : "/tmp");
    es_status status = stem ? es_scratch_make(&r->scratch, &r->cli->arena, stem, stem, errors) : es_fail_memory(errors);
    if (status)
        return status;
    r->table = es_arena_printf(&r->cli->arena, "%s/rows.csv", r->scratch.folder);
    return r->table ? ES_OK : es_fail_memory(errors);
}

static es_status run_sweep(es_reporting *r, es_errors *errors) {
    es_sweep *sweep = NULL;
    es_run_options options = {0};
    es_run_report report = {0};
    es_progress_line progress = {0};
    es_status status = es_cli_load_sweep(r->cli, &r->catalog, &sweep, errors);
    if (!status && sweep->n_points > MAX_POINTS)
        status =
            es_usage(r->cli, errors,
                     "%llu points are too many for a page; sweep them with 'edgesweep run --front-only' and report "
                     "the front",
                     (unsigned long long)sweep->n_points);
    if (!status)
        status = make_table(r, errors);
    if (!status)
        status = es_cli_run_options(r->cli, r->table, &progress, &options, errors);
    options.out = r->table;
    if (!status) {
        es_cli_report(r->cli, errors);
        status = es_sweep_run(sweep, &options, &report, errors);
        es_progress_end(&progress);
    }
    if (!status)
        status = es_report_answers(&r->page, sweep, &report, &r->cli->arena, errors);
    es_run_report_free(&report);
    es_sweep_free(sweep);
    return status;
}

static es_status prepare(es_reporting *r, es_errors *errors) {
    es_cli *cli = r->cli;
    static const es_opt of_sweeps[] = {ES_OPT_SET, ES_OPT_WHERE, ES_OPT_THREADS};
    r->source = cli->n_operands ? cli->operand[0] : NULL;
    r->out = es_text_of(cli, ES_OPT_OUT);
    if (!r->source && !r->out)
        return es_usage(cli, errors, "-o OUT.html is needed when no file is given");
    if (!r->out) {
        const char *dot = strrchr(r->source, '.'), *slash = strrchr(r->source, '/');
        const size_t stem = dot && (!slash || dot > slash) ? (size_t)(dot - r->source) : strlen(r->source);
        r->out = es_arena_printf(&cli->arena, "%.*s.html", (int)stem, r->source);
        if (!r->out)
            return es_fail_memory(errors);
    }
    es_paths known = {0};
    es_status status = es_paths_inputs(&known, cli, errors);
    const char *meta = r->source ? es_arena_printf(&cli->arena, "%s.meta.json", r->source) : NULL;
    if (!status && meta && access(meta, F_OK) == 0)
        status = es_paths_input(&known, cli, meta, errors);
    if (!status)
        status = es_paths_output(&known, cli, r->out, false, false, errors);
    if (!status)
        status = es_paths_check(&known, cli, errors);
    if (status)
        return status;
    if (!r->source || ends_with(r->source, ".sweep"))
        return run_sweep(r, errors);
    for (size_t i = 0; i < sizeof of_sweeps / sizeof *of_sweeps; i++)
        if (es_given(cli, of_sweeps[i]))
            return es_usage(cli, errors, "--%s goes with sweeps, not with tables: '%s'",
                            es_cli_options[of_sweeps[i]].name, es_quote_text(r->source).text);
    r->table = r->source;
    if (es_given(cli, ES_OPT_METRIC)) {
        es_csv_input *csv;
        es_csv_input_options reading;
        es_energies energies; /* the page shows each row's own */
        status = es_cli_reading(cli, &reading, errors);
        if (!status)
            status = es_csv_input_open(&r->source, 1, &reading, &csv, errors);
        if (!status)
            status = es_cli_compute(cli, csv, &r->scratch, &r->table, &energies, errors);
    }
    return status ? status : es_cli_load_catalog(cli, &r->catalog, errors);
}

/* The comment that a sweep begins with says what it asks; NULL when there is none. */
static es_status read_question(es_reporting *r, const char **question, es_errors *errors) {
    char *text = NULL;
    size_t size = 0;
    *question = NULL;
    es_status status =
        r->source && ends_with(r->source, ".sweep") ? es_file_read(r->source, &text, &size, errors) : ES_OK;
    for (const char *line = text, *end = text + size; !status && line < end && *line == '#';) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        stop = stop ? stop : end;
        const es_slice words = es_slice_trim((es_slice){line + 1, (size_t)(stop - line) - 1});
        *question = es_arena_printf(&r->cli->arena, "%s%s%.*s", *question ? *question : "", *question ? " " : "",
                                    (int)words.length, words.text);
        if (!*question)
            status = es_fail_memory(errors);
        line = stop + (stop < end);
    }
    free(text);
    return status;
}

static es_status write_output(void *context, const char *data, size_t n, es_errors *errors) {
    return es_output_write(context, data, n, errors);
}

static es_status write_page(es_reporting *r, es_errors *errors) {
    const char *question;
    es_csv_input_options reading;
    es_status status = es_cli_reading(r->cli, &reading, errors);
    reading.name = r->table != r->source && r->source ? r->source : NULL;
    if (!status)
        status = read_question(r, &question, errors);
    if (status)
        return status;
    es_report_options *page = &r->page;
    page->path = r->table;
    page->title = r->source ? r->source : "sweep";
    page->about = question;
    page->version = EDGESWEEP_VERSION;
    page->command = es_cli_command_line(r->cli);
    page->catalog = &r->catalog;
    page->max_rows = SHOWN_ROWS;
    page->reading = &reading;
    es_output *output;
    es_report_counts counts;
    status = es_output_open(&output, r->out, NULL, errors);
    if (status)
        return status;
    const es_text_sink sink = {write_output, output};
    status = es_report_write(page, &sink, &counts, errors);
    if (status)
        es_output_abort(output);
    else
        status = es_output_commit(output, counts.shown, errors);
    if (!status && es_cli_is_file(r->out))
        es_note(r->cli, "%s: %llu of %llu rows", es_quote_text(r->out).text, (unsigned long long)counts.shown,
                (unsigned long long)counts.rows);
    return status;
}

static es_status run_report(es_cli *cli, es_errors *errors) {
    es_reporting reporting = {.cli = cli};
    es_status status = prepare(&reporting, errors);
    if (!status)
        status = write_page(&reporting, errors);
    es_scratch_remove(&reporting.scratch);
    es_catalog_free(&reporting.catalog);
    return status;
}

static const char *const examples[] = {
    "edgesweep run sweeps/paper.sweep -q -o paper.csv",
    "a table to look at",
    "edgesweep report paper.csv",
    "paper.html: open it in any browser, no server and no network needed",
    "edgesweep report sweeps/paper.sweep --set seq_len=512,2048 -o contexts.html",
    "the same for a sweep that is evaluated on the way",
    NULL,
};

const es_command es_cmd_report = {
    .id = ES_CMD_REPORT,
    .name = "report",
    .synopsis = "[FILE.csv|FILE.sweep]",
    .max_operands = 1,
    .help = "one HTML page to explore a table: chart, fronts, filters, best choices",
    .details =
        "The page holds everything it needs and fetches nothing, on telephones as on large screens. It shows the best "
        "choice per device under the filters that are set (by the columns that [best] names, with the ranges as bars), "
        "why others have none, any two columns against each other with the front of each group, by how many percent "
        "the best choices of a sweep change with each input, what more of each axis buys, a table in the order of the "
        "answer with the columns that fit, and where the numbers come from: command, hashes and errors of the "
        "calibration. A click on a point shows all its columns. Tables of the kernel edgeprofiler get the six panels "
        "of figure 3 of arXiv 2506.09061.\n\n"
        "Any table with a header will do (help tables). Of more than 100,000 rows the page keeps the Pareto fronts per "
        "device and "
        "workload, the fastest of each model and precision on each device, and a random sample of the rest, and says "
        "so. A .sweep is evaluated first; --set, --where and -j go with it.\n\n"
        "Without -o, NAME.csv becomes NAME.html.",
    .examples = examples,
    .run = run_report,
};

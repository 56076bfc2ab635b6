/* run: the grid to CSV, a front and the best choices. */
#include <limits.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "commands/commands.h"
#include "commands/doubts.h"
#include "commands/estimate.h"
#include "commands/left_out.h"
#include "cli/load.h"
#include "cli/paths.h"
#include "cli/print.h"
#include "cli/progress.h"
#include "commands/run_database.h"
#include "cli/run_options.h"
#include "commands/run_plot.h"
#include "commands/run_shard.h"
#include "commands/tables.h"
#include "engine/row_sink.h"
#include "io/database.h"

typedef struct es_running {
    es_cli *cli;
    es_catalog catalog;
    es_sweep *sweep;
    es_run_options options;
    es_run_report report;
    es_progress_line progress;
    es_run_database database;
    double seconds_load; /* catalogs and planning */
    bool tables;         /* on a terminal without -o: tables instead of CSV */
} es_running;

/* ---- where things go ---- */

/* A side table: where the option says, else beside OUT when the sweep asks for one. */
static es_status side_output(es_running *run, es_opt option, const char *section, bool given, const char *what,
                             const char **path, es_errors *errors) {
    *path = es_text_of(run->cli, option);
    if (*path && !given)
        return es_usage(run->cli, errors, "--%s needs a [%s] section in the sweep: '%s'; --set %s.KEY=VALUE makes one",
                        es_cli_options[option].name, section, es_quote_text(*path).text, section);
    if (*path || !given || !es_cli_is_file(run->options.out))
        return ES_OK;
    *path = es_cli_beside(&run->cli->arena, run->options.out, what);
    return *path ? ES_OK : es_fail_memory(errors);
}

static es_status only_front(es_running *run, es_errors *errors) {
    es_run_options *options = &run->options;
    if (!run->sweep->front.given && !run->sweep->best.given)
        return es_usage(run->cli, errors,
                        "--front-only needs a [pareto] or [best] section in the sweep; "
                        "--set pareto.minimize=COLUMN,... makes one");
    es_opt own = run->sweep->front.given ? ES_OPT_PARETO : ES_OPT_BEST;
    if (es_given(run->cli, ES_OPT_OUT) && es_given(run->cli, own))
        return es_usage(run->cli, errors, "--front-only writes to OUT: --%s is one file too many",
                        es_cli_options[own].name);
    options->front_out = es_text_of(run->cli, ES_OPT_PARETO);
    options->best_out = es_text_of(run->cli, ES_OPT_BEST);
    const char **out = own == ES_OPT_PARETO ? &options->front_out : &options->best_out;
    if (!*out)
        *out = options->out;
    options->out = NULL;
    return ES_OK;
}

static es_status check_paths(es_running *run, es_errors *errors) {
    const es_run_options *options = &run->options;
    const char *const paths[] = {options->out, options->front_out, options->best_out};
    es_paths known = {0};
    es_status status = es_paths_inputs(&known, run->cli, errors);
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < i && !status; k++)
            if (paths[i] && paths[k] && strcmp(paths[i], paths[k]) == 0)
                return es_usage(run->cli, errors, "two outputs to one place: '%s'", es_quote_text(paths[i]).text);
    for (size_t i = 0; i < 3 && !status; i++)
        status = es_paths_output(&known, run->cli, paths[i], !es_database_name(paths[i]),
                                 i == 0 && options->csv.split_rows, errors);
    return status ? status : es_paths_check(&known, run->cli, errors);
}

static es_status choose_outputs(es_running *run, es_errors *errors) {
    es_cli *cli = run->cli;
    es_run_options *options = &run->options;
    options->out = es_text_of(cli, ES_OPT_OUT);
    bool side_named = es_given(cli, ES_OPT_PARETO) || es_given(cli, ES_OPT_BEST);
    if (!options->out && !cli->out_tty && !side_named)
        options->out = "-";
    run->tables = !options->out && cli->out_tty;
    es_status status = es_cli_run_options(cli, options->out, &run->progress, options, errors);
    options->unique |= run->sweep->front.unique;
    if (status)
        return status;
    if (es_given(cli, ES_OPT_FRONT_ONLY)) {
        status = only_front(run, errors);
    } else {
        status =
            side_output(run, ES_OPT_PARETO, "pareto", run->sweep->front.given, "front", &options->front_out, errors);
        if (!status)
            status = side_output(run, ES_OPT_BEST, "best", run->sweep->best.given, "best", &options->best_out, errors);
    }
    if (!status)
        status = check_paths(run, errors);
    if (!status)
        status = es_cli_side_format(cli, options->front_out, &options->csv, &options->front_csv, errors);
    if (!status)
        status = es_cli_side_format(cli, options->best_out, &options->csv, &options->best_csv, errors);
    if (!status)
        status = es_cli_check_room(cli, run->sweep, options->out, options, 1, errors);
    return status ? status : es_run_database_begin(&run->database, cli, run->sweep, options, errors);
}

/* ---- afterwards ---- */

/* Points that fulfil the conditions; rows are only counted when they are written. */
static uint64_t kept_points(const es_running *run) {
    uint64_t kept = run->report.points;
    if (run->options.out)
        return run->report.rows;
    for (size_t i = 0; i < run->sweep->n_conditions && run->report.rejected; i++)
        kept -= run->report.rejected[i];
    return kept - run->report.left_out;
}

static void warn_about_result(const es_running *run, es_errors *errors) {
    const es_run_report *report = &run->report;
    const es_sweep *sweep = run->sweep;
    unsigned long long points = (unsigned long long)(report->points - report->left_out);
    if (run->options.limit && report->rows >= run->options.limit && (sweep->front.given || sweep->best.given))
        es_warn(errors, NULL, "--limit: the front and the best choices are those of the first %llu rows only",
                (unsigned long long)report->rows);
    if (report->rounded)
        es_warn(errors, NULL, "%s has whole numbers beyond 2^53, which are compared rounded to 53 bits",
                report->rounded);
    if (report->front_missing)
        es_warn(errors, NULL, "the front leaves out %llu points without a value in an objective",
                (unsigned long long)report->front_missing);
    if (report->best_missing)
        es_warn(errors, NULL, "the best choices leave out %llu points without a value in an objective",
                (unsigned long long)report->best_missing);
    if (report->front_missing || report->best_missing)
        es_warn_lacking(sweep, errors);
    if (points == 0 && report->left_out)
        es_warn(errors, NULL, "empty result: no runtime runs any of %llu points", (unsigned long long)report->left_out);
    if (points == 0 || !sweep->n_conditions || !report->rejected)
        return;
    const size_t last = sweep->n_conditions - 1;
    if (kept_points(run) && report->rejected[last] > 0 && strcmp(sweep->condition[last], ES_SPLIT_FITS) == 0)
        es_warn(errors, NULL, "%llu points left out: their gpu_layers or cpu_experts do not fit",
                (unsigned long long)report->rejected[last]);
    if (kept_points(run))
        return;
    es_warn(errors, NULL, "empty result: none of %llu points fulfils all conditions", points);
    for (size_t i = 0; i < sweep->n_conditions; i++)
        es_warn(errors, NULL, "condition '%s' rejected %llu%s", es_quote_text(sweep->condition[i]).text,
                (unsigned long long)report->rejected[i], i ? " of what was left" : "");
}

static void print_stats(const es_running *run) {
    const es_run_report *r = &run->report;
    double seconds = r->seconds > 0 ? r->seconds : 1e-9;
    fprintf(stderr,
            "points=%llu skipped=%llu rows=%llu bytes=%llu points_s=%.4g bytes_s=%.4g threads=%u simd=%s seconds=%.6f "
            "load=%.6f "
            "evaluate=%.6f format=%.6f write=%.6f\n",
            (unsigned long long)r->points, (unsigned long long)r->points_skipped, (unsigned long long)r->rows,
            (unsigned long long)r->bytes, (double)r->points / seconds, (double)r->bytes / seconds, r->threads,
            r->simd ? r->simd : "", r->seconds, run->seconds_load, r->seconds_evaluate, r->seconds_format,
            r->seconds_write);
}

static es_status print_tables(const es_running *run, es_errors *errors) {
    const es_sweep *sweep = run->sweep;
    es_status status = ES_OK;
    if (!status && sweep->best.given && run->report.n_best) {
        status = es_print_best(run->cli, sweep, &run->report, stdout, errors);
        if (!status)
            status = es_print_left_out(run->cli, sweep, &run->report, stdout, errors);
        putchar('\n');
    }
    if (!status && sweep->front.given && run->report.n_front) {
        status = es_print_front(run->cli, sweep, &run->report, stdout, errors);
        putchar('\n');
    }
    if (!status && !sweep->front.given && !sweep->best.given && kept_points(run)) {
        status = es_print_rows(run->cli, sweep, stdout, errors);
        putchar('\n');
    }
    if (!status && es_given(run->cli, ES_OPT_PLOT)) {
        status = es_run_plot(run->cli, sweep, &run->report, stdout, errors);
        putchar('\n');
    }
    printf("%llu of %llu points; -o OUT.csv saves them, | less shows the CSV\n", (unsigned long long)kept_points(run),
           (unsigned long long)(run->report.points - run->report.left_out));
    return status;
}

static void note_file(const es_cli *cli, const char *path, uint64_t rows) {
    char name[512];
    if (!path || !es_cli_is_file(path))
        return;
    es_escape(name, sizeof name, es_slice_of(path));
    es_note(cli, "%s: %llu row%s", name, (unsigned long long)rows, rows == 1 ? "" : "s");
}

/* The file of the rows, or the first and the last of several. */
static void note_rows(const es_running *run) {
    const char *path = run->options.out;
    uint64_t split = run->options.csv.split_rows, rows = run->report.rows;
    if (!split) {
        note_file(run->cli, path, rows);
        return;
    }
    char first[PATH_MAX], last[PATH_MAX], name[512];
    unsigned files = rows > split ? (unsigned)((rows + split - 1) / split) : 1;
    es_row_sink_part_name(path, 1, first, sizeof first);
    es_row_sink_part_name(path, files, last, sizeof last);
    if (files == 1) {
        note_file(run->cli, first, rows);
        return;
    }
    es_escape(name, sizeof name, es_slice_of(first));
    es_note(run->cli, "%s ... %s: %llu rows", name, es_quote_text(last).text, (unsigned long long)rows);
}

static es_status print_result(const es_running *run, es_errors *errors) {
    const es_run_report *report = &run->report;
    es_status status = ES_OK;
    if (run->tables)
        return print_tables(run, errors);
    if (es_given(run->cli, ES_OPT_QUIET))
        return ES_OK;
    if (run->sweep->best.given && report->n_best)
        status = es_print_best(run->cli, run->sweep, report, stderr, errors);
    if (!status && run->sweep->best.given)
        status = es_print_left_out(run->cli, run->sweep, report, stderr, errors);
    if (!status)
        status = es_run_plot(run->cli, run->sweep, report, stderr, errors);
    const es_run_database *database = &run->database;
    note_rows(run);
    note_file(run->cli, database->table[ES_RESULT_FRONT].format ? NULL : run->options.front_out, report->front_rows);
    note_file(run->cli, database->table[ES_RESULT_BEST].format ? NULL : run->options.best_out, report->n_best);
    return status;
}

static es_status execute(es_running *run, es_errors *errors) {
    es_status status = es_sweep_run(run->sweep, &run->options, &run->report, errors);
    es_progress_end(&run->progress);
    if (status == ES_EINT || status == ES_ETERM)
        es_note(run->cli, "edgesweep: stopped after %llu of %llu points", (unsigned long long)run->report.points,
                (unsigned long long)run->sweep->n_points);
    if (!status)
        status = es_run_database_finish(&run->database, run->cli, run->sweep, errors);
    if (!status) {
        warn_about_result(run, errors);
        status = print_result(run, errors);
    }
    if (es_given(run->cli, ES_OPT_STATS))
        print_stats(run);
    return status;
}

static es_status run_run(es_cli *cli, es_errors *errors) {
    es_running run = {.cli = cli};
    if (es_cli_wants_shard(cli))
        return es_cli_run_shard(cli, errors);
    double start = es_seconds_now();
    es_status status = es_cli_load_sweep(cli, &run.catalog, &run.sweep, errors);
    if (!status)
        status = choose_outputs(&run, errors);
    if (!status)
        status = es_run_plot_check(cli, run.sweep, errors);
    if (!status) {
        run.progress.rows = run.options.out != NULL;
        run.progress.filtered = run.sweep->n_conditions > 0;
        run.seconds_load = es_seconds_now() - start;
        status = es_given(cli, ES_OPT_QUIET) ? ES_OK : es_warn_doubts(run.sweep, errors);
    }
    if (!status) {
        es_cli_report(cli, errors); /* warnings before the work */
        status = execute(&run, errors);
    }
    es_run_database_end(&run.database);
    es_run_report_free(&run.report);
    es_sweep_free(run.sweep);
    es_catalog_free(&run.catalog);
    return status;
}

static const char *const examples[] = {
    "edgesweep run sweeps/paper.sweep -o results.csv",
    "all rows, and results.front.csv and results.best.csv when the sweep asks for them",
    "edgesweep run sweeps/paper.sweep --where 'end_to_end_ms < 500 and energy_j < 1' | less",
    "CSV on stdout",
    "edgesweep run sweeps/paper.sweep --set 'seq_len=128:8192*2' --front-only -o front.csv",
    "another axis, and only the Pareto front of it",
    "SLURM_ARRAY_TASK_ID=3 edgesweep run sweeps/paper.sweep --shard auto/16 --resume -o parts",
    "one of 16 parts, its number from the job array; `edgesweep merge parts -o all.csv` makes them one",
    "edgesweep run sweeps/paper.sweep --delimiter ';' --decimal , --bom -o german.csv",
    "for a spreadsheet that writes decimals with a comma",
    NULL,
};

const es_command es_cmd_run = {
    .id = ES_CMD_RUN,
    .name = "run",
    .synopsis = "[FILE.sweep]",
    .max_operands = 1,
    .help = "evaluate a sweep: CSV, Pareto front, best choices",
    .details =
        "Without -o the CSV goes to stdout; on a terminal tables are shown instead; with --pareto or --best only what "
        "they name is written. The table of best choices is also printed on stderr, unless -q.\n\n"
        "A regular OUT is written to a hidden file beside it and renamed when it is complete; OUT.meta.json beside it "
        "tells version, command, grid and checksum. Devices and pipes are written straight into. With [pareto] or "
        "[best] in the sweep and -o NAME.csv, NAME.front.csv and NAME.best.csv lie beside it. With -o NAME.db they are "
        "the "
        "tables points, front and best of an SQLite database, with indexes on the axes of 16 values or more and a "
        "table meta.\n\n"
        "The bytes written do not depend on threads or processor. An empty result is no error; a warning counts what "
        "each condition rejected. SIGINT, SIGTERM and what schedulers send (help clusters) end the run after whole "
        "rows; a second signal kills it. A reader "
        "that closes the pipe ends the run with status 1 and without a message.\n\n"
        "With --shard, -o names a directory. Part K of N goes to OUT/data, OUT/front and OUT/best, its manifest, "
        "written last, to OUT/_manifest. A finished part is left as it is; --resume goes on with one that was cut "
        "short, "
        "also by a crash, at its last checkpoint. A-B/N is one part that holds the points of shards A to B, and costs "
        "what one "
        "shard does. auto takes K from SLURM_ARRAY_TASK_ID, PBS_ARRAY_INDEX, PBS_ARRAYID, "
        "SGE_TASK_ID, LSB_JOBINDEX, AWS_BATCH_JOB_ARRAY_INDEX, JOB_COMPLETION_INDEX, CLOUD_RUN_TASK_INDEX, "
        "BATCH_TASK_INDEX, PARALLEL_SEQ, OMPI_COMM_WORLD_RANK or PMI_RANK, and refuses when several are set.",
    .examples = examples,
    .run = run_run,
};

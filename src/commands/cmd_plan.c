/* plan: what a run would do, measured on a small part of the grid. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "commands/commands.h"
#include "commands/estimate.h"
#include "cli/load.h"
#include "cli/points.h"
#include "cli/print.h"
#include "grid/plan.h"

enum {
    SHEET_ROWS = 1048576, /* what spreadsheets open, header included */
    HUGE_SECONDS = 3600
};
static const double huge_bytes = 100e9;

typedef struct es_estimate {
    es_size_estimate size;
    double seconds;
    unsigned threads;
    double reduced_seconds; /* without rows; 0: not measured */
    unsigned reduced_threads;
} es_estimate;

/* ---- axes ---- */

/* All values when they are few, else the first ones and the last. */
static void preview(const es_axis *axis, char *to, size_t size) {
    enum { SHOWN = 5 };
    char text[64];
    size_t used = 0;
    to[0] = '\0';
    for (size_t i = 0; i < axis->n && used < size; i++) {
        bool gap = axis->n > SHOWN && i == SHOWN - 1;
        i = gap ? axis->n - 1 : i;
        es_axis_value_text(axis, i, text, sizeof text);
        used += (size_t)snprintf(to + used, size - used, "%s%s", i == 0 ? "" : gap ? " ... " : ", ", text);
    }
}

static es_status print_axes(es_cli *cli, const es_sweep *sweep, es_errors *errors) {
    static const char *const headers[] = {"axis", ">values", "unit", "", NULL};
    char text[400];
    es_listing listing;
    es_listing_begin(&listing, headers);
    for (size_t a = 0; a < sweep->n_axes; a++) {
        const es_axis *axis = &sweep->axes[a];
        preview(axis, text, sizeof text);
        es_listing_cell(&listing, axis->name);
        es_listing_format(&listing, "%zu", axis->n);
        es_listing_cell(&listing, axis->factor ? "" : axis->unit);
        es_listing_cell(&listing, text);
    }
    return es_listing_print(&listing, cli, cli->out, 0, errors);
}

/* ---- measuring ---- */

static double core_hours(double seconds, unsigned threads) { return seconds * threads / 3600; }

/* Time: a slice that grows until it takes long enough to tell, or is the whole grid. */
static es_status sample_seconds(es_cli *cli, const es_sweep *sweep, bool rows, double *seconds, unsigned *threads,
                                es_errors *errors) {
    es_status status = ES_OK;
    uint64_t n = ES_WHOLE_GRID_POINTS;
    for (bool enough = false; !enough && !status;) {
        es_run_report report = {0};
        n = n * 4 < sweep->n_points ? n * 4 : sweep->n_points;
        status = es_cli_measure(cli, sweep, rows, NULL, (sweep->n_points - n) / 2, n, &report, errors);
        enough = report.seconds > 0.1 || n == sweep->n_points;
        *seconds = report.seconds * ((double)sweep->n_points / (double)n);
        *threads = report.threads;
        es_run_report_free(&report);
    }
    return status;
}

static es_status estimate_run(es_cli *cli, const es_sweep *sweep, es_estimate *estimate, es_errors *errors) {
    es_status status = es_cli_estimate(cli, sweep, NULL, &estimate->size, errors);
    if (!status && estimate->size.exact) {
        estimate->seconds = estimate->size.seconds;
        estimate->threads = estimate->size.threads;
        return ES_OK;
    }
    if (!status)
        status = sample_seconds(cli, sweep, true, &estimate->seconds, &estimate->threads, errors);
    if (!status && core_hours(estimate->seconds, estimate->threads) >= 1 && (sweep->front.given || sweep->best.given))
        status = sample_seconds(cli, sweep, false, &estimate->reduced_seconds, &estimate->reduced_threads, errors);
    return status;
}

/* ---- printing ---- */

static void print_time(const es_cli *cli, const char *what, double seconds, unsigned threads, const char *how) {
    char text[40];
    es_human_seconds(text, sizeof text, seconds);
    fprintf(cli->out, "%s about %s on %u thread%s", what, text, threads, threads == 1 ? "" : "s");
    if (core_hours(seconds, threads) >= 1)
        fprintf(cli->out, ", %.3g core-hours", core_hours(seconds, threads));
    fprintf(cli->out, "%s\n", how);
}

static void print_estimate(const es_cli *cli, const es_sweep *sweep, const es_estimate *estimate) {
    char count[40], text[40];
    const char *about = estimate->size.exact ? "" : "about ";
    es_human_count(count, sizeof count, estimate->size.rows);
    fprintf(cli->out, "points   %llu", (unsigned long long)sweep->n_points);
    if (sweep->n_running < sweep->n_points)
        fprintf(cli->out, ", %llu of them run", (unsigned long long)sweep->n_running);
    fputc('\n', cli->out);
    if (sweep->n_conditions)
        fprintf(cli->out, "rows     %s%s after [where]\n", about, count);
    es_human_bytes(text, sizeof text, estimate->size.bytes);
    fprintf(cli->out, "CSV      %s%s", about, text);
    if (estimate->size.rows >= 1)
        fprintf(cli->out, ", %.0f bytes a row", estimate->size.bytes / estimate->size.rows);
    fputc('\n', cli->out);
    print_time(cli, "time    ", estimate->seconds, estimate->threads, "");
    if (estimate->reduced_seconds > 0)
        print_time(cli, "        ", estimate->reduced_seconds, estimate->reduced_threads,
                   ", without rows (--front-only)");
}

static void print_objectives(const es_cli *cli, const es_sweep *sweep, const es_objective *objective, size_t n,
                             const int *by, size_t n_by) {
    for (size_t i = 0; i < n; i++)
        fprintf(cli->out, "%s%s %s", i ? ", " : "", objective[i].maximize ? "maximize" : "minimize",
                sweep->columns[objective[i].column].name);
    for (size_t i = 0; i < n_by; i++)
        fprintf(cli->out, "%s%s", i ? ", " : " by ", sweep->columns[by[i]].name);
    fputc('\n', cli->out);
}

static void print_questions(const es_cli *cli, const es_sweep *sweep) {
    for (size_t i = 0; i < sweep->n_conditions; i++)
        fprintf(cli->out, "%s%s\n", i ? "         " : "where    ", es_quote_text(sweep->condition[i]).text);
    const es_front_spec *front = &sweep->front;
    if (front->given) {
        fprintf(cli->out, "pareto   ");
        print_objectives(cli, sweep, front->objective, front->n_objectives, front->by, front->n_by);
    }
    const es_best_spec *best = &sweep->best;
    if (best->given) {
        fprintf(cli->out, "best     %s: ", sweep->columns[best->pick].name);
        print_objectives(cli, sweep, best->objective, best->n_objectives, best->by, best->n_by);
    }
}

static void warn_about_size(const es_estimate *estimate, es_errors *errors) {
    char text[40];
    if (estimate->size.rows + 1 > SHEET_ROWS)
        es_warn(errors, NULL,
                "more rows than a spreadsheet opens (%d): --split-rows makes several files, --where and --front-only "
                "fewer rows",
                SHEET_ROWS);
    if (estimate->size.bytes > huge_bytes) {
        es_human_bytes(text, sizeof text, estimate->size.bytes);
        es_warn(errors, NULL, "the CSV would take %s: --front-only and --best need no rows", text);
    }
    if (estimate->seconds > HUGE_SECONDS) {
        es_human_seconds(text, sizeof text, estimate->seconds);
        es_warn(errors, NULL, "the run would take %s: coarser axes or more machines shorten it", text);
    }
}

/* Of the runtimes: newest, or as asked for. */
static const char *build_of(const es_sweep *sweep, char *text, size_t size) {
    const int node = es_kernel_node(sweep->kernel, "runtime_build", strlen("runtime_build"));
    const double build = node < 0 ? NAN : sweep->plan->node[node].constant;
    if (isnan(build))
        return "";
    char words[24];
    snprintf(text, size, ", runtimes of %s", es_build_words(build, words, sizeof words));
    return text;
}

static es_status run_plan(es_cli *cli, es_errors *errors) {
    char build[48];
    es_catalog catalog = {0};
    es_sweep *sweep = NULL;
    es_estimate estimate = {0};
    es_status status = es_cli_load_sweep(cli, &catalog, &sweep, errors);
    if (!status) {
        fprintf(cli->out, "kernel   %s%s\n\n", sweep->kernel->name, build_of(sweep, build, sizeof build));
        status = print_axes(cli, sweep, errors);
        fputc('\n', cli->out);
    }
    if (!status)
        status = estimate_run(cli, sweep, &estimate, errors);
    if (!status) {
        print_estimate(cli, sweep, &estimate);
        print_questions(cli, sweep);
        warn_about_size(&estimate, errors);
    }
    es_sweep_free(sweep);
    es_catalog_free(&catalog);
    return status;
}

static const char *const examples[] = {
    "edgesweep plan sweeps/paper.sweep",
    "axes, points, size of the CSV and time, before a long run",
    NULL,
};

const es_command es_cmd_plan = {
    .id = ES_CMD_PLAN,
    .name = "plan",
    .synopsis = "[FILE.sweep]",
    .max_operands = 1,
    .help = "show axes, points, CSV size and time without writing anything",
    .details = "Small grids are measured in full; of larger ones slices spread over the grid are evaluated and "
               "formatted, and the sizes and the time are extrapolated from them.",
    .examples = examples,
    .wraps = true,
    .run = run_plan,
};

#include "cli/tables.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/points.h"
#include "cli/print.h"

enum {
    SHOWN_ROWS = 20,
    SHOWN_BEST = 100,
    NEXT_BEST = 20 /* characters */,
    SCANNED_POINTS = 100000,
    MAX_COLUMNS = ES_MAX_AXES + 2 * ES_MAX_OBJECTIVES
};

/* Columns of a table, each once. */
typedef struct es_chosen {
    int column[MAX_COLUMNS];
    size_t n;
} es_chosen;

static void choose(es_chosen *chosen, int column) {
    for (size_t i = 0; i < chosen->n; i++)
        if (chosen->column[i] == column)
            return;
    if (chosen->n < MAX_COLUMNS)
        chosen->column[chosen->n++] = column;
}

/* Axes with more than one value. */
static void choose_axes(es_chosen *chosen, const es_sweep *sweep, uint64_t but) {
    for (size_t i = 0; i < sweep->n_columns; i++)
        if (sweep->columns[i].is_axis && sweep->columns[i].axes & ~but && !sweep->columns[i].quiet)
            choose(chosen, (int)i);
}

static void choose_objectives(es_chosen *chosen, const es_objective *objective, size_t n) {
    for (size_t i = 0; i < n; i++)
        choose(chosen, objective[i].column);
}

/* Begins a table of these columns, with one more called `last` unless it is NULL. */
static es_status begin(es_grid *grid, es_arena *arena, const es_sweep *sweep, const es_chosen *chosen, const char *last,
                       es_errors *errors) {
    const char *headers[MAX_COLUMNS + 2];
    for (size_t i = 0; i < chosen->n; i++) {
        headers[i] = es_column_header(arena, &sweep->columns[chosen->column[i]]);
        if (!headers[i])
            return es_fail_memory(errors);
    }
    headers[chosen->n] = last;
    headers[chosen->n + 1] = NULL;
    es_grid_begin(grid, headers);
    return ES_OK;
}

static void add_point(es_grid *grid, const es_sweep *sweep, const es_chosen *chosen, const double *value) {
    const int fits = es_sweep_column(sweep, "fits", strlen("fits"));
    grid->pen = fits >= 0 && es_column_value(&sweep->columns[fits], value) == 0 ? ES_BAD : ES_PLAIN;
    for (size_t i = 0; i < chosen->n; i++)
        es_grid_column(grid, &sweep->columns[chosen->column[i]], value);
    grid->pen = ES_PLAIN;
}

static size_t place_of(const es_chosen *chosen, int column) {
    size_t i = 0;
    while (i < chosen->n && chosen->column[i] != column)
        i++;
    return i;
}

static double *new_values(const es_sweep *sweep) { return calloc(es_sweep_nodes(sweep) + 1, sizeof(double)); }

static void print_names(FILE *out, const es_sweep *sweep, const int *column, size_t n) {
    for (size_t i = 0; i < n; i++)
        fprintf(out, "%s%s", i ? ", " : "", sweep->columns[column[i]].name);
}

static void print_objectives(FILE *out, const es_sweep *sweep, const es_objective *objective, size_t n) {
    for (size_t i = 0; i < n; i++)
        fprintf(out, "%s%s %s", i ? ", " : "", objective[i].maximize ? "max" : "min",
                sweep->columns[objective[i].column].name);
}

/* Characters that a column of a table is likely to take. */
static size_t likely_width(const es_column *column) {
    enum { NUMBER = 10 };
    size_t width = strlen(column->name) + (*column->unit ? strlen(column->unit) + 3 : 0);
    width = width > NUMBER || column->labels ? width : NUMBER;
    for (size_t i = 0; column->labels && i < column->n_labels; i++) {
        size_t label = es_text_width(column->labels[i]);
        width = label > width ? label : width;
    }
    return width;
}

/* ---- best ---- */

/* How a worse value of a unit is called; times and rates are slower, the rest higher or lower. */
static const char *worse_word(const es_column *column, bool maximize) {
    const char *unit = column->unit ? column->unit : "";
    bool time = strcmp(unit, "s") == 0 || strcmp(unit, "ms") == 0, rate = strcmp(unit, "token/s") == 0;
    if ((time && !maximize) || (rate && maximize))
        return "slower";
    return maximize ? "lower" : "higher";
}

/* Two formats of one model that quality does not tell from each other. */
static bool is_quality_tie(const es_sweep *sweep, const es_column *column, const double *a, const double *b) {
    const int model = es_sweep_column(sweep, "model", 5);
    return strcmp(column->name, "quality") == 0 && model >= 0 &&
           es_column_value(&sweep->columns[model], a) == es_column_value(&sweep->columns[model], b) &&
           fabs(es_column_value(column, a) - es_column_value(column, b)) < ES_QUALITY_TIE;
}

/* " of Qwen3-4B", when quality compares two models, and whether its 90% ranges can tell them apart. */
static void describe_models(char *name, size_t size, char *range, size_t range_size, const es_sweep *sweep,
                            const double *winner, const double *other) {
    const int model = es_sweep_column(sweep, "model", 5), low = es_sweep_column(sweep, "quality_low", 11),
              high = es_sweep_column(sweep, "quality_high", 12);
    if (strcmp(sweep->columns[sweep->best.objective[0].column].name, "quality") != 0 || model < 0 || low < 0 ||
        high < 0 || sweep->best.pick == model)
        return;
    const es_column *column = &sweep->columns[model];
    if (es_column_value(column, winner) == es_column_value(column, other))
        return;
    char text[128];
    es_column_text(column, es_column_value(column, other), 4, text, sizeof text);
    snprintf(name, size, " of %s", text);
    if (winner[sweep->columns[low].node] <= other[sweep->columns[high].node])
        snprintf(range, range_size, " (within the ranges)");
}

/* "Q4_0, 12% slower": the runner-up by the first objective in which it differs from the winner. */
static void describe_runner_up(char *to, size_t size, const es_sweep *sweep, const double *winner,
                               const double *other) {
    const es_best_spec *best = &sweep->best;
    const es_column *pick = &sweep->columns[best->pick];
    char name[128], worse[96] = "equal", model[160] = "", range[32] = "";
    es_column_text(pick, es_column_value(pick, other), 4, name, sizeof name);
    describe_models(model, sizeof model, range, sizeof range, sweep, winner, other);
    const char *tie = "";
    for (size_t i = 0; i < best->n_objectives; i++) {
        const es_column *column = &sweep->columns[best->objective[i].column];
        double a = es_column_value(column, winner), b = es_column_value(column, other);
        if (a == b)
            continue;
        if (i == 0 && is_quality_tie(sweep, column, winner, other)) {
            tie = "tie, ";
            snprintf(worse, sizeof worse, "tie");
            continue;
        }
        double percent = fabs(b - a) / fabs(a) * 100;
        if (percent < 0.005) {
            snprintf(worse, sizeof worse, "about equal");
            break;
        }
        const char *word = worse_word(column, best->objective[i].maximize);
        bool named = i > 0 || strcmp(word, "slower") != 0;
        if (isfinite(percent))
            snprintf(worse, sizeof worse, percent < 0.995 ? "%.2g%% %s%s%s" : "%.0f%% %s%s%s", percent, word,
                     named ? " " : "", named ? column->name : "");
        else
            snprintf(worse, sizeof worse, "%s %s", word, column->name);
        break;
    }
    snprintf(to, size, "%s%s, %s%s%s", name, model, strcmp(worse, "tie") == 0 ? "" : tie, worse, range);
}

static es_status add_best(es_grid *grid, const es_sweep *sweep, const es_chosen *chosen, const es_best_row *row,
                          double *winner, double *other, es_errors *errors) {
    char text[512] = "none";
    es_status status = es_sweep_point(sweep, row->index, winner, errors);
    if (!status && row->runner_up != UINT64_MAX) {
        status = es_sweep_point(sweep, row->runner_up, other, errors);
        if (!status)
            describe_runner_up(text, sizeof text, sweep, winner, other);
    }
    if (status)
        return status;
    add_point(grid, sweep, chosen, winner);
    grid->pen = ES_FAINT;
    es_grid_cell(grid, text);
    grid->pen = ES_PLAIN;
    return ES_OK;
}

/* What else varied between the candidates: the winner's model when formats were compared over several models, say. */
static void choose_winner(es_chosen *chosen, const es_sweep *sweep) {
    uint64_t grouped = 0;
    for (size_t i = 0; i < sweep->best.n_by; i++) {
        const es_column *column = &sweep->columns[sweep->best.by[i]];
        grouped |= column->is_axis ? column->axes : 0;
    }
    for (size_t i = 0; i < sweep->n_columns; i++)
        if (sweep->columns[i].is_axis && !sweep->columns[i].quiet && sweep->columns[i].axes & ~grouped)
            choose(chosen, (int)i);
}

/* What people ask next, where the kernel has it and a terminal has room for it. */
static void choose_headlines(es_chosen *chosen, const es_sweep *sweep, size_t room) {
    static const char *const names[] = {"decode_tok_s", "peak_memory_bytes", "energy_j_per_token", "quality"};
    size_t used = 0;
    for (size_t i = 0; i < chosen->n; i++)
        used += likely_width(&sweep->columns[chosen->column[i]]) + 2;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const int column = es_sweep_column(sweep, names[i], strlen(names[i]));
        const size_t more = column >= 0 ? likely_width(&sweep->columns[column]) + 2 : 0;
        if (column < 0 || used + more > room)
            continue;
        choose(chosen, column);
        used += more;
    }
}

es_status es_print_best(const es_cli *cli, const es_sweep *sweep, const es_run_report *report, FILE *out,
                        es_errors *errors) {
    const es_best_spec *best = &sweep->best;
    es_arena arena = {0};
    es_chosen chosen = {0};
    es_grid grid = {0};
    double *winner = new_values(sweep), *other = new_values(sweep);
    size_t n = report->n_best < SHOWN_BEST ? report->n_best : SHOWN_BEST;
    for (size_t i = 0; i < best->n_by; i++)
        choose(&chosen, best->by[i]);
    choose(&chosen, best->pick);
    choose_winner(&chosen, sweep);
    choose_objectives(&chosen, best->objective, best->n_objectives);
    const bool terminal = out == stdout ? cli->out_tty : cli->err_tty;
    choose_headlines(&chosen, sweep, !terminal ? SIZE_MAX : cli->width > NEXT_BEST ? cli->width - NEXT_BEST : 0);
    es_status status =
        winner && other ? begin(&grid, &arena, sweep, &chosen, "next best", errors) : es_fail_memory(errors);
    for (size_t i = 0; i < n && !status; i++) {
        status = add_best(&grid, sweep, &chosen, &report->best[i], winner, other, errors);
        es_grid_style(&grid, i, place_of(&chosen, best->pick), ES_GOOD);
    }
    if (!status) {
        fprintf(out, "Best %s%s", sweep->columns[best->pick].name, best->n_by ? " per " : "");
        print_names(out, sweep, best->by, best->n_by);
        fputs(" (", out);
        print_objectives(out, sweep, best->objective, best->n_objectives);
        fputs(")\n", out);
    }
    es_status printed = es_grid_print(&grid, out, 0, es_colored(cli, out), errors);
    if (report->n_best > n)
        fprintf(out, "... %zu more\n", report->n_best - n);
    free(winner);
    free(other);
    es_arena_free(&arena);
    return status ? status : printed;
}

/* ---- front ---- */

/* Whether point b, of the same group, is better in this objective than a. */
static bool beats(const es_sweep *sweep, const es_objective *objective, const double *b, const double *a) {
    const es_column *column = &sweep->columns[objective->column];
    for (size_t i = 0; i < sweep->front.n_by; i++) {
        const es_column *by = &sweep->columns[sweep->front.by[i]];
        if (es_column_value(by, a) != es_column_value(by, b))
            return false;
    }
    const double better = es_column_value(column, b), worse = es_column_value(column, a);
    return objective->maximize ? better > worse : better < worse;
}

/* The best values that each group shows.  `value` holds n points of `nodes` values. */
static void style_front(es_grid *grid, const es_sweep *sweep, const es_chosen *chosen, const double *value, size_t n,
                        size_t nodes) {
    for (size_t k = 0; k < sweep->front.n_objectives; k++) {
        const es_objective *objective = &sweep->front.objective[k];
        for (size_t i = 0; i < n; i++) {
            bool best = true;
            for (size_t j = 0; j < n && best; j++)
                best = !beats(sweep, objective, value + j * nodes, value + i * nodes);
            if (best)
                es_grid_style(grid, i, place_of(chosen, objective->column), ES_GOOD);
        }
    }
}

es_status es_print_front(const es_cli *cli, const es_sweep *sweep, const es_run_report *report, FILE *out,
                         es_errors *errors) {
    const es_front_spec *front = &sweep->front;
    const uint64_t any = es_sweep_free_axes(sweep);
    es_arena arena = {0};
    es_chosen chosen = {0};
    es_grid grid = {0};
    const size_t n = report->n_front < SHOWN_ROWS ? report->n_front : SHOWN_ROWS, nodes = es_sweep_nodes(sweep);
    double *value = calloc((n + 1) * (nodes + 1), sizeof *value);
    uint64_t points = report->front_rows ? report->front_rows : report->front_unique;
    choose_axes(&chosen, sweep, any);
    choose_objectives(&chosen, front->objective, front->n_objectives);
    es_status status = value ? begin(&grid, &arena, sweep, &chosen, NULL, errors) : es_fail_memory(errors);
    for (size_t i = 0; i < n && !status; i++) {
        status = es_sweep_point(sweep, report->front[i], value + i * nodes, errors);
        if (!status)
            add_point(&grid, sweep, &chosen, value + i * nodes);
    }
    if (!status) {
        style_front(&grid, sweep, &chosen, value, n, nodes);
        fprintf(out, "Pareto front%s", front->n_by ? " per " : "");
        print_names(out, sweep, front->by, front->n_by);
        fputs(" (", out);
        print_objectives(out, sweep, front->objective, front->n_objectives);
        fprintf(out, "): %llu %spoint%s", (unsigned long long)points, report->front_rows ? "" : "distinct ",
                points == 1 ? "" : "s");
        for (size_t a = 0; a < sweep->n_axes; a++)
            if (any >> a & 1)
                fprintf(out, ", any %s", sweep->axes[a].name);
        fputc('\n', out);
    }
    es_status printed = es_grid_print(&grid, out, 0, es_colored(cli, out), errors);
    if (points > n)
        fprintf(out, "... %llu more\n", (unsigned long long)(points - n));
    free(value);
    es_arena_free(&arena);
    return status ? status : printed;
}

/* ---- rows ---- */

/* Adds the column when the output has it and it fits. */
static void choose_fitting(es_chosen *chosen, const es_sweep *sweep, int column, size_t room, size_t *used) {
    const size_t more = likely_width(&sweep->columns[column]) + 2;
    bool wanted = place_of(chosen, column) == chosen->n && *used + more <= room;
    for (size_t i = 0; i < sweep->n_output && wanted; i++)
        if (sweep->output[i] == column) {
            choose(chosen, column);
            *used += more;
            return;
        }
}

/* Whether the sweep names no columns of its own. */
static bool shows_everything(const es_sweep *sweep) {
    for (size_t i = 0; i < sweep->n_output; i++)
        if (sweep->output[i] != (int)i)
            return false;
    return true;
}

/* Axes that vary, then the metrics of the output that fit beside them: first those that people look for, unless the
 * sweep has an order of its own. */
static void choose_columns(es_chosen *chosen, const es_sweep *sweep, unsigned width) {
    static const char *const first[] = {"decode_tok_s", "ttft_s",        "peak_memory_bytes",
                                        "fits",         "end_to_end_ms", "energy_j_per_token",
                                        "energy_j",     "quality",       "bottleneck"};
    size_t used = 0;
    for (size_t i = 0; i < sweep->n_output; i++) {
        const es_column *column = &sweep->columns[sweep->output[i]];
        if (!column->axes || !column->is_axis)
            continue;
        used += likely_width(column) + 2;
        choose(chosen, sweep->output[i]);
    }
    for (size_t i = 0; i < sizeof first / sizeof *first && shows_everything(sweep); i++) {
        const int column = es_sweep_column(sweep, first[i], strlen(first[i]));
        if (column >= 0)
            choose_fitting(chosen, sweep, column, width + 2, &used);
    }
    for (size_t i = 0; i < sweep->n_output; i++)
        if (sweep->columns[sweep->output[i]].axes)
            choose_fitting(chosen, sweep, sweep->output[i], width + 2, &used);
}

es_status es_print_rows(const es_cli *cli, const es_sweep *sweep, FILE *out, es_errors *errors) {
    es_arena arena = {0};
    es_chosen chosen = {0};
    es_grid grid = {0};
    double *value = new_values(sweep);
    choose_columns(&chosen, sweep, cli->width);
    es_status status = value ? begin(&grid, &arena, sweep, &chosen, NULL, errors) : es_fail_memory(errors);
    uint64_t scanned = sweep->n_points < SCANNED_POINTS ? sweep->n_points : SCANNED_POINTS;
    size_t rows = 0;
    for (uint64_t i = 0; i < scanned && rows < SHOWN_ROWS && !status && !*cli->stop; i++) {
        status = es_sweep_point(sweep, i, value, errors);
        if (status || !es_conditions_hold(sweep, value))
            continue;
        add_point(&grid, sweep, &chosen, value);
        rows++;
    }
    es_status printed = es_grid_print(&grid, out, 0, es_colored(cli, out), errors);
    free(value);
    es_arena_free(&arena);
    return status ? status : printed;
}

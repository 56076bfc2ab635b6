#include "commands/tables.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "cli/points.h"
#include "cli/print.h"
#include "pareto/choice.h"

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

static bool is_name(const es_column *column) { return column->labels != NULL; }

/* Axes with more than one value that are names, or the others. */
static void choose_axes(es_chosen *chosen, const es_sweep *sweep, uint64_t but, bool names) {
    for (size_t i = 0; i < sweep->n_columns; i++) {
        const es_column *column = &sweep->columns[i];
        if (column->is_axis && column->axes & ~but && !column->quiet && is_name(column) == names)
            choose(chosen, (int)i);
    }
}

/* The columns that --columns names, beside those that name a row. */
static es_status choose_named(es_chosen *chosen, const es_cli *cli, const es_sweep *sweep, es_errors *errors) {
    const char *text = es_text_of(cli, ES_OPT_COLUMNS);
    while (text && *text) {
        const size_t length = strcspn(text, ",");
        const es_slice name = es_slice_trim((es_slice){text, length});
        const int column = es_sweep_column(sweep, name.text, name.length);
        if (column < 0)
            return es_fail(errors, ES_EUSAGE, NULL, "--columns: no such column: '%s'; see edgesweep list metrics",
                           es_quote(name).text);
        choose(chosen, column);
        text += length + (text[length] == ',');
    }
    return ES_OK;
}

/* On a terminal: leaves out axes that are the same in all n rows, of `nodes` values each, or of which any value gives them,
 * and says so. */
static void drop_constant(es_chosen *chosen, const es_cli *cli, const es_sweep *sweep, const double *value, size_t n,
                          size_t nodes, size_t keep, uint64_t any, FILE *out) {
    char text[512] = "", one[128];
    size_t used = 0, left = 0;
    for (size_t i = 0; i < chosen->n; i++) {
        const es_column *column = &sweep->columns[chosen->column[i]];
        bool same = i >= keep && column->is_axis && n > 1 && es_width_of(cli, out);
        for (size_t r = 1; r < n && same; r++) {
            const double a = es_column_value(column, value), b = es_column_value(column, value + r * nodes);
            same = a == b || (es_is_missing(a) && es_is_missing(b));
        }
        if (!same) {
            chosen->column[left++] = chosen->column[i];
            continue;
        }
        es_column_text(column, es_column_value(column, value), 6, one, sizeof one);
        const bool is_free = (column->axes & any) != 0;
        if (used < sizeof text)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s%s%s%s",
                                     used ? ", " : "all: ", is_free ? "any " : "", column->name, is_free ? "" : " ",
                                     is_free ? ""
                                     : *one  ? one
                                             : "none");
    }
    chosen->n = left;
    if (used)
        es_print_wrapped(out, text, 0, es_width_of(cli, out));
}

static void choose_objectives(es_chosen *chosen, const es_objective *objective, size_t n) {
    for (size_t i = 0; i < n; i++)
        choose(chosen, objective[i].column);
}

/* Begins a table of these columns, with one more called `last` unless it is NULL. */
static es_status begin(es_listing *listing, es_arena *arena, const es_sweep *sweep, const es_chosen *chosen,
                       const char *last, es_errors *errors) {
    const char *headers[MAX_COLUMNS + 2];
    for (size_t i = 0; i < chosen->n; i++) {
        headers[i] = es_column_header(arena, &sweep->columns[chosen->column[i]]);
        if (!headers[i])
            return es_fail_memory(errors);
    }
    headers[chosen->n] = last;
    headers[chosen->n + 1] = NULL;
    es_listing_begin(listing, headers);
    return ES_OK;
}

static void add_point(es_listing *listing, const es_sweep *sweep, const es_chosen *chosen, const double *value) {
    const int fits = es_sweep_column(sweep, "fits", strlen("fits"));
    listing->pen = fits >= 0 && es_column_value(&sweep->columns[fits], value) == 0 ? ES_BAD : ES_PLAIN;
    for (size_t i = 0; i < chosen->n; i++)
        es_listing_column(listing, &sweep->columns[chosen->column[i]], value);
    listing->pen = ES_PLAIN;
}

static size_t place_of(const es_chosen *chosen, int column) {
    size_t i = 0;
    while (i < chosen->n && chosen->column[i] != column)
        i++;
    return i;
}

static double *new_values(const es_sweep *sweep) { return calloc(es_sweep_nodes(sweep) + 1, sizeof(double)); }

/* "Best precision per device (max quality)" without the end of the line; `pick` may be NULL. */
static size_t title(char *to, size_t size, const char *what, const es_sweep *sweep, const int *pick, const int *by,
                    size_t n_by, const es_objective *objective, size_t n) {
    size_t used = (size_t)snprintf(to, size, "%s%s%s%s", what, pick ? " " : "", pick ? sweep->columns[*pick].name : "",
                                   n_by ? " per " : "");
    for (size_t i = 0; i < n_by && used < size; i++)
        used += (size_t)snprintf(to + used, size - used, "%s%s", i ? ", " : "", sweep->columns[by[i]].name);
    for (size_t i = 0; i < n && used < size; i++)
        used += (size_t)snprintf(to + used, size - used, "%s%s %s", i ? ", " : " (",
                                 objective[i].maximize ? "max" : "min", sweep->columns[objective[i].column].name);
    if (used < size)
        used += (size_t)snprintf(to + used, size - used, ")");
    return used < size ? used : size - 1;
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

/* An end of the range of the first objective, minimised; NaN where it has none. */
static double range_end(const es_sweep *sweep, const double *value, bool best_end) {
    const es_objective *objective = &sweep->best.objective[0];
    char name[128];
    const int n = snprintf(name, sizeof name, "%s_%s", sweep->columns[objective->column].name,
                           best_end == objective->maximize ? "high" : "low");
    const int column = (size_t)n < sizeof name ? es_sweep_column(sweep, name, (size_t)n) : -1;
    const double end = column < 0 ? NAN : es_column_value(&sweep->columns[column], value);
    return objective->maximize ? -end : end;
}

/* " of Qwen3-4B", when quality compares two models, and whether ranges can tell the two points apart: those of one model's
 * quality move together. */
static void describe_models(char *name, size_t size, char *range, size_t range_size, const es_sweep *sweep,
                            const double *winner, const double *other) {
    const int model = es_sweep_column(sweep, "model", 5);
    if (strcmp(sweep->columns[sweep->best.objective[0].column].name, "quality") == 0 && model >= 0) {
        const es_column *column = &sweep->columns[model];
        if (es_column_value(column, winner) == es_column_value(column, other))
            return;
        char text[128];
        es_column_text(column, es_column_value(column, other), 4, text, sizeof text);
        if (sweep->best.pick != model)
            snprintf(name, size, " of %s", text);
    }
    if (es_ranges_overlap(range_end(sweep, winner, false), range_end(sweep, other, true)))
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
    size_t i = 0; /* the objective that tells the two apart */
    for (; i < best->n_objectives; i++) {
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
    snprintf(to, size, "%s%s, %s%s%s", name, model, strcmp(worse, "tie") == 0 ? "" : tie, worse, i == 0 ? range : "");
}

static es_status add_best(es_listing *listing, const es_sweep *sweep, const es_chosen *chosen, const es_best_row *row,
                          const double *winner, double *other, es_errors *errors) {
    char text[512] = "none";
    es_status status = ES_OK;
    if (row->runner_up != UINT64_MAX) {
        status = es_sweep_point(sweep, row->runner_up, other, errors);
        if (!status)
            describe_runner_up(text, sizeof text, sweep, winner, other);
    }
    if (status)
        return status;
    add_point(listing, sweep, chosen, winner);
    listing->pen = ES_FAINT;
    es_listing_cell(listing, text);
    listing->pen = ES_PLAIN;
    return ES_OK;
}

/* What else varied between the candidates: the winner's model when formats were compared over several models, say. */
static void choose_winner(es_chosen *chosen, const es_sweep *sweep, bool names) {
    uint64_t grouped = 0;
    for (size_t i = 0; i < sweep->best.n_by; i++) {
        const es_column *column = &sweep->columns[sweep->best.by[i]];
        grouped |= column->is_axis ? column->axes : 0;
    }
    choose_axes(chosen, sweep, grouped, names);
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
    es_listing listing = {0};
    const size_t n = report->n_best < SHOWN_BEST ? report->n_best : SHOWN_BEST, nodes = es_sweep_nodes(sweep);
    double *winner = calloc((n + 1) * (nodes + 1), sizeof *winner), *other = new_values(sweep);
    char text[512];
    es_status status = winner && other ? ES_OK : es_fail_memory(errors);
    for (size_t i = 0; i < n && !status; i++)
        status = es_sweep_point(sweep, report->best[i].index, winner + i * nodes, errors);
    if (!status)
        title(text, sizeof text, "Best", sweep, &best->pick, best->by, best->n_by, best->objective, best->n_objectives),
            es_print_wrapped(out, text, 0, es_width_of(cli, out));
    for (size_t i = 0; i < best->n_by; i++)
        choose(&chosen, best->by[i]);
    choose(&chosen, best->pick);
    const size_t keep = chosen.n;
    choose_winner(&chosen, sweep, true);
    choose_objectives(&chosen, best->objective, best->n_objectives);
    choose_winner(&chosen, sweep, false);
    if (!status)
        drop_constant(&chosen, cli, sweep, winner, n, nodes, keep, 0, out);
    const unsigned width = es_width_of(cli, out);
    if (!status && es_given(cli, ES_OPT_COLUMNS))
        status = choose_named(&chosen, cli, sweep, errors);
    else
        choose_headlines(&chosen, sweep, !width ? SIZE_MAX : width > NEXT_BEST ? width - NEXT_BEST : 0);
    if (!status)
        status = begin(&listing, &arena, sweep, &chosen, "next best", errors);
    for (size_t i = 0; i < n && !status; i++) {
        status = add_best(&listing, sweep, &chosen, &report->best[i], winner + i * nodes, other, errors);
        es_listing_style(&listing, i, place_of(&chosen, best->pick), ES_GOOD);
    }
    es_status printed = es_listing_print(&listing, cli, out, 0, errors);
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
static void style_front(es_listing *listing, const es_sweep *sweep, const es_chosen *chosen, const double *value,
                        size_t n, size_t nodes) {
    for (size_t k = 0; k < sweep->front.n_objectives; k++) {
        const es_objective *objective = &sweep->front.objective[k];
        for (size_t i = 0; i < n; i++) {
            bool best = true;
            for (size_t j = 0; j < n && best; j++)
                best = !beats(sweep, objective, value + j * nodes, value + i * nodes);
            if (best)
                es_listing_style(listing, i, place_of(chosen, objective->column), ES_GOOD);
        }
    }
}

/* A vector that a table shows. */
typedef struct es_shown {
    size_t number; /* in the report */
    uint64_t any;  /* axes whose every value gives it */
} es_shown;

/* The points of the front that are best in its first objective, best first: in `value` up to
 * SHOWN_ROWS + 1 points of `nodes` values, of which the last is scratch, in `number` their places in the report. */
static es_status best_of_front(const es_sweep *sweep, const es_run_report *report, double *value, size_t nodes,
                               es_shown *number, size_t *shown, es_errors *errors) {
    const es_objective *first = &sweep->front.objective[0];
    const es_column *column = &sweep->columns[first->column];
    double *scratch = value + SHOWN_ROWS * nodes;
    es_status status = ES_OK;
    *shown = 0;
    for (size_t i = 0; i < report->n_front && i < SCANNED_POINTS && !status; i++) {
        status = es_sweep_point(sweep, report->front[i], scratch, errors);
        size_t at = *shown;
        const double new = es_column_value(column, scratch);
        for (; at > 0; at--) {
            const double old = es_column_value(column, value + (at - 1) * nodes);
            if (first->maximize ? old >= new : old <= new)
                break;
        }
        if (at == SHOWN_ROWS)
            continue;
        *shown += *shown < SHOWN_ROWS;
        memmove(value + (at + 1) * nodes, value + at * nodes, (*shown - at - 1) * nodes * sizeof *value);
        memcpy(value + at * nodes, scratch, nodes * sizeof *value);
        memmove(number + at + 1, number + at, (*shown - at - 1) * sizeof *number);
        number[at] = (es_shown){.number = i};
    }
    return status;
}

/* Whether point b is kept and has the vector of point a, in its group. */
static bool is_tie(const es_sweep *sweep, const double *a, const double *b) {
    const es_front_spec *front = &sweep->front;
    bool same = es_conditions_hold(sweep, b);
    for (size_t i = 0; i < front->n_by + front->n_objectives && same; i++) {
        const es_column *column =
            &sweep->columns[i < front->n_by ? front->by[i] : front->objective[i - front->n_by].column];
        const double x = es_column_value(column, a), y = es_column_value(column, b);
        same = x == y || (es_is_missing(x) && es_is_missing(y));
    }
    return same;
}

/* The axes that are free at a point of values `a` whose vector has so many ties. */
static es_status find_free_axes(const es_sweep *sweep, uint64_t index, uint64_t ties, const double *a, double *scratch,
                                uint64_t *axes, es_errors *errors) {
    es_status status = ES_OK;
    *axes = 0;
    for (size_t i = 0; i < sweep->n_axes && !status; i++) {
        const es_axis *axis = &sweep->axes[i];
        bool any = axis->n > 1 && axis->n <= ties && axis->n <= SCANNED_POINTS / SHOWN_ROWS;
        const uint64_t first = index - index / axis->stride % axis->n * axis->stride;
        for (size_t k = 0; k < axis->n && any && !status; k++) {
            status = es_sweep_point(sweep, first + k * axis->stride, scratch, errors);
            any = !status && is_tie(sweep, a, scratch);
        }
        *axes |= (uint64_t)any << i;
    }
    return status;
}

/* Fills in `any`; *common: what is free at all of them. */
static es_status find_free(const es_sweep *sweep, const es_run_report *report, double *value, size_t nodes,
                           es_shown *shown, size_t n, uint64_t *common, es_errors *errors) {
    es_status status = ES_OK;
    *common = report->front_ties && n ? UINT64_MAX : 0;
    for (size_t i = 0; i < n && !status && report->front_ties; i++) {
        const size_t at = shown[i].number;
        status = find_free_axes(sweep, report->front[at], report->front_ties[at], value + i * nodes,
                                value + SHOWN_ROWS * nodes, &shown[i].any, errors);
        *common &= shown[i].any;
    }
    return status;
}

/* `12: any batch`: how many points have a vector, and which axes are free there but for those told before. */
static void describe_ties(char *to, size_t size, const es_sweep *sweep, uint64_t ties, uint64_t any) {
    size_t used = (size_t)snprintf(to, size, "%llu", (unsigned long long)ties);
    const char *before = ": any ";
    for (size_t a = 0; a < sweep->n_axes && used < size; a++)
        if (any >> a & 1) {
            used += (size_t)snprintf(to + used, size - used, "%s%s", before, sweep->axes[a].name);
            before = ", ";
        }
}

/* How many points any vector of the front stands for. */
static uint64_t points_of_axes(const es_sweep *sweep, uint64_t axes) {
    uint64_t n = 1;
    for (size_t a = 0; a < sweep->n_axes; a++)
        n *= axes >> a & 1 ? sweep->axes[a].n : 1;
    return n;
}

/* "Pareto front (min a): 12 points, any batch" */
static void front_title(char *text, size_t size, const es_sweep *sweep, uint64_t points, bool distinct, uint64_t any) {
    const es_front_spec *front = &sweep->front;
    size_t used =
        title(text, size, "Pareto front", sweep, NULL, front->by, front->n_by, front->objective, front->n_objectives);
    used += (size_t)snprintf(text + used, size - used, ": %llu %spoint%s", (unsigned long long)points,
                             distinct ? "distinct " : "", points == 1 ? "" : "s");
    for (size_t a = 0; a < sweep->n_axes && used < size; a++)
        if (any >> a & 1)
            used += (size_t)snprintf(text + used, size - used, ", any %s", sweep->axes[a].name);
}

/* The rows of a front, with their ties where these are more than `told` tells. */
static es_status fill_front(es_listing *listing, es_arena *arena, const es_sweep *sweep, const es_run_report *report,
                            const es_chosen *chosen, const double *value, size_t nodes, const es_shown *shown, size_t n,
                            uint64_t told, es_errors *errors) {
    bool ties = false;
    char text[640];
    for (size_t i = 0; i < n && report->front_ties; i++)
        ties |= report->front_ties[shown[i].number] != points_of_axes(sweep, told);
    es_status status = begin(listing, arena, sweep, chosen, ties ? "ties" : NULL, errors);
    for (size_t i = 0; i < n && !status; i++) {
        add_point(listing, sweep, chosen, value + i * nodes);
        if (!ties)
            continue;
        describe_ties(text, sizeof text, sweep, report->front_ties[shown[i].number], shown[i].any & ~told);
        es_listing_cell(listing, text);
    }
    if (!status)
        style_front(listing, sweep, chosen, value, n, nodes);
    return status;
}

es_status es_print_front(const es_cli *cli, const es_sweep *sweep, const es_run_report *report, FILE *out,
                         es_errors *errors) {
    const es_front_spec *front = &sweep->front;
    const uint64_t any = es_sweep_free_axes(sweep);
    es_arena arena = {0};
    es_chosen chosen = {0};
    es_listing listing = {0};
    const size_t nodes = es_sweep_nodes(sweep);
    es_shown shown[SHOWN_ROWS + 1];
    uint64_t common = 0;
    size_t n = 0;
    double *value = calloc((SHOWN_ROWS + 1) * (nodes + 1), sizeof *value);
    uint64_t points = report->front_rows ? report->front_rows : report->front_unique;
    char text[640];
    es_status status = value ? best_of_front(sweep, report, value, nodes, shown, &n, errors) : es_fail_memory(errors);
    if (!status)
        status = find_free(sweep, report, value, nodes, shown, n, &common, errors);
    if (!status) {
        front_title(text, sizeof text, sweep, points, !report->front_rows || report->front_ties, any);
        es_print_wrapped(out, text, 0, es_width_of(cli, out));
        choose_axes(&chosen, sweep, any, true);
        choose_objectives(&chosen, front->objective, front->n_objectives);
        choose_axes(&chosen, sweep, any, false);
        common = n > 1 && es_width_of(cli, out) ? common & ~any : 0; /* what the line above the table says */
        drop_constant(&chosen, cli, sweep, value, n, nodes, 0, common, out);
        status = choose_named(&chosen, cli, sweep, errors);
    }
    if (!status)
        status = fill_front(&listing, &arena, sweep, report, &chosen, value, nodes, shown, n, any | common, errors);
    es_status printed = es_listing_print(&listing, cli, out, 0, errors);
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
    es_listing listing = {0};
    double *value = new_values(sweep);
    es_status status = value ? choose_named(&chosen, cli, sweep, errors) : es_fail_memory(errors);
    choose_columns(&chosen, sweep, es_width_of(cli, out) ? es_width_of(cli, out) : 1u << 20);
    if (!status)
        status = begin(&listing, &arena, sweep, &chosen, NULL, errors);
    uint64_t scanned = sweep->n_points < SCANNED_POINTS ? sweep->n_points : SCANNED_POINTS;
    size_t rows = 0;
    for (uint64_t i = 0; i < scanned && rows < SHOWN_ROWS && !status && !*cli->stop; i++) {
        status = es_sweep_point(sweep, i, value, errors);
        if (status || !es_conditions_hold(sweep, value))
            continue;
        add_point(&listing, sweep, &chosen, value);
        rows++;
    }
    es_status printed = es_listing_print(&listing, cli, out, 0, errors);
    free(value);
    es_arena_free(&arena);
    return status ? status : printed;
}

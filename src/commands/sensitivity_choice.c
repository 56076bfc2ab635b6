#include "commands/sensitivity_choice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/decides.h"
#include "analysis/inputs.h"
#include "base/os.h"
#include "base/team.h"
#include "cli/number_table.h"
#include "cli/print.h"
#include "io/format.h"
#include "grid/plan.h"

enum { SHOWN = 8, WIDE = 100, NAME_SIZE = 256, MAX_CELLS = ES_MAX_BY + 12 };

/* What more of is asked for. */
static const char *const resources[] = {"device.ram_gb", "device.mem_bw_gbs", NULL};

/* Of one group: what was found, and the values of the nodes at its best point. */
typedef struct group {
    es_decision decision;
    const double *value; /* of any point of the group, of the best where there is one */
} group;

typedef struct answer {
    es_cli *cli;
    const es_sweep *sweep;
    group *group;
    size_t n;
} answer;

static bool in_by(const es_sweep *sweep, size_t column) {
    for (size_t k = 0; k < sweep->best.n_by; k++)
        if ((size_t)sweep->best.by[k] == column)
            return true;
    return false;
}

/* "Qwen3-4B Q4_K_M": names that vary within groups, and the picked value. */
static const char *choice_name(const answer *a, uint64_t index, es_errors *errors) {
    const es_sweep *sweep = a->sweep;
    char text[NAME_SIZE], cell[128];
    size_t used = 0;
    double *value = index == UINT64_MAX ? NULL : calloc(es_sweep_nodes(sweep), sizeof *value);
    if (!value || es_sweep_point(sweep, index, value, errors) != ES_OK) {
        free(value);
        return "";
    }
    text[0] = '\0';
    for (size_t c = 0; c < sweep->n_columns; c++) {
        const bool name = c < sweep->n_axes && sweep->axes[c].n > 1 && sweep->axes[c].role <= ES_AXIS_RUNTIME;
        if ((!name && (int)c != sweep->best.pick) || in_by(sweep, c) || used + sizeof cell > sizeof text)
            continue;
        es_column_text(&sweep->columns[c], value[sweep->columns[c].node], 9, cell, sizeof cell);
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", used ? " " : "", cell);
    }
    free(value);
    return es_arena_text(&a->cli->arena, es_slice_of(text));
}

/* One decision a group, in the order of the table of [best]. */
static es_status answer_all(answer *a, const char *const *resource, es_errors *errors) {
    es_cli *cli = a->cli;
    const es_sweep *sweep = a->sweep;
    if (!sweep->best.given)
        return es_usage(cli, errors,
                        "which choice? expected [best] in the sweep, or --set best.pick=precision --set "
                        "best.maximize=quality");
    if (es_given(cli, ES_OPT_POINT) || es_given(cli, ES_OPT_INDEX))
        return es_usage(cli, errors,
                        "the choice is over the whole sweep; drop --point and --index, or name fewer "
                        "devices and models: --device NAME");
    const es_decides_options options = {.resource = resource,
                                        .threads =
                                            es_team((unsigned)es_count_of(cli, ES_OPT_THREADS, es_os_processors())),
                                        .stop = cli->stop};
    es_run_report report = {0};
    es_status status =
        es_sweep_run(sweep, &(es_run_options){.threads = options.threads, .stop = cli->stop}, &report, errors);
    a->group = status ? NULL : es_arena_array(&cli->arena, report.n_best + 1, sizeof *a->group);
    if (!status && !a->group)
        status = es_fail_memory(errors);
    for (size_t i = 0; i < report.n_best && !status; i++) {
        group *g = &a->group[a->n++];
        double *value = es_arena_array(&cli->arena, es_sweep_nodes(sweep), sizeof *value);
        g->value = value;
        status = value ? es_sweep_point(sweep, report.best[i].index, value, errors) : es_fail_memory(errors);
        if (!status)
            status = es_decides(&g->decision, sweep, report.best[i].index, &options, &cli->arena, errors);
    }
    if (!status && !a->n)
        es_warn(errors, NULL, "no point fulfils the conditions, so that there is no choice");
    es_run_report_free(&report);
    return status;
}

/* ---- cells ---- */

static size_t by_headers(const es_sweep *sweep, const char **cell) {
    for (size_t k = 0; k < sweep->best.n_by; k++)
        cell[k] = sweep->columns[sweep->best.by[k]].name;
    return sweep->best.n_by;
}

static size_t by_cells(const answer *a, const group *g, char (*text)[NAME_SIZE], const char **cell) {
    for (size_t k = 0; k < a->sweep->best.n_by; k++) {
        const es_column *column = &a->sweep->columns[a->sweep->best.by[k]];
        es_column_text(column, g->value[column->node], 9, text[k], NAME_SIZE);
        cell[k] = text[k];
    }
    return a->sweep->best.n_by;
}

/* The first line of a group. */
static void print_group(const answer *a, const group *g, es_errors *errors) {
    char text[ES_MAX_BY][NAME_SIZE], value[64];
    const char *cell[ES_MAX_BY];
    const es_column *first = &a->sweep->columns[a->sweep->best.objective[0].column];
    const size_t n = by_cells(a, g, text, cell);
    for (size_t k = 0; k < n; k++)
        printf("%s%s", k ? ", " : "", cell[k]);
    es_human_si(value, sizeof value, g->value[first->node]);
    printf("%s%s, %s %s%s%s, of %zu point%s\n", n ? ": " : "", choice_name(a, g->decision.best, errors), first->name,
           value, *first->unit ? " " : "", first->unit, g->decision.n_points, g->decision.n_points == 1 ? "" : "s");
}

static void number_cell(es_listing *listing, double number, const char *unit) {
    char text[64];
    es_human_number(text, sizeof text, number);
    es_listing_format(listing, "%s%s%s", text, *text && *unit ? " " : "", *text ? unit : "");
}

/* Whether the field is of a row of another choice, which the reader has to be told. */
static bool of_other(const group *g, const es_sweep *sweep, const es_flip *flip) {
    size_t at[ES_MAX_AXES];
    es_sweep_coordinates(sweep, g->decision.best, at);
    const es_rows rows = es_plan_rows(sweep, at);
    return *flip->row && strcmp(flip->row, rows.model->name) != 0 && strcmp(flip->row, rows.device->name) != 0 &&
           strcmp(flip->row, rows.precision->name) != 0;
}

/* ---- what decides ---- */

static es_status print_decides(const answer *a, const group *g, es_errors *errors) {
    static const char *const headers[] = {"input", ">value", ">changes at", ">by", "then best", NULL};
    const size_t top = (size_t)es_count_of(a->cli, ES_OPT_TOP, SHOWN), n = g->decision.n_flips;
    const bool wide = a->cli->width >= WIDE;
    print_group(a, g, errors);
    es_listing listing;
    es_listing_begin(&listing, headers);
    for (size_t i = 0; i < n && i < top; i++) {
        const es_flip *flip = &g->decision.flip[i];
        const char *then = choice_name(a, flip->then_best, errors), *dot = strchr(flip->input, '.');
        if (of_other(g, a->sweep, flip)) /* its name tells that it is a model, a format ... */
            es_listing_format(&listing, "%s of %s", dot ? dot + 1 : flip->input, flip->row);
        else
            es_listing_cell(&listing, flip->input);
        number_cell(&listing, wide ? flip->value : NAN, flip->unit);
        number_cell(&listing, flip->value * flip->factor, wide ? flip->unit : "");
        es_listing_format(&listing, "%+.2g%%", 100 * (flip->factor - 1));
        es_listing_cell(&listing, *then ? then : "nothing");
    }
    es_status status = n ? es_listing_print(&listing, a->cli, stdout, 2, errors) : ES_OK;
    if (!n)
        puts("  no input changes it, halved or doubled");
    if (n > top)
        printf("  %zu more change it; --top %zu shows them\n", n - top, n);
    return status;
}

static es_status write_decides(const answer *a, es_errors *errors) {
    const char *cell[MAX_CELLS];
    char text[ES_MAX_BY][NAME_SIZE], number[3][40];
    static const char *const rest[] = {"best",       "input",  "of",        "value",
                                       "changes_at", "factor", "direction", "then_best"};
    enum { REST = sizeof rest / sizeof *rest };
    es_number_table t;
    es_status status = es_number_table_open(&t, a->cli, errors);
    if (status)
        return status;
    size_t n = by_headers(a->sweep, cell), rows = 0;
    memcpy(cell + n, rest, sizeof rest);
    status = es_number_table_row(&t, cell, n + REST, NULL, 0, errors);
    for (const group *g = a->group; g < a->group + a->n; g++)
        for (size_t i = 0; i < g->decision.n_flips && !status; i++, rows++) {
            const es_flip *flip = &g->decision.flip[i];
            const double values[] = {flip->value, flip->value * flip->factor, flip->factor};
            n = by_cells(a, g, text, cell);
            cell[n] = choice_name(a, g->decision.best, errors);
            cell[n + 1] = flip->input, cell[n + 2] = flip->row;
            for (size_t k = 0; k < 3; k++) {
                number[k][isnan(values[k]) ? 0 : es_format_double(number[k], values[k], t.options.digits)] = '\0';
                cell[n + 3 + k] = number[k];
            }
            cell[n + 6] = flip->factor > 1 ? "up" : "down";
            cell[n + 7] = choice_name(a, flip->then_best, errors);
            status = es_number_table_row(&t, cell, n + REST, NULL, 0, errors);
        }
    return es_number_table_close(&t, a->cli, rows, status, errors);
}

static bool as_table(const es_cli *cli) { return !es_given(cli, ES_OPT_OUT) && !es_given(cli, ES_OPT_FORMAT); }

es_status es_sensitivity_decides(es_cli *cli, const es_sweep *sweep, es_errors *errors) {
    answer a = {.cli = cli, .sweep = sweep};
    es_status status = answer_all(&a, NULL, errors);
    if (!status && !as_table(cli))
        return write_decides(&a, errors);
    for (size_t i = 0; i < a.n && !status; i++)
        status = print_decides(&a, &a.group[i], errors);
    return status;
}

/* ---- what binds ---- */

/* What more of something buys: at once, or from where another choice comes in. */
typedef struct price {
    const char *what, *unit, *stopped_by, *then_best;
    const es_column *metric;
    double now, needs, gain, each; /* needs, gain: NaN at once */
} price;

/* The first objective that the input moves at the best point. */
static es_status price_at_once(const answer *a, const group *g, const char *name, price *list, size_t *n,
                               es_errors *errors) {
    es_varied v;
    es_status status = es_varied_make(&v, a->sweep, g->decision.best, &a->cli->arena, errors);
    for (size_t i = 0; i < v.n_inputs && !status; i++) {
        const es_input *input = &v.input[i];
        for (size_t k = 0; k < a->sweep->best.n_objectives && strcmp(input->name, name) == 0; k++) {
            const es_column *metric = &a->sweep->columns[a->sweep->best.objective[k].column];
            const uint16_t node = (uint16_t)metric->node;
            es_elasticity e;
            es_elasticity_of(&v, input, &node, 1, &e);
            const double slope = e.up * v.base[node] / input->value;
            if (isnan(slope) || slope == 0)
                continue;
            list[(*n)++] = (price){input->name, input->unit, "", "", metric, input->value, NAN, NAN, slope};
            break;
        }
    }
    return status;
}

static es_status prices_of(const answer *a, const group *g, price *list, size_t *n, es_errors *errors) {
    const es_column *metric = &a->sweep->columns[a->sweep->best.objective[0].column];
    es_status status = ES_OK;
    for (size_t r = 0; resources[r] && !status; r++)
        status = price_at_once(a, g, resources[r], list, n, errors);
    for (size_t i = 0; i < g->decision.n_flips && !status; i++) {
        const es_flip *f = &g->decision.flip[i];
        const double needs = f->value * f->factor, gain = f->objective - g->value[metric->node];
        const char *stopped = f->stopped_by < 0 ? "" : a->sweep->condition[f->stopped_by];
        list[(*n)++] = (price){f->input, f->unit, stopped, choice_name(a, f->then_best, errors), metric,
                               f->value, needs,   gain,    gain / fabs(needs - f->value)};
    }
    return status;
}

static es_status print_binding(const answer *a, const group *g, const price *list, size_t n, es_errors *errors) {
    static const char *const headers[] = {"more of", ">now", ">needs", "then best", ">gain per unit", NULL};
    char text[64];
    const price *next = NULL;
    print_group(a, g, errors);
    for (size_t i = 0; i < n && !next; i++)
        next = *list[i].stopped_by ? &list[i] : NULL;
    if (next)
        printf("  the next better, %s, is stopped by %s\n", next->then_best, next->stopped_by);
    es_listing listing;
    es_listing_begin(&listing, headers);
    for (size_t i = 0; i < n; i++) {
        const price *p = &list[i];
        es_listing_cell(&listing, p->what);
        number_cell(&listing, p->now, p->unit);
        number_cell(&listing, p->needs, "");
        es_listing_cell(&listing, isnan(p->needs) ? "the same" : p->then_best);
        es_human_si(text, sizeof text, p->each);
        es_listing_format(&listing, "%s%s %s", p->each > 0 ? "+" : "", text,
                          *p->metric->unit ? p->metric->unit : p->metric->name);
    }
    if (!n)
        puts("  nothing stops a better choice, twice the memory, bandwidth or limits");
    return n ? es_listing_print(&listing, a->cli, stdout, 2, errors) : ES_OK;
}

static es_status write_prices(const answer *a, const group *g, const price *list, size_t n, es_number_table *t,
                              es_errors *errors) {
    const char *cell[MAX_CELLS];
    char text[ES_MAX_BY][NAME_SIZE];
    es_status status = ES_OK;
    for (size_t i = 0; i < n && !status; i++) {
        const price *p = &list[i];
        size_t k = by_cells(a, g, text, cell);
        cell[k++] = choice_name(a, g->decision.best, errors);
        cell[k++] = p->what, cell[k++] = p->unit, cell[k++] = p->stopped_by, cell[k++] = p->then_best;
        cell[k++] = p->metric->name;
        status = es_number_table_row(t, cell, k, (const double[]){p->now, p->needs, p->gain, p->each}, 4, errors);
    }
    return status;
}

es_status es_sensitivity_binding(es_cli *cli, const es_sweep *sweep, es_errors *errors) {
    static const char *const rest[] = {"best",   "more_of", "unit",  "stopped_by", "then_best",
                                       "metric", "now",     "needs", "gain",       "per_unit"};
    answer a = {.cli = cli, .sweep = sweep};
    es_number_table t;
    es_status status = answer_all(&a, resources, errors);
    const bool table = as_table(cli);
    uint64_t rows = 0;
    if (!status && !table)
        status = es_number_table_open(&t, cli, errors);
    if (status)
        return status;
    if (!table) {
        const char *cell[MAX_CELLS];
        const size_t n = by_headers(sweep, cell);
        memcpy(cell + n, rest, sizeof rest);
        status = es_number_table_row(&t, cell, n + sizeof rest / sizeof *rest, NULL, 0, errors);
    }
    for (const group *g = a.group; g < a.group + a.n && !status; g++) {
        size_t n = 0;
        price *list = es_arena_array(&cli->arena, g->decision.n_flips + 2, sizeof *list);
        status = list ? prices_of(&a, g, list, &n, errors) : es_fail_memory(errors);
        if (status)
            break;
        status = table ? print_binding(&a, g, list, n, errors) : write_prices(&a, g, list, n, &t, errors);
        rows += n;
    }
    return table ? status : es_number_table_close(&t, cli, rows, status, errors);
}

#include "commands/run_plot.h"

#include <stdlib.h>
#include <string.h>

#include "cli/plot.h"
#include "cli/points.h"

/* What is drawn: points of the front, or the winners of the best table. */
typedef struct es_drawing {
    const es_column *x, *y;
    const int *by; /* columns that letters stand for */
    size_t n_by;
    bool of_front;
} es_drawing;

static bool choose_drawing(const es_sweep *sweep, es_drawing *drawing) {
    const es_front_spec *front = &sweep->front;
    const es_best_spec *best = &sweep->best;
    const bool of_front = front->given && front->n_objectives > 1;
    if (!of_front && !(best->given && best->n_objectives > 1))
        return false;
    const es_objective *objective = of_front ? front->objective : best->objective;
    *drawing = (es_drawing){.x = &sweep->columns[objective[0].column],
                            .y = &sweep->columns[objective[1].column],
                            .by = of_front ? front->by : &best->pick,
                            .n_by = of_front ? front->n_by : 1,
                            .of_front = of_front};
    return true;
}

es_status es_run_plot_check(es_cli *cli, const es_sweep *sweep, es_errors *errors) {
    es_drawing drawing;
    if (es_given(cli, ES_OPT_PLOT) && !choose_drawing(sweep, &drawing))
        return es_usage(cli, errors,
                        "--plot needs two objectives in [pareto] or [best]; --set pareto.minimize=COLUMN,COLUMN "
                        "makes a front");
    return es_plot_check(cli, errors);
}

/* A single front is lettered by precision. */
static void letter_by_precision(const es_sweep *sweep, int *precision, es_drawing *drawing) {
    *precision = es_sweep_column(sweep, "precision", strlen("precision"));
    if (drawing->n_by || *precision < 0)
        return;
    drawing->by = precision;
    drawing->n_by = 1;
}

static void group_text(const es_sweep *sweep, const int *column, size_t n, const double *value, char *to, size_t size) {
    size_t length = 0;
    to[0] = '\0';
    for (size_t i = 0; i < n && length + 3 < size; i++) {
        const es_column *by = &sweep->columns[column[i]];
        if (i)
            length += (size_t)snprintf(to + length, size - length, ", ");
        length += es_column_text(by, es_column_value(by, value), 4, to + length, size - length);
        length = length < size ? length : size - 1;
    }
}

static es_status fill(es_plot *plot, const es_sweep *sweep, const es_drawing *drawing, const es_run_report *report,
                      es_errors *errors) {
    char group[512];
    const size_t n = drawing->of_front ? report->n_front : report->n_best;
    const double x_unit = es_plot_unit(drawing->x->unit), y_unit = es_plot_unit(drawing->y->unit);
    double *value = calloc(es_sweep_nodes(sweep) + 1, sizeof *value);
    es_status status = value ? ES_OK : es_fail_memory(errors);
    for (size_t i = 0; i < n && !status; i++) {
        status = es_sweep_point(sweep, drawing->of_front ? report->front[i] : report->best[i].index, value, errors);
        if (status)
            break;
        group_text(sweep, drawing->by, drawing->n_by, value, group, sizeof group);
        status = es_plot_add(plot, es_column_value(drawing->x, value) / x_unit,
                             es_column_value(drawing->y, value) / y_unit, es_slice_of(group), errors);
    }
    free(value);
    return status;
}

static const char *label(es_arena *arena, const es_column *column) {
    const char *unit = column->unit ? column->unit : "";
    unit = es_plot_unit(unit) > 1 ? "GB" : unit;
    return es_arena_printf(arena, *unit ? "%s [%s]" : "%s", column->name, unit);
}

es_status es_run_plot(const es_cli *cli, const es_sweep *sweep, const es_run_report *report, FILE *out,
                      es_errors *errors) {
    es_drawing drawing;
    es_plot plot = {0};
    es_arena arena = {0};
    if (!es_given(cli, ES_OPT_PLOT) || !choose_drawing(sweep, &drawing))
        return ES_OK;
    int precision;
    letter_by_precision(sweep, &precision, &drawing);
    es_status status = fill(&plot, sweep, &drawing, report, errors);
    const char *x = label(&arena, drawing.x), *y = label(&arena, drawing.y);
    if (!status)
        status = x && y ? es_plot_show(&plot, cli, x, y, out, errors) : es_fail_memory(errors);
    es_plot_free(&plot);
    es_arena_free(&arena);
    return status;
}

#include "run.h"

#include <math.h>

#include "fuzz.h"

enum { MOST_POINTS = 2000, MOST_NODES = 4000 };

static void check_point(const es_sweep *sweep, uint64_t index, double *value) {
    static char text[1 << 16];
    size_t coordinate[ES_MAX_AXES];
    es_sweep_coordinates(sweep, index, coordinate);
    uint64_t sum = 0;
    for (size_t a = 0; a < sweep->n_axes; a++) {
        FUZZ_CHECK(coordinate[a] < sweep->axes[a].n);
        sum += coordinate[a] * sweep->axes[a].stride;
    }
    FUZZ_CHECK(sum == index && es_sweep_index(sweep, coordinate) == index);
    FUZZ_CHECK(es_sweep_point(sweep, index, value, NULL) == ES_OK);
    for (size_t c = 0; c < sweep->n_columns; c++) {
        const es_column *column = &sweep->columns[c];
        es_column_text(column, value[column->node], 9, text, sizeof text);
        FUZZ_CHECK(column->labels || (!strstr(text, "inf") && !strstr(text, "nan")));
    }
}

static void check_points(const es_sweep *sweep) {
    static double value[MOST_NODES];
    FUZZ_CHECK(es_sweep_nodes(sweep) <= MOST_NODES);
    uint64_t n = sweep->n_points, product = 1;
    for (size_t a = sweep->n_axes; a-- > 0; product *= sweep->axes[a].n)
        FUZZ_CHECK(sweep->axes[a].n > 0 && sweep->axes[a].stride == product);
    FUZZ_CHECK(product == n && n > 0);
    const uint64_t chosen[] = {0, n / 3, n - 1 - n / 7, n - 1};
    for (size_t i = 0; i < sizeof chosen / sizeof *chosen; i++)
        check_point(sweep, chosen[i], value);
}

static void check_same(const es_sweep *sweep, const es_run_report *a, const es_run_report *b) {
    FUZZ_CHECK(a->points == b->points && a->front_missing == b->front_missing && a->best_missing == b->best_missing);
    FUZZ_CHECK(a->front_rows == b->front_rows && a->n_front == b->n_front && a->n_best == b->n_best);
    for (size_t i = 0; i < sweep->n_conditions; i++)
        FUZZ_CHECK(a->rejected[i] == b->rejected[i]);
    for (size_t i = 0; i < a->n_front; i++)
        FUZZ_CHECK(a->front[i] == b->front[i]);
    for (size_t i = 0; i < a->n_best; i++)
        FUZZ_CHECK(a->best[i].index == b->best[i].index && a->best[i].runner_up == b->best[i].runner_up);
}

static es_run_report run(const es_sweep *sweep, const char *out, bool no_skip) {
    es_run_report report;
    es_errors *errors = fuzz_errors();
    es_run_options options = {.out = out, .threads = 1, .no_skip = no_skip};
    es_status status = es_sweep_run(sweep, &options, &report, errors);
    if (status)
        es_errors_print(errors, stderr);
    FUZZ_CHECK(status == ES_OK);
    return report;
}

void fuzz_use_sweep(const es_sweep *sweep) {
    check_points(sweep);
    if (sweep->n_points > MOST_POINTS)
        return;
    es_run_report with_rows = run(sweep, "/dev/null", true), plain = run(sweep, NULL, false);
    check_same(sweep, &with_rows, &plain);
    es_run_report_free(&with_rows);
    es_run_report_free(&plain);
}

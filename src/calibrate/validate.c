#include "calibrate/validate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double node_value(const es_point_kernel *point, const char *name, const double *value) {
    int node = es_kernel_node(point->kernel, name, strlen(name));
    return node < 0 ? NAN : value[node];
}

static const char *basis_of(const es_point_kernel *point, const double *value) {
    int node = es_kernel_node(point->kernel, "basis", strlen("basis"));
    return node < 0 ? "" : point->kernel->nodes[node].labels[(size_t)value[node]];
}

/* The same runtime but for the number of threads. */
static bool is_own(const es_measurement *m) {
    const size_t n = strlen(m->runtime);
    return strncasecmp(m->rows.calibrated_as, m->runtime, n) == 0 &&
           (!m->rows.calibrated_as[n] || m->rows.calibrated_as[n] == ' ');
}

/* Says once for each device and runtime that another runtime's calibration stands in. */
static void warn_of_stand_ins(const es_measured *measured, es_errors *errors) {
    for (size_t i = 0; i < measured->n; i++) {
        const es_measurement *m = &measured->row[i];
        size_t n = 0;
        bool said = m->reason || is_own(m);
        for (size_t k = 0; k < measured->n && !said; k++) {
            const es_measurement *other = &measured->row[k];
            const bool same =
                !other->reason && other->rows.device == m->rows.device && strcmp(other->runtime, m->runtime) == 0;
            said = same && k < i;
            n += same;
        }
        if (!said)
            es_warn(errors, NULL, "%s has no calibration for %s: %zu measurement%s predicted as %s",
                    m->rows.device->name, m->runtime, n, n == 1 ? "" : "s", m->rows.calibrated_as);
    }
}

es_status es_validate(const es_measured *measured, es_point_kernel *point, es_prediction *predictions,
                      es_errors *errors) {
    double *value = calloc(point->kernel->n_nodes, sizeof *value);
    if (!value)
        return es_fail_memory(errors);
    for (size_t i = 0; i < measured->n; i++) {
        const es_measurement *m = &measured->row[i];
        predictions[i] = (es_prediction){NAN, NAN, "", NAN};
        if (m->reason)
            continue;
        es_measurement_evaluate(point, m, value);
        const double rate =
            es_measurement_rate(m, node_value(point, "ttft_s", value), node_value(point, "tpot_s", value));
        predictions[i] = (es_prediction){rate, rate / m->tokens_per_s - 1, basis_of(point, value),
                                         node_value(point, "params", value)};
    }
    free(value);
    warn_of_stand_ins(measured, errors);
    return ES_OK;
}

/* ---- Summaries ---- */

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(const double *sorted, size_t n, double q) {
    const double at = q * (double)(n - 1);
    const size_t low = (size_t)at;
    return low + 1 < n ? sorted[low] + (at - (double)low) * (sorted[low + 1] - sorted[low]) : sorted[low];
}

es_error_summary es_summarise_errors(double *errors, size_t n) {
    es_error_summary s = {n, NAN, NAN, NAN};
    if (n == 0)
        return s;
    qsort(errors, n, sizeof *errors, by_value);
    s.bias = quantile(errors, n, 0.5);
    for (size_t i = 0; i < n; i++)
        errors[i] = fabs(errors[i]);
    qsort(errors, n, sizeof *errors, by_value);
    s.median = quantile(errors, n, 0.5);
    s.p90 = quantile(errors, n, 0.9);
    return s;
}

static const char *size_class(double params) {
    static const struct {
        double below;
        const char *name;
    } classes[] = {{0.7e9, "under 0.7B"}, {2e9, "0.7B to 2B"}, {5e9, "2B to 5B"}, {15e9, "5B to 15B"}};
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (params < classes[i].below)
            return classes[i].name;
    return "over 15B";
}

static const char *group_name(es_error_group group, const es_measurement *m, const es_prediction *p) {
    switch (group) {
    case ES_BY_DEVICE: return m->rows.device->name;
    case ES_BY_PRECISION: return m->rows.precision->name;
    case ES_BY_SIZE: return size_class(p->params);
    default: return "all";
    }
}

double es_usual_threads(const es_measured *measured, const es_measurement *of) {
    double usual = NAN;
    size_t most = 0;
    for (size_t i = 0; i < measured->n; i++) {
        const es_measurement *a = &measured->row[i];
        size_t n = 0;
        if (a->reason || a->rows.device != of->rows.device || strcmp(a->runtime, of->runtime) != 0)
            continue;
        for (size_t k = 0; k < measured->n; k++) {
            const es_measurement *b = &measured->row[k];
            n += !b->reason && b->rows.device == a->rows.device && b->threads == a->threads &&
                 strcmp(b->runtime, a->runtime) == 0;
        }
        if (n > most || (n == most && n > 0 && a->threads > usual))
            most = n, usual = a->threads;
    }
    return usual;
}

static bool on_line(const es_error_line *line, const es_error_line *own) {
    return line->phase == own->phase && strcmp(line->name, own->name) == 0 &&
           strcmp(line->runtime, own->runtime) == 0 &&
           (line->threads == own->threads || (isnan(line->threads) && isnan(own->threads)));
}

/* The line that each measurement is on; n of them in *lines. */
static void assign_lines(const es_measured *measured, const es_prediction *predictions, es_error_group group,
                         es_error_line *lines, size_t *n, size_t *line_of) {
    const es_measurement *last = NULL;
    double usual = NAN;
    for (size_t i = 0; i < measured->n; i++) {
        const es_measurement *m = &measured->row[i];
        es_error_line own = {.runtime = "", .threads = NAN, .phase = m->phase};
        size_t at = 0;
        if (m->reason)
            continue;
        own.name = group_name(group, m, &predictions[i]);
        if (group == ES_BY_DEVICE) {
            if (!last || last->rows.device != m->rows.device || strcmp(last->runtime, m->runtime) != 0)
                usual = es_usual_threads(measured, last = m);
            own.runtime = m->runtime;
            own.threads = m->threads == usual ? NAN : m->threads;
        }
        while (at < *n && !on_line(&lines[at], &own))
            at++;
        if (at == *n)
            lines[(*n)++] = own;
        line_of[i] = at;
    }
}

es_status es_error_table(const es_measured *measured, const es_prediction *predictions, es_error_group group,
                         es_arena *arena, es_error_line **lines, size_t *n, es_errors *errors) {
    double *scratch = es_arena_array(arena, measured->n + 1, sizeof *scratch);
    size_t *line_of = es_arena_array(arena, measured->n + 1, sizeof *line_of);
    *n = 0;
    *lines = es_arena_array(arena, measured->n + 1, sizeof **lines);
    if (!scratch || !line_of || !*lines)
        return es_fail_memory(errors);
    assign_lines(measured, predictions, group, *lines, n, line_of);
    for (size_t l = 0; l < *n; l++) {
        size_t n_errors = 0;
        for (size_t i = 0; i < measured->n; i++)
            if (!measured->row[i].reason && line_of[i] == l)
                scratch[n_errors++] = predictions[i].error;
        (*lines)[l].summary = es_summarise_errors(scratch, n_errors);
    }
    return ES_OK;
}

static double badness(const es_prediction *p) { return fabs(log1p(p->error)); }

size_t es_worst_rows(const es_measured *measured, const es_prediction *predictions, size_t *rows, size_t n) {
    size_t found = 0;
    for (size_t i = 0; i < measured->n; i++) {
        if (measured->row[i].reason)
            continue;
        size_t at = found < n ? found++ : n;
        for (; at > 0 && badness(&predictions[rows[at - 1]]) < badness(&predictions[i]); at--)
            if (at < n)
                rows[at] = rows[at - 1];
        if (at < n)
            rows[at] = i;
    }
    return found;
}

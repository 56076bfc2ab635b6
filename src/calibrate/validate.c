#include "calibrate/validate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "calibrate/calibrate.h"
#include "model/roofline_blocks.h"

static double boundary_of(const es_measurement *m) {
    const es_field *field = &es_fields(ES_POWER)->fields[ES_W_BOUNDARY];
    for (size_t i = 0; field->choices[i]; i++)
        if (strcmp(m->power_boundary, field->choices[i]) == 0)
            return (double)i;
    return NAN;
}

es_status es_validate(const es_measured *measured, es_point_kernel *point, es_prediction *predictions,
                      es_errors *errors) {
    const es_calibration *calibration = es_roofline_calibration(point->state);
    double *value = calloc(point->kernel->n_nodes, sizeof *value);
    if (!value)
        return es_fail_memory(errors);
    for (size_t i = 0; i < measured->n; i++) {
        const es_measurement *m = &measured->row[i];
        es_prediction *p = &predictions[i];
        *p = (es_prediction){NAN, NAN, NAN, NAN, ES_BASIS_CLASS, NAN, NAN, NAN, NAN, NAN};
        if (m->reason)
            continue;
        point->boundary = boundary_of(m);
        es_measurement_evaluate(point, m, value);
        const es_setting setting = es_measurement_setting(m);
        const double type = es_kernel_value(point->kernel, "main_type", value);
        const es_evidence evidence =
            es_evidence_of(calibration, &setting, m->phase == ES_PHASE_PREFILL ? ES_FIT_PREFILL : ES_FIT_DECODE,
                           type > ES_TYPE_NONE ? (int)type : ES_TYPE_NONE);
        p->tokens_per_s = m->phase == ES_PHASE_SPEEDUP
                              ? es_kernel_value(point->kernel, "speedup", value)
                              : es_measurement_rate(m, es_kernel_value(point->kernel, "ttft_s", value),
                                                    es_kernel_value(point->kernel, "tpot_s", value));
        p->error = p->tokens_per_s / m->tokens_per_s - 1;
        p->low = m->phase == ES_PHASE_SPEEDUP ? NAN : p->tokens_per_s * exp(evidence.log_low);
        p->high = m->phase == ES_PHASE_SPEEDUP ? NAN : p->tokens_per_s * exp(evidence.log_high);
        p->basis = evidence.basis;
        p->params = es_kernel_value(point->kernel, "params", value);
        p->power_w =
            isnan(m->power_w) || m->phase != ES_PHASE_DECODE ? NAN : es_kernel_value(point->kernel, "power_w", value);
        p->power_error = p->power_w / m->power_w - 1;
        p->memory_mib =
            isnan(m->memory_mib) ? NAN : es_kernel_value(point->kernel, "peak_memory_bytes", value) / 1048576;
        p->memory_error = p->memory_mib / m->memory_mib - 1;
    }
    point->boundary = ES_BOUNDARY_ANY;
    free(value);
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
    es_error_summary s = {n, NAN, NAN, NAN, NAN};
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

static const char *build_class(double build) {
    static const struct {
        double month;
        const char *name;
    } until[] = {{202312, "2023"}, {202412, "2024"}, {202512, "2025"}, {999912, "2026 and later"}};
    if (build == ES_BUILD_UNKNOWN)
        return "not known";
    for (size_t i = 0; i < sizeof until / sizeof *until; i++)
        if (build >= 100000 && build <= until[i].month)
            return until[i].name;
    return isinf(build) ? "newest" : "by number";
}

static const char *group_name(es_error_group group, const es_measurement *m, const es_prediction *p) {
    switch (group) {
    case ES_BY_BASIS: return es_evidence_names[p->basis < ES_BASIS_CLASS ? p->basis : ES_BASIS_CLASS];
    case ES_BY_DEVICE: return m->rows.device->name;
    case ES_BY_RUNTIME: return m->rows.runtime->name;
    case ES_BY_BUILD: return build_class(m->build);
    case ES_BY_UNIT: return *m->rows.unit->name ? m->rows.unit->name : "by class";
    case ES_BY_PRECISION: return m->rows.precision->name;
    case ES_BY_SIZE: return size_class(p->params);
    default: return "all";
    }
}

static bool is_inside(const es_measurement *m, const es_prediction *p) {
    return m->tokens_per_s >= p->low && m->tokens_per_s <= p->high;
}

es_status es_error_table(const es_measured *measured, const es_prediction *predictions, es_error_group group,
                         es_arena *arena, es_error_line **lines, size_t *n, es_errors *errors) {
    double *scratch = es_arena_array(arena, measured->n + 1, sizeof *scratch);
    size_t *line_of = es_arena_array(arena, measured->n + 1, sizeof *line_of);
    *n = 0;
    *lines = es_arena_array(arena, measured->n + 1, sizeof **lines);
    if (!scratch || !line_of || !*lines)
        return es_fail_memory(errors);
    for (size_t i = 0; i < measured->n; i++) {
        const es_measurement *m = &measured->row[i];
        size_t at = 0;
        if (m->reason)
            continue;
        const char *name = group_name(group, m, &predictions[i]);
        while (at < *n && ((*lines)[at].phase != m->phase || strcmp((*lines)[at].name, name) != 0))
            at++;
        if (at == *n)
            (*lines)[(*n)++] = (es_error_line){.name = name, .phase = m->phase};
        line_of[i] = at;
    }
    for (size_t l = 0; l < *n; l++) {
        size_t n_errors = 0, known = 0, inside = 0;
        for (size_t i = 0; i < measured->n; i++)
            if (!measured->row[i].reason && line_of[i] == l) {
                scratch[n_errors++] = predictions[i].error;
                known += !isnan(predictions[i].low);
                inside += is_inside(&measured->row[i], &predictions[i]);
            }
        (*lines)[l].summary = es_summarise_errors(scratch, n_errors);
        (*lines)[l].summary.covered = known ? (double)inside / (double)known : NAN;
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

/* ---- Speed-ups, the source left out ---- */

static double draft_kind(const es_measurement *m) { return fmin(m->draft, ES_AXIS_FIRST_MODEL); }

static bool has_experts(const es_measurement *m) { return m->rows.model->value[ES_M_N_EXPERTS] > 1; }

/* Devices matter to bytes only. */
static bool is_pair(const es_measurement *m) {
    return m->phase == ES_PHASE_SPEEDUP && m->rows.model && m->draft > 0 && m->tokens_per_s > 0 && m->draft_tokens >= 1;
}

/* What a drafted token added to the round, in decode steps; NaN: the acceptance is not stated. */
static double cost_of(const es_measurement *m) {
    return ((1 + m->acceptance * m->draft_tokens) / m->tokens_per_s - 1) / m->draft_tokens;
}

/* Median over rows of other sources that are like row `at`; `of` gives NaN for rows that do not count. */
static double median_elsewhere(const es_measured *all, size_t at, double (*of)(const es_measurement *), bool cost,
                               double *room) {
    const es_measurement *m = &all->row[at];
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++) {
        const es_measurement *other = &all->row[i];
        if (!is_pair(other) || draft_kind(other) != draft_kind(m) || isnan(of(other)) ||
            es_same_source(other->source, m->source))
            continue;
        if (cost ? has_experts(other) == has_experts(m) && es_equal_fold(other->draft_backend, m->draft_backend)
                 : isnan(m->task) || other->task == m->task)
            room[n++] = of(other);
    }
    qsort(room, n, sizeof *room, by_value);
    return n ? quantile(room, n, 0.5) : NAN;
}

static double acceptance_of(const es_measurement *m) { return m->acceptance; }

/* Rounds of bytes and operations, in decode steps. */
static double round_of_bytes(const es_measurement *m, es_point_kernel *point, double *value) {
    es_measurement_evaluate(point, m, value);
    const double verify = es_kernel_value(point->kernel, "verify_s", value),
                 draft = es_kernel_value(point->kernel, "draft_s", value),
                 step = es_kernel_value(point->kernel, "step_s", value);
    return (verify + m->draft_tokens * draft) / step;
}

es_status es_speedups_left_out(const es_measured *measured, es_point_kernel *point, es_speedup *speedups,
                               es_errors *errors) {
    double *value = calloc(point->kernel->n_nodes + measured->n + 1, sizeof *value);
    if (!value)
        return es_fail_memory(errors);
    double *room = value + point->kernel->n_nodes;
    for (size_t i = 0; i < measured->n; i++) {
        const es_measurement *m = &measured->row[i];
        es_speedup *s = &speedups[i];
        *s = (es_speedup){.predicted = NAN};
        if (!is_pair(m))
            continue;
        s->stated = !isnan(m->acceptance);
        const double acceptance = s->stated ? m->acceptance : median_elsewhere(measured, i, acceptance_of, false, room);
        const double cost = median_elsewhere(measured, i, cost_of, true, room);
        s->from_rows = !isnan(cost);
        if (s->from_rows || !m->reason)
            s->predicted = (1 + acceptance * m->draft_tokens) /
                           (s->from_rows ? 1 + cost * m->draft_tokens : round_of_bytes(m, point, value));
    }
    free(value);
    return ES_OK;
}

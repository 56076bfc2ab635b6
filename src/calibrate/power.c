#include "calibrate/power.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "calibrate/calibrate.h"
#include "calibrate/validate.h"

typedef struct drawn {
    const es_measurement *m;
    double gbs, predicted_gbs, predicted_rate;
    size_t level;
} drawn;

/* Boards of several sizes of memory draw alike. */
static bool is_of(const es_fitted_level *level, const es_measurement *m) {
    const char *board = m->rows.device->text[ES_D_BOARD];
    return strcmp(level->boundary, m->power_boundary) == 0 &&
           strcmp(level->device->text[ES_D_UNIT], m->rows.device->text[ES_D_UNIT]) == 0 &&
           (level->device == m->rows.device || (*board && strcmp(level->device->text[ES_D_BOARD], board) == 0));
}

static es_status collect(const es_measured *measured, es_point_kernel *point, drawn *row, size_t *n, es_arena *arena,
                         es_fitted_power *result, es_errors *errors) {
    double *value = es_arena_array(arena, point->kernel->n_nodes, sizeof *value);
    if (!value)
        return es_fail_memory(errors);
    for (size_t i = 0; i < measured->n; i++) {
        const es_measurement *m = &measured->row[i];
        if (m->reason || m->phase != ES_PHASE_DECODE || !(m->power_w > 0) || !*m->power_boundary)
            continue;
        es_measurement_evaluate(point, m, value);
        const double gb = es_kernel_value(point->kernel, "decode_bytes", value) / 1e9,
                     rate = m->batch / es_kernel_value(point->kernel, "tpot_s", value);
        size_t at = 0;
        while (at < result->n && !is_of(&result->level[at], m))
            at++;
        if (at == result->n)
            result->level[result->n++] = (es_fitted_level){.device = m->rows.device, .boundary = m->power_boundary};
        row[(*n)++] = (drawn){m, gb * m->tokens_per_s, gb * rate, rate, at};
    }
    return ES_OK;
}

static int by_level(const void *a, const void *b) {
    const drawn *x = a, *y = b;
    return x->level != y->level ? (x->level > y->level) - (x->level < y->level) : (x->m > y->m) - (x->m < y->m);
}

static bool share(const es_measurement *a, const es_measurement *b, es_power_split split) {
    return split == ES_WITHOUT_SOURCE ? es_same_source(a->source, b->source) : a->rows.model == b->rows.model;
}

/* The level of these rows but for those that share a model or source with `without`; NaN: there are no others. */
static es_fitted_level median_level(const drawn *row, size_t n, const es_measurement *without, es_power_split split,
                                    double *scratch) {
    es_fitted_level level = {0};
    for (size_t i = 0; i < n; i++) {
        if (without && share(row[i].m, without, split))
            continue;
        scratch[level.rows] = row[i].m->power_w;
        scratch[n + level.rows++] = row[i].gbs;
    }
    level.decode_w = es_summarise_errors(scratch, level.rows).bias; /* the median */
    level.stream_gbs = es_summarise_errors(scratch + n, level.rows).bias;
    return level;
}

/* What is left of the level without each of its models, or sources: as many fits as there are of these. */
static void leave_out(const drawn *row, size_t n, es_power_split split, double *scratch, size_t *first,
                      es_fitted_level *without, es_fitted_power *result) {
    size_t n_fits = 0;
    for (size_t i = 0; i < n; i++) {
        const es_measurement *m = row[i].m;
        size_t at = 0;
        while (at < n_fits && !share(row[first[at]].m, m, split))
            at++;
        if (at == n_fits) {
            first[n_fits] = i;
            without[n_fits++] = median_level(row, n, m, split, scratch);
        }
        const es_fitted_level *level = &without[at];
        if (!level->rows)
            continue;
        const double predicted = level->decode_w * (ES_POWER_TIME_SHARE + (1 - ES_POWER_TIME_SHARE) *
                                                                              row[i].predicted_gbs / level->stream_gbs);
        const size_t to = result->n_errors[split]++;
        result->power_error[split][to] = predicted / m->power_w - 1;
        result->energy_error[split][to] = predicted / row[i].predicted_rate / (m->power_w / m->tokens_per_s) - 1;
    }
}

/* Addresses, each once, and how many sources they are. */
static es_status note_sources(es_fitted_level *level, const drawn *row, size_t n, es_arena *arena, es_errors *errors) {
    size_t n_addresses = 0;
    for (int pass = 0; pass < 2; pass++) {
        const char **source = pass ? es_arena_array(arena, n_addresses + 1, sizeof *source) : NULL;
        if (pass && !source)
            return es_fail_memory(errors);
        n_addresses = level->sources = 0;
        const es_measurement *last = NULL;
        for (size_t i = 0; i < n; last = row[i++].m) {
            if (last && strcmp(last->source, row[i].m->source) == 0)
                continue;
            if (pass)
                source[n_addresses] = row[i].m->source;
            n_addresses++;
            level->sources += !last || !es_same_source(last->source, row[i].m->source);
        }
        if (pass)
            source[n_addresses] = NULL;
        level->source = source;
    }
    return ES_OK;
}

es_status es_fit_power(const es_measured *measured, es_point_kernel *point, es_arena *arena, es_fitted_power *result,
                       es_errors *errors) {
    *result = (es_fitted_power){0};
    drawn *row = es_arena_array(arena, measured->n + 1, sizeof *row);
    double *scratch = es_arena_array(arena, 2 * measured->n + 1, sizeof *scratch);
    size_t *first = es_arena_array(arena, measured->n + 1, sizeof *first), n = 0;
    es_fitted_level *without = es_arena_array(arena, measured->n + 1, sizeof *without);
    result->level = es_arena_array(arena, measured->n + 1, sizeof *result->level);
    bool memory = row && scratch && first && without && result->level;
    for (int s = 0; s < ES_POWER_SPLITS; s++) {
        result->power_error[s] = es_arena_array(arena, measured->n + 1, sizeof **result->power_error);
        result->energy_error[s] = es_arena_array(arena, measured->n + 1, sizeof **result->energy_error);
        memory = memory && result->power_error[s] && result->energy_error[s];
    }
    es_status status = memory ? collect(measured, point, row, &n, arena, result, errors) : es_fail_memory(errors);
    if (!status && n)
        qsort(row, n, sizeof *row, by_level);
    for (size_t at = 0, end = 0; at < n && !status; at = end) {
        es_fitted_level *level = &result->level[row[at].level];
        while (end < n && row[end].level == row[at].level)
            end++;
        const es_fitted_level fitted = median_level(&row[at], end - at, NULL, ES_WITHOUT_MODEL, scratch);
        level->decode_w = fitted.decode_w;
        level->stream_gbs = fitted.stream_gbs;
        level->rows = fitted.rows;
        status = note_sources(level, &row[at], end - at, arena, errors);
        for (int s = 0; s < ES_POWER_SPLITS && !status; s++)
            leave_out(&row[at], end - at, (es_power_split)s, scratch, first, without, result);
    }
    return status;
}

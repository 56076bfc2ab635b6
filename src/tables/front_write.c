/* The table of a front: rows as read, with the columns asked for added. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tables/front_plan.h"
#include "tables/row_key.h"
#include "io/format.h"
#include "io/text_out.h"

/* Added cells, by position of the candidate; NULL when not asked for. */
typedef struct measures {
    double *crowding; /* NaN: does not apply */
    uint8_t *knee;
} measures;

/* Kept candidates in runs of one group and one layer; only runs of layer 1 are fronts. */
typedef struct member {
    uint32_t group, layer;
    uint64_t position;
} member;

static int compare_members(const void *a, const void *b) {
    const member *x = a, *y = b;
    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    if (x->layer != y->layer)
        return x->layer < y->layer ? -1 : 1;
    return x->position < y->position ? -1 : x->position > y->position;
}

/* Marks the front among rows that are kept as robust: some of them are dominated. */
static es_status mark_front(const es_front_plan *plan, const es_candidates *c, uint8_t *is_front, es_errors *errors) {
    const double *column[ES_MAX_OBJECTIVES];
    const es_points points = es_front_points(plan, c, column);
    es_index front = {0};
    const es_status status = es_front(&points, ES_TIES_ALL, plan->options->threads, &front, errors);
    for (size_t i = 0; i < front.count; i++)
        is_front[front.index[i]] = 1;
    es_index_free(&front);
    return status;
}

static es_status list_members(const es_front_plan *plan, const es_candidates *c, const es_front_verdict *verdict,
                              member *list, size_t *n, es_errors *errors) {
    uint8_t *is_front = NULL;
    es_status status = ES_OK;
    if (plan->mode == ES_FRONT_ROBUST) {
        is_front = calloc(c->n + 1, 1);
        status = is_front ? mark_front(plan, c, is_front, errors) : es_fail_memory(errors);
    }
    *n = 0;
    for (size_t i = 0; i < verdict->kept.count && !status; i++) {
        const uint64_t at = verdict->kept.index[i];
        const uint32_t layer = plan->mode == ES_FRONT_LAYERS ? verdict->rank[at] : 1;
        if (!is_front || is_front[at])
            list[(*n)++] = (member){plan->options->n_by ? c->group[at] : 0, layer, at};
    }
    if (plan->options->n_by || plan->mode == ES_FRONT_LAYERS)
        qsort(list, *n, sizeof *list, compare_members);
    free(is_front);
    return status;
}

/* `devices, models: ` of the group, nothing without groups. */
static es_status put_group(es_text_out *out, const es_front_plan *plan, const es_keys *keys, uint32_t group,
                           es_errors *errors) {
    es_slice value, key = plan->options->n_by ? es_keys_text(keys, group) : (es_slice){0};
    es_status status = ES_OK;
    for (const char *before = " "; !status && es_key_next(&key, &value); before = ", ")
        status = es_text_out_format(out, errors, "%s%s", before, es_quote(value).text);
    return status;
}

static es_status put_hypervolume(const es_front_plan *plan, const es_points *points, const uint64_t *subset, size_t n,
                                 const es_keys *keys, uint32_t group, const es_text_sink *side, es_errors *errors) {
    double volume;
    char number[32];
    es_text_out out = {.sink = side};
    es_status status = es_hypervolume(points, subset, n, plan->reference, &volume, errors);
    if (!status)
        status = es_text_out_format(&out, errors, "hypervolume");
    if (!status)
        status = put_group(&out, plan, keys, group, errors);
    if (!status) {
        const size_t length = es_format_double(number, volume, 17);
        status = es_text_out_format(&out, errors, ": %.*s\n", (int)length, number);
    }
    return es_text_out_end(&out, status, errors);
}

/* Measures one run of members. */
static es_status measure_run(const es_front_plan *plan, const es_candidates *c, const es_keys *keys, const member *list,
                             size_t n, const measures *m, const es_text_sink *side, es_errors *errors) {
    const double *column[ES_MAX_OBJECTIVES];
    es_points points = es_front_points(plan, c, column);
    points.group = NULL;
    uint64_t *subset = malloc(n * sizeof *subset), knee = 0;
    double *distance = malloc(n * sizeof *distance);
    es_status status = subset && distance ? ES_OK : es_fail_memory(errors);
    for (size_t i = 0; i < n && !status; i++)
        subset[i] = list[i].position;
    if (!status && m->crowding)
        status = es_crowding(&points, subset, n, distance, errors);
    for (size_t i = 0; i < n && !status && m->crowding; i++)
        m->crowding[subset[i]] = distance[i];
    if (!status && m->knee && list->layer == 1)
        status = es_knee(&points, subset, n, &knee, errors);
    if (!status && m->knee && list->layer == 1)
        m->knee[knee] = 1;
    if (!status && plan->options->reference.n && list->layer == 1)
        status = put_hypervolume(plan, &points, subset, n, keys, list->group, side, errors);
    free(subset);
    free(distance);
    return status;
}

static es_status measure(const es_front_plan *plan, const es_candidates *c, const es_keys *keys,
                         const es_front_verdict *verdict, measures *m, const es_text_sink *side, es_errors *errors) {
    const es_csv_front_options *options = plan->options;
    if (!options->crowding && !options->knee && !options->reference.n)
        return ES_OK;
    size_t n = 0;
    member *list = malloc((verdict->kept.count + 1) * sizeof *list);
    m->crowding = options->crowding ? malloc((c->n + 1) * sizeof *m->crowding) : NULL;
    m->knee = options->knee ? calloc(c->n + 1, 1) : NULL;
    const bool allocated = list && (m->crowding || !options->crowding) && (m->knee || !options->knee);
    es_status status = allocated ? list_members(plan, c, verdict, list, &n, errors) : es_fail_memory(errors);
    for (size_t i = 0; i < c->n && m->crowding && !status; i++)
        m->crowding[i] = NAN;
    for (size_t first = 0, end; first < n && !status; first = end) {
        end = first + 1;
        while (end < n && list[end].group == list[first].group && list[end].layer == list[first].layer)
            end++;
        status = measure_run(plan, c, keys, list + first, end - first, m, side, errors);
    }
    free(list);
    return status;
}

/* ---- The table ---- */

es_slice es_front_without_ties(const es_front_plan *plan, es_slice row) {
    while (row.length && row.text[row.length - 1] != es_csv_input_delimiter(plan->csv))
        row.length--;
    row.length -= row.length > 0;
    return row;
}

static es_status put_header(const es_front_plan *plan, es_text_out *out, es_errors *errors) {
    const char delimiter[2] = {es_csv_input_delimiter(plan->csv), '\0'}, *name[ES_FRONT_ADDED];
    const size_t n = es_front_added(plan->options, name);
    const es_slice header = es_csv_input_header(plan->csv);
    es_status status = es_text_out_slice(out, plan->counted ? es_front_without_ties(plan, header) : header, errors);
    for (size_t i = 0; i < n && !status; i++)
        status = es_text_out_format(out, errors, "%s%s", delimiter, name[i]);
    return status ? status : es_text_out_slice(out, es_slice_of("\n"), errors);
}

/* The added cells of one row and the newline; at most 96 bytes. */
static size_t format_added(const es_front_plan *plan, const es_candidates *c, const es_front_verdict *verdict,
                           const measures *m, uint64_t at, char *text) {
    const char delimiter = es_csv_input_delimiter(plan->csv);
    size_t n = 0;
    if (plan->mode == ES_FRONT_LAYERS) {
        text[n++] = delimiter;
        n += es_format_u64(text + n, verdict->rank[at]);
    }
    if (m->crowding) {
        text[n++] = delimiter;
        const size_t length = es_format_double(text + n, m->crowding[at], 9);
        char *point = delimiter != ',' && es_csv_input_decimal(plan->csv) == ',' ? memchr(text + n, '.', length) : NULL;
        if (point)
            *point = ',';
        n += length;
    }
    if (m->knee) {
        text[n++] = delimiter;
        text[n++] = (char)('0' + m->knee[at]);
    }
    if (plan->mode == ES_FRONT_ROBUST) {
        const char *word = verdict->robust[at] == ES_ROBUST_CERTAIN ? "certain" : "possible";
        text[n++] = delimiter;
        memcpy(text + n, word, strlen(word));
        n += strlen(word);
    }
    if (plan->options->unique) {
        text[n++] = delimiter;
        n += es_format_u64(text + n, c->ties[at]);
    }
    text[n++] = '\n';
    return n;
}

static es_status put_rows(const es_front_plan *plan, const es_candidates *c, const es_front_verdict *verdict,
                          const measures *m, es_text_out *out, es_errors *errors) {
    es_status status = put_header(plan, out, errors);
    for (size_t i = 0; i < verdict->kept.count && !status; i++) {
        const uint64_t at = verdict->kept.index[i];
        char added[128];
        status = es_text_out_slice(out, es_candidates_text(c, at), errors);
        if (!status)
            status = es_text_out_slice(out, (es_slice){added, format_added(plan, c, verdict, m, at, added)}, errors);
    }
    return status;
}

es_status es_front_write(const es_front_plan *plan, const es_candidates *candidates, const es_keys *keys,
                         const es_front_verdict *verdict, const es_text_sink *out, const es_text_sink *side,
                         es_errors *errors) {
    measures m = {0};
    es_text_out text = {.sink = out};
    es_status status = measure(plan, candidates, keys, verdict, &m, side, errors);
    if (!status)
        status = put_rows(plan, candidates, verdict, &m, &text, errors);
    status = es_text_out_end(&text, status, errors);
    free(m.crowding);
    free(m.knee);
    return status;
}

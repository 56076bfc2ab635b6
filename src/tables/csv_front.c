/* Each thread reads blocks and keeps candidates: rows that are part of the result as far as it has seen.  A filter drops
 * most rows at once; when the candidates have doubled they are reduced to those that still count.  At the end the
 * candidates of all threads are judged together.
 *
 * Why dropping is exact.  Front and boxes: what a dropped row dominates, the row that dropped it dominates too.  Layers: a
 * row of layer K or behind has a chain of K rows before it, each dominating the next; a row dominated by one of layer K of
 * the candidates is behind layer K, and chains through it can be rerouted around it.  Robustness: if the worst end of b
 * dominates the best end of a, then b stands in for a against every other point, and a cannot matter to b. */
#include "tables/csv_front.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tables/boundaries.h"
#include "tables/front_plan.h"
#include "tables/row_key.h"
#include "base/arena.h"
#include "pareto/pareto_robust.h"

enum {
    MIN_CANDIDATES = 8192,    /* reduce no smaller lists */
    MIN_TEXT = 4 << 20,       /* bytes of rows */
    MAX_FILTERS = 4096,       /* groups that get a filter of their own */
    ROWS_WITHOUT_FILTER = 16, /* of a group */
    MIN_PENDING = 16          /* vectors to add to a filter before it is indexed again */
};

/* Vectors that drop rows: whoever is dominated by one of them is not part of the result. */
typedef struct filter {
    es_archive *archive; /* NULL: too few rows, or too many groups */
    es_archive_hint hint;
    uint32_t rows; /* of the group so far, while there is no archive */
    size_t settled;
} filter;

typedef struct front_worker {
    const es_front_plan *plan;
    es_candidates candidates;
    size_t reduced, reduced_text; /* size after the last reduction */
    es_boundaries boundaries;
    es_keys keys;
    es_key key, last_key;
    uint32_t last_group;
    filter *filter; /* by group */
    size_t n_filters, filter_capacity, n_archives;
} front_worker;

/* ---- Filters ---- */

static es_status filter_of(front_worker *w, uint32_t group, filter **found, es_errors *errors) {
    if (!es_grow((void **)&w->filter, &w->filter_capacity, (size_t)group + 1, sizeof *w->filter))
        return es_fail_memory(errors);
    while (w->n_filters <= group)
        w->filter[w->n_filters++] = (filter){0};
    *found = &w->filter[group];
    if ((*found)->archive || w->n_archives == MAX_FILTERS || ++(*found)->rows < ROWS_WITHOUT_FILTER)
        return ES_OK;
    w->n_archives++;
    return es_archive_new(w->plan->d, w->plan->direction, &(*found)->archive, errors);
}

typedef enum value_end { END_BEST, END_WORST } value_end;

/* The best or worst ends of the intervals that the values may lie in. */
static void ends_of(const es_front_plan *plan, const double *value, value_end end, double *ends) {
    for (unsigned k = 0; k < plan->d; k++) {
        const bool upper = (plan->direction[k] == ES_MINIMIZE) == (end == END_WORST);
        const double *given = plan->range[k] ? &value[plan->range[k] + upper] : NULL;
        ends[k] = es_uncertain_end(value[k], plan->relative[k], given, upper);
    }
}

static bool drops(const es_front_plan *plan, filter *f, const double *value, uint64_t index) {
    double best[ES_MAX_OBJECTIVES];
    if (!f->archive)
        return false;
    switch (plan->mode) {
    case ES_FRONT_ROBUST: ends_of(plan, value, END_BEST, best); return es_archive_dominates(f->archive, best, &f->hint);
    case ES_FRONT_BOXES:
        if (!plan->options->unique) /* else equal ones are counted */
            return es_archive_covers(f->archive, value, index, &f->hint);
    /* fallthrough */
    default: return es_archive_dominates(f->archive, value, &f->hint);
    }
}

/* Indexes what was added when that is worth it. */
static es_status settle(filter *f, es_errors *errors) {
    const size_t count = es_archive_count(f->archive);
    if (count < f->settled)
        f->settled = count;
    const size_t pending = count - f->settled;
    if (pending < MIN_PENDING || pending < f->settled / 2)
        return ES_OK;
    const es_status status = es_archive_settle(f->archive, errors);
    f->settled = es_archive_count(f->archive);
    return status;
}

static es_status add_to_filter(const es_front_plan *plan, filter *f, const double *value, uint64_t index,
                               es_errors *errors) {
    double worst[ES_MAX_OBJECTIVES];
    const double *column[ES_MAX_OBJECTIVES];
    if (!f->archive)
        return ES_OK;
    if (plan->mode == ES_FRONT_ROBUST) {
        ends_of(plan, value, END_WORST, worst);
        value = worst;
    }
    for (unsigned k = 0; k < plan->d; k++)
        column[k] = value + k;
    const es_batch batch = {.n = 1, .first_index = index, .column = column};
    const es_status status = es_archive_insert(f->archive, &batch, errors);
    return status ? status : settle(f, errors);
}

/* Layers: only the last layer drops rows, and it is known only after a reduction. */
static es_status refill_filters(front_worker *w, const es_front_verdict *verdict, es_errors *errors) {
    es_status status = ES_OK;
    for (size_t i = 0; i < w->n_filters; i++)
        if (w->filter[i].archive)
            es_archive_clear(w->filter[i].archive);
    for (size_t i = 0; i < verdict->kept.count && !status; i++) {
        const uint64_t at = verdict->kept.index[i];
        double value[ES_MAX_OBJECTIVES];
        if (verdict->rank[at] != w->plan->options->max_rank)
            continue;
        for (unsigned k = 0; k < w->plan->d; k++)
            value[k] = w->candidates.value[k][at];
        status = add_to_filter(w->plan, &w->filter[w->candidates.group[at]], value, w->candidates.index[at], errors);
    }
    for (size_t i = 0; i < w->n_filters && !status; i++) {
        filter *f = &w->filter[i];
        if (f->archive)
            status = es_archive_settle(f->archive, errors);
        f->settled = f->archive ? es_archive_count(f->archive) : 0;
    }
    return status;
}

/* ---- One thread ---- */

static es_status reduce(front_worker *w, es_errors *errors) {
    es_front_verdict verdict;
    es_status status = es_front_judge(w->plan, &w->candidates, 1, &verdict, errors);
    if (!status && w->plan->mode == ES_FRONT_LAYERS)
        status = refill_filters(w, &verdict, errors);
    if (!status)
        es_candidates_keep(&w->candidates, verdict.kept.index, verdict.kept.count);
    es_front_verdict_free(&verdict);
    w->reduced = w->candidates.n;
    w->reduced_text = w->candidates.text_length;
    return status;
}

static es_status group_of(front_worker *w, const es_query_tile *tile, size_t i, uint32_t *group, es_errors *errors) {
    const size_t n_by = w->plan->options->n_by;
    *group = 0;
    if (n_by == 0)
        return ES_OK;
    w->key.length = 0;
    es_status status = es_key_append(&w->key, tile->block, tile->row[i], w->plan->by, n_by, errors);
    if (status)
        return status;
    if (w->last_key.length == w->key.length && !memcmp(w->last_key.text, w->key.text, w->key.length)) {
        *group = w->last_group;
        return ES_OK;
    }
    status = es_keys_number(&w->keys, (es_slice){w->key.text, w->key.length}, group, errors);
    const es_key swap = w->last_key;
    w->last_key = w->key;
    w->key = swap;
    w->last_group = *group;
    return status;
}

/* The number of rows that a row stands for; *row loses the cell that tells it. */
static es_status ties_of(const front_worker *w, const es_query_tile *tile, size_t i, es_slice *row, uint64_t *ties,
                         es_errors *errors) {
    *ties = 1;
    if (!w->plan->counted)
        return ES_OK;
    const es_slice whole = *row;
    const double value = tile->value[w->plan->n_columns][i];
    *row = es_front_without_ties(w->plan, *row);
    const size_t at = row->length + 1;
    const es_origin origin = es_csv_block_origin(tile->block, (size_t)(whole.text - tile->block->text) + at);
    *ties = value >= 1 && value < 0x1p63 ? (uint64_t)value : 0;
    return (double)*ties == value && *ties
               ? ES_OK
               : es_fail(errors, ES_ERUNTIME, &origin, "ties: '%s'; expected a whole number of rows, 1 or more",
                         es_quote((es_slice){whole.text + at, whole.length - at}).text);
}

static es_status take_row(front_worker *w, const es_query_tile *tile, size_t i, es_errors *errors) {
    double value[ES_MAX_FRONT_COLUMNS];
    uint32_t group;
    filter *f = NULL;
    for (unsigned k = 0; k < w->plan->n_columns; k++)
        value[k] = tile->value[k][i];
    es_status status = group_of(w, tile, i, &group, errors);
    if (!status && w->plan->boundary != SIZE_MAX)
        status = es_boundaries_note(&w->boundaries, group,
                                    es_csv_block_cell(tile->block, tile->row[i], w->plan->boundary), errors);
    if (!status)
        status = filter_of(w, group, &f, errors);
    const uint64_t index = es_query_index(tile, i);
    if (status || drops(w->plan, f, value, index))
        return status;
    uint64_t ties;
    es_slice row = es_csv_block_row(tile->block, tile->row[i]);
    status = ties_of(w, tile, i, &row, &ties, errors);
    if (!status)
        status = es_candidates_add(&w->candidates, value, index, group, ties, row, errors);
    if (!status && w->plan->mode != ES_FRONT_LAYERS)
        status = add_to_filter(w->plan, f, value, index, errors);
    return status;
}

static es_status take_tile(void *worker, const es_query_tile *tile, es_errors *errors) {
    front_worker *w = worker;
    es_status status = ES_OK;
    for (size_t i = 0; i < tile->n && !status; i++)
        status = take_row(w, tile, i, errors);
    const bool many = w->candidates.n > 2 * w->reduced + MIN_CANDIDATES;
    const bool long_text = w->candidates.text_length > 2 * w->reduced_text + MIN_TEXT;
    return !status && (many || long_text) ? reduce(w, errors) : status;
}

static void worker_free(front_worker *w) {
    for (size_t i = 0; i < w->n_filters; i++)
        es_archive_free(w->filter[i].archive);
    free(w->filter);
    es_candidates_free(&w->candidates);
    es_boundaries_free(&w->boundaries);
    es_keys_free(&w->keys);
    es_key_free(&w->key);
    es_key_free(&w->last_key);
}

/* ---- All threads ---- */

/* Renumbers the groups of one thread as in `keys`, and moves their boundaries to `boundaries`. */
static es_status unite_groups(front_worker *w, es_keys *keys, es_boundaries *boundaries, es_errors *errors) {
    uint32_t *number = calloc((size_t)w->keys.n + 1, sizeof *number);
    es_status status = number ? ES_OK : es_fail_memory(errors);
    for (uint32_t i = 0; i < w->keys.n && !status; i++)
        status = es_keys_number(keys, es_keys_text(&w->keys, i), &number[i], errors);
    for (size_t i = 0; i < w->candidates.n && w->keys.n && !status; i++)
        w->candidates.group[i] = number[w->candidates.group[i]];
    for (size_t i = 0; i < w->boundaries.n && !status; i++)
        status = es_boundaries_add(boundaries, number[i], &w->boundaries, i, errors);
    free(number);
    return status;
}

static es_status gather(front_worker *worker, size_t n, es_keys *keys, es_candidates *all, es_errors *errors) {
    es_boundaries boundaries = {0};
    es_candidates *part = calloc(n, sizeof *part);
    es_status status = part ? ES_OK : es_fail_memory(errors);
    for (size_t i = 0; i < n && !status; i++) {
        status = unite_groups(&worker[i], keys, &boundaries, errors);
        part[i] = worker[i].candidates;
        worker[i].candidates = (es_candidates){.d = part[i].d};
    }
    if (!status)
        status = es_boundaries_check(&boundaries, errors);
    if (!status)
        status = es_candidates_merge(all, part, n, errors);
    es_boundaries_free(&boundaries);
    for (size_t i = 0; part && i < n; i++)
        es_candidates_free(&part[i]);
    free(part);
    return status;
}

static es_status finish(const es_front_plan *plan, front_worker *worker, size_t n, const es_text_sink *out,
                        const es_text_sink *side, es_csv_front_counts *counts, es_errors *errors) {
    es_keys keys = {0};
    es_candidates all = {.d = plan->n_columns};
    es_front_verdict verdict = {0};
    es_status status = gather(worker, n, &keys, &all, errors);
    if (!status)
        status = es_front_judge(plan, &all, (unsigned)n, &verdict, errors);
    if (!status)
        status = es_front_write(plan, &all, &keys, &verdict, out, side, errors);
    counts->shown = verdict.kept.count;
    es_front_verdict_free(&verdict);
    es_candidates_free(&all);
    es_keys_free(&keys);
    return status;
}

static size_t count_threads(unsigned wanted) {
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return wanted ? wanted : processors > 0 ? (size_t)processors : 1;
}

static es_status run(const es_front_plan *plan, const es_query *query, const es_text_sink *out,
                     const es_text_sink *side, es_csv_front_counts *counts, es_errors *errors) {
    const size_t n = count_threads(plan->options->threads);
    es_query_counts read = {0};
    front_worker *worker = calloc(n, sizeof *worker);
    void **context = calloc(n, sizeof *context);
    es_status status = worker && context ? ES_OK : es_fail_memory(errors);
    for (size_t i = 0; i < n && !status; i++) {
        worker[i] = (front_worker){.plan = plan, .candidates.d = plan->n_columns};
        context[i] = &worker[i];
    }
    if (!status)
        status = es_query_run(query, take_tile, context, n, &read, errors);
    if (!status) {
        counts->rows = read.rows;
        es_query_warn(query, &read, errors);
        status = finish(plan, worker, n, out, side, counts, errors);
    }
    for (size_t i = 0; worker && i < n; i++)
        worker_free(&worker[i]);
    free(read.rejected);
    free(worker);
    free(context);
    return status;
}

es_status es_csv_front(es_csv_input *csv, const es_csv_front_options *options, const es_text_sink *out,
                       const es_text_sink *side, es_csv_front_counts *counts, es_errors *errors) {
    es_front_plan plan;
    es_query query = {.csv = csv, .skip_missing = options->skip_missing, .strict = options->strict};
    *counts = (es_csv_front_counts){0};
    es_status status = es_front_plan_init(&plan, csv, options, errors);
    query.number = plan.column;
    query.n_numbers = plan.n_columns + plan.counted;
    const es_status bound = es_query_bind(&query, options->where, errors);
    status = status ? status : bound;
    if (!status)
        status = run(&plan, &query, out, side, counts, errors);
    es_query_free(&query);
    es_front_plan_free(&plan);
    return status;
}

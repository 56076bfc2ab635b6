#include "tables/csv_best.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <edgesweep/sweep.h>

#include "pareto/choice.h"
#include "tables/boundaries.h"
#include "tables/row_key.h"
#include "base/arena.h"
#include "base/number.h"

/* The best row so far of one picked value in one group. */
typedef struct entry {
    uint64_t index;                  /* of the row */
    uint64_t first_index;            /* of the first row with this value in this group */
    double value[ES_MAX_OBJECTIVES]; /* minimised */
    size_t by_length;                /* of the part of the key that names the group */
    double best_end, worst_end;      /* of the range of the first objective, minimised; NaN: not known */
    char *text;                      /* the row */
    size_t text_length, text_capacity;
} entry;

typedef struct plan {
    const es_csv_best_options *options;
    size_t *column; /* by, then pick */
    size_t n_by;
    size_t objective[ES_MAX_OBJECTIVES];
    unsigned d;
    bool ties;       /* quality decides first: formats of one model may tie */
    size_t model;    /* its column */
    size_t boundary; /* column of what energies are measured at; SIZE_MAX: of no matter */
    size_t range[2]; /* columns of the low and the high end of the first objective; SIZE_MAX: none */
    const es_csv_input *csv;
} plan;

/* One thread, or all of them put together: entry i belongs to key i. */
typedef struct best_worker {
    const plan *plan;
    es_boundaries boundaries; /* by entry */
    es_keys keys;
    es_key key;
    entry *entry;
    size_t n, capacity;
} best_worker;

/* Turned to minimisation, and back. */
static double turned(const plan *p, unsigned k, double value) {
    return p->options->objective[k].direction == ES_MINIMIZE ? value : -value;
}

/* ---- One thread ---- */

/* The entry of the current key, all zero when it is new. */
static es_status entry_of(best_worker *w, es_slice key, entry **found, bool *is_new, es_errors *errors) {
    uint32_t number;
    const es_status status = es_keys_number(&w->keys, key, &number, errors);
    if (status)
        return status;
    *is_new = number == w->n;
    if (*is_new) {
        if (!es_grow((void **)&w->entry, &w->capacity, w->n + 1, sizeof *w->entry))
            return es_fail_memory(errors);
        w->entry[w->n++] = (entry){0};
    }
    *found = &w->entry[number];
    return ES_OK;
}

static es_status set_row(entry *e, const double *value, unsigned d, uint64_t index, es_slice text, es_errors *errors) {
    if (!es_grow((void **)&e->text, &e->text_capacity, text.length + 1, 1))
        return es_fail_memory(errors);
    memcpy(e->text, text.text, text.length);
    e->text_length = text.length;
    memcpy(e->value, value, d * sizeof *value);
    e->index = index;
    return ES_OK;
}

static es_status take_row(best_worker *w, const es_query_tile *tile, size_t i, es_errors *errors) {
    const plan *p = w->plan;
    double value[ES_MAX_OBJECTIVES];
    for (unsigned k = 0; k < p->d; k++)
        value[k] = turned(p, k, tile->value[k][i]);
    w->key.length = 0;
    es_status status = es_key_append(&w->key, tile->block, tile->row[i], p->column, p->n_by, errors);
    const size_t by_length = w->key.length;
    if (!status)
        status = es_key_append(&w->key, tile->block, tile->row[i], p->column + p->n_by, 1, errors);
    entry *e = NULL;
    bool is_new = false;
    if (!status)
        status = entry_of(w, (es_slice){w->key.text, w->key.length}, &e, &is_new, errors);
    if (!status && p->boundary != SIZE_MAX)
        status = es_boundaries_note(&w->boundaries, (uint32_t)(e - w->entry),
                                    es_csv_block_cell(tile->block, tile->row[i], p->boundary), errors);
    if (status)
        return status;
    const uint64_t index = es_query_index(tile, i);
    if (is_new) {
        e->first_index = index;
        e->by_length = by_length;
    } else if (!es_is_better(value, index, e->value, e->index, p->d)) {
        return ES_OK;
    }
    return set_row(e, value, p->d, index, es_csv_block_row(tile->block, tile->row[i]), errors);
}

static es_status take_tile(void *worker, const es_query_tile *tile, es_errors *errors) {
    es_status status = ES_OK;
    for (size_t i = 0; i < tile->n && !status; i++)
        status = take_row(worker, tile, i, errors);
    return status;
}

static void worker_free(best_worker *w) {
    for (size_t i = 0; i < w->n; i++)
        free(w->entry[i].text);
    free(w->entry);
    es_boundaries_free(&w->boundaries);
    es_keys_free(&w->keys);
    es_key_free(&w->key);
    *w = (best_worker){.plan = w->plan};
}

/* ---- All threads ---- */

/* Moves the better of two entries of each key into `w`. */
static es_status merge_worker(best_worker *w, best_worker *other, es_errors *errors) {
    es_status status = ES_OK;
    for (uint32_t i = 0; i < other->n && !status; i++) {
        entry *from = &other->entry[i], *to = NULL;
        bool is_new;
        status = entry_of(w, es_keys_text(&other->keys, i), &to, &is_new, errors);
        if (!status)
            status = es_boundaries_add(&w->boundaries, (uint32_t)(to - w->entry), &other->boundaries, i, errors);
        if (status)
            return status;
        const uint64_t first_index =
            is_new || from->first_index < to->first_index ? from->first_index : to->first_index;
        if (is_new || es_is_better(from->value, from->index, to->value, to->index, w->plan->d)) {
            const entry swap = *to;
            *to = *from;
            *from = swap;
        }
        to->first_index = first_index;
    }
    return status;
}

/* Finds the groups: each is known by the index of its first row, which orders them, and has one boundary. */
static es_status find_groups(const best_worker *w, es_choice *choice, es_errors *errors) {
    es_keys groups = {0};
    es_boundaries boundaries = {0};
    es_status status = ES_OK;
    uint32_t *group = calloc(w->n + 1, sizeof *group);
    if (!group)
        return es_fail_memory(errors);
    for (uint32_t i = 0; i < w->n && !status; i++) {
        const es_slice key = es_keys_text(&w->keys, i);
        status = es_keys_number(&groups, (es_slice){key.text, w->entry[i].by_length}, &group[i], errors);
        if (!status)
            status = es_boundaries_add(&boundaries, group[i], &w->boundaries, i, errors);
    }
    if (!status)
        status = es_boundaries_check(&boundaries, errors);
    es_boundaries_free(&boundaries);
    uint64_t *first = malloc(((size_t)groups.n + 1) * sizeof *first);
    if (!status && !first)
        status = es_fail_memory(errors);
    for (uint32_t i = 0; i < groups.n && !status; i++)
        first[i] = UINT64_MAX;
    for (size_t i = 0; i < w->n && !status; i++)
        if (w->entry[i].first_index < first[group[i]])
            first[group[i]] = w->entry[i].first_index;
    for (size_t i = 0; i < w->n && !status; i++)
        choice[i].group = first[group[i]];
    free(first), free(group);
    es_keys_free(&groups);
    return status;
}

/* The number in a cell, NaN when there is none. */
static double number_in(const plan *p, size_t column, es_slice cell) {
    char text[ES_CSV_NUMBER_MAX], room[ES_CSV_NUMBER_MAX];
    double value;
    if (cell.length >= sizeof text)
        return NAN;
    const es_slice number = es_csv_input_number(p->csv, column, es_csv_value(cell, text), room);
    return es_parse_double(number, &value) == ES_NUMBER_OK ? value : NAN;
}

/* Reads what decides about ties: models, whose formats may tie, and ranges. */
static es_status find_kin(best_worker *w, es_choice *choice, es_errors *errors) {
    const plan *p = w->plan;
    const bool minimised = p->options->objective[0].direction == ES_MINIMIZE;
    es_keys models = {0};
    es_status status = ES_OK;
    es_slice *cell = malloc((es_csv_input_columns(p->csv) + 1) * sizeof *cell);
    if (!cell)
        status = es_fail_memory(errors);
    for (size_t i = 0; i < w->n && (p->ties || p->range[0] != SIZE_MAX) && !status; i++) {
        entry *e = &w->entry[i];
        uint32_t model = 0;
        es_csv_split((es_slice){e->text, e->text_length}, es_csv_input_delimiter(p->csv), cell,
                     es_csv_input_columns(p->csv));
        if (p->ties)
            status = es_keys_number(&models, cell[p->model], &model, errors);
        choice[i].kin = model;
        if (p->range[0] != SIZE_MAX) {
            const double low = number_in(p, p->range[0], cell[p->range[0]]),
                         high = number_in(p, p->range[1], cell[p->range[1]]);
            e->best_end = minimised ? low : -high;
            e->worst_end = minimised ? high : -low;
        }
    }
    free(cell);
    es_keys_free(&models);
    return status;
}

/* Whether the range of a choice reaches that of one behind it in its group. */
static bool overlap(const plan *p, const es_choice *better, const es_choice *other) {
    const entry *a = better->row, *b = other->row;
    return p->range[0] != SIZE_MAX && !(p->ties && better->kin == other->kin) &&
           es_ranges_overlap(a->worst_end, b->best_end);
}

/* Lists the first choices of each group, with what they cannot be told from. */
static void list_choices(const plan *p, const es_choice *choice, size_t n, double margin, es_csv_best *best) {
    for (size_t first = 0, end; first < n; first = end) {
        uint64_t within = 0;
        for (end = first + 1; end < n && choice[end].group == choice[first].group; end++)
            within += overlap(p, &choice[first], &choice[end]);
        for (size_t i = first; i < end && i - first <= best->top; i++) {
            const entry *e = choice[i].row;
            best->choice[best->n++] =
                (es_csv_choice){.group = best->n_groups,
                                .rank = i - first + 1,
                                .row = {e->text, e->text_length},
                                .value = e->value,
                                .tie = i > first && es_choices_tie(&choice[i - 1], &choice[i], margin),
                                .overlaps = i > first && overlap(p, &choice[i - 1], &choice[i]),
                                .n_overlapped = i > first ? 0 : within};
        }
        best->n_groups++;
    }
}

/* Orders the entries and lists the first ones of each group. */
static es_status rank(best_worker *w, es_csv_best *best, es_errors *errors) {
    const plan *p = w->plan;
    const double margin = p->ties ? ES_QUALITY_TIE : 0;
    es_choice *choice = calloc(w->n + 1, sizeof *choice);
    best->choice = calloc(w->n + 1, sizeof *best->choice);
    es_status status = choice && best->choice ? find_groups(w, choice, errors) : es_fail_memory(errors);
    if (!status)
        status = find_kin(w, choice, errors);
    for (size_t i = 0; i < w->n && !status; i++)
        choice[i].row = &w->entry[i], choice[i].value = w->entry[i].value, choice[i].index = w->entry[i].index;
    if (!status && w->n)
        es_choices_rank(choice, w->n, p->d, margin);
    if (!status)
        list_choices(p, choice, w->n, margin, best);
    free(choice);
    for (size_t i = 0; i < w->n; i++)
        for (unsigned k = 0; k < p->d; k++)
            w->entry[i].value[k] = turned(p, k, w->entry[i].value[k]);
    return status;
}

static es_status run(best_worker *worker, size_t n, const es_query *query, es_csv_best *best, es_errors *errors) {
    es_query_counts counts = {0};
    void **context = calloc(n, sizeof *context);
    es_status status = context ? ES_OK : es_fail_memory(errors);
    for (size_t i = 0; i < n && context; i++)
        context[i] = &worker[i];
    if (!status)
        status = es_query_run(query, take_tile, context, n, &counts, errors);
    if (!status)
        es_query_warn(query, &counts, errors);
    best->rows = counts.rows;
    for (size_t i = 1; i < n && !status; i++)
        status = merge_worker(&worker[0], &worker[i], errors);
    free(counts.rejected);
    free(context);
    return status ? status : rank(&worker[0], best, errors);
}

/* ---- Options against the header ---- */

/* A table that lacks one end of the first objective has no ranges. */
static void find_range(plan *p) {
    const es_slice name = p->options->objective[0].column;
    p->range[0] = es_query_range_end(p->csv, name, false);
    p->range[1] = es_query_range_end(p->csv, name, true);
    if (p->range[1] == SIZE_MAX)
        p->range[0] = SIZE_MAX;
}

static es_status plan_init(plan *p, const es_csv_input *csv, const es_csv_best_options *options, es_errors *errors) {
    es_status first = ES_OK;
    *p = (plan){.options = options, .n_by = options->n_by, .d = (unsigned)options->n_objectives, .csv = csv};
    if (options->n_objectives == 0 || options->n_objectives > ES_MAX_OBJECTIVES)
        return es_fail(errors, ES_EUSAGE, NULL, "%zu objectives (expected 1 to %d)", options->n_objectives,
                       ES_MAX_OBJECTIVES);
    p->column = calloc(p->n_by + 1, sizeof *p->column);
    if (!p->column)
        return es_fail_memory(errors);
    for (size_t i = 0; i <= p->n_by; i++) {
        const es_slice name = i < p->n_by ? options->by[i] : options->pick;
        const es_status status = es_query_column(csv, name, NULL, &p->column[i], errors);
        first = first ? first : status;
    }
    for (unsigned k = 0; k < p->d; k++) {
        const es_status status = es_query_column(csv, options->objective[k].column, NULL, &p->objective[k], errors);
        first = first ? first : status;
    }
    for (unsigned k = 0; k < p->d && !first; k++)
        for (unsigned j = 0; j < k; j++)
            if (p->objective[k] == p->objective[j])
                return es_fail(errors, ES_EUSAGE, NULL, "objective given twice: '%s'",
                               es_quote(options->objective[k].column).text);
    for (size_t i = 0; i < p->n_by && !first; i++) {
        for (size_t j = 0; j < i; j++)
            if (p->column[i] == p->column[j])
                return es_fail(errors, ES_EUSAGE, NULL, "group given twice: '%s'", es_quote(options->by[i]).text);
        if (p->column[i] == p->column[p->n_by])
            return es_fail(errors, ES_EUSAGE, NULL, "the picked column cannot be a group: '%s'",
                           es_quote(options->pick).text);
    }
    const es_column_objective *deciding = &options->objective[0];
    p->model = es_csv_input_find(csv, es_slice_of("model"));
    p->ties = deciding->direction == ES_MAXIMIZE && es_slice_equal(deciding->column, "quality") && p->model != SIZE_MAX;
    find_range(p);
    p->boundary = SIZE_MAX;
    if (!first && !options->mix_boundaries)
        first = es_boundaries_column(csv, &options->energies, options->objective, options->n_objectives, &p->boundary,
                                     errors);
    return first;
}

/* Keeps what the caller needs of the plan. */
static es_status describe(es_csv_best *best, const plan *p, es_errors *errors) {
    best->by = malloc((p->n_by + p->d) * sizeof *best->by);
    if (!best->by)
        return es_fail_memory(errors);
    if (p->n_by)
        memcpy(best->by, p->column, p->n_by * sizeof *best->by);
    best->objective = best->by + p->n_by;
    memcpy(best->objective, p->objective, p->d * sizeof *best->objective);
    best->n_by = p->n_by;
    best->n_objectives = p->d;
    best->pick = p->column[p->n_by];
    best->top = p->options->top ? p->options->top : 1;
    return ES_OK;
}

static es_status find(const plan *p, const es_query *query, es_csv_best *best, es_errors *errors) {
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    const size_t n = p->options->threads ? p->options->threads : processors > 0 ? (size_t)processors : 1;
    best_worker *worker = calloc(n, sizeof *worker), *all = calloc(1, sizeof *all);
    es_status status = worker && all ? describe(best, p, errors) : es_fail_memory(errors);
    for (size_t i = 0; i < n && worker; i++)
        worker[i].plan = p;
    if (!status)
        status = run(worker, n, query, best, errors);
    if (worker && all) {
        *all = worker[0];
        worker[0] = (best_worker){0};
    }
    best->memory = all;
    for (size_t i = 0; i < n && worker; i++)
        worker_free(&worker[i]);
    free(worker);
    return status;
}

es_status es_csv_best_find(es_csv_input *csv, const es_csv_best_options *options, es_csv_best *best,
                           es_errors *errors) {
    plan p;
    es_query query = {.csv = csv, .skip_missing = options->skip_missing, .strict = options->strict};
    *best = (es_csv_best){0};
    es_status status = plan_init(&p, csv, options, errors);
    query.number = p.objective;
    query.n_numbers = p.d;
    const es_status bound = es_query_bind(&query, options->where, errors);
    status = status ? status : bound;
    if (!status)
        status = find(&p, &query, best, errors);
    es_query_free(&query);
    free(p.column);
    if (status)
        es_csv_best_free(best);
    return status;
}

void es_csv_best_free(es_csv_best *best) {
    if (best->memory)
        worker_free(best->memory);
    free(best->memory);
    free(best->choice);
    free(best->by);
    *best = (es_csv_best){0};
}

/* ---- The table ---- */

/* Columns in the order of the output. */
static size_t *order_columns(const es_csv_best *best, size_t n_columns) {
    size_t n = best->n_by, *order = malloc(n_columns * sizeof *order);
    if (!order)
        return NULL;
    memcpy(order, best->by, n * sizeof *order);
    order[n++] = best->pick;
    for (size_t c = 0; c < n_columns; c++) {
        bool first = true;
        for (size_t i = 0; i <= best->n_by; i++)
            first &= order[i] != c;
        if (first)
            order[n++] = c;
    }
    return order;
}

/* One row, cells in the new order; `rank` goes behind the picked column, NULL: none. */
static es_status put_row(const es_csv_best *best, es_slice row, char delimiter, const size_t *order, es_slice *cell,
                         size_t n_columns, const char *rank, es_text_out *out, es_errors *errors) {
    const es_slice comma = {&delimiter, 1};
    es_csv_split(row, delimiter, cell, n_columns);
    es_status status = ES_OK;
    for (size_t i = 0; i < n_columns && !status; i++) {
        if (i > 0)
            status = es_text_out_slice(out, comma, errors);
        if (!status)
            status = es_text_out_slice(out, cell[order[i]], errors);
        if (!status && i == best->n_by && rank)
            status = es_text_out_format(out, errors, "%c%s", delimiter, rank);
    }
    return status ? status : es_text_out_slice(out, es_slice_of("\n"), errors);
}

static es_status put_choices(const es_csv_best *best, char delimiter, const size_t *order, es_slice *cell,
                             size_t n_columns, es_text_out *out, es_errors *errors) {
    es_status status = ES_OK;
    for (size_t i = 0; i < best->n && !status; i++) {
        char rank[24];
        if (best->choice[i].rank > best->top)
            continue;
        snprintf(rank, sizeof rank, "%llu", (unsigned long long)best->choice[i].rank);
        status = put_row(best, best->choice[i].row, delimiter, order, cell, n_columns, best->top > 1 ? rank : NULL, out,
                         errors);
    }
    return status;
}

es_status es_csv_best_write(const es_csv_input *csv, const es_csv_best *best, const es_text_sink *sink,
                            es_errors *errors) {
    const size_t n_columns = es_csv_input_columns(csv);
    const char delimiter = es_csv_input_delimiter(csv);
    if (best->top > 1 && es_csv_input_find(csv, es_slice_of("rank")) != SIZE_MAX)
        return es_fail(errors, ES_ERUNTIME, NULL, "the table already has a column 'rank'");
    es_text_out out = {.sink = sink};
    size_t *order = order_columns(best, n_columns);
    es_slice *cell = malloc(n_columns * sizeof *cell);
    es_status status = order && cell ? ES_OK : es_fail_memory(errors);
    if (!status)
        status = put_row(best, es_csv_input_header(csv), delimiter, order, cell, n_columns,
                         best->top > 1 ? "rank" : NULL, &out, errors);
    if (!status)
        status = put_choices(best, delimiter, order, cell, n_columns, &out, errors);
    status = es_text_out_end(&out, status, errors);
    free(order);
    free(cell);
    return status;
}

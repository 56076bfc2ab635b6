#include "tables/query.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/number.h"

enum { TILE = 1024, TILE_LEAVES = 256 };

/* ---- Columns by name ---- */

static bool same_name(es_slice a, es_slice b) { return a.length == b.length && !memcmp(a.text, b.text, a.length); }

static es_status fail_unknown(const es_csv_input *csv, es_slice name, const es_origin *at, es_errors *errors) {
    const size_t n = es_csv_input_columns(csv);
    const char **names = malloc(n * sizeof *names);
    if (!names)
        return es_fail_memory(errors);
    for (size_t i = 0; i < n; i++)
        names[i] = es_csv_input_name(csv, i).text;
    const char *near = es_nearest(name, names, n);
    char known[240] = "";
    for (size_t i = 0, used = 0; i < n && !near; i++) {
        used +=
            (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", es_quote_text(names[i]).text);
        if (used + 32 < sizeof known)
            continue;
        es_copy_text(known + sizeof known - 5, 5, es_slice_of(" ..."));
        break;
    }
    const es_quoted token = es_quote(name), hint = es_quote_text(near ? near : "");
    free(names);
    if (near)
        return es_fail(errors, ES_EUSAGE, at, "unknown column: '%s' (did you mean '%s'?)", token.text, hint.text);
    return es_fail(errors, ES_EUSAGE, at, "unknown column: '%s' (expected one of: %s)", token.text, known);
}

es_status es_query_column(const es_csv_input *csv, es_slice name, const es_origin *at, size_t *column,
                          es_errors *errors) {
    const size_t n = es_csv_input_columns(csv);
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        if (!same_name(es_csv_input_name(csv, i), name))
            continue;
        *column = i;
        found++;
    }
    if (found == 0)
        return fail_unknown(csv, name, at, errors);
    if (found > 1)
        return es_fail(errors, ES_EUSAGE, at, "%zu columns have this name: '%s'", found, es_quote(name).text);
    return ES_OK;
}

size_t es_query_range_end(const es_csv_input *csv, es_slice name, bool high) {
    const char *end = high ? "_high" : "_low";
    for (size_t c = 0; c < es_csv_input_columns(csv); c++) {
        const es_slice other = es_csv_input_name(csv, c);
        if (other.length == name.length + strlen(end) && !memcmp(other.text, name.text, name.length) &&
            !memcmp(other.text + name.length, end, strlen(end)))
            return c;
    }
    return SIZE_MAX;
}

static bool is_column(const void *context, es_slice word) { return es_csv_input_find(context, word) != SIZE_MAX; }

es_expr_words es_query_words(const es_csv_input *csv) { return (es_expr_words){.is_name = is_column, .context = csv}; }

static es_status find_column(const es_query *query, const es_expr *x, size_t node, size_t *column, es_errors *errors) {
    const es_origin at = es_expr_origin(x, node);
    const es_slice name = x->name[x->node[node].index];
    for (size_t i = 0; i < query->n_computed; i++)
        if (same_name(query->computed[i].name, name))
            return *column = es_csv_input_columns(query->csv) + i, ES_OK;
    return es_query_column(query->csv, name, &at, column, errors);
}

/* The columns of a comparison, or of a name alone. */
static es_status bind_leaf(const es_query *query, const es_expr *x, es_comparison test, es_bound_leaf *leaf,
                           es_errors *errors) {
    *leaf = (es_bound_leaf){.test = test};
    es_status status = find_column(query, x, test.a, &leaf->column, errors);
    if (test.kind != ES_COMPARES_NAME)
        return status;
    const es_status rhs = find_column(query, x, test.b, &leaf->rhs_column, errors);
    return status ? status : rhs;
}

/* Comparisons that may be of texts are made on the cells; the rest is computed from numbers. */
static es_status bind_expression(es_query *query, const es_expr *x, size_t root, es_bound_condition *bound,
                                 es_errors *errors) {
    const size_t first = x->node[root].first;
    es_bound_leaf *leaf = es_arena_array(&query->arena, root + 1 - first, sizeof *leaf);
    es_expr_binding *binding = es_arena_array(&query->arena, root + 1 - first, sizeof *binding);
    if (!leaf || !binding)
        return es_fail_memory(errors);
    bound->leaf = leaf;
    const es_comparison whole = es_where_comparison(x, root);
    if (bound->condition && whole.kind != ES_COMPARES_NOTHING)
        return bound->n_leaves = 1, bind_leaf(query, x, whole, leaf, errors);
    es_status status = ES_OK;
    for (size_t i = root + 1; i-- > first;) { /* users before their operands */
        if (binding[i - first].kind == ES_BOUND_CONSTANT)
            continue; /* below a comparison that is bound */
        es_comparison test = es_where_comparison(x, i);
        const bool may_be_text =
            test.kind == ES_COMPARES_TEXT || (test.kind == ES_COMPARES_NAME && (test.op == ES_EQ || test.op == ES_NE));
        if (!may_be_text && x->node[i].op != ES_X_NAME)
            continue;
        for (size_t k = 0; k < x->node[i].n_in; k++)
            binding[x->node[i].in[k] - first].kind = ES_BOUND_CONSTANT;
        binding[i - first] = (es_expr_binding){.kind = ES_BOUND_INPUT, .input = (uint16_t)bound->n_leaves};
        const es_origin at = es_expr_origin(x, root);
        if (bound->n_leaves == TILE_LEAVES)
            return es_fail(errors, ES_EUSAGE, &at, "expression too long: '%s'", es_quote(es_expr_source(x, root)).text);
        const es_status one = bind_leaf(query, x, test, &leaf[bound->n_leaves++], errors);
        status = status ? status : one;
    }
    return status ? status : es_expr_compile(&bound->program, x, root, binding, &query->arena, errors);
}

es_status es_query_bind(es_query *query, const es_where *where, es_errors *errors) {
    const size_t n = where ? where->count : 0;
    query->condition = es_arena_array(&query->arena, n + 1, sizeof *query->condition);
    if (!query->condition)
        return es_fail_memory(errors);
    query->n_conditions = n;
    es_status first = ES_OK;
    for (size_t i = 0; i < n; i++) {
        const es_condition *c = query->condition[i].condition = &where->condition[i];
        const es_status status = bind_expression(query, &c->expr, c->root, &query->condition[i], errors);
        first = first ? first : status;
    }
    return first;
}

es_status es_query_add(es_query *query, es_slice name, const es_expr *x, es_errors *errors) {
    es_bound_condition added = {.name = name};
    const es_status status = bind_expression(query, x, x->n_nodes - 1, &added, errors);
    if (status)
        return status;
    if (!es_grow((void **)&query->computed, &query->computed_capacity, query->n_computed + 1, sizeof added))
        return es_fail_memory(errors);
    query->computed[query->n_computed++] = added;
    return ES_OK;
}

void es_query_free(es_query *query) {
    es_arena_free(&query->arena);
    free(query->computed);
    *query = (es_query){0};
}

/* ---- One thread ---- */

typedef struct reader {
    const es_query *query;
    es_query_fn *take;
    void *worker;
    atomic_bool *stop;
    es_csv_block block;
    es_query_counts counts;
    es_status status;
    uint64_t failed_at; /* sequence of the block that failed */
    es_errors *errors;
    char *scratch; /* room for two cells */
    size_t scratch_capacity;
    double *number; /* n_numbers columns of TILE */
    const double **column;
    uint32_t row[TILE];
    uint8_t keep[TILE], holds[TILE];
    double right[TILE], *leaf; /* columns of TILE: what an expression reads */
    double *computed;          /* n_computed columns of TILE */
    const double **computed_column;
} reader;

static void fill_numbers(reader *r, size_t column, size_t first, size_t n, double *to) {
    const size_t n_columns = es_csv_input_columns(r->query->csv);
    if (column < n_columns)
        es_csv_block_numbers(&r->block, column, NULL, first, n, to);
    else
        memcpy(to, r->computed_column[column - n_columns], n * sizeof *to);
}

/* The text of a cell; of computed columns whether there is a number. */
static es_slice text_of(const reader *r, size_t column, size_t row, double number, char *scratch) {
    if (column >= es_csv_input_columns(r->query->csv))
        return es_slice_of(es_is_missing(number) ? "" : "a number");
    return es_csv_value(es_csv_block_cell(&r->block, row, column), scratch);
}

/* Two columns compare as numbers; where one of them is none, = and != compare the texts.  1, 0, or NaN where a cell is
 * empty. */
static void fill_leaf(reader *r, const es_bound_leaf *leaf, size_t first, size_t n, double *to) {
    const es_comparison *c = &leaf->test;
    const bool texts = c->op == ES_EQ || c->op == ES_NE;
    if (c->kind != ES_COMPARES_TEXT || leaf->column >= es_csv_input_columns(r->query->csv))
        fill_numbers(r, leaf->column, first, n, to);
    if (c->kind == ES_COMPARES_NAME)
        fill_numbers(r, leaf->rhs_column, first, n, r->right);
    for (size_t i = 0; i < n && c->kind != ES_COMPARES_NUMBER; i++) {
        if (c->kind == ES_COMPARES_NAME && !isnan(to[i]) && !isnan(r->right[i])) {
            to[i] = es_compare(c->op, to[i], r->right[i]);
            continue;
        }
        const es_slice a = text_of(r, leaf->column, first + i, to[i], r->scratch);
        const es_slice b = c->kind == ES_COMPARES_TEXT
                               ? c->text
                               : text_of(r, leaf->rhs_column, first + i, r->right[i], r->scratch + r->block.length);
        const bool asks_for_empty = c->kind == ES_COMPARES_TEXT && !b.length;
        to[i] = texts && (asks_for_empty || (a.length && b.length)) ? es_compare_text(c->op, a, b) : NAN;
    }
}

static void fill_leaves(reader *r, const es_bound_condition *bound, size_t first, size_t n, const double **leaf) {
    for (size_t i = 0; i < bound->n_leaves; i++) {
        leaf[i] = r->leaf + i * TILE;
        fill_leaf(r, &bound->leaf[i], first, n, r->leaf + i * TILE);
    }
}

static void compute_columns(reader *r, size_t first, size_t n) {
    const double *leaf[TILE_LEAVES];
    for (size_t k = 0; k < r->query->n_computed; k++) {
        fill_leaves(r, &r->query->computed[k], first, n, leaf);
        es_expr_run(r->query->computed[k].program, r->computed + k * TILE, leaf, n);
    }
}

/* Evaluates every condition on every row, so that each has its own count. */
static void apply_conditions(reader *r, size_t first, size_t n) {
    for (size_t k = 0; k < r->query->n_conditions; k++) {
        const es_bound_condition *bound = &r->query->condition[k];
        const double *leaf[TILE_LEAVES];
        fill_leaves(r, bound, first, n, leaf);
        const es_comparison *c = &bound->leaf[0].test;
        const bool compares = !bound->program && c->kind == ES_COMPARES_NUMBER;
        if (bound->program)
            es_expr_run(bound->program, r->right, leaf, n);
        memset(r->holds, 1, n);
        es_where_mask(compares ? c->op : ES_NE, bound->program ? r->right : r->leaf, NULL, compares ? c->number : 0,
                      r->holds, n);
        size_t held = 0;
        for (size_t i = 0; i < n; i++) {
            held += r->holds[i] != 0;
            r->keep[i] &= r->holds[i];
        }
        r->counts.rejected[k] += n - held;
    }
}

/* Lists the rows of the tile that satisfy all conditions. */
static size_t select_rows(reader *r, size_t first, size_t n) {
    memset(r->keep, 1, n);
    apply_conditions(r, first, n);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        r->row[kept] = (uint32_t)(first + i);
        kept += r->keep[i];
    }
    return kept;
}

static es_status fail_missing(const reader *r, size_t row, size_t column, es_errors *errors) {
    const es_slice cell = es_csv_block_cell(&r->block, row, column);
    const es_origin at = es_csv_block_origin(&r->block, (size_t)(cell.text - r->block.text));
    const es_quoted name = es_quote(es_csv_input_name(r->query->csv, column));
    const es_slice value = es_csv_value(cell, NULL);
    if (value.length == 0)
        return es_fail(errors, ES_ERUNTIME, &at,
                       "no value in column '%s' (expected a number; without --strict such rows are left out)",
                       name.text);
    return es_fail(errors, ES_ERUNTIME, &at,
                   "not a number in column '%s': '%s' (expected a number%s; --skip-missing leaves such rows out)",
                   name.text, es_quote(value).text, es_csv_number_hint(value));
}

static bool may_lack(const reader *r, size_t row, size_t column) {
    return r->query->skip_missing ||
           (!r->query->strict && es_csv_value(es_csv_block_cell(&r->block, row, column), NULL).length == 0);
}

/* Drops the rows that lack a number, or fails at the first one that may not. */
static es_status drop_missing(reader *r, size_t *n) {
    const size_t n_numbers = r->query->n_numbers;
    size_t kept = 0;
    for (size_t i = 0; i < *n; i++) {
        size_t k = 0;
        while (k < n_numbers && !isnan(r->number[k * TILE + i]))
            k++;
        for (size_t m = k; m < n_numbers; m++)
            if (isnan(r->number[m * TILE + i]) && !may_lack(r, r->row[i], r->query->number[m]))
                return fail_missing(r, r->row[i], r->query->number[m], r->errors);
        if (k < n_numbers && !r->counts.first.file) {
            const es_slice cell = es_csv_block_cell(&r->block, r->row[i], r->query->number[k]);
            r->counts.first = es_csv_block_origin(&r->block, (size_t)(cell.text - r->block.text));
            r->counts.first_block = r->block.sequence;
        }
        if (k < n_numbers)
            continue;
        for (k = 0; k < n_numbers; k++)
            r->number[k * TILE + kept] = r->number[k * TILE + i];
        r->row[kept++] = r->row[i];
    }
    r->counts.missing += *n - kept;
    *n = kept;
    return ES_OK;
}

/* Counts whole numbers from 2^53 on, which doubles hold but for their last digits: 2^53 + 1 is 2^53. */
static void count_rounded(reader *r, size_t column, const double *value, size_t n) {
    size_t large = 0;
    for (size_t i = 0; i < n; i++)
        large += fabs(value[i]) >= ES_WHOLE_MAX;
    for (size_t i = 0; i < n && large; i++) {
        const es_slice cell = es_csv_block_cell(&r->block, r->row[i], column);
        if (!(fabs(value[i]) >= ES_WHOLE_MAX) || memchr(cell.text, 'e', cell.length) ||
            memchr(cell.text, 'E', cell.length))
            continue;
        if (!r->counts.rounded++) {
            r->counts.first_round = es_csv_block_origin(&r->block, (size_t)(cell.text - r->block.text));
            r->counts.first_round_block = r->block.sequence;
        }
    }
}

static es_status take_tile(reader *r, size_t first, size_t n) {
    compute_columns(r, first, n);
    size_t kept = select_rows(r, first, n), missing = 0;
    r->counts.rows += n;
    r->counts.satisfied += kept;
    for (size_t k = 0; k < r->query->n_numbers; k++) {
        missing += es_csv_block_numbers(&r->block, r->query->number[k], r->row, 0, kept, r->number + k * TILE);
        count_rounded(r, r->query->number[k], r->number + k * TILE, kept);
    }
    const es_status status = missing ? drop_missing(r, &kept) : ES_OK;
    if (status || kept == 0)
        return status;
    const es_query_tile tile = {
        .block = &r->block, .n = kept, .row = r->row, .value = r->column, .computed = r->computed_column};
    return r->take(r->worker, &tile, r->errors);
}

static es_status take_block(reader *r) {
    if (r->scratch_capacity < 2 * r->block.length) {
        free(r->scratch);
        r->scratch_capacity = 2 * r->block.length;
        r->scratch = malloc(r->scratch_capacity);
    }
    if (!r->scratch)
        return es_fail_memory(r->errors);
    es_status status = ES_OK;
    for (size_t first = 0; first < r->block.n_rows && !status; first += TILE) {
        const size_t rest = r->block.n_rows - first;
        status = take_tile(r, first, rest < TILE ? rest : TILE);
    }
    return status ? status : es_csv_block_fail(&r->block, r->errors);
}

/* Takes the next block; false when this was the last, for the thread or for all. */
static bool read_block(reader *r) {
    bool more = false;
    if (atomic_load_explicit(r->stop, memory_order_relaxed))
        return false;
    r->status = es_csv_input_next(r->query->csv, &r->block, &more, r->errors);
    if (!r->status && more)
        r->status = take_block(r);
    if (r->status) {
        r->failed_at = r->block.sequence;
        atomic_store_explicit(r->stop, true, memory_order_relaxed);
    }
    return !r->status && more;
}

static void *read_blocks(void *context) {
    while (read_block(context))
        continue;
    return NULL;
}

/* ---- All threads ---- */

static void reader_free(reader *r) {
    if (!r)
        return;
    es_csv_block_free(&r->block);
    free(r->counts.rejected);
    free(r->errors);
    free(r->scratch);
    free(r->number);
    free(r->leaf);
    free(r->computed);
    free(r->computed_column);
    free(r->column);
    free(r);
}

static reader *reader_new(const es_query *query, es_query_fn *take, void *worker, atomic_bool *stop) {
    reader *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    *r = (reader){.query = query, .take = take, .worker = worker, .stop = stop};
    r->errors = calloc(1, sizeof *r->errors);
    r->counts.rejected = calloc(query->n_conditions + 1, sizeof *r->counts.rejected);
    size_t n_leaves = 1;
    for (size_t i = 0; i < query->n_conditions; i++)
        n_leaves = query->condition[i].n_leaves > n_leaves ? query->condition[i].n_leaves : n_leaves;
    for (size_t i = 0; i < query->n_computed; i++)
        n_leaves = query->computed[i].n_leaves > n_leaves ? query->computed[i].n_leaves : n_leaves;
    r->computed = malloc((query->n_computed + 1) * TILE * sizeof *r->computed);
    r->computed_column = malloc((query->n_computed + 1) * sizeof *r->computed_column);
    r->leaf = malloc(n_leaves * TILE * sizeof *r->leaf);
    r->number = malloc((query->n_numbers + 1) * TILE * sizeof *r->number);
    r->column = malloc((query->n_numbers + 1) * sizeof *r->column);
    if (!r->errors || !r->counts.rejected || !r->leaf || !r->computed || !r->computed_column || !r->number ||
        !r->column) {
        reader_free(r);
        return NULL;
    }
    for (size_t k = 0; k < query->n_numbers; k++)
        r->column[k] = r->number + k * TILE;
    for (size_t k = 0; k < query->n_computed; k++)
        r->computed_column[k] = r->computed + k * TILE;
    return r;
}

static void add_counts(es_query_counts *total, const es_query_counts *part, size_t n_conditions) {
    total->rows += part->rows;
    total->satisfied += part->satisfied;
    total->missing += part->missing;
    if (part->first.file && (!total->first.file || part->first_block < total->first_block)) {
        total->first = part->first;
        total->first_block = part->first_block;
    }
    total->rounded += part->rounded;
    if (part->first_round.file && (!total->first_round.file || part->first_round_block < total->first_round_block)) {
        total->first_round = part->first_round;
        total->first_round_block = part->first_round_block;
    }
    for (size_t i = 0; i < n_conditions; i++)
        total->rejected[i] += part->rejected[i];
}

/* Every block before the one that failed first was read to its end, so this is the first fault of the table. */
static es_status first_fault(reader *const *readers, size_t n, es_errors *errors) {
    const reader *first = NULL;
    for (size_t i = 0; i < n; i++)
        if (readers[i]->status && (!first || readers[i]->failed_at < first->failed_at))
            first = readers[i];
    if (!first)
        return ES_OK;
    for (unsigned i = 0; errors && i < first->errors->n_errors; i++, errors->n_errors++)
        if (i < ES_MAX_ERRORS && errors->n_errors < ES_MAX_ERRORS)
            errors->error[errors->n_errors] = first->errors->error[i];
    return first->status;
}

/* The first block is read alone: for a small table no thread is worth its start. */
static void read_in_parallel(reader *const *readers, pthread_t *thread, size_t n) {
    if (!read_block(readers[0]))
        return;
    size_t started = 1;
    while (!es_csv_input_at_end(readers[0]->query->csv) && started < n &&
           pthread_create(&thread[started], NULL, read_blocks, readers[started]) == 0)
        started++;
    read_blocks(readers[0]);
    while (started > 1)
        pthread_join(thread[--started], NULL);
}

es_status es_query_run(const es_query *query, es_query_fn *take, void *const *worker, size_t n_workers,
                       es_query_counts *counts, es_errors *errors) {
    atomic_bool stop = false;
    es_status status = ES_OK;
    reader **readers = calloc(n_workers, sizeof *readers);
    pthread_t *thread = calloc(n_workers, sizeof *thread);
    *counts = (es_query_counts){.rejected = calloc(query->n_conditions + 1, sizeof *counts->rejected)};
    if (!readers || !thread || !counts->rejected)
        status = es_fail_memory(errors);
    for (size_t i = 0; i < n_workers && !status; i++) {
        readers[i] = reader_new(query, take, worker[i], &stop);
        if (!readers[i])
            status = es_fail_memory(errors);
    }
    if (!status) {
        read_in_parallel(readers, thread, n_workers);
        status = first_fault(readers, n_workers, errors);
    }
    if (!status)
        status = es_csv_input_settle(query->csv, errors);
    for (size_t i = 0; i < n_workers && !status; i++)
        add_counts(counts, &readers[i]->counts, query->n_conditions);
    for (size_t i = 0; readers && i < n_workers; i++)
        reader_free(readers[i]);
    free(readers);
    free(thread);
    return status;
}

void es_query_warn(const es_query *query, const es_query_counts *counts, es_errors *errors) {
    if (counts->missing)
        es_warn(errors, &counts->first, "left out %llu of %llu rows, which lack a number to compare; this is the first",
                (unsigned long long)counts->missing, (unsigned long long)counts->satisfied);
    if (counts->rounded)
        es_warn(errors, &counts->first_round,
                "%llu whole numbers beyond 2^53 are compared rounded to 53 bits; this is the first",
                (unsigned long long)counts->rounded);
    if (counts->rows == 0)
        es_warn(errors, NULL, "the table has no rows");
    if (counts->rows == 0 || counts->satisfied)
        return;
    es_warn(errors, NULL, "empty result: no row satisfies all conditions");
    for (size_t i = 0; i < query->n_conditions; i++)
        es_warn(errors, NULL, "condition '%s' rejected %llu of %llu rows",
                es_quote(query->condition[i].condition->source).text, (unsigned long long)counts->rejected[i],
                (unsigned long long)counts->rows);
}

/* Running a sweep: a pass over the grid, then tables of what it found; rows of single points. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/simd.h"
#include "engine/pass.h"

enum {
    BATCH_POINTS = 16384, /* whose rows wait for their place in a table of another order */
    FRONT_SHOWN = 100000
};

/* ---- rows of single points ---- */

static es_status open_sink(const es_pass *p, const char *path, es_row_sink *sink, es_errors *errors) {
    es_buffer header = {0};
    es_status status = p->columns ? ES_OK : es_row_format_header(p->format, &header, errors);
    if (!status)
        status = es_row_sink_open(sink, path, p->result, p->sweep, p->options, &header, errors);
    es_buffer_free(&header);
    return status;
}

/* Rows are made in the order of the grid, a tile at a time, and written in that of the list. */
typedef struct scattered {
    uint64_t point;
    size_t place; /* in the batch */
    size_t at, n; /* of its text */
    uint64_t ties;
} scattered;

static int by_point(const void *a, const void *b) {
    const scattered *x = a, *y = b;
    return (x->point > y->point) - (x->point < y->point);
}

static int by_place(const void *a, const void *b) {
    const scattered *x = a, *y = b;
    return (x->place > y->place) - (x->place < y->place);
}

/* Rows of the n points that lie in one tile. */
static es_status make_rows_of_tile(es_pass_worker *w, scattered *row, size_t n, es_buffer *text, es_errors *errors) {
    uint8_t *keep = w->filter.keep;
    const uint64_t first = es_eval_first(w->eval);
    const size_t from = (size_t)(row[0].point - first), to = (size_t)(row[n - 1].point - first) + 1;
    const size_t record = w->pass->record.n ? es_record_size(w->pass->record.n) : 0;
    size_t at = text->length;
    memset(keep + from, 0, to - from);
    for (size_t k = 0; k < n; k++)
        keep[row[k].point - first] = 1;
    es_status status = es_pass_append_rows(w, keep, from, to, text, errors);
    for (size_t k = 0; k < n && !status; k++) {
        const char *line = text->data + at + record;
        const char *end = memchr(line, '\n', text->length - at - record);
        row[k].at = at;
        row[k].n = record + (size_t)(end - line) + 1;
        at += row[k].n;
    }
    return status;
}

/* The same where a row is no line: a piece each. */
static es_status make_pieces_of_tile(es_pass_worker *w, scattered *row, size_t n, es_buffer *text, es_errors *errors) {
    es_status status = ES_OK;
    for (size_t k = 0; k < n && !status; k++) {
        const size_t i = (size_t)(row[k].point - es_eval_first(w->eval));
        row[k].at = text->length;
        status = es_pass_append_rows(w, NULL, i, i + 1, text, errors);
        row[k].n = text->length - row[k].at;
    }
    return status;
}

static es_status make_rows(es_pass_worker *w, scattered *row, size_t n, es_buffer *text, es_errors *errors) {
    const es_pass *p = w->pass;
    es_status status = ES_OK;
    for (size_t k = 0, m; k < n && !status; k += m) {
        const uint64_t tile = es_tile_of(p->sweep, &p->tiling, row[k].point);
        for (m = 1; k + m < n && es_tile_of(p->sweep, &p->tiling, row[k + m].point) == tile;)
            m++;
        es_eval_tile(w->eval, tile);
        es_eval_stage(w->eval, ES_STAGE_ROWS);
        status = p->columns ? make_pieces_of_tile(w, row + k, m, text, errors)
                            : make_rows_of_tile(w, row + k, m, text, errors);
    }
    return status;
}

/* Puts the number of its ties behind each row, in the order of the batch. */
static es_status add_ties(es_pass_worker *w, const scattered *row, size_t n, es_buffer *text, es_errors *errors) {
    const es_pass *p = w->pass;
    const size_t record = p->record.n ? es_record_size(p->record.n) : 0;
    es_buffer *to = &w->lines;
    es_status status = ES_OK;
    to->length = 0;
    for (size_t k = 0; k < n && !status; k++) {
        const char *from = text->data + row[k].at;
        const double ties = (double)row[k].ties;
        if (!es_buffer_reserve(to, row[k].n + sizeof ties + (p->format ? es_row_format_count_size(p->format) : 0)))
            return es_fail_memory(errors);
        const size_t whole = p->columns ? row[k].n : record;
        memcpy(to->data + to->length, from, whole);
        to->length += whole;
        if (p->columns) {
            status = es_column_append_count(row[k].ties, to, errors);
            continue;
        }
        if (record) {
            memcpy(to->data + to->length, &ties, sizeof ties);
            to->length += sizeof ties;
        }
        to->length += es_row_format_count(p->format, from + record, row[k].n - record, ties, to->data + to->length);
    }
    const es_buffer swap = *text;
    *text = *to, *to = swap;
    return status;
}

static es_status write_batch(es_pass_worker *w, scattered *row, size_t n, es_buffer *text, es_row_sink *sink,
                             es_errors *errors) {
    bool sorted = true;
    text->length = 0, text->rows = 0;
    for (size_t k = 1; k < n; k++)
        sorted = sorted && row[k - 1].point < row[k].point;
    if (!sorted)
        qsort(row, n, sizeof *row, by_point);
    es_status status = make_rows(w, row, n, text, errors);
    if (!status && w->pass->vectors)
        status = add_ties(w, row, n, text, errors);
    if (sorted)
        return status ? status : es_row_sink_write(sink, text->data, text->length, n, errors);
    qsort(row, n, sizeof *row, by_place);
    for (size_t k = 0; k < n && !status; k++)
        status = es_row_sink_write(sink, text->data + row[k].at, row[k].n, 1, errors);
    return status;
}

/* Of a front with ties the points are the vectors, in order. */
static es_status write_points(es_pass *p, const uint64_t *index, size_t stride, size_t n, es_row_sink *sink,
                              es_errors *errors) {
    es_pass_worker w = {0};
    es_status status = es_pass_worker_init(&w, p);
    es_buffer text = {0};
    scattered *row = calloc(n < BATCH_POINTS ? n + 1 : BATCH_POINTS, sizeof *row);
    if (!status && !row)
        status = es_fail_memory(&w.errors);
    for (size_t k = 0; k < n && !status;) {
        size_t m = 0;
        for (; m < BATCH_POINTS && k < n; m++, k++)
            row[m] = (scattered){.point = index[k * stride], .place = m, .ties = p->vectors ? p->vectors[k].ties : 0};
        status = write_batch(&w, row, m, &text, sink, errors);
    }
    if (status && w.errors.n_errors)
        es_fail(errors, status, NULL, "%s", w.errors.error[0].text);
    free(row);
    es_buffer_free(&text);
    es_pass_worker_free(&w);
    return status;
}

/* ---- the run ---- */

typedef struct run {
    const es_sweep *sweep;
    const es_run_options *options;
    es_run_report *report;
    es_row_sink rows, front, best;
    uint64_t reached; /* under --limit: behind the last point of the main pass, else 0 */
} run;

static es_pass make_pass(const run *r, es_result result) {
    es_pass p = {.sweep = r->sweep, .options = r->options, .report = r->report, .result = result};
    const es_receiver *receiver = r->options->receiver;
    if (receiver && !receiver->as_columns && result == ES_RESULT_FRONT)
        p.record = es_record_of_front(r->sweep);
    if (receiver && !receiver->as_columns && result == ES_RESULT_BEST)
        p.record = es_record_of_best(r->sweep);
    return p;
}

static es_status write_best(run *r, const uint64_t *index, size_t stride, size_t n_rows, es_errors *errors) {
    int *columns = calloc(es_best_columns_most(r->sweep), sizeof *columns);
    if (!columns)
        return es_fail_memory(errors);
    size_t n = es_best_columns(r->sweep, columns);
    es_pass p = make_pass(r, ES_RESULT_BEST);
    es_status status = es_pass_build(&p, columns, n, errors);
    if (!status)
        status = open_sink(&p, r->options->best_out, &r->best, errors);
    if (!status)
        status = write_points(&p, index, stride, n_rows, &r->best, errors);
    es_pass_free(&p);
    free(columns);
    return status;
}

/* What a second pass looks at: what the first has. */
static es_run_options second_options(const run *r) {
    es_run_options options = *r->options;
    if (options.limit && r->reached) {
        options.first = options.part ? options.first : 0;
        options.end = r->reached;
        options.part = true;
    }
    options.limit = 0;
    return options;
}

/* Ties of the front's vectors are found again in a second pass: in index order, in constant memory. */
static es_status write_front(run *r, const es_front_pass *finished, const es_front_vector *vector, size_t n,
                             es_errors *errors) {
    const es_run_options options = second_options(r);
    es_pass p = make_pass(r, ES_RESULT_FRONT);
    if (options.unique)
        p.vectors = vector;
    else
        p.finished = finished;
    p.options = &options;
    es_status status = es_pass_build(&p, r->sweep->output, r->sweep->n_output, errors);
    if (!status)
        status = open_sink(&p, r->options->front_out, &r->front, errors);
    es_pass_worker *workers = NULL;
    if (!status && options.unique)
        status = write_points(&p, &vector->index, sizeof *vector / sizeof vector->index, n, &r->front, errors);
    else if (!status)
        status = es_pass_run(&p, &r->front, &workers, errors);
    r->report->front_rows = r->front.rows;
    es_pass_end(&p, workers);
    return status;
}

/* ... or counted. */
static es_status count_ties(run *r, const es_front_pass *finished, es_front_ties *ties, es_errors *errors) {
    const es_run_options options = second_options(r);
    es_pass p = make_pass(r, ES_RESULT_FRONT);
    p.finished = finished;
    p.ties = ties;
    p.options = &options;
    es_pass_worker *workers = NULL;
    es_status status = es_front_ties_init(ties, finished, options.part, errors);
    if (!status)
        status = es_pass_build(&p, NULL, 0, errors);
    if (!status)
        status = es_pass_run(&p, NULL, &workers, errors);
    es_pass_end(&p, workers);
    return status;
}

/* What tables show. */
static es_status report_front(run *r, const es_front_vector *vector, size_t n, es_errors *errors) {
    es_run_report *report = r->report;
    const size_t shown = n < FRONT_SHOWN ? n : FRONT_SHOWN;
    report->front_unique = n;
    report->front = calloc(shown + 1, sizeof *report->front);
    report->front_ties = r->options->unique ? calloc(shown + 1, sizeof *report->front_ties) : NULL;
    if (!report->front || (r->options->unique && !report->front_ties))
        return es_fail_memory(errors);
    report->n_front = shown;
    for (size_t i = 0; i < shown; i++) {
        report->front[i] = vector[i].index;
        if (report->front_ties)
            report->front_ties[i] = vector[i].ties;
    }
    return ES_OK;
}

static es_status check_missing(const run *r, uint64_t missing, const es_origin *at, es_errors *errors) {
    return !missing || !r->options->strict
               ? ES_OK
               : es_fail(errors, ES_ERUNTIME, at,
                         "%llu points have no value in an objective (without --strict they are left out)",
                         (unsigned long long)missing);
}

/* Bytes and counts from 2^53 on have lost their last digits. */
static void look_for_rounded(run *r, const es_objective *objective, double greatest) {
    const es_column *column = &r->sweep->columns[objective->column];
    if (column->whole && greatest >= ES_WHOLE_MAX)
        r->report->rounded = column->name;
}

static es_status finish_front(run *r, es_front_pass *front, es_errors *errors) {
    es_front_vector *vector = NULL;
    es_front_ties ties = {0};
    size_t n = 0;
    r->report->front_missing = front->missing;
    es_status status = check_missing(r, front->missing, &r->sweep->front.at, errors);
    if (!status)
        status = es_front_pass_finish(front, r->report->threads, errors);
    for (unsigned k = 0; k < r->sweep->front.n_objectives && !status; k++)
        look_for_rounded(r, &r->sweep->front.objective[k], es_front_pass_greatest(front, k));
    if (!status && r->options->unique)
        status = count_ties(r, front, &ties, errors);
    if (!status)
        status = es_front_pass_vectors(front, r->options->unique ? &ties : NULL, &vector, &n, errors);
    if (!status && r->options->front_out)
        status = write_front(r, front, vector, n, errors);
    if (!status)
        status = report_front(r, vector, n, errors);
    es_front_ties_free(&ties);
    free(vector);
    return status;
}

static es_status finish_best(run *r, es_best *best, es_errors *errors) {
    uint64_t *index = NULL;
    size_t n = 0;
    r->report->best_missing = best->missing;
    es_status status = check_missing(r, best->missing, &r->sweep->best.at, errors);
    for (unsigned k = 0; k < r->sweep->best.n_objectives; k++)
        look_for_rounded(r, &r->sweep->best.objective[k], es_best_greatest(best, k));
    const bool part = r->options->receiver && !r->options->receiver->as_columns;
    if (!status && part)
        status = es_best_candidates(best, &index, &n, errors);
    if (!status)
        status = es_best_rank(best, &r->report->best, &r->report->n_best, errors);
    if (!status && r->options->best_out)
        status = part ? write_best(r, index, 1, n, errors)
                      : write_best(r, &r->report->best[0].index, sizeof(es_best_row) / sizeof(uint64_t),
                                   r->report->n_best, errors);
    free(index);
    return status;
}

static bool wants_table(const run *r, const char *path) {
    return path || !(r->options->receiver && r->options->receiver->as_columns);
}

static es_status main_pass(run *r, es_errors *errors) {
    es_pass p = make_pass(r, ES_RESULT_ROWS);
    p.want_best = r->sweep->best.given && wants_table(r, r->options->best_out);
    p.want_front = r->sweep->front.given && wants_table(r, r->options->front_out);
    const int *columns = r->options->out ? r->sweep->output : NULL;
    es_status status = es_pass_build(&p, columns, columns ? r->sweep->n_output : 0, errors);
    r->report->threads = p.threads;
    if (!status && columns)
        status = open_sink(&p, r->options->out, &r->rows, errors);
    es_pass_worker *workers = NULL;
    if (!status)
        status = es_pass_run(&p, columns ? &r->rows : NULL, &workers, errors);
    r->report->points = atomic_load(&p.points_done);
    r->report->rows = r->rows.rows;
    r->reached = p.reached;
    if (!status && p.want_front)
        status = finish_front(r, &workers[0].front, errors);
    if (!status && p.want_best)
        status = finish_best(r, &workers[0].best, errors);
    es_pass_end(&p, workers);
    return status;
}

/* Nothing appears under its final name before everything is written. */
static es_status commit(run *r, es_errors *errors) {
    es_status status = es_row_sink_commit(&r->rows, errors);
    r->report->bytes = r->rows.bytes;
    if (!status)
        status = es_row_sink_commit(&r->front, errors);
    if (!status)
        status = es_row_sink_commit(&r->best, errors);
    return status;
}

es_status es_sweep_run(const es_sweep *sweep, const es_run_options *options, es_run_report *report, es_errors *errors) {
    double start = es_seconds_now();
    run r = {.sweep = sweep, .options = options, .report = report};
    *report = (es_run_report){.simd = es_simd_level_name(es_simd_level_now())};
    report->rejected = calloc(sweep->n_conditions + 1, sizeof *report->rejected);
    es_status status = report->rejected ? ES_OK : es_fail_memory(errors);
    if (!status && options->part && !(options->first < options->end && options->end <= sweep->n_points))
        status = es_fail(errors, ES_EUSAGE, NULL, "no such part of the grid: points %llu to %llu of %llu",
                         (unsigned long long)options->first, (unsigned long long)options->end,
                         (unsigned long long)sweep->n_points);
    if (!status)
        status = main_pass(&r, errors);
    if (!status)
        status = commit(&r, errors);
    es_row_sink_abort(&r.rows);
    es_row_sink_abort(&r.front);
    es_row_sink_abort(&r.best);
    report->seconds = es_seconds_now() - start;
    return status;
}

void es_run_report_free(es_run_report *report) {
    free(report->rejected), free(report->front), free(report->front_ties), free(report->best);
    report->rejected = NULL, report->front = NULL, report->front_ties = NULL, report->best = NULL;
}

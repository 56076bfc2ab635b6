/* Streams: es_sweep_run in a thread of its own, whose pieces of columns become chunks in a short queue. */
#include <edgesweep/stream.h>

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "engine/best.h"
#include "engine/columns.h"
#include "engine/front.h"
#include "engine/receiver.h"

enum { READY_CHUNKS = 3 /* finished and not yet taken: enough that threads seldom wait for the reader */ };

struct es_stream {
    es_catalog catalog;
    es_sweep *sweep;
    es_column_format *format;
    es_chunk_pool *pool;
    es_receiver receiver;
    es_run_options options;
    es_run_report report;
    volatile sig_atomic_t stop;
    pthread_t thread;
    bool running; /* the thread has to be joined */
    bool started;
    es_chunk *filling; /* the thread's */
    es_status status;  /* of the run */
    es_errors errors;  /* of the run */
    pthread_mutex_t lock;
    pthread_cond_t moved;
    /* Under the lock. */
    es_chunk *ready[READY_CHUNKS];
    size_t first_ready, n_ready;
    bool ended, closed;
};

/* ---- the thread ---- */

/* Waits for room in the queue; false when the stream is closed. */
static bool hand_out(es_stream *s) {
    pthread_mutex_lock(&s->lock);
    while (s->n_ready == READY_CHUNKS && !s->closed)
        pthread_cond_wait(&s->moved, &s->lock);
    const bool open = !s->closed;
    if (open) {
        s->ready[(s->first_ready + s->n_ready++) % READY_CHUNKS] = s->filling;
        s->filling = NULL;
        pthread_cond_broadcast(&s->moved);
    }
    pthread_mutex_unlock(&s->lock);
    return open;
}

static es_status take_pieces(void *context, es_result result, const char *data, size_t n, uint64_t rows, uint64_t next,
                             es_errors *errors) {
    es_stream *s = context;
    const char *end = data + n;
    uint64_t done = 0;
    (void)result, (void)rows, (void)next;
    while (data < end) {
        if (!s->filling && !(s->filling = es_chunk_new(s->pool)))
            return es_fail_memory(errors);
        if (!es_chunk_take(s->filling, &data, &done) && !hand_out(s))
            return ES_EINT;
    }
    return ES_OK;
}

static es_status take_header(void *context, es_result result, const char *data, size_t n, es_errors *errors) {
    (void)context, (void)result, (void)data, (void)n, (void)errors;
    return ES_OK;
}

static void *run_thread(void *context) {
    es_stream *s = context;
    s->status = es_sweep_run(s->sweep, &s->options, &s->report, &s->errors);
    if (s->filling && s->filling->n)
        hand_out(s);
    pthread_mutex_lock(&s->lock);
    s->ended = true;
    pthread_cond_broadcast(&s->moved);
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* Signals are for the threads of the program. */
static es_status start(es_stream *s, es_errors *errors) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    s->running = pthread_create(&s->thread, NULL, run_thread, s) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    s->started = s->running;
    return s->running ? ES_OK : es_fail(errors, ES_ERUNTIME, NULL, "cannot start a thread");
}

/* ---- the reader ---- */

static es_status plan_table(es_stream *s, const es_stream_options *options, es_errors *errors) {
    const es_sweep *sweep = s->sweep;
    es_run_options *run = &s->options;
    if (options->table == ES_STREAM_FRONT ? !sweep->front.given
                                          : options->table == ES_STREAM_BEST && !sweep->best.given)
        return es_fail(errors, ES_EUSAGE, NULL, "the sweep has no [%s]",
                       options->table == ES_STREAM_FRONT ? "pareto" : "best");
    if (options->part && !(options->first < options->end && options->end <= sweep->n_points))
        return es_fail(errors, ES_EUSAGE, NULL, "no such part of the grid: points %llu to %llu of %llu",
                       (unsigned long long)options->first, (unsigned long long)options->end,
                       (unsigned long long)sweep->n_points);
    int *columns = calloc(es_best_columns_most(sweep), sizeof *columns);
    if (!columns)
        return es_fail_memory(errors);
    const bool best = options->table == ES_STREAM_BEST;
    const size_t n = best ? es_best_columns(sweep, columns) : sweep->n_output;
    const bool counted = options->table == ES_STREAM_FRONT && (options->unique || sweep->front.unique);
    es_status status = es_column_format_new(&s->format, sweep, best ? columns : sweep->output, n,
                                            counted ? &es_front_ties_column : NULL, errors);
    free(columns);
    if (!status)
        status = es_chunk_pool_new(&s->pool, s->format, options->chunk_rows, errors);
    static const es_result results[] = {
        [ES_STREAM_ROWS] = ES_RESULT_ROWS, [ES_STREAM_FRONT] = ES_RESULT_FRONT, [ES_STREAM_BEST] = ES_RESULT_BEST};
    s->receiver = (es_receiver){.context = s, .as_columns = true, .header = take_header, .write = take_pieces};
    s->receiver.columns[results[options->table]] = s->format;
    const char *const named = "stream"; /* only tables with a name are made */
    *run = (es_run_options){.out = options->table == ES_STREAM_ROWS ? named : NULL,
                            .front_out = options->table == ES_STREAM_FRONT ? named : NULL,
                            .best_out = best ? named : NULL,
                            .unique = options->unique || sweep->front.unique,
                            .threads = options->threads,
                            .limit = options->limit,
                            .part = options->part,
                            .first = options->first,
                            .end = options->end,
                            .stop = &s->stop,
                            .receiver = &s->receiver};
    return status;
}

es_status es_sweep_open(es_stream **stream, const es_stream_options *options, es_errors *errors) {
    es_stream *s = *stream = calloc(1, sizeof *s);
    if (!s)
        return es_fail_memory(errors);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->moved, NULL);
    const char *path = options->text && !options->path ? "sweep" : options->path;
    es_status status =
        options->chunk_rows > INT32_MAX
            ? es_fail(errors, ES_EUSAGE, NULL, "chunks of %zu rows; at most %d", options->chunk_rows, INT32_MAX)
            : es_catalog_load(&s->catalog, options->catalogs, options->n_catalogs, errors);
    if (!status)
        status = es_sweep_load_text(&s->sweep, &s->catalog, path, options->text, options->sets, options->n_sets,
                                    options->wheres, options->n_wheres, errors);
    if (!status)
        status = plan_table(s, options, errors);
    if (status) {
        es_sweep_close(s);
        *stream = NULL;
    }
    return status;
}

void es_sweep_close(es_stream *s) {
    if (!s)
        return;
    if (s->running) {
        pthread_mutex_lock(&s->lock);
        s->closed = true;
        s->stop = SIGINT;
        pthread_cond_broadcast(&s->moved);
        pthread_mutex_unlock(&s->lock);
        pthread_join(s->thread, NULL);
    }
    es_chunk_release(s->filling);
    for (; s->n_ready; s->n_ready--)
        es_chunk_release(s->ready[s->first_ready++ % READY_CHUNKS]);
    es_run_report_free(&s->report);
    es_chunk_pool_leave(s->pool);
    es_column_format_free(s->format);
    es_sweep_free(s->sweep);
    es_catalog_free(&s->catalog);
    pthread_cond_destroy(&s->moved);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

const es_sweep *es_stream_sweep(const es_stream *s) { return s->sweep; }

const es_stream_column *es_stream_columns(const es_stream *s, size_t *n) {
    return es_column_format_columns(s->format, n);
}

const es_run_report *es_stream_report(const es_stream *s) { return s->started && !s->running ? &s->report : NULL; }

void es_sweep_cancel(es_stream *s) { s->stop = SIGINT; }

/* The status of a run that has ended, with its messages. */
static es_status tell_end(const es_stream *s, es_errors *errors) {
    for (unsigned i = 0; i < s->errors.n_errors && i < ES_MAX_ERRORS; i++)
        es_fail(errors, s->errors.error[i].status, NULL, "%s", s->errors.error[i].text);
    if (s->status && !s->errors.n_errors)
        es_fail(errors, s->status, NULL, s->status == ES_EINT ? "cancelled" : "the sweep failed");
    return s->status;
}

es_status es_sweep_next(es_stream *s, es_chunk **chunk, es_errors *errors) {
    *chunk = NULL;
    es_status status = s->started ? ES_OK : start(s, errors);
    if (status)
        return status;
    pthread_mutex_lock(&s->lock);
    while (!s->n_ready && !s->ended)
        pthread_cond_wait(&s->moved, &s->lock);
    if (s->n_ready) {
        *chunk = s->ready[s->first_ready++ % READY_CHUNKS];
        s->n_ready--;
        pthread_cond_broadcast(&s->moved);
    }
    pthread_mutex_unlock(&s->lock);
    if (*chunk)
        return ES_OK;
    if (s->running)
        pthread_join(s->thread, NULL);
    s->running = false;
    return tell_end(s, errors);
}

#include "io/gzip.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "base/number.h"

/* A block ends in a sync flush, at a byte boundary, so that blocks join to one deflate stream (RFC 1951); each starts with
 * the last 32 KiB before it as its dictionary, so that hardly any ratio is lost.  Level 4: rows take less than half the time of
 * level 6, and 2% more room. */
enum { BLOCK = 256 << 10, WINDOW = 32 << 10, LEVEL = 4, SYNC_ROOM = 64 };

typedef enum job_state { JOB_FILLING, JOB_READY, JOB_RUNNING, JOB_DONE } job_state;

typedef struct job {
    job_state state;
    unsigned char *input; /* WINDOW bytes of dictionary, then BLOCK bytes */
    size_t dictionary, length;
    unsigned char *output;
    size_t produced; /* 0: deflate failed */
    uint32_t crc;
} job;

struct es_gzip {
    es_compressor_sink sink;
    void *context;
    job *jobs; /* a ring, in the order of the data */
    unsigned n_jobs;
    unsigned filling, oldest, n_pending; /* of the caller's thread: pending from oldest on, then the one being filled */
    uint32_t crc;
    uint64_t length;
    z_stream own; /* the caller deflates too, rather than wait */
    bool own_set, started;

    pthread_mutex_t lock; /* over job states, next_run and stop */
    pthread_cond_t changed;
    unsigned next_run; /* counts jobs run since the start, modulo n_jobs */
    bool stop, lock_set, changed_set;
    unsigned n_threads;
    pthread_t *threads;
};

static bool start_deflate(z_stream *stream) {
    *stream = (z_stream){0};
    const int raw = -15;
    return deflateInit2(stream, LEVEL, Z_DEFLATED, raw, 8, Z_DEFAULT_STRATEGY) == Z_OK;
}

static size_t output_room(void) { return compressBound(BLOCK) + SYNC_ROOM; }

/* Deflates a job's block; stream is NULL where there was no memory for one. */
static void run_job(job *j, z_stream *stream) {
    unsigned char *block = j->input + WINDOW;
    j->produced = 0;
    j->crc = (uint32_t)crc32(0, block, (uInt)j->length);
    if (!stream || deflateReset(stream) != Z_OK)
        return;
    if (j->dictionary > 0 && deflateSetDictionary(stream, block - j->dictionary, (uInt)j->dictionary) != Z_OK)
        return;
    stream->next_in = block;
    stream->avail_in = (uInt)j->length;
    stream->next_out = j->output;
    stream->avail_out = (uInt)output_room();
    if (deflate(stream, Z_SYNC_FLUSH) == Z_OK && stream->avail_in == 0 && stream->avail_out > 0)
        j->produced = output_room() - stream->avail_out;
}

/* Under the lock: takes the next ready job; NULL when there is none. */
static job *take_job(es_gzip *g) {
    job *j = &g->jobs[g->next_run];
    if (j->state != JOB_READY)
        return NULL;
    j->state = JOB_RUNNING;
    g->next_run = (g->next_run + 1) % g->n_jobs;
    return j;
}

/* Under the lock, which is released meanwhile. */
static void run_taken(es_gzip *g, job *j, z_stream *stream) {
    pthread_mutex_unlock(&g->lock);
    run_job(j, stream);
    pthread_mutex_lock(&g->lock);
    j->state = JOB_DONE;
    pthread_cond_broadcast(&g->changed);
}

static void *work(void *argument) {
    es_gzip *g = argument;
    z_stream stream;
    if (!start_deflate(&stream))
        return NULL; /* the others do its share */
    pthread_mutex_lock(&g->lock);
    while (!g->stop) {
        job *j = take_job(g);
        if (j)
            run_taken(g, j, &stream);
        else
            pthread_cond_wait(&g->changed, &g->lock);
    }
    pthread_mutex_unlock(&g->lock);
    deflateEnd(&stream);
    return NULL;
}

static bool jobs_new(es_gzip *g) {
    g->jobs = calloc(g->n_jobs, sizeof *g->jobs);
    if (!g->jobs)
        return false;
    for (unsigned i = 0; i < g->n_jobs; i++) {
        g->jobs[i].input = malloc(WINDOW + BLOCK);
        g->jobs[i].output = malloc(output_room());
        if (!g->jobs[i].input || !g->jobs[i].output)
            return false;
    }
    return true;
}

/* Fewer threads than asked for, even none, only take longer. */
static void start_threads(es_gzip *g, unsigned wanted) {
    while (g->n_threads < wanted && pthread_create(&g->threads[g->n_threads], NULL, work, g) == 0)
        g->n_threads++;
    g->started = true;
}

es_status es_gzip_new(es_gzip **gzip, unsigned threads, es_compressor_sink sink, void *context, es_errors *errors) {
    es_gzip *g = calloc(1, sizeof *g);
    *gzip = NULL;
    if (!g)
        return es_fail_memory(errors);
    g->sink = sink;
    g->context = context;
    g->n_jobs = 2 * threads + 1;
    g->threads = calloc(threads, sizeof *g->threads);
    g->lock_set = pthread_mutex_init(&g->lock, NULL) == 0;
    g->changed_set = pthread_cond_init(&g->changed, NULL) == 0;
    g->own_set = start_deflate(&g->own);
    if (!g->threads || !g->lock_set || !g->changed_set || !g->own_set || !jobs_new(g)) {
        es_gzip_free(g);
        return es_fail_memory(errors);
    }
    start_threads(g, threads);
    static const unsigned char header[10] = {0x1f, 0x8b, Z_DEFLATED, [9] = 3 /* Unix; no time, no name */};
    es_status status = sink(context, header, sizeof header, errors);
    if (status != ES_OK)
        es_gzip_free(g);
    else
        *gzip = g;
    return status;
}

/* Waits for the oldest block, running blocks itself while it waits, and hands it on. */
static es_status drain_oldest(es_gzip *g, es_errors *errors) {
    job *oldest = &g->jobs[g->oldest];
    pthread_mutex_lock(&g->lock);
    while (oldest->state != JOB_DONE) {
        job *j = take_job(g);
        if (j)
            run_taken(g, j, &g->own);
        else
            pthread_cond_wait(&g->changed, &g->lock);
    }
    pthread_mutex_unlock(&g->lock);
    if (oldest->produced == 0)
        return es_fail(errors, ES_ERUNTIME, NULL, "gzip: a block cannot be compressed");
    g->crc = (uint32_t)crc32_combine(g->crc, oldest->crc, (z_off_t)oldest->length);
    es_status status = g->sink(g->context, oldest->output, oldest->produced, errors);
    oldest->length = 0;
    oldest->state = JOB_FILLING;
    g->oldest = (g->oldest + 1) % g->n_jobs;
    g->n_pending--;
    return status;
}

/* Hands the filled block to the threads and makes the next one ready to be filled. */
static es_status submit(es_gzip *g, es_errors *errors) {
    job *full = &g->jobs[g->filling];
    unsigned next_index = (g->filling + 1) % g->n_jobs;
    job *next = &g->jobs[next_index];
    while (g->n_pending + 1 >= g->n_jobs) {
        es_status status = drain_oldest(g, errors);
        if (status != ES_OK)
            return status;
    }
    next->dictionary = full->length < WINDOW ? full->length : WINDOW;
    memcpy(next->input + WINDOW - next->dictionary, full->input + WINDOW + full->length - next->dictionary,
           next->dictionary);
    pthread_mutex_lock(&g->lock);
    full->state = JOB_READY;
    pthread_cond_broadcast(&g->changed);
    pthread_mutex_unlock(&g->lock);
    g->n_pending++;
    g->filling = next_index;
    return ES_OK;
}

es_status es_gzip_write(es_gzip *g, const void *data, size_t n, es_errors *errors) {
    const char *next = data;
    g->length += n;
    while (n > 0) {
        job *j = &g->jobs[g->filling];
        size_t part = n < BLOCK - j->length ? n : BLOCK - j->length;
        memcpy(j->input + WINDOW + j->length, next, part);
        j->length += part;
        next += part;
        n -= part;
        es_status status = j->length == BLOCK ? submit(g, errors) : ES_OK;
        if (status != ES_OK)
            return status;
    }
    return ES_OK;
}

static void put_le32(unsigned char *to, uint32_t value) {
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(value >> 8 * i);
}

es_status es_gzip_finish(es_gzip *g, es_errors *errors) {
    es_status status = g->jobs[g->filling].length > 0 ? submit(g, errors) : ES_OK;
    while (status == ES_OK && g->n_pending > 0)
        status = drain_oldest(g, errors);
    if (status != ES_OK)
        return status;
    unsigned char end[10] = {0x03, 0x00}; /* an empty last block; crc and length, RFC 1952 */
    put_le32(end + 2, g->crc);
    put_le32(end + 6, (uint32_t)g->length);
    return g->sink(g->context, end, sizeof end, errors);
}

static void stop_threads(es_gzip *g) {
    pthread_mutex_lock(&g->lock);
    g->stop = true;
    pthread_cond_broadcast(&g->changed);
    pthread_mutex_unlock(&g->lock);
    for (unsigned i = 0; i < g->n_threads; i++)
        pthread_join(g->threads[i], NULL);
}

void es_gzip_free(es_gzip *g) {
    if (!g)
        return;
    if (g->started)
        stop_threads(g);
    if (g->own_set)
        deflateEnd(&g->own);
    for (unsigned i = 0; g->jobs && i < g->n_jobs; i++) {
        free(g->jobs[i].input);
        free(g->jobs[i].output);
    }
    if (g->changed_set)
        pthread_cond_destroy(&g->changed);
    if (g->lock_set)
        pthread_mutex_destroy(&g->lock);
    free(g->jobs);
    free(g->threads);
    free(g);
}

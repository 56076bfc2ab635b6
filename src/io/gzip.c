#include "io/gzip.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#if !defined(ES_NO_ISAL) && __has_include(<isa-l.h>)
#define ES_HAVE_ISAL 1
#include <isa-l.h>
#endif

#include "base/number.h"

/* A block ends in a sync flush, at a byte boundary, so that blocks join to one deflate stream (RFC 1951).  They know nothing
 * of each other: the window of 32 KiB is an eighth of a block, and rows take no more room without it. */
enum { BLOCK = 256 << 10, SYNC_ROOM = 64 };

/* What deflates blocks, one per thread. */
#ifdef ES_HAVE_ISAL

/* Level 1 takes rows in an eighth of the time of zlib's level 4, and as much room. */
enum { LEVEL = 1, LEVEL_ROOM = ISAL_DEF_LVL1_DEFAULT };

typedef struct deflater {
    struct isal_zstream stream;
    unsigned char *level; /* its tables */
} deflater;

static bool deflater_start(deflater *d) { return (d->level = malloc(LEVEL_ROOM)) != NULL; }
static void deflater_end(deflater *d) { free(d->level); }

static uint32_t checksum(const unsigned char *data, size_t n) { return crc32_gzip_refl(0, data, n); }

/* Returns the bytes written, 0 after a failure. */
static size_t deflate_block(deflater *d, unsigned char *data, size_t n, unsigned char *to, size_t room) {
    struct isal_zstream *s = &d->stream;
    isal_deflate_init(s);
    s->level = LEVEL, s->level_buf = d->level, s->level_buf_size = LEVEL_ROOM;
    s->flush = SYNC_FLUSH;
    s->next_in = data, s->avail_in = (uint32_t)n;
    s->next_out = to, s->avail_out = (uint32_t)room;
    return isal_deflate(s) == COMP_OK && s->avail_in == 0 && s->avail_out > 0 ? room - s->avail_out : 0;
}

#else

/* Level 4: rows take less than half the time of level 6, and 2% more room. */
enum { LEVEL = 4 };

typedef struct deflater {
    z_stream stream;
} deflater;

static bool deflater_start(deflater *d) {
    const int raw = -15;
    d->stream = (z_stream){0};
    return deflateInit2(&d->stream, LEVEL, Z_DEFLATED, raw, 8, Z_DEFAULT_STRATEGY) == Z_OK;
}

static void deflater_end(deflater *d) { deflateEnd(&d->stream); }

static uint32_t checksum(const unsigned char *data, size_t n) { return (uint32_t)crc32(0, data, (uInt)n); }

/* Returns the bytes written, 0 after a failure. */
static size_t deflate_block(deflater *d, unsigned char *data, size_t n, unsigned char *to, size_t room) {
    z_stream *s = &d->stream;
    if (deflateReset(s) != Z_OK)
        return 0;
    s->next_in = data, s->avail_in = (uInt)n;
    s->next_out = to, s->avail_out = (uInt)room;
    return deflate(s, Z_SYNC_FLUSH) == Z_OK && s->avail_in == 0 && s->avail_out > 0 ? room - s->avail_out : 0;
}

#endif

typedef enum job_state { JOB_FILLING, JOB_READY, JOB_RUNNING, JOB_DONE } job_state;

typedef struct job {
    job_state state;
    unsigned char *input; /* BLOCK bytes */
    size_t length;
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
    deflater own; /* the caller deflates too, rather than wait */
    bool own_set, started;

    pthread_mutex_t lock; /* over job states, next_run and stop */
    pthread_cond_t changed;
    unsigned next_run; /* counts jobs run since the start, modulo n_jobs */
    bool stop, lock_set, changed_set;
    unsigned n_threads;
    pthread_t *threads;
};

static size_t output_room(void) { return compressBound(BLOCK) + SYNC_ROOM; }

static void run_job(job *j, deflater *with) {
    j->crc = checksum(j->input, j->length);
    j->produced = deflate_block(with, j->input, j->length, j->output, output_room());
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
static void run_taken(es_gzip *g, job *j, deflater *with) {
    pthread_mutex_unlock(&g->lock);
    run_job(j, with);
    pthread_mutex_lock(&g->lock);
    j->state = JOB_DONE;
    pthread_cond_broadcast(&g->changed);
}

static void *work(void *argument) {
    es_gzip *g = argument;
    deflater own;
    if (!deflater_start(&own))
        return NULL; /* the others do its share */
    pthread_mutex_lock(&g->lock);
    while (!g->stop) {
        job *j = take_job(g);
        if (j)
            run_taken(g, j, &own);
        else
            pthread_cond_wait(&g->changed, &g->lock);
    }
    pthread_mutex_unlock(&g->lock);
    deflater_end(&own);
    return NULL;
}

static bool jobs_new(es_gzip *g) {
    g->jobs = calloc(g->n_jobs, sizeof *g->jobs);
    if (!g->jobs)
        return false;
    for (unsigned i = 0; i < g->n_jobs; i++) {
        g->jobs[i].input = malloc(BLOCK);
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
    g->own_set = deflater_start(&g->own);
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
    while (g->n_pending + 1 >= g->n_jobs) {
        es_status status = drain_oldest(g, errors);
        if (status != ES_OK)
            return status;
    }
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
        memcpy(j->input + j->length, next, part);
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
        deflater_end(&g->own);
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

/* Threads that share the front of a stream, for ThreadSanitizer. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "pareto/pareto_archive.h"

enum { THREADS = 4, BATCHES = 200, BATCH = 100 };

static void check(bool ok, const char *what) {
    if (ok)
        return;
    fprintf(stderr, "tsan_archive: %s\n", what);
    exit(1);
}

/* Batches number t, t + THREADS, ...: a curve of vectors that all stay, and what lies above it. */
static void *insert(void *context) {
    es_archive *archive = *(es_archive **)context;
    static _Atomic unsigned next;
    unsigned t = next++;
    double x[BATCH], y[BATCH];
    es_archive_hint hint = {0};
    for (unsigned b = t; b < BATCHES; b += THREADS) {
        for (unsigned i = 0; i < BATCH; i++) {
            x[i] = b * BATCH + i / 2 * 2;
            y[i] = BATCHES * BATCH - x[i] + (i % 2 ? (b + i) % 7 : 0);
        }
        es_batch batch = {.n = BATCH, .first_index = (uint64_t)b * BATCH, .column = (const double *[]){x, y}};
        check(es_archive_insert(archive, &batch, NULL) == ES_OK, "cannot insert");
        es_archive_refresh(archive);
        check(es_archive_covers(archive, (double[]){x[0], y[0]}, UINT64_MAX, &hint), "a vector is lost");
    }
    return NULL;
}

int main(void) {
    es_archive *archive[THREADS];
    pthread_t thread[THREADS];
    check(es_archive_new(2, NULL, &archive[0], NULL) == ES_OK, "no archive");
    for (unsigned t = 1; t < THREADS; t++)
        check(es_archive_join(archive[0], &archive[t], NULL) == ES_OK, "cannot join");
    for (unsigned t = 0; t < THREADS; t++)
        check(pthread_create(&thread[t], NULL, insert, &archive[t]) == 0, "no thread");
    for (unsigned t = 0; t < THREADS; t++)
        check(pthread_join(thread[t], NULL) == 0, "cannot join a thread");
    for (unsigned t = 1; t < THREADS; t++) {
        check(es_archive_merge(archive[0], archive[t], NULL) == ES_OK, "cannot merge");
        es_archive_free(archive[t]);
    }
    check(es_archive_finish(archive[0], NULL) == ES_OK, "cannot finish");
    check(es_archive_count(archive[0]) == BATCHES * BATCH / 2, "not the front");
    es_archive_free(archive[0]);
    return 0;
}

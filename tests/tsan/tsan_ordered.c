/* Threads, the ordered hand-over and all kinds of output files, for ThreadSanitizer. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/ordered.h"
#include "io/output.h"

enum { THREADS = 4, SLOTS = 6, TICKETS = 400, BLOCK = 20000 };

typedef struct crew {
    es_ordered *ordered;
    es_output *out;
    uint64_t next, written, fail_at;
} crew;

static void check(bool ok, const char *what) {
    if (ok)
        return;
    fprintf(stderr, "tsan_ordered: %s\n", what);
    exit(1);
}

static es_status hash(void *context, const char *data, size_t n, uint64_t rows, es_errors *errors) {
    crew *c = context;
    (void)rows, (void)errors;
    es_output_hash(c->out, data, n);
    return ES_OK;
}

static es_status write_rows(void *context, const char *data, size_t n, uint64_t rows, es_errors *errors) {
    crew *c = context;
    (void)rows;
    if (c->written++ == c->fail_at)
        return es_fail(errors, ES_ERUNTIME, NULL, "disk full");
    return es_output_write_hashed(c->out, data, n, errors);
}

static void *work(void *argument) {
    crew *c = argument;
    es_buffer buffer;
    for (uint64_t ticket; (ticket = __atomic_fetch_add(&c->next, 1, __ATOMIC_RELAXED)) < TICKETS;) {
        if (!es_ordered_begin(c->ordered, ticket, &buffer))
            break;
        check(es_buffer_reserve(&buffer, BLOCK), "memory");
        memset(buffer.data, 'a' + (int)(ticket % 26), BLOCK);
        buffer.length = BLOCK;
        if (ticket % 7 == 0)
            usleep((unsigned)(ticket % 5) * 100);
        es_ordered_end(c->ordered, ticket, &buffer);
    }
    return NULL;
}

static void run(const char *path, bool staged, uint64_t fail_at) {
    crew c = {.fail_at = fail_at};
    pthread_t threads[THREADS];
    es_output_options options = {.meta = true, .threads = 3};
    check(es_output_open(&c.out, path, &options, NULL) == ES_OK, "open");
    check(es_ordered_new(&c.ordered, SLOTS, write_rows, &c, NULL) == ES_OK, "es_ordered_new");
    if (staged)
        es_ordered_set_prepare(c.ordered, hash);
    for (int i = 0; i < THREADS; i++)
        check(pthread_create(&threads[i], NULL, work, &c) == 0, "pthread_create");
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    bool fails = fail_at < TICKETS;
    check(es_ordered_finish(c.ordered, NULL) == (fails ? ES_ERUNTIME : ES_OK), "es_ordered_finish");
    if (fails)
        es_output_abort(c.out);
    else
        check(es_output_bytes(c.out) == (uint64_t)TICKETS * BLOCK && es_output_commit(c.out, 0, NULL) == ES_OK,
              "commit");
}

int main(void) {
    static const char *const names[] = {"a.csv", "a.csv.gz", "a.csv.zst"};
    char folder[] = "/tmp/tsan_ordered.XXXXXX", path[64], meta[80];
    check(mkdtemp(folder) != NULL, "mkdtemp");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        snprintf(meta, sizeof meta, "%s.meta.json", path);
        for (int staged = 0; staged < 2; staged++) {
            run(path, staged, 50);
            run(path, staged, UINT64_MAX);
            check(unlink(path) == 0 && unlink(meta) == 0, "unlink");
        }
    }
    check(rmdir(folder) == 0, "something is left");
    return 0;
}

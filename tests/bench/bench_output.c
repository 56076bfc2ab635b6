/* GB/s of ways to fill a fresh file with ready bytes, and of the output layer over them; the last column counts seconds
 * of processor time, all threads and the kernel's copying, which a busy machine does not blur.
 * Usage: bench_output [DIRECTORY [MEGABYTES [ROUNDS [BLOCK_KIB]]]] */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <xxhash.h>

#include "engine/ordered.h"
#include "io/output.h"

enum { SOURCE = 32 << 20, STEP = 256 << 20, MAX_ROUNDS = 101, THREADS = 2, SLOTS = 4 * THREADS };

static char *source;
static size_t total, block;
static char path[4096], meta_path[4110];

static double seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void check(bool ok, const char *what) {
    if (ok)
        return;
    perror(what);
    exit(1);
}

static const char *block_at(size_t offset) { return source + offset % (SOURCE - block); }

/* ---- Straight to the kernel ---- */

typedef enum fill_how { PLAIN, RESERVED, POSITIONED } fill_how;

static void fill(fill_how how) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    check(fd >= 0, path);
    for (size_t at = 0, reserved = 0; at < total; at += block) {
        if (how != PLAIN && at + block > reserved) {
            check(fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)reserved, STEP) == 0, "fallocate");
            reserved += STEP;
        }
        ssize_t done = how == POSITIONED ? pwrite(fd, block_at(at), block, (off_t)at) : write(fd, block_at(at), block);
        check(done == (ssize_t)block, "write");
    }
    check(ftruncate(fd, (off_t)total) == 0 && close(fd) == 0, "close");
}

static void by_write(void) { fill(PLAIN); }
static void by_reserved_write(void) { fill(RESERVED); }
static void by_reserved_pwrite(void) { fill(POSITIONED); }

static void hash_only(void) {
    XXH64_state_t *state = XXH64_createState();
    XXH64_reset(state, 0);
    for (size_t at = 0; at < total; at += block)
        XXH64_update(state, block_at(at), block);
    XXH64_freeState(state);
}

/* ---- es_output ---- */

static es_output *open_output(bool meta) {
    es_output_options options = {.meta = meta};
    es_output *out;
    check(es_output_open(&out, path, &options, NULL) == ES_OK, path);
    return out;
}

static void one_thread(bool meta) {
    es_output *out = open_output(meta);
    for (size_t at = 0; at < total; at += block)
        check(es_output_write(out, block_at(at), block, NULL) == ES_OK, "es_output_write");
    check(es_output_commit(out, 0, NULL) == ES_OK, "es_output_commit");
}

static void output_bare(void) { one_thread(false); }
static void output_hashed(void) { one_thread(true); }

/* ---- es_output behind the ordered hand-over; workers copy, which costs them about what memoised rows do ---- */

typedef struct crew {
    es_ordered *ordered;
    uint64_t next;
} crew;

static void *work(void *argument) {
    crew *c = argument;
    es_buffer buffer;
    for (uint64_t ticket; (ticket = __atomic_fetch_add(&c->next, 1, __ATOMIC_RELAXED)) < total / block;) {
        if (!es_ordered_begin(c->ordered, ticket, &buffer) || !es_buffer_reserve(&buffer, block))
            break;
        memcpy(buffer.data, block_at((size_t)ticket * block), block);
        buffer.length = block;
        es_ordered_end(c->ordered, ticket, &buffer);
    }
    return NULL;
}

static es_status write_both(void *out, const char *data, size_t n, uint64_t rows, es_errors *errors) {
    (void)rows;
    return es_output_write(out, data, n, errors);
}

static es_status write_hashed(void *out, const char *data, size_t n, uint64_t rows, es_errors *errors) {
    (void)rows;
    return es_output_write_hashed(out, data, n, errors);
}

static es_status hash(void *out, const char *data, size_t n, uint64_t rows, es_errors *errors) {
    (void)rows, (void)errors;
    es_output_hash(out, data, n);
    return ES_OK;
}

static void by_threads(bool meta, bool staged) {
    es_output *out = open_output(meta);
    crew c = {0};
    pthread_t threads[THREADS];
    check(es_ordered_new(&c.ordered, SLOTS, staged ? write_hashed : write_both, out, NULL) == ES_OK, "es_ordered_new");
    if (staged)
        es_ordered_set_prepare(c.ordered, hash);
    for (int i = 0; i < THREADS; i++)
        check(pthread_create(&threads[i], NULL, work, &c) == 0, "pthread_create");
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    check(es_ordered_finish(c.ordered, NULL) == ES_OK, "es_ordered_finish");
    check(es_output_commit(out, 0, NULL) == ES_OK, "es_output_commit");
}

static void ordered_bare(void) { by_threads(false, false); }
static void ordered_hashed(void) { by_threads(true, false); }
static void ordered_staged(void) { by_threads(true, true); }

/* ---- Rounds ---- */

static const struct way {
    const char *name;
    void (*run)(void);
} ways[] = {
    {"write()", by_write},
    {"fallocate + write()", by_reserved_write},
    {"fallocate + pwrite()", by_reserved_pwrite},
    {"xxh64 alone", hash_only},
    {"es_output", output_bare},
    {"es_output, hashed", output_hashed},
    {"2 threads", ordered_bare},
    {"2 threads, hash and write in turn", ordered_hashed},
    {"2 threads, hash beside write", ordered_staged},
};
enum { WAYS = sizeof ways / sizeof *ways };

static int ascending(const void *a, const void *b) {
    return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

/* Sorts them too. */
static double median(double *values, int n) {
    qsort(values, (size_t)n, sizeof *values, ascending);
    return values[n / 2];
}

int main(int argc, char **argv) {
    static double time[WAYS][MAX_ROUNDS], processor[WAYS][MAX_ROUNDS];
    int rounds = argc > 3 ? atoi(argv[3]) : 5;
    check(rounds > 0 && rounds <= MAX_ROUNDS, "rounds");
    block = (size_t)(argc > 4 ? atoi(argv[4]) : 1024) << 10;
    check(block > 0 && block < SOURCE, "block");
    total = ((size_t)(argc > 2 ? atoi(argv[2]) : 1024) << 20) / block * block;
    const double gigabytes = 1e-9 * (double)total;
    snprintf(path, sizeof path, "%s/bench_output.%d.tmp", argc > 1 ? argv[1] : ".", (int)getpid());
    snprintf(meta_path, sizeof meta_path, "%s.meta.json", path);
    source = malloc(SOURCE);
    check(source, "malloc");
    for (size_t i = 0; i < SOURCE; i++)
        source[i] = "0123456789.,\n"[i * 7919 % 13];

    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < WAYS; i++) {
            const double start = seconds(CLOCK_MONOTONIC), used = seconds(CLOCK_PROCESS_CPUTIME_ID);
            ways[i].run();
            time[i][round] = seconds(CLOCK_MONOTONIC) - start;
            processor[i][round] = seconds(CLOCK_PROCESS_CPUTIME_ID) - used;
            unlink(path);
            unlink(meta_path);
        }
    printf("%-36s %8s %8s %8s %8s\n", "", "median", "best", "ratio", "cpu");
    double first = 0;
    for (int i = 0; i < WAYS; i++) {
        double wall = median(time[i], rounds), cpu = median(processor[i], rounds);
        first = i == 0 ? wall : first;
        printf("%-36s %8.2f %8.2f %8.2f %8.2f\n", ways[i].name, gigabytes / wall, gigabytes / time[i][0], first / wall,
               gigabytes / cpu);
    }
    free(source);
    return 0;
}

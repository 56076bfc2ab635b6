/* The ordered hand-over: order, back-pressure, failures. */
#include <criterion/criterion.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/ordered.h"

enum { MAX_THREADS = 8 };

/* What the callbacks see; they also check that they are alone. */
typedef struct journal {
    uint64_t prepared, written, bytes, rows; /* tickets, in order */
    int preparing, writing;
    uint64_t fail_prepare, fail_write; /* the ticket to fail at; UINT64_MAX: none */
    bool slow, broken;
} journal;

typedef struct crew {
    es_ordered *ordered;
    journal journal;
    uint64_t next, tickets, fail_worker, skip;
    unsigned slots;
    bool delays;
} crew;

static void nap(uint64_t seed) { usleep((unsigned)(seed * 2654435761u >> 7) % 300); }

/* A ticket's text is its number, repeated so that lengths differ; every fifth is empty. */
static size_t fill(es_buffer *buffer, uint64_t ticket) {
    size_t n = ticket % 5 == 4 ? 0 : 8 * (1 + ticket % 100);
    cr_assert(es_buffer_reserve(buffer, n));
    for (size_t i = 0; i < n; i += 8)
        memcpy(buffer->data + i, &ticket, 8);
    return n;
}

static void check_text(journal *j, uint64_t ticket, const char *data, size_t n, uint64_t rows) {
    j->broken |= rows != n / 8 || n != (ticket % 5 == 4 ? 0 : 8 * (1 + ticket % 100));
    for (size_t i = 0; i < n; i += 8)
        j->broken |= memcmp(data + i, &ticket, 8) != 0;
}

static es_status prepare(void *context, const char *data, size_t n, uint64_t rows, es_errors *errors) {
    journal *j = context;
    j->broken |= __atomic_fetch_add(&j->preparing, 1, __ATOMIC_SEQ_CST) != 0;
    check_text(j, j->prepared, data, n, rows);
    es_status status = j->prepared == j->fail_prepare ? es_fail(errors, ES_EDAMAGED, NULL, "prepare failed") : ES_OK;
    j->prepared++;
    __atomic_fetch_sub(&j->preparing, 1, __ATOMIC_SEQ_CST);
    return status;
}

static es_status write_rows(void *context, const char *data, size_t n, uint64_t rows, es_errors *errors) {
    journal *j = context;
    j->broken |= __atomic_fetch_add(&j->writing, 1, __ATOMIC_SEQ_CST) != 0;
    check_text(j, j->written, data, n, rows);
    if (j->slow)
        nap(j->written * 77);
    es_warn(j->written == 3 ? errors : NULL, NULL, "ticket 3");
    es_status status = j->written == j->fail_write ? es_fail(errors, ES_ERUNTIME, NULL, "disk full") : ES_OK;
    if (status == ES_OK) {
        j->written++;
        j->bytes += n;
        j->rows += rows;
    }
    __atomic_fetch_sub(&j->writing, 1, __ATOMIC_SEQ_CST);
    return status;
}

static void *work(void *argument) {
    crew *c = argument;
    es_buffer buffer;
    for (uint64_t ticket; (ticket = __atomic_fetch_add(&c->next, 1, __ATOMIC_RELAXED)) < c->tickets;) {
        if (ticket == c->skip)
            continue;
        if (!es_ordered_begin(c->ordered, ticket, &buffer))
            break;
        cr_assert(buffer.length == 0 && buffer.rows == 0);
        if (ticket == c->fail_worker) {
            es_buffer_free(&buffer);
            es_ordered_fail(c->ordered, ES_EINT);
            break;
        }
        buffer.length = fill(&buffer, ticket);
        buffer.rows = buffer.length / 8;
        if (c->delays)
            nap(ticket);
        es_ordered_end(c->ordered, ticket, &buffer);
        cr_assert(buffer.data == NULL);
    }
    return NULL;
}

static es_status run(crew *c, unsigned threads, bool prepared, es_errors *errors) {
    pthread_t thread[MAX_THREADS];
    c->next = 0;
    cr_assert_eq(es_ordered_new(&c->ordered, c->slots, write_rows, &c->journal, errors), ES_OK);
    if (prepared)
        es_ordered_set_prepare(c->ordered, prepare);
    for (unsigned i = 0; i < threads; i++)
        cr_assert(pthread_create(&thread[i], NULL, work, c) == 0);
    for (unsigned i = 0; i < threads; i++)
        pthread_join(thread[i], NULL);
    es_ordered_seconds seconds = es_ordered_times(c->ordered);
    cr_assert(seconds.writing >= 0 && seconds.waiting >= 0 && seconds.preparing >= 0);
    cr_assert(prepared || seconds.preparing == 0);
    return es_ordered_finish(c->ordered, errors);
}

static crew new_crew(uint64_t tickets, unsigned slots) {
    return (crew){.tickets = tickets,
                  .slots = slots,
                  .fail_worker = UINT64_MAX,
                  .skip = UINT64_MAX,
                  .journal = {.fail_prepare = UINT64_MAX, .fail_write = UINT64_MAX}};
}

Test(ordered, everything_once_in_order) {
    static const unsigned slots[] = {1, 2, 3, 16};
    for (unsigned threads = 1; threads <= MAX_THREADS; threads += threads < 3 ? 1 : 5)
        for (size_t i = 0; i < sizeof slots / sizeof *slots; i++)
            for (int variant = 0; variant < 8; variant++) {
                es_errors errors = {0};
                crew c = new_crew(variant & 1 ? 150 : 3000, slots[i]);
                c.delays = variant & 1;
                c.journal.slow = variant == 3 || variant == 7;
                bool prepared = variant & 4;
                cr_assert_eq(run(&c, threads, prepared, &errors), ES_OK);
                cr_assert(!c.journal.broken && c.journal.written == c.tickets);
                cr_assert_eq(c.journal.prepared, prepared ? c.tickets : 0);
                cr_assert(c.journal.bytes == 8 * c.journal.rows && c.journal.rows > 0);
                cr_assert(errors.n_errors == 0 && errors.n_warnings == 1);
            }
}

Test(ordered, nothing_at_all) {
    es_ordered *ordered;
    cr_assert_eq(es_ordered_new(&ordered, 0, write_rows, NULL, NULL), ES_OK);
    cr_assert_eq(es_ordered_finish(ordered, NULL), ES_OK);
    es_ordered_free(NULL);
}

Test(ordered, failures_stop_everybody) {
    for (unsigned threads = 1; threads <= MAX_THREADS; threads *= 2)
        for (uint64_t at = 0; at < 60; at += 7)
            for (int where = 0; where < 3; where++) {
                es_errors errors = {0};
                crew c = new_crew(100000000, 4);
                c.delays = at % 2;
                *(where == 0 ? &c.journal.fail_write : where == 1 ? &c.journal.fail_prepare : &c.fail_worker) = at;
                es_status status = run(&c, threads, where == 1, &errors);
                cr_assert(!c.journal.broken && c.journal.written <= at);
                cr_assert_eq(status, where == 0 ? ES_ERUNTIME : where == 1 ? ES_EDAMAGED : ES_EINT);
                cr_assert_eq(errors.n_errors, where == 2 ? 0 : 1);
                cr_assert(where != 0 || (c.journal.written == at && !strcmp(errors.error[0].text, "disk full")));
            }
}

Test(ordered, a_missing_ticket_is_noticed) {
    es_errors errors = {0};
    crew c = new_crew(10, 4);
    c.skip = 8;
    cr_assert_eq(run(&c, 1, false, &errors), ES_ERUNTIME);
    cr_assert(errors.n_errors == 1 && c.journal.written == 8);
}

/* One thread far ahead of the others waits, and goes on when the one behind has handed over. */
typedef struct runner {
    es_ordered *ordered;
    int reached;
} runner;

static void *run_ahead(void *argument) {
    runner *r = argument;
    es_buffer buffer;
    for (uint64_t ticket = 1; ticket < 10; ticket++) {
        if (!es_ordered_begin(r->ordered, ticket, &buffer))
            break;
        es_ordered_end(r->ordered, ticket, &buffer);
        __atomic_store_n(&r->reached, (int)ticket, __ATOMIC_SEQ_CST);
    }
    return NULL;
}

static es_status count_tickets(void *context, const char *data, size_t n, uint64_t rows, es_errors *errors) {
    (void)data, (void)n, (void)rows, (void)errors;
    ++*(int *)context;
    return ES_OK;
}

Test(ordered, back_pressure) {
    for (int fails = 0; fails < 2; fails++) {
        runner r = {0};
        es_buffer buffer;
        pthread_t thread;
        int written = 0;
        cr_assert_eq(es_ordered_new(&r.ordered, 3, count_tickets, &written, NULL), ES_OK);
        cr_assert(es_ordered_begin(r.ordered, 0, &buffer));
        cr_assert(pthread_create(&thread, NULL, run_ahead, &r) == 0);
        while (__atomic_load_n(&r.reached, __ATOMIC_SEQ_CST) < 2)
            usleep(100);
        usleep(20000);
        cr_assert_eq(__atomic_load_n(&r.reached, __ATOMIC_SEQ_CST), 2, "three slots: tickets 0 to 2");
        if (fails)
            es_ordered_fail(r.ordered, ES_ETERM);
        es_ordered_end(r.ordered, 0, &buffer);
        pthread_join(thread, NULL);
        cr_assert_eq(r.reached, fails ? 2 : 9);
        cr_assert_eq(written, fails ? 0 : 10);
        cr_assert_eq(es_ordered_finish(r.ordered, NULL), fails ? ES_ETERM : ES_OK);
    }
}

#include "engine/ordered.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdlib.h>

/* A station that tickets pass in order, one thread at a time. */
typedef struct stage {
    es_ordered_write pass; /* NULL: tickets pass untouched */
    uint64_t next;         /* the ticket that is due here */
    bool busy;
    double seconds;
    es_errors errors; /* of pass: only the thread inside it touches them */
} stage;

enum { PREPARE, WRITE, STAGES };

typedef struct slot {
    es_buffer buffer;
    bool filled;
} slot;

struct es_ordered {
    void *context;
    slot *slots; /* ticket t lives in slot t % n_slots */
    unsigned n_slots;
    pthread_mutex_t lock; /* over all that follows */
    pthread_cond_t moved; /* a ticket left a stage, or all stopped */
    bool lock_set, moved_set;
    stage stages[STAGES];
    uint64_t begun, ended;
    unsigned n_waiting;
    double waiting;
    es_status status; /* of the first failure */
};

es_status es_ordered_new(es_ordered **ordered, unsigned slots, es_ordered_write write, void *context,
                         es_errors *errors) {
    es_ordered *o = calloc(1, sizeof *o);
    *ordered = NULL;
    if (!o)
        return es_fail_memory(errors);
    o->context = context;
    o->stages[WRITE].pass = write;
    o->n_slots = slots > 0 ? slots : 1;
    o->slots = calloc(o->n_slots, sizeof *o->slots);
    o->lock_set = pthread_mutex_init(&o->lock, NULL) == 0;
    o->moved_set = pthread_cond_init(&o->moved, NULL) == 0;
    if (!o->slots || !o->lock_set || !o->moved_set) {
        es_ordered_free(o);
        return es_fail_memory(errors);
    }
    *ordered = o;
    return ES_OK;
}

void es_ordered_set_prepare(es_ordered *o, es_ordered_write prepare) { o->stages[PREPARE].pass = prepare; }

/* ---- All static functions below are called under the lock ---- */

static void wake(es_ordered *o) {
    if (o->n_waiting > 0)
        pthread_cond_broadcast(&o->moved);
}

static void stop(es_ordered *o, es_status status) {
    if (o->status == ES_OK)
        o->status = status;
    wake(o);
}

static bool may_fill(const es_ordered *o, uint64_t ticket) { return ticket - o->stages[WRITE].next < o->n_slots; }

static bool is_due(const es_ordered *o, int which) {
    const stage *s = &o->stages[which];
    if (s->busy || o->status != ES_OK)
        return false;
    if (which == WRITE)
        return s->next < o->stages[PREPARE].next;
    /* Behind the ring's end the slot still belongs to an earlier ticket. */
    return may_fill(o, s->next) && o->slots[s->next % o->n_slots].filled;
}

/* Calls the stage's function without the lock. */
static es_status call(es_ordered *o, stage *s, const es_buffer *buffer) {
    s->busy = true;
    pthread_mutex_unlock(&o->lock);
    double start = es_seconds_now();
    es_status status = s->pass(o->context, buffer->data, buffer->length, buffer->rows, &s->errors);
    double seconds = es_seconds_now() - start;
    pthread_mutex_lock(&o->lock);
    s->seconds += seconds;
    s->busy = false;
    return status;
}

/* Takes the ticket that is due at a stage through it; false when there is none or another thread is at it. */
static bool advance(es_ordered *o, int which) {
    if (!is_due(o, which))
        return false;
    stage *s = &o->stages[which];
    slot *due = &o->slots[s->next % o->n_slots];
    es_status status = s->pass ? call(o, s, &due->buffer) : ES_OK;
    if (which == WRITE)
        due->filled = false;
    s->next++;
    if (status != ES_OK)
        stop(o, status);
    wake(o);
    return true;
}

/* Writing first: it makes room. */
static bool advance_any(es_ordered *o) { return advance(o, WRITE) || advance(o, PREPARE); }

static void wait_moved(es_ordered *o) {
    double start = es_seconds_now();
    o->n_waiting++;
    pthread_cond_wait(&o->moved, &o->lock);
    o->n_waiting--;
    o->waiting += es_seconds_now() - start;
}

/* ---- Public ---- */

bool es_ordered_begin(es_ordered *o, uint64_t ticket, es_buffer *buffer) {
    pthread_mutex_lock(&o->lock);
    while (o->status == ES_OK && !may_fill(o, ticket))
        if (!advance_any(o))
            wait_moved(o);
    bool lent = o->status == ES_OK;
    *buffer = (es_buffer){0};
    if (lent) {
        slot *free_slot = &o->slots[ticket % o->n_slots];
        buffer->data = free_slot->buffer.data;
        buffer->capacity = free_slot->buffer.capacity;
        free_slot->buffer = (es_buffer){0};
        o->begun++;
    }
    pthread_mutex_unlock(&o->lock);
    return lent;
}

void es_ordered_end(es_ordered *o, uint64_t ticket, es_buffer *buffer) {
    pthread_mutex_lock(&o->lock);
    slot *filled = &o->slots[ticket % o->n_slots];
    filled->buffer = *buffer;
    filled->filled = true;
    *buffer = (es_buffer){0};
    o->ended++;
    while (advance_any(o))
        continue;
    pthread_mutex_unlock(&o->lock);
}

void es_ordered_fail(es_ordered *o, es_status status) {
    pthread_mutex_lock(&o->lock);
    stop(o, status);
    pthread_mutex_unlock(&o->lock);
}

es_ordered_seconds es_ordered_times(const es_ordered *o) {
    return (es_ordered_seconds){
        .preparing = o->stages[PREPARE].seconds, .writing = o->stages[WRITE].seconds, .waiting = o->waiting};
}

static void copy_list(es_error *to, unsigned *n_to, unsigned capacity, const es_error *from, unsigned n_from) {
    for (unsigned i = 0; i < n_from; i++, ++*n_to)
        if (i < capacity && *n_to < capacity)
            to[*n_to] = from[i];
}

static void copy_errors(es_errors *to, const es_errors *from) {
    copy_list(to->error, &to->n_errors, ES_MAX_ERRORS, from->error, from->n_errors);
    copy_list(to->warning, &to->n_warnings, ES_MAX_WARNINGS, from->warning, from->n_warnings);
}

es_status es_ordered_finish(es_ordered *o, es_errors *errors) {
    es_status status = o->status;
    for (int i = 0; errors && i < STAGES; i++)
        copy_errors(errors, &o->stages[i].errors);
    if (status == ES_OK && (o->begun != o->ended || o->ended != o->stages[WRITE].next))
        status = es_fail(errors, ES_ERUNTIME, NULL, "output ends early: a block of rows is missing");
    es_ordered_free(o);
    return status;
}

void es_ordered_free(es_ordered *o) {
    if (!o)
        return;
    for (unsigned i = 0; o->slots && i < o->n_slots; i++)
        es_buffer_free(&o->slots[i].buffer);
    if (o->moved_set)
        pthread_cond_destroy(&o->moved);
    if (o->lock_set)
        pthread_mutex_destroy(&o->lock);
    free(o->slots);
    free(o);
}

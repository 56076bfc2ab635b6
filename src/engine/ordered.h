/* Ordered hand-over: many threads fill numbered buffers in any order, their bytes are written in the order of the numbers.
 *
 * Tickets 0, 1, 2, ... are each begun and ended once, by any thread.  At most `slots` of them are ahead of the writer, so
 * memory does not depend on how many there are; a thread that would be further ahead waits in es_ordered_begin.  There is
 * no writer thread: who hands over the ticket that is due writes it and all that are ready behind it, the others go on.
 *
 * A thread must not wait in begin while it holds a ticket of its own that is not ended, and tickets must be taken up in
 * order (a shared counter, or OpenMP's dynamic schedule): else the one that is due might never come.
 *
 * After the first failure, of a write or reported by es_ordered_fail, nothing more is written and begin returns false.
 *
 * Thread-safety: begin, end and fail from all threads; new, finish, free and times while no other thread is inside.
 */
#ifndef ES_ENGINE_ORDERED_H
#define ES_ENGINE_ORDERED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <edgesweep/error.h>

#include "engine/rows.h"

typedef struct es_ordered es_ordered;

/* Takes the bytes of one ticket: called by one thread at a time, in ticket order, also for empty ones.  A status other
 * than ES_OK stops the hand-over. */
typedef es_status (*es_ordered_write)(void *context, const char *data, size_t n, uint64_t rows, es_errors *errors);

/* Seconds, summed over the threads. */
typedef struct es_ordered_seconds {
    double preparing; /* inside the prepare callback */
    double writing;   /* inside the write callback */
    double waiting;   /* of threads in es_ordered_begin, for the writer */
} es_ordered_seconds;

/* slots >= 1; twice the number of threads keeps them busy. */
es_status es_ordered_new(es_ordered **ordered, unsigned slots, es_ordered_write write, void *context,
                         es_errors *errors);

/* Before the first ticket: lets each ticket pass through `prepare` (a checksum, say) before it is written.  It is called
 * like `write`, with the same context, but beside it: while one thread writes, another prepares later tickets. */
void es_ordered_set_prepare(es_ordered *ordered, es_ordered_write prepare);

/* Waits until the ticket may be filled and lends an empty buffer, recycled from an earlier ticket.  False when a failure
 * stopped the hand-over: then there is nothing to end. */
bool es_ordered_begin(es_ordered *ordered, uint64_t ticket, es_buffer *buffer);

/* Hands the filled buffer over; *buffer is empty afterwards. */
void es_ordered_end(es_ordered *ordered, uint64_t ticket, es_buffer *buffer);

/* A worker failed (it keeps its own messages): stops the hand-over and wakes everybody.  A buffer the worker got from
 * begin is still ended or freed by the worker. */
void es_ordered_fail(es_ordered *ordered, es_status status);

es_ordered_seconds es_ordered_times(const es_ordered *ordered);

/* The status of the first failure, with the messages of a failed write; frees ordered.  A ticket that was begun, or
 * skipped, and never ended is an error too. */
es_status es_ordered_finish(es_ordered *ordered, es_errors *errors);

/* For when finish is not wanted; NULL is fine. */
void es_ordered_free(es_ordered *ordered);

#endif

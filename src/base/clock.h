/* Time that does not jump when somebody sets the clock. */
#ifndef ES_BASE_CLOCK_H
#define ES_BASE_CLOCK_H

#include <time.h>

/* Seconds since some start that is the same for all threads; thread-safe. */
static inline double es_seconds_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#endif

/* Points as the front code sees them: validated, every objective turned to minimisation by a sign bit. */
#ifndef ES_PARETO_PARETO_VIEW_H
#define ES_PARETO_PARETO_VIEW_H

#include <string.h>

#include <edgesweep/pareto.h>

#define ES_SIGN_BIT 0x8000000000000000u

typedef struct es_view {
    size_t n, stride;
    unsigned d;
    const double *column[ES_MAX_OBJECTIVES];
    uint64_t flip[ES_MAX_OBJECTIVES]; /* ES_SIGN_BIT where the objective is maximised, else 0 */
} es_view;

static inline double es_flipped(double value, uint64_t flip) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits ^= flip;
    memcpy(&value, &bits, sizeof bits);
    return value + 0.0; /* -0.0 becomes 0.0 */
}

/* Objective k of point i, minimised. */
static inline double es_view_at(const es_view *view, unsigned k, size_t i) {
    return es_flipped(view->column[k][i * view->stride], view->flip[k]);
}

/* A signed integer that orders like the (finite, minimised) value. */
static inline int64_t es_order_key(double value) {
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits ^ (int64_t)((uint64_t)(bits >> 63) >> 1);
}

/* Fills flip[d]; ES_EUSAGE when d or a direction is out of range. */
es_status es_flips_init(uint64_t *flip, unsigned d, const es_direction *direction, es_errors *errors);

/* Checks the shape of `points`, not the values. */
es_status es_view_init(es_view *view, const es_points *points, es_errors *errors);

/* The error for the first (lowest index, then lowest objective) value that is not finite; ES_OK when there is none. */
es_status es_points_check_finite(const es_points *points, es_errors *errors);

/* Threads worth starting for n items when `grain` items pay for one; wanted 0 means the OpenMP default. */
unsigned es_threads_for(unsigned wanted, size_t n, size_t grain);

/* 0 ... threads-1 inside a parallel region. */
unsigned es_thread_number(void);

/* Allocates n elements of `size` bytes (at least one byte), 64-byte aligned, NULL when that overflows or fails. */
void *es_alloc_aligned(size_t n, size_t size);

#endif

/* Requests that arrive at random and wait for one of c slots, each of which serves for a fixed time: M/D/c.
 *
 * Times are in units of the service time.  Pure and thread-safe.
 */
#ifndef ES_MODEL_QUEUE_H
#define ES_MODEL_QUEUE_H

#include <stddef.h>

/* Node functions: in: load (arrivals * service time / slots), slots -> time before a slot is free, its mean and its 95th
 * percentile; NaN from a load of 1 on, and for more than 64 slots. */
void es_queue_mean(double *restrict out, const double *const *in, size_t n);
void es_queue_p95(double *restrict out, const double *const *in, size_t n);

#endif

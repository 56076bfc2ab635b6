/* Sobol' indices: the share of a metric's variance over a sweep that an input explains alone (first order) and with all its
 * interactions (total).
 *
 * Two independent samples A and B, and for every input A with that input of B (A_B^i): (d + 2) N evaluations.  First order by
 * Saltelli et al. 2010, table 2 (b), total by Jansen 1999 (ibid. (f)).  Confidence: 1.96 standard errors of a jackknife that
 * leaves out one of 64 groups of samples.  Samples are independent, from a counter (splitmix64, Steele et al. 2014), so that
 * this error is one: that of a quasi-random sequence would need several of them.  Groups are summed in order: the bits do not
 * depend on the number of threads.
 */
#ifndef ES_ANALYSIS_SOBOL_H
#define ES_ANALYSIS_SOBOL_H

#include <edgesweep/sweep.h>

#include "base/arena.h"

typedef struct es_sobol_index {
    double first, first_ci, total, total_ci; /* NaN: the metric does not vary */
} es_sobol_index;

typedef struct es_sobol {
    size_t n_inputs, n_samples;
    const char **input;    /* axes of several values, then decode_range, prefill_range: measured / predicted speed */
    es_sobol_index *index; /* [metric][input] */
    uint64_t *left_out;    /* per metric: samples where it is missing somewhere */
    double evaluations;
} es_sobol;

typedef struct es_sobol_options {
    uint64_t samples, seed; /* samples: rounded up to a multiple of 64 */
    unsigned threads;
    const volatile sig_atomic_t *stop;
} es_sobol_options;

/* Of n columns' nodes.  Numeric axes are uniform between their ends (whole ones over all numbers there), others over their
 * values; ranges of speed split log-normal with 10% below low and above high.  Results in the arena. */
es_status es_sobol_run(es_sobol *sobol, const es_sweep *sweep, const uint16_t *node, size_t n,
                       const es_sobol_options *options, es_arena *arena, es_errors *errors);

#endif

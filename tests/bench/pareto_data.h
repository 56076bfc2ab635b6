/* Generated point sets for benchmarks of fronts.  Columns are contiguous: objective k of point i is value[k * n + i]. */
#ifndef PARETO_DATA_H
#define PARETO_DATA_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

typedef struct random_state {
    uint64_t state;
} random_state;

/* splitmix64, uniform in [0, 1). */
static inline double uniform(random_state *r) {
    uint64_t x = r->state += 0x9E3779B97F4A7C15u;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return (double)((x ^ x >> 31) >> 11) * 0x1p-53;
}

/* Bell-shaped around `middle`, within +-width: the mean of 12 uniform numbers. */
static inline double bell(random_state *r, double middle, double width) {
    double sum = 0;
    for (int i = 0; i < 12; i++)
        sum += uniform(r);
    return middle + width * (sum / 6 - 1);
}

/* Correlated and anti-correlated points as in Boerzsoenyi, Kossmann, Stocker: The skyline operator, ICDE 2001: a plane
 * across the diagonal, then shifts between neighbouring objectives that keep the sum. */
static inline void plane_point(random_state *r, unsigned d, double *x, double middle, double reach, double spread) {
    for (;;) {
        double v = middle;
        double l = v <= 0.5 ? v : 1 - v;
        unsigned inside = 0;
        for (unsigned k = 0; k < d; k++)
            x[k] = v;
        for (unsigned k = 0; k < d; k++) {
            double h = reach > 0 ? bell(r, 0, l * reach) : (2 * uniform(r) - 1) * l * spread;
            x[k] += h;
            x[(k + 1) % d] -= h;
        }
        for (unsigned k = 0; k < d; k++)
            inside += x[k] >= 0 && x[k] <= 1;
        if (inside == d)
            return;
        middle = reach > 0 ? middle : bell(r, 0.5, 0.25);
    }
}

static inline void independent_points(double *value, size_t n, unsigned d, uint64_t seed) {
    random_state r = {seed};
    for (size_t i = 0; i < n; i++)
        for (unsigned k = 0; k < d; k++)
            value[k * n + i] = uniform(&r);
}

static inline void correlated_points(double *value, size_t n, unsigned d, uint64_t seed) {
    random_state r = {seed};
    double x[16];
    for (size_t i = 0; i < n; i++) {
        double middle = 0;
        for (unsigned k = 0; k < d; k++)
            middle += uniform(&r);
        plane_point(&r, d, x, middle / d, 1, 0);
        for (unsigned k = 0; k < d; k++)
            value[k * n + i] = x[k];
    }
}

static inline void anticorrelated_points(double *value, size_t n, unsigned d, uint64_t seed) {
    random_state r = {seed};
    double x[16];
    for (size_t i = 0; i < n; i++) {
        plane_point(&r, d, x, bell(&r, 0.5, 0.25), 0, 1);
        for (unsigned k = 0; k < d; k++)
            value[k * n + i] = x[k];
    }
}

/* Costs of running a model on an edge device with random knobs: time per token, energy per token, memory, price of
 * the device, and for d = 5 loss of quality; raw units. */
static inline void edge_points(double *value, size_t n, unsigned d, uint64_t seed) {
    random_state r = {seed};
    for (size_t i = 0; i < n; i++) {
        double params = 1e8 * pow(700, uniform(&r)), bits = 2 + 14 * uniform(&r), context = 128 * pow(256, uniform(&r));
        double bandwidth = 5e9 * pow(200, uniform(&r)), watts = 2 + bandwidth / 1e10 * (0.5 + uniform(&r));
        double bytes = params * bits / 8, kv = context * 2e-4 * pow(params, 0.9);
        double time = (bytes + kv) / bandwidth + 2e-3 * uniform(&r);
        double x[5] = {time, watts * time, bytes + kv, 20 + bandwidth * 1e-9 * (1 + 6 * uniform(&r)),
                       pow(params / 1e9, -0.3) + exp(2.3 - 1.4 * bits) - 1e-2 * log(context)};
        for (unsigned k = 0; k < d; k++)
            value[k * n + i] = x[k];
    }
}

#endif

/* Random small cases for tests of fronts, and answers by brute force straight from the definitions. */
#ifndef PARETO_CASES_H
#define PARETO_CASES_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <edgesweep/pareto.h>

typedef struct random_case {
    size_t n;
    unsigned d;
    bool row_major, grouped;
    double *value; /* n x d or d x n */
    const double *column[ES_MAX_OBJECTIVES];
    es_direction direction[ES_MAX_OBJECTIVES];
    uint32_t *group;
    es_points points;
} random_case;

static inline uint64_t next_random(uint64_t *state) {
    uint64_t x = *state += 0x9E3779B97F4A7C15u;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

static inline size_t random_below(uint64_t *state, size_t n) { return (size_t)(next_random(state) % n); }

static inline double random_unit(uint64_t *state) { return (double)(next_random(state) >> 11) * 0x1p-53; }

enum { VALUE_KINDS = 8 };

/* Kinds of columns: few integers, signs and zeros of both signs, denormals, raw units, continuous, nearly equal,
 * constant, extremes of double. */
static inline double random_value(uint64_t *state, unsigned kind) {
    static const double zeros[] = {-1, -0.0, 0.0, 1};
    static const double extremes[] = {-1.7976931348623157e308, -1, 4.9e-324, 1, 1e300, 1.7976931348623157e308};
    switch (kind) {
    case 0: return (double)random_below(state, 4);
    case 1: return zeros[random_below(state, 4)];
    case 2: return (double)((int)random_below(state, 7) - 3) * 4.9406564584124654e-324;
    case 3: return (random_below(state, 5) ? 1 : -1) * pow(10, -12 + 27 * random_unit(state));
    case 4: return random_unit(state);
    case 5: return 1e15 + 0.125 * (double)random_below(state, 6);
    case 6: return 42;
    default: return extremes[random_below(state, 6)];
    }
}

static inline double case_value(const random_case *c, unsigned k, size_t i) {
    return c->row_major ? c->value[i * c->d + k] : c->value[k * c->n + i];
}

static inline void set_case_value(random_case *c, unsigned k, size_t i, double value) {
    c->value[c->row_major ? i * c->d + k : k * c->n + i] = value;
}

/* Points shift between objectives in some cases, so that large fronts occur too. */
static inline void random_case_init(random_case *c, uint64_t *state, size_t most_points, unsigned most_d) {
    *c = (random_case){.n = random_below(state, most_points + 1), .d = 1 + (unsigned)random_below(state, most_d)};
    c->row_major = random_below(state, 3) == 0;
    c->grouped = random_below(state, 3) == 0;
    c->value = malloc((c->n * c->d + 1) * sizeof *c->value);
    c->group = malloc((c->n + 1) * sizeof *c->group);
    bool anti = random_below(state, 3) == 0;
    unsigned common = (unsigned)random_below(state, 2 * VALUE_KINDS);
    size_t groups = 1 + random_below(state, 5);
    for (unsigned k = 0; k < c->d; k++) {
        unsigned kind = common < VALUE_KINDS ? common : (unsigned)random_below(state, VALUE_KINDS);
        c->direction[k] = random_below(state, 2) ? ES_MAXIMIZE : ES_MINIMIZE;
        for (size_t i = 0; i < c->n; i++)
            set_case_value(c, k, i, random_value(state, anti ? 4 : kind));
    }
    for (size_t i = 0; i < c->n; i++) {
        c->group[i] = (uint32_t)random_below(state, groups) * 0x3FFFFFFFu;
        if (anti && c->d > 1) {
            double sum = 0;
            for (unsigned k = 0; k + 1 < c->d; k++)
                sum += (c->direction[k] ? -1 : 1) * case_value(c, k, i);
            set_case_value(c, c->d - 1, i, (c->direction[c->d - 1] ? 1 : -1) * sum);
        }
        if (i && random_below(state, 8) == 0)
            for (unsigned k = 0; k < c->d; k++)
                set_case_value(c, k, i, case_value(c, k, random_below(state, i)));
        if (i && random_below(state, 8) == 0) {
            size_t twin = random_below(state, i);
            for (unsigned k = 0; k < c->d; k++)
                set_case_value(c, k, i, case_value(c, k, twin));
        }
    }
    for (unsigned k = 0; k < c->d; k++)
        c->column[k] = c->row_major ? c->value + k : c->value + k * c->n;
    c->points = (es_points){.n = c->n,
                            .d = c->d,
                            .column = c->column,
                            .stride = c->row_major ? c->d : 0,
                            .direction = c->direction,
                            .group = c->grouped ? c->group : NULL};
}

static inline void random_case_free(random_case *c) {
    free(c->value);
    free(c->group);
}

/* ---- Definitions ---- */

static inline double minimised(const random_case *c, unsigned k, size_t i) {
    double value = case_value(c, k, i);
    return c->direction[k] == ES_MAXIMIZE ? -value : value;
}

static inline bool vector_dominates(const double *a, const double *b, unsigned d) {
    bool strictly = false;
    for (unsigned k = 0; k < d; k++) {
        if (a[k] > b[k])
            return false;
        strictly |= a[k] < b[k];
    }
    return strictly;
}

static inline void case_vector(const random_case *c, size_t i, double *vector) {
    for (unsigned k = 0; k < c->d; k++)
        vector[k] = minimised(c, k, i);
}

static inline bool same_group(const random_case *c, size_t i, size_t j) {
    return !c->grouped || c->group[i] == c->group[j];
}

static inline bool case_dominates(const random_case *c, size_t i, size_t j) {
    double a[ES_MAX_OBJECTIVES], b[ES_MAX_OBJECTIVES];
    case_vector(c, i, a);
    case_vector(c, j, b);
    return same_group(c, i, j) && vector_dominates(a, b, c->d);
}

static inline bool case_equal(const random_case *c, size_t i, size_t j) {
    for (unsigned k = 0; k < c->d; k++)
        if (case_value(c, k, i) != case_value(c, k, j))
            return false;
    return same_group(c, i, j);
}

/* Marks the points that no point with alive[] set dominates. */
static inline void brute_front(const random_case *c, es_ties ties, const bool *alive, bool *mark) {
    for (size_t i = 0; i < c->n; i++) {
        mark[i] = !alive || alive[i];
        for (size_t j = 0; j < c->n && mark[i]; j++)
            if (!alive || alive[j])
                mark[i] = !case_dominates(c, j, i) && !(ties == ES_TIES_FIRST && j < i && case_equal(c, i, j));
    }
}

#endif

#include "calibrate/levels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const size_t sweeps_of_squares = 2; /* before residuals lose weight */
static const double longest_step = 1;

typedef struct use {  /* of a key by a row; those of one row follow each other */
    size_t row, part; /* part n_parts: all that have the row's keys */
} use;

struct es_levels {
    const es_level_problem *problem;
    size_t *first; /* [key] of its uses; n_keys + 1 */
    use *use;
    double *seconds;        /* [row][ES_LEVEL_PARTS] with the effects */
    double *weight, *whole; /* [row]: robust weights, seconds of all parts */
};

static void each_use(const es_level_problem *p, size_t *at, use *to) {
    for (size_t i = 0; i < p->n_rows; i++) {
        const es_level_row *row = &p->row[i];
        for (size_t k = 0; k < row->n_keys; k++) {
            if (to)
                to[at[row->key[k]]] = (use){i, row->n_parts};
            at[row->key[k]]++;
        }
        for (size_t s = 0; s < row->n_parts; s++)
            for (size_t k = 0; k < row->part[s].n_keys; k++) {
                if (to)
                    to[at[row->part[s].key[k]]] = (use){i, s};
                at[row->part[s].key[k]]++;
            }
    }
}

es_levels *es_levels_begin(const es_level_problem *p) {
    es_levels *l = calloc(1, sizeof *l);
    size_t *at = calloc(p->n_keys + 1, sizeof *at);
    if (l && at) {
        each_use(p, at, NULL);
        l->problem = p;
        l->first = calloc(p->n_keys + 1, sizeof *l->first);
        for (size_t k = 0; l->first && k < p->n_keys; k++)
            l->first[k + 1] = l->first[k] + at[k];
        l->use = l->first ? malloc((l->first[p->n_keys] + 1) * sizeof *l->use) : NULL;
        l->seconds = calloc(p->n_rows + 1, ES_LEVEL_PARTS * sizeof *l->seconds);
        l->weight = malloc((p->n_rows + 1) * sizeof *l->weight);
        l->whole = malloc((p->n_rows + 1) * sizeof *l->whole);
    }
    if (!l || !at || !l->use || !l->seconds || !l->weight || !l->whole) {
        free(at);
        es_levels_free(l);
        return NULL;
    }
    memcpy(at, l->first, p->n_keys * sizeof *at);
    each_use(p, at, l->use);
    free(at);
    return l;
}

void es_levels_free(es_levels *l) {
    if (!l)
        return;
    free(l->first);
    free(l->use);
    free(l->seconds);
    free(l->weight);
    free(l->whole);
    free(l);
}

/* Of a part and its rival only the longer one. */
static bool counts(const es_level_row *row, const double *seconds, size_t s) {
    if (row->part[s].is_rival)
        return seconds[s] > seconds[s - 1];
    return s + 1 == row->n_parts || !row->part[s + 1].is_rival || seconds[s] >= seconds[s + 1];
}

static void add_up(es_levels *l, size_t i) {
    const es_level_row *row = &l->problem->row[i];
    const double *seconds = &l->seconds[i * ES_LEVEL_PARTS];
    l->whole[i] = 0;
    for (size_t s = 0; s < row->n_parts; s++)
        if (counts(row, seconds, s))
            l->whole[i] += fmax(seconds[s], row->part[s].at_least);
}

/* What is left for the levels: positive where the row is faster than they say. */
static double residual(const es_levels *l, size_t i) { return log(l->whole[i] / l->problem->row[i].seconds); }

static void start(es_levels *l, const double *value) {
    const es_level_problem *p = l->problem;
    for (size_t i = 0; i < p->n_rows; i++) {
        const es_level_row *row = &p->row[i];
        double common = 0;
        for (size_t k = 0; k < row->n_keys; k++)
            common += value[row->key[k]];
        for (size_t s = 0; s < row->n_parts; s++) {
            const es_level_part *part = &row->part[s];
            double level = part->has_common ? common : 0;
            for (size_t k = 0; k < part->n_keys; k++)
                level += value[part->key[k]];
            l->seconds[i * ES_LEVEL_PARTS + s] = part->seconds * exp(-level);
        }
        add_up(l, i);
    }
}

static void weigh(es_levels *l, const bool *left_out, bool robust) {
    const es_level_problem *p = l->problem;
    for (size_t i = 0; i < p->n_rows; i++) {
        l->weight[i] = left_out && left_out[i] ? 0 : p->row[i].weight;
        if (robust && l->weight[i] > 0)
            l->weight[i] *= fmin(1, p->robust_from / fabs(residual(l, i)));
    }
}

static bool takes_part(const es_level_row *row, size_t part, const use *u) {
    return u->part == part || (u->part == row->n_parts && row->part[part].has_common);
}

/* Share of a row's time that shortens with a key: of parts at their least none does. */
static double slope_of(const es_levels *l, const use *u) {
    const es_level_row *row = &l->problem->row[u->row];
    const double *seconds = &l->seconds[u->row * ES_LEVEL_PARTS];
    double moves = 0;
    for (size_t s = 0; s < row->n_parts; s++)
        if (takes_part(row, s, u) && counts(row, seconds, s) && seconds[s] >= row->part[s].at_least)
            moves += seconds[s];
    return moves / l->whole[u->row];
}

/* The weighted mean of what the other effects leave over for this one, by the slopes on it. */
static void update(es_levels *l, size_t key, double *value) {
    const es_level_problem *p = l->problem;
    const double before = value[key];
    const use *end = &l->use[l->first[key + 1]];
    double sum = 0, weights = p->lambda[key];
    if (isinf(weights))
        return;
    for (const use *u = &l->use[l->first[key]]; u < end;) {
        const size_t i = u->row;
        double slope = 0;
        for (; u < end && u->row == i; u++)
            slope += l->weight[i] > 0 ? slope_of(l, u) : 0;
        if (slope == 0)
            continue;
        sum += l->weight[i] * slope * (residual(l, i) + slope * before);
        weights += l->weight[i] * slope * slope;
    }
    value[key] = weights > 0 ? fmax(before - longest_step, fmin(before + longest_step, sum / weights)) : 0;
    if (value[key] == before)
        return;
    const double factor = exp(before - value[key]);
    for (const use *u = &l->use[l->first[key]]; u < end; u++) {
        for (size_t s = 0; s < p->row[u->row].n_parts; s++)
            if (takes_part(&p->row[u->row], s, u))
                l->seconds[u->row * ES_LEVEL_PARTS + s] *= factor;
        add_up(l, u->row);
    }
}

void es_levels_fit(es_levels *l, const bool *left_out, size_t sweeps, double *value) {
    const es_level_problem *p = l->problem;
    start(l, value);
    for (size_t sweep = 0; sweep < sweeps; sweep++) {
        weigh(l, left_out, sweep >= sweeps_of_squares);
        for (size_t k = 0; k < p->n_keys; k++)
            update(l, p->order[k], value);
    }
}

#include "calibrate/levels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double robust_from = 0.35;    /* residuals above it count by their size, not their square */
static const size_t sweeps_of_squares = 2; /* before that */

typedef struct use {   /* of a key by a row */
    size_t row, share; /* share n_shares: all of it */
} use;

struct es_levels {
    const es_level_problem *problem;
    size_t *first; /* [key] of its uses; n_keys + 1 */
    use *use;
    double *weight, *lin, *mixed; /* [row]: robust weights, sums of the effects for all types and of the types */
};

static void each_use(const es_level_problem *p, size_t *at, use *to) {
    for (size_t i = 0; i < p->n_rows; i++) {
        const es_level_row *row = &p->row[i];
        for (size_t k = 0; k < row->n_keys; k++) {
            if (to)
                to[at[row->key[k]]] = (use){i, row->n_shares};
            at[row->key[k]]++;
        }
        for (size_t s = 0; s < row->n_shares; s++)
            for (size_t k = 0; k < row->share[s].n_keys; k++) {
                if (to)
                    to[at[row->share[s].key[k]]] = (use){i, s};
                at[row->share[s].key[k]]++;
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
        l->weight = malloc((p->n_rows + 1) * sizeof *l->weight);
        l->lin = malloc((p->n_rows + 1) * sizeof *l->lin);
        l->mixed = malloc((p->n_rows + 1) * sizeof *l->mixed);
    }
    if (!l || !at || !l->use || !l->weight || !l->lin || !l->mixed) {
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
    free(l->weight);
    free(l->lin);
    free(l->mixed);
    free(l);
}

/* Time of a type relative to all of the row at the prior's rates. */
static double time_of(const es_level_share *share, const double *value) {
    double level = 0;
    for (size_t k = 0; k < share->n_keys; k++)
        level += value[share->key[k]];
    return share->share * exp(-level);
}

/* Level that the types of a row have together. */
static double mixed_level(const es_level_row *row, const double *value) {
    double time = 0;
    for (size_t s = 0; s < row->n_shares; s++)
        time += time_of(&row->share[s], value);
    return row->n_shares ? -log(time) : 0;
}

static void weigh(es_levels *l, const bool *left_out, bool robust) {
    const es_level_problem *p = l->problem;
    for (size_t i = 0; i < p->n_rows; i++) {
        const double far = fabs(p->row[i].y - l->lin[i] - l->mixed[i]);
        l->weight[i] = left_out && left_out[i] ? 0 : p->row[i].weight;
        if (robust && far > robust_from)
            l->weight[i] *= robust_from / far;
    }
}

/* The weighted mean of what the other effects leave over for this one, by the slope of the rows' levels on it. */
static void update(es_levels *l, size_t key, double *value) {
    const es_level_problem *p = l->problem;
    const double before = value[key];
    double sum = 0, weights = p->lambda[key];
    for (size_t u = l->first[key]; u < l->first[key + 1]; u++) {
        const size_t i = l->use[u].row, s = l->use[u].share;
        const es_level_row *row = &p->row[i];
        if (l->weight[i] == 0)
            continue;
        const double slope = s < row->n_shares ? time_of(&row->share[s], value) * exp(l->mixed[i]) : 1;
        sum += l->weight[i] * slope * (row->y - l->lin[i] - l->mixed[i] + slope * before);
        weights += l->weight[i] * slope * slope;
    }
    value[key] = weights > 0 && !isinf(weights) ? sum / weights : 0;
    if (value[key] == before)
        return;
    for (size_t u = l->first[key]; u < l->first[key + 1]; u++) {
        const size_t i = l->use[u].row;
        if (l->use[u].share < p->row[i].n_shares)
            l->mixed[i] = mixed_level(&p->row[i], value);
        else
            l->lin[i] += value[key] - before;
    }
}

void es_levels_fit(es_levels *l, const bool *left_out, size_t sweeps, double *value) {
    const es_level_problem *p = l->problem;
    for (size_t i = 0; i < p->n_rows; i++) {
        const es_level_row *row = &p->row[i];
        l->lin[i] = 0;
        for (size_t k = 0; k < row->n_keys; k++)
            l->lin[i] += value[row->key[k]];
        l->mixed[i] = mixed_level(row, value);
    }
    for (size_t sweep = 0; sweep < sweeps; sweep++) {
        weigh(l, left_out, sweep >= sweeps_of_squares);
        for (size_t k = 0; k < p->n_keys; k++)
            update(l, p->order[k], value);
    }
}

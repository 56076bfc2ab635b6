#include "engine/grouping.h"

#include <stdlib.h>

/* Combinations with a table: 256 MB, of which only pages with groups become real. */
#define MOST_COMBINATIONS ((uint64_t)1 << 26)

static uint64_t count_combinations(const es_sweep *sweep, uint64_t axes) {
    uint64_t n = 1;
    for (size_t a = 0; a < sweep->n_axes; a++)
        n *= axes >> a & 1 ? sweep->axes[a].n : 1; /* no more than there are points */
    return n;
}

/* The combination at these coordinates; the last axis is the fastest. */
static uint64_t combination_at(const es_sweep *sweep, uint64_t axes, const size_t *coordinate) {
    uint64_t at = 0;
    for (size_t a = 0; a < sweep->n_axes; a++)
        if (axes >> a & 1)
            at = at * sweep->axes[a].n + coordinate[a];
    return at;
}

/* Coordinates within a tile begin at the first value of every axis, which is the share that a point adds to its tile's. */
static void fill_offsets(es_grouping *g, const es_tiling *tiling) {
    size_t coordinate[ES_MAX_AXES];
    for (size_t i = 0; i < tiling->points; i++) {
        es_sweep_coordinates(g->sweep, i, coordinate);
        g->offset[i] = (uint32_t)combination_at(g->sweep, g->axes, coordinate);
    }
}

es_status es_grouping_init(es_grouping *g, const es_sweep *sweep, const es_program *program, const int *by, size_t n_by,
                           es_errors *errors) {
    *g = (es_grouping){.sweep = sweep, .program = program, .by = by, .n_by = n_by};
    es_groups_init(&g->groups, n_by);
    for (size_t k = 0; k < n_by; k++)
        g->axes |= sweep->columns[by[k]].axes;
    g->combinations = count_combinations(sweep, g->axes);
    if (g->combinations > MOST_COMBINATIONS)
        return ES_OK;
    const es_tiling *tiling = es_program_tiling(program);
    g->number = calloc(g->combinations, sizeof *g->number);
    g->offset = calloc(tiling->points + 1, sizeof *g->offset);
    if (!g->number || !g->offset) {
        es_grouping_free(g);
        return es_fail_memory(errors);
    }
    fill_offsets(g, tiling);
    return ES_OK;
}

void es_grouping_seal(es_grouping *g) {
    free(g->number), free(g->offset);
    g->number = NULL, g->offset = NULL;
    es_keys_seal(&g->groups.keys);
}

void es_grouping_free(es_grouping *g) {
    es_grouping_seal(g);
    es_groups_free(&g->groups);
}

es_group_view es_grouping_view(const es_grouping *g, const es_eval *eval) {
    es_group_view v = {.same = true};
    for (size_t k = 0; k < g->n_by; k++) {
        uint16_t node = (uint16_t)g->sweep->columns[g->by[k]].node;
        v.step[k] = !es_program_uniform(g->program, node);
        v.column[k] = es_eval_column(eval, node);
        v.same = v.same && !v.step[k];
    }
    v.combination = combination_at(g->sweep, g->axes, es_eval_coordinates(eval));
    return v;
}

static void key_of(const es_grouping *g, const es_group_view *v, size_t i, double *key) {
    for (size_t k = 0; k < g->n_by; k++)
        key[k] = v->column[k][i * v->step[k]];
}

es_status es_grouping_meet(es_grouping *g, const es_group_view *v, size_t i, uint32_t *group, es_errors *errors) {
    double key[ES_MAX_BY] = {0};
    size_t number;
    key_of(g, v, i, key);
    es_status status = es_groups_find(&g->groups, key, &number, errors);
    if (status)
        return status;
    *group = (uint32_t)number;
    if (g->number)
        g->number[v->combination + g->offset[i]] = *group + 1;
    return ES_OK;
}

bool es_grouping_lookup(const es_grouping *g, const es_group_view *v, size_t i, const es_grouping *known,
                        uint32_t *group) {
    if (g->number && known->number) {
        uint32_t number = known->number[v->combination + g->offset[i]];
        *group = number - 1;
        if (number > 0)
            return true;
    } /* nobody met this combination: its points were left out, but its key may be that of others */
    double key[ES_MAX_BY] = {0};
    size_t number = 0;
    key_of(g, v, i, key);
    const bool found = es_groups_lookup(&known->groups, key, &number);
    *group = (uint32_t)number;
    return found;
}

void es_grouping_adopt(es_grouping *g, const es_grouping *from, const uint32_t *number) {
    for (uint64_t c = 0; g->number && from->number && c < g->combinations; c++)
        if (!g->number[c] && from->number[c])
            g->number[c] = number[from->number[c] - 1] + 1;
}

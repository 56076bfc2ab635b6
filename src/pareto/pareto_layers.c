#include <stdlib.h>

#include "pareto/pareto_front.h"
#include "pareto/pareto_set.h"

/* Efficient non-dominated sort with binary search (Zhang, Tian, Cheng, Jin: An efficient approach to nondominated
 * sorting for evolutionary multiobjective optimization, IEEE Trans. Evol. Comput. 19(2), 2015): points come dominators
 * first; each goes to the first layer in which nothing dominates it, and layers before that one all hold a dominator.
 */
typedef struct layers {
    unsigned d;
    uint32_t n, capacity, most; /* most: layers wanted */
    es_set *layer;
    uint32_t *hint;
} layers;

static es_status add_layer(layers *l, es_errors *errors) {
    if (l->n == l->capacity) {
        uint32_t capacity = l->capacity + l->capacity / 2 + 8;
        es_set *layer = realloc(l->layer, capacity * sizeof *layer);
        if (!layer)
            return es_fail_memory(errors);
        l->layer = layer;
        uint32_t *hint = realloc(l->hint, capacity * sizeof *hint);
        if (!hint)
            return es_fail_memory(errors);
        l->hint = hint;
        l->capacity = capacity;
    }
    l->hint[l->n] = 0;
    es_set_init(&l->layer[l->n++], l->d);
    return ES_OK;
}

static void free_layers(layers *l) {
    for (uint32_t i = 0; i < l->n; i++)
        es_set_free(&l->layer[i]);
    free(l->layer);
    free(l->hint);
}

/* The layer of a point; *is_tie when an equal point is already there. */
static uint32_t find_layer(layers *l, const int32_t *code, bool *is_tie) {
    uint32_t low = 0, high = l->n;
    *is_tie = false;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        uint32_t slot = ES_SIMD_PICK(es_set_find)(&l->layer[middle], code, NULL, &l->hint[middle]);
        if (slot == ES_NOT_FOUND) {
            high = middle;
            continue;
        }
        *is_tie = es_set_equals(&l->layer[middle], slot, code);
        if (*is_tie)
            return middle;
        low = middle + 1;
    }
    return low;
}

static es_status place_point(layers *l, const int32_t *code, uint32_t *rank, es_errors *errors) {
    bool is_tie;
    uint32_t at = find_layer(l, code, &is_tie);
    es_status status = ES_OK;
    *rank = at < l->most ? at + 1 : 0;
    if (is_tie || at == l->most)
        return ES_OK;
    if (at == l->n)
        status = add_layer(l, errors);
    if (!status)
        status = es_set_append(&l->layer[at], code, 0, errors);
    if (!status && es_set_wants_rebuild(&l->layer[at]))
        status = es_set_rebuild(&l->layer[at], errors);
    return status;
}

typedef struct ranking {
    uint32_t most;
    uint32_t *rank; /* by point */
} ranking;

static es_status rank_group(void *context, const es_view *view, const uint32_t *member, unsigned threads,
                            es_errors *errors) {
    const ranking *r = context;
    es_ranked ranked;
    es_status status = es_ranked_init(&ranked, view, NULL, view->n, threads, errors);
    if (status)
        return status;
    layers l = {.d = view->d, .most = r->most ? r->most : UINT32_MAX};
    for (size_t i = 0; i < view->n && !status; i++) {
        int32_t code[ES_MAX_OBJECTIVES];
        uint32_t position = ranked.order[i];
        es_ranked_code(&ranked, position, code);
        status = place_point(&l, code, &r->rank[member ? member[position] : position], errors);
    }
    free_layers(&l);
    es_ranked_free(&ranked);
    return status;
}

es_status es_front_ranks(const es_points *points, uint32_t max_rank, unsigned threads, uint32_t *rank,
                         es_errors *errors) {
    es_view view;
    es_status status = es_view_init(&view, points, errors);
    if (!status)
        status = es_points_check_finite(points, errors);
    if (status)
        return status;
    uint32_t *found = malloc((points->n ? points->n : 1) * sizeof *found);
    if (!found)
        return es_fail_memory(errors);
    ranking r = {.most = max_rank, .rank = found};
    status = es_for_each_group(points, &view, threads, rank_group, &r, errors);
    if (!status)
        memcpy(rank, found, points->n * sizeof *rank);
    free(found);
    return status;
}

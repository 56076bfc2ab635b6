/* The groups of a sweep's points: each combination of the axes on which the `by` columns depend has its number in a table,
 * so that a key is looked up once a combination, not once a point. */
#ifndef ES_ENGINE_GROUPING_H
#define ES_ENGINE_GROUPING_H

#include "engine/eval.h"
#include "engine/groups.h"

typedef struct es_grouping {
    const es_sweep *sweep;
    const es_program *program;
    const int *by; /* columns */
    size_t n_by;
    es_groups groups;
    uint64_t axes;         /* on which the columns depend */
    uint64_t combinations; /* of their values: there are no more groups */
    uint32_t *number;      /* per combination: number of its group + 1; 0: not met; NULL: there are too many */
    uint32_t *offset;      /* per point of a tile: its combination less that of the first */
} es_grouping;

es_status es_grouping_init(es_grouping *grouping, const es_sweep *sweep, const es_program *program, const int *by,
                           size_t n_by, es_errors *errors);
void es_grouping_free(es_grouping *grouping);

/* Gives back what only finding groups needs; keys stay. */
void es_grouping_seal(es_grouping *grouping);

/* The columns of a tile. */
typedef struct es_group_view {
    const double *column[ES_MAX_BY];
    size_t step[ES_MAX_BY];
    uint64_t combination; /* of the first point */
    bool same;            /* one group for the whole tile */
} es_group_view;

es_group_view es_grouping_view(const es_grouping *grouping, const es_eval *eval);

/* es_grouping_find where the combination has not been met. */
es_status es_grouping_meet(es_grouping *grouping, const es_group_view *view, size_t i, uint32_t *group,
                           es_errors *errors);

/* The number of the group of point i of the tile, added when new. */
static inline es_status es_grouping_find(es_grouping *g, const es_group_view *view, size_t i, uint32_t *group,
                                         es_errors *errors) {
    const uint32_t known = g->number ? g->number[view->combination + g->offset[i]] : 0;
    *group = known - 1;
    return known ? ES_OK : es_grouping_meet(g, view, i, group, errors);
}

/* Whether `known`, a grouping by the same columns, has the group of point i of this one's tile, and its number there. */
bool es_grouping_lookup(const es_grouping *grouping, const es_group_view *view, size_t i, const es_grouping *known,
                        uint32_t *group);

/* Takes over which combinations make the groups of `from`; number[g] is the group here of its group g. */
void es_grouping_adopt(es_grouping *grouping, const es_grouping *from, const uint32_t *number);

static inline const double *es_grouping_key(const es_grouping *grouping, size_t group) {
    return es_groups_key(&grouping->groups, group);
}

#endif

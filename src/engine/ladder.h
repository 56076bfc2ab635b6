/* The ladder of boxes: the grid cut ever finer, from all of it down to tiles.
 *
 * A box of a rung is a run of neighbouring values of one axis, with every axis outside it fixed and every axis inside it
 * whole: its points are neighbours in the grid.  The children of a box lie along one axis.  Boxes of one of the rungs are
 * the tiles of a tiling.
 */
#ifndef ES_ENGINE_LADDER_H
#define ES_ENGINE_LADDER_H

#include "engine/tiles.h"

enum { ES_MAX_RUNGS = 66, ES_FAN = 32 };

typedef struct es_rung {
    size_t axis;
    size_t chunk;     /* values of the axis in a box; the last box of a run may have fewer */
    uint64_t per_run; /* boxes along the axis */
    uint64_t inner;   /* points per value of the axis */
    uint64_t n_boxes;
    uint64_t points; /* of a full box */
} es_rung;

typedef struct es_ladder {
    const es_sweep *sweep;
    es_rung rung[ES_MAX_RUNGS];
    size_t n_rungs;
    size_t tiles; /* rung whose boxes are the tiles, by the same numbers */
} es_ladder;

/* From the boxes of `finest` up to a single one, by way of the tiles of `tiling`, which is aligned to them; every box has
 * at most ES_FAN children. */
es_ladder es_ladder_make(const es_sweep *sweep, const es_tiling *finest, const es_tiling *tiling);

/* First point of a box and the number of its points. */
uint64_t es_box_first(const es_ladder *ladder, size_t rung, uint64_t box, uint64_t *n);
uint64_t es_box_of(const es_ladder *ladder, size_t rung, uint64_t point);

/* First child, on rung - 1, of a box on rung >= 1, and the number of children. */
uint64_t es_box_children(const es_ladder *ladder, size_t rung, uint64_t box, size_t *n);

#endif

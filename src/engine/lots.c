#include "engine/lots.h"

#include <stdlib.h>

/* Groups of a lot: with 100 to 400 bytes each their state is in the L2 cache of a core. */
enum { LOT_GROUPS = 4096, LOTS_MIN = 16 };

/* Axes of `by` that are all axes themselves: two combinations of their values are two groups. */
static uint64_t axes_of(const es_sweep *sweep, const int *by, size_t n_by) {
    uint64_t axes = 0;
    for (size_t k = 0; k < n_by; k++) {
        if (!sweep->columns[by[k]].is_axis)
            return 0;
        axes |= sweep->columns[by[k]].axes;
    }
    return axes;
}

static uint64_t count_groups(const es_sweep *sweep, uint64_t axes) {
    uint64_t n = 1;
    for (size_t a = 0; a < sweep->n_axes; a++)
        n *= axes >> a & 1 ? sweep->axes[a].n : 1; /* no more than there are points */
    return n;
}

uint64_t es_lots_axes(const es_sweep *sweep, bool best, bool front) {
    const uint64_t of_best = best ? axes_of(sweep, sweep->best.by, sweep->best.n_by) : 0;
    const uint64_t of_front = front ? axes_of(sweep, sweep->front.by, sweep->front.n_by) : 0;
    const uint64_t axes = count_groups(sweep, of_best) < count_groups(sweep, of_front) ? of_front : of_best;
    return count_groups(sweep, axes) < LOT_GROUPS * LOTS_MIN ? 0 : axes;
}

/* Boxes of a rung along the axes: all others have the groups of one of them. */
static uint64_t count_lots(const es_ladder *ladder, size_t rung, uint64_t axes) {
    const es_rung *r = &ladder->rung[rung];
    uint64_t n = axes >> r->axis & 1 ? r->per_run : 1;
    for (size_t a = 0; a < r->axis; a++)
        n *= axes >> a & 1 ? ladder->sweep->axes[a].n : 1;
    return n;
}

size_t es_lots_rung(const es_ladder *ladder, uint64_t axes, size_t rung) {
    const uint64_t wanted = count_groups(ladder->sweep, axes) / LOT_GROUPS;
    while (rung > ladder->tiles && count_lots(ladder, rung, axes) < wanted)
        rung--;
    return rung;
}

typedef struct placed {
    uint64_t lot;
    uint32_t at, place;
} placed;

static int by_lot(const void *a, const void *b) {
    const placed *x = a, *y = b;
    return x->lot != y->lot ? (x->lot > y->lot) - (x->lot < y->lot) : (x->at > y->at) - (x->at < y->at);
}

/* The lot of a box: where it begins along the axes. */
static uint64_t lot_of(const es_ladder *ladder, size_t rung, uint64_t axes, uint64_t box) {
    size_t coordinate[ES_MAX_AXES];
    uint64_t n, lot = 0;
    es_sweep_coordinates(ladder->sweep, es_box_first(ladder, rung, box, &n), coordinate);
    for (size_t a = 0; a < ladder->sweep->n_axes; a++)
        if (axes >> a & 1)
            lot = lot * ladder->sweep->axes[a].n + coordinate[a];
    return lot;
}

es_status es_lots_sort(const es_ladder *ladder, size_t rung, uint64_t axes, uint64_t first, uint64_t n, uint32_t *order,
                       uint64_t *size, es_errors *errors) {
    placed *box = calloc((size_t)n, sizeof *box);
    if (!box)
        return es_fail_memory(errors);
    for (uint32_t i = 0; i < n; i++)
        box[i] = (placed){lot_of(ladder, rung, axes, first + order[i]), i, order[i]};
    qsort(box, (size_t)n, sizeof *box, by_lot);
    for (uint32_t i = 0; i < n; i++)
        order[i] = box[i].place;
    free(box);
    *size = ladder->rung[rung].n_boxes / count_lots(ladder, rung, axes);
    return ES_OK;
}

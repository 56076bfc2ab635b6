#include "engine/ladder.h"

static es_rung make_rung(const es_sweep *sweep, size_t axis, size_t chunk) {
    const es_axis *a = &sweep->axes[axis];
    uint64_t per_run = (a->n + chunk - 1) / chunk;
    return (es_rung){.axis = axis,
                     .chunk = chunk,
                     .per_run = per_run,
                     .inner = a->stride,
                     .n_boxes = sweep->n_points / (a->stride * a->n) * per_run,
                     .points = a->stride * chunk};
}

/* Children per box so that a run of boxes shrinks to one in equal steps. */
static size_t choose_fan(uint64_t per_run) {
    unsigned steps = 1;
    for (uint64_t reach = ES_FAN; reach < per_run; steps++)
        reach *= ES_FAN;
    for (size_t fan = 2; fan < ES_FAN; fan++) {
        uint64_t reach = 1;
        for (unsigned i = 0; i < steps; i++)
            reach *= fan;
        if (reach >= per_run)
            return fan;
    }
    return ES_FAN;
}

/* The next axis outwards that has several values; `axis` itself when there is none. */
static size_t outer_axis(const es_sweep *sweep, size_t axis) {
    for (size_t a = axis; a-- > 0;)
        if (sweep->axes[a].n > 1)
            return a;
    return axis;
}

static es_rung rung_above(const es_sweep *sweep, const es_rung *r, const es_tiling *tiling) {
    if (r->axis == tiling->split && r->chunk < tiling->chunk)
        return make_rung(sweep, r->axis, tiling->chunk);
    if (r->per_run > ES_FAN)
        return make_rung(sweep, r->axis, r->chunk * choose_fan(r->per_run));
    size_t outer = outer_axis(sweep, r->axis);
    return outer == r->axis ? make_rung(sweep, outer, sweep->axes[outer].n) : make_rung(sweep, outer, 1);
}

es_ladder es_ladder_make(const es_sweep *sweep, const es_tiling *finest, const es_tiling *tiling) {
    es_ladder l = {.sweep = sweep, .n_rungs = 1};
    l.rung[0] = make_rung(sweep, finest->split, finest->chunk);
    while (l.n_rungs < ES_MAX_RUNGS && l.rung[l.n_rungs - 1].n_boxes > 1) {
        l.rung[l.n_rungs] = rung_above(sweep, &l.rung[l.n_rungs - 1], tiling);
        l.n_rungs++;
    }
    while (l.rung[l.tiles].points < tiling->points && l.tiles + 1 < l.n_rungs)
        l.tiles++;
    return l;
}

uint64_t es_box_first(const es_ladder *l, size_t rung, uint64_t box, uint64_t *n) {
    const es_rung *r = &l->rung[rung];
    uint64_t values = l->sweep->axes[r->axis].n, start = box % r->per_run * r->chunk;
    *n = (values - start < r->chunk ? values - start : r->chunk) * r->inner;
    return (box / r->per_run * values + start) * r->inner;
}

uint64_t es_box_of(const es_ladder *l, size_t rung, uint64_t point) {
    const es_rung *r = &l->rung[rung];
    uint64_t value = point / r->inner, values = l->sweep->axes[r->axis].n;
    return value / values * r->per_run + value % values / r->chunk;
}

uint64_t es_box_children(const es_ladder *l, size_t rung, uint64_t box, size_t *n) {
    const es_rung *r = &l->rung[rung], *below = &l->rung[rung - 1];
    if (below->axis != r->axis) {
        *n = (size_t)below->per_run;
        return box * below->per_run;
    }
    uint64_t ratio = (r->chunk + below->chunk - 1) / below->chunk, start = box % r->per_run * ratio;
    *n = (size_t)(below->per_run - start < ratio ? below->per_run - start : ratio);
    return box / r->per_run * below->per_run + start;
}

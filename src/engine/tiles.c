#include "engine/tiles.h"

static void set_chunk(es_tiling *t, const es_sweep *sweep, size_t chunk) {
    size_t n = sweep->axes[t->split].n;
    t->chunk = chunk;
    t->per_run = (n + chunk - 1) / chunk;
    t->points = chunk * t->inner;
    t->n_tiles = sweep->n_points / (n * t->inner) * t->per_run;
}

es_tiling es_tiling_make(const es_sweep *sweep, size_t points) {
    es_tiling t = {.split = sweep->n_axes - 1, .inner = 1};
    while (t.split > 0 && t.inner * sweep->axes[t.split].n <= points)
        t.inner *= sweep->axes[t.split--].n;
    size_t n = sweep->axes[t.split].n, most = points / t.inner;
    if (most < 1)
        most = 1;
    /* equal shares: nine values make two tiles of five and four, not of eight and one */
    t.per_run = (n + most - 1) / most;
    set_chunk(&t, sweep, (size_t)((n + t.per_run - 1) / t.per_run));
    t.split_axis = (uint64_t)1 << t.split;
    for (size_t a = t.split; a < sweep->n_axes; a++)
        if (sweep->axes[a].n > 1)
            t.tile_axes |= (uint64_t)1 << a;
    return t;
}

void es_tiling_align(es_tiling *t, const es_sweep *sweep, const es_tiling *finer) {
    if (t->split == finer->split && t->chunk > finer->chunk)
        set_chunk(t, sweep, t->chunk / finer->chunk * finer->chunk);
}

uint64_t es_tile_first(const es_sweep *sweep, const es_tiling *t, uint64_t tile, size_t *n) {
    size_t values = sweep->axes[t->split].n;
    size_t start = (size_t)(tile % t->per_run) * t->chunk;
    size_t chunk = values - start < t->chunk ? values - start : t->chunk;
    *n = chunk * t->inner;
    return (tile / t->per_run * values + start) * t->inner;
}

uint64_t es_tile_of(const es_sweep *sweep, const es_tiling *t, uint64_t index) {
    uint64_t run = (uint64_t)sweep->axes[t->split].n * t->inner;
    return index / run * t->per_run + index % run / t->inner / t->chunk;
}

es_pattern es_pattern_make(const es_sweep *sweep, const es_tiling *t, uint64_t axes, uint16_t *sub, uint16_t *example) {
    es_pattern p = {.axes = axes, .sub = sub, .example = example, .distinct = 1, .distinct_inner = 1, .run = t->points};
    for (size_t i = 0; i < t->points; i++)
        sub[i] = 0;
    for (size_t a = t->split; a < sweep->n_axes; a++) {
        if (!(axes >> a & 1))
            continue;
        size_t n = a == t->split ? t->chunk : sweep->axes[a].n, stride = (size_t)sweep->axes[a].stride;
        for (size_t i = 0; i < t->points; i++) {
            size_t at = a == t->split ? i / t->inner : i / stride % n;
            sub[i] = (uint16_t)(sub[i] * n + at);
        }
        p.distinct *= n;
        p.run = stride; /* of the innermost */
        if (a != t->split)
            p.distinct_inner *= n;
    }
    for (size_t i = t->points; i-- > 0;)
        example[sub[i]] = (uint16_t)i;
    return p;
}

size_t es_pattern_count(const es_pattern *p, const es_tiling *t, size_t n) {
    return p->axes & t->split_axis ? n / t->inner * p->distinct_inner : p->distinct;
}

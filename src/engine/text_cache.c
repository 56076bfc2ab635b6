#include "engine/text_cache.h"

#include <stdlib.h>

#include "base/number.h"

/* The outermost axis outside the tile that the column does not depend on though an axis outside or inside it does. */
static size_t repeating_axis(const es_sweep *sweep, const es_tiling *tiling, uint64_t mask) {
    for (size_t a = 0; a < tiling->split; a++)
        if (sweep->axes[a].n > 1 && !(mask >> a & 1))
            return a;
    return tiling->split;
}

es_cache_plan es_cache_plan_make(const es_sweep *sweep, const es_tiling *tiling, uint64_t mask, size_t most) {
    es_cache_plan plan = {.slots = 1, .chunk = tiling->chunk, .split = tiling->split};
    size_t repeats = repeating_axis(sweep, tiling, mask);
    if (repeats == tiling->split)
        return (es_cache_plan){0};
    if (mask & tiling->split_axis) {
        plan.stride[tiling->split] = 1;
        plan.slots = (size_t)tiling->per_run;
    }
    for (size_t a = tiling->split; a-- > 0;) {
        if (!(mask >> a & 1))
            continue;
        if (a < repeats) {
            plan.stale_axes |= (uint64_t)1 << a;
            continue;
        }
        plan.stride[a] = plan.slots;
        if (!es_mul_size(plan.slots, sweep->axes[a].n, &plan.slots))
            return (es_cache_plan){0};
    }
    return plan.slots <= most / tiling->points ? plan : (es_cache_plan){0};
}

es_status es_text_cache_init(es_text_cache *cache, const es_cache_plan *plan, const es_tiling *tiling,
                             es_errors *errors) {
    size_t cells = (plan->slots * tiling->points + 3) / 4 * 4;
    cache->cells = aligned_alloc(64, cells * sizeof *cache->cells);
    cache->stamp = calloc(plan->slots, sizeof *cache->stamp);
    cache->epoch = 1;
    return cache->cells && cache->stamp ? ES_OK : es_fail_memory(errors);
}

void es_text_cache_free(es_text_cache *cache) {
    free(cache->cells), free(cache->stamp);
    *cache = (es_text_cache){0};
}

es_short_cell *es_text_cache_slot(es_text_cache *cache, const es_cache_plan *plan, const es_tiling *tiling,
                                  const size_t *coordinate, uint64_t moved, bool *fresh) {
    if (moved & plan->stale_axes)
        cache->epoch++;
    size_t slot = 0;
    for (size_t a = 0; a < plan->split; a++)
        slot += coordinate[a] * plan->stride[a];
    slot += coordinate[plan->split] / plan->chunk * plan->stride[plan->split];
    *fresh = cache->stamp[slot] != cache->epoch;
    cache->stamp[slot] = cache->epoch;
    return cache->cells + slot * tiling->points;
}

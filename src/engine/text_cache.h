/* Formatted columns kept over tiles.
 *
 * Take memory_bytes, which depends on model, precision and seq_len, on a grid of model, device, precision, seq_len: when
 * the device moves on, the same cells come again.  `repeats` is the outermost axis that a column does not depend on;
 * cells are kept for all tiles inside it and become stale when an axis outside it moves that the column depends on.
 */
#ifndef ES_ENGINE_TEXT_CACHE_H
#define ES_ENGINE_TEXT_CACHE_H

#include "engine/tiles.h"
#include "io/format.h"

/* Which slot a tile's cells have; shared by all threads. */
typedef struct es_cache_plan {
    size_t slots;               /* 0: the column never repeats, or the cells would not stay in the processor's cache */
    uint64_t stale_axes;        /* moves of these empty the cache */
    size_t stride[ES_MAX_AXES]; /* slots per step of an outer axis */
    size_t chunk, split;        /* the split axis steps by chunks */
} es_cache_plan;

/* `mask`: axes the column depends on; `most`: cells that may be kept. */
es_cache_plan es_cache_plan_make(const es_sweep *sweep, const es_tiling *tiling, uint64_t mask, size_t most);

/* One thread's cells of one column; zero-initialise. */
typedef struct es_text_cache {
    es_short_cell *cells; /* slots * points */
    uint32_t *stamp;      /* per slot: the epoch its cells belong to */
    uint32_t epoch;
} es_text_cache;

es_status es_text_cache_init(es_text_cache *cache, const es_cache_plan *plan, const es_tiling *tiling,
                             es_errors *errors);
void es_text_cache_free(es_text_cache *cache);

/* The cells of the tile at these coordinates; *fresh says that they have to be filled first. */
es_short_cell *es_text_cache_slot(es_text_cache *cache, const es_cache_plan *plan, const es_tiling *tiling,
                                  const size_t *coordinate, uint64_t moved, bool *fresh);

#endif

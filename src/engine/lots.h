/* Where groups are many, threads take tickets by the lot: those of the same groups, one after the other.  A group is then known
 * to one thread, which has its state in cache while its points come. */
#ifndef ES_ENGINE_LOTS_H
#define ES_ENGINE_LOTS_H

#include <edgesweep/error.h>

#include "engine/ladder.h"

/* The axes that make the groups of the front or of the best table, whichever has more; 0: these are too few for lots. */
uint64_t es_lots_axes(const es_sweep *sweep, bool best, bool front);

/* The largest rung, up to `rung`, whose boxes along the axes are enough lots. */
size_t es_lots_rung(const es_ladder *ladder, uint64_t axes, size_t rung);

/* Sorts the n boxes from `first` on, which are behind it by the places in `order`, by lots; within one they keep their order.
 * *size becomes the number of boxes in a lot. */
es_status es_lots_sort(const es_ladder *ladder, size_t rung, uint64_t axes, uint64_t first, uint64_t n, uint32_t *order,
                       uint64_t *size, es_errors *errors);

#endif

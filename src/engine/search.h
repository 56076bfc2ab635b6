/* Search of the grid by boxes: whole boxes are settled by their bounds where conditions, the best found so far or the
 * front so far allow it; what remains is handed on tile by tile.  Counts and results are those of looking at every point.
 */
#ifndef ES_ENGINE_SEARCH_H
#define ES_ENGINE_SEARCH_H

#include "engine/best.h"
#include "engine/bounds.h"
#include "engine/filter.h"
#include "engine/front.h"

/* What points of a box are still needed for. */
enum {
    ES_LIVE_FILTER = 1, /* conditions: which points are kept, and by which condition the others are rejected */
    ES_LIVE_BEST = 2,
    ES_LIVE_FRONT = 4,
    ES_LIVE_ROWS = 8,  /* every point that is kept */
    ES_LIVE_MATCH = 16 /* every point on a finished front */
};

/* Points of the grid that are wanted for the same. */
typedef struct es_span {
    uint64_t first, end;
    unsigned live;
} es_span;

/* Takes the spans of a tile that are left, in index order. */
typedef es_status es_search_tile(void *context, uint64_t tile, const es_span *spans, size_t n);

/* One per thread.  Filter, best and front are the thread's own; those that are not live may be NULL. */
typedef struct es_search {
    const es_sweep *sweep;
    const es_ladder *ladder;
    es_boxes *boxes;
    uint64_t first, end; /* points outside do not count */
    es_filter *filter;
    es_best *best;
    es_front_pass *front;
    const es_front_pass *finished; /* MATCH */
    es_search_tile *tile;
    void *context;
    es_span span[ES_TILE_POINTS]; /* of the tile at hand */
    size_t n_spans;
    uint64_t skipped; /* points settled without looking at them */
    struct {
        uint32_t tried, gained, pause;
        bool backwards; /* the most promising child was the last one */
    } rung[ES_MAX_RUNGS];
} es_search;

/* Orders the n boxes of a rung from `first` on by the ideal points their bounds allow, the most promising first: places
 * behind `first` in *order, the caller's to free; NULL when there is nothing to go by. */
es_status es_search_order(es_search *search, size_t rung, uint64_t first, uint64_t n, unsigned live, uint32_t **order,
                          es_errors *errors);

/* Settles a box of a rung: at once, or by way of its tiles; these in index order when rows are live. */
es_status es_search_box(es_search *search, size_t rung, uint64_t box, unsigned live);

/* The boxes of a rung, in index order, of which something is left to do. */
typedef struct es_walk {
    es_search *search; /* its tiles are not looked at */
    size_t rung;       /* of the boxes wanted */
    size_t at;         /* level at hand; a level holds the children of a box of the rung above it */
    struct {
        uint64_t first;
        size_t n, next;
        es_span span[ES_FAN];
    } level[ES_MAX_RUNGS];
} es_walk;

void es_walk_start(es_walk *walk, es_search *search, size_t rung, unsigned live);

/* False at the end.  *live is 0 when a while has passed without a box. */
bool es_walk_next(es_walk *walk, uint64_t *box, unsigned *live);

#endif

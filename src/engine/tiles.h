/* Tiles: the grid cut into runs of neighbouring points that are evaluated column by column. */
#ifndef ES_ENGINE_TILES_H
#define ES_ENGINE_TILES_H

#include <edgesweep/sweep.h>

enum { ES_TILE_POINTS = 512 };

/* A tile holds `chunk` values of the split axis times all values of the axes inside it. */
typedef struct es_tiling {
    size_t split;     /* axis */
    size_t inner;     /* points per value of the split axis */
    size_t chunk;     /* values of the split axis in a tile; the last tile of a run may have fewer */
    size_t points;    /* chunk * inner: the largest tile */
    uint64_t per_run; /* tiles along the split axis */
    uint64_t n_tiles;
    uint64_t tile_axes;  /* axes that vary inside a tile: the split axis and those inside it */
    uint64_t split_axis; /* bit of the split axis */
} es_tiling;

es_tiling es_tiling_make(const es_sweep *sweep, size_t points);

/* Shrinks the tiles so that boundaries of tiles are boundaries of `finer` too. */
void es_tiling_align(es_tiling *tiling, const es_sweep *sweep, const es_tiling *finer);

/* First point of a tile and the number of its points. */
uint64_t es_tile_first(const es_sweep *sweep, const es_tiling *tiling, uint64_t tile, size_t *n);

/* The tile that holds a point. */
uint64_t es_tile_of(const es_sweep *sweep, const es_tiling *tiling, uint64_t index);

/* How the points of a tile map to the distinct combinations of some of its axes. */
typedef struct es_pattern {
    uint64_t axes;           /* within tile_axes */
    size_t distinct;         /* combinations in a full tile */
    size_t distinct_inner;   /* combinations per value of the split axis when it is one of the axes, else all */
    size_t run;              /* neighbours that share a combination, all of whose runs are as long */
    const uint16_t *sub;     /* points: combination of point i */
    const uint16_t *example; /* distinct: the first point with combination d */
} es_pattern;

/* Fills sub and example, both with room for tiling->points. */
es_pattern es_pattern_make(const es_sweep *sweep, const es_tiling *tiling, uint64_t axes, uint16_t *sub,
                           uint16_t *example);

/* Combinations among the first n points of a tile. */
size_t es_pattern_count(const es_pattern *pattern, const es_tiling *tiling, size_t n);

#endif

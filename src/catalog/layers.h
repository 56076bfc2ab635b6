/* Kinds of layer: what the cells of layers.csv and the layer_pattern of models.csv say.
 *
 *     pattern = term {blank term}
 *     term    = (kind | "(" pattern ")") ["*" count]
 */
#ifndef ES_CATALOG_LAYERS_H
#define ES_CATALOG_LAYERS_H

#include <stdbool.h>
#include <stddef.h>

#include <edgesweep/catalog.h>

#include "base/arena.h"

enum { ES_MAX_LAYERS = 1000000, ES_MAX_KINDS = 64 /* of one model */ };

/* Mixers of a layer, all behind one norm. */
enum {
    ES_MIXER_ATTENTION = 1,
    ES_MIXER_MLA = 2,
    ES_MIXER_GDN = 4,
    ES_MIXER_MAMBA1 = 8,
    ES_MIXER_MAMBA2 = 16,
    ES_MIXER_RWKV7 = 32,
    ES_MIXER_CONV = 64,
    ES_MIXER_LINEAR = 128 /* a matrix in the place of attention */
};
enum { ES_FFN_DENSE = 1, ES_FFN_MOE = 2, ES_FFN_CHANNEL_MIX = 4 };

/* Masks of the cells `mixer` and `ffn`; -1: none of the known ones.  "none" and "" are 0. */
int es_mixers_of(const char *cell);
int es_ffn_of(const char *cell);

/* Numbers separated by `;` into ranks[0..most); the count, or -1. */
int es_ranks_of(const char *cell, double *ranks, int most);

typedef struct es_pattern {
    es_slice *kind; /* of each layer; in the arena, the texts are the pattern's own */
    size_t n;
    size_t fault;         /* offset of what is wrong */
    const char *expected; /* what is expected there; NULL: nothing is wrong */
} es_pattern;

/* False when out of memory; a malformed pattern says so in `expected`. */
bool es_pattern_expand(const char *text, es_arena *arena, es_pattern *pattern);

#endif

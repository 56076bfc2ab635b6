/* Builds of llama.cpp, and since which of them a tensor type is rearranged ("repacked") for the kernel of a CPU. */
#ifndef ES_MODEL_BUILDS_H
#define ES_MODEL_BUILDS_H

#include <math.h>
#include <stdbool.h>

#include <edgesweep/catalog.h>
#include <edgesweep/error.h>

#include "base/arena.h"
#include "base/text.h"
#include "model/layout.h"

/* A build of llama.cpp by its number (b8134: 8134), a month as YYYYMM; newest, or not known. */
#define ES_BUILD_NEWEST INFINITY
#define ES_BUILD_UNKNOWN 0.0

/* "b8134", "2024-11", "2024-11-25"; NaN: something else. */
double es_build_parse(es_slice text);
bool es_build_is_month(double build);

/* What arrived with a build, in a month. */
typedef struct es_since {
    double build, month; /* NaN: not known */
} es_since;

/* Whether a build lacks it; one that is not known does not. */
bool es_build_lacks(double build, es_since since);

/* The kernels of a tensor type on a unit. */
typedef struct es_repack {
    const es_row *kernel; /* of repacked_types.csv; of several the last, which asks for most; NULL: there is none */
    es_since since;       /* the kernel */
    es_since first;       /* any of them */
    double least_rows;    /* rows of a tensor come in multiples of it, for the least of them, which are tried in turn */
} es_repack;

/* repacked_types.csv by unit and tensor type. */
typedef struct es_repacks es_repacks;

es_status es_repacks_compile(const es_catalog *catalog, const es_gguf *gguf, es_arena *arena,
                             const es_repacks **repacks, es_errors *errors);

/* NULL: there is no kernel, or the unit is known by its class alone. */
const es_repack *es_repack_of(const es_repacks *repacks, const es_row *unit, int type);

#endif

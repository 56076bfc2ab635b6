/* The front of a running sweep, one archive per group. */
#ifndef ES_ENGINE_FRONT_H
#define ES_ENGINE_FRONT_H

#include <stdatomic.h>

#include <edgesweep/pareto.h>

#include "engine/bounds.h"
#include "engine/eval.h"
#include "engine/grouping.h"
#include "pareto/pareto_small.h"

/* Where the threads of a pass find each other's archives, so that each makes use of what all have found. */
typedef struct es_front_exchange es_front_exchange;

es_status es_front_exchange_new(es_front_exchange **exchange, const es_sweep *sweep, es_errors *errors);
void es_front_exchange_free(es_front_exchange *exchange); /* NULL is fine */

/* The front of a group that has outgrown comparing all with all, with the points of a tile that wait for it. */
typedef struct es_large_front {
    es_archive *archive;
    es_archive_hint hint;
    size_t waiting;
    uint16_t first, last;
} es_large_front;

typedef struct es_group_front {
    es_large_front *large; /* NULL: small */
    es_small small;
} es_group_front;

/* How many points share each vector of finished fronts, counted by the threads of a second pass. */
typedef struct es_front_ties {
    size_t *first;           /* per group: place of its vectors' counts */
    _Atomic uint64_t *count; /* of points at the first value of every axis on which nothing depends */
    uint64_t repeats;        /* points that each of these stands for */
} es_front_ties;

/* The column that tells them. */
extern const es_column es_front_ties_column;

/* One per thread; merged in any order with the same result. */
typedef struct es_front_pass {
    const es_sweep *sweep;
    const es_program *program;
    es_front_exchange *exchange;
    uint64_t
        free_axes; /* of es_sweep_free_axes: points behind the first value of one repeat others; 0 in part of a grid */
    es_grouping groups;
    uint64_t flip[ES_MAX_OBJECTIVES];
    bool begins_small; /* every front */
    es_small_pool pool;
    es_group_front *front; /* per group */
    size_t n_fronts, capacity;
    es_archive_hint match_hint;
    double *gather;     /* objectives of a tile's points, compacted */
    uint64_t *index;    /* their indices */
    uint16_t *next;     /* in the tile, of the same large front */
    uint32_t *met;      /* groups of the tile with large fronts */
    uint32_t *position; /* in a finished front, of a tile's points */
    uint64_t missing;   /* points skipped for an empty objective */
} es_front_pass;

/* The exchange must outlive the pass; NULL in a second pass, to which nothing is added. */
es_status es_front_pass_init(es_front_pass *pass, const es_sweep *sweep, const es_program *program,
                             es_front_exchange *exchange, es_errors *errors);
void es_front_pass_free(es_front_pass *pass);

es_status es_front_pass_add(es_front_pass *pass, const es_eval *eval, const uint8_t *keep, size_t from, size_t to,
                            es_errors *errors);
/* Whether the n points from `first` on, which are all kept (certain) or perhaps kept, would change nothing, going by the
 * bounds of box i that holds them.  Missing values are counted. */
bool es_front_pass_settles(es_front_pass *pass, const es_boxes *boxes, size_t i, uint64_t first, uint64_t n,
                           bool certain);

/* The best values that bounds allow in box i, all turned to minimisation, one per objective; false when not all are known. */
bool es_front_pass_ideal(const es_front_pass *pass, const es_boxes *boxes, size_t i, double *ideal);

/* Makes what was added so far known to es_front_pass_settles. */
es_status es_front_pass_settle(es_front_pass *pass, es_errors *errors);

es_status es_front_pass_merge(es_front_pass *pass, const es_front_pass *other, es_errors *errors);

/* Ends the first pass, for which all others have been merged: every archive is ready to be matched. */
es_status es_front_pass_finish(es_front_pass *pass, unsigned threads, es_errors *errors);

/* The largest absolute value of an objective on the finished fronts. */
double es_front_pass_greatest(const es_front_pass *pass, unsigned objective);

/* Second pass over the same points, by a thread's own pass whose archives are those of `finished`: turns keep into the
 * points that lie on the front; returns their number.  `keep` has one byte per point of the tile. */
size_t es_front_pass_match(es_front_pass *pass, const es_front_pass *finished, const es_eval *eval, uint8_t *keep,
                           size_t from, size_t to);

/* Whether no point of box i, the n from `first` on, is on the finished fronts or counts there. */
bool es_front_pass_mismatches(es_front_pass *pass, const es_front_pass *finished, const es_boxes *boxes, size_t i,
                              uint64_t first, uint64_t n);

/* Counts for the vectors of `finished`, all 0, to which the other passes add: part: over a part of the grid. */
es_status es_front_ties_init(es_front_ties *ties, const es_front_pass *finished, bool part, es_errors *errors);
void es_front_ties_free(es_front_ties *ties);
/* es_front_pass_match that only counts. */
void es_front_pass_count(es_front_pass *pass, const es_front_pass *finished, es_front_ties *ties, const es_eval *eval,
                         const uint8_t *keep, size_t from, size_t to);

/* A distinct vector: the lowest index that has it, and how many points do. */
typedef struct es_front_vector {
    uint64_t index, ties;
} es_front_vector;

/* All of the fronts by rising index, with ties NULL without their numbers; *vector is the caller's to free. */
es_status es_front_pass_vectors(const es_front_pass *pass, const es_front_ties *ties, es_front_vector **vector,
                                size_t *count, es_errors *errors);

#endif

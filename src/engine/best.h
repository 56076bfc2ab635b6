/* The best picked value per group of a running sweep: `[best] pick = precision, by = device, maximize = ...`. */
#ifndef ES_ENGINE_BEST_H
#define ES_ENGINE_BEST_H

#include "engine/bounds.h"
#include "engine/eval.h"
#include "engine/groups.h"

/* The best point of one (group, picked value). */
typedef struct es_best_entry {
    uint64_t index; /* of the best point */
    double value[ES_MAX_OBJECTIVES];
} es_best_entry;

/* One per thread; merged in any order with the same result. */
typedef struct es_best {
    const es_sweep *sweep;
    const es_program *program;
    es_groups groups; /* key: by columns, then the picked one */
    es_best_entry *entry;
    size_t capacity;
    uint64_t missing; /* points skipped for an empty objective */
} es_best;

void es_best_init(es_best *best, const es_sweep *sweep, const es_program *program);
void es_best_free(es_best *best);

/* Points [from, to) of the eval's tile; keep as in es_row_writer_append. */
es_status es_best_add(es_best *best, const es_eval *eval, const uint8_t *keep, size_t from, size_t to,
                      es_errors *errors);

/* Whether the n points from `first` on, which are all kept (certain) or perhaps kept, need not be looked at, going by the
 * bounds of box i that holds them.  Missing values are counted. */
bool es_best_settles(es_best *best, const es_boxes *boxes, size_t i, uint64_t first, uint64_t n, bool certain);

/* The best value of the first objective that bounds allow in box i, turned to minimisation; false when not known. */
bool es_best_ideal(const es_best *best, const es_boxes *boxes, size_t i, double *ideal);

/* Whether quality decides, so that formats of a model within ES_QUALITY_TIE are a tie. */
bool es_best_may_tie(const es_sweep *sweep);
/* Indices of the points that can win when those of other parts of the grid join: with ties, the best of every picked value
 * within ES_QUALITY_TIE of the highest quality in its group.  *index is malloc'ed. */
es_status es_best_candidates(const es_best *best, uint64_t **index, size_t *n, es_errors *errors);

es_status es_best_merge(es_best *best, const es_best *other, es_errors *errors);

/* Winner and runner-up of every group, ordered by the values of the by columns; *rows is the caller's to free. */
es_status es_best_rank(const es_best *best, es_best_row **rows, size_t *n, es_errors *errors);

/* Columns of the best table: what groups, what was picked, then the rest of the output; returns their number. */
size_t es_best_columns(const es_sweep *sweep, int *columns);
static inline size_t es_best_columns_most(const es_sweep *sweep) { return sweep->n_columns + ES_MAX_BY + 1; }

#endif

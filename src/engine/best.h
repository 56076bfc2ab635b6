/* The best picked value per group of a running sweep: `[best] pick = precision, by = device, maximize = ...`. */
#ifndef ES_ENGINE_BEST_H
#define ES_ENGINE_BEST_H

#include "engine/bounds.h"
#include "engine/eval.h"
#include "engine/grouping.h"

/* The best point of one (group, picked value).  A better one of a picked value that was dropped comes as any other does, so
 * the two best of a group are enough; only where quality ties are broken by other objectives all are kept. */
typedef struct es_best_entry {
    uint64_t index;
    uint32_t pick, next; /* of picks; of the same group, 0: none */
    double value[];      /* turned to minimisation */
} es_best_entry;

/* One per thread; merged in any order with the same result. */
typedef struct es_best {
    const es_sweep *sweep;
    const es_program *program;
    es_grouping groups, picks;
    int tie_axis; /* of the models, when the first objective is quality; else -1 */
    char *entry;  /* entries of `size` bytes, numbered from 1 */
    size_t size, n_entries, capacity;
    uint32_t *first; /* entry of each group */
    size_t n_first, first_capacity;
    uint64_t missing; /* points skipped for an empty objective */
} es_best;

/* Behind a failure, too, it is to be freed. */
es_status es_best_init(es_best *best, const es_sweep *sweep, const es_program *program, es_errors *errors);
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

/* The largest absolute value of an objective. */
double es_best_greatest(const es_best *best, unsigned objective);

es_status es_best_merge(es_best *best, const es_best *other, es_errors *errors);

/* Winner and runner-up of every group, ordered by the values of the by columns; *rows is the caller's to free.  Empties
 * `best`. */
es_status es_best_rank(es_best *best, es_best_row **rows, size_t *n, es_errors *errors);

/* Columns of the best table: what groups, what was picked, then the rest of the output; returns their number. */
size_t es_best_columns(const es_sweep *sweep, int *columns);
static inline size_t es_best_columns_most(const es_sweep *sweep) { return sweep->n_columns + ES_MAX_BY + 1; }

#endif

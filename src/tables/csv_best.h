/* The best choice per group of a CSV table: of each picked value its best row, of these the best. */
#ifndef ES_TABLES_CSV_BEST_H
#define ES_TABLES_CSV_BEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tables/csv_front.h"

typedef struct es_csv_best_options {
    es_slice pick; /* the column whose values compete */
    const es_slice *by;
    size_t n_by;
    const es_column_objective *objective; /* the first decides, the others break ties in order, then the input order */
    size_t n_objectives;
    const es_where *where;     /* NULL: all rows */
    bool skip_missing, strict; /* of rows that lack a number: query.h */
    bool mix_boundaries;       /* energies of several power boundaries are compared */
    es_energies energies;      /* columns that are energies by their metrics */
    uint64_t top;              /* choices to show per group, at least 1 */
    unsigned threads;          /* 0: as many as there are processors */
} es_csv_best_options;

/* The best row of one picked value in its group. */
typedef struct es_csv_choice {
    uint32_t group;        /* 0, 1 ... in the order in which groups appear in the table */
    uint64_t rank;         /* 1 is the winner of the group */
    es_slice row;          /* as written */
    const double *value;   /* of the objectives */
    bool tie;              /* with the choice before it: formats of one model, see ES_QUALITY_TIE */
    bool overlaps;         /* with the choice before it: the ranges of the first objective, columns X_low and X_high */
    uint64_t n_overlapped; /* of the winner: how many others of the group its range overlaps */
} es_csv_choice;

/* Choices by group, then by rank; one more than `top` per group where there is one: the next best.  `pick`, `by` and
 * `objective` are the columns of the options.  Released with es_csv_best_free. */
typedef struct es_csv_best {
    es_csv_choice *choice;
    size_t n;
    uint32_t n_groups;
    uint64_t rows, top;
    size_t pick, *by, n_by, *objective, n_objectives;
    void *memory; /* private */
} es_csv_best;

/* Reads `csv` to its end.  Memory is proportional to the number of distinct values of the picked column in all groups.
 * ES_EUSAGE for unknown columns. */
es_status es_csv_best_find(es_csv_input *csv, const es_csv_best_options *options, es_csv_best *best, es_errors *errors);
void es_csv_best_free(es_csv_best *best);

/* Writes the columns `by`, the picked one, `rank` when more than one choice was asked for, then all others. */
es_status es_csv_best_write(const es_csv_input *csv, const es_csv_best *best, const es_text_sink *out,
                            es_errors *errors);

#endif

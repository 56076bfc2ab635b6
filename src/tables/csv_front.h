/* The Pareto front of a CSV table: rows pass through as they are, in the order of the input.
 *
 * Memory is proportional to the result (the front, or the layers asked for), whatever the size of the table.  The result
 * does not depend on the number of threads.
 */
#ifndef ES_TABLES_CSV_FRONT_H
#define ES_TABLES_CSV_FRONT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tables/energies.h"
#include "tables/query.h"
#include "io/text_out.h"
#include <edgesweep/pareto.h>

typedef struct es_column_objective {
    es_slice column;
    es_direction direction;
} es_column_objective;

/* COL=VALUE */
typedef struct es_column_value {
    es_slice column; /* of length 0: the i-th entry is for the i-th objective */
    double value;
} es_column_value;

typedef struct es_column_values {
    const es_column_value *entry;
    size_t n; /* 0: not asked for */
} es_column_values;

/* The order of application: conditions, missing numbers, `unique`, then one of front, layers, epsilon, uncertainty. */
typedef struct es_csv_front_options {
    const es_column_objective *objective;
    size_t n_objectives;
    const es_slice *by; /* one front per distinct combination of texts in these columns */
    size_t n_by;
    const es_where *where;     /* NULL: all rows */
    bool skip_missing, strict; /* of rows that lack a number: query.h */
    /* The first of rows of a group with equal objectives (and ranges) stands for all; adds `ties`, their number. */
    bool unique;
    es_column_values epsilon;   /* box sizes; objectives not named have none (pareto.h, es_front_epsilon) */
    uint32_t max_rank;          /* layers to keep, with the column pareto_rank; 0: the front, without it */
    es_column_values uncertain; /* errors in per cent, in [0, 100), NaN: columns X_low and X_high; adds `robust`
                                   (pareto.h, es_front_robust) */
    bool crowding;              /* adds crowding_distance, per layer; empty where infinite and off the front */
    bool knee;                  /* adds knee: 1 for one row of each front, 0 for all others */
    bool mix_boundaries;        /* energies of several power boundaries are compared */
    es_energies energies;       /* columns that are energies by their metrics */
    es_column_values reference; /* hypervolume of each front against this point, one value per objective */
    unsigned threads;           /* 0: as many as there are processors */
} es_csv_front_options;

typedef struct es_csv_front_counts {
    uint64_t rows;  /* in the table */
    uint64_t shown; /* written */
} es_csv_front_counts;

/* Reads `csv` to its end, writes header and rows to `out` and hypervolumes, one line per group, to `side` (needed only
 * with a reference).  Nothing is written before the whole table was read.  ES_EUSAGE for unknown columns and options that
 * contradict each other. */
es_status es_csv_front(es_csv_input *csv, const es_csv_front_options *options, const es_text_sink *out,
                       const es_text_sink *side, es_csv_front_counts *counts, es_errors *errors);

#endif

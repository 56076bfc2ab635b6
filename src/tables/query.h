/* Rows of a CSV table that satisfy conditions, with the numbers of some columns, read by several threads. */
#ifndef ES_TABLES_QUERY_H
#define ES_TABLES_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "grid/where.h"
#include "io/csv_read.h"
#include <edgesweep/error.h>

/* What an expression reads from a row: the number in a column, or the truth of a comparison with a text or between two
 * columns, whose cells may be texts. */
typedef struct es_bound_leaf {
    es_comparison test;        /* of kind ES_COMPARES_NUMBER: the number */
    size_t column, rhs_column; /* those behind the table's are computed ones */
} es_bound_leaf;

/* A condition, or a computed column, with its columns found. */
typedef struct es_bound_condition {
    const es_condition *condition;  /* NULL: a column */
    es_slice name;                  /* of a column */
    const es_expr_program *program; /* NULL: the one comparison leaf[0] */
    const es_bound_leaf *leaf;
    size_t n_leaves;
} es_bound_condition;

/* What to read.  Zero-initialise, fill with the functions below, release with es_query_free. */
typedef struct es_query {
    es_csv_input *csv;
    es_arena arena;
    es_bound_condition *condition;
    size_t n_conditions;
    es_bound_condition *computed;
    size_t n_computed, computed_capacity;
    const size_t *number; /* columns whose numbers are needed, borrowed */
    size_t n_numbers;
    bool skip_missing; /* rows with something else than a number are left out, too; otherwise they are an error */
    bool strict;       /* rows with an empty cell instead of a number are an error; otherwise they are left out */
} es_query;

/* The column with this name; ES_EUSAGE when there is none or more than one.  `at` may be NULL. */
es_status es_query_column(const es_csv_input *csv, es_slice name, const es_origin *at, size_t *column,
                          es_errors *errors);

/* The column X_low or X_high of the range of column X; SIZE_MAX: none. */
size_t es_query_range_end(const es_csv_input *csv, es_slice name, bool high);

/* The columns of a table as names of expressions. */
es_expr_words es_query_words(const es_csv_input *csv);

/* Finds the columns of the conditions, which are borrowed; `where` may be NULL. */
es_status es_query_bind(es_query *query, const es_where *where, es_errors *errors);

/* Adds a column computed from those of the table and those added before. */
es_status es_query_add(es_query *query, es_slice name, const es_expr *x, es_errors *errors);

void es_query_free(es_query *query);

typedef struct es_query_counts {
    uint64_t rows;      /* of the table */
    uint64_t satisfied; /* rows for which all conditions hold */
    uint64_t missing;   /* of these, left out because they lack a number */
    es_origin first;    /* the first of them in the table; without a file when there are none */
    uint64_t first_block;
    uint64_t rounded;      /* whole numbers that a double may not hold to the last digit */
    es_origin first_round; /* the first of them */
    uint64_t first_round_block;
    uint64_t *rejected; /* per condition: rows for which it does not hold */
} es_query_counts;

/* Rows that passed, a few hundred at a time, in order within one block; borrowed for the call. */
typedef struct es_query_tile {
    const es_csv_block *block;
    size_t n;
    const uint32_t *row;           /* n rows of the block */
    const double *const *value;    /* value[k][i]: number k of row[i] */
    const double *const *computed; /* computed[k][i]: column k of the i-th row of the tile, kept or not */
} es_query_tile;

/* Rises along the table. */
static inline uint64_t es_query_index(const es_query_tile *tile, size_t i) {
    return tile->block->sequence << 32 | tile->row[i];
}

/* Takes a tile.  Tiles of one worker come with rising indices. */
typedef es_status es_query_fn(void *worker, const es_query_tile *tile, es_errors *errors);

/* Reads the table to its end with up to n_workers threads; each has its own worker[i] to call `take` with.  Of several
 * faults the first one in the table is reported.  The caller frees counts->rejected. */
es_status es_query_run(const es_query *query, es_query_fn *take, void *const *worker, size_t n_workers,
                       es_query_counts *counts, es_errors *errors);

/* Warns about skipped rows and, when no row is left, tells what each condition rejected. */
void es_query_warn(const es_query *query, const es_query_counts *counts, es_errors *errors);

#endif

/* A CSV table in memory, column by column, thinned when it is long. */
#ifndef ES_REPORT_REPORT_TABLE_H
#define ES_REPORT_REPORT_TABLE_H

#include "tables/row_key.h"
#include "base/arena.h"
#include "io/csv_read.h"

typedef struct es_report_column {
    const char *name;
    es_keys words;  /* its distinct texts */
    uint32_t *code; /* which of them each row has */
    bool numeric;   /* every text is a number, or empty */
    uint32_t other; /* a word that is no number, from 1; 0: none */
    es_origin other_at;
    es_origin rounded_at; /* the first whole number beyond 2^53; without a file when there is none */
} es_report_column;

typedef struct es_report_table {
    es_report_column *column;
    size_t n_columns, n_rows, capacity;
    uint64_t rows_read; /* of the file */
    uint64_t front;     /* rows kept because they are on a front, when the table was thinned */
    bool by_workload;   /* the fronts are per device and workload, else per device */
    uint64_t fastest;   /* others kept as the fastest of their model and precision on their device */
    uint64_t step;      /* of the others one in `step` was kept; 1: all */
    es_arena arena;
} es_report_table;

/* Reads a file.  Of a table with more than max_rows rows it keeps the Pareto fronts per device and workload (energy, time
 * per token, quality and memory, as far as there are such columns), the fastest row of each model and precision
 * on each device, and a sample of the others: about max_rows in all.  Release with es_report_table_free, also after a failure. */
es_status es_report_table_read(es_report_table *table, const char *path, uint64_t max_rows,
                               const es_csv_input_options *reading, es_errors *errors);
void es_report_table_free(es_report_table *table);

/* -1: no such column */
int es_report_table_find(const es_report_table *table, const char *name);

#endif

/* A table of texts and numbers as CSV or TSV, to -o or stdout. */
#ifndef ES_CLI_NUMBER_TABLE_H
#define ES_CLI_NUMBER_TABLE_H

#include <edgesweep/sweep.h>

#include "cli/cli.h"
#include "io/output.h"

typedef struct es_number_table {
    es_output *out;
    es_csv_options options;
    char separator;
} es_number_table;

/* By -o and -f; other formats are errors. */
es_status es_number_table_open(es_number_table *table, es_cli *cli, es_errors *errors);

/* Texts, then numbers, NaN: empty. */
es_status es_number_table_row(es_number_table *table, const char *const *text, size_t n_text, const double *number,
                              size_t n_number, es_errors *errors);

/* Ends the table, with its name when `status` is good; returns the status. */
es_status es_number_table_close(es_number_table *table, es_cli *cli, uint64_t rows, es_status status,
                                es_errors *errors);

#endif

/* What `validate` and `calibrate` share: catalogs, the measurements of the operand, output. */
#ifndef ES_COMMANDS_MEASUREMENTS_H
#define ES_COMMANDS_MEASUREMENTS_H

#include "calibrate/measured.h"
#include "cli/cli.h"
#include "io/output.h"

/* Zero-initialise, release with es_measurements_end. */
typedef struct es_measurements {
    es_cli *cli;
    es_catalog catalog;
    es_point_kernel point;
    es_measured measured;
    es_output *output; /* NULL: -o was not given */
} es_measurements;

/* Loads the catalogs of --catalog, reads the operand, opens -o. */
es_status es_measurements_begin(es_measurements *m, es_cli *cli, es_errors *errors);

/* Appends formatted text to the output. */
es_status es_measurements_print(es_measurements *m, es_errors *errors, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Appends a cell, quoted where CSV needs it. */
es_status es_measurements_cell(es_measurements *m, const char *text, char delimiter, es_errors *errors);

/* Ends the output, with its name when `status` is good; returns the status. */
es_status es_measurements_commit(es_measurements *m, es_status status, uint64_t rows, es_errors *errors);

void es_measurements_end(es_measurements *m);

#endif

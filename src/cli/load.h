/* Loading catalogs and sweeps as the options say. */
#ifndef ES_CLI_LOAD_H
#define ES_CLI_LOAD_H

#include <edgesweep/sweep.h>

#include "cli/cli.h"
#include "io/csv_read.h"

/* --delimiter, --decimal and --thousands of tables that are read. */
es_status es_cli_reading(es_cli *cli, es_csv_input_options *reading, es_errors *errors);

/* The catalogs and the sweep of the first operand, --set, --metric, --where and --catalog.  The caller frees both, in any case:
 * es_sweep_free(*sweep), es_catalog_free(catalog). */
es_status es_cli_load_sweep(es_cli *cli, es_catalog *catalog, es_sweep **sweep, es_errors *errors);
es_status es_cli_load_sweep_file(es_cli *cli, const char *path, es_catalog *catalog, es_sweep **sweep,
                                 es_errors *errors);

#endif

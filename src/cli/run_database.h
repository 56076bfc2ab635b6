/* `run -o NAME.db`: rows, front and best choices go to files in a folder beside it, and from there into SQLite. */
#ifndef ES_CLI_RUN_DATABASE_H
#define ES_CLI_RUN_DATABASE_H

#include <edgesweep/sweep.h>

#include "cli/cli.h"
#include "cli/scratch.h"

typedef struct es_run_database {
    const char *path; /* NULL: no database was asked for */
    es_scratch scratch;
    const char *rows, *front, *best;
} es_run_database;

/* When options->out names a database: redirects it, and side tables that were not named, to files of the folder. */
es_status es_run_database_begin(es_run_database *database, es_cli *cli, es_run_options *options, es_errors *errors);

/* After the run: the database appears. */
es_status es_run_database_finish(const es_run_database *database, es_cli *cli, const es_sweep *sweep,
                                 es_errors *errors);

/* Removes the folder; fine without one. */
void es_run_database_end(es_run_database *database);

#endif

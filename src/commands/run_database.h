/* `run -o NAME.db`: rows, front and best choices go as columns into SQLite. */
#ifndef ES_COMMANDS_RUN_DATABASE_H
#define ES_COMMANDS_RUN_DATABASE_H

#include <edgesweep/sweep.h>

#include "cli/cli.h"
#include "engine/columns.h"
#include "engine/receiver.h"
#include "io/database.h"

typedef struct es_run_table {
    es_column_format *format;
    es_chunk_pool *pool;
    es_chunk *chunk; /* that is filled */
    bool *indexed;   /* by column */
} es_run_table;

typedef struct es_run_database {
    const char *path; /* NULL: no database was asked for */
    es_database *file;
    es_receiver receiver;
    es_run_table table[ES_RESULTS]; /* those that go there */
} es_run_database;

/* When options->out names a database: it takes the rows, and the side tables that were not named.  The database stays
 * where it is until es_run_database_end. */
es_status es_run_database_begin(es_run_database *database, es_cli *cli, const es_sweep *sweep, es_run_options *options,
                                es_errors *errors);

/* After the run: the database appears. */
es_status es_run_database_finish(es_run_database *database, es_cli *cli, const es_sweep *sweep, es_errors *errors);

/* Frees it; fine without one. */
void es_run_database_end(es_run_database *database);

#endif

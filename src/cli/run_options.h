/* Options of `run` that do not say where its tables go, and names of files. */
#ifndef ES_CLI_RUN_OPTIONS_H
#define ES_CLI_RUN_OPTIONS_H

#include <edgesweep/sweep.h>

#include "cli/cli.h"
#include "cli/progress.h"

/* out: the main output, for the format that its suffix asks for; may be NULL. */
es_status es_cli_run_options(es_cli *cli, const char *out, es_progress_line *progress, es_run_options *options,
                             es_errors *errors);

/* The format that -f or the suffix of a file says; ES_EUSAGE for a suffix that says something else. */
es_status es_cli_format_of(es_cli *cli, const char *path, es_output_format *format, es_errors *errors);

/* Options of a side table with a format of its own; NULL when it is that of the rows. */
es_status es_cli_side_format(es_cli *cli, const char *path, const es_csv_options *csv, const es_csv_options **own,
                             es_errors *errors);

/* The command line as a shell would read it, for meta files; NULL when out of memory. */
const char *es_cli_command_line(es_cli *cli);

/* NAME.csv becomes NAME.front.csv; NULL when out of memory. */
const char *es_cli_beside(es_arena *arena, const char *name, const char *what);

/* A regular file, or one that will be: only those have files beside them. */
bool es_cli_is_file(const char *path);

#endif

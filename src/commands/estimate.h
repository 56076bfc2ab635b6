/* Rows and bytes of a run, from a small part of its grid. */
#ifndef ES_COMMANDS_ESTIMATE_H
#define ES_COMMANDS_ESTIMATE_H

#include <edgesweep/sweep.h>

#include "cli/cli.h"

enum {
    ES_WHOLE_GRID_POINTS = 32768 /* grids up to this size are measured in full */
};

typedef struct es_size_estimate {
    bool exact; /* the whole grid was measured */
    double rows, bytes;
    double seconds; /* of an exact one */
    unsigned threads;
} es_size_estimate;

/* Runs the points [first, first + n) into /dev/null; rows: with rows in the format `csv`, else fronts and best choices. */
es_status es_cli_measure(es_cli *cli, const es_sweep *sweep, bool rows, const es_csv_options *csv, uint64_t first,
                         uint64_t n, es_run_report *report, es_errors *errors);

/* Of all rows.  Larger grids: the mean of slices spread over the grid. */
es_status es_cli_estimate(es_cli *cli, const es_sweep *sweep, const es_csv_options *csv, es_size_estimate *estimate,
                          es_errors *errors);

/* Refuses rows of which the plan says that `out` has no room for them: more than --max-bytes, or more than is free where
 * a regular file (or a directory of parts) will lie.  --force writes them all the same.  `share` of the grid is written.
 * Cheap where any rows fit. */
es_status es_cli_check_room(es_cli *cli, const es_sweep *sweep, const char *out, const es_run_options *options,
                            double share, es_errors *errors);

#endif

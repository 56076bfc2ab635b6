/* The point that explain is asked about. */
#ifndef ES_COMMANDS_EXPLAIN_POINT_H
#define ES_COMMANDS_EXPLAIN_POINT_H

#include <edgesweep/sweep.h>

#include "cli/cli.h"

/* --index I, or --point AXIS=VALUE,...; axes of one value need not be named. */
es_status es_find_point(es_cli *cli, const es_sweep *sweep, uint64_t *index, es_errors *errors);

#endif

/* The ten lines that `explain` begins with. */
#ifndef ES_COMMANDS_EXPLAIN_BRIEF_H
#define ES_COMMANDS_EXPLAIN_BRIEF_H

#include <edgesweep/sweep.h>

#include "cli/cli.h"

/* What the point is, whether it fits, how fast, good and frugal it is, the largest terms of its time and memory, and the
 * weakest evidence.  `value` holds the nodes of the plan. */
void es_print_brief(const es_cli *cli, const es_sweep *sweep, uint64_t index, const double *value);

#endif

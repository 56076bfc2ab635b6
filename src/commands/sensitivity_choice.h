/* sensitivity --decides and --binding: what the best choice of every group rests on. */
#ifndef ES_COMMANDS_SENSITIVITY_CHOICE_H
#define ES_COMMANDS_SENSITIVITY_CHOICE_H

#include <edgesweep/sweep.h>

#include "cli/cli.h"

/* The smallest changes that change the choice. */
es_status es_sensitivity_decides(es_cli *cli, const es_sweep *sweep, es_errors *errors);

/* What keeps the next better choice out, and what more memory, bandwidth or room within a limit would buy. */
es_status es_sensitivity_binding(es_cli *cli, const es_sweep *sweep, es_errors *errors);

#endif

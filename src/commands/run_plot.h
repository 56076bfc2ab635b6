/* --plot of `run`: the front, or the best choices, by their first two objectives. */
#ifndef ES_COMMANDS_RUN_PLOT_H
#define ES_COMMANDS_RUN_PLOT_H

#include <edgesweep/sweep.h>

#include "cli/cli.h"

/* Refuses --plot when there will be nothing to draw. */
es_status es_run_plot_check(es_cli *cli, const es_sweep *sweep, es_errors *errors);

/* Draws when --plot was given. */
es_status es_run_plot(const es_cli *cli, const es_sweep *sweep, const es_run_report *report, FILE *out,
                      es_errors *errors);

#endif

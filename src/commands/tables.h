/* The tables of a run for people: the best choices, the front, the first rows. */
#ifndef ES_COMMANDS_TABLES_H
#define ES_COMMANDS_TABLES_H

#include <edgesweep/sweep.h>

#include "cli/cli.h"

/* "Best precision per device": the winners with the next best choice and how much worse it is. */
es_status es_print_best(const es_cli *cli, const es_sweep *sweep, const es_run_report *report, FILE *out,
                        es_errors *errors);

/* The first points of the front. */
es_status es_print_front(const es_cli *cli, const es_sweep *sweep, const es_run_report *report, FILE *out,
                         es_errors *errors);

/* The first rows of the sweep, as many columns as the terminal is wide. */
es_status es_print_rows(const es_cli *cli, const es_sweep *sweep, FILE *out, es_errors *errors);

#endif

/* The entries of the command table, one per cmd_*.c. */
#ifndef ES_CLI_COMMANDS_H
#define ES_CLI_COMMANDS_H

#include "cli/cli.h"

/* Values of --use and --goal. */
extern const char *const es_advise_uses[], *const es_advise_goals[];

extern const es_command es_cmd_advise, es_cmd_run, es_cmd_plan, es_cmd_pareto, es_cmd_best, es_cmd_merge, es_cmd_list,
    es_cmd_show, es_cmd_explain, es_cmd_sensitivity, es_cmd_check, es_cmd_import, es_cmd_calibrate, es_cmd_validate,
    es_cmd_probe, es_cmd_report, es_cmd_completion, es_cmd_help;

#endif

/* The command table, and its entries, one per cmd_*.c. */
#ifndef ES_COMMANDS_COMMANDS_H
#define ES_COMMANDS_COMMANDS_H

#include "cli/cli.h"

extern const es_command es_cmd_advise, es_cmd_run, es_cmd_plan, es_cmd_pareto, es_cmd_best, es_cmd_merge, es_cmd_list,
    es_cmd_show, es_cmd_explain, es_cmd_sensitivity, es_cmd_check, es_cmd_import, es_cmd_calibrate, es_cmd_validate,
    es_cmd_probe, es_cmd_report, es_cmd_rerun, es_cmd_cite, es_cmd_completion, es_cmd_help;

/* In the order of es_command_id. */
#define ES_ALL_COMMANDS                                                                                                \
    &es_cmd_advise, &es_cmd_run, &es_cmd_plan, &es_cmd_pareto, &es_cmd_best, &es_cmd_merge, &es_cmd_list,              \
        &es_cmd_show, &es_cmd_explain, &es_cmd_sensitivity, &es_cmd_check, &es_cmd_import, &es_cmd_calibrate,          \
        &es_cmd_validate, &es_cmd_probe, &es_cmd_report, &es_cmd_rerun, &es_cmd_cite, &es_cmd_completion, &es_cmd_help

#endif

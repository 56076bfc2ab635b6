/* The command table. */
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"

/* clang-format off */
const es_command *const es_commands[] = {
    &es_cmd_run,
    &es_cmd_plan,
    &es_cmd_pareto,
    &es_cmd_best,
    &es_cmd_merge,
    &es_cmd_list,
    &es_cmd_show,
    &es_cmd_explain,
    &es_cmd_check,
    &es_cmd_import,
    &es_cmd_calibrate,
    &es_cmd_validate,
    &es_cmd_probe,
    &es_cmd_report,
    &es_cmd_completion,
    &es_cmd_help,
    NULL,
};
/* clang-format on */

const es_command *es_command_find(es_cli *cli, const char *name, es_errors *errors) {
    const char *names[ES_CMD_IDS + 1] = {NULL};
    for (size_t i = 0; es_commands[i]; i++)
        names[i] = es_commands[i]->name;
    int chosen = es_choose(cli, "command", names, name, errors);
    return chosen < 0 ? NULL : es_commands[chosen];
}

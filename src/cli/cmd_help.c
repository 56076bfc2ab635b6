#include "cli/cli.h"
#include "cli/commands.h"

static es_status run_help(es_cli *cli, es_errors *errors) {
    const es_command *command = NULL;
    if (cli->n_operands) {
        command = es_command_find(cli, cli->operand[0], errors);
        if (!command)
            return ES_EUSAGE;
    }
    if (es_given(cli, ES_OPT_MAN))
        es_print_man(command, stdout);
    else if (command)
        es_print_help(command, stdout);
    else
        es_print_overview(stdout);
    return ES_OK;
}

static const char *const examples[] = {
    "edgesweep help run",
    "the options of run",
    "edgesweep help --man run | man -l -",
    "the same as a manual page",
    NULL,
};

const es_command es_cmd_help = {
    .id = ES_CMD_HELP,
    .name = "help",
    .synopsis = "[COMMAND]",
    .max_operands = 1,
    .help = "show the commands, or the options of one",
    .examples = examples,
    .run = run_help,
};

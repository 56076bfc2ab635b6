#include "commands/commands.h"
#include "cli/help.h"
#include "cli/topics.h"

/* Commands, then topics, by name or unique prefix; -1 after an error. */
static int choose_page(es_cli *cli, size_t *n_commands, es_errors *errors) {
    size_t n = 0;
    while (cli->commands[n])
        n++;
    *n_commands = n;
    const char **names = es_arena_array(&cli->arena, n + es_topic_count + 1, sizeof *names);
    if (!names)
        return (void)es_fail_memory(errors), -1;
    for (size_t i = 0; i < n; i++)
        names[i] = cli->commands[i]->name;
    for (size_t i = 0; i < es_topic_count; i++)
        names[n + i] = es_topics[i].name;
    return es_choose(cli, "command or topic", names, cli->operand[0], errors);
}

static es_status run_help(es_cli *cli, es_errors *errors) {
    bool man = es_given(cli, ES_OPT_MAN);
    size_t n_commands;
    if (!cli->n_operands) {
        if (man)
            es_print_man(cli->commands, cli->out);
        else
            es_print_overview(cli, cli->out);
        return ES_OK;
    }
    int page = choose_page(cli, &n_commands, errors);
    if (page < 0)
        return es_errors_status(errors);
    if ((size_t)page < n_commands && man)
        es_print_command_man(cli->commands[page], cli->out);
    else if ((size_t)page < n_commands)
        es_print_help(cli, cli->commands[page], cli->out);
    else if (man)
        es_print_topic_man(&es_topics[(size_t)page - n_commands], cli->out);
    else
        es_print_topic(cli, &es_topics[(size_t)page - n_commands], cli->out);
    return ES_OK;
}

static const char *const examples[] = {
    "edgesweep help run",
    "the options of run",
    "edgesweep help sweep",
    "how a sweep file is written",
    "edgesweep help --man run | man -l -",
    "the same as a manual page",
    NULL,
};

const es_command es_cmd_help = {
    .id = ES_CMD_HELP,
    .name = "help",
    .synopsis = "[COMMAND|TOPIC]",
    .max_operands = 1,
    .help = "show the commands, the options of one, or a file format",
    .examples = examples,
    .wraps = true,
    .run = run_help,
};

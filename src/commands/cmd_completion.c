/* Shell completion, generated from the tables of commands and options. */
#include <string.h>

#include "commands/commands.h"
#include "cli/topics.h"
#include "model/node.h"

static void put_choices(const char *const *choices, const char *between) {
    for (size_t i = 0; choices[i]; i++)
        printf("%s%s", i ? between : "", choices[i]);
}

static void put_commands(const es_command *const *commands) {
    for (size_t i = 0; commands[i]; i++)
        printf("%s%s", i ? " " : "", commands[i]->name);
}

/* What `help` takes. */
static void put_pages(const es_command *const *commands) {
    put_commands(commands);
    for (size_t i = 0; i < es_topic_count; i++)
        printf(" %s", es_topics[i].name);
}

static bool is_path(const es_cli_option *option) {
    return option->type == ES_VALUE_FILE || option->type == ES_VALUE_FOLDER;
}

/* Rows of catalogs that options and operands of the commands that evaluate name. */
static const struct {
    const char *option, *kind;
} named[] = {{"model", "models"}, {"device", "devices"}, {"precision", "precisions"}, {"runtime", "runtimes"}};
enum { NAMED = sizeof named / sizeof *named };

/* The i-th axis of all kernels as an option, n-ctx; false behind the last one. */
static bool axis_option(size_t i, char *to, size_t size, const char **help) {
    for (size_t k = 0; k < es_kernel_count(); k++) {
        const es_kernel *kernel = es_kernel_at(k);
        if (i >= kernel->n_axes) {
            i -= kernel->n_axes;
            continue;
        }
        snprintf(to, size, "%s", kernel->axes[i].name);
        *help = kernel->axes[i].help;
        for (char *c = to; (c = strchr(c, '_'));)
            *c = '-';
        return true;
    }
    return false;
}

/* ---- bash ---- */

static void bash_option(const es_command *command, const es_cli_option *option) {
    if (option->type == ES_VALUE_NONE)
        return;
    printf("    '%s --%s'", command->name, option->name);
    if (option->letter)
        printf("|'%s -%c'", command->name, option->letter);
    if (option->type == ES_VALUE_CHOICE)
        printf(") _edgesweep_words '"), put_choices(option->choices, " "), printf("' ;;\n");
    else if (is_path(option))
        printf(") compopt -o filenames; COMPREPLY=($(compgen -%c -- \"$cur\")) ;;\n",
               option->type == ES_VALUE_FOLDER ? 'd' : 'f');
    else
        printf(") ;;\n");
}

static void bash_command(const es_command *const *commands, const es_command *command) {
    printf("    %s)\n        if [[ $cur == -* ]]; then _edgesweep_words '", command->name);
    for (es_opt id = 0; id < ES_OPTS; id++)
        if (es_option_in(id, command))
            printf("--%s ", es_cli_options[id].name);
    if (es_option_in(ES_OPT_SET, command)) {
        char name[64];
        const char *help;
        for (size_t i = 0; i < NAMED; i++)
            printf("--%s ", named[i].option);
        for (size_t i = 0; axis_option(i, name, sizeof name, &help); i++)
            printf("--%s ", name);
    }
    printf("'\n");
    if (command->choices) {
        printf("        elif [[ $COMP_CWORD == 2 ]]; then _edgesweep_words '");
        put_choices(command->choices, " ");
        printf("'\n");
    }
    if (command->id == ES_CMD_SHOW || command->id == ES_CMD_LIST)
        printf("        else _edgesweep_names \"${COMP_WORDS[2]}\"\n");
    else if (command->id == ES_CMD_ADVISE)
        printf("        else _edgesweep_names devices models precisions\n");
    else if (command->id == ES_CMD_HELP)
        printf("        else _edgesweep_words '"), put_pages(commands), printf("'\n");
    else
        printf("        else compopt -o filenames; COMPREPLY=($(compgen -f -- \"$cur\"))\n");
    printf("        fi ;;\n");
}

static void put_bash(const es_command *const *commands) {
    fputs("# bash completion for edgesweep: source it, or install it as edgesweep in bash-completion/completions\n"
          "_edgesweep_words() { COMPREPLY=($(compgen -W \"$1\" -- \"$cur\")); }\n"
          "_edgesweep_names() {\n"
          "    local kind name IFS=$'\\n'\n"
          "    for kind; do for name in $(edgesweep list \"$kind\" --names 2>/dev/null); do\n"
          "        [[ $name == \"$cur\"* ]] && COMPREPLY+=(\"$(printf %q \"$name\")\")\n"
          "    done; done\n"
          "}\n"
          "_edgesweep() {\n"
          "    local IFS=$' \\t\\n' cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
          "    COMPREPLY=()\n"
          "    if [[ $COMP_CWORD == 1 ]]; then _edgesweep_words '",
          stdout);
    put_commands(commands);
    fputs("'; return; fi\n    case \"${COMP_WORDS[1]} $prev\" in\n", stdout);
    for (size_t i = 0; commands[i]; i++)
        for (es_opt id = 0; id < ES_OPTS; id++)
            if (es_option_in(id, commands[i]))
                bash_option(commands[i], &es_cli_options[id]);
    for (size_t i = 0; i < NAMED; i++) {
        printf("    ");
        for (size_t k = 0, n = 0; commands[k]; k++)
            if (es_option_in(ES_OPT_SET, commands[k]))
                printf("%s'%s --%s'", n++ ? "|" : "", commands[k]->name, named[i].option);
        printf(") _edgesweep_names %s ;;\n", named[i].kind);
    }
    fputs("    *)\n    case ${COMP_WORDS[1]} in\n", stdout);
    for (size_t i = 0; commands[i]; i++)
        bash_command(commands, commands[i]);
    fputs("    esac ;;\n    esac\n}\ncomplete -F _edgesweep edgesweep\n", stdout);
}

/* ---- zsh ---- */

/* Inside '...' of an _arguments specification. */
static void zsh_text(const char *text) {
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\''", stdout);
        else if (*text == '[' || *text == ']' || *text == ':' || *text == '\\')
            printf("\\%c", *text);
        else
            putchar(*text);
    }
}

static void zsh_argument(const es_cli_option *option) {
    if (option->type == ES_VALUE_NONE)
        return;
    putchar(':');
    zsh_text(option->argument);
    putchar(':');
    if (option->type == ES_VALUE_CHOICE)
        putchar('('), put_choices(option->choices, " "), putchar(')');
    else if (is_path(option))
        fputs(option->type == ES_VALUE_FOLDER ? "_files -/" : "_files", stdout);
}

static void zsh_option(const es_cli_option *option) {
    char names[2][48];
    snprintf(names[0], sizeof names[0], "--%s", option->name);
    snprintf(names[1], sizeof names[1], "-%c", option->letter);
    for (size_t i = 0; i < (option->letter ? 2u : 1u); i++) {
        printf(" \\\n            '%s%s[", option->repeatable ? "*" : "", names[i]);
        zsh_text(option->help);
        putchar(']');
        zsh_argument(option);
        putchar('\'');
    }
}

static void zsh_command(const es_command *const *commands, const es_command *command) {
    printf("    %s)\n        _arguments -s", command->name);
    for (es_opt id = 0; id < ES_OPTS; id++)
        if (es_option_in(id, command))
            zsh_option(&es_cli_options[id]);
    if (es_option_in(ES_OPT_SET, command)) {
        char name[64];
        const char *help;
        for (size_t i = 0; i < NAMED; i++)
            printf(" \\\n            '--%s[what to evaluate]:name: _edgesweep_names %s'", named[i].option,
                   named[i].kind);
        for (size_t i = 0; axis_option(i, name, sizeof name, &help); i++) {
            printf(" \\\n            '--%s[", name);
            zsh_text(help);
            fputs("]:value:'", stdout);
        }
    }
    if (command->choices)
        printf(" \\\n            '1:kind:("), put_choices(command->choices, " "), printf(")'");
    if (command->id == ES_CMD_SHOW || command->id == ES_CMD_LIST)
        printf(" \\\n            '2:name: _edgesweep_names $words[2]' ;;\n");
    else if (command->id == ES_CMD_ADVISE)
        printf(" \\\n            '*:name: _edgesweep_names devices models precisions' ;;\n");
    else if (command->id == ES_CMD_HELP)
        printf(" \\\n            '1:command:("), put_pages(commands), printf(")' ;;\n");
    else
        printf(" \\\n            '*:file:_files' ;;\n");
}

static void put_zsh(const es_command *const *commands) {
    fputs("#compdef edgesweep\n"
          "_edgesweep_names() {\n"
          "    local -a names\n"
          "    local kind\n"
          "    for kind; do\n"
          "        names+=(\"${(@f)$(edgesweep list \"$kind\" --names 2>/dev/null)}\")\n"
          "    done\n"
          "    compadd -a names\n"
          "}\n"
          "_edgesweep() {\n    local -a commands\n    commands=(\n",
          stdout);
    for (size_t i = 0; commands[i]; i++) {
        printf("        '%s:", commands[i]->name);
        zsh_text(commands[i]->help);
        fputs("'\n", stdout);
    }
    fputs("    )\n"
          "    if (( CURRENT == 2 )); then _describe command commands; return; fi\n"
          "    shift words; (( CURRENT-- ))\n"
          "    case $words[1] in\n",
          stdout);
    for (size_t i = 0; commands[i]; i++)
        zsh_command(commands, commands[i]);
    fputs("    esac\n}\n_edgesweep \"$@\"\n", stdout);
}

/* ---- fish ---- */

static void fish_text(const char *text) {
    putchar('\'');
    for (; *text; text++)
        printf(*text == '\'' || *text == '\\' ? "\\%c" : "%c", *text);
    putchar('\'');
}

static void fish_option(const es_command *command, const es_cli_option *option) {
    printf("complete -c edgesweep -n '__fish_seen_subcommand_from %s' -l %s", command->name, option->name);
    if (option->letter)
        printf(" -s %c", option->letter);
    if (option->type == ES_VALUE_CHOICE)
        printf(" -x -a '"), put_choices(option->choices, " "), printf("'");
    else if (option->type != ES_VALUE_NONE)
        fputs(is_path(option) ? " -r -F" : " -x", stdout);
    fputs(" -d ", stdout);
    fish_text(option->help);
    putchar('\n');
}

static void fish_operands(const es_command *const *commands, const es_command *command) {
    const bool of_kind = command->id == ES_CMD_SHOW || command->id == ES_CMD_LIST;
    if (es_option_in(ES_OPT_SET, command)) {
        char name[64];
        const char *help;
        for (size_t i = 0; i < NAMED; i++)
            printf("complete -c edgesweep -n '__fish_seen_subcommand_from %s' -l %s -x -a "
                   "'(edgesweep list %s --names 2>/dev/null)'\n",
                   command->name, named[i].option, named[i].kind);
        for (size_t i = 0; axis_option(i, name, sizeof name, &help); i++) {
            printf("complete -c edgesweep -n '__fish_seen_subcommand_from %s' -l %s -x -d ", command->name, name);
            fish_text(help);
            putchar('\n');
        }
    }
    for (size_t i = 0; command->id == ES_CMD_ADVISE && i < NAMED - 1; i++)
        printf("complete -c edgesweep -f -n '__fish_seen_subcommand_from advise' -a "
               "'(edgesweep list %s --names 2>/dev/null)'\n",
               named[i].kind);
    if (command->choices) {
        printf(
            "complete -c edgesweep -f -n '__fish_seen_subcommand_from %s; and test (count (commandline -opc)) -eq 2' "
            "-a '",
            command->name);
        put_choices(command->choices, " ");
        fputs("'\n", stdout);
    }
    if (command->id == ES_CMD_HELP)
        printf("complete -c edgesweep -f -n '__fish_seen_subcommand_from help' -a '"), put_pages(commands),
            printf("'\n");
    if (of_kind)
        printf(
            "complete -c edgesweep -f -n '__fish_seen_subcommand_from %s; and test (count (commandline -opc)) -gt 2' "
            "-a '(edgesweep list (commandline -opc)[3] --names 2>/dev/null)'\n",
            command->name);
}

static void put_fish(const es_command *const *commands) {
    for (size_t i = 0; commands[i]; i++) {
        printf("complete -c edgesweep -f -n __fish_use_subcommand -a %s -d ", commands[i]->name);
        fish_text(commands[i]->help);
        putchar('\n');
    }
    for (size_t i = 0; commands[i]; i++) {
        for (es_opt id = 0; id < ES_OPTS; id++)
            if (es_option_in(id, commands[i]))
                fish_option(commands[i], &es_cli_options[id]);
        fish_operands(commands, commands[i]);
    }
}

/* ---- command ---- */

static const char *const shells[] = {"bash", "zsh", "fish", NULL};

static es_status run_completion(es_cli *cli, es_errors *errors) {
    static void (*const put[])(const es_command *const *) = {put_bash, put_zsh, put_fish};
    int shell = es_choose(cli, "shell", shells, cli->operand[0], errors);
    if (shell < 0)
        return ES_EUSAGE;
    put[shell](cli->commands);
    return ES_OK;
}

static const char *const examples[] = {
    "source <(edgesweep completion bash)",
    "completion in the bash that is running",
    "edgesweep completion zsh >~/.zfunc/_edgesweep",
    "for zsh, with ~/.zfunc in fpath",
    "edgesweep completion fish >~/.config/fish/completions/edgesweep.fish",
    "for fish",
    NULL,
};

const es_command es_cmd_completion = {
    .id = ES_CMD_COMPLETION,
    .name = "completion",
    .synopsis = "bash|zsh|fish",
    .min_operands = 1,
    .max_operands = 1,
    .choices = shells,
    .help = "print completion for a shell",
    .examples = examples,
    .run = run_completion,
};

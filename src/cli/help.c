/* Help for the terminal, from the tables of commands and options. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <edgesweep/version.h>

#include "base/simd.h"
#include "cli/help.h"
#include "cli/print.h"

/* Lines longer than this are hard to read. */
enum { HELP_WIDTH = 100 };

static unsigned width_for(const es_cli *cli, const FILE *out) {
    const unsigned width = es_width_of(cli, out);
    return width && width < HELP_WIDTH ? width : HELP_WIDTH;
}

void es_print_version(FILE *out) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    fprintf(out, "edgesweep %s\n", EDGESWEEP_VERSION);
    fprintf(out, "vector instructions: %s, cores: %ld\n", es_simd_level_name(es_simd_level_now()), cores);
}

void es_print_overview(const es_cli *cli, FILE *out) {
    const unsigned width = width_for(cli, out);
    char line[200];
    fputs("Usage: edgesweep COMMAND [OPTIONS] ...\n\n", out);
    es_print_wrapped(
        out,
        "Evaluates language models x quantizations x edge devices x workloads over whole grids: CSV, Pareto "
        "fronts, the best quantization per device.\n\nCommands:\n",
        0, width);
    for (size_t i = 0; cli->commands[i]; i++) {
        snprintf(line, sizeof line, "  %-12s%s", cli->commands[i]->name, cli->commands[i]->help);
        es_print_wrapped(out, line, 0, width);
    }
    fputs("\nTopics:\n", out);
    for (size_t i = 0; i < es_topic_count; i++)
        fprintf(out, "  %-12s%s\n", es_topics[i].name, es_topics[i].help);
    fputs("\nCommands and options may be shortened to unique prefixes.\n"
          "edgesweep help COMMAND|TOPIC  options and examples, a file format\n"
          "edgesweep advise DEVICE       what to run there, in one line\n"
          "edgesweep run FILE.sweep      a sweep; edgesweep check FILE.sweep finds mistakes\n",
          out);
}

static size_t option_label(char *to, size_t size, const es_cli_option *option) {
    char letter[8] = "    ";
    if (option->letter)
        snprintf(letter, sizeof letter, "-%c, ", option->letter);
    return (size_t)snprintf(to, size, "%s--%s%s%s", letter, option->name, option->argument ? " " : "",
                            option->argument ? option->argument : "");
}

/* Labels that are longer than `width` have a line of their own. */
static void print_option(const es_cli_option *option, size_t width, unsigned room, FILE *out) {
    char label[80], text[500];
    const size_t length = option_label(label, sizeof label, option);
    if (length > width)
        fprintf(out, "  %s\n", label);
    snprintf(text, sizeof text, "  %-*s  %s%s%s%s%s", (int)width, length > width ? "" : label, option->help,
             option->repeatable ? " (repeatable)" : "", option->fallback ? " [" : "",
             option->fallback ? option->fallback : "", option->fallback ? "]" : "");
    es_print_wrapped(out, text, 0, room);
}

static void print_options(const es_command *command, unsigned room, FILE *out) {
    enum { WIDEST_LABEL = 26 };
    size_t width = 0;
    char label[80];
    for (es_opt id = 0; id < ES_OPTS; id++) {
        size_t length = es_option_in(id, command) ? option_label(label, sizeof label, &es_cli_options[id]) : 0;
        width = length > width && length <= WIDEST_LABEL ? length : width;
    }
    fputs("\nOptions:\n", out);
    for (es_opt id = 0; id < ES_OPTS; id++)
        if (es_option_in(id, command))
            print_option(&es_cli_options[id], width, room, out);
}

void es_print_help(const es_cli *cli, const es_command *command, FILE *out) {
    const unsigned width = width_for(cli, out);
    char line[400];
    snprintf(line, sizeof line, "Usage: edgesweep %s%s%s [OPTIONS]\n\n%c%s.\n", command->name,
             *command->synopsis ? " " : "", command->synopsis, toupper((unsigned char)command->help[0]),
             command->help + 1);
    es_print_wrapped(out, line, 0, width);
    if (command->details) {
        fputc('\n', out);
        es_print_wrapped(out, command->details, 0, width);
    }
    print_options(command, width, out);
    if (command->examples && command->examples[0])
        fputs("\nExamples:\n", out);
    for (size_t i = 0; command->examples && command->examples[i]; i += 2) {
        snprintf(line, sizeof line, "  %s\n      %s\n", command->examples[i], command->examples[i + 1]);
        es_print_wrapped(out, line, 0, width);
    }
}

void es_print_topic(const es_cli *cli, const es_topic *topic, FILE *out) {
    es_print_wrapped(out, topic->details, 0, width_for(cli, out));
    if (topic->print)
        topic->print(out);
}

/* Help for the terminal, from the tables of commands and options. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <edgesweep/version.h>

#include "base/simd.h"
#include "cli/help.h"
#include "cli/print.h"

enum { HELP_WIDTH = 100 };

void es_print_version(FILE *out) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    fprintf(out, "edgesweep %s\n", EDGESWEEP_VERSION);
    fprintf(out, "vector instructions: %s, cores: %ld\n", es_simd_level_name(es_simd_level_now()), cores);
}

void es_print_overview(const es_command *const *commands, FILE *out) {
    fputs("Usage: edgesweep COMMAND [OPTIONS] ...\n\n"
          "Evaluates language models x quantizations x edge devices x workloads over whole grids: CSV, Pareto\n"
          "fronts, the best quantization per device.\n\nCommands:\n",
          out);
    for (size_t i = 0; commands[i]; i++)
        fprintf(out, "  %-12s%s\n", commands[i]->name, commands[i]->help);
    fputs("\nTopics:\n", out);
    for (size_t i = 0; i < es_topic_count; i++)
        fprintf(out, "  %-12s%s\n", es_topics[i].name, es_topics[i].help);
    fputs("\nCommands and options may be shortened to unique prefixes.\n"
          "edgesweep help COMMAND|TOPIC  options and examples of a command, a file format\n"
          "edgesweep run FILE.sweep      the way to begin; edgesweep check FILE.sweep finds mistakes\n",
          out);
}

static size_t option_label(char *to, size_t size, const es_cli_option *option) {
    char letter[8] = "    ";
    if (option->letter)
        snprintf(letter, sizeof letter, "-%c, ", option->letter);
    return (size_t)snprintf(to, size, "%s--%s%s%s", letter, option->name, option->argument ? " " : "",
                            option->argument ? option->argument : "");
}

static void print_option(const es_cli_option *option, size_t width, FILE *out) {
    char label[80], text[400];
    option_label(label, sizeof label, option);
    snprintf(text, sizeof text, "%s%s%s%s%s", option->help, option->repeatable ? " (repeatable)" : "",
             option->fallback ? " [" : "", option->fallback ? option->fallback : "", option->fallback ? "]" : "");
    fprintf(out, "  %-*s  %s\n", (int)width, label, text);
}

static void print_options(const es_command *command, FILE *out) {
    size_t width = 0;
    char label[80];
    for (es_opt id = 0; id < ES_OPTS; id++) {
        size_t length = es_option_in(id, command) ? option_label(label, sizeof label, &es_cli_options[id]) : 0;
        width = length > width ? length : width;
    }
    fputs("\nOptions:\n", out);
    for (es_opt id = 0; id < ES_OPTS; id++)
        if (es_option_in(id, command))
            print_option(&es_cli_options[id], width, out);
}

void es_print_help(const es_command *command, FILE *out) {
    fprintf(out, "Usage: edgesweep %s%s%s [OPTIONS]\n\n%c%s.\n", command->name, *command->synopsis ? " " : "",
            command->synopsis, toupper((unsigned char)command->help[0]), command->help + 1);
    if (command->details) {
        fputc('\n', out);
        es_print_wrapped(out, command->details, 0, HELP_WIDTH);
    }
    print_options(command, out);
    if (command->examples && command->examples[0])
        fputs("\nExamples:\n", out);
    for (size_t i = 0; command->examples && command->examples[i]; i += 2)
        fprintf(out, "  %s\n      %s\n", command->examples[i], command->examples[i + 1]);
}

void es_print_topic(const es_topic *topic, FILE *out) {
    es_print_wrapped(out, topic->details, 0, HELP_WIDTH);
    if (topic->print)
        topic->print(out);
}

/* Generated texts: help for the terminal (help.c), manual pages in mdoc (man.c). */
#ifndef ES_CLI_HELP_H
#define ES_CLI_HELP_H

#include <stdio.h>

#include "cli/cli.h"
#include "cli/topics.h"

void es_print_version(FILE *out);
void es_print_overview(const es_cli *cli, FILE *out);
void es_print_help(const es_cli *cli, const es_command *command, FILE *out);
void es_print_topic(const es_cli *cli, const es_topic *topic, FILE *out);

void es_print_man(const es_command *const *commands, FILE *out); /* edgesweep(1) itself */
void es_print_command_man(const es_command *command, FILE *out);
void es_print_topic_man(const es_topic *topic, FILE *out);

#endif

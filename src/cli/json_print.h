/* JSON for programs, `-f json` of commands that print tables: typed, with the names of columns and fields as keys. */
#ifndef ES_CLI_JSON_PRINT_H
#define ES_CLI_JSON_PRINT_H

#include <jansson.h>

#include "cli/cli.h"

/* Whether -f json (or --json) is given; another format is an error. */
es_status es_typed_asked(es_cli *cli, bool *json, es_errors *errors);

/* A number, null when it is not finite; whole: without a point. */
json_t *es_typed_number(double value, bool whole);

/* A text, null when it is empty. */
json_t *es_typed_text(const char *text);

/* All fields of a row by their names, `aliases` as a list, `origin` FILE:LINE. */
json_t *es_typed_row(es_kind kind, const es_row *row);

/* Prints the value on stdout and releases it; NULL: out of memory. */
es_status es_typed_print(json_t *value, es_errors *errors);

#endif

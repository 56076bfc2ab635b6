/* The command table. */
#include <string.h>
#include <strings.h>

#include "catalog/loose.h"
#include "cli/cli.h"
#include "cli/commands.h"

/* clang-format off */
const es_command *const es_commands[] = {
    &es_cmd_advise,
    &es_cmd_run,
    &es_cmd_plan,
    &es_cmd_pareto,
    &es_cmd_best,
    &es_cmd_merge,
    &es_cmd_list,
    &es_cmd_show,
    &es_cmd_explain,
    &es_cmd_sensitivity,
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

const es_command *es_command_of_name(const char *word) {
    const size_t length = strlen(word);
    const char *names[ES_CMD_IDS + 1] = {NULL};
    size_t n = 0, found;
    for (; es_commands[n]; n++) {
        names[n] = es_commands[n]->name;
        if (strncasecmp(names[n], word, length) == 0)
            return NULL;
    }
    es_catalog catalog;
    es_errors errors = {0};
    const es_row *row;
    bool named = false;
    if (length >= 2 && es_catalog_load(&catalog, NULL, 0, &errors) == ES_OK) {
        const es_likeness surest = es_nearest(es_slice_of(word), names, n) ? ES_LIKE_PLAIN : ES_LIKE_BEGIN;
        named = es_loose_find(&catalog.table[ES_DEVICE], ES_DEVICE, es_slice_of(word), &row, 1, &found) <= surest ||
                es_loose_find(&catalog.table[ES_MODEL], ES_MODEL, es_slice_of(word), &row, 1, &found) <= surest;
        es_catalog_free(&catalog);
    }
    return named ? &es_cmd_advise : NULL;
}

const es_command *es_command_find(es_cli *cli, const char *name, es_errors *errors) {
    const char *names[ES_CMD_IDS + 1] = {NULL};
    for (size_t i = 0; es_commands[i]; i++)
        names[i] = es_commands[i]->name;
    int chosen = es_choose(cli, "command", names, name, errors);
    return chosen < 0 ? NULL : es_commands[chosen];
}

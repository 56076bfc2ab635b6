/* What several commands load alike. */
#include "cli/load.h"

#include <string.h>

es_status es_cli_reading(es_cli *cli, es_csv_input_options *reading, es_errors *errors) {
    *reading = (es_csv_input_options){.delimiter = (char)es_count_of(cli, ES_OPT_DELIMITER, 0),
                                      .decimal = (char)es_count_of(cli, ES_OPT_DECIMAL, 0),
                                      .thousands = (char)es_count_of(cli, ES_OPT_THOUSANDS, 0),
                                      .stop = cli->stop};
    if (reading->delimiter && strchr("0123456789+-eE'\"", reading->delimiter))
        return es_usage(cli, errors, "--delimiter: invalid value: '%c'; numbers and quotes contain it",
                        reading->delimiter);
    if (reading->decimal && !strchr(".,", reading->decimal))
        return es_usage(cli, errors, "--decimal: invalid value: '%c'; expected . or ,", reading->decimal);
    if (reading->thousands && !strchr(".,' ", reading->thousands))
        return es_usage(cli, errors, "--thousands: invalid value: '%c'; expected , . ' or space", reading->thousands);
    if (reading->thousands && reading->thousands == reading->decimal)
        return es_usage(cli, errors, "--thousands and --decimal are the same: '%c'", reading->thousands);
    return ES_OK;
}

es_status es_cli_load_catalog(const es_cli *cli, es_catalog *catalog, es_errors *errors) {
    const es_option_value *given = &cli->value[ES_OPT_CATALOG];
    return es_catalog_load(catalog, given->text, given->n, errors);
}

/* --unset, --set and then --metric, in the form es_sweep_load takes them. */
static es_status all_sets(es_cli *cli, const char ***sets, size_t *n, es_errors *errors) {
    const es_option_value *set = &cli->value[ES_OPT_SET], *metric = &cli->value[ES_OPT_METRIC],
                          *unset = &cli->value[ES_OPT_UNSET];
    *n = unset->n + set->n + metric->n;
    *sets = es_arena_array(&cli->arena, *n + 1, sizeof **sets);
    if (!*sets)
        return es_fail_memory(errors);
    size_t k = 0;
    for (size_t i = 0; i < unset->n; i++)
        (*sets)[k++] = es_arena_printf(&cli->arena, "%s=", unset->text[i]);
    for (size_t i = 0; i < set->n; i++)
        (*sets)[k++] = set->text[i];
    for (size_t i = 0; i < metric->n; i++)
        (*sets)[k++] = es_arena_printf(&cli->arena, "--metric %s", metric->text[i]);
    for (size_t i = 0; i < *n; i++)
        if (!(*sets)[i])
            return es_fail_memory(errors);
    return ES_OK;
}

es_status es_cli_load_sweep(es_cli *cli, es_catalog *catalog, es_sweep **sweep, es_errors *errors) {
    return es_cli_load_sweep_file(cli, cli->n_operands ? cli->operand[0] : NULL, catalog, sweep, errors);
}

es_status es_cli_load_sweep_file(es_cli *cli, const char *path, es_catalog *catalog, es_sweep **sweep,
                                 es_errors *errors) {
    const es_option_value *wheres = &cli->value[ES_OPT_WHERE];
    const char **sets;
    size_t n_sets;
    *sweep = NULL;
    if (!path && !cli->value[ES_OPT_SET].n)
        return es_usage(cli, errors, "nothing to sweep; expected FILE.sweep or --set");
    es_status status = es_cli_load_catalog(cli, catalog, errors);
    if (!status)
        status = all_sets(cli, &sets, &n_sets, errors);
    if (!status)
        status = es_sweep_load(sweep, catalog, path, sets, n_sets, wheres->text, wheres->n, errors);
    return status;
}

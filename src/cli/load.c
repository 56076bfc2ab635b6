/* What several commands load alike. */
#include "cli/load.h"

es_status es_cli_load_catalog(const es_cli *cli, es_catalog *catalog, es_errors *errors) {
    const es_option_value *given = &cli->value[ES_OPT_CATALOG];
    return es_catalog_load(catalog, given->text, given->n, errors);
}

es_status es_cli_load_sweep(es_cli *cli, es_catalog *catalog, es_sweep **sweep, es_errors *errors) {
    const es_option_value *sets = &cli->value[ES_OPT_SET], *wheres = &cli->value[ES_OPT_WHERE];
    const char *path = cli->n_operands ? cli->operand[0] : NULL;
    *sweep = NULL;
    if (!path && !sets->n)
        return es_usage(cli, errors, "nothing to sweep; expected FILE.sweep or --set");
    es_status status = es_cli_load_catalog(cli, catalog, errors);
    if (!status)
        status = es_sweep_load(sweep, catalog, path, sets->text, sets->n, wheres->text, wheres->n, errors);
    return status;
}

#include "cli/commands.h"
#include "cli/doubts.h"
#include "cli/load.h"

static es_status run_check(es_cli *cli, es_errors *errors) {
    es_catalog catalog = {0};
    es_sweep *sweep = NULL;
    es_status status = es_cli_load_sweep(cli, &catalog, &sweep, errors);
    if (!status)
        status = es_warn_doubts(sweep, errors);
    if (!status)
        printf("ok: %llu point%s\n", (unsigned long long)sweep->n_points, sweep->n_points == 1 ? "" : "s");
    es_sweep_free(sweep);
    es_catalog_free(&catalog);
    return status;
}

static const char *const examples[] = {
    "edgesweep check sweeps/paper.sweep",
    "every mistake with its place, or ok and the number of points",
    "edgesweep check sweeps/paper.sweep --set 'seq_len=128:4096*2'",
    "the same with another axis",
    NULL,
};

const es_command es_cmd_check = {
    .id = ES_CMD_CHECK,
    .name = "check",
    .synopsis = "[FILE.sweep]",
    .max_operands = 1,
    .help = "look for mistakes in a sweep file and its catalogs",
    .details = "Prints ok and the number of points, or up to 20 mistakes and warnings as FILE:LINE:COLUMN: message.",
    .examples = examples,
    .run = run_check,
};

#include "commands/commands.h"
#include "commands/doubts.h"
#include "cli/load.h"
#include "model/node.h"

/* Rows, and what the kernels make of them: rules, calibration and quality name rows of other tables. */
static es_status check_catalog(es_cli *cli, es_errors *errors) {
    es_catalog catalog = {0};
    es_arena arena = {0};
    const void *state;
    es_status status = es_cli_load_catalog(cli, &catalog, errors);
    for (size_t i = 0; i < es_kernel_count() && !status; i++)
        if (es_kernel_at(i)->prepare)
            status = es_kernel_at(i)->prepare(&catalog, &arena, &state, errors);
    for (es_kind kind = 0; kind < ES_KINDS && !status; kind++)
        fprintf(cli->out, "%s%zu %s", kind ? ", " : "ok: ", catalog.table[kind].n_rows, es_fields(kind)->name);
    if (!status)
        fputc('\n', cli->out);
    es_arena_free(&arena);
    es_catalog_free(&catalog);
    return status;
}

static es_status run_check(es_cli *cli, es_errors *errors) {
    bool no_sweep = !cli->n_operands && !es_given(cli, ES_OPT_SET) && !es_given(cli, ES_OPT_WHERE);
    if (no_sweep && es_given(cli, ES_OPT_CATALOG))
        return check_catalog(cli, errors);
    es_catalog catalog = {0};
    es_sweep *sweep = NULL;
    es_status status = es_cli_load_sweep(cli, &catalog, &sweep, errors);
    if (!status)
        status = es_warn_doubts(sweep, errors);
    if (!status)
        fprintf(cli->out, "ok: %llu point%s\n", (unsigned long long)sweep->n_points, sweep->n_points == 1 ? "" : "s");
    es_sweep_free(sweep);
    es_catalog_free(&catalog);
    return status;
}

static const char *const examples[] = {
    "edgesweep check sweeps/paper.sweep",
    "every mistake with its place, or ok and the number of points",
    "edgesweep check sweeps/paper.sweep --set 'seq_len=128:4096*2'",
    "the same with another axis",
    "edgesweep check --catalog sweeps/catalog",
    "mistakes in the catalogs of a folder, or how many rows they have",
    NULL,
};

const es_command es_cmd_check = {
    .id = ES_CMD_CHECK,
    .name = "check",
    .synopsis = "[FILE.sweep]",
    .max_operands = 1,
    .help = "look for mistakes in a sweep file and its catalogs",
    .details =
        "Prints ok and the number of points, or up to 20 mistakes and warnings as FILE:LINE:COLUMN: message. With "
        "--catalog alone it is the catalogs that are checked.",
    .examples = examples,
    .wraps = true,
    .run = run_check,
};

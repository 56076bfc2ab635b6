#include "commands/run_shard.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "commands/doubts.h"
#include "commands/estimate.h"
#include "cli/load.h"
#include "cli/paths.h"
#include "cli/run_options.h"

bool es_cli_wants_shard(const es_cli *cli) {
    return es_given(cli, ES_OPT_SHARD) || es_given(cli, ES_OPT_SHARD_BASE) || es_given(cli, ES_OPT_SHARD_FROM) ||
           es_given(cli, ES_OPT_RESUME) || es_given(cli, ES_OPT_CHECKPOINT);
}

static es_status refuse_options(es_cli *cli, es_errors *errors) {
    static const es_opt refused[] = {ES_OPT_LIMIT, ES_OPT_SPLIT_ROWS, ES_OPT_PARETO, ES_OPT_BEST, ES_OPT_PLOT};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (es_given(cli, refused[i]))
            return es_usage(cli, errors, "--%s does not go with --shard", es_cli_options[refused[i]].name);
    if (es_count_of(cli, ES_OPT_FORMAT, ES_CSV) == ES_JSON)
        return es_usage(cli, errors, "-f json does not go with --shard: parts are joined line by line; -f jsonl does");
    const char *out = es_text_of(cli, ES_OPT_OUT);
    if (!out || (out[0] == '-' && !out[1]))
        return es_usage(cli, errors, "--shard needs -o with the name of a directory");
    return ES_OK;
}

es_status es_cli_shard_options(es_cli *cli, const es_sweep *sweep, es_progress_line *progress,
                               es_shard_options *options, es_errors *errors) {
    es_status status = refuse_options(cli, errors);
    if (status)
        return status;
    uint64_t seconds = es_count_of(cli, ES_OPT_CHECKPOINT, 10);
    options->directory = es_text_of(cli, ES_OPT_OUT);
    options->rows = !es_given(cli, ES_OPT_FRONT_ONLY);
    progress->rows = options->rows;
    progress->filtered = sweep->n_conditions > 0;
    options->resume = es_given(cli, ES_OPT_RESUME);
    options->interval = seconds ? (double)seconds : 1e-9;
    if (!options->rows && !sweep->front.given && !sweep->best.given)
        return es_usage(cli, errors,
                        "--front-only needs a [pareto] or [best] section in the sweep; "
                        "--set pareto.minimize=COLUMN,... makes one");
    status = es_cli_run_options(cli, NULL, progress, &options->run, errors);
    options->run.unique |= sweep->front.unique;
    return status;
}

/* The sweep and its catalogs do not lie where the parts will. */
static es_status check_paths(es_cli *cli, const es_shard_options *options, es_errors *errors) {
    es_paths known = {0};
    es_status status = es_paths_inputs(&known, cli, errors);
    if (!status)
        status = es_paths_parts(&known, cli, options->directory, errors);
    return status ? status : es_paths_check(&known, cli, errors);
}

static es_status choose_shard(es_cli *cli, es_shard *shard, es_errors *errors) {
    es_shard_source source = {.from = es_text_of(cli, ES_OPT_SHARD_FROM), .base = -1, .environment = getenv};
    if (!es_given(cli, ES_OPT_SHARD))
        return es_usage(cli, errors,
                        "--resume, --checkpoint, --shard-base and --shard-from go with --shard; "
                        "--shard 0/1 is the whole sweep");
    if (es_given(cli, ES_OPT_SHARD_BASE))
        source.base = (int64_t)es_count_of(cli, ES_OPT_SHARD_BASE, 0);
    es_status status = es_shard_parse(es_text_of(cli, ES_OPT_SHARD), &source, shard, errors);
    cli->usage = status == ES_EUSAGE;
    return status;
}

static void tell(const es_cli *cli, const es_shard_options *options, const es_shard_report *report) {
    char stem[ES_PART_NAME], directory[512];
    const es_manifest *m = &report->manifest;
    es_part_stem(options->shard, stem);
    es_escape(directory, sizeof directory, es_slice_of(options->directory));
    if (report->finished_before) {
        es_note(cli, "%s: %s is finished", directory, stem);
        return;
    }
    es_note(cli, "%s: %s, points %llu to %llu: %llu rows, %llu on the front", directory, stem,
            (unsigned long long)m->first, (unsigned long long)m->end, (unsigned long long)m->table[ES_RESULT_ROWS].rows,
            (unsigned long long)m->table[ES_RESULT_FRONT].rows);
    if (report->resumed_rows)
        es_note(cli, "%s: %s, of the rows %llu from an earlier run", directory, stem,
                (unsigned long long)report->resumed_rows);
}

es_status es_cli_run_shard(es_cli *cli, es_errors *errors) {
    es_catalog catalog = {0};
    es_sweep *sweep = NULL;
    es_progress_line progress = {0};
    es_shard_options options = {0};
    es_shard_report report = {0};
    es_status status = choose_shard(cli, &options.shard, errors);
    const double share = (double)(options.shard.more + 1) / (double)options.shard.n;
    if (!status)
        status = es_cli_load_sweep(cli, &catalog, &sweep, errors);
    if (!status)
        status = es_cli_shard_options(cli, sweep, &progress, &options, errors);
    if (!status)
        status = check_paths(cli, &options, errors);
    if (!status && options.rows)
        status = es_cli_check_room(cli, sweep, options.directory, &options.run, share, errors);
    if (!status && !es_given(cli, ES_OPT_QUIET))
        status = es_warn_doubts(sweep, errors);
    if (!status) {
        es_cli_report(cli, errors);
        status = es_shard_run(sweep, &options, &report, errors);
        es_progress_end(&progress);
        if (!status)
            tell(cli, &options, &report);
    }
    if (status == ES_EINT || status == ES_ETERM)
        es_note(cli, "edgesweep: stopped; --resume goes on from here");
    es_run_report_free(&report.run);
    es_sweep_free(sweep);
    es_catalog_free(&catalog);
    return status;
}

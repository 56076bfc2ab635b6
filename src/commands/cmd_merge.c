/* merge: the parts of a sharded run to one CSV, front and best table. */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "commands/commands.h"
#include "cli/paths.h"
#include "cli/run_options.h"
#include "io/database.h"
#include "shards/merge.h"

static bool has_suffix(const char *path) {
    const char *slash = strrchr(path, '/');
    return strchr(slash ? slash + 2 : path + 1, '.') != NULL;
}

/* The first table that the parts have goes to OUT, the others beside it, as `run` does. */
static es_status choose_paths(es_cli *cli, const es_parts *parts, es_merge_options *options, es_errors *errors) {
    static const char *const names[] = {"csv", "tsv", "jsonl", "md", "json"};
    const char *out = es_text_of(cli, ES_OPT_OUT), *main_table = NULL;
    const char *own = es_part_suffix(parts->part[0].manifest.format);
    es_output_format format;
    const es_status status = es_cli_format_of(cli, out, &format, errors);
    if (status)
        return status;
    if (own && es_cli_is_file(out) && (es_database_name(out) || (has_suffix(out) && strcmp(own, names[format]) != 0)))
        return es_usage(cli, errors, "the parts are %s, which '%s' is not", own, es_quote_text(out).text);
    for (int r = 0; r < ES_RESULTS; r++) {
        if (!parts->part[0].manifest.table[r].given)
            continue;
        if (!main_table) {
            main_table = options->path[r] = out;
        } else if (es_cli_is_file(out)) {
            options->path[r] = es_cli_beside(&cli->arena, out, es_part_folder[r]);
            if (!options->path[r])
                return es_fail_memory(errors);
        }
    }
    return ES_OK;
}

/* All files of all parts stay. */
static es_status check_paths(es_cli *cli, const es_parts *parts, const es_merge_options *options, es_errors *errors) {
    es_paths known = {0};
    es_status status = ES_OK;
    for (size_t i = 0; i < parts->n && !status; i++) {
        const es_part *part = &parts->part[i];
        const char *manifest = es_arena_printf(&cli->arena, "%s/_manifest/%s.json", part->directory, part->stem);
        status = manifest ? es_paths_input(&known, cli, manifest, errors) : es_fail_memory(errors);
        for (int r = 0; r < 2 * ES_RESULTS && !status; r++) {
            char *path = (r % 2 ? es_part_keys_path : es_part_text_path)(part, (es_result)(r / 2));
            const char *kept = path ? es_arena_text(&cli->arena, es_slice_of(path)) : NULL;
            status = kept ? es_paths_input(&known, cli, kept, errors) : es_fail_memory(errors);
            free(path);
        }
    }
    for (int r = 0; r < ES_RESULTS && !status; r++)
        status = es_paths_output(&known, cli, options->path[r], true, false, errors);
    return status ? status : es_paths_check(&known, cli, errors);
}

static es_status collect(es_cli *cli, es_parts *parts, es_errors *errors) {
    es_status status = ES_OK;
    for (size_t i = 0; i < cli->n_operands && !status; i++)
        status = es_parts_add(parts, cli->operand[i], errors);
    if (!status)
        status = es_parts_check(parts, errors);
    return status;
}

static void tell(const es_cli *cli, const es_merge_options *options, const es_merge_report *report, es_errors *errors) {
    static const char *const what[] = {"", "the front leaves", "the best choices leave"};
    for (int r = 0; r < ES_RESULTS; r++) {
        char name[512];
        if (report->missing[r])
            es_warn(errors, NULL, "%s out %llu points without a value in an objective", what[r],
                    (unsigned long long)report->missing[r]);
        if (!options->path[r] || !es_cli_is_file(options->path[r]))
            continue;
        es_escape(name, sizeof name, es_slice_of(options->path[r]));
        es_note(cli, "%s: %llu row%s", name, (unsigned long long)report->rows[r], report->rows[r] == 1 ? "" : "s");
    }
}

static es_status run_merge(es_cli *cli, es_errors *errors) {
    es_parts parts = {0};
    es_merge_options options = {.sync = es_given(cli, ES_OPT_SYNC), .stop = cli->stop};
    es_merge_report report;
    if (!es_given(cli, ES_OPT_OUT))
        return es_usage(cli, errors, "merge needs -o OUT");
    options.command = es_cli_command_line(cli);
    es_status status = collect(cli, &parts, errors);
    if (parts.missing) {
        es_cli_report(cli, errors);
        fprintf(stderr, "edgesweep: run again: %s\n", parts.missing);
    }
    if (!status)
        status = choose_paths(cli, &parts, &options, errors);
    if (!status)
        status = check_paths(cli, &parts, &options, errors);
    if (!status)
        status = es_merge(&parts, &options, &report, errors);
    if (!status)
        tell(cli, &options, &report, errors);
    es_parts_free(&parts);
    return status;
}

static const char *const examples[] = {
    "edgesweep run sweeps/paper.sweep --shard 0/2 -o parts && edgesweep run sweeps/paper.sweep --shard 1/2 -o parts",
    "both halves of a sweep, which could run on two machines that share a folder",
    "edgesweep merge parts -o all.csv",
    "all parts in the directory parts, also of different N, to all.csv, all.front.csv and all.best.csv",
    "edgesweep merge parts/data/part-*.csv -o all.csv.zst",
    "parts by name, also from different places, compressed",
    NULL,
};

const es_command es_cmd_merge = {
    .id = ES_CMD_MERGE,
    .name = "merge",
    .synopsis = "DIR|PART...",
    .min_operands = 1,
    .max_operands = 1000000000,
    .help = "make one whole of the parts of a sharded run",
    .details = "The parts come from `run --shard`. Together they must cover the sweep once, whatever numbers of shards "
               "they come "
               "from. The bytes of OUT are those of a run without shards; fronts and best tables are merged too and "
               "lie beside "
               "OUT. When the parts hold no rows (--front-only), the front goes to OUT.\n\n"
               "Every file is checked against the hash in its manifest. Nothing is written when parts belong to "
               "different sweeps "
               "(status 3), are missing (4: says which to run again), overlap (5) or are damaged (6).",
    .examples = examples,
    .run = run_merge,
};

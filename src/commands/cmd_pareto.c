/* pareto: the rows of CSV tables that no other row dominates. */
#include <string.h>

#include "commands/commands.h"
#include "commands/csv_tables.h"

static es_status print_side(void *context, const char *data, size_t n, es_errors *errors) {
    (void)context;
    (void)errors;
    fwrite(data, 1, n, stderr);
    return ES_OK;
}

static es_status read_options(es_cli *cli, es_csv_front_options *options, es_errors *errors) {
    es_column_objective *objective;
    es_slice *by;
    es_status status = es_cli_objectives(cli, &objective, &options->n_objectives, errors);
    if (!status)
        status = es_cli_column_list(cli, ES_OPT_BY, &by, &options->n_by, errors);
    if (!status)
        status = es_cli_column_values(cli, ES_OPT_EPSILON, false, &options->epsilon, errors);
    if (!status)
        status = es_cli_column_values(cli, ES_OPT_UNCERTAIN, false, &options->uncertain, errors);
    if (!status)
        status = es_cli_column_values(cli, ES_OPT_HYPERVOLUME, true, &options->reference, errors);
    if (status)
        return status;
    options->objective = objective;
    options->by = by;
    options->skip_missing = es_given(cli, ES_OPT_SKIP_MISSING);
    options->strict = es_given(cli, ES_OPT_STRICT);
    options->unique = es_given(cli, ES_OPT_UNIQUE);
    options->mix_boundaries = es_given(cli, ES_OPT_MIX_BOUNDARIES);
    options->max_rank = (uint32_t)es_count_of(cli, ES_OPT_RANKS, 0);
    options->crowding = es_given(cli, ES_OPT_CROWDING);
    options->knee = es_given(cli, ES_OPT_KNEE);
    options->threads = (unsigned)es_count_of(cli, ES_OPT_THREADS, 0);
    if (options->max_rank && (options->epsilon.n || options->uncertain.n))
        return es_usage(cli, errors, "--ranks excludes --epsilon and --uncertain");
    if (es_given(cli, ES_OPT_PLOT) && options->n_objectives < 2)
        return es_usage(cli, errors, "--plot needs two objectives");
    if (options->epsilon.n && options->uncertain.n)
        return es_usage(cli, errors, "--epsilon and --uncertain exclude each other");
    return ES_OK;
}

/* On a terminal only tables and plots are shown; otherwise the plot goes to stderr beside the CSV. */
static es_status show(const es_tables *tables, const es_csv_front_options *options, const es_csv_front_counts *counts,
                      bool is_table, es_errors *errors) {
    const es_cli *cli = tables->cli;
    es_csv_view view = {options->by, options->n_by, options->objective, options->n_objectives, NULL, 0};
    size_t *named;
    es_status status = es_tables_named_columns(tables, &named, &view.n_named, errors);
    view.named = named;
    if (!status && is_table)
        status = es_tables_show(tables, &view, errors);
    if (!status && es_given(cli, ES_OPT_PLOT) && counts->shown && (is_table || !es_given(cli, ES_OPT_QUIET))) {
        putc('\n', is_table ? stdout : stderr);
        status = es_tables_plot(tables, &view, is_table ? stdout : stderr, errors);
    }
    if (!status && is_table)
        printf("%llu of %llu rows%s\n", (unsigned long long)counts->shown, (unsigned long long)counts->rows,
               counts->shown ? "; -o OUT.csv saves them, | less shows the CSV" : "");
    return status;
}

static es_status run_pareto(es_cli *cli, es_errors *errors) {
    es_csv_front_options options = {0};
    es_csv_front_counts counts = {0};
    es_tables tables = {0};
    const es_text_sink side = {print_side, NULL};
    es_status status = read_options(cli, &options, errors);
    if (!status)
        status = es_tables_begin(&tables, cli, errors);
    options.where = &tables.where, options.energies = tables.energies;
    if (!status) {
        const bool is_table = !tables.output;
        status = es_csv_front(tables.csv, &options, &tables.sink, &side, &counts, errors);
        status = es_tables_commit(&tables, status, counts.shown, errors);
        if (!status && tables.text)
            status = show(&tables, &options, &counts, is_table, errors);
    }
    if (!status && es_given(cli, ES_OPT_OUT) && strcmp(es_text_of(cli, ES_OPT_OUT), "-") != 0)
        es_note(cli, "%s: %llu of %llu rows", es_text_of(cli, ES_OPT_OUT), (unsigned long long)counts.shown,
                (unsigned long long)counts.rows);
    es_tables_end(&tables);
    return status;
}

static const char *const examples[] = {
    "edgesweep run sweeps/paper.sweep -q -o all.csv",
    "a table to look at; any CSV with a header will do",
    "edgesweep pareto all.csv --min end_to_end_ms,energy_j --by device",
    "one front per device, with all columns of the input",
    "edgesweep pareto all.csv all.front.csv --min memory_bytes --where 'end_to_end_ms < 5000' -o front.csv",
    "several files with the same header",
    "cat all.csv | edgesweep pareto --min end_to_end_ms,memory_bytes --ranks 3 --crowding",
    "the first three layers, from standard input",
    "edgesweep pareto all.csv --min end_to_end_ms,energy_j --uncertain end_to_end_ms=10,energy_j=25",
    "which rows stay on the front when the time may err by 10% and the energy by 25%",
    "edgesweep run edge --device 'Raspberry Pi 5 8GB' -q -o pi.csv",
    "a table with ranges",
    "edgesweep pareto pi.csv --max decode_tok_s,quality --uncertain decode_tok_s,quality",
    "which rows stay on the front wherever speed and quality lie in their ranges",
    NULL,
};

const es_command es_cmd_pareto = {
    .id = ES_CMD_PARETO,
    .name = "pareto",
    .synopsis = "[FILE.csv|-]...",
    .max_operands = UINT32_MAX,
    .help = "Pareto front of CSV tables",
    .details =
        "Prints the rows that no other row dominates: none is at least as good in every objective and better in one. "
        "Rows pass through as they are, in the order of the input; equal rows are all kept unless --unique. Files are "
        "read as one table and need the same header; without files standard input is read. On a terminal the front is "
        "shown as a table. Memory is proportional to the result, not to the input.\n\n"
        "The input is a table in any form (help tables): CSV whose delimiter and decimal comma are told by the rows, "
        "JSON, "
        "Markdown, SQLite, packed or not. A row with an empty cell in an objective is left out and counted (an error "
        "under --strict); other text there is an error unless --skip-missing. Names with a comma stand in double "
        "quotes.\n\n"
        "--where comes first, then --skip-missing, then --unique, which lets the first of rows with equal objectives "
        "in a group stand for all and adds `ties`, their number; a last column `ties`, as run and pareto write it, is "
        "added up, so that fronts can be joined. --by makes one front for each combination of texts.\n\n"
        "--ranks K keeps the first K layers: layer 1 is the front, layer 2 the front of the rest, and so on. "
        "--epsilon divides the space into boxes of the given sizes (objectives not named: exact values) and keeps one "
        "row in each box that no other occupied box dominates: the one nearest to the best corner of its box, of "
        "equally near ones the lexicographically best, then the first. --ranks, --epsilon and --uncertain exclude each "
        "other.\n\n"
        "--uncertain lets each value of a named column X of each row lie anywhere between its cells in the columns "
        "X_low and X_high, as sweeps write them for speeds, ttft_s and quality, or with X=PCT in v - p|v| ... v + "
        "p|v|, independently; rows without a range are left out and counted; --unique then compares ranges, too. "
        "`robust` is certain when no outcome puts another row in front of this one, possible when some outcomes leave "
        "it undominated and others do not; rows that are dominated in the table but not in every outcome are added.\n\n"
        "--crowding adds the sum, over the objectives, of the gap between the two neighbours on the front divided by "
        "the range of the front; it is empty for extreme rows, where it is infinite. --knee marks the row farthest "
        "below the plane through the extremes: the smallest sum of objectives scaled to 0 (best on the front) ... 1 "
        "(worst). --hypervolume prints, on stderr, the volume between front and reference point, one line per group; "
        "REF is COL=V,... or one value per objective in the order of the command line. With --ranks, crowding is "
        "measured in each layer, knee and hypervolume on the first.",
    .examples = examples,
    .run = run_pareto,
};

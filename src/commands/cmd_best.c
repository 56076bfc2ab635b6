/* best: the best value of a column per group of a CSV table. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tables/csv_best.h"
#include "base/number.h"
#include "commands/commands.h"
#include "commands/csv_tables.h"
#include "cli/json_print.h"
#include "cli/plot.h"
#include "cli/print.h"

enum { SHOWN_BEST = 100 };

static es_status read_options(es_cli *cli, es_csv_best_options *options, es_errors *errors) {
    es_column_objective *objective;
    es_slice *by, *pick;
    size_t n_pick;
    if (!es_given(cli, ES_OPT_PICK))
        return es_usage(cli, errors, "--pick COL is needed: the column whose best value is looked for");
    es_status status = es_cli_objectives(cli, &objective, &options->n_objectives, errors);
    if (!status)
        status = es_cli_column_list(cli, ES_OPT_BY, &by, &options->n_by, errors);
    if (!status)
        status = es_cli_column_list(cli, ES_OPT_PICK, &pick, &n_pick, errors);
    if (!status && es_given(cli, ES_OPT_PLOT) && options->n_objectives < 2)
        status = es_usage(cli, errors, "--plot needs two objectives");
    if (!status && n_pick != 1)
        status = es_usage(cli, errors, "--pick: one column is expected: '%s'", es_text_of(cli, ES_OPT_PICK));
    if (status)
        return status;
    options->objective = objective;
    options->by = by;
    options->pick = pick[0];
    options->skip_missing = es_given(cli, ES_OPT_SKIP_MISSING);
    options->strict = es_given(cli, ES_OPT_STRICT);
    options->mix_boundaries = es_given(cli, ES_OPT_MIX_BOUNDARIES);
    options->top = es_count_of(cli, ES_OPT_TOP, 1);
    options->threads = (unsigned)es_count_of(cli, ES_OPT_THREADS, 0);
    return ES_OK;
}

/* ---- The table for people ---- */

typedef struct es_showing {
    const es_tables *tables;
    const es_csv_best *best;
    const es_csv_best_options *options;
    es_slice *cell;         /* of one row */
    size_t *named, n_named; /* columns that --columns adds */
    es_arena arena;
    es_listing listing;
} es_showing;

/* A cell of a choice without blanks and quotes; "" when there is no memory. */
static const char *cell_text(es_showing *s, const es_csv_choice *choice, size_t column) {
    const size_t n = es_csv_input_columns(s->tables->csv);
    es_csv_split(choice->row, es_csv_input_delimiter(s->tables->csv), s->cell, n);
    char *scratch = es_arena_alloc(&s->arena, s->cell[column].length + 1);
    const char *text = scratch ? es_arena_text(&s->arena, es_csv_value(s->cell[column], scratch)) : NULL;
    return text ? text : "";
}

static bool ends_with(es_slice text, const char *end) {
    const size_t n = strlen(end);
    return text.length >= n && !memcmp(text.text + text.length - n, end, n);
}

/* Times that are longer and rates that are lower are slower; other values are just higher or lower. */
static const char *worse_word(const es_column_objective *objective) {
    const bool rate = ends_with(objective->column, "_s") &&
                      memmem(objective->column.text, objective->column.length, "tok_s", 5) != NULL;
    const bool time = !rate && (ends_with(objective->column, "_s") || ends_with(objective->column, "_ms"));
    if (objective->direction == ES_MINIMIZE)
        return time ? "slower" : "higher";
    return rate ? "slower" : "lower";
}

/* " (one of 8 within the ranges)": how many choices the winner's range of the first objective does not rule out; `named` where
 * what stands before tells of another objective. */
static void describe_overlap(const es_showing *s, const es_csv_choice *winner, const es_csv_choice *next, bool named,
                             char *text, size_t size) {
    const es_quoted column = es_quote(s->options->objective[0].column);
    const unsigned long long n = winner->n_overlapped;
    char count[40] = "";
    *text = '\0';
    if (!next->overlaps && n == 0)
        return;
    if (!next->overlaps)
        snprintf(count, sizeof count, n == 1 ? "%llu other " : "%llu others ", n);
    else if (n > 1)
        snprintf(count, sizeof count, "one of %llu ", n);
    snprintf(text, size, " (%swithin the ranges%s%s)", count, named ? " of " : "", named ? column.text : "");
}

/* "Q4_0, 12% slower": by the first objective in which the two differ. */
static void describe_next(es_showing *s, const es_csv_choice *winner, const es_csv_choice *next, char *text,
                          size_t size) {
    const char *name = cell_text(s, next, s->best->pick);
    char worse[160], within[160];
    size_t k = 0;
    snprintf(worse, sizeof worse, "%s", next->tie ? "" : ", equal");
    for (; k < s->best->n_objectives; k++) {
        const es_column_objective *objective = &s->options->objective[k];
        const double percent = fabs(next->value[k] - winner->value[k]) / fabs(winner->value[k]) * 100;
        const char *word = worse_word(objective);
        if (next->value[k] == winner->value[k])
            continue;
        if (k == 0 && next->tie) {
            name = es_arena_printf(&s->arena, "%s, tie", name);
            name = name ? name : "";
            *worse = '\0';
            continue;
        }
        const es_quoted column = es_quote(objective->column);
        const bool named = strcmp(word, "slower") != 0 || k > 0;
        const char *of = named ? " " : "", *what = named ? column.text : "";
        if (!isfinite(percent))
            snprintf(worse, sizeof worse, ", %s %s", word, column.text);
        else
            snprintf(worse, sizeof worse, percent < 0.995 ? ", %.2g%% %s%s%s" : ", %.0f%% %s%s%s", percent, word, of,
                     what);
        break;
    }
    describe_overlap(s, winner, next, k > 0, within, sizeof within);
    snprintf(text, size, "%s%s%s", name, worse, within);
}

static es_status begin_grid(es_showing *s, es_errors *errors) {
    const es_csv_best *best = s->best;
    es_status status = es_tables_named_columns(s->tables, &s->named, &s->n_named, errors);
    if (status)
        return status;
    const char **header = es_arena_array(&s->arena, best->n_by + best->n_objectives + s->n_named + 4, sizeof *header);
    size_t n = 0;
    if (!header)
        return es_fail_memory(errors);
    for (size_t i = 0; i < best->n_by; i++)
        header[n++] = es_csv_input_name(s->tables->csv, best->by[i]).text;
    header[n++] = es_csv_input_name(s->tables->csv, best->pick).text;
    if (best->top > 1)
        header[n++] = ">rank";
    for (size_t k = 0; k < best->n_objectives; k++) {
        header[n] = es_arena_printf(&s->arena, ">%s", es_csv_input_name(s->tables->csv, best->objective[k]).text);
        if (!header[n++])
            return es_fail_memory(errors);
    }
    for (size_t i = 0; i < s->n_named; i++)
        header[n++] = es_csv_input_name(s->tables->csv, s->named[i]).text;
    header[n] = "next best";
    es_listing_begin(&s->listing, header);
    return ES_OK;
}

static void add_choice(es_showing *s, size_t i) {
    const es_csv_best *best = s->best;
    const es_csv_choice *choice = &best->choice[i];
    const bool has_next = i + 1 < best->n && best->choice[i + 1].group == choice->group;
    char next[512] = "none";
    for (size_t k = 0; k < best->n_by; k++)
        es_listing_cell(&s->listing, cell_text(s, choice, best->by[k]));
    s->listing.pen = choice->rank == 1 ? ES_GOOD : ES_PLAIN;
    es_listing_cell(&s->listing, cell_text(s, choice, best->pick));
    s->listing.pen = ES_PLAIN;
    if (best->top > 1)
        es_listing_format(&s->listing, "%llu", (unsigned long long)choice->rank);
    for (size_t k = 0; k < best->n_objectives; k++) {
        char number[64];
        es_csv_number(number, sizeof number, s->options->objective[k].column, choice->value[k]);
        es_listing_cell(&s->listing, number);
    }
    for (size_t k = 0; k < s->n_named; k++) {
        const char *text = cell_text(s, choice, s->named[k]);
        double value;
        char number[64];
        if (es_parse_double(es_slice_of(text), &value) == ES_NUMBER_OK) {
            es_csv_number(number, sizeof number, es_csv_input_name(s->tables->csv, s->named[k]), value);
            text = number;
        }
        es_listing_cell(&s->listing, text);
    }
    if (has_next)
        describe_next(s, choice, &best->choice[i + 1], next, sizeof next);
    s->listing.pen = ES_FAINT;
    es_listing_cell(&s->listing, next);
    s->listing.pen = ES_PLAIN;
}

static void print_title(const es_showing *s, FILE *out) {
    const es_csv_best_options *options = s->options;
    fprintf(out, "Best %s", es_quote(options->pick).text);
    for (size_t i = 0; i < options->n_by; i++)
        fprintf(out, "%s%s", i ? ", " : " per ", es_quote(options->by[i]).text);
    for (size_t k = 0; k < options->n_objectives; k++)
        fprintf(out, "%s%s %s", k ? ", " : " (", options->objective[k].direction == ES_MINIMIZE ? "min" : "max",
                es_quote(options->objective[k].column).text);
    fputs(")\n", out);
}

static es_status show(const es_tables *tables, const es_csv_best *best, const es_csv_best_options *options, FILE *out,
                      es_errors *errors) {
    es_showing s = {.tables = tables, .best = best, .options = options};
    size_t shown = 0, hidden = 0;
    s.cell = malloc(es_csv_input_columns(tables->csv) * sizeof *s.cell);
    es_status status = s.cell ? begin_grid(&s, errors) : es_fail_memory(errors);
    for (size_t i = 0; i < best->n && !status; i++) {
        if (best->choice[i].rank > best->top)
            continue;
        if (shown++ < SHOWN_BEST)
            add_choice(&s, i);
        else
            hidden++;
    }
    if (!status && shown)
        print_title(&s, out);
    es_status printed = es_listing_print(&s.listing, tables->cli, out, 0, errors); /* and frees it */
    status = status ? status : printed;
    if (!status && hidden)
        fprintf(out, "... %zu more\n", hidden);
    es_arena_free(&s.arena);
    free(s.cell);
    return status;
}

/* The winners by their first two objectives, lettered by the picked value. */
static es_status plot_winners(const es_tables *tables, const es_csv_best *best, const es_csv_best_options *options,
                              FILE *out, es_errors *errors) {
    es_showing s = {.tables = tables, .best = best, .options = options};
    es_plot plot = {0};
    s.cell = malloc(es_csv_input_columns(tables->csv) * sizeof *s.cell);
    es_status status = s.cell ? ES_OK : es_fail_memory(errors);
    for (size_t i = 0; i < best->n && !status; i++)
        if (best->choice[i].rank <= best->top)
            status = es_plot_add(&plot, best->choice[i].value[0], best->choice[i].value[1],
                                 es_slice_of(cell_text(&s, &best->choice[i], best->pick)), errors);
    if (!status && plot.n)
        putc('\n', out);
    if (!status)
        status = es_plot_show(&plot, tables->cli, es_csv_input_name(tables->csv, best->objective[0]).text,
                              es_csv_input_name(tables->csv, best->objective[1]).text, out, errors);
    es_plot_free(&plot);
    es_arena_free(&s.arena);
    free(s.cell);
    return status;
}

/* The choices as objects: rank, what cannot be told apart, then the cells of their rows, numbers as numbers. */
static es_status print_choices_json(const es_tables *tables, const es_csv_best *best, es_errors *errors) {
    es_showing s = {.tables = tables, .best = best};
    const size_t n = es_csv_input_columns(tables->csv);
    json_t *all = json_array();
    s.cell = malloc(n * sizeof *s.cell);
    for (size_t i = 0; i < best->n && s.cell; i++) {
        if (best->choice[i].rank > best->top)
            continue;
        json_t *choice = json_object();
        json_object_set_new(choice, "rank", json_integer((json_int_t)best->choice[i].rank));
        json_object_set_new(choice, "tie", json_boolean(best->choice[i].tie));
        json_object_set_new(choice, "overlaps", json_boolean(best->choice[i].overlaps));
        json_object_set_new(choice, "n_overlapped", json_integer((json_int_t)best->choice[i].n_overlapped));
        for (size_t c = 0; c < n; c++) {
            const char *text = cell_text(&s, &best->choice[i], c), *name = es_csv_input_name(tables->csv, c).text;
            double number;
            json_object_set_new(choice, name,
                                es_parse_double(es_slice_of(text), &number) == ES_NUMBER_OK
                                    ? es_typed_number(number, number == floor(number) && !strpbrk(text, ".eE"))
                                    : es_typed_text(text));
        }
        json_array_append_new(all, choice);
    }
    es_arena_free(&s.arena);
    const bool failed = !s.cell;
    free(s.cell);
    if (failed) {
        json_decref(all);
        all = NULL;
    }
    return es_typed_print(all, errors);
}

/* ---- The command ---- */

static uint64_t count_shown(const es_csv_best *best) {
    uint64_t n = 0;
    for (size_t i = 0; i < best->n; i++)
        n += best->choice[i].rank <= best->top;
    return n;
}

/* On a terminal only the table is shown; otherwise it explains the CSV on stderr. */
static es_status put(es_tables *tables, const es_csv_best *best, const es_csv_best_options *options,
                     es_errors *errors) {
    const es_cli *cli = tables->cli;
    es_status status = ES_OK;
    if (es_given(cli, ES_OPT_FORMAT))
        return print_choices_json(tables, best, errors);
    if (!tables->output) {
        status = show(tables, best, options, stdout, errors);
        if (!status && es_given(cli, ES_OPT_PLOT))
            status = plot_winners(tables, best, options, stdout, errors);
        printf("%u group%s in %llu rows%s\n", best->n_groups, best->n_groups == 1 ? "" : "s",
               (unsigned long long)best->rows, best->n ? "; -o OUT.csv saves the winners, | less shows the CSV" : "");
        return status;
    }
    status = es_csv_best_write(tables->csv, best, &tables->sink, errors);
    status = es_tables_commit(tables, status, count_shown(best), errors);
    if (!status && !es_given(cli, ES_OPT_QUIET))
        status = show(tables, best, options, stderr, errors);
    if (!status && es_given(cli, ES_OPT_PLOT) && !es_given(cli, ES_OPT_QUIET))
        status = plot_winners(tables, best, options, stderr, errors);
    return status;
}

static es_status run_best(es_cli *cli, es_errors *errors) {
    es_csv_best_options options = {0};
    es_csv_best best = {0};
    es_tables tables = {0};
    bool json;
    es_status status = es_typed_asked(cli, &json, errors);
    if (!status && json && es_given(cli, ES_OPT_OUT))
        status = es_usage(cli, errors, "-f json goes to stdout, not to --out");
    if (!status)
        status = read_options(cli, &options, errors);
    if (!status)
        status = es_tables_begin(&tables, cli, errors);
    options.where = &tables.where, options.energies = tables.energies;
    if (!status)
        status = es_csv_best_find(tables.csv, &options, &best, errors);
    if (!status)
        status = put(&tables, &best, &options, errors);
    es_csv_best_free(&best);
    es_tables_end(&tables);
    return status;
}

static const char *const examples[] = {
    "edgesweep run sweeps/paper.sweep -q -o all.csv",
    "a table to look at; any CSV with a header will do",
    "edgesweep best all.csv --pick precision --by device,model --min end_to_end_ms",
    "the fastest precision of every model on every device",
    "edgesweep best all.csv --pick precision --by device --max arithmetic_intensity --where 'power_w < 1'",
    "the highest intensity within a power limit",
    "edgesweep best all.csv --pick device --by model --min energy_j --top 3 -o devices.csv",
    "the three most economical devices for every model",
    NULL,
};

const es_command es_cmd_best = {
    .id = ES_CMD_BEST,
    .name = "best",
    .synopsis = "[FILE.csv|-]...",
    .max_operands = UINT32_MAX,
    .help = "best value of a column per group of CSV tables",
    .details =
        "For every combination of texts in the --by columns, each value of the --pick column is represented by its "
        "best row, and the best of these rows wins. The first objective decides, in the order of the command line; "
        "further ones break ties, then the order of the input does. Where the table has the columns X_low and X_high "
        "of the first objective X, it is said how many of the others the winner's range overlaps: with these it may be "
        "no better; formats of one model tie in quality within 0.3 points instead (help quality).\n\n"
        "The output has the --by columns, the picked column, `rank` when --top asks for more than one, and all other "
        "columns of the winning row as they are; groups stand in the order in which they first appear. A table with "
        "the next best value and how much worse it is goes to stderr, or to stdout instead of the CSV when that is a "
        "terminal.\n\n"
        "The input is a table in any form (help tables), several files with one header, or standard input.",
    .examples = examples,
    .run = run_best,
};

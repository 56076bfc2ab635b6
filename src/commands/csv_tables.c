#include "commands/csv_tables.h"

#include <glob.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <edgesweep/version.h>

#include "base/number.h"
#include "cli/load.h"
#include "cli/paths.h"
#include "cli/plot.h"
#include "cli/run_options.h"
#include "io/database.h"
#include "tables/compute.h"

/* ---- Lists ---- */

/* Cells of a comma-separated list, without blanks and quotes around them. */
static es_status split_list(es_cli *cli, const char *text, es_slice **list, size_t *n, es_errors *errors) {
    const es_slice row = es_slice_of(text);
    *n = es_csv_split(row, ',', NULL, 0);
    *list = es_arena_array(&cli->arena, *n, sizeof **list);
    if (!*list)
        return es_fail_memory(errors);
    es_csv_split(row, ',', *list, *n);
    for (size_t i = 0; i < *n; i++) {
        char *scratch = es_arena_alloc(&cli->arena, (*list)[i].length + 1);
        if (!scratch)
            return es_fail_memory(errors);
        (*list)[i] = es_csv_value((*list)[i], scratch);
    }
    return ES_OK;
}

static es_status empty_element(es_cli *cli, es_opt option, const char *text, es_errors *errors) {
    return es_usage(cli, errors, "--%s: empty element: '%s'; expected %s", es_cli_options[option].name,
                    es_quote_text(text).text, es_cli_options[option].argument);
}

es_status es_cli_column_list(es_cli *cli, es_opt option, es_slice **list, size_t *n, es_errors *errors) {
    const char *text = es_text_of(cli, option);
    *n = 0;
    *list = NULL;
    if (!text)
        return ES_OK;
    es_status status = split_list(cli, text, list, n, errors);
    for (size_t i = 0; i < *n && !status; i++)
        if ((*list)[i].length == 0)
            status = empty_element(cli, option, text, errors);
    return status;
}

es_status es_tables_named_columns(const es_tables *tables, size_t **column, size_t *n, es_errors *errors) {
    es_slice *name;
    es_status status = es_cli_column_list(tables->cli, ES_OPT_COLUMNS, &name, n, errors);
    *column = es_arena_array(&tables->cli->arena, *n + 1, sizeof **column);
    if (!status && !*column)
        status = es_fail_memory(errors);
    for (size_t i = 0; i < *n && !status; i++) {
        (*column)[i] = es_csv_input_find(tables->csv, name[i]);
        if ((*column)[i] == SIZE_MAX)
            status = es_usage(tables->cli, errors, "--columns: no such column: '%s'", es_quote(name[i]).text);
    }
    return status;
}

/* Number of the argument that holds an option's value. */
static int place_of(const es_cli *cli, const char *value) {
    for (int i = 1; i < cli->argc; i++)
        if (value >= cli->argv[i] && value <= cli->argv[i] + strlen(cli->argv[i]))
            return i;
    return cli->argc;
}

static es_status add_objectives(es_cli *cli, es_opt option, const char *text, es_column_objective **list, size_t *n,
                                es_errors *errors) {
    es_slice *column;
    size_t more;
    es_status status = split_list(cli, text, &column, &more, errors);
    es_column_objective *grown = status ? NULL : es_arena_array(&cli->arena, *n + more, sizeof *grown);
    if (!status && !grown)
        status = es_fail_memory(errors);
    if (status)
        return status;
    if (*n)
        memcpy(grown, *list, *n * sizeof *grown);
    for (size_t i = 0; i < more; i++) {
        if (column[i].length == 0)
            return empty_element(cli, option, text, errors);
        grown[*n + i] = (es_column_objective){column[i], option == ES_OPT_MAX ? ES_MAXIMIZE : ES_MINIMIZE};
    }
    *list = grown;
    *n += more;
    return ES_OK;
}

es_status es_cli_objectives(es_cli *cli, es_column_objective **list, size_t *n, es_errors *errors) {
    const es_option_value *min = &cli->value[ES_OPT_MIN], *max = &cli->value[ES_OPT_MAX];
    es_status status = ES_OK;
    *list = NULL;
    *n = 0;
    for (size_t i = 0, j = 0; i + j < min->n + max->n && !status;) {
        const bool is_min = j == max->n || (i < min->n && place_of(cli, min->text[i]) < place_of(cli, max->text[j]));
        const char *text = is_min ? min->text[i++] : max->text[j++];
        status = add_objectives(cli, is_min ? ES_OPT_MIN : ES_OPT_MAX, text, list, n, errors);
    }
    if (!status && *n == 0)
        return es_usage(cli, errors, "no objective: --min COLS or --max COLS is needed");
    return status;
}

/* The last `=` of an element; names may have some too. */
static const char *last_equals(es_slice element) {
    for (size_t i = element.length; i-- > 0;)
        if (element.text[i] == '=')
            return element.text + i;
    return NULL;
}

static es_status read_value(es_cli *cli, es_opt option, bool plain, es_slice element, es_column_value *value,
                            es_errors *errors) {
    const char *equals = last_equals(element);
    const char *name = es_cli_options[option].name;
    es_slice number = element;
    value->column = (es_slice){element.text, 0};
    if (equals) {
        value->column = es_slice_trim((es_slice){element.text, (size_t)(equals - element.text)});
        number = es_slice_trim((es_slice){equals + 1, (size_t)(element.text + element.length - equals - 1)});
    }
    if (!equals && option == ES_OPT_UNCERTAIN && element.length) { /* as the table's own ranges say */
        *value = (es_column_value){es_slice_trim(element), NAN};
        return ES_OK;
    }
    if (equals ? value->column.length == 0 : !plain)
        return es_usage(cli, errors, "--%s: not COL=VALUE: '%s'", name, es_quote(element).text);
    if (option == ES_OPT_UNCERTAIN && number.length && number.text[number.length - 1] == '%')
        number.length--;
    const es_number_fault fault = es_parse_scaled(number, &value->value);
    if (fault)
        return es_usage(cli, errors, "--%s: %s: '%s'", name, es_number_fault_text(fault), es_quote(number).text);
    return ES_OK;
}

es_status es_cli_column_values(es_cli *cli, es_opt option, bool plain, es_column_values *values, es_errors *errors) {
    const char *text = es_text_of(cli, option);
    es_slice *element;
    size_t n;
    if (!text)
        return ES_OK;
    es_status status = split_list(cli, text, &element, &n, errors);
    es_column_value *entry = status ? NULL : es_arena_array(&cli->arena, n, sizeof *entry);
    if (!status && !entry)
        status = es_fail_memory(errors);
    for (size_t i = 0; i < n && !status; i++)
        status = read_value(cli, option, plain, element[i], &entry[i], errors);
    if (!status)
        *values = (es_column_values){entry, n};
    return status;
}

/* ---- Input ---- */

static es_status add_path(es_tables *t, const char *path, size_t *capacity, es_errors *errors) {
    if (!es_grow((void **)&t->paths, capacity, t->n_paths + 1, sizeof *t->paths))
        return es_fail_memory(errors);
    t->paths[t->n_paths++] = path;
    return ES_OK;
}

static es_status add_glob(es_tables *t, const char *pattern, size_t *capacity, es_errors *errors) {
    glob_t found = {0};
    const int result = glob(pattern, 0, NULL, &found);
    es_status status = ES_OK;
    if (result == GLOB_NOSPACE)
        status = es_fail_memory(errors);
    else if (result == GLOB_NOMATCH)
        status = es_fail(errors, ES_ERUNTIME, NULL, "no file matches: '%s'", es_quote_text(pattern).text);
    else if (result)
        status = es_fail_errno(errors, "cannot search for", pattern);
    for (size_t i = 0; !status && i < found.gl_pathc; i++) {
        static const char meta[] = ".meta.json"; /* beside the tables of `run` */
        const size_t length = strlen(found.gl_pathv[i]);
        if (length > strlen(meta) && strcmp(found.gl_pathv[i] + length - strlen(meta), meta) == 0)
            continue;
        const char *path = es_arena_text(&t->cli->arena, es_slice_of(found.gl_pathv[i]));
        status = path ? add_path(t, path, capacity, errors) : es_fail_memory(errors);
    }
    globfree(&found);
    return status;
}

static es_status list_paths(es_tables *t, es_errors *errors) {
    size_t capacity = 0;
    unsigned from_stdin = 0;
    es_status status = ES_OK;
    for (size_t i = 0; i < t->cli->n_operands && !status; i++) {
        const char *path = t->cli->operand[i];
        const bool is_pattern = strpbrk(path, "*?[") && access(path, F_OK) != 0;
        from_stdin += strcmp(path, "-") == 0;
        status = is_pattern ? add_glob(t, path, &capacity, errors) : add_path(t, path, &capacity, errors);
    }
    if (status)
        return status;
    if (from_stdin > 1)
        return es_usage(t->cli, errors, "standard input can be read only once: '-'");
    if (t->n_paths)
        return ES_OK;
    if (isatty(STDIN_FILENO))
        return es_usage(t->cli, errors, "no input: name CSV files, or - for standard input");
    return add_path(t, "-", &capacity, errors);
}

static es_status read_conditions(es_tables *t, es_errors *errors) {
    const es_option_value *value = &t->cli->value[ES_OPT_WHERE];
    es_status first = ES_OK;
    for (size_t i = 0; i < value->n; i++) {
        const es_origin at = {"--where", 1, 1};
        const es_expr_words words = es_query_words(t->csv);
        const es_status status =
            es_where_parse(&t->where, es_slice_of(value->text[i]), at, &words, &t->cli->arena, errors);
        first = first ? first : status;
    }
    t->cli->usage |= first == ES_EUSAGE;
    return first;
}

/* ---- Output ---- */

/* To the output, and into memory for a table or a plot. */
static es_status write_text(void *context, const char *data, size_t n, es_errors *errors) {
    es_tables *t = context;
    const es_status status = t->output && !t->convert ? es_output_write(t->output, data, n, errors) : ES_OK;
    if (status || !t->keep)
        return status;
    if (!es_grow((void **)&t->text, &t->capacity, t->length + n, 1))
        return es_fail_memory(errors);
    memcpy(t->text + t->length, data, n);
    t->length += n;
    return ES_OK;
}

static es_status open_output(es_tables *t, es_errors *errors) {
    const char *path = es_text_of(t->cli, ES_OPT_OUT);
    t->sink = (es_text_sink){write_text, t};
    t->convert = t->format != ES_CSV && !(t->format == ES_TSV && es_csv_input_delimiter(t->csv) == '\t');
    t->keep = t->convert || es_given(t->cli, ES_OPT_PLOT);
    if (!path && t->cli->out_tty) {
        t->keep = true;
        return ES_OK;
    }
    const es_output_options options = {.meta = true,
                                       .command = es_cli_command_line(t->cli),
                                       .version = EDGESWEEP_VERSION,
                                       .threads = (unsigned)es_count_of(t->cli, ES_OPT_THREADS, 0)};
    return es_output_open(&t->output, path ? path : "-", &options, errors);
}

static es_status write_file(void *context, const char *data, size_t n, es_errors *errors) {
    return fwrite(data, 1, n, context) == n ? ES_OK : es_fail_errno(errors, "cannot write", "temporary table");
}

es_status es_cli_compute(es_cli *cli, es_csv_input *csv, es_scratch *scratch, const char **path, es_energies *energies,
                         es_errors *errors) {
    const es_option_value *metric = &cli->value[ES_OPT_METRIC];
    const char *temporary = getenv("TMPDIR");
    const char *stem = es_arena_printf(&cli->arena, "%s/edgesweep-rows", temporary && *temporary ? temporary : "/tmp");
    es_status status = stem ? es_scratch_make(scratch, &cli->arena, stem, stem, errors) : es_fail_memory(errors);
    *path = status ? NULL : es_arena_printf(&cli->arena, "%s/rows.csv", scratch->folder);
    FILE *file = *path ? fopen(*path, "we") : NULL;
    if (!status && !file)
        status = *path ? es_fail_errno(errors, "cannot write", *path) : es_fail_memory(errors);
    const es_text_sink sink = {write_file, file};
    if (!status)
        status = es_compute_columns(csv, metric->text, metric->n, &sink, &cli->arena, energies, errors);
    cli->usage |= status == ES_EUSAGE;
    if (file && fclose(file) != 0 && !status)
        status = es_fail_errno(errors, "cannot write", *path);
    es_csv_input_close(csv);
    return status;
}

/* Reads the table again, with what is known of its form and its computed columns. */
static es_status add_metrics(es_tables *t, es_csv_input_options *options, es_errors *errors) {
    options->delimiter = es_csv_input_delimiter(t->csv);
    options->name = strcmp(t->paths[0], "-") == 0 ? "<stdin>" : t->paths[0];
    es_csv_input *csv = t->csv;
    t->csv = NULL;
    t->n_paths = 1;
    const es_status status = es_cli_compute(t->cli, csv, &t->scratch, &t->paths[0], &t->energies, errors);
    return status ? status : es_csv_input_open(t->paths, 1, options, &t->csv, errors);
}

es_status es_tables_begin(es_tables *tables, es_cli *cli, es_errors *errors) {
    tables->cli = cli;
    es_csv_input_options options;
    es_status status = es_cli_reading(cli, &options, errors);
    const char *out = es_text_of(cli, ES_OPT_OUT);
    if (!status)
        status = es_cli_format_of(cli, out, &tables->format, errors);
    if (!status && es_database_name(out))
        status = es_usage(cli, errors, "a database is written by run: '%s'", es_quote_text(out).text);
    if (!status)
        status = es_plot_check(cli, errors);
    if (!status)
        status = list_paths(tables, errors);
    es_paths known = {0};
    for (size_t i = 0; i < tables->n_paths && !status; i++)
        status = es_paths_input(&known, cli, tables->paths[i], errors);
    if (!status)
        status = es_paths_output(&known, cli, out, true, false, errors);
    if (!status)
        status = es_paths_check(&known, cli, errors);
    if (!status)
        status = es_csv_input_open(tables->paths, tables->n_paths, &options, &tables->csv, errors);
    if (!status && es_given(cli, ES_OPT_METRIC))
        status = add_metrics(tables, &options, errors);
    if (!status)
        status = read_conditions(tables, errors);
    return status ? status : open_output(tables, errors);
}

es_status es_tables_commit(es_tables *tables, es_status status, uint64_t rows, es_errors *errors) {
    if (tables->output && !status && tables->convert)
        status = es_tables_convert(tables, tables->format, errors);
    if (tables->output && !status)
        status = es_output_commit(tables->output, rows, errors);
    else
        es_output_abort(tables->output);
    tables->output = NULL;
    return status;
}

void es_tables_end(es_tables *tables) {
    es_output_abort(tables->output);
    es_csv_input_close(tables->csv);
    es_scratch_remove(&tables->scratch);
    es_where_free(&tables->where);
    free(tables->paths);
    free(tables->text);
    *tables = (es_tables){0};
}

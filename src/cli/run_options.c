/* Options of `run` that do not say where its tables go. */
#include "cli/run_options.h"

#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "io/database.h"

/* In the order of es_output_format. */
static const char *const plain_suffixes[] = {".csv", ".tsv", ".jsonl", ".md", ".json"};
enum { PLAIN_SUFFIXES = sizeof plain_suffixes / sizeof *plain_suffixes };
static const char *const packed_suffixes[] = {".gz", ".zst"};

static size_t cut_suffix(const char *name, size_t length, const char *const *suffixes, size_t n) {
    for (size_t i = 0; i < n; i++) {
        size_t suffix = strlen(suffixes[i]);
        if (length > suffix && strncasecmp(name + length - suffix, suffixes[i], suffix) == 0)
            return length - suffix;
    }
    return length;
}

/* Length of NAME in NAME.csv, NAME.csv.gz ... */
static size_t stem_length(const char *name) {
    size_t length = cut_suffix(name, strlen(name), packed_suffixes, 2);
    return cut_suffix(name, length, plain_suffixes, PLAIN_SUFFIXES);
}

const char *es_cli_beside(es_arena *arena, const char *name, const char *what) {
    size_t stem = stem_length(name);
    return es_arena_printf(arena, "%.*s.%s%s", (int)stem, name, what, name[stem] ? name + stem : ".csv");
}

bool es_cli_is_file(const char *path) {
    struct stat status;
    return path && strcmp(path, "-") != 0 && (stat(path, &status) != 0 || S_ISREG(status.st_mode));
}

es_status es_cli_format_of(es_cli *cli, const char *path, es_output_format *format, es_errors *errors) {
    *format = (es_output_format)es_count_of(cli, ES_OPT_FORMAT, ES_CSV);
    if (es_given(cli, ES_OPT_FORMAT) || !path || !es_cli_is_file(path) || es_database_name(path))
        return ES_OK;
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    const size_t length = cut_suffix(base, strlen(base), packed_suffixes, 2);
    for (size_t i = 0; i < PLAIN_SUFFIXES; i++)
        if (cut_suffix(base, length, &plain_suffixes[i], 1) != length) {
            *format = (es_output_format)i;
            return ES_OK;
        }
    const char *dot = memrchr(base, '.', length);
    if (!dot || dot == base)
        return ES_OK;
    return es_usage(
        cli, errors,
        "unknown kind of file: '%s'; expected .csv, .tsv, .json, .jsonl, .md, with .gz or .zst behind it or "
        "not%s",
        es_quote_text(path).text, es_option_in(ES_OPT_FORMAT, cli->command) ? ", or .db; or -f FORMAT" : "");
}

es_status es_cli_side_format(es_cli *cli, const char *path, const es_csv_options *csv, const es_csv_options **own,
                             es_errors *errors) {
    es_output_format format;
    const es_status status = es_cli_format_of(cli, path, &format, errors);
    *own = NULL;
    if (status || !path || format == csv->format || !es_cli_is_file(path))
        return status;
    es_csv_options *copy = es_arena_alloc(&cli->arena, sizeof *copy);
    if (!copy)
        return es_fail_memory(errors);
    *copy = *csv;
    copy->format = format;
    copy->delimiter = copy->decimal = 0;
    *own = copy;
    return ES_OK;
}

static es_status csv_options(es_cli *cli, const char *out, es_csv_options *csv, es_errors *errors) {
    if (es_given(cli, ES_OPT_EXACT) && es_given(cli, ES_OPT_DIGITS))
        return es_usage(cli, errors, "--exact and --digits exclude each other");
    csv->digits = es_given(cli, ES_OPT_EXACT) ? 17 : (int)es_count_of(cli, ES_OPT_DIGITS, 9);
    csv->delimiter = (char)es_count_of(cli, ES_OPT_DELIMITER, 0);
    csv->decimal = (char)es_count_of(cli, ES_OPT_DECIMAL, 0);
    csv->bom = es_given(cli, ES_OPT_BOM);
    csv->crlf = es_given(cli, ES_OPT_CRLF);
    csv->split_rows = es_count_of(cli, ES_OPT_SPLIT_ROWS, 0);
    char delimiter = csv->delimiter ? csv->delimiter : ',', decimal = csv->decimal ? csv->decimal : '.';
    if (csv->format == ES_CSV && delimiter == decimal)
        return es_usage(cli, errors, "--delimiter and --decimal are the same: '%c'; try --delimiter semicolon",
                        decimal);
    if (decimal != '.' && decimal != ',')
        return es_usage(cli, errors, "--decimal: invalid value: '%c'; expected . or ,", decimal);
    if (strchr("0123456789+-eE'\"", delimiter))
        return es_usage(cli, errors, "--delimiter: invalid value: '%c'; numbers and quotes contain it", delimiter);
    if (csv->format != ES_CSV && (csv->delimiter || (csv->decimal && csv->format != ES_TSV)))
        return es_usage(cli, errors, "--delimiter and --decimal are for CSV only");
    if (csv->split_rows && !es_cli_is_file(out))
        return es_usage(cli, errors, "--split-rows needs -o with the name of a file");
    return ES_OK;
}

/* A word as a shell would read it: in single quotes unless it is plain. */
static const char *shell_word(es_arena *arena, const char *word) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=./:,+@%";
    if (*word && strspn(word, plain) == strlen(word))
        return word;
    char *quoted = es_arena_alloc(arena, 4 * strlen(word) + 3), *to = quoted;
    if (!quoted)
        return NULL;
    *to++ = '\'';
    for (; *word; word++) {
        if (*word == '\'')
            to = stpcpy(to, "'\\''");
        else
            *to++ = *word;
    }
    *to++ = '\'';
    return quoted;
}

const char *es_cli_command_line(es_cli *cli) {
    const char *line = "edgesweep";
    for (int i = 1; i < cli->argc && line; i++) {
        const char *word = shell_word(&cli->arena, cli->argv[i]);
        line = word ? es_arena_printf(&cli->arena, "%s %s", line, word) : NULL;
    }
    return line;
}

/* The options that decide the bytes of a table, for its meta file; catalogs, too. */
static const char *const *byte_arguments(es_cli *cli) {
    static const es_opt kept[] = {ES_OPT_CATALOG,   ES_OPT_FORMAT, ES_OPT_UNIQUE, ES_OPT_LIMIT,
                                  ES_OPT_STRICT,    ES_OPT_DIGITS, ES_OPT_EXACT,  ES_OPT_DECIMAL,
                                  ES_OPT_DELIMITER, ES_OPT_BOM,    ES_OPT_CRLF};
    enum { KEPT = sizeof kept / sizeof *kept };
    size_t n = 0, used = 0;
    for (size_t k = 0; k < KEPT; k++)
        n += 2 * cli->value[kept[k]].n;
    const char **list = es_arena_array(&cli->arena, n + 1, sizeof *list);
    for (size_t k = 0; k < KEPT && list; k++) {
        const es_option_value *value = &cli->value[kept[k]];
        const bool bare = es_cli_options[kept[k]].type == ES_VALUE_NONE;
        for (size_t i = 0; i < (bare && value->n ? 1 : value->n); i++) {
            list[used++] = es_arena_printf(&cli->arena, "--%s", es_cli_options[kept[k]].name);
            if (!list[used - 1])
                return NULL;
            if (!bare)
                list[used++] = value->text[i];
        }
    }
    return list;
}

/* ---- all of them ---- */

static void progress_options(const es_cli *cli, es_progress_line *progress, es_run_options *options) {
    const uint64_t mode = es_count_of(cli, ES_OPT_PROGRESS, ES_MODE_AUTO);
    const bool automatic = cli->err_tty && !es_given(cli, ES_OPT_QUIET);
    if (mode == ES_MODE_ALWAYS || (mode == ES_MODE_AUTO && automatic)) {
        progress->in_place = cli->err_tty;
        progress->width = cli->width;
        options->progress = es_progress_show;
        options->progress_context = progress;
    }
}

es_status es_cli_run_options(es_cli *cli, const char *out, es_progress_line *progress, es_run_options *options,
                             es_errors *errors) {
    options->command = es_cli_command_line(cli);
    options->arguments = byte_arguments(cli);
    if (!options->arguments)
        return es_fail_memory(errors);
    options->unique = es_given(cli, ES_OPT_UNIQUE);
    options->threads = (unsigned)es_count_of(cli, ES_OPT_THREADS, 0);
    options->limit = es_count_of(cli, ES_OPT_LIMIT, 0);
    options->strict = es_given(cli, ES_OPT_STRICT);
    options->sync = es_given(cli, ES_OPT_SYNC);
    options->max_bytes = es_count_of(cli, ES_OPT_MAX_BYTES, 0);
    options->stop = cli->stop;
    progress_options(cli, progress, options);
    const es_status status = es_cli_format_of(cli, out, &options->csv.format, errors);
    return status ? status : csv_options(cli, out, &options->csv, errors);
}

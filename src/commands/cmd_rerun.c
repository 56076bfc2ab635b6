/* rerun: the rows that a .meta.json tells of, once more. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <edgesweep/version.h>

#include "base/os.h"
#include "commands/commands.h"
#include "cli/load.h"
#include "cli/run_options.h"
#include "cli/scratch.h"
#include "catalog/file.h"
#include "io/json_text.h"

enum { MAX_ARGUMENTS = 64 };

static const char *text_of(const json_t *meta, const char *key) {
    return json_string_value(json_object_get(meta, key));
}

/* NULL after an error; with `recipe` also when it does not say how to make the rows. */
static json_t *read_meta(const char *path, bool recipe, es_errors *errors) {
    char *text = NULL;
    size_t length = 0;
    json_error_t fault;
    const es_origin at = {path, 0, 0};
    if (es_file_read(path, &text, &length, errors))
        return NULL;
    json_t *meta = text ? es_json_read(text, length, &fault) : NULL;
    if (!text)
        es_fail(errors, ES_EUSAGE, &at, "no such file; expected the .meta.json beside a table that run wrote");
    else if (!meta)
        es_fail(errors, ES_EUSAGE, &(es_origin){path, (uint64_t)fault.line, (uint64_t)fault.column}, "not JSON: %s",
                fault.text);
    free(text);
    if (!meta || !recipe ||
        (text_of(meta, "sweep") && text_of(meta, "table") && text_of(meta, "xxh64") &&
         json_is_array(json_object_get(meta, "arguments"))))
        return meta;
    es_fail(
        errors, ES_EUSAGE, &at,
        "it does not say how to make the rows; expected a .meta.json of run (not of parts, databases, split files or "
        "tables of tables)");
    json_decref(meta);
    return NULL;
}

/* Every table of the catalogs must be what it was. */
static es_status compare_catalogs(es_cli *cli, const json_t *meta, const char *const *source, size_t n_sources,
                                  es_errors *errors) {
    es_catalog catalog = {0};
    char differ[512] = "", hash[17];
    es_status status = es_catalog_load(&catalog, source, n_sources, errors);
    if (status)
        return status;
    for (int kind = 0; kind < ES_KINDS; kind++) {
        const char *name = es_fields((es_kind)kind)->name;
        const char *then = text_of(json_object_get(meta, "catalogs"), name);
        snprintf(hash, sizeof hash, "%016" PRIx64, catalog.table[kind].hash);
        const size_t used = strlen(differ);
        if (!then || strcmp(then, hash) != 0)
            snprintf(differ + used, sizeof differ - used, "%s%s", used ? ", " : "", name);
    }
    es_catalog_free(&catalog);
    if (!*differ)
        return ES_OK;
    if (es_given(cli, ES_OPT_ANYWAY)) {
        es_warn(errors, NULL, "other catalogs than then: %s", differ);
        return ES_OK;
    }
    const char *version = text_of(meta, "version"), *date = text_of(meta, "date");
    return es_fail(errors, ES_ERUNTIME, &(es_origin){cli->operand[0], 0, 0},
                   "other catalogs than then: %s; the rows are of %s, version %s, and this is %s; --catalog DIR names "
                   "others, --anyway takes these",
                   differ, date ? date : "unknown date", version ? version : "unknown", EDGESWEEP_VERSION);
}

/* The recorded arguments; --catalog of this command replaces the recorded ones. */
static es_status take_arguments(es_cli *cli, const json_t *meta, const char **argument, size_t *n, es_errors *errors) {
    const es_option_value *catalog = &cli->value[ES_OPT_CATALOG];
    const json_t *list = json_object_get(meta, "arguments");
    const char *before = "";
    for (size_t i = 0; i < json_array_size(list) && *n < MAX_ARGUMENTS; i++) {
        const char *word = json_string_value(json_array_get(list, i));
        const bool of_catalog = word && (strcmp(word, "--catalog") == 0 || strcmp(before, "--catalog") == 0);
        if (!word)
            return es_fail(errors, ES_EUSAGE, &(es_origin){cli->operand[0], 0, 0}, "arguments are not all texts");
        if (!of_catalog || !catalog->n)
            argument[(*n)++] = word;
        before = word;
    }
    for (size_t i = 0; i < catalog->n && *n + 1 < MAX_ARGUMENTS; i++) {
        argument[(*n)++] = "--catalog";
        argument[(*n)++] = catalog->text[i];
    }
    return *n + 1 < MAX_ARGUMENTS
               ? ES_OK
               : es_fail(errors, ES_EUSAGE, &(es_origin){cli->operand[0], 0, 0}, "too many arguments");
}

static es_status write_sweep(const char *path, const char *text, es_errors *errors) {
    FILE *file = fopen(path, "w");
    const bool written = file && fputs(text, file) >= 0;
    return file && fclose(file) == 0 && written ? ES_OK : es_fail_errno(errors, "cannot write", path);
}

/* `edgesweep run` with these arguments, in this process. */
static es_status call_run(const es_cli *cli, const char **argument, size_t n, es_errors *errors) {
    es_cli run = {
        .commands = cli->commands, .stop = cli->stop, .out = stdout, .width = cli->width, .err_color = cli->err_color};
    char *copy[MAX_ARGUMENTS + 8] = {NULL};
    for (size_t i = 0; i < n; i++)
        if (!(copy[i] = es_arena_text(&run.arena, es_slice_of(argument[i]))))
            return es_cli_free(&run), es_fail_memory(errors);
    es_status status = es_cli_parse(&run, (int)n, copy, errors);
    if (!status)
        status = run.command->run(&run, errors);
    es_cli_free(&run);
    return status;
}

/* Whether the new file has the bytes of the old one. */
static es_status compare_bytes(es_cli *cli, const json_t *meta, const char *out, es_errors *errors) {
    const char *path = es_arena_printf(&cli->arena, "%s.meta.json", out);
    json_t *now = path ? read_meta(path, false, errors) : NULL;
    if (!now)
        return ES_ERUNTIME;
    const char *old_hash = text_of(meta, "xxh64"), *new_hash = text_of(now, "xxh64");
    const bool same = new_hash && strcmp(old_hash, new_hash) == 0;
    const long long rows = (long long)json_integer_value(json_object_get(now, "rows"));
    json_decref(now);
    if (same) {
        fprintf(cli->out, "%lld row%s, the same bytes as then\n", rows, rows == 1 ? "" : "s");
        return ES_OK;
    }
    if (es_given(cli, ES_OPT_ANYWAY)) {
        es_warn(errors, NULL, "other bytes than then");
        return ES_OK;
    }
    return es_fail(errors, ES_ERUNTIME, &(es_origin){cli->operand[0], 0, 0},
                   "other bytes than then, of version %s; this is %s", text_of(meta, "version"), EDGESWEEP_VERSION);
}

/* `recorded`: what take_arguments made of the meta file. */
static es_status rerun(es_cli *cli, const json_t *meta, const char *const *recorded, size_t n_recorded,
                       const char *folder, es_errors *errors) {
    const char *table = text_of(meta, "table"), *out = es_text_of(cli, ES_OPT_OUT), *argument[MAX_ARGUMENTS + 8];
    const char *file = cli->operand[0], *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
    const size_t suffix = strlen(".meta.json"), length = strlen(name);
    const bool rows = strcmp(table, "rows") == 0;
    const char *sweep = es_arena_printf(&cli->arena, "%s/rerun.sweep", folder);
    if (!out) /* of the same name, whose end says how it is compressed */
        out = es_arena_printf(
            &cli->arena, "%s/%.*s", folder,
            (int)(length > suffix && strcmp(name + length - suffix, ".meta.json") == 0 ? length - suffix : length),
            name);
    const char *option = es_arena_printf(&cli->arena, "--%s",
                                         rows                         ? "out"
                                         : strcmp(table, "best") == 0 ? "best"
                                                                      : "pareto");
    if (!sweep || !out || !option)
        return es_fail_memory(errors);
    size_t n = 0;
    argument[n++] = "edgesweep", argument[n++] = "run", argument[n++] = sweep, argument[n++] = "--quiet";
    argument[n++] = option, argument[n++] = out;
    for (size_t i = 0; i < n_recorded; i++)
        argument[n++] = recorded[i];
    es_status status = write_sweep(sweep, text_of(meta, "sweep"), errors);
    if (!status)
        status = call_run(cli, argument, n, errors);
    return status || !es_cli_is_file(out) ? status : compare_bytes(cli, meta, out, errors);
}

static es_status run_rerun(es_cli *cli, es_errors *errors) {
    json_t *meta = read_meta(cli->operand[0], true, errors);
    if (!meta)
        return errors->n_errors && errors->error[0].status == ES_EUSAGE ? ES_EUSAGE : ES_ERUNTIME;
    const char *argument[MAX_ARGUMENTS], *source[MAX_ARGUMENTS];
    size_t n = 0, n_sources = 0;
    es_scratch scratch = {0};
    es_status status = take_arguments(cli, meta, argument, &n, errors);
    for (size_t i = 0; i + 1 < n; i++)
        if (strcmp(argument[i], "--catalog") == 0)
            source[n_sources++] = argument[i + 1];
    if (!status)
        status = compare_catalogs(cli, meta, source, n_sources, errors);
    const char *temporary = getenv("TMPDIR");
    const char *stem = es_arena_printf(&cli->arena, "%s/edgesweep-rerun", temporary && *temporary ? temporary : "/tmp");
    if (!status)
        status = stem ? es_scratch_make(&scratch, &cli->arena, stem, stem, errors) : es_fail_memory(errors);
    if (!status)
        status = rerun(cli, meta, argument, n, scratch.folder, errors);
    es_scratch_remove(&scratch);
    json_decref(meta);
    return status;
}

static const char *const examples[] = {
    "edgesweep run sweeps/paper.sweep -q -o paper.csv && edgesweep rerun paper.csv.meta.json",
    "whether this program still makes the same rows of it",
    NULL,
};

const es_command es_cmd_rerun = {
    .id = ES_CMD_RERUN,
    .name = "rerun",
    .synopsis = "FILE.meta.json",
    .min_operands = 1,
    .max_operands = 1,
    .help = "make the rows again that a .meta.json tells of",
    .details =
        "Beside every table that run writes lies a .meta.json with the sweep as it was asked for (file, --set, "
        "--unset, "
        "--metric and --where in one text), the options that decide the bytes, the date and hashes of the catalogs. "
        "rerun "
        "runs it again and says whether the bytes are the same; with -o OUT they are kept there.\n\n"
        "Where a catalog differs from then nothing is run: status 1, and the message names the catalogs. --catalog DIR "
        "gives others, --anyway takes them as they are. Other bytes from the same catalogs, by another version, are "
        "status 1, too.\n\n"
        "The date is that of SOURCE_DATE_EPOCH where it is set.",
    .examples = examples,
    .run = run_rerun,
};

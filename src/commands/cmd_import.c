/* import: models of other tools' files as rows of the catalogs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "import/import_gguf.h"
#include "import/import_hf.h"
#include "import/import_quality.h"
#include "commands/catalog_folder.h"
#include "commands/commands.h"

typedef enum format { HF, GGUF, QUALITY } format;
typedef enum table { MODELS, LAYERS, PRECISIONS, MIXTURES, TYPES } table;

static const char *const formats[] = {"hf", "gguf", "quality", NULL};
static const es_kind kinds[] = {ES_MODEL, ES_LAYER, ES_PRECISION, ES_GGUF_MIXTURE};

/* HF: only the model is filled. */
typedef struct imported {
    format format;
    es_gguf_import file;
} imported;

static es_status read_gguf(es_cli *cli, const char *path, const es_catalog *catalog, imported *import,
                           es_errors *errors) {
    FILE *stream = fopen(path, "rb");
    if (stream == NULL)
        return es_fail_errno(errors, "cannot open", path);
    es_status status = es_import_gguf(stream, path, catalog, &cli->arena, &import->file, errors);
    fclose(stream);
    if (!status && es_given(cli, ES_OPT_NAME))
        status = es_gguf_import_name(&import->file, es_text_of(cli, ES_OPT_NAME), &cli->arena, errors);
    return status;
}

static es_status read_hf(es_cli *cli, const char *path, const es_catalog *catalog, imported *import,
                         es_errors *errors) {
    es_model_row *model = &import->file.model;
    const es_status status = es_import_hf(path, catalog, &cli->arena, model, errors);
    if (status)
        return status;
    if (es_given(cli, ES_OPT_NAME))
        model->text[ES_M_NAME] = es_import_name(&cli->arena, es_slice_of(es_text_of(cli, ES_OPT_NAME)));
    if (model->text[ES_M_NAME] == NULL)
        return es_fail_memory(errors);
    return *model->text[ES_M_NAME] ? ES_OK
                                   : es_fail(errors, ES_EUSAGE, &(es_origin){.file = path},
                                             "no name in field '_name_or_path'; give one with --name");
}

static void print_rows(FILE *out, const imported *import, table which) {
    if (which == MODELS)
        es_model_row_print(out, &import->file.model);
    else if (which == LAYERS)
        es_model_row_print_layers(out, &import->file.model);
    else if (which == PRECISIONS)
        es_gguf_import_print_precision(out, &import->file);
    else if (which == MIXTURES)
        es_gguf_import_print_mixture(out, &import->file);
    else
        es_gguf_import_print_types(out, &import->file);
}

static es_status put_rows(const char *folder, const imported *import, table which, es_errors *errors) {
    const char *name = which > LAYERS ? import->file.precision : import->file.model.text[ES_M_NAME];
    char *rows = NULL;
    size_t size = 0, begin;
    FILE *memory = open_memstream(&rows, &size);
    if (memory == NULL)
        return es_fail_memory(errors);
    es_catalog_row(memory, &name, 1);
    begin = (size_t)ftello(memory);
    print_rows(memory, import, which);
    /* glibc (2.36) says nothing when it loses the text for lack of memory. */
    es_status status = fclose(memory) == 0 && rows ? ES_OK : es_fail_memory(errors);
    if (!status)
        status = es_catalog_folder_put(folder, kinds[which], rows, rows + begin, errors);
    free(rows);
    return status;
}

static es_status put_all(const char *folder, const imported *import, es_errors *errors) {
    es_status status = put_rows(folder, import, MODELS, errors);
    if (!status)
        status = put_rows(folder, import, LAYERS, errors);
    if (!status && import->format == GGUF)
        status = put_rows(folder, import, PRECISIONS, errors);
    if (!status && import->format == GGUF)
        status = put_rows(folder, import, MIXTURES, errors);
    return status;
}

static void say(const es_cli *cli, const imported *import, es_params p) {
    const es_model_row *model = &import->file.model;
    const es_gguf_import *file = &import->file;
    es_note(cli, "%s: %.0f parameters, %.0f per token", es_quote_text(model->text[ES_M_NAME]).text, p.total, p.active);
    if (import->format == HF)
        return;
    es_note(cli, "%zu tensors, %.0f bytes: precision '%s', %s", file->n_tensors, file->bytes,
            es_quote_text(file->precision).text,
            file->known ? "as built in"
                        : "with rules of its own (--into DIR writes them, --precision-row prints them)");
    if (file->mtp_bytes > 0)
        es_note(cli,
                "apart from these, %.0f parameters and %.0f bytes of blocks that predict further tokens (mtp_layers)",
                file->mtp_params, file->mtp_bytes);
}

static es_status import_quality(es_cli *cli, es_errors *errors) {
    es_catalog catalog = {0};
    if (es_given(cli, ES_OPT_INTO) || es_given(cli, ES_OPT_TABLE) || es_given(cli, ES_OPT_PRECISION_ROW))
        return es_usage(cli, errors,
                        "import quality prints rows of scores.csv or losses.csv; only --name and --header");
    es_status status = es_cli_load_catalog(cli, &catalog, errors);
    if (!status)
        status = es_import_quality(cli->operand[1], es_given(cli, ES_OPT_NAME) ? es_text_of(cli, ES_OPT_NAME) : NULL,
                                   &catalog, es_given(cli, ES_OPT_HEADER), stdout, &cli->arena, errors);
    es_cli_report(cli, errors);
    es_catalog_free(&catalog);
    return status;
}

static es_status run_import(es_cli *cli, es_errors *errors) {
    imported import = {0};
    es_catalog catalog = {0};
    es_params params = {0};
    const table which = (table)es_count_of(cli, ES_OPT_TABLE, MODELS);
    const int chosen = es_choose(cli, "format", formats, cli->operand[0], errors);
    if (chosen < 0)
        return ES_EUSAGE;
    import.format = (format)chosen;
    if (import.format == QUALITY)
        return import_quality(cli, errors);
    if (import.format == HF && which > LAYERS)
        return es_usage(cli, errors, "only GGUF files have tensor types; --table models or layers");
    if (es_given(cli, ES_OPT_PRECISION_ROW) &&
        (import.format == HF || es_given(cli, ES_OPT_INTO) || es_given(cli, ES_OPT_TABLE)))
        return es_usage(cli, errors,
                        "--precision-row is for GGUF files, whose --into writes the rows anyway; no --table");
    if (es_given(cli, ES_OPT_INTO) && (es_given(cli, ES_OPT_TABLE) || es_given(cli, ES_OPT_HEADER)))
        return es_usage(cli, errors, "--into writes all tables with their headers: no --table, no --header");
    es_status status = es_cli_load_catalog(cli, &catalog, errors);
    if (!status)
        status = import.format == GGUF ? read_gguf(cli, cli->operand[1], &catalog, &import, errors)
                                       : read_hf(cli, cli->operand[1], &catalog, &import, errors);
    if (!status)
        status = es_model_row_params(&import.file.model, &cli->arena, &params, errors);
    if (!status && es_given(cli, ES_OPT_INTO)) {
        status = put_all(es_text_of(cli, ES_OPT_INTO), &import, errors);
    } else if (!status) {
        /* Without --table the kinds of layers follow the model that has them, with --precision-row the file's types. */
        const bool alone = es_given(cli, ES_OPT_TABLE), precision = es_given(cli, ES_OPT_PRECISION_ROW);
        for (table t = which; t < TYPES || t == which; t++) {
            if (t != which && (alone || (t == LAYERS && import.file.model.n_kinds == 0) || (t > LAYERS && !precision) ||
                               (t == MIXTURES && import.file.known)))
                continue;
            if (es_given(cli, ES_OPT_HEADER) && t != TYPES)
                es_catalog_header(stdout, kinds[t]);
            print_rows(stdout, &import, t);
        }
    }
    es_cli_report(cli, errors);
    if (!status)
        say(cli, &import, params);
    es_catalog_free(&catalog);
    return status;
}

static const char *const examples[] = {
    "edgesweep import hf Qwen2.5-0.5B/config.json -H > my/models.csv",
    "a catalog with this model; --catalog +my adds it to the built-in ones",
    "edgesweep import gguf model.gguf --into my",
    "model, precision and rules of a file, for: run FILE.sweep --catalog +my --set model=...",
    "edgesweep import gguf model-UD-Q4_K_XL.gguf --precision-row",
    "rows of the model and of the file's own mixture of types, so that it can be swept like any format",
    "edgesweep import gguf model.gguf --table types",
    "tensors, weights and bytes of each tensor type",
    "edgesweep import quality results.json -H > my/scores.csv",
    "scores of lm-evaluation-harness; logs of llama-perplexity give rows of losses.csv",
    NULL,
};

const es_command es_cmd_import = {
    .id = ES_CMD_IMPORT,
    .name = "import",
    .synopsis = "hf|gguf|quality FILE",
    .min_operands = 2,
    .max_operands = 2,
    .choices = formats,
    .help = "catalog rows of a config.json, a GGUF file or measured quality",
    .details =
        "Prints a row of models.csv, and rows of layers.csv where layers differ in more than windows. Nothing is "
        "guessed: an architecture or a field that rows of the catalogs cannot describe is an error that names it.\n\n"
        "hf reads the config.json of a Hugging Face repository; of models with other inputs than text it takes the "
        "text decoder. Fields are read by the rules of the class that the transformers library has for them: what the "
        "file leaves out is the class's default, null is none. A quantized repository's precision is named.\n\n"
        "gguf reads the header of a GGUF file, of a split model those of all parts, not their tensors, and checks that "
        "the rows give every tensor of the file; matrices of no known name are counted in other_params. Its precision "
        "is that of the file type when the built-in rules of that type give the same types; else a precision of its "
        "own, named after model and file type, with a rule for each tensor that differs (--precision-row prints it). "
        "--into DIR writes the rows of all tables; rows of the same name are replaced.\n\n"
        "quality reads results of lm-evaluation-harness (JSON, of any version and of the first Open LLM Leaderboard) "
        "into "
        "rows of scores.csv, logs of llama-perplexity into rows of losses.csv: with --kl-divergence, or one of F16, "
        "BF16 "
        "or F32 and others in one file. Results of a part of the questions (--limit) and of models loaded in fewer "
        "bits "
        "are refused.",
    .examples = examples,
    .run = run_import,
};

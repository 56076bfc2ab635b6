#include "import/import_quality.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/expo.h"
#include "base/number.h"
#include "catalog/file.h"
#include "import/import_row.h"

/* Tasks of lm-evaluation-harness whose protocol is that of a metric of scores.csv; two numbers are averaged. */
static const struct {
    const char *task, *number, *second, *metric, *chance;
} tasks[] = {
    {"mmlu", "acc,none", NULL, "MMLU", "25"},
    {"leaderboard_mmlu_pro", "acc,none", NULL, "MMLU-Pro", "10"},
    {"mmlu_pro", "exact_match,custom-extract", NULL, "MMLU-Pro-CoT", "10"},
    {"leaderboard_gpqa", "acc_norm,none", NULL, "GPQA", "25"},
    {"ifeval", "prompt_level_strict_acc,none", "inst_level_strict_acc,none", "IFEval", "0"},
    {"leaderboard_ifeval", "prompt_level_strict_acc,none", "inst_level_strict_acc,none", "IFEval", "0"},
    {"gsm8k", "exact_match,strict-match", NULL, "GSM8K", "0"},
    {"humaneval", "pass@1,create_test", NULL, "HumanEval", "0"},
};

/* "Qwen/Qwen2.5-0.5B-Instruct": the catalog's model by hf_id or name, else what stands behind the slash. */
static const char *catalog_name(const es_catalog *catalog, const char *given, es_arena *arena) {
    static const char *const endings[] = {"-instruct", "-chat", "-it"};
    const es_table *models = &catalog->table[ES_MODEL];
    for (size_t i = 0; i < models->n_rows; i++)
        if (*given && es_equal_fold(models->rows[i].text[ES_M_HF_ID], given))
            return models->rows[i].name;
    const char *slash = strrchr(given, '/');
    es_slice name = es_slice_of(slash ? slash + 1 : given);
    for (size_t i = 0; i < sizeof endings / sizeof *endings && !es_table_find(models, name.text, name.length); i++) {
        const size_t n = strlen(endings[i]);
        if (name.length > n && es_slice_equal_fold((es_slice){name.text + name.length - n, n}, endings[i]))
            name.length -= n;
    }
    const es_row *row = es_table_find(models, name.text, name.length);
    return row ? row->name : es_import_name(arena, name);
}

static const char *text_in(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static es_status scores_of(const json_t *root, const char *path, const char *model, const es_catalog *catalog,
                           bool header, FILE *out, es_arena *arena, es_errors *errors) {
    const char *given = text_in(root, "model_name"), *task;
    const json_t *template = json_object_get(root, "chat_template"), *result;
    if (!model)
        model = catalog_name(catalog, given, arena);
    if (!model)
        return es_fail_memory(errors);
    if (!*model)
        return es_fail(errors, ES_EUSAGE, &(es_origin){.file = path}, "no model_name; give one with --name");
    const char *mode = json_is_string(template) ? "instruct" : "base";
    const time_t seconds = (time_t)json_number_value(json_object_get(root, "date"));
    struct tm day;
    char date[16] = "", shots[24], value[32];
    if (seconds > 0 && gmtime_r(&seconds, &day))
        strftime(date, sizeof date, "%Y-%m-%d", &day);
    size_t rows = 0;
    json_object_foreach((json_t *)json_object_get(root, "results"), task, result) {
        size_t i = 0, n = sizeof tasks / sizeof *tasks;
        while (i < n && strcmp(tasks[i].task, task) != 0)
            i++;
        const json_t *number = i < n ? json_object_get(result, tasks[i].number) : NULL;
        const json_t *second = i < n && tasks[i].second ? json_object_get(result, tasks[i].second) : number;
        if (!json_is_number(number) || !json_is_number(second)) {
            if (!strchr(task, '_')) /* subtasks of groups are not worth a word */
                es_warn(errors, &(es_origin){.file = path}, "no metric of scores.csv: task '%s'",
                        es_quote_text(task).text);
            continue;
        }
        const json_t *examples = json_object_get(json_object_get(root, "n-shot"), task);
        *shots = '\0';
        if (json_is_integer(examples))
            snprintf(shots, sizeof shots, "%lld", (long long)json_integer_value(examples));
        snprintf(value, sizeof value, "%.4g", 50 * (json_number_value(number) + json_number_value(second)));
        const char *const cells[] = {model, tasks[i].metric, mode, shots, "lm-eval",
                                     value, tasks[i].chance, path, date,  given};
        if (header && rows == 0)
            es_catalog_header(out, ES_SCORE);
        es_catalog_row(out, cells, sizeof cells / sizeof *cells);
        rows++;
    }
    return rows ? ES_OK
                : es_fail(errors, ES_EUSAGE, &(es_origin){.file = path},
                          "no task of lm-evaluation-harness that is a metric of scores.csv (mmlu, gsm8k, ifeval ...)");
}

/* What stands behind `key` and a separator on a line of a log. */
static bool value_behind(es_slice line, const char *key, es_slice *value) {
    const char *found = memmem(line.text, line.length, key, strlen(key));
    if (!found)
        return false;
    const char *end = line.text + line.length, *at = found + strlen(key);
    while (at < end && (*at == ' ' || *at == '=' || *at == ':'))
        at++;
    *value = es_slice_trim((es_slice){at, (size_t)(end - at)});
    return true;
}

typedef struct run {
    const char *file_type;
    double perplexity, loss; /* NaN: not in the log */
    bool imatrix;
} run;

static es_status losses_of(es_slice text, const char *path, const char *model, const es_catalog *catalog, bool header,
                           FILE *out, es_arena *arena, es_errors *errors) {
    enum { RUNS = 256 };
    run *runs = es_arena_array(arena, RUNS, sizeof *runs);
    const char *file_type = "", *name = "";
    bool imatrix = false;
    size_t n = 0, rows = 0;
    double base = NAN;
    if (!runs)
        return es_fail_memory(errors);
    while (text.length > 0) {
        const char *newline = memchr(text.text, '\n', text.length);
        es_slice line = {text.text, newline ? (size_t)(newline - text.text) : text.length}, value;
        text.text += line.length + (newline != NULL);
        text.length -= line.length + (newline != NULL);
        const bool ratio = value_behind(line, "Mean ln(PPL(Q)/PPL(base))", &value);
        if (ratio || value_behind(line, "Final estimate: PPL", &value)) {
            char digits[40] = "";
            es_copy_text(digits, sizeof digits, value);
            const double number = strtod(digits, NULL);
            if (n < RUNS)
                runs[n++] = (run){file_type, ratio ? NAN : number, ratio ? number : NAN, imatrix};
            if (!ratio && (es_equal_fold(file_type, "F16") || es_equal_fold(file_type, "BF16")))
                base = number;
            imatrix = false; /* of the file before: its keys come first in a log */
        } else if (value_behind(line, "file type  ", &value)) {
            const es_row *row = es_table_find(&catalog->table[ES_PRECISION], value.text, value.length);
            file_type = row ? row->name : es_import_name(arena, value);
        } else if (value_behind(line, "general.name", &value)) {
            name = es_import_name(arena, value);
        }
        imatrix |= memmem(line.text, line.length, "quantize.imatrix", 16) != NULL;
        if (!file_type || !name)
            return es_fail_memory(errors);
    }
    if (!model)
        model = catalog_name(catalog, name, arena);
    if (!model)
        return es_fail_memory(errors);
    if (!*model && n > 0)
        return es_fail(errors, ES_EUSAGE, &(es_origin){.file = path},
                       "no general.name in the log; give a model with --name");
    for (size_t i = 0; i < n; i++) {
        double loss = isnan(runs[i].loss) ? es_log(runs[i].perplexity / base) : runs[i].loss;
        if (isnan(loss) || !*runs[i].file_type || (isnan(runs[i].loss) && runs[i].perplexity == base))
            continue;
        char number[32];
        snprintf(number, sizeof number, "%.5f", loss);
        const char *const cells[] = {model, runs[i].file_type, runs[i].imatrix ? "1" : "0", number, "", path, ""};
        if (header && rows++ == 0)
            es_catalog_header(out, ES_LOSS);
        es_catalog_row(out, cells, sizeof cells / sizeof *cells);
        rows += !header;
    }
    return rows ? ES_OK
                : es_fail(errors, ES_EUSAGE, &(es_origin){.file = path},
                          "no loss; expected results of lm-evaluation-harness, a log of llama-perplexity with "
                          "--kl-divergence, or logs of a quantized file and of F16 or BF16 in one file");
}

es_status es_import_quality(const char *path, const char *model, const es_catalog *catalog, bool header, FILE *out,
                            es_arena *arena, es_errors *errors) {
    char *data;
    size_t size;
    json_error_t fault;
    es_status status = es_file_read(path, &data, &size, errors);
    if (status)
        return status;
    if (!data)
        return es_fail(errors, ES_EUSAGE, &(es_origin){.file = path}, "no such file");
    json_t *root = json_loadb(data, size, JSON_REJECT_DUPLICATES, &fault);
    if (json_is_object(json_object_get(root, "results")))
        status = scores_of(root, path, model, catalog, header, out, arena, errors);
    else
        status = losses_of((es_slice){data, size}, path, model, catalog, header, out, arena, errors);
    json_decref(root);
    free(data);
    return status;
}

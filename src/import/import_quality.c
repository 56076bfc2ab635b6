#include "import/import_quality.h"

#include <ctype.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/expo.h"
#include "base/number.h"
#include "catalog/file.h"
#include "catalog/loose.h"
#include "import/import_row.h"
#include "io/json_text.h"

/* Tasks of lm-evaluation-harness whose protocol is that of a metric of scores.csv; two numbers are averaged.  Behind the
 * comma the filter, which results before version 0.4 do not name. */
static const struct {
    const char *task, *number, *second, *metric, *chance;
} tasks[] = {
    {"mmlu", "acc,none", NULL, "MMLU", "25"},
    {"leaderboard_mmlu_pro", "acc,none", NULL, "MMLU-Pro", "10"},
    {"mmlu_pro", "exact_match,custom-extract", NULL, "MMLU-Pro-CoT", "10"},
    {"leaderboard_gpqa", "acc_norm,none", NULL, "GPQA", "25"},
    {"gpqa_diamond_cot_zeroshot", "exact_match,flexible-extract", NULL, "GPQA-Diamond", "25"},
    {"ifeval", "prompt_level_strict_acc,none", "inst_level_strict_acc,none", "IFEval", "0"},
    {"leaderboard_ifeval", "prompt_level_strict_acc,none", "inst_level_strict_acc,none", "IFEval", "0"},
    {"gsm8k", "exact_match,strict-match", NULL, "GSM8K", "0"},
    {"gsm8k", "acc", NULL, "GSM8K", "0"},
    {"humaneval", "pass@1,create_test", NULL, "HumanEval", "0"},
    {"humaneval_instruct", "pass@1,create_test", NULL, "HumanEval", "0"},
};
enum { TASKS = sizeof tasks / sizeof *tasks };

/* "Qwen/Qwen2.5-0.5B-Instruct": the catalog's model by hf_id or as people write it, else what stands behind the slash. */
static const char *catalog_name(const es_catalog *catalog, const char *given, es_arena *arena) {
    const es_table *models = &catalog->table[ES_MODEL];
    const es_row *row = NULL;
    size_t n = 0;
    for (size_t i = 0; i < models->n_rows; i++)
        if (*given && es_equal_fold(models->rows[i].text[ES_M_HF_ID], given))
            return models->rows[i].name;
    es_slice name = es_slice_of(given);
    while (name.length > 0 && name.text[name.length - 1] == '/')
        name.length--;
    for (const char *slash; (slash = memchr(name.text, '/', name.length)) != NULL;)
        name = (es_slice){slash + 1, name.length - (size_t)(slash + 1 - name.text)};
    if (name.length > 0 && es_loose_find(models, ES_MODEL, name, &row, 1, &n) <= ES_LIKE_PLAIN && n == 1)
        return row->name;
    return es_import_name(arena, name);
}

static const char *text_in(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* What the file calls the model: the model_name; before version 0.4.2 the model's arguments tell it,
 * "pretrained=ORG/NAME,dtype=float16"; the first Open LLM Leaderboard has config_general. */
static const char *given_name(const json_t *root, es_arena *arena) {
    static const char *const keys[] = {"pretrained=", "model="};
    const json_t *arguments = json_object_get(json_object_get(root, "config"), "model_args");
    const char *name = text_in(root, "model_name"), *text = json_string_value(arguments);
    for (size_t i = 0; i < 2 && !*name; i++) {
        const char *at = text ? strstr(text, keys[i]) : NULL;
        if (at)
            name = es_arena_text(arena, (es_slice){at + strlen(keys[i]), strcspn(at + strlen(keys[i]), ",")});
        if (!name)
            return NULL;
    }
    if (!*name)
        name = text_in(arguments, "pretrained");
    return *name ? name : text_in(json_object_get(root, "config_general"), "model_name");
}

/* Models that follow instructions are asked without a template, too: their names say what they are. */
static const char *mode_of(const json_t *root, const char *given) {
    static const char *const words[] = {"-instruct", "-chat", "-it"};
    bool instruct = json_is_string(json_object_get(root, "chat_template"));
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const char *at = strcasestr(given, words[i]);
        instruct |= at && !isalnum((unsigned char)at[strlen(words[i])]);
    }
    return instruct ? "instruct" : "base";
}

/* A part of the questions, or a model that is not in full precision, whose loss would count twice: no score. */
static es_status check_run(const json_t *root, const char *path, es_errors *errors) {
    static const char *const less[] = {
        "load_in_4bit=True", "load_in_8bit=True", "gguf_file=", "gptqmodel=True", "autogptq=True", "peft=", "delta="};
    const json_t *config = json_object_get(root, "config"), *limit = json_object_get(config, "limit");
    const json_t *arguments = json_object_get(config, "model_args"), *value;
    const es_origin at = {.file = path};
    if (json_number_value(limit) > 0)
        return es_fail(errors, ES_EUSAGE, &at, "measured with --limit %g; expected results of whole tasks",
                       json_number_value(limit));
    for (size_t i = 0; i < sizeof less / sizeof *less; i++) {
        const char *text = json_string_value(arguments);
        char key[24] = "";
        es_copy_text(key, sizeof key, (es_slice){less[i], strcspn(less[i], "=")});
        value = json_object_get(arguments, key);
        if ((text && strstr(text, less[i])) || json_is_true(value) || json_is_string(value))
            return es_fail(errors, ES_EUSAGE, &at,
                           "config.model_args has '%s'; expected a model in full precision, without adapters", key);
    }
    return ES_OK;
}

/* The examples of a task; those of a group are of its subtasks.  -1: the file does not tell. */
static long shots_of(const json_t *root, const char *task, int depth) {
    const json_t *shots = json_object_get(json_object_get(root, "n-shot"), task), *subtask;
    const json_t *configs = json_object_get(json_object_get(root, "configs"), task);
    const json_t *subtasks = json_object_get(json_object_get(root, "group_subtasks"), task);
    size_t i;
    if (!json_is_integer(shots))
        shots = json_object_get(configs, "num_fewshot");
    if (json_is_integer(shots))
        return (long)json_integer_value(shots);
    json_array_foreach(subtasks, i, subtask) {
        const long found =
            depth < 8 && json_is_string(subtask) ? shots_of(root, json_string_value(subtask), depth + 1) : -1;
        if (found >= 0)
            return found;
    }
    shots = json_object_get(json_object_get(root, "config"), "num_fewshot");
    return json_is_integer(shots) ? (long)json_integer_value(shots) : -1;
}

/* "gsm8k", on the first Open LLM Leaderboard "harness|gsm8k|5" with the examples. */
static const char *task_of(const char *key, char task[64], long *shots) {
    static const char before[] = "harness|";
    if (strncmp(key, before, strlen(before)) != 0)
        return key;
    key += strlen(before);
    const size_t n = strcspn(key, "|");
    es_copy_text(task, 64, (es_slice){key, n});
    if (key[n] == '|')
        *shots = strtol(key + n + 1, NULL, 10);
    return task;
}

/* The number of that name and filter, without the filter where the file names none. */
static double number_in(const json_t *result, const char *name) {
    char plain[40] = "";
    es_copy_text(plain, sizeof plain, (es_slice){name, strcspn(name, ",")});
    const json_t *number = json_object_get(result, name);
    number = number ? number : json_object_get(result, plain);
    return json_is_number(number) ? json_number_value(number) : NAN;
}

typedef struct score_table {
    const char *path, *model, *mode, *given, *date;
    FILE *out;
    bool header;
    size_t rows;
} score_table;

static void put_score(score_table *t, size_t metric, double share, long shots) {
    char examples[24] = "", value[32];
    if (shots >= 0)
        snprintf(examples, sizeof examples, "%ld", shots);
    snprintf(value, sizeof value, "%.4g", 100 * share);
    const char *const cells[] = {t->model, tasks[metric].metric, t->mode, examples, "lm-eval",
                                 value,    tasks[metric].chance, t->path, t->date,  t->given};
    if (t->header && t->rows++ == 0)
        es_catalog_header(t->out, ES_SCORE);
    t->rows += !t->header;
    es_catalog_row(t->out, cells, sizeof cells / sizeof *cells);
}

/* MMLU has 57 subjects; before version 0.4 each was a task and none stood for all. */
enum { SUBJECTS = 57 };

static void put_results(const json_t *root, const json_t *results, score_table *t, es_errors *errors) {
    const char *key;
    const json_t *result;
    double subjects = 0;
    long examples = -1;
    int n_subjects = 0;
    json_object_foreach((json_t *)results, key, result) {
        char text[64] = "";
        long shots = shots_of(root, key, 0);
        const char *task = task_of(key, text, &shots);
        if (strncmp(task, "hendrycksTest-", 14) == 0 && number_in(result, "acc") >= 0) {
            subjects += number_in(result, "acc");
            examples = shots;
            n_subjects++;
            continue;
        }
        size_t i = 0;
        double share = NAN;
        for (; i < TASKS; i++) {
            if (strcmp(tasks[i].task, task) != 0)
                continue;
            share = number_in(result, tasks[i].number);
            if (tasks[i].second)
                share = (share + number_in(result, tasks[i].second)) / 2;
            if (!isnan(share))
                break;
        }
        if (share >= 0 && share <= 1)
            put_score(t, i, share, shots);
        else if (!strchr(task, '_')) /* subtasks of groups are not worth a word */
            es_warn(errors, &(es_origin){.file = t->path}, "no metric of scores.csv: task '%s'",
                    es_quote_text(task).text);
    }
    if (n_subjects == SUBJECTS)
        put_score(t, 0, subjects / SUBJECTS, examples);
    else if (n_subjects > 0)
        es_warn(errors, &(es_origin){.file = t->path}, "%d of %d subjects of MMLU: left out", n_subjects, SUBJECTS);
}

static es_status scores_of(const json_t *root, const char *path, const char *model, const es_catalog *catalog,
                           bool header, FILE *out, es_arena *arena, es_errors *errors) {
    const char *given = given_name(root, arena);
    if (!given)
        return es_fail_memory(errors);
    if (!model)
        model = catalog_name(catalog, given, arena);
    if (!model)
        return es_fail_memory(errors);
    if (!*model)
        return es_fail(errors, ES_EUSAGE, &(es_origin){.file = path}, "no model_name; give one with --name");
    es_status status = check_run(root, path, errors);
    if (status != ES_OK)
        return status;
    const time_t seconds = (time_t)json_number_value(json_object_get(root, "date"));
    struct tm day;
    char date[16] = "";
    if (seconds > 0 && gmtime_r(&seconds, &day))
        strftime(date, sizeof date, "%Y-%m-%d", &day);
    score_table t = {path, model, mode_of(root, given), given, date, out, header, 0};
    put_results(root, json_object_get(root, "results"), &t, errors);
    return t.rows
               ? ES_OK
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

/* "Q4_K - Medium", in older logs also "mostly Q4_0", "all F32", "Q4_0 (guessed)". */
static const char *file_type_of(es_slice text, const es_catalog *catalog, es_arena *arena) {
    static const char *const before[] = {"mostly ", "all "};
    static const char after[] = " (guessed)";
    for (size_t i = 0; i < sizeof before / sizeof *before; i++)
        if (text.length > strlen(before[i]) && memcmp(text.text, before[i], strlen(before[i])) == 0)
            text = (es_slice){text.text + strlen(before[i]), text.length - strlen(before[i])};
    if (text.length > strlen(after) && memcmp(text.text + text.length - strlen(after), after, strlen(after)) == 0)
        text.length -= strlen(after);
    const es_row *row = es_table_find(&catalog->table[ES_PRECISION], text.text, text.length);
    return row ? row->name : es_import_name(arena, text);
}

typedef struct run {
    const char *model, *file_type;
    double perplexity, loss; /* NaN: not in the log */
    bool imatrix;
} run;

enum { RUNS = 256 };

/* The runs of a log; its lines about the file come before the results of it. */
static es_status read_runs(es_slice text, const es_catalog *catalog, run *runs, size_t *n, es_arena *arena,
                           es_errors *errors) {
    run now = {"", "", NAN, NAN, false};
    while (text.length > 0) {
        const char *newline = memchr(text.text, '\n', text.length);
        es_slice line = {text.text, newline ? (size_t)(newline - text.text) : text.length}, value;
        text.text += line.length + (newline != NULL);
        text.length -= line.length + (newline != NULL);
        const bool ratio = value_behind(line, "Mean ln(PPL(Q)/PPL(base))", &value);
        if (ratio || value_behind(line, "Final estimate: PPL", &value)) {
            char digits[64] = "";
            const char *equals = memchr(value.text, '=', value.length); /* "over 564 chunks for n_ctx=512 = 7.26" */
            for (; equals; equals = memchr(value.text, '=', value.length))
                value = (es_slice){equals + 1, value.length - (size_t)(equals + 1 - value.text)};
            es_copy_text(digits, sizeof digits, value);
            const double number = strtod(digits, NULL);
            now.perplexity = !ratio && number > 0 ? number : NAN;
            now.loss = ratio ? number : NAN;
            if (*n < RUNS && (ratio || number > 0))
                runs[(*n)++] = now;
            now.imatrix = false; /* of the file before: its keys come first in a log */
        } else if (value_behind(line, "file type  ", &value) || value_behind(line, "model ftype ", &value)) {
            now.file_type = file_type_of(value, catalog, arena);
        } else if (value_behind(line, "general.name", &value)) {
            const char *equals = memchr(value.text, '=', value.length); /* "general.name str = Llama 3.2 1B" */
            if (equals)
                value = es_slice_trim((es_slice){equals + 1, value.length - (size_t)(equals + 1 - value.text)});
            now.model = es_import_name(arena, value);
        }
        now.imatrix |= memmem(line.text, line.length, "quantize.imatrix", 16) != NULL;
        if (!now.file_type || !now.model)
            return es_fail_memory(errors);
    }
    return ES_OK;
}

static bool is_full_precision(const run *r) {
    return es_equal_fold(r->file_type, "F16") || es_equal_fold(r->file_type, "BF16") ||
           es_equal_fold(r->file_type, "F32");
}

/* The loss of a run: as the log tells it, else by the run in full precision of the same model. */
static double loss_of(const run *runs, size_t n, size_t of) {
    double loss = runs[of].loss;
    for (size_t i = 0; i < n && isnan(runs[of].loss); i++)
        if (i != of && is_full_precision(&runs[i]) && runs[i].perplexity > 0 &&
            strcmp(runs[i].model, runs[of].model) == 0)
            loss = es_log(runs[of].perplexity / runs[i].perplexity);
    return loss;
}

static es_status losses_of(es_slice text, const char *path, const char *name, const es_catalog *catalog, bool header,
                           FILE *out, es_arena *arena, es_errors *errors) {
    run *runs = es_arena_array(arena, RUNS, sizeof *runs);
    size_t n = 0, rows = 0;
    es_status status = runs ? read_runs(text, catalog, runs, &n, arena, errors) : es_fail_memory(errors);
    for (size_t i = 0; i < n && status == ES_OK; i++) {
        const double loss = loss_of(runs, n, i);
        const char *model = name ? name : catalog_name(catalog, runs[i].model, arena);
        if (isnan(loss) || !*runs[i].file_type || is_full_precision(&runs[i]))
            continue;
        if (!model)
            return es_fail_memory(errors);
        if (!*model)
            return es_fail(errors, ES_EUSAGE, &(es_origin){.file = path},
                           "no general.name in the log; give a model with --name");
        char number[32];
        snprintf(number, sizeof number, "%.5f", loss);
        const char *const cells[] = {model, runs[i].file_type, runs[i].imatrix ? "1" : "0", number, "", path, ""};
        if (header && rows == 0)
            es_catalog_header(out, ES_LOSS);
        es_catalog_row(out, cells, sizeof cells / sizeof *cells);
        rows++;
    }
    if (status == ES_OK && rows == 0)
        return es_fail(errors, ES_EUSAGE, &(es_origin){.file = path},
                       "no loss; expected results of lm-evaluation-harness, a log of llama-perplexity with "
                       "--kl-divergence, or logs of a quantized file and of F16 or BF16 in one file");
    return status;
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
    const es_slice text = es_slice_trim((es_slice){data, size});
    if (text.length == 0 || *text.text != '{') {
        status = losses_of(text, path, model, catalog, header, out, arena, errors);
        free(data);
        return status;
    }
    char *json = es_json_of_python(data, size);
    json_t *root = json ? es_json_read(json, size, &fault) : NULL;
    const es_origin at = {path, root || !json ? 0 : (uint64_t)fault.line, root || !json ? 0 : (uint64_t)fault.column};
    if (!json)
        status = es_fail_memory(errors);
    else if (!root)
        status = es_fail(errors, ES_EUSAGE, &at, "not JSON: %s", es_quote_text(fault.text).text);
    else if (!json_is_object(json_object_get(root, "results")))
        status = es_fail(errors, ES_EUSAGE, &(es_origin){.file = path},
                         "no 'results'; expected what lm-evaluation-harness writes with --output_path");
    else
        status = scores_of(root, path, model, catalog, header, out, arena, errors);
    json_decref(root);
    free(json);
    free(data);
    return status;
}

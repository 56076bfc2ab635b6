#include "analyse/measured.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/measured_table.h"
#include "base/number.h"

const char *const es_phase_names[ES_PHASES + 1] = {"prefill", "decode", "prefill+decode", NULL};

/* The columns of both kinds of tables. */
typedef enum column {
    DEVICE,
    VARIANT,
    RUNTIME,
    MODEL,
    QUANT,
    PHASE,
    N_PROMPT,
    N_GEN,
    DEPTH,
    THREADS,
    BATCH,
    RATE,
    SOURCE,
    NOTE,
    BENCH_FILE,
    BENCH_TYPE,
    BENCH_PARAMS,
    BENCH_DEPTH,
    BENCH_THREADS,
    BENCH_UBATCH,
    BENCH_TYPE_K,
    BENCH_TYPE_V,
    BENCH_RATE,
    COLUMNS
} column;

static const char *const column_names[COLUMNS] = {
    [DEVICE] = "device",
    [VARIANT] = "device_variant",
    [RUNTIME] = "runtime",
    [MODEL] = "model",
    [QUANT] = "quant",
    [PHASE] = "phase",
    [N_PROMPT] = "n_prompt",
    [N_GEN] = "n_gen",
    [DEPTH] = "ctx_depth",
    [THREADS] = "threads",
    [BATCH] = "batch",
    [RATE] = "tokens_per_s",
    [SOURCE] = "source_url",
    [NOTE] = "note",
    [BENCH_FILE] = "model_filename",
    [BENCH_TYPE] = "model_type",
    [BENCH_PARAMS] = "model_n_params",
    [BENCH_DEPTH] = "n_depth",
    [BENCH_THREADS] = "n_threads",
    [BENCH_UBATCH] = "n_ubatch",
    [BENCH_TYPE_K] = "type_k",
    [BENCH_TYPE_V] = "type_v",
    [BENCH_RATE] = "avg_ts",
};

typedef struct calibrated {
    const char *name; /* of the device, as the row spells it */
    const es_row *device;
    const char *runtime;
    double threads; /* NaN: not said */
} calibrated;

typedef struct reader {
    const es_catalog *catalog;
    es_point_kernel *point;
    es_arena *arena;
    es_text_table table;
    int column[COLUMNS];
    const es_row *device; /* of rows that name none */
    bool bench;           /* what llama-bench prints */
    calibrated *calibrated;
    size_t n_calibrated;
} reader;

/* ---- Names ---- */

static const es_row *find(const es_table *table, es_slice name) {
    name = es_slice_trim(name);
    return name.length ? es_table_find(table, name.text, name.length) : NULL;
}

const char *es_runtime_name(const char *text, es_arena *arena) {
    static const char *const around[] = {"llama.cpp", "llama-cpp", "llama-bench", "ollama",   "llamafile",
                                         "llama_cpp", "ik_llama",  "koboldcpp",   "lm studio"};
    es_slice name = es_slice_trim(es_slice_of(text));
    for (size_t i = 0; i < sizeof around / sizeof *around; i++)
        if (name.length >= strlen(around[i]) && strncasecmp(name.text, around[i], strlen(around[i])) == 0)
            return "llama.cpp";
    size_t end = 0; /* "vLLM 0.6", "MLX (2025)": the version is not part of the name */
    while (end < name.length && name.text[end] != '(' &&
           !(end && name.text[end - 1] == ' ' && isdigit((unsigned char)name.text[end])))
        end++;
    name = es_slice_trim((es_slice){name.text, end});
    return name.length ? es_arena_text(arena, name) : "llama.cpp"; /* what a sweep without a runtime takes */
}

const char *es_threaded_runtime(const char *runtime, double threads, es_arena *arena) {
    return es_arena_printf(arena, "%s %g thread%s", runtime, threads, threads == 1 ? "" : "s");
}

const es_row *es_precision_suffix(const es_table *precisions, es_slice name, es_slice *stem) {
    for (size_t at = 0; at < name.length; at++) { /* the longest one first */
        const bool starts = at == 0 || strchr("-._ ", name.text[at - 1]);
        const es_row *row = starts ? es_table_find(precisions, name.text + at, name.length - at) : NULL;
        if (!row)
            continue;
        *stem = (es_slice){name.text, at ? at - 1 : 0};
        return row;
    }
    return NULL;
}

/* Shorter names may occur in others by chance. */
static const size_t least_part = 6;

/* Letters and digits in lower case, without words that say nothing of the architecture. */
static void plain_name(es_slice name, char *to, size_t size) {
    static const char *const idle[] = {"instruct", "chat", "it",  "gguf", "hf", "meta",
                                       "base",     "imat", "qat", "ud",   "i1"};
    size_t used = 0;
    for (size_t at = 0; at < name.length;) {
        size_t end = at;
        while (end < name.length && !strchr("-._ /", name.text[end]))
            end++;
        es_slice word = {name.text + at, end - at};
        bool skip = false;
        for (size_t i = 0; i < sizeof idle / sizeof *idle; i++)
            skip |= es_slice_equal_fold(word, idle[i]);
        for (size_t i = 0; !skip && i < word.length && used + 1 < size; i++)
            if (isalnum((unsigned char)word.text[i]))
                to[used++] = (char)tolower((unsigned char)word.text[i]);
        at = end + 1;
    }
    to[used] = '\0';
}

/* Length of the plain name when `name` is it, or (part) occurs in it; else 0. */
static size_t match_name(const char *name, const char *plain, bool part) {
    char other[256];
    plain_name(es_slice_of(name), other, sizeof other);
    const size_t length = strlen(other);
    if (part)
        return length >= least_part && strstr(plain, other) ? length : 0;
    return strcmp(other, plain) == 0 ? length : 0;
}

static size_t match_names(const es_row *row, const char *plain, bool part) {
    size_t longest = match_name(row->name, plain, part);
    for (size_t i = 0; row->aliases && row->aliases[i]; i++) {
        const size_t length = match_name(row->aliases[i], plain, part);
        longest = length > longest ? length : longest;
    }
    return longest;
}

static double node_value(const es_point_kernel *point, const char *name, const double *value) {
    int node = es_kernel_node(point->kernel, name, strlen(name));
    return node < 0 ? NAN : value[node];
}

/* A file may hold the embedding twice where the model ties it. */
static bool params_agree(double params, double again, double n_params) {
    return fabs(params / n_params - 1) <= 0.02 || fabs((params + again) / n_params - 1) <= 0.02;
}

/* The row with the longest matching name whose parameters agree with n_params, when that is known. */
static const es_row *best_match(es_point_kernel *point, const es_table *models, const es_row *precision,
                                const char *plain, bool part, double n_params, double *params, double *value) {
    const es_row *best = NULL;
    double workload[ES_MAX_INPUTS];
    size_t longest = 0;
    for (size_t k = 0; k < ES_MAX_INPUTS; k++)
        workload[k] = NAN;
    for (size_t i = 0; i < models->n_rows; i++) {
        const es_row *row = &models->rows[i];
        const size_t length = match_names(row, plain, part);
        if (length <= longest)
            continue;
        es_point_evaluate(point, &(es_rows){row, point->any_device, precision, "default"}, workload, value);
        const double again = row->value[ES_M_TIED] > 0 ? node_value(point, "head_weights", value) : 0;
        *params = node_value(point, "params", value);
        if (n_params > 0 && !params_agree(*params, again, n_params))
            continue;
        best = row;
        longest = length;
    }
    return best;
}

const es_row *es_model_of_file(es_point_kernel *point, const es_table *models, const es_row *precision, es_slice stem,
                               double n_params, double *params) {
    char plain[256];
    double *value = calloc(point->kernel->n_nodes, sizeof *value);
    const es_row *found = NULL;
    *params = NAN;
    plain_name(stem, plain, sizeof plain);
    if (value && *plain)
        found = best_match(point, models, precision, plain, false, n_params, params, value);
    if (value && !found && n_params > 0)
        found = best_match(point, models, precision, plain, true, n_params, params, value);
    free(value);
    return found;
}

/* ---- Cells ---- */

static const char *cell(const reader *r, size_t row, column c) {
    return r->column[c] < 0 ? "" : r->table.cell[row][r->column[c]];
}

static double number(const reader *r, size_t row, column c) {
    double value;
    return es_parse_double(es_slice_trim(es_slice_of(cell(r, row, c))), &value) == ES_NUMBER_OK ? value : NAN;
}

static double number_or(const reader *r, size_t row, column c, double otherwise) {
    double value = number(r, row, c);
    return isnan(value) ? otherwise : value;
}

/* "f16", "q8_0": bits of a cached value. */
static double cache_bits(const char *type) {
    static const struct {
        const char *name;
        double bits;
    } types[] = {{"f32", 32},   {"f16", 16}, {"bf16", 16},  {"q8_0", 8.5},  {"q5_1", 6},
                 {"q5_0", 5.5}, {"q4_1", 5}, {"q4_0", 4.5}, {"iq4_nl", 4.5}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (es_equal_fold(type, types[i].name))
            return types[i].bits;
    return NAN;
}

/* ---- Joining ---- */

static const char *no_row(reader *r, const char *what, const char *name) {
    const char *text = *name ? es_arena_printf(r->arena, "%s not in the catalog: %s", what, es_quote_text(name).text)
                             : es_arena_printf(r->arena, "no %s", what);
    return text ? text : "out of memory";
}

/* A measurement on the CPU says nothing of a row that stands for the GPU beside it. */
static bool other_unit(const es_row *device, const char *variant) {
    static const char *const accelerated[] = {"mac", "gpu", "igpu", "soc"};
    bool is = false;
    for (size_t i = 0; i < sizeof accelerated / sizeof *accelerated; i++)
        is |= es_equal_fold(device->text[ES_D_CLASS], accelerated[i]);
    return is && strstr(variant, "CPU") != NULL;
}

static void join_device(reader *r, size_t row, es_measurement *m) {
    const es_table *devices = &r->catalog->table[ES_DEVICE];
    const char *name = cell(r, row, DEVICE), *variant = cell(r, row, VARIANT);
    m->rows.device = r->device;
    if (!*name) {
        if (!m->rows.device)
            m->reason = "no device; name it with --device";
        return;
    }
    const char *both = es_arena_printf(r->arena, "%s %s", name, variant);
    m->rows.device = both && *variant ? find(devices, es_slice_of(both)) : NULL;
    if (m->rows.device)
        return;
    m->rows.device = find(devices, es_slice_of(name));
    if (!m->rows.device)
        m->reason = no_row(r, "device", name);
    else if (other_unit(m->rows.device, variant))
        m->reason = no_row(r, "device", both ? both : name);
}

static void join_model(reader *r, size_t row, es_measurement *m) {
    const char *name = cell(r, row, MODEL);
    double params;
    m->rows.model = find(&r->catalog->table[ES_MODEL], es_slice_of(name));
    if (!m->rows.model && m->rows.precision)
        m->rows.model = es_model_of_file(r->point, &r->catalog->table[ES_MODEL], m->rows.precision, es_slice_of(name),
                                         NAN, &params);
    if (!m->rows.model && !m->reason)
        m->reason = no_row(r, "model", name);
}

static void join_precision(reader *r, size_t row, es_measurement *m) {
    const char *name = cell(r, row, QUANT);
    m->rows.precision = find(&r->catalog->table[ES_PRECISION], es_slice_of(name));
    if (!m->rows.precision && !m->reason)
        m->reason = no_row(r, "quantization", name);
}

static es_slice without_end(es_slice name, const char *end) {
    size_t n = strlen(end);
    if (name.length > n && es_slice_equal_fold((es_slice){name.text + name.length - n, n}, end))
        name.length -= n;
    return name;
}

/* The last part of a path, without .gguf and without the number of a split. */
static es_slice file_stem(const char *path) {
    const char *slash = strrchr(path, '/'), *backslash = strrchr(path, '\\');
    if (backslash && (!slash || backslash > slash))
        slash = backslash;
    es_slice name = without_end(es_slice_of(slash ? slash + 1 : path), ".gguf");
    const char *of = name.length > 15 ? name.text + name.length - 15 : NULL; /* -00001-of-00003 */
    if (of && of[0] == '-' && strncmp(of + 6, "-of-", 4) == 0)
        name.length -= 15;
    return name;
}

static void join_bench_file(reader *r, size_t row, es_measurement *m) {
    const es_table *precisions = &r->catalog->table[ES_PRECISION], *models = &r->catalog->table[ES_MODEL];
    const char *path = cell(r, row, BENCH_FILE);
    es_slice name = file_stem(path), stem = name, unused;
    const es_row *named = es_precision_suffix(precisions, name, &stem);
    m->rows.precision = es_precision_suffix(precisions, es_slice_of(cell(r, row, BENCH_TYPE)), &unused);
    if (!m->rows.precision)
        m->rows.precision = named;
    if (!m->rows.precision) {
        m->reason = m->reason ? m->reason : no_row(r, "quantization", cell(r, row, BENCH_TYPE));
        return;
    }
    const double n_params = number(r, row, BENCH_PARAMS);
    double params = NAN;
    m->rows.model = es_model_of_file(r->point, models, m->rows.precision, stem, n_params, &params);
    if (m->rows.model || m->reason)
        return;
    m->reason = isnan(params) ? no_row(r, "model", path)
                              : es_arena_printf(r->arena, "the file has %.4g parameters, the catalog's model %.4g",
                                                n_params, params);
}

/* ---- Runtimes ---- */

/* Devices and runtimes that calibrations of their own stand for. */
static es_status find_calibrated(reader *r, es_errors *errors) {
    const es_table *rows = &r->catalog->table[ES_CALIBRATION], *devices = &r->catalog->table[ES_DEVICE];
    r->calibrated = es_arena_array(r->arena, rows->n_rows + 1, sizeof *r->calibrated);
    if (!r->calibrated)
        return es_fail_memory(errors);
    for (size_t i = 0; i < rows->n_rows; i++) {
        const char *name = rows->rows[i].text[ES_C_DEVICE], *runtime = rows->rows[i].text[ES_C_RUNTIME];
        calibrated *last = r->n_calibrated ? &r->calibrated[r->n_calibrated - 1] : NULL;
        const bool same = last && strcmp(last->name, name) == 0 && strcmp(last->runtime, runtime) == 0;
        const es_row *device = same ? last->device : find(devices, es_slice_of(name));
        if (device && !same) {
            last = &r->calibrated[r->n_calibrated++];
            *last = (calibrated){name, device, runtime, NAN};
        }
        if (device && es_equal_fold(rows->rows[i].text[ES_C_FIELD], "threads"))
            last->threads = rows->rows[i].value[ES_C_VALUE];
    }
    return ES_OK;
}

static bool has_threads(const reader *r, const es_row *device, const char *runtime, double threads) {
    for (size_t i = 0; i < r->n_calibrated; i++)
        if (r->calibrated[i].device == device && es_equal_fold(r->calibrated[i].runtime, runtime) &&
            r->calibrated[i].threads == threads)
            return true;
    return false;
}

static const char *find_runtime(const reader *r, const es_row *device, const char *runtime) {
    for (size_t i = 0; i < r->n_calibrated; i++)
        if (r->calibrated[i].device == device && (!runtime || es_equal_fold(r->calibrated[i].runtime, runtime)))
            return r->calibrated[i].runtime;
    return NULL;
}

/* The runtime with this number of threads where that is calibrated, the runtime itself, another one of the same board. */
static const char *choose_runtime(reader *r, const es_measurement *m) {
    const char *found = NULL;
    if (!isnan(m->threads) && !has_threads(r, m->rows.device, m->runtime, m->threads)) {
        const char *threaded = es_threaded_runtime(m->runtime, m->threads, r->arena);
        found = threaded ? find_runtime(r, m->rows.device, threaded) : NULL;
    }
    if (!found)
        found = find_runtime(r, m->rows.device, m->runtime);
    if (!found)
        found = find_runtime(r, m->rows.device, "*") ? m->runtime : find_runtime(r, m->rows.device, "llama.cpp");
    if (!found)
        found = find_runtime(r, m->rows.device, NULL);
    return found ? found : m->runtime;
}

/* ---- Rows ---- */

static void read_bench(reader *r, size_t row, es_measurement *m) {
    const double prompt = number_or(r, row, N_PROMPT, 0), gen = number_or(r, row, N_GEN, 0);
    m->phase = prompt > 0 && gen > 0 ? ES_PHASE_BOTH : gen > 0 ? ES_PHASE_DECODE : ES_PHASE_PREFILL;
    m->prompt = prompt;
    m->gen = gen;
    m->depth = number_or(r, row, BENCH_DEPTH, 0);
    m->threads = number(r, row, BENCH_THREADS);
    m->ubatch = number(r, row, BENCH_UBATCH);
    m->kv_bits = (cache_bits(cell(r, row, BENCH_TYPE_K)) + cache_bits(cell(r, row, BENCH_TYPE_V))) / 2;
    m->tokens_per_s = number(r, row, BENCH_RATE);
    m->runtime = "llama.cpp";
    m->source = "llama-bench";
    m->rows.device = r->device;
    if (!r->device)
        m->reason = "no device; name it with --device";
    join_bench_file(r, row, m);
}

static bool starts_with(const char *text, const char *start) { return strncasecmp(text, start, strlen(start)) == 0; }

static void read_plain(reader *r, size_t row, es_measurement *m) {
    const char *phase = cell(r, row, PHASE), *note = cell(r, row, NOTE);
    m->phase = starts_with(phase, "prefill") || starts_with(phase, "pp") ? ES_PHASE_PREFILL : ES_PHASE_DECODE;
    m->prompt = number_or(r, row, N_PROMPT, m->phase == ES_PHASE_PREFILL ? 512 : 0);
    m->gen = number_or(r, row, N_GEN, m->phase == ES_PHASE_DECODE ? 128 : 0);
    m->depth = number_or(r, row, DEPTH, 0);
    m->threads = number(r, row, THREADS);
    m->tokens_per_s = number(r, row, RATE);
    m->source = cell(r, row, SOURCE);
    m->doubtful = note[0] >= 'B' && note[0] <= 'Z' && (note[1] == ';' || note[1] == '\0');
    m->runtime = es_runtime_name(cell(r, row, RUNTIME), r->arena);
    const double batch = number_or(r, row, BATCH, 1);
    if (m->phase == ES_PHASE_PREFILL)
        m->ubatch = batch > 1 ? batch : NAN; /* tokens at once, not sequences */
    else
        m->batch = batch;
    if (m->phase == ES_PHASE_DECODE) { /* a prompt before the generation is depth */
        m->depth += m->prompt;
        m->prompt = 0;
    }
    join_device(r, row, m);
    join_precision(r, row, m);
    join_model(r, row, m);
}

static bool is_count(double x, double least) { return x >= least && x <= 1e6 && x == floor(x); }

static const char *fault_of(const es_measurement *m) {
    if (!(m->tokens_per_s > 0) || isinf(m->tokens_per_s))
        return "no rate above 0";
    if (!is_count(m->prompt, m->phase == ES_PHASE_DECODE ? 0 : 1) ||
        !is_count(m->gen, m->phase == ES_PHASE_PREFILL ? 0 : 1) || !is_count(m->depth, 0) || !is_count(m->batch, 1) ||
        (!isnan(m->ubatch) && !is_count(m->ubatch, 1)))
        return "prompt, generation, depth and batch are no whole numbers in range";
    return NULL;
}

static const char *unusable(reader *r, const es_measurement *m) {
    const char *missing = es_point_missing(r->point, &m->rows);
    return missing ? es_arena_printf(r->arena, "%s has no %s, which the kernel needs", m->rows.device->name, missing)
                   : NULL;
}

static es_status read_rows(reader *r, es_measured *measured, es_errors *errors) {
    double *value = calloc(r->point->kernel->n_nodes, sizeof *value);
    measured->row = es_arena_array(r->arena, r->table.n_rows + 1, sizeof *measured->row);
    es_status status = value && measured->row ? find_calibrated(r, errors) : es_fail_memory(errors);
    for (size_t i = 0; i < r->table.n_rows && !status; i++) {
        es_measurement *m = &measured->row[measured->n++];
        *m = (es_measurement){.line = r->table.line[i], .batch = 1, .ubatch = NAN, .kv_bits = NAN};
        if (r->bench)
            read_bench(r, i, m);
        else
            read_plain(r, i, m);
        if (!m->reason)
            m->reason = fault_of(m);
        if (!m->reason)
            m->reason = unusable(r, m);
        if (m->reason)
            continue;
        m->rows.runtime = choose_runtime(r, m);
        es_measurement_evaluate(r->point, m, value);
        if (!(node_value(r->point, "tpot_s", value) > 0))
            m->reason = "no table says how this file type lays out the model";
    }
    free(value);
    return status;
}

/* ---- Tables ---- */

static es_status check_columns(const reader *r, const char *path, es_errors *errors) {
    static const column plain[] = {DEVICE, MODEL, QUANT, PHASE, RATE},
                        bench[] = {BENCH_FILE, BENCH_RATE, N_PROMPT, N_GEN};
    const column *needed = r->bench ? bench : plain;
    const size_t n = r->bench ? sizeof bench / sizeof *bench : sizeof plain / sizeof *plain;
    const es_origin at = {path, 1, 0};
    if (!r->table.n_columns)
        return es_fail(errors, ES_EUSAGE, &at, "no measurements");
    for (size_t i = 0; i < n; i++)
        if (r->column[needed[i]] < 0 && !(needed[i] == DEVICE && r->device))
            return es_fail(errors, ES_EUSAGE, &at,
                           "no column '%s'; expected device, model, quant, phase, tokens_per_s ..., or the output of "
                           "llama-bench -o csv or -o jsonl",
                           column_names[needed[i]]);
    return ES_OK;
}

static es_status find_device(reader *r, const char *device, es_errors *errors) {
    const es_table *devices = &r->catalog->table[ES_DEVICE];
    r->device = device ? find(devices, es_slice_of(device)) : NULL;
    if (!device || r->device)
        return ES_OK;
    const char **names = es_arena_array(r->arena, devices->n_rows + 1, sizeof *names);
    for (size_t i = 0; names && i < devices->n_rows; i++)
        names[i] = devices->rows[i].name;
    const char *nearest = names ? es_nearest(es_slice_of(device), names, devices->n_rows) : NULL;
    return es_fail(errors, ES_EUSAGE, NULL,
                   nearest ? "unknown device: '%s'; did you mean '%s'?" : "unknown device: '%s'",
                   es_quote_text(device).text, nearest);
}

es_status es_measured_read(es_measured *measured, const char *path, const char *device, const es_catalog *catalog,
                           es_point_kernel *point, es_arena *arena, es_errors *errors) {
    reader r = {.catalog = catalog, .point = point, .arena = arena};
    *measured = (es_measured){0};
    es_status status = find_device(&r, device, errors);
    if (!status)
        status = es_text_table_read(&r.table, path, arena, errors);
    if (status)
        return status;
    for (size_t c = 0; c < COLUMNS; c++)
        r.column[c] = es_text_table_column(&r.table, column_names[c]);
    r.bench = r.column[BENCH_RATE] >= 0;
    measured->header = r.table.header;
    measured->delimiter = r.table.delimiter;
    status = check_columns(&r, path, errors);
    return status ? status : read_rows(&r, measured, errors);
}

/* ---- Prediction ---- */

static void set_axis(const es_kernel *kernel, const char *name, double value, double *workload) {
    for (size_t k = 0; k < kernel->n_axes; k++)
        if (strcmp(kernel->axes[k].name, name) == 0)
            workload[k] = value;
}

void es_measurement_evaluate(es_point_kernel *point, const es_measurement *m, double *value) {
    const es_kernel *kernel = point->kernel;
    double workload[ES_MAX_INPUTS];
    for (size_t k = 0; k < ES_MAX_INPUTS; k++)
        workload[k] = NAN;
    /* A generation behind nothing starts with one token: the grid has no empty prompts. */
    const bool empty = m->phase == ES_PHASE_DECODE;
    set_axis(kernel, "prompt", empty ? 1 : m->prompt, workload);
    set_axis(kernel, "depth", empty && m->depth > 0 ? m->depth - 1 : m->depth, workload);
    set_axis(kernel, "gen", m->gen > 0 ? m->gen : 1, workload);
    set_axis(kernel, "batch", m->batch, workload);
    set_axis(kernel, "ubatch", m->ubatch, workload);
    set_axis(kernel, "kv_bits", m->kv_bits, workload);
    es_point_evaluate(point, &m->rows, workload, value);
}

double es_measurement_rate(const es_measurement *m, double ttft_s, double tpot_s) {
    switch (m->phase) {
    case ES_PHASE_PREFILL: return m->prompt * m->batch / ttft_s;
    case ES_PHASE_DECODE: return m->batch / tpot_s;
    default: return (m->prompt + m->gen) * m->batch / (ttft_s + m->gen * tpot_s);
    }
}

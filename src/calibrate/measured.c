#include "calibrate/measured.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "calibrate/measured_table.h"
#include "base/number.h"
#include "model/runtime.h"

const char *const es_phase_names[ES_PHASES + 1] = {"prefill", "decode", "prefill+decode", "speed-up", NULL};

/* The columns of all kinds of tables. */
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
    BENCH_CPU,
    BENCH_GPU,
    TABLE_PARAMS,
    TABLE_TEST,
    TABLE_RATE,
    PARAMS_B,
    BACKEND,
    BUILD,
    BUILD_DATE,
    UNIT,
    KERNEL_NOTE,
    FORMAT,
    UBATCH,
    POWER,
    BOUNDARY,
    MEMORY,
    SOURCE_DATE,
    DRAFT,
    DRAFT_TOKENS,
    ACCEPTANCE,
    TASK,
    RATE_WITHOUT,
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
    [BENCH_CPU] = "cpu_info",
    [BENCH_GPU] = "gpu_info",
    [TABLE_PARAMS] = "params",
    [TABLE_TEST] = "test",
    [TABLE_RATE] = "t/s",
    [PARAMS_B] = "params_b",
    [BACKEND] = "backend",
    [BUILD] = "build",
    [BUILD_DATE] = "build_date",
    [UNIT] = "unit",
    [KERNEL_NOTE] = "kernel_note",
    [FORMAT] = "format",
    [UBATCH] = "ubatch",
    [POWER] = "power_w",
    [BOUNDARY] = "power_boundary",
    [MEMORY] = "memory_mib",
    [SOURCE_DATE] = "source_date",
    [DRAFT] = "draft",
    [DRAFT_TOKENS] = "draft_tokens",
    [ACCEPTANCE] = "acceptance",
    [TASK] = "task",
    [RATE_WITHOUT] = "tokens_per_s_without",
};

typedef struct reader {
    const es_catalog *catalog;
    es_point_kernel *point;
    es_arena *arena;
    es_text_table table;
    int column[COLUMNS];
    const es_row *device; /* of rows that name none */
    bool bench;           /* what llama-bench prints, other than */
    bool markdown;        /* its table for people */
    bool warned;
} reader;

/* ---- Names ---- */

static const es_row *find(const es_table *table, es_slice name) {
    name = es_slice_trim(name);
    return name.length ? es_table_find(table, name.text, name.length) : NULL;
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

/* "cpu (XNNPACK, KleidiAI)" is cpu; "unknown" is none. */
static es_slice backend_name(const char *text) {
    es_slice name = es_slice_of(text);
    const char *bracket = memchr(name.text, '(', name.length);
    if (bracket)
        name.length = (size_t)(bracket - name.text);
    name = es_slice_trim(name);
    return es_slice_equal_fold(name, "unknown") ? es_slice_of("") : name;
}

/* Of a board the row of another unit. */
static const es_row *board_with(const reader *r, const es_row *device, const char *unit) {
    const es_table *devices = &r->catalog->table[ES_DEVICE];
    const char *board = device->text[ES_D_BOARD];
    for (size_t i = 0; i < devices->n_rows; i++)
        if (*board && es_equal_fold(devices->rows[i].text[ES_D_BOARD], board) &&
            es_equal_fold(es_unit_of(r->catalog, &devices->rows[i])->name, unit))
            return &devices->rows[i];
    return NULL;
}

/* A measurement on the CPU says nothing of a row that stands for the GPU beside it. */
static bool on_cpu(const reader *r, size_t row) {
    return strstr(cell(r, row, VARIANT), "CPU") != NULL ||
           es_slice_equal_fold(backend_name(cell(r, row, BACKEND)), "cpu");
}

static const es_row *cpu_of(const reader *r, const es_row *device) {
    const es_table *devices = &r->catalog->table[ES_DEVICE];
    const char *board = device->text[ES_D_BOARD], *named = es_arena_printf(r->arena, "%s CPU", device->name);
    for (size_t i = 0; i < devices->n_rows; i++)
        if (*board && es_equal_fold(devices->rows[i].text[ES_D_BOARD], board) &&
            strncmp(es_unit_of(r->catalog, &devices->rows[i])->text[ES_U_KIND], "cpu_", 4) == 0)
            return &devices->rows[i];
    return named ? es_table_find(devices, named, strlen(named)) : NULL;
}

/* The row of the unit that was measured; NULL with a reason when there is none. */
static void settle_unit(reader *r, size_t row, es_measurement *m) {
    const es_row *own = es_unit_of(r->catalog, m->rows.device);
    const char *unit = cell(r, row, UNIT);
    const bool is_cpu = strncmp(own->text[ES_U_KIND], "cpu_", 4) == 0;
    if (*unit ? es_equal_fold(unit, own->name) : is_cpu || !on_cpu(r, row))
        return;
    const es_row *other = *unit ? board_with(r, m->rows.device, unit) : cpu_of(r, m->rows.device);
    if (!other && *unit && (other = cpu_of(r, m->rows.device)) &&
        !es_equal_fold(es_unit_of(r->catalog, other)->name, unit))
        other = NULL;
    if (!other)
        m->reason = es_arena_printf(r->arena, "the catalog has no row for %s of %s", *unit ? unit : "the CPU",
                                    m->rows.device->name);
    else
        m->rows.device = other;
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
    m->rows.device = both && *variant ? es_device_of_name(devices, es_slice_of(both)) : NULL;
    if (!m->rows.device)
        m->rows.device = es_device_of_name(devices, es_slice_of(name));
    if (m->rows.device)
        settle_unit(r, row, m);
    else
        m->reason = no_row(r, "device", name);
}

/* "W8A8" under rkllm is "RKLLM w8a8". */
static const es_row *loaded_format(reader *r, es_measurement *m, const char *name) {
    const es_table *precisions = &r->catalog->table[ES_PRECISION];
    const es_row *unit = es_unit_of(r->catalog, m->rows.device);
    const es_row *runtime = es_runtime_find(r->catalog, es_slice_of(m->runtime), unit);
    for (size_t i = 0; runtime && i < precisions->n_rows; i++) {
        const char *own = precisions->rows[i].name, *blank = strchr(own, ' ');
        es_slice missing;
        if (blank && es_equal_fold(blank + 1, name) &&
            es_runs(runtime, unit, &precisions->rows[i], &missing) == ES_RUNS)
            return &precisions->rows[i];
    }
    return NULL;
}

static void join_precision(reader *r, size_t row, es_measurement *m) {
    const es_table *precisions = &r->catalog->table[ES_PRECISION];
    const char *name = cell(r, row, QUANT), *model = cell(r, row, MODEL);
    es_slice stem;
    if (*cell(r, row, FORMAT)) {
        m->rows.precision = es_precision_of_name(precisions, es_slice_of(cell(r, row, FORMAT)));
        if (!m->rows.precision && !m->reason)
            m->reason = no_row(r, "format", cell(r, row, FORMAT));
        return;
    }
    if (strncmp(name, "unstated", 8) == 0 && !m->reason)
        m->reason = "the format is not stated";
    m->rows.precision = es_precision_of_name(precisions, es_slice_of(name));
    if (!m->rows.precision && *name && m->rows.device) /* the format of that name among those the runtime loads */
        m->rows.precision = loaded_format(r, m, name);
    m->vague |= !*name;
    if (!m->rows.precision && !*name)
        m->rows.precision = es_precision_suffix(precisions, es_model_file_stem(model), &stem);
    if (!m->rows.precision && !m->reason)
        m->reason = no_row(r, "quantization", name);
}

/* Names and aliases first; then files, ids and tags ("llama3.2:3b-instruct-q4_K_M") by what is before the format. */
static void join_model(reader *r, size_t row, es_measurement *m) {
    const es_table *models = &r->catalog->table[ES_MODEL], *precisions = &r->catalog->table[ES_PRECISION];
    const char *name = cell(r, row, MODEL);
    double params;
    m->rows.model = find(models, es_slice_of(name));
    if (m->rows.model || !m->rows.precision) {
        if (!m->rows.model && !m->reason)
            m->reason = no_row(r, "model", name);
        return;
    }
    const es_slice file = es_model_file_stem(name);
    es_slice stem = file;
    if (!es_precision_suffix(precisions, file, &stem))
        stem = file;
    m->rows.model = es_model_of_file(r->point, models, m->rows.precision, es_slice_of(name), NAN, &params);
    if (!m->rows.model && stem.length)
        m->rows.model = es_model_of_file(r->point, models, m->rows.precision, stem, NAN, &params);
    if (!m->rows.model && stem.length)
        m->rows.model = es_model_of_type(r->point, models, m->rows.precision, stem, 1e9 * number(r, row, PARAMS_B));
    if (!m->rows.model && !m->reason)
        m->reason = no_row(r, "model", name);
}

static void join_bench_file(reader *r, size_t row, es_measurement *m) {
    const es_table *precisions = &r->catalog->table[ES_PRECISION], *models = &r->catalog->table[ES_MODEL];
    const char *path = cell(r, row, BENCH_FILE);
    es_slice name = es_model_file_stem(path), stem = name, type = {"", 0};
    const es_row *named = es_precision_suffix(precisions, name, &stem);
    m->rows.precision = es_precision_suffix(precisions, es_slice_of(cell(r, row, BENCH_TYPE)), &type);
    if (!m->rows.precision)
        m->rows.precision = named;
    if (!m->rows.precision) {
        m->reason = m->reason ? m->reason : no_row(r, "quantization", cell(r, row, BENCH_TYPE));
        return;
    }
    const double n_params = number(r, row, BENCH_PARAMS);
    double params = NAN;
    m->rows.model = es_model_of_file(r->point, models, m->rows.precision, stem, n_params, &params);
    if (!m->rows.model && type.length && n_params > 0) /* a blob of Ollama, ggml-model-q4_0.gguf: as Markdown has it */
        m->rows.model = es_model_of_type(r->point, models, m->rows.precision, type, n_params);
    if (m->rows.model || m->reason)
        return;
    m->reason = isnan(params) ? no_row(r, "model", path)
                              : es_arena_printf(r->arena, "the file has %.4g parameters, the catalog's model %.4g",
                                                n_params, params);
}

/* ---- Runtimes ---- */

/* The row of runtimes.csv: by name and backend, else of the family on the device's unit; `default` where there is none. */
static void join_runtime(reader *r, size_t row, es_measurement *m) {
    const es_slice backend = backend_name(cell(r, row, BACKEND));
    m->rows.unit = es_unit_of(r->catalog, m->rows.device);
    m->rows.runtime = NULL;
    if (backend.length) {
        const char *both = es_arena_printf(r->arena, "%s/%.*s", m->runtime, (int)backend.length, backend.text);
        m->rows.runtime = both ? es_runtime_find(r->catalog, es_slice_of(both), m->rows.unit) : NULL;
    }
    if (!m->rows.runtime)
        m->rows.runtime = es_runtime_find(r->catalog, es_slice_of(m->runtime), m->rows.unit);
    if (!m->rows.runtime)
        m->rows.runtime = es_default_runtime(r->catalog);
}

/* A build or a month among the words of a runtime as printed: "llama.cpp b4384", "Ollama 0.5 (2024-12)". */
static double build_in(const char *text) {
    for (const char *at = text; *at;) {
        const size_t n = strcspn(at, " ()[],;/");
        const double build = n && (*at == 'b' || n >= 7) ? es_build_parse((es_slice){at, n}) : NAN;
        if (!isnan(build))
            return build;
        at += n + strspn(at + n, " ()[],;/");
    }
    return NAN;
}

/* The month before, for a measurement without what arrived in this one. */
static double month_before(double build) {
    return build < 100000 ? build - 1 : fmod(build, 100) > 1 ? build - 1 : build - 89;
}

/* By build or month of the row, else its source's day, which is never older.  Authors of kernels print before and after. */
static double build_of(reader *r, size_t row) {
    static const char *const without[] = {"repack off", "not repacked", "(before)"};
    double build = es_build_parse(es_slice_of(cell(r, row, BUILD)));
    if (isnan(build))
        build = es_build_parse(es_slice_of(cell(r, row, BUILD_DATE)));
    if (isnan(build))
        build = build_in(cell(r, row, RUNTIME));
    if (isnan(build))
        build = es_build_parse(es_slice_of(cell(r, row, SOURCE_DATE)));
    if (isnan(build)) /* only the year: its end, lest new kernels be taken for old ones */
        build = 100 * number(r, row, SOURCE_DATE) + 12;
    if (isnan(build))
        return ES_BUILD_UNKNOWN;
    for (size_t i = 0; i < sizeof without / sizeof *without; i++)
        if (strstr(cell(r, row, BUILD), without[i]) || strstr(cell(r, row, KERNEL_NOTE), without[i]) ||
            strstr(cell(r, row, NOTE), without[i]))
            return month_before(build);
    return build;
}

/* ---- Rows ---- */

/* Its Markdown leaves out a column whose values are all the default, f16. */
static double cache_pair(const reader *r, size_t row) {
    const char *k = cell(r, row, BENCH_TYPE_K), *v = cell(r, row, BENCH_TYPE_V);
    if (!*k && !*v)
        return NAN;
    return (cache_bits(*k ? k : "f16") + cache_bits(*v ? v : "f16")) / 2;
}

/* The one of --device, else what llama-bench says of the machine: a GPU first. */
static void join_bench_device(reader *r, size_t row, es_measurement *m) {
    const es_table *devices = &r->catalog->table[ES_DEVICE];
    m->rows.device = r->device;
    if (!m->rows.device)
        m->rows.device = es_device_of_name(devices, es_slice_of(cell(r, row, BENCH_GPU)));
    if (!m->rows.device && !*cell(r, row, BENCH_GPU))
        m->rows.device = es_device_of_name(devices, es_slice_of(cell(r, row, BENCH_CPU)));
    if (!m->rows.device)
        m->reason = "no device; name it with --device";
}

static void read_bench(reader *r, size_t row, es_measurement *m) {
    const double prompt = number_or(r, row, N_PROMPT, 0), gen = number_or(r, row, N_GEN, 0);
    m->phase = prompt > 0 && gen > 0 ? ES_PHASE_BOTH : gen > 0 ? ES_PHASE_DECODE : ES_PHASE_PREFILL;
    m->prompt = prompt;
    m->gen = gen;
    m->depth = number_or(r, row, BENCH_DEPTH, 0);
    m->threads = number(r, row, BENCH_THREADS);
    m->ubatch = number(r, row, BENCH_UBATCH);
    m->kv_bits = cache_pair(r, row);
    m->tokens_per_s = number(r, row, BENCH_RATE);
    m->runtime = "llama.cpp";
    m->source = "llama-bench";
    join_bench_device(r, row, m);
    join_bench_file(r, row, m);
}

/* "pp512", "tg128", "pp512+tg128", "pp512 @ d2048": false when it is none of them. */
static bool read_test(const char *test, es_measurement *m) {
    static const struct {
        const char *name;
        size_t at;
    } parts[] = {{"pp", offsetof(es_measurement, prompt)},
                 {"tg", offsetof(es_measurement, gen)},
                 {"d", offsetof(es_measurement, depth)}};
    while (*test) {
        char *end = NULL;
        test += strspn(test, " +@");
        for (size_t i = 0; i < sizeof parts / sizeof *parts && !end; i++) {
            const size_t n = strlen(parts[i].name);
            if (strncasecmp(test, parts[i].name, n) != 0)
                continue;
            const double value = (double)strtoul(test + n, &end, 10);
            if (end == test + n)
                return false;
            memcpy((char *)m + parts[i].at, &value, sizeof value);
        }
        if (!end)
            return false;
        test = end;
    }
    return m->prompt > 0 || m->gen > 0;
}

/* "1.24 B", "494.03 M". */
static double read_params(const char *text) {
    char *end;
    const double value = strtod(text, &end);
    end += strspn(end, " ");
    return end == text ? NAN : value * (*end == 'B' ? 1e9 : *end == 'M' ? 1e6 : *end == 'K' ? 1e3 : 1);
}

static void read_markdown(reader *r, size_t row, es_measurement *m) {
    const es_table *precisions = &r->catalog->table[ES_PRECISION], *models = &r->catalog->table[ES_MODEL];
    const char *type = cell(r, row, MODEL);
    es_slice stem;
    m->prompt = m->gen = m->depth = 0;
    if (!read_test(cell(r, row, TABLE_TEST), m))
        m->reason = es_arena_printf(r->arena, "not a test: %s", es_quote_text(cell(r, row, TABLE_TEST)).text);
    m->phase = m->prompt > 0 && m->gen > 0 ? ES_PHASE_BOTH : m->gen > 0 ? ES_PHASE_DECODE : ES_PHASE_PREFILL;
    m->threads = number(r, row, THREADS);
    m->ubatch = number(r, row, BENCH_UBATCH);
    m->kv_bits = cache_pair(r, row);
    m->tokens_per_s = strtod(cell(r, row, TABLE_RATE), NULL); /* "61.23 +- 0.10" */
    m->runtime = "llama.cpp";
    m->source = "llama-bench";
    join_bench_device(r, row, m);
    m->rows.precision = es_precision_suffix(precisions, es_slice_of(type), &stem);
    if (m->rows.precision)
        m->rows.model =
            es_model_of_type(r->point, models, m->rows.precision, stem, read_params(cell(r, row, TABLE_PARAMS)));
    if (!m->reason && !m->rows.precision)
        m->reason = no_row(r, "quantization", type);
    if (!m->reason && !m->rows.model)
        m->reason = no_row(r, "model", es_arena_printf(r->arena, "%s, %s", type, cell(r, row, TABLE_PARAMS)));
}

static bool starts_with(const char *text, const char *start) { return strncasecmp(text, start, strlen(start)) == 0; }

/* Also as llama-bench's tables call them, with the number of tokens: pp512, tg128; false for other words. */
static bool read_phase(const char *text, es_phase *phase, double *tokens) {
    static const struct {
        const char *start;
        es_phase phase;
    } words[] = {{"prefill", ES_PHASE_PREFILL},
                 {"pp", ES_PHASE_PREFILL},
                 {"decode", ES_PHASE_DECODE},
                 {"tg", ES_PHASE_DECODE},
                 {"gen", ES_PHASE_DECODE}};
    *phase = ES_PHASE_DECODE;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (starts_with(text, words[i].start)) {
            uint64_t count = 0;
            const char *digits = text + strlen(words[i].start);
            *phase = words[i].phase;
            *tokens = es_parse_u64(es_slice_of(digits), &count) == ES_NUMBER_OK ? (double)count : NAN;
            return true;
        }
    return false;
}

/* A word of the axis `name`; NaN: none of them. */
static double axis_word(const es_kernel *kernel, const char *name, const char *word) {
    for (size_t k = 0; k < kernel->n_axes; k++)
        for (const es_axis_word *w = strcmp(kernel->axes[k].name, name) == 0 ? kernel->axes[k].words : NULL;
             w && w->name; w++)
            if (es_equal_fold(w->name, word))
                return w->value;
    return NAN;
}

/* A run with a draft tells its speed-up over the run without. */
static void join_draft(reader *r, size_t row, es_measurement *m) {
    const char *draft = cell(r, row, DRAFT);
    if (!*draft || es_equal_fold(draft, "none"))
        return;
    m->phase = ES_PHASE_SPEEDUP;
    m->vague = true;
    m->tokens_per_s /= number(r, row, RATE_WITHOUT);
    m->draft = axis_word(r->point->kernel, "draft", draft);
    m->draft_tokens = number(r, row, DRAFT_TOKENS);
    m->acceptance = number(r, row, ACCEPTANCE);
    m->task = axis_word(r->point->kernel, "task", cell(r, row, TASK));
    m->draft_backend = es_arena_text(r->arena, backend_name(cell(r, row, BACKEND)));
    if (!m->draft_backend)
        m->draft_backend = "";
    if (!isnan(m->draft) || m->reason)
        return;
    const es_table *models = &r->catalog->table[ES_MODEL];
    double params;
    const es_row *model = es_model_of_file(r->point, models, m->rows.precision, es_slice_of(draft), 0, &params);
    m->draft = model ? (double)(ES_AXIS_FIRST_MODEL + (model - models->rows)) : NAN;
    if (!model)
        m->reason = no_row(r, "draft model", draft);
}

static void read_plain(reader *r, size_t row, es_measurement *m) {
    const char *phase = cell(r, row, PHASE), *note = cell(r, row, NOTE);
    double tokens = NAN;
    const bool known = read_phase(phase, &m->phase, &tokens);
    m->prompt = number_or(r, row, N_PROMPT, m->phase == ES_PHASE_DECODE ? 0 : isnan(tokens) ? 512 : tokens);
    m->gen = number_or(r, row, N_GEN, m->phase == ES_PHASE_PREFILL ? 0 : isnan(tokens) ? 128 : tokens);
    m->depth = number_or(r, row, DEPTH, 0);
    m->threads = number(r, row, THREADS);
    m->tokens_per_s = number(r, row, RATE);
    m->source = cell(r, row, SOURCE);
    m->doubtful = note[0] >= 'B' && note[0] <= 'Z' && (note[1] == ';' || note[1] == '\0');
    m->runtime = es_runtime_name(cell(r, row, RUNTIME), r->arena);
    const double batch = number_or(r, row, BATCH, 1);
    m->build = build_of(r, row);
    m->power_w = number(r, row, POWER);
    m->power_boundary = cell(r, row, BOUNDARY);
    m->memory_mib = number(r, row, MEMORY);
    m->vague = es_equal_fold(cell(r, row, BACKEND), "unknown");
    if (m->phase == ES_PHASE_PREFILL)
        m->ubatch = batch > 1 ? batch : number(r, row, UBATCH); /* tokens at once, not sequences */
    else
        m->batch = batch;
    if (m->phase == ES_PHASE_DECODE) { /* a prompt before the generation is depth */
        m->depth += m->prompt;
        m->prompt = 0;
    }
    join_device(r, row, m);
    join_precision(r, row, m);
    join_model(r, row, m);
    join_draft(r, row, m);
    if (!known && !m->reason)
        m->reason = "phase is neither prefill nor decode";
}

static bool is_count(double x, double least) { return x >= least && x <= 1e6 && x == floor(x); }

static const char *fault_of(const es_measurement *m) {
    if (!(m->tokens_per_s > 0) || isinf(m->tokens_per_s))
        return m->phase == ES_PHASE_SPEEDUP ? "no rates above 0 with and without the draft" : "no rate above 0";
    if (m->phase == ES_PHASE_SPEEDUP && !(is_count(m->draft_tokens, 1) && m->draft_tokens <= 64))
        return "draft_tokens is no whole number from 1 to 64";
    if (!is_count(m->prompt, m->phase == ES_PHASE_DECODE || m->phase == ES_PHASE_SPEEDUP ? 0 : 1) ||
        !is_count(m->gen, m->phase == ES_PHASE_PREFILL ? 0 : 1) || !is_count(m->depth, 0) || !is_count(m->batch, 1) ||
        (!isnan(m->ubatch) && !is_count(m->ubatch, 1)))
        return "prompt, generation, depth and batch are no whole numbers in range";
    return NULL;
}

/* A rate that is there and no number is told, the first one with its place. */
static void warn_of_text(reader *r, size_t row, es_errors *errors) {
    const column rate = r->markdown ? TABLE_RATE : r->bench ? BENCH_RATE : RATE;
    const char *text = cell(r, row, rate);
    if (!text[0] || r->warned || !isnan(number(r, row, rate)))
        return;
    es_warn(errors, &r->table.origin[row], "not a number in column '%s': '%s'%s", column_names[rate],
            es_quote_text(text).text, es_csv_number_hint(es_slice_of(text)));
    r->warned = true;
}

static const char *unusable(reader *r, const es_measurement *m) {
    const char *missing = es_point_missing(r->point, &m->rows);
    return missing ? es_arena_printf(r->arena, "%s has no %s, which the kernel needs", m->rows.device->name, missing)
                   : NULL;
}

static es_status read_rows(reader *r, es_measured *measured, es_errors *errors) {
    double *value = calloc(r->point->kernel->n_nodes, sizeof *value);
    measured->row = es_arena_array(r->arena, r->table.n_rows + 1, sizeof *measured->row);
    es_status status = value && measured->row ? ES_OK : es_fail_memory(errors);
    for (size_t i = 0; i < r->table.n_rows && !status; i++) {
        es_measurement *m = &measured->row[measured->n++];
        *m = (es_measurement){.line = r->table.line[i],
                              .batch = 1,
                              .ubatch = NAN,
                              .kv_bits = NAN,
                              .build = ES_BUILD_NEWEST,
                              .power_w = NAN,
                              .draft_tokens = NAN,
                              .acceptance = NAN,
                              .task = NAN,
                              .power_boundary = "",
                              .memory_mib = NAN};
        if (r->markdown)
            read_markdown(r, i, m);
        else if (r->bench)
            read_bench(r, i, m);
        else
            read_plain(r, i, m);
        if (!m->reason)
            m->reason = fault_of(m);
        if (isnan(m->tokens_per_s))
            warn_of_text(r, i, errors);
        if (!m->reason)
            join_runtime(r, i, m);
        if (!m->reason)
            m->reason = unusable(r, m);
        if (m->reason)
            continue;
        es_measurement_evaluate(r->point, m, value);
        if (!(es_kernel_value(r->point->kernel, "tpot_s", value) > 0))
            m->reason = "no table says how this file type lays out the model";
    }
    free(value);
    return status;
}

/* ---- Tables ---- */

static es_status check_columns(const reader *r, const char *path, es_errors *errors) {
    static const column plain[] = {DEVICE, MODEL, QUANT, PHASE, RATE},
                        bench[] = {BENCH_FILE, BENCH_RATE, N_PROMPT, N_GEN},
                        markdown[] = {MODEL, TABLE_TEST, TABLE_RATE};
    const column *needed = r->markdown ? markdown : r->bench ? bench : plain;
    const size_t n = (r->markdown ? sizeof markdown : r->bench ? sizeof bench : sizeof plain) / sizeof *plain;
    const es_origin at = {path, 1, 0};
    if (!r->table.n_columns)
        return es_fail(errors, ES_ERUNTIME, &at, "no measurements");
    for (size_t i = 0; i < n; i++)
        if (r->column[needed[i]] < 0 && !(needed[i] == DEVICE && r->device))
            return es_fail(
                errors, ES_ERUNTIME, &at,
                "no column '%s'; expected device, model, quant, phase, tokens_per_s ..., or what llama-bench "
                "prints (-o csv, json, jsonl, md or sql)",
                column_names[needed[i]]);
    return ES_OK;
}

static es_status find_device(reader *r, const char *device, es_errors *errors) {
    const es_table *devices = &r->catalog->table[ES_DEVICE];
    r->device = device ? es_device_of_name(devices, es_slice_of(device)) : NULL;
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

es_status es_measured_read(es_measured *measured, const char *path, const es_csv_input_options *reading,
                           const char *device, const es_catalog *catalog, es_point_kernel *point, es_arena *arena,
                           es_errors *errors) {
    reader r = {.catalog = catalog, .point = point, .arena = arena};
    *measured = (es_measured){0};
    es_status status = find_device(&r, device, errors);
    if (!status)
        status = es_text_table_read(&r.table, path, reading, arena, errors);
    if (status)
        return status;
    for (size_t c = 0; c < COLUMNS; c++)
        r.column[c] = es_text_table_column(&r.table, column_names[c]);
    r.bench = r.column[BENCH_RATE] >= 0;
    r.markdown = !r.bench && r.column[TABLE_RATE] >= 0;
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

es_setting es_measurement_setting(const es_measurement *m) {
    const double *model = m->rows.model->value, given = model[ES_M_HEAD_DIM];
    return (es_setting){&m->rows, m->threads, m->build,
                        isnan(given) ? floor(model[ES_M_HIDDEN] / model[ES_M_HEADS]) : given, false};
}

void es_measurement_evaluate(es_point_kernel *point, const es_measurement *m, double *value) {
    const es_kernel *kernel = point->kernel;
    double workload[ES_MAX_INPUTS];
    for (size_t k = 0; k < ES_MAX_INPUTS; k++)
        workload[k] = NAN;
    /* A generation behind nothing starts with one token: the grid has no empty prompts. */
    const bool empty = m->phase == ES_PHASE_DECODE || m->phase == ES_PHASE_SPEEDUP;
    set_axis(kernel, "prompt", empty ? 1 : m->prompt, workload);
    set_axis(kernel, "depth", empty && m->depth > 0 ? m->depth - 1 : m->depth, workload);
    set_axis(kernel, "gen", m->gen > 0 ? m->gen : 1, workload);
    set_axis(kernel, "batch", m->batch, workload);
    set_axis(kernel, "ubatch", m->ubatch, workload);
    set_axis(kernel, "kv_bits", m->kv_bits, workload);
    set_axis(kernel, "threads", m->threads, workload);
    if (m->phase == ES_PHASE_SPEEDUP) {
        set_axis(kernel, "draft", m->draft, workload);
        set_axis(kernel, "draft_tokens", m->draft_tokens, workload);
        set_axis(kernel, "acceptance", m->acceptance, workload);
        set_axis(kernel, "task", m->task, workload);
    }
    point->build = m->build;
    es_point_evaluate(point, &m->rows, workload, value);
}

double es_measurement_rate(const es_measurement *m, double ttft_s, double tpot_s) {
    switch (m->phase) {
    case ES_PHASE_PREFILL: return m->prompt * m->batch / ttft_s;
    case ES_PHASE_DECODE: return m->batch / tpot_s;
    default: return (m->prompt + m->gen) * m->batch / (ttft_s + m->gen * tpot_s);
    }
}

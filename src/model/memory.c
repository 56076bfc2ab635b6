#include "model/memory.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"
#include "model/calibrated.h"
#include "model/roofline_blocks.h"
#include "model/runtime.h"

/* The family by which GGUF files, and so runtimes, know a model. */
static const char *gguf_family(const es_row *model) {
    static const char *const known[][2] = {{"gptoss", "gpt-oss"},
                                           {"mistral", "llama"},
                                           {"mixtral", "llama"},
                                           {"olmo3", "olmo2"},
                                           {"deepseek3", "deepseek2"}};
    const char *family = model->text[ES_M_FAMILY];
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (es_equal_fold(family, known[i][0]))
            return known[i][1];
    if (es_equal_fold(family, "ernie4_5") && model->value[ES_M_N_EXPERTS] > 0)
        return "ernie4_5-moe";
    return family;
}

/* ---- The rules, sorted by runtime ---- */

enum {
#define ES_RULE(rule, otherwise) RULE_##rule,
    ES_MEMORY_RULES(ES_RULE)
#undef ES_RULE
        RULE_reserves_on_gpu,
    RULE_window_needs_layers,
    RULE_embedding_on_host,
    RULE_driver_bytes,
    RULE_repacks,
    RULES
};

static const char *const rule_names[RULES] = {
#define ES_RULE(rule, otherwise) #rule,
    ES_MEMORY_RULES(ES_RULE)
#undef ES_RULE
        "reserves_on_gpu",
    "window_needs_layers",
    "embedding_on_host",
    "driver_bytes",
    "repacks",
};

enum { ANY = 0 };

typedef struct rule {
    int rule;
    size_t family; /* index of families; ANY */
    double value;
    bool named; /* the runtime itself, not its family */
} rule;

/* Since when a type is rearranged for a unit: build and month, infinite: it is not; the row group that the kernel needs. */
typedef struct repack {
    double build, month;
    int group;
} repack;

enum { TYPE_IDS = 64 };

struct es_memory_tables {
    const es_table *models, *runtimes, *units;
    const char **family; /* that rules name, 1 ... */
    size_t n_families;
    size_t *family_of; /* of each model; none: n_families */
    rule **rules;      /* of each runtime */
    size_t *n_rules;
    repack *repacked; /* of each unit and tensor type */
};

static int rule_named(const char *name) {
    for (int r = 0; r < RULES; r++)
        if (strcmp(rule_names[r], name) == 0)
            return r;
    return -1;
}

/* Its index, n_families when no rule names it. */
static size_t family_named(const es_memory_tables *m, const char *name) {
    size_t i = 1;
    while (i < m->n_families && !es_equal_fold(m->family[i], name))
        i++;
    return i;
}

/* The types of a row of repacked_types.csv, from the first build of any ISA of the unit on. */
static void add_repacked(repack *of_unit, const es_gguf *gguf, const es_row *row) {
    const double build = es_build_parse(es_slice_of(row->text[ES_RT_FIRST_BUILD]));
    const double month = es_build_parse(es_slice_of(row->text[ES_RT_FIRST_DATE]));
    es_slice rest = es_slice_of(row->text[ES_RT_TYPE]), word;
    int group = 0;
    while (group + 1 < ES_ROW_GROUPS && es_row_group[group] < row->value[ES_RT_ROWS])
        group++;
    while (es_slice_part(&rest, ' ', &word)) {
        char name[32] = "";
        es_copy_text(name, sizeof name, word);
        const int type = es_gguf_type_id(gguf, name);
        if (type <= 0 || type >= TYPE_IDS)
            continue;
        of_unit[type].build = fmin(of_unit[type].build, isnan(build) ? 0 : build);
        of_unit[type].month = fmin(of_unit[type].month, isnan(month) ? 0 : month);
        of_unit[type].group = group < of_unit[type].group ? group : of_unit[type].group; /* kernels are tried in turn */
    }
}

es_status es_memory_compile(const es_catalog *catalog, const es_gguf *gguf, es_arena *arena,
                            const es_memory_tables **result, es_errors *errors) {
    const es_table *rows = &catalog->table[ES_RUNTIME_MEMORY], *types = &catalog->table[ES_REPACKED_TYPE];
    es_memory_tables *m = es_arena_alloc(arena, sizeof *m);
    if (!m)
        return es_fail_memory(errors);
    m->models = &catalog->table[ES_MODEL];
    m->runtimes = &catalog->table[ES_RUNTIME], m->units = &catalog->table[ES_UNIT];
    m->family = es_arena_array(arena, rows->n_rows + 1, sizeof *m->family);
    m->family_of = es_arena_array(arena, m->models->n_rows + 1, sizeof *m->family_of);
    m->rules = es_arena_array(arena, m->runtimes->n_rows + 1, sizeof *m->rules);
    m->n_rules = es_arena_array(arena, m->runtimes->n_rows + 1, sizeof *m->n_rules);
    m->repacked = es_arena_array(arena, (m->units->n_rows + 1) * TYPE_IDS, sizeof *m->repacked);
    if (!m->family || !m->family_of || !m->rules || !m->n_rules || !m->repacked)
        return es_fail_memory(errors);
    m->n_families = 1; /* ANY */
    for (size_t i = 0; i < rows->n_rows; i++) {
        const char *family = rows->rows[i].text[ES_RM_FAMILY];
        if (strcmp(family, "*") != 0 && family_named(m, family) == m->n_families)
            m->family[m->n_families++] = family;
    }
    for (size_t i = 0; i < m->models->n_rows; i++)
        m->family_of[i] = family_named(m, gguf_family(&m->models->rows[i]));
    for (size_t r = 0; r < m->runtimes->n_rows; r++) {
        const es_row *runtime = &m->runtimes->rows[r];
        m->rules[r] = es_arena_array(arena, rows->n_rows + 1, sizeof **m->rules);
        if (!m->rules[r])
            return es_fail_memory(errors);
        for (size_t i = 0; i < rows->n_rows; i++) {
            const char *const *text = rows->rows[i].text;
            const es_slice number = {text[ES_RM_VALUE], strcspn(text[ES_RM_VALUE], ":, ")};
            rule found = {.rule = rule_named(text[ES_RM_RULE]),
                          .family = strcmp(text[ES_RM_FAMILY], "*") == 0 ? ANY : family_named(m, text[ES_RM_FAMILY]),
                          .named = es_equal_fold(text[ES_RM_RUNTIME], runtime->name)};
            if (found.rule < 0 || es_parse_double(number, &found.value) != ES_NUMBER_OK)
                continue;
            if (found.named || es_equal_fold(text[ES_RM_RUNTIME], runtime->text[ES_R_FAMILY]))
                m->rules[r][m->n_rules[r]++] = found;
        }
    }
    for (size_t i = 0; i < m->units->n_rows * TYPE_IDS; i++)
        m->repacked[i] = (repack){INFINITY, INFINITY, ES_ROW_GROUPS - 1};
    for (size_t u = 0; u < m->units->n_rows; u++)
        for (size_t i = 0; i < types->n_rows; i++)
            if (es_unit_has_all(&m->units->rows[u], types->rows[i].text[ES_RT_ISA]))
                add_repacked(&m->repacked[u * TYPE_IDS], gguf, &types->rows[i]);
    *result = m;
    return ES_OK;
}

/* values[] becomes what holds for a model family under the runtime; the closest row wins. */
static void find_rules(const es_memory_tables *m, const es_row *runtime, size_t family, double *values) {
    int closeness[RULES] = {0};
    const size_t r = runtime >= m->runtimes->rows ? (size_t)(runtime - m->runtimes->rows) : m->runtimes->n_rows;
    for (size_t i = 0; r < m->runtimes->n_rows && i < m->n_rules[r]; i++) {
        const rule *found = &m->rules[r][i];
        const int close = (found->family != ANY ? 3 : 1) + found->named;
        if (close > closeness[found->rule] && (found->family == ANY || found->family == family))
            closeness[found->rule] = close, values[found->rule] = found->value;
    }
}

/* ---- Blocks ---- */

void es_roofline_memory_rules(const void *state_, const es_rows *rows, const double *in, double *out) {
    const es_roofline_state *state = state_;
    const es_memory_tables *m = state->memory;
    (void)in;
    const char *scope = rows->model->text[ES_M_PUBLISHED_SCOPE];
    double values[RULES] = {
#define ES_RULE(rule, otherwise) otherwise,
        ES_MEMORY_RULES(ES_RULE)
#undef ES_RULE
    };
    find_rules(m, rows->runtime, m->family_of[rows->model - m->models->rows], values);
    if (values[RULE_window_needs_layers] > 0 && rows->model->value[ES_M_LAYERS] != values[RULE_window_needs_layers])
        values[RULE_window_honoured] = 0;
    es_memory_of of = {.tower_counted = strstr(scope, "tower") || strstr(scope, "vision")};
    memcpy(&of.rules, values, sizeof of.rules);
    if (rows->device->value[ES_D_CLASS] == ES_CLASS_MCU)
        of.rules.program_bytes = 0;
    memcpy(out, &of, sizeof of);
}

/* ggml-org/llama.cpp#23764, merged at the end of May 2026; its build by the line from b9559 of 2026-06-12 to b10284 of
 * 2026-08-05. */
enum { MASKS_OF_16_BITS = 9358, MASKS_OF_16_BITS_MONTH = 202606 };

void es_roofline_memory_unit(const void *state_, const es_rows *rows, const double *in, double *out) {
    const es_roofline_state *state = state_;
    const bool gpu = rows->unit && strncmp(rows->unit->text[ES_U_KIND], "gpu", 3) == 0;
    const bool cpu = rows->unit && strncmp(rows->unit->text[ES_U_KIND], "cpu", 3) == 0;
    const es_memory_tables *m = state->memory;
    const size_t u = rows->unit >= m->units->rows ? (size_t)(rows->unit - m->units->rows) : m->units->n_rows;
    double values[RULES] = {0};
    find_rules(m, rows->runtime, ANY, values);
    es_memory_unit unit = {
        .reserves = gpu && values[RULE_reserves_on_gpu] > 0,
        .discrete = gpu && rows->device->value[ES_D_H2D_BW] > 0 && values[RULE_embedding_on_host] > 0,
    };
    /* CUDA's context lies in the memory of a Jetson, too */
    const bool driver = unit.discrete || (gpu && strcmp(rows->unit->text[ES_U_KIND], "gpu_nvidia") == 0);
    unit.driver_bytes = driver * values[RULE_driver_bytes];
    /* Builds of llama.cpp: one that is not known has what the newest has. */
    const double stated = in[ES_SLOTS * (1 + ES_ROW_GROUPS)];
    const double build = rows->runtime && strcmp(rows->runtime->text[ES_R_FAMILY], "llama.cpp") == 0 &&
                                 stated != ES_BUILD_UNKNOWN && !isnan(stated)
                             ? stated
                             : DBL_MAX;
    unit.wide_masks = build < (es_build_is_month(build) ? MASKS_OF_16_BITS_MONTH : MASKS_OF_16_BITS);
    for (int i = 0; i < ES_SLOTS && cpu && values[RULE_repacks] > 0 && u < m->units->n_rows; i++) {
        if (!(in[i] > ES_TYPE_NONE && in[i] < TYPE_IDS)) /* NaN: no layout */
            continue;
        const repack *since = &m->repacked[u * TYPE_IDS + (size_t)in[i]];
        if (fmin(build, DBL_MAX) < (es_build_is_month(build) ? since->month : since->build))
            continue;
        const double bytes = in[ES_SLOTS * (1 + since->group) + i];
        unit.repacked_bytes += bytes;
        unit.repacked_head_bytes += i == ES_DENSE_SLOTS ? bytes : 0;
    }
    memcpy(out, &unit, sizeof unit);
}

#include "model/memory.h"

#include <math.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"
#include "model/roofline_blocks.h"

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

struct es_memory_tables {
    const es_table *models, *runtimes;
    const char **family; /* that rules name, 1 ... */
    size_t n_families;
    size_t *family_of; /* of each model; none: n_families */
    rule **rules;      /* of each runtime */
    size_t *n_rules;
    double (*any)[RULES]; /* what holds for any model, of each runtime and without one */
    const es_repacks *repacks;
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

/* Its index, that of none: n_rows. */
static size_t index_of(const es_table *runtimes, const es_row *runtime) {
    const size_t r = runtime >= runtimes->rows ? (size_t)(runtime - runtimes->rows) : runtimes->n_rows;
    return r < runtimes->n_rows ? r : runtimes->n_rows;
}

/* values[] becomes what holds for a model family under the runtime; the closest row wins. */
static void find_rules(const es_memory_tables *m, const es_row *runtime, size_t family, double *values) {
    int closeness[RULES] = {0};
    const size_t r = index_of(m->runtimes, runtime);
    for (size_t i = 0; r < m->runtimes->n_rows && i < m->n_rules[r]; i++) {
        const rule *found = &m->rules[r][i];
        const int close = (found->family != ANY ? 3 : 1) + found->named;
        if (close > closeness[found->rule] && (found->family == ANY || found->family == family))
            closeness[found->rule] = close, values[found->rule] = found->value;
    }
}

es_status es_memory_compile(const es_catalog *catalog, const es_repacks *repacks, es_arena *arena,
                            const es_memory_tables **result, es_errors *errors) {
    const es_table *rows = &catalog->table[ES_RUNTIME_MEMORY];
    es_memory_tables *m = es_arena_alloc(arena, sizeof *m);
    if (!m)
        return es_fail_memory(errors);
    m->models = &catalog->table[ES_MODEL];
    m->runtimes = &catalog->table[ES_RUNTIME];
    m->repacks = repacks;
    m->family = es_arena_array(arena, rows->n_rows + 1, sizeof *m->family);
    m->family_of = es_arena_array(arena, m->models->n_rows + 1, sizeof *m->family_of);
    m->rules = es_arena_array(arena, m->runtimes->n_rows + 1, sizeof *m->rules);
    m->n_rules = es_arena_array(arena, m->runtimes->n_rows + 1, sizeof *m->n_rules);
    m->any = es_arena_array(arena, m->runtimes->n_rows + 1, sizeof *m->any);
    if (!m->family || !m->family_of || !m->rules || !m->n_rules || !m->any)
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
        find_rules(m, runtime, ANY, m->any[r]);
    }
    *result = m;
    return ES_OK;
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
    const double *values = m->any[index_of(m->runtimes, rows->runtime)];
    es_memory_unit unit = {
        .reserves = gpu && values[RULE_reserves_on_gpu] > 0,
        .discrete = gpu && rows->device->value[ES_D_H2D_BW] > 0 && values[RULE_embedding_on_host] > 0,
    };
    /* CUDA's context lies in the memory of a Jetson, too */
    const bool driver = unit.discrete > 0 || (gpu && strcmp(rows->unit->text[ES_U_KIND], "gpu_nvidia") == 0);
    unit.driver_bytes = driver * values[RULE_driver_bytes];
    /* One that is not known lacks nothing. */
    const double build = rows->runtime && strcmp(rows->runtime->text[ES_R_FAMILY], "llama.cpp") == 0
                             ? in[ES_SLOTS * (1 + ES_ROW_GROUPS)]
                             : ES_BUILD_UNKNOWN;
    unit.wide_masks = es_build_lacks(build, (es_since){MASKS_OF_16_BITS, MASKS_OF_16_BITS_MONTH});
    for (int i = 0; i < ES_SLOTS && cpu && values[RULE_repacks] > 0; i++) {
        const es_repack *repack = in[i] > ES_TYPE_NONE ? es_repack_of(m->repacks, rows->unit, (int)in[i]) : NULL;
        if (!repack || es_build_lacks(build, repack->first))
            continue;
        int group = 0;
        while (group + 1 < ES_ROW_GROUPS && es_row_group[group] < repack->least_rows)
            group++;
        const double bytes = in[ES_SLOTS * (1 + group) + i];
        unit.repacked_bytes += bytes;
        unit.repacked_head_bytes += i == ES_DENSE_SLOTS ? bytes : 0;
    }
    memcpy(out, &unit, sizeof unit);
}

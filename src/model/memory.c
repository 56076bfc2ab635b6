#include "model/memory.h"

#include <math.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"
#include "model/roofline_blocks.h"
#include "model/runtime.h"

/* The family by which GGUF files, and so runtimes, know a model. */
static const char *gguf_family(const es_row *model) {
    static const char *const known[][2] = {{"gptoss", "gpt-oss"}, {"mistral", "llama"}, {"mixtral", "llama"}};
    const char *family = model->text[ES_M_FAMILY];
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (es_equal_fold(family, known[i][0]))
            return known[i][1];
    if (es_equal_fold(family, "ernie4_5") && model->value[ES_M_N_EXPERTS] > 0)
        return "ernie4_5-moe";
    return family;
}

/* How closely the row is about the model under the runtime; 0: not at all. */
static int closeness(const es_row *rule, const es_row *runtime, const char *family) {
    const char *of = rule->text[ES_RM_RUNTIME], *about = rule->text[ES_RM_FAMILY];
    const bool named = es_equal_fold(of, runtime->name);
    if (!named && !es_equal_fold(of, runtime->text[ES_R_FAMILY]))
        return 0;
    if (strcmp(about, "*") == 0)
        return 1 + named;
    return es_equal_fold(about, family) ? 3 + named : 0;
}

static double rule_value(const es_catalog *catalog, const es_row *runtime, const char *family, const char *name,
                         double otherwise) {
    const es_table *rules = &catalog->table[ES_RUNTIME_MEMORY];
    int best = 0;
    for (size_t i = 0; runtime && i < rules->n_rows; i++) {
        const es_row *rule = &rules->rows[i];
        if (strcmp(rule->text[ES_RM_RULE], name) != 0)
            continue;
        const int close = closeness(rule, runtime, family);
        const es_slice number = {rule->text[ES_RM_VALUE], strcspn(rule->text[ES_RM_VALUE], ":, ")};
        double value;
        if (close > best && es_parse_double(number, &value) == ES_NUMBER_OK)
            best = close, otherwise = value;
    }
    return otherwise;
}

void es_roofline_memory_rules(const void *state_, const es_rows *rows, const double *in, double *out) {
    const es_roofline_state *state = state_;
    const char *family = gguf_family(rows->model);
    (void)in;
    const char *scope = rows->model->text[ES_M_PUBLISHED_SCOPE];
    es_memory_of of = {
#define ES_RULE(rule, otherwise) .rules.rule = rule_value(state->catalog, rows->runtime, family, #rule, otherwise),
        ES_MEMORY_RULES(ES_RULE)
#undef ES_RULE
            .tower_counted = strstr(scope, "tower") || strstr(scope, "vision"),
    };
    if (rows->device->value[ES_D_CLASS] == ES_CLASS_MCU)
        of.rules.program_bytes = 0;
    memcpy(out, &of, sizeof of);
}

/* Whether the unit has every token of a list joined by +. */
static bool has_all(const es_row *unit, const char *list) {
    es_slice rest = es_slice_of(list);
    for (es_slice token; es_slice_part(&rest, '+', &token);)
        if (!es_unit_has(unit, token))
            return false;
    return unit->name[0] != '\0'; /* known by its class alone: who knows */
}

static bool is_repacked(const es_roofline_state *state, const es_row *unit, double type) {
    const es_table *types = &state->catalog->table[ES_REPACKED_TYPE];
    const char *name = type > ES_TYPE_NONE ? es_type_labels[(size_t)type] : NULL;
    for (size_t i = 0; name && i < types->n_rows; i++)
        if (es_equal_fold(types->rows[i].text[ES_RT_TYPE], name) && has_all(unit, types->rows[i].text[ES_RT_ISA]))
            return true;
    return false;
}

void es_roofline_memory_unit(const void *state_, const es_rows *rows, const double *in, double *out) {
    const es_roofline_state *state = state_;
    const bool gpu = rows->unit && strncmp(rows->unit->text[ES_U_KIND], "gpu", 3) == 0;
    const bool cpu = rows->unit && strncmp(rows->unit->text[ES_U_KIND], "cpu", 3) == 0;
    const double discrete = rows->device->value[ES_D_H2D_BW] > 0;
    es_memory_unit unit = {
        .reserves = gpu && rule_value(state->catalog, rows->runtime, "", "reserves_on_gpu", 0) > 0,
        .discrete = discrete > 0 && gpu && rule_value(state->catalog, rows->runtime, "", "embedding_on_host", 0) > 0,
    };
    if (unit.discrete > 0)
        unit.driver_bytes = rule_value(state->catalog, rows->runtime, "", "driver_bytes", 0);
    const bool repacks = cpu && rule_value(state->catalog, rows->runtime, "", "repacks", 0) > 0;
    for (int i = 0; i < ES_SLOTS; i++)
        unit.repacked[i] = repacks && is_repacked(state, rows->unit, in[i]);
    memcpy(out, &unit, sizeof unit);
}

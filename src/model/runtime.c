#include "model/runtime.h"

#include <math.h>
#include <string.h>

bool es_unit_has(const es_row *unit, es_slice token) {
    es_slice rest = es_slice_of(unit->text[ES_U_ISA]), part;
    if (!unit->name[0])
        return true;
    while (es_slice_part(&rest, ' ', &part))
        if (part.length == token.length && memcmp(part.text, token.text, token.length) == 0)
            return true;
    return false;
}

bool es_unit_has_all(const es_row *unit, const char *tokens) {
    es_slice rest = es_slice_of(tokens);
    for (es_slice token; es_slice_part(&rest, '+', &token);)
        if (!es_unit_has(unit, token))
            return false;
    return unit->name[0] != '\0'; /* known by its class alone: who knows */
}

static bool has_either(const es_row *unit, es_slice tokens) {
    for (es_slice token; es_slice_part(&tokens, '|', &token);)
        if (es_unit_has(unit, token))
            return true;
    return false;
}

static bool lists(const char *list, const char *name) {
    es_slice rest = es_slice_of(list);
    for (es_slice part; es_slice_part(&rest, ';', &part);)
        if (es_slice_equal_fold(part, name))
            return true;
    return false;
}

bool es_runtime_on(const es_row *runtime, const es_row *unit, es_slice *missing) {
    const char *kinds = runtime->text[ES_R_UNIT_KINDS], *units = runtime->text[ES_R_UNITS];
    es_slice none, rest = es_slice_of(runtime->text[ES_R_REQUIRES]);
    missing = missing ? missing : &none;
    if (!lists(kinds, unit->text[ES_U_KIND]) && strcmp(kinds, "*") != 0)
        *missing = es_slice_of(*kinds ? kinds : "several machines");
    else if (*units && !lists(units, unit->text[ES_U_UNIT]))
        *missing = es_slice_of(units);
    else {
        while (es_slice_part(&rest, ' ', missing))
            if (!has_either(unit, *missing))
                return false;
        return true;
    }
    return false;
}

es_loads es_runtime_loads(const es_row *runtime, const char *format, es_precision_kind kind, es_slice *isa) {
    es_slice rest = es_slice_of(runtime->text[ES_R_FORMATS]);
    es_loads loads = ES_LOADS_NOT;
    for (es_slice pattern; es_slice_part(&rest, ';', &pattern);) {
        bool rejects = pattern.length > 0 && pattern.text[0] == '!';
        pattern.text += rejects, pattern.length -= rejects;
        const char *at = memchr(pattern.text, '@', pattern.length);
        es_slice glob = {pattern.text, at ? (size_t)(at - pattern.text) : pattern.length};
        if (es_slice_equal(glob, "gguf:*") ? kind != ES_PRECISION_GGUF : !es_glob_match(glob, format))
            continue;
        loads = rejects ? ES_LOADS_NOT : at ? ES_LOADS_WITH_ISA : ES_LOADS;
        if (at)
            *isa = (es_slice){at + 1, pattern.length - glob.length - 1};
    }
    return loads;
}

es_precision_kind es_format_kind(const es_row *precision) {
    double kind = precision->value[isnan(precision->value[ES_P_FORMAT_KIND]) ? ES_P_KIND : ES_P_FORMAT_KIND];
    return (es_precision_kind)kind;
}

es_runs_answer es_runs(const es_row *runtime, const es_row *unit, const es_row *precision, es_slice *missing) {
    es_slice none, *isa = missing ? missing : &none;
    es_loads loads = es_runtime_loads(runtime, precision->name, es_format_kind(precision), isa);
    if (loads == ES_LOADS_NOT)
        return ES_RUNS_LOADS_NOT;
    if (loads == ES_LOADS_WITH_ISA && !es_unit_has(unit, *isa))
        return ES_RUNS_NOT_HERE;
    return es_runtime_on(runtime, unit, missing) ? ES_RUNS : ES_RUNS_NOT_HERE;
}

bool es_runtime_serves(const es_row *runtime, const es_row *unit) {
    es_slice rest = es_slice_of(runtime->text[ES_R_FORMATS]), pattern;
    if (!es_runtime_on(runtime, unit, NULL))
        return false;
    while (es_slice_part(&rest, ';', &pattern)) {
        const char *at = memchr(pattern.text, '@', pattern.length);
        if (pattern.text[0] != '!' &&
            (!at || es_unit_has(unit, (es_slice){at + 1, (size_t)(pattern.text + pattern.length - at - 1)})))
            return true;
    }
    return false;
}

/* ---- NPUs ---- */

bool es_unit_is_npu(const es_row *unit) {
    const char *kind = unit->text[ES_U_KIND];
    return strncmp(kind, "npu_", 4) == 0 || strncmp(kind, "tpu_", 4) == 0;
}

double es_device_field(const es_row *device, const es_row *unit, int field) {
    double value = device->value[field];
    if (!isnan(value) || !es_unit_is_npu(unit))
        return value;
    switch (field) {
    case ES_D_PEAK_FP32:
    case ES_D_PEAK_FP16: value = device->value[ES_D_PEAK_INT8]; /* fall through */
    case ES_D_PEAK_INT8:
    case ES_D_MEM_BW: return isnan(value) ? 1 : value;
    default: return value;
    }
}

/* The backends of a row are separated by commas; what stands in brackets describes one. */
static bool has_backend(const es_row *runtime, es_slice wanted, bool alone) {
    const char *list = runtime->text[ES_R_BACKEND];
    es_slice rest = es_slice_of(list);
    for (es_slice part; (!alone || !strchr(list, ',')) && es_slice_part(&rest, ',', &part);) {
        const char *bracket = memchr(part.text, '(', part.length);
        if (bracket)
            part = es_slice_trim((es_slice){part.text, (size_t)(bracket - part.text)});
        if (part.length == wanted.length && strncasecmp(part.text, wanted.text, wanted.length) == 0)
            return true;
    }
    return false;
}

/* One of several backends is only meant where no row of the family has it alone. */
static bool stands_for_backend(const es_table *runtimes, const es_row *runtime, es_slice backend) {
    if (has_backend(runtime, backend, true))
        return true;
    for (size_t i = 0; i < runtimes->n_rows; i++)
        if (es_equal_fold(runtimes->rows[i].text[ES_R_FAMILY], runtime->text[ES_R_FAMILY]) &&
            has_backend(&runtimes->rows[i], backend, true))
            return false;
    return has_backend(runtime, backend, false);
}

static bool is_row(const es_row *runtime, es_slice name) {
    bool is = es_slice_equal_fold(name, runtime->name);
    for (const char *const *alias = runtime->aliases; *alias && !is; alias++)
        is = es_slice_equal_fold(name, *alias);
    return is;
}

bool es_runtime_is_named(const es_table *runtimes, const es_row *runtime, es_slice name) {
    const char *family = runtime->text[ES_R_FAMILY];
    size_t n = strlen(family);
    if (is_row(runtime, name) || (n > 0 && es_slice_equal_fold(name, family)))
        return true;
    return n > 0 && name.length > n + 1 && name.text[n] == '/' && strncasecmp(name.text, family, n) == 0 &&
           stands_for_backend(runtimes, runtime, (es_slice){name.text + n + 1, name.length - n - 1});
}

const es_row *es_runtime_find(const es_catalog *catalog, es_slice name, const es_row *unit) {
    const es_table *table = &catalog->table[ES_RUNTIME];
    const es_row *row = es_table_find(table, name.text, name.length), *best = NULL;
    if (row)
        return es_runtime_on(row, unit, NULL) ? row : NULL;
    for (size_t i = 0; i < table->n_rows; i++) {
        row = &table->rows[i];
        if (!es_runtime_is_named(table, row, name) || !es_runtime_on(row, unit, NULL))
            continue;
        if (!best || row->value[ES_R_SUPPORT_RANK] < best->value[ES_R_SUPPORT_RANK])
            best = row;
    }
    return best;
}

bool es_runtime_has_model(const es_row *runtime, const es_row *model) {
    es_slice rest = es_slice_of(runtime->text[ES_R_MODELS]);
    for (es_slice part; es_slice_part(&rest, ';', &part);)
        if (es_glob_match(part, model->name))
            return true;
    return runtime->text[ES_R_MODELS][0] == '\0';
}

/* Axes: from keys of [sweep] to lists of values, strides and the number of points. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "grid/plan.h"
#include "grid/select.h"
#include "grid/values.h"

typedef struct builder {
    es_sweep *sweep;
    es_plan *plan;
    const es_spec *spec;
    es_errors *errors;
    es_axis *axes;
    size_t n;
    bool overridden[ES_PRECISION + 1][128]; /* [entity][field]: an absolute axis supplies the field */
} builder;

static const char *const entity_words[] = {"model", "device", "precision"};

/* Index of the option, or -1. */
static int kernel_option(const es_kernel *kernel, es_slice name) {
    for (size_t i = 0; i < kernel->n_options; i++)
        if (es_slice_equal(name, kernel->options[i].name))
            return (int)i;
    return -1;
}

static int workload_axis(const es_kernel *kernel, es_slice name) {
    for (size_t i = 0; i < kernel->n_axes; i++)
        if (es_slice_equal(name, kernel->axes[i].name))
            return (int)i;
    return -1;
}

/* The entity of `device.mem_bw_gbs` and the rest of the key; -1 when the key is no field. */
static int entity_of_key(es_slice key, es_slice *field) {
    const char *dot = memchr(key.text, '.', key.length);
    if (!dot)
        return -1;
    es_slice head = {key.text, (size_t)(dot - key.text)};
    *field = (es_slice){dot + 1, key.length - head.length - 1};
    for (int e = 0; e <= ES_PRECISION; e++)
        if (es_slice_equal(head, entity_words[e]))
            return e;
    return -1;
}

static bool kernel_reads(const es_kernel *kernel, int entity, int field) {
    for (size_t i = 0; i < kernel->n_nodes; i++) {
        const es_node *node = &kernel->nodes[i];
        bool leaf = node->kind == ES_NODE_FIELD || node->kind == ES_NODE_AXIS || node->kind == ES_NODE_FACTOR;
        if (leaf && (int)node->entity == entity && node->index == field)
            return true;
    }
    return false;
}

/* ---- unknown keys ---- */

static size_t list_keys(const es_kernel *kernel, const char **names, size_t capacity, es_arena *arena) {
    size_t n = 0;
    names[n++] = "kernel";
    for (int e = 0; e <= ES_PRECISION; e++)
        names[n++] = entity_words[e];
    if (kernel->has_runtime)
        names[n++] = "runtime";
    for (size_t i = 0; i < kernel->n_axes && n < capacity; i++)
        names[n++] = kernel->axes[i].name;
    for (size_t i = 0; i < kernel->n_options && n < capacity; i++)
        names[n++] = kernel->options[i].name;
    for (int e = 0; e <= ES_PRECISION; e++) {
        const es_field_table *fields = es_fields((es_kind)e);
        for (size_t f = 0; f < fields->n_fields && n < capacity; f++)
            if (kernel_reads(kernel, e, (int)f)) {
                const char *name = es_arena_printf(arena, "%s.%s", entity_words[e], fields->fields[f].name);
                if (name)
                    names[n++] = name;
            }
    }
    return n;
}

static bool known_elsewhere(es_slice key, const char **kernel_name) {
    for (size_t i = 0; i < es_kernel_count(); i++) {
        const es_kernel *kernel = es_kernel_at(i);
        *kernel_name = kernel->name;
        if (workload_axis(kernel, key) >= 0 || kernel_option(kernel, key) >= 0)
            return true;
        if (kernel->has_runtime && es_slice_equal(key, "runtime"))
            return true;
    }
    return false;
}

/* Names of llama.cpp's and llama-bench's options, of Ollama's parameters, and what people say. */
static const char *const other_words[][2] = {
    {"ctx", "n_ctx"},
    {"ctx_size", "n_ctx"},
    {"num_ctx", "n_ctx"},
    {"context", "n_ctx"},
    {"context_length", "n_ctx"},
    {"max_model_len", "n_ctx"},
    {"c", "n_ctx"},
    {"quant", "precision"},
    {"quants", "precision"},
    {"quantization", "precision"},
    {"quantisation", "precision"},
    {"format", "precision"},
    {"ftype", "precision"},
    {"dtype", "precision"},
    {"ngl", "gpu_layers"},
    {"n_gpu_layers", "gpu_layers"},
    {"num_gpu", "gpu_layers"},
    {"n_cpu_moe", "cpu_experts"},
    {"cpu_moe", "cpu_experts"},
    {"fa", "flash_attn"},
    {"flash_attention", "flash_attn"},
    {"ctk", "kv_bits"},
    {"cache_type_k", "kv_bits"},
    {"kv", "kv_bits"},
    {"kv_type", "kv_bits"},
    {"kv_cache", "kv_bits"},
    {"ctv", "kv_bits_v"},
    {"cache_type_v", "kv_bits_v"},
    {"ub", "ubatch"},
    {"ubatch_size", "ubatch"},
    {"n_ubatch", "ubatch"},
    {"batch_size", "batch"},
    {"parallel", "batch"},
    {"np", "batch"},
    {"users", "batch"},
    {"t", "threads"},
    {"n_threads", "threads"},
    {"num_thread", "threads"},
    {"pp", "prompt"},
    {"n_prompt", "prompt"},
    {"prompt_len", "prompt"},
    {"input_len", "prompt"},
    {"tg", "gen"},
    {"n_gen", "gen"},
    {"gen_len", "gen"},
    {"n_predict", "gen"},
    {"num_predict", "gen"},
    {"max_tokens", "gen"},
    {"output_len", "gen"},
    {"n_depth", "depth"},
    {"board", "device"},
    {"gpu", "device"},
    {"hardware", "device"},
    {"machine", "device"},
    {"llm", "model"},
    {"backend", "runtime"},
    {"engine", "runtime"},
    {"sequence_length", "seq_len"},
    {"bs", "batch"},
    {"b", "batch"},
    {"m", "model"},
    {"n", "gen"},
    {"max_new_tokens", "gen"},
    {"hw", "device"},
    {"phone", "device"},
    {"vram", "device.ram_gb"},
    {"ram", "device.ram_gb"},
    {"memory", "device.ram_gb"},
    {"bandwidth", "device.mem_bw_gbs"},
    {"mem_bw", "device.mem_bw_gbs"},
    {"price", "device.price_usd"},
};

/* Equal but for - and _. */
static bool same_word(es_slice word, const char *name) {
    size_t i = 0;
    for (;; i++, name++) {
        while (i < word.length && (word.text[i] == '-' || word.text[i] == '_'))
            i++;
        name += *name == '_';
        if (i == word.length || word.text[i] != *name)
            return i == word.length && !*name;
    }
}

const char *es_plan_key(es_slice word) {
    for (int e = 0; e <= ES_PRECISION; e++)
        if (same_word(word, entity_words[e]))
            return entity_words[e];
    if (same_word(word, "runtime"))
        return "runtime";
    for (size_t k = 0; k < es_kernel_count(); k++) {
        const es_kernel *kernel = es_kernel_at(k);
        for (size_t i = 0; i < kernel->n_axes; i++)
            if (same_word(word, kernel->axes[i].name))
                return kernel->axes[i].name;
        for (size_t i = 0; i < kernel->n_options; i++)
            if (same_word(word, kernel->options[i].name))
                return kernel->options[i].name;
    }
    return NULL;
}

const char *es_plan_word(es_slice word) {
    for (size_t i = 0; i < sizeof other_words / sizeof *other_words; i++)
        if (same_word(word, other_words[i][0]))
            return strchr(other_words[i][1], '.') ? other_words[i][1] : es_plan_key(es_slice_of(other_words[i][1]));
    const char *names[128];
    size_t n = 0;
    for (size_t k = 0; k < es_kernel_count(); k++)
        for (size_t i = 0; i < es_kernel_at(k)->n_axes && n < 120; i++)
            names[n++] = es_kernel_at(k)->axes[i].name;
    for (int e = 0; e <= ES_PRECISION; e++)
        names[n++] = entity_words[e];
    return es_nearest(word, names, n);
}

static es_status unknown_key(const builder *b, const es_entry *entry) {
    const char *other = NULL;
    const es_kernel *kernel = b->plan->kernel;
    if (known_elsewhere(entry->key, &other))
        return es_fail(b->errors, ES_EUSAGE, &entry->key_at, "kernel %s does not read this axis, %s does: '%s'",
                       kernel->name, other, es_quote(entry->key).text);
    const char *names[256];
    size_t n = list_keys(kernel, names, 256, &b->plan->arena);
    const char *near = es_plan_word(entry->key);
    near = near ? near : es_nearest(entry->key, names, n);
    return es_fail(b->errors, ES_EUSAGE, &entry->key_at, "unknown key: '%s'; %s%s%s", es_quote(entry->key).text,
                   near ? "did you mean '" : "expected an axis, an option or kernel (see 'edgesweep help sweep')",
                   near ? near : "", near ? "'?" : "");
}

/* ---- entity axes ---- */

static es_axis *add_axis(builder *b, es_axis axis) {
    b->axes[b->n] = axis;
    return &b->axes[b->n++];
}

/* The runtime `default` runs on anything. */
static bool asks_for_default(const builder *b) {
    const es_entry *entry = es_spec_find(b->spec, ES_SEC_SWEEP, "runtime");
    es_slice rest = entry ? entry->value : es_slice_of("");
    for (es_slice item; es_slice_part(&rest, ',', &item);)
        if (es_unquote(&item) && es_slice_equal_fold(item, "default"))
            return true;
    return false;
}

static es_status add_entity(builder *b, es_kind entity) {
    const es_entry *entry = es_spec_find(b->spec, ES_SEC_SWEEP, entity_words[entity]);
    es_origin at = entry ? entry->value_at : b->spec->end;
    es_selection selection;
    es_status status =
        es_select_rows(&selection, b->plan->kernel, b->sweep->catalog, entity, entry ? entry->value : es_slice_of("*"),
                       at, b->overridden[entity], asks_for_default(b), &b->plan->arena, b->errors);
    b->plan->entity_axis[entity] = (int)b->n;
    b->plan->named_at[entity] = (const es_origin *const *)selection.named_at;
    add_axis(b, (es_axis){.name = entity_words[entity],
                          .unit = "",
                          .role = ES_AXIS_ENTITY,
                          .entity = entity,
                          .given = entry != NULL,
                          .n = selection.n,
                          .row = selection.row,
                          .origin = at});
    return status;
}

/* ---- numeric axes ---- */

/* The axis' own words and the names and aliases of all models; NULL without memory. */
static const es_axis_word *words_and_models(const builder *b, const es_axis_word *own) {
    const es_table *models = &b->sweep->catalog->table[ES_MODEL];
    size_t n = 0, most = ES_AXIS_FIRST_MODEL + 1;
    for (size_t i = 0; i < models->n_rows; i++) {
        most++;
        for (const char *const *alias = models->rows[i].aliases; *alias; alias++)
            most++;
    }
    es_axis_word *words = es_arena_array(&b->plan->arena, most, sizeof *words);
    if (!words)
        return NULL;
    while (own->name)
        words[n++] = *own++;
    for (size_t i = 0; i < models->n_rows; i++) {
        const double value = (double)(ES_AXIS_FIRST_MODEL + i);
        words[n++] = (es_axis_word){models->rows[i].name, value};
        for (const char *const *alias = models->rows[i].aliases; *alias; alias++)
            words[n++] = (es_axis_word){*alias, value};
    }
    return words;
}

static es_status add_workload(builder *b, int index) {
    const es_workload_axis *def = &b->plan->kernel->axes[index];
    const es_entry *entry = es_spec_find(b->spec, ES_SEC_SWEEP, def->name);
    es_values values = {.value = (double *)&def->fallback, .n = 1};
    es_status status = ES_OK;
    es_value_rule rule = {def->name, def->unit, def->min, def->max, false, def->whole, false, def->words};
    if (entry && def->flags & ES_AXIS_MODELS && !(rule.words = words_and_models(b, def->words)))
        return es_fail_memory(b->errors);
    if (entry)
        status = es_values_parse(&values, entry->value, entry->value_at, &rule, &b->plan->arena, b->errors);
    add_axis(b, (es_axis){.name = def->name,
                          .unit = def->unit,
                          .role = ES_AXIS_WORKLOAD,
                          .index = index,
                          .given = entry != NULL,
                          .n = values.n,
                          .value = values.value,
                          .origin = entry ? entry->value_at : b->spec->end});
    return status;
}

static es_value_rule rule_of_field(const es_field *field, const char *name) {
    return (es_value_rule){.name = name,
                           .unit = field->unit,
                           .min = field->min,
                           .max = field->max,
                           .exclusive = (field->flags & ES_EXCLUSIVE) != 0,
                           .whole = field->type == ES_COUNT || field->type == ES_FLAG,
                           .factors = true};
}

static es_status add_field(builder *b, const es_entry *entry, int entity, es_slice field_name) {
    int index = es_field_find((es_kind)entity, field_name.text, field_name.length);
    if (index < 0)
        return unknown_key(b, entry);
    const es_field *field = &es_fields((es_kind)entity)->fields[index];
    if (!es_field_is_numeric(field))
        return es_fail(b->errors, ES_EUSAGE, &entry->key_at, "not a numeric field, so not an axis: '%s'",
                       es_quote(entry->key).text);
    if (!kernel_reads(b->plan->kernel, entity, index))
        return es_fail(b->errors, ES_EUSAGE, &entry->key_at, "kernel %s does not read this field: '%s'",
                       b->plan->kernel->name, es_quote(entry->key).text);
    if (b->n >= ES_MAX_AXES)
        return es_fail(b->errors, ES_EUSAGE, &entry->key_at, "more than %d axes: '%s'", ES_MAX_AXES,
                       es_quote(entry->key).text);
    char *name = es_arena_text(&b->plan->arena, entry->key);
    if (!name)
        return es_fail_memory(b->errors);
    es_slice formula = entry->value;
    es_origin at = entry->value_at;
    if (es_tied_formula(&formula, &at)) {
        const char *text = es_arena_text(&b->plan->arena, formula);
        b->overridden[entity][index] = true;
        b->plan->tied[b->plan->n_tied++] = (es_tied){name, text, at, (es_kind)entity, index, 0};
        return text ? ES_OK : es_fail_memory(b->errors);
    }
    es_value_rule rule = rule_of_field(field, name);
    es_values values = {0};
    es_status status = es_values_parse(&values, entry->value, entry->value_at, &rule, &b->plan->arena, b->errors);
    b->overridden[entity][index] = !values.factor;
    add_axis(b, (es_axis){.name = name,
                          .unit = field->unit,
                          .role = ES_AXIS_FIELD,
                          .entity = (es_kind)entity,
                          .index = index,
                          .factor = values.factor,
                          .given = true,
                          .n = values.n,
                          .value = values.value,
                          .origin = entry->value_at});
    return status;
}

/* Runtimes stand in front of precisions, but which of them there are depends on both. */
static es_status add_runtime_and_precision(builder *b) {
    es_plan *plan = b->plan;
    es_axis runtime;
    es_status status = add_entity(b, ES_PRECISION);
    plan->runtime_axis = -1;
    if (status || !plan->kernel->has_runtime)
        return status;
    size_t at = b->n - 1;
    status =
        es_plan_runtimes(b->sweep, b->spec, &runtime, &b->axes[plan->entity_axis[ES_DEVICE]], &b->axes[at], b->errors);
    add_axis(b, b->axes[at]);
    b->axes[at] = runtime;
    plan->runtime_axis = (int)at;
    plan->entity_axis[ES_PRECISION] = (int)at + 1;
    return status;
}

static bool is_known_key(const builder *b, es_slice key) {
    const es_kernel *kernel = b->plan->kernel;
    for (int e = 0; e <= ES_PRECISION; e++)
        if (es_slice_equal(key, entity_words[e]))
            return true;
    if (es_slice_equal(key, "kernel") || (kernel->has_runtime && es_slice_equal(key, "runtime")))
        return true;
    return workload_axis(kernel, key) >= 0 || kernel_option(kernel, key) >= 0;
}

/* Field axes in order of appearance; every other key must be known. */
static es_status scan_keys(builder *b) {
    const es_entries *list = &b->spec->section[ES_SEC_SWEEP];
    es_status status = ES_OK;
    for (size_t i = 0; i < list->count; i++) {
        es_slice field;
        es_status one = ES_OK;
        int entity = entity_of_key(list->entry[i].key, &field);
        if (entity >= 0)
            one = add_field(b, &list->entry[i], entity, field);
        else if (!is_known_key(b, list->entry[i].key))
            one = unknown_key(b, &list->entry[i]);
        status = status ? status : one;
    }
    return status;
}

static bool is_whole_field(const es_field *field) { return field->type == ES_COUNT || field->type == ES_FLAG; }

/* What a row without the field gets, times the factor; NaN when the kernel does not say so in one step. */
static double scaled_default(const builder *b, const es_axis *axis, double factor) {
    int id = es_plan_effective_node(b->plan, axis);
    const es_node *def = id >= 0 ? &b->plan->kernel->nodes[id] : NULL;
    if (!def || def->kind != ES_NODE_FN || def->n_in != 2)
        return NAN;
    double absent = NAN, value;
    const double *in[2];
    for (size_t k = 0; k < 2; k++)
        in[k] = b->plan->kernel->nodes[def->in[k]].kind == ES_NODE_FACTOR ? &factor : &absent;
    def->fn(&value, in, 1);
    return value;
}

static es_status check_factor(const builder *b, const es_axis *axis, const es_row *row, double factor) {
    const es_field *field = &es_fields(axis->entity)->fields[axis->index];
    if (es_plan_effective_node(b->plan, axis) < 0) /* applied to what calibration says, and cut by the kernel */
        return ES_OK;
    double value = row->value[axis->index] * factor;
    if (isnan(value))
        value = scaled_default(b, axis, factor);
    if (value > field->max || value < field->min)
        return es_fail(b->errors, ES_EUSAGE, &axis->origin,
                       "%s of '%s' times %.9g is %.9g, out of range: '%s'; expected %.9g to %.9g", field->name,
                       es_quote_text(row->name).text, factor, value, axis->name, field->min, field->max);
    if (is_whole_field(field) && value != floor(value) && !isnan(value))
        return es_fail(b->errors, ES_EUSAGE, &axis->origin, "%s of '%s' times %.9g is %.9g, not a whole number: '%s'",
                       field->name, es_quote_text(row->name).text, factor, value, axis->name);
    return ES_OK;
}

/* Counts need every factor, other fields only the ends. */
static es_status check_axis_factors(const builder *b, const es_axis *axis) {
    const es_axis *rows = &b->axes[b->plan->entity_axis[axis->entity]];
    bool every = is_whole_field(&es_fields(axis->entity)->fields[axis->index]);
    double low = axis->value[0], high = axis->value[0];
    for (size_t j = 1; j < axis->n; j++) {
        low = axis->value[j] < low ? axis->value[j] : low;
        high = axis->value[j] > high ? axis->value[j] : high;
    }
    es_status status = ES_OK;
    for (size_t i = 0; i < rows->n && !status; i++) {
        status = check_factor(b, axis, rows->row[i], low);
        if (!status)
            status = check_factor(b, axis, rows->row[i], high);
        for (size_t j = 0; every && j < axis->n && !status; j++)
            status = check_factor(b, axis, rows->row[i], axis->value[j]);
    }
    return status;
}

/* A factor must keep every row's value in the field's range (a utilization of 0.9 times 1.2 is none), and counts whole. */
static es_status check_factors(const builder *b) {
    es_status status = ES_OK;
    for (size_t a = 0; a < b->n && !status; a++)
        if (b->axes[a].role == ES_AXIS_FIELD && b->axes[a].factor)
            status = check_axis_factors(b, &b->axes[a]);
    return status;
}

/* The largest value of a model's field on an axis, of the row when there is none. */
static double largest_of_model(const builder *b, const es_row *row, int field) {
    for (size_t a = 0; a < b->n; a++) {
        const es_axis *axis = &b->axes[a];
        if (axis->role != ES_AXIS_FIELD || axis->entity != ES_MODEL || axis->index != field)
            continue;
        double largest = axis->value[0];
        for (size_t i = 1; i < axis->n; i++)
            largest = axis->value[i] > largest ? axis->value[i] : largest;
        return axis->factor ? row->value[field] * largest : largest;
    }
    return row->value[field];
}

static const es_axis *experts_axis(const builder *b) {
    const es_axis *found = NULL;
    for (size_t a = 0; a < b->n; a++) {
        const es_axis *axis = &b->axes[a];
        bool counts = axis->index == ES_M_N_ACTIVE || axis->index == ES_M_N_EXPERTS;
        if (axis->role == ES_AXIS_FIELD && axis->entity == ES_MODEL && counts)
            found = axis;
    }
    return found;
}

/* More active experts than any model of the sweep has.  Where only some have too few, their cells are empty. */
static es_status check_experts(const builder *b) {
    const es_axis *axis = experts_axis(b), *models = &b->axes[b->plan->entity_axis[ES_MODEL]];
    const es_row *short_of = NULL;
    for (size_t i = 0; axis && i < models->n; i++) {
        double experts = largest_of_model(b, models->row[i], ES_M_N_EXPERTS);
        if (!(experts > 0))
            continue;
        if (largest_of_model(b, models->row[i], ES_M_N_ACTIVE) <= experts)
            return ES_OK;
        short_of = models->row[i];
    }
    if (!short_of)
        return ES_OK;
    return es_fail(b->errors, ES_EUSAGE, &axis->origin,
                   "%.9g active experts, '%s' has %.9g: '%s'; expected at most that",
                   largest_of_model(b, short_of, ES_M_N_ACTIVE), es_quote_text(short_of->name).text,
                   largest_of_model(b, short_of, ES_M_N_EXPERTS), axis->name);
}

static es_status set_strides(builder *b) {
    uint64_t points = 1;
    for (size_t a = b->n; a-- > 0;) {
        b->axes[a].stride = points;
        if (!es_mul_u64(points, b->axes[a].n, &points) || points > INT64_MAX)
            return es_fail(b->errors, ES_EUSAGE, &b->axes[a].origin,
                           "the grid has more than 2^63-1 points: '%s' has %zu values; expected fewer values",
                           b->axes[a].name, b->axes[a].n);
    }
    b->sweep->n_points = points;
    return ES_OK;
}

/* Field axes are parsed first, because they decide what rows may lack, and stand last. */
static es_status add_all(builder *b) {
    es_status status = scan_keys(b), one;
    size_t n_fields = b->n;
    es_axis fields[ES_MAX_AXES];
    memcpy(fields, b->axes, n_fields * sizeof *fields);
    b->n = 0;
    const es_kernel *kernel = b->plan->kernel;
    if (n_fields + 4 + kernel->n_axes > ES_MAX_AXES)
        return es_fail(b->errors, ES_EUSAGE, &b->spec->end, "more than %d axes", ES_MAX_AXES);
    if ((one = add_entity(b, ES_MODEL)))
        status = status ? status : one;
    if ((one = add_entity(b, ES_DEVICE)))
        status = status ? status : one;
    if ((one = add_runtime_and_precision(b)))
        status = status ? status : one;
    for (size_t i = 0; i < kernel->n_axes; i++)
        if ((one = add_workload(b, (int)i)))
            status = status ? status : one;
    memcpy(b->axes + b->n, fields, n_fields * sizeof *fields);
    b->n += n_fields;
    return status;
}

es_status es_plan_axes(es_sweep *sweep, const es_spec *spec, es_errors *errors) {
    builder b = {.sweep = sweep, .plan = sweep->plan, .spec = spec, .errors = errors};
    b.axes = es_arena_array(&sweep->plan->arena, ES_MAX_AXES, sizeof *b.axes);
    b.plan->tied = es_arena_array(&sweep->plan->arena, spec->section[ES_SEC_SWEEP].count + 1, sizeof *b.plan->tied);
    if (!b.axes || !b.plan->tied)
        return es_fail_memory(errors);
    es_status status = add_all(&b);
    if (!status)
        status = check_factors(&b);
    if (!status)
        status = check_experts(&b);
    if (!status)
        status = set_strides(&b);
    sweep->axes = b.axes;
    sweep->n_axes = b.n;
    return status;
}

/* Nodes: the kernel's leaves bound to axes, and the set of axes every node depends on. */
#include <math.h>
#include <string.h>

#include "base/number.h"
#include "grid/plan.h"
#include "model/runtime.h"

enum { ES_PLAN_FORMULAS = 4096 };

typedef struct binder {
    es_sweep *sweep;
    es_plan *plan;
    const es_spec *spec;
    es_errors *errors;
    double option[32];
} binder;

static uint64_t axis_bit(const es_sweep *sweep, int axis) { return sweep->axes[axis].n > 1 ? (uint64_t)1 << axis : 0; }

/* The values of an axis. */
static es_pnode leaf(const binder *b, int axis) { return es_plan_leaf(b->sweep, axis, b->sweep->axes[axis].value); }

static es_pnode constant(double value) { return (es_pnode){.kind = ES_PNODE_CONST, .constant = value}; }

static es_status bind_field(binder *b, const es_node *def, es_pnode *node) {
    int number = -1;
    es_sweep *sweep = b->sweep;
    const es_axis *axis = es_plan_field_axis(sweep, def->entity, def->index, &number);
    const es_tied *tied = es_plan_tied_field(b->plan, def->entity, def->index);
    if (tied && (def->kind == ES_NODE_FIELD || def->kind == ES_NODE_AXIS))
        return *node = b->plan->node[tied->node], ES_OK;
    switch (def->kind) {
    case ES_NODE_ROW: return es_plan_row_leaf(sweep, def->entity, def->index, node, b->errors);
    case ES_NODE_AXIS: *node = axis && !axis->factor ? leaf(b, number) : constant(NAN); return ES_OK;
    case ES_NODE_FACTOR: *node = axis && axis->factor ? leaf(b, number) : constant(1); return ES_OK;
    default: return es_plan_field_node(sweep, def->entity, def->index, node, b->errors);
    }
}

static es_pnode bind_workload(const binder *b, const es_node *def) {
    for (size_t a = 0; a < b->sweep->n_axes; a++) {
        const es_axis *axis = &b->sweep->axes[a];
        if (axis->role == ES_AXIS_WORKLOAD && axis->index == def->index)
            return leaf(b, (int)a);
    }
    return constant(NAN);
}

static es_status bind_node(binder *b, const es_node *def, es_pnode *node) {
    es_status status = ES_OK;
    switch (def->kind) {
    case ES_NODE_WORKLOAD: *node = bind_workload(b, def); break;
    case ES_NODE_OPTION: *node = constant(b->option[def->index]); break;
    case ES_NODE_BLOCK: *node = (es_pnode){.kind = ES_PNODE_BLOCK, .block = def->index, .output = def->output}; break;
    case ES_NODE_FN: *node = (es_pnode){.kind = ES_PNODE_FN, .fn = def->fn, .n_in = def->n_in, .in = def->in}; break;
    default: status = bind_field(b, def, node);
    }
    node->def = def;
    return status;
}

/* ---- options ---- */

static es_status choice_option(const es_entry *entry, const es_option *def, double *value, es_errors *errors) {
    size_t n = 0;
    for (; def->choices[n]; n++)
        if (es_slice_equal(entry->value, def->choices[n])) {
            *value = (double)n;
            return ES_OK;
        }
    char list[200] = "";
    for (size_t i = 0; i < n; i++) {
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", i ? " or " : "", def->choices[i]);
    }
    return es_fail(errors, ES_EUSAGE, &entry->value_at, "unknown value of %s: '%s'; expected %s", def->name,
                   es_quote(entry->value).text, list);
}

static es_status parsed_option(const es_entry *entry, const es_option *def, double *value, es_errors *errors) {
    *value = def->parse(entry->value);
    return isnan(*value) ? es_fail(errors, ES_EUSAGE, &entry->value_at, "not a value of %s: '%s'; expected a %s",
                                   def->name, es_quote(entry->value).text, def->help)
                         : ES_OK;
}

static es_status number_option(const es_entry *entry, const es_option *def, double *value, es_errors *errors) {
    es_number_fault bad = es_parse_scaled(entry->value, value);
    if (bad)
        return es_fail(errors, ES_EUSAGE, &entry->value_at, "%s: '%s'; expected a number", es_number_fault_text(bad),
                       es_quote(entry->value).text);
    if (*value >= def->min && *value <= def->max)
        return ES_OK;
    return es_fail(errors, ES_EUSAGE, &entry->value_at, "%s is out of range: '%s'; expected %.9g to %.9g%s%s",
                   def->name, es_quote(entry->value).text, def->min, def->max, *def->unit ? " " : "", def->unit);
}

static es_status text_option(const binder *b, const es_entry *entry, const es_option *def, double *value) {
    const es_table *table = &b->sweep->catalog->table[def->kind];
    es_slice text = entry->value;
    if (!es_unquote(&text))
        return es_fail(b->errors, ES_EUSAGE, &entry->value_at, "unfinished quote: '%s'", es_quote(entry->value).text);
    *value = es_option_row(def, b->sweep->catalog, text);
    if (!isnan(*value) || text.length == 0)
        return ES_OK;
    const char **names = es_arena_array(&b->plan->arena, table->n_rows + 1, sizeof *names);
    if (!names)
        return es_fail_memory(b->errors);
    char list[400] = "";
    size_t n = 0;
    for (size_t i = 0; i < table->n_rows; i++) {
        const char *name = table->rows[i].text[def->field];
        if (es_option_row(def, b->sweep->catalog, es_slice_of(name)) < (double)i)
            continue;
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", n ? ", " : "", name);
        names[n++] = name;
    }
    const char *near = es_nearest(text, names, n);
    return es_fail(b->errors, ES_EUSAGE, &entry->value_at, "unknown value of %s: '%s'; expected one of %s%s%s%s",
                   def->name, es_quote(text).text, list, near ? "; did you mean '" : "", near ? near : "",
                   near ? "'?" : "");
}

static es_status read_options(binder *b) {
    es_status status = ES_OK;
    for (size_t i = 0; i < b->plan->kernel->n_options; i++) {
        const es_option *def = &b->plan->kernel->options[i];
        const es_entry *entry = es_spec_find(b->spec, ES_SEC_SWEEP, def->name);
        b->option[i] = es_option_default(def, b->sweep->catalog);
        if (!entry)
            continue;
        es_status one = def->text      ? text_option(b, entry, def, &b->option[i])
                        : def->parse   ? parsed_option(entry, def, &b->option[i], b->errors)
                        : def->choices ? choice_option(entry, def, &b->option[i], b->errors)
                                       : number_option(entry, def, &b->option[i], b->errors);
        status = status ? status : one;
    }
    return status;
}

/* ---- dependencies ---- */

static uint64_t mask_of_reads(const binder *b, unsigned reads) {
    const es_plan *plan = b->plan;
    uint64_t mask = 0;
    if (reads & ES_READS_MODEL)
        mask |= axis_bit(b->sweep, plan->entity_axis[ES_MODEL]);
    if (reads & ES_READS_DEVICE)
        mask |= axis_bit(b->sweep, plan->entity_axis[ES_DEVICE]);
    if (reads & ES_READS_PRECISION)
        mask |= axis_bit(b->sweep, plan->entity_axis[ES_PRECISION]);
    if (reads & ES_READS_RUNTIME && plan->runtime_axis >= 0)
        mask |= axis_bit(b->sweep, plan->runtime_axis);
    return mask;
}

static bool is_tied(const es_pnode *node) { return node->kind == ES_PNODE_FN && node->program; }

/* Leaves and constants first, products of factors next, tied fields as they were made and then where the kernel reads
 * them, the kernel in its own order. */
static void sort_nodes(es_plan *plan) {
    size_t n = 0;
    for (size_t i = 0; i < plan->n_nodes; i++)
        if (plan->node[i].kind == ES_PNODE_CONST || plan->node[i].kind == ES_PNODE_LEAF)
            plan->order[n++] = (uint16_t)i;
    for (size_t i = 0; i < plan->n_nodes; i++)
        if (plan->node[i].fn == es_plan_multiply)
            plan->order[n++] = (uint16_t)i;
    for (size_t i = plan->kernel->n_nodes; i < plan->n_nodes; i++)
        if (is_tied(&plan->node[i]))
            plan->order[n++] = (uint16_t)i;
    for (size_t i = 0; i < plan->kernel->n_nodes; i++)
        if (is_tied(&plan->node[i]))
            plan->order[n++] = (uint16_t)i;
    for (size_t i = 0; i < plan->n_nodes; i++)
        if (plan->node[i].kind == ES_PNODE_BLOCK ||
            (plan->node[i].kind == ES_PNODE_FN && plan->node[i].fn != es_plan_multiply && !is_tied(&plan->node[i])))
            plan->order[n++] = (uint16_t)i;
}

/* What a sweep leaves alone is not computed: functions of constants, and what another node switches off. */
static void fold(es_plan *plan, es_pnode *node) {
    const es_node *def = node->def;
    const es_pnode *gate = def && def->gate ? &plan->node[def->gate] : NULL;
    double value[ES_MAX_INPUTS], out;
    const double *in[ES_MAX_INPUTS];
    if (gate && gate->kind == ES_PNODE_CONST && gate->constant == 0) {
        node->kind = ES_PNODE_CONST, node->constant = def->neutral, node->mask = 0;
        return;
    }
    if (!def || node->program)
        return;
    for (size_t k = 0; k < node->n_in; k++) {
        if (plan->node[node->in[k]].kind != ES_PNODE_CONST)
            return;
        value[k] = plan->node[node->in[k]].constant, in[k] = &value[k];
    }
    node->fn(&out, in, 1);
    node->kind = ES_PNODE_CONST, node->constant = out;
}

static void set_masks(const binder *b) {
    es_plan *plan = b->plan;
    for (size_t i = 0; i < plan->n_nodes; i++) {
        es_pnode *node = &plan->node[plan->order[i]];
        if (node->kind == ES_PNODE_FN)
            node->mask = es_plan_mask(plan, node->in, node->n_in), fold(plan, node);
        if (node->kind != ES_PNODE_BLOCK)
            continue;
        const es_block *def = plan->block[node->block].def;
        node->mask = mask_of_reads(b, def->reads) | es_plan_mask(plan, def->in, def->n_in);
        plan->block[node->block].mask = node->mask;
    }
}

static es_status allocate(binder *b) {
    es_plan *plan = b->plan;
    size_t n_kernel = plan->kernel->n_nodes;
    /* at most two extra nodes per field with a factor, one per axis for its column, one per rounded metric, one per catalog
     * field, one per condition and formula of the user */
    size_t capacity = 4 * n_kernel + ES_MAX_AXES + ES_M_FIELDS + ES_D_FIELDS + ES_P_FIELDS + ES_PLAN_FORMULAS;
    plan->node_capacity = capacity;
    plan->node = es_arena_array(&plan->arena, capacity, sizeof *plan->node);
    plan->order = es_arena_array(&plan->arena, capacity, sizeof *plan->order);
    plan->block = es_arena_array(&plan->arena, plan->kernel->n_blocks + 2, sizeof *plan->block);
    if (!plan->node || !plan->order || !plan->block)
        return es_fail_memory(b->errors);
    plan->n_nodes = n_kernel;
    plan->n_blocks = plan->kernel->n_blocks;
    for (size_t i = 0; i < plan->n_blocks; i++)
        plan->block[i].def = &plan->kernel->blocks[i];
    return ES_OK;
}

/* ---- blocks of the plan's own, which the engine tabulates and bounds like others ---- */

static void runs_of(const void *state, const es_rows *rows, const double *in, double *out) {
    (void)state, (void)in;
    *out = rows->runs;
}

static void number_of(const void *state, const es_rows *rows, const double *in, double *out) {
    (void)state, (void)in;
    *out = rows->runtime_number;
}

static const es_block runs_block = {
    .name = "runs", .reads = ES_READS_DEVICE | ES_READS_RUNTIME | ES_READS_PRECISION, .fn = runs_of, .n_out = 1};
static const es_block number_block = {
    .name = "runtime", .reads = ES_READS_DEVICE | ES_READS_RUNTIME, .fn = number_of, .n_out = 1};

static es_status add_block_node(binder *b, const es_block *block, uint16_t *node) {
    b->plan->block[b->plan->n_blocks].def = block;
    const es_pnode output = {.kind = ES_PNODE_BLOCK, .block = (uint16_t)b->plan->n_blocks++};
    return es_plan_add_node(b->sweep, output, node, b->errors);
}

/* Which runtime it is: along the one axis that decides it, or by both. */
static es_status add_runtime_node(binder *b, size_t n, uint16_t *node) {
    const es_plan *plan = b->plan;
    const int device = plan->entity_axis[ES_DEVICE];
    bool alike = true;
    for (size_t i = 0; i < b->sweep->axes[device].n * n; i++)
        alike = alike && plan->runtime_number[i] == plan->runtime_number[i % n];
    if (!alike && n > 1)
        return add_block_node(b, &number_block, node);
    const es_pnode number = es_plan_leaf(b->sweep, alike ? plan->runtime_axis : device, plan->runtime_number);
    return es_plan_add_node(b->sweep, number, node, b->errors);
}

/* Nodes whose values are what the axis columns show. */
static es_status add_axis_nodes(binder *b) {
    es_status status = ES_OK;
    uint16_t node;
    for (size_t a = 0; a < b->sweep->n_axes && !status; a++) {
        const es_axis *axis = &b->sweep->axes[a];
        const double *table = axis->value;
        if (axis->role == ES_AXIS_RUNTIME) {
            status = add_runtime_node(b, axis->n, &node);
            continue;
        }
        if (axis->role == ES_AXIS_ENTITY) {
            double *number = es_arena_array(&b->plan->arena, axis->n, sizeof *number);
            if (!number)
                return es_fail_memory(b->errors);
            for (size_t i = 0; i < axis->n; i++)
                number[i] = (double)i;
            table = number;
        }
        status = es_plan_add_node(b->sweep, es_plan_leaf(b->sweep, (int)a, table), &node, b->errors);
    }
    return status;
}

es_status es_plan_nodes(es_sweep *sweep, const es_spec *spec, es_errors *errors) {
    binder b = {.sweep = sweep, .plan = sweep->plan, .spec = spec, .errors = errors};
    es_plan *plan = sweep->plan;
    es_status status = read_options(&b);
    if (!status)
        status = allocate(&b);
    if (!status)
        status = es_plan_tied(sweep, errors);
    for (size_t i = 0; !status && i < plan->kernel->n_nodes; i++)
        status = bind_node(&b, &plan->kernel->nodes[i], &plan->node[i]);
    if (!status)
        plan->first_axis_node = (uint16_t)plan->n_nodes;
    if (!status)
        status = add_axis_nodes(&b);
    if (!status && plan->runtime_axis >= 0)
        status = add_block_node(&b, &runs_block, &plan->runs_node);
    if (status)
        return status;
    sort_nodes(plan);
    set_masks(&b);
    if (plan->kernel->prepare)
        status = plan->kernel->prepare(sweep->catalog, &plan->arena, &plan->state, errors);
    return status;
}

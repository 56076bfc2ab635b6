/* The nodes that read the grid: leaves over axes, fields of rows, products by factors; and adding nodes. */
#include <math.h>
#include <string.h>

#include "grid/plan.h"
#include "model/runtime.h"

void es_plan_multiply(double *restrict out, const double *const *in, size_t n) {
    for (size_t i = 0; i < n; i++)
        out[i] = in[0][i] * in[1][i];
}

const es_axis *es_plan_field_axis(const es_sweep *sweep, es_kind entity, int field, int *number) {
    for (size_t a = 0; a < sweep->n_axes; a++) {
        const es_axis *axis = &sweep->axes[a];
        if (axis->role == ES_AXIS_FIELD && axis->entity == entity && axis->index == field) {
            *number = (int)a;
            return axis;
        }
    }
    return NULL;
}

const es_tied *es_plan_tied_field(const es_plan *plan, es_kind entity, int field) {
    for (size_t i = 0; i < plan->n_tied; i++)
        if (plan->tied[i].entity == entity && plan->tied[i].field == field)
            return &plan->tied[i];
    return NULL;
}

static bool same_bits(double a, double b) { return memcmp(&a, &b, sizeof a) == 0; }

es_pnode es_plan_leaf(const es_sweep *sweep, int axis, const double *table) {
    size_t n = sweep->axes[axis].n, i = 1;
    while (i < n && same_bits(table[i], table[0]))
        i++;
    if (i >= n)
        return (es_pnode){.kind = ES_PNODE_CONST, .constant = table[0]};
    return (es_pnode){.kind = ES_PNODE_LEAF, .mask = (uint64_t)1 << axis, .axis = axis, .table = table};
}

es_status es_plan_row_leaf(const es_sweep *sweep, es_kind entity, int field, es_pnode *node, es_errors *errors) {
    const es_plan *plan = sweep->plan;
    int number = plan->entity_axis[entity == ES_UNIT ? ES_DEVICE : entity];
    const es_axis *axis = &sweep->axes[number];
    double *table = es_arena_array(&sweep->plan->arena, axis->n, sizeof *table);
    if (!table)
        return es_fail_memory(errors);
    for (size_t i = 0; i < axis->n; i++) {
        const es_row *unit = entity == ES_UNIT || entity == ES_DEVICE ? es_unit_of(sweep->catalog, axis->row[i]) : NULL;
        if (entity == ES_UNIT)
            table[i] = unit->value[field];
        else if (entity == ES_DEVICE && plan->kernel->has_runtime)
            table[i] = es_device_field(axis->row[i], unit, field);
        else
            table[i] = axis->row[i]->value[field];
    }
    *node = es_plan_leaf(sweep, number, table);
    return ES_OK;
}

/* row value x factor, as a node of its own inputs. */
static es_status product_leaf(es_sweep *sweep, es_kind entity, int field, int axis, es_pnode *node, es_errors *errors) {
    es_pnode row;
    uint16_t *in = es_arena_array(&sweep->plan->arena, 2, sizeof *in);
    es_status status = in ? es_plan_row_leaf(sweep, entity, field, &row, errors) : es_fail_memory(errors);
    if (!status)
        status = es_plan_add_node(sweep, row, &in[0], errors);
    if (!status)
        status = es_plan_add_node(sweep, es_plan_leaf(sweep, axis, sweep->axes[axis].value), &in[1], errors);
    *node = (es_pnode){.kind = ES_PNODE_FN, .fn = es_plan_multiply, .monotone = "++", .n_in = 2, .in = in};
    return status;
}

es_status es_plan_field_node(es_sweep *sweep, es_kind entity, int field, es_pnode *node, es_errors *errors) {
    int number = -1;
    const es_axis *axis = es_plan_field_axis(sweep, entity, field, &number);
    if (axis && axis->factor)
        return product_leaf(sweep, entity, field, number, node, errors);
    if (!axis)
        return es_plan_row_leaf(sweep, entity, field, node, errors);
    *node = es_plan_leaf(sweep, number, axis->value);
    return ES_OK;
}

static int leaf_node(const es_plan *plan, const es_axis *axis, es_node_kind kind) {
    for (size_t i = 0; i < plan->kernel->n_nodes; i++) {
        const es_node *def = &plan->kernel->nodes[i];
        if (def->kind == kind && def->entity == axis->entity && def->index == axis->index)
            return (int)i;
    }
    return -1;
}

static bool reads_node(const es_node *def, int id) {
    for (size_t k = 0; k < def->n_in; k++)
        if (def->in[k] == id)
            return true;
    return false;
}

int es_plan_effective_node(const es_plan *plan, const es_axis *axis) {
    const char *name = es_fields(axis->entity)->fields[axis->index].name;
    int field = leaf_node(plan, axis, ES_NODE_FIELD), factor = leaf_node(plan, axis, ES_NODE_FACTOR);
    for (size_t i = 0; factor >= 0 && i < plan->kernel->n_nodes; i++) {
        const es_node *def = &plan->kernel->nodes[i];
        if (def->kind != ES_NODE_FN || !reads_node(def, factor))
            continue;
        if (strcmp(def->name, name) == 0 || (def->n_in == 2 && field >= 0 && reads_node(def, field)))
            return (int)i;
    }
    return field;
}

uint64_t es_plan_mask(const es_plan *plan, const uint16_t *in, size_t n) {
    uint64_t mask = 0;
    for (size_t i = 0; i < n; i++)
        mask |= plan->node[in[i]].mask;
    return mask;
}

es_status es_plan_add_node(es_sweep *sweep, es_pnode added, uint16_t *node, es_errors *errors) {
    es_plan *plan = sweep->plan;
    if (plan->n_nodes == plan->node_capacity)
        return es_fail(errors, ES_EUSAGE, NULL, "too many conditions, formulas and columns of catalog fields");
    if (added.kind == ES_PNODE_FN)
        added.mask = es_plan_mask(plan, added.in, added.n_in);
    plan->order[plan->n_nodes] = (uint16_t)plan->n_nodes;
    plan->node[plan->n_nodes] = added;
    *node = (uint16_t)plan->n_nodes++;
    return ES_OK;
}

es_status es_plan_add_leaf(es_sweep *sweep, es_kind entity, const double *table, uint16_t *node, es_errors *errors) {
    return es_plan_add_node(sweep, es_plan_leaf(sweep, sweep->plan->entity_axis[entity], table), node, errors);
}

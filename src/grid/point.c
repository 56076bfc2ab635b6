/* What a loaded sweep says of single points: their coordinates, rows and values. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <edgesweep/sweep.h>

#include "grid/plan.h"
#include "io/format.h"
#include "model/runtime.h"

int es_sweep_column(const es_sweep *sweep, const char *name, size_t length) {
    es_slice wanted = {name, length};
    for (size_t i = 0; i < sweep->n_columns; i++)
        if (es_slice_equal(wanted, sweep->columns[i].name))
            return (int)i;
    return -1;
}

uint64_t es_sweep_free_axes(const es_sweep *sweep) {
    const es_plan *plan = sweep->plan;
    uint64_t used = plan->runs ? plan->node[plan->runs_node].mask : 0, axes = 0;
    for (size_t i = 0; i < sweep->n_conditions; i++) {
        const es_pcond *c = &plan->condition[i];
        used |= plan->node[c->a].mask | (c->kind == ES_PCOND_NODE ? plan->node[c->b].mask : 0);
    }
    for (size_t k = 0; k < sweep->front.n_objectives; k++)
        used |= sweep->columns[sweep->front.objective[k].column].axes;
    for (size_t k = 0; k < sweep->front.n_by; k++)
        used |= sweep->columns[sweep->front.by[k]].axes;
    for (size_t a = 0; a < sweep->n_axes && sweep->front.given; a++)
        axes |= (uint64_t)(sweep->axes[a].n > 1) << a;
    return axes & ~used;
}

void es_sweep_coordinates(const es_sweep *sweep, uint64_t index, size_t *coordinate) {
    for (size_t a = 0; a < sweep->n_axes; a++) {
        coordinate[a] = (size_t)(index / sweep->axes[a].stride);
        index %= sweep->axes[a].stride;
    }
}

uint64_t es_sweep_index(const es_sweep *sweep, const size_t *coordinate) {
    uint64_t index = 0;
    for (size_t a = 0; a < sweep->n_axes; a++)
        index += coordinate[a] * sweep->axes[a].stride;
    return index;
}

bool es_plan_runs(const es_sweep *sweep, const size_t *coordinate) {
    const es_plan *plan = sweep->plan;
    if (!plan->runs)
        return true;
    size_t d = coordinate[plan->entity_axis[ES_DEVICE]], p = coordinate[plan->entity_axis[ES_PRECISION]];
    size_t n = sweep->axes[plan->entity_axis[ES_PRECISION]].n;
    return plan->runs[(d * sweep->axes[plan->runtime_axis].n + coordinate[plan->runtime_axis]) * n + p];
}

bool es_plan_any_runs(const es_sweep *sweep, uint64_t first, uint64_t end) {
    uint64_t stride = sweep->axes[sweep->plan->entity_axis[ES_PRECISION]].stride;
    size_t coordinate[ES_MAX_AXES];
    for (uint64_t i = first; i < end; i += stride - i % stride) {
        es_sweep_coordinates(sweep, i, coordinate);
        if (es_plan_runs(sweep, coordinate))
            return true;
    }
    return false;
}

es_rows es_plan_rows(const es_sweep *sweep, const size_t *coordinate) {
    const es_plan *plan = sweep->plan;
    int m = plan->entity_axis[ES_MODEL], d = plan->entity_axis[ES_DEVICE], p = plan->entity_axis[ES_PRECISION];
    es_rows rows = {.model = sweep->axes[m].row[coordinate[m]],
                    .device = sweep->axes[d].row[coordinate[d]],
                    .precision = sweep->axes[p].row[coordinate[p]]};
    rows.unit = es_unit_of(sweep->catalog, rows.device);
    rows.runs = es_plan_runs(sweep, coordinate);
    if (plan->runtime_axis >= 0) {
        size_t at = coordinate[d] * sweep->axes[plan->runtime_axis].n + coordinate[plan->runtime_axis];
        rows.runtime = plan->runtime[at];
        rows.runtime_number = plan->runtime_number[at];
    }
    return rows;
}

size_t es_sweep_nodes(const es_sweep *sweep) { return sweep->plan->n_nodes; }

static void run_blocks(const es_sweep *sweep, const size_t *coordinate, size_t block, const double *value,
                       double *out) {
    const es_block *def = sweep->plan->block[block].def;
    es_rows rows = es_plan_rows(sweep, coordinate);
    double in[ES_MAX_BLOCK_INPUTS];
    for (size_t k = 0; k < def->n_in; k++)
        in[k] = value[def->in[k]];
    def->fn(sweep->plan->state, &rows, in, out);
}

static void run_node(const es_plan *plan, size_t id, const size_t *coordinate, double *value) {
    const es_pnode *node = &plan->node[id];
    const double *in[ES_MAX_INPUTS];
    switch (node->kind) {
    case ES_PNODE_CONST: value[id] = node->constant; break;
    case ES_PNODE_LEAF: value[id] = node->table[coordinate[node->axis]]; break;
    default:
        for (size_t k = 0; k < node->n_in; k++)
            in[k] = &value[node->in[k]];
        es_pnode_run(node, &value[id], in, 1);
    }
}

/* One node after the other: slow, plain, and the reference that the tiled evaluation is tested against. */
es_status es_sweep_point(const es_sweep *sweep, uint64_t index, double *value, es_errors *errors) {
    const es_plan *plan = sweep->plan;
    size_t coordinate[ES_MAX_AXES], widest = 1;
    es_sweep_coordinates(sweep, index, coordinate);
    size_t n_blocks = plan->n_blocks;
    for (size_t i = 0; i < n_blocks; i++)
        widest = plan->block[i].def->n_out > widest ? plan->block[i].def->n_out : widest;
    double *out = calloc(n_blocks + 1, widest * sizeof *out);
    bool *done = calloc(n_blocks + 1, sizeof *done);
    if (!out || !done) {
        free(out), free(done);
        return es_fail_memory(errors);
    }
    for (size_t i = 0; i < plan->n_nodes; i++) {
        size_t id = plan->order[i];
        const es_pnode *node = &plan->node[id];
        if (node->kind != ES_PNODE_BLOCK) {
            run_node(plan, id, coordinate, value);
            continue;
        }
        double *outputs = out + node->block * widest;
        if (!done[node->block])
            run_blocks(sweep, coordinate, node->block, value, outputs);
        done[node->block] = true;
        value[id] = outputs[node->output];
    }
    free(out), free(done);
    return ES_OK;
}

size_t es_column_text(const es_column *column, double value, int digits, char *to, size_t size) {
    char text[64];
    if (isnan(value))
        return es_copy_text(to, size, es_slice_of("")), 0;
    if (column->labels) {
        const char *label = (size_t)value < column->n_labels ? column->labels[(size_t)value] : "";
        es_copy_text(to, size, es_slice_of(label));
        return strlen(to);
    }
    size_t n = column->whole ? es_format_count(text, value) : es_format_double(text, value, digits ? digits : 9);
    es_copy_text(to, size, (es_slice){text, n});
    return strlen(to);
}

bool es_condition_holds(const es_sweep *sweep, size_t i, const double *value) {
    const es_pcond *condition = &sweep->plan->condition[i];
    double a = value[condition->a];
    switch (condition->kind) {
    case ES_PCOND_NUMBER: return es_compare(condition->op, a, condition->number);
    case ES_PCOND_NODE: return es_compare(condition->op, a, value[condition->b]);
    case ES_PCOND_EMPTY: return es_is_missing(a);
    default: return !es_is_missing(a);
    }
}

bool es_conditions_hold(const es_sweep *sweep, const double *value) {
    if (sweep->plan->runs && !(value[sweep->plan->runs_node] > 0))
        return false;
    for (size_t i = 0; i < sweep->n_conditions; i++)
        if (!es_condition_holds(sweep, i, value))
            return false;
    return true;
}

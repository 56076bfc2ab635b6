#include "analysis/inputs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Nodes that are found for an input: room for all that there are. */
typedef struct found {
    uint16_t *node;
    size_t n;
} found;

static void multiply_node(found *f, size_t node) {
    for (size_t i = 0; i < f->n; i++)
        if (f->node[i] == node)
            return;
    f->node[f->n++] = (uint16_t)node;
}

/* What a node is computed from.  Functions of constants that the plan has folded are computed again, by the kernel's
 * definition. */
static size_t inputs_of(const es_plan *plan, const es_pnode *node, const uint16_t **in) {
    const es_node *def = node->def;
    if (node->kind == ES_PNODE_BLOCK) {
        *in = plan->block[node->block].def->in;
        return plan->block[node->block].def->n_in;
    }
    const bool folded = node->kind == ES_PNODE_CONST && def && def->kind == ES_NODE_FN;
    *in = folded ? def->in : node->in;
    return folded ? def->n_in : node->kind == ES_PNODE_FN ? node->n_in : 0;
}

static bool any_dirty(const uint8_t *dirty, const uint16_t *in, size_t n) {
    for (size_t k = 0; k < n; k++)
        if (dirty[in[k]])
            return true;
    return false;
}

void es_nodes_needed(const es_plan *plan, uint8_t *needed) {
    for (size_t i = plan->n_nodes; i-- > 0;) {
        const uint16_t *in, id = plan->order[i];
        const size_t n = inputs_of(plan, &plan->node[id], &in);
        for (size_t k = 0; k < n && needed[id]; k++)
            needed[in[k]] = 1;
    }
}

es_status es_input_connect(es_input *input, const es_plan *plan, const uint16_t *node, size_t n, es_arena *arena,
                           es_errors *errors) {
    uint8_t *reached = es_arena_array(arena, plan->n_nodes, sizeof *reached);
    uint16_t *own = es_arena_array(arena, n, sizeof *own), *path;
    if (!reached || !own)
        return es_fail_memory(errors);
    memcpy(own, node, n * sizeof *own);
    input->node = own, input->n = n, input->n_path = 0;
    for (size_t k = 0; k < n; k++)
        reached[node[k]] = 1;
    for (size_t i = 0; i < plan->n_nodes; i++) {
        const uint16_t *in, id = plan->order[i];
        const size_t n_in = inputs_of(plan, &plan->node[id], &in);
        reached[id] |= any_dirty(reached, in, n_in);
        input->n_path += reached[id];
    }
    if (!(input->path = path = es_arena_array(arena, input->n_path + 1, sizeof *path)))
        return es_fail_memory(errors);
    for (size_t i = 0; i < plan->n_nodes; i++)
        if (reached[plan->order[i]])
            *path++ = plan->order[i];
    return ES_OK;
}

/* ---- what the inputs are ---- */

static const es_axis *axis_of(const es_sweep *sweep, es_axis_role role, es_kind entity, int index) {
    for (size_t a = 0; a < sweep->n_axes; a++) {
        const es_axis *axis = &sweep->axes[a];
        if (axis->role == role && axis->index == index && (role == ES_AXIS_WORKLOAD || axis->entity == entity))
            return axis;
    }
    return NULL;
}

/* Rates have no field of their own: what applies is the catalog's value times a factor. */
static double value_of_field(const es_varied *v, es_kind entity, int field, bool *known) {
    const es_plan *plan = v->sweep->plan;
    const es_axis like = {.entity = entity, .index = field};
    double value = NAN;
    *known = false;
    for (size_t i = 0; i < plan->kernel->n_nodes; i++) {
        const es_node *def = &plan->kernel->nodes[i];
        const bool own = def->kind == ES_NODE_FIELD || def->kind == ES_NODE_AXIS || def->kind == ES_NODE_FACTOR;
        if (!own || def->entity != entity || def->index != field)
            continue;
        *known = true;
        if (def->kind != ES_NODE_FACTOR && isnan(value))
            value = v->base[i];
    }
    const int effective = *known ? es_plan_effective_node(plan, &like) : -1;
    return isnan(value) && effective >= 0 ? v->base[effective] : value;
}

/* The nodes that an axis x factor, or the sweep's absolute axis, on the field would change. */
static void nodes_of_field(const es_varied *v, const char *name, es_kind entity, int field, found *f) {
    const es_sweep *sweep = v->sweep;
    const es_plan *plan = sweep->plan;
    const es_axis *axis = axis_of(sweep, ES_AXIS_FIELD, entity, field);
    const es_node_kind second = axis && !axis->factor ? ES_NODE_AXIS : ES_NODE_FACTOR;
    for (size_t i = 0; i < plan->kernel->n_nodes; i++) {
        const es_node *def = &plan->kernel->nodes[i];
        if ((def->kind == ES_NODE_FIELD || def->kind == second) && def->entity == entity && def->index == field)
            multiply_node(f, i);
    }
    for (size_t c = 0; c < sweep->n_columns; c++) /* columns of catalog fields, for [metrics] */
        if (strcmp(sweep->columns[c].name, name) == 0 && plan->node[sweep->columns[c].node].kind != ES_PNODE_BLOCK)
            multiply_node(f, (size_t)sweep->columns[c].node);
    if (axis)
        multiply_node(f, plan->first_axis_node + (size_t)(axis - sweep->axes));
}

static es_status field_inputs(es_varied *v, es_kind entity, found *nodes, es_arena *arena, es_errors *errors) {
    static const char *const prefix[] = {[ES_MODEL] = "model", [ES_DEVICE] = "device", [ES_PRECISION] = "precision"};
    const es_field_table *table = es_fields(entity);
    for (size_t f = 0; f < table->n_fields; f++) {
        const es_field *field = &table->fields[f];
        bool known;
        const double value = value_of_field(v, entity, (int)f, &known);
        if (!known || value == 0 || (field->type != ES_COUNT && field->type != ES_REAL) ||
            es_plan_tied_field(v->sweep->plan, entity, (int)f))
            continue;
        es_input *input = &v->input[v->n_inputs];
        *input = (es_input){.name = es_arena_printf(arena, "%s.%s", prefix[entity], field->name),
                            .unit = field->unit,
                            .entity = (int)entity,
                            .value = value,
                            .min = field->min,
                            .max = field->max,
                            .exclusive = field->flags & ES_EXCLUSIVE,
                            .whole = field->type == ES_COUNT};
        if (!input->name)
            return es_fail_memory(errors);
        nodes->n = 0;
        nodes_of_field(v, input->name, entity, (int)f, nodes);
        es_status status = es_input_connect(input, v->sweep->plan, nodes->node, nodes->n, arena, errors);
        if (status)
            return status;
        v->n_inputs += input->n > 0;
    }
    return ES_OK;
}

static es_status workload_inputs(es_varied *v, found *nodes, es_arena *arena, es_errors *errors) {
    const es_plan *plan = v->sweep->plan;
    for (size_t k = 0; k < plan->kernel->n_axes; k++) {
        const es_workload_axis *def = &plan->kernel->axes[k];
        const es_axis *axis = axis_of(v->sweep, ES_AXIS_WORKLOAD, ES_MODEL, (int)k);
        if (!axis || def->flags & ES_AXIS_MODELS || (def->whole && def->max <= 1))
            continue;
        const size_t own = plan->first_axis_node + (size_t)(axis - v->sweep->axes);
        es_input *input = &v->input[v->n_inputs];
        *input = (es_input){.name = def->name,
                            .unit = def->unit,
                            .entity = ES_NO_ROW,
                            .value = v->base[own],
                            .min = def->min,
                            .max = def->max,
                            .whole = def->whole};
        if (isnan(input->value) || input->value == 0)
            continue; /* another node says what applies, or nothing to multiply */
        nodes->n = 0;
        multiply_node(nodes, own);
        for (size_t i = 0; i < plan->kernel->n_nodes; i++)
            if (plan->kernel->nodes[i].kind == ES_NODE_WORKLOAD && plan->kernel->nodes[i].index == k)
                multiply_node(nodes, i);
        es_status status = es_input_connect(input, plan, nodes->node, nodes->n, arena, errors);
        if (status)
            return status;
        v->n_inputs++;
    }
    return ES_OK;
}

static es_status option_inputs(es_varied *v, es_arena *arena, es_errors *errors) {
    const es_kernel *kernel = v->sweep->kernel;
    for (size_t i = 0; i < kernel->n_nodes; i++) {
        if (kernel->nodes[i].kind != ES_NODE_OPTION)
            continue;
        const es_option *def = &kernel->options[kernel->nodes[i].index];
        if (def->choices || def->text || def->parse || isnan(v->base[i]) || v->base[i] == 0)
            continue;
        es_input *input = &v->input[v->n_inputs++];
        *input = (es_input){.name = def->name,
                            .unit = def->unit,
                            .entity = ES_NO_ROW,
                            .value = v->base[i],
                            .min = def->min,
                            .max = def->max};
        const uint16_t node = (uint16_t)i;
        es_status status = es_input_connect(input, v->sweep->plan, &node, 1, arena, errors);
        if (status)
            return status;
    }
    return ES_OK;
}

es_status es_varied_room(es_varied *v, const es_sweep *sweep, es_arena *arena, es_errors *errors) {
    const es_plan *plan = sweep->plan;
    *v = (es_varied){.sweep = sweep, .widest = 1};
    for (size_t i = 0; i < plan->n_blocks; i++)
        v->widest = plan->block[i].def->n_out > v->widest ? plan->block[i].def->n_out : v->widest;
    v->value = es_arena_array(arena, plan->n_nodes, sizeof *v->value);
    v->dirty = es_arena_array(arena, plan->n_nodes, sizeof *v->dirty);
    v->block_out = es_arena_array(arena, (plan->n_blocks + 1) * v->widest, sizeof *v->block_out);
    v->block_done = es_arena_array(arena, plan->n_blocks + 1, sizeof *v->block_done);
    return v->value && v->dirty && v->block_out && v->block_done ? ES_OK : es_fail_memory(errors);
}

es_status es_varied_make(es_varied *v, const es_sweep *sweep, uint64_t index, es_arena *arena, es_errors *errors) {
    static const es_kind entities[] = {ES_DEVICE, ES_MODEL, ES_PRECISION};
    size_t coordinate[ES_MAX_AXES];
    es_status status = es_varied_room(v, sweep, arena, errors);
    if (status)
        return status;
    es_sweep_coordinates(sweep, index, coordinate);
    v->rows = es_plan_rows(sweep, coordinate);
    const size_t nodes = sweep->plan->n_nodes, most = es_fields(ES_MODEL)->n_fields + es_fields(ES_DEVICE)->n_fields +
                                                      es_fields(ES_PRECISION)->n_fields + sweep->kernel->n_axes +
                                                      sweep->kernel->n_nodes;
    found f = {.node = es_arena_array(arena, nodes, sizeof *f.node)};
    double *base = es_arena_array(arena, nodes, sizeof *base);
    v->input = es_arena_array(arena, most, sizeof *v->input);
    if (!f.node || !base || !v->input)
        return es_fail_memory(errors);
    v->base = base;
    status = es_sweep_point(sweep, index, base, errors);
    if (!status)
        status = workload_inputs(v, &f, arena, errors);
    for (size_t i = 0; i < 3 && !status; i++)
        status = field_inputs(v, entities[i], &f, arena, errors);
    return status ? status : option_inputs(v, arena, errors);
}

/* ---- the point with other numbers ---- */

static double block_value(es_varied *v, const es_pnode *node) {
    const es_block *def = v->sweep->plan->block[node->block].def;
    double *out = v->block_out + node->block * v->widest, in[ES_MAX_BLOCK_INPUTS];
    if (!v->block_done[node->block]) {
        for (size_t k = 0; k < def->n_in; k++)
            in[k] = v->value[def->in[k]];
        def->fn(v->sweep->plan->state, &v->rows, in, out);
        v->block_done[node->block] = 1;
    }
    return out[node->output];
}

static void vary_node(es_varied *v, size_t id) {
    const es_plan *plan = v->sweep->plan;
    const es_pnode *node = &plan->node[id];
    const es_node *def = node->def;
    const es_pnode *gate = def && def->gate ? &plan->node[def->gate] : NULL;
    const uint16_t *in;
    const size_t n = inputs_of(plan, node, &in);
    const bool gated = gate && gate->kind == ES_PNODE_CONST && gate->constant == 0;
    v->dirty[id] = !gated && any_dirty(v->dirty, in, n);
    if (!v->dirty[id])
        return;
    if (node->kind == ES_PNODE_BLOCK) {
        v->value[id] = block_value(v, node);
        return;
    }
    const double *from[ES_MAX_INPUTS];
    for (size_t k = 0; k < n; k++)
        from[k] = &v->value[in[k]];
    if (node->kind == ES_PNODE_CONST)
        def->fn(&v->value[id], from, 1);
    else
        es_pnode_run(node, &v->value[id], from, 1);
}

void es_vary(es_varied *v, const es_input *input, double factor) {
    enum { MULTIPLIED = 2 };
    const es_plan *plan = v->sweep->plan;
    memcpy(v->value, v->base, plan->n_nodes * sizeof *v->value);
    memset(v->dirty, 0, plan->n_nodes);
    memset(v->block_done, 0, plan->n_blocks);
    for (size_t k = 0; k < input->n; k++)
        v->dirty[input->node[k]] = MULTIPLIED;
    for (size_t i = 0; i < input->n_path; i++) {
        const size_t id = input->path[i];
        if (v->dirty[id] == MULTIPLIED)
            v->value[id] = v->base[id] * factor;
        else
            vary_node(v, id);
    }
}

void es_input_steps(const es_input *input, double *down, double *up) {
    const double x = input->value;
    double step = fabs(x) * 1e-4;
    if (input->whole && !isnan(x)) {
        const double most = x >= 4 * 256 ? 256 : x / 8;
        for (step = 1; step * 2 <= most && fmod(x, step * 2) == 0;)
            step *= 2;
    }
    *down = 1 - 1e-4, *up = 1 + 1e-4;
    if (isnan(x)) /* by tensor type: the factor itself */
        return;
    const double low = x - step, high = x + step;
    *down = low < input->min || (input->exclusive && low <= input->min) || low * x <= 0 ? 1 : low / x;
    *up = high > input->max ? 1 : high / x;
}

static double slope(double f, double f0, double x, double x0) {
    const bool comparable = f * f0 > 0 && isfinite(f) && isfinite(f0) && x != x0;
    return comparable ? (log(fabs(f)) - log(fabs(f0))) / (log(x) - log(x0)) : NAN;
}

void es_elasticity_of(es_varied *v, const es_input *input, const uint16_t *node, size_t n, es_elasticity *out) {
    double x[2];
    es_input_steps(input, &x[0], &x[1]);
    for (int side = 0; side < 2; side++) {
        es_vary(v, input, x[side]);
        for (size_t i = 0; i < n; i++)
            *(side ? &out[i].up : &out[i].down) = v->value[node[i]];
    }
    for (size_t i = 0; i < n; i++) {
        const double below = out[i].down, above = out[i].up, f = v->base[node[i]];
        out[i] = (es_elasticity){slope(above, below, x[1], x[0]), slope(below, f, x[0], 1), slope(above, f, x[1], 1)};
    }
}

/* ---- the largest first ---- */

bool es_elasticity_breaks(const es_elasticity *e) {
    return fabs(e->up - e->down) > fmax(fabs(e->up), fabs(e->down)) / 2;
}

/* Formulas hold an input to the power of two at most; more than four is no slope but a step that the input is close to: a model
 * that fits no more.  How large it is depends on the width of the step. */
static bool jumps(const es_elasticity *e) { return es_elasticity_breaks(e) && fmax(fabs(e->up), fabs(e->down)) > 4; }

double es_elasticity_shown(const es_elasticity *e) {
    if (jumps(e))
        return fabs(e->up) < fabs(e->down) ? e->up : e->down;
    if (!isnan(e->both) && !es_elasticity_breaks(e))
        return e->both;
    return isnan(e->down) || fabs(e->up) >= fabs(e->down) ? e->up : e->down;
}

double es_elasticity_size(const es_elasticity *e) {
    const double both = fabs(e->both), down = fabs(e->down), up = fabs(e->up);
    if (jumps(e))
        return fmax(fabs(es_elasticity_shown(e)), ES_NOTICED);
    return fmax(fmax(isnan(both) ? 0 : both, isnan(down) ? 0 : down), isnan(up) ? 0 : up);
}

static int by_size(const void *a_, const void *b_) {
    const es_ranked *a = a_, *b = b_;
    const double x = es_elasticity_size(&a->e), y = es_elasticity_size(&b->e);
    return x != y ? (x < y) - (x > y) : strcmp(a->input->name, b->input->name);
}

es_status es_rank_inputs(es_varied *v, const uint16_t *node, size_t n, es_ranked *list, es_errors *errors) {
    es_elasticity *e = calloc(n + 1, sizeof *e);
    if (!e)
        return es_fail_memory(errors);
    for (size_t i = 0; i < v->n_inputs; i++) {
        es_elasticity_of(v, &v->input[i], node, n, e);
        for (size_t k = 0; k < n; k++)
            list[k * v->n_inputs + i] = (es_ranked){&v->input[i], e[k]};
    }
    for (size_t k = 0; k < n; k++)
        qsort(list + k * v->n_inputs, v->n_inputs, sizeof *list, by_size);
    free(e);
    return ES_OK;
}

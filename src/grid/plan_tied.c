/* Fields tied to others: `device.price_usd = expr(20 + 0.5*device.mem_bw_gbs)`.
 *
 * A tied field has the value of its formula at every point and is no axis.  Formulas read workload axes, catalog fields (as
 * axes, factors and other formulas make them) and compare names and texts of rows; results of the kernel depend on the
 * fields, so they cannot be read.
 */
#include <math.h>
#include <string.h>

#include "base/number.h"
#include "grid/plan.h"

enum { CHECKED_POINTS = 1 << 20 };

typedef enum tied_state { UNTOUCHED, BEING_RESOLVED, RESOLVED, FAILED } tied_state;

typedef struct tie {
    es_sweep *sweep;
    es_plan *plan;
    uint8_t *state; /* per tied field */
    es_errors *errors;
} tie;

bool es_tied_formula(es_slice *value, es_origin *at) {
    static const char head[] = "expr(";
    const size_t n = sizeof head - 1;
    if (value->length <= n || memcmp(value->text, head, n) != 0 || value->text[value->length - 1] != ')')
        return false;
    value->text += n, value->length -= n + 1;
    at->column += at->column ? n : 0;
    return true;
}

/* `device.mem_bw_gbs`: the entity, and what follows. */
static int entity_of(const tie *t, es_slice name, es_slice *field) {
    const char *dot = memchr(name.text, '.', name.length);
    es_slice head = {name.text, dot ? (size_t)(dot - name.text) : name.length};
    *field = (es_slice){name.text + head.length + (dot != NULL), name.length - head.length - (dot != NULL)};
    for (int e = 0; e <= ES_PRECISION; e++)
        if (es_slice_equal(head, t->sweep->axes[t->plan->entity_axis[e]].name))
            return e;
    return -1;
}

static es_status unknown_name(const tie *t, es_slice name, es_origin at) {
    const es_kernel *kernel = t->plan->kernel;
    const char *names[ES_MAX_AXES + ES_M_FIELDS + ES_D_FIELDS + ES_P_FIELDS];
    size_t n = 0;
    int result = es_kernel_node(kernel, name.text, name.length);
    if (result >= 0 && kernel->nodes[result].flags & ES_METRIC)
        return es_fail(t->errors, ES_EUSAGE, &at,
                       "a field cannot depend on a result of the kernel: '%s'; expected axes and catalog fields",
                       es_quote(name).text);
    for (size_t a = 0; a < t->sweep->n_axes; a++)
        names[n++] = t->sweep->axes[a].name;
    for (int e = 0; e <= ES_PRECISION; e++)
        for (size_t f = 0; f < es_fields((es_kind)e)->n_fields; f++) {
            names[n] = es_arena_printf(&t->plan->arena, "%s.%s", t->sweep->axes[t->plan->entity_axis[e]].name,
                                       es_fields((es_kind)e)->fields[f].name);
            n += names[n] != NULL;
        }
    const char *near = es_nearest(name, names, n);
    return es_fail(t->errors, ES_EUSAGE, &at, "unknown axis or field: '%s'%s%s%s", es_quote(name).text,
                   near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static es_status resolve(const tie *t, size_t i);

/* The number that a name stands for. */
static es_status number_node(const tie *t, size_t user, es_slice name, es_origin at, es_pnode *node) {
    es_slice field_name;
    int entity = entity_of(t, name, &field_name);
    for (size_t a = 0; a < t->sweep->n_axes; a++)
        if (t->sweep->axes[a].role == ES_AXIS_WORKLOAD && es_slice_equal(name, t->sweep->axes[a].name))
            return *node = es_plan_leaf(t->sweep, (int)a, t->sweep->axes[a].value), ES_OK;
    int field = entity < 0 ? -1 : es_field_find((es_kind)entity, field_name.text, field_name.length);
    if (field < 0 && (entity < 0 || field_name.length))
        return unknown_name(t, name, at);
    if (field < 0 || !es_field_is_numeric(&es_fields((es_kind)entity)->fields[field]))
        return es_fail(t->errors, ES_EUSAGE, &at,
                       "a text where a number is needed: '%s'; it compares with a 'text' in quotes, by = and !=",
                       es_quote(name).text);
    const es_tied *other = es_plan_tied_field(t->plan, (es_kind)entity, field);
    if (!other)
        return es_plan_field_node(t->sweep, (es_kind)entity, field, node, t->errors);
    size_t number = (size_t)(other - t->plan->tied);
    if (t->state[number] == BEING_RESOLVED)
        return es_fail(t->errors, ES_EUSAGE, &at, "a field that needs itself: '%s' by way of '%s'", other->name,
                       t->plan->tied[user].name);
    es_status status = resolve(t, number);
    *node = t->plan->node[other->node];
    return status;
}

/* Per row 1, 0, or NaN where there is no text: whether a name or a text of the catalog is (not) this text. */
static es_status text_node(const tie *t, es_slice name, es_origin at, es_slice text, es_compare_op op, es_pnode *node) {
    es_slice field_name;
    int entity = entity_of(t, name, &field_name), field = -1;
    if (entity >= 0 && field_name.length)
        field = es_field_find((es_kind)entity, field_name.text, field_name.length);
    if (entity < 0 || (field < 0 && field_name.length))
        return unknown_name(t, name, at);
    if (field >= 0 && es_field_is_numeric(&es_fields((es_kind)entity)->fields[field]))
        return es_fail(t->errors, ES_EUSAGE, &at, "a number cannot equal a text: '%s'; expected a number",
                       es_quote(name).text);
    const es_axis *axis = &t->sweep->axes[t->plan->entity_axis[entity]];
    double *table = es_arena_array(&t->plan->arena, axis->n, sizeof *table);
    if (!table)
        return es_fail_memory(t->errors);
    const es_row *named = es_table_find(&t->sweep->catalog->table[entity], text.text, text.length);
    for (size_t i = 0; i < axis->n; i++) {
        bool equal = field < 0 ? axis->row[i] == named : es_slice_equal(text, axis->row[i]->text[field]);
        bool empty = field >= 0 && !*axis->row[i]->text[field];
        table[i] = empty && text.length ? NAN : equal == (op == ES_EQ);
    }
    *node = es_plan_leaf(t->sweep, t->plan->entity_axis[entity], table);
    return ES_OK;
}

static es_status bind(const tie *t, size_t user, const es_expr *x, es_expr_binding *binding, es_pnode *function,
                      uint16_t *in) {
    es_status status = ES_OK;
    for (size_t i = x->n_nodes; i-- > 0;) { /* users before their operands */
        es_comparison c = es_where_comparison(x, i);
        bool text = c.kind == ES_COMPARES_TEXT;
        if (text && !c.text.length) { /* of a number, whether it is missing */
            es_slice rest, name = x->name[x->node[c.a].index];
            int entity = entity_of(t, name, &rest);
            int field = entity < 0 ? -1 : es_field_find((es_kind)entity, rest.text, rest.length);
            text = field >= 0 && !es_field_is_numeric(&es_fields((es_kind)entity)->fields[field]);
        }
        if (binding[i].kind == ES_BOUND_CONSTANT || (!text && x->node[i].op != ES_X_NAME))
            continue;
        es_pnode read = {0};
        es_slice name = x->name[x->node[c.a].index];
        es_origin at = es_expr_origin(x, c.a);
        es_status one = text ? text_node(t, name, at, c.text, c.op, &read) : number_node(t, user, name, at, &read);
        for (size_t k = 0; k < x->node[i].n_in; k++)
            binding[x->node[i].in[k]].kind = ES_BOUND_CONSTANT;
        binding[i] = (es_expr_binding){.kind = ES_BOUND_INPUT, .input = function->n_in};
        if (!one && function->n_in == ES_MAX_INPUTS)
            one = es_fail(t->errors, ES_EUSAGE, &at, "more than %d names in one formula", ES_MAX_INPUTS);
        if (!one)
            one = es_plan_add_node(t->sweep, read, &in[function->n_in++], t->errors);
        status = status ? status : one;
    }
    return status;
}

static es_status check_value(const tie *t, const es_tied *tied, double value) {
    const es_field *field = &es_fields(tied->entity)->fields[tied->field];
    const bool whole = field->type == ES_COUNT || field->type == ES_FLAG;
    if (es_is_missing(value))
        return ES_OK;
    if (value < field->min || value > field->max || (field->flags & ES_EXCLUSIVE && value == field->min))
        return es_fail(t->errors, ES_EUSAGE, &tied->at, "%s comes to %.9g, out of range: '%s'; expected %s%.9g to %.9g",
                       tied->name, value, es_quote_text(tied->formula).text,
                       field->flags & ES_EXCLUSIVE ? "more than " : "", field->min, field->max);
    if (whole && value != floor(value))
        return es_fail(t->errors, ES_EUSAGE, &tied->at, "%s comes to %.9g, not a whole number: '%s'; try floor(...)",
                       tied->name, value, es_quote_text(tied->formula).text);
    return ES_OK;
}

static double value_at(const es_plan *plan, const es_pnode *node, const size_t *coordinate) {
    double value[ES_MAX_INPUTS], out;
    const double *in[ES_MAX_INPUTS];
    if (node->kind == ES_PNODE_CONST)
        return node->constant;
    if (node->kind == ES_PNODE_LEAF)
        return node->table[coordinate[node->axis]];
    for (size_t k = 0; k < node->n_in; k++) {
        value[k] = value_at(plan, &plan->node[node->in[k]], coordinate);
        in[k] = &value[k];
    }
    es_pnode_run(node, &out, in, 1);
    return es_is_missing(out) ? NAN : out;
}

/* Every value is checked; one that follows a single axis becomes a table over it, as if it were given there. */
static es_status finish(const tie *t, size_t i, es_pnode function) {
    es_sweep *sweep = t->sweep;
    es_tied *tied = &t->plan->tied[i];
    uint64_t mask = 0, points = 1;
    size_t coordinate[ES_MAX_AXES] = {0}, axes[ES_MAX_AXES], n_axes = 0;
    for (size_t k = 0; k < function.n_in; k++)
        mask |= t->plan->node[function.in[k]].mask;
    for (size_t a = 0; a < sweep->n_axes; a++)
        if (mask >> a & 1) {
            axes[n_axes++] = a;
            if (!es_mul_u64(points, sweep->axes[a].n, &points) || points > CHECKED_POINTS)
                return es_fail(t->errors, ES_EUSAGE, &tied->at,
                               "a formula over more than %d combinations of axes: '%s'; expected fewer", CHECKED_POINTS,
                               es_quote_text(tied->formula).text);
        }
    double *table = es_arena_array(&t->plan->arena, (size_t)points, sizeof *table);
    if (!table)
        return es_fail_memory(t->errors);
    es_status status = ES_OK;
    for (uint64_t p = 0; p < points && !status; p++) {
        uint64_t rest = p;
        for (size_t k = n_axes; k-- > 0; rest /= sweep->axes[axes[k]].n)
            coordinate[axes[k]] = (size_t)(rest % sweep->axes[axes[k]].n);
        table[p] = value_at(t->plan, &function, coordinate);
        status = check_value(t, tied, table[p]);
    }
    if (status)
        return status;
    if (n_axes == 1)
        function = es_plan_leaf(sweep, (int)axes[0], table);
    else if (n_axes == 0)
        function = (es_pnode){.kind = ES_PNODE_CONST, .constant = table[0]};
    return es_plan_add_node(sweep, function, &tied->node, t->errors);
}

static es_status resolve(const tie *t, size_t i) {
    const es_tied *tied = &t->plan->tied[i];
    if (t->state[i] >= RESOLVED)
        return t->state[i] == RESOLVED ? ES_OK : ES_EUSAGE;
    t->state[i] = BEING_RESOLVED;
    es_expr x;
    es_pnode function = {.kind = ES_PNODE_FN};
    es_arena *arena = &t->plan->arena;
    uint16_t *in = es_arena_array(arena, ES_MAX_INPUTS, sizeof *in);
    /* min takes what overflows for missing, so that no kernel sees infinity */
    const char *finite = es_arena_printf(arena, "min(%s, 1.7976931348623157e308)", tied->formula);
    es_origin at = tied->at;
    at.column -= at.column ? strlen("min(") : 0;
    es_status status = in && finite ? es_expr_parse(&x, es_slice_of(tied->formula), tied->at, NULL, arena, t->errors)
                                    : es_fail_memory(t->errors);
    if (!status)
        status = es_expr_parse(&x, es_slice_of(finite), at, NULL, arena, t->errors);
    es_expr_binding *binding = status ? NULL : es_arena_array(arena, x.n_nodes, sizeof *binding);
    if (!status && !binding)
        status = es_fail_memory(t->errors);
    function.in = in;
    if (!status)
        status = bind(t, i, &x, binding, &function, in);
    if (!status)
        status = es_expr_compile(&function.program, &x, x.n_nodes - 1, binding, arena, t->errors);
    if (!status)
        status = finish(t, i, function);
    t->state[i] = status ? FAILED : RESOLVED;
    return status;
}

es_status es_plan_tied(es_sweep *sweep, es_errors *errors) {
    tie t = {.sweep = sweep, .plan = sweep->plan, .errors = errors};
    t.state = es_arena_array(&sweep->plan->arena, sweep->plan->n_tied + 1, sizeof *t.state);
    es_status status = t.state ? ES_OK : es_fail_memory(errors);
    for (size_t i = 0; i < sweep->plan->n_tied && t.state; i++) {
        es_status one = resolve(&t, i);
        status = status ? status : one;
    }
    return status;
}

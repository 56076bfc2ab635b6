/* Formulas of users as nodes of the plan. */
#include <string.h>

#include "base/number.h"
#include "grid/plan.h"

enum { MAX_METRICS = 256 };

static bool is_column(const void *context, es_slice word) {
    return es_sweep_column(context, word.text, word.length) >= 0;
}

es_expr_words es_plan_words(const es_sweep *sweep) { return (es_expr_words){.is_name = is_column, .context = sweep}; }

/* Number of the input that reads `node`, added when it is new. */
static es_status add_input(es_pnode *function, uint16_t *in, uint16_t node, const es_expr *x, size_t at,
                           uint16_t *input, es_errors *errors) {
    for (*input = 0; *input < function->n_in; ++*input)
        if (in[*input] == node)
            return ES_OK;
    es_origin origin = es_expr_origin(x, at);
    if (function->n_in == ES_MAX_INPUTS)
        return es_fail(errors, ES_EUSAGE, &origin, "more than %d columns in one expression: '%s'", ES_MAX_INPUTS,
                       es_quote(es_expr_source(x, at)).text);
    in[function->n_in++] = node;
    return ES_OK;
}

es_status es_plan_expression(es_sweep *sweep, const es_expr *x, size_t root, uint16_t *node, es_errors *errors) {
    es_arena *arena = &sweep->plan->arena;
    size_t first = x->node[root].first;
    es_expr_binding *binding = es_arena_array(arena, root + 1 - first, sizeof *binding);
    size_t *partner = es_arena_array(arena, root + 1 - first, sizeof *partner); /* of a name: 1 + what may be a text */
    uint16_t *in = es_arena_array(arena, ES_MAX_INPUTS, sizeof *in);
    es_node *def = es_arena_alloc(arena, sizeof *def);
    if (!binding || !partner || !in || !def)
        return es_fail_memory(errors);
    es_pnode function = {.kind = ES_PNODE_FN, .def = def, .in = in};
    *def = (es_node){.name = "", .unit = "", .kind = ES_NODE_FN};
    for (size_t i = first; i <= root; i++) {
        const es_expr_node *n = &x->node[i];
        for (size_t k = 0; k < n->n_in; k++)
            if (n->op == ES_X_EMPTY || n->op == ES_X_PRESENT || x->node[n->in[n->n_in - 1 - k]].op == ES_X_TEXT)
                partner[n->in[k] - first] = 1 + n->in[n->n_in - 1 - k];
        if (n->op >= ES_X_LOG && n->op <= ES_X_POW)
            def->flags |= ES_SUBGRID;
    }
    es_status status = ES_OK;
    for (size_t i = first; i <= root; i++) {
        if (x->node[i].op != ES_X_NAME)
            continue;
        es_slice name = x->name[x->node[i].index];
        es_origin at = es_expr_origin(x, i);
        int number;
        es_status one = es_plan_find_column(sweep, name, at, &number, errors);
        const es_column *column = one ? NULL : &sweep->columns[number];
        size_t text = partner[i - first] ? partner[i - first] - 1 : i;
        if (column && x->node[text].op == ES_X_TEXT && !column->labels) {
            at = es_expr_origin(x, text);
            one = es_fail(errors, ES_EUSAGE, &at, "%s is a number, so it cannot equal a text: '%s'; expected a number",
                          column->name, es_quote(x->node[text].text).text);
        } else if (column && x->node[text].op == ES_X_TEXT) {
            binding[text - first].kind = ES_BOUND_CONSTANT;
            binding[text - first].constant =
                es_plan_label(sweep, column, x->node[text].text, es_expr_origin(x, text), errors);
        } else if (column && column->labels && !partner[i - first]) {
            one = es_fail(errors, ES_EUSAGE, &at,
                          "a text where a number is needed: '%s'; it compares with a 'text' in quotes, by = and !=",
                          es_quote(name).text);
        }
        binding[i - first].kind = ES_BOUND_INPUT;
        if (!one)
            one = add_input(&function, in, (uint16_t)column->node, x, i, &binding[i - first].input, errors);
        status = status ? status : one;
    }
    if (!status)
        status = es_expr_compile(&function.program, x, root, binding, arena, errors);
    return status ? status : es_plan_add_node(sweep, function, node, errors);
}

/* ---- [metrics] ---- */

typedef enum metric_state { UNTOUCHED, BEING_RESOLVED, RESOLVED, FAILED } metric_state;

typedef struct metrics {
    es_sweep *sweep;
    const es_entries *list;
    es_node *def;
    es_column *column; /* the first of them */
    uint8_t *state;    /* per metric */
    es_errors *errors;
} metrics;

static es_status read_head(const metrics *m, size_t i) {
    const es_entry *entry = &m->list->entry[i];
    es_arena *arena = &m->sweep->plan->arena;
    es_slice name, unit;
    es_status status = es_spec_metric(entry, &name, &unit, m->errors);
    if (status)
        return status;
    if (es_sweep_column(m->sweep, name.text, name.length) >= 0)
        return es_fail(m->errors, ES_EUSAGE, &entry->key_at, "this column exists already: '%s'; expected another name",
                       es_quote(name).text);
    const char *text = es_arena_text(arena, name);
    if (!text)
        return es_fail_memory(m->errors);
    m->def[i].name = text;
    m->def[i].unit = es_arena_text(arena, unit);
    m->def[i].formula = es_arena_text(arena, entry->value);
    m->def[i].kind = ES_NODE_FN;
    m->def[i].flags = ES_METRIC;
    m->column[i] = (es_column){.name = text, .unit = m->def[i].unit, .node = -1};
    return m->def[i].unit && m->def[i].formula ? ES_OK : es_fail_memory(m->errors);
}

/* What a metric reads is resolved before it; the order of the file does not matter. */
static es_status resolve(const metrics *m, size_t i) {
    const es_entry *entry = &m->list->entry[i];
    if (m->state[i] >= RESOLVED)
        return m->state[i] == RESOLVED ? ES_OK : ES_EUSAGE;
    es_expr x;
    es_expr_words words = es_plan_words(m->sweep);
    es_status status = es_expr_parse(&x, entry->value, entry->value_at, &words, &m->sweep->plan->arena, m->errors);
    m->state[i] = BEING_RESOLVED;
    for (size_t k = 0; k < x.n_nodes && !status; k++) {
        if (x.node[k].op != ES_X_NAME)
            continue;
        es_slice name = x.name[x.node[k].index];
        es_origin at = es_expr_origin(&x, k);
        size_t other = 0;
        while (other < m->list->count && !es_slice_equal(name, m->def[other].name))
            other++;
        if (other < m->list->count && m->state[other] == BEING_RESOLVED)
            status = es_fail(m->errors, ES_EUSAGE, &at, "a metric that needs itself: '%s' by way of '%s'",
                             m->def[other].name, m->def[i].name);
        else if (other < m->list->count)
            status = resolve(m, other);
    }
    uint16_t node = 0;
    if (!status)
        status = es_plan_expression(m->sweep, &x, x.n_nodes - 1, &node, m->errors);
    m->state[i] = status ? FAILED : RESOLVED;
    m->column[i].node = node;
    m->column[i].axes = m->sweep->plan->node[node].mask;
    return status;
}

es_status es_plan_metrics(es_sweep *sweep, const es_spec *spec, es_errors *errors) {
    metrics m = {.sweep = sweep, .list = &spec->section[ES_SEC_METRICS], .errors = errors};
    size_t n = m.list->count;
    m.def = es_arena_array(&sweep->plan->arena, n + 1, sizeof *m.def);
    m.state = es_arena_array(&sweep->plan->arena, n + 1, sizeof *m.state);
    m.column = (es_column *)sweep->columns + sweep->n_columns;
    if (!m.def || !m.state)
        return es_fail_memory(errors);
    if (n > MAX_METRICS)
        return es_fail(errors, ES_EUSAGE, &m.list->entry[MAX_METRICS].key_at, "more than %d metrics", MAX_METRICS);
    es_status status = ES_OK;
    for (size_t i = 0; i < n; i++) {
        es_status one = read_head(&m, i);
        status = status ? status : one;
        sweep->n_columns += !one;
    }
    if (status)
        return status;
    sweep->plan->metric = m.def;
    sweep->plan->n_metrics = n;
    sweep->plan->n_standard_columns = sweep->n_columns;
    for (size_t i = 0; i < n; i++) {
        es_status one = resolve(&m, i);
        status = status ? status : one;
    }
    return status;
}

/* How the formulas of a kernel rise and fall: read off their texts. */
#include <math.h>
#include <string.h>

#include "base/expr.h"
#include "model/node.h"

static const es_interval POSITIVE = {0, INFINITY};

/* The functions of formula.h, of arguments that are not negative. */
static const es_expr_function functions[] = {
    {"is_given", 1, "=", {0, 1}},
    {"given", 2, "++", {0, INFINITY}},
    {"if_larger", 2, "+-", {0, INFINITY}},
    {"unless_larger", 2, "-+", {0, INFINITY}},
    {"sum_in_window", 3, "+++", {0, INFINITY}},
    {"largest", 5, "00000", {0, 4}},
};

const es_expr_words es_formula_words = {.function = functions, .n_functions = sizeof functions / sizeof *functions};

static es_interval range_of_leaf(const es_kernel *kernel, const es_node *node) {
    switch (node->kind) {
    case ES_NODE_FIELD:
    case ES_NODE_AXIS:
    case ES_NODE_ROW: {
        const es_field *field = &es_fields(node->entity)->fields[node->index];
        return es_field_is_numeric(field) ? (es_interval){field->min, field->max} : POSITIVE;
    }
    case ES_NODE_WORKLOAD: return (es_interval){kernel->axes[node->index].min, kernel->axes[node->index].max};
    case ES_NODE_OPTION: return (es_interval){kernel->options[node->index].min, kernel->options[node->index].max};
    case ES_NODE_BLOCK: return (es_interval){kernel->blocks[node->index].least, INFINITY};
    default: return POSITIVE; /* factors */
    }
}

/* Index among the node's inputs of the name, or -1. */
static int input_named(const es_kernel *kernel, const es_node *node, es_slice name) {
    for (int k = 0; k < node->n_in; k++)
        if (es_slice_equal(name, kernel->nodes[node->in[k]].name))
            return k;
    return -1;
}

static es_status derive(const es_kernel *kernel, const es_node *node, es_interval *range, char *signs,
                        es_arena *scratch, es_errors *errors) {
    es_interval domain[2 * ES_MAX_INPUTS], *own = &range[node - kernel->nodes];
    char by_name[2 * ES_MAX_INPUTS];
    es_expr x;
    if (node->searched) {
        memset(signs, '0', node->n_in);
        *own = POSITIVE;
        return ES_OK;
    }
    es_status status = es_expr_parse(&x, es_slice_of(node->formula), (es_origin){.file = node->name}, &es_formula_words,
                                     scratch, errors);
    if (status)
        return status;
    for (size_t i = 0; i < x.n_names; i++) {
        const int k = input_named(kernel, node, x.name[i]);
        domain[i] = k < 0 ? POSITIVE : range[node->in[k]];
        for (const es_constant *c = kernel->constants; c->name && k < 0; c++)
            if (es_slice_equal(x.name[i], c->name))
                domain[i] = (es_interval){c->value, c->value};
    }
    *own = es_expr_signs(&x, x.n_nodes - 1, functions, domain, by_name);
    for (size_t i = 0; i < x.n_names; i++) {
        const int k = input_named(kernel, node, x.name[i]);
        if (k >= 0)
            signs[k] = by_name[i] == '=' ? '+' : by_name[i];
    }
    for (const es_known_signs *s = kernel->signs; s->signs; s++)
        if (s->node == node - kernel->nodes)
            memcpy(signs, s->signs, node->n_in);
    return ES_OK;
}

es_status es_kernel_signs(const es_kernel *kernel, es_arena *arena, const char *const **result, es_errors *errors) {
    const char **signs = es_arena_array(arena, kernel->n_nodes + 1, sizeof *signs);
    es_arena scratch = {0};
    es_interval *range = es_arena_array(&scratch, kernel->n_nodes + 1, sizeof *range);
    es_status status = signs && range ? ES_OK : es_fail_memory(errors);
    for (size_t i = 0; i < kernel->n_nodes && !status; i++) {
        const es_node *node = &kernel->nodes[i];
        if (node->kind != ES_NODE_FN) {
            range[i] = range_of_leaf(kernel, node);
            continue;
        }
        char *own = es_arena_array(arena, node->n_in + 1u, 1);
        status = own ? derive(kernel, node, range, own, &scratch, errors) : es_fail_memory(errors);
        signs[i] = own;
    }
    es_arena_free(&scratch);
    *result = signs;
    return status;
}

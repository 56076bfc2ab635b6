/* Every formula of both kernels: the text that users see, evaluated in 113 bits, against the code.
 *
 * `make mutants` shows what this notices: single changes of the code under an unchanged text. */
#include "point_help.h"

#include "base/expr.h"
#include "rounds.h"

#if defined(__SIZEOF_FLOAT128__)
typedef __float128 real;
#else
typedef long double real; /* 113 bits on most machines without __float128 */
#endif

TestSuite(formulas, .init = set_up, .fini = tear_down);

/* A value, and the size of what was added up to it: what rounding is measured by. */
typedef struct estimate {
    real value, size;
} estimate;

static estimate exact(real x) { return (estimate){x, x < 0 ? -x : x}; }
static real smaller(real a, real b) { return a < b ? a : b; }
static real larger(real a, real b) { return a > b ? a : b; }
static estimate whole(estimate x, bool up) {
    if (!(x.value < 0x1p52)) /* whole or missing */
        return x;
    const real down = (real)(int64_t)x.value;
    return exact(up && down < x.value ? down + 1 : down);
}

static estimate power(estimate x, real n) {
    real result = 1;
    cr_assert(n == (real)(uint64_t)n, "whole powers only");
    for (uint64_t k = (uint64_t)n; k; k >>= 1, x.value *= x.value)
        result *= k & 1 ? x.value : 1;
    return exact(result);
}

/* The functions of formula.h, stated anew. */
static estimate call(const char *name, const estimate *a) {
    if (strcmp(name, "is_given") == 0)
        return exact(a[0].value == a[0].value);
    if (strcmp(name, "given") == 0)
        return a[0].value == a[0].value ? a[0] : a[1];
    if (strcmp(name, "if_larger") == 0)
        return a[0].value > a[1].value ? a[0] : exact(0);
    if (strcmp(name, "unless_larger") == 0)
        return a[0].value > a[1].value ? exact(0) : a[1];
    if (strcmp(name, "sum_in_window") == 0) {
        real sum = 0; /* by hand: n is small or everything is beyond the window */
        const real start = a[0].value, n = a[1].value, window = a[2].value;
        const real rising = larger(0, smaller(n, window - start));
        sum = (start + 1 + start + rising) * rising / 2 + (n - rising) * window;
        return (estimate){sum, (start + n + window) * n};
    }
    cr_assert_str_eq(name, "largest");
    int which = 0;
    for (int k = 1; k < 5; k++)
        which = a[k].value > a[which].value ? k : which;
    return exact(which);
}

static estimate evaluate(const es_expr *x, size_t at, const double *name_value) {
    const es_expr_node *n = &x->node[at];
    estimate in[ES_EXPR_ARGS_MAX];
    for (size_t k = 0; k < n->n_in; k++)
        in[k] = evaluate(x, n->in[k], name_value);
    const real a = in[0].value, b = in[1].value, both = in[0].size + in[1].size;
    switch (n->op) {
    case ES_X_NUMBER: return exact(n->number);
    case ES_X_NAME: return exact(name_value[n->index]);
    case ES_X_CALL: return call(es_formula_words.function[n->index].name, in);
    case ES_X_NEG: return (estimate){-a, in[0].size};
    case ES_X_NOT: return exact(!(a != 0));
    case ES_X_FLOOR: return whole(in[0], false);
    case ES_X_CEIL: return whole(in[0], true);
    case ES_X_ADD: return (estimate){a + b, both};
    case ES_X_SUB: return (estimate){a - b, both};
    case ES_X_MUL: return (estimate){a * b, in[0].size * in[1].size};
    case ES_X_DIV: return (estimate){a / b, in[0].size / (b < 0 ? -b : b)};
    case ES_X_MIN: return a < b ? in[0] : in[1];
    case ES_X_MAX: return a > b ? in[0] : in[1];
    case ES_X_EQ: return exact(a == b);
    case ES_X_NE: return exact(a != b);
    case ES_X_LT: return exact(a < b);
    case ES_X_LE: return exact(a <= b);
    case ES_X_GT: return exact(a > b);
    case ES_X_GE: return exact(a >= b);
    case ES_X_AND: return exact(a != 0 && b != 0);
    case ES_X_OR: return exact(a != 0 || b != 0);
    case ES_X_IF: return a != 0 ? in[1] : in[2];
    case ES_X_POW: return power(in[0], b);
    default: cr_assert(false, "not in formulas: %d", (int)n->op);
    }
    return exact(0);
}

typedef struct formula {
    const es_kernel *kernel;
    const es_node *node;
    es_expr x;
} formula;

static formula formula_of(const es_kernel *kernel, const es_node *node, es_errors *errors) {
    formula f = {.kernel = kernel, .node = node};
    cr_assert_eq(es_expr_parse(&f.x, es_slice_of(node->formula), (es_origin){.file = node->name}, &es_formula_words,
                               &arena, errors),
                 ES_OK, "%s: %s", node->name, node->formula);
    return f;
}

static void check(const formula *f, const double *input) {
    const double *in[ES_MAX_INPUTS];
    double value[2 * ES_MAX_INPUTS], out;
    char list[1000] = "";
    for (size_t k = 0; k < f->node->n_in; k++)
        in[k] = &input[k];
    for (size_t i = 0; i < f->x.n_names; i++) {
        bool found = false;
        for (size_t k = 0; k < f->node->n_in && !found; k++)
            if ((found = es_slice_equal(f->x.name[i], f->kernel->nodes[f->node->in[k]].name)))
                value[i] = input[k];
        for (const es_constant *c = f->kernel->constants; c->name && !found; c++)
            if ((found = es_slice_equal(f->x.name[i], c->name)))
                value[i] = c->value;
        cr_assert(found, "%s: %.*s", f->node->name, (int)f->x.name[i].length, f->x.name[i].text);
    }
    f->node->fn(&out, in, 1);
    const estimate e = evaluate(&f->x, f->x.n_nodes - 1, value);
    const real error = larger(out - e.value, e.value - out);
    const bool alike = out != out || e.value != e.value ? out != out && e.value != e.value
                                                        : out == (double)e.value || error <= 1e-13 * e.size;
    for (size_t k = 0; k < f->node->n_in && !alike; k++)
        snprintf(list + strlen(list), sizeof list - strlen(list), " %s=%.17g", f->kernel->nodes[f->node->in[k]].name,
                 input[k]);
    cr_expect(alike, "%s = %.17g, its text says %.17g:%s", f->node->name, out, (double)e.value, list);
}

/* Values of all sizes, small counts that make conditions true and false, missing ones. */
static double any_value(void) {
    const double u = uniform_deviate();
    if (u < 0.08)
        return NAN;
    if (u < 0.4)
        return floor(4 * uniform_deviate());
    if (u < 0.6)
        return floor(1 + 300 * uniform_deviate());
    return exp(log(1e-3) + uniform_deviate() * log(1e9));
}

static const struct {
    const char *name;
    double least, most; /* whole numbers */
} counts[] = {{"n_experts", 0, 300},
              {"n_active_experts", 1, 12},
              {"batch", 1, 300},
              {"pass_tokens", 1, 5000},
              {"prompt", 1, 5000},
              {"gen", 1, 5000},
              {"depth", 0, 5000},
              {"sliding_window", 0, 5000},
              {"layers", 1, 100},
              {"global_layer_every", 0, 8},
              {"turn_pass_tokens", 1, 5000},
              {"round_tokens", 2, 60},
              {"turns", 1, 50},
              {"more_turns", 0, 50},
              {"new_tokens", 1, 5000},
              {"turn_step", 1, 5000},
              {"second_turn", 1, 5000},
              {"second_reply", 1, 5000},
              {"layer_window", 0, 5000},
              {"rising_turns", 0, 50},
              {"rising_replies", 0, 50}};

static double value_for(const char *name) {
    for (size_t i = 0; i < LENGTH(counts); i++)
        if (strcmp(counts[i].name, name) == 0)
            return counts[i].least + floor(uniform_deviate() * (counts[i].most - counts[i].least + 1));
    return any_value();
}

static void check_kernel(const char *name, int rounds) {
    es_point_kernel kernel;
    cr_assert_eq(es_point_kernel_prepare(&kernel, name, &catalog, &arena, NULL), ES_OK);
    double *value = es_arena_array(&arena, kernel.kernel->n_nodes, sizeof *value);
    formula *formulas = es_arena_array(&arena, kernel.kernel->n_nodes, sizeof *formulas);
    size_t n = 0;
    for (size_t i = 0; i < kernel.kernel->n_nodes; i++)
        if (kernel.kernel->nodes[i].kind == ES_NODE_FN && !kernel.kernel->nodes[i].searched)
            formulas[n++] = formula_of(kernel.kernel, &kernel.kernel->nodes[i], NULL);
    for (int round = 0; round < rounds; round++) {
        for (size_t i = 0; i < n; i++) {
            double input[ES_MAX_INPUTS];
            const bool close =
                formulas[i].node->labels && round % 4; /* a choice shows all terms only between like ones */
            for (size_t k = 0; k < formulas[i].node->n_in; k++)
                input[k] = close ? uniform_deviate() : value_for(kernel.kernel->nodes[formulas[i].node->in[k]].name);
            check(&formulas[i], input);
        }
    }
    /* At values that occur: rows of the catalogs under random workloads. */
    for (int round = 0; round < rounds; round++) {
        double workload[ES_MAX_INPUTS];
        const es_row *row[3];
        for (int kind = 0; kind < 3; kind++) {
            const es_table *table = &catalog.table[(es_kind[]){ES_MODEL, ES_DEVICE, ES_PRECISION}[kind]];
            row[kind] = &table->rows[(size_t)(uniform_deviate() * (double)table->n_rows)];
        }
        for (size_t k = 0; k < kernel.kernel->n_axes; k++)
            workload[k] =
                uniform_deviate() < 0.5 || isnan(kernel.kernel->axes[k].fallback)
                    ? NAN
                    : kernel.kernel->axes[k].min + floor(fmin(kernel.kernel->axes[k].max, 3000) * uniform_deviate());
        const es_rows rows = es_point_rows(&kernel, row[0], row[1], row[2]);
        if (es_point_missing(&kernel, &rows))
            continue;
        es_point_evaluate(&kernel, &rows, workload, value);
        for (size_t i = 0; i < n; i++) {
            double input[ES_MAX_INPUTS];
            for (size_t k = 0; k < formulas[i].node->n_in; k++)
                input[k] = value[formulas[i].node->in[k]];
            check(&formulas[i], input);
        }
    }
}

Test(formulas, edgeprofiler) { check_kernel("edgeprofiler", ROUNDS(600)); }
Test(formulas, roofline) { check_kernel("roofline", ROUNDS(600)); }

/* Compiling expressions to steps over columns.
 *
 * Leaves are read where they are; the operand that needs most registers is computed first (Sethi and Ullman 1970), so
 * that a few registers serve any formula somebody writes.
 */
#include "base/expr_steps.h"

#include <math.h>
#include <string.h>

typedef struct compiler {
    const es_expr *x;
    size_t first;                   /* node */
    const es_expr_binding *binding; /* from `first` on, as `need` */
    es_expr_step *step;
    size_t n_steps;
    double *constant; /* one value each */
    size_t n_constants;
    uint8_t *need; /* per node: registers */
    uint32_t busy; /* bit r: register r is in use */
    es_status status;
    es_errors *errors;
} compiler;

static bool is_leaf(const compiler *c, size_t node) {
    return c->binding[node - c->first].kind != ES_BOUND_NOT || c->x->node[node].op <= ES_X_NAME;
}

static es_expr_operand constant(compiler *c, double value) {
    size_t k = 0;
    while (k < c->n_constants && memcmp(&c->constant[k], &value, sizeof value) != 0)
        k++;
    if (k == c->n_constants)
        c->constant[c->n_constants++] = value;
    return (es_expr_operand){ES_AT_CONSTANT, (uint16_t)k};
}

static size_t operands_by_need(const compiler *c, const es_expr_node *n, size_t *order) {
    for (size_t k = 0; k < n->n_in; k++) {
        size_t at = k;
        for (; at > 0 && c->need[n->in[order[at - 1]] - c->first] < c->need[n->in[k] - c->first]; at--)
            order[at] = order[at - 1];
        order[at] = k;
    }
    return n->n_in;
}

static void count_registers(compiler *c, size_t root) {
    for (size_t i = c->x->node[root].first; i <= root; i++) {
        const es_expr_node *n = &c->x->node[i];
        size_t order[ES_EXPR_ARGS_MAX], held = 0, need = 1;
        c->need[i - c->first] = 0;
        if (is_leaf(c, i))
            continue;
        for (size_t k = 0, count = operands_by_need(c, n, order); k < count; k++) {
            size_t of = c->need[n->in[order[k]] - c->first];
            need = held + of > need ? held + of : need;
            held += of > 0;
        }
        need = held + 1 > need ? held + 1 : need; /* the result overlaps no operand */
        c->need[i - c->first] = need < 255 ? (uint8_t)need : 255;
    }
}

static es_status fail_at(compiler *c, size_t node, const char *message) {
    es_origin at = es_expr_origin(c->x, node);
    if (!c->status)
        c->status = es_fail(c->errors, ES_EUSAGE, &at, "%s: '%s'", message, es_quote(es_expr_source(c->x, node)).text);
    return c->status;
}

static es_expr_operand generate(compiler *c, size_t node) {
    const es_expr_node *n = &c->x->node[node];
    const es_expr_binding *bound = &c->binding[node - c->first];
    if (bound->kind == ES_BOUND_CONSTANT)
        return constant(c, bound->constant);
    if (bound->kind == ES_BOUND_INPUT)
        return (es_expr_operand){ES_AT_INPUT, bound->input};
    if (n->op == ES_X_NUMBER)
        return constant(c, n->number);
    if (n->op <= ES_X_CALL) {
        fail_at(c, node, "no value");
        return constant(c, 0);
    }
    size_t order[ES_EXPR_ARGS_MAX];
    es_expr_step step = {.op = n->op};
    bool fixed = true;
    for (size_t k = 0, count = operands_by_need(c, n, order); k < count; k++)
        step.in[order[k]] = generate(c, n->in[order[k]]);
    for (size_t k = 0; k < 3; k++) {
        if (k >= n->n_in)
            step.in[k] = step.in[0];
        fixed = fixed && step.in[k].place == ES_AT_CONSTANT;
    }
    if (fixed) {
        double value, operand[3];
        const double *in[3] = {&operand[0], &operand[1], &operand[2]};
        for (size_t k = 0; k < 3; k++) {
            operand[k] = c->constant[step.in[k].index];
            step.in[k] = (es_expr_operand){ES_AT_INPUT, (uint16_t)k};
        }
        es_expr_run(&(es_expr_program){.step = &step, .n_steps = 1}, &value, in, 1);
        return constant(c, value);
    }
    while (step.to < ES_EXPR_REGISTERS && c->busy >> step.to & 1)
        step.to++;
    c->busy |= (uint32_t)1 << step.to;
    for (size_t k = 0; k < n->n_in; k++)
        if (step.in[k].place == ES_AT_REGISTER)
            c->busy &= ~((uint32_t)1 << step.in[k].index);
    c->step[c->n_steps++] = step;
    return (es_expr_operand){ES_AT_REGISTER, step.to};
}

es_status es_expr_compile(const es_expr_program **program, const es_expr *x, size_t root,
                          const es_expr_binding *binding, es_arena *arena, es_errors *errors) {
    compiler c = {.x = x, .first = x->node[root].first, .binding = binding, .errors = errors};
    size_t n = root + 1 - c.first;
    es_expr_program *p = es_arena_alloc(arena, sizeof *p);
    c.step = es_arena_array(arena, n + 1, sizeof *c.step);
    c.constant = es_arena_array(arena, 2 * n, sizeof *c.constant);
    c.need = es_arena_array(arena, n, sizeof *c.need);
    if (!p || !c.step || !c.constant || !c.need)
        return es_fail_memory(errors);
    count_registers(&c, root);
    if (c.need[root - c.first] > ES_EXPR_REGISTERS)
        return fail_at(&c, root, "expression too complex");
    es_expr_operand result = generate(&c, root);
    if (c.status)
        return c.status;
    if (result.place != ES_AT_REGISTER)
        c.step[c.n_steps++] = (es_expr_step){.op = ES_X_NAME, .in = {result, result, result}};
    double *constants = es_arena_array(arena, (c.n_constants + 1) * ES_EXPR_CHUNK, sizeof *constants);
    if (!constants)
        return es_fail_memory(errors);
    for (size_t k = 0; k < c.n_constants * ES_EXPR_CHUNK; k++)
        constants[k] = c.constant[k / ES_EXPR_CHUNK];
    *p = (es_expr_program){c.step, c.n_steps, constants};
    *program = p;
    return ES_OK;
}

void es_expr_run(const es_expr_program *program, double *out, const double *const *in, size_t n) {
    ES_SIMD_PICK(es_expr_steps)(program, out, in, n);
}

/* ---- ranges ---- */

static const es_expr_range ANYTHING = {-INFINITY, INFINITY, true, true};

/* Values end where doubles do. */
static es_expr_range bounded(es_expr_range r) {
    if (r.value && (r.low != r.low || r.high != r.high))
        return ANYTHING;
    if (r.value && (r.low == INFINITY || r.high == -INFINITY))
        r.value = false, r.missing = true;
    if (r.value && (r.low == -INFINITY || r.high == INFINITY))
        r.missing = true;
    return r;
}

static es_expr_range hull(es_expr_range a, es_expr_range b) {
    if (!a.value || !b.value) {
        es_expr_range r = a.value ? a : b;
        r.missing = a.missing || b.missing;
        return r;
    }
    return (es_expr_range){fmin(a.low, b.low), fmax(a.high, b.high), true, a.missing || b.missing};
}

static bool can_be_true(es_expr_range r) { return r.value && (r.low != 0 || r.high != 0); }
static bool can_be_false(es_expr_range r) { return r.value && r.low <= 0 && r.high >= 0; }

static es_expr_range truth(bool can_hold, bool can_fail, bool missing) {
    return (es_expr_range){can_fail ? 0 : 1, can_hold ? 1 : 0, can_hold || can_fail, missing};
}

static double value_of(es_expr_op op, double x, double y) {
    const double *in[2] = {&x, &y};
    double out;
    es_expr_step step = {.op = op, .in = {{ES_AT_INPUT, 0}, {ES_AT_INPUT, 1}, {ES_AT_INPUT, 0}}};
    es_expr_run(&(es_expr_program){.step = &step, .n_steps = 1}, &out, in, 1);
    return out;
}

/* The hull of the four corners; 0 * inf is 0, as for all finite values. */
static es_expr_range corners(es_expr_op op, es_expr_range a, es_expr_range b) {
    es_expr_range r = {INFINITY, -INFINITY, true, false};
    for (int k = 0; k < 4; k++) {
        double x = k & 1 ? a.high : a.low, y = k & 2 ? b.high : b.low;
        double v = op == ES_X_MUL ? x * y : op == ES_X_DIV ? x / y : value_of(op, x, y);
        if (v != v && op == ES_X_POW)
            return ANYTHING;
        v = v != v ? 0 : v;
        r.low = fmin(r.low, v), r.high = fmax(r.high, v);
    }
    return r;
}

static es_expr_range divided(es_expr_range a, es_expr_range b) {
    if (b.low == 0 && b.high == 0)
        return (es_expr_range){.missing = true};
    if (b.low < 0 && b.high > 0)
        return ANYTHING;
    b.low = b.low == 0 ? 0.0 : b.low, b.high = b.high == 0 ? -0.0 : b.high; /* the side from which 0 is approached */
    es_expr_range r = corners(ES_X_DIV, a, b);
    if ((b.low == 0 || b.high == 0) && a.low <= 0 && a.high >= 0) /* 0 / 0 at a corner stands for anything beside it */
        r = hull(r, (es_expr_range){0, 0, true, false});
    r.missing = b.low == 0 || b.high == 0;
    return r;
}

/* exp, log and pow err by a few units in the last place, and more for large exponents; margins are far wider. */
static es_expr_range widened(es_expr_range r) {
    bool positive = r.low >= 0;
    r.low -= fabs(r.low) * 1e-12 + 0x1p-1060, r.high += fabs(r.high) * 1e-12 + 0x1p-1060;
    r.low = positive ? fmax(r.low, 0) : r.low;
    return r;
}

static es_expr_range raised(es_expr_range a, es_expr_range b) {
    bool fixed = b.low == b.high, even = fixed && fmod(b.low, 2) == 0;
    if (fixed && even && b.low > 0 && a.low < 0) {
        double top = fmax(-a.low, a.high), bottom = a.high < 0 ? -a.high : 0;
        return widened((es_expr_range){value_of(ES_X_POW, bottom, b.low), value_of(ES_X_POW, top, b.low), true, true});
    }
    bool whole = fixed && floor(b.low) == b.low;
    if (!(a.low > 0 || (a.low == 0 && b.low > 0) || (whole && b.low > 0)) || isinf(a.high) || isinf(a.low) ||
        isinf(b.low) || isinf(b.high))
        return ANYTHING;
    es_expr_range r = widened(corners(ES_X_POW, a, b));
    r.missing = true; /* beyond the range of a double, perhaps */
    return r;
}

/* Of operands that both have values. */
static es_expr_range range_of_values(es_expr_op op, es_expr_range a, es_expr_range b) {
    bool disjoint = a.high < b.low || a.low > b.high, one = a.low == a.high && b.low == b.high && a.low == b.low;
    switch (op) {
    case ES_X_NEG: return (es_expr_range){-a.high, -a.low, true, false};
    case ES_X_NOT: return truth(can_be_false(a), can_be_true(a), false);
    case ES_X_FLOOR: return (es_expr_range){floor(a.low), floor(a.high), true, false};
    case ES_X_CEIL: return (es_expr_range){ceil(a.low), ceil(a.high), true, false};
    case ES_X_ABS:
        return (es_expr_range){a.low > 0 ? a.low : a.high < 0 ? -a.high : 0, fmax(-a.low, a.high), true, false};
    case ES_X_SQRT: return (es_expr_range){sqrt(fmax(a.low, 0)), sqrt(fmax(a.high, 0)), a.high >= 0, a.low < 0};
    case ES_X_EXP: return widened((es_expr_range){value_of(op, a.low, 0), value_of(op, a.high, 0), true, false});
    case ES_X_LOG:
        if (a.high <= 0)
            return (es_expr_range){.missing = true};
        return widened((es_expr_range){a.low > 0 ? value_of(op, a.low, 0) : -INFINITY,
                                       a.high < INFINITY ? value_of(op, a.high, 0) : INFINITY, true, a.low <= 0});
    case ES_X_POW: return raised(a, b);
    case ES_X_ADD: return (es_expr_range){a.low + b.low, a.high + b.high, true, false};
    case ES_X_SUB: return (es_expr_range){a.low - b.high, a.high - b.low, true, false};
    case ES_X_MUL: return corners(op, a, b);
    case ES_X_DIV: return divided(a, b);
    case ES_X_MIN: return (es_expr_range){fmin(a.low, b.low), fmin(a.high, b.high), true, false};
    case ES_X_MAX: return (es_expr_range){fmax(a.low, b.low), fmax(a.high, b.high), true, false};
    case ES_X_EQ: return truth(!disjoint, !one, false);
    case ES_X_NE: return truth(!one, !disjoint, false);
    case ES_X_LT: return truth(a.low < b.high, a.high >= b.low, false);
    case ES_X_LE: return truth(a.low <= b.high, a.high > b.low, false);
    case ES_X_GT: return truth(a.high > b.low, a.low <= b.high, false);
    default: return truth(a.high >= b.low, a.low < b.high, false);
    }
}

static es_expr_range range_of_step(es_expr_op op, es_expr_range a, es_expr_range b, es_expr_range c) {
    es_expr_range r;
    switch (op) {
    case ES_X_NAME: return a;
    case ES_X_EMPTY: return truth(a.missing, a.value, false);
    case ES_X_PRESENT: return truth(a.value, a.missing, false);
    case ES_X_AND:
        return truth(can_be_true(a) && can_be_true(b), can_be_false(a) || can_be_false(b),
                     (a.missing && (b.missing || can_be_true(b))) || (b.missing && can_be_true(a)));
    case ES_X_OR:
        return truth(can_be_true(a) || can_be_true(b), can_be_false(a) && can_be_false(b),
                     (a.missing && (b.missing || can_be_false(b))) || (b.missing && can_be_false(a)));
    case ES_X_IF:
        r = (es_expr_range){.missing = a.missing};
        r = can_be_true(a) ? hull(r, b) : r;
        return can_be_false(a) ? hull(r, c) : r;
    default:
        if (!a.value || !b.value)
            return (es_expr_range){.missing = a.missing || b.missing};
        r = range_of_values(op, a, b);
        r.missing = r.missing || a.missing || b.missing;
        return r;
    }
}

es_expr_range es_expr_run_range(const es_expr_program *p, const es_expr_range *in) {
    es_expr_range space[ES_EXPR_REGISTERS], result = ANYTHING;
    for (size_t k = 0; k < p->n_steps; k++) {
        const es_expr_step *s = &p->step[k];
        es_expr_range operand[3];
        for (size_t j = 0; j < 3; j++) {
            double fixed = s->in[j].place == ES_AT_CONSTANT ? p->constant[s->in[j].index * ES_EXPR_CHUNK] : 0;
            operand[j] = s->in[j].place == ES_AT_REGISTER ? space[s->in[j].index]
                         : s->in[j].place == ES_AT_INPUT  ? bounded(in[s->in[j].index])
                         : fixed - fixed == 0             ? (es_expr_range){fixed, fixed, true, false}
                                                          : (es_expr_range){.missing = true};
        }
        space[s->to] = result = bounded(range_of_step(s->op, operand[0], operand[1], operand[2]));
    }
    return result;
}

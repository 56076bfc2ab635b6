#include "engine/bounds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/number.h"

/* A column holds the low ends, the high ends and the low ends again of n boxes, so that a function of rising and falling
 * inputs gets both of its ends from one call: rising inputs start at 0, falling ones at n.  Behind that, the same for
 * n = 1: nodes alike in all boxes. */
enum { SPREAD = 3 * ES_FAN, COLUMN = SPREAD + 8, MIXED_MAX = 3 };

/* Ranges of a leaf or a tabulated block over the boxes of one rung: [combinations of the node's outer axes][width].  No
 * state: low and high alike are the values themselves. */
typedef struct summary {
    const double *low, *high;
    const uint8_t *state;
    uint64_t rows, width;
} summary;

typedef struct bound_node {
    uint16_t id;
    bool tight_wanted;   /* somebody needs to know whether it is fixed */
    const summary *rung; /* leaves and blocks: per rung; NULL: functions, and blocks without a table */
} bound_node;

struct es_bounds {
    const es_plan *plan;
    const es_sweep *sweep;
    const es_ladder *ladder;
    es_arena arena;
    bound_node *node;
    size_t n_nodes;
    bool *needed;       /* per node of the plan */
    const char **signs; /* per node of the plan: of its inputs, NULL when unknown */
    bool **spread;      /* per axis, per node of the plan: alike along the axis, read by nodes that vary along it */
};

/* What is known of a node in the boxes computed last. */
typedef struct box_column {
    double *value;
    uint8_t *state; /* per box, when not definite */
    bool varies, definite, fixed;
} box_column;

struct es_boxes {
    const es_bounds *bounds;
    box_column *column; /* per node of the plan */
    double *values;
    uint8_t *states;
    size_t coordinate[ES_MAX_AXES];
    size_t n;
};

static const es_range UNBOUNDED = {-INFINITY, INFINITY, ES_HAS_VALUE | ES_HAS_NAN};

static bool is_unbounded(es_range r) { return r.low == -INFINITY && r.high == INFINITY; }

static es_range range_of_value(double value) {
    return (es_range){value, value, value == value ? ES_HAS_VALUE : ES_HAS_NAN};
}

static es_range hull(es_range a, es_range b) {
    es_range r = {.state = a.state | b.state, .low = a.low, .high = a.high};
    if (!(a.state & ES_HAS_VALUE) || b.low < a.low)
        r.low = b.low;
    if (!(a.state & ES_HAS_VALUE) || b.high > a.high)
        r.high = b.high;
    return r;
}

/* ---- summaries ---- */

static es_range entry(const summary *s, uint64_t i) {
    return s->state ? (es_range){s->low[i], s->high[i], s->state[i]} : range_of_value(s->low[i]);
}

/* Merges `group` neighbours within rows of s->width. */
static es_status reduce(es_bounds *b, summary *s, uint64_t group, es_errors *errors) {
    if (group <= 1 || s->width <= 1)
        return ES_OK;
    uint64_t width = (s->width + group - 1) / group, n = s->rows * width;
    double *low = es_arena_array(&b->arena, (size_t)n, sizeof *low);
    double *high = es_arena_array(&b->arena, (size_t)n, sizeof *high);
    uint8_t *state = es_arena_array(&b->arena, (size_t)n, 1);
    if (!low || !high || !state)
        return es_fail_memory(errors);
    for (uint64_t row = 0; row < s->rows; row++) {
        for (uint64_t i = 0; i < s->width; i++) {
            uint64_t to = row * width + i / group;
            es_range r = hull((es_range){low[to], high[to], state[to]}, entry(s, row * s->width + i));
            low[to] = r.low, high[to] = r.high, state[to] = (uint8_t)r.state;
        }
    }
    *s = (summary){low, high, state, s->rows, width};
    return ES_OK;
}

static uint64_t combinations(const es_bounds *b, uint64_t mask, size_t from, size_t to) {
    uint64_t n = 1;
    for (size_t a = from; a < to; a++)
        if (mask >> a & 1)
            n *= b->sweep->axes[a].n;
    return n;
}

/* From values over all combinations of the axes in mask, last axis fastest, to a summary per rung. */
static es_status summarise(es_bounds *b, const double *values, uint64_t mask, const summary **rungs,
                           es_errors *errors) {
    const es_ladder *l = b->ladder;
    summary *rung = es_arena_array(&b->arena, l->n_rungs, sizeof *rung);
    if (!rung)
        return es_fail_memory(errors);
    size_t axis = l->rung[0].axis;
    uint64_t inside = combinations(b, mask, axis + 1, b->sweep->n_axes);
    summary s = {values, values, NULL, combinations(b, mask, 0, axis + 1), inside};
    es_status status = reduce(b, &s, inside, errors);
    for (size_t j = 0; j < l->n_rungs && !status; j++) {
        const es_rung *r = &l->rung[j];
        bool moved = r->axis != axis;
        if (moved && s.width > 1)
            status = reduce(b, &s, s.width, errors);
        axis = r->axis;
        uint64_t here = mask >> axis & 1 ? (j && !moved ? l->rung[j - 1].per_run : b->sweep->axes[axis].n) : 1;
        s.rows = s.rows * s.width / here, s.width = here;
        size_t finer = j && !moved ? l->rung[j - 1].chunk : 1;
        if (!status)
            status = reduce(b, &s, (r->chunk + finer - 1) / finer, errors);
        rung[j] = s;
    }
    *rungs = rung;
    return status;
}

static es_status summarise_block(es_bounds *b, const es_program *program, bound_node *node, es_errors *errors) {
    const double *table;
    size_t step;
    if (!es_program_table(program, node->id, &table, &step))
        return ES_OK;
    uint64_t mask = b->plan->node[node->id].mask, n = combinations(b, mask, 0, b->sweep->n_axes);
    double *values = es_arena_array(&b->arena, (size_t)n, sizeof *values);
    if (!values)
        return es_fail_memory(errors);
    for (uint64_t i = 0; i < n; i++)
        values[i] = table[i * step];
    return summarise(b, values, mask, &node->rung, errors);
}

/* ---- building ---- */

static void need(es_bounds *b, uint16_t id) {
    if (b->needed[id])
        return;
    b->needed[id] = true;
    const es_pnode *node = &b->plan->node[id];
    for (size_t k = 0; node->kind == ES_PNODE_FN && k < node->n_in; k++)
        need(b, node->in[k]);
}

static bool is_sign(char c) { return c == '+' || c == '-'; }

static es_status add_nodes(es_bounds *b, const es_program *program, es_errors *errors) {
    bool *tight = es_arena_array(&b->arena, b->plan->n_nodes, sizeof *tight);
    b->node = es_arena_array(&b->arena, b->plan->n_nodes, sizeof *b->node);
    if (!tight || !b->node)
        return es_fail_memory(errors);
    for (size_t i = 0; i < b->plan->n_nodes; i++) {
        const es_pnode *node = &b->plan->node[i];
        for (size_t k = 0; b->needed[i] && node->kind == ES_PNODE_FN && !node->program && k < node->n_in; k++)
            if (!b->signs[i] || !is_sign(b->signs[i][k]))
                tight[node->in[k]] = true;
    }
    es_status status = ES_OK;
    for (size_t i = 0; i < b->plan->n_nodes && !status; i++) {
        uint16_t id = b->plan->order[i];
        if (!b->needed[id])
            continue;
        bound_node *node = &b->node[b->n_nodes++];
        *node = (bound_node){.id = id, .tight_wanted = tight[id]};
        const es_pnode *def = &b->plan->node[id];
        if (def->kind == ES_PNODE_LEAF)
            status = summarise(b, def->table, def->mask, &node->rung, errors);
        if (def->kind == ES_PNODE_BLOCK)
            status = summarise_block(b, program, node, errors);
    }
    return status;
}

static es_status find_signs(es_bounds *b, es_errors *errors) {
    const char *const *of_kernel;
    es_status status = es_kernel_signs(b->plan->kernel, &b->arena, &of_kernel, errors);
    b->signs = es_arena_array(&b->arena, b->plan->n_nodes, sizeof *b->signs);
    if (status || !b->signs)
        return status ? status : es_fail_memory(errors);
    for (size_t i = 0; i < b->plan->n_nodes; i++) {
        const es_pnode *node = &b->plan->node[i];
        const bool computed = node->kind == ES_PNODE_FN && !node->program && node->def && node->def->kind == ES_NODE_FN;
        b->signs[i] = node->monotone || !computed ? node->monotone : of_kernel[node->def - b->plan->kernel->nodes];
    }
    return ES_OK;
}

static es_status mark_spread(es_bounds *b, size_t axis, es_errors *errors) {
    if (b->spread[axis])
        return ES_OK;
    bool *spread = b->spread[axis] = es_arena_array(&b->arena, b->plan->n_nodes, sizeof *spread);
    if (!spread)
        return es_fail_memory(errors);
    for (size_t i = 0; i < b->n_nodes; i++) {
        const es_pnode *node = &b->plan->node[b->node[i].id];
        if (node->kind != ES_PNODE_FN || !(node->mask >> axis & 1))
            continue;
        for (size_t k = 0; k < node->n_in; k++)
            spread[node->in[k]] = !(b->plan->node[node->in[k]].mask >> axis & 1);
    }
    return ES_OK;
}

es_status es_bounds_new(es_bounds **bounds, const es_program *program, const es_ladder *ladder, const uint16_t *wanted,
                        size_t n_wanted, es_errors *errors) {
    *bounds = NULL;
    es_bounds *b = calloc(1, sizeof *b);
    if (!b)
        return es_fail_memory(errors);
    b->sweep = ladder->sweep;
    b->plan = ladder->sweep->plan;
    b->ladder = ladder;
    b->needed = es_arena_array(&b->arena, b->plan->n_nodes, sizeof *b->needed);
    b->spread = es_arena_array(&b->arena, b->sweep->n_axes, sizeof *b->spread);
    es_status status = b->needed && b->spread ? find_signs(b, errors) : es_fail_memory(errors);
    for (size_t i = 0; i < n_wanted && !status; i++)
        need(b, wanted[i]);
    if (!status)
        status = add_nodes(b, program, errors);
    for (size_t j = 0; j < ladder->n_rungs && !status; j++)
        status = mark_spread(b, ladder->rung[j].axis, errors);
    if (status)
        es_bounds_free(b);
    else
        *bounds = b;
    return status;
}

void es_bounds_free(es_bounds *b) {
    if (!b)
        return;
    es_arena_free(&b->arena);
    free(b);
}

/* ---- computing ---- */

es_status es_boxes_new(es_boxes **boxes, const es_bounds *b, es_errors *errors) {
    *boxes = NULL;
    es_boxes *x = calloc(1, sizeof *x);
    if (!x)
        return es_fail_memory(errors);
    x->bounds = b;
    x->column = calloc(b->plan->n_nodes + 1, sizeof *x->column);
    x->values = aligned_alloc(64, (b->n_nodes + 1) * COLUMN * sizeof *x->values);
    x->states = calloc(b->n_nodes + 1, ES_FAN);
    if (!x->column || !x->values || !x->states) {
        es_boxes_free(x);
        return es_fail_memory(errors);
    }
    memset(x->values, 0, (b->n_nodes + 1) * COLUMN * sizeof *x->values);
    for (size_t i = 0; i < b->n_nodes; i++) {
        box_column *c = &x->column[b->node[i].id];
        const es_pnode *node = &b->plan->node[b->node[i].id];
        *c = (box_column){.value = x->values + i * COLUMN, .state = x->states + i * ES_FAN};
        if (node->kind != ES_PNODE_CONST)
            continue;
        c->definite = c->fixed = true;
        for (size_t k = 0; k < COLUMN; k++)
            c->value[k] = node->constant;
    }
    *boxes = x;
    return ES_OK;
}

void es_boxes_free(es_boxes *x) {
    if (!x)
        return;
    free(x->column), free(x->values), free(x->states);
    free(x);
}

/* Where a column's ends are for n boxes. */
static double *ends_of(const box_column *c, bool wide) { return c->value + (wide ? 0 : SPREAD); }

static es_range range_at(const box_column *c, size_t i, size_t n) {
    const double *ends = ends_of(c, c->varies);
    if (!c->varies)
        i = 0, n = 1;
    if (c->definite)
        return (es_range){ends[i], ends[n + i], ends[i] == ends[i] ? ES_HAS_VALUE : ES_HAS_NAN};
    return (es_range){ends[i], ends[n + i], c->state[i]};
}

static void set_range(box_column *c, size_t i, size_t n, es_range r) {
    double *ends = ends_of(c, c->varies);
    ends[i] = r.low, ends[n + i] = r.high;
    c->state[i] = (uint8_t)r.state;
    if (r.state == (ES_HAS_VALUE | ES_HAS_NAN))
        c->definite = false;
}

static void find_fixed(box_column *c, size_t n) {
    const double *ends = ends_of(c, c->varies);
    size_t open = 0;
    for (size_t i = 0; i < n; i++)
        open += ends[i] < ends[n + i];
    c->fixed = c->definite && !open;
}

/* Third part and spread copies, once the ends are known. */
static void complete(box_column *c, size_t n, size_t n_boxes, bool spread) {
    double *ends = ends_of(c, c->varies);
    memcpy(ends + 2 * n, ends, n * sizeof *ends);
    if (!spread)
        return;
    for (size_t i = 0; i < n_boxes; i++) {
        c->value[i] = c->value[2 * n_boxes + i] = ends[0];
        c->value[n_boxes + i] = ends[1];
    }
}

static void look_up(es_boxes *x, const bound_node *node, const es_rung *rung, size_t j, uint64_t chunk, size_t n) {
    const es_bounds *b = x->bounds;
    box_column *c = &x->column[node->id];
    uint64_t mask = b->plan->node[node->id].mask, row = 0;
    const summary *s = &node->rung[j];
    for (size_t a = 0; a < rung->axis; a++)
        if (mask >> a & 1)
            row = row * b->sweep->axes[a].n + x->coordinate[a];
    uint64_t at = row * s->width + (c->varies ? chunk : 0);
    double *ends = ends_of(c, c->varies);
    memcpy(ends, s->low + at, n * sizeof *ends);
    memcpy(ends + n, s->high + at, n * sizeof *ends);
    c->definite = true;
    for (size_t i = 0; i < n; i++) {
        c->state[i] = s->state ? s->state[at + i] : ends[i] == ends[i] ? ES_HAS_VALUE : ES_HAS_NAN;
        if (c->state[i] == (ES_HAS_VALUE | ES_HAS_NAN))
            c->definite = false;
    }
}

/* One way to choose NaN or a value for inputs that may be either; false: unbounded. */
static bool evaluate_choice(const es_pnode *node, const char *signs, const es_range *in, uint64_t nans, es_range *all) {
    double end[ES_MAX_INPUTS][2], out[2];
    const double *pointer[ES_MAX_INPUTS];
    bool fixed = true, any_nan = false;
    for (size_t k = 0; k < node->n_in; k++) {
        bool is_nan = in[k].state == ES_HAS_NAN || nans >> k & 1;
        bool open = !is_nan && in[k].low < in[k].high;
        char sign = signs ? signs[k] : '0';
        if (open && !is_sign(sign))
            return false;
        end[k][0] = is_nan ? NAN : sign == '-' ? in[k].high : in[k].low;
        end[k][1] = is_nan ? NAN : sign == '-' ? in[k].low : in[k].high;
        pointer[k] = end[k];
        fixed = fixed && !open, any_nan = any_nan || is_nan;
    }
    node->fn(out, pointer, 2);
    bool no_value = out[0] != out[0] && out[1] != out[1];
    if (no_value && (fixed || any_nan)) {
        *all = hull(*all, (es_range){NAN, NAN, ES_HAS_NAN});
        return true;
    }
    if (!fixed && !(isfinite(out[0]) && isfinite(out[1]) && out[0] <= out[1]))
        return false;
    *all = hull(*all, (es_range){out[0], out[1], ES_HAS_VALUE});
    return true;
}

/* A formula of the user bounds itself; of fixed inputs it is a value. */
static es_range evaluate_program(const es_boxes *x, const es_pnode *node, size_t i) {
    es_expr_range in[ES_MAX_INPUTS];
    double value[ES_MAX_INPUTS], out;
    const double *pointer[ES_MAX_INPUTS];
    bool fixed = true;
    for (size_t k = 0; k < node->n_in; k++) {
        es_range r = range_at(&x->column[node->in[k]], i, x->n);
        in[k] = (es_expr_range){r.low, r.high, (r.state & ES_HAS_VALUE) != 0, (r.state & ES_HAS_NAN) != 0};
        value[k] = r.state & ES_HAS_VALUE ? r.low : NAN;
        pointer[k] = &value[k];
        fixed = fixed && es_range_is_fixed(r);
    }
    if (fixed) {
        es_expr_run(node->program, &out, pointer, 1);
        return range_of_value(es_is_missing(out) ? NAN : out);
    }
    es_expr_range r = es_expr_run_range(node->program, in);
    return (es_range){r.value ? r.low : NAN, r.value ? r.high : NAN,
                      (r.value ? ES_HAS_VALUE : 0u) | (r.missing ? ES_HAS_NAN : 0u)};
}

static es_range evaluate_one(const es_boxes *x, const es_pnode *node, const char *signs, size_t i) {
    es_range in[ES_MAX_INPUTS], all = {NAN, NAN, 0};
    unsigned mixed = 0;
    uint64_t which = 0;
    for (size_t k = 0; k < node->n_in; k++) {
        in[k] = range_at(&x->column[node->in[k]], i, x->n);
        if (is_unbounded(in[k]))
            return UNBOUNDED;
        if (in[k].state != (ES_HAS_VALUE | ES_HAS_NAN))
            continue;
        if (mixed == MIXED_MAX)
            return UNBOUNDED;
        mixed++, which |= (uint64_t)1 << k;
    }
    /* every subset of the mixed inputs */
    uint64_t subset = 0;
    do {
        if (!evaluate_choice(node, signs, in, subset, &all))
            return UNBOUNDED;
        subset = (subset - which) & which;
    } while (subset);
    return all;
}

static bool can_be_fast(const es_boxes *x, const es_pnode *node, const char *signs) {
    for (size_t k = 0; k < node->n_in; k++) {
        const box_column *c = &x->column[node->in[k]];
        if (!c->definite)
            return false;
        if (!c->fixed && (!signs || !is_sign(signs[k])))
            return false;
    }
    return true;
}

/* Finite pairs in order: what no exception has touched. */
static bool are_finite(const double *ends, size_t n) {
    size_t odd = 0;
    for (size_t i = 0; i < n; i++) {
        double low = ends[i], high = ends[n + i];
        odd += !((low - low) + (high - high) == 0 && low <= high);
    }
    return !odd;
}

static void evaluate(es_boxes *x, const es_pnode *node, const char *signs, box_column *c, size_t n) {
    const double *in[ES_MAX_INPUTS];
    double *ends = ends_of(c, c->varies);
    c->definite = true;
    if (!node->program && can_be_fast(x, node, signs)) {
        for (size_t k = 0; k < node->n_in; k++) {
            const box_column *input = &x->column[node->in[k]];
            in[k] = ends_of(input, c->varies) + (signs && signs[k] == '-' ? n : 0);
        }
        node->fn(ends, in, 2 * n);
        if (are_finite(ends, n))
            return;
    }
    for (size_t i = 0; i < n; i++)
        set_range(c, i, n, node->program ? evaluate_program(x, node, i) : evaluate_one(x, node, signs, i));
}

static void compute_node(es_boxes *x, const bound_node *node, size_t j, uint64_t chunk) {
    const es_bounds *b = x->bounds;
    const es_rung *rung = &b->ladder->rung[j];
    const es_pnode *def = &b->plan->node[node->id];
    box_column *c = &x->column[node->id];
    if (def->kind == ES_PNODE_CONST)
        return;
    c->varies = def->mask >> rung->axis & 1;
    size_t n = c->varies ? x->n : 1;
    if (node->rung) {
        look_up(x, node, rung, j, chunk, n);
    } else if (def->kind == ES_PNODE_FN) {
        evaluate(x, def, b->signs[node->id], c, n);
    } else {
        for (size_t i = 0; i < n; i++)
            set_range(c, i, n, UNBOUNDED);
    }
    if (node->tight_wanted)
        find_fixed(c, n);
    complete(c, n, x->n, b->spread[rung->axis][node->id]);
}

void es_boxes_compute(es_boxes *x, size_t rung, uint64_t first, size_t n) {
    uint64_t points;
    x->n = n;
    es_sweep_coordinates(x->bounds->sweep, es_box_first(x->bounds->ladder, rung, first, &points), x->coordinate);
    for (size_t i = 0; i < x->bounds->n_nodes; i++)
        compute_node(x, &x->bounds->node[i], rung, first % x->bounds->ladder->rung[rung].per_run);
}

es_range es_boxes_range(const es_boxes *x, uint16_t node, size_t i) {
    es_range r = range_at(&x->column[node], i, x->n);
    if (!(r.state & ES_HAS_VALUE) || !(es_is_missing(r.low) || es_is_missing(r.high)))
        return r;
    if (r.low == r.high)
        return (es_range){NAN, NAN, ES_HAS_NAN};
    r.state |= ES_HAS_NAN;
    return r;
}

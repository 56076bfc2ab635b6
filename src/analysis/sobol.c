#include "analysis/sobol.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/inputs.h"
#include "base/expo.h"
#include "grid/plan.h"
#include "grid/block_memory.h"

/* A table has at most 128 MB, of which pages are taken as combinations come; the memory for what no table has, 8 MB. */
enum { TILE = 128, GROUPS = 64, MAX_INPUTS = 60, TABLE_DOUBLES = 1 << 24, MEMORY_DOUBLES = 1 << 20 };

static const double z_90 = 1.2815515655446004; /* 90% quantile of the normal distribution */

/* An axis or the range of a speed. */
typedef struct factor {
    int axis;        /* -1: a range */
    bool continuous; /* between its ends, else over its values */
    bool whole;
    double low, high;                /* ends */
    int scaled, low_node, high_node; /* the time that is divided by measured/predicted speed, and that range */
} factor;

/* The needed outputs of a block.  Samples come in no order but have few models, devices and formats: what a combination of
 * them gives is computed once, by the thread that first meets it, and kept for all. */
typedef struct outputs {
    uint16_t *id; /* their nodes */
    size_t n;
    size_t step[MAX_INPUTS]; /* per factor that changes them: of a combination's number */
    _Atomic unsigned char *state;
    double *value; /* [combination][n]; NULL: no table, as a continuous factor changes them or they are too many */
} outputs;

enum { ABSENT, BEING_WRITTEN, PRESENT };

typedef struct design {
    const es_sweep *sweep;
    const es_plan *plan;
    const uint16_t *metric;
    size_t n_metrics, n_factors;
    factor factor[MAX_INPUTS];
    int factor_of_axis[ES_MAX_AXES];
    uint64_t *mask; /* per node: which factors change it */
    uint8_t *needed;
    outputs *outputs; /* per block */
    size_t most_outputs;
    uint64_t seed, per_group;
    double *offset; /* per metric: a value of it, so that sums of squares keep their digits */
} design;

/* What a group of samples adds up: per metric n, sums of f and f^2 over A and B, then three sums per input. */
typedef struct sums {
    double n, f, ff;
} sums;

typedef struct cross {
    double fb_d, d, dd;
} cross;

typedef struct worker {
    double *a, *b;                 /* columns of all nodes */
    const double **from_a, **from; /* where each node's column is */
    double *sample_a, *sample_b;   /* [factor][TILE]: uniform */
    double *f;                     /* [2 + factors][metrics][TILE] */
    es_block_memory *memory;       /* per block of the plan */
    double *computed;              /* [TILE][most outputs] */
    uint8_t *done;
    size_t coordinate[ES_MAX_AXES];
    bool started;
} worker;

/* ---- samples ---- */

/* Uniform in (0, 1): number `i` of a stream. */
static double uniform(uint64_t seed, uint64_t stream, uint64_t i) {
    uint64_t z = (seed + 1) * UINT64_C(0xD1342543DE82EF95) ^ (stream << 48);
    for (int round = 0; round < 2; round++) {
        z += UINT64_C(0x9E3779B97F4A7C15) * (round ? 1 : i + 1);
        z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
        z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
        z ^= z >> 31;
    }
    return ((double)(z >> 11) + 0.5) * 0x1p-53;
}

/* Quantile of the normal distribution, relative error below 1.2e-9: Acklam 2003. */
static double normal(double p) {
    const double tail = 0.02425;
    if (p < tail || p > 1 - tail) {
        const double q = sqrt(-2 * es_log(p < tail ? p : 1 - p));
        const double x = (((((-7.784894002430293e-03 * q - 3.223964580411365e-01) * q - 2.400758277161838e+00) * q -
                            2.549732539343734e+00) *
                               q +
                           4.374664141464968e+00) *
                              q +
                          2.938163982698783e+00) /
                         ((((7.784695709041462e-03 * q + 3.224671290700398e-01) * q + 2.445134137142996e+00) * q +
                           3.754408661907416e+00) *
                              q +
                          1);
        return p < tail ? x : -x;
    }
    const double q = p - 0.5, r = q * q;
    return (((((-3.969683028665376e+01 * r + 2.209460984245205e+02) * r - 2.759285104469687e+02) * r +
              1.383577518672690e+02) *
                 r -
             3.066479806614716e+01) *
                r +
            2.506628277459239e+00) *
           q /
           (((((-5.447609879822406e+01 * r + 1.615858368580409e+02) * r - 1.556989798598866e+02) * r +
              6.680131188771972e+01) *
                 r -
             1.328068155288572e+01) *
                r +
            1);
}

/* measured / predicted speed. */
static double ratio(double u, double low, double high) {
    const double z = normal(u) / z_90, end = z < 0 ? low : high;
    return end > 0 && isfinite(end) ? es_exp(fabs(z) * es_log(end)) : 1;
}

static size_t pick(const design *d, const factor *f, double u) {
    const size_t n = d->sweep->axes[f->axis].n, i = (size_t)(u * (double)n);
    return i < n ? i : n - 1;
}

static double between(const factor *f, double u) {
    if (!f->whole)
        return f->low + u * (f->high - f->low);
    const double x = floor(f->low + u * (f->high - f->low + 1));
    return x < f->high ? x : f->high;
}

/* ---- evaluation ---- */

/* Where a factor's uniform numbers are in the sample A with factor `other` of B; other < 0: A; other = n_factors: B. */
static const double *drawn(const design *d, const worker *w, size_t j, int other) {
    const bool of_b = other >= 0 && ((size_t)other == d->n_factors || (size_t)other == j);
    return (of_b ? w->sample_b : w->sample_a) + j * TILE;
}

static void run_leaf(const design *d, const worker *w, const es_pnode *node, int other, double *out) {
    const factor *f = &d->factor[d->factor_of_axis[node->axis]];
    const double *u = drawn(d, w, (size_t)d->factor_of_axis[node->axis], other);
    const bool own = f->continuous && node->table == d->sweep->axes[node->axis].value;
    for (size_t i = 0; i < TILE; i++)
        out[i] = own ? between(f, u[i]) : node->table[pick(d, f, u[i])];
}

/* The outputs for a sample whose combination no table has, into `out`. */
static void compute_outputs(const design *d, worker *w, uint16_t block, size_t sample, int other, double *out) {
    const outputs *o = &d->outputs[block];
    const es_plan *plan = d->plan;
    const es_block *def = plan->block[block].def;
    double in[ES_MAX_BLOCK_INPUTS] = {0};
    for (size_t j = 0; j < d->n_factors; j++)
        if (d->factor[j].axis >= 0)
            w->coordinate[d->factor[j].axis] = pick(d, &d->factor[j], drawn(d, w, j, other)[sample]);
    for (size_t k = 0; k < def->n_in; k++)
        in[k] = w->from[def->in[k]][sample];
    const es_rows rows = es_plan_rows(d->sweep, w->coordinate);
    const double *all = es_block_ask(&w->memory[block], def, plan->state, &rows, in);
    for (size_t k = 0; k < o->n; k++)
        out[k] = all[plan->node[o->id[k]].output];
}

/* Whoever comes while another thread writes computes the same for itself and goes on. */
static void keep_outputs(const outputs *o, size_t combination, const double *value) {
    unsigned char absent = ABSENT;
    if (!atomic_compare_exchange_strong(&o->state[combination], &absent, BEING_WRITTEN))
        return;
    memcpy(o->value + combination * o->n, value, o->n * sizeof *value);
    atomic_store_explicit(&o->state[combination], PRESENT, memory_order_release);
}

static void run_block(const design *d, worker *w, uint16_t block, int other, double *slab) {
    const outputs *o = &d->outputs[block];
    const double *row[TILE];
    size_t combination[TILE] = {0};
    for (size_t j = 0; j < d->n_factors && o->value; j++) {
        const double *u = drawn(d, w, j, other);
        for (size_t i = 0; i < TILE && o->step[j]; i++)
            combination[i] += o->step[j] * pick(d, &d->factor[j], u[i]);
    }
    for (size_t i = 0; i < TILE; i++) {
        double *computed = w->computed + i * o->n;
        row[i] = o->value ? o->value + combination[i] * o->n : computed;
        if (o->value && atomic_load_explicit(&o->state[combination[i]], memory_order_acquire) == PRESENT)
            continue;
        compute_outputs(d, w, block, i, other, computed);
        row[i] = computed;
        if (o->value)
            keep_outputs(o, combination[i], computed);
    }
    for (size_t k = 0; k < o->n; k++) {
        double *out = slab + (size_t)o->id[k] * TILE;
        for (size_t i = 0; i < TILE; i++)
            out[i] = row[i][k];
        w->from[o->id[k]] = out;
    }
}

/* The range of a speed, on the time it belongs to. */
static void scale(const design *d, const worker *w, size_t id, int other, double *out) {
    for (size_t j = 0; j < d->n_factors; j++) {
        const factor *f = &d->factor[j];
        if (f->scaled != (int)id)
            continue;
        const double *u = drawn(d, w, j, other), *low = w->from[f->low_node], *high = w->from[f->high_node];
        for (size_t i = 0; i < TILE; i++)
            out[i] /= ratio(u[i], low[i], high[i]);
    }
}

/* The nodes that `other` changes (all: A or B), the others as A has them; then the metrics. */
static void evaluate(const design *d, worker *w, int other, double *result) {
    const es_plan *plan = d->plan;
    const bool base = other < 0, all = base || (size_t)other == d->n_factors;
    double *slab = base ? w->a : w->b;
    memset(w->done, 0, plan->n_blocks);
    if (!base)
        memcpy(w->from, w->from_a, plan->n_nodes * sizeof *w->from);
    for (size_t i = 0; i < plan->n_nodes; i++) {
        const size_t id = plan->order[i];
        const es_pnode *node = &plan->node[id];
        double *out = slab + id * TILE;
        const double *in[ES_MAX_INPUTS];
        const bool moved = all ? d->mask[id] != 0 : d->mask[id] >> other & 1;
        if (!d->needed[id] || (!moved && (w->started || !base)))
            continue;
        if (node->kind == ES_PNODE_BLOCK) {
            if (!w->done[node->block])
                run_block(d, w, node->block, other, slab);
            w->done[node->block] = 1;
            out = slab + id * TILE;
        } else if (node->kind == ES_PNODE_CONST) {
            for (size_t k = 0; k < TILE; k++)
                out[k] = node->constant;
        } else if (node->kind == ES_PNODE_LEAF) {
            run_leaf(d, w, node, other, out);
        } else {
            for (size_t k = 0; k < node->n_in; k++)
                in[k] = w->from[node->in[k]];
            es_pnode_run(node, out, in, TILE);
        }
        w->from[id] = out;
        scale(d, w, id, other, out);
    }
    if (base) {
        w->started = true;
        memcpy(w->from_a, w->from, plan->n_nodes * sizeof *w->from);
    }
    const double *runs = plan->runs ? w->from[plan->runs_node] : NULL;
    for (size_t m = 0; m < d->n_metrics; m++)
        for (size_t i = 0; i < TILE; i++)
            result[m * TILE + i] = runs && !(runs[i] > 0) ? NAN : w->from[d->metric[m]][i];
}

static void draw(const design *d, worker *w, uint64_t first) {
    for (size_t j = 0; j < d->n_factors; j++)
        for (size_t i = 0; i < TILE; i++) {
            w->sample_a[j * TILE + i] = uniform(d->seed, 2 * j, first + i);
            w->sample_b[j * TILE + i] = uniform(d->seed, 2 * j + 1, first + i);
        }
}

/* ---- sums ---- */

static void add_samples(const design *d, const worker *w, size_t n, sums *sum, cross *crosses, uint64_t *left_out) {
    const size_t stride = d->n_metrics * TILE;
    for (size_t m = 0; m < d->n_metrics; m++) {
        for (size_t i = 0; i < n; i++) {
            const double *f = w->f + m * TILE + i;
            bool finite = true;
            for (size_t j = 0; j < d->n_factors + 2; j++)
                finite = finite && isfinite(f[j * stride]);
            if (!finite) {
                left_out[m]++;
                continue;
            }
            const double a = f[0] - d->offset[m], b = f[stride] - d->offset[m];
            sum[m].n += 2;
            sum[m].f += a + b;
            sum[m].ff += a * a + b * b;
            const double *swapped = f + 2 * stride;
            for (cross *c = crosses + m * d->n_factors; c < crosses + (m + 1) * d->n_factors; c++, swapped += stride) {
                const double step = *swapped - d->offset[m] - a;
                c->fb_d += b * step;
                c->d += step;
                c->dd += step * step;
            }
        }
    }
}

static void run_group(const design *d, worker *w, uint64_t group, sums *sum, cross *crosses, uint64_t *left_out) {
    const size_t stride = d->n_metrics * TILE;
    for (uint64_t at = 0; at < d->per_group; at += TILE) {
        draw(d, w, group * d->per_group + at);
        evaluate(d, w, -1, w->f);
        evaluate(d, w, (int)d->n_factors, w->f + stride);
        for (size_t j = 0; j < d->n_factors; j++)
            evaluate(d, w, (int)j, w->f + (j + 2) * stride);
        const uint64_t left = d->per_group - at;
        add_samples(d, w, left < TILE ? (size_t)left : TILE, sum, crosses, left_out);
    }
}

/* Saltelli et al. 2010 with f_B less its mean, which changes no expectation, and Jansen 1999. */
static void estimate(const sums *s, const cross *c, double *first, double *total) {
    const double mean = s->f / s->n, variance = s->ff / s->n - mean * mean, n = s->n / 2;
    *first = variance > 0 ? (c->fb_d - mean * c->d) / n / variance : NAN;
    *total = variance > 0 ? c->dd / (2 * n) / variance : NAN;
}

static es_sobol_index index_of(const sums *sum, const cross *crosses, size_t stride_sum, size_t stride_cross) {
    sums s = {0, 0, 0};
    cross c = {0, 0, 0};
    es_sobol_index index;
    double mean[2] = {0, 0}, left[GROUPS][2], error[2] = {0, 0};
    for (size_t g = 0; g < GROUPS; g++) {
        const sums *own = &sum[g * stride_sum];
        const cross *x = &crosses[g * stride_cross];
        s.n += own->n, s.f += own->f, s.ff += own->ff;
        c.fb_d += x->fb_d, c.d += x->d, c.dd += x->dd;
    }
    estimate(&s, &c, &index.first, &index.total);
    for (size_t g = 0; g < GROUPS; g++) {
        const sums *own = &sum[g * stride_sum];
        const cross *x = &crosses[g * stride_cross];
        estimate(&(sums){s.n - own->n, s.f - own->f, s.ff - own->ff},
                 &(cross){c.fb_d - x->fb_d, c.d - x->d, c.dd - x->dd}, &left[g][0], &left[g][1]);
        mean[0] += left[g][0] / GROUPS, mean[1] += left[g][1] / GROUPS;
    }
    for (size_t g = 0; g < GROUPS; g++)
        for (int k = 0; k < 2; k++)
            error[k] += (left[g][k] - mean[k]) * (left[g][k] - mean[k]) * (GROUPS - 1) / GROUPS;
    index.first_ci = 1.96 * sqrt(error[0]);
    index.total_ci = 1.96 * sqrt(error[1]);
    return index;
}

/* ---- the design ---- */

static factor axis_factor(const es_sweep *sweep, int number) {
    const es_axis *axis = &sweep->axes[number];
    factor f = {.axis = number, .low = HUGE_VAL, .high = -HUGE_VAL, .scaled = -1};
    if (axis->role == ES_AXIS_WORKLOAD) {
        const es_workload_axis *def = &sweep->kernel->axes[axis->index];
        f.whole = def->whole;
        f.continuous = !def->words && !(def->flags & ES_AXIS_MODELS);
    } else if (axis->role == ES_AXIS_FIELD) {
        const es_field_type type = es_fields(axis->entity)->fields[axis->index].type;
        f.whole = type == ES_COUNT && !axis->factor;
        f.continuous = type == ES_COUNT || type == ES_REAL;
    }
    for (size_t i = 0; i < axis->n && f.continuous; i++) {
        f.low = axis->value[i] < f.low ? axis->value[i] : f.low;
        f.high = axis->value[i] > f.high ? axis->value[i] : f.high;
    }
    f.continuous = f.continuous && isfinite(f.low) && isfinite(f.high);
    return f;
}

/* A range acts where the time it belongs to is read. */
static void add_range(design *d, es_sobol *sobol, const char *name, const char *time, const char *low,
                      const char *high) {
    const es_kernel *kernel = d->sweep->kernel;
    const int scaled = es_kernel_node(kernel, time, strlen(time)), low_node = es_kernel_node(kernel, low, strlen(low)),
              high_node = es_kernel_node(kernel, high, strlen(high));
    if (scaled < 0 || low_node < 0 || high_node < 0 || !d->needed[scaled])
        return;
    d->needed[low_node] = d->needed[high_node] = 1;
    sobol->input[d->n_factors] = name;
    d->factor[d->n_factors++] = (factor){.axis = -1, .scaled = scaled, .low_node = low_node, .high_node = high_node};
}

static void set_masks(design *d) {
    const es_plan *plan = d->plan;
    for (size_t i = 0; i < plan->n_nodes; i++) {
        const size_t id = plan->order[i];
        const es_pnode *node = &plan->node[id];
        const bool block = node->kind == ES_PNODE_BLOCK;
        const uint16_t *in = block ? plan->block[node->block].def->in : node->in;
        const size_t n = block ? plan->block[node->block].def->n_in : node->kind == ES_PNODE_FN ? node->n_in : 0;
        for (size_t j = 0; j < d->n_factors; j++) {
            const factor *f = &d->factor[j];
            const bool own = f->axis >= 0 ? node->mask >> f->axis & 1 : f->scaled == (int)id;
            d->mask[id] |= (uint64_t)own << j;
        }
        for (size_t k = 0; k < n; k++)
            d->mask[id] |= d->mask[in[k]];
    }
}

static es_status make_design(design *d, es_sobol *sobol, es_arena *arena, es_errors *errors) {
    const es_sweep *sweep = d->sweep;
    d->mask = es_arena_array(arena, d->plan->n_nodes, sizeof *d->mask);
    d->needed = es_arena_array(arena, d->plan->n_nodes, sizeof *d->needed);
    d->offset = es_arena_array(arena, d->n_metrics, sizeof *d->offset);
    sobol->input = es_arena_array(arena, MAX_INPUTS, sizeof *sobol->input);
    if (!d->mask || !d->needed || !d->offset || !sobol->input)
        return es_fail_memory(errors);
    for (size_t m = 0; m < d->n_metrics; m++)
        d->needed[d->metric[m]] = 1;
    if (d->plan->runs)
        d->needed[d->plan->runs_node] = 1;
    es_nodes_needed(d->plan, d->needed);
    for (size_t a = 0; a < sweep->n_axes; a++) {
        if (sweep->axes[a].n < 2)
            continue;
        if (d->n_factors + 2 >= MAX_INPUTS)
            return es_fail(errors, ES_EUSAGE, NULL, "too many axes for Sobol indices; expected at most %d",
                           MAX_INPUTS - 3);
        d->factor_of_axis[a] = (int)d->n_factors;
        sobol->input[d->n_factors] = sweep->axes[a].name;
        d->factor[d->n_factors++] = axis_factor(sweep, (int)a);
    }
    add_range(d, sobol, "decode_range", "tpot_s", "decode_low", "decode_high");
    add_range(d, sobol, "prefill_range", "ttft_s", "prefill_low", "prefill_high");
    es_nodes_needed(d->plan, d->needed);
    set_masks(d);
    if (!d->n_factors)
        return es_fail(errors, ES_EUSAGE, NULL, "nothing varies; expected axes of several values");
    return ES_OK;
}

/* How many combinations the block has; 0: a continuous factor changes it, or they are too many. */
static size_t number_combinations(const design *d, uint64_t mask, outputs *o) {
    size_t n = 1;
    for (size_t j = 0; j < d->n_factors; j++) {
        const factor *f = &d->factor[j];
        if (!(mask >> j & 1))
            continue;
        if (f->axis < 0 || f->continuous || d->sweep->axes[f->axis].n > TABLE_DOUBLES / o->n / n)
            return 0;
        o->step[j] = n;
        n *= d->sweep->axes[f->axis].n;
    }
    return n;
}

/* A table for which there is no memory is done without. */
static bool make_outputs(design *d, es_arena *arena) {
    const es_plan *plan = d->plan;
    d->outputs = es_arena_array(arena, plan->n_blocks + 1, sizeof *d->outputs);
    for (size_t b = 0; d->outputs && b < plan->n_blocks; b++) {
        outputs *o = &d->outputs[b];
        uint64_t mask = 0;
        if (!(o->id = es_arena_array(arena, plan->n_nodes, sizeof *o->id)))
            return false;
        for (size_t k = 0; k < plan->n_nodes; k++)
            if (d->needed[k] && plan->node[k].kind == ES_PNODE_BLOCK && plan->node[k].block == b) {
                o->id[o->n++] = (uint16_t)k;
                mask |= d->mask[k];
            }
        const size_t combinations = o->n ? number_combinations(d, mask, o) : 0;
        d->most_outputs = o->n > d->most_outputs ? o->n : d->most_outputs;
        o->state = combinations ? calloc(combinations, sizeof *o->state) : NULL;
        o->value = o->state ? malloc(combinations * o->n * sizeof *o->value) : NULL;
    }
    return d->outputs != NULL;
}

static void free_outputs(design *d) {
    for (size_t b = 0; d->outputs && b < d->plan->n_blocks; b++)
        free((void *)d->outputs[b].state), free(d->outputs[b].value);
}

static bool make_worker(const design *d, worker *w) {
    const size_t n = d->plan->n_nodes, samples = (d->n_factors + 1) * TILE;
    w->a = calloc(n * TILE, sizeof *w->a);
    w->b = calloc(n * TILE, sizeof *w->b);
    w->from_a = calloc(n, sizeof *w->from_a);
    w->from = calloc(n, sizeof *w->from);
    w->sample_a = calloc(samples, sizeof *w->sample_a);
    w->sample_b = calloc(samples, sizeof *w->sample_b);
    w->f = calloc((d->n_factors + 2) * d->n_metrics * TILE, sizeof *w->f);
    w->memory = calloc(d->plan->n_blocks + 1, sizeof *w->memory);
    w->done = calloc(d->plan->n_blocks + 1, 1);
    w->computed = calloc((d->most_outputs + 1) * TILE, sizeof *w->computed);
    bool made = w->a && w->b && w->from_a && w->from && w->sample_a && w->sample_b && w->f && w->memory && w->done &&
                w->computed;
    for (size_t b = 0; made && b < d->plan->n_blocks; b++)
        made = es_block_memory_new(&w->memory[b], d->plan->block[b].def, MEMORY_DOUBLES);
    return made;
}

static void free_worker(const design *d, worker *w) {
    for (size_t b = 0; w->memory && b < d->plan->n_blocks; b++)
        es_block_memory_free(&w->memory[b]);
    free(w->a), free(w->b), free(w->from_a), free(w->from), free(w->sample_a), free(w->sample_b);
    free(w->f), free(w->memory), free(w->done), free(w->computed);
}

/* A value of every metric. */
static void set_offsets(design *d, worker *w) {
    draw(d, w, 0);
    evaluate(d, w, -1, w->f);
    for (size_t m = 0; m < d->n_metrics; m++)
        for (size_t i = TILE; i-- > 0;)
            if (isfinite(w->f[m * TILE + i]))
                d->offset[m] = w->f[m * TILE + i];
}

es_status es_sobol_run(es_sobol *sobol, const es_sweep *sweep, const uint16_t *node, size_t n,
                       const es_sobol_options *options, es_arena *arena, es_errors *errors) {
    design d = {.sweep = sweep, .plan = sweep->plan, .metric = node, .n_metrics = n, .seed = options->seed};
    *sobol = (es_sobol){.n_inputs = 0};
    es_status status = make_design(&d, sobol, arena, errors);
    if (status)
        return status;
    d.per_group = (options->samples + GROUPS - 1) / GROUPS;
    const size_t n_cross = n * d.n_factors, threads = options->threads < GROUPS ? options->threads : GROUPS;
    sums *sum = es_arena_array(arena, GROUPS * n, sizeof *sum);
    cross *crosses = es_arena_array(arena, GROUPS * n_cross, sizeof *crosses);
    uint64_t *left_out = es_arena_array(arena, GROUPS * n, sizeof *left_out);
    worker *workers = es_arena_array(arena, threads, sizeof *workers);
    sobol->index = es_arena_array(arena, n_cross, sizeof *sobol->index);
    if (!sum || !crosses || !left_out || !workers || !sobol->index)
        return es_fail_memory(errors);
    bool made = make_outputs(&d, arena);
    for (size_t t = 0; t < threads && made; t++)
        made = make_worker(&d, &workers[t]);
    if (made) {
        set_offsets(&d, &workers[0]);
#pragma omp parallel for num_threads((int)threads) schedule(static, 1)
        for (size_t t = 0; t < threads; t++)
            for (size_t g = t; g < GROUPS && !(options->stop && *options->stop); g += threads)
                run_group(&d, &workers[t], g, sum + g * n, crosses + g * n_cross, left_out + g * n);
    }
    for (size_t t = 0; t < threads; t++)
        free_worker(&d, &workers[t]);
    free_outputs(&d);
    if (!made)
        return es_fail_memory(errors);
    if (options->stop && *options->stop)
        return *options->stop == SIGINT ? ES_EINT : ES_ETERM;
    sobol->n_inputs = d.n_factors;
    sobol->n_samples = (size_t)d.per_group * GROUPS;
    sobol->left_out = left_out;
    sobol->evaluations = (double)sobol->n_samples * (double)(d.n_factors + 2);
    for (size_t g = 1; g < GROUPS; g++)
        for (size_t m = 0; m < n; m++)
            left_out[m] += left_out[g * n + m];
    for (size_t m = 0; m < n; m++)
        for (size_t j = 0; j < d.n_factors; j++)
            sobol->index[m * d.n_factors + j] = index_of(sum + m, crosses + m * d.n_factors + j, n, n_cross);
    return ES_OK;
}

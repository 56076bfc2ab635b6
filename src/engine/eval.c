#include "engine/eval.h"

#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "grid/block_memory.h"

enum { TABLE_DOUBLES_MAX = 1 << 20, READ_ONCE_MAX = 1 << 14, MEMORY_DOUBLES_MAX = 1 << 20, LINE_DOUBLES = 8 };

typedef enum step_kind { STEP_LEAF, STEP_FN, STEP_BLOCK } step_kind;

/* Set in every step's mask and in the first tile's moves: what depends on no axis is computed once. */
static const uint64_t ONCE = (uint64_t)1 << 63;

/* One thing to do in a tile when `mask` has moved. */
typedef struct step {
    step_kind kind;
    uint16_t id; /* node, or block for STEP_BLOCK */
    es_stage stage;
    uint64_t mask;
    bool uniform; /* one value in the tile */
    bool spread;  /* uniform, but varying nodes read it: keep the whole column filled */
    bool by_split;
    const es_pattern *compact; /* compute once per combination, then expand; NULL: at every point */
} step;

/* Outputs of a block that somebody reads, and the table of all its combinations when that is small. */
typedef struct block_use {
    bool used;
    es_stage stage;
    uint16_t n_outputs;
    uint16_t *node, *output; /* nodes to fill and which output each takes */
    double *table;           /* [combination][n_outputs]; NULL: computed in the tile */
    uint64_t *stride;        /* per axis, in combinations */
    const es_pattern *pattern;
    uint64_t *offset; /* per combination of the pattern, in combinations of the table */
} block_use;

struct es_program {
    const es_sweep *sweep;
    const es_plan *plan;
    const es_tiling *tiling;
    es_arena arena;
    step *steps;
    size_t n_steps;
    uint8_t *stage;    /* per node: first stage that needs it, ES_STAGES: nobody */
    bool *spread;      /* per node */
    size_t *slot;      /* per node: offset of its column in an eval's slab, in doubles */
    uint16_t *place;   /* per output of a block that somebody reads: which of those it is */
    size_t slab;       /* doubles */
    block_use *blocks; /* per block of the plan */
    es_pattern *patterns;
    size_t n_patterns, pattern_capacity;
    size_t widest_block; /* outputs */
};

struct es_eval {
    const es_program *program;
    size_t n;
    uint64_t first;
    uint64_t pending[ES_STAGES]; /* axes that moved since the stage was last computed */
    size_t coordinate[ES_MAX_AXES];
    double *slab;
    const double **in;       /* per step ES_MAX_INPUTS pointers */
    double *scratch;         /* compact inputs and outputs */
    double *combination;     /* block outputs per combination */
    es_block_memory *memory; /* per block of the plan; {0}: it has a table or no inputs */
    bool started;
};

/* ---- building the program ---- */

static void *take(es_program *p, size_t n, size_t size) { return es_arena_array(&p->arena, n ? n : 1, size); }

static bool is_uniform(const es_program *p, uint64_t mask) { return !(mask & p->tiling->tile_axes); }

/* Marks a node and all it depends on as needed from `stage` on. */
static void need(es_program *p, uint16_t id, es_stage stage) {
    const es_pnode *node = &p->plan->node[id];
    if (p->stage[id] <= stage)
        return;
    p->stage[id] = (uint8_t)stage;
    const uint16_t *in = node->in;
    size_t n = node->kind == ES_PNODE_FN ? node->n_in : 0;
    if (node->kind == ES_PNODE_BLOCK) {
        const es_block *def = p->plan->block[node->block].def;
        in = def->in, n = def->n_in;
    }
    for (size_t k = 0; k < n; k++)
        need(p, in[k], stage);
}

es_status es_program_add_pattern(es_program *p, uint64_t axes, es_errors *errors) {
    if (es_program_pattern(p, axes))
        return ES_OK;
    uint16_t *sub = take(p, p->tiling->points, sizeof *sub), *example = take(p, p->tiling->points, sizeof *example);
    if (!sub || !example || p->n_patterns == p->pattern_capacity)
        return es_fail_memory(errors);
    p->patterns[p->n_patterns++] = es_pattern_make(p->sweep, p->tiling, axes, sub, example);
    return ES_OK;
}

const es_pattern *es_program_pattern(const es_program *p, uint64_t axes) {
    for (size_t i = 0; i < p->n_patterns; i++)
        if (p->patterns[i].axes == axes)
            return &p->patterns[i];
    return NULL;
}

/* ---- blocks ---- */

static es_status collect_outputs(es_program *p, uint16_t block, es_errors *errors) {
    block_use *use = &p->blocks[block];
    use->node = take(p, p->plan->n_nodes, sizeof *use->node);
    use->output = take(p, p->plan->n_nodes, sizeof *use->output);
    if (!use->node || !use->output)
        return es_fail_memory(errors);
    use->stage = ES_STAGES;
    for (size_t id = 0; id < p->plan->n_nodes; id++) {
        const es_pnode *node = &p->plan->node[id];
        if (node->kind != ES_PNODE_BLOCK || node->block != block || p->stage[id] == ES_STAGES)
            continue;
        p->place[id] = use->n_outputs;
        use->node[use->n_outputs] = (uint16_t)id;
        use->output[use->n_outputs++] = node->output;
        if (p->stage[id] < use->stage)
            use->stage = (es_stage)p->stage[id];
    }
    use->used = use->n_outputs > 0;
    return ES_OK;
}

/* Whether tiles come by each combination of the axes just once: no other axis lies outside the innermost of them. */
static bool read_once(const es_program *p, uint64_t axes) {
    uint64_t others = 1, times = 1;
    for (size_t a = 0; a <= p->tiling->split; a++)
        if (axes >> a & 1)
            times = others;
        else
            others *= p->sweep->axes[a].n;
    return times == 1;
}

/* Combinations of all axes of a block, 0 when a table would be too large, or cost more than it spares. */
static uint64_t table_size(const es_program *p, uint16_t block, uint64_t *stride) {
    uint64_t combinations = 1;
    uint64_t limit = TABLE_DOUBLES_MAX / p->blocks[block].n_outputs;
    for (size_t a = p->sweep->n_axes; a-- > 0;) {
        stride[a] = 0;
        if (!(p->plan->block[block].mask >> a & 1))
            continue;
        stride[a] = combinations;
        if (!es_mul_u64(combinations, p->sweep->axes[a].n, &combinations) || combinations > limit)
            return 0;
    }
    uint64_t most = p->sweep->n_points / 2;
    if (most > READ_ONCE_MAX && read_once(p, p->plan->block[block].mask)) /* of use to bounds alone */
        most = READ_ONCE_MAX;
    return combinations <= most ? combinations : 0;
}

static void coordinates_of_combination(const es_program *p, uint64_t mask, const uint64_t *stride, uint64_t c,
                                       size_t *coordinate) {
    for (size_t a = 0; a < p->sweep->n_axes; a++) {
        coordinate[a] = 0;
        if (!(mask >> a & 1))
            continue;
        coordinate[a] = (size_t)(c / stride[a]);
        c %= stride[a];
    }
}

/* The column of a tabulated output, NULL when the block has no table. */
static const double *table_of(const es_program *p, uint16_t id) {
    const block_use *use = &p->blocks[p->plan->node[id].block];
    return use->table && p->stage[id] != ES_STAGES ? use->table + p->place[id] : NULL;
}

static double table_value(const es_program *p, uint16_t id, const size_t *coordinate) {
    const block_use *use = &p->blocks[p->plan->node[id].block];
    uint64_t c = 0;
    for (size_t a = 0; a < p->sweep->n_axes; a++)
        c += coordinate[a] * use->stride[a];
    return table_of(p, id)[c * use->n_outputs];
}

/* Node values a block reads are leaves, outputs of earlier blocks or functions of them: evaluated here point by point. */
static double scalar_node(const es_program *p, uint16_t id, const size_t *coordinate) {
    const es_pnode *node = &p->plan->node[id];
    double value[ES_MAX_INPUTS], out = 0;
    const double *in[ES_MAX_INPUTS];
    switch (node->kind) {
    case ES_PNODE_CONST: return node->constant;
    case ES_PNODE_LEAF: return node->table[coordinate[node->axis]];
    case ES_PNODE_BLOCK: return table_value(p, id, coordinate);
    default: break;
    }
    for (size_t k = 0; k < node->n_in; k++) {
        value[k] = scalar_node(p, node->in[k], coordinate);
        in[k] = &value[k];
    }
    es_pnode_run(node, &out, in, 1);
    return out;
}

/* Whether a node depends on a block that has no table. */
static bool lacks_table(const es_program *p, uint16_t id) {
    const es_pnode *node = &p->plan->node[id];
    if (node->kind == ES_PNODE_BLOCK)
        return !table_of(p, id);
    for (size_t k = 0; node->kind == ES_PNODE_FN && k < node->n_in; k++)
        if (lacks_table(p, node->in[k]))
            return true;
    return false;
}

/* Whether a combination of a block's axes stands for points that are left out; they must tell which. */
static bool is_left_out(const es_program *p, uint16_t block, const size_t *coordinate) {
    const es_plan *plan = p->plan;
    if (!plan->runs || plan->node[plan->runs_node].block == block)
        return false;
    return !(plan->node[plan->runs_node].mask & ~plan->block[block].mask) && !es_plan_runs(p->sweep, coordinate);
}

static void fill_combination(const es_program *p, uint16_t block, uint64_t c, double *outputs) {
    block_use *use = &p->blocks[block];
    const es_block *def = p->plan->block[block].def;
    size_t coordinate[ES_MAX_AXES];
    double in[ES_MAX_BLOCK_INPUTS];
    coordinates_of_combination(p, p->plan->block[block].mask, use->stride, c, coordinate);
    if (c > 0 && is_left_out(p, block, coordinate)) { /* never looked at: anything, so that bounds stay tight */
        memcpy(use->table + c * use->n_outputs, use->table + (c - 1) * use->n_outputs,
               use->n_outputs * sizeof *use->table);
        return;
    }
    for (size_t k = 0; k < def->n_in; k++)
        in[k] = scalar_node(p, def->in[k], coordinate);
    es_rows rows = es_plan_rows(p->sweep, coordinate);
    def->fn(p->plan->state, &rows, in, outputs);
    for (size_t k = 0; k < use->n_outputs; k++)
        use->table[c * use->n_outputs + k] = outputs[use->output[k]];
}

static es_status fill_table(es_program *p, uint16_t block, uint64_t combinations, es_errors *errors) {
    block_use *use = &p->blocks[block];
    use->table = take(p, (size_t)combinations * use->n_outputs, sizeof(double));
    double *outputs = calloc(p->plan->block[block].def->n_out, sizeof *outputs);
    if (!use->table || !outputs) {
        free(outputs);
        return es_fail_memory(errors);
    }
    for (uint64_t c = 0; c < combinations; c++)
        fill_combination(p, block, c, outputs);
    free(outputs);
    return ES_OK;
}

static es_status table_offsets(es_program *p, uint16_t block, es_errors *errors) {
    block_use *use = &p->blocks[block];
    use->offset = take(p, use->pattern->distinct, sizeof *use->offset);
    if (!use->offset)
        return es_fail_memory(errors);
    for (size_t d = 0; d < use->pattern->distinct; d++) {
        size_t i = use->pattern->example[d];
        for (size_t a = p->tiling->split; a < p->sweep->n_axes; a++) {
            size_t stride = (size_t)p->sweep->axes[a].stride;
            size_t at = a == p->tiling->split ? i / p->tiling->inner : i / stride % p->sweep->axes[a].n;
            if (use->pattern->axes >> a & 1)
                use->offset[d] += at * use->stride[a];
        }
    }
    return ES_OK;
}

static es_status prepare_block(es_program *p, uint16_t block, es_errors *errors) {
    es_status status = collect_outputs(p, block, errors);
    block_use *use = &p->blocks[block];
    if (status || !use->used)
        return status;
    const es_block *def = p->plan->block[block].def;
    p->widest_block = def->n_out > p->widest_block ? def->n_out : p->widest_block;
    uint64_t axes = p->plan->block[block].mask & p->tiling->tile_axes;
    status = es_program_add_pattern(p, axes, errors);
    if (status)
        return status;
    use->pattern = es_program_pattern(p, axes);
    use->stride = take(p, ES_MAX_AXES, sizeof *use->stride);
    if (!use->stride)
        return es_fail_memory(errors);
    uint64_t combinations = def->costly ? 0 : table_size(p, block, use->stride);
    for (size_t k = 0; k < def->n_in && combinations; k++)
        if (lacks_table(p, def->in[k]))
            combinations = 0;
    if (!combinations)
        return ES_OK;
    status = fill_table(p, block, combinations, errors);
    return status ? status : table_offsets(p, block, errors);
}

/* ---- steps ---- */

static step step_of_node(const es_program *p, uint16_t id) {
    const es_pnode *node = &p->plan->node[id];
    step s = {.id = id, .stage = (es_stage)p->stage[id], .mask = node->mask | ONCE};
    s.kind = node->kind == ES_PNODE_FN ? STEP_FN : STEP_LEAF;
    s.uniform = is_uniform(p, node->mask);
    s.by_split = (node->mask & p->tiling->split_axis) != 0;
    return s;
}

/* A costly node that does not vary with every axis of the tile is computed on its own sub-grid. */
static es_status choose_compact(es_program *p, step *s, es_errors *errors) {
    const es_node *def = p->plan->node[s->id].def;
    uint64_t axes = s->mask & p->tiling->tile_axes;
    if (s->kind != STEP_FN || s->uniform || !def || !(def->flags & ES_SUBGRID) || axes == p->tiling->tile_axes)
        return ES_OK;
    es_status status = es_program_add_pattern(p, axes, errors);
    s->compact = status ? NULL : es_program_pattern(p, axes);
    return status;
}

static es_status add_steps(es_program *p, es_errors *errors) {
    size_t n = p->plan->n_nodes;
    bool *block_done = take(p, p->plan->n_blocks + 1, sizeof *block_done);
    p->steps = take(p, n, sizeof *p->steps);
    if (!block_done || !p->steps)
        return es_fail_memory(errors);
    for (size_t i = 0; i < n; i++) {
        uint16_t id = p->plan->order[i];
        const es_pnode *node = &p->plan->node[id];
        if (p->stage[id] == ES_STAGES || node->kind == ES_PNODE_CONST)
            continue;
        if (node->kind == ES_PNODE_BLOCK) {
            if (block_done[node->block])
                continue;
            block_done[node->block] = true;
            p->steps[p->n_steps++] = (step){.kind = STEP_BLOCK,
                                            .id = node->block,
                                            .stage = p->blocks[node->block].stage,
                                            .mask = node->mask | ONCE,
                                            .uniform = is_uniform(p, node->mask),
                                            .by_split = (node->mask & p->tiling->split_axis) != 0};
            continue;
        }
        step s = step_of_node(p, id);
        es_status status = choose_compact(p, &s, errors);
        if (status)
            return status;
        p->steps[p->n_steps++] = s;
    }
    return ES_OK;
}

/* Uniform nodes that varying nodes read get a filled column; constants too. */
static void mark_spread(es_program *p) {
    for (size_t i = 0; i < p->n_steps; i++) {
        const step *s = &p->steps[i];
        if (s->kind != STEP_FN || s->uniform)
            continue;
        const es_pnode *node = &p->plan->node[s->id];
        for (size_t k = 0; k < node->n_in; k++)
            if (is_uniform(p, p->plan->node[node->in[k]].mask))
                p->spread[node->in[k]] = true;
    }
    for (size_t i = 0; i < p->n_steps; i++)
        if (p->steps[i].kind != STEP_BLOCK)
            p->steps[i].spread = p->spread[p->steps[i].id];
}

static void place_columns(es_program *p) {
    for (size_t id = 0; id < p->plan->n_nodes; id++) {
        if (p->stage[id] == ES_STAGES)
            continue;
        bool whole = p->spread[id] || !is_uniform(p, p->plan->node[id].mask);
        p->slot[id] = p->slab;
        size_t doubles = whole ? p->tiling->points : 1;
        p->slab += (doubles + LINE_DOUBLES - 1) / LINE_DOUBLES * LINE_DOUBLES;
    }
}

static es_status build(es_program *p, const uint16_t *const wanted[ES_STAGES], const size_t n_wanted[ES_STAGES],
                       es_errors *errors) {
    size_t n = p->plan->n_nodes, n_blocks = p->plan->n_blocks;
    p->stage = take(p, n, sizeof *p->stage);
    p->spread = take(p, n, sizeof *p->spread);
    p->slot = take(p, n, sizeof *p->slot);
    p->place = take(p, n, sizeof *p->place);
    p->blocks = take(p, n_blocks, sizeof *p->blocks);
    p->pattern_capacity = n + 256;
    p->patterns = take(p, p->pattern_capacity, sizeof *p->patterns);
    if (!p->stage || !p->spread || !p->slot || !p->place || !p->blocks || !p->patterns)
        return es_fail_memory(errors);
    memset(p->stage, ES_STAGES, n);
    for (int s = 0; s < ES_STAGES; s++)
        for (size_t i = 0; i < n_wanted[s]; i++)
            need(p, wanted[s][i], (es_stage)s);
    es_status status = ES_OK;
    for (size_t b = 0; b < n_blocks && !status; b++)
        status = prepare_block(p, (uint16_t)b, errors);
    if (!status)
        status = add_steps(p, errors);
    if (status)
        return status;
    mark_spread(p);
    place_columns(p);
    return ES_OK;
}

es_status es_program_new(es_program **program, const es_sweep *sweep, const es_tiling *tiling,
                         const uint16_t *const wanted[ES_STAGES], const size_t n_wanted[ES_STAGES], es_errors *errors) {
    *program = NULL;
    es_program *p = calloc(1, sizeof *p);
    if (!p)
        return es_fail_memory(errors);
    p->sweep = sweep;
    p->plan = sweep->plan;
    p->tiling = tiling;
    es_status status = build(p, wanted, n_wanted, errors);
    if (status)
        es_program_free(p);
    else
        *program = p;
    return status;
}

void es_program_free(es_program *p) {
    if (!p)
        return;
    es_arena_free(&p->arena);
    free(p);
}

const es_tiling *es_program_tiling(const es_program *p) { return p->tiling; }

bool es_program_uniform(const es_program *p, uint16_t node) { return is_uniform(p, p->plan->node[node].mask); }

bool es_program_table(const es_program *p, uint16_t node, const double **values, size_t *stride) {
    if (p->plan->node[node].kind != ES_PNODE_BLOCK)
        return false;
    *values = table_of(p, node);
    *stride = p->blocks[p->plan->node[node].block].n_outputs;
    return *values != NULL;
}

/* ---- evaluating ---- */

static double *column(const es_eval *e, uint16_t id) { return e->slab + e->program->slot[id]; }

static void fill(double *restrict to, double value, size_t n) {
    for (size_t i = 0; i < n; i++)
        to[i] = value;
}

static bool new_memories(es_eval *e) {
    const es_program *p = e->program;
    e->memory = calloc(p->plan->n_blocks + 1, sizeof *e->memory);
    for (size_t b = 0; e->memory && b < p->plan->n_blocks; b++) {
        const es_block *def = p->plan->block[b].def;
        if (p->blocks[b].used && !p->blocks[b].table && def->n_in > 0 &&
            !es_block_memory_new(&e->memory[b], def, MEMORY_DOUBLES_MAX))
            return false;
    }
    return e->memory != NULL;
}

es_status es_eval_new(es_eval **eval, const es_program *p, es_errors *errors) {
    *eval = NULL;
    es_eval *e = calloc(1, sizeof *e);
    if (!e)
        return es_fail_memory(errors);
    e->program = p;
    size_t points = p->tiling->points + LINE_DOUBLES;
    e->slab = aligned_alloc(64, (p->slab + LINE_DOUBLES) * sizeof(double));
    e->in = calloc(p->n_steps * ES_MAX_INPUTS + 1, sizeof *e->in);
    e->scratch = aligned_alloc(64, (ES_MAX_INPUTS + 1) * (points / LINE_DOUBLES * LINE_DOUBLES) * sizeof(double));
    e->combination = calloc(points * (p->widest_block + 1), sizeof(double));
    if (!e->slab || !e->in || !e->scratch || !e->combination || !new_memories(e)) {
        es_eval_free(e);
        return es_fail_memory(errors);
    }
    memset(e->slab, 0, (p->slab + LINE_DOUBLES) * sizeof(double));
    for (size_t id = 0; id < p->plan->n_nodes; id++)
        if (p->stage[id] != ES_STAGES && p->plan->node[id].kind == ES_PNODE_CONST)
            fill(column(e, (uint16_t)id), p->plan->node[id].constant, p->spread[id] ? p->tiling->points : 1);
    for (size_t i = 0; i < p->n_steps; i++) {
        if (p->steps[i].kind != STEP_FN)
            continue;
        const es_pnode *node = &p->plan->node[p->steps[i].id];
        for (size_t k = 0; k < node->n_in; k++)
            e->in[i * ES_MAX_INPUTS + k] = column(e, node->in[k]);
    }
    *eval = e;
    return ES_OK;
}

void es_eval_free(es_eval *e) {
    if (!e)
        return;
    for (size_t b = 0; e->memory && b < e->program->plan->n_blocks; b++)
        es_block_memory_free(&e->memory[b]);
    free(e->slab), free(e->in), free(e->scratch), free(e->combination), free(e->memory);
    free(e);
}

static void run_leaf(es_eval *e, const step *s, size_t n) {
    const es_pnode *node = &e->program->plan->node[s->id];
    const es_tiling *t = e->program->tiling;
    double *restrict out = column(e, s->id);
    const double *table = node->table;
    if (s->uniform) {
        out[0] = table[e->coordinate[node->axis]];
    } else if ((size_t)node->axis == t->split) {
        table += e->coordinate[node->axis];
        if (t->inner == 1)
            memcpy(out, table, n * sizeof *out);
        else
            for (size_t i = 0; i < n; i += t->inner)
                fill(out + i, *table++, t->inner);
    } else {
        const es_axis *axis = &e->program->sweep->axes[node->axis];
        for (size_t i = 0, at = 0; i < n; i += (size_t)axis->stride, at = at + 1 < axis->n ? at + 1 : 0)
            fill(out + i, table[at], (size_t)axis->stride);
    }
}

/* The value of each combination, from[d * stride] or from[offset[d] * stride], to its points. */
static void expand(double *restrict out, const double *from, size_t stride, const uint64_t *offset,
                   const es_pattern *pattern, size_t n) {
    const size_t run = pattern->run;
    for (size_t i = 0; i < n; i += run) {
        const size_t d = pattern->sub[i];
        const double value = from[(offset ? offset[d] : d) * stride];
        if (run == 1)
            out[i] = value;
        else
            fill(out + i, value, run);
    }
}

static void run_compact(es_eval *e, const step *s, const double *const *in, size_t n) {
    const es_pnode *node = &e->program->plan->node[s->id];
    const es_tiling *t = e->program->tiling;
    size_t width = (t->points + LINE_DOUBLES - 1) / LINE_DOUBLES * LINE_DOUBLES;
    size_t distinct = es_pattern_count(s->compact, t, n);
    const double *compact[ES_MAX_INPUTS];
    for (size_t k = 0; k < node->n_in; k++) {
        double *to = e->scratch + (k + 1) * width;
        for (size_t d = 0; d < distinct; d++)
            to[d] = in[k][s->compact->example[d]];
        compact[k] = to;
    }
    es_pnode_run(node, e->scratch, compact, distinct);
    expand(column(e, s->id), e->scratch, 1, NULL, s->compact, n);
}

static void run_fn(es_eval *e, const step *s, size_t number, size_t n) {
    const double *const *in = e->in + number * ES_MAX_INPUTS;
    if (s->compact)
        run_compact(e, s, in, n);
    else
        es_pnode_run(&e->program->plan->node[s->id], column(e, s->id), in, s->uniform ? 1 : n);
}

/* Coordinates of combination d of a block's pattern. */
static void coordinates_in_tile(const es_eval *e, const es_pattern *pattern, size_t d, size_t *coordinate) {
    const es_tiling *t = e->program->tiling;
    size_t i = pattern->example[d];
    memcpy(coordinate, e->coordinate, e->program->sweep->n_axes * sizeof *coordinate);
    coordinate[t->split] += i / t->inner;
    for (size_t a = t->split + 1; a < e->program->sweep->n_axes; a++) {
        const es_axis *axis = &e->program->sweep->axes[a];
        coordinate[a] = i / (size_t)axis->stride % axis->n;
    }
}

/* A block at one combination, or what is remembered of it. */
static void ask_block(const es_eval *e, uint16_t block, const es_rows *rows, const double *in, double *out) {
    const es_plan *plan = e->program->plan;
    const es_block *def = plan->block[block].def;
    if (e->memory[block].place)
        memcpy(out, es_block_ask(&e->memory[block], def, plan->state, rows, in), def->n_out * sizeof *out);
    else
        def->fn(plan->state, rows, in, out);
}

static void block_in_tile(es_eval *e, uint16_t block, size_t distinct) {
    const es_program *p = e->program;
    const block_use *use = &p->blocks[block];
    const es_block *def = p->plan->block[block].def;
    size_t coordinate[ES_MAX_AXES];
    const double *from[ES_MAX_BLOCK_INPUTS];
    size_t varies[ES_MAX_BLOCK_INPUTS]; /* 0, 1 */
    double in[ES_MAX_BLOCK_INPUTS];
    for (size_t k = 0; k < def->n_in; k++) {
        from[k] = column(e, def->in[k]);
        varies[k] = !is_uniform(p, p->plan->node[def->in[k]].mask);
    }
    for (size_t d = 0; d < distinct; d++) {
        for (size_t k = 0; k < def->n_in; k++)
            in[k] = from[k][varies[k] * use->pattern->example[d]];
        coordinates_in_tile(e, use->pattern, d, coordinate);
        es_rows rows = es_plan_rows(p->sweep, coordinate);
        ask_block(e, block, &rows, in, e->combination + d * def->n_out);
    }
}

/* Output k of every combination to its node's column. */
static void expand_output(es_eval *e, uint16_t block, size_t k, const double *from, size_t stride,
                          const uint64_t *offset, size_t n) {
    const es_program *p = e->program;
    const es_pattern *pattern = p->blocks[block].pattern;
    uint16_t id = p->blocks[block].node[k];
    double *restrict out = column(e, id);
    if (!pattern->axes) { /* one value per tile; a split axis of one value per tile still fills a column */
        out[0] = from[offset ? offset[0] * stride : 0];
        if (p->spread[id])
            fill(out, out[0], p->tiling->points);
        return;
    }
    expand(out, from, stride, offset, pattern, n);
}

static void run_block(es_eval *e, uint16_t block, size_t n) {
    const es_program *p = e->program;
    const block_use *use = &p->blocks[block];
    const es_block *def = p->plan->block[block].def;
    if (use->table) {
        uint64_t base = 0;
        for (size_t a = 0; a < p->sweep->n_axes; a++)
            if (a <= p->tiling->split)
                base += e->coordinate[a] * use->stride[a];
        for (size_t k = 0; k < use->n_outputs; k++)
            expand_output(e, block, k, use->table + base * use->n_outputs + k, use->n_outputs, use->offset, n);
        return;
    }
    block_in_tile(e, block, es_pattern_count(use->pattern, p->tiling, n));
    for (size_t k = 0; k < use->n_outputs; k++)
        expand_output(e, block, k, e->combination + use->output[k], def->n_out, NULL, n);
}

void es_eval_stage(es_eval *e, es_stage stage) {
    const es_program *p = e->program;
    uint64_t pending = e->pending[stage];
    e->pending[stage] = 0;
    for (size_t i = 0; i < p->n_steps; i++) {
        const step *s = &p->steps[i];
        if (s->stage != stage || !(s->mask & pending))
            continue;
        /* columns that do not move along the split axis are complete whatever the length of this tile */
        size_t n = s->by_split ? e->n : p->tiling->points;
        switch (s->kind) {
        case STEP_LEAF: run_leaf(e, s, n); break;
        case STEP_FN: run_fn(e, s, i, n); break;
        case STEP_BLOCK: run_block(e, s->id, n); break;
        }
        if (s->spread)
            fill(column(e, s->id), column(e, s->id)[0], p->tiling->points);
    }
}

void es_eval_tile(es_eval *e, uint64_t tile) {
    const es_program *p = e->program;
    size_t before[ES_MAX_AXES];
    memcpy(before, e->coordinate, sizeof before);
    e->first = es_tile_first(p->sweep, p->tiling, tile, &e->n);
    es_sweep_coordinates(p->sweep, e->first, e->coordinate);
    uint64_t moved = e->started ? 0 : UINT64_MAX;
    for (size_t a = 0; a <= p->tiling->split; a++)
        if (e->coordinate[a] != before[a])
            moved |= (uint64_t)1 << a;
    e->started = true;
    for (int s = 0; s < ES_STAGES; s++)
        e->pending[s] |= moved;
    es_eval_stage(e, ES_STAGE_FILTER);
}

size_t es_eval_count(const es_eval *e) { return e->n; }
uint64_t es_eval_first(const es_eval *e) { return e->first; }
const size_t *es_eval_coordinates(const es_eval *e) { return e->coordinate; }
const double *es_eval_column(const es_eval *e, uint16_t node) { return column(e, node); }

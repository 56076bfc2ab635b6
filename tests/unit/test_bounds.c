/* Ladders, bounds of boxes against the points inside, and runs that skip against runs that look at every point. */
#include <criterion/criterion.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <edgesweep/sweep.h>

#include "engine/bounds.h"
#include "rounds.h"

static es_catalog catalog;
static es_errors errors;

static void set_up(void) { cr_assert_eq(es_catalog_load(&catalog, NULL, 0, &errors), ES_OK); }
static void tear_down(void) { es_catalog_free(&catalog); }
TestSuite(bounds, .init = set_up, .fini = tear_down);

enum { MOST_SETS = 24 };

static es_sweep *load(const char *const *sets, const char *where) {
    size_t n = 0;
    while (n < MOST_SETS && sets[n])
        n++;
    errors = (es_errors){0};
    es_sweep *sweep;
    es_status status = es_sweep_load(&sweep, &catalog, NULL, sets, n, &where, where ? 1 : 0, &errors);
    if (status)
        es_errors_print(&errors, stderr);
    cr_assert_eq(status, ES_OK);
    return sweep;
}

static uint64_t roll(uint64_t *state) {
    *state += 0x9E3779B97F4A7C15u;
    uint64_t x = (*state ^ *state >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

/* Axes of all kinds, inside and outside of what kernels declare as rising or falling. */
static const char *const grids[][MOST_SETS] = {
    {"kernel=edgeprofiler", "model=EP-*", "device=EP*, Jetson*", "precision=FP32, FP16, INT8, INT4", "seq_len=1:5000"},
    {"kernel=edgeprofiler", "model=EP-*", "device=EP*, Rasp*", "precision=INT4", "seq_len=1, 17, 1024",
     "device.mem_bw_gbs=lin(0.5,100,37)", "device.mem_util=xlin(0.25,1,9)", "device.compute_util=lin(0.1,1,5)",
     "device.pj_per_flop=xlin(0.5,2,4)"},
    {"kernel=edgeprofiler", "model=EP-TinyLlama-1B", "device=Rasp*", "precision=*", "model.layers=30, 4, 12",
     "model.hidden=512:4096+512", "device.h2d_gbs=lin(1,20,7)", "device.net_util=lin(0.1,1,5)", "flops=printed"},
    {"kernel=roofline", "model=Llama-3.2-*", "device=Rasp*, Jetson*", "precision=FP16, INT8, Q4_K_M",
     "prompt=16:4096*4", "gen=1, 64, 700", "depth=0, 4096", "batch=1, 8"},
    {"kernel=roofline", "model=Llama-3.2-1B, Gemma-3-*", "device=Rasp*", "precision=Q4_K_M, INT4",
     "device.mem_bw_gbs=lin(1,100,33)", "device.mem_util=lin(0.1,1,5)", "device.decode_util=lin(0.1,1,3)",
     "device.prefill_util=xlin(0.5,2,3)", "device.token_overhead_ms=lin(0,5,3)", "device.idle_w=lin(0,6,5)"},
    {"kernel=roofline", "model=Qwen3-*", "device=Jetson*", "precision=Q4_0, F16", "batch=1:40+13", "nodes=1:4",
     "device.net_bw_mbps=lin(100,1000,3)", "device.load_w=xlin(0.5,2,5)", "device.pj_per_byte=lin(10,100,4)",
     "device.storage_bw_mbs=xlin(0.5,4,4)"},
    {"kernel=roofline", "model=Llama-3.2-1B", "device=Rasp*", "precision=INT4", "model.layers=8:24+4",
     "model.intermediate=2048:8192+1024", "model.unique_layers=x0.5,x1", "ubatch=128, 512", "kv_bits=4, 8, 16",
     "device.peak_gflops_fp16=x0.5,x1,x2", "device.peak_gops_int8=lin(10,1000,7)"},
    /* results beyond the range of a double, inside boxes and in whole ones */
    {"kernel=edgeprofiler", "model=EP-*", "device=EP*", "precision=FP16", "seq_len=1, 4096, 100000",
     "device.mem_bw_gbs=log(1e-307,1e9,61)", "device.compute_util=log(1e-300,1,7)",
     "device.peak_gflops_fp32=log(1e-305,1e3,9)"},
    {"kernel=roofline", "model=Llama-3.2-1B, Gemma-3-*", "device=Rasp*", "precision=Q4_K_M, INT4",
     "device.mem_bw_gbs=log(1e-307,100,33)", "device.prefill_util=log(1e-300,1,5)", "device.idle_w=0, 6, 1e6",
     "device.storage_bw_mbs=1e-305, 100", "device.ram_gb=0.5, 8"},
    /* formulas of users and tied fields */
    {"kernel=roofline", "model=Llama-3.2-*", "device=Rasp*, Jetson*", "precision=FP16, Q4_K_M", "prompt=16:4096*4",
     "gen=1, 64", "batch=1, 8", "device.mem_bw_gbs=lin(1,100,17)",
     "device.price_usd=expr(20 + device.mem_bw_gbs / 2 + (model == 'Llama-3.2-1B' ? 5 : 0))",
     "device.load_w=expr(1 + device.price_usd / 100 + batch)", "metrics.value=decode_tok_s / device.price_usd",
     "metrics.odd=(device.mem_bw_gbs - 50) * (prompt - 500) / (batch - 1)",
     "metrics.deep=log(max(1, value)) + exp(-tpot_s) - pow(ttft_s, 1.5) + sqrt(odd)",
     "metrics.either=fits and ttft_s < 5 ? value : tpot_s == '' or odd == '' ? -1 : floor(odd / 7)"},
    {"kernel=edgeprofiler", "model=EP-*", "device=EP*", "precision=FP16, INT4", "seq_len=1:4000",
     "device.mem_bw_gbs=log(1,1e3,9)", "device.mem_util=x0.5,x1", "device.h2d_gbs=expr(device.mem_bw_gbs / 4)",
     "device.compute_util=expr(device.mem_util / 2)", "metrics.jobs=1 / energy_j",
     "metrics.both=max(compute_ms, memory_ms) - abs(io_ms - seq_len) * jobs",
     "metrics.level=(bottleneck == 'memory') * 100 + min(seq_len, 1000) * jobs"},
};
enum { N_GRIDS = sizeof grids / sizeof *grids };

typedef struct subject {
    es_sweep *sweep;
    es_tiling finest, tiling;
    es_ladder ladder;
    es_program *program;
    es_bounds *bounds;
    es_boxes *boxes;
    uint16_t *node;
    size_t n_nodes;
} subject;

static void build(subject *s, const char *const *sets, size_t finest, size_t points) {
    s->sweep = load(sets, NULL);
    s->finest = es_tiling_make(s->sweep, finest);
    s->tiling = es_tiling_make(s->sweep, points);
    es_tiling_align(&s->tiling, s->sweep, &s->finest);
    s->ladder = es_ladder_make(s->sweep, &s->finest, &s->tiling);
    s->n_nodes = es_sweep_nodes(s->sweep);
    s->node = calloc(s->n_nodes, sizeof *s->node);
    for (size_t i = 0; i < s->n_nodes; i++)
        s->node[i] = (uint16_t)i;
    const uint16_t *wanted[ES_STAGES] = {NULL, s->node};
    const size_t n_wanted[ES_STAGES] = {0, s->n_nodes};
    cr_assert_eq(es_program_new(&s->program, s->sweep, &s->tiling, wanted, n_wanted, &errors), ES_OK);
    cr_assert_eq(es_bounds_new(&s->bounds, s->program, &s->ladder, s->node, s->n_nodes, &errors), ES_OK);
    cr_assert_eq(es_boxes_new(&s->boxes, s->bounds, &errors), ES_OK);
}

static void destroy(subject *s) {
    es_boxes_free(s->boxes);
    es_bounds_free(s->bounds);
    es_program_free(s->program);
    free(s->node);
    es_sweep_free(s->sweep);
}

/* ---- ladders ---- */

static void check_children(const es_ladder *l, size_t rung, uint64_t box) {
    uint64_t n, first = es_box_first(l, rung, box, &n), at = first;
    size_t children;
    uint64_t child = es_box_children(l, rung, box, &children);
    cr_assert(children >= 1 && children <= ES_FAN, "%zu children", children);
    for (size_t i = 0; i < children; i++) {
        uint64_t points;
        cr_assert_eq(es_box_first(l, rung - 1, child + i, &points), at);
        cr_assert_eq(es_box_of(l, rung - 1, at), child + i);
        at += points;
    }
    cr_assert_eq(at, first + n);
    cr_assert_eq(es_box_of(l, rung, at - 1), box);
}

Test(bounds, children_fill_their_box) {
    for (size_t g = 0; g < N_GRIDS; g++) {
        for (size_t finest = 1; finest <= 64; finest *= 4) {
            subject s;
            uint64_t state = g, n;
            build(&s, grids[g], finest, finest * 5);
            const es_ladder *l = &s.ladder;
            cr_assert_eq(l->rung[l->n_rungs - 1].n_boxes, 1);
            cr_assert_eq(l->rung[l->tiles].n_boxes, s.tiling.n_tiles);
            for (size_t rung = 1; rung < l->n_rungs; rung += SLOW_BUILD ? 2 : 1) {
                check_children(l, rung, l->rung[rung].n_boxes - 1);
                for (int i = 0; i < ROUNDS(20); i++)
                    check_children(l, rung, roll(&state) % l->rung[rung].n_boxes);
            }
            size_t tile_points;
            for (int i = 0; i < ROUNDS(20); i++) {
                uint64_t tile = roll(&state) % s.tiling.n_tiles;
                uint64_t first = es_tile_first(s.sweep, &s.tiling, tile, &tile_points);
                cr_assert_eq(es_box_first(l, l->tiles, tile, &n), first);
                cr_assert_eq(n, tile_points);
            }
            destroy(&s);
        }
    }
}

/* ---- bounds ---- */

static const char *name_of(const subject *s, size_t node) {
    const es_node *def = s->sweep->plan->node[node].def;
    return def ? def->name : "(axis)";
}

/* Points that are left out have no bounds. */
static bool is_there(const subject *s, uint64_t point) {
    size_t at[ES_MAX_AXES];
    es_sweep_coordinates(s->sweep, point, at);
    return es_plan_runs(s->sweep, at);
}

static void check_point(const subject *s, size_t grid, size_t rung, size_t box, uint64_t point, double *value) {
    if (!is_there(s, point))
        return;
    cr_assert_eq(es_sweep_point(s->sweep, point, value, &errors), ES_OK);
    for (size_t i = 0; i < s->n_nodes; i++) {
        es_range r = es_boxes_range(s->boxes, (uint16_t)i, box);
        bool inside = !isfinite(value[i]) ? r.state & ES_HAS_NAN
                                          : r.state & ES_HAS_VALUE && r.low <= value[i] && value[i] <= r.high;
        cr_assert(inside, "grid %zu rung %zu point %llu: %s is %.17g, bounds %.17g to %.17g, state %u", grid, rung,
                  (unsigned long long)point, name_of(s, i), value[i], r.low, r.high, r.state);
    }
}

static void check_boxes(const subject *s, size_t grid, size_t rung, uint64_t *state, double *value) {
    const es_rung *r = &s->ladder.rung[rung];
    uint64_t first = roll(state) % r->n_boxes, left = r->per_run - first % r->per_run;
    size_t n = 1 + (size_t)(roll(state) % (left < ES_FAN ? left : ES_FAN));
    es_boxes_compute(s->boxes, rung, first, n);
    for (int i = 0; i < 6; i++) {
        size_t box = (size_t)(roll(state) % n);
        uint64_t points, start = es_box_first(&s->ladder, rung, first + box, &points);
        uint64_t at = i == 0 ? 0 : i == 1 ? points - 1 : roll(state) % points;
        check_point(s, grid, rung, box, start + at, value);
    }
}

Test(bounds, hold_for_every_node_of_every_point) {
    for (size_t g = 0; g < N_GRIDS; g++) {
        subject s;
        uint64_t state = 7 * g;
        build(&s, grids[g], 16, 100);
        double *value = calloc(s.n_nodes, sizeof *value);
        for (size_t rung = 0; rung < s.ladder.n_rungs; rung++)
            for (int i = 0; i < 30; i++)
                check_boxes(&s, g, rung, &state, value);
        free(value);
        destroy(&s);
    }
}

/* A box of one point is known exactly, whatever the signs. */
Test(bounds, of_a_point_are_its_values) {
    for (size_t g = 0; g < N_GRIDS; g++) {
        subject s;
        uint64_t state = g;
        build(&s, grids[g], 1, 64);
        double *value = calloc(s.n_nodes, sizeof *value);
        for (int i = 0; i < 50; i++) {
            uint64_t point = roll(&state) % s.sweep->n_points;
            if (!is_there(&s, point))
                continue;
            cr_assert_eq(es_sweep_point(s.sweep, point, value, &errors), ES_OK);
            es_boxes_compute(s.boxes, 0, point, 1);
            for (size_t k = 0; k < s.n_nodes; k++) {
                es_range r = es_boxes_range(s.boxes, (uint16_t)k, 0);
                if (s.sweep->plan->node[k].kind == ES_PNODE_BLOCK && r.low < r.high)
                    continue; /* a block without a table */
                bool same = !isfinite(value[k]) ? r.state == ES_HAS_NAN : r.low == value[k] && r.high == value[k];
                cr_assert(same, "grid %zu: %s is %.17g, not %.17g to %.17g", g, name_of(&s, k), value[k], r.low,
                          r.high);
            }
        }
        free(value);
        destroy(&s);
    }
}

/* ---- runs ---- */

typedef struct question {
    size_t grid;
    const char *where;
    const char *sets[6];
} question;

static const question questions[] = {
    {0,
     NULL,
     {"pareto.minimize=end_to_end_ms,energy_j", "pareto.maximize=seq_len", "best.pick=precision", "best.by=model",
      "best.minimize=memory_bytes,seq_len"}},
    {0, "memory_bytes < 1.5e9 and seq_len != 77", {"pareto.minimize=end_to_end_ms,memory_bytes", "pareto.by=device"}},
    {1, "end_to_end_ms < 9000 and power_w > 0.5", {"pareto.minimize=end_to_end_ms,device.mem_bw_gbs,energy_j"}},
    {1, NULL, {"best.pick=device", "best.by=model,seq_len", "best.maximize=power_w", "best.minimize=energy_j"}},
    {2, "h2d_ms > 100", {"pareto.minimize=compute_ms,model.layers", "pareto.maximize=params"}},
    {3,
     "decode_tok_s > 2 and fits = 1",
     {"pareto.minimize=ttft_s,energy_j_per_token", "best.pick=precision", "best.by=device",
      "best.maximize=quality,decode_tok_s"}},
    {4, "tpot_s < 0.3", {"pareto.minimize=ttft_s,device.idle_w", "pareto.maximize=decode_tok_s", "pareto.by=model"}},
    {5,
     NULL,
     {"pareto.minimize=tpot_s,device.net_bw_mbps", "best.pick=precision", "best.by=nodes", "best.minimize=ttft_s"}},
    {6, NULL, {"pareto.minimize=tpot_s,ttft_s", "pareto.maximize=params"}},
    {7,
     NULL,
     {"pareto.minimize=end_to_end_ms,memory_ms", "pareto.maximize=power_w,device.mem_bw_gbs", "best.pick=device",
      "best.by=model,compute_ms", "best.minimize=end_to_end_ms"}},
    {7,
     "compute_ms != 5 and memory_ms > device.mem_bw_gbs",
     {"pareto.minimize=memory_ms,compute_ms", "best.pick=device", "best.by=model", "best.maximize=memory_ms"}},
    {7, "end_to_end_ms = ''", {"pareto.minimize=energy_j,seq_len", "best.pick=seq_len", "best.minimize=energy_j"}},
    {7, "compute_ms != ''", {"pareto.maximize=end_to_end_ms,compute_ms", "pareto.by=memory_ms"}},
    {8,
     NULL,
     {"pareto.minimize=tpot_s,energy_j_per_token", "pareto.by=device", "best.pick=precision", "best.by=device,tpot_s",
      "best.maximize=decode_tok_s"}},
    {9,
     "(value > 0.1 or odd < 3) and not deep > 2",
     {"pareto.minimize=either,tpot_s", "pareto.maximize=value,deep", "best.pick=precision", "best.by=model,prompt",
      "best.maximize=value"}},
    {9,
     "device.price_usd > 30 and load_s",
     {"pareto.maximize=value,quality", "pareto.minimize=odd", "pareto.by=device"}},
    {10, NULL, {"pareto.maximize=jobs,both", "best.pick=device", "best.by=model", "best.maximize=level"}},
    {10, "jobs * 3 > 1 / seq_len ? both > 5 : level", {"pareto.minimize=both", "pareto.maximize=jobs,seq_len"}},
    {8, "ttft_s > load_s", {"pareto.minimize=ttft_s,total_s", "pareto.maximize=power_w"}},
};

static es_run_report run(const es_sweep *sweep, es_run_options options) {
    es_run_report report;
    es_status status = es_sweep_run(sweep, &options, &report, &errors);
    if (status)
        es_errors_print(&errors, stderr);
    cr_assert_eq(status, ES_OK);
    return report;
}

static void check_same(const es_sweep *sweep, const es_run_report *a, const es_run_report *b, size_t q) {
    cr_assert_eq(a->points, b->points, "question %zu", q);
    const bool exact = !a->n_front && !a->n_best; /* nothing was kept, or nothing settled without looking */
    for (size_t i = 0; i < sweep->n_conditions; i++)
        cr_assert(exact ? a->rejected[i] == b->rejected[i] : a->rejected[i] <= b->rejected[i],
                  "question %zu condition %zu", q, i);
    cr_assert_eq(a->front_missing, b->front_missing);
    cr_assert_eq(a->best_missing, b->best_missing);
    cr_assert_eq(a->n_front, b->n_front, "question %zu: %zu on the front, not %zu", q, a->n_front, b->n_front);
    cr_assert(!a->n_front || memcmp(a->front, b->front, a->n_front * sizeof *a->front) == 0, "question %zu", q);
    cr_assert_eq(a->n_best, b->n_best, "question %zu", q);
    cr_assert(!a->n_best || memcmp(a->best, b->best, a->n_best * sizeof *a->best) == 0, "question %zu", q);
}

Test(bounds, skipping_changes_nothing) {
    for (size_t q = 0; q < sizeof questions / sizeof *questions; q += SLOW_BUILD ? 3 : 1) {
        const char *sets[MOST_SETS] = {NULL};
        size_t n = 0;
        for (size_t i = 0; i < MOST_SETS && grids[questions[q].grid][i]; i++)
            sets[n++] = grids[questions[q].grid][i];
        for (size_t i = 0; i < 6 && questions[q].sets[i]; i++)
            sets[n++] = questions[q].sets[i];
        es_sweep *sweep = load(sets, questions[q].where);
        uint64_t state = q, a = roll(&state) % sweep->n_points, b = a + 1 + roll(&state) % (sweep->n_points - a);
        for (int part = 0; part < 2; part++) {
            es_run_options options = {.threads = 1, .no_skip = true, .part = part, .first = a, .end = b};
            es_run_report whole = run(sweep, options);
            cr_assert_eq(whole.points_skipped, 0);
            for (unsigned threads = 1; threads <= 3; threads++) {
                options.threads = threads, options.no_skip = false;
                es_run_report skipping = run(sweep, options);
                check_same(sweep, &skipping, &whole, q);
                es_run_report_free(&skipping);
            }
            es_run_report_free(&whole);
        }
        es_sweep_free(sweep);
    }
}

/* ---- order of axes ---- */

enum { OBJECTIVES = 4 };

static int by_value(const void *a, const void *b) { return memcmp(a, b, OBJECTIVES * sizeof(double)); }

/* The vectors of the front, sorted; the caller's to free. */
static double *front_vectors(const es_sweep *sweep, size_t *n) {
    es_run_report report = run(sweep, (es_run_options){.threads = 2});
    double *vector = calloc(report.n_front, OBJECTIVES * sizeof *vector);
    double *value = calloc(es_sweep_nodes(sweep), sizeof *value);
    for (size_t i = 0; i < report.n_front; i++) {
        cr_assert_eq(es_sweep_point(sweep, report.front[i], value, &errors), ES_OK);
        for (size_t k = 0; k < OBJECTIVES; k++)
            vector[i * OBJECTIVES + k] = value[sweep->columns[sweep->front.objective[k].column].node];
    }
    *n = report.n_front;
    qsort(vector, *n, OBJECTIVES * sizeof *vector, by_value);
    free(value);
    es_run_report_free(&report);
    return vector;
}

Test(bounds, order_of_axes_does_not_change_the_front) {
    static const char *const axes[] = {"device.mem_bw_gbs=lin(5,100,40)", "device.compute_util=lin(0.1,0.9,31)",
                                       "device.storage_util=xlin(0.5,1,3)"};
    static const int orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    double *first = NULL;
    size_t n_first = 0;
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        const char *sets[MOST_SETS] = {
            "kernel=edgeprofiler",        "model=EP-*",   "device=EP*",
            "precision=FP16, INT8, INT4", "seq_len=1:40", "pareto.minimize=end_to_end_ms, energy_j, device.mem_bw_gbs",
            "pareto.maximize=seq_len"};
        for (size_t k = 0; k < 3; k++)
            sets[7 + k] = axes[orders[i][k]];
        es_sweep *sweep = load(sets, NULL);
        size_t n;
        double *vectors = front_vectors(sweep, &n);
        es_sweep_free(sweep);
        if (!first) {
            first = vectors, n_first = n;
            continue;
        }
        cr_assert_eq(n, n_first, "%zu vectors, not %zu", n, n_first);
        cr_assert_eq(memcmp(vectors, first, n * OBJECTIVES * sizeof *first), 0);
        free(vectors);
    }
    cr_assert_gt(n_first, 100);
    free(first);
}

/* Energies of boards with a power level, with one of pj_per_byte and with load_w only are searched by boxes, too. */
Test(bounds, energies_leave_boxes_out) {
    static const char *const boards[] = {"device=Raspberry Pi 5 8GB", "device.pj_per_byte=300", "device.load_w=12"};
    static const char *const objectives[] = {"pareto.minimize=energy_j_per_token, device.mem_bw_gbs",
                                             "pareto.maximize=tokens_per_j, device.mem_util"};
    for (size_t i = 0; i < sizeof boards / sizeof *boards; i++)
        for (size_t k = 0; k < sizeof objectives / sizeof *objectives; k++) {
            const char *sets[MOST_SETS] = {"kernel=roofline",
                                           "model=Llama-3.2-1B",
                                           "precision=INT8",
                                           "prompt=16",
                                           "device=Raspberry Pi 5 8GB",
                                           "device.mem_bw_gbs=lin(5,100,500)",
                                           "device.mem_util=lin(0.1,1,500)",
                                           objectives[k],
                                           boards[i]};
            es_sweep *sweep = load(sets, NULL);
            es_run_report report;
            cr_assert_eq(es_sweep_run(sweep, &(es_run_options){.threads = 1}, &report, NULL), ES_OK);
            cr_assert_gt((double)report.points_skipped, 0.9 * (double)report.points, "%s, %s: %llu of %llu", boards[i],
                         objectives[k], (unsigned long long)report.points_skipped, (unsigned long long)report.points);
            es_run_report_free(&report);
            es_sweep_free(sweep);
        }
}

/* The roofline kernel, evaluated point by point without the engine: structure, an independent re-computation, limits as
 * properties, calibration precedence. */
#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <edgesweep/catalog.h>

#include "base/arena.h"
#include "base/expo.h"
#include "model/roofline_blocks.h"
#include "model/kernels.h"
#include "model/layout.h"
#include "model/node.h"

enum { MAX_NODES = 1024, MAX_OUTPUTS = 256, MAX_OVERRIDES = 16, MAX_BLOCKS = 16 };

static es_catalog catalog;
static es_arena arena;
static const es_kernel *kernel;
static const void *state;

static void set_up(void) {
    es_errors errors = {0};
    cr_assert_eq(es_catalog_load(&catalog, NULL, 0, &errors), ES_OK);
    kernel = es_kernel_find("roofline", 8);
    cr_assert_not_null(kernel);
    cr_assert_lt(kernel->n_nodes, MAX_NODES);
    es_status status = kernel->prepare(&catalog, &arena, &state, &errors);
    es_errors_print(&errors, stderr);
    cr_assert_eq(status, ES_OK);
}

static void tear_down(void) {
    es_arena_free(&arena);
    es_catalog_free(&catalog);
}

TestSuite(roofline, .init = set_up, .fini = tear_down);

/* ---- A small evaluator ---- */

typedef struct override {
    es_kind kind;
    int field;
    double value;
    bool factor;
} override;

typedef struct point {
    es_rows rows;
    double workload[ES_MAX_INPUTS], option[ES_MAX_INPUTS];
    override set[MAX_OVERRIDES];
    int n_set;
    double value[MAX_NODES];
} point;

static const es_row *find(es_kind kind, const char *name) {
    const es_row *row = es_table_find(&catalog.table[kind], name, strlen(name));
    cr_assert_not_null(row, "%s", name);
    return row;
}

static point point_of(const char *model, const char *device, const char *precision) {
    point p = {.rows = {.model = find(ES_MODEL, model),
                        .device = find(ES_DEVICE, device),
                        .precision = find(ES_PRECISION, precision),
                        .runtime = es_default_runtime(&catalog)}};
    p.rows.unit = es_unit_of(&catalog, p.rows.device);
    for (size_t i = 0; i < kernel->n_axes; i++)
        p.workload[i] = kernel->axes[i].fallback;
    for (size_t i = 0; i < kernel->n_options; i++)
        p.option[i] = es_option_default(&kernel->options[i], &catalog);
    return p;
}

static void set_field(point *p, es_kind kind, const char *name, double value, bool factor) {
    int field = es_field_find(kind, name, strlen(name));
    cr_assert(field >= 0 && p->n_set < MAX_OVERRIDES, "%s", name);
    for (int i = 0; i < p->n_set; i++)
        if (p->set[i].kind == kind && p->set[i].field == field) {
            p->set[i] = (override){kind, field, value, factor};
            return;
        }
    p->set[p->n_set++] = (override){kind, field, value, factor};
}

static void set_workload(point *p, const char *name, double value) {
    for (size_t i = 0; i < kernel->n_axes; i++)
        if (strcmp(kernel->axes[i].name, name) == 0)
            p->workload[i] = value;
}

static double leaf(const point *p, const es_node *node) {
    if (node->kind == ES_NODE_WORKLOAD)
        return p->workload[node->index];
    if (node->kind == ES_NODE_OPTION)
        return p->option[node->index];
    const es_row *row = node->entity == ES_MODEL    ? p->rows.model
                        : node->entity == ES_DEVICE ? p->rows.device
                                                    : p->rows.precision;
    double base = row->value[node->index], axis = NAN, factor = 1;
    for (int i = 0; i < p->n_set; i++)
        if (p->set[i].kind == node->entity && p->set[i].field == node->index)
            *(p->set[i].factor ? &factor : &axis) = p->set[i].value;
    switch (node->kind) {
    case ES_NODE_ROW: return base;
    case ES_NODE_AXIS: return axis;
    case ES_NODE_FACTOR: return factor;
    default: return isnan(axis) ? base * factor : axis;
    }
}

static void evaluate(point *p) {
    double outputs[MAX_BLOCKS][MAX_OUTPUTS];
    bool done[MAX_BLOCKS] = {false};
    for (size_t i = 0; i < kernel->n_nodes; i++) {
        const es_node *node = &kernel->nodes[i];
        if (node->kind == ES_NODE_FN) {
            const double *in[ES_MAX_INPUTS];
            for (int k = 0; k < node->n_in; k++)
                in[k] = &p->value[node->in[k]];
            node->fn(&p->value[i], in, 1);
        } else if (node->kind == ES_NODE_BLOCK) {
            const es_block *block = &kernel->blocks[node->index];
            double in[ES_MAX_BLOCK_INPUTS];
            for (int k = 0; k < block->n_in; k++)
                in[k] = p->value[block->in[k]];
            if (!done[node->index])
                block->fn(state, &p->rows, in, outputs[node->index]);
            done[node->index] = true;
            p->value[i] = outputs[node->index][node->output];
        } else {
            p->value[i] = leaf(p, node);
        }
    }
}

static double get(const point *p, const char *name) {
    int id = es_kernel_node(kernel, name, strlen(name));
    cr_assert_geq(id, 0, "%s", name);
    return p->value[id];
}

static bool near(double a, double b, double tolerance) {
    return (isnan(a) && isnan(b)) || a == b || fabs(a - b) <= tolerance * fmax(fabs(a), fabs(b));
}

static uint64_t seed = 88172645463325252u;
static uint64_t draw(void) { return seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17; }
static double between(double low, double high) { return low * pow(high / low, (double)(draw() % 100000) / 99999.0); }
static const es_row *any(es_kind kind) { return &catalog.table[kind].rows[draw() % catalog.table[kind].n_rows]; }

/* Q1_0 has no type for rows that are no multiple of its block. */
static bool usable(const point *p) {
    const double *d = p->rows.device->value;
    point laid_out = *p;
    evaluate(&laid_out);
    return !isnan(d[ES_D_PEAK_FP32]) && !isnan(d[ES_D_MEM_BW]) && !isnan(d[ES_D_RAM_GB]) &&
           !isnan(d[ES_D_STORAGE_BW]) && !isnan(get(&laid_out, "weight_bytes"));
}

/* Any model on any device with hypothetical fields. */
static point random_point(void) {
    point p = point_of("Llama-3.2-1B", "Raspberry Pi 5", "Q4_K_M");
    do {
        p.rows.model = any(ES_MODEL), p.rows.device = any(ES_DEVICE), p.rows.precision = any(ES_PRECISION);
    } while (!usable(&p));
    set_workload(&p, "prompt", floor(between(1, 10000)));
    set_workload(&p, "gen", floor(between(1, 2000)));
    set_workload(&p, "depth", draw() % 2 ? 0 : floor(between(1, 9000)));
    set_workload(&p, "batch", draw() % 2 ? 1 : floor(between(1, 64)));
    set_workload(&p, "nodes", draw() % 3 ? 1 : floor(between(1, 8)));
    set_workload(&p, "ubatch", floor(between(1, 2048)));
    if (draw() % 2)
        set_field(&p, ES_DEVICE, "mem_bw_gbs", between(0.5, 2000), false);
    if (draw() % 2)
        set_field(&p, ES_DEVICE, "mem_util", between(0.05, 3), true);
    if (draw() % 3 == 0)
        set_field(&p, ES_DEVICE, "decode_util", between(0.01, 1), false);
    if (draw() % 3 == 0)
        set_field(&p, ES_DEVICE, "ram_gb", between(0.1, 100), false);
    if (draw() % 3 == 0)
        set_field(&p, ES_MODEL, "sliding_window", floor(between(1, 8000)), false);
    if (draw() % 4 == 0)
        set_field(&p, ES_MODEL, "global_layer_every", floor(between(1, 8)), false);
    return p;
}

/* ---- Structure ---- */

Test(roofline, metrics_in_order) {
    static const char *const expected[] = {
        "params",
        "active_params",
        "weight_bytes",
        "bits_per_weight",
        "kv_bytes",
        "state_bytes",
        "activation_bytes",
        "program_bytes",
        "repack_bytes",
        "peak_memory_bytes",
        "fits",
        "residency",
        "prefill_flops",
        "decode_flops",
        "decode_bytes",
        "arithmetic_intensity",
        "load_s",
        "ttft_s",
        "tpot_s",
        "total_s",
        "prefill_tok_s",
        "decode_tok_s",
        "prefill_bottleneck",
        "bottleneck",
        "energy_j_per_token",
        "power_w",
        "power_boundary",
        "tokens_per_j",
        "st",
        "usd_per_mtok",
        "quality_metric",
        "quality_mode",
        "quality",
        "quality_low",
        "quality_high",
        "quality_basis",
        "loss_basis",
        "quality_retained",
        "ppl_increase_pct",
        "decode_tok_s_low",
        "decode_tok_s_high",
        "prefill_tok_s_low",
        "prefill_tok_s_high",
        "ttft_s_low",
        "ttft_s_high",
        "basis",
        "evidence",
    };
    size_t n = 0;
    for (size_t i = 0; i < kernel->n_nodes; i++) {
        const es_node *node = &kernel->nodes[i];
        if (!(node->flags & ES_METRIC))
            continue;
        if (node->flags & ES_QUIET) {
            cr_expect(node->help && node->formula && node->source, "%s explains itself", node->name);
            continue;
        }
        cr_assert_lt(n, sizeof expected / sizeof *expected);
        cr_expect_str_eq(node->name, expected[n++]);
        cr_expect(node->help && node->formula && node->source, "%s explains itself", node->name);
    }
    cr_expect_eq(n, sizeof expected / sizeof *expected);
}

Test(roofline, table_is_sound) {
    const char *const *signs;
    cr_assert_eq(es_kernel_signs(kernel, &arena, &signs, NULL), ES_OK);
    for (size_t i = 0; i < kernel->n_nodes; i++) {
        const es_node *node = &kernel->nodes[i];
        cr_expect(node->name && node->unit, "node %zu", i);
        cr_expect_eq(es_kernel_node(kernel, node->name, strlen(node->name)), (int)i, "%s: one name", node->name);
        if (node->kind == ES_NODE_FN)
            cr_expect_eq(strspn(signs[i], "+-0"), node->n_in, "%s", node->name);
        for (int k = 0; k < node->n_in; k++)
            cr_expect_lt(node->in[k], i, "%s", node->name);
        if (node->kind == ES_NODE_BLOCK)
            cr_expect_lt(node->output, kernel->blocks[node->index].n_out, "%s", node->name);
    }
}

/* Every sign holds for the arithmetic as written: one input up, at values that really occur. */
Test(roofline, signs_hold) {
    const char *const *signs;
    cr_assert_eq(es_kernel_signs(kernel, &arena, &signs, NULL), ES_OK);
    for (int round = 0; round < 3000; round++) {
        point p = random_point();
        evaluate(&p);
        for (size_t i = 0; i < kernel->n_nodes; i++) {
            const es_node *node = &kernel->nodes[i];
            if (node->kind != ES_NODE_FN || node->n_in == 0)
                continue;
            const double *in[ES_MAX_INPUTS];
            for (int k = 0; k < node->n_in; k++)
                in[k] = &p.value[node->in[k]];
            int k = (int)(draw() % node->n_in);
            double old = *in[k], bigger, out;
            if (isnan(old) || signs[i][k] == '0')
                continue;
            if (old == floor(old) && old < 1e9)
                bigger = old + (draw() % 2 ? 1 : (double)(draw() % 1000 + 1));
            else
                bigger = draw() % 2 ? nextafter(old, INFINITY) : old * 1.01;
            in[k] = &bigger;
            node->fn(&out, in, 1);
            bool holds = signs[i][k] == '+' ? out >= p.value[i] : out <= p.value[i];
            cr_expect(holds || isnan(out), "%s, input %s %.17g -> %.17g: %.17g -> %.17g", node->name,
                      kernel->nodes[node->in[k]].name, old, bigger, p.value[i], out);
        }
    }
}

/* ---- Against a second implementation, straight from the formulas ---- */

typedef struct sums {
    double flops, bytes, time;
} sums;

/* max(flops/C, bytes/BW) over the slots that match, for `work` tokens and `reads` passes; a prefill streams 1.2 times as
 * fast, at most at the whole bandwidth. */
static double slots_time(const point *p, const char *phase, int first, int last, double work, double reads) {
    const bool prefill = strcmp(phase, "prefill_util") == 0;
    static const char *const label[] = {"dense_1", "dense_2",     "dense_3",   "dense_4",   "dense_5",
                                        "dense_6", "output_head", "experts_1", "experts_2", "experts_3"};
    double sum = 0, peak = get(p, "peak") * 1e9, bw = get(p, "mem_bw_gbs") * 1e9;
    for (int i = first; i < last; i++) {
        char name[64], rate[64], util_axis[64], util_factor[64];
        double u[2];
        for (int which = 0; which < 2; which++) {
            const char *field = which ? "mem_util" : phase;
            snprintf(rate, sizeof rate, "%s_inv_%s", label[i], field);
            snprintf(util_axis, sizeof util_axis, "%s_axis", field);
            snprintf(util_factor, sizeof util_factor, "%s_factor", field);
            const double base = 1 / get(p, rate);
            u[which] = fmin(fmax(1, base), base * get(p, util_factor));
            if (!isnan(get(p, util_axis)))
                u[which] = get(p, util_axis);
        }
        snprintf(name, sizeof name, "%s_weights", label[i]);
        double flops = 2 * get(p, name) * work;
        snprintf(name, sizeof name, "%s_bytes", label[i]);
        u[1] = prefill ? fmin(1, 1.2 * u[1]) : u[1];
        sum += fmax(flops / (peak * u[0]), get(p, name) * reads / (bw * u[1]));
    }
    return sum;
}

static double distinct(double experts, double active, double tokens) {
    return experts == 0 ? 0 : experts * -expm1(tokens * log1p(-fmin(active, experts) / experts));
}

static double util(const point *p, const char *inverse) { return 1 / get(p, inverse); }

static void expect_recomputed(const point *p) {
    double prompt = get(p, "prompt"), gen = get(p, "gen"), depth = get(p, "depth"), batch = get(p, "batch");
    double nodes = get(p, "nodes"), ubatch = get(p, "ubatch"), layers = get(p, "layers");
    const double held = get(p, "state_elements"), state_flops = get(p, "state_flops");
    double fp_peak = get(p, "peak_gflops_fp32") * 1e9, bw = get(p, "mem_bw_gbs") * 1e9;

    double decode_global = 0, decode_window = 0, prefill_global = 0, prefill_window = 0;
    const double window = get(p, "layer_window"), score = get(p, "global_score_flops");
    const double window_score = get(p, "window_score_flops");
    for (double s = prompt + depth + 1; s <= prompt + depth + gen; s++)
        decode_global += s, decode_window += fmin(s, window);
    for (double s = depth + 1; s <= depth + prompt; s++)
        prefill_global += s, prefill_window += fmin(s, window);
    const double k_global = get(p, "global_read_each"), k_window = get(p, "window_read_each");
    const double decode_read = (k_global * decode_global + k_window * decode_window) / gen;
    const double prefill_read = k_global * prefill_global + k_window * prefill_window;
    const double decode_flops = (score * decode_global + window_score * decode_window) / gen;
    const double prefill_flops = score * prefill_global + window_score * prefill_window;
    const double cached =
        get(p, "global_bytes_each") * get(p, "cells") + get(p, "window_bytes_each") * get(p, "window_cells");
    if (!(get(p, "kv_impossible") > 0))
        cr_expect(near(get(p, "kv_bytes"), get(p, "streams") * cached, 1e-15), "kv_bytes");
    cr_expect_eq(get(p, "state_bytes"), batch * held * 4, "state_bytes");
    const double rows = get(p, "row_bytes");

    double passes = ceil(prompt * batch / ubatch), pass = fmin(ubatch, prompt * batch);
    double met = distinct(get(p, "layer_experts"), get(p, "layer_active_experts"), batch);
    double met_prefill = distinct(get(p, "layer_experts"), get(p, "layer_active_experts"), pass);
    double weights = slots_time(p, "decode_util", 0, 7, 1, 1) + slots_time(p, "decode_util", 7, 10, 1, met);
    /* n sequences: F(n)(n+10)/n on top, without the 10 on a CPU, but no more than n steps of one */
    weights += fmin(slots_time(p, "prefill_util", 0, 10, batch + (get(p, "half_tokens") > 0 ? 10 : 0), 0),
                    (batch - 1) * weights);
    const double attn = fp_peak * util(p, "inv_u_attn"), cache = bw * util(p, "inv_u_cache_memory");
    double scores = fmax(batch * decode_flops / attn, batch * (decode_read + rows) / cache);
    scores += fmax(batch * state_flops / attn, batch * 8 * held / cache);
    double streamed = get(p, "dense_bytes") + get(p, "head_bytes") + met * get(p, "routed_bytes");
    const double share = get(p, "node_share"); /* of unlike layers: test_inventory */
    cr_expect(share <= 1 && share * fmin(nodes, layers) >= 1 - 1e-12, "node_share");
    double node_weights = nodes == 1
                              ? get(p, "weight_bytes")
                              : share * get(p, "layer_bytes") + fmax(get(p, "first_bytes"), get(p, "last_bytes"));
    double available = (get(p, "ram_gb") - get(p, "os_reserved_gb")) * 1073741824.0;
    const bool denied =
        get(p, "class") == ES_CLASS_MAC || get(p, "class") == ES_CLASS_PHONE; /* to one program, not to all */
    bool flash = node_weights > (denied ? fmax(available, (get(p, "ram_gb") - 0.3) * 1073741824.0) : available);
    double storage = get(p, "storage_bw_mbs") * 1e6 * get(p, "u_storage_util"),
           net = get(p, "net_bw_mbps") * 125000 * get(p, "u_net_util");
    double hop = (nodes - 1) * get(p, "hidden") * 2 / net;
    double tpot = weights + scores + get(p, "token_overhead") + hop * batch + (flash ? streamed / storage : 0);
    cr_expect(near(get(p, "tpot_s"), tpot, 1e-11), "tpot_s %.17g, expected %.17g", get(p, "tpot_s"), tpot);

    const double work = prompt * batch * (1 + get(p, "half_tokens") / pass);
    double ttft = slots_time(p, "prefill_util", 0, 6, work, passes) + slots_time(p, "prefill_util", 6, 7, batch, 1) +
                  slots_time(p, "prefill_util", 7, 10, work, passes * met_prefill);
    const double prefill_attn = fp_peak * util(p, "inv_u_prefill_attn");
    ttft += fmax(batch * prefill_flops / prefill_attn, batch * prefill_read / fmin(ubatch, prompt) / cache);
    ttft += fmax(batch * prompt * state_flops / prefill_attn, fmax(passes, batch) * 8 * held / cache);
    ttft += hop * prompt * batch;
    if (flash)
        ttft +=
            (passes * (get(p, "dense_bytes") + met_prefill * get(p, "routed_bytes")) + get(p, "head_bytes")) / storage;
    cr_expect(near(get(p, "ttft_s"), ttft, 1e-11), "ttft_s %.17g, expected %.17g", get(p, "ttft_s"), ttft);

    double h2d = get(p, "h2d_gbs") * 1e9 * get(p, "u_h2d_util");
    double load = node_weights / storage + (isnan(h2d) ? 0 : node_weights / h2d);
    cr_expect(near(get(p, "load_s"), load, 1e-12), "load_s");
    cr_expect(near(get(p, "total_s"), load + ttft + gen * tpot, 1e-11), "total_s");
    double flops =
        2 * (get(p, "dense_weights") + get(p, "head_weights") + get(p, "routed_weights")) + decode_flops + state_flops;
    double bytes = streamed / batch + decode_read + 8 * held + rows;
    cr_expect(near(get(p, "decode_flops"), flops, 1e-12), "decode_flops");
    cr_expect(near(get(p, "decode_bytes"), bytes, 1e-11), "decode_bytes");
    const double idle = get(p, "idle_w"), waiting = flash ? streamed / storage : 0;
    double energy, full, for_time = 1, watts = idle + 0.87 * (get(p, "load_w") - idle), waits = idle;
    full = watts;
    if (!isnan(get(p, "level_w"))) { /* power.csv: part of it for the time, part for the bytes */
        for_time = get(p, "level_time_share"), full = watts = get(p, "level_w");
        waits = isnan(get(p, "level_idle_w")) ? watts * for_time : get(p, "level_idle_w");
    }
    energy = (for_time < 1 ? watts * (1 - for_time) * bytes / (get(p, "level_gbs") * 1e9) : 0) +
             ((flash ? streamed : 0) * get(p, "e_storage") +
              nodes * (for_time * watts * (tpot - waiting) + waits * waiting)) /
                 batch;
    if (isnan(get(p, "level_w")) && p->rows.device->value[ES_D_POWER_BOUNDARY] != ES_BOUNDARY_WALL) { /* not known */
        cr_expect(isnan(get(p, "energy_j_per_token")) && isnan(get(p, "power_w")) && isnan(get(p, "power_boundary")));
        energy = NAN;
    } else {
        cr_expect(near(get(p, "energy_j_per_token"), energy, 1e-11), "energy");
        cr_expect(near(get(p, "power_w"), energy / (tpot / batch), 1e-11), "power");
        cr_expect(near(get(p, "st"), energy * tpot / batch, 1e-11), "st");
        cr_expect(near(get(p, "prefill_j"), 1.08 * full * nodes * ttft, 1e-11), "prefill_j");
    }
    double price = get(p, "price_usd");
    double usd = (nodes * price / (3 * 365.25 * 86400 * 0.5) + get(p, "power_w") * 0.2 / 3.6e6) * tpot / batch * 1e6;
    cr_expect(near(get(p, "usd_per_mtok"), usd, 1e-11), "usd_per_mtok");
    cr_expect_eq(get(p, "residency"), flash);
    cr_expect_eq(get(p, "fits"), get(p, "peak_memory_bytes") <= available);
}

Test(roofline, recomputed) {
    for (int round = 0; round < 500; round++) {
        point p = random_point();
        evaluate(&p);
        expect_recomputed(&p);
    }
}

Test(roofline, metrics_are_finite) {
    static const char *const optional[] = {
        "energy_j_per_token", "power_w",    "power_boundary",  "tokens_per_j", "st",
        "usd_per_mtok",       "quality",    "quality_low",     "quality_high", "quality_basis",
        "quality_retained",   "loss_basis", "ppl_increase_pct"};
    for (int round = 0; round < 3000; round++) {
        point p = random_point();
        evaluate(&p);
        for (size_t i = 0; i < kernel->n_nodes; i++) {
            const es_node *node = &kernel->nodes[i];
            bool may_lack = false;
            for (size_t k = 0; k < sizeof optional / sizeof *optional; k++)
                may_lack |= strcmp(node->name, optional[k]) == 0;
            if (node->flags & ES_METRIC && !(node->flags & ES_QUIET))
                cr_expect(isfinite(p.value[i]) || (may_lack && isnan(p.value[i])), "%s on %s, %s, %s: %g", node->name,
                          p.rows.model->name, p.rows.device->name, p.rows.precision->name, p.value[i]);
        }
    }
}

/* ---- Known values ---- */

Test(roofline, kv_bytes) {
    static const struct {
        const char *model;
        double prompt, gen, expected; /* at FP16 */
    } known[] = {
        {"Llama-3.2-1B", 512, 128, 640.0 * 16 * 2 * 8 * 64 * 2},
        {"Llama-3.2-1B", 4096, 4096, 8192.0 * 16 * 2 * 8 * 64 * 2},
        {"DeepSeek-V2-Lite", 1000, 24, 1024.0 * 27 * (512 + 64) * 2},
        {"PLM-1.8B", 512, 512, 1024.0 * 32 * 16 * (128 + 64 + 128) * 2}, /* kv_b in one tensor: expanded */
        {"Qwen3.5-4B", 32640, 128, 32768.0 * 8 * 2 * 4 * 256 * 2},
        {"Granite-4.0-H-Micro", 32640, 128, 32768.0 * 4 * 2 * 8 * 64 * 2},
        {"Gemma-4-E2B", 32640, 128, (3.0 * 32768 * 512 + 12.0 * 512 * 256) * 2 * 2},
        {"Gemma-4-31B", 32640, 128, (10.0 * 32768 * 4 * 512 + 50.0 * 1024 * 16 * 256) * 2 * 2},
        {"Nemotron-3-Nano-30B-A3B", 32640, 128, 32768.0 * 6 * 2 * 2 * 128 * 2},
        {"Falcon-H1-1.5B", 1000, 24, 1024.0 * 24 * 2 * 2 * 128 * 2},
        {"Gemma-3-1B", 512, 128, (4.0 * 640 + 22 * 512) * 2 * 1 * 256 * 2},
        {"Gemma-3-1B", 300, 100, 26.0 * 400 * 2 * 1 * 256 * 2},
        {"Gemma-2-2B", 8000, 192, (13.0 * 8192 + 13 * 4096) * 2 * 4 * 256 * 2},
        {"LFM2-350M", 512, 128, 640.0 * 6 * 2 * 8 * 64 * 2},
        {"MobileLLM-LS-125M", 512, 128, 640.0 * 60 * 2 * 3 * 64 * 2},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        point p = point_of(known[i].model, "Raspberry Pi 5", "Q4_0");
        set_workload(&p, "prompt", known[i].prompt);
        set_workload(&p, "gen", known[i].gen);
        evaluate(&p);
        cr_expect_eq(get(&p, "kv_bytes"), known[i].expected, "%s: %.0f, expected %.0f", known[i].model,
                     get(&p, "kv_bytes"), known[i].expected);
        set_workload(&p, "kv_bits", 8.5);
        evaluate(&p);
        cr_expect_eq(get(&p, "kv_bytes"), known[i].expected * 8.5 / 16, "%s at 8.5 bits", known[i].model);
    }
}

/* Constant state of the recurrent layers, F32, whatever the context and the bits of the cache. */
Test(roofline, state_bytes) {
    static const struct {
        const char *model;
        double layers, state, taps, width, flops;
    } known[] = {
        {"Qwen3.5-4B", 24, 32 * 128 * 128, 3, 2 * 16 * 128 + 32 * 128, 7},
        {"Granite-4.0-H-Micro", 36, 64 * 64 * 128, 3, 64 * 64 + 2 * 128, 5},
        {"Nemotron-3-Nano-30B-A3B", 23, 64 * 64 * 128, 3, 64 * 64 + 2 * 8 * 128, 5},
        {"Falcon-H1-1.5B", 24, 48 * 64 * 256, 3, 48 * 64 + 2 * 256, 5},
        {"LFM2-350M", 10, 0, 2, 1024, 0},
        {"Llama-3.2-1B", 0, 0, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        point p = point_of(known[i].model, "Raspberry Pi 5", "Q4_0"), longer = p;
        const double expected = 4 * known[i].layers * (known[i].state + known[i].taps * known[i].width);
        set_workload(&p, "batch", 3);
        set_workload(&longer, "prompt", 1024);
        evaluate(&p);
        evaluate(&longer);
        cr_expect_eq(get(&p, "state_bytes"), 3 * expected, "%s: %.0f", known[i].model, get(&p, "state_bytes"));
        cr_expect_eq(get(&longer, "state_bytes"), expected, "%s: %.0f", known[i].model, get(&longer, "state_bytes"));
        const double flops = known[i].layers * (known[i].flops * known[i].state + (known[i].state == 0 ? 2048 : 0));
        cr_expect_eq(get(&p, "state_flops"), flops, "%s: %.0f", known[i].model, get(&p, "state_flops"));
    }
}

/* One token at a time: the mean of single steps is the closed form. */
Test(roofline, closed_form) {
    for (int round = 0; round < 60; round++) {
        point p = random_point();
        double gen = floor(between(1, 600)), prompt = floor(between(1, 3000)), sum = 0;
        set_workload(&p, "prompt", prompt);
        set_workload(&p, "gen", gen);
        evaluate(&p);
        double mean = get(&p, "tpot_s");
        for (double k = 0; k < gen; k++) {
            set_workload(&p, "prompt", prompt + k);
            set_workload(&p, "gen", 1);
            evaluate(&p);
            sum += get(&p, "tpot_s");
        }
        cr_expect(near(mean, sum / gen, 1e-12), "%.17g, token by token %.17g", mean, sum / gen);
    }
}

Test(roofline, experts_met) {
    static const double tokens[] = {1, 2, 3, 7, 8, 31, 64, 100, 512, 4096, 1e6};
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        point p = point_of("Qwen3-30B-A3B", "Raspberry Pi 5", "Q4_K_M");
        set_workload(&p, "batch", tokens[i]);
        evaluate(&p);
        cr_expect(near(get(&p, "decode_experts"), distinct(128, 8, tokens[i]), 1e-12), "%g tokens: %.17g", tokens[i],
                  get(&p, "decode_experts"));
    }
}

/* Few experts of many: their share comes from that of the others before it rounds to 1. */
Test(roofline, more_tokens_never_meet_fewer_experts) {
    const es_node *met = &kernel->nodes[es_kernel_node(kernel, "decode_experts", 14)];
    static const double share[][2] = {{1e6, 1}, {1e6, 3}, {1000, 1}, {256, 8}, {128, 8}, {7, 3}, {60, 59}, {5, 5}};
    for (size_t i = 0; i < sizeof share / sizeof *share; i++) {
        double experts = share[i][0], active = share[i][1], last = 0;
        double most = 60 * experts / active, step = floor(most / 20000) + 1;
        for (double tokens = 1; tokens < most; tokens += draw() % 3 ? 1 : step) {
            const double *in[] = {&experts, &active, &tokens};
            double out;
            met->fn(&out, in, 1);
            cr_assert(out >= last && out <= experts, "%g of %g, %g tokens: %.17g after %.17g", active, experts, tokens,
                      out, last);
            cr_assert(near(out, distinct(experts, active, tokens), 1e-13), "%g of %g, %g tokens: %.17g", active,
                      experts, tokens, out);
            last = out;
        }
    }
}

/* ---- Limits ---- */

static bool rises(const point *from, const point *to, const char *metric) {
    return get(to, metric) >= get(from, metric);
}

Test(roofline, more_hardware_never_slower) {
    static const char *const fields[] = {"mem_bw_gbs", "storage_bw_mbs", "ram_gb", "peak_gflops_fp32"};
    for (int round = 0; round < 2000; round++) {
        point p = random_point(), better = p;
        const char *field = fields[draw() % 4];
        double low = between(0.5, 500);
        set_field(&p, ES_DEVICE, field, low, false);
        set_field(&better, ES_DEVICE, field, low * between(1, 4), false);
        evaluate(&p);
        evaluate(&better);
        cr_expect(rises(&p, &better, "decode_tok_s") && rises(&p, &better, "prefill_tok_s"), "%s", field);
        cr_expect(rises(&p, &better, "fits"), "%s", field);
        cr_expect_leq(get(&better, "total_s"), get(&p, "total_s"), "%s", field);
    }
}

Test(roofline, fewer_bits_never_more_bytes) {
    for (int round = 0; round < 2000; round++) {
        point p = random_point(), fewer = p;
        static const char *const fields[] = {"weight_bits", "scale_bits", "kv_bits"};
        const char *field = fields[draw() % 3];
        p.rows.precision = fewer.rows.precision = find(ES_PRECISION, draw() % 2 ? "INT4 g32 sym" : "INT8");
        double high = between(1, 32);
        set_field(&p, ES_PRECISION, field, high, false);
        set_field(&fewer, ES_PRECISION, field, high / between(1, 4), false);
        evaluate(&p);
        evaluate(&fewer);
        cr_expect(rises(&fewer, &p, "weight_bytes") && rises(&fewer, &p, "peak_memory_bytes"), "%s", field);
        cr_expect(rises(&fewer, &p, "decode_bytes") && rises(&fewer, &p, "tpot_s"), "%s", field);
    }
}

Test(roofline, never_beats_the_peaks) {
    for (int round = 0; round < 3000; round++) {
        point p = random_point();
        if (round % 2)
            set_field(&p, ES_DEVICE, "prefill_util", between(0.5, 30), true);
        set_workload(&p, "batch", round % 2);
        if (round % 2 == 0)
            set_workload(&p, "batch", 1);
        evaluate(&p);
        double bw = get(&p, "mem_bw_gbs") * 1e9, peak = fmax(get(&p, "peak"), get(&p, "peak_gflops_fp32")) * 1e9;
        cr_expect_geq(get(&p, "tpot_s"), get(&p, "decode_bytes") / bw * (1 - 1e-12), "decode against bandwidth");
        if (get(&p, "batch") > 1)
            cr_expect_geq(get(&p, "tpot_s"), get(&p, "decode_flops") / peak * (1 - 1e-12), "decode against arithmetic");
        cr_expect_geq(get(&p, "ttft_s"), get(&p, "prefill_flops") / peak * (1 - 1e-12), "prefill against arithmetic");
    }
}

Test(roofline, pipeline_shares) {
    point p = point_of("Llama-2-7B", "Raspberry Pi 5", "Q4_0");
    double before = INFINITY;
    for (double nodes = 1; nodes <= 40; nodes++) {
        set_workload(&p, "nodes", nodes);
        evaluate(&p);
        double share = get(&p, "node_weight_bytes");
        cr_expect_leq(share, before, "%g nodes", nodes);
        cr_expect_geq(share * nodes, get(&p, "weight_bytes"), "%g nodes hold everything", nodes);
        before = share;
    }
}

Test(roofline, shared_layers) {
    point p = point_of("MobileLLM-LS-125M", "Raspberry Pi 5", "FP16");
    evaluate(&p);
    double flops = get(&p, "decode_flops"), stored = get(&p, "weight_bytes");
    p = point_of("MobileLLM-125M", "Raspberry Pi 5", "FP16");
    evaluate(&p);
    cr_expect_eq(get(&p, "weight_bytes"), stored);
    cr_expect_gt(flops, 1.6 * get(&p, "decode_flops"), "executed twice");
    double params = get(&p, "params");
    set_field(&p, ES_MODEL, "layers", 60, false);
    evaluate(&p);
    cr_expect_gt(get(&p, "params"), 1.7 * params, "more layers are stored unless the row shares them");
}

/* ---- Calibration ---- */

static char folder[64];

static void write_file(const char *name, const char *text) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
}

static es_status reload(es_errors *errors) {
    char source[80];
    snprintf(source, sizeof source, "+%s", folder);
    const char *const sources[] = {source};
    tear_down();
    arena = (es_arena){0};
    es_status status = es_catalog_load(&catalog, sources, 1, errors);
    return status == ES_OK ? kernel->prepare(&catalog, &arena, &state, errors) : status;
}

static void make_folder(void) {
    strcpy(folder, "/tmp/edgesweep-roofline-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
}

static void remove_folder(void) {
    static const char *const names[] = {"devices.csv", "calibration.csv", "precisions.csv"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

/* What has no source widens the range of the phase that it decides, unless the device was measured. */
Test(roofline, unsourced_is_wider) {
    static const struct {
        const char *list;
        bool decode, prefill; /* wider */
    } known[] = {{"", false, false},
                 {"storage_bw_mbs; host_mem_bw_gbs; price_usd", false, false},
                 {"host_mem_bw_gbs, mem_bw_gbs (fitted)", true, false},
                 {"idle_w; peaks (clocks)", false, true},
                 {"everything but the core widths", true, true}};
    const char *text[ES_D_FIELDS] = {0};
    const es_row device = {.text = text};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        text[ES_D_UNSOURCED] = known[i].list;
        for (int phase = 0; phase < ES_FIT_PHASES; phase++) {
            const bool wider = phase == ES_FIT_DECODE ? known[i].decode : known[i].prefill;
            const es_interval_width unit = es_interval_width_of(&device, (es_fit_phase)phase, ES_BASIS_UNIT),
                                    class = es_interval_width_of(&device, (es_fit_phase)phase, ES_BASIS_CLASS);
            cr_expect_eq(unit.level, ES_BASIS_UNIT + wider, "%s", known[i].list);
            cr_expect_float_eq(class.factor, wider ? sqrt(2) : 1, 1e-12, "%s", known[i].list);
            cr_expect_eq(es_interval_width_of(&device, (es_fit_phase)phase, ES_BASIS_DEVICE).level, ES_BASIS_DEVICE);
        }
    }
}

/* Axis > the device's row > effects > class. */
Test(roofline, precedence) {
    make_folder();
    write_file("devices.csv",
               "name,board,unit,class,peak_gflops_fp32,mem_bw_gbs,storage_bw_mbs,ram_gb,mem_util,idle_w\n"
               "Bench,Bench,cortex-a76,sbc,100,20,500,16,,2\nOther,Other,cortex-a76,sbc,100,20,500,16,,\n"
               "Own,Own,cortex-a76,sbc,100,20,500,16,0.7,\nPlain,Plain,adreno-740,sbc,100,20,500,16,,\n");
    write_file("calibration.csv", "phase,effect,key,value,rows,sources\n"
                                  "prior,eta,arm,0.5,,\n"
                                  "decode,kind,arm,0,20,4\n"
                                  "decode,unit,A76,0.1,10,3\n"
                                  "decode,device,Bench|cortex-a76,0.2,5,2\n"
                                  "decode,device:backend:family,Bench|cortex-a76|cpu|llama.cpp,0.05,5,2\n"
                                  "decode,device:backend:family:type,Bench|cortex-a76|cpu|llama.cpp|Q4_K,0,4,1\n"
                                  "decode,type,Q4_K,-0.3,30,9\n"
                                  "decode,type,Q5_0,0.4,30,9\n"
                                  "class,mem_util,sbc,0.3,,\n");
    es_errors errors = {0};
    es_status status = reload(&errors);
    es_errors_print(&errors, stderr);
    cr_assert_eq(status, ES_OK);
    const es_row *runtime = es_table_find(&catalog.table[ES_RUNTIME], "llama.cpp-cpu-arm", 17);
    static const struct {
        const char *device, *precision, *node;
        double expected;
    } known[] = {
        {"Bench", "Q4_0", "dense_1_memory", 0.35},   /* unit, device, family; the type is not known */
        {"Bench", "Q4_K_M", "dense_1_memory", 0.05}, /* and the type: Q4_K */
        {"Bench", "Q5_0", "dense_1_memory", 0.75},
        {"Other", "Q4_0", "dense_1_memory", 0.1}, /* the unit's level */
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        point p = point_of("Llama-2-7B", known[i].device, known[i].precision);
        p.rows.runtime = runtime;
        evaluate(&p);
        /* kind and type rows of the shipped calibration stay where this one has none: only sums are compared */
        const double util = get(&p, "dense_1_bytes") / get(&p, known[i].node);
        const es_fitted *type = es_calibration_find(es_roofline_calibration(state), "decode", "type",
                                                    es_type_labels[(int)get(&p, "dense_1_type")]);
        const double of_type = strcmp(known[i].precision, "Q4_0") == 0 && type ? type->value : 0;
        cr_expect_float_eq(util, 0.5 * exp(known[i].expected + of_type), 1e-9, "%s %s: %g", known[i].device,
                           known[i].precision, util);
    }
    point p = point_of("Llama-2-7B", "Own", "Q4_K_M");
    p.rows.runtime = runtime;
    evaluate(&p);
    cr_expect_float_eq(get(&p, "dense_1_bytes") / get(&p, "dense_1_memory"), 0.7, 1e-12, "the device's row wins");
    p = point_of("Llama-2-7B", "Plain", "Q4_K_M");
    evaluate(&p);
    cr_expect_float_eq(get(&p, "dense_1_bytes") / get(&p, "dense_1_memory"), 0.3, 1e-12, "no kind: the class");
    cr_expect_eq(get(&p, "basis"), ES_BASIS_CLASS);
    p = point_of("Llama-2-7B", "Bench", "Q4_K_M");
    p.rows.runtime = runtime;
    set_field(&p, ES_DEVICE, "mem_util", 0.3, false);
    evaluate(&p);
    cr_expect_eq(get(&p, "basis"), ES_BASIS_AXIS, "an axis wins");
    cr_expect_eq(get(&p, "dense_1_memory"), get(&p, "dense_1_bytes") * (1 / 0.3));
    set_field(&p, ES_DEVICE, "mem_util", 4, true);
    evaluate(&p);
    cr_expect_eq(get(&p, "dense_1_memory"), get(&p, "dense_1_bytes"), "at most the whole bandwidth");
    remove_folder();
}

Test(roofline, calibration_errors) {
    static const struct {
        const char *row, *message;
    } known[] = {
        {"guess,kind,arm,0.5,1,1\n", "unknown phase"},
        {"decode,kin,arm,0.5,1,1\n", "unknown effect"},
        {"decode,low,F,0.5,1,1\n", "unknown level of evidence"},
        {"class,price_usd,sbc,0.5,1,1\n", "not what phase class sets"},
        {"prior,low,arm,0.5,1,1\n", "not what phase prior sets"},
        {"class,mem_util,sbc,1.5,1,1\n", "out of range"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        char text[256];
        make_folder();
        snprintf(text, sizeof text, "phase,effect,key,value,rows,sources\n%s", known[i].row);
        write_file("calibration.csv", text);
        es_errors errors = {0};
        cr_expect_eq(reload(&errors), ES_EUSAGE, "%s", known[i].row);
        cr_expect(errors.n_errors == 1 && strstr(errors.error[0].text, known[i].message) != NULL, "%s: %s",
                  known[i].row, errors.error[0].text);
        remove_folder();
    }
}

/* ---- Energy and quality ---- */

Test(roofline, energy_sources) {
    point p = point_of("Llama-3.2-1B", "Raspberry Pi 5", "Q8_0");
    set_field(&p, ES_DEVICE, "idle_w", 3, false);
    set_field(&p, ES_DEVICE, "load_w", 11, false);
    set_field(&p, ES_DEVICE, "mem_util", 0.5, false);
    set_field(&p, ES_DEVICE, "prefill_util", 0.25, false);
    evaluate(&p);
    cr_expect(near(get(&p, "power_w"), 3 + 0.87 * 8, 1e-14), "what the sweep sets counts before the level");
    set_field(&p, ES_DEVICE, "pj_per_byte", 100, false);
    set_field(&p, ES_DEVICE, "pj_per_flop", 2, false);
    evaluate(&p);
    cr_expect(near(get(&p, "e_byte"), 1e-10, 1e-15));
    cr_expect(near(get(&p, "e_flop"), 2e-12, 1e-15));
    cr_expect(near(get(&p, "energy_j_per_token"),
                   get(&p, "decode_bytes") * 1e-10 + get(&p, "decode_flops") * 2e-12 + 3 * get(&p, "tpot_s"), 1e-14));
}

Test(roofline, exponentials) {
    for (int i = 0; i < 100000; i++) {
        double x = -650 + 1300 * (double)(draw() % 1000003) / 1000003, y = between(1e-12, 1e12);
        cr_expect(near(es_exp(x), exp(x), 3e-16), "exp(%.17g)", x);
        cr_expect(near(es_log(y), log(y), 3e-16), "log(%.17g)", y);
        cr_expect(near(es_pow(y, 0.35), pow(y, 0.35), 1e-14), "%.17g^0.35", y);
    }
    cr_expect_eq(es_exp(0), 1);
    cr_expect_eq(es_log(1), 0);
}

/* Doubts about a point: each appears with the one change that raises it. */
Test(roofline, warnings) {
    static const struct {
        const char *node;
        es_kind kind;
        const char *field; /* NULL: none */
        double value;
        bool factor;
        double nodes, expected;
    } cases[] = {
        {"past_one", ES_DEVICE, NULL, 0, false, 2, 0},
        {"past_one", ES_DEVICE, "mem_util", 50, true, 1, 1},
        {"past_one", ES_DEVICE, "mem_util", 0.5, true, 1, 0},
        {"past_one", ES_DEVICE, "decode_util", 50, true, 1, 1},
        {"past_one", ES_DEVICE, "prefill_util", 50, true, 1, 1},
        {"past_one", ES_DEVICE, "attn_util", 50, true, 1, 0},
        {"past_one", ES_DEVICE, "prefill_attn_util", 50, true, 1, 0},
        {"past_one", ES_DEVICE, "storage_util", 50, true, 1, 1},
        {"past_one", ES_DEVICE, "h2d_util", 50, true, 1, 0},
        {"past_one", ES_DEVICE, "net_util", 50, true, 1, 0},
        {"past_one", ES_DEVICE, "net_util", 50, true, 2, 1},
        {"past_max_ctx", ES_MODEL, NULL, 0, false, 1, 0},
        {"past_max_ctx", ES_MODEL, "max_ctx", 255, false, 1, 1},
        {"past_max_ctx", ES_MODEL, "max_ctx", 100000, false, 1, 0},
        {"past_load_w", ES_DEVICE, NULL, 0, false, 1, 0},
        {"past_load_w", ES_DEVICE, "tdp_w", 0.1, false, 1, 0}, /* its level is measured */
        {"past_load_w", ES_DEVICE, "idle_w", 1000, false, 1, 2},
        {"past_heads", ES_MODEL, "kv_heads", 32, false, 1, 0},
        {"past_heads", ES_MODEL, "kv_heads", 33, false, 1, 1},
        {"past_experts", ES_MODEL, NULL, 0, false, 1, 0},
        {"fixed_layout", ES_PRECISION, NULL, 0, false, 1, 0},
        {"fixed_layout", ES_PRECISION, "weight_bits", 3, false, 1, 1},
        {"fixed_layout", ES_PRECISION, "group_size", 2, true, 1, 1},
        {"fixed_layout", ES_PRECISION, "scale_bits", 8, false, 1, 1},
        {"fixed_layout", ES_PRECISION, "zero_bits", 8, false, 1, 1},
        {"fixed_layout", ES_PRECISION, "embed_bits", 8, false, 1, 1},
        {"fixed_layout", ES_PRECISION, "output_bits", 0.5, true, 1, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        point p = point_of("Llama-3.2-1B", "Raspberry Pi 5", "Q4_K_M");
        set_workload(&p, "nodes", cases[i].nodes);
        set_workload(&p, "prompt", 200);
        set_workload(&p, "gen", 56);
        if (cases[i].field)
            set_field(&p, cases[i].kind, cases[i].field, cases[i].value, cases[i].factor);
        evaluate(&p);
        cr_expect_eq(get(&p, cases[i].node), cases[i].expected, "%s, %s = %g", cases[i].node,
                     cases[i].field ? cases[i].field : "nothing", cases[i].value);
    }
    point p = point_of("Llama-3.2-1B", "Raspberry Pi 5", "Q4_K_M");
    set_field(&p, ES_DEVICE, "h2d_util", 50, true);
    set_field(&p, ES_DEVICE, "h2d_gbs", 10, false);
    evaluate(&p);
    cr_expect_eq(get(&p, "past_one"), 1, "a link to the accelerator");
    p = point_of("Llama-3.2-1B", "Raspberry Pi 5", "INT4");
    set_field(&p, ES_PRECISION, "weight_bits", 3, false);
    evaluate(&p);
    cr_expect_eq(get(&p, "fixed_layout"), 0, "a uniform format has the bits it is given");
    p = point_of("Mixtral-8x7B", "Raspberry Pi 5", "Q4_K_M");
    for (double active = 8; active <= 9; active++) {
        set_field(&p, ES_MODEL, "n_active_experts", active, false);
        evaluate(&p);
        cr_expect_eq(get(&p, "past_experts"), active > 8);
        cr_expect_eq(get(&p, "no_layout"), 0, "that doubt is told once");
    }
}

/* A Falcon file type without a table, or a format that is no file type, has no layout: empty cells and a warning. */
Test(roofline, no_layout) {
    make_folder();
    write_file("precisions.csv", "name,kind,weight_bits,source\nQ9_X,gguf,9,t\n");
    es_errors errors = {0};
    cr_assert_eq(reload(&errors), ES_OK);
    point p = point_of("Llama-3.2-1B", "Raspberry Pi 5", "Q9_X");
    evaluate(&p);
    cr_expect(isnan(get(&p, "weight_bytes")) && isnan(get(&p, "tpot_s")));
    cr_expect_eq(get(&p, "no_layout"), 1);
    p = point_of("Falcon-7B", "Raspberry Pi 5", "Q4_K_M");
    evaluate(&p);
    cr_expect_eq(get(&p, "no_layout"), 0, "Falcon has tables of its own");
    remove_folder();
}

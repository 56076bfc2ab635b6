/* Every metric over random catalogs against the formulas written down anew in 113-bit arithmetic: relative error below
 * 1e-13.  Formats of GGUF files are left out: their sizes are whole numbers, which test_layout checks exactly. */
#include "real.h"
#include "sweep_help.h"

static const double TOLERANCE = 1e-13;

/* ---- random rows ---- */

typedef struct column {
    const char *name;
    double low, high; /* drawn logarithmically above a low of 0, else evenly */
    int kind;         /* 0: real, 1: whole, 2: a flag or small whole number from low to high */
    int absent;       /* one in so many rows lacks it; 0: none */
} column;

static const column model_columns[] = {
    {"layers", 2, 90, 1, 0},
    {"hidden", 64, 9000, 1, 0},
    {"intermediate", 64, 30000, 1, 0},
    {"vocab", 1000, 300000, 1, 0},
    {"heads", 1, 64, 1, 0},
    {"kv_heads", 1, 16, 1, 3},
    {"head_dim", 16, 256, 1, 3},
    {"tied_embeddings", 0, 1, 2, 4},
    {"ffn_matrices", 2, 3, 2, 0},
    {"ffn_active_fraction", 0.05, 1, 0, 2},
    {"sliding_window", 16, 5000, 1, 2},
    {"global_layer_every", 1, 8, 1, 3},
    {"qkv_bias", 0, 1, 2, 3},
    {"o_bias", 0, 1, 2, 3},
    {"mlp_bias", 0, 1, 2, 3},
    {"norms_per_layer", 0, 4, 2, 3},
    {"qk_norm", 0, 2, 2, 3},
    {"pos_rows", 1, 4096, 1, 2},
    {"lm_head_bias", 0, 1, 2, 3},
    {"embed_norm", 0, 1, 2, 3},
    {"embed_dim", 64, 2000, 1, 2},
    {"n_experts", 2, 200, 1, 2},
    {"n_active_experts", 1, 8, 1, 3},
    {"n_shared_experts", 0, 3, 2, 3},
    {"expert_intermediate", 64, 4000, 1, 4},
    {"first_dense_layers", 0, 3, 2, 3},
    {"router_bias", 0, 1, 2, 3},
    {"expert_bias", 0, 1, 2, 3},
    {"shared_gate", 0, 1, 2, 3},
    {"attn_sinks", 0, 1, 2, 3},
    {"sub_norms", 0, 1, 2, 3},
    {"kv_lora_rank", 32, 600, 1, 2},
    {"q_lora_rank", 32, 1600, 1, 2},
    {"qk_rope_head_dim", 16, 128, 1, 3},
    {"qk_nope_head_dim", 16, 256, 1, 3},
    {"v_head_dim", 16, 256, 1, 3},
    {"unique_layers", 1, 2, 2, 3},
    {"conv_layers", 0, 2, 2, 2},
    {"conv_kernel", 1, 8, 1, 3},
    {"extra_params", 1, 1e6, 1, 2},
};
static const column device_columns[] = {
    {"peak_gflops_fp32", 0.05, 1e5, 0, 0},
    {"peak_gflops_fp16", 0.1, 2e5, 0, 2},
    {"peak_gops_int8", 0.1, 4e5, 0, 2},
    {"mem_bw_gbs", 0.05, 5000, 0, 0},
    {"storage_bw_mbs", 1, 2e4, 0, 0},
    {"h2d_gbs", 0.1, 100, 0, 2},
    {"net_bw_mbps", 1, 1e5, 0, 0},
    {"compute_util", 0.01, 1, 0, 2},
    {"mem_util", 0.01, 1, 0, 2},
    {"storage_util", 0.01, 1, 0, 2},
    {"h2d_util", 0.01, 1, 0, 2},
    {"net_util", 0.01, 1, 0, 2},
    {"decode_util", 0.001, 1, 0, 2},
    {"prefill_util", 0.001, 1, 0, 2},
    {"attn_util", 0.001, 1, 0, 2},
    {"token_overhead_ms", 0, 9, 0, 2},
    {"pj_per_flop", 0, 50, 0, 2},
    {"pj_per_byte", 0, 3000, 0, 2},
    {"pj_per_storage_byte", 0, 9000, 0, 2},
    {"idle_w", 0, 8, 0, 2},
    {"load_w", 5, 300, 0, 2},
    {"ram_gb", 0.05, 300, 0, 0},
    {"os_reserved_gb", 0, 2, 0, 2},
    {"price_usd", 1, 5000, 0, 2},
};
static const column precision_columns[] = {
    {"weight_bits", 0.5, 32, 0, 0}, {"group_size", 1, 256, 1, 2}, {"scale_bits", 1, 32, 0, 2},
    {"zero_bits", 1, 8, 0, 2},      {"embed_bits", 1, 32, 0, 2},  {"output_bits", 1, 32, 0, 2},
    {"kv_bits", 1, 32, 0, 2},
};
static const column class_columns[] = {
    {"mem_util", 0.05, 1, 0, 0},       {"decode_util", 0.01, 1, 0, 0},
    {"prefill_util", 0.01, 1, 0, 0},   {"attn_util", 0.01, 1, 0, 0},
    {"token_overhead_ms", 1, 5, 0, 0}, {"idle_w", 1, 5, 0, 0},
    {"load_w", 5, 20, 0, 0},           {"pj_per_flop", 1, 20, 0, 0},
    {"pj_per_byte", 10, 900, 0, 0},    {"pj_per_storage_byte", 1, 900, 0, 0},
    {"net_bw_mbps", 10, 1000, 0, 0},
};

enum { MODELS = 5, DEVICES = 4, PRECISIONS = 4, MAX_COLUMNS = 48 };
static const char *const norms[] = {"rms", "ln", "ln_np", "none"};
static const char *const classes[] = {"sbc", "mcu", "gpu"};
static const char *const computes[] = {"fp32", "fp16", "int8"};

/* Values by column, NaN where the cell is empty; `choice` is norm, class or compute. */
typedef struct row {
    double value[MAX_COLUMNS];
    size_t choice;
} row;

typedef struct world {
    row model[MODELS], device[DEVICES], precision[PRECISIONS];
    row classes[3];
    double own_mem_util[DEVICES][PRECISIONS]; /* calibration rows for a format on a device; NaN: none */
} world;

static double draw(dice *d, const column *c) {
    if (c->absent && chance(d, (size_t)c->absent))
        return NAN;
    if (c->kind == 2)
        return c->low + (double)below(d, (size_t)(c->high - c->low) + 1);
    double x = c->low > 0 ? c->low * pow(c->high / c->low, uniform(d, 0, 1)) : uniform(d, c->low, c->high);
    return c->kind == 1 ? floor(x) : x;
}

static row draw_row(dice *d, const column *columns, size_t n, size_t choices) {
    row r = {.choice = below(d, choices)};
    for (size_t i = 0; i < n; i++)
        r.value[i] = draw(d, &columns[i]);
    return r;
}

/* By name: NaN when absent. */
static double cell_of(const row *r, const column *columns, size_t n, const char *name) {
    for (size_t i = 0; i < n; i++)
        if (strcmp(columns[i].name, name) == 0)
            return r->value[i];
    cr_assert(false, "no column %s", name);
    return NAN;
}

static double *slot(row *r, const char *name) {
    for (size_t i = 0; i < LENGTH(model_columns); i++)
        if (strcmp(model_columns[i].name, name) == 0)
            return &r->value[i];
    return NULL;
}

static world draw_world(dice *d) {
    world w;
    for (size_t i = 0; i < MODELS; i++) {
        w.model[i] = draw_row(d, model_columns, LENGTH(model_columns), LENGTH(norms));
        double *unique = slot(&w.model[i], "unique_layers"), layers = *slot(&w.model[i], "layers");
        if (*unique == 2)
            *unique = ceil(layers / 2);
        double *active = slot(&w.model[i], "n_active_experts"), experts = *slot(&w.model[i], "n_experts");
        *active = isnan(experts) ? NAN : fmin(*active, experts);
    }
    for (size_t i = 0; i < DEVICES; i++)
        w.device[i] = draw_row(d, device_columns, LENGTH(device_columns), LENGTH(classes));
    for (size_t i = 0; i < PRECISIONS; i++)
        w.precision[i] = draw_row(d, precision_columns, LENGTH(precision_columns), LENGTH(computes));
    for (size_t i = 0; i < LENGTH(classes); i++)
        w.classes[i] = draw_row(d, class_columns, LENGTH(class_columns), 1);
    for (size_t i = 0; i < DEVICES; i++)
        for (size_t k = 0; k < PRECISIONS; k++)
            w.own_mem_util[i][k] = chance(d, 2) ? NAN : uniform(d, 0.05, 1);
    return w;
}

static void put_table(const folder *f, const char *file, char letter, const row *rows, size_t n_rows,
                      const column *columns, size_t n, const char *choice, const char *const *choices) {
    text t = {0};
    text_printf(&t, "name,%s", choice);
    for (size_t i = 0; i < n; i++)
        text_printf(&t, ",%s", columns[i].name);
    for (size_t r = 0; r < n_rows; r++) {
        text_printf(&t, "\n%c%zu,%s", letter, r, choices[rows[r].choice]);
        for (size_t i = 0; i < n; i++)
            text_printf(&t, isnan(rows[r].value[i]) ? "," : ",%.17g", rows[r].value[i]);
    }
    text_add(&t, "\n", 1);
    put(f, file, t.data);
    free(t.data);
}

static void put_world(const folder *f, const world *w) {
    put_table(f, "models.csv", 'm', w->model, MODELS, model_columns, LENGTH(model_columns), "norm", norms);
    put_table(f, "devices.csv", 'd', w->device, DEVICES, device_columns, LENGTH(device_columns), "class", classes);
    put_table(f, "precisions.csv", 'p', w->precision, PRECISIONS, precision_columns, LENGTH(precision_columns),
              "compute", computes);
    text t = {0};
    text_printf(&t, "device,runtime,type,field,value\n");
    for (size_t c = 0; c < LENGTH(classes); c++)
        for (size_t i = 0; i < LENGTH(class_columns); i++)
            text_printf(&t, "class:%s,*,*,%s,%.17g\n", classes[c], class_columns[i].name, w->classes[c].value[i]);
    for (size_t i = 0; i < DEVICES; i++)
        for (size_t k = 0; k < PRECISIONS; k++)
            if (!isnan(w->own_mem_util[i][k]))
                text_printf(&t, "d%zu,*,p%zu,mem_util,%.17g\n", i, k, w->own_mem_util[i][k]);
    put(f, "calibration.csv", t.data);
    free(t.data);
    put(f, "quality.csv",
        "model,precision,metric,shots,value\nm0,,MMLU,5,61.5\nm1,,MMLU,5,40\nm1,p1,rel_delta_pct,,-3.25\n"
        "m2,,training_year,,2023\nm2,p0,dlnppl,,0.125\nm3,,native_bits,,2\n");
}

/* ---- one point ---- */

typedef struct point {
    const world *w;
    size_t m, d, p;
    real prompt, gen, depth, batch, nodes, ubatch, seq_len;
    const es_sweep *sweep;
    const double *value;
    uint64_t index;
} point;

static real model(const point *x, const char *name, double otherwise) {
    double v = cell_of(&x->w->model[x->m], model_columns, LENGTH(model_columns), name);
    return isnan(v) ? otherwise : v;
}

static double device_cell(const point *x, const char *name) {
    return cell_of(&x->w->device[x->d], device_columns, LENGTH(device_columns), name);
}

static real device(const point *x, const char *name, double otherwise) {
    double v = device_cell(x, name);
    return isnan(v) ? otherwise : v;
}

static double format_cell(const point *x, const char *name) {
    return cell_of(&x->w->precision[x->p], precision_columns, LENGTH(precision_columns), name);
}

static real format(const point *x, const char *name, double otherwise) {
    double v = format_cell(x, name);
    return isnan(v) ? otherwise : v;
}

/* Of the device, else of its class. */
static real rate(const point *x, const char *name) {
    const row *of_class = &x->w->classes[x->w->device[x->d].choice];
    double own = device_cell(x, name);
    return isnan(own) ? cell_of(of_class, class_columns, LENGTH(class_columns), name) : own;
}

static real util(const point *x, const char *name) {
    double own = strcmp(name, "mem_util") ? NAN : x->w->own_mem_util[x->d][x->p];
    return isnan(own) ? smaller(rate(x, name), 1) : own;
}

static void check(const point *x, const char *name, real expected, double tolerance) {
    int c = es_sweep_column(x->sweep, name, strlen(name));
    cr_assert_geq(c, 0, "%s", name);
    double got = x->value[x->sweep->columns[c].node];
    real error = got - expected, scale = expected < 0 ? -expected : expected;
    error = error < 0 ? -error : error;
    bool fits = error <= tolerance * scale || (expected != expected && isnan(got));
    cr_assert(fits, "%s at point %llu (m%zu d%zu p%zu): %.17g, expected %.17g, off by %.3g", name,
              (unsigned long long)x->index, x->m, x->d, x->p, got, (double)expected, (double)(error / scale));
}

static bool is_close(real a, real b) { return (a > b ? a - b : b - a) <= 1e-12 * larger(a, b); }

/* The label of the largest time, unless two are as good as equal. */
static void check_largest(const point *x, const char *name, const real *time, const char *const *label, size_t n) {
    size_t most = 0;
    for (size_t i = 1; i < n; i++)
        if (time[i] > time[most])
            most = i;
    for (size_t i = 0; i < n; i++)
        if (i != most && is_close(time[i], time[most]))
            return;
    const es_column *of_name = &x->sweep->columns[es_sweep_column(x->sweep, name, strlen(name))];
    char shown[32];
    es_column_text(of_name, x->value[of_name->node], 9, shown, sizeof shown);
    cr_assert_str_eq(shown, label[most], "%s", name);
}

/* ---- arXiv 2506.09061, equations (7) to (15) ---- */

static void check_edgeprofiler(const point *x) {
    real L = model(x, "layers", 0), H = model(x, "hidden", 0), I = model(x, "intermediate", 0),
         V = model(x, "vocab", 0);
    real S = x->seq_len, B = format(x, "weight_bits", 0) / 8;
    real params = L * 4 * H * H + L * 2 * H * I + 2 * V * H, attn = 8 * L * H * H, kv = 4 * L * H * S,
         ffn = 4 * L * H * I;
    real flops = attn + kv + ffn + 9 * L * H, bytes = params * B + S * H * B + 2 * L * S * H * B;
    real C = device(x, "peak_gflops_fp32", 0) * 1e9 * device(x, "compute_util", 0.7) / 1000;
    real compute = flops / C, memory = bytes / (device(x, "mem_bw_gbs", 0) * 1e6 * device(x, "mem_util", 0.6));
    real io = params * B / (device(x, "storage_bw_mbs", 0) * 1000 * device(x, "storage_util", 0.8));
    real h2d = device(x, "h2d_gbs", 0), copy = h2d > 0 ? params * B / (h2d * 1e6 * device(x, "h2d_util", 0.7)) : 0;
    real net = S * H * B / (device(x, "net_bw_mbps", 0) * 125 * device(x, "net_util", 0.8));
    real total = larger(compute, memory) + io + copy + net;
    real pico = 1000000, energy = flops * device(x, "pj_per_flop", 1) + bytes * device(x, "pj_per_byte", 1000);
    energy /= pico * pico;
    check(x, "params", params, TOLERANCE), check(x, "flops_per_token", flops, TOLERANCE);
    check(x, "memory_bytes", bytes, TOLERANCE), check(x, "compute_ms", compute, TOLERANCE);
    check(x, "memory_ms", memory, TOLERANCE), check(x, "io_ms", io, TOLERANCE), check(x, "h2d_ms", copy, TOLERANCE);
    check(x, "net_ms", net, TOLERANCE), check(x, "end_to_end_ms", total, TOLERANCE);
    check(x, "arithmetic_intensity", flops / bytes, TOLERANCE), check(x, "energy_j", energy, TOLERANCE);
    check(x, "power_w", energy / (total / 1000), TOLERANCE), check(x, "attn_proj_ms", attn / C, TOLERANCE);
    check(x, "attn_kv_ms", kv / C, TOLERANCE), check(x, "ffn_ms", ffn / C, TOLERANCE);
    check(x, "ln_ms", 4 * L * H / C, TOLERANCE), check(x, "softmax_ms", 5 * L * H / C, TOLERANCE);
    check_largest(x, "bottleneck", (real[]){compute, memory, io, copy, net},
                  (const char *const[]){"compute", "memory", "io", "h2d", "net"}, 5);
}

/* ---- roofline: what a model holds ---- */

/* Counts over the stored layers: matrices and vectors of all but the routed experts, one routed expert of every layer, and
 * the ends. */
typedef struct holdings {
    real attention, ffn, vectors, expert, expert_vectors, experts, active;
    real final, positions, project, embedding;
    bool tied;
    real params, active_params;
} holdings;

static real norm(const point *x, real width) {
    static const int each[] = {1, 2, 0, 0};
    return each[x->w->model[x->m].choice] * width;
}

static void count_attention(const point *x, real layers, holdings *h) {
    real H = model(x, "hidden", 0), heads = model(x, "heads", 1), lora = model(x, "kv_lora_rank", 0);
    real dim = model(x, "head_dim", (double)whole(H / heads)), kv = model(x, "kv_heads", (double)heads) * dim;
    real nope = model(x, "qk_nope_head_dim", 0), rope = model(x, "qk_rope_head_dim", 0), v = model(x, "v_head_dim", 0);
    if (lora > 0) {
        real q = heads * (nope + rope), q_lora = model(x, "q_lora_rank", 0);
        h->attention = H * (lora + rope) + lora * heads * (nope + v) + heads * v * H;
        h->attention += q_lora > 0 ? H * q_lora + q_lora * q : H * q;
        h->vectors = lora + q_lora;
    } else {
        real q = heads * dim, qk = model(x, "qk_norm", 0);
        h->attention = H * q + H * kv + H * kv + q * H;
        h->vectors = model(x, "qkv_bias", 0) * (q + kv + kv) + model(x, "o_bias", 0) * H;
        h->vectors += model(x, "attn_sinks", 0) * heads + model(x, "sub_norms", 0) * H;
        h->vectors += qk == 1 ? dim + dim : qk == 2 ? q + kv : 0;
    }
    h->attention *= layers;
    h->vectors *= layers;
}

static void count_ffn(const point *x, real layers, holdings *h) {
    real H = model(x, "hidden", 0), n = model(x, "ffn_matrices", 2), I = model(x, "intermediate", 0);
    real width = model(x, "expert_intermediate", 0);
    h->experts = model(x, "n_experts", 0);
    real sparse = h->experts > 0 ? larger(layers - model(x, "first_dense_layers", 0), 0) : 0, dense = layers - sparse;
    h->ffn = dense * n * H * I + sparse * model(x, "n_shared_experts", 0) * n * H * width;
    h->vectors += dense * (model(x, "mlp_bias", 0) * ((n - 1) * I + H) + model(x, "sub_norms", 0) * I);
    h->vectors += sparse * (H * h->experts + model(x, "router_bias", 0) * h->experts + model(x, "shared_gate", 0) * H);
    h->expert = sparse * n * H * width;
    h->expert_vectors = sparse * model(x, "expert_bias", 0) * ((n - 1) * width + H);
    h->experts = sparse > 0 ? h->experts : 0;
    h->active = smaller(model(x, "n_active_experts", 0), h->experts);
}

static holdings count(const point *x) {
    holdings h = {.tied = model(x, "tied_embeddings", 0) > 0};
    real H = model(x, "hidden", 0), V = model(x, "vocab", 0), layers = model(x, "layers", 0);
    real stored = smaller(model(x, "unique_layers", (double)layers), layers), conv = model(x, "conv_layers", 0);
    count_attention(x, larger(stored - conv, 0), &h);
    conv = smaller(conv, stored);
    h.attention += conv * 4 * H * H;
    h.vectors += conv * model(x, "conv_kernel", 0) * H;
    count_ffn(x, stored, &h);
    h.vectors += stored * norm(x, model(x, "norms_per_layer", 2) * H);
    real width = model(x, "embed_dim", (double)H);
    h.embedding = V * width;
    h.project = width != H ? H * width : 0;
    h.positions = model(x, "pos_rows", 0) * H + model(x, "extra_params", 0);
    h.final = (width != H ? 0 : norm(x, H)) + model(x, "embed_norm", 0) * norm(x, H) + model(x, "lm_head_bias", 0) * V;
    h.params = h.attention + h.ffn + h.vectors + h.final + h.positions + 2 * h.project + (h.tied ? 1 : 2) * h.embedding;
    h.active_params = h.params + h.active * (h.expert + h.expert_vectors);
    h.params += h.experts * (h.expert + h.expert_vectors);
    return h;
}

/* ---- roofline: bytes and rates ---- */

typedef struct load {
    holdings h;
    real each, head, weight_bytes, node_bytes, share;   /* bytes per weight, of the head, in all, of the fullest node */
    real dense, dense_bytes, expert, expert_bytes;      /* what a token uses; of one expert in all layers */
    real bw, peak, fp_peak, decode, prefill, attention; /* rates per second */
    real storage, net, available;
    real kv_each, score_each, held, global;
} load;

static load load_of(const point *x) {
    load l = {.h = count(x)};
    const holdings *h = &l.h;
    real group = format(x, "group_size", 0), extra = format(x, "scale_bits", 0) + format(x, "zero_bits", 0);
    real bits = format(x, "weight_bits", 0), layers = model(x, "layers", 0);
    l.each = (bits + (group > 0 ? extra / group : 0)) / 8;
    double embed_bits = format_cell(x, "embed_bits"), output_bits = format_cell(x, "output_bits");
    real embed = isnan(embed_bits) ? l.each : (real)embed_bits / 8,
         output = isnan(output_bits) ? l.each : (real)output_bits / 8;
    real in_layers = (h->attention + h->ffn + h->vectors + h->experts * (h->expert + h->expert_vectors)) * l.each;
    l.head = h->embedding * output;
    real first = (h->tied ? l.head : h->embedding * embed) + (h->positions + h->project) * l.each;
    real last = l.head + (h->final + h->project) * l.each;
    l.weight_bytes = in_layers + first + last - (h->tied ? l.head : 0);
    l.share = ceiling(layers / x->nodes) / layers;
    l.node_bytes = x->nodes > 1 ? l.share * in_layers + larger(first, last) : l.weight_bytes;
    real reuse = layers / smaller(model(x, "unique_layers", (double)layers), layers);
    real sparse = model(x, "ffn_active_fraction", 1);
    l.dense = (h->attention + h->ffn * sparse + h->vectors) * reuse + h->final + 2 * h->project;
    l.dense_bytes = l.dense * l.each;
    l.expert = (h->expert * sparse + h->expert_vectors) * reuse;
    l.expert_bytes = l.expert * l.each;
    return l;
}

static void add_rates(const point *x, load *l) {
    real giga = 1000000000, fp32 = device(x, "peak_gflops_fp32", 0), fp16 = device(x, "peak_gflops_fp16", (double)fp32);
    real peaks[] = {fp32, fp16, device(x, "peak_gops_int8", (double)fp16)};
    size_t class = x->w->device[x->d].choice;
    l->fp_peak = fp32 * giga;
    l->peak = peaks[x->w->precision[x->p].choice] * giga;
    l->bw = device(x, "mem_bw_gbs", 0) * giga * util(x, "mem_util");
    l->decode = l->peak * util(x, "decode_util");
    l->prefill = l->peak * util(x, "prefill_util");
    l->attention = l->fp_peak * util(x, "attn_util");
    l->storage = device(x, "storage_bw_mbs", 0) * 1000000 * device(x, "storage_util", 0.8);
    l->net = rate(x, "net_bw_mbps") * 125000 * device(x, "net_util", 0.8);
    real reserved = isnan(device_cell(x, "os_reserved_gb")) && class == 0 ? 0.3 : 0;
    l->available = (device(x, "ram_gb", 0) - device(x, "os_reserved_gb", (double)reserved)) * 1073741824;
}

static void add_cache(const point *x, load *l) {
    real layers = model(x, "layers", 0), heads = model(x, "heads", 1), lora = model(x, "kv_lora_rank", 0);
    real H = model(x, "hidden", 0), rope = model(x, "qk_rope_head_dim", 0), every = model(x, "global_layer_every", 0);
    real dim = model(x, "head_dim", (double)whole(H / heads)), kv_heads = model(x, "kv_heads", (double)heads);
    l->kv_each = (lora > 0 ? lora + rope : 2 * kv_heads * dim) * format(x, "kv_bits", 16) / 8;
    l->score_each = lora > 0 ? 2 * heads * (2 * lora + rope) : 4 * heads * dim;
    l->held = larger(layers - model(x, "conv_layers", 0), 0);
    l->global = model(x, "sliding_window", 0) > 0 ? every > 0 ? smaller(whole(layers / every), l->held) : 0 : l->held;
}

/* Positions looked at by tokens first to last of a sequence, over all layers. */
static real positions(const point *x, const load *l, real first, real last) {
    real window = model(x, "sliding_window", 0), sum = 0;
    for (real s = first; s <= last; s++)
        sum += l->global * s + (l->held - l->global) * smaller(s, window);
    return sum;
}

/* E(1-(1-k/E)^T) */
static real met(const load *l, real tokens) {
    return l->h.experts > 0 ? l->h.experts * (1 - power(1 - l->h.active / l->h.experts, (uint64_t)tokens)) : 0;
}

/* ---- roofline: metrics ---- */

static void check_memory(const point *x, const load *l, real *kv, real *peak) {
    real H = model(x, "hidden", 0), heads = model(x, "heads", 1), tokens = x->prompt * x->batch;
    real dim = model(x, "head_dim", (double)whole(H / heads)), kv_heads = model(x, "kv_heads", (double)heads);
    real wide = model(x, "intermediate", 0), context = x->prompt + x->gen + x->depth;
    real experts = model(x, "n_experts", 0);
    if (experts > 0)
        wide = (smaller(model(x, "n_active_experts", 0), experts) + model(x, "n_shared_experts", 0)) *
               model(x, "expert_intermediate", 0);
    real window = model(x, "sliding_window", 0);
    *kv = x->batch * l->kv_each * (l->global * context + (l->held - l->global) * smaller(context, window));
    real activation = smaller(x->ubatch, tokens) * (4 * H + 2 * wide + (heads + 2 * kv_heads) * dim) * 4 +
                      4 * model(x, "vocab", 0) * x->batch;
    *peak = l->node_bytes + *kv * l->share + activation + (x->w->device[x->d].choice == 1 ? 0 : 64 * 1048576);
    check(x, "params", l->h.params, TOLERANCE), check(x, "active_params", l->h.active_params, TOLERANCE);
    check(x, "weight_bytes", l->weight_bytes, TOLERANCE);
    check(x, "bits_per_weight", 8 * l->weight_bytes / l->h.params, TOLERANCE);
    check(x, "kv_bytes", *kv, TOLERANCE), check(x, "activation_bytes", activation, TOLERANCE);
    check(x, "peak_memory_bytes", *peak, TOLERANCE);
    if (!is_close(*peak, l->available))
        check(x, "fits", *peak <= l->available, 0);
}

/* Weights, then scores: the larger of arithmetic and memory, each. */
typedef struct phase {
    real compute, memory, storage, network;
} phase;

static void add_group(phase *p, real compute, real memory) {
    *(compute > memory ? &p->compute : &p->memory) += larger(compute, memory);
}

static real total(const phase *p) { return p->compute + p->memory + p->storage + p->network; }

static phase prefill(const point *x, const load *l, bool flash) {
    phase p = {0};
    real tokens = x->prompt * x->batch, passes = ceiling(tokens / x->ubatch);
    real experts = met(l, smaller(x->ubatch, tokens)),
         seen = x->batch * positions(x, l, x->depth + 1, x->depth + x->prompt);
    add_group(&p, 2 * l->dense * tokens / l->prefill, passes * l->dense_bytes / l->bw);
    add_group(&p, 2 * l->h.active * l->expert * tokens / l->prefill, passes * experts * l->expert_bytes / l->bw);
    add_group(&p, 2 * l->h.embedding * x->batch / l->prefill, l->head / l->bw);
    add_group(&p, seen * l->score_each / l->attention, seen * l->kv_each / smaller(x->ubatch, x->prompt) / l->bw);
    if (flash)
        p.storage = (passes * (l->dense_bytes + experts * l->expert_bytes) + l->head) / l->storage;
    p.network = (x->nodes - 1) * model(x, "hidden", 0) * 2 * tokens / l->net;
    check(x, "prefill_flops",
          2 * (l->dense + l->h.active * l->expert) * tokens + 2 * l->h.embedding * x->batch + seen * l->score_each,
          TOLERANCE);
    return p;
}

static phase decode(const point *x, const load *l, bool flash, real seen, real streamed) {
    phase p = {0};
    real experts = met(l, x->batch);
    add_group(&p, 2 * l->dense * x->batch / l->decode, l->dense_bytes / l->bw);
    add_group(&p, 2 * l->h.active * l->expert * x->batch / l->decode, experts * l->expert_bytes / l->bw);
    add_group(&p, 2 * l->h.embedding * x->batch / l->decode, l->head / l->bw);
    add_group(&p, x->batch * seen * l->score_each / l->attention, x->batch * seen * l->kv_each / l->bw);
    p.storage = flash ? streamed / l->storage : 0;
    p.network = (x->nodes - 1) * model(x, "hidden", 0) * 2 * x->batch / l->net;
    return p;
}

static void check_energy(const point *x, const load *l, real flops, real bytes, real storage_bytes, real tpot) {
    real idle = rate(x, "idle_w"), dynamic = larger(rate(x, "load_w") - idle, 0), tera = (real)1000000 * 1000000;
    bool known = !isnan(device_cell(x, "idle_w")) && !isnan(device_cell(x, "load_w"));
    real e_flop = rate(x, "pj_per_flop") / tera, e_byte = rate(x, "pj_per_byte") / tera;
    if (known && isnan(device_cell(x, "pj_per_flop")))
        e_flop = dynamic * 3 / 10 / l->prefill;
    if (known && isnan(device_cell(x, "pj_per_byte")))
        e_byte = dynamic * 7 / 10 / l->bw;
    real energy = flops * e_flop + bytes * e_byte +
                  (storage_bytes * rate(x, "pj_per_storage_byte") / tera + x->nodes * idle * tpot) / x->batch;
    real watt = energy * x->batch / tpot, price = device_cell(x, "price_usd");
    real seconds = (real)3 * 36525 / 100 * 86400 / 2; /* 3 years at a duty of 0.5 */
    check(x, "energy_j_per_token", energy, TOLERANCE), check(x, "power_w", watt, TOLERANCE);
    check(x, "tokens_per_j", 1 / energy, TOLERANCE), check(x, "st", energy * tpot / x->batch, TOLERANCE);
    check(x, "usd_per_mtok", (x->nodes * price / seconds + watt / 5 / 3600000) * tpot / x->batch * 1000000, TOLERANCE);
}

/* As the rows of put_world say. */
static void check_quality(const point *x, const load *l) {
    static const double score[] = {61.5, 40, NAN, NAN, NAN}, factor[] = {3, 3, 1, 0, 3};
    real billions = l->h.params / 1000000000, size = 7 / billions, bpw = 8 * l->weight_bytes / l->h.params;
    real loss = exponential((real)2325 / 1000 - (real)1412 / 1000 * bpw) * factor[x->m];
    if (size > 1)
        loss *= exponential(logarithm(size) * 35 / 100);
    if (x->m == 2 && x->p == 0)
        loss = (real)1 / 8;
    real kept = exponential(-loss * 55 / 100);
    if (x->m == 1 && x->p == 1)
        kept = 1 - (real)325 / 10000;
    /* an error of d is one of exp(d) times d */
    double worse = 1 + (double)loss;
    check(x, "quality_retained", kept, TOLERANCE * worse);
    check(x, "quality", score[x->m] * kept, TOLERANCE * worse);
    if (loss < 700)
        check(x, "ppl_increase_pct", 100 * exponential_less_1(loss), TOLERANCE * worse);
}

static void check_roofline(const point *x) {
    load l = load_of(x);
    real kv, peak;
    add_rates(x, &l);
    add_cache(x, &l);
    check_memory(x, &l, &kv, &peak);
    if (is_close(l.node_bytes, l.available))
        return;
    bool flash = l.node_bytes > l.available;
    real start = x->prompt + x->depth, seen = positions(x, &l, start + 1, start + x->gen) / x->gen;
    real streamed = l.dense_bytes + l.head + met(&l, x->batch) * l.expert_bytes,
         overhead = rate(x, "token_overhead_ms") / 1000;
    phase first = prefill(x, &l, flash), step = decode(x, &l, flash, seen, streamed);
    real ttft = total(&first), tpot = total(&step) + overhead, h2d = device(x, "h2d_gbs", 0);
    real loading =
        l.node_bytes / l.storage + (h2d > 0 ? l.node_bytes / (h2d * 1000000000 * device(x, "h2d_util", 0.7)) : 0);
    real flops = 2 * (l.dense + l.h.embedding + l.h.active * l.expert) + seen * l.score_each;
    real bytes = streamed / x->batch + seen * l.kv_each;
    check(x, "ttft_s", ttft, TOLERANCE), check(x, "tpot_s", tpot, TOLERANCE), check(x, "load_s", loading, TOLERANCE);
    check(x, "total_s", loading + ttft + x->gen * tpot, TOLERANCE);
    check(x, "prefill_tok_s", x->prompt * x->batch / ttft, TOLERANCE);
    check(x, "decode_tok_s", x->batch / tpot, TOLERANCE);
    check(x, "decode_flops", flops, TOLERANCE), check(x, "decode_bytes", bytes, TOLERANCE);
    check(x, "arithmetic_intensity", flops / bytes, TOLERANCE);
    check_energy(x, &l, flops, bytes, flash ? streamed : 0, tpot);
    check_quality(x, &l);
    static const char *const labels[] = {"compute", "memory", "storage", "network", "overhead"};
    check_largest(x, "bottleneck", (real[]){step.compute, step.memory, step.storage, step.network, overhead}, labels,
                  5);
    check_largest(x, "prefill_bottleneck", (real[]){first.compute, first.memory, first.storage, first.network}, labels,
                  4);
    check_largest(x, "residency", (real[]){!flash, flash}, (const char *const[]){"ram", "flash"}, 2);
}

/* ---- catalogs ---- */

static real axis_value(const es_sweep *sweep, const double *value, const char *name) {
    int c = es_sweep_column(sweep, name, strlen(name));
    return c < 0 ? NAN : value[sweep->columns[c].node];
}

static void check_sweep(const world *w, const es_catalog *catalog, const char *const *sets, size_t n, bool roofline) {
    es_sweep *sweep = load_sweep(catalog, NULL, sets, n, NULL, 0);
    double *value = calloc(es_sweep_nodes(sweep), sizeof *value);
    size_t coordinate[ES_MAX_AXES];
    for (uint64_t i = 0; i < sweep->n_points; i++) {
        cr_assert_eq(es_sweep_point(sweep, i, value, NULL), ES_OK);
        es_sweep_coordinates(sweep, i, coordinate);
        point x = {.w = w, .m = coordinate[0], .d = coordinate[1], .p = coordinate[roofline ? 3 : 2]};
        x.prompt = axis_value(sweep, value, "prompt"), x.gen = axis_value(sweep, value, "gen");
        x.depth = axis_value(sweep, value, "depth"), x.batch = axis_value(sweep, value, "batch");
        x.nodes = axis_value(sweep, value, "nodes"), x.ubatch = axis_value(sweep, value, "ubatch");
        x.seq_len = axis_value(sweep, value, "seq_len");
        x.sweep = sweep, x.value = value, x.index = i;
        (roofline ? check_roofline : check_edgeprofiler)(&x);
    }
    free(value);
    es_sweep_free(sweep);
}

static void check_catalogs(uint64_t seed, int rounds, bool roofline) {
    dice d = {seed};
    for (int round = 0; round < rounds; round++) {
        world w = draw_world(&d);
        folder f = folder_new();
        char axes[6][64];
        es_catalog catalog;
        put_world(&f, &w);
        load_catalog(&catalog, f.path);
        snprintf(axes[0], sizeof axes[0], "prompt=%zu,%zu", 1 + below(&d, 40), 41 + below(&d, 900));
        snprintf(axes[1], sizeof axes[1], "gen=%zu", 1 + below(&d, 300));
        snprintf(axes[2], sizeof axes[2], "depth=0,%zu", 1 + below(&d, 9000));
        snprintf(axes[3], sizeof axes[3], "batch=1,%zu", 2 + below(&d, 60));
        snprintf(axes[4], sizeof axes[4], "nodes=1,%zu", 2 + below(&d, 9));
        snprintf(axes[5], sizeof axes[5], "ubatch=%zu", 1 + below(&d, 2048));
        const char *const roof[] = {"kernel=roofline", "runtime=default", axes[0], axes[1],
                                    axes[2],           axes[3],           axes[4], axes[5]};
        const char *const edge[] = {"kernel=edgeprofiler", "seq_len=1, 17, 4096"};
        if (roofline)
            check_sweep(&w, &catalog, roof, LENGTH(roof), true);
        else
            check_sweep(&w, &catalog, edge, LENGTH(edge), false);
        es_catalog_free(&catalog);
        folder_free(&f);
    }
}

Test(float128, functions) {
    cr_assert(is_close(exponential(1), (real)2.718281828459045235L) &&
              is_close(logarithm(10), (real)2.302585092994045684L));
    cr_assert(is_close(exponential(-3) * exponential(3), 1) && power(3, 5) == 243);
}
Test(float128, edgeprofiler) { check_catalogs(61, 20, false); }
Test(float128, roofline) { check_catalogs(113, 12, true); }

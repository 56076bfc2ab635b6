/* The published model: the authors' program's outputs, and the equations written down a second time. */
#include "sweep_help.h"

#include "base/text.h"

#ifndef ES_TEST_DATA
#define ES_TEST_DATA "tests/data"
#endif

static const char *const golden_model[] = {"EP-TinyLlama-1B", "EP-Gemma3-1B", "EP-Llama3.2-1B", "EP-DeepSeek-r1-1.5B"};

/* ---- golden rows ---- */

enum { MAX_CELLS = 40 };

static size_t split_line(char *line, char **cell) {
    size_t n = 0;
    for (char *p = line; p && n < MAX_CELLS; n++) {
        cell[n] = p;
        p = strchr(p, ',');
        if (p)
            *p++ = '\0';
    }
    return n;
}

static bool close_to(double a, double b) { return a == b || fabs(a - b) <= 1e-12 * fmax(fabs(a), fabs(b)); }

static bool is_whole_name(const char *name) {
    return strncmp(name, "params", 6) == 0 || strncmp(name, "flops_per_token", 15) == 0;
}

/* The metric a golden column shows, and whether it belongs to this variant; -1: not in this variant. */
static int golden_column(const es_sweep *sweep, const char *name, bool printed) {
    char wanted[64];
    snprintf(wanted, sizeof wanted, "%s", name);
    char *suffix = strstr(wanted, "_printed");
    if (suffix)
        *suffix = '\0';
    static const char *const differ[] = {"flops_per_token", "compute_ms",   "end_to_end_ms", "arithmetic_intensity",
                                         "energy_j",        "attn_proj_ms", "ffn_ms"};
    bool differs = false;
    for (size_t i = 0; i < LENGTH(differ); i++)
        differs = differs || strcmp(wanted, differ[i]) == 0;
    if (differs && printed != (suffix != NULL))
        return -1;
    int column = es_sweep_column(sweep, wanted, strlen(wanted));
    cr_assert_geq(column, 0, "no column %s", wanted);
    return column;
}

static void check_golden_row(const es_sweep *sweep, uint64_t index, char **header, char **cell, size_t n, bool printed,
                             const double *value) {
    for (size_t i = 0; i < n; i++) {
        int number = golden_column(sweep, header[i], printed);
        if (number < 0)
            continue;
        const es_column *column = &sweep->columns[number];
        char shown[128];
        es_column_text(column, value[column->node], 17, shown, sizeof shown);
        if (column->labels || is_whole_name(header[i]))
            cr_assert_str_eq(shown, cell[i], "row %llu, %s", (unsigned long long)index, header[i]);
        else
            cr_assert(close_to(strtod(shown, NULL), strtod(cell[i], NULL)), "row %llu, %s: %s, expected %s",
                      (unsigned long long)index, header[i], shown, cell[i]);
    }
}

static size_t check_golden(const es_sweep *sweep, bool printed) {
    char *table = slurp(ES_TEST_DATA "/edgeprofiler_golden.csv", NULL), *rest = table;
    char *header[MAX_CELLS], *cell[MAX_CELLS];
    double *value = calloc(es_sweep_nodes(sweep), sizeof *value);
    size_t n = split_line(strsep(&rest, "\n"), header);
    uint64_t rows = 0;
    for (char *line; (line = strsep(&rest, "\n")) && *line; rows++) {
        cr_assert_eq(split_line(line, cell), n);
        cr_assert_eq(es_sweep_point(sweep, rows, value, NULL), ES_OK);
        check_golden_row(sweep, rows, header, cell, n, printed, value);
    }
    free(value), free(table);
    return (size_t)rows;
}

Test(edgeprofiler, golden_rows) {
    es_catalog catalog;
    load_catalog(&catalog, NULL);
    text models = {0};
    for (size_t i = 0; i < LENGTH(golden_model); i++)
        text_printf(&models, "%s%s", i ? ", " : "model=", golden_model[i]);
    for (int printed = 0; printed < 2; printed++) {
        const char *const sets[] = {"kernel=edgeprofiler", models.data,
                                    "device=EP Raspberry Pi 4, EP Raspberry Pi 5, EP Jetson Nano Super",
                                    "precision=FP32, FP16, INT8, INT4", printed ? "flops=printed" : "flops=released"};
        es_sweep *sweep = load_sweep(&catalog, NULL, sets, LENGTH(sets), NULL, 0);
        cr_assert_eq(sweep->n_points, 48);
        cr_assert_eq(check_golden(sweep, printed), 48);
        es_sweep_free(sweep);
    }
    free(models.data);
    es_catalog_free(&catalog);
}

/* ---- the equations once more, for catalogs nobody has seen ---- */

typedef struct model {
    double L, H, I, V;
} model;

/* NaN: the cell is empty */
typedef struct device {
    double peak, mem_bw, storage_bw, h2d, net, u_compute, u_mem, u_storage, u_h2d, u_net, pj_flop, pj_byte;
} device;

typedef struct expected {
    double params, flops_per_token, memory_bytes, compute_ms, memory_ms, io_ms, h2d_ms, net_ms, end_to_end_ms,
        arithmetic_intensity, energy_j, power_w, attn_proj_ms, attn_kv_ms, ffn_ms, ln_ms, softmax_ms;
    const char *bottleneck;
} expected;

static double or_else(double value, double fallback) { return isnan(value) ? fallback : value; }

static const char *largest(const double *time) {
    static const char *const name[] = {"compute", "memory", "io", "h2d", "net"};
    size_t which = 0;
    for (size_t i = 1; i < 5; i++)
        if (time[i] > time[which])
            which = i;
    return name[which];
}

/* Section 4.1, in the order it is written there. */
static expected evaluate(const model *m, const device *d, double bits, double S, bool printed) {
    double L = m->L, H = m->H, I = m->I, V = m->V, B = bits / 8;
    double attn_proj = printed ? 6 * L * H * H : 8 * L * H * H, ffn = printed ? 8 * L * H * I : 4 * L * H * I;
    double rate = d->peak * 1e9 * or_else(d->u_compute, 0.7);
    expected e = {.params = L * 4 * H * H + L * 2 * H * I + 2 * V * H};
    e.flops_per_token = attn_proj + 4 * L * H * S + ffn + 9 * L * H;
    e.memory_bytes = e.params * B + S * H * B + 2 * L * S * H * B;
    e.compute_ms = 1000 * e.flops_per_token / rate;
    e.memory_ms = 1000 * e.memory_bytes / (d->mem_bw * 1e9 * or_else(d->u_mem, 0.6));
    e.io_ms = 1000 * e.params * B / (d->storage_bw * 1e6 * or_else(d->u_storage, 0.8));
    e.h2d_ms = isnan(d->h2d) ? 0 : 1000 * e.params * B / (d->h2d * 1e9 * or_else(d->u_h2d, 0.7));
    e.net_ms = 1000 * S * H * B / (d->net * 1e6 / 8 * or_else(d->u_net, 0.8));
    e.end_to_end_ms = fmax(e.compute_ms, e.memory_ms) + e.io_ms + e.h2d_ms + e.net_ms;
    e.arithmetic_intensity = e.flops_per_token / e.memory_bytes;
    e.energy_j =
        e.flops_per_token * or_else(d->pj_flop, 1) * 1e-12 + e.memory_bytes * or_else(d->pj_byte, 1000) * 1e-12;
    e.power_w = e.energy_j / (e.end_to_end_ms / 1000);
    e.attn_proj_ms = 1000 * attn_proj / rate, e.attn_kv_ms = 1000 * 4 * L * H * S / rate, e.ffn_ms = 1000 * ffn / rate;
    e.ln_ms = 1000 * 4 * L * H / rate, e.softmax_ms = 1000 * 5 * L * H / rate;
    e.bottleneck = largest((double[]){e.compute_ms, e.memory_ms, e.io_ms, e.h2d_ms, e.net_ms});
    return e;
}

static void check_point(const es_sweep *sweep, const double *value, const expected *e) {
    const struct {
        const char *name;
        double value;
    } metric[] = {{"params", e->params},
                  {"flops_per_token", e->flops_per_token},
                  {"memory_bytes", e->memory_bytes},
                  {"compute_ms", e->compute_ms},
                  {"memory_ms", e->memory_ms},
                  {"io_ms", e->io_ms},
                  {"h2d_ms", e->h2d_ms},
                  {"net_ms", e->net_ms},
                  {"end_to_end_ms", e->end_to_end_ms},
                  {"arithmetic_intensity", e->arithmetic_intensity},
                  {"energy_j", e->energy_j},
                  {"power_w", e->power_w},
                  {"attn_proj_ms", e->attn_proj_ms},
                  {"attn_kv_ms", e->attn_kv_ms},
                  {"ffn_ms", e->ffn_ms},
                  {"ln_ms", e->ln_ms},
                  {"softmax_ms", e->softmax_ms}};
    for (size_t i = 0; i < LENGTH(metric); i++) {
        int column = es_sweep_column(sweep, metric[i].name, strlen(metric[i].name));
        cr_assert_geq(column, 0, "%s", metric[i].name);
        double got = value[sweep->columns[column].node];
        cr_assert(close_to(got, metric[i].value), "%s: %.17g, expected %.17g", metric[i].name, got, metric[i].value);
    }
    char shown[32];
    const es_column *bottleneck = &sweep->columns[es_sweep_column(sweep, "bottleneck", 10)];
    es_column_text(bottleneck, value[bottleneck->node], 9, shown, sizeof shown);
    cr_assert_str_eq(shown, e->bottleneck);
    cr_assert_eq(sweep->n_columns - sweep->n_axes, LENGTH(metric) + 1, "a metric that this test does not know");
}

enum { ROWS = 6 };

typedef struct random_catalog {
    model models[ROWS];
    device devices[ROWS];
    double bits[ROWS];
} random_catalog;

static double maybe(dice *d, double value) { return chance(d, 2) ? NAN : value; }

static double log_uniform(dice *d, double a, double b) { return a * pow(b / a, uniform(d, 0, 1)); }

static random_catalog random_rows(dice *d) {
    random_catalog c;
    for (size_t i = 0; i < ROWS; i++) {
        c.models[i] = (model){(double)(1 + below(d, 100)), (double)(1 + below(d, 9000)), (double)below(d, 30000),
                              (double)(1 + below(d, 200000))};
        c.devices[i] = (device){.peak = log_uniform(d, 0.01, 1e5),
                                .mem_bw = log_uniform(d, 0.01, 5000),
                                .storage_bw = log_uniform(d, 1, 20000),
                                .h2d = maybe(d, log_uniform(d, 0.01, 100)),
                                .net = log_uniform(d, 0.1, 1e5),
                                .u_compute = maybe(d, uniform(d, 0.01, 1)),
                                .u_mem = maybe(d, uniform(d, 0.01, 1)),
                                .u_storage = maybe(d, uniform(d, 0.01, 1)),
                                .u_h2d = maybe(d, uniform(d, 0.01, 1)),
                                .u_net = maybe(d, uniform(d, 0.01, 1)),
                                .pj_flop = maybe(d, uniform(d, 0, 50)),
                                .pj_byte = maybe(d, uniform(d, 0, 3000))};
        c.bits[i] = chance(d, 2) ? (double)(1 + below(d, 64)) : uniform(d, 0.5, 32);
    }
    return c;
}

static void add_cell(text *t, double value) {
    if (isnan(value))
        text_add(t, ",", 1);
    else
        text_printf(t, ",%.17g", value);
}

static void put_rows(const folder *f, const random_catalog *c) {
    text models = {0}, devices = {0}, precisions = {0};
    text_printf(&models, "name,layers,hidden,intermediate,vocab\n");
    text_printf(&devices, "name,peak_gflops_fp32,mem_bw_gbs,storage_bw_mbs,h2d_gbs,net_bw_mbps,compute_util,mem_util,"
                          "storage_util,h2d_util,net_util,pj_per_flop,pj_per_byte\n");
    text_printf(&precisions, "name,weight_bits\n");
    for (size_t i = 0; i < ROWS; i++) {
        const model *m = &c->models[i];
        const device *d = &c->devices[i];
        text_printf(&models, "m%zu,%.0f,%.0f,%.0f,%.0f\n", i, m->L, m->H, m->I, m->V);
        text_printf(&devices, "d%zu", i);
        const double cells[] = {d->peak,  d->mem_bw,    d->storage_bw, d->h2d,   d->net,     d->u_compute,
                                d->u_mem, d->u_storage, d->u_h2d,      d->u_net, d->pj_flop, d->pj_byte};
        for (size_t k = 0; k < LENGTH(cells); k++)
            add_cell(&devices, cells[k]);
        text_add(&devices, "\n", 1);
        text_printf(&precisions, "p%zu,%.17g\n", i, c->bits[i]);
    }
    put(f, "models.csv", models.data), put(f, "devices.csv", devices.data), put(f, "precisions.csv", precisions.data);
    free(models.data), free(devices.data), free(precisions.data);
}

Test(edgeprofiler, random_catalogs) {
    dice d = {2506};
    for (int round = 0; round < 40; round++) {
        random_catalog rows = random_rows(&d);
        folder f = folder_new();
        put_rows(&f, &rows);
        es_catalog catalog;
        load_catalog(&catalog, f.path);
        bool printed = chance(&d, 2);
        const char *const sets[] = {"kernel=edgeprofiler", "seq_len=1, 7, 1024, 32k",
                                    printed ? "flops=printed" : "flops=released"};
        es_sweep *sweep = load_sweep(&catalog, NULL, sets, LENGTH(sets), NULL, 0);
        cr_assert_eq(sweep->n_points, ROWS * ROWS * ROWS * 4);
        double *value = calloc(es_sweep_nodes(sweep), sizeof *value);
        for (uint64_t i = 0; i < sweep->n_points; i++) {
            static const double seq[] = {1, 7, 1024, 32768};
            cr_assert_eq(es_sweep_point(sweep, i, value, NULL), ES_OK);
            expected e = evaluate(&rows.models[i / 4 / ROWS / ROWS], &rows.devices[i / 4 / ROWS % ROWS],
                                  rows.bits[i / 4 % ROWS], seq[i % 4], printed);
            check_point(sweep, value, &e);
        }
        free(value);
        es_sweep_free(sweep);
        es_catalog_free(&catalog);
        folder_free(&f);
    }
}

/* ---- field axes: hypothetical hardware ---- */

static double metric_at(const es_sweep *sweep, uint64_t index, const char *name) {
    double *value = calloc(es_sweep_nodes(sweep), sizeof *value);
    cr_assert_eq(es_sweep_point(sweep, index, value, NULL), ES_OK);
    int column = es_sweep_column(sweep, name, strlen(name));
    cr_assert_geq(column, 0, "%s", name);
    double result = value[sweep->columns[column].node];
    free(value);
    return result;
}

static const model small_model = {22, 2048, 5632, 32000};

/* Boards One and Two of the small catalogs. */
static device small_device(int which) {
    device d = {.peak = 50, .mem_bw = 19, .storage_bw = 500, .h2d = 12, .net = 800, .u_compute = NAN, .u_mem = NAN};
    d.u_storage = d.u_h2d = d.u_net = d.pj_flop = d.pj_byte = NAN;
    if (which == 1)
        d.peak = 64, d.mem_bw = 34, d.h2d = NAN, d.u_mem = 0.5, d.pj_flop = 2.5;
    return d;
}

Test(edgeprofiler, field_axes_replace_and_factors_multiply_what_applies) {
    folder f = folder_new();
    put_small_catalogs(&f);
    es_catalog catalog;
    load_catalog(&catalog, f.path);
    static const double factor[] = {0.5, 1, 1.25};
    static const char *const absolute[] = {"device.mem_util=0.25", "device.h2d_gbs=3", "device.pj_per_byte=0",
                                           "device.pj_per_flop=4", "device.peak_gflops_fp32=x2"};
    const char *sets[9] = {"kernel=edgeprofiler", "model=Alpha-1B", "device=Board One, Board Two", "precision=INT8"};
    sets[4] = "device.mem_util=x0.5, x1, x1.25", sets[5] = "device.pj_per_flop=x0.5, x1, x1.25";
    sets[6] = "device.h2d_gbs=x0.5, x1, x1.25";
    es_sweep *sweep = load_sweep(&catalog, NULL, sets, 7, NULL, 0);
    cr_assert_eq(sweep->n_points, 54);
    for (uint64_t i = 0; i < 54; i++) {
        device d = small_device((int)(i / 27));
        d.u_mem = or_else(d.u_mem, 0.6) * factor[i / 9 % 3];
        d.pj_flop = or_else(d.pj_flop, 1) * factor[i / 3 % 3];
        d.h2d *= factor[i % 3];
        expected e = evaluate(&small_model, &d, 8, 1024, false);
        cr_assert(close_to(metric_at(sweep, i, "memory_ms"), e.memory_ms));
        cr_assert(close_to(metric_at(sweep, i, "energy_j"), e.energy_j));
        cr_assert(close_to(metric_at(sweep, i, "h2d_ms"), e.h2d_ms));
        /* a utilization shows its factor, other fields the effective value */
        cr_assert_eq(metric_at(sweep, i, "device.mem_util"), factor[i / 9 % 3]);
        cr_assert(close_to(metric_at(sweep, i, "device.pj_per_flop"), d.pj_flop));
        double h2d = metric_at(sweep, i, "device.h2d_gbs");
        cr_assert(isnan(d.h2d) ? isnan(h2d) : close_to(h2d, d.h2d));
    }
    es_sweep_free(sweep);
    for (size_t i = 0; i < LENGTH(absolute); i++)
        sets[4 + i] = absolute[i];
    sweep = load_sweep(&catalog, NULL, sets, 9, NULL, 0);
    for (uint64_t i = 0; i < 2; i++) {
        device d = small_device((int)i);
        d.u_mem = 0.25, d.h2d = 3, d.pj_byte = 0, d.pj_flop = 4, d.peak *= 2;
        expected e = evaluate(&small_model, &d, 8, 1024, false);
        cr_assert(close_to(metric_at(sweep, i, "end_to_end_ms"), e.end_to_end_ms));
        cr_assert(close_to(metric_at(sweep, i, "energy_j"), e.energy_j));
    }
    es_sweep_free(sweep);
    es_catalog_free(&catalog);
    folder_free(&f);
}

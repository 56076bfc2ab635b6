/* Plans: which rows, in what order, with what strides; dependencies; questions; every fault with its exact message. */
#include "sweep_help.h"

#include "model/node.h"
#include "grid/plan.h"

typedef struct bench {
    folder f;
    es_catalog catalog;
} bench;

static bench bench_new(void) {
    bench b = {.f = folder_new()};
    put_small_catalogs(&b.f);
    load_catalog(&b.catalog, b.f.path);
    return b;
}

static void bench_free(bench *b) {
    es_catalog_free(&b->catalog);
    folder_free(&b->f);
}

/* ---- rows ---- */

static void names_of(const es_axis *axis, char *to, size_t size) {
    size_t n = 0;
    to[0] = '\0';
    for (size_t i = 0; i < axis->n; i++)
        n += (size_t)snprintf(to + n, size - n, "%s%s", i ? "|" : "", axis->row[i]->name);
}

Test(plan, rows_of_lists_globs_and_exclusions) {
    static const struct {
        const char *set, *names, *warning;
    } cases[] = {
        {"model=*", "Alpha-1B|Beta-3B|Gamma, 7B|=Delta", ""},
        {"model=Beta-3B, Alpha-1B", "Beta-3B|Alpha-1B", ""},
        {"model=beta-3b, A1, g7", "Beta-3B|Alpha-1B|Gamma, 7B", ""},
        {"model=\"Gamma, 7B\"", "Gamma, 7B", ""},
        {"model=Beta*, *", "Beta-3B|Alpha-1B|Gamma, 7B|=Delta", ""},
        {"model=*, Beta*", "Alpha-1B|Beta-3B|Gamma, 7B|=Delta", ""},
        {"model=*a-?B", "Alpha-1B|Beta-3B", ""},
        {"model=*, !*B", "=Delta", ""},
        {"model=!Alpha*", "Beta-3B|Gamma, 7B|=Delta", ""},
        {"model=! a1 , *", "Beta-3B|Gamma, 7B|=Delta", ""},
        {"model=*, !Alpha-1B, !'Gamma, 7B'", "Beta-3B|=Delta", ""},
        {"model==Delta", "=Delta", ""},
        {"model=Alpha-1B, a1", "Alpha-1B", "--set:1:17: warning: duplicate model dropped: 'a1'"},
        {"model=*, a1", "Alpha-1B|Beta-3B|Gamma, 7B|=Delta", ""},
        {"model=a1, *", "Alpha-1B|Beta-3B|Gamma, 7B|=Delta", ""},
        {"model=*, !Zeta*", "Alpha-1B|Beta-3B|Gamma, 7B|=Delta",
         "--set:1:10: warning: the exclusion matches no model: '!Zeta*'"},
    };
    bench b = bench_new();
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const char *sets[] = {cases[i].set, "kernel=edgeprofiler", "device=b1"};
        static es_errors errors;
        es_sweep *sweep;
        cr_assert_eq(try_sweep(&sweep, &b.catalog, NULL, sets, 3, &errors), ES_OK, "%s: %s", cases[i].set,
                     errors.error[0].text);
        char names[200];
        names_of(&sweep->axes[0], names, sizeof names);
        cr_expect_str_eq(names, cases[i].names, "%s: %s", cases[i].set, names);
        cr_expect_str_eq(errors.warning[0].text, cases[i].warning, "%s", cases[i].set);
        cr_expect_eq(errors.n_warnings, cases[i].warning[0] != '\0');
        es_sweep_free(sweep);
    }
    bench_free(&b);
}

Test(plan, rows_that_lack_what_the_kernel_needs) {
    bench b = bench_new();
    static es_errors errors;
    es_sweep *sweep;
    char names[200];
    cr_assert_eq(try_sweep(&sweep, &b.catalog, NULL, (const char *[]){"kernel=edgeprofiler", "device=*"}, 2, &errors),
                 ES_OK);
    names_of(&sweep->axes[1], names, sizeof names);
    cr_assert_str_eq(names, "Board One|Board Two|Big \"GPU\"");
    cr_assert_eq(errors.n_warnings, 1);
    cr_assert_str_eq(errors.warning[0].text, "--set:2:8: warning: 1 device skipped, kernel edgeprofiler needs "
                                             "peak_gflops_fp32: 'Slow NPU'");
    es_sweep_free(sweep);
    cr_assert_eq(
        try_sweep(&sweep, &b.catalog, NULL, (const char *[]){"kernel=edgeprofiler", "device=Slow NPU"}, 2, &errors),
        ES_EUSAGE);
    cr_assert_str_eq(errors.error[0].text,
                     "--set:2:8: device cannot be evaluated: kernel edgeprofiler needs peak_gflops_fp32: "
                     "'Slow NPU'");
    /* an axis that gives the field makes the row whole, a factor does not */
    const char *sets[] = {"kernel=edgeprofiler", "device=Slow NPU", "device.peak_gflops_fp32=5"};
    cr_assert_eq(try_sweep(&sweep, &b.catalog, NULL, sets, 3, &errors), ES_OK, "%s", errors.error[0].text);
    es_sweep_free(sweep);
    sets[2] = "device.peak_gflops_fp32=x5";
    cr_assert_eq(try_sweep(&sweep, &b.catalog, NULL, sets, 3, &errors), ES_EUSAGE);
    bench_free(&b);
}

/* ---- axes ---- */

Test(plan, axes_in_order_with_strides) {
    static const struct {
        const char *name;
        size_t n;
        uint64_t stride;
        bool given, factor;
    } want[] = {{"model", 2, 540, true, false},
                {"device", 3, 180, false, false},
                {"precision", 2, 90, true, false},
                {"seq_len", 3, 30, true, false},
                {"precision.weight_bits", 5, 6, true, false},
                {"device.mem_bw_gbs", 1, 6, true, true},
                {"model.layers", 6, 1, true, false}};
    bench b = bench_new();
    put(&b.f, "a.sweep",
        "[sweep]\nprecision.weight_bits = 4, 8, 16, 2, 1\nkernel = edgeprofiler\ndevice.mem_bw_gbs = x2\n"
        "model = Beta*, a1\nmodel.layers = 5:10\nprecision = INT4, FP16\n");
    char path[400];
    path_in(&b.f, "a.sweep", path, sizeof path);
    es_sweep *sweep = load_sweep(&b.catalog, path, (const char *[]){"seq_len=1, 2, 3"}, 1, NULL, 0);
    cr_assert_eq(sweep->n_axes, LENGTH(want));
    for (size_t a = 0; a < LENGTH(want); a++) {
        const es_axis *axis = &sweep->axes[a];
        cr_expect_str_eq(axis->name, want[a].name);
        cr_expect_eq(axis->n, want[a].n, "%s", axis->name);
        cr_expect_eq(axis->stride, want[a].stride, "%s: %llu", axis->name, (unsigned long long)axis->stride);
        cr_expect_eq(axis->given, want[a].given, "%s", axis->name);
        cr_expect_eq(axis->factor, want[a].factor, "%s", axis->name);
        cr_expect_str_eq(sweep->columns[a].name, want[a].name);
    }
    cr_assert_eq(sweep->n_points, 1080);
    for (uint64_t i = 0; i < sweep->n_points; i++) {
        size_t coordinate[ES_MAX_AXES];
        uint64_t index = 0;
        es_sweep_coordinates(sweep, i, coordinate);
        cr_assert_eq(es_sweep_index(sweep, coordinate), i);
        for (size_t a = 0; a < sweep->n_axes; a++) { /* Horner: the last axis varies fastest */
            cr_assert_lt(coordinate[a], sweep->axes[a].n);
            index = index * sweep->axes[a].n + coordinate[a];
        }
        cr_assert_eq(index, i);
    }
    es_sweep_free(sweep);
    bench_free(&b);
}

/* ---- against nested loops ---- */

enum { MOST_AXES = 7, MOST_VALUES = 40 };

/* An axis as nested loops see it: its values in order, written out by the test. */
typedef struct loop {
    const char *name;
    size_t n, rank;                 /* where the axis comes: entities, workload, then fields as they appear */
    double value[MOST_VALUES];      /* entities: places in label */
    const char *label[MOST_VALUES]; /* entities: names */
    char set[512];
} loop;

static void add_value(loop *l, text *t, double x) {
    for (size_t i = 0; i < l->n; i++)
        if (l->value[i] == x)
            return; /* dropped with a warning */
    text_printf(t, "%s%.17g", l->n ? "," : "", x);
    l->value[l->n++] = x;
}

/* A list, a range with a step, or one with a factor, all of whole numbers. */
static void random_loop(dice *d, loop *l, const char *name, size_t rank) {
    text t = {0};
    *l = (loop){.name = name, .rank = rank};
    double first = (double)(1 + below(d, 50)), step = (double)(1 + below(d, 9));
    size_t n = 1 + below(d, 5), form = below(d, 3);
    for (size_t i = 0; i < n; i++)
        add_value(l, &t,
                  form == 0   ? (double)(1 + below(d, 60))
                  : form == 1 ? first + (double)i * step
                              : first * (double)((size_t)1 << i));
    if (form == 0)
        snprintf(l->set, sizeof l->set, "%s=%s", name, t.data);
    else if (form == 1)
        snprintf(l->set, sizeof l->set, "%s=%.0f:%.0f+%.0f", name, first, l->value[n - 1], step);
    else
        snprintf(l->set, sizeof l->set, "%s=%.0f:%.0f*2", name, first, l->value[n - 1]);
    free(t.data);
}

static int by_rank(const void *a, const void *b) {
    const loop *x = a, *y = b;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

/* All points in order, the last loop innermost. */
static void check_loops(const es_sweep *sweep, const loop *loops, size_t n) {
    size_t at[MOST_AXES] = {0}, nodes = es_sweep_nodes(sweep), coordinate[ES_MAX_AXES];
    double *value = calloc(nodes, sizeof *value);
    uint64_t point = 0;
    for (bool more = true; more; point++) {
        cr_assert_lt(point, sweep->n_points);
        cr_assert_eq(es_sweep_point(sweep, point, value, NULL), ES_OK);
        es_sweep_coordinates(sweep, point, coordinate);
        for (size_t a = 0; a < n; a++) {
            const es_column *column = &sweep->columns[a];
            cr_assert_str_eq(column->name, loops[a].name);
            cr_assert(coordinate[a] == at[a] && value[column->node] == loops[a].value[at[a]], "%s at point %llu",
                      column->name, (unsigned long long)point);
            if (column->labels)
                cr_assert_str_eq(column->labels[at[a]], loops[a].label[at[a]]);
        }
        size_t a = n;
        while (a-- > 0 && ++at[a] == loops[a].n)
            at[a] = 0;
        more = a != SIZE_MAX;
    }
    cr_assert_eq(point, sweep->n_points);
    free(value);
}

Test(plan, nested_loops_walk_the_same_grid) {
    static const char *const fields[] = {"device.mem_bw_gbs", "model.layers", "precision.weight_bits"};
    static const char *const entities[] = {"model", "device", "precision"};
    static const char *const sets_of_rows[] = {"model=*, !*7B", "device=b2, b1", "precision=FP16, INT4, FP32"};
    static const char *const rows[][3] = {
        {"Alpha-1B", "Beta-3B", "=Delta"}, {"Board Two", "Board One"}, {"FP16", "INT4", "FP32"}};
    bench b = bench_new();
    dice d = {77};
    for (int round = 0; round < 150; round++) {
        loop loops[MOST_AXES];
        const char *sets[MOST_AXES + 1] = {"kernel=edgeprofiler"};
        size_t n = 0, n_sets = 1;
        for (size_t i = 0; i < LENGTH(entities); i++) {
            loops[n] = (loop){.name = entities[i], .rank = i};
            for (; loops[n].n < 3 && rows[i][loops[n].n]; loops[n].n++) {
                loops[n].value[loops[n].n] = (double)loops[n].n;
                loops[n].label[loops[n].n] = rows[i][loops[n].n];
            }
            snprintf(loops[n].set, sizeof loops[n].set, "%s", sets_of_rows[i]);
            n++;
        }
        size_t shift = below(&d, LENGTH(fields)), n_fields = below(&d, LENGTH(fields) + 1);
        for (size_t i = 0; i < n_fields; i++)
            random_loop(&d, &loops[n++], fields[(i + shift) % LENGTH(fields)], 10 + i);
        random_loop(&d, &loops[n++], "seq_len", 5); /* given last, comes before the fields */
        for (size_t i = 0; i < n; i++)
            sets[n_sets++] = loops[i].set;
        es_sweep *sweep = load_sweep(&b.catalog, NULL, sets, n_sets, NULL, 0);
        qsort(loops, n, sizeof *loops, by_rank);
        check_loops(sweep, loops, n);
        es_sweep_free(sweep);
    }
    bench_free(&b);
}

Test(plan, defaults) {
    bench b = bench_new();
    es_sweep *sweep = load_sweep(&b.catalog, NULL, (const char *[]){"kernel=edgeprofiler"}, 1, NULL, 0);
    cr_assert_eq(sweep->n_points, 4 * 3 * 4);
    cr_assert_eq(sweep->axes[3].value[0], 1024);
    cr_assert_eq(sweep->n_output, sweep->n_columns);
    cr_assert(!sweep->front.given && !sweep->best.given && !sweep->n_conditions);
    es_sweep_free(sweep);
    bench_free(&b);
}

/* 2^63-1 = 7^2 x 73 x 127 x 337 x 92737 x 649657 points are the most there can be. */
Test(plan, sizes_at_the_limit) {
    static const struct {
        const char *sets[6];
        uint64_t n;
    } cases[] = {
        {{"seq_len=1:649657", "device.mem_bw_gbs=1:92737", "device.storage_bw_mbs=1:337", "device.h2d_gbs=1:127",
          "device.net_bw_mbps=1:73", "model.layers=1:49"},
         INT64_MAX},
        {{"seq_len=1:4194304", "device.mem_bw_gbs=1:1048576", "device.storage_bw_mbs=1:1048576", "model.layers=1",
          "device.h2d_gbs=1", "device.net_bw_mbps=1"},
         UINT64_C(1) << 62},
        {{"seq_len=1:4194304", "device.mem_bw_gbs=1:1048576", "device.storage_bw_mbs=1:2097152", "model.layers=1",
          "device.h2d_gbs=1", "device.net_bw_mbps=1"},
         0},
        {{"seq_len=1:4194304", "device.mem_bw_gbs=1:4194304", "device.storage_bw_mbs=1:4194304", "model.layers=1",
          "device.h2d_gbs=1", "device.net_bw_mbps=1"},
         0},
    };
    bench b = bench_new();
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const char *sets[10] = {"kernel=edgeprofiler", "model=a1", "device=b1", "precision=INT4"};
        memcpy(sets + 4, cases[i].sets, sizeof cases[i].sets);
        static es_errors errors;
        es_sweep *sweep;
        es_status status = try_sweep(&sweep, &b.catalog, NULL, sets, 10, &errors);
        if (cases[i].n) {
            cr_assert_eq(status, ES_OK, "%s", errors.error[0].text);
            cr_assert_eq(sweep->n_points, cases[i].n);
            size_t coordinate[ES_MAX_AXES];
            es_sweep_coordinates(sweep, cases[i].n - 1, coordinate);
            for (size_t a = 0; a < sweep->n_axes; a++)
                cr_assert_eq(coordinate[a], sweep->axes[a].n - 1);
            es_sweep_free(sweep);
        } else {
            cr_assert_eq(status, ES_EUSAGE);
            cr_assert(strstr(errors.error[0].text, "the grid has more than 2^63-1 points"), "%s", errors.error[0].text);
        }
    }
    bench_free(&b);
}

/* ---- dependencies ---- */

/* A node's value may move only along the axes of its mask, and its column says the same. */
static void check_masks(dice *d, const es_sweep *sweep) {
    size_t n = es_sweep_nodes(sweep);
    double *a = calloc(n, sizeof *a), *b = calloc(n, sizeof *b);
    uint64_t *moved = calloc(n, sizeof *moved);
    for (int round = 0; round < 400; round++) {
        size_t at[ES_MAX_AXES], axis = below(d, sweep->n_axes);
        es_sweep_coordinates(sweep, roll(d) % sweep->n_points, at);
        es_sweep_point(sweep, es_sweep_index(sweep, at), a, NULL);
        at[axis] = below(d, sweep->axes[axis].n);
        es_sweep_point(sweep, es_sweep_index(sweep, at), b, NULL);
        for (size_t i = 0; i < n; i++)
            if (!(a[i] == b[i] || (isnan(a[i]) && isnan(b[i]))))
                moved[i] |= UINT64_C(1) << axis;
    }
    for (size_t i = 0; i < n; i++)
        cr_assert_eq(moved[i] & ~sweep->plan->node[i].mask, 0, "node %zu", i);
    for (size_t c = 0; c < sweep->n_columns; c++)
        cr_assert_eq(sweep->columns[c].axes, sweep->plan->node[sweep->columns[c].node].mask);
    free(a), free(b), free(moved);
}

static uint64_t axes_of(const es_sweep *sweep, const char *column) {
    return sweep->columns[es_sweep_column(sweep, column, strlen(column))].axes;
}

Test(plan, dependencies) {
    bench b = bench_new();
    dice d = {11};
    const char *const sets[] = {"kernel=edgeprofiler", "seq_len=1:3", "device.mem_util=x0.5, x1", "model.vocab=5k, 6k",
                                "device.h2d_gbs=3"};
    es_sweep *sweep = load_sweep(&b.catalog, NULL, sets, LENGTH(sets), NULL, 0);
    check_masks(&d, sweep);
    enum { MODEL = 1, DEVICE = 2, PRECISION = 4, SEQ = 8, UTIL = 16, VOCAB = 32 };
    cr_assert_eq(axes_of(sweep, "params"), MODEL | VOCAB);
    cr_assert_eq(axes_of(sweep, "flops_per_token"), MODEL | SEQ);
    cr_assert_eq(axes_of(sweep, "compute_ms"), MODEL | SEQ | DEVICE);
    cr_assert_eq(axes_of(sweep, "memory_bytes"), MODEL | VOCAB | SEQ | PRECISION);
    cr_assert_eq(axes_of(sweep, "memory_ms"), MODEL | VOCAB | SEQ | PRECISION | DEVICE | UTIL);
    cr_assert_eq(axes_of(sweep, "h2d_ms"), MODEL | VOCAB | PRECISION);
    cr_assert_eq(axes_of(sweep, "ln_ms"), MODEL | DEVICE);
    cr_assert_eq(axes_of(sweep, "device.h2d_gbs"), 0);
    cr_assert_eq(axes_of(sweep, "device.mem_util"), UTIL);
    es_sweep_free(sweep);
    bench_free(&b);
    es_catalog built_in;
    load_catalog(&built_in, NULL);
    const char *const roof[] = {"kernel=roofline",
                                "model=Llama-3.2-*, Mixtral*",
                                "device=Raspberry*, Jetson*",
                                "prompt=1, 512, 3k",
                                "batch=1, 3",
                                "nodes=1:3",
                                "kv_bits=4, 8",
                                "device.ram_gb=x0.5, x1",
                                "device.decode_util=0.1, 0.2"};
    sweep = load_sweep(&built_in, NULL, roof, LENGTH(roof), NULL, 0);
    check_masks(&d, sweep);
    es_sweep_free(sweep);
    es_catalog_free(&built_in);
}

/* ---- questions ---- */

static const char *column_name(const es_sweep *sweep, int column) { return sweep->columns[column].name; }

Test(plan, questions) {
    bench b = bench_new();
    put(&b.f, "a.sweep",
        "[sweep]\nkernel = edgeprofiler\n[where]\nparams > 1M\nbottleneck != 'io'\n"
        "[pareto]\nmaximize = power_w\nminimize = energy_j, end_to_end_ms\nby = device, bottleneck\n"
        "[best]\npick = precision\nminimize = io_ms\nmaximize = seq_len\n[output]\ncolumns = params, model, io_ms\n");
    char path[400];
    path_in(&b.f, "a.sweep", path, sizeof path);
    const char *wheres[] = {"io_ms < h2d_ms and seq_len = 1024", "device = 'b1'"};
    es_sweep *s = load_sweep(&b.catalog, path, (const char *[]){"best.by=device"}, 1, wheres, 2);
    static const char *const conditions[] = {"params > 1M", "bottleneck != 'io'", "io_ms < h2d_ms", "seq_len = 1024",
                                             "device = 'b1'"};
    cr_assert_eq(s->n_conditions, LENGTH(conditions));
    for (size_t i = 0; i < LENGTH(conditions); i++)
        cr_assert_str_eq(s->condition[i], conditions[i]);
    cr_assert_eq(s->front.n_objectives, 3);
    cr_assert_str_eq(column_name(s, s->front.objective[0].column), "power_w");
    cr_assert(s->front.objective[0].maximize && !s->front.objective[1].maximize);
    cr_assert_str_eq(column_name(s, s->front.objective[2].column), "end_to_end_ms");
    cr_assert_eq(s->front.n_by, 2);
    cr_assert_str_eq(column_name(s, s->front.by[1]), "bottleneck");
    cr_assert_str_eq(column_name(s, s->best.pick), "precision");
    cr_assert_eq(s->best.n_objectives, 2);
    cr_assert(s->best.objective[1].maximize);
    cr_assert_eq(s->best.n_by, 1);
    cr_assert_eq(s->n_output, 3);
    cr_assert_str_eq(column_name(s, s->output[0]), "params");
    cr_assert_str_eq(column_name(s, s->output[1]), "model");
    es_sweep_free(s);
    bench_free(&b);
}

Test(plan, faults) {
    static const struct {
        const char *set, *message;
    } cases[] = {
        {"kernel=edgeprofilr", "--set:1:8: unknown kernel: 'edgeprofilr'; did you mean 'edgeprofiler'?"},
        {"modle=*", "--set:1:1: unknown key: 'modle'; did you mean 'model'?"},
        {"model=Alpha-1C", "--set:1:7: unknown model: 'Alpha-1C'; did you mean 'Alpha-1B'?"},
        {"model=a1, Zeta*", "--set:1:11: no model matches: 'Zeta*'; see 'edgesweep list models'"},
        {"model=a1,", "--set:1:10: empty element in the list of models; expected a name or a glob"},
        {"model=*, !*", "--set:1:7: no model is left after the exclusions"},
        {"model='a1", "--set:1:7: unfinished quote: ''a1'"},
        {"model=!Alpha-1C", "--set:1:7: unknown model: 'Alpha-1C'; did you mean 'Alpha-1B'?"},
        {"batch=4", "--set:1:1: kernel edgeprofiler does not read this axis, roofline does: 'batch'"},
        {"device.idle_w=4", "--set:1:1: kernel edgeprofiler does not read this field: 'device.idle_w'"},
        {"device.class=4", "--set:1:1: not a numeric field, so not an axis: 'device.class'"},
        {"device.mem_bw=4", "--set:1:1: unknown key: 'device.mem_bw'; did you mean 'device.mem_bw_gbs'?"},
        {"device.mem_util=1.5", "--set:1:17: device.mem_util is out of range, got 1.5: '1.5'; expected above 0 to 1"},
        {"device.mem_util=x1.5",
         "--set:1:17: mem_util of 'Big \"GPU\"' times 1.5 is 1.2, out of range: 'device.mem_util'; expected 0 to 1"},
        {"model.layers=x1.25",
         "--set:1:14: layers of 'Alpha-1B' times 1.25 is 27.5, not a whole number: 'model.layers'"},
        {"model.layers=1.5", "--set:1:14: model.layers takes whole numbers, got 1.5: '1.5'"},
        {"seq_len=0", "--set:1:9: seq_len is out of range, got 0 tokens: '0'; expected 1 to 1e+09"},
        {"seq_len=x2", "--set:1:9: x factors are for catalog fields: 'x2'; expected a plain value"},
        {"flops=both", "--set:1:7: unknown value of flops: 'both'; expected released or printed"},
        {"pareto.minimise=io_ms", "--set:1:8: unknown key in [pareto]: 'minimise'; did you mean 'minimize'?"},
        {"pareto.by=device", "--set:1:8: [pareto] has no objective; expected minimize = or maximize ="},
        {"pareto.minimize=device", "--set:1:17: a text column cannot be an objective: 'device'"},
        {"pareto.minimize=io_sm", "--set:1:17: unknown column: 'io_sm'; did you mean 'io_ms'?"},
        {"pareto.minimize=io_ms,", "--set:1:23: empty element in the list of columns; expected column names"},
        {"best.minimize=io_ms", "--set:1:6: [best] does not say what to pick; expected pick = precision"},
        {"output.columns=*, nothing", "--set:1:19: unknown column: 'nothing'; see 'edgesweep list metrics'"},
        {"best.pick=device", "--set:1:6: [best] has no objective; expected minimize = or maximize ="},
        {"output.columns=io_ms, nothing", "--set:1:23: unknown column: 'nothing'; see 'edgesweep list metrics'"},
    };
    bench b = bench_new();
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const char *sets[] = {cases[i].set, "kernel=edgeprofiler"};
        static es_errors errors;
        es_sweep *sweep;
        size_t n = strncmp(cases[i].set, "kernel", 6) ? 2 : 1;
        cr_expect_eq(try_sweep(&sweep, &b.catalog, NULL, sets, n, &errors), ES_EUSAGE, "%s", cases[i].set);
        cr_expect_null(sweep);
        cr_expect_str_eq(errors.error[0].text, cases[i].message, "%s: %s", cases[i].set, errors.error[0].text);
    }
    bench_free(&b);
}

Test(plan, conditions_that_are_wrong) {
    static const struct {
        const char *where, *message;
        es_status status;
    } cases[] = {
        {"io_sm < 5", "--where:1:1: unknown column: 'io_sm'; did you mean 'io_ms'?", ES_EUSAGE},
        {"io_ms < fast", "--where:1:9: unknown column: 'fast'; see 'edgesweep list metrics'", ES_EUSAGE},
        {"device = 5",
         "--where:1:10: device is a text column, so it cannot be compared with a number; expected 'text' "
         "in quotes",
         ES_EUSAGE},
        {"io_ms = 'long'", "--where:1:9: io_ms is a number, so it cannot equal a text: 'long'; expected a number",
         ES_EUSAGE},
        {"device = model",
         "--where:1:10: text columns cannot be compared with each other: 'model'; expected 'text' in "
         "quotes",
         ES_EUSAGE},
        {"bottleneck = 'disk'", "--where:1:14: warning: bottleneck never has this value: 'disk'", ES_OK},
        {"device = 'Board Onn'",
         "--where:1:10: warning: device never has this value: 'Board Onn'; did you mean 'Board One'?", ES_OK},
    };
    bench b = bench_new();
    const char *sets[] = {"kernel=edgeprofiler", "device=Board*"};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        static es_errors errors;
        errors = (es_errors){0};
        es_sweep *sweep;
        cr_expect_eq(es_sweep_load(&sweep, &b.catalog, NULL, sets, 2, &cases[i].where, 1, &errors), cases[i].status,
                     "%s", cases[i].where);
        cr_expect_str_eq(cases[i].status ? errors.error[0].text : errors.warning[0].text, cases[i].message);
        es_sweep_free(sweep);
    }
    bench_free(&b);
}

/* Defaults of rows without the field count too. */
Test(plan, factors_on_defaults_stay_in_range) {
    bench b = bench_new();
    static es_errors errors;
    es_sweep *sweep;
    const char *sets[] = {"kernel=edgeprofiler", "device=b1", "device.mem_util=x1, x2"};
    cr_assert_eq(try_sweep(&sweep, &b.catalog, NULL, sets, 3, &errors), ES_EUSAGE);
    cr_assert_str_eq(errors.error[0].text, "--set:3:17: mem_util of 'Board One' times 2 is 1.2, out of range: "
                                           "'device.mem_util'; expected 0 to 1");
    sets[2] = "device.mem_util=x1.6";
    cr_assert_eq(try_sweep(&sweep, &b.catalog, NULL, sets, 3, &errors), ES_OK);
    es_sweep_free(sweep);
    bench_free(&b);
}

/* An x axis shows what applies, also where class rows or the kernel supply it; utilizations show the factor. */
Test(plan, columns_of_factors) {
    static const struct {
        const char *field;
        bool shows_factor;
    } cases[] = {{"device.idle_w", false},         {"device.load_w", false}, {"device.net_bw_mbps", false},
                 {"device.os_reserved_gb", false}, {"device.ram_gb", false}, {"model.layers", false},
                 {"device.mem_util", true},        {"device.net_util", true}};
    es_catalog catalog;
    load_catalog(&catalog, NULL);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char factors[64];
        snprintf(factors, sizeof factors, "%s=x1, x0.5", cases[i].field);
        const char *sets[] = {"kernel=roofline", "model=Llama-3.2-1B", "device=Raspberry Pi 5", "precision=Q4_0",
                              factors};
        es_sweep *sweep = load_sweep(&catalog, NULL, sets, LENGTH(sets), NULL, 0);
        double *value = calloc(2 * es_sweep_nodes(sweep), sizeof *value), *half = value + es_sweep_nodes(sweep);
        cr_assert_eq(es_sweep_point(sweep, 0, value, NULL), ES_OK);
        cr_assert_eq(es_sweep_point(sweep, 1, half, NULL), ES_OK);
        int node = sweep->columns[sweep->n_axes - 1].node;
        cr_expect_eq(half[node], value[node] / 2, "%s: %.17g", cases[i].field, half[node]);
        cr_expect_eq(value[node] == 1, cases[i].shows_factor, "%s: %.17g", cases[i].field, value[node]);
        free(value);
        es_sweep_free(sweep);
    }
    es_catalog_free(&catalog);
}

/* ---- the grid hash ---- */

Test(plan, the_hash_tells_what_changes_the_output) {
    static const char *const sets[] = {"seq_len=1024",
                                       "seq_len=1023",
                                       "model=a1",
                                       "device=b1",
                                       "precision=INT4, FP16",
                                       "precision=FP16, INT4",
                                       "flops=printed",
                                       "device.mem_util=x1",
                                       "device.mem_util=1",
                                       "pareto.minimize=io_ms",
                                       "pareto.maximize=io_ms",
                                       "output.columns=io_ms",
                                       "device.h2d_gbs=3"};
    uint64_t hash[LENGTH(sets)];
    bench b = bench_new();
    for (size_t i = 0; i < LENGTH(sets); i++) {
        es_sweep *s = load_sweep(&b.catalog, NULL, (const char *[]){"kernel=edgeprofiler", sets[i]}, 2, NULL, 0);
        es_sweep *again = load_sweep(&b.catalog, NULL, (const char *[]){sets[i], "kernel=edgeprofiler"}, 2, NULL, 0);
        hash[i] = s->hash;
        cr_assert_eq(again->hash, s->hash);
        es_sweep_free(s), es_sweep_free(again);
        for (size_t j = 0; j < i; j++)
            cr_assert_neq(hash[i], hash[j], "%s and %s", sets[i], sets[j]);
    }
    bench_free(&b);
}

/* What runs what: against a table derived from the same rows by another program, and by properties. */
#include "sweep_help.h"

#include "model/runtime.h"

enum { MOST = 200, CELL = 2000 };

static es_catalog catalog;

static void setup(void) { load_catalog(&catalog, NULL); }
static void teardown(void) { es_catalog_free(&catalog); }

TestSuite(runtime, .init = setup, .fini = teardown);

static const es_row *row(es_kind kind, const char *name) {
    const es_row *found = es_table_find(&catalog.table[kind], name, strlen(name));
    cr_assert_not_null(found, "%s", name);
    return found;
}

typedef struct format {
    char name[80];
    es_precision_kind kind;
} format;

/* Lines of a file whose cells hold no quotes or line breaks. */
static size_t read_formats(format *list) {
    size_t n = 0;
    char kind[16], *file = slurp("tests/data/formats.csv", NULL), *line = strtok(file, "\n");
    for (line = strtok(NULL, "\n"); line; line = strtok(NULL, "\n")) {
        cr_assert_eq(sscanf(line, "%79[^,],%15s", list[n].name, kind), 2, "%s", line);
        list[n++].kind = strcmp(kind, "gguf") == 0    ? ES_PRECISION_GGUF
                         : strcmp(kind, "float") == 0 ? ES_PRECISION_FLOAT
                                                      : ES_PRECISION_UNIFORM;
    }
    free(file);
    return n;
}

static size_t count_formats(const es_row *runtime, const es_row *unit, const format *formats, size_t n) {
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        es_slice isa = {NULL, 0};
        es_loads loads = es_runtime_loads(runtime, formats[i].name, formats[i].kind, &isa);
        count += loads == ES_LOADS || (loads == ES_LOADS_WITH_ISA && es_unit_has(unit, isa));
    }
    return es_runtime_on(runtime, unit, NULL) ? count : 0;
}

static void add(char *list, const char *separator, const char *more) {
    cr_assert_lt(strlen(list) + strlen(more) + 2, CELL);
    strcat(strcat(list, *list ? separator : ""), more);
}

/* "runtime:formats;..." in catalog order, and those of the lowest rank among them. */
static void describe(const es_row *unit, const format *formats, size_t n, char *all, char *defaults,
                     size_t *n_default) {
    const es_table *runtimes = &catalog.table[ES_RUNTIME];
    double best = INFINITY;
    bool loaded[MOST] = {false};
    *all = *defaults = '\0';
    for (size_t r = 0; r < runtimes->n_rows; r++) {
        const es_row *runtime = &runtimes->rows[r];
        size_t count = strcmp(runtime->name, "default") == 0 ? 0 : count_formats(runtime, unit, formats, n);
        char entry[200];
        snprintf(entry, sizeof entry, "%s:%zu", runtime->name, count);
        if (count && runtime->value[ES_R_SUPPORT_RANK] < best)
            best = runtime->value[ES_R_SUPPORT_RANK];
        if (count)
            add(all, ";", entry);
        cr_expect_eq(es_runtime_serves(runtime, unit) && strcmp(runtime->name, "default") != 0, count > 0, "%s on %s",
                     runtime->name, unit->name);
    }
    for (size_t r = 0; r < runtimes->n_rows; r++) {
        const es_row *runtime = &runtimes->rows[r];
        if (runtime->value[ES_R_SUPPORT_RANK] != best || !count_formats(runtime, unit, formats, n))
            continue;
        add(defaults, ";", runtime->name);
        for (size_t i = 0; i < n; i++)
            loaded[i] |= count_formats(runtime, unit, &formats[i], 1) > 0;
    }
    for (size_t i = *n_default = 0; i < n; i++)
        *n_default += loaded[i];
}

Test(runtime, reproduces_what_runs_on_devices) {
    static format formats[MOST];
    size_t n = read_formats(formats), lines = 0;
    char *file = slurp("tests/data/device_runtimes.txt", NULL), *rest = strchr(file, '\n') + 1;
    for (char *end; (end = strchr(rest, '\n')); rest = end + 1, lines++) {
        static char device[200], defaults[CELL], all[CELL], got[CELL], got_defaults[CELL];
        size_t n_default = 0, got_n;
        *end = '\0';
        *defaults = *all = '\0';
        char *bar = strchr(rest, '|');
        snprintf(device, sizeof device, "%.*s", (int)(bar - rest), rest);
        if (bar[1] != '|')
            cr_assert_geq(sscanf(bar + 1, "%1999[^|]|%zu|%1999s", defaults, &n_default, all), 3, "%s", rest);
        describe(es_unit_of(&catalog, row(ES_DEVICE, device)), formats, n, got, got_defaults, &got_n);
        cr_expect_str_eq(got, all, "%s", device);
        cr_expect_str_eq(got_defaults, defaults, "%s", device);
        cr_expect_eq(got_n, n_default, "%s: %zu, expected %zu", device, got_n, n_default);
    }
    cr_expect_gt(lines, 60);
    free(file);
}

/* What patterns ask for is the kind of the format, however its bytes are laid out. */
Test(runtime, kinds_of_formats) {
    static format formats[MOST];
    size_t n = read_formats(formats), found = 0;
    for (size_t i = 0; i < n; i++) {
        const es_row *precision = es_table_find(&catalog.table[ES_PRECISION], formats[i].name, strlen(formats[i].name));
        if (!precision)
            continue;
        found++;
        cr_expect_eq(es_format_kind(precision), formats[i].kind, "%s", formats[i].name);
    }
    cr_expect_gt(found, 60);
}

/* No row of a sweep over everything holds what does not run, by whatever names runtimes were asked for. */
Test(runtime, rows_hold_only_what_runs) {
    static const char *const asked[] = {NULL, "runtime=*", "runtime=llama.cpp", "runtime=*, !ollama, default"};
    for (size_t k = 0; k < LENGTH(asked); k++) {
        const char *sets[] = {"kernel=roofline", "model=Llama-3.2-1B", "device=*", "precision=*", asked[k]};
        es_sweep *sweep = load_sweep(&catalog, NULL, sets, asked[k] ? 5 : 4, NULL, 0);
        folder f = folder_new();
        char path[400];
        path_in(&f, "out.csv", path, sizeof path);
        es_run_options options = {.out = path, .threads = 1};
        es_run_report report;
        cr_assert_eq(es_sweep_run(sweep, &options, &report, NULL), ES_OK);
        cr_expect_eq(report.rows + report.left_out, sweep->n_points);
        cr_expect_eq(report.rows, sweep->n_running);
        char *rows = slurp(path, NULL), *line = strchr(rows, '\n') + 1;
        for (char *end; (end = strchr(line, '\n')); line = end + 1) {
            char cell[4][200] = {""};
            for (size_t i = 0, at = 0; i < 4; line++)
                if (*line == ',')
                    i++, at = 0;
                else if (*line != '"')
                    cell[i][at++] = *line;
            const es_row *runtime = row(ES_RUNTIME, cell[2]), *precision = row(ES_PRECISION, cell[3]);
            const es_row *unit = es_unit_of(&catalog, row(ES_DEVICE, cell[1]));
            cr_expect_eq(es_runs(runtime, unit, precision, NULL), ES_RUNS, "%s, %s, %s", cell[1], cell[2], cell[3]);
            cr_expect_eq(precision->value[ES_P_HYPOTHETICAL], 0, "%s", cell[3]);
            if (k == 2)
                cr_expect_str_eq(runtime->text[ES_R_FAMILY], "llama.cpp");
        }
        free(rows);
        es_run_report_free(&report);
        es_sweep_free(sweep);
        folder_free(&f);
    }
}

Test(runtime, patterns_from_left_to_right) {
    static const struct {
        const char *formats, *format;
        es_precision_kind kind;
        es_loads loads;
        const char *isa;
    } cases[] = {
        {"gguf:*", "Q4_0", ES_PRECISION_GGUF, ES_LOADS, ""},
        {"gguf:*", "Q1_0", ES_PRECISION_UNIFORM, ES_LOADS_NOT, ""},
        {"gguf:*;!Q4_*", "Q4_0", ES_PRECISION_GGUF, ES_LOADS_NOT, ""},
        {"!Q4_*;gguf:*", "Q4_0", ES_PRECISION_GGUF, ES_LOADS, ""},
        {"FP8@fp8", "FP8", ES_PRECISION_FLOAT, ES_LOADS_WITH_ISA, "fp8"},
        {"FP8@fp8;FP8", "FP8", ES_PRECISION_FLOAT, ES_LOADS, ""},
        {"FP8;FP*@fp4", "FP8", ES_PRECISION_FLOAT, ES_LOADS_WITH_ISA, "fp4"},
        {"", "FP8", ES_PRECISION_FLOAT, ES_LOADS_NOT, ""},
        {"MLX *", "mlx 4-bit", ES_PRECISION_UNIFORM, ES_LOADS, ""},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const char *cells[ES_R_FIELDS] = {[ES_R_FORMATS] = cases[i].formats};
        es_row runtime = {.name = "r", .text = cells};
        es_slice isa = {NULL, 0};
        es_loads loads = es_runtime_loads(&runtime, cases[i].format, cases[i].kind, &isa);
        cr_expect_eq(loads, cases[i].loads, "%s, %s", cases[i].formats, cases[i].format);
        if (loads == ES_LOADS_WITH_ISA)
            cr_expect(es_slice_equal(isa, cases[i].isa), "%s", cases[i].formats);
    }
}

Test(runtime, peaks_from_units) {
    folder f = folder_new();
    char plus[80];
    put(&f, "devices.csv",
        "name,units,mem_bw_gbs\n"
        "Five,cortex-a76*4@2.4,17\n"
        "Six,cortex-a720*8@2.6+cortex-a520*4@1.8,88\n"
        "Jupiter,spacemit-x60*8@1.8,21\n"
        "No clock,cortex-a76*4,17\n");
    snprintf(plus, sizeof plus, "+%s", f.path);
    es_catalog own;
    const char *source = plus;
    es_errors errors = {0};
    cr_assert_eq(es_catalog_load(&own, &source, 1, &errors), ES_OK, "%s", errors.error[0].text);
    static const struct {
        const char *name;
        double fp32, fp16, int8, matrix;
    } cases[] = {{"Five", 153.6, 307.2, 614.4, NAN},
                 {"Six", 390.4 /* as Radxa Orion O6 */, 780.8, 1561.6, 3123.2},
                 {"Jupiter", 230.4, 460.8, 921.6, 1843.2 /* four of eight cores have IME */},
                 {"No clock", NAN, NAN, NAN, NAN}};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const es_row *device = es_table_find(&own.table[ES_DEVICE], cases[i].name, strlen(cases[i].name));
        const double got[] = {device->value[ES_D_PEAK_FP32], device->value[ES_D_PEAK_FP16],
                              device->value[ES_D_PEAK_INT8], device->value[ES_D_PEAK_INT8_MATRIX]};
        const double want[] = {cases[i].fp32, cases[i].fp16, cases[i].int8, cases[i].matrix};
        for (size_t p = 0; p < 4; p++)
            cr_expect(fabs(got[p] - want[p]) < 1e-9 || (isnan(got[p]) && isnan(want[p])), "%s: %g, expected %g",
                      cases[i].name, got[p], want[p]);
        cr_expect_str_eq(es_unit_of(&own, device)->text[ES_U_KIND], i == 2 ? "cpu_riscv" : "cpu_arm");
    }
    es_catalog_free(&own);
    folder_free(&f);
}

Test(runtime, names_and_families) {
    const es_row *pi = es_unit_of(&catalog, row(ES_DEVICE, "Raspberry Pi 5 8GB"));
    const es_row *orin = es_unit_of(&catalog, row(ES_DEVICE, "Jetson Orin NX 16GB"));
    const es_row *mac = es_unit_of(&catalog, row(ES_DEVICE, "Apple M2"));
    const struct {
        const char *name;
        const es_row *unit;
        const char *expected;
    } cases[] = {
        {"llama.cpp", pi, "llama.cpp-cpu-arm"},
        {"llama.cpp", orin, "llama.cpp-cuda"},
        {"LLAMA.CPP", mac, "llama.cpp-metal"},
        {"llama.cpp/vulkan", orin, "llama.cpp-vulkan"},
        {"llama.cpp/vulkan", mac, NULL},
        {"ollama", mac, "ollama"},
        {"mlx", mac, "mlx-lm"},
        {"mlx", pi, NULL},
        {"vllm", orin, "vllm"},
        {"ik_llama.cpp/cpu", pi, "ik_llama.cpp-cpu"},
        {"mnn/opencl", pi, "mnn-llm"},
        {"no such", pi, NULL},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const es_row *found = es_runtime_find(&catalog, es_slice_of(cases[i].name), cases[i].unit);
        cr_expect_str_eq(found ? found->name : "none", cases[i].expected ? cases[i].expected : "none", "%s",
                         cases[i].name);
    }
}

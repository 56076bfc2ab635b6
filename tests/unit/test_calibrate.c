/* Calibration: known effects come back from simulated levels and from simulated measurements, outliers included; what is
 * left out has no say; intervals are nested; the cost is linear. */
#include "point_help.h"

#include <time.h>

#include "calibrate/calibrate.h"
#include "calibrate/levels.h"
#include "model/roofline_blocks.h"

TestSuite(calibrate, .init = set_up, .fini = tear_down);

/* ---- Levels ---- */

enum { DEVICES = 5, TYPES = 4, KEYS = DEVICES + TYPES, MANY = 4000 };

static const double truth[KEYS] = {0.3, -0.2, 0.1, -0.5, 0.3, 0.25, -0.25, 0.4, -0.4};
static double lambda[KEYS];
static size_t order[KEYS];

static double level_of(const es_level_row *row, const double *value) {
    double seconds = 0, level = 0;
    for (size_t k = 0; k < row->n_keys; k++)
        level += value[row->key[k]];
    for (size_t s = 0; s < row->n_parts; s++)
        seconds += row->part[s].seconds * exp(-level - value[row->part[s].key[0]]);
    return -log(seconds);
}

/* Every row is of one device and mixes two types. */
static es_level_problem simulate(es_level_row *rows, size_t n, double noise) {
    for (size_t k = 0; k < KEYS; k++)
        lambda[k] = 0.01, order[k] = k;
    for (size_t i = 0; i < n; i++) {
        const double share = 0.2 + 0.6 * uniform_deviate();
        rows[i] = (es_level_row){.weight = 1, .key = {i % DEVICES}, .n_keys = 1, .n_parts = 2};
        for (size_t s = 0; s < 2; s++)
            rows[i].part[s] = (es_level_part){.seconds = s ? 1 - share : share,
                                              .has_common = true,
                                              .key = {DEVICES + (i / DEVICES + s) % TYPES},
                                              .n_keys = 1};
        rows[i].seconds = exp(-level_of(&rows[i], truth) - noise * normal());
    }
    return (es_level_problem){rows, n, lambda, order, KEYS, 0.35};
}

static void fit(const es_level_problem *problem, const bool *left_out, double *value) {
    es_levels *levels = es_levels_begin(problem);
    cr_assert_not_null(levels);
    es_levels_fit(levels, left_out, 40, value);
    es_levels_free(levels);
}

/* Devices and types share a constant: what adds up is known, not its parts. */
static void expect_levels(const es_level_problem *problem, const double *value, double tolerance) {
    for (size_t i = 0; i < problem->n_rows; i += 37)
        cr_expect_float_eq(level_of(&problem->row[i], value), level_of(&problem->row[i], truth), tolerance, "row %zu",
                           i);
}

Test(calibrate, effects_come_back) {
    static es_level_row rows[MANY];
    static const double noises[] = {0, 0.05, 0.2}, tolerances[] = {0.001, 0.02, 0.06};
    for (size_t c = 0; c < LENGTH(noises); c++) {
        const es_level_problem problem = simulate(rows, MANY, noises[c]);
        double value[KEYS] = {0};
        fit(&problem, NULL, value);
        expect_levels(&problem, value, tolerances[c]);
        for (size_t k = 1; k < TYPES; k++)
            cr_expect_float_eq(value[DEVICES + k] - value[DEVICES], truth[DEVICES + k] - truth[DEVICES],
                               2 * tolerances[c] + 0.001, "type %zu", k);
    }
}

Test(calibrate, outliers_hardly_pull) {
    static es_level_row rows[MANY];
    const es_level_problem problem = simulate(rows, MANY, 0.05);
    double value[KEYS] = {0};
    for (size_t i = 0; i < MANY; i += 11)
        rows[i].seconds *= exp(-3);
    fit(&problem, NULL, value);
    expect_levels(&problem, value, 0.08);
}

Test(calibrate, what_is_left_out_has_no_say_and_little_is_shrunk) {
    static es_level_row rows[MANY], others[MANY];
    static bool left_out[MANY];
    es_level_problem problem = simulate(rows, MANY, 0.1);
    double with[KEYS] = {0}, without[KEYS] = {0};
    memcpy(others, rows, sizeof rows);
    for (size_t i = 0; i < MANY; i++)
        if ((left_out[i] = i % DEVICES == 3))
            others[i].seconds = 1e-3;
    fit(&problem, left_out, with);
    problem.row = others;
    fit(&problem, left_out, without);
    for (size_t k = 0; k < KEYS; k++)
        cr_expect_eq(with[k], without[k], "key %zu", k);
    cr_expect_eq(with[3], 0, "a device without rows adds nothing");
    for (size_t k = 0; k < KEYS; k++)
        lambda[k] = k < DEVICES ? 1e9 : INFINITY, with[k] = k < DEVICES ? 0 : 0.25;
    fit(&problem, NULL, with);
    for (size_t k = 0; k < KEYS; k++)
        cr_expect(k < DEVICES ? fabs(with[k]) < 1e-3 : with[k] == 0.25, "key %zu: %g", k, with[k]);
}

/* Of a part and its rival the longer counts, and only its keys move. */
Test(calibrate, rivals) {
    enum { BYTES, ARITHMETIC, BOTH };
    static const double free_of[BOTH] = {1e-9, 1e-9};
    static const size_t turn[BOTH] = {BYTES, ARITHMETIC};
    es_level_row row = {.seconds = 4, .weight = 1, .n_parts = 2};
    row.part[0] = (es_level_part){.seconds = 1, .key = {BYTES}, .n_keys = 1};
    row.part[1] = (es_level_part){.seconds = 2, .is_rival = true, .key = {ARITHMETIC}, .n_keys = 1};
    const es_level_problem problem = {&row, 1, free_of, turn, BOTH, 0.35};
    double value[BOTH] = {0};
    fit(&problem, NULL, value);
    cr_expect_float_eq(value[ARITHMETIC], log(0.5), 1e-6);
    cr_expect_eq(value[BYTES], 0);
}

/* ---- Builds and keys ---- */

Test(calibrate, builds) {
    static const struct {
        const char *text;
        double expected;
    } cases[] = {{"b8134", 8134}, {" B1 ", 1},      {"2024-11", 202411}, {"2024-11-25", 202411},
                 {"2024", NAN},   {"8134", NAN},    {"2024-13", NAN},    {"2024-00", NAN},
                 {"b", NAN},      {"b100000", NAN}, {"b0", NAN},         {"2024-1", NAN},
                 {"", NAN},       {"2024/11", NAN}, {"newest", NAN}};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const double build = es_build_parse(es_slice_of(cases[i].text));
        cr_expect(build == cases[i].expected || (isnan(build) && isnan(cases[i].expected)), "'%s': %g", cases[i].text,
                  build);
    }
}

static const es_row *row(es_kind kind, const char *name) {
    const es_row *found = es_table_find(&catalog.table[kind], name, strlen(name));
    cr_assert_not_null(found, "%s", name);
    return found;
}

static es_rows rows_of(const char *device, const char *runtime, const char *precision) {
    es_rows rows =
        es_point_rows(&point, row(ES_MODEL, "Llama-3.2-1B"), row(ES_DEVICE, device), row(ES_PRECISION, precision));
    rows.runtime = row(ES_RUNTIME, runtime);
    return rows;
}

static int type_of(const char *name) {
    for (int i = 0; es_type_labels[i]; i++)
        if (strcmp(es_type_labels[i], name) == 0)
            return i;
    cr_assert_fail("%s", name);
    return 0;
}

static bool has_key(const es_effect_key *keys, size_t n, es_effect effect, const char *key) {
    for (size_t i = 0; i < n; i++)
        if (keys[i].effect == effect && strcmp(keys[i].key, key) == 0)
            return true;
    return false;
}

Test(calibrate, keys_of_a_point) {
    const es_rows rows = rows_of("Raspberry Pi 5 8GB", "llama.cpp-cpu-arm", "IQ4_XS"),
                  other = rows_of("Raspberry Pi 5 2GB", "ollama", "IQ4_XS");
    const es_setting setting = {&rows, 2, 202406, 64, false}, newest = {&other, 4, ES_BUILD_NEWEST, 64, false};
    es_effect_key keys[ES_MAX_EFFECTS];
    size_t n = es_effect_keys(&setting, ES_FIT_DECODE, keys);
    cr_expect(has_key(keys, n, ES_EFFECT_KIND, "arm") && has_key(keys, n, ES_EFFECT_UNIT, "A76"));
    cr_expect(has_key(keys, n, ES_EFFECT_DEVICE, "Raspberry Pi 5|cortex-a76"));
    cr_expect(has_key(keys, n, ES_EFFECT_DEVICE_FAMILY, "Raspberry Pi 5|cortex-a76|cpu|llama.cpp"));
    cr_expect(has_key(keys, n, ES_EFFECT_ERA, "arm|24") &&
              has_key(keys, n, ES_EFFECT_THREADS, "Raspberry Pi 5|cortex-a76|2"));
    n = es_effect_keys(&newest, ES_FIT_DECODE, keys);
    cr_expect(n == 4 && has_key(keys, n, ES_EFFECT_DEVICE_FAMILY, "Raspberry Pi 5|cortex-a76|cpu|llama.cpp"), "%zu", n);
    n = es_type_effect_keys(es_roofline_calibration(point.state), &setting, ES_FIT_PREFILL, type_of("IQ4_XS"), keys);
    cr_expect(has_key(keys, n, ES_EFFECT_TYPE, "IQ4") && has_key(keys, n, ES_EFFECT_KIND_TYPE, "arm|IQ4"));
    cr_expect(has_key(keys, n, ES_EFFECT_KIND_KERNEL, "arm|plain"), "not repacked by any build");
    n = es_type_effect_keys(es_roofline_calibration(point.state), &setting, ES_FIT_PREFILL, type_of("Q4_K"), keys);
    cr_expect(!has_key(keys, n, ES_EFFECT_KIND_KERNEL, "arm|plain"));
    n = es_arithmetic_effect_keys(es_roofline_calibration(point.state), &setting, type_of("IQ3_S"), keys);
    cr_expect(has_key(keys, n, ES_EFFECT_KIND_KERNEL, "arm|codebook") &&
              has_key(keys, n, ES_EFFECT_UNIT_ARITHMETIC, "A76") &&
              has_key(keys, n, ES_EFFECT_TYPE_ARITHMETIC, "IQ3") &&
              has_key(keys, n, ES_EFFECT_DEVICE_ARITHMETIC, "Raspberry Pi 5|cortex-a76"));
    const es_rows of_ik = rows_of("Raspberry Pi 5 8GB", "ik_llama.cpp-cpu", "Q4_K_M");
    const es_setting ik = {&of_ik, 4, ES_BUILD_NEWEST, 64, false};
    n = es_type_effect_keys(es_roofline_calibration(point.state), &ik, ES_FIT_PREFILL, type_of("Q4_K"), keys);
    cr_expect(has_key(keys, n, ES_EFFECT_TYPE, "ik_llama.cpp|Q4_K"), "%s", keys[0].key);
    const es_rows uniform = rows_of("RK3588 NPU (Rockchip)", "rkllm-rk3588", "RKLLM w8a8");
    const es_setting npu = {&uniform, NAN, ES_BUILD_NEWEST, 64, false};
    n = es_type_effect_keys(es_roofline_calibration(point.state), &npu, ES_FIT_DECODE, ES_TYPE_NONE, keys);
    cr_expect(has_key(keys, n, ES_EFFECT_TYPE, "W8"), "%s", keys[0].key);
}

/* Repacked kernels: b7175 brought Q4_K to dotprod, 1.91 times as fast; Cortex-A72 has none. */
Test(calibrate, older_builds_have_slower_kernels) {
    static const struct {
        const char *device, *type;
        double build, gain;
    } cases[] = {
        {"Raspberry Pi 5 8GB", "Q4_K", 7174, 1.91},          {"Raspberry Pi 5 8GB", "Q4_K", 7175, 1},
        {"Raspberry Pi 5 8GB", "Q4_K", 202510, 1.91},        {"Raspberry Pi 5 8GB", "Q4_K", 202511, 1},
        {"Raspberry Pi 5 8GB", "Q4_K", ES_BUILD_UNKNOWN, 1}, {"Raspberry Pi 5 8GB", "Q4_0", 202411, 1.75},
        {"Raspberry Pi 5 8GB", "Q5_0", 202301, 1},           {"Raspberry Pi 4 4GB", "Q4_K", 202301, 1},
        {"Apple M4 Max CPU", "Q8_0", 202511, 3.57},
    };
    const es_calibration *calibration = es_roofline_calibration(point.state);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const es_rows rows = rows_of(cases[i].device, "llama.cpp-cpu-arm", "Q4_K_M");
        const es_setting old = {&rows, NAN, cases[i].build, 64, false},
                         newest = {&rows, NAN, ES_BUILD_NEWEST, 64, false};
        const int type = type_of(cases[i].type);
        const double ratio = es_rate_find(calibration, &newest, ES_RATE_PREFILL_UTIL, type).value /
                             es_rate_find(calibration, &old, ES_RATE_PREFILL_UTIL, type).value;
        cr_expect_float_eq(ratio, cases[i].gain, 1e-9, "case %zu: %g", i, ratio);
    }
    const es_rows rows = rows_of("Raspberry Pi 5 8GB", "llama.cpp-cpu-arm", "Q4_K_M");
    const es_setting one = {&rows, 1, ES_BUILD_NEWEST, 64, false}, all = {&rows, 4, ES_BUILD_NEWEST, 64, false},
                     more = {&rows, 9, ES_BUILD_NEWEST, 64, false};
    const double of_all = es_rate_find(calibration, &all, ES_RATE_PREFILL_UTIL, type_of("Q4_K")).value;
    cr_expect_float_eq(es_rate_find(calibration, &one, ES_RATE_PREFILL_UTIL, type_of("Q4_K")).value, of_all / 4, 1e-12);
    cr_expect_eq(es_rate_find(calibration, &more, ES_RATE_PREFILL_UTIL, type_of("Q4_K")).value, of_all);
}

/* ---- Measurements ---- */

static es_measured read_table(const char *written) {
    folder f = folder_new();
    char path[400];
    es_errors errors = {0};
    es_measured measured;
    put(&f, "m.csv", written);
    path_in(&f, "m.csv", path, sizeof path);
    cr_assert_eq(es_measured_read(&measured, path, NULL, NULL, &catalog, &point, &arena, &errors), ES_OK, "%s",
                 errors.error[0].text);
    folder_free(&f);
    return measured;
}

/* Rates that the kernel predicts when the devices' levels are these. */
static es_measured simulate_measurements(double pi5, double pi4, double q8) {
    static const char *const models[] = {"Llama-3.2-1B", "Qwen2.5-1.5B", "Llama-3.2-3B"};
    static char table[20000] = "device,runtime,backend,model,format,quant,phase,n_prompt,n_gen,tokens_per_s,source_url,"
                               "source_date\n";
    for (size_t s = 0; s < 4; s++)
        for (size_t d = 0; d < 2; d++)
            for (size_t m = 0; m < LENGTH(models); m++)
                for (size_t k = 0; k < 2; k++)
                    for (size_t phase = 0; phase < 2; phase++)
                        snprintf(table + strlen(table), sizeof table - strlen(table),
                                 "%s,llama.cpp,cpu,%s,%s,,%s,%s,%s,1,https://s%zu.example/a/b,2026-05-01\n",
                                 d ? "Raspberry Pi 4" : "Raspberry Pi 5", models[m], k ? "Q8_0" : "Q4_0",
                                 phase ? "decode" : "prefill", phase ? "" : "256", phase ? "64" : "", s);
    es_measured measured = read_table(table);
    es_calibration *known = es_calibration_blank(es_roofline_calibration(point.state), &arena);
    es_calibration_set(known, "decode", "device", "Raspberry Pi 5|cortex-a76", (es_fitted){.value = pi5});
    es_calibration_set(known, "decode", "device", "Raspberry Pi 4|cortex-a72", (es_fitted){.value = pi4});
    es_calibration_set(known, "prefill", "unit", "A76", (es_fitted){.value = pi5});
    es_calibration_set(known, "prefill", "unit", "A72", (es_fitted){.value = pi4});
    es_calibration_set(known, "decode", "type", "Q8_0", (es_fitted){.value = q8});
    es_calibration_set(known, "prefill", "type", "Q8_0", (es_fitted){.value = q8});
    es_point_kernel with = point;
    with.state = es_roofline_with(point.state, known, &arena);
    double *value = calloc(point.kernel->n_nodes, sizeof *value);
    const int ttft = es_kernel_node(point.kernel, "ttft_s", 6), tpot = es_kernel_node(point.kernel, "tpot_s", 6);
    for (size_t i = 0; i < measured.n; i++) {
        cr_assert_null(measured.row[i].reason, "%s", measured.row[i].reason);
        es_measurement_evaluate(&with, &measured.row[i], value);
        measured.row[i].tokens_per_s = es_measurement_rate(&measured.row[i], value[ttft], value[tpot]);
    }
    free(value);
    return measured;
}

static double fitted(const es_calibrated *r, const char *phase, const char *effect, const char *key) {
    for (size_t i = 0; i < r->n_rows; i++)
        if (strcmp(r->row[i].phase, phase) == 0 && strcmp(r->row[i].effect, effect) == 0 &&
            strcmp(r->row[i].key, key) == 0)
            return r->row[i].value;
    return NAN;
}

/* Few sources are fitted on top of a catalog that stands on more. */
static es_point_kernel without_effects(void) {
    es_point_kernel bare = point;
    bare.state =
        es_roofline_with(point.state, es_calibration_blank(es_roofline_calibration(point.state), &arena), &arena);
    return bare;
}

Test(calibrate, known_levels_come_back_and_are_predicted) {
    const es_measured measured = simulate_measurements(0.4, -0.3, 0.2);
    es_point_kernel bare = without_effects();
    es_calibrated r;
    es_errors errors = {0};
    cr_assert_eq(es_calibrate(&measured, &bare, true, &arena, &r, &errors), ES_OK, "%s", errors.error[0].text);
    cr_expect(r.n_fitted[ES_FIT_DECODE] == measured.n / 2 && r.n_fitted[ES_FIT_PREFILL] == measured.n / 2);
    const double apart = fitted(&r, "decode", "device", "Raspberry Pi 5|cortex-a76") -
                         fitted(&r, "decode", "device", "Raspberry Pi 4|cortex-a72") +
                         fitted(&r, "decode", "unit", "A76") - fitted(&r, "decode", "unit", "A72") +
                         fitted(&r, "decode", "device:backend:family", "Raspberry Pi 5|cortex-a76|cpu|llama.cpp") -
                         fitted(&r, "decode", "device:backend:family", "Raspberry Pi 4|cortex-a72|cpu|llama.cpp");
    cr_expect_float_eq(apart, 0.7, 0.07, "%g", apart);
    for (size_t i = 0; i < measured.n; i++) { /* four sources agree: one is told by the others but for the shrinking */
        cr_expect_eq(r.held_out[i].basis, ES_BASIS_CALIBRATED);
        cr_expect_lt(fabs(r.held_out[i].log_error), 0.08, "row %zu: %g", i, r.held_out[i].log_error);
    }
}

Test(calibrate, less_evidence_never_has_the_narrower_interval) {
    const es_measured measured = simulate_measurements(0.4, -0.3, 0.2);
    es_point_kernel bare = without_effects();
    es_calibrated r;
    for (size_t i = 0; i < measured.n; i++)
        measured.row[i].tokens_per_s *= exp(0.2 * normal());
    cr_assert_eq(es_calibrate(&measured, &bare, true, &arena, &r, NULL), ES_OK);
    for (int p = 0; p < ES_FIT_PHASES; p++)
        for (int level = 1; level < ES_EVIDENCE_LEVELS; level++) {
            const char *phase = es_fit_phase_names[p];
            cr_expect_leq(fitted(&r, phase, "low", es_evidence_names[level]),
                          fitted(&r, phase, "low", es_evidence_names[level - 1]));
            cr_expect_geq(fitted(&r, phase, "high", es_evidence_names[level]),
                          fitted(&r, phase, "high", es_evidence_names[level - 1]));
        }
}

Test(calibrate, vague_measurements_are_not_fitted) {
    const es_measured measured = read_table("device,backend,model,format,quant,phase,tokens_per_s\n"
                                            "Raspberry Pi 5,cpu,Llama-3.2-1B,Q4_0,Q4_0,decode,10\n"
                                            "Raspberry Pi 5,unknown,Llama-3.2-1B,Q4_0,Q4_0,decode,10\n"
                                            "Raspberry Pi 5,cpu,Llama-3.2-1B,,unstated,decode,10\n");
    es_calibrated r;
    cr_assert_eq(es_calibrate(&measured, &point, false, &arena, &r, NULL), ES_OK);
    cr_expect_eq(r.n_fitted[ES_FIT_DECODE], 1);
    cr_expect_str_eq(measured.row[2].reason, "the format is not stated");
}

Test(calibrate, sources_are_repositories) {
    static const char *const cases[][2] = {
        {"https://github.com/a/b/blob/main/c.md", "https://github.com/a/b"},
        {"https://github.com/a/b#readme", "https://github.com/a/b"},
        {"https://github.com/ggml-org/llama.cpp/pull/1", "https://github.com/ggml-org/llama.cpp/pull/1"},
        {"llama-bench", "llama-bench"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++)
        cr_expect(es_slice_equal(es_source_of(cases[i][0]), cases[i][1]), "%s", cases[i][0]);
}

/* Processor time of a fit of n measurements, many times the same few. */
static double seconds_of(const es_measured *few, size_t n) {
    es_measured many = *few;
    es_calibrated r;
    es_arena own = {0};
    many.row = calloc(n, sizeof *many.row);
    many.n = n;
    for (size_t i = 0; i < n; i++)
        many.row[i] = few->row[i % few->n];
    const clock_t start = clock();
    cr_assert_eq(es_calibrate(&many, &point, true, &own, &r, NULL), ES_OK);
    const double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    es_arena_free(&own);
    free(many.row);
    return seconds;
}

Test(calibrate, ten_times_as_many_take_ten_times_as_long) {
    const es_measured measured = simulate_measurements(0.4, -0.3, 0.2);
    const double small = seconds_of(&measured, 1000), large = seconds_of(&measured, 10000);
    cr_expect_lt(large, 25 * small, "%g s, %g s", small, large); /* quadratic: 100 */
}

/* Sensitivities: a point with another input is the point that an axis would give. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "analysis/inputs.h"
#include "grid/plan.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static es_sweep *load(const es_catalog *catalog, const char *const *sets, size_t n) {
    es_sweep *sweep;
    cr_assert_eq(es_sweep_load(&sweep, catalog, NULL, sets, n, NULL, 0, NULL), ES_OK);
    return sweep;
}

static double *point(const es_sweep *sweep, uint64_t index) {
    double *value = calloc(es_sweep_nodes(sweep), sizeof *value);
    cr_assert(value);
    cr_assert_eq(es_sweep_point(sweep, index, value, NULL), ES_OK);
    return value;
}

static const es_input *input_named(const es_varied *v, const char *name) {
    for (size_t i = 0; i < v->n_inputs; i++)
        if (strcmp(v->input[i].name, name) == 0)
            return &v->input[i];
    cr_assert_fail("no input %s", name);
    return NULL;
}

static const char *const base[] = {"model=Llama-3.2-3B",
                                   "device=Raspberry Pi 5 8GB",
                                   "precision=Q4_K_M",
                                   "gen=128",
                                   "--metric usd [USD s] = device.price_usd / decode_tok_s + prompt",
                                   "prompt=512"};

/* Without the axis, and with it at another value, every metric is alike; with it, at the other end, too. */
Test(analysis, an_input_is_what_an_axis_varies) {
    static const struct {
        const char *input, *set;
        double factor;
    } cases[] = {
        {"device.mem_bw_gbs", "device.mem_bw_gbs=x1, x1.25", 1.25},
        {"device.mem_util", "device.mem_util=x1, x0.75", 0.75},
        {"device.prefill_util", "device.prefill_util=x1, x1.5", 1.5},
        {"device.price_usd", "device.price_usd=x1, x2", 2},
        {"device.peak_gops_int8", "device.peak_gops_int8=x1, x0.5", 0.5},
        {"device.ram_gb", "device.ram_gb=x1, x0.25", 0.25},
        {"device.mem_util", "device.mem_util=0.5, 0.625", 1.25},
        {"device.mem_bw_gbs", "device.mem_bw_gbs=16, 24", 1.5},
        {"model.layers", "model.layers=28, 24", 24.0 / 28},
        {"model.hidden", "model.hidden=x1, x1.5", 1.5},
        {"prompt", "prompt=512, 448", 0.875},
        {"gen", "gen=128, 192", 1.5},
    };
    es_catalog catalog;
    cr_assert_eq(es_catalog_load(&catalog, NULL, 0, NULL), ES_OK);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const char *sets[LENGTH(base) + 1];
        memcpy(sets, base, sizeof base);
        size_t n = LENGTH(base);
        const bool own = strncmp(cases[i].set, "prompt", 6) == 0;
        sets[own ? n - 1 : n] = cases[i].set;
        if (strncmp(cases[i].set, "gen=", 4) == 0)
            sets[3] = "batch=1";
        es_sweep *sweep = load(&catalog, sets, own ? n : n + 1);
        cr_assert_eq(sweep->n_points, 2, "%s", cases[i].set);
        es_arena arena = {0};
        es_varied v;
        cr_assert_eq(es_varied_make(&v, sweep, 0, &arena, NULL), ES_OK);
        es_vary(&v, input_named(&v, cases[i].input), cases[i].factor);
        double *expected = point(sweep, 1);
        size_t changed = 0;
        for (size_t c = 0; c < sweep->n_columns; c++) {
            const double got = v.value[sweep->columns[c].node], want = expected[sweep->columns[c].node];
            changed += memcmp(&v.base[sweep->columns[c].node], &want, sizeof want) != 0;
            cr_expect((isnan(got) && isnan(want)) || fabs(got - want) <= 1e-12 * fabs(want),
                      "%s: %s is %.17g, not %.17g", cases[i].set, sweep->columns[c].name, got, want);
        }
        cr_expect(changed > 1, "%s changes nothing", cases[i].set);
        free(expected);
        es_arena_free(&arena);
        es_sweep_free(sweep);
    }
    es_catalog_free(&catalog);
}

/* Powers have their exponents, at a kink each side its own. */
Test(analysis, elasticities_of_known_functions) {
    static const char *const sets[] = {"model=Llama-3.2-3B",
                                       "device=Raspberry Pi 5 8GB",
                                       "precision=Q4_K_M",
                                       "device.mem_bw_gbs=16",
                                       "prompt=512",
                                       "--metric power = 3 * device.mem_bw_gbs * device.mem_bw_gbs",
                                       "--metric inverse = 1 / device.mem_bw_gbs",
                                       "--metric kink = max(device.mem_bw_gbs, 16)",
                                       "--metric zero = device.mem_bw_gbs - 16"};
    es_catalog catalog;
    cr_assert_eq(es_catalog_load(&catalog, NULL, 0, NULL), ES_OK);
    es_sweep *sweep = load(&catalog, sets, LENGTH(sets));
    static const char *const names[] = {"power", "inverse", "kink", "zero"};
    uint16_t node[LENGTH(names)];
    for (size_t i = 0; i < LENGTH(names); i++)
        node[i] = (uint16_t)sweep->columns[es_sweep_column(sweep, names[i], strlen(names[i]))].node;
    es_arena arena = {0};
    es_varied v;
    es_elasticity e[LENGTH(names)];
    cr_assert_eq(es_varied_make(&v, sweep, 0, &arena, NULL), ES_OK);
    es_elasticity_of(&v, input_named(&v, "device.mem_bw_gbs"), node, LENGTH(names), e);
    cr_expect_float_eq(e[0].both, 2, 1e-9);
    cr_expect_float_eq(e[1].both, -1, 1e-9);
    cr_expect_float_eq(e[2].down, 0, 1e-9);
    cr_expect_float_eq(e[2].up, 1, 1e-9);
    cr_expect(isnan(e[3].both) && isnan(e[3].up));
    es_elasticity_of(&v, input_named(&v, "prompt"), node, LENGTH(names), e);
    cr_expect_eq(e[0].both, 0);
    es_arena_free(&arena);
    es_sweep_free(sweep);
    es_catalog_free(&catalog);
}

Test(analysis, steps_keep_rows_whole_and_values_legal) {
    static const struct {
        es_input input;
        double down, up;
    } cases[] = {
        {{.value = 4096, .whole = true, .min = 1, .max = 1e9}, 3840, 4352},
        {{.value = 3072, .whole = true, .min = 1, .max = 1e9}, 2816, 3328},
        {{.value = 28, .whole = true, .min = 1, .max = 1e6}, 26, 30},
        {{.value = 128, .whole = true, .min = 1, .max = 1e6}, 112, 144},
        {{.value = 1, .whole = true, .min = 1, .max = 1e6}, 1, 2},
        {{.value = 1, .min = 0, .max = 1, .exclusive = true}, 1 - 1e-4, 1},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        double down, up;
        es_input_steps(&cases[i].input, &down, &up);
        cr_expect_float_eq(down * cases[i].input.value, cases[i].down, 1e-9);
        cr_expect_float_eq(up * cases[i].input.value, cases[i].up, 1e-9);
    }
}

/* Sensitivities: a point with another input is the point that an axis would give. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "analysis/decides.h"
#include "analysis/inputs.h"
#include "analysis/sobol.h"
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

Test(analysis, a_break_has_no_slope_of_both_sides) {
    const es_elasticity smooth = {1.0, 0.98, 1.02}, kink = {-0.5, -1, 0}, jump = {0.4, -0.4, 1.2},
                        one = {NAN, NAN, -0.8}, step = {-11, -22, 0.01};
    cr_expect_not(es_elasticity_breaks(&smooth));
    cr_expect(es_elasticity_breaks(&kink) && es_elasticity_breaks(&jump));
    cr_expect_not(es_elasticity_breaks(&one));
    cr_expect_eq(es_elasticity_shown(&smooth), 1.0);
    cr_expect_eq(es_elasticity_shown(&kink), -1.0);
    cr_expect_eq(es_elasticity_shown(&jump), 1.2);
    cr_expect_eq(es_elasticity_shown(&one), -0.8);
    cr_expect(es_elasticity_breaks(&step) && es_elasticity_shown(&step) == 0.01 && es_elasticity_size(&step) == 0.01);
    cr_expect_eq(es_elasticity_size(&kink), 1.0);
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

/* Sobol' g function (Saltelli, Sobol' 1995) of three axes from 1 to 2: V_i = 1/(3 (1 + a_i)^2), V = prod (1 + V_i) - 1. */
Test(analysis, sobol_indices_of_the_g_function) {
    static const char *const sets[] = {"kernel=edgeprofiler",
                                       "model=EP-TinyLlama-1B",
                                       "device=EP Raspberry Pi 5",
                                       "precision=FP16",
                                       "device.mem_bw_gbs=1, 2",
                                       "device.storage_bw_mbs=1, 2",
                                       "device.net_bw_mbps=1, 1.5, 2",
                                       "--metric x = 4 * device.mem_bw_gbs - 6",
                                       "--metric y = 4 * device.storage_bw_mbs - 6",
                                       "--metric z = 4 * device.net_bw_mbps - 6",
                                       "--metric g = max(x, -x) * (max(y, -y) + 1) / 2 * (max(z, -z) + 4.5) / 5.5"};
    static const double a[] = {0, 1, 4.5};
    es_catalog catalog;
    cr_assert_eq(es_catalog_load(&catalog, NULL, 0, NULL), ES_OK);
    es_sweep *sweep = load(&catalog, sets, LENGTH(sets));
    const uint16_t node = (uint16_t)sweep->columns[es_sweep_column(sweep, "g", 1)].node;
    es_arena arena = {0};
    es_sobol sobol, again;
    cr_assert_eq(es_sobol_run(&sobol, sweep, &node, 1, &(es_sobol_options){.samples = 1 << 20, .seed = 1, .threads = 2},
                              &arena, NULL),
                 ES_OK);
    cr_assert_eq(sobol.n_inputs, 3);
    double partial[3], variance = 1;
    for (size_t i = 0; i < 3; i++) {
        partial[i] = 1 / (3 * (1 + a[i]) * (1 + a[i]));
        variance *= 1 + partial[i];
    }
    variance -= 1;
    for (size_t i = 0; i < 3; i++) {
        const double first = partial[i] / variance, total = partial[i] / (1 + partial[i]) * (1 + variance) / variance;
        const es_sobol_index *x = &sobol.index[i];
        cr_expect_float_eq(x->first, first, 0.01, "%s: %g, not %g", sobol.input[i], x->first, first);
        cr_expect_float_eq(x->total, total, 0.01, "%s: %g, not %g", sobol.input[i], x->total, total);
        cr_expect(fabs(x->first - first) < 2 * x->first_ci && fabs(x->total - total) < 2 * x->total_ci);
        cr_expect(x->first_ci < 0.01 && x->first_ci > 0 && x->total_ci < 0.01);
    }
    for (unsigned threads = 1; threads <= 3; threads += 2) {
        cr_assert_eq(es_sobol_run(&again, sweep, &node, 1,
                                  &(es_sobol_options){.samples = 1 << 20, .seed = 1, .threads = threads}, &arena, NULL),
                     ES_OK);
        cr_expect_eq(memcmp(again.index, sobol.index, 3 * sizeof *sobol.index), 0);
    }
    es_arena_free(&arena);
    es_sweep_free(sweep);
    es_catalog_free(&catalog);
}

/* Over names alone the indices follow from all points of the grid: E and V over everything else. */
Test(analysis, sobol_indices_of_a_grid_of_names) {
    static const char *const sets[] = {"model=Llama-3.2-1B, Llama-3.2-3B, Qwen2.5-7B",
                                       "device=Raspberry Pi 5 8GB, Raspberry Pi 4 8GB", "precision=Q8_0, Q4_K_M, Q4_0",
                                       "prompt=512"};
    es_catalog catalog;
    cr_assert_eq(es_catalog_load(&catalog, NULL, 0, NULL), ES_OK);
    es_sweep *sweep = load(&catalog, sets, LENGTH(sets));
    const uint16_t node = (uint16_t)sweep->columns[es_sweep_column(sweep, "weight_bytes", 12)].node;
    es_arena arena = {0};
    es_sobol sobol;
    cr_assert_eq(es_sobol_run(&sobol, sweep, &node, 1, &(es_sobol_options){.samples = 1 << 18, .seed = 7, .threads = 2},
                              &arena, NULL),
                 ES_OK);
    double f[3][3], mean = 0, variance = 0, of_model = 0, of_precision = 0;
    for (size_t m = 0; m < 3; m++)
        for (size_t p = 0; p < 3; p++) {
            size_t at[ES_MAX_AXES] = {0};
            at[sweep->plan->entity_axis[ES_MODEL]] = m, at[sweep->plan->entity_axis[ES_PRECISION]] = p;
            double *value = point(sweep, es_sweep_index(sweep, at));
            f[m][p] = value[node];
            mean += f[m][p] / 9;
            free(value);
        }
    for (size_t m = 0; m < 3; m++) {
        const double row = (f[m][0] + f[m][1] + f[m][2]) / 3 - mean, column = (f[0][m] + f[1][m] + f[2][m]) / 3 - mean;
        of_model += row * row / 3, of_precision += column * column / 3;
        for (size_t p = 0; p < 3; p++)
            variance += (f[m][p] - mean) * (f[m][p] - mean) / 9;
    }
    for (size_t j = 0; j < sobol.n_inputs; j++) {
        const es_sobol_index *x = &sobol.index[j];
        const bool model = strcmp(sobol.input[j], "model") == 0, precision = strcmp(sobol.input[j], "precision") == 0;
        const double first = model ? of_model / variance : precision ? of_precision / variance : 0;
        const double total = model ? 1 - of_precision / variance : precision ? 1 - of_model / variance : 0;
        cr_expect_float_eq(x->first, first, 0.02, "%s: %g, not %g", sobol.input[j], x->first, first);
        cr_expect_float_eq(x->total, total, 0.02, "%s: %g, not %g", sobol.input[j], x->total, total);
    }
    cr_expect(of_model > 0 && of_precision > 0);
    es_arena_free(&arena);
    es_sweep_free(sweep);
    es_catalog_free(&catalog);
}

/* ---- what decides ---- */

static const char *const choice[] = {"model=Llama-3.2-3B, Llama-3.2-1B, Gemma-3-4B",
                                     "device=Raspberry Pi 5 8GB",
                                     "precision=Q8_0, Q6_K, Q4_K_M, Q4_0",
                                     "prompt=512",
                                     "best.pick=precision",
                                     "best.maximize=quality, decode_tok_s"};

/* The names that win where one more axis holds one value; the whole sweep is planned and run anew. */
static void winner_with(const es_catalog *catalog, const char *by, const char *set, const char *where, char *name,
                        size_t size) {
    const char *sets[LENGTH(choice) + 2];
    memcpy(sets, choice, sizeof choice);
    sets[LENGTH(choice)] = by;
    sets[LENGTH(choice) + 1] = set;
    es_sweep *sweep;
    es_run_report report = {0};
    cr_assert_eq(es_sweep_load(&sweep, catalog, NULL, sets, LENGTH(sets) - !set, &where, 1, NULL), ES_OK, "%s", set);
    cr_assert_eq(es_sweep_run(sweep, &(es_run_options){.threads = 1}, &report, NULL), ES_OK);
    *name = '\0';
    if (report.n_best) {
        size_t at[ES_MAX_AXES];
        es_sweep_coordinates(sweep, report.best[0].index, at);
        const es_rows rows = es_plan_rows(sweep, at);
        snprintf(name, size, "%s %s %s", rows.model->name, rows.precision->name, rows.runtime->name);
    }
    es_run_report_free(&report);
    es_sweep_free(sweep);
}

static void name_of(const es_sweep *sweep, uint64_t index, char *name, size_t size) {
    size_t at[ES_MAX_AXES];
    *name = '\0';
    if (index == UINT64_MAX)
        return;
    es_sweep_coordinates(sweep, index, at);
    const es_rows rows = es_plan_rows(sweep, at);
    snprintf(name, size, "%s %s %s", rows.model->name, rows.precision->name, rows.runtime->name);
}

static const es_flip *flip_of(const es_decision *d, const char *input, bool up) {
    for (size_t i = 0; i < d->n_flips; i++)
        if (strcmp(d->flip[i].input, input) == 0 && (d->flip[i].factor > 1) == up)
            return &d->flip[i];
    return NULL;
}

/* Whole sweeps with the field at 24 factors to either side: the choice first changes in the step that holds the flip, and
 * changes to what the flip says, or never where there is none. */
Test(analysis, what_decides_is_what_brute_force_finds) {
    static const char *const fields[] = {"device.mem_bw_gbs",      "device.mem_util",     "device.ram_gb",
                                         "device.os_reserved_gb",  "device.prefill_util", "device.token_overhead_ms",
                                         "device.peak_gflops_fp32"};
    static const char where[] = "fits and decode_tok_s >= 5 and ttft_s <= 100", by[] = "best.by=device";
    const char *wheres[] = {where};
    es_catalog catalog;
    cr_assert_eq(es_catalog_load(&catalog, NULL, 0, NULL), ES_OK);
    const char *sets[LENGTH(choice) + 1];
    memcpy(sets, choice, sizeof choice);
    sets[LENGTH(choice)] = by;
    es_sweep *sweep;
    cr_assert_eq(es_sweep_load(&sweep, &catalog, NULL, sets, LENGTH(sets), wheres, 1, NULL), ES_OK);
    es_arena arena = {0};
    es_decision d, again;
    cr_assert_eq(es_decides(&d, sweep, 0, &(es_decides_options){.threads = 2}, &arena, NULL), ES_OK);
    cr_assert_eq(es_decides(&again, sweep, 0, &(es_decides_options){.threads = 1}, &arena, NULL), ES_OK);
    cr_expect_eq(again.n_flips, d.n_flips);
    char best[200], name[200], then[200], set[100];
    winner_with(&catalog, by, NULL, where, best, sizeof best);
    name_of(sweep, d.best, name, sizeof name);
    cr_expect_str_eq(name, best);
    size_t flips = 0;
    for (size_t f = 0; f < LENGTH(fields); f++) {
        for (int up = 0; up < 2; up++) {
            const es_flip *flip = flip_of(&d, fields[f], up);
            double before = 1, found = 0;
            for (int k = 1; k <= 24 && found == 0; k++) {
                const double factor = exp2((up ? k : -k) / 24.0);
                snprintf(set, sizeof set, "%s=x%.17g", fields[f], factor);
                winner_with(&catalog, by, set, where, name, sizeof name);
                if (strcmp(name, best) != 0)
                    found = factor;
                else
                    before = factor;
            }
            cr_assert_eq(flip != NULL, found != 0, "%s %s", fields[f], up ? "up" : "down");
            if (!flip)
                continue;
            flips++;
            cr_expect(up ? before < flip->factor && flip->factor <= found
                         : found <= flip->factor && flip->factor < before,
                      "%s: %g is not between %g and %g", fields[f], flip->factor, before, found);
            name_of(sweep, flip->then_best, then, sizeof then);
            snprintf(set, sizeof set, "%s=x%.17g", fields[f], flip->factor * (up ? 1 + 1e-9 : 1 - 1e-9));
            winner_with(&catalog, by, set, where, name, sizeof name);
            cr_expect_str_eq(name, then, "%s", set);
            snprintf(set, sizeof set, "%s=x%.17g", fields[f], flip->factor * (up ? 1 - 1e-9 : 1 + 1e-9));
            winner_with(&catalog, by, set, where, name, sizeof name);
            cr_expect_str_eq(name, best, "%s", set);
        }
    }
    cr_expect_geq(flips, 4);
    for (size_t i = 1; i < d.n_flips; i++) {
        cr_expect(fabs(d.flip[i].factor - 1) >= fabs(d.flip[i - 1].factor - 1));
        cr_expect_eq(again.flip[i].factor, d.flip[i].factor);
    }
    /* a limit: the speed of the next better choice, to the last bits */
    const es_flip *limit = flip_of(&d, "decode_tok_s >= 5", false);
    cr_assert(limit);
    double *value = point(sweep, limit->then_best);
    cr_expect_float_eq(limit->value * limit->factor,
                       value[sweep->columns[es_sweep_column(sweep, "decode_tok_s", 12)].node], 1e-8);
    cr_assert_geq(limit->stopped_by, 0);
    cr_expect_str_eq(sweep->condition[limit->stopped_by], "decode_tok_s >= 5");
    free(value);
    es_arena_free(&arena);
    es_sweep_free(sweep);
    es_catalog_free(&catalog);
}

/* More nodes than any fixed room: every column that names the field is one that is multiplied. */
Test(analysis, inputs_have_as_many_nodes_as_there_are) {
    es_catalog catalog;
    cr_assert_eq(es_catalog_load(&catalog, NULL, 0, NULL), ES_OK);
    es_sweep *sweep = load(&catalog, base, LENGTH(base));
    const es_plan *plan = sweep->plan;
    uint16_t node[40];
    size_t n = 0;
    for (size_t i = plan->n_nodes; i-- > 0 && n < LENGTH(node);)
        node[n++] = (uint16_t)i;
    cr_assert_eq(n, LENGTH(node));
    es_arena arena = {0};
    es_varied v;
    es_input input = {.name = "many"};
    cr_assert_eq(es_varied_make(&v, sweep, 0, &arena, NULL), ES_OK);
    cr_assert_eq(es_input_connect(&input, plan, node, n, &arena, NULL), ES_OK);
    es_vary(&v, &input, 2);
    for (size_t i = 0; i < n; i++) {
        const double was = v.base[node[i]], is = v.value[node[i]];
        cr_expect(is == 2 * was || (isnan(is) && isnan(was)), "node %d: %g, was %g", node[i], is, was);
    }
    es_arena_free(&arena);
    es_sweep_free(sweep);
    es_catalog_free(&catalog);
}

/* Calibration: known utilizations come back from simulated measurements, outliers and gaps included; the shipped rows
 * are those of the shipped measurements. */
#include "point_help.h"

#include "calibrate/calibrate.h"
#include "calibrate/fit.h"

TestSuite(calibrate, .init = set_up, .fini = tear_down);

static es_status calibrate(const char *written, es_calibrated *result, es_errors *errors) {
    folder f = folder_new();
    char path[400];
    es_measured measured;
    put(&f, "m.csv", written);
    path_in(&f, "m.csv", path, sizeof path);
    cr_assert_eq(es_measured_read(&measured, path, NULL, NULL, &catalog, &point, &arena, errors), ES_OK);
    folder_free(&f);
    return es_calibrate(&measured, &catalog, &point, &arena, result, errors);
}

static double result_of(const es_calibrated *r, const char *device, const char *type, const char *field) {
    for (size_t i = 0; i < r->n_rows; i++)
        if (strcmp(r->row[i].device, device) == 0 && strcmp(r->row[i].type, type) == 0 &&
            strcmp(r->row[i].field, field) == 0)
            return r->row[i].value;
    return NAN;
}

/* ---- The solver ---- */

enum { KEYS = 3, ROWS = 60 };

static void truth(es_fit_params *p) {
    const double mem[] = {0.5, 0.45, 0.3}, prefill[] = {0.2, 0.4, 0.1};
    *p = (es_fit_params){.n_keys = KEYS};
    p->value[0] = log(0.45);
    p->value[es_fit_prefill(p)] = log(0.2);
    for (size_t k = 0; k < KEYS; k++) {
        p->value[es_fit_mem(k)] = log(mem[k]);
        p->value[es_fit_prefill_of(p, k)] = log(prefill[k]);
    }
    p->value[es_fit_attn(p)] = log(0.05);
    p->value[es_fit_prefill_attn(p)] = log(0.08);
    p->value[es_fit_overhead(p)] = log(0.004);
    p->value[es_fit_layer(p)] = log(0.0002);
}

static double overhead_of(const es_fit_params *p, size_t layers) {
    return log(exp(p->value[es_fit_overhead(p)]) + (double)layers * exp(p->value[es_fit_layer(p)]));
}

/* Half of the rows decodes, half prefills, of models from 0.3 to 3 GB. */
static void simulate(es_fit_row *rows, const es_fit_params *p, double noise) {
    for (size_t i = 0; i < ROWS; i++) {
        const double bytes = 3e8 * exp(2.3 * uniform_deviate()), depth = 2000 * uniform_deviate();
        rows[i] = (es_fit_row){.weight = 1, .bw = 2e10, .peak = 2e11, .fp_peak = 1e11, .n_slots = 2};
        rows[i].steps = i % 2 ? 1 : 0;
        rows[i].layers = 12 + 12 * (double)(i / 2 % 3);
        rows[i].has_prefill = !(i % 2);
        for (size_t s = 0; s < 2; s++)
            rows[i].slot[s] = (es_fit_slot){.key = (i / 2 + s) % KEYS,
                                            .decode_bytes = rows[i].steps * bytes * (s ? 0.2 : 0.8),
                                            .prefill_flops = 1024 * bytes * (s ? 0.2 : 0.8),
                                            .prefill_bytes = bytes * (s ? 0.2 : 0.8)};
        rows[i].decode_scores = rows[i].steps * depth * 131072;
        rows[i].prefill_scores = 512 * depth * 131072;
        rows[i].seconds = 1;
        rows[i].seconds = es_fit_seconds(p, &rows[i]) * exp(noise * normal());
    }
}

static void start(es_fit *fit) {
    truth(&fit->params);
    for (size_t i = 0; i < es_fit_size(&fit->params); i++)
        fit->params.value[i] = log(i == es_fit_overhead(&fit->params) ? 0.002
                                   : i == es_fit_layer(&fit->params)  ? 0.00003
                                                                      : 0.25);
}

Test(calibrate, the_solver_finds_what_made_the_times) {
    static es_fit_row rows[ROWS];
    static const double noises[] = {0, 0.03, 0.1}, tolerances[] = {0.05, 0.1, 0.35}, overheads[] = {0.15, 0.4, 1.2};
    es_fit_params p;
    truth(&p);
    for (size_t c = 0; c < LENGTH(noises); c++) {
        es_fit fit;
        start(&fit);
        simulate(rows, &p, noises[c]);
        cr_assert_eq(es_fit_solve(&fit, rows, ROWS, &es_fit_usual_priors, NULL, true, NULL), ES_OK);
        for (size_t k = 0; k < KEYS; k++) {
            cr_expect_float_eq(fit.params.value[es_fit_mem(k)], p.value[es_fit_mem(k)], tolerances[c], "mem %zu", k);
            cr_expect_float_eq(fit.params.value[es_fit_prefill_of(&p, k)], p.value[es_fit_prefill_of(&p, k)],
                               tolerances[c], "prefill %zu", k);
        }
        cr_expect_float_eq(fit.params.value[es_fit_attn(&p)], p.value[es_fit_attn(&p)], tolerances[c]);
        cr_expect_float_eq(fit.params.value[es_fit_prefill_attn(&p)], p.value[es_fit_prefill_attn(&p)], tolerances[c]);
        /* Bytes, and so the overheads in them, are known less well than their sum. */
        for (size_t layers = 12; layers <= 36; layers += 12)
            cr_expect_float_eq(overhead_of(&fit.params, layers), overhead_of(&p, layers), overheads[c], "%g",
                               noises[c]);
    }
}

Test(calibrate, outliers_do_not_pull) {
    static es_fit_row rows[ROWS];
    es_fit_params p;
    es_fit fit;
    truth(&p);
    start(&fit);
    simulate(rows, &p, 0.02);
    for (size_t i = 0; i < ROWS; i += 7)
        rows[i].seconds *= i % 2 ? 3 : 0.2;
    cr_assert_eq(es_fit_solve(&fit, rows, ROWS, &es_fit_usual_priors, NULL, true, NULL), ES_OK);
    for (size_t k = 0; k < KEYS; k++)
        cr_expect_float_eq(fit.params.value[es_fit_mem(k)], p.value[es_fit_mem(k)], 0.12, "mem %zu", k);
    cr_expect_lt(fit.noise, 0.12);
}

Test(calibrate, utilizations_stay_at_most_one_and_fixed_ones_stay) {
    static es_fit_row rows[ROWS];
    es_fit_params p;
    es_fit fit, loose;
    bool fixed[ES_FIT_MAX_PARAMS] = {false};
    truth(&p);
    for (size_t k = 0; k < KEYS; k++)
        p.value[es_fit_mem(k)] = log(1.6);
    p.value[0] = log(1.6);
    simulate(rows, &p, 0.02);
    start(&fit);
    start(&loose);
    fixed[es_fit_attn(&p)] = true;
    fit.params.value[es_fit_attn(&p)] = loose.params.value[es_fit_attn(&p)] = log(0.06);
    cr_assert_eq(es_fit_solve(&fit, rows, ROWS, &es_fit_usual_priors, fixed, true, NULL), ES_OK);
    cr_assert_eq(es_fit_solve(&loose, rows, ROWS, &es_fit_usual_priors, fixed, false, NULL), ES_OK);
    for (size_t i = 0; i < es_fit_overhead(&p); i++)
        cr_expect_leq(fit.params.value[i], 0);
    cr_expect_float_eq(loose.params.value[0], p.value[0], 0.2);
    cr_expect_float_eq(fit.params.value[es_fit_attn(&p)], log(0.06), 1e-3);
}

/* ---- From measurements to rows ---- */

/* Times of a Raspberry Pi 5 under utilizations of our own, by the kernel itself. */
static const char *simulated_table(double noise, const char *const *models, size_t n_models) {
    static const char *const precisions[] = {"F16", "Q8_0", "Q4_0"};
    static char written[1 << 16];
    size_t used = (size_t)snprintf(written, sizeof written,
                                   "device,runtime,model,quant,phase,n_prompt,n_gen,ctx_depth,"
                                   "tokens_per_s,source_url\n");
    for (size_t m = 0; m < n_models; m++)
        for (size_t q = 0; q < LENGTH(precisions); q++)
            for (int depth = 0; depth <= 2048; depth += 1024) {
                char model[64], device[64], precision[64], deep[32];
                const char *sets[] = {"kernel=roofline",
                                      model,
                                      device,
                                      precision,
                                      "prompt=512",
                                      "gen=128",
                                      deep,
                                      "device.mem_util=0.45",
                                      "device.decode_util=1",
                                      "device.prefill_util=0.12",
                                      "device.attn_util=0.2",
                                      "device.token_overhead_ms=2"};
                es_sweep *sweep;
                snprintf(model, sizeof model, "model=%s", models[m]);
                snprintf(device, sizeof device, "device=Raspberry Pi 5 2GB");
                snprintf(precision, sizeof precision, "precision=%s", precisions[q]);
                snprintf(deep, sizeof deep, "depth=%d", depth);
                cr_assert_eq(es_sweep_load(&sweep, &catalog, NULL, sets, LENGTH(sets), NULL, 0, NULL), ES_OK);
                double *value = calloc(es_sweep_nodes(sweep) + 1, sizeof *value);
                cr_assert_eq(es_sweep_point(sweep, 0, value, NULL), ES_OK);
                const int pp = es_sweep_column(sweep, "prefill_tok_s", 13),
                          tg = es_sweep_column(sweep, "decode_tok_s", 12);
                used += (size_t)snprintf(
                    written + used, sizeof written - used,
                    "Pi 5,engine,%s,%s,prefill,512,,%d,%.6g,a\nPi 5,engine,%s,%s,decode,512,128,%d,%.6g,a\n", models[m],
                    precisions[q], depth, value[sweep->columns[pp].node] * exp(noise * normal()), models[m],
                    precisions[q], depth, value[sweep->columns[tg].node] * exp(noise * normal()));
                free(value);
                es_sweep_free(sweep);
            }
    return written;
}

Test(calibrate, known_utilizations_come_back) {
    static const char *const models[] = {"SmolLM2-135M", "Qwen2.5-0.5B"};
    static const char *const boards[] = {"Raspberry Pi 5 2GB", "Raspberry Pi 5 8GB", "Raspberry Pi 5 16GB"};
    es_calibrated r;
    es_errors errors = {0};
    cr_assert_eq(calibrate(simulated_table(0.02, models, 2), &r, &errors), ES_OK);
    cr_assert_eq(r.n_groups, 1);
    cr_expect_str_eq(r.group[0].folds, "model");
    for (size_t i = 0; i < LENGTH(boards); i++) {
        cr_expect_float_eq(result_of(&r, boards[i], "*", "mem_util"), 0.45, 0.03, "%s", boards[i]);
        cr_expect_float_eq(result_of(&r, boards[i], "Q8_0", "mem_util"), 0.45, 0.03);
        cr_expect_float_eq(result_of(&r, boards[i], "Q4_0", "prefill_util"), 0.12, 0.012);
        cr_expect_float_eq(result_of(&r, boards[i], "*", "attn_util"), 0.2, 0.03);
    }
    cr_expect(isnan(result_of(&r, "Raspberry Pi 4 4GB", "*", "mem_util")));
    for (size_t i = 0; i < r.n_rows; i++)
        cr_expect(r.row[i].value > 0 && (r.row[i].value <= 1 || strcmp(r.row[i].field, "token_overhead_ms") == 0));
}

/* The table with its first rows measured on one board, the others on another that differs in memory alone. */
static const char *on_boards(const char *table, size_t first_rows, const char *first, const char *other) {
    static char written[1 << 17];
    const char *line = strchr(table, '\n') + 1;
    size_t used = (size_t)snprintf(written, sizeof written, "%.*s", (int)(line - table), table);
    for (size_t i = 0; *line; i++) {
        const char *end = strchr(line, '\n') + 1, *rest = strchr(line, ',');
        used += (size_t)snprintf(written + used, sizeof written - used, "%s%.*s", i < first_rows ? first : other,
                                 (int)(end - rest), rest);
        line = end;
    }
    return written;
}

/* They are one board, called as most of its measurements, the first of equals. */
Test(calibrate, usual_board) {
    static const char *const models[] = {"SmolLM2-135M", "Qwen2.5-0.5B"};
    static const char first[] = "Raspberry Pi 5 16GB", other[] = "Raspberry Pi 5 2GB";
    const char *table = simulated_table(0.02, models, 2);
    size_t rows = 0;
    for (const char *at = strchr(table, '\n') + 1; *at; at = strchr(at, '\n') + 1)
        rows++;
    const size_t cases[] = {0, 1, rows / 2 - 1, rows / 2, rows / 2 + 1, rows};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        es_calibrated r;
        es_errors errors = {0};
        cr_assert_eq(calibrate(on_boards(table, cases[i], first, other), &r, &errors), ES_OK, "%s",
                     errors.error[0].text);
        cr_assert_eq(r.n_groups, 1);
        cr_expect_str_eq(r.group[0].device->name, 2 * cases[i] >= rows ? first : other, "%zu of %zu", cases[i], rows);
    }
}

static const es_calibrated_row *row_of(const es_calibrated *r, const char *runtime, const char *type,
                                       const char *field) {
    for (size_t i = 0; i < r->n_rows; i++)
        if (strcmp(r->row[i].device, "Raspberry Pi 5 8GB") == 0 && strcmp(r->row[i].runtime, runtime) == 0 &&
            strcmp(r->row[i].type, type) == 0 && strcmp(r->row[i].field, field) == 0)
            return &r->row[i];
    return NULL;
}

static double value_of(const es_calibrated *r, const char *runtime, const char *type, const char *field) {
    const es_calibrated_row *row = row_of(r, runtime, type, field);
    return row ? row->value : NAN;
}

/* The rates as those of four threads by llama.cpp, and of two at 3/5 of them. */
static const char *with_threads(const char *table) {
    static char written[1 << 17];
    static const char start[] = "Pi 5,engine", last[] = ",a";
    const char *line = strchr(table, '\n') + 1;
    size_t used = (size_t)snprintf(written, sizeof written, "%.*s,threads\n", (int)(line - 1 - table), table);
    for (const char *end; (end = strchr(line, '\n')); line = end + 1) {
        const char *rate = end - (sizeof last - 1);
        while (rate[-1] != ',')
            rate--;
        for (int threads = 4; threads >= 2; threads -= 2)
            used += (size_t)snprintf(written + used, sizeof written - used, "Pi 5,llama.cpp%.*s%.6g,a,%d\n",
                                     (int)(rate - line - (int)(sizeof start - 1)), line + sizeof start - 1,
                                     strtod(rate, NULL) * (threads == 4 ? 1 : 0.6), threads);
    }
    return written;
}

Test(calibrate, other_threads_are_runtimes_of_their_own) {
    static const char *const models[] = {"SmolLM2-135M", "Qwen2.5-0.5B"};
    static const char two[] = "llama.cpp 2 threads";
    es_calibrated r;
    es_errors errors = {0};
    cr_assert_eq(calibrate(with_threads(simulated_table(0, models, 2)), &r, &errors), ES_OK);
    cr_assert_eq(r.n_groups, 2);
    cr_expect_eq(value_of(&r, "llama.cpp", "*", "threads"), 4);
    cr_expect_eq(value_of(&r, two, "*", "threads"), 2);
    cr_expect_float_eq(value_of(&r, "llama.cpp", "Q4_0", "prefill_util"), 0.12, 0.012);
    cr_expect_float_eq(value_of(&r, two, "Q4_0", "prefill_util") / value_of(&r, "llama.cpp", "Q4_0", "prefill_util"),
                       0.6, 0.06);
    cr_expect_float_eq(value_of(&r, "llama.cpp", "Q8_0", "mem_util"), 0.45, 0.04);
    cr_expect_lt(value_of(&r, two, "Q8_0", "mem_util"), 0.35);
}

/* What the class knows of types holds for those that were not measured, and says so. */
Test(calibrate, types_that_were_not_measured_keep_their_usual_ratio) {
    static const char *const models[] = {"SmolLM2-135M", "Qwen2.5-0.5B"};
    es_calibrated r;
    es_errors errors = {0};
    cr_assert_eq(calibrate(with_threads(simulated_table(0, models, 2)), &r, &errors), ES_OK);
    const es_calibrated_row *row = row_of(&r, "llama.cpp", "IQ3_S", "prefill_util");
    cr_assert_not_null(row);
    cr_expect_eq(row->n, 0);
    cr_expect_not_null(strstr(row->source, "not measured"));
    cr_expect_lt(row->value, 0.5 * value_of(&r, "llama.cpp", "Q4_0", "prefill_util"));
    cr_expect_null(row_of(&r, "llama.cpp 2 threads", "IQ3_S", "prefill_util"), "other threads: measured types only");
    for (size_t i = 0; i < r.n_rows; i++)
        cr_expect(r.row[i].n > 0 || isnan(r.row[i].error), "no measurement, no error");
}

Test(calibrate, too_little_is_refused) {
    es_calibrated r;
    es_errors errors = {0};
    cr_assert_eq(
        calibrate("device,runtime,model,quant,phase,n_gen,tokens_per_s\nPi 5,engine,Llama-3.2-1B,Q8_0,decode,128,8\n",
                  &r, &errors),
        ES_OK);
    cr_expect_eq(r.n_rows, 0);
    cr_assert_eq(errors.n_warnings, 1);
    cr_expect_not_null(strstr(errors.warning[0].text, "too few"));
}

/* One model at one depth does not tell overhead from bandwidth, nor anything of attention. */
Test(calibrate, what_cannot_be_told_apart_is_left_out) {
    es_calibrated r;
    es_errors errors = {0};
    cr_assert_eq(
        calibrate("device,runtime,model,quant,phase,n_gen,tokens_per_s,source_url\n"
                  "Pi 5,engine,Llama-3.2-1B,Q8_0,decode,128,7,a\nPi 5,engine,Llama-3.2-1B,Q8_0,decode,128,7.2,b\n"
                  "Pi 5,engine,Llama-3.2-1B,Q8_0,decode,64,7.1,c\nPi 5,engine,Llama-3.2-1B,Q8_0,decode,64,7,d\n",
                  &r, &errors),
        ES_OK);
    cr_expect_float_eq(result_of(&r, "Raspberry Pi 5 8GB", "*", "mem_util"), 0.55, 0.1);
    cr_expect(isnan(result_of(&r, "Raspberry Pi 5 8GB", "*", "token_overhead_ms")));
    cr_expect(isnan(result_of(&r, "Raspberry Pi 5 8GB", "*", "attn_util")));
    cr_expect(isnan(result_of(&r, "Raspberry Pi 5 8GB", "*", "prefill_util")));
}

/* Legal values at the ends of their ranges: every run ends with finite cells or a named error, and the front and the best
 * choices of a run are those of its CSV. */
#include "rounds.h"
#include "sweep_help.h"

#include "tables/csv_best.h"
#include "tables/csv_front.h"

enum { ROWS = 3 };

/* ---- random catalogs ---- */

static double extreme(dice *d, const es_field *field) {
    double low = field->min, high = field->max;
    if (field->type == ES_FLAG)
        return (double)below(d, 2);
    if (field->type == ES_COUNT) {
        double common[] = {low, low + 1, 7, 64, 4096, high / 2, high - 1, high};
        double x = floor(common[below(d, LENGTH(common))]);
        return x < low ? low : x > high ? high : x;
    }
    double common[] = {low, low + 1e-300, low + 1e-12, (low + high) * 1e-9, 1, 30, high * 0.999, high};
    double x = common[below(d, LENGTH(common))];
    if (x > high)
        x = high;
    return field->flags & ES_EXCLUSIVE && x <= low ? low + 1e-300 : x < low ? low : x;
}

static void put_table(const folder *f, dice *d, const char *file, es_kind kind, bool calm) {
    const es_field_table *table = es_fields(kind);
    text t = {0};
    double experts = 0;
    for (size_t i = 0; i < table->n_fields; i++)
        text_printf(&t, "%s%s", i ? "," : "", table->fields[i].name);
    for (size_t r = 0; r < ROWS; r++)
        for (size_t i = 0; i < table->n_fields; i++) {
            const es_field *field = &table->fields[i];
            text_printf(&t, "%s", i ? "," : "\n");
            if (i == 0)
                experts = 0;
            if (i == 0)
                text_printf(&t, "row %zu", r);
            else if (field->type == ES_CHOICE)
                text_printf(&t, "%s", strcmp(field->name, "kind") ? field->choices[below(d, 2)] : "uniform");
            else if (es_field_is_numeric(field) && (field->flags & (ES_REQUIRED | ES_COLUMN) || !chance(d, 3))) {
                double x = calm && chance(d, 2) && es_field_accepts(field, 1) ? 1 : extreme(d, field);
                if (kind == ES_MODEL && i == ES_M_N_ACTIVE && x > experts)
                    x = experts;
                if (kind == ES_MODEL && i == ES_M_N_EXPERTS)
                    experts = x;
                text_printf(&t, "%.17g", x);
            }
        }
    text_add(&t, "\n", 1);
    put(f, file, t.data);
    free(t.data);
}

/* ---- what a run leaves ---- */

/* No numeric cell may say nan or inf: all texts of these catalogs are `row ...` or labels without these letters. */
static void check_cells(const char *csv) {
    csv = strchr(csv, '\n');
    cr_assert_not_null(csv);
    for (const char *at = csv; *at; at++)
        if (*at == ',' || *at == '\n')
            cr_assert(strncmp(at + 1, "inf", 3) && strncmp(at + 1, "-inf", 4) && strncmp(at + 1, "nan", 3) &&
                          strncmp(at + 1, "-nan", 4),
                      "%.60s", at);
}

static es_status add_text(void *context, const char *data, size_t n, es_errors *errors) {
    (void)errors;
    text_add(context, data, n);
    return ES_OK;
}

typedef struct ask {
    const char *kernel, *a, *b, *c; /* two to minimise, one to maximise */
} ask;

static const ask asks[] = {{"edgeprofiler", "end_to_end_ms", "energy_j", "power_w"},
                           {"edgeprofiler", "compute_ms", "memory_bytes", "arithmetic_intensity"},
                           {"roofline", "tpot_s", "energy_j_per_token", "decode_tok_s"},
                           {"roofline", "ttft_s", "bits_per_weight", "tokens_per_j"},
                           {"roofline", "usd_per_mtok", "load_s", "quality_retained"}};

static void check_front(const folder *f, const char *csv_path, const ask *q) {
    text got = {0};
    es_csv_input *csv;
    const es_csv_input_options reading = {0};
    const es_column_objective objective[] = {
        {es_slice_of(q->a), ES_MINIMIZE}, {es_slice_of(q->b), ES_MINIMIZE}, {es_slice_of(q->c), ES_MAXIMIZE}};
    const es_slice by = es_slice_of("device");
    const es_csv_front_options options = {
        .objective = objective, .n_objectives = 3, .by = &by, .n_by = 1, .skip_missing = true, .threads = 1};
    const es_text_sink out = {add_text, &got};
    es_csv_front_counts counts;
    static es_errors errors;
    errors = (es_errors){0};
    cr_assert_eq(es_csv_input_open(&csv_path, 1, &reading, &csv, &errors), ES_OK);
    cr_assert_eq(es_csv_front(csv, &options, &out, &out, &counts, &errors), ES_OK, "%s", errors.error[0].text);
    es_csv_input_close(csv);
    char *expected = slurp_in(f, "front.csv");
    cr_assert_str_eq(got.data, expected);
    free(expected), free(got.data);
}

static void check_best(const folder *f, const char *csv_path, const ask *q) {
    text got = {0};
    es_csv_input *csv;
    es_csv_best best;
    const es_csv_input_options reading = {0};
    const es_column_objective objective[] = {{es_slice_of(q->c), ES_MAXIMIZE}, {es_slice_of(q->a), ES_MINIMIZE}};
    const es_slice by = es_slice_of("model");
    const es_csv_best_options options = {.pick = es_slice_of("precision"),
                                         .by = &by,
                                         .n_by = 1,
                                         .objective = objective,
                                         .n_objectives = 2,
                                         .skip_missing = true,
                                         .top = 1,
                                         .threads = 1};
    const es_text_sink out = {add_text, &got};
    static es_errors errors;
    errors = (es_errors){0};
    cr_assert_eq(es_csv_input_open(&csv_path, 1, &reading, &csv, &errors), ES_OK);
    cr_assert_eq(es_csv_best_find(csv, &options, &best, &errors), ES_OK, "%s", errors.error[0].text);
    cr_assert_eq(es_csv_best_write(csv, &best, &out, &errors), ES_OK);
    es_csv_best_free(&best);
    es_csv_input_close(csv);
    char *expected = slurp_in(f, "best.csv");
    cr_assert_str_eq(got.data, expected);
    free(expected), free(got.data);
}

static void check_run(const folder *f, const es_sweep *sweep, const ask *q) {
    char out[400], front[400], best[400];
    path_in(f, "out.csv", out, sizeof out), path_in(f, "front.csv", front, sizeof front);
    path_in(f, "best.csv", best, sizeof best);
    static es_errors errors;
    es_run_report with_rows, pruned;
    es_run_options options = {.out = out, .front_out = front, .best_out = best, .threads = 1, .csv = {.digits = 17}};
    errors = (es_errors){0};
    cr_assert_eq(es_sweep_run(sweep, &options, &with_rows, &errors), ES_OK, "%s", errors.error[0].text);
    cr_assert_eq(es_sweep_run(sweep, &(es_run_options){.threads = 1}, &pruned, &errors), ES_OK, "%s",
                 errors.error[0].text);
    cr_assert_eq(with_rows.front_unique, pruned.front_unique);
    cr_assert(with_rows.front_missing == pruned.front_missing && with_rows.best_missing == pruned.best_missing);
    char *rows = slurp(out, NULL);
    check_cells(rows);
    free(rows);
    check_front(f, out, q);
    check_best(f, out, q);
    es_run_report_free(&with_rows);
    es_run_report_free(&pruned);
}

static void check_catalogs(dice *d, const ask *q, bool calm) {
    folder f = folder_new();
    put_table(&f, d, "models.csv", ES_MODEL, calm);
    put_table(&f, d, "devices.csv", ES_DEVICE, calm);
    put_table(&f, d, "precisions.csv", ES_PRECISION, calm);
    es_catalog catalog;
    es_sweep *sweep;
    load_catalog(&catalog, f.path);
    char kernel[32], minimize[96], maximize[64], best_minimize[64], best_maximize[64];
    snprintf(kernel, sizeof kernel, "kernel=%s", q->kernel);
    snprintf(minimize, sizeof minimize, "pareto.minimize=%s,%s", q->a, q->b);
    snprintf(maximize, sizeof maximize, "pareto.maximize=%s", q->c);
    snprintf(best_maximize, sizeof best_maximize, "best.maximize=%s", q->c);
    snprintf(best_minimize, sizeof best_minimize, "best.minimize=%s", q->a);
    bool roofline = kernel[7] == 'r';
    const char *const sets[] = {kernel,
                                minimize,
                                maximize,
                                "pareto.by=device",
                                "best.pick=precision",
                                "best.by=model",
                                best_maximize,
                                best_minimize,
                                roofline ? "prompt=1,16M" : "seq_len=1,1000,16M",
                                roofline ? "batch=1,1M" : "device.mem_bw_gbs=1e-300,1e18"};
    static es_errors errors;
    errors = (es_errors){0};
    es_status status = es_sweep_load(&sweep, &catalog, NULL, sets, LENGTH(sets), NULL, 0, &errors);
    cr_assert_eq(status == ES_OK, errors.n_errors == 0);
    if (sweep)
        check_run(&f, sweep, q);
    else
        cr_assert(*errors.error[0].text);
    es_sweep_free(sweep);
    es_catalog_free(&catalog);
    folder_free(&f);
}

Test(absurd, runs_end_with_finite_cells_and_agree_with_their_csv) {
    dice d = {9};
    for (int round = 0; round < ROUNDS(200); round++)
        check_catalogs(&d, &asks[(size_t)round % LENGTH(asks)], round % 2);
}

/* Columns of the user's own and tied fields, against what the rows themselves say. */
#include "real.h"
#include "sweep_help.h"

static es_catalog catalog;

static void set_up(void) { load_catalog(&catalog, NULL); }
static void tear_down(void) { es_catalog_free(&catalog); }
TestSuite(metrics, .init = set_up, .fini = tear_down);

/* The rows with 17 digits; the caller's to free. */
static char *rows_of(const char *const *sets, size_t n_sets, const char *const *wheres, size_t n_wheres) {
    folder f = folder_new();
    char path[400];
    path_in(&f, "rows.csv", path, sizeof path);
    es_sweep *sweep = load_sweep(&catalog, NULL, sets, n_sets, wheres, n_wheres);
    es_run_options options = {.out = path, .threads = 2, .csv = {.digits = 17}};
    es_run_report report;
    es_errors errors = {0};
    cr_assert_eq(es_sweep_run(sweep, &options, &report, &errors), ES_OK, "%s", errors.error[0].text);
    es_run_report_free(&report);
    es_sweep_free(sweep);
    char *rows = slurp(path, NULL);
    folder_free(&f);
    return rows;
}

/* The cells of a line, none of which has quotes; ends them with NUL and returns the next line. */
static char *split(char *line, const char **cell, size_t n) {
    char *next = strchr(line, '\n');
    if (next)
        *next++ = '\0';
    for (size_t i = 0; i < n; i++) {
        cell[i] = line;
        char *comma = strchr(line, ',');
        if (comma)
            *comma = '\0';
        line = comma ? comma + 1 : line + strlen(line);
    }
    return next;
}

/* Sums and products of what is positive, so that nothing cancels: every rounding stays below 1e-15 together. */
static const char *const formulas[] = {
    "decode_tok_s / device.price_usd",
    "(tpot_s * device.load_w + ttft_s) / prompt",
    "max(load_s, ttft_s) + min(prompt, 300) * tpot_s",
    "decode_tok_s > 20 ? kv_bytes / weight_bytes : peak_memory_bytes * 2",
    "fits and not (prompt < 200 or tpot_s >= 0.1)",
    "quality / 100 * decode_tok_s * 3600 / (device.idle_w + 0.5)",
    "usd_per_mtok == '' ? gen : usd_per_mtok * 7",
    "sqrt(energy_j_per_token) + abs(tpot_s) + pow(device.mem_bw_gbs, 2)",
    "floor(decode_tok_s * 10) + ceil(params / 1e9)",
};

Test(metrics, are_what_the_other_cells_give) {
    static const char columns[] =
        "output.columns=decode_tok_s,device.price_usd,tpot_s,device.load_w,ttft_s,prompt,load_s,"
        "kv_bytes,weight_bytes,peak_memory_bytes,fits,quality,device.idle_w,usd_per_mtok,gen,"
        "energy_j_per_token,device.mem_bw_gbs,params";
    for (size_t f = 0; f < LENGTH(formulas); f++) {
        char metric[200], output[400];
        snprintf(metric, sizeof metric, "--metric own = %s", formulas[f]);
        snprintf(output, sizeof output, "%s,own", columns);
        const char *const sets[] = {"kernel=roofline",
                                    "model=Llama-3.2-*, Gemma-3-4B",
                                    "device=*",
                                    "precision=Q4_K_M, FP16",
                                    "prompt=100, 512",
                                    "gen=64",
                                    metric,
                                    output};
        char *rows = rows_of(sets, LENGTH(sets), NULL, 0), *line = rows;
        const char *name[32], *cell[32];
        size_t n = 1, n_rows = 0, empty = 0;
        for (const char *p = columns; *p; p++)
            n += *p == ',';
        line = split(line, name, n + 1);
        cr_assert_str_eq(name[n], "own");
        es_arena arena = {0};
        es_expr x;
        cr_assert_eq(es_expr_parse(&x, es_slice_of(formulas[f]), (es_origin){0}, NULL, &arena, NULL), ES_OK);
        for (; line && *line; n_rows++) {
            line = split(line, cell, n + 1);
            real value[16];
            bool missing = false;
            for (size_t k = 0; k < x.n_names; k++) {
                size_t c = 0;
                while (c < n && !es_slice_equal(x.name[k], name[c]))
                    c++;
                cr_assert_lt(c, n, "%s", formulas[f]);
                value[k] = *cell[c] ? (real)strtod(cell[c], NULL) : (real)NAN;
                missing = missing || !*cell[c];
            }
            double right = (double)real_of_expr(&x, x.n_nodes - 1, value, NULL);
            empty += !*cell[n];
            if (missing && f != 6) {
                cr_assert_str_eq(cell[n], "", "%s", formulas[f]);
                continue;
            }
            cr_assert(*cell[n], "%s", formulas[f]);
            cr_assert_leq(fabs(strtod(cell[n], NULL) - right), 1e-15 * fabs(right), "%s: %s not %.17g", formulas[f],
                          cell[n], right);
        }
        cr_assert(n_rows > 100 && empty < n_rows, "%zu of %zu", empty, n_rows);
        es_arena_free(&arena);
        free(rows);
    }
}

/* A tied field gives the rows of an axis that holds all its values, filtered by the formula. */
Test(metrics, tied_fields_give_the_rows_of_a_filtered_axis) {
    static const struct {
        const char *axis, *tied, *values, *where;
    } cases[] = {
        {"device.mem_bw_gbs=10:40+10", "device.price_usd=expr(20 + 0.5*device.mem_bw_gbs)",
         "device.price_usd=25,30,35,40", "device.price_usd = 20 + 0.5*device.mem_bw_gbs"},
        {"device.load_w=4,8", "device.idle_w=expr(device.load_w / 4 + batch)", "device.idle_w=2,3,4",
         "device.idle_w = device.load_w / 4 + batch"},
        {"device.mem_bw_gbs=8,16,32", "device.mem_util=expr(min(0.6, 4 / device.mem_bw_gbs + batch / 8))",
         "device.mem_util=0.25,0.375,0.5,0.6", "device.mem_util = min(0.6, 4 / device.mem_bw_gbs + batch / 8)"},
        {"nodes=1,2", "device.token_overhead_ms=expr(model == 'Llama-3.2-1B' ? nodes : nodes + 1)",
         "device.token_overhead_ms=1,2,3", "device.token_overhead_ms = (model == 'Llama-3.2-1B' ? nodes : nodes + 1)"},
        {"model.layers=8,16", "model.hidden=expr(128 * model.layers)", "model.hidden=1024,2048",
         "model.hidden = 128 * model.layers"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const char *sets[] = {
            "kernel=roofline",
            "model=Llama-3.2-*",
            "device=Raspberry Pi 5",
            "precision=Q4_K_M, INT8",
            "batch=1, 2",
            cases[i].axis,
            cases[i].tied,
            "output.columns=model,precision,batch,weight_bytes,kv_bytes,ttft_s,tpot_s,usd_per_mtok,power_w"};
        char *tied = rows_of(sets, LENGTH(sets), NULL, 0);
        sets[6] = cases[i].values;
        char *filtered = rows_of(sets, LENGTH(sets), &cases[i].where, 1);
        cr_assert_str_eq(tied, filtered, "%s\n%s\n%s", cases[i].tied, tied, filtered);
        size_t lines = 0;
        for (const char *p = tied; *p; p++)
            lines += *p == '\n';
        cr_assert_geq(lines, 8, "%s", cases[i].tied);
        free(tied), free(filtered);
    }
}

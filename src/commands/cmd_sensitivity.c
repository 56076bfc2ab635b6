/* sensitivity: what the metrics of a point depend on. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/inputs.h"
#include "analysis/sobol.h"
#include "base/os.h"
#include "base/team.h"
#include "commands/commands.h"
#include "commands/csv_tables.h"
#include "commands/explain_point.h"
#include "cli/load.h"
#include "cli/number_table.h"
#include "cli/print.h"
#include "commands/sensitivity_choice.h"
#include "grid/plan.h"

enum { SHOWN_INPUTS = 12, BAR_MAX = 20, MAX_METRICS = 32 };

typedef struct metrics {
    const es_column *column[MAX_METRICS];
    uint16_t node[MAX_METRICS];
    size_t n;
} metrics;

/* ---- which metrics ---- */

static es_status add_metric(es_cli *cli, const es_sweep *sweep, metrics *m, int column, es_errors *errors) {
    const es_column *found = &sweep->columns[column];
    if (found->labels)
        return es_usage(cli, errors, "--of: not a number: '%s'", found->name);
    if (m->n == MAX_METRICS)
        return es_usage(cli, errors, "--of: too many metrics; expected at most %d", MAX_METRICS);
    m->column[m->n] = found;
    m->node[m->n++] = (uint16_t)found->node;
    return ES_OK;
}

static es_status find_metrics(es_cli *cli, es_sweep *sweep, metrics *m, es_errors *errors) {
    es_slice *name;
    size_t n;
    es_status status = es_cli_column_list(cli, ES_OPT_OF, &name, &n, errors);
    int column[MAX_METRICS + 1];
    for (size_t i = 0; i < n && i <= MAX_METRICS && !status; i++)
        status = es_plan_find_column(sweep, name[i], (es_origin){.file = "--of"}, &column[i], errors);
    for (size_t i = 0; i < n && !status; i++) /* the columns have their places when all are there */
        status = add_metric(cli, sweep, m, column[i], errors);
    if (status || n)
        return status;
    const bool best = sweep->best.given;
    const es_objective *objective = best ? sweep->best.objective : sweep->front.objective;
    n = best ? sweep->best.n_objectives : sweep->front.given ? sweep->front.n_objectives : 0;
    for (size_t i = 0; i < n && !status; i++)
        status = add_metric(cli, sweep, m, objective[i].column, errors);
    return status || m->n ? status : es_usage(cli, errors, "of which metric? expected --of METRIC[,METRIC]");
}

/* ---- elasticities ---- */

static void slope_cell(es_listing *listing, double slope) {
    if (isnan(slope))
        es_listing_cell(listing, "");
    else
        es_listing_format(listing, "%+.3f", slope);
}

static void bar_cell(es_listing *listing, double slope, double largest, int half) {
    char bar[2 * BAR_MAX + 2];
    const int length = isnan(slope) || !(largest > 0) ? 0 : (int)(fabs(slope) / largest * half + 0.5);
    memset(bar, ' ', sizeof bar);
    bar[half] = '|';
    memset(slope < 0 ? bar + half - length : bar + half + 1, slope < 0 ? '-' : '+', (size_t)length);
    bar[slope < 0 ? half + 1 : half + 1 + length] = '\0';
    es_listing_cell(listing, bar);
}

static es_status print_tornado(es_cli *cli, const es_varied *v, const es_column *column, const es_ranked *list,
                               es_errors *errors) {
    static const char *const headers[] = {"input", ">value", ">per 1%", ">down", ">up", "effect", NULL};
    const size_t top = (size_t)es_count_of(cli, ES_OPT_TOP, SHOWN_INPUTS);
    /* the other columns take at most 71 */
    const int room = (int)cli->width - 71, half = room < 9 ? 4 : room / 2 > BAR_MAX ? BAR_MAX : (room - 1) / 2;
    char value[64];
    size_t n = 0;
    while (n < v->n_inputs && es_elasticity_size(&list[n].e) >= ES_NOTICED)
        n++;
    es_human_si(value, sizeof value, v->base[column->node]);
    printf("%s = %s%s%s\n", column->name, value, *column->unit ? " " : "", column->unit);
    es_listing listing;
    es_listing_begin(&listing, headers);
    for (size_t i = 0; i < n && i < top; i++) {
        const es_elasticity *e = &list[i].e;
        const bool kink = fabs(e->up - e->down) > 0.02 * es_elasticity_size(e) || isnan(e->up) || isnan(e->down);
        es_listing_cell(&listing, list[i].input->name);
        es_human_number(value, sizeof value, list[i].input->value);
        es_listing_format(&listing, "%s%s%s", *value ? value : "by type", *list[i].input->unit ? " " : "",
                          list[i].input->unit);
        slope_cell(&listing, es_elasticity_breaks(e) ? NAN : e->both);
        slope_cell(&listing, kink ? e->down : NAN);
        slope_cell(&listing, kink ? e->up : NAN);
        bar_cell(&listing, es_elasticity_shown(e), es_elasticity_size(&list[0].e), half);
    }
    es_status status = es_listing_print(&listing, cli, stdout, 2, errors);
    if (n > top)
        printf("  %zu more have an effect; --top %zu shows them\n", n - top, n);
    if (!n)
        puts("  no number of the point has an effect");
    return status;
}

/* ---- CSV ---- */

static es_status write_elasticities(es_cli *cli, const es_varied *v, const metrics *m, const es_ranked *list,
                                    es_errors *errors) {
    static const char *const header[] = {"input", "unit", "of", "value", "elasticity", "down", "up"};
    es_number_table t;
    es_status status = es_number_table_open(&t, cli, errors);
    if (status)
        return status;
    status = es_number_table_row(&t, header, 7, NULL, 0, errors);
    for (size_t i = 0; i < m->n * v->n_inputs && !status; i++) {
        const es_input *input = list[i].input;
        const es_elasticity *e = &list[i].e;
        status = es_number_table_row(&t, (const char *[]){input->name, input->unit, m->column[i / v->n_inputs]->name},
                                     3, (const double[]){input->value, e->both, e->down, e->up}, 4, errors);
    }
    return es_number_table_close(&t, cli, m->n * v->n_inputs, status, errors);
}

static void print_point(const es_sweep *sweep, uint64_t index, const es_varied *v) {
    printf("%s, %s, %s", v->rows.model->name, v->rows.device->name, v->rows.precision->name);
    if (v->rows.runtime && sweep->n_axes)
        printf(", %s", v->rows.runtime->name);
    printf(" (point %llu)\n", (unsigned long long)index);
}

static es_status elasticities(es_cli *cli, const es_sweep *sweep, uint64_t index, const metrics *m, es_errors *errors) {
    es_varied v;
    es_status status = es_varied_make(&v, sweep, index, &cli->arena, errors);
    if (status)
        return status;
    es_ranked *list = calloc(m->n * v.n_inputs + 1, sizeof *list);
    if (!list)
        return es_fail_memory(errors);
    status = es_rank_inputs(&v, m->node, m->n, list, errors);
    if (!status && (es_given(cli, ES_OPT_OUT) || es_given(cli, ES_OPT_FORMAT))) {
        status = write_elasticities(cli, &v, m, list, errors);
    } else if (!status) {
        print_point(sweep, index, &v);
        for (size_t k = 0; k < m->n && !status; k++)
            status = print_tornado(cli, &v, m->column[k], list + k * v.n_inputs, errors);
    }
    free(list);
    return status;
}

/* ---- Sobol' indices ---- */

static es_status write_indices(es_cli *cli, const es_sobol *sobol, const metrics *m, es_errors *errors) {
    static const char *const header[] = {"input", "of", "first_order", "first_order_ci", "total", "total_ci"};
    es_number_table t;
    es_status status = es_number_table_open(&t, cli, errors);
    if (status)
        return status;
    status = es_number_table_row(&t, header, 6, NULL, 0, errors);
    for (size_t i = 0; i < m->n * sobol->n_inputs && !status; i++) {
        const es_sobol_index *index = &sobol->index[i];
        status = es_number_table_row(
            &t, (const char *[]){sobol->input[i % sobol->n_inputs], m->column[i / sobol->n_inputs]->name}, 2,
            (const double[]){index->first, index->first_ci, index->total, index->total_ci}, 4, errors);
    }
    return es_number_table_close(&t, cli, m->n * sobol->n_inputs, status, errors);
}

static es_status print_indices(es_cli *cli, const es_sobol *sobol, const metrics *m, size_t k, es_errors *errors) {
    static const char *const headers[] = {"input", ">first order", ">+-", ">total", ">+-", "effect", NULL};
    es_listing listing;
    printf("%s\n", m->column[k]->name);
    es_listing_begin(&listing, headers);
    for (size_t j = 0; j < sobol->n_inputs; j++) {
        const es_sobol_index *index = &sobol->index[k * sobol->n_inputs + j];
        es_listing_cell(&listing, sobol->input[j]);
        const double number[] = {index->first, index->first_ci, index->total, index->total_ci};
        for (size_t i = 0; i < 4; i++)
            if (isnan(number[i]))
                es_listing_cell(&listing, "");
            else
                es_listing_format(&listing, "%.4f", number[i]);
        char bar[BAR_MAX + 1] = "";
        const double share = index->total < 1 ? index->total : 1;
        memset(bar, '+', share > 0 ? (size_t)(share * BAR_MAX + 0.5) : 0);
        es_listing_cell(&listing, bar);
    }
    return es_listing_print(&listing, cli, stdout, 2, errors);
}

static es_status indices(es_cli *cli, const es_sweep *sweep, const metrics *m, es_errors *errors) {
    es_sobol sobol;
    const es_sobol_options options = {.samples = es_count_of(cli, ES_OPT_SOBOL, 0),
                                      .seed = es_count_of(cli, ES_OPT_SEED, 0),
                                      .threads =
                                          es_team((unsigned)es_count_of(cli, ES_OPT_THREADS, es_os_processors())),
                                      .stop = cli->stop};
    es_status status = es_sobol_run(&sobol, sweep, m->node, m->n, &options, &cli->arena, errors);
    for (size_t k = 0; k < m->n && !status; k++)
        if (sobol.left_out[k])
            es_note(cli, "%s: %.2g%% of the samples left out, where it has no value", m->column[k]->name,
                    100.0 * (double)sobol.left_out[k] / (double)sobol.n_samples);
    if (!status && (es_given(cli, ES_OPT_OUT) || es_given(cli, ES_OPT_FORMAT)))
        return write_indices(cli, &sobol, m, errors);
    for (size_t k = 0; k < m->n && !status; k++)
        status = print_indices(cli, &sobol, m, k, errors);
    if (!status)
        printf("%zu samples, %.3g evaluations; +- holds in 95%% of repetitions\n", sobol.n_samples, sobol.evaluations);
    return status;
}

static es_status run_sensitivity(es_cli *cli, es_errors *errors) {
    es_catalog catalog = {0};
    es_sweep *sweep = NULL;
    metrics m = {.n = 0};
    uint64_t index;
    es_status status = es_cli_load_sweep(cli, &catalog, &sweep, errors);
    const bool decides = es_given(cli, ES_OPT_DECIDES), binding = es_given(cli, ES_OPT_BINDING);
    if (!status && (decides || binding)) {
        status = decides && binding ? es_usage(cli, errors, "--decides and --binding are two tables; expected one")
                 : decides          ? es_sensitivity_decides(cli, sweep, errors)
                                    : es_sensitivity_binding(cli, sweep, errors);
        goto done;
    }
    if (!status)
        status = find_metrics(cli, sweep, &m, errors);
    const bool whole = es_given(cli, ES_OPT_SOBOL);
    if (!status && whole)
        status = es_given(cli, ES_OPT_POINT) || es_given(cli, ES_OPT_INDEX)
                     ? es_usage(cli, errors, "--sobol is over the whole sweep; drop --point and --index")
                     : indices(cli, sweep, &m, errors);
    if (!status && !whole)
        status = es_find_point(cli, sweep, &index, errors);
    if (!status && !whole)
        status = elasticities(cli, sweep, index, &m, errors);
done:
    es_sweep_free(sweep);
    es_catalog_free(&catalog);
    return status;
}

static const char *const examples[] = {
    ("edgesweep sensitivity sweeps/edge.sweep --of decode_tok_s,ttft_s --point "
     "'model=Llama-3.2-3B,device=Raspberry Pi 5 8GB,precision=Q4_K_M,prompt=512,gen=128'"),
    "by how many percent the metrics of a point change when an input changes by one percent",
    "edgesweep sensitivity sweeps/paper.sweep --index 17 --of end_to_end_ms -f csv",
    "all inputs as CSV",
    "edgesweep sensitivity sweeps/paper.sweep --sobol 4096 --of end_to_end_ms",
    "how much of the variance over the sweep each axis explains",
    "edgesweep sensitivity sweeps/edge.sweep --device 'Raspberry Pi 5 8GB' --model 'Llama-3.2-*,Gemma-3-*' --decides",
    "what would have to be different for another model or format to be the best",
    "edgesweep sensitivity sweeps/edge.sweep --device 'Raspberry Pi 5 8GB' --model 'Llama-3.2-*,Gemma-3-*' --binding",
    "what keeps better ones out, and what memory and bandwidth would buy",
    NULL,
};

const es_command es_cmd_sensitivity = {
    .id = ES_CMD_SENSITIVITY,
    .name = "sensitivity",
    .synopsis = "[FILE.sweep]",
    .max_operands = 1,
    .help = "show what the metrics of a point depend on, and how much",
    .details =
        "The elasticity of a metric is d ln(metric) / d ln(input): the percent it changes by when the input changes "
        "by one. Inputs are the catalog fields that the kernel reads (rates by tensor type as one factor), the "
        "workload and numeric options; an input of 0 has none, and a field that follows others by expr() is no input "
        "of its own. The largest come first; down and up are the elasticities to either side where they differ, as "
        "they do where another limit takes over. Where one is less than half of the other there is no slope, and only "
        "they are shown.\n\n"
        "Real numbers move by 0.01% to both sides. Whole numbers move by a power of two that divides them, so that "
        "rows stay whole blocks of their formats.\n\n"
        "CSV (-f or -o): input, unit, of, value, elasticity, down, up; empty where a metric is missing, 0 or changes "
        "sign.\n\n"
        "--sobol gives Sobol' indices over the whole sweep instead: the share of a metric's variance that an input "
        "explains alone (first order: Saltelli et al. 2010, doi:10.1016/j.cpc.2009.09.018) and with its interactions "
        "(total: Jansen 1999, doi:10.1016/S0010-4655(98)00154-4), with 95% confidence by a jackknife. Inputs are the "
        "axes "
        "of several values (numbers uniform between the ends, names uniform over the values) and the ranges of the "
        "speeds, log-normal from low (10%) to high (90%). [where] is not asked; samples where a metric has no "
        "value are left out and counted. The samples are independent random numbers of a counter, so that the same "
        "seed "
        "gives the same bytes on any number of threads. CSV: input, of, first_order, first_order_ci, total, total_ci."
        "\n\n"
        "--decides tells what the best choice of every group of [best] rests on: the smallest change of a single "
        "number "
        "that makes another model, runtime, format or picked value win. Inputs are those above, the fields of a row "
        "changed for that row alone, the quality of a model in all its formats, and the limits of [where]; at most "
        "they "
        "are halved or doubled. All points of the group compete anew under each change, but for those that miss a "
        "limit "
        "by more than a factor of 8. CSV: the columns of the group, best, input, of (the row), value, changes_at, "
        "factor, direction, then_best (empty: nothing is left).\n\n"
        "--binding tells which condition stops the next better choice, and what more of device.ram_gb, "
        "device.mem_bw_gbs and of the limits of [where] buys: at once for the same choice, and where another one comes "
        "in the gain of the first objective divided by what it takes. CSV: the columns of the group, best, more_of, "
        "unit, stopped_by, then_best, metric, now, needs, gain, per_unit.",
    .examples = examples,
    .run = run_sensitivity,
};

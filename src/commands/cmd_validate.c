/* validate: predictions against measurements. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "calibrate/validate.h"
#include "commands/commands.h"
#include "commands/measurements.h"
#include "cli/print.h"

enum { SHOWN_WORST = 10 };

typedef struct validation {
    es_measurements m;
    es_prediction *prediction;
} validation;

/* ---- Tables ---- */

static void add_percent(es_listing *listing, double ratio) {
    if (isnan(ratio))
        es_listing_cell(listing, "");
    else
        es_listing_format(listing, "%.1f%%", 100 * ratio);
}

static es_status print_errors(validation *v, es_error_group group, es_errors *errors) {
    static const char *const titles[ES_ERROR_GROUPS] = {"",      "evidence", "device",       "runtime",
                                                        "build", "unit",     "quantization", "parameters"};
    const char *const header[] = {titles[group],      "phase",    ">n", ">bias", ">median error",
                                  ">90th percentile", ">covered", NULL};
    es_error_line *line;
    es_listing listing;
    size_t n;
    es_status status = es_error_table(&v->m.measured, v->prediction, group, &v->m.cli->arena, &line, &n, errors);
    if (status || !n)
        return status;
    es_listing_begin(&listing, header);
    for (size_t i = 0; i < n; i++) {
        es_listing_cell(&listing, group == ES_BY_PHASE ? "" : line[i].name);
        es_listing_cell(&listing, es_phase_names[line[i].phase]);
        es_listing_format(&listing, "%zu", line[i].summary.n);
        add_percent(&listing, line[i].summary.bias);
        add_percent(&listing, line[i].summary.median);
        add_percent(&listing, line[i].summary.p90);
        if (isnan(line[i].summary.covered))
            es_listing_cell(&listing, "");
        else
            es_listing_format(&listing, "%.0f%%", 100 * line[i].summary.covered);
    }
    putchar('\n');
    return es_listing_print(&listing, v->m.cli, stdout, 0, errors);
}

/* Power and energy of a token in decode, at the boundary that each row was measured at. */
static es_status print_power(validation *v, es_errors *errors) {
    static const char *const header[] = {
        "boundary",         ">n", ">power bias", ">median error", ">90th percentile", ">energy bias", ">median error",
        ">90th percentile", NULL};
    const es_field *field = &es_fields(ES_POWER)->fields[ES_W_BOUNDARY];
    const es_measured *all = &v->m.measured;
    double *power = es_arena_array(&v->m.cli->arena, 2 * all->n + 2, sizeof *power);
    es_listing listing;
    bool any = false;
    if (!power)
        return es_fail_memory(errors);
    double *energy = power + all->n + 1;
    for (size_t b = 0; field->choices[b]; b++) {
        size_t n = 0;
        for (size_t i = 0; i < all->n; i++) {
            const es_prediction *p = &v->prediction[i];
            if (isnan(p->power_error) || strcmp(all->row[i].power_boundary, field->choices[b]) != 0)
                continue;
            power[n] = p->power_error;
            energy[n++] = (1 + p->power_error) / (1 + p->error) - 1;
        }
        if (!n)
            continue;
        if (!any)
            es_listing_begin(&listing, header);
        any = true;
        es_listing_cell(&listing, field->choices[b]);
        es_listing_format(&listing, "%zu", n);
        for (int k = 0; k < 2; k++) {
            const es_error_summary s = es_summarise_errors(k ? energy : power, n);
            add_percent(&listing, s.bias);
            add_percent(&listing, s.median);
            add_percent(&listing, s.p90);
        }
    }
    if (any)
        puts("\nPower, and energy of a token, in decode:");
    return any ? es_listing_print(&listing, v->m.cli, stdout, 0, errors) : ES_OK;
}

/* Lines by what stands behind the round and the acceptance. */
static es_status print_speedups(validation *v, es_errors *errors) {
    static const char *const header[] = {"round",         "acceptance",       ">n", ">bias",
                                         ">median error", ">90th percentile", NULL};
    static const char *const rounds[] = {"bytes and operations", "other sources"}, *const shares[] = {"estimated",
                                                                                                      "stated"};
    const es_measured *all = &v->m.measured;
    es_speedup *speedup = es_arena_array(&v->m.cli->arena, all->n + 1, sizeof *speedup);
    double *error = es_arena_array(&v->m.cli->arena, all->n + 1, sizeof *error);
    es_listing listing;
    bool any = false;
    if (!speedup || !error)
        return es_fail_memory(errors);
    const es_status status = es_speedups_left_out(all, &v->m.point, speedup, errors);
    for (int line = 0; line < 4 && !status; line++) {
        const bool from_rows = line < 2, stated = line % 2 == 0;
        size_t n = 0;
        for (size_t i = 0; i < all->n; i++)
            if (!isnan(speedup[i].predicted) && speedup[i].from_rows == from_rows && speedup[i].stated == stated)
                error[n++] = speedup[i].predicted / all->row[i].tokens_per_s - 1;
        if (!n)
            continue;
        if (!any)
            es_listing_begin(&listing, header);
        any = true;
        const es_error_summary s = es_summarise_errors(error, n);
        es_listing_cell(&listing, rounds[from_rows]);
        es_listing_cell(&listing, shares[stated]);
        es_listing_format(&listing, "%zu", n);
        add_percent(&listing, s.bias);
        add_percent(&listing, s.median);
        add_percent(&listing, s.p90);
    }
    if (any)
        puts("\nSpeed-ups by drafts, each with its source left out:");
    return any && !status ? es_listing_print(&listing, v->m.cli, stdout, 0, errors) : status;
}

static es_status print_worst(validation *v, es_errors *errors) {
    static const char *const header[] = {"device",     "runtime", "model", "quantization", "phase", ">measured",
                                         ">predicted", ">error",  NULL};
    size_t rows[SHOWN_WORST + 1];
    const size_t n = es_worst_rows(&v->m.measured, v->prediction, rows, SHOWN_WORST);
    es_listing listing;
    if (!n)
        return ES_OK;
    es_listing_begin(&listing, header);
    for (size_t i = 0; i < n; i++) {
        const es_measurement *m = &v->m.measured.row[rows[i]];
        es_listing_cell(&listing, m->rows.device->name);
        es_listing_cell(&listing, m->runtime);
        es_listing_cell(&listing, m->rows.model->name);
        es_listing_cell(&listing, m->rows.precision->name);
        es_listing_cell(&listing, es_phase_names[m->phase]);
        es_listing_number(&listing, m->tokens_per_s);
        es_listing_number(&listing, v->prediction[rows[i]].tokens_per_s);
        es_listing_format(&listing, "%+.0f%%", 100 * v->prediction[rows[i]].error);
    }
    puts("\nFarthest off, in tokens per second (speed-ups: with / without the draft):");
    return es_listing_print(&listing, v->m.cli, stdout, 0, errors);
}

typedef struct unmatched {
    const char *reason;
    size_t row, n; /* n: of rows with the reason, at the first of them; else 0 */
} unmatched;

static int by_reason(const void *a, const void *b) {
    const unmatched *x = a, *y = b;
    const int order = strcmp(x->reason, y->reason);
    return order ? order : (x->row > y->row) - (x->row < y->row);
}

static int by_row(const void *a, const void *b) {
    const unmatched *x = a, *y = b;
    return (x->row > y->row) - (x->row < y->row);
}

/* Every reason once, with the number of rows it holds for. */
static es_status print_unmatched(const validation *v, es_errors *errors) {
    static const char *const header[] = {">rows", "not predicted because", NULL};
    const es_measured *all = &v->m.measured;
    unmatched *list = es_arena_array(&v->m.cli->arena, all->n, sizeof *list);
    size_t n = 0;
    es_listing listing;
    if (!list)
        return es_fail_memory(errors);
    for (size_t i = 0; i < all->n; i++)
        if (all->row[i].reason)
            list[n++] = (unmatched){all->row[i].reason, i, 0};
    qsort(list, n, sizeof *list, by_reason);
    for (size_t i = 0, first = 0; i < n; i++) {
        if (strcmp(list[i].reason, list[first].reason) != 0)
            first = i;
        list[first].n++;
    }
    qsort(list, n, sizeof *list, by_row);
    es_listing_begin(&listing, header);
    for (size_t i = 0; i < n; i++) {
        if (!list[i].n)
            continue;
        es_listing_format(&listing, "%zu", list[i].n);
        es_listing_cell(&listing, list[i].reason);
    }
    putchar('\n');
    return es_listing_print(&listing, v->m.cli, stdout, 0, errors);
}

/* ---- The joined table ---- */

/* A number and the delimiter; NaN: nothing. */
static es_status put_number(validation *v, double value, char delimiter, es_errors *errors) {
    return isnan(value) ? es_measurements_print(&v->m, errors, "%c", delimiter)
                        : es_measurements_print(&v->m, errors, "%.6g%c", value, delimiter);
}

static es_status write_joined(validation *v, es_errors *errors) {
    const es_measured *all = &v->m.measured;
    const char d = all->delimiter;
    es_status status = es_output_write(v->m.output, all->header, strlen(all->header), errors);
    if (!status)
        status = es_measurements_print(&v->m, errors,
                                       "%cpredicted_tokens_per_s%cpredicted_low%cpredicted_high%cerror_pct%cbasis%c"
                                       "predicted_power_w%cpredicted_memory_mib%creason\n",
                                       d, d, d, d, d, d, d, d);
    for (size_t i = 0; i < all->n && !status; i++) {
        const es_measurement *m = &all->row[i];
        const es_prediction *p = &v->prediction[i];
        const double numbers[] = {p->tokens_per_s, p->low, p->high, 100 * p->error};
        status = es_output_write(v->m.output, m->line, strlen(m->line), errors);
        if (!status)
            status = es_output_write(v->m.output, &d, 1, errors);
        for (size_t k = 0; k < sizeof numbers / sizeof *numbers && !status; k++)
            status = put_number(v, numbers[k], d, errors);
        if (!status)
            status = es_measurements_print(&v->m, errors, "%s%c", m->reason ? "" : es_basis_names[p->basis], d);
        if (!status)
            status = put_number(v, p->power_w, d, errors);
        if (!status)
            status = put_number(v, p->memory_mib, d, errors);
        if (!status && m->reason)
            status = es_measurements_cell(&v->m, m->reason, d, errors);
        if (!status)
            status = es_output_write(v->m.output, "\n", 1, errors);
    }
    return status;
}

/* ---- The command ---- */

static size_t count_predicted(const es_measured *all) {
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++)
        n += !all->row[i].reason;
    return n;
}

static es_status print_tables(validation *v, es_errors *errors) {
    const size_t n = v->m.measured.n, predicted = count_predicted(&v->m.measured);
    es_status status = ES_OK;
    if (predicted)
        puts("predicted/measured - 1: bias is its median; errors are absolute");
    for (int group = 0; group < ES_ERROR_GROUPS && !status; group++)
        status = print_errors(v, (es_error_group)group, errors);
    if (!status)
        status = print_power(v, errors);
    if (!status)
        status = print_speedups(v, errors);
    if (!status)
        status = print_worst(v, errors);
    if (!status && predicted < n)
        status = print_unmatched(v, errors);
    printf("%s%zu of %zu measurements predicted\n", n ? "\n" : "", predicted, n);
    return status;
}

static es_status run_validate(es_cli *cli, es_errors *errors) {
    validation v = {0};
    const char *path = es_text_of(cli, ES_OPT_OUT);
    es_status status = es_measurements_begin(&v.m, cli, errors);
    if (!status && !(v.prediction = es_arena_array(&cli->arena, v.m.measured.n + 1, sizeof *v.prediction)))
        status = es_fail_memory(errors);
    if (!status)
        status = es_validate(&v.m.measured, &v.m.point, v.prediction, errors);
    if (!status && v.m.output)
        status = write_joined(&v, errors);
    status = es_measurements_commit(&v.m, status, v.m.measured.n, errors);
    if (!status && !(path && strcmp(path, "-") == 0))
        status = print_tables(&v, errors);
    es_measurements_end(&v.m);
    return status;
}

static const char *const examples[] = {
    "edgesweep validate sweeps/measured.csv -o joined.csv",
    "errors by device, quantization and size; every row with its prediction in joined.csv",
    "llama-bench -m model.gguf -o csv | edgesweep validate - --device 'Raspberry Pi 5 8GB'",
    "the same for measurements of one's own",
    NULL,
};

const es_command es_cmd_validate = {
    .id = ES_CMD_VALIDATE,
    .name = "validate",
    .synopsis = "MEASURED.csv",
    .min_operands = 1,
    .max_operands = 1,
    .help = "compare predictions of the roofline kernel with measurements",
    .details =
        "MEASURED.csv has the columns device, model, quant, phase (prefill or decode, pp512 or tg128) and "
        "tokens_per_s; "
        "known besides are device_variant, runtime, backend, build, build_date, unit, kernel_note, format, n_prompt, "
        "n_gen, "
        "ctx_depth, threads, batch, ubatch, power_w, power_boundary, memory_mib, params_b, source_url, source_date and "
        "note. A row with draft (mtp, eagle, lookup or a model) and draft_tokens is a pair: the speed-up of "
        "tokens_per_s "
        "over tokens_per_s_without is compared, at its acceptance or, without one, that of its task (drafts.csv); such "
        "rows are "
        "never fitted. What "
        "llama-bench prints is read as it is (-o csv, json, jsonl, md, sql), from a file or from standard input (-); "
        "--device names the device unless the name of its CPU or GPU does.\n\n"
        "Names are those of the catalogs or their aliases, but for case, punctuation, the size of the RAM and words "
        "like "
        "'Model B Rev 1.0': device and device_variant together first, then the device alone. Models are also found by "
        "file names, Hugging Face ids and Ollama tags (llama3.2:3b). Runtimes lose their version. A model file of "
        "llama-bench is confirmed by its number of parameters within 2%; "
        "its table for people (md) names no file, then family and parameters tell the model.\n\n"
        "A measurement is predicted with its runtime, backend, build and threads. covered is the share of measurements "
        "inside the range of their prediction, 10 to 90% of what was measured where a fit knew as little; evidence is "
        "A "
        "with rows of the same device, runtime and type, B of the device, C of its unit, D of its kind, else E.\n\n"
        "-o writes the input columns and predicted_tokens_per_s, predicted_low, predicted_high, error_pct, basis (what "
        "the rates rest on), predicted_power_w, predicted_memory_mib and reason (why there is no prediction).",
    .examples = examples,
    .run = run_validate,
};

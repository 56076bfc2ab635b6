/* calibrate: rows of calibration.csv from measurements. */
#include <math.h>
#include <string.h>

#include "calibrate/calibrate.h"
#include "calibrate/power.h"
#include "commands/commands.h"
#include "commands/measurements.h"
#include "cli/print.h"

/* What is not fitted stays as in the catalog, so that the file can replace it. */
static es_status write_kept(es_measurements *m, es_errors *errors) {
    const es_table *rows = &m->catalog.table[ES_CALIBRATION];
    es_status status = ES_OK;
    for (size_t i = 0; i < rows->n_rows && !status; i++) {
        const char *const *text = rows->rows[i].text;
        if (strcmp(text[ES_C_PHASE], "decode") == 0 || strcmp(text[ES_C_PHASE], "prefill") == 0)
            continue;
        for (int field = 0; field < ES_C_FIELDS && !status; field++) {
            status = es_measurements_cell(m, text[field], ',', errors);
            if (!status)
                status = es_measurements_print(m, errors, field + 1 < ES_C_FIELDS ? "," : "\n");
        }
    }
    return status;
}

static es_status write_rows(es_measurements *m, const es_calibrated *result, es_errors *errors) {
    es_status status = es_measurements_print(m, errors, "phase,effect,key,value,rows,sources,source\n");
    if (!status)
        status = write_kept(m, errors);
    for (size_t i = 0; i < result->n_rows && !status; i++) {
        const es_calibrated_row *row = &result->row[i];
        status = es_measurements_print(m, errors, "%s,%s,", row->phase, row->effect);
        if (!status)
            status = es_measurements_cell(m, row->key, ',', errors);
        if (!status)
            status = es_measurements_print(m, errors, ",%.4f,%zu,%zu,\n", row->value, row->rows, row->sources);
    }
    return status;
}

/* ---- Power ---- */

static const char *const power_header =
    "device,power_boundary,unit,threads,decode_w,stream_gbs,time_share,idle_w,rows,sources,source,note";

/* Whether a row of power.csv is of the level's board, unit and boundary. */
static bool is_level_of(const es_measurements *m, const es_row *row, const es_fitted_level *level) {
    const char *name = row->text[ES_W_DEVICE], *unit = row->text[ES_W_UNIT], *board = level->device->text[ES_D_BOARD];
    const es_row *device = es_table_find(&m->catalog.table[ES_DEVICE], name, strlen(name));
    return strcmp(level->boundary, row->text[ES_W_BOUNDARY]) == 0 &&
           (!*unit || es_equal_fold(unit, level->device->text[ES_D_UNIT])) &&
           (device == level->device || (device && *board && es_equal_fold(board, device->text[ES_D_BOARD])));
}

/* Threads and idle power are as the catalog has them: measurements tell neither. */
static es_status write_level(es_measurements *m, const es_fitted_level *level, es_errors *errors) {
    const es_table *known = &m->catalog.table[ES_POWER];
    const char *threads = "", *idle_w = "";
    for (size_t i = 0; i < known->n_rows; i++)
        if (is_level_of(m, &known->rows[i], level)) {
            threads = known->rows[i].text[ES_W_THREADS];
            idle_w = known->rows[i].text[ES_W_IDLE_W];
        }
    es_status status = es_measurements_cell(m, level->device->name, ',', errors);
    if (!status)
        status = es_measurements_print(m, errors, ",%s,%s,%s,%.4g,%.4g,%g,%s,%zu,%zu,", level->boundary,
                                       level->device->text[ES_D_UNIT], threads, level->decode_w, level->stream_gbs,
                                       ES_POWER_TIME_SHARE, idle_w, level->rows, level->sources);
    const char *list = "";
    for (size_t i = 0; level->source[i] && !status; i++)
        if (!(list = es_arena_printf(&m->cli->arena, "%s%s%s", list, i ? "; " : "", level->source[i])))
            status = es_fail_memory(errors);
    if (!status)
        status = es_measurements_cell(m, list, ',', errors);
    return status ? status : es_measurements_print(m, errors, ",\n");
}

static es_status write_power(es_measurements *m, const es_fitted_power *fitted, es_errors *errors) {
    const es_table *kept = &m->catalog.table[ES_POWER];
    es_status status = es_measurements_print(m, errors, "%s\n", power_header);
    for (size_t i = 0; i < fitted->n && !status; i++)
        status = write_level(m, &fitted->level[i], errors);
    for (size_t i = 0; i < kept->n_rows && !status; i++) {
        const es_row *row = &kept->rows[i];
        bool replaced = false;
        for (size_t k = 0; k < fitted->n; k++)
            replaced |= is_level_of(m, row, &fitted->level[k]);
        for (int field = 0; field < ES_W_FIELDS && !status && !replaced; field++) {
            status = es_measurements_cell(m, row->text[field], ',', errors);
            if (!status)
                status = es_measurements_print(m, errors, field + 1 < ES_W_FIELDS ? "," : "\n");
        }
    }
    return status;
}

static es_status print_power(es_measurements *m, const es_fitted_power *fitted, FILE *out, es_errors *errors) {
    static const char *const header[] = {
        "left out",         ">n", ">power bias", ">median error", ">90th percentile", ">energy bias", ">median error",
        ">90th percentile", NULL};
    static const char *const names[] = {"model", "source"};
    es_listing grid;
    es_listing_begin(&grid, header);
    for (int s = 0; s < ES_POWER_SPLITS; s++) {
        es_listing_cell(&grid, names[s]);
        es_listing_format(&grid, "%zu", fitted->n_errors[s]);
        for (int k = 0; k < 2; k++) {
            const es_error_summary e =
                es_summarise_errors(k ? fitted->energy_error[s] : fitted->power_error[s], fitted->n_errors[s]);
            es_listing_format(&grid, "%+.1f%%", 100 * e.bias);
            es_listing_format(&grid, "%.1f%%", 100 * e.median);
            es_listing_format(&grid, "%.1f%%", 100 * e.p90);
        }
    }
    fputs("Power, and energy of a token, in decode, by the other rows of the board at its boundary:\n", out);
    return es_listing_print(&grid, m->cli, out, 0, errors);
}

/* ---- Summaries ---- */

enum { SHOWN_SOURCES = 8 };

/* Evidence from `first` to `last`. */
typedef struct error_group {
    const char *name;
    es_basis first, last;
    bool batched;
} error_group;

static void add_errors(es_listing *listing, const es_measurements *m, const es_calibrated *result, es_fit_phase phase,
                       const error_group *group, es_arena *arena) {
    double *errors = es_arena_array(arena, m->measured.n + 1, sizeof *errors);
    size_t n = 0, inside = 0;
    double width = 0;
    for (size_t i = 0; errors && i < m->measured.n; i++) {
        const es_measurement *row = &m->measured.row[i];
        const es_held_out *held_out = &result->held_out[i];
        if (isnan(held_out->log_error) || (row->phase == ES_PHASE_PREFILL) != (phase == ES_FIT_PREFILL) ||
            (row->batch > 1) != group->batched || held_out->basis < group->first || held_out->basis > group->last)
            continue;
        inside += -held_out->log_error >= held_out->log_low && -held_out->log_error <= held_out->log_high;
        width += held_out->log_high - held_out->log_low;
        errors[n++] = expm1(held_out->log_error);
    }
    if (!n)
        return;
    const es_error_summary s = es_summarise_errors(errors, n);
    es_listing_cell(listing, es_fit_phase_names[phase]);
    es_listing_cell(listing, group->name);
    es_listing_format(listing, "%zu", s.n);
    es_listing_format(listing, "%+.1f%%", 100 * s.bias);
    es_listing_format(listing, "%.1f%%", 100 * s.median);
    es_listing_format(listing, "%.1f%%", 100 * s.p90);
    es_listing_format(listing, "%.0f%%", 100.0 * (double)inside / (double)n);
    es_listing_format(listing, "%.2f", exp(width / (double)n));
}

static es_status print_errors(es_measurements *m, const es_calibrated *result, FILE *out, es_errors *errors) {
    static const error_group groups[] = {
        {"any", ES_BASIS_CALIBRATED, ES_BASES, false},
        {"with rows of the device (A, B)", ES_BASIS_CALIBRATED, ES_BASIS_DEVICE, false},
        {"  A: its backend, family and type", ES_BASIS_CALIBRATED, ES_BASIS_CALIBRATED, false},
        {"  B: others of the device", ES_BASIS_DEVICE, ES_BASIS_DEVICE, false},
        {"without (C, D, E)", ES_BASIS_UNIT, ES_BASES, false},
        {"  C: of its unit", ES_BASIS_UNIT, ES_BASIS_UNIT, false},
        {"  D: of its kind", ES_BASIS_KIND, ES_BASIS_KIND, false},
        {"  E: none", ES_BASIS_CLASS, ES_BASES, false},
        {"several sequences", ES_BASIS_CALIBRATED, ES_BASES, true}};
    static const char *const header[] = {"phase",    "evidence",  ">n", ">bias", ">median error", ">90th percentile",
                                         ">covered", ">high/low", NULL};
    es_listing listing;
    es_listing_begin(&listing, header);
    for (int p = 0; p < ES_FIT_PHASES; p++)
        for (size_t g = 0; g < sizeof groups / sizeof *groups; g++)
            add_errors(&listing, m, result, (es_fit_phase)p, &groups[g], &m->cli->arena);
    fputs("Each source predicted from the others:\n", out);
    return es_listing_print(&listing, m->cli, out, 0, errors);
}

static es_status print_intervals(es_measurements *m, const es_calibrated *result, FILE *out, es_errors *errors) {
    static const char *const header[] = {"phase", "evidence", ">low", ">high", ">n", ">clusters", NULL};
    es_listing listing;
    es_listing_begin(&listing, header);
    for (size_t i = 0; i + 1 < result->n_rows; i++) {
        const es_calibrated_row *low = &result->row[i], *high = &result->row[i + 1];
        if (strcmp(low->effect, "low") != 0)
            continue;
        es_listing_cell(&listing, low->phase);
        es_listing_cell(&listing, low->key);
        es_listing_format(&listing, "%.2f", exp(low->value));
        es_listing_format(&listing, "%.2f", exp(high->value));
        es_listing_format(&listing, "%zu", low->rows);
        es_listing_format(&listing, "%zu", low->sources);
    }
    fputs("\nMeasured/predicted, 10 to 90%, by level of evidence:\n", out);
    return es_listing_print(&listing, m->cli, out, 0, errors);
}

static es_status print_sources(es_measurements *m, const es_calibrated *result, FILE *out, es_errors *errors) {
    static const char *const header[] = {"phase", ">n", ">predicted/measured", "source", NULL};
    es_listing listing;
    es_listing_begin(&listing, header);
    for (size_t i = 0; i < result->n_sources && i < SHOWN_SOURCES; i++) {
        es_listing_cell(&listing, es_fit_phase_names[result->source[i].phase]);
        es_listing_format(&listing, "%zu", result->source[i].n);
        es_listing_format(&listing, "%.2f", exp(result->source[i].mean));
        es_listing_cell(&listing, result->source[i].name);
    }
    fputs("\nSources farthest off when left out:\n", out);
    return es_listing_print(&listing, m->cli, out, 0, errors);
}

static size_t count_vague(const es_measured *all, bool dropped) {
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++)
        n += dropped ? all->row[i].reason != NULL : !all->row[i].reason && all->row[i].vague;
    return n;
}

static es_status print_summaries(es_measurements *m, const es_calibrated *result, FILE *out, es_errors *errors) {
    es_status status = print_errors(m, result, out, errors);
    if (!status)
        status = print_intervals(m, result, out, errors);
    if (!status && result->n_sources)
        status = print_sources(m, result, out, errors);
    char text[256];
    snprintf(
        text, sizeof text,
        "\n%zu measurements of decode and %zu of prefill fitted; %zu do not state format or backend, %zu cannot be "
        "predicted (`validate` says why)\n",
        result->n_fitted[ES_FIT_DECODE], result->n_fitted[ES_FIT_PREFILL], count_vague(&m->measured, false),
        count_vague(&m->measured, true));
    es_print_wrapped(out, text, 0, es_width_of(m->cli, out));
    return status;
}

static es_status run_calibrate(es_cli *cli, es_errors *errors) {
    es_measurements m = {0};
    es_calibrated result = {0};
    es_fitted_power levels = {0};
    const char *path = es_text_of(cli, ES_OPT_OUT);
    es_status status = es_measurements_begin(&m, cli, errors);
    const es_output_options options = {0};
    if (!status && !m.output && !cli->out_tty)
        status = es_output_open(&m.output, "-", &options, errors);
    const bool power = es_given(cli, ES_OPT_POWER);
    if (!status)
        status = power ? es_fit_power(&m.measured, &m.point, &cli->arena, &levels, errors)
                       : es_calibrate(&m.measured, &m.point, true, &cli->arena, &result, errors);
    if (!status && power && !levels.n)
        es_warn(errors, NULL, "no measurement of decode has power_w and power_boundary");
    if (!status && m.output)
        status = power ? write_power(&m, &levels, errors) : write_rows(&m, &result, errors);
    status = es_measurements_commit(&m, status, power ? levels.n : result.n_rows, errors);
    const bool to_stdout = path && strcmp(path, "-") != 0;
    FILE *out = to_stdout || cli->out_tty ? stdout : stderr;
    if (!status && !es_given(cli, ES_OPT_QUIET))
        status = power ? print_power(&m, &levels, out, errors) : print_summaries(&m, &result, out, errors);
    es_measurements_end(&m);
    return status;
}

static const char *const examples[] = {
    "edgesweep calibrate sweeps/measured.csv -o calibration.csv",
    "the shipped calibration; --catalog +DIR uses DIR/calibration.csv",
    "edgesweep calibrate sweeps/measured.csv --power -o power.csv",
    "the levels of power in it",
    "llama-bench -m model.gguf -p 512 -n 128 -d 0,2048 -o csv | edgesweep calibrate - --device 'Raspberry Pi 5 8GB'",
    "the same from measurements of one's own",
    NULL,
};

const es_command es_cmd_calibrate = {
    .id = ES_CMD_CALIBRATE,
    .name = "calibrate",
    .synopsis = "MEASURED.csv",
    .min_operands = 1,
    .max_operands = 1,
    .help = "fit levels of efficiency to measurements",
    .details =
        "Reads what `validate` reads and writes calibration.csv: effects, in natural logarithms, that levels of decode "
        "and prefill add up from, by kind of unit, unit, device, backend, family of runtimes, tensor type, kernel, era "
        "of "
        "the build and threads; and the intervals of predictions, 10 to 90%, for five levels of evidence. What is not "
        "fitted (priors, classes, kernels) is written as the catalog has it.\n\n"
        "Effects are shrunk towards 0 the more the less is measured (partial pooling), measurements far off lose "
        "weight, "
        "sources count by the root of their measurements. Measurements that do not state format or backend, of several "
        "sequences at once or with weights larger than the memory are not fitted.\n\n"
        "Measurements of one source, as llama-bench on this machine, or of fewer than the catalog's effects stand on, "
        "are "
        "fitted on top of the catalog: only effects of their devices (bandwidth, arithmetic, tensor types, attention "
        "by "
        "size of heads, overhead of a step) are written, and intervals stay.\n\n"
        "Intervals come from measurements that were left out: by source where the fit has rows of the device, by "
        "device "
        "where it has rows of the unit, by unit where it has rows of the kind. The table shows how well each source is "
        "predicted from the others (NPUs only where other sources have rates of the device and format: there is no "
        "point "
        "without) and how many of its measurements lie inside the intervals that the others give. A warning tells when "
        "measurements stream more than a device's mem_bw_gbs: then its row is wrong.\n\n"
        "--power fits the levels of power.csv instead, from rows of decode with power_w and power_boundary: the median "
        "of "
        "the watts of a board at a boundary and of the bytes it streams meanwhile (help boundary). Levels that no "
        "measurement replaces are written as the catalog has them. The table shows how well levels predict rows of "
        "models "
        "and sources that were left out.",
    .examples = examples,
    .run = run_calibrate,
};

/* calibrate: rows of calibration.csv from measurements. */
#include <math.h>
#include <string.h>

#include "calibrate/calibrate.h"
#include "cli/commands.h"
#include "cli/measurements.h"
#include "cli/print.h"

static es_status write_row(es_measurements *m, const es_calibrated_row *row, es_errors *errors) {
    char error[32] = "";
    es_status status = es_measurements_cell(m, row->device, ',', errors);
    if (!isnan(row->error))
        snprintf(error, sizeof error, "%.2g", row->error);
    if (!status)
        status = es_measurements_print(m, errors, ",");
    if (!status)
        status = es_measurements_cell(m, row->runtime, ',', errors);
    if (!status)
        status = es_measurements_print(m, errors, ",");
    if (!status)
        status = es_measurements_cell(m, row->type, ',', errors);
    if (!status)
        status = es_measurements_print(m, errors, ",%s,%.3g,%zu,%s,", row->field, row->value, row->n, error);
    if (!status)
        status = es_measurements_cell(m, row->source, ',', errors);
    return status ? status : es_measurements_print(m, errors, "\n");
}

static es_status write_rows(es_measurements *m, const es_calibrated *result, es_errors *errors) {
    es_status status = es_measurements_print(m, errors, "device,runtime,type,field,value,n,error,source\n");
    for (size_t i = 0; i < result->n_rows && !status; i++)
        status = write_row(m, &result->row[i], errors);
    return status;
}

/* "12, 5.3%, 14%" of a phase. */
static void add_summary(es_grid *grid, const es_error_summary *s) {
    if (!s->n) {
        for (int i = 0; i < 3; i++)
            es_grid_cell(grid, "");
        return;
    }
    es_grid_format(grid, "%zu", s->n);
    es_grid_format(grid, "%.1f%%", 100 * s->median);
    es_grid_format(grid, "%.1f%%", 100 * s->p90);
}

static es_status print_groups(const es_cli *cli, const es_calibrated *result, FILE *out, es_errors *errors) {
    static const char *const header[] = {"device", "runtime",    ">sources", "left out", ">decode n", ">median",
                                         ">90th",  ">prefill n", ">median",  ">90th",    ">skipped",  NULL};
    es_grid grid;
    if (!result->n_groups)
        return ES_OK;
    es_grid_begin(&grid, header);
    for (size_t i = 0; i < result->n_groups; i++) {
        const es_calibrated_group *g = &result->group[i];
        es_grid_cell(&grid, g->device->name);
        es_grid_cell(&grid, g->runtime);
        es_grid_format(&grid, "%zu", g->n_sources);
        es_grid_cell(&grid, g->folds ? g->folds : "nothing");
        add_summary(&grid, &g->phase[ES_PHASE_DECODE]);
        add_summary(&grid, &g->phase[ES_PHASE_PREFILL]);
        es_grid_format(&grid, "%zu", g->n_skipped);
    }
    fputs("Cross-validated errors: what was left out, predicted from the rest\n", out);
    return es_grid_print(&grid, out, 0, es_colored(cli, out), errors);
}

static es_status run_calibrate(es_cli *cli, es_errors *errors) {
    es_measurements m = {0};
    es_calibrated result = {0};
    const char *path = es_text_of(cli, ES_OPT_OUT);
    es_status status = es_measurements_begin(&m, cli, errors);
    const es_output_options options = {0};
    if (!status && !m.output && !cli->out_tty)
        status = es_output_open(&m.output, "-", &options, errors);
    if (!status)
        status = es_calibrate(&m.measured, &m.catalog, &m.point, &cli->arena, &result, errors);
    if (!status && m.output)
        status = write_rows(&m, &result, errors);
    status = es_measurements_commit(&m, status, result.n_rows, errors);
    const bool to_stdout = path && strcmp(path, "-") != 0;
    if (!status && !es_given(cli, ES_OPT_QUIET))
        status = print_groups(cli, &result, to_stdout || cli->out_tty ? stdout : stderr, errors);
    es_measurements_end(&m);
    return status;
}

static const char *const examples[] = {
    "edgesweep calibrate sweeps/measured.csv -o calibration.csv",
    "rows for the devices that were measured; --catalog +DIR uses those in DIR/calibration.csv",
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
    .help = "fit the utilizations of devices to measurements",
    .details =
        "Reads what `validate` reads and writes rows of calibration.csv: utilizations of memory bandwidth and of the "
        "peaks in decode, prefill and attention, and the overhead of a token, for each device and runtime and, where "
        "there are enough measurements, for each tensor type. Devices with the same class, peaks and bandwidth (a "
        "board sold with several sizes of memory) are fitted together.\n\n"
        "Logarithms of times are fitted by robust least squares; types scatter around their device, devices around "
        "their class. What the measurements do not tell is left to the class rows. Types that were not "
        "measured get rows in the ratios that the class has. Measurements with several sequences at once or weights "
        "larger than the memory are skipped. The rates are those of the number of threads that most measurements "
        "have, told in a row of its own; others are fitted as runtimes of their own ('llama.cpp 2 threads'). A warning "
        "tells when a utilization above 1 would fit better: then the device's row is wrong.\n\n"
        "The table shows how well each source of measurements is predicted from the others; where there is only one, "
        "or one "
        "has more than half of the measurements, its models take turns.",
    .examples = examples,
    .run = run_calibrate,
};

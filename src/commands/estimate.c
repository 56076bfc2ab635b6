#include "commands/estimate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "cli/points.h"
#include "cli/print.h"
#include "io/compress.h"
#include "io/database.h"

enum {
    SAMPLE_POINTS = 2048, /* of each of SAMPLES places */
    SAMPLES = 8,
    CHECKED_POINTS = 4096, /* spread evenly: how many fulfil the conditions */
    ENOUGH_KEPT = 32,      /* of them to go by their share */
    CELL_BYTES = 64        /* hardly a cell is longer; only to tell that there is room without looking */
};

es_status es_cli_measure(es_cli *cli, const es_sweep *sweep, bool rows, const es_csv_options *csv, uint64_t first,
                         uint64_t n, es_run_report *report, es_errors *errors) {
    es_run_options options = {
        .out = rows ? "/dev/null" : NULL, .part = true, .first = first, .end = first + n, .stop = cli->stop};
    options.threads = (unsigned)es_count_of(cli, ES_OPT_THREADS, 0);
    if (csv)
        options.csv = *csv;
    options.csv.split_rows = 0;
    if (!rows && sweep->front.given)
        options.front_out = "/dev/null"; /* equal points are looked for in a pass of its own */
    return es_sweep_run(sweep, &options, report, errors);
}

static size_t header_bytes(const es_sweep *sweep) {
    size_t bytes = 0;
    for (size_t i = 0; i < sweep->n_output; i++)
        bytes += strlen(sweep->columns[sweep->output[i]].name) + 1;
    return bytes;
}

/* Share of the points that fulfil the conditions, of single points because neighbours are alike; NaN when it is too
 * small to tell. */
static es_status share_of_rows(const es_sweep *sweep, double *share, es_errors *errors) {
    double *value = calloc(es_sweep_nodes(sweep) + 1, sizeof *value);
    es_status status = value ? ES_OK : es_fail_memory(errors);
    uint64_t kept = 0;
    for (uint64_t k = 0; k < CHECKED_POINTS && !status; k++) {
        status = es_sweep_point(sweep, es_spread_index(sweep, k), value, errors);
        kept += !status && es_conditions_hold(sweep, value);
    }
    *share = kept < ENOUGH_KEPT ? NAN : (double)kept / CHECKED_POINTS;
    free(value);
    return status;
}

/* The mean of slices spread over the grid, with conditions the rows of points that are. */
static es_status sample(es_cli *cli, const es_sweep *sweep, const es_csv_options *csv, es_size_estimate *estimate,
                        es_errors *errors) {
    es_status status = ES_OK;
    double rows = 0, bytes = 0, header = (double)header_bytes(sweep);
    double scale = (double)sweep->n_points / ((double)SAMPLES * SAMPLE_POINTS);
    for (uint64_t i = 0; i < SAMPLES && !status; i++) {
        es_run_report report = {0};
        uint64_t first = (sweep->n_points - SAMPLE_POINTS) / (SAMPLES - 1) * i;
        status = es_cli_measure(cli, sweep, true, csv, first, SAMPLE_POINTS, &report, errors);
        rows += (double)report.rows;
        bytes += (double)report.bytes - header;
        es_run_report_free(&report);
    }
    double share = NAN;
    if (!status && sweep->n_conditions)
        status = share_of_rows(sweep, &share, errors);
    estimate->rows = isnan(share) || !(rows > 0) ? rows * scale : share * (double)sweep->n_points;
    estimate->bytes = (rows > 0 ? bytes / rows * estimate->rows : 0) + header;
    return status;
}

es_status es_cli_estimate(es_cli *cli, const es_sweep *sweep, const es_csv_options *csv, es_size_estimate *estimate,
                          es_errors *errors) {
    *estimate = (es_size_estimate){0};
    if (sweep->n_points > ES_WHOLE_GRID_POINTS)
        return sample(cli, sweep, csv, estimate, errors);
    es_run_report report = {0};
    es_status status = es_cli_measure(cli, sweep, true, csv, 0, sweep->n_points, &report, errors);
    *estimate = (es_size_estimate){.exact = true,
                                   .rows = (double)report.rows,
                                   .bytes = (double)report.bytes,
                                   .seconds = report.seconds,
                                   .threads = report.threads};
    es_run_report_free(&report);
    return status;
}

/* ---- room ---- */

/* Bytes that this user may still write where `path` will lie, which its nearest folder that is there tells; without bound
 * where the file system does not know (/proc). */
static double free_bytes(const char *path) {
    struct statvfs info;
    char *place = strdup(path), *slash;
    bool known = place && statvfs(place, &info) == 0;
    while (place && !known && (slash = strrchr(place, '/')) != NULL && slash > place) {
        *slash = '\0';
        known = statvfs(place, &info) == 0;
    }
    known = known || statvfs(place && *place == '/' ? "/" : ".", &info) == 0;
    free(place);
    return known && info.f_blocks > 0 ? (double)info.f_bavail * (double)info.f_frsize : HUGE_VAL;
}

/* How many bytes of disk a byte of the table takes, 0: cannot be told beforehand. */
static double weight_of(const char *out) {
    if (es_compression_of(out) != ES_COMPRESS_NONE)
        return 0;
    return es_database_name(out) ? 2 : 1; /* short numbers, too, may take 9 bytes, and there are indexes */
}

/* Regular files and directories of parts, there or not yet; not devices, pipes and descriptors. */
static bool takes_room(const char *out) {
    struct stat status;
    return out && strcmp(out, "-") != 0 &&
           (stat(out, &status) != 0 || S_ISREG(status.st_mode) || S_ISDIR(status.st_mode));
}

static es_status refuse(const char *out, double bytes, double room, bool asked, es_errors *errors) {
    char wanted[40], there[40];
    es_human_bytes(wanted, sizeof wanted, bytes);
    es_human_bytes(there, sizeof there, room);
    return es_fail(
        errors, ES_ERUNTIME, NULL,
        "the rows would take about %s, %s %s: '%s'; --front-only, --where and coarser axes need less, --force "
        "writes them all the same",
        wanted, asked ? "more than --max-bytes" : "and its file system has room for", there, es_quote_text(out).text);
}

es_status es_cli_check_room(es_cli *cli, const es_sweep *sweep, const char *out, const es_run_options *options,
                            double share, es_errors *errors) {
    const bool capped = es_given(cli, ES_OPT_MAX_BYTES), file = takes_room(out);
    const double weight = out ? weight_of(out) : 0;
    if (es_given(cli, ES_OPT_FORCE) || weight == 0 || (!capped && !file))
        return ES_OK;
    const double cap = (double)es_count_of(cli, ES_OPT_MAX_BYTES, 0), room = file ? free_bytes(out) : HUGE_VAL;
    const bool asked = capped && cap < room;
    const double most = asked ? cap : room;
    double rows = (double)sweep->n_points * share;
    if (options->limit && (double)options->limit < rows)
        rows = (double)options->limit;
    if (weight * rows * (double)sweep->n_output * CELL_BYTES <= most)
        return ES_OK;
    es_sweep only_rows = *sweep;
    only_rows.front.given = only_rows.best.given = false;
    es_size_estimate estimate;
    es_status status = es_cli_estimate(cli, &only_rows, &options->csv, &estimate, errors);
    if (status)
        return status;
    double part = share;
    if (options->limit && estimate.rows * share > (double)options->limit)
        part = (double)options->limit / estimate.rows;
    const double bytes = estimate.bytes * part * weight;
    return bytes <= most ? ES_OK : refuse(out, bytes, most, asked, errors);
}

#include "commands/measurements.h"

#include <stdarg.h>
#include <string.h>

#include <edgesweep/version.h>

#include "cli/load.h"
#include "cli/paths.h"
#include "cli/run_options.h"
#include "io/database.h"

es_status es_measurements_begin(es_measurements *m, es_cli *cli, es_errors *errors) {
    const char *path = es_text_of(cli, ES_OPT_OUT);
    const es_output_options options = {.version = EDGESWEEP_VERSION};
    es_csv_input_options reading;
    m->cli = cli;
    es_paths known = {0};
    es_status status = es_cli_reading(cli, &reading, errors);
    es_output_format format;
    if (!status)
        status = es_cli_format_of(cli, path, &format, errors);
    if (!status && path && (es_database_name(path) || format > ES_TSV))
        status = es_usage(cli, errors, "this table is CSV only: '%s'", es_quote_text(path).text);
    if (!status)
        status = es_given(cli, ES_OPT_IN_PLACE) ? es_paths_input(&known, cli, cli->operand[0], errors)
                                                : es_paths_inputs(&known, cli, errors);
    if (!status)
        status = es_paths_output(&known, cli, path, false, false, errors);
    if (!status)
        status = es_paths_check(&known, cli, errors);
    if (!status)
        status = es_cli_load_catalog(cli, &m->catalog, errors);
    if (!status)
        status = es_point_kernel_prepare(&m->point, "roofline", &m->catalog, &cli->arena, errors);
    if (!status)
        status = es_measured_read(&m->measured, cli->operand[0], &reading, es_text_of(cli, ES_OPT_DEVICE), &m->catalog,
                                  &m->point, &cli->arena, errors);
    return status || !path ? status : es_output_open(&m->output, path, &options, errors);
}

es_status es_measurements_print(es_measurements *m, es_errors *errors, const char *format, ...) {
    char text[1024];
    va_list list;
    va_start(list, format);
    const int length = vsnprintf(text, sizeof text, format, list);
    va_end(list);
    if (length < 0 || (size_t)length >= sizeof text)
        return es_fail(errors, ES_ERUNTIME, NULL, "a cell is too long");
    return es_output_write(m->output, text, (size_t)length, errors);
}

es_status es_measurements_cell(es_measurements *m, const char *text, char delimiter, es_errors *errors) {
    const char special[] = {'"', '\r', '\n', delimiter, '\0'};
    if (!strpbrk(text, special))
        return es_output_write(m->output, text, strlen(text), errors);
    es_status status = es_output_write(m->output, "\"", 1, errors);
    for (; *text && !status; text++)
        status = es_output_write(m->output, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1, errors);
    return status ? status : es_output_write(m->output, "\"", 1, errors);
}

es_status es_measurements_commit(es_measurements *m, es_status status, uint64_t rows, es_errors *errors) {
    if (m->output && !status)
        status = es_output_commit(m->output, rows, errors);
    else
        es_output_abort(m->output);
    m->output = NULL;
    return status;
}

void es_measurements_end(es_measurements *m) {
    es_output_abort(m->output);
    es_catalog_free(&m->catalog);
    *m = (es_measurements){0};
}

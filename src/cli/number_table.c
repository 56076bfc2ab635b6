#include "cli/number_table.h"

#include <math.h>
#include <string.h>

#include "cli/paths.h"
#include "cli/print.h"
#include "cli/run_options.h"
#include "engine/cells.h"
#include "io/format.h"

es_status es_number_table_open(es_number_table *t, es_cli *cli, es_errors *errors) {
    const char *path = es_text_of(cli, ES_OPT_OUT);
    es_output_format format;
    es_status status = es_cli_format_of(cli, path, &format, errors);
    if (!status && format != ES_CSV && format != ES_TSV)
        status = es_usage(cli, errors, "no such format here; expected csv or tsv");
    es_paths known = {0};
    if (!status)
        status = es_paths_inputs(&known, cli, errors);
    if (!status)
        status = es_paths_output(&known, cli, path, false, false, errors);
    if (!status)
        status = es_paths_check(&known, cli, errors);
    if (status)
        return status;
    t->options = es_csv_defaults((es_csv_options){.format = format});
    t->separator = format == ES_TSV ? '\t' : ',';
    return es_output_open(&t->out, path ? path : "-", NULL, errors);
}

es_status es_number_table_close(es_number_table *t, es_cli *cli, uint64_t rows, es_status status, es_errors *errors) {
    if (status) {
        es_output_abort(t->out);
        return status;
    }
    status = es_output_commit(t->out, rows, errors);
    if (!status && es_cli_is_file(es_text_of(cli, ES_OPT_OUT)))
        es_note(cli, "%s: %llu rows", es_quote_text(es_text_of(cli, ES_OPT_OUT)).text, (unsigned long long)rows);
    return status;
}

es_status es_number_table_row(es_number_table *t, const char *const *text, size_t n_text, const double *number,
                              size_t n_number, es_errors *errors) {
    char line[4096];
    size_t used = 0;
    for (size_t i = 0; i < n_text; i++) {
        const size_t length = strlen(text[i]) < 256 ? strlen(text[i]) : 256;
        used += es_text_cell(&t->options, text[i], length, line + used);
        line[used++] = t->separator;
    }
    for (size_t i = 0; i < n_number; i++) {
        if (!isnan(number[i]))
            used += es_format_double(line + used, number[i], t->options.digits);
        line[used++] = t->separator;
    }
    line[used - 1] = '\n';
    return es_output_write(t->out, line, used, errors);
}

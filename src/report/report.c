#include "report/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "report/report_json.h"
#include "report/report_table.h"
#include "catalog/file.h"
#include "model/node.h"
#include "io/json_text.h"

/* ---- The data of the page, as JSON ---- */

static es_status put(es_text_out *out, const char *text, es_errors *errors) {
    return es_text_out_slice(out, es_slice_of(text), errors);
}

/* ,"key":"text" */
static es_status put_member(es_text_out *out, const char *key, const char *text, es_errors *errors) {
    es_status status = es_text_out_format(out, errors, ",\"%s\":", key);
    return status ? status : es_json_text(out, es_slice_of(text ? text : ""), errors);
}

/* Unit and meaning of a column: those of the metric or axis with this name in any kernel. */
static es_status put_meaning(es_text_out *out, const char *name, es_errors *errors) {
    const char *unit = NULL, *help = NULL;
    for (size_t k = 0; k < es_kernel_count() && !help; k++) {
        const es_kernel *kernel = es_kernel_at(k);
        const int node = es_kernel_node(kernel, name, strlen(name));
        if (node >= 0) {
            unit = kernel->nodes[node].unit;
            help = kernel->nodes[node].help;
        }
        for (size_t a = 0; a < kernel->n_axes && !help; a++)
            if (strcmp(kernel->axes[a].name, name) == 0) {
                unit = kernel->axes[a].unit;
                help = kernel->axes[a].help;
            }
    }
    const es_status status = put_member(out, "unit", unit, errors);
    return status ? status : put_member(out, "help", help, errors);
}

static es_status put_word(es_text_out *out, const es_report_column *column, uint32_t code, es_errors *errors) {
    const es_slice text = es_keys_text(&column->words, code);
    return column->numeric ? es_json_number(out, text, errors) : es_json_text(out, text, errors);
}

/* Distinct values and which of them each row has, or the value of each row when nearly all differ. */
static es_status put_values(es_text_out *out, const es_report_table *table, const es_report_column *column,
                            es_errors *errors) {
    const bool coded = !column->numeric || column->words.n <= table->n_rows / 3 + 1;
    es_status status = put(out, coded ? ",\"words\":[" : ",\"values\":[", errors);
    const size_t n = coded ? column->words.n : table->n_rows;
    for (size_t i = 0; i < n && !status; i++) {
        status = i ? put(out, ",", errors) : ES_OK;
        if (!status)
            status = put_word(out, column, coded ? (uint32_t)i : column->code[i], errors);
    }
    if (coded && column->words.n > 1 && !status) {
        status = put(out, "],\"codes\":[", errors);
        for (size_t r = 0; r < table->n_rows && !status; r++)
            status = es_text_out_format(out, errors, r ? ",%u" : "%u", column->code[r]);
    }
    return status ? status : put(out, "]", errors);
}

static es_status put_columns(es_text_out *out, const es_report_table *table, es_errors *errors) {
    es_status status = put(out, ",\"columns\":[", errors);
    for (size_t c = 0; c < table->n_columns && !status; c++) {
        const es_report_column *column = &table->column[c];
        status =
            es_text_out_format(out, errors, "%s{\"numeric\":%s", c ? ",\n" : "\n", column->numeric ? "true" : "false");
        if (!status)
            status = put_member(out, "name", column->name, errors);
        if (!status)
            status = put_meaning(out, column->name, errors);
        if (!status)
            status = put_values(out, table, column, errors);
        if (!status)
            status = put(out, "}", errors);
    }
    return status ? status : put(out, "]", errors);
}

/* FILE.meta.json; NULL when there is none, or one of another program. */
static es_status read_meta(const char *path, json_t **meta, es_errors *errors) {
    char *name = NULL, *text = NULL;
    size_t length = 0;
    json_error_t fault;
    *meta = NULL;
    if (asprintf(&name, "%s.meta.json", path) < 0)
        return es_fail_memory(errors);
    es_status status = es_file_read(name, &text, &length, errors);
    if (!status && text)
        *meta = es_json_read(text, length, &fault);
    free(text);
    free(name);
    return status;
}

/* The texts and numbers of FILE.meta.json; a file without one has no provenance. */
static es_status put_meta(es_text_out *out, const char *path, es_errors *errors) {
    const char *key;
    json_t *meta, *value;
    es_status status = read_meta(path, &meta, errors);
    if (!status)
        status = put(out, ",\"meta\":{", errors);
    bool first = true;
    json_object_foreach(meta, key, value) {
        if (!status && (json_is_string(value) || json_is_integer(value))) {
            status = put(out, first ? "" : ",", errors);
            first = false;
            if (!status)
                status = es_json_text(out, es_slice_of(key), errors);
            if (!status)
                status = put(out, ":", errors);
        }
        if (!status && json_is_string(value))
            status = es_json_text(out, es_slice_of(json_string_value(value)), errors);
        else if (!status && json_is_integer(value))
            status = es_text_out_format(out, errors, "%lld", (long long)json_integer_value(value));
    }
    json_decref(meta);
    return status ? status : put(out, "}", errors);
}

/* Whether the key of an effect starts with a word that is a cell of the column: a board, or all of it. */
static bool names_device(const es_report_column *devices, const char *key) {
    const size_t length = strcspn(key, "|");
    for (uint32_t i = 0; i < devices->words.n; i++) {
        const es_slice name = es_keys_text(&devices->words, i);
        if (name.length >= length && strncasecmp(name.text, key, length) == 0)
            return true;
    }
    return false;
}

/* Effects of the table's devices. */
static es_status put_calibration(es_text_out *out, const es_report_table *table, const es_catalog *catalog,
                                 es_errors *errors) {
    static const int texts[] = {ES_C_PHASE, ES_C_EFFECT, ES_C_KEY, ES_C_VALUE, ES_C_ROWS, ES_C_SOURCES};
    const int at = es_report_table_find(table, "device");
    const es_table *rows = &catalog->table[ES_CALIBRATION];
    es_status status = put(out, ",\"calibration\":[", errors);
    for (size_t r = 0, shown = 0; at >= 0 && r < rows->n_rows && !status; r++) {
        const es_row *row = &rows->rows[r];
        if (strncmp(row->text[ES_C_EFFECT], "device", 6) != 0 || !names_device(&table->column[at], row->text[ES_C_KEY]))
            continue;
        status = put(out, shown++ ? ",\n[" : "\n[", errors);
        for (size_t i = 0; i < sizeof texts / sizeof *texts && !status; i++) {
            status = i ? put(out, ",", errors) : ES_OK;
            if (!status)
                status = es_json_text(out, es_slice_of(row->text[texts[i]]), errors);
        }
        if (!status)
            status = put(out, "]", errors);
    }
    return status ? status : put(out, "]", errors);
}

static es_status put_number(es_text_out *out, double value, es_errors *errors) {
    return isfinite(value) ? es_text_out_format(out, errors, "%.17g", value) : put(out, "null", errors);
}

static es_status put_effect(es_text_out *out, const es_report_effect *effect, es_errors *errors) {
    es_status status = put(out, "{\"value\":", errors);
    if (!status)
        status = put_number(out, effect->value, errors);
    if (!status)
        status = put(out, ",\"per_percent\":", errors);
    if (!status)
        status = put_number(out, effect->per_percent, errors);
    if (!status)
        status = put_member(out, "input", effect->input, errors);
    if (!status)
        status = put_member(out, "unit", effect->unit, errors);
    return status ? status : put(out, "}", errors);
}

/* What the best choices of a sweep rest on, and why some have none. */
static es_status put_answers(es_text_out *out, const es_report_options *options, es_errors *errors) {
    es_status status = put(out, ",\"answers\":[", errors);
    for (size_t i = 0; i < options->n_answers && !status; i++) {
        const es_report_answer *answer = &options->answer[i];
        status = put(out, i ? ",\n{\"value\":" : "\n{\"value\":", errors);
        if (!status)
            status = put_number(out, answer->value, errors);
        if (!status)
            status = put_member(out, "choice", answer->choice, errors);
        if (!status)
            status = put_member(out, "metric", answer->metric, errors);
        if (!status)
            status = put(out, ",\"effects\":[", errors);
        for (size_t k = 0; k < answer->n_effects && !status; k++) {
            status = k ? put(out, ",", errors) : ES_OK;
            if (!status)
                status = put_effect(out, &answer->effect[k], errors);
        }
        if (!status)
            status = put(out, "]}", errors);
    }
    if (!status)
        status = es_text_out_format(out, errors, "],\"n_absent\":%zu,\"absent\":[", options->n_absent);
    for (const es_report_absent *absent = options->absent; absent && absent->name && !status; absent++) {
        status = put(out, absent == options->absent ? "[" : ",[", errors);
        if (!status)
            status = es_json_text(out, es_slice_of(absent->name), errors);
        if (!status)
            status = put(out, ",", errors);
        if (!status)
            status = es_json_text(out, es_slice_of(absent->why), errors);
        if (!status)
            status = put(out, ",", errors);
        if (!status)
            status = es_json_text(out, es_slice_of(absent->nearest), errors);
        if (!status)
            status = put(out, "]", errors);
    }
    return status ? status : put(out, "]", errors);
}

static es_status put_data(es_text_out *out, const es_report_options *options, const es_report_table *table,
                          es_errors *errors) {
    es_status status = es_text_out_format(
        out, errors, "{\"rows\":%zu,\"rows_read\":%llu,\"front\":%llu,\"fastest\":%llu,\"step\":%llu", table->n_rows,
        (unsigned long long)table->rows_read, (unsigned long long)table->front, (unsigned long long)table->fastest,
        (unsigned long long)table->step);
    if (!status)
        status = put_member(out, "front_per", table->by_workload ? "device and workload" : "device", errors);
    if (!status)
        status = put_member(out, "title", options->title, errors);
    if (!status)
        status = put_member(out, "about", options->about, errors);
    if (!status)
        status = put_member(out, "version", options->version, errors);
    if (!status)
        status = put_member(out, "command", options->command, errors);
    if (!status)
        status = put_meta(out, options->path, errors);
    if (!status)
        status = put_calibration(out, table, options->catalog, errors);
    if (!status)
        status = put_columns(out, table, errors);
    if (!status)
        status = put_answers(out, options, errors);
    return status ? status : put(out, "}", errors);
}

/* ---- The page: report.html with @@NAME@@ replaced by files and by the data ---- */

static const struct es_embedded *find_file(es_slice name) {
    const struct es_embedded *file = es_report_files;
    while (file->name && !es_slice_equal(name, file->name))
        file++;
    return file->name ? file : NULL;
}

es_status es_report_write(const es_report_options *options, const es_text_sink *sink, es_report_counts *counts,
                          es_errors *errors) {
    const struct es_embedded *page = find_file(es_slice_of("report.html"));
    es_text_out out = {.sink = sink};
    es_report_table table;
    es_status status = es_report_table_read(&table, options->path, options->max_rows, options->reading, errors);
    const char *at = (const char *)page->data, *const end = at + page->size;
    while (at < end && !status) {
        const char *mark = memmem(at, (size_t)(end - at), "@@", 2), *name = mark ? mark + 2 : end;
        const char *stop = mark ? memmem(name, (size_t)(end - name), "@@", 2) : NULL;
        status = es_text_out_slice(&out, (es_slice){at, (size_t)((mark ? mark : end) - at)}, errors);
        at = stop ? stop + 2 : end;
        if (status || !stop)
            break;
        const struct es_embedded *file = find_file((es_slice){name, (size_t)(stop - name)});
        if (file)
            status = es_text_out_slice(&out, (es_slice){(const char *)file->data, file->size}, errors);
        else
            status = put_data(&out, options, &table, errors);
    }
    *counts = (es_report_counts){table.rows_read, table.n_rows};
    es_report_table_free(&table);
    return es_text_out_end(&out, status, errors);
}

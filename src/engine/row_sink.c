#include "engine/row_sink.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <edgesweep/version.h>

#include "base/text.h"

/* The last dot of a name that ends at `end`, `end` when there is none; a leading dot is part of the name. */
static const char *last_dot(const char *base, const char *end) {
    for (const char *p = end; p-- > base + 1;)
        if (*p == '.')
            return p;
    return end;
}

void es_row_sink_part_name(const char *path, unsigned file, char *to, size_t size) {
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path, *end = path + strlen(path);
    const char *dot = last_dot(base, end);
    if (strcmp(dot, ".gz") == 0 || strcmp(dot, ".zst") == 0)
        dot = last_dot(base, dot);
    snprintf(to, size, "%.*s-%04u%s", (int)(dot - path), path, file, dot);
}

const es_csv_options *es_csv_options_of(const es_run_options *options, es_result result) {
    const es_csv_options *own = result == ES_RESULT_FRONT  ? options->front_csv
                                : result == ES_RESULT_BEST ? options->best_csv
                                                           : NULL;
    return own ? own : &options->csv;
}

static es_status open_file(es_row_sink *s, es_errors *errors) {
    char name[PATH_MAX];
    const char *path = s->path;
    if (s->split_rows) {
        es_row_sink_part_name(s->path, ++s->file, name, sizeof name);
        path = name;
    }
    s->rows_here = 0;
    es_status status = es_output_open(&s->output, path, &s->options, errors);
    if (!status && s->header.length)
        status = es_output_write(s->output, s->header.data, s->header.length, errors);
    return status;
}

static void set_recipe(es_recipe *recipe, es_result result, const es_sweep *sweep, const es_run_options *options) {
    static const char *const tables[] = {
        [ES_RESULT_ROWS] = "rows", [ES_RESULT_FRONT] = "front", [ES_RESULT_BEST] = "best"};
    _Static_assert(ES_KINDS < sizeof recipe->catalog / sizeof *recipe->catalog, "room for all catalogs and the end");
    *recipe = (es_recipe){.table = tables[result], .sweep = sweep->text, .arguments = options->arguments};
    for (int kind = 0; kind < ES_KINDS; kind++) {
        recipe->catalog[kind].name = es_fields((es_kind)kind)->name;
        recipe->catalog[kind].hash = sweep->catalog->table[kind].hash;
    }
}

es_status es_row_sink_open(es_row_sink *s, const char *path, es_result result, const es_sweep *sweep,
                           const es_run_options *options, es_buffer *header, es_errors *errors) {
    *s = (es_row_sink){.path = path,
                       .result = result,
                       .receiver = es_receiver_of(options->receiver, result),
                       .split_rows = result == ES_RESULT_ROWS ? options->csv.split_rows : 0,
                       .array = es_csv_options_of(options, result)->format == ES_JSON,
                       .header = *header};
    *header = (es_buffer){0};
    s->options = (es_output_options){.sync = options->sync,
                                     .max_bytes = options->max_bytes,
                                     .meta = true,
                                     .command = options->command,
                                     .grid_hash = sweep->hash,
                                     .catalog_hash = sweep->catalog->hash,
                                     .version = EDGESWEEP_VERSION,
                                     .recipe = options->arguments && !s->split_rows ? &s->recipe : NULL};
    set_recipe(&s->recipe, result, sweep, options);
    es_status status = s->receiver
                           ? s->receiver->header(s->receiver->context, result, s->header.data, s->header.length, errors)
                           : open_file(s, errors);
    if (status)
        es_row_sink_abort(s);
    return status;
}

/* Bytes of the first `rows` rows of data. */
static size_t length_of_rows(const char *data, size_t n, uint64_t rows) {
    const char *p = data;
    while (rows--)
        p = (const char *)memchr(p, '\n', n - (size_t)(p - data)) + 1;
    return (size_t)(p - data);
}

static es_status close_file(es_row_sink *s, es_errors *errors) {
    es_output *output = s->output;
    const es_status status = s->array ? es_output_write(output, s->rows_here ? "\n]\n" : "[]\n", 3, errors) : ES_OK;
    if (status)
        return status;
    s->bytes += es_output_bytes(output);
    s->output = NULL;
    return es_output_commit(output, s->rows_here, errors);
}

static es_status put_rows(es_row_sink *s, const char *data, size_t n, es_errors *errors) {
    es_status status = ES_OK;
    if (!s->array)
        return es_output_write(s->output, data, n, errors);
    for (bool first = s->rows_here == 0; n && !status; first = false) {
        const size_t length = (size_t)((const char *)memchr(data, '\n', n) - data);
        const size_t end = length && data[length - 1] == '\r' ? length - 1 : length;
        status = es_output_write(s->output, first ? "[\n" : ",\n", 2, errors);
        if (!status)
            status = es_output_write(s->output, data, end, errors);
        data += length + 1, n -= length + 1;
    }
    return status;
}

static es_status hand_over(es_row_sink *s, const char *data, size_t n, uint64_t rows, es_errors *errors) {
    uint64_t next = s->behind ? s->behind(s->pass, s->tickets) : 0;
    s->rows += rows, s->bytes += n;
    return s->receiver->write(s->receiver->context, s->result, data, n, rows, next, errors);
}

es_status es_row_sink_write(void *sink, const char *data, size_t n, uint64_t rows, es_errors *errors) {
    es_row_sink *s = sink;
    es_status status = s->receiver ? hand_over(s, data, n, rows, errors) : ES_OK;
    s->tickets++;
    if (s->receiver)
        return status;
    while (rows && !status) {
        uint64_t now = rows;
        size_t length = n;
        if (s->split_rows && s->rows_here == s->split_rows) {
            status = close_file(s, errors);
            if (!status)
                status = open_file(s, errors);
            if (status)
                break;
        }
        if (s->split_rows && s->rows_here + rows > s->split_rows) {
            now = s->split_rows - s->rows_here;
            length = length_of_rows(data, n, now);
        }
        status = put_rows(s, data, length, errors);
        s->rows += now, s->rows_here += now;
        rows -= now, data += length, n -= length;
    }
    return status;
}

/* Files of a longer run before would pass for parts of this one. */
static void warn_of_older_files(const es_row_sink *s, es_errors *errors) {
    char first[PATH_MAX], name[PATH_MAX];
    unsigned n = 0;
    es_row_sink_part_name(s->path, s->file + 1, first, sizeof first);
    memcpy(name, first, sizeof name);
    while (access(name, F_OK) == 0)
        es_row_sink_part_name(s->path, s->file + ++n + 1, name, sizeof name);
    if (n == 1)
        es_warn(errors, NULL, "'%s' is left of an earlier run", es_quote_text(first).text);
    else if (n > 1)
        es_warn(errors, NULL, "'%s' and %u more are left of an earlier run", es_quote_text(first).text, n - 1);
}

es_status es_row_sink_commit(es_row_sink *s, es_errors *errors) {
    es_status status = s->output ? close_file(s, errors) : ES_OK;
    if (!status && s->split_rows && !s->receiver)
        warn_of_older_files(s, errors);
    es_row_sink_abort(s);
    return status;
}

void es_row_sink_abort(es_row_sink *s) {
    es_output_abort(s->output);
    s->output = NULL;
    es_buffer_free(&s->header);
}

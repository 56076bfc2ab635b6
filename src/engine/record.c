#include "engine/record.h"

#include <string.h>

#include "engine/best.h"

static void add(es_record_spec *spec, const es_sweep *sweep, int column) {
    spec->node[spec->n++] = (uint16_t)sweep->columns[column].node;
}

es_record_spec es_record_of_front(const es_sweep *sweep) {
    const es_front_spec *front = &sweep->front;
    es_record_spec spec = {0};
    for (size_t k = 0; k < front->n_by; k++)
        add(&spec, sweep, front->by[k]);
    for (size_t k = 0; k < front->n_objectives; k++)
        add(&spec, sweep, front->objective[k].column);
    return spec;
}

es_record_spec es_record_of_best(const es_sweep *sweep) {
    const es_best_spec *best = &sweep->best;
    es_record_spec spec = {0};
    for (size_t k = 0; k < best->n_by; k++)
        add(&spec, sweep, best->by[k]);
    if (es_best_may_tie(sweep)) {
        add(&spec, sweep, best->pick);
        add(&spec, sweep, es_sweep_column(sweep, "model", strlen("model")));
    }
    for (size_t k = 0; k < best->n_objectives; k++)
        add(&spec, sweep, best->objective[k].column);
    return spec;
}

static bool append_one(const es_record_spec *spec, const es_program *program, const es_eval *eval, size_t i,
                       const char *line, size_t n, es_buffer *buffer) {
    double value[ES_MAX_RECORD];
    uint64_t index = es_eval_first(eval) + i;
    if (!es_buffer_reserve(buffer, es_record_size(spec->n) + n))
        return false;
    for (size_t k = 0; k < spec->n; k++)
        value[k] = es_eval_column(eval, spec->node[k])[es_program_uniform(program, spec->node[k]) ? 0 : i];
    memcpy(buffer->data + buffer->length, &index, sizeof index);
    memcpy(buffer->data + buffer->length + sizeof index, value, spec->n * sizeof *value);
    memcpy(buffer->data + buffer->length + es_record_size(spec->n), line, n);
    buffer->length += es_record_size(spec->n) + n;
    return true;
}

es_status es_record_append(const es_record_spec *spec, const es_program *program, es_row_writer *writer,
                           const es_eval *eval, const uint8_t *keep, size_t from, size_t to, es_buffer *lines,
                           es_buffer *buffer, es_errors *errors) {
    lines->length = 0, lines->rows = 0;
    es_status status = es_row_writer_append(writer, eval, keep, from, to, lines, errors);
    const char *line = lines->data;
    for (size_t i = from; i < to && !status; i++) {
        if (keep && !keep[i])
            continue;
        const size_t n =
            (size_t)((const char *)memchr(line, '\n', (size_t)(lines->data + lines->length - line)) - line) + 1;
        status = append_one(spec, program, eval, i, line, n, buffer) ? ES_OK : es_fail_memory(errors);
        line += n;
    }
    if (!status)
        buffer->rows += lines->rows;
    return status;
}

#include "engine/record.h"

#include <string.h>

static es_record_spec make(const es_sweep *sweep, const int *by, size_t n_by, const es_objective *objective,
                           size_t n_objectives) {
    es_record_spec spec = {0};
    for (size_t k = 0; k < n_by; k++)
        spec.node[spec.n++] = (uint16_t)sweep->columns[by[k]].node;
    for (size_t k = 0; k < n_objectives; k++)
        spec.node[spec.n++] = (uint16_t)sweep->columns[objective[k].column].node;
    return spec;
}

es_record_spec es_record_of_front(const es_sweep *sweep) {
    const es_front_spec *front = &sweep->front;
    return make(sweep, front->by, front->n_by, front->objective, front->n_objectives);
}

es_record_spec es_record_of_best(const es_sweep *sweep) {
    const es_best_spec *best = &sweep->best;
    return make(sweep, best->by, best->n_by, best->objective, best->n_objectives);
}

static bool append_one(const es_record_spec *spec, const es_program *program, const es_eval *eval, size_t i,
                       es_buffer *buffer) {
    double value[ES_MAX_RECORD];
    uint64_t index = es_eval_first(eval) + i;
    if (!es_buffer_reserve(buffer, es_record_size(spec->n)))
        return false;
    for (size_t k = 0; k < spec->n; k++)
        value[k] = es_eval_column(eval, spec->node[k])[es_program_uniform(program, spec->node[k]) ? 0 : i];
    memcpy(buffer->data + buffer->length, &index, sizeof index);
    memcpy(buffer->data + buffer->length + sizeof index, value, spec->n * sizeof *value);
    buffer->length += es_record_size(spec->n);
    return true;
}

es_status es_record_append(const es_record_spec *spec, const es_program *program, es_row_writer *writer,
                           const es_eval *eval, const uint8_t *keep, size_t from, size_t to, es_buffer *buffer,
                           es_errors *errors) {
    es_status status = ES_OK;
    for (size_t i = from; i < to && !status; i++) {
        if (keep && !keep[i])
            continue;
        status = append_one(spec, program, eval, i, buffer) ? ES_OK : es_fail_memory(errors);
        if (!status)
            status = es_row_writer_append(writer, eval, NULL, i, i + 1, buffer, errors);
    }
    return status;
}

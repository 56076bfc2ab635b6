/* The records in front of rows that go to a receiver. */
#ifndef ES_ENGINE_RECORD_H
#define ES_ENGINE_RECORD_H

#include "engine/eval.h"
#include "engine/receiver.h"
#include "engine/rows.h"

enum { ES_TIE_VALUES = 2, ES_MAX_RECORD = ES_MAX_BY + ES_TIE_VALUES + ES_MAX_OBJECTIVES + 1 };

/* What a record holds beside the index: nodes of its values. */
typedef struct es_record_spec {
    size_t n;
    uint16_t node[ES_MAX_RECORD];
} es_record_spec;

es_record_spec es_record_of_front(const es_sweep *sweep);
es_record_spec es_record_of_best(const es_sweep *sweep);

static inline size_t es_record_size(size_t n_values) { return sizeof(es_record) + n_values * sizeof(double); }

/* Like es_row_writer_append, with a record in front of every row; the nodes are wanted ones of the eval.  `lines` is room for
 * the rows without them. */
es_status es_record_append(const es_record_spec *spec, const es_program *program, es_row_writer *writer,
                           const es_eval *eval, const uint8_t *keep, size_t from, size_t to, es_buffer *lines,
                           es_buffer *buffer, es_errors *errors);

#endif

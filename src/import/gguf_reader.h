/* What a GGUF file of a language model holds, by layer: what the files that read models and rules from it share. */
#ifndef ES_IMPORT_GGUF_READER_H
#define ES_IMPORT_GGUF_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "import/gguf_file.h"
#include "import/gguf_names.h"
#include "import/import_gguf.h"
#include "model/inventory.h"

typedef struct es_gguf_layer {
    const es_gguf_tensor *tensor[ES_TENSOR_IDS];
    const es_gguf_tensor *q_norm, *conv, *w1; /* of the shapes that no matrix tells */
    double norms;
    bool ssm_norm, sinks;
} es_gguf_layer;

typedef struct es_gguf_reader {
    const char *path;
    const es_catalog *catalog;
    es_arena *arena;
    es_errors *errors;
    es_gguf_file file;
    const char *arch;
    size_t layers, mtp;         /* executed, and blocks for predicting more tokens behind them */
    es_gguf_layer *layer, ends; /* ends: beside the layers */
    double vectors;             /* numbers in F32 that are no matrix of the inventory */
    bool has_norm_bias, qkv_bias, o_bias, mlp_bias, expert_bias, router_bias, shared_gate, sinks, sub_norms, head_bias,
        embed_norm, output_norm;
    double pos_rows;
    double type_weights[ES_GGUF_TENSOR_TYPES], type_bytes[ES_GGUF_TENSOR_TYPES];
    double other[ES_GGUF_TENSOR_TYPES]; /* numbers of matrices that no column explains */
    size_t type_tensors[ES_GGUF_TENSOR_TYPES], apart[ES_TENSOR_IDS];
    es_arch compiled;
    es_shape shape;
    es_gguf_import *out;
    es_status status;
} es_gguf_reader;

/* The first fault stays in status; what follows it is ignored. */
__attribute__((format(printf, 2, 3))) void es_gguf_fail(es_gguf_reader *m, const char *format, ...);

/* General keys as they are, others behind the architecture; NULL: none. */
const es_gguf_key *es_gguf_key_of(const es_gguf_reader *m, const char *name);

/* A count, of layer i where the key has a list; NaN as fallback: the file must have it. */
double es_gguf_count_at(es_gguf_reader *m, const char *name, size_t i, double fallback);
double es_gguf_count(es_gguf_reader *m, const char *name, double fallback);

/* Every tensor goes to its layer, by name; what has no place there is summed. */
void es_gguf_add_tensors(es_gguf_reader *m);

#endif

/* Weight bytes of the inventory's tensors: uniform formats by formula, GGUF file types by compiled tables of rules
 * (which tensor gets which block type in which layer), byte-exact.
 *
 * Compiling allocates in the caller's arena; everything else is pure and thread-safe.
 */
#ifndef ES_MODEL_LAYOUT_H
#define ES_MODEL_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include <edgesweep/catalog.h>
#include <edgesweep/error.h>

#include "base/arena.h"
#include "model/inventory.h"

/* Rows that kernels of rearranged weights take at once: 4, 8, 16; a tensor has a multiple of them. */
enum { ES_ROW_GROUPS = 3 };
extern const double es_row_group[ES_ROW_GROUPS];

/* Weights that run at one tensor type's rates.  The slots of a layout are the terms of the roofline's sums. */
typedef struct es_slot {
    double weights; /* active per token; of one routed expert per token times the experts a token uses */
    double bytes;   /* streamed by one step; routed: of one expert, times the distinct experts of the step */
    double type;    /* tensor type id */
    double movable[ES_ROW_GROUPS]; /* stored bytes that a runtime may rearrange: matrices and experts of so many rows */
} es_slot;

enum {
    ES_DENSE_SLOTS = 6,
    ES_ROUTED_SLOTS = 3,
    ES_EXPERT_SLOT = ES_DENSE_SLOTS + 1,
    ES_SLOTS = ES_EXPERT_SLOT + ES_ROUTED_SLOTS
};

/* Only doubles: the roofline kernel hands it over as the outputs of a block. */
typedef struct es_layout {
    double params, active_params;
    double weight_bytes, bits_per_weight;
    double layer_bytes;                  /* stored in the layers */
    double first_bytes, last_bytes;      /* stored beside them on the first and last node of a pipeline */
    double row_bytes;                    /* rows that a token looks up: embeddings, positions */
    double lookup_bytes;                 /* per-layer embeddings: may stay in a mapped file */
    double dense_weights, dense_bytes;   /* sums over the dense slots */
    double head_weights, head_bytes;     /* output head */
    double routed_weights, routed_bytes; /* sums over the routed slots */
    double main_type;                    /* type id of the largest slot */
    es_slot slot[ES_SLOTS];              /* dense, output head, routed */
} es_layout;

enum { ES_LAYOUT_SIZE = sizeof(es_layout) / sizeof(double) };

/* Tensor type ids: indices of es_type_labels, which names the usual types; others of the catalog follow as "type N". */
typedef enum es_tensor_type {
    ES_TYPE_NONE, /* a uniform format's weights: rates come from the format's name */
    ES_TYPE_F32,
    ES_TYPE_F16
} es_tensor_type;

enum { ES_MAX_TENSOR_TYPES = 64 };

extern const char *const es_type_labels[ES_MAX_TENSOR_TYPES + 1]; /* NULL-terminated */

/* Compiled gguf_types and gguf_mixtures. */
typedef struct es_gguf es_gguf;
typedef struct es_mixture es_mixture;

/* Parses all rules once.  An unknown type, tensor or condition is a usage error at its row. */
es_status es_gguf_compile(const es_catalog *catalog, es_arena *arena, es_gguf **gguf, es_errors *errors);

/* NULL when the file type has no rows. */
const es_mixture *es_gguf_mixture(const es_gguf *gguf, const char *file_type);

int es_gguf_type_id(const es_gguf *gguf, const char *name); /* -1: unknown */
const char *es_gguf_type_name(const es_gguf *gguf, int type);

/* llama.cpp pull 19770 gave attn_qkv and attn_kv_b the rules of attn_v; merged in March 2026. */
enum { ES_NEW_QUANTIZER = 202603 };

/* The program that makes the file. */
typedef struct es_quantizer {
    double month; /* year*100 + month; NaN: the newest */
    bool imatrix;
} es_quantizer;

/* A tensor with its final type, in `count` layers that have it alike; F32 vectors come as NULL with their number in
 * `count`.  `stored` layers are read `uses` times. */
typedef void es_typed_tensor(void *data, const es_tensor *tensor, int type, double count);

/* Calls back for every tensor of the model.  False when no type of the mixture fits a row length. */
bool es_gguf_types(const es_gguf *gguf, const es_mixture *mixture, es_quantizer quantizer, const es_arch *arch,
                   const es_shape *shape, es_typed_tensor *put, void *data);

/* es_layout_none when the file type cannot be made. */
void es_layout_gguf(const es_gguf *gguf, const es_mixture *mixture, es_quantizer quantizer, const es_arch *arch,
                    const es_shape *shape, es_layout *layout);

/* (bits + (scale_bits+zero_bits)/group_size)/8 bytes for every weight; the embedding and the output head have exactly
 * their own bits when those are given (NaN: like the rest). */
typedef struct es_uniform {
    double weight_bits, group_size, scale_bits, zero_bits, embed_bits, output_bits;
} es_uniform;

void es_layout_uniform(const es_uniform *format, const es_arch *arch, const es_shape *shape, es_layout *layout);

/* All fields NaN: what a point without a layout has. */
void es_layout_none(es_layout *layout);

#endif

/* What a runtime allocates: the rules of runtimes_memory.csv, compiled for one model or device at a time.
 *
 * A rule is a row (runtime, model family, rule, value): `runtime` the name or family of a runtime, the model family as in
 * GGUF files or * for any.  Only the number that a value starts with counts, so that values may go on in words; a rule for
 * the family wins over one for any, the runtime's name over its family.
 */
#ifndef ES_MODEL_MEMORY_H
#define ES_MODEL_MEMORY_H

#include "model/builds.h"
#include "model/layout.h"
#include "model/node.h"

/* X(member, rule, what holds without a row: the runtime `default`).  The rules of a model under a runtime. */
#define ES_MEMORY_RULES(X)                                                                                             \
    X(cell_rounding, 1)           /* cells of a sequence are a multiple of it */                                       \
    X(window_honoured, 1)         /* windowed layers keep a window, not everything */                                  \
    X(window_extra, 0)            /* cells beyond the window */                                                        \
    X(window_extra_ubatch, 0)     /* likewise, per token of a prefill step */                                          \
    X(window_blocks, 0)           /* cells added behind the rounding */                                                \
    X(n_batch, 1e9)               /* tokens handed over at once: no pass is larger */                                  \
    X(mla_uncompressed, 0)        /* keys and values of every head instead of the latent vector */                     \
    X(kv_bits, NAN)               /* of the cache, whatever the format says */                                         \
    X(flash_attn, 1)              /* fused attention when not asked for */                                             \
    X(quantized_v_needs_flash, 0) /* no quantized values without fused attention */                                    \
    X(pads_v, 0)                  /* without fused attention values are as wide as in the widest layer */              \
    X(output_mask, 0)             /* the mask lies beside the logits */                                                \
    X(output_experts, 0)          /* and so do the experts' outputs */                                                 \
    X(buffer_bytes, 4)            /* bytes of an element of the compute buffer */                                      \
    X(holds_layer, 0)             /* the parts of a layer lie side by side, without a mask */                          \
    X(copies_cache, 0)            /* a layer's cache grows by copying */                                               \
    X(memory_share, 1)            /* of the device's memory that may be taken */                                       \
    X(free_share, 1)              /* of what is free behind the weights */                                             \
    X(program_bytes, 67108864)    /* the program itself: 64 MiB, the neutral figure of MEMORY.md */                    \
    X(program_bytes_per_token, 0) /* tokenizer, per token of the vocabulary */                                         \
    X(embedding_on_disk, 0)       /* an untied input embedding is not resident */                                      \
    X(lookup_on_disk, 0)          /* per-layer embeddings stay in the mapped file */                                   \
    X(offloads, 0)                /* layers and experts can stay with the processor beside a GPU */

typedef struct es_memory_rules {
#define ES_RULE(rule, otherwise) double rule;
    ES_MEMORY_RULES(ES_RULE)
#undef ES_RULE
} es_memory_rules;

typedef struct es_memory_of {
    es_memory_rules rules;
    double tower_counted; /* 1: the published count has an image tower in it */
} es_memory_of;

/* A device under a runtime. */
typedef struct es_memory_unit {
    double reserves;     /* 1: the whole compute buffer is taken, not what is touched */
    double discrete;     /* 1: a memory of its own; the input embedding and the program stay in the host's */
    double driver_bytes; /* of that memory */
    double wide_masks;   /* 1: a build that held masks in 32 bits beside the 16 of flash attention */
    double repacked_bytes, repacked_head_bytes; /* of tensors that exist twice; of the output head */
} es_memory_unit;

enum {
    ES_MEMORY_SIZE = sizeof(es_memory_of) / sizeof(double),
    ES_MEMORY_UNIT_SIZE = sizeof(es_memory_unit) / sizeof(double)
};

/* The rows of runtimes_memory.csv by runtime. */
typedef struct es_memory_tables es_memory_tables;

es_status es_memory_compile(const es_catalog *catalog, const es_repacks *repacks, es_arena *arena,
                            const es_memory_tables **tables, es_errors *errors);

/* Block functions.  -> es_memory_of */
void es_roofline_memory_rules(const void *state, const es_rows *rows, const double *in, double *out);
/* in: types of the slots, their movable bytes by row group, the build -> es_memory_unit */
void es_roofline_memory_unit(const void *state, const es_rows *rows, const double *in, double *out);

#endif

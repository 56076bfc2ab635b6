/* Exact parameter counts of decoder models from their architecture fields.
 *
 * Everything is a double: counts stay below 2^53, where doubles are exact.  Pure and thread-safe.
 */
#ifndef ES_MODEL_PARAMS_H
#define ES_MODEL_PARAMS_H

#include <edgesweep/catalog.h>

/* Architecture fields after overrides and defaults; the order in which the roofline kernel passes them. */
#define ES_SHAPE_FIELDS(X)                                                                                             \
    X(layers, LAYERS)                                                                                                  \
    X(hidden, HIDDEN)                                                                                                  \
    X(intermediate, INTERMEDIATE)                                                                                      \
    X(vocab, VOCAB)                                                                                                    \
    X(heads, HEADS)                                                                                                    \
    X(kv_heads, KV_HEADS)                                                                                              \
    X(head_dim, HEAD_DIM)                                                                                              \
    X(tied, TIED)                                                                                                      \
    X(ffn_matrices, FFN_MATRICES)                                                                                      \
    X(ffn_active, FFN_ACTIVE)                                                                                          \
    X(qkv_bias, QKV_BIAS)                                                                                              \
    X(o_bias, O_BIAS)                                                                                                  \
    X(mlp_bias, MLP_BIAS)                                                                                              \
    X(norm, NORM)                                                                                                      \
    X(norms_per_layer, NORMS_PER_LAYER)                                                                                \
    X(qk_norm, QK_NORM)                                                                                                \
    X(pos_rows, POS_ROWS)                                                                                              \
    X(lm_head_bias, LM_HEAD_BIAS)                                                                                      \
    X(embed_norm, EMBED_NORM)                                                                                          \
    X(embed_dim, EMBED_DIM)                                                                                            \
    X(n_experts, N_EXPERTS)                                                                                            \
    X(n_active, N_ACTIVE)                                                                                              \
    X(n_shared, N_SHARED)                                                                                              \
    X(expert_intermediate, EXPERT_INTERMEDIATE)                                                                        \
    X(first_dense, FIRST_DENSE)                                                                                        \
    X(router_bias, ROUTER_BIAS)                                                                                        \
    X(expert_bias, EXPERT_BIAS)                                                                                        \
    X(shared_gate, SHARED_GATE)                                                                                        \
    X(attn_sinks, ATTN_SINKS)                                                                                          \
    X(sub_norms, SUB_NORMS)                                                                                            \
    X(kv_lora_rank, KV_LORA_RANK)                                                                                      \
    X(q_lora_rank, Q_LORA_RANK)                                                                                        \
    X(qk_rope, QK_ROPE)                                                                                                \
    X(qk_nope, QK_NOPE)                                                                                                \
    X(v_head_dim, V_HEAD_DIM)                                                                                          \
    X(unique_layers, UNIQUE_LAYERS)                                                                                    \
    X(conv_layers, CONV_LAYERS)                                                                                        \
    X(conv_kernel, CONV_KERNEL)                                                                                        \
    X(extra, EXTRA_PARAMS)

typedef struct es_shape {
#define ES_SHAPE_MEMBER(member, id) double member;
    ES_SHAPE_FIELDS(ES_SHAPE_MEMBER)
#undef ES_SHAPE_MEMBER
} es_shape;

enum { ES_SHAPE_SIZE = sizeof(es_shape) / sizeof(double) };

/* Counts by role.  Matrices are counted per layer (or expert) that has them; "vectors" are norms, biases, router
 * weights and convolution taps: what every GGUF file keeps in F32. */
typedef struct es_params {
    double attention_layers, conv_layers, dense_layers, moe_layers; /* stored */
    double reuse;                         /* executed per stored layer: layers/unique_layers */
    double attention, conv;               /* matrices of one layer */
    double dense_ffn, shared_ffn;         /* matrices of one layer */
    double experts, active_experts;       /* routed: stored and used per token */
    double expert, expert_vectors;        /* of one routed expert */
    double layer_vectors;                 /* of all stored layers, without the routed experts' */
    double final_vectors;                 /* final norm, norm behind the embedding, bias of the output head */
    double positions;                     /* learned position embeddings and extras: stored, not streamed */
    double projection_in, projection_out; /* between embed_dim and hidden */
    double embedding, output;             /* output 0 when tied */
    double total, active;
} es_params;

es_params es_count_params(const es_shape *shape);

/* The shape of a catalog row without overrides. */
es_shape es_shape_of(const es_row *model);

#endif

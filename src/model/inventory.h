/* The one inventory of a decoder model: its layers kind by kind, every weight tensor of a layer, and what follows from
 * the shapes alone - parameters, cached keys and values, constant state, operations.  Layouts (layout.h), importers and
 * the roofline kernel all read it; nothing else knows architectures.
 *
 * Everything is a double: counts stay below 2^53, where doubles are exact.  Compiling allocates in the caller's arena;
 * the rest is pure and thread-safe.
 */
#ifndef ES_MODEL_INVENTORY_H
#define ES_MODEL_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <edgesweep/catalog.h>
#include <edgesweep/error.h>

#include "base/arena.h"
#include "catalog/layers.h"

/* Numbers of a model after overrides and defaults, in the order in which the roofline kernel passes them.  They are the
 * defaults of every layer. */
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
    X(sliding_window, SLIDING_WINDOW)                                                                                  \
    X(global_every, GLOBAL_EVERY)                                                                                      \
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
    X(moe_latent, MOE_LATENT)                                                                                          \
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
    X(per_layer_embd, PER_LAYER_EMBD)                                                                                  \
    X(altup, ALTUP)                                                                                                    \
    X(laurel_rank, LAUREL_RANK)                                                                                        \
    X(mtp_layers, MTP_LAYERS)                                                                                          \
    X(other, OTHER_PARAMS)                                                                                             \
    X(extra, EXTRA_PARAMS)

typedef struct es_shape {
#define ES_SHAPE_MEMBER(member, id) double member;
    ES_SHAPE_FIELDS(ES_SHAPE_MEMBER)
#undef ES_SHAPE_MEMBER
} es_shape;

enum { ES_SHAPE_SIZE = sizeof(es_shape) / sizeof(double) };

/* The shape of a catalog row without overrides. */
es_shape es_shape_of(const es_row *model);

/* What no axis changes: family, fused tensors, rows of layers.csv.  Kind k of the layers is `row[k]`; NULL: the model's
 * own columns.  Without a pattern the kinds are combinations of ES_SHORT_*. */
typedef struct es_arch {
    const char *family; /* "llama" when not given */
    bool fused_qkv, fused_gate_up, fused_kv_b;
    bool plain_sum;           /* a dense FFN beside experts has no scales */
    bool mxfp4_experts;       /* native_format MXFP4 */
    const uint8_t *kind;      /* of each layer of the pattern; NULL: none */
    size_t n_layers, n_kinds; /* of the pattern */
    const es_row *const *row;
} es_arch;

enum { ES_SHORT_GLOBAL = 1, ES_SHORT_DENSE = 2, ES_SHORT_CONV = 4, ES_SHORT_KINDS = 8 };

/* `catalog` may be NULL for a model without a pattern; rows of layers.csv are found by the model's name and aliases. */
es_status es_arch_compile(const es_catalog *catalog, const es_row *model, es_arena *arena, es_arch *arch,
                          es_errors *errors);

/* An architecture without kinds of layers. */
es_arch es_arch_of_family(const char *family, const char *fuse);

/* The kind of layer i.  An axis over `layers` repeats or cuts the pattern. */
int es_arch_kind(const es_arch *arch, const es_shape *shape, int64_t layer);
/* How many of `layers` layers are of each kind; returns the number of kinds. */
size_t es_arch_count(const es_arch *arch, const es_shape *shape, double layers, double count[ES_MAX_KINDS]);

/* A kind of layer with its defaults filled in. */
typedef struct es_layer {
    int mixers, ffn; /* ES_MIXER_*, ES_FFN_* */
    es_kv kv;
    bool k_eq_v, ssm_norm;
    int out_gate;                                    /* the column of layers.csv */
    double heads, kv_heads, head_dim, v_dim, window; /* window 0: every position */
    double conv_kernel, ssm_heads, ssm_head_dim, ssm_groups, ssm_state;
    double rank[4];
    double intermediate, experts, active, shared, expert_intermediate, norms;
} es_layer;

es_layer es_layer_of(const es_arch *arch, const es_shape *shape, int kind);

/* X(id, name in GGUF files without "blk.N." and ".weight").  Rules of gguf_mixtures.csv may name any of them. */
#define ES_TENSORS(X)                                                                                                  \
    X(OUTPUT, "output")                                                                                                \
    X(TOKEN_EMBD, "token_embd")                                                                                        \
    X(PER_LAYER_TOKEN_EMBD, "per_layer_token_embd")                                                                    \
    X(PER_LAYER_MODEL_PROJ, "per_layer_model_proj")                                                                    \
    X(ALTUP_PROJ, "altup_proj")                                                                                        \
    X(ALTUP_UNEMBD_PROJ, "altup_unembd_proj")                                                                          \
    X(PROJECT_IN, "project_in")                                                                                        \
    X(PROJECT_OUT, "project_out")                                                                                      \
    X(ATTN_Q, "attn_q")                                                                                                \
    X(ATTN_K, "attn_k")                                                                                                \
    X(ATTN_V, "attn_v")                                                                                                \
    X(ATTN_QKV, "attn_qkv")                                                                                            \
    X(ATTN_OUTPUT, "attn_output")                                                                                      \
    X(ATTN_GATE, "attn_gate")                                                                                          \
    X(ATTN_Q_A, "attn_q_a")                                                                                            \
    X(ATTN_Q_B, "attn_q_b")                                                                                            \
    X(ATTN_KV_A_MQA, "attn_kv_a_mqa")                                                                                  \
    X(ATTN_KV_B, "attn_kv_b")                                                                                          \
    X(ATTN_K_B, "attn_k_b")                                                                                            \
    X(ATTN_V_B, "attn_v_b")                                                                                            \
    X(SSM_ALPHA, "ssm_alpha")                                                                                          \
    X(SSM_BETA, "ssm_beta")                                                                                            \
    X(SSM_IN, "ssm_in")                                                                                                \
    X(SSM_X, "ssm_x")                                                                                                  \
    X(SSM_DT, "ssm_dt")                                                                                                \
    X(SSM_OUT, "ssm_out")                                                                                              \
    X(TIME_MIX_RECEPTANCE, "time_mix_receptance")                                                                      \
    X(TIME_MIX_KEY, "time_mix_key")                                                                                    \
    X(TIME_MIX_VALUE, "time_mix_value")                                                                                \
    X(TIME_MIX_OUTPUT, "time_mix_output")                                                                              \
    X(TIME_MIX_A1, "time_mix_a1")                                                                                      \
    X(TIME_MIX_A2, "time_mix_a2")                                                                                      \
    X(TIME_MIX_V1, "time_mix_v1")                                                                                      \
    X(TIME_MIX_V2, "time_mix_v2")                                                                                      \
    X(TIME_MIX_G1, "time_mix_g1")                                                                                      \
    X(TIME_MIX_G2, "time_mix_g2")                                                                                      \
    X(SHORTCONV_IN, "shortconv.in_proj")                                                                               \
    X(SHORTCONV_OUT, "shortconv.out_proj")                                                                             \
    X(FFN_GATE, "ffn_gate")                                                                                            \
    X(FFN_UP, "ffn_up")                                                                                                \
    X(FFN_DOWN, "ffn_down")                                                                                            \
    X(FFN_GATE_EXPS, "ffn_gate_exps")                                                                                  \
    X(FFN_UP_EXPS, "ffn_up_exps")                                                                                      \
    X(FFN_DOWN_EXPS, "ffn_down_exps")                                                                                  \
    X(FFN_GATE_SHEXP, "ffn_gate_shexp")                                                                                \
    X(FFN_UP_SHEXP, "ffn_up_shexp")                                                                                    \
    X(FFN_DOWN_SHEXP, "ffn_down_shexp")                                                                                \
    X(FFN_LATENT_DOWN, "ffn_latent_down")                                                                              \
    X(FFN_LATENT_UP, "ffn_latent_up")                                                                                  \
    X(CHANNEL_MIX_KEY, "channel_mix_key")                                                                              \
    X(CHANNEL_MIX_VALUE, "channel_mix_value")                                                                          \
    X(INP_GATE, "inp_gate")                                                                                            \
    X(PROJ, "proj")                                                                                                    \
    X(ALTUP_ROUTER, "altup_router")                                                                                    \
    X(LAUREL_L, "laurel_l")                                                                                            \
    X(LAUREL_R, "laurel_r")                                                                                            \
    X(OTHER, "other")

#define ES_TENSOR_ID(id, name) ES_TENSOR_##id,
typedef enum es_tensor_id { ES_TENSORS(ES_TENSOR_ID) ES_TENSOR_IDS } es_tensor_id;
#undef ES_TENSOR_ID
_Static_assert(ES_TENSOR_IDS <= 64, "sets of tensors are bits of a uint64_t");

extern const char *const es_tensor_names[ES_TENSOR_IDS];

/* How a tensor is read. */
typedef enum es_use {
    ES_USE_STREAM, /* once per step */
    ES_USE_HEAD,   /* the output head, a tied embedding: once per step, in a prefill once per sequence */
    ES_USE_ROUTED, /* experts */
    ES_USE_LOOKUP, /* a row per token */
    ES_USE_NEVER   /* weights that lie unused in the file */
} es_use;

typedef enum es_place { ES_PLACE_LAYER, ES_PLACE_FIRST, ES_PLACE_LAST } es_place;

/* Rows of `in` weights, `out` rows, `depth` of them (experts, heads). */
typedef struct es_tensor {
    es_tensor_id id, role; /* the role decides the type: ffn_down of experts is an ffn_down; none: its own id */
    es_use use;
    es_place place;
    bool kept; /* never quantized: the type of the conversion */
    bool ffn;  /* what a sparse activation may skip */
    double in, out, depth;
} es_tensor;

enum { ES_MAX_TENSORS = 48 }; /* of one layer, or beside the layers */

/* Numbers that every GGUF file keeps in F32: norms, biases, routers, convolutions. */
typedef struct es_vectors {
    double streamed; /* read by each step */
    double routed;   /* of one routed expert */
    double stored;   /* beside those: read by row, or never */
} es_vectors;

/* The tensors of one layer, in the order of the quantizer: mixer, dense FFN, experts, shared experts, the rest. */
size_t es_layer_tensors(const es_arch *arch, const es_shape *shape, const es_layer *layer, es_tensor *tensors,
                        es_vectors *vectors);

/* The tensors beside the layers; vectors by es_place (FIRST: positions and extras; LAST: norms, bias of the head). */
size_t es_end_tensors(const es_arch *arch, const es_shape *shape, es_tensor *tensors, es_vectors *first,
                      es_vectors *last);

typedef struct es_params {
    double total;
    double active; /* without the experts a token skips, per-layer embeddings and unused weights */
} es_params;

es_params es_count_params(const es_arch *arch, const es_shape *shape);

/* Layers that see the same positions, summed: numbers per cached position of one sequence. */
typedef struct es_span {
    double window;         /* 0: every position, or no layers */
    double layers, owners; /* that read a cache, that have one of their own */
    double k, v;           /* cached elements */
    double read_k, read_v; /* elements that a step reads: those of caches of earlier layers too */
    double score_flops;
} es_span;

enum { ES_SPANS = 2 };

/* Only doubles: outputs of a block. */
typedef struct es_stack {
    es_span span[ES_SPANS];  /* every position; a window */
    double state;            /* numbers of constant state of one sequence, F32 */
    double state_flops;      /* per token */
    double experts, active;  /* of the layer with the most experts */
    double attention_layers; /* layers that read a cache */
    double score_heads;      /* query heads of the layer with most */
    double widest_v;         /* cached elements of values per position of the widest layer */
    double odd_rows;         /* 1: heads that are no whole blocks of 32 elements */
    /* Elements that parts of the widest layer hold at once for a token, mask and scores aside; fitted on 981 allocations
     * of llama.cpp v0.5.0. */
    double attn_width, attn_expanded_width; /* MLA by its latent vector; by the keys and values of every head */
    double block_width;                     /* FFN, experts or a recurrent mixer */
} es_stack;

enum { ES_STACK_SIZE = sizeof(es_stack) / sizeof(double) };

es_stack es_stack_of(const es_arch *arch, const es_shape *shape);

/* Of a pipeline of `nodes`, each with consecutive layers: the largest share of all weights of layers (by their number), of
 * cached keys and values of either span, of states. */
typedef struct es_split {
    double weights, cache[ES_SPANS], state;
} es_split;

es_split es_split_over(const es_arch *arch, const es_shape *shape, double nodes);

/* What one layer keeps and does; spans as in a stack, into span[0]. */
void es_layer_costs(const es_arch *arch, const es_shape *shape, const es_layer *layer, es_stack *costs);

/* Query heads per key/value head of the first layer that tells, as the quantizer takes it: whole, 0 without attention. */
double es_arch_gqa(const es_arch *arch, const es_shape *shape);

#endif

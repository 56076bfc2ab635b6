/* Catalogs: typed rows of models, devices, precisions and the tables beside them.
 *
 * Every column is one row of a field table (name, unit, type, range, default, help).  The loader, `list`, `show`,
 * `explain`, field axes and the man pages all read these tables; the enums index es_row.value and es_row.text.
 */
#ifndef EDGESWEEP_CATALOG_H
#define EDGESWEEP_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <edgesweep/error.h>

typedef enum es_kind {
    ES_MODEL,
    ES_DEVICE,
    ES_PRECISION,
    ES_UNIT,
    ES_RUNTIME,
    ES_PRODUCT,
    ES_CALIBRATION,
    ES_SCORE,
    ES_ESTIMATE,
    ES_LOSS,
    ES_DISTORTION,
    ES_GGUF_TYPE,
    ES_GGUF_MIXTURE,
    ES_LAYER,
    ES_RUNTIME_MEMORY,
    ES_KERNEL_GENERATION,
    ES_REPACKED_TYPE,
    ES_POWER,
    ES_DRAFT,
    ES_KINDS
} es_kind;

typedef enum es_field_type {
    ES_COUNT,   /* whole number */
    ES_REAL,    /* any number in range */
    ES_FLAG,    /* 0 or 1 */
    ES_CHOICE,  /* one of `choices`; value = index */
    ES_OPENSET, /* text; value = index in `choices`, or 0 when it is none of them */
    ES_NOTED,   /* text; value = the number when the text is one, else NaN */
    ES_TEXT     /* text; value = NaN */
} es_field_type;

enum {
    ES_REQUIRED = 1,  /* the column must exist and no cell may be empty */
    ES_COLUMN = 2,    /* the column must exist, cells may be empty */
    ES_EXCLUSIVE = 4, /* `min` itself is out of range */
    ES_REMARK = 8     /* changes no result; left out of es_catalog.hash */
};

typedef struct es_field {
    const char *name, *unit; /* unit "" when dimensionless */
    es_field_type type;
    unsigned flags;
    double min, max; /* inclusive unless ES_EXCLUSIVE */
    double fallback; /* when the cell or column is missing; NaN: stays absent, the kernel derives or refuses it */
    const char *const *choices; /* NULL-terminated; ES_CHOICE and ES_OPENSET */
    const char *help;
} es_field;

/* X(id, name, unit, type, flags, min, max, fallback, choices, help) */
#define ES_ABSENT (__builtin_nan(""))
#define ES_HUGE 1e18
#define ES_COUNT_MAX 1e9

#define ES_MODEL_FIELDS(X)                                                                                             \
    X(NAME, "name", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL, "unique name")                                    \
    X(ALIASES, "aliases", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "other names, separated by ;")                \
    X(HF_ID, "hf_id", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "repository id of the original weights")          \
    X(FAMILY, "family", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL, "architecture; decides fused tensors in GGUF [llama]")  \
    X(LAYERS, "layers", "", ES_COUNT, ES_REQUIRED, 1, 1e6, ES_ABSENT, NULL, "transformer blocks executed (L)")         \
    X(HIDDEN, "hidden", "", ES_COUNT, ES_REQUIRED, 1, ES_COUNT_MAX, ES_ABSENT, NULL, "model width (H)")                \
    X(INTERMEDIATE, "intermediate", "", ES_COUNT, ES_REQUIRED, 0, ES_COUNT_MAX, ES_ABSENT, NULL, "FFN width (I)")      \
    X(VOCAB, "vocab", "", ES_COUNT, ES_REQUIRED, 1, ES_COUNT_MAX, ES_ABSENT, NULL, "vocabulary rows (V)")              \
    X(HEADS, "heads", "", ES_COUNT, 0, 1, ES_COUNT_MAX, 1, NULL, "query heads")                                        \
    X(KV_HEADS, "kv_heads", "", ES_COUNT, 0, 1, ES_COUNT_MAX, ES_ABSENT, NULL, "key/value heads [heads]")              \
    X(HEAD_DIM, "head_dim", "", ES_COUNT, 0, 1, ES_COUNT_MAX, ES_ABSENT, NULL, "width of a head [hidden/heads]")       \
    X(TIED, "tied_embeddings", "", ES_FLAG, 0, 0, 1, 0, NULL, "output head shares the embedding")                      \
    X(FFN_MATRICES, "ffn_matrices", "", ES_COUNT, 0, 2, 3, 2, NULL, "3 for gated FFNs")                                \
    X(MAX_CTX, "max_ctx", "tokens", ES_COUNT, 0, 0, ES_COUNT_MAX, 0, NULL, "longest context trained for, 0 unlimited") \
    X(ACT, "act", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "FFN activation")                                     \
    X(FFN_ACTIVE, "ffn_active_fraction", "", ES_REAL, ES_EXCLUSIVE, 0, 1, 1, NULL,                                     \
      "share of FFN rows a sparse activation touches")                                                                 \
    X(ATTN, "attn", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "mha, gqa, mqa or mla; informative")                \
    X(SLIDING_WINDOW, "sliding_window", "tokens", ES_COUNT, 0, 0, ES_COUNT_MAX, 0, NULL, "0: none")                    \
    X(GLOBAL_EVERY, "global_layer_every", "", ES_COUNT, 0, 0, ES_COUNT_MAX, 0, NULL,                                   \
      "every n-th layer attends globally, 0: none does")                                                               \
    X(QKV_BIAS, "qkv_bias", "", ES_FLAG, 0, 0, 1, 0, NULL, "biases on q, k, v")                                        \
    X(O_BIAS, "o_bias", "", ES_FLAG, 0, 0, 1, 0, NULL, "bias on the attention output")                                 \
    X(MLP_BIAS, "mlp_bias", "", ES_FLAG, 0, 0, 1, 0, NULL, "biases in the FFN")                                        \
    X(NORM, "norm", "", ES_CHOICE, 0, 0, 0, 0, es_norm_choices, "rms, ln (weight and bias), ln_np (none), none")       \
    X(NORMS_PER_LAYER, "norms_per_layer", "", ES_COUNT, 0, 0, 100, 2, NULL, "norms of hidden width in a layer")        \
    X(QK_NORM, "qk_norm", "", ES_COUNT, 0, 0, 2, 0, NULL, "1: per head width, 2: full width")                          \
    X(POS_ROWS, "pos_rows", "", ES_COUNT, 0, 0, ES_COUNT_MAX, 0, NULL, "learned position embeddings")                  \
    X(LM_HEAD_BIAS, "lm_head_bias", "", ES_FLAG, 0, 0, 1, 0, NULL, "bias on the output head")                          \
    X(EMBED_NORM, "embed_norm", "", ES_FLAG, 0, 0, 1, 0, NULL, "norm behind the embedding")                            \
    X(EMBED_DIM, "embed_dim", "", ES_COUNT, 0, 0, ES_COUNT_MAX, 0, NULL, "embedding width when it is not hidden")      \
    X(N_EXPERTS, "n_experts", "", ES_COUNT, 0, 0, 1e6, 0, NULL, "routed experts per MoE layer (E), 0: dense")          \
    X(N_ACTIVE, "n_active_experts", "", ES_COUNT, 0, 0, 1e6, 0, NULL, "experts per token (k)")                         \
    X(N_SHARED, "n_shared_experts", "", ES_COUNT, 0, 0, 1e6, 0, NULL, "experts that always run")                       \
    X(EXPERT_INTERMEDIATE, "expert_intermediate", "", ES_COUNT, 0, 0, ES_COUNT_MAX, 0, NULL, "width of an expert")     \
    X(MOE_LATENT, "moe_latent", "", ES_COUNT, 0, 0, ES_COUNT_MAX, 0, NULL, "width that routed experts see, 0: hidden") \
    X(FIRST_DENSE, "first_dense_layers", "", ES_COUNT, 0, 0, 1e6, 0, NULL, "leading layers with a dense FFN")          \
    X(ROUTER_BIAS, "router_bias", "", ES_FLAG, 0, 0, 1, 0, NULL, "bias on the router")                                 \
    X(EXPERT_BIAS, "expert_bias", "", ES_FLAG, 0, 0, 1, 0, NULL, "biases in the experts")                              \
    X(SHARED_GATE, "shared_gate", "", ES_FLAG, 0, 0, 1, 0, NULL, "gate on the shared expert")                          \
    X(ATTN_SINKS, "attn_sinks", "", ES_FLAG, 0, 0, 1, 0, NULL, "one learned sink per head")                            \
    X(SUB_NORMS, "sub_norms", "", ES_FLAG, 0, 0, 1, 0, NULL, "BitNet norms inside attention and FFN")                  \
    X(KV_LORA_RANK, "kv_lora_rank", "", ES_COUNT, 0, 0, ES_COUNT_MAX, 0, NULL, "MLA latent width, 0: no MLA")          \
    X(Q_LORA_RANK, "q_lora_rank", "", ES_COUNT, 0, 0, ES_COUNT_MAX, 0, NULL, "MLA query latent width")                 \
    X(QK_ROPE, "qk_rope_head_dim", "", ES_COUNT, 0, 0, ES_COUNT_MAX, 0, NULL, "MLA rotary part of a head")             \
    X(QK_NOPE, "qk_nope_head_dim", "", ES_COUNT, 0, 0, ES_COUNT_MAX, 0, NULL, "MLA non-rotary part of a head")         \
    X(V_HEAD_DIM, "v_head_dim", "", ES_COUNT, 0, 0, ES_COUNT_MAX, 0, NULL, "MLA value width of a head")                \
    X(UNIQUE_LAYERS, "unique_layers", "", ES_COUNT, 0, 1, 1e6, ES_ABSENT, NULL, "layers stored [layers]")              \
    X(CONV_LAYERS, "conv_layers", "", ES_COUNT, 0, 0, 1e6, 0, NULL, "layers with a short convolution, no attention")   \
    X(CONV_KERNEL, "conv_kernel", "", ES_COUNT, 0, 0, 1e6, 0, NULL, "taps of that convolution")                        \
    X(LAYER_PATTERN, "layer_pattern", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL,                                           \
      "order of the kinds of layers.csv, as in (lin*3 full)*8; empty: one kind, or as the columns above say")          \
    X(FUSE, "fuse", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL,                                                             \
      "tensors that GGUF files hold as one: qkv, gate_up, kv_b, separated by ; [of the family]")                       \
    X(PER_LAYER_EMBD, "per_layer_embd", "", ES_COUNT, 0, 0, ES_COUNT_MAX, 0, NULL, "width of per-layer embeddings")    \
    X(ALTUP, "altup", "", ES_COUNT, 0, 0, 1000, 0, NULL, "AltUp streams")                                              \
    X(LAUREL_RANK, "laurel_rank", "", ES_COUNT, 0, 0, ES_COUNT_MAX, 0, NULL, "LAuReL rank")                            \
    X(MTP_LAYERS, "mtp_layers", "", ES_COUNT, 0, 0, 1e6, 0, NULL,                                                      \
      "multi-token-prediction layers of a file beyond `layers`; not counted")                                          \
    X(EXTRA_PARAMS, "extra_params", "", ES_COUNT, 0, -ES_COUNT_MAX, ES_COUNT_MAX, 0, NULL,                             \
      "other numbers a file holds (rope factors), F32 in GGUF; negative: fewer than the columns say")                  \
    X(OTHER_PARAMS, "other_params", "", ES_COUNT, 0, 0, ES_HUGE, 0, NULL,                                              \
      "weights of matrices that no other column explains; every token reads them")                                     \
    X(NATIVE_FORMAT, "native_format", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL,                                           \
      "formats the weights were trained in, separated by ;")                                                           \
    X(PROJECTOR_BYTES, "projector_bytes", "B", ES_COUNT, 0, 0, ES_HUGE, 0, NULL,                                       \
      "image tower and projector, a file of its own")                                                                  \
    X(VISION_LAYERS, "vision_layers", "", ES_COUNT, 0, 0, 1e6, 0, NULL, "layers of the image tower, 0: none known")    \
    X(VISION_HIDDEN, "vision_hidden", "", ES_COUNT, 0, 0, ES_COUNT_MAX, 0, NULL, "its width")                          \
    X(VISION_INTERMEDIATE, "vision_intermediate", "", ES_COUNT, 0, 0, ES_COUNT_MAX, 0, NULL, "width of its FFN")       \
    X(VISION_MATRICES, "vision_ffn_matrices", "", ES_COUNT, 0, 0, 3, 0, NULL, "matrices of its FFN, 3: gated")         \
    X(VISION_PATCH, "vision_patch", "", ES_COUNT, 0, 0, 1e4, 0, NULL, "pixels along a patch")                          \
    X(VISION_FRAMES, "vision_frames", "", ES_COUNT, 0, 0, 16, 0, NULL, "frames a patch is embedded from")              \
    X(VISION_PATCHES, "vision_patches", "", ES_COUNT, 0, 0, ES_COUNT_MAX, 0, NULL,                                     \
      "patches of an image of any size, 0: image_pixels/vision_patch^2")                                               \
    X(VISION_MERGE, "vision_merge", "", ES_COUNT, 0, 0, 100, 0, NULL,                                                  \
      "patches along the square that becomes one token")                                                               \
    X(VISION_WINDOW, "vision_window", "", ES_COUNT, 0, 0, ES_COUNT_MAX, 0, NULL,                                       \
      "patches that windowed layers attend to, 0: all")                                                                \
    X(VISION_GLOBAL_LAYERS, "vision_global_layers", "", ES_COUNT, 0, 0, 1e6, 0, NULL, "layers without that window")    \
    X(VISION_PROJECTOR, "vision_projector", "", ES_COUNT, 0, 0, ES_HUGE, 0, NULL, "weights of the projector")          \
    X(NEWER, "newer", "", ES_FLAG, 0, 0, 1, 1, NULL, "0: first weights before 2024")                                   \
    X(ANSWER_TOKENS, "answer_tokens", "tokens", ES_REAL, ES_EXCLUSIVE, 0, 1e9, ES_ABSENT, NULL,                        \
      "tokens of an answer, instruct")                                                                                 \
    X(ANSWER_TOKENS_THINKING, "answer_tokens_thinking", "tokens", ES_REAL, ES_EXCLUSIVE, 0, 1e9, ES_ABSENT, NULL,      \
      "tokens of an answer with its reasoning")                                                                        \
    X(PARAMS_PUBLISHED, "params_published", "", ES_REAL, 0, 0, ES_HUGE, ES_ABSENT, NULL, "published parameter count")  \
    X(SOURCE, "source", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "where the row was read")                       \
    X(PARAMS_SOURCE, "params_source", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "where the count was read")       \
    X(PUBLISHED_SCOPE, "published_scope", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL,                               \
      "what the published count covers")                                                                               \
    X(NOTE, "note", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "remarks")

#define ES_DEVICE_FIELDS(X)                                                                                            \
    X(NAME, "name", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL, "unique name")                                    \
    X(ALIASES, "aliases", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "other names, separated by ;")                \
    X(BOARD, "board", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL, "the board, whatever its memory and unit")                \
    X(UNIT, "unit", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL, "what it computes with, of units.csv [first of units]")     \
    X(UNITS, "units", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL, "unit*count@GHz, joined by +; gives missing peaks")       \
    X(CORES, "cores", "", ES_COUNT, 0, 1, 1e6, ES_ABSENT, NULL, "cores, SMs, CUs of the unit")                         \
    X(CLOCK_GHZ, "clock_ghz", "GHz", ES_REAL, ES_EXCLUSIVE, 0, 1e3, ES_ABSENT, NULL, "clock of the unit")              \
    X(CLASS, "class", "", ES_CHOICE, 0, 0, 0, ES_ABSENT, es_class_choices, "kind of board")                            \
    X(POWER_BOUNDARY, "power_boundary", "", ES_CHOICE, 0, 0, 0, ES_ABSENT, es_boundary_choices,                        \
      "what idle_w and load_w were measured at")                                                                       \
    X(PEAK_FP32, "peak_gflops_fp32", "GFLOP/s", ES_REAL, ES_COLUMN | ES_EXCLUSIVE, 0, ES_HUGE, ES_ABSENT, NULL,        \
      "peak rate, 32-bit floats")                                                                                      \
    X(PEAK_FP16, "peak_gflops_fp16", "GFLOP/s", ES_REAL, ES_EXCLUSIVE, 0, ES_HUGE, ES_ABSENT, NULL,                    \
      "peak rate, 16-bit floats [fp32]")                                                                               \
    X(PEAK_INT8, "peak_gops_int8", "GOP/s", ES_REAL, ES_EXCLUSIVE, 0, ES_HUGE, ES_ABSENT, NULL,                        \
      "peak rate, 8-bit integers [fp16]")                                                                              \
    X(PEAK_INT8_MATRIX, "peak_gops_int8_matrix", "GOP/s", ES_REAL, ES_EXCLUSIVE, 0, ES_HUGE, ES_ABSENT, NULL,          \
      "peak rate, 8-bit matrix instructions [int8]")                                                                   \
    X(PEAK_BASIS, "peak_basis", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "where the peaks come from")            \
    X(MEM_BW, "mem_bw_gbs", "GB/s", ES_REAL, ES_COLUMN | ES_EXCLUSIVE, 0, ES_HUGE, ES_ABSENT, NULL,                    \
      "theoretical memory bandwidth")                                                                                  \
    X(STORAGE_BW, "storage_bw_mbs", "MB/s", ES_REAL, ES_EXCLUSIVE, 0, ES_HUGE, ES_ABSENT, NULL,                        \
      "sequential storage read rate")                                                                                  \
    X(H2D_BW, "h2d_gbs", "GB/s", ES_REAL, ES_EXCLUSIVE, 0, ES_HUGE, ES_ABSENT, NULL,                                   \
      "host-to-device bandwidth [unified memory: no copy]")                                                            \
    X(NET_BW, "net_bw_mbps", "Mbit/s", ES_REAL, ES_EXCLUSIVE, 0, ES_HUGE, ES_ABSENT, NULL, "network bandwidth")        \
    X(COMPUTE_UTIL, "compute_util", "", ES_REAL, ES_EXCLUSIVE, 0, 1, 0.7, NULL, "share of the peak reached")           \
    X(MEM_UTIL, "mem_util", "", ES_REAL, ES_EXCLUSIVE, 0, 1, ES_ABSENT, NULL,                                          \
      "share of memory bandwidth reached [edgeprofiler 0.6, roofline: class row]")                                     \
    X(STORAGE_UTIL, "storage_util", "", ES_REAL, ES_EXCLUSIVE, 0, 1, 0.8, NULL, "share of storage bandwidth reached")  \
    X(H2D_UTIL, "h2d_util", "", ES_REAL, ES_EXCLUSIVE, 0, 1, 0.7, NULL, "share of host-to-device bandwidth reached")   \
    X(NET_UTIL, "net_util", "", ES_REAL, ES_EXCLUSIVE, 0, 1, 0.8, NULL, "share of network bandwidth reached")          \
    X(DECODE_UTIL, "decode_util", "", ES_REAL, ES_EXCLUSIVE, 0, 1, ES_ABSENT, NULL, "share of the peak in decode")     \
    X(PREFILL_UTIL, "prefill_util", "", ES_REAL, ES_EXCLUSIVE, 0, 1, ES_ABSENT, NULL, "share of the peak in prefill")  \
    X(ATTN_UTIL, "attn_util", "", ES_REAL, ES_EXCLUSIVE, 0, 1, ES_ABSENT, NULL, "share of the peak in attention")      \
    X(PREFILL_ATTN_UTIL, "prefill_attn_util", "", ES_REAL, ES_EXCLUSIVE, 0, 1, ES_ABSENT, NULL,                        \
      "share of the peak in attention of a prefill [attn_util]")                                                       \
    X(TOKEN_OVERHEAD, "token_overhead_ms", "ms", ES_REAL, 0, 0, 1e9, ES_ABSENT, NULL, "fixed time per decode step")    \
    X(LAYER_OVERHEAD, "layer_overhead_ms", "ms", ES_REAL, 0, 0, 1e9, ES_ABSENT, NULL,                                  \
      "fixed time per decode step and layer [0]")                                                                      \
    X(THREADS, "threads", "", ES_COUNT, 0, 1, 1e6, ES_ABSENT, NULL, "threads that the utilizations hold for")          \
    X(PJ_PER_FLOP, "pj_per_flop", "pJ", ES_REAL, 0, 0, 1e9, ES_ABSENT, NULL, "energy of an operation")                 \
    X(PJ_PER_BYTE, "pj_per_byte", "pJ", ES_REAL, 0, 0, 1e9, ES_ABSENT, NULL, "energy of a byte of memory traffic")     \
    X(PJ_PER_STORAGE_BYTE, "pj_per_storage_byte", "pJ", ES_REAL, 0, 0, 1e9, ES_ABSENT, NULL,                           \
      "energy of a byte read from storage")                                                                            \
    X(IDLE_W, "idle_w", "W", ES_REAL, 0, 0, 1e6, ES_ABSENT, NULL, "power when idle")                                   \
    X(LOAD_W, "load_w", "W", ES_REAL, 0, 0, 1e6, ES_ABSENT, NULL, "power under full load")                             \
    X(TDP_W, "tdp_w", "W", ES_REAL, 0, 0, 1e6, ES_ABSENT, NULL, "power limit")                                         \
    X(RAM_GB, "ram_gb", "GiB", ES_REAL, ES_EXCLUSIVE, 0, 1e9, ES_ABSENT, NULL, "memory for weights, cache, the rest")  \
    X(OS_RESERVED_GB, "os_reserved_gb", "GiB", ES_REAL, 0, 0, 1e9, ES_ABSENT, NULL,                                    \
      "memory taken by the system [0.3; 0 for mcu and gpu]")                                                           \
    X(HOST_UNIT, "host_unit", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL, "processor beside a GPU: unit*cores@GHz")         \
    X(HOST_RAM_GB, "host_ram_gb", "GiB", ES_REAL, 0, 0, 1e9, ES_ABSENT, NULL, "memory of that processor")              \
    X(HOST_MEM_BW, "host_mem_bw_gbs", "GB/s", ES_REAL, ES_EXCLUSIVE, 0, ES_HUGE, ES_ABSENT, NULL,                      \
      "theoretical bandwidth of that memory")                                                                          \
    X(VISION_GFLOPS, "vision_gflops", "GFLOP/s", ES_REAL, ES_EXCLUSIVE, 0, ES_HUGE, ES_ABSENT, NULL,                   \
      "rate of image towers, measured [fp16 peak * prefill_util]")                                                     \
    X(SUSTAINED_FACTOR, "sustained_factor", "", ES_REAL, ES_EXCLUSIVE, 0, 1, ES_ABSENT, NULL,                          \
      "speed after ten minutes of load / speed at the start")                                                          \
    X(PRICE_USD, "price_usd", "USD", ES_REAL, 0, 0, 1e9, ES_ABSENT, NULL, "price of the board")                        \
    X(BASIS, "basis", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "measured, datasheet, derived, vendor ...")       \
    X(UNSOURCED, "unsourced", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL,                                                   \
      "what has no source; mem_bw_gbs, peaks or everything widen ranges without measurements of it")                   \
    X(SOURCE, "source", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "where the constants were read")                \
    X(NOTE, "note", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "remarks")

#define ES_PRECISION_FIELDS(X)                                                                                         \
    X(NAME, "name", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL, "unique name")                                    \
    X(ALIASES, "aliases", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "other names, separated by ;")                \
    X(KIND, "kind", "", ES_CHOICE, 0, 0, 0, 1, es_precision_kind_choices, "float, uniform or gguf")                    \
    X(FORMAT_KIND, "format_kind", "", ES_CHOICE, 0, 0, 0, ES_ABSENT, es_precision_kind_choices,                        \
      "the kind that formats of runtimes.csv ask for [kind]")                                                          \
    X(HYPOTHETICAL, "hypothetical", "", ES_FLAG, 0, 0, 1, 0, NULL, "1: no file has it; only when named")               \
    X(WEIGHT_BITS, "weight_bits", "bit", ES_REAL, ES_EXCLUSIVE, 0, 1024, ES_ABSENT, NULL, "bits of a weight")          \
    X(GROUP_SIZE, "group_size", "", ES_COUNT, 0, 0, ES_COUNT_MAX, 0, NULL, "weights sharing a scale, 0: no overhead")  \
    X(SCALE_BITS, "scale_bits", "bit", ES_REAL, 0, 0, 1024, 0, NULL, "bits of a group's scale")                        \
    X(ZERO_BITS, "zero_bits", "bit", ES_REAL, 0, 0, 1024, 0, NULL, "bits of a group's zero point")                     \
    X(EMBED_BITS, "embed_bits", "bit", ES_REAL, ES_EXCLUSIVE, 0, 1024, ES_ABSENT, NULL,                                \
      "bits of an embedding weight [weight_bits]")                                                                     \
    X(OUTPUT_BITS, "output_bits", "bit", ES_REAL, ES_EXCLUSIVE, 0, 1024, ES_ABSENT, NULL,                              \
      "bits of an output head weight [weight_bits]")                                                                   \
    X(ACTIVATION_BITS, "activation_bits", "bit", ES_REAL, ES_EXCLUSIVE, 0, 1024, ES_ABSENT, NULL,                      \
      "bits of an activation; informative")                                                                            \
    X(KV_BITS, "kv_bits", "bit", ES_REAL, ES_EXCLUSIVE, 0, 1024, 16, NULL, "bits of a cached key or value")            \
    X(COMPUTE, "compute", "", ES_CHOICE, 0, 0, 0, 0, es_compute_choices, "peak that applies: fp32, fp16 or int8")      \
    X(IMATRIX, "imatrix", "", ES_FLAG, 0, 0, 1, 0, NULL, "made with an importance matrix")                             \
    X(SOURCE, "source", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "where the layout was read")                    \
    X(NOTE, "note", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "remarks")

#define ES_CALIBRATION_FIELDS(X)                                                                                       \
    X(PHASE, "phase", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL, "decode, prefill, prior, class or kernel")      \
    X(EFFECT, "effect", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL, "kind, unit, device, type ..., a field")      \
    X(KEY, "key", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL, "of what")                                          \
    X(VALUE, "value", "", ES_REAL, ES_REQUIRED, -ES_HUGE, ES_HUGE, ES_ABSENT, NULL,                                    \
      "natural logarithm in decode and prefill, else the value itself")                                                \
    X(ROWS, "rows", "", ES_COUNT, 0, 0, ES_COUNT_MAX, ES_ABSENT, NULL, "measurements behind it")                       \
    X(SOURCES, "sources", "", ES_COUNT, 0, 0, ES_COUNT_MAX, ES_ABSENT, NULL, "sources of them")                        \
    X(SOURCE, "source", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "where a row that is not fitted comes from")

#define ES_SCORE_FIELDS(X)                                                                                             \
    X(MODEL, "model", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL, "model name")                                   \
    X(METRIC, "metric", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL,                                               \
      "benchmark and protocol: MMLU, MMLU-Pro-CoT ...")                                                                \
    X(MODE, "mode", "", ES_CHOICE, ES_REQUIRED, 0, 0, ES_ABSENT, es_mode_choices, "base, instruct or thinking")        \
    X(SHOTS, "shots", "", ES_COUNT, 0, 0, 1000, ES_ABSENT, NULL, "examples in the prompt")                             \
    X(HARNESS, "harness", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL, "who measured: lm-eval, meta, vendor ...")  \
    X(VALUE, "value", "%", ES_REAL, ES_REQUIRED, 0, 100, ES_ABSENT, NULL, "score in full precision")                   \
    X(CHANCE, "chance", "%", ES_REAL, 0, 0, 99, 0, NULL, "score of guessing")                                          \
    X(SOURCE, "source", "", ES_TEXT, ES_REQUIRED | ES_REMARK, 0, 0, ES_ABSENT, NULL, "where it was published")         \
    X(DATE, "date", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "when")                                             \
    X(NOTE, "note", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "remarks")

#define ES_ESTIMATE_FIELDS(X)                                                                                          \
    X(METRIC, "target_metric", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL, "metric that is estimated")            \
    X(MODE, "target_mode", "", ES_CHOICE, ES_REQUIRED, 0, 0, ES_ABSENT, es_mode_choices, "its mode")                   \
    X(FROM_METRIC, "from_metric", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL, "known metric")                     \
    X(FROM_MODE, "from_mode", "", ES_CHOICE, ES_REQUIRED, 0, 0, ES_ABSENT, es_mode_choices, "its mode")                \
    X(A, "a", "", ES_REAL, ES_REQUIRED, -100, 100, ES_ABSENT, NULL,                                                    \
      "logit of the target = a + b*logit of the known score")                                                          \
    X(B, "b", "", ES_REAL, ES_REQUIRED, -100, 100, ES_ABSENT, NULL, "the same")                                        \
    X(RMS, "rms", "%", ES_REAL, ES_REQUIRED | ES_EXCLUSIVE, 0, 100, ES_ABSENT, NULL, "error; weight 1/rms^2")          \
    X(N, "n", "", ES_COUNT, 0, 0, ES_COUNT_MAX, ES_ABSENT, NULL, "models behind it")                                   \
    X(X_MIN, "x_min", "", ES_REAL, ES_REQUIRED, -100, 100, ES_ABSENT, NULL, "least logit fitted")                      \
    X(X_MAX, "x_max", "", ES_REAL, ES_REQUIRED, -100, 100, ES_ABSENT, NULL, "largest logit fitted")                    \
    X(SOURCE, "source", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "where it comes from")

#define ES_LOSS_FIELDS(X)                                                                                              \
    X(MODEL, "model", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL, "model name")                                   \
    X(FILE_TYPE, "file_type", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL,                                         \
      "precision; `pure T`: all layers of tensor type T, embedding and head Q8_0")                                     \
    X(IMATRIX, "imatrix", "", ES_FLAG, 0, 0, 1, 0, NULL, "1: quantized with an importance matrix")                     \
    X(DLNPPL, "dlnppl", "", ES_REAL, ES_REQUIRED, -10, 20, ES_ABSENT, NULL, "ln(perplexity / that of full precision)") \
    X(PARAMS_B, "params_b", "1e9", ES_REAL, ES_REMARK, 0, 1e6, ES_ABSENT, NULL, "parameters; informative")             \
    X(SOURCE, "source", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL, "where it was published")                     \
    X(NOTE, "note", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "remarks")

#define ES_DISTORTION_FIELDS(X)                                                                                        \
    X(NAME, "name", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL, "tensor type, or precision of a uniform scheme")  \
    X(KIND, "kind", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "tensor or scheme; informative")                    \
    X(BITS, "bits", "bit", ES_REAL, ES_REMARK, 0, 1024, ES_ABSENT, NULL, "of a weight with its scales; informative")   \
    X(PLAIN, "distortion", "", ES_REAL, 0, 0, 100, ES_ABSENT, NULL,                                                    \
      "loss of a 7B model of 2023 in it; empty: unknown")                                                              \
    X(IMATRIX, "distortion_imatrix", "", ES_REAL, 0, 0, 100, ES_ABSENT, NULL, "the same with an importance matrix")    \
    X(N, "n", "", ES_COUNT, ES_REMARK, 0, ES_COUNT_MAX, ES_ABSENT, NULL, "measurements behind it")                     \
    X(SPREAD, "spread", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "factor between them")                          \
    X(BASIS, "basis", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "definition, fitted, measured, borrowed or none") \
    X(SOURCE, "source", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "where it comes from")

#define ES_GGUF_TYPE_FIELDS(X)                                                                                         \
    X(TYPE, "type", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL, "tensor type")                                    \
    X(BLOCK_BYTES, "block_bytes", "B", ES_COUNT, ES_REQUIRED, 1, 1e6, ES_ABSENT, NULL, "bytes of a block")             \
    X(BLOCK_WEIGHTS, "block_weights", "", ES_COUNT, ES_REQUIRED, 1, 1e6, ES_ABSENT, NULL, "weights in a block")        \
    X(FALLBACK, "fallback", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL, "type used when a row is no multiple of the block")

#define ES_GGUF_MIXTURE_FIELDS(X)                                                                                      \
    X(FILE_TYPE, "file_type", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL, "quantization of the file")             \
    X(BASE_TYPE, "base_type", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL, "type of tensors without a rule")       \
    X(ROLE, "role", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL, "roles or tensors, joined by |; *: any")          \
    X(QUANTIZER, "quantizer", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL,                                                   \
      "<YYYY-MM or >=YYYY-MM of the quantizer; empty: any")                                                            \
    X(CONDITION, "condition", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL, "when the rule applies")                \
    X(TENSOR_TYPE, "tensor_type", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL, "type the rule chooses")

/* Empty cells take the model's value, or what else stands in brackets. */
#define ES_LAYER_FIELDS(X)                                                                                             \
    X(MODEL, "model", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL, "name of the model")                            \
    X(KIND, "kind", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL, "name in layer_pattern")                          \
    X(MIXER, "mixer", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL,                                                           \
      "attention, mla, gdn, mamba1, mamba2, rwkv7, conv, linear, none; joined by + when parallel [attention; mla]")    \
    X(HEADS, "heads", "", ES_COUNT, 0, 1, ES_COUNT_MAX, ES_ABSENT, NULL, "query heads [model]")                        \
    X(KV_HEADS, "kv_heads", "", ES_COUNT, 0, 1, ES_COUNT_MAX, ES_ABSENT, NULL, "key/value heads [model]")              \
    X(HEAD_DIM, "head_dim", "", ES_COUNT, 0, 1, ES_COUNT_MAX, ES_ABSENT, NULL, "width of a head [model]")              \
    X(V_HEAD_DIM, "v_head_dim", "", ES_COUNT, 0, 1, ES_COUNT_MAX, ES_ABSENT, NULL, "value width of a head [head_dim]") \
    X(WINDOW, "window", "tokens", ES_COUNT, 0, 0, ES_COUNT_MAX, ES_ABSENT, NULL, "0: all [sliding_window]")            \
    X(KV, "kv", "", ES_CHOICE, 0, 0, 0, 0, es_kv_choices, "own; shared: another layer's; none: and has no weights")    \
    X(K_EQ_V, "k_eq_v", "", ES_FLAG, 0, 0, 1, 0, NULL, "values are computed from the keys' projection")                \
    X(OUT_GATE, "out_gate", "", ES_COUNT, 0, 0, 3, 0, NULL,                                                            \
      "gate of the output: 1 in a query projection of twice the width, 2 a matrix of its own, 3 a value a head")       \
    X(CONV_KERNEL, "conv_kernel", "", ES_COUNT, 0, 0, 1e6, ES_ABSENT, NULL, "taps of the convolution [model]")         \
    X(SSM_HEADS, "ssm_heads", "", ES_COUNT, 0, 0, ES_COUNT_MAX, 0, NULL, "value heads; mamba1: inner width (D)")       \
    X(SSM_HEAD_DIM, "ssm_head_dim", "", ES_COUNT, 0, 0, ES_COUNT_MAX, 0, NULL, "width of one; mamba1: 1")              \
    X(SSM_GROUPS, "ssm_groups", "", ES_COUNT, 0, 0, ES_COUNT_MAX, 0, NULL, "mamba2 groups, gdn key heads (g)")         \
    X(SSM_STATE, "ssm_state", "", ES_COUNT, 0, 0, ES_COUNT_MAX, 0, NULL, "state size, gdn key head width (N)")         \
    X(SSM_NORM, "ssm_norm", "", ES_FLAG, 0, 0, 1, 0, NULL, "norm of the inner width; mamba1: of dt, B, C")             \
    X(RANKS, "ranks", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL, "mamba1: dt; rwkv7: decay;iclr;value;gate")               \
    X(FFN, "ffn", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL,                                                               \
      "dense, moe, dense+moe, channel_mix, none [moe with more than one expert, else dense]")                          \
    X(INTERMEDIATE, "intermediate", "", ES_COUNT, 0, 0, ES_COUNT_MAX, ES_ABSENT, NULL, "FFN width [model]")            \
    X(N_EXPERTS, "n_experts", "", ES_COUNT, 0, 0, 1e6, ES_ABSENT, NULL, "routed experts [model]")                      \
    X(N_ACTIVE, "n_active_experts", "", ES_COUNT, 0, 0, 1e6, ES_ABSENT, NULL, "experts per token [model]")             \
    X(N_SHARED, "n_shared_experts", "", ES_REAL, 0, 0, 1e6, ES_ABSENT, NULL, "experts that always run [model]")        \
    X(EXPERT_INTERMEDIATE, "expert_intermediate", "", ES_COUNT, 0, 0, ES_COUNT_MAX, ES_ABSENT, NULL,                   \
      "width of an expert [model]")                                                                                    \
    X(NORMS, "norms", "", ES_COUNT, 0, 0, 100, ES_ABSENT, NULL, "norms of hidden width [norms_per_layer]")

#define ES_UNIT_FIELDS(X)                                                                                              \
    X(UNIT, "unit", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL, "unique name: a core, an SM, a GPU, an NPU")      \
    X(ALIASES, "aliases", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "other names, separated by ;")                \
    X(KIND, "kind", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL, "cpu_arm, gpu_nvidia, npu_rockchip ...")          \
    X(FIT_KIND, "fit_kind", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL, "kind in calibration")                              \
    X(FIT_UNIT, "fit_unit", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL, "unit in calibration")                              \
    X(PER, "per", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "what counts as one")                                 \
    X(FP32, "fp32_per_cycle", "", ES_REAL, ES_EXCLUSIVE, 0, 1e9, ES_ABSENT, NULL, "operations, 32-bit floats")         \
    X(FP16, "fp16_per_cycle", "", ES_REAL, ES_EXCLUSIVE, 0, 1e9, ES_ABSENT, NULL, "operations, 16-bit floats")         \
    X(INT8, "int8_per_cycle", "", ES_REAL, ES_EXCLUSIVE, 0, 1e9, ES_ABSENT, NULL, "operations, 8-bit integers")        \
    X(INT8_MATRIX, "int8_matrix_per_cycle", "", ES_REAL, ES_EXCLUSIVE, 0, 1e9, ES_ABSENT, NULL,                        \
      "operations of 8-bit matrix instructions")                                                                       \
    X(INT8_MATRIX_CORES, "int8_matrix_cores", "", ES_COUNT, 0, 1, 1e6, ES_ABSENT, NULL,                                \
      "how many of a device have those instructions [all]")                                                            \
    X(ISA, "isa", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL, "what it can do, separated by blanks")                        \
    X(BASIS, "basis", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "measured, derived, vendor, none")                \
    X(SOURCE, "source", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "where the widths were read")                   \
    X(NOTE, "note", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "remarks")

#define ES_RUNTIME_FIELDS(X)                                                                                           \
    X(NAME, "name", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL, "unique name")                                    \
    X(ALIASES, "aliases", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "other names, separated by ;")                \
    X(FAMILY, "family", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL, "the program, whatever the backend")                    \
    X(BACKEND, "backend", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL, "cpu, cuda, vulkan ...")                              \
    X(UNIT_KINDS, "unit_kinds", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL, "kinds of units it runs on, * any; none: none") \
    X(UNITS, "units", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL, "units it runs on [all of the kinds]")                    \
    X(REQUIRES, "requires", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL, "isa that the unit needs; a|b: either")             \
    X(ISA_REQUIRED, "isa_required", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "the same in words")                \
    X(FORMATS, "formats", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL,                                                       \
      "what it loads: names, globs, gguf:*, !p not, p@isa only with that isa; the last match wins")                    \
    X(KV_TYPES, "kv_types", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL, "types of keys and values")                         \
    X(KV_DEFAULT, "kv_default", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL, "type of keys and values [F16]")                \
    X(UBATCH_DEFAULT, "ubatch_default", "tokens", ES_NOTED, 0, 1, ES_COUNT_MAX, ES_ABSENT, NULL,                       \
      "tokens of a prefill step [512]")                                                                                \
    X(BATCH_DEFAULT, "batch_default", "tokens", ES_NOTED, 0, 1, ES_COUNT_MAX, ES_ABSENT, NULL, "n_batch")              \
    X(FLASH_ATTENTION, "flash_attention_default", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL, "fused attention [on]")       \
    X(CTX_DEFAULT, "ctx_default", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "context when none is asked for")     \
    X(PARALLEL_DEFAULT, "parallel_default", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "sequences at once")        \
    X(MEMORY_RULES, "memory_rules", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "what it allocates, in words")      \
    X(LOAD_FLOOR, "load_floor_s", "s", ES_REAL, 0, 0, 1e6, ES_ABSENT, NULL, "time to start whatever the model [0]")    \
    X(MODELS, "models", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL, "only these run: names or globs, separated by ;")       \
    X(STATUS, "status", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "shipping, experimental, research ...")         \
    X(SUPPORT_RANK, "support_rank", "", ES_COUNT, 0, 1, 1e6, ES_ABSENT, NULL,                                          \
      "the lowest of those that load something on a device is its default; none: only when named")                     \
    X(SOURCE, "source", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "where the row was read")                       \
    X(NOTE, "note", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "remarks")

#define ES_RUNTIME_MEMORY_FIELDS(X)                                                                                    \
    X(RUNTIME, "runtime", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL, "family of runtimes, perhaps with a part")  \
    X(FAMILY, "family", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL, "model family as in GGUF, * any")             \
    X(RULE, "rule", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL, "what the row says")                              \
    X(VALUE, "value", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL, "a number or a rule in words")                            \
    X(SOURCE, "source", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "where it was read")

#define ES_KERNEL_GENERATION_FIELDS(X)                                                                                 \
    X(RUNTIME, "runtime", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL, "family of runtimes")                       \
    X(TYPE, "type", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL, "tensor types, separated by blanks")              \
    X(ISA, "isa", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL, "what the kernel needs")                                      \
    X(PHASE, "phase", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL, "prefill, decode or both")                                \
    X(DATE, "date", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "when it arrived")                                  \
    X(BUILD, "build", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL, "build it arrived in")                                    \
    X(RATIO, "ratio", "", ES_REAL, ES_EXCLUSIVE, 0, 1e6, ES_ABSENT, NULL, "rate after over rate before")               \
    X(RATIO_LO, "ratio_lo", "", ES_REAL, ES_EXCLUSIVE, 0, 1e6, ES_ABSENT, NULL, "lowest measured")                     \
    X(RATIO_HI, "ratio_hi", "", ES_REAL, ES_EXCLUSIVE, 0, 1e6, ES_ABSENT, NULL, "highest measured")                    \
    X(DEVICE, "device", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL, "where it was measured")                                \
    X(COMPARED_WITH, "compared_with", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL, "the kernel before")                      \
    X(SOURCE, "source", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "where it was read")                            \
    X(NOTE, "note", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "remarks")

#define ES_REPACKED_TYPE_FIELDS(X)                                                                                     \
    X(ISA, "isa", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL, "what a unit needs, joined by +")                   \
    X(TYPE, "type", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL, "tensor type")                                    \
    X(ROWS, "rows_multiple_of", "", ES_COUNT, 0, 1, 1e6, 1, NULL, "output rows that a tensor needs a multiple of")     \
    X(FIRST_BUILD, "first_build", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL, "build of llama.cpp with the kernel")         \
    X(FIRST_DATE, "first_date", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL, "its day, YYYY-MM-DD")                          \
    X(PREFILL_RATIO, "prefill_ratio", "", ES_REAL, ES_EXCLUSIVE, 0, 1e6, ES_ABSENT, NULL,                              \
      "prefill rate, with / before")                                                                                   \
    X(DECODE_RATIO, "decode_ratio", "", ES_REAL, ES_EXCLUSIVE, 0, 1e6, ES_ABSENT, NULL, "decode rate, with / before")  \
    X(RATIO_DEVICE, "ratio_device", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "where they were measured")         \
    X(SOURCE, "source", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "where it was read")

#define ES_POWER_FIELDS(X)                                                                                             \
    X(DEVICE, "device", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL, "device or board")                            \
    X(BOUNDARY, "power_boundary", "", ES_CHOICE, ES_REQUIRED, 0, 0, ES_ABSENT, es_boundary_choices,                    \
      "where it was measured")                                                                                         \
    X(UNIT, "unit", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL, "unit that computed")                                       \
    X(THREADS, "threads", "", ES_COUNT, 0, 1, 1e6, ES_ABSENT, NULL, "threads of it [all]")                             \
    X(DECODE_W, "decode_w", "W", ES_REAL, ES_REQUIRED | ES_EXCLUSIVE, 0, 1e6, ES_ABSENT, NULL, "power in decode")      \
    X(STREAM_GBS, "stream_gbs", "GB/s", ES_REAL, ES_EXCLUSIVE, 0, 1e9, ES_ABSENT, NULL, "bytes streamed meanwhile")    \
    X(TIME_SHARE, "time_share", "", ES_REAL, 0, 0, 1, ES_ABSENT, NULL, "share of the power that time takes")           \
    X(IDLE_W, "idle_w", "W", ES_REAL, 0, 0, 1e6, ES_ABSENT, NULL, "power when idle")                                   \
    X(ROWS, "rows", "", ES_COUNT, 0, 0, ES_COUNT_MAX, ES_ABSENT, NULL, "measurements behind it")                       \
    X(SOURCES, "sources", "", ES_COUNT, 0, 0, ES_COUNT_MAX, ES_ABSENT, NULL, "sources behind them")                    \
    X(SOURCE, "source", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "where it was read")                            \
    X(NOTE, "note", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "remarks")

#define ES_DRAFT_FIELDS(X)                                                                                             \
    X(KIND, "kind", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL, "mtp, eagle, lookup or model")                    \
    X(BACKEND, "backend", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL, "of the runtime; empty: any")                         \
    X(EXPERTS, "experts", "", ES_FLAG, 0, 0, 1, 0, NULL, "1: models with routed experts")                              \
    X(TASK, "task", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL, "a word of the axis, of rows about acceptance; empty: any") \
    X(COST, "cost", "", ES_REAL, ES_EXCLUSIVE, 0, 100, ES_ABSENT, NULL,                                                \
      "what a drafted token adds to a round, in decode steps [from bytes and operations]")                             \
    X(ACCEPTANCE, "acceptance", "", ES_REAL, 0, 0, 1, ES_ABSENT, NULL, "share of drafted tokens that are accepted")    \
    X(ROWS, "rows", "", ES_COUNT, 0, 0, ES_COUNT_MAX, ES_ABSENT, NULL, "measurements behind it")                       \
    X(SOURCE, "source", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "where it was read")

#define ES_PRODUCT_FIELDS(X)                                                                                           \
    X(NAME, "name", "", ES_TEXT, ES_REQUIRED, 0, 0, ES_ABSENT, NULL, "what it is sold as")                             \
    X(ALIASES, "aliases", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL, "other names, separated by ;")                        \
    X(DEVICE, "device", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL, "the device of its processor; empty: none has it")      \
    X(RAM_GB, "ram_gb", "GiB", ES_REAL, ES_EXCLUSIVE, 0, 1e6, ES_ABSENT, NULL, "memory [of the device]")               \
    X(MEM_BW_GBS, "mem_bw_gbs", "GB/s", ES_REAL, ES_EXCLUSIVE, 0, 1e9, ES_ABSENT, NULL,                                \
      "bandwidth of the memory [of the device]")                                                                       \
    X(DIFFERS, "differs", "", ES_TEXT, 0, 0, 0, ES_ABSENT, NULL,                                                       \
      "what else is not as in the device, which is only suggested then")                                               \
    X(SOURCE, "source", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "where it was read")                            \
    X(NOTE, "note", "", ES_TEXT, ES_REMARK, 0, 0, ES_ABSENT, NULL, "remarks")

#define ES_FIELD_ID(prefix, id) prefix##id
#define ES_X(id, ...) ES_FIELD_ID(ES_M_, id),
enum { ES_MODEL_FIELDS(ES_X) ES_M_FIELDS };
#undef ES_X
#define ES_X(id, ...) ES_FIELD_ID(ES_D_, id),
enum { ES_DEVICE_FIELDS(ES_X) ES_D_FIELDS };
#undef ES_X
#define ES_X(id, ...) ES_FIELD_ID(ES_P_, id),
enum { ES_PRECISION_FIELDS(ES_X) ES_P_FIELDS };
#undef ES_X
#define ES_X(id, ...) ES_FIELD_ID(ES_C_, id),
enum { ES_CALIBRATION_FIELDS(ES_X) ES_C_FIELDS };
#undef ES_X
#define ES_X(id, ...) ES_FIELD_ID(ES_S_, id),
enum { ES_SCORE_FIELDS(ES_X) ES_S_FIELDS };
#undef ES_X
#define ES_X(id, ...) ES_FIELD_ID(ES_E_, id),
enum { ES_ESTIMATE_FIELDS(ES_X) ES_E_FIELDS };
#undef ES_X
#define ES_X(id, ...) ES_FIELD_ID(ES_Q_, id),
enum { ES_LOSS_FIELDS(ES_X) ES_Q_FIELDS };
#undef ES_X
#define ES_X(id, ...) ES_FIELD_ID(ES_Y_, id),
enum { ES_DISTORTION_FIELDS(ES_X) ES_Y_FIELDS };
#undef ES_X
#define ES_X(id, ...) ES_FIELD_ID(ES_T_, id),
enum { ES_GGUF_TYPE_FIELDS(ES_X) ES_T_FIELDS };
#undef ES_X
#define ES_X(id, ...) ES_FIELD_ID(ES_X_, id),
enum { ES_GGUF_MIXTURE_FIELDS(ES_X) ES_X_FIELDS };
#undef ES_X
#define ES_X(id, ...) ES_FIELD_ID(ES_L_, id),
enum { ES_LAYER_FIELDS(ES_X) ES_L_FIELDS };
#undef ES_X
#define ES_X(id, ...) ES_FIELD_ID(ES_U_, id),
enum { ES_UNIT_FIELDS(ES_X) ES_U_FIELDS };
#undef ES_X
#define ES_X(id, ...) ES_FIELD_ID(ES_R_, id),
enum { ES_RUNTIME_FIELDS(ES_X) ES_R_FIELDS };
#undef ES_X
#define ES_X(id, ...) ES_FIELD_ID(ES_RM_, id),
enum { ES_RUNTIME_MEMORY_FIELDS(ES_X) ES_RM_FIELDS };
#undef ES_X
#define ES_X(id, ...) ES_FIELD_ID(ES_K_, id),
enum { ES_KERNEL_GENERATION_FIELDS(ES_X) ES_K_FIELDS };
#undef ES_X
#define ES_X(id, ...) ES_FIELD_ID(ES_RT_, id),
enum { ES_REPACKED_TYPE_FIELDS(ES_X) ES_RT_FIELDS };
#undef ES_X
#define ES_X(id, ...) ES_FIELD_ID(ES_W_, id),
enum { ES_POWER_FIELDS(ES_X) ES_W_FIELDS };
#undef ES_X
#define ES_X(id, ...) ES_FIELD_ID(ES_DR_, id),
enum { ES_DRAFT_FIELDS(ES_X) ES_DR_FIELDS };
#undef ES_X
#define ES_X(id, ...) ES_FIELD_ID(ES_PR_, id),
enum { ES_PRODUCT_FIELDS(ES_X) ES_PR_FIELDS };
#undef ES_X

/* Values of the choice fields: indices into the lists of src/catalog/fields.c. */
typedef enum es_kv { ES_KV_OWN, ES_KV_SHARED, ES_KV_NONE } es_kv;
typedef enum es_norm { ES_NORM_RMS, ES_NORM_LN, ES_NORM_LN_NP, ES_NORM_NONE } es_norm;
typedef enum es_device_class {
    ES_CLASS_SBC,
    ES_CLASS_SOC,
    ES_CLASS_PHONE,
    ES_CLASS_LAPTOP,
    ES_CLASS_MAC,
    ES_CLASS_IGPU,
    ES_CLASS_GPU,
    ES_CLASS_NPU,
    ES_CLASS_MCU
} es_device_class;
typedef enum es_boundary {
    ES_BOUNDARY_WALL,
    ES_BOUNDARY_MODULE,
    ES_BOUNDARY_RAIL,
    ES_BOUNDARY_SOC_ESTIMATE,
    ES_BOUNDARY_ANY /* of a sweep: the wall where it is known, else the first with a level */
} es_boundary;
typedef enum es_precision_kind { ES_PRECISION_FLOAT, ES_PRECISION_UNIFORM, ES_PRECISION_GGUF } es_precision_kind;
typedef enum es_score_mode { ES_SCORE_BASE, ES_SCORE_INSTRUCT, ES_SCORE_THINKING } es_score_mode;
typedef enum es_compute { ES_COMPUTE_FP32, ES_COMPUTE_FP16, ES_COMPUTE_INT8 } es_compute;

typedef struct es_field_table {
    const char *name; /* "models", "devices" ...: also the file's stem */
    const es_field *fields;
    size_t n_fields;
} es_field_table;

/* Static, thread-safe. */
const es_field_table *es_fields(es_kind kind);
/* Index of a field by its exact name, or -1. */
int es_field_find(es_kind kind, const char *name, size_t length);
/* ES_COUNT, ES_REAL or ES_FLAG: what a number can be given for. */
bool es_field_is_numeric(const es_field *field);
/* Whether a finite number is a legal value: range, whole numbers where they are asked for. */
bool es_field_accepts(const es_field *field, double value);
/* What the field accepts, for messages: "a number above 0 and at most 1", "a whole number from 1 to 1000000",
 * "one of rms, ln", with the unit if there is one. */
void es_field_expects(const es_field *field, char *text, size_t size);

/* One row.  value[f] is NaN where absent; text[f] is never NULL ("" when absent) and keeps the cell as written. */
typedef struct es_row {
    const char *name;           /* the type of gguf_types; "" for other kinds without names */
    const char *const *aliases; /* NULL-terminated */
    es_origin origin;           /* file is "(built-in) models.csv" for embedded rows */
    uint64_t pattern_column;    /* where a model's layer_pattern stands in its line */
    double *value;
    const char **text;
} es_row;

typedef struct es_table {
    es_kind kind;
    es_row *rows; /* in order; overriding rows keep the place of the row they replace */
    size_t n_rows;
    uint32_t *name_index; /* internal, as what follows: open addressing over keys and aliases */
    size_t index_size, index_used, rows_capacity;
    uint64_t hash; /* xxh64 of the canonical contents */
} es_table;

/* All catalogs.  Rows belong to the catalog; immutable after loading, so it may be shared between threads. */
typedef struct es_catalog {
    es_table table[ES_KINDS];
    const es_row *const *unit_of; /* by device: its row of units; one of its class's kind alone when it names none */
    struct es_arena *arena;
    uint64_t hash; /* of all tables, for grid hashes */
} es_catalog;

/* Loads the embedded catalogs, then applies folders of CSV files in order.
 *
 * "DIR" replaces: models.csv, devices.csv and precisions.csv must be there; the others are empty without their files,
 * but the GGUF tables stay as they were.  Without units, names of units are not checked; of runtimes `default` is left.
 * "+DIR" extends: any of the files, at least one.  A row overrides the one with the same name (case-insensitive) in its
 * place; without names the same calibration phase, effect and key, the same model, metric, mode, harness and
 * shots of a score, GGUF type, or model and kind of layer.  A file type in gguf_mixtures.csv brings all of its rows.  A
 * new name or alias is taken from older rows' aliases.  Peaks that a device lacks follow from its `units`.
 *
 * On failure *catalog is empty and errors tells why (ES_EUSAGE, or ES_ERUNTIME for read errors and memory). */
es_status es_catalog_load(es_catalog *catalog, const char *const *sources, size_t n_sources, es_errors *errors);
void es_catalog_free(es_catalog *catalog);

/* What a device of the catalog computes with; never NULL.  A unit that only follows from the device's class has no name,
 * no isa and no widths; without a class no kind either. */
static inline const es_row *es_unit_of(const es_catalog *catalog, const es_row *device) {
    return catalog->unit_of[device - catalog->table[ES_DEVICE].rows];
}

/* The runtime `default`, neutral, for studies: it runs everything everywhere.  There is always one. */
const es_row *es_default_runtime(const es_catalog *catalog);

/* The row with this name or alias (ASCII case-insensitive), or NULL. */
const es_row *es_table_find(const es_table *table, const char *name, size_t length);

#endif

/* The published model: arXiv 2506.09061, equations (7) to (15), with the constants of the authors' program where the
 * paper and the program disagree (option flops). */
#include <math.h>

#include "base/simd.h"
#include "model/kernels.h"
#include "model/node.h"

#define PAPER "arXiv 2506.09061 "

enum { FLOPS_RELEASED, FLOPS_PRINTED };
static const char *const flops_choices[] = {"released", "printed", NULL};
static const char *const bottleneck_labels[] = {"compute", "memory", "io", "h2d", "net", NULL};

#define FN(name, expression)                                                                                           \
    static void name(double *restrict out, const double *const *in, size_t n) {                                        \
        for (size_t i = 0; i < n; i++)                                                                                 \
            out[i] = (expression);                                                                                     \
    }
#define A in[0][i]
#define B in[1][i]
#define C in[2][i]
#define D in[3][i]
#define E in[4][i]

// clang-format off
FN(or_mem_util, A == A ? A : 0.6 * B)
FN(or_pj_per_flop, A == A ? A : B)
FN(or_pj_per_byte, A == A ? A : 1000.0 * B)
FN(bytes_per_element, A / 8)
FN(params, A * (4 * B * B) + A * (2 * B * C) + 2 * D * B)
FN(flops_attn_proj, (A == FLOPS_PRINTED ? 6.0 : 8.0) * B * C * C)
FN(flops_attn_kv, 4 * A * B * C)
FN(flops_ffn, (A == FLOPS_PRINTED ? 8.0 : 4.0) * B * C * D)
FN(flops_ln, 4 * A * B)
FN(flops_softmax, 5 * A * B)
FN(sum5, A + B + C + D + E)
FN(weight_bytes, A * B)
FN(memory_bytes, A + B * C * D + 2 * E * B * C * D)
FN(rate_g, A * 1e9 * B)
FN(rate_m, A * 1e6 * B)
FN(rate_mbit, A * 1e6 / 8 * B)
FN(ms, A / B * 1000)
FN(ms_or_none, B == B ? A / B * 1000 : 0.0)
FN(net_ms, A * B * C / D * 1000)
FN(end_to_end, (A > B ? A : B) + C + D + E)
FN(ratio, A / B)
FN(energy, A * (B * 1e-12) + C * (D * 1e-12))
FN(power, A / (B / 1000))
// clang-format on

static void bottleneck(double *restrict out, const double *const *in, size_t n) {
    for (size_t i = 0; i < n; i++) {
        double largest = A, which = 0;
        which = B > largest ? 1 : which, largest = B > largest ? B : largest;
        which = C > largest ? 2 : which, largest = C > largest ? C : largest;
        which = D > largest ? 3 : which, largest = D > largest ? D : largest;
        out[i] = E > largest ? 4 : which;
    }
}

/* X(id, name, unit, members...) */
#define FIELD_OF(kind_, entity_, field) .kind = kind_, .entity = entity_, .index = field
#define NEEDED(entity_, field) FIELD_OF(ES_NODE_FIELD, entity_, field), .flags = ES_NEEDED
#define OPTIONAL(entity_, field) FIELD_OF(ES_NODE_FIELD, entity_, field)
#define FACTOR(entity_, field) FIELD_OF(ES_NODE_FACTOR, entity_, field)
#define COMPUTED(fn_, signs, formula_, source_)                                                                        \
    .kind = ES_NODE_FN, .fn = fn_, .monotone = signs, .formula = formula_, .source = source_
#define SHOWN(help_) .flags = ES_METRIC, .help = help_
#define SHOWN_WHOLE(help_) .flags = ES_METRIC | ES_WHOLE, .help = help_
#define IN(...) .n_in = sizeof((uint16_t[]){__VA_ARGS__}) / sizeof(uint16_t), .in = {__VA_ARGS__}

// clang-format off
#define NODES(X)                                                                                                       \
    X(LAYERS, "layers", "", NEEDED(ES_MODEL, ES_M_LAYERS))                                                             \
    X(HIDDEN, "hidden", "", NEEDED(ES_MODEL, ES_M_HIDDEN))                                                             \
    X(INTERMEDIATE, "intermediate", "", NEEDED(ES_MODEL, ES_M_INTERMEDIATE))                                           \
    X(VOCAB, "vocab", "", NEEDED(ES_MODEL, ES_M_VOCAB))                                                                \
    X(PEAK, "peak_gflops_fp32", "GFLOP/s", NEEDED(ES_DEVICE, ES_D_PEAK_FP32))                                          \
    X(MEM_BW, "mem_bw_gbs", "GB/s", NEEDED(ES_DEVICE, ES_D_MEM_BW))                                                    \
    X(STORAGE_BW, "storage_bw_mbs", "MB/s", NEEDED(ES_DEVICE, ES_D_STORAGE_BW))                                        \
    X(H2D_BW, "h2d_gbs", "GB/s", OPTIONAL(ES_DEVICE, ES_D_H2D_BW))                                                     \
    X(NET_BW, "net_bw_mbps", "Mbit/s", NEEDED(ES_DEVICE, ES_D_NET_BW))                                                 \
    X(COMPUTE_UTIL, "compute_util", "", NEEDED(ES_DEVICE, ES_D_COMPUTE_UTIL))                                          \
    X(MEM_UTIL_FIELD, "mem_util", "", OPTIONAL(ES_DEVICE, ES_D_MEM_UTIL))                                              \
    X(MEM_UTIL_FACTOR, "mem_util factor", "", FACTOR(ES_DEVICE, ES_D_MEM_UTIL))                                        \
    X(STORAGE_UTIL, "storage_util", "", NEEDED(ES_DEVICE, ES_D_STORAGE_UTIL))                                          \
    X(H2D_UTIL, "h2d_util", "", NEEDED(ES_DEVICE, ES_D_H2D_UTIL))                                                      \
    X(NET_UTIL, "net_util", "", NEEDED(ES_DEVICE, ES_D_NET_UTIL))                                                      \
    X(PJ_FLOP_FIELD, "pj_per_flop", "pJ", OPTIONAL(ES_DEVICE, ES_D_PJ_PER_FLOP))                                       \
    X(PJ_FLOP_FACTOR, "pj_per_flop factor", "", FACTOR(ES_DEVICE, ES_D_PJ_PER_FLOP))                                   \
    X(PJ_BYTE_FIELD, "pj_per_byte", "pJ", OPTIONAL(ES_DEVICE, ES_D_PJ_PER_BYTE))                                       \
    X(PJ_BYTE_FACTOR, "pj_per_byte factor", "", FACTOR(ES_DEVICE, ES_D_PJ_PER_BYTE))                                   \
    X(WEIGHT_BITS, "weight_bits", "bit", NEEDED(ES_PRECISION, ES_P_WEIGHT_BITS))                                       \
    X(SEQ_LEN, "seq_len", "tokens", .kind = ES_NODE_WORKLOAD, .index = 0)                                              \
    X(FLOPS_VARIANT, "flops", "", .kind = ES_NODE_OPTION, .index = 0)                                                  \
    X(MEM_UTIL, "U_memory", "", COMPUTED(or_mem_util, "++", "mem_util, 0.6 when not given", PAPER "eq. (11)"),         \
      IN(MEM_UTIL_FIELD, MEM_UTIL_FACTOR))                                                                             \
    X(PJ_FLOP, "e_flop", "pJ", COMPUTED(or_pj_per_flop, "++", "pj_per_flop, 1 when not given", PAPER "eq. (15)"),      \
      IN(PJ_FLOP_FIELD, PJ_FLOP_FACTOR))                                                                               \
    X(PJ_BYTE, "e_byte", "pJ", COMPUTED(or_pj_per_byte, "++", "pj_per_byte, 1000 when not given", PAPER "eq. (15)"),   \
      IN(PJ_BYTE_FIELD, PJ_BYTE_FACTOR))                                                                               \
    X(BYTES, "B", "B", COMPUTED(bytes_per_element, "+", "weight_bits/8", PAPER "eq. (9)"), IN(WEIGHT_BITS))            \
    X(F_ATTN_PROJ, "attn_proj_flops", "FLOP",                                                                          \
      COMPUTED(flops_attn_proj, "0++", "8LH^2 (printed: 6LH^2)", PAPER "eq. (8)"), IN(FLOPS_VARIANT, LAYERS, HIDDEN))  \
    X(F_ATTN_KV, "attn_kv_flops", "FLOP", COMPUTED(flops_attn_kv, "+++", "4LHS", PAPER "eq. (8)"),                     \
      IN(LAYERS, HIDDEN, SEQ_LEN))                                                                                     \
    X(F_FFN, "ffn_flops", "FLOP", COMPUTED(flops_ffn, "0+++", "4LHI (printed: 8LHI)", PAPER "eq. (8)"),                \
      IN(FLOPS_VARIANT, LAYERS, HIDDEN, INTERMEDIATE))                                                                 \
    X(F_LN, "ln_flops", "FLOP", COMPUTED(flops_ln, "++", "4LH", PAPER "eq. (8)"), IN(LAYERS, HIDDEN))                  \
    X(F_SOFTMAX, "softmax_flops", "FLOP", COMPUTED(flops_softmax, "++", "5LH", PAPER "eq. (8)"), IN(LAYERS, HIDDEN))   \
    X(COMPUTE_RATE, "compute_rate", "FLOP/s",                                                                          \
      COMPUTED(rate_g, "++", "peak_gflops_fp32*1e9*compute_util", PAPER "eq. (10)"), IN(PEAK, COMPUTE_UTIL))           \
    X(MEM_RATE, "memory_rate", "B/s", COMPUTED(rate_g, "++", "mem_bw_gbs*1e9*U_memory", PAPER "eq. (11)"),             \
      IN(MEM_BW, MEM_UTIL))                                                                                            \
    X(STORAGE_RATE, "storage_rate", "B/s",                                                                             \
      COMPUTED(rate_m, "++", "storage_bw_mbs*1e6*storage_util", PAPER "eq. (12)"), IN(STORAGE_BW, STORAGE_UTIL))       \
    X(H2D_RATE, "h2d_rate", "B/s", COMPUTED(rate_g, "++", "h2d_gbs*1e9*h2d_util", PAPER "eq. (13)"),                   \
      IN(H2D_BW, H2D_UTIL))                                                                                            \
    X(NET_RATE, "net_rate", "B/s", COMPUTED(rate_mbit, "++", "net_bw_mbps*1e6/8*net_util", PAPER "eq. (14)"),          \
      IN(NET_BW, NET_UTIL))                                                                                            \
    X(PARAMS, "params", "", COMPUTED(params, "++++", "L(4H^2) + L(2HI) + 2VH", PAPER "eq. (7)"),                       \
      SHOWN_WHOLE("parameters"), IN(LAYERS, HIDDEN, INTERMEDIATE, VOCAB))                                              \
    X(WEIGHT_BYTES, "weight_bytes", "B", COMPUTED(weight_bytes, "++", "params*B", PAPER "eq. (9)"), IN(PARAMS, BYTES)) \
    X(FLOPS, "flops_per_token", "FLOP",                                                                                \
      COMPUTED(sum5, "+++++", "L(8H^2 + 4HS + 4HI + 9H) (printed: L(6H^2 + 4HS + 8HI + 9H))", PAPER "eq. (8)"),        \
      SHOWN_WHOLE("operations for one token"), IN(F_ATTN_PROJ, F_ATTN_KV, F_FFN, F_LN, F_SOFTMAX))                     \
    X(MEMORY_BYTES, "memory_bytes", "B",                                                                               \
      COMPUTED(memory_bytes, "+++++", "params*B + S*H*B + 2L*S*H*B", PAPER "eq. (9)"),                                 \
      SHOWN("weights, activations and key/value cache"), IN(WEIGHT_BYTES, SEQ_LEN, HIDDEN, BYTES, LAYERS))             \
    X(COMPUTE_MS, "compute_ms", "ms",                                                                                  \
      COMPUTED(ms, "+-", "flops_per_token/(peak*U_compute)*1000", PAPER "eq. (10)"), SHOWN("time of the arithmetic"),  \
      IN(FLOPS, COMPUTE_RATE))                                                                                         \
    X(MEMORY_MS, "memory_ms", "ms", COMPUTED(ms, "+-", "memory_bytes/(mem_bw*U_memory)*1000", PAPER "eq. (11)"),       \
      SHOWN("time of the memory traffic"), IN(MEMORY_BYTES, MEM_RATE))                                                 \
    X(IO_MS, "io_ms", "ms", COMPUTED(ms, "+-", "params*B/(storage_bw*U_storage)*1000", PAPER "eq. (12)"),              \
      SHOWN("time of reading the weights from storage"), IN(WEIGHT_BYTES, STORAGE_RATE))                               \
    X(H2D_MS, "h2d_ms", "ms",                                                                                          \
      COMPUTED(ms_or_none, "+-", "params*B/(h2d_bw*U_h2d)*1000; 0 for unified memory", PAPER "eq. (13)"),              \
      SHOWN("time of copying the weights to the device"), IN(WEIGHT_BYTES, H2D_RATE))                                  \
    X(NET_MS, "net_ms", "ms", COMPUTED(net_ms, "+++-", "S*H*B/(net_bw*U_net)*1000", PAPER "eq. (14)"),                 \
      SHOWN("time of sending one key/value shard"), IN(SEQ_LEN, HIDDEN, BYTES, NET_RATE))                              \
    X(END_TO_END_MS, "end_to_end_ms", "ms",                                                                            \
      COMPUTED(end_to_end, "+++++", "max(compute_ms, memory_ms) + io_ms + h2d_ms + net_ms", PAPER "section III"),      \
      SHOWN("latency of one token, everything read anew"), IN(COMPUTE_MS, MEMORY_MS, IO_MS, H2D_MS, NET_MS))           \
    X(INTENSITY, "arithmetic_intensity", "FLOP/B",                                                                     \
      COMPUTED(ratio, "+-", "flops_per_token/memory_bytes", PAPER "section III"), SHOWN("operations per byte"),        \
      IN(FLOPS, MEMORY_BYTES))                                                                                         \
    X(ENERGY_J, "energy_j", "J",                                                                                       \
      COMPUTED(energy, "++++", "flops_per_token*e_flop + memory_bytes*e_byte", PAPER "eq. (15)"),                      \
      SHOWN("energy of one token"), IN(FLOPS, PJ_FLOP, MEMORY_BYTES, PJ_BYTE))                                         \
    X(POWER_W, "power_w", "W", COMPUTED(power, "+-", "energy_j/(end_to_end_ms/1000)", PAPER "section III"),            \
      SHOWN("mean power over the token"), IN(ENERGY_J, END_TO_END_MS))                                                 \
    X(ATTN_PROJ_MS, "attn_proj_ms", "ms",                                                                              \
      COMPUTED(ms, "+-", "8LH^2/(peak*U_compute)*1000 (printed: 6LH^2)", PAPER "eq. (8), (10)"),                       \
      SHOWN("compute time of the attention projections"), IN(F_ATTN_PROJ, COMPUTE_RATE))                               \
    X(ATTN_KV_MS, "attn_kv_ms", "ms", COMPUTED(ms, "+-", "4LHS/(peak*U_compute)*1000", PAPER "eq. (8), (10)"),         \
      SHOWN("compute time of scores and values"), IN(F_ATTN_KV, COMPUTE_RATE))                                         \
    X(FFN_MS, "ffn_ms", "ms",                                                                                          \
      COMPUTED(ms, "+-", "4LHI/(peak*U_compute)*1000 (printed: 8LHI)", PAPER "eq. (8), (10)"),                         \
      SHOWN("compute time of the feed-forward network"), IN(F_FFN, COMPUTE_RATE))                                      \
    X(LN_MS, "ln_ms", "ms", COMPUTED(ms, "+-", "4LH/(peak*U_compute)*1000", PAPER "eq. (8), (10)"),                    \
      SHOWN("compute time of the layer norms"), IN(F_LN, COMPUTE_RATE))                                                \
    X(SOFTMAX_MS, "softmax_ms", "ms", COMPUTED(ms, "+-", "5LH/(peak*U_compute)*1000", PAPER "eq. (8), (10)"),          \
      SHOWN("compute time of the softmax"), IN(F_SOFTMAX, COMPUTE_RATE))                                               \
    X(BOTTLENECK, "bottleneck", "",                                                                                    \
      COMPUTED(bottleneck, NULL, "largest of compute_ms, memory_ms, io_ms, h2d_ms, net_ms", PAPER "section III"),      \
      .flags = ES_METRIC | ES_LABELS, .labels = bottleneck_labels, .help = "what takes the most time",                 \
      IN(COMPUTE_MS, MEMORY_MS, IO_MS, H2D_MS, NET_MS))
// clang-format on

#define AS_ID(id, ...) id,
enum { NODES(AS_ID) N_NODES };

#define AS_NODE(id, name_, unit_, ...) [id] = {.name = name_, .unit = unit_, __VA_ARGS__},
static const es_node nodes[] = {NODES(AS_NODE)};

static const es_workload_axis axes[] = {
    {"seq_len", "tokens", "sequence length (S)", 1024, 1, ES_COUNT_MAX, true},
};

static const es_option options[] = {
    {"flops", "", "equation (8): as the authors' program computes it, or as printed", FLOPS_RELEASED, 0, 1,
     flops_choices},
};

const es_kernel *ES_SIMD_NAME(es_edgeprofiler)(void) {
    static const es_kernel kernel = {
        .name = "edgeprofiler",
        .help = "the published equations, exactly",
        .source = "EdgeProfiler, arXiv 2506.09061",
        .axes = axes,
        .n_axes = sizeof axes / sizeof *axes,
        .options = options,
        .n_options = sizeof options / sizeof *options,
        .nodes = nodes,
        .n_nodes = N_NODES,
    };
    return &kernel;
}

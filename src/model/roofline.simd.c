/* Real architectures on calibrated devices: every operator group costs the larger of its arithmetic and its memory
 * traffic (Williams, Waterman, Patterson 2009), tensor type by tensor type.
 *
 * A layout splits the weights into slots, one for each tensor type of the dense weights, one for the output head, a few
 * for routed experts.  Utilizations are kept as inverses, so that the sums over slots need no division.
 */
#include <math.h>
#include <stddef.h>

#include "base/simd.h"
#include "model/kernels.h"
#include "model/node.h"
#include "model/roofline_blocks.h"

#define ROOF "roofline: Williams et al. 2009, doi 10.1145/1498765.1498785"
#define GGUF "GGUF tables of llama.cpp's quantizer; uniform formats by definition"
#define CACHE "arXiv 2305.13245 (GQA), 2405.04434 (MLA)"
#define CALIBRATION "calibration catalog"
#define EDGE "arXiv 2506.09061"
#define PHYSICS "definition"
#define GIB 1073741824.0
#define RUNTIME_BYTES 67108864.0 /* buffers of the program itself: 64 MiB */
#define SECONDS_PER_YEAR 31557600.0
#define MEMORY_SHARE_OF_POWER 0.7
#define MAX_TOKENS 16777216.0 /* keeps sums over positions below 2^53, where doubles are exact */

/* Inputs become locals A, B ... first: loads inside a selection would keep a loop from being vectorised. */
#define IN1 const double A = in[0][i];
#define IN2 IN1 const double B = in[1][i];
#define IN3 IN2 const double C = in[2][i];
#define IN4 IN3 const double D = in[3][i];
#define IN5 IN4 const double E = in[4][i];
#define IN6 IN5 const double F = in[5][i];
#define IN7 IN6 const double G = in[6][i];
#define IN8 IN7 const double H = in[7][i];
#define IN9 IN8 const double J = in[8][i];
#define IN10 IN9 const double K = in[9][i];
#define FN(inputs, name, expression)                                                                                   \
    static void name(double *restrict out, const double *const *in, size_t n) {                                        \
        for (size_t i = 0; i < n; i++) {                                                                               \
            inputs out[i] = (expression);                                                                              \
        }                                                                                                              \
    }

static inline double floor_count(double x) { /* 0 <= x < 2^51; no call without SSE4.1 */
    double nearest = (x + 0x1p52) - 0x1p52;
    return nearest > x ? nearest - 1 : nearest;
}

static inline double ceil_count(double x) {
    double nearest = (x + 0x1p52) - 0x1p52;
    return nearest < x ? nearest + 1 : nearest;
}

static inline double min2(double a, double b) { return a < b ? a : b; }
static inline double max2(double a, double b) { return a > b ? a : b; }

/* A rate that an axis sets, or a factor multiplies. */
static inline double chosen(double axis, double otherwise) { return axis == axis ? axis : otherwise; }

/* Sum of min(s, window) over the n positions behind `start`. */
static inline double sum_in_window(double start, double n, double window) {
    double rising = max2(0, min2(n, window - start));
    return rising * start + rising * (rising + 1) / 2 + (n - rising) * window;
}

/* ---- Architecture ---- */
FN(IN2, first_or_second, A == A ? A : B)
FN(IN3, or_head_dim, A == A ? A : floor_count(B / C))

/* A model without shared layers keeps none when an axis changes its layers. */
static void stored_layers(double *restrict out, const double *const *in, size_t n) {
    for (size_t i = 0; i < n; i++) {
        IN5 double axis = A, factor = B, row = C, row_layers = D, layers = E;
        double unshared = row == row_layers ? layers : row;
        double stored = chosen(axis, (row == row ? unshared : layers) * factor);
        out[i] = min2(stored, layers);
    }
}

/* ---- KV cache ---- */
FN(IN5, kv_bytes_each, (A > 0 ? A + B : 2 * C * D) * E / 8)
FN(IN4, score_flops_each, A > 0 ? 2 * C * (2 * A + B) : 4 * C * D)
FN(IN2, rise, A > B ? A - B : 0.0)
FN(IN4, global_layers, C > 0 ? (D > 0 ? min2(floor_count(B / D), A) : 0.0) : A)
FN(IN2, minus, A - B)
FN(IN3, sum3, A + B + C)
FN(IN6, kv_bytes, A *(B *D + C * min2(D, E)) * F)
FN(IN3, mean_global, A + B + (C + 1) / 2)
FN(IN4, mean_window, sum_in_window(A + B, C, D) / C)
FN(IN4, two_products, A *B + C * D)
FN(IN2, prefill_global, A *B + A * (A + 1) / 2)
FN(IN3, prefill_window, sum_in_window(B, A, C))

/* ---- Tokens and experts ---- */
FN(IN2, product, A *B)
FN(IN2, smaller_of, min2(A, B))
FN(IN2, passes, ceil_count(A / B))

/* E(1-(1-k/E)^T) by doubling the share of experts met, q(2n) = q(n)(2-q(n)), q(n+1) = q(n)+p-q(n)p, which does not
 * cancel.  Where another token adds as little as rounding might, the share comes from that of the experts missed: more
 * tokens never meet fewer experts. */
static void distinct_experts(double *restrict out, const double *const *in, size_t n) {
    for (size_t i = 0; i < n; i++) {
        IN3 double experts = A, p = experts > 0 ? min2(B, experts) / experts : 0, met = 0, missed = 1;
        uint64_t tokens = (uint64_t)C;
        for (int bit = tokens > 0 ? 63 - __builtin_clzll(tokens) : -1; bit >= 0; bit--) {
            met *= 2 - met, missed *= missed;
            if (tokens >> bit & 1)
                met += p - met * p, missed *= 1 - p;
        }
        if ((1 - met) * p < 4e-14)
            met = 1 - missed;
        out[i] = tokens == 1 ? min2(B, experts) : experts * met;
    }
}

/* ---- Rates ---- */
FN(IN1, inverse, 1 / A)
FN(IN1, inverse_giga, 1 / (A * 1e9))
FN(IN3, inverse_util, chosen(A, max2(1, C *B)))
FN(IN6, prefill_attention, chosen(A, max2(1, chosen(C, (E == E ? E : F) * D) * B)))
FN(IN3, scaled_rate, chosen(A, C *B))
FN(IN3, scaled_util, chosen(A, min2(1, C *B)))
FN(IN4, own_or_class, chosen(A, (C == C ? C : D) * B))
FN(IN2, is_known, A == A ? 1.0 : B == B ? 1.0 : 0.0)
FN(IN2, both, A > 0 ? B : 0.0)
FN(IN2, mega, A * 1e6 * B)
FN(IN2, mega_bits, A * 1e6 / 8 * B)
FN(IN2, giga, A * 1e9 * B)
FN(IN3, overhead_seconds, (A + B * C) / 1000)

static void peak(double *restrict out, const double *const *in, size_t n) {
    for (size_t i = 0; i < n; i++) {
        IN6 double fp16 = C == C ? C : B * D;
        double int8 = E == E ? E : fp16 * F;
        out[i] = A == ES_COMPUTE_FP32 ? B : A == ES_COMPUTE_FP16 ? fp16 : int8;
    }
}

/* axis, factor, own value, class value, known, load-idle power, 1/rate, 1/utilization; in pJ. */
static inline double picojoules(double axis, double factor, double own, double of_class, double known, double joules) {
    double otherwise = known > 0 ? joules * 1e12 : of_class;
    return chosen(axis, (own == own ? own : otherwise) * factor);
}
FN(IN8, pj_per_flop, picojoules(A, B, C, D, E, (1 - MEMORY_SHARE_OF_POWER) * F * G * H))
FN(IN8, pj_per_byte, picojoules(A, B, C, D, E, MEMORY_SHARE_OF_POWER *F *G *H))
FN(IN1, joules_of_pj, A * 1e-12)

/* ---- Slots ---- */
FN(IN4, slot_bytes, A *chosen(B, max2(1, D *C)))
FN(IN4, slot_work, 2 * A * chosen(B, max2(1, D *C)))

enum { ROUTED = ES_DENSE_SLOTS + 1 };
/* Inputs: work of the slots, bytes of the slots, then scalars. */
#define WORK(k) in[k][i]
#define BYTES(k) in[ES_SLOTS + (k)][i]
#define SCALAR(k) in[2 * ES_SLOTS + (k)][i]

static inline double compute_bound(double compute, double memory) { return compute > memory ? compute : 0; }

#define SUM_DECODE(name, term)                                                                                         \
    static void name(double *restrict out, const double *const *in, size_t n) {                                        \
        for (size_t i = 0; i < n; i++) {                                                                               \
            double per_work = SCALAR(0), per_byte = SCALAR(1), per_expert = SCALAR(2), sum = 0;                        \
            for (int k = 0; k < ROUTED; k++)                                                                           \
                sum += term(WORK(k) * per_work, BYTES(k) * per_byte);                                                  \
            for (int k = ROUTED; k < ES_SLOTS; k++)                                                                    \
                sum += term(WORK(k) * per_work, BYTES(k) * per_expert);                                                \
            out[i] = sum;                                                                                              \
        }                                                                                                              \
    }
SUM_DECODE(decode_weights, max2)
SUM_DECODE(decode_weights_compute, compute_bound)

/* The head works once on the last token of every sequence. */
#define SUM_PREFILL(name, term)                                                                                        \
    static void name(double *restrict out, const double *const *in, size_t n) {                                        \
        for (size_t i = 0; i < n; i++) {                                                                               \
            double per_work = SCALAR(0), per_byte = SCALAR(1), per_expert = SCALAR(2);                                 \
            double sum = term(WORK(ES_DENSE_SLOTS) * SCALAR(3), BYTES(ES_DENSE_SLOTS) * SCALAR(4));                    \
            for (int k = 0; k < ES_DENSE_SLOTS; k++)                                                                   \
                sum += term(WORK(k) * per_work, BYTES(k) * per_byte);                                                  \
            for (int k = ROUTED; k < ES_SLOTS; k++)                                                                    \
                sum += term(WORK(k) * per_work, BYTES(k) * per_expert);                                                \
            out[i] = sum;                                                                                              \
        }                                                                                                              \
    }
SUM_PREFILL(prefill_weights, max2)
SUM_PREFILL(prefill_weights_compute, compute_bound)

/* ---- One step ---- */
FN(IN5, active_intermediate, A > 0 ? (min2(B, A) + C) * D : E)
FN(IN9, activation_bytes, min2(A, B) * (4 * C + 2 * D + (E + 2 * F) * G) * 4 + 4 * H * J)
FN(IN5, decode_flops, 2 * (A + B + C) + D * E)
FN(IN7, prefill_flops, 2 * (A + B) * C + 2 * D * E + E * F * G)
FN(IN4, sum_and_product, A + B + C * D)
FN(IN4, decode_bytes, A / B + C * D)
FN(IN5, product5, A *B *C *D *E)
FN(IN7, prefill_cache_seconds, A *B *C *D *E / min2(F, G))
FN(IN4, hop_seconds, (A - 1) * B * 2 * C / D)
FN(IN6, step_seconds, A + max2(B, C) + D + E + F)
FN(IN5, prefill_seconds, A + max2(B, C) + D + E)

/* ---- Memory ---- */
FN(IN2, node_share, ceil_count(A / B) / A)
FN(IN6, node_weights, A > 1 ? C * F + max2(D, E) : B)
FN(IN3, reserved, (A == A ? A : B == ES_CLASS_MCU || B == ES_CLASS_GPU ? 0.0 : 0.3 * C))
FN(IN2, available, (A - B) * GIB)
FN(IN5, peak_memory, A + B * C + D + (E == ES_CLASS_MCU ? 0.0 : RUNTIME_BYTES))
FN(IN2, fits_in, A <= B ? 1.0 : 0.0)
FN(IN2, exceeds, A > B ? 1.0 : 0.0)
FN(IN6, prefill_flash_bytes, A > 0 ? B * (C + D * E) + F : 0.0)

/* ---- Results ---- */
FN(IN2, ratio, A / B)
FN(IN3, load_seconds, A / B + (C == C ? A / C : 0.0))
FN(IN10, energy, A *B + C * D + (E * F + G * H * J) / K)
FN(IN3, power, A *B / C)
FN(IN1, per_joule, A > 0 ? 1 / A : NAN)
FN(IN2, energy_usd, A / 3.6e6 * B * 1e6)
FN(IN8, usd_per_mtok, (A * B / (C * D * SECONDS_PER_YEAR) + E * F / 3.6e6) * G / H * 1e6)
FN(IN4, break_even, C > D ? A * B / (C - D) : NAN)
FN(IN6, basis_of, A == A || B == B || C == C || D == D || E == E ? (double)ES_BASIS_AXIS : F)
FN(IN2, past_context, A > 0 && B > A ? 1.0 : 0.0)
FN(IN5, past_power, (D > 0 && A > B * C ? 1.0 : 0.0) + (A > B * E ? 1.0 : 0.0))

/* Kind, then axis and factor of each field that only other formats have. */
static void fixed_layout(double *restrict out, const double *const *in, size_t n) {
    for (size_t i = 0; i < n; i++) {
        bool asked = false;
        for (int k = 1; k <= 12; k += 2)
            asked |= in[k][i] == in[k][i] || in[k + 1][i] != 1;
        out[i] = asked && in[0][i] == ES_PRECISION_GGUF ? 1 : 0;
    }
}
FN(IN2, past_experts, A > 0 && B > A ? 1.0 : 0.0)
FN(IN2, past_heads, A > B ? 1.0 : 0.0)
FN(IN2, no_layout, A == A || B > 0 ? 0.0 : 1.0)

/* 1/factor of memory, decode, prefill, attention, and 1/utilization of each; factor of storage, h2d, net, and utilization
 * of each; h2d_gbs; nodes; 1/factor of attention in a prefill, and 1/utilization, NaN: that of attention. */
static void past_one(double *restrict out, const double *const *in, size_t n) {
    const double rounding = 1e-9;
    for (size_t i = 0; i < n; i++) {
        IN8 double attention = in[17][i] == in[17][i] ? in[17][i] : H;
        double least = min2(min2(min2(A * E, B * F), min2(C * G, D * H)), in[16][i] * D * attention);
        double storage = in[8][i] * in[11][i], h2d = in[9][i] * in[12][i], net = in[10][i] * in[13][i];
        double most = max2(storage, max2(in[14][i] == in[14][i] ? h2d : 0, in[15][i] > 1 ? net : 0));
        out[i] = least < 1 - rounding || most > 1 + rounding ? 1 : 0;
    }
}

static inline double largest_of(double compute, double memory, double storage, double network, double overhead) {
    double largest = compute, which = 0;
    which = memory > largest ? 1 : which, largest = memory > largest ? memory : largest;
    which = storage > largest ? 2 : which, largest = storage > largest ? storage : largest;
    which = network > largest ? 3 : which, largest = network > largest ? network : largest;
    return overhead > largest ? 4 : which;
}

/* Weights, their compute-bound part, scores by arithmetic and by traffic, storage, network, overhead. */
static void bottleneck(double *restrict out, const double *const *in, size_t n) {
    for (size_t i = 0; i < n; i++) {
        IN7 double scores_compute = C > D ? C : 0, scores_memory = C > D ? 0 : D;
        out[i] = largest_of(B + scores_compute, A - B + scores_memory, E, F, G);
    }
}

static void prefill_bottleneck(double *restrict out, const double *const *in, size_t n) {
    for (size_t i = 0; i < n; i++) {
        IN6 double scores_compute = C > D ? C : 0, scores_memory = C > D ? 0 : D;
        out[i] = largest_of(B + scores_compute, A - B + scores_memory, E, F, 0);
    }
}

static const char *const residency_labels[] = {"ram", "flash", NULL};
static const char *const bottleneck_labels[] = {"compute", "memory", "storage", "network", "overhead", NULL};
static const char *const basis_labels[] = {"axis", "calibrated", "device", "class", NULL};
static const char *const quality_labels[] = {"estimate", "measured", NULL};

/* ---- The table of nodes: X(id, name, unit, members...) ---- */
enum { PROMPT_AXIS, GEN_AXIS, DEPTH_AXIS, BATCH_AXIS, NODES_AXIS, UBATCH_AXIS, KV_BITS_AXIS };
enum { KWH_OPTION, LIFETIME_OPTION, DUTY_OPTION, CLOUD_OPTION };
enum { LAYOUT_BLOCK, DEVICE_BLOCK, SLOT_BLOCK, QUALITY_BLOCK };

#define LEAF(kind_, entity_, field) .kind = kind_, .entity = entity_, .index = field
#define MODEL(field) LEAF(ES_NODE_FIELD, ES_MODEL, ES_M_##field)
#define NEEDED_DEVICE(field) LEAF(ES_NODE_FIELD, ES_DEVICE, ES_D_##field), .flags = ES_NEEDED
#define DEVICE(field) LEAF(ES_NODE_FIELD, ES_DEVICE, ES_D_##field)
#define AXIS(field) LEAF(ES_NODE_AXIS, ES_DEVICE, ES_D_##field)
#define FACTOR(field) LEAF(ES_NODE_FACTOR, ES_DEVICE, ES_D_##field)
#define PRECISION(field) LEAF(ES_NODE_FIELD, ES_PRECISION, ES_P_##field)
#define WORKLOAD(axis) .kind = ES_NODE_WORKLOAD, .index = axis
#define OPTION(option) .kind = ES_NODE_OPTION, .index = option
#define COMPUTED(fn_, signs, formula_, source_)                                                                        \
    .kind = ES_NODE_FN, .fn = fn_, .monotone = signs, .formula = formula_, .source = source_
#define OUTPUT(block_, type, member)                                                                                   \
    .kind = ES_NODE_BLOCK, .index = block_, .output = offsetof(type, member) / sizeof(double)
#define LAYOUT(member, formula_) OUTPUT(LAYOUT_BLOCK, es_layout, member), .formula = formula_, .source = GGUF
#define RATE(member, formula_) OUTPUT(DEVICE_BLOCK, es_device_rates, member), .formula = formula_, .source = CALIBRATION
#define SLOT_RATE(member, formula_)                                                                                    \
    OUTPUT(SLOT_BLOCK, es_slot_rates, member), .formula = formula_, .source = CALIBRATION
#define QUALITY(member, formula_)                                                                                      \
    OUTPUT(QUALITY_BLOCK, es_quality, member), .formula = formula_, .source = QUALITY_SOURCE
#define QUALITY_SOURCE "quality catalog"
#define SHOWN(help_) .flags = ES_METRIC, .help = help_
#define SHOWN_WHOLE(help_) .flags = ES_METRIC | ES_WHOLE, .help = help_
#define SHOWN_AS(labels_, help_) .flags = ES_METRIC | ES_LABELS, .labels = labels_, .help = help_
#define WARNS(help_) .flags = ES_WARNING, .help = help_
#define IN(...) .n_in = sizeof((uint16_t[]){__VA_ARGS__}) / sizeof(uint16_t), .in = {__VA_ARGS__}
#define PLUS_23 "+++++++++++++++++++++++"

#define MODEL_NODES(X)                                                                                                 \
    X(LAYERS, "layers", "", MODEL(LAYERS))                                                                             \
    X(HIDDEN, "hidden", "", MODEL(HIDDEN))                                                                             \
    X(INTERMEDIATE, "intermediate", "", MODEL(INTERMEDIATE))                                                           \
    X(VOCAB, "vocab", "", MODEL(VOCAB))                                                                                \
    X(HEADS, "heads", "", MODEL(HEADS))                                                                                \
    X(KV_HEADS_FIELD, "model.kv_heads", "", MODEL(KV_HEADS))                                                           \
    X(HEAD_DIM_FIELD, "model.head_dim", "", MODEL(HEAD_DIM))                                                           \
    X(KV_HEADS, "kv_heads", "", COMPUTED(first_or_second, "++", "kv_heads, heads when not given", PHYSICS),            \
      IN(KV_HEADS_FIELD, HEADS))                                                                                       \
    X(HEAD_DIM, "head_dim", "", COMPUTED(or_head_dim, "++-", "head_dim, hidden/heads when not given", PHYSICS),        \
      IN(HEAD_DIM_FIELD, HIDDEN, HEADS))                                                                               \
    X(TIED, "tied_embeddings", "", MODEL(TIED))                                                                        \
    X(FFN_MATRICES, "ffn_matrices", "", MODEL(FFN_MATRICES))                                                           \
    X(FFN_ACTIVE, "ffn_active_fraction", "", MODEL(FFN_ACTIVE))                                                        \
    X(MAX_CTX, "max_ctx", "tokens", MODEL(MAX_CTX))                                                                    \
    X(WINDOW, "sliding_window", "tokens", MODEL(SLIDING_WINDOW))                                                       \
    X(GLOBAL_EVERY, "global_layer_every", "", MODEL(GLOBAL_EVERY))                                                     \
    X(QKV_BIAS, "qkv_bias", "", MODEL(QKV_BIAS))                                                                       \
    X(O_BIAS, "o_bias", "", MODEL(O_BIAS))                                                                             \
    X(MLP_BIAS, "mlp_bias", "", MODEL(MLP_BIAS))                                                                       \
    X(NORM, "norm", "", LEAF(ES_NODE_ROW, ES_MODEL, ES_M_NORM))                                                        \
    X(NORMS_PER_LAYER, "norms_per_layer", "", MODEL(NORMS_PER_LAYER))                                                  \
    X(QK_NORM, "qk_norm", "", MODEL(QK_NORM))                                                                          \
    X(POS_ROWS, "pos_rows", "", MODEL(POS_ROWS))                                                                       \
    X(LM_HEAD_BIAS, "lm_head_bias", "", MODEL(LM_HEAD_BIAS))                                                           \
    X(EMBED_NORM, "embed_norm", "", MODEL(EMBED_NORM))                                                                 \
    X(EMBED_DIM, "embed_dim", "", MODEL(EMBED_DIM))                                                                    \
    X(N_EXPERTS, "n_experts", "", MODEL(N_EXPERTS))                                                                    \
    X(N_ACTIVE, "n_active_experts", "", MODEL(N_ACTIVE))                                                               \
    X(N_SHARED, "n_shared_experts", "", MODEL(N_SHARED))                                                               \
    X(EXPERT_INTERMEDIATE, "expert_intermediate", "", MODEL(EXPERT_INTERMEDIATE))                                      \
    X(FIRST_DENSE, "first_dense_layers", "", MODEL(FIRST_DENSE))                                                       \
    X(ROUTER_BIAS, "router_bias", "", MODEL(ROUTER_BIAS))                                                              \
    X(EXPERT_BIAS, "expert_bias", "", MODEL(EXPERT_BIAS))                                                              \
    X(SHARED_GATE, "shared_gate", "", MODEL(SHARED_GATE))                                                              \
    X(ATTN_SINKS, "attn_sinks", "", MODEL(ATTN_SINKS))                                                                 \
    X(SUB_NORMS, "sub_norms", "", MODEL(SUB_NORMS))                                                                    \
    X(KV_LORA_RANK, "kv_lora_rank", "", MODEL(KV_LORA_RANK))                                                           \
    X(Q_LORA_RANK, "q_lora_rank", "", MODEL(Q_LORA_RANK))                                                              \
    X(QK_ROPE, "qk_rope_head_dim", "", MODEL(QK_ROPE))                                                                 \
    X(QK_NOPE, "qk_nope_head_dim", "", MODEL(QK_NOPE))                                                                 \
    X(V_HEAD_DIM, "v_head_dim", "", MODEL(V_HEAD_DIM))                                                                 \
    X(UNIQUE_AXIS, "unique_layers axis", "", LEAF(ES_NODE_AXIS, ES_MODEL, ES_M_UNIQUE_LAYERS))                         \
    X(UNIQUE_FACTOR, "unique_layers factor", "", LEAF(ES_NODE_FACTOR, ES_MODEL, ES_M_UNIQUE_LAYERS))                   \
    X(UNIQUE_ROW, "model.unique_layers", "", LEAF(ES_NODE_ROW, ES_MODEL, ES_M_UNIQUE_LAYERS))                          \
    X(LAYERS_ROW, "model.layers", "", LEAF(ES_NODE_ROW, ES_MODEL, ES_M_LAYERS))                                        \
    X(UNIQUE_LAYERS, "unique_layers", "",                                                                              \
      COMPUTED(stored_layers, "++00+", "unique_layers, layers when none are shared", PHYSICS),                         \
      IN(UNIQUE_AXIS, UNIQUE_FACTOR, UNIQUE_ROW, LAYERS_ROW, LAYERS))                                                  \
    X(CONV_LAYERS, "conv_layers", "", MODEL(CONV_LAYERS))                                                              \
    X(CONV_KERNEL, "conv_kernel", "", MODEL(CONV_KERNEL))                                                              \
    X(EXTRA_PARAMS, "extra_params", "", MODEL(EXTRA_PARAMS))

#define PRECISION_NODES(X)                                                                                             \
    X(WEIGHT_BITS, "weight_bits", "bit", PRECISION(WEIGHT_BITS))                                                       \
    X(GROUP_SIZE, "group_size", "", PRECISION(GROUP_SIZE))                                                             \
    X(SCALE_BITS, "scale_bits", "bit", PRECISION(SCALE_BITS))                                                          \
    X(ZERO_BITS, "zero_bits", "bit", PRECISION(ZERO_BITS))                                                             \
    X(EMBED_BITS, "embed_bits", "bit", PRECISION(EMBED_BITS))                                                          \
    X(OUTPUT_BITS, "output_bits", "bit", PRECISION(OUTPUT_BITS))                                                       \
    X(KV_BITS_FIELD, "precision.kv_bits", "bit", PRECISION(KV_BITS))                                                   \
    X(COMPUTE, "compute", "", LEAF(ES_NODE_ROW, ES_PRECISION, ES_P_COMPUTE))                                           \
    X(KIND, "kind", "", LEAF(ES_NODE_ROW, ES_PRECISION, ES_P_KIND))                                                    \
    X(WEIGHT_BITS_AXIS, "weight_bits axis", "", LEAF(ES_NODE_AXIS, ES_PRECISION, ES_P_WEIGHT_BITS))                    \
    X(WEIGHT_BITS_FACTOR, "weight_bits factor", "", LEAF(ES_NODE_FACTOR, ES_PRECISION, ES_P_WEIGHT_BITS))              \
    X(GROUP_SIZE_AXIS, "group_size axis", "", LEAF(ES_NODE_AXIS, ES_PRECISION, ES_P_GROUP_SIZE))                       \
    X(GROUP_SIZE_FACTOR, "group_size factor", "", LEAF(ES_NODE_FACTOR, ES_PRECISION, ES_P_GROUP_SIZE))                 \
    X(SCALE_BITS_AXIS, "scale_bits axis", "", LEAF(ES_NODE_AXIS, ES_PRECISION, ES_P_SCALE_BITS))                       \
    X(SCALE_BITS_FACTOR, "scale_bits factor", "", LEAF(ES_NODE_FACTOR, ES_PRECISION, ES_P_SCALE_BITS))                 \
    X(ZERO_BITS_AXIS, "zero_bits axis", "", LEAF(ES_NODE_AXIS, ES_PRECISION, ES_P_ZERO_BITS))                          \
    X(ZERO_BITS_FACTOR, "zero_bits factor", "", LEAF(ES_NODE_FACTOR, ES_PRECISION, ES_P_ZERO_BITS))                    \
    X(EMBED_BITS_AXIS, "embed_bits axis", "", LEAF(ES_NODE_AXIS, ES_PRECISION, ES_P_EMBED_BITS))                       \
    X(EMBED_BITS_FACTOR, "embed_bits factor", "", LEAF(ES_NODE_FACTOR, ES_PRECISION, ES_P_EMBED_BITS))                 \
    X(OUTPUT_BITS_AXIS, "output_bits axis", "", LEAF(ES_NODE_AXIS, ES_PRECISION, ES_P_OUTPUT_BITS))                    \
    X(OUTPUT_BITS_FACTOR, "output_bits factor", "", LEAF(ES_NODE_FACTOR, ES_PRECISION, ES_P_OUTPUT_BITS))

#define DEVICE_NODES(X)                                                                                                \
    X(CLASS, "class", "", LEAF(ES_NODE_ROW, ES_DEVICE, ES_D_CLASS))                                                    \
    X(PEAK_FP32, "peak_gflops_fp32", "GFLOP/s", NEEDED_DEVICE(PEAK_FP32))                                              \
    X(PEAK_FP16, "peak_gflops_fp16", "GFLOP/s", DEVICE(PEAK_FP16))                                                     \
    X(PEAK_FP16_FACTOR, "peak_gflops_fp16 factor", "", FACTOR(PEAK_FP16))                                              \
    X(PEAK_INT8, "peak_gops_int8", "GOP/s", DEVICE(PEAK_INT8))                                                         \
    X(PEAK_INT8_FACTOR, "peak_gops_int8 factor", "", FACTOR(PEAK_INT8))                                                \
    X(MEM_BW, "mem_bw_gbs", "GB/s", NEEDED_DEVICE(MEM_BW))                                                             \
    X(STORAGE_BW, "storage_bw_mbs", "MB/s", NEEDED_DEVICE(STORAGE_BW))                                                 \
    X(H2D_BW, "h2d_gbs", "GB/s", DEVICE(H2D_BW))                                                                       \
    X(RAM, "ram_gb", "GiB", NEEDED_DEVICE(RAM_GB))                                                                     \
    X(OS_RESERVED_FIELD, "device.os_reserved_gb", "GiB", DEVICE(OS_RESERVED_GB))                                       \
    X(OS_RESERVED_FACTOR, "os_reserved_gb factor", "", FACTOR(OS_RESERVED_GB))                                         \
    X(TDP, "tdp_w", "W", DEVICE(TDP_W))                                                                                \
    X(PRICE, "price_usd", "USD", DEVICE(PRICE_USD))                                                                    \
    X(MEM_UTIL_AXIS, "mem_util axis", "", AXIS(MEM_UTIL))                                                              \
    X(MEM_UTIL_FACTOR, "mem_util factor", "", FACTOR(MEM_UTIL))                                                        \
    X(DECODE_UTIL_AXIS, "decode_util axis", "", AXIS(DECODE_UTIL))                                                     \
    X(DECODE_UTIL_FACTOR, "decode_util factor", "", FACTOR(DECODE_UTIL))                                               \
    X(PREFILL_UTIL_AXIS, "prefill_util axis", "", AXIS(PREFILL_UTIL))                                                  \
    X(PREFILL_UTIL_FACTOR, "prefill_util factor", "", FACTOR(PREFILL_UTIL))                                            \
    X(ATTN_UTIL_AXIS, "attn_util axis", "", AXIS(ATTN_UTIL))                                                           \
    X(ATTN_UTIL_FACTOR, "attn_util factor", "", FACTOR(ATTN_UTIL))                                                     \
    X(PREFILL_ATTN_AXIS, "prefill_attn_util axis", "", AXIS(PREFILL_ATTN_UTIL))                                        \
    X(PREFILL_ATTN_FACTOR, "prefill_attn_util factor", "", FACTOR(PREFILL_ATTN_UTIL))                                  \
    X(STORAGE_UTIL_AXIS, "storage_util axis", "", AXIS(STORAGE_UTIL))                                                  \
    X(STORAGE_UTIL_FACTOR, "storage_util factor", "", FACTOR(STORAGE_UTIL))                                            \
    X(H2D_UTIL_AXIS, "h2d_util axis", "", AXIS(H2D_UTIL))                                                              \
    X(H2D_UTIL_FACTOR, "h2d_util factor", "", FACTOR(H2D_UTIL))                                                        \
    X(NET_UTIL_AXIS, "net_util axis", "", AXIS(NET_UTIL))                                                              \
    X(NET_UTIL_FACTOR, "net_util factor", "", FACTOR(NET_UTIL))                                                        \
    X(NET_BW_AXIS, "net_bw_mbps axis", "Mbit/s", AXIS(NET_BW))                                                         \
    X(NET_BW_FACTOR, "net_bw_mbps factor", "", FACTOR(NET_BW))                                                         \
    X(OVERHEAD_AXIS, "token_overhead_ms axis", "ms", AXIS(TOKEN_OVERHEAD))                                             \
    X(OVERHEAD_FACTOR, "token_overhead_ms factor", "", FACTOR(TOKEN_OVERHEAD))                                         \
    X(LAYER_OVERHEAD_AXIS, "layer_overhead_ms axis", "ms", AXIS(LAYER_OVERHEAD))                                       \
    X(LAYER_OVERHEAD_FACTOR, "layer_overhead_ms factor", "", FACTOR(LAYER_OVERHEAD))                                   \
    X(PJ_FLOP_AXIS, "pj_per_flop axis", "pJ", AXIS(PJ_PER_FLOP))                                                       \
    X(PJ_FLOP_FACTOR, "pj_per_flop factor", "", FACTOR(PJ_PER_FLOP))                                                   \
    X(PJ_BYTE_AXIS, "pj_per_byte axis", "pJ", AXIS(PJ_PER_BYTE))                                                       \
    X(PJ_BYTE_FACTOR, "pj_per_byte factor", "", FACTOR(PJ_PER_BYTE))                                                   \
    X(PJ_STORAGE_AXIS, "pj_per_storage_byte axis", "pJ", AXIS(PJ_PER_STORAGE_BYTE))                                    \
    X(PJ_STORAGE_FACTOR, "pj_per_storage_byte factor", "", FACTOR(PJ_PER_STORAGE_BYTE))                                \
    X(IDLE_AXIS, "idle_w axis", "W", AXIS(IDLE_W))                                                                     \
    X(IDLE_FACTOR, "idle_w factor", "", FACTOR(IDLE_W))                                                                \
    X(LOAD_AXIS, "load_w axis", "W", AXIS(LOAD_W))                                                                     \
    X(LOAD_FACTOR, "load_w factor", "", FACTOR(LOAD_W))

#define WORKLOAD_NODES(X)                                                                                              \
    X(PROMPT, "prompt", "tokens", WORKLOAD(PROMPT_AXIS))                                                               \
    X(GEN, "gen", "tokens", WORKLOAD(GEN_AXIS))                                                                        \
    X(DEPTH, "depth", "tokens", WORKLOAD(DEPTH_AXIS))                                                                  \
    X(BATCH, "batch", "", WORKLOAD(BATCH_AXIS))                                                                        \
    X(NODES, "nodes", "", WORKLOAD(NODES_AXIS))                                                                        \
    X(UBATCH, "ubatch", "tokens", WORKLOAD(UBATCH_AXIS))                                                               \
    X(KV_BITS_GIVEN, "kv_bits axis", "bit", WORKLOAD(KV_BITS_AXIS))                                                    \
    X(KV_BITS, "kv_bits", "bit", COMPUTED(first_or_second, "++", "kv_bits, of the precision when not given", CACHE),   \
      IN(KV_BITS_GIVEN, KV_BITS_FIELD))                                                                                \
    X(KWH_PRICE, "price_usd_per_kwh", "USD/kWh", OPTION(KWH_OPTION))                                                   \
    X(LIFETIME, "lifetime_years", "year", OPTION(LIFETIME_OPTION))                                                     \
    X(DUTY, "duty", "", OPTION(DUTY_OPTION))                                                                           \
    X(CLOUD_PRICE, "cloud_usd_per_mtok", "USD/Mtok", OPTION(CLOUD_OPTION))

/* ---- Layout and rates, slot by slot ---- */
#define SLOT(X, s, label)                                                                                              \
    X(WEIGHTS_##s, label " weights", "", LAYOUT(slot[s].weights, "active weights of this type per token"))             \
    X(BYTES_##s, label " bytes", "B", LAYOUT(slot[s].bytes, "bytes of this type read by a step (of one expert)"))      \
    X(TYPE_##s, label " type", "", LAYOUT(slot[s].type, "tensor type"), .flags = ES_LABELS, .labels = es_type_labels)
#define SLOT_RATES(X, s, label)                                                                                        \
    X(INV_MEM_##s, label " 1/mem_util", "", SLOT_RATE(inv_mem_util[s], "1/mem_util of the type"))                      \
    X(INV_DECODE_##s, label " 1/decode_util", "", SLOT_RATE(inv_decode_util[s], "1/decode_util of the type"))          \
    X(INV_PREFILL_##s, label " 1/prefill_util", "", SLOT_RATE(inv_prefill_util[s], "1/prefill_util of the type"))      \
    X(MEMORY_##s, label " bytes/mem_util", "B", COMPUTED(slot_bytes, "++++", "bytes/mem_util", ROOF),                  \
      IN(BYTES_##s, INV_MEM_AXIS, INV_MEM_FACTOR, INV_MEM_##s))                                                        \
    X(DECODE_##s, label " FLOP/decode_util", "FLOP", COMPUTED(slot_work, "++++", "2 weights/decode_util", ROOF),       \
      IN(WEIGHTS_##s, INV_DECODE_AXIS, INV_DECODE_FACTOR, INV_DECODE_##s))                                             \
    X(PREFILL_##s, label " FLOP/prefill_util", "FLOP", COMPUTED(slot_work, "++++", "2 weights/prefill_util", ROOF),    \
      IN(WEIGHTS_##s, INV_PREFILL_AXIS, INV_PREFILL_FACTOR, INV_PREFILL_##s))
#define EACH_SLOT(X, M)                                                                                                \
    M(X, 0, "dense 1")                                                                                                 \
    M(X, 1, "dense 2")                                                                                                 \
    M(X, 2, "dense 3")                                                                                                 \
    M(X, 3, "dense 4")                                                                                                 \
    M(X, 4, "dense 5")                                                                                                 \
    M(X, 5, "dense 6")                                                                                                 \
    M(X, 6, "output head")                                                                                             \
    M(X, 7, "experts 1")                                                                                               \
    M(X, 8, "experts 2")                                                                                               \
    M(X, 9, "experts 3")
#define OF_SLOTS(id) id##_0, id##_1, id##_2, id##_3, id##_4, id##_5, id##_6, id##_7, id##_8, id##_9

#define LAYOUT_NODES(X)                                                                                                \
    X(PARAMS, "params", "", LAYOUT(params, "sum over all tensors"), SHOWN_WHOLE("parameters"))                         \
    X(ACTIVE_PARAMS, "active_params", "", LAYOUT(active_params, "params without the experts a token skips"),           \
      SHOWN_WHOLE("parameters used for a token"))                                                                      \
    X(WEIGHT_BYTES, "weight_bytes", "B",                                                                               \
      LAYOUT(weight_bytes, "sum over tensors of blocks*block_bytes; uniform: "                                         \
                           "(bits + (scale_bits+zero_bits)/group)/8 per weight"),                                      \
      SHOWN_WHOLE("what the tensors occupy"))                                                                          \
    X(BITS_PER_WEIGHT, "bits_per_weight", "bit", LAYOUT(bits_per_weight, "8*weight_bytes/params"),                     \
      SHOWN("mean bits of a stored weight"))                                                                           \
    X(LAYER_BYTES, "layer_bytes", "B", LAYOUT(layer_bytes, "weight bytes in the layers"))                              \
    X(FIRST_BYTES, "first_bytes", "B", LAYOUT(first_bytes, "weight bytes before the layers (embedding)"))              \
    X(LAST_BYTES, "last_bytes", "B", LAYOUT(last_bytes, "weight bytes behind the layers (output head, final norm)"))   \
    X(DENSE_WEIGHTS, "dense_weights", "", LAYOUT(dense_weights, "attention, active dense FFN, norms: per token"))      \
    X(DENSE_BYTES, "dense_bytes", "B", LAYOUT(dense_bytes, "attention, active dense FFN, norms: read by a step"))      \
    X(HEAD_WEIGHTS, "head_weights", "", LAYOUT(head_weights, "vocab*hidden"))                                          \
    X(HEAD_BYTES, "head_bytes", "B", LAYOUT(head_bytes, "output head (tied: the embedding)"))                          \
    X(ROUTED_WEIGHTS, "routed_weights", "", LAYOUT(routed_weights, "n_active_experts * weights of an expert"))         \
    X(ROUTED_BYTES, "routed_bytes", "B", LAYOUT(routed_bytes, "bytes of one expert in all layers"))                    \
    X(MAIN_TYPE, "main type", "", LAYOUT(main_type, "tensor type with most streamed bytes"), .flags = ES_LABELS,       \
      .labels = es_type_labels)                                                                                        \
    EACH_SLOT(X, SLOT)

#define UTIL_NODES(X)                                                                                                  \
    X(INV_MEM_AXIS, "1/mem_util axis", "", COMPUTED(inverse, "-", "1/axis", ROOF), IN(MEM_UTIL_AXIS))                  \
    X(INV_MEM_FACTOR, "1/mem_util factor", "", COMPUTED(inverse, "-", "1/factor", ROOF), IN(MEM_UTIL_FACTOR))          \
    X(INV_DECODE_AXIS, "1/decode_util axis", "", COMPUTED(inverse, "-", "1/axis", ROOF), IN(DECODE_UTIL_AXIS))         \
    X(INV_DECODE_FACTOR, "1/decode_util factor", "", COMPUTED(inverse, "-", "1/factor", ROOF), IN(DECODE_UTIL_FACTOR)) \
    X(INV_PREFILL_AXIS, "1/prefill_util axis", "", COMPUTED(inverse, "-", "1/axis", ROOF), IN(PREFILL_UTIL_AXIS))      \
    X(INV_PREFILL_FACTOR, "1/prefill_util factor", "", COMPUTED(inverse, "-", "1/factor", ROOF),                       \
      IN(PREFILL_UTIL_FACTOR))                                                                                         \
    X(INV_ATTN_AXIS, "1/attn_util axis", "", COMPUTED(inverse, "-", "1/axis", ROOF), IN(ATTN_UTIL_AXIS))               \
    X(INV_ATTN_FACTOR, "1/attn_util factor", "", COMPUTED(inverse, "-", "1/factor", ROOF), IN(ATTN_UTIL_FACTOR))       \
    X(INV_PREFILL_ATTN_AXIS, "1/prefill_attn_util axis", "", COMPUTED(inverse, "-", "1/axis", ROOF),                   \
      IN(PREFILL_ATTN_AXIS))                                                                                           \
    X(INV_PREFILL_ATTN_FACTOR, "1/prefill_attn_util factor", "", COMPUTED(inverse, "-", "1/factor", ROOF),             \
      IN(PREFILL_ATTN_FACTOR))                                                                                         \
    EACH_SLOT(X, SLOT_RATES)                                                                                           \
    X(MAIN_INV_MEM, "main 1/mem_util", "", SLOT_RATE(main_inv_mem_util, "1/mem_util of the main type"))                \
    X(MAIN_INV_PREFILL, "main 1/prefill_util", "",                                                                     \
      SLOT_RATE(main_inv_prefill_util, "1/prefill_util of the main type"))                                             \
    X(LEAST_INV_MEM, "least 1/mem_util", "", SLOT_RATE(least_inv_mem_util, "least 1/mem_util of a type"))              \
    X(LEAST_INV_DECODE, "least 1/decode_util", "", SLOT_RATE(least_inv_decode_util, "least 1/decode_util of a type"))  \
    X(LEAST_INV_PREFILL, "least 1/prefill_util", "",                                                                   \
      SLOT_RATE(least_inv_prefill_util, "least 1/prefill_util of a type"))                                             \
    X(RATE_BASIS, "rate basis", "", SLOT_RATE(basis, "best source of the main type's utilizations"))                   \
    X(MAIN_MEMORY, "main 1/U_memory", "",                                                                              \
      COMPUTED(inverse_util, "+++", "axis, or catalog times factor, at least 1", ROOF),                                \
      IN(INV_MEM_AXIS, INV_MEM_FACTOR, MAIN_INV_MEM))                                                                  \
    X(MAIN_PREFILL, "main 1/U_prefill", "",                                                                            \
      COMPUTED(inverse_util, "+++", "axis, or catalog times factor, at least 1", ROOF),                                \
      IN(INV_PREFILL_AXIS, INV_PREFILL_FACTOR, MAIN_INV_PREFILL))                                                      \
    X(RATE_INV_MEM, "untyped 1/mem_util", "", RATE(inv_mem_util, "1/mem_util of no particular type"))                  \
    X(RATE_INV_ATTN, "untyped 1/attn_util", "", RATE(inv_attn_util, "1/attn_util"))                                    \
    X(CACHE_MEMORY, "cache 1/U_memory", "",                                                                            \
      COMPUTED(inverse_util, "+++", "axis, or catalog times factor, at least 1", ROOF),                                \
      IN(INV_MEM_AXIS, INV_MEM_FACTOR, RATE_INV_MEM))                                                                  \
    X(ATTENTION, "1/U_attention", "",                                                                                  \
      COMPUTED(inverse_util, "+++", "axis, or catalog times factor, at least 1", ROOF),                                \
      IN(INV_ATTN_AXIS, INV_ATTN_FACTOR, RATE_INV_ATTN))                                                               \
    X(RATE_INV_PREFILL_ATTN, "untyped 1/prefill_attn_util", "", RATE(inv_prefill_attn_util, "1/prefill_attn_util"))    \
    X(PREFILL_ATTENTION, "1/U_prefill_attention", "",                                                                  \
      COMPUTED(prefill_attention, "++++++",                                                                            \
               "axis, or attn_util axis or catalog (attn_util where it has no other) times factors, at least 1",       \
               ROOF),                                                                                                  \
      IN(INV_PREFILL_ATTN_AXIS, INV_PREFILL_ATTN_FACTOR, INV_ATTN_AXIS, INV_ATTN_FACTOR, RATE_INV_PREFILL_ATTN,        \
         RATE_INV_ATTN))

#define RATE_NODES(X)                                                                                                  \
    X(PEAK, "peak", "GFLOP/s",                                                                                         \
      COMPUTED(peak, "0+++++", "peak of the precision's compute kind; a missing one: the next wider", ROOF),           \
      IN(COMPUTE, PEAK_FP32, PEAK_FP16, PEAK_FP16_FACTOR, PEAK_INT8, PEAK_INT8_FACTOR))                                \
    X(INV_PEAK, "1/peak", "s/FLOP", COMPUTED(inverse_giga, "-", "1/(peak*1e9)", ROOF), IN(PEAK))                       \
    X(INV_FP_PEAK, "1/fp_peak", "s/FLOP", COMPUTED(inverse_giga, "-", "1/(peak_gflops_fp32*1e9)", ROOF),               \
      IN(PEAK_FP32))                                                                                                   \
    X(INV_BW, "1/mem_bw", "s/B", COMPUTED(inverse_giga, "-", "1/(mem_bw_gbs*1e9)", ROOF), IN(MEM_BW))                  \
    X(RATE_STORAGE_UTIL, "catalog storage_util", "", RATE(storage_util, "calibration, device or class"))               \
    X(U_STORAGE, "U_storage", "",                                                                                      \
      COMPUTED(scaled_util, "+++", "axis, or catalog times factor, at most 1", CALIBRATION),                           \
      IN(STORAGE_UTIL_AXIS, STORAGE_UTIL_FACTOR, RATE_STORAGE_UTIL))                                                   \
    X(STORAGE_RATE, "storage_rate", "B/s", COMPUTED(mega, "++", "storage_bw_mbs*1e6*U_storage", EDGE " eq. (12)"),     \
      IN(STORAGE_BW, U_STORAGE))                                                                                       \
    X(RATE_H2D_UTIL, "catalog h2d_util", "", RATE(h2d_util, "calibration, device or class"))                           \
    X(U_H2D, "U_h2d", "", COMPUTED(scaled_util, "+++", "axis, or catalog times factor, at most 1", CALIBRATION),       \
      IN(H2D_UTIL_AXIS, H2D_UTIL_FACTOR, RATE_H2D_UTIL))                                                               \
    X(H2D_RATE, "h2d_rate", "B/s", COMPUTED(giga, "++", "h2d_gbs*1e9*U_h2d", EDGE " eq. (13)"), IN(H2D_BW, U_H2D))     \
    X(RATE_NET_UTIL, "catalog net_util", "", RATE(net_util, "calibration, device or class"))                           \
    X(U_NET, "U_net", "", COMPUTED(scaled_util, "+++", "axis, or catalog times factor, at most 1", CALIBRATION),       \
      IN(NET_UTIL_AXIS, NET_UTIL_FACTOR, RATE_NET_UTIL))                                                               \
    X(RATE_NET_BW, "catalog net_bw_mbps", "Mbit/s", RATE(net_bw_mbps, "calibration, device or class"))                 \
    X(NET_BW, "net_bw_mbps", "Mbit/s", COMPUTED(scaled_rate, "+++", "axis, or catalog times factor", CALIBRATION),     \
      IN(NET_BW_AXIS, NET_BW_FACTOR, RATE_NET_BW))                                                                     \
    X(NET_RATE, "net_rate", "B/s", COMPUTED(mega_bits, "++", "net_bw_mbps*1e6/8*U_net", EDGE " eq. (14)"),             \
      IN(NET_BW, U_NET))                                                                                               \
    X(RATE_OVERHEAD, "catalog token_overhead_ms", "ms", RATE(token_overhead_ms, "calibration, device or class"))       \
    X(OVERHEAD_MS, "token_overhead_ms", "ms",                                                                          \
      COMPUTED(scaled_rate, "+++", "axis, or catalog times factor", CALIBRATION),                                      \
      IN(OVERHEAD_AXIS, OVERHEAD_FACTOR, RATE_OVERHEAD))                                                               \
    X(RATE_LAYER_OVERHEAD, "catalog layer_overhead_ms", "ms",                                                          \
      RATE(layer_overhead_ms, "calibration, device, class; or 0"))                                                     \
    X(LAYER_OVERHEAD_MS, "layer_overhead_ms", "ms",                                                                    \
      COMPUTED(scaled_rate, "+++", "axis, or catalog times factor", CALIBRATION),                                      \
      IN(LAYER_OVERHEAD_AXIS, LAYER_OVERHEAD_FACTOR, RATE_LAYER_OVERHEAD))                                             \
    X(OVERHEAD_S, "token_overhead", "s",                                                                               \
      COMPUTED(overhead_seconds, "+++", "(token_overhead_ms + layers*layer_overhead_ms)/1000", CALIBRATION),           \
      IN(OVERHEAD_MS, LAYERS, LAYER_OVERHEAD_MS))

#define POWER_NODES(X)                                                                                                 \
    X(IDLE_OWN, "own idle_w", "W", RATE(idle_w_own, "calibration or device"))                                          \
    X(IDLE_CLASS, "class idle_w", "W", RATE(idle_w_class, "calibration, device or class"))                             \
    X(IDLE_W, "idle_w", "W", COMPUTED(own_or_class, "++++", "idle_w", CALIBRATION),                                    \
      IN(IDLE_AXIS, IDLE_FACTOR, IDLE_OWN, IDLE_CLASS))                                                                \
    X(LOAD_OWN, "own load_w", "W", RATE(load_w_own, "calibration or device"))                                          \
    X(LOAD_CLASS, "class load_w", "W", RATE(load_w_class, "calibration, device or class"))                             \
    X(LOAD_W, "load_w", "W", COMPUTED(own_or_class, "++++", "load_w", CALIBRATION),                                    \
      IN(LOAD_AXIS, LOAD_FACTOR, LOAD_OWN, LOAD_CLASS))                                                                \
    X(IDLE_KNOWN, "idle_w known", "", COMPUTED(is_known, "++", "1 when idle_w is the device's own", CALIBRATION),      \
      IN(IDLE_AXIS, IDLE_OWN))                                                                                         \
    X(LOAD_KNOWN, "load_w known", "", COMPUTED(is_known, "++", "1 when load_w is the device's own", CALIBRATION),      \
      IN(LOAD_AXIS, LOAD_OWN))                                                                                         \
    X(POWER_KNOWN, "power known", "", COMPUTED(both, "++", "idle_w and load_w known", CALIBRATION),                    \
      IN(IDLE_KNOWN, LOAD_KNOWN))                                                                                      \
    X(DYNAMIC_W, "dynamic_w", "W", COMPUTED(rise, "+-", "load_w - idle_w", PHYSICS), IN(LOAD_W, IDLE_W))               \
    X(FLOP_OWN, "own pj_per_flop", "pJ", RATE(pj_per_flop_own, "calibration or device"))                               \
    X(FLOP_CLASS, "class pj_per_flop", "pJ", RATE(pj_per_flop_class, "class"))                                         \
    X(FLOP_PJ, "pj_per_flop", "pJ",                                                                                    \
      COMPUTED(pj_per_flop, "++++0+++",                                                                                \
               "pj_per_flop; else 0.3*(load_w-idle_w)/(peak*prefill_util)*1e12; else of the class", PHYSICS),          \
      IN(PJ_FLOP_AXIS, PJ_FLOP_FACTOR, FLOP_OWN, FLOP_CLASS, POWER_KNOWN, DYNAMIC_W, INV_PEAK, MAIN_PREFILL))          \
    X(E_FLOP, "e_flop", "J", COMPUTED(joules_of_pj, "+", "pj_per_flop*1e-12", PHYSICS), IN(FLOP_PJ))                   \
    X(BYTE_OWN, "own pj_per_byte", "pJ", RATE(pj_per_byte_own, "calibration or device"))                               \
    X(BYTE_CLASS, "class pj_per_byte", "pJ", RATE(pj_per_byte_class, "class"))                                         \
    X(BYTE_PJ, "pj_per_byte", "pJ",                                                                                    \
      COMPUTED(pj_per_byte, "++++0+++",                                                                                \
               "pj_per_byte; else 0.7*(load_w-idle_w)/(mem_bw*mem_util)*1e12; else of the class", PHYSICS),            \
      IN(PJ_BYTE_AXIS, PJ_BYTE_FACTOR, BYTE_OWN, BYTE_CLASS, POWER_KNOWN, DYNAMIC_W, INV_BW, MAIN_MEMORY))             \
    X(E_BYTE, "e_byte", "J", COMPUTED(joules_of_pj, "+", "pj_per_byte*1e-12", PHYSICS), IN(BYTE_PJ))                   \
    X(RATE_STORAGE_PJ, "catalog pj_per_storage_byte", "pJ", RATE(pj_per_storage_byte, "calibration, device or class")) \
    X(STORAGE_PJ, "pj_per_storage_byte", "pJ",                                                                         \
      COMPUTED(scaled_rate, "+++", "axis, or catalog times factor", CALIBRATION),                                      \
      IN(PJ_STORAGE_AXIS, PJ_STORAGE_FACTOR, RATE_STORAGE_PJ))                                                         \
    X(E_STORAGE, "e_storage", "J", COMPUTED(joules_of_pj, "+", "pj_per_storage_byte*1e-12", PHYSICS), IN(STORAGE_PJ))

#define CACHE_NODES(X)                                                                                                 \
    X(KV_EACH, "kv_bytes_each", "B",                                                                                   \
      COMPUTED(kv_bytes_each, "0++++",                                                                                 \
               "2*kv_heads*head_dim*kv_bits/8 per token and layer; MLA: (kv_lora_rank+qk_rope_head_dim)*kv_bits/8",    \
               CACHE),                                                                                                 \
      IN(KV_LORA_RANK, QK_ROPE, KV_HEADS, HEAD_DIM, KV_BITS))                                                          \
    X(SCORE_EACH, "score_flops_each", "FLOP",                                                                          \
      COMPUTED(score_flops_each, "0+++",                                                                               \
               "4*heads*head_dim per position and layer; MLA: 2*heads*(2*kv_lora_rank+qk_rope_head_dim)", CACHE),      \
      IN(KV_LORA_RANK, QK_ROPE, HEADS, HEAD_DIM))                                                                      \
    X(KV_LAYERS, "kv_layers", "", COMPUTED(rise, "+-", "layers - conv_layers", CACHE), IN(LAYERS, CONV_LAYERS))        \
    X(GLOBAL_LAYERS, "global_layers", "",                                                                              \
      COMPUTED(global_layers, "++00", "floor(layers/global_layer_every); all without a sliding window", CACHE),        \
      IN(KV_LAYERS, LAYERS, WINDOW, GLOBAL_EVERY))                                                                     \
    X(SLIDING_LAYERS, "sliding_layers", "", COMPUTED(minus, "+-", "kv_layers - global_layers", CACHE),                 \
      IN(KV_LAYERS, GLOBAL_LAYERS))                                                                                    \
    X(CONTEXT, "context", "tokens", COMPUTED(sum3, "+++", "prompt + gen + depth", PHYSICS), IN(PROMPT, GEN, DEPTH))    \
    X(DECODE_GLOBAL, "mean context", "tokens",                                                                         \
      COMPUTED(mean_global, "+++", "mean of s = prompt+1 ... prompt+gen, plus depth", PHYSICS),                        \
      IN(PROMPT, DEPTH, GEN))                                                                                          \
    X(DECODE_WINDOW, "mean window", "tokens",                                                                          \
      COMPUTED(mean_window, "++++", "mean of min(s, sliding_window)", PHYSICS), IN(PROMPT, DEPTH, GEN, WINDOW))        \
    X(DECODE_POSITIONS, "decode positions", "",                                                                        \
      COMPUTED(two_products, "++++", "global_layers*mean context + sliding_layers*mean window", CACHE),                \
      IN(GLOBAL_LAYERS, DECODE_GLOBAL, SLIDING_LAYERS, DECODE_WINDOW))                                                 \
    X(PREFILL_GLOBAL, "causal positions", "",                                                                          \
      COMPUTED(prefill_global, "++", "prompt*depth + prompt(prompt+1)/2", PHYSICS), IN(PROMPT, DEPTH))                 \
    X(PREFILL_WINDOW, "causal window positions", "",                                                                   \
      COMPUTED(prefill_window, "+++", "sum of min(s, sliding_window)", PHYSICS), IN(PROMPT, DEPTH, WINDOW))            \
    X(PREFILL_POSITIONS, "prefill positions", "",                                                                      \
      COMPUTED(two_products, "++++", "global_layers*causal + sliding_layers*window positions", CACHE),                 \
      IN(GLOBAL_LAYERS, PREFILL_GLOBAL, SLIDING_LAYERS, PREFILL_WINDOW))                                               \
    X(TOKENS, "prefill tokens", "tokens", COMPUTED(product, "++", "prompt*batch", PHYSICS), IN(PROMPT, BATCH))         \
    X(PASS_TOKENS, "pass tokens", "tokens", COMPUTED(smaller_of, "++", "min(ubatch, prompt*batch)", PHYSICS),          \
      IN(UBATCH, TOKENS))                                                                                              \
    X(PASSES, "passes", "", COMPUTED(passes, "+-", "ceil(prompt*batch/ubatch)", PHYSICS), IN(TOKENS, UBATCH))          \
    X(DECODE_EXPERTS, "decode experts", "", COMPUTED(distinct_experts, "00+", "E(1-(1-k/E)^batch)", PHYSICS),          \
      .flags = ES_SUBGRID, IN(N_EXPERTS, N_ACTIVE, BATCH))                                                             \
    X(PREFILL_EXPERTS, "prefill experts", "",                                                                          \
      COMPUTED(distinct_experts, "00+", "E(1-(1-k/E)^min(ubatch, prompt*batch))", PHYSICS), .flags = ES_SUBGRID,       \
      IN(N_EXPERTS, N_ACTIVE, PASS_TOKENS))

#define MEMORY_NODES(X)                                                                                                \
    X(KV_BYTES, "kv_bytes", "B",                                                                                       \
      COMPUTED(kv_bytes, "++++++",                                                                                     \
               "batch*kv_bytes_each*(global_layers*context + sliding_layers*min(context, sliding_window))", CACHE),    \
      SHOWN_WHOLE("cached keys and values at the last token"),                                                         \
      IN(KV_EACH, GLOBAL_LAYERS, SLIDING_LAYERS, CONTEXT, WINDOW, BATCH))                                              \
    X(ACTIVE_INTERMEDIATE, "active_intermediate", "",                                                                  \
      COMPUTED(active_intermediate, "0++++", "intermediate; MoE: (k + shared)*expert_intermediate", PHYSICS),          \
      IN(N_EXPERTS, N_ACTIVE, N_SHARED, EXPERT_INTERMEDIATE, INTERMEDIATE))                                            \
    X(ACTIVATION_BYTES, "activation_bytes", "B",                                                                       \
      COMPUTED(activation_bytes, "+++++++++",                                                                          \
               "min(ubatch, prompt*batch)*(4*hidden + 2*active intermediate + (heads+2*kv_heads)*head_dim)*4 + "       \
               "4*vocab*batch",                                                                                        \
               PHYSICS),                                                                                               \
      SHOWN_WHOLE("buffers of one pass"),                                                                              \
      IN(UBATCH, TOKENS, HIDDEN, ACTIVE_INTERMEDIATE, HEADS, KV_HEADS, HEAD_DIM, VOCAB, BATCH))                        \
    X(NODE_SHARE, "node_share", "", COMPUTED(node_share, "0-", "ceil(layers/nodes)/layers", PHYSICS),                  \
      IN(LAYERS, NODES))                                                                                               \
    X(NODE_WEIGHTS, "node_weight_bytes", "B",                                                                          \
      COMPUTED(node_weights, "0+++++",                                                                                 \
               "weight_bytes; on several nodes node_share*layer_bytes + max(first_bytes, last_bytes)", PHYSICS),       \
      IN(NODES, WEIGHT_BYTES, LAYER_BYTES, FIRST_BYTES, LAST_BYTES, NODE_SHARE))                                       \
    X(OS_RESERVED, "os_reserved_gb", "GiB",                                                                            \
      COMPUTED(reserved, "+0+", "os_reserved_gb; 0.3 when not given, 0 for class mcu and gpu", PHYSICS),               \
      IN(OS_RESERVED_FIELD, CLASS, OS_RESERVED_FACTOR))                                                                \
    X(AVAILABLE, "available_bytes", "B", COMPUTED(available, "+-", "(ram_gb - os_reserved_gb)*2^30", PHYSICS),         \
      IN(RAM, OS_RESERVED))                                                                                            \
    X(PEAK_MEMORY, "peak_memory_bytes", "B",                                                                           \
      COMPUTED(peak_memory, "++++0",                                                                                   \
               "node_weight_bytes + kv_bytes*node_share + activation_bytes + 64 MiB (0 for class mcu)", PHYSICS),      \
      SHOWN_WHOLE("memory of the fullest node"), IN(NODE_WEIGHTS, KV_BYTES, NODE_SHARE, ACTIVATION_BYTES, CLASS))      \
    X(FITS, "fits", "", COMPUTED(fits_in, "-+", "peak_memory_bytes <= ram - os_reserved", PHYSICS),                    \
      SHOWN("1: fits into memory"), IN(PEAK_MEMORY, AVAILABLE))                                                        \
    X(FLASH, "residency", "",                                                                                          \
      COMPUTED(exceeds, "+-", "flash when a node's weights exceed ram - os_reserved", PHYSICS),                        \
      SHOWN_AS(residency_labels, "where the weights are while running"), IN(NODE_WEIGHTS, AVAILABLE))

#define DECODE_NODES(X)                                                                                                \
    X(PREFILL_FLOPS, "prefill_flops", "FLOP",                                                                          \
      COMPUTED(prefill_flops, "+++++++",                                                                               \
               "2(dense + routed weights)*prompt*batch + 2*head_weights*batch + batch*prefill positions*score_each",   \
               ROOF),                                                                                                  \
      SHOWN("operations of the prefill"),                                                                              \
      IN(DENSE_WEIGHTS, ROUTED_WEIGHTS, TOKENS, HEAD_WEIGHTS, BATCH, PREFILL_POSITIONS, SCORE_EACH))                   \
    X(DECODE_FLOPS, "decode_flops", "FLOP",                                                                            \
      COMPUTED(decode_flops, "+++++", "2(dense + head + routed weights) + decode positions*score_flops_each", ROOF),   \
      SHOWN("operations per generated token"),                                                                         \
      IN(DENSE_WEIGHTS, HEAD_WEIGHTS, ROUTED_WEIGHTS, DECODE_POSITIONS, SCORE_EACH))                                   \
    X(STREAMED, "streamed_bytes", "B",                                                                                 \
      COMPUTED(sum_and_product, "++++", "dense_bytes + head_bytes + decode experts*routed_bytes", ROOF),               \
      IN(DENSE_BYTES, HEAD_BYTES, DECODE_EXPERTS, ROUTED_BYTES))                                                       \
    X(DECODE_BYTES, "decode_bytes", "B",                                                                               \
      COMPUTED(decode_bytes, "+-++", "streamed_bytes/batch + decode positions*kv_bytes_each", ROOF),                   \
      SHOWN("memory traffic per generated token"), IN(STREAMED, BATCH, DECODE_POSITIONS, KV_EACH))                     \
    X(INTENSITY, "arithmetic_intensity", "FLOP/B", COMPUTED(ratio, "+-", "decode_flops/decode_bytes", ROOF),           \
      SHOWN("operations per byte of a generated token"), IN(DECODE_FLOPS, DECODE_BYTES))                               \
    X(STEP_WORK, "seconds per step FLOP", "s", COMPUTED(product, "++", "batch/peak", ROOF), IN(BATCH, INV_PEAK))       \
    X(STEP_EXPERT, "seconds per expert byte", "s", COMPUTED(product, "++", "decode experts/mem_bw", ROOF),             \
      IN(DECODE_EXPERTS, INV_BW))                                                                                      \
    X(DECODE_WEIGHTS_S, "decode weights time", "s",                                                                    \
      COMPUTED(decode_weights, PLUS_23, "sum over types of max(flops/C, bytes/BW)", ROOF),                             \
      IN(OF_SLOTS(DECODE), OF_SLOTS(MEMORY), STEP_WORK, INV_BW, STEP_EXPERT))                                          \
    X(DECODE_COMPUTE_S, "decode weights compute-bound", "s",                                                           \
      COMPUTED(decode_weights_compute, NULL, "its part where flops/C is the larger", ROOF),                            \
      IN(OF_SLOTS(DECODE), OF_SLOTS(MEMORY), STEP_WORK, INV_BW, STEP_EXPERT))                                          \
    X(DECODE_SCORES_C, "decode scores compute", "s",                                                                   \
      COMPUTED(product5, "+++++", "batch*decode positions*score_flops_each/(fp_peak*attn_util)", ROOF),                \
      IN(BATCH, DECODE_POSITIONS, SCORE_EACH, INV_FP_PEAK, ATTENTION))                                                 \
    X(DECODE_SCORES_M, "decode scores memory", "s",                                                                    \
      COMPUTED(product5, "+++++", "batch*decode positions*kv_bytes_each/(mem_bw*mem_util)", ROOF),                     \
      IN(BATCH, DECODE_POSITIONS, KV_EACH, INV_BW, CACHE_MEMORY))                                                      \
    X(DECODE_HOP, "hop", "s", COMPUTED(hop_seconds, "+++-", "(nodes-1)*hidden*2*batch/net_rate", PHYSICS),             \
      IN(NODES, HIDDEN, BATCH, NET_RATE))                                                                              \
    X(FLASH_BYTES, "flash bytes", "B", COMPUTED(both, "++", "streamed_bytes when the weights stay in flash", PHYSICS), \
      IN(FLASH, STREAMED))                                                                                             \
    X(FLASH_S, "flash time", "s", COMPUTED(ratio, "+-", "flash bytes/storage_rate", PHYSICS),                          \
      IN(FLASH_BYTES, STORAGE_RATE))

#define PREFILL_NODES(X)                                                                                               \
    X(PASS_WORK, "seconds per prefill FLOP", "s", COMPUTED(product, "++", "prompt*batch/peak", ROOF),                  \
      IN(TOKENS, INV_PEAK))                                                                                            \
    X(PASS_BYTE, "seconds per prefill byte", "s", COMPUTED(product, "++", "passes/mem_bw", ROOF), IN(PASSES, INV_BW))  \
    X(PASS_EXPERT, "seconds per prefill expert byte", "s",                                                             \
      COMPUTED(product, "++", "passes*prefill experts/mem_bw", ROOF), IN(PASS_BYTE, PREFILL_EXPERTS))                  \
    X(PREFILL_WEIGHTS_S, "prefill weights time", "s",                                                                  \
      COMPUTED(prefill_weights, PLUS_23 "++", "sum over types of max(flops/C, passes*bytes/BW), the head once", ROOF), \
      IN(OF_SLOTS(PREFILL), OF_SLOTS(MEMORY), PASS_WORK, PASS_BYTE, PASS_EXPERT, STEP_WORK, INV_BW))                   \
    X(PREFILL_COMPUTE_S, "prefill weights compute-bound", "s",                                                         \
      COMPUTED(prefill_weights_compute, NULL, "its part where flops/C is the larger", ROOF),                           \
      IN(OF_SLOTS(PREFILL), OF_SLOTS(MEMORY), PASS_WORK, PASS_BYTE, PASS_EXPERT, STEP_WORK, INV_BW))                   \
    X(PREFILL_SCORES_C, "prefill scores compute", "s",                                                                 \
      COMPUTED(product5, "+++++", "batch*prefill positions*score_flops_each/(fp_peak*prefill_attn_util)", ROOF),       \
      IN(BATCH, PREFILL_POSITIONS, SCORE_EACH, INV_FP_PEAK, PREFILL_ATTENTION))                                        \
    X(PREFILL_SCORES_M, "prefill scores memory", "s",                                                                  \
      COMPUTED(prefill_cache_seconds, "+++++--",                                                                       \
               "batch*prefill positions*kv_bytes_each/(mem_bw*mem_util)/min(ubatch, prompt)", ROOF),                   \
      IN(BATCH, PREFILL_POSITIONS, KV_EACH, INV_BW, CACHE_MEMORY, UBATCH, PROMPT))                                     \
    X(PREFILL_HOP, "prefill hop", "s",                                                                                 \
      COMPUTED(hop_seconds, "+++-", "(nodes-1)*hidden*2*prompt*batch/net_rate", PHYSICS),                              \
      IN(NODES, HIDDEN, TOKENS, NET_RATE))                                                                             \
    X(PREFILL_FLASH_BYTES, "prefill flash bytes", "B",                                                                 \
      COMPUTED(prefill_flash_bytes, "++++++",                                                                          \
               "passes*(dense_bytes + prefill experts*routed_bytes) + head_bytes when the weights stay in flash",      \
               PHYSICS),                                                                                               \
      IN(FLASH, PASSES, DENSE_BYTES, PREFILL_EXPERTS, ROUTED_BYTES, HEAD_BYTES))                                       \
    X(PREFILL_FLASH_S, "prefill flash time", "s", COMPUTED(ratio, "+-", "prefill flash bytes/storage_rate", PHYSICS),  \
      IN(PREFILL_FLASH_BYTES, STORAGE_RATE))

#define TIME_NODES(X)                                                                                                  \
    X(LOAD_S, "load_s", "s",                                                                                           \
      COMPUTED(load_seconds, "+--", "node_weight_bytes/storage_rate + node_weight_bytes/h2d_rate unless unified",      \
               EDGE " eq. (12), (13)"),                                                                                \
      SHOWN("time of loading the weights"), IN(NODE_WEIGHTS, STORAGE_RATE, H2D_RATE))                                  \
    X(TTFT_S, "ttft_s", "s",                                                                                           \
      COMPUTED(prefill_seconds, "+++++", "prefill weights + max(scores compute, memory) + hop + flash", ROOF),         \
      SHOWN("time to the first token, without load_s"),                                                                \
      IN(PREFILL_WEIGHTS_S, PREFILL_SCORES_C, PREFILL_SCORES_M, PREFILL_HOP, PREFILL_FLASH_S))                         \
    X(TPOT_S, "tpot_s", "s",                                                                                           \
      COMPUTED(                                                                                                        \
          step_seconds, "++++++",                                                                                      \
          "decode weights + max(scores compute, memory) + token_overhead + hop + flash, mean over the generation",     \
          ROOF),                                                                                                       \
      SHOWN("time of a decode step, mean over the generation"),                                                        \
      IN(DECODE_WEIGHTS_S, DECODE_SCORES_C, DECODE_SCORES_M, OVERHEAD_S, DECODE_HOP, FLASH_S))                         \
    X(TOTAL_S, "total_s", "s", COMPUTED(sum_and_product, "++++", "load_s + ttft_s + gen*tpot_s", PHYSICS),             \
      SHOWN("time from a cold start to the last token"), IN(LOAD_S, TTFT_S, GEN, TPOT_S))                              \
    X(PREFILL_TOK_S, "prefill_tok_s", "token/s", COMPUTED(ratio, "+-", "prompt*batch/ttft_s", PHYSICS),                \
      SHOWN("prompt tokens per second"), IN(TOKENS, TTFT_S))                                                           \
    X(DECODE_TOK_S, "decode_tok_s", "token/s", COMPUTED(ratio, "+-", "batch/tpot_s", PHYSICS),                         \
      SHOWN("generated tokens per second"), IN(BATCH, TPOT_S))                                                         \
    X(PREFILL_BOTTLENECK, "prefill_bottleneck", "",                                                                    \
      COMPUTED(prefill_bottleneck, NULL, "largest of compute, memory, storage, network time", ROOF),                   \
      SHOWN_AS(bottleneck_labels, "what takes the most time of the prefill"),                                          \
      IN(PREFILL_WEIGHTS_S, PREFILL_COMPUTE_S, PREFILL_SCORES_C, PREFILL_SCORES_M, PREFILL_FLASH_S, PREFILL_HOP))      \
    X(BOTTLENECK, "bottleneck", "",                                                                                    \
      COMPUTED(bottleneck, NULL, "largest of compute, memory, storage, network, overhead time", ROOF),                 \
      SHOWN_AS(bottleneck_labels, "what takes the most time of a decode step"),                                        \
      IN(DECODE_WEIGHTS_S, DECODE_COMPUTE_S, DECODE_SCORES_C, DECODE_SCORES_M, FLASH_S, DECODE_HOP, OVERHEAD_S))

#define RESULT_NODES(X)                                                                                                \
    X(ENERGY, "energy_j_per_token", "J",                                                                               \
      COMPUTED(energy, "+++++++++-",                                                                                   \
               "decode_flops*e_flop + decode_bytes*e_byte + (flash bytes*e_storage + nodes*idle_w*tpot_s)/batch",      \
               PHYSICS),                                                                                               \
      SHOWN("energy of a generated token"),                                                                            \
      IN(DECODE_FLOPS, E_FLOP, DECODE_BYTES, E_BYTE, FLASH_BYTES, E_STORAGE, NODES, IDLE_W, TPOT_S, BATCH))            \
    X(POWER_W, "power_w", "W", COMPUTED(power, "++-", "energy_j_per_token*batch/tpot_s", PHYSICS),                     \
      SHOWN("mean power of a decode step"), IN(ENERGY, BATCH, TPOT_S))                                                 \
    X(TOKENS_PER_J, "tokens_per_j", "token/J", COMPUTED(per_joule, "-", "1/energy_j_per_token", PHYSICS),              \
      SHOWN("generated tokens per joule"), IN(ENERGY))                                                                 \
    X(ST, "st", "J s", COMPUTED(ratio, "+-", "energy_j_per_token/decode_tok_s", EDGE),                                 \
      SHOWN("trade-off of energy and speed"), IN(ENERGY, DECODE_TOK_S))                                                \
    X(USD_PER_MTOK, "usd_per_mtok", "USD/Mtok",                                                                        \
      COMPUTED(usd_per_mtok, "++--+++-",                                                                               \
               "(nodes*price_usd/(lifetime*duty) per second + power_w*price_usd_per_kwh)*tpot_s/batch*1e6", PHYSICS),  \
      SHOWN("cost of a million generated tokens"),                                                                     \
      IN(PRICE, NODES, LIFETIME, DUTY, POWER_W, KWH_PRICE, TPOT_S, BATCH))                                             \
    X(ENERGY_USD, "electricity_usd_per_mtok", "USD/Mtok",                                                              \
      COMPUTED(energy_usd, "++", "energy_j_per_token/3.6e6*price_usd_per_kwh*1e6", PHYSICS), IN(ENERGY, KWH_PRICE))    \
    X(BREAK_EVEN, "cloud break-even", "Mtok",                                                                          \
      COMPUTED(break_even, NULL, "nodes*price_usd/(cloud_usd_per_mtok - electricity_usd_per_mtok)", PHYSICS),          \
      IN(PRICE, NODES, CLOUD_PRICE, ENERGY_USD))                                                                       \
    X(PUBLISHED_SCORE, "MMLU 5-shot", "%", QUALITY(score, "published score of the model"))                             \
    X(TRAINING_FACTOR, "s", "", QUALITY(training, "3; 1 for training before 2024, 0 when trained at few bits"))        \
    X(QUALITY_LOSS, "d", "",                                                                                           \
      QUALITY(loss, "dlnppl where measured; else exp(2.325-1.412*bits_per_weight)*max(1, 7/params_b)^0.35*s"))         \
    X(QUALITY_SCORE, "quality", "%", QUALITY(quality, "MMLU 5-shot*quality_retained"), SHOWN("expected MMLU score"))   \
    X(RETAINED, "quality_retained", "",                                                                                \
      QUALITY(retained, "measured: 1+rel_delta/100 or exp(-0.55*dlnppl); estimate: exp(-0.55d), "                      \
                        "d = exp(2.325-1.412*bits_per_weight)*max(1, 7/params_b)^0.35*s"),                             \
      SHOWN("share of the score that quantization leaves"))                                                            \
    X(PPL_INCREASE, "ppl_increase_pct", "%", QUALITY(ppl_increase_pct, "100(e^d-1)"), SHOWN("increase of perplexity")) \
    X(QUALITY_BASIS, "quality basis", "", QUALITY(measured, "whether quality_retained was measured"),                  \
      .flags = ES_LABELS, .labels = quality_labels)                                                                    \
    X(BASIS, "basis", "", COMPUTED(basis_of, NULL, "best source of the utilizations", CALIBRATION),                    \
      SHOWN_AS(basis_labels, "where the utilizations come from"),                                                      \
      IN(MEM_UTIL_AXIS, DECODE_UTIL_AXIS, PREFILL_UTIL_AXIS, ATTN_UTIL_AXIS, PREFILL_ATTN_AXIS, RATE_BASIS))           \
    X(PAST_CONTEXT, "past max_ctx", "", COMPUTED(past_context, "0+", "prompt + gen + depth > max_ctx", PHYSICS),       \
      WARNS("the context is longer than the model's max_ctx"), IN(MAX_CTX, CONTEXT))                                   \
    X(PAST_POWER, "past load_w", "", COMPUTED(past_power, "+-000", "power_w > nodes*load_w or nodes*tdp_w", PHYSICS),  \
      WARNS("power_w is above the device's load_w or tdp_w"), IN(POWER_W, NODES, LOAD_W, LOAD_KNOWN, TDP))             \
    X(PAST_ONE, "past a utilization of 1", "", COMPUTED(past_one, NULL, "factor*utilization > 1", CALIBRATION),        \
      WARNS("x times a utilization is above 1, where it is cut"),                                                      \
      IN(INV_MEM_FACTOR, INV_DECODE_FACTOR, INV_PREFILL_FACTOR, INV_ATTN_FACTOR, LEAST_INV_MEM, LEAST_INV_DECODE,      \
         LEAST_INV_PREFILL, RATE_INV_ATTN, STORAGE_UTIL_FACTOR, H2D_UTIL_FACTOR, NET_UTIL_FACTOR, RATE_STORAGE_UTIL,   \
         RATE_H2D_UTIL, RATE_NET_UTIL, H2D_BW, NODES, INV_PREFILL_ATTN_FACTOR, RATE_INV_PREFILL_ATTN))                 \
    X(PAST_HEADS, "past heads", "", COMPUTED(past_heads, "+-", "kv_heads > heads", PHYSICS),                           \
      WARNS("kv_heads is more than heads"), IN(KV_HEADS, HEADS))                                                       \
    X(FIXED_LAYOUT, "fixed layout", "", COMPUTED(fixed_layout, NULL, "an axis over bits of a GGUF file type", GGUF),   \
      WARNS("an axis over bits or groups changes nothing in a GGUF file type: its table says the blocks"),             \
      IN(KIND, WEIGHT_BITS_AXIS, WEIGHT_BITS_FACTOR, GROUP_SIZE_AXIS, GROUP_SIZE_FACTOR, SCALE_BITS_AXIS,              \
         SCALE_BITS_FACTOR, ZERO_BITS_AXIS, ZERO_BITS_FACTOR, EMBED_BITS_AXIS, EMBED_BITS_FACTOR, OUTPUT_BITS_AXIS,    \
         OUTPUT_BITS_FACTOR))                                                                                          \
    X(PAST_EXPERTS, "past n_experts", "", COMPUTED(past_experts, "-+", "n_active_experts > n_experts", PHYSICS),       \
      WARNS("n_active_experts is more than n_experts; its cells are empty"), IN(N_EXPERTS, N_ACTIVE))                  \
    X(NO_LAYOUT, "no layout", "", COMPUTED(no_layout, NULL, "the file type has no table for this family", GGUF),       \
      WARNS("no table says how this file type lays out the model; its cells are empty"),                               \
      IN(WEIGHT_BYTES, PAST_EXPERTS))

#define NODES_TABLE(X)                                                                                                 \
    MODEL_NODES(X)                                                                                                     \
    PRECISION_NODES(X)                                                                                                 \
    DEVICE_NODES(X)                                                                                                    \
    WORKLOAD_NODES(X)                                                                                                  \
    LAYOUT_NODES(X)                                                                                                    \
    UTIL_NODES(X)                                                                                                      \
    RATE_NODES(X)                                                                                                      \
    POWER_NODES(X)                                                                                                     \
    CACHE_NODES(X)                                                                                                     \
    MEMORY_NODES(X)                                                                                                    \
    DECODE_NODES(X)                                                                                                    \
    PREFILL_NODES(X)                                                                                                   \
    TIME_NODES(X)                                                                                                      \
    RESULT_NODES(X)

#define AS_ID(id, ...) id,
enum { NODES_TABLE(AS_ID) N_NODES };

#define AS_NODE(id, name_, unit_, ...) [id] = {.name = name_, .unit = unit_, __VA_ARGS__},
static const es_node nodes[] = {NODES_TABLE(AS_NODE)};

/* Shapes and formats as their structures order them. */
#define SHAPE_INPUT(member, id) id,
static const es_block blocks[] = {
    [LAYOUT_BLOCK] = {.name = "layout",
                      .reads = ES_READS_MODEL | ES_READS_PRECISION,
                      .fn = es_roofline_layout,
                      .sources = es_roofline_layout_sources,
                      .n_out = ES_LAYOUT_SIZE,
                      .n_in = ES_SHAPE_SIZE + ES_UNIFORM_SIZE,
                      .in = {ES_SHAPE_FIELDS(SHAPE_INPUT) WEIGHT_BITS, GROUP_SIZE, SCALE_BITS, ZERO_BITS, EMBED_BITS,
                             OUTPUT_BITS}},
    [DEVICE_BLOCK] = {.name = "device rates",
                      .reads = ES_READS_DEVICE | ES_READS_RUNTIME | ES_READS_PRECISION,
                      .fn = es_roofline_device_rates,
                      .sources = es_roofline_device_sources,
                      .n_out = ES_DEVICE_RATES_SIZE},
    [SLOT_BLOCK] = {.name = "type rates",
                    .reads = ES_READS_DEVICE | ES_READS_RUNTIME | ES_READS_PRECISION,
                    .fn = es_roofline_slot_rates,
                    .sources = es_roofline_slot_sources,
                    .n_out = ES_SLOT_RATES_SIZE,
                    .n_in = ES_SLOTS + 1,
                    .in = {OF_SLOTS(TYPE), MAIN_TYPE}},
    [QUALITY_BLOCK] = {.name = "quality",
                       .reads = ES_READS_MODEL | ES_READS_PRECISION,
                       .fn = es_roofline_quality,
                       .sources = es_roofline_quality_sources,
                       .n_out = ES_QUALITY_SIZE,
                       .n_in = 2,
                       .in = {PARAMS, BITS_PER_WEIGHT}},
};

static const es_workload_axis axes[] = {
    [PROMPT_AXIS] = {"prompt", "tokens", "tokens of the prompt", 512, 1, MAX_TOKENS, true},
    [GEN_AXIS] = {"gen", "tokens", "tokens to generate", 128, 1, MAX_TOKENS, true},
    [DEPTH_AXIS] = {"depth", "tokens", "tokens already in the cache", 0, 0, MAX_TOKENS, true},
    [BATCH_AXIS] = {"batch", "", "sequences at once", 1, 1, 1e6, true},
    [NODES_AXIS] = {"nodes", "", "devices in a pipeline", 1, 1, 1e6, true},
    [UBATCH_AXIS] = {"ubatch", "tokens", "tokens of one prefill pass", 512, 1, MAX_TOKENS, true},
    [KV_BITS_AXIS] = {"kv_bits", "bit", "bits of a cached key or value [of the precision]", NAN, 0.5, 1024, false},
};

static const es_option options[] = {
    [KWH_OPTION] = {"price_usd_per_kwh", "USD", "price of electricity", 0.2, 0, 1e6, NULL},
    [LIFETIME_OPTION] = {"lifetime_years", "years", "years over which a device is paid for", 3, 1e-3, 1e3, NULL},
    [DUTY_OPTION] = {"duty", "", "share of the lifetime spent generating", 0.5, 1e-6, 1, NULL},
    [CLOUD_OPTION] = {"cloud_usd_per_mtok", "USD", "cloud price of a million tokens, for the break-even", 0.1, 0, 1e6,
                      NULL},
};

const es_kernel *ES_SIMD_NAME(es_roofline)(void) {
    static const es_kernel kernel = {
        .name = "roofline",
        .help = "real architectures, byte-exact layouts, calibrated devices",
        .source = ROOF,
        .has_runtime = true,
        .axes = axes,
        .n_axes = sizeof axes / sizeof *axes,
        .options = options,
        .n_options = sizeof options / sizeof *options,
        .nodes = nodes,
        .n_nodes = N_NODES,
        .blocks = blocks,
        .n_blocks = sizeof blocks / sizeof *blocks,
        .prepare = es_roofline_prepare,
        .covers = es_roofline_covers,
        .lacking = "no table of gguf_mixtures.csv says how this file type lays out the model",
    };
    return &kernel;
}

/* Kinds of rows of roofline.def, and what is not a formula: blocks, axes, options. */
#include <math.h>
#include <stddef.h>

#include "base/simd.h"
#include "model/kernels.h"
#include "model/node.h"
#include "model/memory.h"
#include "model/queue.h"
#include "model/roofline_blocks.h"

#define ROOF "roofline: Williams et al. 2009, doi 10.1145/1498765.1498785"
#define GGUF "GGUF tables of llama.cpp's quantizer; uniform formats by definition"
#define CACHE "arXiv 2305.13245 (GQA), 2405.04434 (MLA)"
#define STATE "arXiv 2312.00752, 2405.21060 (Mamba), 2412.06464 (gated DeltaNet), 2503.14456 (RWKV-7)"
#define CALIBRATION "calibration catalog"
#define EDGE "arXiv 2506.09061"
#define PHYSICS "definition"
#define QUALITY_SOURCE "scores.csv, estimates.csv"
#define LOSS_SOURCE "losses.csv, distortions.csv"
#define MEMORY "runtimes_memory.csv; llama.cpp v0.5.0 src/llama-kv-cache.cpp, llama-kv-cache-iswa.cpp"
#define VISION "counted: arXiv 2010.11929; images as tokens: model cards, vision.csv"
#define POWER_SOURCE "power.csv; results/accuracy.md"
#define SPECULATIVE "Leviathan et al., arXiv 2211.17192; drafts.csv"
#define QUEUE                                                                                                          \
    "simulated with control variates of M/D/c: Tijms 2003, A First Course in Stochastic Models 9.6.2; Franx 2001, "    \
    "Oper. "                                                                                                           \
    "Res. Lett. 29; batches as llama.cpp tools/server, vLLM"
#define MAX_TOKENS 16777216.0 /* keeps sums over positions below 2^53, where doubles are exact */

/* E(1-(1-k/E)^T) by doubling the share of experts met, q(2n) = q(n)(2-q(n)), q(n+1) = q(n)+p-q(n)p, which does not
 * cancel.  Where another token adds as little as rounding might, the share comes from that of the experts missed: more
 * tokens never meet fewer experts. */
static void distinct_experts(double *restrict out, const double *const *in, size_t n) {
    for (size_t i = 0; i < n; i++) {
        double experts = in[0][i], active = in[1][i];
        double used = active < experts ? active : experts, p = experts > 0 ? used / experts : 0, met = 0, missed = 1;
        uint64_t tokens = (uint64_t)in[2][i];
        for (int bit = tokens > 0 ? 63 - __builtin_clzll(tokens) : -1; bit >= 0; bit--) {
            met *= 2 - met, missed *= missed;
            if (tokens >> bit & 1)
                met += p - met * p, missed *= 1 - p;
        }
        if ((1 - met) * p < 4e-14)
            met = 1 - missed;
        out[i] = experts > 0 ? (tokens == 1 ? used : experts * met) : 0;
    }
}

static const char *const residency_labels[] = {"ram", "flash", NULL};
static const char *const bottleneck_labels[] = {"compute", "memory", "storage", "network", "overhead", NULL};
static const char *const quality_labels[] = {"published", "estimate", NULL};
static const char *const loss_labels[] = {"measured", "calibrated", "formula", NULL};
static const char *const boundary_choices[] = {"wall", "module", "rail", "soc_estimate", "any", NULL}; /* es_boundary */
static const char *const mode_choices[] = {"base", "instruct", "thinking", NULL};

enum {
    PROMPT_AXIS,
    GEN_AXIS,
    DEPTH_AXIS,
    BATCH_AXIS,
    NODES_AXIS,
    UBATCH_AXIS,
    KV_BITS_AXIS,
    KV_BITS_V_AXIS,
    IMATRIX_AXIS,
    QUANTIZER_AXIS,
    N_CTX_AXIS,
    THREADS_AXIS,
    FLASH_ATTN_AXIS,
    SWA_FULL_AXIS,
    KV_UNIFIED_AXIS,
    IMAGE_AXIS,
    GPU_LAYERS_AXIS,
    CPU_EXPERTS_AXIS,
    IMAGE_PIXELS_AXIS,
    TURNS_AXIS,
    NEW_TOKENS_AXIS,
    ANSWER_AXIS,
    RATE_AXIS,
    SUSTAINED_AXIS,
    DRAFT_AXIS,
    DRAFT_TOKENS_AXIS,
    ACCEPTANCE_AXIS,
    TASK_AXIS,
    ACCEPTANCE_DECAY_AXIS,
    MMAP_AXIS
};
enum {
    KWH_OPTION,
    LIFETIME_OPTION,
    DUTY_OPTION,
    CLOUD_OPTION,
    METRIC_OPTION,
    MODE_OPTION,
    HARNESS_OPTION,
    BUILD_OPTION,
    BOUNDARY_OPTION
};
enum {
    LAYOUT_BLOCK,
    LAYERS_BLOCK,
    SPLIT_BLOCK,
    DEVICE_BLOCK,
    SLOT_BLOCK,
    HOST_BLOCK,
    LOSS_BLOCK,
    QUALITY_BLOCK,
    MEMORY_BLOCK,
    UNIT_BLOCK,
    DRAFT_BLOCK,
    POWER_BLOCK,
    ALONE_BLOCK,
    QUEUE_BLOCK
};

/* ---- Leaves ---- */
#define LEAF(kind_, entity_, field) .kind = kind_, .entity = entity_, .index = field
#define MODEL(id, field) NODE(id, "", LEAF(ES_NODE_FIELD, ES_MODEL, ES_M_##field))
#define PRECISION(id, unit, field) NODE(id, unit, LEAF(ES_NODE_FIELD, ES_PRECISION, ES_P_##field))
#define AXES_OF_PRECISION(id, field)                                                                                   \
    NODE(id##_axis, "", LEAF(ES_NODE_AXIS, ES_PRECISION, ES_P_##field))                                                \
    NODE(id##_factor, "", LEAF(ES_NODE_FACTOR, ES_PRECISION, ES_P_##field))
#define DEVICE(id, unit, field) NODE(id, unit, LEAF(ES_NODE_FIELD, ES_DEVICE, ES_D_##field))
#define NEEDED_DEVICE(id, unit, field) NODE(id, unit, LEAF(ES_NODE_FIELD, ES_DEVICE, ES_D_##field), .flags = ES_NEEDED)
#define FACTOR(id, field) NODE(id##_factor, "", LEAF(ES_NODE_FACTOR, ES_DEVICE, ES_D_##field))
#define WORKLOAD(id, unit, axis) NODE(id, unit, .kind = ES_NODE_WORKLOAD, .index = axis)
#define OPTION(id, unit, option) NODE(id, unit, .kind = ES_NODE_OPTION, .index = option)
#define QUESTION(id, option, help)                                                                                     \
    NODE(id, "", .kind = ES_NODE_OPTION, .index = option, .formula = "as asked for", .source = "scores.csv",           \
         SHOWN(help))

/* ---- Outputs of blocks ---- */
#define OUTPUT(id, unit, block, type, member, formula_, source_, shown)                                                \
    NODE(id, unit, .kind = ES_NODE_BLOCK, .index = block, .output = offsetof(type, member) / sizeof(double),           \
         .formula = formula_, .source = source_, shown)
#define LAYOUT(id, unit, member, formula, ...)                                                                         \
    OUTPUT(id, unit, LAYOUT_BLOCK, es_layout, member, formula, GGUF, ES_NAMES(__VA_ARGS__))
#define LAYERS(id, member, formula) OUTPUT(id, "", LAYERS_BLOCK, es_stack, member, formula, CACHE, HIDDEN)
#define SPLIT(id, member, formula) OUTPUT(id, "", SPLIT_BLOCK, es_split, member, formula, CACHE, HIDDEN)
#define SLOT_RATE(id, member, formula) OUTPUT(id, "", SLOT_BLOCK, es_slot_rates, member, formula, CALIBRATION, HIDDEN)
#define QUALITY(id, unit, member, formula, ...)                                                                        \
    OUTPUT(id, unit, QUALITY_BLOCK, es_quality, member, formula, QUALITY_SOURCE, ES_NAMES(__VA_ARGS__))
#define LOSS(id, member, formula, ...)                                                                                 \
    OUTPUT(id, "", LOSS_BLOCK, es_loss, member, formula, LOSS_SOURCE, ES_NAMES(__VA_ARGS__))
#define RATE(id, unit, which, field, formula)                                                                          \
    OUTPUT(id, unit, DEVICE_BLOCK, es_device_rates, which[ES_RATE_##field], formula, CALIBRATION, HIDDEN)

#define MEMORY_RULE(rule, otherwise)                                                                                   \
    OUTPUT(rule_##rule, "", MEMORY_BLOCK, es_memory_of, rules.rule, "rule " #rule " of the runtime", MEMORY, HIDDEN)
#define EACH_MEMORY_RULE ES_MEMORY_RULES(MEMORY_RULE)
#define DRAFT(id, unit, member, words) OUTPUT(id, unit, DRAFT_BLOCK, es_draft, member, words, SPECULATIVE, HIDDEN)
#define HOST(id, member, words) OUTPUT(id, "s", HOST_BLOCK, es_host, member, words, CALIBRATION, HIDDEN)
#define POWER(id, unit, member, words)                                                                                 \
    OUTPUT(id, unit, POWER_BLOCK, es_power_level, member, words, POWER_SOURCE, HIDDEN)
#define USERS(id, unit, member, words, help)                                                                           \
    OUTPUT(id, unit, QUEUE_BLOCK, es_queue_times, member, words, QUEUE, ON_DEMAND(help))
#define UNIT_MEMORY(id, member, words) OUTPUT(id, "", UNIT_BLOCK, es_memory_unit, member, words, MEMORY, HIDDEN)

/* ---- What only a split between two memories needs ---- */
#define SWITCHED(neutral_) .gate = N_offloads, .neutral = neutral_
/* Missing without a draft, and with what only it needs not computed. */
#define DRAFTED(help_) ON_DEMAND(help_), .gate = N_draft, .neutral = NAN
#define SWITCHED_WARNING(neutral_, help_) .flags = ES_WARNING, .gate = N_offloads, .neutral = neutral_, .help = help_

/* ---- Kinds of rates: see rates.def ---- */
/* Products of pasted names look like pointers to clang-format. */
/* clang-format off */
#define RATED(field, id, unit, fallback, kind) kind(field, id, unit)
#define AXES_OF(field, id, unit)                                                                                       \
    NODE(id##_axis, unit, LEAF(ES_NODE_AXIS, ES_DEVICE, ES_D_##field))                                                 \
    FACTOR(id, field)
#define TYPED(field, id, unit)                                                                                         \
    AXES_OF(field, id, unit)                                                                                           \
    FORMULA(inv_##id##_axis, "", ROOF, HIDDEN, (id##_axis), 1 / id##_axis)                                             \
    FORMULA(inv_##id##_factor, "", ROOF, HIDDEN, (id##_factor), 1 / id##_factor)
#define INVERSE(field, id, unit) TYPED(field, id, unit)
#define CATALOG(field, id, unit)                                                                                       \
    AXES_OF(field, id, unit) RATE(catalog_##id, unit, any, field, "calibration, device or class")
#define SCALED(field, id, unit)                                                                                        \
    CATALOG(field, id, unit)                                                                                           \
    FORMULA(id, unit, CALIBRATION, HIDDEN, (id##_axis, id##_factor, catalog_##id),                                     \
            given(id##_axis, catalog_##id * id##_factor))
#define STEP(field, id, unit) SCALED(field, id, unit)
#define CAPPED(field, id, unit)                                                                                        \
    CATALOG(field, id, unit)                                                                                           \
    FORMULA(u_##id, unit, CALIBRATION, HIDDEN, (id##_axis, id##_factor, catalog_##id),                                 \
            given(id##_axis, min(1, catalog_##id * id##_factor)))
#define OWNED(field, id, unit)                                                                                         \
    AXES_OF(field, id, unit)                                                                                           \
    RATE(own_##id, unit, own, field, "calibration or device")                                                          \
    RATE(class_##id, unit, any, field, "calibration, device or class")

/* ---- Sums over slots ---- */
#define EACH_SLOT(m)                                                                                                   \
    m(dense_1, 0) m(dense_2, 1) m(dense_3, 2) m(dense_4, 3) m(dense_5, 4) m(dense_6, 5) m(output_head, 6)              \
        m(experts_1, 7) m(experts_2, 8) m(experts_3, 9)
#define SLOTS(part)                                                                                                    \
    dense_1##part, dense_2##part, dense_3##part, dense_4##part, dense_5##part, dense_6##part, output_head##part,       \
        experts_1##part, experts_2##part, experts_3##part
#define SLOT_TERM(term, slot, work, per_work, bytes, per_byte) term(slot##work * per_work, slot##bytes * per_byte)
#define DENSE_SUM(term, ...)                                                                                           \
    SLOT_TERM(term, dense_1, __VA_ARGS__) + SLOT_TERM(term, dense_2, __VA_ARGS__) +                                    \
        SLOT_TERM(term, dense_3, __VA_ARGS__) + SLOT_TERM(term, dense_4, __VA_ARGS__) +                                \
        SLOT_TERM(term, dense_5, __VA_ARGS__) + SLOT_TERM(term, dense_6, __VA_ARGS__)
#define EXPERT_SUM(term, ...)                                                                                          \
    SLOT_TERM(term, experts_1, __VA_ARGS__) + SLOT_TERM(term, experts_2, __VA_ARGS__) +                                \
        SLOT_TERM(term, experts_3, __VA_ARGS__)

#define SUM_OF(...) SUM_OF_(__VA_ARGS__)
#define SUM_OF_(a, b, c, d, e, f, g, h, i, j) a + b + c + d + e + f + g + h + i + j

/* clang-format on */
static void largest_context(double *restrict out, const double *const *in, size_t n);
static void accepted_drafts(double *restrict out, const double *const *in, size_t n);
#define basis_labels es_basis_names

#ifndef FORMULAS
#define FORMULAS "model/roofline.def"
#endif
#include "model/formula.h"

/* Sum over i up to g of the product over j < i of a q^j; the last whole token counts in part. */
static void accepted_drafts(double *restrict out, const double *const *in, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const double drafted = in[0][i], first = in[1][i], decay = in[2][i];
        double sum = 0, product = 1, each = first;
        for (double k = 0; k < drafted; k++) {
            product *= each;
            each *= decay;
            sum += product;
        }
        out[i] = decay == decay ? sum : first * drafted;
    }
}

/* Nodes in the order in which they follow from each other and from what value[] holds. */
static void compute_chain(double *value, const uint16_t *chain, size_t n) {
    for (size_t c = 0; c < n; c++) {
        const es_node *node = &formula_nodes[chain[c]];
        const double *input[ES_MAX_INPUTS];
        for (size_t k = 0; k < node->n_in; k++)
            input[k] = &value[node->in[k]];
        node->fn(&value[chain[c]], input, 1);
    }
}

/* Whether a point fits with another context: value[] holds what its memory is computed from. */
static bool fits_with(double *value, double context) {
    static const uint16_t chain[] = {N_cells,         N_buffer_tokens,    N_window_cells, N_kv_bytes,
                                     N_node_kv_bytes, N_kept_bytes,       N_mask_width,   N_output_width,
                                     N_layer_width,   N_activation_bytes, N_draft_bytes,  N_peak_memory_bytes};
    value[N_n_ctx] = context;
    compute_chain(value, chain, sizeof chain / sizeof *chain);
    return value[N_peak_memory_bytes] <= value[N_room_bytes];
}

/* By bisection over blocks of cells: memory never falls as the context grows, and not within a block. */
static void largest_context(double *restrict out, const double *const *in, size_t n) {
    const es_node *own = &formula_nodes[N_max_context];
    double value[N_NODES];
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < own->n_in; k++)
            value[own->in[k]] = in[k][i];
        const double limit = value[N_max_ctx] > 0 ? value[N_max_ctx] : MAX_TOKENS;
        const double block = value[N_kv_unified] > 0 ? 1 : value[N_rule_cell_rounding];
        double fits = 0, beyond = ceil(limit / block);
        if (fits_with(value, limit)) {
            out[i] = limit;
            continue;
        }
        while (beyond - fits > 1) {
            const double middle = floor((fits + beyond) / 2);
            if (fits_with(value, middle * block))
                fits = middle;
            else
                beyond = middle;
        }
        out[i] = fits * block;
    }
}

static void time_alone(const void *state, const es_rows *rows, const double *in, double *out);
static void times_of_users(const void *state, const es_rows *rows, const double *in, double *out);

/* Shapes and formats as their structures order them; members with shorter names than the catalog's fields. */
enum {
    N_tied = N_tied_embeddings,
    N_ffn_active = N_ffn_active_fraction,
    N_global_every = N_global_layer_every,
    N_n_active = N_n_active_experts,
    N_n_shared = N_n_shared_experts,
    N_first_dense = N_first_dense_layers,
    N_qk_rope = N_qk_rope_head_dim,
    N_qk_nope = N_qk_nope_head_dim,
    N_other = N_other_params,
    N_extra = N_extra_params
};
#define SHAPE_INPUT(member, id) N_##member,
static const es_block blocks[] = {
    [LAYOUT_BLOCK] = {.name = "layout",
                      .reads = ES_READS_MODEL | ES_READS_PRECISION,
                      .fn = es_roofline_layout,
                      .sources = es_roofline_layout_sources,
                      .n_out = ES_LAYOUT_SIZE,
                      .n_in = ES_SHAPE_SIZE + ES_UNIFORM_SIZE + ES_QUANTIZER_INPUTS,
                      .in = {ES_SHAPE_FIELDS(SHAPE_INPUT) N_weight_bits, N_group_size, N_scale_bits, N_zero_bits,
                             N_embed_bits, N_output_bits, N_imatrix, N_quantizer}},
    [LAYERS_BLOCK] = {.name = "layers",
                      .reads = ES_READS_MODEL,
                      .fn = es_roofline_layers,
                      .n_out = ES_STACK_SIZE,
                      .n_in = ES_SHAPE_SIZE,
                      .in = {ES_SHAPE_FIELDS(SHAPE_INPUT)}},
    [SPLIT_BLOCK] = {.name = "split",
                     .reads = ES_READS_MODEL,
                     .fn = es_roofline_split,
                     .n_out = sizeof(es_split) / sizeof(double),
                     .n_in = ES_SHAPE_SIZE + 1,
                     .in = {ES_SHAPE_FIELDS(SHAPE_INPUT) N_nodes}},
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
                    .n_in = ES_SLOTS + 4,
                    .in = {ES_EACH_OF(ES_INPUT_ID, SLOTS(_type)) N_main_type, N_threads_axis, N_runtime_build,
                           N_head_dim}},
    [HOST_BLOCK] = {.name = "host rates",
                    .reads = ES_READS_DEVICE | ES_READS_RUNTIME | ES_READS_PRECISION,
                    .fn = es_roofline_host,
                    .sources = es_roofline_host_sources,
                    .n_out = ES_HOST_SIZE,
                    .n_in = ES_SLOTS + 2,
                    .in = {ES_EACH_OF(ES_INPUT_ID, SLOTS(_type)) N_threads_axis, N_runtime_build}},
    [LOSS_BLOCK] = {.name = "loss",
                    .reads = ES_READS_MODEL | ES_READS_PRECISION,
                    .fn = es_roofline_loss,
                    .sources = es_roofline_loss_sources,
                    .n_out = ES_LOSS_SIZE,
                    .n_in = ES_SHAPE_SIZE + ES_UNIFORM_SIZE + ES_QUANTIZER_INPUTS,
                    .in = {ES_SHAPE_FIELDS(SHAPE_INPUT) N_weight_bits, N_group_size, N_scale_bits, N_zero_bits,
                           N_embed_bits, N_output_bits, N_imatrix, N_quantizer}},
    [QUALITY_BLOCK] = {.name = "quality",
                       .reads = ES_READS_MODEL,
                       .fn = es_roofline_quality,
                       .sources = es_roofline_quality_sources,
                       .n_out = ES_QUALITY_SIZE,
                       .n_in = ES_LOSS_INPUTS + ES_QUESTION_SIZE,
                       .in = {N_quality_loss, N_loss_level, N_loss_known, N_quality_metric, N_quality_mode,
                              N_quality_harness}},
    [MEMORY_BLOCK] = {.name = "memory rules",
                      .reads = ES_READS_MODEL | ES_READS_DEVICE | ES_READS_RUNTIME,
                      .fn = es_roofline_memory_rules,
                      .n_out = ES_MEMORY_SIZE},
    [UNIT_BLOCK] = {.name = "memory of the unit",
                    .reads = ES_READS_DEVICE | ES_READS_RUNTIME,
                    .fn = es_roofline_memory_unit,
                    .n_out = ES_MEMORY_UNIT_SIZE,
                    .n_in = ES_SLOTS * (1 + ES_ROW_GROUPS) + 1,
                    .in = {ES_EACH_OF(ES_INPUT_ID, SLOTS(_type)) ES_EACH_OF(ES_INPUT_ID, SLOTS(_movable_4)) ES_EACH_OF(
                        ES_INPUT_ID, SLOTS(_movable_8)) ES_EACH_OF(ES_INPUT_ID, SLOTS(_movable_16)) N_runtime_build}},
    [DRAFT_BLOCK] = {.name = "draft",
                     .reads = ES_READS_DEVICE | ES_READS_RUNTIME | ES_READS_PRECISION,
                     .fn = es_roofline_draft,
                     .n_out = ES_DRAFT_SIZE,
                     .n_in = 5,
                     .in = {N_draft, N_n_experts, N_imatrix, N_quantizer, N_task}},
    [POWER_BLOCK] = {.name = "power levels",
                     .reads = ES_READS_DEVICE | ES_READS_RUNTIME,
                     .fn = es_roofline_power,
                     .sources = es_roofline_power_sources,
                     .n_out = ES_POWER_SIZE,
                     .n_in = 3,
                     .in = {N_boundary_asked, N_threads_axis, N_wall_known}},
    [ALONE_BLOCK] = {.name = "a request alone",
                     .fn = time_alone,
                     .n_out = 1,
                     .n_in = 71,
                     .in = {ES_EACH_OF(ES_INPUT_ID, SLOTS(_prefill)) ES_EACH_OF(ES_INPUT_ID, SLOTS(_prefill_memory))
                                ES_EACH_OF(ES_INPUT_ID, SLOTS(_host)) ES_EACH_OF(ES_INPUT_ID, SLOTS(_bytes))
                                    N_inv_host_bw,
                            N_prompt,
                            N_ubatch,
                            N_layer_experts,
                            N_layer_active_experts,
                            N_inv_peak,
                            N_half_tokens,
                            N_inv_bw,
                            N_prefill_score_flops,
                            N_inv_fp_peak,
                            N_inv_u_prefill_attn,
                            N_prefill_cache_bytes,
                            N_inv_u_cache_memory,
                            N_state_flops,
                            N_state_elements,
                            N_offloads,
                            N_no_offload,
                            N_gpu_share,
                            N_gpu_head,
                            N_gpu_expert_share,
                            N_dense_bytes,
                            N_routed_bytes,
                            N_h2d_rate,
                            N_nodes,
                            N_hidden,
                            N_net_rate,
                            N_residency,
                            N_head_bytes,
                            N_storage_rate,
                            N_encode_s,
                            N_sustained_speed}},
    [QUEUE_BLOCK] = {.name = "several users",
                     .costly = true,
                     .fn = times_of_users,
                     .n_out = sizeof(es_queue_times) / sizeof(double),
                     .n_in = 79,
                     .in = {ES_EACH_OF(ES_INPUT_ID, SLOTS(_decode)) ES_EACH_OF(ES_INPUT_ID, SLOTS(_memory)) ES_EACH_OF(
                                ES_INPUT_ID, SLOTS(_host)) ES_EACH_OF(ES_INPUT_ID, SLOTS(_bytes)) N_inv_host_bw,
                            N_batch_work,
                            N_inv_peak,
                            N_half_tokens,
                            N_inv_bw,
                            N_gpu_share,
                            N_gpu_head,
                            N_gpu_expert_share,
                            N_layer_experts,
                            N_layer_active_experts,
                            N_decode_score_flops,
                            N_inv_fp_peak,
                            N_inv_u_attn,
                            N_decode_cache_bytes,
                            N_row_bytes,
                            N_inv_u_cache_memory,
                            N_state_flops,
                            N_state_elements,
                            N_token_overhead,
                            N_nodes,
                            N_hidden,
                            N_net_rate,
                            N_residency,
                            N_storage_rate,
                            N_offloads,
                            N_no_offload,
                            N_dense_bytes,
                            N_head_bytes,
                            N_routed_bytes,
                            N_launch_s,
                            N_sustained_speed,
                            N_rate_req_s,
                            N_batch,
                            N_prompt,
                            N_gen,
                            N_alone_ttft_s,
                            N_draft,
                            N_tpot_s}},
};

/* ---- Several users: the times of one prompt alone, and of a step of every number of sequences up to the slots ---- */

static void time_alone(const void *state, const es_rows *rows, const double *in, double *out) {
    static const uint16_t chain[] = {N_prefill_tokens,
                                     N_pass_tokens,
                                     N_passes,
                                     N_prefill_experts,
                                     N_step_per_flop,
                                     N_prefill_per_flop,
                                     N_prefill_per_byte,
                                     N_prefill_per_expert_byte,
                                     N_prefill_weights_s,
                                     N_prefill_scores_compute_s,
                                     N_prefill_scores_memory_s,
                                     N_prefill_state_compute_s,
                                     N_prefill_state_memory_s,
                                     N_prefill_host_s,
                                     N_prefill_hop_s,
                                     N_prefill_flash_bytes,
                                     N_prefill_flash_s,
                                     N_ttft_s};
    const es_block *own = &blocks[ALONE_BLOCK];
    double value[N_NODES];
    (void)state, (void)rows;
    for (size_t k = 0; k < own->n_in; k++)
        value[own->in[k]] = in[k];
    value[N_batch] = 1;
    compute_chain(value, chain, sizeof chain / sizeof *chain);
    out[0] = value[N_ttft_s];
}

static void times_of_users(const void *state, const es_rows *rows, const double *in, double *out) {
    static const uint16_t chain[] = {N_state_bytes,
                                     N_decode_experts,
                                     N_step_per_expert_byte,
                                     N_decode_weights_s,
                                     N_per_batch_flop,
                                     N_batch_s,
                                     N_decode_scores_compute_s,
                                     N_decode_scores_memory_s,
                                     N_decode_state_compute_s,
                                     N_decode_state_memory_s,
                                     N_host_step_s,
                                     N_hop_s,
                                     N_streamed_bytes,
                                     N_flash_bytes,
                                     N_flash_s,
                                     N_step_s};
    const es_block *own = &blocks[QUEUE_BLOCK];
    double value[N_NODES];
    (void)state, (void)rows;
    for (size_t k = 0; k < own->n_in; k++)
        value[own->in[k]] = in[k];
    es_server server = {.slots = (int)value[N_batch],
                        .prompt = value[N_prompt],
                        .gen = value[N_gen],
                        .prompt_s = value[N_alone_ttft_s]};
    for (int n = 1; n <= server.slots && n <= ES_QUEUE_SLOTS; n++) {
        value[N_batch] = n;
        compute_chain(value, chain, sizeof chain / sizeof *chain);
        server.step_s[n] = value[N_draft] > 0 ? value[N_tpot_s] : value[N_step_s];
    }
    es_queue_of_server(&server, value[N_rate_req_s], (es_queue_times *)out);
}

/* Bits an element with the scale of its block of 32, as ggml stores them. */
static const es_axis_word kv_types[] = {{"f32", 32},     {"f16", 16},   {"bf16", 16}, {"q8_0", 8.5},
                                        {"q5_1", 6},     {"q5_0", 5.5}, {"q4_1", 5},  {"q4_0", 4.5},
                                        {"iq4_nl", 4.5}, {"q8", 8.5},   {NULL, 0}};

/* Only the merge of ggml-org/llama.cpp pull 19770 changed what the rules say. */
static const es_axis_word quantizers[] = {{"newest", ES_NEW_QUANTIZER}, {NULL, 0}};

enum { ALL_LAYERS = 1000000 };
static const es_axis_word gpu_layer_words[] = {{"auto", -1}, {"all", ALL_LAYERS}, {NULL, 0}};
static const es_axis_word cpu_expert_words[] = {{"all", ALL_LAYERS}, {NULL, 0}};

static const es_axis_word drafts[] = {
    {"none", ES_DRAFT_NONE}, {"mtp", ES_DRAFT_MTP}, {"eagle", ES_DRAFT_EAGLE}, {"lookup", ES_DRAFT_LOOKUP}, {NULL, 0}};

static const es_workload_axis axes[] = {
    [PROMPT_AXIS] = {"prompt", "tokens", "tokens of the prompt", 512, 1, MAX_TOKENS, true, NULL, 0},
    [GEN_AXIS] = {"gen", "tokens", "tokens to generate", 128, 1, MAX_TOKENS, true, NULL, 0},
    [DEPTH_AXIS] = {"depth", "tokens", "tokens already in the cache", 0, 0, MAX_TOKENS, true, NULL, 0},
    [BATCH_AXIS] = {"batch", "", "sequences at once", 1, 1, 1e6, true, NULL, 0},
    [NODES_AXIS] = {"nodes", "", "devices in a pipeline", 1, 1, 1e6, true, NULL, 0},
    [UBATCH_AXIS] = {"ubatch", "tokens", "tokens of one prefill pass", 512, 1, MAX_TOKENS, true, NULL, 0},
    [KV_BITS_AXIS] = {"kv_bits", "bit", "bits of a cached key or value [of the runtime or precision]", NAN, 0.5, 1024,
                      false, kv_types, 0},
    [KV_BITS_V_AXIS] = {"kv_bits_v", "bit", "bits of a cached value [kv_bits]", NAN, 0.5, 1024, false, kv_types, 0},
    [IMATRIX_AXIS] = {"imatrix", "", "1: made with an importance matrix [of the precision]", NAN, 0, 1, true, NULL,
                      ES_AXIS_QUIET},
    [QUANTIZER_AXIS] = {"quantizer", "", "month of the program that made the file, YYYYMM [newest]", ES_NEW_QUANTIZER,
                        202308, 209912, true, quantizers, ES_AXIS_QUIET},
    [N_CTX_AXIS] = {"n_ctx", "tokens", "context that is allocated, of one sequence [depth + prompt + gen]", NAN, 1,
                    MAX_TOKENS, true, NULL, 0},
    [THREADS_AXIS] = {"threads", "", "threads of a CPU [all cores]", NAN, 1, 1e6, true, NULL, 0},
    [FLASH_ATTN_AXIS] = {"flash_attn", "", "1: fused attention [of the runtime]", NAN, 0, 1, true, NULL, 0},
    [SWA_FULL_AXIS] = {"swa_full", "", "1: layers with a window keep everything", 0, 0, 1, true, NULL, 0},
    [KV_UNIFIED_AXIS] = {"kv_unified", "", "1: all sequences share one cache", 0, 0, 1, true, NULL, 0},
    [IMAGE_AXIS] = {"image", "", "images in the prompt: the projector is loaded", 0, 0, 1e6, true, NULL, 0},
    [GPU_LAYERS_AXIS] = {"gpu_layers", "",
                         "llama.cpp's -ngl: output and last layers on the GPU, auto: most that fit [all]", NAN, -1,
                         ALL_LAYERS, true, gpu_layer_words, ES_AXIS_QUIET},
    [CPU_EXPERTS_AXIS] = {"cpu_experts", "", "--n-cpu-moe: the first layers whose experts stay with the host", 0, 0,
                          ALL_LAYERS, true, cpu_expert_words, ES_AXIS_QUIET},
    [IMAGE_PIXELS_AXIS] = {"image_pixels", "", "pixels of an image, where its size is free", 200704, 1, 1e9, true, NULL,
                           ES_AXIS_QUIET},
    [TURNS_AXIS] = {"turns", "", "prompts of a conversation whose cache stays", 1, 1, 1e6, true, NULL, ES_AXIS_QUIET},
    [NEW_TOKENS_AXIS] = {"new_tokens", "tokens", "tokens of every prompt behind the first [prompt]", NAN, 1, MAX_TOKENS,
                         true, NULL, ES_AXIS_QUIET},
    [ANSWER_AXIS] = {"tokens_per_answer", "tokens", "tokens of an answer with its reasoning [of the model and mode]",
                     NAN, 1, MAX_TOKENS, true, NULL, ES_AXIS_QUIET},
    [RATE_AXIS] = {"rate_req_s", "1/s", "requests that arrive per second, at random; batch is the number of slots", 0,
                   0, 1e6, false, NULL, ES_AXIS_QUIET},
    [SUSTAINED_AXIS] = {"sustained", "", "1: after ten minutes of load", 0, 0, 1, true, NULL, ES_AXIS_QUIET},
    [DRAFT_AXIS] = {"draft", "", "what proposes tokens: none, mtp, eagle, lookup or a model", ES_DRAFT_NONE, 0, 1e6,
                    true, drafts, ES_AXIS_QUIET | ES_AXIS_MODELS},
    [DRAFT_TOKENS_AXIS] = {"draft_tokens", "", "tokens that are drafted in a round", 3, 1, 64, true, NULL,
                           ES_AXIS_QUIET},
    [ACCEPTANCE_AXIS] = {"acceptance", "", "share of drafted tokens that are accepted [of drafts.csv]", NAN, 0, 1,
                         false, NULL, ES_AXIS_QUIET},
    [TASK_AXIS] = {"task", "", "what is written, where acceptance is not given", 0, 0, 7, true, es_task_words,
                   ES_AXIS_QUIET},
    [ACCEPTANCE_DECAY_AXIS] = {"acceptance_decay", "",
                               "acceptance is that of the first token and falls by this factor per token [a share]",
                               NAN, 0, 1, false, NULL, ES_AXIS_QUIET},
    [MMAP_AXIS] = {"mmap", "", "0: the file is read, not mapped (llama.cpp's --no-mmap)", 1, 0, 1, true, NULL,
                   ES_AXIS_QUIET},
};

static const es_option options[] = {
    [KWH_OPTION] = {"price_usd_per_kwh", "USD", "price of electricity", 0.2, 0, 1e6, NULL, NULL, 0, 0, NULL},
    [LIFETIME_OPTION] = {"lifetime_years", "years", "years over which a device is paid for", 3, 1e-3, 1e3, NULL, NULL,
                         0, 0, NULL},
    [DUTY_OPTION] = {"duty", "", "share of the lifetime spent generating", 0.5, 1e-6, 1, NULL, NULL, 0, 0, NULL},
    [CLOUD_OPTION] = {"cloud_usd_per_mtok", "USD", "cloud price of a million tokens, for the break-even", 0.1, 0, 1e6,
                      NULL, NULL, 0, 0, NULL},
    [METRIC_OPTION] = {.name = "quality_metric",
                       .unit = "",
                       .help = "metric of quality, one of scores.csv",
                       .fallback = NAN,
                       .text = "MMLU",
                       .kind = ES_SCORE,
                       .field = ES_S_METRIC},
    [MODE_OPTION] = {"quality_mode", "", "mode of quality", ES_SCORE_INSTRUCT, 0, 2, mode_choices, NULL, 0, 0, NULL},
    [HARNESS_OPTION] = {.name = "quality_harness",
                        .unit = "",
                        .help = "only scores of this harness [the best known one of each model]",
                        .fallback = NAN,
                        .text = "",
                        .kind = ES_SCORE,
                        .field = ES_S_HARNESS},
    [BUILD_OPTION] = {.name = "runtime_build",
                      .unit = "",
                      .help = "build of llama.cpp (b8134) or month (2024-11) [newest]",
                      .fallback = INFINITY,
                      .max = INFINITY,
                      .parse = es_build_parse},
    [BOUNDARY_OPTION] = {"boundary", "", "where power and energy are measured; any: the wall, else the only one known",
                         ES_BOUNDARY_ANY, 0, ES_BOUNDARY_ANY, boundary_choices, NULL, 0, 0, NULL},
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
        .nodes = formula_nodes,
        .n_nodes = N_NODES,
        .constants = formula_constants,
        .signs = formula_signs,
        .blocks = blocks,
        .n_blocks = sizeof blocks / sizeof *blocks,
        .prepare = es_roofline_prepare,
        .covers = es_roofline_covers,
        .measured = es_roofline_measured,
        .lacking = "no table of gguf_mixtures.csv says how this file type lays out the model",
    };
    return &kernel;
}

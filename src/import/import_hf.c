/* One table row per architecture: what its fields are called, what it has without saying so, and what is derived.
 * Defaults are those of the configuration classes of the transformers library, which leaves defaults out of the file. */
#include "import/import_hf.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/text.h"
#include "catalog/file.h"
#include "io/json_text.h"

/* What the quantities are called; alternatives are separated by |. */
typedef struct names {
    const char *layers, *hidden, *intermediate, *heads, *kv_heads, *max_ctx;
} names;

static const names usual = {"num_hidden_layers",   "hidden_size",         "intermediate_size",
                            "num_attention_heads", "num_key_value_heads", "max_position_embeddings"};
static const names of_gpt2 = {"n_layer", "n_embd", "n_inner", "n_head", NULL, "n_positions|n_ctx"};
static const names of_opt = {"num_hidden_layers",   "hidden_size", "ffn_dim",
                             "num_attention_heads", NULL,          "max_position_embeddings"};
static const names of_falcon = {"num_hidden_layers|n_layer",  "hidden_size", "ffn_hidden_size",
                                "num_attention_heads|n_head", NULL,          "max_position_embeddings"};
static const names of_bloom = {
    "n_layer|num_hidden_layers", "hidden_size|n_embed", NULL, "n_head|num_attention_heads", NULL, "seq_length"};
static const names of_mpt = {"n_layers", "d_model", NULL, "n_heads", NULL, "max_seq_len"};
static const names of_lfm2 = {"num_hidden_layers",   "hidden_size",         "intermediate_size|block_ff_dim",
                              "num_attention_heads", "num_key_value_heads", "max_position_embeddings"};
static const names of_chatglm = {"num_layers",          "hidden_size", "ffn_hidden_size",
                                 "num_attention_heads", NULL,          "seq_length"};
static const names of_hybrid = {"num_hidden_layers",   "hidden_size",         "shared_intermediate_size",
                                "num_attention_heads", "num_key_value_heads", "max_position_embeddings"};

enum { /* what an architecture always has, or may have */
       QKV_BIAS = 1,
       O_BIAS = 2,
       MLP_BIAS = 4,
       HEAD_BIAS = 8,
       EMBED_NORM = 16,
       TIED = 32,    /* unless the file says otherwise */
       WIDE = 64,    /* the FFN is four times as wide as the model unless the file says otherwise */
       EXPERTS = 128 /* may have experts */
};
enum { BIASES = QKV_BIAS | O_BIAS | MLP_BIAS };

struct config;

typedef struct arch {
    const char *model_type, *family;
    const names *names;
    unsigned flags;
    es_norm norm;
    int norms_per_layer, ffn_matrices, qk_norm;
    int vocab, heads, kv_heads, head_dim, max_ctx; /* defaults; 0: as for all others */
    const char *act;
    void (*derive)(struct config *c);
} arch;

/* The first fault stays in status; what follows it is ignored. */
typedef struct config {
    const char *file;
    json_t *object;
    const arch *arch;
    es_model_row *row;
    es_arena *arena;
    es_errors *errors;
    es_status status;
} config;

/* ---- Fields ---- */

static void fail(config *c, const char *field, const char *expected) {
    if (c->status == ES_OK)
        c->status =
            es_fail(c->errors, ES_EUSAGE, &(es_origin){.file = c->file}, "field '%s': expected %s", field, expected);
}

typedef struct field {
    char name[64];
    const json_t *value; /* NULL: not there, or null */
} field;

/* The first of the alternatives that has a value; else the name of the first. */
static field find(const config *c, const char *alternatives) {
    field f = {{0}, NULL};
    for (const char *at = alternatives; at != NULL && f.value == NULL;) {
        char name[64];
        const size_t length = strcspn(at, "|");
        es_copy_text(name, sizeof name, (es_slice){at, length});
        const json_t *value = json_object_get(c->object, name);
        if (at == alternatives || (value && !json_is_null(value)))
            memcpy(f.name, name, sizeof name);
        if (value && !json_is_null(value))
            f.value = value;
        at = at[length] == '|' ? at + length + 1 : NULL;
    }
    return f;
}

static bool given(const config *c, const char *alternatives) { return find(c, alternatives).value != NULL; }

/* A number of the file for a field of the catalog; NaN as fallback: the file must have it. */
static double number(config *c, int id, const char *alternatives, double fallback) {
    const es_field *target = &es_fields(ES_MODEL)->fields[id];
    const field f = find(c, alternatives);
    char expected[160];
    if (f.value == NULL && !isnan(fallback))
        return fallback;
    const double x = f.value && json_is_number(f.value) ? json_number_value(f.value) : NAN;
    if (!isnan(x) && es_field_accepts(target, x))
        return x;
    es_field_expects(target, expected, sizeof expected);
    fail(c, f.name, expected);
    return 1;
}

static void set(config *c, int id, const char *alternatives, double fallback) {
    c->row->value[id] = number(c, id, alternatives, fallback);
}

static bool flag(config *c, const char *alternatives, bool fallback) {
    const field f = find(c, alternatives);
    if (f.value == NULL)
        return fallback;
    if (!json_is_boolean(f.value) && !(json_is_integer(f.value) && (json_integer_value(f.value) | 1) == 1))
        fail(c, f.name, "true or false");
    return json_is_true(f.value) || (json_is_integer(f.value) && json_integer_value(f.value) == 1);
}

static double get(const config *c, int id) { return c->row->value[id]; }
static void put(config *c, int id, double value) { c->row->value[id] = value; }

/* ---- Parts that several architectures share ---- */

static void attention_bias(config *c) {
    const bool bias = flag(c, "attention_bias", false);
    put(c, ES_M_QKV_BIAS, bias);
    put(c, ES_M_O_BIAS, bias);
}

static void no_window(config *c) {
    put(c, ES_M_SLIDING_WINDOW, 0);
    put(c, ES_M_GLOBAL_EVERY, 0);
}

/* A window as long as the context is none. */
static void window(config *c, double fallback, double every) {
    set(c, ES_M_SLIDING_WINDOW, "sliding_window", fallback);
    put(c, ES_M_GLOBAL_EVERY, every);
    if (get(c, ES_M_MAX_CTX) > 0 && get(c, ES_M_SLIDING_WINDOW) >= get(c, ES_M_MAX_CTX))
        no_window(c);
}

static void window_of_all(config *c) { window(c, 0, 0); }

static void experts(config *c, const char *count, const char *width) {
    const double fallback = width ? NAN : get(c, ES_M_INTERMEDIATE);
    set(c, ES_M_N_EXPERTS, count, NAN);
    if (get(c, ES_M_N_EXPERTS) == 0)
        fail(c, find(c, count).name, "at least one expert");
    set(c, ES_M_N_ACTIVE, "num_experts_per_tok|experts_per_token", NAN);
    set(c, ES_M_EXPERT_INTERMEDIATE, width, fallback);
    if (get(c, ES_M_N_ACTIVE) > get(c, ES_M_N_EXPERTS))
        fail(c, "num_experts_per_tok", "no more than there are experts");
}

/* ---- Architectures ---- */

static void derive_llama(config *c) {
    attention_bias(c);
    put(c, ES_M_MLP_BIAS, flag(c, "mlp_bias", false));
}

static void derive_mixtral(config *c) {
    window_of_all(c);
    experts(c, "num_local_experts", NULL);
}

static void derive_qwen2(config *c) {
    if (flag(c, "use_sliding_window", false))
        window_of_all(c);
}

static void derive_qwen3(config *c) {
    attention_bias(c);
    derive_qwen2(c);
}

static void derive_qwen3_moe(config *c) {
    derive_qwen3(c);
    experts(c, "num_experts", "moe_intermediate_size");
}

static void derive_qwen2_moe(config *c) {
    put(c, ES_M_QKV_BIAS, flag(c, "qkv_bias", true));
    derive_qwen2(c);
    experts(c, "num_experts", "moe_intermediate_size");
    const double shared = number(c, ES_M_INTERMEDIATE, "shared_expert_intermediate_size", NAN);
    const double each = get(c, ES_M_EXPERT_INTERMEDIATE);
    if (each < 1 || fmod(shared, each) != 0)
        fail(c, "shared_expert_intermediate_size", "a multiple of moe_intermediate_size");
    else
        put(c, ES_M_N_SHARED, shared / each);
    put(c, ES_M_SHARED_GATE, 1);
}

static void derive_gemma(config *c) { attention_bias(c); }

static void derive_gemma2(config *c) {
    attention_bias(c);
    window(c, 4096, 2);
}

static void derive_gemma3(config *c) {
    attention_bias(c);
    window(c, 4096, number(c, ES_M_GLOBAL_EVERY, "sliding_window_pattern|_sliding_window_pattern", 6));
}

static void derive_phi3(config *c) {
    attention_bias(c);
    window_of_all(c);
}

static void derive_phimoe(config *c) {
    attention_bias(c);
    window_of_all(c);
    put(c, ES_M_LM_HEAD_BIAS, flag(c, "lm_head_bias", false));
    experts(c, "num_local_experts", NULL);
}

static void derive_gpt2(config *c) { set(c, ES_M_POS_ROWS, c->arch->names->max_ctx, NAN); }

/* Two rows more than positions; with its norms behind the layers OPT-350M has no final one, as models whose embedding is
 * projected. */
static void derive_opt(config *c) {
    put(c, ES_M_POS_ROWS, get(c, ES_M_MAX_CTX) + 2);
    const double width = number(c, ES_M_EMBED_DIM, "word_embed_proj_dim", get(c, ES_M_HIDDEN));
    const bool projected = width != get(c, ES_M_HIDDEN);
    put(c, ES_M_EMBED_DIM, projected ? width : 0);
    if (flag(c, "do_layer_norm_before", true) == projected)
        fail(c, "do_layer_norm_before", "false with, true without word_embed_proj_dim other than hidden_size");
    const bool bias = flag(c, "enable_bias", true);
    put(c, ES_M_QKV_BIAS, bias);
    put(c, ES_M_O_BIAS, bias);
    put(c, ES_M_MLP_BIAS, bias);
}

static void derive_neox(config *c) {
    const bool bias = flag(c, "attention_bias", true);
    put(c, ES_M_QKV_BIAS, bias);
    put(c, ES_M_O_BIAS, bias);
}

static void derive_falcon(config *c) {
    const bool bias = flag(c, "bias", false), grouped = flag(c, "new_decoder_architecture", false);
    put(c, ES_M_QKV_BIAS, bias);
    put(c, ES_M_O_BIAS, bias);
    put(c, ES_M_MLP_BIAS, bias);
    if (grouped)
        set(c, ES_M_KV_HEADS, "num_kv_heads|n_head_kv", NAN);
    else
        put(c, ES_M_KV_HEADS, flag(c, "multi_query", true) ? 1 : get(c, ES_M_HEADS));
    const double norms = grouped ? 2 : flag(c, "parallel_attn", true) ? 1 : 2;
    set(c, ES_M_NORMS_PER_LAYER, "num_ln_in_parallel_attn", norms);
}

static void derive_olmo3(config *c) {
    attention_bias(c);
    window(c, 4096, 4);
}

static void derive_olmoe(config *c) {
    attention_bias(c);
    experts(c, "num_experts", NULL);
}

static void derive_granitemoe(config *c) {
    attention_bias(c);
    experts(c, "num_local_experts", NULL);
}

static void derive_mla(config *c) {
    attention_bias(c);
    if (get(c, ES_M_QKV_BIAS) > 0)
        fail(c, "attention_bias", "false");
    set(c, ES_M_KV_LORA_RANK, "kv_lora_rank", NAN);
    set(c, ES_M_Q_LORA_RANK, "q_lora_rank", 0);
    set(c, ES_M_QK_ROPE, "qk_rope_head_dim", NAN);
    set(c, ES_M_QK_NOPE, "qk_nope_head_dim", NAN);
    set(c, ES_M_V_HEAD_DIM, "v_head_dim", get(c, ES_M_HEAD_DIM));
    if (get(c, ES_M_KV_LORA_RANK) < 1)
        fail(c, "kv_lora_rank", "at least 1");
}

static void routed(config *c) {
    experts(c, "n_routed_experts", "moe_intermediate_size");
    set(c, ES_M_N_SHARED, "n_shared_experts", 0);
    set(c, ES_M_FIRST_DENSE, "first_k_dense_replace", 0);
}

static void derive_deepseek(config *c) {
    attention_bias(c);
    if (given(c, "n_routed_experts"))
        routed(c);
}

static void derive_deepseek2(config *c) {
    derive_mla(c);
    if (given(c, "n_routed_experts"))
        routed(c);
}

/* Load balancing without an auxiliary loss learns a bias per expert (arXiv 2412.19437, section 2.1.2). */
static void derive_deepseek3(config *c) {
    derive_mla(c);
    routed(c);
    put(c, ES_M_ROUTER_BIAS, 1);
}

static void derive_stablelm(config *c) {
    put(c, ES_M_QKV_BIAS, flag(c, "use_qkv_bias", false));
    put(c, ES_M_NORMS_PER_LAYER, flag(c, "use_parallel_residual", false) ? 1 : 2);
}

static double rounded_up(double x, double multiple) { return ceil(x / multiple) * multiple; }

/* The attention layers are listed by index, or all layers by kind. */
static void derive_lfm2(config *c) {
    const json_t *attention = json_object_get(c->object, "full_attn_idxs");
    put(c, ES_M_CONV_KERNEL, number(c, ES_M_CONV_KERNEL, "conv_L_cache", 3));
    if (json_is_array(attention)) {
        const double count = (double)json_array_size(attention), layers = get(c, ES_M_LAYERS);
        if (count > layers)
            fail(c, "full_attn_idxs", "no more entries than there are layers");
        else
            put(c, ES_M_CONV_LAYERS, layers - count);
    } else if (!given(c, "layer_types")) {
        fail(c, "full_attn_idxs", "the indices of the attention layers");
    }
    if (flag(c, "conv_bias", false))
        fail(c, "conv_bias", "false");
    if (flag(c, "block_auto_adjust_ff_dim", true)) {
        const double factor = json_number_value(json_object_get(c->object, "block_ffn_dim_multiplier"));
        const double multiple = number(c, ES_M_CONV_KERNEL, "block_multiple_of", 256);
        const double width = floor(2 * get(c, ES_M_INTERMEDIATE) / 3) * (factor > 0 && factor < 100 ? factor : 1);
        put(c, ES_M_INTERMEDIATE, rounded_up(floor(width), multiple > 0 ? multiple : 1));
    }
    put(c, ES_M_TIED, flag(c, "tie_word_embeddings|tie_embedding", true));
}

static void derive_gpt_oss(config *c) {
    put(c, ES_M_O_BIAS, flag(c, "attention_bias", true));
    window(c, 128, 2);
    experts(c, "num_local_experts|num_experts", NULL);
    put(c, ES_M_ROUTER_BIAS, 1);
    put(c, ES_M_EXPERT_BIAS, 1);
    put(c, ES_M_ATTN_SINKS, 1);
}

static void derive_mpt(config *c) {
    const double ratio = number(c, ES_M_N_ACTIVE, "expansion_ratio", 4);
    put(c, ES_M_INTERMEDIATE, get(c, ES_M_HIDDEN) * ratio);
    if (!flag(c, "no_bias", true))
        fail(c, "no_bias", "true");
}

static void derive_bitnet(config *c) {
    attention_bias(c);
    put(c, ES_M_SUB_NORMS, 1);
}

static void derive_exaone4(config *c) {
    if (given(c, "sliding_window"))
        window(c, 0, 4);
}

static void derive_internlm(config *c) {
    put(c, ES_M_QKV_BIAS, flag(c, "bias", false));
    put(c, ES_M_O_BIAS, get(c, ES_M_QKV_BIAS));
}

static void derive_ernie(config *c) {
    const bool bias = flag(c, "use_bias", false);
    put(c, ES_M_QKV_BIAS, bias);
    put(c, ES_M_O_BIAS, bias);
    put(c, ES_M_MLP_BIAS, bias);
}

static void derive_starcoder2(config *c) {
    const bool bias = flag(c, "use_bias", true);
    put(c, ES_M_QKV_BIAS, bias);
    put(c, ES_M_O_BIAS, bias);
    put(c, ES_M_MLP_BIAS, bias);
    window_of_all(c);
}

static void derive_mobilellm(config *c) {
    derive_llama(c);
    put(c, ES_M_TIED, flag(c, "share_embedding|tie_word_embeddings", true));
}

static void derive_chatglm(config *c) {
    put(c, ES_M_QKV_BIAS, flag(c, "add_qkv_bias|add_bias_linear", false));
    if (flag(c, "multi_query_attention", false))
        set(c, ES_M_KV_HEADS, "multi_query_group_num", NAN);
    if (flag(c, "add_bias_linear", false))
        fail(c, "add_bias_linear", "false");
    set(c, ES_M_HEAD_DIM, "kv_channels", get(c, ES_M_HEAD_DIM));
}

static void derive_hybrid(config *c) {
    attention_bias(c);
    if (!given(c, "layer_types"))
        fail(c, "layer_types", "a list of the kinds of layers");
}

/* clang-format off */
static const arch arches[] = {
    /* model_type, family, names, flags, norm, norms, ffn, qk_norm, vocab heads kv_heads head_dim max_ctx, act, derive */
    {"llama", "llama", &usual, 0, ES_NORM_RMS, 2, 3, 0, 32000, 32, 0, 0, 2048, "silu", derive_llama},
    {"mistral", "mistral", &usual, 0, ES_NORM_RMS, 2, 3, 0, 32000, 32, 8, 0, 0, "silu", window_of_all},
    {"mixtral", "mixtral", &usual, EXPERTS, ES_NORM_RMS, 2, 3, 0, 32000, 32, 8, 0, 0, "silu", derive_mixtral},
    {"qwen2", "qwen2", &usual, QKV_BIAS, ES_NORM_RMS, 2, 3, 0, 0, 0, 0, 0, 32768, "silu", derive_qwen2},
    {"qwen2_5_vl_text", "qwen2", &usual, QKV_BIAS, ES_NORM_RMS, 2, 3, 0, 0, 0, 0, 0, 32768, "silu", derive_qwen2},
    {"qwen2_5_vl", "qwen2", &usual, QKV_BIAS, ES_NORM_RMS, 2, 3, 0, 0, 0, 0, 0, 32768, "silu", derive_qwen2},
    {"qwen2_moe", "qwen2moe", &usual, EXPERTS, ES_NORM_RMS, 2, 3, 0, 0, 0, 0, 0, 32768, "silu", derive_qwen2_moe},
    {"qwen3", "qwen3", &usual, 0, ES_NORM_RMS, 2, 3, 1, 0, 0, 0, 128, 32768, "silu", derive_qwen3},
    {"qwen3_vl_text", "qwen3", &usual, 0, ES_NORM_RMS, 2, 3, 1, 0, 0, 0, 128, 128000, "silu", derive_qwen3},
    {"qwen3_moe", "qwen3moe", &usual, EXPERTS, ES_NORM_RMS, 2, 3, 1, 0, 0, 0, 0, 32768, "silu", derive_qwen3_moe},
    {"gemma", "gemma", &usual, TIED, ES_NORM_RMS, 2, 3, 0, 256000, 16, 16, 256, 8192, "gelu", derive_gemma},
    {"gemma2", "gemma2", &usual, TIED, ES_NORM_RMS, 4, 3, 0, 256000, 8, 4, 256, 8192, "gelu", derive_gemma2},
    {"gemma3", "gemma3", &usual, TIED, ES_NORM_RMS, 4, 3, 1, 262208, 8, 4, 256, 131072, "gelu", derive_gemma3},
    {"gemma3_text", "gemma3", &usual, TIED, ES_NORM_RMS, 4, 3, 1, 262208, 8, 4, 256, 131072, "gelu", derive_gemma3},
    {"phi", "phi", &usual, BIASES | HEAD_BIAS, ES_NORM_LN, 1, 2, 0, 51200, 32, 0, 0, 2048, "gelu", NULL},
    {"phi3", "phi3", &usual, 0, ES_NORM_RMS, 2, 3, 0, 32064, 32, 0, 0, 4096, "silu", derive_phi3},
    {"phimoe", "phimoe", &usual, EXPERTS, ES_NORM_LN, 2, 3, 0, 32064, 32, 8, 0, 131072, "silu", derive_phimoe},
    {"gpt2", "gpt2", &of_gpt2, BIASES | TIED | WIDE, ES_NORM_LN, 2, 2, 0, 50257, 0, 0, 0, 1024, "gelu", derive_gpt2},
    {"opt", "opt", &of_opt, TIED, ES_NORM_LN, 2, 2, 0, 50272, 0, 0, 0, 2048, "relu", derive_opt},
    {"gpt_neox", "gptneox", &usual, MLP_BIAS, ES_NORM_LN, 2, 2, 0, 0, 0, 0, 0, 2048, "gelu", derive_neox},
    {"falcon", "falcon", &of_falcon, TIED | WIDE, ES_NORM_LN, 1, 2, 0, 65024, 0, 0, 0, 2048, "gelu", derive_falcon},
    {"RefinedWebModel", "falcon", &of_falcon, TIED | WIDE, ES_NORM_LN, 1, 2, 0, 65024, 0, 0, 0, 2048, "gelu",
     derive_falcon},
    {"bloom", "bloom", &of_bloom, BIASES | TIED | WIDE | EMBED_NORM, ES_NORM_LN, 2, 2, 0, 250880, 0, 0, 0, 2048, "gelu",
     NULL},
    {"mpt", "gpt2", &of_mpt, TIED | WIDE, ES_NORM_RMS, 2, 2, 0, 50368, 0, 0, 0, 2048, "gelu", derive_mpt},
    {"olmo", "olmo", &usual, 0, ES_NORM_LN_NP, 2, 3, 0, 50304, 32, 0, 0, 2048, "silu", attention_bias},
    {"olmo2", "olmo2", &usual, 0, ES_NORM_RMS, 2, 3, 2, 50304, 32, 0, 0, 2048, "silu", attention_bias},
    {"olmo3", "olmo2", &usual, 0, ES_NORM_RMS, 2, 3, 2, 50304, 32, 0, 0, 2048, "silu", derive_olmo3},
    {"olmoe", "olmoe", &usual, EXPERTS, ES_NORM_RMS, 2, 3, 2, 50304, 16, 0, 0, 4096, "silu", derive_olmoe},
    {"granite", "granite", &usual, 0, ES_NORM_RMS, 2, 3, 0, 32000, 32, 0, 0, 2048, "silu", derive_llama},
    {"granitemoe", "granitemoe", &usual, EXPERTS, ES_NORM_RMS, 2, 3, 0, 32000, 32, 0, 0, 2048, "silu",
     derive_granitemoe},
    {"granitemoehybrid", "granite", &of_hybrid, 0, ES_NORM_RMS, 2, 3, 0, 0, 0, 0, 0, 2048, "silu", derive_hybrid},
    {"deepseek", "deepseek", &usual, EXPERTS, ES_NORM_RMS, 2, 3, 0, 102400, 32, 0, 0, 2048, "silu", derive_deepseek},
    {"deepseek_v2", "deepseek2", &usual, EXPERTS, ES_NORM_RMS, 2, 3, 0, 102400, 32, 0, 0, 2048, "silu",
     derive_deepseek2},
    {"deepseek_v3", "deepseek2", &usual, EXPERTS, ES_NORM_RMS, 2, 3, 0, 129280, 128, 0, 0, 4096, "silu",
     derive_deepseek3},
    {"smollm3", "smollm3", &usual, TIED, ES_NORM_RMS, 2, 3, 0, 128256, 16, 4, 0, 32768, "silu", derive_llama},
    {"stablelm", "stablelm", &usual, 0, ES_NORM_LN, 2, 3, 0, 50304, 32, 0, 0, 4096, "silu", derive_stablelm},
    {"minicpm", "minicpm", &usual, TIED, ES_NORM_RMS, 2, 3, 0, 32000, 32, 0, 0, 2048, "silu", attention_bias},
    {"minicpm3", "minicpm3", &usual, TIED, ES_NORM_RMS, 2, 3, 0, 73448, 40, 0, 0, 32768, "silu", derive_mla},
    {"lfm2", "lfm2", &of_lfm2, TIED, ES_NORM_RMS, 2, 3, 1, 65536, 32, 8, 0, 128000, "silu", derive_lfm2},
    {"gpt_oss", "gptoss", &usual, EXPERTS | QKV_BIAS, ES_NORM_RMS, 2, 3, 0, 201088, 64, 8, 64, 131072, "silu",
     derive_gpt_oss},
    {"internlm2", "internlm2", &usual, 0, ES_NORM_RMS, 2, 3, 0, 0, 0, 0, 0, 2048, "silu", derive_internlm},
    {"exaone4", "exaone4", &usual, 0, ES_NORM_RMS, 2, 3, 1, 102400, 32, 0, 0, 2048, "silu", derive_exaone4},
    {"ernie4_5", "ernie4_5", &usual, TIED, ES_NORM_RMS, 2, 3, 0, 103424, 16, 2, 128, 131072, "silu", derive_ernie},
    {"bitnet", "bitnet", &usual, TIED, ES_NORM_RMS, 2, 3, 0, 128256, 20, 5, 0, 2048, "relu2", derive_bitnet},
    {"starcoder2", "starcoder2", &usual, TIED, ES_NORM_LN, 2, 2, 0, 49152, 24, 2, 0, 4096, "gelu", derive_starcoder2},
    {"mobilellm", "mobilellm", &usual, TIED, ES_NORM_RMS, 2, 3, 0, 32000, 0, 0, 0, 2048, "silu", derive_mobilellm},
    {"chatglm", "phi3", &of_chatglm, 0, ES_NORM_RMS, 2, 3, 0, 0, 0, 0, 0, 2048, "silu", derive_chatglm},
};
/* clang-format on */
enum { ARCHES = sizeof arches / sizeof *arches };

/* ---- Reading ---- */

/* Fields that would change the count in ways no row can say: any other value is refused. */
static void refuse_unknown_variants(config *c) {
    static const struct {
        const char *name;
        double allowed;
        unsigned unless; /* flags of architectures that read the field */
    } variants[] = {
        {"num_local_experts", 0, EXPERTS},
        {"num_experts", 0, EXPERTS},
        {"n_routed_experts", 0, EXPERTS},
        {"moe_layer_freq", 1, 0},
        {"decoder_sparse_step", 1, 0},
        {"interleave_moe_layer_step", 1, 0},
        {"add_cross_attention", 0, 0},
        {"is_encoder_decoder", 0, 0},
        {"layer_sharing", 0, 0},
        {"qk_layernorm", 0, 0},
        {"use_qk_layernorm", 0, 0},
        {"layer_norm_elementwise_affine", 1, 0},
        {"cross_attention_frequency", 0, 0},
        {"num_mem_blocks", 0, 0},
    };
    for (size_t i = 0; i < sizeof variants / sizeof *variants && c->status == ES_OK; i++) {
        const field f = find(c, variants[i].name);
        if (f.value == NULL || (c->arch->flags & variants[i].unless))
            continue;
        const double x = json_is_number(f.value) ? json_number_value(f.value) : json_is_true(f.value);
        if (x == variants[i].allowed && (json_is_number(f.value) || json_is_boolean(f.value)))
            continue;
        fail(c, f.name,
             variants[i].allowed > 0 ? "1: other models are not understood"
                                     : "0 or false: other models are not understood");
    }
    if (json_array_size(json_object_get(c->object, "mlp_only_layers")) > 0)
        fail(c, "mlp_only_layers", "an empty list: other models are not understood");
}

/* Adopts a list of layer kinds: full_attention at every n-th layer, sliding_attention elsewhere; conv for lfm2. */
static void read_layer_types(config *c) {
    const json_t *list = json_object_get(c->object, "layer_types"), *item;
    const size_t n = json_array_size(list);
    size_t i, full = 0, sliding = 0, conv = 0, first_full = 0;
    if (list == NULL || json_is_null(list))
        return;
    if ((double)n != get(c, ES_M_LAYERS)) {
        fail(c, "layer_types", "a list with an entry for each layer");
        return;
    }
    json_array_foreach(list, i, item) {
        const char *kind = json_is_string(item) ? json_string_value(item) : "";
        if (strcmp(kind, "full_attention") == 0 || strcmp(kind, "attention") == 0) {
            if (full++ == 0)
                first_full = i + 1;
        } else if (strcmp(kind, "sliding_attention") == 0) {
            sliding++;
        } else if (strcmp(kind, "conv") == 0 && strcmp(c->arch->model_type, "lfm2") == 0) {
            conv++;
        } else {
            fail(c, "layer_types", "full_attention or sliding_attention");
        }
    }
    put(c, ES_M_CONV_LAYERS, (double)conv);
    if (sliding == 0)
        no_window(c);
    else if (full > 0 && n / first_full == full)
        put(c, ES_M_GLOBAL_EVERY, (double)first_full);
    else if (full > 0 && n % full == 0) /* global layers first in each group: gpt-oss */
        put(c, ES_M_GLOBAL_EVERY, (double)n / (double)full);
    else if (full > 0)
        fail(c, "layer_types", "full_attention at regular distances");
}

static double or_absent(int fallback) { return fallback > 0 ? (double)fallback : (double)NAN; }

static void read_common(config *c) {
    const arch *a = c->arch;
    const names *n = a->names;
    set(c, ES_M_LAYERS, n->layers, NAN);
    set(c, ES_M_HIDDEN, n->hidden, NAN);
    set(c, ES_M_VOCAB, given(c, "padded_vocab_size") ? "padded_vocab_size" : "vocab_size", or_absent(a->vocab));
    const double hidden = get(c, ES_M_HIDDEN);
    set(c, ES_M_HEADS, n->heads, or_absent(a->heads));
    const double heads = get(c, ES_M_HEADS);
    set(c, ES_M_KV_HEADS, n->kv_heads, a->kv_heads > 0 ? a->kv_heads : heads);
    set(c, ES_M_INTERMEDIATE, n->intermediate, a->flags & WIDE ? 4 * hidden : NAN);
    set(c, ES_M_MAX_CTX, n->max_ctx, a->max_ctx);
    const bool own_dim = n == &usual && (given(c, "head_dim") || a->head_dim > 0);
    set(c, ES_M_HEAD_DIM, n == &usual ? "head_dim" : NULL, a->head_dim > 0 ? a->head_dim : floor(hidden / heads));
    if (!own_dim && fmod(hidden, heads) != 0)
        fail(c, n->heads, "a divisor of the hidden size");
    put(c, ES_M_TIED, flag(c, "tie_word_embeddings", a->flags & TIED));
}

static void put_traits(config *c) {
    const arch *a = c->arch;
    put(c, ES_M_FAMILY, 0);
    c->row->text[ES_M_FAMILY] = a->family;
    c->row->text[ES_M_ACT] = a->act;
    put(c, ES_M_NORM, a->norm);
    put(c, ES_M_NORMS_PER_LAYER, a->norms_per_layer);
    put(c, ES_M_FFN_MATRICES, a->ffn_matrices);
    put(c, ES_M_QK_NORM, a->qk_norm);
    put(c, ES_M_QKV_BIAS, (a->flags & QKV_BIAS) != 0);
    put(c, ES_M_O_BIAS, (a->flags & O_BIAS) != 0);
    put(c, ES_M_MLP_BIAS, (a->flags & MLP_BIAS) != 0);
    put(c, ES_M_LM_HEAD_BIAS, (a->flags & HEAD_BIAS) != 0);
    put(c, ES_M_EMBED_NORM, (a->flags & EMBED_NORM) != 0);
}

/* Multimodal models keep their decoder in text_config; its model_type may be missing there. */
static void find_arch(config *c) {
    const json_t *outer = json_object_get(c->object, "model_type");
    json_t *text = json_object_get(c->object, "text_config");
    const es_origin at = {.file = c->file};
    const char *type = json_is_string(outer) ? json_string_value(outer) : NULL, *known[ARCHES];
    if (json_is_object(text)) {
        const json_t *inner = json_object_get(text, "model_type");
        type = json_is_string(inner) ? json_string_value(inner) : type;
        c->object = text;
        es_warn(c->errors, &at, "the row describes the text decoder only: field 'text_config'");
    }
    if (type == NULL) {
        fail(c, "model_type", "the name of an architecture");
        return;
    }
    for (size_t i = 0; i < ARCHES; i++) {
        known[i] = arches[i].model_type;
        if (strcmp(known[i], type) == 0)
            c->arch = &arches[i];
    }
    if (c->arch)
        return;
    const char *nearest = es_nearest(es_slice_of(type), known, ARCHES);
    c->status = es_fail(c->errors, ES_EUSAGE, &at, "field 'model_type': unknown architecture '%s'%s%s%s",
                        es_quote_text(type).text, nearest ? "; did you mean '" : "", nearest ? nearest : "",
                        nearest ? "'?" : "");
}

static void read_name(config *c, const json_t *outer) {
    const json_t *id = json_object_get(outer, "_name_or_path");
    const char *text = json_is_string(id) ? json_string_value(id) : "";
    const char *slash = strrchr(text, '/');
    const char *name = slash ? slash + 1 : text;
    c->row->text[ES_M_NAME] = es_import_name(c->arena, es_slice_of(name));
    c->row->text[ES_M_HF_ID] = slash && *text != '/' && *text != '.' ? es_import_name(c->arena, es_slice_of(text)) : "";
    c->row->text[ES_M_SOURCE] = "config.json";
    if (c->row->text[ES_M_NAME] == NULL || c->row->text[ES_M_HF_ID] == NULL)
        c->status = es_fail_memory(c->errors);
}

static void read_model(config *c, const json_t *outer) {
    find_arch(c);
    if (c->status != ES_OK)
        return;
    put_traits(c);
    read_common(c);
    if (c->arch->derive && c->status == ES_OK)
        c->arch->derive(c);
    if (c->status == ES_OK)
        refuse_unknown_variants(c);
    if (c->status == ES_OK)
        read_layer_types(c);
    const double heads = get(c, ES_M_HEADS), kv_heads = get(c, ES_M_KV_HEADS);
    if (fmod(heads, kv_heads) != 0)
        fail(c, c->arch->names->kv_heads ? c->arch->names->kv_heads : "num_kv_heads", "a divisor of the heads");
    if (get(c, ES_M_CONV_LAYERS) == 0)
        put(c, ES_M_CONV_KERNEL, 0);
    if (c->status == ES_OK)
        read_name(c, outer);
    es_model_row_name_attention(c->row);
}

es_status es_import_hf_text(const char *file, const char *json, size_t size, es_arena *arena, es_model_row *row,
                            es_errors *errors) {
    json_error_t fault;
    es_model_row_begin(row);
    if (size > ES_CONFIG_MAX_BYTES)
        return es_fail(errors, ES_EUSAGE, &(es_origin){.file = file}, "more than %d bytes: no config.json",
                       ES_CONFIG_MAX_BYTES);
    json_t *outer = es_json_read(json, size, &fault);
    if (outer == NULL) {
        const es_origin at = {file, fault.line > 0 ? (uint64_t)fault.line : 0,
                              fault.column > 0 ? (uint64_t)fault.column : 0};
        return es_fail(errors, ES_EUSAGE, &at, "not JSON: %s", es_quote_text(fault.text).text);
    }
    config c = {.file = file, .object = outer, .row = row, .arena = arena, .errors = errors};
    if (!json_is_object(outer))
        c.status = es_fail(errors, ES_EUSAGE, &(es_origin){.file = file}, "expected a JSON object");
    else
        read_model(&c, outer);
    json_decref(outer);
    return c.status;
}

/* models--google--gemma/snapshots/.../config.json and gemma/config.json: the folder. */
static const char *name_of_folder(const char *path, es_arena *arena) {
    char full[PATH_MAX];
    if (realpath(path, full) == NULL)
        return "";
    char *slash = strrchr(full, '/');
    if (slash == NULL || slash == full)
        return "";
    *slash = '\0';
    return es_import_name(arena, es_slice_of(strrchr(full, '/') + 1));
}

es_status es_import_hf(const char *path, es_arena *arena, es_model_row *row, es_errors *errors) {
    char *json = NULL;
    size_t size = 0;
    es_status status = es_file_read(path, &json, &size, errors);
    if (!status && json == NULL)
        return es_fail(errors, ES_EUSAGE, &(es_origin){.file = path}, "no such file");
    if (!status)
        status = es_import_hf_text(path, json, size, arena, row, errors);
    free(json);
    if (!status && *row->text[ES_M_NAME] == '\0') {
        row->text[ES_M_NAME] = name_of_folder(path, arena);
        if (row->text[ES_M_NAME] == NULL)
            return es_fail_memory(errors);
    }
    return status;
}

/* The model is read from the tensors (which ones there are and their shapes), metadata only where tensors cannot say:
 * heads, experts per token, windows.  Tensor names are those of llama.cpp. */
#include "import/import_gguf.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "import/gguf_file.h"
#include "base/number.h"
#include "base/text.h"
#include "model/layout.h"
#include "io/format.h"

enum { MAX_LAYERS = 4096, MAX_RULES = 16 /* of a role: what layouts take */ };

/* ---- Names of ggml ---- */

/* Tensor types by id; types whose layout no catalog row describes are missing. */
static const char *const tensor_types[] = {
    [0] = "F32",      [1] = "F16",     [2] = "Q4_0",     [3] = "Q4_1",   [6] = "Q5_0",    [7] = "Q5_1",
    [8] = "Q8_0",     [10] = "Q2_K",   [11] = "Q3_K",    [12] = "Q4_K",  [13] = "Q5_K",   [14] = "Q6_K",
    [16] = "IQ2_XXS", [17] = "IQ2_XS", [18] = "IQ3_XXS", [19] = "IQ1_S", [20] = "IQ4_NL", [21] = "IQ3_S",
    [22] = "IQ2_S",   [23] = "IQ4_XS", [29] = "IQ1_M",   [30] = "BF16",  [31] = "Q4_0",   [32] = "Q4_0",
    [33] = "Q4_0",    [34] = "TQ1_0",  [35] = "TQ2_0",   [39] = "MXFP4"};
enum { TENSOR_TYPES = sizeof tensor_types / sizeof *tensor_types };

/* general.file_type */
static const char *const file_types[] = {
    [0] = "F32",     [1] = "F16",     [2] = "Q4_0",      [3] = "Q4_1",    [7] = "Q8_0",     [8] = "Q5_0",
    [9] = "Q5_1",    [10] = "Q2_K",   [11] = "Q3_K_S",   [12] = "Q3_K_M", [13] = "Q3_K_L",  [14] = "Q4_K_S",
    [15] = "Q4_K_M", [16] = "Q5_K_S", [17] = "Q5_K_M",   [18] = "Q6_K",   [19] = "IQ2_XXS", [20] = "IQ2_XS",
    [21] = "Q2_K_S", [22] = "IQ3_XS", [23] = "IQ3_XXS",  [24] = "IQ1_S",  [25] = "IQ4_NL",  [26] = "IQ3_S",
    [27] = "IQ3_M",  [28] = "IQ2_S",  [29] = "IQ2_M",    [30] = "IQ4_XS", [31] = "IQ1_M",   [32] = "BF16",
    [36] = "TQ1_0",  [37] = "TQ2_0",  [38] = "MXFP4_MOE"};
enum { FILE_TYPES = sizeof file_types / sizeof *file_types };

/* Matrices: the tensor's name without `.weight`, and the role of the layout tables. */
typedef enum matrix {
    OUTPUT,
    TOKEN_EMBD,
    ATTN_Q,
    ATTN_K,
    ATTN_V,
    ATTN_OUTPUT,
    ATTN_QKV,
    ATTN_Q_A,
    ATTN_Q_B,
    ATTN_KV_A,
    ATTN_KV_B,
    ATTN_K_B,
    ATTN_V_B,
    CONV_IN,
    CONV_OUT,
    FFN_GATE,
    FFN_UP,
    FFN_DOWN,
    FFN_GATE_EXPS,
    FFN_UP_EXPS,
    FFN_DOWN_EXPS,
    FFN_GATE_SHEXP,
    FFN_UP_SHEXP,
    FFN_DOWN_SHEXP,
    MATRICES
} matrix;

static const struct {
    const char *name, *role;
} matrices[MATRICES] = {
    [OUTPUT] = {"output", "output"},
    [TOKEN_EMBD] = {"token_embd", "token_embd"},
    [ATTN_Q] = {"attn_q", "attn_q"},
    [ATTN_K] = {"attn_k", "attn_k"},
    [ATTN_V] = {"attn_v", "attn_v"},
    [ATTN_OUTPUT] = {"attn_output", "attn_output"},
    [ATTN_QKV] = {"attn_qkv", "attn_qkv"},
    [ATTN_Q_A] = {"attn_q_a", "attn_q_a"},
    [ATTN_Q_B] = {"attn_q_b", "attn_q_b"},
    [ATTN_KV_A] = {"attn_kv_a_mqa", "attn_kv_a_mqa"},
    [ATTN_KV_B] = {"attn_kv_b", "attn_kv_b"},
    [ATTN_K_B] = {"attn_k_b", "attn_k_b"},
    [ATTN_V_B] = {"attn_v_b", "attn_v_b"},
    [CONV_IN] = {"shortconv.in_proj", "shortconv.in_proj"},
    [CONV_OUT] = {"shortconv.out_proj", "shortconv.out_proj"},
    [FFN_GATE] = {"ffn_gate", "ffn_gate"},
    [FFN_UP] = {"ffn_up", "ffn_up"},
    [FFN_DOWN] = {"ffn_down", "ffn_down"},
    [FFN_GATE_EXPS] = {"ffn_gate_exps", "ffn_gate"},
    [FFN_UP_EXPS] = {"ffn_up_exps", "ffn_up"},
    [FFN_DOWN_EXPS] = {"ffn_down_exps", "ffn_down"},
    [FFN_GATE_SHEXP] = {"ffn_gate_shexp", "ffn_gate_shexp"},
    [FFN_UP_SHEXP] = {"ffn_up_shexp", "ffn_up_shexp"},
    [FFN_DOWN_SHEXP] = {"ffn_down_shexp", "ffn_down_shexp"},
};

/* What stays in F32: every GGUF file keeps these whole. */
typedef enum vector {
    ATTN_NORM,
    ATTN_NORM_2,
    FFN_NORM,
    POST_ATTN_NORM,
    POST_FFN_NORM,
    Q_NORM,
    K_NORM,
    Q_A_NORM,
    KV_A_NORM,
    ATTN_SUB_NORM,
    FFN_SUB_NORM,
    ROUTER,
    ROUTER_BIAS,
    SHARED_GATE,
    SINKS,
    CONV,
    OUTPUT_NORM,
    EMBED_NORM,
    POSITIONS,
    NORM_BIAS,
    QKV_BIASES,
    O_BIAS,
    FFN_BIASES,
    EXPERT_BIASES,
    HEAD_BIAS,
    EXTRA,
    VECTORS
} vector;

static const struct {
    const char *name;
    vector kind;
} vectors[] = {
    {"attn_norm.weight", ATTN_NORM},
    {"attn_norm_2.weight", ATTN_NORM_2},
    {"ffn_norm.weight", FFN_NORM},
    {"post_attention_norm.weight", POST_ATTN_NORM},
    {"post_ffw_norm.weight", POST_FFN_NORM},
    {"attn_q_norm.weight", Q_NORM},
    {"attn_k_norm.weight", K_NORM},
    {"attn_q_a_norm.weight", Q_A_NORM},
    {"attn_kv_a_norm.weight", KV_A_NORM},
    {"attn_sub_norm.weight", ATTN_SUB_NORM},
    {"ffn_sub_norm.weight", FFN_SUB_NORM},
    {"ffn_gate_inp.weight", ROUTER},
    {"ffn_gate_inp.bias", ROUTER_BIAS},
    {"exp_probs_b.bias", ROUTER_BIAS},
    {"ffn_gate_inp_shexp.weight", SHARED_GATE},
    {"attn_sinks.weight", SINKS},
    {"shortconv.conv.weight", CONV},
    {"output_norm.weight", OUTPUT_NORM},
    {"token_embd_norm.weight", EMBED_NORM},
    {"position_embd.weight", POSITIONS},
    {"output_norm.bias", NORM_BIAS},
    {"token_embd_norm.bias", NORM_BIAS},
    {"attn_norm.bias", NORM_BIAS},
    {"attn_norm_2.bias", NORM_BIAS},
    {"ffn_norm.bias", NORM_BIAS},
    {"attn_q.bias", QKV_BIASES},
    {"attn_k.bias", QKV_BIASES},
    {"attn_v.bias", QKV_BIASES},
    {"attn_qkv.bias", QKV_BIASES},
    {"attn_output.bias", O_BIAS},
    {"ffn_gate.bias", FFN_BIASES},
    {"ffn_up.bias", FFN_BIASES},
    {"ffn_down.bias", FFN_BIASES},
    {"ffn_gate_exps.bias", EXPERT_BIASES},
    {"ffn_up_exps.bias", EXPERT_BIASES},
    {"ffn_down_exps.bias", EXPERT_BIASES},
    {"output.bias", HEAD_BIAS},
    {"rope_freqs.weight", EXTRA},
    {"rope_factors_long.weight", EXTRA},
    {"rope_factors_short.weight", EXTRA},
};

/* ---- What the file holds ---- */

/* All tensors of one matrix; layers may differ in type, not in shape. */
typedef struct use {
    uint64_t dim[ES_GGUF_MAX_DIMS];
    int16_t *type; /* by layer: 1 + tensor type, 0 where the layer has none */
    size_t layers; /* that have it */
    double weights;
} use;

typedef struct importer {
    const char *path;
    const es_catalog *catalog;
    es_arena *arena;
    es_errors *errors;
    es_gguf_file file;
    const char *arch;
    size_t layers;
    es_shape shape; /* of the row; NaN until it is filled */
    use matrix[MATRICES];
    struct {
        size_t tensors;
        uint64_t dim[ES_GGUF_MAX_DIMS];
        double weights;
    } vector[VECTORS];
    double type_weights[TENSOR_TYPES], type_bytes[TENSOR_TYPES];
    size_t type_tensors[TENSOR_TYPES];
    es_gguf_import *out;
    es_status status;
} importer;

__attribute__((format(printf, 2, 3))) static void fail(importer *m, const char *format, ...) {
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (m->status == ES_OK)
        m->status = es_fail(m->errors, ES_EUSAGE, &(es_origin){.file = m->path}, "%s", text);
}

/* General keys as they are, others behind the architecture. */
static const es_gguf_key *find_key(const importer *m, const char *name) {
    char key[256];
    snprintf(key, sizeof key, "%s.%s", m->arch, name);
    return es_gguf_find_key(&m->file, strncmp(name, "general.", 8) == 0 ? name : key);
}

/* A count; lists with one value per layer must agree where they are not 0.  NaN as fallback: the file must have it. */
static double count(importer *m, const char *name, double fallback) {
    const es_gguf_key *key = find_key(m, name);
    double found = 0;
    if (key == NULL && !isnan(fallback))
        return fallback;
    for (size_t i = 0; key && i < key->n; i++) {
        const double x = key->numbers[i];
        if (!(x >= 0 && x <= ES_COUNT_MAX && x == floor(x)) || (x > 0 && found > 0 && x != found)) {
            fail(m, "metadata '%s': expected the same whole number for all layers", name);
            return 1;
        }
        found = x > 0 ? x : found;
    }
    if (key == NULL || key->n == 0)
        fail(m, "metadata '%s.%s': expected a whole number", es_quote_text(m->arch).text, name);
    return found;
}

/* Bytes of whole blocks. */
static double tensor_bytes(importer *m, const es_gguf_tensor *t) {
    const char *name = t->type < TENSOR_TYPES ? tensor_types[t->type] : NULL;
    const es_table *table = &m->catalog->table[ES_GGUF_TYPE];
    for (size_t i = 0; name && i < table->n_rows; i++) {
        const es_row *row = &table->rows[i];
        if (!es_equal_fold(row->text[ES_T_TYPE], name))
            continue;
        const double block = row->value[ES_T_BLOCK_WEIGHTS];
        if (fmod((double)t->dim[0], block) != 0)
            fail(m, "tensor '%s': rows of %" PRIu64 " are no blocks of %s", es_quote_text(t->name).text, t->dim[0],
                 name);
        return (double)t->weights / block * row->value[ES_T_BLOCK_BYTES];
    }
    fail(m, "tensor '%s': unknown tensor type %" PRIu32, es_quote_text(t->name).text, t->type);
    return 0;
}

static bool same_dims(const uint64_t *a, const uint64_t *b) { return memcmp(a, b, ES_GGUF_MAX_DIMS * sizeof *a) == 0; }

/* `blk.N.rest` or `rest`; layer -1: none. */
static const char *split_name(const char *name, long *layer) {
    *layer = -1;
    if (strncmp(name, "blk.", 4) != 0)
        return name;
    const char *digits = name + 4;
    const size_t n = strspn(digits, "0123456789");
    if (n == 0 || n > 6 || digits[n] != '.')
        return name;
    *layer = strtol(digits, NULL, 10);
    return digits + n + 1;
}

static void add_matrix(importer *m, const es_gguf_tensor *t, matrix which, long layer) {
    use *u = &m->matrix[which];
    const bool global = which == OUTPUT || which == TOKEN_EMBD;
    if (global != (layer < 0) || layer >= (long)m->layers) {
        fail(m, "tensor '%s': no such layer", es_quote_text(t->name).text);
        return;
    }
    if (u->layers == 0)
        memcpy(u->dim, t->dim, sizeof u->dim);
    if (!same_dims(u->dim, t->dim)) {
        fail(m, "tensor '%s': layers of different shapes are not supported", es_quote_text(t->name).text);
        return;
    }
    if (u->type == NULL)
        u->type = es_arena_array(m->arena, m->layers + 1, sizeof *u->type);
    if (u->type == NULL) {
        m->status = es_fail_memory(m->errors);
        return;
    }
    u->type[global ? 0 : layer] = (int16_t)(t->type + 1);
    u->layers++;
    u->weights += (double)t->weights;
}

static void add_vector(importer *m, const es_gguf_tensor *t, vector which) {
    if (t->type != 0)
        fail(m, "tensor '%s': expected F32, as all norms, biases and routers", es_quote_text(t->name).text);
    if (m->vector[which].tensors++ == 0)
        memcpy(m->vector[which].dim, t->dim, sizeof t->dim);
    m->vector[which].weights += (double)t->weights;
}

static void classify(importer *m, const es_gguf_tensor *t) {
    long layer;
    const char *rest = split_name(t->name, &layer);
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        if (strcmp(rest, vectors[i].name) == 0) {
            add_vector(m, t, vectors[i].kind);
            return;
        }
    const char *dot = strrchr(rest, '.');
    for (matrix i = 0; dot && strcmp(dot, ".weight") == 0 && i < MATRICES; i++)
        if (es_slice_equal((es_slice){rest, (size_t)(dot - rest)}, matrices[i].name)) {
            add_matrix(m, t, i, layer);
            return;
        }
    fail(m, "tensor '%s': unknown; architecture '%s' is not supported", es_quote_text(t->name).text,
         es_quote_text(m->arch).text);
}

/* Offsets follow from the sizes in the order of the file, each tensor padded to the alignment. */
static void add_tensors(importer *m) {
    uint64_t next = 0;
    for (size_t i = 0; i < m->file.n_tensors && m->status == ES_OK; i++) {
        const es_gguf_tensor *t = &m->file.tensor[i];
        const double bytes = tensor_bytes(m, t);
        if (m->status != ES_OK)
            return;
        if (t->offset != next)
            fail(m, "tensor '%s': offset %" PRIu64 ", expected %" PRIu64, es_quote_text(t->name).text, t->offset, next);
        next += ((uint64_t)bytes + m->file.alignment - 1) & ~(m->file.alignment - 1);
        m->out->params += (double)t->weights;
        m->out->bytes += bytes;
        m->type_tensors[t->type]++;
        m->type_weights[t->type] += (double)t->weights;
        m->type_bytes[t->type] += bytes;
        if (m->out->params > (double)ES_GGUF_MAX_WEIGHTS)
            fail(m, "more than %llu weights", ES_GGUF_MAX_WEIGHTS);
        classify(m, t);
    }
    const uint64_t data = m->file.size > m->file.data_offset ? m->file.size - m->file.data_offset : 0;
    if (m->status == ES_OK && (double)data < m->out->bytes)
        es_warn(m->errors, &(es_origin){.file = m->path},
                "the header promises %.0f bytes of tensors, %" PRIu64 " follow: truncated", m->out->bytes, data);
}

/* ---- The model ---- */

static bool has(const importer *m, matrix which) { return m->matrix[which].layers > 0; }
static bool has_vector(const importer *m, vector which) { return m->vector[which].tensors > 0; }
static double dim(const importer *m, matrix which, int i) { return (double)m->matrix[which].dim[i]; }
static void put(importer *m, int id, double value) { m->out->model.value[id] = value; }
static double get(const importer *m, int id) { return m->out->model.value[id]; }

static void read_ends(importer *m) {
    const double hidden = count(m, "embedding_length", NAN), width = dim(m, TOKEN_EMBD, 0);
    put(m, ES_M_LAYERS, (double)m->layers);
    put(m, ES_M_HIDDEN, hidden);
    put(m, ES_M_VOCAB, dim(m, TOKEN_EMBD, 1));
    if (!has(m, TOKEN_EMBD))
        fail(m, "no tensor 'token_embd.weight'");
    if (width != hidden)
        fail(m, "tensor 'token_embd.weight': rows of %.0f, expected %.0f", width, hidden);
    put(m, ES_M_TIED, !has(m, OUTPUT));
    put(m, ES_M_LM_HEAD_BIAS, has_vector(m, HEAD_BIAS));
    put(m, ES_M_EMBED_NORM, has_vector(m, EMBED_NORM) && has_vector(m, OUTPUT_NORM));
    put(m, ES_M_POS_ROWS, has_vector(m, POSITIONS) ? (double)m->vector[POSITIONS].dim[1] : 0);
    put(m, ES_M_EXTRA_PARAMS, m->vector[EXTRA].weights);
    put(m, ES_M_MAX_CTX, count(m, "context_length", 0));
}

static void read_norms(importer *m) {
    static const vector of_layers[] = {ATTN_NORM, ATTN_NORM_2, FFN_NORM, POST_ATTN_NORM, POST_FFN_NORM};
    size_t norms = 0;
    for (size_t i = 0; i < sizeof of_layers / sizeof *of_layers; i++)
        norms += m->vector[of_layers[i]].tensors;
    const bool any = norms > 0 || has_vector(m, OUTPUT_NORM);
    put(m, ES_M_NORM, has_vector(m, NORM_BIAS) ? ES_NORM_LN : any ? ES_NORM_RMS : ES_NORM_LN_NP);
    put(m, ES_M_NORMS_PER_LAYER, any ? floor((double)norms / (double)m->layers) : 2);
}

static void read_latent(importer *m) {
    const double heads = get(m, ES_M_HEADS), rope = count(m, "rope.dimension_count", NAN);
    const matrix queries = has(m, ATTN_Q_B) ? ATTN_Q_B : ATTN_Q;
    put(m, ES_M_KV_LORA_RANK, count(m, "attention.kv_lora_rank", NAN));
    put(m, ES_M_Q_LORA_RANK, has(m, ATTN_Q_B) ? dim(m, ATTN_Q_B, 0) : 0);
    put(m, ES_M_QK_ROPE, rope);
    put(m, ES_M_QK_NOPE, floor(dim(m, queries, 1) / heads) - rope);
    put(m, ES_M_V_HEAD_DIM, floor(dim(m, ATTN_OUTPUT, 0) / heads));
    put(m, ES_M_HEAD_DIM, get(m, ES_M_V_HEAD_DIM));
    put(m, ES_M_KV_HEADS, heads); /* 1 in files of late: of the latent, not of the model */
}

static void read_attention(importer *m) {
    const double heads = count(m, "attention.head_count", NAN), hidden = get(m, ES_M_HIDDEN);
    put(m, ES_M_HEADS, heads);
    put(m, ES_M_KV_HEADS, count(m, "attention.head_count_kv", heads));
    if (heads < 1 || m->status != ES_OK) {
        fail(m, "metadata 'attention.head_count': expected at least 1");
        return;
    }
    put(m, ES_M_HEAD_DIM, count(m, "attention.key_length", floor(hidden / heads)));
    if (has(m, ATTN_KV_A))
        read_latent(m);
    put(m, ES_M_QKV_BIAS, has_vector(m, QKV_BIASES));
    put(m, ES_M_O_BIAS, has_vector(m, O_BIAS));
    put(m, ES_M_ATTN_SINKS, has_vector(m, SINKS));
    put(m, ES_M_SUB_NORMS, has_vector(m, ATTN_SUB_NORM));
    put(m, ES_M_CONV_LAYERS, (double)m->vector[CONV].tensors);
    put(m, ES_M_CONV_KERNEL, has_vector(m, CONV) ? (double)m->vector[CONV].dim[0] : 0);
    if (has_vector(m, Q_NORM)) {
        const double width = (double)m->vector[Q_NORM].dim[0] * (double)m->vector[Q_NORM].dim[1];
        put(m, ES_M_QK_NORM, width == get(m, ES_M_HEAD_DIM) ? 1 : 2);
    }
}

static void read_ffn(importer *m) {
    const bool fused = has(m, FFN_UP) && dim(m, FFN_UP, 1) == 2 * dim(m, FFN_DOWN, 0);
    const double width = has(m, FFN_UP) ? dim(m, FFN_DOWN, 0) : count(m, "feed_forward_length", 0);
    put(m, ES_M_FFN_MATRICES, has(m, FFN_GATE) || has(m, FFN_GATE_EXPS) || fused ? 3 : 2);
    put(m, ES_M_MLP_BIAS, has_vector(m, FFN_BIASES));
    put(m, ES_M_INTERMEDIATE, width);
    if (!has(m, FFN_UP_EXPS))
        return;
    const double each = dim(m, FFN_UP_EXPS, 1);
    put(m, ES_M_N_EXPERTS, dim(m, FFN_UP_EXPS, 2));
    put(m, ES_M_N_ACTIVE, count(m, "expert_used_count", NAN));
    put(m, ES_M_EXPERT_INTERMEDIATE, each);
    put(m, ES_M_FIRST_DENSE, (double)m->layers - (double)m->matrix[FFN_UP_EXPS].layers);
    put(m, ES_M_N_SHARED, has(m, FFN_UP_SHEXP) ? dim(m, FFN_UP_SHEXP, 1) / each : 0);
    put(m, ES_M_ROUTER_BIAS, has_vector(m, ROUTER_BIAS));
    put(m, ES_M_EXPERT_BIAS, has_vector(m, EXPERT_BIASES));
    put(m, ES_M_SHARED_GATE, has_vector(m, SHARED_GATE));
}

/* Which layers see all of the context is fixed by the architecture. */
static void read_window(importer *m) {
    static const struct {
        const char *arch;
        double every;
    } known[] = {{"gemma2", 2},     {"gemma3", 6}, {"gpt-oss", 2}, {"gptoss", 2}, {"exaone4", 4},
                 {"cohere2", 4},    {"olmo2", 4},  {"phi3", 0},    {"llama", 0},  {"mistral", 0},
                 {"starcoder2", 0}, {"phimoe", 0}, {"mistral3", 0}};
    const double window = count(m, "attention.sliding_window", 0);
    const es_gguf_key *pattern = find_key(m, "attention.sliding_window_pattern");
    if (window == 0 || window >= get(m, ES_M_MAX_CTX))
        return;
    put(m, ES_M_SLIDING_WINDOW, window);
    if (pattern && pattern->n == 1) {
        put(m, ES_M_GLOBAL_EVERY, count(m, "attention.sliding_window_pattern", 0));
        return;
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].arch, m->arch) == 0) {
            put(m, ES_M_GLOBAL_EVERY, known[i].every);
            return;
        }
    es_warn(m->errors, &(es_origin){.file = m->path},
            "architecture '%s': every layer is taken to have the window of %.0f", es_quote_text(m->arch).text, window);
}

/* Families decide which tensors are fused. */
static const char *family_of(const importer *m) {
    static const char *const fusing[] = {"phi3", "gptneox", "gpt2", "bloom", "falcon"};
    const bool gate_in_up = has(m, FFN_UP) && !has(m, FFN_GATE) && get(m, ES_M_FFN_MATRICES) == 3;
    if (gate_in_up)
        return "phi3";
    bool own = false;
    for (size_t i = 1; i < sizeof fusing / sizeof *fusing; i++)
        own |= strcmp(fusing[i], m->arch) == 0;
    if (has(m, ATTN_QKV))
        return own ? m->arch : "gpt2";
    return own || strcmp(m->arch, "phi3") == 0 ? "llama" : m->arch;
}

static void check_ranges(importer *m) {
    const es_field_table *table = es_fields(ES_MODEL);
    for (size_t f = 0; f < table->n_fields && m->status == ES_OK; f++) {
        const double x = m->out->model.value[f];
        if (!isnan(x) && table->fields[f].type == ES_COUNT && !es_field_accepts(&table->fields[f], x)) {
            char expected[160];
            es_field_expects(&table->fields[f], expected, sizeof expected);
            fail(m, "%s is %g, expected %s", table->fields[f].name, x, expected);
        }
    }
}

/* The tensors that the row stands for must be those of the file, to the last number. */
static void check_parameters(importer *m) {
    const es_params p = es_model_row_params(&m->out->model);
    if (p.total != m->out->params)
        fail(m, "%.0f parameters, but a model of architecture '%s' with these fields has %.0f: not supported",
             m->out->params, es_quote_text(m->arch).text, p.total);
    m->shape = es_model_row_shape(&m->out->model);
}

static void read_model(importer *m) {
    es_model_row *row = &m->out->model;
    const es_gguf_key *name = find_key(m, "general.name");
    if (m->status == ES_OK)
        read_ends(m);
    if (m->status == ES_OK)
        read_norms(m);
    if (m->status == ES_OK)
        read_attention(m);
    if (m->status == ES_OK)
        read_ffn(m);
    if (m->status == ES_OK)
        read_window(m);
    if (m->status == ES_OK)
        check_ranges(m);
    if (m->status == ES_OK)
        check_parameters(m);
    if (m->status != ES_OK)
        return;
    row->text[ES_M_FAMILY] = es_import_name(m->arena, es_slice_of(family_of(m)));
    const char *family = row->text[ES_M_FAMILY];
    const bool fuses_kv_b = family && es_arch_of_family(family, "").fused_kv_b;
    row->text[ES_M_FUSE] = has(m, ATTN_KV_B) && !fuses_kv_b ? "kv_b" : has(m, ATTN_K_B) && fuses_kv_b ? "none" : "";
    row->text[ES_M_NOTE] = name && name->text ? es_import_name(m->arena, es_slice_of(name->text)) : "";
    row->text[ES_M_SOURCE] = "GGUF header";
    row->value[ES_M_PARAMS_PUBLISHED] = m->out->params;
    row->text[ES_M_PUBLISHED_SCOPE] = "tensors of the file";
    if (row->text[ES_M_FAMILY] == NULL || row->text[ES_M_NOTE] == NULL)
        m->status = es_fail_memory(m->errors);
    es_model_row_name_attention(row);
}

/* ---- Rules ---- */

static void add_rule(importer *m, const char *role, int type, const char *condition) {
    es_gguf_import *out = m->out;
    const char *text = es_arena_text(m->arena, es_slice_of(condition));
    if (text == NULL)
        m->status = es_fail_memory(m->errors);
    else
        out->rule[out->n_rules++] = (es_import_rule){role, text, tensor_types[type - 1]};
}

/* more(i) of the quantizer's mixtures: core/layout.c. */
static bool more(size_t i, size_t n) { return i < n / 8 || i >= 7 * n / 8 || (i - n / 8) % 3 == 2; }

static bool is_more(const int16_t *type, size_t n, int16_t *in, int16_t *out) {
    *in = *out = 0;
    for (size_t i = 0; i < n; i++) {
        int16_t *expected = more(i, n) ? in : out;
        if (*expected == 0)
            *expected = type[i];
        if (*expected != type[i])
            return false;
    }
    return *in != 0 && *out != 0 && *in != *out;
}

static size_t count_runs(const int16_t *type, size_t n) {
    size_t runs = n > 0;
    for (size_t i = 1; i < n; i++)
        runs += type[i] != type[i - 1];
    return runs;
}

static int compare_types(const void *a, const void *b) { return *(const int16_t *)a - *(const int16_t *)b; }

/* One rule for each run of layers.  With too many runs the layers are sorted by type: bytes depend on how many layers
 * have a type, not on which. */
static void add_runs(importer *m, const char *role, int16_t *type, size_t n, const char *base) {
    char condition[40];
    if (count_runs(type, n) > MAX_RULES)
        qsort(type, n, sizeof *type, compare_types);
    if (count_runs(type, n) > MAX_RULES) {
        fail(m, "%s: more than %d tensor types", role, MAX_RULES);
        return;
    }
    const bool single = count_runs(type, n) == 1;
    for (size_t i = 1; i <= n; i++) {
        if (i < n && type[i] == type[i - 1])
            continue;
        snprintf(condition, sizeof condition, "i<%zu", i);
        if (i < n || strcmp(tensor_types[type[i - 1] - 1], base) != 0 || !single)
            add_rule(m, role, type[i - 1], i < n ? condition : "always");
    }
}

static void add_role(importer *m, const char *role, int16_t *type, size_t n, const char *base) {
    int16_t in, out;
    if (n > 1 && is_more(type, n, &in, &out)) {
        add_rule(m, role, in, "more(i)");
        if (strcmp(tensor_types[out - 1], base) != 0)
            add_rule(m, role, out, "always");
    } else {
        add_runs(m, role, type, n, base);
    }
}

/* The layers' types of all matrices with this role, without the layers that have none. */
static size_t gather(const importer *m, const char *role, int16_t *type) {
    size_t n = 0;
    for (size_t layer = 0; layer < m->layers; layer++)
        for (matrix i = 0; i < MATRICES; i++)
            if (m->matrix[i].type && m->matrix[i].type[layer] && strcmp(matrices[i].role, role) == 0 && n < m->layers)
                type[n++] = m->matrix[i].type[layer];
    return n;
}

/* Shared experts follow the layers of the model, as layouts count them. */
static size_t gather_shared(const importer *m, matrix which, int16_t *type) {
    const use *u = &m->matrix[which];
    for (size_t layer = 0; layer < m->layers; layer++)
        if ((type[layer] = u->type[layer] ? u->type[layer] : u->type[m->layers - 1]) == 0)
            return 0;
    return m->layers;
}

static void add_rules(importer *m) {
    es_gguf_import *out = m->out;
    int16_t *type = es_arena_array(m->arena, m->layers + 1, sizeof *type);
    out->rule = es_arena_array(m->arena, (size_t)MATRICES * (MAX_RULES + 2), sizeof *out->rule);
    if (type == NULL || out->rule == NULL) {
        m->status = es_fail_memory(m->errors);
        return;
    }
    size_t most = 0;
    for (size_t i = 1; i < TENSOR_TYPES; i++)
        most = m->type_bytes[i] > m->type_bytes[most] ? i : most;
    out->base_type = tensor_types[most];
    for (size_t k = 0; k < MATRICES && m->status == ES_OK; k++) {
        /* The rules of ffn_down also hold for its shared experts: theirs come first. */
        const matrix i = (matrix)(k + FFN_GATE_SHEXP < MATRICES ? k + FFN_GATE_SHEXP : k + FFN_GATE_SHEXP - MATRICES);
        if (!has(m, i) || (i >= FFN_GATE_EXPS && i <= FFN_DOWN_EXPS && has(m, i - FFN_GATE_EXPS + FFN_GATE)))
            continue;
        const bool tied = i == TOKEN_EMBD && !has(m, OUTPUT);
        const bool shared = i >= FFN_GATE_SHEXP, split = i == ATTN_K_B;
        const size_t n = shared ? gather_shared(m, i, type) : gather(m, matrices[i].role, type);
        const char *base = shared || split ? "" : out->base_type; /* these need a rule to be seen at all */
        add_role(m, tied ? "output" : matrices[i].role, type, n, base);
    }
}

/* ---- Proof ---- */

static es_status layout_of(importer *m, const es_catalog *catalog, const char *file_type, es_layout *layout,
                           bool *found) {
    es_gguf *gguf = NULL;
    const es_status status = es_gguf_compile(catalog, m->arena, &gguf, m->errors);
    if (status != ES_OK)
        return status;
    const es_mixture *mixture = es_gguf_mixture(gguf, file_type);
    const es_arch arch = es_arch_of_family(m->out->model.text[ES_M_FAMILY], m->out->model.text[ES_M_FUSE]);
    const es_row *row = es_table_find(&catalog->table[ES_PRECISION], file_type, strlen(file_type));
    *found = mixture != NULL;
    if (mixture)
        es_layout_gguf(gguf, mixture, (es_quantizer){NAN, row && row->value[ES_P_IMATRIX] > 0}, &arch, &m->shape,
                       layout);
    return ES_OK;
}

/* A catalog whose only mixture is the file's. */
static es_status prove(importer *m) {
    es_gguf_import *out = m->out;
    es_catalog own = *m->catalog;
    const size_t n = out->n_rules + 1;
    es_row *rows = es_arena_array(m->arena, n, sizeof *rows);
    const char **cells = es_arena_array(m->arena, n * ES_X_FIELDS, sizeof *cells);
    es_layout layout;
    bool found = false;
    if (rows == NULL || cells == NULL)
        return es_fail_memory(m->errors);
    for (size_t i = 0; i < n; i++) {
        const es_import_rule whole = {"*", "otherwise", out->base_type}, *rule = i > 0 ? &out->rule[i - 1] : &whole;
        const char **text = cells + i * ES_X_FIELDS;
        text[ES_X_FILE_TYPE] = "own";
        text[ES_X_BASE_TYPE] = out->base_type;
        text[ES_X_ROLE] = rule->role;
        text[ES_X_QUANTIZER] = "";
        text[ES_X_CONDITION] = rule->condition;
        text[ES_X_TENSOR_TYPE] = rule->type;
        rows[i] = (es_row){.name = "", .text = text, .origin = {m->path, 0, 0}};
    }
    own.table[ES_GGUF_MIXTURE] = (es_table){.kind = ES_GGUF_MIXTURE, .rows = rows, .n_rows = n};
    es_status status = layout_of(m, &own, "own", &layout, &found);
    if (status == ES_OK && (!found || layout.weight_bytes != out->bytes))
        fail(m, "rules for its tensor types give %.0f bytes, the file has %.0f: not supported",
             found ? layout.weight_bytes : 0, out->bytes);
    return status;
}

/* The catalog's own row, where its rules give the same file. */
static es_status find_known(importer *m) {
    const es_gguf_key *key = find_key(m, "general.file_type");
    const double id = key && key->n == 1 ? key->numbers[0] : -1;
    es_gguf_import *out = m->out;
    es_layout layout;
    bool found = false;
    out->label = id >= 0 && id < FILE_TYPES && id == floor(id) && file_types[(size_t)id] ? file_types[(size_t)id] : "";
    const es_row *row = es_table_find(&m->catalog->table[ES_PRECISION], out->label, strlen(out->label));
    if (row == NULL || strcmp(row->name, out->label) != 0)
        return ES_OK;
    const es_status status = layout_of(m, m->catalog, out->label, &layout, &found);
    if (status == ES_OK && found && layout.weight_bytes == out->bytes)
        out->known = row;
    return status;
}

static int compare_bytes(const void *a, const void *b) {
    const es_import_type *x = a, *y = b;
    return x->bytes < y->bytes ? 1 : x->bytes > y->bytes ? -1 : 0;
}

static es_status sum_types(importer *m) {
    es_gguf_import *out = m->out;
    out->type = es_arena_array(m->arena, TENSOR_TYPES, sizeof *out->type);
    if (out->type == NULL)
        return es_fail_memory(m->errors);
    for (size_t i = 0; i < TENSOR_TYPES; i++)
        if (m->type_tensors[i] > 0)
            out->type[out->n_types++] =
                (es_import_type){tensor_types[i], m->type_tensors[i], m->type_weights[i], m->type_bytes[i]};
    qsort(out->type, out->n_types, sizeof *out->type, compare_bytes);
    out->n_tensors = m->file.n_tensors;
    return ES_OK;
}

/* ---- Names ---- */

/* The file's name without folder, `.gguf` and the file type. */
static es_slice model_name(const char *path, const char *label) {
    const char *slash = strrchr(path, '/');
    es_slice name = es_slice_of(slash ? slash + 1 : path);
    if (name.length > 5 && es_slice_equal_fold((es_slice){name.text + name.length - 5, 5}, ".gguf"))
        name.length -= 5;
    const size_t n = strlen(label);
    if (n > 0 && name.length > n + 1 && strchr("-._", name.text[name.length - n - 1]) &&
        es_slice_equal_fold((es_slice){name.text + name.length - n, n}, label))
        name.length -= n + 1;
    return name;
}

es_status es_gguf_import_name(es_gguf_import *import, const char *name, es_arena *arena, es_errors *errors) {
    const char *clean = es_import_name(arena, es_slice_of(name));
    if (clean == NULL)
        return es_fail_memory(errors);
    import->model.text[ES_M_NAME] = clean;
    import->precision =
        import->known ? import->known->name
                      : es_arena_printf(arena, "%s-%s", clean, *import->label ? import->label : import->base_type);
    if (import->precision != NULL)
        import->mixture = import->precision;
    return import->precision && import->mixture ? ES_OK : es_fail_memory(errors);
}

static es_status name_all(importer *m) {
    const char *name = es_arena_text(m->arena, model_name(m->path, m->out->label));
    return name ? es_gguf_import_name(m->out, name, m->arena, m->errors) : es_fail_memory(m->errors);
}

/* ---- All of it ---- */

static void read_head(importer *m) {
    const es_gguf_key *arch = find_key(m, "general.architecture"), *split = es_gguf_find_key(&m->file, "split.count");
    if (arch == NULL || arch->text == NULL || *arch->text == '\0' || strlen(arch->text) > 64) {
        fail(m, "metadata 'general.architecture': expected a name");
        return;
    }
    m->arch = arch->text;
    if (split && split->n == 1 && split->numbers[0] > 1)
        fail(m, "one part of a split model; merge the parts first (llama-gguf-split --merge)");
    const double layers = count(m, "block_count", NAN);
    if (m->status == ES_OK && (layers < 1 || layers > MAX_LAYERS))
        fail(m, "metadata 'block_count': expected 1 to %d", MAX_LAYERS);
    m->layers = (size_t)layers;
}

es_status es_import_gguf(FILE *stream, const char *path, const es_catalog *catalog, es_arena *arena,
                         es_gguf_import *import, es_errors *errors) {
    importer m = {.path = path, .catalog = catalog, .arena = arena, .errors = errors, .arch = "", .out = import};
    *import = (es_gguf_import){0};
    es_model_row_begin(&import->model);
    m.status = es_gguf_file_read(stream, path, arena, &m.file, errors);
    if (m.status == ES_OK)
        read_head(&m);
    if (m.status == ES_OK)
        add_tensors(&m);
    if (m.status == ES_OK)
        read_model(&m);
    if (m.status == ES_OK)
        add_rules(&m);
    if (m.status != ES_OK)
        return m.status;
    es_status status = prove(&m);
    status = status ? status : m.status;
    if (!status)
        status = find_known(&m);
    if (!status)
        status = sum_types(&m);
    return status ? status : name_all(&m);
}

/* ---- Tables ---- */

void es_gguf_import_print_precision(FILE *out, const es_gguf_import *import) {
    const char *cells[ES_P_FIELDS];
    const char *base = import->base_type;
    const char *compute = strcmp(base, "F32") == 0                                ? "fp32"
                          : strcmp(base, "F16") == 0 || strcmp(base, "BF16") == 0 ? "fp16"
                                                                                  : "int8";
    for (int f = 0; f < ES_P_FIELDS; f++)
        cells[f] = import->known ? import->known->text[f] : "";
    cells[ES_P_NAME] = import->precision;
    if (!import->known) {
        cells[ES_P_KIND] = "gguf";
        cells[ES_P_ACTIVATION_BITS] = strcmp(compute, "int8") == 0 ? "8" : strcmp(compute, "fp16") == 0 ? "16" : "32";
        cells[ES_P_KV_BITS] = "16";
        cells[ES_P_COMPUTE] = compute;
        cells[ES_P_SOURCE] = "GGUF header";
    }
    es_catalog_row(out, cells, ES_P_FIELDS);
}

static void print_rule(FILE *out, const es_gguf_import *import, const es_import_rule *rule) {
    const char *cells[ES_X_FIELDS];
    cells[ES_X_FILE_TYPE] = import->mixture;
    cells[ES_X_BASE_TYPE] = import->base_type;
    cells[ES_X_ROLE] = rule->role;
    cells[ES_X_QUANTIZER] = "";
    cells[ES_X_CONDITION] = rule->condition;
    cells[ES_X_TENSOR_TYPE] = rule->type;
    es_catalog_row(out, cells, ES_X_FIELDS);
}

void es_gguf_import_print_mixture(FILE *out, const es_gguf_import *import) {
    if (import->known)
        return;
    print_rule(out, import, &(es_import_rule){"*", "otherwise", import->base_type});
    for (size_t i = 0; i < import->n_rules; i++)
        print_rule(out, import, &import->rule[i]);
}

void es_gguf_import_print_types(FILE *out, const es_gguf_import *import) {
    fputs("type,tensors,weights,bytes\n", out);
    for (size_t i = 0; i < import->n_types; i++) {
        const es_import_type *t = &import->type[i];
        fprintf(out, "%s,%zu,%.0f,%.0f\n", t->name, t->tensors, t->weights, t->bytes);
    }
}

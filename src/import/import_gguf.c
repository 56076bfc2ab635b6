/* The model is read from the tensors (which ones a layer has, and their shapes), metadata only where tensors cannot say:
 * heads, experts per token, windows, shapes of states.  Then the inventory of the rows must give every tensor of the file
 * back.  Tensor names and keys are those of llama.cpp. */
#include "import/import_gguf.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "import/gguf_file.h"
#include "import/gguf_names.h"
#include "base/number.h"
#include "base/text.h"
#include "io/format.h"
#include "model/inventory.h"
#include "model/layout.h"

enum { MAX_LAYERS = 4096 };

/* ---- What the file holds ---- */

typedef struct layer {
    const es_gguf_tensor *tensor[ES_TENSOR_IDS];
    const es_gguf_tensor *q_norm, *conv, *w1; /* of the shapes that no matrix tells */
    double norms;
    bool ssm_norm, sinks;
} layer;

typedef struct importer {
    const char *path;
    const es_catalog *catalog;
    es_arena *arena;
    es_errors *errors;
    es_gguf_file file;
    const char *arch;
    size_t layers, mtp; /* executed, and blocks for predicting more tokens behind them */
    layer *layer, ends; /* ends: beside the layers */
    double vectors;     /* numbers in F32 that are no matrix of the inventory */
    bool has_norm_bias, qkv_bias, o_bias, mlp_bias, expert_bias, router_bias, shared_gate, sinks, sub_norms, head_bias,
        embed_norm, output_norm;
    double pos_rows;
    double type_weights[ES_GGUF_TENSOR_TYPES], type_bytes[ES_GGUF_TENSOR_TYPES];
    double other[ES_GGUF_TENSOR_TYPES]; /* numbers of matrices that no column explains */
    size_t type_tensors[ES_GGUF_TENSOR_TYPES], apart[ES_TENSOR_IDS];
    es_arch compiled;
    es_shape shape;
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

/* A count, of layer i where the key has a list; NaN as fallback: the file must have it. */
static double count_at(importer *m, const char *name, size_t i, double fallback) {
    const es_gguf_key *key = find_key(m, name);
    if (key == NULL && !isnan(fallback))
        return fallback;
    const double x = key && key->n == 1 ? key->numbers[0] : key && key->n > i ? key->numbers[i] : (double)NAN;
    if (x >= 0 && x <= ES_COUNT_MAX && x == floor(x))
        return x;
    fail(m, "metadata '%s.%s': expected a whole number%s", es_quote_text(m->arch).text, name,
         key && key->n > 1 ? " for each layer" : "");
    return 1;
}

static double count(importer *m, const char *name, double fallback) { return count_at(m, name, 0, fallback); }

/* Bytes of whole blocks. */
static double tensor_bytes(importer *m, const es_gguf_tensor *t) {
    const char *name = es_gguf_tensor_type(t->type);
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

/* `blk.N.rest` or `rest`; layer -1: none. */
static const char *split_name(const char *name, long *number) {
    *number = -1;
    if (strncmp(name, "blk.", 4) != 0)
        return name;
    const char *digits = name + 4;
    const size_t n = strspn(digits, "0123456789");
    if (n == 0 || n > 6 || digits[n] != '.')
        return name;
    *number = strtol(digits, NULL, 10);
    return digits + n + 1;
}

static bool begins(const char *text, const char *with) { return strncmp(text, with, strlen(with)) == 0; }

static bool ends(const char *text, const char *with) {
    const size_t n = strlen(text), length = strlen(with);
    return n >= length && strcmp(text + n - length, with) == 0;
}

static void put_tensor(importer *m, layer *to, es_tensor_id id, const es_gguf_tensor *t) {
    if (to->tensor[id])
        fail(m, "tensor '%s': given twice", es_quote_text(t->name).text);
    to->tensor[id] = t;
}

/* Gate and up of the experts in one tensor: as many bytes as two. */
static void split_experts(importer *m, layer *to, const es_gguf_tensor *t) {
    es_gguf_tensor *half = es_arena_alloc(m->arena, sizeof *half);
    if (half == NULL) {
        m->status = es_fail_memory(m->errors);
        return;
    }
    *half = *t;
    half->dim[1] /= 2;
    half->weights /= 2;
    put_tensor(m, to, ES_TENSOR_FFN_GATE_EXPS, half);
    put_tensor(m, to, ES_TENSOR_FFN_UP_EXPS, half);
}

static bool is_matrix(importer *m, layer *to, const char *rest, const es_gguf_tensor *t) {
    const size_t n = strlen(rest);
    if (n < 8 || strcmp(rest + n - 7, ".weight") != 0)
        return false;
    const es_slice name = {rest, n - 7};
    if (es_slice_equal(name, "ffn_gate_up_exps") && t->dim[1] % 2 == 0) {
        split_experts(m, to, t);
        return true;
    }
    for (es_tensor_id id = 0; id < ES_TENSOR_OTHER; id++)
        if (es_slice_equal(name, es_tensor_names[id])) {
            put_tensor(m, to, id, t);
            return true;
        }
    return false;
}

/* What a vector's name tells about the model; false: it tells nothing. */
static bool read_vector(importer *m, layer *to, const char *rest, const es_gguf_tensor *t, bool inside) {
    static const char *const inner[] = {"attn_q_norm", "attn_k_norm", "attn_q_a_norm", "attn_kv_a_norm",
                                        "ssm_",        "time_mix_",   "post_norm",     "laurel_",
                                        "altup_",      "per_layer_",  "indexer"};
    static const struct {
        const char *name;
        size_t flag;
    } flags[] = {
#define FLAG(name, member) {name, offsetof(importer, member)}
        FLAG("attn_q.bias", qkv_bias),
        FLAG("attn_k.bias", qkv_bias),
        FLAG("attn_v.bias", qkv_bias),
        FLAG("attn_qkv.bias", qkv_bias),
        FLAG("attn_output.bias", o_bias),
        FLAG("ffn_gate.bias", mlp_bias),
        FLAG("ffn_up.bias", mlp_bias),
        FLAG("ffn_down.bias", mlp_bias),
        FLAG("ffn_gate_exps.bias", expert_bias),
        FLAG("ffn_up_exps.bias", expert_bias),
        FLAG("ffn_down_exps.bias", expert_bias),
        FLAG("ffn_gate_inp.bias", router_bias),
        FLAG("exp_probs_b.bias", router_bias),
        FLAG("exp_probs_b", router_bias),
        FLAG("ffn_gate_inp_shexp.weight", shared_gate),
        FLAG("attn_sinks.weight", sinks),
        FLAG("attn_sub_norm.weight", sub_norms),
        FLAG("ffn_sub_norm.weight", sub_norms),
        FLAG("output.bias", head_bias),
        FLAG("token_embd_norm.weight", embed_norm),
        FLAG("output_norm.weight", output_norm),
#undef FLAG
    };
    bool known = false, own = false;
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (strcmp(rest, flags[i].name) == 0) {
            bool *flag = (bool *)((char *)m + flags[i].flag);
            *flag = known = true;
            own = flags[i].flag == offsetof(importer, sub_norms);
        }
    for (size_t i = 0; i < sizeof inner / sizeof *inner; i++)
        own |= begins(rest, inner[i]);
    m->has_norm_bias |= (!own && ends(rest, "norm.bias")) || ends(rest, "norm_2.bias");
    to->q_norm = strcmp(rest, "attn_q_norm.weight") == 0 ? t : to->q_norm;
    to->conv = strcmp(rest, "ssm_conv1d.weight") == 0 || strcmp(rest, "shortconv.conv.weight") == 0 ? t : to->conv;
    to->w1 = strcmp(rest, "time_mix_w1.weight") == 0 ? t : to->w1;
    to->sinks |= strcmp(rest, "attn_sinks.weight") == 0;
    to->ssm_norm |= strcmp(rest, "ssm_norm.weight") == 0 || strcmp(rest, "ssm_dt_norm.weight") == 0;
    if (strcmp(rest, "position_embd.weight") == 0)
        m->pos_rows = (double)t->dim[1];
    if (inside && !own && strstr(rest, "norm") && ends(rest, ".weight"))
        to->norms++;
    return known || own || strstr(rest, "norm") || ends(rest, ".bias") || begins(rest, "rope_") ||
           ends(rest, "scale") || ends(rest, "scale.weight") || begins(rest, "position_embd") ||
           begins(rest, "ffn_gate_inp") || begins(rest, "shortconv.conv") || begins(rest, "channel_mix_lerp");
}

static void add_tensor(importer *m, const es_gguf_tensor *t) {
    /* Encoders, towers, sparse attention, RWKV-6, Kimi Delta attention. */
    static const char *const not_covered[] = {
        "enc.", "dec.", "v.", "a.", "mm.", "indexer", "time_mix_decay", "time_mix_first", "ssm_conv1d_q", "cross_attn"};
    long number;
    const char *rest = split_name(t->name, &number);
    if (number >= (long)m->layers && number < (long)(m->layers + m->mtp)) {
        m->out->mtp_bytes += tensor_bytes(m, t);
        m->out->mtp_params += (double)t->weights;
        return;
    }
    if (number >= (long)m->layers) {
        fail(m, "tensor '%s': no such layer", es_quote_text(t->name).text);
        return;
    }
    layer *to = number < 0 ? &m->ends : &m->layer[number];
    if (is_matrix(m, to, rest, t))
        return;
    const bool known = read_vector(m, to, rest, t, number >= 0);
    for (size_t i = 0; i < sizeof not_covered / sizeof *not_covered; i++)
        if (begins(rest, not_covered[i]))
            fail(m, "tensor '%s': models with such tensors are not covered; architecture '%s'",
                 es_quote_text(t->name).text, es_quote_text(m->arch).text);
    if (known && t->type != 0)
        fail(m, "tensor '%s': expected F32, as all norms, biases and routers", es_quote_text(t->name).text);
    if (!known && number <= 0)
        es_warn(m->errors, &(es_origin){.file = m->path}, "tensor '%s': not known, counted in %s",
                es_quote_text(t->name).text, t->type == 0 ? "extra_params" : "other_params, which each token reads");
    *(t->type == 0 ? &m->vectors : &m->other[t->type]) += (double)t->weights;
}

/* Offsets follow from the sizes in the order of the file, each tensor padded to the alignment. */
static void add_tensors(importer *m) {
    uint64_t next = 0;
    double part = 0;
    for (size_t i = 0; i < m->file.n_tensors && m->status == ES_OK; i++) {
        const es_gguf_tensor *t = &m->file.tensor[i];
        const double bytes = tensor_bytes(m, t);
        if (m->status != ES_OK)
            return;
        if (t->offset == 0 && i > 0 && m->file.n_parts > 1)
            next = 0;
        if (t->offset != next)
            fail(m, "tensor '%s': offset %" PRIu64 ", expected %" PRIu64, es_quote_text(t->name).text, t->offset, next);
        next += ((uint64_t)bytes + m->file.alignment - 1) & ~(m->file.alignment - 1);
        part += bytes;
        m->out->params += (double)t->weights;
        m->out->bytes += bytes;
        m->type_tensors[t->type]++;
        m->type_weights[t->type] += (double)t->weights;
        m->type_bytes[t->type] += bytes;
        if (m->out->params > (double)ES_GGUF_MAX_WEIGHTS)
            fail(m, "more than %llu weights", ES_GGUF_MAX_WEIGHTS);
        add_tensor(m, t);
    }
    if (m->status == ES_OK && (double)m->file.data_bytes < part)
        es_warn(m->errors, &(es_origin){.file = m->path},
                "the header promises %.0f bytes of tensors, %" PRIu64 " follow: truncated", part, m->file.data_bytes);
    m->out->params -= m->out->mtp_params;
    m->out->bytes -= m->out->mtp_bytes;
}

/* ---- The model ---- */

static double dim(const layer *l, es_tensor_id id, int i) { return l->tensor[id] ? (double)l->tensor[id]->dim[i] : 0; }
static bool has(const layer *l, es_tensor_id id) { return l->tensor[id] != NULL; }
static void put(importer *m, int id, double value) { m->out->model.value[id] = value; }
static double get(const importer *m, int id) { return m->out->model.value[id]; }

static bool any(const importer *m, es_tensor_id id) {
    for (size_t i = 0; i < m->layers; i++)
        if (has(&m->layer[i], id))
            return true;
    return false;
}

static void read_ends(importer *m) {
    const layer *e = &m->ends;
    const double hidden = count(m, "embedding_length", NAN), width = dim(e, ES_TENSOR_TOKEN_EMBD, 0);
    put(m, ES_M_LAYERS, (double)m->layers);
    put(m, ES_M_MTP_LAYERS, (double)m->mtp);
    put(m, ES_M_HIDDEN, hidden);
    put(m, ES_M_VOCAB, dim(e, ES_TENSOR_TOKEN_EMBD, 1));
    if (!has(e, ES_TENSOR_TOKEN_EMBD))
        fail(m, "no tensor 'token_embd.weight'");
    else if (width != hidden)
        fail(m, "tensor 'token_embd.weight': rows of %.0f, expected %.0f", width, hidden);
    put(m, ES_M_TIED, !has(e, ES_TENSOR_OUTPUT));
    put(m, ES_M_LM_HEAD_BIAS, m->head_bias);
    put(m, ES_M_EMBED_NORM, m->embed_norm && m->output_norm);
    put(m, ES_M_POS_ROWS, m->pos_rows);
    put(m, ES_M_MAX_CTX, count(m, "context_length", 0));
    put(m, ES_M_QKV_BIAS, m->qkv_bias);
    put(m, ES_M_O_BIAS, m->o_bias);
    put(m, ES_M_MLP_BIAS, m->mlp_bias);
    put(m, ES_M_SUB_NORMS, m->sub_norms);
    put(m, ES_M_ROUTER_BIAS, m->router_bias);
    put(m, ES_M_EXPERT_BIAS, m->expert_bias);
    put(m, ES_M_SHARED_GATE, m->shared_gate);
    if (has(e, ES_TENSOR_PER_LAYER_TOKEN_EMBD))
        put(m, ES_M_PER_LAYER_EMBD, floor(dim(e, ES_TENSOR_PER_LAYER_TOKEN_EMBD, 0) / (double)m->layers));
    if (has(e, ES_TENSOR_ALTUP_PROJ))
        put(m, ES_M_ALTUP, dim(e, ES_TENSOR_ALTUP_PROJ, 2) + 1);
    put(m, ES_M_LAUREL_RANK, dim(&m->layer[0], ES_TENSOR_LAUREL_L, 1));
    double norms = 0;
    for (size_t i = 0; i < m->layers; i++)
        norms += m->layer[i].norms;
    put(m, ES_M_NORM, m->has_norm_bias ? ES_NORM_LN : norms > 0 || m->output_norm ? ES_NORM_RMS : ES_NORM_LN_NP);
}

static bool is_gdn(const layer *l) { return has(l, ES_TENSOR_ATTN_GATE) && has(l, ES_TENSOR_SSM_OUT); }

static bool attends(const layer *l) {
    return (has(l, ES_TENSOR_ATTN_Q) || has(l, ES_TENSOR_ATTN_QKV) || has(l, ES_TENSOR_ATTN_Q_A)) &&
           has(l, ES_TENSOR_ATTN_OUTPUT) && !is_gdn(l);
}

static void read_latent(importer *m, const layer *l) {
    const double heads = get(m, ES_M_HEADS), rope = count(m, "rope.dimension_count", NAN);
    const es_tensor_id queries = has(l, ES_TENSOR_ATTN_Q_B) ? ES_TENSOR_ATTN_Q_B : ES_TENSOR_ATTN_Q;
    put(m, ES_M_KV_LORA_RANK, count(m, "attention.kv_lora_rank", NAN));
    put(m, ES_M_Q_LORA_RANK, dim(l, ES_TENSOR_ATTN_Q_B, 0));
    put(m, ES_M_QK_ROPE, rope);
    put(m, ES_M_QK_NOPE, floor(dim(l, queries, 1) / heads) - rope);
    put(m, ES_M_V_HEAD_DIM, floor(dim(l, ES_TENSOR_ATTN_OUTPUT, 0) / heads));
    put(m, ES_M_HEAD_DIM, get(m, ES_M_V_HEAD_DIM));
    put(m, ES_M_KV_HEADS, heads); /* 1 in files of late: of the latent, not of the model */
}

/* The window of layer i: a list tells, or a number how often a layer has none, or the architecture. */
static double window_of(importer *m, size_t i, bool *warned) {
    const es_gguf_key *pattern = find_key(m, "attention.sliding_window_pattern");
    const es_gguf_arch *arch = es_gguf_arch_of(m->arch);
    double window = count(m, "attention.sliding_window", arch ? arch->window : 0), period = arch ? arch->period : NAN;
    if (window == 0 || (get(m, ES_M_MAX_CTX) > 0 && window >= get(m, ES_M_MAX_CTX)))
        return 0;
    if (pattern && pattern->n > 1) {
        if (pattern->n < m->layers)
            fail(m, "metadata '%s.attention.sliding_window_pattern': expected a value for each layer",
                 es_quote_text(m->arch).text);
        return pattern->n > i && pattern->numbers[i] > 0 ? window : 0;
    }
    if (pattern)
        period = count(m, "attention.sliding_window_pattern", 0);
    if (isnan(period) && !*warned) {
        es_warn(m->errors, &(es_origin){.file = m->path},
                "architecture '%s': every layer is taken to have the window of %.0f", es_quote_text(m->arch).text,
                window);
        *warned = true;
    }
    const double position = period < 0 ? (double)i : (double)i + 1;
    return !isnan(period) && period != 0 && fmod(position, period) == 0 ? 0 : window;
}

static void read_attention(importer *m, const layer *l, size_t i, es_layer_row *row, bool *warned) {
    const double heads = count_at(m, "attention.head_count", i, NAN);
    double kv = count_at(m, "attention.head_count_kv", i, heads);
    const double output = dim(l, ES_TENSOR_ATTN_OUTPUT, 0), q = dim(l, ES_TENSOR_ATTN_Q, 1);
    const double window = window_of(m, i, warned);
    if (heads < 1 || kv < 1) {
        fail(m, "metadata '%s': expected at least 1", heads < 1 ? "attention.head_count" : "attention.head_count_kv");
        return;
    }
    row->text[ES_L_MIXER] = has(l, ES_TENSOR_ATTN_KV_A_MQA) ? "mla" : "attention";
    row->value[ES_L_WINDOW] = window;
    row->value[ES_L_HEADS] = heads;
    if (has(l, ES_TENSOR_ATTN_KV_A_MQA)) {
        put(m, ES_M_HEADS, heads);
        read_latent(m, l);
        return;
    }
    const bool swa = window > 0 && find_key(m, "attention.key_length_swa");
    double d = count(m, swa ? "attention.key_length_swa" : "attention.key_length", floor(get(m, ES_M_HIDDEN) / heads));
    d = has(l, ES_TENSOR_ATTN_K) ? floor(dim(l, ES_TENSOR_ATTN_K, 1) / kv) : d;
    row->value[ES_L_KV_HEADS] = kv;
    row->value[ES_L_HEAD_DIM] = d;
    row->value[ES_L_V_HEAD_DIM] = floor(output / heads);
    const double gate = dim(l, ES_TENSOR_ATTN_GATE, 1);
    row->value[ES_L_OUT_GATE] = gate > 0 ? (gate == heads ? 3 : 2) : has(l, ES_TENSOR_ATTN_Q) && q == 2 * heads * d;
    row->value[ES_L_K_EQ_V] = has(l, ES_TENSOR_ATTN_K) && !has(l, ES_TENSOR_ATTN_V);
    const double shared = count(m, "attention.shared_kv_layers", 0);
    row->value[ES_L_KV] = has(l, ES_TENSOR_ATTN_Q) && !has(l, ES_TENSOR_ATTN_K) ? ES_KV_NONE
                          : (double)i >= (double)m->layers - shared             ? ES_KV_SHARED
                                                                                : ES_KV_OWN;
    if (l->q_norm)
        put(m, ES_M_QK_NORM, (double)l->q_norm->weights == d ? 1 : (double)l->q_norm->weights == heads * d ? 2 : 0);
}

static void read_recurrent(importer *m, const layer *l, es_layer_row *row) {
    const double hidden = get(m, ES_M_HIDDEN), inner = dim(l, ES_TENSOR_SSM_OUT, 0);
    const bool gdn = is_gdn(l), first = has(l, ES_TENSOR_SSM_X), second = !first && has(l, ES_TENSOR_SSM_IN);
    const bool both = attends(l) && second;
    const char *mixer = gdn                                            ? "gdn"
                        : first                                        ? "mamba1"
                        : both                                         ? "attention+mamba2"
                        : second                                       ? "mamba2"
                        : has(l, ES_TENSOR_TIME_MIX_RECEPTANCE)        ? "rwkv7"
                        : has(l, ES_TENSOR_SHORTCONV_IN)               ? "conv"
                        : has(l, ES_TENSOR_ATTN_OUTPUT) && !attends(l) ? "linear"
                                                                       : NULL;
    if (mixer == NULL)
        return;
    row->text[ES_L_MIXER] = mixer;
    if (has(l, ES_TENSOR_ATTN_OUTPUT) && !gdn && !both)
        return;
    if (gdn || first || second) {
        const double heads = first ? dim(l, ES_TENSOR_SSM_DT, 1) : count(m, "ssm.time_step_rank", NAN);
        row->value[ES_L_CONV_KERNEL] = count(m, "ssm.conv_kernel", l->conv ? (double)l->conv->dim[0] : (double)NAN);
        row->value[ES_L_SSM_STATE] = count(m, "ssm.state_size", NAN);
        row->value[ES_L_SSM_HEADS] = heads;
        row->value[ES_L_SSM_HEAD_DIM] = heads > 0 ? floor(inner / heads) : 0;
        row->value[ES_L_SSM_GROUPS] = first ? 0 : count(m, "ssm.group_count", NAN);
        row->value[ES_L_SSM_NORM] = l->ssm_norm && !gdn;
        if (first)
            row->text[ES_L_RANKS] = es_arena_printf(m->arena, "%.0f", dim(l, ES_TENSOR_SSM_DT, 0));
    } else if (has(l, ES_TENSOR_SHORTCONV_IN)) {
        row->value[ES_L_CONV_KERNEL] = count(m, "shortconv.l_cache", l->conv ? (double)l->conv->dim[0] : (double)NAN);
    } else {
        const layer *ranks = &m->layer[m->layers > 1]; /* the first layer has no value residual of its own rank */
        row->value[ES_L_SSM_HEAD_DIM] = count(m, "wkv.head_size", NAN);
        row->value[ES_L_SSM_HEADS] = floor(hidden / fmax(1, row->value[ES_L_SSM_HEAD_DIM]));
        row->text[ES_L_RANKS] =
            es_arena_printf(m->arena, "%.0f;%.0f;%.0f;%.0f", ranks->w1 ? (double)ranks->w1->dim[1] : 0,
                            dim(ranks, ES_TENSOR_TIME_MIX_A1, 1), dim(ranks, ES_TENSOR_TIME_MIX_V1, 1),
                            dim(ranks, ES_TENSOR_TIME_MIX_G1, 1));
    }
    if (row->text[ES_L_RANKS] == NULL)
        m->status = es_fail_memory(m->errors);
}

static void read_ffn(importer *m, const layer *l, es_layer_row *row) {
    const bool dense = has(l, ES_TENSOR_FFN_UP), experts = has(l, ES_TENSOR_FFN_UP_EXPS);
    row->text[ES_L_FFN] = dense && experts                    ? "dense+moe"
                          : experts                           ? "moe"
                          : dense                             ? "dense"
                          : has(l, ES_TENSOR_CHANNEL_MIX_KEY) ? "channel_mix"
                                                              : "none";
    if (dense)
        row->value[ES_L_INTERMEDIATE] = dim(l, ES_TENSOR_FFN_DOWN, 0);
    if (has(l, ES_TENSOR_CHANNEL_MIX_KEY))
        row->value[ES_L_INTERMEDIATE] = dim(l, ES_TENSOR_CHANNEL_MIX_KEY, 1);
    if (!experts)
        return;
    const double width = dim(l, ES_TENSOR_FFN_DOWN_EXPS, 0);
    put(m, ES_M_MOE_LATENT, dim(l, ES_TENSOR_FFN_LATENT_DOWN, 1));
    row->value[ES_L_N_EXPERTS] = dim(l, ES_TENSOR_FFN_UP_EXPS, 2);
    row->value[ES_L_N_ACTIVE] = count(m, "expert_used_count", NAN);
    row->value[ES_L_EXPERT_INTERMEDIATE] = width;
    row->value[ES_L_N_SHARED] = width > 0 ? dim(l, ES_TENSOR_FFN_UP_SHEXP, 1) / width : 0;
}

/* What most layers have becomes the model's own. */
static void put_usual(importer *m, const es_layer_row *row, int of_layer, int of_model, double fallback) {
    double usual = fallback;
    size_t most = 0;
    for (size_t i = 0; i < m->layers; i++) {
        size_t alike = 0;
        for (size_t j = i; j < m->layers && !isnan(row[i].value[of_layer]); j++)
            alike += row[j].value[of_layer] == row[i].value[of_layer];
        if (alike > most)
            most = alike, usual = row[i].value[of_layer];
    }
    put(m, of_model, usual);
}

/* What most layers have becomes the model's, layers say what differs. */
static void put_all_usual(importer *m, es_layer_row *row) {
    if (get(m, ES_M_KV_LORA_RANK) == 0) {
        put_usual(m, row, ES_L_HEADS, ES_M_HEADS, 1);
        put_usual(m, row, ES_L_KV_HEADS, ES_M_KV_HEADS, NAN);
        put_usual(m, row, ES_L_HEAD_DIM, ES_M_HEAD_DIM, NAN);
    }
    put_usual(m, row, ES_L_N_EXPERTS, ES_M_N_EXPERTS, 0);
    put_usual(m, row, ES_L_N_ACTIVE, ES_M_N_ACTIVE, 0);
    put_usual(m, row, ES_L_N_SHARED, ES_M_N_SHARED, 0);
    put_usual(m, row, ES_L_EXPERT_INTERMEDIATE, ES_M_EXPERT_INTERMEDIATE, 0);
    put_usual(m, row, ES_L_INTERMEDIATE, ES_M_INTERMEDIATE, count_at(m, "feed_forward_length", 0, 0));
    put_usual(m, row, ES_L_NORMS, ES_M_NORMS_PER_LAYER, 2);
    if (get(m, ES_M_NORM) == ES_NORM_LN_NP) { /* norms without weights leave no trace */
        put(m, ES_M_NORMS_PER_LAYER, 2);
        for (size_t i = 0; i < m->layers; i++)
            row[i].value[ES_L_NORMS] = 2;
    }
}

/* Which matrices are one tensor in the file, where the family has them otherwise. */
static void read_fusion(importer *m) {
    bool gated = false, gate_up = false, qkv = false;
    for (size_t i = 0; i < m->layers; i++) {
        const layer *l = &m->layer[i];
        gate_up |= has(l, ES_TENSOR_FFN_UP) && !has(l, ES_TENSOR_FFN_GATE) &&
                   dim(l, ES_TENSOR_FFN_UP, 1) == 2 * dim(l, ES_TENSOR_FFN_DOWN, 0);
        gated |= has(l, ES_TENSOR_FFN_GATE) || has(l, ES_TENSOR_FFN_GATE_EXPS);
        qkv |= attends(l) && has(l, ES_TENSOR_ATTN_QKV);
    }
    put(m, ES_M_FFN_MATRICES, gated || gate_up ? 3 : 2);
    const es_arch family = es_arch_of_family(m->out->model.text[ES_M_FAMILY], "");
    const bool kv_b = any(m, ES_TENSOR_ATTN_KV_B);
    const bool plain = !any(m, ES_TENSOR_ATTN_Q) && !qkv; /* nothing there to fuse */
    if ((family.fused_qkv == qkv || plain) && (family.fused_gate_up == gate_up || gated) &&
        !(family.fused_gate_up && gated) && family.fused_kv_b == kv_b)
        return;
    m->out->model.text[ES_M_FUSE] =
        es_arena_printf(m->arena, "%s%s%s%s%s", qkv ? "qkv" : "", qkv && (gate_up || kv_b) ? ";" : "",
                        gate_up ? "gate_up" : "", gate_up && kv_b ? ";" : "",
                        kv_b             ? "kv_b"
                        : qkv || gate_up ? ""
                                         : "none");
    if (m->out->model.text[ES_M_FUSE] == NULL)
        m->status = es_fail_memory(m->errors);
}

static void read_layers(importer *m) {
    es_layer_row *row = es_arena_array(m->arena, m->layers, sizeof *row);
    bool warned = false;
    if (row == NULL) {
        m->status = es_fail_memory(m->errors);
        return;
    }
    for (size_t i = 0; i < m->layers && m->status == ES_OK; i++) {
        es_layer_row_begin(&row[i]);
        row[i].text[ES_L_MIXER] = "none";
        if (attends(&m->layer[i]))
            read_attention(m, &m->layer[i], i, &row[i], &warned);
        read_recurrent(m, &m->layer[i], &row[i]);
        read_ffn(m, &m->layer[i], &row[i]);
        row[i].value[ES_L_NORMS] = m->layer[i].norms;
    }
    if (m->status != ES_OK)
        return;
    put_all_usual(m, row);
    read_fusion(m);
    bool sinks = m->sinks; /* of some layers only (MiMo-V2): counted in extra_params */
    for (size_t i = 0; i < m->layers; i++)
        sinks &= m->layer[i].sinks || !attends(&m->layer[i]);
    put(m, ES_M_ATTN_SINKS, sinks);
    for (size_t i = 0; i < m->layers; i++) /* vision towers apart, gpt-oss is the one released with 4-bit experts */
        if (strcmp(m->arch, "gpt-oss") == 0 && has(&m->layer[i], ES_TENSOR_FFN_UP_EXPS) &&
            m->layer[i].tensor[ES_TENSOR_FFN_UP_EXPS]->type == 39)
            m->out->model.text[ES_M_NATIVE_FORMAT] = "MXFP4";
    if (m->status == ES_OK && !es_model_row_set_layers(&m->out->model, row, m->layers, m->arena))
        m->status = es_fail_memory(m->errors);
    if (m->out->model.n_kinds > ES_MAX_MODEL_KINDS)
        fail(m, "more than %d kinds of layer: not supported", ES_MAX_MODEL_KINDS);
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
    for (size_t k = 0; k < m->out->model.n_kinds && m->status == ES_OK; k++)
        for (int f = 0; f < ES_L_FIELDS; f++) {
            const es_field *field = &es_fields(ES_LAYER)->fields[f];
            const double x = m->out->model.kind[k].value[f];
            if (!isnan(x) && field->type != ES_TEXT && field->type != ES_CHOICE && !es_field_accepts(field, x))
                fail(m, "layers: %s is %g: not supported", field->name, x);
        }
}

/* ---- Proof: the inventory of the rows against the file ---- */

/* Matrices of a layer that the inventory has not: each token reads them, whatever they do. */
static void set_apart(importer *m, layer *found, uint64_t seen) {
    for (es_tensor_id id = 0; id < ES_TENSOR_IDS; id++) {
        const es_gguf_tensor *t = found->tensor[id];
        if (t == NULL || seen >> id & 1)
            continue;
        if (m->apart[id]++ == 0)
            es_warn(m->errors, &(es_origin){.file = m->path},
                    "tensor '%s': not known of layers as this one, counted in other_params, which each token reads",
                    es_quote_text(t->name).text);
        m->other[t->type] += (double)t->weights;
        found->tensor[id] = NULL;
    }
}

static void check_tensors(importer *m, layer *found, const es_tensor *expected, size_t n, long number) {
    uint64_t seen = 0;
    for (size_t i = 0; i < n && m->status == ES_OK; i++) {
        const es_tensor *e = &expected[i];
        const es_gguf_tensor *t = found->tensor[e->id];
        char name[80];
        if (number < 0)
            snprintf(name, sizeof name, "%s.weight", es_tensor_names[e->id]);
        else
            snprintf(name, sizeof name, "blk.%ld.%s.weight", number, es_tensor_names[e->id]);
        seen |= (uint64_t)1 << e->id;
        if (t == NULL)
            fail(m, "no tensor '%s', which a model of architecture '%s' with these fields has: not supported", name,
                 es_quote_text(m->arch).text);
        else if ((double)t->dim[0] != e->in || (double)t->dim[1] != e->out ||
                 (double)(t->dim[2] * t->dim[3]) != e->depth)
            fail(m, "tensor '%s': %" PRIu64 " x %" PRIu64 " x %" PRIu64 ", expected %.0f x %.0f x %.0f: not supported",
                 name, t->dim[0], t->dim[1], t->dim[2] * t->dim[3], e->in, e->out, e->depth);
    }
    if (m->status == ES_OK && number >= 0)
        set_apart(m, found, seen);
    for (es_tensor_id id = 0; id < ES_TENSOR_IDS && m->status == ES_OK; id++)
        if (found->tensor[id] && !(seen >> id & 1))
            fail(m, "tensor '%s': architecture '%s' is not supported", es_quote_text(found->tensor[id]->name).text,
                 es_quote_text(m->arch).text);
}

/* The tensors that the rows stand for must be those of the file, to the last number. */
static void check_model(importer *m) {
    es_catalog catalog = {0};
    es_row row;
    es_tensor tensor[ES_MAX_TENSORS];
    es_vectors first, last;
    m->status = es_model_row_as_catalog(&m->out->model, m->arena, &row, &catalog, m->errors);
    if (m->status == ES_OK)
        m->status = es_arch_compile(&catalog, &row, m->arena, &m->compiled, m->errors);
    if (m->status != ES_OK)
        return;
    m->shape = es_shape_of(&row);
    double vectors = 0;
    for (size_t i = 0; i < m->layers && m->status == ES_OK; i++) {
        const es_layer l = es_layer_of(&m->compiled, &m->shape, es_arch_kind(&m->compiled, &m->shape, (int64_t)i));
        const size_t n = es_layer_tensors(&m->compiled, &m->shape, &l, tensor, &first);
        check_tensors(m, &m->layer[i], tensor, n, (long)i);
        vectors += first.streamed + first.stored + first.routed * l.experts;
    }
    const size_t n = es_end_tensors(&m->compiled, &m->shape, tensor, &first, &last);
    for (uint32_t i = 0; i < ES_GGUF_TENSOR_TYPES; i++)
        m->shape.other += m->other[i];
    put(m, ES_M_OTHER_PARAMS, m->shape.other);
    if (m->status == ES_OK)
        check_tensors(m, &m->ends, tensor, n, -1);
    vectors += first.streamed + first.stored + last.streamed + last.stored;
    if (m->status == ES_OK && vectors > m->vectors)
        es_warn(m->errors, &(es_origin){.file = m->path},
                "%.0f norms and biases fewer than a model of architecture '%s' with these fields has: in extra_params",
                vectors - m->vectors, es_quote_text(m->arch).text);
    put(m, ES_M_EXTRA_PARAMS, m->vectors - vectors);
    m->shape.extra = m->vectors - vectors;
    check_ranges(m);
}

static void read_model(importer *m) {
    es_model_row *row = &m->out->model;
    const es_gguf_key *name = find_key(m, "general.name");
    const es_gguf_arch *arch = es_gguf_arch_of(m->arch);
    row->text[ES_M_FAMILY] = es_import_name(m->arena, es_slice_of(arch ? arch->family : m->arch));
    row->text[ES_M_NOTE] = name && name->text ? es_import_name(m->arena, es_slice_of(name->text)) : "";
    row->text[ES_M_SOURCE] = "GGUF header";
    row->text[ES_M_PUBLISHED_SCOPE] = "tensors of the file";
    row->value[ES_M_PARAMS_PUBLISHED] = m->out->params;
    row->value[ES_M_FAMILY] = 0;
    if (row->text[ES_M_FAMILY] == NULL || row->text[ES_M_NOTE] == NULL)
        m->status = es_fail_memory(m->errors);
    if (m->status == ES_OK)
        read_ends(m);
    if (m->status == ES_OK)
        read_layers(m);
    if (m->status == ES_OK)
        check_ranges(m);
    if (m->status == ES_OK)
        check_model(m);
    es_model_row_name_attention(row);
}

/* ---- Rules ---- */

static void add_rule(importer *m, es_tensor_id id, uint32_t type, const char *condition) {
    es_gguf_import *out = m->out;
    const char *text = es_arena_text(m->arena, es_slice_of(condition));
    if (text == NULL)
        m->status = es_fail_memory(m->errors);
    else
        out->rule[out->n_rules++] = (es_import_rule){es_tensor_names[id], text, es_gguf_tensor_type(type)};
}

/* One rule for each run of layers of one type, layers without the tensor joining the run before them. */
static void add_runs(importer *m, es_tensor_id id) {
    const es_gguf_tensor *last = NULL;
    size_t begin = m->out->n_rules;
    for (size_t i = 0; i < m->layers && m->status == ES_OK; i++) {
        const es_gguf_tensor *t = m->layer[i].tensor[id];
        char condition[40];
        if (t && last && strcmp(es_gguf_tensor_type(t->type), es_gguf_tensor_type(last->type)) != 0) {
            snprintf(condition, sizeof condition, "layer<%zu", i);
            add_rule(m, id, last->type, condition);
        }
        last = t ? t : last;
    }
    if (last && (m->out->n_rules > begin || strcmp(es_gguf_tensor_type(last->type), m->out->base_type) != 0 ||
                 (id >= ES_TENSOR_FFN_GATE_EXPS && id <= ES_TENSOR_FFN_DOWN_SHEXP)))
        add_rule(m, id, last->type, "always");
}

/* One for each type of the numbers that no column explains, in the order of the types. */
static void add_others(importer *m) {
    double end = 0;
    for (uint32_t i = 0; i < ES_GGUF_TENSOR_TYPES && m->status == ES_OK; i++) {
        char condition[40];
        end += m->other[i];
        snprintf(condition, sizeof condition, "t<%.0f", end);
        if (m->other[i] > 0)
            add_rule(m, ES_TENSOR_OTHER, i, end < m->shape.other ? condition : "always");
    }
}

static void add_rules(importer *m) {
    es_gguf_import *out = m->out;
    out->rule =
        es_arena_array(m->arena, (size_t)ES_TENSOR_IDS * (m->layers + 2) + ES_GGUF_TENSOR_TYPES, sizeof *out->rule);
    if (out->rule == NULL) {
        m->status = es_fail_memory(m->errors);
        return;
    }
    uint32_t most = 0;
    for (uint32_t i = 1; i < ES_GGUF_TENSOR_TYPES; i++)
        most = m->type_bytes[i] > m->type_bytes[most] ? i : most;
    out->base_type = es_gguf_tensor_type(most);
    /* From the last to the first: experts' rules before those of ffn_down, which is their role too. */
    for (int id = ES_TENSOR_IDS - 1; id >= 0 && m->status == ES_OK; id--) {
        const es_gguf_tensor *t = m->ends.tensor[id];
        if (t && strcmp(es_gguf_tensor_type(t->type), out->base_type) != 0)
            add_rule(m, (es_tensor_id)id, t->type, "always");
        add_runs(m, (es_tensor_id)id);
    }
    add_others(m);
}

/* Bytes by tensor, what the file has less what a mixture gives. */
typedef struct balance {
    const es_gguf *gguf;
    double weights[ES_TENSOR_IDS][ES_MAX_TENSOR_TYPES];
    double vectors;
} balance;

static void subtract(void *data, const es_tensor *tensor, int type, double count) {
    balance *b = data;
    if (tensor)
        b->weights[tensor->id][type] -= tensor->in * tensor->out * tensor->depth * count;
    else
        b->vectors -= count;
}

/* Whether the mixture gives every tensor's type; `fault`: the first that it does not. */
static es_status compare(importer *m, const es_catalog *catalog, const char *file_type, es_quantizer quantizer,
                         bool *same, const char **fault) {
    es_gguf *gguf = NULL;
    balance *b = es_arena_alloc(m->arena, sizeof *b);
    const es_status status = es_gguf_compile(catalog, m->arena, &gguf, m->errors);
    if (status != ES_OK || b == NULL)
        return status != ES_OK ? status : es_fail_memory(m->errors);
    const es_mixture *mixture = es_gguf_mixture(gguf, file_type);
    *fault = "";
    *same = mixture && es_gguf_types(gguf, mixture, quantizer, &m->compiled, &m->shape, subtract, b);
    for (size_t i = 0; i <= m->layers && *same; i++)
        for (es_tensor_id id = 0; id < ES_TENSOR_IDS; id++) {
            const es_gguf_tensor *t = i < m->layers ? m->layer[i].tensor[id] : m->ends.tensor[id];
            if (t)
                b->weights[id][es_gguf_type_id(gguf, es_gguf_tensor_type(t->type))] += (double)t->weights;
        }
    for (uint32_t i = 0; i < ES_GGUF_TENSOR_TYPES; i++)
        if (m->other[i] > 0)
            b->weights[ES_TENSOR_OTHER][es_gguf_type_id(gguf, es_gguf_tensor_type(i))] += m->other[i];
    for (es_tensor_id id = 0; id < ES_TENSOR_IDS && *same; id++)
        for (int type = 0; type < ES_MAX_TENSOR_TYPES; type++)
            if (b->weights[id][type] != 0)
                *same = false, *fault = es_tensor_names[id];
    return ES_OK;
}

/* A catalog whose only mixture is the file's. */
static es_status prove(importer *m) {
    es_gguf_import *out = m->out;
    es_catalog own = *m->catalog;
    const size_t n = out->n_rules + 1;
    es_row *rows = es_arena_array(m->arena, n, sizeof *rows);
    const char **cells = es_arena_array(m->arena, n * ES_X_FIELDS, sizeof *cells), *fault = "";
    bool same = false;
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
    const es_status status = compare(m, &own, "own", (es_quantizer){NAN, false}, &same, &fault);
    if (status == ES_OK && !same)
        fail(m, "%s: no rules give its tensor types: not supported", fault);
    return status;
}

/* The catalog's own row, where its rules give the same file.  Those of the quantizer before 2026-03, with an importance matrix
 * or without, are named, but a row of its own has the file's bytes without being told of either. */
static es_status find_known(importer *m) {
    const es_gguf_key *key = find_key(m, "general.file_type");
    const double id = key && key->n == 1 ? key->numbers[0] : -1;
    es_gguf_import *out = m->out;
    out->label = es_gguf_file_type(id) ? es_gguf_file_type(id) : "";
    const es_row *row = es_table_find(&m->catalog->table[ES_PRECISION], out->label, strlen(out->label));
    if (row == NULL || strcmp(row->name, out->label) != 0)
        return ES_OK;
    const bool usual = row->value[ES_P_IMATRIX] > 0;
    for (int i = 0; i < 4; i++) {
        const es_quantizer quantizer = {i < 2 ? (double)NAN : 202602, i % 2 ? !usual : usual};
        const char *fault;
        bool same = false;
        const es_status status = compare(m, m->catalog, out->label, quantizer, &same, &fault);
        if (status != ES_OK || !same) {
            if (status != ES_OK)
                return status;
            continue;
        }
        if (i == 0)
            out->known = row;
        else
            es_warn(m->errors, &(es_origin){.file = m->path}, "types as %s gives them with%s%s%s", out->label,
                    i >= 2 ? " quantizer=2026-02" : "", i == 3 ? " and" : "",
                    i % 2 == 0 ? ""
                    : usual    ? " imatrix=0"
                               : " imatrix=1");
        return ES_OK;
    }
    return ES_OK;
}

static int compare_bytes(const void *a, const void *b) {
    const es_import_type *x = a, *y = b;
    return x->bytes < y->bytes ? 1 : x->bytes > y->bytes ? -1 : 0;
}

static es_status sum_types(importer *m) {
    es_gguf_import *out = m->out;
    out->type = es_arena_array(m->arena, ES_GGUF_TENSOR_TYPES, sizeof *out->type);
    if (out->type == NULL)
        return es_fail_memory(m->errors);
    for (uint32_t i = 0; i < ES_GGUF_TENSOR_TYPES; i++)
        if (m->type_tensors[i] > 0)
            out->type[out->n_types++] =
                (es_import_type){es_gguf_tensor_type(i), m->type_tensors[i], m->type_weights[i], m->type_bytes[i]};
    qsort(out->type, out->n_types, sizeof *out->type, compare_bytes);
    out->n_tensors = m->file.n_tensors;
    return ES_OK;
}

/* ---- Names ---- */

/* Q4_K_M, IQ2_XS, TQ1_0, MXFP4_MOE, BF16, UD */
static bool is_type(es_slice word) {
    static const char *const names[] = {"Q?_*", "IQ?_*", "TQ?_*", "MXFP4*", "NVFP4*", "F16", "F32", "BF16", "UD"};
    char text[40];
    es_copy_text(text, sizeof text, word);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (word.length < sizeof text && es_glob_match(es_slice_of(names[i]), text))
            return true;
    return false;
}

/* The file's name without folder, `.gguf`, the number of the part and the types (`-UD-Q4_K_XL`), which go to `types`. */
static es_slice model_name(const char *path, es_slice *types) {
    const char *slash = strrchr(path, '/');
    es_slice name = es_slice_of(slash ? slash + 1 : path);
    if (name.length > 5 && es_slice_equal_fold((es_slice){name.text + name.length - 5, 5}, ".gguf"))
        name.length -= 5;
    const size_t part = strlen("-00001-of-00002");
    char tail[16] = "";
    if (name.length > part)
        memcpy(tail, name.text + name.length - part, part);
    if (es_glob_match(es_slice_of("-*-of-*"), tail))
        name.length -= part;
    const size_t whole = name.length;
    for (size_t i = name.length; i-- > 1;) {
        if (strchr("-.", name.text[i]) == NULL)
            continue;
        if (!is_type((es_slice){name.text + i + 1, name.length - i - 1}))
            break;
        name.length = i;
    }
    *types = (es_slice){name.text + name.length, whole - name.length};
    if (types->length > 0)
        *types = (es_slice){types->text + 1, types->length - 1};
    return name;
}

es_status es_gguf_import_name(es_gguf_import *import, const char *name, es_arena *arena, es_errors *errors) {
    const char *clean = es_import_name(arena, es_slice_of(name));
    if (clean == NULL)
        return es_fail_memory(errors);
    import->model.text[ES_M_NAME] = clean;
    import->precision = import->known ? import->known->name : es_arena_printf(arena, "%s-%s", clean, import->types);
    return import->precision ? ES_OK : es_fail_memory(errors);
}

static es_status name_all(importer *m) {
    es_slice types;
    const char *name = es_arena_text(m->arena, model_name(m->path, &types));
    const char *own = types.length > 0         ? es_import_name(m->arena, types)
                      : *m->out->label != '\0' ? m->out->label
                                               : m->out->base_type;
    m->out->types = own;
    return name && own ? es_gguf_import_name(m->out, name, m->arena, m->errors) : es_fail_memory(m->errors);
}

/* ---- All of it ---- */

/* Files that hold no language model say so. */
static void read_head(importer *m) {
    static const struct {
        const char *arch, *is;
    } others[] = {{"*bert*", "an encoder"},
                  {"t5*", "an encoder"},
                  {"gemma-embedding", "a model of embeddings"},
                  {"llama-embed", "a model of embeddings"},
                  {"wavtokenizer*", "a decoder of sound"},
                  {"eagle3", "a drafter that reads the states of another model"},
                  {"dflash*", "a drafter that reads the states of another model"},
                  {"gemma4-assistant", "a drafter that reads the states of another model"}};
    const es_gguf_key *arch = es_gguf_find_key(&m->file, "general.architecture");
    const es_gguf_key *type = es_gguf_find_key(&m->file, "general.type");
    if (type && type->text && strcmp(type->text, "adapter") == 0)
        fail(m, "an adapter (LoRA) for a model, not a model: import the model that it was made for");
    if (arch == NULL || arch->text == NULL || *arch->text == '\0' || strlen(arch->text) > 64) {
        fail(m, "metadata 'general.architecture': expected a name");
        return;
    }
    if (strcmp(arch->text, "clip") == 0 || (type && type->text && strcmp(type->text, "mmproj") == 0))
        fail(m,
             "a projector for images or sound (architecture '%s'), not a language model: its bytes are the "
             "projector_bytes of the model it belongs to",
             es_quote_text(arch->text).text);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (es_glob_match(es_slice_of(others[i].arch), arch->text))
            fail(m, "%s (architecture '%s'), not a language model that decodes token by token", others[i].is,
                 es_quote_text(arch->text).text);
    if (type && type->text && strcmp(type->text, "imatrix") == 0)
        fail(m, "an importance matrix, not a model");
    m->arch = arch->text;
    const double blocks = m->status == ES_OK ? count(m, "block_count", NAN) : 1;
    const double mtp = count(m, "nextn_predict_layers", 0);
    if (m->status == ES_OK && (blocks < 1 || blocks > MAX_LAYERS))
        fail(m, "metadata 'block_count': expected 1 to %d", MAX_LAYERS);
    if (m->status == ES_OK && mtp >= blocks)
        fail(m, "metadata 'nextn_predict_layers': expected fewer than there are blocks");
    if (m->status != ES_OK)
        return;
    m->mtp = (size_t)mtp;
    m->layers = (size_t)blocks - m->mtp;
    m->layer = es_arena_array(m->arena, m->layers, sizeof *m->layer);
    if (m->layer == NULL)
        m->status = es_fail_memory(m->errors);
}

es_status es_import_gguf(FILE *stream, const char *path, const es_catalog *catalog, es_arena *arena,
                         es_gguf_import *import, es_errors *errors) {
    importer m = {.path = path, .catalog = catalog, .arena = arena, .errors = errors, .arch = "", .out = import};
    *import = (es_gguf_import){0};
    es_model_row_begin(&import->model);
    m.status = es_gguf_file_read_parts(stream, path, arena, &m.file, errors);
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

/* ---- Lines of tables ---- */

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
    cells[ES_X_FILE_TYPE] = import->precision;
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

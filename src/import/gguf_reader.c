/* Tensor names and keys are those of llama.cpp. */
#include "import/gguf_reader.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

void es_gguf_fail(es_gguf_reader *m, const char *format, ...) {
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (m->status == ES_OK)
        m->status = es_fail(m->errors, ES_EUSAGE, &(es_origin){.file = m->path}, "%s", text);
}

const es_gguf_key *es_gguf_key_of(const es_gguf_reader *m, const char *name) {
    char key[256];
    snprintf(key, sizeof key, "%s.%s", m->arch, name);
    return es_gguf_find_key(&m->file, strncmp(name, "general.", 8) == 0 ? name : key);
}

double es_gguf_count_at(es_gguf_reader *m, const char *name, size_t i, double fallback) {
    const es_gguf_key *key = es_gguf_key_of(m, name);
    if (key == NULL && !isnan(fallback))
        return fallback;
    const double x = key && key->n == 1 ? key->numbers[0] : key && key->n > i ? key->numbers[i] : (double)NAN;
    if (x >= 0 && x <= ES_COUNT_MAX && x == floor(x))
        return x;
    es_gguf_fail(m, "metadata '%s.%s': expected a whole number%s", es_quote_text(m->arch).text, name,
                 key && key->n > 1 ? " for each layer" : "");
    return 1;
}

double es_gguf_count(es_gguf_reader *m, const char *name, double fallback) {
    return es_gguf_count_at(m, name, 0, fallback);
}

/* Bytes of whole blocks. */
static double tensor_bytes(es_gguf_reader *m, const es_gguf_tensor *t) {
    const char *name = es_gguf_tensor_type(t->type);
    const es_table *table = &m->catalog->table[ES_GGUF_TYPE];
    for (size_t i = 0; name && i < table->n_rows; i++) {
        const es_row *row = &table->rows[i];
        if (!es_equal_fold(row->text[ES_T_TYPE], name))
            continue;
        const double block = row->value[ES_T_BLOCK_WEIGHTS];
        if (fmod((double)t->dim[0], block) != 0)
            es_gguf_fail(m, "tensor '%s': rows of %" PRIu64 " are no blocks of %s", es_quote_text(t->name).text,
                         t->dim[0], name);
        return (double)t->weights / block * row->value[ES_T_BLOCK_BYTES];
    }
    es_gguf_fail(m, "tensor '%s': unknown tensor type %" PRIu32, es_quote_text(t->name).text, t->type);
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

static void put_tensor(es_gguf_reader *m, es_gguf_layer *to, es_tensor_id id, const es_gguf_tensor *t) {
    if (to->tensor[id])
        es_gguf_fail(m, "tensor '%s': given twice", es_quote_text(t->name).text);
    to->tensor[id] = t;
}

/* Gate and up of the experts in one tensor: as many bytes as two. */
static void split_experts(es_gguf_reader *m, es_gguf_layer *to, const es_gguf_tensor *t) {
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

static bool is_matrix(es_gguf_reader *m, es_gguf_layer *to, const char *rest, const es_gguf_tensor *t) {
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
static bool read_vector(es_gguf_reader *m, es_gguf_layer *to, const char *rest, const es_gguf_tensor *t, bool inside) {
    static const char *const inner[] = {"attn_q_norm", "attn_k_norm", "attn_q_a_norm", "attn_kv_a_norm",
                                        "ssm_",        "time_mix_",   "post_norm",     "laurel_",
                                        "altup_",      "per_layer_",  "indexer"};
    static const struct {
        const char *name;
        size_t flag;
    } flags[] = {
#define FLAG(name, member) {name, offsetof(es_gguf_reader, member)}
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
            own = flags[i].flag == offsetof(es_gguf_reader, sub_norms);
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

static void add_tensor(es_gguf_reader *m, const es_gguf_tensor *t) {
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
        es_gguf_fail(m, "tensor '%s': no such layer", es_quote_text(t->name).text);
        return;
    }
    es_gguf_layer *to = number < 0 ? &m->ends : &m->layer[number];
    if (is_matrix(m, to, rest, t))
        return;
    const bool known = read_vector(m, to, rest, t, number >= 0);
    for (size_t i = 0; i < sizeof not_covered / sizeof *not_covered; i++)
        if (begins(rest, not_covered[i]))
            es_gguf_fail(m, "tensor '%s': models with such tensors are not covered; architecture '%s'",
                         es_quote_text(t->name).text, es_quote_text(m->arch).text);
    if (known && t->type != 0)
        es_gguf_fail(m, "tensor '%s': expected F32, as all norms, biases and routers", es_quote_text(t->name).text);
    if (!known && number <= 0)
        es_warn(m->errors, &(es_origin){.file = m->path}, "tensor '%s': not known, counted in %s",
                es_quote_text(t->name).text, t->type == 0 ? "extra_params" : "other_params, which each token reads");
    *(t->type == 0 ? &m->vectors : &m->other[t->type]) += (double)t->weights;
}

/* Offsets follow from the sizes in the order of the file, each tensor padded to the alignment. */
void es_gguf_add_tensors(es_gguf_reader *m) {
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
            es_gguf_fail(m, "tensor '%s': offset %" PRIu64 ", expected %" PRIu64, es_quote_text(t->name).text,
                         t->offset, next);
        next += ((uint64_t)bytes + m->file.alignment - 1) & ~(m->file.alignment - 1);
        part += bytes;
        m->out->params += (double)t->weights;
        m->out->bytes += bytes;
        m->type_tensors[t->type]++;
        m->type_weights[t->type] += (double)t->weights;
        m->type_bytes[t->type] += bytes;
        if (m->out->params > (double)ES_GGUF_MAX_WEIGHTS)
            es_gguf_fail(m, "more than %llu weights", ES_GGUF_MAX_WEIGHTS);
        add_tensor(m, t);
    }
    if (m->status == ES_OK && (double)m->file.data_bytes < part)
        es_warn(m->errors, &(es_origin){.file = m->path},
                "the header promises %.0f bytes of tensors, %" PRIu64 " follow: truncated", part, m->file.data_bytes);
    m->out->params -= m->out->mtp_params;
    m->out->bytes -= m->out->mtp_bytes;
}

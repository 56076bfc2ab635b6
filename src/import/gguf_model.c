/* The model is read from the tensors (which ones a layer has, and their shapes), metadata only where tensors cannot say:
 * heads, experts per token, windows, shapes of states. */
#include "import/gguf_model.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/text.h"

static double dim(const es_gguf_layer *l, es_tensor_id id, int i) {
    return l->tensor[id] ? (double)l->tensor[id]->dim[i] : 0;
}
static bool has(const es_gguf_layer *l, es_tensor_id id) { return l->tensor[id] != NULL; }
static void put(es_gguf_reader *m, int id, double value) { m->out->model.value[id] = value; }
static double get(const es_gguf_reader *m, int id) { return m->out->model.value[id]; }

static bool any(const es_gguf_reader *m, es_tensor_id id) {
    for (size_t i = 0; i < m->layers; i++)
        if (has(&m->layer[i], id))
            return true;
    return false;
}

static void read_ends(es_gguf_reader *m) {
    const es_gguf_layer *e = &m->ends;
    const double hidden = es_gguf_count(m, "embedding_length", NAN), width = dim(e, ES_TENSOR_TOKEN_EMBD, 0);
    put(m, ES_M_LAYERS, (double)m->layers);
    put(m, ES_M_MTP_LAYERS, (double)m->mtp);
    put(m, ES_M_HIDDEN, hidden);
    put(m, ES_M_VOCAB, dim(e, ES_TENSOR_TOKEN_EMBD, 1));
    if (!has(e, ES_TENSOR_TOKEN_EMBD))
        es_gguf_fail(m, "no tensor 'token_embd.weight'");
    else if (width != hidden)
        es_gguf_fail(m, "tensor 'token_embd.weight': rows of %.0f, expected %.0f", width, hidden);
    put(m, ES_M_TIED, !has(e, ES_TENSOR_OUTPUT));
    put(m, ES_M_LM_HEAD_BIAS, m->head_bias);
    put(m, ES_M_EMBED_NORM, m->embed_norm && m->output_norm);
    put(m, ES_M_POS_ROWS, m->pos_rows);
    put(m, ES_M_MAX_CTX, es_gguf_count(m, "context_length", 0));
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

static bool is_gdn(const es_gguf_layer *l) { return has(l, ES_TENSOR_ATTN_GATE) && has(l, ES_TENSOR_SSM_OUT); }

static bool attends(const es_gguf_layer *l) {
    return (has(l, ES_TENSOR_ATTN_Q) || has(l, ES_TENSOR_ATTN_QKV) || has(l, ES_TENSOR_ATTN_Q_A)) &&
           has(l, ES_TENSOR_ATTN_OUTPUT) && !is_gdn(l);
}

static void read_latent(es_gguf_reader *m, const es_gguf_layer *l) {
    const double heads = get(m, ES_M_HEADS), rope = es_gguf_count(m, "rope.dimension_count", NAN);
    const es_tensor_id queries = has(l, ES_TENSOR_ATTN_Q_B) ? ES_TENSOR_ATTN_Q_B : ES_TENSOR_ATTN_Q;
    put(m, ES_M_KV_LORA_RANK, es_gguf_count(m, "attention.kv_lora_rank", NAN));
    put(m, ES_M_Q_LORA_RANK, dim(l, ES_TENSOR_ATTN_Q_B, 0));
    put(m, ES_M_QK_ROPE, rope);
    put(m, ES_M_QK_NOPE, floor(dim(l, queries, 1) / heads) - rope);
    put(m, ES_M_V_HEAD_DIM, floor(dim(l, ES_TENSOR_ATTN_OUTPUT, 0) / heads));
    put(m, ES_M_HEAD_DIM, get(m, ES_M_V_HEAD_DIM));
    put(m, ES_M_KV_HEADS, heads); /* 1 in files of late: of the latent, not of the model */
}

/* The window of layer i: a list tells, or a number how often a layer has none, or the architecture. */
static double window_of(es_gguf_reader *m, size_t i, bool *warned) {
    const es_gguf_key *pattern = es_gguf_key_of(m, "attention.sliding_window_pattern");
    const es_gguf_arch *arch = es_gguf_arch_of(m->arch);
    double window = es_gguf_count(m, "attention.sliding_window", arch ? arch->window : 0),
           period = arch ? arch->period : NAN;
    if (window == 0 || (get(m, ES_M_MAX_CTX) > 0 && window >= get(m, ES_M_MAX_CTX)))
        return 0;
    if (pattern && pattern->n > 1) {
        if (pattern->n < m->layers)
            es_gguf_fail(m, "metadata '%s.attention.sliding_window_pattern': expected a value for each layer",
                         es_quote_text(m->arch).text);
        return pattern->n > i && pattern->numbers[i] > 0 ? window : 0;
    }
    if (pattern)
        period = es_gguf_count(m, "attention.sliding_window_pattern", 0);
    if (isnan(period) && !*warned) {
        es_warn(m->errors, &(es_origin){.file = m->path},
                "architecture '%s': every layer is taken to have the window of %.0f", es_quote_text(m->arch).text,
                window);
        *warned = true;
    }
    const double position = period < 0 ? (double)i : (double)i + 1;
    return !isnan(period) && period != 0 && fmod(position, period) == 0 ? 0 : window;
}

static void read_attention(es_gguf_reader *m, const es_gguf_layer *l, size_t i, es_layer_row *row, bool *warned) {
    const double heads = es_gguf_count_at(m, "attention.head_count", i, NAN);
    double kv = es_gguf_count_at(m, "attention.head_count_kv", i, heads);
    const double output = dim(l, ES_TENSOR_ATTN_OUTPUT, 0), q = dim(l, ES_TENSOR_ATTN_Q, 1);
    const double window = window_of(m, i, warned);
    if (heads < 1 || kv < 1) {
        es_gguf_fail(m, "metadata '%s': expected at least 1",
                     heads < 1 ? "attention.head_count" : "attention.head_count_kv");
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
    const bool swa = window > 0 && es_gguf_key_of(m, "attention.key_length_swa");
    double d =
        es_gguf_count(m, swa ? "attention.key_length_swa" : "attention.key_length", floor(get(m, ES_M_HIDDEN) / heads));
    d = has(l, ES_TENSOR_ATTN_K) ? floor(dim(l, ES_TENSOR_ATTN_K, 1) / kv) : d;
    row->value[ES_L_KV_HEADS] = kv;
    row->value[ES_L_HEAD_DIM] = d;
    row->value[ES_L_V_HEAD_DIM] = floor(output / heads);
    const double gate = dim(l, ES_TENSOR_ATTN_GATE, 1);
    row->value[ES_L_OUT_GATE] = gate > 0 ? (gate == heads ? 3 : 2) : has(l, ES_TENSOR_ATTN_Q) && q == 2 * heads * d;
    row->value[ES_L_K_EQ_V] = has(l, ES_TENSOR_ATTN_K) && !has(l, ES_TENSOR_ATTN_V);
    const double shared = es_gguf_count(m, "attention.shared_kv_layers", 0);
    row->value[ES_L_KV] = has(l, ES_TENSOR_ATTN_Q) && !has(l, ES_TENSOR_ATTN_K) ? ES_KV_NONE
                          : (double)i >= (double)m->layers - shared             ? ES_KV_SHARED
                                                                                : ES_KV_OWN;
    if (l->q_norm)
        put(m, ES_M_QK_NORM, (double)l->q_norm->weights == d ? 1 : (double)l->q_norm->weights == heads * d ? 2 : 0);
}

static void read_recurrent(es_gguf_reader *m, const es_gguf_layer *l, es_layer_row *row) {
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
        const double heads = first ? dim(l, ES_TENSOR_SSM_DT, 1) : es_gguf_count(m, "ssm.time_step_rank", NAN);
        row->value[ES_L_CONV_KERNEL] =
            es_gguf_count(m, "ssm.conv_kernel", l->conv ? (double)l->conv->dim[0] : (double)NAN);
        row->value[ES_L_SSM_STATE] = es_gguf_count(m, "ssm.state_size", NAN);
        row->value[ES_L_SSM_HEADS] = heads;
        row->value[ES_L_SSM_HEAD_DIM] = heads > 0 ? floor(inner / heads) : 0;
        row->value[ES_L_SSM_GROUPS] = first ? 0 : es_gguf_count(m, "ssm.group_count", NAN);
        row->value[ES_L_SSM_NORM] = l->ssm_norm && !gdn;
        if (first)
            row->text[ES_L_RANKS] = es_arena_printf(m->arena, "%.0f", dim(l, ES_TENSOR_SSM_DT, 0));
    } else if (has(l, ES_TENSOR_SHORTCONV_IN)) {
        row->value[ES_L_CONV_KERNEL] =
            es_gguf_count(m, "shortconv.l_cache", l->conv ? (double)l->conv->dim[0] : (double)NAN);
    } else {
        const es_gguf_layer *ranks =
            &m->layer[m->layers > 1]; /* the first layer has no value residual of its own rank */
        row->value[ES_L_SSM_HEAD_DIM] = es_gguf_count(m, "wkv.head_size", NAN);
        row->value[ES_L_SSM_HEADS] = floor(hidden / fmax(1, row->value[ES_L_SSM_HEAD_DIM]));
        row->text[ES_L_RANKS] =
            es_arena_printf(m->arena, "%.0f;%.0f;%.0f;%.0f", ranks->w1 ? (double)ranks->w1->dim[1] : 0,
                            dim(ranks, ES_TENSOR_TIME_MIX_A1, 1), dim(ranks, ES_TENSOR_TIME_MIX_V1, 1),
                            dim(ranks, ES_TENSOR_TIME_MIX_G1, 1));
    }
    if (row->text[ES_L_RANKS] == NULL)
        m->status = es_fail_memory(m->errors);
}

static void read_ffn(es_gguf_reader *m, const es_gguf_layer *l, es_layer_row *row) {
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
    row->value[ES_L_N_ACTIVE] = es_gguf_count(m, "expert_used_count", NAN);
    row->value[ES_L_EXPERT_INTERMEDIATE] = width;
    row->value[ES_L_N_SHARED] = width > 0 ? dim(l, ES_TENSOR_FFN_UP_SHEXP, 1) / width : 0;
}

/* What most layers have becomes the model's own. */
static void put_usual(es_gguf_reader *m, const es_layer_row *row, int of_layer, int of_model, double fallback) {
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
static void put_all_usual(es_gguf_reader *m, es_layer_row *row) {
    if (get(m, ES_M_KV_LORA_RANK) == 0) {
        put_usual(m, row, ES_L_HEADS, ES_M_HEADS, 1);
        put_usual(m, row, ES_L_KV_HEADS, ES_M_KV_HEADS, NAN);
        put_usual(m, row, ES_L_HEAD_DIM, ES_M_HEAD_DIM, NAN);
    }
    put_usual(m, row, ES_L_N_EXPERTS, ES_M_N_EXPERTS, 0);
    put_usual(m, row, ES_L_N_ACTIVE, ES_M_N_ACTIVE, 0);
    put_usual(m, row, ES_L_N_SHARED, ES_M_N_SHARED, 0);
    put_usual(m, row, ES_L_EXPERT_INTERMEDIATE, ES_M_EXPERT_INTERMEDIATE, 0);
    put_usual(m, row, ES_L_INTERMEDIATE, ES_M_INTERMEDIATE, es_gguf_count_at(m, "feed_forward_length", 0, 0));
    put_usual(m, row, ES_L_NORMS, ES_M_NORMS_PER_LAYER, 2);
    if (get(m, ES_M_NORM) == ES_NORM_LN_NP) { /* norms without weights leave no trace */
        put(m, ES_M_NORMS_PER_LAYER, 2);
        for (size_t i = 0; i < m->layers; i++)
            row[i].value[ES_L_NORMS] = 2;
    }
}

/* Which matrices are one tensor in the file, where the family has them otherwise. */
static void read_fusion(es_gguf_reader *m) {
    bool gated = false, gate_up = false, qkv = false;
    for (size_t i = 0; i < m->layers; i++) {
        const es_gguf_layer *l = &m->layer[i];
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

static void read_layers(es_gguf_reader *m) {
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
        es_gguf_fail(m, "more than %d kinds of layer: not supported", ES_MAX_MODEL_KINDS);
}

static void check_ranges(es_gguf_reader *m) {
    const es_field_table *table = es_fields(ES_MODEL);
    for (size_t f = 0; f < table->n_fields && m->status == ES_OK; f++) {
        const double x = m->out->model.value[f];
        if (!isnan(x) && table->fields[f].type == ES_COUNT && !es_field_accepts(&table->fields[f], x)) {
            char expected[160];
            es_field_expects(&table->fields[f], expected, sizeof expected);
            es_gguf_fail(m, "%s is %g, expected %s", table->fields[f].name, x, expected);
        }
    }
    for (size_t k = 0; k < m->out->model.n_kinds && m->status == ES_OK; k++)
        for (int f = 0; f < ES_L_FIELDS; f++) {
            const es_field *field = &es_fields(ES_LAYER)->fields[f];
            const double x = m->out->model.kind[k].value[f];
            if (!isnan(x) && field->type != ES_TEXT && field->type != ES_CHOICE && !es_field_accepts(field, x))
                es_gguf_fail(m, "layers: %s is %g: not supported", field->name, x);
        }
}

/* ---- Proof: the inventory of the rows against the file ---- */

/* Matrices of a layer that the inventory has not: each token reads them, whatever they do. */
static void set_apart(es_gguf_reader *m, es_gguf_layer *found, uint64_t seen) {
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

static void check_tensors(es_gguf_reader *m, es_gguf_layer *found, const es_tensor *expected, size_t n, long number) {
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
            es_gguf_fail(m, "no tensor '%s', which a model of architecture '%s' with these fields has: not supported",
                         name, es_quote_text(m->arch).text);
        else if ((double)t->dim[0] != e->in || (double)t->dim[1] != e->out ||
                 (double)(t->dim[2] * t->dim[3]) != e->depth)
            es_gguf_fail(
                m, "tensor '%s': %" PRIu64 " x %" PRIu64 " x %" PRIu64 ", expected %.0f x %.0f x %.0f: not supported",
                name, t->dim[0], t->dim[1], t->dim[2] * t->dim[3], e->in, e->out, e->depth);
    }
    if (m->status == ES_OK && number >= 0)
        set_apart(m, found, seen);
    for (es_tensor_id id = 0; id < ES_TENSOR_IDS && m->status == ES_OK; id++)
        if (found->tensor[id] && !(seen >> id & 1))
            es_gguf_fail(m, "tensor '%s': architecture '%s' is not supported",
                         es_quote_text(found->tensor[id]->name).text, es_quote_text(m->arch).text);
}

/* The tensors that the rows stand for must be those of the file, to the last number. */
static void check_model(es_gguf_reader *m) {
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

void es_gguf_read_model(es_gguf_reader *m) {
    es_model_row *row = &m->out->model;
    const es_gguf_key *name = es_gguf_key_of(m, "general.name");
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

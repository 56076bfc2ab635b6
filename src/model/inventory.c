#include "model/inventory.h"

#include <math.h>
#include <string.h>

#include "base/text.h"

#define NAME(id, name) [ES_TENSOR_##id] = name,
const char *const es_tensor_names[ES_TENSOR_IDS] = {ES_TENSORS(NAME)};
#undef NAME

static double smaller(double a, double b) { return a < b ? a : b; }
static double larger(double a, double b) { return a > b ? a : b; }

es_shape es_shape_of(const es_row *model) {
    const double *v = model->value;
#define MEMBER(member, id) .member = v[ES_M_##id],
    es_shape s = {ES_SHAPE_FIELDS(MEMBER)};
#undef MEMBER
    if (isnan(s.kv_heads))
        s.kv_heads = s.heads;
    if (isnan(s.head_dim))
        s.head_dim = floor(s.hidden / s.heads);
    if (isnan(s.unique_layers))
        s.unique_layers = s.layers;
    return s;
}

/* ---- Architecture ---- */

/* Whether one of the words of a list separated by `;` is `word`. */
static bool lists(const char *list, const char *word) {
    for (es_slice rest = es_slice_of(list); rest.text != NULL;) {
        const char *end = memchr(rest.text, ';', rest.length);
        const es_slice item = {rest.text, end ? (size_t)(end - rest.text) : rest.length};
        if (es_slice_equal_fold(es_slice_trim(item), word))
            return true;
        rest = end ? (es_slice){end + 1, rest.length - item.length - 1} : (es_slice){NULL, 0};
    }
    return false;
}

/* Families whose files fuse tensors: ggml-org/llama.cpp v0.5.0, src/llama-arch.cpp and conversion/. */
es_arch es_arch_of_family(const char *family, const char *fuse) {
    static const struct {
        const char *families, *fuse;
    } fusing[] = {
        {"phi3;plamo2", "qkv;gate_up"},
        {"gpt2;gptneox;bloom;falcon;mpt;dbrx;qwen;bailingmoe2;starcoder;openelm;plamo3;codeshell;jais;cogvlm", "qkv"},
        {"glm;chatglm;glm4", "gate_up"},
        {"minicpm3;plm", "kv_b"},
    };
    for (size_t i = 0; i < sizeof fusing / sizeof *fusing && *fuse == '\0'; i++)
        if (*family != '\0' && lists(fusing[i].families, family))
            fuse = fusing[i].fuse;
    return (es_arch){.family = *family ? family : "llama",
                     .fused_qkv = lists(fuse, "qkv"),
                     .fused_gate_up = lists(fuse, "gate_up"),
                     .plain_sum = lists("arctic;grok", *family ? family : "llama"),
                     .fused_kv_b = lists(fuse, "kv_b")};
}

static bool is_model(const es_row *model, const char *name) {
    if (es_equal_fold(model->name, name))
        return true;
    for (const char *const *alias = model->aliases; alias && *alias; alias++)
        if (es_equal_fold(*alias, name))
            return true;
    return false;
}

es_status es_arch_compile(const es_catalog *catalog, const es_row *model, es_arena *arena, es_arch *arch,
                          es_errors *errors) {
    const char *text = model->text[ES_M_LAYER_PATTERN];
    *arch = es_arch_of_family(model->text[ES_M_FAMILY], model->text[ES_M_FUSE]);
    arch->mxfp4_experts = lists(model->text[ES_M_NATIVE_FORMAT], "MXFP4");
    if (*text == '\0')
        return ES_OK;
    es_pattern pattern;
    if (!es_pattern_expand(text, arena, &pattern))
        return es_fail_memory(errors);
    uint8_t *kind = es_arena_array(arena, pattern.n + 1, sizeof *kind);
    const es_row **row = es_arena_array(arena, ES_MAX_KINDS, sizeof *row);
    if (kind == NULL || row == NULL)
        return es_fail_memory(errors);
    const es_table *table = &catalog->table[ES_LAYER];
    size_t n = 0;
    for (size_t i = 0; i < table->n_rows && n < ES_MAX_KINDS - 1; i++)
        if (is_model(model, table->rows[i].text[ES_L_MODEL]))
            row[n++] = &table->rows[i];
    for (size_t i = 0; i < pattern.n; i++) {
        size_t k = 0;
        while (k < n && !es_slice_equal_fold(pattern.kind[i], row[k]->text[ES_L_KIND]))
            k++;
        if (k == n)
            return es_fail(errors, ES_EUSAGE, &model->origin, "layer_pattern: unknown kind: '%s'",
                           es_quote(pattern.kind[i]).text);
        kind[i] = (uint8_t)k;
    }
    /* The first layer of RWKV-7 has no value residual: its rank is that of the in-context learning rate. */
    if (es_mixers_of(row[kind[0]]->text[ES_L_MIXER]) & ES_MIXER_RWKV7) {
        row[n] = row[kind[0]];
        kind[0] = (uint8_t)n++;
    }
    arch->kind = kind, arch->n_layers = pattern.n, arch->row = row, arch->n_kinds = n;
    return ES_OK;
}

int es_arch_kind(const es_arch *arch, const es_shape *s, int64_t i) {
    if (arch->kind != NULL)
        return arch->kind[(size_t)i % arch->n_layers];
    int kind = i < (int64_t)s->first_dense ? ES_SHORT_DENSE : 0;
    const int64_t n = (int64_t)s->layers, every = (int64_t)s->global_every,
                  conv = (int64_t)smaller(s->conv_layers, s->layers);
    if (s->sliding_window > 0 && every > 0 && i % every == every - 1)
        kind |= ES_SHORT_GLOBAL;
    /* Convolutions are spread evenly, layer 0 is one. */
    if (conv > 0 && ((i + 1) * conv + n - 1) / n > (i * conv + n - 1) / n)
        kind |= ES_SHORT_CONV;
    return kind;
}

size_t es_arch_count(const es_arch *arch, const es_shape *s, double layers, double count[ES_MAX_KINDS]) {
    const size_t kinds = arch->kind ? arch->n_kinds : ES_SHORT_KINDS;
    const bool alike = arch->kind == NULL && s->first_dense == 0 && s->conv_layers == 0 &&
                       (s->sliding_window == 0 || s->global_every == 0);
    for (size_t k = 0; k < kinds; k++)
        count[k] = 0;
    if (alike)
        count[0] = layers;
    else
        for (int64_t i = 0; i < (int64_t)layers; i++)
            count[es_arch_kind(arch, s, i)]++;
    return kinds;
}

static double or_model(double own, double model) { return isnan(own) ? model : own; }

es_layer es_layer_of(const es_arch *arch, const es_shape *s, int kind) {
    const bool latent = s->kv_lora_rank > 0;
    es_layer l = {.mixers = latent ? ES_MIXER_MLA : ES_MIXER_ATTENTION,
                  .heads = s->heads,
                  .kv_heads = s->kv_heads,
                  .head_dim = s->head_dim,
                  .v_dim = s->v_head_dim > 0 && !latent ? s->v_head_dim : s->head_dim,
                  .window = s->sliding_window,
                  .conv_kernel = s->conv_kernel,
                  .intermediate = s->intermediate,
                  .experts = s->n_experts,
                  .active = s->n_active,
                  .shared = s->n_shared,
                  .expert_intermediate = s->expert_intermediate,
                  .norms = s->norms_per_layer};
    if (arch->kind == NULL) {
        l.window = kind & ES_SHORT_GLOBAL ? 0 : s->sliding_window;
        l.mixers = kind & ES_SHORT_CONV ? ES_MIXER_CONV : l.mixers;
        l.ffn = s->n_experts > 1 && !(kind & ES_SHORT_DENSE) ? ES_FFN_MOE : ES_FFN_DENSE;
        return l;
    }
    const es_row *row = arch->row[kind];
    const double *v = row->value;
    if (row->text[ES_L_MIXER][0] != '\0')
        l.mixers = es_mixers_of(row->text[ES_L_MIXER]);
    l.kv = (es_kv)v[ES_L_KV];
    l.k_eq_v = v[ES_L_K_EQ_V] > 0, l.out_gate = (int)v[ES_L_OUT_GATE], l.ssm_norm = v[ES_L_SSM_NORM] > 0;
    l.heads = or_model(v[ES_L_HEADS], s->heads);
    l.kv_heads = or_model(v[ES_L_KV_HEADS], s->kv_heads);
    l.head_dim = or_model(v[ES_L_HEAD_DIM], s->head_dim);
    l.v_dim = or_model(v[ES_L_V_HEAD_DIM], s->v_head_dim > 0 && !latent ? s->v_head_dim : l.head_dim);
    l.window = or_model(v[ES_L_WINDOW], s->sliding_window);
    l.conv_kernel = or_model(v[ES_L_CONV_KERNEL], s->conv_kernel);
    l.ssm_heads = v[ES_L_SSM_HEADS], l.ssm_head_dim = v[ES_L_SSM_HEAD_DIM];
    l.ssm_groups = v[ES_L_SSM_GROUPS], l.ssm_state = v[ES_L_SSM_STATE];
    es_ranks_of(row->text[ES_L_RANKS], l.rank, 4);
    if (l.mixers & ES_MIXER_RWKV7 && kind == arch->kind[0])
        l.rank[2] = l.rank[1];
    l.intermediate = or_model(v[ES_L_INTERMEDIATE], s->intermediate);
    l.experts = or_model(v[ES_L_N_EXPERTS], s->n_experts);
    l.active = or_model(v[ES_L_N_ACTIVE], s->n_active);
    l.shared = or_model(v[ES_L_N_SHARED], s->n_shared);
    l.expert_intermediate = or_model(v[ES_L_EXPERT_INTERMEDIATE], s->expert_intermediate);
    l.norms = or_model(v[ES_L_NORMS], s->norms_per_layer);
    const char *ffn = row->text[ES_L_FFN];
    l.ffn = *ffn != '\0' ? es_ffn_of(ffn) : l.experts > 1 ? ES_FFN_MOE : ES_FFN_DENSE;
    return l;
}

/* ---- Tensors ---- */

typedef struct list {
    es_tensor *tensor;
    size_t n;
} list;

static es_tensor *add_as(list *to, es_tensor_id id, es_tensor_id role, double in, double out, double depth) {
    es_tensor *t = &to->tensor[to->n];
    *t = (es_tensor){.id = id, .role = role, .in = in, .out = out, .depth = depth};
    to->n += in * out * depth > 0;
    return t;
}

static es_tensor *add(list *to, es_tensor_id id, double in, double out) { return add_as(to, id, id, in, out, 1); }

static void add_kept(list *to, es_tensor_id id, double in, double out) { add(to, id, in, out)->kept = true; }

/* Weights of a norm over `width` values: RMS has a gain, LayerNorm a gain and a bias. */
static double norm_weights(const es_shape *s, double width) {
    return s->norm == ES_NORM_RMS ? width : s->norm == ES_NORM_LN ? 2 * width : 0;
}

static void add_attention(list *to, const es_arch *arch, const es_shape *s, const es_layer *l, es_vectors *f32) {
    const double q = l->heads * l->head_dim * (l->out_gate == 1 ? 2 : 1);
    const double k = l->kv == ES_KV_NONE ? 0 : l->kv_heads * l->head_dim;
    const double v = l->kv == ES_KV_NONE || l->k_eq_v ? 0 : l->kv_heads * l->v_dim;
    if (arch->fused_qkv && l->kv != ES_KV_NONE) {
        add(to, ES_TENSOR_ATTN_QKV, s->hidden, q + k + v);
    } else {
        const es_use use = l->kv == ES_KV_SHARED ? ES_USE_NEVER : ES_USE_STREAM;
        add(to, ES_TENSOR_ATTN_Q, s->hidden, q);
        add(to, ES_TENSOR_ATTN_K, s->hidden, k)->use = use;
        add(to, ES_TENSOR_ATTN_V, s->hidden, v)->use = use;
    }
    if (l->out_gate > 1)
        add(to, ES_TENSOR_ATTN_GATE, s->hidden, l->heads * (l->out_gate == 2 ? l->v_dim : 1));
    add(to, ES_TENSOR_ATTN_OUTPUT, l->heads * l->v_dim, s->hidden);
    f32->streamed +=
        s->qkv_bias * (q + k + v) + s->o_bias * s->hidden + s->attn_sinks * l->heads + s->sub_norms * s->hidden;
    if (s->qk_norm == 1)
        f32->streamed += l->kv == ES_KV_NONE ? l->head_dim : 2 * l->head_dim;
    else if (s->qk_norm == 2)
        f32->streamed += (l->heads + (l->kv == ES_KV_NONE ? 0 : l->kv_heads)) * l->head_dim;
}

/* Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, section 2.1): queries and keys/values go through low-rank
 * latents; q_lora_rank 0 keeps a full query projection.  Files of late split the second half of the latent's projection
 * into keys (transposed) and values. */
static void add_mla(list *to, const es_arch *arch, const es_shape *s, const es_layer *l, es_vectors *f32) {
    const double q = l->heads * (s->qk_nope + s->qk_rope), c = s->kv_lora_rank;
    if (s->q_lora_rank > 0) {
        add(to, ES_TENSOR_ATTN_Q_A, s->hidden, s->q_lora_rank);
        add(to, ES_TENSOR_ATTN_Q_B, s->q_lora_rank, q);
    } else {
        add(to, ES_TENSOR_ATTN_Q, s->hidden, q);
    }
    add(to, ES_TENSOR_ATTN_KV_A_MQA, s->hidden, c + s->qk_rope);
    if (arch->fused_kv_b) {
        add(to, ES_TENSOR_ATTN_KV_B, c, l->heads * (s->qk_nope + s->v_head_dim));
    } else {
        add_as(to, ES_TENSOR_ATTN_K_B, ES_TENSOR_ATTN_K_B, s->qk_nope, c, l->heads);
        add_as(to, ES_TENSOR_ATTN_V_B, ES_TENSOR_ATTN_V_B, c, s->v_head_dim, l->heads);
    }
    add(to, ES_TENSOR_ATTN_OUTPUT, l->heads * s->v_head_dim, s->hidden);
    f32->streamed += s->q_lora_rank + c;
}

/* Recurrent mixers: gated DeltaNet (arXiv 2412.06464), Mamba (2312.00752), Mamba-2 (2405.21060), RWKV-7 (2503.14456), gated
 * short convolutions (LFM2). */
static void add_recurrent(list *to, const es_shape *s, const es_layer *l, es_vectors *f32) {
    const double h = s->hidden, d = l->ssm_heads * l->ssm_head_dim, gn = l->ssm_groups * l->ssm_state;
    if (l->mixers & ES_MIXER_GDN) {
        add(to, ES_TENSOR_ATTN_QKV, h, 2 * gn + d);
        add(to, ES_TENSOR_ATTN_GATE, h, d);
        add(to, ES_TENSOR_SSM_ALPHA, h, l->ssm_heads);
        add(to, ES_TENSOR_SSM_BETA, h, l->ssm_heads);
        add(to, ES_TENSOR_SSM_OUT, d, h);
        f32->streamed += l->conv_kernel * (2 * gn + d) + 2 * l->ssm_heads + l->ssm_head_dim;
    }
    if (l->mixers & ES_MIXER_MAMBA1) {
        const double r = l->rank[0], n = l->ssm_state;
        add(to, ES_TENSOR_SSM_IN, h, 2 * d);
        add(to, ES_TENSOR_SSM_X, d, r + 2 * n);
        add(to, ES_TENSOR_SSM_DT, r, l->ssm_heads);
        add(to, ES_TENSOR_SSM_OUT, d, h);
        f32->streamed += l->conv_kernel * d + (l->ssm_norm ? r + 2 * n : 0);
        f32->streamed += l->ssm_head_dim == 1 ? n * d + 3 * d : 3 * l->ssm_heads; /* PLaMo-2: a rate for each head */
    }
    if (l->mixers & ES_MIXER_MAMBA2) {
        add(to, ES_TENSOR_SSM_IN, h, 2 * d + 2 * gn + l->ssm_heads);
        add(to, ES_TENSOR_SSM_OUT, d, h);
        f32->streamed += (l->conv_kernel + 1) * (d + 2 * gn) + 3 * l->ssm_heads + (l->ssm_norm ? d : 0);
    }
    if (l->mixers & ES_MIXER_RWKV7) {
        static const es_tensor_id down[] = {ES_TENSOR_TIME_MIX_A1, ES_TENSOR_TIME_MIX_V1, ES_TENSOR_TIME_MIX_G1};
        static const es_tensor_id up[] = {ES_TENSOR_TIME_MIX_A2, ES_TENSOR_TIME_MIX_V2, ES_TENSOR_TIME_MIX_G2};
        for (es_tensor_id id = ES_TENSOR_TIME_MIX_RECEPTANCE; id <= ES_TENSOR_TIME_MIX_OUTPUT; id++)
            add(to, id, h, h);
        for (int i = 0; i < 3; i++) {
            add_kept(to, down[i], h, l->rank[i + 1]);
            add_kept(to, up[i], l->rank[i + 1], h);
        }
        f32->streamed += 2 * h * l->rank[0] + (l->rank[3] > 0 ? 14 : 13) * h; /* of one thing less it mixes */
    }
    if (l->mixers & ES_MIXER_CONV) {
        add(to, ES_TENSOR_SHORTCONV_IN, h, 3 * h);
        add(to, ES_TENSOR_SHORTCONV_OUT, h, h);
        f32->streamed += l->conv_kernel * h;
    }
}

/* Gate, up and down of one FFN; `first` is the id of its gate. */
static void add_ffn(list *to, const es_arch *arch, const es_shape *s, es_tensor_id first, double width, double depth) {
    const bool gated = s->ffn_matrices == 3, fused = gated && arch->fused_gate_up && depth == 1;
    const bool routed = first == ES_TENSOR_FFN_GATE_EXPS;
    const double sees = routed && s->moe_latent > 0 ? s->moe_latent : s->hidden;
    const size_t begin = to->n;
    if (gated && !fused)
        add_as(to, first, ES_TENSOR_FFN_GATE, sees, width, depth);
    add_as(to, first + 1, ES_TENSOR_FFN_UP, sees, fused ? 2 * width : width, depth);
    add_as(to, first + 2, ES_TENSOR_FFN_DOWN, width, sees, depth);
    for (size_t i = begin; i < to->n; i++) {
        to->tensor[i].ffn = true;
        to->tensor[i].use = routed ? ES_USE_ROUTED : ES_USE_STREAM;
    }
}

static double ffn_biases(const es_shape *s, double width) { return (s->ffn_matrices - 1) * width + s->hidden; }

static void add_ffns(list *to, const es_arch *arch, const es_shape *s, const es_layer *l, es_vectors *f32) {
    if (l->ffn & ES_FFN_DENSE) {
        add_ffn(to, arch, s, ES_TENSOR_FFN_GATE, l->intermediate, 1);
        f32->streamed += s->mlp_bias * ffn_biases(s, l->intermediate) + s->sub_norms * l->intermediate;
    }
    if (l->ffn & ES_FFN_MOE) {
        add_ffn(to, arch, s, ES_TENSOR_FFN_GATE_EXPS, l->expert_intermediate, l->experts);
        add_ffn(to, arch, s, ES_TENSOR_FFN_GATE_SHEXP, l->expert_intermediate * l->shared, 1);
        add(to, ES_TENSOR_FFN_LATENT_DOWN, s->hidden, s->moe_latent);
        add(to, ES_TENSOR_FFN_LATENT_UP, s->moe_latent, s->hidden);
        f32->streamed += s->hidden * l->experts + s->router_bias * l->experts + s->shared_gate * s->hidden;
        f32->routed += s->expert_bias * ffn_biases(s, l->expert_intermediate);
        if (l->ffn & ES_FFN_DENSE && !arch->plain_sum) /* scales of both (Gemma 4) */
            f32->streamed += s->hidden + l->experts;
    }
    if (l->ffn & ES_FFN_CHANNEL_MIX) {
        add(to, ES_TENSOR_CHANNEL_MIX_KEY, s->hidden, l->intermediate);
        add(to, ES_TENSOR_CHANNEL_MIX_VALUE, l->intermediate, s->hidden);
        f32->streamed += s->hidden;
    }
}

size_t es_layer_tensors(const es_arch *arch, const es_shape *s, const es_layer *l, es_tensor *tensors,
                        es_vectors *vectors) {
    list to = {tensors, 0};
    es_vectors f32 = {0};
    const double h = s->hidden, a = s->altup;
    if (l->mixers & ES_MIXER_ATTENTION)
        add_attention(&to, arch, s, l, &f32);
    if (l->mixers & ES_MIXER_MLA)
        add_mla(&to, arch, s, l, &f32);
    if (l->mixers & ES_MIXER_LINEAR)
        add(&to, ES_TENSOR_ATTN_OUTPUT, h, h);
    add_recurrent(&to, s, l, &f32);
    add_ffns(&to, arch, s, l, &f32);
    f32.streamed += norm_weights(s, l->norms * h);
    if (s->per_layer_embd > 0) { /* Gemma 3n, Gemma 4 */
        add(&to, ES_TENSOR_INP_GATE, h, s->per_layer_embd);
        add(&to, ES_TENSOR_PROJ, s->per_layer_embd, h);
        f32.streamed += h;
    }
    if (a > 0) { /* AltUp, arXiv 2301.13310 */
        add_kept(&to, ES_TENSOR_ALTUP_ROUTER, h, a);
        f32.streamed += a * a + a * a * a + 2 * h;
    }
    if (s->laurel_rank > 0) { /* LAuReL, arXiv 2411.07501 */
        add_kept(&to, ES_TENSOR_LAUREL_L, h, s->laurel_rank);
        add_kept(&to, ES_TENSOR_LAUREL_R, s->laurel_rank, h);
        f32.streamed += h;
    }
    *vectors = f32;
    return to.n;
}

/* Models with an embedding width of their own (OPT-350M) project it to the hidden width and have no final norm. */
size_t es_end_tensors(const es_arch *arch, const es_shape *s, es_tensor *tensors, es_vectors *first, es_vectors *last) {
    (void)arch;
    list to = {tensors, 0};
    const double width = s->embed_dim > 0 ? s->embed_dim : s->hidden, p = s->per_layer_embd;
    const bool projected = width != s->hidden, tied = s->tied > 0;
    es_tensor *embd =
        add_as(&to, ES_TENSOR_TOKEN_EMBD, tied ? ES_TENSOR_OUTPUT : ES_TENSOR_TOKEN_EMBD, width, s->vocab, 1);
    embd->use = tied ? ES_USE_HEAD : ES_USE_LOOKUP;
    embd->place = ES_PLACE_FIRST;
    if (!tied) {
        es_tensor *output = add(&to, ES_TENSOR_OUTPUT, width, s->vocab);
        output->use = ES_USE_HEAD;
        output->place = ES_PLACE_LAST;
    }
    if (projected) {
        add(&to, ES_TENSOR_PROJECT_IN, width, s->hidden)->place = ES_PLACE_FIRST;
        add(&to, ES_TENSOR_PROJECT_OUT, s->hidden, width)->place = ES_PLACE_LAST;
    }
    if (p > 0) {
        es_tensor *rows = add_as(&to, ES_TENSOR_PER_LAYER_TOKEN_EMBD, embd->role, p * s->layers, s->vocab, 1);
        rows->use = ES_USE_LOOKUP;
        rows->place = ES_PLACE_FIRST;
        es_tensor *proj = add(&to, ES_TENSOR_PER_LAYER_MODEL_PROJ, s->hidden, p * s->layers);
        proj->kept = true;
        proj->place = ES_PLACE_FIRST;
    }
    if (s->altup > 1)
        for (es_tensor_id id = ES_TENSOR_ALTUP_PROJ; id <= ES_TENSOR_ALTUP_UNEMBD_PROJ; id++) {
            es_tensor *proj = add_as(&to, id, id, s->hidden, s->hidden, s->altup - 1);
            proj->kept = true;
            proj->place = id == ES_TENSOR_ALTUP_PROJ ? ES_PLACE_FIRST : ES_PLACE_LAST;
        }
    add(&to, ES_TENSOR_OTHER, s->other, 1)->place = ES_PLACE_FIRST;
    *first = (es_vectors){.streamed = p, .stored = s->pos_rows * s->hidden + s->extra};
    *last = (es_vectors){.streamed = (projected ? 0 : norm_weights(s, s->hidden)) +
                                     s->embed_norm * norm_weights(s, s->hidden) + s->lm_head_bias * s->vocab};
    return to.n;
}

/* ---- What follows from the shapes ---- */

static double weights_of(const es_tensor *t) { return t->in * t->out * t->depth; }

es_params es_count_params(const es_arch *arch, const es_shape *s) {
    es_params p = {0};
    es_tensor tensor[ES_MAX_TENSORS];
    es_vectors f32, last;
    double count[ES_MAX_KINDS];
    const size_t kinds = es_arch_count(arch, s, s->unique_layers, count);
    for (size_t k = 0; k < kinds; k++) {
        if (count[k] == 0)
            continue;
        const es_layer l = es_layer_of(arch, s, (int)k);
        const size_t n = es_layer_tensors(arch, s, &l, tensor, &f32);
        const double active = smaller(l.active, l.experts);
        double total = f32.streamed + f32.routed * l.experts, used = f32.streamed + f32.routed * active;
        for (size_t i = 0; i < n; i++) {
            total += weights_of(&tensor[i]);
            if (tensor[i].use == ES_USE_ROUTED)
                used += weights_of(&tensor[i]) / l.experts * active;
            else if (tensor[i].use != ES_USE_NEVER)
                used += weights_of(&tensor[i]);
        }
        p.total += count[k] * total;
        p.active += count[k] * used;
    }
    const size_t n = es_end_tensors(arch, s, tensor, &f32, &last);
    double total = f32.streamed + f32.stored + last.streamed, skipped = 0;
    for (size_t i = 0; i < n; i++) {
        total += weights_of(&tensor[i]);
        skipped += tensor[i].id == ES_TENSOR_PER_LAYER_TOKEN_EMBD ? weights_of(&tensor[i]) : 0;
    }
    p.total += total;
    p.active += total - skipped;
    return p;
}

/* Constant state of recurrent mixers, and operations on it per token. */
static void add_state_costs(const es_shape *s, const es_layer *l, es_stack *costs) {
    const double d = l->ssm_heads * l->ssm_head_dim, gn = l->ssm_groups * l->ssm_state, taps = l->conv_kernel - 1;
    if (l->mixers & ES_MIXER_GDN) { /* decay 1, read 2, rank-1 update 2, read 2 per number of the state */
        costs->state += d * l->ssm_state + taps * (2 * gn + d);
        costs->state_flops += 7 * d * l->ssm_state;
    }
    if (l->mixers & ES_MIXER_MAMBA1) { /* also forms dt*A and dt*B */
        costs->state += d * l->ssm_state + taps * d;
        costs->state_flops += 7 * d * l->ssm_state;
    }
    if (l->mixers & ES_MIXER_MAMBA2) { /* decay 1, update 2, read 2 */
        costs->state += d * l->ssm_state + taps * (d + 2 * gn);
        costs->state_flops += 5 * d * l->ssm_state;
    }
    if (l->mixers & ES_MIXER_RWKV7) { /* decay 1, two rank-1 updates 4, two reads 4 */
        costs->state += s->hidden * l->ssm_head_dim + 2 * s->hidden;
        costs->state_flops += 9 * s->hidden * l->ssm_head_dim;
    }
    if (l->mixers & ES_MIXER_CONV) { /* the gates; the convolution is a matrix */
        costs->state += taps * s->hidden;
        costs->state_flops += 2 * s->hidden;
    }
}

/* What the compute buffer holds of a layer at once. */
static void add_widths(const es_arch *arch, const es_shape *s, const es_layer *l, es_stack *costs) {
    const es_span *span = &costs->span[0];
    const double d = l->ssm_heads * l->ssm_head_dim;
    const bool moe = (l->ffn & ES_FFN_MOE) != 0;
    costs->experts = moe ? l->experts : 0;
    costs->active = moe ? l->active : 0;
    if (costs->attention_layers > 0) {
        const bool latent = l->mixers & ES_MIXER_MLA;
        const double key = latent ? s->qk_nope + s->qk_rope : l->head_dim, rank = s->kv_lora_rank + s->qk_rope;
        const double value = latent ? s->v_head_dim : l->v_dim, vector = latent && !arch->fused_kv_b ? rank : key;
        costs->score_heads = l->heads;
        costs->widest_v = span->read_v;
        costs->odd_rows = fmod(vector, 32) > 0 || (span->read_v > 0 && fmod(value, 32) > 0) ? 1 : 0;
        costs->attn_expanded_width = costs->attn_width = 2 * l->heads * key +
                                                         2 * (latent ? l->heads : l->kv_heads) * key + 3 * s->hidden +
                                                         (l->mixers & ES_MIXER_MAMBA2 ? 3 * d : 0);
        if (latent && !arch->fused_kv_b)
            costs->attn_width = 2 * l->heads * rank + l->heads * key + 4 * s->hidden;
    }
    if (l->ffn & (ES_FFN_DENSE | ES_FFN_CHANNEL_MIX))
        costs->block_width = (s->ffn_matrices > 2 ? 3 : 1) * l->intermediate;
    if (moe) {
        const double used = smaller(l->active, l->experts), x = l->expert_intermediate;
        costs->block_width = larger(costs->block_width, larger(3 * used * x, used * (x + s->hidden)));
        costs->block_width = larger(costs->block_width, (used + 1) * s->hidden);
    }
    if (l->mixers & (ES_MIXER_GDN | ES_MIXER_MAMBA1 | ES_MIXER_MAMBA2))
        costs->block_width = larger(costs->block_width, 4 * d);
    costs->block_width += costs->block_width > 0 ? 4 * s->hidden : 0;
}

void es_layer_costs(const es_arch *arch, const es_shape *s, const es_layer *l, es_stack *costs) {
    *costs = (es_stack){0};
    es_span *span = &costs->span[0];
    span->window = l->window;
    if (l->mixers & ES_MIXER_ATTENTION) {
        span->read_k = l->kv_heads * l->head_dim;
        span->read_v = l->kv_heads * l->v_dim;
        span->score_flops = 2 * l->heads * (l->head_dim + l->v_dim);
    }
    if (l->mixers & ES_MIXER_MLA) { /* with kv_b in one tensor keys and values are expanded before they are cached */
        const double key = s->qk_nope + s->qk_rope;
        span->read_k += arch->fused_kv_b ? l->heads * key : s->kv_lora_rank + s->qk_rope;
        span->read_v += arch->fused_kv_b ? l->heads * s->v_head_dim : 0;
        span->score_flops += 2 * l->heads * (arch->fused_kv_b ? key + s->v_head_dim : 2 * s->kv_lora_rank + s->qk_rope);
    }
    if (l->kv == ES_KV_OWN)
        span->k = span->read_k, span->v = span->read_v;
    costs->attention_layers = l->mixers & (ES_MIXER_ATTENTION | ES_MIXER_MLA) ? 1 : 0;
    add_state_costs(s, l, costs);
    add_widths(arch, s, l, costs);
}

es_stack es_stack_of(const es_arch *arch, const es_shape *s) {
    es_stack stack = {0}, one;
    double count[ES_MAX_KINDS];
    const size_t kinds = es_arch_count(arch, s, s->layers, count);
    for (size_t k = 0; k < kinds; k++) {
        if (count[k] == 0)
            continue;
        const es_layer l = es_layer_of(arch, s, (int)k);
        es_layer_costs(arch, s, &l, &one);
        if (one.attention_layers > 0) {
            const double window = one.span[0].window;
            es_span *span = &stack.span[window > 0]; /* of several windows the largest */
            span->window = larger(span->window, window);
            span->layers += count[k];
            span->owners += one.span[0].k > 0 ? count[k] : 0;
            span->k += count[k] * one.span[0].k;
            span->v += count[k] * one.span[0].v;
            span->read_k += count[k] * one.span[0].read_k;
            span->read_v += count[k] * one.span[0].read_v;
            span->score_flops += count[k] * one.span[0].score_flops;
        }
        stack.attention_layers += count[k] * one.attention_layers;
        stack.state += count[k] * one.state;
        stack.state_flops += count[k] * one.state_flops;
        stack.score_heads = larger(stack.score_heads, one.score_heads);
        stack.widest_v = larger(stack.widest_v, one.widest_v);
        stack.odd_rows = larger(stack.odd_rows, one.odd_rows);
        stack.attn_width = larger(stack.attn_width, one.attn_width);
        stack.attn_expanded_width = larger(stack.attn_expanded_width, one.attn_expanded_width);
        stack.block_width = larger(stack.block_width, one.block_width);
        if (one.experts > stack.experts)
            stack.experts = one.experts, stack.active = one.active;
    }
    return stack;
}

/* Every stored number of a layer. */
static double layer_weights(const es_arch *arch, const es_shape *s, const es_layer *l) {
    es_tensor tensor[ES_MAX_TENSORS];
    es_vectors f32;
    const size_t n = es_layer_tensors(arch, s, l, tensor, &f32);
    double total = f32.streamed + f32.stored + f32.routed * l->experts;
    for (size_t i = 0; i < n; i++)
        total += weights_of(&tensor[i]);
    return total;
}

es_split es_split_over(const es_arch *arch, const es_shape *s, double nodes) {
    enum { PARTS = sizeof(es_split) / sizeof(double) };
    double each[ES_MAX_KINDS][PARTS], count[ES_MAX_KINDS], whole[PARTS] = {0}, part[PARTS] = {0}, most[PARTS] = {0};
    const size_t kinds = es_arch_count(arch, s, s->layers, count);
    const int64_t layers = (int64_t)s->layers, n = (int64_t)smaller(larger(nodes, 1), s->layers);
    for (size_t k = 0; k < kinds; k++) {
        if (count[k] == 0)
            continue;
        es_stack one;
        const es_layer l = es_layer_of(arch, s, (int)k);
        es_layer_costs(arch, s, &l, &one);
        const double cached = one.span[0].k + one.span[0].v;
        const es_split split = {.weights = layer_weights(arch, s, &l),
                                .cache = {l.window > 0 ? 0 : cached, l.window > 0 ? cached : 0},
                                .state = one.state};
        memcpy(each[k], &split, sizeof split);
    }
    for (int64_t layer = 0, node = 0; layer < layers; layer++) {
        const bool last = layer + 1 == (node + 1) * layers / n;
        for (int i = 0; i < PARTS; i++) {
            const double own = each[es_arch_kind(arch, s, layer)][i];
            whole[i] += own, part[i] += own;
            most[i] = larger(most[i], part[i]);
            part[i] = last ? 0 : part[i];
        }
        node += last;
    }
    for (int i = 0; i < PARTS; i++)
        most[i] = whole[i] > 0 ? most[i] / whole[i] : 0;
    es_split split;
    memcpy(&split, most, sizeof split);
    return split;
}

double es_arch_gqa(const es_arch *arch, const es_shape *s) {
    es_layer l = es_layer_of(arch, s, es_arch_kind(arch, s, 0));
    if (l.mixers & ES_MIXER_GDN)
        for (int64_t i = 1; i < (int64_t)s->layers && !(l.mixers & ES_MIXER_ATTENTION); i++)
            l = es_layer_of(arch, s, es_arch_kind(arch, s, i));
    if (l.mixers & ES_MIXER_ATTENTION)
        return floor(l.heads / l.kv_heads);
    return l.mixers & ES_MIXER_MLA ? (arch->fused_kv_b ? 1 : l.heads) : 0;
}

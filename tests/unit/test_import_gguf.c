/* GGUF files of real architectures, written tensor by tensor, against catalog rows and layouts; hostile files. */
#include <criterion/criterion.h>

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <edgesweep/catalog.h>

#include "import/import_gguf.h"
#include "import/import_hf.h"
#include "model/inventory.h"
#include "model/layout.h"
#include "gguf_writer.h"

static es_catalog catalog;

static void set_up(void) { cr_assert_eq(es_catalog_load(&catalog, NULL, 0, NULL), ES_OK); }
static void tear_down(void) { es_catalog_free(&catalog); }
TestSuite(import_gguf, .init = set_up, .fini = tear_down);

/* ---- Files ---- */

enum {
    F32 = 0,
    F16 = 1,
    Q4_0 = 2,
    Q5_0 = 6,
    Q8_0 = 8,
    Q4_K = 12,
    Q5_K = 13,
    Q6_K = 14,
    IQ4_XS = 23,
    MXFP4 = 39,
    NVFP4 = 40,
    Q1_0 = 41,
    Q2_0 = 42
};

static uint64_t bytes_of(uint32_t type, uint64_t weights) {
    static const struct {
        uint32_t type;
        uint64_t bytes, weights;
    } types[] = {{F32, 4, 1},      {F16, 2, 1},      {Q4_0, 18, 32},   {Q5_0, 22, 32},     {Q8_0, 34, 32},
                 {Q4_K, 144, 256}, {Q5_K, 176, 256}, {Q6_K, 210, 256}, {IQ4_XS, 136, 256}, {MXFP4, 17, 32},
                 {NVFP4, 36, 64},  {Q1_0, 18, 128},  {Q2_0, 18, 64}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].type == type)
            return weights / types[i].weights * types[i].bytes;
    abort();
}

/* How a file chooses types. */
typedef enum style {
    PLAIN,       /* one type */
    K_MIX,       /* as Q4_K_M: half of attn_v and ffn_down in Q6_K */
    PATCHWORK,   /* a type of its own for every matrix, changing with the layer */
    EXPERTS_ONLY /* experts in MXFP4, the rest in Q8_0 */
} style;

typedef struct generator {
    gguf_writer w;
    style style;
    uint32_t base;
    long layers;
    const char *arch; /* NULL: the family of the row */
    double vectors;   /* written so far */
    bool lists_windows;
} generator;

static bool more(long i, long n) { return i < n / 8 || i >= 7 * n / 8 || (i - n / 8) % 3 == 2; }

static uint32_t fitting(uint32_t type, uint64_t row) {
    const bool super = type == Q4_K || type == Q5_K || type == Q6_K || type == IQ4_XS;
    if (super && row % 256 != 0)
        type = type == Q6_K ? Q8_0 : Q5_0;
    return type > F16 && row % 32 != 0 ? F16 : type;
}

static uint32_t choose(const generator *g, const char *name, long layer) {
    static const uint32_t some[] = {Q4_0, Q5_0, Q8_0, Q4_K, Q5_K, Q6_K, F16, IQ4_XS};
    if (g->style == PATCHWORK)
        return some[(strlen(name) * 7 + (unsigned char)name[strlen(name) / 2] + (size_t)(layer + 1) / 3) % 8];
    if (g->style == EXPERTS_ONLY)
        return strstr(name, "_exps") ? MXFP4 : Q8_0;
    if (g->style == K_MIX && strcmp(name, "output") == 0)
        return Q6_K;
    if (g->style == K_MIX && (strcmp(name, "attn_v") == 0 || strcmp(name, "ffn_down") == 0) && more(layer, g->layers))
        return Q6_K;
    if (g->style == K_MIX && strcmp(name, "attn_qkv") == 0)
        return Q5_K;
    return g->base;
}

static void tensor(generator *g, const char *name, const char *suffix, long layer, uint32_t type, double d0, double d1,
                   double d2) {
    char full[100];
    const uint64_t dim[3] = {(uint64_t)d0, (uint64_t)d1, (uint64_t)d2};
    if (strcmp(suffix, "x") == 0) /* no suffix */
        snprintf(full, sizeof full, "blk.%ld.%s", layer, name);
    else if (layer < 0)
        snprintf(full, sizeof full, "%s.%s", name, suffix);
    else
        snprintf(full, sizeof full, "blk.%ld.%s.%s", layer, name, suffix);
    gguf_tensor(&g->w, full,
                d2 > 0   ? 3
                : d1 > 0 ? 2
                         : 1,
                dim, type, bytes_of(type, dim[0] * (d1 > 0 ? dim[1] : 1) * (d2 > 0 ? dim[2] : 1)));
    bool matrix = false;
    for (int i = 0; i < ES_TENSOR_IDS; i++)
        matrix |= strcmp(name, es_tensor_names[i]) == 0 && strcmp(suffix, "weight") == 0;
    g->vectors += matrix ? 0 : d0 * (d1 > 0 ? d1 : 1) * (d2 > 0 ? d2 : 1);
}

static void vector(generator *g, const char *name, const char *suffix, long layer, double n) {
    tensor(g, name, suffix, layer, F32, n, 0, 0);
}

static void norm(generator *g, const es_shape *s, const char *name, long layer) {
    if (s->norm == ES_NORM_LN_NP)
        return;
    vector(g, name, "weight", layer, s->hidden);
    if (s->norm == ES_NORM_LN)
        vector(g, name, "bias", layer, s->hidden);
}

static bool family_is(const es_row *row, const char *family) { return strcmp(row->text[ES_M_FAMILY], family) == 0; }

/* A model of the catalog with its kinds of layers. */
typedef struct model {
    const es_row *row;
    es_shape shape;
    es_arch arch;
    es_arena arena;
} model;

static model model_named(const char *name) {
    model m = {.row = es_table_find(&catalog.table[ES_MODEL], name, strlen(name))};
    cr_assert_not_null(m.row, "%s", name);
    m.shape = es_shape_of(m.row);
    cr_assert_eq(es_arch_compile(&catalog, m.row, &m.arena, &m.arch, NULL), ES_OK, "%s", name);
    return m;
}

static es_layer layer_of(const model *m, long i) {
    return es_layer_of(&m->arch, &m->shape, es_arch_kind(&m->arch, &m->shape, i));
}

static void matrices(generator *g, const es_tensor *t, size_t n, long i) {
    for (; n > 0; n--, t++) {
        const char *name = es_tensor_names[t->id];
        const bool tied = t->id == ES_TENSOR_TOKEN_EMBD && t->use == ES_USE_HEAD; /* its rules are those of the head */
        const uint32_t type = t->kept ? g->style == PLAIN && g->base == F32 ? F32 : F16
                                      : fitting(choose(g, tied ? "output" : name, i), (uint64_t)t->in);
        tensor(g, name, "weight", i, type, t->in, t->out, t->depth > 1 || strstr(name, "_exps") ? t->depth : 0);
    }
}

static void recurrent_vectors(generator *g, const es_shape *s, const es_layer *l, long i) {
    const double d = l->ssm_heads * l->ssm_head_dim, gn = l->ssm_groups * l->ssm_state, h = s->hidden;
    if (l->mixers & ES_MIXER_GDN) {
        tensor(g, "ssm_conv1d", "weight", i, F32, l->conv_kernel, 2 * gn + d, 0);
        vector(g, "ssm_dt", "bias", i, l->ssm_heads);
        tensor(g, "ssm_a", "x", i, F32, l->ssm_heads, 0, 0);
        vector(g, "ssm_norm", "weight", i, l->ssm_head_dim);
    }
    if (l->mixers & ES_MIXER_MAMBA1) {
        tensor(g, "ssm_conv1d", "weight", i, F32, l->conv_kernel, d, 0);
        vector(g, "ssm_conv1d", "bias", i, d);
        vector(g, "ssm_dt", "bias", i, d);
        tensor(g, "ssm_a", "x", i, F32, l->ssm_state, d, 0);
        tensor(g, "ssm_d", "x", i, F32, d, 0, 0);
        if (l->ssm_norm) {
            vector(g, "ssm_dt_norm", "weight", i, l->rank[0]);
            vector(g, "ssm_b_norm", "weight", i, l->ssm_state);
            vector(g, "ssm_c_norm", "weight", i, l->ssm_state);
        }
    }
    if (l->mixers & ES_MIXER_MAMBA2) {
        tensor(g, "ssm_conv1d", "weight", i, F32, l->conv_kernel, d + 2 * gn, 0);
        vector(g, "ssm_conv1d", "bias", i, d + 2 * gn);
        vector(g, "ssm_dt", "bias", i, l->ssm_heads);
        tensor(g, "ssm_a", "x", i, F32, 1, l->ssm_heads, 0);
        tensor(g, "ssm_d", "x", i, F32, 1, l->ssm_heads, 0);
        if (l->ssm_norm)
            tensor(g, "ssm_norm", "weight", i, F32, d, 1, 0);
    }
    if (l->mixers & ES_MIXER_RWKV7) {
        tensor(g, "time_mix_w1", "weight", i, F32, h, l->rank[0], 0);
        tensor(g, "time_mix_w2", "weight", i, F32, l->rank[0], h, 0);
        tensor(g, "time_mix_lerp_fused", "weight", i, F32, h, 14, 0);
    }
    if (l->mixers & ES_MIXER_CONV)
        tensor(g, "shortconv.conv", "weight", i, F32, l->conv_kernel, h, 0);
}

static void biases(generator *g, const es_shape *s, const char *suffix, long i, double width, double copies,
                   bool fused) {
    const char *const names[] = {"ffn_gate", "ffn_up", "ffn_down"};
    for (int j = s->ffn_matrices == 3 && !fused ? 0 : 1; j < 3; j++) {
        char name[40];
        snprintf(name, sizeof name, "%s%s", names[j], suffix);
        tensor(g, name, "bias", i, F32, j == 2 ? s->hidden : fused ? 2 * width : width, copies, 0);
    }
}

static void layer(generator *g, const model *m, long i) {
    static const char *const norms[] = {"attn_norm",       "ffn_norm",        "post_attention_norm", "post_ffw_norm",
                                        "post_ffw_norm_1", "post_ffw_norm_2", "pre_ffw_norm_2"};
    const es_shape *s = &m->shape;
    const es_layer l = layer_of(m, i);
    es_tensor t[ES_MAX_TENSORS];
    es_vectors f32;
    matrices(g, t, es_layer_tensors(&m->arch, s, &l, t, &f32), i);
    const double begin = g->vectors, q = l.heads * l.head_dim, kv = l.kv == ES_KV_NONE ? 0 : l.kv_heads * l.head_dim;
    for (int j = 0; j < (int)l.norms; j++)
        norm(g, s, norms[j], i);
    if (l.mixers & ES_MIXER_ATTENTION) {
        if (s->qkv_bias > 0 && m->arch.fused_qkv)
            vector(g, "attn_qkv", "bias", i, q + 2 * kv);
        for (int j = 0; j < 3 && s->qkv_bias > 0 && !m->arch.fused_qkv; j++)
            vector(g, j == 0 ? "attn_q" : j == 1 ? "attn_k" : "attn_v", "bias", i, j == 0 ? q : kv);
        if (s->o_bias > 0)
            vector(g, "attn_output", "bias", i, s->hidden);
        if (s->qk_norm > 0) {
            vector(g, "attn_q_norm", "weight", i, s->qk_norm == 1 ? l.head_dim : q);
            if (l.kv != ES_KV_NONE)
                vector(g, "attn_k_norm", "weight", i, s->qk_norm == 1 ? l.head_dim : kv);
        }
        if (s->attn_sinks > 0)
            vector(g, "attn_sinks", "weight", i, l.heads);
        if (s->sub_norms > 0) {
            vector(g, "attn_sub_norm", "weight", i, s->hidden);
            vector(g, "ffn_sub_norm", "weight", i, l.intermediate);
        }
    }
    if (l.mixers & ES_MIXER_MLA) {
        if (s->q_lora_rank > 0)
            vector(g, "attn_q_a_norm", "weight", i, s->q_lora_rank);
        vector(g, "attn_kv_a_norm", "weight", i, s->kv_lora_rank);
    }
    recurrent_vectors(g, s, &l, i);
    if (l.ffn & ES_FFN_DENSE && s->mlp_bias > 0)
        biases(g, s, "", i, l.intermediate, 0, m->arch.fused_gate_up);
    if (l.ffn & ES_FFN_MOE) {
        tensor(g, "ffn_gate_inp", "weight", i, F32, s->hidden, l.experts, 0);
        if (s->router_bias > 0)
            vector(g, "exp_probs_b", "bias", i, l.experts);
        if (s->expert_bias > 0)
            biases(g, s, "_exps", i, l.expert_intermediate, l.experts, false);
        if (s->shared_gate > 0)
            vector(g, "ffn_gate_inp_shexp", "weight", i, s->hidden);
        if (l.ffn & ES_FFN_DENSE && !m->arch.plain_sum) {
            vector(g, "ffn_gate_inp", "scale", i, s->hidden);
            vector(g, "ffn_down_exps", "scale", i, l.experts);
        }
    }
    if (l.ffn & ES_FFN_CHANNEL_MIX)
        vector(g, "channel_mix_lerp_k", "weight", i, s->hidden);
    if (s->per_layer_embd > 0)
        vector(g, "post_norm", "weight", i, s->hidden);
    if (s->altup > 0) {
        tensor(g, "altup_correct_coef", "weight", i, F32, s->altup, s->altup, 0);
        tensor(g, "altup_predict_coef", "weight", i, F32, s->altup, s->altup * s->altup, 0);
        vector(g, "altup_correct_scale", "weight", i, s->hidden);
        vector(g, "altup_router_norm", "weight", i, s->hidden);
    }
    if (s->laurel_rank > 0)
        vector(g, "laurel_post_norm", "weight", i, s->hidden);
    cr_assert_eq(g->vectors - begin, f32.streamed + f32.stored + f32.routed * l.experts, "%s: vectors of layer %ld",
                 m->row->name, i);
}

static void key(generator *g, const char *arch, const char *name, double value) {
    char full[100];
    snprintf(full, sizeof full, "%s.%s", arch, name);
    gguf_key_u32(&g->w, full, (uint32_t)value);
}

/* One number where all layers agree, else a list. */
static void key_list(generator *g, const char *arch, const char *name, const uint32_t *value, size_t n) {
    char full[100];
    bool alike = true;
    for (size_t i = 1; i < n; i++)
        alike &= value[i] == value[0];
    snprintf(full, sizeof full, "%s.%s", arch, name);
    if (alike)
        gguf_key_u32(&g->w, full, value[0]);
    else
        gguf_key_u32s(&g->w, full, value, n);
}

static void metadata(generator *g, const model *m, double file_type) {
    enum { MOST = 256 };
    char list[100];
    const es_row *row = m->row;
    const es_shape *s = &m->shape;
    const char *arch = g->arch ? g->arch : row->text[ES_M_FAMILY];
    const size_t n = (size_t)s->layers;
    uint32_t kv[MOST] = {0}, heads[MOST] = {0}, slides[MOST] = {0}, ffn[MOST] = {0};
    double window = 0, shared = 0, wide = s->head_dim, narrow = s->head_dim;
    es_layer recurrent = {0};
    for (size_t i = 0; i < n; i++) {
        const es_layer l = layer_of(m, (long)i);
        const bool attends = l.mixers & (ES_MIXER_ATTENTION | ES_MIXER_MLA);
        heads[i] = (uint32_t)l.heads;
        kv[i] = attends ? (uint32_t)l.kv_heads : 0;
        slides[i] = attends && l.window > 0;
        ffn[i] = (uint32_t)l.intermediate;
        window = attends && l.window > 0 ? l.window : window;
        *(attends && l.window > 0 ? &narrow : &wide) = attends ? l.head_dim : wide;
        shared += l.kv == ES_KV_SHARED;
        if (l.mixers & ~(ES_MIXER_ATTENTION | ES_MIXER_MLA))
            recurrent = l;
    }
    snprintf(list, sizeof list, "%s.attention.sliding_window_pattern", arch);
    gguf_key_text(&g->w, "general.architecture", arch);
    gguf_key_text(&g->w, "general.name", row->name);
    gguf_key_u32(&g->w, "general.file_type", (uint32_t)file_type);
    key(g, arch, "block_count", s->layers);
    key(g, arch, "context_length", row->value[ES_M_MAX_CTX]);
    key(g, arch, "embedding_length", s->hidden);
    key_list(g, arch, "feed_forward_length", ffn, n);
    key_list(g, arch, "attention.head_count", heads, n);
    key_list(g, arch, "attention.head_count_kv", kv, n);
    if (s->kv_lora_rank > 0) {
        key(g, arch, "attention.kv_lora_rank", s->kv_lora_rank);
        key(g, arch, "rope.dimension_count", s->qk_rope);
    } else {
        key(g, arch, "attention.key_length", wide);
        if (narrow != wide)
            key(g, arch, "attention.key_length_swa", narrow);
    }
    if (s->n_experts > 0)
        key(g, arch, "expert_used_count", s->n_active);
    if (window > 0)
        key(g, arch, "attention.sliding_window", window);
    if (window > 0 && (m->arch.kind || g->lists_windows))
        gguf_key_u32s(&g->w, list, slides, n);
    if (shared > 0)
        key(g, arch, "attention.shared_kv_layers", shared);
    if (recurrent.mixers & ES_MIXER_RWKV7) {
        key(g, arch, "wkv.head_size", recurrent.ssm_head_dim);
    } else if (recurrent.mixers & ES_MIXER_CONV) {
        key(g, arch, "shortconv.l_cache", recurrent.conv_kernel);
    } else if (recurrent.mixers) {
        key(g, arch, "ssm.conv_kernel", recurrent.conv_kernel);
        key(g, arch, "ssm.state_size", recurrent.ssm_state);
        key(g, arch, "ssm.group_count", recurrent.ssm_groups);
        key(g, arch, "ssm.time_step_rank",
            recurrent.mixers & ES_MIXER_MAMBA1 ? recurrent.rank[0] : recurrent.ssm_heads);
        key(g, arch, "ssm.inner_size", recurrent.ssm_heads * recurrent.ssm_head_dim);
    }
    gguf_key_texts(&g->w, "tokenizer.ggml.tokens", "token", 1000);
}

/* `extras`: what Llama 3 and others have in rope_freqs. */
static void build(generator *g, const model *m, double file_type, double extras) {
    const es_shape *s = &m->shape;
    es_tensor t[ES_MAX_TENSORS];
    es_vectors first, last;
    g->layers = (long)s->layers;
    metadata(g, m, file_type);
    matrices(g, t, es_end_tensors(&m->arch, s, t, &first, &last), -1);
    const double begin = g->vectors;
    if (s->lm_head_bias > 0)
        vector(g, "output", "bias", -1, s->vocab);
    if (s->pos_rows > 0)
        tensor(g, "position_embd", "weight", -1, F32, s->hidden, s->pos_rows, 0);
    if (s->embed_norm > 0)
        norm(g, s, "token_embd_norm", -1);
    norm(g, s, family_is(m->row, "lfm2") || family_is(m->row, "lfm2moe") ? "token_embd_norm" : "output_norm", -1);
    if (s->per_layer_embd > 0)
        vector(g, "per_layer_proj_norm", "weight", -1, s->per_layer_embd);
    if (extras > 0)
        vector(g, "rope_freqs", "weight", -1, extras);
    cr_assert_eq(g->vectors - begin, first.streamed + first.stored + last.streamed + last.stored + extras - s->extra,
                 "%s", m->row->name);
    for (long i = 0; i < (long)s->layers; i++)
        layer(g, m, i);
}

static FILE *write_file(const gguf_writer *w, const char *path, bool with_data) {
    FILE *f = fopen(path, "w+b");
    cr_assert_not_null(f);
    gguf_write(w, f, 3);
    cr_assert_eq(fflush(f), 0);
    if (with_data) {
        const off_t data = (ftello(f) + 31) / 32 * 32;
        cr_assert_eq(ftruncate(fileno(f), data + (off_t)w->offset), 0);
    }
    return f;
}

/* ---- Real architectures ---- */

static void put_folder(const char *folder, const es_gguf_import *import) {
    static const es_kind kinds[] = {ES_MODEL, ES_LAYER, ES_PRECISION, ES_GGUF_MIXTURE};
    for (int i = 0; i < 4; i++) {
        char path[256];
        if ((i == 3 && import->known) || (i == 1 && import->model.n_kinds == 0))
            continue;
        snprintf(path, sizeof path, "%s/%s.csv", folder, es_fields(kinds[i])->name);
        FILE *out = fopen(path, "w");
        cr_assert_not_null(out);
        es_catalog_header(out, kinds[i]);
        if (i == 0)
            es_model_row_print(out, &import->model);
        else if (i == 1)
            es_model_row_print_layers(out, &import->model);
        else if (i == 2)
            es_gguf_import_print_precision(out, import);
        else
            es_gguf_import_print_mixture(out, import);
        cr_assert_eq(fclose(out), 0);
    }
}

static void clean_folder(const char *folder) {
    static const es_kind kinds[] = {ES_MODEL, ES_LAYER, ES_PRECISION, ES_GGUF_MIXTURE};
    for (int i = 0; i < 4; i++) {
        char path[256];
        snprintf(path, sizeof path, "%s/%s.csv", folder, es_fields(kinds[i])->name);
        unlink(path);
    }
}

/* Loads the rows behind the built-in ones and lays the model out, as the roofline kernel does. */
static double bytes_through_catalog(const char *folder, const es_gguf_import *import) {
    char source[256];
    const char *sources[] = {source};
    es_catalog with;
    es_errors errors = {0};
    es_arena arena = {0};
    es_gguf *gguf;
    es_layout layout;
    snprintf(source, sizeof source, "+%s", folder);
    const es_status status = es_catalog_load(&with, sources, 1, &errors);
    es_errors_print(&errors, stderr);
    cr_assert_eq(status, ES_OK);
    cr_assert_eq(es_gguf_compile(&with, &arena, &gguf, &errors), ES_OK);
    const char *name = import->model.text[ES_M_NAME];
    const es_row *own = es_table_find(&with.table[ES_MODEL], name, strlen(name));
    const es_row *precision = es_table_find(&with.table[ES_PRECISION], import->precision, strlen(import->precision));
    cr_assert(own && precision, "%s %s", name, import->precision);
    const es_mixture *mixture = es_gguf_mixture(gguf, precision->name);
    cr_assert_not_null(mixture, "%s", precision->name);
    const es_shape shape = es_shape_of(own);
    es_arch arch;
    cr_assert_eq(es_arch_compile(&with, own, &arena, &arch, &errors), ES_OK);
    es_layout_gguf(gguf, mixture, (es_quantizer){NAN, precision->value[ES_P_IMATRIX] > 0}, &arch, &shape, &layout);
    es_arena_free(&arena);
    es_catalog_free(&with);
    return layout.weight_bytes;
}

/* What a model costs, layer by layer, whatever its kinds are called. */
static void expect_same_layers(const model *m, const es_gguf_import *import) {
    es_catalog kinds = {0};
    es_arena arena = {0};
    es_row row;
    es_arch arch;
    cr_assert_eq(es_model_row_as_catalog(&import->model, &arena, &row, &kinds, NULL), ES_OK);
    cr_assert_eq(es_arch_compile(&kinds, &row, &arena, &arch, NULL), ES_OK);
    const es_shape shape = es_shape_of(&row);
    const es_stack a = es_stack_of(&arch, &shape), b = es_stack_of(&m->arch, &m->shape);
    cr_expect_arr_eq(a.span, b.span, sizeof a.span, "%s: caches", m->row->name);
    cr_expect_eq(a.state, b.state, "%s: state %g, catalog %g", m->row->name, a.state, b.state);
    cr_expect_eq(a.state_flops, b.state_flops, "%s", m->row->name);
    const es_params p = es_count_params(&arch, &shape), q = es_count_params(&m->arch, &m->shape);
    cr_expect_eq(p.total - shape.extra, q.total - m->shape.extra, "%s: %.0f parameters, catalog %.0f", m->row->name,
                 p.total, q.total);
    cr_expect_eq(p.active - shape.extra, q.active - m->shape.extra, "%s: %.0f active, catalog %.0f", m->row->name,
                 p.active, q.active);
    es_arena_free(&arena);
}

/* Every model of the catalog but the paper's, each as a file of several kinds. */
Test(import_gguf, bytes_of_real_architectures) {
    static const struct {
        style style;
        uint32_t base;
        double file_type;
        const char *label;
    } styles[] = {{PLAIN, F16, 1, "F16"},      {PLAIN, Q8_0, 7, "Q8_0"},     {PLAIN, F32, 0, "F32"},
                  {K_MIX, Q4_K, 15, "Q4_K_M"}, {PATCHWORK, Q4_0, 2, "Q4_0"}, {EXPERTS_ONLY, Q8_0, 38, "MXFP4_MOE"}};
    char folder[] = "/tmp/import-XXXXXX", path[100];
    cr_assert_not_null(mkdtemp(folder));
    int known = 0, files = 0;
    for (size_t i = 0; i < catalog.table[ES_MODEL].n_rows; i++) {
        const char *name = catalog.table[ES_MODEL].rows[i].name;
        model m = model_named(name);
        /* Files of shared layers or of an embedding width of its own do not exist. */
        const bool exists = strncmp(name, "EP-", 3) != 0 && m.shape.unique_layers == m.shape.layers &&
                            m.shape.embed_dim == 0 && m.shape.layers <= 256;
        for (size_t j = 0; j < sizeof styles / sizeof *styles && exists; j++) {
            generator g = {.style = styles[j].style, .base = styles[j].base};
            const double extras = m.shape.extra > 0 ? m.shape.extra : (double)(i % 2) * 32;
            es_gguf_import import;
            es_errors errors = {0};
            es_arena arena = {0};
            if ((i + j) % 6 != 0 && i % 16 != 0) /* one of the six, of some all */
                continue;
            build(&g, &m, styles[j].file_type, extras);
            snprintf(path, sizeof path, "%s/Some-Model-%s.gguf", folder, styles[j].label);
            FILE *f = write_file(&g.w, path, true);
            const es_status status = es_import_gguf(f, path, &catalog, &arena, &import, &errors);
            es_errors_print(&errors, stderr);
            cr_assert_eq(status, ES_OK, "%s %s", name, styles[j].label);
            cr_expect_eq(import.bytes, g.w.bytes, "%s %s: %.0f bytes, written %.0f", name, styles[j].label,
                         import.bytes, g.w.bytes);
            cr_expect_eq(import.model.value[ES_M_EXTRA_PARAMS], extras, "%s", name);
            expect_same_layers(&m, &import);
            cr_expect_str_eq(import.model.text[ES_M_NAME], "Some-Model");
            cr_expect_str_eq(import.label, styles[j].label);
            put_folder(folder, &import);
            cr_expect_eq(bytes_through_catalog(folder, &import), g.w.bytes, "%s %s through the catalog", name,
                         styles[j].label);
            known += import.known != NULL;
            files++;
            clean_folder(folder);
            fclose(f);
            unlink(path);
            es_arena_free(&arena);
            gguf_free(&g.w);
        }
        es_arena_free(&m.arena);
    }
    rmdir(folder);
    cr_expect_geq(known, files / 4, "%d files of %d are as built in", known, files);
}

/* The parts of a model in several files, blocks for further tokens, lists of windows, the newest tensor types. */
static void begin_file(generator *g, const char *arch, double blocks, double hidden) {
    *g = (generator){.style = PLAIN, .base = F16};
    gguf_key_text(&g->w, "general.architecture", arch);
    key(g, arch, "block_count", blocks);
    key(g, arch, "embedding_length", hidden);
    key(g, arch, "attention.head_count", 8);
    key(g, arch, "attention.head_count_kv", 2);
    key(g, arch, "context_length", 131072);
}

static void put_matrix(generator *g, const char *name, long i, uint32_t type, double in, double out, double depth) {
    tensor(g, name, "weight", i, type, in, out, depth);
}

/* A block of 512 wide, FFN 1024 wide. */
static void put_block(generator *g, long i, uint32_t type) {
    put_matrix(g, "attn_q", i, type, 512, 512, 0);
    put_matrix(g, "attn_k", i, type, 512, 128, 0);
    put_matrix(g, "attn_v", i, type, 512, 128, 0);
    put_matrix(g, "attn_output", i, type, 512, 512, 0);
    vector(g, "attn_norm", "weight", i, 512);
    vector(g, "ffn_norm", "weight", i, 512);
}

static void put_ffn(generator *g, const char *suffix, long i, uint32_t type, double width, double copies) {
    char name[3][40];
    snprintf(name[0], 40, "ffn_gate%s", suffix);
    snprintf(name[1], 40, "ffn_up%s", suffix);
    snprintf(name[2], 40, "ffn_down%s", suffix);
    put_matrix(g, name[0], i, type, 512, width, copies);
    put_matrix(g, name[1], i, type, 512, width, copies);
    put_matrix(g, name[2], i, type, width, 512, copies);
}

static void put_ends(generator *g, uint32_t type) {
    put_matrix(g, "token_embd", -1, type, 512, 1000, 0);
    vector(g, "output_norm", "weight", -1, 512);
}

static es_status import_file(generator *g, const char *path, es_arena *arena, es_gguf_import *import,
                             es_errors *errors) {
    FILE *f = write_file(&g->w, path, true);
    const es_status status = es_import_gguf(f, path, &catalog, arena, import, errors);
    es_errors_print(errors, stderr);
    fclose(f);
    gguf_free(&g->w);
    return status;
}

/* gguf-parser-go issue 32: the list tells, not a built-in period. */
Test(import_gguf, windows_by_layer) {
    static const uint32_t slides[12] = {1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 0},
                          last[12] = {0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    static const struct {
        const uint32_t *list;
        double window, every;
        const char *pattern;
    } cases[] = {{slides, 4096, 6, ""}, {last, 0, 0, "g l*11"}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        generator g;
        es_arena arena = {0};
        es_errors errors = {0};
        es_gguf_import import;
        char path[] = "/tmp/import-window-XXXXXX";
        close(mkstemp(path));
        begin_file(&g, "gemma3", 12, 512);
        key(&g, "gemma3", "attention.sliding_window", 4096);
        gguf_key_u32s(&g.w, "gemma3.attention.sliding_window_pattern", cases[c].list, 12);
        put_ends(&g, F16);
        for (long i = 0; i < 12; i++) {
            put_block(&g, i, F16);
            put_ffn(&g, "", i, F16, 1024, 0);
        }
        cr_assert_eq(import_file(&g, path, &arena, &import, &errors), ES_OK);
        cr_expect_eq(import.model.value[ES_M_SLIDING_WINDOW], cases[c].window);
        cr_expect_eq(import.model.value[ES_M_GLOBAL_EVERY], cases[c].every);
        cr_expect_str_eq(import.model.text[ES_M_LAYER_PATTERN], cases[c].pattern);
        unlink(path);
        es_arena_free(&arena);
    }
}

/* Leading dense layers and experts, each layer and each of the three FFNs of another type. */
Test(import_gguf, dynamic_files_of_mixtures) {
    static const uint32_t types[] = {Q8_0, Q4_K, Q6_K, Q5_K, IQ4_XS, NVFP4, Q1_0, Q2_0};
    generator g;
    es_arena arena = {0};
    es_errors errors = {0};
    es_gguf_import import;
    char folder[] = "/tmp/import-dynamic-XXXXXX", path[100];
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/Mix-UD-Q4_K_XL.gguf", folder);
    begin_file(&g, "dots1", 8, 512);
    gguf_key_u32(&g.w, "general.file_type", 15);
    key(&g, "dots1", "expert_used_count", 2);
    put_ends(&g, Q6_K);
    put_matrix(&g, "output", -1, Q8_0, 512, 1000, 0);
    for (long i = 0; i < 8; i++) {
        put_block(&g, i, types[i]);
        if (i < 3) {
            put_ffn(&g, "", i, types[(i + 1) % 8], 1024, 0);
        } else {
            tensor(&g, "ffn_gate_inp", "weight", i, F32, 512, 4, 0);
            put_ffn(&g, "_shexp", i, types[(i + 2) % 8], 512, 0);
            put_matrix(&g, "ffn_gate_up_exps", i, types[(i + 3) % 8], 512, 512, 4);
            put_matrix(&g, "ffn_down_exps", i, types[(i + 4) % 8], 256, 512, 4);
        }
    }
    const double bytes = g.w.bytes;
    cr_assert_eq(import_file(&g, path, &arena, &import, &errors), ES_OK);
    cr_expect_eq(import.bytes, bytes);
    cr_expect_null(import.known);
    cr_expect_str_eq(import.model.text[ES_M_NAME], "Mix");
    cr_expect_str_eq(import.precision, "Mix-UD-Q4_K_XL");
    cr_expect_eq(import.model.value[ES_M_FIRST_DENSE], 3);
    cr_expect_eq(import.model.value[ES_M_N_SHARED], 2);
    cr_expect_eq(import.model.value[ES_M_EXPERT_INTERMEDIATE], 256);
    put_folder(folder, &import);
    cr_expect_eq(bytes_through_catalog(folder, &import), bytes);
    clean_folder(folder);
    unlink(path);
    rmdir(folder);
    es_arena_free(&arena);
}

/* Two parts, the blocks behind the last layer apart. */
Test(import_gguf, parts_and_further_tokens) {
    generator g[2];
    es_arena arena = {0};
    es_errors errors = {0};
    es_gguf_import import;
    char folder[] = "/tmp/import-parts-XXXXXX", path[2][100];
    cr_assert_not_null(mkdtemp(folder));
    for (int i = 0; i < 2; i++)
        snprintf(path[i], sizeof path[i], "%s/Whole-F16-0000%d-of-00002.gguf", folder, i + 1);
    begin_file(&g[0], "glm4moe", 3, 512);
    key(&g[0], "glm4moe", "nextn_predict_layers", 1);
    g[1] = (generator){.style = PLAIN, .base = F16};
    for (int i = 0; i < 2; i++) {
        gguf_key_u32(&g[i].w, "split.count", 2);
        gguf_key_u32(&g[i].w, "split.no", (uint32_t)i);
    }
    put_ends(&g[0], F16);
    for (long i = 0; i < 3; i++) {
        put_block(&g[i > 0], i, F16);
        put_ffn(&g[i > 0], "", i, F16, 1024, 0);
    }
    put_matrix(&g[1], "nextn.eh_proj", 2, F16, 1024, 512, 0);
    const double bytes = g[0].w.bytes + g[1].w.bytes, weights = g[0].w.weights + g[1].w.weights;
    fclose(write_file(&g[1].w, path[1], true));
    for (int i = 0; i < 2; i++) { /* whichever part is named */
        FILE *f = i == 0 ? write_file(&g[0].w, path[0], true) : fopen(path[1], "rb");
        cr_assert_eq(es_import_gguf(f, path[i], &catalog, &arena, &import, &errors), ES_OK, "%s", errors.error[0].text);
        fclose(f);
        cr_expect_eq(errors.n_warnings, 0);
        cr_expect_str_eq(import.model.text[ES_M_NAME], "Whole");
        cr_expect_eq(import.model.value[ES_M_LAYERS], 2);
        cr_expect_eq(import.model.value[ES_M_MTP_LAYERS], 1);
        cr_expect_eq(import.bytes + import.mtp_bytes, bytes);
        cr_expect_eq(import.params + import.mtp_params, weights);
        cr_expect_eq(import.mtp_params, 1024 * 512 + 512 * (2 * 512 + 2 * 128 + 3 * 1024 + 2));
    }
    unlink(path[1]);
    FILE *f = fopen(path[0], "rb");
    cr_expect_neq(es_import_gguf(f, path[0], &catalog, &arena, &import, &errors), ES_OK);
    cr_expect_not_null(strstr(errors.error[0].text, "00002-of-00002"));
    fclose(f);
    unlink(path[0]);
    rmdir(folder);
    gguf_free(&g[0].w);
    gguf_free(&g[1].w);
    es_arena_free(&arena);
}

/* A matrix that no column describes is read by every token and counted, with a word about it. */
Test(import_gguf, unknown_matrices) {
    generator g;
    es_arena arena = {0};
    es_errors errors = {0};
    es_gguf_import import;
    char folder[] = "/tmp/import-unknown-XXXXXX", path[100];
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/Odd-Q8_0.gguf", folder);
    begin_file(&g, "future", 2, 512);
    put_ends(&g, Q8_0);
    for (long i = 0; i < 2; i++) {
        put_block(&g, i, Q8_0);
        put_ffn(&g, "", i, Q8_0, 1024, 0);
        put_matrix(&g, "ffn_lane", i, Q6_K, 256, 48, 0);
        vector(&g, "lane_gain", "weight", i, 48);
    }
    const double bytes = g.w.bytes, weights = g.w.weights;
    cr_assert_eq(import_file(&g, path, &arena, &import, &errors), ES_OK);
    cr_expect_eq(errors.n_warnings, 2);
    cr_expect_not_null(strstr(errors.warning[0].text, "'blk.0.ffn_lane.weight': not known"));
    cr_expect_eq(import.model.value[ES_M_OTHER_PARAMS], 2 * 256 * 48);
    cr_expect_eq(import.model.value[ES_M_EXTRA_PARAMS], 2 * 48);
    cr_expect_eq(import.bytes, bytes);
    cr_expect_eq(import.params, weights);
    put_folder(folder, &import);
    cr_expect_eq(bytes_through_catalog(folder, &import), bytes);
    clean_folder(folder);
    unlink(path);
    rmdir(folder);
    es_arena_free(&arena);
}

static void put_experts(generator *g, long i, double sees) {
    tensor(g, "ffn_gate_inp", "weight", i, F32, 512, 8, 0);
    put_matrix(g, "ffn_up_exps", i, Q8_0, sees, 256, 8);
    put_matrix(g, "ffn_down_exps", i, Q4_0, 256, sees, 8);
}

/* A dense FFN beside the experts and no scales. */
static void put_arctic(generator *g, long i) {
    put_block(g, i, F16);
    put_ffn(g, "", i, F16, 512, 0);
    put_experts(g, i, 512);
    put_matrix(g, "ffn_gate_exps", i, Q8_0, 512, 256, 8);
    vector(g, "ffn_norm_exps", "weight", i, 512);
}

/* Experts behind a projection to 128. */
static void put_latent(generator *g, long i) {
    put_block(g, i, F16);
    put_experts(g, i, 128);
    put_matrix(g, "ffn_latent_down", i, F16, 512, 128, 0);
    put_matrix(g, "ffn_latent_up", i, F16, 128, 512, 0);
}

/* PLaMo-2: a rate of Mamba for each head, projections fused. */
static void put_plamo2(generator *g, long i) {
    vector(g, "attn_norm", "weight", i, 512);
    vector(g, "ffn_norm", "weight", i, 512);
    put_matrix(g, "ffn_up", i, F16, 512, 2048, 0);
    put_matrix(g, "ffn_down", i, F16, 1024, 512, 0);
    if (i > 0) {
        put_matrix(g, "attn_qkv", i, F16, 512, 768, 0);
        put_matrix(g, "attn_output", i, F16, 512, 512, 0);
        return;
    }
    put_matrix(g, "ssm_in", i, F16, 512, 2048, 0);
    put_matrix(g, "ssm_x", i, F16, 1024, 192, 0);
    put_matrix(g, "ssm_dt", i, F16, 64, 16, 0);
    put_matrix(g, "ssm_out", i, F16, 1024, 512, 0);
    tensor(g, "ssm_conv1d", "weight", i, F32, 4, 1024, 0);
    vector(g, "ssm_dt", "bias", i, 16);
    tensor(g, "ssm_a", "x", i, F32, 1, 16, 0);
    tensor(g, "ssm_d", "x", i, F32, 1, 16, 0);
    vector(g, "ssm_dt_norm", "weight", i, 64);
    vector(g, "ssm_b_norm", "weight", i, 64);
    vector(g, "ssm_c_norm", "weight", i, 64);
}

/* Norms of queries and keys with biases; of keys none in the second layer: less than the columns say. */
static void put_chameleon(generator *g, long i) {
    put_block(g, i, F16);
    put_ffn(g, "", i, F16, 1024, 0);
    tensor(g, "attn_q_norm", "weight", i, F32, 64, 8, 0);
    if (i > 0)
        return;
    tensor(g, "attn_k_norm", "weight", i, F32, 64, 2, 0);
    tensor(g, "attn_q_norm", "bias", i, F32, 8, 8, 0);
}

/* A matrix that layers of the kind have not, and unknown ones of several types. */
static void put_vision_experts(generator *g, long i) {
    put_block(g, i, F16);
    put_ffn(g, "", i, F16, 1024, 0);
    put_matrix(g, "vis_up", i, Q4_K, 512, 1024, 0);
    put_matrix(g, "vis_down", i, i > 0 ? Q6_K : Q4_K, 1024, 512, 0);
    put_matrix(g, "ssm_beta", i, Q8_0, 512, 8, 0);
}

/* Layers as llama.cpp's src/models have them. */
Test(import_gguf, odd_layers) {
    static const struct {
        const char *arch;
        void (*put)(generator *, long);
        int field;
        double value;
    } cases[] = {{"arctic", put_arctic, ES_M_NORMS_PER_LAYER, 3},
                 {"nemotron_h_moe", put_latent, ES_M_MOE_LATENT, 128},
                 {"plamo2", put_plamo2, ES_M_FFN_MATRICES, 3},
                 {"chameleon", put_chameleon, ES_M_EXTRA_PARAMS, 64 - 128},
                 {"cogvlm", put_vision_experts, ES_M_OTHER_PARAMS, 4 * 512 * 1024 + 2 * 512 * 8}};
    char folder[] = "/tmp/import-odd-XXXXXX", path[100];
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/Odd.gguf", folder);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        generator g;
        es_arena arena = {0};
        es_errors errors = {0};
        es_gguf_import import;
        const char *arch = cases[c].arch;
        begin_file(&g, arch, 2, 512);
        key(&g, arch, "expert_used_count", 2);
        key(&g, arch, "ssm.conv_kernel", 4);
        key(&g, arch, "ssm.state_size", 64);
        put_ends(&g, F16);
        for (long i = 0; i < 2; i++)
            cases[c].put(&g, i);
        const double bytes = g.w.bytes, weights = g.w.weights;
        cr_assert_eq(import_file(&g, path, &arena, &import, &errors), ES_OK, "%s", arch);
        cr_expect_eq(import.model.value[cases[c].field], cases[c].value, "%s: %g", arch,
                     import.model.value[cases[c].field]);
        cr_expect_eq(import.bytes, bytes, "%s", arch);
        cr_expect_eq(import.params, weights, "%s", arch);
        put_folder(folder, &import);
        cr_expect_eq(bytes_through_catalog(folder, &import), bytes, "%s: %.0f, not %.0f", arch,
                     bytes_through_catalog(folder, &import), bytes);
        clean_folder(folder);
        es_arena_free(&arena);
    }
    unlink(path);
    rmdir(folder);
}

/* What is no language model is called what it is. */
Test(import_gguf, other_files) {
    static const struct {
        const char *arch, *type, *says;
    } cases[] = {{"clip", "mmproj", "a projector for images or sound"},
                 {"clip", "model", "a projector for images or sound"},
                 {"llama", "adapter", "an adapter (LoRA)"},
                 {"nomic-bert", "model", "an encoder (architecture 'nomic-bert')"},
                 {"t5encoder", "model", "an encoder"},
                 {"gemma-embedding", "model", "a model of embeddings"},
                 {"eagle3", "model", "a drafter that reads the states of another model"},
                 {"llama", "imatrix", "an importance matrix"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        generator g = {0};
        es_arena arena = {0};
        es_errors errors = {0};
        es_gguf_import import;
        char path[] = "/tmp/import-other-XXXXXX";
        close(mkstemp(path));
        gguf_key_text(&g.w, "general.architecture", cases[i].arch);
        gguf_key_text(&g.w, "general.type", cases[i].type);
        cr_expect_eq(import_file(&g, path, &arena, &import, &errors), ES_EUSAGE);
        cr_expect_not_null(strstr(errors.error[0].text, cases[i].says), "%s", errors.error[0].text);
        unlink(path);
        es_arena_free(&arena);
    }
}

/* The file that a config.json describes gives the same model. */
static void expect_alike(const char *what, const char *json, const char *path) {
    es_arena arena = {0};
    es_errors errors = {0};
    es_model_row config;
    es_gguf_import import;
    es_catalog kinds = {0};
    es_row row;
    es_status status = json ? es_import_hf_text(what, json, strlen(json), NULL, &arena, &config, &errors)
                            : es_import_hf(path, NULL, &arena, &config, &errors);
    cr_assert_eq(status, ES_OK, "%s: %s", what, errors.error[0].text);
    cr_assert_eq(es_model_row_as_catalog(&config, &arena, &row, &kinds, &errors), ES_OK);
    model m = {.row = &row, .shape = es_shape_of(&row)};
    cr_assert_eq(es_arch_compile(&kinds, &row, &arena, &m.arch, &errors), ES_OK, "%s", what);
    row.name = what;
    if (m.shape.embed_dim == 0) {
        generator g = {.style = PLAIN, .base = F16, .lists_windows = true};
        char file[] = "/tmp/import-alike-XXXXXX";
        close(mkstemp(file));
        build(&g, &m, 1, m.shape.extra);
        FILE *f = write_file(&g.w, file, false);
        status = es_import_gguf(f, file, &catalog, &arena, &import, &errors);
        cr_assert_eq(status, ES_OK, "%s: %s", what, errors.error[0].text);
        expect_same_layers(&m, &import);
        cr_expect_str_eq(import.model.text[ES_M_FUSE], config.text[ES_M_FUSE], "%s", what);
        fclose(f);
        unlink(file);
        gguf_free(&g.w);
    }
    es_arena_free(&arena);
}

Test(import_gguf, as_from_config_json) {
    static const char *const types[] = {
        "llama",     "mistral",       "ministral3",    "mixtral",       "qwen",
        "qwen2",     "qwen2_moe",     "qwen3",         "qwen3_moe",     "qwen3_next",
        "qwen3_5",   "qwen3_5_moe",   "gemma",         "gemma2",        "gemma3",
        "gemma3n",   "gemma4",        "phi",           "phi3",          "phimoe",
        "gpt2",      "gpt_bigcode",   "gptj",          "gpt_neox",      "falcon",
        "bloom",     "mpt",           "dbrx",          "olmo",          "olmo2",
        "olmo3",     "olmoe",         "granite",       "granitemoe",    "bamba",
        "falcon_h1", "jamba",         "mamba",         "falcon_mamba",  "mamba2",
        "lfm2",      "llama4",        "deepseek_v3",   "glm4_moe_lite", "glm",
        "glm4",      "chatglm",       "smollm3",       "stablelm",      "minicpm",
        "minicpm3",  "plm",           "gpt_oss",       "internlm2",     "exaone",
        "exaone4",   "ernie4_5",      "ernie4_5_moe",  "bitnet",        "starcoder2",
        "mobilellm", "arcee",         "nemotron",      "seed_oss",      "hunyuan_v1_dense",
        "cohere",    "cohere2",       "baichuan",      "orion",         "apertus",
        "afmoe",     "smallthinker",  "deci",          "xverse",        "mellum",
        "jais2",     "mistral4",      "PanguEmbedded", "Dream",         "rnd1",
        "laguna",    "hy_v3",         "solar_open",    "youtu",         "llada",
        "plamo3",    "mimo_v2_flash", "step3p5",       "cohere2_moe",   "grove_moe",
        "grok",      "codeshell",     "gpt_refact",    "jais"};
    static const char *const more[] = {
        "'step3p5', 'num_hidden_layers': 3, 'num_nextn_predict_layers': 1, 'moe_layers_enum': '1,2', 'sliding_window': "
        "512, "
        "'use_head_wise_attn_gate': true, 'use_moe_router_bias': true, 'attention_other_setting': "
        "{'num_attention_heads': 96, "
        "'num_attention_groups': 8, 'head_dim': 128}, "
        "'layer_types': ['full_attention', 'sliding_attention', 'sliding_attention', 'full_attention']",
        "'mimo_v2', 'num_hidden_layers': 3, 'hybrid_layer_pattern': [0, 1, 1], 'moe_layer_freq': [0, 1, 1]",
        "'cohere2_moe', 'num_hidden_layers': 6, 'first_k_dense_replace': 2, 'prefix_dense_intermediate_size': 8192, "
        "'intermediate_size': 1024, 'num_shared_experts': 4, 'num_key_value_heads': 8",
        "'grok-2', 'residual_moe': true, 'moe_intermediate_size': 16384, 'sliding_window_size': -1",
        "'arctic', 'num_hidden_layers': 4, 'moe_layer_frequency': 1, 'parallel_attn_mlp_res': true",
        "'nemotron_h', 'hybrid_override_pattern': 'MEM*E', 'moe_latent_size': 1024, 'n_routed_experts': 16, "
        "'moe_shared_expert_intermediate_size': 15376",
        "'laguna', 'num_hidden_layers': 4, 'gating': 'per-element', 'num_attention_heads_per_layer': [48, 64, 64, 64], "
        "'layer_types': ['full_attention', 'sliding_attention', 'sliding_attention', 'sliding_attention']",
        "'smallthinker', 'num_hidden_layers': 8, 'sliding_window_layout': [0, 1, 1, 1, 0, 1, 1, 1], "
        "'sliding_window_size': 4096",
        "'nemotron-nas', 'num_hidden_layers': 4, 'num_key_value_heads': null, 'intermediate_size': null, "
        "'block_configs': [{'attention': {'n_heads_in_group': 8}, 'ffn': {'ffn_mult': 1.3125}}, "
        "{'attention': {'replace_with_linear': true}, 'ffn': {'ffn_mult': 5.25}}, "
        "{'attention': {'no_op': true}, 'ffn': {'ffn_mult': 0.5}}, "
        "{'attention': {'n_heads_in_group': 16}, 'ffn': {'no_op': true}}]",
        "'deci', 'num_hidden_layers': 2, 'intermediate_size': 14336, 'num_key_value_heads_per_layer': [4, 1]",
        "'bailing_moe', 'num_key_value_heads': 4",
        "'bailing_moe', 'num_key_value_heads': 4, 'use_qk_norm': true, 'moe_router_enable_expert_bias': true, "
        "'first_k_dense_replace': 1, 'num_shared_experts': 1",
        "'exaone_moe', 'layer_types': null",
        "'minimax_m2', 'num_hidden_layers': 4",
        "'dots1', 'n_routed_experts': 128, 'num_experts_per_tok': 6",
        "'deepseek_v2', 'num_experts_per_tok': 6",
        "'nemotron_h', 'hybrid_override_pattern': 'M-M-M-M*-'",
        "'nemotron_h', 'hybrid_override_pattern': 'MEMEM*EME', 'moe_shared_expert_intermediate_size': 15376",
        "'lfm2_moe', 'num_hidden_layers': 4, 'layer_types': ['conv', 'conv', 'full_attention', 'conv']",
        "'rwkv7', 'decay_low_rank_dim': 64, 'gate_low_rank_dim': 128, 'a_low_rank_dim': 64, 'v_low_rank_dim': 32",
        "'openelm', 'num_transformer_layers': 2, 'model_dim': 1280, 'num_query_heads': [12, 16], 'num_kv_heads': [3, "
        "4], "
        "'ffn_multipliers': [0.5, 0.73]",
        "'glm4_moe', 'head_dim': 128, 'use_qk_norm': true, 'attention_bias': true",
        "'hunyuan_v1_moe', 'num_experts': 64, 'moe_topk': 8",
        "'granitemoehybrid', 'intermediate_size': 512, 'num_hidden_layers': 4, "
        "'layer_types': ['mamba', 'attention', 'mamba', 'mamba']",
        "'gemma4', 'attention_k_eq_v': true, 'num_global_key_value_heads': 2, 'enable_moe_block': true, 'num_experts': "
        "128, "
        "'top_k_experts': 8, 'moe_intermediate_size': 704, 'hidden_size_per_layer_input': 0, 'num_key_value_heads': 8",
        "'gemma4', 'num_hidden_layers': 12, 'num_kv_shared_layers': 6, 'use_double_wide_mlp': true"};
    static const char *const folders[] = {"tests/data/hf", "tests/data/hf_published", "tests/data/hf_cases"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        char json[100];
        snprintf(json, sizeof json, "{\"model_type\": \"%s\"}", types[i]);
        expect_alike(types[i], json, NULL);
    }
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        char json[600];
        snprintf(json, sizeof json, "{'model_type': %s}", more[i]);
        for (char *quote = json; (quote = strchr(quote, '\'')) != NULL;)
            *quote = '"';
        expect_alike(more[i], json, NULL);
    }
    int files = 0;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        DIR *dir = opendir(folders[i]);
        cr_assert_not_null(dir);
        for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
            char path[400];
            snprintf(path, sizeof path, "%s/%s", folders[i], entry->d_name);
            if (strstr(entry->d_name, ".json") == NULL)
                continue;
            expect_alike(entry->d_name, NULL, path);
            files++;
        }
        closedir(dir);
    }
    cr_expect_geq(files, 95);
}

static void small(generator *g) {
    model m = model_named("stories260K");
    *g = (generator){.style = PLAIN, .base = F16};
    build(g, &m, 1, 0);
    es_arena_free(&m.arena);
}

/* The key's name is changed, so that the file does not have it. */
static void forget(generator *g, const char *name) {
    unsigned char *at = memmem(g->w.data, g->w.size, name, strlen(name));
    cr_assert_not_null(at, "%s", name);
    *at = '?';
}

/* A file of the model, of another architecture by name or without a key (NULL: neither).  Texts are in the arena. */
static void import_model(const char *name, const char *arch, const char *forgotten, es_arena *arena,
                         es_gguf_import *import) {
    char path[] = "/tmp/import-model-XXXXXX";
    generator g = {.style = PLAIN, .base = F16, .arch = arch};
    model m = model_named(name);
    es_errors errors = {0};
    close(mkstemp(path));
    build(&g, &m, 1, 0);
    es_arena_free(&m.arena);
    if (forgotten)
        forget(&g, forgotten);
    FILE *f = write_file(&g.w, path, true);
    cr_assert_eq(es_import_gguf(f, path, &catalog, arena, import, &errors), ES_OK, "%s, %s, %s: %s", name,
                 arch ? arch : "", forgotten ? forgotten : "", errors.error[0].text);
    fclose(f);
    unlink(path);
    gguf_free(&g.w);
}

/* What is fused in the file decides, whatever the architecture usually does. */
Test(import_gguf, families) {
    static const struct {
        const char *model, *arch, *family, *fuse;
    } cases[] = {{"TinyLlama-1.1B", "phi3", "phi3", "none"}, {"TinyLlama-1.1B", "gpt2", "gpt2", "none"},
                 {"TinyLlama-1.1B", "qwen2", "qwen2", ""},   {"Pythia-160m", "starcoder2", "starcoder2", "qkv"},
                 {"Pythia-160m", "bloom", "bloom", ""},      {"Phi-3-mini-4k", "llama", "llama", "qkv;gate_up"},
                 {"Mistral-7B-v0.1", "llama", "llama", ""},  {"MiniCPM3-4B", "deepseek2", "deepseek2", "kv_b"},
                 {"DeepSeek-V2-Lite", "plm", "plm", "none"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        es_gguf_import import;
        es_arena arena = {0};
        import_model(cases[i].model, cases[i].arch, NULL, &arena, &import);
        cr_expect_str_eq(import.model.text[ES_M_FAMILY], cases[i].family, "%s as %s", cases[i].model, cases[i].arch);
        cr_expect_str_eq(import.model.text[ES_M_FUSE], cases[i].fuse, "%s as %s", cases[i].model, cases[i].arch);
        es_arena_free(&arena);
    }
}

/* What a file may leave out. */
Test(import_gguf, defaults) {
    static const struct {
        const char *model, *key;
        int field;
        double value;
    } cases[] = {{"Llama-2-7B", "llama.attention.head_count_kv", ES_M_KV_HEADS, 32},
                 {"Llama-2-7B", "llama.attention.key_length", ES_M_HEAD_DIM, 128},
                 {"Llama-2-7B", "llama.context_length", ES_M_MAX_CTX, 0},
                 {"Llama-2-7B", "llama.feed_forward_length", ES_M_INTERMEDIATE, 11008},
                 {"Qwen3-30B-A3B", "qwen3moe.feed_forward_length", ES_M_INTERMEDIATE, 0},
                 {"Gemma-2-2B", "gemma2.attention.sliding_window", ES_M_SLIDING_WINDOW, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        es_gguf_import import;
        es_arena arena = {0};
        import_model(cases[i].model, NULL, cases[i].key, &arena, &import);
        const double found = import.model.value[cases[i].field];
        cr_expect_eq(found, cases[i].value, "%s without %s: %g", cases[i].model, cases[i].key, found);
        es_arena_free(&arena);
    }
}

/* Long arrays and texts are passed over. */
Test(import_gguf, long_metadata) {
    enum { LONG = 200000 };
    generator g;
    char path[] = "/tmp/import-long-XXXXXX", *text = malloc(LONG + 1);
    memset(text, 'x', LONG);
    text[LONG] = '\0';
    close(mkstemp(path));
    small(&g);
    gguf_key_floats(&g.w, "tokenizer.ggml.scores", LONG / 4);
    gguf_key_text(&g.w, "tokenizer.chat_template", text);
    gguf_key_u32(&g.w, "general.quantization_version", 2);
    es_gguf_import import;
    es_errors errors = {0};
    es_arena arena = {0};
    FILE *f = write_file(&g.w, path, true);
    cr_assert_eq(es_import_gguf(f, path, &catalog, &arena, &import, &errors), ES_OK, "%s", errors.error[0].text);
    cr_expect_eq(import.params, 260032);
    cr_expect_eq(errors.n_errors + errors.n_warnings, 0);
    fclose(f);
    unlink(path);
    free(text);
    es_arena_free(&arena);
    gguf_free(&g.w);
}

/* ---- Faulty files ---- */

static char faulty_path[] = "/tmp/import-fault-XXXXXX";

static void expect_fault(const void *data, size_t size, const char *says) {
    es_arena arena = {0};
    es_errors errors = {0};
    es_gguf_import import;
    FILE *f = fopen(faulty_path, "w+b");
    cr_assert(f && fwrite(data, 1, size, f) == size && fflush(f) == 0);
    cr_expect_eq(es_import_gguf(f, faulty_path, &catalog, &arena, &import, &errors), ES_EUSAGE, "%s", says);
    cr_expect_eq(errors.n_errors, 1, "%s", says);
    cr_expect_not_null(strstr(errors.error[0].text, says), "'%s', not '%s'", errors.error[0].text, says);
    fclose(f);
    es_arena_free(&arena);
}

static void expect_fault_of(const gguf_writer *w, const char *says) {
    char *data = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&data, &size);
    cr_assert_not_null(memory);
    gguf_write(w, memory, 3);
    fclose(memory);
    expect_fault(data, size, says);
    free(data);
}

static void put_u64(unsigned char *at, uint64_t x) { memcpy(at, &x, sizeof x); }

/* Heads with counts and sizes that are not there. */
Test(import_gguf, hostile_heads) {
    unsigned char head[64] = "GGUF\3";
    close(mkstemp(faulty_path));
    expect_fault("", 0, "not a GGUF file");
    expect_fault("GGML", 4, "not a GGUF file");
    expect_fault(head, 4, "ends inside");
    expect_fault(head, 8, "ends inside");
    expect_fault(head, 23, "ends inside");
    expect_fault("GGUF\0\0\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24, "big-endian");
    expect_fault("GGUF\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24, "only versions 2 and 3");
    expect_fault("GGUF\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24, "only versions 2 and 3");
    put_u64(head + 8, UINT64_MAX);
    expect_fault(head, sizeof head, "too many tensors");
    put_u64(head + 8, 0);
    put_u64(head + 16, UINT64_MAX);
    expect_fault(head, sizeof head, "too many metadata keys");
    put_u64(head + 16, 1000);
    expect_fault(head, sizeof head, "ends inside");
    put_u64(head + 16, 1);
    put_u64(head + 24, UINT64_MAX - 7); /* length of the key's name */
    expect_fault(head, sizeof head, "ends inside");
    put_u64(head + 24, 1);
    head[32] = 'k';
    head[33] = 13; /* type of the value */
    expect_fault(head, sizeof head, "unknown type");
    head[33] = 9; /* an array ... */
    head[37] = 13;
    expect_fault(head, sizeof head, "unknown type");
    head[37] = 6;
    put_u64(head + 41, UINT64_MAX / 4 + 2);
    expect_fault(head, sizeof head, "ends inside");
    head[37] = 8; /* ... of texts */
    put_u64(head + 41, 2);
    put_u64(head + 49, UINT64_MAX);
    expect_fault(head, sizeof head, "ends inside");
    unlink(faulty_path);
}

Test(import_gguf, nested_arrays) {
    enum { DEPTH = 1000 };
    gguf_writer w = {0};
    close(mkstemp(faulty_path));
    gguf_text(&w, "k");
    gguf_u32(&w, 9);
    for (int i = 0; i < DEPTH; i++) {
        gguf_u32(&w, 9);
        gguf_u64(&w, 1);
    }
    w.keys = 1;
    expect_fault_of(&w, "nested too deeply");
    gguf_free(&w);
    unlink(faulty_path);
}

/* A good small file with one fault added. */
Test(import_gguf, faulty_models) {
    static const struct {
        const char *name;
        uint32_t type, n_dims;
        uint64_t dim[4];
        const char *says;
    } tensors[] = {
        {"blk.0.attn_q.weight", F16, 2, {64, 64}, "given twice"},
        {"blk.0.ssm_in.weight", F16, 2, {64, 64}, "'llama.ssm.time_step_rank': expected a whole number"},
        {"blk.0.time_mix_decay_w1.weight", F16, 2, {64, 64}, "not covered"},
        {"enc.blk.0.attn_q.weight", F16, 2, {64, 64}, "not covered"},
        {"blk.99.attn_q.weight", F16, 2, {64, 64}, "no such layer"},
        {"attn_q.weight", F16, 2, {64, 64}, "'attn_q.weight': architecture 'llama' is not supported"},
        {"output.weight", Q4_K, 2, {64, 512}, "no blocks of Q4_K"},
        {"output.weight", 5, 2, {64, 512}, "unknown tensor type 5"},
        {"output.weight", 4000000000u, 2, {64, 512}, "unknown tensor type 4000000000"},
        {"output.weight", F16, 0, {64, 512}, "1 to 4 dimensions"},
        {"output.weight", F16, 4000000000u, {64, 512}, "1 to 4 dimensions"},
        {"output.weight", F16, 2, {64, 0}, "dimension out of range"},
        {"output.weight", F16, 2, {1ull << 40, 1ull << 40}, "dimension out of range"},
        {"output.weight", F16, 2, {UINT64_MAX, 2}, "dimension out of range"},
        {"output.weight", F16, 2, {64, 300}, "not supported"},
        {"output.bias", F16, 1, {512}, "expected F32"},
        {"blk.0.a\x1b[31m\xff_norm.weight", F16, 1, {64}, "\\x1b[31m\\xff"},
    };
    close(mkstemp(faulty_path));
    for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++) {
        generator g;
        small(&g);
        const uint32_t n = tensors[i].n_dims > 4 ? 4 : tensors[i].n_dims;
        gguf_tensor(&g.w, tensors[i].name, n, tensors[i].dim, tensors[i].type, 64);
        /* the number of dimensions as asked for */
        memcpy(g.w.infos + g.w.infos_size - 12 - 8 * n - 4, &tensors[i].n_dims, 4);
        expect_fault_of(&g.w, tensors[i].says);
        gguf_free(&g.w);
    }
    unlink(faulty_path);
}

Test(import_gguf, faulty_metadata) {
    static const struct {
        const char *key;
        uint32_t value;
        const char *says;
    } keys[] = {
        {"general.alignment", 0, "alignment out of range"},
        {"general.alignment", 48, "power of two"},
        {"general.alignment", 1u << 30, "alignment out of range"},
        {"general.alignment", 4096, "offset 65536, expected"},
        {"llama.block_count", 3, "given twice"},
        {"split.count", 2, "split"},
        {"llama.attention.key_length", 3, "given twice"},
    };
    static const struct { /* in place of what the file says */
        const char *key;
        uint32_t value;
        const char *says;
    } others[] = {
        {"llama.attention.head_count", 0, "'attention.head_count': expected at least 1"},
        {"llama.attention.head_count_kv", 0, "'attention.head_count_kv': expected at least 1"},
        {"llama.embedding_length", 65, "rows of 64, expected 65"},
        {"llama.attention.head_count_kv", 3, "not supported"},
        {"llama.block_count", 4, "no such layer"},
        {"llama.block_count", 0, "block_count"},
        {"llama.block_count", 2000000000, "block_count"},
    };
    close(mkstemp(faulty_path));
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        generator g;
        small(&g);
        gguf_key_u32(&g.w, keys[i].key, keys[i].value);
        if (strcmp(keys[i].says, "offset 65536, expected") == 0)
            expect_fault_of(&g.w, "expected");
        else
            expect_fault_of(&g.w, keys[i].says);
        gguf_free(&g.w);
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        generator g;
        small(&g);
        unsigned char *at = memmem(g.w.data, g.w.size, others[i].key, strlen(others[i].key));
        cr_assert_not_null(at, "%s", others[i].key);
        memcpy(at + strlen(others[i].key) + 4, &others[i].value, 4);
        expect_fault_of(&g.w, others[i].says);
        gguf_free(&g.w);
    }
    generator g;
    small(&g);
    put_u64(g.w.infos + g.w.infos_size - 8, 12345);
    expect_fault_of(&g.w, "offset 12345, expected");
    gguf_free(&g.w);
    unlink(faulty_path);
}

/* Every prefix of a small file is refused or, behind the header, warned about. */
Test(import_gguf, truncated) {
    generator g;
    char *data = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&data, &size);
    close(mkstemp(faulty_path));
    small(&g);
    gguf_write(&g.w, memory, 2);
    fclose(memory);
    for (size_t n = 0; n < size; n += n < 200 ? 1 : 61)
        expect_fault(data, n, n < 4 ? "not a GGUF" : "ends inside");
    es_arena arena = {0};
    es_errors errors = {0};
    es_gguf_import import;
    FILE *f = fopen(faulty_path, "w+b");
    cr_assert(f && fwrite(data, 1, size, f) == size && fflush(f) == 0);
    cr_expect_eq(es_import_gguf(f, faulty_path, &catalog, &arena, &import, &errors), ES_OK);
    cr_expect_eq(errors.n_warnings, 1);
    cr_expect_not_null(strstr(errors.warning[0].text, "truncated"));
    cr_expect_eq(import.params, 260032);
    fclose(f);
    es_arena_free(&arena);
    free(data);
    gguf_free(&g.w);
    unlink(faulty_path);
}

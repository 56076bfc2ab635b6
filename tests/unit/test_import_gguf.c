/* GGUF files of real architectures, written tensor by tensor, against catalog rows and layouts; hostile files. */
#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <edgesweep/catalog.h>

#include "import/import_gguf.h"
#include "model/layout.h"
#include "gguf_writer.h"

static es_catalog catalog;

static void set_up(void) { cr_assert_eq(es_catalog_load(&catalog, NULL, 0, NULL), ES_OK); }
static void tear_down(void) { es_catalog_free(&catalog); }
TestSuite(import_gguf, .init = set_up, .fini = tear_down);

/* ---- Files ---- */

enum { F32 = 0, F16 = 1, Q4_0 = 2, Q5_0 = 6, Q8_0 = 8, Q4_K = 12, Q5_K = 13, Q6_K = 14, IQ4_XS = 23, MXFP4 = 39 };

static uint64_t bytes_of(uint32_t type, uint64_t weights) {
    static const struct {
        uint32_t type;
        uint64_t bytes, weights;
    } types[] = {{F32, 4, 1},      {F16, 2, 1},      {Q4_0, 18, 32},   {Q5_0, 22, 32},     {Q8_0, 34, 32},
                 {Q4_K, 144, 256}, {Q5_K, 176, 256}, {Q6_K, 210, 256}, {IQ4_XS, 136, 256}, {MXFP4, 17, 32}};
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
        return some[(strlen(name) * 7 + (unsigned char)name[5] + (size_t)(layer + 1) / 3) % 8];
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
    if (layer < 0)
        snprintf(full, sizeof full, "%s.%s", name, suffix);
    else
        snprintf(full, sizeof full, "blk.%ld.%s.%s", layer, name, suffix);
    gguf_tensor(&g->w, full,
                d2 > 0   ? 3
                : d1 > 0 ? 2
                         : 1,
                dim, type, bytes_of(type, dim[0] * (d1 > 0 ? dim[1] : 1) * (d2 > 0 ? dim[2] : 1)));
}

static void matrix(generator *g, const char *name, long layer, double row, double rows, double copies) {
    tensor(g, name, "weight", layer, fitting(choose(g, name, layer), (uint64_t)row), row, rows, copies);
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

static bool fuses(const es_row *row) {
    return family_is(row, "phi3") || family_is(row, "gptneox") || family_is(row, "gpt2") || family_is(row, "bloom") ||
           family_is(row, "falcon");
}

static void mla_layer(generator *g, const es_shape *s, long i) {
    const double q = s->heads * (s->qk_nope + s->qk_rope);
    if (s->q_lora_rank > 0) {
        matrix(g, "attn_q_a", i, s->hidden, s->q_lora_rank, 0);
        vector(g, "attn_q_a_norm", "weight", i, s->q_lora_rank);
        matrix(g, "attn_q_b", i, s->q_lora_rank, q, 0);
    } else {
        matrix(g, "attn_q", i, s->hidden, q, 0);
    }
    matrix(g, "attn_kv_a_mqa", i, s->hidden, s->kv_lora_rank + s->qk_rope, 0);
    vector(g, "attn_kv_a_norm", "weight", i, s->kv_lora_rank);
    if (g->style == PATCHWORK) { /* as files of late */
        matrix(g, "attn_k_b", i, s->qk_nope, s->kv_lora_rank, s->heads);
        matrix(g, "attn_v_b", i, s->kv_lora_rank, s->v_head_dim, s->heads);
    } else {
        matrix(g, "attn_kv_b", i, s->kv_lora_rank, s->heads * (s->qk_nope + s->v_head_dim), 0);
    }
    matrix(g, "attn_output", i, s->heads * s->v_head_dim, s->hidden, 0);
}

static void attention_layer(generator *g, const es_row *row, const es_shape *s, long i) {
    const double q = s->heads * s->head_dim, kv = s->kv_heads * s->head_dim;
    const char *const names[] = {"attn_q", "attn_k", "attn_v"};
    if (s->kv_lora_rank > 0) {
        mla_layer(g, s, i);
        return;
    }
    if (fuses(row))
        matrix(g, "attn_qkv", i, s->hidden, q + 2 * kv, 0);
    for (int j = 0; j < 3 && !fuses(row); j++)
        matrix(g, names[j], i, s->hidden, j == 0 ? q : kv, 0);
    if (s->qkv_bias > 0 && fuses(row))
        vector(g, "attn_qkv", "bias", i, q + 2 * kv);
    for (int j = 0; j < 3 && s->qkv_bias > 0 && !fuses(row); j++)
        vector(g, names[j], "bias", i, j == 0 ? q : kv);
    matrix(g, "attn_output", i, q, s->hidden, 0);
    if (s->o_bias > 0)
        vector(g, "attn_output", "bias", i, s->hidden);
    if (s->qk_norm > 0) {
        vector(g, "attn_q_norm", "weight", i, s->qk_norm == 1 ? s->head_dim : q);
        vector(g, "attn_k_norm", "weight", i, s->qk_norm == 1 ? s->head_dim : kv);
    }
    if (s->attn_sinks > 0)
        vector(g, "attn_sinks", "weight", i, s->heads);
    if (s->sub_norms > 0) {
        vector(g, "attn_sub_norm", "weight", i, s->hidden);
        vector(g, "ffn_sub_norm", "weight", i, s->intermediate);
    }
}

static void ffn(generator *g, const es_row *row, const es_shape *s, const char *suffix, long i, double width,
                double copies, bool bias) {
    const bool gated = s->ffn_matrices == 3, fused = gated && family_is(row, "phi3");
    char gate[40], up[40], down[40];
    snprintf(gate, sizeof gate, "ffn_gate%s", suffix);
    snprintf(up, sizeof up, "ffn_up%s", suffix);
    snprintf(down, sizeof down, "ffn_down%s", suffix);
    if (gated && !fused)
        matrix(g, gate, i, s->hidden, width, copies);
    matrix(g, up, i, s->hidden, fused ? 2 * width : width, copies);
    matrix(g, down, i, width, s->hidden, copies);
    if (!bias)
        return;
    if (gated)
        tensor(g, gate, "bias", i, F32, width, copies, 0);
    tensor(g, up, "bias", i, F32, width, copies, 0);
    tensor(g, down, "bias", i, F32, s->hidden, copies, 0);
}

static void experts_layer(generator *g, const es_row *row, const es_shape *s, long i) {
    tensor(g, "ffn_gate_inp", "weight", i, F32, s->hidden, s->n_experts, 0);
    if (s->router_bias > 0)
        vector(g, "ffn_gate_inp", "bias", i, s->n_experts);
    ffn(g, row, s, "_exps", i, s->expert_intermediate, s->n_experts, s->expert_bias > 0);
    if (s->n_shared > 0)
        ffn(g, row, s, "_shexp", i, s->expert_intermediate * s->n_shared, 0, false);
    if (s->shared_gate > 0)
        vector(g, "ffn_gate_inp_shexp", "weight", i, s->hidden);
}

static void layer(generator *g, const es_row *row, const es_shape *s, long i) {
    static const char *const norms[] = {"attn_norm", "ffn_norm", "post_attention_norm", "post_ffw_norm"};
    for (int j = 0; j < (int)s->norms_per_layer; j++)
        norm(g, s, norms[j], i);
    if (i < (long)s->conv_layers) {
        matrix(g, "shortconv.in_proj", i, s->hidden, 3 * s->hidden, 0);
        matrix(g, "shortconv.out_proj", i, s->hidden, s->hidden, 0);
        tensor(g, "shortconv.conv", "weight", i, F32, s->conv_kernel, s->hidden, 0);
    } else {
        attention_layer(g, row, s, i);
    }
    if (s->n_experts > 0 && i >= (long)s->first_dense)
        experts_layer(g, row, s, i);
    else
        ffn(g, row, s, "", i, s->intermediate, 0, s->mlp_bias > 0);
}

static void key(generator *g, const char *arch, const char *name, double value) {
    char full[100];
    snprintf(full, sizeof full, "%s.%s", arch, name);
    gguf_key_u32(&g->w, full, (uint32_t)value);
}

static void metadata(generator *g, const es_row *row, const es_shape *s, double file_type) {
    const char *arch = g->arch ? g->arch : row->text[ES_M_FAMILY];
    gguf_key_text(&g->w, "general.architecture", arch);
    gguf_key_text(&g->w, "general.name", row->name);
    gguf_key_u32(&g->w, "general.file_type", (uint32_t)file_type);
    key(g, arch, "block_count", s->layers);
    key(g, arch, "context_length", row->value[ES_M_MAX_CTX]);
    key(g, arch, "embedding_length", s->hidden);
    key(g, arch, "feed_forward_length", s->intermediate);
    key(g, arch, "attention.head_count", s->heads);
    key(g, arch, "attention.head_count_kv", s->kv_heads);
    if (s->kv_lora_rank > 0) {
        key(g, arch, "attention.kv_lora_rank", s->kv_lora_rank);
        key(g, arch, "rope.dimension_count", s->qk_rope);
    } else {
        key(g, arch, "attention.key_length", s->head_dim);
    }
    if (s->n_experts > 0)
        key(g, arch, "expert_used_count", s->n_active);
    if (row->value[ES_M_SLIDING_WINDOW] > 0)
        key(g, arch, "attention.sliding_window", row->value[ES_M_SLIDING_WINDOW]);
    gguf_key_texts(&g->w, "tokenizer.ggml.tokens", "token", 1000);
}

/* The extras of Llama 3: rope_freqs. */
static void build(generator *g, const es_row *row, const es_shape *s, double file_type, double extras) {
    g->layers = (long)s->layers;
    metadata(g, row, s, file_type);
    matrix(g, "token_embd", -1, s->hidden, s->vocab, 0);
    if (s->tied > 0) { /* as the head, whose rules it follows */
        gguf_free(&g->w);
        metadata(g, row, s, file_type);
        tensor(g, "token_embd", "weight", -1, fitting(choose(g, "output", -1), (uint64_t)s->hidden), s->hidden,
               s->vocab, 0);
    } else {
        matrix(g, "output", -1, s->hidden, s->vocab, 0);
    }
    if (s->lm_head_bias > 0)
        vector(g, "output", "bias", -1, s->vocab);
    if (s->pos_rows > 0)
        tensor(g, "position_embd", "weight", -1, F32, s->hidden, s->pos_rows, 0);
    if (s->embed_norm > 0)
        norm(g, s, "token_embd_norm", -1);
    norm(g, s, family_is(row, "lfm2") ? "token_embd_norm" : "output_norm", -1);
    if (extras > 0)
        vector(g, "rope_freqs", "weight", -1, extras);
    for (long i = 0; i < (long)s->layers; i++)
        layer(g, row, s, i);
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
    static const es_kind kinds[] = {ES_MODEL, ES_PRECISION, ES_GGUF_MIXTURE};
    for (int i = 0; i < 3; i++) {
        char path[256];
        if (i == 2 && import->known)
            continue;
        snprintf(path, sizeof path, "%s/%s.csv", folder, es_fields(kinds[i])->name);
        FILE *out = fopen(path, "w");
        cr_assert_not_null(out);
        es_catalog_header(out, kinds[i]);
        if (i == 0)
            es_model_row_print(out, &import->model);
        else if (i == 1)
            es_gguf_import_print_precision(out, import);
        else
            es_gguf_import_print_mixture(out, import);
        cr_assert_eq(fclose(out), 0);
    }
}

static void clean_folder(const char *folder) {
    static const es_kind kinds[] = {ES_MODEL, ES_PRECISION, ES_GGUF_MIXTURE};
    for (int i = 0; i < 3; i++) {
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
    const es_row *model = es_table_find(&with.table[ES_MODEL], name, strlen(name));
    const es_row *precision = es_table_find(&with.table[ES_PRECISION], import->precision, strlen(import->precision));
    cr_assert(model && precision, "%s %s", name, import->precision);
    const es_mixture *mixture = es_gguf_mixture(gguf, precision->name);
    cr_assert_not_null(mixture, "%s", precision->name);
    const es_shape shape = es_shape_of(model);
    es_arch arch;
    cr_assert_eq(es_arch_compile(&with, model, &arena, &arch, &errors), ES_OK);
    es_layout_gguf(gguf, mixture, (es_quantizer){NAN, precision->value[ES_P_IMATRIX] > 0}, &arch, &shape, &layout);
    es_arena_free(&arena);
    es_catalog_free(&with);
    return layout.weight_bytes;
}

/* The file says what the row says: counts are those of the file, its extras included. */
static void expect_same_model(const es_row *row, const es_gguf_import *import, double extras) {
    const es_field *fields = es_fields(ES_MODEL)->fields;
    for (int f = 0; f < ES_M_FIELDS; f++) {
        const double a = import->model.value[f], b = row->value[f];
        if (fields[f].type != ES_TEXT && f != ES_M_PARAMS_PUBLISHED && f != ES_M_EXTRA_PARAMS)
            cr_expect(a == b || (isnan(a) && isnan(b)), "%s: %s %g, catalog %g", row->name, fields[f].name, a, b);
    }
    cr_expect_str_eq(import->model.text[ES_M_FAMILY], row->text[ES_M_FAMILY], "%s", row->name);
    cr_expect_eq(import->model.value[ES_M_EXTRA_PARAMS], extras, "%s", row->name);
    cr_expect_eq(import->model.value[ES_M_PARAMS_PUBLISHED], import->params, "%s", row->name);
}

/* A mixture that the quantizer's rule made is told by that rule, not by a list of layers. */
static void expect_rule(const es_row *row, const es_shape *s, const es_gguf_import *import) {
    bool found = false;
    for (size_t i = 0; i < import->n_rules; i++)
        found |= strcmp(import->rule[i].role, "ffn_down") == 0 && strcmp(import->rule[i].condition, "more(i)") == 0 &&
                 strcmp(import->rule[i].type, "Q6_K") == 0;
    cr_expect_eq(found, s->n_experts == 0 && fmod(s->intermediate, 256) == 0, "%s", row->name);
}

Test(import_gguf, bytes_of_real_architectures) {
    static const struct {
        const char *model;
        double extras;
    } models[] = {{"Llama-3.2-1B", 32}, {"Llama-2-7B", 0},   {"Qwen2.5-0.5B", 0},     {"Qwen3-0.6B", 0},
                  {"Qwen3-30B-A3B", 0}, {"Gemma-2-2B", 0},   {"Gemma-3-1B", 0},       {"Phi-2", 0},
                  {"Phi-3-mini-4k", 0}, {"GPT-2", 0},        {"Pythia-160m", 0},      {"BLOOM-560M", 0},
                  {"Falcon-7B", 0},     {"OLMo-1B", 0},      {"OLMo-2-1B", 0},        {"StableLM-2-1.6B", 0},
                  {"MiniCPM3-4B", 0},   {"LFM2-350M", 0},    {"DeepSeek-V2-Lite", 0}, {"Qwen1.5-MoE-A2.7B", 0},
                  {"gpt-oss-20b", 0},   {"Mixtral-8x7B", 0}, {"TinyLlama-1.1B", 0},   {"BitNet-b1.58-2B-4T", 0},
                  {"SmolLM2-135M", 0},  {"OPT-125M", 0}};
    static const struct {
        style style;
        uint32_t base;
        double file_type;
        const char *label;
    } styles[] = {{PLAIN, F16, 1, "F16"},      {PLAIN, Q8_0, 7, "Q8_0"},     {PLAIN, F32, 0, "F32"},
                  {K_MIX, Q4_K, 15, "Q4_K_M"}, {PATCHWORK, Q4_0, 2, "Q4_0"}, {EXPERTS_ONLY, Q8_0, 38, "MXFP4_MOE"}};
    char folder[] = "/tmp/import-XXXXXX", path[100];
    cr_assert_not_null(mkdtemp(folder));
    int known = 0;
    for (size_t i = 0; i < sizeof models / sizeof *models; i++)
        for (size_t j = 0; j < sizeof styles / sizeof *styles; j++) {
            generator g = {.style = styles[j].style, .base = styles[j].base};
            const es_row *row = es_table_find(&catalog.table[ES_MODEL], models[i].model, strlen(models[i].model));
            const es_shape shape = es_shape_of(row);
            es_gguf_import import;
            es_errors errors = {0};
            es_arena arena = {0};
            build(&g, row, &shape, styles[j].file_type, models[i].extras);
            snprintf(path, sizeof path, "%s/Some-Model-%s.gguf", folder, styles[j].label);
            FILE *f = write_file(&g.w, path, true);
            const es_status status = es_import_gguf(f, path, &catalog, &arena, &import, &errors);
            es_errors_print(&errors, stderr);
            cr_assert_eq(status, ES_OK, "%s %s", row->name, styles[j].label);
            cr_expect_eq(errors.n_warnings, 0, "%s %s: nothing to doubt", row->name, styles[j].label);
            cr_expect_eq(import.bytes, g.w.bytes, "%s %s: %.0f bytes, written %.0f", row->name, styles[j].label,
                         import.bytes, g.w.bytes);
            es_arch arch;
            cr_assert_eq(es_arch_compile(&catalog, row, &arena, &arch, &errors), ES_OK);
            const es_params a = es_model_row_params(&import.model), b = es_count_params(&arch, &shape);
            cr_expect_eq(a.total, b.total + models[i].extras, "%s: %.0f parameters, catalog %.0f", row->name, a.total,
                         b.total);
            cr_expect_eq(a.active, b.active + models[i].extras, "%s: %.0f active", row->name, a.active);
            expect_same_model(row, &import, models[i].extras);
            if (styles[j].style == K_MIX)
                expect_rule(row, &shape, &import);
            cr_expect_str_eq(import.model.text[ES_M_NAME], "Some-Model");
            cr_expect_str_eq(import.label, styles[j].label);
            put_folder(folder, &import);
            cr_expect_eq(bytes_through_catalog(folder, &import), g.w.bytes, "%s %s through the catalog", row->name,
                         styles[j].label);
            known += import.known != NULL;
            clean_folder(folder);
            fclose(f);
            unlink(path);
            es_arena_free(&arena);
            gguf_free(&g.w);
        }
    rmdir(folder);
    cr_expect_geq(known, 50, "%d files are as built in", known);
}

static void small(generator *g) {
    const es_row *row = es_table_find(&catalog.table[ES_MODEL], "stories260K", 11);
    const es_shape shape = es_shape_of(row);
    *g = (generator){.style = PLAIN, .base = F16};
    build(g, row, &shape, 1, 0);
}

/* The key's name is changed, so that the file does not have it. */
static void forget(generator *g, const char *name) {
    unsigned char *at = memmem(g->w.data, g->w.size, name, strlen(name));
    cr_assert_not_null(at, "%s", name);
    *at = '?';
}

/* A file of the model, of another architecture by name or without a key (NULL: neither).  Texts are in the arena. */
static void import_model(const char *model, const char *arch, const char *forgotten, es_arena *arena,
                         es_gguf_import *import) {
    char path[] = "/tmp/import-model-XXXXXX";
    generator g = {.style = PLAIN, .base = F16, .arch = arch};
    const es_row *row = es_table_find(&catalog.table[ES_MODEL], model, strlen(model));
    const es_shape shape = es_shape_of(row);
    es_errors errors = {0};
    close(mkstemp(path));
    build(&g, row, &shape, 1, 0);
    if (forgotten)
        forget(&g, forgotten);
    FILE *f = write_file(&g.w, path, true);
    cr_assert_eq(es_import_gguf(f, path, &catalog, arena, import, &errors), ES_OK, "%s, %s, %s: %s", model,
                 arch ? arch : "", forgotten ? forgotten : "", errors.error[0].text);
    fclose(f);
    unlink(path);
    gguf_free(&g.w);
}

/* What is fused in the file decides, whatever the architecture usually does. */
Test(import_gguf, families) {
    static const struct {
        const char *model, *arch, *family;
    } cases[] = {{"TinyLlama-1.1B", "phi3", "llama"},  {"TinyLlama-1.1B", "gpt2", "llama"},
                 {"TinyLlama-1.1B", "qwen2", "qwen2"}, {"Pythia-160m", "starcoder2", "gpt2"},
                 {"Pythia-160m", "bloom", "bloom"},    {"Phi-3-mini-4k", "llama", "phi3"},
                 {"Mistral-7B-v0.1", "llama", "llama"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        es_gguf_import import;
        es_arena arena = {0};
        import_model(cases[i].model, cases[i].arch, NULL, &arena, &import);
        cr_expect_str_eq(import.model.text[ES_M_FAMILY], cases[i].family, "%s as %s", cases[i].model, cases[i].arch);
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
        {"blk.0.ssm_in.weight", F16, 2, {64, 64}, "'blk.0.ssm_in.weight': unknown"},
        {"blk.99.attn_q.weight", F16, 2, {64, 64}, "no such layer"},
        {"blk.-1.attn_q.weight", F16, 2, {64, 64}, "unknown"},
        {"attn_q.weight", F16, 2, {64, 64}, "no such layer"},
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
        {"blk.0.attn_q.bias", F32, 1, {64}, "parameters, but a model of"},
        {"a\x1b[31m\xff", F32, 1, {64}, "\\x1b[31m\\xff"},
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
        {"llama.attention.head_count_kv", 0, "kv_heads is 0, expected a whole number from 1"},
        {"llama.attention.key_length", 0, "head_dim is 0, expected a whole number from 1"},
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

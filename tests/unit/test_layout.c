/* Layouts against a tensor-by-tensor, layer-by-layer quantizer, and against published file sizes. */
#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <edgesweep/catalog.h>

#include "base/arena.h"
#include "model/layout.h"

static es_catalog catalog;
static es_arena arena;
static es_gguf *gguf;

static void set_up(void) {
    es_errors errors = {0};
    cr_assert_eq(es_catalog_load(&catalog, NULL, 0, &errors), ES_OK);
    cr_assert_eq(es_gguf_compile(&catalog, &arena, &gguf, &errors), ES_OK);
}

static void tear_down(void) {
    es_arena_free(&arena);
    es_catalog_free(&catalog);
}

TestSuite(layout, .init = set_up, .fini = tear_down);

static const es_row *find(es_kind kind, const char *name) {
    const es_row *row = es_table_find(&catalog.table[kind], name, strlen(name));
    cr_assert_not_null(row, "%s", name);
    return row;
}

/* ---- The reference: reads conditions as text, once for every layer of every tensor ---- */

typedef struct reference {
    const char *file_type;
    long layers, hidden, experts, gqa;
    double bytes;
} reference;

static const es_row *type_row(const char *type) {
    const es_table *table = &catalog.table[ES_GGUF_TYPE];
    for (size_t i = 0; i < table->n_rows; i++)
        if (strcmp(table->rows[i].text[ES_T_TYPE], type) == 0)
            return &table->rows[i];
    cr_assert_fail("no type %s", type);
    return NULL;
}

static double bytes_per_weight(const char *type) {
    const es_row *row = type_row(type);
    return row->value[ES_T_BLOCK_BYTES] / row->value[ES_T_BLOCK_WEIGHTS];
}

static long block_of(const char *type) { return (long)type_row(type)->value[ES_T_BLOCK_WEIGHTS]; }

static bool compare(long x, const char *text, long n) {
    char op[3] = {0};
    long a = 1, d = 1;
    int used = (int)strspn(text, "<>=!");
    memcpy(op, text, (size_t)used);
    text += used;
    long y;
    if (sscanf(text, "%ldn/%ld", &a, &d) == 2)
        y = a * n / d;
    else if (sscanf(text, "n/%ld", &d) == 1)
        y = n / d;
    else
        y = atol(text);
    if (strcmp(op, "<") == 0)
        return x < y;
    if (strcmp(op, ">") == 0)
        return x > y;
    if (strcmp(op, ">=") == 0)
        return x >= y;
    if (strcmp(op, "<=") == 0)
        return x <= y;
    if (strcmp(op, "!=") == 0)
        return x != y;
    return x == y;
}

static bool holds(const reference *r, const char *condition, const char *base, long i, long n) {
    char copy[128], *rest = copy;
    snprintf(copy, sizeof copy, "%s", condition);
    for (char *term; (term = strsep(&rest, "&")) != NULL;) {
        bool yes;
        if (strcmp(term, "always") == 0)
            yes = true;
        else if (strcmp(term, "more(i)") == 0)
            yes = i < n / 8 || i >= 7 * n / 8 || (i - n / 8) % 3 == 2;
        else if (strncmp(term, "experts", 7) == 0)
            yes = compare(r->experts, term + 7, n);
        else if (strncmp(term, "layers", 6) == 0)
            yes = compare(r->layers, term + 6, n);
        else if (strncmp(term, "gqa", 3) == 0)
            yes = compare(r->gqa, term + 3, n);
        else if (strncmp(term, "hidden%block(base)", 18) == 0)
            yes = compare(r->hidden % block_of(base), term + 18, n);
        else
            yes = term[0] == 'i' && compare(i, term + 1, n);
        if (!yes)
            return false;
    }
    return true;
}

static const char *choose(const reference *r, const char *role, long i, long n) {
    const es_table *table = &catalog.table[ES_GGUF_MIXTURE];
    const char *base = NULL;
    for (size_t k = 0; k < table->n_rows; k++) {
        const es_row *row = &table->rows[k];
        if (strcmp(row->text[ES_X_FILE_TYPE], r->file_type) != 0)
            continue;
        base = row->text[ES_X_BASE_TYPE];
        if (role != NULL && strcmp(row->text[ES_X_ROLE], role) == 0 && holds(r, row->text[ES_X_CONDITION], base, i, n))
            return row->text[ES_X_TENSOR_TYPE];
    }
    return base;
}

static void matrix(reference *r, const char *role, double rows, double length, long i, long n) {
    const char *type = choose(r, role, i, n);
    for (int step = 0; step < 2 && fmod(length, (double)block_of(type)) != 0; step++) {
        const char *fallback = type_row(type)->text[ES_T_FALLBACK];
        type = step == 0 && fallback[0] != '\0' ? fallback : "F16";
    }
    const es_row *row = type_row(type);
    r->bytes += rows * (length / row->value[ES_T_BLOCK_WEIGHTS]) * row->value[ES_T_BLOCK_BYTES];
}

static void attention(reference *r, const es_shape *s, es_family family, long i, long n) {
    double q = s->heads * s->head_dim, kv = s->kv_heads * s->head_dim;
    if (s->kv_lora_rank > 0) {
        double qm = s->heads * (s->qk_nope + s->qk_rope);
        if (s->q_lora_rank > 0) {
            matrix(r, NULL, s->q_lora_rank, s->hidden, i, n);
            matrix(r, NULL, qm, s->q_lora_rank, i, n);
        } else {
            matrix(r, "attn_q", qm, s->hidden, i, n);
        }
        matrix(r, NULL, s->kv_lora_rank + s->qk_rope, s->hidden, i, n);
        matrix(r, NULL, s->heads * (s->qk_nope + s->v_head_dim), s->kv_lora_rank, i, n);
        matrix(r, "attn_output", s->hidden, s->heads * s->v_head_dim, i, n);
        return;
    }
    if (family != ES_FAMILY_LLAMA) {
        matrix(r, "attn_qkv", q + 2 * kv, s->hidden, i, n);
    } else {
        matrix(r, "attn_q", q, s->hidden, i, n);
        matrix(r, "attn_k", kv, s->hidden, i, n);
        matrix(r, "attn_v", kv, s->hidden, i, n);
    }
    matrix(r, "attn_output", s->hidden, q, i, n);
}

static void ffn(reference *r, const es_shape *s, es_family family, double width, double copies, long i, long n) {
    if (width == 0)
        return;
    bool fused = family == ES_FAMILY_PHI3 && s->ffn_matrices == 3;
    for (double copy = 0; copy < copies; copy++) {
        if (s->ffn_matrices == 3 && !fused)
            matrix(r, "ffn_gate", width, s->hidden, i, n);
        matrix(r, "ffn_up", fused ? 2 * width : width, s->hidden, i, n);
        matrix(r, "ffn_down", s->hidden, width, i, n);
    }
}

/* What no matrix above holds is F32. */
static double vectors(const es_shape *s) {
    es_params p = es_count_params(s);
    return p.layer_vectors + p.final_vectors + p.positions + p.moe_layers * p.experts * p.expert_vectors;
}

static double reference_bytes(const char *file_type, const es_shape *s, es_family family) {
    reference r = {file_type, (long)s->layers, (long)s->hidden, (long)s->n_experts, (long)(s->heads / s->kv_heads), 0};
    long n = (long)s->unique_layers, with_attention = n - (long)s->conv_layers;
    for (long i = 0; i < with_attention; i++)
        attention(&r, s, family, i, with_attention);
    for (long i = with_attention; i < n; i++) {
        matrix(&r, NULL, 3 * s->hidden, s->hidden, i, n);
        matrix(&r, NULL, s->hidden, s->hidden, i, n);
    }
    for (long i = 0; i < n; i++) {
        bool moe = s->n_experts > 0 && i >= (long)s->first_dense;
        ffn(&r, s, family, moe ? s->expert_intermediate : s->intermediate, moe ? s->n_experts : 1, i, n);
        if (moe)
            ffn(&r, s, family, s->expert_intermediate * s->n_shared, 1, i, n);
    }
    double width = s->embed_dim > 0 ? s->embed_dim : s->hidden;
    matrix(&r, "output", s->vocab, width, 0, 1);
    if (s->tied == 0)
        matrix(&r, "token_embd", s->vocab, width, 0, 1);
    if (width != s->hidden) {
        matrix(&r, NULL, s->hidden, width, 0, 1);
        matrix(&r, NULL, width, s->hidden, 0, 1);
    }
    return r.bytes + 4 * vectors(s);
}

static void expect_same(const char *file_type, const es_shape *s, es_family family, const char *name) {
    const es_mixture *mixture = es_gguf_mixture(gguf, file_type, family == ES_FAMILY_FALCON);
    cr_assert_not_null(mixture, "%s", file_type);
    es_layout layout;
    es_layout_gguf(gguf, mixture, family, s, &layout);
    char own_table[64];
    snprintf(own_table, sizeof own_table, "%s%s", family == ES_FAMILY_FALCON ? "falcon/" : "", file_type);
    double expected = reference_bytes(own_table, s, family);
    cr_expect_eq(layout.weight_bytes, expected, "%s %s: %.0f, expected %.0f", name, file_type, layout.weight_bytes,
                 expected);
    cr_expect_eq(layout.layer_bytes + layout.first_bytes + layout.last_bytes - (s->tied > 0 ? layout.head_bytes : 0),
                 layout.weight_bytes, "%s %s: parts", name, file_type);
    const double active = fmin(s->n_active, s->n_experts);
    double sum = 0, routed = 0, most = 0;
    for (int i = 0; i < ES_SLOTS; i++) {
        *(i < ES_DENSE_SLOTS ? &sum : &routed) += i == ES_DENSE_SLOTS ? 0 : layout.slot[i].bytes;
        most = fmax(most, layout.slot[i].bytes * (i > ES_DENSE_SLOTS ? active : 1));
    }
    cr_expect_eq(sum, layout.dense_bytes, "%s %s: slots", name, file_type);
    cr_expect_eq(routed, layout.routed_bytes, "%s %s: slots of experts", name, file_type);
    const es_params p = es_count_params(s);
    if (p.reuse == 1 && p.projection_in == 0) { /* all is streamed, but rows of the embedding and of positions */
        const double rows = s->tied > 0 ? 4 * p.positions : layout.first_bytes;
        const double streamed = layout.dense_bytes + layout.head_bytes + layout.routed_bytes * s->n_experts;
        cr_expect_eq(streamed + rows, layout.weight_bytes, "%s %s: %.0f streamed", name, file_type, streamed);
    }
    bool is_most = false; /* the type that one token streams most of, of slots that tie any */
    for (int i = 0; i < ES_SLOTS; i++)
        is_most |=
            layout.slot[i].type == layout.main_type && layout.slot[i].bytes * (i > ES_DENSE_SLOTS ? active : 1) == most;
    cr_expect(is_most, "%s %s: main type", name, file_type);
}

static const char *file_types[64];

static size_t list_file_types(void) {
    size_t n = 0;
    const es_table *table = &catalog.table[ES_GGUF_MIXTURE];
    for (size_t i = 0; i < table->n_rows; i++) {
        const char *name = table->rows[i].text[ES_X_FILE_TYPE];
        if (strcmp(table->rows[i].text[ES_X_ROLE], "*") == 0 && strncmp(name, "falcon/", 7) != 0)
            file_types[n++] = name;
    }
    return n;
}

Test(layout, every_model_and_file_type) {
    size_t n = list_file_types();
    cr_assert_eq(n, 32);
    const es_table *models = &catalog.table[ES_MODEL];
    for (size_t m = 0; m < models->n_rows; m++) {
        es_shape s = es_shape_of(&models->rows[m]);
        es_family family = (es_family)models->rows[m].value[ES_M_FAMILY];
        for (size_t t = 0; t < n; t++)
            if (es_gguf_mixture(gguf, file_types[t], family == ES_FAMILY_FALCON) != NULL)
                expect_same(file_types[t], &s, family, models->rows[m].name);
    }
}

static uint64_t state = 88172645463325252u;
static double pick(long least, long most) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return (double)(least + (long)(state % (uint64_t)(most - least + 1)));
}

Test(layout, random_shapes) {
    size_t n = list_file_types();
    for (int round = 0; round < 400; round++) {
        es_shape s = {.layers = round % 5 == 0 ? 80 : pick(1, 90), .hidden = 32 * pick(1, 40), .vocab = pick(1, 999)};
        s.heads = 8 * pick(1, 2);
        s.kv_heads = s.heads / pick(1, 2) / (round % 3 == 0 ? 4 : 1);
        s.head_dim = 16 * pick(1, 8);
        s.intermediate = pick(1, 3) * 64 * pick(1, 16) + (round % 7 == 0);
        s.tied = pick(0, 1), s.ffn_matrices = pick(2, 3), s.ffn_active = 1, s.norms_per_layer = 2;
        s.unique_layers = s.layers, s.qkv_bias = pick(0, 1);
        s.conv_layers = round % 4 == 0 ? floor(s.layers / 3) : 0, s.conv_kernel = 3;
        if (round % 3 == 1) {
            s.n_experts = round % 2 ? 8 : pick(1, 16), s.n_active = 2, s.first_dense = pick(0, 2);
            s.expert_intermediate = 32 * pick(1, 24), s.n_shared = pick(0, 2), s.expert_bias = pick(0, 1);
        }
        if (s.first_dense > s.layers)
            s.first_dense = s.layers;
        for (size_t t = 0; t < n; t++)
            expect_same(file_types[t], &s, round % 6 == 0 ? ES_FAMILY_PHI3 : ES_FAMILY_LLAMA, "random");
    }
}

/* Sizes printed by the quantizer itself, MiB with two decimals. */
Test(layout, published_sizes) {
    static const struct {
        const char *model, *type;
        double mib;
    } known[] = {
        {"Llama-2-7B", "Q4_0", 3647.87}, {"Llama-2-7B", "Q4_K_M", 3891.24}, {"Llama-2-7B", "Q5_K_M", 4560.87},
        {"Llama-2-7B", "Q6_K", 5272.34}, {"Llama-2-7B", "F16", 12853.02},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        es_shape s = es_shape_of(find(ES_MODEL, known[i].model));
        es_layout layout;
        es_layout_gguf(gguf, es_gguf_mixture(gguf, known[i].type, false), ES_FAMILY_LLAMA, &s, &layout);
        double mib = layout.weight_bytes / 1048576;
        cr_expect(fabs(mib - known[i].mib) < 0.0051, "%s %s: %.3f MiB, published %.2f", known[i].model, known[i].type,
                  mib, known[i].mib);
    }
}

/* No catalog model runs out of slots: bytes and weights of a slot are always those of its own type. */
Test(layout, slots_suffice) {
    size_t n = list_file_types();
    int most_dense = 0, most_routed = 0;
    for (size_t m = 0; m < catalog.table[ES_MODEL].n_rows; m++) {
        es_shape s = es_shape_of(&catalog.table[ES_MODEL].rows[m]);
        for (size_t t = 0; t < n; t++) {
            es_layout layout;
            es_layout_gguf(gguf, es_gguf_mixture(gguf, file_types[t], false), ES_FAMILY_LLAMA, &s, &layout);
            int dense = 0, routed = 0;
            for (int i = 0; i < ES_SLOTS; i++)
                *(i < ES_DENSE_SLOTS ? &dense : &routed) += layout.slot[i].weights > 0 && i != ES_DENSE_SLOTS;
            for (int i = 1; i < ES_DENSE_SLOTS; i++) {
                const char *type = es_type_labels[(int)layout.slot[i].type];
                if (layout.slot[i].weights > 0 && s.ffn_active == 1)
                    cr_expect_eq(layout.slot[i].bytes, layout.slot[i].weights * bytes_per_weight(type), "%s", type);
            }
            most_dense = dense > most_dense ? dense : most_dense;
            most_routed = routed > most_routed ? routed : most_routed;
        }
    }
    cr_expect_leq(most_dense, ES_DENSE_SLOTS, "%d dense types", most_dense);
    cr_expect_leq(most_routed, ES_ROUTED_SLOTS, "%d routed types", most_routed);
}

Test(layout, uniform_formats) {
    es_shape s = es_shape_of(find(ES_MODEL, "Llama-2-7B"));
    double params = es_count_params(&s).total, ends = s.vocab * s.hidden;
    static const struct {
        const char *name;
        double body, embed, output; /* bits */
    } known[] = {
        {"FP32", 32, 32, 32},
        {"FP16", 16, 16, 16},
        {"INT8", 8, 8, 8},
        {"INT4", 4, 4, 4},
        {"INT4 g128 sym", 4.125, 16, 16},
        {"INT4 g32 asym (AWQ/GPTQ)", 4.625, 16, 16},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const double *v = find(ES_PRECISION, known[i].name)->value;
        es_uniform format = {v[ES_P_WEIGHT_BITS], v[ES_P_GROUP_SIZE], v[ES_P_SCALE_BITS],
                             v[ES_P_ZERO_BITS],   v[ES_P_EMBED_BITS], v[ES_P_OUTPUT_BITS]};
        es_layout layout;
        es_layout_uniform(&format, &s, &layout);
        double bits = (params - 2 * ends) * known[i].body + ends * known[i].embed + ends * known[i].output;
        cr_expect_eq(layout.weight_bytes, bits / 8, "%s", known[i].name);
        cr_expect_eq(layout.dense_bytes + layout.head_bytes, bits / 8 - ends * known[i].embed / 8, "%s: streamed",
                     known[i].name);
        cr_expect_eq(layout.dense_weights + layout.head_weights, params - ends, "%s", known[i].name);
    }
}

Test(layout, active_weights) {
    es_shape s = es_shape_of(find(ES_MODEL, "Mixtral-8x7B"));
    es_params p = es_count_params(&s);
    es_layout layout;
    es_layout_gguf(gguf, es_gguf_mixture(gguf, "Q4_K_M", false), ES_FAMILY_LLAMA, &s, &layout);
    cr_expect_eq(layout.dense_weights + layout.head_weights + layout.routed_weights, p.active - p.embedding);
    s = es_shape_of(find(ES_MODEL, "MobileLLM-LS-125M"));
    p = es_count_params(&s);
    es_layout_gguf(gguf, es_gguf_mixture(gguf, "F16", false), ES_FAMILY_LLAMA, &s, &layout);
    cr_expect_eq(layout.dense_weights, 2 * (p.total - p.embedding - p.final_vectors) + p.final_vectors,
                 "shared layers stream once per use");
    cr_expect_lt(layout.weight_bytes, 2.01 * p.total, "and are stored once");
}

/* ---- Tables of one's own ---- */

static es_status compile_with(const char *rows, es_errors *errors) {
    char folder[] = "/tmp/edgesweep-layout-XXXXXX", path[64], source[64];
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/gguf_mixtures.csv", folder);
    snprintf(source, sizeof source, "+%s", folder);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fprintf(file, "file_type,base_type,role,condition,tensor_type\n%s", rows);
    fclose(file);
    const char *const sources[] = {source};
    tear_down();
    arena = (es_arena){0};
    es_status status = es_catalog_load(&catalog, sources, 1, errors);
    if (status == ES_OK)
        status = es_gguf_compile(&catalog, &arena, &gguf, errors);
    unlink(path);
    rmdir(folder);
    return status;
}

Test(layout, own_mixture) {
    es_errors errors = {0};
    cr_assert_eq(compile_with("MINE,Q4_K,*,otherwise,Q4_K\n"
                              "MINE,Q4_K,ffn_down,i<n/4&more(i),Q8_0\n"
                              "MINE,Q4_K,ffn_down,i>=n/2&i<=3n/4,Q6_K\n"
                              "MINE,Q4_K,ffn_down,more(i),Q5_K\n"
                              "MINE,Q4_K,attn_v,gqa>2&layers>=16,Q6_K\n"
                              "MINE,Q4_K,attn_k,i=3,Q6_K\n",
                              &errors),
                 ES_OK, "%s", errors.error[0].text);
    static const char *const models[] = {"Llama-3.2-1B", "Llama-2-7B", "Qwen2.5-0.5B", "Mixtral-8x7B"};
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        es_shape s = es_shape_of(find(ES_MODEL, models[i]));
        expect_same("MINE", &s, ES_FAMILY_LLAMA, models[i]);
    }
}

/* Each comparison of each quantity, at, below and above what the models have. */
Test(layout, own_conditions) {
    static const char *const comparisons[] = {"<", "<=", "=", ">=", ">"};
    static const struct {
        const char *name;
        int values[3];
    } quantities[] = {{"experts", {1, 8, 9}}, {"layers", {16, 24, 32}}, {"gqa", {1, 4, 7}}, {"i", {0, 7, 23}}};
    static const char *const models[] = {"Llama-3.2-1B", "Llama-2-7B", "Qwen2.5-0.5B", "Mixtral-8x7B"};
    for (size_t k = 0; k < 4 * 5 * 3; k++) {
        char rows[256];
        int at = quantities[k / 15].values[k % 3];
        const char *name = quantities[k / 15].name, *comparison = comparisons[k / 3 % 5];
        snprintf(rows, sizeof rows,
                 "MINE,Q4_K,*,otherwise,Q4_K\nMINE,Q4_K,ffn_down,%s%s%d,Q8_0\n"
                 "MINE,Q4_K,attn_v,%s%s%d&layers<32&layers>8,Q6_K\n",
                 name, comparison, at, name, comparison, at);
        es_errors errors = {0};
        cr_assert_eq(compile_with(rows, &errors), ES_OK, "%s: %s", rows, errors.error[0].text);
        for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
            es_shape s = es_shape_of(find(ES_MODEL, models[i]));
            expect_same("MINE", &s, ES_FAMILY_LLAMA, rows);
        }
    }
}

Test(layout, table_errors) {
    static const struct {
        const char *row, *message;
    } known[] = {
        {"MINE,Q4_K,ffn_up,i<<3,Q4_K\n", "expected a condition"},
        {"MINE,Q4_K,ffn_up,sometimes,Q4_K\n", "expected a condition"},
        {"MINE,Q4_K,ffn_up,i<n/0,Q4_K\n", "expected a condition"},
        {"MINE,Q4_K,ffn_up,always&,Q4_K\n", "expected a condition"},
        {"MINE,Q4_K,ffn_upp,always,Q4_K\n", "did you mean 'ffn_up'"},
        {"MINE,Q4_X,ffn_up,always,Q4_K\n", "unknown tensor type: 'Q4_X'"},
        {"MINE,Q4_K,ffn_up,always,Q4_X\n", "unknown tensor type: 'Q4_X'"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        es_errors errors = {0};
        cr_expect_eq(compile_with(known[i].row, &errors), ES_EUSAGE, "%s", known[i].row);
        cr_expect(strstr(errors.error[0].text, known[i].message) != NULL, "%s: %s", known[i].row, errors.error[0].text);
    }
}

/* Layouts against a tensor-by-tensor, layer-by-layer quantizer that reads patterns, kinds and conditions as text, and against
 * published file sizes. */
#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <edgesweep/catalog.h>

#include "base/arena.h"
#include "model/layout.h"
#include "rounds.h"

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

/* ---- The reference ---- */

enum { MOST_LAYERS = 200 };

typedef struct matrix {
    const char *name, *role; /* role "": none */
    long layer;              /* -1: beside the layers */
    double in, out, depth;
    bool kept, expert;
} matrix;

typedef struct reference {
    const char *file_type, *family;
    const es_shape *s;
    const es_row *model;
    const char *kind[MOST_LAYERS]; /* by layer; NULL without a pattern */
    bool qkv, gate_up, kv_b, before, imatrix;
    long gqa, experts;
    matrix m[MOST_LAYERS * 24];
    size_t n;
    double vectors, bytes;
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

/* Expands a pattern by rewriting its innermost parentheses; no claim to speed. */
static long expand(const char *pattern, char names[MOST_LAYERS][32]) {
    static char text[65536];
    snprintf(text, sizeof text, " %s ", pattern);
    for (char *close; (close = strchr(text, ')')) != NULL;) {
        char *open = close, *after = close + 1;
        while (*open != '(')
            open--;
        const long times = *after == '*' ? strtol(after + 1, &after, 10) : 1;
        char *inside = strndup(open + 1, (size_t)(close - open - 1)), *rest = strdup(after);
        char *out = open;
        for (long i = 0; i < times; i++)
            out += snprintf(out, (size_t)(text + sizeof text - out), " %s ", inside);
        snprintf(out, (size_t)(text + sizeof text - out), "%s", rest);
        free(inside);
        free(rest);
    }
    long n = 0;
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) {
        char *star = strchr(word, '*');
        const long times = star ? atol(star + 1) : 1;
        for (long i = 0; i < times && n < MOST_LAYERS; i++)
            snprintf(names[n++], 32, "%.*s", (int)(star ? star - word : (long)strlen(word)), word);
    }
    return n;
}

static const es_row *kind_row(const reference *r, long layer) {
    const es_table *table = &catalog.table[ES_LAYER];
    for (size_t i = 0; i < table->n_rows; i++)
        if (strcmp(table->rows[i].text[ES_L_MODEL], r->model->name) == 0 &&
            strcmp(table->rows[i].text[ES_L_KIND], r->kind[layer]) == 0)
            return &table->rows[i];
    cr_assert_fail("%s %s", r->model->name, r->kind[layer]);
    return NULL;
}

static double cell(const es_row *row, int field, double otherwise) {
    return row && row->text[field][0] ? atof(row->text[field]) : otherwise;
}

static void put(reference *r, const char *name, const char *role, long layer, double in, double out, double depth) {
    if (in * out * depth > 0)
        r->m[r->n++] = (matrix){name, role, layer, in, out, depth, false, strstr(name, "_exps") != NULL};
}

static void keep(reference *r, const char *name, long layer, double in, double out, double depth) {
    const size_t before = r->n;
    put(r, name, "", layer, in, out, depth);
    if (r->n > before)
        r->m[before].kept = true;
}

static double norms(const es_shape *s, double width) {
    return s->norm == ES_NORM_RMS ? width : s->norm == ES_NORM_LN ? 2 * width : 0;
}

static bool word(const char *list, const char *wanted) { return strstr(list, wanted) != NULL; }

static void ffn_part(reference *r, long i, const char *const names[3], double width, double depth) {
    const es_shape *s = r->s;
    const bool fused = r->gate_up && depth == 1 && s->ffn_matrices == 3;
    if (s->ffn_matrices == 3 && !fused)
        put(r, names[0], "ffn_gate", i, s->hidden, width, depth);
    put(r, names[1], "ffn_up", i, s->hidden, fused ? 2 * width : width, depth);
    put(r, names[2], "ffn_down", i, width, s->hidden, depth);
}

/* LAYERS of the catalog, read cell by cell. */
static void layer(reference *r, long i) {
    static const char *const dense[] = {"ffn_gate", "ffn_up", "ffn_down"};
    static const char *const routed[] = {"ffn_gate_exps", "ffn_up_exps", "ffn_down_exps"};
    static const char *const shared[] = {"ffn_gate_shexp", "ffn_up_shexp", "ffn_down_shexp"};
    const es_shape *s = r->s;
    const es_row *row = r->kind[i] ? kind_row(r, i) : NULL;
    const double H = s->hidden;
    const long L = (long)s->layers, C = (long)s->conv_layers;
    const char *mixer = row && row->text[ES_L_MIXER][0] ? row->text[ES_L_MIXER]
                        : s->kv_lora_rank > 0           ? "mla"
                                                        : "attention";
    if (!row && C > 0 && ((i + 1) * C + L - 1) / L > (i * C + L - 1) / L)
        mixer = "conv";
    const double h = cell(row, ES_L_HEADS, s->heads), v = cell(row, ES_L_KV_HEADS, s->kv_heads);
    const double d = cell(row, ES_L_HEAD_DIM, s->head_dim);
    const double e = cell(row, ES_L_V_HEAD_DIM, s->v_head_dim > 0 && s->kv_lora_rank == 0 ? s->v_head_dim : d);
    const double k = cell(row, ES_L_CONV_KERNEL, s->conv_kernel), n = cell(row, ES_L_SSM_STATE, 0);
    const double sh = cell(row, ES_L_SSM_HEADS, 0), D = sh * cell(row, ES_L_SSM_HEAD_DIM, 0);
    const double gN = cell(row, ES_L_SSM_GROUPS, 0) * n, gate = cell(row, ES_L_OUT_GATE, 0);
    const bool none = row && strcmp(row->text[ES_L_KV], "none") == 0, equal = cell(row, ES_L_K_EQ_V, 0) > 0;
    double f32 = 0;
    if (word(mixer, "attention")) {
        const double q = h * d * (gate == 1 ? 2 : 1), kw = none ? 0 : v * d, vw = none || equal ? 0 : v * e;
        if (r->qkv) {
            put(r, "attn_qkv", "attn_qkv", i, H, q + kw + vw, 1);
        } else {
            put(r, "attn_q", "attn_q", i, H, q, 1);
            put(r, "attn_k", "attn_k", i, H, kw, 1);
            put(r, "attn_v", "attn_v", i, H, vw, 1);
        }
        if (gate > 1)
            put(r, "attn_gate", "", i, H, gate == 2 ? h * e : h, 1);
        put(r, "attn_output", "attn_output", i, h * e, H, 1);
        f32 += s->qkv_bias * (q + kw + vw) + s->o_bias * H + s->attn_sinks * h + s->sub_norms * H;
        f32 += s->qk_norm == 1 ? (none ? d : 2 * d) : s->qk_norm == 2 ? (h + (none ? 0 : v)) * d : 0;
    }
    if (word(mixer, "linear"))
        put(r, "attn_output", "attn_output", i, H, H, 1);
    if (word(mixer, "mla")) {
        const double q = h * (s->qk_nope + s->qk_rope), c = s->kv_lora_rank;
        if (s->q_lora_rank > 0) {
            put(r, "attn_q_a", "", i, H, s->q_lora_rank, 1);
            put(r, "attn_q_b", "", i, s->q_lora_rank, q, 1);
        } else {
            put(r, "attn_q", "attn_q", i, H, q, 1);
        }
        put(r, "attn_kv_a_mqa", "", i, H, c + s->qk_rope, 1);
        if (r->kv_b) {
            put(r, "attn_kv_b", "attn_kv_b", i, c, h * (s->qk_nope + s->v_head_dim), 1);
        } else {
            put(r, "attn_k_b", "", i, s->qk_nope, c, h);
            put(r, "attn_v_b", "", i, c, s->v_head_dim, h);
        }
        put(r, "attn_output", "attn_output", i, h * s->v_head_dim, H, 1);
        f32 += c + s->q_lora_rank;
    }
    if (word(mixer, "gdn")) {
        put(r, "attn_qkv", "attn_qkv", i, H, 2 * gN + D, 1);
        put(r, "attn_gate", "", i, H, D, 1);
        put(r, "ssm_alpha", "", i, H, sh, 1);
        put(r, "ssm_beta", "", i, H, sh, 1);
        put(r, "ssm_out", "", i, D, H, 1);
        f32 += k * (2 * gN + D) + 2 * sh + cell(row, ES_L_SSM_HEAD_DIM, 0);
    }
    if (word(mixer, "mamba1")) {
        const double rank = atof(row->text[ES_L_RANKS]);
        put(r, "ssm_in", "", i, H, 2 * D, 1);
        put(r, "ssm_x", "", i, D, rank + 2 * n, 1);
        put(r, "ssm_dt", "", i, rank, D, 1);
        put(r, "ssm_out", "", i, D, H, 1);
        f32 += k * D + n * D + 3 * D + cell(row, ES_L_SSM_NORM, 0) * (rank + 2 * n);
    }
    if (word(mixer, "mamba2")) {
        put(r, "ssm_in", "", i, H, 2 * D + 2 * gN + sh, 1);
        put(r, "ssm_out", "", i, D, H, 1);
        f32 += k * (D + 2 * gN) + (D + 2 * gN) + 3 * sh + cell(row, ES_L_SSM_NORM, 0) * D;
    }
    if (word(mixer, "rwkv7")) {
        double rank[4];
        cr_assert_eq(sscanf(row->text[ES_L_RANKS], "%lf;%lf;%lf;%lf", rank, rank + 1, rank + 2, rank + 3), 4);
        static const char *const whole[] = {"time_mix_receptance", "time_mix_key", "time_mix_value", "time_mix_output"};
        for (int j = 0; j < 4; j++)
            put(r, whole[j], "", i, H, H, 1);
        f32 += 2 * H * rank[0] + 14 * H;
        for (int j = 1; j < 4; j++) {
            const double width = j == 2 && i == 0 ? rank[1] : rank[j];
            keep(r, "time_mix_1", i, H, width, 1);
            keep(r, "time_mix_2", i, width, H, 1);
        }
    }
    if (word(mixer, "conv")) {
        put(r, "shortconv.in_proj", "", i, H, 3 * H, 1);
        put(r, "shortconv.out_proj", "", i, H, H, 1);
        f32 += k * H;
    }
    const double I = cell(row, ES_L_INTERMEDIATE, s->intermediate), E = cell(row, ES_L_N_EXPERTS, s->n_experts);
    const double X = cell(row, ES_L_EXPERT_INTERMEDIATE, s->expert_intermediate);
    const double S = cell(row, ES_L_N_SHARED, s->n_shared) * X;
    const char *ffn = row && row->text[ES_L_FFN][0]                   ? row->text[ES_L_FFN]
                      : E > 1 && (row || (double)i >= s->first_dense) ? "moe"
                                                                      : "dense";
    if (word(ffn, "dense")) {
        ffn_part(r, i, dense, I, 1);
        f32 += s->mlp_bias * ((s->ffn_matrices - 1) * I + H) + s->sub_norms * I;
    }
    if (word(ffn, "moe")) {
        ffn_part(r, i, routed, X, E);
        ffn_part(r, i, shared, S, 1);
        f32 += H * E + s->router_bias * E + s->shared_gate * H + s->expert_bias * E * ((s->ffn_matrices - 1) * X + H);
        f32 += word(ffn, "dense") ? H + E : 0;
        r->experts = E > (double)r->experts ? (long)E : r->experts;
    }
    if (word(ffn, "channel_mix")) {
        put(r, "channel_mix_key", "", i, H, I, 1);
        put(r, "channel_mix_value", "", i, I, H, 1);
        f32 += H;
    }
    f32 += norms(s, H) * cell(row, ES_L_NORMS, s->norms_per_layer);
    const double P = s->per_layer_embd, A = s->altup, R = s->laurel_rank;
    if (P > 0) {
        put(r, "inp_gate", "", i, H, P, 1);
        put(r, "proj", "", i, P, H, 1);
        f32 += H;
    }
    if (A > 0) {
        keep(r, "altup_router", i, H, A, 1);
        f32 += A * A + A * A * A + 2 * H;
    }
    if (R > 0) {
        keep(r, "laurel_l", i, H, R, 1);
        keep(r, "laurel_r", i, R, H, 1);
        f32 += H;
    }
    r->vectors += f32;
    if (i == 0 || (r->gqa < 0 && word(mixer, "attention"))) {
        const bool wait = i == 0 && word(mixer, "gdn");
        r->gqa = wait                       ? -1
                 : word(mixer, "attention") ? (long)(h / v)
                 : word(mixer, "mla")       ? (r->kv_b ? 1 : (long)h)
                                            : 0;
    }
}

static void ends(reference *r) {
    const es_shape *s = r->s;
    const double width = s->embed_dim > 0 ? s->embed_dim : s->hidden, P = s->per_layer_embd;
    const char *embd = s->tied > 0 ? "output" : "token_embd";
    put(r, "token_embd", embd, -1, width, s->vocab, 1);
    if (s->tied == 0)
        put(r, "output", "output", -1, width, s->vocab, 1);
    if (width != s->hidden) {
        put(r, "project_in", "", -1, width, s->hidden, 1);
        put(r, "project_out", "", -1, s->hidden, width, 1);
    }
    put(r, "per_layer_token_embd", embd, -1, P * s->layers, s->vocab, 1);
    keep(r, "per_layer_model_proj", -1, s->hidden, P * s->layers, 1);
    for (int i = 0; i < 2 && s->altup > 1; i++)
        keep(r, "altup", -1, s->hidden, s->hidden, s->altup - 1);
    r->vectors += P + s->pos_rows * s->hidden + s->extra + (width == s->hidden ? norms(s, s->hidden) : 0) +
                  s->embed_norm * norms(s, s->hidden) + s->lm_head_bias * s->vocab;
}

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

static bool is_70b(const reference *r) {
    const char *f = r->family;
    if (strcmp(f, "llama") == 0)
        return r->s->layers == 80 && r->gqa > 1;
    return (word("qwen2 olmo deci", f) && r->s->layers == 80) || (strcmp(f, "jais2") == 0 && r->s->layers == 68);
}

static bool holds(const reference *r, const matrix *m, const char *condition, const char *base, long i, long t,
                  long n) {
    char copy[128], *rest = copy;
    snprintf(copy, sizeof copy, "%s", condition);
    for (char *term; (term = strsep(&rest, "&")) != NULL;) {
        bool yes;
        if (strcmp(term, "always") == 0 || strcmp(term, "otherwise") == 0)
            yes = true;
        else if (strcmp(term, "more(i)") == 0)
            yes = i < n / 8 || i >= 7 * n / 8 || (i - n / 8) % 3 == 2;
        else if (strncmp(term, "experts", 7) == 0)
            yes = compare(r->experts, term + 7, n);
        else if (strncmp(term, "layers", 6) == 0)
            yes = compare((long)r->s->layers, term + 6, n);
        else if (strncmp(term, "layer", 5) == 0)
            yes = compare(m->layer, term + 5, n);
        else if (strncmp(term, "gqa", 3) == 0)
            yes = compare(r->gqa, term + 3, n);
        else if (strncmp(term, "imatrix", 7) == 0)
            yes = compare(r->imatrix, term + 7, n);
        else if (strcmp(term, "dims=3") == 0)
            yes = m->depth > 1;
        else if (strcmp(term, "class70b") == 0)
            yes = is_70b(r);
        else if (strncmp(term, "family=", 7) == 0)
            yes = strcmp(r->family, term + 7) == 0;
        else if (strncmp(term, "family!=", 8) == 0)
            yes = strcmp(r->family, term + 8) != 0;
        else if (strncmp(term, "row%block(base)", 15) == 0)
            yes = compare((long)m->in % block_of(base), term + 15, n);
        else
            yes = (term[0] == 'i' && compare(i, term + 1, n)) || (term[0] == 't' && compare(t, term + 1, n));
        if (!yes)
            return false;
    }
    return true;
}

/* Whether a cell of names joined by | has this one. */
static bool names(const char *list, const char *name) {
    const size_t n = strlen(name);
    for (const char *at = n ? strstr(list, name) : NULL; at; at = strstr(at + 1, name))
        if ((at == list || at[-1] == '|') && (at[n] == '\0' || at[n] == '|'))
            return true;
    return false;
}

static bool is_value(const char *role) { return names("attn_v|attn_qkv|attn_kv_b", role); }

/* Rows of the file type, those of role * last. */
static const es_row *rules[64];
static size_t n_rules;

static void collect_rules(const reference *r) {
    const es_table *table = &catalog.table[ES_GGUF_MIXTURE];
    n_rules = 0;
    for (int last = 0; last < 2; last++)
        for (size_t k = 0; k < table->n_rows; k++) {
            const char *const *text = table->rows[k].text, *when = text[ES_X_QUANTIZER];
            if (strcmp(text[ES_X_FILE_TYPE], r->file_type) == 0 && (strcmp(text[ES_X_ROLE], "*") == 0) == last &&
                (when[0] == '\0' || (when[0] == '<') == r->before))
                rules[n_rules++] = &table->rows[k];
        }
    cr_assert(n_rules > 0 && n_rules <= 64);
}

/* How many tensors of each role there are, and how many stand before the one at hand. */
typedef struct tally {
    const char *role;
    long all, before;
} tally;
static tally tallies[64];

static tally *tally_of(const char *role) {
    tally *t = tallies;
    while (t->role && strcmp(t->role, role) != 0)
        t++;
    t->role = role;
    return t;
}

static const char *role_of(const reference *r, const matrix *m) {
    return r->before && strcmp(m->name, "per_layer_token_embd") == 0 ? "token_embd" : m->role[0] ? m->role : m->name;
}

static const char *choose(const reference *r, const matrix *m) {
    const char *role = role_of(r, m), *base = rules[0]->text[ES_X_BASE_TYPE];
    const bool three = is_value(role), ffn = word("ffn_gate ffn_up ffn_down", role);
    long t = 0, n = 0;
    for (const tally *other = tallies; other->role; other++) {
        const bool own = strcmp(other->role, role) == 0, joined = three && is_value(other->role);
        t += own || (joined && !r->before) ? other->before : 0;
        n += own || joined ? other->all : 0;
    }
    if (ffn)
        n = (long)(r->s->unique_layers + r->s->mtp_layers);
    const long i = ffn && r->experts > 0 ? m->layer : t;
    for (size_t k = 0; k < n_rules; k++) {
        const char *const *text = rules[k]->text;
        if ((strcmp(text[ES_X_ROLE], "*") == 0 || names(text[ES_X_ROLE], role) || names(text[ES_X_ROLE], m->name)) &&
            holds(r, m, text[ES_X_CONDITION], base, i, t, n))
            return text[ES_X_TENSOR_TYPE];
    }
    return base;
}

static bool native_mxfp4; /* of the model at hand */

static void add_bytes(reference *r) {
    r->bytes = 4 * r->vectors;
    memset(tallies, 0, sizeof tallies);
    collect_rules(r);
    for (size_t j = 0; j < r->n; j++)
        tally_of(role_of(r, &r->m[j]))->all++;
    for (size_t j = 0; j < r->n; j++) {
        const matrix *m = &r->m[j];
        const char *type = choose(r, m);
        tally_of(role_of(r, m))->before++;
        if (m->kept) {
            const char *base = strcmp(r->file_type, "MXFP4_MOE") == 0 ? "MXFP4" : r->file_type;
            type = strcmp(base, "BF16") == 0 || strcmp(base, "F32") == 0 ? base : "F16";
        } else if (native_mxfp4 && m->expert) {
            type = "MXFP4";
        }
        for (int step = 0; step < 2 && fmod(m->in, (double)block_of(type)) != 0; step++) {
            const char *fallback = type_row(type)->text[ES_T_FALLBACK];
            if (strcmp(fallback, "error") == 0) {
                r->bytes = NAN;
                return;
            }
            type = step == 0 && fallback[0] != '\0' ? fallback : "F16";
        }
        const es_row *row = type_row(type);
        r->bytes += m->out * m->depth * (m->in / row->value[ES_T_BLOCK_WEIGHTS]) * row->value[ES_T_BLOCK_BYTES];
    }
}

static reference r; /* large */

static void list_tensors(const es_shape *s, const es_row *model, const char *family, const char *fuse) {
    static char kinds[MOST_LAYERS][32];
    const char *pattern = model ? model->text[ES_M_LAYER_PATTERN] : "";
    static const struct {
        const char *families, *fuse;
    } fusing[] = {{"phi3", "qkv gate_up"},
                  {"gpt2|gptneox|bloom|falcon|mpt|dbrx|qwen|bailingmoe2|starcoder|openelm", "qkv"},
                  {"glm|chatglm|glm4", "gate_up"},
                  {"minicpm3|plm", "kv_b"}};
    for (size_t i = 0; i < sizeof fusing / sizeof *fusing && !*fuse; i++)
        fuse = names(fusing[i].families, family) ? fusing[i].fuse : fuse;
    r.family = *family ? family : "llama", r.s = s, r.model = model, r.n = 0, r.vectors = 0, r.gqa = 0, r.experts = 0;
    r.qkv = word(fuse, "qkv"), r.gate_up = word(fuse, "gate_up"), r.kv_b = word(fuse, "kv_b");
    if (*pattern)
        cr_assert_eq((double)expand(pattern, kinds), s->layers, "%s", model->name);
    for (long i = 0; i < (long)s->unique_layers; i++)
        r.kind[i] = *pattern ? kinds[i] : NULL;
    for (long i = 0; i < (long)s->unique_layers; i++)
        layer(&r, i);
    ends(&r);
}

static void expect_same(const char *file_type, const es_shape *s, const es_arch *arch, bool before, bool imatrix,
                        const char *name) {
    const es_mixture *mixture = es_gguf_mixture(gguf, file_type);
    cr_assert_not_null(mixture, "%s", file_type);
    es_layout layout;
    es_layout_gguf(gguf, mixture, (es_quantizer){before ? 202602 : NAN, imatrix}, arch, s, &layout);
    r.file_type = file_type, r.before = before, r.imatrix = imatrix;
    add_bytes(&r);
    if (isnan(r.bytes)) {
        cr_expect(isnan(layout.weight_bytes), "%s %s: %.0f, expected none", name, file_type, layout.weight_bytes);
        return;
    }
    cr_expect_eq(layout.weight_bytes, r.bytes, "%s %s%s: %.0f, expected %.0f", name, file_type, before ? " before" : "",
                 layout.weight_bytes, r.bytes);
    cr_expect_eq(layout.layer_bytes + layout.first_bytes + layout.last_bytes - (s->tied > 0 ? layout.head_bytes : 0),
                 layout.weight_bytes, "%s %s: parts", name, file_type);
    const es_stack stack = es_stack_of(arch, s);
    const double active = fmin(stack.active, stack.experts);
    double sum = 0, routed = 0, most = 0;
    for (int i = 0; i < ES_SLOTS; i++) {
        *(i < ES_DENSE_SLOTS ? &sum : &routed) += i == ES_DENSE_SLOTS ? 0 : layout.slot[i].bytes;
        most = fmax(most, layout.slot[i].bytes * (i > ES_DENSE_SLOTS ? active : 1));
    }
    cr_expect_eq(sum, layout.dense_bytes, "%s %s: slots", name, file_type);
    cr_expect_eq(routed, layout.routed_bytes, "%s %s: slots of experts", name, file_type);
    bool is_most = false; /* the type that one token streams most of, of slots that tie any */
    for (int i = 0; i < ES_SLOTS; i++)
        is_most |=
            layout.slot[i].type == layout.main_type && layout.slot[i].bytes * (i > ES_DENSE_SLOTS ? active : 1) == most;
    cr_expect(is_most, "%s %s: main type", name, file_type);
    if (s->unique_layers == s->layers) { /* all is streamed, but rows that are looked up and unused weights */
        double rows = 4 * (s->pos_rows * s->hidden + s->extra);
        bool unused = false;
        for (size_t k = 0; k < arch->n_kinds; k++)
            unused |= es_layer_of(arch, s, (int)k).kv == ES_KV_SHARED;
        for (size_t j = 0; j < r.n; j++)
            if ((strcmp(r.m[j].name, "token_embd") == 0 && s->tied == 0))
                rows += layout.first_bytes - rows - layout.lookup_bytes;
        const double streamed = layout.dense_bytes + layout.head_bytes + layout.routed_bytes * stack.experts;
        if (!unused && s->embed_dim == 0 && s->per_layer_embd == 0)
            cr_expect_eq(streamed + rows + layout.lookup_bytes, layout.weight_bytes, "%s %s: %.0f streamed", name,
                         file_type, streamed);
    }
}

static const char *file_types[64];

static size_t list_file_types(void) {
    size_t n = 0;
    const es_table *table = &catalog.table[ES_GGUF_MIXTURE];
    for (size_t i = 0; i < table->n_rows; i++) {
        const char *name = table->rows[i].text[ES_X_FILE_TYPE];
        if (n == 0 || strcmp(file_types[n - 1], name) != 0)
            file_types[n++] = name;
    }
    return n;
}

static es_arch arch_of(const es_row *row) {
    es_arch arch;
    cr_assert_eq(es_arch_compile(&catalog, row, &arena, &arch, NULL), ES_OK);
    return arch;
}

Test(layout, every_model_and_file_type) {
    size_t n = list_file_types();
    cr_assert_eq(n, 35);
    const es_table *models = &catalog.table[ES_MODEL];
    for (size_t m = 0; m < models->n_rows; m += SLOW_BUILD ? 5 : 1) {
        const es_row *row = &models->rows[m];
        const es_shape s = es_shape_of(row);
        const es_arch arch = arch_of(row);
        native_mxfp4 = names(row->text[ES_M_NATIVE_FORMAT], "MXFP4");
        list_tensors(&s, row, row->text[ES_M_FAMILY], row->text[ES_M_FUSE]);
        const es_params p = es_count_params(&arch, &s);
        double total = r.vectors;
        for (size_t j = 0; j < r.n; j++)
            total += r.m[j].in * r.m[j].out * r.m[j].depth;
        cr_expect_eq(p.total, total, "%s: %.0f parameters, expected %.0f", row->name, p.total, total);
        for (size_t t = 0; t < n; t++) {
            expect_same(file_types[t], &s, &arch, false, t % 2, row->name);
            expect_same(file_types[t], &s, &arch, true, t % 3 == 0, row->name);
        }
    }
    native_mxfp4 = false;
}

static uint64_t state = 88172645463325252u;
static double pick(long least, long most) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return (double)(least + (long)(state % (uint64_t)(most - least + 1)));
}

Test(layout, random_shapes) {
    size_t n = list_file_types();
    for (int round = 0; round < ROUNDS(400); round++) {
        es_shape s = {.layers = round % 5 == 0 ? 80 : pick(1, 90), .hidden = 32 * pick(1, 40), .vocab = pick(1, 999)};
        s.heads = 8 * pick(1, 2);
        s.kv_heads = s.heads / pick(1, 2) / (round % 3 == 0 ? 4 : 1);
        s.head_dim = 16 * pick(1, 8);
        s.intermediate = pick(1, 3) * 64 * pick(1, 16) + (round % 7 == 0);
        s.tied = pick(0, 1), s.ffn_matrices = pick(2, 3), s.ffn_active = 1, s.norms_per_layer = 2;
        s.unique_layers = s.layers, s.qkv_bias = pick(0, 1);
        s.conv_layers = round % 4 == 0 ? floor(s.layers / 3) : 0, s.conv_kernel = 3;
        if (round % 3 == 1) {
            s.n_experts = round % 2 ? 8 : pick(2, 16), s.n_active = 2, s.first_dense = pick(0, 2);
            s.expert_intermediate = 32 * pick(1, 24), s.n_shared = pick(0, 2), s.expert_bias = pick(0, 1);
        }
        if (s.first_dense > s.layers)
            s.first_dense = s.layers;
        static const char *const families[] = {"phi3", "llama", "falcon", "gptneox", "qwen2", "glm"};
        const char *family = families[round % 6];
        const es_arch arch = es_arch_of_family(family, "");
        list_tensors(&s, NULL, family, "");
        for (size_t t = 0; t < n; t++)
            expect_same(file_types[t], &s, &arch, round % 4 == 1, round % 2, "random");
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
        const es_row *row = find(ES_MODEL, known[i].model);
        const es_shape s = es_shape_of(row);
        const es_arch arch = arch_of(row);
        es_layout layout;
        es_layout_gguf(gguf, es_gguf_mixture(gguf, known[i].type), (es_quantizer){NAN, false}, &arch, &s, &layout);
        double mib = layout.weight_bytes / 1048576;
        cr_expect(fabs(mib - known[i].mib) < 0.0051, "%s %s: %.3f MiB, published %.2f", known[i].model, known[i].type,
                  mib, known[i].mib);
    }
}

/* Bytes and weights of a slot are those of its own type, but for a few that the last slot takes from types without one. */
Test(layout, slots_suffice) {
    size_t n = list_file_types();
    int most_dense = 0, most_routed = 0;
    for (size_t m = 0; m < catalog.table[ES_MODEL].n_rows; m++) {
        const es_shape s = es_shape_of(&catalog.table[ES_MODEL].rows[m]);
        const es_arch arch = arch_of(&catalog.table[ES_MODEL].rows[m]);
        for (size_t t = 0; t < n; t++) {
            es_layout layout;
            es_layout_gguf(gguf, es_gguf_mixture(gguf, file_types[t]), (es_quantizer){NAN, false}, &arch, &s, &layout);
            if (isnan(layout.weight_bytes))
                continue;
            int dense = 0, routed = 0;
            for (int i = 0; i < ES_SLOTS; i++)
                *(i < ES_DENSE_SLOTS ? &dense : &routed) += layout.slot[i].weights > 0 && i != ES_DENSE_SLOTS;
            for (int i = 1; i < ES_DENSE_SLOTS; i++) {
                const char *type = es_type_labels[(int)layout.slot[i].type];
                if (layout.slot[i].weights == 0 || s.ffn_active != 1)
                    continue;
                const double own = layout.slot[i].weights * bytes_per_weight(type);
                if (layout.slot[i].bytes == own)
                    continue;
                cr_expect(i == ES_DENSE_SLOTS - 1 && fabs(layout.slot[i].bytes - own) < 0.05 * layout.dense_bytes,
                          "%s %s %s: %g of %g", catalog.table[ES_MODEL].rows[m].name, file_types[t], type,
                          layout.slot[i].bytes - own, layout.dense_bytes);
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
    const es_arch arch = arch_of(find(ES_MODEL, "Llama-2-7B"));
    double params = es_count_params(&arch, &s).total, ends = s.vocab * s.hidden;
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
        es_layout_uniform(&format, &arch, &s, &layout);
        double bits = (params - 2 * ends) * known[i].body + ends * known[i].embed + ends * known[i].output;
        cr_expect_eq(layout.weight_bytes, bits / 8, "%s", known[i].name);
        cr_expect_eq(layout.dense_bytes + layout.head_bytes, bits / 8 - ends * known[i].embed / 8, "%s: streamed",
                     known[i].name);
        cr_expect_eq(layout.dense_weights + layout.head_weights, params - ends, "%s", known[i].name);
    }
}

Test(layout, active_weights) {
    const es_row *row = find(ES_MODEL, "Mixtral-8x7B");
    es_shape s = es_shape_of(row);
    es_arch arch = arch_of(row);
    es_params p = es_count_params(&arch, &s);
    es_layout layout;
    es_layout_gguf(gguf, es_gguf_mixture(gguf, "Q4_K_M"), (es_quantizer){NAN, false}, &arch, &s, &layout);
    cr_expect_eq(layout.dense_weights + layout.head_weights + layout.routed_weights, p.active - s.vocab * s.hidden);
    cr_expect_eq(layout.row_bytes, s.hidden * bytes_per_weight("Q4_K"), "a row of the embedding");
    row = find(ES_MODEL, "MobileLLM-LS-125M");
    s = es_shape_of(row);
    arch = arch_of(row);
    p = es_count_params(&arch, &s);
    es_layout_gguf(gguf, es_gguf_mixture(gguf, "F16"), (es_quantizer){NAN, false}, &arch, &s, &layout);
    cr_expect_eq(layout.dense_weights, 2 * (p.total - s.vocab * s.hidden - s.hidden) + s.hidden,
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
                              "MINE,Q4_K,attn_k,i=3,Q6_K\n"
                              "MINE,Q4_K,ffn_gate|ffn_up_exps,layer>=2&layer<5,Q8_0\n"
                              "MINE,Q4_K,attn_q,family=qwen2,Q5_K\n"
                              "MINE,Q4_K,attn_q,family!=llama&t>3,Q6_K\n",
                              &errors),
                 ES_OK, "%s", errors.error[0].text);
    static const char *const models[] = {"Llama-3.2-1B", "Llama-2-7B", "Qwen2.5-0.5B", "Mixtral-8x7B"};
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        const es_row *row = find(ES_MODEL, models[i]);
        const es_shape s = es_shape_of(row);
        const es_arch arch = arch_of(row);
        list_tensors(&s, row, row->text[ES_M_FAMILY], "");
        expect_same("MINE", &s, &arch, i % 2, false, models[i]);
    }
}

/* Each comparison of each quantity, at, below and above what the models have. */
Test(layout, own_conditions) {
    static const char *const comparisons[] = {"<", "<=", "=", ">=", ">"};
    static const struct {
        const char *name;
        int values[3];
    } quantities[] = {
        {"experts", {1, 8, 9}}, {"layers", {16, 24, 32}}, {"gqa", {1, 4, 7}}, {"i", {0, 7, 23}}, {"t", {0, 7, 23}}};
    static const char *const models[] = {"Llama-3.2-1B", "Llama-2-7B", "Qwen2.5-0.5B", "Mixtral-8x7B"};
    for (size_t k = 0; k < 5 * 5 * 3; k++) {
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
            const es_row *row = find(ES_MODEL, models[i]);
            const es_shape s = es_shape_of(row);
            const es_arch arch = arch_of(row);
            list_tensors(&s, row, row->text[ES_M_FAMILY], "");
            expect_same("MINE", &s, &arch, false, false, rows);
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

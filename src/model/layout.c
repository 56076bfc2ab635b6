#include "model/layout.h"

#include <math.h>
#include <string.h>

static double smaller(double a, double b) { return a < b ? a : b; }

static double larger(double a, double b) { return a > b ? a : b; }

static void set_totals(es_layout *layout, const es_params *p) {
    layout->params = p->total;
    layout->active_params = p->active;
}

/* Sums over slots, and the type with the most streamed bytes (routed experts count as often as a token uses them). */
static void sum_slots(es_layout *layout, double active_experts) {
    double most = -1;
    for (int i = 0; i < ES_SLOTS; i++) {
        const es_slot *slot = &layout->slot[i];
        bool routed = i > ES_DENSE_SLOTS;
        double bytes = routed ? slot->bytes * active_experts : slot->bytes;
        if (bytes > most) {
            most = bytes;
            layout->main_type = slot->type;
        }
        if (i == ES_DENSE_SLOTS)
            continue;
        *(routed ? &layout->routed_weights : &layout->dense_weights) += slot->weights;
        *(routed ? &layout->routed_bytes : &layout->dense_bytes) += slot->bytes;
    }
    layout->head_weights = layout->slot[ES_DENSE_SLOTS].weights;
    layout->head_bytes = layout->slot[ES_DENSE_SLOTS].bytes;
}

/* ---- Uniform formats ---- */

void es_layout_uniform(const es_uniform *format, const es_shape *s, es_layout *layout) {
    es_params p = es_count_params(s);
    *layout = (es_layout){0};
    set_totals(layout, &p);
    double overhead = format->group_size > 0 ? (format->scale_bits + format->zero_bits) / format->group_size : 0;
    double each = (format->weight_bits + overhead) / 8;
    double embed = isnan(format->embed_bits) ? each : format->embed_bits / 8;
    double output = isnan(format->output_bits) ? each : format->output_bits / 8;

    double attention = p.attention_layers * p.attention + p.conv_layers * p.conv;
    double ffn = p.dense_layers * p.dense_ffn + p.moe_layers * p.shared_ffn;
    double routed = p.moe_layers * p.expert, routed_vectors = p.moe_layers * p.expert_vectors;
    double ends = p.final_vectors + p.projection_in + p.projection_out;
    double head = p.embedding; /* tied: the embedding itself, read as the head */

    layout->layer_bytes = (attention + ffn + p.layer_vectors + p.experts * (routed + routed_vectors)) * each;
    double head_bytes = head * output;
    layout->first_bytes = (s->tied > 0 ? head_bytes : p.embedding * embed) + (p.positions + p.projection_in) * each;
    layout->last_bytes = head_bytes + (p.final_vectors + p.projection_out) * each;
    layout->weight_bytes = layout->layer_bytes + layout->first_bytes + layout->last_bytes;
    if (s->tied > 0)
        layout->weight_bytes -= head_bytes;
    layout->bits_per_weight = 8 * layout->weight_bytes / p.total;

    double dense = (attention + ffn * s->ffn_active + p.layer_vectors) * p.reuse + ends;
    double expert = (routed * s->ffn_active + routed_vectors) * p.reuse;
    layout->slot[0] = (es_slot){dense, dense * each, ES_TYPE_NONE};
    layout->slot[ES_DENSE_SLOTS] = (es_slot){head, head_bytes, ES_TYPE_NONE};
    layout->slot[ES_DENSE_SLOTS + 1] = (es_slot){expert * p.active_experts, expert * each, ES_TYPE_NONE};
    sum_slots(layout, p.active_experts);
    layout->main_type = ES_TYPE_NONE;
}

void es_layout_none(es_layout *layout) {
    double none[ES_LAYOUT_SIZE];
    for (int i = 0; i < ES_LAYOUT_SIZE; i++)
        none[i] = NAN;
    memcpy(layout, none, sizeof none);
}

/* ---- GGUF: tables ---- */

typedef enum role {
    OUTPUT,
    TOKEN_EMBD,
    ATTN_Q,
    ATTN_K,
    ATTN_V,
    ATTN_OUTPUT,
    ATTN_QKV,
    FFN_GATE,
    FFN_UP,
    FFN_DOWN,
    FFN_GATE_SHEXP,
    FFN_UP_SHEXP,
    FFN_DOWN_SHEXP,
    ATTN_Q_A,
    ATTN_Q_B,
    ATTN_KV_A,
    ATTN_KV_B,
    ATTN_K_B,
    ATTN_V_B,
    CONV_IN,
    CONV_OUT,
    ROLES
} role;

static const char *const role_names[ROLES] = {
    "output",   "token_embd",    "attn_q",    "attn_k",         "attn_v",       "attn_output",    "attn_qkv",
    "ffn_gate", "ffn_up",        "ffn_down",  "ffn_gate_shexp", "ffn_up_shexp", "ffn_down_shexp", "attn_q_a",
    "attn_q_b", "attn_kv_a_mqa", "attn_kv_b", "attn_k_b",       "attn_v_b",     "shortconv_in",   "shortconv_out"};

enum { KNOWN_TYPES = 26 };

const char *const es_type_labels[ES_MAX_TENSOR_TYPES + 1] = {
    "none",    "F32",     "F16",     "BF16",    "Q4_0",    "Q4_1",    "Q5_0",    "Q5_1",    "Q8_0",    "Q2_K",
    "Q3_K",    "Q4_K",    "Q5_K",    "Q6_K",    "IQ4_NL",  "IQ4_XS",  "IQ3_S",   "IQ3_XXS", "IQ2_S",   "IQ2_XS",
    "IQ2_XXS", "IQ1_M",   "IQ1_S",   "TQ1_0",   "TQ2_0",   "MXFP4",   "type 26", "type 27", "type 28", "type 29",
    "type 30", "type 31", "type 32", "type 33", "type 34", "type 35", "type 36", "type 37", "type 38", "type 39",
    "type 40", "type 41", "type 42", "type 43", "type 44", "type 45", "type 46", "type 47", "type 48", "type 49",
    "type 50", "type 51", "type 52", "type 53", "type 54", "type 55", "type 56", "type 57", "type 58", "type 59",
    "type 60", "type 61", "type 62", "type 63", NULL};

typedef struct tensor_type {
    const char *name;
    double bytes_per_weight; /* exact: blocks have a power of two of weights */
    uint64_t block_weights;
    int fallback; /* type id; F16 for those without */
} tensor_type;

typedef struct range {
    double least, most;
} range;

/* A position in the layers, num*n/den + offset. */
typedef struct bound {
    int64_t num, den, offset;
} bound;

typedef struct rule {
    range experts, layers, gqa;
    int hidden_fits; /* -1: whatever, 0: hidden is no multiple of the base type's block, 1: it is */
    bool somewhere;  /* holds in some layers only: from <= i < to, and more(i) when set */
    bool more;
    bound from, to;
    int type;
} rule;

enum { MAX_RULES = 16 }; /* of one role in a mixture */

typedef struct rules {
    const rule *rule;
    int n;
} rules;

struct es_mixture {
    const char *file_type;
    int base;
    rules role[ROLES];
};

struct es_gguf {
    tensor_type type[ES_MAX_TENSOR_TYPES];
    size_t n_types;
    es_mixture *mixture;
    size_t n_mixtures;
};

int es_gguf_type_id(const es_gguf *gguf, const char *name) {
    for (size_t i = ES_TYPE_F32; i < gguf->n_types; i++)
        if (gguf->type[i].name != NULL && es_equal_fold(gguf->type[i].name, name))
            return (int)i;
    return -1;
}

const es_mixture *es_gguf_mixture(const es_gguf *gguf, const char *file_type, bool falcon) {
    static const char prefix[] = "falcon/";
    for (size_t i = 0; i < gguf->n_mixtures; i++) {
        const char *name = gguf->mixture[i].file_type;
        bool own = strncmp(name, prefix, sizeof prefix - 1) == 0;
        if (own == falcon && es_equal_fold(own ? name + sizeof prefix - 1 : name, file_type))
            return &gguf->mixture[i];
    }
    return NULL;
}

static size_t id_of_new_type(const es_gguf *gguf, const char *name) {
    for (size_t i = ES_TYPE_F32; i < KNOWN_TYPES; i++)
        if (es_equal_fold(es_type_labels[i], name))
            return i;
    return gguf->n_types;
}

static es_status add_type(es_gguf *gguf, const es_row *row, es_errors *errors) {
    double weights = row->value[ES_T_BLOCK_WEIGHTS];
    if (((uint64_t)weights & ((uint64_t)weights - 1)) != 0)
        return es_fail(errors, ES_EUSAGE, &row->origin, "weights in a block must be a power of two: '%s'",
                       es_quote_text(row->text[ES_T_BLOCK_WEIGHTS]).text);
    size_t id = id_of_new_type(gguf, row->text[ES_T_TYPE]);
    if (id == ES_MAX_TENSOR_TYPES)
        return es_fail(errors, ES_EUSAGE, &row->origin, "more than %d tensor types", ES_MAX_TENSOR_TYPES - 1);
    gguf->type[id] =
        (tensor_type){row->text[ES_T_TYPE], row->value[ES_T_BLOCK_BYTES] / weights, (uint64_t)weights, ES_TYPE_F16};
    gguf->n_types += id == gguf->n_types;
    return ES_OK;
}

static es_status compile_types(es_gguf *gguf, const es_table *table, es_errors *errors) {
    gguf->type[ES_TYPE_F32] = (tensor_type){"F32", 4, 1, ES_TYPE_F16};
    gguf->type[ES_TYPE_F16] = (tensor_type){"F16", 2, 1, ES_TYPE_F16};
    gguf->n_types = KNOWN_TYPES;
    for (size_t i = 0; i < table->n_rows; i++) {
        es_status status = add_type(gguf, &table->rows[i], errors);
        if (status != ES_OK)
            return status;
    }
    for (size_t i = 0; i < table->n_rows; i++) {
        const es_row *row = &table->rows[i];
        if (row->text[ES_T_FALLBACK][0] == '\0')
            continue;
        int fallback = es_gguf_type_id(gguf, row->text[ES_T_FALLBACK]);
        if (fallback < 0)
            return es_fail(errors, ES_EUSAGE, &row->origin, "unknown tensor type: '%s'",
                           es_quote_text(row->text[ES_T_FALLBACK]).text);
        gguf->type[es_gguf_type_id(gguf, row->text[ES_T_TYPE])].fallback = fallback;
    }
    return ES_OK;
}

/* ---- GGUF: conditions ---- */

static bool take(const char **text, const char *word) {
    size_t length = strlen(word);
    if (strncmp(*text, word, length) != 0)
        return false;
    *text += length;
    return true;
}

static bool take_count(const char **text, int64_t *value) {
    const char *p = *text;
    int64_t number = 0;
    while (*p >= '0' && *p <= '9' && number < 100000000)
        number = number * 10 + (*p++ - '0');
    bool taken = p != *text;
    *text = p;
    *value = number;
    return taken;
}

/* COUNT, n/COUNT or COUNTn/COUNT */
static bool take_bound(const char **text, bound *b) {
    *b = (bound){0, 1, 0};
    int64_t count = 1;
    bool number = take_count(text, &count);
    if (!take(text, "n")) {
        b->offset = count;
        return number;
    }
    b->num = number ? count : 1;
    return !take(text, "/") || (take_count(text, &b->den) && b->den > 0);
}

typedef enum comparison { LESS, AT_MOST, AT_LEAST, MORE, EQUAL, NO_COMPARISON } comparison;

static comparison take_comparison(const char **text) {
    static const char *const spelled[] = {
        [LESS] = "<", [AT_MOST] = "<=", [AT_LEAST] = ">=", [MORE] = ">", [EQUAL] = "="};
    static const comparison order[] = {AT_MOST, AT_LEAST, LESS, MORE, EQUAL};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (take(text, spelled[order[i]]))
            return order[i];
    return NO_COMPARISON;
}

static bool take_range(const char **text, range *r) {
    comparison how = take_comparison(text);
    int64_t count;
    if (how == NO_COMPARISON || !take_count(text, &count))
        return false;
    double x = (double)count;
    if (how == EQUAL || how == AT_LEAST || how == MORE)
        r->least = larger(r->least, how == MORE ? nextafter(x, INFINITY) : x);
    if (how == EQUAL || how == AT_MOST || how == LESS)
        r->most = smaller(r->most, how == LESS ? nextafter(x, -INFINITY) : x);
    return true;
}

/* One lower and one upper bound on i for each rule. */
static bool take_layers(const char **text, rule *r) {
    comparison how = take_comparison(text);
    bound b;
    if (how == NO_COMPARISON || !take_bound(text, &b))
        return false;
    bound next = {b.num, b.den, b.offset + 1};
    r->somewhere = true;
    if (how == EQUAL || how == AT_LEAST)
        r->from = b;
    if (how == MORE)
        r->from = next;
    if (how == EQUAL || how == AT_MOST)
        r->to = next;
    if (how == LESS)
        r->to = b;
    return true;
}

static bool take_term(const char **text, rule *r) {
    if (take(text, "always") || take(text, "otherwise"))
        return true;
    if (take(text, "more(i)"))
        return r->somewhere = r->more = true;
    if (take(text, "experts"))
        return take_range(text, &r->experts);
    if (take(text, "layers"))
        return take_range(text, &r->layers);
    if (take(text, "gqa"))
        return take_range(text, &r->gqa);
    if (take(text, "hidden%block(base)")) {
        r->hidden_fits = take(text, "!=0") ? 0 : 1;
        return r->hidden_fits == 0 || take(text, "=0");
    }
    return take(text, "i") && take_layers(text, r);
}

static bool parse_condition(const char *text, rule *r) {
    const range any = {-INFINITY, INFINITY};
    *r = (rule){.experts = any, .layers = any, .gqa = any, .hidden_fits = -1};
    r->from = (bound){0, 1, 0};
    r->to = (bound){1, 1, 0};
    do {
        if (!take_term(&text, r))
            return false;
    } while (take(&text, "&"));
    return *text == '\0';
}

/* ---- GGUF: mixtures ---- */

static es_mixture *find_or_add_mixture(es_gguf *gguf, const char *file_type) {
    for (size_t i = 0; i < gguf->n_mixtures; i++)
        if (es_equal_fold(gguf->mixture[i].file_type, file_type))
            return &gguf->mixture[i];
    es_mixture *mixture = &gguf->mixture[gguf->n_mixtures++];
    mixture->file_type = file_type;
    return mixture;
}

static int find_role(const char *name) {
    for (int i = 0; i < ROLES; i++)
        if (es_equal_fold(role_names[i], name))
            return i;
    return -1;
}

/* A row of role `*` only names the base type. */
static bool names_base(const es_row *row) { return strcmp(row->text[ES_X_ROLE], "*") == 0; }

/* A row, read: `role` of `mixture` has this rule; -1: the row has none. */
typedef struct mixture_row {
    const es_mixture *mixture;
    int role;
    rule rule;
} mixture_row;

static es_status read_mixture_row(es_gguf *gguf, const es_row *row, mixture_row *read, es_errors *errors) {
    const char *const *text = row->text;
    int base = es_gguf_type_id(gguf, text[ES_X_BASE_TYPE]), type = es_gguf_type_id(gguf, text[ES_X_TENSOR_TYPE]);
    if (base < 0 || type < 0)
        return es_fail(errors, ES_EUSAGE, &row->origin, "unknown tensor type: '%s'",
                       es_quote_text(text[base < 0 ? ES_X_BASE_TYPE : ES_X_TENSOR_TYPE]).text);
    read->role = names_base(row) ? -1 : find_role(text[ES_X_ROLE]);
    if (!names_base(row) && read->role < 0) {
        const char *nearest = es_nearest(es_slice_of(text[ES_X_ROLE]), role_names, ROLES);
        return es_fail(errors, ES_EUSAGE, &row->origin, "unknown tensor role: '%s'%s%s%s",
                       es_quote_text(text[ES_X_ROLE]).text, nearest ? "; did you mean '" : "", nearest ? nearest : "",
                       nearest ? "'?" : "");
    }
    if (!parse_condition(text[ES_X_CONDITION], &read->rule))
        return es_fail(errors, ES_EUSAGE, &row->origin,
                       "expected a condition like always, experts=8, gqa>=4, i<n/8 or more(i), joined by &: '%s'",
                       es_quote_text(text[ES_X_CONDITION]).text);
    read->rule.type = type;
    es_mixture *mixture = find_or_add_mixture(gguf, text[ES_X_FILE_TYPE]);
    mixture->base = base;
    read->mixture = mixture;
    return ES_OK;
}

/* Copies the rules of one role of one mixture, in table order, to *next. */
static es_status compile_role(es_mixture *mixture, int which, const es_table *table, const mixture_row *rows,
                              rule **next, es_errors *errors) {
    rules *compiled = &mixture->role[which];
    compiled->rule = *next;
    for (size_t i = 0; i < table->n_rows; i++) {
        if (rows[i].role != which || rows[i].mixture != mixture)
            continue;
        if (compiled->n == MAX_RULES)
            return es_fail(errors, ES_EUSAGE, &table->rows[i].origin, "more than %d rules for '%s'", MAX_RULES,
                           role_names[which]);
        *(*next)++ = rows[i].rule;
        compiled->n++;
    }
    return ES_OK;
}

es_status es_gguf_compile(const es_catalog *catalog, es_arena *arena, es_gguf **result, es_errors *errors) {
    const es_table *table = &catalog->table[ES_GGUF_MIXTURE];
    es_gguf *gguf = es_arena_alloc(arena, sizeof *gguf);
    rule *next = es_arena_array(arena, table->n_rows + 1, sizeof *next);
    mixture_row *rows = es_arena_array(arena, table->n_rows + 1, sizeof *rows);
    if (gguf == NULL || next == NULL || rows == NULL)
        return es_fail_memory(errors);
    gguf->mixture = es_arena_array(arena, table->n_rows + 1, sizeof *gguf->mixture);
    if (gguf->mixture == NULL)
        return es_fail_memory(errors);
    es_status status = compile_types(gguf, &catalog->table[ES_GGUF_TYPE], errors);
    for (size_t i = 0; i < table->n_rows && status == ES_OK; i++)
        status = read_mixture_row(gguf, &table->rows[i], &rows[i], errors);
    for (size_t i = 0; i < gguf->n_mixtures; i++)
        for (int which = 0; which < ROLES && status == ES_OK; which++)
            status = compile_role(&gguf->mixture[i], which, table, rows, &next, errors);
    *result = gguf;
    return status;
}

/* ---- GGUF: one model ---- */

/* Where the bytes of a tensor go. */
typedef enum place { IN_LAYERS, IN_EXPERTS, ON_FIRST, ON_LAST } place;

typedef struct tensor {
    role role;
    double rows, row_length;
    double copies;      /* experts */
    int64_t begin, end; /* layers that have it, among the n that have the role */
    int64_t n;
    place place;
    double active; /* share of the weights that a token touches */
} tensor;

typedef struct builder {
    const es_gguf *gguf;
    const es_mixture *mixture;
    es_layout *layout;
    double experts, layers, gqa;
    bool hidden_fits;
    double reuse;
    double active_experts;
} builder;

/* more(i) for begin <= i < end: i < n/8, i >= 7n/8, or (i - n/8) mod 3 == 2 in between. */
static int64_t count_more(int64_t begin, int64_t end, int64_t n) {
    int64_t low = n / 8, high = 7 * n / 8;
    int64_t below = (end < low ? end : low) - begin, above = end - (begin > high ? begin : high);
    int64_t from = (begin > low ? begin : low) - low, to = (end < high ? end : high) - low;
    int64_t third = to > from ? to / 3 - from / 3 : 0;
    return (below > 0 ? below : 0) + (above > 0 ? above : 0) + third;
}

static bool applies(const rule *r, const builder *b) {
    return b->experts >= r->experts.least && b->experts <= r->experts.most && b->layers >= r->layers.least &&
           b->layers <= r->layers.most && b->gqa >= r->gqa.least && b->gqa <= r->gqa.most &&
           (r->hidden_fits < 0 || r->hidden_fits == b->hidden_fits);
}

static bool fits(const tensor_type *type, double row_length) {
    return ((uint64_t)row_length & (type->block_weights - 1)) == 0;
}

static int fitting_type(const es_gguf *gguf, int type, double row_length) {
    if (fits(&gguf->type[type], row_length))
        return type;
    type = gguf->type[type].fallback;
    return fits(&gguf->type[type], row_length) ? type : ES_TYPE_F16;
}

/* The slot of a type among slots [begin, end); when all are taken by others, the last one. */
static es_slot *find_slot(es_layout *layout, int begin, int end, int type) {
    for (int i = begin; i < end; i++) {
        es_slot *slot = &layout->slot[i];
        if (slot->type == (double)type)
            return slot;
        if (slot->type == ES_TYPE_NONE) {
            slot->type = type;
            return slot;
        }
    }
    return &layout->slot[end - 1];
}

/* Adds `count` layers of a tensor with the type its rules chose. */
static void put(builder *b, const tensor *t, int type, int64_t count) {
    if (count <= 0)
        return;
    es_layout *layout = b->layout;
    type = fitting_type(b->gguf, type, t->row_length);
    double weights = t->rows * t->row_length * (double)count;
    double bytes = weights * b->gguf->type[type].bytes_per_weight;
    double stored = bytes * t->copies;
    double *where = t->place == ON_FIRST  ? &layout->first_bytes
                    : t->place == ON_LAST ? &layout->last_bytes
                                          : &layout->layer_bytes;
    *where += stored;
    layout->weight_bytes += stored;
    if (t->active == 0)
        return;
    if (t->role == OUTPUT) {
        layout->slot[ES_DENSE_SLOTS] = (es_slot){weights, bytes, type};
        return;
    }
    bool routed = t->place == IN_EXPERTS, once = t->place == ON_FIRST || t->place == ON_LAST;
    es_slot *slot =
        routed ? find_slot(layout, ES_DENSE_SLOTS + 1, ES_SLOTS, type) : find_slot(layout, 0, ES_DENSE_SLOTS, type);
    double share = once ? t->active : t->active * b->reuse;
    slot->weights += weights * share * (routed ? b->active_experts : 1);
    slot->bytes += bytes * share;
}

static int64_t position(bound b, int64_t n) { return b.num * n / b.den + b.offset; }

/* A rule that holds in some layers, with its interval for this n. */
typedef struct stretch {
    int64_t from, to;
    bool more;
    int type;
} stretch;

/* Layers [begin, end) lie wholly inside or outside of every stretch. */
static void put_segment(builder *b, const tensor *t, const stretch *s, int n, int64_t begin, int64_t end,
                        int otherwise) {
    int64_t rest = end - begin;
    bool more_gone = false;
    for (int i = 0; i < n && rest > 0; i++) {
        if (s[i].from > begin || s[i].to < end)
            continue;
        if (s[i].more && more_gone)
            continue;
        int64_t count = s[i].more ? count_more(begin, end, t->n) : rest;
        more_gone |= s[i].more;
        put(b, t, s[i].type, count);
        rest -= count;
    }
    put(b, t, otherwise, rest);
}

/* Cuts the layers where a stretch begins or ends. */
static void put_stretches(builder *b, const tensor *t, const stretch *s, int n, int otherwise) {
    int64_t begin = t->begin;
    while (begin < t->end) {
        int64_t end = t->end;
        for (int i = 0; i < n; i++) {
            if (s[i].from > begin && s[i].from < end)
                end = s[i].from;
            if (s[i].to > begin && s[i].to < end)
                end = s[i].to;
        }
        put_segment(b, t, s, n, begin, end, otherwise);
        begin = end;
    }
}

/* The first rule of the role that holds decides, layer by layer; none: the base type. */
static void add(builder *b, const tensor *t) {
    if (t->end <= t->begin || t->rows * t->row_length == 0)
        return;
    const rules *list = &b->mixture->role[t->role];
    stretch some[MAX_RULES];
    int n = 0, otherwise = b->mixture->base;
    for (int i = 0; i < list->n; i++) {
        const rule *r = &list->rule[i];
        if (!applies(r, b))
            continue;
        if (!r->somewhere) {
            otherwise = r->type;
            break;
        }
        some[n++] = (stretch){position(r->from, t->n), position(r->to, t->n), r->more, r->type};
    }
    if (n == 0)
        put(b, t, otherwise, t->end - t->begin);
    else
        put_stretches(b, t, some, n, otherwise);
}

/* Projections of embeddings of another width have no role: the base type. */
static void add_projection(builder *b, double rows, double row_length, place where) {
    put(b, &(tensor){ROLES, rows, row_length, 1, 0, 1, 1, where, 1}, b->mixture->base, 1);
}

static void add_role(builder *b, role r, double rows, double row_length, double layers) {
    int64_t n = (int64_t)layers;
    add(b, &(tensor){r, rows, row_length, 1, 0, n, n, IN_LAYERS, 1});
}

static bool fuses_qkv(es_family family) {
    return family == ES_FAMILY_PHI3 || family == ES_FAMILY_GPTNEOX || family == ES_FAMILY_GPT2 ||
           family == ES_FAMILY_BLOOM || family == ES_FAMILY_FALCON;
}

/* Files of late split the second half of the latent's projection into keys (transposed) and values; a mixture that has a
 * rule for attn_k_b says so. */
static void add_mla(builder *b, const es_shape *s, double layers) {
    double q_width = s->heads * (s->qk_nope + s->qk_rope);
    if (s->q_lora_rank > 0) {
        add_role(b, ATTN_Q_A, s->q_lora_rank, s->hidden, layers);
        add_role(b, ATTN_Q_B, q_width, s->q_lora_rank, layers);
    } else {
        add_role(b, ATTN_Q, q_width, s->hidden, layers);
    }
    add_role(b, ATTN_KV_A, s->kv_lora_rank + s->qk_rope, s->hidden, layers);
    if (b->mixture->role[ATTN_K_B].n > 0) {
        add_role(b, ATTN_K_B, s->heads * s->kv_lora_rank, s->qk_nope, layers);
        add_role(b, ATTN_V_B, s->heads * s->v_head_dim, s->kv_lora_rank, layers);
    } else {
        add_role(b, ATTN_KV_B, s->heads * (s->qk_nope + s->v_head_dim), s->kv_lora_rank, layers);
    }
    add_role(b, ATTN_OUTPUT, s->hidden, s->heads * s->v_head_dim, layers);
}

static void add_attention(builder *b, const es_shape *s, es_family family, const es_params *p) {
    double layers = p->attention_layers, q_width = s->heads * s->head_dim, kv_width = s->kv_heads * s->head_dim;
    if (p->conv_layers > 0) {
        add_role(b, CONV_IN, 3 * s->hidden, s->hidden, p->conv_layers);
        add_role(b, CONV_OUT, s->hidden, s->hidden, p->conv_layers);
    }
    if (s->kv_lora_rank > 0) {
        add_mla(b, s, layers);
        return;
    }
    if (fuses_qkv(family)) {
        add_role(b, ATTN_QKV, q_width + 2 * kv_width, s->hidden, layers);
    } else {
        add_role(b, ATTN_Q, q_width, s->hidden, layers);
        add_role(b, ATTN_K, kv_width, s->hidden, layers);
        add_role(b, ATTN_V, kv_width, s->hidden, layers);
    }
    add_role(b, ATTN_OUTPUT, s->hidden, q_width, layers);
}

/* Shared experts follow the rules of the dense FFN where they have none of their own. */
static role role_of(const builder *b, role dense, bool shared) {
    const role own = dense - FFN_GATE + FFN_GATE_SHEXP;
    return shared && b->mixture->role[own].n > 0 ? own : dense;
}

/* Dense layers come first; i counts all layers because every layer has an FFN tensor of the role. */
static void add_ffn(builder *b, const es_shape *s, es_family family, double width, double begin, double end,
                    place where, bool shared) {
    int64_t n = (int64_t)s->unique_layers;
    double copies = where == IN_EXPERTS ? s->n_experts : 1;
    bool gated = s->ffn_matrices == 3, fused = gated && family == ES_FAMILY_PHI3;
    tensor t = {
        role_of(b, FFN_UP, shared), width, s->hidden, copies, (int64_t)begin, (int64_t)end, n, where, s->ffn_active};
    if (fused)
        t.rows = 2 * width;
    add(b, &t);
    if (gated && !fused) {
        t.role = role_of(b, FFN_GATE, shared);
        add(b, &t);
    }
    t.role = role_of(b, FFN_DOWN, shared);
    t.rows = s->hidden;
    t.row_length = width;
    add(b, &t);
}

static void add_ends(builder *b, const es_shape *s, const es_params *p) {
    double width = s->embed_dim > 0 ? s->embed_dim : s->hidden;
    add(b, &(tensor){OUTPUT, s->vocab, width, 1, 0, 1, 1, ON_LAST, 1});
    if (s->tied > 0)
        b->layout->first_bytes += b->layout->last_bytes;
    else
        add(b, &(tensor){TOKEN_EMBD, s->vocab, width, 1, 0, 1, 1, ON_FIRST, 0});
    if (p->projection_in > 0) {
        add_projection(b, s->hidden, width, ON_FIRST);
        add_projection(b, width, s->hidden, ON_LAST);
    }
}

/* Norms, biases, router weights, convolution taps and learned positions stay in F32.  They run at the rates of the first
 * slot: they are too few for a slot of their own. */
static void add_vectors(builder *b, const es_params *p) {
    es_layout *layout = b->layout;
    double f32 = b->gguf->type[ES_TYPE_F32].bytes_per_weight;
    double routed = p->moe_layers * p->expert_vectors;
    double streamed = p->layer_vectors * p->reuse + p->final_vectors;
    layout->layer_bytes += (p->layer_vectors + routed * p->experts) * f32;
    layout->first_bytes += p->positions * f32;
    layout->last_bytes += p->final_vectors * f32;
    layout->weight_bytes += (p->layer_vectors + routed * p->experts + p->positions + p->final_vectors) * f32;
    layout->slot[0].weights += streamed;
    layout->slot[0].bytes += streamed * f32;
    layout->slot[ES_DENSE_SLOTS + 1].weights += routed * p->reuse * p->active_experts;
    layout->slot[ES_DENSE_SLOTS + 1].bytes += routed * p->reuse * f32;
}

void es_layout_gguf(const es_gguf *gguf, const es_mixture *mixture, es_family family, const es_shape *s,
                    es_layout *layout) {
    es_params p = es_count_params(s);
    *layout = (es_layout){0};
    set_totals(layout, &p);
    builder b = {.gguf = gguf,
                 .mixture = mixture,
                 .layout = layout,
                 .experts = s->n_experts,
                 .layers = s->layers,
                 .gqa = floor(s->heads / s->kv_heads),
                 .hidden_fits = fits(&gguf->type[mixture->base], s->hidden),
                 .reuse = p.reuse,
                 .active_experts = p.active_experts};
    find_slot(layout, 0, 1, fitting_type(gguf, mixture->base, s->hidden));
    add_attention(&b, s, family, &p);
    add_ffn(&b, s, family, s->intermediate, 0, p.dense_layers, IN_LAYERS, false);
    if (p.moe_layers > 0) {
        add_ffn(&b, s, family, s->expert_intermediate, p.dense_layers, s->unique_layers, IN_EXPERTS, false);
        add_ffn(&b, s, family, s->expert_intermediate * s->n_shared, p.dense_layers, s->unique_layers, IN_LAYERS, true);
    }
    add_ends(&b, s, &p);
    add_vectors(&b, &p);
    layout->bits_per_weight = 8 * layout->weight_bytes / p.total;
    sum_slots(layout, p.active_experts);
}

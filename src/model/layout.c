#include "model/layout.h"

#include <math.h>
#include <string.h>

static double smaller(double a, double b) { return a < b ? a : b; }

static double larger(double a, double b) { return a > b ? a : b; }

/* ---- Sums ---- */

typedef struct builder {
    const es_shape *shape;
    es_layout *layout;
    const es_gguf *gguf; /* NULL: uniform */
    double reuse;        /* executed per stored layer */
    double active;       /* experts of the layer at hand that a token uses */
} builder;

const double es_row_group[ES_ROW_GROUPS] = {4, 8, 16};

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

/* Adds `count` layers' copies of a tensor. */
static void put(builder *b, const es_tensor *t, int type, double bytes_per_weight, double count) {
    es_layout *layout = b->layout;
    const double weights = t->in * t->out * t->depth * count, bytes = weights * bytes_per_weight;
    *(t->place == ES_PLACE_FIRST  ? &layout->first_bytes
      : t->place == ES_PLACE_LAST ? &layout->last_bytes
                                  : &layout->layer_bytes) += bytes;
    layout->weight_bytes += bytes;
    const double share = (t->ffn ? b->shape->ffn_active : 1) * (t->place == ES_PLACE_LAYER ? b->reuse : 1);
    const bool routed = t->use == ES_USE_ROUTED;
    if (t->use == ES_USE_LOOKUP) {
        layout->row_bytes += t->in * bytes_per_weight;
        layout->lookup_bytes += t->id == ES_TENSOR_PER_LAYER_TOKEN_EMBD ? bytes : 0;
        return;
    }
    es_slot *slot = t->use == ES_USE_HEAD ? &layout->slot[ES_DENSE_SLOTS]
                    : routed              ? find_slot(layout, ES_EXPERT_SLOT, ES_SLOTS, type)
                                          : find_slot(layout, 0, ES_DENSE_SLOTS, type);
    /* ggml-cpu/repack.cpp of llama.cpp: two dimensions, or three by expert */
    for (int i = 0; i < ES_ROW_GROUPS && (t->depth == 1 || routed); i++)
        slot->movable[i] += fmod(t->out, es_row_group[i]) == 0 ? bytes : 0;
    switch (t->use) {
    case ES_USE_LOOKUP:
    case ES_USE_NEVER: return;
    case ES_USE_HEAD: /* the first and the last node of a pipeline both hold a tied embedding */
        slot->weights = weights, slot->bytes = bytes, slot->type = type;
        layout->last_bytes += t->place == ES_PLACE_FIRST ? bytes : 0;
        return;
    case ES_USE_ROUTED:
        slot->weights += weights / t->depth * share * b->active;
        slot->bytes += bytes / t->depth * share;
        return;
    case ES_USE_STREAM:
        slot->weights += weights * share;
        slot->bytes += bytes * share;
        return;
    }
}

/* Vectors run at the rates of the first slot: they are too few for a slot of their own. */
static void put_vectors(builder *b, const es_vectors *v, double experts, es_place place, double bytes_per_weight,
                        double count) {
    es_layout *layout = b->layout;
    const double reuse = place == ES_PLACE_LAYER ? b->reuse : 1;
    const double bytes = (v->streamed + v->stored + v->routed * experts) * bytes_per_weight * count;
    *(place == ES_PLACE_FIRST  ? &layout->first_bytes
      : place == ES_PLACE_LAST ? &layout->last_bytes
                               : &layout->layer_bytes) += bytes;
    layout->weight_bytes += bytes;
    layout->slot[0].weights += v->streamed * reuse * count;
    layout->slot[0].bytes += v->streamed * reuse * count * bytes_per_weight;
    layout->slot[ES_DENSE_SLOTS + 1].weights += v->routed * reuse * b->active * count;
    layout->slot[ES_DENSE_SLOTS + 1].bytes += v->routed * reuse * count * bytes_per_weight;
}

/* Totals, sums over slots, and the type with the most streamed bytes (routed experts count as often as a token uses
 * them). */
static void finish(builder *b, const es_arch *arch, double active_experts) {
    es_layout *layout = b->layout;
    const es_params p = es_count_params(arch, b->shape);
    layout->params = p.total;
    layout->active_params = p.active;
    layout->bits_per_weight = 8 * layout->weight_bytes / p.total;
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

void es_layout_none(es_layout *layout) {
    double none[ES_LAYOUT_SIZE];
    for (int i = 0; i < ES_LAYOUT_SIZE; i++)
        none[i] = NAN;
    memcpy(layout, none, sizeof none);
}

/* ---- Uniform formats ---- */

void es_layout_uniform(const es_uniform *format, const es_arch *arch, const es_shape *s, es_layout *layout) {
    *layout = (es_layout){0};
    builder b = {.shape = s, .layout = layout, .reuse = s->layers / s->unique_layers};
    double overhead = format->group_size > 0 ? (format->scale_bits + format->zero_bits) / format->group_size : 0;
    double each = (format->weight_bits + overhead) / 8;
    double embed = isnan(format->embed_bits) ? each : format->embed_bits / 8;
    double output = isnan(format->output_bits) ? each : format->output_bits / 8;
    double count[ES_MAX_KINDS], active = 0;
    es_tensor tensor[ES_MAX_TENSORS];
    es_vectors f32, last;
    const size_t kinds = es_arch_count(arch, s, s->unique_layers, count);
    for (size_t k = 0; k < kinds; k++) {
        if (count[k] == 0)
            continue;
        const es_layer l = es_layer_of(arch, s, (int)k);
        const size_t n = es_layer_tensors(arch, s, &l, tensor, &f32);
        b.active = smaller(l.active, l.experts);
        active = larger(active, l.ffn & ES_FFN_MOE ? b.active : 0);
        for (size_t i = 0; i < n; i++)
            put(&b, &tensor[i], ES_TYPE_NONE, each, count[k]);
        put_vectors(&b, &f32, l.experts, ES_PLACE_LAYER, each, count[k]);
    }
    const size_t n = es_end_tensors(arch, s, tensor, &f32, &last);
    for (size_t i = 0; i < n; i++)
        put(&b, &tensor[i], ES_TYPE_NONE,
            tensor[i].use == ES_USE_HEAD     ? output
            : tensor[i].use == ES_USE_LOOKUP ? embed
                                             : each,
            1);
    put_vectors(&b, &f32, 0, ES_PLACE_FIRST, each, 1);
    put_vectors(&b, &last, 0, ES_PLACE_LAST, each, 1);
    layout->row_bytes += s->pos_rows > 0 ? s->hidden * each : 0;
    finish(&b, arch, active);
    layout->main_type = ES_TYPE_NONE;
}

/* ---- GGUF: tables ---- */

enum { KNOWN_TYPES = 47 };

const char *const es_type_labels[ES_MAX_TENSOR_TYPES + 1] = {
    "none",    "F32",     "F16",     "BF16",    "Q4_0",    "Q4_1",    "Q5_0",    "Q5_1",    "Q8_0",    "Q2_K",
    "Q3_K",    "Q4_K",    "Q5_K",    "Q6_K",    "IQ4_NL",  "IQ4_XS",  "IQ3_S",   "IQ3_XXS", "IQ2_S",   "IQ2_XS",
    "IQ2_XXS", "IQ1_M",   "IQ1_S",   "TQ1_0",   "TQ2_0",   "MXFP4",   "NVFP4",   "Q1_0",    "Q2_0",    "Q6_0",
    "IQ1_BN",  "IQ2_BN",  "IQ2_K",   "IQ3_K",   "IQ4_K",   "IQ5_K",   "IQ6_K",   "IQ2_KS",  "IQ3_KS",  "IQ4_KS",
    "IQ5_KS",  "IQ4_KSS", "IQ2_KL",  "IQ1_KT",  "IQ2_KT",  "IQ3_KT",  "IQ4_KT",  "type 47", "type 48", "type 49",
    "type 50", "type 51", "type 52", "type 53", "type 54", "type 55", "type 56", "type 57", "type 58", "type 59",
    "type 60", "type 61", "type 62", "type 63", NULL};

enum { TYPE_BF16 = 3, TYPE_MXFP4 = 25, NO_TYPE = -1 };

typedef struct tensor_type {
    const char *name;
    double bytes_per_weight; /* exact: blocks have a power of two of weights */
    uint64_t block_weights;
    int fallback; /* type id; F16 for those without; NO_TYPE: the file cannot be made */
} tensor_type;

typedef struct range {
    double least, most;
} range;

/* A position in the layers, num*n/den + offset. */
typedef struct bound {
    int64_t num, den, offset;
} bound;

/* What a rule counts layers by: i and t as the quantizer counts tensors of a role, or the layer itself. */
typedef enum counter { NOWHERE, BY_I, BY_T, BY_LAYER } counter;

typedef struct rule {
    uint64_t tensors; /* bits of es_tensor_id; a role names all tensors with it */
    range experts, layers, gqa, month, depth;
    int row_fits, imatrix; /* -1: whatever, 0: no, 1: yes */
    bool class70b, not_family;
    const char *family; /* NULL: any */
    counter by;         /* holds in some layers only: from <= counter < to */
    bool more;          /* and more(i) */
    bound from, to;
    int type;
} rule;

enum { MAX_RULES = 256 /* that depend on the layer, for one tensor */ };

struct es_mixture {
    const char *file_type;
    int base;
    rule *rule; /* in order, rows of role * last */
    size_t n;
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
    return NO_TYPE;
}

const char *es_gguf_type_name(const es_gguf *gguf, int type) {
    return gguf->type[type].name ? gguf->type[type].name : es_type_labels[type];
}

const es_mixture *es_gguf_mixture(const es_gguf *gguf, const char *file_type) {
    for (size_t i = 0; i < gguf->n_mixtures; i++)
        if (es_equal_fold(gguf->mixture[i].file_type, file_type))
            return &gguf->mixture[i];
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
        const bool none = es_equal_fold(row->text[ES_T_FALLBACK], "error");
        int fallback = none ? NO_TYPE : es_gguf_type_id(gguf, row->text[ES_T_FALLBACK]);
        if (fallback < 0 && !none)
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
    while (*p >= '0' && *p <= '9' && number < 100000000000000)
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
    return b->num <= 1000000000 && (!take(text, "/") || (take_count(text, &b->den) && b->den > 0));
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

/* One lower and one upper bound on one counter for each rule. */
static bool take_layers(const char **text, rule *r, counter by) {
    comparison how = take_comparison(text);
    bound b;
    if (how == NO_COMPARISON || !take_bound(text, &b) || (r->by != NOWHERE && r->by != by))
        return false;
    bound next = {b.num, b.den, b.offset + 1};
    r->by = by;
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

/* 0 or 1 */
static bool take_flag(const char **text, int *flag) {
    const bool one = take(text, "1");
    *flag = one;
    return one || take(text, "0");
}

/* `=NAME` or `!=NAME`, up to the next & */
static bool take_family(const char **text, rule *r, es_arena *arena) {
    r->not_family = take(text, "!");
    if (!take(text, "="))
        return false;
    const size_t length = strcspn(*text, "&");
    r->family = es_arena_text(arena, (es_slice){*text, length});
    *text += length;
    return length > 0 && r->family != NULL;
}

static bool take_term(const char **text, rule *r, es_arena *arena) {
    if (take(text, "always") || take(text, "otherwise"))
        return true;
    if (take(text, "more(i)"))
        return r->more = true;
    if (take(text, "experts"))
        return take_range(text, &r->experts);
    if (take(text, "layers"))
        return take_range(text, &r->layers);
    if (take(text, "layer"))
        return take_layers(text, r, BY_LAYER);
    if (take(text, "gqa"))
        return take_range(text, &r->gqa);
    if (take(text, "family"))
        return take_family(text, r, arena);
    if (take(text, "class70b"))
        return r->class70b = true;
    if (take(text, "imatrix="))
        return take_flag(text, &r->imatrix);
    if (take(text, "dims=3")) {
        r->depth.least = 2;
        return true;
    }
    if (take(text, "row%block(base)")) {
        r->row_fits = take(text, "!=0") ? 0 : 1;
        return r->row_fits == 0 || take(text, "=0");
    }
    if (take(text, "t"))
        return take_layers(text, r, BY_T);
    return take(text, "i") && take_layers(text, r, BY_I);
}

static bool parse_condition(const char *text, rule *r, es_arena *arena) {
    const range any = {-INFINITY, INFINITY};
    *r = (rule){.experts = any, .layers = any, .gqa = any, .month = any, .depth = any, .row_fits = -1, .imatrix = -1};
    r->from = (bound){0, 1, 0};
    r->to = (bound){1, 1, 0};
    do {
        if (!take_term(&text, r, arena))
            return false;
    } while (take(&text, "&"));
    return *text == '\0';
}

/* <YYYY-MM or >=YYYY-MM: months are compared as year*100 + month. */
static bool parse_quantizer(const char *text, range *month) {
    int64_t year, of_year;
    if (*text == '\0')
        return true;
    const comparison how = take_comparison(&text);
    if ((how != LESS && how != AT_LEAST) || !take_count(&text, &year) || !take(&text, "-") ||
        !take_count(&text, &of_year) || *text != '\0' || of_year < 1 || of_year > 12)
        return false;
    const double x = (double)(year * 100 + of_year);
    if (how == LESS)
        month->most = nextafter(x, -INFINITY);
    else
        month->least = x;
    return true;
}

/* ---- GGUF: rows of the table ---- */

/* Names joined by |; 0 after an error. */
static uint64_t parse_tensors(const es_row *row, es_errors *errors) {
    uint64_t tensors = 0;
    for (es_slice rest = es_slice_of(row->text[ES_X_ROLE]); rest.text != NULL;) {
        const char *bar = memchr(rest.text, '|', rest.length);
        const es_slice name = es_slice_trim((es_slice){rest.text, bar ? (size_t)(bar - rest.text) : rest.length});
        int id = 0;
        while (id < ES_TENSOR_IDS && !es_slice_equal_fold(name, es_tensor_names[id]))
            id++;
        if (es_slice_equal_fold(name, "*")) {
            tensors = UINT64_MAX;
        } else if (id < ES_TENSOR_IDS) {
            tensors |= (uint64_t)1 << id;
        } else {
            const char *nearest = es_nearest(name, es_tensor_names, ES_TENSOR_IDS);
            es_fail(errors, ES_EUSAGE, &row->origin, "unknown tensor role: '%s'%s%s%s", es_quote(name).text,
                    nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
            return 0;
        }
        rest = bar ? (es_slice){bar + 1, (size_t)(rest.text + rest.length - bar - 1)} : (es_slice){NULL, 0};
    }
    return tensors;
}

static es_mixture *find_or_add_mixture(es_gguf *gguf, const char *file_type) {
    for (size_t i = gguf->n_mixtures; i > 0; i--)
        if (es_equal_fold(gguf->mixture[i - 1].file_type, file_type))
            return &gguf->mixture[i - 1];
    gguf->mixture[gguf->n_mixtures].file_type = file_type;
    return &gguf->mixture[gguf->n_mixtures++];
}

static es_status read_mixture_row(es_gguf *gguf, const es_row *row, es_arena *arena, rule *r, size_t *mixture,
                                  es_errors *errors) {
    const char *const *text = row->text;
    const int types[2] = {es_gguf_type_id(gguf, text[ES_X_BASE_TYPE]), es_gguf_type_id(gguf, text[ES_X_TENSOR_TYPE])};
    for (int i = 0; i < 2; i++)
        if (types[i] < 0)
            return es_fail(errors, ES_EUSAGE, &row->origin, "unknown tensor type: '%s'",
                           es_quote_text(text[i ? ES_X_TENSOR_TYPE : ES_X_BASE_TYPE]).text);
    const uint64_t tensors = parse_tensors(row, errors);
    if (tensors == 0)
        return ES_EUSAGE;
    if (!parse_condition(text[ES_X_CONDITION], r, arena))
        return es_fail(errors, ES_EUSAGE, &row->origin,
                       "expected a condition like always, experts=8, gqa>=4, i<n/8 or more(i), joined by &: '%s'",
                       es_quote_text(text[ES_X_CONDITION]).text);
    if (!parse_quantizer(text[ES_X_QUANTIZER], &r->month))
        return es_fail(errors, ES_EUSAGE, &row->origin, "expected a quantizer like <2026-03 or >=2026-03: '%s'",
                       es_quote_text(text[ES_X_QUANTIZER]).text);
    r->tensors = tensors;
    r->type = types[1];
    es_mixture *m = find_or_add_mixture(gguf, text[ES_X_FILE_TYPE]);
    m->base = types[0];
    m->n++;
    *mixture = (size_t)(m - gguf->mixture);
    return ES_OK;
}

es_status es_gguf_compile(const es_catalog *catalog, es_arena *arena, es_gguf **result, es_errors *errors) {
    const es_table *table = &catalog->table[ES_GGUF_MIXTURE];
    const size_t rows = table->n_rows;
    es_gguf *gguf = es_arena_alloc(arena, sizeof *gguf);
    rule *parsed = es_arena_array(arena, rows + 1, sizeof *parsed),
         *next = es_arena_array(arena, rows + 1, sizeof *next);
    size_t *mixture = es_arena_array(arena, rows + 1, sizeof *mixture);
    if (gguf == NULL || parsed == NULL || next == NULL || mixture == NULL)
        return es_fail_memory(errors);
    gguf->mixture = es_arena_array(arena, rows + 1, sizeof *gguf->mixture);
    if (gguf->mixture == NULL)
        return es_fail_memory(errors);
    es_status status = compile_types(gguf, &catalog->table[ES_GGUF_TYPE], errors);
    for (size_t i = 0; i < rows && status == ES_OK; i++)
        status = read_mixture_row(gguf, &table->rows[i], arena, &parsed[i], &mixture[i], errors);
    for (size_t m = 0; m < gguf->n_mixtures && status == ES_OK; m++) {
        gguf->mixture[m].rule = next;
        for (int last = 0; last < 2; last++)
            for (size_t i = 0; i < rows; i++)
                if (mixture[i] == m && (parsed[i].tensors == UINT64_MAX) == last)
                    *next++ = parsed[i];
    }
    *result = gguf;
    return status;
}

/* ---- GGUF: one model ---- */

typedef struct typing {
    const es_gguf *gguf;
    const es_mixture *mixture;
    es_quantizer quantizer;
    const es_arch *arch;
    const es_shape *shape;
    double count[ES_MAX_KINDS]; /* of stored layers */
    size_t kinds;
    double gqa, experts;
    bool class70b;
    uint8_t tensors[ES_MAX_KINDS][ES_TENSOR_IDS]; /* of a role in a layer of the kind */
    es_typed_tensor *put;
    void *data;
} typing;

/* llama_model type 70B: ggml-org/llama.cpp v0.5.0, src/llama-model.cpp. */
static bool is_class70b(const char *family, double layers, double gqa) {
    static const char *const of_80[] = {"qwen2", "olmo", "deci"};
    if (es_equal_fold(family, "jais2"))
        return layers == 68;
    if (es_equal_fold(family, "llama"))
        return layers == 80 && gqa > 1;
    for (size_t i = 0; i < sizeof of_80 / sizeof *of_80; i++)
        if (es_equal_fold(family, of_80[i]))
            return layers == 80;
    return false;
}

static bool within(range r, double x) { return x >= r.least && x <= r.most; }

static bool fits(const tensor_type *type, double row_length) {
    return ((uint64_t)row_length & (type->block_weights - 1)) == 0;
}

/* What does not depend on the layer. */
static bool applies(const rule *r, const typing *y, const es_tensor *t, es_tensor_id role) {
    const double month = y->quantizer.month;
    return r->tensors & ((uint64_t)1 << t->id | (uint64_t)1 << role) && within(r->experts, y->experts) &&
           within(r->layers, y->shape->layers) && within(r->gqa, y->gqa) && within(r->month, month) &&
           within(r->depth, t->depth) && (r->imatrix < 0 || r->imatrix == y->quantizer.imatrix) &&
           (!r->class70b || y->class70b) &&
           (r->row_fits < 0 || r->row_fits == fits(&y->gguf->type[y->mixture->base], t->in)) &&
           (r->family == NULL || es_equal_fold(r->family, y->arch->family) != r->not_family);
}

/* The type, or what takes its place for rows that are no multiple of its block. */
static int fitting_type(const es_gguf *gguf, int type, double row_length) {
    if (fits(&gguf->type[type], row_length))
        return type;
    type = gguf->type[type].fallback;
    return type < 0 || fits(&gguf->type[type], row_length) ? type : ES_TYPE_F16;
}

static bool put_type(const typing *y, const es_tensor *t, int type, double count) {
    type = fitting_type(y->gguf, type, t->in);
    if (type >= 0 && count > 0)
        y->put(y->data, t, type, count);
    return type >= 0;
}

static int64_t position(bound b, int64_t n) { return b.num * n / b.den + b.offset; }

/* more(i) of the quantizer's mixtures. */
static bool is_more(int64_t i, int64_t n) { return i < n / 8 || i >= 7 * n / 8 || (i - n / 8) % 3 == 2; }

/* A rule that holds in some layers, with its interval. */
typedef struct stretch {
    int64_t from, to;
    counter by;
    bool more;
    int type;
} stretch;

static const uint64_t values =
    (uint64_t)1 << ES_TENSOR_ATTN_V | (uint64_t)1 << ES_TENSOR_ATTN_QKV | (uint64_t)1 << ES_TENSOR_ATTN_KV_B;

static int64_t count_roles(const typing *y, size_t kind, uint64_t roles) {
    int64_t n = 0;
    for (int id = 0; id < ES_TENSOR_IDS; id++)
        n += roles >> id & 1 ? y->tensors[kind][id] : 0;
    return n;
}

static es_tensor_id role_of(const typing *y, const es_tensor *t) {
    const bool before = y->quantizer.month < ES_NEW_QUANTIZER;
    return t->id == ES_TENSOR_PER_LAYER_TOKEN_EMBD && before ? ES_TENSOR_TOKEN_EMBD : t->role;
}

static bool is_ffn(es_tensor_id role) {
    return role == ES_TENSOR_FFN_GATE || role == ES_TENSOR_FFN_UP || role == ES_TENSOR_FFN_DOWN;
}

/* n of the conditions. */
static int64_t total_of(const typing *y, es_tensor_id role) {
    const uint64_t own = (uint64_t)1 << role, roles = own & values ? values : own;
    int64_t total = 0;
    if (is_ffn(role))
        return (int64_t)(y->shape->unique_layers + y->shape->mtp_layers);
    for (size_t k = 0; k < y->kinds; k++)
        if (y->count[k] > 0)
            total += (int64_t)y->count[k] * count_roles(y, k, roles);
    return total;
}

/* The types of a layer's tensor in all layers of its kind; `earlier` tensors of its role stand before it in the layer. */
static bool put_layers(const typing *y, size_t kind, const es_tensor *t, int64_t earlier, int64_t total,
                       const stretch *s, int n, int otherwise) {
    const es_tensor_id role = role_of(y, t);
    const uint64_t own = (uint64_t)1 << role;
    const uint64_t roles = own & values && !(y->quantizer.month < ES_NEW_QUANTIZER) ? values : own;
    const bool by_layer = is_ffn(role) && y->experts > 0;
    int64_t tensors = 0, per_kind[ES_MAX_KINDS];
    for (size_t k = 0; k < y->kinds; k++)
        per_kind[k] = y->count[k] > 0 ? count_roles(y, k, roles) : 0;
    double count[ES_MAX_TENSOR_TYPES] = {0};
    for (int64_t layer = 0; layer < (int64_t)y->shape->unique_layers; layer++) {
        const size_t k = (size_t)es_arch_kind(y->arch, y->shape, layer);
        if (k == kind) {
            const int64_t at = tensors + earlier, i = by_layer ? layer : at;
            int type = otherwise;
            for (int r = 0; r < n; r++) {
                const int64_t x = s[r].by == BY_LAYER ? layer : s[r].by == BY_T ? at : i;
                if (x >= s[r].from && x < s[r].to && (!s[r].more || is_more(i, total))) {
                    type = s[r].type;
                    break;
                }
            }
            count[type]++;
        }
        tensors += per_kind[k];
    }
    bool fitted = true;
    for (int type = 0; type < ES_MAX_TENSOR_TYPES; type++)
        if (count[type] > 0)
            fitted &= put_type(y, t, type, count[type]);
    return fitted;
}

/* Matrices that no column explains are one row of numbers; t counts these. */
static bool put_numbers(const typing *y, const es_tensor *t, const stretch *s, int n, int otherwise) {
    double begin = 0;
    bool fitted = true;
    for (int r = 0; r <= n; r++) {
        es_tensor part = *t;
        part.in = smaller(r < n ? (double)s[r].to : t->in, t->in) - begin;
        if (part.in <= 0 || (r < n && s[r].by != BY_T))
            continue;
        fitted &= put_type(y, &part, r < n ? s[r].type : otherwise, 1);
        begin += part.in;
    }
    return fitted;
}

/* The first rule that holds decides, layer by layer; none: the base type. */
static bool put_tensor(const typing *y, size_t kind, const es_tensor *t, int64_t earlier, double count) {
    const es_mixture *m = y->mixture;
    if (t->kept)
        return put_type(y, t, m->base == TYPE_BF16 || m->base == ES_TYPE_F32 ? m->base : ES_TYPE_F16, count);
    if (y->arch->mxfp4_experts && t->use == ES_USE_ROUTED)
        return put_type(y, t, TYPE_MXFP4, count);
    const es_tensor_id role = role_of(y, t);
    stretch some[MAX_RULES];
    int n = 0, otherwise = m->base;
    int64_t total = 0;
    for (size_t i = 0; i < m->n; i++) {
        const rule *r = &m->rule[i];
        if (!applies(r, y, t, role))
            continue;
        if (r->by == NOWHERE && !r->more) {
            otherwise = r->type;
            break;
        }
        total = n == 0 ? total_of(y, role) : total;
        if (n < MAX_RULES)
            some[n++] = (stretch){position(r->from, total), r->by == NOWHERE ? INT64_MAX : position(r->to, total),
                                  r->by, r->more, r->type};
    }
    return n == 0                     ? put_type(y, t, otherwise, count)
           : t->id == ES_TENSOR_OTHER ? put_numbers(y, t, some, n, otherwise)
                                      : put_layers(y, kind, t, earlier, total, some, n, otherwise);
}

bool es_gguf_types(const es_gguf *gguf, const es_mixture *mixture, es_quantizer quantizer, const es_arch *arch,
                   const es_shape *s, es_typed_tensor *typed, void *data) {
    typing y = {
        .gguf = gguf, .mixture = mixture, .quantizer = quantizer, .arch = arch, .shape = s, .put = typed, .data = data};
    es_tensor tensor[ES_MAX_TENSORS];
    es_vectors first, last;
    if (isnan(quantizer.month))
        y.quantizer.month = INFINITY;
    y.gqa = es_arch_gqa(arch, s);
    y.class70b = is_class70b(arch->family, s->layers, y.gqa);
    y.kinds = es_arch_count(arch, s, s->unique_layers, y.count);
    for (size_t k = 0; k < y.kinds; k++) {
        if (y.count[k] == 0)
            continue;
        const es_layer l = es_layer_of(arch, s, (int)k);
        const size_t n = es_layer_tensors(arch, s, &l, tensor, &first);
        y.experts = larger(y.experts, l.ffn & ES_FFN_MOE ? l.experts : 0);
        for (size_t i = 0; i < n; i++)
            y.tensors[k][tensor[i].role]++;
    }
    bool fitted = true;
    for (size_t k = 0; k < y.kinds; k++) {
        if (y.count[k] == 0)
            continue;
        const es_layer l = es_layer_of(arch, s, (int)k);
        const size_t n = es_layer_tensors(arch, s, &l, tensor, &first);
        for (size_t i = 0; i < n; i++) {
            int64_t earlier = 0;
            for (size_t j = 0; j < i; j++)
                earlier += tensor[j].role == tensor[i].role;
            fitted &= put_tensor(&y, k, &tensor[i], earlier, y.count[k]);
        }
    }
    const size_t n = es_end_tensors(arch, s, tensor, &first, &last);
    for (size_t i = 0; i < n; i++)
        fitted &= put_tensor(&y, 0, &tensor[i], 0, 1);
    return fitted;
}

static void put_gguf(void *data, const es_tensor *t, int type, double count) {
    builder *b = data;
    put(b, t, type, b->gguf->type[type].bytes_per_weight, count);
}

void es_layout_gguf(const es_gguf *gguf, const es_mixture *mixture, es_quantizer quantizer, const es_arch *arch,
                    const es_shape *s, es_layout *layout) {
    *layout = (es_layout){0};
    builder b = {.shape = s, .layout = layout, .gguf = gguf, .reuse = s->layers / s->unique_layers};
    const double f32 = gguf->type[ES_TYPE_F32].bytes_per_weight;
    const es_stack stack = es_stack_of(arch, s);
    b.active = smaller(stack.active, stack.experts);
    const int main_type = fitting_type(gguf, mixture->base, s->hidden);
    if (main_type < 0 ||
        (find_slot(layout, 0, 1, main_type), !es_gguf_types(gguf, mixture, quantizer, arch, s, put_gguf, &b))) {
        es_layout_none(layout);
        return;
    }
    double count[ES_MAX_KINDS];
    es_tensor tensor[ES_MAX_TENSORS];
    es_vectors vectors, last;
    const size_t kinds = es_arch_count(arch, s, s->unique_layers, count);
    for (size_t k = 0; k < kinds; k++) {
        if (count[k] == 0)
            continue;
        const es_layer l = es_layer_of(arch, s, (int)k);
        es_layer_tensors(arch, s, &l, tensor, &vectors);
        put_vectors(&b, &vectors, l.experts, ES_PLACE_LAYER, f32, count[k]);
    }
    es_end_tensors(arch, s, tensor, &vectors, &last);
    put_vectors(&b, &vectors, 0, ES_PLACE_FIRST, f32, 1);
    put_vectors(&b, &last, 0, ES_PLACE_LAST, f32, 1);
    layout->row_bytes += s->pos_rows > 0 ? s->hidden * f32 : 0;
    finish(&b, arch, b.active);
}

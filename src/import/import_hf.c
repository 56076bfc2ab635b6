/* Fields are read by the rules of the configuration class: a missing one is the class's default, null is None and not
 * missing, a field that no rule reads and that is not known to be harmless is refused by name. */
#include "import/import_hf.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/text.h"
#include "catalog/file.h"
#include "import/hf_archs.h"
#include "import/hf_precision.h"
#include "import/hf_vision.h"
#include "io/json_text.h"

enum { MAX_NESTING = 4, MAX_LAYERS = 4096 };

/* What layer_types may call a layer. */
typedef enum part { FULL, SLIDING, MIXER, PARALLEL, EXPERTS_ONLY, DENSE_ONLY } part;

/* The first fault stays in status; what follows it is ignored. */
typedef struct config {
    const char *file;
    json_t *object;             /* the decoder */
    json_t *outer[MAX_NESTING]; /* what it lies in, innermost last */
    size_t n_outer;
    json_t *read; /* names that rules asked for */
    const es_hf_arch *arch;
    es_model_row *row;
    es_arena *arena;
    es_errors *errors;
    es_status status;
} config;

/* ---- Fields ---- */

static void fail(config *c, const char *field, const char *expected) {
    if (c->status == ES_OK)
        c->status =
            es_fail(c->errors, ES_EUSAGE, &(es_origin){.file = c->file}, "field '%s': expected %s", field, expected);
}

/* The word behind `key=` in words separated by blanks; NULL: none. */
static const char *word_of(const char *words, const char *key, size_t *length) {
    const size_t n = strlen(key);
    for (const char *at = words; at && *at;) {
        const size_t size = strcspn(at, " ");
        if (size > n && strncmp(at, key, n) == 0 && at[n] == '=') {
            *length = size - n - 1;
            return at + n + 1;
        }
        at += size + strspn(at + size, " ");
    }
    return NULL;
}

typedef struct field {
    char name[80];
    const json_t *value; /* NULL: null, or not there */
    bool given;          /* is there, if only as null */
    double fallback;     /* of the class; NaN: None */
} field;

/* A name with a dot is a member of an object. */
static const json_t *member(const json_t *object, const char *name) {
    char outer[80];
    const char *dot = strchr(name, '.');
    if (dot == NULL)
        return json_object_get(object, name);
    es_copy_text(outer, sizeof outer, (es_slice){name, (size_t)(dot - name)});
    return json_object_get(json_object_get(object, outer), dot + 1);
}

static double class_default(const es_hf_arch *a, const char *usual) {
    const struct {
        const char *name;
        int value;
    } sizes[] = {{"num_hidden_layers", a->layers},
                 {"hidden_size", a->hidden},
                 {"intermediate_size", a->intermediate},
                 {"vocab_size", a->vocab},
                 {"num_attention_heads", a->heads},
                 {"num_key_value_heads", a->kv_heads},
                 {"head_dim", a->head_dim},
                 {"max_position_embeddings", a->max_ctx}};
    size_t length;
    const char *word = word_of(a->defaults, usual, &length);
    if (word)
        return strtod(word, NULL);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (strcmp(sizes[i].name, usual) == 0 && sizes[i].value > 0)
            return sizes[i].value;
    return NAN;
}

/* The first of the class's names for it that has a value; else the first that is there; else the first. */
static field find(config *c, const char *usual) {
    field f = {.fallback = class_default(c->arch, usual)};
    size_t length = strlen(usual), n;
    const char *at = word_of(c->arch->names, usual, &length);
    for (at = at ? at : usual; f.value == NULL; at += n + 1) {
        char name[80];
        n = strcspn(at, "| ");
        n = n < length ? n : length;
        es_copy_text(name, sizeof name, (es_slice){at, n});
        const json_t *value = member(c->object, name);
        if (*f.name == '\0' || (value && (!f.given || !json_is_null(value))))
            memcpy(f.name, name, sizeof name);
        f.given |= value != NULL;
        f.value = value && !json_is_null(value) ? value : NULL;
        if (json_object_set_new(c->read, name, json_true()) != 0)
            c->status = es_fail_memory(c->errors);
        length -= n;
        if (length == 0 || at[n] != '|')
            break;
        length--;
    }
    if (json_is_string(f.value) && strcmp(json_string_value(f.value), "auto") == 0)
        f.value = NULL; /* as None: the class computes it */
    return f;
}

/* Whether the table gives the class this field. */
static bool knows(const config *c, const char *usual) {
    size_t length;
    return word_of(c->arch->names, usual, &length) || word_of(c->arch->defaults, usual, &length);
}

static bool given(config *c, const char *usual) { return find(c, usual).value != NULL; }

/* A number for a field of the catalog, of layer i where the file has a list; `none`: what None means, NaN: a fault. */
static double number_at(config *c, es_kind kind, int id, const char *usual, size_t i, double none) {
    const es_field *target = &es_fields(kind)->fields[id];
    field f = find(c, usual);
    char expected[160];
    if (json_is_array(f.value) && json_array_size(f.value) > i)
        f.value = json_array_get(f.value, i);
    const double x = f.value                        ? json_is_number(f.value) ? json_number_value(f.value) : (double)NAN
                     : f.given || isnan(f.fallback) ? none
                                                    : f.fallback;
    if (!isnan(x) && es_field_accepts(target, x))
        return x;
    es_field_expects(target, expected, sizeof expected);
    fail(c, f.name, expected);
    return 1;
}

static double number(config *c, int id, const char *usual, double none) {
    return number_at(c, ES_MODEL, id, usual, 0, none);
}

static void set(config *c, int id, const char *usual, double none) { c->row->value[id] = number(c, id, usual, none); }

/* None is false, as in Python. */
static bool flag(config *c, const char *usual) {
    const field f = find(c, usual);
    if (f.value == NULL)
        return !f.given && f.fallback > 0;
    if (!json_is_boolean(f.value) && !(json_is_integer(f.value) && (json_integer_value(f.value) | 1) == 1))
        fail(c, f.name, "true or false");
    return json_is_true(f.value) || (json_is_integer(f.value) && json_integer_value(f.value) == 1);
}

/* A list with an entry for each layer, or NULL. */
static const json_t *list(config *c, const char *usual, bool per_layer) {
    const field f = find(c, usual);
    const char *text = json_string_value(f.value); /* "3,4,5" */
    if (text && !per_layer && text[strspn(text, "0123456789, ")] == '\0')
        return f.value;
    if (f.value &&
        (!json_is_array(f.value) || (per_layer && (double)json_array_size(f.value) < c->row->value[ES_M_LAYERS]))) {
        fail(c, f.name, per_layer ? "a list with an entry for each layer" : "a list");
        return NULL;
    }
    return f.value;
}

/* Whether a list of numbers, as JSON or in a text, names layer i. */
static bool lists(const json_t *array, size_t i) {
    const json_t *item;
    for (const char *text = json_string_value(array); text && *text; text += strspn(text, ", ")) {
        const size_t length = strcspn(text, ", ");
        if (length > 0 && strtoull(text, NULL, 10) == i)
            return true;
        text += length;
    }
    size_t at;
    json_array_foreach(array, at,
                       item) if (json_is_integer(item) && json_integer_value(item) == (json_int_t)i) return true;
    return false;
}

static double get(const config *c, int id) { return c->row->value[id]; }
static void put(config *c, int id, double value) { c->row->value[id] = value; }

/* ---- Columns ---- */

/* Cells that the architecture's row of the table names: number, choice, field, !field or field?number:number. */
static void read_columns(config *c) {
    const es_field_table *table = es_fields(ES_MODEL);
    for (const char *at = c->arch->row; at && *at && c->status == ES_OK; at += strspn(at, " ")) {
        const size_t column = strcspn(at, "="), size = strcspn(at, " ");
        const char *source = at + column + 1;
        char name[80];
        int id = 0;
        while (!es_slice_equal((es_slice){at, column}, table->fields[id].name))
            id++;
        es_copy_text(name, sizeof name,
                     (es_slice){source + (*source == '!'), strcspn(source + (*source == '!'), "? ")});
        const char *question = memchr(source, '?', size - column - 1);
        at += size;
        if (*source >= '0' && *source <= '9') {
            put(c, id, strtod(source, NULL));
        } else if (table->fields[id].type == ES_CHOICE) {
            for (int i = 0; table->fields[id].choices[i]; i++)
                if (strcmp(table->fields[id].choices[i], name) == 0)
                    put(c, id, i);
        } else if (table->fields[id].type != ES_FLAG && !question) {
            put(c, id, number(c, id, name, 0));
        } else {
            const bool on = flag(c, name) != (*source == '!');
            put(c, id, question ? strtod(on ? question + 1 : strchr(question, ':') + 1, NULL) : on);
        }
    }
}

/* text_config's own, else the one around it, else the class's. */
static bool is_tied(config *c) {
    const field own = find(c, "tie_word_embeddings");
    json_t *object = c->object;
    bool tied = own.fallback > 0;
    for (size_t i = c->n_outer; i-- > 0 && !own.given;)
        if (json_object_get(c->outer[i], "tie_word_embeddings")) {
            c->object = c->outer[i];
            tied = flag(c, "tie_word_embeddings");
            c->object = object;
            return tied;
        }
    return own.given ? flag(c, "tie_word_embeddings") : tied;
}

static void read_experts(config *c) {
    const bool optional = c->arch->flags & ES_HF_MAY_BE_DENSE;
    double n = number(c, ES_M_N_EXPERTS, "num_experts", optional ? 0 : NAN);
    if (strcmp(c->arch->family, "gemma4") == 0 && !flag(c, "enable_moe_block"))
        n = 0;
    if (n < (optional ? 2 : 1)) {
        if (!optional)
            fail(c, find(c, "num_experts").name, "at least one expert");
        find(c, "num_experts_per_tok"); /* says nothing then */
        find(c, "moe_intermediate_size");
        return;
    }
    put(c, ES_M_N_EXPERTS, n);
    set(c, ES_M_N_ACTIVE, "num_experts_per_tok", NAN);
    if (get(c, ES_M_N_ACTIVE) > n)
        fail(c, find(c, "num_experts_per_tok").name, "no more than there are experts");
    set(c, ES_M_EXPERT_INTERMEDIATE, "moe_intermediate_size", get(c, ES_M_INTERMEDIATE));
    if (knows(c, "num_shared_experts"))
        set(c, ES_M_N_SHARED, "num_shared_experts", 0);
    if (!knows(c, "shared_expert_intermediate_size"))
        return;
    const double each = get(c, ES_M_EXPERT_INTERMEDIATE);
    const double shared = number(c, ES_M_INTERMEDIATE, "shared_expert_intermediate_size", 0);
    put(c, ES_M_N_SHARED, each > 0 ? shared / each : 0);
    if (each < 1 || !es_field_accepts(&es_fields(ES_MODEL)->fields[ES_M_N_SHARED], shared / each))
        fail(c, find(c, "shared_expert_intermediate_size").name, "a multiple of moe_intermediate_size");
}

static void read_latent(config *c) {
    if (get(c, ES_M_QKV_BIAS) > 0)
        fail(c, "attention_bias", "false");
    set(c, ES_M_KV_LORA_RANK, "kv_lora_rank", NAN);
    set(c, ES_M_Q_LORA_RANK, "q_lora_rank", 0);
    set(c, ES_M_QK_ROPE, "qk_rope_head_dim", NAN);
    set(c, ES_M_QK_NOPE, "qk_nope_head_dim", NAN);
    set(c, ES_M_V_HEAD_DIM, "v_head_dim", floor(get(c, ES_M_HIDDEN) / get(c, ES_M_HEADS)));
    if (get(c, ES_M_KV_LORA_RANK) < 1)
        fail(c, "kv_lora_rank", "at least 1");
}

/* Classes that say by flags whether heads share keys and values. */
static void read_shared_heads(config *c) {
    const char *type = c->arch->types;
    const double heads = get(c, ES_M_HEADS);
    if (strncmp(type, "falcon ", 7) == 0) {
        const bool grouped = flag(c, "new_decoder_architecture");
        const double kv = number(c, ES_M_KV_HEADS, "num_key_value_heads", heads);
        const double norms = number(c, ES_M_NORMS_PER_LAYER, "num_ln_in_parallel_attn", 2);
        put(c, ES_M_KV_HEADS, grouped ? kv : flag(c, "multi_query") ? 1 : heads);
        if (grouped)
            put(c, ES_M_NORMS_PER_LAYER, norms);
    } else if (strcmp(type, "gpt_bigcode") == 0) {
        put(c, ES_M_KV_HEADS, flag(c, "multi_query") ? 1 : heads);
    } else if ((strncmp(type, "codeshell ", 10) == 0 && !flag(c, "group_query_attention")) ||
               (strcmp(type, "chatglm") == 0 && !flag(c, "multi_query_attention"))) {
        put(c, ES_M_KV_HEADS, heads);
    }
}

/* Rules of single classes. */
static void read_oddities(config *c) {
    const char *type = c->arch->types;
    if (strcmp(type, "opt") == 0) {
        /* Two rows more than positions; with its norms behind the layers OPT-350M has no final one, as models whose
         * embedding is projected. */
        const double width = number(c, ES_M_EMBED_DIM, "word_embed_proj_dim", get(c, ES_M_HIDDEN));
        const bool projected = width != get(c, ES_M_HIDDEN);
        put(c, ES_M_POS_ROWS, get(c, ES_M_MAX_CTX) + 2);
        put(c, ES_M_EMBED_DIM, projected ? width : 0);
        if (flag(c, "do_layer_norm_before") == projected)
            fail(c, "do_layer_norm_before", "false with, true without word_embed_proj_dim other than hidden_size");
    } else if (strcmp(type, "minimax_m2") == 0) {
        const json_t *kinds = list(c, "attn_type_list", false);
        for (size_t i = 0; i < json_array_size(kinds); i++)
            if (json_integer_value(json_array_get(kinds, i)) != 1)
                fail(c, "attn_type_list", "1, attention, for every layer");
    } else if (strcmp(type, "grove_moe") == 0) { /* an expert of 128 more for each pair of experts */
        es_warn(c->errors, &(es_origin){.file = c->file},
                "experts that groups of experts share are counted in other_params, which each token reads");
        put(c, ES_M_OTHER_PARAMS,
            get(c, ES_M_LAYERS) * floor(get(c, ES_M_N_EXPERTS) / 2) * 3 * 128 * get(c, ES_M_HIDDEN));
    } else if (strcmp(type, "arctic") == 0) {
        if (number(c, ES_M_LAYERS, "moe_layer_frequency", NAN) != 1 || !flag(c, "parallel_attn_mlp_res"))
            fail(c, "moe_layer_frequency", "1, and parallel_attn_mlp_res true: other models are not understood");
    } else if (strcmp(type, "cohere2_moe") == 0) {
        if (number(c, ES_M_LAYERS, "prefix_dense_sliding_window_pattern", 1) != 1)
            fail(c, "prefix_dense_sliding_window_pattern", "1");
    } else if (strcmp(type, "gpt_refact") == 0) { /* as gated FFNs are sized in Llama */
        put(c, ES_M_INTERMEDIATE, ceil(floor(8 * get(c, ES_M_HIDDEN) / 3) / 256) * 256);
    } else if (strcmp(type, "chatglm") == 0) {
        if (flag(c, "add_bias_linear"))
            fail(c, "add_bias_linear", "false");
    } else if (strcmp(type, "mpt") == 0) {
        put(c, ES_M_INTERMEDIATE, get(c, ES_M_HIDDEN) * number(c, ES_M_N_ACTIVE, "expansion_ratio", NAN));
        put(c, ES_M_POS_ROWS, flag(c, "learned_pos_emb") && !flag(c, "attn_config.alibi") ? get(c, ES_M_MAX_CTX) : 0);
        if (!flag(c, "no_bias"))
            fail(c, "no_bias", "true");
    } else if (strcmp(type, "lfm2") == 0 && flag(c, "block_auto_adjust_ff_dim")) {
        const field factor = find(c, "block_ffn_dim_multiplier");
        const double times = factor.value ? json_number_value(factor.value) : factor.given ? 1 : factor.fallback;
        const double multiple = number(c, ES_M_CONV_KERNEL, "block_multiple_of", 256);
        const double width = floor(2 * get(c, ES_M_INTERMEDIATE) / 3) * (times > 0 && times < 100 ? times : 1);
        put(c, ES_M_INTERMEDIATE, ceil(floor(width) / (multiple > 0 ? multiple : 1)) * (multiple > 0 ? multiple : 1));
    } else if (strncmp(type, "gemma4 ", 7) == 0) {
        /* A scale per layer and, in GGUF files, the rope factors of the wide heads. */
        put(c, ES_M_EXTRA_PARAMS,
            get(c, ES_M_LAYERS) + floor(number(c, ES_M_HEAD_DIM, "global_head_dim", get(c, ES_M_HEAD_DIM)) / 2));
    }
}

static void read_heads(config *c) {
    const field dim = find(c, "head_dim");
    const double hidden = get(c, ES_M_HIDDEN);
    set(c, ES_M_HEADS, "num_attention_heads", NAN);
    const double heads = get(c, ES_M_HEADS);
    set(c, ES_M_KV_HEADS, "num_key_value_heads", heads);
    set(c, ES_M_HEAD_DIM, "head_dim", floor(hidden / heads));
    if (!dim.value && (dim.given || isnan(dim.fallback)) && !(c->arch->flags & ES_HF_MLA) && fmod(hidden, heads) != 0)
        fail(c, find(c, "num_attention_heads").name, "a divisor of the hidden size");
}

static void read_common(config *c) {
    const es_hf_arch *a = c->arch;
    put(c, ES_M_FFN_MATRICES, 3);
    c->row->text[ES_M_FAMILY] = a->family;
    c->row->text[ES_M_ACT] = a->act;
    put(c, ES_M_FAMILY, 0);
    set(c, ES_M_HIDDEN, "hidden_size", NAN);
    set(c, ES_M_VOCAB, "vocab_size", NAN);
    const double hidden = get(c, ES_M_HIDDEN);
    if (!(a->flags & ES_HF_NO_ATTENTION))
        read_heads(c);
    if (!(a->flags & ES_HF_NO_FFN))
        set(c, ES_M_INTERMEDIATE, "intermediate_size",
            a->flags & ES_HF_WIDE      ? 4 * hidden
            : a->intermediate > 0      ? NAN
            : a->flags & ES_HF_EXPERTS ? number(c, ES_M_INTERMEDIATE, "moe_intermediate_size", NAN)
                                       : 0);
    else
        put(c, ES_M_INTERMEDIATE, 0);
    if (a->flags & ES_HF_HALF_FFN)
        put(c, ES_M_INTERMEDIATE, get(c, ES_M_INTERMEDIATE) / 2);
    set(c, ES_M_MAX_CTX, "max_position_embeddings", 0);
    put(c, ES_M_TIED, is_tied(c));
    if (c->status == ES_OK)
        read_columns(c);
    if (c->status == ES_OK && a->flags & ES_HF_MLA)
        read_latent(c);
    if (c->status == ES_OK && a->flags & ES_HF_EXPERTS)
        read_experts(c);
    if (c->status == ES_OK) {
        read_shared_heads(c);
        read_oddities(c);
    }
}

/* ---- Layers ---- */

static part part_of(config *c, const char *word) {
    static const struct {
        const char *word;
        part part;
    } words[] = {{"full_attention", FULL},
                 {"attention", FULL},
                 {"*", FULL},
                 {"sliding_attention", SLIDING},
                 {"chunked_attention", SLIDING},
                 {"linear_attention", MIXER},
                 {"conv", MIXER},
                 {"mamba", MIXER},
                 {"M", MIXER},
                 {"hybrid", PARALLEL},
                 {"moe", EXPERTS_ONLY},
                 {"E", EXPERTS_ONLY},
                 {"mlp", DENSE_ONLY},
                 {"-", DENSE_ONLY}};
    const es_hf_mixer mixer = c->arch->mixer;
    const bool single = c->arch->flags & ES_HF_SINGLE;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].word, word) == 0 && (words[i].part >= EXPERTS_ONLY ? single : true) &&
            (words[i].part == MIXER || words[i].part == PARALLEL
                 ? mixer != ES_HF_NO_MIXER && (*word != 'c' || mixer == ES_HF_CONV) &&
                       (*word != 'm' || mixer == ES_HF_MAMBA1 || mixer == ES_HF_MAMBA2)
                 : true))
            return words[i].part;
    fail(c, find(c, "layer_types").name,
         "kinds of layer that this architecture has, as full_attention or sliding_attention");
    return FULL;
}

/* A field, or a number of the table. */
static double period_of(config *c, const char *source) {
    if (source == NULL || (*source >= '0' && *source <= '9'))
        return source ? strtod(source, NULL) : 0;
    const field f = find(c, source);
    if (json_is_string(f.value)) /* LLLG */
        return (double)strlen(json_string_value(f.value));
    return number(c, ES_M_GLOBAL_EVERY, source, 0);
}

static void read_parts(config *c, part *parts, size_t n) {
    const es_hf_arch *a = c->arch;
    const field types = find(c, "layer_types");
    const double period = period_of(c, a->period);
    const double offset = a->offset ? number(c, ES_M_GLOBAL_EVERY, a->offset, 0) : period - 1;
    const double late = a->order == ES_HF_LATE ? number(c, ES_M_FIRST_DENSE, "max_window_layers", (double)n)
                        : strcmp(a->types, "cohere2_moe") == 0 ? number(c, ES_M_FIRST_DENSE, "first_k_dense_replace", 0)
                                                               : 0;
    const bool slides = a->order != ES_HF_LATE || flag(c, "use_sliding_window");
    if (a->order == ES_HF_SLIDING || a->order == ES_HF_LATE)
        find(c, "sliding_window");
    const json_t *attention = knows(c, "full_attn_idxs") ? list(c, "full_attn_idxs", false) : NULL,
                 *rope = list(c, "no_rope_layers", false),
                 *layout = knows(c, "sliding_window_layout") ? list(c, "sliding_window_layout", true) : NULL;
    const part others = a->order == ES_HF_OTHER            ? MIXER
                        : a->order == ES_HF_PARALLEL       ? PARALLEL
                        : slides && a->order != ES_HF_FULL ? SLIDING
                                                           : FULL;
    const char *pattern = json_is_string(types.value) ? json_string_value(types.value) : NULL;
    const double further = c->row->value[ES_M_MTP_LAYERS];
    if (types.value && !pattern && json_array_size(types.value) != n &&
        (double)json_array_size(types.value) != (double)n + further)
        fail(c, types.name, "a list with an entry for each layer");
    if (!types.value && a->order == ES_HF_LISTED)
        fail(c, types.name, "a list of the kinds of layers");
    if (attention && (double)json_array_size(attention) > get(c, ES_M_LAYERS))
        fail(c, find(c, "full_attn_idxs").name, "no more entries than there are layers");
    for (size_t i = 0; i < n && c->status == ES_OK; i++) {
        const char letter[2] = {pattern ? pattern[i] : '\0', '\0'};
        const char *word = pattern ? letter : json_string_value(json_array_get(types.value, i));
        const bool is_full = (strncmp(a->types, "gemma4 ", 7) == 0 && i + 1 == n) ||
                             (!types.value && !layout && strncmp(a->types, "mimo_v2 ", 8) == 0 && i == 0);
        if (types.value)
            parts[i] = part_of(c, word ? word : "");
        else if (layout)
            parts[i] = json_integer_value(json_array_get(layout, i)) ? SLIDING : FULL;
        else if (attention)
            parts[i] = lists(attention, i) ? FULL : MIXER;
        else if (strncmp(a->types, "llama4 ", 7) == 0 && json_array_size(rope) > i)
            parts[i] = json_integer_value(json_array_get(rope, i)) ? SLIDING : FULL;
        else
            parts[i] = (period > 0 && fmod((double)i - late, period) == offset) || (double)i < late ? FULL : others;
        if (is_full)
            parts[i] = FULL;
    }
}

/* What the class's rules for experts in some layers only come to. */
static bool has_experts(config *c, size_t i) {
    static const struct {
        const char *name;
        bool inside; /* a list of layers, else of kinds by layer */
        bool experts;
    } named[] = {{"mlp_only_layers", true, false}, {"moe_layers", true, true}, {"mlp_layer_types", false, true}};
    const double layer = (double)i;
    bool has = get(c, ES_M_N_EXPERTS) > 0;
    if (knows(c, "first_k_dense_replace"))
        has &= layer >= number(c, ES_M_FIRST_DENSE, "first_k_dense_replace", 0);
    if (knows(c, "decoder_sparse_step"))
        has &= fmod(layer + 1, number(c, ES_M_LAYERS, "decoder_sparse_step", 1)) == 0;
    if (knows(c, "expert_layer_period"))
        has &= fmod(layer, number(c, ES_M_LAYERS, "expert_layer_period", 1)) ==
               number(c, ES_M_FIRST_DENSE, "expert_layer_offset", 0);
    if (knows(c, "moe_layer_freq"))
        has &= fmod(layer, number(c, ES_M_LAYERS, "moe_layer_freq", 1)) == 0;
    if (knows(c, "moe_layer_end_index")) {
        const double end = json_number_value(find(c, "moe_layer_end_index").value);
        has &= !given(c, "moe_layer_end_index") || end < 0 || layer <= end;
    }
    for (size_t k = 0; k < sizeof named / sizeof *named; k++) {
        const json_t *items = knows(c, named[k].name) ? list(c, named[k].name, !named[k].inside) : NULL;
        const char *kind = json_string_value(json_array_get(items, i));
        const bool on = named[k].inside
                            ? lists(items, i)
                            : json_is_true(json_array_get(items, i)) || (kind && strcmp(kind, "sparse") == 0) ||
                                  json_integer_value(json_array_get(items, i)) == 1;
        if (items && (named[k].experts || on))
            has = get(c, ES_M_N_EXPERTS) > 0 && on == named[k].experts;
    }
    return has;
}

static double of_layer(config *c, es_layer_row *layer, int id, const char *usual, size_t i, double none) {
    return layer->value[id] = number_at(c, ES_LAYER, id, usual, i, none);
}

static void read_mamba(config *c, es_layer_row *layer, double hidden) {
    const double expand = number(c, ES_M_N_ACTIVE, "mamba_expand", NAN);
    const bool first = c->arch->mixer == ES_HF_MAMBA1;
    const double heads = first ? 0 : of_layer(c, layer, ES_L_SSM_HEADS, "mamba_n_heads", 0, NAN);
    const double inner = number(c, ES_M_INTERMEDIATE, "mamba_d_ssm",
                                first || isnan(class_default(c->arch, "mamba_d_head")) ? expand * hidden : 0);
    layer->text[ES_L_MIXER] = first ? "mamba1" : "mamba2";
    of_layer(c, layer, ES_L_CONV_KERNEL, "mamba_d_conv", 0, NAN);
    of_layer(c, layer, ES_L_SSM_STATE, "mamba_d_state", 0, NAN);
    layer->value[ES_L_SSM_NORM] = flag(c, "ssm_norm");
    static const char *const without[] = {"mamba_proj_bias", "use_bias", "projectors_bias"};
    static const char *const with[] = {"mamba_conv_bias", "use_conv_bias"};
    for (size_t i = 0; i < sizeof without / sizeof *without; i++)
        if (flag(c, without[i]))
            fail(c, without[i], "false");
    for (size_t i = 0; i < sizeof with / sizeof *with; i++)
        if (find(c, with[i]).given && !flag(c, with[i]))
            fail(c, with[i], "true");
    if (first) {
        const double rank = number(c, ES_M_INTERMEDIATE, "mamba_dt_rank", ceil(hidden / 16));
        layer->value[ES_L_SSM_HEADS] = inner;
        layer->value[ES_L_SSM_HEAD_DIM] = 1;
        layer->text[ES_L_RANKS] = es_arena_printf(c->arena, "%.0f", rank);
        return;
    }
    of_layer(c, layer, ES_L_SSM_GROUPS, "mamba_n_groups", 0, NAN);
    of_layer(c, layer, ES_L_SSM_HEAD_DIM, "mamba_d_head", 0, heads > 0 ? floor(inner / heads) : NAN);
    if (inner > 0 && heads * layer->value[ES_L_SSM_HEAD_DIM] != inner)
        fail(c, find(c, "mamba_n_heads").name, "heads that make up the inner width");
}

static void read_rwkv7(config *c, es_layer_row *layer, double hidden) {
    static const char *const names[] = {"decay_low_rank_dim", "a_low_rank_dim", "v_low_rank_dim", "gate_low_rank_dim"};
    double rank[4];
    const field ratio = find(c, "hidden_ratio"), own = find(c, "intermediate_size");
    if (!own.value && ratio.value)
        put(c, ES_M_INTERMEDIATE, floor(hidden * json_number_value(ratio.value)));
    for (int i = 0; i < 4; i++)
        rank[i] = number(c, ES_M_INTERMEDIATE, names[i], NAN);
    layer->text[ES_L_MIXER] = "rwkv7";
    layer->text[ES_L_FFN] = "channel_mix";
    layer->value[ES_L_SSM_HEAD_DIM] = number(c, ES_M_HEAD_DIM, "head_dim", NAN);
    layer->value[ES_L_SSM_HEADS] = floor(hidden / layer->value[ES_L_SSM_HEAD_DIM]);
    layer->text[ES_L_RANKS] = es_arena_printf(c->arena, "%.0f;%.0f;%.0f;%.0f", rank[0], rank[1], rank[2], rank[3]);
}

static void read_mixer(config *c, es_layer_row *layer) {
    const double hidden = get(c, ES_M_HIDDEN);
    switch (c->arch->mixer) {
    case ES_HF_GDN:
        layer->text[ES_L_MIXER] = "gdn";
        of_layer(c, layer, ES_L_CONV_KERNEL, "linear_conv_kernel_dim", 0, NAN);
        of_layer(c, layer, ES_L_SSM_HEADS, "linear_num_value_heads", 0, NAN);
        of_layer(c, layer, ES_L_SSM_HEAD_DIM, "linear_value_head_dim", 0, NAN);
        of_layer(c, layer, ES_L_SSM_GROUPS, "linear_num_key_heads", 0, NAN);
        of_layer(c, layer, ES_L_SSM_STATE, "linear_key_head_dim", 0, NAN);
        break;
    case ES_HF_CONV:
        layer->text[ES_L_MIXER] = "conv";
        put(c, ES_M_CONV_KERNEL, number(c, ES_M_CONV_KERNEL, "conv_L_cache", NAN));
        if (flag(c, "conv_bias"))
            fail(c, "conv_bias", "false");
        break;
    case ES_HF_MAMBA1:
    case ES_HF_MAMBA2: read_mamba(c, layer, hidden); break;
    case ES_HF_RWKV7: read_rwkv7(c, layer, hidden); break;
    case ES_HF_NO_MIXER: break;
    }
    if (layer->text[ES_L_RANKS] == NULL)
        c->status = es_fail_memory(c->errors);
}

static void read_attention(config *c, es_layer_row *layer, size_t i, bool slides) {
    const double window = slides ? number(c, ES_M_SLIDING_WINDOW, "sliding_window", 0) : 0;
    const bool all = get(c, ES_M_MAX_CTX) > 0 && window >= get(c, ES_M_MAX_CTX); /* as long as the context is none */
    layer->text[ES_L_MIXER] = get(c, ES_M_KV_LORA_RANK) > 0 ? "mla" : "attention";
    layer->value[ES_L_WINDOW] = all ? 0 : window;
    const double heads = of_layer(c, layer, ES_L_HEADS, "num_attention_heads", i, NAN);
    if (json_is_array(find(c, "num_key_value_heads").value))
        of_layer(c, layer, ES_L_KV_HEADS, "num_key_value_heads", i, heads);
    else
        layer->value[ES_L_KV_HEADS] = get(c, ES_M_KV_HEADS);
    static const struct {
        int id;
        const char *usual;
    } windowed[] = {{ES_L_HEADS, "swa_num_attention_heads"},
                    {ES_L_KV_HEADS, "swa_num_key_value_heads"},
                    {ES_L_HEAD_DIM, "swa_head_dim"},
                    {ES_L_V_HEAD_DIM, "swa_v_head_dim"}};
    for (size_t k = 0; k < sizeof windowed / sizeof *windowed && slides; k++) {
        const field own = find(c, windowed[k].usual);
        if (knows(c, windowed[k].usual) && (own.value || (!own.given && !isnan(own.fallback))))
            of_layer(c, layer, windowed[k].id, windowed[k].usual, 0, NAN);
    }
    if (knows(c, "add_swa_attention_sink_bias") &&
        flag(c, slides ? "add_swa_attention_sink_bias" : "add_full_attention_sink_bias"))
        put(c, ES_M_EXTRA_PARAMS, get(c, ES_M_EXTRA_PARAMS) + layer->value[ES_L_HEADS]);
    layer->value[ES_L_OUT_GATE] =
        c->arch->flags & ES_HF_GATED
            ? 2
            : c->arch->mixer == ES_HF_GDN && (!given(c, "attn_output_gate") || flag(c, "attn_output_gate"));
    if (knows(c, "gating")) { /* true, "per-head" or "per-element" */
        const char *word = json_string_value(find(c, "gating").value);
        layer->value[ES_L_OUT_GATE] = word ? (strcmp(word, "per-element") == 0 ? 2 : 3) : flag(c, "gating") ? 3 : 0;
    }
    if (strncmp(c->arch->types, "gemma4 ", 7) == 0 && !slides) {
        const bool k_eq_v = flag(c, "attention_k_eq_v");
        const double kv = number(c, ES_M_KV_HEADS, "num_global_key_value_heads", get(c, ES_M_KV_HEADS));
        layer->value[ES_L_K_EQ_V] = k_eq_v;
        layer->value[ES_L_KV_HEADS] = k_eq_v ? kv : layer->value[ES_L_KV_HEADS];
        layer->value[ES_L_HEAD_DIM] = number(c, ES_M_HEAD_DIM, "global_head_dim", get(c, ES_M_HEAD_DIM));
    }
    if (fmod(layer->value[ES_L_HEADS], layer->value[ES_L_KV_HEADS]) != 0)
        fail(c, find(c, "num_key_value_heads").name, "a divisor of the heads");
}

/* make_divisible of OpenELM: the nearest multiple, but no less than nine tenths. */
static double openelm_width(config *c, size_t i) {
    const json_t *factors = list(c, "ffn_multipliers", true);
    const double divisor = number(c, ES_M_LAYERS, "ffn_dim_divisor", NAN);
    const double exact = json_number_value(json_array_get(factors, i)) * get(c, ES_M_HIDDEN);
    double width = floor((exact + divisor / 2) / divisor) * divisor;
    width = width < divisor ? divisor : width;
    if (!(exact > 0 && exact < ES_COUNT_MAX))
        fail(c, "ffn_multipliers", "a factor for each layer");
    return width < 0.9 * exact ? width + divisor : width;
}

/* block_configs of DeciLM (Llama-Nemotron): attention, a matrix or nothing, then an FFN or nothing. */
static void read_block(config *c, es_layer_row *layer, size_t i) {
    const json_t *block = json_array_get(list(c, "block_configs", true), i);
    const json_t *attention = json_object_get(block, "attention"), *ffn = json_object_get(block, "ffn");
    const double group = json_number_value(json_object_get(attention, "n_heads_in_group"));
    const double factor = json_number_value(json_object_get(ffn, "ffn_mult")), heads = get(c, ES_M_HEADS);
    const bool matrix = json_is_true(json_object_get(attention, "replace_with_linear")), attends = !matrix && group > 0;
    const double width = floor(2 * factor * get(c, ES_M_HIDDEN) / 3);
    if (!json_is_object(attention) || !json_is_object(ffn) || json_is_true(json_object_get(ffn, "replace_with_linear")))
        fail(c, "block_configs", "attention and an FFN, which is no single matrix, for each layer");
    if (attends && (fmod(heads, group) != 0 || json_number_value(json_object_get(attention, "window_length")) > 0))
        fail(c, "block_configs", "groups that divide the heads, and no window_length");
    if (!(factor >= 0 && width < ES_COUNT_MAX))
        fail(c, "block_configs", "a factor for the width of each FFN");
    layer->text[ES_L_MIXER] = attends ? "attention" : matrix ? "linear" : "none";
    layer->text[ES_L_FFN] = factor > 0 ? "dense" : "none";
    layer->value[ES_L_KV_HEADS] = attends ? heads / group : NAN;
    layer->value[ES_L_HEADS] = attends ? heads : NAN;
    layer->value[ES_L_INTERMEDIATE] = factor > 0 ? ceil(width / 256) * 256 : NAN;
    layer->value[ES_L_NORMS] = (attends || matrix) + (factor > 0);
}

static void read_layer(config *c, es_layer_row *layer, size_t i, size_t n, part kind) {
    const es_hf_arch *a = c->arch;
    const double shared = knows(c, "num_kv_shared_layers") ? number(c, ES_M_FIRST_DENSE, "num_kv_shared_layers", 0) : 0;
    const bool reuses = i >= (size_t)((double)n - shared), experts = a->flags & ES_HF_EXPERTS && has_experts(c, i);
    es_layer_row_begin(layer);
    layer->text[ES_L_MIXER] = "none";
    layer->text[ES_L_FFN] = experts ? "moe" : a->flags & ES_HF_NO_FFN ? "none" : "dense";
    if (kind == MIXER || kind == PARALLEL)
        read_mixer(c, layer);
    if (kind == FULL || kind == SLIDING || kind == PARALLEL) {
        const char *mixer = layer->text[ES_L_MIXER];
        read_attention(c, layer, i, kind == SLIDING);
        if (kind == PARALLEL &&
            (layer->text[ES_L_MIXER] = es_arena_printf(c->arena, "%s+%s", layer->text[ES_L_MIXER], mixer)) == NULL)
            c->status = es_fail_memory(c->errors);
        layer->value[ES_L_KV] = reuses && shared > 0 ? ES_KV_SHARED : ES_KV_OWN;
    }
    if (knows(c, "block_configs") && given(c, "block_configs"))
        read_block(c, layer, i);
    if (a->flags & ES_HF_SINGLE)
        layer->text[ES_L_FFN] = kind == EXPERTS_ONLY ? "moe" : kind == DENSE_ONLY ? "dense" : "none";
    if (json_is_array(find(c, "intermediate_size").value))
        of_layer(c, layer, ES_L_INTERMEDIATE, "intermediate_size", i, NAN);
    if (strcmp(a->types, "openelm") == 0)
        layer->value[ES_L_INTERMEDIATE] = openelm_width(c, i);
    if (strncmp(a->types, "gemma4 ", 7) == 0) {
        if (flag(c, "use_double_wide_mlp") && reuses && shared > 0)
            layer->value[ES_L_INTERMEDIATE] = 2 * get(c, ES_M_INTERMEDIATE);
    }
    if (experts && a->flags & ES_HF_BOTH && (!knows(c, "residual_moe") || flag(c, "residual_moe")))
        layer->text[ES_L_FFN] = "dense+moe";
}

static void read_layers(config *c) {
    static const int of_experts[] = {ES_M_N_EXPERTS,           ES_M_N_ACTIVE,    ES_M_N_SHARED,
                                     ES_M_EXPERT_INTERMEDIATE, ES_M_ROUTER_BIAS, ES_M_MOE_LATENT};
    const field types = find(c, "layer_types");
    if (c->arch->layers == 0 && types.value) /* the list decides: NemotronHConfig.num_hidden_layers */
        put(c, ES_M_LAYERS,
            json_is_string(types.value) ? (double)json_string_length(types.value)
                                        : (double)json_array_size(types.value));
    if (c->arch->layers == 0)
        find(c, "num_hidden_layers");
    const double layers = get(c, ES_M_LAYERS);
    if (!(layers >= 1 && layers <= MAX_LAYERS)) {
        fail(c, find(c, "num_hidden_layers").name, "1 to 4096 layers");
        return;
    }
    const size_t n = (size_t)layers;
    part *parts = es_arena_array(c->arena, n, sizeof *parts);
    es_layer_row unused;
    es_layer_row_begin(&unused);
    read_mixer(c, &unused); /* for what it refuses, whether a layer has it or not */
    es_layer_row *layer = es_arena_array(c->arena, n, sizeof *layer);
    if (parts == NULL || layer == NULL) {
        c->status = es_fail_memory(c->errors);
        return;
    }
    read_parts(c, parts, n);
    for (size_t i = 0; i < n && c->status == ES_OK; i++)
        read_layer(c, &layer[i], i, n, parts[i]);
    if (c->status != ES_OK)
        return;
    bool mixers = false, experts = false;
    for (size_t i = 0; i < n; i++) {
        mixers |= parts[i] == MIXER;
        experts |= strstr(layer[i].text[ES_L_FFN], "moe") != NULL;
    }
    if (!experts)
        for (size_t f = 0; f < sizeof of_experts / sizeof *of_experts; f++)
            put(c, of_experts[f], 0);
    if (strcmp(c->arch->family, "granitehybrid") == 0 && !mixers)
        c->row->text[ES_M_FAMILY] = get(c, ES_M_N_EXPERTS) > 0 ? "granitemoe" : "granite";
    if (strcmp(c->arch->family, "bailingmoe") == 0 && get(c, ES_M_QK_NORM) > 0) /* the second version */
        c->row->text[ES_M_FAMILY] = "bailingmoe2";
    if (strcmp(c->arch->family, "nemotron_h") == 0 && experts)
        c->row->text[ES_M_FAMILY] = "nemotron_h_moe";
    if (!es_model_row_set_layers(c->row, layer, n, c->arena))
        c->status = es_fail_memory(c->errors);
    if (c->row->n_kinds > ES_MAX_MODEL_KINDS)
        fail(c, find(c, "layer_types").name, "no more than 60 kinds of layer");
}

/* ---- What is left ---- */

static bool harmless(const char *name) {
    const size_t n = strlen(name);
    for (const char *at = es_hf_harmless; *at; at += strspn(at, " ")) {
        const size_t size = strcspn(at, " ");
        const bool tail = *at == '*', head = at[size - 1] == '*';
        const char *word = at + tail;
        const size_t length = size - tail - head;
        at += size;
        if (n >= length && (head || tail || n == length) && strncmp(tail ? name + n - length : name, word, length) == 0)
            return true;
    }
    return false;
}

/* Off: null, false, 0 and what is empty. */
static bool off(const json_t *value) {
    return json_is_null(value) || json_is_false(value) || (json_is_number(value) && json_number_value(value) == 0) ||
           (json_is_string(value) && json_string_length(value) == 0) ||
           (json_is_array(value) && json_array_size(value) == 0) ||
           (json_is_object(value) && json_object_size(value) == 0);
}

/* Whether words like a=b|c or a=1 have the name. */
static bool names(const char *words, const char *name) {
    const size_t n = strlen(name);
    for (const char *at = words; at && *at;) {
        const size_t size = strcspn(at, "=| ");
        if (size == n && strncmp(at, name, n) == 0)
            return true;
        at += size + (at[size] != '\0');
    }
    return false;
}

static void refuse_unknown(config *c, json_t *object, const char *inside) {
    static const char *const on[] = {"layer_norm_elementwise_affine", "rmsnorm", "use_rmsnorm", "norm_bias"};
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value) {
        char name[80];
        snprintf(name, sizeof name, "%s%s%s", inside, *inside ? "." : "", key);
        for (size_t i = 0; i < sizeof on / sizeof *on; i++)
            if (strcmp(on[i], name) == 0 && !json_is_true(value))
                fail(c, name, "true: other models are not understood");
            else if (strcmp(on[i], name) == 0)
                json_object_set_new(c->read, name, json_true());
        if (json_object_get(c->read, name) || names(c->arch->names, name) || names(c->arch->defaults, name) ||
            harmless(key))
            continue;
        if (json_is_object(value) && (strcmp(name, "attn_config") == 0 || strcmp(name, "ffn_config") == 0))
            refuse_unknown(c, value, name);
        else if (json_is_string(value) && !off(value))
            es_warn(c->errors, &(es_origin){.file = c->file}, "field '%s' is not known: taken to change no count",
                    es_quote_text(name).text);
        else if (!off(value) && c->status == ES_OK)
            fail(c, es_quote_text(name).text, "0 or false: not known, and it could change the counts");
    }
}

/* ---- Finding the decoder ---- */

static bool has_word(const char *words, const char *word) {
    const size_t n = strlen(word);
    for (const char *at = words; *at; at += strspn(at, " ")) {
        const size_t size = strcspn(at, " ");
        if (size == n && strncmp(at, word, n) == 0)
            return true;
        at += size;
    }
    return false;
}

static const es_hf_arch *arch_of_type(const char *type) {
    for (size_t i = 0; type && i < es_hf_n_archs; i++)
        if (has_word(es_hf_archs[i].types, type))
            return &es_hf_archs[i];
    return NULL;
}

/* Qwen3ForCausalLM, GPT2LMHeadModel, InternVLChatModel: without the ending. */
static const es_hf_arch *arch_of_class(const json_t *object) {
    static const char *const endings[] = {"ForCausalLM", "ForConditionalGeneration", "LMHeadModel", "Model"};
    const char *class = json_string_value(json_array_get(json_object_get(object, "architectures"), 0));
    for (size_t e = 0; class && e < sizeof endings / sizeof *endings; e++) {
        char stem[80];
        const size_t n = strlen(class), ending = strlen(endings[e]);
        if (n <= ending || strcmp(class + n - ending, endings[e]) != 0)
            continue;
        es_copy_text(stem, sizeof stem, (es_slice){class, n - ending});
        for (size_t i = 0; i < es_hf_n_archs; i++)
            if (has_word(es_hf_archs[i].classes, stem))
                return &es_hf_archs[i];
    }
    return NULL;
}

/* Out of memory it suggests nothing. */
static const char *nearest_type(config *c, const char *type) {
    enum { MOST = 512 };
    const char **known = es_arena_array(c->arena, MOST, sizeof *known);
    size_t n = 0;
    for (size_t i = 0; known && i < es_hf_n_archs; i++)
        for (const char *at = es_hf_archs[i].types; *at && n < MOST; at += strspn(at, " ")) {
            const size_t size = strcspn(at, " ");
            if ((known[n] = es_arena_text(c->arena, (es_slice){at, size})) == NULL)
                return NULL;
            n++;
            at += size;
        }
    return n > 0 ? es_nearest(es_slice_of(type), known, n) : NULL;
}

/* Why a class that is known by name is refused; NULL: it is not. */
static const char *not_covered(const json_t *object, const char *type) {
    static const struct {
        const char *types, *why;
    } known[] = {
        {"kimi_linear kimi_k3 bailing_moe_v3", "Kimi delta attention is not covered"},
        {"minimax minimax_text_01 MiniMaxText01 minimax_m1 MiniMaxM1 bailing_moe_linear bailing_moe_v2_5 "
         "bailing_hybrid",
         "lightning attention is not covered"},
        {"deepseek_v32 deepseek_v4 glm_moe_dsa glm5_next", "sparse attention with an indexer is not covered"},
        {"rwkv rwkv5 rwkv6 rwkv6qwen2", "of RWKV only the seventh version is covered"},
        {"bert roberta xlm-roberta modernbert distilbert deberta deberta-v2 electra nomic_bert new albert eurobert",
         "an encoder, not a language model that decodes token by token"},
        {"t5 mt5 umt5 t5gemma bart mbart whisper pegasus m2m_100 marian",
         "an encoder and a decoder: only decoders are covered"}};
    if (json_object_get(object, "peft_type"))
        return "an adapter (LoRA) for a model, not a model: import the model that it was made for";
    for (size_t i = 0; type && i < sizeof known / sizeof *known; i++)
        if (has_word(known[i].types, type))
            return known[i].why;
    return NULL;
}

static void find_arch(config *c) {
    static const char *const decoders[] = {"text_config", "llm_config", "language_config", "thinker_config"};
    const es_origin at = {.file = c->file};
    for (size_t i = 0; i < sizeof decoders / sizeof *decoders && c->n_outer < MAX_NESTING; i++) {
        json_t *inner = json_object_get(c->object, decoders[i]);
        if (!json_is_object(inner))
            continue;
        es_warn(c->errors, &at, "the row describes the text decoder only: field '%s'", decoders[i]);
        c->outer[c->n_outer++] = c->object;
        c->object = inner;
        i = (size_t)-1;
    }
    const char *type = NULL;
    json_t *object = c->object;
    for (size_t i = c->n_outer + 1; i-- > 0 && !type && !c->arch;) {
        type = json_string_value(json_object_get(object, "model_type"));
        c->arch = arch_of_type(type);
        if (!c->arch && (c->arch = arch_of_class(object)) && type)
            es_warn(c->errors, &at, "model_type '%s' is not known: read as '%s', which its class is",
                    es_quote_text(type).text, c->arch->classes);
        object = i > 0 ? c->outer[i - 1] : NULL;
    }
    if (c->arch)
        return;
    const char *why = not_covered(c->object, type);
    if (why) {
        c->status = es_fail(c->errors, ES_EUSAGE, &at, "%s%s%s%s", type ? "field 'model_type': '" : "",
                            type ? es_quote_text(type).text : "", type ? "': " : "", why);
        return;
    }
    if (type == NULL) {
        fail(c, "model_type", "the name of an architecture");
        return;
    }
    const char *nearest = nearest_type(c, type);
    c->status = es_fail(c->errors, ES_EUSAGE, &at, "field 'model_type': unknown architecture '%s'%s%s%s",
                        es_quote_text(type).text, nearest ? "; did you mean '" : "", nearest ? nearest : "",
                        nearest ? "'?" : "");
}

static void read_name(config *c, const json_t *outer) {
    const json_t *id = json_object_get(outer, "_name_or_path");
    const char *text = json_is_string(id) ? json_string_value(id) : "";
    const char *slash = strrchr(text, '/');
    const char *name = slash ? slash + 1 : text;
    c->row->text[ES_M_NAME] = es_import_name(c->arena, es_slice_of(name));
    c->row->text[ES_M_HF_ID] = slash && *text != '/' && *text != '.' ? es_import_name(c->arena, es_slice_of(text)) : "";
    c->row->text[ES_M_SOURCE] = "config.json";
    if (c->row->text[ES_M_NAME] == NULL || c->row->text[ES_M_HF_ID] == NULL)
        c->status = es_fail_memory(c->errors);
}

static void read_model(config *c, json_t *outer, const es_catalog *catalog) {
    find_arch(c);
    if (c->status != ES_OK)
        return;
    if (c->arch->layers > 0)
        set(c, ES_M_LAYERS, "num_hidden_layers", NAN);
    if (c->status == ES_OK)
        read_common(c);
    if (c->status == ES_OK)
        read_layers(c);
    if (c->status == ES_OK)
        refuse_unknown(c, c->object, "");
    if (c->status == ES_OK)
        read_name(c, outer);
    if (c->status == ES_OK)
        es_hf_read_vision(c->file, outer, c->row, c->errors);
    if (c->status == ES_OK)
        es_hf_name_precision(c->file, c->object, outer, catalog, c->row, c->errors);
    es_model_row_name_attention(c->row);
}

es_status es_import_hf_text(const char *file, const char *json, size_t size, const es_catalog *catalog, es_arena *arena,
                            es_model_row *row, es_errors *errors) {
    json_error_t fault;
    es_model_row_begin(row);
    if (size > ES_CONFIG_MAX_BYTES)
        return es_fail(errors, ES_EUSAGE, &(es_origin){.file = file}, "more than %d bytes: no config.json",
                       ES_CONFIG_MAX_BYTES);
    char *text = es_json_of_python(json, size);
    if (text == NULL)
        return es_fail_memory(errors);
    json_t *outer = es_json_read(text, size, &fault);
    free(text);
    if (outer == NULL) {
        const es_origin at = {file, fault.line > 0 ? (uint64_t)fault.line : 0,
                              fault.column > 0 ? (uint64_t)fault.column : 0};
        return es_fail(errors, ES_EUSAGE, &at, "not JSON: %s", es_quote_text(fault.text).text);
    }
    config c = {.file = file, .object = outer, .row = row, .arena = arena, .errors = errors, .read = json_object()};
    if (c.read == NULL)
        c.status = es_fail_memory(errors);
    else if (!json_is_object(outer))
        c.status = es_fail(errors, ES_EUSAGE, &(es_origin){.file = file}, "expected a JSON object");
    else
        read_model(&c, outer, catalog);
    json_decref(c.read);
    json_decref(outer);
    return c.status;
}

/* models--google--gemma/snapshots/.../config.json and gemma/config.json: the folder. */
static const char *name_of_folder(const char *path, es_arena *arena) {
    char full[PATH_MAX];
    if (realpath(path, full) == NULL)
        return "";
    char *slash = strrchr(full, '/');
    if (slash == NULL || slash == full)
        return "";
    *slash = '\0';
    return es_import_name(arena, es_slice_of(strrchr(full, '/') + 1));
}

es_status es_import_hf(const char *path, const es_catalog *catalog, es_arena *arena, es_model_row *row,
                       es_errors *errors) {
    char *json = NULL;
    size_t size = 0;
    es_status status = es_file_read(path, &json, &size, errors);
    if (!status && json == NULL)
        return es_fail(errors, ES_EUSAGE, &(es_origin){.file = path}, "no such file");
    if (!status)
        status = es_import_hf_text(path, json, size, catalog, arena, row, errors);
    free(json);
    if (!status && *row->text[ES_M_NAME] == '\0') {
        row->text[ES_M_NAME] = name_of_folder(path, arena);
        if (row->text[ES_M_NAME] == NULL)
            return es_fail_memory(errors);
    }
    return status;
}

#include "import/hf_precision.h"

#include <math.h>
#include <string.h>

#include "base/text.h"

enum { CHANNEL = 4096 }; /* the catalog's rows by channel are of rows that long */

typedef struct scheme {
    const char *method;
    double bits, group; /* 0: not said */
    bool symmetric, is_float, mlx;
} scheme;

/* The first of the names, separated by blanks, that the object has. */
static const json_t *first_of(const json_t *object, const char *names) {
    for (const char *at = names; *at; at += strspn(at, " ")) {
        char name[40];
        const size_t n = strcspn(at, " ");
        es_copy_text(name, sizeof name, (es_slice){at, n});
        const json_t *value = json_object_get(object, name);
        if (value && !json_is_null(value))
            return value;
        at += n;
    }
    return NULL;
}

static const char *text_of(const json_t *object, const char *names) {
    const char *text = json_string_value(first_of(object, names));
    return text ? text : "";
}

/* Where the numbers stand: of compressed-tensors in the first group, of Quark and HQQ further in, else beside the method. */
static const json_t *weights_of(const json_t *q) {
    const json_t *groups = json_object_get(q, "config_groups");
    const json_t *group = json_object_iter_value(json_object_iter((json_t *)groups));
    const json_t *quark = json_object_get(json_object_get(q, "global_quant_config"), "weight");
    const json_t *hqq = json_object_get(json_object_get(q, "quant_config"), "weight_quant_params");
    const json_t *found = json_object_get(group, "weights");
    found = found ? found : json_is_array(quark) ? json_array_get(quark, 0) : quark;
    found = found ? found : hqq;
    return found ? found : q;
}

static scheme scheme_of(const json_t *q) {
    const json_t *w = weights_of(q), *nested = json_object_get(q, "quantization");
    const json_t *sym = first_of(w, "symmetric sym");
    const char *kind = text_of(w, "type dtype mode"), *number = strpbrk(kind, "0123456789");
    const char *by = text_of(w, "strategy qscheme"), *method = text_of(q, "quant_algo");
    scheme s = {.bits = json_number_value(first_of(w, "num_bits bits nbits w_bit")),
                .group = json_number_value(first_of(w, "group_size q_group_size")),
                .symmetric = sym ? json_is_true(sym) : !json_is_true(first_of(w, "zero_point")),
                .is_float = strstr(kind, "float") || strstr(kind, "fp")};
    s.mlx = s.bits > 0 && !json_object_get(q, "quant_method");
    method = *method ? method : text_of(nested, "quant_algo");
    method = *method ? method : text_of(q, "quant_method");
    s.method = *method ? method : s.mlx ? "mlx" : "?";
    s.bits = s.bits > 0 || !number ? s.bits : *number - '0'; /* int4, fp8_e4m3 */
    s.group = s.group < 0 || strstr(by, "channel") ? CHANNEL : s.group;
    s.symmetric &= strcmp(s.method, "hqq") != 0;
    return s;
}

/* NULL: numbers must tell. */
static const char *named(const scheme *s, const json_t *q) {
    static const struct {
        const char *method, *precision;
    } known[] = {{"fp8*", "FP8-E4M3"},
                 {"fbgemm_fp8", "FP8-E4M3"},
                 {"mxfp4", "BF16"},
                 {"nvfp4", "NVFP4"},
                 {"bitnet", "BitNet b1.58 (I2_S)"}};
    char method[40];
    es_copy_text(method, sizeof method, es_slice_of(s->method));
    for (char *c = method; *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
    if (strcmp(method, "bitsandbytes") == 0)
        return json_is_true(json_object_get(q, "load_in_4bit")) ? "NF4" : "INT8 per-channel";
    if (s->is_float)
        return s->bits == 8     ? "FP8-E4M3"
               : s->bits != 4   ? NULL
               : s->group == 16 ? "NVFP4"
               : s->group == 32 ? "MXFP4"
                                : NULL;
    if (s->mlx)
        return s->group != 64 ? NULL : s->bits == 4 ? "MLX 4-bit" : s->bits == 8 ? "MLX 8-bit" : NULL;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (es_glob_match(es_slice_of(known[i].method), method))
            return known[i].precision;
    return NULL;
}

static const char *of_numbers(const scheme *s, const es_table *table) {
    for (size_t i = 0; i < table->n_rows && s->bits > 0 && !s->mlx && !s->is_float; i++) {
        const es_row *row = &table->rows[i];
        const double zero = row->value[ES_P_ZERO_BITS] > 0 ? row->value[ES_P_ZERO_BITS] : 0;
        if (row->value[ES_P_KIND] == ES_PRECISION_UNIFORM && row->value[ES_P_WEIGHT_BITS] == s->bits &&
            row->value[ES_P_GROUP_SIZE] == s->group && row->value[ES_P_SCALE_BITS] == 16 &&
            (zero == 0) == s->symmetric && row->value[ES_P_OUTPUT_BITS] == 16)
            return row->name;
    }
    return NULL;
}

void es_hf_name_precision(const char *file, const json_t *decoder, const json_t *outer, const es_catalog *catalog,
                          es_model_row *row, es_errors *errors) {
    static const char fields[] = "quantization_config compression_config quantization";
    const json_t *q = first_of(decoder, fields);
    q = q ? q : first_of(outer, fields);
    if (!json_is_object(q))
        return;
    const scheme s = scheme_of(q);
    const char *fits = named(&s, q);
    if (!fits && catalog)
        fits = of_numbers(&s, &catalog->table[ES_PRECISION]);
    if (es_equal_fold(s.method, "mxfp4"))
        row->text[ES_M_NATIVE_FORMAT] = "MXFP4";
    char width[60] = "";
    if (s.bits > 0)
        snprintf(width, sizeof width,
                 s.group == CHANNEL ? ", %g bits by channel"
                 : s.group > 0      ? ", %g bits in groups of %g"
                                    : ", %g bits",
                 s.bits, s.group);
    es_warn(errors, &(es_origin){.file = file},
            fits ? "field 'quantization_config': quantized as %s%s: precision '%s' fits"
                 : "field 'quantization_config': quantized as %s%s: no precision of the catalog fits%s",
            es_quote_text(s.method).text, width, fits ? fits : "");
}

#include "model/builds.h"

#include "base/number.h"
#include "model/runtime.h"

static double digits(es_slice text) {
    uint64_t value;
    return text.length > 0 && text.length <= 6 && es_parse_u64(text, &value) == ES_NUMBER_OK ? (double)value : NAN;
}

double es_build_parse(es_slice text) {
    text = es_slice_trim(text);
    if (text.length > 1 && (*text.text == 'b' || *text.text == 'B')) {
        const double number = digits((es_slice){text.text + 1, text.length - 1});
        return number > 0 && number < 100000 ? number : NAN;
    }
    if ((text.length != 7 && text.length != 10) || text.text[4] != '-' || (text.length == 10 && text.text[7] != '-'))
        return NAN;
    const double year = digits((es_slice){text.text, 4}), month = digits((es_slice){text.text + 5, 2});
    return year >= 1000 && month >= 1 && month <= 12 ? 100 * year + month : NAN;
}

bool es_build_is_month(double build) { return build >= 100000 && build <= 999999; }

bool es_build_lacks(double build, es_since since) {
    return build != ES_BUILD_UNKNOWN && !isnan(build) && build < (es_build_is_month(build) ? since.month : since.build);
}

struct es_repacks {
    const es_table *units;
    es_repack *of; /* by unit, then by type */
};

static es_since earlier(es_since a, es_since b) { return (es_since){fmin(a.build, b.build), fmin(a.month, b.month)}; }

static void add_kernel(es_repack *of_unit, const es_gguf *gguf, const es_row *kernel) {
    const es_since since = {es_build_parse(es_slice_of(kernel->text[ES_RT_FIRST_BUILD])),
                            es_build_parse(es_slice_of(kernel->text[ES_RT_FIRST_DATE]))};
    const es_since at_least = {isnan(since.build) ? 0 : since.build, isnan(since.month) ? 0 : since.month};
    const double rows = isnan(kernel->value[ES_RT_ROWS]) ? 0 : kernel->value[ES_RT_ROWS];
    es_slice rest = es_slice_of(kernel->text[ES_RT_TYPE]), word;
    while (es_slice_part(&rest, ' ', &word)) {
        char name[32] = "";
        es_copy_text(name, sizeof name, word);
        const int type = es_gguf_type_id(gguf, name);
        if (type <= ES_TYPE_NONE)
            continue;
        es_repack *r = &of_unit[type];
        *r = r->kernel ? (es_repack){kernel, since, earlier(r->first, at_least), fmin(r->least_rows, rows)}
                       : (es_repack){kernel, since, at_least, rows};
    }
}

es_status es_repacks_compile(const es_catalog *catalog, const es_gguf *gguf, es_arena *arena, const es_repacks **result,
                             es_errors *errors) {
    const es_table *units = &catalog->table[ES_UNIT], *kernels = &catalog->table[ES_REPACKED_TYPE];
    es_repacks *r = es_arena_alloc(arena, sizeof *r);
    es_repack *of = es_arena_array(arena, units->n_rows * ES_MAX_TENSOR_TYPES + 1, sizeof *of);
    if (!r || !of)
        return es_fail_memory(errors);
    for (size_t u = 0; u < units->n_rows; u++)
        for (size_t k = 0; k < kernels->n_rows; k++)
            if (es_unit_has_all(&units->rows[u], kernels->rows[k].text[ES_RT_ISA]))
                add_kernel(&of[u * ES_MAX_TENSOR_TYPES], gguf, &kernels->rows[k]);
    *r = (es_repacks){units, of};
    *result = r;
    return ES_OK;
}

const es_repack *es_repack_of(const es_repacks *repacks, const es_row *unit, int type) {
    const es_table *units = repacks->units;
    const size_t u = unit >= units->rows ? (size_t)(unit - units->rows) : units->n_rows; /* else of no known unit */
    const es_repack *r = u < units->n_rows ? &repacks->of[u * ES_MAX_TENSOR_TYPES + (size_t)type] : NULL;
    return r && r->kernel ? r : NULL;
}

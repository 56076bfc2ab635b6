#include "import/gguf_rules.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/layout.h"

static void add_rule(es_gguf_reader *m, es_tensor_id id, uint32_t type, const char *condition) {
    es_gguf_import *out = m->out;
    const char *text = es_arena_text(m->arena, es_slice_of(condition));
    if (text == NULL)
        m->status = es_fail_memory(m->errors);
    else
        out->rule[out->n_rules++] = (es_import_rule){es_tensor_names[id], text, es_gguf_tensor_type(type)};
}

/* One rule for each run of layers of one type, layers without the tensor joining the run before them. */
static void add_runs(es_gguf_reader *m, es_tensor_id id) {
    const es_gguf_tensor *last = NULL;
    size_t begin = m->out->n_rules;
    for (size_t i = 0; i < m->layers && m->status == ES_OK; i++) {
        const es_gguf_tensor *t = m->layer[i].tensor[id];
        char condition[40];
        if (t && last && strcmp(es_gguf_tensor_type(t->type), es_gguf_tensor_type(last->type)) != 0) {
            snprintf(condition, sizeof condition, "layer<%zu", i);
            add_rule(m, id, last->type, condition);
        }
        last = t ? t : last;
    }
    if (last && (m->out->n_rules > begin || strcmp(es_gguf_tensor_type(last->type), m->out->base_type) != 0 ||
                 (id >= ES_TENSOR_FFN_GATE_EXPS && id <= ES_TENSOR_FFN_DOWN_SHEXP)))
        add_rule(m, id, last->type, "always");
}

/* One for each type of the numbers that no column explains, in the order of the types. */
static void add_others(es_gguf_reader *m) {
    double end = 0;
    for (uint32_t i = 0; i < ES_GGUF_TENSOR_TYPES && m->status == ES_OK; i++) {
        char condition[40];
        end += m->other[i];
        snprintf(condition, sizeof condition, "t<%.0f", end);
        if (m->other[i] > 0)
            add_rule(m, ES_TENSOR_OTHER, i, end < m->shape.other ? condition : "always");
    }
}

static void add_rules(es_gguf_reader *m) {
    es_gguf_import *out = m->out;
    out->rule =
        es_arena_array(m->arena, (size_t)ES_TENSOR_IDS * (m->layers + 2) + ES_GGUF_TENSOR_TYPES, sizeof *out->rule);
    if (out->rule == NULL) {
        m->status = es_fail_memory(m->errors);
        return;
    }
    uint32_t most = 0;
    for (uint32_t i = 1; i < ES_GGUF_TENSOR_TYPES; i++)
        most = m->type_bytes[i] > m->type_bytes[most] ? i : most;
    out->base_type = es_gguf_tensor_type(most);
    /* From the last to the first: experts' rules before those of ffn_down, which is their role too. */
    for (int id = ES_TENSOR_IDS - 1; id >= 0 && m->status == ES_OK; id--) {
        const es_gguf_tensor *t = m->ends.tensor[id];
        if (t && strcmp(es_gguf_tensor_type(t->type), out->base_type) != 0)
            add_rule(m, (es_tensor_id)id, t->type, "always");
        add_runs(m, (es_tensor_id)id);
    }
    add_others(m);
}

/* Bytes by tensor, what the file has less what a mixture gives. */
typedef struct balance {
    const es_gguf *gguf;
    double weights[ES_TENSOR_IDS][ES_MAX_TENSOR_TYPES];
    double vectors;
} balance;

static void subtract(void *data, const es_tensor *tensor, int type, double count) {
    balance *b = data;
    if (tensor)
        b->weights[tensor->id][type] -= tensor->in * tensor->out * tensor->depth * count;
    else
        b->vectors -= count;
}

/* Whether the mixture gives every tensor's type; `fault`: the first that it does not. */
static es_status compare(es_gguf_reader *m, const es_catalog *catalog, const char *file_type, es_quantizer quantizer,
                         bool *same, const char **fault) {
    es_gguf *gguf = NULL;
    balance *b = es_arena_alloc(m->arena, sizeof *b);
    const es_status status = es_gguf_compile(catalog, m->arena, &gguf, m->errors);
    if (status != ES_OK || b == NULL)
        return status != ES_OK ? status : es_fail_memory(m->errors);
    const es_mixture *mixture = es_gguf_mixture(gguf, file_type);
    *fault = "";
    *same = mixture && es_gguf_types(gguf, mixture, quantizer, &m->compiled, &m->shape, subtract, b);
    for (size_t i = 0; i <= m->layers && *same; i++)
        for (es_tensor_id id = 0; id < ES_TENSOR_IDS; id++) {
            const es_gguf_tensor *t = i < m->layers ? m->layer[i].tensor[id] : m->ends.tensor[id];
            if (t)
                b->weights[id][es_gguf_type_id(gguf, es_gguf_tensor_type(t->type))] += (double)t->weights;
        }
    for (uint32_t i = 0; i < ES_GGUF_TENSOR_TYPES; i++)
        if (m->other[i] > 0)
            b->weights[ES_TENSOR_OTHER][es_gguf_type_id(gguf, es_gguf_tensor_type(i))] += m->other[i];
    for (es_tensor_id id = 0; id < ES_TENSOR_IDS && *same; id++)
        for (int type = 0; type < ES_MAX_TENSOR_TYPES; type++)
            if (b->weights[id][type] != 0)
                *same = false, *fault = es_tensor_names[id];
    return ES_OK;
}

/* A catalog whose only mixture is the file's. */
static es_status prove(es_gguf_reader *m) {
    es_gguf_import *out = m->out;
    es_catalog own = *m->catalog;
    const size_t n = out->n_rules + 1;
    es_row *rows = es_arena_array(m->arena, n, sizeof *rows);
    const char **cells = es_arena_array(m->arena, n * ES_X_FIELDS, sizeof *cells), *fault = "";
    bool same = false;
    if (rows == NULL || cells == NULL)
        return es_fail_memory(m->errors);
    for (size_t i = 0; i < n; i++) {
        const es_import_rule whole = {"*", "otherwise", out->base_type}, *rule = i > 0 ? &out->rule[i - 1] : &whole;
        const char **text = cells + i * ES_X_FIELDS;
        text[ES_X_FILE_TYPE] = "own";
        text[ES_X_BASE_TYPE] = out->base_type;
        text[ES_X_ROLE] = rule->role;
        text[ES_X_QUANTIZER] = "";
        text[ES_X_CONDITION] = rule->condition;
        text[ES_X_TENSOR_TYPE] = rule->type;
        rows[i] = (es_row){.name = "", .text = text, .origin = {m->path, 0, 0}};
    }
    own.table[ES_GGUF_MIXTURE] = (es_table){.kind = ES_GGUF_MIXTURE, .rows = rows, .n_rows = n};
    const es_status status = compare(m, &own, "own", (es_quantizer){NAN, false}, &same, &fault);
    if (status == ES_OK && !same)
        es_gguf_fail(m, "%s: no rules give its tensor types: not supported", fault);
    return status;
}

/* The catalog's own row, where its rules give the same file.  Those of the quantizer before 2026-03, with an importance matrix
 * or without, are named, but a row of its own has the file's bytes without being told of either. */
static es_status find_known(es_gguf_reader *m) {
    const es_gguf_key *key = es_gguf_key_of(m, "general.file_type");
    const double id = key && key->n == 1 ? key->numbers[0] : -1;
    es_gguf_import *out = m->out;
    out->label = es_gguf_file_type(id) ? es_gguf_file_type(id) : "";
    const es_row *row = es_table_find(&m->catalog->table[ES_PRECISION], out->label, strlen(out->label));
    if (row == NULL || strcmp(row->name, out->label) != 0)
        return ES_OK;
    const bool usual = row->value[ES_P_IMATRIX] > 0;
    for (int i = 0; i < 4; i++) {
        const es_quantizer quantizer = {i < 2 ? (double)NAN : 202602, i % 2 ? !usual : usual};
        const char *fault;
        bool same = false;
        const es_status status = compare(m, m->catalog, out->label, quantizer, &same, &fault);
        if (status != ES_OK || !same) {
            if (status != ES_OK)
                return status;
            continue;
        }
        if (i == 0)
            out->known = row;
        else
            es_warn(m->errors, &(es_origin){.file = m->path}, "types as %s gives them with%s%s%s", out->label,
                    i >= 2 ? " quantizer=2026-02" : "", i == 3 ? " and" : "",
                    i % 2 == 0 ? ""
                    : usual    ? " imatrix=0"
                               : " imatrix=1");
        return ES_OK;
    }
    return ES_OK;
}

static int compare_bytes(const void *a, const void *b) {
    const es_import_type *x = a, *y = b;
    return x->bytes < y->bytes ? 1 : x->bytes > y->bytes ? -1 : 0;
}

static es_status sum_types(es_gguf_reader *m) {
    es_gguf_import *out = m->out;
    out->type = es_arena_array(m->arena, ES_GGUF_TENSOR_TYPES, sizeof *out->type);
    if (out->type == NULL)
        return es_fail_memory(m->errors);
    for (uint32_t i = 0; i < ES_GGUF_TENSOR_TYPES; i++)
        if (m->type_tensors[i] > 0)
            out->type[out->n_types++] =
                (es_import_type){es_gguf_tensor_type(i), m->type_tensors[i], m->type_weights[i], m->type_bytes[i]};
    qsort(out->type, out->n_types, sizeof *out->type, compare_bytes);
    out->n_tensors = m->file.n_tensors;
    return ES_OK;
}

es_status es_gguf_read_rules(es_gguf_reader *m) {
    add_rules(m);
    if (m->status != ES_OK)
        return m->status;
    es_status status = prove(m);
    status = status ? status : m->status;
    if (!status)
        status = find_known(m);
    return status ? status : sum_types(m);
}

#include "import/import_row.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/format.h"

enum { MAX_NAME = 120 };

void es_model_row_begin(es_model_row *row) {
    const es_field_table *table = es_fields(ES_MODEL);
    for (size_t f = 0; f < table->n_fields; f++) {
        row->value[f] = table->fields[f].fallback;
        row->text[f] = "";
    }
    row->kind = NULL;
    row->n_kinds = 0;
}

void es_layer_row_begin(es_layer_row *row) {
    for (size_t f = 0; f < ES_L_FIELDS; f++) {
        row->value[f] = NAN;
        row->text[f] = "";
    }
}

/* What an empty cell stands for. */
static double inherited(const es_model_row *row, const es_layer_row *layer, int field) {
    static const int of_model[ES_L_FIELDS] = {
        [ES_L_HEADS] = ES_M_HEADS,
        [ES_L_KV_HEADS] = ES_M_KV_HEADS,
        [ES_L_HEAD_DIM] = ES_M_HEAD_DIM,
        [ES_L_WINDOW] = ES_M_SLIDING_WINDOW,
        [ES_L_CONV_KERNEL] = ES_M_CONV_KERNEL,
        [ES_L_INTERMEDIATE] = ES_M_INTERMEDIATE,
        [ES_L_N_EXPERTS] = ES_M_N_EXPERTS,
        [ES_L_N_ACTIVE] = ES_M_N_ACTIVE,
        [ES_L_N_SHARED] = ES_M_N_SHARED,
        [ES_L_EXPERT_INTERMEDIATE] = ES_M_EXPERT_INTERMEDIATE,
        [ES_L_NORMS] = ES_M_NORMS_PER_LAYER,
    };
    if (field == ES_L_V_HEAD_DIM)
        return isnan(layer->value[ES_L_HEAD_DIM]) ? row->value[ES_M_HEAD_DIM] : layer->value[ES_L_HEAD_DIM];
    return of_model[field] ? row->value[of_model[field]] : es_fields(ES_LAYER)->fields[field].fallback;
}

static void drop_inherited(const es_model_row *row, es_layer_row *layer) {
    const double experts =
        isnan(layer->value[ES_L_N_EXPERTS]) ? row->value[ES_M_N_EXPERTS] : layer->value[ES_L_N_EXPERTS];
    if (strcmp(layer->text[ES_L_MIXER], row->value[ES_M_KV_LORA_RANK] > 0 ? "mla" : "attention") == 0)
        layer->text[ES_L_MIXER] = "";
    if (strcmp(layer->text[ES_L_FFN], experts > 1 ? "moe" : "dense") == 0)
        layer->text[ES_L_FFN] = "";
    for (int f = ES_L_FIELDS - 1; f > ES_L_KIND; f--) /* v_head_dim before the head_dim that it inherits */
        if (layer->value[f] == inherited(row, layer, f))
            layer->value[f] = NAN;
}

static bool equal(const es_layer_row *a, const es_layer_row *b) {
    for (int f = ES_L_MIXER; f < ES_L_FIELDS; f++)
        if ((a->value[f] != b->value[f] && !(isnan(a->value[f]) && isnan(b->value[f]))) ||
            strcmp(a->text[f], b->text[f]) != 0)
            return false;
    return true;
}

/* Moves windows and leading dense layers to the model's columns, if nothing else differs and they can say it. */
static bool use_columns(es_model_row *row, const es_layer_row *layer, size_t n) {
    double window = 0;
    size_t every = 0, dense = 0;
    for (size_t i = 0; i < n; i++) {
        es_layer_row rest = layer[i], nothing;
        const double w = isnan(layer[i].value[ES_L_WINDOW]) ? 0 : layer[i].value[ES_L_WINDOW];
        const bool is_dense = strcmp(layer[i].text[ES_L_FFN], "dense") == 0;
        es_layer_row_begin(&nothing);
        rest.value[ES_L_WINDOW] = NAN;
        rest.text[ES_L_FFN] = is_dense ? "" : rest.text[ES_L_FFN];
        if (!equal(&rest, &nothing) || (w > 0 && window > 0 && w != window) || (is_dense && dense < i))
            return false;
        dense += is_dense;
        window = w > 0 ? w : window;
        every = w > 0 || every > 0 ? every : i + 1;
    }
    for (size_t i = 0; i < n && window > 0; i++)
        if (isnan(layer[i].value[ES_L_WINDOW]) != (every > 0 && (i + 1) % every == 0))
            return false;
    row->value[ES_M_SLIDING_WINDOW] = window;
    row->value[ES_M_GLOBAL_EVERY] = window > 0 ? (double)every : 0;
    row->value[ES_M_FIRST_DENSE] = (double)dense;
    return true;
}

/* Short names, alike in all models: l and g for windows and none, a, m, c, d, r for one mixer, p for two in parallel, e and
 * f for an FFN alone; then s for a shared cache, d for a dense FFN among experts. */
static const char *name_kind(const es_model_row *row, const es_layer_row *kind, bool windows, es_arena *arena) {
    const char *mixer = kind->text[ES_L_MIXER], *ffn = kind->text[ES_L_FFN];
    const bool attends = *mixer == '\0' || strcmp(mixer, "attention") == 0 || strcmp(mixer, "mla") == 0;
    const bool dense = strcmp(ffn, "dense") == 0 || (*ffn == '\0' && row->value[ES_M_N_EXPERTS] < 2);
    const char letter = strchr(mixer, '+')             ? 'p'
                        : strcmp(mixer, "none") == 0   ? dense ? 'f' : 'e'
                        : strcmp(mixer, "gdn") == 0    ? 'd'
                        : !attends                     ? mixer[0]
                        : kind->value[ES_L_WINDOW] > 0 ? 'l'
                        : windows                      ? 'g'
                                                       : 'a';
    char name[40];
    snprintf(name, sizeof name, "%c%s%s", letter, kind->value[ES_L_KV] > 0 ? "s" : "",
             letter != 'f' && strcmp(ffn, "dense") == 0 ? "d" : "");
    const size_t length = strlen(name);
    for (size_t number = 2, i = 0; i < row->n_kinds;)
        if (strcmp(row->kind[i].text[ES_L_KIND], name) == 0) {
            snprintf(name + length, sizeof name - length, "%zu", number++);
            i = 0;
        } else {
            i++;
        }
    return es_arena_text(arena, es_slice_of(name));
}

/* At each place the repetition that covers most, its unit written the same way. */
static void write_pattern(FILE *out, const es_model_row *row, const size_t *kind, size_t n) {
    for (size_t i = 0; i < n;) {
        size_t period = 1, times = 1;
        for (size_t p = 1; p <= (n - i) / 2; p++) {
            size_t t = 1;
            while (i + (t + 1) * p <= n && memcmp(kind + i, kind + i + t * p, p * sizeof *kind) == 0)
                t++;
            if (t > 1 && t * p > period * times)
                period = p, times = t;
        }
        fputs(i > 0 ? " " : "", out);
        if (period == 1) {
            fputs(row->kind[kind[i]].text[ES_L_KIND], out);
        } else {
            fputc('(', out);
            write_pattern(out, row, kind + i, period);
            fputc(')', out);
        }
        if (times > 1)
            fprintf(out, "*%zu", times);
        i += period * times;
    }
}

bool es_model_row_set_layers(es_model_row *row, es_layer_row *layer, size_t n, es_arena *arena) {
    bool windows = false;
    row->value[ES_M_SLIDING_WINDOW] = 0; /* so that windows are in the cells until they move */
    for (size_t i = 0; i < n; i++) {
        drop_inherited(row, &layer[i]);
        windows |= layer[i].value[ES_L_WINDOW] > 0;
    }
    if (use_columns(row, layer, n))
        return true;
    size_t *kind = es_arena_array(arena, n, sizeof *kind), size = 0;
    char *pattern = NULL;
    if (kind == NULL || (row->kind = es_arena_array(arena, ES_MAX_MODEL_KINDS + 1, sizeof *row->kind)) == NULL)
        return false;
    for (size_t i = 0; i < n && row->n_kinds <= ES_MAX_MODEL_KINDS; i++) {
        for (kind[i] = 0; kind[i] < row->n_kinds && !equal(&row->kind[kind[i]], &layer[i]);)
            kind[i]++;
        if (kind[i] < row->n_kinds)
            continue;
        es_layer_row *new = &row->kind[row->n_kinds];
        *new = layer[i];
        if ((new->text[ES_L_KIND] = name_kind(row, new, windows, arena)) == NULL)
            return false;
        row->n_kinds++;
    }
    if (row->n_kinds > ES_MAX_MODEL_KINDS)
        return true;
    FILE *memory = open_memstream(&pattern, &size);
    if (memory == NULL)
        return false;
    write_pattern(memory, row, kind, n);
    if (fclose(memory) == 0 && pattern)
        row->text[ES_M_LAYER_PATTERN] = es_arena_text(arena, (es_slice){pattern, size});
    else
        row->text[ES_M_LAYER_PATTERN] = NULL;
    free(pattern);
    return row->text[ES_M_LAYER_PATTERN] != NULL;
}

es_status es_model_row_as_catalog(const es_model_row *row, es_arena *arena, es_row *model, es_catalog *catalog,
                                  es_errors *errors) {
    es_row *kinds = es_arena_array(arena, row->n_kinds + 1, sizeof *kinds);
    double *value = es_arena_array(arena, ES_M_FIELDS, sizeof *value);
    const char **text = es_arena_array(arena, ES_M_FIELDS, sizeof *text);
    if (kinds == NULL || value == NULL || text == NULL)
        return es_fail_memory(errors);
    memcpy(value, row->value, sizeof row->value);
    memcpy(text, row->text, sizeof row->text);
    text[ES_M_NAME] = "";
    *model = (es_row){.name = "", .value = value, .text = text};
    for (size_t k = 0; k < row->n_kinds; k++) {
        es_layer_row *own = es_arena_alloc(arena, sizeof *own);
        if (own == NULL)
            return es_fail_memory(errors);
        *own = row->kind[k];
        own->text[ES_L_MODEL] = "";
        for (size_t f = 0; f < ES_L_FIELDS; f++)
            if (isnan(own->value[f]))
                own->value[f] = es_fields(ES_LAYER)->fields[f].fallback;
        kinds[k] = (es_row){.name = "", .value = own->value, .text = own->text};
    }
    catalog->table[ES_LAYER] = (es_table){.kind = ES_LAYER, .rows = kinds, .n_rows = row->n_kinds};
    return ES_OK;
}

es_status es_model_row_params(const es_model_row *row, es_arena *arena, es_params *params, es_errors *errors) {
    es_catalog catalog = {0};
    es_row model;
    es_arch arch;
    es_status status = es_model_row_as_catalog(row, arena, &model, &catalog, errors);
    if (!status)
        status = es_arch_compile(&catalog, &model, arena, &arch, errors);
    if (!status) {
        const es_shape shape = es_shape_of(&model);
        *params = es_count_params(&arch, &shape);
    }
    return status;
}

const char *es_import_name(es_arena *arena, es_slice name) {
    name.length = name.length > MAX_NAME ? MAX_NAME : name.length;
    char *clean = es_arena_text(arena, name);
    size_t bad;
    if (!clean)
        return NULL;
    for (size_t i = 0; i < name.length; i++)
        if ((unsigned char)clean[i] < ' ' || clean[i] == 127)
            clean[i] = '_';
    while (!es_is_utf8(clean, name.length, &bad))
        clean[bad] = '_';
    return clean;
}

void es_model_row_name_attention(es_model_row *row) {
    const double heads = row->value[ES_M_HEADS];
    const double kv_heads = isnan(row->value[ES_M_KV_HEADS]) ? heads : row->value[ES_M_KV_HEADS];
    row->text[ES_M_ATTN] = row->value[ES_M_KV_LORA_RANK] > 0 ? "mla"
                           : kv_heads == heads               ? "mha"
                           : kv_heads == 1                   ? "mqa"
                                                             : "gqa";
}

static void put_cell(FILE *out, const char *cell) {
    const bool number = *cell == '-' && cell[1] != '\0' && cell[1 + strspn(cell + 1, "0123456789")] == '\0';
    if (*cell != '\0' && !number && strchr("=+-@\t\r", *cell))
        fputc('\'', out);
    if (cell[strcspn(cell, ",\"\n\r")] == '\0') {
        fputs(cell, out);
        return;
    }
    fputc('"', out);
    for (; *cell != '\0'; cell++) {
        if (*cell == '"')
            fputc('"', out);
        fputc(*cell, out);
    }
    fputc('"', out);
}

void es_catalog_row(FILE *out, const char *const *cells, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            fputc(',', out);
        put_cell(out, cells[i]);
    }
    fputc('\n', out);
}

void es_catalog_header(FILE *out, es_kind kind) {
    const es_field_table *table = es_fields(kind);
    for (size_t f = 0; f < table->n_fields; f++)
        fprintf(out, "%s%s", f > 0 ? "," : "", table->fields[f].name);
    fputc('\n', out);
}

static void print_fields(FILE *out, es_kind kind, const double *value, const char *const *text) {
    const es_field_table *table = es_fields(kind);
    const char *cells[ES_M_FIELDS];
    char numbers[ES_M_FIELDS][32];
    for (size_t f = 0; f < table->n_fields; f++) {
        const es_field *field = &table->fields[f];
        const double x = value[f];
        cells[f] = text[f];
        if (isnan(x) || x == field->fallback || *cells[f] != '\0')
            continue;
        if (field->type == ES_CHOICE) {
            cells[f] = field->choices[(size_t)x];
            continue;
        }
        numbers[f][es_format_double(numbers[f], x, 17)] = '\0';
        cells[f] = numbers[f];
    }
    es_catalog_row(out, cells, table->n_fields);
}

void es_model_row_print(FILE *out, const es_model_row *row) { print_fields(out, ES_MODEL, row->value, row->text); }

void es_model_row_print_layers(FILE *out, const es_model_row *row) {
    for (size_t i = 0; i < row->n_kinds; i++) {
        es_layer_row kind = row->kind[i];
        kind.text[ES_L_MODEL] = row->text[ES_M_NAME];
        print_fields(out, ES_LAYER, kind.value, kind.text);
    }
}

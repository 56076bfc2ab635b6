#include "import/import_row.h"

#include <math.h>
#include <string.h>

#include "io/format.h"

enum { MAX_NAME = 120 };

void es_model_row_begin(es_model_row *row) {
    const es_field_table *table = es_fields(ES_MODEL);
    for (size_t f = 0; f < table->n_fields; f++) {
        row->value[f] = table->fields[f].fallback;
        row->text[f] = "";
    }
}

es_shape es_model_row_shape(const es_model_row *row) {
    double value[ES_M_FIELDS];
    memcpy(value, row->value, sizeof value);
    return es_shape_of(&(es_row){.name = "", .value = value});
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
    const es_shape s = es_model_row_shape(row);
    row->text[ES_M_ATTN] = s.kv_lora_rank > 0 ? "mla" : s.kv_heads == s.heads ? "mha" : s.kv_heads == 1 ? "mqa" : "gqa";
}

static void put_cell(FILE *out, const char *cell) {
    if (*cell != '\0' && strchr("=+-@\t\r", *cell))
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

void es_model_row_print(FILE *out, const es_model_row *row) {
    const es_field_table *table = es_fields(ES_MODEL);
    const char *cells[ES_M_FIELDS];
    char numbers[ES_M_FIELDS][32];
    for (size_t f = 0; f < table->n_fields; f++) {
        const es_field *field = &table->fields[f];
        const double x = row->value[f];
        cells[f] = row->text[f];
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

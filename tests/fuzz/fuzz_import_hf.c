/* Any bytes as a config.json; what is imported must be a row that the catalog accepts. */
#include "fuzz.h"

#include <math.h>

#include "import/import_hf.h"

static void check_row(const es_model_row *row) {
    const es_field_table *table = es_fields(ES_MODEL);
    for (size_t f = 0; f < table->n_fields; f++) {
        const es_field *field = &table->fields[f];
        const double x = row->value[f];
        if (!isnan(x) && (field->type == ES_COUNT || field->type == ES_FLAG) && !es_field_accepts(field, x)) {
            fprintf(stderr, "%s is %g\n", field->name, x);
            abort();
        }
    }
    es_params p;
    es_arena arena = {0};
    if (es_model_row_params(row, &arena, &p, NULL) != ES_OK || !(p.active > 0) || !(p.active <= p.total))
        abort();
    es_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    es_arena arena = {0};
    es_errors *errors = fuzz_errors();
    es_model_row row;
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    const es_status status = es_import_hf_text("config.json", (const char *)data, size, NULL, &arena, &row, errors);
    FUZZ_CHECK(out);
    fuzz_outcome(status, errors);
    if (status == ES_OK) {
        check_row(&row);
        es_model_row_print(out, &row);
        es_model_row_print_layers(out, &row);
    }
    fclose(out);
    free(text);
    es_arena_free(&arena);
    return 0;
}

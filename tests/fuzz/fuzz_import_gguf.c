/* Any bytes as a GGUF file. */
#include "fuzz.h"

#include "import/import_gguf.h"

static void print_all(const es_gguf_import *import) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL)
        abort();
    es_model_row_print(out, &import->model);
    es_model_row_print_layers(out, &import->model);
    es_gguf_import_print_precision(out, import);
    es_gguf_import_print_mixture(out, import);
    es_gguf_import_print_types(out, import);
    fclose(out);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static es_catalog catalog;
    es_arena arena = {0};
    es_errors *errors = fuzz_errors();
    es_gguf_import import;
    if (catalog.arena == NULL)
        FUZZ_CHECK(es_catalog_load(&catalog, NULL, 0, NULL) == ES_OK);
    FILE *stream = fopen(fuzz_file(data, size), "rb");
    FUZZ_CHECK(stream);
    const es_status status = es_import_gguf(stream, "file.gguf", &catalog, &arena, &import, errors);
    fuzz_outcome(status, errors);
    if (status == ES_OK)
        print_all(&import);
    fclose(stream);
    es_arena_free(&arena);
    return 0;
}

/* Any bytes as a GGUF file. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "analyse/import_gguf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void print_all(const es_gguf_import *import) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL)
        abort();
    es_model_row_print(out, &import->model);
    es_gguf_import_print_precision(out, import);
    es_gguf_import_print_mixture(out, import);
    es_gguf_import_print_types(out, import);
    fclose(out);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static es_catalog catalog;
    es_arena arena = {0};
    es_errors errors = {0};
    es_gguf_import import;
    if (catalog.arena == NULL && es_catalog_load(&catalog, NULL, 0, NULL) != ES_OK)
        abort();
    const int fd = memfd_create("gguf", 0);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    FILE *stream = fdopen(fd, "rb");
    if (stream == NULL)
        abort();
    const es_status status = es_import_gguf(stream, "file.gguf", &catalog, &arena, &import, &errors);
    if ((status == ES_OK) != (errors.n_errors == 0))
        abort();
    if (status == ES_OK)
        print_all(&import);
    fclose(stream);
    es_arena_free(&arena);
    return 0;
}

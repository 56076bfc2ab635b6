#include "io/json_in.h"

#include <stdlib.h>

/* Whether n bytes can be had; compilers leave out a malloc whose memory is not used. */
static bool has_memory(size_t n) {
    void *volatile memory = malloc(n);
    free(memory);
    return memory != NULL;
}

/* Jansson reports a failed malloc as this or that fault of the text.  What is a fault of the text stays one. */
es_status es_json_read(json_t **value, const char *text, size_t length, json_error_t *fault, es_errors *errors) {
    enum { VALUE_BYTES = 64, AT_LEAST = 1 << 16 };
    *value = json_loadb(text, length, JSON_REJECT_DUPLICATES, fault);
    if (!*value)
        *value = json_loadb(text, length, JSON_REJECT_DUPLICATES, fault);
    return *value || has_memory(length * VALUE_BYTES + AT_LEAST) ? ES_OK : es_fail_memory(errors);
}

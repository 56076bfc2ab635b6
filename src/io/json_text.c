#include "io/json_text.h"

#include <stdlib.h>
#include <string.h>

/* Whether n bytes can be had; compilers leave out a malloc whose memory is not used. */
static bool has_memory(size_t n) {
    void *volatile memory = malloc(n);
    free(memory);
    return memory != NULL;
}

/* Twice: without memory, jansson (2.14) reports this or that fault of the text, or drops letters of it. */
es_status es_json_read(json_t **value, const char *text, size_t length, json_error_t *fault, es_errors *errors) {
    enum { VALUE_BYTES = 64, AT_LEAST = 1 << 16 };
    *value = json_loadb(text, length, JSON_REJECT_DUPLICATES, fault);
    json_t *again = json_loadb(text, length, JSON_REJECT_DUPLICATES, fault);
    const bool alike = *value && again ? json_equal(*value, again) : !*value && !again;
    json_decref(again);
    if (alike && (*value || has_memory(length * VALUE_BYTES + AT_LEAST)))
        return ES_OK;
    json_decref(*value);
    *value = NULL;
    return es_fail_memory(errors);
}

/* Into memory of its full size: json_dumps (2.14) goes on behind pieces that its own buffer had no memory for. */
es_status es_json_write(const json_t *object, size_t flags, const char *end, char **text, es_errors *errors) {
    const size_t n = json_dumpb(object, NULL, 0, flags);
    *text = n > 0 ? malloc(n + strlen(end) + 1) : NULL;
    if (*text && json_dumpb(object, *text, n, flags) == n) {
        strcpy(*text + n, end);
        return ES_OK;
    }
    free(*text);
    *text = NULL;
    return es_fail_memory(errors);
}

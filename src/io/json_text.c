#include "io/json_text.h"

#include <stdlib.h>
#include <string.h>

/* Whether n bytes can be had; compilers leave out a malloc whose memory is not used. */
static bool has_memory(size_t n) {
    void *volatile memory = malloc(n);
    free(memory);
    return memory != NULL;
}

/* What is a fault of the text is one the second time, too, and not for lack of memory. */
es_status es_json_read(json_t **value, const char *text, size_t length, json_error_t *fault, es_errors *errors) {
    enum { VALUE_BYTES = 64, AT_LEAST = 1 << 16 };
    *value = json_loadb(text, length, JSON_REJECT_DUPLICATES, fault);
    if (!*value)
        *value = json_loadb(text, length, JSON_REJECT_DUPLICATES, fault);
    return *value || has_memory(length * VALUE_BYTES + AT_LEAST) ? ES_OK : es_fail_memory(errors);
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

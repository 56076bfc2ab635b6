#include "io/json_text.h"

#include <stdlib.h>
#include <string.h>

static _Thread_local bool reading;

bool es_json_is_reading(void) { return reading; }

json_t *es_json_read(const char *text, size_t length, json_error_t *fault) {
    reading = true;
    json_t *value = json_loadb(text, length, JSON_REJECT_DUPLICATES, fault);
    reading = false;
    return value;
}

char *es_json_of_python(const char *json, size_t size) {
    char *text = malloc(size + 1);
    bool quoted = false;
    if (!text)
        return NULL;
    memcpy(text, json, size);
    text[size] = '\0';
    for (size_t i = 0; i < size; i++) {
        if (quoted && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            quoted = !quoted;
        else if (!quoted && size - i >= 8 && memcmp(text + i, "Infinity", 8) == 0)
            memcpy(text + i, "1.7e+308", 8);
        else if (!quoted && size - i >= 3 && memcmp(text + i, "NaN", 3) == 0)
            memcpy(text + i, "0.5", 3);
    }
    return text;
}

/* Into memory of its full size: json_dumps goes on behind pieces that its own buffer had no memory for. */
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

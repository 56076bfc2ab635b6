#include "io/meta.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"
#include "io/json_text.h"

/* A command line may hold any bytes: what is not UTF-8 becomes \xNN. */
static json_t *text_value(const char *text) {
    size_t bad, length = text ? strlen(text) : 0;
    if (!text)
        return json_null();
    if (es_is_utf8(text, length, &bad))
        return json_stringn(text, length);
    size_t size = 4 * length + 1;
    char *escaped = malloc(size);
    if (!escaped)
        return NULL;
    es_escape(escaped, size, es_slice_of(text));
    json_t *value = json_string(escaped);
    free(escaped);
    return value;
}

static json_t *hash_value(uint64_t hash) {
    char digits[17];
    snprintf(digits, sizeof digits, "%016" PRIx64, hash);
    return json_string(digits);
}

static json_t *count_value(uint64_t count) { return json_integer((json_int_t)count); }

/* A hash of 0 is none: tables of other tables have no grid and no catalogs. */
static bool put_hash(json_t *object, const char *key, uint64_t hash) {
    return hash == 0 || json_object_set_new(object, key, hash_value(hash)) == 0;
}

es_status es_meta_text(const es_meta *meta, char **text, es_errors *errors) {
    json_t *object = json_object();
    bool whole = object && json_object_set_new(object, "version", text_value(meta->version)) == 0 &&
                 json_object_set_new(object, "command", text_value(meta->command)) == 0 &&
                 put_hash(object, "grid_hash", meta->grid_hash) &&
                 put_hash(object, "catalog_hash", meta->catalog_hash) &&
                 json_object_set_new(object, "rows", count_value(meta->rows)) == 0 &&
                 json_object_set_new(object, "bytes", count_value(meta->bytes)) == 0 &&
                 json_object_set_new(object, "xxh64", hash_value(meta->xxh64)) == 0;
    es_status status = whole ? es_json_write(object, JSON_INDENT(2) | JSON_PRESERVE_ORDER, "\n", text, errors)
                             : es_fail_memory(errors);
    json_decref(object);
    return status;
}

#include "io/meta.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

/* https://reproducible-builds.org/specs/source-date-epoch/ */
static json_t *date_value(void) {
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    char *end = NULL, text[40] = "";
    const long long given = epoch ? strtoll(epoch, &end, 10) : -1;
    const time_t now = epoch && end != epoch && !*end && given >= 0 ? (time_t)given : time(NULL);
    struct tm parts;
    if (gmtime_r(&now, &parts))
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return json_string(text);
}

static bool put_recipe(json_t *object, const es_recipe *recipe) {
    json_t *arguments = json_array(), *catalogs = json_object();
    bool whole = json_object_set_new(object, "catalogs", catalogs) == 0 &&
                 json_object_set_new(object, "table", text_value(recipe->table)) == 0 &&
                 json_object_set_new(object, "arguments", arguments) == 0 &&
                 json_object_set_new(object, "sweep", text_value(recipe->sweep)) == 0;
    for (size_t i = 0; recipe->catalog[i].name && whole; i++)
        whole = json_object_set_new(catalogs, recipe->catalog[i].name, hash_value(recipe->catalog[i].hash)) == 0;
    for (const char *const *argument = recipe->arguments; *argument && whole; argument++)
        whole = json_array_append_new(arguments, text_value(*argument)) == 0;
    return whole;
}

es_status es_meta_text(const es_meta *meta, char **text, es_errors *errors) {
    json_t *object = json_object();
    bool whole =
        object && json_object_set_new(object, "version", text_value(meta->version)) == 0 &&
        json_object_set_new(object, "command", text_value(meta->command)) == 0 &&
        put_hash(object, "grid_hash", meta->grid_hash) && put_hash(object, "catalog_hash", meta->catalog_hash) &&
        json_object_set_new(object, "rows", count_value(meta->rows)) == 0 &&
        json_object_set_new(object, "bytes", count_value(meta->bytes)) == 0 &&
        json_object_set_new(object, "xxh64", hash_value(meta->xxh64)) == 0 &&
        json_object_set_new(object, "date", date_value()) == 0 && (!meta->recipe || put_recipe(object, meta->recipe));
    es_status status = whole ? es_json_write(object, JSON_INDENT(2) | JSON_PRESERVE_ORDER, "\n", text, errors)
                             : es_fail_memory(errors);
    json_decref(object);
    return status;
}

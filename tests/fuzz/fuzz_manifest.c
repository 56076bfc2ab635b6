/* Any bytes as a manifest.  With a first byte of '!' the hash over the rest is put right, so that what lies behind it is
 * read, too; what is accepted is written and read again. */
#include "fuzz.h"

#include <inttypes.h>
#include <jansson.h>
#include <xxhash.h>

#include "shards/manifest.h"

/* The JSON object with a hash that fits; NULL when it is none. */
static char *with_hash(const uint8_t *data, size_t size) {
    json_t *object = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
    char digits[17], *text = NULL;
    if (json_is_object(object)) {
        json_object_del(object, "manifest_xxh64");
        char *dump = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
        FUZZ_CHECK(dump);
        snprintf(digits, sizeof digits, "%016" PRIx64, XXH64(dump, strlen(dump), 0));
        json_object_set_new(object, "manifest_xxh64", json_string(digits));
        text = json_dumps(object, 0);
        free(dump);
    }
    json_decref(object);
    return text;
}

static void check_manifest(const es_manifest *m) {
    static es_manifest again;
    char *text, name[ES_PART_NAME];
    FUZZ_CHECK(m->first <= m->end && m->end <= m->total && m->shard.k < m->shard.n &&
               m->shard.more < m->shard.n - m->shard.k);
    es_part_stem(m->shard, name);
    for (int r = 0; r < ES_RESULTS; r++)
        FUZZ_CHECK(m->table[r].n_by <= ES_MAX_BY && m->table[r].n_objectives <= ES_MAX_OBJECTIVES);
    FUZZ_CHECK(es_manifest_text(m, &text, NULL) == ES_OK);
    FUZZ_CHECK(es_manifest_read(&again, fuzz_file(text, strlen(text)), NULL) == ES_OK);
    FUZZ_CHECK(es_manifest_identity(m) == es_manifest_identity(&again));
    FUZZ_CHECK(memcmp(m->table, again.table, sizeof m->table) == 0);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static es_manifest manifest;
    es_errors *errors = fuzz_errors();
    char *text = size && data[0] == '!' ? with_hash(data + 1, size - 1) : NULL;
    const char *path = text ? fuzz_file(text, strlen(text)) : fuzz_file(data, size);
    es_status status = es_manifest_read(&manifest, path, errors);
    fuzz_outcome(status, errors);
    if (!status)
        check_manifest(&manifest);
    free(text);
    return 0;
}

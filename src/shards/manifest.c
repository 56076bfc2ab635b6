#include "shards/manifest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <edgesweep/version.h>
#include <jansson.h>
#include <xxhash.h>

#include "base/text.h"
#include "catalog/file.h"
#include "engine/best.h"
#include "io/json_text.h"

const char *const es_part_folder[ES_RESULTS] = {"data", "front", "best"};

/* ---- names ---- */

void es_part_stem(es_shard shard, char name[static ES_PART_NAME]) {
    if (shard.more)
        snprintf(name, ES_PART_NAME, "part-%05" PRIu64 "-to-%05" PRIu64 "-of-%05" PRIu64, shard.k, shard.k + shard.more,
                 shard.n);
    else
        snprintf(name, ES_PART_NAME, "part-%05" PRIu64 "-of-%05" PRIu64, shard.k, shard.n);
}

static const char *const format_name[] = {"csv", "tsv", "jsonl", "md"};

static void part_format(const es_csv_options *csv, char *to, size_t size) {
    char delimiter = csv->delimiter ? csv->delimiter : ',';
    snprintf(to, size, "%s digits=%d delimiter=%s%c decimal=%c bom=%d crlf=%d", format_name[csv->format],
             csv->digits ? csv->digits : 9, delimiter == '\t' ? "\\" : "", delimiter == '\t' ? 't' : delimiter,
             csv->decimal ? csv->decimal : '.', csv->bom, csv->crlf);
}

const char *es_part_suffix(const char *format) {
    size_t length = strcspn(format, " ");
    for (size_t i = 0; i < sizeof format_name / sizeof *format_name; i++)
        if (strlen(format_name[i]) == length && !strncmp(format_name[i], format, length))
            return format_name[i];
    return NULL;
}

/* ---- making ---- */

static es_part_table make_table(const es_objective *objective, size_t n_objectives, size_t n_by) {
    es_part_table table = {.given = true, .n_objectives = (unsigned)n_objectives, .n_by = (unsigned)n_by};
    for (size_t i = 0; i < n_objectives; i++)
        table.maximize[i] = objective[i].maximize;
    return table;
}

es_manifest es_manifest_make(const es_sweep *sweep, const es_run_options *options, es_shard shard) {
    es_manifest m = {.grid_hash = sweep->hash,
                     .catalog_hash = sweep->catalog->hash,
                     .unique = options->unique,
                     .total = sweep->n_points,
                     .shard = shard,
                     .first = es_shard_first(sweep->n_points, shard.k, shard.n),
                     .end = es_shard_first(sweep->n_points, shard.k + shard.more + 1, shard.n)};
    es_copy_text(m.version, sizeof m.version, es_slice_of(EDGESWEEP_VERSION));
    part_format(&options->csv, m.format, sizeof m.format);
    m.table[ES_RESULT_ROWS].given = options->out != NULL;
    if (sweep->front.given)
        m.table[ES_RESULT_FRONT] = make_table(sweep->front.objective, sweep->front.n_objectives, sweep->front.n_by);
    m.table[ES_RESULT_FRONT].counted = sweep->front.given && options->unique;
    if (sweep->best.given)
        m.table[ES_RESULT_BEST] = make_table(sweep->best.objective, sweep->best.n_objectives, sweep->best.n_by);
    m.table[ES_RESULT_BEST].ties = es_best_may_tie(sweep);
    return m;
}

uint64_t es_manifest_identity(const es_manifest *m) {
    char text[512];
    int n = snprintf(text, sizeof text,
                     "%s %016" PRIx64 " %016" PRIx64 " %s unique=%d %d%d%d %" PRIu64 " %" PRIu64 " %" PRIu64,
                     m->version, m->grid_hash, m->catalog_hash, m->format, m->unique, m->table[ES_RESULT_ROWS].given,
                     m->table[ES_RESULT_FRONT].given, m->table[ES_RESULT_BEST].given, m->total, m->first, m->end);
    return XXH64(text, (size_t)n, 0);
}

/* ---- JSON: one table of members serves both ways ---- */

typedef enum member_type { MEMBER_TEXT, MEMBER_HASH, MEMBER_COUNT, MEMBER_FLAG, MEMBER_SMALL } member_type;

typedef struct member {
    const char *name;
    member_type type;
    size_t offset, size;
} member;

#define MEMBER(struct_, field, name_, type_)                                                                           \
    { name_, type_, offsetof(struct_, field), sizeof(((struct_ *)0)->field) }

static const member manifest_members[] = {
    MEMBER(es_manifest, version, "version", MEMBER_TEXT),
    MEMBER(es_manifest, grid_hash, "grid_hash", MEMBER_HASH),
    MEMBER(es_manifest, catalog_hash, "catalog_hash", MEMBER_HASH),
    MEMBER(es_manifest, format, "format", MEMBER_TEXT),
    MEMBER(es_manifest, unique, "unique", MEMBER_FLAG),
    MEMBER(es_manifest, total, "total", MEMBER_COUNT),
    MEMBER(es_manifest, shard.k, "shard", MEMBER_COUNT),
    MEMBER(es_manifest, shard.n, "shards", MEMBER_COUNT),
    MEMBER(es_manifest, first, "first", MEMBER_COUNT),
    MEMBER(es_manifest, end, "end", MEMBER_COUNT),
};

static const member more_member = MEMBER(es_manifest, shard.more, "more_shards", MEMBER_COUNT); /* of several shards */

static const member table_members[] = {
    MEMBER(es_part_table, rows, "rows", MEMBER_COUNT),
    MEMBER(es_part_table, bytes, "bytes", MEMBER_COUNT),
    MEMBER(es_part_table, header_bytes, "header_bytes", MEMBER_COUNT),
    MEMBER(es_part_table, xxh64, "xxh64", MEMBER_HASH),
};

static const member keys_members[] = {
    MEMBER(es_part_table, keys_bytes, "keys_bytes", MEMBER_COUNT),
    MEMBER(es_part_table, keys_xxh64, "keys_xxh64", MEMBER_HASH),
    MEMBER(es_part_table, missing, "missing", MEMBER_COUNT),
    MEMBER(es_part_table, n_by, "by", MEMBER_SMALL),
};

#define N_OF(array) (sizeof(array) / sizeof *(array))

static json_t *hash_value(uint64_t hash) {
    char digits[17];
    snprintf(digits, sizeof digits, "%016" PRIx64, hash);
    return json_string(digits);
}

static json_t *value_of(const member *m, const void *from) {
    const char *at = (const char *)from + m->offset;
    switch (m->type) {
    case MEMBER_TEXT: return json_string(at);
    case MEMBER_HASH: return hash_value(*(const uint64_t *)(const void *)at);
    case MEMBER_COUNT: return json_integer((json_int_t) * (const uint64_t *)(const void *)at);
    case MEMBER_FLAG: return json_boolean(*(const bool *)(const void *)at);
    case MEMBER_SMALL: return json_integer((json_int_t) * (const unsigned *)(const void *)at);
    }
    return NULL;
}

static bool write_members(json_t *object, const member *members, size_t n, const void *from) {
    bool whole = object != NULL;
    for (size_t i = 0; i < n; i++)
        whole = whole && json_object_set_new(object, members[i].name, value_of(&members[i], from)) == 0;
    return whole;
}

static json_t *directions_of(const es_part_table *table) {
    json_t *list = json_array();
    for (unsigned i = 0; list && i < table->n_objectives; i++)
        json_array_append_new(list, json_string(table->maximize[i] ? "max" : "min"));
    return list;
}

static json_t *object_of_table(const es_part_table *table, bool has_keys) {
    json_t *object = json_object();
    bool whole = write_members(object, table_members, N_OF(table_members), table);
    if (has_keys)
        whole = whole && write_members(object, keys_members, N_OF(keys_members), table) &&
                json_object_set_new(object, "objectives", directions_of(table)) == 0;
    if (table->ties)
        whole = whole && json_object_set_new(object, "ties", json_true()) == 0;
    if (whole)
        return object;
    json_decref(object);
    return NULL;
}

/* Of everything but the member "manifest_xxh64". */
static es_status hash_of_object(const json_t *object, uint64_t *hash, es_errors *errors) {
    char *text;
    es_status status = es_json_write(object, JSON_COMPACT | JSON_SORT_KEYS, "", &text, errors);
    if (!status)
        *hash = XXH64(text, strlen(text), 0);
    free(text);
    return status;
}

es_status es_manifest_text(const es_manifest *manifest, char **text, es_errors *errors) {
    json_t *object = json_object();
    uint64_t hash = 0;
    bool whole = write_members(object, manifest_members, N_OF(manifest_members), manifest) &&
                 (!manifest->shard.more || write_members(object, &more_member, 1, manifest));
    for (int r = 0; r < ES_RESULTS && whole; r++)
        if (manifest->table[r].given)
            whole = json_object_set_new(object, es_part_folder[r],
                                        object_of_table(&manifest->table[r], r != ES_RESULT_ROWS)) == 0;
    *text = NULL;
    es_status status = whole ? hash_of_object(object, &hash, errors) : es_fail_memory(errors);
    if (!status && json_object_set_new(object, "manifest_xxh64", hash_value(hash)) != 0)
        status = es_fail_memory(errors);
    if (!status)
        status = es_json_write(object, JSON_INDENT(2) | JSON_PRESERVE_ORDER, "\n", text, errors);
    json_decref(object);
    return status;
}

/* ---- reading ---- */

static bool read_hash(const json_t *value, uint64_t *hash) {
    const char *text = json_string_value(value);
    char *end;
    if (!text || strlen(text) != 16 || strspn(text, "0123456789abcdef") != 16)
        return false;
    *hash = strtoull(text, &end, 16);
    return true;
}

static bool read_value(const member *m, const json_t *value, void *to) {
    char *at = (char *)to + m->offset;
    bool counts = json_is_integer(value) && json_integer_value(value) >= 0;
    switch (m->type) {
    case MEMBER_TEXT:
        if (!json_is_string(value) || json_string_length(value) >= m->size)
            return false;
        memcpy(at, json_string_value(value), json_string_length(value) + 1);
        return true;
    case MEMBER_HASH: return read_hash(value, (uint64_t *)(void *)at);
    case MEMBER_COUNT: *(uint64_t *)(void *)at = (uint64_t)json_integer_value(value); return counts;
    case MEMBER_FLAG: *(bool *)(void *)at = json_is_true(value); return json_is_boolean(value);
    case MEMBER_SMALL:
        *(unsigned *)(void *)at = (unsigned)json_integer_value(value);
        return counts && json_integer_value(value) <= ES_MAX_BY;
    }
    return false;
}

static bool read_members(const json_t *object, const member *members, size_t n, void *to) {
    bool good = json_is_object(object);
    for (size_t i = 0; i < n && good; i++)
        good = read_value(&members[i], json_object_get(object, members[i].name), to);
    return good;
}

static bool read_table(const json_t *object, bool has_keys, es_part_table *table) {
    table->given = true;
    if (!read_members(object, table_members, N_OF(table_members), table) || table->header_bytes > table->bytes)
        return false;
    if (!has_keys)
        return true;
    table->ties = json_is_true(json_object_get(object, "ties"));
    const json_t *list = json_object_get(object, "objectives");
    size_t n = json_array_size(list);
    table->n_objectives = (unsigned)n;
    for (size_t i = 0; i < n && n <= ES_MAX_OBJECTIVES; i++) {
        const char *direction = json_string_value(json_array_get(list, i));
        if (!direction)
            return false;
        table->maximize[i] = !strcmp(direction, "max");
    }
    return n > 0 && n <= ES_MAX_OBJECTIVES && read_members(object, keys_members, N_OF(keys_members), table);
}

/* ES_EDAMAGED without a message when the object is not a manifest that is whole. */
static es_status read_object(json_t *object, es_manifest *m, es_errors *errors) {
    uint64_t stored, hash = 0;
    if (!read_hash(json_object_get(object, "manifest_xxh64"), &stored) ||
        json_object_del(object, "manifest_xxh64") != 0)
        return ES_EDAMAGED;
    es_status status = hash_of_object(object, &hash, errors);
    if (status)
        return status;
    const json_t *more = json_object_get(object, more_member.name);
    bool good = hash == stored && read_members(object, manifest_members, N_OF(manifest_members), m) &&
                (!more || read_value(&more_member, more, m));
    for (int r = 0; r < ES_RESULTS && good; r++) {
        const json_t *table = json_object_get(object, es_part_folder[r]);
        good = !table || read_table(table, r != ES_RESULT_ROWS, &m->table[r]);
    }
    m->table[ES_RESULT_FRONT].counted = m->table[ES_RESULT_FRONT].given && m->unique;
    good = good && m->first <= m->end && m->end <= m->total && m->shard.n <= ES_MAX_SHARDS && m->shard.k < m->shard.n &&
           m->shard.more < m->shard.n - m->shard.k && es_part_suffix(m->format);
    return good ? ES_OK : ES_EDAMAGED;
}

es_status es_manifest_read(es_manifest *manifest, const char *path, es_errors *errors) {
    json_error_t fault;
    char *text = NULL;
    size_t length = 0;
    json_t *object = NULL;
    *manifest = (es_manifest){0};
    es_status status = es_file_read(path, &text, &length, errors);
    if (status)
        return ES_ERUNTIME;
    if (!text)
        return errno = ENOENT, es_fail_errno(errors, "cannot read", path);
    object = es_json_read(text, length, &fault);
    status = object ? read_object(object, manifest, errors) : ES_EDAMAGED;
    if (status == ES_EDAMAGED)
        es_fail(errors, status, NULL, "damaged manifest: '%s'", es_quote_text(path).text);
    json_decref(object);
    free(text);
    return status;
}

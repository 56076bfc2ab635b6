/* Parts whose manifests are right about sizes and hashes, but nothing else need be: rows, records of fronts and best
 * tables, ranges and options come from the bytes.  Merging ends with an error or with whole tables. */
#include "fuzz.h"

#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "shards/merge.h"

enum { MOST_PARTS = 4 };

/* Takes what it needs from the front of the bytes; zeros when they are used up. */
typedef struct source {
    const uint8_t *data;
    size_t size;
} source;

static uint8_t take(source *s) {
    if (!s->size)
        return 0;
    s->size--;
    return *s->data++;
}

/* Up to n bytes, fewer when there are no more. */
static es_slice take_bytes(source *s, size_t n) {
    n = n < s->size ? n : s->size;
    es_slice slice = {(const char *)s->data, n};
    s->data += n, s->size -= n;
    return slice;
}

static void put(const char *folder, const char *name, es_slice text, uint64_t *bytes, uint64_t *xxh64) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s/%s", fuzz_folder(), folder, name);
    fuzz_write(path, text.text, text.length);
    *bytes = text.length;
    *xxh64 = XXH64(text.text, text.length, 0);
}

static void make_table(source *s, es_manifest *m, es_result r, const char *stem, uint8_t by, uint8_t objectives) {
    char name[ES_PART_NAME + 16];
    es_part_table *table = &m->table[r];
    uint8_t shape = take(s), rows = take(s);
    *table = (es_part_table){.given = true, .rows = rows % 8, .missing = shape};
    table->n_by = by % 3;
    table->n_objectives = 1 + objectives % 3;
    table->maximize[0] = shape & 1;
    table->ties = r == ES_RESULT_BEST && shape & 4;
    snprintf(name, sizeof name, "%s.csv", stem);
    put(es_part_folder[r], name, take_bytes(s, take(s)), &table->bytes, &table->xxh64);
    table->header_bytes = table->bytes ? take(s) % (table->bytes + 1) : 0;
    if (r == ES_RESULT_ROWS)
        return;
    size_t record = es_record_size(es_part_values(table));
    snprintf(name, sizeof name, "%s.%s", stem, es_part_folder[r]);
    put(ES_MANIFEST_FOLDER, name, take_bytes(s, shape & 2 ? take(s) : table->rows * record), &table->keys_bytes,
        &table->keys_xxh64);
}

static void make_part(source *s, uint64_t k, uint64_t n, uint8_t tables, uint8_t by, uint8_t objectives) {
    char stem[ES_PART_NAME], path[256], *text;
    uint8_t ends = take(s);
    static es_manifest m;
    m = (es_manifest){.version = "0.1.0", .unique = tables & 8, .shard = {.k = k, .n = n}, .total = 12};
    snprintf(m.format, sizeof m.format, "csv digits=9 delimiter=, decimal=. bom=0 crlf=0");
    m.first = es_shard_first(m.total, k, n), m.end = es_shard_first(m.total, k + 1, n);
    if (ends & 128)
        m.first = ends % 13, m.end = m.first + ends % (13 - m.first);
    es_part_stem(m.shard, stem);
    for (int r = 0; r < ES_RESULTS; r++)
        if (tables >> r & 1)
            make_table(s, &m, (es_result)r, stem, by, objectives);
    FUZZ_CHECK(es_manifest_text(&m, &text, NULL) == ES_OK);
    snprintf(path, sizeof path, "%s/" ES_MANIFEST_FOLDER "/%s.json", fuzz_folder(), stem);
    fuzz_write(path, text, strlen(text));
    free(text);
}

static es_status merge(es_errors *errors) {
    static char path[ES_RESULTS][128];
    es_parts parts = {0};
    es_merge_report report;
    es_merge_options options = {0};
    es_status status = es_parts_add(&parts, fuzz_folder(), errors);
    if (!status)
        status = es_parts_check(&parts, errors);
    for (int r = 0; r < ES_RESULTS && !status; r++) {
        snprintf(path[r], sizeof path[r], "%s/%s.out", fuzz_folder(), es_part_folder[r]);
        options.path[r] = parts.part[0].manifest.table[r].given ? path[r] : NULL;
    }
    if (!status)
        status = es_merge(&parts, &options, &report, errors);
    for (int r = 0; r < ES_RESULTS; r++)
        if (options.path[r])
            FUZZ_CHECK((access(path[r], F_OK) == 0) == (status == ES_OK));
    for (int r = 0; r < ES_RESULTS; r++)
        if (options.path[r])
            unlink(path[r]);
    es_parts_free(&parts);
    return status;
}

static void make_folders(void) {
    char path[128];
    static const char *const name[] = {"data", "front", "best", ES_MANIFEST_FOLDER};
    for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
        snprintf(path, sizeof path, "%s/%s", fuzz_folder(), name[i]);
        mkdir(path, 0700);
    }
}

/* The manifests of the input before. */
static void forget_parts(void) {
    char path[256], stem[ES_PART_NAME];
    for (uint64_t n = 1; n <= MOST_PARTS; n++)
        for (uint64_t k = 0; k < n; k++) {
            es_part_stem((es_shard){.k = k, .n = n}, stem);
            snprintf(path, sizeof path, "%s/" ES_MANIFEST_FOLDER "/%s.json", fuzz_folder(), stem);
            unlink(path);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    source s = {data, size};
    uint8_t n = 1 + take(&s) % MOST_PARTS, tables = take(&s), by = take(&s), objectives = take(&s);
    es_errors *errors = fuzz_errors();
    make_folders();
    forget_parts();
    for (uint8_t k = 0; k < n; k++)
        if (!(tables & 128 && k == 1))
            make_part(&s, k, n, tables, by, objectives);
    fuzz_outcome(merge(errors), errors);
    return 0;
}

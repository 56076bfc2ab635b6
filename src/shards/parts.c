#include "shards/parts.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/text.h"

enum { GAPS_SHOWN = 10 };

void es_parts_free(es_parts *parts) {
    for (size_t i = 0; i < parts->n; i++)
        free(parts->part[i].directory);
    free(parts->part);
    free(parts->missing);
    *parts = (es_parts){0};
}

char *es_part_text_path(const es_part *part, es_result r) {
    char *path;
    int n = asprintf(&path, "%s/%s/%s.%s", part->directory, es_part_folder[r], part->stem,
                     es_part_suffix(part->manifest.format));
    return n < 0 ? NULL : path;
}

char *es_part_keys_path(const es_part *part, es_result r) {
    char *path;
    int n = asprintf(&path, "%s/" ES_MANIFEST_FOLDER "/%s.%s", part->directory, part->stem, es_part_folder[r]);
    return n < 0 ? NULL : path;
}

/* ---- finding ---- */

static bool is_known(const es_parts *parts, const char *directory, const char *stem) {
    for (size_t i = 0; i < parts->n; i++)
        if (!strcmp(parts->part[i].directory, directory) && !strcmp(parts->part[i].stem, stem))
            return true;
    return false;
}

static es_status add_part(es_parts *parts, const char *directory, es_slice stem, es_errors *errors) {
    char *path;
    char name[ES_PART_NAME], expected[ES_PART_NAME];
    es_copy_text(name, sizeof name, stem);
    if (!es_grow((void **)&parts->part, &parts->capacity, parts->n + 1, sizeof *parts->part) ||
        asprintf(&path, "%s/" ES_MANIFEST_FOLDER "/%s.json", directory, name) < 0)
        return es_fail_memory(errors);
    es_part *part = &parts->part[parts->n];
    es_status status = es_manifest_read(&part->manifest, path, errors);
    es_part_stem(part->manifest.shard, expected);
    if (!status && strcmp(name, expected) != 0)
        status = es_fail(errors, ES_EDAMAGED, NULL, "'%s' is the manifest of %s", es_quote_text(path).text, expected);
    free(path);
    if (status)
        return status;
    es_copy_text(part->stem, sizeof part->stem, es_slice_of(name));
    part->directory = strdup(directory);
    if (!part->directory)
        return es_fail_memory(errors);
    parts->n++;
    return ES_OK;
}

static bool is_manifest_name(const char *name) {
    size_t length = strlen(name);
    return !strncmp(name, "part-", 5) && length > 5 && !strcmp(name + length - 5, ".json");
}

static es_status add_directory(es_parts *parts, const char *directory, es_errors *errors) {
    char *folder;
    size_t before = parts->n;
    if (asprintf(&folder, "%s/" ES_MANIFEST_FOLDER, directory) < 0)
        return es_fail_memory(errors);
    DIR *list = opendir(folder);
    es_status status = list || errno == ENOENT ? ES_OK : es_fail_errno(errors, "cannot read", folder);
    for (struct dirent *entry; list && !status && (errno = 0, entry = readdir(list));)
        if (is_manifest_name(entry->d_name))
            status = add_part(parts, directory, (es_slice){entry->d_name, strlen(entry->d_name) - 5}, errors);
    if (list && !status && errno != 0)
        status = es_fail_errno(errors, "cannot read", folder);
    if (list)
        closedir(list);
    free(folder);
    if (!status && parts->n == before)
        status = es_fail(errors, ES_EMISSING, NULL, "no finished part in the directory: '%s'",
                         es_quote_text(directory).text);
    return status;
}

/* DIR/data/part-00003-of-00016.csv, DIR/_manifest/part-00003-of-00016.json and the like. */
static es_status add_file(es_parts *parts, const char *path, es_errors *errors) {
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    es_slice stem = {base, strcspn(base, ".")};
    char *directory;
    int n = slash ? asprintf(&directory, "%.*s/..", (int)(slash - path), path) : asprintf(&directory, "..");
    char *real = n < 0 ? NULL : realpath(directory, NULL);
    if (n >= 0)
        free(directory);
    if (!real)
        return es_fail_errno(errors, "cannot read", path);
    char name[ES_PART_NAME];
    es_copy_text(name, sizeof name, stem);
    es_status status = is_known(parts, real, name) ? ES_OK : add_part(parts, real, stem, errors);
    free(real);
    return status;
}

es_status es_parts_add_shard(es_parts *parts, const char *directory, es_shard shard, es_errors *errors) {
    char stem[ES_PART_NAME];
    es_part_stem(shard, stem);
    return add_part(parts, directory, es_slice_of(stem), errors);
}

es_status es_parts_add(es_parts *parts, const char *input, es_errors *errors) {
    struct stat status;
    if (stat(input, &status) != 0)
        return es_fail_errno(errors, "cannot read", input);
    return S_ISDIR(status.st_mode) ? add_directory(parts, input, errors) : add_file(parts, input, errors);
}

/* ---- one whole ---- */

/* The first thing in which two parts differ that must be the same; NULL: none. */
static const char *difference(const es_manifest *a, const es_manifest *b) {
    if (a->grid_hash != b->grid_hash || a->total != b->total || a->catalog_hash != b->catalog_hash)
        return "sweep or catalogs";
    if (strcmp(a->version, b->version) != 0)
        return "version of edgesweep";
    if (strcmp(a->format, b->format) != 0)
        return "format";
    if (a->unique != b->unique)
        return "--unique";
    for (int r = 0; r < ES_RESULTS; r++)
        if (a->table[r].given != b->table[r].given || a->table[r].n_by != b->table[r].n_by ||
            a->table[r].n_objectives != b->table[r].n_objectives)
            return "tables";
    return NULL;
}

static es_status check_mixed(const es_parts *parts, es_errors *errors) {
    for (size_t i = 1; i < parts->n; i++) {
        const char *what = difference(&parts->part[0].manifest, &parts->part[i].manifest);
        if (what)
            return es_fail(errors, ES_EMIXED, NULL, "parts of different runs (%s): '%s/%s' and '%s/%s'", what,
                           es_quote_text(parts->part[0].directory).text, parts->part[0].stem,
                           es_quote_text(parts->part[i].directory).text, parts->part[i].stem);
    }
    return ES_OK;
}

static int by_points(const void *a, const void *b) {
    const es_manifest *x = &((const es_part *)a)->manifest, *y = &((const es_part *)b)->manifest;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

static es_status check_overlaps(const es_parts *parts, es_errors *errors) {
    const es_part *last = NULL;
    es_status status = ES_OK;
    for (size_t i = 0; i < parts->n; i++) {
        const es_part *part = &parts->part[i];
        if (part->manifest.first == part->manifest.end)
            continue;
        if (last && part->manifest.first < last->manifest.end)
            status = es_fail(errors, ES_EOVERLAP, NULL, "'%s/%s' and '%s/%s' both hold the points from %" PRIu64 " on",
                             es_quote_text(last->directory).text, last->stem, es_quote_text(part->directory).text,
                             part->stem, part->manifest.first);
        if (!last || part->manifest.end > last->manifest.end)
            last = part;
    }
    return status;
}

/* ---- gaps ---- */

typedef struct gap {
    uint64_t first, end;
} gap;

/* The lowest shard of n that begins at `point` or behind it. */
static uint64_t shard_at(uint64_t total, uint64_t n, uint64_t point) {
    return (uint64_t)(((unsigned __int128)point * n + total - 1) / total);
}

static bool fits(uint64_t total, uint64_t n, const gap *g) {
    return es_shard_first(total, shard_at(total, n, g->first), n) == g->first &&
           es_shard_first(total, shard_at(total, n, g->end), n) == g->end;
}

/* `--array=3,7-9` for shards of n, NULL when the gaps are not made of such. */
static char *array_list(uint64_t total, uint64_t n, const gap *gaps, size_t n_gaps) {
    char *text = NULL;
    size_t size;
    for (size_t i = 0; i < n_gaps; i++)
        if (!fits(total, n, &gaps[i]))
            return NULL;
    FILE *stream = open_memstream(&text, &size);
    if (!stream)
        return NULL;
    fputs("--array=", stream);
    for (size_t i = 0; i < n_gaps; i++) {
        uint64_t k = shard_at(total, n, gaps[i].first), last = shard_at(total, n, gaps[i].end) - 1;
        fprintf(stream, last > k ? "%s%" PRIu64 "-%" PRIu64 : "%s%" PRIu64, i ? "," : "", k, last);
    }
    fprintf(stream, " with --shard auto/%" PRIu64, n);
    bool written = !ferror(stream);
    if (fclose(stream) == 0 && written)
        return text;
    free(text);
    return NULL;
}

static es_status find_gaps(const es_parts *parts, gap **gaps, size_t *n, es_errors *errors) {
    uint64_t reached = 0, total = parts->part[0].manifest.total;
    *n = 0;
    *gaps = calloc(parts->n + 1, sizeof **gaps);
    if (!*gaps)
        return es_fail_memory(errors);
    for (size_t i = 0; i < parts->n; i++) {
        const es_manifest *m = &parts->part[i].manifest;
        if (m->first > reached && m->first < m->end)
            (*gaps)[(*n)++] = (gap){reached, m->first};
        reached = m->end > reached ? m->end : reached;
    }
    if (reached < total)
        (*gaps)[(*n)++] = (gap){reached, total};
    return ES_OK;
}

static es_status check_gaps(es_parts *parts, es_errors *errors) {
    gap *gaps;
    size_t n;
    uint64_t total = parts->part[0].manifest.total;
    es_status status = find_gaps(parts, &gaps, &n, errors);
    for (size_t i = 0; i < n && i < GAPS_SHOWN; i++)
        status = es_fail(errors, ES_EMISSING, NULL, "missing: points %" PRIu64 " to %" PRIu64, gaps[i].first,
                         gaps[i].end - 1);
    if (n > GAPS_SHOWN)
        es_fail(errors, ES_EMISSING, NULL, "missing: %zu more ranges of points", n - GAPS_SHOWN);
    for (size_t i = 0; i < parts->n && n && !parts->missing; i++)
        parts->missing = array_list(total, parts->part[i].manifest.shard.n, gaps, n);
    free(gaps);
    return status;
}

es_status es_parts_check(es_parts *parts, es_errors *errors) {
    if (!parts->n)
        return es_fail(errors, ES_EMISSING, NULL, "no parts");
    es_status status = check_mixed(parts, errors);
    if (status)
        return status;
    qsort(parts->part, parts->n, sizeof *parts->part, by_points);
    status = check_overlaps(parts, errors);
    return status ? status : check_gaps(parts, errors);
}

#include "shards/merge.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <edgesweep/version.h>
#include <xxhash.h>

#include "base/os.h"
#include "base/open.h"
#include "base/text.h"
#include "shards/reduce.h"
#include "io/output.h"

enum { BLOCK = 1 << 20 };

typedef struct merging {
    const es_parts *parts;
    const es_merge_options *options;
    es_merge_report *report;
    es_output *output[ES_RESULTS];
    char *block;
    bool verifying; /* rows go nowhere */
} merging;

static es_status damaged(const char *path, const char *how, es_errors *errors) {
    return es_fail(errors, ES_EDAMAGED, NULL, "damaged: '%s' %s", es_quote_text(path).text, how);
}

/* ---- files whose hash is checked while they are read ---- */

typedef struct checked {
    char *path;
    int fd;
    uint64_t left, xxh64; /* bytes to come, hash of all */
    XXH64_state_t *hash;
    char *data; /* a window of the file, BLOCK bytes long unless a row is longer */
    size_t from, to, capacity;
} checked;

static es_status checked_open(checked *c, char *path, uint64_t bytes, uint64_t xxh64, es_errors *errors) {
    struct stat status;
    *c = (checked){.path = path, .left = bytes, .xxh64 = xxh64, .fd = -1, .hash = XXH64_createState()};
    c->data = malloc(c->capacity = BLOCK);
    if (!path || !c->hash || !c->data)
        return es_fail_memory(errors);
    XXH64_reset(c->hash, 0);
    c->fd = es_open(path, O_RDONLY | O_CLOEXEC, 0);
    if (c->fd < 0)
        return errno == ENOENT ? damaged(path, "is missing", errors) : es_fail_errno(errors, "cannot read", path);
    if (fstat(c->fd, &status) != 0)
        return es_fail_errno(errors, "cannot read", path);
    if ((uint64_t)status.st_size != bytes)
        return damaged(path, "has another size than its manifest says", errors);
    es_os_read_ahead(c->fd);
    return ES_OK;
}

static void checked_close(checked *c) {
    if (c->fd >= 0)
        close(c->fd);
    XXH64_freeState(c->hash);
    free(c->data);
    free(c->path);
    *c = (checked){.fd = -1};
}

/* Reads up to n bytes; 0 at the end. */
static es_status checked_read(checked *c, char *to, size_t n, size_t *got, es_errors *errors) {
    size_t want = c->left < n ? (size_t)c->left : n;
    ssize_t result = 0;
    *got = 0;
    if (!want)
        return ES_OK;
    do
        result = read(c->fd, to, want);
    while (result < 0 && errno == EINTR);
    if (result < 0)
        return es_fail_errno(errors, "cannot read", c->path);
    if (!result)
        return damaged(c->path, "ends too early", errors);
    XXH64_update(c->hash, to, (size_t)result);
    c->left -= (uint64_t)result;
    *got = (size_t)result;
    return ES_OK;
}

static es_status checked_verify(const checked *c, es_errors *errors) {
    return XXH64_digest(c->hash) == c->xxh64 ? ES_OK
                                             : damaged(c->path, "does not have the hash of its manifest", errors);
}

/* Makes room in the window and reads on. */
static es_status refill(checked *c, size_t *got, es_errors *errors) {
    memmove(c->data, c->data + c->from, c->to - c->from);
    c->to -= c->from, c->from = 0;
    if (c->to == c->capacity) {
        char *more = realloc(c->data, 2 * c->capacity);
        if (!more)
            return es_fail_memory(errors);
        c->data = more, c->capacity *= 2;
    }
    es_status status = checked_read(c, c->data + c->to, c->capacity - c->to, got, errors);
    c->to += *got;
    return status;
}

/* The next n bytes; valid until the next call. */
static es_status checked_take(checked *c, size_t n, const char **data, es_errors *errors) {
    es_status status = ES_OK;
    size_t got = 1;
    while (c->to - c->from < n && got && !status)
        status = refill(c, &got, errors);
    if (!status && c->to - c->from < n)
        status = damaged(c->path, "ends too early", errors);
    *data = c->data + c->from;
    c->from += n;
    return status;
}

/* The next row with its newline; *n 0 at the end. */
static es_status checked_row(checked *c, const char **row, size_t *n, es_errors *errors) {
    es_status status = ES_OK;
    size_t got = 1, seen = 0;
    const char *end = NULL;
    while (!status && got && !(end = memchr(c->data + c->from + seen, '\n', c->to - c->from - seen))) {
        seen = c->to - c->from;
        status = refill(c, &got, errors);
    }
    *row = c->data + c->from;
    *n = end ? (size_t)(end + 1 - *row) : c->to - c->from;
    c->from += *n;
    return status;
}

static bool stopped(const merging *m) { return m->options->stop && *m->options->stop; }

static es_status stop_status(const merging *m) { return *m->options->stop == SIGTERM ? ES_ETERM : ES_EINT; }

/* ---- rows ---- */

es_status es_part_copy(const es_part *part, es_result r, bool header, char *buffer, size_t most, es_part_piece take,
                       void *context, es_errors *errors) {
    const es_part_table *table = &part->manifest.table[r];
    checked c;
    uint64_t skip = header ? 0 : table->header_bytes;
    size_t got = 1;
    es_status status = checked_open(&c, es_part_text_path(part, r), table->bytes, table->xxh64, errors);
    while (!status && got) {
        status = checked_read(&c, buffer, most, &got, errors);
        size_t skipped = skip < got ? (size_t)skip : got;
        skip -= skipped;
        if (!status)
            status = take(context, buffer + skipped, got - skipped, errors);
    }
    if (!status)
        status = checked_verify(&c, errors);
    checked_close(&c);
    return status;
}

static es_status write_piece(void *context, const char *data, size_t n, es_errors *errors) {
    merging *m = context;
    if (stopped(m))
        return stop_status(m);
    return m->verifying ? ES_OK : es_output_write(m->output[ES_RESULT_ROWS], data, n, errors);
}

static es_status merge_rows(merging *m, es_errors *errors) {
    es_status status = ES_OK;
    for (size_t i = 0; i < m->parts->n && !status; i++) {
        const es_part *part = &m->parts->part[i];
        m->report->rows[ES_RESULT_ROWS] += part->manifest.table[ES_RESULT_ROWS].rows;
        status = es_part_copy(part, ES_RESULT_ROWS, i == 0, m->block, BLOCK, write_piece, m, errors);
    }
    return status;
}

/* ---- reductions ---- */

static es_status visit_records(checked *keys, checked *text, const es_part_table *table, es_part_visit call,
                               void *context, es_errors *errors) {
    size_t size = es_record_size(es_part_values(table));
    union {
        es_record record;
        char bytes[sizeof(es_record) + ES_MAX_RECORD * sizeof(double)];
    } one;
    const char *data, *row = NULL;
    size_t n = 0;
    es_status status = ES_OK;
    if (text)
        status = checked_take(text, table->header_bytes, &row, errors);
    for (uint64_t i = 0; i < table->rows && !status; i++) {
        status = checked_take(keys, size, &data, errors);
        if (!status)
            memcpy(one.bytes, data, size);
        if (!status && text)
            status = checked_row(text, &row, &n, errors);
        if (!status)
            status = call(context, &one.record, row, n, errors);
    }
    return status;
}

es_status es_part_visit_rows(const es_part *part, es_result r, bool with_text, es_part_visit call, void *context,
                             es_errors *errors) {
    const es_part_table *table = &part->manifest.table[r];
    checked keys = {.fd = -1}, text = {.fd = -1};
    es_status status = checked_open(&keys, es_part_keys_path(part, r), table->keys_bytes, table->keys_xxh64, errors);
    if (!status && table->keys_bytes != table->rows * es_record_size(es_part_values(table)))
        status = damaged(keys.path, "does not have a record for every row", errors);
    if (!status && with_text)
        status = checked_open(&text, es_part_text_path(part, r), table->bytes, table->xxh64, errors);
    if (!status)
        status = visit_records(&keys, with_text ? &text : NULL, table, call, context, errors);
    if (!status && (keys.left || text.left || text.from != text.to))
        status = damaged(text.path ? text.path : keys.path, "holds more rows than its manifest says", errors);
    if (!status)
        status = checked_verify(&keys, errors);
    if (!status && with_text)
        status = checked_verify(&text, errors);
    checked_close(&keys);
    checked_close(&text);
    return status;
}

static es_status visit_parts(const merging *m, es_result r, bool with_text, es_part_visit call, void *context,
                             es_errors *errors) {
    es_status status = ES_OK;
    for (size_t i = 0; i < m->parts->n && !status; i++)
        status =
            stopped(m) ? stop_status(m) : es_part_visit_rows(&m->parts->part[i], r, with_text, call, context, errors);
    return status;
}

es_status es_part_header(const es_part *part, es_result r, char **header, size_t *n, es_errors *errors) {
    const es_part_table *table = &part->manifest.table[r];
    checked c;
    const char *data;
    *header = NULL;
    *n = (size_t)table->header_bytes;
    es_status status = checked_open(&c, es_part_text_path(part, r), table->bytes, table->xxh64, errors);
    if (!status)
        status = checked_take(&c, *n, &data, errors);
    if (!status && !(*header = malloc(*n + 1)))
        status = es_fail_memory(errors);
    if (!status)
        memcpy(*header, data, *n);
    checked_close(&c);
    return status;
}

static es_status write_header(merging *m, es_result r, es_errors *errors) {
    char *header;
    size_t n;
    es_status status = es_part_header(&m->parts->part[0], r, &header, &n, errors);
    if (!status && m->output[r])
        status = es_output_write(m->output[r], header, n, errors);
    free(header);
    return status;
}

typedef struct front_merge {
    merging *m;
    es_front_union *front;
} front_merge;

static es_status add_to_front(void *context, const es_record *record, const char *row, size_t n, es_errors *errors) {
    (void)row, (void)n;
    return es_front_union_add(((front_merge *)context)->front, record, errors);
}

static es_status count_on_front(void *context, const es_record *record, const char *row, size_t n, es_errors *errors) {
    (void)row, (void)n, (void)errors;
    es_front_union_count(((front_merge *)context)->front, record);
    return ES_OK;
}

static es_status write_if_on_front(void *context, const es_record *record, const char *row, size_t n,
                                   es_errors *errors) {
    front_merge *f = context;
    if (!es_front_union_has(f->front, record))
        return ES_OK;
    f->m->report->rows[ES_RESULT_FRONT]++;
    es_output *output = f->m->output[ES_RESULT_FRONT];
    es_status status = es_front_union_row(f->front, &record, &row, &n, errors);
    return !status && output ? es_output_write(output, row, n, errors) : status;
}

static es_status merge_front(merging *m, es_errors *errors) {
    const es_manifest *any = &m->parts->part[0].manifest;
    front_merge f = {.m = m};
    es_status status = es_front_union_new(&f.front, &any->table[ES_RESULT_FRONT], any->unique, errors);
    if (!status)
        status = visit_parts(m, ES_RESULT_FRONT, false, add_to_front, &f, errors);
    if (!status)
        status = es_front_union_finish(f.front, errors);
    if (!status && any->unique)
        status = visit_parts(m, ES_RESULT_FRONT, false, count_on_front, &f, errors);
    if (!status)
        status = write_header(m, ES_RESULT_FRONT, errors);
    if (!status)
        status = visit_parts(m, ES_RESULT_FRONT, true, write_if_on_front, &f, errors);
    es_front_union_free(f.front);
    return status;
}

static es_status add_to_best(void *context, const es_record *record, const char *row, size_t n, es_errors *errors) {
    return es_best_union_add(context, record, row, n, errors);
}

static es_status merge_best(merging *m, es_errors *errors) {
    es_best_union *best = NULL;
    es_output *output = m->output[ES_RESULT_BEST];
    es_status status = es_best_union_new(&best, &m->parts->part[0].manifest.table[ES_RESULT_BEST], errors);
    if (!status)
        status = visit_parts(m, ES_RESULT_BEST, true, add_to_best, best, errors);
    if (!status)
        status = write_header(m, ES_RESULT_BEST, errors);
    size_t count = status ? 0 : es_best_union_finish(best, true);
    for (size_t i = 0; i < count && !status && output; i++) {
        const char *row;
        size_t n;
        es_best_union_row(best, i, &row, &n);
        status = es_output_write(output, row, n, errors);
    }
    m->report->rows[ES_RESULT_BEST] = count;
    es_best_union_free(best);
    return status;
}

/* ---- all together ---- */

static bool is_stream(const char *path) {
    struct stat status;
    return path && (!strcmp(path, "-") || (stat(path, &status) == 0 && !S_ISREG(status.st_mode)));
}

/* A pipe cannot be taken back: what goes there is verified first, in a pass of its own. */
static es_status verify_rows_first(merging *m, es_errors *errors) {
    es_status status = ES_OK;
    if (!is_stream(m->options->path[ES_RESULT_ROWS]))
        return ES_OK;
    m->verifying = true;
    for (size_t i = 0; i < m->parts->n && !status; i++)
        status = es_part_copy(&m->parts->part[i], ES_RESULT_ROWS, true, m->block, BLOCK, write_piece, m, errors);
    m->verifying = false;
    return status;
}

static es_status verify_reductions_first(merging *m, es_errors *errors) {
    es_status status = ES_OK;
    const es_part_table *table = m->parts->part[0].manifest.table;
    bool streams = false;
    for (int r = 0; r < ES_RESULTS; r++)
        streams = streams || is_stream(m->options->path[r]);
    if (streams && table[ES_RESULT_FRONT].given)
        status = merge_front(m, errors);
    if (streams && !status && table[ES_RESULT_BEST].given)
        status = merge_best(m, errors);
    m->report->rows[ES_RESULT_FRONT] = 0;
    return status;
}

static es_status open_outputs(merging *m, es_errors *errors) {
    const es_manifest *any = &m->parts->part[0].manifest;
    es_status status = ES_OK;
    for (int r = 0; r < ES_RESULTS && !status; r++) {
        es_output_options options = {.sync = m->options->sync,
                                     .meta = true,
                                     .command = m->options->command,
                                     .grid_hash = any->grid_hash,
                                     .catalog_hash = any->catalog_hash,
                                     .version = EDGESWEEP_VERSION};
        for (size_t i = 0; i < m->parts->n && r == ES_RESULT_ROWS; i++)
            options.expected_bytes += m->parts->part[i].manifest.table[r].bytes;
        if (m->options->path[r])
            status = es_output_open(&m->output[r], m->options->path[r], &options, errors);
    }
    return status;
}

static es_status commit(merging *m, es_errors *errors) {
    es_status status = ES_OK;
    for (int r = 0; r < ES_RESULTS; r++) {
        es_output *output = m->output[r];
        m->output[r] = NULL;
        if (!output)
            continue;
        m->report->bytes[r] = es_output_bytes(output);
        if (!status)
            status = es_output_commit(output, m->report->rows[r], errors);
        else
            es_output_abort(output);
    }
    return status;
}

es_status es_merge(const es_parts *parts, const es_merge_options *options, es_merge_report *report, es_errors *errors) {
    merging m = {.parts = parts, .options = options, .report = report, .block = malloc(BLOCK)};
    es_status (*const merge[ES_RESULTS])(merging *, es_errors *) = {merge_rows, merge_front, merge_best};
    *report = (es_merge_report){0};
    es_status status = m.block ? verify_rows_first(&m, errors) : es_fail_memory(errors);
    if (!status)
        status = verify_reductions_first(&m, errors);
    if (!status)
        status = open_outputs(&m, errors);
    for (int r = 0; r < ES_RESULTS && !status; r++) {
        for (size_t i = 0; i < parts->n; i++)
            report->missing[r] += parts->part[i].manifest.table[r].missing;
        if (m.output[r])
            status = merge[r](&m, errors);
    }
    if (!status)
        status = commit(&m, errors);
    for (int r = 0; r < ES_RESULTS; r++)
        es_output_abort(m.output[r]);
    free(m.block);
    return status;
}

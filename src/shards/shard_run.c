#include "shards/shard_run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "shards/journal.h"
#include "shards/part_file.h"
#include "engine/record.h"

enum { DEFAULT_INTERVAL = 10, LOCK_SECONDS = 5 };

typedef struct part {
    const es_sweep *sweep;
    const es_shard_options *options;
    es_shard_report *report;
    es_manifest *manifest;
    char stem[ES_PART_NAME];
    char *folder[ES_RESULTS], *manifest_folder; /* paths */
    es_journal journal;
    es_part_file text[ES_RESULTS], keys[ES_RESULTS];
    bool open[ES_RESULTS];
    bool dropped;             /* an empty range: rows of the point that gave the headers */
    bool header_waits;        /* for a record of progress, behind */
    es_journal_record header; /* ... this one */
    uint64_t next;            /* rows of the points before it are in the partial */
    double recorded;          /* when the journal got its last record */
} part;

/* ---- names ---- */

static bool has(const part *p, es_result r) { return p->manifest->table[r].given; }

static es_status name_folders(part *p, es_errors *errors) {
    const char *out = p->options->directory;
    for (int r = 0; r < ES_RESULTS; r++)
        if (asprintf(&p->folder[r], "%s/%s", out, es_part_folder[r]) < 0)
            p->folder[r] = NULL;
    if (asprintf(&p->manifest_folder, "%s/" ES_MANIFEST_FOLDER, out) < 0)
        p->manifest_folder = NULL;
    return p->folder[0] && p->folder[1] && p->folder[2] && p->manifest_folder ? ES_OK : es_fail_memory(errors);
}

static es_status make_folders(const part *p, es_errors *errors) {
    es_status status = es_make_directory(p->manifest_folder, errors);
    for (int r = 0; r < ES_RESULTS && !status; r++)
        if (has(p, r))
            status = es_make_directory(p->folder[r], errors);
    return status;
}

static void text_name(const part *p, char *to, size_t size) {
    snprintf(to, size, "%s.%s", p->stem, es_part_suffix(p->manifest->format));
}

static void keys_name(const part *p, es_result r, char *to, size_t size) {
    snprintf(to, size, "%s.%s", p->stem, es_part_folder[r]);
}

/* ---- what the run hands over ---- */

static bool stopping(const part *p) { return p->options->run.stop && *p->options->run.stop; }

static es_journal_record progress_of(const part *p) {
    const es_part_file *file = &p->text[ES_RESULT_ROWS];
    return (es_journal_record){
        .next = p->next, .bytes = file->bytes, .rows = file->rows, .xxh64 = XXH64_digest(file->hash)};
}

static bool is_record_due(const part *p) {
    const double interval = p->options->interval > 0 ? p->options->interval : DEFAULT_INTERVAL;
    return es_seconds_now() - p->recorded >= interval;
}

static es_status record_progress(part *p, es_errors *errors) {
    es_part_file *file = &p->text[ES_RESULT_ROWS];
    es_status status = es_part_file_flush(file, true, errors);
    if (!status && p->header_waits)
        status = es_journal_append(&p->journal, p->header, errors);
    p->header_waits = p->header_waits && status;
    if (!status)
        status = es_journal_append(&p->journal, progress_of(p), errors);
    p->recorded = es_seconds_now();
    return status;
}

/* The rows are whole when the front and the best table begin. */
static es_status close_rows(part *p, es_errors *errors) {
    if (!has(p, ES_RESULT_ROWS) || p->next == p->manifest->end || p->dropped)
        return ES_OK;
    p->next = p->manifest->end;
    return is_record_due(p) ? record_progress(p, errors) : ES_OK;
}

static es_status take_header(void *context, es_result r, const char *data, size_t n, es_errors *errors) {
    part *p = context;
    es_part_file *file = &p->text[r];
    char name[ES_PART_NAME + 16];
    if (r == ES_RESULT_ROWS && p->open[r]) /* resumed: the header is there */
        return ES_OK;
    es_status status = r == ES_RESULT_ROWS ? ES_OK : close_rows(p, errors);
    text_name(p, name, sizeof name);
    if (!status)
        status = es_part_file_open(file, p->folder[r], name, errors);
    p->open[r] = true;
    file->sink.limit = p->options->run.max_bytes;
    if (!status)
        status = es_part_file_write(file, data, n, errors);
    file->header_bytes = n;
    if (r == ES_RESULT_ROWS && !status) {
        p->header = progress_of(p);
        p->header_waits = true;
    }
    if (r == ES_RESULT_ROWS)
        return status;
    keys_name(p, r, name, sizeof name);
    return status ? status : es_part_file_open(&p->keys[r], p->manifest_folder, name, errors);
}

static es_status take_records(part *p, es_result r, const char *data, size_t n, es_errors *errors) {
    const es_part_table *table = &p->manifest->table[r];
    size_t size = es_record_size(es_part_values(table));
    es_status status = ES_OK;
    while (n && !status) {
        const char *row = data + size;
        size_t length = (size_t)((const char *)memchr(row, '\n', n - size) + 1 - row);
        status = es_part_file_write(&p->keys[r], data, size, errors);
        if (!status)
            status = es_part_file_write(&p->text[r], row, length, errors);
        p->text[r].rows++;
        data += size + length, n -= size + length;
    }
    return status;
}

static es_status take_rows(void *context, es_result r, const char *data, size_t n, uint64_t rows, uint64_t next,
                           es_errors *errors) {
    part *p = context;
    if (p->dropped || stopping(p)) /* after a stop, rows may be missing among these */
        return ES_OK;
    if (r != ES_RESULT_ROWS)
        return take_records(p, r, data, n, errors);
    es_status status = es_part_file_write(&p->text[r], data, n, errors);
    p->text[r].rows += rows;
    p->next = next;
    return !status && is_record_due(p) ? record_progress(p, errors) : status;
}

/* ---- the runs ---- */

static es_status run_range(part *p, const es_sweep *sweep, uint64_t first, uint64_t end, bool rows, bool reductions,
                           es_errors *errors) {
    es_receiver receiver = {.context = p, .header = take_header, .write = take_rows};
    es_run_options options = p->options->run;
    options.part = true;
    options.first = first;
    options.end = end;
    options.limit = 0;
    options.receiver = &receiver;
    options.out = rows ? "rows" : NULL;
    options.front_out = reductions && has(p, ES_RESULT_FRONT) ? "front" : NULL;
    options.best_out = reductions && has(p, ES_RESULT_BEST) ? "best" : NULL;
    es_run_report_free(&p->report->run);
    es_status status = es_sweep_run(sweep, &options, &p->report->run, errors);
    if (!status && rows)
        status = close_rows(p, errors);
    if (!status && reductions) {
        p->manifest->table[ES_RESULT_FRONT].missing = p->report->run.front_missing;
        p->manifest->table[ES_RESULT_BEST].missing = p->report->run.best_missing;
    }
    return status;
}

/* The rest of the rows; then what spans the whole range, evaluated once more where rows were already there. */
static es_status run_rest(part *p, es_errors *errors) {
    es_sweep rows_only = *p->sweep;
    rows_only.front.given = rows_only.best.given = false;
    es_status status = ES_OK;
    if (p->next < p->manifest->end)
        status = run_range(p, &rows_only, p->next, p->manifest->end, true, false, errors);
    bool reduces = has(p, ES_RESULT_FRONT) || has(p, ES_RESULT_BEST);
    return !status && reduces ? run_range(p, p->sweep, p->manifest->first, p->manifest->end, false, true, errors)
                              : status;
}

static es_status run_part(part *p, es_errors *errors) {
    const es_manifest *m = p->manifest;
    bool rows = has(p, ES_RESULT_ROWS);
    p->dropped = m->first == m->end;
    if (p->dropped) /* the first point of the grid gives the headers */
        return run_range(p, p->sweep, 0, 1, rows, true, errors);
    if (p->open[ES_RESULT_ROWS] && p->next > m->first)
        return run_rest(p, errors);
    return run_range(p, p->sweep, m->first, m->end, rows, true, errors);
}

/* ---- resuming ---- */

static es_status open_journal(part *p, es_errors *errors) {
    char *path;
    if (asprintf(&path, "%s/.%s.journal", p->manifest_folder, p->stem) < 0)
        return es_fail_memory(errors);
    es_status status = es_journal_open(&p->journal, path, es_manifest_identity(p->manifest), LOCK_SECONDS, errors);
    free(path);
    return status;
}

static void tell_recovery(const part *p, es_recovery recovery, es_errors *errors) {
    if (p->journal.torn)
        es_warn(errors, NULL, "%s: the journal ends in a torn record; it goes on from the one before", p->stem);
    if (recovery == ES_RECOVERY_EARLIER)
        es_warn(errors, NULL, "%s: the end of the partial file is damaged or missing; it goes on from what is whole",
                p->stem);
    if (recovery == ES_RECOVERY_DAMAGED)
        es_warn(errors, NULL, "%s: the partial file is damaged or missing; the part starts again", p->stem);
}

/* Opens the partial behind what the journal vouches for.  A crash between the renames of a commit leaves the data file
 * under its final name without a manifest: it becomes the partial again. */
static es_status recover_rows(part *p, es_errors *errors) {
    es_part_file *file = &p->text[ES_RESULT_ROWS];
    char name[ES_PART_NAME + 16];
    struct stat there;
    es_recovery recovery = ES_RECOVERY_NONE;
    size_t n;
    XXH64_state_t *hash;
    text_name(p, name, sizeof name);
    es_status status = es_part_file_name(file, p->folder[ES_RESULT_ROWS], name, errors);
    if (!status && stat(file->partial, &there) != 0 && rename(file->path, file->partial) != 0 && errno != ENOENT)
        status = es_fail_errno(errors, "cannot rename", file->path);
    if (!status)
        status = es_journal_recover(&p->journal, file->partial, &recovery, &n, &hash, errors);
    if (status)
        return status;
    tell_recovery(p, recovery, errors);
    status = es_journal_restart(&p->journal, n, errors);
    if (status || !n) {
        XXH64_freeState(hash);
        es_part_file_close(file);
        return status;
    }
    const es_journal_record *last = &p->journal.record[n - 1];
    p->open[ES_RESULT_ROWS] = true;
    p->next = last->next;
    file->rows = p->report->resumed_rows = last->rows;
    file->header_bytes = p->journal.record[0].bytes;
    file->sink.limit = p->options->run.max_bytes;
    return es_part_file_continue(file, last->bytes, hash, errors);
}

static es_status begin(part *p, es_errors *errors) {
    p->next = p->manifest->first;
    p->recorded = es_seconds_now();
    if (p->options->resume && has(p, ES_RESULT_ROWS))
        return recover_rows(p, errors);
    return es_journal_restart(&p->journal, 0, errors);
}

/* ---- finished parts ---- */

static bool has_size(const char *folder, const char *name, uint64_t bytes) {
    char *path;
    struct stat status;
    if (asprintf(&path, "%s/%s", folder, name) < 0)
        return false;
    bool good = stat(path, &status) == 0 && S_ISREG(status.st_mode) && (uint64_t)status.st_size == bytes;
    free(path);
    return good;
}

static bool files_are_there(const part *p, const es_manifest *m) {
    char name[ES_PART_NAME + 16];
    bool good = true;
    for (int r = 0; r < ES_RESULTS && good; r++) {
        text_name(p, name, sizeof name);
        if (m->table[r].given)
            good = has_size(p->folder[r], name, m->table[r].bytes);
        keys_name(p, r, name, sizeof name);
        if (m->table[r].given && r != ES_RESULT_ROWS)
            good = good && has_size(p->manifest_folder, name, m->table[r].keys_bytes);
    }
    return good;
}

/* Whether the part is there already.  A part of another grid is an error: its place is taken. */
static es_status look_for_finished(part *p, bool *finished, es_errors *errors) {
    es_manifest old;
    char *path;
    *finished = false;
    if (asprintf(&path, "%s/%s.json", p->manifest_folder, p->stem) < 0)
        return es_fail_memory(errors);
    const bool there = access(path, F_OK) == 0;
    es_status status = there ? es_manifest_read(&old, path, errors) : ES_OK;
    if (!status && there) {
        if (es_manifest_identity(&old) != es_manifest_identity(p->manifest))
            status = es_fail(errors, ES_ERUNTIME, NULL,
                             "'%s' is part of another sweep or was written with other options; give another -o or "
                             "remove it",
                             es_quote_text(path).text);
        else if (files_are_there(p, &old))
            *finished = true, *p->manifest = old;
        else
            es_warn(errors, NULL, "%s: files are missing or have another size; the part starts again", p->stem);
    } else if (status == ES_EDAMAGED) {
        status = es_fail(errors, ES_ERUNTIME, NULL, "remove it to have the part written again");
    }
    free(path);
    return status;
}

/* ---- commit: data, front, best, manifest, each on the disk before the next ---- */

static es_status commit_result(part *p, es_result r, es_errors *errors) {
    es_part_table *table = &p->manifest->table[r];
    es_file_state state = {0};
    es_status status = es_part_file_finish(&p->text[r], &state, errors);
    table->rows = p->text[r].rows;
    table->header_bytes = p->text[r].header_bytes;
    table->bytes = state.bytes, table->xxh64 = state.xxh64;
    if (!status && r != ES_RESULT_ROWS) {
        status = es_part_file_finish(&p->keys[r], &state, errors);
        table->keys_bytes = state.bytes, table->keys_xxh64 = state.xxh64;
        if (!status)
            status = es_part_file_publish(&p->keys[r], errors);
    }
    if (!status)
        status = es_part_file_publish(&p->text[r], errors);
    return status ? status : es_sync_directory(p->folder[r], errors);
}

static es_status commit_manifest(part *p, es_errors *errors) {
    char name[ES_PART_NAME + 16], *text = NULL;
    es_part_file file = {.sink = {.fd = -1}};
    es_file_state state;
    snprintf(name, sizeof name, "%s.json", p->stem);
    es_status status = es_manifest_text(p->manifest, &text, errors);
    if (!status)
        status = es_part_file_open(&file, p->manifest_folder, name, errors);
    if (!status)
        status = es_part_file_write(&file, text, strlen(text), errors);
    if (!status)
        status = es_part_file_finish(&file, &state, errors);
    if (!status)
        status = es_sync_directory(p->manifest_folder, errors); /* the records' names */
    if (!status)
        status = es_part_file_publish(&file, errors);
    if (!status)
        status = es_sync_directory(p->manifest_folder, errors);
    free(text);
    es_part_file_close(&file);
    return status;
}

static es_status commit(part *p, es_errors *errors) {
    es_status status = ES_OK;
    for (int r = 0; r < ES_RESULTS && !status; r++)
        if (has(p, r))
            status = commit_result(p, r, errors);
    return status ? status : commit_manifest(p, errors);
}

/* ---- a shard ---- */

static void part_close(part *p, bool whole) {
    for (int r = 0; r < ES_RESULTS; r++) {
        es_part_file_close(&p->text[r]);
        es_part_file_close(&p->keys[r]);
        free(p->folder[r]);
    }
    if (p->journal.path)
        es_journal_close(&p->journal, whole);
    free(p->manifest_folder);
}

/* A stop leaves what is whole, for --resume. */
static es_status keep_progress(part *p, es_status status, es_errors *errors) {
    if ((status != ES_EINT && status != ES_ETERM) || !p->open[ES_RESULT_ROWS] || p->dropped)
        return status;
    es_status recorded = record_progress(p, errors);
    return recorded ? recorded : status;
}

es_status es_shard_run(const es_sweep *sweep, const es_shard_options *options, es_shard_report *report,
                       es_errors *errors) {
    es_run_options run = options->run;
    run.out = options->rows ? "rows" : NULL;
    *report = (es_shard_report){.manifest = es_manifest_make(sweep, &run, options->shard)};
    part p = {
        .sweep = sweep, .options = options, .report = report, .manifest = &report->manifest, .journal = {.fd = -1}};
    for (int r = 0; r < ES_RESULTS; r++)
        p.text[r].sink.fd = p.keys[r].sink.fd = -1;
    es_part_stem(options->shard, p.stem);
    bool finished = false;
    es_status status = name_folders(&p, errors);
    if (!status)
        status = make_folders(&p, errors);
    if (!status)
        status = open_journal(&p, errors);
    if (!status) /* under the lock: another process may just have finished it */
        status = look_for_finished(&p, &finished, errors);
    if (!status && !finished) {
        status = begin(&p, errors);
        if (!status)
            status = keep_progress(&p, run_part(&p, errors), errors);
        if (!status)
            status = commit(&p, errors);
    }
    report->finished_before = finished;
    part_close(&p, !status);
    return status;
}

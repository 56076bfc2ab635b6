/* All rows in one file: every rank writes the parts of its share at their offsets. */
#include <errno.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <edgesweep/version.h>
#include <xxhash.h>

#include "base/text.h"
#include "shards/part_file.h"
#include "io/meta.h"
#include "io/partial.h"
#include "mpi/mpi_run.h"

/* Bytes that a rank writes at a time: far below the 2 GiB that an int counts. */
enum { PIECE = 16 << 20 };

typedef struct writing {
    MPI_File file;
    const char *path;
    MPI_Offset at;
    uint64_t rounds; /* collective writes that are left */
    char *piece;
    size_t filled;
} writing;

static es_status fault(int code, const char *what, const char *path, es_errors *errors) {
    char text[MPI_MAX_ERROR_STRING];
    int length = 0;
    if (code == MPI_SUCCESS)
        return ES_OK;
    MPI_Error_string(code, text, &length);
    return es_fail(errors, ES_ERUNTIME, NULL, "%s: '%s': %.*s", what, es_quote_text(path).text, length, text);
}

/* One round; all ranks take part in every round, also those with nothing left. */
static es_status write_round(writing *w, es_errors *errors) {
    MPI_Status done;
    int written = 0;
    int code = MPI_File_write_at_all(w->file, w->at, w->piece, (int)w->filled, MPI_BYTE, &done);
    es_status status = fault(code, "cannot write", w->path, errors);
    if (!status && (MPI_Get_count(&done, MPI_BYTE, &written) != MPI_SUCCESS || written != (int)w->filled))
        status = es_fail(errors, ES_ERUNTIME, NULL, "cannot write: '%s': %d of %zu bytes were taken",
                         es_quote_text(w->path).text, written, w->filled);
    w->at += (MPI_Offset)w->filled;
    w->filled = 0;
    w->rounds--;
    return status;
}

static es_status take_piece(void *context, const char *data, size_t n, es_errors *errors) {
    writing *w = context;
    es_status status = ES_OK;
    while (n && !status) {
        size_t some = n < PIECE - w->filled ? n : PIECE - w->filled;
        memcpy(w->piece + w->filled, data, some);
        w->filled += some, data += some, n -= some;
        if (w->filled == PIECE)
            status = write_round(w, errors);
    }
    return status;
}

/* A rank that fails still takes part in the rounds that the others wait in. */
static es_status write_share(writing *w, const es_parts *share, bool header, es_errors *errors) {
    char *buffer = malloc(PIECE);
    es_status status = buffer && w->piece ? ES_OK : es_fail_memory(errors);
    for (size_t i = 0; i < share->n && !status; i++)
        status = es_part_copy(&share->part[i], ES_RESULT_ROWS, header && i == 0, buffer, PIECE, take_piece, w, errors);
    while (w->rounds) {
        w->filled = status ? 0 : w->filled;
        es_status written = write_round(w, errors);
        status = status ? status : written;
    }
    free(buffer);
    return status;
}

static uint64_t bytes_of(const es_parts *share, bool header) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < share->n; i++) {
        const es_part_table *t = &share->part[i].manifest.table[ES_RESULT_ROWS];
        bytes += t->bytes - (header && i == 0 ? 0 : t->header_bytes);
    }
    return bytes;
}

static es_status write_all(const es_ranks *ranks, const es_parts *share, const char *partial, es_errors *errors) {
    bool header = share->n && share->part[0].manifest.shard.k == 0; /* rank 0 has no part when there are few */
    writing w = {.path = partial, .piece = malloc(PIECE)};
    uint64_t bytes = bytes_of(share, header), before = 0, total = 0, rounds = (bytes + PIECE - 1) / PIECE;
    MPI_Exscan(&bytes, &before, 1, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
    MPI_Allreduce(&bytes, &total, 1, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
    MPI_Allreduce(&rounds, &w.rounds, 1, MPI_UINT64_T, MPI_MAX, MPI_COMM_WORLD);
    w.at = ranks->rank ? (MPI_Offset)before : 0;
    int code = MPI_File_open(MPI_COMM_WORLD, partial, MPI_MODE_WRONLY | MPI_MODE_CREATE, MPI_INFO_NULL, &w.file);
    es_status status = es_mpi_agree(fault(code, "cannot write", partial, errors));
    if (!status) {
        status = fault(MPI_File_set_size(w.file, (MPI_Offset)total), "cannot set the size", partial, errors);
        es_status written = write_share(&w, share, header, errors);
        status = status ? status : written;
        es_status synced = fault(MPI_File_sync(w.file), "cannot fsync", partial, errors);
        status = status ? status : synced;
        es_status closed = fault(MPI_File_close(&w.file), "cannot close", partial, errors);
        status = status ? status : closed;
    }
    free(w.piece);
    return es_mpi_agree(status);
}

/* ---- what describes the file ---- */

static es_status hash_bytes(FILE *file, char *buffer, XXH64_state_t *state, const char *path, es_meta *meta,
                            es_errors *errors) {
    XXH64_reset(state, 0);
    for (size_t n; (n = fread(buffer, 1, PIECE, file)) > 0; meta->bytes += n)
        XXH64_update(state, buffer, n);
    meta->xxh64 = XXH64_digest(state);
    return ferror(file) ? es_fail_errno(errors, "cannot read", path) : ES_OK;
}

/* The ranks' bytes met in no one's memory: the checksum is that of the file. */
static es_status hash_file(const char *path, es_meta *meta, es_errors *errors) {
    FILE *file = fopen(path, "re");
    char *buffer = malloc(PIECE);
    XXH64_state_t *state = XXH64_createState();
    es_status status = buffer && state ? ES_OK : es_fail_memory(errors);
    if (!file)
        status = es_fail_errno(errors, "cannot read", path);
    if (!status)
        status = hash_bytes(file, buffer, state, path, meta, errors);
    if (file)
        fclose(file);
    XXH64_freeState(state);
    free(buffer);
    return status;
}

static es_status write_text(es_partial *partial, const char *text, es_errors *errors) {
    es_sink sink = {.fd = partial->fd, .path = partial->path};
    es_status status = es_sink_write(&sink, text, strlen(text), errors);
    if (!status)
        status = es_partial_publish(partial, errors);
    if (!status)
        status = es_sink_sync(&sink, errors);
    if (status)
        return status;
    partial->fd = -1;
    return es_sink_close(&sink, errors);
}

/* Renames the file; its meta file last. */
static es_status publish(const char *partial, const char *path, const es_meta *meta, es_errors *errors) {
    es_partial beside = ES_PARTIAL_NONE;
    char *text = NULL, *name = NULL;
    es_status status = asprintf(&name, "%s.meta.json", path) < 0 ? es_fail_memory(errors) : ES_OK;
    if (!status)
        status = es_meta_text(meta, &text, errors);
    if (!status)
        status = es_partial_open(&beside, name, errors);
    if (!status)
        status = write_text(&beside, text, errors);
    if (!status && rename(partial, path) != 0)
        status = es_fail_errno(errors, "cannot rename to", path);
    if (!status)
        status = es_partial_commit(&beside, NULL, true, errors);
    es_partial_close(&beside);
    free(text);
    free(name);
    return status;
}

/* What rank 0 does when all have written. */
static es_status finish(const char *partial, const char *path, const char *parent, es_meta *meta, es_errors *errors) {
    es_status status = hash_file(partial, meta, errors);
    if (!status)
        status = publish(partial, path, meta, errors);
    return status ? status : es_sync_directory(parent, errors);
}

static uint64_t rows_of_all(const es_parts *share) {
    uint64_t rows = 0, all = 0;
    for (size_t i = 0; i < share->n; i++)
        rows += share->part[i].manifest.table[ES_RESULT_ROWS].rows;
    MPI_Allreduce(&rows, &all, 1, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
    return all;
}

es_status es_mpi_single_file(const es_ranks *ranks, const char *directory, uint64_t n, const es_part *any,
                             const char *path, const char *command, es_errors *errors) {
    const char *slash = strrchr(path, '/');
    int folder = slash ? (int)(slash - path) + 1 : 0;
    uint64_t first = es_shard_first(n, (uint64_t)ranks->rank, (uint64_t)ranks->n);
    uint64_t end = es_shard_first(n, (uint64_t)ranks->rank + 1, (uint64_t)ranks->n);
    es_parts share = {0};
    char *partial = NULL, *parent = NULL;
    es_status status = ES_OK;
    if (asprintf(&partial, "%.*s.%s.partial", folder, path, path + folder) < 0 ||
        asprintf(&parent, "%.*s", folder ? folder : 1, folder ? path : ".") < 0)
        status = es_fail_memory(errors);
    for (uint64_t k = first; k < end && !status; k++)
        status = es_parts_add_shard(&share, directory, (es_shard){.k = k, .n = n}, errors);
    status = es_mpi_agree(status);
    if (!status)
        status = write_all(ranks, &share, partial, errors);
    es_meta meta = {.version = EDGESWEEP_VERSION,
                    .command = command,
                    .grid_hash = any->manifest.grid_hash,
                    .catalog_hash = any->manifest.catalog_hash,
                    .rows = status ? 0 : rows_of_all(&share)};
    if (ranks->rank == 0 && !status)
        status = finish(partial, path, parent, &meta, errors);
    if (ranks->rank == 0 && status && partial)
        remove(partial);
    es_parts_free(&share);
    free(partial);
    free(parent);
    return es_mpi_agree(status);
}

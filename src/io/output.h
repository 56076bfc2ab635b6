/* Output files: whole or not at all.
 *
 * A regular OUT (an existing regular file, or nothing there yet) is written to a hidden partial in its directory and
 * takes OUT's name on commit; until then the old file stays as it is.  A symbolic link is followed to the end and what it
 * points to is replaced, or created when it dangles, as a shell's `>` would.  Whatever exists and is not regular (device,
 * FIFO, an open descriptor such as /dev/stdout or /dev/fd/3) is written straight, without a partial and a meta file.
 *
 * A name ending in .gz or .zst is compressed with all cores: one gzip member, one zstd frame.
 *
 * Status: ES_OK or ES_ERUNTIME.  A reader that closed its pipe is an ES_ERUNTIME without a message;
 * es_output_broken_pipe tells it from the rest.  The first failure sticks: later calls fail without a message.  The caller
 * ignores SIGPIPE and SIGXFSZ, so that they arrive as errors.
 *
 * Thread-safety: one thread at a time, any thread, but for es_output_hash.
 */
#ifndef ES_IO_OUTPUT_H
#define ES_IO_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <edgesweep/error.h>

typedef struct es_output es_output;

/* What was committed: the file's bytes as they lie there, compressed if it is. */
typedef struct es_output_summary {
    uint64_t bytes, xxh64;
} es_output_summary;

typedef struct es_output_options {
    bool sync;               /* fsync the file before and the directory after the rename */
    bool meta;               /* write OUT.meta.json beside a regular OUT (beside the target of a symbolic link) */
    uint64_t max_bytes;      /* the file may not grow beyond it, 0: no limit */
    uint64_t expected_bytes; /* uncompressed, 0: not known; space is never reserved beyond it */
    const char *command;     /* for the meta file, may be NULL; borrowed until commit, like version */
    uint64_t grid_hash, catalog_hash;
    const char *version;
    const struct es_recipe *recipe; /* of the meta file, may be NULL; borrowed like command */
    unsigned threads;               /* of the compressor, 0: one per processor */
    es_output_summary *summary;     /* filled by a commit that succeeds; NULL: not wanted */
} es_output_options;

/* Opens OUT; "-" is stdout.  Opening a FIFO waits for its reader.  options may be NULL.  *out is NULL on failure. */
es_status es_output_open(es_output **out, const char *path, const es_output_options *options, es_errors *errors);

/* Appends n bytes.  They may stay in memory until more come or the commit. */
es_status es_output_write(es_output *out, const void *data, size_t n, es_errors *errors);

/* The two halves of es_output_write, for callers that let them run beside each other in two threads: every piece is hashed
 * first, in order, then written, in order.  Each half is called by one thread at a time. */
void es_output_hash(es_output *out, const void *data, size_t n);
es_status es_output_write_hashed(es_output *out, const void *data, size_t n, es_errors *errors);

/* Uncompressed bytes accepted so far. */
uint64_t es_output_bytes(const es_output *out);

/* True once a write met a closed pipe. */
bool es_output_broken_pipe(const es_output *out);

/* Writes what is still in memory, closes, renames, writes the meta file.  Frees out, also on failure: then the old file is
 * intact and the partial gone.  One exception, named in its message: with `sync`, a directory that cannot be fsynced. */
es_status es_output_commit(es_output *out, uint64_t rows, es_errors *errors);

/* Drops everything: removes the partial, frees out.  NULL is fine. */
void es_output_abort(es_output *out);

#endif

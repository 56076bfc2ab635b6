#include "io/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xxhash.h>

#include "base/os.h"
#include "base/number.h"
#include "base/open.h"
#include "base/text.h"
#include "io/compress.h"
#include "io/meta.h"
#include "io/partial.h"
#include "io/sink.h"

/* Pieces smaller than GATHER_BELOW are gathered, larger ones go straight on. */
enum { GATHER = 256 << 10, GATHER_BELOW = 64 << 10, PIPE_BYTES = 1 << 20 };

struct es_output {
    es_output_options options;
    char *path;
    es_sink sink;
    es_partial partial; /* ES_PARTIAL_NONE when written straight */
    es_compression compression;
    es_compressor *compressor;
    XXH64_state_t *hash; /* of the file's bytes; NULL: nobody asked */
    char *gathered;
    size_t n_gathered;
    uint64_t accepted;
    bool failed;
};

/* ---- Opening ---- */

/* The descriptor that a name means: -, /dev/stdout, /dev/stderr, /dev/fd/N, /proc/self/fd/N; -1: none.  Opening the file
 * behind it by name would start at its beginning and lose an append. */
static int descriptor_of(const char *path) {
    if (strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0)
        return STDOUT_FILENO;
    if (strcmp(path, "/dev/stderr") == 0)
        return STDERR_FILENO;
    static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        uint64_t number;
        if (strncmp(path, folders[i], strlen(folders[i])) == 0 &&
            es_parse_u64(es_slice_of(path + strlen(folders[i])), &number) == ES_NUMBER_OK && number <= INT32_MAX)
            return (int)number;
    }
    return -1;
}

static es_status cannot_write(const es_output *o, es_errors *errors) {
    return es_fail_errno(errors, "cannot write", o->path);
}

static es_status open_special(es_output *o, es_errors *errors) {
    o->sink.fd = es_open(o->path, O_WRONLY | O_NOCTTY | O_CLOEXEC, 0);
    return o->sink.fd >= 0 ? ES_OK : cannot_write(o, errors);
}

static es_status open_partial(es_output *o, es_errors *errors) {
    es_status status = es_partial_open(&o->partial, o->path, errors);
    if (status != ES_OK)
        return status;
    o->sink.fd = o->partial.fd;
    o->sink.reserve = o->compression == ES_COMPRESS_NONE;
    o->sink.expected = o->options.expected_bytes;
    return ES_OK;
}

static es_status open_file(es_output *o, es_errors *errors) {
    int descriptor = descriptor_of(o->path);
    if (descriptor >= 0) {
        o->sink.fd = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
        return o->sink.fd >= 0 ? ES_OK : cannot_write(o, errors);
    }
    struct stat status;
    if (stat(o->path, &status) != 0)
        return errno == ENOENT ? open_partial(o, errors) : cannot_write(o, errors);
    if (S_ISDIR(status.st_mode))
        return es_fail(errors, ES_ERUNTIME, NULL, "cannot write: '%s' is a directory", es_quote_text(o->path).text);
    return S_ISREG(status.st_mode) ? open_partial(o, errors) : open_special(o, errors);
}

/* A wider pipe takes a block at a time instead of 16 pages; only a help. */
static void widen_pipe(int fd) {
    struct stat status;
    if (fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode))
        es_os_widen_pipe(fd, PIPE_BYTES);
}

/* Bytes on their way to the file: the last station of all of them. */
static es_status put(void *context, const void *data, size_t n, es_errors *errors) {
    es_output *o = context;
    if (o->hash && o->compression != ES_COMPRESS_NONE)
        XXH64_update(o->hash, data, n);
    return es_sink_write(&o->sink, data, n, errors);
}

static es_status prepare(es_output *o, es_errors *errors) {
    bool regular = o->partial.directory >= 0;
    bool hashed = o->options.summary || (regular && o->options.meta);
    o->gathered = malloc(GATHER);
    o->hash = hashed ? XXH64_createState() : NULL;
    if (!o->gathered || (hashed && !o->hash))
        return es_fail_memory(errors);
    if (o->hash)
        XXH64_reset(o->hash, 0);
    if (!regular)
        widen_pipe(o->sink.fd);
    if (o->compression == ES_COMPRESS_NONE)
        return ES_OK;
    return es_compressor_new(&o->compressor, o->compression, o->options.threads, put, o, errors);
}

es_status es_output_open(es_output **out, const char *path, const es_output_options *options, es_errors *errors) {
    es_output *o = calloc(1, sizeof *o);
    *out = NULL;
    if (!o)
        return es_fail_memory(errors);
    if (options)
        o->options = *options;
    o->partial = ES_PARTIAL_NONE;
    o->path = strdup(path);
    o->compression = es_compression_of(path);
    o->sink.fd = -1;
    o->sink.path = o->path;
    o->sink.limit = o->options.max_bytes;
    es_status status = o->path ? open_file(o, errors) : es_fail_memory(errors);
    if (status == ES_OK)
        status = prepare(o, errors);
    if (status == ES_OK)
        *out = o;
    else
        es_output_abort(o);
    return status;
}

/* ---- Writing ---- */

static es_status pass_on(es_output *o, const void *data, size_t n, es_errors *errors) {
    return o->compressor ? es_compressor_write(o->compressor, data, n, errors) : put(o, data, n, errors);
}

static es_status flush(es_output *o, es_errors *errors) {
    size_t n = o->n_gathered;
    o->n_gathered = 0;
    return n > 0 ? pass_on(o, o->gathered, n, errors) : ES_OK;
}

static es_status gather(es_output *o, const void *data, size_t n, es_errors *errors) {
    es_status status = o->n_gathered + n > GATHER ? flush(o, errors) : ES_OK;
    if (status == ES_OK) {
        memcpy(o->gathered + o->n_gathered, data, n);
        o->n_gathered += n;
    }
    return status;
}

void es_output_hash(es_output *o, const void *data, size_t n) {
    if (o->hash && o->compression == ES_COMPRESS_NONE && n > 0)
        XXH64_update(o->hash, data, n);
}

es_status es_output_write_hashed(es_output *o, const void *data, size_t n, es_errors *errors) {
    if (o->failed)
        return ES_ERUNTIME;
    if (n == 0)
        return ES_OK;
    es_status status = ES_OK;
    if (n < GATHER_BELOW)
        status = gather(o, data, n, errors);
    else if ((status = flush(o, errors)) == ES_OK)
        status = pass_on(o, data, n, errors);
    o->failed = status != ES_OK;
    o->accepted += n;
    return status;
}

es_status es_output_write(es_output *o, const void *data, size_t n, es_errors *errors) {
    es_output_hash(o, data, n);
    return es_output_write_hashed(o, data, n, errors);
}

uint64_t es_output_bytes(const es_output *o) { return o->accepted; }

bool es_output_broken_pipe(const es_output *o) { return o && o->sink.broken_pipe; }

/* ---- Closing ---- */

/* Everything a partial needs before its rename; closes it. */
static es_status finish_partial(es_partial *partial, es_sink *sink, bool sync, es_errors *errors) {
    es_status status = es_sink_trim(sink, errors);
    if (status == ES_OK)
        status = es_partial_publish(partial, errors);
    if (status == ES_OK && sync)
        status = es_sink_sync(sink, errors);
    if (status == ES_OK) {
        partial->fd = -1;
        status = es_sink_close(sink, errors);
    }
    return status;
}

static es_status write_meta(const es_output *o, es_partial *partial, const es_meta *meta, es_errors *errors) {
    char *text = NULL;
    es_status status = es_meta_text(meta, &text, errors);
    if (status == ES_OK)
        status = es_partial_open_beside(partial, &o->partial, ".meta.json", errors);
    if (status == ES_OK) {
        es_sink sink = {.fd = partial->fd, .path = partial->path};
        status = es_sink_write(&sink, text, strlen(text), errors);
        if (status == ES_OK)
            status = finish_partial(partial, &sink, o->options.sync, errors);
    }
    free(text);
    return status;
}

static es_status commit_partial(es_output *o, uint64_t rows, es_errors *errors) {
    es_partial meta_partial = ES_PARTIAL_NONE;
    es_meta meta = {.version = o->options.version,
                    .command = o->options.command,
                    .grid_hash = o->options.grid_hash,
                    .catalog_hash = o->options.catalog_hash,
                    .recipe = o->options.recipe,
                    .rows = rows,
                    .bytes = o->sink.written,
                    .xxh64 = o->hash ? XXH64_digest(o->hash) : 0};
    es_status status = finish_partial(&o->partial, &o->sink, o->options.sync, errors);
    if (status == ES_OK && o->options.meta)
        status = write_meta(o, &meta_partial, &meta, errors);
    if (status == ES_OK)
        status = es_partial_commit(&o->partial, o->options.meta ? &meta_partial : NULL, o->options.sync, errors);
    es_partial_close(&meta_partial);
    return status;
}

es_status es_output_commit(es_output *o, uint64_t rows, es_errors *errors) {
    es_status status = o->failed ? ES_ERUNTIME : flush(o, errors);
    if (status == ES_OK && o->compressor)
        status = es_compressor_finish(o->compressor, errors);
    if (status == ES_OK)
        status = o->partial.directory >= 0 ? commit_partial(o, rows, errors) : es_sink_close(&o->sink, errors);
    if (status == ES_OK && o->options.summary)
        *o->options.summary = (es_output_summary){.bytes = o->sink.written, .xxh64 = XXH64_digest(o->hash)};
    es_output_abort(o);
    return status;
}

void es_output_abort(es_output *o) {
    if (!o)
        return;
    es_compressor_free(o->compressor);
    if (o->partial.directory < 0 && o->sink.fd >= 0)
        close(o->sink.fd);
    es_partial_close(&o->partial);
    XXH64_freeState(o->hash);
    free(o->gathered);
    free(o->path);
    free(o);
}

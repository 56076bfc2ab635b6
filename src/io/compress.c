#include "io/compress.h"

#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "io/gzip.h"

enum { MAX_THREADS = 64, ZSTD_LEVEL = 3 };

struct es_compressor {
    es_compressor_sink sink;
    void *context;
    es_gzip *gzip;
    ZSTD_CCtx *zstd;
    char *output;
    size_t output_size;
};

static bool ends_with(const char *text, const char *suffix) {
    size_t length = strlen(text), n = strlen(suffix);
    return length > n && strcmp(text + length - n, suffix) == 0;
}

es_compression es_compression_of(const char *path) {
    if (ends_with(path, ".gz"))
        return ES_COMPRESS_GZ;
    return ends_with(path, ".zst") ? ES_COMPRESS_ZST : ES_COMPRESS_NONE;
}

static unsigned thread_count(unsigned asked) {
    cpu_set_t set;
    if (asked == 0)
        asked = sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
    return asked < 1 ? 1 : asked < MAX_THREADS ? asked : MAX_THREADS;
}

/* libzstd (1.5.4 at least) crashes when it runs out of memory while it sets up its threads: asks beforehand whether there
 * is what they need, an input and an output job each and some. */
static bool has_memory_for(unsigned threads) {
    const size_t job = 10 << 20;
    void *volatile all = malloc(2 * job * (threads + 2)); /* compilers leave out a malloc whose memory is not used */
    free(all);
    return all != NULL;
}

/* A library built without threads refuses nbWorkers and compresses in the caller's. */
static bool start_zstd(es_compressor *c, unsigned threads) {
    c->output_size = ZSTD_CStreamOutSize();
    c->output = malloc(c->output_size);
    c->zstd = ZSTD_createCCtx();
    if (!c->output || !c->zstd || !has_memory_for(threads))
        return false;
    ZSTD_CCtx_setParameter(c->zstd, ZSTD_c_nbWorkers, (int)threads);
    return !ZSTD_isError(ZSTD_CCtx_setParameter(c->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL)) &&
           !ZSTD_isError(ZSTD_CCtx_setParameter(c->zstd, ZSTD_c_checksumFlag, 1));
}

es_status es_compressor_new(es_compressor **compressor, es_compression kind, unsigned threads, es_compressor_sink sink,
                            void *context, es_errors *errors) {
    es_compressor *c = calloc(1, sizeof *c);
    *compressor = NULL;
    if (!c)
        return es_fail_memory(errors);
    c->sink = sink;
    c->context = context;
    es_status status = ES_OK;
    if (kind == ES_COMPRESS_GZ)
        status = es_gzip_new(&c->gzip, thread_count(threads), sink, context, errors);
    else if (!start_zstd(c, thread_count(threads)))
        status = es_fail_memory(errors);
    if (status == ES_OK)
        *compressor = c;
    else
        es_compressor_free(c);
    return status;
}

/* Feeds zstd until it has taken all input, and with ZSTD_e_end until it has given everything back. */
static es_status run_zstd(es_compressor *c, const void *data, size_t n, ZSTD_EndDirective end, es_errors *errors) {
    ZSTD_inBuffer in = {.src = data, .size = n};
    size_t left;
    do {
        ZSTD_outBuffer out = {.dst = c->output, .size = c->output_size};
        left = ZSTD_compressStream2(c->zstd, &out, &in, end);
        if (ZSTD_isError(left))
            return es_fail(errors, ES_ERUNTIME, NULL, "zstd: %s", ZSTD_getErrorName(left));
        es_status status = out.pos > 0 ? c->sink(c->context, c->output, out.pos, errors) : ES_OK;
        if (status != ES_OK)
            return status;
    } while (end == ZSTD_e_end ? left > 0 : in.pos < in.size);
    return ES_OK;
}

es_status es_compressor_write(es_compressor *c, const void *data, size_t n, es_errors *errors) {
    if (c->gzip)
        return es_gzip_write(c->gzip, data, n, errors);
    return n > 0 ? run_zstd(c, data, n, ZSTD_e_continue, errors) : ES_OK;
}

es_status es_compressor_finish(es_compressor *c, es_errors *errors) {
    return c->gzip ? es_gzip_finish(c->gzip, errors) : run_zstd(c, NULL, 0, ZSTD_e_end, errors);
}

void es_compressor_free(es_compressor *c) {
    if (!c)
        return;
    es_gzip_free(c->gzip);
    ZSTD_freeCCtx(c->zstd);
    free(c->output);
    free(c);
}

#include "io/compress.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ZSTD_STATIC_LINKING_ONLY /* ZSTD_createCCtx_advanced */
#include <zstd.h>

#include "base/os.h"
#include "io/gzip.h"

enum { MAX_THREADS = 64, ZSTD_LEVEL = 3 };

/* Memory for small blocks when malloc has none.  libzstd (1.5.4 at least) crashes when it gets none for its lists of jobs,
 * contexts and buffers; it survives a lack of large blocks. */
enum { SMALL_BLOCK = 128 << 10, RESERVE_BASE = 1 << 20, RESERVE_PER_THREAD = 64 << 10 };
typedef struct es_reserve {
    char *memory;
    size_t size;
    _Atomic size_t used; /* what is freed stays used */
} es_reserve;

struct es_compressor {
    es_compressor_sink sink;
    void *context;
    es_gzip *gzip;
    ZSTD_CCtx *zstd;
    es_reserve reserve;
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
    if (asked == 0)
        asked = es_os_processors();
    return asked < 1 ? 1 : asked < MAX_THREADS ? asked : MAX_THREADS;
}

static void *take_memory(void *context, size_t n) {
    es_reserve *reserve = context;
    void *memory = malloc(n);
    if (memory || n > SMALL_BLOCK)
        return memory;
    n = (n + 63) / 64 * 64;
    const size_t at = atomic_fetch_add(&reserve->used, n);
    return at + n <= reserve->size ? reserve->memory + at : NULL;
}

static void give_memory_back(void *context, void *memory) {
    const es_reserve *reserve = context;
    const uintptr_t at = (uintptr_t)memory, from = (uintptr_t)reserve->memory;
    if (at < from || at >= from + reserve->size)
        free(memory);
}

/* A library built without threads refuses nbWorkers and compresses in the caller's. */
static bool start_zstd(es_compressor *c, unsigned threads) {
    c->output_size = ZSTD_CStreamOutSize();
    c->output = malloc(c->output_size);
    c->reserve.size = RESERVE_BASE + (size_t)threads * RESERVE_PER_THREAD;
    c->reserve.memory = malloc(c->reserve.size);
    if (!c->output || !c->reserve.memory)
        return false;
    c->zstd = ZSTD_createCCtx_advanced((ZSTD_customMem){take_memory, give_memory_back, &c->reserve});
    if (!c->zstd)
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
    free(c->reserve.memory);
    free(c->output);
    free(c);
}

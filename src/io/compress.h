/* Streaming compression with several threads. */
#ifndef ES_IO_COMPRESS_H
#define ES_IO_COMPRESS_H

#include <stddef.h>

#include <edgesweep/error.h>

typedef enum es_compression { ES_COMPRESS_NONE, ES_COMPRESS_GZ, ES_COMPRESS_ZST } es_compression;

/* By the suffix of a name: .gz, .zst, or none. */
es_compression es_compression_of(const char *path);

typedef struct es_compressor es_compressor;

/* Takes compressed bytes, in the thread that called write or finish. */
typedef es_status (*es_compressor_sink)(void *context, const void *data, size_t n, es_errors *errors);

/* Makes one gzip member or one zstd frame; its bytes do not depend on the number of threads (0: one per processor), its
 * memory not on the length of the data.  Not thread-safe. */
es_status es_compressor_new(es_compressor **compressor, es_compression kind, unsigned threads, es_compressor_sink sink,
                            void *context, es_errors *errors);
es_status es_compressor_write(es_compressor *compressor, const void *data, size_t n, es_errors *errors);

/* Writes what is left and the end mark; then only free. */
es_status es_compressor_finish(es_compressor *compressor, es_errors *errors);
void es_compressor_free(es_compressor *compressor);

#endif

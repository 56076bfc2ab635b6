/* One gzip member, its blocks deflated by several threads, as pigz does. */
#ifndef ES_IO_GZIP_H
#define ES_IO_GZIP_H

#include "io/compress.h"

typedef struct es_gzip es_gzip;

es_status es_gzip_new(es_gzip **gzip, unsigned threads, es_compressor_sink sink, void *context, es_errors *errors);
es_status es_gzip_write(es_gzip *gzip, const void *data, size_t n, es_errors *errors);
es_status es_gzip_finish(es_gzip *gzip, es_errors *errors);
void es_gzip_free(es_gzip *gzip);

#endif

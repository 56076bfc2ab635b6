/* Text gathered in a buffer on its way to a sink. */
#ifndef ES_IO_TEXT_OUT_H
#define ES_IO_TEXT_OUT_H

#include <stddef.h>

#include "base/text.h"
#include <edgesweep/error.h>

/* Takes all n bytes or fails. */
typedef es_status (*es_text_sink_fn)(void *context, const char *data, size_t n, es_errors *errors);

/* Where bytes go: a file, standard output, memory. */
typedef struct es_text_sink {
    es_text_sink_fn write;
    void *context;
} es_text_sink;

enum { ES_TEXT_OUT_SIZE = 1 << 16 };

/* Zero-initialise, set the sink, release with es_text_out_end. */
typedef struct es_text_out {
    const es_text_sink *sink;
    char *buffer;
    size_t used;
} es_text_out;

es_status es_text_out_slice(es_text_out *out, es_slice text, es_errors *errors);

/* Texts of up to 1 KiB. */
es_status es_text_out_format(es_text_out *out, es_errors *errors, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Hands on what is left unless `status` is a failure already; releases the buffer; returns the status. */
es_status es_text_out_end(es_text_out *out, es_status status, es_errors *errors);

#endif

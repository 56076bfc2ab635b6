/* A stream in the Arrow C data interface (https://arrow.apache.org/docs/format/CDataInterface.html), which pyarrow, polars,
 * DuckDB, R and others take as it is, without copying a column.
 *
 * Reals are float64, wholes int64, texts int32 codes into a dictionary of utf8.  All fields may be null; units are metadata
 * `unit` of their fields.
 */
#ifndef EDGESWEEP_ARROW_H
#define EDGESWEEP_ARROW_H

#include <stdint.h>

#include <edgesweep/stream.h>

/* The structures, as the specification has them. */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};

#endif

/* Makes *out of the stream, which then belongs to it: out->release closes it, and it must not be used otherwise except by
 * es_sweep_cancel.  Arrays may be kept longer than the stream, their children moved out of them, and all be released by any
 * thread.  Callbacks return EINTR after es_sweep_cancel, ENOMEM without memory, else EIO.  On failure (ES_ERUNTIME, memory)
 * the stream stays the caller's and *out is untouched. */
es_status es_stream_to_arrow(es_stream *stream, struct ArrowArrayStream *out, es_errors *errors);

#endif

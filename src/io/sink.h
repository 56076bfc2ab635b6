/* Bytes to a descriptor: everything or a message. */
#ifndef ES_IO_SINK_H
#define ES_IO_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <edgesweep/error.h>

typedef struct es_sink {
    int fd;
    const char *path;  /* for messages; borrowed */
    uint64_t written;  /* bytes so far */
    uint64_t limit;    /* bytes that may be written, 0: any number */
    bool reserve;      /* a fresh regular file: reserve space ahead, which the kernel then fills faster */
    uint64_t expected; /* never reserve beyond this; 0: not known */
    uint64_t reserved; /* space asked for so far */
    bool broken_pipe;  /* the reader is gone */
} es_sink;

/* Writes all n bytes; waits for a descriptor that does not block.  A closed pipe is ES_ERUNTIME without a message. */
es_status es_sink_write(es_sink *sink, const void *data, size_t n, es_errors *errors);

/* Gives back space that was reserved and not used. */
es_status es_sink_trim(es_sink *sink, es_errors *errors);

es_status es_sink_sync(es_sink *sink, es_errors *errors);

/* Closes, also on failure. */
es_status es_sink_close(es_sink *sink, es_errors *errors);

#endif

/* The small JSON file beside an output: what it holds and how to check it. */
#ifndef ES_IO_META_H
#define ES_IO_META_H

#include <stdint.h>

#include <edgesweep/error.h>

typedef struct es_meta {
    const char *version, *command;    /* NULL: null */
    uint64_t grid_hash, catalog_hash; /* 0: left out */
    uint64_t rows;
    uint64_t bytes, xxh64; /* of the file as it lies there */
} es_meta;

/* One JSON object: keys in the order above, hashes as 16 hexadecimal digits, a newline at the end.  *text is malloc'ed. */
es_status es_meta_text(const es_meta *meta, char **text, es_errors *errors);

#endif

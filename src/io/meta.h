/* The small JSON file beside an output: what it holds and how to check it. */
#ifndef ES_IO_META_H
#define ES_IO_META_H

#include <stdint.h>

#include <edgesweep/error.h>

/* How rows can be made again. */
typedef struct es_recipe {
    const char *table;            /* "rows", "front", "best" */
    const char *sweep;            /* the resolved sweep file */
    const char *const *arguments; /* further options, ended by NULL */
    struct {
        const char *name; /* NULL: the end */
        uint64_t hash;
    } catalog[24];
} es_recipe;

typedef struct es_meta {
    const char *version, *command;    /* NULL: null */
    uint64_t grid_hash, catalog_hash; /* 0: left out */
    uint64_t rows;
    uint64_t bytes, xxh64;   /* of the file as it lies there */
    const es_recipe *recipe; /* NULL: left out */
} es_meta;

/* One JSON object: keys in the order above, then date (UTC; of SOURCE_DATE_EPOCH where that is set) and the recipe; hashes
 * as 16 hexadecimal digits, a newline at the end.  *text is malloc'ed. */
es_status es_meta_text(const es_meta *meta, char **text, es_errors *errors);

#endif

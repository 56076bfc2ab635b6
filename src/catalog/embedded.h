/* The catalogs inside the binary, split into cells; written by scripts/embed.sh -c. */
#ifndef ES_CATALOG_EMBEDDED_H
#define ES_CATALOG_EMBEDDED_H

#include <stddef.h>

struct es_embedded {
    const char *name; /* "models.csv"; NULL ends the list */
    const unsigned char *data;
    size_t size;
};

extern const struct es_embedded es_embedded_files[];

#endif

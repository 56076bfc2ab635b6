/* What a catalog says, as one number. */
#ifndef ES_CATALOG_HASH_H
#define ES_CATALOG_HASH_H

#include <stdint.h>

#include <edgesweep/catalog.h>

/* xxh64 over kinds, rows in order, and every field but remarks: numbers as doubles, choices by index, texts as
 * written.  Independent of column order, of how numbers are written, of file names and of the machine. */
es_status es_catalog_hash(es_catalog *catalog, es_errors *errors);

#endif

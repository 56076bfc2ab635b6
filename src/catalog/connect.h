/* What rows of one table say about rows of another: units of devices, and names that must exist. */
#ifndef ES_CATALOG_CONNECT_H
#define ES_CATALOG_CONNECT_H

#include <edgesweep/catalog.h>

#include "base/text.h"

/* A term of `units` and `host_unit`, unit*count@GHz. */
typedef struct es_unit_term {
    es_slice name;
    double count, ghz; /* 1 and NaN when not given */
} es_unit_term;

bool es_unit_term_read(es_slice text, es_unit_term *term);

/* Checks the names of units, devices and runtimes, adds the runtime `default` when there is none, resolves the unit of
 * every device and fills peaks from `units`.  ES_EUSAGE with a message for every unknown name. */
es_status es_catalog_connect(es_catalog *catalog, es_errors *errors);

#endif

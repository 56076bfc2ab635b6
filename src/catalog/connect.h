/* What rows of one table say about rows of another: units of devices, and names that must exist. */
#ifndef ES_CATALOG_CONNECT_H
#define ES_CATALOG_CONNECT_H

#include <edgesweep/catalog.h>

/* Checks the names of units, devices and runtimes, adds the runtime `default` when there is none, resolves the unit of
 * every device and fills peaks from `units`.  ES_EUSAGE with a message for every unknown name. */
es_status es_catalog_connect(es_catalog *catalog, es_errors *errors);

#endif

/* Which columns of a table are energies, whose numbers depend on the boundary of power that they were taken at. */
#ifndef ES_TABLES_ENERGIES_H
#define ES_TABLES_ENERGIES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include <edgesweep/error.h>

/* Metrics computed from energies, beside the columns of the roofline kernel that follow the boundary. */
typedef struct es_energies {
    es_slice *metric;
    size_t n;
} es_energies;

/* *found: one of the names is an energy. */
es_status es_energies_among(const es_energies *energies, const es_slice *name, size_t n, bool *found,
                            es_errors *errors);

#endif

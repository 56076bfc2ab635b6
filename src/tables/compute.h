/* A table with columns computed from its others. */
#ifndef ES_TABLES_COMPUTE_H
#define ES_TABLES_COMPUTE_H

#include "base/arena.h"
#include "io/csv_read.h"
#include "io/text_out.h"
#include "tables/energies.h"
#include <edgesweep/error.h>

/* Reads `csv` to its end and writes every row as it is with the values of `metrics` behind it: `NAME [UNIT] = EXPRESSION`,
 * which may use each other in any order.  15 digits; a missing value is an empty cell.  ES_EUSAGE for faults of a metric,
 * at --metric:NUMBER:COLUMN.  `energies` gets the names of metrics of energies, in the arena `kept`. */
es_status es_compute_columns(es_csv_input *csv, const char *const *metrics, size_t n, const es_text_sink *out,
                             es_arena *kept, es_energies *energies, es_errors *errors);

#endif

/* One catalog file: CSV text to typed, checked rows. */
#ifndef ES_CATALOG_LOAD_H
#define ES_CATALOG_LOAD_H

#include <stddef.h>

#include <edgesweep/catalog.h>

#include "base/arena.h"

/* Reads CSV text into `table` (empty, its kind set).  Rows live in `arena`; `file` too, or longer.  `older` is the
 * table that these rows will extend, NULL when there is none: an alias must not be the name of one of its rows.
 * ES_EUSAGE when anything is wrong with the text, with one error for each fault. */
es_status es_table_load(es_table *table, const char *file, const char *text, size_t size, const es_table *older,
                        es_arena *arena, es_errors *errors);

/* The same from cells that scripts/embed.sh made of a file that es_table_load accepts (a test compares the two): nothing
 * is copied or checked again, `cells` must outlive the table. */
es_status es_table_load_cells(es_table *table, const char *file, const char *cells, size_t size, es_arena *arena,
                              es_errors *errors);

#endif

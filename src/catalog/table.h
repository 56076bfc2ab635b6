/* Tables of rows: what makes a row unique, its index, and how a later table changes an earlier one. */
#ifndef ES_CATALOG_TABLE_H
#define ES_CATALOG_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include <edgesweep/catalog.h>

#include "base/arena.h"

/* The fields that no two rows of a table share all of: a name, or several texts together.  Ends with -1. */
const int *es_key_fields(es_kind kind);

/* The row with the same key as `row`, or NULL. */
const es_row *es_table_find_key(const es_table *table, const es_row *row);

/* Appends a row and puts its key and aliases into the index; false when out of memory. */
bool es_table_append(es_table *table, const es_row *row);

/* The two halves of it for many rows that are known to differ: appends only; then makes the index of names.  Keys of
 * several fields wait for a table that is merged. */
bool es_table_push(es_table *table, const es_row *row);
bool es_table_index_names(es_table *table);

/* Lets the rows of `newer` override, extend and take aliases from those of `older`; `newer` is
 * empty afterwards.  False when out of memory. */
bool es_table_merge(es_table *older, es_table *newer);

void es_table_free(es_table *table);

#endif

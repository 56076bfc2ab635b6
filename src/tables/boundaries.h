/* One boundary of power in one comparison of energies: the same board draws 1.4 to 4 times as much at the wall as its chip. */
#ifndef ES_TABLES_BOUNDARIES_H
#define ES_TABLES_BOUNDARIES_H

#include "tables/csv_front.h"
#include "tables/row_key.h"

/* What one thread has met; zero-initialise, release with es_boundaries_free. */
typedef struct es_boundaries {
    es_keys keys; /* of groups with their boundary */
    es_key key, last;
} es_boundaries;

/* The column power_boundary when objectives are energies; else SIZE_MAX. */
es_status es_boundaries_column(const es_csv_input *csv, const es_column_objective *objective, size_t n, size_t *column,
                               es_errors *errors);

void es_boundaries_free(es_boundaries *seen);

/* Notes the boundary of a row that is compared within its group. */
es_status es_boundaries_note(es_boundaries *seen, const es_csv_block *block, size_t row, const size_t *by, size_t n_by,
                             size_t column, es_errors *errors);

/* Moves what another thread has met into `seen`. */
es_status es_boundaries_merge(es_boundaries *seen, const es_boundaries *other, es_errors *errors);

/* An error where a group has several. */
es_status es_boundaries_check(const es_boundaries *seen, size_t n_by, es_errors *errors);

#endif

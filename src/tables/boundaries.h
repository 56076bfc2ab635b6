/* One boundary of power in one comparison of energies: the same board draws 1.4 to 4 times as much at the wall as its chip. */
#ifndef ES_TABLES_BOUNDARIES_H
#define ES_TABLES_BOUNDARIES_H

#include "tables/csv_front.h"
#include "tables/row_key.h"

/* The boundaries that numbered groups of rows have; zero-initialise, release with es_boundaries_free. */
typedef struct es_boundaries {
    es_keys names;
    uint32_t (*of)[2]; /* by group: numbers of names + 1 of the first one and of another; 0: none */
    size_t n, capacity;
} es_boundaries;

/* The column power_boundary when objectives are energies; else SIZE_MAX. */
es_status es_boundaries_column(const es_csv_input *csv, const es_energies *energies,
                               const es_column_objective *objective, size_t n, size_t *column, es_errors *errors);

void es_boundaries_free(es_boundaries *seen);

/* Notes the cell, as written, of a row that is compared within its group. */
es_status es_boundaries_note(es_boundaries *seen, uint32_t group, es_slice cell, es_errors *errors);

/* Adds to a group what `other` has met in its group i. */
es_status es_boundaries_add(es_boundaries *seen, uint32_t group, const es_boundaries *other, size_t i,
                            es_errors *errors);

/* An error where a group has several. */
es_status es_boundaries_check(const es_boundaries *seen, es_errors *errors);

#endif

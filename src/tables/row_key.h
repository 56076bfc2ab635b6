/* Keys of rows of a table: the texts of some of its columns, which make its groups. */
#ifndef ES_TABLES_ROW_KEY_H
#define ES_TABLES_ROW_KEY_H

#include "base/keys.h"
#include "tables/query.h"

/* Key of a row, being built from cells; zero-initialise, release with es_key_free. */
typedef struct es_key {
    char *text;
    size_t length, capacity;
} es_key;

void es_key_free(es_key *key);

/* Appends the values of n columns; each is preceded by its length, so that keys are equal only if all values are. */
es_status es_key_append(es_key *key, const es_csv_block *block, size_t row, const size_t *column, size_t n,
                        es_errors *errors);

/* Takes the first value off a key; false when there is none left. */
bool es_key_next(es_slice *key, es_slice *value);

#endif

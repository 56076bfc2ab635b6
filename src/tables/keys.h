/* Numbers for the distinct combinations of texts that some columns hold: the groups of a table. */
#ifndef ES_TABLES_KEYS_H
#define ES_TABLES_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "tables/query.h"

/* A set of keys, numbered from 0 in the order met; zero-initialise. */
typedef struct es_keys {
    uint32_t n;
    char *text;
    size_t text_length, text_capacity;
    size_t *end;    /* key i ends at text[end[i]] */
    uint64_t *hash; /* of key i */
    size_t end_capacity, hash_capacity;
    uint32_t *slot; /* open addressing: number + 1, 0 is free */
    size_t n_slots;
} es_keys;

void es_keys_free(es_keys *keys);

/* The number of a key, a new one when it was not met before. */
es_status es_keys_number(es_keys *keys, es_slice key, uint32_t *number, es_errors *errors);

/* A key by its number; valid until the next one is added. */
es_slice es_keys_text(const es_keys *keys, uint32_t number);

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

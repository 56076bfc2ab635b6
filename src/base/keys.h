/* Numbers for distinct keys, which are any bytes: the groups of sweeps, parts and tables. */
#ifndef ES_BASE_KEYS_H
#define ES_BASE_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <edgesweep/error.h>

#include "base/text.h"

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

/* Gives back what only finding keys needs: they can still be read by number. */
void es_keys_seal(es_keys *keys);

/* The number of a key, a new one when it was not met before. */
es_status es_keys_number(es_keys *keys, es_slice key, uint32_t *number, es_errors *errors);

/* Whether a key was met, and its number. */
bool es_keys_find(const es_keys *keys, es_slice key, uint32_t *number);

/* A key by its number; valid until the next one is added. */
es_slice es_keys_text(const es_keys *keys, uint32_t number);

#endif

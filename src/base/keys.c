#include "base/keys.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/arena.h"

void es_keys_free(es_keys *keys) {
    es_keys_seal(keys);
    free(keys->text);
    free(keys->end);
    *keys = (es_keys){0};
}

void es_keys_seal(es_keys *keys) {
    free(keys->hash);
    free(keys->slot);
    keys->hash = NULL, keys->slot = NULL, keys->n_slots = 0;
}

es_slice es_keys_text(const es_keys *keys, uint32_t number) {
    const size_t first = number ? keys->end[number - 1] : 0;
    return (es_slice){keys->text + first, keys->end[number] - first};
}

static uint64_t hash_of(es_slice key) { return XXH3_64bits(key.length ? key.text : "", key.length); }

/* The slot that holds the key, or the free one where it belongs. */
static uint32_t *find_slot(const es_keys *keys, es_slice key, uint64_t hash) {
    const size_t mask = keys->n_slots - 1;
    for (size_t at = hash & mask;; at = (at + 1) & mask) {
        uint32_t *slot = &keys->slot[at];
        if (*slot == 0)
            return slot;
        if (keys->hash[*slot - 1] != hash)
            continue;
        const es_slice other = es_keys_text(keys, *slot - 1);
        if (other.length == key.length && (key.length == 0 || !memcmp(other.text, key.text, key.length)))
            return slot;
    }
}

bool es_keys_find(const es_keys *keys, es_slice key, uint32_t *number) {
    const uint32_t *slot = keys->n_slots ? find_slot(keys, key, hash_of(key)) : NULL;
    if (!slot || *slot == 0)
        return false;
    *number = *slot - 1;
    return true;
}

static es_status grow_slots(es_keys *keys, es_errors *errors) {
    const size_t n_slots = keys->n_slots ? keys->n_slots * 2 : 64;
    uint32_t *slot = calloc(n_slots, sizeof *slot);
    if (!slot)
        return es_fail_memory(errors);
    for (uint32_t i = 0; i < keys->n; i++) {
        size_t at = keys->hash[i] & (n_slots - 1);
        while (slot[at])
            at = (at + 1) & (n_slots - 1);
        slot[at] = i + 1;
    }
    free(keys->slot);
    keys->slot = slot;
    keys->n_slots = n_slots;
    return ES_OK;
}

static es_status add_key(es_keys *keys, es_slice key, uint64_t hash, es_errors *errors) {
    const size_t length = keys->text_length + key.length;
    if (keys->n >= UINT32_MAX - 2)
        return es_fail(errors, ES_ERUNTIME, NULL, "more than %lu groups", (unsigned long)(UINT32_MAX - 2));
    if (!es_grow((void **)&keys->text, &keys->text_capacity, length + 1, 1) ||
        !es_grow((void **)&keys->end, &keys->end_capacity, keys->n + 1, sizeof *keys->end) ||
        !es_grow((void **)&keys->hash, &keys->hash_capacity, keys->n + 1, sizeof *keys->hash))
        return es_fail_memory(errors);
    if (key.length)
        memcpy(keys->text + keys->text_length, key.text, key.length);
    keys->text_length = length;
    keys->end[keys->n] = length;
    keys->hash[keys->n++] = hash;
    return ES_OK;
}

es_status es_keys_number(es_keys *keys, es_slice key, uint32_t *number, es_errors *errors) {
    if (2 * ((size_t)keys->n + 1) > keys->n_slots) {
        const es_status status = grow_slots(keys, errors);
        if (status)
            return status;
    }
    const uint64_t hash = hash_of(key);
    uint32_t *slot = find_slot(keys, key, hash);
    if (*slot == 0) {
        const es_status status = add_key(keys, key, hash, errors);
        if (status)
            return status;
        *slot = keys->n;
    }
    *number = *slot - 1;
    return ES_OK;
}

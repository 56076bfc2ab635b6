#include "tables/keys.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/arena.h"

void es_keys_free(es_keys *keys) {
    free(keys->text);
    free(keys->end);
    free(keys->hash);
    free(keys->slot);
    *keys = (es_keys){0};
}

es_slice es_keys_text(const es_keys *keys, uint32_t number) {
    const size_t first = number ? keys->end[number - 1] : 0;
    return (es_slice){keys->text + first, keys->end[number] - first};
}

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
    const uint64_t hash = XXH3_64bits(key.length ? key.text : "", key.length);
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

void es_key_free(es_key *key) {
    free(key->text);
    *key = (es_key){0};
}

es_status es_key_append(es_key *key, const es_csv_block *block, size_t row, const size_t *column, size_t n,
                        es_errors *errors) {
    for (size_t i = 0; i < n; i++) {
        const es_slice cell = es_csv_block_cell(block, row, column[i]);
        if (!es_grow((void **)&key->text, &key->capacity, key->length + sizeof(uint32_t) + cell.length, 1))
            return es_fail_memory(errors);
        char *to = key->text + key->length + sizeof(uint32_t);
        const es_slice value = es_csv_value(cell, to);
        if (value.text != to && value.length)
            memcpy(to, value.text, value.length);
        const uint32_t length = (uint32_t)value.length;
        memcpy(key->text + key->length, &length, sizeof length);
        key->length += sizeof length + value.length;
    }
    return ES_OK;
}

bool es_key_next(es_slice *key, es_slice *value) {
    uint32_t length;
    if (key->length < sizeof length)
        return false;
    memcpy(&length, key->text, sizeof length);
    *value = (es_slice){key->text + sizeof length, length};
    key->text += sizeof length + length;
    key->length -= sizeof length + length;
    return true;
}

#include "tables/row_key.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

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

#include "catalog/hash.h"

#include <math.h>
#include <string.h>
#include <xxhash.h>

static void add_u64(XXH64_state_t *state, uint64_t value) {
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(value >> 8 * i);
    XXH64_update(state, bytes, sizeof bytes);
}

static void add_number(XXH64_state_t *state, double value) {
    uint64_t bits = UINT64_MAX; /* every NaN, that is "absent", is the same */
    if (!isnan(value))
        memcpy(&bits, &value, sizeof bits);
    add_u64(state, bits);
}

static void add_text(XXH64_state_t *state, const char *text) {
    size_t length = strlen(text);
    add_u64(state, length);
    XXH64_update(state, text, length);
}

static void add_row(XXH64_state_t *state, const es_field_table *table, const es_row *row) {
    for (size_t i = 0; i < table->n_fields; i++) {
        const es_field *field = &table->fields[i];
        if (field->flags & ES_REMARK)
            continue;
        if (field->type == ES_TEXT || field->type == ES_OPENSET || field->type == ES_NOTED)
            add_text(state, row->text[i]);
        else
            add_number(state, row->value[i]);
    }
}

es_status es_catalog_hash(const es_catalog *catalog, uint64_t *hash, es_errors *errors) {
    XXH64_state_t *state = XXH64_createState();
    if (!state)
        return es_fail_memory(errors);
    XXH64_reset(state, 0);
    for (int kind = 0; kind < ES_KINDS; kind++) {
        const es_table *table = &catalog->table[kind];
        add_u64(state, table->n_rows);
        for (size_t i = 0; i < table->n_rows; i++)
            add_row(state, es_fields((es_kind)kind), &table->rows[i]);
    }
    *hash = XXH64_digest(state);
    XXH64_freeState(state);
    return ES_OK;
}

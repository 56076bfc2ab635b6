#include "catalog/hash.h"

#include <math.h>
#include <string.h>
#include <xxhash.h>

enum { BUFFER = 4096 };

/* Many short pieces: gathered before they are hashed. */
typedef struct hasher {
    XXH64_state_t *state;
    size_t used;
    unsigned char buffer[BUFFER];
} hasher;

static void add_bytes(hasher *h, const void *bytes, size_t n) {
    if (n > BUFFER - h->used) {
        XXH64_update(h->state, h->buffer, h->used);
        h->used = 0;
    }
    if (n > BUFFER) {
        XXH64_update(h->state, bytes, n);
        return;
    }
    memcpy(h->buffer + h->used, bytes, n);
    h->used += n;
}

static void add_u64(hasher *h, uint64_t value) {
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(value >> 8 * i);
    if (BUFFER - h->used < sizeof bytes) {
        add_bytes(h, bytes, sizeof bytes);
        return;
    }
    memcpy(h->buffer + h->used, bytes, sizeof bytes);
    h->used += sizeof bytes;
}

static void add_number(hasher *h, double value) {
    uint64_t bits = UINT64_MAX; /* every NaN, that is "absent", is the same */
    if (!isnan(value))
        memcpy(&bits, &value, sizeof bits);
    add_u64(h, bits);
}

static void add_text(hasher *h, const char *text) {
    size_t length = strlen(text);
    add_u64(h, length);
    if (length > 0)
        add_bytes(h, text, length);
}

static void add_row(hasher *h, const es_field_table *table, const es_row *row) {
    for (size_t i = 0; i < table->n_fields; i++) {
        const es_field *field = &table->fields[i];
        if (field->flags & ES_REMARK)
            continue;
        if (field->type == ES_TEXT || field->type == ES_OPENSET || field->type == ES_NOTED)
            add_text(h, row->text[i]);
        else
            add_number(h, row->value[i]);
    }
}

es_status es_catalog_hash(es_catalog *catalog, es_errors *errors) {
    hasher h = {.state = XXH64_createState()};
    if (!h.state)
        return es_fail_memory(errors);
    for (int kind = 0; kind < ES_KINDS; kind++) {
        es_table *table = &catalog->table[kind];
        XXH64_reset(h.state, 0);
        h.used = 0;
        add_u64(&h, table->n_rows);
        for (size_t i = 0; i < table->n_rows; i++)
            add_row(&h, es_fields((es_kind)kind), &table->rows[i]);
        XXH64_update(h.state, h.buffer, h.used);
        table->hash = XXH64_digest(h.state);
    }
    XXH64_reset(h.state, 0);
    h.used = 0;
    for (int kind = 0; kind < ES_KINDS; kind++)
        add_u64(&h, catalog->table[kind].hash);
    XXH64_update(h.state, h.buffer, h.used);
    catalog->hash = XXH64_digest(h.state);
    XXH64_freeState(h.state);
    return ES_OK;
}

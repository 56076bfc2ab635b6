#include "catalog/hash.h"

#include <math.h>
#include <string.h>
#include <xxhash.h>

enum { BUFFER = 8192, MOST_FIELDS = 128 };
_Static_assert((int)ES_M_FIELDS <= (int)MOST_FIELDS && (int)ES_D_FIELDS <= (int)MOST_FIELDS, "raise MOST_FIELDS");

/* Many short pieces: gathered before they are hashed. */
typedef struct hasher {
    XXH64_state_t *state;
    size_t used;
    unsigned char buffer[BUFFER];
} hasher;

/* The fields that count, numbers before texts. */
typedef struct hashed_fields {
    size_t n_numbers, n_texts;
    unsigned char number[MOST_FIELDS], text[MOST_FIELDS];
} hashed_fields;

static void flush(hasher *h) {
    XXH64_update(h->state, h->buffer, h->used);
    h->used = 0;
}

static void put_u64(unsigned char *to, uint64_t value) {
    for (int i = 0; i < 8; i++)
        to[i] = (unsigned char)(value >> 8 * i);
}

static void add_u64(hasher *h, uint64_t value) {
    if (BUFFER - h->used < sizeof value)
        flush(h);
    put_u64(h->buffer + h->used, value);
    h->used += sizeof value;
}

/* Every NaN, that is "absent", is the same. */
static uint64_t bits_of(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return isnan(value) ? UINT64_MAX : bits;
}

/* With its end, which no text contains. */
static void add_text(hasher *h, const char *text) {
    const size_t size = *text ? strlen(text) + 1 : 1;
    if (size > BUFFER - h->used)
        flush(h);
    if (size > BUFFER) {
        XXH64_update(h->state, text, size);
        return;
    }
    memcpy(h->buffer + h->used, text, size);
    h->used += size;
}

static hashed_fields fields_of(const es_field_table *table) {
    hashed_fields f = {0};
    for (size_t i = 0; i < table->n_fields; i++) {
        const es_field *field = &table->fields[i];
        if (field->flags & ES_REMARK)
            continue;
        if (field->type == ES_TEXT || field->type == ES_OPENSET || field->type == ES_NOTED)
            f.text[f.n_texts++] = (unsigned char)i;
        else
            f.number[f.n_numbers++] = (unsigned char)i;
    }
    return f;
}

static void add_row(hasher *h, const hashed_fields *f, const es_row *row) {
    if (BUFFER - h->used < f->n_numbers * sizeof(uint64_t))
        flush(h);
    unsigned char *to = h->buffer + h->used;
    for (size_t i = 0; i < f->n_numbers; i++)
        put_u64(to + i * sizeof(uint64_t), bits_of(row->value[f->number[i]]));
    h->used += f->n_numbers * sizeof(uint64_t);
    for (size_t i = 0; i < f->n_texts; i++)
        add_text(h, row->text[f->text[i]]);
}

es_status es_catalog_hash(es_catalog *catalog, es_errors *errors) {
    hasher h = {.state = XXH64_createState()};
    if (!h.state)
        return es_fail_memory(errors);
    for (int kind = 0; kind < ES_KINDS; kind++) {
        es_table *table = &catalog->table[kind];
        const hashed_fields fields = fields_of(es_fields((es_kind)kind));
        XXH64_reset(h.state, 0);
        add_u64(&h, table->n_rows);
        for (size_t i = 0; i < table->n_rows; i++)
            add_row(&h, &fields, &table->rows[i]);
        flush(&h);
        table->hash = XXH64_digest(h.state);
    }
    XXH64_reset(h.state, 0);
    for (int kind = 0; kind < ES_KINDS; kind++)
        add_u64(&h, catalog->table[kind].hash);
    flush(&h);
    catalog->hash = XXH64_digest(h.state);
    XXH64_freeState(h.state);
    return ES_OK;
}

/* How the numbers of a table are written, and what was met of them. */
#ifndef ES_IO_CSV_NUMBERS_H
#define ES_IO_CSV_NUMBERS_H

#include <pthread.h>
#include <stdatomic.h>

#include "io/csv_block.h"

/* What the numbers of a column looked like. */
enum {
    ES_CSV_POINT = 1,      /* a decimal point ... */
    ES_CSV_POINT_SURE = 2, /* ... that cannot separate thousands */
    ES_CSV_COMMA = 4,
    ES_CSV_COMMA_SURE = 8,
    ES_CSV_STYLES = 4
};

enum { ES_CSV_NUMBER_MAX = 128 /* bytes, as C writes it */ };

typedef struct es_csv_example {
    char text[32];
    es_origin at;
} es_csv_example;

typedef struct es_csv_column_style {
    atomic_uint seen;
    es_csv_example example[ES_CSV_STYLES]; /* of bit 1 << i */
} es_csv_column_style;

typedef struct es_csv_numbers {
    char decimal, thousands;
    bool by_column; /* commas in cells may be decimal ones */
    size_t n_columns;
    es_csv_column_style *column;
    pthread_mutex_t lock;  /* over the examples */
    _Atomic uint64_t said; /* lines behind the table */
} es_csv_numbers;

static inline bool es_csv_numbers_plain(const es_csv_numbers *n) {
    return !n || (!n->by_column && !n->thousands && n->decimal != ',');
}

es_status es_csv_numbers_settle(es_csv_numbers *how, const es_slice *name, es_errors *errors);

/* es_csv_input_number */
es_slice es_csv_number_text(es_csv_numbers *how, size_t column, es_slice value, char room[ES_CSV_NUMBER_MAX]);

/* The options that would make a number of a value: " (--thousands ' ' ...)"; "" when none would. */
const char *es_csv_number_hint(es_slice value);

#endif

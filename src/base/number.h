/* Strict numbers and checked arithmetic.  Independent of the locale. */
#ifndef ES_BASE_NUMBER_H
#define ES_BASE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

typedef enum es_number_fault {
    ES_NUMBER_OK = 0,
    ES_NUMBER_EMPTY,
    ES_NUMBER_JUNK,    /* not a number, or something behind it */
    ES_NUMBER_RANGE,   /* overflows a double */
    ES_NUMBER_SMALL,   /* rounds to zero and is not */
    ES_NUMBER_SPECIAL, /* nan, inf */
} es_number_fault;

/* Decimal number: [+-]digits[.digits][e[+-]digits], all of the slice; digits on one side of the point may be missing.
 * Correctly rounded; no blanks, hex, nan or inf.  *value is only set on ES_NUMBER_OK. */
es_number_fault es_parse_double(es_slice text, double *value);

/* The same with at most one suffix of k M G T (1e3 ...) or Ki Mi Gi Ti (1024 ...), right behind the digits. */
es_number_fault es_parse_scaled(es_slice text, double *value);

/* The same for numbers of tokens, of which k, K and M are 1024 and 1024 x 1024: contexts of models are powers of two. */
es_number_fault es_parse_tokens(es_slice text, double *value);

/* Unsigned decimal integer; ES_NUMBER_RANGE past 2^64-1. */
es_number_fault es_parse_u64(es_slice text, uint64_t *value);

const char *es_number_fault_text(es_number_fault fault);

/* From here on doubles do not hold every whole number: 2^53. */
#define ES_WHOLE_MAX 9007199254740992.0

/* A result without a value, whose cell is empty: NaN, or beyond the range of a double. */
static inline bool es_is_missing(double x) { return !(x - x == 0); }

static inline bool es_add_u64(uint64_t a, uint64_t b, uint64_t *sum) { return !__builtin_add_overflow(a, b, sum); }
static inline bool es_mul_u64(uint64_t a, uint64_t b, uint64_t *product) {
    return !__builtin_mul_overflow(a, b, product);
}
static inline bool es_mul_size(size_t a, size_t b, size_t *product) { return !__builtin_mul_overflow(a, b, product); }

#endif

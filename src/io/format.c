/* The vector code of this machine. */
#include "io/format_digits.h"

void es_format_doubles(es_cell *cell, const double *x, size_t n, int digits, char separator) {
    ES_SIMD_PICK(es_format_doubles)(cell, x, n, digits, separator);
}

void es_format_counts(es_cell *cell, const double *x, size_t n, char separator) {
    ES_SIMD_PICK(es_format_counts)(cell, x, n, separator);
}

size_t es_format_short_doubles ES_FORMAT_SHORT_DOUBLES_ARGS {
    return ES_SIMD_PICK(es_format_short_doubles)(cell, x, n, digits, separator);
}

size_t es_format_short_counts ES_FORMAT_SHORT_COUNTS_ARGS {
    return ES_SIMD_PICK(es_format_short_counts)(cell, x, n, separator);
}

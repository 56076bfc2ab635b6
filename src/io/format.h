/* Numbers to decimal text, byte-equal to printf's "%.*g" in the C locale, whatever the current locale.
 *
 * Every result is certified: a fast computation is used only when its proven error interval contains no rounding
 * boundary, otherwise a finer one decides, in the end exact arithmetic.  All functions are pure and thread-safe.
 */
#ifndef ES_IO_FORMAT_H
#define ES_IO_FORMAT_H

#include <stddef.h>
#include <stdint.h>

/* A formatted cell.  Bytes after `length` are undefined, so that a reader may copy 32 bytes and advance by `length`. */
typedef struct es_cell {
    _Alignas(32) char text[31];
    uint8_t length;
} es_cell;

/* A cell of up to 15 bytes, for what columns mostly hold. */
typedef struct es_short_cell {
    _Alignas(16) char text[15];
    uint8_t length;
} es_short_cell;

enum { ES_DOUBLE_CHARS = 24 }; /* "-1.2345678901234567e-308" */

/* "%.{digits}g" of x, digits 1...17.  Returns the length and writes no NUL; up to 32 bytes of `to` may be overwritten.
 * NaN and infinities have length 0. */
size_t es_format_double(char *to, double x, int digits);

/* Every digit of ceil(x), for 0 <= x <= 2^64; any other number as "%.17g".  NaN and infinities have length 0.  Writes
 * at most 32 bytes. */
size_t es_format_count(char *to, double x);

/* Decimal digits of x, at most 20; up to 32 bytes of `to` may be overwritten. */
size_t es_format_u64(char *to, uint64_t x);

/* Columns: cell[i] = text of x[i], then `separator` (none when 0).  The cells do not depend on the SIMD level. */
void es_format_doubles(es_cell *cell, const double *x, size_t n, int digits, char separator);
void es_format_counts(es_cell *cell, const double *x, size_t n, char separator);

/* The same in short cells, digits 1...9.  Returns how many were made: fewer than n when the next one does not fit. */
#define ES_FORMAT_SHORT_DOUBLES_ARGS (es_short_cell * cell, const double *x, size_t n, int digits, char separator)
#define ES_FORMAT_SHORT_COUNTS_ARGS (es_short_cell * cell, const double *x, size_t n, char separator)
size_t es_format_short_doubles ES_FORMAT_SHORT_DOUBLES_ARGS;
size_t es_format_short_counts ES_FORMAT_SHORT_COUNTS_ARGS;

#endif

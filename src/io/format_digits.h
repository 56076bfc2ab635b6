/* What format_double.c and the vector code share: tables of powers of ten, digits in 64-bit registers, layout of a number.
 *
 * A double is rounded to a decimal d.ddd * 10^exponent of up to 17 digits, kept as the first 9 digits (head) and the
 * last 8 (tail); shorter ones are padded with zeros on the right, which "%g" removes anyway.
 */
#ifndef ES_IO_FORMAT_DIGITS_H
#define ES_IO_FORMAT_DIGITS_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/simd.h"
#include "io/format.h"

enum {
    ES_POW10_BITS_MIN = -308,
    ES_POW10_BITS_MAX = 340,
    ES_POW10_DOUBLE_MIN = -309,
    ES_POW10_DOUBLE_MAX = 326,
    ES_DECADE_MIN = -324,
    ES_DECADE_MAX = 309,
    ES_NO_EXPONENT = ES_DECADE_MAX + 1,
    ES_HEAD_DIGITS = 9,
    ES_MAX_DIGITS = 17
};

/* Made at build time by scripts/gen_format_tables.c.
 * bits: 10^q cut off to 128 bits (high word, low word), 0 <= 10^q/2^s - entry < 1.
 * head and tail: 10^q to the nearest double, and what is missing to the nearest double; NaN where one is subnormal.
 * decade: bits of the smallest double >= 10^k.
 * exponent: "e-05" and the like, first byte lowest, length in the highest byte; then an empty one. */
extern const uint64_t es_pow10_bits[ES_POW10_BITS_MAX - ES_POW10_BITS_MIN + 1][2];
extern const double es_pow10_head[ES_POW10_DOUBLE_MAX - ES_POW10_DOUBLE_MIN + 1];
extern const double es_pow10_tail[ES_POW10_DOUBLE_MAX - ES_POW10_DOUBLE_MIN + 1];
extern const uint64_t es_decade_bits[ES_DECADE_MAX - ES_DECADE_MIN + 1];
extern const uint64_t es_exponent_text[ES_NO_EXPONENT - ES_DECADE_MIN + 1];

typedef struct es_decimal {
    uint32_t head, tail;
    int exponent;
} es_decimal;

/* Digits of one number: the head word ends with the first digit, middle and tail hold 8 each, first digit lowest. */
typedef struct es_digits {
    uint64_t word[4];
} es_digits;

enum { ES_HEAD, ES_MIDDLE, ES_TAIL };
enum { ES_FIRST_DIGIT = 7 }; /* byte of es_digits, on little-endian machines, where the digits start */

/* Where the digits of a number with a given decimal exponent go, relative to the place after the sign. */
typedef struct es_shape {
    uint8_t lead;                   /* place of the first digit */
    uint8_t point;                  /* place of the decimal point */
    uint8_t from, to;               /* the first 8 digits after the point: number of the first, its place */
    uint8_t from_second, to_second; /* the next 8 */
} es_shape;

enum { ES_SHAPE_MIN = -4, ES_SHAPE_MAX = 16 };
extern const es_shape es_shapes[ES_SHAPE_MAX - ES_SHAPE_MIN + 1];

/* Rounds a finite magnitude (bits of |x|) to `digits` digits, ties to even, as if with unlimited precision. */
es_decimal es_round_decimal(uint64_t magnitude, int digits);

/* Sign of m * 2^e * 10^q - (r + 1/2), exactly; |q| <= 340, |e| <= 1140. */
int es_compare_half(uint64_t m, int e, int q, uint64_t r);

ES_SIMD_DECLARE(void, es_format_doubles, (es_cell * cell, const double *x, size_t n, int digits, char separator));
ES_SIMD_DECLARE(void, es_format_counts, (es_cell * cell, const double *x, size_t n, char separator));
ES_SIMD_DECLARE(size_t, es_format_short_doubles, ES_FORMAT_SHORT_DOUBLES_ARGS);
ES_SIMD_DECLARE(size_t, es_format_short_counts, ES_FORMAT_SHORT_COUNTS_ARGS);

static const uint64_t es_ascii_zeros = UINT64_C(0x3030303030303030);

static inline uint64_t es_double_bits(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* floor(e log10 2) for |e| <= 1650; the test checks all in use. */
static inline int es_log10_of_pow2(int e) { return (e * 78913) >> 18; }

/* floor(log10 x) of a magnitude 2^binary <= x < 2^(binary+1): a binade meets at most one power of ten. */
static inline int es_decade(uint64_t magnitude, int binary) {
    const int low = es_log10_of_pow2(binary);
    return low + (magnitude >= es_decade_bits[low + 1 - ES_DECADE_MIN]);
}

/* The 8 decimal digits of x < 10^8, one per byte, the first in the lowest.  Halves, quarters and eighths in parallel;
 * the multipliers are ceil(2^s/10^j), exact for the ranges they meet. */
static inline uint64_t es_eight_digits(uint32_t x) {
    const uint64_t high = ((uint64_t)x * 109951163) >> 40;
    uint64_t v = high | (x - high * 10000) << 32;
    const uint64_t hundreds = ((v * 10486) >> 20) & UINT64_C(0x0000007f0000007f);
    v = hundreds + ((v - hundreds * 100) << 16);
    const uint64_t tens = ((v * 103) >> 10) & UINT64_C(0x000f000f000f000f);
    return tens + ((v - tens * 10) << 8);
}

/* Digits up to the last one that is not zero, of 1 + 8 + 8. */
static inline int es_used_digits(uint64_t middle, uint64_t tail) {
    const uint64_t last = tail != 0 ? tail : middle;
    return last == 0 ? 1 : (tail != 0 ? 17 : 9) - (__builtin_clzll(last) >> 3);
}

static inline void es_copy8(char *to, const void *from) { memcpy(to, from, 8); }
static inline void es_copy16(char *to, const void *from) { memcpy(to, from, 16); }

/* What "%g" makes of a number: kept apart from its layout so that columns compute it in vectors. */
typedef struct es_outline {
    int32_t shape;  /* index into es_shapes */
    int32_t length; /* without sign and exponent */
    int32_t suffix; /* index into es_exponent_text, its last, empty entry when there is no exponent */
} es_outline;

static inline es_outline es_outline_of(int exponent, int used, int precision) {
    const bool scientific = (exponent < ES_SHAPE_MIN) | (exponent >= precision);
    const int place = scientific ? 0 : exponent, whole = place < 0 ? 0 : place + 1, extra = place < 0 ? 1 - place : 1;
    const int length = used > whole ? used + extra : whole;
    return (es_outline){place - ES_SHAPE_MIN, length, (scientific ? exponent : ES_NO_EXPONENT) - ES_DECADE_MIN};
}

/* Writes sign, digits, leading zeros, point and exponent, without branches, since magnitudes in a column are mixed.
 * Whole words are stored, later ones over the excess of earlier ones, 31 bytes at most.  `wide`: there may be more than
 * 9 digits.  Returns the length. */
static inline unsigned es_lay_out(char *to, const char *digit, unsigned negative, es_outline outline, bool wide) {
    const es_shape shape = es_shapes[outline.shape];
    const uint64_t suffix = es_exponent_text[outline.suffix];
    to[0] = '-';
    to += negative;
    es_copy8(to, "0.000000");
    es_copy16(to + shape.lead, digit);
    if (wide)
        es_copy8(to + shape.lead + 16, digit + 16);
    to[shape.point] = '.';
    es_copy8(to + shape.to, digit + shape.from);
    if (wide)
        es_copy8(to + shape.to_second, digit + shape.from_second);
    es_copy8(to + outline.length, &suffix);
    return negative + (unsigned)outline.length + (unsigned)(suffix >> 56);
}

#endif

/* Numbers straight from the bytes of a block.  The usual ones are read eight digits at a time; everything out of the
 * ordinary, right or wrong, goes to es_parse_double. */
#include "io/csv_read.h"

#include <math.h>
#include <string.h>

#include "base/number.h"

/* Digits times 10^exponent. */
typedef struct decimal {
    uint64_t digits;
    int exponent;
} decimal;

enum {
    DIGITS_MAX = 19,     /* fit in 64 bits */
    POWER_10_EXACT = 22, /* 10^22 is the largest power of ten that is a double */
    POWER_5_MAX = 27     /* 5^27 is the largest power of five below 2^64 */
};

static const double power_10[POWER_10_EXACT + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static uint64_t load_8(const char *p) {
    uint64_t bytes;
    memcpy(&bytes, p, sizeof bytes);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    bytes = __builtin_bswap64(bytes);
#endif
    return bytes;
}

/* Value of eight ASCII digits, the first in the lowest byte: pairs, then fours, then eights. */
static uint64_t value_of_8(uint64_t bytes) {
    bytes = (bytes & UINT64_C(0x0f0f0f0f0f0f0f0f)) * 2561 >> 8;
    bytes = (bytes & UINT64_C(0x00ff00ff00ff00ff)) * 6553601 >> 16;
    return (bytes & UINT64_C(0x0000ffff0000ffff)) * UINT64_C(42949672960001) >> 32;
}

/* How many of eight bytes, from the first on, are digits. */
static unsigned leading_digits(uint64_t bytes) {
    const uint64_t off = bytes ^ UINT64_C(0x3030303030303030);
    const uint64_t above_9 = (off & UINT64_C(0x7f7f7f7f7f7f7f7f)) + UINT64_C(0x7676767676767676);
    const uint64_t other = (off | above_9) & UINT64_C(0x8080808080808080);
    return other ? (unsigned)__builtin_ctzll(other) / 8 : 8;
}

/* Reads a run of digits into *value, which may overflow; returns its end. */
static const char *read_digits(const char *p, uint64_t *value) {
    static const uint64_t power[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
    for (;;) {
        const uint64_t bytes = load_8(p);
        const unsigned n = leading_digits(bytes);
        if (n == 0)
            return p;
        *value = *value * power[n] + value_of_8(n == 8 ? bytes : bytes << (64 - 8 * n));
        p += n;
        if (n < 8)
            return p;
    }
}

/* Reads e[+-]digits; NULL when it is not one of a sane size. */
static const char *read_exponent(const char *p, int *exponent) {
    const bool negative = p[1] == '-';
    p += negative || p[1] == '+' ? 2 : 1;
    uint64_t value = 0;
    const char *end = read_digits(p, &value);
    if (end == p || end - p > 4)
        return NULL;
    *exponent += negative ? -(int)value : (int)value;
    return end;
}

/* False unless the whole text is a decimal number of at most DIGITS_MAX digits. */
static bool read_decimal(const char *p, const char *end, decimal *d) {
    *d = (decimal){0};
    const char *integer = p;
    p = read_digits(p, &d->digits);
    ptrdiff_t n = p - integer;
    if (*p == '.') {
        const char *fraction = p + 1;
        p = read_digits(fraction, &d->digits);
        n += p - fraction;
        d->exponent = (int)-(p - fraction);
    }
    if (n == 0 || n > DIGITS_MAX)
        return false;
    if (*p == 'e' || *p == 'E') {
        p = read_exponent(p, &d->exponent);
        if (!p)
            return false;
    }
    return p == end;
}

/* 2^exponent, for exponents of normal doubles. */
static double power_2(int exponent) {
    const uint64_t bits = (uint64_t)(1023 + exponent) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return power;
}

static uint64_t power_5(int exponent) {
    uint64_t power = 1;
    while (exponent-- > 0)
        power *= 5;
    return power;
}

/* digits * 5^e exactly, in 128 bits: its upper 64 and whether anything follows decide the rounding. */
static double multiply(uint64_t digits, int e) {
    const unsigned __int128 product = (unsigned __int128)digits * power_5(e);
    const uint64_t high = (uint64_t)(product >> 64);
    if (high == 0)
        return (double)(uint64_t)product * power_2(e);
    const int shift = 64 - __builtin_clzll(high);
    const uint64_t top = (uint64_t)(product >> shift);
    const uint64_t rest = (uint64_t)product << (64 - shift);
    return (double)(top | (rest != 0)) * power_2(shift + e);
}

/* digits / 5^e to 63 or 64 bits of quotient and a remainder: what follows the quotient only matters as "more than
 * zero". */
static double divide(uint64_t digits, int e) {
    const uint64_t divisor = power_5(e);
    const int up = __builtin_clzll(digits), divisor_up = __builtin_clzll(divisor);
    const uint64_t d = divisor << divisor_up;
    unsigned __int128 n = (unsigned __int128)(digits << up) << 64;
    int scale = divisor_up - up - 64 - e;
    if ((uint64_t)(n >> 64) >= d) {
        n >>= 1;
        scale++;
    }
    const uint64_t quotient = (uint64_t)(n / d);
    const bool inexact = n != (unsigned __int128)quotient * d;
    return (double)(quotient | inexact) * power_2(scale);
}

/* Correctly rounded; false when the exponent is too large for the exact ways. */
static bool convert(const decimal *d, double *value) {
    const int e = d->exponent;
    /* W. D. Clinger, How to read floating point numbers accurately, 1990: one operation on exact doubles. */
    if (d->digits <= UINT64_C(1) << 53 && e >= -POWER_10_EXACT && e <= POWER_10_EXACT) {
        const double digits = (double)(int64_t)d->digits;
        *value = e < 0 ? digits / power_10[-e] : digits * power_10[e];
        return true;
    }
    if (d->digits == 0 || e < -POWER_5_MAX || e > POWER_5_MAX)
        return false;
    *value = e < 0 ? divide(d->digits, -e) : multiply(d->digits, e);
    return true;
}

/* Reads the usual numbers; false for all other text. */
static bool read_usual(es_slice text, double *value) {
    const bool negative = text.length > 0 && text.text[0] == '-';
    decimal d;
    if (!read_decimal(text.text + negative, text.text + text.length, &d) || !convert(&d, value))
        return false;
    *value = negative ? -*value : *value;
    return true;
}

static double number_of(es_slice cell) {
    double value;
    if (read_usual(cell, &value))
        return value;
    const es_slice inside = es_csv_value(cell, NULL); /* without blanks and quotes */
    if (inside.length < cell.length && read_usual(inside, &value))
        return value;
    return es_parse_double(inside, &value) == ES_NUMBER_OK ? value : NAN;
}

size_t es_csv_block_numbers(const es_csv_block *block, size_t column, const uint32_t *rows, size_t first, size_t n,
                            double *value) {
    size_t missing = 0;
    for (size_t i = 0; i < n; i++) {
        value[i] = number_of(es_csv_block_cell(block, rows ? rows[i] : first + i, column));
        missing += value[i] != value[i];
    }
    return missing;
}

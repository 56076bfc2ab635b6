/* Decimal numbers of few digits to doubles, correctly rounded, by exact arithmetic of 128 bits. */
#ifndef ES_BASE_DECIMAL_H
#define ES_BASE_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* digits * 10^exponent */
typedef struct es_decimal_number {
    uint64_t digits;
    int exponent;
} es_decimal_number;

enum {
    ES_DECIMAL_DIGITS = 19, /* fit in 64 bits */
    ES_POWER_10_EXACT = 22, /* 10^22 is the largest power of ten that is a double */
    ES_POWER_5_MAX = 27     /* 5^27 is the largest power of five below 2^64 */
};

/* 2^exponent, for exponents of normal doubles. */
static inline double es_decimal_power_2(int exponent) {
    const uint64_t bits = (uint64_t)(1023 + exponent) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return power;
}

static inline uint64_t es_decimal_power_5(int exponent) {
    uint64_t power = 1;
    while (exponent-- > 0)
        power *= 5;
    return power;
}

/* digits * 5^e exactly, in 128 bits: its upper 64 and whether anything follows decide the rounding. */
static inline double es_decimal_multiply(uint64_t digits, int e) {
    const unsigned __int128 product = (unsigned __int128)digits * es_decimal_power_5(e);
    const uint64_t high = (uint64_t)(product >> 64);
    if (high == 0)
        return (double)(uint64_t)product * es_decimal_power_2(e);
    const int shift = 64 - __builtin_clzll(high);
    const uint64_t top = (uint64_t)(product >> shift);
    const uint64_t rest = (uint64_t)product << (64 - shift);
    return (double)(top | (rest != 0)) * es_decimal_power_2(shift + e);
}

/* digits / 5^e to 63 or 64 bits of quotient and a remainder: what follows the quotient only matters as "more than
 * zero". */
static inline double es_decimal_divide(uint64_t digits, int e) {
    const uint64_t divisor = es_decimal_power_5(e);
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
    return (double)(quotient | inexact) * es_decimal_power_2(scale);
}

/* Correctly rounded; false when the exponent is too large for the exact ways. */
static inline bool es_decimal_to_double(const es_decimal_number *d, double *value) {
    static const double power_10[ES_POWER_10_EXACT + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                           1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                           1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const int e = d->exponent;
    /* W. D. Clinger, How to read floating point numbers accurately, 1990: one operation on exact doubles. */
    if (d->digits <= UINT64_C(1) << 53 && e >= -ES_POWER_10_EXACT && e <= ES_POWER_10_EXACT) {
        const double digits = (double)(int64_t)d->digits;
        *value = e < 0 ? digits / power_10[-e] : digits * power_10[e];
        return true;
    }
    if (d->digits == 0 || e < -ES_POWER_5_MAX || e > ES_POWER_5_MAX)
        return false;
    *value = e < 0 ? es_decimal_divide(d->digits, -e) : es_decimal_multiply(d->digits, e);
    return true;
}

#endif

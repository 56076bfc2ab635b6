/* Vectors of 64-bit lanes, as wide as the level a `*.simd.c` file is compiled for, and digits in them. */
#ifndef ES_IO_FORMAT_LANES_H
#define ES_IO_FORMAT_LANES_H

#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#include "io/format_digits.h"

#if defined(__AVX512BW__)
enum { WIDTH = 64 };
#define SIMD(name) _mm512_##name
typedef __m512i simd;
#elif defined(__AVX2__)
enum { WIDTH = 32 };
#define SIMD(name) _mm256_##name
typedef __m256i simd;
#elif defined(__SSE2__)
enum { WIDTH = 16 };
#define SIMD(name) _mm_##name
typedef __m128i simd;
#else
enum { WIDTH = 16 };
#endif

enum { LANES = WIDTH / 8 };

typedef uint64_t words __attribute__((vector_size(WIDTH)));
typedef uint16_t halves __attribute__((vector_size(WIDTH)));

static const double two_52 = 0x1p52; /* x + 2^52 is x rounded to an integer, in the low bits */

static const double ten_to[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};

/* p = |x| * power of up to 9 digits has a relative error below 2^-53 from the power and 2^-53 from the product, so an
 * absolute one below 10^9 * 2^-52 * (1 + 2^-54) < 2.3e-7; a p closer to an integer than this rounds as the truth does.
 * The difference of p and that integer is exact. */
static const double certain_distance = 0.5 - 2.4e-7;

/* Product of the low 32 bits of each word. */
static inline words multiply_low(words x, uint32_t factor) {
#if defined(__SSE2__)
    return (words)SIMD(mul_epu32)((simd)x, SIMD(set1_epi32)((int)factor));
#elif defined(__ARM_NEON)
    return (words)vmull_n_u32(vmovn_u64((uint64x2_t)x), factor);
#else
    return (x & UINT32_MAX) * factor;
#endif
}

/* Upper half of each 16-bit product. */
static inline halves multiply_high(halves x, uint16_t factor) {
#if defined(__SSE2__)
    return (halves)SIMD(mulhi_epu16)((simd)x, SIMD(set1_epi16)((short)factor));
#elif defined(__ARM_NEON)
    const uint32x4_t low = vmull_n_u16(vget_low_u16((uint16x8_t)x), factor);
    const uint32x4_t high = vmull_n_u16(vget_high_u16((uint16x8_t)x), factor);
    return (halves)vuzp2q_u16(vreinterpretq_u16_u32(low), vreinterpretq_u16_u32(high));
#else
    for (size_t i = 0; i < sizeof x / sizeof x[0]; i++)
        x[i] = (uint16_t)(((uint32_t)x[i] * factor) >> 16);
    return x;
#endif
}

static inline words load(const void *from) {
    words x;
    memcpy(&x, from, sizeof x);
    return x;
}

/* The uppermost bit of each word. */
static inline uint64_t signs_of(words x) {
#if defined(__AVX512DQ__)
    return _mm512_movepi64_mask((simd)x);
#elif defined(__AVX2__)
    return (unsigned)_mm256_movemask_pd((__m256d)x);
#elif defined(__SSE2__)
    return (unsigned)_mm_movemask_pd((__m128d)x);
#else
    return x[0] >> 63 | (x[1] >> 63) << 1;
#endif
}

/* 100 * hundreds in the lower half of each pair of halves; the upper ones are 0.  (gcc 12 makes five shifts and
 * additions of a multiplication by a constant.) */
static inline words multiply_100(halves hundreds) {
#if defined(__SSE2__)
    return (words)SIMD(madd_epi16)((simd)hundreds, SIMD(set1_epi16)(100));
#else
    return (words)(hundreds * 100);
#endif
}

/* 10 * tens < 100 in each half. */
static inline words multiply_10(halves tens) {
#if defined(__SSSE3__)
    return (words)SIMD(maddubs_epi16)((simd)tens, SIMD(set1_epi8)(10));
#else
    return (words)(tens * 10);
#endif
}

/* The first of the 9 digits of each head. */
static inline words first_digit(words head) { return multiply_low(head, 1441151881) >> 57; }

/* The 8 digits of each x < 10^8, as es_eight_digits. */
static inline words eight_digits(words x) {
    const words high = multiply_low(x, 109951163) >> 40;
    words v = high | (x - multiply_low(high, 10000)) << 32;
    const halves hundreds = multiply_high((halves)v, 5243) >> 3;
    v = (words)hundreds + ((v - multiply_100(hundreds)) << 16);
    const halves tens = multiply_high((halves)v, 6554);
    return (words)tens + ((v - multiply_10(tens)) << 8);
}

/* gcc 12 drops its own when the last call is local; dirty upper halves make all SSE code after it half as fast. */
static inline void leave_vector_code(void) {
#if defined(__AVX__)
    _mm256_zeroupper();
#endif
}

#endif

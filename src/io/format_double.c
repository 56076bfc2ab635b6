#include "io/format.h"

#include "io/format_digits.h"

__extension__ typedef unsigned __int128 uint128;

static const uint64_t pow10_u64[] = {1e0, 1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,
                                     1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17};

#define BEFORE_POINT(k)                                                                                                \
    { 0, k + 1, k + 1, k + 2, k < 8 ? k + 9 : k + 1, k < 8 ? k + 10 : k + 2 }
#define AFTER_POINT(k)                                                                                                 \
    { 1 - k, 1, 0, 1 - k, 8, 9 - k }
const es_shape es_shapes[ES_SHAPE_MAX - ES_SHAPE_MIN + 1] = {
    AFTER_POINT(-4),  AFTER_POINT(-3),  AFTER_POINT(-2),         AFTER_POINT(-1),  BEFORE_POINT(0),  BEFORE_POINT(1),
    BEFORE_POINT(2),  BEFORE_POINT(3),  BEFORE_POINT(4),         BEFORE_POINT(5),  BEFORE_POINT(6),  BEFORE_POINT(7),
    BEFORE_POINT(8),  BEFORE_POINT(9),  BEFORE_POINT(10),        BEFORE_POINT(11), BEFORE_POINT(12), BEFORE_POINT(13),
    BEFORE_POINT(14), BEFORE_POINT(15), {0, 17, 16, 18, 16, 18}, /* all 17 digits before the point */
};

/* ---- exact arithmetic, for what 128 bits do not decide ---- */

enum { LIMBS = 32 }; /* 2048 bits; the largest product met has 64 + 790 + 1141 */

static void big_multiply(uint64_t *big, uint64_t factor) {
    uint128 carry = 0;
    for (int i = 0; i < LIMBS; i++) {
        carry += (uint128)big[i] * factor;
        big[i] = (uint64_t)carry;
        carry >>= 64;
    }
}

/* big *= 5^fives * 2^twos */
static void big_scale(uint64_t *big, int fives, int twos) {
    const uint64_t five_13 = 1220703125;
    for (; fives >= 13; fives -= 13)
        big_multiply(big, five_13);
    for (; fives > 0; fives--)
        big_multiply(big, 5);
    for (; twos >= 63; twos -= 63)
        big_multiply(big, UINT64_C(1) << 63);
    if (twos > 0)
        big_multiply(big, UINT64_C(1) << twos);
}

int es_compare_half(uint64_t m, int e, int q, uint64_t r) {
    uint64_t left[LIMBS] = {m}, right[LIMBS] = {2 * r + 1};
    const int twos = e + q + 1;
    big_scale(left, q > 0 ? q : 0, twos > 0 ? twos : 0);
    big_scale(right, q < 0 ? -q : 0, twos < 0 ? -twos : 0);
    for (int i = LIMBS - 1; i >= 0; i--)
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    return 0;
}

/* ---- rounding with a 128-bit power ---- */

/* Whether m * 2^e * 10^q, within one unit of r + 1/2 and q < 0, equals it: (2r+1) 5^-q has the bits of m.  More than 22
 * factors 5 do not fit into the 53 bits of a double. */
static bool is_tie(uint64_t m, int q, uint64_t r) {
    if (q < -22)
        return false;
    uint64_t right = 2 * r + 1;
    for (int i = q; i < 0; i++)
        if (__builtin_mul_overflow(right, 5, &right))
            return false;
    return m == right << __builtin_clzll(right);
}

/* m * 2^e * 10^q, 2^63 <= m < 2^64, 1 <= result < 10^17, to the nearest integer, ties to even.
 *
 * With 10^q = (g + d) 2^s, g of 128 bits from the table, 0 <= d < 1, the product m (g + d) lies in [m g, m g + 2^64).
 * In units of 2^64 its upper 128 bits h are floor(m g / 2^64), and the truth lies in [h, h + 2).  At least 70 of those
 * bits are a fraction f, since the result is below 2^57.
 *   d = 0 (5^q < 2^128, thus 0 <= q <= 55): all 192 bits are exact, the lowest word only tells a tie from more.
 *   d > 0: f >= 1/2 means strictly above, round up.  f + 2 <= 1/2 means below.  Only f + 1 = 1/2 is undecided; ties
 *   (q < 0) come here, hardly anything else does. */
static uint64_t scale_and_round(uint64_t m, int e, int q) {
    const uint64_t *g = es_pow10_bits[q - ES_POW10_BITS_MIN];
    const uint128 low = (uint128)m * g[1];
    const uint128 high = (uint128)m * g[0] + (uint64_t)(low >> 64);
    const uint64_t top = (uint64_t)(high >> 64), bottom = (uint64_t)high;
    const int log2_power = (q * 1741647) >> 19; /* floor(q log2 10), |q| <= 340 */
    const int shift = -1 - e - log2_power;      /* fraction bits in `top`: 6 ... 63 */
    const uint64_t half = UINT64_C(1) << (shift - 1);
    const uint64_t fraction = top & (2 * half - 1), r = top >> shift;
    if (q >= 0 && q <= 55) {
        const bool tie = fraction == half && (bottom | (uint64_t)low) == 0;
        return r + (tie ? r & 1 : fraction >= half);
    }
    if (fraction != half - 1 || bottom != UINT64_MAX)
        return r + (fraction >= half);
    if (is_tie(m, q, r))
        return r + (r & 1);
    return r + (es_compare_half(m, e, q, r) > 0);
}

es_decimal es_round_decimal(uint64_t magnitude, int digits) {
    if (magnitude == 0)
        return (es_decimal){0, 0, 0};
    const int biased = (int)(magnitude >> 52);
    uint64_t m = (magnitude & (UINT64_MAX >> 12)) | (uint64_t)(biased != 0) << 52;
    const int shift = __builtin_clzll(m);
    m <<= shift;
    const int e = (biased != 0 ? biased : 1) - 1075 - shift;
    int exponent = es_decade(magnitude, e + 63);
    uint64_t r = scale_and_round(m, e, digits - 1 - exponent) * pow10_u64[ES_MAX_DIGITS - digits];
    if (r == pow10_u64[ES_MAX_DIGITS]) { /* 9.99... became 10 */
        r = pow10_u64[ES_MAX_DIGITS - 1];
        exponent++;
    }
    const uint64_t tail_range = pow10_u64[ES_MAX_DIGITS - ES_HEAD_DIGITS];
    return (es_decimal){(uint32_t)(r / tail_range), (uint32_t)(r % tail_range), exponent};
}

/* ---- one number ---- */

size_t es_format_double(char *to, double x, int digits) {
    const uint64_t bits = es_double_bits(x), magnitude = bits & (UINT64_MAX >> 1);
    if (magnitude >= es_double_bits(INFINITY))
        return 0;
    const es_decimal decimal = es_round_decimal(magnitude, digits);
    const uint32_t first = decimal.head / 100000000;
    const uint64_t middle = es_eight_digits(decimal.head % 100000000), tail = es_eight_digits(decimal.tail);
    const es_digits text = {{(uint64_t)(first + '0') << 56, middle | es_ascii_zeros, tail | es_ascii_zeros}};
    const es_outline outline = es_outline_of(decimal.exponent, es_used_digits(middle, tail), digits);
    return es_lay_out(to, (const char *)&text + ES_FIRST_DIGIT, (unsigned)(bits >> 63), outline, true);
}

size_t es_format_u64(char *to, uint64_t x) {
    const uint64_t ten_16 = pow10_u64[16], ten_8 = pow10_u64[8];
    const uint64_t top = x / ten_16, rest = x % ten_16;
    const uint64_t word[6] = {es_eight_digits((uint32_t)top) | es_ascii_zeros,
                              es_eight_digits((uint32_t)(rest / ten_8)) | es_ascii_zeros,
                              es_eight_digits((uint32_t)(rest % ten_8)) | es_ascii_zeros};
    unsigned skip = 0;
    while (skip < 2 && word[skip] == es_ascii_zeros)
        skip++;
    const uint64_t digits = word[skip] ^ es_ascii_zeros;
    skip = 8 * skip + (digits == 0 ? 7 : (unsigned)__builtin_ctzll(digits) >> 3);
    const char *first = (const char *)word + skip;
    es_copy16(to, first);
    es_copy8(to + 16, first + 16);
    return 24 - skip;
}

size_t es_format_count(char *to, double x) {
    if (x > -1 && x < 0x1p64) {
        const uint64_t floor_x = x > 0 ? (uint64_t)x : 0;
        return es_format_u64(to, floor_x + ((double)floor_x < x));
    }
    if (x != 0x1p64)
        return es_format_double(to, x, ES_MAX_DIGITS);
    memcpy(to, "18446744073709551616", 20);
    return 20;
}

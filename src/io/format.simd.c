/* Columns of numbers to text, in blocks: powers of ten, scaled and rounded digits, those not certified again one by
 * one, digits to bytes in 64-bit lanes, layout. */
#include "io/format_digits.h"

enum { BLOCK = 64, LANES = 8 };

typedef struct block {
    double x[BLOCK]; /* copy of a block that is not full */
    double power[BLOCK], power_tail[BLOCK];
    uint64_t head[BLOCK], tail[BLOCK]; /* 9 and 8 digits */
    uint64_t doubtful[BLOCK];
    int32_t exponent[BLOCK];
    es_digits text[BLOCK];
} block;

static const double two_52 = 0x1p52; /* x + 2^52 is x rounded to an integer, in the low bits */

static const double ten_to[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};

static inline uint64_t magnitude_of(double x) { return es_double_bits(x) & (UINT64_MAX >> 1); }

/* exponent = floor(log10 |x|), power = 10^(digits - 1 - exponent); NaN for zeros, extremes and what is not finite. */
static void choose_powers(block *b, const double *x, int n, int digits, bool with_tail)
{
    const double *head = es_pow10_head + (digits - 1 - ES_POW10_DOUBLE_MIN);
    const double *tail = es_pow10_tail + (digits - 1 - ES_POW10_DOUBLE_MIN);
    for (int i = 0; i < n; i++) {
        const uint64_t magnitude = magnitude_of(x[i]);
        const int exponent = es_decade(magnitude, (int)(magnitude >> 52) - 1023);
        b->exponent[i] = exponent;
        b->power[i] = head[-exponent];
        if (with_tail) b->power_tail[i] = tail[-exponent];
    }
}

/* Up to 9 digits.  p = |x| * power has a relative error below 2^-53 from the power and 2^-53 from the product, so an
 * absolute one below 10^9 * 2^-52 * (1 + 2^-54) < 2.3e-7; a p farther than that from a tie rounds as the truth does.
 * p - r is exact.  A result of 10^digits changes the exponent and is left to the slow path, and so is NaN. */
static void round_heads(block *b, const double *x, int n, int digits)
{
    const double top = ten_to[digits], scale = ten_to[ES_HEAD_DIGITS - digits];
    for (int i = 0; i < n; i++) {
        const double p = fabs(x[i]) * b->power[i];
        const double r = (p + two_52) - two_52;
        const double padded = r * scale + two_52;
        b->head[i] = es_double_bits(padded) & 0x3fffffff;
        b->doubtful[i] = !((fabs(p - r) < 0.5 - 2.4e-7) & (r < top));
    }
}

#ifdef __FMA__
/* 10 to 17 digits in two doubles, p + low.  The pair of powers is good to 2^-106, x * tail and its sum with the exact
 * error of p to 2 * 2^-106: 2^-47 at 10^17.  head and rest = p - head * range are exact (|rest| <= 10^8 is a multiple
 * of ulp(p) >= 2^-23); rest + low < 2^27 is rounded by at most 2^-27. */
static void round_pairs(block *b, const double *x, int n, int digits)
{
    const double range = ten_to[digits - ES_HEAD_DIGITS], inverse = 1 / range;
    const double scale = ten_to[ES_MAX_DIGITS - digits], top = ten_to[ES_HEAD_DIGITS];
    for (int i = 0; i < n; i++) {
        const double magnitude = fabs(x[i]);
        const double p = magnitude * b->power[i];
        const double low = __builtin_fma(magnitude, b->power[i], -p) + magnitude * b->power_tail[i];
        double head = (p * inverse + two_52) - two_52;
        const double rest = __builtin_fma(-head, range, p) + low;
        double tail = (rest + two_52 * 1.5) - two_52 * 1.5;
        const double distance = fabs(rest - tail);
        head -= tail < 0 ? 1 : 0;
        tail += tail < 0 ? range : 0;
        b->head[i] = es_double_bits(head + two_52) & 0x3fffffff;
        b->tail[i] = es_double_bits(tail * scale + two_52) & 0x3fffffff;
        b->doubtful[i] = !((distance < 0.5 - 0x1p-26) & (head < top));
    }
}
#endif

/* Returns the set of numbers that are not finite. */
static uint64_t settle_doubtful(block *b, const double *x, int n, int digits)
{
    uint64_t not_finite = 0;
    for (int i = 0; i < n; i++) {
        if (!b->doubtful[i]) continue;
        const uint64_t magnitude = magnitude_of(x[i]);
        const bool finite = magnitude < es_double_bits(INFINITY);
        const es_decimal decimal = es_round_decimal(finite ? magnitude : 0, digits);
        not_finite |= (uint64_t)!finite << i;
        b->head[i] = decimal.head;
        b->tail[i] = decimal.tail;
        b->exponent[i] = decimal.exponent;
    }
    return not_finite;
}

static inline uint64_t eight_digits(uint64_t x)
{
    const uint64_t high = ((uint64_t)(uint32_t)x * 109951163) >> 40;
    uint64_t v = high | (x - (uint64_t)(uint32_t)high * 10000) << 32;
    const uint64_t hundreds = ((v * 10486) >> 20) & UINT64_C(0x0000007f0000007f);
    v = hundreds + ((v - hundreds * 100) << 16);
    const uint64_t tens = ((v * 103) >> 10) & UINT64_C(0x000f000f000f000f);
    return tens + ((v - tens * 10) << 8);
}

static void write_digits(block *b, int n, bool with_tail)
{
    for (int i = 0; i < n; i++) {
        const uint64_t first = ((uint64_t)(uint32_t)b->head[i] * 1441151881) >> 57;
        b->text[i].head = (first + '0') << 56;
        b->text[i].middle = eight_digits(b->head[i] - first * 100000000) | es_ascii_zeros;
    }
    if (with_tail)
        for (int i = 0; i < n; i++) b->text[i].tail = eight_digits(b->tail[i]) | es_ascii_zeros;
}

static inline void end_cell(es_cell *cell, unsigned length, char separator)
{
    cell->text[length] = separator;
    cell->length = (uint8_t)(length + (separator != 0));
}

static void lay_out_block(es_cell *cell, const block *b, const double *x, int n, int digits, char separator, bool wide)
{
    for (int i = 0; i < n; i++) {
        const es_digits *text = &b->text[i];
        const uint64_t middle = text->middle ^ es_ascii_zeros, tail = text->tail ^ es_ascii_zeros;
        const unsigned used = wide && tail != 0 ? 9 + es_used_digits(tail) : 1 + es_used_digits(middle);
        const unsigned negative = (unsigned)(es_double_bits(x[i]) >> 63);
        const unsigned length = es_lay_out(cell[i].text, (const char *)text + ES_FIRST_DIGIT, negative,
                                           b->exponent[i], used, digits, wide);
        end_cell(&cell[i], length, separator);
    }
}

static void format_block(es_cell *cell, block *b, const double *x, int n, int digits, char separator)
{
    const int m = (n + LANES - 1) / LANES * LANES;
    if (m != n) {
        memcpy(b->x, x, (size_t)n * sizeof *x);
        for (int i = n; i < m; i++) b->x[i] = 1;
        x = b->x;
    }
    const bool wide = digits > ES_HEAD_DIGITS;
    if (wide) {
#ifdef __FMA__
        choose_powers(b, x, m, digits, true);
        round_pairs(b, x, m, digits);
#else
        for (int i = 0; i < m; i++) b->doubtful[i] = 1;
#endif
    } else {
        choose_powers(b, x, m, digits, false);
        round_heads(b, x, m, digits);
    }
    uint64_t not_finite = settle_doubtful(b, x, n, digits);
    write_digits(b, m, wide);
    if (wide)
        lay_out_block(cell, b, x, n, digits, separator, true);
    else
        lay_out_block(cell, b, x, n, digits, separator, false);
    for (; not_finite != 0; not_finite &= not_finite - 1) end_cell(&cell[__builtin_ctzll(not_finite)], 0, separator);
}

void ES_SIMD_NAME(es_format_doubles)(es_cell *cell, const double *x, size_t n, int digits, char separator)
{
    block b;
    for (size_t i = 0; i < n; i += BLOCK)
        format_block(cell + i, &b, x + i, n - i < BLOCK ? (int)(n - i) : BLOCK, digits, separator);
}

void ES_SIMD_NAME(es_format_counts)(es_cell *cell, const double *x, size_t n, char separator)
{
    for (size_t i = 0; i < n; i++) end_cell(&cell[i], (unsigned)es_format_count(cell[i].text, x[i]), separator);
}

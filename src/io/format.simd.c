/* Columns of numbers to text, in blocks: powers of ten, scaled and rounded digits, those not certified again one by
 * one, digits to bytes in 64-bit lanes, layout. */
#include "io/format_lanes.h"

enum { BLOCK = 64 };

/* Two consecutive words of each text. */
static inline void store_pairs(es_digits *text, int place, words a, words b) {
    for (int i = 0; i < LANES; i++) {
        text[i].word[place] = a[i];
        text[i].word[place + 1] = b[i];
    }
}

typedef struct block {
    double x[BLOCK]; /* copy of a block that is not full */
    double power[BLOCK], power_tail[BLOCK];
    uint64_t head[BLOCK], tail[BLOCK]; /* 9 and 8 digits */
    double doubt[BLOCK]; /* negative: not certified (a sign, since gcc does not vectorise masks of doubles for SSE2) */
    int32_t exponent[BLOCK], shape[BLOCK], length[BLOCK], suffix[BLOCK];
    es_digits text[BLOCK + 1]; /* whole words are read past the end of the last */
} block;

static inline uint64_t magnitude_of(double x) { return es_double_bits(x) & (UINT64_MAX >> 1); }

/* exponent = floor(log10 |x|), power = 10^(digits - 1 - exponent); NaN for zeros, extremes and what is not finite. */
static void choose_powers(block *b, const double *x, int n, int digits, bool with_tail) {
    const double *head = es_pow10_head + (digits - 1 - ES_POW10_DOUBLE_MIN);
    const double *tail = es_pow10_tail + (digits - 1 - ES_POW10_DOUBLE_MIN);
    for (int i = 0; i < n; i++) {
        const uint64_t magnitude = magnitude_of(x[i]);
        const int exponent = es_decade(magnitude, (int)(magnitude >> 52) - 1023);
        b->exponent[i] = exponent;
        b->power[i] = head[-exponent];
        if (with_tail)
            b->power_tail[i] = tail[-exponent];
    }
}

/* Up to 9 digits.  A result of 10^digits changes the exponent and is left to the slow path, and so is NaN. */
static void round_heads(block *b, const double *x, int n, int digits) {
    const double top = ten_to[digits], scale = ten_to[ES_HEAD_DIGITS - digits];
    for (int i = 0; i < n; i++) {
        const double p = fabs(x[i]) * b->power[i];
        const double r = (p + two_52) - two_52;
        const double padded = r * scale + two_52;
        b->head[i] = es_double_bits(padded) & 0x3fffffff;
        const double distance = r < top ? fabs(p - r) : 1;
        b->doubt[i] = distance < certain_distance ? 0 : -1;
    }
}

#ifdef __FMA__
/* 10 to 17 digits in two doubles, p + low.  The pair of powers is good to 2^-106, x * tail and its sum with the exact
 * error of p to 2 * 2^-106: 2^-47 at 10^17.  head and rest = p - head * range are exact (|rest| <= 10^8 is a multiple
 * of ulp(p) >= 2^-23); rest + low < 2^27 is rounded by at most 2^-27. */
static void round_pairs(block *b, const double *x, int n, int digits) {
    const double range = ten_to[digits - ES_HEAD_DIGITS], inverse = 1 / range;
    const double scale = ten_to[ES_MAX_DIGITS - digits], top = ten_to[ES_HEAD_DIGITS];
    for (int i = 0; i < n; i++) {
        const double magnitude = fabs(x[i]);
        const double p = magnitude * b->power[i];
        const double low = __builtin_fma(magnitude, b->power[i], -p) + magnitude * b->power_tail[i];
        double head = (p * inverse + two_52) - two_52;
        const double rest = __builtin_fma(-head, range, p) + low;
        double tail = (rest + two_52 * 1.5) - two_52 * 1.5;
        const double distance = head < top ? fabs(rest - tail) : 1;
        head -= tail < 0 ? 1 : 0;
        tail += tail < 0 ? range : 0;
        b->head[i] = es_double_bits(head + two_52) & 0x3fffffff;
        b->tail[i] = es_double_bits(tail * scale + two_52) & 0x3fffffff;
        b->doubt[i] = distance < 0.5 - 0x1p-26 ? 0 : -1;
    }
}
#endif

static uint64_t doubtful_set(const block *b, int n) {
    uint64_t set = 0;
    for (int i = 0; i < n; i += LANES)
        set |= signs_of(load(&b->doubt[i])) << i;
    return set;
}

/* Most doubts are true ties of whole numbers with a few digits too many.  p is floor(p) + 1/2 up to its error, and so
 * is x in units of 10^places if the product says so: it has 31 + 21 bits for up to 9 places, and is exact. */
static inline bool settle_tie(block *b, int i, double magnitude, int digits) {
    const int places = b->exponent[i] + 1 - digits;
    if (places < 1 || places > 9)
        return false;
    const uint64_t down = (uint64_t)(magnitude * b->power[i]), even = down + (down & 1);
    if (((double)down + 0.5) * ten_to[places] != magnitude || (double)even == ten_to[digits])
        return false;
    b->head[i] = (uint64_t)((double)even * ten_to[ES_HEAD_DIGITS - digits]);
    return true;
}

/* Rounds with more precision what was not certified.  Returns the set of numbers that are not finite. */
static uint64_t settle_doubtful(block *b, const double *x, int n, int digits) {
    uint64_t not_finite = 0;
    for (uint64_t doubtful = doubtful_set(b, n); doubtful != 0; doubtful &= doubtful - 1) {
        const int i = __builtin_ctzll(doubtful);
        if (digits <= ES_HEAD_DIGITS && settle_tie(b, i, fabs(x[i]), digits))
            continue;
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

static void write_digits(block *b, int n, bool with_tail) {
    for (int i = 0; i < n; i += LANES) {
        const words head = load(&b->head[i]), first = first_digit(head);
        const words middle = eight_digits(head - multiply_low(first, 100000000)) | es_ascii_zeros;
        store_pairs(&b->text[i], ES_HEAD, (first + '0') << 56, middle);
        if (with_tail)
            store_pairs(&b->text[i], ES_TAIL, eight_digits(load(&b->tail[i])) | es_ascii_zeros, first);
    }
}

static inline void end_cell(es_cell *cell, unsigned length, char separator) {
    cell->text[length] = separator;
    cell->length = (uint8_t)(length + (separator != 0));
}

static void outline_block(block *b, int n, int digits, bool wide) {
    int32_t used[BLOCK];
    for (int i = 0; i < n; i++)
        used[i] = es_used_digits(b->text[i].word[ES_MIDDLE] ^ es_ascii_zeros,
                                 wide ? b->text[i].word[ES_TAIL] ^ es_ascii_zeros : 0);
    for (int i = 0; i < n; i++) {
        const es_outline outline = es_outline_of(b->exponent[i], used[i], digits);
        b->shape[i] = outline.shape;
        b->length[i] = outline.length;
        b->suffix[i] = outline.suffix;
    }
}

static void lay_out_block(es_cell *cell, const block *b, const double *x, int n, char separator, bool wide) {
    for (int i = 0; i < n; i++) {
        const es_outline outline = {b->shape[i], b->length[i], b->suffix[i]};
        const unsigned negative = (unsigned)(es_double_bits(x[i]) >> 63);
        const char *digit = (const char *)&b->text[i] + ES_FIRST_DIGIT;
        end_cell(&cell[i], es_lay_out(cell[i].text, digit, negative, outline, wide), separator);
    }
}

static int round_up(int n) { return (n + LANES - 1) / LANES * LANES; }

/* x, or a copy in b with ones after it when it does not fill all lanes. */
static const double *filled_up(block *b, const double *x, int n) {
    if (n == round_up(n))
        return x;
    memcpy(b->x, x, (size_t)n * sizeof *x);
    for (int i = n; i < round_up(n); i++)
        b->x[i] = 1;
    return b->x;
}

static void format_block(es_cell *cell, block *b, const double *x, int n, int digits, char separator) {
    const int m = round_up(n);
    x = filled_up(b, x, n);
    const bool wide = digits > ES_HEAD_DIGITS;
    if (wide) {
#ifdef __FMA__
        choose_powers(b, x, m, digits, true);
        round_pairs(b, x, m, digits);
#else
        for (int i = 0; i < m; i++)
            b->doubt[i] = -1;
#endif
    } else {
        choose_powers(b, x, m, digits, false);
        round_heads(b, x, m, digits);
    }
    uint64_t not_finite = settle_doubtful(b, x, n, digits);
    write_digits(b, m, wide);
    outline_block(b, m, digits, wide);
    lay_out_block(cell, b, x, n, separator, wide);
    for (; not_finite != 0; not_finite &= not_finite - 1)
        end_cell(&cell[__builtin_ctzll(not_finite)], 0, separator);
}

void ES_SIMD_NAME(es_format_doubles)(es_cell *cell, const double *x, size_t n, int digits, char separator) {
    block b;
    for (size_t i = 0; i < n; i += BLOCK)
        format_block(cell + i, &b, x + i, n - i < BLOCK ? (int)(n - i) : BLOCK, digits, separator);
    leave_vector_code();
}

/* Two times 8 digits of ceil(x) < 10^16.  Sums, products (multiples of 2^8 above 2^53) and differences are exact but
 * for the estimate of head, which is off by one at most. */
static void split_counts(block *b, const double *x, int n) {
    for (int i = 0; i < n; i++) {
        const double nearest = (x[i] + two_52) - two_52;
        const double up = nearest + (nearest < x[i] ? 1 : 0);
        const double whole = x[i] < two_52 ? up : x[i];
        double head = (whole * 1e-8 + two_52) - two_52;
        double tail = whole - head * 1e8;
        head -= tail < 0 ? 1 : 0;
        tail += tail < 0 ? 1e8 : 0;
        b->head[i] = es_double_bits(head + two_52) & 0x3fffffff;
        b->tail[i] = es_double_bits(tail + two_52) & 0x3fffffff;
        const double low = x[i] >= 0 ? 0 : -1;
        b->doubt[i] = x[i] < 1e16 ? low : -1;
    }
}

/* Zeros before the first of 16 digits that is not, or the last one. */
static inline unsigned leading_zeros(const es_digits *text) {
#if defined(__SSE2__)
    const __m128i digits = _mm_loadu_si128((const __m128i *)&text->word[ES_MIDDLE]);
    const unsigned zeros = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(digits, _mm_set1_epi8('0')));
    return (unsigned)__builtin_ctz(~zeros | 1u << 15);
#else
    const uint64_t middle = text->word[ES_MIDDLE] ^ es_ascii_zeros,
                   tail = (text->word[ES_TAIL] ^ es_ascii_zeros) | UINT64_C(1) << 56;
    return (unsigned)(middle != 0 ? __builtin_ctzll(middle) : 64 + __builtin_ctzll(tail)) / 8;
#endif
}

static void count_block(es_cell *cell, block *b, const double *x, int n, char separator) {
    const int m = round_up(n);
    x = filled_up(b, x, n);
    split_counts(b, x, m);
    for (int i = 0; i < m; i += LANES)
        store_pairs(&b->text[i], ES_MIDDLE, eight_digits(load(&b->head[i])) | es_ascii_zeros,
                    eight_digits(load(&b->tail[i])) | es_ascii_zeros);
    for (int i = 0; i < n; i++) {
        const es_digits *text = &b->text[i];
        const unsigned skip = leading_zeros(text);
        es_copy16(cell[i].text, (const char *)&text->word[ES_MIDDLE] + skip);
        end_cell(&cell[i], 16 - skip, separator);
    }
    for (uint64_t other = doubtful_set(b, m); other != 0; other &= other - 1) {
        const int i = __builtin_ctzll(other);
        end_cell(&cell[i], (unsigned)es_format_count(cell[i].text, x[i]), separator);
    }
}

void ES_SIMD_NAME(es_format_counts)(es_cell *cell, const double *x, size_t n, char separator) {
    block b;
    for (size_t i = 0; i < n; i += BLOCK)
        count_block(cell + i, &b, x + i, n - i < BLOCK ? (int)(n - i) : BLOCK, separator);
    leave_vector_code();
}

/* Columns of short cells.  A number stays in registers from the double to its text, a vector of lanes at a time; steps
 * as in format.simd.c.  Values that follow each other in a column mostly have the same decimal exponent: then they
 * share their power of ten and the places of their digits, and what is certified includes that they do. */
#include <string.h>

#include "io/format_lanes.h"

enum { TEXT_ROOM = sizeof(es_short_cell) - 1, LONG_BLOCK = 64, BLOCK = 64 };

#if defined(__AVX2__)

/* Returns false when `length` characters and the separator do not fit. */
static inline bool end_short(es_short_cell *cell, const char *text, size_t length, char separator) {
    const size_t total = length + (separator != 0);
    if (total > TEXT_ROOM)
        return false;
    es_copy16(cell->text, text);
    if (separator != 0)
        cell->text[length] = separator;
    cell->length = (uint8_t)total;
    return true;
}

enum { PLACES = -ES_SHAPE_MIN + ES_HEAD_DIGITS };

typedef double doubles __attribute__((vector_size(WIDTH)));

/* Besides the first digit, the head word of es_digits offers these to a shuffle. */
enum { ZERO_BYTE, POINT_BYTE };
static const uint64_t head_bytes = (uint64_t)'0' << 56 | '.' << 8 | '0';

/* Byte p of a number with exponent k: which byte of head and middle of es_digits it is. */
#define FRACTION(k, p) ((p) == 1 ? POINT_BYTE : (p) < 1 - (k) ? ZERO_BYTE : ES_FIRST_DIGIT + (p) + (k)-1)
#define NUMBER(k, p) ((p) <= (k) ? ES_FIRST_DIGIT + (p) : (p) == (k) + 1 ? POINT_BYTE : ES_FIRST_DIGIT + (p)-1)
#define BYTE(k, p) (((k) < 0 ? FRACTION(k, p) : NUMBER(k, p)) & 15)
#define FOUR(k, p) BYTE(k, p), BYTE(k, p + 1), BYTE(k, p + 2), BYTE(k, p + 3)
#define ALL(k)                                                                                                         \
    { FOUR(k, 0), FOUR(k, 4), FOUR(k, 8), FOUR(k, 12) }
static const _Alignas(16) uint8_t places[PLACES][16] = {ALL(-4), ALL(-3), ALL(-2), ALL(-1), ALL(0), ALL(1), ALL(2),
                                                        ALL(3),  ALL(4),  ALL(5),  ALL(6),  ALL(7), ALL(8)};

/* What the numbers of a vector look like; `place` and `tail` for cells 0, 2, 4... and 1, 3, 5... */
typedef struct looks {
    doubles power;      /* 10^(digits - 1 - exponent); NaN when the text may not fit */
    words whole, extra; /* digits before the point; characters besides digits, if there are any after it */
    words tail_length;
    simd place[2], tail[2]; /* of digits; exponent and separator */
} looks;

static inline simd repeat16(const void *bytes) {
    const __m128i x = _mm_loadu_si128(bytes);
#if defined(__AVX512BW__)
    return _mm512_broadcast_i32x4(x);
#else
    return _mm256_broadcastsi128_si256(x);
#endif
}

/* Decimal exponents, plus BIAS, and powers: by plain loads, which are faster than a gather. */
enum { BIAS = 400, MIXED = 8 * LANES };
typedef struct exponents {
    _Alignas(WIDTH) uint64_t biased[MIXED];
    _Alignas(WIDTH) double power[MIXED];
} exponents;

static inline void find_exponents(exponents *e, const double *x, size_t n, int digits) {
    const double *power = es_pow10_head + (digits - 1 - ES_POW10_DOUBLE_MIN);
    for (size_t i = 0; i < n; i++) {
        const uint64_t magnitude = es_double_bits(x[i]) & (UINT64_MAX >> 1);
        const int exponent = es_decade(magnitude, (int)(magnitude >> 52) - 1023);
        e->biased[i] = (uint64_t)(exponent + BIAS);
        e->power[i] = power[-exponent];
    }
}

/* The places of cells 0, 2... or 1, 3... of a vector; row[i] says which. */
static inline simd places_of(const uint64_t *row) {
#define PLACE(i) _mm_load_si128((const __m128i *)places[row[i]])
#if defined(__AVX512F__)
    const simd two = _mm512_inserti32x4(_mm512_castsi128_si512(PLACE(0)), PLACE(2), 1);
    return _mm512_inserti32x4(_mm512_inserti32x4(two, PLACE(4), 2), PLACE(6), 3);
#else
    return _mm256_inserti128_si256(_mm256_castsi128_si256(PLACE(0)), PLACE(2), 1);
#endif
}

/* "e-05", in the lowest bytes, of exponents below 100. */
static inline words scientific_suffix(words biased) {
    const words below = (words)(biased < BIAS), magnitude = ((biased - BIAS) ^ below) - below;
    const words tens = multiply_low(magnitude, 103) >> 10, sign = '+' + (below & ('-' - '+'));
    return 'e' | sign << 8 | (tens + '0') << 16 | (magnitude - multiply_low(tens, 10) + '0') << 24;
}

/* The looks of a vector that starts at number i; the lengths as in es_outline_of(). */
static inline looks looks_of(const exponents *e, size_t i, int digits, char separator) {
    const words zero = {0}, exponent = load(&e->biased[i]), end = zero + (unsigned char)separator;
    const words scientific = (words)(exponent < BIAS + ES_SHAPE_MIN) | (words)(exponent >= BIAS + (uint64_t)digits);
    const words too_long = (words)(exponent <= BIAS - 100) | (words)(exponent >= BIAS + 100);
    const words point = (exponent & ~scientific) | ((zero + BIAS) & scientific), before = (words)(point < BIAS);
    const simd tail = (simd)((scientific & (scientific_suffix(exponent) | end << 32)) | (~scientific & end));
    _Alignas(WIDTH) uint64_t row[LANES];
    const words rows = point - (BIAS + ES_SHAPE_MIN);
    memcpy(row, &rows, sizeof row);
    return (looks){.power = (doubles)(load(&e->power[i]) | too_long),
                   .whole = (point - (BIAS - 1)) & ~before,
                   .extra = 1 + ((BIAS - point) & before),
                   .tail_length = (scientific & 4) + (separator != 0),
                   .place = {places_of(row), places_of(row + 1)},
                   .tail = {SIMD(unpacklo_epi64)(tail, (simd)zero), SIMD(unpackhi_epi64)(tail, (simd)zero)}};
}

/* The lanes where low <= x < high does not hold. */
static inline unsigned outside(doubles x, double low, double high) {
    const doubles bottom = (doubles){0} + low, top = (doubles){0} + high;
#if defined(__AVX512F__)
    return _mm512_cmp_pd_mask((__m512d)x, (__m512d)bottom, _CMP_NGE_UQ) |
           _mm512_cmp_pd_mask((__m512d)x, (__m512d)top, _CMP_NLT_UQ);
#else
    return (unsigned)_mm256_movemask_pd(_mm256_or_pd(_mm256_cmp_pd((__m256d)x, (__m256d)bottom, _CMP_NGE_UQ),
                                                     _mm256_cmp_pd((__m256d)x, (__m256d)top, _CMP_NLT_UQ)));
#endif
}

/* used > whole ? used + extra : whole */
static inline words text_length(words used, words whole, words extra) {
#if defined(__AVX512F__)
    const __mmask8 fraction = _mm512_cmpgt_epi64_mask((simd)used, (simd)whole);
    return (words)_mm512_mask_add_epi64((simd)whole, fraction, (simd)used, (simd)extra);
#else
    return (words)_mm256_blendv_epi8((simd)whole, (simd)(used + extra), _mm256_cmpgt_epi64((simd)used, (simd)whole));
#endif
}

/* Digits up to the last one that is not zero, of the first and 8 in `middle`. */
static inline words used_digits(words middle) {
#if defined(__AVX512CD__)
    return 9 - ((words)_mm512_lzcnt_epi64((simd)middle) >> 3);
#else
    for (size_t i = 0; i < LANES; i++)
        middle[i] = (uint64_t)es_used_digits(middle[i], 0);
    return middle;
#endif
}

/* Pairs of words, the even and the odd ones, to cells in order. */
static inline void store_cells(es_short_cell *cell, simd even, simd odd) {
#if defined(__AVX512BW__)
    const simd low = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11), high = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
    _mm512_storeu_si512(cell, _mm512_permutex2var_epi64(even, low, odd));
    _mm512_storeu_si512(cell + LANES / 2, _mm512_permutex2var_epi64(even, high, odd));
#else
    _mm256_storeu_si256((simd *)cell, _mm256_permute2x128_si256(even, odd, 0x20));
    _mm256_storeu_si256((simd *)(cell + LANES / 2), _mm256_permute2x128_si256(even, odd, 0x31));
#endif
}

/* Digits to their places, then the tail after `length` of them. */
static inline simd compose(simd digits, simd place, simd tail, simd length) {
    static const uint8_t count[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const simd after = SIMD(sub_epi8)(repeat16(count), length);
    const simd text = SIMD(shuffle_epi8)(digits, place), rest = SIMD(shuffle_epi8)(tail, after);
#if defined(__AVX512BW__)
    return _mm512_mask_blend_epi8(_mm512_movepi8_mask(after), rest, text);
#else
    return _mm256_blendv_epi8(rest, text, after);
#endif
}

static const uint8_t first_of_word[16] = {0, 0, 0, 0, 0, 0, 0, 0, 8, 8, 8, 8, 8, 8, 8, 8};

/* Writes a cell per lane; returns the set of lanes that are not certified. */
static inline unsigned format_lanes(es_short_cell *cell, const double *x, const looks *all, int digits) {
    const double top = ten_to[digits], bottom = ten_to[digits - 1], scale = ten_to[ES_HEAD_DIGITS - digits];
    doubles value;
    memcpy(&value, x, sizeof value);
    const doubles p = value * all->power, r = (p + two_52) - two_52;
    const unsigned doubt = outside(p, bottom, top - 0.5) | outside(p - r, -certain_distance, certain_distance);
    const words head = (words)(r * scale + two_52) & 0x3fffffff, first = first_digit(head);
    const words middle = eight_digits(head - multiply_low(first, 100000000));
    const words length = text_length(used_digits(middle), all->whole, all->extra);
    const simd in_bytes = SIMD(shuffle_epi8)((simd)length, repeat16(first_of_word));
    const simd total = (simd)((length + all->tail_length) << 56), zero = (simd)(words){0};
    const simd front = (simd)((first << 56) | head_bytes), back = (simd)(middle | es_ascii_zeros);
    const simd even = compose(SIMD(unpacklo_epi64)(front, back), all->place[0], all->tail[0],
                              SIMD(unpacklo_epi64)(in_bytes, in_bytes));
    const simd odd = compose(SIMD(unpackhi_epi64)(front, back), all->place[1], all->tail[1],
                             SIMD(unpackhi_epi64)(in_bytes, in_bytes));
    store_cells(cell, (simd)((words)even | (words)SIMD(unpacklo_epi64)(zero, total)),
                (simd)((words)odd | (words)SIMD(unpackhi_epi64)(zero, total)));
    return doubt;
}

/* One cell, exactly; false when it does not fit. */
static bool format_one(es_short_cell *cell, double x, int digits, char separator) {
    char text[32];
    return end_short(cell, text, es_format_double(text, x, digits), separator);
}

/* A column, with the looks of the numbers before: more than one doubt in a vector means that they changed. */
typedef struct column {
    looks same;
    int digits;
    char separator;
    bool mixed; /* they change all the time */
} column;

static inline bool many(unsigned lanes) { return (lanes & (lanes - 1)) != 0; }

/* Whether some exponent of a vector is neither the first nor the last one: where a smooth column enters another decade
 * there are just two. */
static inline bool erratic(const exponents *e, size_t vector) {
    const words x = load(&e->biased[vector * LANES]);
    return signs_of((words)(x != x[0]) & (words)(x != x[LANES - 1])) != 0;
}

/* The looks of number `at` for all lanes. */
static looks repeat_looks(exponents *e, size_t at, int digits, char separator) {
    for (size_t i = 0; i < LANES; i++) {
        e->biased[i] = e->biased[at];
        e->power[i] = e->power[at];
    }
    return looks_of(e, 0, digits, separator);
}

/* Vectors whose looks are not those of the numbers before, n <= MIXED / LANES of them. */
static void format_mixed(es_short_cell *cell, const double *x, size_t n, column *c, uint8_t *doubt) {
    exponents e;
    find_exponents(&e, x, n * LANES, c->digits);
    for (size_t i = 0; i < n; i++) {
        const looks own = looks_of(&e, i * LANES, c->digits, c->separator);
        doubt[i] = (uint8_t)format_lanes(cell + i * LANES, x + i * LANES, &own, c->digits);
    }
    c->mixed = erratic(&e, n - 1);
    if (!c->mixed)
        c->same = repeat_looks(&e, n * LANES - 1, c->digits, c->separator);
}

/* Vectors up to one whose looks are new; returns how many.  No call within the loop, so that constants stay in registers:
 * doubts are left to the caller. */
static inline size_t format_same(es_short_cell *cell, const double *x, size_t n, const column *c, uint8_t *doubt) {
    const looks same = c->same;
    size_t i = 0;
    for (; i < n; i++) {
        const unsigned lanes = format_lanes(cell + i * LANES, x + i * LANES, &same, c->digits);
        if (many(lanes))
            break;
        doubt[i] = (uint8_t)lanes;
    }
    return i;
}

/* The cells that are in doubt, exactly; returns how many of all fit. */
static inline size_t settle(es_short_cell *cell, const double *x, size_t vectors, const uint8_t *doubt,
                            const column *c) {
    for (size_t i = 0; i < vectors; i++)
        for (unsigned lanes = doubt[i]; lanes != 0; lanes &= lanes - 1) {
            const size_t at = i * LANES + (unsigned)__builtin_ctz(lanes);
            if (!format_one(&cell[at], x[at], c->digits, c->separator))
                return at;
        }
    return vectors * LANES;
}

/* Cells of up to BLOCK whole vectors; returns how many fit. */
static size_t format_block(es_short_cell *cell, const double *x, size_t n, column *c) {
    uint8_t doubt[BLOCK];
    for (size_t done = 0, m = 0; done < n; done += m) {
        if (!c->mixed) {
            const size_t same = format_same(cell + done * LANES, x + done * LANES, n - done, c, doubt + done);
            c->mixed = same == 0 && m > 0;
            done += same;
        }
        m = n - done < MIXED / LANES ? n - done : MIXED / LANES;
        m = c->mixed || m == 0 ? m : 1;
        if (m)
            format_mixed(cell + done * LANES, x + done * LANES, m, c, doubt + done);
    }
    return settle(cell, x, n, doubt, c);
}

static inline void fill_up(double *values, const double *x, size_t n) {
    for (size_t i = 0; i < LANES; i++)
        values[i] = x[i < n ? i : 0];
}

/* The last values, as a full vector; returns how many of their cells fit. */
static size_t format_rest(es_short_cell *cell, const double *x, size_t n, column *c) {
    es_short_cell cells[LANES];
    double values[LANES];
    fill_up(values, x, n);
    const size_t fit = format_block(cells, values, 1, c);
    memcpy(cell, cells, n * sizeof *cell);
    return fit < n ? fit : n;
}

size_t ES_SIMD_NAME(es_format_short_doubles) ES_FORMAT_SHORT_DOUBLES_ARGS {
    column c = {.digits = digits, .separator = separator};
    size_t done = 0, fit = 0, vectors = 0;
    for (; done + LANES <= n && fit == vectors * LANES; done += fit) {
        vectors = (n - done) / LANES < BLOCK ? (n - done) / LANES : BLOCK;
        fit = format_block(cell + done, x + done, vectors, &c);
    }
    if (done < n && fit == vectors * LANES)
        done += format_rest(cell + done, x + done, n - done, &c);
    leave_vector_code();
    return done;
}

/* ---- counts ---- */

enum { COUNT_DIGITS = TEXT_ROOM - 1 };

/* What counts with the same number of digits have in common. */
typedef struct count_look {
    double above, most; /* counts x with above < x <= most */
    uint8_t place[16];  /* of the 16 digits; 0x80 after the last */
    char end[16];       /* separator and length */
} count_look;

/* As looks, of counts. */
typedef struct count_lanes {
    doubles above, most;
    simd place[2], end[2];
} count_lanes;

static count_look count_look_of(double x, char separator) {
    size_t n = 1;
    double most = 9;
    while (x > most && n < COUNT_DIGITS)
        most = most * 10 + 9, n++;
    count_look l = {.above = n == 1 ? -1 : (most - 9) / 10, .most = most, .end = {0}};
    for (size_t i = 0; i < 16; i++)
        l.place[i] = (uint8_t)(i < n ? 16 - n + i : 0x80);
    l.end[n] = separator;
    l.end[TEXT_ROOM] = (char)(n + (separator != 0));
    return l;
}

static inline count_lanes same_count(const count_look *l) {
    const simd place = repeat16(l->place), end = repeat16(l->end);
    return (count_lanes){(doubles){0} + l->above, (doubles){0} + l->most, {place, place}, {end, end}};
}

static count_lanes own_counts(const double *x, char separator) {
    count_lanes lanes;
    _Alignas(WIDTH) char place[LANES][16], end[LANES][16];
    count_look l = count_look_of(x[0], separator);
    for (size_t i = 0; i < LANES; i++) {
        if (x[i] <= l.above || x[i] > l.most)
            l = count_look_of(x[i], separator);
        const size_t at = i % 2 * LANES / 2 + i / 2;
        lanes.above[i] = l.above;
        lanes.most[i] = l.most;
        es_copy16(place[at], l.place);
        es_copy16(end[at], l.end);
    }
    memcpy(lanes.place, place, sizeof place);
    memcpy(lanes.end, end, sizeof end);
    return lanes;
}

/* As format_lanes(): two times 8 digits of ceil(x).  Half a unit more keeps the quotient on the right side of a whole
 * number: its error is below 10^6 * 2^-52. */
static inline unsigned format_counts(es_short_cell *cell, const double *x, const count_lanes *lanes) {
    doubles value;
    memcpy(&value, x, sizeof value);
    const unsigned doubt = (unsigned)signs_of(~((words)(value > lanes->above) & (words)(value <= lanes->most)));
    const doubles whole = (doubles)SIMD(ceil_pd)(value), high = (doubles)SIMD(floor_pd)((whole + 0.5) * 1e-8);
    const words head = (words)(high + two_52) & 0x3fffffff, tail = (words)(whole - high * 1e8 + two_52) & 0x3fffffff;
    const simd front = (simd)(eight_digits(head) | es_ascii_zeros), back = (simd)(eight_digits(tail) | es_ascii_zeros);
    const simd even = SIMD(shuffle_epi8)(SIMD(unpacklo_epi64)(front, back), lanes->place[0]);
    const simd odd = SIMD(shuffle_epi8)(SIMD(unpackhi_epi64)(front, back), lanes->place[1]);
    store_cells(cell, (simd)((words)even | (words)lanes->end[0]), (simd)((words)odd | (words)lanes->end[1]));
    return doubt;
}

static bool count_one(es_short_cell *cell, double x, char separator) {
    char text[32];
    return end_short(cell, text, es_format_count(text, x), separator);
}

static inline size_t count_group(es_short_cell *cell, const double *x, char separator, count_lanes *same) {
    unsigned doubt = format_counts(cell, x, same);
    if (doubt) {
        const count_look l = count_look_of(x[0], separator);
        *same = same_count(&l);
        doubt = format_counts(cell, x, same);
    }
    if (doubt) {
        const count_lanes own = own_counts(x, separator);
        doubt = format_counts(cell, x, &own);
    }
    for (; doubt != 0; doubt &= doubt - 1) {
        const int i = __builtin_ctz(doubt);
        if (!count_one(&cell[i], x[i], separator))
            return (size_t)i;
    }
    return LANES;
}

static size_t count_rest(es_short_cell *cell, const double *x, size_t n, char separator, count_lanes *same) {
    es_short_cell cells[LANES];
    double values[LANES];
    fill_up(values, x, n);
    const size_t fit = count_group(cells, values, separator, same);
    memcpy(cell, cells, n * sizeof *cell);
    return fit < n ? fit : n;
}

size_t ES_SIMD_NAME(es_format_short_counts) ES_FORMAT_SHORT_COUNTS_ARGS {
    const count_look first = count_look_of(n > 0 ? x[0] : 0, separator);
    count_lanes same = same_count(&first);
    size_t done = 0, fit = LANES;
    for (; done + LANES <= n && fit == LANES; done += fit)
        fit = count_group(cell + done, x + done, separator, &same);
    if (done < n && fit == LANES)
        done += count_rest(cell + done, x + done, n - done, separator, &same);
    leave_vector_code();
    return done;
}

#else

/* Without wide shuffles: as long cells, made shorter. */
static size_t shorten(es_short_cell *cell, const es_cell *from, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (from[i].length > TEXT_ROOM)
            return i;
        es_copy16(cell[i].text, from[i].text);
        cell[i].length = from[i].length;
    }
    return n;
}

/* digits 0: counts */
static size_t by_long_cells(es_short_cell *cell, const double *x, size_t n, int digits, char separator) {
    es_cell cells[LONG_BLOCK];
    size_t done = 0, m = 0, fit = 0;
    for (; done < n && fit == m; done += fit) {
        m = n - done < LONG_BLOCK ? n - done : LONG_BLOCK;
        if (digits > 0)
            ES_SIMD_NAME(es_format_doubles)(cells, x + done, m, digits, separator);
        else
            ES_SIMD_NAME(es_format_counts)(cells, x + done, m, separator);
        fit = shorten(cell + done, cells, m);
    }
    return done;
}

size_t ES_SIMD_NAME(es_format_short_doubles) ES_FORMAT_SHORT_DOUBLES_ARGS {
    return by_long_cells(cell, x, n, digits, separator);
}

size_t ES_SIMD_NAME(es_format_short_counts) ES_FORMAT_SHORT_COUNTS_ARGS {
    return by_long_cells(cell, x, n, 0, separator);
}

#endif

/* Words of 64 bytes become bit masks, one bit per byte, as in Langdale and Lemire, Parsing gigabytes of JSON per second,
 * VLDB Journal 28, 2019. */
#include "io/csv_scan.h"

#include <string.h>

#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#if defined(__AVX512BW__)
typedef __m512i word;
static inline word load_word(const char *p) { return _mm512_loadu_si512(p); }
static inline uint64_t equal_mask(const word *w, char c) { return _mm512_cmpeq_epi8_mask(*w, _mm512_set1_epi8(c)); }
static inline uint64_t high_mask(const word *w) { return _mm512_movepi8_mask(*w); }
#elif defined(__AVX2__)
typedef struct word {
    __m256i part[2];
} word;
static inline word load_word(const char *p) {
    return (word){{_mm256_loadu_si256((const __m256i *)p), _mm256_loadu_si256((const __m256i *)(p + 32))}};
}
static inline uint64_t equal_mask(const word *w, char c) {
    const __m256i wanted = _mm256_set1_epi8(c);
    const uint32_t low = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(w->part[0], wanted));
    const uint32_t high = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(w->part[1], wanted));
    return low | (uint64_t)high << 32;
}
static inline uint64_t high_mask(const word *w) {
    return (uint32_t)_mm256_movemask_epi8(w->part[0]) | (uint64_t)(uint32_t)_mm256_movemask_epi8(w->part[1]) << 32;
}
#elif defined(__SSE2__)
typedef struct word {
    __m128i part[4];
} word;
static inline word load_word(const char *p) {
    word w;
    for (int i = 0; i < 4; i++)
        w.part[i] = _mm_loadu_si128((const __m128i *)(p + 16 * i));
    return w;
}
static inline uint64_t equal_mask(const word *w, char c) {
    const __m128i wanted = _mm_set1_epi8(c);
    uint64_t mask = 0;
    for (int i = 0; i < 4; i++)
        mask |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(w->part[i], wanted)) << (16 * i);
    return mask;
}
static inline uint64_t high_mask(const word *w) {
    uint64_t mask = 0;
    for (int i = 0; i < 4; i++)
        mask |= (uint64_t)(uint32_t)_mm_movemask_epi8(w->part[i]) << (16 * i);
    return mask;
}
#elif defined(__ARM_NEON)
typedef struct word {
    uint8x16_t part[4];
} word;
static inline word load_word(const char *p) {
    const uint8_t *from = (const uint8_t *)p;
    return (word){{vld1q_u8(from), vld1q_u8(from + 16), vld1q_u8(from + 32), vld1q_u8(from + 48)}};
}
/* Of 64 bytes that are all ones or zero: each keeps the bit of its place in 8; three pairwise sums make 64 bits of them. */
static inline uint64_t mask_of(const uint8x16_t *set) {
    static const uint8_t place[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const uint8x16_t bit = vld1q_u8(place);
    const uint8x16_t low = vpaddq_u8(vandq_u8(set[0], bit), vandq_u8(set[1], bit));
    const uint8x16_t high = vpaddq_u8(vandq_u8(set[2], bit), vandq_u8(set[3], bit));
    const uint8x16_t sum = vpaddq_u8(low, high);
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sum, sum)), 0);
}
static inline uint64_t equal_mask(const word *w, char c) {
    const uint8x16_t wanted = vdupq_n_u8((uint8_t)c);
    return mask_of((uint8x16_t[4]){vceqq_u8(w->part[0], wanted), vceqq_u8(w->part[1], wanted),
                                   vceqq_u8(w->part[2], wanted), vceqq_u8(w->part[3], wanted)});
}
static inline uint64_t high_mask(const word *w) {
    const uint8x16_t least = vdupq_n_u8(0x80);
    return mask_of((uint8x16_t[4]){vcgeq_u8(w->part[0], least), vcgeq_u8(w->part[1], least),
                                   vcgeq_u8(w->part[2], least), vcgeq_u8(w->part[3], least)});
}
#else
typedef struct word {
    char byte[64];
} word;
static inline word load_word(const char *p) {
    word w;
    memcpy(w.byte, p, sizeof w.byte);
    return w;
}
static inline uint64_t equal_mask(const word *w, char c) {
    uint64_t mask = 0;
    for (int i = 0; i < 64; i++)
        mask |= (uint64_t)(w->byte[i] == c) << i;
    return mask;
}
static inline uint64_t high_mask(const word *w) {
    uint64_t mask = 0;
    for (int i = 0; i < 64; i++)
        mask |= (uint64_t)((unsigned char)w->byte[i] >> 7) << i;
    return mask;
}
#endif

/* Bit i of the result: parity of the bits 0 to i. */
static inline uint64_t prefix_parity(uint64_t bits) {
    for (int shift = 1; shift < 64; shift *= 2)
        bits ^= bits << shift;
    return bits;
}

/* What a word hands on to the next one. */
typedef struct carries {
    uint64_t quoted;    /* all ones inside quotes */
    uint64_t may_open;  /* bit 0: a quote at the next byte may open a cell or be the second of two */
    uint64_t was_quote; /* bit 0: the last byte was a closing quote */
    uint64_t was_cr;    /* bit 0: the last byte was a CR outside quotes */
} carries;

typedef struct masks {
    uint64_t delimiter, newline, cr, quote;
} masks;

/* Clears what is quoted from the masks; returns bits where quotes or CRs stand that need the general reader. */
static inline uint64_t resolve_quotes(masks *m, carries *carry) {
    if ((m->quote | m->cr | carry->quoted | carry->was_quote | carry->was_cr) == 0) {
        carry->may_open = (m->delimiter | m->newline) >> 63;
        return 0;
    }
    const uint64_t quoted = prefix_parity(m->quote) ^ carry->quoted;
    const uint64_t opening = m->quote & quoted, closing = m->quote & ~quoted;
    m->delimiter &= ~quoted;
    m->newline &= ~quoted;
    m->cr &= ~quoted;
    const uint64_t openers = m->delimiter | m->newline | closing;
    const uint64_t enders = m->delimiter | m->newline | m->cr | m->quote;
    uint64_t bad = opening & ~(openers << 1 | carry->may_open);
    bad |= (closing << 1 | carry->was_quote) & ~enders;
    bad |= (m->cr << 1 | carry->was_cr) & ~m->newline;
    *carry = (carries){.quoted = (uint64_t)((int64_t)quoted >> 63),
                       .may_open = openers >> 63,
                       .was_quote = closing >> 63,
                       .was_cr = m->cr >> 63};
    return bad;
}

/* Appends the places of the set bits; writes up to 4 items more than there are. */
static inline void append_bits(uint32_t *to, uint64_t bits, uint32_t base, size_t count) {
    for (size_t done = 0; done < count; done += 4) {
        for (size_t i = 0; i < 4; i++) {
            to[done + i] = base + (uint32_t)__builtin_ctzll(bits | UINT64_C(1) << 63);
            bits &= bits - 1;
        }
    }
}

typedef struct scanner {
    es_csv_scan scan;
    carries carry;
    uint64_t bad;
    uint32_t *end, *row_end;
} scanner;

static inline void scan_word(scanner *s, const char *text, size_t at, char delimiter, uint64_t within) {
    const word w = load_word(text + at);
    masks m = {equal_mask(&w, delimiter) & within, equal_mask(&w, '\n') & within, equal_mask(&w, '\r') & within,
               equal_mask(&w, '"') & within};
    s->bad |= resolve_quotes(&m, &s->carry) & within;
    const uint64_t ends = m.delimiter | m.newline;
    const size_t count = (size_t)__builtin_popcountll(ends);
    append_bits(s->end + s->scan.n_ends, ends, (uint32_t)at, count);
    for (uint64_t left = m.newline; left; left &= left - 1) {
        const uint64_t before = (left & -left) - 1;
        s->row_end[s->scan.n_rows++] = (uint32_t)(s->scan.n_ends + (size_t)__builtin_popcountll(ends & before));
    }
    s->scan.n_ends += count;
}

es_csv_scan ES_SIMD_NAME(es_csv_scan_text)(const char *text, size_t length, char delimiter, uint32_t *end,
                                           uint32_t *row_end) {
    scanner s = {.carry.may_open = 1, .end = end, .row_end = row_end};
    size_t at = 0;
    for (; length - at >= 64; at += 64)
        scan_word(&s, text, at, delimiter, ~UINT64_C(0));
    if (at < length)
        scan_word(&s, text, at, delimiter, (UINT64_C(1) << (length - at)) - 1);
    s.scan.irregular = s.bad != 0 || s.carry.quoted != 0 || (length > 0 && text[length - 1] != '\n');
    return s.scan;
}

static inline void count_word(es_csv_counts *counts, uint64_t *was_cr, const char *text, uint64_t within) {
    const word w = load_word(text);
    const uint64_t cr = equal_mask(&w, '\r') & within;
    const uint64_t newline = equal_mask(&w, '\n') & within & ~(cr << 1 | *was_cr);
    *was_cr = cr >> 63;
    counts->high |= high_mask(&w) & within;
    counts->quotes += (uint64_t)__builtin_popcountll(equal_mask(&w, '"') & within);
    counts->lines += (uint64_t)__builtin_popcountll(cr) + (uint64_t)__builtin_popcountll(newline);
}

es_csv_counts ES_SIMD_NAME(es_csv_count_text)(const char *text, size_t length) {
    es_csv_counts counts = {0};
    uint64_t was_cr = 0;
    size_t at = 0;
    for (; length - at >= 64; at += 64)
        count_word(&counts, &was_cr, text + at, ~UINT64_C(0));
    if (at < length)
        count_word(&counts, &was_cr, text + at, (UINT64_C(1) << (length - at)) - 1);
    return counts;
}

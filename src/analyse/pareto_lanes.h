/* Sixteen comparisons at once, for *.simd.c files. */
#ifndef ES_ANALYSE_PARETO_LANES_H
#define ES_ANALYSE_PARETO_LANES_H

#include <stdint.h>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

/* Bit l: lane[l] <= value.  lane is 64-byte aligned. */
static inline uint32_t es_lanes_le(const int32_t *lane, int32_t value)
{
#if defined(__AVX512F__)
    return _mm512_cmple_epi32_mask(_mm512_load_si512(lane), _mm512_set1_epi32(value));
#elif defined(__AVX2__)
    __m256i v = _mm256_set1_epi32(value);
    __m256i low = _mm256_cmpgt_epi32(_mm256_load_si256((const __m256i *)lane), v);
    __m256i high = _mm256_cmpgt_epi32(_mm256_load_si256((const __m256i *)(lane + 8)), v);
    uint32_t above = (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(low)) |
                     (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(high)) << 8;
    return above ^ 0xFFFFu;
#elif defined(__SSE2__)
    __m128i v = _mm_set1_epi32(value);
    const __m128i *from = (const __m128i *)lane;
    __m128i low = _mm_packs_epi32(_mm_cmpgt_epi32(from[0], v), _mm_cmpgt_epi32(from[1], v));
    __m128i high = _mm_packs_epi32(_mm_cmpgt_epi32(from[2], v), _mm_cmpgt_epi32(from[3], v));
    return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(low, high)) ^ 0xFFFFu;
#else
    uint32_t mask = 0;
    for (unsigned l = 0; l < 16; l++)
        mask |= (uint32_t)(lane[l] <= value) << l;
    return mask;
#endif
}

/* Bit l: bound <= value[l] with the sign of value flipped by `flip` (0 or the sign bit). */
static inline uint32_t es_lanes_at_least(const double *value, uint64_t flip, double bound)
{
#if defined(__AVX512F__)
    __m512i sign = _mm512_set1_epi64((long long)flip);
    __m512d v = _mm512_set1_pd(bound);
    __m512d low = _mm512_castsi512_pd(_mm512_xor_si512(_mm512_loadu_si512(value), sign));
    __m512d high = _mm512_castsi512_pd(_mm512_xor_si512(_mm512_loadu_si512(value + 8), sign));
    return (uint32_t)_mm512_cmp_pd_mask(low, v, _CMP_GE_OQ) | (uint32_t)_mm512_cmp_pd_mask(high, v, _CMP_GE_OQ) << 8;
#elif defined(__AVX2__)
    __m256d sign = _mm256_castsi256_pd(_mm256_set1_epi64x((long long)flip));
    __m256d v = _mm256_set1_pd(bound);
    uint32_t mask = 0;
    for (unsigned q = 0; q < 4; q++) {
        __m256d x = _mm256_xor_pd(_mm256_loadu_pd(value + 4 * q), sign);
        mask |= (uint32_t)_mm256_movemask_pd(_mm256_cmp_pd(x, v, _CMP_GE_OQ)) << 4 * q;
    }
    return mask;
#elif defined(__SSE2__)
    __m128d sign = _mm_castsi128_pd(_mm_set1_epi64x((long long)flip));
    __m128d v = _mm_set1_pd(bound);
    uint32_t mask = 0;
    for (unsigned q = 0; q < 8; q++) {
        __m128d x = _mm_xor_pd(_mm_loadu_pd(value + 2 * q), sign);
        mask |= (uint32_t)_mm_movemask_pd(_mm_cmpge_pd(x, v)) << 2 * q;
    }
    return mask;
#else
    uint32_t mask = 0;
    for (unsigned l = 0; l < 16; l++)
        mask |= (uint32_t)((flip ? -value[l] : value[l]) >= bound) << l;
    return mask;
#endif
}

/* Bit l: bound == value[l], flipped alike. */
static inline uint32_t es_lanes_equal(const double *value, uint64_t flip, double bound)
{
    uint32_t mask = 0;
    for (unsigned l = 0; l < 16; l++)
        mask |= (uint32_t)((flip ? -value[l] : value[l]) == bound) << l;
    return mask;
}

#endif

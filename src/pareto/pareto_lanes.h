/* Vectors of comparisons for *.simd.c files, with a plain fallback. */
#ifndef ES_PARETO_PARETO_LANES_H
#define ES_PARETO_PARETO_LANES_H

#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

/* Bit l of 16: lane[l] <= value.  lane is 64-byte aligned. */
static inline uint32_t es_lanes_le(const int32_t *lane, int32_t value) {
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
#elif defined(__ARM_NEON)
    static const uint32_t place[4] = {1, 2, 4, 8};
    const int32x4_t v = vdupq_n_s32(value);
    const uint32x4_t bit = vld1q_u32(place);
    uint32_t mask = 0;
    for (unsigned k = 0; k < 4; k++)
        mask |= vaddvq_u32(vandq_u32(vcleq_s32(vld1q_s32(lane + 4 * k), v), bit)) << 4 * k;
    return mask;
#else
    uint32_t mask = 0;
    for (unsigned l = 0; l < 16; l++)
        mask |= (uint32_t)(lane[l] <= value) << l;
    return mask;
#endif
}

/* ES_VECTOR doubles, and one truth value for each. */
#if defined(__AVX512DQ__)

enum { ES_VECTOR = 8 };
typedef __m512d es_vector;
typedef __mmask8 es_mask;

static inline es_vector es_vector_load(const double *from, uint64_t flip) {
    return _mm512_xor_pd(_mm512_loadu_pd(from), _mm512_castsi512_pd(_mm512_set1_epi64((long long)flip)));
}

static inline es_mask es_vector_at_least(es_vector a, double bound) {
    return _mm512_cmp_pd_mask(a, _mm512_set1_pd(bound), _CMP_GE_OQ);
}

static inline es_mask es_vector_above(es_vector a, double bound) {
    return _mm512_cmp_pd_mask(a, _mm512_set1_pd(bound), _CMP_GT_OQ);
}

static inline es_mask es_mask_and(es_mask a, es_mask b) { return (es_mask)(a & b); }

static inline uint32_t es_mask_bits(es_mask mask) { return mask; }

#elif defined(__AVX2__)

enum { ES_VECTOR = 4 };
typedef __m256d es_vector;
typedef __m256d es_mask;

static inline es_vector es_vector_load(const double *from, uint64_t flip) {
    return _mm256_xor_pd(_mm256_loadu_pd(from), _mm256_castsi256_pd(_mm256_set1_epi64x((long long)flip)));
}

static inline es_mask es_vector_at_least(es_vector a, double bound) {
    return _mm256_cmp_pd(a, _mm256_set1_pd(bound), _CMP_GE_OQ);
}

static inline es_mask es_vector_above(es_vector a, double bound) {
    return _mm256_cmp_pd(a, _mm256_set1_pd(bound), _CMP_GT_OQ);
}

static inline es_mask es_mask_and(es_mask a, es_mask b) { return _mm256_and_pd(a, b); }

static inline uint32_t es_mask_bits(es_mask mask) { return (uint32_t)_mm256_movemask_pd(mask); }

#elif defined(__SSE2__)

enum { ES_VECTOR = 2 };
typedef __m128d es_vector;
typedef __m128d es_mask;

static inline es_vector es_vector_load(const double *from, uint64_t flip) {
    return _mm_xor_pd(_mm_loadu_pd(from), _mm_castsi128_pd(_mm_set1_epi64x((long long)flip)));
}

static inline es_mask es_vector_at_least(es_vector a, double bound) { return _mm_cmpge_pd(a, _mm_set1_pd(bound)); }

static inline es_mask es_vector_above(es_vector a, double bound) { return _mm_cmpgt_pd(a, _mm_set1_pd(bound)); }

static inline es_mask es_mask_and(es_mask a, es_mask b) { return _mm_and_pd(a, b); }

static inline uint32_t es_mask_bits(es_mask mask) { return (uint32_t)_mm_movemask_pd(mask); }

#elif defined(__ARM_NEON)

enum { ES_VECTOR = 2 };
typedef float64x2_t es_vector;
typedef uint64x2_t es_mask;

static inline es_vector es_vector_load(const double *from, uint64_t flip) {
    return vreinterpretq_f64_u64(veorq_u64(vreinterpretq_u64_f64(vld1q_f64(from)), vdupq_n_u64(flip)));
}

static inline es_mask es_vector_at_least(es_vector a, double bound) { return vcgeq_f64(a, vdupq_n_f64(bound)); }

static inline es_mask es_vector_above(es_vector a, double bound) { return vcgtq_f64(a, vdupq_n_f64(bound)); }

static inline es_mask es_mask_and(es_mask a, es_mask b) { return vandq_u64(a, b); }

static inline uint32_t es_mask_bits(es_mask mask) {
    return (uint32_t)(vgetq_lane_u64(mask, 0) & 1) | (uint32_t)(vgetq_lane_u64(mask, 1) & 2);
}

#else

enum { ES_VECTOR = 1 };
typedef double es_vector;
typedef uint32_t es_mask;

static inline es_vector es_vector_load(const double *from, uint64_t flip) { return flip ? -*from : *from; }

static inline es_mask es_vector_at_least(es_vector a, double bound) { return a >= bound; }

static inline es_mask es_vector_above(es_vector a, double bound) { return a > bound; }

static inline es_mask es_mask_and(es_mask a, es_mask b) { return a & b; }

static inline uint32_t es_mask_bits(es_mask mask) { return mask; }

#endif

#endif

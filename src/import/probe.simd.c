/* Twelve independent chains hide the latency of two multiply-add pipes; the accumulators stay in registers. */
#include "import/probe_kernels.h"

#if defined(__AVX512F__)
enum { BYTES = 64 };
#elif defined(__AVX2__)
enum { BYTES = 32 };
#else
enum { BYTES = 16 };
#endif

typedef float floats __attribute__((vector_size(BYTES)));
typedef uint64_t words __attribute__((vector_size(BYTES)));
typedef uint8_t octets __attribute__((vector_size(BYTES)));

enum { CHAINS = 12, FLOATS = BYTES / 4, HALVES = BYTES / 2 };

#define ALL_CHAINS(STEP)                                                                                               \
    STEP(a0) STEP(a1) STEP(a2) STEP(a3) STEP(a4) STEP(a5) STEP(a6) STEP(a7) STEP(a8) STEP(a9) STEP(a10) STEP(a11)

/* double name(rounds): `ops` operations of every chain in a round. */
#define KERNEL(name, type, one, ops, STEP)                                                                             \
    double ES_SIMD_NAME(name)(uint64_t rounds) {                                                                       \
        const type x = (type){0} + (one), y = x;                                                                       \
        type a0 = x, a1 = x, a2 = x, a3 = x, a4 = x, a5 = x, a6 = x, a7 = x, a8 = x, a9 = x, a10 = x, a11 = x;         \
        for (uint64_t r = 0; r < rounds; r++) {                                                                        \
            ALL_CHAINS(STEP)                                                                                           \
        }                                                                                                              \
        return (double)rounds * CHAINS * (ops);                                                                        \
    }

/* The assembler takes instructions beyond the level only in functions that say so. */
#if defined(__aarch64__) && defined(__clang__)
#define WITH_FP16 __attribute__((target("fullfp16")))
#define WITH_DOT8 __attribute__((target("dotprod")))
#define WITH_MMLA __attribute__((target("i8mm")))
#elif defined(__aarch64__)
#define WITH_FP16 __attribute__((target("arch=armv8.2-a+fp16")))
#define WITH_DOT8 __attribute__((target("arch=armv8.2-a+dotprod")))
#define WITH_MMLA __attribute__((target("arch=armv8.2-a+i8mm")))
#endif

#define NO_KERNEL(name)                                                                                                \
    double ES_SIMD_NAME(name)(uint64_t rounds) {                                                                       \
        (void)rounds;                                                                                                  \
        return 0;                                                                                                      \
    }

/* Products of a block fit into 16 bits; they are scaled as floats, lane by lane, and added up in the end. */
uint64_t ES_SIMD_NAME(es_probe_dot)(const uint64_t *data, size_t n) {
    enum { BLOCK = 32, LANES = BLOCK / 2, CHAINS_OF_DOT = 4 };
    typedef int8_t octet_half __attribute__((vector_size(LANES)));
    typedef int16_t shorts __attribute__((vector_size(LANES * 2)));
    typedef float scaled __attribute__((vector_size(LANES * 4)));
    const octet_half *at = (const octet_half *)__builtin_assume_aligned(data, 64);
    const octet_half *end = at + n * sizeof *data / LANES;
    shorts low, high;
    scaled sum[CHAINS_OF_DOT] = {{0}};
    for (int i = 0; i < LANES; i++)
        low[i] = (int16_t)(i + 1), high[i] = (int16_t)(i + 1 + LANES);
    for (; at < end; at += 2 * CHAINS_OF_DOT)
        for (int c = 0; c < CHAINS_OF_DOT; c++) {
            const shorts products = __builtin_convertvector(at[2 * c], shorts) * low +
                                    __builtin_convertvector(at[2 * c + 1], shorts) * high;
            sum[c] += 2.0f * __builtin_convertvector(products, scaled);
        }
    double total = 0;
    for (int i = 0; i < LANES; i++)
        total += (double)sum[0][i] + (double)sum[1][i] + (double)sum[2][i] + (double)sum[3][i];
    return (uint64_t)(int64_t)total;
}

uint64_t ES_SIMD_NAME(es_probe_sum)(const uint64_t *data, size_t n) {
    const words *at = (const words *)__builtin_assume_aligned(data, 64);
    const words *end = at + n * sizeof *data / BYTES;
    words a = {0}, b = a, c = a, d = a;
    for (; at < end; at += 4) {
        a += at[0];
        b += at[1];
        c += at[2];
        d += at[3];
    }
    a += b + c + d;
    uint64_t sum = 0;
    for (size_t i = 0; i < BYTES / sizeof sum; i++)
        sum += a[i];
    return sum;
}

#if defined(__x86_64__) && defined(__FMA__)
#define STEP_FP32(a) __asm__ volatile("vfmadd231ps %2, %1, %0" : "+v"(a) : "v"(x), "v"(y));
KERNEL(es_probe_fp32, floats, 1e-3f, 2 * FLOATS, STEP_FP32)
#elif defined(__aarch64__)
#define STEP_FP32(a) __asm__ volatile("fmla %0.4s, %1.4s, %2.4s" : "+w"(a) : "w"(x), "w"(y));
KERNEL(es_probe_fp32, floats, 1e-3f, 2 * FLOATS, STEP_FP32)
#else
#define STEP_FP32(a)                                                                                                   \
    a = a * x + y;                                                                                                     \
    __asm__ volatile("" : "+x"(a));
#if defined(__x86_64__)
KERNEL(es_probe_fp32, floats, 0.5f, 2 * FLOATS, STEP_FP32)
#else
#undef STEP_FP32
#define STEP_FP32(a)                                                                                                   \
    a = a * x + y;                                                                                                     \
    __asm__ volatile("" : "+m"(a));
KERNEL(es_probe_fp32, floats, 0.5f, 2 * FLOATS, STEP_FP32)
#endif
#endif

#if defined(__AVX512F__)
#define STEP_FP16(a) __asm__ volatile("vfmadd231ph %2, %1, %0" : "+v"(a) : "v"(x), "v"(y));
KERNEL(es_probe_fp16, octets, 0, 2 * HALVES, STEP_FP16)
#elif defined(__aarch64__)
#define STEP_FP16(a) __asm__ volatile("fmla %0.8h, %1.8h, %2.8h" : "+w"(a) : "w"(x), "w"(y));
WITH_FP16 KERNEL(es_probe_fp16, octets, 0, 2 * HALVES, STEP_FP16)
#else
NO_KERNEL(es_probe_fp16)
#endif

/* Products of bytes, summed in pairs to 16, in fours to 32 bits, and added. */
#if defined(__AVX2__)
#define STEP_INT8(a)                                                                                                   \
    do {                                                                                                               \
        octets p;                                                                                                      \
        __asm__ volatile("vpmaddubsw %2, %3, %1\n\tvpmaddwd %2, %1, %1\n\tvpaddd %1, %0, %0"                           \
                         : "+v"(a), "=&v"(p)                                                                           \
                         : "v"(x), "v"(y));                                                                            \
    } while (0);
KERNEL(es_probe_int8, octets, 1, 2 * BYTES, STEP_INT8)
#elif defined(__aarch64__)
#define STEP_INT8(a)                                                                                                   \
    do {                                                                                                               \
        octets p;                                                                                                      \
        __asm__ volatile("smull %1.8h, %2.8b, %3.8b\n\tsmlal2 %1.8h, %2.16b, %3.16b\n\tsadalp %0.4s, %1.8h"            \
                         : "+w"(a), "=&w"(p)                                                                           \
                         : "w"(x), "w"(y));                                                                            \
    } while (0);
    KERNEL(es_probe_int8, octets, 1, 2 * BYTES, STEP_INT8)
#else
NO_KERNEL(es_probe_int8)
#endif

#if defined(__AVX512F__)
#define STEP_DOT8(a) __asm__ volatile("vpdpbusd %2, %1, %0" : "+v"(a) : "v"(x), "v"(y));
KERNEL(es_probe_dot8, octets, 1, 2 * BYTES, STEP_DOT8)
#elif defined(__AVX2__)
#define STEP_DOT8(a) __asm__ volatile("%{vex%} vpdpbusd %2, %1, %0" : "+x"(a) : "x"(x), "x"(y));
        KERNEL(es_probe_dot8, octets, 1, 2 * BYTES, STEP_DOT8)
#elif defined(__aarch64__)
#define STEP_DOT8(a) __asm__ volatile("sdot %0.4s, %1.16b, %2.16b" : "+w"(a) : "w"(x), "w"(y));
WITH_DOT8 KERNEL(es_probe_dot8, octets, 1, 2 * BYTES, STEP_DOT8)
#else
NO_KERNEL(es_probe_dot8)
#endif

/* Two rows of eight bytes times two columns. */
#if !defined(__aarch64__)
NO_KERNEL(es_probe_mmla)
#else
#define STEP_MMLA(a) __asm__ volatile("smmla %0.4s, %1.16b, %2.16b" : "+w"(a) : "w"(x), "w"(y));
            WITH_MMLA KERNEL(es_probe_mmla, octets, 1, 2 * 2 * 2 * 8, STEP_MMLA)
#endif

#if defined(__aarch64__)
WITH_DOT8 uint64_t ES_SIMD_NAME(es_probe_dot_sdot)(const uint64_t *data, size_t n) {
    enum { CHAINS_OF_DOT = 4 };
    typedef int32_t ints __attribute__((vector_size(BYTES)));
    const octets *at = (const octets *)__builtin_assume_aligned(data, 64);
    const octets *end = at + n * sizeof *data / BYTES;
    octets low, high;
    floats sum[CHAINS_OF_DOT] = {{0}};
    for (int i = 0; i < BYTES; i++)
        low[i] = (uint8_t)(i + 1), high[i] = (uint8_t)(i + 1 + BYTES);
    for (; at < end; at += 2 * CHAINS_OF_DOT)
        for (int c = 0; c < CHAINS_OF_DOT; c++) {
            ints block = {0};
            __asm__("sdot %0.4s, %1.16b, %2.16b" : "+w"(block) : "w"(at[2 * c]), "w"(low));
            __asm__("sdot %0.4s, %1.16b, %2.16b" : "+w"(block) : "w"(at[2 * c + 1]), "w"(high));
            sum[c] += 2.0f * __builtin_convertvector(block, floats);
        }
    double total = 0;
    for (int i = 0; i < FLOATS; i++)
        total += (double)sum[0][i] + (double)sum[1][i] + (double)sum[2][i] + (double)sum[3][i];
    return (uint64_t)(int64_t)total;
}
#endif

#include "base/simd.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>

static bool has_lzcnt(void) {
    unsigned a, b, c, d;
    return __get_cpuid(0x80000001u, &a, &b, &c, &d) && (c & (1u << 5));
}

/* __builtin_cpu_supports also asks whether the system saves the wide registers. */
static es_simd_level detect(void) {
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi") || !__builtin_cpu_supports("bmi2") ||
        !__builtin_cpu_supports("fma") || !__builtin_cpu_supports("popcnt") || !has_lzcnt())
        return ES_SIMD_BASELINE;
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
        !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl") ||
        !__builtin_cpu_supports("avx512cd"))
        return ES_SIMD_V3;
    return ES_SIMD_V4;
}
#else
static es_simd_level detect(void) { return ES_SIMD_BASELINE; }
#endif

static const char *const level_names[] = {"baseline", "v3", "v4"};

const char *es_simd_level_name(es_simd_level level) { return level_names[level]; }

static es_simd_level lowered(es_simd_level level) {
    const char *wanted = getenv("EDGESWEEP_SIMD");
    for (int i = 0; wanted && i < (int)level; i++)
        if (strcmp(wanted, level_names[i]) == 0)
            return (es_simd_level)i;
    return level;
}

_Atomic int es_simd_found = -1;

es_simd_level es_simd_level_find(void) {
    const es_simd_level level = lowered(detect());
    atomic_store_explicit(&es_simd_found, (int)level, memory_order_relaxed);
    return level;
}

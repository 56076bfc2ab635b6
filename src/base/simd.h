/* Runtime choice among copies of one source compiled for several instruction sets.
 *
 * A file named `*.simd.c` is compiled once per level (baseline, x86-64-v3, x86-64-v4; only the baseline on other
 * machines), each time with ES_SIMD_SUFFIX defined.  It names what it exports with ES_SIMD_NAME(f); the dispatching
 * file declares all copies with ES_SIMD_DECLARE and picks one with ES_SIMD_PICK.  The same source gives the same bits at
 * every level: no FMA contraction, no reassociation.
 */
#ifndef ES_BASE_SIMD_H
#define ES_BASE_SIMD_H

#include <stdatomic.h>

typedef enum es_simd_level { ES_SIMD_BASELINE = 0, ES_SIMD_V3 = 1, ES_SIMD_V4 = 2 } es_simd_level;

/* The best level of this CPU, lowered by the environment variable EDGESWEEP_SIMD=baseline|v3|v4: found once, by threads
 * that race for it all the same. */
es_simd_level es_simd_level_find(void);
extern _Atomic int es_simd_found; /* -1: not yet */

static inline es_simd_level es_simd_level_now(void) {
    const int level = atomic_load_explicit(&es_simd_found, memory_order_relaxed);
    return level < 0 ? es_simd_level_find() : (es_simd_level)level;
}

const char *es_simd_level_name(es_simd_level level);

#define ES_SIMD_JOIN_(a, b) a##b
#define ES_SIMD_JOIN(a, b) ES_SIMD_JOIN_(a, b)
#define ES_SIMD_NAME(name) ES_SIMD_JOIN(name, ES_SIMD_SUFFIX) /* suffix: _baseline, _v3 or _v4 */

#if defined(__x86_64__)
#define ES_SIMD_DECLARE(type, name, args)                                                                              \
    type name##_baseline args;                                                                                         \
    type name##_v3 args;                                                                                               \
    type name##_v4 args
#define ES_SIMD_PICK(name)                                                                                             \
    (es_simd_level_now() == ES_SIMD_V4 ? name##_v4 : es_simd_level_now() == ES_SIMD_V3 ? name##_v3 : name##_baseline)
#else
#define ES_SIMD_DECLARE(type, name, args) type name##_baseline args
#define ES_SIMD_PICK(name) (name##_baseline)
#endif

#endif

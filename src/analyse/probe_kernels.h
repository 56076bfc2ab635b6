/* Instruction loops that reach a CPU's peaks. */
#ifndef ES_ANALYSE_PROBE_KERNELS_H
#define ES_ANALYSE_PROBE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "base/simd.h"

/* Reads all of an array whose length is a multiple of 64. */
ES_SIMD_DECLARE(uint64_t, es_probe_sum, (const uint64_t *data, size_t n));

/* Operations done in `rounds` rounds: a multiply-add counts two.  0: the level has no such instructions. */
ES_SIMD_DECLARE(double, es_probe_fp32, (uint64_t rounds));
ES_SIMD_DECLARE(double, es_probe_fp16, (uint64_t rounds)); /* needs the CPU's support beyond the level */
ES_SIMD_DECLARE(double, es_probe_int8, (uint64_t rounds));
ES_SIMD_DECLARE(double, es_probe_dot8, (uint64_t rounds)); /* VNNI, SDOT; needs the CPU's support beyond the level */

#endif

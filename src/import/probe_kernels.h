/* Instruction loops that reach a CPU's peaks. */
#ifndef ES_IMPORT_PROBE_KERNELS_H
#define ES_IMPORT_PROBE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "base/simd.h"

/* Reads all of an array whose length is a multiple of 64. */
ES_SIMD_DECLARE(uint64_t, es_probe_sum, (const uint64_t *data, size_t n));

/* A matrix of 8-bit blocks times a vector, as decoding does: each block of 32 bytes is multiplied by 1, 2 ... 32, its sum by a
 * scale of 2.  The length of the array is a multiple of 64 words. */
ES_SIMD_DECLARE(uint64_t, es_probe_dot, (const uint64_t *data, size_t n));

/* Operations done in `rounds` rounds: a multiply-add counts two.  0: the level has no such instructions. */
ES_SIMD_DECLARE(double, es_probe_fp32, (uint64_t rounds));
ES_SIMD_DECLARE(double, es_probe_fp16, (uint64_t rounds)); /* needs the CPU's support beyond the level */
ES_SIMD_DECLARE(double, es_probe_int8, (uint64_t rounds));
ES_SIMD_DECLARE(double, es_probe_dot8, (uint64_t rounds)); /* VNNI, SDOT; needs the CPU's support beyond the level */
ES_SIMD_DECLARE(double, es_probe_mmla, (uint64_t rounds)); /* SMMLA, of a CPU that has it */

#ifdef __aarch64__
/* es_probe_dot by SDOT, as llama.cpp does it where the CPU has that. */
ES_SIMD_DECLARE(uint64_t, es_probe_dot_sdot, (const uint64_t *data, size_t n));
#endif

#endif

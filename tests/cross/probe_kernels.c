/* The loops of `probe` for instructions that a CPU may lack, in a program of their own: Criterion cannot start its processes
 * under qemu-user, which has them all (-cpu max). */
#include <stdio.h>
#include <stdlib.h>

#include "import/probe_kernels.h"

int main(void) {
    enum { WORDS = 4096 };
    uint64_t *data = aligned_alloc(64, WORDS * sizeof *data);
    if (!data)
        return 2;
    for (uint64_t i = 0; i < WORDS; i++)
        data[i] = i * i * 0x9e3779b97f4a7c15u;
    const double once = ES_SIMD_PICK(es_probe_fp32)(1);
    const int same = ES_SIMD_PICK(es_probe_dot)(data, WORDS) == ES_SIMD_PICK(es_probe_dot_sdot)(data, WORDS);
    const int counted = ES_SIMD_PICK(es_probe_fp16)(1) == 2 * once && ES_SIMD_PICK(es_probe_dot8)(1) == 4 * once &&
                        ES_SIMD_PICK(es_probe_mmla)(1) == 8 * once;
    printf("sdot %s, operations %s\n", same ? "same" : "differs", counted ? "as counted" : "miscounted");
    free(data);
    return !(same && counted);
}

/* The kernels' entry points, one copy per instruction set. */
#ifndef ES_MODEL_KERNELS_H
#define ES_MODEL_KERNELS_H

#include "base/simd.h"
#include "model/node.h"

ES_SIMD_DECLARE(const es_kernel *, es_edgeprofiler, (void));
ES_SIMD_DECLARE(const es_kernel *, es_roofline, (void));

#endif

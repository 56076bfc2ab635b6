/* The published model: arXiv 2506.09061, equations (7) to (15), with the constants of the authors' program where the
 * paper and the program disagree (option flops). */
#include <math.h>

#include "base/simd.h"
#include "model/kernels.h"
#include "model/node.h"

#define PAPER "arXiv 2506.09061 "

enum { FLOPS_RELEASED, FLOPS_PRINTED };
static const char *const flops_choices[] = {"released", "printed", NULL};
static const char *const bottleneck_labels[] = {"compute", "memory", "io", "h2d", "net", NULL};

#define FIELD_OF(kind_, entity_, field) .kind = kind_, .entity = entity_, .index = field
#define NEEDED(id, unit, entity, field) NODE(id, unit, FIELD_OF(ES_NODE_FIELD, entity, field), .flags = ES_NEEDED)
#define OPTIONAL(id, unit, entity, field) NODE(id, unit, FIELD_OF(ES_NODE_FIELD, entity, field))
#define FACTOR(id, entity, field) NODE(id, "", FIELD_OF(ES_NODE_FACTOR, entity, field))

#ifndef FORMULAS
#define FORMULAS "model/edgeprofiler.def"
#endif
#include "model/formula.h"

static const es_workload_axis axes[] = {
    {"seq_len", "tokens", "sequence length (S)", 1024, 1, ES_COUNT_MAX, true, NULL, 0},
};

static const es_option options[] = {
    {"flops", "", "equation (8): as the authors' program computes it, or as printed", FLOPS_RELEASED, 0, 1,
     flops_choices, NULL, 0, 0, NULL},
};

const es_kernel *ES_SIMD_NAME(es_edgeprofiler)(void) {
    static const es_kernel kernel = {
        .name = "edgeprofiler",
        .help = "the published equations, exactly",
        .source = "EdgeProfiler, arXiv 2506.09061",
        .axes = axes,
        .n_axes = sizeof axes / sizeof *axes,
        .options = options,
        .n_options = sizeof options / sizeof *options,
        .nodes = formula_nodes,
        .n_nodes = N_NODES,
        .constants = formula_constants,
        .signs = formula_signs,
    };
    return &kernel;
}

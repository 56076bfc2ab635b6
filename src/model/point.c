#include "model/point.h"

#include <math.h>
#include <string.h>

#include "model/calibrated.h"
#include "model/runtime.h"

es_status es_point_kernel_prepare(es_point_kernel *point, const char *name, const es_catalog *catalog, es_arena *arena,
                                  es_errors *errors) {
    size_t room = 1;
    *point = (es_point_kernel){.kernel = es_kernel_find(name, strlen(name)), .catalog = catalog};
    if (!point->kernel)
        return es_fail(errors, ES_EUSAGE, NULL, "unknown kernel: '%s'", name);
    for (size_t i = 0; i < point->kernel->n_blocks; i++)
        room = point->kernel->blocks[i].n_out > room ? point->kernel->blocks[i].n_out : room;
    point->block_out = es_arena_array(arena, room, sizeof *point->block_out);
    if (!point->block_out)
        return es_fail_memory(errors);
    if (!catalog->table[ES_DEVICE].n_rows)
        return es_fail(errors, ES_EUSAGE, NULL, "no devices in the catalog");
    point->catalog = catalog;
    point->build = ES_BUILD_NEWEST;
    point->boundary = ES_BOUNDARY_ANY;
    point->any_device = &catalog->table[ES_DEVICE].rows[0];
    return point->kernel->prepare ? point->kernel->prepare(catalog, arena, &point->state, errors) : ES_OK;
}

es_rows es_point_rows(const es_point_kernel *point, const es_row *model, const es_row *device,
                      const es_row *precision) {
    return (es_rows){.model = model,
                     .device = device,
                     .precision = precision,
                     .runtime = es_default_runtime(point->catalog),
                     .unit = es_unit_of(point->catalog, device),
                     .runs = true};
}

static double field_value(const es_rows *rows, const es_node *node) {
    return node->entity == ES_DEVICE ? es_device_field(rows->device, rows->unit, node->index)
                                     : es_row_of(rows, node->entity)->value[node->index];
}

const char *es_point_missing(const es_point_kernel *point, const es_rows *rows) {
    for (size_t i = 0; i < point->kernel->n_nodes; i++) {
        const es_node *node = &point->kernel->nodes[i];
        if (node->kind == ES_NODE_FIELD && node->flags & ES_NEEDED && isnan(field_value(rows, node)))
            return es_fields(node->entity)->fields[node->index].name;
    }
    return NULL;
}

static double leaf_value(const es_point_kernel *point, const es_node *node, const es_rows *rows,
                         const double *workload) {
    const es_kernel *kernel = point->kernel;
    switch (node->kind) {
    case ES_NODE_FIELD:
    case ES_NODE_ROW: return field_value(rows, node);
    case ES_NODE_FACTOR: return 1;
    case ES_NODE_WORKLOAD:
        return isnan(workload[node->index]) ? kernel->axes[node->index].fallback : workload[node->index];
    case ES_NODE_OPTION:
        if (strcmp(kernel->options[node->index].name, "boundary") == 0)
            return point->boundary;
        return kernel->options[node->index].parse ? point->build
                                                  : es_option_default(&kernel->options[node->index], point->catalog);
    default: return NAN;
    }
}

static double function_value(const es_node *node, const double *value) {
    const double *in[ES_MAX_INPUTS];
    double out;
    for (size_t k = 0; k < node->n_in; k++)
        in[k] = &value[node->in[k]];
    node->fn(&out, in, 1);
    return out;
}

/* The outputs of a block follow each other in the table: it is evaluated when the first one is met. */
static void evaluate_block(const es_point_kernel *point, const es_block *block, const es_rows *rows,
                           const double *value) {
    double in[ES_MAX_BLOCK_INPUTS];
    for (size_t k = 0; k < block->n_in; k++)
        in[k] = value[block->in[k]];
    block->fn(point->state, rows, in, point->block_out);
}

void es_point_evaluate(const es_point_kernel *point, const es_rows *rows, const double *workload, double *value) {
    const es_kernel *kernel = point->kernel;
    const es_block *current = NULL;
    for (size_t i = 0; i < kernel->n_nodes; i++) {
        const es_node *node = &kernel->nodes[i];
        if (node->kind == ES_NODE_FN) {
            value[i] = function_value(node, value);
        } else if (node->kind == ES_NODE_BLOCK) {
            if (current != &kernel->blocks[node->index])
                evaluate_block(point, current = &kernel->blocks[node->index], rows, value);
            value[i] = point->block_out[node->output];
        } else {
            value[i] = leaf_value(point, node, rows, workload);
        }
    }
}

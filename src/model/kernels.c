#include <math.h>
#include <string.h>

#include "base/simd.h"
#include "base/text.h"
#include "model/kernels.h"
#include "model/node.h"

size_t es_kernel_count(void) { return 2; }

const es_kernel *es_kernel_at(size_t index) {
    switch (index) {
    case 0: return ES_SIMD_PICK(es_edgeprofiler)();
    case 1: return ES_SIMD_PICK(es_roofline)();
    default: return NULL;
    }
}

const es_kernel *es_kernel_find(const char *name, size_t length) {
    for (size_t i = 0; i < es_kernel_count(); i++) {
        const es_kernel *kernel = es_kernel_at(i);
        if (strlen(kernel->name) == length && memcmp(kernel->name, name, length) == 0)
            return kernel;
    }
    return NULL;
}

int es_kernel_node(const es_kernel *kernel, const char *name, size_t length) {
    for (size_t i = 0; i < kernel->n_nodes; i++) {
        const char *candidate = kernel->nodes[i].name;
        if (strlen(candidate) == length && memcmp(candidate, name, length) == 0)
            return (int)i;
    }
    return -1;
}

void es_kernel_followers(const es_kernel *kernel, int from, bool *follows) {
    for (size_t i = 0; i < kernel->n_nodes; i++) { /* inputs stand before their users */
        const es_node *node = &kernel->nodes[i];
        const es_block *block = node->kind == ES_NODE_BLOCK ? &kernel->blocks[node->index] : NULL;
        const uint16_t *in = block ? block->in : node->in;
        const size_t n = block ? block->n_in : node->n_in;
        follows[i] = (int)i == from;
        for (size_t k = 0; k < n; k++)
            follows[i] |= follows[in[k]];
    }
}

double es_kernel_value(const es_kernel *kernel, const char *name, const double *value) {
    const int node = es_kernel_node(kernel, name, strlen(name));
    return node < 0 ? NAN : value[node];
}

double es_option_row(const es_option *option, const es_catalog *catalog, es_slice text) {
    const es_table *table = &catalog->table[option->kind];
    for (size_t i = 0; i < table->n_rows; i++)
        if (es_slice_equal_fold(text, table->rows[i].text[option->field]))
            return (double)i;
    return NAN;
}

double es_option_default(const es_option *option, const es_catalog *catalog) {
    return option->text ? es_option_row(option, catalog, es_slice_of(option->text)) : option->fallback;
}

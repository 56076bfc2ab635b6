#include "tables/boundaries.h"

#include <stdlib.h>
#include <string.h>

#include "model/node.h"

/* Which nodes of a kernel are computed from one. */
static bool *followers(const es_kernel *kernel, int from) {
    bool *follows = calloc(kernel->n_nodes + 1, sizeof *follows);
    for (size_t i = 0; follows && i < kernel->n_nodes; i++) { /* inputs stand before their users */
        const es_node *node = &kernel->nodes[i];
        const es_block *block = node->kind == ES_NODE_BLOCK ? &kernel->blocks[node->index] : NULL;
        const size_t n = block ? block->n_in : node->n_in;
        follows[i] = (int)i == from;
        for (size_t k = 0; k < n; k++)
            follows[i] |= follows[block ? block->in[k] : node->in[k]];
    }
    return follows;
}

es_status es_boundaries_column(const es_csv_input *csv, const es_column_objective *objective, size_t n, size_t *column,
                               es_errors *errors) {
    const es_kernel *kernel = es_kernel_find("roofline", strlen("roofline"));
    bool *follows = followers(kernel, es_kernel_node(kernel, "boundary_asked", strlen("boundary_asked")));
    bool energy = false;
    *column = SIZE_MAX;
    if (!follows)
        return es_fail_memory(errors);
    for (size_t i = 0; i < n && !energy; i++) {
        const int node = es_kernel_node(kernel, objective[i].column.text, objective[i].column.length);
        energy = node >= 0 && follows[node];
    }
    if (energy)
        *column = es_csv_input_find(csv, es_slice_of("power_boundary"));
    free(follows);
    return ES_OK;
}

void es_boundaries_free(es_boundaries *seen) {
    es_keys_free(&seen->keys);
    es_key_free(&seen->key);
    es_key_free(&seen->last);
}

es_status es_boundaries_note(es_boundaries *seen, const es_csv_block *block, size_t row, const size_t *by, size_t n_by,
                             size_t column, es_errors *errors) {
    uint32_t number;
    seen->key.length = 0;
    es_status status = es_key_append(&seen->key, block, row, by, n_by, errors);
    if (!status)
        status = es_key_append(&seen->key, block, row, &column, 1, errors);
    if (status || (seen->last.length == seen->key.length && !memcmp(seen->last.text, seen->key.text, seen->key.length)))
        return status;
    status = es_keys_number(&seen->keys, (es_slice){seen->key.text, seen->key.length}, &number, errors);
    const es_key swap = seen->last;
    seen->last = seen->key;
    seen->key = swap;
    return status;
}

es_status es_boundaries_merge(es_boundaries *seen, const es_boundaries *other, es_errors *errors) {
    es_status status = ES_OK;
    for (uint32_t i = 0, number; i < other->keys.n && !status; i++)
        status = es_keys_number(&seen->keys, es_keys_text(&other->keys, i), &number, errors);
    return status;
}

es_status es_boundaries_check(const es_boundaries *seen, size_t n_by, es_errors *errors) {
    es_keys groups = {0};
    es_status status = ES_OK;
    for (uint32_t i = 0, number; i < seen->keys.n && !status; i++) {
        const es_slice key = es_keys_text(&seen->keys, i);
        es_slice rest = key, value = {"", 0}, first = {"", 0};
        for (size_t k = 0; k < n_by; k++)
            es_key_next(&rest, &value);
        const es_slice group = {key.text, key.length - rest.length};
        es_key_next(&rest, &value);
        const uint32_t known = groups.n;
        status = es_keys_number(&groups, group, &number, errors);
        if (status || number == known)
            continue;
        for (uint32_t j = 0; j < i && !first.length; j++) { /* the group's first boundary */
            es_slice other = es_keys_text(&seen->keys, j);
            if (other.length < group.length || memcmp(other.text, group.text, group.length) != 0)
                continue;
            other = (es_slice){other.text + group.length, other.length - group.length};
            es_key_next(&other, &first);
        }
        status =
            es_fail(errors, ES_ERUNTIME, NULL,
                    "energies of different power boundaries are compared: '%s' and '%s' (--by power_boundary keeps "
                    "them apart, --where \"power_boundary = 'wall'\" takes one, --mix-boundaries compares them)",
                    es_quote(first).text, es_quote(value).text);
    }
    es_keys_free(&groups);
    return status;
}

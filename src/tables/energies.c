#include "tables/energies.h"

#include <stdlib.h>
#include <string.h>

#include "model/node.h"

es_status es_energies_among(const es_energies *energies, const es_slice *name, size_t n, bool *found,
                            es_errors *errors) {
    const es_kernel *kernel = es_kernel_find("roofline", strlen("roofline"));
    bool *follows = calloc(kernel->n_nodes, sizeof *follows);
    *found = false;
    if (!follows)
        return es_fail_memory(errors);
    es_kernel_followers(kernel, es_kernel_node(kernel, "boundary_asked", strlen("boundary_asked")), follows);
    for (size_t i = 0; i < n && !*found; i++) {
        const int node = es_kernel_node(kernel, name[i].text, name[i].length);
        *found = node >= 0 && follows[node];
        for (size_t k = 0; k < energies->n && !*found; k++)
            *found = name[i].length == energies->metric[k].length &&
                     memcmp(name[i].text, energies->metric[k].text, name[i].length) == 0;
    }
    free(follows);
    return ES_OK;
}

#include "cli/kinds.h"

const char *const es_listed_names[] = {"models",   "devices", "precisions", "units", "runtimes",
                                       "products", "kernels", "metrics",    NULL};
const char *const es_listed_singular[] = {"model",   "device", "precision", "unit", "runtime",
                                          "product", "kernel", "metric",    NULL};

es_status es_cli_kernel(es_cli *cli, const char *name, const es_kernel **kernel, es_errors *errors) {
    *kernel = NULL;
    if (!name)
        return ES_OK;
    size_t n = es_kernel_count();
    const char **names = es_arena_array(&cli->arena, n + 1, sizeof *names);
    if (!names)
        return es_fail_memory(errors);
    for (size_t i = 0; i < n; i++)
        names[i] = es_kernel_at(i)->name;
    int chosen = es_choose(cli, "kernel", names, name, errors);
    if (chosen < 0)
        return ES_EUSAGE;
    *kernel = es_kernel_at((size_t)chosen);
    return ES_OK;
}

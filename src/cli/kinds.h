/* What `list` and `show` know about: the catalogs with names, kernels and metrics. */
#ifndef ES_CLI_KINDS_H
#define ES_CLI_KINDS_H

#include "cli/cli.h"
#include "model/node.h"

typedef enum es_listed {
    ES_LIST_MODELS,
    ES_LIST_DEVICES,
    ES_LIST_PRECISIONS,
    ES_LIST_UNITS,
    ES_LIST_RUNTIMES,
    ES_LIST_PRODUCTS,
    ES_LIST_KERNELS,
    ES_LIST_METRICS
} es_listed;

extern const char *const es_listed_names[];    /* "models" ..., NULL-terminated */
extern const char *const es_listed_singular[]; /* "model" ..., NULL-terminated */

/* The kernel of that name or unique prefix; NULL without a name, as of --kernel when it is not given. */
es_status es_cli_kernel(es_cli *cli, const char *name, const es_kernel **kernel, es_errors *errors);

/* Kernels of an invocation: all of them when `only` is NULL. */
static inline bool es_kernel_wanted(const es_kernel *only, const es_kernel *kernel) { return !only || only == kernel; }

#endif

/* One point of a kernel without a grid: the values of all nodes for given rows and workload, no axes on fields.
 *
 * The same bits as es_sweep_point gives.  Borrows the catalog; one thread at a time.
 */
#ifndef ES_MODEL_POINT_H
#define ES_MODEL_POINT_H

#include <edgesweep/catalog.h>
#include <edgesweep/error.h>

#include "base/arena.h"
#include "model/node.h"

typedef struct es_point_kernel {
    const es_kernel *kernel;
    const es_catalog *catalog;
    const void *state;
    double *block_out;        /* room for the largest block */
    const es_row *any_device; /* for values that do not depend on one */
    double build;             /* of the runtime: the option runtime_build */
    double boundary;          /* es_boundary of power: the option of that name; NaN: not known */
} es_point_kernel;

/* Prepares the kernel of that name, in the arena. */
es_status es_point_kernel_prepare(es_point_kernel *point, const char *name, const es_catalog *catalog, es_arena *arena,
                                  es_errors *errors);

/* The rows of a point under the runtime `default`. */
es_rows es_point_rows(const es_point_kernel *point, const es_row *model, const es_row *device, const es_row *precision);

/* The first field that the kernel needs and the rows lack; NULL when there is none. */
const char *es_point_missing(const es_point_kernel *point, const es_rows *rows);

/* value[i] becomes the value of node i.  workload[k] is the value of the kernel's workload axis k, NaN for its default. */
void es_point_evaluate(const es_point_kernel *point, const es_rows *rows, const double *workload, double *value);

#endif

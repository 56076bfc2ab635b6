/* Catalogs and a kernel for single points, as measurements need them, and random numbers; each test is a process. */
#ifndef POINT_HELP_H
#define POINT_HELP_H

#include "sweep_help.h"

#include "model/point.h"
#include "base/arena.h"

static es_catalog catalog;
static es_arena arena;
static es_point_kernel point;

static inline void set_up(void) {
    cr_assert_eq(es_catalog_load(&catalog, NULL, 0, NULL), ES_OK);
    cr_assert_eq(es_point_kernel_prepare(&point, "roofline", &catalog, &arena, NULL), ES_OK);
}

static inline void tear_down(void) {
    es_arena_free(&arena);
    es_catalog_free(&catalog);
}

/* The axes named at their values, the others NaN, which takes their defaults; workload has a place for each of the kernel's. */
static inline void set_workload(const char *const *axes, const double *value, size_t n, double *workload) {
    for (size_t k = 0; k < point.kernel->n_axes; k++) {
        workload[k] = NAN;
        for (size_t a = 0; a < n; a++)
            if (strcmp(point.kernel->axes[k].name, axes[a]) == 0)
                workload[k] = value[a];
    }
}

static uint64_t random_state = 88172645463325252u;

static inline double uniform_deviate(void) {
    random_state ^= random_state << 13, random_state ^= random_state >> 7, random_state ^= random_state << 17;
    return (double)(random_state >> 11) * 0x1p-53;
}

static inline double normal(void) {
    return sqrt(-2 * log(1 - uniform_deviate())) * cos(6.283185307179586 * uniform_deviate());
}

#endif

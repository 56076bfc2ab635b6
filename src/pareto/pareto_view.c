#include "pareto/pareto_view.h"

#include <math.h>
#include <stdlib.h>

#ifdef _OPENMP
#include <omp.h>
#endif

#include "base/team.h"

es_status es_flips_init(uint64_t *flip, unsigned d, const es_direction *direction, es_errors *errors) {
    if (d < 1 || d > ES_MAX_OBJECTIVES)
        return es_fail(errors, ES_EUSAGE, NULL, "%u objectives: expected 1 to %d", d, ES_MAX_OBJECTIVES);
    for (unsigned k = 0; k < d; k++) {
        es_direction way = direction ? direction[k] : ES_MINIMIZE;
        if (way != ES_MINIMIZE && way != ES_MAXIMIZE)
            return es_fail(errors, ES_EUSAGE, NULL, "objective %u: unknown direction %d", k + 1, (int)way);
        flip[k] = way == ES_MAXIMIZE ? ES_SIGN_BIT : 0;
    }
    return ES_OK;
}

es_status es_view_init(es_view *view, const es_points *points, es_errors *errors) {
    es_status status = es_flips_init(view->flip, points->d, points->direction, errors);
    if (status)
        return status;
    if (points->n >= INT32_MAX)
        return es_fail(errors, ES_ERUNTIME, NULL, "%zu points: a table in memory holds up to %ld", points->n,
                       (long)INT32_MAX - 1);
    view->n = points->n;
    view->d = points->d;
    view->stride = points->stride ? points->stride : 1;
    memcpy(view->column, points->column, points->d * sizeof *view->column);
    return ES_OK;
}

static es_status fail_not_finite(const es_points *points, size_t i, unsigned k, double value, es_errors *errors) {
    const char *what = isnan(value) ? "NaN" : value > 0 ? "infinity" : "-infinity";
    if (points->name && points->name[k])
        return es_fail(errors, ES_ERUNTIME, NULL, "point %zu: objective '%s' is %s, expected a finite number", i,
                       points->name[k], what);
    return es_fail(errors, ES_ERUNTIME, NULL, "point %zu: objective %u is %s, expected a finite number", i, k + 1,
                   what);
}

es_status es_points_check_finite(const es_points *points, es_errors *errors) {
    size_t stride = points->stride ? points->stride : 1;
    size_t first = points->n;
    unsigned objective = 0;
    for (unsigned k = 0; k < points->d; k++)
        for (size_t i = 0; i < first; i++)
            if (!isfinite(points->column[k][i * stride])) {
                first = i;
                objective = k;
            }
    if (first == points->n)
        return ES_OK;
    return fail_not_finite(points, first, objective, points->column[objective][first * stride], errors);
}

unsigned es_threads_for(unsigned wanted, size_t n, size_t grain) {
#ifdef _OPENMP
    size_t most = wanted ? wanted : (size_t)omp_get_max_threads();
    size_t worth = n / grain + 1;
    return es_team((unsigned)(worth < most ? worth : most));
#else
    (void)wanted, (void)n, (void)grain;
    return 1;
#endif
}

unsigned es_thread_number(void) {
#ifdef _OPENMP
    return (unsigned)omp_get_thread_num();
#else
    return 0;
#endif
}

void *es_alloc_aligned(size_t n, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX - 64)
        return NULL;
    return aligned_alloc(64, bytes / 64 * 64 + 64);
}

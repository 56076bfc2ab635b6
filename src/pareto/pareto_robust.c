#include <stdlib.h>

#include "pareto/pareto_front.h"
#include "pareto/pareto_robust.h"
#include "pareto/pareto_set.h"

/* Robustness to uncertainty, as defined in pareto.h.
 *
 * possible: nothing needs to be tested but the front of the worst ends, because a worst end dominates no best end of
 * its own point.
 * certain: a point may reach its worst end with its own best end, so the front of the best ends does not do alone.
 * Together with the front of what is left without it, it does: whatever another point dominates, some member of the one
 * or the other that is not the point itself dominates too. */
typedef struct robustness {
    const es_uncertainty *uncertainty;
    size_t stride;   /* of the ends */
    uint8_t *robust; /* by point */
} robustness;

enum end { BEST, WORST };

/* Rows of one kind of ends, minimised, the caller's to free; NULL when there is no memory. */
static double *rows_of_ends(const robustness *r, const es_view *view, const uint32_t *member, enum end end) {
    double *row = es_alloc_aligned(view->n, view->d * sizeof *row);
    for (unsigned k = 0; k < view->d && row; k++) {
        const es_uncertainty *u = &r->uncertainty[k];
        const bool upper = (end == WORST) != (view->flip[k] != 0);
        const double *given = upper ? u->high : u->low;
        for (size_t i = 0; i < view->n; i++) {
            const double value = view->column[k][i * view->stride];
            const double *own = given ? given + (member ? member[i] : i) * r->stride : NULL;
            row[i * view->d + k] = es_flipped(es_uncertain_end(value, u->relative, own, upper), view->flip[k]);
        }
    }
    return row;
}

/* Members of one front of rows, first of equal ones. */
static es_status front_of_rows(const double *row, size_t n, unsigned d, unsigned threads, uint32_t *front,
                               size_t *count, es_errors *errors) {
    es_view view = {.n = n, .d = d, .stride = d};
    bool finite = true;
    for (unsigned k = 0; k < d; k++)
        view.column[k] = row + k;
    return es_front_of_view(&view, ES_TIES_FIRST, threads, front, count, &finite, errors);
}

/* Appends to front[count ...] the front of the rows that are not in front[0, count), which ascends. */
static es_status second_front(const double *row, size_t n, unsigned d, unsigned threads, uint32_t *front, size_t *count,
                              es_errors *errors) {
    size_t rest = n - *count, taken = 0, more = 0;
    double *left = es_alloc_aligned(rest, d * sizeof *left);
    uint32_t *from = es_alloc_aligned(rest, sizeof *from);
    uint32_t *found = es_alloc_aligned(rest, sizeof *found);
    es_status status = left && from && found ? ES_OK : es_fail_memory(errors);
    for (size_t i = 0; i < n && !status; i++) {
        if (taken < *count && front[taken] == i) {
            taken++;
            continue;
        }
        from[i - taken] = (uint32_t)i;
        memcpy(left + (i - taken) * d, row + i * d, d * sizeof *row);
    }
    if (!status)
        status = front_of_rows(left, rest, d, threads, found, &more, errors);
    for (size_t i = 0; i < more && !status; i++)
        front[(*count)++] = from[found[i]];
    free(left);
    free(from);
    free(found);
    return status;
}

/* Everything the verdict on a point needs. */
typedef struct verdicts {
    unsigned d;
    double *best, *worst;           /* rows of ends */
    es_set best_front, worst_front; /* two layers of best ends, one of worst ends; ids: rows */
} verdicts;

static bool is_dominated(const es_set *set, const double *row, const double *point, uint32_t self, uint32_t *hint) {
    int32_t code[ES_MAX_OBJECTIVES];
    es_set_confirm confirm = {.row = row, .point = point, .strict = true, .exclude = self};
    for (unsigned k = 0; k < set->d; k++)
        code[k] = es_set_code_of(set, k, point[k]);
    return ES_SIMD_PICK(es_set_find)(set, code, &confirm, hint) != ES_NOT_FOUND;
}

static es_robust verdict_on(const verdicts *v, uint32_t i, uint32_t hint[2]) {
    if (is_dominated(&v->worst_front, v->worst, v->best + (size_t)i * v->d, ES_NOT_FOUND, &hint[0]))
        return ES_ROBUST_NO;
    if (is_dominated(&v->best_front, v->best, v->worst + (size_t)i * v->d, i, &hint[1]))
        return ES_ROBUST_POSSIBLE;
    return ES_ROBUST_CERTAIN;
}

static es_status find_fronts(verdicts *v, size_t n, unsigned threads, es_errors *errors) {
    size_t count = 0;
    uint32_t *front = es_alloc_aligned(n, sizeof *front);
    es_status status = front ? ES_OK : es_fail_memory(errors);
    if (!status)
        status = front_of_rows(v->worst, n, v->d, threads, front, &count, errors);
    if (!status)
        status = es_set_fill(&v->worst_front, v->worst, front, count, errors);
    if (!status)
        status = front_of_rows(v->best, n, v->d, threads, front, &count, errors);
    if (!status)
        status = second_front(v->best, n, v->d, threads, front, &count, errors);
    if (!status)
        status = es_set_fill(&v->best_front, v->best, front, count, errors);
    free(front);
    return status;
}

static es_status robust_group(void *context, const es_view *view, const uint32_t *member, unsigned threads,
                              es_errors *errors) {
    const robustness *r = context;
    verdicts v = {.d = view->d};
    es_set_init(&v.best_front, view->d);
    es_set_init(&v.worst_front, view->d);
    v.best = rows_of_ends(r, view, member, BEST);
    v.worst = rows_of_ends(r, view, member, WORST);
    es_status status = v.best && v.worst ? ES_OK : es_fail_memory(errors);
    if (!status)
        status = find_fronts(&v, view->n, threads, errors);
    unsigned workers = es_threads_for(threads, view->n, 8192);
    if (!status) {
#pragma omp parallel num_threads(workers) if (workers > 1)
        {
            uint32_t hint[2] = {0, 0};
#pragma omp for schedule(dynamic, 1024)
            for (size_t i = 0; i < view->n; i++)
                r->robust[member ? member[i] : i] = (uint8_t)verdict_on(&v, (uint32_t)i, hint);
        }
    }
    es_set_free(&v.best_front);
    es_set_free(&v.worst_front);
    free(v.best);
    free(v.worst);
    return status;
}

es_status es_front_robust(const es_points *points, const es_uncertainty *uncertainty, unsigned threads, uint8_t *robust,
                          es_errors *errors) {
    es_view view;
    es_status status = es_view_init(&view, points, errors);
    for (unsigned k = 0; k < points->d && !status; k++)
        if (!(uncertainty[k].relative >= 0 && uncertainty[k].relative < 1))
            status =
                es_fail(errors, ES_EUSAGE, NULL, "uncertainty of objective %u: expected 0 or more, below 1", k + 1);
    if (!status)
        status = es_points_check_finite(points, errors);
    if (status)
        return status;
    uint8_t *found = calloc(points->n ? points->n : 1, 1);
    if (!found)
        return es_fail_memory(errors);
    robustness r = {.uncertainty = uncertainty, .stride = view.stride, .robust = found};
    status = es_for_each_group(points, &view, threads, robust_group, &r, errors);
    if (!status)
        memcpy(robust, found, points->n);
    free(found);
    return status;
}

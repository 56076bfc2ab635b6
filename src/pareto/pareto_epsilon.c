#include <math.h>
#include <stdlib.h>

#include "pareto/frontstat.h"
#include "pareto/pareto_front.h"

/* Additive epsilon boxes.  The front of boxes is the front of the boxes of the front, since rounding down keeps
 * dominance; so points off the front are dropped first, then boxes are formed of what is left. */
typedef struct boxing {
    const double *epsilon;
    uint8_t *mark; /* by point */
    bool overflow; /* written by groups that run side by side */
} boxing;

/* One point of the front with its box. */
typedef struct boxed {
    uint32_t position; /* in the view of the group */
    uint32_t box;      /* in lexicographic order of boxes */
    double distance;   /* squared, from the best corner */
} boxed;

static double box_coordinate(double value, double epsilon) {
    return epsilon > 0 ? floor(value / epsilon) + 0.0 : value;
}

static bool fill_boxes(const es_view *view, const double *epsilon, const uint32_t *front, es_vectors *boxes,
                       boxed *point) {
    for (size_t i = 0; i < boxes->n; i++) {
        point[i] = (boxed){.position = front[i]};
        for (unsigned k = 0; k < view->d; k++) {
            double value = es_view_at(view, k, front[i]);
            double box = box_coordinate(value, epsilon[k]);
            if (!isfinite(box))
                return false;
            double part = epsilon[k] > 0 ? value / epsilon[k] - box : 0;
            boxes->value[i * view->d + k] = box;
            point[i].distance += part * part;
        }
    }
    return true;
}

/* True when point a represents their common box better than b. */
static bool represents_better(const es_view *view, const boxed *a, const boxed *b) {
    if (a->distance != b->distance)
        return a->distance < b->distance;
    for (unsigned k = 0; k < view->d; k++) {
        double x = es_view_at(view, k, a->position), y = es_view_at(view, k, b->position);
        if (x != y)
            return x < y;
    }
    return a->position < b->position;
}

/* Leaves the best representative of each box: their numbers in point[], in lexicographic order of boxes. */
static size_t choose_representatives(const es_view *view, const es_vectors *boxes, const boxed *point,
                                     uint32_t *order) {
    size_t n = 0;
    es_vectors_order(boxes, order);
    for (size_t i = 0; i < boxes->n; i++) {
        bool same = n && es_compare_vectors(es_vector(boxes, order[n - 1]), es_vector(boxes, order[i]), boxes->d) == 0;
        if (!same)
            order[n++] = order[i];
        else if (represents_better(view, &point[order[i]], &point[order[n - 1]]))
            order[n - 1] = order[i];
    }
    return n;
}

/* Marks the representatives whose boxes no other box dominates. */
static es_status mark_best_boxes(const boxing *b, const es_vectors *boxes, const boxed *point, const uint32_t *chosen,
                                 size_t n, const uint32_t *member, es_errors *errors) {
    es_view view = {.n = n, .d = boxes->d, .stride = boxes->d};
    double *box = es_alloc_aligned(n, boxes->d * sizeof *box);
    uint32_t *best = es_alloc_aligned(n, sizeof *best);
    size_t count = 0;
    bool finite = true;
    es_status status = box && best ? ES_OK : es_fail_memory(errors);
    if (!status) {
        for (size_t i = 0; i < n; i++)
            memcpy(box + i * boxes->d, es_vector(boxes, chosen[i]), boxes->d * sizeof *box);
        for (unsigned k = 0; k < boxes->d; k++)
            view.column[k] = box + k;
        status = es_front_of_view(&view, ES_TIES_FIRST, 1, best, &count, &finite, errors);
    }
    for (size_t i = 0; i < count && !status; i++) {
        uint32_t position = point[chosen[best[i]]].position;
        b->mark[member ? member[position] : position] = 1;
    }
    free(box);
    free(best);
    return status;
}

static es_status mark_boxes(boxing *b, const es_view *view, const uint32_t *front, size_t count, const uint32_t *member,
                            es_errors *errors) {
    es_vectors boxes = {.n = count, .d = view->d, .value = es_alloc_aligned(count, view->d * sizeof(double))};
    boxed *point = es_alloc_aligned(count, sizeof *point);
    uint32_t *order = es_alloc_aligned(count, sizeof *order);
    es_status status = boxes.value && point && order ? ES_OK : es_fail_memory(errors);
    if (!status && !fill_boxes(view, b->epsilon, front, &boxes, point)) {
#pragma omp atomic write
        b->overflow = true;
    } else if (!status) {
        size_t n = choose_representatives(view, &boxes, point, order);
        status = mark_best_boxes(b, &boxes, point, order, n, member, errors);
    }
    free(point);
    free(order);
    es_vectors_free(&boxes);
    return status;
}

static es_status epsilon_group(void *context, const es_view *view, const uint32_t *member, unsigned threads,
                               es_errors *errors) {
    boxing *b = context;
    size_t count = 0;
    bool finite = true;
    uint32_t *front = es_alloc_aligned(view->n, sizeof *front);
    if (!front)
        return es_fail_memory(errors);
    es_status status = es_front_of_view(view, ES_TIES_FIRST, threads, front, &count, &finite, errors);
    if (!status)
        status = mark_boxes(b, view, front, count, member, errors);
    free(front);
    return status;
}

static es_status check_epsilon(const double *epsilon, unsigned d, es_errors *errors) {
    for (unsigned k = 0; k < d; k++)
        if (!(isfinite(epsilon[k]) && epsilon[k] >= 0))
            return es_fail(errors, ES_EUSAGE, NULL, "epsilon of objective %u: expected a finite number >= 0", k + 1);
    return ES_OK;
}

es_status es_front_epsilon(const es_points *points, const double *epsilon, unsigned threads, es_index *front,
                           es_errors *errors) {
    es_view view;
    es_status status = es_view_init(&view, points, errors);
    if (!status)
        status = check_epsilon(epsilon, points->d, errors);
    if (!status)
        status = es_points_check_finite(points, errors);
    if (status)
        return status;
    boxing b = {.epsilon = epsilon, .mark = calloc(points->n ? points->n : 1, 1)};
    status = b.mark ? es_for_each_group(points, &view, threads, epsilon_group, &b, errors) : es_fail_memory(errors);
    if (!status && b.overflow)
        status = es_fail(errors, ES_EUSAGE, NULL, "epsilon is too small: a value divided by it is out of range");
    if (!status)
        status = es_index_from_marks(b.mark, points->n, front, errors);
    free(b.mark);
    return status;
}

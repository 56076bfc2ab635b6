#include "pareto/frontstat.h"

#include <math.h>
#include <stdlib.h>

#include "base/os.h"
#include "pareto/pareto_rank.h"

es_status es_vectors_init(es_vectors *rows, const es_points *points, const uint64_t *subset, size_t count,
                          es_errors *errors) {
    es_view view;
    es_status status = es_view_init(&view, points, errors);
    if (!status && !subset)
        status = es_points_check_finite(points, errors);
    if (status)
        return status;
    *rows = (es_vectors){.n = subset ? count : points->n, .d = view.d};
    rows->value = es_alloc_aligned(rows->n, view.d * sizeof *rows->value);
    if (!rows->value)
        return es_fail_memory(errors);
    for (size_t i = 0; i < rows->n && !status; i++) {
        uint64_t at = subset ? subset[i] : i;
        if (at >= points->n)
            status = es_fail(errors, ES_EUSAGE, NULL, "point %llu of %zu", (unsigned long long)at, points->n);
        for (unsigned k = 0; k < view.d && !status; k++) {
            double value = es_view_at(&view, k, at);
            rows->value[i * view.d + k] = value;
            if (!isfinite(value))
                status = es_points_check_finite(points, errors);
        }
    }
    if (status)
        es_vectors_free(rows);
    return status;
}

void es_vectors_free(es_vectors *rows) {
    free(rows->value);
    *rows = (es_vectors){0};
}

int es_compare_vectors(const double *a, const double *b, unsigned d) {
    for (unsigned k = 0; k < d; k++)
        if (a[k] != b[k])
            return a[k] < b[k] ? -1 : 1;
    return 0;
}

static int compare_positions(const void *a, const void *b, void *context) {
    const es_vectors *rows = context;
    uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    int order = es_compare_vectors(es_vector(rows, i), es_vector(rows, j), rows->d);
    return order ? order : (i > j) - (i < j);
}

void es_vectors_order(const es_vectors *rows, uint32_t *order) {
    for (size_t i = 0; i < rows->n; i++)
        order[i] = (uint32_t)i;
    es_os_sort(order, rows->n, sizeof *order, compare_positions, (void *)rows);
}

/* ---- Crowding distance ---- */

typedef struct crowd {
    const es_vectors *rows;
    uint32_t *order;  /* rows in lexicographic order */
    uint32_t *unique; /* first row of each distinct vector, in that order */
    size_t n;         /* distinct vectors */
    double *sum;      /* by distinct vector */
    uint64_t *key;    /* n keys, 2 n pairs */
    uint32_t *by_value;
    bool any_range;
} crowd;

static void find_distinct(crowd *c) {
    const es_vectors *rows = c->rows;
    es_vectors_order(rows, c->order);
    for (size_t i = 0; i < rows->n; i++)
        if (!i || es_compare_vectors(es_vector(rows, c->order[i - 1]), es_vector(rows, c->order[i]), rows->d) != 0)
            c->unique[c->n++] = c->order[i];
}

static double crowd_value(const crowd *c, size_t i, unsigned k) {
    return es_vector(c->rows, c->unique[c->by_value[i]])[k];
}

/* Adds the share of objective k.  Distinct vectors are in lexicographic order, so the stable radix order settles ties.
 */
static void add_objective(crowd *c, unsigned k) {
    for (size_t i = 0; i < c->n; i++)
        c->key[i] = (uint64_t)es_order_key(es_vector(c->rows, c->unique[i])[k]) ^ ES_SIGN_BIT;
    es_radix_order(c->key, c->n, c->key + c->n, c->by_value);
    double low = crowd_value(c, 0, k), high = crowd_value(c, c->n - 1, k);
    if (low == high)
        return;
    c->any_range = true;
    double scale = isfinite(high - low) ? 1 : 0.5;
    double range = scale * high - scale * low;
    for (size_t i = 0; i < c->n; i++) {
        double value = crowd_value(c, i, k);
        bool is_extreme = value == low || value == high;
        c->sum[c->by_value[i]] +=
            is_extreme ? INFINITY : (scale * crowd_value(c, i + 1, k) - scale * crowd_value(c, i - 1, k)) / range;
    }
}

static void spread_to_ties(const crowd *c, double *distance) {
    size_t at = 0;
    for (size_t i = 0; i < c->rows->n; i++) {
        if (at + 1 < c->n && c->order[i] == c->unique[at + 1])
            at++;
        distance[c->order[i]] = c->any_range ? c->sum[at] : INFINITY;
    }
}

es_status es_crowding(const es_points *points, const uint64_t *subset, size_t count, double *distance,
                      es_errors *errors) {
    es_vectors rows;
    es_status status = es_vectors_init(&rows, points, subset, count, errors);
    if (status)
        return status;
    crowd c = {.rows = &rows,
               .order = es_alloc_aligned(rows.n, sizeof *c.order),
               .unique = es_alloc_aligned(rows.n, sizeof *c.unique),
               .sum = calloc(rows.n ? rows.n : 1, sizeof *c.sum),
               .key = es_alloc_aligned(rows.n, 3 * sizeof *c.key),
               .by_value = es_alloc_aligned(rows.n, sizeof *c.by_value)};
    if (!c.order || !c.unique || !c.sum || !c.key || !c.by_value) {
        status = es_fail_memory(errors);
    } else if (rows.n) {
        find_distinct(&c);
        for (unsigned k = 0; k < rows.d; k++)
            add_objective(&c, k);
        spread_to_ties(&c, distance);
    }
    free(c.order);
    free(c.unique);
    free(c.sum);
    free(c.key);
    free(c.by_value);
    es_vectors_free(&rows);
    return status;
}

/* ---- Knee ---- */

static void find_range(const es_vectors *rows, double *low, double *high) {
    for (unsigned k = 0; k < rows->d; k++) {
        low[k] = high[k] = es_vector(rows, 0)[k];
        for (size_t i = 1; i < rows->n; i++) {
            double value = es_vector(rows, i)[k];
            low[k] = value < low[k] ? value : low[k];
            high[k] = value > high[k] ? value : high[k];
        }
    }
}

/* Sum of normalised objectives, added from the smallest up so that the order of objectives does not matter. */
static double normalised_sum(const double *row, unsigned d, const double *low, const double *high) {
    double z[ES_MAX_OBJECTIVES], sum = 0;
    for (unsigned k = 0; k < d; k++) {
        double scale = isfinite(high[k] - low[k]) ? 1 : 0.5;
        double value = high[k] > low[k] ? (scale * row[k] - scale * low[k]) / (scale * high[k] - scale * low[k]) : 0;
        unsigned at = k;
        for (; at > 0 && z[at - 1] > value; at--)
            z[at] = z[at - 1];
        z[at] = value;
    }
    for (unsigned k = 0; k < d; k++)
        sum += z[k];
    return sum;
}

static size_t find_knee(const es_vectors *rows, const uint64_t *subset) {
    double low[ES_MAX_OBJECTIVES], high[ES_MAX_OBJECTIVES];
    find_range(rows, low, high);
    size_t best = 0;
    double least = normalised_sum(es_vector(rows, 0), rows->d, low, high);
    for (size_t i = 1; i < rows->n; i++) {
        double sum = normalised_sum(es_vector(rows, i), rows->d, low, high);
        int order = sum < least   ? -1
                    : sum > least ? 1
                                  : es_compare_vectors(es_vector(rows, i), es_vector(rows, best), rows->d);
        if (order < 0 || (order == 0 && subset && subset[i] < subset[best])) {
            best = i;
            least = sum;
        }
    }
    return best;
}

es_status es_knee(const es_points *points, const uint64_t *subset, size_t count, uint64_t *knee, es_errors *errors) {
    es_vectors rows;
    es_status status = es_vectors_init(&rows, points, subset, count, errors);
    if (status)
        return status;
    if (rows.n) {
        size_t best = find_knee(&rows, subset);
        *knee = subset ? subset[best] : best;
    } else {
        status = es_fail(errors, ES_EUSAGE, NULL, "the knee of no points");
    }
    es_vectors_free(&rows);
    return status;
}

#include <criterion/criterion.h>

#include "pareto_cases.h"

static bool nearly(double a, double b) { return a == b || fabs(a - b) <= 1e-9 * (fabs(a) + fabs(b)); }

static uint64_t *random_subset(const random_case *c, uint64_t *state, size_t *count) {
    uint64_t *subset = malloc((c->n + 1) * sizeof *subset);
    *count = 0;
    for (size_t i = c->n; i-- > 0;)
        if (random_below(state, 4))
            subset[(*count)++] = i;
    return subset;
}

/* ---- Crowding ---- */

static int compare_vectors(const random_case *c, size_t i, size_t j) {
    for (unsigned k = 0; k < c->d; k++)
        if (minimised(c, k, i) != minimised(c, k, j))
            return minimised(c, k, i) < minimised(c, k, j) ? -1 : 1;
    return 0;
}

/* Order of i and j in objective k, ties lexicographic. */
static int compare_in(const random_case *c, unsigned k, size_t i, size_t j) {
    double a = minimised(c, k, i), b = minimised(c, k, j);
    return a != b ? (a < b ? -1 : 1) : compare_vectors(c, i, j);
}

static double brute_crowding(const random_case *c, const uint64_t *subset, size_t n, size_t of) {
    double sum = 0;
    bool any_range = false;
    for (unsigned k = 0; k < c->d; k++) {
        double low = INFINITY, high = -INFINITY, value = minimised(c, k, of);
        size_t before = SIZE_MAX, after = SIZE_MAX;
        for (size_t j = 0; j < n; j++) {
            size_t i = subset[j];
            low = fmin(low, minimised(c, k, i));
            high = fmax(high, minimised(c, k, i));
            if (compare_in(c, k, i, of) < 0 && (before == SIZE_MAX || compare_in(c, k, i, before) > 0))
                before = i;
            if (compare_in(c, k, i, of) > 0 && (after == SIZE_MAX || compare_in(c, k, i, after) < 0))
                after = i;
        }
        if (low == high)
            continue;
        any_range = true;
        sum += value == low || value == high
                   ? INFINITY
                   : (minimised(c, k, after) / 2 - minimised(c, k, before) / 2) / (high / 2 - low / 2);
    }
    return any_range ? sum : INFINITY;
}

Test(frontstat, crowding_equals_brute_force) {
    for (uint64_t which = 0; which < 3000; which++) {
        uint64_t state = which * 3 + 1;
        random_case c;
        random_case_init(&c, &state, 40, 5);
        for (size_t i = 0; i < c.n * c.d; i++)
            c.value[i] = fabs(c.value[i]) < 1e-300 ? 0 : c.value[i];
        size_t count;
        uint64_t *subset = random_subset(&c, &state, &count);
        double *distance = malloc((c.n + 1) * sizeof *distance);
        cr_assert_eq(es_crowding(&c.points, subset, count, distance, NULL), ES_OK);
        for (size_t j = 0; j < count; j++) {
            double expected = brute_crowding(&c, subset, count, subset[j]);
            cr_assert(nearly(distance[j], expected), "case %llu: %g, expected %g", (unsigned long long)which,
                      distance[j], expected);
        }
        free(distance);
        free(subset);
        random_case_free(&c);
    }
}

/* ---- Knee ---- */

Test(frontstat, knee_of_known_fronts) {
    static const double x[] = {0, 1, 2, 5, 10, 1}, y[] = {100, 40, 12, 8, 0, 40};
    const double *column[] = {x, y};
    es_points points = {.n = 6, .d = 2, .column = column};
    uint64_t knee;
    cr_assert_eq(es_knee(&points, NULL, 0, &knee, NULL), ES_OK);
    cr_assert_eq(knee, 2);
    cr_assert_eq(es_knee(&points, (uint64_t[]){5, 0, 4, 1}, 4, &knee, NULL), ES_OK);
    cr_assert_eq(knee, 1);
    const es_direction down[] = {ES_MINIMIZE, ES_MAXIMIZE};
    points.direction = down;
    cr_assert_eq(es_knee(&points, NULL, 0, &knee, NULL), ES_OK);
    cr_assert_eq(knee, 0);
    cr_assert_eq(es_knee(&points, (uint64_t[]){0}, 0, &knee, NULL), ES_EUSAGE);
    cr_assert_eq(es_knee(&points, (uint64_t[]){6}, 1, &knee, NULL), ES_EUSAGE);
}

/* z of an objective without range is 0: it does not decide. */
Test(frontstat, knee_with_an_objective_without_range) {
    static const double x[] = {0, 1, 2, 5, 10, 1}, y[] = {100, 40, 12, 8, 0, 40}, same[] = {7, 7, 7, 7, 7, 7};
    const double *columns[][3] = {{x, y, same}, {x, same, y}, {same, x, y}};
    for (int i = 0; i < 3; i++) {
        es_points points = {.n = 6, .d = 3, .column = columns[i]};
        uint64_t knee = 99;
        cr_assert_eq(es_knee(&points, NULL, 0, &knee, NULL), ES_OK);
        cr_expect_eq(knee, 2, "%llu", (unsigned long long)knee);
    }
    const double *const all_same[] = {same, same};
    es_points points = {.n = 6, .d = 2, .column = all_same};
    uint64_t knee = 99;
    cr_assert_eq(es_knee(&points, NULL, 0, &knee, NULL), ES_OK);
    cr_expect_eq(knee, 0, "the lowest index");
}

/* ---- Hypervolume ---- */

/* Volume of the union of boxes from integer points to the reference, cell by cell. */
static double count_cells(const random_case *c, const double *reference) {
    int low = -8, cells = 0, at[ES_MAX_OBJECTIVES];
    for (unsigned k = 0; k < c->d; k++)
        at[k] = low;
    for (;;) {
        bool inside = false, below = true;
        for (unsigned k = 0; k < c->d; k++)
            below &= at[k] < (c->direction[k] ? -reference[k] : reference[k]);
        for (size_t i = 0; i < c->n && below && !inside; i++) {
            inside = true;
            for (unsigned k = 0; k < c->d; k++)
                inside &= minimised(c, k, i) <= at[k];
        }
        cells += inside;
        unsigned k = 0;
        while (k < c->d && ++at[k] == 8)
            at[k++] = low;
        if (k == c->d)
            return cells;
    }
}

Test(frontstat, hypervolume_counts_cells) {
    for (uint64_t which = 0; which < 600; which++) {
        uint64_t state = which * 13 + 7;
        random_case c;
        double reference[ES_MAX_OBJECTIVES], volume;
        random_case_init(&c, &state, which % 10 ? 15 : 60, which % 20 ? 4 : 5);
        size_t range = 2 + random_below(&state, 8);
        for (size_t i = 0; i < c.n * c.d; i++)
            c.value[i] = (double)random_below(&state, range) - (double)(range / 2);
        for (unsigned k = 0; k < c.d; k++)
            reference[k] = (c.direction[k] ? -1 : 1) * (double)(range / 2 + random_below(&state, 2) - 1);
        cr_assert_eq(es_hypervolume(&c.points, NULL, 0, reference, &volume, NULL), ES_OK);
        cr_assert(nearly(volume, count_cells(&c, reference)), "case %llu, n = %zu, d = %u: %g, expected %g",
                  (unsigned long long)which, c.n, c.d, volume, count_cells(&c, reference));
        random_case_free(&c);
    }
}

/* Inclusion and exclusion over all subsets. */
static double include_exclude(const random_case *c, const double *reference) {
    double sum = 0;
    for (uint32_t members = 1; members < 1u << c->n; members++) {
        double box = 1;
        for (unsigned k = 0; k < c->d; k++) {
            double corner = -INFINITY, edge = c->direction[k] ? -reference[k] : reference[k];
            for (size_t i = 0; i < c->n; i++)
                if (members >> i & 1)
                    corner = fmax(corner, minimised(c, k, i));
            box *= fmax(0, edge - corner);
        }
        sum += __builtin_popcount(members) % 2 ? box : -box;
    }
    return sum;
}

Test(frontstat, hypervolume_equals_inclusion_exclusion) {
    for (uint64_t which = 0; which < 2000; which++) {
        uint64_t state = which * 17 + 3;
        random_case c;
        double reference[ES_MAX_OBJECTIVES], volume, again;
        random_case_init(&c, &state, 9, 8);
        for (size_t i = 0; i < c.n * c.d; i++)
            c.value[i] = random_unit(&state) * (random_below(&state, 3) ? 1 : 0.5);
        for (unsigned k = 0; k < c.d; k++)
            reference[k] = c.direction[k] ? 0 : 1;
        cr_assert_eq(es_hypervolume(&c.points, NULL, 0, reference, &volume, NULL), ES_OK);
        double expected = include_exclude(&c, reference);
        cr_assert(fabs(volume - expected) < 1e-12, "case %llu, n = %zu, d = %u: %g, expected %g",
                  (unsigned long long)which, c.n, c.d, volume, expected);
        uint64_t reversed[16];
        for (size_t i = 0; i < c.n; i++)
            reversed[i] = c.n - 1 - i;
        cr_assert_eq(es_hypervolume(&c.points, reversed, c.n, reference, &again, NULL), ES_OK);
        cr_assert_eq(memcmp(&again, &volume, sizeof volume), 0);
        random_case_free(&c);
    }
}

Test(frontstat, hypervolume_of_large_fronts) {
    enum { N = 3000 };
    static double value[4][N];
    uint64_t state = 3;
    const double *column[4] = {value[0], value[1], value[2], value[3]};
    for (unsigned d = 2; d <= 4; d++) {
        /* points on the plane sum x = 1: a known volume for d = 2 only; d = 3, 4 by adding a constant objective */
        for (size_t i = 0; i < N; i++) {
            value[0][i] = (double)i / N;
            value[1][i] = 1 - (double)i / N;
            value[2][i] = 0.25;
            value[3][i] = -1;
        }
        for (size_t i = N - 1; i > 0; i--) {
            size_t j = random_below(&state, i + 1);
            for (unsigned k = 0; k < 2; k++) {
                double swapped = value[k][i];
                value[k][i] = value[k][j];
                value[k][j] = swapped;
            }
        }
        es_points points = {.n = N, .d = d, .column = column};
        double volume, expected = (0.5 - 0.5 / N) * (d > 2 ? 0.75 : 1) * (d > 3 ? 2 : 1);
        cr_assert_eq(es_hypervolume(&points, NULL, 0, (double[]){1, 1, 1, 1}, &volume, NULL), ES_OK);
        cr_assert(nearly(volume, expected), "d = %u: %.17g, expected %.17g", d, volume, expected);
    }
}

/* ---- Epsilon boxes ---- */

static double box_of(const random_case *c, const double *epsilon, unsigned k, size_t i) {
    return epsilon[k] > 0 ? floor(minimised(c, k, i) / epsilon[k]) : minimised(c, k, i);
}

static double corner_distance(const random_case *c, const double *epsilon, size_t i) {
    double sum = 0;
    for (unsigned k = 0; k < c->d; k++) {
        double part = epsilon[k] > 0 ? minimised(c, k, i) / epsilon[k] - box_of(c, epsilon, k, i) : 0;
        sum += part * part;
    }
    return sum;
}

/* Whether j keeps i out: a better box, or the same box better represented. */
static bool excludes(const random_case *c, const double *epsilon, const bool *on_front, size_t j, size_t i) {
    double a[ES_MAX_OBJECTIVES], b[ES_MAX_OBJECTIVES];
    bool same = true;
    if (i == j || !same_group(c, i, j))
        return false;
    for (unsigned k = 0; k < c->d; k++) {
        a[k] = box_of(c, epsilon, k, j);
        b[k] = box_of(c, epsilon, k, i);
        same &= a[k] == b[k];
    }
    if (!same)
        return vector_dominates(a, b, c->d);
    double x = corner_distance(c, epsilon, j), y = corner_distance(c, epsilon, i);
    if (!on_front[j] || x != y)
        return on_front[j] && x < y;
    int order = compare_vectors(c, j, i);
    return order < 0 || (order == 0 && j < i);
}

Test(frontstat, epsilon_boxes_equal_brute_force) {
    for (uint64_t which = 0; which < 4000; which++) {
        uint64_t state = which * 19 + 5;
        random_case c;
        double epsilon[ES_MAX_OBJECTIVES];
        random_case_init(&c, &state, 60, 5);
        for (size_t i = 0; i < c.n * c.d; i++)
            c.value[i] = fmod(c.value[i], 1e6);
        for (unsigned k = 0; k < c.d; k++)
            epsilon[k] = random_below(&state, 4) ? random_unit(&state) : 0;
        bool *on_front = calloc(c.n + 1, sizeof *on_front);
        brute_front(&c, ES_TIES_ALL, NULL, on_front);
        es_index front;
        cr_assert_eq(es_front_epsilon(&c.points, epsilon, 2, &front, NULL), ES_OK);
        size_t at = 0;
        for (size_t i = 0; i < c.n; i++) {
            bool kept = on_front[i];
            for (size_t j = 0; j < c.n && kept; j++)
                kept = !excludes(&c, epsilon, on_front, j, i);
            bool found = at < front.count && front.index[at] == i;
            cr_assert_eq(found, kept, "case %llu, point %zu", (unsigned long long)which, i);
            at += found;
        }
        cr_assert_eq(at, front.count);
        es_index_free(&front);
        free(on_front);
        random_case_free(&c);
    }
}

Test(frontstat, epsilon_out_of_range_is_refused) {
    double value[] = {1e300, 1};
    const double *column[] = {value};
    es_points points = {.n = 2, .d = 1, .column = column};
    es_index front;
    static const double bad[] = {-1, NAN, INFINITY, 1e-300};
    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(es_front_epsilon(&points, &bad[i], 1, &front, NULL), ES_EUSAGE);
    cr_assert_eq(es_front_epsilon(&points, &bad[3], 1, &front, NULL), ES_OK);
    es_index_free(&front);
    points.n = 1;
    cr_assert_eq(es_front_epsilon(&points, &bad[3], 1, &front, NULL), ES_EUSAGE);
}

/* ---- Robustness ---- */

/* How uncertain a random case is: objectives with ends of their own, and the others. */
typedef struct doubt {
    es_uncertainty of[ES_MAX_OBJECTIVES];
    double *end; /* low and high of each objective */
} doubt;

static void doubt_init(doubt *u, const random_case *c, size_t exact, uint64_t *state) {
    const size_t stride = c->points.stride ? c->points.stride : 1, size = c->n * stride + 1;
    u->end = calloc(2 * c->d * size, sizeof *u->end);
    for (unsigned k = 0; k < c->d; k++) {
        double *low = u->end + 2 * k * size, *high = low + size;
        u->of[k] = (es_uncertainty){
            .relative = random_below(state, 3) < exact ? 0 : 0.3 * random_unit(state) * random_unit(state)};
        if (exact == 3 || random_below(state, 2))
            continue;
        for (size_t i = 0; i < c->n; i++) {
            const double value = c->points.column[k][i * stride];
            const bool wrong = random_below(state, 10) == 0; /* then the end is no end */
            low[i * stride] = wrong ? value + 1 : value - (double)random_below(state, 3);
            high[i * stride] = wrong ? NAN : value + (double)random_below(state, 3);
        }
        u->of[k].low = low;
        u->of[k].high = high;
    }
}

static void end_vector(const random_case *c, const es_uncertainty *uncertainty, size_t i, double sign, double *vector) {
    const size_t stride = c->points.stride ? c->points.stride : 1;
    for (unsigned k = 0; k < c->d; k++) {
        const es_uncertainty *u = &uncertainty[k];
        const bool turned = c->points.direction && c->points.direction[k] == ES_MAXIMIZE;
        double value = minimised(c, k, i);
        vector[k] = value + sign * (u->relative * fabs(value));
        if (u->low) {
            const double low = turned ? -u->high[i * stride] : u->low[i * stride],
                         high = turned ? -u->low[i * stride] : u->high[i * stride];
            vector[k] = sign < 0 ? fmin(value, low) : fmax(value, high); /* of NaN: the value */
        }
    }
}

static es_robust brute_robust(const random_case *c, const es_uncertainty *uncertainty, size_t i) {
    double best[ES_MAX_OBJECTIVES], worst[ES_MAX_OBJECTIVES], other[ES_MAX_OBJECTIVES];
    end_vector(c, uncertainty, i, -1, best);
    end_vector(c, uncertainty, i, 1, worst);
    es_robust robust = ES_ROBUST_CERTAIN;
    for (size_t j = 0; j < c->n; j++) {
        if (j == i || !same_group(c, i, j))
            continue;
        end_vector(c, uncertainty, j, 1, other);
        if (vector_dominates(other, best, c->d))
            return ES_ROBUST_NO;
        end_vector(c, uncertainty, j, -1, other);
        if (vector_dominates(other, worst, c->d))
            robust = ES_ROBUST_POSSIBLE;
    }
    return robust;
}

/* Draws an outcome and checks that no verdict contradicts it. */
static void try_outcome(const random_case *c, const es_uncertainty *uncertainty, const uint8_t *robust,
                        uint64_t *state) {
    double(*vector)[ES_MAX_OBJECTIVES] = malloc((c->n + 1) * sizeof *vector);
    for (size_t i = 0; i < c->n; i++) {
        double low[ES_MAX_OBJECTIVES], high[ES_MAX_OBJECTIVES];
        end_vector(c, uncertainty, i, -1, low);
        end_vector(c, uncertainty, i, 1, high);
        for (unsigned k = 0; k < c->d; k++) {
            double part = random_unit(state);
            vector[i][k] = random_below(state, 3) == 0 ? low[k]
                           : random_below(state, 3) == 0
                               ? high[k]
                               : fmin(high[k], fmax(low[k], low[k] + part * (high[k] - low[k])));
        }
    }
    for (size_t i = 0; i < c->n; i++) {
        bool dominated = false;
        for (size_t j = 0; j < c->n; j++)
            dominated |= same_group(c, i, j) && vector_dominates(vector[j], vector[i], c->d);
        cr_assert(!(dominated && robust[i] == ES_ROBUST_CERTAIN));
        cr_assert(dominated || robust[i] != ES_ROBUST_NO);
    }
    free(vector);
}

Test(frontstat, robustness_equals_brute_force) {
    for (uint64_t which = 0; which < 4000; which++) {
        uint64_t state = which * 23 + 9;
        random_case c;
        doubt u;
        random_case_init(&c, &state, which % 100 ? 40 : 1200, 5);
        size_t exact = random_below(&state, 4);
        for (size_t i = 0; i < c.n * c.d; i++)
            c.value[i] = fabs(c.value[i]) > 1e200 ? 1e200 : c.value[i];
        doubt_init(&u, &c, exact, &state);
        uint8_t *robust = malloc(c.n + 1);
        bool *on_front = calloc(c.n + 1, sizeof *on_front);
        brute_front(&c, ES_TIES_ALL, NULL, on_front);
        cr_assert_eq(es_front_robust(&c.points, u.of, 2, robust, NULL), ES_OK);
        for (size_t i = 0; i < c.n; i++) {
            cr_assert_eq(robust[i], brute_robust(&c, u.of, i), "case %llu, point %zu", (unsigned long long)which, i);
            cr_assert(!on_front[i] || robust[i] != ES_ROBUST_NO);
            cr_assert(exact < 3 || (robust[i] == ES_ROBUST_CERTAIN) == on_front[i]);
        }
        if (c.n < 100)
            try_outcome(&c, u.of, robust, &state);
        free(on_front);
        free(robust);
        free(u.end);
        random_case_free(&c);
    }
}

Test(frontstat, uncertainty_out_of_range_is_refused) {
    double value = 1;
    const double *column[] = {&value};
    es_points points = {.n = 1, .d = 1, .column = column};
    static const double bad[] = {-0.1, 1, NAN};
    uint8_t robust;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert_eq(es_front_robust(&points, &(es_uncertainty){.relative = bad[i]}, 1, &robust, NULL), ES_EUSAGE);
}

#include <criterion/criterion.h>

#include "pareto/pareto_sieve.h"
#include "pareto_cases.h"
#include "rounds.h"

static void assert_front(const random_case *c, es_ties ties, unsigned threads, const bool *mark, uint64_t which) {
    es_index front = {0};
    es_errors errors = {0};
    cr_assert_eq(es_front(&c->points, ties, threads, &front, &errors), ES_OK);
    size_t at = 0;
    for (size_t i = 0; i < c->n; i++)
        if (mark[i]) {
            cr_assert(at < front.count && front.index[at] == i, "case %llu: point %zu of %zu, d = %u, is missing",
                      (unsigned long long)which, i, c->n, c->d);
            at++;
        }
    cr_assert_eq(at, front.count, "case %llu: too many points", (unsigned long long)which);
    es_index_free(&front);
}

static void compare_with_brute_force(uint64_t cases, size_t most_points, uint64_t seed) {
    for (uint64_t which = 0; which < ROUNDS(cases); which++) {
        uint64_t state = seed + which;
        random_case c;
        random_case_init(&c, &state, most_points, 8);
        bool *mark = calloc(c.n + 1, sizeof *mark);
        for (int ties = ES_TIES_ALL; ties <= ES_TIES_FIRST; ties++) {
            brute_front(&c, (es_ties)ties, NULL, mark);
            assert_front(&c, (es_ties)ties, 1 + which % 2, mark, which);
        }
        free(mark);
        random_case_free(&c);
    }
}

Test(pareto, front_equals_brute_force) { compare_with_brute_force(12000, 60, 1); }

Test(pareto, front_equals_brute_force_on_larger_sets) { compare_with_brute_force(24, 6000, 7000000); }

Test(pareto, front_equals_brute_force_with_avx2) {
    setenv("EDGESWEEP_SIMD", "v3", 1);
    compare_with_brute_force(2000, 60, 2);
    compare_with_brute_force(4, 6000, 8000000);
}

Test(pareto, front_equals_brute_force_with_baseline) {
    setenv("EDGESWEEP_SIMD", "baseline", 1);
    compare_with_brute_force(2000, 60, 3);
    compare_with_brute_force(4, 6000, 9000000);
}

/* Fills columns with points on a sphere octant, all of them on the front, then `dominated` copies moved outwards. */
static void fill_sphere(double *value, size_t n, unsigned d, size_t on_front) {
    uint64_t state = 5;
    for (size_t i = 0; i < n; i++) {
        double norm = 0, x[ES_MAX_OBJECTIVES];
        for (unsigned k = 0; k < d; k++) {
            x[k] = random_unit(&state) + 1e-3;
            norm += x[k] * x[k];
        }
        for (unsigned k = 0; k < d; k++)
            value[k * n + i] = i < on_front ? 1 - x[k] / sqrt(norm) : value[k * n + i % on_front] + 1e-9;
    }
}

Test(pareto, large_fronts_are_complete) {
    enum { N = 40000, ON_FRONT = 30000 };
    for (unsigned d = 2; d <= 6; d++) {
        double *value = malloc(N * d * sizeof *value);
        const double *column[ES_MAX_OBJECTIVES];
        fill_sphere(value, N, d, ON_FRONT);
        for (unsigned k = 0; k < d; k++)
            column[k] = value + k * N;
        es_points points = {.n = N, .d = d, .column = column};
        for (unsigned threads = 1; threads <= 3; threads++) {
            es_index front;
            cr_assert_eq(es_front(&points, ES_TIES_ALL, threads, &front, NULL), ES_OK);
            cr_assert_eq(front.count, ON_FRONT);
            for (size_t i = 0; i < ON_FRONT; i++)
                cr_assert_eq(front.index[i], i);
            es_index_free(&front);
        }
        free(value);
    }
}

enum { SCAN_D = 4 };

static int by_vector(const void *a, const void *b) {
    const double *x = a, *y = b;
    for (unsigned k = 0; k < SCAN_D; k++)
        if (x[k] != y[k])
            return x[k] < y[k] ? -1 : 1;
    return 0;
}

/* Counts the front by a scan in lexicographic order, in which no point dominates an earlier one.  Sorts row. */
static size_t count_front(double (*row)[SCAN_D], size_t n) {
    size_t *front = malloc(n * sizeof *front), distinct = 0, count = 0;
    qsort(row, n, sizeof *row, by_vector);
    for (size_t i = 0; i < n; i++) {
        bool keep = true;
        for (size_t j = distinct; j-- > 0 && keep;)
            keep = !vector_dominates(row[front[j]], row[i], SCAN_D);
        count += keep;
        if (keep && !(distinct && by_vector(row[front[distinct - 1]], row[i]) == 0))
            front[distinct++] = i;
    }
    free(front);
    return count;
}

static bool view_dominates(const es_view *view, size_t a, size_t b) {
    bool better = false;
    for (unsigned k = 0; k < view->d; k++) {
        const double x = es_view_at(view, k, a), y = es_view_at(view, k, b);
        if (x > y)
            return false;
        better |= x < y;
    }
    return better;
}

static bool view_equals(const es_view *view, size_t a, size_t b) {
    bool equal = true;
    for (unsigned k = 0; k < view->d; k++)
        equal &= es_view_at(view, k, a) == es_view_at(view, k, b);
    return equal;
}

/* Enough points pass the filter by strong points for the sieve by the front of a sample. */
Test(pareto, sieved_fronts_equal_a_plain_scan) {
    enum { N = 80000 };
    static double row[N][SCAN_D], copy[N][SCAN_D];
    const double *column[SCAN_D] = {row[0], row[0] + 1, row[0] + 2, row[0] + 3};
    uint64_t state = 17;
    for (size_t i = 0; i < N; i++) {
        double sum = 0;
        for (unsigned k = 0; k + 1 < SCAN_D; k++)
            sum += row[i][k] = random_unit(&state);
        row[i][SCAN_D - 1] = 0.7 * random_unit(&state) - sum;
        if (i % 5 == 4)
            memcpy(row[i], row[i / 3], sizeof row[i]);
    }
    memcpy(copy, row, sizeof row);
    size_t expected = count_front(copy, N);
    es_points points = {.n = N, .d = SCAN_D, .column = column, .stride = SCAN_D};
    for (unsigned threads = 1; threads <= 3; threads++) {
        es_index front;
        cr_assert_eq(es_front(&points, ES_TIES_ALL, threads, &front, NULL), ES_OK);
        cr_assert_eq(front.count, expected);
        for (size_t i = 0; i < front.count; i++)
            memcpy(copy[i], row[front.index[i]], sizeof copy[i]);
        cr_assert_eq(count_front(copy, front.count), expected);
        es_index_free(&front);
    }
}

/* The sieve takes away what a member dominates, all of it and nothing else. */
Test(pareto, sieve_drops_exactly_the_dominated) {
    enum { N = 40000, SAMPLE = 600 };
    static double row[N][SCAN_D];
    static uint32_t index[N], sample[SAMPLE], again[SAMPLE];
    static const es_direction direction[SCAN_D] = {ES_MINIMIZE, ES_MAXIMIZE, ES_MINIMIZE, ES_MAXIMIZE};
    const double *column[SCAN_D] = {row[0], row[0] + 1, row[0] + 2, row[0] + 3};
    uint64_t state = 23;
    for (size_t i = 0; i < N; i++)
        for (unsigned k = 0; k < SCAN_D; k++)
            row[i][k] = (double)random_below(&state, 64) - 20; /* many ties */
    es_points points = {.n = N, .d = SCAN_D, .column = column, .stride = SCAN_D, .direction = direction};
    es_view view;
    cr_assert_eq(es_view_init(&view, &points, NULL), ES_OK);
    for (uint32_t i = 0; i < N; i++)
        index[i] = i;
    const size_t taken = es_take_sample(index, N, N / SAMPLE + 1, sample);
    cr_assert(taken > SAMPLE / 2 && taken <= SAMPLE);
    cr_assert_eq(es_take_sample(index, N, N / SAMPLE + 1, again), taken);
    cr_expect_arr_eq(sample, again, taken * sizeof *sample);
    size_t members = 0;
    for (size_t i = 0; i < taken; i++) {
        bool best = i == 0 || sample[i] > sample[i - 1];
        cr_assert(best && sample[i] / (N / SAMPLE + 1) == i, "one of each step");
        for (size_t j = 0; j < taken && best; j++)
            best = !view_dominates(&view, sample[j], sample[i]);
        for (size_t j = 0; j < members && best; j++)
            best = !view_equals(&view, sample[i], again[j]);
        if (best)
            again[members++] = sample[i];
    }
    for (unsigned threads = 1; threads <= 3; threads += 2) {
        size_t m = N, kept = 0;
        for (uint32_t i = 0; i < N; i++)
            index[i] = i;
        cr_assert_eq(es_sieve(&view, again, members, threads, index, &m, NULL), ES_OK);
        for (uint32_t i = 0; i < N; i++) {
            bool dominated = false;
            for (size_t j = 0; j < members && !dominated; j++)
                dominated = view_dominates(&view, again[j], i);
            if (dominated)
                continue;
            cr_assert_lt(kept, m);
            cr_assert_eq(index[kept], i);
            kept++;
        }
        cr_expect_eq(kept, m);
        cr_expect(kept > N / 100 && kept < N / 2, "%zu", kept);
    }
}

Test(pareto, equal_points_are_kept_or_counted_once) {
    enum { N = 300000 };
    double *value = malloc(N * sizeof *value);
    for (size_t i = 0; i < N; i++)
        value[i] = i % 2 ? 0.0 : -0.0;
    const double *column[] = {value, value, value};
    es_points points = {.n = N, .d = 3, .column = column};
    es_index front;
    cr_assert_eq(es_front(&points, ES_TIES_ALL, 2, &front, NULL), ES_OK);
    cr_assert_eq(front.count, N);
    es_index_free(&front);
    cr_assert_eq(es_front(&points, ES_TIES_FIRST, 2, &front, NULL), ES_OK);
    cr_assert_eq(front.count, 1);
    cr_assert_eq(front.index[0], 0);
    es_index_free(&front);
    free(value);
}

/* ---- Laws ---- */

static void copy_part(const random_case *c, const uint64_t *index, size_t n, double *value, es_points *part,
                      const double **column) {
    for (unsigned k = 0; k < c->d; k++) {
        column[k] = value + k * n;
        for (size_t i = 0; i < n; i++)
            value[k * n + i] = case_value(c, k, index[i]);
    }
    *part = (es_points){.n = n, .d = c->d, .column = column, .direction = c->direction};
}

/* front[] = the members of index[] on the front of just those points; returns their number. */
static size_t front_of_part(const random_case *c, const uint64_t *index, size_t n, uint64_t *front) {
    const double *column[ES_MAX_OBJECTIVES];
    double *value = malloc((n * c->d + 1) * sizeof *value);
    es_points part;
    es_index found;
    copy_part(c, index, n, value, &part, column);
    cr_assert_eq(es_front(&part, ES_TIES_ALL, 1, &found, NULL), ES_OK);
    size_t count = found.count;
    for (size_t i = 0; i < count; i++)
        front[i] = index[found.index[i]];
    es_index_free(&found);
    free(value);
    return count;
}

static int by_index(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

Test(pareto, fronts_merge) {
    for (uint64_t which = 0; which < 2000; which++) {
        uint64_t state = 31 * which + 11;
        random_case c;
        random_case_init(&c, &state, 150, 6);
        uint64_t *a = malloc((c.n + 1) * sizeof *a), *b = malloc((c.n + 1) * sizeof *b);
        uint64_t *all = malloc((c.n + 1) * sizeof *all);
        size_t n_a = 0, n_b = 0;
        for (size_t i = 0; i < c.n; i++) {
            all[i] = i;
            *(random_below(&state, 3) ? &a[n_a++] : &b[n_b++]) = i;
        }
        size_t expected = front_of_part(&c, all, c.n, all);
        n_a = front_of_part(&c, a, n_a, a);
        n_b = front_of_part(&c, b, n_b, b);
        memcpy(a + n_a, b, n_b * sizeof *a);
        qsort(a, n_a + n_b, sizeof *a, by_index);
        size_t merged = front_of_part(&c, a, n_a + n_b, a);
        cr_assert_eq(merged, expected);
        cr_assert_eq(memcmp(a, all, merged * sizeof *a), 0, "case %llu", (unsigned long long)which);
        free(a);
        free(b);
        free(all);
        random_case_free(&c);
    }
}

Test(pareto, order_of_points_and_objectives_does_not_matter) {
    for (uint64_t which = 0; which < 1000; which++) {
        uint64_t state = 77 * which + 3;
        random_case c;
        random_case_init(&c, &state, 200, 6);
        bool *mark = calloc(c.n + 1, sizeof *mark);
        uint64_t *order = malloc((c.n + 1) * sizeof *order);
        for (size_t i = 0; i < c.n; i++)
            order[i] = i;
        size_t expected = front_of_part(&c, order, c.n, order);
        for (size_t i = 0; i < expected; i++)
            mark[order[i]] = true;
        for (size_t i = 0; i < c.n; i++) {
            size_t j = random_below(&state, i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        for (unsigned k = 0; k < c.d / 2; k++) {
            const es_direction way = c.direction[k];
            c.direction[k] = c.direction[c.d - 1 - k];
            c.direction[c.d - 1 - k] = way;
            for (size_t i = 0; i < c.n; i++) {
                double value = case_value(&c, k, i);
                set_case_value(&c, k, i, case_value(&c, c.d - 1 - k, i));
                set_case_value(&c, c.d - 1 - k, i, value);
            }
        }
        size_t count = front_of_part(&c, order, c.n, order);
        cr_assert_eq(count, expected);
        for (size_t i = 0; i < count; i++)
            cr_assert(mark[order[i]]);
        free(mark);
        free(order);
        random_case_free(&c);
    }
}

/* ---- Layers ---- */

Test(pareto, ranks_peel_fronts) {
    for (uint64_t which = 0; which < 3000; which++) {
        uint64_t state = 5 * which + 1;
        random_case c;
        random_case_init(&c, &state, which % 50 ? 60 : 1500, 6);
        uint32_t most = (uint32_t)random_below(&state, 5);
        uint32_t *rank = malloc((c.n + 1) * sizeof *rank);
        bool *alive = malloc(c.n + 1), *mark = malloc(c.n + 1);
        memset(alive, 1, c.n);
        cr_assert_eq(es_front_ranks(&c.points, most, 2, rank, NULL), ES_OK);
        size_t left = c.n;
        for (uint32_t r = 1; left && (!most || r <= most); r++) {
            brute_front(&c, ES_TIES_ALL, alive, mark);
            for (size_t i = 0; i < c.n; i++) {
                cr_assert_eq(rank[i] == r, mark[i], "case %llu, point %zu", (unsigned long long)which, i);
                alive[i] = alive[i] && !mark[i];
                left -= mark[i];
            }
        }
        for (size_t i = 0; i < c.n; i++)
            cr_assert(!alive[i] || rank[i] == 0);
        free(rank);
        free(alive);
        free(mark);
        random_case_free(&c);
    }
}

/* ---- Refused input ---- */

Test(pareto, values_that_are_not_finite_are_refused) {
    static const struct {
        double value;
        const char *text;
    } bad[] = {{NAN, "NaN"}, {INFINITY, "infinity"}, {-INFINITY, "-infinity"}};
    enum { N = 5000 };
    double *value = calloc(2 * N, sizeof *value);
    const double *column[] = {value, value + N};
    const char *name[] = {"cost", "time"};
    es_points points = {.n = N, .d = 2, .column = column, .name = name};
    for (size_t b = 0; b < sizeof bad / sizeof *bad; b++) {
        char expected[100];
        es_errors errors = {0};
        es_index front = {.count = 7};
        value[N + 4321] = bad[b].value;
        snprintf(expected, sizeof expected, "point 4321: objective 'time' is %s", bad[b].text);
        cr_assert_eq(es_front(&points, ES_TIES_ALL, 2, &front, &errors), ES_ERUNTIME);
        cr_assert_eq(front.count, 7);
        cr_assert_not_null(strstr(errors.error[0].text, expected), "%s", errors.error[0].text);
        points.name = NULL;
        cr_assert_eq(es_front_ranks(&points, 0, 1, (uint32_t[N]){0}, &errors), ES_ERUNTIME);
        cr_assert_not_null(strstr(errors.error[1].text, "point 4321: objective 2 is"), "%s", errors.error[1].text);
        points.name = name;
    }
    free(value);
}

Test(pareto, shapes_out_of_range_are_refused) {
    double value = 1;
    const double *column[17];
    for (size_t k = 0; k < 17; k++)
        column[k] = &value;
    es_points points = {.n = 1, .d = 0, .column = column};
    es_index front;
    cr_assert_eq(es_front(&points, ES_TIES_ALL, 1, &front, NULL), ES_EUSAGE);
    points.d = 17;
    cr_assert_eq(es_front(&points, ES_TIES_ALL, 1, &front, NULL), ES_EUSAGE);
    points.d = 16;
    cr_assert_eq(es_front(&points, ES_TIES_ALL, 1, &front, NULL), ES_OK);
    cr_assert_eq(front.count, 1);
    es_index_free(&front);
    points.n = (size_t)1 << 31;
    cr_assert_eq(es_front(&points, ES_TIES_ALL, 1, &front, NULL), ES_ERUNTIME);
}

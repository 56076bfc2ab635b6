#include <criterion/criterion.h>

#include "pareto/pareto_small.h"
#include "pareto_cases.h"

static void minimised_point(const random_case *c, size_t i, double *value) {
    for (unsigned k = 0; k < c->d; k++)
        value[k] = es_flipped(case_value(c, k, i), c->direction[k] == ES_MAXIMIZE ? ES_SIGN_BIT : 0);
}

static bool reaches(const double *a, const double *b, unsigned d) {
    for (unsigned k = 0; k < d; k++)
        if (a[k] > b[k])
            return false;
    return true;
}

/* Whether point i is the first of its vector and no point dominates it. */
static bool is_wanted(const random_case *c, size_t n, size_t i) {
    double point[ES_MAX_OBJECTIVES], other[ES_MAX_OBJECTIVES];
    minimised_point(c, i, point);
    for (size_t j = 0; j < n; j++) {
        minimised_point(c, j, other);
        if (j != i && reaches(other, point, c->d) && (!reaches(point, other, c->d) || j < i))
            return false;
    }
    return true;
}

static void assert_front(const es_small *front, const random_case *c, size_t n, uint64_t which) {
    size_t wanted = 0;
    for (size_t i = 0; i < n; i++) {
        double point[ES_MAX_OBJECTIVES];
        minimised_point(c, i, point);
        const size_t at = es_small_find(front, c->d, point);
        cr_assert(es_small_covers(front, c->d, point, i));
        if (!is_wanted(c, n, i))
            continue;
        cr_assert(at < front->n && es_small_index(front, c->d, at) == i, "case %llu point %zu",
                  (unsigned long long)which, i);
        wanted++;
    }
    cr_assert_eq(front->n, wanted);
}

/* Two fronts in turn from one pool, so that each takes what the other gives back; one from the last point to the first. */
Test(small, is_what_comparing_all_gives) {
    uint64_t state = 1;
    for (uint64_t which = 0; which < 300; which++) {
        random_case c;
        random_case_init(&c, &state, 60, 5);
        es_small_pool pool = {.d = c.d};
        es_small front[2] = {{0}, {0}};
        double point[ES_MAX_OBJECTIVES];
        for (size_t i = 0; i < c.n; i++) {
            minimised_point(&c, i, point);
            cr_assert_lt(es_small_insert(&pool, &front[0], point, i), ES_SMALL_FULL);
            minimised_point(&c, c.n - 1 - i, point);
            cr_assert_lt(es_small_insert(&pool, &front[1], point, c.n - 1 - i), ES_SMALL_FULL);
        }
        assert_front(&front[0], &c, c.n, which);
        assert_front(&front[1], &c, c.n, which);
        es_small_clear(&pool, &front[0]);
        cr_assert_eq(front[0].n, 0);
        assert_front(&front[1], &c, c.n, which);
        es_small_pool_free(&pool);
        random_case_free(&c);
    }
}

Test(small, is_full_at_its_limit) {
    es_small_pool pool = {.d = 2};
    es_small front = {0};
    for (size_t i = 0; i <= ES_SMALL_MOST; i++)
        cr_assert_eq(es_small_insert(&pool, &front, (double[]){(double)i, -(double)i}, i),
                     i < ES_SMALL_MOST ? ES_SMALL_TAKEN : ES_SMALL_FULL);
    cr_assert_eq(es_small_insert(&pool, &front, (double[]){0, -1000}, 1000), ES_SMALL_TAKEN);
    cr_assert_eq(front.n, 1);
    es_small_pool_free(&pool);
}

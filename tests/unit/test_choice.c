/* Best choices of columns in memory, against all pairs. */
#include <criterion/criterion.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <edgesweep/pareto.h>
#include <edgesweep/sweep.h>

enum { N = 40, D = 3, TOP = 4 };

typedef struct table {
    double value[D][N];
    uint32_t group[N], pick[N], kin[N];
    es_direction direction[D];
    size_t n;
} table;

static uint64_t draw(uint64_t *state) { return (*state = *state * 6364136223846793005u + 1442695040888963407u) >> 33; }

/* Coarse values, so that ties and near ties are many. */
static table random_table(uint64_t *state) {
    table t = {.n = draw(state) % N};
    for (size_t k = 0; k < D; k++)
        t.direction[k] = draw(state) % 2 ? ES_MAXIMIZE : ES_MINIMIZE;
    for (size_t i = 0; i < t.n; i++) {
        t.group[i] = (uint32_t)(draw(state) % 3) * 7;
        t.pick[i] = (uint32_t)(draw(state) % 5) * 1000000007u;
        t.kin[i] = (uint32_t)(draw(state) % 2);
        for (size_t k = 0; k < D; k++)
            t.value[k][i] = (double)(draw(state) % 8) / 10 - 0.3;
    }
    return t;
}

static double minimised(const table *t, size_t k, size_t i) {
    return t->direction[k] == ES_MAXIMIZE ? -t->value[k][i] : t->value[k][i];
}

/* From objective `first` on, then all of them, then the index. */
static bool beats(const table *t, size_t a, size_t b, size_t first) {
    for (size_t k = first; k < D; k++)
        if (minimised(t, k, a) != minimised(t, k, b))
            return minimised(t, k, a) < minimised(t, k, b);
    return first ? beats(t, a, b, 0) : a < b;
}

/* Whether row i stands for its pick: nobody of the same group and pick beats it. */
static bool stands(const table *t, size_t i, bool picked) {
    for (size_t j = 0; j < t->n && picked; j++)
        if (t->group[j] == t->group[i] && t->pick[j] == t->pick[i] && beats(t, j, i, 0))
            return false;
    return true;
}

static size_t rank_plainly(const table *t, const es_contest *contest, size_t *listed) {
    size_t n = 0;
    for (size_t i = 0; i < t->n; i++) {
        bool met = false;
        for (size_t j = 0; j < i; j++)
            met = met || t->group[j] == t->group[i];
        size_t order[N], m = 0;
        for (size_t j = 0; j < t->n && !met; j++)
            if (t->group[j] == t->group[i] && stands(t, j, contest->pick != NULL))
                order[m++] = j;
        for (size_t a = 0; a < m; a++)
            for (size_t b = a + 1; b < m; b++)
                if (beats(t, order[b], order[a], 0)) {
                    const size_t swap = order[a];
                    order[a] = order[b], order[b] = swap;
                }
        size_t won = 0;
        for (size_t a = 1; a < m && contest->kin; a++)
            if (t->kin[order[a]] == t->kin[order[0]] &&
                fabs(minimised(t, 0, order[a]) - minimised(t, 0, order[0])) < contest->margin &&
                beats(t, order[a], order[won], 1))
                won = a;
        for (size_t a = 0; a < m && a < (contest->top ? contest->top : 1); a++)
            listed[n++] = order[a == 0 ? won : a <= won ? a - 1 : a];
    }
    return n;
}

Test(choice, equals_all_pairs) {
    uint64_t state = 1;
    size_t ties = 0;
    for (size_t which = 0; which < 4000; which++) {
        const table t = random_table(&state);
        const es_contest contest = {.pick = which % 3 ? t.pick : NULL,
                                    .kin = which % 2 ? t.kin : NULL,
                                    .margin = which % 4 == 3 ? 0.25 : 0,
                                    .top = which % (TOP + 1)};
        const es_points points = {.n = t.n,
                                  .d = D,
                                  .column = (const double *const[]){t.value[0], t.value[1], t.value[2]},
                                  .direction = t.direction,
                                  .group = t.group};
        size_t expected[N];
        const size_t n = rank_plainly(&t, &contest, expected);
        es_index rows = {0};
        cr_assert_eq(es_best_choices(&points, &contest, &rows, NULL), ES_OK);
        cr_assert_eq(rows.count, n, "table %zu: %zu rows, not %zu", which, rows.count, n);
        cr_assert_eq(rows.index == NULL, n == 0);
        for (size_t i = 0; i < n; i++)
            cr_assert_eq(rows.index[i], expected[i], "table %zu, row %zu", which, i);
        es_index_free(&rows);
        const es_contest strict = {.pick = contest.pick, .top = contest.top};
        cr_assert_eq(es_best_choices(&points, &strict, &rows, NULL), ES_OK);
        ties += n && memcmp(rows.index, expected, sizeof *rows.index * n) != 0;
        es_index_free(&rows);
    }
    cr_expect_gt(ties, 100, "margins decided only %zu tables", ties);
}

Test(choice, refuses) {
    const double value[] = {1, NAN};
    es_points points = {.n = 2, .d = 1, .column = (const double *const[]){value}};
    es_errors errors = {0};
    es_index rows = {0};
    cr_expect_eq(es_best_choices(&points, &(es_contest){0}, &rows, &errors), ES_ERUNTIME);
    cr_expect_str_eq(errors.error[0].text, "point 1: objective 1 is NaN, expected a finite number");
    points.n = 1;
    errors.n_errors = 0;
    cr_expect_eq(es_best_choices(&points, &(es_contest){.margin = -1}, &rows, &errors), ES_EUSAGE);
    cr_expect_str_eq(errors.error[0].text, "margin -1: expected a number from 0 on");
    cr_expect_eq(es_best_choices(&points, &(es_contest){.margin = NAN}, &rows, NULL), ES_EUSAGE);
    points.d = 0;
    cr_expect_eq(es_best_choices(&points, &(es_contest){0}, &rows, NULL), ES_EUSAGE);
    cr_expect_null(rows.index);
}

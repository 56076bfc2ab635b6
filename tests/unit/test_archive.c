#include <criterion/criterion.h>
#include <omp.h>

#include "pareto/pareto_archive.h"
#include "pareto_cases.h"
#include "rounds.h"

static es_archive *new_archive(const random_case *c) {
    es_archive *archive;
    cr_assert_eq(es_archive_new(c->d, c->direction, &archive, NULL), ES_OK);
    return archive;
}

static void insert_one(es_archive *archive, const random_case *c, uint64_t i) {
    double value[ES_MAX_OBJECTIVES];
    const double *column[ES_MAX_OBJECTIVES];
    for (unsigned k = 0; k < c->d; k++) {
        value[k] = case_value(c, k, i);
        column[k] = &value[k];
    }
    es_batch batch = {.n = 1, .first_index = i, .column = column, .uniform = (uint32_t)(i * 7)};
    cr_assert_eq(es_archive_insert(archive, &batch, NULL), ES_OK);
}

/* Columns of points order[0, n), for a batch. */
static double *gather(const random_case *c, const uint64_t *order, size_t n, const double **column) {
    double *value = malloc((n * c->d + 1) * sizeof *value);
    for (unsigned k = 0; k < c->d; k++) {
        column[k] = value + k * n;
        for (size_t i = 0; i < n; i++)
            value[k * n + i] = case_value(c, k, order[i]);
    }
    return value;
}

static void insert_batch(es_archive *archive, const random_case *c, const uint64_t *order, size_t n) {
    const double *column[ES_MAX_OBJECTIVES];
    double *value = gather(c, order, n, column);
    es_batch batch = {.n = n, .index = order, .column = column};
    cr_assert_eq(es_archive_insert(archive, &batch, NULL), ES_OK);
    free(value);
}

static void assert_finished(es_archive *archive, const random_case *c, const bool *mark, uint64_t which) {
    cr_assert_eq(es_archive_finish(archive, NULL), ES_OK);
    size_t at = 0;
    for (size_t i = 0; i < c->n; i++) {
        double vector[ES_MAX_OBJECTIVES];
        for (unsigned k = 0; k < c->d; k++)
            vector[k] = case_value(c, k, i);
        size_t found = es_archive_find(archive, vector);
        if (!mark[i])
            continue;
        cr_assert(at < es_archive_count(archive) && es_archive_index(archive)[at] == i, "case %llu point %zu",
                  (unsigned long long)which, i);
        cr_assert_eq(found, at);
        for (unsigned k = 0; k < c->d; k++)
            cr_assert(es_archive_column(archive, k)[at] == vector[k] &&
                      !(vector[k] == 0 && signbit(es_archive_column(archive, k)[at])));
        at++;
    }
    cr_assert_eq(at, es_archive_count(archive));
}

static uint64_t *shuffled(size_t n, uint64_t *state) {
    uint64_t *order = malloc((n + 1) * sizeof *order);
    for (size_t i = 0; i < n; i++) {
        size_t j = random_below(state, i + 1);
        order[i] = order[j];
        order[j] = i;
    }
    return order;
}

/* Inserts shuffled points in random batches into several archives, then merges them in a random tree. */
static es_archive *archive_by_random_tree(const random_case *c, uint64_t *state) {
    enum { PARTS = 5 };
    es_archive *part[PARTS];
    uint64_t *order = shuffled(c->n, state);
    for (size_t p = 0; p < PARTS; p++)
        part[p] = new_archive(c);
    for (size_t at = 0, n; at < c->n; at += n) {
        n = 1 + random_below(state, 1 + c->n / 4);
        n = n < c->n - at ? n : c->n - at;
        es_archive *into = part[random_below(state, PARTS)];
        if (n == 1)
            insert_one(into, c, order[at]);
        else
            insert_batch(into, c, order + at, n);
        if (random_below(state, 4) == 0)
            cr_assert_eq(es_archive_settle(into, NULL), ES_OK);
        if (random_below(state, 8) == 0)
            cr_assert_eq(es_archive_finish(into, NULL), ES_OK);
    }
    for (size_t left = PARTS; left > 1; left--) {
        size_t from = random_below(state, left);
        es_archive *moved = part[from];
        part[from] = part[left - 1];
        cr_assert_eq(es_archive_merge(part[random_below(state, left - 1)], moved, NULL), ES_OK);
        es_archive_free(moved);
    }
    free(order);
    return part[0];
}

static void compare_with_brute_force(uint64_t cases, size_t most_points, uint64_t seed) {
    for (uint64_t which = 0; which < ROUNDS(cases); which++) {
        uint64_t state = seed + which;
        random_case c;
        random_case_init(&c, &state, most_points, 8);
        c.grouped = false;
        bool *mark = calloc(c.n + 1, sizeof *mark);
        brute_front(&c, ES_TIES_FIRST, NULL, mark);
        es_archive *archive = archive_by_random_tree(&c, &state);
        assert_finished(archive, &c, mark, which);
        es_archive_free(archive);
        free(mark);
        random_case_free(&c);
    }
}

Test(archive, any_order_and_merge_tree_gives_the_front) {
    compare_with_brute_force(4000, 60, 1);
    compare_with_brute_force(30, 6000, 500000);
}

Test(archive, any_order_and_merge_tree_gives_the_front_with_baseline) {
    setenv("EDGESWEEP_SIMD", "baseline", 1);
    compare_with_brute_force(500, 60, 2);
    compare_with_brute_force(5, 6000, 600000);
}

/* Threads put shuffled points into joined archives; what each has at the end is merged into the first. */
static es_archive *archive_of_threads(const random_case *c, unsigned threads, uint64_t *state) {
    enum { MOST = 4, BATCH = 200 };
    es_archive *part[MOST] = {new_archive(c)};
    uint64_t *order = shuffled(c->n, state);
    size_t batches = (c->n + BATCH - 1) / BATCH, failed = 0;
    for (unsigned t = 1; t < threads; t++)
        cr_assert_eq(es_archive_join(part[random_below(state, t)], &part[t], NULL), ES_OK);
#pragma omp parallel for num_threads(threads) schedule(dynamic) reduction(+ : failed)
    for (size_t b = 0; b < batches; b++) {
        const double *column[ES_MAX_OBJECTIVES];
        size_t at = b * BATCH, n = c->n - at < BATCH ? c->n - at : BATCH;
        double *value = gather(c, order + at, n, column);
        es_batch batch = {.n = n, .index = order + at, .column = column};
        failed += es_archive_insert(part[omp_get_thread_num()], &batch, NULL) != ES_OK;
        free(value);
    }
    cr_assert_eq(failed, 0);
    for (unsigned t = threads; t-- > 1;) {
        cr_assert_eq(es_archive_merge(part[0], part[t], NULL), ES_OK);
        es_archive_free(part[t]);
    }
    cr_assert_eq(es_archive_unite(part[0], threads, NULL), ES_OK);
    free(order);
    return part[0];
}

Test(archive, joined_archives_give_the_front_of_all) {
    for (uint64_t which = 0; which < ROUNDS(200); which++) {
        uint64_t state = 77 * which + 3;
        random_case c;
        random_case_init(&c, &state, which % 10 ? 1500 : 12000, 6);
        c.grouped = false;
        bool *mark = calloc(c.n + 1, sizeof *mark);
        brute_front(&c, ES_TIES_FIRST, NULL, mark);
        es_archive *archive = archive_of_threads(&c, 1 + (unsigned)random_below(&state, 4), &state);
        assert_finished(archive, &c, mark, which);
        es_archive_clear(archive);
        cr_assert_eq(es_archive_finish(archive, NULL), ES_OK);
        cr_assert_eq(es_archive_count(archive), 0);
        es_archive_free(archive);
        free(mark);
        random_case_free(&c);
    }
}

/* Each point beats the one before, or none of them: an archive has to stay small, or to keep everything. */
Test(archive, sorted_streams) {
    enum { N = 20000 };
    for (unsigned kind = 0; kind < 3; kind++) {
        es_archive *archive;
        cr_assert_eq(es_archive_new(3, NULL, &archive, NULL), ES_OK);
        for (size_t i = 0; i < N; i++) {
            double falls = (double)(N - i), rises = (double)i;
            double x = kind == 1 ? rises : falls, y = falls, same = 7;
            es_batch batch = {
                .n = 1, .first_index = kind == 2 ? N - i : i, .column = (const double *[]){&x, &y, &same}};
            if (kind == 2)
                x = y = same; /* equal, by falling index */
            cr_assert_eq(es_archive_insert(archive, &batch, NULL), ES_OK);
        }
        cr_assert_eq(es_archive_finish(archive, NULL), ES_OK);
        cr_assert_eq(es_archive_count(archive), kind == 1 ? N : 1);
        cr_assert_eq(es_archive_index(archive)[0], kind == 0 ? N - 1 : kind == 1 ? 0 : 1);
        es_archive_free(archive);
    }
}

Test(archive, ideal_points_are_judged_as_defined) {
    for (uint64_t which = 0; which < 2000; which++) {
        uint64_t state = 9 * which + 5;
        random_case c;
        random_case_init(&c, &state, 80, 6);
        c.grouped = false;
        if (c.n < 2) {
            random_case_free(&c);
            continue;
        }
        es_archive *archive = new_archive(&c);
        size_t held = c.n / 2 + 1;
        for (size_t i = 0; i < held; i++)
            insert_one(archive, &c, i);
        cr_assert_eq(es_archive_settle(archive, NULL), ES_OK);
        es_archive_hint hint = {0};
        for (size_t i = 0; i < c.n; i++) {
            bool dominated = false, equal = false;
            double ideal[ES_MAX_OBJECTIVES];
            for (unsigned k = 0; k < c.d; k++)
                ideal[k] = case_value(&c, k, i);
            for (size_t j = 0; j < held; j++) {
                dominated |= case_dominates(&c, j, i);
                equal |= j <= i && case_equal(&c, i, j);
            }
            cr_assert_eq(es_archive_dominates(archive, ideal, &hint), dominated);
            cr_assert_eq(es_archive_covers(archive, ideal, i, &hint), dominated || equal);
        }
        es_archive_free(archive);
        random_case_free(&c);
    }
}

/* Tiles of a grid: the first objective is shared by a tile, the second varies, sometimes a third. */
static double grid_value(unsigned k, size_t tile, size_t i) {
    switch (k) {
    case 0: return (double)((tile * 37) % 23);
    case 1: return (double)((i * 29 + tile * 3) % 31);
    default: return (double)((i * 11 + tile * 5) % 7);
    }
}

Test(archive, uniform_columns_and_second_pass) {
    enum { TILES = 40, TILE = 300, N = TILES * TILE };
    static double full[3][N];
    for (size_t i = 0; i < N; i++)
        for (unsigned k = 0; k < 3; k++)
            full[k][i] = grid_value(k, i / TILE, i % TILE);
    for (unsigned d = 2; d <= 3; d++) {
        const es_direction direction[] = {ES_MINIMIZE, ES_MAXIMIZE, ES_MINIMIZE};
        const double *whole[] = {full[0], full[1], full[2]};
        es_points points = {.n = N, .d = d, .column = whole, .direction = direction};
        es_index front;
        es_archive *archive;
        cr_assert_eq(es_front(&points, ES_TIES_ALL, 1, &front, NULL), ES_OK);
        cr_assert_eq(es_archive_new(d, direction, &archive, NULL), ES_OK);
        for (size_t pass = 0, seen = 0; pass < 2; pass++) {
            es_archive_hint hint = {0};
            for (size_t t = 0; t < TILES; t++) {
                size_t tile = pass ? t : TILES - 1 - t;
                const double *column[] = {full[0] + tile * TILE, full[1] + tile * TILE, full[2] + tile * TILE};
                es_batch batch = {.n = TILE, .first_index = tile * TILE, .column = column, .uniform = 1};
                uint32_t offset[TILE], position[TILE];
                if (!pass) {
                    cr_assert_eq(es_archive_insert(archive, &batch, NULL), ES_OK);
                    continue;
                }
                size_t n = es_archive_match(archive, &batch, &hint, offset, position);
                for (size_t i = 0; i < n; i++, seen++) {
                    cr_assert_eq(front.index[seen], tile * TILE + offset[i]);
                    cr_assert(es_archive_index(archive)[position[i]] <= front.index[seen]);
                }
            }
            cr_assert_eq(es_archive_finish(archive, NULL), ES_OK);
            cr_assert_eq(seen, pass ? front.count : 0);
        }
        cr_assert_lt(es_archive_count(archive), front.count);
        es_archive_free(archive);
        es_index_free(&front);
    }
}

Test(archive, refuses_what_is_not_finite_and_keeps_its_state) {
    double value[2][600] = {{0}};
    const double *column[] = {value[0], value[1]};
    es_batch batch = {.n = 600, .first_index = 1000, .column = column};
    es_archive *archive, *other;
    es_errors errors = {0};
    cr_assert_eq(es_archive_new(2, NULL, &archive, NULL), ES_OK);
    value[1][599] = -INFINITY;
    cr_assert_eq(es_archive_insert(archive, &batch, &errors), ES_ERUNTIME);
    cr_assert_not_null(strstr(errors.error[0].text, "point 1599: objective 2 is -infinity"));
    cr_assert_eq(es_archive_finish(archive, NULL), ES_OK);
    cr_assert_eq(es_archive_count(archive), 0);
    value[1][599] = 0;
    cr_assert_eq(es_archive_insert(archive, &batch, NULL), ES_OK);
    cr_assert_eq(es_archive_finish(archive, NULL), ES_OK);
    cr_assert_eq(es_archive_count(archive), 1);
    cr_assert_eq(es_archive_index(archive)[0], 1000);
    cr_assert_eq(es_archive_find(archive, (double[]){NAN, 0}), SIZE_MAX);
    cr_assert_eq(es_archive_new(3, NULL, &other, NULL), ES_OK);
    cr_assert_eq(es_archive_merge(archive, other, NULL), ES_EUSAGE);
    cr_assert_eq(es_archive_new(0, NULL, &other, NULL), ES_EUSAGE);
    es_archive_clear(archive);
    cr_assert_eq(es_archive_finish(archive, NULL), ES_OK);
    cr_assert_eq(es_archive_count(archive), 0);
    es_archive_free(other);
    es_archive_free(archive);
    es_archive_free(NULL);
}

/* The error names the point, by its own index where there is one. */
Test(archive, says_which_point_is_not_finite) {
    enum { N = 5 };
    static const uint64_t index[N] = {40, 41, 45, 46, 50};
    for (size_t bad = 0; bad < N; bad++)
        for (int own = 0; own < 2; own++) {
            double x[N] = {1, 2, 3, 4, 5}, y[N] = {5, 4, 3, 2, 1};
            const double *const column[] = {x, y};
            es_archive *archive;
            es_errors errors = {0};
            char expected[80];
            y[bad] = bad % 2 ? NAN : INFINITY;
            cr_assert_eq(es_archive_new(2, NULL, &archive, NULL), ES_OK);
            es_batch batch = {.n = N, .first_index = 7, .index = own ? index : NULL, .column = column};
            cr_expect_eq(es_archive_insert(archive, &batch, &errors), ES_ERUNTIME);
            snprintf(expected, sizeof expected, "point %llu: objective 2 is %s",
                     (unsigned long long)(own ? index[bad] : 7 + bad), bad % 2 ? "NaN" : "infinity");
            cr_expect_not_null(strstr(errors.error[0].text, expected), "%s", errors.error[0].text);
            es_archive_free(archive);
        }
}

Test(archive, second_pass_passes_over_nan) {
    enum { N = 200 };
    double x[N], y[N], shared = NAN;
    const double *column[] = {x, y};
    uint32_t offset[N];
    es_archive *archive;
    es_archive_hint hint = {0};
    for (size_t i = 0; i < N; i++)
        x[i] = y[i] = 5 + (double)(i % 3);
    x[190] = 1;
    es_batch batch = {.n = N, .column = column};
    cr_assert_eq(es_archive_new(2, NULL, &archive, NULL), ES_OK);
    cr_assert_eq(es_archive_insert(archive, &batch, NULL), ES_OK);
    cr_assert_eq(es_archive_finish(archive, NULL), ES_OK);
    for (size_t i = 0; i < N; i++)
        if (i != 190 && i != 3)
            x[i] = NAN;
    cr_assert_eq(es_archive_match(archive, &batch, &hint, offset, NULL), 2);
    cr_assert(offset[0] == 3 && offset[1] == 190);
    cr_assert(!es_archive_dominates(archive, (double[]){NAN, 100}, &hint));
    cr_assert(!es_archive_covers(archive, (double[]){100, NAN}, 1000, &hint));
    cr_assert(es_archive_dominates(archive, (double[]){100, 100}, &hint));
    batch.uniform = 2;
    column[1] = &shared;
    cr_assert_eq(es_archive_match(archive, &batch, &hint, offset, NULL), 0);
    es_archive_free(archive);
}

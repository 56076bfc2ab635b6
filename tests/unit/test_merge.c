/* Reductions of parts against their definitions, and which sets of parts make one whole. */
#include "sweep_help.h"

#include <inttypes.h>

#include "shards/parts.h"
#include "shards/reduce.h"

/* ---- records ---- */

enum { N_BY = 2, N_VALUES = 3, POINTS = 600 };

typedef struct point {
    uint64_t index;
    double value[N_BY + N_VALUES + 1]; /* and ties */
} point;

static uint64_t state = 88172645463325252u;

static uint64_t next_random(void) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state;
}

/* Few distinct values, so that there are ties; both zeros; missing keys. */
static void draw_points(point *p) {
    for (size_t i = 0; i < POINTS; i++) {
        p[i].index = 10 * i;
        for (size_t k = 0; k < N_BY + N_VALUES; k++) {
            uint64_t r = next_random() % 7;
            p[i].value[k] = r == 6 ? -0.0 : (double)r;
        }
        if (next_random() % 5 == 0)
            p[i].value[1] = NAN;
        p[i].value[N_BY + N_VALUES] = (double)(1 + next_random() % 1000);
    }
}

static bool same_key(double a, double b) { return a == b || (a != a && b != b); }

static bool same_group(const point *a, const point *b) {
    return same_key(a->value[0], b->value[0]) && same_key(a->value[1], b->value[1]);
}

static const es_part_table table = {.given = true, .n_by = N_BY, .n_objectives = N_VALUES, .maximize = {0, 1, 0}};

static double cost(const point *p, size_t k) { return table.maximize[k] ? -p->value[N_BY + k] : p->value[N_BY + k]; }

static bool dominates(const point *a, const point *b) {
    bool better = false;
    for (size_t k = 0; k < N_VALUES; k++) {
        if (cost(a, k) > cost(b, k))
            return false;
        better = better || cost(a, k) < cost(b, k);
    }
    return better;
}

static bool equal_values(const point *a, const point *b) {
    return cost(a, 0) == cost(b, 0) && cost(a, 1) == cost(b, 1) && cost(a, 2) == cost(b, 2);
}

static bool on_front(const point *p, size_t i, bool unique) {
    for (size_t j = 0; j < POINTS; j++) {
        if (!same_group(&p[i], &p[j]))
            continue;
        if (dominates(&p[j], &p[i]) || (unique && j < i && equal_values(&p[i], &p[j])))
            return false;
    }
    return true;
}

static uint64_t ties_of(const point *p, size_t i) {
    double ties = 0;
    for (size_t j = 0; j < POINTS; j++)
        if (same_group(&p[i], &p[j]) && equal_values(&p[i], &p[j]))
            ties += p[j].value[N_BY + N_VALUES];
    return (uint64_t)ties;
}

static const es_record *record_of(const point *p) { return (const es_record *)(const void *)p; }

/* The row of a part tells the ties there, that of the whole all of them. */
static void check_row(es_front_union *front, const point *p, size_t i, bool unique) {
    static const char *const ends[] = {"\n", "\r\n", " |\n", "}\n"};
    char part[64], whole[64];
    const es_record *record = record_of(&p[i]);
    const char *row = part, *end = ends[i % 4];
    const uint64_t ties = unique ? ties_of(p, i) : 7;
    if (!on_front(p, i, unique))
        return;
    size_t n = (size_t)snprintf(part, sizeof part, "a1,2.5,7%s", end);
    snprintf(whole, sizeof whole, "a1,2.5,%llu%s", (unsigned long long)ties, end);
    cr_assert_eq(es_front_union_row(front, &record, &row, &n, NULL), ES_OK);
    cr_assert(n == strlen(whole) && !memcmp(row, whole, n), "%.*s, not %s", (int)n, row, whole);
    cr_assert(record->index == p[i].index && (!unique || record->value[N_BY + N_VALUES] == (double)ties));
}

Test(reduce, fronts) {
    point *p = calloc(POINTS, sizeof *p);
    for (int round = 0; round < 20; round++) {
        bool unique = round % 2;
        es_front_union *front;
        draw_points(p);
        cr_assert_eq(es_front_union_new(&front, &table, unique, NULL), ES_OK);
        for (size_t i = POINTS; i-- > 0;)
            cr_assert_eq(es_front_union_add(front, record_of(&p[i]), NULL), ES_OK);
        cr_assert_eq(es_front_union_finish(front, NULL), ES_OK);
        for (size_t i = 0; i < POINTS; i++)
            cr_assert_eq(es_front_union_has(front, record_of(&p[i])), on_front(p, i, unique), "round %d, point %zu",
                         round, i);
        for (size_t i = 0; i < POINTS && unique; i++)
            es_front_union_count(front, record_of(&p[i]));
        for (size_t i = 0; i < POINTS; i++)
            check_row(front, p, i, unique);
        es_front_union_free(front);
    }
    free(p);
}

static bool is_best(const point *p, size_t i) {
    for (size_t j = 0; j < POINTS; j++) {
        if (j == i || !same_group(&p[i], &p[j]))
            continue;
        for (size_t k = 0; k <= N_VALUES; k++) {
            if (k == N_VALUES ? j < i : cost(&p[j], k) < cost(&p[i], k))
                return false;
            if (k < N_VALUES && cost(&p[j], k) > cost(&p[i], k))
                break;
        }
    }
    return true;
}

static int compare_keys(const point *a, const point *b) {
    for (size_t k = 0; k < N_BY; k++) {
        double x = a->value[k], y = b->value[k];
        if (same_key(x, y))
            continue;
        return x != x || (y == y && x > y) ? 1 : -1;
    }
    return 0;
}

Test(reduce, best_tables) {
    point *p = calloc(POINTS, sizeof *p);
    for (int round = 0; round < 20; round++) {
        es_best_union *best;
        char line[32];
        const char *row;
        size_t winners = 0, length;
        draw_points(p);
        cr_assert_eq(es_best_union_new(&best, &table, NULL), ES_OK);
        for (size_t i = 0; i < POINTS; i++) {
            size_t at = (i * 371) % POINTS;
            int n = snprintf(line, sizeof line, "row %zu\n", at);
            cr_assert_eq(es_best_union_add(best, record_of(&p[at]), line, (size_t)n, NULL), ES_OK);
            winners += is_best(p, at);
        }
        cr_assert_eq(es_best_union_finish(best, true), winners);
        for (size_t g = 0; g < winners; g++) {
            size_t i = es_best_union_row(best, g, &row, &length)->index / 10;
            cr_assert(is_best(p, i), "round %d, group %zu", round, g);
            cr_assert_eq((size_t)snprintf(line, sizeof line, "row %zu\n", i), length);
            cr_assert_eq(memcmp(line, row, length), 0);
            if (g)
                cr_assert_lt(compare_keys(&p[es_best_union_row(best, g - 1, &row, &length)->index / 10], &p[i]), 0);
        }
        es_best_union_free(best);
    }
    free(p);
}

/* ---- ties in quality: by, picked value, model, quality (more is better), cost ---- */

enum { BY, PICK, MODEL, QUALITY, COST, TIE_VALUES };

typedef struct tie_point {
    uint64_t index;
    double value[TIE_VALUES];
} tie_point;

static const es_part_table tie_table = {.given = true, .ties = true, .n_by = 1, .n_objectives = 2, .maximize = {1, 0}};

static bool beats(const tie_point *a, const tie_point *b) {
    if (a->value[QUALITY] != b->value[QUALITY])
        return a->value[QUALITY] > b->value[QUALITY];
    return a->value[COST] != b->value[COST] ? a->value[COST] < b->value[COST] : a->index < b->index;
}

/* By the definition: of the best points of every picked value the cheapest that ties with the best of all. */
static const tie_point *tie_winner(const tie_point *p, double by) {
    const tie_point *best[4] = {NULL}, *top = NULL, *winner;
    for (size_t i = 0; i < POINTS; i++) {
        const tie_point **of = &best[(size_t)p[i].value[PICK]];
        if (p[i].value[BY] == by && (!*of || beats(&p[i], *of)))
            *of = &p[i];
    }
    for (size_t k = 0; k < LENGTH(best); k++)
        top = best[k] && (!top || beats(best[k], top)) ? best[k] : top;
    winner = top;
    for (size_t k = 0; k < LENGTH(best); k++)
        if (best[k] && best[k]->value[MODEL] == top->value[MODEL] &&
            top->value[QUALITY] - best[k]->value[QUALITY] < ES_QUALITY_TIE &&
            (best[k]->value[COST] < winner->value[COST] ||
             (best[k]->value[COST] == winner->value[COST] && beats(best[k], winner))))
            winner = best[k];
    return winner;
}

static void add_to(es_best_union *best, const es_record *record) {
    cr_assert_eq(es_best_union_add(best, record, "row\n", 4, NULL), ES_OK);
}

Test(reduce, ties_of_parts_are_those_of_the_whole) {
    enum { GROUPS = 3, PARTS = 5 };
    static tie_point p[POINTS];
    for (int round = 0; round < 200; round++) {
        es_best_union *part, *all;
        const char *row;
        size_t length;
        for (size_t i = 0; i < POINTS; i++)
            p[i] =
                (tie_point){i,
                            {(double)(next_random() % GROUPS), (double)(next_random() % 4), (double)(next_random() % 2),
                             50 + (double)(next_random() % 400) / 100, (double)(next_random() % 5)}};
        cr_assert_eq(es_best_union_new(&all, &tie_table, NULL), ES_OK);
        for (size_t k = 0; k < PARTS; k++) {
            cr_assert_eq(es_best_union_new(&part, &tie_table, NULL), ES_OK);
            for (size_t i = k * POINTS / PARTS; i < (k + 1) * POINTS / PARTS; i++)
                add_to(part, (const es_record *)(const void *)&p[i]);
            const size_t n = es_best_union_finish(part, false);
            for (size_t i = 0; i < n; i++)
                add_to(all, es_best_union_row(part, i, &row, &length));
            es_best_union_free(part);
        }
        cr_assert_eq(es_best_union_finish(all, true), GROUPS);
        for (size_t g = 0; g < GROUPS; g++)
            cr_assert_eq(es_best_union_row(all, g, &row, &length)->index, tie_winner(p, (double)g)->index,
                         "round %d, group %zu", round, g);
        es_best_union_free(all);
    }
}

/* ---- parts ---- */

typedef struct parts_case {
    const char *shards; /* K/N, separated by blanks */
    uint64_t total;
    es_status status;
    const char *message; /* in the first error */
    const char *array;   /* NULL: none */
} parts_case;

static const parts_case parts_cases[] = {
    {"0/1", 100, ES_OK, NULL, NULL},
    {"2/3 0/3 1/3", 100, ES_OK, NULL, NULL},
    {"0/2 2/4 6/8 7/8", 1000003, ES_OK, NULL, NULL},
    {"0/2 1/2", INT64_MAX, ES_OK, NULL, NULL},
    {"0/7 1/7 2/7 3/7 4/7 5/7 6/7", 3, ES_OK, NULL, NULL}, /* some are empty */
    {"2/7 4/7 6/7", 3, ES_OK, NULL, NULL},                 /* the empty ones are missing: nothing is */
    {"1/3 2/3", 99, ES_EMISSING, "points 0 to 32", "--array=0 with --shard auto/3"},
    {"0/3 1/3", 99, ES_EMISSING, "points 66 to 98", "--array=2 with --shard auto/3"},
    {"0/16 2/16 5/16 6/16 15/16", 1600, ES_EMISSING, "points 100 to 199", "--array=1,3-4,7-14 with --shard auto/16"},
    {"0/2 3/4", 1000, ES_EMISSING, "points 500 to 749", "--array=2 with --shard auto/4"},
    {"0/3 1/2", 1000, ES_EMISSING, "points 333 to 499", NULL},
    {"0/2 0/2 1/2", 100, ES_EOVERLAP, "points from 0 on", NULL},
    {"0/2 1/2 3/16", 1600, ES_EOVERLAP, "points from 300 on", NULL},
    {"0/3 1/2 2/3", 1000, ES_EOVERLAP, "points from 666 on", NULL},
    {"0/1 1/2", 1000, ES_EOVERLAP, "points from 500 on", NULL},
};

static void add_shard(es_parts *parts, uint64_t total, uint64_t k, uint64_t n) {
    es_part *part = &parts->part[parts->n++];
    part->directory = strdup("out");
    part->manifest = (es_manifest){.format = "csv", .total = total, .shard = {.k = k, .n = n}};
    part->manifest.first = es_shard_first(total, k, n);
    part->manifest.end = es_shard_first(total, k + 1, n);
    es_part_stem(part->manifest.shard, part->stem);
}

static es_parts make_parts(const char *shards, uint64_t total) {
    es_parts parts = {.part = calloc(20, sizeof(es_part))};
    uint64_t k, n;
    int used;
    for (; sscanf(shards, "%" SCNu64 "/%" SCNu64 "%n", &k, &n, &used) == 2; shards += used)
        add_shard(&parts, total, k, n);
    return parts;
}

Test(parts, one_whole_or_not) {
    for (size_t i = 0; i < LENGTH(parts_cases); i++) {
        const parts_case *c = &parts_cases[i];
        es_errors *errors = calloc(1, sizeof *errors);
        es_parts parts = make_parts(c->shards, c->total);
        cr_assert_eq(es_parts_check(&parts, errors), c->status, "%s: %s", c->shards, errors->error[0].text);
        if (c->message)
            cr_assert(strstr(errors->error[0].text, c->message), "%s: %s", c->shards, errors->error[0].text);
        cr_assert(!parts.missing == !c->array, "%s: %s", c->shards, parts.missing);
        if (c->array)
            cr_assert_str_eq(parts.missing, c->array);
        es_parts_free(&parts);
        free(errors);
    }
}

Test(parts, of_different_runs) {
    for (int what = 0; what < 6; what++) {
        es_parts parts = make_parts("0/2 1/2", 100);
        es_manifest *m = &parts.part[1].manifest;
        switch (what) {
        case 0: m->grid_hash++; break;
        case 1: m->catalog_hash++; break;
        case 2: strcpy(m->version, "0.0.1"); break;
        case 3: strcpy(m->format, "csv digits=3"); break;
        case 4: m->unique = true; break;
        default: m->table[ES_RESULT_BEST].given = true; break;
        }
        cr_assert_eq(es_parts_check(&parts, NULL), ES_EMIXED, "difference %d", what);
        es_parts_free(&parts);
    }
}

/* The best choices of CSV tables against the definition. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tables/csv_best.h"

enum { MAX_ROWS = 3000, MAX_GROUPS = 4, TEXT_ROOM = MAX_ROWS * 64 };

typedef struct row {
    char text[64];
    int group, pick;
    double value[3];
    bool satisfies;
} row;

typedef struct text {
    char bytes[TEXT_ROOM];
    size_t length;
} text;

static uint64_t random_state = 88172645463325252u;

static size_t random_below(size_t n) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (size_t)(random_state >> 11) % n;
}

static es_status append(void *context, const char *data, size_t n, es_errors *errors) {
    text *t = context;
    (void)errors;
    cr_assert(t->length + n < sizeof t->bytes);
    memcpy(t->bytes + t->length, data, n);
    t->length += n;
    t->bytes[t->length] = '\0';
    return ES_OK;
}

static void append_text(text *t, const char *s) { append(t, s, strlen(s), NULL); }

/* ---- By definition ---- */

typedef struct setup {
    size_t n_objectives;
    es_column_objective objective[3];
    size_t n_by, top;
    bool ranged; /* columns b and c are the range of a */
} setup;

static const char *const names[2][3] = {{"a", "b", "c"}, {"a", "a_low", "a_high"}};

static bool better(const setup *s, const row *rows, size_t i, size_t j) {
    for (size_t k = 0; k < s->n_objectives; k++) {
        const double sign = s->objective[k].direction == ES_MINIMIZE ? 1 : -1;
        if (rows[i].value[k] != rows[j].value[k])
            return sign * rows[i].value[k] < sign * rows[j].value[k];
    }
    return i < j;
}

/* Row i is the best of its picked value in its group; its place among the others that are. */
static size_t place_of(const setup *s, const row *rows, size_t n, const bool *is_best, size_t i) {
    size_t place = 1;
    for (size_t j = 0; j < n; j++)
        place += is_best[j] && rows[j].group == rows[i].group && better(s, rows, j, i);
    return place;
}

/* How many others of its group the range of winner i overlaps. */
static uint64_t overlaps_of(const setup *s, const row *rows, size_t n, const bool *is_best, size_t i) {
    uint64_t count = 0;
    for (size_t j = 0; j < n && s->ranged; j++)
        if (is_best[j] && j != i && rows[j].group == rows[i].group)
            count += s->objective[0].direction == ES_MINIMIZE ? rows[j].value[1] <= rows[i].value[2]
                                                              : rows[j].value[2] >= rows[i].value[1];
    return count;
}

/* The rows, and by group how many choices the winner's range overlaps. */
static void put_expected(const setup *s, const row *rows, size_t n, text *out, uint64_t *overlaps) {
    static bool is_best[MAX_ROWS], done[MAX_ROWS];
    for (size_t i = 0; i < n; i++) {
        is_best[i] = rows[i].satisfies;
        done[i] = !rows[i].satisfies;
        for (size_t j = 0; j < n && is_best[i]; j++)
            is_best[i] = !(rows[j].satisfies && rows[j].group == rows[i].group && rows[j].pick == rows[i].pick &&
                           better(s, rows, j, i));
    }
    for (size_t first = 0; first < n; first++) {
        if (done[first])
            continue;
        for (size_t j = first; j < n; j++)
            done[j] |= rows[j].group == rows[first].group;
        for (size_t place = 1; place <= s->top; place++)
            for (size_t j = 0; j < n; j++)
                if (is_best[j] && rows[j].group == rows[first].group && place_of(s, rows, n, is_best, j) == place) {
                    char line[128], rank[24] = "";
                    if (place == 1)
                        *overlaps++ = overlaps_of(s, rows, n, is_best, j);
                    es_slice cell[6];
                    es_csv_split(es_slice_of(rows[j].text), ',', cell, 6);
                    if (s->top > 1)
                        sprintf(rank, ",%zu", place);
                    if (s->n_by)
                        sprintf(line, "%.*s,%.*s%s,", (int)cell[0].length, cell[0].text, (int)cell[4].length,
                                cell[4].text, rank);
                    else
                        sprintf(line, "%.*s%s,%.*s,", (int)cell[4].length, cell[4].text, rank, (int)cell[0].length,
                                cell[0].text);
                    append_text(out, line);
                    sprintf(line, "%.*s,%s\n", (int)(cell[3].text + cell[3].length - cell[1].text), cell[1].text,
                            cell[5].text);
                    append_text(out, line);
                }
    }
}

/* ---- Random tables ---- */

static void random_row(row *r, size_t values, size_t picks) {
    static const char *const groups[] = {"g1", "\"g1\"", "g2", "\"g,3\""};
    static const int group_ids[] = {1, 1, 2, 3};
    const size_t g = random_below(4);
    r->group = group_ids[g];
    r->pick = (int)random_below(picks);
    for (int k = 0; k < 3; k++)
        r->value[k] = (double)random_below(values) - 2;
    r->satisfies = random_below(5) > 0;
    snprintf(r->text, sizeof r->text, "%s,%g,%g,%g,%sp%d%s,%d", groups[g], r->value[0], r->value[1], r->value[2],
             r->pick % 2 ? "\"" : "", r->pick, r->pick % 2 ? "\"" : "", r->satisfies);
}

static void check(const setup *s, const row *rows, size_t n, size_t block_size, unsigned threads) {
    static text csv, out, expected;
    static const es_slice by[] = {{"g", 1}};
    char path[40];
    csv.length = out.length = expected.length = 0;
    uint64_t overlaps[MAX_GROUPS];
    char header[64];
    sprintf(header, "%s,%s,%s", names[s->ranged][0], names[s->ranged][1], names[s->ranged][2]);
    append_text(&csv, "g,");
    append_text(&csv, header);
    append_text(&csv, ",p,fits\n");
    for (size_t i = 0; i < n; i++) {
        append_text(&csv, rows[i].text);
        append_text(&csv, "\n");
    }
    append_text(&expected, s->n_by ? "g,p" : "p");
    append_text(&expected, s->top > 1 ? ",rank" : "");
    append_text(&expected, s->n_by ? "," : ",g,");
    append_text(&expected, header);
    append_text(&expected, ",fits\n");
    put_expected(s, rows, n, &expected, overlaps);
    es_where where = {0};
    es_arena arena = {0};
    es_errors errors = {0};
    cr_assert_eq(es_where_parse(&where, es_slice_of("fits = 1"), (es_origin){0}, NULL, &arena, &errors), ES_OK);
    const int fd = memfd_create("csv", 0);
    cr_assert(fd >= 0 && write(fd, csv.bytes, csv.length) == (ssize_t)csv.length);
    sprintf(path, "/proc/self/fd/%d", fd);
    const char *paths[] = {path};
    const es_csv_input_options reading = {.block_size = block_size};
    const es_csv_best_options options = {.pick = {"p", 1},
                                         .by = by,
                                         .n_by = s->n_by,
                                         .objective = s->objective,
                                         .n_objectives = s->n_objectives,
                                         .where = &where,
                                         .top = s->top,
                                         .threads = threads};
    es_csv_input *input;
    es_csv_best best;
    const es_text_sink sink = {append, &out};
    cr_assert_eq(es_csv_input_open(paths, 1, &reading, &input, &errors), ES_OK);
    cr_assert_eq(es_csv_best_find(input, &options, &best, &errors), ES_OK, "%s", errors.error[0].text);
    cr_assert_eq(best.rows, n);
    cr_assert_eq(es_csv_best_write(input, &best, &sink, &errors), ES_OK);
    cr_assert_str_eq(out.bytes, expected.bytes);
    for (size_t i = 0; i < best.n; i++)
        cr_assert_eq(best.choice[i].n_overlapped, best.choice[i].rank == 1 ? overlaps[best.choice[i].group] : 0);
    es_csv_best_free(&best);
    es_csv_input_close(input);
    es_where_free(&where);
    es_arena_free(&arena);
    close(fd);
}

Test(csv_best, choices_match_the_definition, .timeout = 120) {
    static row rows[MAX_ROWS];
    for (int round = 0; round < 1500; round++) {
        const size_t n = round % 300 ? random_below(30) : 400;
        setup s = {.n_objectives = 1 + random_below(3), .n_by = random_below(2), .top = 1 + random_below(3)};
        s.ranged = random_below(2) == 0;
        for (size_t k = 0; k < 3; k++)
            s.objective[k] =
                (es_column_objective){es_slice_of(names[s.ranged][k]), random_below(2) ? ES_MINIMIZE : ES_MAXIMIZE};
        const size_t values = 1 + random_below(6), picks = 1 + random_below(6);
        for (size_t i = 0; i < n; i++) {
            random_row(&rows[i], values, picks);
            if (!s.n_by)
                rows[i].group = 0;
        }
        check(&s, rows, n, (size_t[]){1, 100, 0}[round % 3], 1 + (unsigned)random_below(3));
    }
}

Test(csv_best, next_best_follows_the_winner) {
    static const char table[] = "g,p,v\nx,p1,3\ny,p1,1\nx,p2,2\nx,p3,5\n";
    const int fd = memfd_create("csv", 0);
    char path[40];
    cr_assert(fd >= 0 && write(fd, table, sizeof table - 1) == (ssize_t)(sizeof table - 1));
    sprintf(path, "/proc/self/fd/%d", fd);
    const char *paths[] = {path};
    const es_slice by = es_slice_of("g");
    const es_column_objective objective = {es_slice_of("v"), ES_MINIMIZE};
    const es_csv_best_options options = {
        .pick = es_slice_of("p"), .by = &by, .n_by = 1, .objective = &objective, .n_objectives = 1, .top = 1};
    static const struct {
        uint32_t group;
        uint64_t rank;
        const char *row;
        double value;
    } expected[] = {{0, 1, "x,p2,2", 2}, {0, 2, "x,p1,3", 3}, {1, 1, "y,p1,1", 1}};
    es_csv_input *input;
    es_csv_best best;
    cr_assert_eq(es_csv_input_open(paths, 1, NULL, &input, NULL), ES_OK);
    cr_assert_eq(es_csv_best_find(input, &options, &best, NULL), ES_OK);
    cr_assert_eq(best.n, 3);
    cr_assert_eq(best.n_groups, 2);
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(best.choice[i].group, expected[i].group);
        cr_assert_eq(best.choice[i].rank, expected[i].rank);
        cr_assert(es_slice_equal(best.choice[i].row, expected[i].row));
        cr_assert(best.choice[i].value[0] == expected[i].value);
    }
    es_csv_best_free(&best);
    es_csv_input_close(input);
    close(fd);
}

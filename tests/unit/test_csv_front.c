/* Fronts of CSV tables against the definitions, applied to every pair of rows. */
#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tables/csv_front.h"
#include "io/format.h"
#include "rounds.h"

/* ---- Texts ---- */

typedef struct text {
    char *bytes;
    size_t length, capacity;
} text;

static es_status append(void *context, const char *data, size_t n, es_errors *errors) {
    text *t = context;
    (void)errors;
    if (t->length + n + 1 > t->capacity) {
        t->capacity = 2 * (t->length + n + 1);
        t->bytes = realloc(t->bytes, t->capacity);
        cr_assert(t->bytes);
    }
    memcpy(t->bytes + t->length, data, n);
    t->length += n;
    t->bytes[t->length] = '\0';
    return ES_OK;
}

static void append_text(text *t, const char *s) { append(t, s, strlen(s), NULL); }

static void clear(text *t) {
    t->length = 0;
    append(t, "", 0, NULL);
}

static int new_file(const text *t, char *path) {
    const int fd = memfd_create("csv", 0);
    cr_assert(fd >= 0 && write(fd, t->bytes, t->length) == (ssize_t)t->length);
    sprintf(path, "/proc/self/fd/%d", fd);
    return fd;
}

static uint64_t random_state = 88172645463325252u;

static uint64_t random_u64(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static size_t random_below(size_t n) { return (size_t)(random_u64() >> 11) % n; }

/* ---- A table and its front by definition ---- */

enum { MAX_ROWS = 6000, MAX_D = 8 };

typedef struct row {
    char *text; /* as written */
    double value[MAX_D], low[MAX_D], high[MAX_D];
    int group;
    bool missing, satisfies;
} row;

typedef struct table {
    row row[MAX_ROWS];
    size_t n;
    unsigned d;
} table;

typedef struct setup {
    es_csv_front_options options;
    es_column_objective objective[MAX_D];
    es_slice by[2];
    es_column_value epsilon[MAX_D], uncertain[MAX_D], reference[MAX_D];
} setup;

static const char *const column_names[MAX_D] = {"o0", "o1", "o2", "o3", "o4", "o5", "o6", "o7"};
static const char *const group_cells[][2] = {
    {"a", "x"}, {"b", "x"}, {"a", "y"}, {"\"a\"", "x"}, {"\"a\"\"b\"", "\"x,\n\""}};
static const int group_ids[] = {0, 1, 2, 0, 3};

/* Value of objective k, turned to minimisation. */
static double cost(const setup *s, const row *r, unsigned k) {
    return s->objective[k].direction == ES_MINIMIZE ? r->value[k] : -r->value[k];
}

static bool dominates(const setup *s, unsigned d, const row *a, const row *b) {
    bool better = false;
    for (unsigned k = 0; k < d; k++) {
        if (cost(s, a, k) > cost(s, b, k))
            return false;
        better |= cost(s, a, k) < cost(s, b, k);
    }
    return better && a->group == b->group;
}

/* Whether the ranges of the table make objective k uncertain. */
static bool is_ranged(const setup *s, unsigned k) { return s->options.uncertain.n && isnan(s->uncertain[k].value); }

static bool equal(const setup *s, unsigned d, const row *a, const row *b) {
    for (unsigned k = 0; k < d; k++)
        if (a->value[k] != b->value[k] || (is_ranged(s, k) && (a->low[k] != b->low[k] || a->high[k] != b->high[k])))
            return false;
    return a->group == b->group;
}

static void apply_unique(const table *t, const setup *s, bool *in) {
    for (size_t i = 0; i < t->n && s->options.unique; i++)
        for (size_t j = 0; j < i && in[i]; j++)
            in[i] = !(in[j] && equal(s, t->d, &t->row[i], &t->row[j]));
}

/* rank[i] = 0 for rows that are not in or behind the last layer. */
static void layers(const table *t, const setup *s, const bool *in, uint32_t max_rank, uint32_t *rank) {
    for (size_t i = 0; i < t->n; i++)
        rank[i] = 0;
    for (uint32_t layer = 1; layer <= max_rank; layer++) {
        for (size_t i = 0; i < t->n; i++) {
            bool on = in[i] && rank[i] == 0;
            for (size_t j = 0; j < t->n && on; j++)
                on = !(in[j] && (rank[j] == 0 || rank[j] == layer) && dominates(s, t->d, &t->row[j], &t->row[i]));
            if (on)
                rank[i] = layer;
        }
    }
}

static double box(const setup *s, const row *r, unsigned k) {
    const double epsilon = s->epsilon[k].value;
    return epsilon > 0 ? floor(cost(s, r, k) / epsilon) : cost(s, r, k);
}

static bool nearer(const table *t, const setup *s, size_t i, size_t j) {
    double distance[2] = {0, 0};
    for (unsigned k = 0; k < t->d; k++) {
        const double epsilon = s->epsilon[k].value;
        for (int which = 0; which < 2 && epsilon > 0; which++) {
            const double v = cost(s, &t->row[which ? j : i], k) / epsilon, gap = v - floor(v);
            distance[which] += gap * gap;
        }
    }
    if (distance[0] != distance[1])
        return distance[0] < distance[1];
    for (unsigned k = 0; k < t->d; k++)
        if (cost(s, &t->row[i], k) != cost(s, &t->row[j], k))
            return cost(s, &t->row[i], k) < cost(s, &t->row[j], k);
    return i < j;
}

static bool is_box_kept(const table *t, const setup *s, const bool *in, size_t i) {
    for (size_t j = 0; j < t->n; j++) {
        if (!in[j] || j == i || t->row[j].group != t->row[i].group)
            continue;
        bool no_worse = true, better = false;
        for (unsigned k = 0; k < t->d; k++) {
            const double mine = box(s, &t->row[i], k), other = box(s, &t->row[j], k);
            no_worse &= other <= mine;
            better |= other < mine;
        }
        if (no_worse && (better || nearer(t, s, j, i)))
            return false;
    }
    return true;
}

static row moved(const table *t, const setup *s, const row *r, double sign) {
    row end = *r;
    for (unsigned k = 0; k < t->d; k++) {
        const double error = s->uncertain[k].value / 100 * fabs(r->value[k]);
        const bool upper = (s->objective[k].direction == ES_MINIMIZE) == (sign > 0);
        if (is_ranged(s, k))
            end.value[k] = upper ? fmax(r->value[k], r->high[k]) : fmin(r->value[k], r->low[k]);
        else
            end.value[k] += upper ? error : -error;
    }
    return end;
}

static int robustness(const table *t, const setup *s, const bool *in, size_t i) {
    const row best = moved(t, s, &t->row[i], -1), worst = moved(t, s, &t->row[i], 1);
    int robust = ES_ROBUST_CERTAIN;
    for (size_t j = 0; j < t->n; j++) {
        if (!in[j] || j == i)
            continue;
        const row other_best = moved(t, s, &t->row[j], -1), other_worst = moved(t, s, &t->row[j], 1);
        if (dominates(s, t->d, &other_worst, &best))
            return ES_ROBUST_NO;
        if (dominates(s, t->d, &other_best, &worst))
            robust = ES_ROBUST_POSSIBLE;
    }
    return robust;
}

/* Values of one run (group, layer) as points, the measures of which other tests check. */
static void measure(const table *t, const setup *s, const uint32_t *layer, double *crowding, bool *knee, text *side) {
    static double value[MAX_D][MAX_ROWS], distance[MAX_ROWS];
    static uint64_t subset[MAX_ROWS];
    const double *column[MAX_D];
    es_direction direction[MAX_D];
    double reference[MAX_D];
    for (unsigned k = 0; k < t->d; k++) {
        column[k] = value[k];
        direction[k] = s->objective[k].direction;
        reference[k] = s->reference[k].value;
        for (size_t i = 0; i < t->n; i++)
            value[k][i] = t->row[i].value[k];
    }
    const es_points points = {.n = t->n, .d = t->d, .column = column, .direction = direction};
    for (int group = 0; group < 4; group++) {
        for (uint32_t l = 1; l < 10; l++) {
            size_t n = 0;
            for (size_t i = 0; i < t->n; i++)
                if (layer[i] == l && t->row[i].group == group)
                    subset[n++] = i;
            if (n == 0)
                continue;
            cr_assert_eq(es_crowding(&points, subset, n, distance, NULL), ES_OK);
            for (size_t i = 0; i < n; i++)
                crowding[subset[i]] = distance[i];
            uint64_t best;
            double volume;
            if (l > 1)
                continue;
            cr_assert_eq(es_knee(&points, subset, n, &best, NULL), ES_OK);
            knee[best] = true;
            char line[100], number[40] = "";
            cr_assert_eq(es_hypervolume(&points, subset, n, reference, &volume, NULL), ES_OK);
            number[es_format_double(number, volume, 17)] = '\0';
            static const char *const labels[] = {"a, x", "b, x", "a, y", "a\"b, x,\\x0a"};
            sprintf(line, "hypervolume%s%s: %s\n", s->options.n_by ? " " : "", s->options.n_by ? labels[group] : "",
                    number);
            append_text(side, line);
        }
    }
}

/* Rows that may be on the front and are equal to row i, with itself. */
static unsigned ties_of(const table *t, const setup *s, size_t i) {
    unsigned ties = 0;
    for (size_t j = 0; j < t->n; j++)
        ties += t->row[j].satisfies && !t->row[j].missing && equal(s, t->d, &t->row[i], &t->row[j]);
    return ties;
}

static void put_expected_row(const table *t, const setup *s, size_t i, uint32_t rank, double crowding, bool knee,
                             int robust, text *out) {
    char number[40] = "";
    append_text(out, t->row[i].text);
    if (s->options.max_rank) {
        sprintf(number, ",%u", rank);
        append_text(out, number);
    }
    if (s->options.crowding) {
        number[es_format_double(number, crowding, 9)] = '\0';
        append_text(out, ",");
        append_text(out, number);
    }
    if (s->options.knee)
        append_text(out, knee ? ",1" : ",0");
    if (s->options.uncertain.n)
        append_text(out, robust == ES_ROBUST_CERTAIN ? ",certain" : ",possible");
    if (s->options.unique) {
        sprintf(number, ",%u", ties_of(t, s, i));
        append_text(out, number);
    }
    append_text(out, "\n");
}

static void expect(const table *t, const setup *s, text *out, text *side) {
    static bool in[MAX_ROWS], kept[MAX_ROWS], knee[MAX_ROWS];
    static uint32_t rank[MAX_ROWS], front[MAX_ROWS];
    static double crowding[MAX_ROWS];
    static int robust[MAX_ROWS];
    const es_csv_front_options *o = &s->options;
    for (size_t i = 0; i < t->n; i++) {
        in[i] = t->row[i].satisfies && !t->row[i].missing;
        knee[i] = false;
        crowding[i] = NAN;
    }
    apply_unique(t, s, in);
    layers(t, s, in, o->max_rank ? o->max_rank : 1, rank);
    for (size_t i = 0; i < t->n; i++) {
        robust[i] = o->uncertain.n && in[i] ? robustness(t, s, in, i) : 0;
        kept[i] = o->uncertain.n ? robust[i] != ES_ROBUST_NO
                  : o->epsilon.n ? in[i] && is_box_kept(t, s, in, i)
                                 : rank[i] > 0;
        front[i] = o->epsilon.n ? kept[i] : rank[i];
    }
    measure(t, s, front, crowding, knee, side);
    for (size_t i = 0; i < t->n; i++)
        if (kept[i])
            put_expected_row(t, s, i, rank[i], crowding[i], knee[i], robust[i], out);
}

/* ---- Random tables and options ---- */

static double random_value(int style) {
    static const double wide[] = {1e-12, 1e15, 5e-324, 2.2250738585072014e-308, -1e-300, 1e300, 0.1, 3};
    switch (style) {
    case 0: return (double)random_below(4);
    case 1: return (double)(int)random_below(3) * (random_below(2) ? -0.0 : 1.0) - (double)random_below(2);
    case 2: return wide[random_below(8)];
    default: return (double)random_below(1u << 20) / 1024;
    }
}

static void random_row(table *t, row *r, int style, size_t padding) {
    static text line;
    const size_t g = random_below(5);
    char cell[64];
    clear(&line);
    free(r->text);
    *r = (row){.group = group_ids[g]};
    append_text(&line, group_cells[g][0]);
    append_text(&line, ",");
    append_text(&line, group_cells[g][1]);
    for (unsigned k = 0; k < t->d; k++) {
        r->value[k] = random_value(style);
        r->low[k] = r->value[k] - (double)random_below(3) + (random_below(20) ? 0 : 3); /* seldom on the wrong side */
        r->high[k] = r->value[k] + (double)random_below(3);
        sprintf(cell, random_below(9) ? ",%.17g" : ", \"%.17g\" ", r->value[k]);
        if (random_below(200) == 0) {
            strcpy(cell, random_below(2) ? "," : ",inf");
            r->missing = true;
        }
        append_text(&line, cell);
        sprintf(cell, ",%.17g,%.17g", r->low[k], r->high[k]);
        append_text(&line, cell);
    }
    const size_t tag = random_below(10);
    r->satisfies = tag < 8;
    sprintf(cell, ",%zu,", tag);
    append_text(&line, cell);
    for (size_t i = 0; i < padding; i++)
        append_text(&line, "0123456789");
    r->text = strdup(line.bytes);
}

static void random_setup(const table *t, setup *s) {
    es_csv_front_options *o = &s->options;
    *s = (setup){0};
    for (unsigned k = 0; k < t->d; k++) {
        s->objective[k] =
            (es_column_objective){es_slice_of(column_names[k]), random_below(2) ? ES_MINIMIZE : ES_MAXIMIZE};
        s->epsilon[k] = (es_column_value){es_slice_of(column_names[k]), random_below(3) ? 0.75 : 0};
        s->uncertain[k] = (es_column_value){{0}, (double[]){0, 5, 33, 99, NAN, NAN}[random_below(6)]};
        s->reference[k] = (es_column_value){{0}, s->objective[k].direction == ES_MINIMIZE ? 3 : -1};
    }
    *o = (es_csv_front_options){.objective = s->objective, .n_objectives = t->d, .by = s->by, .skip_missing = true};
    o->unique = random_below(3) == 0;
    o->crowding = random_below(2);
    o->knee = random_below(2);
    o->threads = (unsigned)random_below(4);
    switch (random_below(4)) {
    case 0: o->max_rank = (uint32_t)random_below(5); break;
    case 1: o->epsilon = (es_column_values){s->epsilon, t->d}; break;
    case 2: o->uncertain = (es_column_values){s->uncertain, t->d}; break;
    default: break;
    }
    if (t->d <= 4 && random_below(2))
        o->reference = (es_column_values){s->reference, t->d};
    s->by[0] = es_slice_of("g");
    s->by[1] = es_slice_of("h");
    o->n_by = random_below(2) * 2;
}

static void write_table(const table *t, text *out) {
    clear(out);
    append_text(out, "g,h");
    for (unsigned k = 0; k < t->d; k++) {
        char names[40];
        sprintf(names, ",%s,%s_low,%s_high", column_names[k], column_names[k], column_names[k]);
        append_text(out, names);
    }
    append_text(out, ",tag,padding\n");
    for (size_t i = 0; i < t->n; i++) {
        append_text(out, t->row[i].text);
        append_text(out, "\n");
    }
}

static int compare_lines(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* Hypervolumes come in the order in which groups were met, which differs: compare as sets of lines. */
static void sort_lines(text *t) {
    char *line[16];
    size_t n = 0;
    text sorted = {0};
    clear(&sorted);
    for (char *l = strtok(t->bytes, "\n"); l && n < 16; l = strtok(NULL, "\n"))
        line[n++] = l;
    qsort(line, n, sizeof *line, compare_lines);
    for (size_t i = 0; i < n; i++) {
        append_text(&sorted, line[i]);
        append_text(&sorted, "\n");
    }
    free(t->bytes);
    *t = sorted;
}

static void check(table *t, setup *s, size_t block_size) {
    static text csv, out, side, expected, expected_side;
    es_where where = {0};
    es_arena arena = {0};
    es_errors errors = {0};
    clear(&out);
    clear(&side);
    clear(&expected);
    clear(&expected_side);
    cr_assert_eq(es_where_parse(&where, es_slice_of("tag < 8"), (es_origin){0}, NULL, &arena, &errors), ES_OK);
    s->options.where = &where;
    if (!s->options.n_by)
        for (size_t i = 0; i < t->n; i++)
            t->row[i].group = 0;
    expect(t, s, &expected, &expected_side);
    write_table(t, &csv);
    char path[40];
    const int fd = new_file(&csv, path);
    const char *paths[] = {path};
    const es_csv_input_options reading = {.block_size = block_size};
    const es_text_sink sink = {append, &out}, side_sink = {append, &side};
    es_csv_input *input;
    es_csv_front_counts counts;
    cr_assert_eq(es_csv_input_open(paths, 1, &reading, &input, &errors), ES_OK);
    const es_status status = es_csv_front(input, &s->options, &sink, &side_sink, &counts, &errors);
    cr_assert_eq(status, ES_OK, "%s", errors.error[0].text);
    cr_assert_eq(counts.rows, t->n);
    const char *rows = strchr(out.bytes, '\n') + 1;
    if (strcmp(rows, expected.bytes)) {
        fprintf(stderr, "mode: rank %u eps %zu unc %zu unique %d by %zu threads %u d %u\n", s->options.max_rank,
                s->options.epsilon.n, s->options.uncertain.n, s->options.unique, s->options.n_by, s->options.threads,
                t->d);
        if (csv.length < 4000)
            fprintf(stderr, "%s---\n%s---\n%s", csv.bytes, out.bytes, expected.bytes);
        cr_assert_fail("fronts differ");
    }
    if (s->options.reference.n) {
        sort_lines(&side);
        sort_lines(&expected_side);
        cr_assert_str_eq(side.bytes, expected_side.bytes);
    }
    es_csv_input_close(input);
    es_where_free(&where);
    es_arena_free(&arena);
    close(fd);
}

Test(csv_front, small_tables_match_the_definitions, .timeout = 300) {
    static table t;
    static setup s;
    for (int round = 0; round < ROUNDS(10000); round++) {
        const int style = (int)random_below(4);
        t.d = 1 + (unsigned)random_below(MAX_D);
        t.n = random_below(round % 50 ? 24 : 200);
        random_setup(&t, &s);
        if (style == 2) { /* boxes and volumes of such values are not finite */
            s.options.epsilon.n = s.options.reference.n = 0;
            s.options.uncertain.n = 0;
        }
        for (size_t i = 0; i < t.n; i++) {
            random_row(&t, &t.row[i], style, 0);
            if (i > 0 && random_below(3) == 0) {
                row *copy = &t.row[random_below(i)], *r = &t.row[i];
                free(r->text);
                *r = *copy;
                r->text = strdup(copy->text);
            }
        }
        check(&t, &s, (size_t[]){1, 100, 0}[round % 3]);
    }
}

/* Long rows make the lists of candidates be reduced many times. */
Test(csv_front, reductions_on_the_way_change_nothing, .timeout = 300) {
    static table t;
    static setup s;
    for (int round = 0; round < ROUNDS(24); round++) {
        t.d = 2 + (unsigned)random_below(3);
        t.n = 2500;
        random_setup(&t, &s);
        s.options.max_rank = round % 4 == 0 ? 4 : 0;
        s.options.epsilon.n = round % 4 == 1 ? t.d : 0;
        s.options.uncertain.n = round % 4 == 2 ? t.d : 0;
        for (unsigned k = 0; k < t.d; k++)
            s.epsilon[k].value = 50;
        s.options.epsilon.entry = s.epsilon;
        s.options.uncertain.entry = s.uncertain;
        for (size_t i = 0; i < t.n; i++)
            random_row(&t, &t.row[i], 3, 1200);
        check(&t, &s, round % 2 ? 1 << 16 : 0);
    }
}

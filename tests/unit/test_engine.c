/* The engine against the plain evaluation of single points and brute force: rows, conditions, fronts, bests, ranges. */
#include "sweep_help.h"

#include "core/node.h"

enum { MAX_FIELDS = 4, MAX_CONDITIONS = 3, MAX_SETS = 24, MAX_CHOSEN = 6 };

static const double BIG = 1.7976931348623157e308;

/* ---- random axes ---- */

typedef struct axis_choice {
    const char *name;
    double low, high; /* of absolute values */
    bool whole, factor;
} axis_choice;

static const axis_choice edge_axes[] = {
    {"seq_len", 1, 9000, true, false},           {"device.mem_bw_gbs", 1, 100, false, true},
    {"device.peak_gflops_fp32", 1, 500, false, true}, {"device.storage_bw_mbs", 100, 4000, false, true},
    {"device.h2d_gbs", 1, 30, false, true},      {"device.net_bw_mbps", 10, 5000, false, true},
    {"device.compute_util", 0.1, 1, false, true}, {"device.mem_util", 0.1, 1, false, true},
    {"device.pj_per_flop", 0, 9, false, true},   {"device.pj_per_byte", 0, 2000, false, true},
    {"model.layers", 1, 90, true, false},        {"model.vocab", 1000, 90000, true, false},
    {"precision.weight_bits", 1, 32, false, true},
};

static const axis_choice roof_axes[] = {
    {"prompt", 1, 5000, true, false},           {"gen", 1, 2000, true, false},
    {"depth", 0, 4000, true, false},            {"batch", 1, 16, true, false},
    {"nodes", 1, 8, true, false},               {"ubatch", 1, 1024, true, false},
    {"kv_bits", 4, 16, false, false},           {"device.mem_bw_gbs", 1, 500, false, true},
    {"device.mem_util", 0.05, 0.9, false, true}, {"device.ram_gb", 0.5, 64, false, true},
    {"device.idle_w", 0, 5, false, true},       {"device.price_usd", 10, 500, false, true},
    {"device.net_bw_mbps", 10, 5000, false, true}, {"device.storage_bw_mbs", 20, 5000, false, true},
};

/* Around the lengths where tiles (256 and 512 points) and tickets (4096 points) change shape. */
static size_t random_length(dice *d, size_t room) {
    static const size_t lengths[] = {1,  1,  1,  2,  2,  3,   3,   4,   5,   7,   8,   9,   12,  15,  16,   17,
                                     31, 33, 64, 65, 85, 127, 128, 129, 255, 256, 257, 300, 511, 512, 513, 1025};
    for (;;) {
        size_t n = lengths[below(d, LENGTH(lengths))];
        if (n <= room)
            return n;
    }
}

static void random_values(dice *d, const axis_choice *axis, size_t n, text *t) {
    if (axis->factor && chance(d, 3)) {
        text_printf(t, n == 1 ? "%s=x0.75" : "%s=xlin(0.25,1,%zu)", axis->name, n);
    } else if (axis->whole) {
        size_t a = (size_t)axis->low + below(d, 5), most = (size_t)(axis->high - (double)a) / n;
        size_t step = 1 + below(d, most ? most : 1);
        text_printf(t, "%s=%zu:%zu+%zu", axis->name, a, a + (n - 1) * step, step);
    } else {
        double a = uniform(d, axis->low, (axis->low + axis->high) / 2), b = uniform(d, a, axis->high);
        text_printf(t, n == 1 ? "%s=%.9g" : "%s=lin(%.9g,%.9g,%zu)", axis->name, a, b, n);
    }
}

/* ---- a random sweep, as sets and as what they mean ---- */

typedef enum condition_kind { COMPARE_NUMBER, COMPARE_COLUMN, COMPARE_LABEL, IS_EMPTY, IS_NOT_EMPTY } condition_kind;
typedef enum comparison { LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, EQUAL, NOT_EQUAL, COMPARISONS } comparison;
static const char *const comparison_text[] = {"<", "<=", ">", ">=", "=", "!="};

typedef struct condition {
    condition_kind kind;
    comparison op;
    int column, other;
    double number;
} condition;

typedef struct question {
    bool given;
    size_t n, n_by;
    int column[MAX_CHOSEN], by[MAX_CHOSEN], pick;
    bool maximize[MAX_CHOSEN];
} question;

typedef struct subject {
    es_catalog *catalog;
    text set[MAX_SETS];
    size_t n_sets;
    text where[MAX_CONDITIONS];
    size_t n_conditions;
    condition conditions[MAX_CONDITIONS];
    question front, best;
    es_sweep *sweep;
    double *table; /* points x columns */
} subject;

static text *new_set(subject *s) {
    cr_assert_lt(s->n_sets, MAX_SETS);
    return &s->set[s->n_sets++];
}

static es_sweep *load_subject(const subject *s) {
    const char *sets[MAX_SETS], *wheres[MAX_CONDITIONS];
    for (size_t i = 0; i < s->n_sets; i++)
        sets[i] = s->set[i].data;
    for (size_t i = 0; i < s->n_conditions; i++)
        wheres[i] = s->where[i].data;
    return load_sweep(s->catalog, NULL, sets, s->n_sets, wheres, s->n_conditions);
}

static double cell(const subject *s, uint64_t point, int column) {
    return s->table[point * s->sweep->n_columns + (size_t)column];
}

static void evaluate_all(subject *s) {
    double *value = calloc(es_sweep_nodes(s->sweep), sizeof *value);
    free(s->table);
    s->table = malloc(s->sweep->n_points * s->sweep->n_columns * sizeof *s->table);
    cr_assert(value && s->table);
    for (uint64_t i = 0; i < s->sweep->n_points; i++) {
        cr_assert_eq(es_sweep_point(s->sweep, i, value, NULL), ES_OK);
        for (size_t c = 0; c < s->sweep->n_columns; c++)
            s->table[i * s->sweep->n_columns + c] = value[s->sweep->columns[c].node];
    }
    free(value);
}

static void random_entities(dice *d, subject *s, bool roofline) {
    static const char *const edge[][4] = {
        {"model=*", "model=Beta-3B", "model=\"Gamma, 7B\", Alpha-1B", "model=!Beta*"},
        {"device=*, !*NPU", "device=Board Two", "device=Board*", "device=\"Big \\\"GPU\\\"\", b1"},
        {"precision=*", "precision=FP16", "precision=INT4, FP32", "precision=INT8, *, !FP16"}};
    static const char *const roof[][4] = {
        {"model=Llama-3.2-*", "model=TinyLlama-1.1B, Llama-3.2-1B", "model=Llama-3.2-3B", "model=Llama*8B*, Llama-3.2-1B"},
        {"device=Raspberry Pi 5, Raspberry Pi 4", "device=Raspberry*", "device=Raspberry Pi 5",
         "device=Jetson*, Raspberry Pi 4"},
        {"precision=F16, Q8_0, Q4_K_M", "precision=Q4_0", "precision=*", "precision=Q*_K_M, INT4"}};
    for (int e = 0; e < 3; e++) {
        const char *choice = (roofline ? roof : edge)[e][below(d, 4)];
        if (strstr(choice, "GPU"))
            choice = "device=Big*, b1";
        text_printf(new_set(s), "%s", choice);
    }
}

static void random_axes(dice *d, subject *s, bool roofline, uint64_t most) {
    bool used[LENGTH(roof_axes) > LENGTH(edge_axes) ? LENGTH(roof_axes) : LENGTH(edge_axes)] = {false};
    size_t n = roofline ? LENGTH(roof_axes) : LENGTH(edge_axes), fields = below(d, MAX_FIELDS + 1);
    es_sweep *base = load_subject(s);
    uint64_t room = base->n_points < most ? most / base->n_points : 1;
    es_sweep_free(base);
    while (fields--) {
        size_t i = below(d, n);
        if (used[i])
            continue;
        used[i] = true;
        size_t length = random_length(d, room);
        random_values(d, &(roofline ? roof_axes : edge_axes)[i], length, new_set(s));
        room /= length;
    }
}

static int random_number_column(dice *d, const es_sweep *sweep) {
    for (;;) {
        size_t c = below(d, sweep->n_columns);
        if (!sweep->columns[c].labels)
            return (int)c;
    }
}

static void random_condition(dice *d, subject *s) {
    const es_sweep *sweep = s->sweep;
    condition *c = &s->conditions[s->n_conditions];
    text *t = &s->where[s->n_conditions++];
    *c = (condition){.column = (int)below(d, sweep->n_columns), .op = (comparison)below(d, COMPARISONS)};
    const es_column *column = &sweep->columns[c->column];
    if (column->labels) {
        c->kind = COMPARE_LABEL;
        c->op = chance(d, 2) ? EQUAL : NOT_EQUAL;
        c->number = (double)below(d, column->n_labels);
        const char *label = column->labels[(size_t)c->number];
        text_printf(t, "%s %s '%s'", column->name, comparison_text[c->op], label);
    } else if (chance(d, 8)) {
        c->kind = chance(d, 2) ? IS_EMPTY : IS_NOT_EMPTY;
        text_printf(t, "%s %s ''", column->name, c->kind == IS_EMPTY ? "=" : "!=");
    } else if (chance(d, 5)) {
        c->kind = COMPARE_COLUMN;
        c->other = random_number_column(d, sweep);
        text_printf(t, "%s %s %s", column->name, comparison_text[c->op], sweep->columns[c->other].name);
    } else {
        double sample = cell(s, roll(d) % sweep->n_points, c->column);
        c->number = isfinite(sample) ? sample : 1;
        if (chance(d, 3))
            c->number *= uniform(d, 0.5, 2);
        text_printf(t, "%s %s %.17g", column->name, comparison_text[c->op], c->number);
    }
}

static bool contains(const int *list, size_t n, int column) {
    for (size_t i = 0; i < n; i++)
        if (list[i] == column)
            return true;
    return false;
}

static void random_by(dice *d, subject *s, const char *section, question *q) {
    size_t n = below(d, 4), choices = chance(d, 4) ? s->sweep->n_columns : s->sweep->n_axes;
    if (s->sweep->n_points > 5000)
        choices = 3; /* brute force compares with every group */
    for (size_t i = 0; i < n && i < choices; i++) {
        int column = (int)below(d, choices);
        if (!contains(q->by, q->n_by, column))
            q->by[q->n_by++] = column;
    }
    if (!q->n_by)
        return;
    text *t = new_set(s);
    text_printf(t, "%s.by=", section);
    for (size_t i = 0; i < q->n_by; i++)
        text_printf(t, "%s%s", i ? "," : "", s->sweep->columns[q->by[i]].name);
}

static void random_question(dice *d, subject *s, const char *section, question *q) {
    q->given = true;
    text minimize = {0}, maximize = {0};
    text_printf(&minimize, "%s.minimize=", section), text_printf(&maximize, "%s.maximize=", section);
    int smaller[MAX_CHOSEN], larger[MAX_CHOSEN];
    size_t n_smaller = 0, n_larger = 0, n = 1 + below(d, 4);
    for (size_t i = 0; i < n; i++) {
        int column = random_number_column(d, s->sweep);
        if (contains(smaller, n_smaller, column) || contains(larger, n_larger, column))
            continue;
        bool max = chance(d, 3);
        text_printf(max ? &maximize : &minimize, "%s,", s->sweep->columns[column].name);
        if (max)
            larger[n_larger++] = column;
        else
            smaller[n_smaller++] = column;
    }
    for (int pass = 0; pass < 2; pass++) { /* in the order of the sets: minimize first */
        size_t m = pass ? n_larger : n_smaller;
        for (size_t i = 0; i < m; i++) {
            q->maximize[q->n] = pass;
            q->column[q->n++] = (pass ? larger : smaller)[i];
        }
        text *t = pass ? &maximize : &minimize;
        if (m)
            text_add(new_set(s), t->data, t->length - 1);
    }
    free(minimize.data), free(maximize.data);
    random_by(d, s, section, q);
}

static void random_output(dice *d, subject *s) {
    int list[MAX_CHOSEN * 2];
    size_t n = 0;
    text *t = new_set(s);
    text_printf(t, "output.columns=");
    for (size_t i = 0; i < 1 + below(d, MAX_CHOSEN * 2); i++) {
        int column = (int)below(d, s->sweep->n_columns);
        if (n == LENGTH(list) || contains(list, n, column))
            continue;
        text_printf(t, "%s%s", n ? "," : "", s->sweep->columns[column].name);
        list[n++] = column;
    }
}

static subject random_subject(dice *d, es_catalog *catalog, bool roofline, uint64_t most) {
    subject s = {.catalog = catalog};
    text_printf(new_set(&s), "kernel=%s", roofline ? "roofline" : "edgeprofiler");
    random_entities(d, &s, roofline);
    random_axes(d, &s, roofline, most);
    s.sweep = load_subject(&s);
    evaluate_all(&s);
    size_t n_conditions = below(d, MAX_CONDITIONS + 1);
    while (n_conditions--)
        random_condition(d, &s);
    if (!chance(d, 4))
        random_question(d, &s, "pareto", &s.front);
    if (!chance(d, 4)) {
        random_question(d, &s, "best", &s.best);
        s.best.pick = (int)below(d, chance(d, 4) ? s.sweep->n_columns : s.sweep->n_axes);
        text_printf(new_set(&s), "best.pick=%s", s.sweep->columns[s.best.pick].name);
    }
    if (chance(d, 3))
        random_output(d, &s);
    es_sweep *final = load_subject(&s);
    cr_assert_eq(final->n_points, s.sweep->n_points);
    es_sweep_free(s.sweep);
    s.sweep = final;
    return s;
}

static void subject_free(subject *s) {
    for (size_t i = 0; i < s->n_sets; i++)
        free(s->set[i].data);
    for (size_t i = 0; i < s->n_conditions; i++)
        free(s->where[i].data);
    es_sweep_free(s->sweep);
    free(s->table);
}

/* The sweep as one line, for messages. */
static const char *describe(const subject *s) {
    static char line[4096];
    size_t n = 0;
    for (size_t i = 0; i < s->n_sets; i++)
        n += (size_t)snprintf(line + n, sizeof line - n, "--set '%s' ", s->set[i].data);
    for (size_t i = 0; i < s->n_conditions; i++)
        n += (size_t)snprintf(line + n, sizeof line - n, "--where \"%s\" ", s->where[i].data);
    return line;
}

/* ---- what must come out ---- */

typedef struct expectation {
    uint64_t *kept, n_kept; /* rows in order */
    uint64_t rejected[MAX_CONDITIONS];
    uint64_t *front, n_front, front_unique, front_missing; /* with ties, ascending */
    uint64_t *unique;                                      /* the lowest index of each vector */
    es_best_row *best;
    size_t n_best;
    uint64_t best_missing;
} expectation;

static void expectation_free(expectation *e) { free(e->kept), free(e->front), free(e->unique), free(e->best); }

static bool compare(comparison op, double a, double b) {
    if (isnan(a) || isnan(b))
        return false;
    switch (op) {
    case LESS: return a < b;
    case LESS_EQUAL: return a <= b;
    case GREATER: return a > b;
    case GREATER_EQUAL: return a >= b;
    case EQUAL: return a == b;
    default: return a != b;
    }
}

static bool holds(const subject *s, const condition *c, uint64_t point) {
    double a = cell(s, point, c->column);
    switch (c->kind) {
    case IS_EMPTY: return isnan(a);
    case IS_NOT_EMPTY: return !isnan(a);
    case COMPARE_COLUMN: return compare(c->op, a, cell(s, point, c->other));
    default: return compare(c->op, a, c->number);
    }
}

static bool passes(const subject *s, uint64_t point, uint64_t *rejected) {
    for (size_t i = 0; i < s->n_conditions; i++) {
        if (holds(s, &s->conditions[i], point))
            continue;
        rejected[i]++;
        return false;
    }
    return true;
}

static bool is_missing(const subject *s, const question *q, uint64_t point) {
    for (size_t k = 0; k < q->n; k++)
        if (!(fabs(cell(s, point, q->column[k])) <= BIG))
            return true;
    return false;
}

static bool same_value(double a, double b) { return a == b || (isnan(a) && isnan(b)); }

static bool same_group(const subject *s, const question *q, uint64_t a, uint64_t b) {
    for (size_t k = 0; k < q->n_by; k++)
        if (!same_value(cell(s, a, q->by[k]), cell(s, b, q->by[k])))
            return false;
    return true;
}

/* a's objective k, smaller is better. */
static double objective(const subject *s, const question *q, uint64_t a, size_t k) {
    double value = cell(s, a, q->column[k]);
    return q->maximize[k] ? -value : value;
}

typedef enum relation { APART, DOMINATES, DOMINATED, EQUAL_POINTS } relation;

static relation relate(const subject *s, const question *q, uint64_t a, uint64_t b) {
    bool better = false, worse = false;
    for (size_t k = 0; k < q->n; k++) {
        double x = objective(s, q, a, k), y = objective(s, q, b, k);
        better = better || x < y, worse = worse || x > y;
    }
    if (better)
        return worse ? APART : DOMINATES;
    return worse ? DOMINATED : EQUAL_POINTS;
}

/* Every point against all survivors so far. */
static void expect_front(const subject *s, expectation *e) {
    const question *q = &s->front;
    e->front = malloc((e->n_kept + 1) * sizeof *e->front);
    e->unique = malloc((e->n_kept + 1) * sizeof *e->unique);
    for (uint64_t i = 0; i < e->n_kept; i++) {
        uint64_t point = e->kept[i], n = 0;
        if (is_missing(s, q, point)) {
            e->front_missing++;
            continue;
        }
        bool dominated = false;
        for (uint64_t j = 0; j < e->n_front; j++) {
            relation r = same_group(s, q, point, e->front[j]) ? relate(s, q, point, e->front[j]) : APART;
            dominated = dominated || r == DOMINATED;
            if (dominated)
                break;
            if (r != DOMINATES)
                e->front[n++] = e->front[j];
        }
        if (dominated)
            continue;
        e->n_front = n;
        e->front[e->n_front++] = point;
    }
    for (uint64_t i = 0; i < e->n_front; i++) {
        bool seen = false;
        for (uint64_t j = 0; j < e->front_unique && !seen; j++)
            seen = same_group(s, q, e->front[i], e->unique[j]) && relate(s, q, e->front[i], e->unique[j]) == EQUAL_POINTS;
        if (!seen)
            e->unique[e->front_unique++] = e->front[i];
    }
}

static bool is_better(const subject *s, const question *q, uint64_t a, uint64_t b) {
    for (size_t k = 0; k < q->n; k++) {
        double x = objective(s, q, a, k), y = objective(s, q, b, k);
        if (x != y)
            return x < y;
    }
    return a < b;
}

static bool same_pick(const subject *s, uint64_t a, uint64_t b) {
    return same_value(cell(s, a, s->best.pick), cell(s, b, s->best.pick));
}

static void expect_best(const subject *s, expectation *e) {
    const question *q = &s->best;
    e->best = malloc((e->n_kept + 1) * sizeof *e->best);
    for (uint64_t i = 0; i < e->n_kept; i++) {
        uint64_t point = e->kept[i];
        if (is_missing(s, q, point)) {
            e->best_missing++;
            continue;
        }
        size_t g = 0;
        while (g < e->n_best && !same_group(s, q, point, e->best[g].index))
            g++;
        if (g == e->n_best)
            e->best[e->n_best++] = (es_best_row){point, UINT64_MAX};
        else if (is_better(s, q, point, e->best[g].index))
            e->best[g].index = point;
    }
    for (uint64_t i = 0; i < e->n_kept; i++) {
        uint64_t point = e->kept[i];
        if (is_missing(s, q, point))
            continue;
        size_t g = 0;
        while (!same_group(s, q, point, e->best[g].index))
            g++;
        es_best_row *row = &e->best[g];
        if (!same_pick(s, point, row->index) &&
            (row->runner_up == UINT64_MAX || is_better(s, q, point, row->runner_up)))
            row->runner_up = point;
    }
}

static expectation expect(const subject *s, uint64_t first, uint64_t end, uint64_t limit) {
    expectation e = {0};
    e.kept = malloc((end - first + 1) * sizeof *e.kept);
    for (uint64_t i = first; i < end && !(limit && e.n_kept == limit); i++)
        if (passes(s, i, e.rejected))
            e.kept[e.n_kept++] = i;
    if (s->front.given)
        expect_front(s, &e);
    if (s->best.given)
        expect_best(s, &e);
    return e;
}

/* ---- expected bytes ---- */

static void add_cell(text *t, const es_column *column, double value, int digits) {
    char shown[512];
    size_t n = es_column_text(column, value, digits, shown, sizeof shown);
    bool quote = strpbrk(shown, ",\"\n\r") != NULL || (n && (shown[0] == ' ' || shown[n - 1] == ' '));
    if (quote)
        text_add(t, "\"", 1);
    if (column->labels && n && strchr("=+-@\t\r", shown[0]))
        text_add(t, "'", 1);
    for (size_t i = 0; i < n; i++) {
        if (shown[i] == '"')
            text_add(t, "\"", 1);
        text_add(t, &shown[i], 1);
    }
    if (quote)
        text_add(t, "\"", 1);
}

static text expected_csv(const subject *s, const int *columns, size_t n_columns, const uint64_t *index, size_t stride,
                         uint64_t n, int digits) {
    text t = {0};
    const es_column *column = s->sweep->columns;
    for (size_t c = 0; c < n_columns; c++)
        text_printf(&t, "%s%s", c ? "," : "", column[columns[c]].name);
    text_add(&t, "\n", 1);
    for (uint64_t i = 0; i < n; i++)
        for (size_t c = 0; c < n_columns; c++) {
            add_cell(&t, &column[columns[c]], cell(s, index[i * stride], columns[c]), digits);
            text_add(&t, c + 1 < n_columns ? "," : "\n", 1);
        }
    return t;
}

/* Stops at the first line that differs. */
static void check_file(const subject *s, const folder *f, const char *name, text want) {
    char *got = slurp_in(f, name);
    size_t at = 0, line = 1, start = 0;
    while (want.data[at] && got[at] == want.data[at]) {
        if (want.data[at++] == '\n')
            line++, start = at;
    }
    cr_assert(got[at] == want.data[at], "%s line %zu:\n%.600s\nexpected:\n%.600s\n%s", name, line, got + start,
              want.data + start, describe(s));
    free(got), free(want.data);
}

static size_t best_columns(const subject *s, int *columns) {
    size_t n = 0;
    for (size_t k = 0; k < s->best.n_by; k++)
        columns[n++] = s->best.by[k];
    columns[n++] = s->best.pick; /* even when it groups too */
    size_t leading = n;
    for (size_t i = 0; i < s->sweep->n_output; i++)
        if (!contains(columns, leading, s->sweep->output[i]))
            columns[n++] = s->sweep->output[i];
    return n;
}

/* ---- one run ---- */

typedef struct variant {
    uint64_t first, end, limit;
    unsigned threads;
    bool unique, no_rows;
    int digits;
} variant;

static void check_report(const subject *s, const es_run_report *report, const expectation *e, const variant *v) {
    const char *what = describe(s);
    if (!v->no_rows)
        cr_assert_eq(report->rows, e->n_kept, "%llu rows, expected %llu: %s", (unsigned long long)report->rows,
                     (unsigned long long)e->n_kept, what);
    for (size_t i = 0; i < s->n_conditions && !v->limit; i++)
        cr_assert_eq(report->rejected[i], e->rejected[i], "condition %zu rejected %llu, expected %llu: %s", i,
                     (unsigned long long)report->rejected[i], (unsigned long long)e->rejected[i], what);
    if (!v->limit)
        cr_assert_eq(report->points, v->end - v->first, "%s", what);
    if (s->front.given) {
        cr_assert_eq(report->front_missing, e->front_missing, "%s", what);
        cr_assert_eq(report->front_unique, e->front_unique, "%llu vectors, expected %llu: %s",
                     (unsigned long long)report->front_unique, (unsigned long long)e->front_unique, what);
        cr_assert_eq(report->front_rows, v->unique ? e->front_unique : e->n_front, "%s", what);
        for (uint64_t i = 0; i < report->n_front; i++)
            cr_assert_eq(report->front[i], e->unique[i], "%s", what);
    }
    if (!s->best.given)
        return;
    cr_assert_eq(report->best_missing, e->best_missing, "%s", what);
    cr_assert_eq(report->n_best, e->n_best, "%zu groups, expected %zu: %s", report->n_best, e->n_best, what);
    for (size_t i = 0; i < e->n_best; i++) {
        cr_assert_eq(report->best[i].index, e->best[i].index, "best of group %zu: %s", i, what);
        cr_assert_eq(report->best[i].runner_up, e->best[i].runner_up, "runner-up of group %zu: %s", i, what);
    }
}

static void check_run(const subject *s, const folder *f, variant v) {
    char out[400], front[400], best[400];
    path_in(f, "out.csv", out, sizeof out), path_in(f, "front.csv", front, sizeof front);
    path_in(f, "best.csv", best, sizeof best);
    es_run_options options = {.out = v.no_rows ? NULL : out,
                              .front_out = s->front.given ? front : NULL,
                              .best_out = s->best.given ? best : NULL,
                              .unique = v.unique,
                              .threads = v.threads,
                              .limit = v.limit,
                              .first = v.first,
                              .end = v.end,
                              .csv = {.digits = v.digits}};
    static es_errors errors;
    errors = (es_errors){0};
    es_run_report report;
    es_status status = es_sweep_run(s->sweep, &options, &report, &errors);
    cr_assert_eq(status, ES_OK, "%s: %s", errors.error[0].text, describe(s));
    expectation e = expect(s, v.first, v.end, v.limit);
    const int *output = s->sweep->output;
    size_t n_output = s->sweep->n_output;
    if (!v.no_rows)
        check_file(s, f, "out.csv", expected_csv(s, output, n_output, e.kept, 1, e.n_kept, v.digits));
    if (s->front.given)
        check_file(s, f, "front.csv",
                   expected_csv(s, output, n_output, v.unique ? e.unique : e.front, 1,
                                v.unique ? e.front_unique : e.n_front, v.digits));
    if (s->best.given) {
        int columns[300];
        size_t n = best_columns(s, columns);
        check_file(s, f, "best.csv", expected_csv(s, columns, n, &e.best[0].index, 2, e.n_best, v.digits));
    }
    check_report(s, &report, &e, &v);
    expectation_free(&e);
    es_run_report_free(&report);
}

static void check_subject(dice *d, const subject *s, const folder *f) {
    uint64_t n = s->sweep->n_points;
    static const unsigned threads[] = {1, 2, 7, 0};
    check_run(s, f, (variant){.end = n, .threads = threads[below(d, 4)], .unique = chance(d, 3)});
    uint64_t a = roll(d) % n, b = a + 1 + roll(d) % (n - a);
    check_run(s, f, (variant){.first = a, .end = b, .threads = threads[below(d, 4)], .digits = 17});
    check_run(s, f, (variant){.first = n - 1, .end = n, .threads = 1, .no_rows = true});
    check_run(s, f, (variant){.end = n, .threads = 2, .limit = 1 + roll(d) % n, .unique = chance(d, 2)});
    check_run(s, f, (variant){.first = a, .end = b, .limit = 1 + roll(d) % 300, .no_rows = true});
}

/* EDGESWEEP_TEST_ROUNDS=20 in the environment makes 20 times as many sweeps, others after the usual ones. */
static int times(int rounds) {
    const char *factor = getenv("EDGESWEEP_TEST_ROUNDS");
    return factor && atoi(factor) > 0 ? rounds * atoi(factor) : rounds;
}

static void check_kernel(bool roofline, uint64_t seed, int rounds, uint64_t most) {
    dice d = {seed};
    rounds = times(rounds);
    folder f = folder_new();
    if (!roofline)
        put_small_catalogs(&f);
    es_catalog catalog;
    load_catalog(&catalog, roofline ? NULL : f.path);
    for (int i = 0; i < rounds; i++) {
        subject s = random_subject(&d, &catalog, roofline, most);
        check_subject(&d, &s, &f);
        subject_free(&s);
    }
    es_catalog_free(&catalog);
    folder_free(&f);
}

Test(engine, random_small_sweeps) { check_kernel(false, 1, 150, 2000); }
Test(engine, random_large_sweeps) { check_kernel(false, 2, 6, 40000); }
Test(engine, random_roofline_sweeps) { check_kernel(true, 3, 60, 2000); }
Test(engine, random_large_roofline_sweeps) { check_kernel(true, 4, 3, 20000); }

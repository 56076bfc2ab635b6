/* The engine against the plain evaluation of single points and brute force: rows, conditions, fronts, bests, ranges. */
#include "rounds.h"
#include "sweep_help.h"

#include <signal.h>

#include "grid/plan.h"
#include "model/node.h"

enum { MAX_FIELDS = 4, MAX_CONDITIONS = 3, MAX_SETS = 24, MAX_CHOSEN = 6 };

/* ---- random axes ---- */

typedef struct axis_choice {
    const char *name;
    double low, high; /* of absolute values */
    bool whole, factor;
} axis_choice;

static const axis_choice edge_axes[] = {
    {"seq_len", 1, 9000, true, false},
    {"device.mem_bw_gbs", 1, 100, false, true},
    {"device.peak_gflops_fp32", 1, 500, false, true},
    {"device.storage_bw_mbs", 100, 4000, false, true},
    {"device.h2d_gbs", 1, 30, false, true},
    {"device.net_bw_mbps", 10, 5000, false, true},
    {"device.compute_util", 0.1, 1, false, true},
    {"device.mem_util", 0.1, 1, false, true},
    {"device.pj_per_flop", 0, 9, false, true},
    {"device.pj_per_byte", 0, 2000, false, true},
    {"model.layers", 1, 90, true, false},
    {"model.vocab", 1000, 90000, true, false},
    {"precision.weight_bits", 1, 32, false, true},
};

static const axis_choice roof_axes[] = {
    {"prompt", 1, 5000, true, false},
    {"gen", 1, 2000, true, false},
    {"depth", 0, 4000, true, false},
    {"batch", 1, 16, true, false},
    {"nodes", 1, 8, true, false},
    {"ubatch", 1, 1024, true, false},
    {"kv_bits", 4, 16, false, false},
    {"device.mem_bw_gbs", 1, 500, false, true},
    {"device.mem_util", 0.05, 0.9, false, true},
    {"device.ram_gb", 0.5, 64, false, true},
    {"device.idle_w", 0, 5, false, true},
    {"device.price_usd", 10, 500, false, true},
    {"device.net_bw_mbps", 10, 5000, false, true},
    {"device.storage_bw_mbs", 20, 5000, false, true},
};

/* Around the lengths where tiles (256 and 512 points) and tickets (4096 points) change shape. */
static size_t random_length(dice *d, size_t room) {
    static const size_t lengths[] = {1,  1,  1,  2,  2,  3,   3,   4,   5,   7,   8,   9,   12,  15,  16,  17,
                                     31, 33, 64, 65, 85, 127, 128, 129, 255, 256, 257, 300, 511, 512, 513, 1025};
    for (;;) {
        size_t n = lengths[below(d, LENGTH(lengths))];
        if (n <= room)
            return n;
    }
}

static void random_values(dice *d, const axis_choice *axis, size_t n, text *t) {
    if (axis->factor && chance(d, 12)) { /* most are too slow for results in the range of a double */
        text_printf(t, n == 1 ? "%s=1e-305" : "%s=log(1e-307,%.9g,%zu)", axis->name, axis->high, n);
    } else if (axis->factor && chance(d, 3)) {
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

/* Beyond the range of a double is missing, too. */
static double missing_as_nan(double value) { return isfinite(value) ? value : NAN; }

static void evaluate_all(subject *s) {
    double *value = calloc(es_sweep_nodes(s->sweep), sizeof *value);
    free(s->table);
    s->table = malloc(s->sweep->n_points * s->sweep->n_columns * sizeof *s->table);
    cr_assert(value && s->table);
    for (uint64_t i = 0; i < s->sweep->n_points; i++) {
        cr_assert_eq(es_sweep_point(s->sweep, i, value, NULL), ES_OK);
        for (size_t c = 0; c < s->sweep->n_columns; c++)
            s->table[i * s->sweep->n_columns + c] = missing_as_nan(value[s->sweep->columns[c].node]);
    }
    free(value);
}

static void random_entities(dice *d, subject *s, bool roofline) {
    static const char *const edge[][4] = {
        {"model=*", "model=Beta-3B", "model=\"Gamma, 7B\", Alpha-1B", "model=!Beta*"},
        {"device=*, !*NPU", "device=Board Two", "device=Board*", "device=\"Big \\\"GPU\\\"\", b1"},
        {"precision=*", "precision=FP16", "precision=INT4, FP32", "precision=INT8, *, !FP16"}};
    static const char *const roof[][4] = {
        {"model=Llama-3.2-*", "model=TinyLlama-1.1B, Llama-3.2-1B", "model=Llama-3.2-3B",
         "model=Llama*8B*, Llama-3.2-1B"},
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
    if (roofline) /* left to itself it follows the questions */
        text_printf(new_set(&s), "boundary=any");
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
        do
            s.best.pick = (int)below(d, chance(d, 4) ? s.sweep->n_columns : s.sweep->n_axes);
        while (contains(s.best.by, s.best.n_by, s.best.pick));
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
    uint64_t *unique, *ties;                               /* the lowest index of each vector, and how many have it */
    es_best_row *best;
    size_t n_best;
    uint64_t best_missing;
} expectation;

static void expectation_free(expectation *e) {
    free(e->kept), free(e->front), free(e->unique), free(e->ties), free(e->best);
}

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
    size_t at[ES_MAX_AXES];
    es_sweep_coordinates(s->sweep, point, at);
    if (!es_plan_runs(s->sweep, at)) /* which these are: test_plan.c */
        return false;
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
        if (isnan(cell(s, point, q->column[k])))
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
    e->ties = calloc(e->n_kept + 1, sizeof *e->ties);
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
        uint64_t j = 0;
        while (j < e->front_unique && !(same_group(s, q, e->front[i], e->unique[j]) &&
                                        relate(s, q, e->front[i], e->unique[j]) == EQUAL_POINTS))
            j++;
        e->unique[j] = j == e->front_unique ? e->front[i] : e->unique[j];
        e->front_unique += j == e->front_unique;
        e->ties[j]++;
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

/* By the values of the by columns; names count as their places in the list. */
static int compare_groups(const subject *s, uint64_t a, uint64_t b) {
    for (size_t k = 0; k < s->best.n_by; k++) {
        double x = cell(s, a, s->best.by[k]), y = cell(s, b, s->best.by[k]);
        if (isnan(x) != isnan(y))
            return isnan(x) ? 1 : -1;
        if (x < y || x > y)
            return x < y ? -1 : 1;
    }
    return 0;
}

static void sort_groups(const subject *s, expectation *e) {
    for (size_t i = 1; i < e->n_best; i++) {
        es_best_row row = e->best[i];
        size_t at = i;
        for (; at && compare_groups(s, row.index, e->best[at - 1].index) < 0; at--)
            e->best[at] = e->best[at - 1];
        e->best[at] = row;
    }
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
    sort_groups(s, e);
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

/* The lines of `plain` with a last column, which is freed. */
static text with_ties(text plain, const uint64_t *ties) {
    text t = {0};
    char number[32];
    size_t line = 0;
    for (const char *from = plain.data, *end; *from; from = end + 1, line++) {
        end = strchr(from, '\n');
        text_add(&t, from, (size_t)(end - from));
        const int n = line ? snprintf(number, sizeof number, ",%llu\n", (unsigned long long)ties[line - 1])
                           : snprintf(number, sizeof number, ",ties\n");
        text_add(&t, number, (size_t)n);
    }
    free(plain.data);
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
    columns[n++] = s->best.pick;
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
        cr_assert(report->rejected[i] == e->rejected[i] ||
                      (v->no_rows && e->n_kept > 0 && report->rejected[i] < e->rejected[i]),
                  "condition %zu rejected %llu, expected %llu: %s", i, (unsigned long long)report->rejected[i],
                  (unsigned long long)e->rejected[i], what);
    if (!v->limit)
        cr_assert_eq(report->points, v->end - v->first, "%s", what);
    if (s->front.given) {
        cr_assert_eq(report->front_missing, e->front_missing, "%s", what);
        cr_assert_eq(report->front_unique, e->front_unique, "%llu vectors, expected %llu: %s",
                     (unsigned long long)report->front_unique, (unsigned long long)e->front_unique, what);
        cr_assert_eq(report->front_rows, v->unique ? e->front_unique : e->n_front, "%s", what);
        for (uint64_t i = 0; i < report->n_front; i++)
            cr_assert(report->front[i] == e->unique[i] && (!v->unique || report->front_ties[i] == e->ties[i]), "%s",
                      what);
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
                              .part = v.first > 0 || v.end < s->sweep->n_points,
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
                   v.unique
                       ? with_ties(expected_csv(s, output, n_output, e.unique, 1, e.front_unique, v.digits), e.ties)
                       : expected_csv(s, output, n_output, e.front, 1, e.n_front, v.digits));
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
    rounds = ROUNDS(rounds);
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

/* ---- sweeps of special shape ---- */

typedef struct small_run {
    es_run_report report;
    char *out, *front, *best; /* NULL: not written */
} small_run;

static es_status run_small(const es_sweep *sweep, const folder *f, es_run_options options, small_run *r) {
    char out[400], front[400], best[400];
    static es_errors errors;
    errors = (es_errors){0};
    path_in(f, "out.csv", out, sizeof out), path_in(f, "front.csv", front, sizeof front);
    path_in(f, "best.csv", best, sizeof best);
    if (!options.out)
        options.out = out;
    if (sweep->front.given)
        options.front_out = front;
    if (sweep->best.given)
        options.best_out = best;
    es_status status = es_sweep_run(sweep, &options, &r->report, &errors);
    r->out = status || options.out != out ? NULL : slurp(out, NULL);
    r->front = status || !options.front_out ? NULL : slurp(front, NULL);
    r->best = status || !options.best_out ? NULL : slurp(best, NULL);
    return status;
}

static void small_run_free(small_run *r) {
    es_run_report_free(&r->report);
    free(r->out), free(r->front), free(r->best);
}

typedef struct bench {
    folder f;
    es_catalog catalog;
} bench;

static bench bench_new(void) {
    bench b = {.f = folder_new()};
    put_small_catalogs(&b.f);
    load_catalog(&b.catalog, b.f.path);
    return b;
}

static void bench_free(bench *b) {
    es_catalog_free(&b->catalog);
    folder_free(&b->f);
}

#define QUESTIONS                                                                                                      \
    "pareto.minimize=io_ms,energy_j", "pareto.by=device", "best.pick=precision", "best.by=device",                     \
        "best.minimize=end_to_end_ms", "output.columns=model,device,io_ms"

Test(engine, a_grid_of_one_point) {
    bench b = bench_new();
    const char *const sets[] = {"kernel=edgeprofiler", "model==Delta", "device=b1", "precision=INT8", QUESTIONS};
    es_sweep *sweep = load_sweep(&b.catalog, NULL, sets, LENGTH(sets), NULL, 0);
    small_run r;
    cr_assert_eq(run_small(sweep, &b.f, (es_run_options){.threads = 7}, &r), ES_OK);
    cr_assert_str_eq(r.out, "model,device,io_ms\n'=Delta,Board One,0.56576\n");
    cr_assert_str_eq(r.front, r.out);
    cr_assert_str_eq(r.best, "device,precision,model,io_ms\nBoard One,INT8,'=Delta,0.56576\n");
    cr_assert_eq(r.report.best[0].runner_up, UINT64_MAX);
    small_run_free(&r);
    es_sweep_free(sweep);
    bench_free(&b);
}

Test(engine, nothing_passes_the_conditions) {
    bench b = bench_new();
    const char *const sets[] = {"kernel=edgeprofiler", "device=Board*", "seq_len=1:5000", QUESTIONS},
                      *const wheres[] = {"seq_len > 100 and params > 1e15", "io_ms < 0"};
    es_sweep *sweep = load_sweep(&b.catalog, NULL, sets, LENGTH(sets), wheres, 2);
    uint64_t n = sweep->n_points;
    cr_assert_eq(n, 4 * 2 * 4 * 5000);
    for (uint64_t limit = 0; limit < 2; limit++) {
        small_run r;
        cr_assert_eq(run_small(sweep, &b.f, (es_run_options){.limit = limit}, &r), ES_OK);
        cr_assert_str_eq(r.out, "model,device,io_ms\n");
        cr_assert_str_eq(r.front, r.out);
        cr_assert_str_eq(r.best, "device,precision,model,io_ms\n");
        cr_assert_eq(r.report.rejected[0], n / 50);
        cr_assert_eq(r.report.rejected[1], n - n / 50);
        cr_assert_eq(r.report.rejected[2], 0);
        cr_assert(!r.report.rows && !r.report.n_best && !r.report.front_unique && r.report.points == n);
        small_run_free(&r);
    }
    es_sweep_free(sweep);
    bench_free(&b);
}

Test(engine, more_points_than_anybody_can_wait_for) {
    bench b = bench_new();
    const char *const sets[] = {"kernel=edgeprofiler",
                                "model==Delta",
                                "device=b1",
                                "precision=INT8",
                                "seq_len=1:1048576",
                                "device.mem_bw_gbs=1:2097152",
                                "device.storage_bw_mbs=1:2097152",
                                QUESTIONS};
    es_sweep *sweep = load_sweep(&b.catalog, NULL, sets, LENGTH(sets), NULL, 0);
    uint64_t n = sweep->n_points;
    cr_assert_eq(n, UINT64_C(1) << 62);
    small_run r;
    cr_assert_eq(run_small(sweep, &b.f, (es_run_options){.limit = 10}, &r), ES_OK);
    cr_assert_eq(r.report.rows, 10);
    cr_assert(strstr(r.out, "\n'=Delta,Board One,282.88\n'=Delta,Board One,141.44\n"), "%s", r.out);
    cr_assert_eq(r.report.best[0].index, 9);
    small_run_free(&r);
    cr_assert_eq(run_small(sweep, &b.f, (es_run_options){.part = true, .first = n - 3, .end = n}, &r), ES_OK);
    cr_assert_eq(r.report.rows, 3);
    cr_assert_eq(r.report.front_unique, 1);
    cr_assert_eq(r.report.front[0], n - 1);
    small_run_free(&r);
    cr_assert_eq(run_small(sweep, &b.f, (es_run_options){.part = true, .first = n / 3, .end = n, .limit = 1000}, &r),
                 ES_OK);
    cr_assert_eq(r.report.rows, 1000);
    small_run_free(&r);
    const uint64_t none[][2] = {{0, 0}, {5, 5}, {6, 5}, {n - 1, n + 1}};
    for (size_t i = 0; i < LENGTH(none); i++) {
        es_run_options options = {.part = true, .first = none[i][0], .end = none[i][1]};
        cr_assert_eq(run_small(sweep, &b.f, options, &r), ES_EUSAGE);
        small_run_free(&r);
    }
    es_sweep_free(sweep);
    bench_free(&b);
}

/* Any tiling of the grid gives the rows of the whole, also with more shards than points. */
Test(engine, shards_put_together_are_the_whole) {
    bench b = bench_new();
    const char *const sets[] = {"kernel=edgeprofiler", "model=Beta*, a1", "device=Board*",
                                "precision=FP*",       "seq_len=1:129",   "output.columns=*"},
                      *const wheres[] = {"end_to_end_ms != 0"};
    es_sweep *sweep = load_sweep(&b.catalog, NULL, sets, LENGTH(sets), wheres, 1);
    small_run whole, part;
    cr_assert_eq(run_small(sweep, &b.f, (es_run_options){0}, &whole), ES_OK);
    size_t header = (size_t)(strchr(whole.out, '\n') + 1 - whole.out);
    static const uint64_t shards[] = {1, 2, 3, 7, 16, 101, 1200};
    for (size_t i = 0; i < LENGTH(shards); i++) {
        text joined = {0};
        text_add(&joined, whole.out, header);
        for (uint64_t k = 0; k < shards[i]; k++) {
            es_run_options options = {
                .part = true, .first = sweep->n_points * k / shards[i], .end = sweep->n_points * (k + 1) / shards[i]};
            if (options.first == options.end)
                continue;
            cr_assert_eq(run_small(sweep, &b.f, options, &part), ES_OK);
            text_add(&joined, part.out + header, strlen(part.out) - header);
            small_run_free(&part);
        }
        cr_assert_str_eq(joined.data, whole.out);
        free(joined.data);
    }
    small_run_free(&whole);
    es_sweep_free(sweep);
    bench_free(&b);
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static char *sorted_lines(char *csv) {
    size_t n = 0, capacity = 1;
    for (const char *p = csv; *p; p++)
        capacity += *p == '\n';
    char **line = malloc(capacity * sizeof *line);
    for (char *rest = csv, *next; (next = strsep(&rest, "\n"));)
        if (*next)
            line[n++] = next;
    qsort(line, n, sizeof *line, by_text);
    text t = {0};
    for (size_t i = 0; i < n; i++)
        text_add(&t, line[i], strlen(line[i])), text_add(&t, "\n", 1);
    free(line);
    return t.data;
}

typedef struct large_front {
    const char *sets[10], *where;
    uint64_t vectors, rows; /* 0: whatever they are */
} large_front;

static es_sweep *load_large(const es_catalog *catalog, const large_front *c) {
    size_t n = 0;
    while (n < LENGTH(c->sets) && c->sets[n])
        n++;
    return load_sweep(catalog, NULL, c->sets, n, &c->where, c->where != NULL);
}

/* The file of the front; the report tells of it. */
static char *front_file(const es_sweep *sweep, const folder *f, es_run_options options, es_run_report *report) {
    char path[400];
    path_in(f, "large.csv", path, sizeof path);
    options.front_out = path;
    cr_assert_eq(es_sweep_run(sweep, &options, report, NULL), ES_OK);
    return slurp(path, NULL);
}

/* Fronts of many vectors, found by boxes and threads, against a look at every point. */
Test(engine, large_fronts) {
#define PAPER                                                                                                          \
    "kernel=edgeprofiler", "model=EP-TinyLlama-1B, EP-Gemma3-1B, EP-DeepSeek-r1-1.5B", "device=EP*",                   \
        "precision=FP16, INT8, INT4"
    static const large_front cases[] = {
        {{PAPER, "seq_len=1:3000", "device.mem_util=lin(0.1,0.9,10)",
          "pareto.minimize=end_to_end_ms, energy_j, memory_bytes", "pareto.maximize=seq_len"},
         NULL,
         3000,
         6000},
        {{PAPER, "seq_len=1:40", "device.mem_util=lin(0.1,0.9,5)", "device.mem_bw_gbs=lin(5,100,40)",
          "pareto.minimize=end_to_end_ms, energy_j, device.mem_bw_gbs", "pareto.maximize=seq_len"},
         NULL,
         0,
         0},
        {{PAPER, "seq_len=1:900", "device.compute_util=lin(0.1,0.9,9)", "pareto.by=model, precision",
          "pareto.minimize=end_to_end_ms, memory_bytes", "pareto.maximize=seq_len"},
         "seq_len > 5 and end_to_end_ms < 9000",
         0,
         0},
        {{"kernel=roofline", "model=Llama-3.2-1B, Llama-3.2-3B", "precision=INT8, INT4", "prompt=16:400+3",
          "device=Raspberry Pi 5*8GB*", "device.mem_util=lin(0.1,1,40)", "pareto.minimize=ttft_s, energy_j_per_token",
          "pareto.maximize=quality, prompt"},
         NULL,
         0,
         0},
    };
    folder f = folder_new();
    es_catalog catalog;
    load_catalog(&catalog, NULL);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        es_sweep *sweep = load_large(&catalog, &cases[i]);
        for (unsigned unique = 0; unique < 2; unique++) {
            es_run_report expected, report;
            es_run_options options = {.threads = 1, .unique = unique, .no_skip = true};
            char *all = front_file(sweep, &f, options, &expected);
            cr_assert_gt(expected.front_unique, 500, "case %zu: %llu", i, (unsigned long long)expected.front_unique);
            cr_assert(!cases[i].vectors || expected.front_unique == cases[i].vectors);
            cr_assert(!cases[i].rows || unique || expected.front_rows == cases[i].rows);
            for (unsigned threads = 1; threads <= 4; threads++) {
                options = (es_run_options){.threads = threads, .unique = unique};
                char *front = front_file(sweep, &f, options, &report);
                cr_assert(strcmp(front, all) == 0, "case %zu, %u threads, unique %u", i, threads, unique);
                cr_assert_eq(report.front_unique, expected.front_unique);
                cr_assert_eq(report.front_missing, expected.front_missing);
                cr_assert_eq(report.points, expected.points);
                cr_assert_eq(memcmp(report.rejected, expected.rejected, sweep->n_conditions * sizeof(uint64_t)), 0);
                es_run_report_free(&report);
                free(front);
            }
            es_run_report_free(&expected);
            free(all);
        }
        es_sweep_free(sweep);
    }
    es_catalog_free(&catalog);
    folder_free(&f);
}

/* The front belongs to the grid, not to the order in which its axes are written. */
Test(engine, permuted_axes_have_the_same_front) {
    static const char *const axis[] = {"device.mem_bw_gbs=8:64+3", "device.storage_bw_mbs=x0.5, x2, x1, x3",
                                       "device.peak_gflops_fp32=lin(10,90,7)", "precision.weight_bits=2:8"};
    static const int orders[][4] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2}, {2, 0, 3, 1}};
    bench b = bench_new();
    char *first = NULL;
    for (size_t i = 0; i < LENGTH(orders); i++) {
        const char *sets[16] = {
            "kernel=edgeprofiler",
            "device=b1, b2",
            "model=a1, =Delta",
            "precision=INT8",
            "pareto.by=model",
            "pareto.minimize=end_to_end_ms, device.mem_bw_gbs, device.storage_bw_mbs",
            "pareto.maximize=precision.weight_bits",
            ("output.columns=model,device,device.mem_bw_gbs,device.storage_bw_mbs,device.peak_gflops_fp32,"
             "precision.weight_bits,end_to_end_ms")};
        for (size_t k = 0; k < 4; k++)
            sets[8 + k] = axis[orders[i][k]];
        es_sweep *sweep = load_sweep(&b.catalog, NULL, sets, 12, NULL, 0);
        small_run r;
        cr_assert_eq(run_small(sweep, &b.f, (es_run_options){.threads = 2}, &r), ES_OK);
        char *front = sorted_lines(r.front);
        cr_assert(strlen(front) > 1000);
        if (first)
            cr_assert_str_eq(front, first);
        else
            first = strdup(front);
        free(front);
        small_run_free(&r);
        es_sweep_free(sweep);
    }
    free(first);
    bench_free(&b);
}

Test(engine, thousands_of_conditions) {
    bench b = bench_new();
    text where = {0};
    for (int i = 0; i < 3000; i++)
        text_printf(&where, "%s%s", i ? " and " : "", i % 2 ? "io_ms < end_to_end_ms" : "seq_len > 2");
    const char *const sets[] = {"kernel=edgeprofiler", "model=a1", "device=b1", "seq_len=1:5",
                                "output.columns=seq_len"},
                      *const wheres[] = {where.data};
    es_sweep *sweep = load_sweep(&b.catalog, NULL, sets, LENGTH(sets), wheres, 1);
    cr_assert_eq(sweep->n_conditions, 3000);
    small_run r;
    cr_assert_eq(run_small(sweep, &b.f, (es_run_options){0}, &r), ES_OK);
    cr_assert_str_eq(r.out, "seq_len\n3\n4\n5\n3\n4\n5\n3\n4\n5\n3\n4\n5\n");
    cr_assert_eq(r.report.rejected[0], 8);
    small_run_free(&r);
    es_sweep_free(sweep);
    free(where.data);
    bench_free(&b);
}

static bool reads_field(const es_kernel *kernel, es_kind entity, size_t field) {
    for (size_t i = 0; i < kernel->n_nodes; i++) {
        const es_node *node = &kernel->nodes[i];
        bool leaf = node->kind == ES_NODE_FIELD || node->kind == ES_NODE_AXIS || node->kind == ES_NODE_FACTOR;
        if (leaf && node->entity == entity && node->index == field)
            return true;
    }
    return false;
}

/* Axes on fields the kernel reads, at most `room`, none of which changes more than it must. */
static size_t many_axes(const es_kernel *kernel, char (*set)[64], size_t room) {
    static const char *const words[] = {"model", "device", "precision"};
    size_t n = 0;
    for (int e = ES_PRECISION; e >= 0; e--)
        for (size_t i = 0; i < es_fields((es_kind)e)->n_fields && n < room; i++) {
            const es_field *field = &es_fields((es_kind)e)->fields[i];
            if (!es_field_is_numeric(field) || !reads_field(kernel, (es_kind)e, i))
                continue;
            bool absolute = n % 3 == 0 && es_field_accepts(field, 1) && e == ES_DEVICE;
            snprintf(set[n++], 64, "%s.%s=%s", words[e], field->name, absolute ? "1" : "x1");
        }
    return n;
}

Test(engine, as_many_axes_as_there_are) {
    es_catalog catalog;
    load_catalog(&catalog, NULL);
    folder f = folder_new();
    const es_kernel *kernel = es_kernel_find("roofline", 8);
    subject s = {.catalog = &catalog};
    static char names[ES_MAX_AXES][64];
    const char *sets[ES_MAX_AXES + 8] = {"kernel=roofline",
                                         "model=Llama-3.2-1B",
                                         "device=Raspberry Pi 5",
                                         "precision=INT4, FP16",
                                         "prompt=100, 300",
                                         "gen=7:9",
                                         "batch=1:2",
                                         "depth=0, 9"};
    size_t room = ES_MAX_AXES - 4 - kernel->n_axes, n = many_axes(kernel, names, room);
    for (size_t i = 0; i < n; i++)
        sets[8 + i] = names[i];
    s.sweep = load_sweep(&catalog, NULL, sets, 8 + n, NULL, 0);
    cr_assert_eq(s.sweep->n_axes, 4 + kernel->n_axes + n);
    evaluate_all(&s);
    check_run(&s, &f, (variant){.end = s.sweep->n_points, .threads = 1});
    es_sweep_free(s.sweep);
    free(s.table);
    es_catalog_free(&catalog);
    folder_free(&f);
}

Test(engine, an_interrupted_run_leaves_nothing) {
    static const struct {
        sig_atomic_t stop;
        es_status status;
    } cases[] = {{SIGINT, ES_EINT}, {SIGTERM, ES_ETERM}};
    bench b = bench_new();
    es_sweep *sweep = load_sweep(&b.catalog, NULL, (const char *[]){"kernel=edgeprofiler"}, 1, NULL, 0);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        volatile sig_atomic_t stop = cases[i].stop;
        small_run r;
        cr_assert_eq(run_small(sweep, &b.f, (es_run_options){.stop = &stop}, &r), cases[i].status);
        char path[400];
        path_in(&b.f, "out.csv", path, sizeof path);
        cr_assert_neq(access(path, F_OK), 0);
        small_run_free(&r);
    }
    es_sweep_free(sweep);
    bench_free(&b);
}

Test(engine, a_full_disk_is_an_error) {
    bench b = bench_new();
    const char *const sets[] = {"kernel=edgeprofiler", "seq_len=1:3000"};
    es_sweep *sweep = load_sweep(&b.catalog, NULL, sets, 2, NULL, 0);
    for (unsigned threads = 1; threads < 4; threads++) {
        small_run r;
        cr_assert_eq(run_small(sweep, &b.f, (es_run_options){.out = "/dev/full", .threads = threads}, &r), ES_ERUNTIME);
        small_run_free(&r);
    }
    es_sweep_free(sweep);
    bench_free(&b);
}

#include "analysis/decides.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/inputs.h"
#include "grid/tie.h"
#include "pareto/choice.h"

enum { NONE = -1, MAX_POINTS = 1 << 17 };

/* How far off a number of [where] a point may be and still compete: no change of an input by 2 brings it back. */
static const double HOPELESS = 8;
static const double steps[] = {1.01, 1.03, 1.1, 1.3, 2};
static const double CLOSE = 1e-10;
static const uint64_t NO_VALUE = UINT64_C(1) << 63;

typedef struct entrant {
    uint64_t index;
    es_rows rows;
    size_t pick; /* number of the picked value */
    const double *base;
} entrant;

/* An entrant under a change. */
typedef struct standing {
    double objective[ES_MAX_OBJECTIVES]; /* turned to minimisation */
    uint64_t fails;                      /* bit i: the condition; NO_VALUE: an objective is missing */
} standing;

typedef struct task {
    es_input *input; /* NULL: a limit */
    size_t condition;
    const es_row *row; /* NULL: of all points */
    bool by_point;     /* the value differs along the points: that of the first node */
    es_input limit;    /* what the limit is, as an input */
} task;

typedef struct contest {
    const es_sweep *sweep;
    entrant *entrant;
    size_t n, capacity, n_picks, pick_capacity;
    double *pick; /* by number */
    standing *base;
    int winner;
    uint8_t *relevant, *needed; /* nodes that decide; these and all that they are computed from */
    const es_row **seen;        /* whose fields are tasks, where they are any */
    size_t n_seen, seen_capacity;
    task *task;
    size_t n_tasks, task_capacity;
    const char *const *resource;
    int tie_axis;
} contest;

typedef struct worker {
    es_varied varied;
    standing *low, *high;
    uint32_t *first; /* per picked value: its best entrant + 1 */
    uint32_t *list;
} worker;

/* ---- who competes ---- */

static bool is_limit(const es_pcond *c) {
    return c->kind == ES_PCOND_NUMBER && c->op >= ES_LT && c->number != 0 && isfinite(c->number);
}

/* What does not fit is slow for that alone: then the memory that it lacks counts, not the speed. */
static bool is_hopeless(const es_sweep *sweep, const double *value) {
    if (es_kernel_value(sweep->kernel, "fits", value) == 0)
        return es_kernel_value(sweep->kernel, "peak_memory_bytes", value) >
               HOPELESS * es_kernel_value(sweep->kernel, "available_bytes", value);
    for (size_t i = 0; i < sweep->n_conditions; i++) {
        const es_pcond *c = &sweep->plan->condition[i];
        const double ratio = is_limit(c) ? value[c->a] / c->number : 1;
        if (ratio > 0 && !es_condition_holds(sweep, i, value) && (ratio > HOPELESS || ratio < 1 / HOPELESS))
            return true;
    }
    return false;
}

static bool same_group(const es_sweep *sweep, const double *a, const double *b) {
    for (size_t k = 0; k < sweep->best.n_by; k++) {
        const int node = sweep->columns[sweep->best.by[k]].node;
        if (a[node] != b[node] && !(isnan(a[node]) && isnan(b[node])))
            return false;
    }
    return true;
}

static es_status number_pick(contest *c, double value, size_t *number, es_errors *errors) {
    for (*number = 0; *number < c->n_picks; ++*number)
        if (c->pick[*number] == value || (isnan(c->pick[*number]) && isnan(value)))
            return ES_OK;
    if (!es_grow((void **)&c->pick, &c->pick_capacity, c->n_picks + 1, sizeof *c->pick))
        return es_fail_memory(errors);
    c->pick[c->n_picks++] = value;
    return ES_OK;
}

/* Takes over `value` when it stays. */
static es_status add_entrant(contest *c, uint64_t index, const size_t *coordinate, double **value, es_errors *errors) {
    const es_sweep *sweep = c->sweep;
    for (size_t k = 0; k < sweep->best.n_objectives; k++)
        if (es_is_missing((*value)[sweep->columns[sweep->best.objective[k].column].node]))
            return ES_OK;
    if (is_hopeless(sweep, *value))
        return ES_OK;
    if (c->n == MAX_POINTS)
        return es_fail(errors, ES_EUSAGE, NULL, "more than %d points compete in a group; expected fewer", MAX_POINTS);
    if (!es_grow((void **)&c->entrant, &c->capacity, c->n + 1, sizeof *c->entrant))
        return es_fail_memory(errors);
    entrant *e = &c->entrant[c->n];
    *e = (entrant){.index = index, .rows = es_plan_rows(sweep, coordinate), .base = *value};
    es_status status = number_pick(c, (*value)[sweep->columns[sweep->best.pick].node], &e->pick, errors);
    c->n += !status;
    *value = status ? *value : NULL;
    return status;
}

/* Along axes that the group is named by (but for runtimes, whose places mean other names on other devices) only its place. */
static es_status gather(contest *c, uint64_t index, const volatile sig_atomic_t *stop, es_arena *arena,
                        es_errors *errors) {
    const es_sweep *sweep = c->sweep;
    size_t at[ES_MAX_AXES], own[ES_MAX_AXES];
    bool fixed[ES_MAX_AXES] = {false};
    double *group = es_arena_array(arena, es_sweep_nodes(sweep), sizeof *group), *value = NULL;
    es_status status = group ? es_sweep_point(sweep, index, group, errors) : es_fail_memory(errors);
    es_sweep_coordinates(sweep, index, own);
    for (size_t k = 0; k < sweep->best.n_by; k++) {
        const int a = sweep->best.by[k];
        if ((size_t)a < sweep->n_axes && sweep->columns[a].is_axis && sweep->axes[a].role != ES_AXIS_RUNTIME)
            fixed[a] = true;
    }
    for (size_t a = 0; a < sweep->n_axes; a++)
        at[a] = fixed[a] ? own[a] : 0;
    for (bool more = true; more && !status;) {
        if (es_plan_runs(sweep, at)) {
            value = value ? value : es_arena_array(arena, es_sweep_nodes(sweep), sizeof *value);
            const uint64_t point = es_sweep_index(sweep, at);
            status = value ? es_sweep_point(sweep, point, value, errors) : es_fail_memory(errors);
            if (!status && same_group(sweep, value, group))
                status = add_entrant(c, point, at, &value, errors);
        }
        if (stop && *stop)
            return *stop == SIGINT ? ES_EINT : ES_ETERM;
        size_t a = sweep->n_axes;
        while (a-- > 0 && (fixed[a] || ++at[a] == sweep->axes[a].n))
            at[a] = fixed[a] ? own[a] : 0;
        more = a != SIZE_MAX;
    }
    return status;
}

/* ---- who wins ---- */

static void stand(const contest *c, const double *value, standing *s) {
    const es_sweep *sweep = c->sweep;
    s->fails = 0;
    for (size_t k = 0; k < sweep->best.n_objectives; k++) {
        const es_objective *o = &sweep->best.objective[k];
        s->objective[k] = (o->maximize ? -1 : 1) * value[sweep->columns[o->column].node];
        if (es_is_missing(s->objective[k]))
            s->fails = NO_VALUE;
    }
    for (size_t i = 0; i < sweep->n_conditions; i++)
        if (!es_condition_holds(sweep, i, value))
            s->fails |= UINT64_C(1) << (i < 62 ? i : 62);
}

/* The standing of an entrant that the task concerns when its input is multiplied. */
static void change(const contest *c, worker *w, const task *t, size_t i, double factor, standing *s) {
    const entrant *e = &c->entrant[i];
    if (t->input) {
        w->varied.rows = e->rows, w->varied.base = e->base;
        es_vary(&w->varied, t->input, factor);
        stand(c, w->varied.value, s);
        return;
    }
    const es_pcond *limit = &c->sweep->plan->condition[t->condition];
    const uint64_t bit = UINT64_C(1) << (t->condition < 62 ? t->condition : 62);
    *s = c->base[i];
    s->fails = (s->fails & ~bit) | (es_compare(limit->op, e->base[limit->a], limit->number * factor) ? 0 : bit);
}

static bool concerns(const task *t, const entrant *e) {
    return !t->row || es_row_of(&e->rows, (es_kind)t->input->entity) == t->row;
}

/* As es_best_rank: the best point of every picked value, the best of these, and of what ties with it the best by the rest. */
static int decide(const contest *c, const standing *s, uint32_t *first) {
    const size_t n = c->sweep->best.n_objectives;
    int top = NONE;
    memset(first, 0, c->n_picks * sizeof *first);
    for (size_t i = 0; i < c->n; i++) {
        const entrant *e = &c->entrant[i];
        uint32_t *best = &first[e->pick];
        if (!s[i].fails &&
            (!*best || es_is_better(s[i].objective, e->index, s[*best - 1].objective, c->entrant[*best - 1].index, n)))
            *best = (uint32_t)i + 1;
    }
    for (size_t p = 0; p < c->n_picks; p++) {
        const int i = (int)first[p] - 1;
        if (i >= 0 && (top == NONE ||
                       es_is_better(s[i].objective, c->entrant[i].index, s[top].objective, c->entrant[top].index, n)))
            top = i;
    }
    int chosen = top;
    for (size_t p = 0; p < c->n_picks && c->tie_axis >= 0 && top != NONE; p++) {
        const int i = (int)first[p] - 1;
        if (i >= 0 &&
            es_tie_kin(c->sweep, c->tie_axis, c->entrant[i].index) ==
                es_tie_kin(c->sweep, c->tie_axis, c->entrant[top].index) &&
            es_is_near(s[i].objective, s[top].objective, ES_QUALITY_TIE) &&
            es_breaks_tie(s[i].objective, c->entrant[i].index, s[chosen].objective, c->entrant[chosen].index, n))
            chosen = i;
    }
    return chosen;
}

/* Another picked value, model, device, runtime or format; not another place along the workload. */
static bool is_other(const contest *c, int i) {
    if (i == NONE || c->winner == NONE)
        return i != c->winner;
    const entrant *a = &c->entrant[i], *b = &c->entrant[c->winner];
    return a->pick != b->pick || a->rows.model != b->rows.model || a->rows.device != b->rows.device ||
           a->rows.runtime != b->rows.runtime || a->rows.precision != b->rows.precision;
}

/* ---- the change that decides ---- */

/* The nearest legal factor: whole numbers move by the steps of es_input_steps, so that rows stay whole blocks. */
static double legal(const es_input *input, double factor) {
    const double x = input->value;
    double down, up;
    if (isnan(x))
        return factor;
    es_input_steps(input, &down, &up);
    if (input->whole) {
        const double step = up > 1 ? (up - 1) * x : (1 - down) * x;
        const double value = step > 0 ? round(x * factor / step) * step : x;
        return value < input->min || value > input->max || value <= 0 ? 1 : value / x;
    }
    const double value = x * factor, bounded = value < input->min   ? input->min
                                               : value > input->max ? input->max
                                                                    : value;
    return bounded == value ? factor : bounded / x;
}

/* Entrants that may win between two changes: one of them lets them in, and they are not behind both winners there. */
static size_t rivals(const contest *c, const worker *w, const task *t, int at_low, int at_high, uint32_t *list) {
    const double margin = c->tie_axis >= 0 ? ES_QUALITY_TIE : 0;
    const double worst = at_low == NONE || at_high == NONE
                             ? HUGE_VAL
                             : fmax(w->low[at_low].objective[0], w->high[at_high].objective[0]) + margin;
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++)
        if ((!w->low[i].fails || !w->high[i].fails) && concerns(t, &c->entrant[i]) &&
            fmin(w->low[i].objective[0], w->high[i].objective[0]) <= worst)
            list[n++] = (uint32_t)i;
    return n;
}

/* w->low and w->high hold all entrants at the factors; the choice is the old one at low and another at high. */
static es_flip halve(const contest *c, worker *w, const task *t, const es_input *input, double low, double high,
                     int at_low, int at_high) {
    const size_t n = rivals(c, w, t, at_low, at_high, w->list);
    es_flip flip = {.factor = high, .objective = at_high == NONE ? NAN : w->high[at_high].objective[0]};
    for (double middle; fabs(high - low) > CLOSE * high;) {
        middle = legal(input, (low + high) / 2);
        if (middle == low || middle == high)
            break;
        for (size_t k = 0; k < n; k++)
            change(c, w, t, w->list[k], middle, &w->low[w->list[k]]);
        const int winner = decide(c, w->low, w->first);
        if (!is_other(c, winner)) {
            low = middle;
            continue;
        }
        high = middle, at_high = winner;
        flip.factor = middle, flip.objective = winner == NONE ? NAN : w->low[winner].objective[0];
    }
    flip.then_best = at_high == NONE ? UINT64_MAX : c->entrant[at_high].index;
    const int shown = at_high != NONE && concerns(t, &c->entrant[at_high]) ? at_high : c->winner;
    flip.value = t->by_point && shown != NONE && concerns(t, &c->entrant[shown])
                     ? c->entrant[shown].base[input->node[0]]
                     : input->value;
    flip.stopped_by = at_high == NONE || !c->base[at_high].fails ? NONE : __builtin_ctzll(c->base[at_high].fails);
    if (c->sweep->best.objective[0].maximize)
        flip.objective = -flip.objective;
    return flip;
}

/* The choice at a factor, all standings in w->high.  Where the first objective does not move, those behind the old winner in
 * it are looked at only when nobody ahead is left. */
static int choose(const contest *c, worker *w, const task *t, bool moves, double factor) {
    const double own = c->winner == NONE ? HUGE_VAL : c->base[c->winner].objective[0];
    const double ahead = moves ? HUGE_VAL : own + (c->tie_axis >= 0 ? ES_QUALITY_TIE : 0);
    for (size_t i = 0; i < c->n; i++)
        if (c->base[i].objective[0] <= ahead && concerns(t, &c->entrant[i]))
            change(c, w, t, i, factor, &w->high[i]);
    const int winner = decide(c, w->high, w->first);
    if (ahead == HUGE_VAL || (winner != NONE && w->high[winner].objective[0] <= own))
        return winner;
    for (size_t i = 0; i < c->n; i++)
        if (c->base[i].objective[0] > ahead && concerns(t, &c->entrant[i]))
            change(c, w, t, i, factor, &w->high[i]);
    return decide(c, w->high, w->first);
}

/* False: no change that is looked at does it. */
static bool find_flip(const contest *c, worker *w, const task *t, bool up, es_flip *flip) {
    const es_input *input = t->input ? t->input : &t->limit;
    const uint16_t first = (uint16_t)c->sweep->columns[c->sweep->best.objective[0].column].node;
    bool moves = false;
    for (size_t i = 0; t->input && i < input->n_path && !moves; i++)
        moves = input->path[i] == first;
    double before = 1;
    int at_low = c->winner;
    memcpy(w->low, c->base, c->n * sizeof *w->low);
    memcpy(w->high, c->base, c->n * sizeof *w->high);
    for (size_t k = 0; k < sizeof steps / sizeof *steps; k++) {
        const double factor = legal(input, up ? steps[k] : 1 / steps[k]);
        if (factor == before || (factor > 1) != up || factor == 1)
            continue;
        const int winner = choose(c, w, t, moves, factor);
        if (is_other(c, winner)) {
            *flip = halve(c, w, t, input, before, factor, at_low, winner);
            flip->input = input->name, flip->unit = input->unit, flip->row = t->row ? t->row->name : "";
            return true;
        }
        memcpy(w->low, w->high, c->n * sizeof *w->low);
        before = factor, at_low = winner;
    }
    return false;
}

/* ---- what is changed ---- */

static void mark_relevant(contest *c) {
    const es_sweep *sweep = c->sweep;
    for (size_t k = 0; k < sweep->best.n_objectives; k++)
        c->relevant[sweep->columns[sweep->best.objective[k].column].node] = 1;
    for (size_t i = 0; i < sweep->n_conditions; i++) {
        c->relevant[sweep->plan->condition[i].a] = 1;
        if (sweep->plan->condition[i].kind == ES_PCOND_NODE)
            c->relevant[sweep->plan->condition[i].b] = 1;
    }
    memcpy(c->needed, c->relevant, sweep->plan->n_nodes);
    es_nodes_needed(sweep->plan, c->needed);
}

static bool is_resource(const contest *c, const char *name) {
    for (const char *const *r = c->resource; r && *r; r++)
        if (strcmp(*r, name) == 0)
            return true;
    return !c->resource;
}

static bool reaches(const es_input *input, const uint8_t *marked) {
    for (size_t i = 0; i < input->n_path; i++)
        if (marked[input->path[i]])
            return true;
    return false;
}

/* Keeps of an input's path what decides. */
static void shorten(const contest *c, es_input *input) {
    uint16_t *path = (uint16_t *)input->path;
    size_t n = 0;
    for (size_t i = 0; i < input->n_path; i++)
        if (c->needed[path[i]])
            path[n++] = path[i];
    input->n_path = n;
}

static es_status add_task(contest *c, task added, es_errors *errors) {
    if (added.input && (!reaches(added.input, c->relevant) || !is_resource(c, added.input->name)))
        return ES_OK;
    if (added.input)
        shorten(c, added.input);
    if (!es_grow((void **)&c->task, &c->task_capacity, c->n_tasks + 1, sizeof *c->task))
        return es_fail_memory(errors);
    c->task[c->n_tasks++] = added;
    return ES_OK;
}

/* The quality of a model's formats is no field of its row but a number that one may doubt like one. */
static es_status add_quality(contest *c, const es_varied *v, es_arena *arena, es_errors *errors) {
    const int node = es_kernel_node(c->sweep->kernel, "quality", strlen("quality"));
    if (node < 0 || es_is_missing(v->base[node]) || v->base[node] == 0)
        return ES_OK;
    es_input *input = es_arena_alloc(arena, sizeof *input);
    if (!input)
        return es_fail_memory(errors);
    const char *unit = c->sweep->kernel->nodes[node].unit;
    const bool percent = unit && strcmp(unit, "%") == 0;
    *input = (es_input){.name = "quality",
                        .unit = "",
                        .entity = ES_MODEL,
                        .value = v->base[node],
                        .max = percent ? 100 : HUGE_VAL,
                        .exclusive = true};
    const uint16_t own = (uint16_t)node;
    es_status status = es_input_connect(input, c->sweep->plan, &own, 1, arena, errors);
    return status ? status : add_task(c, (task){.input = input, .row = v->rows.model, .by_point = true}, errors);
}

/* The inputs of one entrant that no entrant before had: fields of its rows; of the first also the workload and options. */
static es_status add_inputs(contest *c, size_t i, const bool *fresh, bool first, es_arena *arena, es_errors *errors) {
    es_varied *v = es_arena_alloc(arena, sizeof *v);
    es_status status = v ? es_varied_make(v, c->sweep, c->entrant[i].index, arena, errors) : es_fail_memory(errors);
    for (size_t k = 0; !status && k < v->n_inputs; k++) {
        es_input *input = &v->input[k];
        const bool of_row = input->entity != ES_NO_ROW;
        if (of_row ? fresh[input->entity] : first)
            status = add_task(
                c, (task){.input = input, .row = of_row ? es_row_of(&v->rows, (es_kind)input->entity) : NULL}, errors);
    }
    return status || !fresh[ES_MODEL] ? status : add_quality(c, v, arena, errors);
}

/* Whether no entrant before had the row. */
static es_status is_fresh(contest *c, const es_row *row, bool *fresh, es_errors *errors) {
    for (size_t i = 0; i < c->n_seen; i++)
        if (c->seen[i] == row)
            return ES_OK;
    if (!es_grow((void **)&c->seen, &c->seen_capacity, c->n_seen + 1, sizeof *c->seen))
        return es_fail_memory(errors);
    c->seen[c->n_seen++] = row;
    *fresh = true;
    return ES_OK;
}

static es_status add_tasks(contest *c, es_arena *arena, es_errors *errors) {
    static const es_kind kinds[] = {ES_MODEL, ES_DEVICE, ES_PRECISION};
    const size_t start = c->winner == NONE ? 0 : (size_t)c->winner;
    es_status status = ES_OK;
    for (size_t n = 0; n < c->n && !status; n++) { /* the winner first, whose values are shown */
        const size_t i = n == 0 ? start : n <= start ? n - 1 : n;
        bool fresh[ES_PRECISION + 1] = {false};
        for (size_t k = 0; k < 3 && !status; k++)
            status = is_fresh(c, es_row_of(&c->entrant[i].rows, kinds[k]), &fresh[kinds[k]], errors);
        if (!status && (fresh[ES_MODEL] || fresh[ES_DEVICE] || fresh[ES_PRECISION]))
            status = add_inputs(c, i, fresh, n == 0, arena, errors);
    }
    for (size_t i = 0; i < c->sweep->n_conditions && !status; i++) {
        const es_pcond *p = &c->sweep->plan->condition[i];
        es_input limit = {
            .name = c->sweep->condition[i], .unit = "", .value = p->number, .min = -HUGE_VAL, .max = HUGE_VAL};
        for (size_t k = 0; k < c->sweep->n_columns; k++)
            if (c->sweep->columns[k].node == p->a)
                limit.unit = c->sweep->columns[k].unit;
        if (is_limit(p))
            status = add_task(c, (task){.condition = i, .limit = limit}, errors);
    }
    return status;
}

/* ---- all of it ---- */

static es_status make_worker(const contest *c, worker *w, es_arena *arena, es_errors *errors) {
    w->low = es_arena_array(arena, c->n, sizeof *w->low);
    w->high = es_arena_array(arena, c->n, sizeof *w->high);
    w->first = es_arena_array(arena, c->n_picks, sizeof *w->first);
    w->list = es_arena_array(arena, c->n, sizeof *w->list);
    if (!w->low || !w->high || !w->first || !w->list)
        return es_fail_memory(errors);
    return es_varied_room(&w->varied, c->sweep, arena, errors);
}

/* Whether a task in this direction is asked for: with resources, what allows more. */
static bool is_asked(const contest *c, const task *t, bool up) {
    if (!c->resource)
        return true;
    const es_compare_op op = t->input ? ES_LE : c->sweep->plan->condition[t->condition].op;
    return up == (op == ES_LT || op == ES_LE);
}

static int by_change(const void *a_, const void *b_) {
    const es_flip *a = a_, *b = b_;
    const double x = fabs(a->factor - 1), y = fabs(b->factor - 1);
    const int names = strcmp(a->input, b->input);
    return x != y ? (x > y) - (x < y) : names ? names : strcmp(a->row, b->row);
}

static es_status find_flips(const contest *c, es_decision *d, const es_decides_options *options, es_arena *arena,
                            es_errors *errors) {
    const unsigned threads = options->threads ? options->threads : 1;
    worker *w = es_arena_array(arena, threads, sizeof *w);
    bool *found = es_arena_array(arena, 2 * c->n_tasks + 1, sizeof *found);
    d->flip = es_arena_array(arena, 2 * c->n_tasks + 1, sizeof *d->flip);
    es_status status = w && found && d->flip ? ES_OK : es_fail_memory(errors);
    for (unsigned t = 0; t < threads && !status; t++)
        status = make_worker(c, &w[t], arena, errors);
    if (status)
        return status;
    size_t next = 0;
#pragma omp parallel for num_threads((int)threads) schedule(static, 1)
    for (unsigned t = 0; t < threads; t++)
        for (;;) {
            size_t i;
#pragma omp atomic capture
            i = next++;
            if (i >= 2 * c->n_tasks || (options->stop && *options->stop))
                break;
            found[i] = is_asked(c, &c->task[i / 2], i & 1) && find_flip(c, &w[t], &c->task[i / 2], i & 1, &d->flip[i]);
        }
    if (options->stop && *options->stop)
        return *options->stop == SIGINT ? ES_EINT : ES_ETERM;
    for (size_t i = 0; i < 2 * c->n_tasks; i++)
        if (found[i])
            d->flip[d->n_flips++] = d->flip[i];
    qsort(d->flip, d->n_flips, sizeof *d->flip, by_change);
    return ES_OK;
}

es_status es_decides(es_decision *d, const es_sweep *sweep, uint64_t index, const es_decides_options *options,
                     es_arena *arena, es_errors *errors) {
    contest c = {.sweep = sweep, .resource = options->resource, .tie_axis = es_tie_axis(sweep)};
    *d = (es_decision){.best = UINT64_MAX};
    c.relevant = es_arena_array(arena, es_sweep_nodes(sweep), sizeof *c.relevant);
    c.needed = es_arena_array(arena, es_sweep_nodes(sweep), sizeof *c.needed);
    es_status status =
        c.relevant && c.needed ? gather(&c, index, options->stop, arena, errors) : es_fail_memory(errors);
    uint32_t *first = status ? NULL : es_arena_array(arena, c.n_picks + 1, sizeof *first);
    c.base = status ? NULL : es_arena_array(arena, c.n + 1, sizeof *c.base);
    if (!status && (!first || !c.base))
        status = es_fail_memory(errors);
    for (size_t i = 0; i < c.n && !status; i++)
        stand(&c, c.entrant[i].base, &c.base[i]);
    if (!status) {
        mark_relevant(&c);
        c.winner = decide(&c, c.base, first);
        d->n_points = c.n;
        d->best = c.winner == NONE ? UINT64_MAX : c.entrant[c.winner].index;
        status = add_tasks(&c, arena, errors);
    }
    if (!status)
        status = find_flips(&c, d, options, arena, errors);
    free(c.entrant), free(c.pick), free(c.task), free(c.seen);
    return status;
}

#include "engine/best.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/number.h"
#include "grid/choice.h"

void es_best_init(es_best *best, const es_sweep *sweep, const es_program *program) {
    *best = (es_best){.sweep = sweep, .program = program};
    es_groups_init(&best->groups, sweep->best.n_by + 1);
}

void es_best_free(es_best *best) {
    es_groups_free(&best->groups);
    free(best->entry);
    best->entry = NULL;
}

/* Objectives of a point, all turned to minimisation. */
typedef struct tile_view {
    const double *objective[ES_MAX_OBJECTIVES], *key[ES_MAX_BY + 1];
    size_t objective_step[ES_MAX_OBJECTIVES], key_step[ES_MAX_BY + 1];
    double sign[ES_MAX_OBJECTIVES];
    size_t n_objectives, n_keys;
    bool same_key; /* one key for the whole tile */
} tile_view;

static const double *column_of(const es_best *best, const es_eval *eval, int column, size_t *step) {
    uint16_t node = (uint16_t)best->sweep->columns[column].node;
    *step = !es_program_uniform(best->program, node);
    return es_eval_column(eval, node);
}

static tile_view view_tile(const es_best *best, const es_eval *eval) {
    const es_best_spec *spec = &best->sweep->best;
    tile_view v = {.n_objectives = spec->n_objectives, .n_keys = spec->n_by + 1, .same_key = true};
    for (size_t k = 0; k < v.n_objectives; k++) {
        v.objective[k] = column_of(best, eval, spec->objective[k].column, &v.objective_step[k]);
        v.sign[k] = spec->objective[k].maximize ? -1 : 1;
    }
    for (size_t k = 0; k < v.n_keys; k++) {
        int column = k < spec->n_by ? spec->by[k] : spec->pick;
        v.key[k] = column_of(best, eval, column, &v.key_step[k]);
        v.same_key = v.same_key && !v.key_step[k];
    }
    return v;
}

static void offer(es_best_entry *entry, const double *value, uint64_t index, size_t n) {
    if (!es_is_better(value, index, entry->value, entry->index, n))
        return;
    memcpy(entry->value, value, n * sizeof *value);
    entry->index = index;
}

static es_status find_entry(es_best *best, const double *key, es_best_entry **entry, es_errors *errors) {
    size_t number, known = best->groups.count;
    es_status status = es_groups_find(&best->groups, key, &number, errors);
    if (status)
        return status;
    if (!es_grow((void **)&best->entry, &best->capacity, best->groups.count, sizeof *best->entry))
        return es_fail_memory(errors);
    *entry = &best->entry[number];
    if (best->groups.count > known) {
        **entry = (es_best_entry){.index = UINT64_MAX};
        for (size_t k = 0; k < ES_MAX_OBJECTIVES; k++)
            (*entry)->value[k] = __builtin_inf();
    }
    return ES_OK;
}

static es_status add_points(es_best *best, const es_eval *eval, const tile_view *v, const uint8_t *keep, size_t from,
                            size_t to, es_errors *errors) {
    double key[ES_MAX_BY + 1], value[ES_MAX_OBJECTIVES];
    es_best_entry *entry = NULL;
    for (size_t i = from; i < to; i++) {
        if (keep && !keep[i])
            continue;
        bool missing = false;
        for (size_t k = 0; k < v->n_objectives; k++) {
            value[k] = v->sign[k] * v->objective[k][i * v->objective_step[k]];
            missing = missing || es_is_missing(value[k]);
        }
        if (missing) {
            best->missing++;
            continue;
        }
        bool same = entry != NULL;
        for (size_t k = 0; k < v->n_keys; k++) {
            double part = v->key[k][i * v->key_step[k]];
            same = same && part == key[k];
            key[k] = part;
        }
        es_status status = same ? ES_OK : find_entry(best, key, &entry, errors);
        if (status)
            return status;
        offer(entry, value, es_eval_first(eval) + i, v->n_objectives);
    }
    return ES_OK;
}

/* The smallest value of a column and whether any is missing, in a form compilers vectorise. */
static double smallest(const double *x, size_t n, double sign, bool *missing) {
    double least = __builtin_inf();
    size_t holes = 0;
    for (size_t i = 0; i < n; i++) {
        double value = sign * x[i];
        least = value < least ? value : least;
        holes += es_is_missing(value);
    }
    *missing = holes > 0;
    return least;
}

/* With one key for the whole tile, most tiles cannot beat what is known: one pass over the first objective shows it. */
static bool cannot_win(const es_best *best, const tile_view *v, const uint8_t *keep, size_t from, size_t to) {
    double key[ES_MAX_BY + 1];
    if (!v->same_key || keep || !v->objective_step[0])
        return false;
    for (size_t k = 0; k < v->n_keys; k++)
        key[k] = v->key[k][0];
    size_t number;
    if (!es_groups_lookup(&best->groups, key, &number))
        return false;
    for (size_t k = 1; k < v->n_objectives; k++) {
        bool missing;
        smallest(v->objective[k] + from * v->objective_step[k], v->objective_step[k] ? to - from : 1, 1, &missing);
        if (missing)
            return false;
    }
    bool missing;
    double least = smallest(v->objective[0] + from, to - from, v->sign[0], &missing);
    return !missing && least > best->entry[number].value[0];
}

es_status es_best_add(es_best *best, const es_eval *eval, const uint8_t *keep, size_t from, size_t to,
                      es_errors *errors) {
    tile_view v = view_tile(best, eval);
    if (cannot_win(best, &v, keep, from, to))
        return ES_OK;
    return add_points(best, eval, &v, keep, from, to, errors);
}

/* ---- boxes ---- */

static es_range range_of(const es_best *best, const es_boxes *boxes, int column, size_t i) {
    return es_boxes_range(boxes, (uint16_t)best->sweep->columns[column].node, i);
}

bool es_best_ideal(const es_best *best, const es_boxes *boxes, size_t i, double *ideal) {
    const es_objective *first = &best->sweep->best.objective[0];
    es_range r = range_of(best, boxes, first->column, i);
    *ideal = first->maximize ? -r.high : r.low;
    return r.state == ES_HAS_VALUE;
}

/* The entry of a box whose points all belong to one that is known. */
static const es_best_entry *entry_of_box(const es_best *best, const es_boxes *boxes, size_t i) {
    const es_best_spec *spec = &best->sweep->best;
    double key[ES_MAX_BY + 1];
    size_t number;
    for (size_t k = 0; k <= spec->n_by; k++) {
        es_range r = range_of(best, boxes, k < spec->n_by ? spec->by[k] : spec->pick, i);
        if (!es_range_is_fixed(r))
            return NULL;
        key[k] = r.low;
    }
    return es_groups_lookup(&best->groups, key, &number) ? &best->entry[number] : NULL;
}

/* Whether no point with these lower bounds and an index from `first` on beats the entry. */
static bool is_hopeless(const double *least, uint64_t first, const es_best_entry *entry, size_t n) {
    for (size_t k = 0; k < n; k++)
        if (least[k] != entry->value[k])
            return least[k] > entry->value[k];
    return first >= entry->index;
}

bool es_best_settles(es_best *best, const es_boxes *boxes, size_t i, uint64_t first, uint64_t n, bool certain) {
    const es_best_spec *spec = &best->sweep->best;
    double least[ES_MAX_OBJECTIVES];
    for (size_t k = 0; k < spec->n_objectives; k++) {
        es_range r = range_of(best, boxes, spec->objective[k].column, i);
        if (r.state == ES_HAS_NAN && certain) {
            best->missing += n;
            return true;
        }
        if (r.state != ES_HAS_VALUE)
            return false;
        least[k] = spec->objective[k].maximize ? -r.high : r.low;
    }
    const es_best_entry *entry = entry_of_box(best, boxes, i);
    return entry && is_hopeless(least, first, entry, spec->n_objectives);
}

es_status es_best_merge(es_best *best, const es_best *other, es_errors *errors) {
    for (size_t i = 0; i < other->groups.count; i++) {
        es_best_entry *entry;
        es_status status = find_entry(best, other->groups.key + i * other->groups.width, &entry, errors);
        if (status)
            return status;
        offer(entry, other->entry[i].value, other->entry[i].index, best->sweep->best.n_objectives);
    }
    best->missing += other->missing;
    return ES_OK;
}

/* ---- ranking ---- */

typedef struct ranked {
    const double *key; /* values of the by columns: places in the catalog for names, so a table in catalog order */
    size_t n_key;
    const es_best_entry *winner, *second; /* NULL: none yet */
} ranked;

static int by_key(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    for (size_t k = 0; k < x->n_key; k++) {
        bool x_missing = es_is_missing(x->key[k]), y_missing = es_is_missing(y->key[k]);
        if (x_missing != y_missing)
            return x_missing ? 1 : -1;
        if (x->key[k] != y->key[k] && !x_missing)
            return x->key[k] < y->key[k] ? -1 : 1;
    }
    return 0;
}

/* Among the entries that tie with `top`, the best by the objectives behind the first. */
static const es_best_entry *break_tie(const es_best *best, int axis, const es_best_entry *top, size_t n_by,
                                      const double *key) {
    const es_best_entry *chosen = top;
    const size_t width = best->groups.width, n = best->sweep->best.n_objectives;
    for (size_t i = 0; i < best->groups.count && top; i++) {
        const es_best_entry *entry = &best->entry[i];
        if (memcmp(best->groups.key + i * width, key, n_by * sizeof *key) != 0 ||
            !es_is_tie(best->sweep, axis, entry->value, entry->index, top->value, top->index))
            continue;
        if (es_breaks_tie(entry->value, entry->index, chosen->value, chosen->index, n))
            chosen = entry;
    }
    return chosen;
}

static void rank_entry(ranked *group, const es_best_entry *entry, size_t n) {
    if (!group->winner || es_is_better(entry->value, entry->index, group->winner->value, group->winner->index, n)) {
        group->second = group->winner;
        group->winner = entry;
    } else if (!group->second ||
               es_is_better(entry->value, entry->index, group->second->value, group->second->index, n)) {
        group->second = entry;
    }
}

bool es_best_may_tie(const es_sweep *sweep) { return sweep->best.given && es_tie_axis(sweep) >= 0; }

es_status es_best_candidates(const es_best *best, uint64_t **index, size_t *n, es_errors *errors) {
    const size_t count = best->groups.count, width = best->groups.width;
    const bool ties = es_best_may_tie(best->sweep);
    ranked *group = calloc(count + 1, sizeof *group);
    size_t *of = calloc(count + 1, sizeof *of);
    es_groups by;
    es_groups_init(&by, width - 1);
    *index = malloc((count + 1) * sizeof **index);
    es_status status = group && of && *index ? ES_OK : es_fail_memory(errors);
    for (size_t i = 0; i < count && !status; i++) {
        status = es_groups_find(&by, best->groups.key + i * width, &of[i], errors);
        if (!status)
            rank_entry(&group[of[i]], &best->entry[i], best->sweep->best.n_objectives);
    }
    *n = 0;
    for (size_t i = 0; i < count && !status; i++) {
        const es_best_entry *entry = &best->entry[i], *top = group[of[i]].winner;
        if (entry == top || (ties && entry->value[0] - top->value[0] < ES_QUALITY_TIE))
            (*index)[(*n)++] = entry->index;
    }
    es_groups_free(&by);
    free(group);
    free(of);
    return status;
}

es_status es_best_rank(const es_best *best, es_best_row **rows, size_t *n, es_errors *errors) {
    size_t count = best->groups.count, width = best->groups.width;
    ranked *group = calloc(count + 1, sizeof *group);
    es_groups by;
    es_groups_init(&by, width - 1);
    es_status status = group ? ES_OK : es_fail_memory(errors);
    for (size_t i = 0; i < count && !status; i++) {
        size_t number;
        status = es_groups_find(&by, best->groups.key + i * width, &number, errors);
        if (!status)
            rank_entry(&group[number], &best->entry[i], best->sweep->best.n_objectives);
    }
    if (!status && !(*rows = calloc(by.count + 1, sizeof **rows)))
        status = es_fail_memory(errors);
    if (!status) {
        const int axis = es_tie_axis(best->sweep);
        for (size_t i = 0; i < by.count; i++) {
            ranked *g = &group[i];
            g->key = by.key + i * by.width, g->n_key = by.width;
            if (axis < 0)
                continue;
            const es_best_entry *first = break_tie(best, axis, g->winner, g->n_key, g->key);
            g->second = first == g->winner ? g->second : g->winner;
            g->winner = first;
        }
        qsort(group, by.count, sizeof *group, by_key);
        for (size_t i = 0; i < by.count; i++)
            (*rows)[i] = (es_best_row){group[i].winner->index, group[i].second ? group[i].second->index : UINT64_MAX};
        *n = by.count;
    }
    es_groups_free(&by);
    free(group);
    return status;
}

size_t es_best_columns(const es_sweep *sweep, int *columns) {
    size_t n = 0;
    for (size_t k = 0; k < sweep->best.n_by; k++)
        columns[n++] = sweep->best.by[k];
    columns[n++] = sweep->best.pick;
    size_t front = n;
    for (size_t i = 0; i < sweep->n_output; i++) {
        bool seen = false;
        for (size_t k = 0; k < front; k++)
            seen = seen || columns[k] == sweep->output[i];
        if (!seen)
            columns[n++] = sweep->output[i];
    }
    return n;
}

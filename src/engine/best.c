#include "engine/best.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/number.h"
#include "base/os.h"
#include "grid/tie.h"
#include "pareto/choice.h"

enum { MOST_KEPT = 2 }; /* entries of a group: winner and runner-up */

#define NO_PICK UINT32_MAX

es_status es_best_init(es_best *best, const es_sweep *sweep, const es_program *program, es_errors *errors) {
    const es_best_spec *spec = &sweep->best;
    *best = (es_best){.sweep = sweep, .program = program, .tie_axis = es_best_may_tie(sweep) ? es_tie_axis(sweep) : -1};
    best->size = sizeof(es_best_entry) + spec->n_objectives * sizeof(double);
    es_status status = es_grouping_init(&best->groups, sweep, program, spec->by, spec->n_by, errors);
    return status ? status : es_grouping_init(&best->picks, sweep, program, &spec->pick, 1, errors);
}

void es_best_free(es_best *best) {
    es_grouping_free(&best->groups);
    es_grouping_free(&best->picks);
    free(best->entry), free(best->first);
    best->entry = NULL, best->first = NULL;
}

/* The n-th entry, from 1: 0 is none, in links. */
static es_best_entry *entry_at(const es_best *best, uint32_t n) {
    return (es_best_entry *)(best->entry + (n - 1) * best->size);
}

/* Objectives of a point, all turned to minimisation. */
typedef struct tile_view {
    const double *objective[ES_MAX_OBJECTIVES];
    size_t objective_step[ES_MAX_OBJECTIVES];
    double sign[ES_MAX_OBJECTIVES];
    size_t n_objectives;
    es_group_view group, pick;
} tile_view;

static tile_view view_tile(const es_best *best, const es_eval *eval) {
    const es_best_spec *spec = &best->sweep->best;
    tile_view v = {.n_objectives = spec->n_objectives,
                   .group = es_grouping_view(&best->groups, eval),
                   .pick = es_grouping_view(&best->picks, eval)};
    for (size_t k = 0; k < v.n_objectives; k++) {
        uint16_t node = (uint16_t)best->sweep->columns[spec->objective[k].column].node;
        v.objective_step[k] = !es_program_uniform(best->program, node);
        v.objective[k] = es_eval_column(eval, node);
        v.sign[k] = spec->objective[k].maximize ? -1 : 1;
    }
    return v;
}

/* a before b: lexicographic, then the lower index. */
static bool is_before(const es_best_entry *a, const es_best_entry *b, size_t n) {
    return es_is_better(a->value, a->index, b->value, b->index, n);
}

static void set(es_best_entry *entry, const double *value, uint64_t index, uint32_t pick, size_t n) {
    entry->index = index, entry->pick = pick;
    memcpy(entry->value, value, n * sizeof *value);
}

/* What a point of the group has to beat so that anything changes: the entry of its pick or, where that has none, the worse of
 * the two that are kept; NULL when there is room.  `pick` is NO_PICK where it is not one for sure. */
static es_best_entry *rival(const es_best *best, uint32_t group, uint32_t pick) {
    const size_t n = best->sweep->best.n_objectives;
    es_best_entry *worst = NULL;
    size_t count = 0;
    for (uint32_t at = group < best->n_first ? best->first[group] : 0; at; count++) {
        es_best_entry *entry = entry_at(best, at);
        if (entry->pick == pick)
            return entry;
        if (!worst || is_before(worst, entry, n))
            worst = entry;
        at = entry->next;
    }
    return best->tie_axis < 0 && count >= MOST_KEPT ? worst : NULL;
}

static es_status append(es_best *best, uint32_t group, uint32_t pick, const double *value, uint64_t index,
                        es_errors *errors) {
    if (best->n_entries + 1 >= UINT32_MAX ||
        !es_grow((void **)&best->entry, &best->capacity, (best->n_entries + 1) * best->size, 1))
        return es_fail_memory(errors);
    es_best_entry *entry = entry_at(best, (uint32_t)++best->n_entries);
    set(entry, value, index, pick, best->sweep->best.n_objectives);
    entry->next = best->first[group];
    best->first[group] = (uint32_t)best->n_entries;
    return ES_OK;
}

static es_status reserve_group(es_best *best, uint32_t group, es_errors *errors) {
    if (group < best->n_first)
        return ES_OK;
    if (!es_grow((void **)&best->first, &best->first_capacity, (size_t)group + 1, sizeof *best->first))
        return es_fail_memory(errors);
    memset(best->first + best->n_first, 0, (group + 1 - best->n_first) * sizeof *best->first);
    best->n_first = (size_t)group + 1;
    return ES_OK;
}

static es_status offer(es_best *best, uint32_t group, uint32_t pick, const double *value, uint64_t index,
                       es_errors *errors) {
    const size_t n = best->sweep->best.n_objectives;
    es_best_entry *entry = rival(best, group, pick);
    if (entry) {
        if (es_is_better(value, index, entry->value, entry->index, n))
            set(entry, value, index, pick, n);
        return ES_OK;
    }
    es_status status = reserve_group(best, group, errors);
    return status ? status : append(best, group, pick, value, index, errors);
}

static es_status add_points(es_best *best, const es_eval *eval, const tile_view *v, const uint8_t *keep, size_t from,
                            size_t to, es_errors *errors) {
    double value[ES_MAX_OBJECTIVES];
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
        uint32_t group, pick;
        es_status status = es_grouping_find(&best->groups, &v->group, i, &group, errors);
        if (!status)
            status = es_grouping_find(&best->picks, &v->pick, i, &pick, errors);
        if (!status)
            status = offer(best, group, pick, value, es_eval_first(eval) + i, errors);
        if (status)
            return status;
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
    uint32_t group, pick = NO_PICK;
    if (!v->group.same || keep || !v->objective_step[0] ||
        !es_grouping_lookup(&best->groups, &v->group, from, &best->groups, &group))
        return false;
    if (v->pick.same && !es_grouping_lookup(&best->picks, &v->pick, from, &best->picks, &pick))
        pick = NO_PICK;
    const es_best_entry *entry = rival(best, group, pick);
    for (size_t k = 1; k < v->n_objectives && entry; k++) {
        bool missing;
        smallest(v->objective[k] + from * v->objective_step[k], v->objective_step[k] ? to - from : 1, 1, &missing);
        if (missing)
            return false;
    }
    bool missing;
    return entry && smallest(v->objective[0] + from, to - from, v->sign[0], &missing) > entry->value[0] && !missing;
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

/* What points of a box would have to beat, when all belong to one group that is known. */
static const es_best_entry *rival_of_box(const es_best *best, const es_boxes *boxes, size_t i) {
    const es_best_spec *spec = &best->sweep->best;
    double key[ES_MAX_BY];
    size_t group, pick;
    for (size_t k = 0; k < spec->n_by; k++) {
        es_range r = range_of(best, boxes, spec->by[k], i);
        if (!es_range_is_fixed(r))
            return NULL;
        key[k] = r.low;
    }
    if (!es_groups_lookup(&best->groups.groups, key, &group))
        return NULL;
    es_range r = range_of(best, boxes, spec->pick, i);
    bool known = es_range_is_fixed(r) && es_groups_lookup(&best->picks.groups, &r.low, &pick);
    return rival(best, (uint32_t)group, known ? (uint32_t)pick : NO_PICK);
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
    const es_best_entry *entry = rival_of_box(best, boxes, i);
    return entry && is_hopeless(least, first, entry, spec->n_objectives);
}

/* number[g]: what group g of `other` is here. */
static es_status map_groups(es_grouping *groups, const es_grouping *other, uint32_t **number, es_errors *errors) {
    es_status status = ES_OK;
    if (!(*number = calloc(other->groups.keys.n + 1, sizeof **number)))
        return es_fail_memory(errors);
    for (size_t g = 0; g < other->groups.keys.n && !status; g++) {
        size_t here = 0;
        status = es_groups_find(&groups->groups, es_grouping_key(other, g), &here, errors);
        (*number)[g] = (uint32_t)here;
    }
    if (!status)
        es_grouping_adopt(groups, other, *number);
    return status;
}

es_status es_best_merge(es_best *best, const es_best *other, es_errors *errors) {
    uint32_t *group = NULL, *pick = NULL;
    es_status status = map_groups(&best->groups, &other->groups, &group, errors);
    if (!status)
        status = map_groups(&best->picks, &other->picks, &pick, errors);
    for (size_t g = 0; g < other->n_first && !status; g++)
        for (uint32_t at = other->first[g]; at && !status; at = entry_at(other, at)->next) {
            const es_best_entry *entry = entry_at(other, at);
            status = offer(best, group[g], pick[entry->pick], entry->value, entry->index, errors);
        }
    best->missing += other->missing;
    free(group), free(pick);
    return status;
}

/* ---- ranking ---- */

static int by_key(const void *a, const void *b, void *context) {
    const es_grouping *groups = context;
    return es_groups_compare(es_grouping_key(groups, *(const uint32_t *)a),
                             es_grouping_key(groups, *(const uint32_t *)b), groups->n_by);
}

/* The entries of a group, the best first; with a margin ties are broken. */
static size_t rank_group(const es_best *best, uint32_t group, double margin, es_choice *choice) {
    size_t n = 0;
    for (uint32_t at = best->first[group]; at; at = entry_at(best, at)->next) {
        const es_best_entry *entry = entry_at(best, at);
        choice[n++] = (es_choice){
            .value = entry->value, .index = entry->index, .kin = es_tie_kin(best->sweep, best->tie_axis, entry->index)};
    }
    es_choices_rank(choice, n, best->sweep->best.n_objectives, margin);
    return n;
}

/* Room for the choices of any group. */
static es_choice *new_choices(const es_best *best) {
    size_t most = MOST_KEPT;
    for (size_t g = 0; g < best->n_first && best->tie_axis >= 0; g++) {
        size_t n = 0;
        for (uint32_t at = best->first[g]; at; at = entry_at(best, at)->next)
            n++;
        most = n > most ? n : most;
    }
    return malloc(most * sizeof(es_choice));
}

static double margin_of(const es_best *best) { return best->tie_axis >= 0 ? ES_QUALITY_TIE : 0; }

bool es_best_may_tie(const es_sweep *sweep) { return sweep->best.given && es_tie_axis(sweep) >= 0; }

double es_best_greatest(const es_best *best, unsigned objective) {
    double greatest = 0;
    for (uint32_t i = 1; i <= best->n_entries; i++)
        greatest = fmax(greatest, fabs(entry_at(best, i)->value[objective]));
    return greatest;
}

static int ascending(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

es_status es_best_candidates(const es_best *best, uint64_t **index, size_t *n, es_errors *errors) {
    *n = 0;
    es_choice *choice = new_choices(best);
    *index = malloc((best->n_entries + 1) * sizeof **index);
    if (!*index || !choice) {
        free(choice);
        return es_fail_memory(errors);
    }
    for (size_t g = 0; g < best->n_first; g++) {
        const size_t entries = rank_group(best, (uint32_t)g, 0, choice);
        for (size_t i = 0; i < entries; i++)
            if (i == 0 || es_is_near(choice[i].value, choice[0].value, margin_of(best)))
                (*index)[(*n)++] = choice[i].index;
    }
    qsort(*index, *n, sizeof **index, ascending);
    free(choice);
    return ES_OK;
}

es_status es_best_rank(es_best *best, es_best_row **rows, size_t *n, es_errors *errors) {
    const size_t count = best->groups.groups.keys.n;
    es_grouping_seal(&best->groups);
    uint32_t *order = calloc(count + 1, sizeof *order);
    bool sorted = true;
    for (size_t g = 0; g < count && order; g++) {
        order[g] = (uint32_t)g;
        sorted = sorted && (!g || by_key(&order[g - 1], &order[g], &best->groups) < 0);
    }
    if (order && !sorted)
        es_os_sort(order, count, sizeof *order, by_key, &best->groups);
    es_grouping_free(&best->groups);
    es_choice *choice = new_choices(best);
    *rows = order && choice ? calloc(count + 1, sizeof **rows) : NULL;
    for (size_t g = 0; g < count && *rows; g++) {
        const size_t entries = rank_group(best, order[g], margin_of(best), choice);
        (*rows)[g] = (es_best_row){choice[0].index, entries > 1 ? choice[1].index : UINT64_MAX};
    }
    *n = *rows ? count : 0;
    free(order), free(choice);
    es_best_free(best);
    return *rows ? ES_OK : es_fail_memory(errors);
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

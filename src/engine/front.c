#include "engine/front.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "pareto/pareto_archive.h"
#include "base/arena.h"
#include "base/number.h"

struct es_front_exchange {
    pthread_mutex_t lock; /* over all that follows */
    es_groups groups;
    es_archive **archive; /* per group, empty: to join */
    size_t capacity;
};

es_status es_front_exchange_new(es_front_exchange **exchange, const es_sweep *sweep, es_errors *errors) {
    es_front_exchange *x = calloc(1, sizeof *x);
    *exchange = NULL;
    if (!x || pthread_mutex_init(&x->lock, NULL)) {
        free(x);
        return es_fail_memory(errors);
    }
    es_groups_init(&x->groups, sweep->front.n_by);
    *exchange = x;
    return ES_OK;
}

void es_front_exchange_free(es_front_exchange *x) {
    if (!x)
        return;
    for (size_t g = 0; g < x->groups.keys.n; g++)
        es_archive_free(x->archive[g]);
    es_groups_free(&x->groups);
    free(x->archive);
    pthread_mutex_destroy(&x->lock);
    free(x);
}

/* Groups of fewer points than this, on average, begin as small fronts: comparing all with all is cheap for them, and an
 * archive is thousands of bytes. */
enum { POINTS_FOR_ARCHIVES = 4096 };

es_status es_front_pass_init(es_front_pass *p, const es_sweep *sweep, const es_program *program,
                             es_front_exchange *exchange, es_errors *errors) {
    const es_front_spec *spec = &sweep->front;
    *p = (es_front_pass){.sweep = sweep, .program = program, .exchange = exchange};
    p->pool.d = (unsigned)spec->n_objectives;
    for (size_t k = 0; k < spec->n_objectives; k++)
        p->flip[k] = spec->objective[k].maximize ? ES_SIGN_BIT : 0;
    es_status status = es_grouping_init(&p->groups, sweep, program, spec->by, spec->n_by, errors);
    p->begins_small = sweep->n_points / p->groups.combinations < POINTS_FOR_ARCHIVES;
    size_t points = es_program_tiling(program)->points;
    p->gather = calloc(points * spec->n_objectives + 1, sizeof *p->gather);
    p->index = calloc(points + 1, sizeof *p->index);
    p->next = calloc(points + 1, sizeof *p->next);
    p->met = calloc(points + 1, sizeof *p->met);
    p->position = calloc(points + 1, sizeof *p->position);
    if (!status && !(p->gather && p->index && p->next && p->met && p->position))
        status = es_fail_memory(errors);
    if (status)
        es_front_pass_free(p);
    return status;
}

void es_front_pass_free(es_front_pass *p) {
    for (size_t g = 0; g < p->n_fronts; g++)
        if (p->front[g].large) {
            es_archive_free(p->front[g].large->archive);
            free(p->front[g].large);
        }
    es_grouping_free(&p->groups);
    es_small_pool_free(&p->pool);
    free(p->front), free(p->gather), free(p->index), free(p->next), free(p->met), free(p->position);
    p->front = NULL, p->gather = NULL, p->index = NULL, p->next = NULL, p->met = NULL, p->position = NULL;
    p->n_fronts = 0;
}

/* ---- the tile's columns ---- */

typedef struct tile_view {
    const double *objective[ES_MAX_OBJECTIVES];
    size_t objective_step[ES_MAX_OBJECTIVES];
    uint32_t uniform; /* bit k: objective k */
    es_group_view group;
} tile_view;

static tile_view view_tile(const es_front_pass *p, const es_eval *eval) {
    const es_front_spec *spec = &p->sweep->front;
    tile_view v = {.group = es_grouping_view(&p->groups, eval)};
    for (size_t k = 0; k < spec->n_objectives; k++) {
        uint16_t node = (uint16_t)p->sweep->columns[spec->objective[k].column].node;
        v.objective_step[k] = !es_program_uniform(p->program, node);
        v.objective[k] = es_eval_column(eval, node);
        if (!v.objective_step[k])
            v.uniform |= (uint32_t)1 << k;
    }
    return v;
}

/* Objectives of a point, minimised. */
static void values_of(const es_front_pass *p, const tile_view *v, size_t i, double *value) {
    for (unsigned k = 0; k < p->pool.d; k++)
        value[k] = es_flipped(v->objective[k][i * v->objective_step[k]], p->flip[k]);
}

/* ---- groups ---- */

static es_status new_archive(const es_front_spec *spec, es_archive **archive, es_errors *errors) {
    es_direction direction[ES_MAX_OBJECTIVES];
    for (size_t k = 0; k < spec->n_objectives; k++)
        direction[k] = spec->objective[k].maximize ? ES_MAXIMIZE : ES_MINIMIZE;
    return es_archive_new((unsigned)spec->n_objectives, direction, archive, errors);
}

/* The archive that all threads join for a group; the lock is held. */
static es_status find_shared(es_front_exchange *x, const es_front_spec *spec, const double *key, es_archive **shared,
                             es_errors *errors) {
    size_t known = x->groups.keys.n, group;
    es_status status = es_groups_find(&x->groups, key, &group, errors);
    if (!status && x->groups.keys.n > known) {
        if (!es_grow((void **)&x->archive, &x->capacity, group + 1, sizeof *x->archive))
            status = es_fail_memory(errors);
        if (!status)
            status = new_archive(spec, &x->archive[group], errors);
        if (status)
            x->groups.keys.n = (uint32_t)known;
    }
    *shared = status ? NULL : x->archive[group];
    return status;
}

static es_status make_large(es_front_pass *p, size_t group, const double *key, es_errors *errors) {
    es_archive *shared;
    es_large_front *large = calloc(1, sizeof *large);
    if (!large)
        return es_fail_memory(errors);
    pthread_mutex_lock(&p->exchange->lock);
    es_status status = find_shared(p->exchange, &p->sweep->front, key, &shared, errors);
    if (!status)
        status = es_archive_join(shared, &large->archive, errors);
    pthread_mutex_unlock(&p->exchange->lock);
    if (status)
        free(large);
    else
        p->front[group].large = large;
    return status;
}

/* Vectors of a small front, of this pass or another, into a large one. */
static es_status pour(es_front_pass *p, const es_small *small, es_archive *archive, es_errors *errors) {
    const unsigned d = p->pool.d;
    double value[ES_MAX_OBJECTIVES * ES_SMALL_MOST];
    uint64_t index[ES_SMALL_MOST];
    const double *column[ES_MAX_OBJECTIVES];
    for (unsigned k = 0; k < d; k++) {
        column[k] = value + k * ES_SMALL_MOST;
        for (size_t i = 0; i < small->n; i++)
            value[k * ES_SMALL_MOST + i] = es_flipped(es_small_values(small, d, i)[k], p->flip[k]);
    }
    for (size_t i = 0; i < small->n; i++)
        index[i] = es_small_index(small, d, i);
    es_batch batch = {.n = small->n, .index = index, .column = column};
    return es_archive_insert(archive, &batch, errors);
}

static es_status enlarge(es_front_pass *p, uint32_t group, es_errors *errors) {
    es_group_front *front = &p->front[group];
    if (front->large)
        return ES_OK;
    es_status status = make_large(p, group, es_grouping_key(&p->groups, group), errors);
    if (!status)
        status = pour(p, &front->small, front->large->archive, errors);
    es_small_clear(&p->pool, &front->small);
    return status;
}

/* Room for a group that may be new. */
static es_status know_group(es_front_pass *p, uint32_t group, es_errors *errors) {
    if (group < p->n_fronts)
        return ES_OK;
    if (!es_grow((void **)&p->front, &p->capacity, (size_t)group + 1, sizeof *p->front))
        return es_fail_memory(errors);
    memset(p->front + p->n_fronts, 0, (group + 1 - p->n_fronts) * sizeof *p->front);
    p->n_fronts = (size_t)group + 1;
    return p->begins_small ? ES_OK : enlarge(p, group, errors);
}

static es_status find_group(es_front_pass *p, const tile_view *v, size_t i, uint32_t *group, es_errors *errors) {
    es_status status = es_grouping_find(&p->groups, &v->group, i, group, errors);
    return status ? status : know_group(p, *group, errors);
}

/* ---- first pass ---- */

static bool has_missing(const double *x, size_t n) {
    size_t holes = 0;
    for (size_t i = 0; i < n; i++)
        holes += es_is_missing(x[i]);
    return holes > 0;
}

static bool any_missing(const es_front_pass *p, const tile_view *v, size_t from, size_t to) {
    for (size_t k = 0; k < p->sweep->front.n_objectives; k++)
        if (has_missing(v->objective[k] + from * v->objective_step[k], v->objective_step[k] ? to - from : 1))
            return true;
    return false;
}

static es_status add_whole(es_front_pass *p, const es_eval *eval, const tile_view *v, es_archive *archive, size_t from,
                           size_t to, es_errors *errors) {
    const double *column[ES_MAX_OBJECTIVES];
    for (size_t k = 0; k < p->sweep->front.n_objectives; k++)
        column[k] = v->objective[k] + from * v->objective_step[k];
    es_batch batch = {
        .n = to - from, .first_index = es_eval_first(eval) + from, .column = column, .uniform = v->uniform};
    return es_archive_insert(archive, &batch, errors);
}

static bool is_complete(const double *value, unsigned d) {
    for (unsigned k = 0; k < d; k++)
        if (es_is_missing(value[k]))
            return false;
    return true;
}

/* Leaves a point to the archive of its group, which gets those of a tile together: they are chained. */
static void defer(es_front_pass *p, es_large_front *large, uint32_t group, size_t i, size_t *n_met) {
    const uint16_t none = UINT16_MAX;
    p->next[i] = none;
    if (!large->waiting++) {
        p->met[(*n_met)++] = group;
        large->first = (uint16_t)i;
    } else {
        p->next[large->last] = (uint16_t)i;
    }
    large->last = (uint16_t)i;
}

static es_status add_point(es_front_pass *p, uint32_t group, const double *value, uint64_t index, size_t i,
                           size_t *n_met, es_errors *errors) {
    es_group_front *front = &p->front[group];
    es_small_found found = ES_SMALL_FULL;
    if (!front->large)
        found = es_small_insert(&p->pool, &front->small, value, index);
    if (found == ES_SMALL_NO_MEMORY)
        return es_fail_memory(errors);
    if (found != ES_SMALL_FULL)
        return ES_OK;
    es_status status = enlarge(p, group, errors);
    if (!status)
        defer(p, p->front[group].large, group, i, n_met);
    return status;
}

/* Points that are kept and complete, into small fronts or chains; counts the incomplete. */
static es_status add_each(es_front_pass *p, const es_eval *eval, const tile_view *v, const uint8_t *keep, size_t from,
                          size_t to, size_t *n_met, es_errors *errors) {
    double value[ES_MAX_OBJECTIVES];
    es_status status = ES_OK;
    for (size_t i = from; i < to && !status; i++) {
        if (keep && !keep[i])
            continue;
        values_of(p, v, i, value);
        if (!is_complete(value, p->pool.d)) {
            p->missing++;
            continue;
        }
        uint32_t group;
        status = find_group(p, v, i, &group, errors);
        if (!status)
            status = add_point(p, group, value, es_eval_first(eval) + i, i, n_met, errors);
    }
    return status;
}

/* Hands the chained points of a group over. */
static es_status add_chain(es_front_pass *p, const es_eval *eval, const tile_view *v, es_large_front *large,
                           es_errors *errors) {
    size_t points = es_program_tiling(p->program)->points, m = 0;
    const double *column[ES_MAX_OBJECTIVES];
    for (size_t i = large->first; m < large->waiting; i = p->next[i]) {
        for (size_t k = 0; k < p->pool.d; k++)
            p->gather[k * points + m] = v->objective[k][i * v->objective_step[k]];
        p->index[m++] = es_eval_first(eval) + i;
    }
    for (size_t k = 0; k < p->pool.d; k++)
        column[k] = p->gather + k * points;
    es_batch batch = {.n = m, .index = p->index, .column = column};
    large->waiting = 0;
    return es_archive_insert(large->archive, &batch, errors);
}

es_status es_front_pass_add(es_front_pass *p, const es_eval *eval, const uint8_t *keep, size_t from, size_t to,
                            es_errors *errors) {
    tile_view v = view_tile(p, eval);
    es_status status = ES_OK;
    size_t n_met = 0;
    if (!keep && v.group.same && !any_missing(p, &v, from, to)) {
        uint32_t group;
        status = find_group(p, &v, from, &group, errors);
        if (status || p->front[group].large)
            return status ? status : add_whole(p, eval, &v, p->front[group].large->archive, from, to, errors);
    }
    status = add_each(p, eval, &v, keep, from, to, &n_met, errors);
    for (size_t j = 0; j < n_met && !status; j++)
        status = add_chain(p, eval, &v, p->front[p->met[j]].large, errors);
    return status;
}

es_status es_front_pass_settle(es_front_pass *p, es_errors *errors) {
    es_status status = ES_OK;
    for (size_t g = 0; g < p->n_fronts && !status; g++)
        if (p->front[g].large)
            status = es_archive_settle(p->front[g].large->archive, errors);
    return status;
}

/* ---- boxes ---- */

typedef enum box_values { BOX_UNKNOWN, BOX_MISSING, BOX_COMPLETE } box_values;

/* The ideal point of a box, and whether all its points have it to go by. */
static box_values ideal_of_box(const es_front_pass *p, const es_boxes *boxes, size_t i, double *ideal) {
    const es_front_spec *spec = &p->sweep->front;
    box_values values = BOX_COMPLETE;
    for (size_t k = 0; k < spec->n_objectives; k++) {
        es_range r = es_boxes_range(boxes, (uint16_t)p->sweep->columns[spec->objective[k].column].node, i);
        if (r.state == ES_HAS_NAN)
            return BOX_MISSING;
        if (r.state != ES_HAS_VALUE)
            values = BOX_UNKNOWN;
        ideal[k] = spec->objective[k].maximize ? r.high : r.low;
    }
    return values;
}

static void minimise(const es_front_pass *p, double *value) {
    for (unsigned k = 0; k < p->pool.d; k++)
        value[k] = es_flipped(value[k], p->flip[k]);
}

bool es_front_pass_ideal(const es_front_pass *p, const es_boxes *boxes, size_t i, double *ideal) {
    if (ideal_of_box(p, boxes, i, ideal) != BOX_COMPLETE)
        return false;
    minimise(p, ideal);
    return true;
}

/* The key that all points of a box share. */
static bool key_of_box(const es_front_pass *p, const es_boxes *boxes, size_t i, double *key) {
    const es_front_spec *spec = &p->sweep->front;
    for (size_t k = 0; k < spec->n_by; k++) {
        es_range r = es_boxes_range(boxes, (uint16_t)p->sweep->columns[spec->by[k]].node, i);
        if (!es_range_is_fixed(r))
            return false;
        key[k] = r.low;
    }
    return true;
}

/* Whether all these points are behind the first value of an axis on which nothing depends: the vectors are those of
 * earlier points. */
static bool are_repeats(const es_front_pass *p, uint64_t first, uint64_t n) {
    for (size_t a = 0; p->free_axes >> a; a++) {
        const es_axis *axis = &p->sweep->axes[a];
        if (p->free_axes >> a & 1 && first / axis->stride % axis->n > 0 &&
            first / axis->stride / axis->n == (first + n - 1) / axis->stride / axis->n)
            return true;
    }
    return false;
}

bool es_front_pass_settles(es_front_pass *p, const es_boxes *boxes, size_t i, uint64_t first, uint64_t n,
                           bool certain) {
    double ideal[ES_MAX_OBJECTIVES], key[ES_MAX_BY] = {0};
    size_t group;
    box_values values = ideal_of_box(p, boxes, i, ideal);
    if (values == BOX_MISSING && certain) {
        p->missing += n;
        return true;
    }
    if (values == BOX_COMPLETE && p->n_fronts > 0 && are_repeats(p, first, n))
        return true;
    if (values != BOX_COMPLETE || !key_of_box(p, boxes, i, key) || !es_groups_lookup(&p->groups.groups, key, &group))
        return false;
    es_large_front *large = p->front[group].large;
    if (!large) {
        minimise(p, ideal);
        return es_small_covers(&p->front[group].small, p->pool.d, ideal, first);
    }
    es_archive_refresh(large->archive);
    return es_archive_covers(large->archive, ideal, first, &large->hint);
}

bool es_front_pass_mismatches(es_front_pass *p, const es_front_pass *finished, const es_boxes *boxes, size_t i,
                              uint64_t first, uint64_t n) {
    double ideal[ES_MAX_OBJECTIVES], key[ES_MAX_BY] = {0};
    size_t group;
    box_values values = ideal_of_box(p, boxes, i, ideal);
    if (values != BOX_COMPLETE)
        return values == BOX_MISSING;
    if (are_repeats(p, first, n))
        return true;
    if (!key_of_box(p, boxes, i, key))
        return false;
    if (!es_groups_lookup(&finished->groups.groups, key, &group))
        return true;
    const es_group_front *front = &finished->front[group];
    if (front->large)
        return es_archive_dominates(front->large->archive, ideal, &p->match_hint);
    minimise(p, ideal);
    return es_small_covers(&front->small, p->pool.d, ideal, 0) &&
           es_small_find(&front->small, p->pool.d, ideal) == SIZE_MAX;
}

static es_status merge_group(es_front_pass *p, uint32_t group, const es_group_front *from, es_errors *errors) {
    const unsigned d = p->pool.d;
    es_status status = know_group(p, group, errors);
    if (!status && from->large) {
        status = enlarge(p, group, errors);
        return status ? status : es_archive_merge(p->front[group].large->archive, from->large->archive, errors);
    }
    for (size_t i = 0; i < from->small.n && !status; i++) {
        es_group_front *to = &p->front[group];
        es_small_found found = ES_SMALL_FULL;
        if (!to->large)
            found = es_small_insert(&p->pool, &to->small, es_small_values(&from->small, d, i),
                                    es_small_index(&from->small, d, i));
        if (found == ES_SMALL_NO_MEMORY)
            status = es_fail_memory(errors);
        if (found != ES_SMALL_FULL)
            continue;
        status = enlarge(p, group, errors);
        return status ? status : pour(p, &from->small, p->front[group].large->archive, errors);
    }
    return status;
}

es_status es_front_pass_merge(es_front_pass *p, const es_front_pass *other, es_errors *errors) {
    es_status status = ES_OK;
    uint32_t *number = calloc(other->n_fronts + 1, sizeof *number);
    if (!number)
        return es_fail_memory(errors);
    for (size_t g = 0; g < other->n_fronts && !status; g++) {
        size_t group = 0;
        status = es_groups_find(&p->groups.groups, es_grouping_key(&other->groups, g), &group, errors);
        number[g] = (uint32_t)group;
        if (!status)
            status = merge_group(p, number[g], &other->front[g], errors);
    }
    if (!status)
        es_grouping_adopt(&p->groups, &other->groups, number);
    p->missing += other->missing;
    free(number);
    return status;
}

es_status es_front_pass_finish(es_front_pass *p, unsigned threads, es_errors *errors) {
    es_status status = ES_OK;
    for (size_t g = 0; g < p->n_fronts && !status; g++) {
        if (!p->front[g].large)
            continue;
        status = es_archive_unite(p->front[g].large->archive, threads, errors);
        if (!status)
            status = es_archive_finish(p->front[g].large->archive, errors);
    }
    return status;
}

double es_front_pass_greatest(const es_front_pass *p, unsigned objective) {
    double greatest = 0;
    for (size_t g = 0; g < p->n_fronts; g++) {
        const es_group_front *front = &p->front[g];
        const size_t n = front->large ? es_archive_count(front->large->archive) : front->small.n;
        const double *column = front->large ? es_archive_column(front->large->archive, objective) : NULL;
        for (size_t i = 0; i < n; i++)
            greatest =
                fmax(greatest, fabs(column ? column[i] : es_small_values(&front->small, p->pool.d, i)[objective]));
    }
    return greatest;
}

/* ---- second pass ---- */

/* The place of the point's vector on the front; SIZE_MAX: it has none. */
static size_t place_on_front(const es_front_pass *p, const es_group_front *front, const tile_view *v, size_t i) {
    double value[ES_MAX_OBJECTIVES];
    values_of(p, v, i, value); /* NaN equals nothing */
    if (!front->large)
        return es_small_find(&front->small, p->pool.d, value);
    for (unsigned k = 0; k < p->pool.d; k++)
        value[k] = es_flipped(value[k], p->flip[k]);
    return es_archive_find(front->large->archive, value);
}

/* Offsets in the tile and places on the front of the points that are there; gives their number. */
static size_t match_archive(es_front_pass *p, const es_archive *archive, const es_eval *eval, const tile_view *v,
                            size_t from, size_t to) {
    const double *column[ES_MAX_OBJECTIVES];
    for (size_t k = 0; k < p->sweep->front.n_objectives; k++)
        column[k] = v->objective[k] + from * v->objective_step[k];
    es_batch batch = {
        .n = to - from, .first_index = es_eval_first(eval) + from, .column = column, .uniform = v->uniform};
    es_archive_hint hint = {0};
    size_t found = es_archive_match(archive, &batch, &hint, p->met, p->position);
    for (size_t j = 0; j < found; j++)
        p->met[j] += (uint32_t)from;
    return found;
}

static size_t match_whole(es_front_pass *p, const es_archive *archive, const es_eval *eval, const tile_view *v,
                          uint8_t *keep, size_t from, size_t to) {
    size_t found = match_archive(p, archive, eval, v, from, to), kept = 0;
    for (size_t i = from, j = 0; i < to; i++) {
        bool match = j < found && p->met[j] == i;
        j += match;
        keep[i] = keep[i] && match;
        kept += keep[i];
    }
    return kept;
}

size_t es_front_pass_match(es_front_pass *p, const es_front_pass *finished, const es_eval *eval, uint8_t *keep,
                           size_t from, size_t to) {
    tile_view v = view_tile(p, eval);
    uint32_t group;
    size_t kept = 0;
    if (v.group.same) {
        if (!es_grouping_lookup(&p->groups, &v.group, from, &finished->groups, &group)) {
            memset(keep + from, 0, to - from);
            return 0;
        }
        if (finished->front[group].large)
            return match_whole(p, finished->front[group].large->archive, eval, &v, keep, from, to);
    }
    for (size_t i = from; i < to; i++) {
        if (!keep[i])
            continue;
        keep[i] = es_grouping_lookup(&p->groups, &v.group, i, &finished->groups, &group) &&
                  place_on_front(p, &finished->front[group], &v, i) != SIZE_MAX;
        kept += keep[i];
    }
    return kept;
}

/* ---- ties ---- */

const es_column es_front_ties_column = {.name = "ties", .unit = "", .whole = true};

static size_t vectors_of(const es_group_front *front) {
    return front->large ? es_archive_count(front->large->archive) : front->small.n;
}

es_status es_front_ties_init(es_front_ties *ties, const es_front_pass *finished, bool part, es_errors *errors) {
    const es_sweep *sweep = finished->sweep;
    const uint64_t free_axes = part ? 0 : es_sweep_free_axes(sweep);
    size_t n = 0;
    *ties = (es_front_ties){.first = calloc(finished->n_fronts + 1, sizeof *ties->first), .repeats = 1};
    for (size_t a = 0; a < sweep->n_axes; a++)
        ties->repeats *= free_axes >> a & 1 ? sweep->axes[a].n : 1;
    for (size_t g = 0; g < finished->n_fronts && ties->first; g++) {
        ties->first[g] = n;
        n += vectors_of(&finished->front[g]);
    }
    ties->count = calloc(n + 1, sizeof *ties->count);
    return ties->first && ties->count ? ES_OK : es_fail_memory(errors);
}

void es_front_ties_free(es_front_ties *ties) {
    free(ties->first), free(ties->count);
    *ties = (es_front_ties){0};
}

static void count_at(const es_front_pass *p, es_front_ties *ties, uint32_t group, size_t place, uint64_t index) {
    if (!are_repeats(p, index, 1))
        atomic_fetch_add_explicit(&ties->count[ties->first[group] + place], 1, memory_order_relaxed);
}

void es_front_pass_count(es_front_pass *p, const es_front_pass *finished, es_front_ties *ties, const es_eval *eval,
                         const uint8_t *keep, size_t from, size_t to) {
    const tile_view v = view_tile(p, eval);
    const uint64_t first = es_eval_first(eval);
    uint32_t group;
    if (v.group.same && !es_grouping_lookup(&p->groups, &v.group, from, &finished->groups, &group))
        return;
    if (v.group.same && finished->front[group].large) {
        const size_t found = match_archive(p, finished->front[group].large->archive, eval, &v, from, to);
        for (size_t j = 0; j < found; j++)
            if (keep[p->met[j]])
                count_at(p, ties, group, p->position[j], first + p->met[j]);
        return;
    }
    for (size_t i = from; i < to; i++) {
        if (!keep[i] || !es_grouping_lookup(&p->groups, &v.group, i, &finished->groups, &group))
            continue;
        const size_t place = place_on_front(p, &finished->front[group], &v, i);
        if (place != SIZE_MAX)
            count_at(p, ties, group, place, first + i);
    }
}

static int by_index(const void *a, const void *b) {
    const uint64_t x = ((const es_front_vector *)a)->index, y = ((const es_front_vector *)b)->index;
    return (x > y) - (x < y);
}

es_status es_front_pass_vectors(const es_front_pass *p, const es_front_ties *ties, es_front_vector **vector,
                                size_t *count, es_errors *errors) {
    *count = 0;
    for (size_t g = 0; g < p->n_fronts; g++)
        *count += vectors_of(&p->front[g]);
    *vector = calloc(*count + 1, sizeof **vector);
    if (!*vector)
        return es_fail_memory(errors);
    es_front_vector *to = *vector;
    for (size_t g = 0; g < p->n_fronts; g++) {
        const es_archive *archive = p->front[g].large ? p->front[g].large->archive : NULL;
        const size_t m = vectors_of(&p->front[g]);
        for (size_t i = 0; i < m; i++, to++) {
            to->index = archive ? es_archive_index(archive)[i] : es_small_index(&p->front[g].small, p->pool.d, i);
            to->ties = ties ? ties->count[ties->first[g] + i] * ties->repeats : 0;
        }
    }
    qsort(*vector, *count, sizeof **vector, by_index);
    return ES_OK;
}

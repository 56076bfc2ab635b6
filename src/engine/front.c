#include "engine/front.h"

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
    for (size_t g = 0; g < x->groups.count; g++)
        es_archive_free(x->archive[g]);
    es_groups_free(&x->groups);
    free(x->archive);
    pthread_mutex_destroy(&x->lock);
    free(x);
}

es_status es_front_pass_init(es_front_pass *p, const es_sweep *sweep, const es_program *program,
                             es_front_exchange *exchange, es_errors *errors) {
    *p = (es_front_pass){.sweep = sweep, .program = program, .exchange = exchange};
    es_groups_init(&p->groups, sweep->front.n_by);
    size_t points = es_program_tiling(program)->points;
    p->gather = calloc(points * sweep->front.n_objectives + 1, sizeof *p->gather);
    p->index = calloc(points + 1, sizeof *p->index);
    p->point = calloc(points + 1, sizeof *p->point);
    p->group = calloc(points + 1, sizeof *p->group);
    if (p->gather && p->index && p->point && p->group)
        return ES_OK;
    es_front_pass_free(p);
    return es_fail_memory(errors);
}

void es_front_pass_free(es_front_pass *p) {
    for (size_t g = 0; p->archive && g < p->groups.count; g++)
        es_archive_free(p->archive[g]);
    es_groups_free(&p->groups);
    free(p->archive), free(p->hint), free(p->gather), free(p->index), free(p->point), free(p->group);
    p->archive = NULL, p->hint = NULL, p->gather = NULL, p->index = NULL, p->point = NULL, p->group = NULL;
}

/* ---- the tile's columns ---- */

typedef struct tile_view {
    const double *objective[ES_MAX_OBJECTIVES], *by[ES_MAX_BY];
    size_t objective_step[ES_MAX_OBJECTIVES], by_step[ES_MAX_BY];
    uint32_t uniform; /* bit k: objective k */
    bool same_group;
} tile_view;

static const double *column_of(const es_front_pass *p, const es_eval *eval, int column, size_t *step) {
    uint16_t node = (uint16_t)p->sweep->columns[column].node;
    *step = !es_program_uniform(p->program, node);
    return es_eval_column(eval, node);
}

static tile_view view_tile(const es_front_pass *p, const es_eval *eval) {
    const es_front_spec *spec = &p->sweep->front;
    tile_view v = {.same_group = true};
    for (size_t k = 0; k < spec->n_objectives; k++) {
        v.objective[k] = column_of(p, eval, spec->objective[k].column, &v.objective_step[k]);
        if (!v.objective_step[k])
            v.uniform |= (uint32_t)1 << k;
    }
    for (size_t k = 0; k < spec->n_by; k++) {
        v.by[k] = column_of(p, eval, spec->by[k], &v.by_step[k]);
        v.same_group = v.same_group && !v.by_step[k];
    }
    return v;
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
    size_t known = x->groups.count, group;
    es_status status = es_groups_find(&x->groups, key, &group, errors);
    if (!status && x->groups.count > known) {
        if (!es_grow((void **)&x->archive, &x->capacity, group + 1, sizeof *x->archive))
            status = es_fail_memory(errors);
        if (!status)
            status = new_archive(spec, &x->archive[group], errors);
        if (status)
            x->groups.count = known;
    }
    *shared = status ? NULL : x->archive[group];
    return status;
}

static es_status add_archive(es_front_pass *p, size_t group, const double *key, es_errors *errors) {
    if (!es_grow((void **)&p->archive, &p->capacity, group + 1, sizeof *p->archive) ||
        !es_grow((void **)&p->hint, &p->hint_capacity, group + 1, sizeof *p->hint))
        return es_fail_memory(errors);
    es_archive *shared;
    p->hint[group] = (es_archive_hint){0};
    p->archive[group] = NULL;
    pthread_mutex_lock(&p->exchange->lock);
    es_status status = find_shared(p->exchange, &p->sweep->front, key, &shared, errors);
    if (!status)
        status = es_archive_join(shared, &p->archive[group], errors);
    pthread_mutex_unlock(&p->exchange->lock);
    return status;
}

static es_status find_group(es_front_pass *p, const double *key, size_t *group, es_errors *errors) {
    size_t known = p->groups.count;
    es_status status = es_groups_find(&p->groups, key, group, errors);
    if (status || p->groups.count == known)
        return status;
    status = add_archive(p, *group, key, errors);
    if (status)
        p->groups.count = known;
    return status;
}

static void key_of_point(const es_front_pass *p, const tile_view *v, size_t i, double *key) {
    for (size_t k = 0; k < p->sweep->front.n_by; k++)
        key[k] = v->by[k][i * v->by_step[k]];
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

static es_status add_whole(es_front_pass *p, const es_eval *eval, const tile_view *v, size_t from, size_t to,
                           es_errors *errors) {
    double key[ES_MAX_BY] = {0};
    const double *column[ES_MAX_OBJECTIVES];
    size_t group;
    key_of_point(p, v, 0, key);
    es_status status = find_group(p, key, &group, errors);
    if (status)
        return status;
    for (size_t k = 0; k < p->sweep->front.n_objectives; k++)
        column[k] = v->objective[k] + from * v->objective_step[k];
    es_batch batch = {
        .n = to - from, .first_index = es_eval_first(eval) + from, .column = column, .uniform = v->uniform};
    return es_archive_insert(p->archive[group], &batch, errors);
}

/* Points that are kept and complete, with their groups; counts the incomplete. */
static es_status select_points(es_front_pass *p, const tile_view *v, const uint8_t *keep, size_t from, size_t to,
                               size_t *n, es_errors *errors) {
    double key[ES_MAX_BY] = {0};
    for (size_t i = from; i < to; i++) {
        if (keep && !keep[i])
            continue;
        bool missing = false;
        for (size_t k = 0; k < p->sweep->front.n_objectives; k++) {
            missing = missing || es_is_missing(v->objective[k][i * v->objective_step[k]]);
        }
        if (missing) {
            p->missing++;
            continue;
        }
        size_t group;
        key_of_point(p, v, i, key);
        es_status status = find_group(p, key, &group, errors);
        if (status)
            return status;
        p->group[*n] = (uint32_t)group;
        p->point[(*n)++] = (uint16_t)i;
    }
    return ES_OK;
}

/* Hands the n selected points of one group over; they are those whose group is still unmarked and equal to `group`. */
static es_status add_group(es_front_pass *p, const es_eval *eval, const tile_view *v, uint32_t group, size_t start,
                           size_t n, es_errors *errors) {
    size_t d = p->sweep->front.n_objectives, points = es_program_tiling(p->program)->points, m = 0;
    const double *column[ES_MAX_OBJECTIVES];
    for (size_t j = start; j < n; j++) {
        if (p->group[j] != group)
            continue;
        p->group[j] = UINT32_MAX;
        size_t i = p->point[j];
        for (size_t k = 0; k < d; k++)
            p->gather[k * points + m] = v->objective[k][i * v->objective_step[k]];
        p->index[m++] = es_eval_first(eval) + i;
    }
    for (size_t k = 0; k < d; k++)
        column[k] = p->gather + k * points;
    es_batch batch = {.n = m, .index = p->index, .column = column};
    return es_archive_insert(p->archive[group], &batch, errors);
}

es_status es_front_pass_add(es_front_pass *p, const es_eval *eval, const uint8_t *keep, size_t from, size_t to,
                            es_errors *errors) {
    tile_view v = view_tile(p, eval);
    if (!keep && v.same_group && !any_missing(p, &v, from, to))
        return add_whole(p, eval, &v, from, to, errors);
    size_t n = 0;
    es_status status = select_points(p, &v, keep, from, to, &n, errors);
    for (size_t j = 0; j < n && !status; j++)
        if (p->group[j] != UINT32_MAX)
            status = add_group(p, eval, &v, p->group[j], j, n, errors);
    return status;
}

es_status es_front_pass_settle(es_front_pass *p, es_errors *errors) {
    es_status status = ES_OK;
    for (size_t g = 0; g < p->groups.count && !status; g++)
        status = es_archive_settle(p->archive[g], errors);
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

bool es_front_pass_ideal(const es_front_pass *p, const es_boxes *boxes, size_t i, double *ideal) {
    if (ideal_of_box(p, boxes, i, ideal) != BOX_COMPLETE)
        return false;
    for (size_t k = 0; k < p->sweep->front.n_objectives; k++)
        if (p->sweep->front.objective[k].maximize)
            ideal[k] = -ideal[k];
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
    if (values == BOX_COMPLETE && p->groups.count > 0 && are_repeats(p, first, n))
        return true;
    if (values != BOX_COMPLETE || !key_of_box(p, boxes, i, key) || !es_groups_lookup(&p->groups, key, &group))
        return false;
    es_archive_refresh(p->archive[group]);
    return es_archive_covers(p->archive[group], ideal, first, &p->hint[group]);
}

bool es_front_pass_mismatches(es_front_pass *p, const es_front_pass *finished, const es_boxes *boxes, size_t i) {
    double ideal[ES_MAX_OBJECTIVES], key[ES_MAX_BY] = {0};
    size_t group;
    box_values values = ideal_of_box(p, boxes, i, ideal);
    if (values != BOX_COMPLETE)
        return values == BOX_MISSING;
    if (!key_of_box(p, boxes, i, key))
        return false;
    return !es_groups_lookup(&finished->groups, key, &group) ||
           es_archive_dominates(finished->archive[group], ideal, &p->match_hint);
}

es_status es_front_pass_merge(es_front_pass *p, const es_front_pass *other, es_errors *errors) {
    es_status status = ES_OK;
    for (size_t g = 0; g < other->groups.count && !status; g++) {
        size_t group;
        status = find_group(p, other->groups.key + g * other->groups.width, &group, errors);
        if (!status)
            status = es_archive_merge(p->archive[group], other->archive[g], errors);
    }
    p->missing += other->missing;
    return status;
}

es_status es_front_pass_finish(es_front_pass *p, unsigned threads, es_errors *errors) {
    es_status status = ES_OK;
    for (size_t g = 0; g < p->groups.count && !status; g++) {
        status = es_archive_unite(p->archive[g], threads, errors);
        if (!status)
            status = es_archive_finish(p->archive[g], errors);
    }
    return status;
}

/* ---- second pass ---- */

static bool on_front(const es_front_pass *finished, const tile_view *v, size_t group, size_t i) {
    double value[ES_MAX_OBJECTIVES];
    for (size_t k = 0; k < finished->sweep->front.n_objectives; k++) {
        value[k] = v->objective[k][i * v->objective_step[k]];
        if (es_is_missing(value[k]))
            return false;
    }
    return es_archive_find(finished->archive[group], value) != SIZE_MAX;
}

static size_t match_whole(es_front_pass *p, const es_front_pass *finished, const es_eval *eval, const tile_view *v,
                          size_t group, uint8_t *keep, size_t from, size_t to) {
    const double *column[ES_MAX_OBJECTIVES];
    uint32_t *offset = p->group;
    for (size_t k = 0; k < p->sweep->front.n_objectives; k++)
        column[k] = v->objective[k] + from * v->objective_step[k];
    es_batch batch = {
        .n = to - from, .first_index = es_eval_first(eval) + from, .column = column, .uniform = v->uniform};
    es_archive_hint hint = {0};
    size_t found = es_archive_match(finished->archive[group], &batch, &hint, offset, NULL), kept = 0;
    for (size_t j = 0; j < found; j++)
        offset[j] += (uint32_t)from;
    for (size_t i = from, j = 0; i < to; i++) {
        bool match = j < found && offset[j] == i;
        j += match;
        keep[i] = keep[i] && match;
        kept += keep[i];
    }
    return kept;
}

size_t es_front_pass_match(es_front_pass *p, const es_front_pass *finished, const es_eval *eval, uint8_t *keep,
                           size_t from, size_t to) {
    tile_view v = view_tile(p, eval);
    double key[ES_MAX_BY] = {0};
    size_t group, kept = 0;
    if (v.same_group) {
        key_of_point(p, &v, 0, key);
        if (es_groups_lookup(&finished->groups, key, &group))
            return match_whole(p, finished, eval, &v, group, keep, from, to);
        memset(keep + from, 0, to - from);
        return 0;
    }
    for (size_t i = from; i < to; i++) {
        if (!keep[i])
            continue;
        key_of_point(p, &v, i, key);
        keep[i] = es_groups_lookup(&finished->groups, key, &group) && on_front(finished, &v, group, i);
        kept += keep[i];
    }
    return kept;
}

static int ascending(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

es_status es_front_pass_indices(const es_front_pass *p, uint64_t **index, size_t *count, es_errors *errors) {
    *count = 0;
    for (size_t g = 0; g < p->groups.count; g++)
        *count += es_archive_count(p->archive[g]);
    *index = calloc(*count + 1, sizeof **index);
    if (!*index)
        return es_fail_memory(errors);
    size_t n = 0;
    for (size_t g = 0; g < p->groups.count; g++) {
        size_t m = es_archive_count(p->archive[g]);
        if (m)
            memcpy(*index + n, es_archive_index(p->archive[g]), m * sizeof **index);
        n += m;
    }
    qsort(*index, n, sizeof **index, ascending);
    return ES_OK;
}

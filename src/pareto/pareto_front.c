#include "pareto/pareto_front.h"

#include <math.h>
#include <stdlib.h>

#include "pareto/pareto_filter.h"
#include "pareto/pareto_set.h"
#include "pareto/pareto_sieve.h"

/* ---- Sort-filter in rank space (Chomicki, Godfrey, Gryz, Liang: Skyline with presorting, ICDE 2003) ----
 * Points come by rising rank sum, so that no point dominates an earlier one.  They are taken in batches: all points of
 * a batch are tested against the front so far, then the remaining ones against each other; both in parallel. */

enum { FIRST_BATCH = 256, LAST_BATCH = 4096, POINT_GRAIN = 512, GATHER = 128 };

enum { DEAD = -1, NEW = -2 }; /* verdicts; others are the number in the batch of an earlier, equal point */

typedef struct scan {
    const es_ranked *ranked;
    es_ties ties;
    unsigned threads;
    es_set_find_fn *find;
    es_set front; /* ids: any */
    es_set fresh; /* ids: number in the batch, rising */
    int32_t (*code)[ES_MAX_OBJECTIVES];
    int32_t *verdict;
    uint8_t *keep; /* by position */
} scan;

/* Against the front so far.  A tie with a member is decided here: kept or not, it is not NEW. */
static void test_against_front(scan *s, uint32_t position, size_t j, uint32_t *hint) {
    const int32_t *code = s->code[j];
    uint32_t slot = s->find(&s->front, code, NULL, hint);
    s->verdict[j] = slot == ES_NOT_FOUND ? NEW : DEAD;
    if (slot != ES_NOT_FOUND && s->ties == ES_TIES_ALL && es_set_equals(&s->front, slot, code))
        s->keep[position] = 1;
}

/* Against earlier points of the batch that passed the front.  The first that reaches this one settles it: it dominates,
 * or it is equal and then both share their fate. */
static void test_against_batch(scan *s, uint32_t c) {
    uint32_t j = s->fresh.id[c];
    uint32_t slot = ES_SIMD_PICK(es_set_find_before)(&s->fresh, s->code[j], c);
    if (slot == ES_NOT_FOUND)
        return;
    s->verdict[j] = es_set_equals(&s->fresh, slot, s->code[j]) ? (int32_t)s->fresh.id[slot] : DEAD;
}

/* Objective by objective: the cache misses overlap. */
static void gather_codes(scan *s, const uint32_t *position, size_t begin, size_t end) {
    const es_ranked *ranked = s->ranked;
    for (unsigned k = 0; k < ranked->d; k++)
        for (size_t j = begin; j < end; j++)
            s->code[j][k] = ranked->rank[k * ranked->m + position[j]];
}

static void test_batch(scan *s, const uint32_t *position, size_t n) {
#pragma omp parallel num_threads(s->threads) if (s->threads > 1 && n >= 2 * POINT_GRAIN)
    {
        uint32_t hint = 0;
#pragma omp for schedule(dynamic, 1)
        for (size_t begin = 0; begin < n; begin += GATHER) {
            size_t end = begin + GATHER < n ? begin + GATHER : n;
            gather_codes(s, position, begin, end);
            for (size_t j = begin; j < end; j++)
                test_against_front(s, position[j], j, &hint);
        }
    }
}

static es_status collect_fresh(scan *s, size_t n, es_errors *errors) {
    es_status status = ES_OK;
    es_set_clear(&s->fresh);
    for (size_t j = 0; j < n && !status; j++)
        if (s->verdict[j] == NEW)
            status = es_set_append(&s->fresh, s->code[j], (uint32_t)j, errors);
    return status;
}

/* Ties follow their earlier twin; the others that are still NEW join the front. */
static es_status settle_fresh(scan *s, const uint32_t *position, es_errors *errors) {
    es_status status = ES_OK;
    for (uint32_t c = 0; c < s->fresh.n && !status; c++) {
        uint32_t j = s->fresh.id[c];
        bool is_tie = s->verdict[j] >= 0;
        if (is_tie)
            s->verdict[j] = s->verdict[s->verdict[j]];
        if (s->verdict[j] != NEW)
            continue;
        s->keep[position[j]] = !is_tie || s->ties == ES_TIES_ALL;
        if (!is_tie)
            status = es_set_append(&s->front, s->code[j], 0, errors);
    }
    if (!status && es_set_wants_rebuild(&s->front))
        status = es_set_rebuild(&s->front, errors);
    return status;
}

static es_status scan_batch(scan *s, const uint32_t *position, size_t n, es_errors *errors) {
    test_batch(s, position, n);
    es_status status = collect_fresh(s, n, errors);
    if (status)
        return status;
    unsigned threads = s->fresh.n >= POINT_GRAIN ? s->threads : 1;
#pragma omp parallel for schedule(dynamic, POINT_GRAIN / 4) num_threads(threads) if (threads > 1)
    for (uint32_t c = 0; c < s->fresh.n; c++)
        test_against_batch(s, c);
    return settle_fresh(s, position, errors);
}

static es_status scan_ranked(const es_ranked *ranked, es_ties ties, unsigned threads, uint8_t *keep,
                             es_errors *errors) {
    scan s = {.ranked = ranked, .ties = ties, .keep = keep, .threads = es_threads_for(threads, ranked->m, 8192)};
    s.find = ES_SIMD_PICK(es_set_find);
    es_set_init(&s.front, ranked->d);
    es_set_init(&s.fresh, ranked->d);
    s.front.threads = s.threads;
    size_t batch = ranked->m < LAST_BATCH ? ranked->m : LAST_BATCH;
    s.code = malloc(batch * sizeof *s.code);
    s.verdict = malloc(batch * sizeof *s.verdict);
    es_status status = s.code && s.verdict ? ES_OK : es_fail_memory(errors);
    for (size_t begin = 0, n; begin < ranked->m && !status; begin += n) {
        n = s.front.n < FIRST_BATCH ? FIRST_BATCH : s.front.n < LAST_BATCH ? s.front.n : LAST_BATCH;
        n = n < ranked->m - begin ? n : ranked->m - begin;
        status = scan_batch(&s, ranked->order + begin, n, errors);
    }
    es_set_free(&s.front);
    es_set_free(&s.fresh);
    free(s.code);
    free(s.verdict);
    return status;
}

/* ---- One group ---- */

static size_t close_up(uint32_t *index, const uint8_t *keep, size_t m) {
    size_t count = 0;
    for (size_t i = 0; i < m; i++)
        if (keep[i])
            index[count++] = index[i];
    return count;
}

/* Large sets are thinned by the front of a sample first. */
enum { LARGE = 32768, SAMPLE_STEP = 16 };

static es_status front_of_positions(const es_view *view, es_ties ties, unsigned threads, uint32_t *index, size_t *m,
                                    es_errors *errors);

static es_status thin_out(const es_view *view, unsigned threads, uint32_t *index, size_t *m, es_errors *errors) {
    uint32_t *sample = es_alloc_aligned(*m / SAMPLE_STEP + 1, sizeof *sample);
    if (!sample)
        return es_fail_memory(errors);
    size_t taken = es_take_sample(index, *m, SAMPLE_STEP, sample), count = taken;
    es_status status = front_of_positions(view, ES_TIES_ALL, threads, sample, &count, errors);
    if (!status && count <= taken / 2) /* else most points are on the front, or tie with it */
        status = es_sieve(view, sample, count, threads, index, m, errors);
    free(sample);
    return status;
}

/* Front of the points index[0, *m), which closes up to it. */
static es_status front_of_positions(const es_view *view, es_ties ties, unsigned threads, uint32_t *index, size_t *m,
                                    es_errors *errors) {
    es_status status = *m >= LARGE ? thin_out(view, threads, index, m, errors) : ES_OK;
    if (status)
        return status;
    es_ranked ranked = {0};
    uint8_t *keep = calloc(*m ? *m : 1, 1);
    status = keep ? es_ranked_init(&ranked, view, index, *m, threads, errors) : es_fail_memory(errors);
    if (!status)
        status = scan_ranked(&ranked, ties, threads, keep, errors);
    if (!status)
        *m = close_up(index, keep, *m);
    es_ranked_free(&ranked);
    free(keep);
    return status;
}

/* ---- Few points: pair by pair, for less than setting anything up costs ---- */

enum { FEW = 64 };

/* Whether b dominates a, or equals it and stands before it where only the first of equal points counts. */
static bool is_beaten(const double *a, const double *b, unsigned d, bool equals_beat) {
    bool better = false;
    for (unsigned k = 0; k < d; k++) {
        if (b[k] > a[k])
            return false;
        better = better || b[k] < a[k];
    }
    return better || equals_beat;
}

static size_t front_of_few(const es_view *view, es_ties ties, uint32_t *out, bool *finite) {
    double value[FEW][ES_MAX_OBJECTIVES];
    size_t count = 0;
    *finite = true;
    for (size_t i = 0; i < view->n; i++)
        for (unsigned k = 0; k < view->d; k++) {
            value[i][k] = es_view_at(view, k, i);
            *finite = *finite && isfinite(value[i][k]);
        }
    for (size_t i = 0; i < view->n; i++) {
        bool beaten = false;
        for (size_t j = 0; j < view->n && !beaten; j++)
            beaten = j != i && is_beaten(value[i], value[j], view->d, j < i && ties == ES_TIES_FIRST);
        if (!beaten)
            out[count++] = (uint32_t)i;
    }
    return count;
}

es_status es_front_of_view(const es_view *view, es_ties ties, unsigned threads, uint32_t *out, size_t *count,
                           bool *finite, es_errors *errors) {
    if (view->n <= FEW) {
        *count = front_of_few(view, ties, out, finite);
        return ES_OK;
    }
    es_status status = es_filter(view, threads, out, count, finite, errors);
    if (status || !*finite)
        return status;
    return front_of_positions(view, ties, threads, out, count, errors);
}

/* ---- Groups ---- */

enum { LARGE_GROUP = 65536 };

typedef struct groups {
    const es_points *points;
    const es_view *view;
    uint32_t *member; /* point indices, group by group */
    size_t *start;    /* n + 1 offsets into member */
    size_t n;
    es_group_fn *fn;
    void *context;
} groups;

static es_status sort_groups(groups *g, es_errors *errors) {
    size_t n = g->points->n;
    uint64_t *key = es_alloc_aligned(n, 3 * sizeof *key);
    g->member = malloc((n ? n : 1) * sizeof *g->member);
    if (!key || !g->member) {
        free(key);
        return es_fail_memory(errors);
    }
    for (size_t i = 0; i < n; i++)
        key[i] = g->points->group[i];
    es_radix_order(key, n, key + n, g->member);
    free(key);
    const uint32_t *group = g->points->group;
    for (size_t i = 0; i < n; i++)
        g->n += i == 0 || group[g->member[i]] != group[g->member[i - 1]];
    g->start = calloc(g->n + 1, sizeof *g->start);
    if (!g->start)
        return es_fail_memory(errors);
    for (size_t i = 0, at = 0; i < n; i++)
        if (i == 0 || group[g->member[i]] != group[g->member[i - 1]])
            g->start[at++] = i;
    g->start[g->n] = n;
    return ES_OK;
}

/* Copies the points of one group into columns of their own and hands them on. */
static es_status run_group(const groups *g, size_t which, unsigned threads, es_errors *errors) {
    const uint32_t *member = g->member + g->start[which];
    es_view view = *g->view;
    view.n = g->start[which + 1] - g->start[which];
    view.stride = 1;
    double *value = es_alloc_aligned(view.n, view.d * sizeof *value);
    if (!value)
        return es_fail_memory(errors);
    for (unsigned k = 0; k < view.d; k++) {
        double *to = value + k * view.n;
        for (size_t i = 0; i < view.n; i++)
            to[i] = g->view->column[k][member[i] * g->view->stride];
        view.column[k] = to;
    }
    es_status status = g->fn(g->context, &view, member, threads, errors);
    free(value);
    return status;
}

static es_status run_groups(const groups *g, unsigned threads, es_errors *errors) {
    es_status status = ES_OK;
    unsigned workers = es_threads_for(threads, g->points->n, LARGE_GROUP);
#pragma omp parallel for schedule(dynamic, 1) num_threads(workers) if (workers > 1)
    for (size_t i = 0; i < g->n; i++)
        if (g->start[i + 1] - g->start[i] < LARGE_GROUP && run_group(g, i, 1, NULL)) {
#pragma omp atomic write
            status = ES_ERUNTIME;
        }
    if (status)
        return es_fail_memory(errors);
    for (size_t i = 0; i < g->n && !status; i++)
        if (g->start[i + 1] - g->start[i] >= LARGE_GROUP)
            status = run_group(g, i, threads, errors);
    return status;
}

es_status es_for_each_group(const es_points *points, const es_view *view, unsigned threads, es_group_fn *fn,
                            void *context, es_errors *errors) {
    if (!points->group)
        return fn(context, view, NULL, threads, errors);
    groups g = {.points = points, .view = view, .fn = fn, .context = context};
    es_status status = sort_groups(&g, errors);
    if (!status)
        status = run_groups(&g, threads, errors);
    free(g.member);
    free(g.start);
    return status;
}

/* ---- The public call ---- */

void es_index_free(es_index *list) {
    free(list->index);
    *list = (es_index){0};
}

es_status es_index_from_marks(const uint8_t *mark, size_t n, es_index *list, es_errors *errors) {
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += mark[i] != 0;
    uint64_t *index = count ? malloc(count * sizeof *index) : NULL;
    if (count && !index)
        return es_fail_memory(errors);
    for (size_t i = 0, at = 0; i < n; i++)
        if (mark[i])
            index[at++] = i;
    *list = (es_index){.index = index, .count = count};
    return ES_OK;
}

typedef struct marking {
    es_ties ties;
    uint8_t *mark;
} marking;

static es_status mark_front(void *context, const es_view *view, const uint32_t *member, unsigned threads,
                            es_errors *errors) {
    marking *m = context;
    bool finite = true;
    size_t count = 0;
    uint32_t *front = malloc((view->n ? view->n : 1) * sizeof *front);
    if (!front)
        return es_fail_memory(errors);
    es_status status = es_front_of_view(view, m->ties, threads, front, &count, &finite, errors);
    for (size_t i = 0; i < count && !status; i++)
        m->mark[member[front[i]]] = 1;
    free(front);
    return status;
}

static es_status front_of_groups(const es_points *points, const es_view *view, es_ties ties, unsigned threads,
                                 es_index *front, es_errors *errors) {
    es_status status = es_points_check_finite(points, errors);
    if (status)
        return status;
    marking m = {.ties = ties, .mark = calloc(points->n ? points->n : 1, 1)};
    status = m.mark ? es_for_each_group(points, view, threads, mark_front, &m, errors) : es_fail_memory(errors);
    if (!status)
        status = es_index_from_marks(m.mark, points->n, front, errors);
    free(m.mark);
    return status;
}

es_status es_front(const es_points *points, es_ties ties, unsigned threads, es_index *front, es_errors *errors) {
    es_view view;
    es_status status = es_view_init(&view, points, errors);
    if (status)
        return status;
    if (points->group)
        return front_of_groups(points, &view, ties, threads, front, errors);
    bool finite = true;
    size_t count = 0;
    uint32_t *found = malloc((view.n ? view.n : 1) * sizeof *found);
    uint64_t *index = NULL;
    status = found ? es_front_of_view(&view, ties, threads, found, &count, &finite, errors) : es_fail_memory(errors);
    if (!status && !finite)
        status = es_points_check_finite(points, errors);
    if (!status && count && !(index = malloc(count * sizeof *index)))
        status = es_fail_memory(errors);
    if (!status) {
        for (size_t i = 0; i < count; i++)
            index[i] = found[i];
        *front = (es_index){.index = index, .count = count};
    }
    free(found);
    return status;
}

#include "pareto/pareto_tiers.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "pareto/pareto_filter.h"
#include "pareto/pareto_rank.h"

/* Tiers less than RATIO times as large as the next smaller one, or as SMALL, are merged with it. */
enum { RATIO = 2, SMALL = 512, GRAIN = 4096 };

struct es_tiers {
    unsigned d;
    _Atomic uint64_t version; /* changed under the lock */
    pthread_mutex_t lock;     /* over all below, and the users and busy of tiers */
    unsigned users;
    es_tier_list all; /* in no order */
};

/* ---- tiers ---- */

static void tier_free(es_tier *tier) {
    if (!tier)
        return;
    es_set_free(&tier->set);
    free(tier->row);
    free(tier->index);
    free(tier);
}

static es_tier *tier_new(unsigned d, size_t n) {
    es_tier *tier = calloc(1, sizeof *tier);
    if (!tier)
        return NULL;
    es_set_init(&tier->set, d);
    tier->row = es_alloc_aligned(n, d * sizeof *tier->row);
    tier->index = es_alloc_aligned(n, sizeof *tier->index);
    if (tier->row && tier->index)
        return tier;
    tier_free(tier);
    return NULL;
}

static es_status index_rows(es_tier *tier, es_errors *errors) {
    unsigned d = tier->set.d;
    for (size_t i = 0; i < tier->n; i++)
        for (unsigned k = 0; k < d; k++)
            if (!i || tier->row[i * d + k] < tier->low[k])
                tier->low[k] = tier->row[i * d + k];
    return es_set_fill(&tier->set, tier->row, NULL, tier->n, errors);
}

static void add_row(es_tier *tier, const double *row, uint64_t index) {
    unsigned d = tier->set.d;
    memcpy(tier->row + tier->n * d, row, d * sizeof *row);
    tier->index[tier->n++] = index;
}

static uint32_t find(const es_tier *tier, const double *point, bool strict, uint32_t exclude, uint32_t *block) {
    int32_t code[ES_MAX_OBJECTIVES];
    for (unsigned k = 0; k < tier->set.d; k++) {
        if (point[k] < tier->low[k])
            return ES_NOT_FOUND;
        code[k] = es_set_code_of(&tier->set, k, point[k]);
    }
    es_set_confirm confirm = {.row = tier->row, .point = point, .strict = strict, .exclude = exclude};
    uint32_t slot = ES_SIMD_PICK(es_set_find)(&tier->set, code, &confirm, block);
    return slot == ES_NOT_FOUND ? slot : tier->set.id[slot];
}

uint32_t es_tier_find(const es_tier *tier, const double *point, uint32_t *block) {
    return find(tier, point, false, ES_NOT_FOUND, block);
}

/* Rows that others of the same tier dominate leave it. */
static es_status reduce(es_tier *tier, es_errors *errors) {
    unsigned d = tier->set.d;
    uint8_t *kept = malloc(tier->n + 1);
    if (!kept)
        return es_fail_memory(errors);
    uint32_t block = 0;
    for (size_t i = 0; i < tier->n; i++)
        kept[i] = find(tier, tier->row + i * d, true, (uint32_t)i, &block) == ES_NOT_FOUND;
    size_t n = 0;
    for (size_t i = 0; i < tier->n; i++) {
        if (!kept[i])
            continue;
        memmove(tier->row + n * d, tier->row + i * d, d * sizeof *tier->row);
        tier->index[n++] = tier->index[i];
    }
    free(kept);
    if (n == tier->n)
        return ES_OK;
    tier->n = n;
    return index_rows(tier, errors);
}

static es_status tier_of_rows(es_tier **tier, unsigned d, const double *row, const uint64_t *index, size_t n,
                              es_errors *errors) {
    es_tier *t = *tier = tier_new(d, n);
    if (!t)
        return es_fail_memory(errors);
    for (size_t i = 0; i < n; i++)
        add_row(t, row + i * d, index[i]);
    es_status status = index_rows(t, errors);
    if (!status)
        status = reduce(t, errors);
    if (status) {
        tier_free(t);
        *tier = NULL;
    }
    return status;
}

static bool same_row(const double *a, const double *b, unsigned d) {
    for (unsigned k = 0; k < d; k++)
        if (a[k] != b[k])
            return false;
    return true;
}

/* kept[slot]: whether no vector of `other` dominates the row in this slot.  Neighbouring slots are neighbours in space,
 * so that one's answer is often the next one's. */
static void mark_undominated(const es_tier *tier, const es_tier *other, unsigned threads, uint8_t *kept) {
    uint32_t block = 0;
#pragma omp parallel for num_threads(threads) firstprivate(block) schedule(static) if (threads > 1)
    for (size_t slot = 0; slot < tier->n; slot++) {
        const double *row = tier->row + (size_t)tier->set.id[slot] * tier->set.d;
        kept[slot] = find(other, row, true, ES_NOT_FOUND, &block) == ES_NOT_FOUND;
    }
}

/* The same, and for equality too: of two equal rows that of `other` stays, with the lower index of both. */
static void mark_unreached(const es_tier *tier, const es_tier *other, uint64_t *other_index, unsigned threads,
                           uint8_t *kept) {
    uint32_t block = 0;
#pragma omp parallel for num_threads(threads) firstprivate(block) schedule(static) if (threads > 1)
    for (size_t slot = 0; slot < tier->n; slot++) {
        uint32_t id = tier->set.id[slot];
        const double *row = tier->row + (size_t)id * tier->set.d;
        uint32_t hit = find(other, row, false, ES_NOT_FOUND, &block);
        kept[slot] = hit == ES_NOT_FOUND;
        /* Only one row equals that of `hit`, so that no two threads look at one other_index. */
        if (!kept[slot] && same_row(row, other->row + (size_t)hit * tier->set.d, tier->set.d) &&
            tier->index[id] < other_index[hit])
            other_index[hit] = tier->index[id];
    }
}

static void add_kept(es_tier *to, const es_tier *from, const uint64_t *index, const uint8_t *kept) {
    for (size_t slot = 0; slot < from->n; slot++) {
        uint32_t id = from->set.id[slot];
        if (kept[slot])
            add_row(to, from->row + (size_t)id * from->set.d, index[id]);
    }
}

static es_status merge(es_tier **merged, const es_tier *a, const es_tier *b, unsigned threads, es_errors *errors) {
    if (a->n + b->n >= INT32_MAX)
        return es_fail(errors, ES_ERUNTIME, NULL, "front of more than %ld points", (long)INT32_MAX - 1);
    threads = es_threads_for(threads, a->n + b->n, GRAIN);
    es_tier *m = *merged = tier_new(a->set.d, a->n + b->n);
    uint8_t *kept_a = malloc(a->n + 1), *kept_b = malloc(b->n + 1);
    uint64_t *index_a = es_alloc_aligned(a->n, sizeof *index_a);
    es_status status = m && kept_a && kept_b && index_a ? ES_OK : es_fail_memory(errors);
    if (!status) {
        memcpy(index_a, a->index, a->n * sizeof *index_a);
        mark_unreached(b, a, index_a, threads, kept_b);
        mark_undominated(a, b, threads, kept_a);
        add_kept(m, a, index_a, kept_a);
        add_kept(m, b, b->index, kept_b);
        m->set.threads = threads;
        status = index_rows(m, errors);
    }
    free(kept_a);
    free(kept_b);
    free(index_a);
    if (status) {
        tier_free(m);
        *merged = NULL;
    }
    return status;
}

/* The same tier with its rows by rising index. */
static es_status order_tier(es_tier **ordered, const es_tier *tier, unsigned threads, es_errors *errors) {
    es_tier *t = *ordered = tier_new(tier->set.d, tier->n);
    uint64_t *pair = es_alloc_aligned(tier->n, 2 * sizeof *pair);
    uint32_t *order = es_alloc_aligned(tier->n, sizeof *order);
    es_status status = t && pair && order ? ES_OK : es_fail_memory(errors);
    if (!status) {
        es_radix_order(tier->index, tier->n, pair, order);
        for (size_t i = 0; i < tier->n; i++)
            add_row(t, tier->row + (size_t)order[i] * tier->set.d, tier->index[order[i]]);
        t->ordered = true;
        t->set.threads = es_threads_for(threads, t->n, GRAIN);
        status = index_rows(t, errors);
    }
    free(pair);
    free(order);
    if (status) {
        tier_free(t);
        *ordered = NULL;
    }
    return status;
}

/* ---- lists; the lock is held ---- */

static bool reserve(es_tier_list *list, size_t n) {
    if (n <= list->capacity)
        return true;
    es_tier **tier = realloc(list->tier, (n + n / 2) * sizeof(es_tier *));
    if (!tier)
        return false;
    list->tier = tier;
    list->capacity = n + n / 2;
    return true;
}

static void release(es_tier *tier) {
    if (!--tier->users)
        tier_free(tier);
}

static void empty(es_tier_list *list) {
    for (size_t i = 0; i < list->n; i++)
        release(list->tier[i]);
    list->n = 0;
}

static void changed(es_tiers *tiers) { tiers->all.version = ++tiers->version; }

static bool append(es_tiers *tiers, es_tier *tier) {
    if (!reserve(&tiers->all, tiers->all.n + 1))
        return false;
    tiers->all.tier[tiers->all.n++] = tier;
    tier->users = 1;
    changed(tiers);
    return true;
}

static void drop(es_tiers *tiers, es_tier *tier) {
    es_tier_list *all = &tiers->all;
    size_t i = 0;
    while (all->tier[i] != tier)
        i++;
    all->tier[i] = all->tier[--all->n];
    release(tier);
    changed(tiers);
}

static void copy_list(const es_tiers *tiers, es_tier_list *list) {
    const es_tier_list *all = &tiers->all;
    if (!reserve(list, all->n))
        return;
    for (size_t i = 0; i < all->n; i++)
        all->tier[i]->users++;
    empty(list);
    for (size_t i = 0; i < all->n; i++) {
        size_t at = list->n++;
        for (; at > 0 && list->tier[at - 1]->n < all->tier[i]->n; at--)
            list->tier[at] = list->tier[at - 1];
        list->tier[at] = all->tier[i];
    }
    list->version = all->version;
}

/* The next larger one that nobody is merging; NULL: none. */
static es_tier *next_larger(const es_tiers *tiers, size_t than) {
    es_tier *const *tier = tiers->all.tier, *next = NULL;
    size_t n = tier[than]->n;
    for (size_t i = 0; i < tiers->all.n; i++)
        if (i != than && !tier[i]->busy && (tier[i]->n > n || (tier[i]->n == n && i > than)))
            next = next && next->n <= tier[i]->n ? next : tier[i];
    return next;
}

/* The smallest two neighbours in size that nobody is merging, the larger one first: of less than `ratio` when it is not
 * 0.  False when there are none. */
static bool choose_two(const es_tiers *tiers, size_t ratio, es_tier *two[2]) {
    two[0] = two[1] = NULL;
    for (size_t i = 0; i < tiers->all.n; i++) {
        es_tier *tier = tiers->all.tier[i], *next = tier->busy ? NULL : next_larger(tiers, i);
        if (!next || (two[1] && two[1]->n <= tier->n))
            continue;
        if (ratio && next->n >= ratio * (tier->n > SMALL ? tier->n : SMALL))
            continue;
        two[0] = next;
        two[1] = tier;
    }
    return two[0];
}

/* Replaces two tiers by what is left of both; the lock is open meanwhile. */
static es_status replace(es_tiers *tiers, es_tier *two[2], unsigned threads, es_errors *errors) {
    es_tier *merged = NULL;
    two[0]->busy = two[1]->busy = true;
    pthread_mutex_unlock(&tiers->lock);
    es_status status = merge(&merged, two[0], two[1], threads, errors);
    pthread_mutex_lock(&tiers->lock);
    two[0]->busy = two[1]->busy = false;
    if (!status && !append(tiers, merged)) {
        tier_free(merged);
        status = es_fail_memory(errors);
    }
    if (!status) {
        drop(tiers, two[0]);
        drop(tiers, two[1]);
    }
    return status;
}

/* ---- users ---- */

es_status es_tiers_new(es_tiers **tiers, unsigned d, es_errors *errors) {
    es_tiers *t = calloc(1, sizeof *t);
    *tiers = NULL;
    if (!t || pthread_mutex_init(&t->lock, NULL)) {
        free(t);
        return es_fail_memory(errors);
    }
    t->d = d;
    t->users = 1;
    *tiers = t;
    return ES_OK;
}

es_tiers *es_tiers_join(es_tiers *tiers) {
    pthread_mutex_lock(&tiers->lock);
    tiers->users++;
    pthread_mutex_unlock(&tiers->lock);
    return tiers;
}

void es_tiers_leave(es_tiers *tiers, es_tier_list *list) {
    pthread_mutex_lock(&tiers->lock);
    empty(list);
    bool last = !--tiers->users;
    pthread_mutex_unlock(&tiers->lock);
    free(list->tier);
    *list = (es_tier_list){0};
    if (!last)
        return;
    empty(&tiers->all);
    free(tiers->all.tier);
    pthread_mutex_destroy(&tiers->lock);
    free(tiers);
}

void es_tiers_clear(es_tiers *tiers, es_tier_list *list) {
    pthread_mutex_lock(&tiers->lock);
    empty(&tiers->all);
    changed(tiers);
    copy_list(tiers, list);
    pthread_mutex_unlock(&tiers->lock);
}

void es_tiers_refresh(es_tiers *tiers, es_tier_list *list) {
    if (atomic_load_explicit(&tiers->version, memory_order_relaxed) == list->version)
        return;
    pthread_mutex_lock(&tiers->lock);
    copy_list(tiers, list);
    pthread_mutex_unlock(&tiers->lock);
}

es_status es_tiers_add(es_tiers *tiers, es_tier_list *list, const double *row, const uint64_t *index, size_t n,
                       es_errors *errors) {
    es_tier *tier = NULL, *two[2];
    es_status status = tier_of_rows(&tier, tiers->d, row, index, n, errors);
    if (status)
        return status;
    pthread_mutex_lock(&tiers->lock);
    if (!append(tiers, tier)) {
        tier_free(tier);
        status = es_fail_memory(errors);
    }
    while (!status && choose_two(tiers, RATIO, two))
        status = replace(tiers, two, 1, errors);
    copy_list(tiers, list);
    pthread_mutex_unlock(&tiers->lock);
    return status;
}

/* Puts an ordered tier in the place of the only one. */
static es_status order_single(es_tiers *tiers, unsigned threads, es_errors *errors) {
    es_tier *single = tiers->all.n ? tiers->all.tier[0] : NULL, *ordered = NULL;
    if (single && single->ordered)
        return ES_OK;
    es_status status = single ? order_tier(&ordered, single, threads, errors)
                              : tier_of_rows(&ordered, tiers->d, NULL, NULL, 0, errors);
    if (!status && !append(tiers, ordered)) {
        tier_free(ordered);
        status = es_fail_memory(errors);
    }
    if (!status && single)
        drop(tiers, single);
    return status;
}

es_status es_tiers_unite(es_tiers *tiers, es_tier_list *list, unsigned threads, es_errors *errors) {
    es_tier *two[2];
    es_status status = ES_OK;
    pthread_mutex_lock(&tiers->lock);
    empty(list); /* so that a tier's memory goes as soon as it is merged */
    while (!status && choose_two(tiers, 0, two))
        status = replace(tiers, two, threads, errors);
    if (!status)
        status = order_single(tiers, threads, errors);
    copy_list(tiers, list);
    if (!status && list->version != tiers->all.version)
        status = es_fail_memory(errors);
    pthread_mutex_unlock(&tiers->lock);
    return status;
}

#include "pareto/pareto_archive.h"

#include <math.h>
#include <stdlib.h>

#include "pareto/pareto_filter.h"
#include "pareto/pareto_tiers.h"

/* Vectors are pending, in a scanned set of their own, or in the tiers, which other archives may share.  No vector is
 * pending twice. */
struct es_archive {
    unsigned d;
    uint64_t flip[ES_MAX_OBJECTIVES];
    es_tiers *tiers;
    es_tier_list known;
    size_t n, capacity;                                       /* pending */
    double *row;                                              /* n x d minimised values, zeros positive */
    uint64_t *index;                                          /* n */
    es_set pending;                                           /* slots and ids: rows */
    uint64_t low[ES_MAX_OBJECTIVES], high[ES_MAX_OBJECTIVES]; /* order keys that its codes tell apart; high 0: none */
    es_archive_hint insert_hint;
    bool finished;    /* nothing pending, one tier */
    double *column;   /* d x n values as given, when finished */
    uint64_t *bucket; /* open addressing: upper half of the hash, row + 1; 0: empty */
    size_t bucket_mask;
};

enum { MOST_PENDING = 512, CHUNK = 1024, SUB_TILE = 16, RECENT = 64 };
enum { THIN_ROUNDS = 16, THIN_GAIN = 8, FEW_LEFT = 8 }; /* a round takes out one in so many, or is the last */

static es_archive *allocate(unsigned d, const uint64_t *flip) {
    es_archive *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    a->d = d;
    memcpy(a->flip, flip, sizeof a->flip);
    es_set_init(&a->pending, d);
    return a;
}

es_status es_archive_new(unsigned d, const es_direction *direction, es_archive **archive, es_errors *errors) {
    uint64_t flip[ES_MAX_OBJECTIVES] = {0};
    es_status status = es_flips_init(flip, d, direction, errors);
    if (status)
        return status;
    es_archive *a = allocate(d, flip);
    if (!a)
        return es_fail_memory(errors);
    status = es_tiers_new(&a->tiers, d, errors);
    if (status)
        free(a);
    else
        *archive = a;
    return status;
}

es_status es_archive_join(const es_archive *with, es_archive **archive, es_errors *errors) {
    es_archive *a = *archive = allocate(with->d, with->flip);
    if (!a)
        return es_fail_memory(errors);
    a->tiers = es_tiers_join(with->tiers);
    return ES_OK;
}

static void unfinish(es_archive *archive) {
    if (!archive->finished)
        return;
    free(archive->column);
    free(archive->bucket);
    archive->column = NULL;
    archive->bucket = NULL;
    archive->finished = false;
}

void es_archive_free(es_archive *archive) {
    if (!archive)
        return;
    unfinish(archive);
    es_tiers_leave(archive->tiers, &archive->known);
    es_set_free(&archive->pending);
    free(archive->row);
    free(archive->index);
    free(archive);
}

static void drop_pending(es_archive *archive) {
    es_set_clear(&archive->pending);
    archive->n = 0;
}

/* Gives the memory of what was pending back: there may be an archive for each of a million groups. */
static void release_pending(es_archive *archive) {
    drop_pending(archive);
    es_set_release(&archive->pending);
    free(archive->row);
    free(archive->index);
    archive->row = NULL;
    archive->index = NULL;
    archive->capacity = 0;
}

void es_archive_clear(es_archive *archive) {
    unfinish(archive);
    es_tiers_clear(archive->tiers, &archive->known);
    drop_pending(archive);
}

void es_archive_refresh(es_archive *archive) { es_tiers_refresh(archive->tiers, &archive->known); }

/* ---- Queries ---- */

/* A vector that is no worse than a point in any objective. */
typedef struct reaching {
    const double *row; /* NULL: none */
    uint64_t index;
} reaching;

static void code_of_pending(const es_archive *archive, const double *point, int32_t *code) {
    for (unsigned k = 0; k < archive->d; k++)
        code[k] = es_set_code_of(&archive->pending, k, point[k]);
}

static uint32_t find_pending(const es_archive *archive, const double *point, uint32_t *block) {
    int32_t code[ES_MAX_OBJECTIVES];
    code_of_pending(archive, point, code);
    es_set_confirm confirm = {.row = archive->row, .point = point, .exclude = ES_NOT_FOUND};
    return ES_SIMD_PICK(es_set_find)(&archive->pending, code, &confirm, block);
}

/* In tier t of those known, or among the pending for one more. */
static reaching find_in(const es_archive *archive, size_t t, const double *point, uint32_t *block) {
    const es_tier *tier = t < archive->known.n ? archive->known.tier[t] : NULL;
    const double *rows = tier ? tier->row : archive->row;
    const uint64_t *index = tier ? tier->index : archive->index;
    uint32_t row = tier ? es_tier_find(tier, point, block) : find_pending(archive, point, block);
    reaching found = {NULL, 0};
    if (row != ES_NOT_FOUND) {
        found.row = rows + (size_t)row * archive->d;
        found.index = index[row];
    }
    return found;
}

/* Where the last one was found first: neighbours in the grid are beaten by the same vectors. */
static reaching find_reaching(const es_archive *archive, const double *point, es_archive_hint *hint) {
    size_t last = archive->known.n, first = hint->tier <= last ? hint->tier : last;
    reaching r = find_in(archive, first, point, &hint->block);
    for (size_t t = 0; t <= last && !r.row; t++) {
        uint32_t block = UINT32_MAX;
        if (t == first)
            continue;
        r = find_in(archive, t, point, &block);
        if (r.row)
            *hint = (es_archive_hint){block, (uint32_t)t};
    }
    return r;
}

static bool is_same(const es_archive *archive, const double *row, const double *point) {
    for (unsigned k = 0; k < archive->d; k++)
        if (row[k] != point[k])
            return false;
    return true;
}

static bool covers_minimised(const es_archive *archive, const double *point, uint64_t index, es_archive_hint *hint) {
    reaching r = find_reaching(archive, point, hint);
    return r.row && (r.index <= index || !is_same(archive, r.row, point));
}

/* False when a value is NaN. */
static bool minimise(const es_archive *archive, const double *value, double *point) {
    bool is_number = true;
    for (unsigned k = 0; k < archive->d; k++) {
        point[k] = es_flipped(value[k], archive->flip[k]);
        is_number &= !isnan(point[k]);
    }
    return is_number;
}

/* A vector dominates the point, minimised. */
static bool is_beaten(const es_archive *archive, const double *point, es_archive_hint *hint) {
    reaching r = find_reaching(archive, point, hint);
    return r.row && !is_same(archive, r.row, point);
}

bool es_archive_dominates(const es_archive *archive, const double *ideal, es_archive_hint *hint) {
    double point[ES_MAX_OBJECTIVES];
    return minimise(archive, ideal, point) && is_beaten(archive, point, hint);
}

bool es_archive_covers(const es_archive *archive, const double *ideal, uint64_t first_index, es_archive_hint *hint) {
    double point[ES_MAX_OBJECTIVES];
    return minimise(archive, ideal, point) && covers_minimised(archive, point, first_index, hint);
}

/* ---- Settling ---- */

es_status es_archive_settle(es_archive *archive, es_errors *errors) {
    if (!archive->n)
        return ES_OK;
    es_status status = es_tiers_add(archive->tiers, &archive->known, archive->row, archive->index, archive->n, errors);
    drop_pending(archive);
    return status;
}

/* ---- Inserting ---- */

static es_status reserve_rows(es_archive *archive, size_t n, es_errors *errors) {
    if (n <= archive->capacity)
        return ES_OK;
    size_t capacity = n + n / 2;
    double *row = realloc(archive->row, capacity * archive->d * sizeof *row);
    if (row)
        archive->row = row;
    uint64_t *index = realloc(archive->index, capacity * sizeof *index);
    if (index)
        archive->index = index;
    if (!row || !index)
        return es_fail_memory(errors);
    archive->capacity = capacity;
    return ES_OK;
}

/* a is no worse than b in any objective. */
static bool reaches(const double *a, const double *b, unsigned d) {
    for (unsigned k = 0; k < d; k++)
        if (a[k] > b[k])
            return false;
    return true;
}

/* Makes room for a key, and as much again so that this seldom happens; true when codes have changed. */
static bool widen(es_archive *archive, unsigned k, double value) {
    uint64_t key = (uint64_t)es_order_key(value) ^ ES_SIGN_BIT, low = archive->low[k], high = archive->high[k];
    if (high && low <= key && key <= high)
        return false;
    uint64_t span = high - low;
    if (!high)
        low = high = key;
    else if (key < low)
        low = key > span ? key - span : 0;
    else
        high = key < UINT64_MAX - span ? key + span : UINT64_MAX;
    unsigned bits = high > low ? 64 - (unsigned)__builtin_clzll(high - low) : 0;
    archive->low[k] = archive->pending.code_base[k] = low;
    archive->high[k] = high;
    archive->pending.code_shift[k] = bits > 30 ? bits - 30 : 0;
    return true;
}

/* Codes resolve the range of all that has been pending. */
static void choose_codes(es_archive *archive, const double *point) {
    int32_t code[ES_MAX_OBJECTIVES];
    bool changed = false;
    for (unsigned k = 0; k < archive->d; k++)
        changed |= widen(archive, k, point[k]);
    for (size_t i = 0; i < archive->n && changed; i++) {
        code_of_pending(archive, archive->row + i * archive->d, code);
        es_set_replace(&archive->pending, (uint32_t)i, code);
    }
}

static void set_pending(es_archive *archive, size_t row, const double *point, uint64_t index) {
    memcpy(archive->row + row * archive->d, point, archive->d * sizeof *point);
    archive->index[row] = index;
}

/* Takes the place of a late vector that it dominates: neighbours in a grid are often better all along an axis. */
static bool replaces_recent(es_archive *archive, const double *point, uint64_t index, const int32_t *code) {
    size_t first = archive->n < RECENT ? 0 : archive->n - RECENT;
    for (size_t i = archive->n; i-- > first;) {
        if (!reaches(point, archive->row + i * archive->d, archive->d))
            continue;
        set_pending(archive, i, point, index);
        es_set_replace(&archive->pending, (uint32_t)i, code);
        return true;
    }
    return false;
}

static es_status append(es_archive *archive, const double *point, uint64_t index, es_errors *errors) {
    int32_t code[ES_MAX_OBJECTIVES];
    choose_codes(archive, point);
    code_of_pending(archive, point, code);
    if (replaces_recent(archive, point, index, code))
        return ES_OK;
    es_status status = reserve_rows(archive, archive->n + 1, errors);
    if (!status)
        status = es_set_append(&archive->pending, code, (uint32_t)archive->n, errors);
    if (status)
        return status;
    set_pending(archive, archive->n++, point, index);
    return archive->n < MOST_PENDING ? ES_OK : es_archive_settle(archive, errors);
}

static es_status offer(es_archive *archive, const double *point, uint64_t index, es_errors *errors) {
    reaching r = find_reaching(archive, point, &archive->insert_hint);
    if (!r.row)
        return append(archive, point, index, errors);
    if (r.index <= index || !is_same(archive, r.row, point))
        return ES_OK;
    /* a higher index of the same vector: take the lower one, in place when the vector is pending */
    uint32_t block = UINT32_MAX, row = find_pending(archive, point, &block);
    if (row == ES_NOT_FOUND)
        return append(archive, point, index, errors);
    if (index < archive->index[row] && is_same(archive, archive->row + (size_t)row * archive->d, point))
        archive->index[row] = index;
    return ES_OK;
}

static es_status check_batch(const es_archive *archive, const es_batch *batch, es_errors *errors) {
    for (unsigned k = 0; k < archive->d; k++) {
        const double *value = batch->column[k];
        size_t n = batch->uniform >> k & 1 ? 1 : batch->n, i = 0;
        if (ES_SIMD_PICK(es_all_finite)(value, n))
            continue;
        while (isfinite(value[i]))
            i++;
        uint64_t index = batch->index ? batch->index[i] : batch->first_index + i;
        return es_fail(errors, ES_ERUNTIME, NULL, "point %llu: objective %u is %s, expected a finite number",
                       (unsigned long long)index, k + 1,
                       isnan(value[i]) ? "NaN"
                       : value[i] > 0  ? "infinity"
                                       : "-infinity");
    }
    return ES_OK;
}

static double value_in_batch(const es_archive *archive, const es_batch *batch, unsigned k, size_t i) {
    return es_flipped(batch->column[k][batch->uniform >> k & 1 ? 0 : i], archive->flip[k]);
}

static uint64_t index_in_batch(const es_batch *batch, size_t i) {
    return batch->index ? batch->index[i] : batch->first_index + i;
}

/* Ideal point, minimised, of points [begin, begin + n); values of uniform objectives are already in `ideal`. */
static void ideal_of(const es_archive *archive, const es_batch *batch, size_t begin, size_t n, double *ideal) {
    for (unsigned k = 0; k < archive->d; k++)
        if (!(batch->uniform >> k & 1))
            ideal[k] = ES_SIMD_PICK(es_column_minimum)(batch->column[k] + begin, archive->flip[k], n);
}

static void ideal_of_uniform(const es_archive *archive, const es_batch *batch, double *ideal) {
    for (unsigned k = 0; k < archive->d; k++)
        if (batch->uniform >> k & 1)
            ideal[k] = value_in_batch(archive, batch, k, 0);
}

static uint64_t lowest_index(const es_batch *batch, size_t begin, size_t n) {
    if (!batch->index)
        return batch->first_index + begin;
    uint64_t low = batch->index[begin];
    for (size_t i = begin + 1; i < begin + n; i++)
        low = batch->index[i] < low ? batch->index[i] : low;
    return low;
}

static unsigned count_varying(const es_archive *archive, const es_batch *batch) {
    return archive->d - (unsigned)__builtin_popcount(batch->uniform & ((1u << archive->d) - 1));
}

/* At most one objective varies: only points at the ideal can survive, and of those the lowest index. */
static es_status offer_best(es_archive *archive, const es_batch *batch, size_t begin, size_t n, const double *ideal,
                            es_errors *errors) {
    uint64_t lowest = UINT64_MAX;
    unsigned k = 0;
    while (k + 1 < archive->d && batch->uniform >> k & 1)
        k++;
    for (size_t i = begin; i < begin + n; i++)
        if (value_in_batch(archive, batch, k, i) == ideal[k] && index_in_batch(batch, i) < lowest)
            lowest = index_in_batch(batch, i);
    return offer(archive, ideal, lowest, errors);
}

/* ---- Thinning: points of a chunk against each other ---- */

typedef struct thinning {
    double score[CHUNK]; /* infinity: dominated by another */
    uint8_t worse[CHUNK];
    double ideal[ES_MAX_OBJECTIVES];
    size_t n, left;
} thinning;

/* Sums of the objectives, each scaled to its range in the chunk. */
static void score_chunk(const es_archive *archive, const es_batch *batch, size_t begin, thinning *t) {
    memset(t->score, 0, t->n * sizeof *t->score);
    for (unsigned k = 0; k < archive->d; k++) {
        if (batch->uniform >> k & 1)
            continue;
        const double *value = batch->column[k] + begin;
        double high = -ES_SIMD_PICK(es_column_minimum)(value, ~archive->flip[k] & ES_SIGN_BIT, t->n);
        double scale = 1 / (high - t->ideal[k]);
        if (isfinite(scale) && scale > 0) /* else no range, or one beyond double */
            ES_SIMD_PICK(es_add_scores)(t->score, value, archive->flip[k], t->ideal[k], scale, t->n);
    }
}

/* Takes out what point `champion` dominates or equals; returns how many.  Equal points have equal scores, so that none
 * before the champion equals it. */
static size_t remove_worse(const es_archive *archive, const es_batch *batch, size_t begin, size_t champion,
                           thinning *t) {
    memset(t->worse, 1, t->n);
    for (unsigned k = 0; k < archive->d; k++)
        if (!(batch->uniform >> k & 1))
            ES_SIMD_PICK(es_mark_worse)
    (t->worse, batch->column[k] + begin, archive->flip[k], value_in_batch(archive, batch, k, begin + champion), t->n);
    size_t removed = 0;
    t->worse[champion] = 0;
    for (size_t i = 0; i < t->n; i++) {
        removed += t->worse[i] && t->score[i] < INFINITY;
        t->score[i] = t->worse[i] ? INFINITY : t->score[i];
    }
    return removed;
}

static bool is_ascending(const es_batch *batch, size_t begin, size_t n) {
    bool ascending = true;
    for (size_t i = begin + 1; batch->index && i < begin + n; i++)
        ascending &= batch->index[i - 1] < batch->index[i];
    return ascending;
}

/* Strong points take out many others while that pays. */
static void thin_chunk(const es_archive *archive, const es_batch *batch, size_t begin, thinning *t) {
    score_chunk(archive, batch, begin, t);
    t->left = t->n;
    if (!is_ascending(batch, begin, t->n))
        return;
    double *score = t->score, kept[THIN_ROUNDS];
    size_t champion[THIN_ROUNDS];
    unsigned rounds = 0;
    for (size_t removed = t->n; rounds < THIN_ROUNDS && removed * THIN_GAIN > t->left; rounds++) {
        champion[rounds] = ES_SIMD_PICK(es_least_score)(score, t->n);
        if (champion[rounds] == SIZE_MAX)
            break;
        removed = remove_worse(archive, batch, begin, champion[rounds], t);
        t->left -= removed;
        kept[rounds] = score[champion[rounds]];
        score[champion[rounds]] = INFINITY; /* not again */
    }
    while (rounds-- > 0)
        score[champion[rounds]] = kept[rounds];
}

/* Offers what is left of points [from, to), places in the chunk. */
static es_status offer_each(es_archive *archive, const es_batch *batch, size_t begin, size_t from, size_t to,
                            const thinning *t, double *point, es_errors *errors) {
    es_status status = ES_OK;
    for (size_t i = from; i < to && !status; i++) {
        if (!(t->score[i] < INFINITY))
            continue;
        for (unsigned k = 0; k < archive->d; k++)
            point[k] = value_in_batch(archive, batch, k, begin + i);
        status = offer(archive, point, index_in_batch(batch, begin + i), errors);
    }
    return status;
}

/* Tests the ideal of every few points that are left, then each of them. */
static es_status offer_left(es_archive *archive, const es_batch *batch, size_t begin, const thinning *t,
                            es_errors *errors) {
    double ideal[ES_MAX_OBJECTIVES];
    memcpy(ideal, t->ideal, sizeof ideal);
    if (t->left * FEW_LEFT < t->n)
        return offer_each(archive, batch, begin, 0, t->n, t, ideal, errors);
    es_status status = ES_OK;
    for (size_t at = 0; at < t->n && !status; at += SUB_TILE) {
        size_t few = t->n - at < SUB_TILE ? t->n - at : SUB_TILE;
        ideal_of_uniform(archive, batch, ideal);
        ideal_of(archive, batch, begin + at, few, ideal);
        if (!covers_minimised(archive, ideal, lowest_index(batch, begin + at, few), &archive->insert_hint))
            status = offer_each(archive, batch, begin, at, at + few, t, ideal, errors);
    }
    return status;
}

/* Tests the ideal of the whole chunk, then what is left of it after thinning. */
static es_status insert_chunk(es_archive *archive, const es_batch *batch, size_t begin, size_t n, es_errors *errors) {
    thinning t;
    t.n = n;
    ideal_of_uniform(archive, batch, t.ideal);
    ideal_of(archive, batch, begin, n, t.ideal);
    if (covers_minimised(archive, t.ideal, lowest_index(batch, begin, n), &archive->insert_hint))
        return ES_OK;
    es_status status;
    if (count_varying(archive, batch) <= 1) {
        status = offer_best(archive, batch, begin, n, t.ideal, errors);
    } else {
        thin_chunk(archive, batch, begin, &t);
        status = offer_left(archive, batch, begin, &t, errors);
    }
    return status;
}

es_status es_archive_insert(es_archive *archive, const es_batch *batch, es_errors *errors) {
    if (!batch->n)
        return ES_OK;
    es_status status = check_batch(archive, batch, errors);
    if (status)
        return status;
    unfinish(archive);
    es_archive_refresh(archive);
    for (size_t begin = 0; begin < batch->n && !status; begin += CHUNK)
        status = insert_chunk(archive, batch, begin, batch->n - begin < CHUNK ? batch->n - begin : CHUNK, errors);
    return status;
}

static es_status offer_rows(es_archive *archive, const double *row, const uint64_t *index, size_t n,
                            es_errors *errors) {
    es_status status = ES_OK;
    for (size_t i = 0; i < n && !status; i++)
        status = offer(archive, row + i * archive->d, index[i], errors);
    return status;
}

es_status es_archive_merge(es_archive *archive, const es_archive *from, es_errors *errors) {
    if (archive->d != from->d || memcmp(archive->flip, from->flip, sizeof archive->flip) != 0)
        return es_fail(errors, ES_EUSAGE, NULL, "archives of different objectives cannot be merged");
    if (archive == from)
        return ES_OK;
    unfinish(archive);
    es_status status = offer_rows(archive, from->row, from->index, from->n, errors);
    for (size_t t = 0; t < from->known.n && archive->tiers != from->tiers && !status; t++) {
        const es_tier *tier = from->known.tier[t];
        status = offer_rows(archive, tier->row, tier->index, tier->n, errors);
    }
    return status;
}

/* ---- Finished archives ---- */

static uint64_t hash_of(const double *point, unsigned d) {
    uint64_t hash = 0x9E3779B97F4A7C15u;
    for (unsigned k = 0; k < d; k++) {
        uint64_t bits;
        memcpy(&bits, point + k, sizeof bits);
        hash = (hash ^ bits) * 0xBF58476D1CE4E5B9u;
        hash ^= hash >> 32;
    }
    return hash * 0x94D049BB133111EBu;
}

/* The one tier of a finished archive. */
static const es_tier *front_of(const es_archive *archive) { return archive->known.tier[0]; }

static es_status build_hash(es_archive *archive, es_errors *errors) {
    const es_tier *front = front_of(archive);
    size_t buckets = 2;
    while (buckets < 2 * front->n)
        buckets *= 2;
    archive->bucket_mask = buckets - 1;
    archive->bucket = calloc(buckets, sizeof *archive->bucket);
    if (!archive->bucket)
        return es_fail_memory(errors);
    for (size_t i = 0; i < front->n; i++) {
        uint64_t hash = hash_of(front->row + i * archive->d, archive->d);
        size_t at = hash & archive->bucket_mask;
        while (archive->bucket[at])
            at = (at + 1) & archive->bucket_mask;
        archive->bucket[at] = (hash & 0xFFFFFFFF00000000u) | (i + 1);
    }
    return ES_OK;
}

es_status es_archive_unite(es_archive *archive, unsigned threads, es_errors *errors) {
    es_status status = es_archive_settle(archive, errors);
    if (status)
        return status;
    release_pending(archive);
    return es_tiers_unite(archive->tiers, &archive->known, threads, errors);
}

es_status es_archive_finish(es_archive *archive, es_errors *errors) {
    if (archive->finished)
        return ES_OK;
    es_status status = es_archive_unite(archive, 1, errors);
    if (status)
        return status;
    const es_tier *front = front_of(archive);
    archive->column = es_alloc_aligned(front->n, archive->d * sizeof *archive->column);
    status = archive->column ? build_hash(archive, errors) : es_fail_memory(errors);
    if (status) {
        free(archive->column);
        archive->column = NULL;
        return status;
    }
    for (unsigned k = 0; k < archive->d; k++)
        for (size_t i = 0; i < front->n; i++)
            archive->column[k * front->n + i] = es_flipped(front->row[i * archive->d + k], archive->flip[k]);
    archive->finished = true;
    return ES_OK;
}

unsigned es_archive_d(const es_archive *archive) { return archive->d; }

size_t es_archive_count(const es_archive *archive) { return archive->finished ? front_of(archive)->n : 0; }

const uint64_t *es_archive_index(const es_archive *archive) {
    return archive->finished ? front_of(archive)->index : NULL;
}

const double *es_archive_column(const es_archive *archive, unsigned k) {
    return archive->column + k * es_archive_count(archive);
}

static size_t find_minimised(const es_archive *archive, const double *point) {
    uint64_t hash = hash_of(point, archive->d);
    for (size_t at = hash & archive->bucket_mask; archive->bucket[at]; at = (at + 1) & archive->bucket_mask) {
        uint64_t entry = archive->bucket[at];
        size_t row = (uint32_t)entry - 1;
        if ((entry ^ hash) >> 32 == 0 && is_same(archive, front_of(archive)->row + row * archive->d, point))
            return row;
    }
    return SIZE_MAX;
}

size_t es_archive_find(const es_archive *archive, const double *value) {
    double point[ES_MAX_OBJECTIVES];
    if (!archive->finished || !minimise(archive, value, point))
        return SIZE_MAX;
    return find_minimised(archive, point);
}

/* True when a stored vector dominates the ideal of the points, NaN passed over: it never matches. */
static bool beats_ideal(const es_archive *archive, const es_batch *batch, size_t begin, size_t n, double *ideal,
                        es_archive_hint *hint) {
    ideal_of(archive, batch, begin, n, ideal);
    return is_beaten(archive, ideal, hint);
}

static size_t match_each(const es_archive *archive, const es_batch *batch, size_t begin, size_t n, size_t count,
                         uint32_t *offset, uint32_t *position) {
    double point[ES_MAX_OBJECTIVES];
    for (size_t i = begin; i < begin + n; i++) {
        for (unsigned k = 0; k < archive->d; k++)
            point[k] = value_in_batch(archive, batch, k, i);
        size_t row = find_minimised(archive, point);
        if (row == SIZE_MAX)
            continue;
        if (offset)
            offset[count] = (uint32_t)i;
        if (position)
            position[count] = (uint32_t)row;
        count++;
    }
    return count;
}

size_t es_archive_match(const es_archive *archive, const es_batch *batch, es_archive_hint *hint, uint32_t *offset,
                        uint32_t *position) {
    double ideal[ES_MAX_OBJECTIVES];
    size_t count = 0;
    if (!archive->finished || !batch->n)
        return 0;
    ideal_of_uniform(archive, batch, ideal);
    for (unsigned k = 0; k < archive->d; k++)
        if (batch->uniform >> k & 1 && isnan(ideal[k]))
            return 0;
    if (beats_ideal(archive, batch, 0, batch->n, ideal, hint))
        return 0;
    for (size_t at = 0; at < batch->n; at += SUB_TILE) {
        size_t few = batch->n - at < SUB_TILE ? batch->n - at : SUB_TILE;
        if (!beats_ideal(archive, batch, at, few, ideal, hint))
            count = match_each(archive, batch, at, few, count, offset, position);
    }
    return count;
}

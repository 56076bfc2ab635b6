#include "engine/search.h"

#include <math.h>
#include <stdlib.h>

/* A rung where less than one box in GAIN_MIN of the last TRIAL_BOXES could be settled is tried only now and then. */
enum { TRIAL_BOXES = 512, GAIN_MIN = 64, PAUSE = 31 };

enum { WALK_STEPS = 4096 }; /* at a time */

/* The points of a box that count. */
static es_span span_of(const es_search *s, size_t rung, uint64_t box, unsigned live) {
    uint64_t n, first = es_box_first(s->ladder, rung, box, &n), end = first + n;
    if (first < s->first)
        first = s->first;
    if (end > s->end)
        end = s->end;
    return end > first ? (es_span){first, end, live} : (es_span){first, first, 0};
}

/* What remains to be done for box i of those computed last. */
static unsigned judge(es_search *s, size_t i, const es_span *points) {
    bool certain = true;
    uint64_t n = points->end - points->first;
    unsigned live = points->live;
    if (live & ES_LIVE_FILTER) {
        es_verdict verdict = es_filter_judge(s->filter, s->boxes, i, n);
        if (verdict == ES_ALL_REJECTED)
            return 0;
        certain = verdict == ES_ALL_KEPT;
        if (certain)
            live &= ~(unsigned)ES_LIVE_FILTER;
    }
    if (live & ES_LIVE_BEST && es_best_settles(s->best, s->boxes, i, points->first, n, certain))
        live &= ~(unsigned)ES_LIVE_BEST;
    if (live & ES_LIVE_FRONT && es_front_pass_settles(s->front, s->boxes, i, points->first, n, certain))
        live &= ~(unsigned)ES_LIVE_FRONT;
    /* Which condition rejects which point is not worth looking for among points that change nothing. */
    if (live == ES_LIVE_FILTER && points->live != ES_LIVE_FILTER && es_filter_all_run(s->filter, s->boxes, i))
        return 0;
    if (live & ES_LIVE_MATCH && es_front_pass_mismatches(s->front, s->finished, s->boxes, i, points->first, n))
        return 0;
    return live;
}

/* Whether bounds have been worth their cost on this rung. */
static bool is_worth_trying(es_search *s, size_t rung) {
    if (s->rung[rung].pause) {
        s->rung[rung].pause--;
        return false;
    }
    return true;
}

static void learn(es_search *s, size_t rung, size_t tried, size_t gained) {
    s->rung[rung].tried += (uint32_t)tried, s->rung[rung].gained += (uint32_t)gained;
    if (s->rung[rung].tried < TRIAL_BOXES)
        return;
    bool poor = s->rung[rung].gained < s->rung[rung].tried / GAIN_MIN;
    s->rung[rung].pause = poor ? PAUSE : 0;
    /* after a pause one good attempt is enough to go on */
    s->rung[rung].tried = poor ? TRIAL_BOXES - 1 : 0;
    s->rung[rung].gained = poor ? TRIAL_BOXES / GAIN_MIN - 1 : 0;
}

/* ---- order ---- */

/* What to go by: the objectives of the front, else the first one of the best table; returns their number. */
static size_t ideal_of(const es_search *s, size_t i, unsigned live, double *ideal) {
    bool known = live & ES_LIVE_FRONT ? es_front_pass_ideal(s->front, s->boxes, i, ideal)
                                      : es_best_ideal(s->best, s->boxes, i, ideal);
    size_t n = live & ES_LIVE_FRONT ? s->sweep->front.n_objectives : 1;
    for (size_t k = 0; !known && k < n; k++)
        ideal[k] = INFINITY;
    return n;
}

static bool can_order(unsigned live) {
    return live & (ES_LIVE_FRONT | ES_LIVE_BEST) && !(live & (ES_LIVE_ROWS | ES_LIVE_MATCH));
}

/* Adds to score[i] where ideal[i * step] lies between the smallest and the largest. */
static void add_scores(const double *ideal, size_t step, size_t n, double *score) {
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        double x = ideal[i * step];
        if (x < low)
            low = x;
        if (x > high && x < INFINITY)
            high = x;
    }
    double scale = high > low ? 1 / (high - low) : 0;
    for (size_t i = 0; i < n; i++)
        score[i] += ideal[i * step] < INFINITY ? (ideal[i * step] - low) * scale : 1;
}

/* Children of which bounds have just been computed, the most promising first. */
static void order_children(const es_search *s, size_t n, unsigned live, uint8_t *order) {
    double ideal[ES_FAN * ES_MAX_OBJECTIVES], score[ES_FAN] = {0};
    size_t d = 0;
    for (size_t i = 0; i < n; i++)
        d = ideal_of(s, i, live, ideal + i * ES_MAX_OBJECTIVES);
    for (size_t k = 0; k < d; k++)
        add_scores(ideal + k, ES_MAX_OBJECTIVES, n, score);
    for (size_t i = 0; i < n; i++) {
        size_t at = i;
        for (; at > 0 && score[order[at - 1]] > score[i]; at--)
            order[at] = order[at - 1];
        order[at] = (uint8_t)i;
    }
}

typedef struct keyed {
    double key;
    uint32_t place;
} keyed;

static int by_key(const void *a, const void *b) {
    const keyed *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

/* Sum of ranks over the objectives; equal values share the lowest. */
static void rank_boxes(const double *ideal, size_t d, size_t n, keyed *pair, double *score) {
    for (size_t k = 0; k < d; k++) {
        for (size_t i = 0; i < n; i++)
            pair[i] = (keyed){ideal[i * d + k], (uint32_t)i};
        qsort(pair, n, sizeof *pair, by_key);
        for (size_t i = 0, rank = 0; i < n; i++) {
            if (i && pair[i].key != pair[i - 1].key)
                rank = i;
            score[pair[i].place] += (double)rank;
        }
    }
    for (size_t i = 0; i < n; i++)
        pair[i] = (keyed){score[i], (uint32_t)i};
    qsort(pair, n, sizeof *pair, by_key);
}

es_status es_search_order(es_search *s, size_t rung, uint64_t first, uint64_t n, unsigned live, uint32_t **order,
                          es_errors *errors) {
    *order = NULL;
    if (!can_order(live) || n >= UINT32_MAX)
        return ES_OK;
    size_t d = live & ES_LIVE_FRONT ? s->sweep->front.n_objectives : 1;
    double *ideal = calloc((size_t)n * (d + 1), sizeof *ideal);
    keyed *pair = calloc((size_t)n, sizeof *pair);
    uint32_t *places = calloc((size_t)n, sizeof *places);
    if (!ideal || !pair || !places) {
        free(ideal), free(pair), free(places);
        return es_fail_memory(errors);
    }
    double *score = ideal + n * d;
    uint64_t per_run = s->ladder->rung[rung].per_run;
    for (uint64_t at = 0, few; at < n; at += few) {
        few = per_run - (first + at) % per_run;
        if (few > n - at)
            few = n - at;
        if (few > ES_FAN)
            few = ES_FAN;
        es_boxes_compute(s->boxes, rung, first + at, (size_t)few);
        for (size_t i = 0; i < few; i++) {
            double one[ES_MAX_OBJECTIVES];
            ideal_of(s, i, live, one);
            for (size_t k = 0; k < d; k++)
                ideal[(at + i) * d + k] = one[k];
        }
    }
    rank_boxes(ideal, d, (size_t)n, pair, score);
    for (size_t i = 0; i < n; i++)
        places[i] = pair[i].place;
    free(ideal), free(pair);
    *order = places;
    return ES_OK;
}

/* ---- descent ---- */

/* Judges those of n boxes that are live; returns for how many something was settled. */
static size_t judge_boxes(es_search *s, size_t n, es_span *span) {
    size_t gained = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned live = span[i].live;
        if (!live)
            continue;
        span[i].live = judge(s, i, &span[i]);
        gained += span[i].live != live;
        s->skipped += span[i].live ? 0 : span[i].end - span[i].first;
    }
    return gained;
}

/* The children of a box with what each is still wanted for; returns their number.  Whether they were judged is in
 * *tried. */
static size_t judge_children(es_search *s, size_t rung, uint64_t box, unsigned live, uint64_t *first, es_span *span,
                             bool *tried) {
    size_t n;
    *first = es_box_children(s->ladder, rung, box, &n);
    for (size_t i = 0; i < n; i++)
        span[i] = span_of(s, rung - 1, *first + i, live);
    *tried = is_worth_trying(s, rung - 1);
    if (!*tried)
        return n;
    es_boxes_compute(s->boxes, rung - 1, *first, n);
    learn(s, rung - 1, n, judge_boxes(s, n, span));
    return n;
}

static void add_span(es_search *s, const es_span *span) {
    es_span *last = s->n_spans ? &s->span[s->n_spans - 1] : NULL;
    if (last && last->end == span->first && last->live == span->live)
        last->end = span->end;
    else
        s->span[s->n_spans++] = *span;
}

/* What is left of a box inside a tile. */
static void add_box(es_search *s, size_t rung, uint64_t box, const es_span *whole) {
    if (!rung) {
        add_span(s, whole);
        return;
    }
    es_span span[ES_FAN];
    uint64_t child;
    bool tried;
    size_t n = judge_children(s, rung, box, whole->live, &child, span, &tried);
    for (size_t i = 0; i < n; i++)
        if (span[i].live)
            add_box(s, rung - 1, child + i, &span[i]);
}

static es_status search_tile(es_search *s, uint64_t tile, unsigned live) {
    es_span whole = span_of(s, s->ladder->tiles, tile, live);
    s->n_spans = 0;
    if (whole.live)
        add_box(s, s->ladder->tiles, tile, &whole);
    return s->n_spans ? s->tile(s->context, tile, s->span, s->n_spans) : ES_OK;
}

/* As many of n tiles from `tile` on as have all their children, n_children, computed in one go. */
static size_t count_at_once(const es_search *s, uint64_t tile, size_t n, size_t *n_children) {
    size_t count = 0;
    *n_children = 0;
    for (; count < n; count++) {
        size_t few;
        es_box_children(s->ladder, s->ladder->tiles, tile + count, &few);
        if (count && *n_children + few > ES_FAN)
            break;
        *n_children += few;
    }
    return count;
}

/* Neighbouring tiles by way of all their children at once. */
static es_status search_children(es_search *s, uint64_t tile, size_t n, unsigned live) {
    size_t rung = s->ladder->tiles - 1, n_children;
    es_status status = ES_OK;
    for (size_t count; n && !status; tile += count, n -= count) {
        es_span span[ES_FAN];
        count = count_at_once(s, tile, n, &n_children);
        uint64_t child = es_box_children(s->ladder, s->ladder->tiles, tile, &(size_t){0});
        for (size_t i = 0; i < n_children; i++)
            span[i] = span_of(s, rung, child + i, live);
        es_boxes_compute(s->boxes, rung, child, n_children);
        learn(s, rung, n_children, judge_boxes(s, n_children, span));
        for (size_t t = 0, i = 0, few; t < count && !status; t++) {
            es_box_children(s->ladder, s->ladder->tiles, tile + t, &few);
            s->n_spans = 0;
            for (; few; few--, i++)
                if (span[i].live)
                    add_box(s, rung, child + i, &span[i]);
            if (s->n_spans)
                status = s->tile(s->context, tile + t, s->span, s->n_spans);
        }
    }
    return status;
}

/* Whether to look past the tiles of a box: where they are seldom settled as a whole, but parts of them are.  Not where
 * what one tile brings may settle the next. */
static bool skips_tiles(const es_search *s, size_t rung, unsigned live) {
    size_t tiles = s->ladder->tiles;
    const es_rung *r = s->ladder->rung;
    return rung == tiles + 1 && tiles && !can_order(live) && s->rung[tiles].pause && !s->rung[tiles - 1].pause &&
           r[tiles - 1].axis == r[rung].axis;
}

static bool any_live(const es_span *span, const uint8_t *order, size_t from, size_t n) {
    for (size_t i = from; i < n; i++)
        if (span[order[i]].live)
            return true;
    return false;
}

es_status es_search_box(es_search *s, size_t rung, uint64_t box, unsigned live) {
    if (rung == s->ladder->tiles)
        return search_tile(s, box, live);
    es_span span[ES_FAN];
    uint8_t order[ES_FAN];
    uint64_t child;
    bool tried, met = false;
    if (skips_tiles(s, rung, live)) {
        size_t n;
        s->rung[rung - 1].pause--;
        child = es_box_children(s->ladder, rung, box, &n);
        return search_children(s, child, n, live);
    }
    size_t n = judge_children(s, rung, box, live, &child, span, &tried);
    bool ordered = tried && can_order(live), backwards = s->rung[rung - 1].backwards;
    for (size_t i = 0; i < n; i++)
        order[i] = (uint8_t)(backwards ? n - 1 - i : i);
    if (ordered && any_live(span, order, 0, n)) {
        order_children(s, n, live, order);
        s->rung[rung - 1].backwards = order[0] > order[n - 1];
    }
    es_status status = ES_OK;
    for (size_t i = 0; i < n && !status; i++) {
        if (!span[order[i]].live)
            continue;
        status = es_search_box(s, rung - 1, child + order[i], span[order[i]].live);
        /* what the first, most promising one has brought may settle others */
        if (!met && ordered && !status && any_live(span, order, i + 1, n)) {
            span[order[i]].live = 0;
            es_boxes_compute(s->boxes, rung - 1, child, n);
            judge_boxes(s, n, span);
        }
        met = true;
    }
    return status;
}

/* ---- walks ---- */

/* Steps down into a box of the rung above level. */
static void enter(es_walk *w, size_t level, uint64_t box, unsigned live) {
    bool tried;
    w->at = level;
    w->level[level].next = 0;
    w->level[level].n =
        judge_children(w->search, level + 1, box, live, &w->level[level].first, w->level[level].span, &tried);
}

void es_walk_start(es_walk *w, es_search *search, size_t rung, unsigned live) {
    size_t top = search->ladder->n_rungs - 1;
    w->search = search;
    w->rung = rung;
    w->at = top;
    w->level[top].first = w->level[top].next = 0;
    w->level[top].n = 1;
    w->level[top].span[0] = span_of(search, top, 0, live);
}

bool es_walk_next(es_walk *w, uint64_t *box, unsigned *live) {
    size_t top = w->search->ladder->n_rungs - 1;
    for (size_t step = 0; w->at <= top; step++) {
        size_t level = w->at, i = w->level[level].next++;
        *live = 0;
        if (step >= WALK_STEPS) {
            w->level[level].next--;
            return true;
        }
        if (i >= w->level[level].n) {
            w->at++;
            continue;
        }
        *box = w->level[level].first + i;
        *live = w->level[level].span[i].live;
        if (*live && level == w->rung)
            return true;
        if (*live)
            enter(w, level - 1, *box, *live);
    }
    return false;
}

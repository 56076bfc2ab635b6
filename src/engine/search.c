#include "engine/search.h"

/* A rung where less than one box in GAIN_MIN of the last TRIAL_BOXES could be settled is tried only now and then. */
enum { TRIAL_BOXES = 512, GAIN_MIN = 64, PAUSE = 31 };

/* The points of a box that count. */
static es_span span_of(const es_search *s, size_t rung, uint64_t box, unsigned live) {
    uint64_t n, first = es_box_first(s->ladder, rung, box, &n), end = first + n;
    if (first < s->first) first = s->first;
    if (end > s->end) end = s->end;
    return end > first ? (es_span){first, end, live} : (es_span){first, first, 0};
}

/* What remains to be done for box i of those computed last. */
static unsigned judge(es_search *s, size_t i, const es_span *points) {
    bool certain = true;
    uint64_t n = points->end - points->first;
    unsigned live = points->live;
    if (live & ES_LIVE_FILTER) {
        es_verdict verdict = es_filter_judge(s->filter, s->boxes, i, n);
        if (verdict == ES_ALL_REJECTED) return 0;
        certain = verdict == ES_ALL_KEPT;
        if (certain) live &= ~(unsigned)ES_LIVE_FILTER;
    }
    if (live & ES_LIVE_BEST && es_best_settles(s->best, s->boxes, i, points->first, n, certain))
        live &= ~(unsigned)ES_LIVE_BEST;
    if (live & ES_LIVE_FRONT && es_front_pass_settles(s->front, s->boxes, i, points->first, n, certain))
        live &= ~(unsigned)ES_LIVE_FRONT;
    if (live & ES_LIVE_MATCH && es_front_pass_mismatches(s->front, s->finished, s->boxes, i)) return 0;
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
    if (s->rung[rung].tried < TRIAL_BOXES) return;
    bool poor = s->rung[rung].gained < s->rung[rung].tried / GAIN_MIN;
    s->rung[rung].pause = poor ? PAUSE : 0;
    /* after a pause one good attempt is enough to go on */
    s->rung[rung].tried = poor ? TRIAL_BOXES - 1 : 0;
    s->rung[rung].gained = 0;
}

/* The children of a box with what each is still wanted for; returns their number. */
static size_t judge_children(es_search *s, size_t rung, uint64_t box, unsigned live, uint64_t *first, es_span *span) {
    size_t n, gained = 0;
    *first = es_box_children(s->ladder, rung, box, &n);
    bool tries = is_worth_trying(s, rung - 1);
    if (tries) es_boxes_compute(s->boxes, rung - 1, *first, n);
    for (size_t i = 0; i < n; i++) {
        span[i] = span_of(s, rung - 1, *first + i, live);
        if (!tries || !span[i].live) continue;
        span[i].live = judge(s, i, &span[i]);
        gained += span[i].live != live;
        s->skipped += span[i].live ? 0 : span[i].end - span[i].first;
    }
    if (tries) learn(s, rung - 1, n, gained);
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
    size_t n = judge_children(s, rung, box, whole->live, &child, span);
    for (size_t i = 0; i < n; i++)
        if (span[i].live) add_box(s, rung - 1, child + i, &span[i]);
}

static es_status search_tile(es_search *s, uint64_t tile, unsigned live) {
    es_span whole = span_of(s, s->ladder->tiles, tile, live);
    s->n_spans = 0;
    if (whole.live) add_box(s, s->ladder->tiles, tile, &whole);
    return s->n_spans ? s->tile(s->context, tile, s->span, s->n_spans) : ES_OK;
}

es_status es_search_box(es_search *s, size_t rung, uint64_t box, unsigned live) {
    if (rung == s->ladder->tiles) return search_tile(s, box, live);
    es_span span[ES_FAN];
    uint64_t child;
    size_t n = judge_children(s, rung, box, live, &child, span);
    es_status status = ES_OK;
    for (size_t i = 0; i < n && !status; i++)
        if (span[i].live) status = es_search_box(s, rung - 1, child + i, span[i].live);
    return status;
}

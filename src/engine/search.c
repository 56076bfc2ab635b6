#include "engine/search.h"

/* A rung where less than one box in GAIN_MIN of the last TRIAL_BOXES could be settled is tried only now and then. */
enum { TRIAL_BOXES = 512, GAIN_MIN = 64, PAUSE = 31 };

/* The points of a box that count. */
typedef struct span {
    uint64_t first, n;
} span;

static span span_of(const es_search *s, size_t rung, uint64_t box) {
    uint64_t n, first = es_box_first(s->ladder, rung, box, &n), end = first + n;
    if (first < s->first) first = s->first;
    if (end > s->end) end = s->end;
    return (span){first, end > first ? end - first : 0};
}

/* What remains to be done for box i of those computed last. */
static unsigned judge(es_search *s, size_t i, span points, unsigned live) {
    bool certain = true;
    if (live & ES_LIVE_FILTER) {
        es_verdict verdict = es_filter_judge(s->filter, s->boxes, i, points.n);
        if (verdict == ES_ALL_REJECTED) return 0;
        certain = verdict == ES_ALL_KEPT;
        if (certain) live &= ~(unsigned)ES_LIVE_FILTER;
    }
    if (live & ES_LIVE_BEST && es_best_settles(s->best, s->boxes, i, points.first, points.n, certain))
        live &= ~(unsigned)ES_LIVE_BEST;
    if (live & ES_LIVE_FRONT && es_front_pass_settles(s->front, s->boxes, i, points.first, points.n, certain))
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

es_status es_search_box(es_search *s, size_t rung, uint64_t box, unsigned live) {
    if (!rung) return s->tile(s->context, box, live);
    unsigned left[ES_FAN];
    size_t n, gained = 0;
    uint64_t child = es_box_children(s->ladder, rung, box, &n);
    bool tries = s->boxes && is_worth_trying(s, rung - 1);
    if (tries) es_boxes_compute(s->boxes, rung - 1, child, n);
    for (size_t i = 0; i < n; i++) {
        span points = span_of(s, rung - 1, child + i);
        left[i] = points.n ? live : 0;
        if (!tries || !points.n) continue;
        left[i] = judge(s, i, points, live);
        gained += left[i] != live;
        s->skipped += left[i] ? 0 : points.n;
    }
    if (tries) learn(s, rung - 1, n, gained);
    es_status status = ES_OK;
    for (size_t i = 0; i < n && !status; i++)
        if (left[i]) status = es_search_box(s, rung - 1, child + i, left[i]);
    return status;
}

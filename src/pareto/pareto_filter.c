#include "pareto/pareto_filter.h"

#include <math.h>
#include <stdlib.h>

#include "pareto/pareto_rank.h"

enum {
    SAMPLE = 2048,
    CANDIDATES_PER_OBJECTIVE = 32,
    CANDIDATES = 256, /* at most */
    WORDS = SAMPLE / 64,
    MAX_ROUNDS = 3,
    SMALLEST = 2048, /* points; fewer are not worth a sample */
    GRAIN = 65536    /* points per thread */
};

/* A killer must remove at least this part of what is left of the sample: below, ranking the points is cheaper. */
#define LEAST_KILL (1.0 / 256)

/* The sample of one round: values in columns of SAMPLE, and which of them each candidate dominates. */
typedef struct sampling {
    unsigned d;
    size_t candidates;
    double *value;
    uint32_t candidate[CANDIDATES];
    uint64_t (*kills)[WORDS];
} sampling;

/* Spreads positions over [0, m), jittered so that the period of a grid does not matter. */
static size_t sample_position(size_t i, size_t m) {
    uint64_t mixed = (i + 1) * 0x9E3779B97F4A7C15u;
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9u;
    size_t step = m / SAMPLE;
    return i * step + (mixed >> 32) % step;
}

static void take_sample(sampling *s, const es_view *view, const uint32_t *index, size_t m) {
    for (size_t i = 0; i < SAMPLE; i++) {
        size_t at = sample_position(i, m);
        for (unsigned k = 0; k < s->d; k++)
            s->value[k * SAMPLE + i] = es_view_at(view, k, index ? index[at] : at);
    }
}

/* Candidates: half by the volume they dominate in rank space, half by the sum of ranks. */
static es_status choose_candidates(sampling *s, es_errors *errors) {
    es_view view = {.n = SAMPLE, .stride = 1, .d = s->d};
    for (unsigned k = 0; k < s->d; k++)
        view.column[k] = s->value + (size_t)k * SAMPLE;
    es_ranked ranked;
    es_status status = es_ranked_init(&ranked, &view, NULL, SAMPLE, 1, errors);
    if (status)
        return status;
    uint64_t key[SAMPLE], pair[2 * SAMPLE];
    uint32_t order[SAMPLE];
    for (size_t i = 0; i < SAMPLE; i++) {
        double volume = 1;
        for (unsigned k = 0; k < s->d; k++)
            volume *= (SAMPLE - ranked.rank[k * SAMPLE + i]) / (double)SAMPLE;
        key[i] = (uint64_t)es_order_key(-volume) ^ ES_SIGN_BIT;
    }
    es_radix_order(key, SAMPLE, pair, order);
    size_t half = s->candidates / 2;
    memcpy(s->candidate, order, half * sizeof *order);
    memcpy(s->candidate + half, ranked.order, half * sizeof *order);
    es_ranked_free(&ranked);
    return ES_OK;
}

static void sample_row(const sampling *s, uint32_t i, double *row) {
    for (unsigned k = 0; k < s->d; k++)
        row[k] = s->value[(size_t)k * SAMPLE + i];
}

/* kills[c]: bit set of the sample points that candidate c dominates. */
static void find_kills(sampling *s) {
    const double *column[ES_MAX_OBJECTIVES];
    const uint64_t flip[ES_MAX_OBJECTIVES] = {0};
    uint32_t out[SAMPLE];
    es_killers one = {.n = 1, .d = s->d};
    for (unsigned k = 0; k < s->d; k++)
        column[k] = s->value + (size_t)k * SAMPLE;
    for (size_t c = 0; c < s->candidates; c++) {
        sample_row(s, s->candidate[c], one.value[0]);
        size_t left = ES_SIMD_PICK(es_filter_tile)(&one, column, flip, SAMPLE, out);
        memset(s->kills[c], 0xFF, sizeof s->kills[c]);
        for (size_t i = 0; i < left; i++)
            s->kills[c][out[i] / 64] &= ~(UINT64_C(1) << out[i] % 64);
    }
}

/* Greedy: again and again the candidate that dominates most of what is left. */
static void choose_killers(sampling *s, es_killers *killers) {
    uint64_t alive[WORDS];
    size_t living = SAMPLE;
    memset(alive, 0xFF, sizeof alive);
    killers->d = s->d;
    killers->n = 0;
    while (killers->n < ES_MAX_KILLERS) {
        size_t best = 0, most = 0;
        for (size_t c = 0; c < s->candidates; c++) {
            size_t count = ES_SIMD_PICK(es_count_common_bits)(s->kills[c], alive, WORDS);
            if (count > most) {
                most = count;
                best = c;
            }
        }
        if (most < 2 || (double)most < LEAST_KILL * (double)living)
            return;
        for (size_t w = 0; w < WORDS; w++)
            alive[w] &= ~s->kills[best][w];
        living -= most;
        sample_row(s, s->candidate[best], killers->value[killers->n++]);
    }
}

static es_status find_killers(const es_view *view, const uint32_t *index, size_t m, es_killers *killers,
                              es_errors *errors) {
    sampling s = {.d = view->d, .candidates = (size_t)CANDIDATES_PER_OBJECTIVE * view->d};
    s.candidates = s.candidates < CANDIDATES ? s.candidates : CANDIDATES;
    s.value = es_alloc_aligned(SAMPLE, view->d * sizeof *s.value);
    s.kills = malloc(CANDIDATES * sizeof *s.kills);
    es_status status = s.value && s.kills ? ES_OK : es_fail_memory(errors);
    if (!status) {
        take_sample(&s, view, index, m);
        status = choose_candidates(&s, errors);
    }
    if (!status) {
        find_kills(&s);
        choose_killers(&s, killers);
    }
    free(s.value);
    free(s.kills);
    return status;
}

/* ---- Rounds ---- */

/* Filters one tile of points index[begin, begin + n) (NULL: the points themselves); out may overlap index from below.
 */
static size_t filter_tile(const es_view *view, const es_killers *killers, const uint32_t *index, size_t begin, size_t n,
                          uint32_t *out, bool *finite) {
    double gathered[ES_MAX_OBJECTIVES][ES_FILTER_TILE];
    const double *column[ES_MAX_OBJECTIVES];
    uint32_t offset[ES_FILTER_TILE];
    for (unsigned k = 0; k < view->d; k++) {
        if (!index && view->stride == 1) {
            column[k] = view->column[k] + begin;
        } else {
            for (size_t i = 0; i < n; i++)
                gathered[k][i] = view->column[k][(index ? index[begin + i] : begin + i) * view->stride];
            column[k] = gathered[k];
        }
        if (!index && !ES_SIMD_PICK(es_all_finite)(column[k], n))
            *finite = false;
    }
    size_t count = ES_SIMD_PICK(es_filter_tile)(killers, column, view->flip, n, offset);
    for (size_t i = 0; i < count; i++)
        out[i] = index ? index[begin + offset[i]] : (uint32_t)(begin + offset[i]);
    return count;
}

static size_t filter_range(const es_view *view, const es_killers *killers, const uint32_t *index, size_t begin,
                           size_t end, uint32_t *out, bool *finite) {
    size_t count = 0;
    *finite = true;
    for (size_t at = begin; at < end && *finite; at += ES_FILTER_TILE) {
        size_t n = end - at < ES_FILTER_TILE ? end - at : ES_FILTER_TILE;
        count += filter_tile(view, killers, index, at, n, out + count, finite);
    }
    return count;
}

/* Filters index[0, m) (NULL: all points) into out, which may be index itself.  Each thread takes a range and leaves its
 * survivors at the start of its range; then the ranges close up. */
static size_t filter_round(const es_view *view, const es_killers *killers, const uint32_t *index, size_t m,
                           unsigned threads, uint32_t *out, bool *finite) {
    enum { MAX_RANGES = 256 };
    size_t count[MAX_RANGES];
    bool range_finite[MAX_RANGES];
    unsigned ranges = es_threads_for(threads, m, GRAIN);
    ranges = ranges < MAX_RANGES ? ranges : MAX_RANGES;
#pragma omp parallel for schedule(static, 1) num_threads(ranges) if (ranges > 1)
    for (unsigned r = 0; r < ranges; r++) {
        size_t begin = m / ranges * r, end = r + 1 == ranges ? m : m / ranges * (r + 1);
        count[r] = filter_range(view, killers, index, begin, end, out + begin, &range_finite[r]);
    }
    size_t total = 0;
    *finite = true;
    for (unsigned r = 0; r < ranges; r++) {
        *finite = *finite && range_finite[r];
        if (!*finite)
            return 0;
        memmove(out + total, out + m / ranges * r, count[r] * sizeof *out);
        total += count[r];
    }
    return total;
}

es_status es_filter(const es_view *view, unsigned threads, uint32_t *out, size_t *count, bool *finite,
                    es_errors *errors) {
    const uint32_t *index = NULL;
    size_t m = view->n;
    *finite = true;
    for (unsigned round = 0; round < MAX_ROUNDS; round++) {
        es_killers killers = {.d = view->d};
        if (m >= SMALLEST) {
            es_status status = find_killers(view, index, m, &killers, errors);
            if (status)
                return status;
        }
        if (index && !killers.n)
            break;
        size_t before = m;
        m = filter_round(view, &killers, index, m, threads, out, finite);
        if (!*finite)
            break;
        index = out;
        if (m > before - before / 8)
            break;
    }
    *count = m;
    return ES_OK;
}

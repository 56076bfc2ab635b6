#include "pareto/pareto_sieve.h"

#include <stdlib.h>

#include "pareto/pareto_set.h"

enum { GRAIN = 8192, MAX_RANGES = 256, CHUNK = 64 };

size_t es_take_sample(const uint32_t *index, size_t m, size_t step, uint32_t *sample) {
    size_t count = 0;
    uint64_t state = 0;
    for (size_t begin = 0; begin + step <= m; begin += step) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        sample[count++] = index[begin + (state >> 33) % step];
    }
    return count;
}

typedef struct sieve {
    const es_view *view;
    es_set set;
    double *row; /* values behind the set */
} sieve;

/* True when a member dominates the point.  Members do not dominate each other, so the one that is found decides: equal
 * to the point, or not. */
static bool is_dominated(const sieve *s, const double *point, es_set_find_fn *find, uint32_t *hint) {
    int32_t code[ES_MAX_OBJECTIVES];
    unsigned d = s->view->d;
    for (unsigned k = 0; k < d; k++)
        code[k] = es_set_code_of(&s->set, k, point[k]);
    es_set_confirm confirm = {.row = s->row, .point = point, .exclude = ES_NOT_FOUND};
    uint32_t slot = find(&s->set, code, &confirm, hint);
    if (slot == ES_NOT_FOUND)
        return false;
    if (!es_set_equals(&s->set, slot, code))
        return true;
    const double *member = s->row + (size_t)s->set.id[slot] * d;
    bool equal = true;
    for (unsigned k = 0; k < d; k++)
        equal &= member[k] == point[k];
    return !equal;
}

/* Survivors of index[0, n) to out, which may be index. */
static size_t sieve_range(const sieve *s, const uint32_t *index, size_t n, uint32_t *out) {
    es_set_find_fn *find = ES_SIMD_PICK(es_set_find);
    double point[CHUNK][ES_MAX_OBJECTIVES];
    uint32_t hint = 0;
    size_t count = 0;
    for (size_t begin = 0; begin < n; begin += CHUNK) {
        size_t few = n - begin < CHUNK ? n - begin : CHUNK;
        for (unsigned k = 0; k < s->view->d; k++)
            for (size_t i = 0; i < few; i++)
                point[i][k] = es_view_at(s->view, k, index[begin + i]);
        for (size_t i = 0; i < few; i++) {
            uint32_t at = index[begin + i];
            if (!is_dominated(s, point[i], find, &hint))
                out[count++] = at;
        }
    }
    return count;
}

static size_t sieve_all(const sieve *s, unsigned threads, uint32_t *index, size_t m) {
    size_t count[MAX_RANGES], total = 0;
    unsigned ranges = es_threads_for(threads, m, GRAIN);
    ranges = ranges < MAX_RANGES ? ranges : MAX_RANGES;
#pragma omp parallel for schedule(static, 1) num_threads(ranges) if (ranges > 1)
    for (unsigned r = 0; r < ranges; r++) {
        size_t begin = m / ranges * r, end = r + 1 == ranges ? m : m / ranges * (r + 1);
        count[r] = sieve_range(s, index + begin, end - begin, index + begin);
    }
    for (unsigned r = 0; r < ranges; r++) {
        memmove(index + total, index + m / ranges * r, count[r] * sizeof *index);
        total += count[r];
    }
    return total;
}

es_status es_sieve(const es_view *view, const uint32_t *front, size_t count, unsigned threads, uint32_t *index,
                   size_t *m, es_errors *errors) {
    sieve s = {.view = view, .row = es_alloc_aligned(count, view->d * sizeof *s.row)};
    if (!s.row)
        return es_fail_memory(errors);
    es_set_init(&s.set, view->d);
    s.set.threads = es_threads_for(threads, *m, GRAIN);
    for (size_t i = 0; i < count; i++)
        for (unsigned k = 0; k < view->d; k++)
            s.row[i * view->d + k] = es_view_at(view, k, front[i]);
    es_status status = es_set_fill(&s.set, s.row, NULL, count, errors);
    if (!status)
        *m = sieve_all(&s, threads, index, *m);
    es_set_free(&s.set);
    free(s.row);
    return status;
}

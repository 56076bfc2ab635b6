#include "tables/candidates.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/os.h"

void es_candidates_free(es_candidates *c) {
    for (unsigned k = 0; k < c->d; k++)
        free(c->value[k]);
    free(c->index);
    free(c->group);
    free(c->ties);
    free(c->text_end);
    free(c->text);
    *c = (es_candidates){.d = c->d};
}

static bool reserve(es_candidates *c, size_t n, size_t text_length) {
    for (unsigned k = 0; k < c->d; k++)
        if (!es_grow((void **)&c->value[k], &c->value_capacity[k], n, sizeof *c->value[k]))
            return false;
    return es_grow((void **)&c->index, &c->index_capacity, n, sizeof *c->index) &&
           es_grow((void **)&c->group, &c->group_capacity, n, sizeof *c->group) &&
           es_grow((void **)&c->ties, &c->ties_capacity, n, sizeof *c->ties) &&
           es_grow((void **)&c->text_end, &c->end_capacity, n, sizeof *c->text_end) &&
           es_grow((void **)&c->text, &c->text_capacity, text_length, 1);
}

es_status es_candidates_add(es_candidates *c, const double *value, uint64_t index, uint32_t group, uint64_t ties,
                            es_slice text, es_errors *errors) {
    if (!reserve(c, c->n + 1, c->text_length + text.length + 1))
        return es_fail_memory(errors);
    for (unsigned k = 0; k < c->d; k++)
        c->value[k][c->n] = value[k];
    if (text.length)
        memcpy(c->text + c->text_length, text.text, text.length);
    c->text_length += text.length;
    c->index[c->n] = index;
    c->group[c->n] = group;
    c->ties[c->n] = ties;
    c->text_end[c->n++] = c->text_length;
    return ES_OK;
}

es_slice es_candidates_text(const es_candidates *c, size_t i) {
    const size_t first = i ? c->text_end[i - 1] : 0;
    return (es_slice){c->text + first, c->text_end[i] - first};
}

/* Text moves down over what is dropped.  A row's start is the end of the one before it, which is either not overwritten
 * yet or, as long as nothing was dropped, with the same value. */
void es_candidates_keep(es_candidates *c, const uint64_t *position, size_t count) {
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t from = position[i];
        const es_slice text = es_candidates_text(c, from);
        memmove(c->text + length, text.text, text.length);
        length += text.length;
        for (unsigned k = 0; k < c->d; k++)
            c->value[k][i] = c->value[k][from];
        c->index[i] = c->index[from];
        c->group[i] = c->group[from];
        c->ties[i] = c->ties[from];
        c->text_end[i] = length;
    }
    c->n = count;
    c->text_length = length;
}

/* Order of group, objectives (-0.0 equals 0.0), position. */
static int compare_equal_points(const void *a, const void *b, void *context) {
    const es_candidates *c = context;
    const uint64_t i = *(const uint64_t *)a, j = *(const uint64_t *)b;
    if (c->group[i] != c->group[j])
        return c->group[i] < c->group[j] ? -1 : 1;
    for (unsigned k = 0; k < c->d; k++)
        if (c->value[k][i] != c->value[k][j])
            return c->value[k][i] < c->value[k][j] ? -1 : 1;
    return i < j ? -1 : i > j;
}

static bool equal_points(const es_candidates *c, uint64_t i, uint64_t j) {
    bool equal = c->group[i] == c->group[j];
    for (unsigned k = 0; k < c->d; k++)
        equal &= c->value[k][i] == c->value[k][j];
    return equal;
}

static int compare_positions(const void *a, const void *b) {
    const uint64_t i = *(const uint64_t *)a, j = *(const uint64_t *)b;
    return i < j ? -1 : i > j;
}

es_status es_candidates_unite_equals(es_candidates *c, es_errors *errors) {
    uint64_t *order = malloc((c->n + 1) * sizeof *order);
    if (!order)
        return es_fail_memory(errors);
    for (size_t i = 0; i < c->n; i++)
        order[i] = i;
    es_os_sort(order, c->n, sizeof *order, compare_equal_points, c);
    size_t count = 0;
    for (size_t i = 0; i < c->n; i++)
        if (count && equal_points(c, order[i], order[count - 1]))
            c->ties[order[count - 1]] += c->ties[order[i]];
        else
            order[count++] = order[i];
    qsort(order, count, sizeof *order, compare_positions);
    es_candidates_keep(c, order, count);
    free(order);
    return ES_OK;
}

/* The part whose next candidate has the lowest index. */
static size_t lowest_part(const es_candidates *part, const size_t *next, size_t n_parts) {
    size_t low = n_parts;
    for (size_t i = 0; i < n_parts; i++)
        if (next[i] < part[i].n && (low == n_parts || part[i].index[next[i]] < part[low].index[next[low]]))
            low = i;
    return low;
}

es_status es_candidates_merge(es_candidates *all, es_candidates *part, size_t n_parts, es_errors *errors) {
    if (n_parts == 1) {
        *all = part[0];
        part[0] = (es_candidates){.d = all->d};
        return ES_OK;
    }
    size_t n = 0, length = 0, *next = calloc(n_parts, sizeof *next);
    for (size_t i = 0; i < n_parts; i++) {
        n += part[i].n;
        length += part[i].text_length;
    }
    es_status status = next && reserve(all, n, length + 1) ? ES_OK : es_fail_memory(errors);
    for (size_t done = 0; done < n && !status; done++) {
        const size_t low = lowest_part(part, next, n_parts), i = next[low]++;
        double value[ES_MAX_FRONT_COLUMNS];
        for (unsigned k = 0; k < all->d; k++)
            value[k] = part[low].value[k][i];
        status = es_candidates_add(all, value, part[low].index[i], part[low].group[i], part[low].ties[i],
                                   es_candidates_text(&part[low], i), errors);
    }
    for (size_t i = 0; i < n_parts; i++)
        es_candidates_free(&part[i]);
    free(next);
    return status;
}

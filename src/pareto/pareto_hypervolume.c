#include <math.h>
#include <stdlib.h>

#include "pareto/frontstat.h"
#include "base/os.h"
#include "pareto/pareto_front.h"

/* Exact hypervolume by dimension sweep.  With points in the order of their last objective, the volume in d objectives
 * is the sum over points of (their exclusive volume in the first d-1 objectives, given the points before) times (the
 * distance from their last objective to the reference).  The exclusive volume of p is its box minus the volume of the
 * other points limited to that box (WFG: While, Bradstreet, Barone, IEEE Trans. Evol. Comput. 16(1), 2012).  Three
 * objectives end the recursion with a sweep over a staircase (Beume et al., IEEE Trans. Evol. Comput. 13(5), 2009), so
 * four take O(n^2) staircase steps.
 *
 * All distances are taken from the reference: a row holds reference - value > 0, larger is better. */

/* ---- Staircase: the front in the plane of the first two objectives ---- */

enum { WORD_BITS = 64, TREE_LEVELS = 6 };

/* An ordered set of slots below a limit: a bit tree, each level says which words of the level below are not empty. */
typedef struct slot_tree {
    uint64_t *level[TREE_LEVELS];
    unsigned levels;
} slot_tree;

static size_t words_for(size_t bits) { return (bits + WORD_BITS - 1) / WORD_BITS; }

static size_t slot_tree_words(size_t slots) {
    size_t total = 0;
    do {
        slots = words_for(slots);
        total += slots;
    } while (slots > 1);
    return total;
}

static void slot_tree_init(slot_tree *tree, uint64_t *word, size_t slots) {
    tree->levels = 0;
    do {
        slots = words_for(slots);
        tree->level[tree->levels++] = word;
        memset(word, 0, slots * sizeof *word);
        word += slots;
    } while (slots > 1);
}

static void slot_insert(slot_tree *tree, size_t slot) {
    for (unsigned l = 0; l < tree->levels; l++, slot /= WORD_BITS)
        tree->level[l][slot / WORD_BITS] |= UINT64_C(1) << slot % WORD_BITS;
}

static void slot_erase(slot_tree *tree, size_t slot) {
    for (unsigned l = 0; l < tree->levels; l++, slot /= WORD_BITS)
        if (tree->level[l][slot / WORD_BITS] &= ~(UINT64_C(1) << slot % WORD_BITS))
            return;
}

/* Lowest slot of the subtree whose root is bit `at` of level l. */
static size_t slot_descend_low(const slot_tree *tree, unsigned l, size_t at) {
    while (l-- > 0)
        at = at * WORD_BITS + (size_t)__builtin_ctzll(tree->level[l][at]);
    return at;
}

static size_t slot_descend_high(const slot_tree *tree, unsigned l, size_t at) {
    while (l-- > 0)
        at = at * WORD_BITS + WORD_BITS - 1 - (size_t)__builtin_clzll(tree->level[l][at]);
    return at;
}

/* Nearest slot above, or SIZE_MAX. */
static size_t slot_next(const slot_tree *tree, size_t slot) {
    for (unsigned l = 0; l < tree->levels; l++, slot /= WORD_BITS) {
        uint64_t above = tree->level[l][slot / WORD_BITS] & ~UINT64_C(1) << slot % WORD_BITS;
        if (above)
            return slot_descend_low(tree, l, slot / WORD_BITS * WORD_BITS + (size_t)__builtin_ctzll(above));
    }
    return SIZE_MAX;
}

/* Nearest slot at or below, or SIZE_MAX. */
static size_t slot_at_or_before(const slot_tree *tree, size_t slot) {
    uint64_t mask = ~UINT64_C(0) >> (WORD_BITS - 1 - slot % WORD_BITS);
    for (unsigned l = 0; l < tree->levels; l++) {
        uint64_t below = tree->level[l][slot / WORD_BITS] & mask;
        if (below)
            return slot_descend_high(tree, l,
                                     slot / WORD_BITS * WORD_BITS + WORD_BITS - 1 - (size_t)__builtin_clzll(below));
        slot /= WORD_BITS;
        mask = (UINT64_C(1) << slot % WORD_BITS) - 1;
    }
    return SIZE_MAX;
}

/* Members by falling x (slot order) and so by rising y. */
typedef struct staircase {
    slot_tree slots;
    double *x, *y; /* by slot */
    double area;
} staircase;

/* Adds the rectangle [0, x] x [0, y]; slots order points by falling x, points of one slot share x. */
static void staircase_add(staircase *s, size_t slot, double x, double y) {
    size_t before = slot_at_or_before(&s->slots, slot);
    double floor_y = before == SIZE_MAX ? 0 : s->y[before];
    if (floor_y >= y)
        return;
    double from_x = x;
    size_t next = slot_next(&s->slots, slot);
    for (; next != SIZE_MAX && s->y[next] <= y; next = slot_next(&s->slots, slot)) {
        s->area += (from_x - s->x[next]) * (y - floor_y);
        from_x = s->x[next];
        floor_y = s->y[next];
        slot_erase(&s->slots, next);
    }
    s->area += (from_x - (next == SIZE_MAX ? 0 : s->x[next])) * (y - floor_y);
    slot_insert(&s->slots, slot);
    s->x[slot] = x;
    s->y[slot] = y;
}

static void staircase_clear(staircase *s) {
    for (size_t slot = slot_at_or_before(&s->slots, 0) == 0 ? 0 : slot_next(&s->slots, 0); slot != SIZE_MAX;) {
        size_t next = slot_next(&s->slots, slot);
        slot_erase(&s->slots, slot);
        slot = next;
    }
    s->area = 0;
}

/* A point of a sweep in three objectives. */
typedef struct sweep_point {
    double x, y, z;
    size_t slot;
} sweep_point;

/* Volume of n points by falling z, limited to the box `cap` (x, y, z; slot: of points that reach its x). */
static double volume_limited(staircase *s, const sweep_point *point, size_t n, const sweep_point *cap) {
    double volume = 0, z = 0;
    for (size_t i = 0; i < n; i++) {
        const sweep_point *p = &point[i];
        double next_z = p->z < cap->z ? p->z : cap->z;
        if (i)
            volume += s->area * (z - next_z);
        z = next_z;
        bool is_wide = p->x >= cap->x;
        staircase_add(s, is_wide ? cap->slot : p->slot, is_wide ? cap->x : p->x, p->y < cap->y ? p->y : cap->y);
    }
    volume += s->area * z;
    staircase_clear(s);
    return volume;
}

/* ---- Order and scratch ---- */

/* n rows of `stride` distances, of which the first d count. */
typedef struct volume_set {
    size_t n, stride;
    unsigned d;
    double *value;
} volume_set;

static const double *set_row(const volume_set *set, size_t i) { return set->value + i * set->stride; }

typedef struct sort_context {
    const volume_set *set;
    unsigned first; /* objective; then the others downwards, cyclic */
} sort_context;

static int compare_falling(const void *a, const void *b, void *context) {
    const sort_context *c = context;
    const double *x = set_row(c->set, *(const uint32_t *)a), *y = set_row(c->set, *(const uint32_t *)b);
    unsigned k = c->first;
    for (unsigned left = c->set->d; left > 0; left--) {
        if (x[k] != y[k])
            return x[k] > y[k] ? -1 : 1;
        k = k ? k - 1 : c->set->d - 1;
    }
    return 0;
}

/* Rows by falling objective `first`; equal rows are interchangeable. */
static void sort_falling(const volume_set *set, unsigned first, uint32_t *order) {
    sort_context context = {set, first};
    for (size_t i = 0; i < set->n; i++)
        order[i] = (uint32_t)i;
    es_os_sort(order, set->n, sizeof *order, compare_falling, &context);
}

/* Memory for the sweeps over one set of up to four objectives. */
typedef struct sweep {
    uint32_t *order, *slot;
    sweep_point *point;
    uint64_t *word;
    staircase stairs;
} sweep;

static void sweep_free(sweep *s) {
    free(s->order);
    free(s->slot);
    free(s->point);
    free(s->word);
    free(s->stairs.x);
    free(s->stairs.y);
}

/* Places of rows by falling x; rows of equal x share one. */
static void assign_slots(const volume_set *set, uint32_t *order, uint32_t *slot) {
    sort_falling(set, 0, order);
    for (size_t i = 0; i < set->n; i++) {
        bool same = i && set_row(set, order[i])[0] == set_row(set, order[i - 1])[0];
        slot[order[i]] = same ? slot[order[i - 1]] : (uint32_t)i;
    }
}

/* Leaves the rows by falling last objective in s->order. */
static es_status sweep_init(sweep *s, const volume_set *set, es_errors *errors) {
    size_t n = set->n;
    *s = (sweep){.order = es_alloc_aligned(n, sizeof *s->order),
                 .slot = es_alloc_aligned(n, sizeof *s->slot),
                 .point = es_alloc_aligned(n, sizeof *s->point),
                 .word = es_alloc_aligned(slot_tree_words(n), sizeof *s->word),
                 .stairs = {.x = es_alloc_aligned(n, sizeof(double)), .y = es_alloc_aligned(n, sizeof(double))}};
    if (!s->order || !s->slot || !s->point || !s->word || !s->stairs.x || !s->stairs.y) {
        sweep_free(s);
        return es_fail_memory(errors);
    }
    slot_tree_init(&s->stairs.slots, s->word, n);
    assign_slots(set, s->order, s->slot);
    sort_falling(set, set->d - 1, s->order);
    return ES_OK;
}

static sweep_point sweep_point_of(const volume_set *set, const sweep *s, size_t i) {
    const double *row = set_row(set, s->order[i]);
    return (sweep_point){.x = row[0], .y = row[1], .z = set->d > 2 ? row[2] : 1, .slot = s->slot[s->order[i]]};
}

/* ---- Up to four objectives ---- */

static double sweep_3(const volume_set *set, sweep *s) {
    const sweep_point no_cap = {.x = HUGE_VAL, .y = HUGE_VAL, .z = HUGE_VAL};
    for (size_t i = 0; i < set->n; i++)
        s->point[i] = sweep_point_of(set, s, i);
    return volume_limited(&s->stairs, s->point, set->n, &no_cap);
}

/* Adds p to the points by falling z and drops those it dominates; none dominates p. */
static size_t add_by_z(sweep_point *point, size_t n, const sweep_point *p) {
    size_t kept = 0;
    while (kept < n && point[kept].z > p->z)
        kept++;
    size_t at = kept;
    for (size_t i = at; i < n; i++)
        if (point[i].x > p->x || point[i].y > p->y)
            point[kept++] = point[i];
    memmove(point + at + 1, point + at, (kept - at) * sizeof *point);
    point[at] = *p;
    return kept + 1;
}

static bool is_inside(const sweep_point *point, size_t n, const sweep_point *p) {
    for (size_t i = 0; i < n && point[i].z >= p->z; i++)
        if (point[i].x >= p->x && point[i].y >= p->y)
            return true;
    return false;
}

static double sweep_4(const volume_set *set, sweep *s) {
    double volume = 0;
    size_t n = 0;
    for (size_t i = 0; i < set->n; i++) {
        sweep_point p = sweep_point_of(set, s, i);
        if (is_inside(s->point, n, &p))
            continue;
        double exclusive = p.x * p.y * p.z - volume_limited(&s->stairs, s->point, n, &p);
        volume += exclusive * set_row(set, s->order[i])[3];
        n = add_by_z(s->point, n, &p);
    }
    return volume;
}

/* ---- Five objectives and more ---- */

static bool reaches(const double *a, const double *b, unsigned d) {
    for (unsigned k = 0; k < d; k++)
        if (a[k] < b[k])
            return false;
    return true;
}

/* Adds a row to a set in which none dominates another, in the first set->d objectives. */
static void add_if_outside(volume_set *set, const double *row) {
    for (size_t i = 0; i < set->n; i++)
        if (reaches(set_row(set, i), row, set->d))
            return;
    size_t kept = 0;
    for (size_t i = 0; i < set->n; i++)
        if (!reaches(row, set_row(set, i), set->d))
            memmove(set->value + kept++ * set->stride, set_row(set, i), set->d * sizeof *row);
    memcpy(set->value + kept * set->stride, row, set->d * sizeof *row);
    set->n = kept + 1;
}

static void limit_to_box(const volume_set *set, const double *corner, volume_set *limited) {
    double row[ES_MAX_OBJECTIVES];
    limited->n = 0;
    for (size_t i = 0; i < set->n; i++) {
        const double *from = set_row(set, i);
        for (unsigned k = 0; k < set->d; k++)
            row[k] = from[k] < corner[k] ? from[k] : corner[k];
        add_if_outside(limited, row);
    }
}

static es_status measure(const volume_set *set, double *volume, es_errors *errors);

static es_status measure_slices(const volume_set *set, const uint32_t *order, volume_set *before, volume_set *limited,
                                double *volume, es_errors *errors) {
    unsigned last = set->d - 1;
    es_status status = ES_OK;
    *volume = 0;
    for (size_t i = 0; i < set->n && !status; i++) {
        const double *row = set_row(set, order[i]);
        double exclusive = 1, shared = 0;
        for (unsigned k = 0; k < last; k++)
            exclusive *= row[k];
        limit_to_box(before, row, limited);
        status = measure(limited, &shared, errors);
        *volume += (exclusive - shared) * row[last];
        add_if_outside(before, row);
    }
    return status;
}

static es_status measure_deep(const volume_set *set, double *volume, es_errors *errors) {
    volume_set before = {.d = set->d - 1, .stride = set->d - 1};
    volume_set limited = before;
    uint32_t *order = es_alloc_aligned(set->n, sizeof *order);
    before.value = es_alloc_aligned(set->n, before.stride * sizeof *before.value);
    limited.value = es_alloc_aligned(set->n, limited.stride * sizeof *limited.value);
    es_status status = order && before.value && limited.value ? ES_OK : es_fail_memory(errors);
    if (!status) {
        sort_falling(set, set->d - 1, order);
        status = measure_slices(set, order, &before, &limited, volume, errors);
    }
    free(order);
    free(before.value);
    free(limited.value);
    return status;
}

static es_status measure(const volume_set *set, double *volume, es_errors *errors) {
    *volume = 0;
    if (set->n == 0)
        return ES_OK;
    if (set->d == 1) {
        for (size_t i = 0; i < set->n; i++)
            *volume = set_row(set, i)[0] > *volume ? set_row(set, i)[0] : *volume;
        return ES_OK;
    }
    if (set->d > 4)
        return measure_deep(set, volume, errors);
    sweep s;
    es_status status = sweep_init(&s, set, errors);
    if (status)
        return status;
    *volume = set->d == 4 ? sweep_4(set, &s) : sweep_3(set, &s);
    sweep_free(&s);
    return ES_OK;
}

/* ---- The public call ---- */

/* Keeps the rows that are strictly better than the reference, as they are. */
static void drop_outside(es_vectors *rows, const double *reference) {
    size_t kept = 0;
    for (size_t i = 0; i < rows->n; i++) {
        unsigned better = 0;
        for (unsigned k = 0; k < rows->d; k++)
            better += es_vector(rows, i)[k] < reference[k];
        if (better == rows->d)
            memmove(rows->value + kept++ * rows->d, es_vector(rows, i), rows->d * sizeof(double));
    }
    rows->n = kept;
}

static es_status measure_rows(es_vectors *rows, const double *reference, double *volume, es_errors *errors) {
    es_view view = {.n = rows->n, .d = rows->d, .stride = rows->d};
    size_t count = 0;
    bool finite = true;
    uint32_t *front = es_alloc_aligned(rows->n, sizeof *front);
    if (!front)
        return es_fail_memory(errors);
    for (unsigned k = 0; k < rows->d; k++)
        view.column[k] = rows->value + k;
    es_status status = es_front_of_view(&view, ES_TIES_FIRST, 1, front, &count, &finite, errors);
    for (size_t i = 0; i < count && !status; i++)
        for (unsigned k = 0; k < rows->d; k++)
            rows->value[i * rows->d + k] = reference[k] - es_vector(rows, front[i])[k];
    volume_set set = {.n = count, .d = rows->d, .stride = rows->d, .value = rows->value};
    if (!status)
        status = measure(&set, volume, errors);
    free(front);
    return status;
}

es_status es_hypervolume(const es_points *points, const uint64_t *subset, size_t count, const double *reference,
                         double *volume, es_errors *errors) {
    es_view view;
    es_status status = es_view_init(&view, points, errors);
    double corner[ES_MAX_OBJECTIVES] = {0}, found = 0;
    for (unsigned k = 0; k < points->d && !status; k++) {
        if (!isfinite(reference[k]))
            status = es_fail(errors, ES_EUSAGE, NULL, "reference of objective %u: expected a finite number", k + 1);
        else
            corner[k] = es_flipped(reference[k], view.flip[k]);
    }
    if (status)
        return status;
    es_vectors rows;
    status = es_vectors_init(&rows, points, subset, count, errors);
    if (status)
        return status;
    drop_outside(&rows, corner);
    status = measure_rows(&rows, corner, &found, errors);
    if (!status)
        *volume = found;
    es_vectors_free(&rows);
    return status;
}

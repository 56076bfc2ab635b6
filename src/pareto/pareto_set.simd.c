#include "pareto/pareto_lanes.h"
#include "pareto/pareto_set.h"

#define ALWAYS_INLINE inline __attribute__((always_inline))

/* Lanes of a block that reach the code: a few objectives at a time, since a branch costs more than a comparison, and in
 * two chains, since one comparison masked by the last has to wait for it. */
static ALWAYS_INLINE uint32_t reaching_lanes(const int32_t *block, const int32_t *code, unsigned d) {
    enum { AT_ONCE = 6 };
    uint32_t mask = 0xFFFFu;
    for (unsigned k = 0; k < d && mask; k += AT_ONCE) {
        uint32_t even = es_lanes_le(block + (size_t)k * ES_LANES, code[k]), odd = mask;
        for (unsigned j = k + 1; j < d && j < k + AT_ONCE; j += 2)
            odd &= es_lanes_le(block + (size_t)j * ES_LANES, code[j]);
        for (unsigned j = k + 2; j < d && j < k + AT_ONCE; j += 2)
            even &= es_lanes_le(block + (size_t)j * ES_LANES, code[j]);
        mask = even & odd;
    }
    return mask;
}

/* A smaller code is a smaller value: values are needed only where codes are equal. */
static bool is_confirmed(const es_set *set, uint32_t slot, const int32_t *code, const es_set_confirm *confirm) {
    if (confirm->exclude != ES_NOT_FOUND && confirm->exclude == set->id[slot])
        return false;
    bool below = true;
    for (unsigned k = 0; k < set->d; k++)
        below &= es_set_code(set, slot, k) < code[k];
    if (below)
        return true;
    const double *row = confirm->row + (size_t)set->id[slot] * set->d;
    bool better = !confirm->strict;
    for (unsigned k = 0; k < set->d; k++) {
        if (!(row[k] <= confirm->point[k]))
            return false;
        better |= row[k] < confirm->point[k];
    }
    return better;
}

static ALWAYS_INLINE uint32_t find_in_block(const es_set *set, uint32_t block, const int32_t *code,
                                            const es_set_confirm *confirm, unsigned d) {
    uint32_t mask = reaching_lanes(set->leaf + (size_t)block * d * ES_LANES, code, d);
    for (; mask; mask &= mask - 1) {
        uint32_t slot = block * ES_LANES + (uint32_t)__builtin_ctz(mask);
        if (!confirm || is_confirmed(set, slot, code, confirm))
            return slot;
    }
    return ES_NOT_FOUND;
}

/* Lanes of a block of corners: children of node `node` of `level` that may hold a member that reaches the code. */
static ALWAYS_INLINE uint32_t open_children(const es_set *set, unsigned level, uint32_t node, const int32_t *code,
                                            unsigned d) {
    return reaching_lanes(set->upper + (set->level_start[level] + node) * (size_t)d * ES_LANES, code, d);
}

/* Depth first; mask[level] holds the children of base[level] still to visit.  The leaves below one node, where nearly
 * all the time goes, have a loop of their own. */
static ALWAYS_INLINE uint32_t find_in_tree(const es_set *set, const int32_t *code, const es_set_confirm *confirm,
                                           unsigned d) {
    uint32_t mask[ES_SET_LEVELS + 1], base[ES_SET_LEVELS + 1];
    unsigned top = set->levels, level = top; /* one root above the highest level */
    mask[top] = 1;
    base[top] = 0;
    for (;;) {
        while (!mask[level])
            if (level++ == top)
                return ES_NOT_FOUND;
        uint32_t node = base[level] + (uint32_t)__builtin_ctz(mask[level]);
        mask[level] &= mask[level] - 1;
        uint32_t open = open_children(set, level - 1, node, code, d);
        if (level > 1) {
            level--;
            mask[level] = open;
            base[level] = node * ES_LANES;
            continue;
        }
        for (; open; open &= open - 1) {
            uint32_t slot = find_in_block(set, node * ES_LANES + (uint32_t)__builtin_ctz(open), code, confirm, d);
            if (slot != ES_NOT_FOUND)
                return slot;
        }
    }
}

static ALWAYS_INLINE uint32_t find(const es_set *set, const int32_t *code, const es_set_confirm *confirm,
                                   uint32_t *hint, unsigned d) {
    uint32_t blocks = (set->n + ES_LANES - 1) / ES_LANES;
    if (!blocks)
        return ES_NOT_FOUND;
    uint32_t slot = *hint < blocks ? find_in_block(set, *hint, code, confirm, d) : ES_NOT_FOUND;
    if (slot == ES_NOT_FOUND && set->levels)
        slot = find_in_tree(set, code, confirm, d);
    for (uint32_t block = set->in_tree / ES_LANES; slot == ES_NOT_FOUND && block < blocks; block++)
        slot = find_in_block(set, block, code, confirm, d);
    if (slot != ES_NOT_FOUND)
        *hint = slot / ES_LANES;
    return slot;
}

static ALWAYS_INLINE uint32_t find_before(const es_set *set, const int32_t *code, uint32_t end, unsigned d) {
    for (uint32_t block = 0; block * ES_LANES < end; block++) {
        uint32_t slot = find_in_block(set, block, code, NULL, d);
        if (slot != ES_NOT_FOUND)
            return slot < end ? slot : ES_NOT_FOUND;
    }
    return ES_NOT_FOUND;
}

/* One copy per number of objectives, a constant in it, for the usual numbers. */
uint32_t ES_SIMD_NAME(es_set_find)(const es_set *set, const int32_t *code, const es_set_confirm *confirm,
                                   uint32_t *hint) {
    switch (set->d) {
    case 2: return find(set, code, confirm, hint, 2);
    case 3: return find(set, code, confirm, hint, 3);
    case 4: return find(set, code, confirm, hint, 4);
    case 5: return find(set, code, confirm, hint, 5);
    default: return find(set, code, confirm, hint, set->d);
    }
}

uint32_t ES_SIMD_NAME(es_set_find_before)(const es_set *set, const int32_t *code, uint32_t end) {
    switch (set->d) {
    case 2: return find_before(set, code, end, 2);
    case 3: return find_before(set, code, end, 3);
    case 4: return find_before(set, code, end, 4);
    case 5: return find_before(set, code, end, 5);
    default: return find_before(set, code, end, set->d);
    }
}

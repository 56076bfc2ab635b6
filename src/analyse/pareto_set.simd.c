#include "analyse/pareto_lanes.h"
#include "analyse/pareto_set.h"

#define ALWAYS_INLINE inline __attribute__((always_inline))

/* Lanes of a block that reach the code: a few objectives at a time, since a branch costs more than a comparison. */
static ALWAYS_INLINE uint32_t reaching_lanes(const int32_t *block, const int32_t *code, unsigned d)
{
    enum { AT_ONCE = 5 };
    uint32_t mask = 0xFFFFu;
    for (unsigned k = 0; k < d && mask; k += AT_ONCE)
        for (unsigned j = k; j < d && j < k + AT_ONCE; j++)
            mask &= es_lanes_le(block + (size_t)j * ES_LANES, code[j]);
    return mask;
}

static bool is_confirmed(const es_set *set, uint32_t slot, const es_set_confirm *confirm)
{
    const double *row = confirm->row + (size_t)set->id[slot] * set->d;
    bool better = !confirm->strict;
    for (unsigned k = 0; k < set->d; k++) {
        if (!(row[k] <= confirm->point[k]))
            return false;
        better |= row[k] < confirm->point[k];
    }
    return better && set->id[slot] != confirm->exclude;
}

static ALWAYS_INLINE uint32_t find_in_block(const es_set *set, uint32_t block, const int32_t *code,
                                            const es_set_confirm *confirm, unsigned d)
{
    uint32_t mask = reaching_lanes(set->leaf + (size_t)block * d * ES_LANES, code, d);
    for (; mask; mask &= mask - 1) {
        uint32_t slot = block * ES_LANES + (uint32_t)__builtin_ctz(mask);
        if (!confirm || is_confirmed(set, slot, confirm))
            return slot;
    }
    return ES_NOT_FOUND;
}

/* Depth first: mask[level] holds the children of one block of corners still to visit. */
static ALWAYS_INLINE uint32_t find_in_tree(const es_set *set, const int32_t *code, const es_set_confirm *confirm,
                                           unsigned d)
{
    uint32_t mask[ES_SET_LEVELS], base[ES_SET_LEVELS];
    size_t block_size = (size_t)d * ES_LANES;
    unsigned top = set->levels - 1, level = top;
    base[top] = 0;
    mask[top] = reaching_lanes(set->upper + set->level_start[top] * block_size, code, d);
    for (;;) {
        if (!mask[level]) {
            if (level++ == top)
                return ES_NOT_FOUND;
            continue;
        }
        uint32_t child = base[level] + (uint32_t)__builtin_ctz(mask[level]);
        mask[level] &= mask[level] - 1;
        if (level > 0) {
            level--;
            base[level] = child * ES_LANES;
            mask[level] = reaching_lanes(set->upper + (set->level_start[level] + child) * block_size, code, d);
            continue;
        }
        uint32_t slot = find_in_block(set, child, code, confirm, d);
        if (slot != ES_NOT_FOUND)
            return slot;
    }
}

static ALWAYS_INLINE uint32_t find(const es_set *set, const int32_t *code, const es_set_confirm *confirm,
                                   uint32_t *hint, unsigned d)
{
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

static ALWAYS_INLINE uint32_t find_before(const es_set *set, const int32_t *code, uint32_t end, unsigned d)
{
    for (uint32_t block = 0; block * ES_LANES < end; block++) {
        uint32_t slot = find_in_block(set, block, code, NULL, d);
        if (slot != ES_NOT_FOUND)
            return slot < end ? slot : ES_NOT_FOUND;
    }
    return ES_NOT_FOUND;
}

/* One copy per number of objectives, a constant in it, for the usual numbers. */
uint32_t ES_SIMD_NAME(es_set_find)(const es_set *set, const int32_t *code, const es_set_confirm *confirm,
                                   uint32_t *hint)
{
    switch (set->d) {
    case 2: return find(set, code, confirm, hint, 2);
    case 3: return find(set, code, confirm, hint, 3);
    case 4: return find(set, code, confirm, hint, 4);
    case 5: return find(set, code, confirm, hint, 5);
    default: return find(set, code, confirm, hint, set->d);
    }
}

uint32_t ES_SIMD_NAME(es_set_find_before)(const es_set *set, const int32_t *code, uint32_t end)
{
    switch (set->d) {
    case 2: return find_before(set, code, end, 2);
    case 3: return find_before(set, code, end, 3);
    case 4: return find_before(set, code, end, 4);
    case 5: return find_before(set, code, end, 5);
    default: return find_before(set, code, end, set->d);
    }
}

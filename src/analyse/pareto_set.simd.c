#include "analyse/pareto_lanes.h"
#include "analyse/pareto_set.h"

static inline uint32_t reaching_lanes(const int32_t *block, const int32_t *code, unsigned d)
{
    uint32_t mask = es_lanes_le(block, code[0]);
    for (unsigned k = 1; k < d && mask; k++)
        mask &= es_lanes_le(block + (size_t)k * ES_LANES, code[k]);
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

static inline uint32_t find_in_block(const es_set *set, uint32_t block, const int32_t *code,
                                     const es_set_confirm *confirm)
{
    uint32_t mask = reaching_lanes(set->leaf + (size_t)block * set->d * ES_LANES, code, set->d);
    for (; mask; mask &= mask - 1) {
        uint32_t slot = block * ES_LANES + (uint32_t)__builtin_ctz(mask);
        if (!confirm || is_confirmed(set, slot, confirm))
            return slot;
    }
    return ES_NOT_FOUND;
}

/* Depth first: mask[level] holds the children of one block of corners still to visit. */
static uint32_t find_in_tree(const es_set *set, const int32_t *code, const es_set_confirm *confirm)
{
    uint32_t mask[ES_SET_LEVELS], base[ES_SET_LEVELS];
    size_t block_size = (size_t)set->d * ES_LANES;
    unsigned top = set->levels - 1, level = top;
    base[top] = 0;
    mask[top] = reaching_lanes(set->upper + set->level_start[top] * block_size, code, set->d);
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
            mask[level] = reaching_lanes(set->upper + (set->level_start[level] + child) * block_size, code, set->d);
            continue;
        }
        uint32_t slot = find_in_block(set, child, code, confirm);
        if (slot != ES_NOT_FOUND)
            return slot;
    }
}

uint32_t ES_SIMD_NAME(es_set_find)(const es_set *set, const int32_t *code, const es_set_confirm *confirm,
                                   uint32_t *hint)
{
    uint32_t blocks = (set->n + ES_LANES - 1) / ES_LANES;
    if (!blocks)
        return ES_NOT_FOUND;
    uint32_t slot = *hint < blocks ? find_in_block(set, *hint, code, confirm) : ES_NOT_FOUND;
    if (slot == ES_NOT_FOUND && set->levels)
        slot = find_in_tree(set, code, confirm);
    for (uint32_t block = set->in_tree / ES_LANES; slot == ES_NOT_FOUND && block < blocks; block++)
        slot = find_in_block(set, block, code, confirm);
    if (slot != ES_NOT_FOUND)
        *hint = slot / ES_LANES;
    return slot;
}

uint32_t ES_SIMD_NAME(es_set_find_before)(const es_set *set, const int32_t *code, uint32_t end)
{
    for (uint32_t block = 0; block * ES_LANES < end; block++) {
        uint32_t slot = find_in_block(set, block, code, NULL);
        if (slot != ES_NOT_FOUND)
            return slot < end ? slot : ES_NOT_FOUND;
    }
    return ES_NOT_FOUND;
}

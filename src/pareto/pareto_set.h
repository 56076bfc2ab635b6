/* A growing set of mutually non-dominated integer vectors that answers "does a member reach this point?".
 *
 * A member *reaches* a point when it is no larger in any objective: it dominates the point or equals it.  Members live
 * in blocks of 16 lanes.  Most blocks are in k-d order under a 16-ary tree of minimum corners: a subtree is entered
 * only if its corner reaches the point, which prunes nearly all of a large front.  The most recent members wait in
 * blocks behind, the tail, that are scanned one by one until the next rebuild takes them in.
 */
#ifndef ES_PARETO_PARETO_SET_H
#define ES_PARETO_PARETO_SET_H

#include "pareto/pareto_view.h"
#include "base/simd.h"

enum { ES_LANES = 16, ES_SET_LEVELS = 8 };

#define ES_NOT_FOUND UINT32_MAX

typedef struct es_set {
    unsigned d;
    unsigned threads;      /* for rebuilding; 1 unless changed */
    uint32_t n;            /* members */
    uint32_t in_tree;      /* the first so many are under the tree */
    size_t capacity;       /* of leaf, in blocks */
    int32_t *leaf;         /* block b, objective k, lane l: leaf[(b * d + k) * ES_LANES + l]; unused lanes INT32_MAX */
    uint32_t *id;          /* the caller's id of each member, same lanes */
    unsigned levels;       /* of corners: 0 when there is no tree */
    size_t upper_capacity; /* blocks */
    int32_t *upper;        /* all levels of corners, laid out like leaf */
    size_t level_start[ES_SET_LEVELS]; /* first block of each level in upper; level 0 holds corners of leaf blocks */
    uint32_t level_blocks[ES_SET_LEVELS];
    uint64_t code_base[ES_MAX_OBJECTIVES]; /* es_set_code_of; set by es_set_fill */
    unsigned code_shift[ES_MAX_OBJECTIVES];
} es_set;

/* Confirms a hit on rounded-down codes with the values they came from: row[id * d + k] <= point[k].  Where the query
 * takes a pointer to this, NULL means that codes are exact. */
typedef struct es_set_confirm {
    const double *row;
    const double *point; /* no NaN */
    bool strict;         /* equal vectors are no hits */
    uint32_t exclude;    /* a member with this id is no hit; ES_NOT_FOUND: none */
} es_set_confirm;

void es_set_init(es_set *set, unsigned d);
void es_set_free(es_set *set);
void es_set_clear(es_set *set);
/* Empties it and gives its memory back; codes stay as they were chosen. */
void es_set_release(es_set *set);

/* Adds a member behind the tail.  code: d values below INT32_MAX. */
es_status es_set_append(es_set *set, const int32_t *code, uint32_t id, es_errors *errors);

/* Puts a member with these codes and the same id into a slot of the tail. */
void es_set_replace(es_set *set, uint32_t slot, const int32_t *code);

/* Empties the set and fills it with rows of values, ids 0 ... n-1 or id[], under the tree when they are more than a
 * block.  Chooses codes that resolve the range of these rows. */
es_status es_set_fill(es_set *set, const double *row, const uint32_t *id, size_t n, es_errors *errors);

/* Code of objective k of a point for queries to a filled set: never falls as the value rises. */
static inline int32_t es_set_code_of(const es_set *set, unsigned k, double value) {
    uint64_t key = (uint64_t)es_order_key(value) ^ ES_SIGN_BIT;
    uint64_t above = key > set->code_base[k] ? (key - set->code_base[k]) >> set->code_shift[k] : 0;
    return above < INT32_MAX ? (int32_t)above : INT32_MAX - 1;
}

/* Puts all members under the tree. */
es_status es_set_rebuild(es_set *set, es_errors *errors);

/* True when the tail has grown enough to pay for a rebuild. */
bool es_set_wants_rebuild(const es_set *set);

static inline int32_t es_set_code(const es_set *set, uint32_t slot, unsigned k) {
    return set->leaf[((size_t)(slot / ES_LANES) * set->d + k) * ES_LANES + slot % ES_LANES];
}

static inline bool es_set_equals(const es_set *set, uint32_t slot, const int32_t *code) {
    for (unsigned k = 0; k < set->d; k++)
        if (es_set_code(set, slot, k) != code[k])
            return false;
    return true;
}

/* Slot of a member that reaches `code`, or ES_NOT_FOUND.  *hint: leaf block to try first, updated on a hit. */
typedef uint32_t es_set_find_fn(const es_set *set, const int32_t *code, const es_set_confirm *confirm, uint32_t *hint);

/* As es_set_find_fn, but the lowest slot below `end`, tree not used. */
typedef uint32_t es_set_find_before_fn(const es_set *set, const int32_t *code, uint32_t end);

ES_SIMD_DECLARE(uint32_t, es_set_find,
                (const es_set *set, const int32_t *code, const es_set_confirm *confirm, uint32_t *hint));
ES_SIMD_DECLARE(uint32_t, es_set_find_before, (const es_set *set, const int32_t *code, uint32_t end));

#endif

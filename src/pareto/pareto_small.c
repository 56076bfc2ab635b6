#include "pareto/pareto_small.h"

#include <string.h>

void es_small_pool_free(es_small_pool *pool) {
    es_arena_free(&pool->arena);
    memset(pool->spare, 0, sizeof pool->spare);
}

/* Which list of spare memory; room is a power of two from 2 on. */
static unsigned class_of(uint16_t room) { return (unsigned)__builtin_ctz(room) - 1; }

static void give_back(es_small_pool *pool, uint64_t *vector, uint16_t room) {
    if (!room)
        return;
    memcpy(vector, &pool->spare[class_of(room)], sizeof pool->spare[0]);
    pool->spare[class_of(room)] = vector;
}

void es_small_clear(es_small_pool *pool, es_small *front) {
    give_back(pool, front->vector, front->room);
    *front = (es_small){0};
}

static uint64_t *take_room(es_small_pool *pool, uint16_t room) {
    void **spare = &pool->spare[class_of(room)], *taken = *spare;
    if (!taken)
        return es_arena_array(&pool->arena, room, (pool->d + 1) * sizeof(uint64_t));
    memcpy(spare, taken, sizeof *spare);
    return taken;
}

static bool grow(es_small_pool *pool, es_small *front) {
    const uint16_t room = front->room ? (uint16_t)(2 * front->room) : 2;
    uint64_t *vector = take_room(pool, room);
    if (!vector)
        return false;
    if (front->n)
        memcpy(vector, front->vector, front->n * (pool->d + 1) * sizeof *vector);
    give_back(pool, front->vector, front->room);
    front->vector = vector, front->room = room;
    return true;
}

/* a is no worse than b in any objective. */
static bool reaches(const double *a, const double *b, unsigned d) {
    for (unsigned k = 0; k < d; k++)
        if (a[k] > b[k])
            return false;
    return true;
}

static bool is_same(const double *a, const double *b, unsigned d) {
    for (unsigned k = 0; k < d; k++)
        if (a[k] != b[k])
            return false;
    return true;
}

static void swap(uint64_t *a, uint64_t *b, unsigned d) {
    for (unsigned k = 0; k <= d; k++) {
        uint64_t kept;
        memcpy(&kept, a + k, sizeof kept);
        memcpy(a + k, b + k, sizeof kept);
        memcpy(b + k, &kept, sizeof kept);
    }
}

/* Drops what the new vector dominates among those from `i` on: none of them reaches it. */
static void drop_beaten(es_small *front, unsigned d, size_t i, const double *value) {
    while (i < front->n) {
        if (!reaches(value, es_small_values(front, d, i), d)) {
            i++;
            continue;
        }
        front->n--;
        if (i < front->n)
            memcpy(front->vector + i * (d + 1), front->vector + (size_t)front->n * (d + 1), (d + 1) * sizeof(uint64_t));
    }
}

es_small_found es_small_insert(es_small_pool *pool, es_small *front, const double *value, uint64_t index) {
    const unsigned d = pool->d;
    for (size_t i = 0; i < front->n; i++) {
        uint64_t *vector = front->vector + i * (d + 1);
        if (!reaches(es_small_values(front, d, i), value, d))
            continue;
        if (is_same(es_small_values(front, d, i), value, d) && index < *vector)
            *vector = index;
        if (i) /* what beats one point beats its neighbours */
            swap(vector, front->vector, d);
        return ES_SMALL_BEATEN;
    }
    drop_beaten(front, d, 0, value);
    if (front->n == ES_SMALL_MOST)
        return ES_SMALL_FULL;
    if (front->n == front->room && !grow(pool, front))
        return ES_SMALL_NO_MEMORY;
    uint64_t *vector = front->vector + (size_t)front->n++ * (d + 1);
    *vector = index;
    memcpy(vector + 1, value, d * sizeof *value);
    return ES_SMALL_TAKEN;
}

bool es_small_covers(const es_small *front, unsigned d, const double *value, uint64_t index) {
    for (size_t i = 0; i < front->n; i++)
        if (reaches(es_small_values(front, d, i), value, d))
            return es_small_index(front, d, i) <= index || !is_same(es_small_values(front, d, i), value, d);
    return false;
}

size_t es_small_find(const es_small *front, unsigned d, const double *value) {
    for (size_t i = 0; i < front->n; i++)
        if (is_same(es_small_values(front, d, i), value, d))
            return i;
    return SIZE_MAX;
}

/* Groups: tuples of column values to dense numbers. */
#ifndef ES_ENGINE_GROUPS_H
#define ES_ENGINE_GROUPS_H

#include <edgesweep/error.h>

typedef struct es_groups {
    size_t width; /* values in a key */
    double *key;  /* count * width */
    size_t count, capacity;
    uint32_t *index; /* open addressing: number + 1 */
    size_t index_size;
} es_groups;

void es_groups_init(es_groups *groups, size_t width);
void es_groups_free(es_groups *groups);

/* Whether a group has this key, and its number. */
bool es_groups_lookup(const es_groups *groups, const double *key, size_t *number);

/* The number of the group with this key, added when new (then *number == count - 1).  Missing values are equal to each
 * other, -0.0 to 0.0. */
es_status es_groups_find(es_groups *groups, const double *key, size_t *number, es_errors *errors);

#endif

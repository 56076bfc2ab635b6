/* Groups: tuples of column values to dense numbers.  Missing values are equal to each other, -0.0 to 0.0. */
#ifndef ES_ENGINE_GROUPS_H
#define ES_ENGINE_GROUPS_H

#include <edgesweep/sweep.h>

#include "base/keys.h"

enum { ES_MOST_GROUP_VALUES = ES_MAX_BY + 1 }; /* and a picked one */

typedef struct es_groups {
    size_t width; /* values in a key, at most ES_MOST_GROUP_VALUES */
    es_keys keys; /* keys.n groups */
} es_groups;

static inline void es_groups_init(es_groups *groups, size_t width) { *groups = (es_groups){.width = width}; }
static inline void es_groups_free(es_groups *groups) { es_keys_free(&groups->keys); }

/* The values of a group. */
static inline const double *es_groups_key(const es_groups *groups, size_t number) {
    return (const double *)(const void *)groups->keys.text + number * groups->width;
}

/* Whether a group has this key, and its number. */
bool es_groups_lookup(const es_groups *groups, const double *key, size_t *number);

/* The number of the group with this key, added when new: then it is the last. */
es_status es_groups_find(es_groups *groups, const double *key, size_t *number, es_errors *errors);

/* The order of two keys: value by value, missing ones last; for names, which are places in the catalog, that of the catalog. */
int es_groups_compare(const double *a, const double *b, size_t n);

#endif

#include "engine/groups.h"

#include <string.h>

#include "base/number.h"

/* One bit pattern per value that counts as equal. */
static es_slice canonical(const es_groups *g, const double *key, double *bits) {
    for (size_t i = 0; i < g->width; i++) {
        bits[i] = key[i] + 0.0; /* -0.0 becomes 0.0 */
        if (es_is_missing(key[i]))
            memset(&bits[i], 0xff, sizeof *bits);
    }
    return (es_slice){(const char *)bits, g->width * sizeof *bits};
}

bool es_groups_lookup(const es_groups *g, const double *key, size_t *number) {
    double bits[ES_MOST_GROUP_VALUES];
    uint32_t found;
    if (!es_keys_find(&g->keys, canonical(g, key, bits), &found))
        return false;
    *number = found;
    return true;
}

es_status es_groups_find(es_groups *g, const double *key, size_t *number, es_errors *errors) {
    double bits[ES_MOST_GROUP_VALUES];
    uint32_t found = 0;
    const es_status status = es_keys_number(&g->keys, canonical(g, key, bits), &found, errors);
    *number = found;
    return status;
}

int es_groups_compare(const double *a, const double *b, size_t n) {
    for (size_t k = 0; k < n; k++) {
        const bool a_missing = es_is_missing(a[k]), b_missing = es_is_missing(b[k]);
        if (a_missing != b_missing)
            return a_missing ? 1 : -1;
        if (a[k] != b[k] && !a_missing)
            return a[k] < b[k] ? -1 : 1;
    }
    return 0;
}

/* What decides the best choice of a group: the smallest change of any number that changes it.
 *
 * An input is changed alone, for all points that rest on it: a field of a row for the points of that row, the workload, an
 * option or a limit of [where] for all.  Every point of the group competes anew, by the rule of [best].  A change is looked
 * for outwards, by 1, 3, 10, 30 and 100% (down: by these factors), and then halved down to 1e-10: a choice that changes
 * and changes back between two of those is not seen.
 */
#ifndef ES_ANALYSIS_DECIDES_H
#define ES_ANALYSIS_DECIDES_H

#include <signal.h>

#include "base/arena.h"
#include "grid/plan.h"

typedef struct es_flip {
    const char *input, *unit; /* device.mem_bw_gbs; a limit of [where]: the condition */
    const char *row;          /* whose field it is, "": of no row */
    double value, factor;     /* value: NaN where it applies by tensor type; the factor is all there is then */
    uint64_t then_best;       /* point, UINT64_MAX: none is left */
    double objective;         /* the first, of that point under the change */
    int stopped_by;           /* the condition that it fails without the change, -1: none */
} es_flip;

typedef struct es_decision {
    uint64_t best; /* UINT64_MAX: none */
    size_t n_points;
    es_flip *flip; /* nearest first; in the arena */
    size_t n_flips;
} es_decision;

typedef struct es_decides_options {
    /* Only these inputs and the limits, and only so that more is allowed; NULL: all, both ways. */
    const char *const *resource;
    unsigned threads;
    const volatile sig_atomic_t *stop;
} es_decides_options;

/* Of the group that the point belongs to. */
es_status es_decides(es_decision *decision, const es_sweep *sweep, uint64_t index, const es_decides_options *options,
                     es_arena *arena, es_errors *errors);

#endif

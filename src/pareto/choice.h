/* Which row is the best choice: one rule for sweeps, tables, parts of either and columns of the caller.
 *
 * Objectives are compared in turn, all turned to minimisation, then the lower index wins.  Rows without a value of an
 * objective do not compete: who fills these structures leaves them out.  With a margin, rows of one kin whose first objective
 * differs by less than it tie, as what it measures is not known better, and the others decide between them.  Where values
 * have ranges, the better value wins all the same; that the ranges overlap is said beside it.
 */
#ifndef ES_PARETO_CHOICE_H
#define ES_PARETO_CHOICE_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The best row of one picked value in its group. */
typedef struct es_choice {
    const double *value; /* of the objectives, minimised */
    uint64_t index;
    uint64_t group; /* the order of groups */
    uint64_t kin;   /* of those that may tie */
    void *row;      /* the caller's */
} es_choice;

static inline bool es_is_better(const double *a, uint64_t a_index, const double *b, uint64_t b_index, size_t d) {
    for (size_t k = 0; k < d; k++)
        if (a[k] != b[k])
            return a[k] < b[k];
    return a_index < b_index;
}

/* Whether the first objectives of two of one kin are too near to decide. */
static inline bool es_is_near(const double *a, const double *b, double margin) { return fabs(a[0] - b[0]) < margin; }

/* Of two that tie: by the objectives behind the first, then as any others. */
static inline bool es_breaks_tie(const double *a, uint64_t a_index, const double *b, uint64_t b_index, size_t d) {
    for (size_t k = 1; k < d; k++)
        if (a[k] != b[k])
            return a[k] < b[k];
    return es_is_better(a, a_index, b, b_index, d);
}

/* Whether two choices tie. */
static inline bool es_choices_tie(const es_choice *a, const es_choice *b, double margin) {
    return a->kin == b->kin && es_is_near(a->value, b->value, margin);
}

/* Whether the range of the first objective of one that wins reaches that of another, so that it may not be better: their worst
 * and best ends, minimised, NaN where not known.  Ranges of one kin move together: these tie by the margin alone. */
static inline bool es_ranges_overlap(double worst_end, double other_best_end) { return other_best_end <= worst_end; }

/* Orders by group, then from the best choice on; where ties are broken, the winner stands before those that it ties with. */
void es_choices_rank(es_choice *choice, size_t n, size_t d, double margin);

#endif

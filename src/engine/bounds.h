/* Bounds of nodes over boxes of the grid: interval arithmetic from the signs that kernels declare.
 *
 * Over a box a node lies in [low, high] wherever it has a value; `state` says whether it may have one and whether it may
 * be NaN.  A node of declared signs takes its bounds at opposite corners of its inputs, which holds in floating point
 * because rounding is monotone.  An input of unknown sign that varies, or a result that is not finite, leaves a node
 * unbounded.  An input that is NaN counts as fixed: the signs of the others then hold as declared.
 * Formulas of users go operation by operation (es_expr_run_range).
 *
 * An es_bounds is built once per run and shared; each thread owns an es_boxes.
 */
#ifndef ES_ENGINE_BOUNDS_H
#define ES_ENGINE_BOUNDS_H

#include "engine/eval.h"
#include "engine/ladder.h"

enum { ES_HAS_VALUE = 1, ES_HAS_NAN = 2 };

typedef struct es_range {
    double low, high; /* of the values; NaN when there are none */
    unsigned state;   /* ES_HAS_... */
} es_range;

static inline bool es_range_is_fixed(es_range r) {
    return r.state == ES_HAS_NAN || (r.state == ES_HAS_VALUE && r.low == r.high);
}

typedef struct es_bounds es_bounds;
typedef struct es_boxes es_boxes;

/* Bounds of `wanted` nodes, all of them wanted from the program too.  Ladder and program must outlive it. */
es_status es_bounds_new(es_bounds **bounds, const es_program *program, const es_ladder *ladder, const uint16_t *wanted,
                        size_t n_wanted, es_errors *errors);
void es_bounds_free(es_bounds *bounds);

es_status es_boxes_new(es_boxes **boxes, const es_bounds *bounds, es_errors *errors);
void es_boxes_free(es_boxes *boxes);

/* Computes n <= ES_FAN neighbouring boxes of a rung, all in one run. */
void es_boxes_compute(es_boxes *boxes, size_t rung, uint64_t first, size_t n);

/* What a wanted node is in box i of those computed last; results beyond the range of a double count as NaN. */
es_range es_boxes_range(const es_boxes *boxes, uint16_t node, size_t i);

#endif

/* The numbers that a point of a sweep rests on, and the point again with other ones.
 *
 * An input is what an axis could vary: a catalog field that the kernel reads (rates as their factor), a workload axis, a
 * numeric option.  Changing it gives the same bits as an axis with that value would.
 */
#ifndef ES_ANALYSIS_INPUTS_H
#define ES_ANALYSIS_INPUTS_H

#include <edgesweep/sweep.h>

#include "base/arena.h"
#include "grid/plan.h"

enum { ES_NO_ROW = -1 };

typedef struct es_input {
    const char *name, *unit; /* device.mem_bw_gbs, prompt */
    int entity;              /* the es_kind whose row has it, ES_NO_ROW: workload, options */
    double value;            /* NaN: it applies by tensor type, or nothing gives it; the factor is 1 then */
    double min, max;         /* legal */
    bool exclusive;          /* min itself is not legal */
    bool whole;
    size_t n, n_path;
    const uint16_t *node; /* that are multiplied when the input is */
    const uint16_t *path; /* these and all that depend on them, in the plan's order */
} es_input;

typedef struct es_varied {
    const es_sweep *sweep;
    es_rows rows;
    const double *base; /* all nodes of the point as it is */
    double *value;
    uint8_t *dirty;
    double *block_out;
    uint8_t *block_done;
    size_t widest;
    es_input *input;
    size_t n_inputs;
} es_varied;

/* The point and its inputs that are not 0, in the arena. */
es_status es_varied_make(es_varied *varied, const es_sweep *sweep, uint64_t index, es_arena *arena, es_errors *errors);

/* Room to vary points of the sweep, set by rows and base, without inputs of its own. */
es_status es_varied_room(es_varied *varied, const es_sweep *sweep, es_arena *arena, es_errors *errors);

/* An input of these nodes, with its path. */
es_status es_input_connect(es_input *input, const es_plan *plan, const uint16_t *node, size_t n, es_arena *arena,
                           es_errors *errors);

/* Adds to the marked nodes all that they are computed from. */
void es_nodes_needed(const es_plan *plan, uint8_t *needed);

/* varied->value: the point with the input multiplied by `factor`. */
void es_vary(es_varied *varied, const es_input *input, double factor);

/* The factors of the next legal values on either side: +-0.01% of a real number; for whole ones +- the largest power of two
 * that divides the number and is at most 256, and of numbers below 1024 an eighth, so that rows stay whole blocks of their
 * formats.  1: none. */
void es_input_steps(const es_input *input, double *down, double *up);

/* d ln f / d ln x: over both steps, and over each alone, which differ at a kink.  NaN where f is 0, missing or changes sign. */
typedef struct es_elasticity {
    double both, down, up;
} es_elasticity;

/* out[metric] of the nodes. */
void es_elasticity_of(es_varied *varied, const es_input *input, const uint16_t *node, size_t n, es_elasticity *out);

typedef struct es_ranked {
    const es_input *input;
    es_elasticity e;
} es_ranked;

/* Effects below 0.005% per percent are not worth a line (unsourced: what three digits do not show). */
#define ES_NOTICED 5e-3

/* The largest of the three; beside a step, where one side is no slope at all, the other side, at least ES_NOTICED. */
double es_elasticity_size(const es_elasticity *e);
/* The sides differ by more than half of the larger: at a limit or a rule that changes there (rows of whole blocks) there is no
 * slope, but one to either side. */
bool es_elasticity_breaks(const es_elasticity *e);
/* The one over both steps; the larger side where these differ too much or only one is known. */
double es_elasticity_shown(const es_elasticity *e);

/* The inputs by the size of their effect on each of n nodes, the largest first; list has room for varied->n_inputs a node. */
es_status es_rank_inputs(es_varied *varied, const uint16_t *node, size_t n, es_ranked *list, es_errors *errors);

#endif

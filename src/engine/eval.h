/* Evaluation of tiles: every node a column, recomputed only when an axis it depends on has moved.
 *
 * An es_program is built once per run and shared; each thread owns an es_eval.
 */
#ifndef ES_ENGINE_EVAL_H
#define ES_ENGINE_EVAL_H

#include <edgesweep/sweep.h>

#include "base/arena.h"
#include "engine/tiles.h"
#include "grid/plan.h"

/* When a node is computed: nodes of later stages wait until the tile has survived the earlier ones. */
typedef enum es_stage { ES_STAGE_FILTER, ES_STAGE_ROWS, ES_STAGES } es_stage;

typedef struct es_program es_program;
typedef struct es_eval es_eval;

/* Nodes wanted in each stage; the program adds what they depend on.  The sweep and the tiling must outlive it. */
es_status es_program_new(es_program **program, const es_sweep *sweep, const es_tiling *tiling,
                         const uint16_t *const wanted[ES_STAGES], const size_t n_wanted[ES_STAGES], es_errors *errors);
void es_program_free(es_program *program);

const es_tiling *es_program_tiling(const es_program *program);

/* True when a node has one value in all points of a tile; its column then has one element. */
bool es_program_uniform(const es_program *program, uint16_t node);

/* The pattern of a set of tile axes; made on first use during construction, NULL for sets never asked for. */
const es_pattern *es_program_pattern(const es_program *program, uint64_t axes);
es_status es_program_add_pattern(es_program *program, uint64_t axes, es_errors *errors);

/* Whether a wanted output of a block is in a table: then values[c * stride] is its value in combination c of the axes of its
 * mask, last axis fastest. */
bool es_program_table(const es_program *program, uint16_t node, const double **values, size_t *stride);

es_status es_eval_new(es_eval **eval, const es_program *program, es_errors *errors);
void es_eval_free(es_eval *eval);

/* Moves to a tile and computes the first stage; es_eval_stage computes a further one when it is wanted.
 * n points from *first on. */
void es_eval_tile(es_eval *eval, uint64_t tile);
void es_eval_stage(es_eval *eval, es_stage stage);

/* What the last tile was. */
size_t es_eval_count(const es_eval *eval);
uint64_t es_eval_first(const es_eval *eval);
const size_t *es_eval_coordinates(const es_eval *eval); /* of the first point */

/* Column of a wanted node: es_eval_count values, or one when uniform.  Read-only: consumers must not change it. */
const double *es_eval_column(const es_eval *eval, uint16_t node);

#endif

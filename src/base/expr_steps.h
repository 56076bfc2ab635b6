/* Steps of a compiled expression; see expr_run.c. */
#ifndef ES_BASE_EXPR_STEPS_H
#define ES_BASE_EXPR_STEPS_H

#include "base/expr.h"
#include "base/simd.h"

enum { ES_EXPR_CHUNK = 128, ES_EXPR_REGISTERS = 16 }; /* 16 KiB of registers stay in the first-level cache */

typedef enum es_expr_place { ES_AT_REGISTER, ES_AT_INPUT, ES_AT_CONSTANT } es_expr_place;

typedef struct es_expr_operand {
    es_expr_place place;
    uint16_t index;
} es_expr_operand;

typedef struct es_expr_step {
    es_expr_op op;
    uint16_t to; /* register; the last step writes the result */
    es_expr_operand in[3];
} es_expr_step;

struct es_expr_program {
    const es_expr_step *step;
    size_t n_steps;
    const double *constant; /* [constant][ES_EXPR_CHUNK]: operands like any column */
};

ES_SIMD_DECLARE(void, es_expr_steps, (const es_expr_program *program, double *out, const double *const *in, size_t n));

#endif

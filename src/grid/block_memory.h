/* Outputs of a block by the rows it reads and its inputs, which few values of the axes behind them tell apart: most models
 * have the same tensor types.  Every question has one place; the last that came there is kept.  Of one thread.
 */
#ifndef ES_GRID_BLOCK_MEMORY_H
#define ES_GRID_BLOCK_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "model/node.h"

typedef struct es_block_memory {
    size_t mask, width; /* places less one, a power of two; doubles of a place */
    double *place;      /* whether it is taken, rows, inputs, outputs */
} es_block_memory;

/* Room for the block in at most `doubles`; false: there is none.  es_block_memory_free also takes {0}. */
bool es_block_memory_new(es_block_memory *memory, const es_block *block, size_t doubles);
void es_block_memory_free(es_block_memory *memory);

/* The outputs of the block, remembered or computed: in the memory, until the next question. */
const double *es_block_ask(const es_block_memory *memory, const es_block *block, const void *state, const es_rows *rows,
                           const double *in);

#endif

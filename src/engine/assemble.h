/* The inner loop of text output: rows put together from pieces that are already text. */
#ifndef ES_ENGINE_ASSEMBLE_H
#define ES_ENGINE_ASSEMBLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/simd.h"
#include "io/format.h"

enum { ES_PIECE_BLOCK = 64 }; /* texts are copied in whole blocks, past their end */

/* A piece of a row: text number sub[i], then the short cells i of some columns.  Texts lie `stride` bytes apart and may
 * be read up to the next whole block past their end. */
typedef struct es_piece {
    const char *text;
    const uint32_t *length; /* of every text */
    const uint16_t *sub;
    const es_short_cell *const *column;
    uint32_t stride, columns;
} es_piece;

/* Appends rows from...to - 1 (those with keep[i] != 0 when keep is not NULL) to `out`, which has room for them and one
 * block more; returns the new end and adds to *rows. */
#define ES_ASSEMBLE_ARGS                                                                                               \
    (const es_piece *piece, size_t n, const uint8_t *keep, size_t from, size_t to, char *out, uint64_t *rows)
ES_SIMD_DECLARE(char *, es_assemble_rows, ES_ASSEMBLE_ARGS);

#endif

/* The inner loop of text output: rows put together from pieces that are already text. */
#ifndef ES_ENGINE_ASSEMBLE_H
#define ES_ENGINE_ASSEMBLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/simd.h"
#include "io/format.h"

enum { ES_PIECE_BLOCK = 32 }; /* copies go in whole blocks past the end of a text */

typedef enum es_piece_kind {
    ES_PIECE_SAME_32, /* the same text in every row, up to 32 bytes */
    ES_PIECE_SAME_64, /* up to 64 */
    ES_PIECE_SAME,    /* any length */
    ES_PIECE_SHORT,   /* es_short_cell i of adjacent columns */
    ES_PIECE_LONG,    /* es_cell i */
    ES_PIECE_PICK_32, /* text number sub[i], none longer than 32 bytes */
    ES_PIECE_PICK     /* text number sub[i] */
} es_piece_kind;

/* One piece of a row.  SAME and PICK texts lie `stride` bytes apart and may be read up to the next whole block past their end. */
typedef struct es_piece {
    es_piece_kind kind;
    union {
        const char *text;                       /* SAME, PICK */
        const es_short_cell *const *short_cell; /* SHORT: of `columns` adjacent columns */
        const es_cell *long_cell;
    };
    const uint32_t *length; /* PICK: of every text */
    const uint16_t *sub;    /* PICK */
    uint32_t stride, same_length, columns;
} es_piece;

/* Appends rows from...to - 1 (those with keep[i] != 0 when keep is not NULL) to `out`, which has room for them and one
 * block more; returns the new end and adds to *rows. */
#define ES_ASSEMBLE_ARGS                                                                                               \
    (const es_piece *piece, size_t n, const uint8_t *keep, size_t from, size_t to, char *out, uint64_t *rows)
ES_SIMD_DECLARE(char *, es_assemble_rows, ES_ASSEMBLE_ARGS);

#endif

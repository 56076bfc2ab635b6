#include "engine/assemble.h"

#include <string.h>

#define BLOCK ES_PIECE_BLOCK

static inline char *append_text(const es_piece *p, size_t i, char *to) {
    const char *text = p->text + (size_t)p->sub[i] * p->stride;
    const size_t n = p->length[p->sub[i]];
    memcpy(to, text, BLOCK);
    for (size_t done = BLOCK; done < n; done += BLOCK)
        memcpy(to + done, text + done, BLOCK);
    return to + n;
}

static inline char *append_cell(const es_short_cell *cell, char *to) {
    memcpy(to, cell, sizeof *cell);
    return to + cell->length;
}

static inline char *append_cells(const es_short_cell *const *column, size_t columns, size_t i, char *to) {
    size_t k = 0;
    for (; k + 2 <= columns; k += 2)
        to = append_cell(&column[k + 1][i], append_cell(&column[k][i], to));
    return k < columns ? append_cell(&column[k][i], to) : to;
}

char *ES_SIMD_NAME(es_assemble_rows) ES_ASSEMBLE_ARGS {
    for (size_t i = from; i < to; i++) {
        if (keep && !keep[i])
            continue;
        for (const es_piece *p = piece; p < piece + n; p++)
            out = append_cells(p->column, p->columns, i, append_text(p, i, out));
        ++*rows;
    }
    return out;
}

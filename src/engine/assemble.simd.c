#include "engine/assemble.h"

#include <string.h>

#define BLOCK ES_PIECE_BLOCK

static inline char *copy_long(char *to, const char *from, size_t n) {
    for (size_t done = 0; done < n; done += BLOCK)
        memcpy(to + done, from + done, BLOCK);
    return to + n;
}

static inline char *append_short(const es_short_cell *cell, char *to) {
    memcpy(to, cell, sizeof *cell);
    return to + cell->length;
}

static inline char *append_run(const es_short_cell *const *column, uint32_t n, size_t i, char *to) {
    uint32_t k = 0;
    for (; k + 2 <= n; k += 2)
        to = append_short(&column[k + 1][i], append_short(&column[k][i], to));
    return k < n ? append_short(&column[k][i], to) : to;
}

static inline char *append_long(const es_cell *cell, char *to) {
    memcpy(to, cell, sizeof *cell);
    return to + cell->length;
}

static inline char *append_piece(const es_piece *p, size_t i, char *to) {
    const char *text;
    switch (p->kind) {
    case ES_PIECE_SHORT: return append_run(p->short_cell, p->columns, i, to);
    case ES_PIECE_SAME_32: memcpy(to, p->text, BLOCK); return to + p->same_length;
    case ES_PIECE_SAME_64: memcpy(to, p->text, 2 * BLOCK); return to + p->same_length;
    case ES_PIECE_LONG: return append_long(&p->long_cell[i], to);
    case ES_PIECE_PICK_32:
        text = p->text + (size_t)p->sub[i] * p->stride;
        memcpy(to, text, BLOCK);
        return to + p->length[p->sub[i]];
    case ES_PIECE_PICK: return copy_long(to, p->text + (size_t)p->sub[i] * p->stride, p->length[p->sub[i]]);
    default: return copy_long(to, p->text, p->same_length);
    }
}

char *ES_SIMD_NAME(es_assemble_rows) ES_ASSEMBLE_ARGS {
    for (size_t i = from; i < to; i++) {
        if (keep && !keep[i])
            continue;
        for (size_t k = 0; k < n; k++)
            out = append_piece(&piece[k], i, out);
        ++*rows;
    }
    return out;
}

#include "engine/assemble.h"

#include <string.h>

#define BLOCK ES_PIECE_BLOCK

static inline char *copy_long(char *to, const char *from, size_t n) {
    for (size_t done = 0; done < n; done += BLOCK)
        memcpy(to + done, from + done, BLOCK);
    return to + n;
}

static inline char *append_piece(const es_piece *p, size_t i, char *to) {
    const char *text = p->text;
    switch (p->kind) {
    case ES_PIECE_SAME_32: memcpy(to, text, BLOCK); return to + p->same_length;
    case ES_PIECE_SAME_64: memcpy(to, text, 2 * BLOCK); return to + p->same_length;
    case ES_PIECE_CELL:
        text += i * BLOCK;
        memcpy(to, text, BLOCK);
        return to + (unsigned char)text[BLOCK - 1];
    case ES_PIECE_PICK_32:
        text += (size_t)p->sub[i] * p->stride;
        memcpy(to, text, BLOCK);
        return to + p->length[p->sub[i]];
    case ES_PIECE_PICK: return copy_long(to, text + (size_t)p->sub[i] * p->stride, p->length[p->sub[i]]);
    default: return copy_long(to, text, p->same_length);
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

/* GGUF files for tests: a header in memory, tensors of zeros that take no room on the disk. */
#ifndef GGUF_WRITER_H
#define GGUF_WRITER_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct gguf_writer {
    unsigned char *data;
    size_t size, capacity;
    uint64_t tensors, keys;
    unsigned char *infos; /* tensor infos are appended at the end */
    size_t infos_size, infos_capacity;
    uint64_t offset;
    double weights, bytes;
} gguf_writer;

static void gguf_append(unsigned char **to, size_t *size, size_t *capacity, const void *from, size_t n) {
    if (*size + n > *capacity) {
        *capacity = (*size + n) * 2;
        *to = realloc(*to, *capacity);
        if (*to == NULL)
            abort();
    }
    memcpy(*to + *size, from, n);
    *size += n;
}

static void gguf_put(gguf_writer *w, const void *from, size_t n) {
    gguf_append(&w->data, &w->size, &w->capacity, from, n);
}
static void gguf_u32(gguf_writer *w, uint32_t x) { gguf_put(w, &x, sizeof x); }
static void gguf_u64(gguf_writer *w, uint64_t x) { gguf_put(w, &x, sizeof x); }
static void gguf_text(gguf_writer *w, const char *text) {
    gguf_u64(w, strlen(text));
    gguf_put(w, text, strlen(text));
}
static void gguf_key_u32(gguf_writer *w, const char *key, uint32_t x) {
    gguf_text(w, key);
    gguf_u32(w, 4);
    gguf_u32(w, x);
    w->keys++;
}
static void gguf_key_text(gguf_writer *w, const char *key, const char *text) {
    gguf_text(w, key);
    gguf_u32(w, 8);
    gguf_text(w, text);
    w->keys++;
}
static void gguf_key_texts(gguf_writer *w, const char *key, const char *text, uint64_t n) {
    gguf_text(w, key);
    gguf_u32(w, 9);
    gguf_u32(w, 8);
    gguf_u64(w, n);
    for (uint64_t i = 0; i < n; i++)
        gguf_text(w, text);
    w->keys++;
}

static inline void gguf_key_u32s(gguf_writer *w, const char *key, const uint32_t *x, uint64_t n) {
    gguf_text(w, key);
    gguf_u32(w, 9);
    gguf_u32(w, 4);
    gguf_u64(w, n);
    for (uint64_t i = 0; i < n; i++)
        gguf_u32(w, x[i]);
    w->keys++;
}

/* n zeros, as of 32-bit floats. */
static inline void gguf_key_floats(gguf_writer *w, const char *key, uint64_t n) {
    gguf_text(w, key);
    gguf_u32(w, 9);
    gguf_u32(w, 6);
    gguf_u64(w, n);
    for (uint64_t i = 0; i < n; i++)
        gguf_u32(w, 0);
    w->keys++;
}

static void gguf_info(gguf_writer *w, const void *from, size_t n) {
    gguf_append(&w->infos, &w->infos_size, &w->infos_capacity, from, n);
}

/* `bytes` of the tensor; 32-byte alignment. */
static void gguf_tensor(gguf_writer *w, const char *name, uint32_t n_dims, const uint64_t *dim, uint32_t type,
                        uint64_t bytes) {
    const uint64_t length = strlen(name);
    double weights = 1;
    gguf_info(w, &length, sizeof length);
    gguf_info(w, name, length);
    gguf_info(w, &n_dims, sizeof n_dims);
    for (uint32_t i = 0; i < n_dims; i++) {
        gguf_info(w, &dim[i], sizeof dim[i]);
        weights *= (double)dim[i];
    }
    gguf_info(w, &type, sizeof type);
    gguf_info(w, &w->offset, sizeof w->offset);
    w->offset += (bytes + 31) / 32 * 32;
    w->weights += weights;
    w->bytes += (double)bytes;
    w->tensors++;
}

static void gguf_free(gguf_writer *w) {
    free(w->data);
    free(w->infos);
    *w = (gguf_writer){0};
}

/* Version 3 unless told otherwise; the tensors' bytes are a hole.  Frees nothing. */
static void gguf_write(const gguf_writer *w, FILE *out, uint32_t version) {
    const uint32_t head[2] = {0x46554747, version};
    const uint64_t counts[2] = {w->tensors, w->keys};
    if (fwrite(head, sizeof head, 1, out) != 1 || fwrite(counts, sizeof counts, 1, out) != 1 ||
        fwrite(w->data, 1, w->size, out) != w->size ||
        (w->infos_size > 0 && fwrite(w->infos, 1, w->infos_size, out) != w->infos_size))
        abort();
}

#endif

/* The header of a GGUF file: metadata and the list of tensors.  Nothing of the tensors' data is read.
 *
 * Files come from anywhere: every count, size and offset is checked against the file's size and the limits below before
 * it is used, and memory grows only with bytes that are really there.
 */
#ifndef ES_IMPORT_GGUF_FILE_H
#define ES_IMPORT_GGUF_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <edgesweep/error.h>

#include "base/arena.h"

enum {
    ES_GGUF_MAX_KEYS = 16384,
    ES_GGUF_MAX_TENSORS = 1 << 18,
    ES_GGUF_MAX_KEY = 65535, /* bytes, of the specification */
    ES_GGUF_MAX_NAME = 127,  /* bytes of a tensor's name; the reference allows 63 */
    ES_GGUF_MAX_DIMS = 4,
    ES_GGUF_MAX_PARTS = 1000,
    ES_GGUF_MAX_ALIGNMENT = 1 << 20,
    ES_GGUF_MAX_NESTING = 3,    /* arrays in arrays */
    ES_GGUF_KEPT_TEXT = 4096,   /* longer texts (chat templates) are skipped */
    ES_GGUF_KEPT_NUMBERS = 4096 /* longer arrays (tokens) are skipped */
};
#define ES_GGUF_MAX_WEIGHTS (1ull << 50) /* of all tensors: sums of their bytes stay exact in a double */

typedef struct es_gguf_key {
    const char *key;
    const char *text;      /* NULL: no text, or too long */
    const double *numbers; /* a number or an array of numbers that was kept */
    size_t n;
} es_gguf_key;

typedef struct es_gguf_tensor {
    const char *name;
    uint32_t n_dims, type;
    uint64_t dim[ES_GGUF_MAX_DIMS]; /* dim[0] is the length of a row; unused ones are 1 */
    uint64_t offset;                /* behind data_offset */
    uint64_t weights;
} es_gguf_tensor;

typedef struct es_gguf_file {
    uint32_t version;
    es_gguf_key *key;
    es_gguf_tensor *tensor; /* in the order of the file */
    size_t n_keys, n_tensors;
    size_t n_parts;
    uint64_t alignment, data_offset, size;
    uint64_t data_bytes; /* behind the headers of all parts */
} es_gguf_file;

/* Reads from the beginning of a regular file; names and texts are in the arena.  `path` is for messages and must outlive
 * the errors. */
es_status es_gguf_file_read(FILE *stream, const char *path, es_arena *arena, es_gguf_file *file, es_errors *errors);

/* The same of a model that lies in several files: of NAME-00002-of-00003.gguf all three, which are looked for beside it.  The
 * keys are those of the first, tensors follow in the order of the parts with offsets that begin anew in each. */
es_status es_gguf_file_read_parts(FILE *stream, const char *path, es_arena *arena, es_gguf_file *file,
                                  es_errors *errors);

/* NULL when the file has no such key. */
const es_gguf_key *es_gguf_find_key(const es_gguf_file *file, const char *key);

#endif

/* What ggml and llama.cpp call types and architectures, and what they know of an architecture that files do not tell. */
#ifndef ES_IMPORT_GGUF_NAMES_H
#define ES_IMPORT_GGUF_NAMES_H

#include <stdint.h>

enum { ES_GGUF_TENSOR_TYPES = 43 };

/* NULL: unknown, or of a layout that no catalog row describes. */
const char *es_gguf_tensor_type(uint32_t id);
const char *es_gguf_file_type(double id);

/* An architecture whose name or windows the file does not tell in full.  `period`: every n-th layer sees everything, the
 * first of them if negative, 0: none does; `window` where the program has it built in (ggml-org/llama.cpp,
 * src/llama-model.cpp). */
typedef struct es_gguf_arch {
    const char *arch, *family;
    double period, window;
} es_gguf_arch;

/* NULL: the file tells all, and the name is the family. */
const es_gguf_arch *es_gguf_arch_of(const char *name);

#endif

/* The model's row from the tensors of a GGUF file. */
#ifndef ES_IMPORT_GGUF_MODEL_H
#define ES_IMPORT_GGUF_MODEL_H

#include "import/gguf_reader.h"

/* The row and its kinds of layers, proven: the inventory of the rows gives every tensor of the file back. */
void es_gguf_read_model(es_gguf_reader *m);

#endif

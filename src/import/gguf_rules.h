/* The types of a GGUF file's tensors as rules of a mixture. */
#ifndef ES_IMPORT_GGUF_RULES_H
#define ES_IMPORT_GGUF_RULES_H

#include "import/gguf_reader.h"

/* Rules that give every tensor's type, proven, and the catalog's own row where its rules do. */
es_status es_gguf_read_rules(es_gguf_reader *m);

#endif

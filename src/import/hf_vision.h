/* Image towers of multimodal config.json files. */
#ifndef ES_IMPORT_HF_VISION_H
#define ES_IMPORT_HF_VISION_H

#include <jansson.h>

#include <edgesweep/error.h>

#include "import/import_row.h"

/* Writes the columns vision_* of a model with a known tower; of others, and without vision_config, none.  A tower that
 * does not work out is warned about. */
void es_hf_read_vision(const char *file, const json_t *outer, es_model_row *row, es_errors *errors);

#endif

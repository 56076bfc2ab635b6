/* What quantized repositories say of their weights. */
#ifndef ES_IMPORT_HF_PRECISION_H
#define ES_IMPORT_HF_PRECISION_H

#include <jansson.h>

#include <edgesweep/catalog.h>
#include <edgesweep/error.h>

#include "import/import_row.h"

/* Names the precision of the catalog that the weights fit, as a warning, from quantization_config of the decoder or of what it
 * lies in. */
void es_hf_name_precision(const char *file, const json_t *decoder, const json_t *outer, const es_catalog *catalog,
                          es_model_row *row, es_errors *errors);

#endif

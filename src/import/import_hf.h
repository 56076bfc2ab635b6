/* Models from the config.json of a Hugging Face repository. */
#ifndef ES_IMPORT_IMPORT_HF_H
#define ES_IMPORT_IMPORT_HF_H

#include <stddef.h>

#include <edgesweep/error.h>

#include "import/import_row.h"
#include "base/arena.h"

enum { ES_CONFIG_MAX_BYTES = 4 << 20 };

/* Fills a row from the text of a config.json.  An architecture that is not in the table, a field that the table does
 * not know how to read and a value outside of a field's range are errors that name the field: nothing is guessed.
 * `file` names the file in messages and must outlive the errors.  Texts of the row are in the arena.  Pure and
 * thread-safe, apart from the arena. */
es_status es_import_hf_text(const char *file, const char *json, size_t size, const es_catalog *catalog, es_arena *arena,
                            es_model_row *row, es_errors *errors);

/* The same for a regular file of at most ES_CONFIG_MAX_BYTES; the model is named after `_name_or_path` in the file, else
 * after its folder. */
es_status es_import_hf(const char *path, const es_catalog *catalog, es_arena *arena, es_model_row *row,
                       es_errors *errors);

#endif

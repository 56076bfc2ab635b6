/* Names as measurements write them: of runtimes, formats, model files, model types, tags and devices. */
#ifndef ES_CALIBRATE_MEASURED_NAMES_H
#define ES_CALIBRATE_MEASURED_NAMES_H

#include <edgesweep/catalog.h>

#include "model/point.h"
#include "base/arena.h"
#include "base/text.h"

/* The runtime as runtimes.csv names it, or its family: without its version; one that is not named is llama.cpp. */
const char *es_runtime_name(const char *text, es_arena *arena);

/* The precision that a name ends with ("Llama-3.2-1B-Instruct-Q4_K_M", "llama 1B Q4_K - Medium"), NULL when there is none;
 * *stem becomes what is before it. */
const es_row *es_precision_suffix(const es_table *precisions, es_slice name, es_slice *stem);

/* The precision of a name or alias, with or without a remark in brackets ("Q4_K_S (4.6 bpw)"); NULL: none. */
const es_row *es_precision_of_name(const es_table *precisions, es_slice name);

/* The last part of a path, without .gguf and without the number of a split. */
es_slice es_model_file_stem(const char *path);

/* The model of a file name without its quantization suffix, of a tag or an id: equal but for case, punctuation and words
 * like "Instruct". With n_params > 0 its parameters must agree within 2%; then a model whose name is part of the file's will
 * do, too. *params becomes those of the last candidate, NaN when there was none. */
const es_row *es_model_of_file(es_point_kernel *point, const es_table *models, const es_row *precision, es_slice stem,
                               double n_params, double *params);

/* The model of a type as llama-bench prints it without its format ("llama 1B", "qwen2 1.5B"): the one of the family whose
 * parameters are nearest to n_params, within 1%. */
const es_row *es_model_of_type(es_point_kernel *point, const es_table *models, const es_row *precision, es_slice type,
                               double n_params);

/* The device of a name or alias; also but for case, punctuation, words like "Laptop" or "Model B Rev 1.0", the size of
 * its RAM and what /proc/cpuinfo adds to the name of a CPU.  NULL: none, or several. */
const es_row *es_device_of_name(const es_table *devices, es_slice name);

#endif

/* Scores and losses that other programs measured, as rows of scores.csv and losses.csv. */
#ifndef ES_IMPORT_IMPORT_QUALITY_H
#define ES_IMPORT_IMPORT_QUALITY_H

#include <stdbool.h>
#include <stdio.h>

#include <edgesweep/catalog.h>
#include <edgesweep/error.h>

#include "base/arena.h"

/* Reads results of lm-evaluation-harness (JSON) or logs of llama-perplexity, with --kl-divergence or with those of full
 * precision in the same file, and prints rows; `model` NULL: named after the file's own name for it.  Tasks that are no
 * metric of scores.csv are left out with a warning; a file without any row is an error. */
es_status es_import_quality(const char *path, const char *model, const es_catalog *catalog, bool header, FILE *out,
                            es_arena *arena, es_errors *errors);

#endif

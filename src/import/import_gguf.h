/* A GGUF file as catalog rows: the model, and the tensor types of every role. */
#ifndef ES_IMPORT_IMPORT_GGUF_H
#define ES_IMPORT_IMPORT_GGUF_H

#include <stdbool.h>
#include <stdio.h>

#include <edgesweep/catalog.h>
#include <edgesweep/error.h>

#include "import/import_row.h"
#include "base/arena.h"

/* A row of gguf_mixtures.csv, without file and base type. */
typedef struct es_import_rule {
    const char *role, *condition, *type;
} es_import_rule;

/* What the file holds of one tensor type. */
typedef struct es_import_type {
    const char *name;
    size_t tensors;
    double weights, bytes;
} es_import_type;

typedef struct es_gguf_import {
    es_model_row model;
    const char *label;     /* file type as the file says, or "" */
    const char *types;     /* what the file's name calls them, else the label or the type with most bytes */
    const char *precision; /* name of the precision row */
    const es_row *known;   /* the catalog's row when its own rules give the file's bytes, else NULL */
    const char *base_type;
    es_import_rule *rule;
    size_t n_rules;
    es_import_type *type; /* most bytes first */
    size_t n_types, n_tensors;
    double params, bytes;         /* of all tensors, exact, without those below */
    double mtp_params, mtp_bytes; /* of blocks that predict further tokens */
} es_gguf_import;

/* Reads the header of a regular file and proves that model row and rules give its parameters and bytes to the last
 * one; a file that rows cannot describe is an error that says why.  Texts are in the arena or the catalog. */
es_status es_import_gguf(FILE *stream, const char *path, const es_catalog *catalog, es_arena *arena,
                         es_gguf_import *import, es_errors *errors);

/* Names the model, and the precision if it is not the catalog's own. */
es_status es_gguf_import_name(es_gguf_import *import, const char *name, es_arena *arena, es_errors *errors);

/* Lines of precisions.csv and gguf_mixtures.csv without headers. */
void es_gguf_import_print_precision(FILE *out, const es_gguf_import *import);
void es_gguf_import_print_mixture(FILE *out, const es_gguf_import *import);
/* Table of tensor types with header. */
void es_gguf_import_print_types(FILE *out, const es_gguf_import *import);

#endif

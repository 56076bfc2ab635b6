/* Rows of the model catalog that importers fill, and catalog rows as CSV text. */
#ifndef ES_IMPORT_IMPORT_ROW_H
#define ES_IMPORT_IMPORT_ROW_H

#include <stdio.h>

#include <edgesweep/catalog.h>
#include <edgesweep/error.h>

#include "base/arena.h"
#include "model/params.h"

/* A row of models.csv.  Texts are not NULL and belong to the caller's arena. */
typedef struct es_model_row {
    double value[ES_M_FIELDS]; /* NaN: absent */
    const char *text[ES_M_FIELDS];
} es_model_row;

/* Every field at its default. */
void es_model_row_begin(es_model_row *row);

es_shape es_model_row_shape(const es_model_row *row);

/* The name with control bytes and invalid UTF-8 replaced by `_`, at most 120 bytes; NULL when out of memory. */
const char *es_import_name(es_arena *arena, es_slice name);

/* `mha`, `gqa`, `mqa` or `mla` from the heads. */
void es_model_row_name_attention(es_model_row *row);

/* A table of a catalog folder: the header, then rows of cells.  Cells are quoted where CSV needs it; one that a
 * spreadsheet would run as a formula gets an apostrophe in front. */
void es_catalog_header(FILE *out, es_kind kind);
void es_catalog_row(FILE *out, const char *const *cells, size_t n);
/* The row as a line of models.csv; fields at their default are empty. */
void es_model_row_print(FILE *out, const es_model_row *row);

#endif

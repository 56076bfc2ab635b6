/* Rows of the model catalog that importers fill, and catalog rows as CSV text. */
#ifndef ES_IMPORT_IMPORT_ROW_H
#define ES_IMPORT_IMPORT_ROW_H

#include <stdbool.h>
#include <stdio.h>

#include <edgesweep/catalog.h>
#include <edgesweep/error.h>

#include "base/arena.h"
#include "model/inventory.h"

/* A row of layers.csv: NaN and "" are empty cells. */
typedef struct es_layer_row {
    double value[ES_L_FIELDS];
    const char *text[ES_L_FIELDS];
} es_layer_row;

/* A row of models.csv with the kinds of its layer_pattern.  Texts are not NULL and belong to the caller's arena. */
typedef struct es_model_row {
    double value[ES_M_FIELDS]; /* NaN: absent */
    const char *text[ES_M_FIELDS];
    es_layer_row *kind;
    size_t n_kinds;
} es_model_row;

enum { ES_MAX_MODEL_KINDS = 60 };

/* Every field at its default. */
void es_model_row_begin(es_model_row *row);
void es_layer_row_begin(es_layer_row *row);

/* Layers whose cells say everything that the model's row does not: equal ones become a kind, the order the pattern.  Where
 * windows and leading dense layers are all that differs, the columns of models.csv say it and there are no kinds.  Cells
 * that say what the model says are emptied.  With more than ES_MAX_MODEL_KINDS there is no pattern.  False when out of
 * memory. */
bool es_model_row_set_layers(es_model_row *row, es_layer_row *layer, size_t n, es_arena *arena);

/* The row, and a catalog of its kinds, as if they had been read from files; `row` must outlive both. */
es_status es_model_row_as_catalog(const es_model_row *row, es_arena *arena, es_row *model, es_catalog *catalog,
                                  es_errors *errors);

/* Parameters that the row and its kinds stand for. */
es_status es_model_row_params(const es_model_row *row, es_arena *arena, es_params *params, es_errors *errors);

/* The name with control bytes and invalid UTF-8 replaced by `_`, at most 120 bytes; NULL when out of memory. */
const char *es_import_name(es_arena *arena, es_slice name);

/* `mha`, `gqa`, `mqa` or `mla` from the heads. */
void es_model_row_name_attention(es_model_row *row);

/* A table of a catalog folder: the header, then rows of cells.  Cells are quoted where CSV needs it; one that a
 * spreadsheet would run as a formula gets an apostrophe in front. */
void es_catalog_header(FILE *out, es_kind kind);
void es_catalog_row(FILE *out, const char *const *cells, size_t n);
/* The row as a line of models.csv, its kinds as lines of layers.csv; fields at their default are empty. */
void es_model_row_print(FILE *out, const es_model_row *row);
void es_model_row_print_layers(FILE *out, const es_model_row *row);

#endif

/* Entity axes: which catalog rows a list of names, globs and exclusions selects. */
#ifndef ES_GRID_SELECT_H
#define ES_GRID_SELECT_H

#include <edgesweep/catalog.h>

#include "base/arena.h"
#include "base/text.h"
#include "model/node.h"

typedef struct es_selection {
    const es_row **row;         /* in the arena */
    const es_origin **named_at; /* of each row: where its name or an alias stands; NULL: a glob caught it */
    size_t n;
} es_selection;

/* Selects rows in list order (a glob gives its matches in catalog order).  Rows that lack a field the kernel needs are an
 * error when named and skipped with a counted warning when matched by a glob; `overridden` says for each catalog field
 * whether an axis supplies it.  `any_device`: devices that no runtime runs on will do, too.  `text` "*" when the sweep does not name the axis. */
es_status es_select_rows(es_selection *selection, const es_kernel *kernel, const es_catalog *catalog, es_kind kind,
                         es_slice text, es_origin at, const bool *overridden, bool any_device, es_arena *arena,
                         es_errors *errors);

#endif

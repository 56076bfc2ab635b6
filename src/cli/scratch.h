/* A private folder for tables on their way to another format; gone afterwards. */
#ifndef ES_CLI_SCRATCH_H
#define ES_CLI_SCRATCH_H

#include "base/arena.h"
#include <edgesweep/error.h>

typedef struct es_scratch {
    const char *folder; /* NULL: none was made */
    int lock;           /* the folder, locked while its process lives */
} es_scratch;

/* Makes STEM.XXXXXX with mode 0700; messages name `path`.  Folders of the same stem that killed processes left, and only
 * those, are removed. */
es_status es_scratch_make(es_scratch *scratch, es_arena *arena, const char *stem, const char *path, es_errors *errors);

/* Removes the folder with what is in it; fine on one that was not made. */
void es_scratch_remove(es_scratch *scratch);

#endif

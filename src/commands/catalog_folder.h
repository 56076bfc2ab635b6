/* Rows for the catalog files of a folder. */
#ifndef ES_COMMANDS_CATALOG_FOLDER_H
#define ES_COMMANDS_CATALOG_FOLDER_H

#include <stddef.h>

#include <edgesweep/catalog.h>
#include <edgesweep/error.h>

/* Puts rows (lines of text that all begin with the cell of the line `first`) into the file of this kind in `folder`, both
 * made where they are missing.  Rows of the file that begin with that cell are replaced; by none, when rows are "".  A file with other columns is left as it
 * is and reported.  The file appears only when complete. */
es_status es_catalog_folder_put(const char *folder, es_kind kind, const char *first, const char *rows,
                                es_errors *errors);

#endif

/* A whole catalog file in memory. */
#ifndef ES_CATALOG_FILE_H
#define ES_CATALOG_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include <edgesweep/error.h>

enum { ES_CATALOG_MAX_FILE = 256 << 20 }; /* bytes */

/* Reads a regular file; free(*data) afterwards.  A file that does not exist gives ES_OK with *data NULL. */
es_status es_file_read(const char *path, char **data, size_t *size, es_errors *errors);

#endif

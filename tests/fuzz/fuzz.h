/* What the fuzz targets share.  A target reads any bytes and aborts when something is wrong. */
#ifndef ES_FUZZ_H
#define ES_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <edgesweep/catalog.h>
#include <edgesweep/error.h>

#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Says what is wrong and aborts. */
#define FUZZ_CHECK(condition)                                                                                          \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);                                  \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

/* How many inputs were refused with an error, for the replay of corpora. */
extern size_t fuzz_refused;

/* Counts a refused input; a status and its messages have to agree. */
void fuzz_outcome(es_status status, const es_errors *errors);

/* Cleared diagnostics: they are too large for the stack of a target. */
es_errors *fuzz_errors(void);

/* Bytes as a file with a path, until the next call. */
const char *fuzz_file(const void *data, size_t size);

/* A folder that is removed at exit, and files in it. */
const char *fuzz_folder(void);
void fuzz_write(const char *path, const void *data, size_t size);

/* Small catalogs with a row or two of every kind; loaded once. */
const es_catalog *fuzz_catalog(void);

/* Whether a number in the text is so large, or a step so small, that an axis could have a million values. */
bool fuzz_is_huge(const uint8_t *data, size_t size);

#endif

/* Status codes and collected diagnostics.
 *
 * Every fallible function returns an es_status; the numeric value is the exit
 * status of the command line tool.  Details go to an es_errors that the caller
 * owns and passes last; NULL is accepted everywhere and drops the details.
 *
 * Thread-safety: an es_errors belongs to one thread at a time.
 */
#ifndef EDGESWEEP_ERROR_H
#define EDGESWEEP_ERROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef enum es_status {
    ES_OK = 0,
    ES_ERUNTIME = 1, /* run time, data or write error, out of memory */
    ES_EUSAGE = 2,   /* usage, sweep file or catalog error */
    ES_EMIXED = 3,   /* merge: parts of different grids */
    ES_EMISSING = 4, /* merge: shards are missing */
    ES_EOVERLAP = 5, /* merge: shards overlap */
    ES_EDAMAGED = 6, /* merge: a part does not match its manifest */
    ES_EINT = 130,   /* stopped by SIGINT, whole rows flushed */
    ES_ETERM = 143   /* stopped by SIGTERM, whole rows flushed */
} es_status;

/* A place in an input; line and column count from 1, 0 means "not known".
 * The file name is borrowed and must outlive its uses. */
typedef struct es_origin {
    const char *file;
    uint64_t line;
    uint64_t column;
} es_origin;

enum { ES_MAX_ERRORS = 20, ES_MAX_WARNINGS = 20, ES_TEXT_MAX = 1024 };

/* One finished diagnostic: `FILE:LINE:COLUMN: message`, on one line, control
 * bytes escaped, cut between two characters when it is too long.  A warning has
 * `warning: ` before its message. */
typedef struct es_error {
    es_status status;
    bool has_file; /* the text starts with a file name */
    char text[ES_TEXT_MAX];
} es_error;

/* Up to ES_MAX_ERRORS errors and ES_MAX_WARNINGS warnings in the order met;
 * further ones are only counted.  Zero-initialise before use. */
typedef struct es_errors {
    unsigned n_errors, n_warnings; /* counted, also past the capacity */
    es_error error[ES_MAX_ERRORS];
    es_error warning[ES_MAX_WARNINGS];
} es_errors;

/* Adds an error and returns `status`, so that `return es_fail(...)` reads well.
 * `at` may be NULL (no place known). */
es_status es_fail(es_errors *errors, es_status status, const es_origin *at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Adds a warning; a warning never changes an exit status. */
void es_warn(es_errors *errors, const es_origin *at, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* ES_ERUNTIME with "out of memory". */
es_status es_fail_memory(es_errors *errors);

/* ES_ERUNTIME with `action: 'path': strerror(errno)`. */
es_status es_fail_errno(es_errors *errors, const char *action, const char *path);

/* The status of the first error, ES_OK when there is none. */
es_status es_errors_status(const es_errors *errors);

/* Writes warnings, then errors, one line each, `edgesweep: ` before those without
 * a file; says how many were left out. */
void es_errors_print(const es_errors *errors, FILE *stream);

#endif

/* Tables as they lie there, whatever they come in, as one stream of CSV text in UTF-8 that begins with the header.
 *
 * Packed by gzip or zstd (several members or frames, too); UTF-8 or, with a byte order mark, UTF-16; behind comments, log
 * lines or Excel's `sep=;`; CSV by any delimiter, objects of JSON (an array, or one after another), Markdown, INSERT
 * statements, the table `points` of an SQLite database, or its only one.  Plain CSV passes through as it is; rows of other
 * formats become comma-separated ones.  Memory does not depend on the length of the table, but for 8 bytes a row of the
 * other formats.
 *
 * Thread-safety: one thread at a time.
 */
#ifndef ES_IO_SOURCE_H
#define ES_IO_SOURCE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <edgesweep/error.h>

typedef struct es_source es_source;

typedef struct es_source_options {
    int input;       /* descriptor that "-" stands for */
    char delimiter;  /* of CSV; 0: told by the rows */
    bool as_written; /* CSV by comma or `delimiter` whose header is the first row: nothing is told from the text */
    const volatile sig_atomic_t
        *stop; /* set to a signal's number: reading ends with ES_EINT or ES_ETERM; may be NULL */
} es_source_options;

/* `path` is borrowed until es_source_close. */
es_status es_source_open(es_source **source, const char *path, const es_source_options *options, es_errors *errors);
void es_source_close(es_source *source); /* NULL is fine */

/* Up to `room` bytes, at least one; *got is 0 at the end.  Waits for input. */
es_status es_source_read(es_source *source, char *to, size_t room, size_t *got, es_errors *errors);

char es_source_delimiter(const es_source *source);
bool es_source_decimal_comma(const es_source *source);  /* cells may hold one without quotes */
uint64_t es_source_first_line(const es_source *source); /* of the header in the file, from 1 */
uint64_t es_source_skipped(const es_source *source);    /* lines with something on them before that */

/* Lines of the file that lines of the text came from, from the one after the header on; NULL: the same ones.  Valid until
 * the next read. */
const uint64_t *es_source_lines(const es_source *source, size_t *n);

#endif

/* Small text helpers: quoting for messages, case-insensitive names, globs, did-you-mean. */
#ifndef ES_BASE_TEXT_H
#define ES_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A piece of somebody's text; not NUL-terminated, owned by someone else. */
typedef struct es_slice {
    const char *text;
    size_t length;
} es_slice;

es_slice es_slice_of(const char *text);
es_slice es_slice_trim(es_slice s);
/* Takes the next part of a list up to `separator`, trimmed, empty ones left out; false at the end. */
bool es_slice_part(es_slice *rest, char separator, es_slice *part);
bool es_slice_equal(es_slice a, const char *b);      /* byte for byte */
bool es_slice_equal_fold(es_slice a, const char *b); /* ASCII case-insensitive */

/* A token made safe to print in a one-line message: control bytes and invalid UTF-8 become \xNN, long tokens are cut
 * with "...".  The marks around it ('%s') are the caller's.  Returned by value so that several fit in one call. */
typedef struct es_quoted {
    char text[96];
} es_quoted;
es_quoted es_quote(es_slice token);
es_quoted es_quote_text(const char *token);

bool es_equal_fold(const char *a, const char *b);
uint64_t es_hash_fold(const char *text, size_t length);

/* Shell-like glob over a whole name, ASCII case-insensitive: * and ?, which is one UTF-8 character; constant memory, no
 * backtracking blow-up. */
bool es_glob_match(es_slice pattern, const char *name);
bool es_is_glob(es_slice pattern);

/* The candidate nearest to `token` by edit distance, NULL when none is near enough to suggest. */
const char *es_nearest(es_slice token, const char *const *candidates, size_t n);

/* True when text is well-formed UTF-8 without NUL; else *bad is the offset of the first offending byte. */
bool es_is_utf8(const char *text, size_t length, size_t *bad);

/* Copies at most size-1 bytes and always terminates. */
void es_copy_text(char *to, size_t size, es_slice from);

#endif

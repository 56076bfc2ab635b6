/* UTF-8 one character at a time. */
#ifndef ES_BASE_UTF8_H
#define ES_BASE_UTF8_H

#include <stddef.h>

#include "base/text.h"

/* Bytes of the well-formed character at the start of text; 0 when there is none. */
size_t es_utf8_length(const char *text, size_t length);

/* The same, and 0 for control characters too (C0, DEL, C1, bidirectional ones) and for those without a width. */
size_t es_utf8_printable(const char *text, size_t length);

/* Copies with control characters and ill-formed bytes as \xNN, whole characters only, always terminated (size > 0).
 * Returns the number of source bytes that fitted. */
size_t es_escape(char *to, size_t size, es_slice from);

#endif

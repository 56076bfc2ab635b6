/* JSON from and to memory, safe where memory runs out.
 *
 * jansson (2.14) is not: its reader loses letters and then writes behind its buffers, its writer leaves out what it could
 * not store.  A program that reads JSON therefore gives jansson an allocator (json_set_alloc_funcs) that never returns NULL
 * while es_json_is_reading. */
#ifndef ES_IO_JSON_TEXT_H
#define ES_IO_JSON_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include <edgesweep/error.h>

/* True while this thread is in es_json_read. */
bool es_json_is_reading(void);

/* json_loadb with JSON_REJECT_DUPLICATES; NULL when the text is not JSON. */
json_t *es_json_read(const char *text, size_t length, json_error_t *fault);

/* The text with what Python's json writes and JSON does not have, Infinity and NaN, as numbers in as many bytes: for files
 * whose such numbers nobody reads.  To be freed. */
char *es_json_of_python(const char *json, size_t size);

/* The text of an object with `end` behind it, to be freed; flags are jansson's. */
es_status es_json_write(const json_t *object, size_t flags, const char *end, char **text, es_errors *errors);

#endif

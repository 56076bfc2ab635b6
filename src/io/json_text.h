/* JSON from and to memory, safe where memory runs out: jansson takes the lack of it for a fault of the text, or leaves out
 * what it could not store. */
#ifndef ES_IO_JSON_TEXT_H
#define ES_IO_JSON_TEXT_H

#include <jansson.h>

#include <edgesweep/error.h>

/* *value is NULL with ES_OK when the text is not JSON; then *fault says where.  ES_ERUNTIME: out of memory. */
es_status es_json_read(json_t **value, const char *text, size_t length, json_error_t *fault, es_errors *errors);

/* The text of an object with `end` behind it, to be freed; flags are jansson's. */
es_status es_json_write(const json_t *object, size_t flags, const char *end, char **text, es_errors *errors);

#endif

/* JSON from memory, where a lack of memory is not taken for a fault of the text. */
#ifndef ES_IO_JSON_IN_H
#define ES_IO_JSON_IN_H

#include <jansson.h>

#include <edgesweep/error.h>

/* *value is NULL with ES_OK when the text is not JSON; then *fault says where.  ES_ERUNTIME: out of memory. */
es_status es_json_read(json_t **value, const char *text, size_t length, json_error_t *fault, es_errors *errors);

#endif

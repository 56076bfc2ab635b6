#include "io/text_out.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static es_status flush(es_text_out *out, es_errors *errors) {
    const size_t n = out->used;
    out->used = 0;
    return n ? out->sink->write(out->sink->context, out->buffer, n, errors) : ES_OK;
}

es_status es_text_out_slice(es_text_out *out, es_slice text, es_errors *errors) {
    if (!out->buffer && !(out->buffer = malloc(ES_TEXT_OUT_SIZE)))
        return es_fail_memory(errors);
    if (out->used + text.length > ES_TEXT_OUT_SIZE) {
        const es_status status = flush(out, errors);
        if (status)
            return status;
    }
    if (text.length > ES_TEXT_OUT_SIZE)
        return out->sink->write(out->sink->context, text.text, text.length, errors);
    if (text.length)
        memcpy(out->buffer + out->used, text.text, text.length);
    out->used += text.length;
    return ES_OK;
}

es_status es_text_out_format(es_text_out *out, es_errors *errors, const char *format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof text)
        return es_fail(errors, ES_ERUNTIME, NULL, "a text is too long to print");
    return es_text_out_slice(out, (es_slice){text, (size_t)length}, errors);
}

es_status es_text_out_end(es_text_out *out, es_status status, es_errors *errors) {
    if (!status)
        status = flush(out, errors);
    free(out->buffer);
    *out = (es_text_out){0};
    return status;
}

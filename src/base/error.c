#include <edgesweep/error.h>

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"

/* Room for a message before its bytes are escaped; escaping only makes it longer. */
enum { RAW_MAX = ES_TEXT_MAX + 4 };

/* `FILE:LINE:COLUMN: `, without the parts that are not known; returns the length. */
static size_t put_origin(char *text, size_t size, const es_origin *at) {
    if (!at || !at->file)
        return 0;
    char numbers[48] = "";
    if (at->line && at->column)
        snprintf(numbers, sizeof numbers, "%llu:%llu:", (unsigned long long)at->line, (unsigned long long)at->column);
    else if (at->line)
        snprintf(numbers, sizeof numbers, "%llu:", (unsigned long long)at->line);
    int length = snprintf(text, size, "%s:%s ", at->file, numbers);
    return length < 0 ? 0 : (size_t)length < size ? (size_t)length : size - 1;
}

static void compose(es_error *entry, es_status status, const es_origin *at, const char *label, const char *format,
                    va_list arguments) {
    char raw[RAW_MAX];
    size_t used = put_origin(raw, sizeof raw, at);
    es_copy_text(raw + used, sizeof raw - used, es_slice_of(label));
    used += strlen(raw + used);
    vsnprintf(raw + used, sizeof raw - used, format, arguments);
    /* A message that vsnprintf cut in the middle of a character does not show half of it. */
    es_slice text = es_slice_of(raw);
    if (text.length == sizeof raw - 1) {
        while (text.length > 0 && ((unsigned char)text.text[text.length - 1] & 0xc0) == 0x80)
            text.length--;
        text.length--;
    }
    es_escape(entry->text, sizeof entry->text, text);
    entry->status = status;
    entry->has_file = at && at->file;
}

es_status es_fail(es_errors *errors, es_status status, const es_origin *at, const char *format, ...) {
    if (!errors)
        return status;
    if (errors->n_errors < ES_MAX_ERRORS) {
        va_list arguments;
        va_start(arguments, format);
        compose(&errors->error[errors->n_errors], status, at, "", format, arguments);
        va_end(arguments);
    }
    errors->n_errors++;
    return status;
}

void es_warn(es_errors *errors, const es_origin *at, const char *format, ...) {
    if (!errors)
        return;
    if (errors->n_warnings < ES_MAX_WARNINGS) {
        va_list arguments;
        va_start(arguments, format);
        compose(&errors->warning[errors->n_warnings], ES_OK, at, "warning: ", format, arguments);
        va_end(arguments);
    }
    errors->n_warnings++;
}

es_status es_fail_memory(es_errors *errors) { return es_fail(errors, ES_ERUNTIME, NULL, "out of memory"); }

es_status es_fail_errno(es_errors *errors, const char *action, const char *path) {
    es_quoted quoted;
    int error = errno;
    quoted = es_quote_text(path);
    errno = error; /* for %m */
    return es_fail(errors, ES_ERUNTIME, NULL, "%s: '%s': %m", action, quoted.text);
}

es_status es_errors_status(const es_errors *errors) {
    return errors && errors->n_errors > 0 ? errors->error[0].status : ES_OK;
}

static void print_list(const es_error *list, unsigned counted, unsigned capacity, const char *what, FILE *stream) {
    unsigned kept = counted < capacity ? counted : capacity;
    for (unsigned i = 0; i < kept; i++)
        fprintf(stream, "%s%s\n", list[i].has_file ? "" : "edgesweep: ", list[i].text);
    if (counted > kept)
        fprintf(stream, "edgesweep: %u more %s%s\n", counted - kept, what, counted - kept == 1 ? "" : "s");
}

void es_errors_print(const es_errors *errors, FILE *stream) {
    if (!errors)
        return;
    print_list(errors->warning, errors->n_warnings, ES_MAX_WARNINGS, "warning", stream);
    print_list(errors->error, errors->n_errors, ES_MAX_ERRORS, "error", stream);
}

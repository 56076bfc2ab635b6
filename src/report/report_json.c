#include "report/report_json.h"

#include <string.h>

#include "base/number.h"

static const char *plain_end(const char *at, const char *end) {
    while (at < end && (unsigned char)*at >= 0x20 && (unsigned char)*at < 0x7f && !strchr("\"\\<>&", *at))
        at++;
    return at;
}

/* Length of the UTF-8 character at `at`, 0 when there is none. */
static size_t character_length(const char *at, const char *end) {
    const unsigned char lead = (unsigned char)*at;
    const size_t n = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    size_t bad;
    return lead >= 0x80 && (size_t)(end - at) >= n && es_is_utf8(at, n, &bad) ? n : 0;
}

es_status es_json_text(es_text_out *out, es_slice text, es_errors *errors) {
    const char *at = text.text, *const end = at + text.length;
    es_status status = es_text_out_format(out, errors, "\"");
    while (at < end && !status) {
        const char *stop = plain_end(at, end);
        if (stop > at) {
            status = es_text_out_slice(out, (es_slice){at, (size_t)(stop - at)}, errors);
            at = stop;
            continue;
        }
        const size_t n = character_length(at, end);
        if (n)
            status = es_text_out_slice(out, (es_slice){at, n}, errors);
        else
            status =
                es_text_out_format(out, errors, "\\u%04x", (unsigned char)*at < 0x80 ? (unsigned char)*at : 0xfffdu);
        at += n ? n : 1;
    }
    return status ? status : es_text_out_format(out, errors, "\"");
}

static size_t digits(es_slice text, size_t at) {
    size_t n = 0;
    while (at + n < text.length && text.text[at + n] >= '0' && text.text[at + n] <= '9')
        n++;
    return n;
}

bool es_json_is_number(es_slice text) {
    size_t at = text.length && text.text[0] == '-';
    size_t n = digits(text, at);
    if (n == 0 || (n > 1 && text.text[at] == '0'))
        return false;
    at += n;
    if (at < text.length && text.text[at] == '.') {
        n = digits(text, ++at);
        if (n == 0)
            return false;
        at += n;
    }
    if (at < text.length && (text.text[at] == 'e' || text.text[at] == 'E')) {
        at++;
        at += at < text.length && (text.text[at] == '+' || text.text[at] == '-');
        n = digits(text, at);
        if (n == 0)
            return false;
        at += n;
    }
    return at == text.length;
}

es_status es_json_number(es_text_out *out, es_slice text, es_errors *errors) {
    double value;
    if (es_parse_double(text, &value) != ES_NUMBER_OK)
        return es_text_out_format(out, errors, "null");
    if (es_json_is_number(text))
        return es_text_out_slice(out, text, errors);
    return es_text_out_format(out, errors, "%.17g", value);
}

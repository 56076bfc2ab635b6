#include <criterion/criterion.h>

#include <string.h>

#include "report/report_json.h"

typedef struct memory {
    char text[4096];
    size_t length;
} memory;

static es_status keep(void *context, const char *data, size_t n, es_errors *errors) {
    (void)errors;
    memory *m = context;
    cr_assert_lt(m->length + n, sizeof m->text);
    memcpy(m->text + m->length, data, n);
    m->length += n;
    m->text[m->length] = '\0';
    return ES_OK;
}

typedef es_status writer(es_text_out *out, es_slice text, es_errors *errors);

static const char *written(writer *write, es_slice text, memory *m) {
    es_errors errors = {0};
    m->length = 0;
    const es_text_sink sink = {keep, m};
    es_text_out out = {.sink = &sink};
    cr_assert_eq(es_text_out_end(&out, write(&out, text, &errors), &errors), ES_OK);
    return m->text;
}

Test(report_json, text) {
    static const struct {
        const char *text, *json;
    } cases[] = {
        {"", "\"\""},
        {"Q4_K_M", "\"Q4_K_M\""},
        {"</script><!--&", "\"\\u003c/script\\u003e\\u003c!--\\u0026\""},
        {"\"\\\n\t\x01\x7f", "\"\\u0022\\u005c\\u000a\\u0009\\u0001\\u007f\""},
        {"J\xc3\xbcrgen \xe2\x80\xa8 \xf0\x9f\x98\x80", "\"J\xc3\xbcrgen \xe2\x80\xa8 \xf0\x9f\x98\x80\""},
        {"\xfc\xff", "\"\\ufffd\\ufffd\""},
        {"\xe2\x80", "\"\\ufffd\\ufffd\""},
        {"\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""}, /* a surrogate */
        {"\xc0\xbc", "\"\\ufffd\\ufffd\""},            /* an overlong < */
    };
    memory m;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_str_eq(written(es_json_text, es_slice_of(cases[i].text), &m), cases[i].json, "%zu: %s", i, m.text);
    cr_expect_str_eq(written(es_json_text, (es_slice){"a\0b", 3}, &m), "\"a\\u0000b\"");
}

Test(report_json, number) {
    static const struct {
        const char *text, *json;
    } cases[] = {
        {"0", "0"},      {"-1.5e-3", "-1.5e-3"}, {"6.06629069e+09", "6.06629069e+09"},
        {"+1", "1"},     {".5", "0.5"},          {"007", "7"},
        {"1.", "1"},     {"-0", "-0"},           {"", "null"},
        {"nan", "null"}, {"1e999", "null"},      {"0x10", "null"},
        {"1 ", "null"},  {"12e", "null"},
    };
    memory m;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_str_eq(written(es_json_number, es_slice_of(cases[i].text), &m), cases[i].json, "%s: %s",
                         cases[i].text, m.text);
    /* what follows the slice is not part of it */
    static const char longer[] = "-12.5e+7";
    static const char *const parts[] = {"", "-", "-1", "-12", "-12.", "-12.5", "-12.5e", "-12.5e+", "-12.5e+7"};
    for (size_t n = 0; n < sizeof longer; n++)
        cr_expect_eq(es_json_is_number((es_slice){longer, n}), n == 2 || n == 3 || n == 5 || n == 8, "%s", parts[n]);
}

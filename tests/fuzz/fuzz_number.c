/* Any bytes as a number: against strtod where they are one; and any double as text: against printf. */
#include "fuzz.h"

#include <ctype.h>
#include <math.h>

#include "base/number.h"
#include "io/format.h"

/* [+-]digits[.digits][e[+-]digits] with digits on one side of the point: what strtod reads, less than all it reads. */
static bool is_decimal(const char *s) {
    size_t digits = 0;
    s += *s == '+' || *s == '-';
    for (; isdigit((unsigned char)*s); s++)
        digits++;
    if (*s == '.')
        for (s++; isdigit((unsigned char)*s); s++)
            digits++;
    if (!digits)
        return false;
    if (*s == 'e' || *s == 'E') {
        s += 1 + (s[1] == '+' || s[1] == '-');
        if (!isdigit((unsigned char)*s))
            return false;
        while (isdigit((unsigned char)*s))
            s++;
    }
    return *s == '\0';
}

static void check_number(const char *text, es_slice slice) {
    double got = 12345, expected = strlen(text) == slice.length && is_decimal(text) ? strtod(text, NULL) : NAN;
    es_number_fault fault = es_parse_double(slice, &got);
    if (fault == ES_NUMBER_OK)
        FUZZ_CHECK(got == expected && signbit(got) == signbit(expected));
    else
        FUZZ_CHECK(got == 12345 && (!isfinite(expected) || (fault == ES_NUMBER_SMALL && expected == 0)) &&
                   *es_number_fault_text(fault));
    fuzz_refused += fault != ES_NUMBER_OK;
}

/* What a number with a suffix means: decimal ones add to its exponent before it is rounded. */
static double scaled_value(const char *text, double *tolerance) {
    static const struct {
        const char *text;
        int decimal, binary;
    } suffix[] = {{"Ki", 0, 10}, {"Mi", 0, 20}, {"Gi", 0, 30}, {"Ti", 0, 40}, {"k", 3, 0},
                  {"M", 6, 0},   {"G", 9, 0},   {"T", 12, 0},  {"", 0, 0}};
    size_t length = strlen(text), i = 0;
    while (strlen(suffix[i].text) > length || strcmp(text + length - strlen(suffix[i].text), suffix[i].text) != 0)
        i++;
    char *number = calloc(length + 8, 1);
    FUZZ_CHECK(number);
    memcpy(number, text, length - strlen(suffix[i].text));
    double value = NAN;
    if (is_decimal(number) && strpbrk(number, "eE")) {
        *tolerance = 1e-15;
        value = ldexp((double)(strtold(number, NULL) * powl(10, suffix[i].decimal)), suffix[i].binary);
    } else if (is_decimal(number)) {
        snprintf(number + strlen(number), 8, "e%d", suffix[i].decimal);
        value = ldexp(strtod(number, NULL), suffix[i].binary);
    }
    free(number);
    return value;
}

static void check_scaled(const char *text, es_slice slice) {
    double got = 12345, tolerance = 0, expected = strlen(text) == slice.length ? scaled_value(text, &tolerance) : NAN;
    es_number_fault fault = es_parse_scaled(slice, &got);
    if (fault == ES_NUMBER_OK)
        FUZZ_CHECK(fabs(got - expected) <= tolerance * fabs(expected) + (tolerance > 0 ? 1e-320 : 0));
    else
        FUZZ_CHECK(got == 12345 &&
                   (!(fabs(expected) < 1.797e308) || (fault == ES_NUMBER_SMALL && fabs(expected) < 1e-320)));
}

static void check_whole(const uint8_t *data, size_t size) {
    uint64_t got = 7, expected = 0;
    bool good = size > 0;
    for (size_t i = 0; i < size && good; i++)
        good = isdigit(data[i]) && es_mul_u64(expected, 10, &expected) &&
               es_add_u64(expected, (uint64_t)(data[i] - '0'), &expected);
    es_number_fault fault = es_parse_u64((es_slice){(const char *)data, size}, &got);
    FUZZ_CHECK(good ? fault == ES_NUMBER_OK && got == expected : fault != ES_NUMBER_OK && got == 7);
}

static void check_format(double x, int digits) {
    char got[64], expected[64];
    size_t n = es_format_double(got, x, digits);
    if (!isfinite(x)) {
        FUZZ_CHECK(n == 0);
        return;
    }
    int length = snprintf(expected, sizeof expected, "%.*g", digits, x);
    FUZZ_CHECK(n == (size_t)length && !memcmp(got, expected, n));
    double back;
    FUZZ_CHECK(es_parse_double((es_slice){got, n}, &back) == ES_NUMBER_OK || digits < 17);
    FUZZ_CHECK(digits < 17 || memcmp(&back, &x, sizeof x) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = calloc(size + 1, 1);
    FUZZ_CHECK(text);
    memcpy(text, data, size);
    check_number(text, (es_slice){(const char *)data, size});
    check_scaled(text, (es_slice){(const char *)data, size});
    check_whole(data, size);
    free(text);
    double x;
    for (size_t at = 0; at + sizeof x < size; at += sizeof x) {
        memcpy(&x, data + at, sizeof x);
        check_format(x, 1 + data[size - 1] % 17);
    }
    return 0;
}

#include "base/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"

/* A double needs at most 767 digits to tell which way it rounds; what follows only matters as "more than zero". */
enum { DIGITS_MAX = 780 };

/* The number as written: digits without leading zeros times 10^exponent. */
typedef struct decimal {
    bool negative;
    uint64_t small; /* its value while there are at most ES_DECIMAL_DIGITS digits */
    int64_t exponent;
    size_t n_digits;         /* all significant ones, trailing zeros included */
    char digits[DIGITS_MAX]; /* the first of them */
    bool sticky;             /* a digit that was not kept is not zero */
} decimal;

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static void push_digit(decimal *d, char c) {
    if (c == '0' && d->n_digits == 0)
        return;
    if (d->n_digits < DIGITS_MAX)
        d->digits[d->n_digits] = c;
    else
        d->sticky |= c != '0';
    if (d->n_digits < ES_DECIMAL_DIGITS)
        d->small = d->small * 10 + (uint64_t)(c - '0');
    d->n_digits++;
}

/* Reads e[+-]digits at *at; false when the digits are missing.  Saturates far outside a double's range. */
static bool read_exponent(es_slice s, size_t *at, int64_t *exponent) {
    const int64_t huge = INT64_C(1000000000000);
    size_t i = *at + 1;
    bool negative = i < s.length && s.text[i] == '-';
    if (i < s.length && (s.text[i] == '+' || s.text[i] == '-'))
        i++;
    if (i == s.length || !is_digit(s.text[i]))
        return false;
    int64_t value = 0;
    for (; i < s.length && is_digit(s.text[i]); i++)
        value = value < huge ? value * 10 + (s.text[i] - '0') : huge;
    *exponent += negative ? -value : value;
    *at = i;
    return true;
}

/* Reads the number at the start of s; returns its length, 0 when there is none. */
static size_t read_decimal(es_slice s, decimal *d) {
    size_t at = 0, seen = 0;
    d->negative = d->sticky = false; /* the digits stay as they are: clearing them would cost more than reading */
    d->small = 0;
    d->exponent = 0;
    d->n_digits = 0;
    if (at < s.length && (s.text[at] == '+' || s.text[at] == '-'))
        d->negative = s.text[at++] == '-';
    for (; at < s.length && is_digit(s.text[at]); at++, seen++)
        push_digit(d, s.text[at]);
    if (at < s.length && s.text[at] == '.') {
        at++;
        for (; at < s.length && is_digit(s.text[at]); at++, seen++) {
            push_digit(d, s.text[at]);
            d->exponent--;
        }
    }
    if (seen == 0)
        return 0;
    if (at < s.length && (s.text[at] == 'e' || s.text[at] == 'E') && !read_exponent(s, &at, &d->exponent))
        return 0;
    return at;
}

/* strtod on digits and an exponent only: without a decimal point the result does not depend on the locale. */
static double convert_slowly(const decimal *d) {
    char text[DIGITS_MAX + 32];
    size_t kept = d->n_digits < DIGITS_MAX ? d->n_digits : DIGITS_MAX;
    int64_t exponent = d->exponent + (int64_t)(d->n_digits - kept);
    memcpy(text, d->digits, kept);
    if (d->sticky) {
        text[kept++] = '1';
        exponent--;
    }
    text[kept++] = 'e';
    if (exponent < 0)
        text[kept++] = '-';
    uint64_t magnitude = exponent < 0 ? (uint64_t)-exponent : (uint64_t)exponent;
    char reversed[24];
    size_t n = 0;
    do {
        reversed[n++] = (char)('0' + magnitude % 10);
        magnitude /= 10;
    } while (magnitude > 0);
    while (n > 0)
        text[kept++] = reversed[--n];
    text[kept] = '\0';
    return strtod(text, NULL);
}

static es_number_fault convert(const decimal *d, double *value) {
    double magnitude = 0;
    const bool few =
        d->n_digits <= ES_DECIMAL_DIGITS && d->exponent >= -ES_POWER_5_MAX && d->exponent <= ES_POWER_5_MAX;
    const es_decimal_number number = {d->small, few ? (int)d->exponent : 0};
    if (d->n_digits > 0 && !(few && es_decimal_to_double(&number, &magnitude)))
        magnitude = convert_slowly(d);
    if (isinf(magnitude))
        return ES_NUMBER_RANGE;
    if (magnitude == 0 && d->n_digits > 0)
        return ES_NUMBER_SMALL;
    *value = d->negative ? -magnitude : magnitude;
    return ES_NUMBER_OK;
}

static es_number_fault fault_of(es_slice text) {
    static const char *const specials[] = {"nan", "inf", "infinity"};
    if (text.length == 0)
        return ES_NUMBER_EMPTY;
    if (text.text[0] == '+' || text.text[0] == '-') {
        text.text++;
        text.length--;
    }
    for (size_t i = 0; i < sizeof specials / sizeof *specials; i++)
        if (es_slice_equal_fold(text, specials[i]))
            return ES_NUMBER_SPECIAL;
    return ES_NUMBER_JUNK;
}

es_number_fault es_parse_double(es_slice text, double *value) {
    decimal d;
    size_t length = read_decimal(text, &d);
    return length > 0 && length == text.length ? convert(&d, value) : fault_of(text);
}

typedef struct suffix {
    char text[3];
    int decimal_exponent, binary_exponent;
} suffix;

es_number_fault es_parse_tokens(es_slice text, double *value) {
    char binary[64]; /* 16k is 16Ki */
    const char last = text.length ? text.text[text.length - 1] : '\0';
    if ((last != 'k' && last != 'K' && last != 'M') || text.length + 2 > sizeof binary)
        return es_parse_scaled(text, value);
    memcpy(binary, text.text, text.length);
    memcpy(binary + text.length - 1, last == 'M' ? "Mi" : "Ki", 2);
    return es_parse_scaled((es_slice){binary, text.length + 1}, value);
}

es_number_fault es_parse_scaled(es_slice text, double *value) {
    static const suffix suffixes[] = {{"", 0, 0},   {"k", 3, 0},   {"K", 3, 0},   {"M", 6, 0},   {"G", 9, 0},
                                      {"T", 12, 0}, {"Ki", 0, 10}, {"Mi", 0, 20}, {"Gi", 0, 30}, {"Ti", 0, 40}};
    decimal d;
    size_t length = read_decimal(text, &d);
    es_slice rest = {text.text + length, text.length - length};
    for (size_t i = 0; length > 0 && i < sizeof suffixes / sizeof *suffixes; i++) {
        if (!es_slice_equal(rest, suffixes[i].text))
            continue;
        d.exponent += suffixes[i].decimal_exponent; /* before the rounding: 4.35k is the double nearest to 4350 */
        double number = 0;
        es_number_fault fault = convert(&d, &number);
        number = ldexp(number, suffixes[i].binary_exponent);
        if (fault == ES_NUMBER_OK && isinf(number))
            fault = ES_NUMBER_RANGE;
        if (fault == ES_NUMBER_OK)
            *value = number;
        return fault;
    }
    return fault_of(text);
}

es_number_fault es_parse_u64(es_slice text, uint64_t *value) {
    if (text.length == 0)
        return ES_NUMBER_EMPTY;
    for (size_t i = 0; i < text.length; i++)
        if (!is_digit(text.text[i]))
            return fault_of(text);
    uint64_t sum = 0;
    for (size_t i = 0; i < text.length; i++)
        if (!es_mul_u64(sum, 10, &sum) || !es_add_u64(sum, (uint64_t)(text.text[i] - '0'), &sum))
            return ES_NUMBER_RANGE;
    *value = sum;
    return ES_NUMBER_OK;
}

const char *es_number_fault_text(es_number_fault fault) {
    switch (fault) {
    case ES_NUMBER_OK: return "valid";
    case ES_NUMBER_EMPTY: return "empty";
    case ES_NUMBER_JUNK: return "not a number";
    case ES_NUMBER_RANGE: return "number too large";
    case ES_NUMBER_SMALL: return "number too small for anything but zero";
    case ES_NUMBER_SPECIAL: return "not a finite number";
    }
    return "not a number";
}

/* Numbers straight from the bytes of a block.  The usual ones are read eight digits at a time; everything out of the
 * ordinary, right or wrong, goes to es_parse_double. */
#include "io/csv_numbers.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "base/decimal.h"
#include "base/number.h"

static uint64_t load_8(const char *p) {
    uint64_t bytes;
    memcpy(&bytes, p, sizeof bytes);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    bytes = __builtin_bswap64(bytes);
#endif
    return bytes;
}

/* Value of eight ASCII digits, the first in the lowest byte: pairs, then fours, then eights. */
static uint64_t value_of_8(uint64_t bytes) {
    bytes = (bytes & UINT64_C(0x0f0f0f0f0f0f0f0f)) * 2561 >> 8;
    bytes = (bytes & UINT64_C(0x00ff00ff00ff00ff)) * 6553601 >> 16;
    return (bytes & UINT64_C(0x0000ffff0000ffff)) * UINT64_C(42949672960001) >> 32;
}

/* How many of eight bytes, from the first on, are digits. */
static unsigned leading_digits(uint64_t bytes) {
    const uint64_t off = bytes ^ UINT64_C(0x3030303030303030);
    const uint64_t above_9 = (off & UINT64_C(0x7f7f7f7f7f7f7f7f)) + UINT64_C(0x7676767676767676);
    const uint64_t other = (off | above_9) & UINT64_C(0x8080808080808080);
    return other ? (unsigned)__builtin_ctzll(other) / 8 : 8;
}

/* Reads a run of digits into *value, which may overflow; returns its end. */
static const char *read_digits(const char *p, uint64_t *value) {
    static const uint64_t power[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
    for (;;) {
        const uint64_t bytes = load_8(p);
        const unsigned n = leading_digits(bytes);
        if (n == 0)
            return p;
        *value = *value * power[n] + value_of_8(n == 8 ? bytes : bytes << (64 - 8 * n));
        p += n;
        if (n < 8)
            return p;
    }
}

/* Reads e[+-]digits; NULL when it is not one of a sane size. */
static const char *read_exponent(const char *p, int *exponent) {
    const bool negative = p[1] == '-';
    p += negative || p[1] == '+' ? 2 : 1;
    uint64_t value = 0;
    const char *end = read_digits(p, &value);
    if (end == p || end - p > 4)
        return NULL;
    *exponent += negative ? -(int)value : (int)value;
    return end;
}

/* False unless the whole text is a decimal number of at most ES_DECIMAL_DIGITS digits. */
static bool read_decimal(const char *p, const char *end, es_decimal_number *d) {
    *d = (es_decimal_number){0};
    const char *integer = p;
    p = read_digits(p, &d->digits);
    ptrdiff_t n = p - integer;
    if (*p == '.') {
        const char *fraction = p + 1;
        p = read_digits(fraction, &d->digits);
        n += p - fraction;
        d->exponent = (int)-(p - fraction);
    }
    if (n == 0 || n > ES_DECIMAL_DIGITS)
        return false;
    if (*p == 'e' || *p == 'E') {
        p = read_exponent(p, &d->exponent);
        if (!p)
            return false;
    }
    return p == end;
}

/* Reads the usual numbers; false for all other text. */
static bool read_usual(es_slice text, double *value) {
    const bool negative = text.length > 0 && text.text[0] == '-';
    es_decimal_number d;
    if (!read_decimal(text.text + negative, text.text + text.length, &d) || !es_decimal_to_double(&d, value))
        return false;
    *value = negative ? -*value : *value;
    return true;
}

static double number_of(es_slice cell) {
    double value;
    if (read_usual(cell, &value))
        return value;
    const es_slice inside = es_csv_value(cell, NULL); /* without blanks and quotes */
    if (inside.length < cell.length && read_usual(inside, &value))
        return value;
    return es_parse_double(inside, &value) == ES_NUMBER_OK ? value : NAN;
}

/* ---- Other ways to write them ---- */

/* Bytes of the separator of thousands at the start of text, 0 when there is none: a blank stands for all of its kind that
 * do not break lines (U+0020, 00A0, 2009, 202F). */
static size_t thousands_length(es_slice text, char separator) {
    static const char *const blanks[] = {" ", "\xC2\xA0", "\xE2\x80\x89", "\xE2\x80\xAF"};
    if (!separator || text.length == 0)
        return 0;
    if (separator != ' ')
        return text.text[0] == separator;
    for (size_t i = 0; i < sizeof blanks / sizeof *blanks; i++)
        if (text.length >= strlen(blanks[i]) && memcmp(text.text, blanks[i], strlen(blanks[i])) == 0)
            return strlen(blanks[i]);
    return 0;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static size_t digits_at(es_slice text, size_t at) {
    size_t n = 0;
    while (at + n < text.length && is_digit(text.text[at + n]))
        n++;
    return n;
}

/* Writes the value as C does, in room; its length, 0 when it is no number written this way.  With point 0 a comma or a
 * point is taken for the decimal separator, and *style tells which. */
static size_t write_plain(es_slice value, char point, char thousands, char room[ES_CSV_NUMBER_MAX], unsigned *style) {
    size_t at = 0, n = 0;
    *style = 0;
    if (value.length == 0 || value.length >= ES_CSV_NUMBER_MAX)
        return 0;
    if (value.text[0] == '-' || value.text[0] == '+')
        room[n++] = value.text[at++];
    const size_t first = at;
    size_t group = digits_at(value, at), separator;
    memcpy(room + n, value.text + at, group);
    n += group, at += group;
    const bool may_group = group >= 1 && group <= 3;
    while (may_group && (separator = thousands_length((es_slice){value.text + at, value.length - at}, thousands)) > 0) {
        if (digits_at(value, at + separator) != 3)
            return 0;
        memcpy(room + n, value.text + at + separator, 3);
        n += 3, at += separator + 3;
    }
    const char mark = at < value.length ? value.text[at] : 0;
    if ((mark == '.' || mark == ',') && mark != thousands && (point == 0 || mark == point)) {
        const size_t fraction = digits_at(value, at + 1);
        const bool like_group = fraction == 3 && at + 4 == value.length && at - first == group && may_group &&
                                value.text[first] != '0' && !thousands;
        *style = (mark == '.' ? ES_CSV_POINT : ES_CSV_COMMA) | (like_group    ? 0
                                                                : mark == '.' ? ES_CSV_POINT_SURE
                                                                              : ES_CSV_COMMA_SURE);
        room[n++] = '.';
        memcpy(room + n, value.text + at + 1, fraction);
        n += fraction, at += 1 + fraction;
    }
    if (at < value.length && value.text[at] != 'e' && value.text[at] != 'E')
        return 0;
    memcpy(room + n, value.text + at, value.length - at);
    n += value.length - at;
    double number;
    return es_parse_double((es_slice){room, n}, &number) == ES_NUMBER_OK ? n : 0;
}

static size_t write_styled(const es_csv_numbers *how, es_slice value, char room[ES_CSV_NUMBER_MAX], unsigned *style) {
    const char by_default = how->by_column && how->thousands != '.' && how->thousands != ',' ? 0
                            : how->thousands == '.'                                          ? ','
                                                                                             : '.';
    return write_plain(value, how->decimal ? how->decimal : by_default, how->thousands, room, style);
}

/* Keeps the first example of what is new in a column. */
static void remember(es_csv_numbers *how, size_t column, unsigned style, es_slice value, es_origin at) {
    es_csv_column_style *c = &how->column[column];
    if ((atomic_load_explicit(&c->seen, memory_order_relaxed) & style) == style)
        return;
    pthread_mutex_lock(&how->lock);
    const unsigned fresh = style & ~atomic_load(&c->seen);
    for (size_t i = 0; i < ES_CSV_STYLES; i++) {
        if (!(fresh >> i & 1))
            continue;
        es_copy_text(c->example[i].text, sizeof c->example[i].text, value);
        c->example[i].at = at;
    }
    atomic_fetch_or(&c->seen, style);
    pthread_mutex_unlock(&how->lock);
}

static double styled_number(const es_csv_block *block, size_t column, es_slice cell) {
    char room[ES_CSV_NUMBER_MAX];
    unsigned style;
    double value;
    const es_slice inside = es_csv_value(cell, NULL);
    const size_t n = write_styled(block->numbers, inside, room, &style);
    if (n == 0 || es_parse_double((es_slice){room, n}, &value) != ES_NUMBER_OK)
        return NAN;
    if (style && (atomic_load_explicit(&block->numbers->column[column].seen, memory_order_relaxed) & style) != style)
        remember(block->numbers, column, style, inside, es_csv_block_origin(block, (size_t)(cell.text - block->text)));
    return value;
}

size_t es_csv_block_numbers(const es_csv_block *block, size_t column, const uint32_t *rows, size_t first, size_t n,
                            double *value) {
    size_t missing = 0;
    if (es_csv_numbers_plain(block->numbers))
        for (size_t i = 0; i < n; i++) {
            value[i] = number_of(es_csv_block_cell(block, rows ? rows[i] : first + i, column));
            missing += value[i] != value[i];
        }
    else
        for (size_t i = 0; i < n; i++) {
            value[i] = styled_number(block, column, es_csv_block_cell(block, rows ? rows[i] : first + i, column));
            missing += value[i] != value[i];
        }
    return missing;
}

es_slice es_csv_number_text(es_csv_numbers *how, size_t column, es_slice value, char room[ES_CSV_NUMBER_MAX]) {
    unsigned style;
    const size_t n = write_styled(how, value, room, &style);
    if (n && style)
        remember(how, column, style, value, (es_origin){0});
    return (es_slice){room, n};
}

/* The value without what follows its last digit, or without signs of currency before its first. */
static es_slice without_unit(es_slice value) {
    const es_slice whole = value;
    while (value.length && !is_digit(value.text[value.length - 1]))
        value.length--;
    if (value.length < whole.length)
        return es_slice_trim(value);
    while (value.length && !is_digit(value.text[0]) && !isalpha((unsigned char)value.text[0]))
        value.text++, value.length--;
    return value;
}

const char *es_csv_number_hint(es_slice value) {
    static const struct {
        char decimal, thousands;
        const char *hint;
    } ways[] = {{'.', 0, "; --decimal . reads it as one"},
                {',', 0, "; --decimal , reads it as one"},
                {'.', ',', "; --thousands , reads it as one"},
                {',', '.', "; --decimal , --thousands . reads it as one"},
                {'.', ' ', "; --thousands ' ' reads it as one"},
                {',', ' ', "; --decimal , --thousands ' ' reads it as one"},
                {'.', '\'', "; --thousands \"'\" reads it as one"},
                {',', '\'', "; --decimal , --thousands \"'\" reads it as one"}};
    enum { DECIMAL_COMMA = 1, THOUSANDS_COMMA = 2 };
    char room[ES_CSV_NUMBER_MAX];
    unsigned style;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (!write_plain(value, ways[i].decimal, ways[i].thousands, room, &style))
            continue;
        const bool both = i == DECIMAL_COMMA && write_plain(value, ways[THOUSANDS_COMMA].decimal,
                                                            ways[THOUSANDS_COMMA].thousands, room, &style);
        return both ? "; --decimal , and --thousands , read it as two different ones" : ways[i].hint;
    }
    const es_slice number = without_unit(value);
    if (number.length && number.length < value.length)
        for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
            if (write_plain(number, ways[i].decimal, ways[i].thousands, room, &style))
                return "; without its unit it would be one";
    return "";
}

/* ---- What was met ---- */

static void warn_ambiguous(const es_csv_example *example, const char *name, char mark, es_errors *errors) {
    char meant[32], other[32];
    size_t n = 0, m = 0;
    for (const char *c = example->text; *c; c++) {
        meant[n++] = *c == mark ? '.' : *c;
        if (*c != mark)
            other[m++] = *c;
    }
    es_warn(errors, example->at.file ? &example->at : NULL,
            "column '%s' is read with decimal %ss: '%s' as %.*s (--thousands %c reads %.*s)", name,
            mark == '.' ? "point" : "comma", example->text, (int)n, meant, mark, (int)m, other);
}

es_status es_csv_numbers_settle(es_csv_numbers *how, const es_slice *name, es_errors *errors) {
    for (size_t c = 0; c < how->n_columns; c++) {
        const es_csv_column_style *column = &how->column[c];
        const unsigned seen = atomic_load(&column->seen);
        const es_quoted quoted = es_quote(name[c]);
        if (!how->by_column || how->decimal)
            continue;
        if ((seen & ES_CSV_POINT) && (seen & ES_CSV_COMMA)) {
            const es_csv_example *comma = &column->example[2], *point = &column->example[0];
            const es_origin *at = comma->at.file ? &comma->at : NULL;
            return es_fail(errors, ES_ERUNTIME, at,
                           "column '%s' has decimal commas ('%s') and points ('%s', line %llu); --decimal and "
                           "--thousands say which of them are meant",
                           quoted.text, comma->text, point->text, (unsigned long long)point->at.line);
        }
        if ((seen & ES_CSV_POINT) && !(seen & ES_CSV_POINT_SURE))
            warn_ambiguous(&column->example[0], quoted.text, '.', errors);
        if ((seen & ES_CSV_COMMA) && !(seen & ES_CSV_COMMA_SURE))
            warn_ambiguous(&column->example[2], quoted.text, ',', errors);
    }
    return ES_OK;
}

/* Writes the tables of powers of ten that src/io formats numbers with: gen_format_tables OUT.c, at build time, on the machine
 * that builds.
 *
 * Whole numbers of 2,560 bits; tests/unit/test_format.c verifies every entry again, independently. */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/format_digits.h"

/* Neither head nor tail of these powers overflows or is subnormal. */
enum { SAFE_MIN = -250, SAFE_MAX = 300 };

/* floor(10^q * 2^FRACTION): whole for q >= 0, else cut off. */
enum { FRACTION = 1300, WORDS = 80 };
typedef struct fixed {
    uint32_t word[WORDS]; /* lowest first */
} fixed;

static void set_bit(fixed *x, int bit) { x->word[bit / 32] |= UINT32_C(1) << bit % 32; }

static fixed power_of_ten(int q) {
    fixed x = {{0}};
    set_bit(&x, FRACTION);
    for (; q > 0; q--) {
        uint64_t carry = 0;
        for (int i = 0; i < WORDS; i++) {
            carry += (uint64_t)x.word[i] * 10;
            x.word[i] = (uint32_t)carry;
            carry >>= 32;
        }
    }
    for (; q < 0; q++) {
        uint64_t rest = 0;
        for (int i = WORDS; i-- > 0;) {
            rest = rest << 32 | x.word[i];
            x.word[i] = (uint32_t)(rest / 10);
            rest %= 10;
        }
    }
    return x;
}

/* Exact: the lowest bit of a double weighs 2^-1074. */
static fixed of_double(double value) {
    fixed x = {{0}};
    int exponent;
    const uint64_t mantissa = (uint64_t)ldexp(frexp(value, &exponent), 53);
    for (int bit = 0; bit < 53; bit++)
        if (mantissa >> bit & 1)
            set_bit(&x, exponent - 53 + FRACTION + bit);
    return x;
}

static int highest_bit(const fixed *x) {
    int bit = WORDS * 32 - 1;
    while (bit >= 0 && !(x->word[bit / 32] >> bit % 32 & 1))
        bit--;
    return bit;
}

/* The 64 bits from the one of weight `low` on. */
static uint64_t bits_from(const fixed *x, int low) {
    uint64_t bits = 0;
    for (int i = 63; i >= 0; i--)
        bits = bits << 1 | (x->word[(low + i) / 32] >> (low + i) % 32 & 1);
    return bits;
}

/* a - b for a >= b; `borrow`: less one. */
static fixed minus(const fixed *a, const fixed *b, bool borrow) {
    fixed x;
    int64_t carry = -(int64_t)borrow;
    for (int i = 0; i < WORDS; i++) {
        carry += (int64_t)a->word[i] - b->word[i];
        x.word[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return x;
}

static int compare(const fixed *a, const fixed *b) {
    for (int i = WORDS; i-- > 0;)
        if (a->word[i] != b->word[i])
            return a->word[i] < b->word[i] ? -1 : 1;
    return 0;
}

/* To the nearest double; `more`: something follows the last bit, so that there is no tie. */
static double to_double(const fixed *x, bool more) {
    const int high = highest_bit(x), low = high - 63;
    if (high < 0)
        return 0;
    uint64_t bits = bits_from(x, low); /* the lowest becomes "more than that" */
    for (int i = 0; i < low; i++)
        more |= x->word[i / 32] >> i % 32 & 1;
    bits |= more;
    const uint64_t half = UINT64_C(1) << 10, rest = bits & (2 * half - 1), odd = bits >> 11 & 1;
    const uint64_t mantissa = (bits >> 11) + (rest > half || (rest == half && odd));
    return ldexp((double)mantissa, low + 11 - FRACTION);
}

/* 10^q as an unevaluated sum of two doubles, each rounded to nearest. */
static void head_and_tail(int q, double *head, double *tail) {
    const fixed power = power_of_ten(q);
    const bool cut = q < 0;
    *head = to_double(&power, cut);
    const fixed near = of_double(*head);
    if (compare(&near, &power) <= 0) {
        const fixed rest = minus(&power, &near, false);
        *tail = to_double(&rest, cut);
    } else {
        const fixed rest = minus(&near, &power, cut);
        *tail = -to_double(&rest, cut);
    }
}

/* The smallest double >= 10^k. */
static double decade(int k) {
    if (k > 308)
        return INFINITY;
    const fixed power = power_of_ten(k);
    char text[16];
    snprintf(text, sizeof text, "1e%d", k);
    const double near = strtod(text, NULL);
    const fixed exact = of_double(near);
    return compare(&exact, &power) < (k < 0 ? 1 : 0) ? nextafter(near, INFINITY) : near;
}

static uint64_t bits_of(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* The text "e+05" in the low bytes, its length in the highest. */
static uint64_t exponent_text(int k) {
    char text[16];
    const int n = snprintf(text, sizeof text, "e%+03d", k);
    uint64_t bytes = (uint64_t)n << 56;
    for (int i = 0; i < n; i++)
        bytes |= (uint64_t)(unsigned char)text[i] << 8 * i;
    return bytes;
}

int main(int argc, char **argv) {
    FILE *out = argc == 2 ? fopen(argv[1], "w") : NULL;
    if (!out)
        return fputs("usage: gen_format_tables OUT.c\n", stderr), 2;
    fputs("/* Made by scripts/gen_format_tables.c. */\n#include \"io/format_digits.h\"\n"
          "const uint64_t es_pow10_bits[ES_POW10_BITS_MAX - ES_POW10_BITS_MIN + 1][2] = {\n",
          out);
    for (int q = ES_POW10_BITS_MIN; q <= ES_POW10_BITS_MAX; q++) {
        const fixed power = power_of_ten(q);
        const int high = highest_bit(&power);
        fprintf(out, "    {UINT64_C(%" PRIu64 "), UINT64_C(%" PRIu64 ")},\n", bits_from(&power, high - 63),
                bits_from(&power, high - 127));
    }
    for (int part = 0; part < 2; part++) {
        fprintf(out, "};\nconst double es_pow10_%s[ES_POW10_DOUBLE_MAX - ES_POW10_DOUBLE_MIN + 1] = {\n",
                part ? "tail" : "head");
        for (int q = ES_POW10_DOUBLE_MIN; q <= ES_POW10_DOUBLE_MAX; q++) {
            double value[2] = {NAN, NAN};
            if (q >= SAFE_MIN && q <= SAFE_MAX)
                head_and_tail(q, &value[0], &value[1]);
            fprintf(out, isnan(value[part]) ? "    NAN,\n" : "    %a,\n", value[part]);
        }
    }
    fputs("};\nconst uint64_t es_decade_bits[ES_DECADE_MAX - ES_DECADE_MIN + 1] = {\n", out);
    for (int k = ES_DECADE_MIN; k <= ES_DECADE_MAX; k++)
        fprintf(out, "    UINT64_C(%" PRIu64 "),\n", bits_of(decade(k)));
    fputs("};\nconst uint64_t es_exponent_text[ES_NO_EXPONENT - ES_DECADE_MIN + 1] = {\n", out);
    for (int k = ES_DECADE_MIN; k <= ES_DECADE_MAX; k++)
        fprintf(out, "    UINT64_C(%" PRIu64 "),\n", exponent_text(k));
    fputs("    0,\n};\n", out);
    return fclose(out) == 0 ? 0 : 1;
}

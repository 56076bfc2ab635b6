#include "grid/values.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "grid/spec.h"
#include "model/node.h"

/* How far b may be off a whole number of steps and still be the last value. */
static const double STEP_TOLERANCE = 1e-9;

typedef enum range_kind { RANGE_ONE, RANGE_STEP, RANGE_FACTOR, RANGE_LIN, RANGE_LOG } range_kind;

typedef struct range {
    range_kind kind;
    double a, b, step; /* step or factor */
    size_t n;
    bool ends_at_b; /* the last value is b itself */
} range;

typedef struct parser {
    es_slice rest; /* what is left of the element */
    es_origin at;
    es_slice element;
    const es_value_rule *rule;
    es_errors *errors;
} parser;

double es_power(double base, uint64_t n) {
    double result = 1;
    for (; n; n >>= 1, base *= base)
        if (n & 1)
            result *= base;
    return result;
}

static es_status fault(const parser *p, const char *message, const char *expected) {
    return es_fail(p->errors, ES_EUSAGE, &p->at, "%s: '%s'; expected %s", message, es_quote(p->element).text, expected);
}

static void advance(parser *p, size_t n) {
    p->rest.text += n, p->rest.length -= n;
    p->at.column += n;
}

static void skip_blanks(parser *p) {
    size_t n = 0;
    while (n < p->rest.length && (p->rest.text[n] == ' ' || p->rest.text[n] == '\t'))
        n++;
    advance(p, n);
}

static bool take(parser *p, char c) {
    skip_blanks(p);
    if (!p->rest.length || p->rest.text[0] != c)
        return false;
    advance(p, 1);
    skip_blanks(p);
    return true;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Length of the number at the start of text, its exponent and its suffix letters included. */
static size_t number_length(es_slice text) {
    size_t i = 0, n = text.length;
    const char *t = text.text;
    if (i < n && (t[i] == '+' || t[i] == '-'))
        i++;
    while (i < n && (is_digit(t[i]) || t[i] == '.'))
        i++;
    if (i < n && (t[i] == 'e' || t[i] == 'E')) {
        size_t j = i + 1;
        if (j < n && (t[j] == '+' || t[j] == '-'))
            j++;
        if (j < n && is_digit(t[j])) {
            while (j < n && is_digit(t[j]))
                j++;
            i = j;
        }
    }
    while (i < n && ((t[i] >= 'a' && t[i] <= 'z') || (t[i] >= 'A' && t[i] <= 'Z')))
        i++;
    return i;
}

static const char separators[] = " \t,:+*()";

/* A number and what stands right behind it: 0x10. */
static es_slice whole_token(es_slice text, size_t n) {
    while (n < text.length && !strchr(separators, text.text[n]))
        n++;
    return (es_slice){text.text, n};
}

static es_status take_number(parser *p, double *value) {
    skip_blanks(p);
    size_t n = number_length(p->rest);
    es_slice token = {p->rest.text, n}, named = whole_token(p->rest, 0);
    for (const es_axis_word *word = p->rule->words; word && word->name; word++)
        if (es_slice_equal_fold(named, word->name)) {
            *value = word->value;
            advance(p, named.length);
            return ES_OK;
        }
    const bool tokens = p->rule->unit && strcmp(p->rule->unit, "tokens") == 0;
    es_number_fault bad = (tokens ? es_parse_tokens : es_parse_scaled)(token, value);
    if (bad) {
        es_slice whole = whole_token(p->rest, n);
        if (whole.length) {
            p->element = whole;
            bad = n ? bad : ES_NUMBER_JUNK;
        }
        return fault(p, es_number_fault_text(bad),
                     p->rule->words ? "a number, or one of the names in 'show kernel' or 'list models'"
                                    : "a number such as 512, 4k, 1.5e3");
    }
    advance(p, n);
    return ES_OK;
}

static es_status take_whole_count(parser *p, size_t *count) {
    double value = 0;
    es_status status = take_number(p, &value);
    if (status)
        return status;
    if (value < 1 || value != floor(value) || value > ES_MAX_AXIS_VALUES)
        return fault(p, "bad number of values", "a whole number from 1 to 67108864");
    *count = (size_t)value;
    return ES_OK;
}

static es_status expect_end(parser *p) {
    skip_blanks(p);
    if (!p->rest.length)
        return ES_OK;
    return fault(p, "junk behind a value", "a number, a:b, a:b+step, a:b*factor, lin(a,b,n) or log(a,b,n)");
}

/* lin(a,b,n) and log(a,b,n), behind the name. */
static es_status parse_spaced(parser *p, range *r, range_kind kind) {
    r->kind = kind;
    if (!take(p, '('))
        return fault(p, "missing '('", "lin(a,b,n) or log(a,b,n)");
    es_status status = take_number(p, &r->a);
    if (!status && !take(p, ','))
        status = fault(p, "missing ','", "three values: (a,b,n)");
    if (!status)
        status = take_number(p, &r->b);
    if (!status && !take(p, ','))
        status = fault(p, "missing ','", "three values: (a,b,n)");
    if (!status)
        status = take_whole_count(p, &r->n);
    if (!status && !take(p, ')'))
        status = fault(p, "missing ')'", "lin(a,b,n) or log(a,b,n)");
    if (status)
        return status;
    if (r->a > r->b)
        return fault(p, "range runs backwards", "a <= b");
    if (kind == RANGE_LOG && r->a <= 0)
        return fault(p, "log range needs positive ends", "0 < a <= b");
    if (r->n == 1 && r->a != r->b)
        return fault(p, "one value cannot have two ends", "n of at least 2");
    r->ends_at_b = true;
    return expect_end(p);
}

/* Number of values a, a+step, ... up to b; b counts when it is within the tolerance of a step. */
static es_status count_steps(parser *p, range *r) {
    double steps = (r->b - r->a) / r->step;
    if (!(steps <= ES_MAX_AXIS_VALUES))
        return fault(p, "too many values", "at most 67108864 on an axis");
    double whole = floor(steps + STEP_TOLERANCE);
    r->n = (size_t)whole + 1;
    r->ends_at_b = steps - whole <= STEP_TOLERANCE;
    return ES_OK;
}

static es_status count_factors(parser *p, range *r) {
    if (log(r->b / r->a) / log1p(r->step - 1) > ES_MAX_AXIS_VALUES)
        return fault(p, "too many values", "at most 67108864 on an axis");
    size_t n = 1;
    double last = r->a;
    while (last <= r->b * (1 + STEP_TOLERANCE) && n <= ES_MAX_AXIS_VALUES)
        last = r->a * es_power(r->step, n), n++;
    if (n > ES_MAX_AXIS_VALUES)
        return fault(p, "too many values", "at most 67108864 on an axis");
    r->n = n - 1;
    last = r->a * es_power(r->step, r->n - 1);
    r->ends_at_b = r->b - last <= STEP_TOLERANCE * r->b;
    return ES_OK;
}

/* What follows `a:`. */
static es_status parse_stepped(parser *p, range *r) {
    r->kind = RANGE_STEP;
    r->step = 1;
    es_status status = take_number(p, &r->b);
    if (status)
        return status;
    if (r->a > r->b)
        return fault(p, "range runs backwards", "a <= b");
    if (take(p, '+')) {
        status = take_number(p, &r->step);
        if (!status && r->step <= 0)
            status = fault(p, "step must be positive", "a:b+step with step > 0");
    } else if (take(p, '*')) {
        r->kind = RANGE_FACTOR;
        status = take_number(p, &r->step);
        if (!status && r->step <= 1)
            status = fault(p, "factor must be above 1", "a:b*factor with factor > 1");
        if (!status && r->a <= 0)
            status = fault(p, "a range by factors must start above 0", "0 < a <= b");
    }
    if (!status)
        status = expect_end(p);
    if (status)
        return status;
    return r->kind == RANGE_STEP ? count_steps(p, r) : count_factors(p, r);
}

static bool starts_with(es_slice text, const char *word) {
    size_t n = strlen(word);
    return text.length >= n && memcmp(text.text, word, n) == 0;
}

static es_status parse_range(parser *p, range *r) {
    *r = (range){.kind = RANGE_ONE, .n = 1};
    if (starts_with(p->rest, "lin("))
        return advance(p, 3), parse_spaced(p, r, RANGE_LIN);
    if (starts_with(p->rest, "log("))
        return advance(p, 3), parse_spaced(p, r, RANGE_LOG);
    es_status status = take_number(p, &r->a);
    if (status)
        return status;
    if (take(p, ':'))
        return parse_stepped(p, r);
    return expect_end(p);
}

/* Never accumulated: value i comes from i alone.  powl of long double does not depend on the CPU's FMA units. */
static double range_value(const range *r, size_t i) {
    if (i + 1 == r->n && r->ends_at_b && r->n > 1)
        return r->b;
    if (i == 0)
        return r->a;
    long double share = r->n > 1 ? (long double)i / (long double)(r->n - 1) : 0;
    switch (r->kind) {
    case RANGE_STEP: return r->a + (double)i * r->step;
    case RANGE_FACTOR: return r->a * es_power(r->step, i);
    case RANGE_LIN: return r->a + (r->b - r->a) * (double)i / (double)(r->n - 1);
    case RANGE_LOG: return (double)(r->a * powl((long double)r->b / r->a, share));
    default: return r->a;
    }
}

static es_status check_value(const parser *p, double value) {
    const es_value_rule *rule = p->rule;
    const char *space = rule->unit && rule->unit[0] ? " " : "";
    const char *unit = rule->unit ? rule->unit : "";
    if (rule->whole && value != floor(value))
        return es_fail(p->errors, ES_EUSAGE, &p->at, "%s takes whole numbers, got %.9g: '%s'", rule->name, value,
                       es_quote(p->element).text);
    if (value > rule->max || value < rule->min || (rule->exclusive && value == rule->min))
        return es_fail(p->errors, ES_EUSAGE, &p->at, "%s is out of range, got %.9g%s%s: '%s'; expected %s%.9g to %.9g",
                       rule->name, value, space, unit, es_quote(p->element).text, rule->exclusive ? "above " : "",
                       rule->min, rule->max);
    return ES_OK;
}

static es_status check_range(const parser *p, const range *r, bool factor) {
    es_value_rule rule = *p->rule;
    parser checked = *p;
    if (factor)
        rule = (es_value_rule){"a factor", "", 0, 1e18, true, false, true, NULL};
    checked.rule = &rule;
    /* values rise, so the ends bound the range; a whole check needs every one of them */
    es_status status = check_value(&checked, range_value(r, 0));
    if (!status && r->n > 1)
        status = check_value(&checked, range_value(r, r->n - 1));
    for (size_t i = 1; !status && rule.whole && i + 1 < r->n; i++)
        status = check_value(&checked, range_value(r, i));
    return status;
}

/* The elements of a list; their values are made when their number is known, once, where they stay. */
typedef struct elements {
    range *range;
    size_t count, capacity;
    size_t n; /* values */
    bool factor;
} elements;

static es_status append_range(elements *all, const parser *p, const range *r) {
    if (all->n + r->n > ES_MAX_AXIS_VALUES)
        return fault(p, "too many values", "at most 67108864 on an axis");
    if (!es_grow((void **)&all->range, &all->capacity, all->count + 1, sizeof *all->range))
        return es_fail_memory(p->errors);
    all->range[all->count++] = *r;
    all->n += r->n;
    return ES_OK;
}

static es_status parse_element(elements *all, const es_list_item *item, const es_value_rule *rule, es_errors *errors) {
    parser p = {item->text, item->at, item->text, rule, errors};
    if (!item->text.length)
        return fault(&p, "empty element", "a value between commas");
    bool factor = item->text.text[0] == 'x';
    if (factor && !rule->factors)
        return fault(&p, "x factors are for catalog fields", "a plain value");
    if (factor)
        advance(&p, 1);
    if (all->count && factor != all->factor)
        return fault(&p, "factors and plain values in one list", "all with x, or none");
    all->factor = factor;
    range r;
    es_status status = parse_range(&p, &r);
    p.at = item->at;
    p.element = item->text;
    if (!status)
        status = check_range(&p, &r, factor);
    if (!status)
        status = append_range(all, &p, &r);
    return status;
}

static int by_value(const void *a, const void *b) {
    double x = **(const double *const *)a, y = **(const double *const *)b;
    if (x != y)
        return x < y ? -1 : 1;
    const double *p = *(const double *const *)a, *q = *(const double *const *)b;
    return (p > q) - (p < q);
}

static bool is_rising(const double *value, size_t n) {
    for (size_t i = 1; i < n; i++)
        if (!(value[i - 1] < value[i]))
            return false;
    return true;
}

/* Keeps the first of equal values, in list order. */
static es_status drop_duplicates(double *value, size_t *n, es_origin at, const char *name, es_errors *errors) {
    if (is_rising(value, *n))
        return ES_OK;
    const double **sorted = malloc(*n * sizeof *sorted);
    bool *drop = calloc(*n, 1);
    if (!sorted || !drop) {
        free(sorted), free(drop);
        return es_fail_memory(errors);
    }
    for (size_t i = 0; i < *n; i++)
        sorted[i] = &value[i];
    qsort(sorted, *n, sizeof *sorted, by_value);
    for (size_t i = 1; i < *n; i++)
        if (*sorted[i] == *sorted[i - 1])
            drop[sorted[i] - value] = true;
    size_t kept = 0;
    for (size_t i = 0; i < *n; i++)
        if (!drop[i])
            value[kept++] = value[i];
    if (kept < *n)
        es_warn(errors, &at, "%s: %zu duplicate value%s dropped", name, *n - kept, *n - kept == 1 ? "" : "s");
    *n = kept;
    free(sorted), free(drop);
    return ES_OK;
}

static void make_values(const elements *all, double *value) {
    for (size_t e = 0; e < all->count; e++)
        for (size_t i = 0; i < all->range[e].n; i++)
            *value++ = range_value(&all->range[e], i);
}

es_status es_values_parse(es_values *values, es_slice text, es_origin at, const es_value_rule *rule, es_arena *arena,
                          es_errors *errors) {
    elements all = {0};
    es_origin place = at;
    es_list_item item;
    es_status status = ES_OK;
    while (es_list_next(&text, &place, &item)) {
        es_status s = parse_element(&all, &item, rule, errors);
        status = status ? status : s;
    }
    double *value = status ? NULL : es_arena_array(arena, all.n, sizeof *value);
    if (!status && !value)
        status = es_fail_memory(errors);
    if (!status) {
        make_values(&all, value);
        status = drop_duplicates(value, &all.n, at, rule->name, errors);
    }
    if (!status)
        *values = (es_values){.value = value, .n = all.n, .factor = all.factor};
    free(all.range);
    return status;
}

#include "grid/where.h"

#include <stdlib.h>
#include <string.h>

#include "base/number.h"

typedef struct scanner {
    es_slice text;
    size_t at;
    es_origin origin; /* of text[0] */
    es_arena *arena;
    es_errors *errors;
} scanner;

typedef enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_NAME, TOKEN_TEXT, TOKEN_OP, TOKEN_BAD } token_kind;

/* A word is bare: a column, a number or `and`.  A name is a column in double quotes. */
typedef struct token {
    token_kind kind;
    es_slice raw;   /* as written */
    es_slice value; /* without quotes */
    es_compare_op op;
    es_origin origin;
} token;

static es_origin origin_at(const scanner *s, size_t offset) {
    es_origin origin = s->origin;
    if (origin.column)
        origin.column += offset;
    return origin;
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

static bool is_op_byte(char c) { return c == '=' || c == '!' || c == '<' || c == '>'; }

static bool ends_word(char c) { return is_blank(c) || is_op_byte(c) || c == '\'' || c == '"'; }

/* Copies the inside of a quoted token, two quotes becoming one. */
static bool unquote(scanner *s, es_slice raw, es_slice *value) {
    const char quote = raw.text[0];
    const es_slice inside = {raw.text + 1, raw.length - 2};
    if (!memchr(inside.text, quote, inside.length)) {
        *value = inside;
        return true;
    }
    char *copy = es_arena_text(s->arena, inside);
    if (!copy)
        return false;
    size_t n = 0;
    for (size_t i = 0; i < inside.length; i++) {
        copy[n++] = inside.text[i];
        if (inside.text[i] == quote)
            i++;
    }
    *value = (es_slice){copy, n};
    return true;
}

static void scan_quoted(scanner *s, token *t) {
    const char quote = s->text.text[s->at];
    size_t i = s->at + 1;
    for (; i < s->text.length; i++) {
        if (s->text.text[i] != quote)
            continue;
        if (i + 1 < s->text.length && s->text.text[i + 1] == quote) {
            i++;
            continue;
        }
        break;
    }
    t->kind = quote == '"' ? TOKEN_NAME : TOKEN_TEXT;
    const bool closed = i < s->text.length;
    t->raw.length = (closed ? i + 1 : i) - s->at;
    s->at += t->raw.length;
    if (!closed) {
        es_fail(s->errors, ES_EUSAGE, &t->origin, "missing closing %s: '%s'", quote == '"' ? "double quote" : "quote",
                es_quote(t->raw).text);
        t->kind = TOKEN_BAD;
    } else if (!unquote(s, t->raw, &t->value)) {
        es_fail_memory(s->errors);
        t->kind = TOKEN_BAD;
    }
}

static const struct {
    const char *text;
    es_compare_op op;
} operators[] = {{"=", ES_EQ}, {"==", ES_EQ}, {"!=", ES_NE}, {"<", ES_LT}, {"<=", ES_LE}, {">", ES_GT}, {">=", ES_GE}};

static void scan_operator(scanner *s, token *t) {
    while (s->at < s->text.length && is_op_byte(s->text.text[s->at]))
        s->at++;
    t->raw.length = (size_t)(s->text.text + s->at - t->raw.text);
    t->kind = TOKEN_OP;
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        if (!es_slice_equal(t->raw, operators[i].text))
            continue;
        t->op = operators[i].op;
        return;
    }
    es_fail(s->errors, ES_EUSAGE, &t->origin, "unknown operator: '%s' (expected one of = != < <= > >=)",
            es_quote(t->raw).text);
    t->kind = TOKEN_BAD;
}

static token next_token(scanner *s) {
    while (s->at < s->text.length && is_blank(s->text.text[s->at]))
        s->at++;
    token t = {.kind = TOKEN_END, .raw = {s->text.text + s->at, 0}, .origin = origin_at(s, s->at)};
    if (s->at == s->text.length)
        return t;
    const char c = s->text.text[s->at];
    if (c == '\'' || c == '"') {
        scan_quoted(s, &t);
    } else if (is_op_byte(c)) {
        scan_operator(s, &t);
    } else {
        while (s->at < s->text.length && !ends_word(s->text.text[s->at]))
            s->at++;
        t.raw.length = (size_t)(s->text.text + s->at - t.raw.text);
        t.value = t.raw;
        t.kind = TOKEN_WORD;
    }
    return t;
}

static bool is_and(const token *t) { return t->kind == TOKEN_WORD && es_slice_equal_fold(t->value, "and"); }

static bool is_column(const token *t) {
    return (t->kind == TOKEN_WORD && !is_and(t)) || (t->kind == TOKEN_NAME && t->value.length > 0);
}

/* Reports what stands where something else was expected. */
static bool expected(scanner *s, const token *t, const char *what) {
    if (t->kind == TOKEN_END) {
        es_fail(s->errors, ES_EUSAGE, &t->origin, "condition ends too early: '%s' (expected %s)",
                es_quote(s->text).text, what);
    } else if (t->kind != TOKEN_BAD) {
        es_fail(s->errors, ES_EUSAGE, &t->origin, "unexpected token: '%s' (expected %s)", es_quote(t->raw).text, what);
    }
    return false;
}

static bool looks_numeric(es_slice word) {
    const char c = word.text[0];
    return (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
}

static bool set_number(scanner *s, const token *t, es_condition *condition) {
    condition->kind = ES_OPERAND_NUMBER;
    const es_number_fault fault = es_parse_scaled(t->value, &condition->number);
    if (fault == ES_NUMBER_OK)
        return true;
    es_fail(s->errors, ES_EUSAGE, &t->origin, "%s: '%s' (expected a number, a 'text' in quotes or a column)",
            es_number_fault_text(fault), es_quote(t->raw).text);
    return false;
}

static bool set_operand(scanner *s, const token *t, es_condition *condition) {
    condition->rhs_origin = t->origin;
    if (t->kind == TOKEN_TEXT) {
        condition->kind = ES_OPERAND_TEXT;
        condition->text = t->value;
        if (condition->op == ES_EQ || condition->op == ES_NE)
            return true;
        es_fail(s->errors, ES_EUSAGE, &t->origin, "text compares by = and != only, not by %s: '%s'",
                es_compare_op_text(condition->op), es_quote(t->raw).text);
        return false;
    }
    if (t->kind == TOKEN_WORD && !is_and(t) && looks_numeric(t->value))
        return set_number(s, t, condition);
    if (!is_column(t))
        return expected(s, t, "a number, a 'text' in quotes or a column");
    condition->kind = ES_OPERAND_COLUMN;
    condition->rhs_column = t->value;
    return true;
}

static bool parse_condition(scanner *s, es_condition *condition) {
    const token column = next_token(s);
    if (!is_column(&column))
        return expected(s, &column, "a column");
    const token op = next_token(s);
    if (op.kind != TOKEN_OP)
        return expected(s, &op, "one of = != < <= > >=");
    const token operand = next_token(s);
    *condition = (es_condition){.column = column.value, .op = op.op, .origin = column.origin};
    if (!set_operand(s, &operand, condition))
        return false;
    condition->source = (es_slice){column.raw.text, (size_t)(operand.raw.text + operand.raw.length - column.raw.text)};
    return true;
}

/* After a fault: goes on behind the next `and`, so that every condition is checked. */
static void skip_to_and(scanner *s, token *t) {
    while (t->kind != TOKEN_END && t->kind != TOKEN_BAD && !is_and(t))
        *t = next_token(s);
}

es_status es_where_parse(es_where *where, es_slice text, es_origin at, es_arena *arena, es_errors *errors) {
    scanner s = {.text = text, .origin = at, .arena = arena, .errors = errors};
    es_status status = ES_OK;
    token t = {.kind = TOKEN_WORD};
    do {
        es_condition condition;
        const bool good = parse_condition(&s, &condition);
        if (good) {
            if (!es_grow((void **)&where->condition, &where->capacity, where->count + 1, sizeof condition))
                return es_fail_memory(errors);
            where->condition[where->count++] = condition;
        }
        t = next_token(&s);
        if (good && t.kind != TOKEN_END && !is_and(&t)) {
            expected(&s, &t, "`and` or the end");
            status = ES_EUSAGE;
        }
        if (!good)
            status = ES_EUSAGE;
        skip_to_and(&s, &t);
    } while (is_and(&t));
    return status;
}

void es_where_free(es_where *where) {
    free(where->condition);
    *where = (es_where){0};
}

const char *es_compare_op_text(es_compare_op op) {
    static const char *const text[] = {
        [ES_EQ] = "=", [ES_NE] = "!=", [ES_LT] = "<", [ES_LE] = "<=", [ES_GT] = ">", [ES_GE] = ">="};
    return text[op];
}

bool es_compare_text(es_compare_op op, es_slice cell, es_slice text) {
    if (cell.length == 0 && text.length > 0)
        return false;
    const bool equal = cell.length == text.length && (cell.length == 0 || !memcmp(cell.text, text.text, cell.length));
    return op == ES_EQ ? equal : !equal;
}

/* In a form that compilers vectorise: x - x is 0, all bits of it, or NaN. */
static bool all_are_values(const double *x, size_t n) {
    uint64_t any = 0;
    for (size_t i = 0; i < n; i++) {
        const double nothing = x[i] - x[i];
        uint64_t bits;
        memcpy(&bits, &nothing, sizeof bits);
        any |= bits;
    }
    return !any;
}

/* One plain loop per operator and kind of right-hand side, so that the compiler vectorises each.  Of values only. */
#define MASK_LOOP(condition)                                                                                           \
    do {                                                                                                               \
        for (size_t i = 0; i < n; i++) {                                                                               \
            const uint8_t holds = (condition) != 0;                                                                    \
            keep[i] &= (uint8_t)-holds;                                                                                \
            failed += 1u - holds;                                                                                      \
        }                                                                                                              \
    } while (0)

#define MASK_LOOPS(B)                                                                                                  \
    switch (op) {                                                                                                      \
    case ES_EQ: MASK_LOOP(a[i] == (B)); break;                                                                         \
    case ES_NE: MASK_LOOP(a[i] != (B)); break;                                                                         \
    case ES_LT: MASK_LOOP(a[i] < (B)); break;                                                                          \
    case ES_LE: MASK_LOOP(a[i] <= (B)); break;                                                                         \
    case ES_GT: MASK_LOOP(a[i] > (B)); break;                                                                          \
    default: MASK_LOOP(a[i] >= (B)); break;                                                                            \
    }

static size_t mask_with_missing(es_compare_op op, const double *a, const double *b, double number, uint8_t *keep,
                                size_t n) {
    size_t failed = 0;
    for (size_t i = 0; i < n; i++) {
        const bool holds = es_compare(op, a[i], b ? b[i] : number);
        keep[i] = holds ? keep[i] : 0;
        failed += !holds;
    }
    return failed;
}

size_t es_where_mask(es_compare_op op, const double *a, const double *b, double number, uint8_t *keep, size_t n) {
    size_t failed = 0;
    if (!all_are_values(a, n) || (b ? !all_are_values(b, n) : es_is_missing(number)))
        return mask_with_missing(op, a, b, number, keep, n);
    if (b) {
        MASK_LOOPS(b[i])
    } else {
        MASK_LOOPS(number)
    }
    return failed;
}

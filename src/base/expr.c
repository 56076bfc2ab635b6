/* Parsing expressions, and the algebra of their signs. */
#include "base/expr.h"

#include <math.h>
#include <string.h>

#include "base/number.h"

/* ---- tokens ---- */

typedef enum token_kind {
    T_END,
    T_BAD,     /* reported */
    T_UNKNOWN, /* a byte that begins nothing */
    T_NUMBER,
    T_TEXT,
    T_NAME,
    T_OP,
    T_NOT_WORD, /* `not` */
    T_OPEN,
    T_CLOSE,
    T_COMMA,
    T_QUESTION,
    T_COLON
} token_kind;

typedef struct token {
    token_kind kind;
    uint32_t from, to;
    es_slice value; /* NAME, TEXT: without quotes */
    bool quoted;
    double number;
    es_expr_op op; /* OP; ! is ES_X_NOT */
} token;

typedef struct parser {
    es_slice text;
    es_origin at;
    const es_expr_words *words;
    es_arena *arena;
    es_errors *errors;
    token t; /* the next one */
    size_t scanned;
    es_expr_node *node;
    size_t n_nodes, capacity, depth;
    es_slice *name;
    size_t n_names;
    es_status status;
} parser;

static es_origin origin_at(es_origin at, size_t offset) {
    if (at.column)
        at.column += offset;
    return at;
}

static es_slice raw_of(const parser *p, const token *t) { return (es_slice){p->text.text + t->from, t->to - t->from}; }

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}
static bool is_name_byte(char c) { return is_letter(c) || is_digit(c) || c == '.'; }
static bool is_compare_byte(char c) { return c == '=' || c == '!' || c == '<' || c == '>'; }

/* 'text' or "name", two quotes standing for one. */
static void scan_quoted(parser *p, token *t) {
    const char *s = p->text.text, quote = s[t->from];
    size_t i = t->from + 1, doubled = 0;
    for (; i < p->text.length && (s[i] != quote || (i + 1 < p->text.length && s[i + 1] == quote)); i++)
        if (s[i] == quote)
            i++, doubled++;
    bool closed = i < p->text.length;
    t->to = (uint32_t)(closed ? i + 1 : p->text.length);
    t->kind = quote == '"' ? T_NAME : T_TEXT;
    t->quoted = true;
    t->value = (es_slice){s + t->from + 1, i - t->from - 1};
    es_origin at = origin_at(p->at, t->from);
    if (!closed) {
        t->kind = T_BAD;
        p->status = es_fail(p->errors, ES_EUSAGE, &at, "missing closing %s: '%s'",
                            quote == '"' ? "double quote" : "quote", es_quote(raw_of(p, t)).text);
    } else if (quote == '"' && !t->value.length) {
        t->kind = T_BAD;
        p->status = es_fail(p->errors, ES_EUSAGE, &at, "empty name: '\"\"'; expected a column");
    } else if (doubled) {
        char *copy = es_arena_text(p->arena, t->value);
        if (!copy) {
            t->kind = T_BAD;
            p->status = es_fail_memory(p->errors);
            return;
        }
        size_t n = 0;
        for (i = 0; i < t->value.length; i++) {
            copy[n++] = t->value.text[i];
            i += t->value.text[i] == quote;
        }
        t->value = (es_slice){copy, n};
    }
}

/* A word that only a table knows to be one name: as far as blanks, quotes or comparisons, or up to an operator in it. */
static bool scan_known_name(parser *p, token *t) {
    const char *s = p->text.text;
    if (!p->words || !p->words->is_name)
        return false;
    size_t start = t->from, end = start, plain = start;
    while (plain < p->text.length && is_name_byte(s[plain]))
        plain++;
    while (end < p->text.length && !is_blank(s[end]) && !is_compare_byte(s[end]) && s[end] != '\'' && s[end] != '"')
        end++;
    if (is_letter(s[start]) && end == plain)
        return false;
    for (; end > start; end--) {
        if (end < p->text.length && is_name_byte(s[end]) && is_name_byte(s[end - 1]))
            continue;
        es_slice word = {s + start, end - start};
        if (!p->words->is_name(p->words->context, word))
            continue;
        t->kind = T_NAME, t->to = (uint32_t)end, t->value = word, t->quoted = true;
        return true;
    }
    return false;
}

static void scan_number(parser *p, token *t) {
    const char *s = p->text.text;
    size_t i = t->from;
    bool plain = true; /* only digits and points so far */
    for (; i < p->text.length; i++) {
        char c = s[i];
        bool sign = (c == '+' || c == '-') && (s[i - (i > t->from)] == 'e' || s[i - (i > t->from)] == 'E') &&
                    i + 1 < p->text.length && is_digit(s[i + 1]);
        if (sign && plain) {
            plain = false;
            continue;
        }
        if (!is_name_byte(c))
            break;
        if (!is_digit(c) && c != '.' && c != 'e' && c != 'E')
            plain = false;
    }
    t->to = (uint32_t)i;
    t->kind = T_NUMBER;
    es_number_fault fault = es_parse_scaled(raw_of(p, t), &t->number);
    if (fault == ES_NUMBER_OK)
        return;
    t->kind = T_BAD;
    es_origin at = origin_at(p->at, t->from);
    p->status = es_fail(p->errors, ES_EUSAGE, &at, "%s: '%s' (expected a number, a 'text' in quotes or a column)",
                        es_number_fault_text(fault), es_quote(raw_of(p, t)).text);
}

static const struct {
    const char *text;
    es_expr_op op;
} compare_operators[] = {{"==", ES_X_EQ}, {"!=", ES_X_NE}, {"<=", ES_X_LE}, {">=", ES_X_GE},
                         {"=", ES_X_EQ},  {"<", ES_X_LT},  {">", ES_X_GT},  {"!", ES_X_NOT}};

static void scan_compare(parser *p, token *t) {
    size_t end = t->from, length = 0;
    while (end < p->text.length && is_compare_byte(p->text.text[end]))
        end++;
    es_slice run = {p->text.text + t->from, end - t->from};
    for (size_t i = 0; i < sizeof compare_operators / sizeof *compare_operators && !length; i++) {
        size_t n = strlen(compare_operators[i].text);
        if (run.length >= n && memcmp(run.text, compare_operators[i].text, n) == 0)
            length = n, t->op = compare_operators[i].op;
    }
    t->kind = T_OP;
    t->to = (uint32_t)(t->from + length);
    if (length == run.length || run.text[length] == '!') /* a == !b */
        return;
    t->kind = T_BAD;
    es_origin at = origin_at(p->at, t->from);
    p->status = es_fail(p->errors, ES_EUSAGE, &at, "unknown operator: '%s' (expected one of = != < <= > >=)",
                        es_quote(run).text);
}

static void scan_word(parser *p, token *t) {
    static const struct {
        const char *text;
        token_kind kind;
        es_expr_op op;
    } keywords[] = {{"and", T_OP, ES_X_AND}, {"or", T_OP, ES_X_OR}, {"not", T_NOT_WORD, ES_X_NOT}};
    size_t end = t->from;
    while (end < p->text.length && is_name_byte(p->text.text[end]))
        end++;
    t->to = (uint32_t)end;
    t->kind = T_NAME;
    t->value = raw_of(p, t);
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (es_slice_equal_fold(t->value, keywords[i].text))
            t->kind = keywords[i].kind, t->op = keywords[i].op;
}

static void next(parser *p) {
    const char *s = p->text.text;
    size_t i = p->scanned;
    while (i < p->text.length && is_blank(s[i]))
        i++;
    token t = {.kind = T_END, .from = (uint32_t)i, .to = (uint32_t)i};
    char c = i < p->text.length ? s[i] : 0, after = i + 1 < p->text.length ? s[i + 1] : 0;
    static const struct {
        char byte;
        token_kind kind;
        es_expr_op op;
    } single[] = {{'(', T_OPEN, 0},      {')', T_CLOSE, 0},     {',', T_COMMA, 0},
                  {'?', T_QUESTION, 0},  {':', T_COLON, 0},     {'+', T_OP, ES_X_ADD},
                  {'-', T_OP, ES_X_SUB}, {'*', T_OP, ES_X_MUL}, {'/', T_OP, ES_X_DIV}};
    if (i == p->text.length) {
    } else if (c == '\'' || c == '"') {
        scan_quoted(p, &t);
    } else if (is_compare_byte(c)) {
        scan_compare(p, &t);
    } else if ((c == '&' || c == '|') && after == c) {
        t.kind = T_OP, t.op = c == '&' ? ES_X_AND : ES_X_OR, t.to = (uint32_t)(i + 2);
    } else if ((is_name_byte(c) || !strchr("()+-*/,?:&|", c)) && scan_known_name(p, &t)) {
    } else if (is_digit(c) || (c == '.' && is_digit(after))) {
        scan_number(p, &t);
    } else if (is_letter(c)) {
        scan_word(p, &t);
    } else {
        t.kind = T_UNKNOWN;
        t.to = (uint32_t)(i + 1);
        for (size_t k = 0; k < sizeof single / sizeof *single; k++)
            if (single[k].byte == c)
                t.kind = single[k].kind, t.op = single[k].op;
    }
    p->scanned = t.to;
    p->t = t;
}

/* ---- grammar ---- */

enum { NOTHING = -1 }; /* a fault was reported */

/* Reports what stands where something else was expected. */
static int expected(parser *p, const char *what) {
    es_origin at = origin_at(p->at, p->t.from);
    if (p->status)
        return NOTHING;
    if (p->t.kind == T_END)
        p->status = es_fail(p->errors, ES_EUSAGE, &at, "expression ends too early: '%s' (expected %s)",
                            es_quote(p->text).text, what);
    else
        p->status = es_fail(p->errors, ES_EUSAGE, &at, "unexpected token: '%s' (expected %s)",
                            es_quote(raw_of(p, &p->t)).text, what);
    return NOTHING;
}

static int fail_node(parser *p, int node, const char *message) {
    const es_expr_node *n = &p->node[node];
    es_origin at = origin_at(p->at, n->from);
    p->status = es_fail(p->errors, ES_EUSAGE, &at, "%s: '%s'", message,
                        es_quote((es_slice){p->text.text + n->from, n->to - n->from}).text);
    return NOTHING;
}

static int add(parser *p, es_expr_node node) {
    if (p->status)
        return NOTHING;
    if (p->n_nodes == p->capacity) {
        p->status = es_fail(p->errors, ES_EUSAGE, &p->at, "expression too long: '%s'; expected at most %d operations",
                            es_quote(p->text).text, ES_EXPR_NODES_MAX);
        return NOTHING;
    }
    node.first = node.n_in ? p->node[node.in[0]].first : (uint16_t)p->n_nodes;
    p->node[p->n_nodes] = node;
    return (int)p->n_nodes++;
}

/* Of operands that must be numbers. */
static int add_operation(parser *p, es_expr_op op, const int *in, size_t n, uint32_t from, uint16_t index) {
    es_expr_node node = {.op = op, .n_in = (uint16_t)n, .from = from, .index = index};
    for (size_t k = 0; k < n; k++) {
        if (in[k] == NOTHING)
            return NOTHING;
        if (p->node[in[k]].op == ES_X_TEXT)
            return fail_node(p, in[k], "a text where a number is needed");
        node.in[k] = (uint16_t)in[k];
        node.to = p->node[in[k]].to > node.to ? p->node[in[k]].to : node.to;
    }
    return add(p, node);
}

static int add_binary(parser *p, es_expr_op op, int a, int b) {
    if (a == NOTHING || b == NOTHING)
        return NOTHING;
    return add_operation(p, op, (int[]){a, b}, 2, p->node[a].from, 0);
}

static int add_comparison(parser *p, es_expr_op op, int a, int b) {
    static const char *const sign[] = {"<", "<=", ">", ">="};
    if (a == NOTHING || b == NOTHING)
        return NOTHING;
    bool text_a = p->node[a].op == ES_X_TEXT, text_b = p->node[b].op == ES_X_TEXT;
    if (!text_a && !text_b)
        return add_binary(p, op, a, b);
    int text = text_b ? b : a, other = text_b ? a : b;
    if (op != ES_X_EQ && op != ES_X_NE) {
        char message[64];
        snprintf(message, sizeof message, "text compares by = and != only, not by %s", sign[op - ES_X_LT]);
        return fail_node(p, text, message);
    }
    if (p->node[other].op == ES_X_TEXT)
        return fail_node(p, text, "two texts are compared; expected a column on one side");
    es_expr_node node = {.op = op, .n_in = 2, .in = {(uint16_t)a, (uint16_t)b}};
    node.from = p->node[a].from, node.to = p->node[b].to;
    if (!p->node[text].text.length) { /* asks whether the other side is missing; the text stays as an unused node */
        node.op = op == ES_X_EQ ? ES_X_EMPTY : ES_X_PRESENT;
        node.n_in = 1;
        node.in[0] = (uint16_t)other;
        int number = add(p, node);
        if (number != NOTHING)
            p->node[number].first = p->node[a].first;
        return number;
    }
    if (p->node[other].op != ES_X_NAME)
        return fail_node(p, other, "only a column compares with a text");
    return add(p, node);
}

static int name_node(parser *p, const token *t) {
    size_t i = 0;
    while (i < p->n_names &&
           (p->name[i].length != t->value.length || memcmp(p->name[i].text, t->value.text, t->value.length) != 0))
        i++;
    if (i == p->n_names)
        p->name[p->n_names++] = t->value;
    return add(p, (es_expr_node){.op = ES_X_NAME, .from = t->from, .to = t->to, .index = (uint16_t)i});
}

static int expression(parser *p);

static const struct {
    const char *name;
    es_expr_op op;
    uint16_t n_args; /* 0: two or more, folded from the left */
} functions[] = {{"min", ES_X_MIN, 0}, {"max", ES_X_MAX, 0},  {"floor", ES_X_FLOOR, 1}, {"ceil", ES_X_CEIL, 1},
                 {"abs", ES_X_ABS, 1}, {"fabs", ES_X_ABS, 1}, {"sqrt", ES_X_SQRT, 1},   {"log", ES_X_LOG, 1},
                 {"exp", ES_X_EXP, 1}, {"pow", ES_X_POW, 2}};
enum { N_FUNCTIONS = sizeof functions / sizeof *functions };

static int fail_function(parser *p, const token *name) {
    const char *names[N_FUNCTIONS + 64];
    size_t n = 0;
    for (; n < N_FUNCTIONS; n++)
        names[n] = functions[n].name;
    for (size_t i = 0; p->words && i < p->words->n_functions && i < 64; i++)
        names[n++] = p->words->function[i].name;
    const char *near = es_nearest(name->value, names, n);
    es_origin at = origin_at(p->at, name->from);
    p->status = es_fail(p->errors, ES_EUSAGE, &at, "unknown function: '%s'; %s%s%s", es_quote(name->value).text,
                        near ? "did you mean '" : "expected one of min max floor ceil abs sqrt log exp pow",
                        near ? near : "", near ? "'?" : "");
    return NOTHING;
}

/* NAME ( a, b ... ); the opening parenthesis is next. */
static int call(parser *p, const token *name) {
    size_t own = 0, theirs = 0, n = 0, n_theirs = p->words ? p->words->n_functions : 0;
    while (theirs < n_theirs && !es_slice_equal(name->value, p->words->function[theirs].name))
        theirs++;
    while (own < N_FUNCTIONS && !es_slice_equal(name->value, functions[own].name))
        own++;
    if (theirs == n_theirs && own == N_FUNCTIONS)
        return fail_function(p, name);
    bool caller = theirs < n_theirs, folded = !caller && !functions[own].n_args;
    size_t wanted = caller ? p->words->function[theirs].n_args : functions[own].n_args;
    int in[ES_EXPR_ARGS_MAX];
    size_t count = 0;
    do {
        next(p);
        int argument = expression(p);
        if (argument == NOTHING)
            return NOTHING;
        count++;
        if (folded && n == 1)
            in[0] = add_binary(p, functions[own].op, in[0], argument);
        else if (n < ES_EXPR_ARGS_MAX)
            in[n++] = argument;
        if (in[0] == NOTHING)
            return NOTHING;
    } while (p->t.kind == T_COMMA);
    if (p->t.kind != T_CLOSE)
        return expected(p, "a comma or a closing parenthesis");
    uint32_t end = p->t.to;
    if (folded ? count < 2 : count != wanted) {
        es_origin at = origin_at(p->at, name->from);
        p->status = es_fail(p->errors, ES_EUSAGE, &at, "wrong number of arguments: '%s' has %zu; expected %s%zu",
                            es_quote(name->value).text, count, folded ? "at least " : "", folded ? 2 : wanted);
        return NOTHING;
    }
    next(p);
    int result =
        folded ? in[0] : add_operation(p, caller ? ES_X_CALL : functions[own].op, in, n, name->from, (uint16_t)theirs);
    if (result != NOTHING)
        p->node[result].from = name->from, p->node[result].to = end;
    return result;
}

static int primary(parser *p) {
    token t = p->t;
    int inside;
    switch (t.kind) {
    case T_NUMBER: next(p); return add(p, (es_expr_node){.number = t.number, .from = t.from, .to = t.to});
    case T_TEXT: next(p); return add(p, (es_expr_node){.op = ES_X_TEXT, .text = t.value, .from = t.from, .to = t.to});
    case T_NAME: next(p); return p->t.kind == T_OPEN && !t.quoted ? call(p, &t) : name_node(p, &t);
    case T_OPEN:
        next(p);
        inside = expression(p);
        if (inside == NOTHING)
            return NOTHING;
        if (p->t.kind != T_CLOSE)
            return expected(p, "an operator or a closing parenthesis");
        if (p->node[inside].op != ES_X_TEXT)
            p->node[inside].from = t.from, p->node[inside].to = p->t.to;
        next(p);
        return inside;
    default: return expected(p, "a number, a 'text' in quotes or a column");
    }
}

static bool at_operator(const parser *p, es_expr_op op) { return p->t.kind == T_OP && p->t.op == op; }

static int unary(parser *p) {
    token t = p->t;
    bool negative = at_operator(p, ES_X_SUB), inverted = at_operator(p, ES_X_NOT);
    if (!negative && !inverted && !at_operator(p, ES_X_ADD))
        return primary(p);
    if (p->depth++ == ES_EXPR_NESTED_MAX)
        return expected(p, "less nesting");
    next(p);
    bool literal = p->t.kind == T_NUMBER;
    int operand = unary(p);
    p->depth--;
    if (operand == NOTHING)
        return NOTHING;
    if (literal && !inverted && p->node[operand].op == ES_X_NUMBER) { /* -5 is a number */
        p->node[operand].from = t.from;
        p->node[operand].number = negative ? -p->node[operand].number : p->node[operand].number;
        return operand;
    }
    if (!negative && !inverted)
        return p->node[operand].op == ES_X_TEXT ? fail_node(p, operand, "a text where a number is needed") : operand;
    return add_operation(p, negative ? ES_X_NEG : ES_X_NOT, &operand, 1, t.from, 0);
}

static int product(parser *p) {
    int a = unary(p);
    while (a != NOTHING && (at_operator(p, ES_X_MUL) || at_operator(p, ES_X_DIV))) {
        es_expr_op op = p->t.op;
        next(p);
        a = add_binary(p, op, a, unary(p));
    }
    return a;
}

static int sum(parser *p) {
    int a = product(p);
    while (a != NOTHING && (at_operator(p, ES_X_ADD) || at_operator(p, ES_X_SUB))) {
        es_expr_op op = p->t.op;
        next(p);
        a = add_binary(p, op, a, product(p));
    }
    return a;
}

static bool at_comparison(const parser *p) { return p->t.kind == T_OP && p->t.op >= ES_X_EQ && p->t.op <= ES_X_GE; }

static int comparison(parser *p) {
    if (p->t.kind == T_NOT_WORD) {
        token t = p->t;
        if (p->depth++ == ES_EXPR_NESTED_MAX)
            return expected(p, "less nesting");
        next(p);
        int operand = comparison(p);
        p->depth--;
        return add_operation(p, ES_X_NOT, &operand, 1, t.from, 0);
    }
    int a = sum(p);
    if (a == NOTHING || !at_comparison(p))
        return a;
    es_expr_op op = p->t.op;
    next(p);
    a = add_comparison(p, op, a, sum(p));
    return a != NOTHING && at_comparison(p) ? expected(p, "`and`: comparisons do not chain") : a;
}

static int conjunction(parser *p) {
    int a = comparison(p);
    while (a != NOTHING && at_operator(p, ES_X_AND)) {
        next(p);
        a = add_binary(p, ES_X_AND, a, comparison(p));
    }
    return a;
}

static int disjunction(parser *p) {
    int a = conjunction(p);
    while (a != NOTHING && at_operator(p, ES_X_OR)) {
        next(p);
        a = add_binary(p, ES_X_OR, a, conjunction(p));
    }
    return a;
}

static int expression(parser *p) {
    if (p->depth++ == ES_EXPR_NESTED_MAX)
        return expected(p, "less nesting");
    int in[3] = {disjunction(p), NOTHING, NOTHING};
    if (in[0] != NOTHING && p->t.kind == T_QUESTION) {
        next(p);
        in[1] = expression(p);
        if (in[1] == NOTHING)
            return NOTHING;
        if (p->t.kind != T_COLON)
            return expected(p, "an operator or :");
        next(p);
        in[2] = expression(p);
        in[0] = add_operation(p, ES_X_IF, in, 3, p->node[in[0]].from, 0);
    }
    p->depth--;
    return in[0];
}

es_status es_expr_parse(es_expr *x, es_slice text, es_origin at, const es_expr_words *words, es_arena *arena,
                        es_errors *errors) {
    parser p = {.text = text, .at = at, .words = words, .arena = arena, .errors = errors};
    *x = (es_expr){.text = text, .at = at};
    if (text.length > UINT32_MAX / 2)
        return es_fail(errors, ES_EUSAGE, &at, "expression too long");
    p.capacity = text.length + 1 < ES_EXPR_NODES_MAX ? text.length + 1 : ES_EXPR_NODES_MAX;
    p.node = es_arena_array(arena, p.capacity, sizeof *p.node);
    p.name = es_arena_array(arena, p.capacity + 1, sizeof *p.name);
    if (!p.node || !p.name)
        return es_fail_memory(errors);
    next(&p);
    int root = expression(&p);
    if (root != NOTHING && p.t.kind != T_END)
        expected(&p, "an operator or the end");
    else if (root != NOTHING && p.node[root].op == ES_X_TEXT)
        fail_node(&p, root, "a text where a number is needed");
    x->stopped = p.t.from;
    if (p.status)
        return p.status;
    x->node = p.node, x->n_nodes = p.n_nodes;
    x->name = p.name, x->n_names = p.n_names;
    return ES_OK;
}

es_origin es_expr_origin(const es_expr *x, size_t node) { return origin_at(x->at, x->node[node].from); }

es_slice es_expr_source(const es_expr *x, size_t node) {
    return (es_slice){x->text.text + x->node[node].from, x->node[node].to - x->node[node].from};
}

/* ---- signs ----
 *
 * Rounding is monotone: where an exact operation never falls, the rounded one does not either. */

static char flip(char sign) { return sign == '+' ? '-' : sign == '-' ? '+' : sign; }

static char both(char a, char b) { return a == '=' ? b : b == '=' || a == b ? a : '0'; }

/* a times a factor in r. */
static char scaled(char a, es_interval r) { return a == '=' || r.low >= 0 ? a : r.high <= 0 ? flip(a) : '0'; }

static es_interval hull(es_interval a, es_interval b) {
    return (es_interval){a.low < b.low ? a.low : b.low, a.high > b.high ? a.high : b.high};
}

static const es_interval ANYWHERE = {-INFINITY, INFINITY}, TRUTH = {0, 1};

static es_interval corners(es_expr_op op, es_interval a, es_interval b) {
    es_interval r = {INFINITY, -INFINITY};
    for (int k = 0; k < 4; k++) {
        double x = k & 1 ? a.high : a.low, y = k & 2 ? b.high : b.low, v = op == ES_X_MUL ? x * y : x / y;
        if (v != v) /* 0 * inf: of finite values, 0 */
            v = 0;
        r = hull(r, (es_interval){v, v});
    }
    return r;
}

static es_interval divided(es_interval a, es_interval b) {
    if (b.low < 0 && b.high > 0)
        return ANYWHERE;
    bool positive = b.low >= 0;
    es_interval r = {0, 0};
    if (a.high > 0)
        r = hull(r, positive ? (es_interval){0, INFINITY} : (es_interval){-INFINITY, 0});
    if (a.low < 0)
        r = hull(r, positive ? (es_interval){-INFINITY, 0} : (es_interval){0, INFINITY});
    if (isfinite(a.low) && isfinite(a.high) && (b.low > 0 || b.high < 0))
        r = corners(ES_X_DIV, a, b);
    return r;
}

/* Whether two subexpressions are the same text of names, numbers and operators. */
static bool same_node(const es_expr *x, size_t a, size_t b) {
    const es_expr_node *m = &x->node[a], *n = &x->node[b];
    if (m->op != n->op || m->n_in != n->n_in || m->op == ES_X_TEXT)
        return false;
    if ((m->op == ES_X_NAME || m->op == ES_X_CALL) && m->index != n->index)
        return false;
    if (m->op == ES_X_NUMBER && m->number != n->number)
        return false;
    for (size_t k = 0; k < m->n_in; k++)
        if (!same_node(x, m->in[k], n->in[k]))
            return false;
    return true;
}

/* What the condition says of the branch taken where it holds (or fails): a > b ? a - b : 0 is not negative. */
static es_interval narrowed(const es_expr *x, size_t condition, bool holds, size_t branch, es_interval r) {
    const es_expr_node *c = &x->node[condition], *n = &x->node[branch];
    if (c->op < ES_X_LT || c->op > ES_X_GE || n->op != ES_X_SUB)
        return r;
    bool larger_first = (c->op == ES_X_GT || c->op == ES_X_GE) == holds;
    if (same_node(x, c->in[0], n->in[larger_first ? 0 : 1]) && same_node(x, c->in[1], n->in[larger_first ? 1 : 0]) &&
        r.low < 0)
        r.low = 0;
    return r;
}

static es_interval range_of(const es_expr *x, const es_expr_node *n, const es_expr_function *function,
                            const es_interval *domain, const es_interval *range, size_t base) {
    es_interval a = n->n_in > 0 ? range[n->in[0] - base] : ANYWHERE,
                b = n->n_in > 1 ? range[n->in[1] - base] : ANYWHERE;
    es_interval r = ANYWHERE;
    switch (n->op) {
    case ES_X_NUMBER: return (es_interval){n->number, n->number};
    case ES_X_TEXT: return ANYWHERE;
    case ES_X_NAME: return domain[n->index];
    case ES_X_CALL: return function[n->index].result;
    case ES_X_NEG: r = (es_interval){-a.high, -a.low}; break;
    case ES_X_FLOOR: r = (es_interval){floor(a.low), floor(a.high)}; break;
    case ES_X_CEIL: r = (es_interval){ceil(a.low), ceil(a.high)}; break;
    case ES_X_ABS:
        r = a.low >= 0 ? a : a.high <= 0 ? (es_interval){-a.high, -a.low} : (es_interval){0, fmax(-a.low, a.high)};
        break;
    case ES_X_SQRT: r = (es_interval){sqrt(fmax(a.low, 0)), a.high > 0 ? sqrt(a.high) : 0}; break;
    case ES_X_LOG: return ANYWHERE;
    case ES_X_EXP: return (es_interval){0, INFINITY};
    case ES_X_POW: return a.low >= 0 ? (es_interval){0, INFINITY} : ANYWHERE;
    case ES_X_ADD: r = (es_interval){a.low + b.low, a.high + b.high}; break;
    case ES_X_SUB: r = (es_interval){a.low - b.high, a.high - b.low}; break;
    case ES_X_MUL: r = corners(ES_X_MUL, a, b); break;
    case ES_X_DIV: r = divided(a, b); break;
    case ES_X_MIN: r = (es_interval){fmin(a.low, b.low), fmin(a.high, b.high)}; break;
    case ES_X_MAX: r = (es_interval){fmax(a.low, b.low), fmax(a.high, b.high)}; break;
    case ES_X_IF:
        r = hull(narrowed(x, n->in[0], true, n->in[1], b),
                 narrowed(x, n->in[0], false, n->in[2], range[n->in[2] - base]));
        break;
    default: return TRUTH;
    }
    return r.low == r.low && r.high == r.high ? r : ANYWHERE;
}

/* Of the truth of a condition: values that may be on both sides of 0 do not keep their sign. */
static char truth_sign(char sign, es_interval r) { return scaled(sign, r); }

static char sign_of_choice(const es_expr *x, const es_expr_node *n, const es_interval *range, size_t base, char c,
                           char then, char otherwise) {
    char s = both(then, otherwise);
    if (c == '=')
        return s;
    es_interval t = narrowed(x, n->in[0], true, n->in[1], range[n->in[1] - base]);
    es_interval e = narrowed(x, n->in[0], false, n->in[2], range[n->in[2] - base]);
    c = truth_sign(c, range[n->in[0] - base]);
    return both(s, t.low >= e.high ? c : t.high <= e.low ? flip(c) : '0');
}

/* How node n depends on a name, on which its operands depend by sign[operand]. */
static char sign_of(const es_expr *x, const es_expr_node *n, const es_expr_function *function, const es_interval *range,
                    size_t base, const char *sign) {
    char a = n->n_in > 0 ? sign[n->in[0] - base] : '=', b = n->n_in > 1 ? sign[n->in[1] - base] : '=', s = '=';
    es_interval ra = n->n_in > 0 ? range[n->in[0] - base] : ANYWHERE,
                rb = n->n_in > 1 ? range[n->in[1] - base] : ANYWHERE;
    switch (n->op) {
    case ES_X_CALL:
        for (size_t k = 0; k < n->n_in; k++) {
            char how = function[n->index].signs[k], of = sign[n->in[k] - base];
            s = both(s, of == '=' || how == '=' ? '=' : how == '+' ? of : how == '-' ? flip(of) : '0');
        }
        return s;
    case ES_X_NEG: return flip(a);
    case ES_X_NOT: return flip(truth_sign(a, ra));
    case ES_X_FLOOR:
    case ES_X_CEIL:
    case ES_X_SQRT: return a;
    case ES_X_ABS: return scaled(a, ra);
    case ES_X_LOG:
    case ES_X_EXP: return a == '=' ? '=' : '0';
    case ES_X_POW: return a == '=' && b == '=' ? '=' : '0';
    case ES_X_ADD:
    case ES_X_MIN:
    case ES_X_MAX: return both(a, b);
    case ES_X_SUB: return both(a, flip(b));
    case ES_X_MUL: return both(scaled(a, rb), scaled(b, ra));
    case ES_X_DIV:
        if (b != '=' && rb.low < 0 && rb.high > 0)
            return '0';
        return both(scaled(a, rb), scaled(flip(b), ra));
    case ES_X_EQ:
        if (same_node(x, n->in[0], n->in[1])) /* whether there is a value */
            return '=';
        return a == '=' && b == '=' ? '=' : '0';
    case ES_X_NE:
        if (same_node(x, n->in[0], n->in[1]))
            return '=';
        return a == '=' && b == '=' ? '=' : '0';
    case ES_X_GT:
    case ES_X_GE: return both(a, flip(b));
    case ES_X_LT:
    case ES_X_LE: return both(flip(a), b);
    case ES_X_AND:
    case ES_X_OR: return both(truth_sign(a, ra), truth_sign(b, rb));
    case ES_X_IF: return sign_of_choice(x, n, range, base, a, b, sign[n->in[2] - base]);
    default: return '='; /* numbers and texts; EMPTY and PRESENT ask for a state, not for a value */
    }
}

es_interval es_expr_signs(const es_expr *x, size_t root, const es_expr_function *function, const es_interval *domain,
                          char *sign) {
    es_interval range[ES_EXPR_SIGNS_MAX];
    char of[ES_EXPR_SIGNS_MAX];
    size_t base = x->node[root].first;
    if (root - base >= ES_EXPR_SIGNS_MAX) {
        memset(sign, '0', x->n_names);
        return ANYWHERE;
    }
    for (size_t i = base; i <= root; i++)
        range[i - base] = range_of(x, &x->node[i], function, domain, range, base);
    for (size_t name = 0; name < x->n_names; name++) {
        for (size_t i = base; i <= root; i++) {
            const es_expr_node *n = &x->node[i];
            of[i - base] =
                n->op == ES_X_NAME ? (n->index == name ? '+' : '=') : sign_of(x, n, function, range, base, of);
        }
        sign[name] = of[root - base];
    }
    return range[root - base];
}

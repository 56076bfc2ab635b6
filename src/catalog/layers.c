#include "catalog/layers.h"

#include <stdlib.h>
#include <string.h>

/* The bits of the words joined by `+`. */
static int mask_of(const char *cell, const char *const *words, int n) {
    int mask = 0;
    if (*cell == '\0' || es_equal_fold(cell, "none"))
        return 0;
    for (es_slice rest = es_slice_of(cell); rest.text != NULL;) {
        const char *plus = memchr(rest.text, '+', rest.length);
        es_slice word = {rest.text, plus ? (size_t)(plus - rest.text) : rest.length};
        int bit = 0;
        while (bit < n && !es_slice_equal_fold(es_slice_trim(word), words[bit]))
            bit++;
        if (bit == n)
            return -1;
        mask |= 1 << bit;
        rest = plus ? (es_slice){plus + 1, rest.length - word.length - 1} : (es_slice){NULL, 0};
    }
    return mask;
}

int es_mixers_of(const char *cell) {
    static const char *const words[] = {"attention", "mla", "gdn", "mamba1", "mamba2", "rwkv7", "conv", "linear"};
    return mask_of(cell, words, sizeof words / sizeof *words);
}

int es_ffn_of(const char *cell) {
    static const char *const words[] = {"dense", "moe", "channel_mix"};
    return mask_of(cell, words, sizeof words / sizeof *words);
}

int es_ranks_of(const char *cell, double *ranks, int most) {
    int n = 0;
    for (const char *c = cell; *c != '\0';) {
        char *end;
        const long rank = strtol(c, &end, 10);
        if (n == most || *c < '0' || *c > '9' || rank > 1000000 || (*end != ';' && *end != '\0'))
            return -1;
        ranks[n++] = (double)rank;
        c = *end == ';' ? end + 1 : end;
    }
    return n;
}

typedef struct parser {
    const char *text, *at;
    es_slice *kind;
    size_t n, capacity;
    const char *expected;
    bool no_memory;
} parser;

enum { MAX_DEPTH = 20 };

static void fail(parser *p, const char *expected) {
    if (p->expected == NULL)
        p->expected = expected;
}

static void skip_blanks(parser *p) {
    while (*p->at == ' ' || *p->at == '\t')
        p->at++;
}

/* Repeats the layers from `first` on. */
static void repeat(parser *p, size_t first, size_t count) {
    const size_t block = p->n - first, need = first + block * count;
    if (need > ES_MAX_LAYERS) {
        fail(p, "at most 1000000 layers");
    } else if (!es_grow((void **)&p->kind, &p->capacity, need, sizeof *p->kind)) {
        p->no_memory = true;
    } else {
        for (; p->n < need; p->n++)
            p->kind[p->n] = p->kind[p->n - block];
    }
}

static void parse_terms(parser *p, int depth) {
    for (size_t terms = 0; p->expected == NULL && !p->no_memory; terms++) {
        skip_blanks(p);
        if (*p->at == '\0' || *p->at == ')') {
            if (terms == 0)
                fail(p, "a kind or '('");
            return;
        }
        const size_t first = p->n;
        const char *start = p->at;
        if (*p->at == '(') {
            p->at++;
            if (depth == MAX_DEPTH)
                fail(p, "fewer than 20 parentheses in each other");
            else
                parse_terms(p, depth + 1);
            if (p->expected == NULL && *p->at != ')')
                fail(p, "')'");
            p->at += p->expected == NULL;
        } else {
            p->at += strcspn(p->at, " \t()*");
            if (p->at == start)
                fail(p, "a kind or '('");
            else if (!es_grow((void **)&p->kind, &p->capacity, p->n + 1, sizeof *p->kind))
                p->no_memory = true;
            else
                p->kind[p->n++] = (es_slice){start, (size_t)(p->at - start)};
        }
        if (p->expected != NULL || p->no_memory)
            return;
        if (*p->at == '*') {
            size_t count = 0;
            start = ++p->at;
            while (*p->at >= '0' && *p->at <= '9' && count <= ES_MAX_LAYERS)
                count = count * 10 + (size_t)(*p->at++ - '0');
            if (count == 0 || count > ES_MAX_LAYERS) {
                p->at = start;
                fail(p, "a count from 1 to 1000000");
                return;
            }
            repeat(p, first, count);
        }
        if (p->expected == NULL && *p->at != '\0' && strchr(" \t)", *p->at) == NULL)
            fail(p, "a blank, '*' or the end");
    }
}

bool es_pattern_expand(const char *text, es_arena *arena, es_pattern *pattern) {
    parser p = {.text = text, .at = text};
    parse_terms(&p, 0);
    if (p.expected == NULL && !p.no_memory && *p.at == ')')
        fail(&p, "'(' before it");
    *pattern = (es_pattern){.n = p.n, .fault = (size_t)(p.at - text), .expected = p.expected};
    if (!p.no_memory && p.expected == NULL) {
        pattern->kind = es_arena_array(arena, p.n + 1, sizeof *pattern->kind);
        if (pattern->kind != NULL && p.n > 0)
            memcpy(pattern->kind, p.kind, p.n * sizeof *p.kind);
        p.no_memory = pattern->kind == NULL;
    }
    free(p.kind);
    return !p.no_memory;
}

#include "catalog/loose.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PLAIN = 128 };

/* What people write for longer words. */
static const char *const short_forms[][2] = {
    {"rpi", "raspberrypi"},  {"raspi", "raspberrypi"}, {"raspberry", "raspberrypi"}, {"pi", "raspberrypi"},
    {"opi", "orangepi"},     {"agx", "jetsonagx"},     {"xavier", "jetsonxavier"},   {"macbookpro", "apple"},
    {"macbookair", "apple"}, {"macbook", "apple"},     {"macmini", "apple"},         {"macstudio", "apple"},
    {"imac", "apple"},       {"mac", "apple"},
};
static const char *const idle_words[] = {"instruct", "chat", "it", "gguf",  "hf", "base",
                                         "latest",   "the",  "gb", "model", "b",  "rev"};

/* Letters and digits in lower case; of a model without what stands before a slash (the owner of a repository) and, unless all
 * of it is such, without words that say nothing. */
static void plain(es_slice text, es_kind kind, bool keep_idle, char *to) {
    const char *slash = kind == ES_MODEL ? memchr(text.text, '/', text.length) : NULL;
    if (slash && slash + 1 < text.text + text.length)
        text = (es_slice){slash + 1, text.length - (size_t)(slash + 1 - text.text)};
    size_t used = 0, at = 0;
    while (at < text.length) {
        size_t end = at;
        while (end < text.length && (isalnum((unsigned char)text.text[end]) || (unsigned char)text.text[end] >= 0x80))
            end++;
        bool idle = false;
        for (size_t i = 0; !keep_idle && i < sizeof idle_words / sizeof *idle_words; i++)
            idle |= es_slice_equal_fold((es_slice){text.text + at, end - at}, idle_words[i]);
        for (; at < end; at++)
            if (!idle && used + 1 < PLAIN)
                to[used++] = (char)tolower((unsigned char)text.text[at]);
        at = end + (end == at);
    }
    to[used] = '\0';
    if (!used && !keep_idle)
        plain(text, kind, true, to);
}

/* "rpi5" as "raspberrypi5"; false when the text begins with no short form. */
static bool expand(const char *text, char *to) {
    for (size_t i = 0; i < sizeof short_forms / sizeof *short_forms; i++) {
        const size_t n = strlen(short_forms[i][0]), m = strlen(short_forms[i][1]);
        if (strncmp(text, short_forms[i][0], n) != 0 || m + strlen(text + n) >= PLAIN ||
            !strncmp(text, short_forms[i][1], m))
            continue;
        memcpy(to, short_forms[i][1], m);
        memcpy(to + m, text + n, strlen(text + n) + 1);
        return true;
    }
    return false;
}

/* Levenshtein distance, at most 3. */
static unsigned distance(const char *a, const char *b) {
    unsigned row[PLAIN + 1];
    const size_t n = strlen(a), m = strlen(b);
    if (n > m + 2 || m > n + 2)
        return 3;
    for (size_t j = 0; j <= m; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++) {
        unsigned corner = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            const unsigned above = row[j], change = corner + (a[i - 1] != b[j - 1]);
            unsigned least = above + 1 < row[j - 1] + 1 ? above + 1 : row[j - 1] + 1;
            row[j] = change < least ? change : least;
            corner = above;
        }
    }
    return row[m] < 3 ? row[m] : 3;
}

/* All words of the text occur in the plain name, in their order. */
static bool has_words(const char *name, es_slice text, es_kind kind) {
    size_t words = 0, at = 0;
    while (at < text.length) {
        size_t end = at;
        while (end < text.length && isalnum((unsigned char)text.text[end]))
            end++;
        if (end > at) {
            char word[PLAIN];
            plain((es_slice){text.text + at, end - at}, kind, true, word);
            name = strstr(name, word);
            if (!name || (!word[1] && !isdigit((unsigned char)*word))) /* a letter is in any name */
                return false;
            name += strlen(word);
            words++;
        }
        at = end + 1;
    }
    return words > 1;
}

/* A text as people typed it. */
typedef struct asked_name {
    es_slice text;
    es_kind kind;
    char wanted[PLAIN], expanded[PLAIN]; /* plainly, and with what a short form means; "" without one */
} asked_name;

/* How many letters two names begin with alike. */
static size_t alike(const char *a, const char *b) {
    size_t n = 0;
    while (a[n] && a[n] == b[n])
        n++;
    return n;
}

/* *common: for suggestions, the letters at the beginning that are right. */
static es_likeness likeness(const char *name, const asked_name *typed, size_t *common) {
    const char *wanted = typed->wanted, *expanded = typed->expanded;
    char other[PLAIN];
    plain(es_slice_of(name), typed->kind, false, other);
    *common = alike(other, *expanded ? expanded : wanted);
    if (!*other || !*wanted)
        return ES_LIKE_NOTHING;
    if (strcmp(other, wanted) == 0 || strcmp(other, expanded) == 0)
        return ES_LIKE_PLAIN;
    if (strlen(wanted) >= 2 &&
        (!strncmp(other, wanted, strlen(wanted)) || (*expanded && !strncmp(other, expanded, strlen(expanded)))))
        return ES_LIKE_BEGIN;
    /* formats have aliases of many digits */
    if ((strlen(wanted) >= (typed->kind == ES_PRECISION ? 4 : 3) && strstr(other, wanted)) ||
        has_words(other, typed->text, typed->kind))
        return ES_LIKE_PART;
    const size_t length = strlen(wanted);
    const unsigned wrong = length < 4 ? 3 : distance(other, *expanded ? expanded : wanted);
    if (wrong <= (length < 7 ? 1 : 2))
        return wrong > 1 ? ES_LIKE_MISSPELT : ES_LIKE_SPELT;
    return strlen(other) >= 5 && *common == strlen(other) ? ES_LIKE_MISSPELT : ES_LIKE_NOTHING; /* Qwen3-4B-2507 */
}

static es_likeness likeness_of_row(const es_row *row, const asked_name *typed, size_t *common) {
    es_likeness best = likeness(row->name, typed, common);
    for (size_t i = 0; row->aliases && row->aliases[i]; i++) {
        size_t other;
        const es_likeness of_alias = likeness(row->aliases[i], typed, &other);
        if (of_alias < best || (of_alias == best && other > *common))
            *common = other;
        best = of_alias < best ? of_alias : best;
    }
    return best;
}

/* The row that all found ones are variants of: its plain name begins theirs, as "Jetson Orin Nano Super 8GB" does those of
 * its power modes; or it has the bare name of the board that all of them are.  NULL: there is none. */
static const es_row *common_row(const es_table *table, es_kind kind, const es_row *const *row, size_t n) {
    char shortest[PLAIN], other[PLAIN];
    size_t base = 0;
    for (size_t i = 1; i < n; i++)
        base = strlen(row[i]->name) < strlen(row[base]->name) ? i : base;
    plain(es_slice_of(row[base]->name), kind, false, shortest);
    bool all = true, one_board = kind == ES_DEVICE;
    for (size_t i = 0; i < n; i++) {
        plain(es_slice_of(row[i]->name), kind, false, other);
        all = all && strncmp(other, shortest, strlen(shortest)) == 0;
        one_board = one_board && es_equal_fold(row[i]->text[ES_D_BOARD], row[0]->text[ES_D_BOARD]) &&
                    es_equal_fold(row[i]->text[ES_D_UNIT], row[0]->text[ES_D_UNIT]);
    }
    if (all)
        return row[base];
    return one_board ? es_table_find(table, row[0]->text[ES_D_BOARD], strlen(row[0]->text[ES_D_BOARD])) : NULL;
}

/* "M2 Pro 16GB": what stands before the size of the memory, all of the text when none is said; the size to *gib. */
static es_slice without_memory(es_slice text, double *gib) {
    size_t end = text.length;
    while (end > 0 && strchr("gGiIbB ", text.text[end - 1]))
        end--;
    size_t begin = end;
    while (begin > 0 && isdigit((unsigned char)text.text[begin - 1]))
        begin--;
    if (begin == end || end == text.length || begin < 2 || text.text[begin - 1] != ' ' || end - begin > 4)
        return text;
    *gib = strtod(text.text + begin, NULL);
    return es_slice_trim((es_slice){text.text, begin});
}

static es_likeness find(const es_table *table, es_kind kind, es_slice text, const es_row **row, size_t room,
                        size_t *n) {
    es_likeness best = ES_LIKE_NOTHING;
    asked_name typed = {.text = text, .kind = kind};
    size_t most = 0;
    *n = 0;
    const es_row *exact = text.length ? es_table_find(table, text.text, text.length) : NULL;
    if (exact && room) {
        row[0] = exact;
        *n = 1;
        return ES_LIKE_NAME;
    }
    plain(text, kind, false, typed.wanted);
    expand(typed.wanted, typed.expanded);
    for (size_t i = 0; i < table->n_rows; i++) {
        const es_row *candidate = &table->rows[i];
        const bool of_paper =
            strncmp(candidate->name, "EP", 2) == 0 && candidate->name[2] && strchr("- ", candidate->name[2]);
        if (of_paper && strncasecmp(text.text, "ep", text.length < 2 ? text.length : 2) != 0)
            continue;
        size_t common;
        const es_likeness like = likeness_of_row(candidate, &typed, &common);
        if (like > best || like == ES_LIKE_NOTHING)
            continue;
        if (like < best)
            *n = most = 0;
        best = like;
        if (like >= ES_LIKE_SPELT) { /* one suggestion: what begins right, of these the newest */
            if (common < most)
                continue;
            most = common;
            *n = 0;
        }
        if (*n < room)
            row[*n] = candidate;
        ++*n;
    }
    const es_row *common = kind == ES_DEVICE && *n > 1 && *n <= room ? common_row(table, kind, row, *n) : NULL;
    if (common) {
        row[0] = common;
        *n = 1;
    }
    return best;
}

es_likeness es_loose_find(const es_table *table, es_kind kind, es_slice text, const es_row **row, size_t room,
                          size_t *n) {
    text = es_slice_trim(text);
    const es_likeness whole = find(table, kind, text, row, room, n);
    double gib = 0;
    const es_slice named = kind == ES_DEVICE && whole >= ES_LIKE_SPELT ? without_memory(text, &gib) : text;
    if (named.length == text.length)
        return whole;
    const es_likeness like = find(table, kind, named, row, room, n);
    size_t kept = 0;
    for (size_t i = 0; i < *n && i < room; i++)
        if (row[i]->value[ES_D_RAM_GB] == gib)
            row[kept++] = row[i];
    if (kept == 0) { /* not with that memory: a suggestion */
        *n = *n > 0;
        return *n && like < ES_LIKE_SPELT ? ES_LIKE_SPELT : like;
    }
    *n = kept;
    return like;
}

enum { CANDIDATES = 64 };

const es_row *es_loose_row(const es_table *table, es_kind kind, es_slice text) {
    const es_row *row[CANDIDATES];
    size_t n;
    return es_loose_find(table, kind, text, row, CANDIDATES, &n) < ES_LIKE_SPELT && n == 1 ? row[0] : NULL;
}

const char *es_loose_suggest(const es_table *table, es_kind kind, es_slice text, char *to, size_t size) {
    enum { NAMED = 4 };
    const es_row *row[CANDIDATES];
    size_t n, used = 0;
    const es_likeness like = es_loose_find(table, kind, text, row, CANDIDATES, &n);
    const bool several = n > 1 && like < ES_LIKE_SPELT;
    if (like == ES_LIKE_NOTHING) {
        snprintf(to, size, "see 'edgesweep list %s'", es_fields(kind)->name);
        return to;
    }
    used = (size_t)snprintf(to, size, several ? "could be " : "did you mean ");
    for (size_t i = 0; i < n && i < (several ? NAMED : 1) && used < size; i++)
        used += (size_t)snprintf(to + used, size - used, "%s'%s'", i ? ", " : "", row[i]->name);
    if (used < size)
        snprintf(to + used, size - used, "%s", !several ? "?" : n > NAMED ? " ..." : "");
    return to;
}

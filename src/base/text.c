#include "base/text.h"

#include <string.h>

#include "base/utf8.h"

static unsigned char fold(char c) { return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c); }

es_slice es_slice_of(const char *text) { return (es_slice){text, text ? strlen(text) : 0}; }

static bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

es_slice es_slice_trim(es_slice s) {
    while (s.length > 0 && is_blank(s.text[0])) {
        s.text++;
        s.length--;
    }
    while (s.length > 0 && is_blank(s.text[s.length - 1]))
        s.length--;
    return s;
}

bool es_slice_part(es_slice *rest, char separator, es_slice *part) {
    while (rest->length > 0) {
        const char *end = memchr(rest->text, separator, rest->length);
        size_t length = end ? (size_t)(end - rest->text) : rest->length, taken = end ? length + 1 : length;
        *part = es_slice_trim((es_slice){rest->text, length});
        *rest = (es_slice){rest->text + taken, rest->length - taken};
        if (part->length > 0)
            return true;
    }
    return false;
}

bool es_slice_equal(es_slice a, const char *b) {
    size_t length = strlen(b);
    return a.length == length && (length == 0 || memcmp(a.text, b, length) == 0);
}

bool es_slice_equal_fold(es_slice a, const char *b) {
    for (size_t i = 0; i < a.length; i++)
        if (b[i] == '\0' || fold(a.text[i]) != fold(b[i]))
            return false;
    return b[a.length] == '\0';
}

bool es_equal_fold(const char *a, const char *b) {
    while (*a && fold(*a) == fold(*b)) {
        a++;
        b++;
    }
    return fold(*a) == fold(*b);
}

/* FNV-1a over the lower-cased bytes. */
uint64_t es_hash_fold(const char *text, size_t length) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ fold(text[i])) * UINT64_C(0x100000001b3);
    return hash;
}

size_t es_utf8_length(const char *text, size_t length) {
    const unsigned char *s = (const unsigned char *)text;
    if (length == 0)
        return 0;
    if (s[0] < 0x80)
        return 1;
    size_t n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4 || n > length)
        return 0;
    /* Unicode 15, table 3-7: the second byte excludes overlong forms, surrogates and values past U+10FFFF. */
    unsigned low = s[0] == 0xe0 ? 0xa0 : s[0] == 0xf0 ? 0x90 : 0x80;
    unsigned high = s[0] == 0xed ? 0x9f : s[0] == 0xf4 ? 0x8f : 0xbf;
    if (s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

/* Characters that reorder the text around them or have no width: what is read is not what was written (Unicode TR 36, 2.2;
 * CVE-2021-42574).  Arabic letter mark, zero width, marks, embeddings, word joiner, isolates, byte order mark. */
static bool is_invisible(const char *text, size_t n) {
    static const char *const characters[] = {
        "\xD8\x9C",     "\xE2\x80\x8B", "\xE2\x80\x8C", "\xE2\x80\x8D", "\xE2\x80\x8E", "\xE2\x80\x8F",
        "\xE2\x80\xAA", "\xE2\x80\xAB", "\xE2\x80\xAC", "\xE2\x80\xAD", "\xE2\x80\xAE", "\xE2\x81\xA0",
        "\xE2\x81\xA6", "\xE2\x81\xA7", "\xE2\x81\xA8", "\xE2\x81\xA9", "\xEF\xBB\xBF"};
    for (size_t i = 0; i < sizeof characters / sizeof *characters; i++)
        if (strlen(characters[i]) == n && memcmp(text, characters[i], n) == 0)
            return true;
    return false;
}

size_t es_utf8_printable(const char *text, size_t length) {
    size_t n = es_utf8_length(text, length);
    unsigned char c = n > 0 ? (unsigned char)text[0] : 0;
    if (n == 1)
        return c >= 0x20 && c != 0x7f;
    const bool is_c1_control = n == 2 && c == 0xc2 && (unsigned char)text[1] < 0xa0;
    return is_c1_control || (n > 1 && is_invisible(text, n)) ? 0 : n;
}

size_t es_escape(char *to, size_t size, es_slice from) {
    static const char hex[] = "0123456789abcdef";
    size_t used = 0, at = 0;
    while (at < from.length) {
        size_t n = es_utf8_printable(from.text + at, from.length - at);
        size_t width = n > 0 ? n : 4;
        if (used + width >= size)
            break;
        if (n > 0) {
            memcpy(to + used, from.text + at, n);
        } else {
            unsigned char c = (unsigned char)from.text[at];
            to[used] = '\\';
            to[used + 1] = 'x';
            to[used + 2] = hex[c >> 4];
            to[used + 3] = hex[c & 15];
        }
        used += width;
        at += n > 0 ? n : 1;
    }
    to[used] = '\0';
    return at;
}

es_quoted es_quote(es_slice token) {
    es_quoted quoted;
    if (es_escape(quoted.text, sizeof quoted.text, token) < token.length) {
        es_escape(quoted.text, sizeof quoted.text - 3, token);
        strcat(quoted.text, "...");
    }
    return quoted;
}

es_quoted es_quote_text(const char *token) { return es_quote(es_slice_of(token)); }

/* Offset behind the character at `at`; a continuation byte never starts one. */
static size_t next_character(const char *text, size_t at) {
    at++;
    while (((unsigned char)text[at] & 0xc0) == 0x80)
        at++;
    return at;
}

/* On a mismatch only the last star takes one more byte: earlier stars need not, so the time is at most quadratic. */
bool es_glob_match(es_slice pattern, const char *name) {
    size_t p = 0, n = 0, star = SIZE_MAX, resume = 0;
    while (name[n]) {
        if (p < pattern.length && pattern.text[p] == '*') {
            star = p++;
            resume = n;
        } else if (p < pattern.length && pattern.text[p] == '?') {
            p++;
            n = next_character(name, n);
        } else if (p < pattern.length && fold(pattern.text[p]) == fold(name[n])) {
            p++;
            n++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            n = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.length && pattern.text[p] == '*')
        p++;
    return p == pattern.length;
}

bool es_is_glob(es_slice pattern) {
    for (size_t i = 0; i < pattern.length; i++)
        if (pattern.text[i] == '*' || pattern.text[i] == '?')
            return true;
    return false;
}

enum { NEAREST_MAX = 64 };

static size_t min_size(size_t a, size_t b) { return a < b ? a : b; }

/* Edit distance with transpositions of neighbours (Damerau 1964, in its restricted form), case-insensitive. */
static size_t edit_distance(es_slice a, es_slice b) {
    size_t row[3][NEAREST_MAX + 1];
    size_t *before = row[0], *above = row[1], *now = row[2];
    for (size_t j = 0; j <= b.length; j++)
        above[j] = before[j] = j;
    for (size_t i = 1; i <= a.length; i++) {
        now[0] = i;
        for (size_t j = 1; j <= b.length; j++) {
            unsigned char x = fold(a.text[i - 1]), y = fold(b.text[j - 1]);
            now[j] = min_size(min_size(above[j], now[j - 1]) + 1, above[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == fold(b.text[j - 2]) && y == fold(a.text[i - 2]))
                now[j] = min_size(now[j], before[j - 2] + 1);
        }
        size_t *spare = before;
        before = above;
        above = now;
        now = spare;
    }
    return above[b.length];
}

const char *es_nearest(es_slice token, const char *const *candidates, size_t n) {
    if (token.length == 0 || token.length > NEAREST_MAX)
        return NULL;
    size_t limit = token.length < 6 ? 1 : token.length / 3;
    const char *best = NULL;
    for (size_t i = 0; i < n; i++) {
        es_slice candidate = es_slice_of(candidates[i]);
        if (candidate.length > NEAREST_MAX || candidate.length > token.length + limit ||
            token.length > candidate.length + limit)
            continue;
        size_t distance = edit_distance(token, candidate);
        if (distance < token.length && (best ? distance < limit : distance <= limit)) {
            best = candidates[i];
            limit = distance;
        }
    }
    return best;
}

bool es_is_utf8(const char *text, size_t length, size_t *bad) {
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = UINT64_C(0x8080808080808080);
    size_t at = 0;
    while (at < length) {
        uint64_t word;
        if (length - at >= sizeof word) { /* eight bytes of 0x01..0x7f at once */
            memcpy(&word, text + at, sizeof word);
            if ((((word - ones) | word) & tops) == 0) {
                at += sizeof word;
                continue;
            }
        }
        size_t n = text[at] ? es_utf8_length(text + at, length - at) : 0;
        if (n == 0) {
            if (bad)
                *bad = at;
            return false;
        }
        at += n;
    }
    return true;
}

void es_copy_text(char *to, size_t size, es_slice from) {
    if (size == 0)
        return;
    size_t n = from.length < size - 1 ? from.length : size - 1;
    if (n > 0)
        memcpy(to, from.text, n);
    to[n] = '\0';
}

#include "catalog/loose.h"

#include <ctype.h>
#include <math.h>
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

/* Makers and families, which people leave out, or say where the catalog does not. */
static const char *const vendors[] = {"apple",  "intel", "amd",     "nvidia", "jetson",
                                      "google", "asus",  "samsung", "radxa",  "lenovo"};

/* "Q4_K_M", "IQ3_XS", "TQ1_0", "F16", "MXFP4": not "Qwen3", "Q" alone. */
static bool is_format(es_slice text) {
    static const char *const floats[] = {"f16", "f32", "bf16", "fp16", "mxfp4"};
    size_t at = 0;
    while (at < text.length && at < 2 && strchr("iItTuU", text.text[at]))
        at++;
    if (at + 1 < text.length && strchr("qQ", text.text[at]) && isdigit((unsigned char)text.text[at + 1]))
        return true;
    for (size_t i = 0; i < sizeof floats / sizeof *floats; i++)
        if (es_slice_equal_fold(text, floats[i]))
            return true;
    return false;
}

static es_slice without_end(es_slice text, const char *end) {
    const size_t n = strlen(end);
    if (text.length > n && strncasecmp(text.text + text.length - n, end, n) == 0)
        text.length -= n;
    return text;
}

es_slice es_loose_format(es_slice text) {
    text = without_end(es_slice_trim(text), ".gguf");
    for (size_t at = text.length; at-- > 1;)
        if (strchr(":-. ", text.text[at])) {
            const es_slice end = {text.text + at + 1, text.length - at - 1};
            return is_format(end) ? end : (es_slice){text.text + text.length, 0};
        }
    return (es_slice){text.text + text.length, 0};
}

/* "Qwen3-4B-GGUF" of "hf.co/unsloth/Qwen3-4B-GGUF:Q4_K_M". */
static es_slice model_alone(es_slice text) {
    const es_slice format = es_loose_format(text);
    if (format.length > 0)
        text = without_end(without_end((es_slice){text.text, (size_t)(format.text - 1 - text.text)}, "-UD"), ":UD");
    size_t begin = 0; /* behind the last slash; owners have no blanks: "rpi5 Qwen/Qwen3-4B" are two names */
    for (size_t at = 0; at + 1 < text.length && text.text[at] != ' '; at++)
        if (text.text[at] == '/')
            begin = at + 1;
    return (es_slice){text.text + begin, text.length - begin};
}

/* Letters and digits in lower case; of a model without the owner of a repository and the format of a file, and, unless all of
 * it is such, without words that say nothing. */
static void plain(es_slice text, es_kind kind, bool keep_idle, char *to) {
    if (kind == ES_MODEL)
        text = model_alone(text);
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

/* "n100" and "intel n100", "samsung galaxy s23" and "galaxy s23". */
static bool equal_but_vendor(const char *a, const char *b) {
    for (size_t i = 0; i < sizeof vendors / sizeof *vendors; i++) {
        const size_t n = strlen(vendors[i]);
        if ((!strncmp(a, vendors[i], n) && !strcmp(a + n, b)) || (!strncmp(b, vendors[i], n) && !strcmp(b + n, a)))
            return true;
    }
    return false;
}

/* *common: for suggestions, the letters at the beginning that are right. */
static es_likeness likeness(const char *name, const asked_name *typed, size_t *common) {
    const char *wanted = typed->wanted, *expanded = typed->expanded;
    char other[PLAIN];
    plain(es_slice_of(name), typed->kind, false, other);
    *common = alike(other, *expanded ? expanded : wanted);
    if (!*other || !*wanted)
        return ES_LIKE_NOTHING;
    if (strcmp(other, wanted) == 0 || strcmp(other, expanded) == 0 ||
        ((typed->kind == ES_DEVICE || typed->kind == ES_PRODUCT) && equal_but_vendor(other, wanted)))
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

es_slice es_loose_without_memory(es_slice text, double *gib) {
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

/* A third of 16 and 32 GiB, a quarter of 64 (sources of the rows); that it is a quarter from more than 32 on is unsourced. */
double es_loose_reserved(const es_row *device, double gib) {
    const bool known = device->value[ES_D_CLASS] == ES_CLASS_MAC && !isnan(device->value[ES_D_OS_RESERVED_GB]);
    return known && gib > 0 ? gib / (gib > 32 ? 4 : 3) : 0;
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

/* Also with the first word last: "M1 MacBook Air". */
static es_likeness find_turned(const es_table *table, es_kind kind, es_slice text, const es_row **row, size_t room,
                               size_t *n) {
    char turned[PLAIN];
    const es_likeness like = find(table, kind, text, row, room, n);
    const char *blank = like >= ES_LIKE_SPELT && kind == ES_DEVICE ? memchr(text.text, ' ', text.length) : NULL;
    if (!blank || text.length >= sizeof turned)
        return like;
    const int first = (int)(blank - text.text), rest = (int)text.length - first - 1;
    snprintf(turned, sizeof turned, "%.*s %.*s", rest, blank + 1, first, text.text);
    const es_likeness other = find(table, kind, es_slice_of(turned), row, room, n);
    return other < ES_LIKE_SPELT ? other : find(table, kind, text, row, room, n);
}

/* "UD-Q4_K_XL": some layers of a Q4_K_M in more bits, other ones in each model; a suggestion. */
static es_likeness find_mixture(const es_table *table, es_slice text, const es_row **row, size_t room, size_t *n,
                                es_likeness otherwise) {
    char usual[PLAIN];
    es_slice name = without_end(text, "_XL");
    if (name.length == text.length || name.length + 3 > sizeof usual)
        return otherwise;
    if (name.length > 3 && strncasecmp(name.text, "UD-", 3) == 0)
        name = (es_slice){name.text + 3, name.length - 3};
    snprintf(usual, sizeof usual, "%.*s_M", (int)name.length, name.text);
    return find(table, ES_PRECISION, es_slice_of(usual), row, room, n) < ES_LIKE_SPELT ? ES_LIKE_SPELT : otherwise;
}

es_likeness es_loose_find(const es_table *table, es_kind kind, es_slice text, const es_row **row, size_t room,
                          size_t *n) {
    text = es_slice_trim(text);
    const es_likeness whole = find_turned(table, kind, text, row, room, n);
    if (kind == ES_PRECISION && whole >= ES_LIKE_SPELT)
        return find_mixture(table, text, row, room, n, whole);
    double gib = 0;
    const es_slice named = kind == ES_DEVICE && whole >= ES_LIKE_SPELT ? es_loose_without_memory(text, &gib) : text;
    if (named.length == text.length)
        return whole;
    const es_likeness like = find_turned(table, kind, named, row, room, n);
    size_t kept = 0;
    for (size_t i = 0; i < *n && i < room; i++)
        if (row[i]->value[ES_D_RAM_GB] == gib)
            row[kept++] = row[i];
    for (size_t i = 0; kept == 0 && *n == 1 && i < table->n_rows; i++)
        if (table->rows[i].value[ES_D_RAM_GB] == gib &&
            es_equal_fold(table->rows[i].text[ES_D_BOARD], row[0]->text[ES_D_BOARD]) &&
            es_equal_fold(table->rows[i].text[ES_D_UNIT], row[0]->text[ES_D_UNIT]))
            row[kept++] = &table->rows[i];
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
    double gib = 0;
    const bool sized = kind == ES_DEVICE && !several && es_loose_without_memory(text, &gib).length < text.length &&
                       gib != row[0]->value[ES_D_RAM_GB];
    used = (size_t)snprintf(to, size, several ? "could be " : "did you mean ");
    for (size_t i = 0; i < n && i < (several ? NAMED : 1) && used < size; i++)
        used += (size_t)snprintf(to + used, size - used, "%s'%s'", i ? ", " : "", row[i]->name);
    if (used < size && sized)
        used += (size_t)snprintf(to + used, size - used, " with --set device.ram_gb=%.4g", gib);
    if (used < size && sized && es_loose_reserved(row[0], gib) > 0)
        used += (size_t)snprintf(to + used, size - used, " --set device.os_reserved_gb=%.4g",
                                 es_loose_reserved(row[0], gib));
    if (used < size)
        snprintf(to + used, size - used, "%s", !several ? "?" : n > NAMED ? " ..." : "");
    return to;
}

const char *es_loose_product_text(const es_catalog *catalog, const es_row *product, char *to, size_t size) {
    const char *name = product->text[ES_PR_DEVICE];
    const es_row *device = es_table_find(&catalog->table[ES_DEVICE], name, strlen(name));
    const double ram = product->value[ES_PR_RAM_GB], bandwidth = product->value[ES_PR_MEM_BW_GBS];
    size_t used = 0;
    *to = '\0';
    if (*product->text[ES_PR_DIFFERS]) {
        snprintf(to, size, "%s", product->text[ES_PR_DIFFERS]);
    } else if (device) {
        if (!isnan(ram) && ram != device->value[ES_D_RAM_GB])
            used = (size_t)snprintf(to, size, " --set device.ram_gb=%.4g", ram);
        if (used < size && !isnan(bandwidth) && bandwidth != device->value[ES_D_MEM_BW])
            snprintf(to + used, size - used, " --set device.mem_bw_gbs=%.4g", bandwidth);
    }
    return to;
}

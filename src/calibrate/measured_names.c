#include "calibrate/measured_names.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

/* ---- Runtimes and formats ---- */

const char *es_runtime_name(const char *text, es_arena *arena) {
    static const struct {
        const char *start, *name;
    } known[] = {{"llama.cpp", "llama.cpp"},   {"llama-cpp", "llama.cpp"}, {"llama_cpp", "llama.cpp"},
                 {"llama-bench", "llama.cpp"}, {"koboldcpp", "llama.cpp"}, {"ollama", "ollama"},
                 {"lm studio", "lm-studio"},   {"llamafile", "llamafile"}, {"ik_llama", "ik_llama.cpp"}};
    es_slice name = es_slice_trim(es_slice_of(text));
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (name.length >= strlen(known[i].start) &&
            strncasecmp(name.text, known[i].start, strlen(known[i].start)) == 0)
            return known[i].name;
    size_t end = 0; /* "vLLM 0.6", "MLX (2025)": the version is not part of the name */
    while (end < name.length && name.text[end] != '(' &&
           !(end && name.text[end - 1] == ' ' && isdigit((unsigned char)name.text[end])))
        end++;
    name = es_slice_trim((es_slice){name.text, end});
    return name.length ? es_arena_text(arena, name) : "llama.cpp"; /* what most measurements are of */
}

const es_row *es_precision_suffix(const es_table *precisions, es_slice name, es_slice *stem) {
    for (size_t at = 0; at < name.length; at++) { /* the longest one first */
        const bool starts = at == 0 || strchr("-._ ", name.text[at - 1]);
        const es_row *row = starts ? es_table_find(precisions, name.text + at, name.length - at) : NULL;
        if (!row)
            continue;
        *stem = (es_slice){name.text, at ? at - 1 : 0};
        return row;
    }
    return NULL;
}

const es_row *es_precision_of_name(const es_table *precisions, es_slice name) {
    name = es_slice_trim(name);
    const es_row *row = name.length ? es_table_find(precisions, name.text, name.length) : NULL;
    const char *bracket = row ? NULL : memchr(name.text, '(', name.length);
    if (!bracket)
        return row;
    name = es_slice_trim((es_slice){name.text, (size_t)(bracket - name.text)});
    return name.length ? es_table_find(precisions, name.text, name.length) : NULL;
}

/* ---- Models ---- */

/* Shorter names may occur in others by chance. */
static const size_t least_part = 6;

/* Letters and digits in lower case, without words that say nothing of the architecture. */
static void plain_name(es_slice name, char *to, size_t size) {
    static const char *const idle[] = {"instruct", "chat", "it",  "gguf", "hf", "meta",
                                       "base",     "imat", "qat", "ud",   "i1", "latest"};
    static const char separators[] = "-._ /:";
    size_t used = 0;
    for (size_t at = 0; at < name.length;) {
        size_t end = at;
        while (end < name.length && !strchr(separators, name.text[end]))
            end++;
        es_slice word = {name.text + at, end - at};
        bool skip = false;
        for (size_t i = 0; i < sizeof idle / sizeof *idle; i++)
            skip |= es_slice_equal_fold(word, idle[i]);
        for (size_t i = 0; !skip && i < word.length && used + 1 < size; i++)
            if (isalnum((unsigned char)word.text[i]))
                to[used++] = (char)tolower((unsigned char)word.text[i]);
        at = end + 1;
    }
    to[used] = '\0';
}

/* "gemma3" is part of too many names; "llama321b" tells a size. */
static bool tells_size(const char *plain) {
    for (size_t i = 1; plain[0] && plain[i]; i++)
        if ((plain[i] == 'b' || plain[i] == 'm') && isdigit((unsigned char)plain[i - 1]))
            return true;
    return false;
}

/* Length of the plain name when `name` is it, or (part) occurs in it; else 0. */
static size_t match_name(const char *name, const char *plain, bool part) {
    char other[256];
    plain_name(es_slice_of(name), other, sizeof other);
    const size_t length = strlen(other);
    if (part)
        return length >= least_part && tells_size(other) && strstr(plain, other) ? length : 0;
    return strcmp(other, plain) == 0 ? length : 0;
}

static size_t match_names(const es_row *row, const char *plain, bool part) {
    size_t longest = match_name(row->name, plain, part);
    for (size_t i = 0; row->aliases && row->aliases[i]; i++) {
        const size_t length = match_name(row->aliases[i], plain, part);
        longest = length > longest ? length : longest;
    }
    return longest;
}

/* A file may hold the embedding twice where the model ties it. */
static bool params_agree(double params, double again, double n_params) {
    return fabs(params / n_params - 1) <= 0.02 || fabs((params + again) / n_params - 1) <= 0.02;
}

/* The row with the longest matching name whose parameters agree with n_params, when that is known. */
static const es_row *best_match(es_point_kernel *point, const es_table *models, const es_row *precision,
                                const char *plain, bool part, double n_params, double *params, double *value) {
    const es_row *best = NULL;
    double workload[ES_MAX_INPUTS];
    size_t longest = 0;
    for (size_t k = 0; k < ES_MAX_INPUTS; k++)
        workload[k] = NAN;
    for (size_t i = 0; i < models->n_rows; i++) {
        const es_row *row = &models->rows[i];
        const size_t length = match_names(row, plain, part);
        if (length <= longest)
            continue;
        const es_rows rows = es_point_rows(point, row, point->any_device, precision);
        es_point_evaluate(point, &rows, workload, value);
        const double again = row->value[ES_M_TIED] > 0 ? es_kernel_value(point->kernel, "head_weights", value) : 0;
        *params = es_kernel_value(point->kernel, "params", value);
        if (n_params > 0 && !params_agree(*params, again, n_params))
            continue;
        best = row;
        longest = length;
    }
    return best;
}

const es_row *es_model_of_file(es_point_kernel *point, const es_table *models, const es_row *precision, es_slice stem,
                               double n_params, double *params) {
    char plain[256];
    double *value = calloc(point->kernel->n_nodes, sizeof *value);
    const es_row *found = NULL;
    *params = NAN;
    plain_name(stem, plain, sizeof plain);
    if (value && *plain)
        found = best_match(point, models, precision, plain, false, n_params, params, value);
    if (value && !found && n_params > 0)
        found = best_match(point, models, precision, plain, true, n_params, params, value);
    free(value);
    return found;
}

/* ---- Model files ---- */

static es_slice without_end(es_slice name, const char *end) {
    size_t n = strlen(end);
    if (name.length > n && es_slice_equal_fold((es_slice){name.text + name.length - n, n}, end))
        name.length -= n;
    return name;
}

es_slice es_model_file_stem(const char *path) {
    const char *slash = strrchr(path, '/'), *backslash = strrchr(path, '\\');
    if (backslash && (!slash || backslash > slash))
        slash = backslash;
    es_slice name = without_end(es_slice_of(slash ? slash + 1 : path), ".gguf");
    const char *of = name.length > 15 ? name.text + name.length - 15 : NULL; /* -00001-of-00003 */
    if (of && of[0] == '-' && strncmp(of + 6, "-of-", 4) == 0)
        name.length -= 15;
    return name;
}

/* The parameters of a catalog row, as a file has them that holds a tied embedding once. */
static double params_of(es_point_kernel *point, const es_row *model, const es_row *precision, double *value) {
    double workload[ES_MAX_INPUTS];
    for (size_t k = 0; k < ES_MAX_INPUTS; k++)
        workload[k] = NAN;
    const es_rows rows = es_point_rows(point, model, point->any_device, precision);
    es_point_evaluate(point, &rows, workload, value);
    return es_kernel_value(point->kernel, "params", value);
}

/* Whether a family as llama.cpp spells it is one of the catalog: gpt-oss and gptoss are one; loosely phi2 and phi, too. */
static bool same_family(es_slice family, const char *own, bool loosely) {
    char a[64], b[64];
    plain_name(family, a, sizeof a);
    plain_name(es_slice_of(own), b, sizeof b);
    for (size_t i = strlen(a); loosely && i > 1 && isdigit((unsigned char)a[i - 1]);)
        a[--i] = '\0';
    for (size_t i = strlen(b); loosely && i > 1 && isdigit((unsigned char)b[i - 1]);)
        b[--i] = '\0';
    return *a && strcmp(a, b) == 0;
}

const es_row *es_model_of_type(es_point_kernel *point, const es_table *models, const es_row *precision, es_slice type,
                               double n_params) {
    static const double tolerance = 0.01;
    const size_t blank =
        (size_t)((const char *)(memchr(type.text, ' ', type.length) ?: type.text + type.length) - type.text);
    const es_slice family = {type.text, blank};
    double *value = calloc(point->kernel->n_nodes, sizeof *value), least = tolerance;
    const es_row *found = NULL;
    for (int loosely = 0; loosely < 2 && !found; loosely++)
        for (size_t i = 0; value && i < models->n_rows; i++) {
            const es_row *row = &models->rows[i];
            const char *own = *row->text[ES_M_FAMILY] ? row->text[ES_M_FAMILY] : "llama";
            if (!same_family(family, own, loosely))
                continue;
            const double off = fabs(params_of(point, row, precision, value) / n_params - 1);
            if (off < least)
                found = row, least = off;
        }
    free(value);
    return found;
}

/* ---- Devices ---- */

enum { PLAIN_SIZE = 128 };

typedef struct plain_device {
    char text[PLAIN_SIZE];
    double ram; /* GB in the name; NaN: none */
} plain_device;

static bool is_idle_word(es_slice word) {
    static const char *const idle[] = {
        "laptop",    "phone",   "desktop", "mini", "pc",     "nvidia",   "board", "sbc",   "dev",  "devkit",
        "developer", "kit",     "ram",     "gb",   "gib",    "r",        "tm",    "intel", "amd",  "core",
        "lpddr4",    "lpddr4x", "lpddr5",  "only", "module", "computer", "model", "b",     "with", "processor"};
    for (size_t i = 0; i < sizeof idle / sizeof *idle; i++)
        if (es_slice_equal_fold(word, idle[i]))
            return true;
    const es_slice ordinal = {word.text + 1, word.length ? word.length - 1 : 0}; /* 12th Gen */
    return ordinal.length > 2 && isdigit((unsigned char)*word.text) &&
           es_slice_equal_fold((es_slice){ordinal.text + ordinal.length - 2, 2}, "th");
}

/* "8GB", "8g", "8" before "GB": the size of the RAM in GB; NaN: something else. */
static double ram_word(es_slice word, es_slice next) {
    size_t digits = 0;
    double value;
    while (digits < word.length && isdigit((unsigned char)word.text[digits]))
        digits++;
    const es_slice unit = digits < word.length ? (es_slice){word.text + digits, word.length - digits} : next;
    const bool is_ram =
        es_slice_equal_fold(unit, "gb") || es_slice_equal_fold(unit, "gib") || es_slice_equal_fold(unit, "g");
    return digits && is_ram && es_parse_double((es_slice){word.text, digits}, &value) == ES_NUMBER_OK ? value : NAN;
}

static es_slice next_word(es_slice name, size_t *at) {
    while (*at < name.length && !isalnum((unsigned char)name.text[*at]) && name.text[*at] != '+')
        ++*at;
    const size_t start = *at;
    while (*at < name.length && (isalnum((unsigned char)name.text[*at]) || name.text[*at] == '+'))
        ++*at;
    return (es_slice){name.text + start, *at - start};
}

static void append_word(plain_device *plain, es_slice word) {
    size_t used = strlen(plain->text);
    for (size_t i = 0; i < word.length && used + 1 < sizeof plain->text; i++)
        plain->text[used++] = (char)tolower((unsigned char)word.text[i]);
    plain->text[used] = '\0';
}

/* Words that tell silicon from silicon, in lower case and without blanks; what follows "Rev" or "@" is left out. */
static plain_device plain_device_of(es_slice name) {
    plain_device plain = {.ram = NAN};
    const char *at_sign = memchr(name.text, '@', name.length);
    if (at_sign)
        name.length = (size_t)(at_sign - name.text);
    for (size_t at = 0; at < name.length;) {
        const es_slice word = next_word(name, &at);
        size_t ahead = at;
        const double ram = ram_word(word, next_word(name, &ahead));
        if (es_slice_equal_fold(word, "rev"))
            break;
        if (!isnan(ram))
            plain.ram = ram;
        else if (!is_idle_word(word) && !es_slice_equal_fold(word, "gen"))
            append_word(&plain, word);
    }
    return plain;
}

typedef enum match { NO_MATCH, MATCH_WITH_RAM, MATCH_BARE } match;

static match match_plain(const char *name, const char *plain) {
    const plain_device own = plain_device_of(es_slice_of(name));
    return strcmp(own.text, plain) != 0 ? NO_MATCH : isnan(own.ram) ? MATCH_BARE : MATCH_WITH_RAM;
}

/* Of a row's names the one that says least of the RAM. */
static match match_row(const es_row *row, const char *plain) {
    match best = match_plain(row->name, plain);
    for (size_t i = 0; row->aliases && row->aliases[i]; i++) {
        const match own = match_plain(row->aliases[i], plain);
        best = own > best ? own : best;
    }
    return best;
}

static bool same_board(const es_row *a, const es_row *b) {
    return match_plain(a->name, plain_device_of(es_slice_of(b->name)).text) != NO_MATCH;
}

/* The row of the same board with this RAM, else the row itself. */
static const es_row *with_ram(const es_table *devices, const es_row *row, double ram) {
    for (size_t i = 0; i < devices->n_rows && !isnan(ram) && row->value[ES_D_RAM_GB] != ram; i++)
        if (devices->rows[i].value[ES_D_RAM_GB] == ram && same_board(&devices->rows[i], row))
            return &devices->rows[i];
    return row;
}

const es_row *es_device_of_name(const es_table *devices, es_slice name) {
    name = es_slice_trim(name);
    const es_row *found = name.length ? es_table_find(devices, name.text, name.length) : NULL;
    const plain_device plain = plain_device_of(name);
    match best = NO_MATCH;
    bool one = true; /* all matches are sizes of one board */
    if (found || !*plain.text)
        return found;
    for (size_t i = 0; i < devices->n_rows; i++) {
        const es_row *row = &devices->rows[i];
        const match own = match_row(row, plain.text);
        if (own == NO_MATCH)
            continue;
        one &= !found || same_board(row, found);
        if (own > best)
            found = row, best = own;
    }
    return found && one ? with_ram(devices, found, plain.ram) : NULL;
}

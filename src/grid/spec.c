#include "grid/spec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/open.h"

const char *const es_section_names[ES_SECTIONS + 1] = {"sweep", "where", "pareto", "best", "metrics", "output", NULL};

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

static es_entry *add_entry(es_entries *list, es_errors *errors) {
    if (!es_grow((void **)&list->entry, &list->capacity, list->count + 1, sizeof *list->entry)) {
        es_fail_memory(errors);
        return NULL;
    }
    return &list->entry[list->count++];
}

/* NAME of `NAME [UNIT]`; keys of other sections have no unit. */
static es_slice without_unit(es_slice key) {
    const char *bracket = key.length ? memchr(key.text, '[', key.length) : NULL;
    return bracket ? es_slice_trim((es_slice){key.text, (size_t)(bracket - key.text)}) : key;
}

static const es_entry *find_key(const es_entries *list, es_slice key) {
    key = without_unit(key);
    for (size_t i = 0; i < list->count; i++) {
        es_slice other = without_unit(list->entry[i].key);
        if (other.length == key.length && memcmp(other.text, key.text, key.length) == 0)
            return &list->entry[i];
    }
    return NULL;
}

const es_entry *es_spec_find(const es_spec *spec, es_section section, const char *key) {
    return find_key(&spec->section[section], es_slice_of(key));
}

/* A # starts a comment at the start of a line or behind a blank, outside quotes. */
static es_slice without_comment(es_slice line) {
    char quote = 0;
    for (size_t i = 0; i < line.length; i++) {
        char c = line.text[i];
        if (quote) {
            if (c == quote)
                quote = 0;
        } else if (c == '\'' || c == '"') {
            quote = c;
        } else if (c == '#' && (i == 0 || is_blank(line.text[i - 1]))) {
            line.length = i;
        }
    }
    return line;
}

/* Trims and moves the place along. */
static es_slice trim_at(es_slice text, es_origin *at) {
    es_slice trimmed = es_slice_trim(text);
    at->column += (uint64_t)(trimmed.text - text.text);
    return trimmed;
}

static int find_section(es_slice name) {
    for (int s = 0; s < ES_SECTIONS; s++)
        if (es_slice_equal(name, es_section_names[s]))
            return s;
    return -1;
}

static es_status parse_section(es_slice line, es_origin at, int *section, es_errors *errors) {
    if (line.text[line.length - 1] != ']')
        return es_fail(errors, ES_EUSAGE, &at, "section without ']': '%s'; expected [sweep]", es_quote(line).text);
    es_slice name = {line.text + 1, line.length - 2};
    at.column++;
    name = trim_at(name, &at);
    *section = find_section(name);
    if (*section >= 0)
        return ES_OK;
    const char *near = es_nearest(name, es_section_names, ES_SECTIONS);
    return es_fail(errors, ES_EUSAGE, &at,
                   "unknown section: '%s'; expected [sweep], [where], [pareto], [best], [metrics] or [output]%s%s%s",
                   es_quote(name).text, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static es_status parse_pair(es_slice line, es_origin at, es_entry *entry, es_errors *errors) {
    const char *equals = memchr(line.text, '=', line.length);
    if (!equals)
        return es_fail(errors, ES_EUSAGE, &at, "not a key: '%s'; expected key = value", es_quote(line).text);
    entry->key_at = at;
    entry->key = es_slice_trim((es_slice){line.text, (size_t)(equals - line.text)});
    entry->value_at = at;
    entry->value_at.column += (uint64_t)(equals + 1 - line.text);
    entry->value = trim_at((es_slice){equals + 1, (size_t)(line.text + line.length - equals - 1)}, &entry->value_at);
    if (!entry->key.length)
        return es_fail(errors, ES_EUSAGE, &at, "empty key; expected key = value");
    if (!entry->value.length)
        return es_fail(errors, ES_EUSAGE, &entry->value_at, "empty value of key: '%s'", es_quote(entry->key).text);
    return ES_OK;
}

static es_status parse_entry(es_spec *spec, int section, es_slice line, es_origin at, es_errors *errors) {
    es_entry entry = {.value = line, .value_at = at, .key_at = at};
    if (section != ES_SEC_WHERE) {
        es_status status = parse_pair(line, at, &entry, errors);
        if (status)
            return status;
        const es_entry *earlier = find_key(&spec->section[section], entry.key);
        if (earlier)
            return es_fail(errors, ES_EUSAGE, &at, "repeated key: '%s'; first on line %llu", es_quote(entry.key).text,
                           (unsigned long long)earlier->key_at.line);
    }
    es_entry *slot = add_entry(&spec->section[section], errors);
    if (!slot)
        return ES_ERUNTIME;
    *slot = entry;
    return ES_OK;
}

static es_status parse_line(es_spec *spec, es_slice line, es_origin at, int *section, es_errors *errors) {
    line = trim_at(without_comment(line), &at);
    if (!line.length)
        return ES_OK;
    if (line.text[0] == '[') {
        es_status status = parse_section(line, at, section, errors);
        if (!status && !spec->header[*section].line)
            spec->header[*section] = at;
        return status;
    }
    if (*section < 0)
        return es_fail(errors, ES_EUSAGE, &at, "key before a section: '%s'; expected [sweep] first",
                       es_quote(line).text);
    return parse_entry(spec, *section, line, at, errors);
}

static es_origin origin_of_offset(const char *file, es_slice text, size_t offset) {
    es_origin at = {file, 1, 1};
    for (size_t i = 0; i < offset; i++) {
        at.column++;
        if (text.text[i] == '\n')
            at.line++, at.column = 1;
    }
    return at;
}

static es_status check_text(const char *file, es_slice text, es_errors *errors) {
    size_t bad;
    if (es_is_utf8(text.text, text.length, &bad))
        return ES_OK;
    es_origin at = origin_of_offset(file, text, bad);
    if (!text.text[bad])
        return es_fail(errors, ES_EUSAGE, &at, "NUL byte: not a sweep file; expected text");
    return es_fail(errors, ES_EUSAGE, &at, "invalid UTF-8: '%s'", es_quote((es_slice){text.text + bad, 1}).text);
}

es_status es_spec_parse(es_spec *spec, const char *file, es_slice text, es_errors *errors) {
    es_status status = check_text(file, text, errors);
    if (status)
        return status;
    if (text.length >= 3 && memcmp(text.text, "\xef\xbb\xbf", 3) == 0)
        text.text += 3, text.length -= 3;
    es_origin at = {file, 0, 1};
    int section = -1;
    bool content = false;
    const char *p = text.text, *end = text.text + text.length;
    while (p < end) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        const char *stop = newline ? newline : end;
        at.line++;
        es_slice line = {p, (size_t)(stop - p)};
        if (line.length && line.text[line.length - 1] == '\r')
            line.length--;
        content = content || es_slice_trim(without_comment(line)).length;
        es_status s = parse_line(spec, line, at, &section, errors);
        status = status ? status : s;
        p = newline ? newline + 1 : end;
    }
    spec->end = (es_origin){file, at.line ? at.line : 1, 0};
    if (!content)
        return es_fail(errors, ES_EUSAGE, &(es_origin){file, 1, 0}, "empty sweep file; expected [sweep]");
    return status;
}

/* Reads at most ES_SWEEP_FILE_MAX bytes of a regular file or a pipe into the arena. */
static es_status read_fd(int fd, const char *path, es_arena *arena, es_slice *text, es_errors *errors) {
    char *buffer = NULL;
    size_t length = 0, capacity = 0;
    es_status status = ES_OK;
    for (;;) {
        if (!es_grow((void **)&buffer, &capacity, length + 65536, 1)) {
            status = es_fail_memory(errors);
            break;
        }
        ssize_t got = read(fd, buffer + length, capacity - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            status = es_fail(errors, ES_EUSAGE, &(es_origin){path, 0, 0}, "cannot read: %s", strerror(errno));
        if (got <= 0)
            break;
        length += (size_t)got;
        if (length > ES_SWEEP_FILE_MAX) {
            status = es_fail(errors, ES_EUSAGE, &(es_origin){path, 0, 0}, "larger than %d MiB: not a sweep file",
                             ES_SWEEP_FILE_MAX >> 20);
            break;
        }
    }
    if (!status) {
        text->text = es_arena_text(arena, (es_slice){buffer, length});
        text->length = length;
        if (!text->text)
            status = es_fail_memory(errors);
    }
    free(buffer);
    return status;
}

static es_status read_file(const char *path, es_arena *arena, es_slice *text, es_errors *errors) {
    es_origin at = {path, 0, 0};
    if (strcmp(path, "-") == 0)
        return read_fd(STDIN_FILENO, "standard input", arena, text, errors);
    int fd = es_open(path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return es_fail(errors, ES_EUSAGE, &at, "cannot open: %s", strerror(errno));
    struct stat st;
    es_status status = ES_OK;
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
        status = es_fail(errors, ES_EUSAGE, &at, "is a directory; expected a sweep file");
    if (!status)
        status = read_fd(fd, path, arena, text, errors);
    close(fd);
    return status;
}

/* `best.pick=...` names a section; `device.mem_util=...` is a key of [sweep]. */
static es_section section_of_set(es_slice *key, es_origin *at) {
    const char *dot = memchr(key->text, '.', key->length);
    if (!dot)
        return ES_SEC_SWEEP;
    int section = find_section((es_slice){key->text, (size_t)(dot - key->text)});
    if (section < 0 || section == ES_SEC_WHERE)
        return ES_SEC_SWEEP;
    size_t prefix = (size_t)(dot + 1 - key->text);
    key->text += prefix, key->length -= prefix;
    at->column += prefix;
    return (es_section)section;
}

/* `where=` empties a section that the file has, `prompt=` removes a key of it; false: there is nothing of that name. */
static bool remove_set(es_spec *spec, es_slice key) {
    const int section = find_section(key);
    if (section > ES_SEC_SWEEP) {
        spec->section[section].count = 0;
        spec->header[section] = (es_origin){0};
        return true;
    }
    es_origin unused = {0};
    es_entries *list = &spec->section[section_of_set(&key, &unused)];
    es_entry *entry = (es_entry *)find_key(list, key);
    if (!entry)
        return false;
    memmove(entry, entry + 1, (size_t)(list->entry + list->count - (entry + 1)) * sizeof *entry);
    list->count--;
    return true;
}

static es_status apply_set(es_spec *spec, const char *set, size_t number, es_errors *errors) {
    static const char metric[] = "--metric ";
    const bool is_metric = strncmp(set, metric, sizeof metric - 1) == 0;
    es_origin at = {is_metric ? "--metric" : "--set", number, 1};
    es_slice text = es_slice_of(is_metric ? set + sizeof metric - 1 : set);
    es_status status = check_text(at.file, text, errors);
    if (status)
        return status;
    es_entry entry;
    es_slice pair = trim_at(text, &at);
    if (!pair.length)
        return es_fail(errors, ES_EUSAGE, &at,
                       is_metric ? "empty metric; expected NAME [UNIT] = EXPRESSION" : "empty set; expected key=value");
    const char *equals = memchr(pair.text, '=', pair.length);
    if (!is_metric && equals == pair.text + pair.length - 1 &&
        remove_set(spec, es_slice_trim((es_slice){pair.text, pair.length - 1})))
        return ES_OK;
    status = parse_pair(pair, at, &entry, errors);
    if (status)
        return status;
    es_entries *list = &spec->section[is_metric ? ES_SEC_METRICS : section_of_set(&entry.key, &entry.key_at)];
    es_entry *slot = (es_entry *)find_key(list, entry.key);
    if (!slot)
        slot = add_entry(list, errors);
    if (!slot)
        return ES_ERUNTIME;
    *slot = entry;
    return ES_OK;
}

es_status es_spec_read(es_spec *spec, const char *path, const char *contents, const char *const *sets, size_t n_sets,
                       es_arena *arena, es_errors *errors) {
    es_status status = ES_OK;
    *spec = (es_spec){.end = {path ? path : "--set", 0, 0}};
    if (path) {
        es_slice text = {0};
        const char *copy = contents ? es_arena_text(arena, es_slice_of(contents)) : NULL;
        if (copy)
            text = es_slice_of(copy);
        else
            status = contents ? es_fail_memory(errors) : read_file(path, arena, &text, errors);
        const char *file = es_arena_text(arena, es_slice_of(path));
        if (!status && !file)
            status = es_fail_memory(errors);
        if (!status)
            status = es_spec_parse(spec, file, text, errors);
    }
    for (size_t i = 0, metrics = 0; i < n_sets; i++) {
        metrics += strncmp(sets[i], "--metric ", 9) == 0;
        es_status s = apply_set(spec, sets[i], strncmp(sets[i], "--metric ", 9) == 0 ? metrics : i + 1, errors);
        status = status ? status : s;
    }
    return status;
}

void es_spec_free(es_spec *spec) {
    for (int s = 0; s < ES_SECTIONS; s++)
        free(spec->section[s].entry);
    *spec = (es_spec){0};
}

es_status es_spec_metric(const es_entry *entry, es_slice *name, es_slice *unit, es_errors *errors) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    static const char *const words[] = {"and", "or", "not"};
    const char *bracket = memchr(entry->key.text, '[', entry->key.length);
    const char *end = entry->key.text + entry->key.length;
    *name = without_unit(entry->key);
    *unit = (es_slice){bracket ? bracket + 1 : "", bracket ? (size_t)(end - bracket - 1) : 0};
    if (bracket && end[-1] != ']')
        return es_fail(errors, ES_EUSAGE, &entry->key_at, "unit without ']': '%s'; expected NAME [UNIT]",
                       es_quote(entry->key).text);
    if (bracket)
        unit->length--;
    *unit = es_slice_trim(*unit);
    bool good = name->length && (name->text[0] < '0' || name->text[0] > '9');
    for (size_t i = 0; i < name->length; i++)
        good = good && name->text[i] && strchr(letters, name->text[i]);
    for (size_t k = 0; k < 3; k++)
        good = good && !es_slice_equal_fold(*name, words[k]);
    if (good)
        return ES_OK;
    return es_fail(errors, ES_EUSAGE, &entry->key_at,
                   "no name for a metric: '%s'; expected letters, digits and _, as in usd_per_tok_s [USD s]",
                   es_quote(*name).text);
}

static void put_line(FILE *out, es_slice line, const char *between) {
    for (size_t i = 0; i < line.length; i++)
        putc(line.text[i] == '\n' ? ' ' : line.text[i], out);
    fputs(between, out);
}

const char *es_spec_text(const es_spec *spec, const char *const *wheres, size_t n_wheres, es_arena *arena) {
    char *lines = NULL;
    size_t length;
    FILE *out = open_memstream(&lines, &length);
    if (!out)
        return NULL;
    for (int s = 0; s < ES_SECTIONS; s++) {
        const es_entries *list = &spec->section[s];
        const size_t more = s == ES_SEC_WHERE ? n_wheres : 0;
        if (list->count + more)
            fprintf(out, "[%s]\n", es_section_names[s]);
        for (size_t i = 0; i < list->count; i++) {
            put_line(out, list->entry[i].key, list->entry[i].key.length ? " = " : "");
            put_line(out, list->entry[i].value, "\n");
        }
        for (size_t i = 0; i < more; i++)
            put_line(out, es_slice_of(wheres[i]), "\n");
    }
    const bool whole = fclose(out) == 0;
    const char *text = whole ? es_arena_text(arena, (es_slice){lines, length}) : NULL;
    free(lines);
    return text;
}

bool es_list_next(es_slice *rest, es_origin *at, es_list_item *item) {
    if (!rest->text)
        return false;
    size_t i = 0, depth = 0;
    char quote = 0;
    for (; i < rest->length; i++) {
        char c = rest->text[i];
        if (quote) {
            if (c == quote)
                quote = 0;
        } else if (c == '\'' || c == '"') {
            quote = c;
        } else if (c == '(') {
            depth++;
        } else if (c == ')') {
            depth -= depth > 0;
        } else if (c == ',' && !depth) {
            break;
        }
    }
    item->at = *at;
    item->text = trim_at((es_slice){rest->text, i}, &item->at);
    if (i == rest->length) {
        *rest = (es_slice){NULL, 0};
    } else {
        rest->text += i + 1, rest->length -= i + 1;
        at->column += i + 1;
    }
    return true;
}

bool es_unquote(es_slice *text) {
    if (!text->length)
        return true;
    char quote = text->text[0];
    if (quote != '\'' && quote != '"')
        return true;
    if (text->length < 2 || text->text[text->length - 1] != quote)
        return false;
    text->text++, text->length -= 2;
    return memchr(text->text, quote, text->length) == NULL;
}

bool es_unquote_name(es_slice *text, char *room) {
    const char quote = text->length ? text->text[0] : 0;
    es_slice inside = *text;
    if (es_unquote(&inside)) {
        *text = inside;
        return true;
    }
    if (inside.text == text->text) /* no quote at the end */
        return false;
    size_t n = 0;
    for (size_t i = 0; i < inside.length; i++) {
        room[n++] = inside.text[i];
        if (inside.text[i] == quote && (++i == inside.length || inside.text[i] != quote))
            return false;
    }
    *text = (es_slice){room, n};
    return true;
}

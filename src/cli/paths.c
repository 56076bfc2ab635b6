#include "cli/paths.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/run_options.h"
#include "engine/row_sink.h"
#include "shards/manifest.h"

enum { MAX_LINKS = 40 };

static const char *base_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Where the symbolic links of the last component end, in the arena. */
static const char *follow(es_cli *cli, const char *path) {
    for (int i = 0; i < MAX_LINKS && path; i++) {
        char target[PATH_MAX];
        const ssize_t n = readlink(path, target, sizeof target);
        if (n < 0 || (size_t)n == sizeof target)
            return path;
        const int kept = target[0] == '/' ? 0 : (int)(base_of(path) - path);
        path = es_arena_printf(&cli->arena, "%.*s%.*s", kept, path, (int)n, target);
    }
    return path;
}

/* The last folder of a path that is there, and in *base what follows it, without `.` and doubled slashes.  A `..` behind
 * a folder that is not there leads back. */
static const char *folder_of(es_cli *cli, const char *path, struct stat *status, const char **base) {
    const char *name = base_of(path);
    char *folder = es_arena_printf(&cli->arena, "%.*s", (int)(name - path), path);
    unsigned back = 0;
    *base = name;
    while (folder && *base) {
        if (stat(*folder ? folder : ".", status) == 0 || !*folder)
            return *folder ? folder : ".";
        size_t end = strlen(folder);
        while (end > 1 && folder[end - 1] == '/')
            end--;
        folder[end] = '\0';
        name = base_of(folder);
        const bool up = strcmp(name, "..") == 0, stays = strcmp(name, ".") == 0;
        if (up)
            back++;
        else if (!stays && back)
            back--;
        else if (!stays)
            *base = es_arena_printf(&cli->arena, "%s/%s", name, *base);
        folder[name - folder] = '\0';
    }
    return NULL;
}

static es_status add(es_paths *paths, es_cli *cli, es_path place, es_errors *errors) {
    struct stat status = {0};
    const char *end = follow(cli, place.path);
    const char *folder = end ? folder_of(cli, end, &status, &place.base) : NULL;
    if (!folder)
        return es_fail_memory(errors);
    place.parent_device = status.st_dev;
    place.parent_inode = status.st_ino;
    if (!place.split && !place.parts && stat(end, &status) == 0) {
        place.exists = true;
        place.special = !S_ISREG(status.st_mode);
        place.device = status.st_dev;
        place.inode = status.st_ino;
    }
    if (paths->n == paths->capacity) {
        const size_t capacity = paths->capacity ? 2 * paths->capacity : 32;
        es_path *grown = es_arena_array(&cli->arena, capacity, sizeof *grown);
        if (!grown)
            return es_fail_memory(errors);
        if (paths->n)
            memcpy(grown, paths->place, paths->n * sizeof *grown);
        paths->place = grown;
        paths->capacity = capacity;
    }
    paths->place[paths->n++] = place;
    return ES_OK;
}

es_status es_paths_input(es_paths *paths, es_cli *cli, const char *path, es_errors *errors) {
    if (!path || strcmp(path, "-") == 0)
        return ES_OK;
    return add(paths, cli, (es_path){.path = path}, errors);
}

es_status es_paths_inputs(es_paths *paths, es_cli *cli, es_errors *errors) {
    const es_option_value *catalog = &cli->value[ES_OPT_CATALOG];
    es_status status = ES_OK;
    for (size_t i = 0; i < cli->n_operands && !status; i++)
        status = es_paths_input(paths, cli, cli->operand[i], errors);
    for (size_t i = 0; i < catalog->n && !status; i++)
        for (es_kind kind = 0; kind < ES_KINDS && !status; kind++) {
            const char *folder = catalog->text[i] + (catalog->text[i][0] == '+');
            const char *file = es_arena_printf(&cli->arena, "%s/%s.csv", folder, es_fields(kind)->name);
            if (!file)
                return es_fail_memory(errors);
            if (access(file, F_OK) == 0) /* one that is not there yet is none */
                status = add(paths, cli, (es_path){.path = file, .catalog = true}, errors);
        }
    return status;
}

es_status es_paths_output(es_paths *paths, es_cli *cli, const char *path, bool meta, bool split, es_errors *errors) {
    if (!path || strcmp(path, "-") == 0)
        return ES_OK;
    es_status status = add(paths, cli, (es_path){.path = path, .output = true, .split = split}, errors);
    if (status || !meta || split || !es_cli_is_file(path))
        return status;
    const char *beside = es_arena_printf(&cli->arena, "%s.meta.json", path);
    return beside ? add(paths, cli, (es_path){.path = beside, .output = true}, errors) : es_fail_memory(errors);
}

es_status es_paths_parts(es_paths *paths, es_cli *cli, const char *directory, es_errors *errors) {
    es_status status = ES_OK;
    for (int r = 0; r <= ES_RESULTS && !status; r++) {
        const char *path = es_arena_printf(&cli->arena, "%s/%s/part-*", directory,
                                           r < ES_RESULTS ? es_part_folder[r] : ES_MANIFEST_FOLDER);
        status = path ? add(paths, cli, (es_path){.path = path, .output = true, .parts = true}, errors)
                      : es_fail_memory(errors);
    }
    return status;
}

/* Whether a name is one of the files that split rows go to, or the meta file of one. */
static bool is_part(const es_path *split, const es_path *other) {
    char name[PATH_MAX];
    const char *base = split->base, *other_base = other->base;
    for (const char *c = other_base; *c; c++) {
        char *end;
        if (*c != '-' || c[1] < '0' || c[1] > '9')
            continue;
        const unsigned long file = strtoul(c + 1, &end, 10);
        if (file == 0 || file > UINT_MAX)
            continue;
        es_row_sink_part_name(base, (unsigned)file, name, sizeof name);
        const size_t n = strlen(name);
        if (strncmp(name, other_base, n) == 0 && (!other_base[n] || strcmp(other_base + n, ".meta.json") == 0))
            return true;
    }
    return false;
}

static bool same_place(const es_path *a, const es_path *b) {
    if (a->special || b->special)
        return false;
    if (a->exists && b->exists)
        return a->device == b->device && a->inode == b->inode;
    if (a->parent_device != b->parent_device || a->parent_inode != b->parent_inode)
        return false;
    if (a->parts || b->parts)
        return a->parts ? strncmp(a->base, b->base, strlen(a->base) - 1) == 0 : same_place(b, a);
    if (a->split || b->split)
        return a->split ? is_part(a, b) : is_part(b, a);
    return strcmp(a->base, b->base) == 0;
}

es_status es_paths_check(const es_paths *paths, es_cli *cli, es_errors *errors) {
    for (size_t i = 0; i < paths->n; i++) {
        const es_path *out = &paths->place[i];
        for (size_t k = 0; k < paths->n && out->output; k++) {
            const es_path *other = &paths->place[k];
            if (k == i || (other->output && k > i) || !same_place(out, other))
                continue;
            const es_quoted a = es_quote_text(out->path), b = es_quote_text(other->path);
            if (other->output)
                return es_usage(cli, errors, "two outputs to one place: '%s' and '%s'", b.text, a.text);
            return es_usage(cli, errors, "the output '%s' is the input '%s', which would be lost%s", a.text, b.text,
                            other->catalog && es_option_in(ES_OPT_IN_PLACE, cli->command) ? "; --in-place replaces it"
                                                                                          : "");
        }
    }
    return ES_OK;
}

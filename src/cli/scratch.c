#include "cli/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/open.h"

enum { TAG = 6 }; /* of mkdtemp */

static const char *base_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int open_folder(int at, const char *name) {
    return es_open_at(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
}

/* Removes the files in `folder`, which it closes.  These folders hold files only. */
static void empty(int folder) {
    DIR *list = fdopendir(folder);
    for (const struct dirent *entry; list && (entry = readdir(list));)
        unlinkat(folder, entry->d_name, 0); /* not . and .., which are folders */
    if (list)
        closedir(list);
    else
        close(folder);
}

/* A folder of this user that nobody holds. */
static void remove_unlocked(int at, const char *name) {
    struct stat status;
    const int folder = open_folder(at, name);
    if (folder < 0)
        return;
    const int lock = fcntl(folder, F_DUPFD_CLOEXEC, 3);
    if (lock >= 0 && fstat(folder, &status) == 0 && status.st_uid == geteuid() && flock(lock, LOCK_EX | LOCK_NB) == 0) {
        empty(folder);
        unlinkat(at, name, AT_REMOVEDIR);
    } else {
        close(folder);
    }
    if (lock >= 0)
        close(lock);
}

static void remove_stale(const char *stem, const char *made) {
    char place[4096];
    const char *base = base_of(stem);
    const size_t length = strlen(base), before = (size_t)(base - stem);
    if (before >= sizeof place)
        return;
    memcpy(place, before ? stem : ".", before ? before : 1);
    place[before ? before : 1] = '\0';
    DIR *list = opendir(place);
    for (const struct dirent *entry; list && (entry = readdir(list));) {
        const char *name = entry->d_name;
        if (strncmp(name, base, length) == 0 && name[length] == '.' && strlen(name + length) == 1 + TAG &&
            strcmp(name, base_of(made)) != 0)
            remove_unlocked(dirfd(list), name);
    }
    if (list)
        closedir(list);
}

es_status es_scratch_make(es_scratch *scratch, es_arena *arena, const char *stem, const char *path, es_errors *errors) {
    struct stat status;
    do {
        char *folder = es_arena_printf(arena, "%s.XXXXXX", stem);
        *scratch = (es_scratch){.lock = -1};
        if (!folder)
            return es_fail_memory(errors);
        if (!mkdtemp(folder))
            return es_fail_errno(errors, "cannot make a folder for the tables beside it", path);
        scratch->folder = folder;
        scratch->lock = open_folder(AT_FDCWD, folder);
        if (scratch->lock < 0)
            return ES_OK; /* without a lock nothing can be told to be stale */
        flock(scratch->lock, LOCK_EX);
        /* Another process may have taken it for a stale one before the lock. */
    } while (fstat(scratch->lock, &status) == 0 && status.st_nlink == 0 && close(scratch->lock) == 0);
    remove_stale(stem, scratch->folder);
    return ES_OK;
}

void es_scratch_remove(es_scratch *scratch) {
    static const char *const tables[] = {"rows.csv", "front.csv", "best.csv"};
    char path[4096];
    if (!scratch->folder)
        return;
    /* By name, not by listing: there may be no memory for a list. */
    for (size_t i = 0; i < 2 * (sizeof tables / sizeof *tables); i++)
        if ((size_t)snprintf(path, sizeof path, "%s/%s%s", scratch->folder, tables[i / 2], i % 2 ? ".meta.json" : "") <
            sizeof path)
            unlink(path);
    rmdir(scratch->folder);
    if (scratch->lock >= 0)
        close(scratch->lock);
    *scratch = (es_scratch){.lock = -1};
}

#include "io/partial.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/os.h"
#include "base/open.h"
#include "base/text.h"

enum { MAX_LINKS = 40, MAX_TRIES = 100, LOCK_TRIES = 20, LOCK_NANOSECONDS = 10000000 };

/* A partial is called .NAME.XXXXXXXX.part, NAME cut so that it fits. */
enum { TAG = 8, NAME_KEPT = NAME_MAX - (sizeof "..XXXXXXXX.part" - 1) };

/* `DIRECTORY/` of path: its length, 0 when there is none. */
static size_t directory_length(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

/* What the symbolic link `path` points to, relative to the same place as path; NULL with errno. */
static char *link_target(const char *path) {
    char target[PATH_MAX];
    ssize_t length = readlink(path, target, sizeof target);
    if (length < 0)
        return NULL;
    if ((size_t)length == sizeof target) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    size_t kept = length > 0 && target[0] == '/' ? 0 : directory_length(path);
    char *resolved = malloc(kept + (size_t)length + 1);
    if (!resolved)
        return NULL;
    memcpy(resolved, path, kept);
    memcpy(resolved + kept, target, (size_t)length);
    resolved[kept + (size_t)length] = '\0';
    return resolved;
}

/* Follows links in the last component of *path (malloc'ed, replaced); false with errno. */
static bool follow_links(char **path) {
    for (int links = 0; links <= MAX_LINKS; links++) {
        struct stat status;
        if (lstat(*path, &status) != 0)
            return errno == ENOENT;
        if (!S_ISLNK(status.st_mode))
            return true;
        char *target = link_target(*path);
        if (!target)
            return false;
        free(*path);
        *path = target;
    }
    errno = ELOOP;
    return false;
}

/* The mode of the finished file; false with errno when there is a file that may not be written. */
static bool decide_mode(es_partial *partial) {
    struct stat old;
    if (fstatat(partial->directory, partial->name, &old, AT_SYMLINK_NOFOLLOW) != 0) {
        partial->mode = 0666 & ~es_os_umask();
        return errno == ENOENT;
    }
    partial->mode = old.st_mode & 0777;
    return faccessat(partial->directory, partial->name, W_OK, AT_EACCESS) == 0;
}

/* ---- locks: whoever writes a partial holds its flock, so that one without was left by a process that was killed ---- */

static bool lock_file(int fd, int operation) {
    int result;
    do
        result = flock(fd, operation);
    while (result != 0 && errno == EINTR);
    return result == 0;
}

/* False when a cleaning process took the new file, not yet locked, for a stale one and removed it. */
static bool lock_partial(const es_partial *partial) {
    struct stat status;
    lock_file(partial->fd, LOCK_EX); /* no locks here: then nobody else gets one either */
    return fstat(partial->fd, &status) != 0 || status.st_nlink > 0;
}

static bool is_partial_of(const char *entry, const char *name) {
    const size_t kept = strnlen(name, NAME_KEPT), before = 1 + kept + 1;
    return entry[0] == '.' && strncmp(entry + 1, name, kept) == 0 && entry[1 + kept] == '.' &&
           strspn(entry + before, "0123456789abcdef") == TAG && strcmp(entry + before + TAG, ".part") == 0;
}

/* Removes a partial that nobody holds: a regular file of this user that could be locked and still has that name. */
static void remove_unlocked(int directory, const char *entry) {
    struct stat open_one, named;
    const int fd = es_open_at(directory, entry, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
    if (fd < 0)
        return;
    if (fstat(fd, &open_one) == 0 && S_ISREG(open_one.st_mode) && open_one.st_uid == geteuid() &&
        lock_file(fd, LOCK_EX | LOCK_NB) && fstatat(directory, entry, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
        named.st_ino == open_one.st_ino && named.st_dev == open_one.st_dev)
        unlinkat(directory, entry, 0);
    close(fd);
}

/* What killed runs left of this output and its meta file; a help that may fail. */
static void remove_stale(const es_partial *partial) {
    char meta[NAME_MAX + 16];
    snprintf(meta, sizeof meta, "%s.meta.json", partial->name);
    const int fd = es_open_at(partial->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
    if (fd >= 0 && !list)
        close(fd);
    for (const struct dirent *entry; list && (entry = readdir(list));)
        if (is_partial_of(entry->d_name, partial->name) || is_partial_of(entry->d_name, meta))
            remove_unlocked(partial->directory, entry->d_name);
    if (list)
        closedir(list);
}

/* ---- opening ---- */

/* O_EXCL never opens what somebody planted at the name, a symbolic link included; false with errno. */
static bool create_temporary(es_partial *partial) {
    for (int tries = 0; tries < MAX_TRIES; tries++) {
        snprintf(partial->temporary, sizeof partial->temporary, ".%.*s.%0*" PRIx32 ".part", (int)NAME_KEPT,
                 partial->name, TAG, es_os_random());
        partial->fd = es_open_at(partial->directory, partial->temporary,
                                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (partial->fd >= 0 && lock_partial(partial))
            return true;
        if (partial->fd < 0 && errno != EEXIST)
            break;
        if (partial->fd >= 0)
            close(partial->fd);
        partial->fd = -1;
    }
    partial->temporary[0] = '\0';
    return false;
}

/* The lock outlives the descriptor that the bytes go through, which is closed before the rename. */
static bool keep_lock(es_partial *partial) {
    partial->lock = fcntl(partial->fd, F_DUPFD_CLOEXEC, 3);
    return partial->lock >= 0;
}

static es_status cannot_write(const es_partial *partial, es_errors *errors) {
    return es_fail_errno(errors, "cannot write", partial->path);
}

/* The partial in a directory and under a name that are set. */
static es_status create_in_place(es_partial *partial, es_errors *errors) {
    if (!decide_mode(partial) || !create_temporary(partial) || !keep_lock(partial)) {
        es_status status = cannot_write(partial, errors);
        es_partial_close(partial);
        return status;
    }
    return ES_OK;
}

static es_status open_directory(es_partial *partial, const char *resolved, es_errors *errors) {
    size_t length = directory_length(resolved);
    char *directory = length > 0 ? strndup(resolved, length) : strdup(".");
    if (!directory)
        return es_fail_memory(errors);
    es_status status = ES_OK;
    partial->directory = es_open(directory, ES_OS_SEARCH | O_DIRECTORY | O_CLOEXEC, 0);
    if (partial->directory < 0) {
        es_quoted quoted = es_quote_text(directory);
        status = es_fail(errors, ES_ERUNTIME, NULL, "cannot write: '%s': directory '%s': %m",
                         es_quote_text(partial->path).text, quoted.text);
    }
    free(directory);
    return status;
}

es_status es_partial_open(es_partial *partial, const char *path, es_errors *errors) {
    *partial = ES_PARTIAL_NONE;
    es_status status = ES_OK;
    char *resolved = strdup(path);
    partial->path = strdup(path);
    if (!resolved || !partial->path)
        status = es_fail_memory(errors);
    else if (!follow_links(&resolved))
        status = cannot_write(partial, errors);
    else if (!(partial->name = strdup(resolved + directory_length(resolved))))
        status = es_fail_memory(errors);
    else if (partial->name[0] == '\0')
        status = es_fail(errors, ES_ERUNTIME, NULL, "cannot write: '%s': no file name", es_quote_text(path).text);
    else
        status = open_directory(partial, resolved, errors);
    free(resolved);
    if (status == ES_OK) {
        remove_stale(partial);
        return create_in_place(partial, errors);
    }
    es_partial_close(partial);
    return status;
}

es_status es_partial_open_beside(es_partial *partial, const es_partial *other, const char *suffix, es_errors *errors) {
    *partial = ES_PARTIAL_NONE;
    if (asprintf(&partial->path, "%s%s", other->path, suffix) < 0)
        partial->path = NULL;
    if (partial->path && asprintf(&partial->name, "%s%s", other->name, suffix) < 0)
        partial->name = NULL;
    es_status status = ES_OK;
    if (!partial->path || !partial->name)
        status = es_fail_memory(errors);
    else if ((partial->directory = fcntl(other->directory, F_DUPFD_CLOEXEC, 3)) < 0)
        status = cannot_write(partial, errors);
    if (status == ES_OK)
        return create_in_place(partial, errors);
    es_partial_close(partial);
    return status;
}

es_status es_partial_publish(es_partial *partial, es_errors *errors) {
    return fchmod(partial->fd, partial->mode) == 0 ? ES_OK : cannot_write(partial, errors);
}

static bool rename_partial(es_partial *partial) {
    int result;
    do
        result = renameat(partial->directory, partial->temporary, partial->directory, partial->name);
    while (result != 0 && errno == EINTR);
    return result == 0;
}

static bool exchange_partial(const es_partial *partial) {
    return es_os_exchange(partial->directory, partial->temporary, partial->name);
}

/* Undoes the rename of a partial whose companion could not be renamed. */
static void take_back(es_partial *partial, bool swapped, bool replaced, es_errors *errors) {
    if (swapped ? exchange_partial(partial) : !replaced && unlinkat(partial->directory, partial->name, 0) == 0)
        return;
    es_fail(errors, ES_ERUNTIME, NULL, "'%s' has its new content all the same", es_quote_text(partial->path).text);
    if (!swapped)
        partial->temporary[0] = '\0';
}

/* Two runs that end at the same time take turns, so that a table and its meta file come from one of them.  Somebody else
 * may hold the lock of the directory for long: then without.  The descriptor, -1 for none. */
static int lock_directory(const es_partial *partial) {
    const int fd = es_open_at(partial->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    for (int tries = 0; fd >= 0 && tries < LOCK_TRIES && !lock_file(fd, LOCK_EX | LOCK_NB); tries++) {
        if (errno != EWOULDBLOCK)
            break;
        nanosleep(&(struct timespec){.tv_nsec = LOCK_NANOSECONDS}, NULL);
    }
    return fd;
}

static es_status rename_pair(es_partial *partial, es_partial *beside, es_errors *errors) {
    /* Swapping keeps the old file until its companion is in place too. */
    struct stat old;
    bool replaced = fstatat(partial->directory, partial->name, &old, AT_SYMLINK_NOFOLLOW) == 0;
    bool swapped = replaced && S_ISREG(old.st_mode) && exchange_partial(partial);
    if (!swapped && !rename_partial(partial))
        return cannot_write(partial, errors);
    if (!rename_partial(beside)) {
        es_status status = cannot_write(beside, errors);
        take_back(partial, swapped, replaced, errors);
        return status;
    }
    if (!swapped)
        partial->temporary[0] = '\0';
    beside->temporary[0] = '\0';
    return ES_OK;
}

static es_status sync_directory(const es_partial *partial, es_errors *errors) {
    int fd = es_open_at(partial->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    int result = -1;
    while (fd >= 0 && (result = fsync(fd)) != 0 && errno == EINTR)
        continue;
    es_status status = ES_OK;
    if (result != 0)
        status = es_fail_errno(errors, "is complete, but its directory cannot be fsynced", partial->path);
    if (fd >= 0)
        close(fd);
    return status;
}

es_status es_partial_commit(es_partial *partial, es_partial *beside, bool sync, es_errors *errors) {
    if (beside) {
        const int lock = lock_directory(partial);
        es_status status = rename_pair(partial, beside, errors);
        if (lock >= 0)
            close(lock);
        if (status != ES_OK)
            return status;
    } else if (!rename_partial(partial)) {
        return cannot_write(partial, errors);
    } else {
        partial->temporary[0] = '\0';
    }
    return sync ? sync_directory(partial, errors) : ES_OK;
}

void es_partial_close(es_partial *partial) {
    if (partial->fd >= 0)
        close(partial->fd);
    if (partial->temporary[0])
        unlinkat(partial->directory, partial->temporary, 0);
    if (partial->lock >= 0)
        close(partial->lock);
    if (partial->directory >= 0)
        close(partial->directory);
    free(partial->path);
    free(partial->name);
    *partial = ES_PARTIAL_NONE;
}

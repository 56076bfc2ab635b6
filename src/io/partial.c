#include "io/partial.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

enum { MAX_LINKS = 40, MAX_TRIES = 100 };

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

/* The process's umask without changing it for the other threads, where /proc tells. */
static mode_t current_umask(void) {
    static const char label[] = "Umask:";
    FILE *file = fopen("/proc/self/status", "re");
    bool found = false;
    char line[256];
    while (file && !found && fgets(line, sizeof line, file))
        found = strncmp(line, label, sizeof label - 1) == 0;
    if (file)
        fclose(file);
    if (found)
        return (mode_t)strtoul(line + sizeof label - 1, NULL, 8);
    mode_t old = umask(077);
    umask(old);
    return old;
}

/* The mode of the finished file; false with errno when there is a file that may not be written. */
static bool decide_mode(es_partial *partial) {
    struct stat old;
    if (fstatat(partial->directory, partial->name, &old, AT_SYMLINK_NOFOLLOW) != 0) {
        partial->mode = 0666 & ~current_umask();
        return errno == ENOENT;
    }
    partial->mode = old.st_mode & 0777;
    return faccessat(partial->directory, partial->name, W_OK, AT_EACCESS) == 0;
}

static uint32_t random_tag(void) {
    uint32_t tag;
    if (getrandom(&tag, sizeof tag, GRND_NONBLOCK) == (ssize_t)sizeof tag)
        return tag;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)now.tv_nsec ^ (uint32_t)getpid() << 16;
}

/* O_EXCL never opens what somebody planted at the name, a symbolic link included; false with errno. */
static bool create_temporary(es_partial *partial) {
    const int kept = NAME_MAX - (int)strlen("..XXXXXXXX.part");
    for (int tries = 0; tries < MAX_TRIES; tries++) {
        snprintf(partial->temporary, sizeof partial->temporary, ".%.*s.%08" PRIx32 ".part", kept, partial->name,
                 random_tag());
        do
            partial->fd = openat(partial->directory, partial->temporary,
                                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        while (partial->fd < 0 && errno == EINTR);
        if (partial->fd >= 0)
            return true;
        if (errno != EEXIST)
            break;
    }
    partial->temporary[0] = '\0';
    return false;
}

static es_status cannot_write(const es_partial *partial, es_errors *errors) {
    return es_fail_errno(errors, "cannot write", partial->path);
}

/* The partial in a directory and under a name that are set. */
static es_status create_in_place(es_partial *partial, es_errors *errors) {
    if (!decide_mode(partial) || !create_temporary(partial)) {
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
    partial->directory = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
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
    if (status == ES_OK)
        return create_in_place(partial, errors);
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

static bool rename_partial(es_partial *partial, unsigned flags) {
    int result;
    do
        result = flags ? renameat2(partial->directory, partial->temporary, partial->directory, partial->name, flags)
                       : renameat(partial->directory, partial->temporary, partial->directory, partial->name);
    while (result != 0 && errno == EINTR);
    return result == 0;
}

/* Undoes the rename of a partial whose companion could not be renamed. */
static void take_back(es_partial *partial, bool swapped, bool replaced, es_errors *errors) {
    if (swapped ? rename_partial(partial, RENAME_EXCHANGE)
                : !replaced && unlinkat(partial->directory, partial->name, 0) == 0)
        return;
    es_fail(errors, ES_ERUNTIME, NULL, "'%s' has its new content all the same", es_quote_text(partial->path).text);
    partial->temporary[0] = '\0';
}

static es_status rename_pair(es_partial *partial, es_partial *beside, es_errors *errors) {
    /* Swapping keeps the old file until its companion is in place too. */
    struct stat old;
    bool replaced = fstatat(partial->directory, partial->name, &old, AT_SYMLINK_NOFOLLOW) == 0;
    bool swapped = replaced && S_ISREG(old.st_mode) && rename_partial(partial, RENAME_EXCHANGE);
    if (!swapped && !rename_partial(partial, 0))
        return cannot_write(partial, errors);
    if (!rename_partial(beside, 0)) {
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
    int fd = openat(partial->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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
        es_status status = rename_pair(partial, beside, errors);
        if (status != ES_OK)
            return status;
    } else if (!rename_partial(partial, 0)) {
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
    if (partial->directory >= 0)
        close(partial->directory);
    free(partial->path);
    free(partial->name);
    *partial = ES_PARTIAL_NONE;
}

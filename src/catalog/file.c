#include "catalog/file.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/open.h"

static es_status check_file(int fd, const char *path, size_t *size, es_errors *errors) {
    struct stat info;
    const es_origin at = {.file = path};
    if (fstat(fd, &info) != 0)
        return es_fail_errno(errors, "cannot read", path);
    if (S_ISDIR(info.st_mode))
        return es_fail(errors, ES_EUSAGE, &at, "is a folder; expected a CSV file");
    if (!S_ISREG(info.st_mode))
        return es_fail(errors, ES_EUSAGE, &at, "is not a regular file; expected a CSV file");
    if (info.st_size > ES_CATALOG_MAX_FILE)
        return es_fail(errors, ES_EUSAGE, &at, "file of %lld bytes; expected at most %d", (long long)info.st_size,
                       ES_CATALOG_MAX_FILE);
    *size = (size_t)info.st_size;
    return ES_OK;
}

/* Reads up to the end of the file, which may have grown or shrunk since its size was asked for. */
static es_status read_all(int fd, const char *path, char **data, size_t *size, es_errors *errors) {
    size_t capacity = 0, used = 0, wanted = *size + 1;
    for (;;) {
        if (!es_grow((void **)data, &capacity, wanted, 1))
            return es_fail_memory(errors);
        ssize_t got = read(fd, *data + used, capacity - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return es_fail_errno(errors, "cannot read", path);
        if (got == 0)
            break;
        used += (size_t)got;
        if (used > ES_CATALOG_MAX_FILE)
            return es_fail(errors, ES_EUSAGE, &(es_origin){.file = path}, "file too large; expected at most %d bytes",
                           ES_CATALOG_MAX_FILE);
        wanted = used + 1;
    }
    *size = used;
    return ES_OK;
}

es_status es_file_read(const char *path, char **data, size_t *size, es_errors *errors) {
    *data = NULL;
    *size = 0;
    int fd = es_open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0); /* a FIFO must not block before it is refused */
    if (fd < 0 && errno == ENOENT)
        return ES_OK;
    if (fd < 0)
        return es_fail(errors, ES_EUSAGE, &(es_origin){.file = path}, "cannot be opened: %m");
    es_status status = check_file(fd, path, size, errors);
    if (status == ES_OK)
        status = read_all(fd, path, data, size, errors);
    close(fd);
    if (status != ES_OK) {
        free(*data);
        *data = NULL;
    }
    return status;
}

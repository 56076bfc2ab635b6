/* Opening files, again after a signal: on network file systems even a regular file's open may be interrupted. */
#ifndef ES_BASE_OPEN_H
#define ES_BASE_OPEN_H

#include <errno.h>
#include <fcntl.h>

static inline int es_open_at(int directory, const char *path, int flags, mode_t mode) {
    int fd;
    do
        fd = openat(directory, path, flags, mode);
    while (fd < 0 && errno == EINTR);
    return fd;
}

static inline int es_open(const char *path, int flags, mode_t mode) { return es_open_at(AT_FDCWD, path, flags, mode); }

#endif

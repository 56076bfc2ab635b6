#include "base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#if !defined(ES_OS_POSIX)
#include <sched.h>
#include <sys/random.h>
#include <sys/statfs.h>
#endif

double es_os_memory(void) {
#if defined(_SC_PHYS_PAGES)
    const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    return pages > 0 && size > 0 ? (double)pages * (double)size : 0;
#else
    return 0;
#endif
}

/* A number from the clock and the process, where the system has no better one to give. */
static uint32_t tag_of_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)now.tv_nsec ^ (uint32_t)getpid() << 16;
}

static int temporary_by_name(const char *folder) {
    char path[4096];
    const int n = snprintf(path, sizeof path, "%s/.edgesweep-XXXXXX", folder);
    if (n < 0 || (size_t)n >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    const int fd = mkstemp(path);
    if (fd >= 0) {
        fcntl(fd, F_SETFD, FD_CLOEXEC);
        unlink(path);
    }
    return fd;
}

#if !defined(ES_OS_POSIX)

unsigned es_os_processors(void) {
    cpu_set_t set;
    const int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return n > 1 ? (unsigned)n : 1;
}

bool es_os_reserve(int fd, off_t at, off_t length) {
    int result;
    do
        result = fallocate(fd, FALLOC_FL_KEEP_SIZE, at, length);
    while (result != 0 && errno == EINTR);
    return result == 0;
}

void es_os_read_ahead(int fd) { posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL); }
void es_os_forget_cached(int fd) { posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED); }
int es_os_sync_data(int fd) { return fdatasync(fd); }

uint32_t es_os_random(void) {
    uint32_t tag;
    return getrandom(&tag, sizeof tag, GRND_NONBLOCK) == (ssize_t)sizeof tag ? tag : tag_of_now();
}

mode_t es_os_umask(void) {
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

bool es_os_exchange(int directory, const char *a, const char *b) {
    int result;
    do
        result = renameat2(directory, a, directory, b, RENAME_EXCHANGE);
    while (result != 0 && errno == EINTR);
    return result == 0;
}

/* Stays right when somebody renames the folder. */
const char *es_os_path_in(int directory, const char *folder, const char *name, char *path, size_t size) {
    (void)folder;
    const int n = snprintf(path, size, "/proc/self/fd/%d/%s", directory, name);
    return n >= 0 && (size_t)n < size ? path : NULL;
}

int es_os_temporary(const char *folder) {
    const int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    return fd >= 0 ? fd : temporary_by_name(folder);
}

int es_os_reopen_direct(int fd) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
}

bool es_os_in_memory(int fd) {
    enum { TMPFS = 0x01021994, RAMFS = (int)0x858458f6 };
    struct statfs fs;
    return fstatfs(fd, &fs) == 0 && ((int)fs.f_type == TMPFS || (int)fs.f_type == RAMFS);
}

int es_os_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

void es_os_widen_pipe(int fd, int bytes) {
    if (fcntl(fd, F_GETPIPE_SZ) < bytes)
        fcntl(fd, F_SETPIPE_SZ, bytes);
}

void es_os_sort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *, void *), void *context) {
    if (n > 1)
        qsort_r(base, n, size, compare, context);
}

#else

unsigned es_os_processors(void) {
#if defined(_SC_NPROCESSORS_ONLN)
    const long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 1 ? (unsigned)n : 1;
#else
    return 1;
#endif
}

bool es_os_reserve(int fd, off_t at, off_t length) {
    (void)fd, (void)at, (void)length; /* posix_fallocate would change the size */
    errno = ENOTSUP;
    return false;
}

void es_os_read_ahead(int fd) { (void)fd; }
void es_os_forget_cached(int fd) { (void)fd; }
int es_os_sync_data(int fd) { return fsync(fd); }
uint32_t es_os_random(void) { return tag_of_now(); }

mode_t es_os_umask(void) {
    mode_t old = umask(077);
    umask(old);
    return old;
}

bool es_os_exchange(int directory, const char *a, const char *b) {
    (void)directory, (void)a, (void)b;
    errno = ENOTSUP;
    return false;
}

const char *es_os_path_in(int directory, const char *folder, const char *name, char *path, size_t size) {
    (void)directory;
    const int n = snprintf(path, size, "%s%s", folder, name);
    return n >= 0 && (size_t)n < size ? path : NULL;
}

int es_os_temporary(const char *folder) { return temporary_by_name(folder); }

int es_os_reopen_direct(int fd) {
    (void)fd;
    errno = ENOTSUP;
    return -1;
}

bool es_os_in_memory(int fd) {
    (void)fd;
    return false;
}

int es_os_pipe(int ends[2]) {
    const int result = pipe(ends);
    for (int i = 0; result == 0 && i < 2; i++)
        fcntl(ends[i], F_SETFD, FD_CLOEXEC);
    return result;
}

void es_os_widen_pipe(int fd, int bytes) { (void)fd, (void)bytes; }

/* Heapsort: qsort_r has another signature on each system.  Callers compare by position in the end, so that no two items
 * are equal and the order is the one that any sort gives. */
void es_os_sort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *, void *), void *context) {
    char *item = base;
    size_t root = n / 2, end = n;
    while (end > 1) {
        if (root > 0) {
            root--;
        } else {
            end--;
            for (size_t b = 0; b < size; b++) {
                const char swap = item[b];
                item[b] = item[end * size + b];
                item[end * size + b] = swap;
            }
        }
        for (size_t at = root, child; (child = 2 * at + 1) < end; at = child) {
            if (child + 1 < end && compare(item + child * size, item + (child + 1) * size, context) < 0)
                child++;
            if (compare(item + at * size, item + child * size, context) >= 0)
                break;
            for (size_t b = 0; b < size; b++) {
                const char swap = item[at * size + b];
                item[at * size + b] = item[child * size + b];
                item[child * size + b] = swap;
            }
        }
    }
}

#endif

/* Makes chosen calls of the C library fail: preloaded (LD_PRELOAD=build/faults/inject.so), or with ES_FAULT_WRAP linked
 * into the command by `ld --wrap`, where a sanitizer has taken malloc.  See inject.h. */
#include "inject.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ERR_SHORT = -1 };

#define ENUMERATE(name) CALL_##name,
enum { ES_FAULT_CALLS(ENUMERATE) CALLS };

static es_fault_report nowhere, *report = &nowhere;
static int chosen_call = CALLS, effect;
static uint64_t chosen_k;
static bool from_then_on, traced, clock_jumps;

/* The glibc flag behind ferror(). */
enum { STREAM_ERROR = 0x20 };

/* ---- the functions behind ours ---- */

#ifdef ES_FAULT_WRAP
#define OURS(name) __wrap_##name
#define DECLARE(type, name, ...)                                                                                       \
    type __real_##name(__VA_ARGS__);                                                                                   \
    type OURS(name)(__VA_ARGS__)
#define REAL(name) __real_##name
#else
#define OURS(name) name
#define DECLARE(type, name, ...) type OURS(name)(__VA_ARGS__)
/* dlsym itself may allocate: the allocator has names of its own. */
void *__libc_malloc(size_t size), *__libc_calloc(size_t n, size_t size), *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
static void *next_of(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found)
        abort();
    return found;
}
#define REAL(name) ((__typeof__(&name))next_of(#name))
#endif

/* ---- choosing ---- */

static int named(const char *const *names, int n, const char *text, size_t length) {
    for (int i = 0; i < n; i++)
        if (strlen(names[i]) == length && strncmp(names[i], text, length) == 0)
            return i;
    fprintf(stderr, "inject: no such name: %.*s\n", (int)length, text);
    abort();
}

static void choose(const char *text) {
#define NAME(name) #name,
#define NUMBER(name) name,
    static const char *const calls[] = {ES_FAULT_CALLS(NAME)}, *const effects[] = {ES_FAULT_EFFECTS(NAME)};
    enum { SHORT = ERR_SHORT };
    static const int numbers[] = {ES_FAULT_EFFECTS(NUMBER)};
    const size_t call = strcspn(text, ":"), kind = strcspn(text + call + 1, ":");
    effect = numbers[named(effects, sizeof effects / sizeof *effects, text + call + 1, kind)];
    char *end;
    chosen_k = strtoull(text + call + 1 + kind + 1, &end, 10);
    from_then_on = *end == '+';
    chosen_call = named(calls, CALLS, text, call);
}

/* Counts a call; true with errno when it is to fail. */
static bool fails(int call) {
    if (call != chosen_call)
        return false;
    const uint64_t k = atomic_fetch_add(&report->calls, 1) + 1;
    if (k != chosen_k && !(from_then_on && k > chosen_k))
        return false;
    if (atomic_fetch_add(&report->fired, 1) == 0 && traced) {
        void *frames[40];
        backtrace_symbols_fd(frames, backtrace(frames, 40), STDERR_FILENO);
    }
    if (effect != ERR_SHORT)
        errno = effect;
    return true;
}

static bool shortened(void) { return effect == ERR_SHORT; }

/* ---- memory ---- */

#ifdef ES_FAULT_WRAP
#define GET(name) __real_##name
#else
#define GET(name) __libc_##name
#endif

DECLARE(void *, malloc, size_t size);
DECLARE(void *, calloc, size_t n, size_t size);
DECLARE(void *, realloc, void *old, size_t size);
DECLARE(int, posix_memalign, void **to, size_t alignment, size_t size);
DECLARE(void *, aligned_alloc, size_t alignment, size_t size);

void *OURS(malloc)(size_t size) { return fails(CALL_memory) ? NULL : GET(malloc)(size); }
void *OURS(calloc)(size_t n, size_t size) { return fails(CALL_memory) ? NULL : GET(calloc)(n, size); }
void *OURS(realloc)(void *old, size_t size) { return fails(CALL_memory) ? NULL : GET(realloc)(old, size); }

int OURS(posix_memalign)(void **to, size_t alignment, size_t size) {
    if (fails(CALL_memory))
        return ENOMEM;
#ifdef ES_FAULT_WRAP
    return REAL(posix_memalign)(to, alignment, size);
#else
    void *memory = __libc_memalign(alignment, size);
    *to = memory ? memory : *to;
    return memory ? 0 : ENOMEM;
#endif
}

void *OURS(aligned_alloc)(size_t alignment, size_t size) {
    if (fails(CALL_memory))
        return NULL;
#ifdef ES_FAULT_WRAP
    return REAL(aligned_alloc)(alignment, size);
#else
    return __libc_memalign(alignment, size);
#endif
}

#ifdef ES_FAULT_WRAP
/* Allocations inside the C library, which --wrap does not see. */
DECLARE(char *, strdup, const char *text);
DECLARE(char *, strndup, const char *text, size_t n);
char *OURS(strdup)(const char *text) { return fails(CALL_memory) ? NULL : REAL(strdup)(text); }
char *OURS(strndup)(const char *text, size_t n) { return fails(CALL_memory) ? NULL : REAL(strndup)(text, n); }
#endif

/* ---- descriptors ---- */

static mode_t mode_of(int flags, va_list rest) { return flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; }

#define OPEN(name)                                                                                                     \
    DECLARE(int, name, const char *path, int flags, ...);                                                              \
    int OURS(name)(const char *path, int flags, ...) {                                                                 \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        const mode_t mode = mode_of(flags, rest);                                                                      \
        va_end(rest);                                                                                                  \
        return fails(CALL_open) ? -1 : REAL(name)(path, flags, mode);                                                  \
    }
#define OPENAT(name)                                                                                                   \
    DECLARE(int, name, int at, const char *path, int flags, ...);                                                      \
    int OURS(name)(int at, const char *path, int flags, ...) {                                                         \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        const mode_t mode = mode_of(flags, rest);                                                                      \
        va_end(rest);                                                                                                  \
        return fails(CALL_open) ? -1 : REAL(name)(at, path, flags, mode);                                              \
    }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)
DECLARE(int, __open_2, const char *path, int flags);
DECLARE(int, __open64_2, const char *path, int flags);
DECLARE(int, __openat_2, int at, const char *path, int flags);
DECLARE(int, __openat64_2, int at, const char *path, int flags);
int OURS(__open_2)(const char *path, int flags) { return fails(CALL_open) ? -1 : REAL(__open_2)(path, flags); }
int OURS(__open64_2)(const char *path, int flags) { return fails(CALL_open) ? -1 : REAL(__open64_2)(path, flags); }
int OURS(__openat_2)(int at, const char *path, int flags) {
    return fails(CALL_open) ? -1 : REAL(__openat_2)(at, path, flags);
}
int OURS(__openat64_2)(int at, const char *path, int flags) {
    return fails(CALL_open) ? -1 : REAL(__openat64_2)(at, path, flags);
}

/* A short count: half of it, at least a byte. */
static size_t half(size_t n) { return n > 1 ? n / 2 : n; }

DECLARE(ssize_t, read, int fd, void *to, size_t n);
DECLARE(ssize_t, __read_chk, int fd, void *to, size_t n, size_t room);
DECLARE(ssize_t, pread, int fd, void *to, size_t n, off_t at);
DECLARE(ssize_t, pread64, int fd, void *to, size_t n, off_t at);
DECLARE(ssize_t, write, int fd, const void *from, size_t n);
DECLARE(ssize_t, pwrite, int fd, const void *from, size_t n, off_t at);
DECLARE(ssize_t, pwrite64, int fd, const void *from, size_t n, off_t at);

ssize_t OURS(read)(int fd, void *to, size_t n) {
    if (!fails(CALL_read))
        return REAL(read)(fd, to, n);
    return shortened() ? REAL(read)(fd, to, half(n)) : -1;
}
ssize_t OURS(__read_chk)(int fd, void *to, size_t n, size_t room) {
    (void)room;
    return OURS(read)(fd, to, n);
}
ssize_t OURS(pread)(int fd, void *to, size_t n, off_t at) {
    if (!fails(CALL_read))
        return REAL(pread)(fd, to, n, at);
    return shortened() ? REAL(pread)(fd, to, half(n), at) : -1;
}
ssize_t OURS(pread64)(int fd, void *to, size_t n, off_t at) { return OURS(pread)(fd, to, n, at); }
ssize_t OURS(write)(int fd, const void *from, size_t n) {
    if (!fails(CALL_write))
        return REAL(write)(fd, from, n);
    return shortened() ? REAL(write)(fd, from, half(n)) : -1;
}
ssize_t OURS(pwrite)(int fd, const void *from, size_t n, off_t at) {
    if (!fails(CALL_write))
        return REAL(pwrite)(fd, from, n, at);
    return shortened() ? REAL(pwrite)(fd, from, half(n), at) : -1;
}
ssize_t OURS(pwrite64)(int fd, const void *from, size_t n, off_t at) { return OURS(pwrite)(fd, from, n, at); }

#define FAILS_OR(call, type, name, parameters, arguments)                                                              \
    DECLARE(type, name, ESCAPE parameters);                                                                            \
    type OURS(name)(ESCAPE parameters) { return fails(call) ? -1 : REAL(name)(ESCAPE arguments); }
#define ESCAPE(...) __VA_ARGS__

FAILS_OR(CALL_sync, int, fsync, (int fd), (fd))
FAILS_OR(CALL_sync, int, fdatasync, (int fd), (fd))
FAILS_OR(CALL_sync, int, syncfs, (int fd), (fd))
FAILS_OR(CALL_fallocate, int, fallocate, (int fd, int mode, off_t at, off_t n), (fd, mode, at, n))
FAILS_OR(CALL_fallocate, int, fallocate64, (int fd, int mode, off_t at, off_t n), (fd, mode, at, n))
FAILS_OR(CALL_ftruncate, int, ftruncate, (int fd, off_t n), (fd, n))
FAILS_OR(CALL_ftruncate, int, ftruncate64, (int fd, off_t n), (fd, n))
FAILS_OR(CALL_rename, int, rename, (const char *from, const char *to), (from, to))
FAILS_OR(CALL_rename, int, renameat, (int a, const char *from, int b, const char *to), (a, from, b, to))
FAILS_OR(CALL_rename, int, renameat2, (int a, const char *from, int b, const char *to, unsigned flags),
         (a, from, b, to, flags))
FAILS_OR(CALL_link, int, link, (const char *from, const char *to), (from, to))
FAILS_OR(CALL_link, int, linkat, (int a, const char *from, int b, const char *to, int flags), (a, from, b, to, flags))
FAILS_OR(CALL_stat, int, stat, (const char *path, struct stat *to), (path, to))
FAILS_OR(CALL_stat, int, lstat, (const char *path, struct stat *to), (path, to))
FAILS_OR(CALL_stat, int, fstat, (int fd, struct stat *to), (fd, to))
FAILS_OR(CALL_stat, int, fstatat, (int at, const char *path, struct stat *to, int flags), (at, path, to, flags))
FAILS_OR(CALL_fchmod, int, fchmod, (int fd, mode_t mode), (fd, mode))
FAILS_OR(CALL_fchmod, int, mkdir, (const char *path, mode_t mode), (path, mode))
FAILS_OR(CALL_seek, off_t, lseek, (int fd, off_t at, int whence), (fd, at, whence))
FAILS_OR(CALL_seek, off_t, lseek64, (int fd, off_t at, int whence), (fd, at, whence))
FAILS_OR(CALL_flock, int, flock, (int fd, int operation), (fd, operation))

DECLARE(int, fcntl, int fd, int command, ...);
int OURS(fcntl)(int fd, int command, ...) {
    va_list rest;
    va_start(rest, command);
    void *argument = va_arg(rest, void *); /* wide enough for every command */
    va_end(rest);
    const bool copies = command == F_DUPFD || command == F_DUPFD_CLOEXEC;
    return copies && fails(CALL_dup) ? -1 : REAL(fcntl)(fd, command, argument);
}

/* As Linux does: closed, whatever is said. */
DECLARE(int, close, int fd);
int OURS(close)(int fd) {
    if (!fails(CALL_close))
        return REAL(close)(fd);
    const int error = errno;
    REAL(close)(fd);
    errno = error;
    return -1;
}

DECLARE(void *, mmap, void *at, size_t n, int protection, int flags, int fd, off_t from);
void *OURS(mmap)(void *at, size_t n, int protection, int flags, int fd, off_t from) {
    return fails(CALL_mmap) ? MAP_FAILED : REAL(mmap)(at, n, protection, flags, fd, from);
}

DECLARE(int, pthread_create, pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
        void *argument);
int OURS(pthread_create)(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument) {
    return fails(CALL_thread) ? EAGAIN : REAL(pthread_create)(thread, attributes, start, argument);
}

/* ---- directories and streams ---- */

DECLARE(DIR *, opendir, const char *path);
DECLARE(struct dirent *, readdir, DIR *list);
DIR *OURS(opendir)(const char *path) { return fails(CALL_directory) ? NULL : REAL(opendir)(path); }
struct dirent *OURS(readdir)(DIR *list) {
    return fails(CALL_directory) ? NULL : REAL(readdir)(list);
}

DECLARE(FILE *, fopen, const char *path, const char *mode);
DECLARE(FILE *, open_memstream, char **text, size_t *size);
DECLARE(int, fclose, FILE *stream);
DECLARE(int, fflush, FILE *stream);
DECLARE(size_t, fread, void *to, size_t size, size_t n, FILE *stream);
DECLARE(char *, fgets, char *to, int n, FILE *stream);

FILE *OURS(fopen)(const char *path, const char *mode) { return fails(CALL_stream) ? NULL : REAL(fopen)(path, mode); }
FILE *OURS(open_memstream)(char **text, size_t *size) {
    return fails(CALL_stream) ? NULL : REAL(open_memstream)(text, size);
}
int OURS(fclose)(FILE *stream) {
    const bool fault = fails(CALL_stream);
    const int error = errno, result = REAL(fclose)(stream);
    errno = error;
    return fault ? EOF : result;
}
int OURS(fflush)(FILE *stream) { return fails(CALL_stream) ? EOF : REAL(fflush)(stream); }

static bool stream_fails(FILE *stream) {
    if (!fails(CALL_stream))
        return false;
    stream->_flags |= STREAM_ERROR;
    return true;
}
size_t OURS(fread)(void *to, size_t size, size_t n, FILE *stream) {
    return stream_fails(stream) ? 0 : REAL(fread)(to, size, n, stream);
}
char *OURS(fgets)(char *to, int n, FILE *stream) { return stream_fails(stream) ? NULL : REAL(fgets)(to, n, stream); }

__attribute__((constructor)) static void begin(void) {
    const char *text = getenv("ES_FAULT"), *fd = getenv("ES_FAULT_REPORT");
    clock_jumps = getenv("ES_FAULT_CLOCK") != NULL;
    if (!text || !fd)
        return;
    void *shared = REAL(mmap)(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED, atoi(fd), 0);
    if (shared == MAP_FAILED)
        abort();
    report = shared;
    traced = getenv("ES_FAULT_TRACE") != NULL;
    choose(text);
}

/* ---- clocks: ES_FAULT_CLOCK set, the time of day jumps by years, the other clocks forward by hours ---- */

DECLARE(int, clock_gettime, clockid_t clock, struct timespec *to);
int OURS(clock_gettime)(clockid_t clock, struct timespec *to) {
    static _Atomic uint64_t calls;
    const int result = REAL(clock_gettime)(clock, to);
    if (result == 0 && clock_jumps) {
        const time_t n = (time_t)atomic_fetch_add(&calls, 1);
        to->tv_sec += clock == CLOCK_REALTIME ? (n % 2 ? 1 : -1) * (n % 20) * 31556952 : n * 3600;
    }
    return result;
}

DECLARE(time_t, time, time_t *to);
time_t OURS(time)(time_t *to) {
    struct timespec now = {0};
    OURS(clock_gettime)(CLOCK_REALTIME, &now);
    if (to)
        *to = now.tv_sec;
    return now.tv_sec;
}

/* What differs between operating systems, in one place: Linux calls, and what POSIX.1-2008 offers instead.
 *
 * -DES_OS_POSIX (`make OS=posix`) compiles the second form on Linux too, with only POSIX names visible, so that its tests
 * say whether another system needs any other change.  Everything here is thread-safe and sets errno as the calls do.
 */
#ifndef ES_BASE_OS_H
#define ES_BASE_OS_H

#if !defined(__SIZEOF_INT128__)
#error "edgesweep needs a 64-bit machine: point numbers are multiplied in 128-bit integers"
#endif

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#if !defined(__linux__) && !defined(ES_OS_POSIX)
#define ES_OS_POSIX 1
#endif

/* For open: a directory that is only searched. */
#if defined(O_PATH) && !defined(ES_OS_POSIX)
#define ES_OS_SEARCH O_PATH
#elif defined(O_SEARCH)
#define ES_OS_SEARCH O_SEARCH
#else
#define ES_OS_SEARCH O_RDONLY
#endif

/* Processors that this process may use: its affinity, else those on line; at least 1. */
unsigned es_os_processors(void);

/* Bytes of main memory; 0 when the system does not say. */
double es_os_memory(void);

/* Has blocks reserved for [at, at + length) without changing the file's size; false where that cannot be had. */
bool es_os_reserve(int fd, off_t at, off_t length);

/* Says that the file will be read from its beginning to its end, or that its cached pages are not needed. */
void es_os_read_ahead(int fd);
void es_os_forget_cached(int fd);

/* Data of the file are on the disk, its times need not be; 0 or -1. */
int es_os_sync_data(int fd);

/* A number that two processes started at the same time do not share. */
uint32_t es_os_random(void);

/* The process's umask, without changing it for other threads where the system tells. */
mode_t es_os_umask(void);

/* Exchanges two names of a directory in one step; false where that cannot be done. */
bool es_os_exchange(int directory, const char *a, const char *b);

/* The path of a file of an open directory, for libraries that open by path; `path` and the result live `size` bytes. */
const char *es_os_path_in(int directory, const char *folder, const char *name, char *path, size_t size);

/* A file without a name in `folder`, for reading and writing; -1. */
int es_os_temporary(const char *folder);

/* The open file again, for reads past the page cache; -1 where that cannot be had. */
int es_os_reopen_direct(int fd);

/* Whether the file lies in main memory (tmpfs); false where the system does not say. */
bool es_os_in_memory(int fd);

/* Both ends of a pipe, closed in programs that are started; 0 or -1. */
int es_os_pipe(int ends[2]);

/* Widens a pipe's buffer to `bytes` if it is narrower. */
void es_os_widen_pipe(int fd, int bytes);

/* Sorts by `compare`, which is also given `context` and calls no two items equal. */
void es_os_sort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *, void *), void *context);

#endif

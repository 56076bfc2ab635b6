/* Hidden partial files that take the name of what they replace. */
#ifndef ES_IO_PARTIAL_H
#define ES_IO_PARTIAL_H

#include <stdbool.h>
#include <sys/types.h>

#include <edgesweep/error.h>

typedef struct es_partial {
    int directory;       /* the names below are relative to it, wherever it is moved; -1: there is no partial */
    int fd;              /* open for writing; -1 once the owner closed it */
    int lock;            /* holds the flock of the partial */
    char *path;          /* for messages: the name as the user gave it */
    char *name;          /* what it will be called */
    char temporary[256]; /* what it is called now: .NAME.XXXXXXXX.part */
    mode_t mode;         /* of the finished file: the old file's, or what the umask leaves of 0666 */
} es_partial;

#define ES_PARTIAL_NONE ((es_partial){.directory = -1, .fd = -1, .lock = -1})

/* Creates the partial of `path`, which is a regular file or does not exist.  Symbolic links are followed to the end; a
 * dangling one names the file to create.  A file that may not be written is not replaced either.  Partials of the same
 * file that killed processes left, and only those, are removed. */
es_status es_partial_open(es_partial *partial, const char *path, es_errors *errors);

/* The same for the file called like `other` with a suffix, in its directory. */
es_status es_partial_open_beside(es_partial *partial, const es_partial *other, const char *suffix, es_errors *errors);

/* Gives the file its final mode; before the fd is closed. */
es_status es_partial_publish(es_partial *partial, es_errors *errors);

/* Renames the finished partial, then `beside` (NULL: none); on failure both old files are there again. */
es_status es_partial_commit(es_partial *partial, es_partial *beside, bool sync, es_errors *errors);

/* Removes whatever is left of it, closes the descriptors; fine on ES_PARTIAL_NONE and after a commit. */
void es_partial_close(es_partial *partial);

#endif

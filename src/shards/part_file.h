/* A file of a part: hidden until it is whole, and found again by who resumes it. */
#ifndef ES_SHARDS_PART_FILE_H
#define ES_SHARDS_PART_FILE_H

#include <xxhash.h>

#include "io/sink.h"

typedef struct es_part_file {
    char *path;    /* DIRECTORY/NAME */
    char *partial; /* DIRECTORY/.NAME.partial */
    es_sink sink;  /* fd -1: not open */
    XXH64_state_t *hash;
    char *gathered; /* small pieces, not yet written */
    size_t n_gathered, capacity;
    uint64_t bytes, rows, header_bytes; /* bytes: gathered ones included */
} es_part_file;

/* The file closed, as it lies there. */
typedef struct es_file_state {
    uint64_t bytes, xxh64;
} es_file_state;

/* Starts an empty partial, whatever there was. */
es_status es_part_file_open(es_part_file *file, const char *directory, const char *name, es_errors *errors);

/* Only the names: what es_part_file_continue needs. */
es_status es_part_file_name(es_part_file *file, const char *directory, const char *name, es_errors *errors);

/* Goes on behind the first `bytes` bytes of the partial, whose hash is in `hash`, which the file takes over. */
es_status es_part_file_continue(es_part_file *file, uint64_t bytes, XXH64_state_t *hash, es_errors *errors);

es_status es_part_file_write(es_part_file *file, const void *data, size_t n, es_errors *errors);

/* Hands all bytes to the kernel; sync: and to the disk. */
es_status es_part_file_flush(es_part_file *file, bool sync, es_errors *errors);

/* Everything before the rename: the bytes are on the disk, the file is closed. */
es_status es_part_file_finish(es_part_file *file, es_file_state *state, es_errors *errors);
/* Gives the finished file its name. */
es_status es_part_file_publish(es_part_file *file, es_errors *errors);

/* Closes and forgets; the partial stays. */
void es_part_file_close(es_part_file *file);

/* fsync of a directory. */
es_status es_sync_directory(const char *directory, es_errors *errors);

/* mkdir -p. */
es_status es_make_directory(const char *directory, es_errors *errors);

#endif

#include "shards/part_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/open.h"
#include "base/text.h"

/* Pieces smaller than GATHER_BELOW are gathered, larger ones go straight on. */
enum { GATHER = 256 << 10, GATHER_BELOW = 64 << 10 };

es_status es_part_file_name(es_part_file *file, const char *directory, const char *name, es_errors *errors) {
    *file = (es_part_file){.sink = {.fd = -1}};
    if (asprintf(&file->path, "%s/%s", directory, name) < 0)
        file->path = NULL;
    if (asprintf(&file->partial, "%s/.%s.partial", directory, name) < 0)
        file->partial = NULL;
    return file->path && file->partial ? ES_OK : es_fail_memory(errors);
}

/* Nothing that somebody planted at the name is opened for writing: no link, no FIFO, which would wait for a reader. */
static void open_partial(es_part_file *file, int flags) {
    file->sink.fd = es_open(file->partial, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags, 0666);
    file->sink.path = file->partial;
    file->sink.reserve = true;
}

es_status es_part_file_open(es_part_file *file, const char *directory, const char *name, es_errors *errors) {
    es_status status = es_part_file_name(file, directory, name, errors);
    if (status)
        return status;
    open_partial(file, O_CREAT | O_EXCL);
    if (file->sink.fd < 0 && errno == EEXIST) {
        if (unlink(file->partial) != 0 && errno != ENOENT)
            return es_fail_errno(errors, "cannot write", file->partial);
        open_partial(file, O_CREAT | O_EXCL);
    }
    if (file->sink.fd < 0)
        return es_fail_errno(errors, "cannot write", file->partial);
    file->hash = XXH64_createState();
    if (!file->hash)
        return es_fail_memory(errors);
    XXH64_reset(file->hash, 0);
    return ES_OK;
}

es_status es_part_file_continue(es_part_file *file, uint64_t bytes, XXH64_state_t *hash, es_errors *errors) {
    struct stat status;
    file->hash = hash;
    open_partial(file, 0);
    if (file->sink.fd < 0 || fstat(file->sink.fd, &status) != 0)
        return es_fail_errno(errors, "cannot write", file->partial);
    if (!S_ISREG(status.st_mode) || status.st_nlink != 1)
        return es_fail(errors, ES_ERUNTIME, NULL, "cannot write: '%s' is not a file of its own",
                       es_quote_text(file->partial).text);
    if (ftruncate(file->sink.fd, (off_t)bytes) != 0 || lseek(file->sink.fd, (off_t)bytes, SEEK_SET) < 0)
        return es_fail_errno(errors, "cannot go on with", file->partial);
    file->bytes = file->sink.written = file->sink.reserved = bytes;
    return ES_OK;
}

static es_status write_gathered(es_part_file *file, es_errors *errors) {
    size_t n = file->n_gathered;
    file->n_gathered = 0;
    return n ? es_sink_write(&file->sink, file->gathered, n, errors) : ES_OK;
}

es_status es_part_file_write(es_part_file *file, const void *data, size_t n, es_errors *errors) {
    es_status status = ES_OK;
    if (n >= GATHER_BELOW || file->n_gathered + n > GATHER)
        status = write_gathered(file, errors);
    if (status || !n)
        return status;
    XXH64_update(file->hash, data, n);
    file->bytes += n;
    if (n >= GATHER_BELOW)
        return es_sink_write(&file->sink, data, n, errors);
    if (!es_grow((void **)&file->gathered, &file->capacity, file->n_gathered + n, 1))
        return es_fail_memory(errors);
    memcpy(file->gathered + file->n_gathered, data, n);
    file->n_gathered += n;
    return ES_OK;
}

es_status es_part_file_flush(es_part_file *file, bool sync, es_errors *errors) {
    es_status status = write_gathered(file, errors);
    return !status && sync ? es_sink_sync(&file->sink, errors) : status;
}

es_status es_part_file_finish(es_part_file *file, es_file_state *state, es_errors *errors) {
    es_status status = write_gathered(file, errors);
    if (!status)
        status = es_sink_trim(&file->sink, errors);
    if (!status)
        status = es_sink_sync(&file->sink, errors);
    if (!status)
        status = es_sink_close(&file->sink, errors);
    *state = (es_file_state){.bytes = file->bytes, .xxh64 = XXH64_digest(file->hash)};
    return status;
}

es_status es_part_file_publish(es_part_file *file, es_errors *errors) {
    return rename(file->partial, file->path) == 0 ? ES_OK : es_fail_errno(errors, "cannot rename to", file->path);
}

void es_part_file_close(es_part_file *file) {
    if (file->path && file->sink.fd >= 0)
        close(file->sink.fd);
    XXH64_freeState(file->hash);
    free(file->gathered);
    free(file->path);
    free(file->partial);
    *file = (es_part_file){.sink = {.fd = -1}};
}

es_status es_sync_directory(const char *directory, es_errors *errors) {
    int fd = es_open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0), result = -1;
    while (fd >= 0 && (result = fsync(fd)) != 0 && errno == EINTR)
        continue;
    es_status status = result == 0 ? ES_OK : es_fail_errno(errors, "cannot fsync", directory);
    if (fd >= 0)
        close(fd);
    return status;
}

es_status es_make_directory(const char *directory, es_errors *errors) {
    char *path = strdup(directory);
    if (!path)
        return es_fail_memory(errors);
    bool made = true;
    for (char *end = path; made && *end;) {
        end += strspn(end, "/");
        end += strcspn(end, "/");
        char was = *end;
        *end = '\0';
        made = mkdir(path, 0777) == 0 || errno == EEXIST;
        *end = was;
    }
    struct stat status;
    if (made && stat(directory, &status) == 0 && !S_ISDIR(status.st_mode))
        errno = ENOTDIR, made = false;
    es_status result = made ? ES_OK : es_fail_errno(errors, "cannot make the directory", directory);
    free(path);
    return result;
}

#include "shards/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/os.h"
#include "base/arena.h"
#include "base/open.h"
#include "base/text.h"

enum { READ_BYTES = 1 << 20, CHECK_SEED = 0x5EED };
static const double RETRY_SECONDS = 0.05;

/* A record as it lies in the file. */
typedef struct stored {
    es_journal_record record;
    uint64_t check;
} stored;

static uint64_t check_of(const es_journal_record *record) { return XXH64(record, sizeof *record, CHECK_SEED); }

/* ---- opening ---- */

/* Locks the file that bears the name now: who held it before may have removed it at the end. */
static es_status lock(es_journal *journal, double wait_seconds, es_errors *errors) {
    struct stat mine, named;
    for (;;) {
        journal->fd = es_open(journal->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (journal->fd < 0 || fstat(journal->fd, &mine) != 0)
            return es_fail_errno(errors, "cannot open", journal->path);
        if (!S_ISREG(mine.st_mode))
            return es_fail(errors, ES_ERUNTIME, NULL, "cannot open: '%s' is not a regular file",
                           es_quote_text(journal->path).text);
        int result;
        while ((result = flock(journal->fd, LOCK_EX | LOCK_NB)) != 0 &&
               (errno == EINTR || (errno == EWOULDBLOCK && wait_seconds > 0))) {
            wait_seconds -= RETRY_SECONDS;
            nanosleep(&(struct timespec){.tv_nsec = (long)(RETRY_SECONDS * 1e9)}, NULL);
            errno = EWOULDBLOCK;
        }
        if (result != 0 && errno == EWOULDBLOCK)
            return es_fail(errors, ES_ERUNTIME, NULL, "another process is writing this part: '%s' is locked",
                           es_quote_text(journal->path).text);
        if (result != 0)
            es_warn(errors, NULL, "this file system has no locks: make sure that only one process writes a part");
        if (stat(journal->path, &named) == 0 && mine.st_ino == named.st_ino && mine.st_dev == named.st_dev)
            return ES_OK;
        close(journal->fd);
    }
}

static ssize_t read_all(int fd, void *data, size_t n) {
    size_t done = 0;
    while (done < n) {
        ssize_t got = read(fd, (char *)data + done, n - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -1 : (ssize_t)done;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

static es_status read_records(es_journal *journal, es_errors *errors) {
    stored s;
    size_t capacity = 0;
    ssize_t got;
    while ((got = read_all(journal->fd, &s, sizeof s)) == (ssize_t)sizeof s && s.check == check_of(&s.record)) {
        if (s.record.identity != journal->identity) {
            journal->foreign = true;
            return ES_OK;
        }
        if (!es_grow((void **)&journal->record, &capacity, journal->n_records + 1, sizeof *journal->record))
            return es_fail_memory(errors);
        journal->record[journal->n_records++] = s.record;
    }
    journal->torn = got > 0;
    return got < 0 ? es_fail_errno(errors, "cannot read", journal->path) : ES_OK;
}

es_status es_journal_open(es_journal *journal, const char *path, uint64_t identity, double wait_seconds,
                          es_errors *errors) {
    *journal = (es_journal){.fd = -1, .identity = identity, .path = strdup(path)};
    if (!journal->path)
        return es_fail_memory(errors);
    es_status status = lock(journal, wait_seconds, errors);
    return status ? status : read_records(journal, errors);
}

/* ---- recovery ---- */

typedef struct scan {
    int fd;
    char *data;
    XXH64_state_t *hash; /* of the bytes so far */
    uint64_t bytes;
} scan;

/* Hashes on to `bytes` of the file; false at its end. */
static bool scan_to(scan *s, uint64_t bytes) {
    while (s->bytes < bytes) {
        uint64_t left = bytes - s->bytes;
        ssize_t got = read_all(s->fd, s->data, left < READ_BYTES ? (size_t)left : READ_BYTES);
        if (got <= 0)
            return false;
        XXH64_update(s->hash, s->data, (size_t)got);
        s->bytes += (uint64_t)got;
    }
    return true;
}

/* Records confirm one another's bytes in order, so the first that fails ends the search. */
static size_t count_confirmed(const es_journal *journal, scan *s, XXH64_state_t *good) {
    size_t n = 0;
    for (; n < journal->n_records; n++) {
        const es_journal_record *record = &journal->record[n];
        if (record->bytes < s->bytes || !scan_to(s, record->bytes) || XXH64_digest(s->hash) != record->xxh64)
            break;
        XXH64_copyState(good, s->hash);
    }
    return n;
}

es_status es_journal_recover(const es_journal *journal, const char *partial, es_recovery *recovery, size_t *n_confirmed,
                             XXH64_state_t **hash, es_errors *errors) {
    *recovery = ES_RECOVERY_NONE;
    *n_confirmed = 0;
    *hash = NULL;
    if (!journal->n_records)
        return ES_OK;
    scan s = {.fd = es_open(partial, O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0),
              .data = malloc(READ_BYTES),
              .hash = XXH64_createState()};
    XXH64_state_t *good = XXH64_createState();
    size_t confirmed = 0;
    es_status status = s.data && s.hash && good ? ES_OK : es_fail_memory(errors);
    if (!status && s.fd >= 0) {
        XXH64_reset(s.hash, 0);
        confirmed = count_confirmed(journal, &s, good);
    }
    if (!status)
        *recovery = confirmed == journal->n_records ? ES_RECOVERY_WHOLE
                    : confirmed                     ? ES_RECOVERY_EARLIER
                                                    : ES_RECOVERY_DAMAGED;
    *n_confirmed = confirmed;
    if (confirmed)
        *hash = good;
    else
        XXH64_freeState(good);
    if (s.fd >= 0)
        close(s.fd);
    XXH64_freeState(s.hash);
    free(s.data);
    return status;
}

/* ---- writing ---- */

static bool write_all(int fd, const void *data, size_t n) {
    size_t done = 0;
    while (done < n) {
        ssize_t written = write(fd, (const char *)data + done, n - done);
        if (written == 0)
            errno = ENOSPC;
        if (written == 0 || (written < 0 && errno != EINTR))
            return false;
        done += written > 0 ? (size_t)written : 0;
    }
    return true;
}

static bool sync_data(int fd) {
    int result;
    do
        result = es_os_sync_data(fd);
    while (result != 0 && errno == EINTR);
    return result == 0;
}

static es_status append(es_journal *journal, const es_journal_record *record, es_errors *errors) {
    stored s = {.record = *record, .check = check_of(record)};
    return write_all(journal->fd, &s, sizeof s) && sync_data(journal->fd)
               ? ES_OK
               : es_fail_errno(errors, "cannot write", journal->path);
}

es_status es_journal_restart(es_journal *journal, size_t n_kept, es_errors *errors) {
    off_t end = (off_t)(n_kept * sizeof(stored));
    int result;
    if (!journal->n_records && !journal->torn && !journal->foreign)
        return ES_OK; /* it is empty */
    do
        result = ftruncate(journal->fd, end);
    while (result != 0 && errno == EINTR);
    if (result != 0 || lseek(journal->fd, end, SEEK_SET) < 0)
        return es_fail_errno(errors, "cannot write", journal->path);
    return ES_OK;
}

es_status es_journal_append(es_journal *journal, es_journal_record record, es_errors *errors) {
    record.identity = journal->identity;
    return append(journal, &record, errors);
}

void es_journal_close(es_journal *journal, bool remove) {
    if (journal->fd >= 0) {
        if (remove)
            unlink(journal->path);
        close(journal->fd);
    }
    free(journal->record);
    free(journal->path);
    *journal = (es_journal){.fd = -1};
}

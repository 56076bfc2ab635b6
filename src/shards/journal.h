/* The journal of a part: how far it is known to be written, so that --resume can go on from there.
 *
 * A journal is a row of records of fixed size, appended at intervals; a record is written after the bytes that it vouches
 * for.  It holds a hash of those bytes and one of itself, so that a torn record and a damaged partial are told from good
 * ones: recovery goes on behind the last record that the partial's bytes confirm.  The journal is also the lock of the
 * part (flock): two processes never write one part.
 */
#ifndef ES_SHARDS_JOURNAL_H
#define ES_SHARDS_JOURNAL_H

#include <xxhash.h>

#include <edgesweep/error.h>

typedef struct es_journal_record {
    uint64_t identity; /* of what is written: see es_journal_open */
    uint64_t next;     /* rows of all points before it are in the partial's first `bytes` bytes */
    uint64_t bytes, rows;
    uint64_t xxh64; /* of those bytes */
} es_journal_record;

typedef struct es_journal {
    char *path;
    int fd; /* -1: closed */
    uint64_t identity;
    es_journal_record *record; /* those that were found */
    size_t n_records;
    bool torn;    /* bytes behind the last whole record */
    bool foreign; /* it holds records of another part, which are not read */
} es_journal;

typedef enum es_recovery {
    ES_RECOVERY_NONE,    /* nothing to go on from */
    ES_RECOVERY_WHOLE,   /* the last record is confirmed */
    ES_RECOVERY_EARLIER, /* bytes are damaged or missing; an earlier record is confirmed */
    ES_RECOVERY_DAMAGED  /* no record is confirmed */
} es_recovery;

/* Opens or creates the journal, locks it and reads its records; a journal of another identity counts as empty.  A part
 * that another process holds is ES_ERUNTIME, after waiting so long: who was killed may still be on its way out. */
es_status es_journal_open(es_journal *journal, const char *path, uint64_t identity, double wait_seconds,
                          es_errors *errors);

/* How many of the records the file `partial` confirms, and in *hash (the caller's to free, NULL for none) the state over
 * the bytes of the last of those. */
es_status es_journal_recover(const es_journal *journal, const char *partial, es_recovery *recovery, size_t *n_confirmed,
                             XXH64_state_t **hash, es_errors *errors);

/* Forgets all but the first n_kept records; before the first es_journal_append. */
es_status es_journal_restart(es_journal *journal, size_t n_kept, es_errors *errors);

/* Appends a record and brings it to the disk. */
es_status es_journal_append(es_journal *journal, es_journal_record record, es_errors *errors);

/* Unlocks; remove: and deletes. */
void es_journal_close(es_journal *journal, bool remove);

#endif

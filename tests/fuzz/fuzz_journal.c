/* Any bytes as a journal and the partial it vouches for: recovery agrees with hashing every prefix anew, and appending
 * goes on behind it.  First byte: how many 64 bytes of journal; its lowest bit puts the checks of the records right. */
#include "fuzz.h"

#include <unistd.h>

#include "shards/journal.h"

enum { RECORD = 48, IDENTITY = 7 };

/* Records that could be good: checks, and with bit 1 of the mode identity and hash, computed. */
static void mend(uint8_t *journal, size_t n, const uint8_t *partial, size_t size, uint8_t mode) {
    for (size_t at = 0; at + RECORD <= n; at += RECORD) {
        es_journal_record record;
        memcpy(&record, journal + at, sizeof record);
        if (mode & 2) {
            record.identity = IDENTITY;
            record.bytes %= size + 2;
            if (record.bytes <= size && record.xxh64 % 8)
                record.xxh64 = XXH64(partial, (size_t)record.bytes, 0);
        }
        uint64_t check = XXH64(&record, sizeof record, 0x5EED);
        memcpy(journal + at, &record, sizeof record);
        memcpy(journal + at + sizeof record, &check, sizeof check);
    }
}

static size_t confirmed_by_hand(const es_journal *journal, const uint8_t *partial, size_t size) {
    uint64_t reached = 0;
    for (size_t i = 0; i < journal->n_records; i++) {
        const es_journal_record *r = &journal->record[i];
        if (r->bytes < reached || r->bytes > size || XXH64(partial, (size_t)r->bytes, 0) != r->xxh64)
            return i;
        reached = r->bytes;
    }
    return journal->n_records;
}

static void check_recovery(es_journal *journal, const char *partial_path, const uint8_t *partial, size_t size) {
    es_recovery recovery;
    size_t n;
    XXH64_state_t *hash;
    FUZZ_CHECK(es_journal_recover(journal, partial_path, &recovery, &n, &hash, NULL) == ES_OK);
    FUZZ_CHECK(n == confirmed_by_hand(journal, partial, size) && (hash != NULL) == (n > 0));
    FUZZ_CHECK(!n || XXH64_digest(hash) == journal->record[n - 1].xxh64);
    FUZZ_CHECK((recovery == ES_RECOVERY_NONE) == !journal->n_records);
    FUZZ_CHECK((recovery == ES_RECOVERY_WHOLE) == (n && n == journal->n_records));
    XXH64_freeState(hash);
    FUZZ_CHECK(es_journal_restart(journal, n, NULL) == ES_OK);
    FUZZ_CHECK(es_journal_append(journal, (es_journal_record){.next = 9, .bytes = size, .rows = 3}, NULL) == ES_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[128], partial_path[128];
    if (size < 1)
        return 0;
    uint8_t *copy = malloc(size);
    FUZZ_CHECK(copy);
    memcpy(copy, data, size);
    size_t n = (size_t)(data[0] >> 2) * 16;
    n = n < size - 1 ? n : size - 1;
    const uint8_t *partial = copy + 1 + n;
    if (data[0] & 1)
        mend(copy + 1, n, partial, size - 1 - n, data[0]);
    snprintf(path, sizeof path, "%s/journal", fuzz_folder());
    snprintf(partial_path, sizeof partial_path, "%s/partial", fuzz_folder());
    fuzz_write(path, copy + 1, n);
    fuzz_write(partial_path, partial, size - 1 - n);
    es_journal journal;
    es_errors *errors = fuzz_errors();
    FUZZ_CHECK(es_journal_open(&journal, path, IDENTITY, 0, errors) == ES_OK);
    size_t whole = journal.n_records;
    fuzz_refused += journal.torn || !whole;
    FUZZ_CHECK(whole <= n / RECORD);
    check_recovery(&journal, partial_path, partial, size - 1 - n);
    es_journal_close(&journal, false);
    FUZZ_CHECK(es_journal_open(&journal, path, IDENTITY, 0, NULL) == ES_OK && journal.n_records >= 1 && !journal.torn);
    es_journal_close(&journal, true);
    free(copy);
    return 0;
}

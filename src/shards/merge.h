/* Parts to one whole: rows one behind the other, fronts and best tables reduced; the bytes are those of a single run. */
#ifndef ES_SHARDS_MERGE_H
#define ES_SHARDS_MERGE_H

#include "shards/parts.h"
#include "engine/receiver.h"

typedef struct es_merge_options {
    const char *path[ES_RESULTS]; /* where each table goes, "-" is stdout; NULL: not wanted */
    const char *command;          /* for the meta files; may be NULL */
    bool sync;
    const volatile sig_atomic_t *stop;
} es_merge_options;

typedef struct es_merge_report {
    uint64_t rows[ES_RESULTS], bytes[ES_RESULTS];
    uint64_t missing[ES_RESULTS]; /* points left out for want of a value */
} es_merge_report;

/* Parts that es_parts_check has passed.  All hashes are verified before any output takes its name, and before anything
 * goes to a pipe or a device; ES_EDAMAGED when one fails. */
es_status es_merge(const es_parts *parts, const es_merge_options *options, es_merge_report *report, es_errors *errors);

/* ---- parts one by one ---- */

/* Gets a record and, if asked for, its row (n bytes with the newline). */
typedef es_status (*es_part_visit)(void *context, const es_record *record, const char *row, size_t n,
                                   es_errors *errors);

/* All rows of a part's front or best table, hashes verified; those seen before a failure may be damaged. */
es_status es_part_visit_rows(const es_part *part, es_result r, bool with_text, es_part_visit visit, void *context,
                             es_errors *errors);

/* The header of a part's table; *header is malloc'ed. */
es_status es_part_header(const es_part *part, es_result r, char **header, size_t *n, es_errors *errors);

/* The bytes of a part's table in pieces of at most `most` bytes, the hash verified at the end; header: with it. */
typedef es_status (*es_part_piece)(void *context, const char *data, size_t n, es_errors *errors);
es_status es_part_copy(const es_part *part, es_result r, bool header, char *buffer, size_t most, es_part_piece take,
                       void *context, es_errors *errors);

#endif

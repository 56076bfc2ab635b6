/* Parts to one whole: rows one behind the other, fronts and best tables reduced; the bytes are those of a single run. */
#ifndef ES_ENGINE_MERGE_H
#define ES_ENGINE_MERGE_H

#include "engine/parts.h"

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

#endif

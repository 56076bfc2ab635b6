/* Running one shard: its part of every table, hidden until whole, resumable, committed in an order that survives a crash at
 * any moment. */
#ifndef ES_SHARDS_SHARD_RUN_H
#define ES_SHARDS_SHARD_RUN_H

#include <edgesweep/sweep.h>

#include "shards/manifest.h"

typedef struct es_shard_options {
    const char *directory; /* OUT: made when it does not exist */
    es_shard shard;
    bool rows;       /* write rows; otherwise only the front and the best table */
    bool resume;     /* go on with a partial part */
    double interval; /* seconds between records of the journal; 0: 10 */
    /* threads, unique, csv, stop, progress, no_skip; the rest is the shard's own business. */
    es_run_options run;
} es_shard_options;

typedef struct es_shard_report {
    es_manifest manifest;
    bool finished_before;  /* nothing was done */
    uint64_t resumed_rows; /* rows taken over from an earlier run */
    es_run_report run;
} es_shard_report;

/* Release report->run with es_run_report_free in any case. */
es_status es_shard_run(const es_sweep *sweep, const es_shard_options *options, es_shard_report *report,
                       es_errors *errors);

#endif

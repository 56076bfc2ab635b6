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

/* ---- several shards of a sweep in one process, into one directory: what is costly is done once for all of them ----
 * Their manifests wait until the file system has everything else on the disk, which it is asked for at the end, and as often
 * as a journal gets its records; locks are held until then. */

typedef struct es_shard_batch es_shard_batch;

/* alone: for one shard, which is on the disk without waiting for other files of the system. */
es_status es_shard_batch_new(es_shard_batch **batch, const char *directory, bool alone, es_errors *errors);
/* As es_shard_run, but for the commit; options->directory is that of the batch. */
es_status es_shard_batch_run(es_shard_batch *batch, const es_sweep *sweep, const es_shard_options *options,
                             es_shard_report *report, es_errors *errors);
/* Parts that were run become finished ones. */
es_status es_shard_batch_commit(es_shard_batch *batch, es_errors *errors);
void es_shard_batch_free(es_shard_batch *batch); /* NULL is fine */

#endif

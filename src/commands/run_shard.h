/* `run --shard`. */
#ifndef ES_COMMANDS_RUN_SHARD_H
#define ES_COMMANDS_RUN_SHARD_H

#include "cli/cli.h"
#include "cli/progress.h"
#include "shards/shard_run.h"

/* --shard or one of its companions is given. */
bool es_cli_wants_shard(const es_cli *cli);

es_status es_cli_run_shard(es_cli *cli, es_errors *errors);

/* All but the shard itself: what the options of `run` mean for parts. */
es_status es_cli_shard_options(es_cli *cli, const es_sweep *sweep, es_progress_line *progress,
                               es_shard_options *options, es_errors *errors);

#endif

/* The steps of edgesweep-mpi after the shards are done; all ranks call each of them. */
#ifndef ES_MPI_MPI_RUN_H
#define ES_MPI_MPI_RUN_H

#include "shards/merge.h"

typedef struct es_ranks {
    int rank, n;
} es_ranks;

/* Fronts (or best tables) of every rank's own parts, combined in a binary tree; rank 0 writes the result to `path`. */
es_status es_mpi_reduce(const es_ranks *ranks, const es_parts *own, const es_part *any, es_result r, const char *path,
                        const char *command, es_errors *errors);

/* Rows of all `n` parts of a directory to one file, every rank its share at once; rank 0 reads it again for the checksum
 * of PATH.meta.json.  `any` is one of the parts. */
es_status es_mpi_single_file(const es_ranks *ranks, const char *directory, uint64_t n, const es_part *any,
                             const char *path, const char *command, es_errors *errors);

/* The worst status of all ranks, so that none goes on alone. */
es_status es_mpi_agree(es_status status);

#endif

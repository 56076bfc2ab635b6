/* Shards: contiguous ranges of a grid's points, numbered 0 to N-1. */
#ifndef ES_SHARDS_SHARD_H
#define ES_SHARDS_SHARD_H

#include <stdint.h>

#include <edgesweep/error.h>

enum { ES_MAX_SHARDS = 999999999 };

typedef struct es_shard {
    uint64_t k, n; /* k < n */
    uint64_t more; /* and as many behind k; k + more < n */
} es_shard;

/* First point of shard k of n, floor(total * k / n) in 128 bits; k == n gives total. */
uint64_t es_shard_first(uint64_t total, uint64_t k, uint64_t n);

/* How the number of a shard is found. */
typedef struct es_shard_source {
    const char *from;                   /* environment variable to use; NULL: look through those that are known */
    int64_t base;                       /* number of the first shard; -1: 0, or as the variable counts */
    char *(*environment)(const char *); /* getenv */
} es_shard_source;

/* `K/N`, `A-B/N`, several shards as one, or `auto/N`.  ES_EUSAGE with a message that says what to do: no or several variables
 * set, a number beyond N, A behind B. */
es_status es_shard_parse(const char *text, const es_shard_source *source, es_shard *shard, es_errors *errors);

#endif

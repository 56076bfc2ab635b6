/* The parts of a sweep: found by their manifests, and checked to be one whole. */
#ifndef ES_SHARDS_PARTS_H
#define ES_SHARDS_PARTS_H

#include "shards/manifest.h"

typedef struct es_part {
    char *directory; /* the OUT of its run */
    char stem[ES_PART_NAME];
    es_manifest manifest;
} es_part;

typedef struct es_parts {
    es_part *part; /* after es_parts_check: in the order of their points */
    size_t n, capacity;
    char *missing; /* after ES_EMISSING: shards to run, `--array=3,7-9`, when that can be said; else NULL */
} es_parts;

/* Adds what `input` names: a directory with all its finished parts, or one part by its manifest or one of its tables.
 * A part named twice is taken once. */
es_status es_parts_add(es_parts *parts, const char *input, es_errors *errors);

/* Adds the finished part `shard` of a directory. */
es_status es_parts_add_shard(es_parts *parts, const char *directory, es_shard shard, es_errors *errors);

/* Sorts.  ES_EMIXED: parts of different sweeps, versions or formats; ES_EOVERLAP; ES_EMISSING. */
es_status es_parts_check(es_parts *parts, es_errors *errors);

void es_parts_free(es_parts *parts);

/* Path of a part's table or of its records; malloc'ed, NULL when out of memory. */
char *es_part_text_path(const es_part *part, es_result r);
char *es_part_keys_path(const es_part *part, es_result r);

#endif

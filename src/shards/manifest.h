/* The manifest of a part: what it holds, how to check it and how to merge it; written last, so that a part with a
 * manifest is whole. */
#ifndef ES_SHARDS_MANIFEST_H
#define ES_SHARDS_MANIFEST_H

#include <stdbool.h>

#include <edgesweep/sweep.h>

#include "engine/record.h"
#include "shards/shard.h"

enum { ES_PART_NAME = 96 };

/* One table of a part. */
typedef struct es_part_table {
    bool given;
    uint64_t header_bytes, rows, bytes, xxh64;
    /* Front and best: the file of records beside the manifest. */
    uint64_t keys_bytes, keys_xxh64;
    uint64_t missing;                    /* points left out for want of a value */
    unsigned n_by, n_objectives;         /* values in a record */
    bool ties;                           /* and, between them, the picked value and the model */
    bool counted;                        /* and, behind them, how many points share the vector: fronts of unique ones */
    uint8_t maximize[ES_MAX_OBJECTIVES]; /* 1 or 0 per objective */
} es_part_table;

typedef struct es_manifest {
    char version[32];
    uint64_t grid_hash, catalog_hash;
    char format[96]; /* how text is written: `csv digits=9 ...` */
    bool unique;     /* the front keeps only the lowest index of equal points */
    uint64_t total;  /* points of the grid */
    es_shard shard;
    uint64_t first, end; /* points of the part */
    es_part_table table[ES_RESULTS];
} es_manifest;

/* The folder of a result's files inside the output directory: data, front, best. */
extern const char *const es_part_folder[ES_RESULTS];
#define ES_MANIFEST_FOLDER "_manifest"

static inline size_t es_part_values(const es_part_table *table) {
    return table->n_by + (table->ties ? ES_TIE_VALUES : 0) + table->n_objectives + table->counted;
}

/* part-00003-of-00016 */
void es_part_stem(es_shard shard, char name[static ES_PART_NAME]);
/* The suffix of files of a format: `csv digits=9 delimiter=, decimal=. bom=0 crlf=0`. */
const char *es_part_suffix(const char *format);

/* What the part of a shard is before anything is written: everything but the tables' sizes. */
es_manifest es_manifest_make(const es_sweep *sweep, const es_run_options *options, es_shard shard);

/* One number for what a part is a part of, its range included. */
uint64_t es_manifest_identity(const es_manifest *manifest);

/* JSON with a hash over itself; *text is malloc'ed. */
es_status es_manifest_text(const es_manifest *manifest, char **text, es_errors *errors);

/* ES_EDAMAGED when the file is not what es_manifest_text wrote, ES_ERUNTIME when it cannot be read. */
es_status es_manifest_read(es_manifest *manifest, const char *path, es_errors *errors);

#endif

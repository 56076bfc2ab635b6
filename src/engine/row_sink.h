/* Where finished rows go: one output file, a row of files when they are split, or the receiver of the run. */
#ifndef ES_ENGINE_ROW_SINK_H
#define ES_ENGINE_ROW_SINK_H

#include <edgesweep/sweep.h>

#include "engine/receiver.h"
#include "engine/rows.h"
#include "io/meta.h"
#include "io/output.h"

/* The options of one of the tables. */
const es_csv_options *es_csv_options_of(const es_run_options *options, es_result result);

typedef struct es_row_sink {
    const char *path;
    es_output_options options;
    es_recipe recipe;    /* of the meta file */
    uint64_t split_rows; /* 0: one file */
    es_buffer header;    /* written at the start of every file; the sink's */
    es_output *output;
    bool array; /* rows, which are lines, become items of a JSON array */
    es_result result;
    const es_receiver *receiver; /* NULL: files */
    /* The first point behind a ticket, when every write is one of `pass`; NULL: not known. */
    uint64_t (*behind)(const void *pass, uint64_t ticket);
    const void *pass;
    uint64_t tickets;                /* written */
    uint64_t rows, rows_here, bytes; /* all files, this file, all files */
    unsigned file;                   /* number of the current file, from 1 */
} es_row_sink;

/* Opens the first file and writes the header, which the sink takes over. */
es_status es_row_sink_open(es_row_sink *sink, const char *path, es_result result, const es_sweep *sweep,
                           const es_run_options *options, es_buffer *header, es_errors *errors);

/* Whole rows, each ending in a newline.  Starts the next file where the split says so. */
es_status es_row_sink_write(void *sink, const char *data, size_t n, uint64_t rows, es_errors *errors);

/* Ends the last file; after either call the sink is empty. */
es_status es_row_sink_commit(es_row_sink *sink, es_errors *errors);
void es_row_sink_abort(es_row_sink *sink);

/* Name of part `file` of a split output: out.csv becomes out-0002.csv. */
void es_row_sink_part_name(const char *path, unsigned file, char *to, size_t size);

#endif

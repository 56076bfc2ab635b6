/* A sweep as columns in memory: the rows, the front or the best choices, in batches, without text between.
 *
 *     es_stream *stream;
 *     es_chunk *chunk;
 *     es_status status = es_sweep_open(&stream, &(es_stream_options){.path = "edge.sweep"}, &errors);
 *     while (!status && !(status = es_sweep_next(stream, &chunk, &errors)) && chunk) {
 *         const double *tpot_s = chunk->value[k]; ... chunk->n rows ...
 *         es_chunk_release(chunk);
 *     }
 *     es_sweep_close(stream);
 *
 * The grid is evaluated by a team of threads that works a few batches ahead and waits when nobody takes them, so memory
 * does not depend on the number of points.  Values, order and the rows of each batch do not depend on threads.
 *
 * Thread-safety: a stream belongs to one thread at a time, but es_sweep_cancel may be called from any and from signal
 * handlers.  Chunks are read-only; any thread may read and release them, also after the stream is closed.
 */
#ifndef EDGESWEEP_STREAM_H
#define EDGESWEEP_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <edgesweep/error.h>
#include <edgesweep/sweep.h>

/* Which table of the sweep. */
typedef enum es_stream_table {
    ES_STREAM_ROWS,  /* the points that meet [where], in index order */
    ES_STREAM_FRONT, /* of these the front of [pareto], in index order */
    ES_STREAM_BEST   /* the choices of [best], ordered by the values of the by columns, which come first */
} es_stream_table;

/* Zero-initialise; all that is pointed to is copied or only used during es_sweep_open. */
typedef struct es_stream_options {
    const char *path; /* the sweep file; with `text` only its name in messages.  NULL: everything comes from sets */
    const char *text; /* its contents, NUL-terminated; NULL: the file is read */
    const char *const *catalogs; /* folders as es_catalog_load takes them; none: the embedded catalogs */
    size_t n_catalogs;
    const char *const *sets, *const *wheres; /* as es_sweep_load takes them */
    size_t n_sets, n_wheres;
    es_stream_table table;
    bool unique;      /* of equal points of the front only the first, with the column `ties`: how many there are */
    unsigned threads; /* 0: OMP default, fewer for small grids */
    uint64_t limit;   /* end after that many rows that meet [where]; 0: none */
    bool part;        /* only the points [first, end) of the grid, of which there must be some */
    uint64_t first, end;
    size_t chunk_rows; /* rows of a chunk (the last has fewer), 1 to 2^31 - 1; 0: 65536, fewer when that takes 16 MiB */
} es_stream_options;

typedef enum es_column_type {
    ES_REAL_COLUMN,  /* double; NaN where missing */
    ES_WHOLE_COLUMN, /* int64_t, fractions of bytes rounded up; 0 where missing */
    ES_TEXT_COLUMN   /* int32_t, place in `texts`; -1 where missing */
} es_column_type;

/* A column of the stream; the stream's. */
typedef struct es_stream_column {
    const char *name, *unit; /* "" without a unit */
    es_column_type type;
    bool is_axis;
    const char *const *texts; /* TEXT: all values it can have, none twice, none empty; UTF-8 */
    size_t n_texts;
} es_stream_column;

/* Consecutive rows.  Arrays are aligned to 64 bytes; everything is the chunk's. */
typedef struct es_chunk {
    size_t n;                    /* rows, at least 1 */
    const int64_t *index;        /* of the rows' points in the grid, for es_sweep_point and `explain --index` */
    const void *const *value;    /* per column, n values of its type */
    const uint8_t *const *valid; /* per column, bit i % 8 of byte i / 8: row i has a value; NULL: all have */
    const size_t *missing;       /* per column, rows without a value */
} es_chunk;

typedef struct es_stream es_stream;

/* Loads catalogs and sweep and finds the columns; nothing is evaluated before the first es_sweep_next.  Warnings go to
 * errors, too.  On success the caller owns *stream, else it is NULL: ES_EUSAGE for faults of the sweep, with file, line and
 * column, and for a table that it does not have; ES_ERUNTIME for memory. */
es_status es_sweep_open(es_stream **stream, const es_stream_options *options, es_errors *errors);

/* Ends the threads, waiting for what they are at; NULL is fine.  Chunks stay. */
void es_sweep_close(es_stream *stream);

/* The planned sweep, the stream's: axes, number of points, hash. */
const es_sweep *es_stream_sweep(const es_stream *stream);

/* The n columns in order; the stream's. */
const es_stream_column *es_stream_columns(const es_stream *stream, size_t *n);

/* The next rows, the caller's to release, or NULL at the end, then and from then on.  Waits for the threads.  Not ES_OK:
 * ES_EINT after es_sweep_cancel; ES_ERUNTIME for memory and for a whole number beyond 63 bits.  *chunk is then NULL and the
 * same status comes again. */
es_status es_sweep_next(es_stream *stream, es_chunk **chunk, es_errors *errors);

void es_chunk_release(es_chunk *chunk); /* NULL is fine */

/* Asks the threads to stop soon; es_sweep_next gives what is finished, whole rows in order, then ES_EINT. */
void es_sweep_cancel(es_stream *stream);

/* What was counted (points, rejected by condition, left out), the stream's; NULL before es_sweep_next gave its last. */
const es_run_report *es_stream_report(const es_stream *stream);

#endif

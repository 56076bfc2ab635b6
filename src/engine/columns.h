/* Rows as columns in memory: typed values of tiles, packed in pieces that travel like text through the ordered hand-over
 * and are joined in chunks. */
#ifndef ES_ENGINE_COLUMNS_H
#define ES_ENGINE_COLUMNS_H

#include <edgesweep/stream.h>

#include "engine/eval.h"
#include "engine/rows.h"

typedef struct es_column_format es_column_format; /* shared, immutable */

/* n columns of the sweep, which must outlive it, in this order.  `count`: a column of counts behind them, which
 * es_column_append_count adds to each row; NULL: none. */
es_status es_column_format_new(es_column_format **format, const es_sweep *sweep, const int *columns, size_t n,
                               const es_column *count, es_errors *errors);
void es_column_format_free(es_column_format *format);
const es_stream_column *es_column_format_columns(const es_column_format *format, size_t *n);

/* Appends points [from, to) of the eval's tile; keep (one byte per point, NULL: all) says which. */
es_status es_column_append(const es_column_format *format, const es_program *program, const es_eval *eval,
                           const uint8_t *keep, size_t from, size_t to, es_buffer *buffer, es_errors *errors);

/* Behind a piece of one row: its count. */
es_status es_column_append_count(uint64_t count, es_buffer *buffer, es_errors *errors);

/* ---- chunks ---- */

/* Where chunks come from and go back to; counted by its chunks, so that it may be let go before them. */
typedef struct es_chunk_pool es_chunk_pool;
es_status es_chunk_pool_new(es_chunk_pool **pool, const es_column_format *format, size_t rows, es_errors *errors);
void es_chunk_pool_leave(es_chunk_pool *pool); /* NULL is fine */

/* An empty chunk, NULL when out of memory.  Each es_chunk_keep takes one more es_chunk_release. */
es_chunk *es_chunk_new(es_chunk_pool *pool);
void es_chunk_keep(es_chunk *chunk);

/* Copies rows of the piece at *data behind those of the chunk, at most as there is room for; *done of its rows were copied
 * before, and *data moves behind the piece when all are.  False when the chunk is full. */
bool es_chunk_take(es_chunk *chunk, const char **data, uint64_t *done);

#endif

/* One pass over the grid: threads take boxes or runs of tiles, evaluate what is wanted, hand rows on in order and keep fronts and
 * best choices, which are merged at the end. */
#ifndef ES_ENGINE_PASS_H
#define ES_ENGINE_PASS_H

#include <stdatomic.h>

#include "engine/best.h"
#include "engine/columns.h"
#include "engine/dealer.h"
#include "engine/eval.h"
#include "engine/filter.h"
#include "engine/front.h"
#include "engine/ordered.h"
#include "engine/record.h"
#include "engine/row_sink.h"
#include "engine/rows.h"
#include "engine/search.h"

typedef struct es_pass {
    const es_sweep *sweep;
    const es_run_options *options;
    es_run_report *report;
    es_tiling tiling;
    es_program *program;
    bool makes_rows;
    es_row_format *format;           /* of rows as text */
    const es_column_format *columns; /* of rows as columns, else NULL */
    es_ordered *ordered;
    bool want_best, want_front;
    es_front_exchange *exchange; /* want_front */
    bool searches;               /* by boxes, with bounds */
    es_ladder ladder;
    es_bounds *bounds;
    size_t ticket_rung;             /* boxes of this rung are the tickets of a search */
    unsigned live;                  /* what points are wanted for: ES_LIVE_... */
    const es_front_pass *finished;  /* second pass: rows are the points on these fronts */
    es_front_ties *ties;            /* ... or are counted here */
    const es_front_vector *vectors; /* of rows of single points: what is written behind them */
    es_result result;               /* which one the rows make */
    es_record_spec record;          /* in front of every row; none for ES_RESULT_ROWS */
    uint64_t first, end, first_tile, n_tickets, tiles_per_ticket;
    uint64_t first_box;
    uint32_t *ticket_order; /* of a search without rows; NULL: as they come */
    uint64_t lot_axes;      /* of a search without rows, by several threads, with many groups; else 0 */
    uint64_t lot;           /* tickets that a thread takes at once */
    es_dealer *dealer;      /* of the tickets of a search for ties */
    unsigned threads;
    _Atomic uint64_t next, points_done, rows_done;
    uint64_t reached; /* under --limit: behind the last point looked at */
    _Atomic int halt; /* no more tickets are taken */
    double started;
} es_pass;

typedef struct es_pass_worker {
    es_pass *pass;
    es_eval *eval;
    es_boxes *boxes;
    es_search search;
    es_filter filter;
    es_row_writer *writer;
    es_best best;
    es_front_pass front;
    es_buffer buffer; /* of the ticket at hand */
    es_buffer lines;  /* rows that wait for their records */
    es_errors errors;
    es_status status;
    uint64_t next, end; /* tickets of the lot at hand that are left */
    uint64_t rows;      /* of the ticket: points that passed */
    double seconds_evaluate, seconds_format;
} es_pass_worker;

/* Prepares program and row format; columns: those to write, NULL for no rows.  Behind a failure, too, it is to be freed. */
es_status es_pass_build(es_pass *pass, const int *columns, size_t n_columns, es_errors *errors);
void es_pass_free(es_pass *pass);

/* Everything; sink: where rows go, NULL without.  The first worker then has the front and the best choices of all.  In any case
 * es_pass_end frees workers and pass. */
es_status es_pass_run(es_pass *pass, es_row_sink *sink, es_pass_worker **workers, es_errors *errors);
void es_pass_end(es_pass *pass, es_pass_worker *workers);

/* A worker without a pass under way, for single points. */
es_status es_pass_worker_init(es_pass_worker *worker, es_pass *pass);
void es_pass_worker_free(es_pass_worker *worker);

/* Rows of the points [from, to) of the worker's tile that are kept, with their records. */
es_status es_pass_append_rows(es_pass_worker *worker, const uint8_t *keep, size_t from, size_t to, es_buffer *buffer,
                              es_errors *errors);

#endif

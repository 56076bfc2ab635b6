/* Where the tables of a run go when they do not go to files of their own: to the parts of a shard, to a stream. */
#ifndef ES_ENGINE_RECEIVER_H
#define ES_ENGINE_RECEIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <edgesweep/error.h>

typedef enum es_result { ES_RESULT_ROWS, ES_RESULT_FRONT, ES_RESULT_BEST, ES_RESULTS } es_result;

/* In front of every row of the front and of the best table: the index of its point, then the values of the by columns
 * and of the objectives as doubles, with `unique` the number of points that share the vector.  Tables are merged by these,
 * not by the digits of the text.  Where formats of a model
 * may tie in quality, the best table holds all rows that may still win, and between the two stand the picked value and
 * the model. */
typedef struct es_record {
    uint64_t index;
    double value[]; /* n_by, 2 with ties, n_objectives, 1 of a front of unique vectors */
} es_record;

struct es_column_format;

/* Both are called by one thread at a time, header once per table before its rows. */
typedef struct es_receiver {
    void *context;
    /* Rows come as pieces of columns (engine/columns.h) instead of text, without records and header.  Only the tables that
     * have a path in the options are made; those without a format are files. */
    bool as_columns;
    const struct es_column_format *columns[ES_RESULTS];
    es_status (*header)(void *context, es_result result, const char *data, size_t n, es_errors *errors);
    /* Whole rows, each ending in a newline.  `next` (of ES_RESULT_ROWS): the rows of all points before it have come. */
    es_status (*write)(void *context, es_result result, const char *data, size_t n, uint64_t rows, uint64_t next,
                       es_errors *errors);
} es_receiver;

/* Who takes the table: NULL, a file. */
static inline const es_receiver *es_receiver_of(const es_receiver *receiver, es_result result) {
    return receiver && receiver->as_columns && !receiver->columns[result] ? NULL : receiver;
}

#endif

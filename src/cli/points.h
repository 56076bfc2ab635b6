/* Single points of a sweep, for tables and explanations; grids go through es_sweep_run. */
#ifndef ES_CLI_POINTS_H
#define ES_CLI_POINTS_H

#include <edgesweep/sweep.h>

#include "cli/cli.h"
#include "cli/print.h"
#include "grid/plan.h"

/* Indices that lie evenly in the grid however many are taken (k = 0, 1, ...): multiples of the golden ratio. */
uint64_t es_spread_index(const es_sweep *sweep, uint64_t k);

/* Name of value `i` of an axis as the CSV shows it. */
void es_axis_value_text(const es_axis *axis, size_t i, char *to, size_t size);

/* Appends the value of a column to a table: short numbers, texts as they are. */
void es_listing_column(es_listing *listing, const es_column *column, const double *value);

/* `name [unit]`, with '>' in front for numbers, as es_listing_begin wants it; in the arena, NULL when out of memory. */
const char *es_column_header(es_arena *arena, const es_column *column);

/* What the node is in the table of the kernel. */
static inline double es_column_value(const es_column *column, const double *value) { return value[column->node]; }

/* A build of es_build_parse: "b8134", "2024-11", "the newest build". */
const char *es_build_words(double build, char *text, size_t size);

#endif

/* Reductions of parts: fronts and best tables merged by their records, row by row the same as those of a single run.
 *
 * front(A u B) = front(front A u front B), and the best of a group is the best of its parts' best.  With ties in quality it
 * is among the rows that each part keeps: those within a tie of its own highest quality, which that of the whole is not
 * below.
 */
#ifndef ES_SHARDS_REDUCE_H
#define ES_SHARDS_REDUCE_H

#include "shards/manifest.h"
#include "engine/record.h"

/* ---- fronts: show every record, finish, show every record again and keep the rows of those that match.  Of unique vectors
 * the ties are counted in between, by showing every record once more ---- */

typedef struct es_front_union es_front_union;

es_status es_front_union_new(es_front_union **to, const es_part_table *table, bool unique, es_errors *errors);
void es_front_union_free(es_front_union *front);
es_status es_front_union_add(es_front_union *front, const es_record *record, es_errors *errors);
es_status es_front_union_finish(es_front_union *front, es_errors *errors);
void es_front_union_count(es_front_union *front, const es_record *record);
bool es_front_union_has(const es_front_union *front, const es_record *record);
/* Of a record that the front has, with its row of *n bytes: both with the ties of all, the front's until the next call. */
es_status es_front_union_row(es_front_union *front, const es_record **record, const char **row, size_t *n,
                             es_errors *errors);

/* ---- best tables ---- */

typedef struct es_best_union es_best_union;

es_status es_best_union_new(es_best_union **to, const es_part_table *table, es_errors *errors);
void es_best_union_free(es_best_union *best);
/* row: the row's text, n bytes; copied when it leads its group (with ties, its group's picked value). */
es_status es_best_union_add(es_best_union *best, const es_record *record, const char *row, size_t n, es_errors *errors);

/* Orders the rows by the values of the by columns; gives their number.  `at_end` only the winners, else also those that
 * tie and can win when further parts join.  No more adding after that. */
size_t es_best_union_finish(es_best_union *best, bool at_end);
const es_record *es_best_union_row(const es_best_union *best, size_t i, const char **row, size_t *n);

#endif

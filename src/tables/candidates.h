/* Rows of a table that may be part of a result: their numbers, their group and their text. */
#ifndef ES_TABLES_CANDIDATES_H
#define ES_TABLES_CANDIDATES_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include <edgesweep/pareto.h>

/* The objectives and the two ends of their ranges. */
enum { ES_MAX_FRONT_COLUMNS = 3 * ES_MAX_OBJECTIVES };

/* Structure of arrays, by rising index; zero-initialise, set d, release with es_candidates_free. */
typedef struct es_candidates {
    unsigned d; /* numbers of a row: objectives, then ends of ranges */
    size_t n;
    double *value[ES_MAX_FRONT_COLUMNS];
    uint64_t *index; /* of the row in the table */
    uint32_t *group;
    uint64_t *ties;   /* rows that it stands for, with itself */
    size_t *text_end; /* the row ends at text[text_end[i]] */
    char *text;
    size_t text_length;
    size_t value_capacity[ES_MAX_FRONT_COLUMNS], index_capacity, group_capacity, ties_capacity, end_capacity,
        text_capacity;
} es_candidates;

void es_candidates_free(es_candidates *c);

es_status es_candidates_add(es_candidates *c, const double *value, uint64_t index, uint32_t group, uint64_t ties,
                            es_slice text, es_errors *errors);

es_slice es_candidates_text(const es_candidates *c, size_t i);

/* Keeps those at the `count` ascending positions. */
void es_candidates_keep(es_candidates *c, const uint64_t *position, size_t count);

/* Of ones in a group whose numbers are all equal the first stands for all. */
es_status es_candidates_unite_equals(es_candidates *c, es_errors *errors);

/* Moves all candidates of the parts into the empty `all`, by rising index, and empties the parts. */
es_status es_candidates_merge(es_candidates *all, es_candidates *part, size_t n_parts, es_errors *errors);

#endif

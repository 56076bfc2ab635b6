/* What es_csv_front does with rows: the options resolved against the header. */
#ifndef ES_TABLES_FRONT_PLAN_H
#define ES_TABLES_FRONT_PLAN_H

#include "tables/candidates.h"
#include "tables/csv_front.h"

typedef enum es_front_mode { ES_FRONT_PLAIN, ES_FRONT_LAYERS, ES_FRONT_BOXES, ES_FRONT_ROBUST } es_front_mode;

typedef struct es_front_plan {
    const es_csv_front_options *options;
    es_csv_input *csv;
    es_front_mode mode;
    unsigned d;
    bool counted;                            /* rows bring their ties in the last column, which is replaced */
    unsigned n_columns;                      /* that are kept as numbers: d, and two of each range */
    size_t column[ES_MAX_FRONT_COLUMNS + 1]; /* of the objectives, then of their ranges, then of the ties */
    es_direction direction[ES_MAX_OBJECTIVES];
    const char *name[ES_MAX_OBJECTIVES];
    double epsilon[ES_MAX_OBJECTIVES];  /* ES_FRONT_BOXES */
    double relative[ES_MAX_OBJECTIVES]; /* ES_FRONT_ROBUST: errors as fractions */
    /* ES_FRONT_ROBUST: where in column[] the low end is, with the high one behind it; 0: relative. */
    unsigned range[ES_MAX_OBJECTIVES];
    double reference[ES_MAX_OBJECTIVES]; /* when asked for */
    size_t boundary;                     /* column of what energies are measured at; SIZE_MAX: of no matter */
    size_t *by;                          /* columns, options->n_by of them */
} es_front_plan;

es_status es_front_plan_init(es_front_plan *plan, es_csv_input *csv, const es_csv_front_options *options,
                             es_errors *errors);
void es_front_plan_free(es_front_plan *plan);

/* Names of the columns that the output adds, in its order, ties last.  Returns how many. */
enum { ES_FRONT_ADDED = 5 };
size_t es_front_added(const es_csv_front_options *options, const char *name[ES_FRONT_ADDED]);

/* How the kept candidates fare: arrays of n, freed with es_front_verdict_free. */
typedef struct es_front_verdict {
    es_index kept;
    uint32_t *rank;  /* ES_FRONT_LAYERS; NULL otherwise */
    uint8_t *robust; /* ES_FRONT_ROBUST; NULL otherwise */
} es_front_verdict;

void es_front_verdict_free(es_front_verdict *verdict);

/* Which candidates belong to the result, were they the whole table; with `unique` equal ones are united first. */
es_status es_front_judge(const es_front_plan *plan, es_candidates *candidates, unsigned threads,
                         es_front_verdict *verdict, es_errors *errors);

/* Candidates as points; `column` has room for d pointers. */
es_points es_front_points(const es_front_plan *plan, const es_candidates *candidates, const double **column);

/* A row or the header of a table whose rows bring their ties, without these. */
es_slice es_front_without_ties(const es_front_plan *plan, es_slice row);

/* Writes the table of the kept candidates and the hypervolumes.  `keys` names the groups. */
struct es_keys;
es_status es_front_write(const es_front_plan *plan, const es_candidates *candidates, const struct es_keys *keys,
                         const es_front_verdict *verdict, const es_text_sink *out, const es_text_sink *side,
                         es_errors *errors);

#endif

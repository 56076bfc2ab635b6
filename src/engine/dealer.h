/* Deals the boxes of a second pass over the grid to its threads: those that bounds leave, in index order. */
#ifndef ES_ENGINE_DEALER_H
#define ES_ENGINE_DEALER_H

#include "engine/search.h"

typedef struct es_dealer es_dealer;

typedef struct es_deal {
    uint64_t ticket, box; /* tickets are consecutive */
    unsigned live;        /* what is left to do: 0 when no box has been found yet */
    uint64_t skipped;     /* points passed over since the last deal */
} es_deal;

/* `like`: range and finished front are those of this search; what it counts is left alone.  All that is handed in must
 * outlive the dealer. */
es_status es_dealer_new(es_dealer **dealer, const es_search *like, const es_program *program, const es_bounds *bounds,
                        size_t rung, unsigned live, es_errors *errors);
void es_dealer_free(es_dealer *dealer); /* NULL is fine */

/* False at the end.  From all threads. */
bool es_dealer_next(es_dealer *dealer, es_deal *deal);

#endif

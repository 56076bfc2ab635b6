#include "engine/dealer.h"

#include <pthread.h>
#include <stdlib.h>

struct es_dealer {
    pthread_mutex_t lock; /* over all that follows */
    bool lock_set;
    uint64_t tickets, skipped;
    es_boxes *boxes;
    es_filter filter;
    es_front_pass front;
    es_search search;
    es_walk walk;
};

es_status es_dealer_new(es_dealer **dealer, const es_search *like, const es_program *program, const es_bounds *bounds,
                        size_t rung, unsigned live, es_errors *errors) {
    es_dealer *d = *dealer = calloc(1, sizeof *d);
    if (!d)
        return es_fail_memory(errors);
    d->lock_set = pthread_mutex_init(&d->lock, NULL) == 0;
    es_status status = d->lock_set ? ES_OK : es_fail_memory(errors);
    if (!status)
        status = es_boxes_new(&d->boxes, bounds, errors);
    if (!status)
        status = es_filter_init(&d->filter, like->sweep, program, errors);
    if (!status)
        status = es_front_pass_init(&d->front, like->sweep, program, NULL, errors);
    if (status) {
        es_dealer_free(d);
        *dealer = NULL;
        return status;
    }
    d->search = (es_search){.sweep = like->sweep,
                            .ladder = like->ladder,
                            .boxes = d->boxes,
                            .first = like->first,
                            .end = like->end,
                            .filter = &d->filter,
                            .front = &d->front,
                            .finished = like->finished};
    es_walk_start(&d->walk, &d->search, rung, live);
    return ES_OK;
}

void es_dealer_free(es_dealer *d) {
    if (!d)
        return;
    es_front_pass_free(&d->front);
    es_filter_free(&d->filter);
    es_boxes_free(d->boxes);
    if (d->lock_set)
        pthread_mutex_destroy(&d->lock);
    free(d);
}

bool es_dealer_next(es_dealer *d, es_deal *deal) {
    pthread_mutex_lock(&d->lock);
    bool more = es_walk_next(&d->walk, &deal->box, &deal->live);
    deal->ticket = d->tickets;
    d->tickets += more && deal->live;
    deal->skipped = d->search.skipped - d->skipped;
    d->skipped = d->search.skipped;
    pthread_mutex_unlock(&d->lock);
    return more;
}

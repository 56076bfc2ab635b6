#include "base/team.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

typedef struct gate {
    pthread_mutex_t lock;
    pthread_cond_t opened;
    bool open;
} gate;

static void *wait_at(void *argument) {
    gate *g = argument;
    pthread_mutex_lock(&g->lock);
    while (!g->open)
        pthread_cond_wait(&g->opened, &g->lock);
    pthread_mutex_unlock(&g->lock);
    return NULL;
}

/* How many of `wanted` further threads can live at the same time. */
static unsigned count_possible(unsigned wanted) {
    gate g = {.lock = PTHREAD_MUTEX_INITIALIZER, .opened = PTHREAD_COND_INITIALIZER};
    pthread_t *threads = malloc(wanted * sizeof *threads);
    unsigned n = 0;
    while (threads && n < wanted && pthread_create(&threads[n], NULL, wait_at, &g) == 0)
        n++;
    pthread_mutex_lock(&g.lock);
    g.open = true;
    pthread_cond_broadcast(&g.opened);
    pthread_mutex_unlock(&g.lock);
    for (unsigned i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    free(threads);
    return n;
}

unsigned es_team(unsigned wanted) {
    static _Thread_local unsigned started = 1; /* libgomp keeps its threads per thread that starts teams */
    if (wanted <= started)
        return wanted > 1 ? wanted : 1;
    const unsigned possible = count_possible(wanted - 1) + 1;
    if (possible > started) {
        unsigned members = 0;
#pragma omp parallel num_threads(possible) reduction(+ : members)
        members++;
        started = members > started ? members : started;
    }
    return started;
}

typedef struct member {
    pthread_t thread;
    void (*work)(void *context, unsigned t);
    void *context;
    unsigned t;
} member;

static void *do_share(void *argument) {
    const member *m = argument;
    m->work(m->context, m->t);
    return NULL;
}

void es_team_run(unsigned n, void (*work)(void *context, unsigned t), void *context) {
    member *others = n > 1 ? calloc(n - 1, sizeof *others) : NULL;
    unsigned started = 0;
    for (; others && started < n - 1; started++) {
        member *m = &others[started];
        m->work = work, m->context = context, m->t = started + 1;
        if (pthread_create(&m->thread, NULL, do_share, m) != 0)
            break;
    }
    work(context, 0);
    for (unsigned t = started + 1; t < n; t++)
        work(context, t);
    for (unsigned i = 0; i < started; i++)
        pthread_join(others[i].thread, NULL);
    free(others);
}

#include "model/queue.h"

#include <math.h>

#include "base/expo.h"

/* States that are solved for one by one; behind them probabilities fall geometrically (Tijms 2003, A First Course in
 * Stochastic Models, section 9.6.2). */
enum { MOST_SLOTS = 64, BEHIND_SLOTS = 40, STATES = MOST_SLOTS + BEHIND_SLOTS + 1 };

typedef struct queue {
    double load;
    int slots, last;  /* the state behind which the tail begins */
    double p[STATES]; /* of so many requests in the system */
    double ratio;     /* of the tail: p[last + i] = p[last] * ratio^i */
} queue;

/* Root below 1 of load*(1/r - 1) = ln(1/r): how fast the tail falls. */
static double tail_ratio(double load) {
    double low = 1, high = 2; /* of t = 1/r */
    while (load * (high - 1) < es_log(high))
        high *= 2;
    low = 1 / load < high ? 1 / load : low; /* load*(t - 1) - ln(t) falls up to there, from 0 */
    for (int i = 0; i < 100; i++) {
        const double middle = (low + high) / 2;
        if (load * (middle - 1) < es_log(middle))
            low = middle;
        else
            high = middle;
    }
    return 1 / high;
}

/* Gaussian elimination with row exchanges; the solution comes into b. */
static void solve(double (*a)[STATES], double *b, int n) {
    for (int k = 0; k < n; k++) {
        int pivot = k;
        for (int i = k + 1; i < n; i++)
            if (fabs(a[i][k]) > fabs(a[pivot][k]))
                pivot = i;
        for (int j = 0; j < n; j++) {
            const double x = a[k][j];
            a[k][j] = a[pivot][j], a[pivot][j] = x;
        }
        const double x = b[k];
        b[k] = b[pivot], b[pivot] = x;
        for (int i = k + 1; i < n; i++) {
            const double factor = a[i][k] / a[k][k];
            for (int j = k; j < n && factor != 0; j++)
                a[i][j] -= factor * a[k][j];
            b[i] -= factor * b[k];
        }
    }
    for (int k = n; k-- > 0;) {
        for (int j = k + 1; j < n; j++)
            b[k] -= a[k][j] * b[j];
        b[k] /= a[k][k];
    }
}

/* Whoever is in service leaves within a service time, and nobody who came meanwhile does:
 * p_j = a_j (p_0 + ... + p_c) + a_(j-1) p_(c+1) + ... + a_0 p_(c+j), a_k Poisson of the arrivals in that time. */
static void stationary(queue *q) {
    double a[STATES][STATES];
    double arrivals[STATES];
    const int n = q->last + 1;
    arrivals[0] = es_exp(-q->load * q->slots);
    for (int k = 1; k < n; k++)
        arrivals[k] = arrivals[k - 1] * q->load * q->slots / k;
    for (int j = 0; j < n; j++) {
        for (int i = 0; i < n; i++)
            a[j][i] = (i <= q->slots ? arrivals[j] : i - q->slots <= j ? arrivals[j - (i - q->slots)] : 0) - (i == j);
        double share = 1;
        for (int i = n; i - q->slots <= j; i++) { /* states of the tail */
            share *= q->ratio;
            a[j][q->last] += share * arrivals[j - (i - q->slots)];
        }
        q->p[j] = 0;
    }
    for (int i = 0; i < n; i++) /* one balance follows from the others: all of them together are certain */
        a[q->last][i] = i < q->last ? 1 : 1 / (1 - q->ratio);
    q->p[q->last] = 1;
    solve(a, q->p, n);
}

static int prepare(queue *q, double load, double slots) {
    if (!(load > 0) || !(load < 1) || !(slots <= MOST_SLOTS))
        return 0;
    *q = (queue){.load = load, .slots = (int)slots, .last = (int)slots + BEHIND_SLOTS, .ratio = tail_ratio(load)};
    stationary(q);
    return 1;
}

/* Little's law over those who wait. */
void es_queue_mean(double *restrict out, const double *const *in, size_t n) {
    for (size_t i = 0; i < n; i++) {
        queue q;
        out[i] = in[0][i] <= 0 ? 0 : NAN;
        if (!prepare(&q, in[0][i], in[1][i]))
            continue;
        double waiting = 0;
        for (int k = q.slots + 1; k < q.last; k++)
            waiting += (k - q.slots) * q.p[k];
        const double rest = q.p[q.last] / (1 - q.ratio);
        waiting += rest * (q.last - q.slots + q.ratio / (1 - q.ratio));
        out[i] = waiting / (q.load * q.slots);
    }
}

/* Share of requests that wait no longer than x: Franx 2001, A simple solution for the M/D/c waiting time distribution,
 * Operations Research Letters 29. */
static double waits_at_most(const queue *q, double x) {
    const double periods = floor(x) + 1, mean = q->load * q->slots * (periods - x);
    const int most = (int)periods * q->slots - 1;
    double weight = es_exp(-mean), sum = 0, cumulative = 0, share = 1;
    /* cumulative: at most `most` in the queue, then fewer and fewer */
    for (int i = 0; i <= q->slots + most && i < q->last; i++)
        cumulative += q->p[i];
    if (q->slots + most >= q->last) {
        share = es_pow(q->ratio, q->slots + most - q->last + 1);
        cumulative = 1 - q->p[q->last] * share / (1 - q->ratio);
    }
    for (int j = 0; j <= most; j++) {
        sum += weight * cumulative;
        weight *= mean / (j + 1);
        const int state = q->slots + most - j;
        cumulative -= state < q->last ? q->p[state] : q->p[q->last] * es_pow(q->ratio, state - q->last);
        if (weight < 1e-18 && j > mean)
            break;
    }
    return sum;
}

void es_queue_p95(double *restrict out, const double *const *in, size_t n) {
    for (size_t i = 0; i < n; i++) {
        queue q;
        out[i] = in[0][i] <= 0 ? 0 : NAN;
        if (!prepare(&q, in[0][i], in[1][i]))
            continue;
        double low = 0, high = 1;
        if (waits_at_most(&q, 0) >= 0.95) {
            out[i] = 0;
            continue;
        }
        while (waits_at_most(&q, high) < 0.95)
            high *= 2;
        for (int k = 0; k < 60; k++) {
            const double middle = (low + high) / 2;
            if (waits_at_most(&q, middle) < 0.95)
                low = middle;
            else
                high = middle;
        }
        out[i] = high;
    }
}

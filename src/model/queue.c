#include "model/queue.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/expo.h"

/* States that are solved for one by one; behind them probabilities fall geometrically (Tijms 2003, A First Course in
 * Stochastic Models, section 9.6.2). */
enum { BEHIND_SLOTS = 40, STATES = ES_QUEUE_SLOTS + BEHIND_SLOTS + 1 };

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

static bool prepare(queue *q, double load, int slots) {
    if (!(load > 0) || !(load < 1) || slots > ES_QUEUE_SLOTS)
        return false;
    *q = (queue){.load = load, .slots = slots, .last = slots + BEHIND_SLOTS, .ratio = tail_ratio(load)};
    stationary(q);
    return true;
}

/* Little's law over those who wait. */
double es_queue_mean(double load, int slots) {
    queue q;
    if (!prepare(&q, load, slots))
        return load <= 0 ? 0 : NAN;
    double waiting = 0;
    for (int k = q.slots + 1; k < q.last; k++)
        waiting += (k - q.slots) * q.p[k];
    const double rest = q.p[q.last] / (1 - q.ratio);
    waiting += rest * (q.last - q.slots + q.ratio / (1 - q.ratio));
    return waiting / (q.load * q.slots);
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

double es_queue_p95(double load, int slots) {
    queue q;
    if (!prepare(&q, load, slots))
        return load <= 0 ? 0 : NAN;
    if (waits_at_most(&q, 0) >= 0.95)
        return 0;
    double low = 0, high = 1;
    while (waits_at_most(&q, high) < 0.95)
        high *= 2;
    for (int k = 0; k < 60; k++) {
        const double middle = (low + high) / 2;
        if (waits_at_most(&q, middle) < 0.95)
            low = middle;
        else
            high = middle;
    }
    return high;
}

/* ---- The server, batch by batch ---- */

enum { BATCH = 2048, REQUESTS = 1 << 18, FIRST = REQUESTS / 16 }; /* those before FIRST find the server too empty */

typedef struct request {
    double arrived, wait, first, control; /* times; control: its wait in M/D/c */
    double finish;                        /* after so many steps of the server */
} request;

/* Requests leave in the order in which they came, as all are alike: numbers below `done` have left, below `prompted` are
 * decoded, below `taken` have a slot. */
typedef struct state {
    const es_server *server;
    double rate; /* 0: there is always one more who waits */
    uint64_t random;
    double now, steps, next; /* next: when the first of those without a slot arrives */
    double prompt_left;      /* tokens of the first unfinished prompt */
    int done, prompted, taken;
    double service, start[ES_QUEUE_SLOTS]; /* M/D/c: time of a service, when the last services of each slot began */
    request slot[ES_QUEUE_SLOTS];
} state;

/* splitmix64 (Steele, Lea, Flood 2014): the same arrivals, in units of 1/rate, at every point. */
static double until_next(state *s) {
    uint64_t z = s->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return -es_log(((double)((z ^ z >> 31) >> 11) + 0.5) * 0x1p-53) / s->rate;
}

static void take_slots(state *s) {
    while (s->taken - s->done < s->server->slots && s->next <= s->now) {
        const int k = s->taken % s->server->slots;
        const double arrived = s->rate > 0 ? s->next : s->now, start = fmax(arrived, s->start[k] + s->service);
        s->slot[k] = (request){.arrived = arrived, .wait = s->now - arrived, .control = start - arrived};
        s->start[k] = start;
        if (s->taken++ == s->prompted)
            s->prompt_left = s->server->prompt;
        if (s->rate > 0)
            s->next += until_next(s);
    }
}

/* One batch, or several in a row that are alike.  Those who leave are counted from `done` on. */
static int compute(state *s) {
    const es_server *server = s->server;
    const int decoded = s->prompted - s->done, slots = server->slots;
    const double step = server->step_s[decoded];
    double tokens = 0, batches = 1;
    if (s->taken > s->prompted) {
        tokens = fmin(BATCH - decoded, s->prompt_left + (s->taken - s->prompted - 1) * server->prompt);
    } else {
        batches = s->slot[s->done % slots].finish - s->steps;
        if (decoded < slots)
            batches = fmin(batches, fmax(1, ceil((s->next - s->now) / step)));
    }
    s->now += batches * step + tokens / server->prompt * server->prompt_s;
    s->steps += batches;
    int left = 0;
    while (left < decoded && s->slot[(s->done + left) % slots].finish <= s->steps)
        left++;
    for (; s->prompted < s->taken && tokens >= s->prompt_left; s->prompted++) {
        tokens -= s->prompt_left;
        s->prompt_left = server->prompt;
        request *r = &s->slot[s->prompted % slots];
        r->first = s->now, r->finish = s->steps + server->gen;
    }
    s->prompt_left -= tokens;
    return left;
}

/* Requests per second that leave a server which always has others waiting. */
static double most_served(const es_server *server) {
    const int rounds = 32 * server->slots;
    state s = {.server = server};
    double begin = 0;
    int before = 0; /* have left until then: several may at once */
    while (s.done < 2 * rounds) {
        take_slots(&s);
        s.done += compute(&s);
        if (before == 0 && s.done >= rounds)
            begin = s.now, before = s.done;
    }
    return (s.done - before) / (s.now - begin);
}

/* ---- Means and percentiles, by what is known of M/D/c with the same arrivals ---- */

/* Bins of 1/128 of a power of two each, from 2^-16 to 2^12 of a request's time. */
enum { BINS = 128 * 28 };
#define FIRST_BIN ((INT64_C(1023) - 16) << 7)

typedef struct bin {
    uint32_t n, short_control; /* requests; those of them whose control is not above its 95th percentile */
    double control, sum;       /* of their controls, of their times */
} bin;

enum { WAIT, TTFT, TPOT, TIMES };

typedef struct tally {
    double unit, mean, p95;                                       /* a request's time; of the control, known */
    double n, short_control, control, control_squared, short_sum; /* requests, controls up to p95, sums of controls */
    double sum[TIMES], with_control[TIMES];
    bin bins[TIMES][BINS];
} tally;

static int bin_of(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    const int64_t k = (int64_t)(bits >> 45) - FIRST_BIN;
    return k < 0 ? 0 : k < BINS ? (int)k : BINS - 1;
}

static void count(tally *t, const state *s, const request *r) {
    const double time[TIMES] = {r->wait, r->first - r->arrived, (s->now - r->first) / s->server->gen};
    const bool is_short = r->control <= t->p95;
    t->n++;
    t->short_control += is_short;
    t->short_sum += is_short ? r->control : 0;
    t->control += r->control;
    t->control_squared += r->control * r->control;
    for (int k = 0; k < TIMES; k++) {
        bin *b = &t->bins[k][bin_of(time[k] / t->unit)];
        b->n++, b->short_control += is_short, b->control += r->control, b->sum += time[k];
        t->sum[k] += time[k];
        t->with_control[k] += time[k] * r->control;
    }
}

/* Control variates (Lavenberg, Welch 1981, Management Science 27): the mean of x at the known mean of the control. */
static double mean_of(const tally *t, int k) {
    const double mean = t->sum[k] / t->n, control = t->control / t->n;
    const double variance = t->control_squared / t->n - control * control;
    const double slope = variance > 0 ? (t->with_control[k] / t->n - mean * control) / variance : 0;
    return mean - slope * (control - t->mean);
}

/* Where the share of what is smaller reaches `level`, to a bin; *below becomes the bins up to there. */
static double at_level(const bin *bins, double n, double level, bin *below) {
    *below = (bin){0};
    for (int k = 0; k < BINS; k++) {
        below->n += bins[k].n, below->short_control += bins[k].short_control, below->control += bins[k].control;
        if (below->n >= level * n)
            return bins[k].sum / bins[k].n;
    }
    return NAN;
}

/* The same for the share of requests below x (Hsu, Nelson 1990, Management Science 36), with two controls: the wait, and
 * whether it is above its 95th percentile. */
static double p95_of(const tally *t, int k) {
    const double n = t->n, control = t->control / n, is_short = t->short_control / n;
    const double s11 = t->control_squared / n - control * control, s22 = is_short * (1 - is_short);
    const double s12 = t->short_sum / n - control * is_short, determinant = s11 * s22 - s12 * s12;
    double level = 0.95, x = 0;
    for (int i = 0; i < 4; i++) { /* the slopes are those at x */
        bin below;
        x = at_level(t->bins[k], n, level, &below);
        const double share = below.n / n;
        const double a1 = below.control / n - share * control, a2 = below.short_control / n - share * is_short;
        double by_wait = s11 > 0 ? a1 / s11 : 0, by_share = 0;
        if (t->p95 > 0 && determinant > 1e-9 * s11 * s22) {
            by_wait = (a1 * s22 - a2 * s12) / determinant;
            by_share = (a2 * s11 - a1 * s12) / determinant;
        }
        level = fmin(fmax(0.95 + by_wait * (control - t->mean) + by_share * (is_short - 0.95), 0.9), 0.999);
    }
    return x;
}

/* With several slots the most that can be served depends on how requests fall in step with each other, by less than a percent:
 * close to it queues grow with the length of the simulation.  At 0.98 percentiles are 1.5 times what they are by the mean, at
 * 0.975 they are not. */
static const double NEARLY_ALL = 0.97;

void es_queue_of_server(const es_server *server, double rate, es_queue_times *out) {
    *out = (es_queue_times){NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    if (!(rate >= 0) || server->slots > ES_QUEUE_SLOTS || !(server->gen >= 1) || !(server->prompt_s > 0))
        return;
    for (int n = 1; n <= server->slots; n++)
        if (!(server->step_s[n] > 0))
            return;
    if (rate == 0) {
        *out = (es_queue_times){0, 0, 0, server->prompt_s, server->prompt_s, server->step_s[1], server->step_s[1]};
        return;
    }
    const double most = most_served(server), load = rate / most;
    out->utilisation = load;
    if (load >= (server->slots > 1 ? NEARLY_ALL : 1))
        return;
    state s = {.server = server, .rate = rate, .service = server->slots / most};
    for (int k = 0; k < server->slots; k++)
        s.start[k] = -s.service;
    tally t = {.unit = server->prompt_s + server->gen * server->step_s[1],
               .mean = es_queue_mean(load, server->slots) * s.service,
               .p95 = es_queue_p95(load, server->slots) * s.service};
    for (s.next = until_next(&s); s.done < REQUESTS;) {
        take_slots(&s);
        if (s.taken == s.done) { /* the clock begins anew, so that times stay exact */
            for (int k = 0; k < server->slots; k++)
                s.start[k] -= s.next;
            s.now = s.next = 0;
            continue;
        }
        for (int left = compute(&s); left > 0; left--, s.done++)
            if (s.done >= FIRST)
                count(&t, &s, &s.slot[s.done % server->slots]);
    }
    out->wait = mean_of(&t, WAIT), out->wait_p95 = p95_of(&t, WAIT);
    out->ttft = mean_of(&t, TTFT), out->ttft_p95 = p95_of(&t, TTFT);
    out->tpot = mean_of(&t, TPOT), out->tpot_p95 = p95_of(&t, TPOT);
}

/* How far es_queue_of_server is from a long simulation of the same rules, token by token: loads 0.1 to 0.9, 1 to 16 slots.
 *
 *   make bench-servers ARGS=2000000     requests a point; a line a point: got / simulated, then the largest differences
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/queue.h"

enum { MOST = 16, TIMES = 3, BATCH = 2048 };

typedef struct user {
    double arrived, taken, first;
    int prompt_left, gen_left;
} user;

static uint64_t state;

static double exponential(void) { /* xorshift64* */
    state ^= state >> 12, state ^= state << 25, state ^= state >> 27;
    return -log(((double)(state * UINT64_C(2685821657736338717) >> 11) + 0.5) * 0x1p-53);
}

static int by_value(const void *a, const void *b) {
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static double one_batch(const es_server *server, user *of, int n) {
    int decoding = 0, room;
    double time = 0;
    for (int i = 0; i < n; i++)
        decoding += of[i].prompt_left == 0;
    room = BATCH - decoding;
    for (int i = 0; i < n; i++) {
        if (of[i].prompt_left == 0) {
            of[i].gen_left--;
            continue;
        }
        const int some = of[i].prompt_left < room ? of[i].prompt_left : room;
        of[i].prompt_left -= some, room -= some;
        time += some * server->prompt_s / server->prompt;
    }
    return time + server->step_s[decoding];
}

/* time[0 .. TIMES-1][0 .. requests-1]: wait, time to the first token, time per token. */
static void serve(const es_server *server, double rate, int requests, float **time) {
    user of[MOST];
    double now = 0, next = exponential() / rate;
    for (int n = 0, left = 0; left < requests;) {
        for (; n < server->slots && next <= now; next += exponential() / rate)
            of[n++] = (user){next, now, 0, (int)server->prompt, (int)server->gen};
        now = n ? now + one_batch(server, of, n) : next;
        int stay = 0;
        for (int i = 0; i < n; i++) {
            user *u = &of[i];
            if (u->prompt_left == 0 && u->first == 0)
                u->first = now;
            if (u->gen_left == 0 && left < requests) {
                time[0][left] = (float)(u->taken - u->arrived);
                time[1][left] = (float)(u->first - u->arrived);
                time[2][left++] = (float)((now - u->first) / server->gen);
            } else if (u->gen_left > 0) {
                of[stay++] = *u;
            }
        }
        n = stay;
    }
}

int main(int argc, char **argv) {
    static const double loads[] = {.1, .3, .5, .7, .8, .9};
    static const double mixes[][3] = {{100, 30, .02}, {100, 30, .3}, {3000, 16, .02}, {3000, 16, .3}, {512, 64, .3}};
    static const int slots[] = {1, 2, 4, 8, 16};
    const int requests = argc > 1 ? atoi(argv[1]) : 200000;
    double worst[2 * TIMES] = {0};
    float *time[TIMES];
    int compared = 0, apart = 0;
    for (int k = 0; k < TIMES; k++)
        if (requests < 1000 || !(time[k] = malloc((size_t)requests * sizeof *time[k])))
            return 1;
    printf("prompt gen growth slots load: wait ttft tpot, their 95th percentiles: got/simulated\n");
    for (int i = 0; i < 5 * 5 * 6; i++) {
        const double *mix = mixes[i / 30], load = loads[i % 6];
        es_server server = {.slots = slots[i / 6 % 5], .prompt = mix[0], .gen = mix[1], .prompt_s = mix[0] / 250};
        for (int n = 1; n <= server.slots; n++)
            server.step_s[n] = 0.05 * (1 + mix[2] * (n - 1));
        es_queue_times one, q;
        es_queue_of_server(&server, 1e-3, &one);
        const double rate = load * 1e-3 / one.utilisation, alone = server.prompt_s + server.gen * server.step_s[1];
        es_queue_of_server(&server, rate, &q);
        const double got[] = {q.wait, q.ttft, q.tpot, q.wait_p95, q.ttft_p95, q.tpot_p95};
        state = UINT64_C(88172645463325252) + (unsigned)i / 60;
        serve(&server, rate, requests, time);
        printf("%g %g %g %d %.1f:", mix[0], mix[1], mix[2], server.slots, load);
        for (int k = 0; k < 2 * TIMES; k++) {
            float *t = time[k % TIMES];
            double seen = 0;
            for (int j = 0; j < requests && k < TIMES; j++)
                seen += t[j] / (double)requests;
            if (k >= TIMES) {
                qsort(t, (size_t)requests, sizeof *t, by_value);
                seen = t[(int)(0.95 * requests)];
            }
            /* waits that differ by less than 0.2% of a request alone are the same */
            const double far = fmax(0, fabs(got[k] - seen) - (k % TIMES < 2 ? 2e-3 * alone : 0));
            const double error = far > 0 ? far / seen : 0;
            worst[k] = fmax(worst[k], error);
            compared++, apart += error > 0.02;
            printf(" %.4g/%.4g", got[k], seen);
        }
        printf("\n");
    }
    printf("largest differences: wait %.1f%% ttft %.1f%% tpot %.1f%%, p95 %.1f%% %.1f%% %.1f%%; %d of %d above 2%%\n",
           100 * worst[0], 100 * worst[1], 100 * worst[2], 100 * worst[3], 100 * worst[4], 100 * worst[5], apart,
           compared);
    for (int k = 0; k < TIMES; k++)
        free(time[k]);
    return 0;
}

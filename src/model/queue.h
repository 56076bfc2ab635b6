/* A server that computes requests of several users together (continuous batching), and the queue M/D/c. */
#ifndef ES_MODEL_QUEUE_H
#define ES_MODEL_QUEUE_H

enum { ES_QUEUE_SLOTS = 64 }; /* most of a server; with more nothing is known */

/* Means and 95th percentiles of what requests meet, all missing when they cannot all be served, with several slots from 97% of
 * what can on; outputs of a block. */
typedef struct es_queue_times {
    double utilisation; /* arrivals / most that can be served; above 1, too */
    double wait, wait_p95, ttft, ttft_p95;
    double tpot, tpot_p95; /* per generated token, from the first token to the last */
} es_queue_times;

typedef struct es_server {
    int slots;
    double prompt, gen;                /* tokens of a request */
    double prompt_s;                   /* of computing a prompt */
    double step_s[ES_QUEUE_SLOTS + 1]; /* of a decode step of so many sequences; step_s[0] = 0 */
} es_server;

/* `rate` requests per second arrive at random (Poisson).  The server computes one batch after the other:
 *   - between two of them, those who wait take free slots, the first first;
 *   - a batch holds one token of every sequence whose prompt is known and, in the order of arrival, tokens of prompts, 2048
 *     in all; it takes step_s of those sequences and the prompts' share of prompt_s;
 *   - with the last token of its prompt a request has its first token; `gen` steps later its slot is free.
 * So llama.cpp's server (tools/server/server.cpp update_slots, n_batch) and vLLM (chunked prefill, max_num_batched_tokens) do. */
void es_queue_of_server(const es_server *server, double rate, es_queue_times *out);

/* Wait in M/D/c, in service times; load is that of a slot.  Missing from a load of 1 on. */
double es_queue_mean(double load, int slots);
double es_queue_p95(double load, int slots);

#endif

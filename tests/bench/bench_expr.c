/* Nanoseconds of processor time per point of expressions over columns, in tiles as a sweep has them. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/expr.h"

enum { TILE = 4096, COLUMNS = 6, ROUNDS = 4000 };

static const char *const texts[] = {
    "a + b",
    "a / b",
    "a * b + c / d - e", /* five operands, four operations */
    "(a + b * c - d) / e + f",
    "max(a, b) * 2 + min(c, d) / e",
    "a >= 8 and b < 1 or c == 2",
    "a > b ? a - b : 0",
    "sqrt(a) + pow(b, 2)",
    "log(a) + exp(-b)",
};

int main(void) {
    static double column[COLUMNS][TILE], out[TILE];
    for (size_t k = 0; k < COLUMNS; k++)
        for (size_t i = 0; i < TILE; i++)
            column[k][i] = 1 + (double)((i * 2654435761u + k * 40503u) % 1000) / 100;
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        es_arena arena = {0};
        es_expr x;
        const es_expr_program *program;
        const double *in[COLUMNS];
        if (es_expr_parse(&x, es_slice_of(texts[t]), (es_origin){0}, NULL, &arena, NULL))
            return 1;
        es_expr_binding *binding = es_arena_array(&arena, x.n_nodes, sizeof *binding);
        for (size_t i = 0; binding && i < x.n_nodes; i++)
            if (x.node[i].op == ES_X_NAME)
                binding[i] = (es_expr_binding){.kind = ES_BOUND_INPUT, .input = x.node[i].index};
        for (size_t k = 0; k < x.n_names; k++)
            in[k] = column[k];
        if (!binding || es_expr_compile(&program, &x, x.n_nodes - 1, binding, &arena, NULL))
            return 1;
        double best = 1e9, check = 0;
        for (int round = 0; round < 9; round++) {
            const clock_t start = clock();
            for (int i = 0; i < ROUNDS; i++) {
                es_expr_run(program, out, in, TILE);
                check += out[i % TILE];
            }
            double each = (double)(clock() - start) / CLOCKS_PER_SEC / ROUNDS / TILE * 1e9;
            best = each < best ? each : best;
        }
        printf("%-36s %6.2f ns per point  (%g)\n", texts[t], best, check);
        es_arena_free(&arena);
    }
    return 0;
}

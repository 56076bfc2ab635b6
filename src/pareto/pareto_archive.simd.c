#include "pareto/pareto_archive.h"

#include <math.h>

enum { ACCUMULATORS = 32 };

double ES_SIMD_NAME(es_column_minimum)(const double *value, uint64_t flip, size_t n) {
    const double sign = flip ? -1.0 : 1.0;
    double low[ACCUMULATORS];
    size_t i = 0;
    for (size_t l = 0; l < ACCUMULATORS; l++)
        low[l] = HUGE_VAL;
    for (; i + ACCUMULATORS <= n; i += ACCUMULATORS)
        for (size_t l = 0; l < ACCUMULATORS; l++) {
            double x = sign * value[i + l];
            low[l] = x < low[l] ? x : low[l];
        }
    for (; i < n; i++)
        low[0] = sign * value[i] < low[0] ? sign * value[i] : low[0];
    for (size_t half = ACCUMULATORS / 2; half; half /= 2)
        for (size_t l = 0; l < half; l++)
            low[l] = low[l + half] < low[l] ? low[l + half] : low[l];
    return low[0] + 0.0;
}

void ES_SIMD_NAME(es_add_scores)(double *restrict score, const double *restrict value, uint64_t flip, double low,
                                 double scale, size_t n) {
    const double sign = flip ? -1.0 : 1.0;
    for (size_t i = 0; i < n; i++)
        score[i] += (sign * value[i] - low) * scale;
}

void ES_SIMD_NAME(es_mark_worse)(uint8_t *restrict worse, const double *restrict value, uint64_t flip, double than,
                                 size_t n) {
    const double sign = flip ? -1.0 : 1.0;
    for (size_t i = 0; i < n; i++)
        worse[i] &= sign * value[i] >= than;
}

size_t ES_SIMD_NAME(es_least_score)(const double *score, size_t n) {
    double low = __builtin_inf();
    for (size_t i = 0; i < n; i++)
        low = score[i] < low ? score[i] : low;
    for (size_t i = 0; i < n && low < __builtin_inf(); i++)
        if (score[i] == low)
            return i;
    return SIZE_MAX;
}

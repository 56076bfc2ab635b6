/* exp, log and pow with the same bits on every machine: + - * / only.
 *
 * Argument reduction and minimax coefficients of fdlibm (Sun Microsystems, 1993), errors below 1 ulp (pow: a few).  libm
 * picks variants with fused multiply-adds by CPU, which differ in the last bit.
 */
#ifndef ES_BASE_EXPO_H
#define ES_BASE_EXPO_H

#include <stdint.h>
#include <string.h>

#define ES_LN2_HIGH 6.93147180369123816490e-01
#define ES_LN2_LOW 1.90821492927058770002e-10

/* x * 2^k for results in the normal range. */
static inline double es_scale2(double x, int64_t k) {
    uint64_t bits = (uint64_t)(k + 1023) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return x * power;
}

/* r - (a rational correction) of exp(r) = 1 + r + r c/(2 - c) for |r| <= ln(2)/2. */
static inline double es_exp_c(double r) {
    double t = r * r;
    double p = 4.13813679705723846039e-08;
    p = -1.65339022054652515390e-06 + t * p;
    p = 6.61375632143793436117e-05 + t * p;
    p = -2.77777777770155933842e-03 + t * p;
    p = 1.66666666666666019037e-01 + t * p;
    return r - t * p;
}

/* 0 below -700, inf above 709. */
static inline double es_exp(double x) {
    if (x != x)
        return x;
    if (x < -700)
        return 0;
    if (x > 709)
        return __builtin_inf();
    double k = (double)(int64_t)(x * 1.44269504088896338700e+00 + (x < 0 ? -0.5 : 0.5));
    double high = x - k * ES_LN2_HIGH, low = k * ES_LN2_LOW, r = high - low, c = es_exp_c(r);
    return es_scale2(1 - ((low - r * c / (2 - c)) - high), (int64_t)k);
}

/* exp(x) - 1 without cancellation near 0. */
static inline double es_expm1(double x) {
    if (x > -0.34 && x < 0.34) {
        double c = es_exp_c(x);
        return x + x * c / (2 - c);
    }
    return es_exp(x) - 1;
}

/* For normal x > 0. */
static inline double es_log(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int64_t k = (int64_t)(bits >> 52) - 1023;
    bits = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1023) << 52;
    double m;
    memcpy(&m, &bits, sizeof m);
    if (m > 1.41421356237309514547) {
        m *= 0.5;
        k++;
    }
    double f = m - 1, s = f / (2 + f), z = s * s, w = z * z, half = 0.5 * f * f, n = (double)k;
    double even = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
    double odd = 6.666666666666735130e-01 +
                 w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01));
    return n * ES_LN2_HIGH - ((half - (s * (half + (z * odd + even)) + n * ES_LN2_LOW)) - f);
}

static inline double es_pow(double x, double y) { return es_exp(y * es_log(x)); }

#endif

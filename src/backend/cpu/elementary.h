/* Elementary functions without branches or library calls, for loops that the compiler vectorises.
 */
#ifndef AR_BACKEND_CPU_ELEMENTARY_H
#define AR_BACKEND_CPU_ELEMENTARY_H

#include <stdint.h>
#include <string.h>

/* e^x, relative error below 2e-7 for |x| < 87, clamped outside. x = n·ln 2 + r, and a polynomial in
 * r (coefficients of Cephes' expf, S. Moshier 1989). */
static inline float fast_exp(float x)
{
    x = x < -87.0f ? -87.0f : x;
    x = x > 88.0f ? 88.0f : x;
    /* Adding and taking away 1.5·2^23 rounds to a whole number. */
    float n = (x * 1.44269504088896341f + 12582912.0f) - 12582912.0f;
    float r = x - n * 0.693359375f;
    r = r + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    int32_t bits = ((int32_t)n + 127) * (1 << 23);
    float power;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

/* Φ(x) of the standard normal and e^(−x²/2), absolute error of Φ below 1e-7 (Hastings 1955, as
 * Abramowitz and Stegun 1964, 7.1.26, for erf(x/√2)). */
static inline float fast_normal_cumulative(float x, float *bell)
{
    float magnitude = x < 0 ? -x : x;
    float t = 1.0f / (1.0f + 0.3275911f * 0.70710678118654752f * magnitude);
    float e = fast_exp(-0.5f * x * x);
    float p = 1.061405429f;
    p = p * t - 1.453152027f;
    p = p * t + 1.421413741f;
    p = p * t - 0.284496736f;
    p = p * t + 0.254829592f;
    float tail = 0.5f * p * t * e;
    *bell = e;
    return x < 0 ? tail : 1.0f - tail;
}

#endif

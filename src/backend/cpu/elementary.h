/* Elementary functions without branches, divisions or library calls, for loops that the compiler
 * vectorises. NaN stays NaN. tests/backend/test_elementary.c holds the errors stated here against
 * the C library's double functions. */
#ifndef AR_BACKEND_CPU_ELEMENTARY_H
#define AR_BACKEND_CPU_ELEMENTARY_H

#include <stdint.h>
#include <string.h>

/* e^x for −87 ≤ x ≤ 88 only, relative error below 2e-7. x = n·ln 2 + r, and e^r = 1 + r·q(r) with
 * the q of degree 4 that has the smallest largest relative error, 9.2e-8, on |r| ≤ ln 2/2 (Remez'
 * exchange). */
static inline float fast_exp_in_range(float x)
{
    /* Adding 1.5·2^23 rounds to a whole number; 127 more, and n's low bits are the exponent of 2^n.
     */
    const float shift = 12582912.0f + 127.0f;
    const float shifted = x * 1.44269504088896341f + shift;
    const float n = shifted - shift;
    float r = x - n * 0.693359375f; /* exact: the constant has ten bits */
    r = r + n * 2.12194440e-4f;
    float q = 8.290272206068039e-3f;
    q = q * r + 4.189816117286682e-2f;
    q = q * r + 1.666763871908188e-1f;
    q = q * r + 4.999914765357971e-1f;
    q = q * r + 9.999997019767761e-1f;
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits <<= 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    return power * (q * r + 1.0f);
}

/* e^x, relative error below 2e-7 for −87 ≤ x ≤ 88; beyond, the value at that end. */
static inline float fast_exp(float x)
{
    x = x < -87.0f ? -87.0f : x;
    x = x > 88.0f ? 88.0f : x;
    return fast_exp_in_range(x);
}

/* Φ(−|x|) of the standard normal and the bell e^(−x²/2), absolute errors below 1e-7 and 2e-7:
 * the bell times a polynomial for their ratio, of degree 11, with the smallest largest error of the
 * product, 1.7e-8, on |x| ≤ 5.5 (Remez' exchange with the bell as weight); farther out Φ is below
 * 2e-8 and so is the error. */
static inline float fast_normal_tail(float x, float *bell)
{
    float y = x < 0 ? -x : x;
    y = y > 13.0f ? 13.0f : y; /* keeps the exponential in range: e^(−84.5) */
    *bell = fast_exp_in_range(-0.5f * y * y);
    y = y > 5.5f ? 5.5f : y;
    float p = -3.1554327506455593e-07f;
    p = p * y + 7.708783414273057e-06f;
    p = p * y - 8.477103256154805e-05f;
    p = p * y + 0.0005636528949253261f;
    p = p * y - 0.0025900909677147865f;
    p = p * y + 0.009003848768770695f;
    p = p * y - 0.025471817702054977f;
    p = p * y + 0.061923932284116745f;
    p = p * y - 0.13280577957630157f;
    p = p * y + 0.24997256696224213f;
    p = p * y - 0.3989405930042267f;
    p = p * y + 0.4999999701976776f;
    return p * *bell;
}

/* Φ(x) of the standard normal, absolute error below 1.3e-7, and e^(−x²/2). */
static inline float fast_normal_cumulative(float x, float *bell)
{
    const float tail = fast_normal_tail(x, bell);
    return x < 0 ? tail : 1.0f - tail;
}

/* erf(x/√2) = 2Φ(x) − 1, absolute error below 2e-7, and e^(−x²/2). */
static inline float fast_normal_within(float x, float *bell)
{
    const float within = 1.0f - 2.0f * fast_normal_tail(x, bell);
    return x < 0 ? -within : within;
}

#endif

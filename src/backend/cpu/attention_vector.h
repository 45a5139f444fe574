/* What attention computes on registers: masks, the rounding to bf16, 2^x. */
#ifndef AR_BACKEND_CPU_ATTENTION_VECTOR_H
#define AR_BACKEND_CPU_ATTENTION_VECTOR_H

#include <math.h>
#include <stdbool.h>

#include "backend/cpu/lanes.h"

/* Registers that can hold the sums of a product: what the processor has, less those for the
 * factors. */
#if defined(__AVX512F__)
enum { SUM_REGISTERS = 24 };
#else
enum { SUM_REGISTERS = 12 };
#endif

/* Before a loop of constant length, at most 24, whose every turn has registers of its own. */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 24")
#endif

LANES_INLINE lanes root_of(lanes v)
{
#if defined(__AVX512F__)
    return (lanes)_mm512_sqrt_ps((__m512)v);
#elif defined(__AVX2__)
    return (lanes)_mm256_sqrt_ps((__m256)v);
#else
    for (int i = 0; i < LANES; i++) {
        v[i] = sqrtf(v[i]);
    }
    return v;
#endif
}

/* −1 (all bits) in lanes first ≤ lane + offset < end, else 0. */
LANES_INLINE lanes_of_int lanes_between(int64_t offset, int64_t first, int64_t end)
{
    lanes_of_int lane;
    for (int i = 0; i < LANES; i++) {
        lane[i] = i;
    }
    return (lane >= (int32_t)(first - offset)) & (lane < (int32_t)(end - offset));
}

/* Zero the lanes that the mask leaves out, whatever they hold. */
LANES_INLINE lanes keep_lanes(lanes v, lanes_of_int mask)
{
    return (lanes)((lanes_of_int)v & mask);
}

/* To the nearest bf16, ties to even: beside 1.5·2^16 times its power of two, a value has just as
 * many bits left. Three instructions of any processor. Not finite: NaN. */
LANES_INLINE lanes round_to_bf16(lanes v)
{
    const lanes power = (lanes)((lanes_of_int)v & (int32_t)0xff800000);
    const lanes coarse = v + power * 98304.0f;
    return coarse - power * 98304.0f;
}

#ifndef __AVX512F__
/* p·2^⌊x⌋ for 1 ≤ p ≤ 2 and x ≥ −126, and the rest x − ⌊x⌋ (either neighbour where x is whole). */
LANES_INLINE lanes whole_part(lanes x, lanes_of_int *exponent)
{
    /* Adding 1.5·2^23 rounds to a whole number, and leaves it in the lowest bits. */
    const lanes shifted = (x - 0.5f) + 12582912.0f;
    *exponent = (lanes_of_int)shifted << 23;
    return x - (shifted - 12582912.0f);
}
#endif

/* 2^x for x below 127: relative error below 2e-7, 0 or less than 2e-38 below −126. With `rounded`
 * it is a bf16 number: nearest to a value with relative error below 9e-5, which is a fortieth of
 * the distance of two bf16 numbers. 2^⌊x⌋ times a polynomial in the rest r, 0 ≤ r ≤ 1, of smallest
 * largest relative error (Remez 1934). */
LANES_INLINE lanes power_of_two(lanes x, const bool rounded)
{
#ifdef __AVX512F__
    const lanes r = (lanes)_mm512_reduce_ps((__m512)x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
#else
    const lanes least = (lanes){0} - 126.0f;
    const lanes_of_int below = x < least;
    x = (lanes)(((lanes_of_int)x & ~below) | ((lanes_of_int)least & below));
    lanes_of_int exponent;
    const lanes r = whole_part(x, &exponent);
#endif
    lanes p;
    if (rounded) {
        /* Between 1 and 2, numbers beside 1.5·2^16 have the bits of bf16. */
        p = 7.70670420721e-2f * r + 2.27644991135e-1f;
        p = p * r + 6.95116786445e-1f;
        p = (p * r + 98305.0f) - 98304.0f;
    } else {
        p = 1.87757670002e-3f * r + 8.98934002358e-3f;
        p = p * r + 5.58263181162e-2f;
        p = p * r + 2.40153617021e-1f;
        p = p * r + 6.93153073203e-1f;
        p = p * r + 9.99999925064e-1f;
    }
#ifdef __AVX512F__
    return (lanes)_mm512_scalef_ps((__m512)p, (__m512)x);
#else
    /* What no float holds is infinite, so that a gradient that makes no sense is seen. */
    const lanes infinite = (lanes){0} + INFINITY;
    const lanes_of_int above = x >= 128.0f;
    const lanes_of_int power = (lanes_of_int)p + exponent;
    return (lanes)((power & ~above) | ((lanes_of_int)infinite & above));
#endif
}

#endif

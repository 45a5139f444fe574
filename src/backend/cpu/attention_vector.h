/* Vectors as wide as this path's registers, and what attention computes on them: 2^x, and the
 * rounding to bf16. Plain C by the compiler's vector extension but for two AVX-512 instructions. */
#ifndef AR_BACKEND_CPU_ATTENTION_VECTOR_H
#define AR_BACKEND_CPU_ATTENTION_VECTOR_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __AVX512F__
#include <immintrin.h>
#endif

/* Floats of a register, and registers that can hold the sums of a product: what the processor has,
 * less those for the factors. */
#if defined(__AVX512F__)
enum { LANES = 16, SUM_REGISTERS = 24 };
#elif defined(__AVX__)
enum { LANES = 8, SUM_REGISTERS = 12 };
#else
enum { LANES = 4, SUM_REGISTERS = 12 };
#endif

typedef float vector __attribute__((vector_size(4 * LANES)));
typedef int32_t int_vector __attribute__((vector_size(4 * LANES)));
/* One anywhere in memory. */
typedef vector stored_vector __attribute__((aligned(4), may_alias));

#define ALWAYS_INLINE static inline __attribute__((always_inline))
/* Before a loop of constant length, at most 24, whose every turn has registers of its own. */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 24")
#endif

ALWAYS_INLINE vector load_vector(const float *from)
{
    return *(const stored_vector *)from;
}

ALWAYS_INLINE void store_vector(float *to, vector v)
{
    *(stored_vector *)to = v;
}

/* −1 (all bits) in lanes first ≤ lane + offset < end, else 0. */
ALWAYS_INLINE int_vector lanes_between(int64_t offset, int64_t first, int64_t end)
{
    int_vector lane;
    for (int i = 0; i < LANES; i++) {
        lane[i] = i;
    }
    return (lane >= (int32_t)(first - offset)) & (lane < (int32_t)(end - offset));
}

/* Zero the lanes that the mask leaves out, whatever they hold. */
ALWAYS_INLINE vector keep_lanes(vector v, int_vector mask)
{
    return (vector)((int_vector)v & mask);
}

/* To the nearest bf16, ties to even: beside 1.5·2^16 times its power of two, a value has just as
 * many bits left. Three instructions of any processor. Not finite: NaN. */
ALWAYS_INLINE vector round_to_bf16(vector v)
{
    const vector power = (vector)((int_vector)v & (int32_t)0xff800000);
    const vector coarse = v + power * 98304.0f;
    return coarse - power * 98304.0f;
}

#ifndef __AVX512F__
/* p·2^⌊x⌋ for 1 ≤ p ≤ 2 and x ≥ −126, and the rest x − ⌊x⌋ (either neighbour where x is whole). */
ALWAYS_INLINE vector whole_part(vector x, int_vector *exponent)
{
    /* Adding 1.5·2^23 rounds to a whole number, and leaves it in the lowest bits. */
    const vector shifted = (x - 0.5f) + 12582912.0f;
    *exponent = (int_vector)shifted << 23;
    return x - (shifted - 12582912.0f);
}
#endif

/* 2^x for x below 127: relative error below 2e-7, 0 or less than 2e-38 below −126. With `rounded`
 * it is a bf16 number: nearest to a value with relative error below 9e-5, which is a fortieth of
 * the distance of two bf16 numbers. 2^⌊x⌋ times a polynomial in the rest r, 0 ≤ r ≤ 1, of smallest
 * largest relative error (Remez 1934). */
ALWAYS_INLINE vector power_of_two(vector x, const bool rounded)
{
#ifdef __AVX512F__
    const vector r = (vector)_mm512_reduce_ps((__m512)x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
#else
    const vector least = (vector){0} - 126.0f;
    const int_vector below = x < least;
    x = (vector)(((int_vector)x & ~below) | ((int_vector)least & below));
    int_vector exponent;
    const vector r = whole_part(x, &exponent);
#endif
    vector p;
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
    return (vector)_mm512_scalef_ps((__m512)p, (__m512)x);
#else
    return (vector)((int_vector)p + exponent);
#endif
}

#endif

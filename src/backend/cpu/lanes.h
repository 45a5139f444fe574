/* A register full of floats, as wide as the path's instruction set has them, for loops that keep
 * sums in registers or need masks. Arithmetic on it is the compiler's vector extension; what that
 * lacks is here. Loops over neighbours without sums are plain C and `omp simd` instead. */
#ifndef AR_BACKEND_CPU_LANES_H
#define AR_BACKEND_CPU_LANES_H

#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
enum { LANES = 16 };
#elif defined(__AVX2__)
enum { LANES = 8 };
#else
enum { LANES = 4 };
#endif

#define LANES_INLINE static inline __attribute__((always_inline))

typedef float lanes __attribute__((vector_size(4 * LANES)));
typedef int32_t lanes_of_int __attribute__((vector_size(4 * LANES)));
typedef double lanes_of_double __attribute__((vector_size(4 * LANES)));

LANES_INLINE lanes lanes_load(const float *from)
{
    lanes values;
    memcpy(&values, from, sizeof values);
    return values;
}

LANES_INLINE void lanes_store(float *to, lanes values)
{
    memcpy(to, &values, sizeof values);
}

LANES_INLINE lanes lanes_all(float value)
{
    return value - (lanes){0};
}

/* The first `count` floats, at most LANES, and zeros. */
LANES_INLINE lanes lanes_load_some(const float *from, int64_t count)
{
#if defined(__AVX512F__)
    return (lanes)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), from);
#else
    lanes values = {0};
    memcpy(&values, from, (size_t)count * sizeof(float));
    return values;
#endif
}

LANES_INLINE void lanes_store_some(float *to, lanes values, int64_t count)
{
#if defined(__AVX512F__)
    _mm512_mask_storeu_ps(to, (__mmask16)((1u << count) - 1), (__m512)values);
#else
    memcpy(to, &values, (size_t)count * sizeof(float));
#endif
}

/* The same, without the detour where all are there. */
LANES_INLINE lanes lanes_load_up_to(const float *from, int64_t count)
{
    return count == LANES ? lanes_load(from) : lanes_load_some(from, count);
}

LANES_INLINE void lanes_store_up_to(float *to, lanes values, int64_t count)
{
    if (count == LANES) {
        lanes_store(to, values);
    } else {
        lanes_store_some(to, values, count);
    }
}

LANES_INLINE lanes lanes_absolute(lanes values)
{
    return (lanes)((lanes_of_int)values & 0x7fffffff);
}

/* count + sign(a − b): one more where a > b, one less where a < b */
LANES_INLINE lanes_of_int lanes_add_sign(lanes_of_int count, lanes a, lanes b)
{
#if defined(__AVX512F__)
    const __m512i one = _mm512_set1_epi32(1);
    const __mmask16 above = _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_GT_OQ),
                    below = _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_LT_OQ);
    const __m512i more = _mm512_mask_add_epi32((__m512i)count, above, (__m512i)count, one);
    return (lanes_of_int)_mm512_mask_sub_epi32(more, below, more, one);
#else
    return count + (lanes_of_int)(a < b) - (lanes_of_int)(a > b);
#endif
}

LANES_INLINE float lanes_sum(lanes values)
{
#if defined(__AVX512F__)
    return _mm512_reduce_add_ps((__m512)values);
#else
    float sum = 0;
    for (int k = 0; k < LANES / 2; k++) {
        sum += values[k] + values[k + LANES / 2];
    }
    return sum;
#endif
}

/* Σ x² of the lanes, added to `sums` in double. */
LANES_INLINE void lanes_add_squares(lanes_of_double sums[2], lanes values)
{
#if defined(__AVX512F__)
    const __m512d low = _mm512_cvtps_pd(_mm512_castps512_ps256((__m512)values));
    const __m512d high = _mm512_cvtps_pd(_mm512_extractf32x8_ps((__m512)values, 1));
    sums[0] += (lanes_of_double)(low * low);
    sums[1] += (lanes_of_double)(high * high);
#elif defined(__AVX2__)
    const __m256d low = _mm256_cvtps_pd(_mm256_castps256_ps128((__m256)values));
    const __m256d high = _mm256_cvtps_pd(_mm256_extractf128_ps((__m256)values, 1));
    sums[0] += (lanes_of_double)(low * low);
    sums[1] += (lanes_of_double)(high * high);
#else
    for (int k = 0; k < LANES; k++) {
        sums[k & 1][k >> 1] += (double)values[k] * (double)values[k];
    }
#endif
}

#endif

/* Vectors of the path a file is compiled for, and what packing does with them: loads and stores of
 * a part, rounding to bfloat16, and the transpose of a square block. */
#ifndef AR_BACKEND_CPU_PRODUCT_VECTOR_H
#define AR_BACKEND_CPU_PRODUCT_VECTOR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* Floats of a register. */
#if defined(__AVX512F__)
enum { LANES = 16 };
#elif defined(__AVX2__)
enum { LANES = 8 };
#else
enum { LANES = 4 };
#endif

typedef float vector __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef uint32_t vector_bits __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

ALWAYS_INLINE vector load(const float *from)
{
    return *(const vector *)from;
}

ALWAYS_INLINE void store(float *to, vector value)
{
    *(vector *)to = value;
}

/* The first `count` (0 to LANES) floats, zeros behind them. Nothing beyond them is read. */
ALWAYS_INLINE vector load_first(const float *from, int64_t count)
{
#if defined(__AVX512F__)
    return (vector)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), from);
#else
    vector value = {0};
    for (int64_t i = 0; i < count; i++) {
        value[i] = from[i];
    }
    return value;
#endif
}

/* Nothing beyond the first `count` floats is written. */
ALWAYS_INLINE void store_first(float *to, vector value, int64_t count)
{
#if defined(__AVX512F__)
    _mm512_mask_storeu_ps(to, (__mmask16)((1u << count) - 1), (__m512)value);
#else
    for (int64_t i = 0; i < count; i++) {
        to[i] = value[i];
    }
#endif
}

/* To the nearest bfloat16, the upper half of a float32, ties to even; a NaN stays one. The
 * instruction takes subnormal numbers for zero. */
ALWAYS_INLINE vector round_to_bf16(vector value)
{
#if defined(__AVX512BF16__)
    __m512i halves = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh((__m512)value));
    return (vector)_mm512_slli_epi32(halves, 16);
#else
    vector_bits bits = (vector_bits)value;
    vector_bits rounded = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u;
    vector_bits is_nan = (vector_bits)((bits & 0x7fffffff) > 0x7f800000);
    return (vector)((is_nan & (bits | 0x400000)) | (~is_nan & rounded));
#endif
}

#if defined(__AVX512BF16__)
/* Pairs of bfloat16 as the dot product takes them, the first in the lower half. */
ALWAYS_INLINE vector pair_lanes(vector first, vector second)
{
    const __m512i zip = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24,
                                         8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    __m512bh both = _mm512_cvtne2ps_pbh((__m512)second, (__m512)first);
    return (vector)_mm512_permutexvar_epi16(zip, (__m512i)both);
}

/* Pairs of neighbours of 2·LANES values in a row. */
ALWAYS_INLINE vector pair_neighbours(vector first, vector second)
{
    return (vector)_mm512_cvtne2ps_pbh((__m512)second, (__m512)first);
}

enum { HAS_PAIRS = true };
#else
/* Nobody pairs lanes on other paths. */
ALWAYS_INLINE vector pair_lanes(vector first, vector second)
{
    return first - second;
}

ALWAYS_INLINE vector pair_neighbours(vector first, vector second)
{
    return first - second;
}

enum { HAS_PAIRS = false };
#endif

/* The two bfloat16 of pairs as float32. */
ALWAYS_INLINE vector first_of_pairs(vector pairs)
{
    return (vector)((vector_bits)pairs << 16);
}

ALWAYS_INLINE vector second_of_pairs(vector pairs)
{
    return (vector)((vector_bits)pairs & 0xffff0000u);
}

#if defined(__AVX512F__)
/* Unpacking 32 and then 64 bits transposes the 4×4 blocks inside the lanes of four vectors. */
ALWAYS_INLINE void transpose_lanes(__m512 rows[4])
{
    __m512 t0 = _mm512_unpacklo_ps(rows[0], rows[1]), t1 = _mm512_unpackhi_ps(rows[0], rows[1]);
    __m512 t2 = _mm512_unpacklo_ps(rows[2], rows[3]), t3 = _mm512_unpackhi_ps(rows[2], rows[3]);
    rows[0] = (__m512)_mm512_unpacklo_pd((__m512d)t0, (__m512d)t2);
    rows[1] = (__m512)_mm512_unpackhi_pd((__m512d)t0, (__m512d)t2);
    rows[2] = (__m512)_mm512_unpacklo_pd((__m512d)t1, (__m512d)t3);
    rows[3] = (__m512)_mm512_unpackhi_pd((__m512d)t1, (__m512d)t3);
}

/* to[j] = column j of the LANES×LANES block at `from`. Lanes of four rows come together when they
 * are loaded, which is done by the load ports and spares half of the shuffles. */
ALWAYS_INLINE void transpose_block(vector to[LANES], const float *from, int64_t stride)
{
#pragma GCC unroll 4
    for (int q = 0; q < 4; q++) {
        __m512 rows[4];
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) {
            const float *at = from + i * stride + 4 * q;
            __m512 row = _mm512_castps128_ps512(_mm_loadu_ps(at));
            row = _mm512_insertf32x4(row, _mm_loadu_ps(at + 4 * stride), 1);
            row = _mm512_insertf32x4(row, _mm_loadu_ps(at + 8 * stride), 2);
            rows[i] = _mm512_insertf32x4(row, _mm_loadu_ps(at + 12 * stride), 3);
        }
        transpose_lanes(rows);
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) {
            to[4 * q + i] = (vector)rows[i];
        }
    }
}
#elif defined(__AVX2__)
ALWAYS_INLINE void transpose_block(vector to[LANES], const float *from, int64_t stride)
{
    for (int q = 0; q < 2; q++) {
        __m256 rows[4];
        for (int i = 0; i < 4; i++) {
            const float *at = from + i * stride + 4 * q;
            rows[i] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(at)),
                                           _mm_loadu_ps(at + 4 * stride), 1);
        }
        __m256 t0 = _mm256_unpacklo_ps(rows[0], rows[1]), t1 = _mm256_unpackhi_ps(rows[0], rows[1]);
        __m256 t2 = _mm256_unpacklo_ps(rows[2], rows[3]), t3 = _mm256_unpackhi_ps(rows[2], rows[3]);
        to[4 * q] = (vector)_mm256_unpacklo_pd((__m256d)t0, (__m256d)t2);
        to[4 * q + 1] = (vector)_mm256_unpackhi_pd((__m256d)t0, (__m256d)t2);
        to[4 * q + 2] = (vector)_mm256_unpacklo_pd((__m256d)t1, (__m256d)t3);
        to[4 * q + 3] = (vector)_mm256_unpackhi_pd((__m256d)t1, (__m256d)t3);
    }
}
#else
ALWAYS_INLINE void transpose_block(vector to[LANES], const float *from, int64_t stride)
{
    for (int j = 0; j < LANES; j++) {
        vector column = {0};
        for (int i = 0; i < LANES; i++) {
            column[i] = from[i * stride + j];
        }
        to[j] = column;
    }
}
#endif

#endif

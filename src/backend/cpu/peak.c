#include "backend/cpu/peak.h"

#include <omp.h>
#ifdef __AVX512BF16__
#include <immintrin.h>
#endif

#include "backend/cpu/processor/path.h"
#include "base/log.h"
#include "base/memory.h"

#if defined(__AVX512F__)
enum { LANES = 16 };
#elif defined(__AVX2__)
enum { LANES = 8 };
#else
enum { LANES = 4 };
#endif

/* Enough chains to hide the latency of two units, few enough for sixteen registers. */
enum { CHAINS = 12, INSTRUCTIONS_A_ROUND = 8 };

typedef float lanes __attribute__((vector_size(4 * LANES)));

/* Volatile, so that the compiler neither knows the sums nor finds them the same every time. */
static volatile float start_factor = 0.999f, start_term = 0.001f, result;

static float finish(const lanes *sums)
{
    float total = 0;
    for (int c = 0; c < CHAINS; c++) {
        for (int l = 0; l < LANES; l++) {
            total += sums[c][l];
        }
    }
    return total;
}

/* Every chain tends to 1: nothing overflows or becomes denormal. */
static float multiply_add(int64_t rounds)
{
    lanes sums[CHAINS], factor = {0}, term = {0};
    factor += start_factor;
    term += start_term;
    for (int c = 0; c < CHAINS; c++) {
        sums[c] = term + (float)c;
    }
    for (int64_t i = 0; i < rounds; i++) {
#pragma GCC unroll 8
        for (int r = 0; r < INSTRUCTIONS_A_ROUND; r++) {
#pragma GCC unroll 12
            for (int c = 0; c < CHAINS; c++) {
                sums[c] = sums[c] * factor + term;
            }
        }
    }
    return finish(sums);
}

#ifdef __AVX512BF16__
static float multiply_pairs(int64_t rounds)
{
    __m512 sums[CHAINS];
    const __m512 thousandth = _mm512_set1_ps(start_term);
    const __m512bh pairs = _mm512_cvtne2ps_pbh(thousandth, thousandth);
    for (int c = 0; c < CHAINS; c++) {
        sums[c] = _mm512_set1_ps((float)c);
    }
    for (int64_t i = 0; i < rounds; i++) {
#pragma GCC unroll 8
        for (int r = 0; r < INSTRUCTIONS_A_ROUND; r++) {
#pragma GCC unroll 12
            for (int c = 0; c < CHAINS; c++) {
                sums[c] = _mm512_dpbf16_ps(sums[c], pairs, pairs);
            }
        }
    }
    return finish((const lanes *)sums);
}
#endif

double cpu_peak_burst(ar_type precision, int64_t rounds)
{
    const double additions = (double)rounds * INSTRUCTIONS_A_ROUND * CHAINS * LANES;
#ifdef __AVX512BF16__
    if (precision == AR_TYPE_BFLOAT16 && cpu_bf16_dot_pays()) {
        result = multiply_pairs(rounds);
        return 2 * 2 * additions;
    }
#else
    (void)precision;
#endif
    result = multiply_add(rounds);
    return 2 * additions;
}

double cpu_peak(ar_type precision, int threads, double seconds)
{
    enum { WINDOWS = 5, ROUNDS = 1000 };
    double best = 0;
    for (int window = 0; window < WINDOWS; window++) {
        double speed = 0;
#pragma omp parallel num_threads(threads) reduction(+ : speed)
        {
            const double start = ar_clock_seconds();
            double operations = 0, elapsed = 0;
            while (elapsed < seconds / WINDOWS) {
                operations += cpu_peak_burst(precision, ROUNDS);
                elapsed = ar_clock_seconds() - start;
            }
            speed += operations / elapsed;
        }
        best = speed > best ? speed : best;
    }
    return best;
}

double cpu_bandwidth(int threads)
{
    enum { REPEATS = 5 };
    const int64_t count = (int64_t)16 << 20; /* 64 MiB an array: more than most caches hold */
    float *arrays = NULL;
    ar_error ignored;
    double best = 0;
    if (ar_allocate(&arrays, (size_t)(3 * count), sizeof(float), "a test of the memory",
                    &ignored) != AR_OK) {
        return 0;
    }
    float *sum = arrays;
    const float *left = arrays + count, *right = arrays + 2 * count;
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        const double start = ar_clock_seconds();
#pragma omp parallel for simd num_threads(threads) schedule(static)
        for (int64_t i = 0; i < count; i++) {
            sum[i] = left[i] + 0.5f * right[i];
        }
        const double elapsed = ar_clock_seconds() - start;
        const double speed = 3.0 * sizeof(float) * (double)count / elapsed;
        best = speed > best ? speed : best;
    }
    ar_free(arrays);
    return best;
}

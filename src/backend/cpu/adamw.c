#include <math.h>
#include <omp.h>

#include "backend/cpu/cpu.h"
#include "backend/cpu/lanes.h"

/* Both passes wait for memory alone, so they ask for what comes this far ahead, in floats. */
enum { AHEAD = 512, CACHE_LINE = 16 };

/* Where part t of so many begins: between cache lines, so that no two threads write one. */
static int64_t part_begin(int64_t count, int t, int threads)
{
    const int64_t lines = (count + CACHE_LINE - 1) / CACHE_LINE;
    const int64_t first = lines * t / threads * CACHE_LINE;
    return first < count ? first : count;
}

/* What the update of all values shares. */
typedef struct {
    float beta1, beta2, rest1, rest2;
    float scale;            /* of gradients */
    float keep;             /* 1 − lr·λ */
    float rate;             /* lr / (1 − β1ᵗ) */
    float to_root, epsilon; /* 1/sqrt(1 − β2ᵗ) */
} adamw_factors;

/* Moments of parameters without gradients fade until they are denormal numbers, with which
 * processors are a hundred times slower; these are 0 before that. NaN stays NaN. */
static inline float without_dust(float moment)
{
    const float dust = 1e-36f;
    return fabsf(moment) < dust ? 0.0f : moment;
}

static void move(const adamw_factors *f, float *restrict p, float *restrict m, float *restrict v,
                 const float *restrict gradients, int64_t first, int64_t last)
{
    for (int64_t line = first; line < last; line += CACHE_LINE) {
        __builtin_prefetch(p + line + AHEAD, 1);
        __builtin_prefetch(m + line + AHEAD, 1);
        __builtin_prefetch(v + line + AHEAD, 1);
        __builtin_prefetch(gradients + line + AHEAD, 0);
        const int64_t end = line + CACHE_LINE < last ? line + CACHE_LINE : last;
#pragma omp simd
        for (int64_t i = line; i < end; i++) {
            const float g = f->scale * gradients[i];
            m[i] = without_dust(f->beta1 * m[i] + f->rest1 * g);
            v[i] = without_dust(f->beta2 * v[i] + f->rest2 * g * g);
            p[i] = p[i] * f->keep - f->rate * m[i] / (sqrtf(v[i]) * f->to_root + f->epsilon);
        }
    }
}

void cpu_adamw(const ar_adamw_call *call)
{
    const double correction1 = 1 - pow(call->beta1, (double)call->step);
    const double correction2 = 1 - pow(call->beta2, (double)call->step);
    const adamw_factors factors = {
        .beta1 = (float)call->beta1,
        .beta2 = (float)call->beta2,
        .rest1 = (float)(1 - call->beta1),
        .rest2 = (float)(1 - call->beta2),
        .scale = (float)call->gradient_scale,
        .keep = (float)(1 - call->learning_rate * call->weight_decay),
        .rate = (float)(call->learning_rate / correction1),
        .to_root = (float)(1 / sqrt(correction2)),
        .epsilon = (float)call->epsilon,
    };
    const int threads = call->threads;
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int t = 0; t < threads; t++) {
        move(&factors, call->parameters, call->first_moment, call->second_moment, call->gradients,
             part_begin(call->count, t, threads), part_begin(call->count, t + 1, threads));
    }
}

/* The squares of one part, its quarters side by side: four streams are read faster than one. */
static double squares_of_part(const float *values, int64_t count)
{
    enum { STREAMS = 4 };
    lanes_of_double sums[STREAMS][2] = {{{0}}};
    const int64_t stream = count / (STREAMS * CACHE_LINE) * CACHE_LINE;
    for (int64_t i = 0; i < stream; i += CACHE_LINE) {
        for (int s = 0; s < STREAMS; s++) {
            const float *line = values + s * stream + i;
            __builtin_prefetch(line + AHEAD, 0);
            for (int k = 0; k < CACHE_LINE; k += LANES) {
                lanes_add_squares(sums[s], lanes_load(line + k));
            }
        }
    }
    double sum = 0;
    for (int k = 0; k < LANES / 2; k++) {
        for (int s = 0; s < STREAMS; s++) {
            sum += sums[s][0][k] + sums[s][1][k];
        }
    }
    for (int64_t i = STREAMS * stream; i < count; i++) {
        sum += (double)values[i] * (double)values[i];
    }
    return sum;
}

double cpu_sum_of_squares(const float *values, int64_t count, int threads)
{
    double partial[CPU_THREADS_MAX], sum = 0;
    threads = threads < CPU_THREADS_MAX ? threads : CPU_THREADS_MAX;
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int t = 0; t < threads; t++) {
        const int64_t first = part_begin(count, t, threads);
        partial[t] = squares_of_part(values + first, part_begin(count, t + 1, threads) - first);
    }
    for (int t = 0; t < threads; t++) {
        sum += partial[t];
    }
    return sum;
}

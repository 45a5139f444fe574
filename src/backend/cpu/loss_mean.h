/* What the losses share: they are sums over the rows of the target, one after the other in each
 * thread's part, divided by how much there is. */
#ifndef AR_BACKEND_CPU_LOSS_MEAN_H
#define AR_BACKEND_CPU_LOSS_MEAN_H

#include <omp.h>

#include "backend/cpu/cpu.h"

/* The terms of row r; `scratch` is the thread's part of the workspace. */
typedef float (*loss_row_sum)(const ar_op_call *call, int64_t r, float *scratch);

/* Σ over all rows, with `scratch` floats of workspace a thread. */
static inline double loss_sum(const ar_op_call *call, int64_t rows, int64_t scratch,
                              loss_row_sum row_sum)
{
    const int threads = call->threads < CPU_THREADS_MAX ? call->threads : CPU_THREADS_MAX;
    double partial[CPU_THREADS_MAX], sum = 0;
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int t = 0; t < threads; t++) {
        float *mine = scratch > 0 ? (float *)call->workspace + t * scratch : NULL;
        partial[t] = 0;
        for (int64_t r = rows * t / threads; r < rows * (t + 1) / threads; r++) {
            partial[t] += (double)row_sum(call, r, mine);
        }
    }
    for (int t = 0; t < threads; t++) {
        sum += partial[t];
    }
    return sum;
}

/* The result: sum / count, 0 where there is nothing to sum. */
static inline void loss_set_mean(const ar_op_call *call, double sum, double count)
{
    *(float *)call->outputs[0].data = count > 0 ? (float)(sum / count) : 0.0f;
}

static inline double loss_value_count(const ar_matrix *target)
{
    return (double)(target->rows * target->columns);
}

/* dL/d(sum of the terms) */
static inline double loss_slope(const ar_op_call *call, double count)
{
    return count > 0 ? (double)*(const float *)call->output_gradients[0].data / count : 0.0;
}

/* result (+)= factor · (x − y) of `count` values. */
static inline void loss_give_difference(float factor, const float *x, const float *y, float *result,
                                        int64_t count, bool accumulate)
{
#pragma omp simd
    for (int64_t v = 0; v < count; v++) {
        const float gradient = factor * (x[v] - y[v]);
        result[v] = accumulate ? result[v] + gradient : gradient;
    }
}

/* Σ (x − y)² of `count` values. */
static inline float loss_squares(const float *x, const float *y, int64_t count)
{
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t v = 0; v < count; v++) {
        sum += (x[v] - y[v]) * (x[v] - y[v]);
    }
    return sum;
}

#endif

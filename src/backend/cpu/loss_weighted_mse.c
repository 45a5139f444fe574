#include <omp.h>

#include "backend/cpu/cpu.h"

enum { ENSEMBLE, WEIGHTS, TARGET };

/* Σ weights of all values: each of a row's sy weights counts for st·sx of them. */
static double sum_of_weights(const ar_op_call *call)
{
    const ar_matrix *weights = &call->inputs[WEIGHTS];
    const int64_t *size = call->attributes->token_size;
    double sum = 0;
    for (int64_t r = 0; r < weights->rows; r++) {
        for (int64_t y = 0; y < weights->columns; y++) {
            sum += (double)cpu_row(weights, r)[y];
        }
    }
    return sum * (double)(size[0] * size[2]);
}

/* Σ over members and values of weight · (x − y)², for one target. */
static float weighted_squares(const ar_op_call *call, int64_t r)
{
    const int64_t *size = call->attributes->token_size;
    const float *members = cpu_row(&call->inputs[ENSEMBLE], r);
    const float *weights = cpu_row(&call->inputs[WEIGHTS], r);
    const float *target = cpu_row(&call->inputs[TARGET], r);
    const int64_t lines = call->attributes->members * size[0] * size[1];
    float sum = 0;
    for (int64_t line = 0; line < lines; line++) {
        const float *member = members + line * size[2];
        const float *truth = target + line % (size[0] * size[1]) * size[2];
        float squares = 0;
#pragma omp simd reduction(+ : squares)
        for (int64_t x = 0; x < size[2]; x++) {
            squares += (member[x] - truth[x]) * (member[x] - truth[x]);
        }
        sum += weights[line % size[1]] * squares;
    }
    return sum;
}

void cpu_loss_weighted_mse_forward(const ar_op_call *call)
{
    const int64_t rows = call->inputs[TARGET].rows;
    const int threads = call->threads < CPU_THREADS_MAX ? call->threads : CPU_THREADS_MAX;
    double partial[CPU_THREADS_MAX];
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int t = 0; t < threads; t++) {
        double sum = 0;
        for (int64_t r = rows * t / threads; r < rows * (t + 1) / threads; r++) {
            sum += (double)weighted_squares(call, r);
        }
        partial[t] = sum;
    }
    double sum = 0, weights = sum_of_weights(call) * (double)call->attributes->members;
    for (int t = 0; t < threads; t++) {
        sum += partial[t];
    }
    *(float *)call->outputs[0].data = weights > 0 ? (float)(sum / weights) : 0.0f;
}

void cpu_loss_weighted_mse_adjoint(const ar_op_call *call)
{
    const int64_t *size = call->attributes->token_size;
    const int64_t lines = call->attributes->members * size[0] * size[1];
    const double weights = sum_of_weights(call) * (double)call->attributes->members;
    const double seed = (double)*(const float *)call->output_gradients[0].data;
    const float slope = weights > 0 ? (float)(2 * seed / weights) : 0.0f;
    const bool accumulate = call->accumulate[ENSEMBLE];
#pragma omp parallel for schedule(static) num_threads(call->threads)
    for (int64_t r = 0; r < call->inputs[TARGET].rows; r++) {
        const float *target = cpu_row(&call->inputs[TARGET], r);
        for (int64_t line = 0; line < lines; line++) {
            const float *member = cpu_row(&call->inputs[ENSEMBLE], r) + line * size[2];
            const float *truth = target + line % (size[0] * size[1]) * size[2];
            float *result = cpu_row(&call->input_gradients[ENSEMBLE], r) + line * size[2];
            const float factor = slope * cpu_row(&call->inputs[WEIGHTS], r)[line % size[1]];
#pragma omp simd
            for (int64_t x = 0; x < size[2]; x++) {
                float gradient = factor * (member[x] - truth[x]);
                result[x] = accumulate ? result[x] + gradient : gradient;
            }
        }
    }
}

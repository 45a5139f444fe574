#include "backend/cpu/loss_mean.h"

enum { ENSEMBLE, WEIGHTS, TARGET };

/* Σ weights of all values and members: each of a row's sy weights counts for st·sx of them. */
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
    return sum * (double)(size[0] * size[2] * call->attributes->members);
}

/* The weight of every value of a target. */
static void spread_weights(const ar_op_call *call, int64_t r, float *weights)
{
    const int64_t *size = call->attributes->token_size;
    const float *of_lines = cpu_row(&call->inputs[WEIGHTS], r);
    for (int64_t line = 0; line < size[0] * size[1]; line++) {
        for (int64_t x = 0; x < size[2]; x++) {
            weights[line * size[2] + x] = of_lines[line % size[1]];
        }
    }
}

/* The weights of a target's values, a row a thread. */
size_t cpu_loss_weighted_mse_workspace(const ar_op_call *largest)
{
    return (size_t)largest->threads * (size_t)largest->inputs[TARGET].columns * sizeof(float);
}

static float weighted_squares(const ar_op_call *call, int64_t r, float *weights)
{
    const int64_t values = call->inputs[TARGET].columns;
    const float *target = cpu_row(&call->inputs[TARGET], r);
    float sum = 0;
    spread_weights(call, r, weights);
    for (int64_t n = 0; n < call->attributes->members; n++) {
        const float *member = cpu_row(&call->inputs[ENSEMBLE], r) + n * values;
#pragma omp simd reduction(+ : sum)
        for (int64_t v = 0; v < values; v++) {
            sum += weights[v] * (member[v] - target[v]) * (member[v] - target[v]);
        }
    }
    return sum;
}

void cpu_loss_weighted_mse_forward(const ar_op_call *call)
{
    const ar_matrix *target = &call->inputs[TARGET];
    loss_set_mean(call, loss_sum(call, target->rows, target->columns, weighted_squares),
                  sum_of_weights(call));
}

static void give_row(const ar_op_call *call, int64_t r, float slope, float *weights)
{
    const int64_t values = call->inputs[TARGET].columns;
    const float *target = cpu_row(&call->inputs[TARGET], r);
    const bool accumulate = call->accumulate[ENSEMBLE];
    spread_weights(call, r, weights);
    for (int64_t n = 0; n < call->attributes->members; n++) {
        const float *member = cpu_row(&call->inputs[ENSEMBLE], r) + n * values;
        float *result = cpu_row(&call->input_gradients[ENSEMBLE], r) + n * values;
#pragma omp simd
        for (int64_t v = 0; v < values; v++) {
            const float gradient = slope * weights[v] * (member[v] - target[v]);
            result[v] = accumulate ? result[v] + gradient : gradient;
        }
    }
}

void cpu_loss_weighted_mse_adjoint(const ar_op_call *call)
{
    const int64_t rows = call->inputs[TARGET].rows, values = call->inputs[TARGET].columns;
    const float slope = (float)(2 * loss_slope(call, sum_of_weights(call)));
    const int threads = call->threads;
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int t = 0; t < threads; t++) {
        float *weights = (float *)call->workspace + t * values;
        for (int64_t r = rows * t / threads; r < rows * (t + 1) / threads; r++) {
            give_row(call, r, slope, weights);
        }
    }
}

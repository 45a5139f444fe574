#include <math.h>
#include <omp.h>

#include "backend/cpu/cpu.h"

enum { ENSEMBLE, TARGET };

/* The mean over all values of what `row_sum` gives for each row, added in a fixed order. */
static void mean_of_rows(const ar_op_call *call,
                         float (*row_sum)(const ar_op_call *call, const float *members,
                                          const float *target))
{
    const ar_matrix *x = &call->inputs[ENSEMBLE], *target = &call->inputs[TARGET];
    const int threads = call->threads < CPU_THREADS_MAX ? call->threads : CPU_THREADS_MAX;
    double partial[CPU_THREADS_MAX];
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int t = 0; t < threads; t++) {
        double sum = 0;
        for (int64_t r = target->rows * t / threads; r < target->rows * (t + 1) / threads; r++) {
            sum += (double)row_sum(call, cpu_row(x, r), cpu_row(target, r));
        }
        partial[t] = sum;
    }
    double sum = 0, count = (double)(target->rows * target->columns);
    for (int t = 0; t < threads; t++) {
        sum += partial[t];
    }
    *(float *)call->outputs[0].data = count > 0 ? (float)(sum / count) : 0.0f;
}

static float slope_of_mean(const ar_op_call *call)
{
    const ar_matrix *target = &call->inputs[TARGET];
    return *(const float *)call->output_gradients[0].data / (float)(target->rows * target->columns);
}

static float mse_of_row(const ar_op_call *call, const float *members, const float *target)
{
    const int64_t count = call->attributes->members, values = call->inputs[TARGET].columns;
    float sum = 0;
    for (int64_t n = 0; n < count; n++) {
        const float *member = members + n * values;
#pragma omp simd reduction(+ : sum)
        for (int64_t v = 0; v < values; v++) {
            sum += (member[v] - target[v]) * (member[v] - target[v]);
        }
    }
    return sum / (float)count;
}

void cpu_loss_mse_ensemble_forward(const ar_op_call *call)
{
    mean_of_rows(call, mse_of_row);
}

void cpu_loss_mse_ensemble_adjoint(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[ENSEMBLE], *target = &call->inputs[TARGET],
                    *to_x = &call->input_gradients[ENSEMBLE];
    const int64_t members = call->attributes->members, values = target->columns;
    const float slope = 2.0f * slope_of_mean(call) / (float)members;
    const bool accumulate = call->accumulate[ENSEMBLE];
#pragma omp parallel for schedule(static) num_threads(call->threads)
    for (int64_t r = 0; r < target->rows; r++) {
        const float *truth = cpu_row(target, r);
        for (int64_t n = 0; n < members; n++) {
            const float *member = cpu_row(x, r) + n * values;
            float *result = cpu_row(to_x, r) + n * values;
#pragma omp simd
            for (int64_t v = 0; v < values; v++) {
                float gradient = slope * (member[v] - truth[v]);
                result[v] = accumulate ? result[v] + gradient : gradient;
            }
        }
    }
}

static float pair_weight(const ar_op_attributes *attributes)
{
    float n = (float)attributes->members;
    return attributes->fair ? 1.0f / (2.0f * n * (n - 1.0f)) : 1.0f / (2.0f * n * n);
}

static float kernel_crps_of_row(const ar_op_call *call, const float *members, const float *target)
{
    const int64_t count = call->attributes->members, values = call->inputs[TARGET].columns;
    float error = 0, pairs = 0;
    for (int64_t i = 0; i < count; i++) {
        const float *member = members + i * values;
#pragma omp simd reduction(+ : error)
        for (int64_t v = 0; v < values; v++) {
            error += fabsf(member[v] - target[v]);
        }
        for (int64_t j = 0; j < i; j++) {
            const float *other = members + j * values;
#pragma omp simd reduction(+ : pairs)
            for (int64_t v = 0; v < values; v++) {
                pairs += fabsf(member[v] - other[v]);
            }
        }
    }
    return error / (float)count - 2.0f * pair_weight(call->attributes) * pairs;
}

void cpu_loss_kernel_crps_forward(const ar_op_call *call)
{
    mean_of_rows(call, kernel_crps_of_row);
}

static inline float sign_of(float x)
{
    return (x > 0 ? 1.0f : 0.0f) - (x < 0 ? 1.0f : 0.0f);
}

void cpu_loss_kernel_crps_adjoint(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[ENSEMBLE], *target = &call->inputs[TARGET],
                    *to_x = &call->input_gradients[ENSEMBLE];
    const int64_t members = call->attributes->members, values = target->columns;
    const float slope = slope_of_mean(call);
    const float to_error = slope / (float)members;
    const float to_pair = 2.0f * slope * pair_weight(call->attributes);
    const bool accumulate = call->accumulate[ENSEMBLE];
#pragma omp parallel for schedule(static) num_threads(call->threads)
    for (int64_t r = 0; r < target->rows; r++) {
        const float *truth = cpu_row(target, r), *all = cpu_row(x, r);
        for (int64_t i = 0; i < members; i++) {
            const float *member = all + i * values;
            float *result = cpu_row(to_x, r) + i * values;
#pragma omp simd
            for (int64_t v = 0; v < values; v++) {
                float rank = 0;
                for (int64_t j = 0; j < members; j++) {
                    rank += sign_of(member[v] - all[j * values + v]);
                }
                float gradient = to_error * sign_of(member[v] - truth[v]) - to_pair * rank;
                result[v] = accumulate ? result[v] + gradient : gradient;
            }
        }
    }
}

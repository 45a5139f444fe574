#include <math.h>
#include <omp.h>

#include "backend/cpu/cpu.h"

enum { MEAN, DEVIATION };

void cpu_ensemble_statistics_forward(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[0], *mean = &call->outputs[MEAN],
                    *deviation = &call->outputs[DEVIATION];
    const int64_t members = call->attributes->members, values = mean->columns;
#pragma omp parallel for schedule(static) num_threads(call->threads)
    for (int64_t r = 0; r < mean->rows; r++) {
        const float *member = cpu_row(x, r);
        float *mu = cpu_row(mean, r), *sigma = cpu_row(deviation, r);
#pragma omp simd
        for (int64_t v = 0; v < values; v++) {
            float sum = 0, square = 0;
            for (int64_t n = 0; n < members; n++) {
                sum += member[n * values + v];
            }
            float m = sum / (float)members;
            for (int64_t n = 0; n < members; n++) {
                float d = member[n * values + v] - m;
                square += d * d;
            }
            mu[v] = m;
            sigma[v] = sqrtf(square / (float)(members - 1));
        }
    }
}

void cpu_ensemble_statistics_adjoint(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[0], *mean = &call->outputs[MEAN],
                    *deviation = &call->outputs[DEVIATION], *to_x = &call->input_gradients[0];
    const ar_matrix *to_mean = &call->output_gradients[MEAN],
                    *to_deviation = &call->output_gradients[DEVIATION];
    const int64_t members = call->attributes->members, values = mean->columns;
    const bool accumulate = call->accumulate[0];
#pragma omp parallel for schedule(static) num_threads(call->threads)
    for (int64_t r = 0; r < mean->rows; r++) {
        const float *mu = cpu_row(mean, r), *sigma = cpu_row(deviation, r);
        const float *given_mean = to_mean->data ? cpu_row(to_mean, r) : NULL;
        const float *given_deviation = to_deviation->data ? cpu_row(to_deviation, r) : NULL;
        for (int64_t n = 0; n < members; n++) {
            const float *member = cpu_row(x, r) + n * values;
            float *result = cpu_row(to_x, r) + n * values;
#pragma omp simd
            for (int64_t v = 0; v < values; v++) {
                float gradient = given_mean ? given_mean[v] / (float)members : 0.0f;
                if (given_deviation) {
                    float slope = (member[v] - mu[v]) / ((float)(members - 1) * sigma[v]);
                    gradient += sigma[v] > 0 ? given_deviation[v] * slope : 0.0f;
                }
                result[v] = accumulate ? result[v] + gradient : gradient;
            }
        }
    }
}

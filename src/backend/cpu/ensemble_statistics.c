#include <math.h>
#include <omp.h>

#include "backend/cpu/cpu.h"
#include "backend/cpu/lanes.h"

enum { MEAN, DEVIATION };
/* Values whose slopes wait in cache while they go to all members. */
enum { VALUES = 256 };

/* Mean and variance of `count` values, side by side. */
LANES_INLINE void find_moments(const float *members, int64_t member_count, int64_t values,
                               int64_t count, float *mean, float *variance)
{
    lanes sum = {0}, squares = {0};
    for (int64_t n = 0; n < member_count; n++) {
        sum += lanes_load_up_to(members + n * values, count);
    }
    const lanes centre = sum / (float)member_count;
    for (int64_t n = 0; n < member_count; n++) {
        const lanes d = lanes_load_up_to(members + n * values, count) - centre;
        squares += d * d;
    }
    lanes_store_up_to(mean, centre, count);
    lanes_store_up_to(variance, squares / (float)(member_count - 1), count);
}

void cpu_ensemble_statistics_forward(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[0], *mean = &call->outputs[MEAN],
                    *deviation = &call->outputs[DEVIATION];
    const int64_t members = call->attributes->members, values = mean->columns;
#pragma omp parallel for schedule(static) num_threads(call->threads)
    for (int64_t r = 0; r < mean->rows; r++) {
        const float *in = cpu_row(x, r);
        float *mu = cpu_row(mean, r), *sigma = cpu_row(deviation, r);
        int64_t v = 0;
        for (; v + LANES <= values; v += LANES) {
            find_moments(in + v, members, values, LANES, mu + v, sigma + v);
        }
        if (v < values) {
            find_moments(in + v, members, values, values - v, mu + v, sigma + v);
        }
#pragma omp simd
        for (v = 0; v < values; v++) {
            sigma[v] = sqrtf(sigma[v]);
        }
    }
}

/* What the mean and the deviation of `count` values give to every member: base + factor·(x − μ). */
static void find_slopes(const ar_op_call *call, int64_t r, int64_t first, int64_t count,
                        float *base, float *factor)
{
    const ar_matrix *to_mean = &call->output_gradients[MEAN],
                    *to_deviation = &call->output_gradients[DEVIATION];
    const float *sigma = cpu_row(&call->outputs[DEVIATION], r) + first;
    const float members = (float)call->attributes->members;
    for (int64_t v = 0; v < count; v++) {
        base[v] = to_mean->data ? cpu_row(to_mean, r)[first + v] / members : 0.0f;
    }
    for (int64_t v = 0; v < count; v++) {
        const float given = to_deviation->data ? cpu_row(to_deviation, r)[first + v] : 0.0f;
        factor[v] = sigma[v] > 0 ? given / ((members - 1) * sigma[v]) : 0.0f;
    }
}

static void give_values(const ar_op_call *call, int64_t r, int64_t first, int64_t count)
{
    const int64_t values = call->outputs[MEAN].columns;
    const float *mu = cpu_row(&call->outputs[MEAN], r) + first;
    const bool accumulate = call->accumulate[0];
    float base[VALUES], factor[VALUES];
    find_slopes(call, r, first, count, base, factor);
    for (int64_t n = 0; n < call->attributes->members; n++) {
        const float *member = cpu_row(&call->inputs[0], r) + n * values + first;
        float *result = cpu_row(&call->input_gradients[0], r) + n * values + first;
#pragma omp simd
        for (int64_t v = 0; v < count; v++) {
            const float gradient = base[v] + factor[v] * (member[v] - mu[v]);
            result[v] = accumulate ? result[v] + gradient : gradient;
        }
    }
}

void cpu_ensemble_statistics_adjoint(const ar_op_call *call)
{
    const ar_matrix *mean = &call->outputs[MEAN];
#pragma omp parallel for schedule(static) num_threads(call->threads)
    for (int64_t r = 0; r < mean->rows; r++) {
        for (int64_t first = 0; first < mean->columns; first += VALUES) {
            const int64_t left = mean->columns - first;
            give_values(call, r, first, left < VALUES ? left : VALUES);
        }
    }
}

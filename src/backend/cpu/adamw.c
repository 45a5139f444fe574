#include <math.h>
#include <omp.h>

#include "backend/cpu/cpu.h"

void cpu_adamw(const ar_adamw_call *call)
{
    const double correction1 = 1 - pow(call->beta1, (double)call->step);
    const double correction2 = 1 - pow(call->beta2, (double)call->step);
    const float beta1 = (float)call->beta1, beta2 = (float)call->beta2;
    const float rest1 = (float)(1 - call->beta1), rest2 = (float)(1 - call->beta2);
    const float keep = (float)(1 - call->learning_rate * call->weight_decay);
    const float rate = (float)(call->learning_rate / correction1);
    const float to_root = (float)(1 / sqrt(correction2)), epsilon = (float)call->epsilon;
    const float scale = (float)call->gradient_scale;
    float *p = call->parameters, *m = call->first_moment, *v = call->second_moment;
    const float *gradients = call->gradients;
#pragma omp parallel for simd schedule(static) num_threads(call->threads)
    for (int64_t i = 0; i < call->count; i++) {
        float g = scale * gradients[i];
        m[i] = beta1 * m[i] + rest1 * g;
        v[i] = beta2 * v[i] + rest2 * g * g;
        p[i] = p[i] * keep - rate * m[i] / (sqrtf(v[i]) * to_root + epsilon);
    }
}

double cpu_sum_of_squares(const float *values, int64_t count, int threads)
{
    double partial[CPU_THREADS_MAX];
    threads = threads < CPU_THREADS_MAX ? threads : CPU_THREADS_MAX;
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int t = 0; t < threads; t++) {
        double sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int64_t i = count * t / threads; i < count * (t + 1) / threads; i++) {
            sum += (double)values[i] * (double)values[i];
        }
        partial[t] = sum;
    }
    double sum = 0;
    for (int t = 0; t < threads; t++) {
        sum += partial[t];
    }
    return sum;
}

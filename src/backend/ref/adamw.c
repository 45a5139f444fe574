#include <math.h>

#include "backend/ref/ref.h"

void ref_adamw(const ar_adamw_call *call)
{
    const double correction1 = 1 - pow(call->beta1, (double)call->step);
    const double correction2 = 1 - pow(call->beta2, (double)call->step);
    for (int64_t i = 0; i < call->count; i++) {
        double g = call->gradient_scale * (double)call->gradients[i];
        double m = call->beta1 * (double)call->first_moment[i] + (1 - call->beta1) * g;
        double v = call->beta2 * (double)call->second_moment[i] + (1 - call->beta2) * g * g;
        double p = (double)call->parameters[i] * (1 - call->learning_rate * call->weight_decay);
        call->first_moment[i] = (float)m;
        call->second_moment[i] = (float)v;
        call->parameters[i] = (float)(p - call->learning_rate / correction1 * m /
                                              (sqrt(v / correction2) + call->epsilon));
    }
}

double ref_sum_of_squares(const float *values, int64_t count, int threads)
{
    (void)threads;
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        sum += (double)values[i] * (double)values[i];
    }
    return sum;
}

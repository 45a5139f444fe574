#include <math.h>

#include "backend/ref/ref.h"

enum { MEAN, DEVIATION };

void ref_ensemble_statistics_forward(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[0], *mean = &call->outputs[MEAN],
                    *deviation = &call->outputs[DEVIATION];
    const int64_t members = call->attributes->members;
    for (int64_t r = 0; r < mean->rows; r++) {
        for (int64_t v = 0; v < mean->columns; v++) {
            double sum = 0, square = 0;
            for (int64_t n = 0; n < members; n++) {
                sum += ref_get(x, r, n * mean->columns + v);
            }
            double mu = sum / (double)members;
            for (int64_t n = 0; n < members; n++) {
                double d = ref_get(x, r, n * mean->columns + v) - mu;
                square += d * d;
            }
            ref_set(mean, r, v, mu);
            ref_set(deviation, r, v, sqrt(square / (double)(members - 1)));
        }
    }
}

void ref_ensemble_statistics_adjoint(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[0], *mean = &call->outputs[MEAN],
                    *deviation = &call->outputs[DEVIATION];
    const ar_matrix *to_mean = &call->output_gradients[MEAN],
                    *to_deviation = &call->output_gradients[DEVIATION];
    const int64_t members = call->attributes->members;
    for (int64_t r = 0; r < mean->rows; r++) {
        for (int64_t n = 0; n < members; n++) {
            for (int64_t v = 0; v < mean->columns; v++) {
                double gradient = to_mean->data ? ref_get(to_mean, r, v) / (double)members : 0.0;
                double sigma = ref_get(deviation, r, v);
                if (to_deviation->data && sigma > 0) {
                    double d = ref_get(x, r, n * mean->columns + v) - ref_get(mean, r, v);
                    gradient += ref_get(to_deviation, r, v) * d / ((double)(members - 1) * sigma);
                }
                ref_give(call, 0, r, n * mean->columns + v, gradient);
            }
        }
    }
}

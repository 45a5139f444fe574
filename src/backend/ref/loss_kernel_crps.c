#include <math.h>

#include "backend/ref/loss_mean.h"

static double sign(double x)
{
    return (x > 0) - (x < 0);
}

static double pair_weight(const ar_op_attributes *attributes)
{
    double n = (double)attributes->members;
    return attributes->fair ? 1 / (2 * n * (n - 1)) : 1 / (2 * n * n);
}

void ref_loss_kernel_crps_forward(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[0], *target = &call->inputs[1];
    const int64_t members = call->attributes->members, values = target->columns;
    double sum = 0;
    for (int64_t r = 0; r < target->rows; r++) {
        for (int64_t v = 0; v < values; v++) {
            for (int64_t i = 0; i < members; i++) {
                double xi = ref_get(x, r, i * values + v);
                sum += fabs(xi - ref_get(target, r, v)) / (double)members;
                for (int64_t j = 0; j < members; j++) {
                    sum -= pair_weight(call->attributes) * fabs(xi - ref_get(x, r, j * values + v));
                }
            }
        }
    }
    ref_set_mean(call, sum, ref_value_count(target));
}

void ref_loss_kernel_crps_adjoint(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[0], *target = &call->inputs[1];
    const int64_t members = call->attributes->members, values = target->columns;
    double slope = ref_slope_of_mean(call, ref_value_count(target));
    for (int64_t r = 0; r < target->rows; r++) {
        for (int64_t c = 0; c < x->columns; c++) {
            double xi = ref_get(x, r, c);
            double gradient = sign(xi - ref_get(target, r, c % values)) / (double)members;
            for (int64_t j = 0; j < members; j++) {
                gradient -= 2 * pair_weight(call->attributes) *
                            sign(xi - ref_get(x, r, j * values + c % values));
            }
            ref_give(call, 0, r, c, slope * gradient);
        }
    }
}

#include <math.h>

#include "backend/ref/ref.h"

/* σ enters the losses as at least this, so that their gradients stay finite for members that agree.
 */
static const double smallest_deviation = 1e-6;

static double sign(double x)
{
    return (x > 0) - (x < 0);
}

static void set_mean(const ar_op_call *call, double sum, const ar_matrix *target)
{
    double count = (double)(target->rows * target->columns);
    ref_set(&call->outputs[0], 0, 0, count > 0 ? sum / count : 0.0);
}

/* dL/d(sum of the terms) */
static double slope_of_mean(const ar_op_call *call, const ar_matrix *target)
{
    return ref_get(&call->output_gradients[0], 0, 0) / (double)(target->rows * target->columns);
}

void ref_loss_mse_forward(const ar_op_call *call)
{
    const ar_matrix *mean = &call->inputs[0], *target = &call->inputs[1];
    double sum = 0;
    for (int64_t r = 0; r < target->rows; r++) {
        for (int64_t v = 0; v < target->columns; v++) {
            double d = ref_get(mean, r, v) - ref_get(target, r, v);
            sum += d * d;
        }
    }
    set_mean(call, sum, target);
}

void ref_loss_mse_adjoint(const ar_op_call *call)
{
    const ar_matrix *mean = &call->inputs[0], *target = &call->inputs[1];
    double slope = slope_of_mean(call, target);
    for (int64_t r = 0; r < target->rows; r++) {
        for (int64_t v = 0; v < target->columns; v++) {
            ref_give(call, 0, r, v, 2 * slope * (ref_get(mean, r, v) - ref_get(target, r, v)));
        }
    }
}

void ref_loss_mse_ensemble_forward(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[0], *target = &call->inputs[1];
    double sum = 0;
    for (int64_t r = 0; r < target->rows; r++) {
        for (int64_t c = 0; c < x->columns; c++) {
            double d = ref_get(x, r, c) - ref_get(target, r, c % target->columns);
            sum += d * d / (double)call->attributes->members;
        }
    }
    set_mean(call, sum, target);
}

void ref_loss_mse_ensemble_adjoint(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[0], *target = &call->inputs[1];
    double slope = 2 * slope_of_mean(call, target) / (double)call->attributes->members;
    for (int64_t r = 0; r < target->rows; r++) {
        for (int64_t c = 0; c < x->columns; c++) {
            ref_give(call, 0, r, c,
                     slope * (ref_get(x, r, c) - ref_get(target, r, c % target->columns)));
        }
    }
}

void ref_loss_stats_forward(const ar_op_call *call)
{
    const ar_matrix *mean = &call->inputs[0], *deviation = &call->inputs[1],
                    *target = &call->inputs[2];
    double sum = 0;
    for (int64_t r = 0; r < target->rows; r++) {
        for (int64_t v = 0; v < target->columns; v++) {
            double sigma = fmax(ref_get(deviation, r, v), smallest_deviation);
            double z = (ref_get(target, r, v) - ref_get(mean, r, v)) / sigma;
            double miss = 1 - exp(-0.5 * z * z);
            sum += miss * miss + sqrt(sigma);
        }
    }
    set_mean(call, sum, target);
}

void ref_loss_stats_adjoint(const ar_op_call *call)
{
    const ar_matrix *mean = &call->inputs[0], *deviation = &call->inputs[1],
                    *target = &call->inputs[2];
    double slope = slope_of_mean(call, target);
    for (int64_t r = 0; r < target->rows; r++) {
        for (int64_t v = 0; v < target->columns; v++) {
            bool held = ref_get(deviation, r, v) < smallest_deviation;
            double sigma = held ? smallest_deviation : ref_get(deviation, r, v);
            double z = (ref_get(target, r, v) - ref_get(mean, r, v)) / sigma;
            double g = exp(-0.5 * z * z);
            /* d(1−g)²/dz = 2 (1−g) g z, dz/dμ = −1/σ, dz/dσ = −z/σ */
            double to_z = 2 * (1 - g) * g * z;
            if (call->input_gradients[0].data) {
                ref_give(call, 0, r, v, -slope * to_z / sigma);
            }
            if (call->input_gradients[1].data) {
                ref_give(call, 1, r, v,
                         held ? 0.0 : slope * (-to_z * z / sigma + 0.5 / sqrt(sigma)));
            }
        }
    }
}

static double normal_density(double z)
{
    return exp(-0.5 * z * z) / sqrt(2 * M_PI);
}

void ref_loss_crps_forward(const ar_op_call *call)
{
    const ar_matrix *mean = &call->inputs[0], *deviation = &call->inputs[1],
                    *target = &call->inputs[2];
    double sum = 0;
    for (int64_t r = 0; r < target->rows; r++) {
        for (int64_t v = 0; v < target->columns; v++) {
            double sigma = fmax(ref_get(deviation, r, v), smallest_deviation);
            double z = (ref_get(target, r, v) - ref_get(mean, r, v)) / sigma;
            sum += sigma * (z * erf(z / sqrt(2.0)) + 2 * normal_density(z) - 1 / sqrt(M_PI));
        }
    }
    set_mean(call, sum, target);
}

/* dCRPS/dμ = −erf(z/√2), dCRPS/dσ = 2φ(z) − 1/√π */
void ref_loss_crps_adjoint(const ar_op_call *call)
{
    const ar_matrix *mean = &call->inputs[0], *deviation = &call->inputs[1],
                    *target = &call->inputs[2];
    double slope = slope_of_mean(call, target);
    for (int64_t r = 0; r < target->rows; r++) {
        for (int64_t v = 0; v < target->columns; v++) {
            bool held = ref_get(deviation, r, v) < smallest_deviation;
            double sigma = held ? smallest_deviation : ref_get(deviation, r, v);
            double z = (ref_get(target, r, v) - ref_get(mean, r, v)) / sigma;
            if (call->input_gradients[0].data) {
                ref_give(call, 0, r, v, -slope * erf(z / sqrt(2.0)));
            }
            if (call->input_gradients[1].data) {
                ref_give(call, 1, r, v,
                         held ? 0.0 : slope * (2 * normal_density(z) - 1 / sqrt(M_PI)));
            }
        }
    }
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
    set_mean(call, sum, target);
}

void ref_loss_kernel_crps_adjoint(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[0], *target = &call->inputs[1];
    const int64_t members = call->attributes->members, values = target->columns;
    double slope = slope_of_mean(call, target);
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

void ref_weighted_sum_forward(const ar_op_call *call)
{
    double sum = 0;
    for (int i = 0; i < call->input_count; i++) {
        sum += call->attributes->weights[i] * ref_get(&call->inputs[i], 0, 0);
    }
    ref_set(&call->outputs[0], 0, 0, sum);
}

void ref_weighted_sum_adjoint(const ar_op_call *call)
{
    for (int i = 0; i < call->input_count; i++) {
        if (call->input_gradients[i].data) {
            ref_give(call, i, 0, 0,
                     call->attributes->weights[i] * ref_get(&call->output_gradients[0], 0, 0));
        }
    }
}

/* Losses of squared errors, of the ensemble's mean or of its members. */
#include "backend/cpu/loss_mean.h"

enum { PREDICTION, TARGET };

static float squares_of_row(const ar_op_call *call, int64_t r, float *scratch)
{
    (void)scratch;
    const ar_matrix *x = &call->inputs[PREDICTION], *target = &call->inputs[TARGET];
    float sum = 0;
    for (int64_t c = 0; c < x->columns; c += target->columns) {
        sum += loss_squares(cpu_row(x, r) + c, cpu_row(target, r), target->columns);
    }
    return sum;
}

/* The mean over `members` predictions of each value. */
static void mean_of_squares(const ar_op_call *call, int64_t members)
{
    const ar_matrix *target = &call->inputs[TARGET];
    loss_set_mean(call, loss_sum(call, target->rows, 0, squares_of_row) / (double)members,
                  loss_value_count(target));
}

static void give_differences(const ar_op_call *call, int64_t members)
{
    const ar_matrix *x = &call->inputs[PREDICTION], *target = &call->inputs[TARGET];
    const float slope = (float)(2 * loss_slope(call, loss_value_count(target)) / (double)members);
#pragma omp parallel for schedule(static) num_threads(call->threads)
    for (int64_t r = 0; r < target->rows; r++) {
        for (int64_t c = 0; c < x->columns; c += target->columns) {
            loss_give_difference(slope, cpu_row(x, r) + c, cpu_row(target, r),
                                 cpu_row(&call->input_gradients[PREDICTION], r) + c,
                                 target->columns, call->accumulate[PREDICTION]);
        }
    }
}

void cpu_loss_mse_forward(const ar_op_call *call)
{
    mean_of_squares(call, 1);
}

void cpu_loss_mse_adjoint(const ar_op_call *call)
{
    give_differences(call, 1);
}

void cpu_loss_mse_ensemble_forward(const ar_op_call *call)
{
    mean_of_squares(call, call->attributes->members);
}

void cpu_loss_mse_ensemble_adjoint(const ar_op_call *call)
{
    give_differences(call, call->attributes->members);
}

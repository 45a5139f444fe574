#include "backend/ref/ref.h"

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

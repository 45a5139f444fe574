/* What the losses share: they are means over all values of the target. */
#ifndef AR_BACKEND_REF_LOSS_MEAN_H
#define AR_BACKEND_REF_LOSS_MEAN_H

#include "backend/ref/ref.h"

/* The result: sum / count, 0 where there is nothing to sum. */
static inline void ref_set_mean(const ar_op_call *call, double sum, double count)
{
    ref_set(&call->outputs[0], 0, 0, count > 0 ? sum / count : 0.0);
}

static inline double ref_value_count(const ar_matrix *target)
{
    return (double)(target->rows * target->columns);
}

/* dL/d(sum of the terms) */
static inline double ref_slope_of_mean(const ar_op_call *call, double count)
{
    return ref_get(&call->output_gradients[0], 0, 0) / count;
}

#endif

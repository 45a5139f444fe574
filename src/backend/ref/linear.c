#include <math.h>

#include "backend/ref/ref.h"

enum { INPUT, WEIGHT, BIAS, RESIDUAL };
enum { OUTPUT, BEFORE_GELU };

static double normal_cumulative(double x)
{
    return 0.5 * erfc(-x / sqrt(2.0));
}

static double gelu_slope(double x)
{
    return normal_cumulative(x) + x * exp(-0.5 * x * x) / sqrt(2.0 * M_PI);
}

static double product_at(const ar_op_call *call, int64_t row, int64_t column)
{
    const ar_matrix *x = &call->inputs[INPUT], *weight = &call->inputs[WEIGHT];
    const ar_matrix *bias = &call->inputs[BIAS];
    double sum = bias->data ? ref_get(bias, 0, column) : 0.0;
    for (int64_t k = 0; k < x->columns; k++) {
        sum +=
            ref_operand(call, ref_get(x, row, k)) * ref_operand(call, ref_get(weight, column, k));
    }
    return sum;
}

void ref_linear_forward(const ar_op_call *call)
{
    const ar_matrix *residual = &call->inputs[RESIDUAL];
    const ar_matrix *y = &call->outputs[OUTPUT], *before = &call->outputs[BEFORE_GELU];
    for (int64_t r = 0; r < y->rows; r++) {
        for (int64_t n = 0; n < y->columns; n++) {
            double sum = call->finish_only ? ref_get(before, r, n) : product_at(call, r, n);
            if (call->attributes->gelu) {
                if (before->data) {
                    ref_set(before, r, n, sum);
                }
                /* From the rounded value, kept or not: the bits are those of computing it again. */
                sum = ref_kept(y->type, sum);
                sum *= normal_cumulative(sum);
            }
            ref_set(y, r, n, sum + (residual->data ? ref_get(residual, r, n) : 0.0));
        }
    }
}

/* dL/d(before gelu) at one place */
static double slope_at(const ar_op_call *call, int64_t row, int64_t column)
{
    double slope = ref_get(&call->output_gradients[OUTPUT], row, column);
    if (call->attributes->gelu) {
        slope *= gelu_slope(ref_get(&call->outputs[BEFORE_GELU], row, column));
    }
    return slope;
}

void ref_linear_adjoint(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[INPUT], *weight = &call->inputs[WEIGHT];
    int64_t rows = x->rows, in = x->columns, out = weight->rows;
    for (int64_t r = 0; call->input_gradients[INPUT].data && r < rows; r++) {
        for (int64_t k = 0; k < in; k++) {
            double sum = 0;
            for (int64_t n = 0; n < out; n++) {
                sum += ref_operand(call, slope_at(call, r, n)) *
                       ref_operand(call, ref_get(weight, n, k));
            }
            ref_give(call, INPUT, r, k, sum);
        }
    }
    for (int64_t n = 0; n < out; n++) {
        for (int64_t k = 0; call->input_gradients[WEIGHT].data && k < in; k++) {
            double sum = 0;
            for (int64_t r = 0; r < rows; r++) {
                sum +=
                    ref_operand(call, slope_at(call, r, n)) * ref_operand(call, ref_get(x, r, k));
            }
            ref_give(call, WEIGHT, n, k, sum);
        }
        double sum = 0;
        for (int64_t r = 0; r < rows; r++) {
            sum += slope_at(call, r, n);
            if (call->input_gradients[RESIDUAL].data) {
                ref_give(call, RESIDUAL, r, n, ref_get(&call->output_gradients[OUTPUT], r, n));
            }
        }
        if (call->input_gradients[BIAS].data) {
            ref_give(call, BIAS, 0, n, sum);
        }
    }
}

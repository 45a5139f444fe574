#include "backend/ref/ref.h"

void ref_mean_rows_forward(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[0], *y = &call->outputs[0];
    const int64_t rows = call->attributes->rows;
    for (int64_t r = 0; r < y->rows; r++) {
        for (int64_t c = 0; c < y->columns; c++) {
            double sum = 0;
            for (int64_t p = 0; p < rows; p++) {
                sum += ref_get(x, r * rows + p, c);
            }
            ref_set(y, r, c, sum / (double)rows);
        }
    }
}

void ref_mean_rows_adjoint(const ar_op_call *call)
{
    const ar_matrix *dy = &call->output_gradients[0], *dx = &call->input_gradients[0];
    const int64_t rows = call->attributes->rows;
    for (int64_t r = 0; r < dx->rows; r++) {
        for (int64_t c = 0; c < dx->columns; c++) {
            ref_give(call, 0, r, c, ref_get(dy, r / rows, c) / (double)rows);
        }
    }
}

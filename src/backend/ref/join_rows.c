#include "backend/ref/ref.h"

void ref_join_rows_forward(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[0], *y = &call->outputs[0];
    const int64_t rows = call->attributes->rows;
    for (int64_t r = 0; r < x->rows; r++) {
        for (int64_t c = 0; c < x->columns; c++) {
            ref_set(y, r / rows, r % rows * x->columns + c, ref_get(x, r, c));
        }
    }
}

void ref_join_rows_adjoint(const ar_op_call *call)
{
    const ar_matrix *dy = &call->output_gradients[0], *dx = &call->input_gradients[0];
    const int64_t rows = call->attributes->rows;
    for (int64_t r = 0; r < dx->rows; r++) {
        for (int64_t c = 0; c < dx->columns; c++) {
            ref_give(call, 0, r, c, ref_get(dy, r / rows, r % rows * dx->columns + c));
        }
    }
}

#include "backend/ref/ref.h"

void ref_gather_rows_forward(const ar_op_call *call)
{
    const ar_matrix *y = &call->outputs[0], *index = &call->inputs[1];
    for (int64_t i = 0; i < y->rows; i++) {
        int64_t row = ((const int32_t *)index->data)[i * index->stride];
        for (int64_t c = 0; c < y->columns; c++) {
            ref_set(y, i, c, ref_get(&call->inputs[0], row, c));
        }
    }
}

void ref_gather_rows_adjoint(const ar_op_call *call)
{
    const ar_matrix *dy = &call->output_gradients[0], *dx = &call->input_gradients[0],
                    *index = &call->inputs[1];
    for (int64_t r = 0; !call->accumulate[0] && r < dx->rows; r++) {
        for (int64_t c = 0; c < dx->columns; c++) {
            ref_set(dx, r, c, 0.0);
        }
    }
    for (int64_t i = 0; i < dy->rows; i++) {
        int64_t row = ((const int32_t *)index->data)[i * index->stride];
        for (int64_t c = 0; c < dx->columns; c++) {
            ref_add(dx, row, c, ref_get(dy, i, c));
        }
    }
}

#include <omp.h>
#include <string.h>

#include "backend/cpu/cpu.h"

void cpu_join_rows_forward(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[0], *y = &call->outputs[0];
    const int64_t rows = call->attributes->rows;
#pragma omp parallel for schedule(static) num_threads(call->threads)
    for (int64_t r = 0; r < x->rows; r++) {
        memcpy(cpu_row(y, r / rows) + r % rows * x->columns, cpu_row(x, r),
               (size_t)x->columns * sizeof(float));
    }
}

void cpu_join_rows_adjoint(const ar_op_call *call)
{
    const ar_matrix *dy = &call->output_gradients[0], *dx = &call->input_gradients[0];
    const int64_t rows = call->attributes->rows;
    const bool accumulate = call->accumulate[0];
#pragma omp parallel for schedule(static) num_threads(call->threads)
    for (int64_t r = 0; r < dx->rows; r++) {
        const float *given = cpu_row(dy, r / rows) + r % rows * dx->columns;
        float *result = cpu_row(dx, r);
#pragma omp simd
        for (int64_t c = 0; c < dx->columns; c++) {
            result[c] = accumulate ? result[c] + given[c] : given[c];
        }
    }
}

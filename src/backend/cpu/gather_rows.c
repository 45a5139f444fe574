#include <omp.h>
#include <string.h>

#include "backend/cpu/cpu.h"

void cpu_gather_rows_forward(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[0], *y = &call->outputs[0];
    const int32_t *index = call->inputs[1].data;
#pragma omp parallel for schedule(static) num_threads(call->threads)
    for (int64_t i = 0; i < y->rows; i++) {
        memcpy(cpu_row(y, i), cpu_row(x, index[i]), (size_t)y->columns * sizeof(float));
    }
}

void cpu_gather_rows_adjoint(const ar_op_call *call)
{
    const ar_matrix *dy = &call->output_gradients[0], *to_x = &call->input_gradients[0];
    const int32_t *index = call->inputs[1].data;
    const bool accumulate = call->accumulate[0];
    if (!accumulate) {
#pragma omp parallel for schedule(static) num_threads(call->threads)
        for (int64_t r = 0; r < to_x->rows; r++) {
            memset(cpu_row(to_x, r), 0, (size_t)to_x->columns * sizeof(float));
        }
    }
    /* Indices are unique: no two threads meet in a row. */
#pragma omp parallel for schedule(static) num_threads(call->threads)
    for (int64_t i = 0; i < dy->rows; i++) {
        const float *given = cpu_row(dy, i);
        float *result = cpu_row(to_x, index[i]);
#pragma omp simd
        for (int64_t c = 0; c < dy->columns; c++) {
            result[c] = accumulate ? result[c] + given[c] : given[c];
        }
    }
}

#include <omp.h>

#include "backend/cpu/cpu.h"

void cpu_mean_rows_forward(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[0], *y = &call->outputs[0];
    const int64_t rows = call->attributes->rows;
    const float share = 1.0f / (float)rows;
#pragma omp parallel for schedule(static) num_threads(call->threads)
    for (int64_t r = 0; r < y->rows; r++) {
        float *mean = cpu_row(y, r);
        for (int64_t p = 0; p < rows; p++) {
            const float *in = cpu_row(x, r * rows + p);
#pragma omp simd
            for (int64_t c = 0; c < y->columns; c++) {
                mean[c] = p == 0 ? in[c] : mean[c] + in[c];
            }
        }
#pragma omp simd
        for (int64_t c = 0; c < y->columns; c++) {
            mean[c] *= share;
        }
    }
}

void cpu_mean_rows_adjoint(const ar_op_call *call)
{
    const ar_matrix *dy = &call->output_gradients[0], *dx = &call->input_gradients[0];
    const int64_t rows = call->attributes->rows;
    const float share = 1.0f / (float)rows;
    const bool accumulate = call->accumulate[0];
#pragma omp parallel for schedule(static) num_threads(call->threads)
    for (int64_t r = 0; r < dx->rows; r++) {
        const float *given = cpu_row(dy, r / rows);
        float *result = cpu_row(dx, r);
#pragma omp simd
        for (int64_t c = 0; c < dx->columns; c++) {
            result[c] = (accumulate ? result[c] : 0.0f) + share * given[c];
        }
    }
}

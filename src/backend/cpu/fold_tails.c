#include <omp.h>
#include <string.h>

#include "backend/cpu/cpu.h"

enum { SCALE, SHIFT, WEIGHT, BIAS, PARTS };

void cpu_fold_tails_forward(const ar_op_call *call)
{
    const int64_t values = call->inputs[WEIGHT].rows, columns = call->inputs[WEIGHT].columns;
    const int64_t rows = call->attributes->members * values;
#pragma omp parallel for schedule(static) num_threads(call->threads)
    for (int64_t row = 0; row < rows; row++) {
        const ar_matrix *part = call->inputs + PARTS * (row / values);
        const float *scale = part[SCALE].data, *shift = part[SHIFT].data;
        const float *weight = cpu_row(&part[WEIGHT], row % values);
        float *folded = cpu_row(&call->outputs[0], row);
        float sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int64_t e = 0; e < columns; e++) {
            folded[e] = weight[e] * scale[e];
            sum += weight[e] * shift[e];
        }
        ((float *)call->outputs[1].data)[row] = ((float *)part[BIAS].data)[row % values] + sum;
    }
}

/* All gradients here belong to parameters, which always accumulate; frozen ones have none. */
static void adjoint_of_member(const ar_op_call *call, int64_t n)
{
    const ar_matrix *part = call->inputs + PARTS * n, *to = call->input_gradients + PARTS * n;
    const int64_t values = part[WEIGHT].rows, columns = part[WEIGHT].columns;
    const float *scale = part[SCALE].data, *shift = part[SHIFT].data;
    const float *to_folded_bias = call->output_gradients[1].data;
    float *to_scale = to[SCALE].data, *to_shift = to[SHIFT].data, *to_bias = to[BIAS].data;
    for (int64_t v = 0; v < values; v++) {
        const float *given = cpu_row(&call->output_gradients[0], n * values + v);
        const float *weight = cpu_row(&part[WEIGHT], v);
        float *to_weight = to[WEIGHT].data ? cpu_row(&to[WEIGHT], v) : NULL;
        float db = to_folded_bias[n * values + v];
#pragma omp simd
        for (int64_t e = 0; e < (to_weight ? columns : 0); e++) {
            to_weight[e] += given[e] * scale[e] + db * shift[e];
        }
#pragma omp simd
        for (int64_t e = 0; e < (to_scale ? columns : 0); e++) {
            to_scale[e] += given[e] * weight[e];
        }
#pragma omp simd
        for (int64_t e = 0; e < (to_shift ? columns : 0); e++) {
            to_shift[e] += db * weight[e];
        }
        if (to_bias) {
            to_bias[v] += db;
        }
    }
}

void cpu_fold_tails_adjoint(const ar_op_call *call)
{
    const int64_t members = call->attributes->members;
#pragma omp parallel for schedule(static) num_threads(call->threads)
    for (int64_t n = 0; n < members; n++) {
        adjoint_of_member(call, n);
    }
}

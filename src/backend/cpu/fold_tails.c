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

/* A gradient to add to, of zeros where the call wants it overwritten; NULL: not wanted. */
static float *gradient_of(const ar_op_call *call, int64_t input)
{
    const ar_matrix *to = &call->input_gradients[input];
    for (int64_t r = 0; to->data && !call->accumulate[input] && r < to->rows; r++) {
        memset(cpu_row(to, r), 0, (size_t)to->columns * sizeof(float));
    }
    return to->data;
}

static void adjoint_of_member(const ar_op_call *call, int64_t n)
{
    const ar_matrix *part = call->inputs + PARTS * n, *to = call->input_gradients + PARTS * n;
    const bool add_weight = call->accumulate[PARTS * n + WEIGHT];
    const int64_t values = part[WEIGHT].rows, columns = part[WEIGHT].columns;
    const float *scale = part[SCALE].data, *shift = part[SHIFT].data;
    const float *to_folded_bias = call->output_gradients[1].data;
    float *to_scale = gradient_of(call, PARTS * n + SCALE);
    float *to_shift = gradient_of(call, PARTS * n + SHIFT);
    float *to_bias = gradient_of(call, PARTS * n + BIAS);
    for (int64_t v = 0; v < values; v++) {
        const float *given = cpu_row(&call->output_gradients[0], n * values + v);
        const float *weight = cpu_row(&part[WEIGHT], v);
        float *to_weight = to[WEIGHT].data ? cpu_row(&to[WEIGHT], v) : NULL;
        float db = to_folded_bias[n * values + v];
#pragma omp simd
        for (int64_t e = 0; e < (to_weight ? columns : 0); e++) {
            const float gradient = given[e] * scale[e] + db * shift[e];
            to_weight[e] = add_weight ? to_weight[e] + gradient : gradient;
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

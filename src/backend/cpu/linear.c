#include <omp.h>

#include "backend/cpu/cpu.h"
#include "backend/cpu/elementary.h"
#include "backend/cpu/matrix_product.h"

enum { INPUT, WEIGHT, BIAS, RESIDUAL };
enum { OUTPUT, BEFORE_GELU };

size_t cpu_linear_workspace(const ar_op_call *largest)
{
    /* The gradient before the GELU. */
    return largest->attributes->gelu
               ? (size_t)(largest->outputs[0].rows * largest->outputs[0].columns) * sizeof(float)
               : 0;
}

/* Bias, GELU and residual in one pass over a row of products. `before` may be NULL. */
static void finish_row(float *y, float *before, const float *bias, const float *residual,
                       int64_t columns, bool gelu)
{
    if (bias) {
#pragma omp simd
        for (int64_t n = 0; n < columns; n++) {
            y[n] += bias[n];
        }
    }
    if (gelu && before) {
#pragma omp simd
        for (int64_t n = 0; n < columns; n++) {
            before[n] = y[n];
        }
    }
    if (gelu) {
#pragma omp simd
        for (int64_t n = 0; n < columns; n++) {
            float bell;
            y[n] *= fast_normal_cumulative(y[n], &bell);
        }
    }
    if (residual) {
#pragma omp simd
        for (int64_t n = 0; n < columns; n++) {
            y[n] += residual[n];
        }
    }
}

void cpu_linear_forward(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[INPUT], *weight = &call->inputs[WEIGHT],
                    *residual = &call->inputs[RESIDUAL], *y = &call->outputs[OUTPUT],
                    *before = &call->outputs[BEFORE_GELU];
    const float *bias = call->inputs[BIAS].data;
    const bool gelu = call->attributes->gelu;
    cpu_multiply((matrix_product){.a = x->data,
                                  .b = weight->data,
                                  .c = y->data,
                                  .transpose_b = true,
                                  .m = x->rows,
                                  .n = weight->rows,
                                  .k = x->columns,
                                  .a_stride = x->stride,
                                  .b_stride = weight->stride,
                                  .c_stride = y->stride});
    if (!bias && !gelu && !residual->data) {
        return;
    }
#pragma omp parallel for schedule(static) num_threads(call->threads)
    for (int64_t r = 0; r < y->rows; r++) {
        finish_row(cpu_row(y, r), before->data ? cpu_row(before, r) : NULL, bias,
                   residual->data ? cpu_row(residual, r) : NULL, y->columns, gelu);
    }
}

/* dL/d(before gelu) of all rows into the workspace, or the output gradient itself without a GELU.
 */
static ar_matrix slope_before_gelu(const ar_op_call *call)
{
    const ar_matrix *dy = &call->output_gradients[OUTPUT], *before = &call->outputs[BEFORE_GELU];
    if (!call->attributes->gelu) {
        return *dy;
    }
    ar_matrix slope = *dy;
    slope.data = call->workspace;
    slope.stride = dy->columns;
#pragma omp parallel for schedule(static) num_threads(call->threads)
    for (int64_t r = 0; r < dy->rows; r++) {
        const float *given = cpu_row(dy, r), *z = cpu_row(before, r);
        float *result = cpu_row(&slope, r);
#pragma omp simd
        for (int64_t n = 0; n < dy->columns; n++) {
            float bell;
            float cumulative = fast_normal_cumulative(z[n], &bell);
            result[n] = given[n] * (cumulative + z[n] * bell * 0.398942280401432678f);
        }
    }
    return slope;
}

/* Sums over rows, each thread a block of columns, so that the order never changes. */
static void add_column_sums(const ar_matrix *values, const ar_matrix *sums, bool accumulate,
                            int threads)
{
    float *total = sums->data;
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int64_t block = 0; block < (values->columns + 63) / 64; block++) {
        int64_t first = block * 64;
        int64_t count = values->columns - first < 64 ? values->columns - first : 64;
        float sum[64] = {0};
        for (int64_t r = 0; r < values->rows; r++) {
            const float *row = cpu_row(values, r) + first;
#pragma omp simd
            for (int64_t c = 0; c < count; c++) {
                sum[c] += row[c];
            }
        }
        for (int64_t c = 0; c < count; c++) {
            total[first + c] = (accumulate ? total[first + c] : 0.0f) + sum[c];
        }
    }
}

static void pass_to_residual(const ar_op_call *call)
{
    const ar_matrix *dy = &call->output_gradients[OUTPUT];
    const ar_matrix *to = &call->input_gradients[RESIDUAL];
    const bool accumulate = call->accumulate[RESIDUAL];
#pragma omp parallel for schedule(static) num_threads(call->threads)
    for (int64_t r = 0; r < dy->rows; r++) {
        const float *given = cpu_row(dy, r);
        float *result = cpu_row(to, r);
#pragma omp simd
        for (int64_t n = 0; n < dy->columns; n++) {
            result[n] = accumulate ? result[n] + given[n] : given[n];
        }
    }
}

void cpu_linear_adjoint(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[INPUT], *weight = &call->inputs[WEIGHT];
    const ar_matrix *to_x = &call->input_gradients[INPUT],
                    *to_weight = &call->input_gradients[WEIGHT],
                    *to_bias = &call->input_gradients[BIAS];
    ar_matrix dz = slope_before_gelu(call);
    if (to_x->data) {
        cpu_multiply((matrix_product){.a = dz.data,
                                      .b = weight->data,
                                      .c = to_x->data,
                                      .m = x->rows,
                                      .n = x->columns,
                                      .k = weight->rows,
                                      .a_stride = dz.stride,
                                      .b_stride = weight->stride,
                                      .c_stride = to_x->stride,
                                      .accumulate = call->accumulate[INPUT]});
    }
    if (to_weight->data && x->rows > 0) {
        cpu_multiply((matrix_product){.a = dz.data,
                                      .b = x->data,
                                      .c = to_weight->data,
                                      .transpose_a = true,
                                      .m = weight->rows,
                                      .n = x->columns,
                                      .k = x->rows,
                                      .a_stride = dz.stride,
                                      .b_stride = x->stride,
                                      .c_stride = to_weight->stride,
                                      .accumulate = call->accumulate[WEIGHT]});
    } else if (to_weight->data && !call->accumulate[WEIGHT]) {
        for (int64_t n = 0; n < to_weight->rows; n++) {
            memset(cpu_row(to_weight, n), 0, (size_t)to_weight->columns * sizeof(float));
        }
    }
    if (to_bias->data) {
        add_column_sums(&dz, to_bias, call->accumulate[BIAS], call->threads);
    }
    if (call->input_gradients[RESIDUAL].data) {
        pass_to_residual(call);
    }
}

#include <string.h>

#include "backend/cpu/cpu.h"
#include "backend/cpu/elementary.h"
#include "backend/cpu/matrix_product.h"

enum { INPUT, WEIGHT, BIAS, RESIDUAL };
enum { OUTPUT, BEFORE_GELU };

/* The workspace: what products want, sums of columns [threads, N] for the gradient of the bias, the
 * gradient before the GELU [R, N]. */
static float *column_sums(const ar_op_call *call)
{
    return (float *)((char *)call->workspace + cpu_multiply_workspace(call->threads));
}

static float *slope_before_gelu(const ar_op_call *call)
{
    return column_sums(call) + call->threads * call->outputs[OUTPUT].columns;
}

size_t cpu_linear_workspace(const ar_op_call *largest)
{
    const ar_matrix *y = &largest->outputs[OUTPUT];
    const int64_t slopes = largest->attributes->gelu ? y->rows * y->columns : 0;
    return cpu_multiply_workspace(largest->threads) +
           (size_t)(largest->threads * y->columns + slopes) * sizeof(float);
}

/* The product of the forward pass. */
static matrix_product forward_product(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[INPUT], *weight = &call->inputs[WEIGHT],
                    *residual = &call->inputs[RESIDUAL], *y = &call->outputs[OUTPUT],
                    *before = &call->outputs[BEFORE_GELU];
    const bool gelu = call->attributes->gelu;
    return (matrix_product){.a = x->data,
                            .b = weight->data,
                            .packed_b = call->packed,
                            .c = y->data,
                            .transpose_b = true,
                            .m = x->rows,
                            .n = weight->rows,
                            .k = x->columns,
                            .a_stride = x->stride,
                            .b_stride = weight->stride,
                            .c_stride = y->stride,
                            .finish = {.bias = call->inputs[BIAS].data,
                                       .gelu = gelu,
                                       .before_gelu = gelu ? before->data : NULL,
                                       .before_stride = before->stride,
                                       .residual = residual->data,
                                       .residual_stride = residual->stride},
                            .precision = call->precision,
                            .threads = call->threads,
                            .workspace = call->workspace};
}

size_t cpu_linear_packed(const ar_op_call *largest)
{
    const matrix_product product = forward_product(largest);
    return cpu_multiply_packed_floats(&product) * sizeof(float);
}

void cpu_linear_forward(const ar_op_call *call)
{
    const matrix_product product = forward_product(call);
    if (call->finish_only) {
        cpu_multiply_finish_again(&product);
        return;
    }
    if (call->packed && !call->is_packed) {
        cpu_multiply_pack(&product, call->packed);
    }
    cpu_multiply(&product);
}

/* One row: dL/d(before gelu) from what is given, and the row added to the sums of columns. */
static void pass_back_row(const float *given, const float *before, float *slope, float *sums,
                          int64_t columns)
{
    if (!before) {
#pragma omp simd
        for (int64_t n = 0; n < columns; n++) {
            sums[n] += given[n];
        }
        return;
    }
#pragma omp simd
    for (int64_t n = 0; n < columns; n++) {
        float bell;
        float cumulative = fast_normal_cumulative(before[n], &bell);
        slope[n] = given[n] * (cumulative + before[n] * bell * 0.398942280401432678f);
        sums[n] += slope[n];
    }
}

/* The gradient before the GELU of all rows, and that of the bias. Each thread sums its rows, and
 * the sums are added in the order of threads, so that the same number of them gives the same bits.
 */
static ar_matrix pass_back(const ar_op_call *call)
{
    const ar_matrix *dy = &call->output_gradients[OUTPUT], *before = &call->outputs[BEFORE_GELU],
                    *to_bias = &call->input_gradients[BIAS];
    const int64_t rows = dy->rows, columns = dy->columns;
    const int threads = call->threads;
    ar_matrix dz = *dy;
    if (call->attributes->gelu) {
        dz.data = slope_before_gelu(call);
        dz.stride = columns;
    } else if (!to_bias->data) {
        return dz;
    }
    float *sums = column_sums(call), *total = to_bias->data;
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int64_t t = 0; t < threads; t++) {
        float *own = sums + t * columns;
        memset(own, 0, (size_t)columns * sizeof *own);
        for (int64_t r = rows * t / threads; r < rows * (t + 1) / threads; r++) {
            pass_back_row(cpu_row(dy, r), call->attributes->gelu ? cpu_row(before, r) : NULL,
                          cpu_row(&dz, r), own, columns);
        }
    }
    for (int t = 0; t < threads && total; t++) {
        const bool add = t > 0 || call->accumulate[BIAS];
#pragma omp simd
        for (int64_t n = 0; n < columns; n++) {
            total[n] = add ? total[n] + sums[t * columns + n] : sums[n];
        }
    }
    return dz;
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
                    *to_weight = &call->input_gradients[WEIGHT];
    const ar_matrix dz = pass_back(call);
    if (to_x->data) {
        cpu_multiply(&(matrix_product){.a = dz.data,
                                       .b = weight->data,
                                       .c = to_x->data,
                                       .m = x->rows,
                                       .n = x->columns,
                                       .k = weight->rows,
                                       .a_stride = dz.stride,
                                       .b_stride = weight->stride,
                                       .c_stride = to_x->stride,
                                       .accumulate = call->accumulate[INPUT],
                                       .precision = call->precision,
                                       .threads = call->threads,
                                       .workspace = call->workspace});
    }
    if (to_weight->data) {
        cpu_multiply(&(matrix_product){.a = dz.data,
                                       .b = x->data,
                                       .c = to_weight->data,
                                       .transpose_a = true,
                                       .m = weight->rows,
                                       .n = x->columns,
                                       .k = x->rows,
                                       .a_stride = dz.stride,
                                       .b_stride = x->stride,
                                       .c_stride = to_weight->stride,
                                       .accumulate = call->accumulate[WEIGHT],
                                       .precision = call->precision,
                                       .threads = call->threads,
                                       .workspace = call->workspace});
    }
    if (call->input_gradients[RESIDUAL].data) {
        pass_to_residual(call);
    }
}

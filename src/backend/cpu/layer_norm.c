#include <math.h>
#include <omp.h>
#include <string.h>

#include "backend/cpu/cpu.h"

enum { INPUT, SCALE, SHIFT };
enum { OUTPUT, STATISTICS };

size_t cpu_layer_norm_workspace(const ar_op_call *largest)
{
    /* Sums for scale and shift, a pair a thread. */
    bool affine = largest->inputs[SCALE].columns > 0 || largest->inputs[SHIFT].columns > 0;
    return affine ? (size_t)largest->threads * 2 * (size_t)largest->inputs[INPUT].columns *
                        sizeof(float)
                  : 0;
}

void cpu_layer_norm_forward(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[INPUT], *y = &call->outputs[OUTPUT],
                    *statistics = &call->outputs[STATISTICS];
    const float *scale = call->inputs[SCALE].data, *shift = call->inputs[SHIFT].data;
    const float epsilon = (float)call->attributes->epsilon;
    const int64_t columns = x->columns;
#pragma omp parallel for schedule(static) num_threads(call->threads)
    for (int64_t r = 0; r < x->rows; r++) {
        const float *in = cpu_row(x, r);
        float *out = cpu_row(y, r);
        float sum = 0, square = 0;
#pragma omp simd reduction(+ : sum)
        for (int64_t c = 0; c < columns; c++) {
            sum += in[c];
        }
        float mean = sum / (float)columns;
#pragma omp simd reduction(+ : square)
        for (int64_t c = 0; c < columns; c++) {
            square += (in[c] - mean) * (in[c] - mean);
        }
        float inverse = 1.0f / sqrtf(square / (float)columns + epsilon);
#pragma omp simd
        for (int64_t c = 0; c < columns; c++) {
            out[c] = (in[c] - mean) * inverse;
        }
        if (scale) {
#pragma omp simd
            for (int64_t c = 0; c < columns; c++) {
                out[c] *= scale[c];
            }
        }
        if (shift) {
#pragma omp simd
            for (int64_t c = 0; c < columns; c++) {
                out[c] += shift[c];
            }
        }
        if (statistics->data) {
            cpu_row(statistics, r)[0] = mean;
            cpu_row(statistics, r)[1] = inverse;
        }
    }
}

/* dx = inverse·(g − mean(g) − x̂·mean(g·x̂)) with g = scale·dy */
static void row_to_input(const float *in, const float *given, const float *scale, float mean,
                         float inverse, float *result, int64_t columns, bool accumulate)
{
    float sum_g = 0, sum_gx = 0;
#pragma omp simd reduction(+ : sum_g, sum_gx)
    for (int64_t c = 0; c < columns; c++) {
        float g = scale ? given[c] * scale[c] : given[c];
        sum_g += g;
        sum_gx += g * ((in[c] - mean) * inverse);
    }
    float mean_g = sum_g / (float)columns, mean_gx = sum_gx / (float)columns;
#pragma omp simd
    for (int64_t c = 0; c < columns; c++) {
        float g = scale ? given[c] * scale[c] : given[c];
        float value = inverse * (g - mean_g - (in[c] - mean) * inverse * mean_gx);
        result[c] = accumulate ? result[c] + value : value;
    }
}

static void sum_affine(const ar_op_call *call, float *to_scale, float *to_shift, int64_t first,
                       int64_t last)
{
    const ar_matrix *x = &call->inputs[INPUT], *dy = &call->output_gradients[OUTPUT];
    memset(to_scale, 0, (size_t)x->columns * sizeof(float));
    memset(to_shift, 0, (size_t)x->columns * sizeof(float));
    for (int64_t r = first; r < last; r++) {
        const float *in = cpu_row(x, r), *given = cpu_row(dy, r);
        const float *saved = cpu_row(&call->outputs[STATISTICS], r);
        float mean = saved[0], inverse = saved[1];
#pragma omp simd
        for (int64_t c = 0; c < x->columns; c++) {
            to_scale[c] += given[c] * (in[c] - mean) * inverse;
            to_shift[c] += given[c];
        }
    }
}

static void give_affine(const ar_op_call *call, int input, const float *partial, int threads)
{
    const ar_matrix *to = &call->input_gradients[input];
    if (!to->data) {
        return;
    }
    for (int64_t c = 0; c < to->columns; c++) {
        float sum = 0;
        for (int t = 0; t < threads; t++) {
            sum += partial[(int64_t)t * 2 * to->columns + c];
        }
        float *result = (float *)to->data + c;
        *result = call->accumulate[input] ? *result + sum : sum;
    }
}

void cpu_layer_norm_adjoint(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[INPUT], *dy = &call->output_gradients[OUTPUT],
                    *to_x = &call->input_gradients[INPUT];
    const float *scale = call->inputs[SCALE].data;
    if (to_x->data) {
#pragma omp parallel for schedule(static) num_threads(call->threads)
        for (int64_t r = 0; r < x->rows; r++) {
            const float *saved = cpu_row(&call->outputs[STATISTICS], r);
            row_to_input(cpu_row(x, r), cpu_row(dy, r), scale, saved[0], saved[1], cpu_row(to_x, r),
                         x->columns, call->accumulate[INPUT]);
        }
    }
    if (call->input_gradients[SCALE].data || call->input_gradients[SHIFT].data) {
        float *partial = call->workspace;
        const int threads = call->threads;
#pragma omp parallel for schedule(static) num_threads(threads)
        for (int t = 0; t < threads; t++) {
            float *mine = partial + (int64_t)t * 2 * x->columns;
            sum_affine(call, mine, mine + x->columns, x->rows * t / threads,
                       x->rows * (t + 1) / threads);
        }
        give_affine(call, SCALE, partial, threads);
        give_affine(call, SHIFT, partial + x->columns, threads);
    }
}

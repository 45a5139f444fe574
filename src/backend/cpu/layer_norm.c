#include <math.h>
#include <omp.h>
#include <string.h>

#include "backend/cpu/cpu.h"
#include "backend/cpu/lanes.h"

enum { INPUT, SCALE, SHIFT };
enum { OUTPUT, STATISTICS };
/* Sums that grow side by side, so that no addition waits for the one before; and rows whose
 * gradients of scale and shift are added up before they go to memory. */
enum { SUMS = 4, ROWS = 4 };

/* Scale and shift of the norm, a pair of sums a thread. */
size_t cpu_layer_norm_workspace(const ar_op_call *largest)
{
    bool affine = largest->inputs[SCALE].columns > 0 || largest->inputs[SHIFT].columns > 0;
    return affine ? (size_t)largest->threads * 2 * (size_t)largest->inputs[INPUT].columns *
                        sizeof(float)
                  : 0;
}

/* ---- forward --------------------------------------------------------------------------------- */

/* Σ (x − about), or its square. */
LANES_INLINE float sum_about(const float *x, int64_t columns, float about, const bool squared)
{
    lanes sums[SUMS] = {{0}};
    int64_t c = 0;
    for (; c + SUMS * LANES <= columns; c += SUMS * LANES) {
        for (int k = 0; k < SUMS; k++) {
            const lanes d = lanes_load(x + c + k * LANES) - about;
            sums[k] += squared ? d * d : d;
        }
    }
    for (; c + LANES <= columns; c += LANES) {
        const lanes d = lanes_load(x + c) - about;
        sums[0] += squared ? d * d : d;
    }
    float sum = lanes_sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
    for (; c < columns; c++) {
        const float d = x[c] - about;
        sum += squared ? d * d : d;
    }
    return sum;
}

static void normalise(const float *in, float mean, float inverse, const float *scale,
                      const float *shift, float *out, int64_t columns)
{
#pragma omp simd
    for (int64_t c = 0; c < columns; c++) {
        const float normal = (in[c] - mean) * inverse;
        out[c] = (scale ? scale[c] : 1.0f) * normal + (shift ? shift[c] : 0.0f);
    }
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
        /* The row comes from memory once: the second pass and the third find it in cache. */
        const float *in = cpu_row(x, r);
        const float mean = sum_about(in, columns, 0, false) / (float)columns;
        const float variance = sum_about(in, columns, mean, true) / (float)columns;
        const float inverse = 1.0f / sqrtf(variance + epsilon);
        normalise(in, mean, inverse, scale, shift, cpu_row(y, r), columns);
        if (statistics->data) {
            cpu_row(statistics, r)[0] = mean;
            cpu_row(statistics, r)[1] = inverse;
        }
    }
}

/* ---- adjoint --------------------------------------------------------------------------------- */

/* Some rows, and what one pass over them finds: Σ g and Σ g·x̂ with g = scale·dy of each. */
typedef struct {
    const float *in[ROWS], *given[ROWS];
    float mean[ROWS], inverse[ROWS];
    float sum_g[ROWS], sum_gx[ROWS];
} row_group;

static row_group group_from(const ar_op_call *call, int64_t first, int count)
{
    row_group group = {.sum_g = {0}};
    for (int i = 0; i < count; i++) {
        const float *saved = cpu_row(&call->outputs[STATISTICS], first + i);
        group.in[i] = cpu_row(&call->inputs[INPUT], first + i);
        group.given[i] = cpu_row(&call->output_gradients[OUTPUT], first + i);
        group.mean[i] = saved[0];
        group.inverse[i] = saved[1];
    }
    return group;
}

/* A thread's sums over its rows, Σ dy·x̂ and Σ dy, a column each; NULL: not wanted. */
typedef struct {
    float *to_scale, *to_shift;
} affine_sums;

/* Columns c to c + width of `count` rows; what lies beyond the width counts as dy = 0. */
LANES_INLINE void add_columns(const row_group *group, const float *scale, affine_sums affine,
                              int64_t c, int64_t width, const int count, lanes sum_g[ROWS],
                              lanes sum_gx[ROWS])
{
    lanes to_scale = {0}, to_shift = {0};
    const lanes weight = scale ? lanes_load_up_to(scale + c, width) : lanes_all(1);
    for (int i = 0; i < count; i++) {
        const lanes given = lanes_load_up_to(group->given[i] + c, width);
        const lanes normal =
            (lanes_load_up_to(group->in[i] + c, width) - group->mean[i]) * group->inverse[i];
        const lanes inner = given * normal;
        sum_g[i] += weight * given;
        sum_gx[i] += weight * inner;
        to_scale += inner;
        to_shift += given;
    }
    if (affine.to_scale) {
        to_scale += lanes_load_up_to(affine.to_scale + c, width);
        to_shift += lanes_load_up_to(affine.to_shift + c, width);
        lanes_store_up_to(affine.to_scale + c, to_scale, width);
        lanes_store_up_to(affine.to_shift + c, to_shift, width);
    }
}

LANES_INLINE void add_rows(row_group *group, const float *scale, affine_sums affine,
                           int64_t columns, const int count)
{
    lanes sum_g[ROWS] = {{0}}, sum_gx[ROWS] = {{0}};
    int64_t c = 0;
    for (; c + LANES <= columns; c += LANES) {
        add_columns(group, scale, affine, c, LANES, count, sum_g, sum_gx);
    }
    if (c < columns) {
        add_columns(group, scale, affine, c, columns - c, count, sum_g, sum_gx);
    }
    for (int i = 0; i < count; i++) {
        group->sum_g[i] = lanes_sum(sum_g[i]);
        group->sum_gx[i] = lanes_sum(sum_gx[i]);
    }
}

/* dx = inverse·(g − mean(g) − x̂·mean(g·x̂)) of row i of the group. */
static void give_row(const row_group *group, int i, const float *scale, float *result,
                     int64_t columns, bool accumulate)
{
    const float *in = group->in[i], *given = group->given[i];
    const float mean = group->mean[i], inverse = group->inverse[i];
    const float mean_g = group->sum_g[i] / (float)columns;
    const float mean_gx = group->sum_gx[i] / (float)columns;
#pragma omp simd
    for (int64_t c = 0; c < columns; c++) {
        const float g = (scale ? scale[c] : 1.0f) * given[c];
        const float value = inverse * (g - mean_g - (in[c] - mean) * inverse * mean_gx);
        result[c] = accumulate ? result[c] + value : value;
    }
}

/* Each row is read from memory once, for its own gradient and for those of scale and shift. */
static void adjoint_of_rows(const ar_op_call *call, affine_sums affine, int64_t first, int64_t last)
{
    const ar_matrix *to_x = &call->input_gradients[INPUT];
    const float *scale = call->inputs[SCALE].data;
    const int64_t columns = call->inputs[INPUT].columns;
    for (int64_t r = first; r < last;) {
        const int count = last - r >= ROWS ? ROWS : 1;
        row_group group = group_from(call, r, count);
        if (count == ROWS) {
            add_rows(&group, scale, affine, columns, ROWS);
        } else {
            add_rows(&group, scale, affine, columns, 1);
        }
        for (int i = 0; i < count && to_x->data; i++) {
            give_row(&group, i, scale, cpu_row(to_x, r + i), columns, call->accumulate[INPUT]);
        }
        r += count;
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
    const int64_t rows = call->inputs[INPUT].rows, columns = call->inputs[INPUT].columns;
    const bool affine = call->input_gradients[SCALE].data || call->input_gradients[SHIFT].data;
    const int threads = call->threads;
    float *partial = affine ? call->workspace : NULL;
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int t = 0; t < threads; t++) {
        affine_sums mine = {NULL, NULL};
        if (affine) {
            mine.to_scale = partial + (int64_t)t * 2 * columns;
            mine.to_shift = mine.to_scale + columns;
            memset(mine.to_scale, 0, 2 * (size_t)columns * sizeof(float));
        }
        adjoint_of_rows(call, mine, rows * t / threads, rows * (t + 1) / threads);
    }
    if (affine) {
        give_affine(call, SCALE, partial, threads);
        give_affine(call, SHIFT, partial + columns, threads);
    }
}

#include "backend/cpu/product_finish.h"

#include "backend/cpu/elementary.h"
#include "backend/cpu/product_vector.h"

/* With a constant number of columns the loops are a few vectors without a rest. */
ALWAYS_INLINE void finish_row(const product_finish *finish, float *y, const float *sum, bool add,
                              int64_t row, int64_t column, const int64_t columns)
{
    float z[2 * LANES];
#pragma omp simd
    for (int64_t j = 0; j < columns; j++) {
        z[j] = add ? sum[j] + y[j] : sum[j];
    }
    if (finish->bias) {
#pragma omp simd
        for (int64_t j = 0; j < columns; j++) {
            z[j] += finish->bias[column + j];
        }
    }
    if (finish->before_gelu) {
        float *before = finish->before_gelu + row * finish->before_stride + column;
        memcpy(before, z, (size_t)columns * sizeof *before);
    }
    if (finish->gelu) {
#pragma omp simd
        for (int64_t j = 0; j < columns; j++) {
            float bell;
            z[j] *= fast_normal_cumulative(z[j], &bell);
        }
    }
    if (finish->residual) {
        const float *residual = finish->residual + row * finish->residual_stride + column;
#pragma omp simd
        for (int64_t j = 0; j < columns; j++) {
            z[j] += residual[j];
        }
    }
    memcpy(y, z, (size_t)columns * sizeof *y);
}

void cpu_product_finish_row(const product_finish *finish, float *y, const float *sum, bool add,
                            int64_t row, int64_t column, int64_t columns)
{
    if (columns == 2 * LANES) {
        finish_row(finish, y, sum, add, row, column, 2 * LANES);
    } else {
        finish_row(finish, y, sum, add, row, column, columns);
    }
}

#include "backend/cpu/block_product.h"

/* Sixteen floats; the compiler maps them to the registers the processor has. */
typedef float vector __attribute__((vector_size(4 * BLOCK_WIDTH), aligned(4), may_alias));

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* One tile of `height` rows and `width` vectors, kept in registers over the whole inner dimension.
 * Both are constants at every call, so the loops over them unroll. */
ALWAYS_INLINE void multiply_tile(const block_product *p, const int height, const int width,
                                 int64_t row, int64_t column)
{
    vector sum[8][3];
    const float *a = p->a + row * p->a_row;
    const float *b = p->b + column;
    float *c = p->c + row * p->c_stride + column;
    for (int i = 0; i < height; i++) {
        for (int j = 0; j < width; j++) {
            sum[i][j] = p->accumulate ? *(const vector *)(c + i * p->c_stride + j * BLOCK_WIDTH)
                                      : (vector){0};
        }
    }
    for (int64_t k = 0; k < p->k; k++) {
        vector right[3];
        for (int j = 0; j < width; j++) {
            right[j] = *(const vector *)(b + k * p->b_stride + j * BLOCK_WIDTH);
        }
        for (int i = 0; i < height; i++) {
            float left = a[i * p->a_row + k * p->a_column];
            for (int j = 0; j < width; j++) {
                sum[i][j] += left * right[j];
            }
        }
    }
    for (int i = 0; i < height; i++) {
        for (int j = 0; j < width; j++) {
            *(vector *)(c + i * p->c_stride + j * BLOCK_WIDTH) = sum[i][j];
        }
    }
}

ALWAYS_INLINE void multiply_columns(const block_product *p, const int width, int64_t column)
{
    int64_t row = 0;
    for (; row + 8 <= p->m; row += 8) {
        multiply_tile(p, 8, width, row, column);
    }
    if (row + 4 <= p->m) {
        multiply_tile(p, 4, width, row, column);
        row += 4;
    }
    if (row + 2 <= p->m) {
        multiply_tile(p, 2, width, row, column);
        row += 2;
    }
    if (row < p->m) {
        multiply_tile(p, 1, width, row, column);
    }
}

void cpu_multiply_block(block_product p)
{
    int64_t column = 0;
    for (; column + 3 * BLOCK_WIDTH <= p.n; column += 3 * BLOCK_WIDTH) {
        multiply_columns(&p, 3, column);
    }
    if (column + 2 * BLOCK_WIDTH <= p.n) {
        multiply_columns(&p, 2, column);
        column += 2 * BLOCK_WIDTH;
    }
    if (column < p.n) {
        multiply_columns(&p, 1, column);
    }
}

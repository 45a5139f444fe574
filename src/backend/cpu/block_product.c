#include "backend/cpu/block_product.h"

#include "backend/cpu/attention_vector.h"

/* One tile of `height` rows and `width` vectors, kept in registers over the whole inner dimension.
 * All constants at every call, so the loops over them unroll. */
LANES_INLINE void multiply_tile(const block_product *p, const bool turned, const int height,
                                const int width, int64_t row, int64_t column)
{
    lanes sum[SUM_REGISTERS];
    const int64_t next_row = turned ? 1 : BLOCK, next = turned ? BLOCK : 1;
    const float *a = p->a + row * next_row;
    const float *b = p->b + column;
    float *c = p->c + row * p->c_stride + column;
    UNROLL
    for (int i = 0; i < height; i++) {
        UNROLL
        for (int j = 0; j < width; j++) {
            sum[i * width + j] = p->start ? (lanes){0} + p->start[row + i]
                                          : lanes_load(c + i * p->c_stride + j * LANES);
        }
    }
    for (int64_t k = p->k; k > 0; k--) {
        lanes right[3];
        UNROLL
        for (int j = 0; j < width; j++) {
            right[j] = lanes_load(b + j * LANES);
        }
        UNROLL
        for (int i = 0; i < height; i++) {
            const float left = a[i * next_row];
            UNROLL
            for (int j = 0; j < width; j++) {
                sum[i * width + j] += left * right[j];
            }
        }
        a += next;
        b += p->b_stride;
    }
    UNROLL
    for (int i = 0; i < height; i++) {
        UNROLL
        for (int j = 0; j < width; j++) {
            lanes_store(c + i * p->c_stride + j * LANES, sum[i * width + j]);
        }
    }
}

LANES_INLINE void multiply_columns(const block_product *p, const bool turned, const int width,
                                   int64_t column)
{
    const int height = SUM_REGISTERS / width;
    int64_t row = 0;
    for (; row + height <= p->m; row += height) {
        multiply_tile(p, turned, height, width, row, column);
    }
    for (; height > 12 && row + 12 <= p->m; row += 12) {
        multiply_tile(p, turned, 12, width, row, column);
    }
    for (; height > 4 && row + 4 <= p->m; row += 4) {
        multiply_tile(p, turned, 4, width, row, column);
    }
    for (; height > 2 && row + 2 <= p->m; row += 2) {
        multiply_tile(p, turned, 2, width, row, column);
    }
    for (; row < p->m; row++) {
        multiply_tile(p, turned, 1, width, row, column);
    }
}

LANES_INLINE void multiply(const block_product *p, const bool turned)
{
    int64_t column = 0;
    /* Two and two rather than three and one: single vectors load more than they multiply. */
    for (; column + 3 * LANES <= p->n && column + 4 * LANES != p->n; column += 3 * LANES) {
        multiply_columns(p, turned, 3, column);
    }
    for (; column + 2 * LANES <= p->n; column += 2 * LANES) {
        multiply_columns(p, turned, 2, column);
    }
    if (column < p->n) {
        multiply_columns(p, turned, 1, column);
    }
}

void cpu_multiply_block(block_product product)
{
    if (product.turned) {
        multiply(&product, true);
    } else {
        multiply(&product, false);
    }
}

/* Small matrix products on packed blocks that live in cache: C (+)= A·B with any strides of A, rows
 * of B and C contiguous and a multiple of 16 columns wide. The inner loops of attention. */
#ifndef AR_BACKEND_CPU_BLOCK_PRODUCT_H
#define AR_BACKEND_CPU_BLOCK_PRODUCT_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/cpu/names.h"

enum { BLOCK_WIDTH = 16 }; /* floats of one vector */

typedef struct {
    const float *a; /* element (i, p) at a[i·a_row + p·a_column] */
    int64_t a_row, a_column;
    const float *b; /* [k][b_stride] */
    int64_t b_stride;
    float *c; /* [m][c_stride] */
    int64_t c_stride;
    int64_t m, n, k; /* n a multiple of BLOCK_WIDTH */
    bool accumulate;
} block_product;

void cpu_multiply_block(block_product product);

#endif

/* Small matrix products on blocks that live in cache: the inner loops of attention. One factor is
 * read number by number, its rows or columns BLOCK apart; the rows of the other and of the result
 * are whole vectors. */
#ifndef AR_BACKEND_CPU_BLOCK_PRODUCT_H
#define AR_BACKEND_CPU_BLOCK_PRODUCT_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/cpu/names.h"

/* Most queries or keys of a block. A constant, so that all places of a tile have constant
 * distances. A multiple of the tiles' heights. */
enum { BLOCK = 96 };

typedef struct {
    const float *a; /* element (i, p) at a[i·BLOCK + p], or at a[i + p·BLOCK] if turned */
    bool turned;
    const float *b; /* [k][b_stride] */
    int64_t b_stride;
    const float *start; /* [m]: what the sums of a row start with; NULL: with what C holds */
    float *c;           /* [m][c_stride] */
    int64_t c_stride;
    int64_t m, n, k; /* n a multiple of the lanes of a vector */
} block_product;

/* C = start + A·B or C += A·B. */
void cpu_multiply_block(block_product product);

#endif

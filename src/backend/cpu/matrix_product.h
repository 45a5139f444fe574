/* The one way to a matrix product: C = A·B (+ C), float32, by oneDNN. */
#ifndef AR_BACKEND_CPU_MATRIX_PRODUCT_H
#define AR_BACKEND_CPU_MATRIX_PRODUCT_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/cpu/names.h"

typedef struct {
    const float *a, *b;
    float *c;
    bool transpose_a, transpose_b; /* a is stored [k, m], b is stored [n, k] */
    int64_t m, n, k;               /* C [m, n], inner dimension k */
    int64_t a_stride, b_stride, c_stride;
    bool accumulate; /* add to C */
} matrix_product;

/* Uses the threads of OpenMP. The result depends on shapes and the number of threads only. */
void cpu_multiply(matrix_product product);

#endif

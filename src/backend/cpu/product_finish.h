/* What is done to a matrix product while its tile is in cache. */
#ifndef AR_BACKEND_CPU_PRODUCT_FINISH_H
#define AR_BACKEND_CPU_PRODUCT_FINISH_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/cpu/names.h"

/* z = C + bias; y = gelu(z) or z; y + residual. Pointers are to the product's element (0, 0); what
 * is NULL is left out. */
typedef struct {
    const float *bias;  /* [n] */
    bool gelu;          /* x Φ(x), exact */
    float *before_gelu; /* keep z here */
    int64_t before_stride;
    const float *residual;
    int64_t residual_stride;
} product_finish;

/* One part of a row of C: y = finish(sum + y, if add), for `columns` elements whose first is
 * element (row, column) of the product. */
void cpu_product_finish_row(const product_finish *finish, float *y, const float *sum, bool add,
                            int64_t row, int64_t column, int64_t columns);

#endif

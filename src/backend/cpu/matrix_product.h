/* The one way to a matrix product: C (+)= A·B, float32 in memory, operands as they are or rounded
 * to bfloat16, sums in float32. By own packed kernels, or by oneDNN's where it is built in and
 * asked for (onednn/onednn_product.h).
 *
 * The threads of OpenMP get rectangles of C, fixed by shape and number of threads. Each packs the
 * parts of A and B that it needs, block by block of the inner dimension, the smaller operand as a
 * whole into its second-level cache, the larger one tile by tile (Goto and van de Geijn 2008): no
 * thread waits for another, and nothing is packed that is not hot when it is used. An element's sum
 * is taken in an order that depends on the inner dimension only, so own products have the same bits
 * for any number of threads. */
#ifndef AR_BACKEND_CPU_MATRIX_PRODUCT_H
#define AR_BACKEND_CPU_MATRIX_PRODUCT_H

#include <stddef.h>

#include "atmorep/backend.h"
#include "backend/cpu/product_finish.h"

#include "backend/cpu/names.h"

/* Which kernels compute a product; the bits differ between them. */
typedef enum {
    PRODUCT_BY_CHOICE, /* by what pays on this processor; see cpu_multiply */
    PRODUCT_BY_FMA,    /* own, fused multiply-adds of float32, bfloat16 operands widened */
    PRODUCT_BY_PAIRS,  /* own, dot products of bfloat16 pairs (path avx512_bf16, bfloat16 only) */
    PRODUCT_BY_ONEDNN, /* where it is built in */
} product_kernels;

typedef struct {
    const float *a, *b;
    float *c;                      /* overlaps nothing else here */
    bool transpose_a, transpose_b; /* a is stored [k, m], b is stored [n, k] */
    int64_t m, n, k;               /* C [m, n], inner dimension k; any of them may be 0 */
    int64_t a_stride, b_stride, c_stride;
    const float *packed_b; /* what cpu_multiply_pack made of B for the same n, k, precision and
                            * kernels; NULL: B is packed on the way */
    bool accumulate;       /* add to C */
    product_finish finish; /* then */
    ar_type precision;     /* AR_TYPE_FLOAT32 or AR_TYPE_BFLOAT16: what operands are rounded to */
    product_kernels kernels;
    int threads;
    void *workspace; /* cpu_multiply_workspace(threads) bytes */
} matrix_product;

/* Bytes that products of so many threads want, whatever their shape. */
size_t cpu_multiply_workspace(int threads);

void cpu_multiply(const matrix_product *product);
/* C once more from what its finish kept before the GELU, which stays, with the same bits. */
void cpu_multiply_finish_again(const matrix_product *product);

/* B packed for any number of products with it: floats it takes (0 where oneDNN is asked for), and
 * the packing. */
size_t cpu_multiply_packed_floats(const matrix_product *product);
void cpu_multiply_pack(const matrix_product *product, float *packed);

#endif
